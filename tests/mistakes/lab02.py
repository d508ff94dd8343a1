"""Lab 02: other right answers, and the wrong ones that no declaration covers (what each dictionary holds: tests/mistakes/__init__.py)."""

OTHERS = {
    "parameters": [
        (
            "counted by Keras, in tuples",
            """
def count(layer, *shape):
    layer.build((None, *shape))
    return layer.count_params()
mlp_counts = count(layers.Dense(256), 784), count(layers.Dense(10), 256)
convnet_counts = tuple(
    count(layer, *shape)
    for layer, shape in [
        (layers.Conv2D(32, 5), (28, 28, 1)), (layers.Conv2D(64, 3), (12, 12, 32)),
        (layers.Dense(256), (1600,)), (layers.Dense(10), (256,))])
dense_twin = 784 * 18_432 + 18_432
""",
        ),
        (
            "arrays and a float",
            """
inputs, units = np.array([784, 256]), np.array([256, 10])
mlp_counts = inputs * units + units
convnet_counts = np.array([832.0, 18_496.0, 409_856.0, 2_570.0])
dense_twin = 785.0 * 24**2 * 32
""",
        ),
    ],
    "convnet": [
        (
            "functional, with operations for activations",
            """
def convnet():
    image = keras.Input((28, 28, 1))
    x = keras.ops.relu(layers.Conv2D(32, (5, 5))(image))
    x = layers.MaxPooling2D()(x)
    x = layers.ReLU()(layers.Conv2D(64, 3)(x))
    x = layers.MaxPooling2D(pool_size=2, strides=2)(x)
    x = layers.Dense(256, activation=keras.activations.relu)(layers.Reshape((1600,))(x))
    return keras.Model(image, layers.Softmax()(layers.Dense(10)(x)))
""",
        ),
        (
            "built step by step, named, compiled",
            """
def convnet():
    model = keras.Sequential(name="my_convnet")
    model.add(layers.Input(shape=(28, 28, 1)))
    for number, (filters, size) in enumerate([(32, 5), (64, 3)]):
        model.add(layers.Conv2D(filters, size, padding="valid", strides=1, name=f"conv_{number}"))
        model.add(layers.Activation("relu"))
        model.add(layers.MaxPool2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(256, "relu"))
    model.add(layers.Dense(10, "softmax"))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model
""",
        ),
        (
            "the input's shape given by the first layer",
            """
def convnet():
    return keras.Sequential([
        layers.Conv2D(32, 5, activation="relu", input_shape=(28, 28, 1)), layers.MaxPool2D(2),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPool2D(2), layers.Flatten(),
        layers.Dense(256, activation="relu"), layers.Dense(10, activation="softmax")])
""",
        ),
        (
            "a subclass",
            """
class ConvNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = [layers.Conv2D(32, 5, activation="relu"), layers.MaxPool2D(2), layers.Conv2D(64, 3, activation="relu"),
                     layers.MaxPool2D(2), layers.Flatten(), layers.Dense(256, activation="relu")]
        self.head = layers.Dense(10, activation="softmax")
    def call(self, x):
        for layer in self.body:
            x = layer(x)
        return self.head(x)
def convnet():
    model = ConvNet()
    model(np.zeros((1, 28, 28, 1), "float32"))  # now it knows the size of its input
    return model
""",
        ),
    ],
    "debug_numbers": [
        (
            "computed by Keras",
            """
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
start_loss = loss(np.array([0]), np.zeros((1, 10)))
floor = float(loss(np.array([0]), np.eye(10)[:1]))
""",
        ),
        ("rounded by hand", "start_loss = 2.303\nfloor = 1.461"),
        ("with the math module", "import math\nstart_loss = math.log(10)\nfloor = math.log(math.e + 9) - 1"),
    ],
    "diagnoses": [
        ("from a list", 'a, b, c, d = ["softmax twice", "labels shuffled", "healthy", "forgotten scaling"]'),
        ("with capitals", 'a, b, c, d = "Softmax twice", "Labels shuffled", "Healthy", "Forgotten scaling"'),
    ],
    "prepare": [
        (
            "shuffled indices, in a list",
            """
def prepare(images, labels, seed):
    order = np.arange(len(images))
    np.random.default_rng(seed).shuffle(order)
    ready = np.expand_dims(np.asarray(images, dtype="float32") / 255.0, axis=-1)
    return [ready[order], np.asarray(labels)[order]]
""",
        ),
        (
            "NumPy's old generator and pairs",
            """
def prepare(images, labels, seed):
    np.random.seed(seed)
    pairs = list(zip(images, labels))
    order = np.random.permutation(len(pairs))
    ready = np.array([pairs[i][0] / 255 for i in order], np.float32).reshape(*images.shape, 1)
    return ready, [int(pairs[i][1]) for i in order]
""",
        ),
        (
            "Python's generator and a tensor",
            """
def prepare(images, labels, seed):
    import random
    order = list(range(len(images)))
    random.Random(seed).shuffle(order)
    ready = keras.ops.cast(images[order], "float32")[..., None] / 255
    return ready, labels[order]
""",
        ),
        (
            "scikit-learn shuffles both",
            """
def prepare(images, labels, seed):
    from sklearn.utils import shuffle
    mixed, given = shuffle(images, labels, random_state=seed)
    return (mixed[:, :, :, np.newaxis] * (1 / 255)).astype(np.float32), given
""",
        ),
    ],
    "t_interval": [
        (
            "SciPy's own",
            """
def t_interval(values):
    return stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
""",
        ),
        (
            "Python's statistics, in a list",
            """
def t_interval(values):
    import statistics
    values = [float(v) for v in values]
    n, mean = len(values), statistics.fmean(values)
    margin = abs(stats.t.ppf(0.025, df=n - 1)) * statistics.stdev(values) / n**0.5
    return [mean - margin, mean + margin]
""",
        ),
        (
            "an array, by hand",
            """
def t_interval(values):
    values = np.asarray(values)
    n = values.size
    s = np.sqrt(((values - values.mean()) ** 2).sum() / (n - 1))
    return values.mean() + np.array([-1, 1]) * stats.t.isf(0.025, n - 1) * s / np.sqrt(n)
""",
        ),
    ],
    "error_interval": [
        ("SciPy's own", "def error_interval(errors, n):\n    return stats.binomtest(errors, n).proportion_ci(method='wilson')"),
        (
            "z as in the text, in a list",
            """
def error_interval(errors, n):
    z, p = 1.96, errors / n
    root = z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return [(p + z * z / (2 * n) + sign * root) / (1 + z * z / n) for sign in (-1, 1)]
""",
        ),
        (
            "as the roots of a quadratic equation",
            """
def error_interval(errors, n):
    z = stats.norm.ppf(0.975)
    return np.sort(np.roots([n + z**2, -(2 * errors + z**2), errors**2 / n]).real)
""",
        ),
    ],
    "widths": [
        (
            "counted up",
            """
def widest_mlp(budget):
    width = 0
    while 785 * (width + 1) + 10 * (width + 1) + 10 <= budget:
        width += 1
    return width
def widest_convnet(budget):
    return max(h for h in range(2000) if 832 + 18_496 + 1601 * h + 10 * (h + 1) <= budget)
""",
        ),
        (
            "searched with Keras",
            """
def search(build, budget):
    low, high = 1, 2
    while build(high).count_params() <= budget:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if build(middle).count_params() <= budget else (low, middle)
    return low
def widest_mlp(budget):
    return search(digits.mlp, budget)
def widest_convnet(budget):
    return search(digits.convnet, budget)
""",
        ),
        (
            "floor of a division",
            """
def widest_mlp(budget):
    return np.floor((budget - 10) / 795)
def widest_convnet(budget):
    return int((budget - 19_338) / 1611)
""",
        ),
    ],
    "permute": [
        (
            "take along the pixels",
            """
def permute(images, order):
    return np.take(images.reshape(len(images), -1), order, axis=1).reshape(images.shape)
""",
        ),
        (
            "pixel by pixel",
            """
def permute(images, order):
    n, height, width, _ = images.shape
    result = np.zeros_like(images)
    for k in range(height * width):
        result[:, k // width, k % width] = images[:, order[k] // width, order[k] % width]
    return result
""",
        ),
        (
            "a matrix of zeros and ones",
            """
def permute(images, order):
    matrix = np.eye(len(order), dtype=images.dtype)[order]
    return np.einsum("kp,np->nk", matrix, images.reshape(len(images), -1)).reshape(images.shape)
""",
        ),
        (
            "rows and columns of the order",
            """
def permute(images, order):
    rows, columns = np.unravel_index(np.asarray(order).reshape(images.shape[1:3]), images.shape[1:3])
    return images[:, rows, columns]
""",
        ),
    ],
    "shift": [
        (
            "slices",
            """
def shift(images, rows, columns):
    height, width = images.shape[1:3]
    moved = np.zeros_like(images)
    moved[:, max(rows, 0) : height + min(rows, 0), max(columns, 0) : width + min(columns, 0)] = images[
        :, max(-rows, 0) : height - max(rows, 0), max(-columns, 0) : width - max(columns, 0)]
    return moved
""",
        ),
        (
            "SciPy's",
            """
def shift(images, rows, columns):
    from scipy import ndimage
    return ndimage.shift(images, (0, rows, columns, 0), order=0, cval=0)
""",
        ),
        (
            "rolled, then cleared",
            """
def shift(images, rows, columns):
    moved = np.roll(images, (rows, columns), axis=(1, 2))
    if rows > 0: moved[:, :rows] = 0
    if rows < 0: moved[:, rows:] = 0
    if columns > 0: moved[:, :, :columns] = 0
    if columns < 0: moved[:, :, columns:] = 0
    return moved
""",
        ),
        (
            "pixel by pixel",
            """
def shift(images, rows, columns):
    n, height, width, _ = images.shape
    moved = np.zeros(images.shape)
    for i in range(height):
        for j in range(width):
            if 0 <= i - rows < height and 0 <= j - columns < width:
                moved[:, i, j] = images[:, i - rows, j - columns]
    return moved
""",
        ),
        (
            "with Keras layers",
            """
def shift(images, rows, columns):
    height, width = images.shape[1:3]
    padded = layers.ZeroPadding2D(((max(rows, 0), max(-rows, 0)), (max(columns, 0), max(-columns, 0))))(images)
    return padded[:, max(-rows, 0) : max(-rows, 0) + height, max(-columns, 0) : max(-columns, 0) + width]
""",
        ),
    ],
    "explain": [
        ("capitals", 'permuted_mlp, permuted_convnet, shifted = "B", "C", "A"'),
        ("from a word", "permuted_mlp, permuted_convnet, shifted = 'bca'"),
    ],
    "c3_parameters": [
        ("counted in the table", "c3_parameters = sum(25 * len(seen) + 1 for seen in digits.LENET_C3)"),
        ("connections and biases", "c3_parameters = np.float32(60 * 5 * 5 + 16)"),
    ],
    "lenet5": [
        (
            "padding by the first convolution, functional",
            """
def lenet5():
    image = keras.Input(shape=(28, 28, 1), name="image")
    c1 = layers.Conv2D(6, 5, padding="same", activation="tanh", name="C1")(image)
    c3 = layers.Conv2D(16, (5, 5), activation="tanh", name="C3")(layers.AveragePooling2D((2, 2))(c1))
    c5 = keras.ops.tanh(layers.Conv2D(120, 5, name="C5")(layers.AvgPool2D(2, strides=2)(c3)))
    f6 = layers.Activation("tanh")(layers.Dense(84)(layers.Flatten()(c5)))
    return keras.Model(inputs=image, outputs=layers.Dense(10, activation=keras.activations.softmax)(f6))
""",
        ),
        (
            "C5 as a dense layer",
            """
def lenet5():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.ZeroPadding2D(((2, 2), (2, 2))),
        layers.Conv2D(6, 5, activation="tanh"), layers.AveragePooling2D(2),
        layers.Conv2D(16, 5, activation="tanh"), layers.AveragePooling2D(2), layers.Flatten(),
        layers.Dense(120, activation="tanh"), layers.Dense(84, activation="tanh"), layers.Dense(10, activation="softmax")])
""",
        ),
        (
            "a loop, and an activation after the pooling's layer names",
            """
def lenet5():
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.ZeroPadding2D(padding=(2, 2))])
    for filters in (6, 16, 120):
        model.add(layers.Conv2D(filters, kernel_size=5))
        model.add(layers.Activation("tanh"))
        if filters < 120:
            model.add(layers.AvgPool2D(pool_size=(2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(84, activation="tanh"))
    model.add(layers.Dense(10))
    model.add(layers.Softmax())
    return model
""",
        ),
    ],
    "most_confident": [
        (
            "sorted in Python",
            """
def most_confident(probabilities, labels, count):
    missed = [i for i in range(len(labels)) if np.argmax(probabilities[i]) != labels[i]]
    missed.sort(key=lambda i: max(probabilities[i]), reverse=True)
    return missed[:count]
""",
        ),
        (
            "right answers pushed to the end",
            """
def most_confident(probabilities, labels, count):
    predicted, confidence = np.argmax(probabilities, 1), np.max(probabilities, 1)
    missed = predicted != labels
    order = np.argsort(np.where(missed, confidence, -1))[::-1]
    return order[: min(count, int(missed.sum()))]
""",
        ),
        (
            "pandas",
            """
def most_confident(probabilities, labels, count):
    import pandas as pd
    table = pd.DataFrame(np.asarray(probabilities))
    missed = table[table.idxmax(axis=1).to_numpy() != labels]
    return missed.max(axis=1).nlargest(count).index
""",
        ),
    ],
    "warmup_cosine": [
        (
            "Keras' own schedule",
            """
def warmup_cosine(step, steps, peak, warmup):
    if warmup == 0:
        return keras.optimizers.schedules.CosineDecay(peak, steps)(step)
    return keras.optimizers.schedules.CosineDecay(0.0, steps - warmup, warmup_target=peak, warmup_steps=warmup)(step)
""",
        ),
        (
            "the squared cosine of half the angle",
            """
def warmup_cosine(step, steps, peak, warmup):
    import math
    if step <= warmup and warmup > 0:
        return peak * (step / warmup)
    return peak * math.cos(math.pi / 2 * (step - warmup) / (steps - warmup)) ** 2
""",
        ),
        (
            "one expression",
            """
def warmup_cosine(step, steps, peak, warmup):
    rising = step / warmup if warmup else 1.0
    progress = max(0.0, (step - warmup) / (steps - warmup))
    return min(rising, 1.0) * peak * 0.5 * (1.0 + np.cos(np.pi * progress))
""",
        ),
    ],
}

MISTAKES = {
    "parameters": [
        ("numbers in quotes", 'mlp_counts = ["200960", "2570"]\nconvnet_counts = []\ndense_twin = 0', "without quotes"),
        (
            "a number too few",
            "mlp_counts = [200960, 2570]\nconvnet_counts = [832, 18496, 409856]\ndense_twin = 14469120",
            "has 3 elements; expected 4",
        ),
    ],
    "convnet": [
        (
            "without an input",
            """
def convnet():
    return keras.Sequential([
        layers.Conv2D(32, 5, activation="relu"), layers.MaxPool2D(2), layers.Conv2D(64, 3, activation="relu"), layers.MaxPool2D(2),
        layers.Flatten(), layers.Dense(256, activation="relu"), layers.Dense(10, activation="softmax"),
    ])
""",
            "does not know the size of its input",
        ),
        (
            "same padding",
            """
def convnet():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(32, 5, activation="relu", padding="same"), layers.MaxPool2D(2),
        layers.Conv2D(64, 3, activation="relu", padding="same"), layers.MaxPool2D(2), layers.Flatten(),
        layers.Dense(256, activation="relu"), layers.Dense(10, activation="softmax")])
""",
            "yours goes on with Conv2D(32, 5×5, same)",
        ),
        (
            "the second convolution without relu",
            """
def convnet():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(32, 5, activation="relu"), layers.MaxPool2D(2),
        layers.Conv2D(64, 3), layers.MaxPool2D(2), layers.Flatten(),
        layers.Dense(256, activation="relu"), layers.Dense(10, activation="softmax")])
""",
            "after Conv2D(64, 3×3): yours goes on with MaxPooling2D(2×2), expected is relu",
        ),
        (
            "no softmax",
            """
def convnet():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(32, 5, activation="relu"), layers.MaxPool2D(2),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPool2D(2), layers.Flatten(),
        layers.Dense(256, activation="relu"), layers.Dense(10)])
""",
            "needs the softmax",
        ),
        (
            "average pooling",
            """
def convnet():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(32, 5, activation="relu"), layers.AveragePooling2D(2),
        layers.Conv2D(64, 3, activation="relu"), layers.AveragePooling2D(2), layers.Flatten(),
        layers.Dense(256, activation="relu"), layers.Dense(10, activation="softmax")])
""",
            "yours goes on with AveragePooling2D(2×2), expected is MaxPooling2D(2×2)",
        ),
        (
            "a dropout that the table does not have",
            """
def convnet():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(32, 5, activation="relu"), layers.MaxPool2D(2),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPool2D(2), layers.Flatten(), layers.Dropout(0.5),
        layers.Dense(256, activation="relu"), layers.Dense(10, activation="softmax")])
""",
            "Dropout",
        ),
        (
            "no second pooling layer",
            """
def convnet():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(32, 5, activation="relu"), layers.MaxPool2D(2),
        layers.Conv2D(64, 3, activation="relu"), layers.Flatten(),
        layers.Dense(256, activation="relu"), layers.Dense(10, activation="softmax")])
""",
            "yours goes on with Flatten, expected is MaxPooling2D(2×2)",
        ),
        (
            "colour images",
            """
def convnet():
    return keras.Sequential([
        keras.Input((28, 28, 3)), layers.Conv2D(32, 5, activation="relu"), layers.MaxPool2D(2),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPool2D(2), layers.Flatten(),
        layers.Dense(256, activation="relu"), layers.Dense(10, activation="softmax")])
""",
            "takes inputs of shape (28, 28, 3); expected (28, 28, 1)",
        ),
        (
            "forgets to return",
            """
def convnet():
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)])
""",
            "returns None",
        ),
    ],
    "debug_numbers": [
        ("a formula in quotes", 'start_loss = "ln 10"\nfloor = 1.46', "without quotes"),
        ("another number", "start_loss = np.log(10)\nfloor = 1.7", "`floor` comes out as 1.7"),
    ],
    "diagnoses": [
        ("a word of their own", 'a, b, c, d = "softmax twice", "labels shuffled", "fine", "forgotten scaling"', "is none of"),
    ],
    "prepare": [
        (
            "each pixel shuffled by itself",
            """
def prepare(images, labels, seed):
    mixed = np.random.default_rng(seed).permuted(images, axis=0)
    return (mixed / 255).astype("float32")[..., None], np.random.default_rng(seed).permutation(labels)
""",
            "mixed",
        ),
        (
            "labels stay in the old order",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    return images[order][..., np.newaxis].astype("float32") / 255, labels
""",
            "no longer belong together",
        ),
        (
            "two orders",
            """
def prepare(images, labels, seed):
    rng = np.random.default_rng(seed)
    ready = images[rng.permutation(len(images))][..., np.newaxis].astype("float32") / 255
    return ready, labels[rng.permutation(len(images))]
""",
            "no longer belong together",
        ),
        (
            "shuffles the caller's array",
            """
def prepare(images, labels, seed):
    np.random.default_rng(seed).shuffle(images)
    np.random.default_rng(seed).shuffle(labels)
    return images[..., np.newaxis].astype("float32") / 255, labels
""",
            "changes an array that it was given",
        ),
        (
            "no scaling",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    return images[order][..., np.newaxis].astype("float32"), labels[order]
""",
            "scaling is missing",
        ),
        (
            "divided by the largest pixel at hand",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    return images[order][..., np.newaxis].astype("float32") / images.max(), labels[order]
""",
            "Divide every pixel by 255, whatever the images hold",
        ),
        (
            "stretched from 0 to 1",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    x = images[order][..., np.newaxis].astype("float32")
    return (x - x.min()) / (x.max() - x.min()), labels[order]
""",
            "Divide every pixel by 255, whatever the images hold",
        ),
        (
            "divided by 256",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    return images[order][..., np.newaxis].astype("float32") / 256, labels[order]
""",
            "255 comes out as 0.9961",
        ),
        (
            "scaled from -1 to 1",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    return images[order][..., np.newaxis].astype("float32") / 127.5 - 1, labels[order]
""",
            "0 as -1",
        ),
        (
            "greys lost by rounding",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    return (images[order][..., np.newaxis] // 255).astype("float32"), labels[order]
""",
            "greys are lost",
        ),
        (
            "the seed is not used",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng(0).permutation(len(images))
    return images[order][..., np.newaxis].astype("float32") / 255, labels[order]
""",
            "Different seeds give the same order",
        ),
        (
            "no seed at all",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng().permutation(len(images))
    return images[order][..., np.newaxis].astype("float32") / 255, labels[order]
""",
            "with the same seed, it gives two orders",
        ),
        (
            "drawn with replacement",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng(seed).integers(0, len(images), len(images))
    return images[order][..., np.newaxis].astype("float32") / 255, labels[order]
""",
            "Use each once",
        ),
        (
            "rolled by the seed",
            """
def prepare(images, labels, seed):
    order = np.roll(np.arange(len(images)), seed + 3)
    return images[order][..., np.newaxis].astype("float32") / 255, labels[order]
""",
            "Draw a random order",
        ),
        (
            "no channel axis",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    return images[order].astype("float32") / 255, labels[order]
""",
            "channel axis",
        ),
        (
            "64 bits",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    return images[order][..., np.newaxis] / 255, labels[order]
""",
            "expected float32",
        ),
        (
            "not shuffled",
            """
def prepare(images, labels, seed):
    return images[..., np.newaxis].astype("float32") / 255, labels
""",
            "still in the order they came in",
        ),
        (
            "only the images",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    return images[order][..., np.newaxis].astype("float32") / 255
""",
            "Return two things",
        ),
    ],
    "t_interval": [
        ("forgets to return", "def t_interval(values):\n    half = 1.96 * np.std(values)", "returns None"),
        ("the mean alone", "def t_interval(values):\n    return np.mean(values)", "that is the mean alone"),
    ],
    "error_interval": [
        (
            "Agresti and Coull's",
            """
def error_interval(errors, n):
    z = 1.96
    p = (errors + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(p * (1 - p) / (n + z**2))
    return p - half, p + half
""",
            "comes out as 0.0209",
        ),
    ],
    "widths": [
        (
            "the whole network's parameters",
            "def widest_mlp(budget):\n    return 256\ndef widest_convnet(budget):\n    return 256",
            "comes out as 256",
        ),
    ],
    "permute": [
        (
            "spoils the caller's array",
            """
def permute(images, order):
    images[...] = images.reshape(len(images), -1)[:, order].reshape(images.shape)
    return images
""",
            "changes an array that it was given",
        ),
        (
            "one order an image",
            """
def permute(images, order):
    rng = np.random.default_rng(0)
    return np.stack([rng.permutation(image.ravel()).reshape(image.shape) for image in images])
""",
            "for images of shape (3, 3, 4, 1)",
        ),
    ],
    "shift": [
        (
            "the caller's own array where nothing moves",
            """
def shift(images, rows, columns):
    return images if rows == columns == 0 else digits.shift(images, rows, columns)
""",
            "the caller's own array",
        ),
        (
            "positive shifts only",
            """
def shift(images, rows, columns):
    moved = np.zeros_like(images)
    moved[:, rows:, columns:] = images[:, : images.shape[1] - rows, : images.shape[2] - columns]
    return moved
""",
            "fit for positive shifts only",
        ),
        (
            "nothing left where the shift is zero",
            """
def shift(images, rows, columns):
    moved = np.zeros_like(images)
    moved[:, rows:, columns:] = images[:, :-rows, :-columns]
    return moved
""",
            "fit for positive shifts only",
        ),
        (
            "spoils the caller's array",
            """
def shift(images, rows, columns):
    images[:] = np.roll(images, (rows, columns), axis=(1, 2))
    return images
""",
            "changes an array that it was given",
        ),
    ],
    "explain": [("a letter that is none", 'permuted_mlp, permuted_convnet, shifted = "b", "c", "d"', "is none of")],
    "c3_parameters": [("a list", "c3_parameters = [456, 909, 151]", "should be one number")],
    "lenet5": [
        (
            "no padding",
            """
def lenet5():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(6, 5, activation="tanh"), layers.AveragePooling2D(2),
        layers.Conv2D(16, 5, activation="tanh"), layers.AveragePooling2D(2), layers.Flatten(),
        layers.Dense(120, activation="tanh"), layers.Dense(84, activation="tanh"), layers.Dense(10, activation="softmax")])
""",
            "ZeroPadding2D",
        ),
        (
            "maximum pooling",
            """
def lenet5():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.ZeroPadding2D(2), layers.Conv2D(6, 5, activation="tanh"), layers.MaxPool2D(2),
        layers.Conv2D(16, 5, activation="tanh"), layers.MaxPool2D(2), layers.Conv2D(120, 5, activation="tanh"),
        layers.Flatten(), layers.Dense(84, activation="tanh"), layers.Dense(10, activation="softmax")])
""",
            "yours goes on with MaxPooling2D(2×2), expected is AveragePooling2D(2×2)",
        ),
        (
            "relu",
            """
def lenet5():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.ZeroPadding2D(2), layers.Conv2D(6, 5, activation="relu"), layers.AveragePooling2D(2),
        layers.Conv2D(16, 5, activation="relu"), layers.AveragePooling2D(2), layers.Conv2D(120, 5, activation="relu"),
        layers.Flatten(), layers.Dense(84, activation="relu"), layers.Dense(10, activation="softmax")])
""",
            "yours goes on with relu, expected is tanh",
        ),
        (
            "an input of 32×32",
            """
def lenet5():
    return keras.Sequential([
        keras.Input((32, 32, 1)), layers.Conv2D(6, 5, activation="tanh"), layers.AveragePooling2D(2),
        layers.Conv2D(16, 5, activation="tanh"), layers.AveragePooling2D(2), layers.Conv2D(120, 5, activation="tanh"),
        layers.Flatten(), layers.Dense(84, activation="tanh"), layers.Dense(10, activation="softmax")])
""",
            "takes inputs of shape (32, 32, 1); expected (28, 28, 1)",
        ),
    ],
    "most_confident": [
        (
            "a mask",
            """
def most_confident(probabilities, labels, count):
    return probabilities.argmax(axis=1) != labels
""",
            "whether it is a mistake",
        ),
    ],
    "warmup_cosine": [
        (
            "a number for the warm-up only",
            """
def warmup_cosine(step, steps, peak, warmup):
    if step < warmup:
        return peak * step / warmup
""",
            "returns None",
        ),
    ],
}

# Mutants of the solution that no check can notice, each with its reason: (exercise, description) → reason
EQUIVALENT = {}
