"""YOLO-style detectors as Keras models: one answer for each cell of a `Grid`, trained by `fit` with `GridLoss`.

`detector` reads pictures and learns everything; `detector_on` reads feature maps of a network that is trained already.

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
    return keras.Model(image, _answer(maps, grid, share), name="detector")


def detector_on(shapes, grid: Grid, width: int = 64, depth: int = 2, share: float = 0.01, dropout: float = 0.1) -> keras.Model:
    """An uncompiled detector for cached feature maps of some network: answers (cells, cells, 5 + classes).

    shapes: (rows, columns, channels) of the maps, from the finest, which has the grid's cells, to the coarsest; a model of one
    map takes an array, of several a list. From the coarsest on, each map is squeezed to `width` channels, enlarged to the next
    finer one and joined with it by a 3×3 convolution, so that each cell knows the detail and what it belongs to; then `depth`
    convolutions follow. (A *feature pyramid*: Lin and others, Feature Pyramid Networks for Object Detection, CVPR 2017.)
    `dropout` drops whole channels of the maps. share: as in `detector`.
    Raises ValueError when the finest map does not have the grid's cells, or a map's side is no multiple of the next one's.
    """
    shapes = [tuple(shape) for shape in shapes]
    if shapes[0][:2] != (grid.cells, grid.cells):
        raise ValueError(f"The finest map has {shapes[0][:2]} places, the grid {grid.cells} × {grid.cells} cells.")
    for finer, coarser in zip(shapes, shapes[1:], strict=False):
        if finer[0] % coarser[0] or finer[1] % coarser[1]:
            raise ValueError(f"A map of {coarser[:2]} cannot be enlarged to {finer[:2]} by a whole number.")
    inputs = [keras.Input(shape) for shape in shapes]
    squeezed = [_convolution(layers.SpatialDropout2D(dropout)(maps), width, kernel=1) for maps in inputs]
    maps = squeezed[-1]
    for finer in reversed(squeezed[:-1]):
        factor = finer.shape[1] // maps.shape[1]
        enlarged = layers.UpSampling2D(factor, interpolation="bilinear")(maps)
        maps = _convolution(layers.Concatenate()([finer, enlarged]), width)
    for _ in range(max(0, depth - 1)):
        maps = _convolution(maps, width)
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], _answer(maps, grid, share), name="detector_on_features")


def _answer(maps, grid, share):
    """The last layer, which starts out with the guess that a `share` of the cells holds an object."""
    first = np.zeros(grid.channels)
    first[0] = np.log(share / (1 - share))
    bias = keras.initializers.Constant(first)
    return layers.Conv2D(grid.channels, 1, bias_initializer=bias, name="cells")(maps)


def detect(model: keras.Model, images, grid: Grid, score: float = 0.05, iou: float | None = 0.6) -> list[Detections]:
    """What `model` finds in each of `images` (n, size, size, 3), or in what it reads in their place (a list of maps).

    score, iou: as in `Grid.detections`.
    """
    answers = model.predict(images, batch_size=50, verbose=0)
    return [grid.detections(answer, score, iou) for answer in answers]


def mirror(target):
    """The target of the mirrored picture, (…, cells, cells, 6): columns in reverse, and x counted from the other side."""
    flipped = ops.flip(target, axis=-2)
    there = flipped[..., :1]
    return ops.concatenate([there, there * (1 - flipped[..., 1:2]), flipped[..., 2:]], axis=-1)


def mirror_at_random(maps, target):
    """One picture, or what stands for it (a tuple of feature maps), and its target, mirrored left to right every other time.

    For `tf.data.Dataset.map`. Feature maps are flipped as well: of a mirrored picture they would be a little different.
    """
    import tensorflow as tf

    def both():
        return tf.nest.map_structure(lambda each: tf.reverse(each, [1]), maps), mirror(target)

    return tf.cond(tf.random.uniform(()) < 0.5, both, lambda: (maps, target))


def _convolution(maps, width, strides=1, kernel=3):
    maps = layers.Conv2D(width, kernel, strides, padding="same", use_bias=False)(maps)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(maps))
