"""Checks what a caller gives, so that a wrong argument ends in a sentence here and not in a library's error later.

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


def numbers(name: str, value, *shapes: str):
    """`value` as an array of finite numbers (or booleans) with one of the `shapes`, such as "(n, height, width, 3)".

    In a shape a number is the length of its axis, a word any length from 1 on, "…" at the start or end any further axes. Lists,
    arrays and tensors are accepted. Raises ValueError that names the argument, the shapes that would do and what came.
    """
    import numpy as np

    takes = f"{name} must be an array of numbers of shape {' or '.join(shapes)}"
    try:
        array = np.asarray(value)
    except Exception:  # rows of different lengths, symbolic tensors: each library has an error of its own
        raise ValueError(f"{takes}, not {shown(value)}.") from None
    if array.dtype.kind not in "biuf" and "float" not in array.dtype.name:  # bfloat16 has a kind of its own
        raise ValueError(f"{takes}; this holds {array.dtype.name if array.dtype != object else type(value).__name__}.")
    if array.size == 0:
        raise ValueError(f"{takes}; this one is empty, its shape is {array.shape}.")
    if not any(_fits(array.shape, shape) for shape in shapes):
        raise ValueError(f"{takes}, not {array.shape}.")
    if array.dtype.kind not in "biu" and not np.isfinite(array).all():
        raise ValueError(
            f"{name} holds NaN or infinity in {(~np.isfinite(array)).sum():,} of {array.size:,} places: find out where from."
        )
    return array


def class_numbers(name: str, value, count: int, of: str, classes: int | None = None):
    """`value` as an integer array (count,), the class of each of `of`. Raises ValueError that says what came instead."""
    array = numbers(name, value, "(n,)")
    if len(array) != count:
        raise ValueError(f"{name} has {len(array):,} classes for {count:,} {of}: give each its own.")
    whole = array.astype("int64")
    if (whole != array).any() or whole.min() < 0:
        raise ValueError(
            f"{name} must be whole numbers from 0 on, the class of each of the {of}; it goes from {array.min()} to {array.max()}."
        )
    if classes is not None and whole.max() >= classes:
        raise ValueError(f"{name} goes up to {whole.max()}, but there are {classes} classes, 0 to {classes - 1}.")
    return whole


def network(name: str, value):
    """`value`, a Keras model or layer. Raises TypeError with the remedy for anything else."""
    import keras

    if isinstance(value, type) or not isinstance(value, keras.layers.Layer):
        what = f"the class {value.__name__}: create one first" if isinstance(value, type) else shown(value)
        raise TypeError(f"{name} must be a Keras model, such as keras.Sequential([…]), not {what}.")
    return value


def shape_of(model) -> str:
    """What a Keras model takes, in the words of `numbers`: "(n, 28, 28, 1)"; "(n, …)" where it is not built yet."""
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple):
        return "(n, …)"
    return f"(n, {', '.join('any' if length is None else str(length) for length in shape[1:])})"


def _fits(shape: tuple[int, ...], pattern: str) -> bool:
    axes = [axis for axis in pattern.strip("()").replace(" ", "").split(",") if axis]
    if axes[-1:] == ["…"]:
        axes, shape = axes[:-1], shape[: len(axes) - 1]
    if axes[:1] == ["…"]:
        axes, shape = axes[1:], shape[max(0, len(shape) - len(axes) + 1) :]
    fixed = [int(axis) if axis.isdigit() else None for axis in axes]
    return len(shape) == len(axes) and all(want in (None, length) for want, length in zip(fixed, shape, strict=True))


def shown(value) -> str:
    """A value as a message quotes it: short, on one line, and an array by its shape."""
    if getattr(value, "shape", ()):
        return f"an array of shape {tuple(value.shape)}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
