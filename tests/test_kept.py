"""Level 1: activations are computed once for the same weights, photos, size and cut, and anew for any other."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from utils.data import Settings
from utils.data.__main__ import clear
from utils.training import kept, transfer


class Lower:
    """What stands in for the lower half: two layers and one weight."""

    def __init__(self, weight=1.0, names=("conv", "pool")):
        self.layers = [SimpleNamespace(name=name) for name in names]
        self.weights = [np.full((2, 2), weight, np.float32)]

    def get_weights(self):
        return self.weights


IMAGES = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)


@pytest.fixture
def passes(monkeypatch):
    """Counts the passes; each returns the images' means."""
    done = []

    def compute(lower, images, mirrored, label):
        done.append(label)
        return images.mean((1, 2)).astype(np.float16) * (2 if mirrored else 1)

    monkeypatch.setattr(transfer, "activations", compute)
    return done


@pytest.fixture
def ask(tmp_path, passes):
    settings = replace(Settings.from_environment(), cache=tmp_path)

    def call(lower=None, images=IMAGES, worth=0.0, **choices):
        return kept.activations(lower or Lower(), images, worth=worth, settings=settings, **choices)

    call.settings = settings
    return call


def test_the_second_run_computes_nothing_and_knows_how_long_it_took(ask, passes, capsys):
    first, seconds = ask()
    again, known = ask()
    assert len(passes) == 1 and known == seconds
    np.testing.assert_array_equal(first, again)
    assert first.dtype == again.dtype == np.float16
    said = capsys.readouterr().out
    assert "photos a second" in said and "taken from an earlier run" in said


@pytest.mark.parametrize(
    "other",
    [
        {"lower": Lower(weight=1.5)},
        {"lower": Lower(names=("conv", "other"))},
        {"images": IMAGES + 1},
        {"images": IMAGES[:, :2, :2]},
        {"images": IMAGES[:1]},
        {"images": IMAGES[::-1]},
        {"mirrored": True},
    ],
    ids=["weights", "cut", "photos", "size", "fewer", "order", "view"],
)
def test_anything_else_is_computed_anew(ask, passes, other):
    ask()
    ask(**other)
    assert len(passes) == 2


def test_a_short_pass_leaves_nothing_on_the_disk(ask, passes):
    ask(worth=60.0)
    ask(worth=60.0)
    assert len(passes) == 2 and list(ask.settings.cache.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04half", b"no archive at all"])
def test_a_damaged_file_is_computed_anew_and_replaced(ask, passes, damage):
    first, _ = ask()
    (path,) = ask.settings.cache.glob("activations/*.npz")
    path.write_bytes(damage)
    again, _ = ask()
    ask()
    assert len(passes) == 2
    np.testing.assert_array_equal(first, again)


def test_a_full_disk_costs_only_the_time(ask, passes, monkeypatch):
    monkeypatch.setattr(kept.shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    ask()
    assert list(ask.settings.cache.glob("activations/*")) == []
    monkeypatch.setattr(kept.np, "savez", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    monkeypatch.setattr(kept.shutil, "disk_usage", lambda path: SimpleNamespace(free=10**12))
    values, _ = ask()
    assert len(passes) == 2 and values.shape == (2, 3) and list(ask.settings.cache.glob("activations/*")) == []


def test_clear_deletes_them(ask, capsys):
    ask()
    clear(ask.settings)
    assert list(ask.settings.cache.glob("activations")) == []
