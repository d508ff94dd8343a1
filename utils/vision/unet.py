"""Networks that answer for each pixel: an encoder–decoder with or without skip connections, and a dilated encoder.

All of them take pictures (size, size, 3), 0 … 255, and return logits (size / 2, size / 2, classes): one answer for each
2×2 pixels, a quarter of the work of one for each pixel.

This module imports Keras at once. `from utils.vision import unet` where you need it.
"""

import keras
from keras import layers


def encoder_decoder(size: int, classes: int, widths=(16, 32, 64), bottom: int = 96, skips: bool = True) -> keras.Model:
    """An uncompiled encoder–decoder, with `skips` a small U-Net.

    Down: one 3×3 convolution of stride 2 for each of `widths` and one to `bottom`, then one more that keeps the size. Up:
    for each of `widths`, backwards, bilinear upsampling and a 3×3 convolution. With `skips` that convolution also reads the
    encoder's map of the same size. A 1×1 convolution gives the logits.
    Source: Ronneberger, Fischer and Brox, U-Net (2015).
    Raises ValueError when the strides do not divide `size`.
    """
    halvings = len(widths) + 1
    if size % 2**halvings:
        raise ValueError(f"{halvings} strides of 2 need a size that {2**halvings} divides; {size} is not one.")
    image, maps = _image(size)
    on_the_way = []
    for width in widths:
        maps = convolution(maps, width, strides=2)
        on_the_way.append(maps)
    maps = convolution(maps, bottom, strides=2)
    maps = convolution(maps, bottom)
    logits = decoder(maps, on_the_way if skips else [None] * len(widths), widths, classes)
    return keras.Model(image, logits, name="unet" if skips else "no_skips")


def dilated(size: int, classes: int, widths=(16, 32, 64), bottom: int = 96) -> keras.Model:
    """An uncompiled network with the encoder of `encoder_decoder` that stops shrinking at a quarter of the size.

    Only the first two convolutions have a stride of 2. From the third on *dilation* (1, 2, 4 …) makes up for the strides that
    are gone, so the encoder has as many weights and each unit sees as far. No decoder follows but upsampling by 2 and one
    convolution of `widths[0]` maps.
    Source: Yu and Koltun, Multi-Scale Context Aggregation by Dilated Convolutions (2016).
    Raises ValueError when `size` is not divisible by 4.
    """
    if size % 4:
        raise ValueError(f"two strides of 2 need a size that 4 divides; {size} is not one.")
    image, maps = _image(size)
    dilation = 1
    for k, width in enumerate([*widths, bottom]):
        if k < 2:
            maps = convolution(maps, width, strides=2)
        else:
            maps = convolution(maps, width, dilation=dilation)
            dilation *= 2
    maps = convolution(maps, bottom, dilation=dilation)
    return keras.Model(image, decoder(maps, [None], widths[:1], classes), name="dilated")


def decoder(maps, skips, widths, classes: int):
    """Up from `maps`: for each of `skips`, backwards, upsampling by 2, the skip beside it (None: none), a convolution.

    maps: (batch, rows, columns, channels). skips: maps of twice, four times … its size, the largest first; widths: how many
    maps each step gives, in the same order. Returns logits (batch, rows · 2ⁿ, columns · 2ⁿ, classes).
    """
    for skip, width in zip(reversed(list(skips)), reversed(list(widths)), strict=True):
        maps = layers.UpSampling2D(2, interpolation="bilinear")(maps)
        if skip is not None:
            maps = layers.Concatenate()([maps, skip])
        maps = convolution(maps, width)
    return layers.Conv2D(classes, 1, name="logits")(maps)


def convolution(maps, width: int, kernel: int = 3, strides: int = 1, dilation: int = 1):
    """Convolution without bias, BatchNormalization, ReLU."""
    options = {"strides": strides, "dilation_rate": dilation, "padding": "same", "use_bias": False}
    maps = layers.Conv2D(width, kernel, **options)(maps)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(maps))


def _image(size):
    image = keras.Input((size, size, 3))
    return image, layers.Rescaling(1 / 127.5, -1)(image)
