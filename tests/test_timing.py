"""What Lab 01 times its convolutions with."""

import time

import numpy as np
import pytest

from utils import timing


def slow(x):
    time.sleep(0.01)
    return 2 * x


def unwritten(x):
    raise NotImplementedError


@pytest.fixture
def finished():
    ways = {
        "reference": lambda x: 2 * x,
        "slow": slow,
        "unwritten": unwritten,
        "broken": lambda x: x[7],
        "wrong": lambda x: 2 * x + [0, 0, 1],
        "wrong shape": lambda x: (2 * x)[None],
        "empty": lambda x: None,
    }
    return timing.compare(ways, np.arange(3.0), repeats=3)


def test_only_ways_that_compute_the_same_are_timed(finished):
    times, left_out = finished
    assert list(times) == ["reference", "slow"]
    assert set(left_out) == {"unwritten", "broken", "wrong", "wrong shape", "empty"}


def test_the_reasons_name_what_happened(finished):
    _, left_out = finished
    assert left_out["unwritten"] == "not written yet"
    assert "IndexError" in left_out["broken"]
    assert left_out["wrong"] == left_out["wrong shape"] == left_out["empty"] == "computes something else"


def test_medians_are_milliseconds(finished):
    times, _ = finished
    assert 10 <= times["slow"] < 1000
    assert times["reference"] < times["slow"]


def test_a_way_that_agrees_meets_no_objection():
    assert timing.objection(lambda: [1.0, 2.0], np.array([1.0, 2.0])) == ""
    assert timing.objection(lambda: [1.0, np.nan], np.array([1.0, 2.0])) == "computes something else"


def test_of_a_long_error_only_the_beginning_is_quoted():
    def broken():
        raise ValueError("cause\n" + "detail " * 100)

    assert timing.objection(broken, np.zeros(2)) == "stops with ValueError: cause"
