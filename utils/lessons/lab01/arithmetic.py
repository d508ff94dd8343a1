"""Watch the arithmetic of a function: `max_is_not_linear` allows ReLU, sums, differences and constant factors only."""

from collections.abc import Callable

import numpy as np

# Functions that choose one of several values, by name.
CHOOSING = {"max", "amax", "nanmax", "min", "amin", "nanmin", "sort", "sorted", "where", "clip", "partition", "median", "select"}

_SUMS = {"add", "subtract", "negative", "positive"}
_BY_CONSTANTS = {"multiply", "matmul"}  # and division, where the constant divides
_SYMBOLS = {"greater": ">", "less": "<", "greater_equal": ">=", "less_equal": "<=", "equal": "==", "not_equal": "!="}


def record_operations(function: Callable, *arguments: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """(what `function` returns for these arrays, the operations on them that the exercise does not allow, by name).

    ReLU is recognized as the maximum with the constant 0. What leaves NumPy (a tensor, a Python number) is not followed.
    """
    if hasattr(function, "run_there"):  # a student's function in another process, where it is watched
        return function.run_there(record_operations, *arguments)
    forbidden: list[str] = []

    class Watched(np.ndarray):
        """An array that notes which operations it takes part in; its elements do so too."""

        def __array_ufunc__(self, operation, method, *inputs, out=None, **options):
            name, constants = operation.__name__, [each for each in inputs if not isinstance(each, Watched)]
            relu = name in ("maximum", "fmax") and method == "__call__" and len(constants) == 1 and not np.any(constants[0])
            scaled = name in _BY_CONSTANTS or (name in ("divide", "true_divide") and isinstance(inputs[0], Watched))
            if not (name in _SUMS or relu or (scaled and len(constants) == 1)):
                forbidden.append(f"`{_SYMBOLS.get(name, name)}`")
            if out is not None:
                options["out"] = tuple(_unwatched(each) for each in out)
            result = getattr(operation, method)(*map(_unwatched, inputs), **options)
            return result if result is NotImplemented else np.asarray(result).view(Watched)

        def __array_function__(self, function, types, arguments, options):
            if function.__name__ in CHOOSING:
                forbidden.append(f"`{function.__name__}`")
            return super().__array_function__(function, types, arguments, options)

        def __getitem__(self, key):
            return np.asarray(super().__getitem__(key)).view(Watched)

        def __iter__(self):
            return (self[i] for i in range(len(self)))

    def _unwatched(value):
        return value.view(np.ndarray) if isinstance(value, Watched) else value

    return _unwatched(function(*(argument.view(Watched) for argument in arguments))), forbidden
