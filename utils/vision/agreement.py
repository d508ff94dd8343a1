"""How well two people, or two rounds of one, agree about boxes: which belong together, and how closely."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from . import boxes as geometry


@dataclass(frozen=True)
class Agreement:
    """ious: float64 (m,), the IoU of each pair of boxes that belong together. only_first, only_second: how many boxes one
    side drew and the other did not.
    """

    ious: np.ndarray
    only_first: int
    only_second: int

    @property
    def found(self) -> float:
        """The share of boxes that both sides drew: twice the pairs over all boxes (an F1 score), NaN without any box."""
        boxes = 2 * len(self.ious) + self.only_first + self.only_second
        return 2 * len(self.ious) / boxes if boxes else float("nan")

    @property
    def mean(self) -> float:
        """The mean IoU of the pairs, NaN without any."""
        return float(np.mean(self.ious)) if len(self.ious) else float("nan")


def pairs(first, second, least: float = 0.5) -> list[tuple[int, int]]:
    """Which box of `first` (n, 4) belongs to which of `second` (m, 4), corner form: pairs of indices.

    Each box is used once, and the sum of IoUs is as large as it can be (the Hungarian method). Only pairs with an IoU of at
    least `least`, above 0, can belong together.
    """
    from scipy.optimize import linear_sum_assignment

    if not 0 < least <= 1:
        raise ValueError(f"least is {least!r}: give an IoU above 0 and up to 1, such as 0.5.")
    overlap = geometry.pairwise_iou(first, second)
    allowed = np.where(overlap >= least, overlap, 0)
    rows, columns = linear_sum_assignment(allowed, maximize=True)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if allowed[i, j] > 0]


def agreement(first: Iterable[Sequence], second: Iterable[Sequence], least: float = 0.5) -> Agreement:
    """The agreement over many pictures: for each of them the boxes of one side, (n, 4), and of the other, (m, 4).

    Raises ValueError when the sides have different numbers of pictures.
    """
    ious, only_first, only_second = [], 0, 0
    first, second = list(first), list(second)
    if len(first) != len(second):
        raise ValueError(f"One side has {len(first)} pictures, the other {len(second)}: a picture without any boxes has [].")
    for a, b in zip(first, second, strict=True):
        matched = pairs(a, b, least)
        overlap = geometry.pairwise_iou(a, b)
        ious += [overlap[i, j] for i, j in matched]
        only_first += len(a) - len(matched)
        only_second += len(b) - len(matched)
    return Agreement(np.array(ious, float), only_first, only_second)
