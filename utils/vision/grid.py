"""Boxes on a grid of cells: what a YOLO-style detector is trained on, and how its answer is read.

Each object belongs to the cell in which its centre lies. The target of a picture, (cells, cells, 6), says in each cell

    0    1 where an object is, else 0, and then the rest is 0 as well
    1 2  x and y of its centre within the cell, 0 … 1
    3 4  log of its width and height, measured in cells
    5    its class

The network's answer, (cells, cells, 5 + classes), has logits in 0, 1, 2 and from 5 on, one for each class.
"""

from dataclasses import dataclass

import numpy as np

from ..garden.arguments import numbers
from .boxes import area, as_boxes, to_centre, to_corner
from .detections import Detections, checked
from .nms import suppress

LARGEST = 5  # logs of sizes are cut off here, at 148 cells: an untrained network must not overflow


@dataclass(frozen=True)
class Grid:
    """cells × cells cells on a square picture of `size` pixels, for objects of so many `classes`."""

    size: int
    cells: int
    classes: int

    def __post_init__(self):
        for name, value in vars(self).items():
            if value != int(value) or value < 1:
                raise ValueError(f"{name} is {value}: a grid needs a whole number, 1 or more.")

    @property
    def channels(self) -> int:
        """Numbers that a network gives for each cell."""
        return 5 + self.classes

    def encode(self, boxes, labels) -> np.ndarray:
        """Boxes (n, 4), corner form in pixels, and labels (n,) to a target, float64 (cells, cells, 6).

        A cell holds one object: of several the largest (of equal ones the first), the others are lost, as `lost` counts.
        Raises ValueError for a box without area, one whose centre is outside of the picture, and an unknown class.
        """
        boxes, labels = checked(boxes, labels, name="the picture")
        if ((labels < 0) | (labels >= self.classes)).any():
            raise ValueError(
                f"The labels go from {labels.min()} to {labels.max()}; the grid has the classes 0 … {self.classes - 1}."
            )
        rows, columns, offsets, sizes = self._place(boxes)
        target = np.zeros((self.cells, self.cells, 6))
        for k in np.argsort(-area(boxes), kind="stable")[::-1]:  # the largest comes last and stays
            target[rows[k], columns[k]] = [1, *offsets[k], *np.log(sizes[k]), labels[k]]
        return target

    def lost(self, boxes) -> int:
        """How many of the boxes (n, 4) have no cell of their own, because a larger one has it."""
        rows, columns, *_ = self._place(as_boxes(boxes))
        return len(rows) - len(set(zip(rows.tolist(), columns.tolist(), strict=True)))

    def decode(self, target) -> tuple[np.ndarray, np.ndarray]:
        """A target (cells, cells, 6) to boxes (n, 4), corner form in pixels, and labels int64 (n,), cell by cell."""
        target = self._shaped(target, 6)
        rows, columns = np.nonzero(target[..., 0])
        cells = target[rows, columns]
        return self._boxes(rows, columns, cells[:, 1:3], cells[:, 3:5]), cells[:, 5].astype(np.int64)

    def detections(self, answer, score: float = 0.05, iou: float | None = 0.6) -> Detections:
        """A network's answer (cells, cells, 5 + classes) to the detections of one picture, by falling score.

        A detection's score is the probability that something is there, times that of its likeliest class. Below `score`
        it is left out; then `nms.suppress` drops what overlaps by more than `iou` (None: nothing).
        """
        answer = self._shaped(answer, self.channels)
        there = _sigmoid(answer[..., 0])
        classes = np.exp(answer[..., 5:] - answer[..., 5:].max(axis=-1, keepdims=True))
        scores = there * classes.max(axis=-1) / classes.sum(axis=-1)
        rows, columns = np.nonzero(scores >= score)
        cells, scores = answer[rows, columns], scores[rows, columns]
        boxes = self._boxes(rows, columns, _sigmoid(cells[:, 1:3]), np.minimum(cells[:, 3:5], LARGEST))
        order = np.argsort(-scores, kind="stable")
        found = Detections(boxes[order], cells[order, 5:].argmax(axis=1), scores[order])
        return found if iou is None else suppress(found, iou)

    def _place(self, boxes):
        """Row and column of each box's cell, the offset of its centre (n, 2), and its size in cells (n, 2)."""
        centres = to_centre(boxes) / self.size * self.cells
        if (centres[:, 2:] <= 0).any():
            raise ValueError("A box without area has no logarithm of its size: leave it out.")
        if ((centres[:, :2] < 0) | (centres[:, :2] > self.cells)).any():
            raise ValueError(f"The centre of a box is outside of the {self.size} × {self.size} picture: clip the boxes first.")
        columns, rows = np.minimum(centres[:, :2].astype(int), self.cells - 1).T
        return rows, columns, centres[:, :2] - np.stack([columns, rows], axis=1), centres[:, 2:]

    def _boxes(self, rows, columns, offsets, logs):
        places = np.stack([columns, rows], axis=1) + offsets
        return to_corner(np.hstack([places, np.exp(logs)])) * self.size / self.cells

    def _shaped(self, values, channels):
        name = "The target" if channels == 6 else "The answer"
        return numbers(f"{name} for one picture", values, f"({self.cells}, {self.cells}, {channels})").astype(np.float64)


def _sigmoid(logits):
    return np.exp(-np.logaddexp(0, -logits))
