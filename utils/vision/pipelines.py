"""Augmentation in a pipeline: the lecture's settings in two ways, how fast each runs, and whether a pipeline augments at all."""

import time

import numpy as np

# ---------------------------------------------------------------- the lecture's settings, both ways

SLIDE = {
    "rescale": 1 / 255,
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "channel_shift_range": 9,
    "fill_mode": "nearest",
}


def slide_layers():
    """What the names in SLIDE say, as one keras.Sequential: pixels 0–255 in, 0–1 out. The shear is left out: it does next
    to nothing there, and Keras has a layer for it only from 3.8 on."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(40 / 360, fill_mode="nearest"),
            layers.RandomTranslation(0.2, 0.2, fill_mode="nearest"),
            layers.RandomZoom((-0.2, 0.2), (-0.2, 0.2), fill_mode="nearest"),
            layers.RandomBrightness(9 / 255),
            layers.Rescaling(1 / 255),
        ]
    )


# ---------------------------------------------------------------- speed


def images_per_second(batches, at_least: float = 1.0) -> float:
    """How many images an endless iterable of batches (images first) delivers in a second, after one batch to warm up.

    Measures for `at_least` seconds. Raises ValueError when `at_least` is not positive, or when the batches come to an end.
    """
    if not at_least > 0:
        raise ValueError(f"at_least is a time in seconds, more than 0; this is {at_least!r}.")
    batches = iter(batches)
    try:
        next(batches)
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < at_least:
            count += len(next(batches)[0])
        return count / (time.perf_counter() - start)
    except StopIteration:
        raise ValueError("The batches came to an end during the measurement: repeat them, `dataset.repeat()`.") from None


def speeds(size: int, batch: int = 32, at_least: float = 1.0) -> dict[str, float]:
    """Images per second of the lecture's augmentation at `size` pixels: with ImageDataGenerator, and as Keras layers in
    tf.data. The pictures are random; augmentation costs the same for any. Raises ValueError for a size or batch below 1."""
    for name, value in (("size", size), ("batch", batch)):
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"{name} is a whole number, 1 or more; this is {value!r}.")
    import tensorflow as tf
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    images = np.random.default_rng(0).integers(0, 256, (4 * batch, size, size, 3)).astype("float32")
    labels = np.zeros(len(images), "int64")
    layers = slide_layers()
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).repeat().batch(batch)
    dataset = dataset.map(lambda x, y: (layers(x, training=True), y), num_parallel_calls=tf.data.AUTOTUNE)
    return {
        "ImageDataGenerator": images_per_second(ImageDataGenerator(**SLIDE).flow(images, labels, batch), at_least),
        "Keras layers in tf.data": images_per_second(dataset.prefetch(tf.data.AUTOTUNE), at_least),
    }


# ---------------------------------------------------------------- is it used


def diagnosis(first_epoch: np.ndarray, second_epoch: np.ndarray, originals: np.ndarray) -> str:
    """Whether a pipeline augments: "unused", "frozen" (the same variants in both epochs) or "fresh".

    Three arrays of one shape, in the same order: what two epochs delivered, and what went in. Raises ValueError when their
    shapes differ or they are empty.
    """
    first, second, before = (np.asarray(each) for each in (first_epoch, second_epoch, originals))
    if not first.shape == second.shape == before.shape or first.size == 0:
        raise ValueError(
            f"diagnosis compares three arrays of one shape that are not empty; these have {first.shape}, {second.shape} and "
            f"{before.shape}."
        )
    if not _same(first, second):
        return "fresh"
    return "unused" if _same(first, before) else "frozen"


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal everywhere, where NaN equals NaN: a pipeline that delivers it twice has not drawn anew."""
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == other.dtype.kind == "f"))
