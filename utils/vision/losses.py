"""Losses for maps of classes: cross-entropy, weighted, focal and Dice, each blind to pixels that nobody labelled.

y_true: whole numbers (batch, height, width). y_pred: logits (batch, height, width, classes). With `ignore`, a pixel of that
label adds nothing to the loss and no gradient flows from it; a picture without any labelled pixel costs 0.

This module imports Keras at once. `from utils.vision import losses` where you need it.
"""

import keras
from keras import ops


class _PixelLoss(keras.losses.Loss):
    """What the losses share: which pixels count, and the mean over them, picture by picture."""

    def __init__(self, ignore: int | None = None, name: str | None = None, **settings):
        super().__init__(name=name, **settings)
        self.ignore = ignore

    def call(self, y_true, y_pred):
        """The loss of each picture, (batch,): the mean over its labelled pixels."""
        y_true, y_pred, counts = self._labelled(y_true, y_pred)
        costs = counts * self.pixels(y_true, y_pred)
        return ops.sum(costs, axis=(1, 2)) / ops.maximum(ops.sum(counts, axis=(1, 2)), 1)

    def pixels(self, y_true, y_pred):
        """The loss of each pixel, (batch, height, width)."""
        raise NotImplementedError

    def _labelled(self, y_true, y_pred):
        """Labels that are all valid, logits, and 1 for each labelled pixel, 0 for each other."""
        y_pred = ops.convert_to_tensor(y_pred)
        y_true = ops.cast(y_true, "int32")
        if len(y_true.shape) == len(y_pred.shape):  # Keras adds an axis of size 1 to targets in some versions
            y_true = ops.squeeze(y_true, axis=-1)
        if self.ignore is None:
            return y_true, y_pred, ops.ones_like(y_pred[..., 0])
        labelled = ops.not_equal(y_true, self.ignore)
        return ops.where(labelled, y_true, 0), y_pred, ops.cast(labelled, y_pred.dtype)

    def get_config(self):
        return {**super().get_config(), "ignore": self.ignore}


@keras.saving.register_keras_serializable(package="convnet-course")
class CrossEntropy(_PixelLoss):
    """Cross-entropy. weights: one factor a class (classes,), for the pixels of that class; None: all 1."""

    def __init__(self, weights=None, ignore: int | None = None, name: str = "cross_entropy", **settings):
        super().__init__(ignore, name, **settings)
        self.weights = None if weights is None else [float(weight) for weight in weights]

    def pixels(self, y_true, y_pred):
        costs = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)
        if self.weights is None:
            return costs
        return costs * ops.take(ops.convert_to_tensor(self.weights, dtype=y_pred.dtype), y_true, axis=0)

    def get_config(self):
        return {**super().get_config(), "weights": self.weights}


@keras.saving.register_keras_serializable(package="convnet-course")
class Focal(_PixelLoss):
    """Focal loss: cross-entropy times (1 - p)^gamma, p being the probability of the right class. Easy pixels count little.

    Source: Lin and others, Focal Loss for Dense Object Detection (2017).
    """

    def __init__(self, gamma: float = 2.0, ignore: int | None = None, name: str = "focal", **settings):
        super().__init__(ignore, name, **settings)
        self.gamma = gamma

    def pixels(self, y_true, y_pred):
        costs = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)
        return costs * (1 - ops.exp(-costs)) ** self.gamma

    def get_config(self):
        return {**super().get_config(), "gamma": self.gamma}


@keras.saving.register_keras_serializable(package="convnet-course")
class Dice(_PixelLoss):
    """1 - Dice's coefficient, made smooth: probabilities take the place of yes and no.

    Sums run over the labelled pixels of the whole batch, class by class, and the mean over the classes. `smooth` is added to
    numerator and denominator, so that a class that is absent and not predicted costs next to nothing.
    Source: Milletari, Navab and Ahmadi, V-Net (2016).
    """

    def __init__(self, smooth: float = 1.0, ignore: int | None = None, name: str = "dice", **settings):
        super().__init__(ignore, name, **settings)
        self.smooth = smooth

    def call(self, y_true, y_pred):
        """The loss of the batch, one number."""
        y_true, y_pred, counts = self._labelled(y_true, y_pred)
        guess = ops.softmax(y_pred, axis=-1) * counts[..., None]
        truth = ops.one_hot(y_true, y_pred.shape[-1], dtype=y_pred.dtype) * counts[..., None]
        both = ops.sum(guess * truth, axis=(0, 1, 2))
        total = ops.sum(guess, axis=(0, 1, 2)) + ops.sum(truth, axis=(0, 1, 2))
        return 1 - ops.mean((2 * both + self.smooth) / (total + self.smooth))

    def get_config(self):
        return {**super().get_config(), "smooth": self.smooth}
