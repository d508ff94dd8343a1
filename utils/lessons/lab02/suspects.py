"""Four training pipelines for Lab 02, one healthy and three broken. Reading this file spoils the exercise.

Each is examined in the same way: the loss before training, sixty steps on one batch, a short training, new digits.
"""

from dataclasses import dataclass

import numpy as np

from ...training import digits, fit

NAMES = ("A", "B", "C", "D")


@dataclass(frozen=True)
class Evidence:
    """What the examination of one pipeline found. Losses in nats, accuracies as fractions."""

    first_loss: float  # before any training
    batch_losses: tuple[float, ...]  # one before each step on the same batch
    batch_accuracy: float  # on that batch, after the last step
    test_accuracy: float  # of a fresh network on new digits, after a short training on all `images`


def examine(name, images, labels, test_images, test_labels, *, batch=32, steps=60, epochs=3) -> Evidence:
    """The evidence on pipeline `name` (one of NAMES). Images are uint8 (n, 28, 28), labels (n,).

    The training digits pass through the pipeline with its fault; the labels of the test digits are always right.
    """
    import keras

    keras.utils.set_random_seed(0)
    scale = 1.0 if name == "D" else 255.0
    x, x_test = ((i[..., np.newaxis] / scale).astype("float32") for i in (images, test_images))
    y = np.random.default_rng(0).permutation(labels) if name == "B" else labels

    model = _network(twice=name == "A")
    first_loss = model.evaluate(x, y, verbose=0)  # from logits; computed from probabilities, a loss ends at 16
    losses = tuple(float(model.train_on_batch(x[:batch], y[:batch])) for _ in range(steps))
    batch_accuracy = digits.right(model, x[:batch], y[:batch]).mean()

    model = _network(twice=name == "A")
    fit(model, x, y, batch_size=batch, epochs=epochs)
    test_accuracy = digits.right(model, x_test, test_labels).mean()
    return Evidence(first_loss, losses, float(batch_accuracy), float(test_accuracy))


def _network(twice: bool):
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
            *([layers.Softmax()] if twice else []),
        ]
    )
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    return model
