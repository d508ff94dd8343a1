"""Other cases than the public ones, for a grader: who knows the answers to the public cases by heart has no answer to these."""

import numpy as np

COUNT = 3  # further cases from each public one


class Variation:
    """One way to change the `values` of a case together, so that what was smaller stays smaller: a window still fits its image.

    Whole numbers change only where every value is a number; beside shapes and arrays they often have to fit these.
    """

    def __init__(self, rng: np.random.Generator, values: list):
        numbers = all(isinstance(each, (int, float, np.integer, np.floating)) for each in values)
        self.rng, self.factor = rng, float(rng.uniform(0.8, 1.2))
        self.more = int(rng.integers(1, 5)) if numbers else 0

    def of(self, value):
        """A number nearby, an array or a list with its elements in another order; anything else as it is.

        Whole numbers below 3 are kept: strides, axes, paddings and truth values. So are matrices of few rows: order matters.
        """
        if isinstance(value, (bool, str)) or value is None:
            return value
        if isinstance(value, (int, np.integer)):
            return type(value)(value + self.more) if value >= 3 else value
        if isinstance(value, (float, np.floating)):
            return type(value)(value**self.factor if 0 < value < 1 else value * self.factor)  # a share stays one
        if isinstance(value, np.ndarray) and (value.ndim == 1 or (value.ndim and len(value) > 4)) and value.dtype.kind in "biufc":
            return self.rng.permutation(value)
        if isinstance(value, list) and all(isinstance(each, (int, float)) for each in value):
            return [value[i] for i in self.rng.permutation(len(value))]
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
