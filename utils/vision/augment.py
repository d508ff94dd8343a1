"""Augmentation under measurement: a probe whose pixels know where they come from, RandAugment by hand, and speed."""

import time
from collections.abc import Callable

import numpy as np

# ---------------------------------------------------------------- the probe


def addresses(height: int, width: int) -> np.ndarray:
    """A picture in which each pixel holds its own address: float32 (height, width, 3) with column, row and 0."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows, np.zeros_like(rows)], axis=-1).astype("float32")


def motion(picture: np.ndarray) -> np.ndarray:
    """The affine map (2, 3) that made `picture` (height, width, 3) from `addresses`: place in it → place of origin.

    Rows: origin's column, origin's row. Columns: what column, row and 1 contribute. Fitted to the middle third, where no
    border is filled in.
    """
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    places = np.stack([columns.ravel(), rows.ravel(), np.ones(rows.size)], axis=1)
    return (np.linalg.pinv(places) @ picture[rows, columns, :2].reshape(-1, 2)).T


def read(matrix: np.ndarray, height: int, width: int) -> dict[str, float]:
    """What the map does to a picture (height, width), in the words of a photo editor.

    right, down: how far the centre's content moves, in pixels (negative: left, up). turn: degrees, clockwise. wider,
    taller: enlargement (1 = none; a negative `wider` is a mirror image). lean: degrees by which vertical lines lean.
    """
    linear, offset = matrix[:, :2], matrix[:, 2]
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    forward = np.linalg.inv(linear)  # origin → place in the picture
    moved = forward @ (centre - offset) - centre
    mirrored = np.sign(np.linalg.det(forward))
    across, downward = forward[:, 0], forward[:, 1]
    turn = np.arctan2(mirrored * across[1], mirrored * across[0])
    lean = np.arctan2(-downward[0], downward[1]) - turn
    return {
        "right": moved[0],
        "down": moved[1],
        "turn": np.degrees(turn),
        "lean": np.degrees((lean + np.pi) % (2 * np.pi) - np.pi),
        "wider": mirrored * np.hypot(*across),
        "taller": abs(np.linalg.det(forward)) / np.hypot(*across),
    }


def audit(augment: Callable, height: int = 60, width: int = 90, draws: int = 100) -> dict[str, tuple[float, float]]:
    """The smallest and the largest of each reading of `read` over `draws` calls of augment(picture) → picture."""
    probe = addresses(height, width)
    readings = [read(motion(np.asarray(augment(probe.copy()))), height, width) for _ in range(draws)]
    return {name: (min(r[name] for r in readings), max(r[name] for r in readings)) for name in readings[0]}


# ---------------------------------------------------------------- speed


def images_per_second(batches, at_least: float = 1.0) -> float:
    """How many images an endless iterable of batches (images first) delivers in a second, after one batch to warm up."""
    batches = iter(batches)
    next(batches)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < at_least:
        count += len(next(batches)[0])
    return count / (time.perf_counter() - start)


def speeds(size: int, batch: int = 32, at_least: float = 1.0) -> dict[str, float]:
    """Images per second of the lecture's augmentation at `size` pixels: with ImageDataGenerator, and as Keras layers in
    tf.data. The pictures are random; augmentation costs the same for any."""
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


# ---------------------------------------------------------------- RandAugment


def rand_augment(image: np.ndarray, count: int, magnitude: float, rng: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    """RandAugment (Cubuk et al., 2019): `count` operations drawn with equal chance, all at one magnitude from 0 to 1.

    image: uint8 (height, width, 3). Returns the new image, and the names of the operations in their order.
    """
    from PIL import Image

    picture = Image.fromarray(image)
    names = [str(name) for name in rng.choice(sorted(OPERATIONS), count)]
    for name in names:
        picture = OPERATIONS[name](picture, magnitude * rng.choice([-1, 1]))
    return np.asarray(picture), names


def _affine(picture, values):
    from PIL import Image

    return picture.transform(picture.size, Image.Transform.AFFINE, values, Image.Resampling.BILINEAR, fillcolor=(128,) * 3)


def _enhance(kind):
    def change(picture, strength):
        from PIL import ImageEnhance

        return getattr(ImageEnhance, kind)(picture).enhance(1 + 0.9 * strength)

    return change


def _ops(name, *arguments):
    def change(picture, strength):
        from PIL import ImageOps

        return getattr(ImageOps, name)(picture, *(argument(abs(strength)) for argument in arguments))

    return change


# Each takes a PIL picture and a strength from -1 to 1; the ranges are the paper's.
OPERATIONS: dict[str, Callable] = {
    "rotate": lambda p, s: p.rotate(30 * s, resample=2, fillcolor=(128,) * 3),
    "shear x": lambda p, s: _affine(p, (1, 0.3 * s, -0.15 * s * p.height, 0, 1, 0)),
    "shear y": lambda p, s: _affine(p, (1, 0, 0, 0.3 * s, 1, -0.15 * s * p.width)),
    "translate x": lambda p, s: _affine(p, (1, 0, 0.33 * s * p.width, 0, 1, 0)),
    "translate y": lambda p, s: _affine(p, (1, 0, 0, 0, 1, 0.33 * s * p.height)),
    "color": _enhance("Color"),
    "contrast": _enhance("Contrast"),
    "brightness": _enhance("Brightness"),
    "sharpness": _enhance("Sharpness"),
    "autocontrast": _ops("autocontrast"),
    "equalize": _ops("equalize"),
    "posterize": _ops("posterize", lambda s: int(8 - 4 * s)),
    "solarize": _ops("solarize", lambda s: int(256 * (1 - s))),
    "identity": lambda p, s: p,
}


# ---------------------------------------------------------------- is it used


def diagnosis(first_epoch: np.ndarray, second_epoch: np.ndarray, originals: np.ndarray) -> str:
    """Whether a pipeline augments: "unused", "frozen" (the same variants in both epochs) or "fresh".

    Three arrays in the same order: what two epochs delivered, and what went in.
    """
    if not np.array_equal(first_epoch, second_epoch):
        return "fresh"
    return "unused" if np.array_equal(first_epoch, originals) else "frozen"
