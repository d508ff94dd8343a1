"""What lecture 05 trains and measures: one set of drawn scenes, and small networks that answer ever finer questions about it."""

import numpy as np

from ...vision import boxes as geometry
from ...vision import segmentation

SIZE = 96  # pixels of a side
STEP = 2  # one answer of the segmentation network for each STEP × STEP pixels


def two_heads(classes: int):
    """An uncompiled network for pictures (SIZE, SIZE, 3), 0 … 255, with the outputs `label`, logits, and `box`, four numbers.

    The label is read from the mean of the feature map over its places, the box from every place: its mean forgets where.
    """
    import keras
    from keras import layers

    from ...vision.unet import convolution

    image = keras.Input((SIZE, SIZE, 3))
    maps = layers.Rescaling(1 / 127.5, -1)(image)
    for width in (16, 32, 64):
        maps = convolution(maps, width, strides=2)
    label = layers.Dense(classes, name="label")(layers.GlobalAveragePooling2D()(maps))
    places = layers.Flatten()(layers.Conv2D(8, 1, activation="relu")(maps))
    box = layers.Dense(4, name="box")(layers.Dense(32, activation="relu")(places))
    return keras.Model(image, [label, box], name="two_heads")


def class_maps(scenes) -> np.ndarray:
    """The class of each STEP-th pixel, int64 (n, SIZE / STEP, SIZE / STEP): 0 for the background, then the flowers' class + 1."""
    shown = zip(scenes.masks, scenes.classes, strict=True)
    return np.stack([segmentation.class_map(masks, labels + 1, STEP) for masks, labels in shown])


def heat(logits, side: int, size: int, step: int) -> np.ndarray:
    """How sure the classifier is that something is there, for each pixel of the picture (side, side), from 0 to 1.

    logits: (rows, columns, classes + 1) of the windows of `size` pixels at every `step`, the last class says "nothing". A pixel
    takes the answer of the window whose middle is nearest.
    """
    from scipy.special import softmax

    there = 1 - softmax(np.asarray(logits, float), axis=-1)[..., -1]
    middles = (np.arange(side) - size / 2) / step
    rows, columns = (np.clip(np.rint(middles), 0, length - 1).astype(int) for length in there.shape)
    return there[rows][:, columns]


def anchors(sizes, count: int, seed: int = 0) -> np.ndarray:
    """`count` typical sizes (count, 2) among the widths and heights of boxes (n, 2), the smallest first.

    k-means on the logarithms, where twice as large and half as large are equally far away. (YOLO version 2 clusters by
    1 - IoU instead, which comes to much the same.)
    """
    from sklearn.cluster import KMeans

    found = KMeans(count, n_init=4, random_state=seed).fit(np.log(sizes)).cluster_centers_
    return np.exp(found[np.argsort(found.sum(axis=1))])


def fit_of(sizes, typical) -> np.ndarray:
    """For each size (n, 2) the IoU of its box with the best of the `typical` ones (m, 2), both at the same place: (n,)."""

    def at_origin(each):
        return np.concatenate([np.zeros_like(each, float), np.asarray(each, float)], axis=1)

    return geometry.pairwise_iou(at_origin(sizes), at_origin(typical)).max(axis=1)
