"""What a detector says of one picture, and the check that it makes sense."""

from typing import NamedTuple

import numpy as np

from .boxes import as_boxes


class Detections(NamedTuple):
    """n boxes in one picture, in any order.

    boxes: (n, 4), corner form. labels: (n,), the class of each. scores: (n,), the higher the surer.
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray


def checked(boxes, labels, *scores, name: str) -> tuple[np.ndarray, ...]:
    """Boxes as float64 (n, 4), whole labels as int64 (n,) and, if given, finite scores as float64 (n,).

    Raises ValueError, with `name` in the message, when one of them has another shape or holds what it must not.
    """
    boxes = as_boxes(boxes, f"The boxes of {name}")
    if boxes.ndim != 2:
        raise ValueError(f"The boxes of {name} have the shape {boxes.shape}: give the boxes of one picture, (n, 4).")
    numbers = np.asarray(labels)
    if numbers.size and numbers.dtype.kind not in "iuf":
        raise ValueError(f"The labels of {name} must be whole numbers, one for each box; they are {numbers.dtype}.")
    whole = numbers.astype(np.int64)
    if (whole != numbers).any():
        raise ValueError(f"The labels of {name} must be whole numbers; probabilities belong into the scores.")
    columns = [whole, *(_scores(each, name) for each in scores)]
    for column, what in zip(columns, ("labels", "scores"), strict=False):
        if column.shape != (len(boxes),):
            raise ValueError(f"{name} has {len(boxes)} boxes and {what} of shape {column.shape}: give one for each box.")
        if not np.isfinite(column).all():
            raise ValueError(f"The {what} of {name} hold NaN or infinity: nothing can be sorted by them.")
    return boxes, *columns


def _scores(values, name: str) -> np.ndarray:
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "biuf":
        raise ValueError(f"The scores of {name} must be numbers, one for each box; they are {array.dtype}.")
    return array.astype(np.float64)
