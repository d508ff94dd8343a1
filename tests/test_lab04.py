"""Lab 04 judges what the running Keras does: with the exchange of axes mended, the other answers are right."""

import pytest

from utils import check
from utils.lessons.lab04.checks import lab

NAMES = {"as its names say": ("columns", "rows"), "exchanged": ("rows", "columns")}


@pytest.fixture
def exchange(monkeypatch):
    """Exchange the two shifts of ImageDataGenerator."""
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    drawn = ImageDataGenerator.get_random_transform

    def exchanged(self, shape, seed=None):
        values = drawn(self, shape, seed)
        return values | {"tx": values["ty"], "ty": values["tx"]}

    monkeypatch.setattr(ImageDataGenerator, "get_random_transform", exchanged)


def right_answer() -> str:
    """Which of NAMES the check takes; exactly one."""
    task = lab.find("shift_axes")
    taken = [name for name, answers in NAMES.items() if check.judge(task, answers).status == check.RIGHT]
    assert len(taken) == 1
    return taken[0]


def measured() -> str:
    """The same, measured here with one shift of one pixel column."""
    import numpy as np
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    stripes = np.repeat(np.arange(12.0)[None, :, None], 12, axis=0) * np.ones((1, 1, 3))  # columns differ, rows do not
    moved = ImageDataGenerator(width_shift_range=[3]).random_transform(stripes.copy(), seed=0)
    return "as its names say" if np.abs(moved - stripes).max() > 1 else "exchanged"


def test_the_answer_is_what_this_keras_does():
    assert right_answer() == measured()


def test_the_answer_turns_when_keras_does(exchange):
    after = measured()
    assert right_answer() == after


def test_exchanging_really_exchanges(request):
    first = measured()
    request.getfixturevalue("exchange")
    assert measured() != first
