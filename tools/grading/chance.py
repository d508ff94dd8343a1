"""The random numbers that a whole notebook shares, NumPy's and Python's: the judge's state and the student's are kept alike."""

import random
import zlib

import numpy as np

_UNTOUCHED: list[int] = []


def state() -> int:
    """A digest of 32 bits of both states, the same in every process."""
    _, keys, *rest = np.random.get_state()
    _, internal, gauss = random.getstate()
    return zlib.crc32(repr((rest, gauss)).encode(), zlib.crc32(keys.tobytes())) ^ (hash(internal) & 0xFFFFFFFF)


def since_the_start() -> int:
    """The state of now; 0 while nobody has changed it since this was first asked."""
    now = state()
    if not _UNTOUCHED:
        _UNTOUCHED.append(now)
    return 0 if now == _UNTOUCHED[0] else now


class Watched:
    """While a function runs, tells whether it draws from the shared numbers.

    `numbers` other than 0 sets them to others for the time; a check does so to see what depends on them.
    """

    def __init__(self, numbers: int):
        self.numbers, self.changed = numbers, False

    def __enter__(self):
        if self.numbers:
            self.before = np.random.get_state(), random.getstate()
            np.random.seed(self.numbers)
            random.seed(self.numbers)
        self.start = state()

    def __exit__(self, *_):
        self.changed = state() != self.start
        if self.numbers:
            np.random.set_state(self.before[0])
            random.setstate(self.before[1])
