"""What a student may pass by mistake: one sentence that names the argument and a value that would do. And any console."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.test_data_photos import PLAIN, picture, tree_of
from utils import data, garden
from utils.data import console
from utils.garden.arguments import whole_number

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    settings = data.Settings(cache=tmp_path_factory.mktemp("cache"), offline=True)
    return data.load_flowers(32, 1, quiet=True, settings=settings)


NO_NUMBERS = [0, -1, 2.5, 3.0, float("nan"), "3", True, [3], (), np.zeros(2), np.float32(4), 1 + 0j]


def one_sentence(action, *words) -> str:
    with pytest.raises(ValueError) as failure:
        action()
    text = str(failure.value)
    assert "\n" not in text and len(text) < 300, text
    assert re.search("must be .* such as|give|choose|leave", text), text
    for word in words:
        assert word in text, text
    return text


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_size(drawn, tmp_path, value):
    offline = data.Settings(cache=tmp_path, offline=True)
    one_sentence(lambda: data.load_flowers(size=value, settings=offline), "size", "such as")
    one_sentence(lambda: data.load_flowers(per_class=value, settings=offline), "per_class", "such as")
    one_sentence(lambda: drawn.arrays(value), "size", "such as")
    one_sentence(lambda: data.pretrained("xception", size=value, settings=offline), "size", "71")
    one_sentence(lambda: garden.scene(1, size=value), "size", "32")
    one_sentence(lambda: garden.flowers(3, size=value), "size", "32")
    one_sentence(lambda: garden.write_tree(tmp_path / "t", per_class=value), "per_class")
    one_sentence(lambda: garden.write_tree(tmp_path / "t", size=value), "size")
    one_sentence(lambda: garden.flowers(3, workers=value), "workers")
    assert not (tmp_path / "t").exists() and not list(tmp_path.glob("garden-*"))


@pytest.mark.parametrize("value", [value for value in NO_NUMBERS if not isinstance(value, int) or value is True or value < 0])
def test_what_is_no_seed_and_no_label(value):
    one_sentence(lambda: garden.scene(value, 32), "seed")
    one_sentence(lambda: garden.scene(1, 32, label=value), "label", "daisy")
    one_sentence(lambda: garden.flowers(value, 32), "n must be")
    one_sentence(lambda: data.split([0, 0, 1, 1], seed=value), "seed")


@pytest.mark.parametrize("label", [5, -1, "roses", 99])
def test_an_unknown_class(label):
    one_sentence(lambda: garden.scene(1, 32, label=label), "from 0 to 4", "daisy, dandelion")


@pytest.mark.parametrize("number", [7, np.int64(7), np.uint8(7), np.array(7)])
def test_whole_numbers_of_any_make(number):
    assert whole_number("n", number, 1, 5) == 7 and type(whole_number("n", number, 1, 5)) is int


def test_one_scene_and_none():
    assert garden.flowers(1, 32)[0].shape == (1, 32, 32, 3) and garden.flowers(0, 32)[0].shape == (0, 32, 32, 3)


@pytest.mark.parametrize("indices", [[5], [-6], [0.5], ["0"], [[0, 1]], 3, [None], [True], [float("nan")], [10**9]])
def test_indices_of_no_photo(drawn, indices):
    one_sentence(lambda: drawn.arrays(16, indices), "indices")


@pytest.mark.parametrize(
    ("indices", "labels"),
    [
        ([], []),
        (np.array([], int), []),
        ([4], [4]),
        ([-1], [4]),
        ((0, 0), [0, 0]),
        (np.array([True, False, False, True, False]), [0, 3]),
    ],
)
def test_indices_of_photos(drawn, indices, labels):
    images, found = drawn.arrays(16, indices)
    assert found.tolist() == labels and images.shape == (len(labels), 16, 16, 3)


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 25, float("nan"), float("inf"), "0.25", None, [0.25], True, np.zeros(3)])
def test_fractions_that_are_none(fraction):
    one_sentence(lambda: data.split([0, 0, 1, 1], fraction), "test_fraction", "0.25")


LABELS = {
    "nothing": ([], "empty"),
    "one example": ([3], "one example"),
    "one of a class": (["a", "a", "b"], "one example"),
    "one-hot": (np.eye(4), "argmax"),
    "ragged": ([[1, 2], [3]], "flat list"),
    "a number": (5, "flat list"),
    "None": (None, "flat list"),
    "gaps": ([0, 0, None, 1], "flat list"),
    "NaN": ([0.0, 0.0, float("nan"), 1.0, 1.0], "1 NaN"),
    "a column": (np.zeros((6, 1)), "shape (6, 1)"),
}


@pytest.mark.parametrize("case", LABELS)
def test_labels_that_cannot_be_split(case):
    labels, word = LABELS[case]
    one_sentence(lambda: data.split(labels), word)


@pytest.mark.parametrize(
    "labels", [(0, 0, 1, 1), ["x", "y", "x", "y"], np.array([0.0, 0, 1, 1]), [True, False, True, False], range(0)]
)
def test_labels_of_any_make(labels):
    if not len(labels):
        one_sentence(lambda: data.split(labels), "empty")
    else:
        train, test = data.split(labels, 0.5)
        assert sorted([*train, *test]) == [0, 1, 2, 3] and len(train) == len(test) == 2


@pytest.mark.parametrize("name", ["cat", 3, None, ["china"], np.array(["china", "flower"]), ""])
def test_names_of_nothing(name):
    one_sentence(lambda: data.load_photo(name), "china")
    one_sentence(lambda: data.pretrained(name), "xception")


def test_a_size_that_a_network_does_not_take(settings):
    one_sentence(lambda: data.pretrained("xception", size=70, settings=settings), "71")
    one_sentence(lambda: data.pretrained("resnet50", size=150, settings=settings), "224")


def test_drawn_scenes_smaller_than_the_garden_draws(tmp_path):
    photos = data.load_flowers(8, 1, quiet=True, settings=data.Settings(cache=tmp_path, offline=True))
    assert photos.arrays()[0].shape == (5, 8, 8, 3)


# ── Consoles ─────────────────────────────────────────────────────────────────────────────────────────────────────────

ENCODINGS = ["ascii", "cp1252", "cp437", "latin-1", "utf-8", "utf-16", "gbk"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_text_on_any_console(encoding):
    import io

    for text in ("Übung – ½ × ねこ 🌷", "\udcff\udcfe", "plain", ""):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        console.say(text, stream)
        stream.flush()
        assert stream.buffer.getvalue()
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console.say("plain", stream)
    stream.flush()
    assert stream.buffer.getvalue().decode(encoding).strip() == "plain"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
def test_the_command_line_and_the_loaders_print_anywhere(tmp_path, encoding):
    """A cache, a stick and photos with names that the console lacks: status, fetch, clear and both loaders go through."""
    place = tmp_path / "Übung ねこ 🌷"
    odd = {"roses/ねこ.png": picture(kind="PNG"), "roses/наклейка.txt": b"-", "roses/x – ½.jpg": b"damaged"}
    stick = tree_of({f"flower_photos/{name}": content for name, content in {**PLAIN, **odd}.items()}, place / "stick")
    code = (
        "import sys; from utils import data; from utils.data.__main__ import main; data.load_flowers(); data.load_mnist(); "
        "main(['status']); [main(['fetch', name, '--to', sys.argv[1]]) for name in ('mnist', 'flowers')]; main(['clear'])"
    )
    environment = {
        **os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "COURSE_OFFLINE": "1",
        "COURSE_CACHE": str(place / "cache"), "COURSE_DATA": str(stick),
    }  # fmt: skip
    command = [sys.executable, "-c", code, str(place / "ükb")]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True)
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
    assert b"16 real photos" in done.stdout and b"not a photo" in done.stdout
    assert (place / "ükb/flower_photos/roses/0.jpg").exists()


def test_a_cache_whose_name_the_console_lacks(tmp_path):
    """The sentence about a cache that cannot be written names it, on a console that cannot show the name."""
    (tmp_path / "ねこ").write_text("in the way", encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONIOENCODING": "ascii",
        "PYTHONUTF8": "0",
        "COURSE_CACHE": str(tmp_path / "ねこ"),
        "COURSE_OFFLINE": "1",
    }
    code = "from utils import data; data.load_flowers(32, 1)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env={**environment, "COURSE_DATA": ""}, capture_output=True)
    assert done.returncode == 0 and b"cannot be written" in done.stdout, done.stderr.decode(errors="replace")


def test_a_program_without_a_console(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    console.say("nobody sees this")


def test_settings_may_be_replaced(tmp_path):
    assert replace(data.Settings(cache=tmp_path), course_data="x").course_data == "x"
