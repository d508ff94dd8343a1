"""Colours: their saturation, and variations of pictures while a network trains."""

import numpy as np


def saturation(images):
    """How colourful each pixel is, whole numbers 0 … 255: the largest of red, green and blue minus the smallest.

    images: uint8 (…, 3). Returns int64 (…). A pure red has 255, every grey has 0.
    """
    images = np.asarray(images).astype(np.int64)
    return images.max(axis=-1) - images.min(axis=-1)


def faded(images, share: float):
    """The pictures with their colours faded: `share` 1 leaves them as they are, 0 makes them grey. uint8 (…, 3) as given."""
    images = np.asarray(images, np.float32)
    grey = images.mean(axis=-1, keepdims=True)
    return np.clip(np.round(grey + share * (images - grey)), 0, 255).astype(np.uint8)


def augmented(images, classes, varied: bool):
    """A batch for tf.data: each picture with its map mirrored or not, by chance; `varied`: and its colours changed.

    Brightness moves by up to 40 levels, contrast and saturation by factors of 0.6 … 1.4 and 0.3 … 1.5.
    """
    import tensorflow as tf

    count = tf.shape(images)[0]
    turned = tf.cast(tf.random.uniform((count,)) < 0.5, tf.int32)
    images, classes = tf.cast(_mirrored(images, turned), tf.float32), _mirrored(classes, turned)
    if varied:
        grey = tf.reduce_mean(images, axis=-1, keepdims=True)
        images = grey + tf.random.uniform((count, 1, 1, 1), 0.3, 1.5) * (images - grey)
        middle = tf.reduce_mean(images, axis=(1, 2), keepdims=True)
        images = middle + tf.random.uniform((count, 1, 1, 1), 0.6, 1.4) * (images - middle)
        images = tf.clip_by_value(images + tf.random.uniform((count, 1, 1, 1), -40, 40), 0, 255)
    return images, classes


def _mirrored(maps, turned):
    """The `maps` (n, height, width, …), those mirrored whose `turned` (n,) is 1 and not 0.

    Rows are gathered from both: `tf.where` and a slice with a step of -1 take as long as a fifth of the training.
    """
    import tensorflow as tf

    return tf.gather(tf.stack([maps, tf.reverse(maps, [2])], axis=1), turned, batch_dims=1)
