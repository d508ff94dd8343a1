"""What a detector's errors are, and what each kind costs: every false detection gets one diagnosis, every mistake one cure.

    kinds = diagnose(found, scenes)           # a word for each detection of each picture, and what was missed
    mended(found, scenes, "localization")     # the detections as an oracle would hand them in, that kind put right
    worth(found, scenes)                      # average precision that each oracle would bring

The kinds are those of Bolya and others, TIDE: A General Toolbox for Identifying Object Detection Errors (ECCV 2020). A
detection that overlaps its object by at least `iou` is near enough; by at least `near`, it is at least about that object.

    right            found an object of its class
    classification   near enough to an object, of another class
    duplicate        near enough to an object of its class that a surer detection has found
    localization     about an object of its class, not near enough
    both             about an object of another class, not near enough
    background       about nothing
    missed           an object that no detection found, and that none of the wrong ones could be mended to find

Of several that fit, the first in this order counts. Pictures are given as in `average_precision`.
"""

from typing import NamedTuple

import numpy as np

from .average_precision import mean_average_precision
from .boxes import pairwise_iou
from .detections import Detections, Objects, checked
from .matching import match

RIGHT = "right"
KINDS = ("classification", "localization", "both", "duplicate", "background", "missed")
MENDABLE = ("classification", "localization")  # an oracle puts these right; of the others it takes detections or objects away


class Diagnosis(NamedTuple):
    """One picture. kinds: a word for each of the n detections, in their order. objects: int64 (n,), the object that a
    detection is about, or -1. missed: bool (m,), for each object."""

    kinds: np.ndarray
    objects: np.ndarray
    missed: np.ndarray


def diagnose(found, true, iou: float = 0.5, near: float = 0.1) -> list[Diagnosis]:
    """The diagnosis of each picture.

    Raises ValueError unless 0 < near < iou ≤ 1, for lists of different length, and as `detections.checked` does.
    """
    if not 0 < near < iou <= 1:
        raise ValueError(f"near is {near} and iou {iou}: it takes 0 < near < iou ≤ 1.")
    found, true = list(found), list(true)
    if len(found) != len(true):
        raise ValueError(f"Detections of {len(found)} pictures and objects of {len(true)}: a picture without any has empty ones.")
    return [_one(k, answer, truth, iou, near) for k, (answer, truth) in enumerate(zip(found, true, strict=True))]


def count(diagnoses) -> dict[str, int]:
    """How many detections were right, how many errors of each kind there are, and how many objects were missed."""
    words = [word for one in diagnoses for word in one.kinds]
    counts = {kind: words.count(kind) for kind in (RIGHT, *KINDS)}
    counts["missed"] = int(sum(one.missed.sum() for one in diagnoses))
    return counts


def mended(found, true, kind: str, iou: float = 0.5, near: float = 0.1):
    """(detections, objects) with one kind of error put right by an oracle, which knows the truth.

    Wrong classes become right and loose boxes exact, the surest first, as long as their object is not found; then, and for
    every other kind, the detection is taken away. Missed objects are taken off the list of what there is to find;
    what was about one of them is then about nothing. Raises ValueError for an unknown `kind`.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}: choose one of {', '.join(KINDS)}.")
    found, true = list(found), list(true)
    diagnoses = diagnose(found, true, iou, near)
    if kind == "missed":
        return found, [_without(truth, one.missed) for truth, one in zip(true, diagnoses, strict=True)]
    return [_cured(*each, kind) for each in zip(found, true, diagnoses, strict=True)], true


def worth(found, true, iou: float = 0.5, near: float = 0.1, **settings) -> dict[str, float]:
    """How much the mean average precision at `iou` would rise if one kind of error were mended, by kind.

    The gains do not add up to what is missing: each is measured with all other errors in place. settings: as in
    `mean_average_precision`.
    """
    found, true = list(found), list(true)
    labels = sorted({int(label) for picture in true for label in picture.labels})
    before = mean_average_precision(found, true, labels, iou=iou, **settings)
    gains = {}
    for kind in KINDS:
        better = mended(found, true, kind, iou, near)
        after = mean_average_precision(*better, labels, iou=iou, **settings)
        gains[kind] = (1.0 if np.isnan(after) else after) - before  # NaN: all was missed, and nothing is left to find
    return gains


def _one(number, answer, truth, iou, near):
    boxes, labels, scores = checked(*answer, name=f"detections {number}")
    there, classes = checked(truth.boxes, truth.labels, name=f"objects {number}")
    partner = _partners(boxes, labels, scores, there, classes, iou)
    kinds, objects = np.full(len(boxes), RIGHT, dtype="<U14"), partner.copy()
    overlaps = pairwise_iou(boxes, there)
    for k in np.flatnonzero(partner < 0):
        same = np.where(labels[k] == classes, overlaps[k], -1)
        other = np.where(labels[k] != classes, overlaps[k], -1)
        kinds[k], objects[k] = _kind(same, other, iou, near)
    mendable = objects[np.isin(kinds, MENDABLE)]
    missed = np.ones(len(there), bool)
    missed[partner[partner >= 0]] = False
    missed[mendable] = False
    return Diagnosis(kinds, objects, missed)


def _partners(boxes, labels, scores, there, classes, iou):
    """The object that each detection found, class by class, or -1."""
    partner = np.full(len(boxes), -1)
    order = np.argsort(-scores, kind="stable")
    for label in np.unique(labels):
        mine, its = order[labels[order] == label], np.flatnonzero(classes == label)
        chosen = match(boxes[mine], there[its], iou)
        partner[mine[chosen >= 0]] = its[chosen[chosen >= 0]]
    return partner


def _kind(same, other, iou, near):
    """The diagnosis of a false detection, from its overlaps with the objects of its class and of others (-1: not of these)."""
    for kind, overlaps, limit in (
        ("classification", other, iou),
        ("duplicate", same, iou),
        ("localization", same, near),
        ("both", other, near),
    ):
        if overlaps.max(initial=-1) >= limit:
            return kind, int(overlaps.argmax())
    return "background", -1


def _cured(answer, truth, one, kind):
    boxes, labels, scores = checked(*answer, name="the picture")
    there, classes = checked(truth.boxes, truth.labels, name="the picture")
    taken = set(one.objects[one.kinds == RIGHT].tolist())
    keep = one.kinds != kind
    for k in np.argsort(-scores, kind="stable"):
        if one.kinds[k] == kind in MENDABLE and one.objects[k] not in taken:
            taken.add(int(one.objects[k]))
            keep[k] = True
            if kind == "classification":
                labels[k] = classes[one.objects[k]]
            else:
                boxes[k] = there[one.objects[k]]
    return Detections(boxes[keep], labels[keep], scores[keep])


def _without(truth, missed):
    boxes, labels = checked(truth.boxes, truth.labels, name="the picture")
    return Objects(boxes[~missed], labels[~missed])
