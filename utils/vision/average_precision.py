"""Average precision: one figure for a detector, in the three definitions that papers report.

A set of pictures is two lists of equal length: what was found (`Detections`) and what is there (anything with `boxes` and
`labels`, a `garden.Scene` for example). Of equal scores the earlier detection comes first, in the order of the pictures.

    curve = precision_recall(found, scenes, label=2)      # recall and precision, detection by detection
    average_precision(curve.recall, curve.precision, "voc2010")
    mean_average_precision(found, scenes)                 # over the classes
    coco_average(found, scenes)                           # over the classes and ten limits of IoU
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..garden.arguments import shown
from .detections import checked
from .matching import match

COCO_IOUS = np.linspace(0.5, 0.95, 10)
COCO_LIMIT = 100  # so many detections of a class count in a picture, the best ones


class Curve(NamedTuple):
    """Precision and recall of one class after each of its n detections, by falling score.

    scores: (n,). right: bool (n,), whether the detection found an object. objects: how many there are to find.
    recall: (n,), right ones so far / objects; NaN without objects. precision: (n,), right ones so far / detections so far.
    """

    scores: np.ndarray
    right: np.ndarray
    objects: int

    @property
    def recall(self) -> np.ndarray:
        return np.cumsum(self.right) / (self.objects or np.nan)

    @property
    def precision(self) -> np.ndarray:
        return np.cumsum(self.right) / np.arange(1, len(self.right) + 1)


def precision_recall(found, true, label=None, iou: float = 0.5, rule: str = "coco", limit: int | None = None) -> Curve:
    """The curve of one class over all pictures; of all boxes as one class when `label` is None.

    found: a sequence of `Detections`. true: a sequence with `boxes` and `labels`, one for each picture. iou, rule: as in
    `match`. limit: at most so many detections in a picture, the best ones.
    """
    pictures = _read(found, true)
    if label is None:
        pictures = [(boxes, 0 * labels, scores, there, 0 * classes) for boxes, labels, scores, there, classes in pictures]
    return _curves(pictures, label or 0, np.array([iou]), rule, limit)[0]


def average_precision(recall, precision, definition: str = "coco") -> float:
    """The average of precision over recall, 0 … 1; NaN when recall is NaN: there was no object to find.

    recall, precision: (n,), recall rising. Precision at a recall r is the largest that is reached at any recall ≥ r, and 0
    beyond the last one. definition says where it is read:

    "voc2007"   at the 11 recalls 0, 0.1, … 1 (Everingham and others, The PASCAL VOC Challenge, 2010)
    "voc2010"   everywhere: the area under the steps (the VOC development kit from 2010 on)
    "coco"      at the 101 recalls 0, 0.01, … 1, with pycocotools' own rounding: 35 found of 100 do not reach its 0.35
    """
    if definition not in DEFINITIONS:
        raise ValueError(f"definition is {definition!r}: choose one of {', '.join(DEFINITIONS)}.")
    recall, precision = np.asarray(recall, np.float64), np.asarray(precision, np.float64)
    if recall.ndim != 1 or recall.shape != precision.shape:
        raise ValueError(f"recall {recall.shape} and precision {precision.shape} must be two lists of the same length.")
    if np.isnan(recall).any():
        return float("nan")
    if (np.diff(recall) < 0).any():
        raise ValueError("recall must rise from each detection to the next: sort the detections by falling score.")
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(DEFINITIONS[definition](recall, np.append(best, 0.0)))


def average_precisions(
    found, true, labels: Iterable[int] | None = None, iou=0.5, definition: str = "coco", rule: str = "coco", limit=None
) -> dict[int, float]:
    """Average precision of each class; NaN for a class without an object, since there is nothing to find.

    labels: the classes, by default those of the objects. iou: one limit, or several whose APs are averaged.
    Otherwise as `precision_recall` and `average_precision`.
    """
    pictures = _read(found, true)
    if labels is None:
        labels = sorted({int(label) for *_, classes in pictures for label in classes})
    return {int(label): _average(_curves(pictures, label, np.atleast_1d(iou), rule, limit), definition) for label in labels}


def mean_average_precision(found, true, labels=None, **settings) -> float:
    """Mean average precision: the mean of `average_precisions` over the classes that have an object; NaN if none has."""
    values = [value for value in average_precisions(found, true, labels, **settings).values() if not np.isnan(value)]
    return float(np.mean(values)) if values else float("nan")


def coco_average(found, true, labels=None) -> float:
    """COCO's headline figure: the mean over the classes and over the limits of IoU 0.50, 0.55, … 0.95.

    The first figure of pycocotools' summary, for boxes without `iscrowd`; it says -1 where this is NaN. COCO's own
    evaluation takes annotations with the id 0 for not found; here nothing has an id.
    """
    return mean_average_precision(found, true, labels, iou=COCO_IOUS, limit=COCO_LIMIT)


# ---------------------------------------------------------------- the definitions: recall (n,), best precision (n + 1,)


def _voc2007(recall, best):
    # 3 of 10 found is a recall of 0.3, but linspace's 0.3 is 0.30000000000000004: compare with room for rounding.
    return best[np.searchsorted(recall, np.linspace(0, 1, 11) - 1e-9)].mean()


def _voc2010(recall, best):
    return np.sum(np.diff(recall, prepend=0) * best[:-1])


def _coco(recall, best):
    return best[np.searchsorted(recall, np.linspace(0, 1, 101))].mean()


DEFINITIONS = {"voc2007": _voc2007, "voc2010": _voc2010, "coco": _coco}


# ---------------------------------------------------------------- from pictures to curves


def _read(found, true):
    """For each picture: boxes, labels and scores by falling score, and the boxes and labels of the objects."""
    found, true = list(found), list(true)
    if len(found) != len(true):
        raise ValueError(f"Detections of {len(found)} pictures and objects of {len(true)}: a picture without any has empty ones.")
    pictures = []
    for k, (answer, truth) in enumerate(zip(found, true, strict=True)):
        if not isinstance(answer, tuple) or len(answer) != 3:
            raise TypeError(f"detections {k} must be Detections(boxes, labels, scores), not {shown(answer)}.")
        if not (hasattr(truth, "boxes") and hasattr(truth, "labels")):
            raise TypeError(f"objects {k} must have boxes and labels, as a garden.Scene or Detections has, not {shown(truth)}.")
        boxes, labels, scores = checked(*answer, name=f"detections {k}")
        order = np.argsort(-scores, kind="stable")
        pictures.append((boxes[order], labels[order], scores[order], *checked(truth.boxes, truth.labels, name=f"objects {k}")))
    return pictures


def _curves(pictures, label, ious, rule, limit):
    """One Curve for each limit of IoU."""
    scores, right, objects = [np.zeros(0)], [np.zeros((len(ious), 0), bool)], 0
    for boxes, labels, sure, there, classes in pictures:
        mine = np.flatnonzero(labels == label)[:limit]
        there = there[classes == label]
        objects += len(there)
        scores.append(sure[mine])
        right.append(match(boxes[mine], there, ious, rule) >= 0)
    scores, right = np.concatenate(scores), np.concatenate(right, axis=1)
    order = np.argsort(-scores, kind="stable")
    return [Curve(scores[order], row[order], objects) for row in right]


def _average(curves, definition):
    if not curves[0].objects:
        return float("nan")
    return float(np.mean([average_precision(curve.recall, curve.precision, definition) for curve in curves]))
