"""The search space of Lecture 02, and a trainer that is fast enough to train all of it in a lesson."""

import math

import numpy as np

from ...notebook import progress

OPERATIONS = ("identity", "conv 1×1", "conv 3×3", "max pool")
PLACES = 4  # an architecture is a tuple of four operations, by name
WIDTH = 8  # maps of every layer

EPOCHS, BATCH, LEARNING_RATE = 8, 100, 0.02

# The stem, the 1×1 kernel of each place, the 3×3 kernel of each place, the classifier and its bias.
SHAPES = [(3, 3, 1, WIDTH)]
SHAPES += [(1, 1, WIDTH, WIDTH)] * PLACES
SHAPES += [(3, 3, WIDTH, WIDTH)] * PLACES
SHAPES += [(4 * WIDTH, 10), (10,)]


def train_all(architectures, train, validation, test, *, seed: int = 0) -> dict[tuple, tuple[float, float]]:
    """Train each of `architectures` from the same initial weights, on the same batches, with Adam.

    An architecture is a tuple of PLACES names from OPERATIONS. `train`, `validation` and `test` are pairs of images
    (n, 8, 8, 1) in [0, 1], float32, and labels (n,), integers. The learning rate falls linearly from LEARNING_RATE to 0.
    Returns architecture → (validation accuracy, test accuracy), both in %. Raises ValueError for an unknown operation.

    With `fit`, Keras would compile each network anew, which takes several times as long as training it. Here a single
    compiled graph holds every operation at every place, and the architecture is one of its inputs.
    """
    codes = {architecture: codes_of(architecture) for architecture in architectures}
    train_one = _compiled_trainer(train, validation, test, seed)
    scores = {}
    for architecture in progress.bar(codes, "training every architecture"):
        scores[architecture] = tuple(float(accuracy) for accuracy in train_one(codes[architecture]))
    return scores


def initial_weights(seed: int) -> list[np.ndarray]:
    """One array a shape of SHAPES, float32: normal with variance 2/inputs (*He initialization*), the bias zero."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=shape) * math.sqrt(2 / math.prod(shape[:-1])) for shape in SHAPES[:-1]]
    return [array.astype("float32") for array in [*weights, np.zeros(SHAPES[-1])]]


def logits(weights, codes, images):
    """The class scores (n, 10) of one architecture; `codes` are its `codes_of`, array or tensor."""
    import tensorflow as tf

    codes = tf.convert_to_tensor(codes)

    stem, kernels_1x1, kernels_3x3 = weights[0], weights[1 : 1 + PLACES], weights[1 + PLACES : 1 + 2 * PLACES]
    maps = _conv_relu(images, stem, stride=2)  # (n, 4, 4, WIDTH)
    for place in range(PLACES):
        maps = tf.switch_case(codes[place], _branches(maps, kernels_1x1[place], kernels_3x3[place]))
    pooled = tf.nn.avg_pool2d(maps, 2, 2, "VALID")
    return tf.reshape(pooled, (-1, 4 * WIDTH)) @ weights[-2] + weights[-1]


def _branches(maps, kernel_1x1, kernel_3x3) -> list:
    """What each of OPERATIONS makes of `maps`, as functions of which the graph calls one."""
    import tensorflow as tf

    return [
        lambda: tf.identity(maps),
        lambda: _conv_relu(maps, kernel_1x1),
        lambda: _conv_relu(maps, kernel_3x3),
        lambda: tf.nn.max_pool2d(maps, 3, 1, "SAME"),
    ]


def _conv_relu(maps, kernel, stride: int = 1):
    import tensorflow as tf

    return tf.nn.relu(tf.nn.conv2d(maps, kernel, stride, "SAME"))


def codes_of(architecture) -> np.ndarray:
    """Its operations as positions in OPERATIONS, (PLACES,). Raises ValueError for what is no architecture."""
    unknown = [operation for operation in architecture if operation not in OPERATIONS]
    if unknown or len(architecture) != PLACES:
        raise ValueError(f"{architecture!r} is no architecture: give {PLACES} of {', '.join(OPERATIONS)}")
    return np.array([OPERATIONS.index(operation) for operation in architecture], "int32")


def _compiled_trainer(train, validation, test, seed: int):
    """A function from an architecture's codes to its (validation accuracy, test accuracy) in %, compiled once for all."""
    import keras
    import tensorflow as tf

    images, labels = tf.constant(train[0]), tf.constant(train[1], tf.int32)
    start = initial_weights(seed)
    weights = [keras.Variable(array) for array in start]
    rng = np.random.default_rng(seed + 1)
    epoch_orders = [rng.permutation(len(labels))[: len(labels) // BATCH * BATCH] for _ in range(EPOCHS)]
    batches = tf.constant(np.concatenate(epoch_orders).reshape(-1, BATCH))
    schedule = keras.optimizers.schedules.PolynomialDecay(LEARNING_RATE, len(batches), 0.0)
    optimizer = keras.optimizers.Adam(schedule, beta_2=0.99)
    optimizer.build(weights)

    def accuracy(codes, part):
        guesses = tf.argmax(logits([w.value for w in weights], codes, tf.constant(part[0])), axis=1)
        return 100 * tf.reduce_mean(tf.cast(guesses == tf.constant(part[1], tf.int64), tf.float32))

    @tf.function
    def train_one(codes):
        for variable, array in zip(weights, start, strict=True):
            variable.assign(array)
        for variable in optimizer.variables:
            variable.assign(tf.zeros_like(variable.value))
        for step in tf.range(len(batches)):
            chosen = batches[step]
            with tf.GradientTape() as tape:
                values = [tf.convert_to_tensor(w.value) for w in weights]
                scores = logits(values, codes, tf.gather(images, chosen))
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, chosen), scores)
                loss = tf.reduce_mean(losses)
            optimizer.apply(tape.gradient(loss, values))
        return accuracy(codes, validation), accuracy(codes, test)

    return train_one
