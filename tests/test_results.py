"""Level 1: a headline figure outside its range is said, and an error in strict mode."""

import pytest

from utils import results


def test_inside_is_shown_with_its_range(capsys):
    results.record("accuracy", 97.6, 96, 100, "%")
    assert "accuracy: 97.6%\nallowed 96 to 100%" in capsys.readouterr().out


@pytest.mark.parametrize("value", [95.9, 100.1, float("nan"), float("inf")])
def test_outside_raises_in_strict_mode_only(value, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_STRICT", "1")
    with pytest.raises(AssertionError, match="outside its range"):
        results.record("accuracy", value, 96, 100, "%")
    monkeypatch.setenv("COURSE_STRICT", "")
    results.record("accuracy", value, 96, 100, "%")
    assert "outside its range" in capsys.readouterr().out
