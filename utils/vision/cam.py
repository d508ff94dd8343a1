"""Class activation maps: where in its last maps a network finds what speaks for a class.

maps = cam.grad_cam(model, images, classes=3)     # (n, rows, columns), as coarse as the layer's own maps
maps = cam.upsample(maps, (150, 150))             # as large as the pictures
shown = cam.to_unit(maps)                         # 0 … 1, to draw
"""

import numpy as np

from ..garden.arguments import numbers
from . import inside


def class_activation_map(model, images, classes=None, *, relu: bool = False) -> np.ndarray:
    """The maps below global average pooling, weighted with the class's row of the Dense layer above, (n, rows, columns).

    images: floats (h, w, channels) or (n, h, w, channels). classes: an integer, n of them, or None for the network's guess.
    The mean of a map, plus the bias, is the logit. relu: set what speaks against the class to 0. A single picture gives
    (rows, columns). Raises ValueError when the network does not end in GlobalAveragePooling2D and Dense.
    Source: Zhou and others, Learning Deep Features for Discriminative Localization (2016).
    """
    *_, pooling, dense = [None, None, *inside.effective(model)]
    if type(pooling).__name__ != "GlobalAveragePooling2D" or type(dense).__name__ != "Dense":
        raise ValueError(
            f"{model.name} does not end in GlobalAveragePooling2D and Dense, so its logits are no mean of a map: use grad_cam."
        )
    kernel = np.asarray(dense.kernel)

    def below(pictures):
        with inside.heard(pooling) as runs:
            inside.logits(model, pictures)
        return runs[-1][0]

    def weigh(pictures, chosen):
        maps = inside.passed(model, "maps below the pooling", below, pictures)
        return np.einsum("nhwc,cn->nhw", maps, kernel[:, chosen])

    maps = inside.in_batches(weigh, model, images, classes)
    return np.maximum(maps, 0) if relu else maps


def grad_cam(model, images, classes=None, layer: str | None = None, *, relu: bool = True) -> np.ndarray:
    """The maps of `layer`, each weighted with the mean gradient of the class's logit with respect to it, (n, rows, columns).

    images, classes: as for `class_activation_map`. layer: the name of any layer with maps, in a nested base too; None: the
    last. relu: set what speaks against the class to 0, as the paper does; such a map may be 0 everywhere. A single picture
    gives (rows, columns). Raises ValueError for an unknown layer, or one that the logits do not depend on.
    Source: Selvaraju and others, Grad-CAM (2017).
    """
    import tensorflow as tf

    layer = inside.find(model, layer)

    def weighted(pictures, chosen):
        with tf.GradientTape() as tape, inside.heard(layer) as runs:
            tape.watch(pictures)
            scores = tf.gather(inside.logits(model, pictures), chosen, axis=1, batch_dims=1)
        maps = runs[-1][1] if runs else None
        gradients = None if maps is None else tape.gradient(scores, maps)
        if gradients is None or len(maps.shape) != 4:
            raise ValueError(f"No gradient leads from the logits to maps of {layer.name!r}: name one between the two.")
        weights = tf.reduce_mean(gradients, axis=(1, 2))
        return tf.einsum("nhwc,nc->nhw", maps, weights)

    def weigh(pictures, chosen):
        return inside.passed(model, f"Grad-CAM of {layer.name}", weighted, pictures, chosen)

    maps = inside.in_batches(weigh, model, images, classes)
    return np.maximum(maps, 0) if relu else maps


def upsample(maps, size: tuple[int, int]) -> np.ndarray:
    """Maps (rows, columns) or (n, rows, columns) on (h, w) pixels, bilinear, float32.

    A cell's value lies in the middle of the square of pixels that the cell covers (*half-pixel centres*), not at the corner
    of the picture: otherwise everything is shifted, by up to half a cell. Beyond the outermost middles nothing changes.
    """
    import tensorflow as tf

    maps = numbers("maps", maps, "(rows, columns)", "(n, rows, columns)").astype(np.float32)
    stack = maps[None] if maps.ndim == 2 else maps
    large = np.asarray(tf.image.resize(stack[..., None], size, method="bilinear"))[..., 0]
    return large[0] if maps.ndim == 2 else large


def to_unit(maps) -> np.ndarray:
    """Each of the maps (…, h, w) divided by its maximum, negative values set to 0: 0 … 1. Without a positive value: all 0."""
    positive = np.maximum(np.asarray(maps, np.float32), 0)
    top = positive.max(axis=(-2, -1), keepdims=True)
    return positive / np.where(top > 0, top, 1)
