"""Which detection found which object: the rule on which every figure of a detector rests."""

import numpy as np

from .boxes import as_boxes, pairwise_iou

RULES = ("coco", "voc")
PAIRS = 2**20  # overlaps that are held in memory at a time


def match(found, true, iou=0.5, rule: str = "coco") -> np.ndarray:
    """The object that each detection found: its index, int64 (n,), or -1. Each object is found at most once.

    found: (n, 4), one class's detections in one picture, by falling score: the surer one chooses first. true: (m, 4), the
    objects of that class. iou: how much the two must overlap at least; or several limits (t,), for a result (t, n).

    rule: "coco" gives a detection the best of the objects that are *still free* (of equal overlaps the last, as pycocotools
    does). "voc" (Everingham and others 2010) looks at its best object only (of equal overlaps the first): if that one is
    taken, the detection is a duplicate and false, whatever else it covers.
    """
    if rule not in RULES:
        raise ValueError(f"rule is {rule!r}: choose one of {', '.join(RULES)}.")
    found, true, limits = as_boxes(found, "found"), as_boxes(true, "true"), np.asarray(iou, np.float64)
    if not ((limits > 0) & (limits <= 1)).all():
        raise ValueError(f"iou is {iou}: a detection must overlap its object by more than 0 and at most 1.")
    result = np.full((limits.size, len(found)), -1)
    if len(true):
        for limit, row in zip(np.minimum(limits.ravel(), 1 - 1e-10), result, strict=True):  # 1 may come out as 0.999…
            _choose(found, true, limit, rule, row)
    return result.reshape(*limits.shape, len(found))


def _choose(found, true, limit, rule, chosen):
    """Fill `chosen` (n,) with indices of objects, one detection after the other."""
    free = np.ones(len(true), bool)
    for start in range(0, len(found), step := max(1, PAIRS // len(true))):
        overlaps = pairwise_iou(found[start : start + step], true)
        # Most detections overlap nothing enough, and are passed over.
        for k in np.flatnonzero((overlaps >= limit).any(axis=1)):
            best = overlaps[k].argmax() if rule == "voc" else _last_best(np.where(free, overlaps[k], -1))
            if free[best] and overlaps[k, best] >= limit:
                chosen[start + k] = best
                free[best] = False


def _last_best(values):
    return len(values) - 1 - values[::-1].argmax()
