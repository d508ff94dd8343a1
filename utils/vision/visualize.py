"""What excites a channel: a picture made by gradient ascent, with regularizers that are switched on one by one.

    objective = visualize.channels(model, [17])                       # images → their scores and gradients
    start = visualize.noise(1, 96, seed=0)
    plain = visualize.ascend(objective, start, steps=60)              # nothing but the gradient
    smooth = visualize.ascend(objective, start, steps=60, jitter=4, blur=0.5)

Images are float32 (n, height, width, 3) in the network's own scale, -1 ... 1 for Xception.
Sources: Erhan and others 2009 (the idea), Simonyan and others 2014 (decay), Yosinski and others 2015 (blur), Mahendran and
Vedaldi 2015 (roughness), Olah, Mordvintsev and Schubert 2017 (jitter, frequencies, colours).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Objective = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Ascent:
    """images: float32 (n, height, width, 3), where the ascent ended. scores: float64 (steps + 1, n), the objective without
    penalties before each step, at the place where jitter had moved the image, and of the final images as they are.
    """

    images: np.ndarray
    scores: np.ndarray


def channels(model, which: Sequence[int]) -> Objective:
    """A function that gives, for images (n, height, width, 3), scores (n,) and gradients of the images' shape.

    Image i is scored by channel which[i] of the model's output: the mean over its map, (n, h, w, channels), or the value
    itself, (n, channels). Raises ValueError for a channel that the output lacks.
    """
    import tensorflow as tf

    count = model.output_shape[-1]
    which = [int(channel) for channel in which]
    wrong = [channel for channel in which if not 0 <= channel < count]
    if wrong or not which:
        raise ValueError(f"channels {wrong or which}: name channels of {model.name}'s output, from 0 to {count - 1}.")
    index = tf.constant(which)

    @tf.function(reduce_retracing=True)
    def compute(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            maps = model(images, training=False)
            if len(maps.shape) == 4:
                maps = tf.reduce_mean(maps, axis=(1, 2))
            scores = tf.gather(maps, index, axis=1, batch_dims=1)
        return scores, tape.gradient(scores, images)

    def objective(images):
        if len(images) != len(which):
            raise ValueError(f"{len(images)} images for {len(which)} channels: give one image for each channel.")
        scores, gradients = compute(tf.constant(images, tf.float32))
        return scores.numpy(), gradients.numpy()

    return objective


def noise(count: int, size: int, seed: int = 0, strength: float = 0.1) -> np.ndarray:
    """Grey images with a little noise, float32 (count, size, size, 3), standard deviation `strength`: where ascents start."""
    return np.random.default_rng(seed).normal(0, strength, (count, size, size, 3)).astype(np.float32)


def ascend(
    objective: Objective,
    start: np.ndarray,
    *,
    steps: int = 64,
    rate: float = 0.1,
    decay: float = 0.0,
    roughness: float = 0.0,
    blur: float = 0.0,
    jitter: int = 0,
    frequencies: float = 0.0,
    colours: np.ndarray | None = None,
    bounds: tuple[float, float] | None = (-1.0, 1.0),
    seed: int = 0,
) -> Ascent:
    """Change images step by step so that their scores rise. Without options nothing but the gradient decides.

    objective: images (n, height, width, channels) → scores (n,) and gradients, such as `channels` makes.
    start: (n, height, width, channels). rate: how far the first step moves a pixel (root mean square over the image); steps
    shrink evenly to the last. The options, each off by default:
    decay: a penalty decay/2 · mean(x²), which pulls every pixel to grey (L2 regularization).
    roughness: a penalty roughness/2 · the sum over both directions of the mean squared difference of neighbours (the quadratic
    form of total variation; borders meet, as for jitter).
    blur: after each step a Gaussian of this standard deviation, in pixels.
    jitter: before each step the image is rolled by up to this many pixels each way, at random, and back afterwards.
    frequencies: ascend in Fourier coordinates scaled by 1/frequency to this power; 1 is the spectrum of photographs. The optimum
    stays, the path differs: coarse structure comes first.
    colours: (channels, channels), ascend in colour coordinates that this matrix mixes (see `colour_mixing`).
    bounds: pixels are clipped to this range after each step; None for no clipping.
    Raises ValueError for impossible settings, and for a start at which the gradient is zero.
    """
    images = np.array(start, np.float32)
    _examine(images, steps, rate=rate, decay=decay, roughness=roughness, blur=blur, jitter=jitter, frequencies=frequencies)
    rng = np.random.default_rng(seed)
    pixels, scores = images[0].size, []
    for step in range(steps):
        move = rng.integers(-jitter, jitter + 1, 2) if jitter else (0, 0)
        score, gradient = objective(np.roll(images, move, axis=(1, 2)))
        scores.append(score)
        gradient = np.roll(gradient, np.negative(move), axis=(1, 2))
        if step == 0 and not gradient.any(axis=(1, 2, 3)).all():
            raise ValueError(
                "The gradient is zero everywhere at the start, so no step is possible: the channel is silent there. "
                "Take the layer below its ReLU, or another start."
            )
        gradient = gradient - (decay * images + roughness * _excess(images)) / pixels
        images = images + rate * (1 - step / steps) * _unit(_steered(gradient, frequencies, colours))
        if blur:
            images = _blurred(images, blur)
        if bounds is not None:
            images = np.clip(images, *bounds)
        images = images.astype(np.float32)
    scores.append(objective(images)[0])
    return Ascent(images, np.array(scores, float))


def colour_mixing(photos) -> np.ndarray:
    """How colours go together in photos (n, height, width, 3): the square root of their covariance, largest eigenvalue 1.

    Symmetric, (3, 3). Mixing independent colour channels by it gives colours that vary together as those of the photos do.
    """
    values, vectors = np.linalg.eigh(np.cov(np.asarray(photos, float).reshape(-1, 3).T))
    roots = np.sqrt(np.maximum(values, 0))
    return vectors * (roots / roots.max()) @ vectors.T


def roughness_of(images) -> np.ndarray:
    """For images (n, height, width, channels) the mean squared difference of neighbours over twice the variance: (n,).

    Near 0 for structure much coarser than a pixel, 1 for independent pixels, 2 for a chessboard; NaN for a blank image.
    """
    images = np.asarray(images, float)
    difference = [np.mean((images - np.roll(images, 1, axis)) ** 2, axis=(1, 2, 3)) for axis in (1, 2)]
    variance = images.var(axis=(1, 2)).mean(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.mean(difference, axis=0) / (2 * variance)


def _examine(images, steps, **amounts):
    if images.ndim != 4:
        raise ValueError(f"start has the shape {images.shape}: give a batch of images, (n, height, width, channels).")
    if steps < 1:
        raise ValueError(f"steps is {steps!r}: give a whole number from 1 on.")
    for name, amount in amounts.items():
        if not amount >= 0:
            raise ValueError(f"{name} is {amount!r}: give 0, which switches it off, or more.")


def _excess(images):
    """How much each pixel exceeds its four neighbours, summed: the gradient of half the squared differences."""
    neighbours = [np.roll(images, shift, axis) for axis in (1, 2) for shift in (-1, 1)]
    return 4 * images - sum(neighbours)


def _unit(gradient):
    """Each image's gradient at a root mean square of 1: of the whole image, not of each pixel."""
    size = np.sqrt(np.mean(gradient**2, axis=(1, 2, 3), keepdims=True))
    return gradient / np.maximum(size, 1e-12)


def _steered(gradient, frequencies, colours):
    """The same ascent in other coordinates z, x = A z: a step of z along Aᵀ g moves x along A Aᵀ g."""
    if frequencies:
        height, width = gradient.shape[1:3]
        rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
        frequency = np.maximum(np.hypot(rows, columns), 1 / max(height, width))
        spectrum = np.fft.rfft2(gradient, axes=(1, 2)) / frequency[..., None] ** (2 * frequencies)
        gradient = np.fft.irfft2(spectrum, s=(height, width), axes=(1, 2))
    if colours is not None:
        gradient = gradient @ (np.asarray(colours) @ np.transpose(colours))
    return gradient


def _blurred(images, deviation):
    from scipy import ndimage

    return ndimage.gaussian_filter(images, (0, deviation, deviation, 0), mode="wrap")
