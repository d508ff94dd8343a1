"""How good is a segmentation? Counts by class, and what is made of them.

A map of classes is an array of whole numbers (…, height, width), one class a pixel; class 0 is usually the background. All
measures start from one table of counts, rows truth and columns guess, so pictures can be counted one by one and added.

A class that neither truth nor guess shows has no IoU: the measures say NaN, and a mean leaves it out. To call it 0 would
blame the network for a rose that is not there, to call it 1 would praise it.
"""

import numpy as np
from scipy import ndimage


def class_map(masks, values, step: int = 1) -> np.ndarray:
    """One map of a scene from the masks of its objects: int64 (height / step, width / step), every `step`-th pixel, 0: no object.

    masks: bool (k, height, width), no two of them on one pixel; values: k numbers above 0, what each object's pixels get.
    """
    masks = np.asarray(masks, bool)[:, ::step, ::step]
    return np.einsum("khw,k->hw", masks, np.asarray(values, np.int64))


def confusion(truth, guess, classes: int, ignore: int | None = None, where=None) -> np.ndarray:
    """Counts int64 (classes, classes): of the pixels of class `row`, how many were called `column`.

    truth, guess: whole numbers of one shape. ignore: a label of `truth` that says "not labelled"; its pixels are not counted,
    whatever the guess. where: bool of the same shape, the pixels to count (None: all).
    Raises ValueError for shapes that differ, numbers that are not whole, and a class outside of 0 … classes - 1.
    """
    truth, guess = as_classes(truth, "truth"), as_classes(guess, "guess")
    if truth.shape != guess.shape:
        raise ValueError(f"truth has the shape {truth.shape} and guess {guess.shape}: resize one to the other, by nearest pixel.")
    counted = np.ones(truth.shape, bool)
    if where is not None:
        counted = np.asarray(where).astype(bool)
        if counted.shape != truth.shape:
            raise ValueError(f"where has the shape {counted.shape} and truth {truth.shape}: one True or False for each pixel.")
    if ignore is not None:
        counted = counted & (truth != ignore)
    truth, guess = truth[counted], guess[counted]
    for name, values in (("truth", truth), ("guess", guess)):
        if values.size and not 0 <= values.min() <= values.max() < classes:
            raise ValueError(
                f"{name} holds {values.min()} … {values.max()}; the classes are 0 … {classes - 1}. "
                "Name the label of unlabelled pixels with `ignore`."
            )
    return np.bincount(truth * classes + guess, minlength=classes**2).reshape(classes, classes)


def iou(table) -> np.ndarray:
    """Intersection over union of each class, float64 (classes,), from the counts of `confusion`; NaN for an absent class."""
    both, truth, guess = _parts(table)
    return _ratio(both, truth + guess - both)


def mean_iou(table) -> float:
    """The mean of `iou` over the classes that truth or guess shows; NaN if there is none."""
    values = iou(table)
    return float(np.mean(values[~np.isnan(values)])) if not np.isnan(values).all() else float("nan")


def dice(table) -> np.ndarray:
    """Dice's coefficient of each class, float64 (classes,): 2 · IoU / (1 + IoU), the F1 score of its pixels; NaN if absent."""
    both, truth, guess = _parts(table)
    return _ratio(2 * both, truth + guess)


def pixel_accuracy(table) -> float:
    """The share of the counted pixels whose class is right; NaN if there are none."""
    both, truth, _ = _parts(table)
    return float(_ratio(both.sum(), truth.sum()))


def foreground(table) -> np.ndarray:
    """The table (2, 2) that remains when all classes but 0 are one: background and object."""
    table = np.asarray(table)
    return np.array([[table[0, 0], table[0, 1:].sum()], [table[1:, 0].sum(), table[1:, 1:].sum()]])


def boundary_band(truth, width: int = 2, ignore: int | None = None) -> np.ndarray:
    """Pixels within `width` steps of a boundary between two classes, bool of the shape of `truth` (…, height, width).

    A step goes to one of eight neighbours. The two pixels that touch across a boundary are at step 1. With `ignore`, the
    edge of what is not labelled is no boundary, and unlabelled pixels are not in the band.
    Raises ValueError for a width below 1.
    """
    truth = as_classes(truth, "truth")
    if truth.ndim < 2:
        raise ValueError(f"truth has the shape {truth.shape}: give a map (height, width), or several.")
    if width != int(width) or width < 1:
        raise ValueError(f"width is {width}: a band is 1 or more whole pixels wide.")
    if truth.size == 0:
        return np.zeros(truth.shape, bool)
    window = (1,) * (truth.ndim - 2) + (3, 3)
    low, high = truth, truth
    if ignore is not None:  # an unlabelled pixel neither raises the maximum nor lowers the minimum
        low = np.where(truth == ignore, truth.max(initial=0) + 1, truth)
        high = np.where(truth == ignore, truth.min(initial=0) - 1, truth)
    edge = ndimage.maximum_filter(high, window, mode="nearest") > ndimage.minimum_filter(low, window, mode="nearest")
    if ignore is not None:
        edge &= truth != ignore
    reach = (1,) * (truth.ndim - 2) + (2 * int(width) - 1,) * 2
    band = ndimage.maximum_filter(edge, reach, mode="constant")
    return band if ignore is None else band & (truth != ignore)


def as_classes(classes, name: str = "the map") -> np.ndarray:
    """A map of classes as int64. Raises ValueError for what is not whole numbers, such as probabilities."""
    array = np.asarray(classes)
    if array.dtype.kind not in "biuf" or (array.dtype.kind == "f" and not np.array_equal(array, np.round(array))):
        raise ValueError(f"{name} must hold whole numbers, one class a pixel; of logits take `.argmax(axis=-1)` first.")
    return array.astype(np.int64)


def _parts(table):
    """What truth and guess share, what truth has, what the guess has, by class."""
    table = np.asarray(table)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ValueError(f"the table has the shape {table.shape}: give the counts of `confusion`, (classes, classes).")
    return np.diag(table), table.sum(axis=1), table.sum(axis=0)


def _ratio(part, whole):
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)
