"""Lab 09's data and training: drawn scenes with their maps of classes, networks and the pretrained encoder, one recipe for all.

Pictures are uint8 (n, 96, 96, 3). Maps are whole numbers (n, 48, 48): every second pixel of the exact masks, 0 for the
background and 1 … 5 for the five flowers.
"""

from dataclasses import dataclass

import numpy as np

from ... import garden, training
from ...training import transfer
from ...vision import segmentation
from . import colours

SIZE, STEP = 96, 2  # pixels of a side; one answer for each STEP × STEP pixels
CLASSES = ("background", *garden.CLASSES)
WIDTHS = (16, 24, 32), 64  # maps of each step down, and at the bottom
EPOCHS = 5
SKIPS_AT = {4: "block3_sepconv1_act", 8: "block4_sepconv1_act", 16: "block7_sepconv1_act"}  # stride → layer that reads it


@dataclass(frozen=True)
class Drawn:
    """Drawn scenes: images (n, 96, 96, 3), classes (n, 48, 48), and which flower: flowers (n, 48, 48), 0 for none, 1, 2, …"""

    images: np.ndarray
    classes: np.ndarray
    flowers: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


def drawn(count: int, seed: int) -> Drawn:
    """`count` scenes of the data set `seed`; another seed gives other scenes."""
    scenes = garden.scenes(count, SIZE, seed=seed, workers=1)
    shown = list(zip(scenes.masks, scenes.classes, strict=True))
    classes = np.stack([segmentation.class_map(masks, labels + 1, STEP) for masks, labels in shown])
    flowers = np.stack([segmentation.class_map(masks, 1 + np.arange(len(masks)), STEP) for masks, _ in shown])
    return Drawn(scenes.images, classes, flowers)


# ---------------------------------------------------------------- training


def train(model, inputs, classes, *, seed: int = 0, **options) -> None:
    """Compile `model` and train it as `trainer` says, from `seed`."""
    import keras

    keras.utils.set_random_seed(seed)
    trainer(model, inputs, classes, **options)()


def trainer(model, inputs, classes, *, epochs: int, loss, rate: float = 4e-3, batch: int = 10, varied: bool = False):
    """Compile `model`; returns a function that trains it, half of the pictures mirrored, with a rate that falls along a cosine.

    inputs: pictures (n, …), or a list of arrays (n, …) for a network with several inputs; these are never mirrored.
    rate: the learning rate at the start. varied: vary brightness, contrast and saturation of each picture.
    """
    import keras
    import tensorflow as tf

    steps = epochs * -(-len(classes) // batch)
    several = isinstance(inputs, (list, tuple))
    model.compile(keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(rate, steps), weight_decay=1e-3), loss)
    slices = tf.data.Dataset.from_tensor_slices((tuple(inputs) if several else inputs, classes))
    dataset = slices.shuffle(len(classes)).batch(batch)
    if not several:
        dataset = dataset.map(lambda x, y: colours.augmented(x, y, varied))
    return lambda: training.fit(model, dataset, epochs=epochs)


def restart(model, fresh) -> None:
    """Give a compiled `model` the weights of `fresh` and an optimizer that has not begun, without compiling it again."""
    model.set_weights(fresh.get_weights())
    for variable in model.optimizer.variables:
        variable.assign(variable * 0)


def predict(model, inputs) -> np.ndarray:
    """The likeliest class of each pixel, int64 (n, 48, 48)."""
    return model.predict(inputs, batch_size=50, verbose=0).argmax(axis=-1)


# ---------------------------------------------------------------- the pretrained encoder


def encoder(base):
    """Xception as an encoder: from pictures (96, 96, 3), 0 … 255, to its maps at the strides of SKIPS_AT, each a power of 2.

    Xception's first convolutions do not pad. Three more rows and columns, mirrored at the edge, make its maps 24, 12 and 6 wide.
    """
    import keras
    from keras import layers, ops

    maps = keras.Model(base.input, [base.get_layer(name).input for name in SKIPS_AT.values()])
    image = keras.Input((SIZE, SIZE, 3))
    padded = ops.pad(layers.Rescaling(1 / 127.5, -1)(image), [[0, 0], [1, 2], [1, 2], [0, 0]], "symmetric")
    return keras.Model(image, maps(padded), name="xception_encoder")


def cached(model, images, batch: int = 50) -> list[np.ndarray]:
    """What `model` computes for all images, one float16 array (n, rows, columns, channels) for each of its outputs."""
    return transfer.outputs(model, images, batch=batch, dtype=np.float16)


def pretrained_decoder(maps, widths=(16, 24, 32), bottom: int = 64):
    """A decoder over cached maps, uncompiled: inputs are the pictures and the `maps` of `cached`, whose shapes it takes.

    Each map is narrowed by a 1×1 convolution. Xception keeps no map of half the size; a convolution on the picture stands in.
    """
    import keras
    from keras import layers

    from ...vision import unet

    image = keras.Input((SIZE, SIZE, 3))
    inputs = [keras.Input(each.shape[1:]) for each in maps]
    skips = [unet.convolution(layers.Rescaling(1 / 127.5, -1)(image), widths[0], strides=2)]
    skips += [unet.convolution(each, width, kernel=1) for each, width in zip(inputs[:-1], widths[1:], strict=True)]
    deepest = unet.convolution(inputs[-1], bottom, kernel=1)
    deepest = layers.SpatialDropout2D(0.2)(deepest)
    logits = unet.decoder(deepest, skips, widths, len(CLASSES))
    return keras.Model([image, *inputs], logits, name="pretrained")


# ---------------------------------------------------------------- the trivial rival


def best_threshold(images, classes) -> int:
    """The saturation above which a pixel is called a flower, that with the best flower IoU on these pictures."""
    saturation = colours.saturation(images)[:, ::STEP, ::STEP]
    flower = np.asarray(classes) > 0
    scores = {}
    for threshold in range(10, 250, 10):
        table = segmentation.confusion(flower, saturation > threshold, 2)
        scores[threshold] = segmentation.iou(table)[1]
    return max(scores, key=scores.get)


@dataclass(frozen=True)
class Score:
    """What one answer reaches: pixel accuracy, mean IoU over the classes, IoU of flower against background, and in the band."""

    accuracy: float
    mean_iou: float
    flower: float
    band: float


def score(classes, guess, band) -> Score:
    """The four measures of the maps `guess` against the truth `classes`; `band` is `segmentation.boundary_band`'s."""
    table = segmentation.confusion(classes, guess, len(CLASSES))
    edge = segmentation.confusion(classes, guess, len(CLASSES), where=band)
    flower, at_edge = (segmentation.iou(segmentation.foreground(each))[1] for each in (table, edge))
    return Score(segmentation.pixel_accuracy(table), segmentation.mean_iou(table), float(flower), float(at_edge))
