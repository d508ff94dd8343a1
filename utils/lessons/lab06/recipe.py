"""What lab 06 shares with its tests: the scenes on which maps are tried, and a network made to be explained."""

import numpy as np

from ...training import transfer

SIDE = 150  # pixels: Xception's last maps are then 5 × 5


def masks_of_class(scenes) -> np.ndarray:
    """bool (n, h, w): where `garden.Scenes` show a flower of their own class."""
    own = zip(scenes.masks, scenes.classes, scenes.labels, strict=True)
    return np.array([masks[classes == label].any(axis=0) for masks, classes, label in own])


def with_head(base, head):
    """`base`, global average pooling and one Dense layer with the weights of `head`, a fitted logistic regression."""
    import keras

    dense = keras.layers.Dense(len(head.intercept_), name="logits")
    model = keras.Model(base.input, dense(keras.layers.GlobalAveragePooling2D()(base.output)), name="flowers")
    dense.set_weights([head.coef_.T, head.intercept_])
    return model


def explained(images, labels, base, strength: float = 1.0):
    """`with_head` for uint8 images (n, h, w, 3), and the frozen base's maps of them, float32 (n, rows, columns, channels)."""
    maps = transfer.outputs(base, images, prepare=transfer.scale)
    return with_head(base, transfer.linear_head(maps.mean(axis=(1, 2)), labels, strength)), maps


def blurred(maps, width: float = 5.0) -> np.ndarray:
    """Maps (n, h, w) blurred with a Gaussian of `width` pixels: otherwise a single pixel of a gradient is its peak."""
    from scipy import ndimage

    return ndimage.gaussian_filter(maps, (0, width, width))
