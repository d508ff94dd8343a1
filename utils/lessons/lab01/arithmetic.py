"""Watch the arithmetic of a function: `max_is_not_linear` allows ReLU, sums, differences and constant factors only."""

from collections.abc import Callable

import numpy as np

_SUMS = {"add", "subtract", "negative", "positive"}
_NAMES = {"greater": ">", "less": "<", "greater_equal": ">=", "less_equal": "<=", "equal": "==", "not_equal": "!="}


def record_operations(function: Callable, *arguments: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """(what `function` returns for these arrays, the operations on them that the exercise does not allow, by name).

    ReLU is recognized as the maximum with the constant 0. What leaves NumPy (a tensor, a Python number) is not followed.
    """
    forbidden: list[str] = []

    class Watched(np.ndarray):
        """An array that notes which operations it takes part in; its elements do so too."""

        def __array_ufunc__(self, operation, method, *inputs, out=None, **options):
            constants = [each for each in inputs if not isinstance(each, Watched)]
            name = operation.__name__
            relu = name in ("maximum", "fmax") and len(constants) == 1 and not np.any(constants[0])
            scaled = name == "multiply" or (name in ("divide", "true_divide") and isinstance(inputs[0], Watched))
            scaled = scaled and len(constants) == 1
            if method != "__call__" or not (name in _SUMS or relu or scaled):
                forbidden.append(f"`{_NAMES.get(name, name)}`")
            values = [each.view(np.ndarray) if isinstance(each, Watched) else each for each in inputs]
            if out is not None:
                options["out"] = tuple(each.view(np.ndarray) if isinstance(each, Watched) else each for each in out)
            result = getattr(operation, method)(*values, **options)
            return result if result is NotImplemented else np.asarray(result).view(Watched)

        def __array_function__(self, function, types, arguments, options):
            if function.__name__ not in ("zeros_like", "copy", "shape", "ndim", "size", "copyto"):
                forbidden.append(f"`np.{function.__name__}`")
            return super().__array_function__(function, types, arguments, options)

        def __getitem__(self, key):
            return np.asarray(super().__getitem__(key)).view(Watched)

        def __iter__(self):
            return (self[i] for i in range(len(self)))

    result = function(*(argument.view(Watched) for argument in arguments))
    return result.view(np.ndarray) if isinstance(result, Watched) else result, forbidden
