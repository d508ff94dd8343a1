"""Time several ways to compute the same thing: medians, measured in turns."""

import time
from collections.abc import Callable, Mapping

import numpy as np


def compare(ways: Mapping[str, Callable], *arguments, repeats: int = 9) -> tuple[dict[str, float], dict[str, str]]:
    """Call each way with `arguments`: (median milliseconds of each way, why the others were left out).

    The first way is the reference. A way that is not written yet, stops with an error, or computes something else is left
    out, with the reason. Each of the `repeats` rounds calls every way once, so a busy moment of the machine slows them all.
    """
    left_out: dict[str, str] = {}
    reference = None
    for name, way in ways.items():  # a first call, not timed: it warms up and shows the result
        if reference is None:
            reference = np.asarray(way(*arguments))
        elif reason := objection(way, reference, *arguments):
            left_out[name] = reason
    seconds: dict[str, list[float]] = {name: [] for name in ways if name not in left_out}
    for _ in range(repeats):
        for name, measured in seconds.items():
            started = time.perf_counter()
            ways[name](*arguments)
            measured.append(time.perf_counter() - started)
    return {name: 1000 * float(np.median(measured)) for name, measured in seconds.items()}, left_out


def objection(way: Callable, reference: np.ndarray, *arguments) -> str:
    """Why `way(*arguments)` is no other way to compute `reference`: not written yet, an error, other values; "" if it is one.

    Values agree when they differ by at most a thousandth of the largest one, which float32 sums of any order do.
    """
    try:
        result = np.asarray(way(*arguments))
    except NotImplementedError:
        return "not written yet"
    except Exception as error:  # a student's function may fail in any way; the lesson goes on without it
        first_line = str(error).partition("\n")[0][:100]
        return f"stops with {type(error).__name__}: {first_line}"
    return "" if _agree(result, np.asarray(reference)) else "computes something else"


def _agree(result: np.ndarray, reference: np.ndarray) -> bool:
    if result.shape != reference.shape or result.dtype.kind not in "biuf":
        return False
    return bool(np.abs(result - reference).max() <= 1e-3 * np.abs(reference).max())
