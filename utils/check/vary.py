"""Other cases than the public ones, for a grader: who knows the answers to the public cases by heart has no answer to these."""

import numpy as np

COUNT = 3  # further cases from each public one


def varied(value, rng: np.random.Generator):
    """A value of the same kind and about the same bounds: a number nearby, an array with its rows in another order."""
    if isinstance(value, (bool, str)) or value is None:
        return value
    if isinstance(value, (int, np.integer)):
        return type(value)(value + rng.integers(0, 4)) if value >= 3 else value
    if isinstance(value, (float, np.floating)):
        return type(value)(value * rng.uniform(0.8, 1.2))
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "biufc":
        return rng.permutation(value)
    if isinstance(value, list) and all(isinstance(each, (int, float)) for each in value):
        return [value[i] for i in rng.permutation(len(value))]
    return value


def finite(result) -> bool:
    """Whether a result holds finite numbers only, or none at all; one for a case outside the exercise often does not."""
    if isinstance(result, (list, tuple)):
        return all(map(finite, result))
    if isinstance(result, dict):
        return all(map(finite, result.values()))
    if isinstance(result, (int, float, complex, np.number, np.ndarray)) and np.asarray(result).dtype.kind in "fc":
        return bool(np.isfinite(result).all())
    return True
