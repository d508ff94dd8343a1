"""Explanations by gradients: how a class's logit answers to a small change of each pixel.

Each function takes a Keras model, float pictures (h, w, channels) or (n, h, w, channels) on the scale that the model was
trained on, and the class to explain: an integer, n of them, or None for the network's own guess. It returns float32 values of
the pictures' shape, signed. `strength` makes a map of them.
"""

import numpy as np

from . import inside


def gradient(model, images, classes=None) -> np.ndarray:
    """The derivative of the logit by each value of the picture. Source: Simonyan and others, Deep Inside (2013)."""
    return inside.in_batches(lambda pictures, chosen: _derivative(model, pictures, chosen), model, images, classes)


def gradient_times_input(model, images, classes=None) -> np.ndarray:
    """The gradient times the picture: on a linear network without bias, each value's part of the logit."""
    return gradient(model, images, classes) * inside.as_pictures(images)[0].reshape(np.shape(images))


def smooth_grad(model, images, classes=None, *, samples: int = 25, noise: float = 0.15, seed: int = 0) -> np.ndarray:
    """The mean gradient over `samples` copies of the picture with Gaussian noise.

    noise: standard deviation, as a share of the picture's range (maximum minus minimum). A picture's noise depends on `seed`
    and its place in the batch. Source: Smilkov and others, SmoothGrad (2017).
    """
    if samples < 1 or noise < 0:
        raise ValueError(f"samples is {samples} and noise {noise}: take at least one sample, and no negative noise.")
    generator = np.random.default_rng(seed)

    def mean(pictures, chosen):
        spread = noise * (pictures.max(axis=(1, 2, 3), keepdims=True) - pictures.min(axis=(1, 2, 3), keepdims=True))
        total = np.zeros_like(pictures)
        for _ in range(samples):
            noisy = pictures + spread * generator.standard_normal(pictures.shape).astype(np.float32)
            total += _derivative(model, noisy, chosen)
        return total / samples

    return inside.in_batches(mean, model, images, classes)


def integrated_gradients(model, images, classes=None, *, baseline=0.0, steps: int = 50) -> np.ndarray:
    """(picture − baseline) × the mean gradient on the straight way from the baseline to the picture.

    baseline: a number, a colour (channels,) or a picture (h, w, channels). The values of a picture sum to the logit of the
    picture minus that of the baseline (*completeness*), up to the error of the midpoint rule with so many `steps`.
    Source: Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks (2017).
    """
    if steps < 1:
        raise ValueError(f"steps is {steps}: the way from the baseline to the picture needs at least one.")

    def along(pictures, chosen):
        way = pictures - np.broadcast_to(np.asarray(baseline, np.float32), pictures.shape[1:])
        total = np.zeros_like(pictures)
        for k in range(steps):
            total += _derivative(model, pictures - way * np.float32(1 - (k + 0.5) / steps), chosen)
        return way * total / steps

    return inside.in_batches(along, model, images, classes)


def guided_backpropagation(model, images, classes=None) -> np.ndarray:
    """The gradient, with all negative values set to 0 at each ReLU on the way back. The model stays as it is.

    Raises ValueError for a network without a ReLU. Source: Springenberg and others, Striving for Simplicity (2015).
    """
    with inside.guided(model):
        return gradient(model, images, classes)


def strength(values) -> np.ndarray:
    """A map (…, h, w): the largest absolute value among the channels of (…, h, w, channels)."""
    return np.abs(values).max(axis=-1)


def _derivative(model, pictures, chosen) -> np.ndarray:
    """d logit / d picture for each of the pictures (n, h, w, channels), the class `chosen` (n,) of each."""
    import tensorflow as tf

    def slope(pictures, chosen):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(pictures)
            scores = tf.gather(inside.logits(model, pictures), chosen, axis=1, batch_dims=1)
        found = tape.gradient(scores, pictures)
        if found is None:
            raise ValueError(f"No gradient leads from the logits of {model.name} to the picture: does a layer round?")
        return found

    return inside.passed(model, "gradient", slope, pictures, chosen)
