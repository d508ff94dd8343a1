"""What Lab 07 annotates and trains: pictures to draw boxes in, and heads on frozen features."""

from dataclasses import dataclass

import numpy as np

from ... import garden
from ...vision import boxes as geometry

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


def look(summary, maps, batch=64) -> np.ndarray:
    """What `summary`, a function of a Keras tensor, makes of feature maps (n, rows, columns, c): float32 (n, d)."""
    import keras

    inputs = keras.Input(maps.shape[1:])
    return keras.Model(inputs, summary(inputs)).predict(maps, batch_size=batch, verbose=0)


def calm(summary, maps) -> float:
    """The factor that makes the sum of a head's inputs 40 on average.

    Adam moves each weight by about its learning rate, so an output by at most rate × that sum: with 40 and a rate of 0.001
    by 4 % of the picture, whatever the head sees.
    """
    return float(40 / np.abs(look(summary, maps)).sum(axis=1).mean())


def ridge(features, boxes, strength=30.0) -> tuple[np.ndarray, np.ndarray]:
    """(kernel (d, 4), bias (4,)) of the ridge regression of boxes (n, 4) on features (n, d): features @ kernel + bias.

    The penalty is `strength` times the mean square of a feature's deviation times d over 100, so that one strength suits
    many features and few.
    """
    from sklearn.linear_model import Ridge

    mean = features.mean(axis=0, dtype=np.float32)
    x = np.asarray(features, np.float32) - mean
    fit = Ridge(strength * float(np.mean(x**2)) * x.shape[1] / 100).fit(x, boxes)
    return fit.coef_.T, fit.intercept_ - mean @ fit.coef_.T


def coordinates(maps) -> tuple[np.ndarray, np.ndarray]:
    """x (1, 1, columns, 1) and y (1, rows, 1, 1) of the cells of maps (n, rows, columns, c), float32 from -1 to 1."""
    rows, columns = maps.shape[1:3]
    x, y = np.linspace(-1, 1, columns, dtype=np.float32), np.linspace(-1, 1, rows, dtype=np.float32)
    return x[None, None, :, None], y[None, :, None, None]


def pool_with_coordinates(maps):
    """Means over the cells of Keras tensors (n, rows, columns, c), of maps · x, and of maps · y: (n, 3 c)."""
    from keras import ops

    x, y = coordinates(maps)
    return ops.concatenate([ops.mean(part, axis=(1, 2)) for part in (maps, maps * x, maps * y)], axis=-1)


def add_coordinates(maps):
    """Keras tensors (n, rows, columns, c) with x and y of each cell, from -1 to 1, as two more channels."""
    from keras import ops

    blank = ops.zeros_like(maps[..., :1])
    return ops.concatenate([maps, *(blank + each for each in coordinates(maps))], axis=-1)


def giou_loss(truth, guess):
    """1 - generalized IoU, for boxes in centre form (n, 4), as a Keras loss (n,); widths below 0.001 count as 0.001.

    Source: Rezatofighi and others, Generalized Intersection over Union (CVPR 2019).
    """
    from keras import ops

    def corners(boxes):
        half = ops.maximum(boxes[..., 2:], 1e-3) / 2
        return boxes[..., :2] - half, boxes[..., :2] + half

    def area(low, high):
        return ops.prod(ops.maximum(high - low, 0), axis=-1)

    (low, high), (low2, high2) = corners(truth), corners(guess)
    shared = area(ops.maximum(low, low2), ops.minimum(high, high2))
    union = area(low, high) + area(low2, high2) - shared
    hull = area(ops.minimum(low, low2), ops.maximum(high, high2))
    return 1 - shared / union + (hull - union) / hull


@dataclass(frozen=True)
class World:
    """Pictures of another world than that of the drawn scenes: uint8 images (n, side, side, 3), the class of each, the
    largest flower's box (n, 4) as fractions of the side, and how well a second round by hand agrees with it (n,), the
    ceiling; 1 where the boxes are exact. `name` says what the pictures are, `data` what the figures are measured on.
    """

    images: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    ceiling: np.ndarray
    name: str
    data: str


def other_world(flowers, annotated, side: int) -> World:
    """The annotated photos, where they are there; else drawn scenes that no single flower dominates."""
    if len(annotated) > 0:
        images, labels = flowers.arrays(side, annotated.positions)
        first, second = largest(annotated.at(side))
        return World(images, labels, first / side, geometry.iou(first, second), "photos", "photos")
    scenes = garden.scenes(132, side, seed=23)
    exact = np.array([each[geometry.area(each).argmax()] for each in scenes.boxes])
    return World(scenes.images, scenes.labels, exact / side, np.ones(132), "ordinary scenes", "drawn scenes alone")


def largest(annotated) -> tuple[np.ndarray, np.ndarray]:
    """The largest box of each photo of `annotated` (data.FlowerBoxes) in both rounds: two arrays (n, 4)."""
    return tuple(
        np.array([each[geometry.area(each).argmax()] for each in drawn]).reshape(-1, 4)
        for drawn in (annotated.first, annotated.second)
    )
