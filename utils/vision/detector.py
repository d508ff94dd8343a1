"""A YOLO-style detector as a Keras model: one answer for each cell of a `Grid`, trained by `fit` with `GridLoss`.

This module imports Keras at once. `from utils.vision import detector` where you need it.
"""

import keras
import numpy as np
from keras import layers, ops

from .detections import Detections
from .grid import Grid


@keras.saving.register_keras_serializable(package="convnet-course")
class GridLoss(keras.losses.Loss):
    """The loss of a picture: the sum over its cells of four parts, of which three count only where an object is.

    Whether something is there: binary cross-entropy, in every cell. Where in the cell: squared error of the two offsets,
    times `place`. How large: squared error of the logs of width and height, times `size`. What: cross-entropy.

    y_true: targets of `Grid.encode`, (batch, cells, cells, 6). y_pred: (batch, cells, cells, 5 + classes).
    """

    def __init__(self, place: float = 4.0, size: float = 1.0, name: str = "grid_loss", **settings):
        super().__init__(name=name, **settings)
        self.place, self.size = place, size

    def call(self, y_true, y_pred):
        return sum(self.parts(y_true, y_pred).values())

    def parts(self, y_true, y_pred) -> dict:
        """The four parts by name, each of shape (batch,)."""
        y_pred = ops.convert_to_tensor(y_pred)
        y_true = ops.cast(y_true, y_pred.dtype)
        there = y_true[..., 0]
        offsets = ops.square(ops.sigmoid(y_pred[..., 1:3]) - y_true[..., 1:3])
        logs = ops.square(y_pred[..., 3:5] - y_true[..., 3:5])
        classes = ops.cast(y_true[..., 5], "int32")
        cells = {
            "objectness": ops.binary_crossentropy(there, y_pred[..., 0], from_logits=True),
            "place": self.place * there * ops.sum(offsets, axis=-1),
            "size": self.size * there * ops.sum(logs, axis=-1),
            "class": there * ops.sparse_categorical_crossentropy(classes, y_pred[..., 5:], from_logits=True),
        }
        return {name: ops.sum(values, axis=(1, 2)) for name, values in cells.items()}

    def get_config(self):
        return {**super().get_config(), "place": self.place, "size": self.size}


def detector(grid: Grid, widths=(16, 32, 64), depth: int = 2, share: float = 0.035) -> keras.Model:
    """An uncompiled detector for pictures (size, size, 3), 0 … 255: answers (cells, cells, 5 + classes).

    One 3×3 convolution of stride 2 for each of `widths`, each but the first followed by one of stride 1, then `depth`
    wide ones that see their surroundings. `share`: the share of cells that hold an object; the network starts out with it
    as its guess and so need not first learn that most cells are empty.
    Raises ValueError when the strides do not lead from the picture to the grid.
    """
    if grid.size != grid.cells * 2 ** len(widths):
        raise ValueError(
            f"{len(widths)} convolutions of stride 2 make {grid.size} pixels into {grid.size / 2 ** len(widths):g} cells, "
            f"not {grid.cells}: change the number of `widths`, the size or the cells."
        )
    image = keras.Input((grid.size, grid.size, 3))
    maps = layers.Rescaling(1 / 127.5, -1)(image)
    for k, width in enumerate(widths):
        maps = _convolution(maps, width, strides=2)
        if k:
            maps = _convolution(maps, width)
    for _ in range(depth):
        maps = _convolution(maps, widths[-1] * 3 // 2)
    first = np.zeros(grid.channels)
    first[0] = np.log(share / (1 - share))
    bias = keras.initializers.Constant(first)
    return keras.Model(image, layers.Conv2D(grid.channels, 1, bias_initializer=bias, name="cells")(maps), name="detector")


def detect(model: keras.Model, images, grid: Grid, score: float = 0.05, iou: float | None = 0.6) -> list[Detections]:
    """What `model` finds in each of `images` (n, size, size, 3); score, iou: as in `Grid.detections`."""
    answers = model.predict(images, batch_size=50, verbose=0)
    return [grid.detections(answer, score, iou) for answer in answers]


def _convolution(maps, width, strides=1):
    maps = layers.Conv2D(width, 3, strides, padding="same", use_bias=False)(maps)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(maps))
