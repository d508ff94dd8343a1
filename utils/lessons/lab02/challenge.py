"""Lab 02's challenge: recipes for training on MNIST, timed, each with its line for the leaderboard."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...notebook import progress
from ...training import fit
from ...training.schedule import warmup_cosine

LIMIT = 180  # seconds of training


@dataclass(frozen=True)
class Recipe:
    """Everything that determines a run. `build()` returns a network that ends in a softmax over ten classes."""

    name: str
    build: Callable
    epochs: int
    batch: int = 256
    peak: float = 1e-2  # the highest learning rate, for Adam
    warmup: float = 0.2  # the share of the steps in which the rate climbs, before it falls along half a cosine
    augment: Callable | None = None  # augment(images, rng) → images, called before each epoch
    views: Callable | None = None  # test-time augmentation: views(images) → versions (n, 28, 28, 1); answers are averaged


@dataclass(frozen=True)
class Run:
    """A finished run: the network, its accuracy on the test digits (fraction) and the seconds of training alone.

    `curve` holds (seconds so far, accuracy) after each evaluation.
    """

    recipe: Recipe
    model: object
    accuracy: float
    seconds: float
    curve: tuple[tuple[float, float], ...]

    def seconds_to(self, accuracy: float) -> float:
        """Seconds of training until `accuracy` (fraction) was first reached; infinite if it never was."""
        return next((seconds for seconds, reached in self.curve if reached >= accuracy), math.inf)


def run(recipe: Recipe, x_train, y_train, x_test, y_test, *, seed: int = 0, every_epoch: bool = False) -> Run:
    """Train by `recipe` and print the leaderboard's line.

    Images are float32 (n, 28, 28, 1) from 0 to 1, labels (n,). The clock is stopped while the network is evaluated: once at
    the end, or after each epoch with `every_epoch`. Tracing the training step, a second or two in the first epoch, counts.
    """
    import keras

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model = recipe.build()
    steps = recipe.epochs * -(-len(x_train) // recipe.batch)
    rate = warmup_cosine(steps, recipe.peak, recipe.warmup)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    seconds, curve = 0.0, []
    for epoch in progress.bar(range(recipe.epochs), recipe.name):
        began = time.perf_counter()
        images = recipe.augment(x_train, rng) if recipe.augment else x_train
        fit(model, images, y_train, batch_size=recipe.batch)
        seconds += time.perf_counter() - began
        if every_epoch or epoch == recipe.epochs - 1:
            curve.append((seconds, accuracy(model, x_test, y_test, recipe.views)))
    finished = Run(recipe, model, curve[-1][1], seconds, tuple(curve))
    print(line(finished))
    return finished


def accuracy(model, images, labels, views: Callable | None = None) -> float:
    """The fraction of right answers; with `views`, each answer is the mean of the network's outputs for all versions."""
    from ...training import digits

    total = sum(digits.probabilities(model, seen) for seen in (views(images) if views else [images]))
    return float(np.mean(total.argmax(axis=1) == labels))


def line(finished: Run) -> str:
    """One line for the leaderboard, which says so if the run took longer than the limit."""
    late = f"  over the limit of {LIMIT} s" if finished.seconds > LIMIT else ""
    return (
        f"LEADERBOARD  {finished.accuracy:7.2%}  {finished.seconds:6.1f} s of training  "
        f"{finished.model.count_params():>9,} parameters  {finished.recipe.name}{late}"
    )


# ---------------------------------------------------------------- the course's own entry


def distort(images, rng, pixels: float = 1.0, degrees: float = 8.0, scale: float = 0.08):
    """Each image shifted, rotated and scaled a little, at random: up to ±pixels, ±degrees and a factor of 1 ± scale."""
    from keras import ops

    n, height, width = images.shape[:3]
    angle = np.deg2rad(rng.uniform(-degrees, degrees, n))
    zoom = 1 + rng.uniform(-scale, scale, n)
    right, down = rng.uniform(-pixels, pixels, (2, n))
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    x, y = (width - 1) / 2, (height - 1) / 2  # rotated about the centre
    rows = [cos, -sin, x - cos * x + sin * y + right, sin, cos, y - sin * x - cos * y + down, 0 * cos, 0 * cos]
    transforms = np.stack(rows, axis=1).astype("float32")
    return ops.convert_to_numpy(ops.image.affine_transform(images, transforms, interpolation="bilinear"))


def moved(images):
    """The images, and four copies of them shifted one pixel down, up, right and left."""
    from ...training import digits

    for rows, columns in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
        yield digits.shift(images, rows, columns)


def distorted(images):
    """The images and four distorted copies of them, the same ones at every call."""
    rng = np.random.default_rng(0)
    yield images
    for _ in range(4):
        yield distort(images, rng)


BORDER = 2  # pixels on each side, nearly empty, that the course's networks crop


def accurate_convnet():
    """Four convolutions with batch normalization, 61,658 parameters; two strides of 2 save most of the work."""
    return _convnet("accurate_convnet", (16, 5, 2, "same"), (32, 3, 2, "same"), (64, 3, 1, "same"), (64, 3, 1, "valid"))


def fast_convnet():
    """Three convolutions with batch normalization, 57,770 parameters and a sixth of the work of the lecture's ConvNet."""
    return _convnet("fast_convnet", (32, 5, 2, "valid"), (48, 3, 2, "valid"), (96, 3, 1, "valid"))


def _convnet(name, *convolutions):
    """Cropping, then blocks of convolution (filters, kernel, stride, padding), batch normalization and relu, then global average
    pooling.
    """
    from keras import Input, Sequential, layers

    blocks = []
    for filters, kernel, stride, padding in convolutions:
        # Batch normalization adds its own bias. Its running averages must settle within a few hundred steps.
        blocks += [
            layers.Conv2D(filters, kernel, strides=stride, padding=padding, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ]
    head = [layers.GlobalAveragePooling2D(), layers.Dense(10, activation="softmax")]
    return Sequential([Input((28, 28, 1)), layers.Cropping2D(BORDER), *blocks, *head], name=name)


def champion(epochs: int) -> Recipe:
    """The course's most accurate entry: it trains on distorted digits, and averages its answers over distorted copies."""
    return Recipe("the course's most accurate", accurate_convnet, epochs, 128, augment=distort, views=distorted)


def sprint(epochs: int, batch: int) -> Recipe:
    """The course's fastest entry: so few epochs that it just reaches the target."""
    return Recipe("the course's fastest", fast_convnet, epochs, batch, views=moved)
