"""Non-maximum suppression: of boxes that overlap too much, keep the one with the highest score."""

import numpy as np

from .boxes import pairwise_iou
from .detections import Detections, checked

BLOCK = 256  # boxes at a time: their overlaps fit into a processor's cache


def nms(boxes, scores, labels=None, iou: float = 0.6) -> np.ndarray:
    """Which boxes to keep: their indices, int64, by falling score.

    Greedy: keep the box with the highest score, drop those whose IoU with it is greater than `iou`, and repeat with what
    is left. Of equal scores the earlier box comes first. With `labels` each class is treated on its own; without, a
    box may drop one of another class. The indices are those of `tf.image.non_max_suppression` without a limit.

    boxes: (n, 4), corner form. scores, labels: (n,). Raises ValueError for an `iou` outside of 0 … 1, and as `checked` does.
    """
    if not 0 <= iou <= 1:
        raise ValueError(f"iou is {iou}: an overlap lies between 0 and 1, and the lecture's 60 % is 0.6.")
    scores = np.asarray(scores)
    labels = np.zeros(scores.shape) if labels is None else labels
    boxes, labels, scores = checked(boxes, labels, scores, name="non-maximum suppression")
    order = np.argsort(-scores, kind="stable")
    keep = [_greedy(boxes, order[labels[order] == label], iou) for label in np.unique(labels)]
    keep = np.concatenate([np.zeros(0, np.int64), *keep])
    return keep[np.lexsort((keep, -scores[keep]))]


def suppress(found: Detections, iou: float = 0.6) -> Detections:
    """The detections of one picture that `nms` keeps, class by class, by falling score."""
    keep = nms(found.boxes, found.scores, found.labels, iou)
    return Detections(*(np.asarray(column)[keep] for column in found))


def _greedy(boxes, order, limit):
    """The kept indices among `order`, which come by falling score.

    Box by box, 10,000 boxes would take half a minute. So a block at a time: first against what is kept so far, then among
    themselves.
    """
    kept = np.zeros(0, np.int64)
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        block = block[~_dropped(boxes[block], boxes[kept], limit)]
        apart = pairwise_iou(boxes[block], boxes[block]) <= limit
        alive = np.ones(len(block), bool)
        for best in range(len(block)):
            if alive[best]:
                alive[best + 1 :] &= apart[best, best + 1 :]
        kept = np.concatenate([kept, block[alive]])
    return kept


def _dropped(boxes, kept, limit):
    """Which of `boxes` overlap one of `kept` too much. `kept` from left to right, in pieces: most are out of a piece's reach."""
    dropped = np.zeros(len(boxes), bool)
    kept = kept[np.argsort(kept[:, 0])]
    for start in range(0, len(kept), BLOCK):
        piece = kept[start : start + BLOCK]
        near = ~dropped & (boxes[:, 2] > piece[0, 0]) & (boxes[:, 0] < piece[:, 2].max())
        dropped[near] = (pairwise_iou(boxes[near], piece) > limit).any(axis=1)
    return dropped
