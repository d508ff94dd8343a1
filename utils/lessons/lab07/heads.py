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


def ridge(features, centres, train, test, strength=30.0) -> np.ndarray:
    """The boxes (len(test), 4) that a ridge regression of `centres` on features (n, d) of the training set predicts.

    The penalty is `strength` times the mean square of a feature's deviation times d over 100, so that one strength suits
    many features and few.
    """
    from sklearn.linear_model import Ridge

    x = np.asarray(features, np.float32)
    x = x - x[train].mean(axis=0)
    penalty = strength * float(np.mean(x[train] ** 2)) * x.shape[1] / 100
    return Ridge(penalty).fit(x[train], centres[train]).predict(x[test])


def moments(maps) -> np.ndarray:
    """Means over the cells of maps (n, rows, columns, c), of maps · x, and of maps · y, x and y from -1 to 1: (n, 3 c)."""
    maps = np.asarray(maps, np.float32)
    x = np.linspace(-1, 1, maps.shape[2], dtype=np.float32)[:, None]
    y = np.linspace(-1, 1, maps.shape[1], dtype=np.float32)[:, None]
    columns, rows = maps.mean(axis=1), maps.mean(axis=2)
    return np.concatenate([columns.mean(axis=1), (columns * x).mean(axis=1), (rows * y).mean(axis=1)], axis=1)


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


def largest(annotated) -> tuple[np.ndarray, np.ndarray]:
    """The largest box of each photo of `annotated` (data.FlowerBoxes) in both rounds: two arrays (n, 4)."""
    return tuple(
        np.array([each[geometry.area(each).argmax()] for each in drawn]).reshape(-1, 4)
        for drawn in (annotated.first, annotated.second)
    )


def __getattr__(name: str):
    """AddCoordinates, a Keras layer: made when it is first asked for, so that this module imports no TensorFlow."""
    if name != "AddCoordinates":
        raise AttributeError(name)
    from keras import layers, ops

    class AddCoordinates(layers.Layer):
        """Appends two channels to maps (n, rows, columns, c): x and y of each cell, from -1 to 1."""

        def call(self, maps):
            y, x = np.meshgrid(*(np.linspace(-1, 1, side) for side in maps.shape[1:3]), indexing="ij")
            grid = np.stack([x, y], axis=-1)[None].astype("float32")
            return ops.concatenate([maps, ops.tile(grid, (ops.shape(maps)[0], 1, 1, 1))], axis=-1)

        def compute_output_shape(self, shape):
            return (*shape[:-1], shape[-1] + 2)

    globals()[name] = AddCoordinates
    return AddCoordinates
