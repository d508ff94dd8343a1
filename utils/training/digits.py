"""Lab 02's networks, controls and measurements: the course's own version of what the student builds there.

Images are float32 arrays (n, 28, 28, 1) in [0, 1]. Keras is imported inside the functions.
"""

import numpy as np

from ..garden.arguments import class_numbers, network, numbers, shape_of, whole_number
from ..notebook import progress

DIGITS = "(n, height, width, channels)"

# LeCun, Bottou, Bengio and Haffner (1998), Table I: the maps of S2 that each of the 16 maps of C3 sees.
LENET_C3 = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip


# ---------------------------------------------------------------- networks


def mlp(hidden: int = 256):
    """The lecture's fully connected network: Flatten, Dense(hidden), Dense(10). 203,530 parameters with 256."""
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(hidden, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        name="mlp",
    )


def convnet(hidden: int = 256):
    """The lecture's convolutional network; `hidden` is the width of its dense layer. 431,754 parameters with 256."""
    from keras import Sequential, layers

    return Sequential(
        [
            *_convolutions(),
            layers.Flatten(),
            layers.Dense(hidden, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        name="convnet",
    )


def pooled_convnet():
    """The lecture's convolutions, then global max pooling instead of Flatten: where a pattern was is forgotten."""
    from keras import Sequential, layers

    return Sequential(
        [*_convolutions(), layers.GlobalMaxPooling2D(), layers.Dense(10, activation="softmax")],
        name="pooled_convnet",
    )


def _convolutions() -> list:
    from keras import Input, layers

    return [
        Input((28, 28, 1)),
        layers.Conv2D(32, 5, activation="relu"),  # 28 → 24
        layers.MaxPool2D(2),  # 24 → 12
        layers.Conv2D(64, 3, activation="relu"),  # 12 → 10
        layers.MaxPool2D(2),  # 10 → 5
    ]


def lenet5():
    """LeNet-5 as it is built today: plain average pooling, every map of C3 sees all of S2, softmax. 61,706 parameters."""
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input((28, 28, 1)),
            layers.ZeroPadding2D(2),  # 28 → 32
            layers.Conv2D(6, 5, activation="tanh"),  # C1: 28
            layers.AveragePooling2D(2),  # S2: 14
            layers.Conv2D(16, 5, activation="tanh"),  # C3: 10
            layers.AveragePooling2D(2),  # S4: 5
            layers.Conv2D(120, 5, activation="tanh"),  # C5: 1
            layers.Flatten(),
            layers.Dense(84, activation="tanh"),  # F6
            layers.Dense(10, activation="softmax"),
        ],
        name="lenet5",
    )


def lenet5_1998(seed: int = 0):
    """LeNet-5 as published: 60,000 trainable parameters and 840 fixed ones.

    Three things differ from `lenet5`. Each subsampling map has one coefficient and one bias. Most maps of C3 see only some
    maps of S2 (LENET_C3). The output layer is fixed: unit k measures how near the 84 values of F6 come to digit k's code of
    ±1. All codes have the same length, so the nearest one has the largest dot product, which a Dense layer with fixed
    weights computes. The paper drew its codes as pictures of the digits; these are random.
    """
    from keras import Input, Model, layers

    def subsample(maps, name):
        scaled = layers.DepthwiseConv2D(1, name=name)(layers.AveragePooling2D(2)(maps))
        return layers.Activation("tanh")(scaled)

    image = Input((28, 28, 1))
    maps = layers.Conv2D(6, 5, activation="tanh", name="C1")(layers.ZeroPadding2D(2)(image))
    maps = subsample(maps, "S2")
    maps = layers.Activation("tanh")(_partial_convolution(LENET_C3, name="C3")(maps))
    maps = subsample(maps, "S4")
    maps = layers.Conv2D(120, 5, activation="tanh", name="C5")(maps)
    features = layers.Dense(84, activation="tanh", name="F6")(layers.Flatten()(maps))
    output = layers.Dense(10, activation="softmax", use_bias=False, trainable=False, name="output")
    model = Model(image, output(features), name="lenet5_1998")
    codes = np.random.default_rng(seed).choice([-1.0, 1.0], size=(84, 10))
    output.set_weights([codes / np.sqrt(84)])  # the softmax wants values of moderate size; the order is the same
    return model


def _partial_convolution(table, name: str):
    """A layer with one 5×5 kernel for each connection in `table` and one bias for each of its rows, and no other weights."""
    from keras import initializers, layers, ops

    inputs = 1 + max(max(seen) for seen in table)
    ends = [(below, above) for above, seen in enumerate(table) for below in seen]
    places = np.zeros((len(ends), inputs * len(table)), "float32")  # connection → its place in an ordinary kernel
    places[range(len(ends)), [below * len(table) + above for below, above in ends]] = 1

    class PartialConvolution(layers.Layer):
        def build(self, input_shape):
            spread = initializers.RandomNormal(stddev=(25 * len(ends) / len(table)) ** -0.5)
            self.kernels = self.add_weight(shape=(25, len(ends)), initializer=spread, name="kernels")
            self.bias = self.add_weight(shape=(len(table),), initializer="zeros", name="bias")

        def call(self, maps):
            kernel = ops.reshape(ops.matmul(self.kernels, places), (5, 5, inputs, len(table)))  # zero where nothing connects
            return ops.conv(maps, kernel, padding="valid") + self.bias

        def compute_output_shape(self, input_shape):
            return (input_shape[0], input_shape[1] - 4, input_shape[2] - 4, len(table))

    return PartialConvolution(name=name)


# ---------------------------------------------------------------- controls and measurements


def widest(build, budget: int) -> int:
    """The largest width with which the network `build(width)` has at most `budget` parameters; they grow evenly with it.

    Raises ValueError when a width of 1 has more already.
    """
    narrow, wider = (build(width).count_params() for width in (1, 2))
    budget = whole_number("budget", budget, narrow, narrow)  # the smallest that leaves room for a width of 1
    return (budget - narrow) // (wider - narrow) + 1


def permute(images: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The pixels of `images` (n, …, 1) in another order: pixel k of each result is pixel order[k] of its image, row by row.

    Raises ValueError when `order` does not name each pixel of an image once.
    """
    images, order = numbers("images", images, "(n, …)"), numbers("order", order, "(pixels,)")
    pixels = images[0].size
    if not np.array_equal(np.sort(order), np.arange(pixels)):
        raise ValueError(
            f"order must name each of the {pixels:,} pixels of an image once, as np.random.default_rng(0).permutation({pixels}) "
            f"does; this has {len(order):,} numbers, {len(np.unique(order)):,} of them different."
        )
    order = order.astype("int64")
    return images.reshape(len(images), -1)[:, order].reshape(images.shape)


def shift(images: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """`images` (n, height, width, channels) moved down by `rows` and right by `columns`; what is moved in is 0."""
    images = numbers("images", images, DIGITS)
    rows, columns = (whole_number(name, value, -(10**9), 2) for name, value in (("rows", rows), ("columns", columns)))
    height, width = images.shape[1:3]
    rows, columns = int(np.clip(rows, -height, height)), int(np.clip(columns, -width, width))
    moved = np.zeros_like(images)
    target = moved[:, max(rows, 0) : height + min(rows, 0), max(columns, 0) : width + min(columns, 0)]
    target[...] = images[:, max(-rows, 0) : height + min(-rows, 0), max(-columns, 0) : width + min(-columns, 0)]
    return moved


def error_by_shift(model, images: np.ndarray, labels: np.ndarray, shifts) -> list[float]:
    """The error (%) of `model` on `images` shifted by each of `shifts` pixels, the mean over the four directions."""
    errors = []
    for s in shifts:
        directions = [(0, 0)] if s == 0 else [(s, 0), (-s, 0), (0, s), (0, -s)]
        accuracy = [right(model, shift(images, rows, columns), labels).mean() for rows, columns in directions]
        errors.append(100 * (1 - float(np.mean(accuracy))))
    return errors


def right(model, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Whether the model's most probable class is the label, for each image: (n,) bool."""
    labels = class_numbers("labels", labels, len(images), "images")
    return probabilities(model, images).argmax(axis=1) == labels


def probabilities(model, images: np.ndarray, batch: int = 1000) -> np.ndarray:
    """The model's output for each image, (n, 10): `model.predict` without its start-up time at each call.

    images: what the model takes, one example after the other, n at least 1. Raises ValueError or TypeError for anything else.
    """
    images, batch = numbers("images", images, shape_of(network("model", model))), whole_number("batch", batch, 1, 1000)
    parts = (model(images[i : i + batch], training=False) for i in range(0, len(images), batch))
    return np.concatenate([np.asarray(part) for part in parts])


def accuracy_curve(images: np.ndarray, labels: np.ndarray, steps: int, measurements: int = 1, label: str = ""):
    """A Keras callback that measures the accuracy on `images` at equal distances, and shows a progress bar of `steps` steps.

    After a training of `steps` steps its `accuracy` is a list of `measurements` fractions: the last on all images, at the end of
    the training, the others on the first 500. `training.fit` runs several steps at a time, so a measurement may come a few
    steps late. Raises ValueError for labels that do not belong to the images.
    """
    import keras

    images = numbers("images", images, DIGITS)
    labels = class_numbers("labels", labels, len(images), "images")
    steps, measurements = whole_number("steps", steps, 1, 1000), whole_number("measurements", measurements, 1, 10)

    class AccuracyCurve(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.accuracy = []
            self.bar = progress.bar(total=steps, label=label, unit="step")

        def on_train_batch_end(self, batch, logs=None):
            step = int(self.model.optimizer.iterations)
            self.bar.update(step - self.bar.n)
            if step >= round(steps * (len(self.accuracy) + 1) / measurements):
                some = slice(None) if step >= steps else slice(500)
                self.accuracy.append(float(right(self.model, images[some], labels[some]).mean()))
                self.bar.set_postfix(accuracy=f"{self.accuracy[-1]:.3f}", refresh=False)

        def on_train_end(self, logs=None):
            self.bar.close()

    return AccuracyCurve()
