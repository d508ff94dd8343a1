"""Boxes: two forms, their overlap, and what to do at the edge of a picture.

A box is four numbers on the last axis, in pixels or in any other unit, x to the right and y down:

    corner form   x0, y0, x1, y1     half-open: pixels x0 … x1 - 1 belong to it, so its width is x1 - x0, with no + 1
    centre form   x, y, width, height

Every function takes lists, arrays or tensors of shape (…, 4), computes in float64 and returns a new NumPy array. A set
of boxes may be empty, (0, 4). A box whose sides are zero or run backwards, as a network may predict it, has area 0.
NaN and infinity raise ValueError: they come from a training that went wrong, and an average would hide them.
"""

import numpy as np

from ..garden.arguments import numbers


def as_boxes(boxes, name: str = "boxes") -> np.ndarray:
    """`boxes` as float64 (…, 4). An empty list becomes (0, 4).

    Raises ValueError when the last axis does not hold four numbers, or when one of them is not finite.
    """
    try:
        array = np.asarray(boxes)
        if array.dtype.kind == "c":
            raise TypeError("NumPy would drop the imaginary part with no more than a warning")
        array = array.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers, four to a box; give a list of lists or an array of shape (…, 4).") from None
    if array.shape == (0,):
        return array.reshape(0, 4)
    if array.ndim == 0 or array.shape[-1] != 4:
        raise ValueError(f"{name} has the shape {array.shape}: the last axis must hold four numbers, as in (…, 4).")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinity: find its source (a loss that diverged?) before you measure.")
    return array


def to_centre(boxes) -> np.ndarray:
    """Corner form to centre form, (…, 4) to (…, 4)."""
    x0, y0, x1, y1 = _columns(as_boxes(boxes))
    return np.stack([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0], axis=-1)


def to_corner(boxes) -> np.ndarray:
    """Centre form to corner form, (…, 4) to (…, 4)."""
    x, y, width, height = _columns(as_boxes(boxes))
    return np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=-1)


def clip(boxes, height, width) -> np.ndarray:
    """Corner form cut off at the frame of a `height` × `width` picture; a box outside of it is left with area 0."""
    x0, y0, x1, y1 = _columns(as_boxes(boxes))
    return np.stack([np.clip(x0, 0, width), np.clip(y0, 0, height), np.clip(x1, 0, width), np.clip(y1, 0, height)], axis=-1)


def mirror(boxes, width) -> np.ndarray:
    """The boxes, corner form, of a picture of `width` that is flipped left to right: the corners trade places."""
    x0, y0, x1, y1 = _columns(as_boxes(boxes))
    return np.stack([width - x1, y0, width - x0, y1], axis=-1)


def resize(boxes, old, new) -> np.ndarray:
    """The boxes, either form, of a picture that is resized from `old` to `new`, both (height, width)."""
    (height, width), (new_height, new_width) = old, new
    return as_boxes(boxes) * np.array([new_width / width, new_height / height] * 2)


def around(masks) -> np.ndarray:
    """The tightest box around each mask: bool (…, height, width) to corner form (…, 4); an empty mask has 0, 0, 0, 0."""
    masks = np.asarray(masks, bool) if np.size(masks) == 0 else numbers("masks", masks, "(…, height, width)").astype(bool)
    x0, x1 = _span(masks.any(axis=-2))
    y0, y1 = _span(masks.any(axis=-1))
    return np.stack([x0, y0, x1, y1], axis=-1).astype(np.float64)


def area(boxes) -> np.ndarray:
    """Area of each box in corner form, (…, 4) to (…)."""
    x0, y0, x1, y1 = _columns(as_boxes(boxes))
    return np.maximum(x1 - x0, 0) * np.maximum(y1 - y0, 0)


def iou(a, b) -> np.ndarray:
    """Intersection over union of boxes in corner form, pair by pair: (…, 4) and (…, 4), which broadcast, to (…).

    0 for boxes that do not overlap, 1 for boxes that are equal; 0 as well where both have area 0 (0/0).
    """
    return _ratio(*_overlap(*_paired(a, b)))


def giou(a, b) -> np.ndarray:
    """Generalized IoU, from -1 to 1: IoU minus the empty share of the smallest box around both. Shapes as in `iou`.

    Boxes that do not overlap get a value below 0 that falls with their distance, so a network has a slope to follow.
    Source: Rezatofighi and others, Generalized Intersection over Union (CVPR 2019).
    """
    a, b = _paired(a, b)
    shared, union = _overlap(a, b)
    hull = _sides(np.minimum, np.maximum, a, b)
    return _ratio(shared, union) - _ratio(hull - union, hull)


def pairwise_iou(a, b) -> np.ndarray:
    """IoU of every box of `a` (…, n, 4) with every box of `b` (…, m, 4), corner form: (…, n, m)."""
    a, b = as_boxes(a, "a"), as_boxes(b, "b")
    if a.ndim < 2 or b.ndim < 2:
        raise ValueError(f"a has the shape {a.shape} and b {b.shape}: give two sets of boxes, (n, 4) and (m, 4).")
    return iou(a[..., :, None, :], b[..., None, :, :])


def _paired(a, b):
    """Both as boxes whose shapes broadcast."""
    a, b = as_boxes(a, "a"), as_boxes(b, "b")
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise ValueError(
            f"shapes {a.shape} and {b.shape} do not go together pair by pair: "
            "give as many boxes in `a` as in `b`, or call `pairwise_iou` for all pairs."
        ) from None
    return a, b


def _overlap(a, b):
    """Areas of the intersection and of the union."""
    shared = _sides(np.maximum, np.minimum, a, b)
    return shared, area(a) + area(b) - shared


def _sides(start, end, a, b):
    """Area of the box from the `start` of two boxes' corners to their `end`; by columns, since sums over (…, 2) are slow."""
    width, height = (end(a[..., k + 2], b[..., k + 2]) - start(a[..., k], b[..., k]) for k in (0, 1))
    return np.maximum(width, 0) * np.maximum(height, 0)


def _ratio(part, whole):
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.asarray(whole) > 0)


def _columns(array):
    return np.moveaxis(array, -1, 0)


def _span(used):
    """First and one past the last True along the last axis, both 0 where there is none."""
    size = used.shape[-1]
    there = used.any(axis=-1)
    first, last = used.argmax(axis=-1), size - used[..., ::-1].argmax(axis=-1)
    return np.where(there, first, 0), np.where(there, last, 0)
