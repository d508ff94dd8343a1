"""Level 1: what a figure may be stands beside the tests; outside, or without a range, it is an error in strict mode."""

import pytest

from tools.lesson import RANGES, lessons, read_notebook
from utils import results
from utils.notebook import ranges
from utils.notebook.panel import MIME

LESSONS = [pytest.param(each, id=each.folder) for each in lessons()]
GOOD = """
["accuracy"]
claim = "It reads nineteen of twenty digits."
range = [96, 100]
on."all digits" = [99, 100]
"""


@pytest.fixture
def allowed(tmp_path, monkeypatch):
    """A folder of ranges with one figure; strict mode is on."""
    (tmp_path / "lab99.toml").write_text(GOOD, encoding="utf-8")
    monkeypatch.setenv("COURSE_STRICT", "1")
    monkeypatch.setenv("COURSE_RANGES", str(tmp_path))
    results.on("")
    yield tmp_path
    results.on("")


def test_a_figure_is_shown_without_its_range(allowed, capsys):
    results.record("accuracy", 97.6, "%")
    said = capsys.readouterr().out
    assert "accuracy: 97.6%" in said and "96" not in said and "allowed" not in said


@pytest.mark.parametrize("value", [95.9, 100.1, float("nan"), float("inf")])
def test_outside_raises_with_the_claim_in_strict_mode_only(value, allowed, monkeypatch, capsys):
    with pytest.raises(AssertionError, match="outside 96 to 100.*nineteen of twenty"):
        results.record("accuracy", value, "%")
    monkeypatch.setenv("COURSE_STRICT", "")
    results.record("accuracy", value, "%")
    assert "accuracy" in capsys.readouterr().out


def test_other_data_may_have_another_range(allowed):
    results.on("all digits")
    with pytest.raises(AssertionError, match="outside 99 to 100"):
        results.record("accuracy", 97.6, "%")
    results.on("data without a range of its own")
    results.record("accuracy", 97.6, "%")


def test_a_figure_without_a_range_is_an_error(allowed):
    with pytest.raises(AssertionError, match="'speed' has no range"):
        results.record("speed", 3)


@pytest.mark.parametrize(
    "text, said",
    [
        ('["a"]\nrange = [0, 1]\n', "say in `claim`"),
        ('["a"]\nclaim = " "\nrange = [0, 1]\n', "say in `claim`"),
        ('["a"]\nclaim = "c"\n', "list of two numbers"),
        ('["a"]\nclaim = "c"\nrange = [1, 0]\n', "bounds nothing"),
        ('["a"]\nclaim = "c"\nrange = [-inf, inf]\n', "bounds nothing"),
        ('["a"]\nclaim = "c"\nrange = [nan, 1]\n', "bounds nothing"),
        ('["a"]\nclaim = "c"\nrange = [0, 1]\non.x = [2]\n', "list of two numbers"),
        ('["accuracy"]\nclaim = "c"\nrange = [0, 1]\n', "another lesson has a figure of that name"),
    ],
)
def test_a_range_that_guards_nothing_is_refused(text, said, tmp_path):
    (tmp_path / "lab98.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "lab99.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"lab99.toml, .*{said}"):
        ranges.read(tmp_path)


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_figure_of_a_lesson_has_a_range_and_every_range_a_figure(lesson):
    """Among the figures that the committed notebook shows, which ran on the stand-ins with all weights."""
    outputs = (o for c in read_notebook(lesson.path.with_suffix(".ipynb")).cells for o in c.get("outputs", ()))
    facts = [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]
    shown = {fact["name"] for fact in facts if fact["kind"] == "result"}
    path = RANGES / f"{lesson.folder}.toml"
    known = ranges.load(path)
    assert shown <= set(known), path.name
    assert {name for name, allowed in known.items() if not allowed.only} <= shown, path.name


def test_there_is_no_range_of_a_lesson_that_is_not_there():
    ranges.read(RANGES)  # names are the course's own, each once
    assert {path.stem for path in RANGES.glob("*.toml")} <= {lesson.folder for lesson in lessons()}
