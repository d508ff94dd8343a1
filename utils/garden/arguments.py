"""Checks numbers that a caller gives, so that a wrong one ends in a sentence here and not in a library's error later.

It stands in the lowest room, so that every other one can use it.
"""

import operator


def whole_number(name: str, value, least: int, example: int, most: int | None = None) -> int:
    """`value` as an int from `least` to `most`. Raises ValueError that names the argument and a value that would do.

    Python's and NumPy's whole numbers are accepted; True, 3.0, "3", NaN and arrays are not.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least or (most is not None and number > most):
        span = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be a whole number {span}, such as {example}, not {shown(value)}.")
    return number


def shown(value) -> str:
    """A value as a message quotes it: short, on one line, and an array by its shape."""
    if getattr(value, "shape", ()):
        return f"an array of shape {tuple(value.shape)}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
