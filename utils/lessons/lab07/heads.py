"""What Lab 07 annotates and trains: pictures to draw boxes in, and heads on frozen features."""

from dataclasses import dataclass

import numpy as np

from ... import garden

# Three ways to miss a box of 60×40 pixels, with the same mean squared error of its corners.
EQUAL_ERRORS = {
    "moved": np.array([8.0, 8.0, 8.0, 8.0]),
    "too large": np.array([-8.0, -8.0, 8.0, 8.0]),
    "too small": np.array([8.0, 8.0, -8.0, -8.0]),
}
SIDE = 200


@dataclass(frozen=True)
class Pictures:
    """Five pictures, uint8 (5, 200, 200, 3), and for each the boxes (k, 4) of two rounds, in their pixels."""

    images: np.ndarray
    first: tuple
    second: tuple


def pictures_to_annotate(flowers, annotated) -> Pictures:
    """One photo of each class with few flowers, where photos are there; else drawn scenes, whose truth serves twice."""
    if len(annotated) == 0:
        scenes = garden.scenes(5, SIDE, seed=21, dominated=True)
        return Pictures(scenes.images, scenes.boxes, scenes.boxes)
    few = [np.flatnonzero(annotated.labels == label) for label in np.unique(annotated.labels)]
    chosen = [min(members, key=lambda k: (abs(len(annotated.first[k]) - 2), k)) for members in few]
    images, _ = flowers.arrays(SIDE, annotated.positions[chosen])
    moved = annotated.at(SIDE)
    return Pictures(images, *(tuple(each[k] for k in chosen) for each in (moved.first, moved.second)))
