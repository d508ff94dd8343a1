"""Wrong answers that real students give in lab 02, and a part of the message each must get."""

MISTAKES = {
    "parameters": [
        (
            "no biases",
            """
mlp_counts = [784 * 256, 256 * 10]
convnet_counts = [832, 18496, 409856, 2570]
dense_twin = 785 * 24 * 24 * 32
""",
            "lacks its biases",
        ),
        (
            "a filter reaches through one channel only",
            """
mlp_counts = [200960, 2570]
convnet_counts = [832, 3 * 3 * 64 + 64, 409856, 2570]
dense_twin = 785 * 24 * 24 * 32
""",
            "all 32 channels",
        ),
        (
            "as if padding were 'same'",
            """
mlp_counts = [200960, 2570]
convnet_counts = [832, 18496, 7 * 7 * 64 * 256 + 256, 2570]
dense_twin = 785 * 24 * 24 * 32
""",
            "Without padding",
        ),
        (
            "counts for layers that have none",
            """
mlp_counts = [0, 200960, 2570]
convnet_counts = [832, 18496, 409856, 2570]
dense_twin = 785 * 24 * 24 * 32
""",
            "have no parameters",
        ),
        (
            "a twin with 32 outputs",
            """
mlp_counts = [200960, 2570]
convnet_counts = [832, 18496, 409856, 2570]
dense_twin = 785 * 32
""",
            "makes 32 numbers",
        ),
        (
            "one total instead of a list",
            """
mlp_counts = 203530
convnet_counts = 431754
dense_twin = 785 * 24 * 24 * 32
""",
            "is a list of 2 numbers",
        ),
    ],
    "convnet": [
        (
            "same padding",
            """
def convnet():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(32, 5, activation="relu", padding="same"), layers.MaxPool2D(2),
        layers.Conv2D(64, 3, activation="relu", padding="same"), layers.MaxPool2D(2), layers.Flatten(),
        layers.Dense(256, activation="relu"), layers.Dense(10, activation="softmax")])
""",
            "Layer 1 is where it differs",
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
            "has the activation 'linear'",
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
            "no input size",
            """
def convnet():
    return keras.Sequential([layers.Conv2D(32, 5, activation="relu"), layers.MaxPool2D(2), layers.Flatten(), layers.Dense(10)])
""",
            "does not know the size of its input",
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
            "Layer 4 is where it differs",
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
        ("the probability instead of the loss", "start_loss = 0.1\nfloor = np.log(1 + 9 / np.e)", "The loss is −ln of it"),
        ("the logarithm of base 10", "start_loss = -np.log10(0.1)\nfloor = np.log(1 + 9 / np.e)", "natural logarithm"),
        ("a floor of zero", "start_loss = np.log(10)\nfloor = 0", "only numbers between 0 and 1"),
        ("ten other classes", "start_loss = np.log(10)\nfloor = -np.log(np.e / (np.e + 10))", "nine other classes"),
    ],
    "diagnoses": [
        (
            "shuffled and healthy exchanged",
            'a, b, c, d = "softmax twice", "healthy", "labels shuffled", "forgotten scaling"',
            "no better than guessing",
        ),
        (
            "the floor taken for a slow learner",
            'a, b, c, d = "forgotten scaling", "labels shuffled", "healthy", "softmax twice"',
            "stops at the floor",
        ),
        ("a word of their own", 'a, b, c, d = "softmax twice", "labels shuffled", "fine", "forgotten scaling"', "is none of"),
    ],
    "prepare": [
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
            "greys lost by rounding",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    return (images[order][..., np.newaxis] // 255).astype("float32"), labels[order]
""",
            "rounding lose the greys",
        ),
        (
            "the seed is not used",
            """
def prepare(images, labels, seed):
    order = np.random.default_rng(0).permutation(len(images))
    return images[order][..., np.newaxis].astype("float32") / 255, labels[order]
""",
            "Seeds 0 and 1 give the same order",
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
            "computes with float32",
        ),
        (
            "not mixed",
            """
def prepare(images, labels, seed):
    return images[..., np.newaxis].astype("float32") / 255, labels
""",
            "still in the order they came in",
        ),
    ],
    "t_interval": [
        (
            "the normal distribution's 1.96",
            """
def t_interval(values):
    half = 1.96 * np.std(values, ddof=1) / np.sqrt(len(values))
    return np.mean(values) - half, np.mean(values) + half
""",
            "take Student's t",
        ),
        (
            "the default standard deviation",
            """
def t_interval(values):
    n = len(values)
    half = stats.t.ppf(0.975, n - 1) * np.std(values) / np.sqrt(n)
    return np.mean(values) - half, np.mean(values) + half
""",
            "ddof=1",
        ),
        (
            "the spread of single runs",
            """
def t_interval(values):
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1)
    return np.mean(values) - half, np.mean(values) + half
""",
            "divide by √n",
        ),
        (
            "one-sided",
            """
def t_interval(values):
    n = len(values)
    half = stats.t.ppf(0.95, n - 1) * np.std(values, ddof=1) / np.sqrt(n)
    return np.mean(values) - half, np.mean(values) + half
""",
            "interval of 90 %",
        ),
    ],
    "error_interval": [
        (
            "the textbook's formula",
            """
def error_interval(errors, n):
    p = errors / n
    half = 1.96 * np.sqrt(p * (1 - p) / n)
    return p - half, p + half
""",
            "Take Wilson's",
        ),
        (
            "in percent",
            """
def error_interval(errors, n):
    low, high = stats.binomtest(errors, n).proportion_ci(method="wilson")
    return 100 * low, 100 * high
""",
            "fractions between 0 and 1",
        ),
        (
            "without the division",
            """
def error_interval(errors, n):
    p, z = errors / n, 1.96
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return p + z**2 / (2 * n) - half, p + z**2 / (2 * n) + half
""",
            "division by 1 + z²/n is missing",
        ),
        (
            "of the accuracy",
            """
def error_interval(errors, n):
    return stats.binomtest(n - errors, n).proportion_ci(method="wilson")
""",
            "interval of the accuracy",
        ),
    ],
    "widths": [
        (
            "not rounded",
            """
def widest_mlp(budget):
    return (budget - 10) / 795
def widest_convnet(budget):
    return (budget - 19_338) / 1_611
""",
            "Round down",
        ),
        (
            "rounded to the nearest",
            """
def widest_mlp(budget):
    return round((budget - 10) / 795)
def widest_convnet(budget):
    return round((budget - 19_338) / 1_611)
""",
            "one unit too many",
        ),
        (
            "the output layer forgotten",
            """
def widest_mlp(budget):
    return budget // 785
def widest_convnet(budget):
    return (budget - 19_328) // 1_601
""",
            "10 weights to the output layer",
        ),
        (
            "the convolutions forgotten",
            """
def widest_mlp(budget):
    return (budget - 10) // 795
def widest_convnet(budget):
    return (budget - 10) // 1_611
""",
            "the convolutions have parameters too",
        ),
    ],
    "permute": [
        (
            "the inverse order",
            """
def permute(images, order):
    flat = images.reshape(len(images), -1)
    result = np.empty_like(flat)
    result[:, order] = flat
    return result.reshape(images.shape)
""",
            "the other way round",
        ),
        (
            "stays flat",
            """
def permute(images, order):
    return images.reshape(len(images), -1)[:, order]
""",
            "The shape is still flat",
        ),
        (
            "mixes the images, not the pixels",
            """
def permute(images, order):
    return images[order]
""",
            "stops with IndexError",
        ),
        (
            "spoils the caller's array",
            """
def permute(images, order):
    images[...] = images.reshape(len(images), -1)[:, order].reshape(images.shape)
    return images
""",
            "changes an array that it was given",
        ),
    ],
    "shift": [
        (
            "around the edge",
            """
def shift(images, rows, columns):
    return np.roll(images, (rows, columns), axis=(1, 2))
""",
            "comes back on the other",
        ),
        (
            "the wrong way",
            """
def shift(images, rows, columns):
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (abs(rows), abs(rows)), (abs(columns), abs(columns)), (0, 0)))
    top, left = abs(rows) + rows, abs(columns) + columns
    return padded[:, top : top + height, left : left + width]
""",
            "wrong way",
        ),
        (
            "rows and columns exchanged",
            """
def shift(images, rows, columns):
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (9, 9), (9, 9), (0, 0)))
    return padded[:, 9 - columns : 9 - columns + height, 9 - rows : 9 - rows + width]
""",
            "exchanged",
        ),
        (
            "larger pictures",
            """
def shift(images, rows, columns):
    return np.pad(images, ((0, 0), (abs(rows), 0), (abs(columns), 0), (0, 0)))
""",
            "The shape is",
        ),
        (
            "positive shifts only",
            """
def shift(images, rows, columns):
    moved = np.zeros_like(images)
    moved[:, rows:, columns:] = images[:, : images.shape[1] - rows, : images.shape[2] - columns]
    return moved
""",
            "could not broadcast",
        ),
    ],
    "explain": [
        ("invariance", 'permuted_mlp, permuted_convnet, shifted = "b", "c", "b"', "that is equivariance"),
        ("ink", 'permuted_mlp, permuted_convnet, shifted = "b", "c", "c"', "Look at the ink"),
        ("size again", 'permuted_mlp, permuted_convnet, shifted = "b", "b", "a"', "as many parameters as before"),
        ("undone", 'permuted_mlp, permuted_convnet, shifted = "a", "c", "a"', "undoes nothing"),
    ],
    "c3_parameters": [
        ("all maps see all", "c3_parameters = 16 * (6 * 25 + 1)", "every map looking at all six"),
        ("no biases", "c3_parameters = 6 * 75 + 9 * 100 + 150", "biases are missing"),
        ("connections only", "c3_parameters = 6 * 3 + 9 * 4 + 6", "number of connections"),
    ],
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
            "Layer 1 is where it differs",
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
            "in your model MaxPool2D",
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
            "has the activation 'relu'; expected 'tanh'",
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
            "the digits are (28, 28, 1)",
        ),
    ],
    "most_confident": [
        (
            "least confident first",
            """
def most_confident(probabilities, labels, count):
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(probabilities[wrong].max(axis=1))][:count]
""",
            "Sort the other way",
        ),
        (
            "places among the mistakes",
            """
def most_confident(probabilities, labels, count):
    wrong = probabilities.argmax(axis=1) != labels
    return np.argsort(-probabilities[wrong].max(axis=1))[:count]
""",
            "places in the list of mistakes",
        ),
        (
            "right ones among them",
            """
def most_confident(probabilities, labels, count):
    return np.argsort(-probabilities.max(axis=1))[:count]
""",
            "right ones among them",
        ),
        (
            "by the true class",
            """
def most_confident(probabilities, labels, count):
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(probabilities[wrong, labels[wrong]])][:count]
""",
            "probability of the true class",
        ),
        (
            "all of them",
            """
def most_confident(probabilities, labels, count):
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1))]
""",
            "These are all mistakes",
        ),
        (
            "not sorted",
            """
def most_confident(probabilities, labels, count):
    return np.flatnonzero(probabilities.argmax(axis=1) != labels)[:count]
""",
            "first mistakes in the test set",
        ),
    ],
    "warmup_cosine": [
        (
            "no warm-up",
            """
def warmup_cosine(step, steps, peak, warmup):
    return peak * (1 + np.cos(np.pi * step / steps)) / 2
""",
            "The warm-up is missing",
        ),
        (
            "the cosine counts from step 0",
            """
def warmup_cosine(step, steps, peak, warmup):
    if step < warmup:
        return peak * step / warmup
    return peak * (1 + np.cos(np.pi * step / steps)) / 2
""",
            "must begin anew",
        ),
        (
            "not halved",
            """
def warmup_cosine(step, steps, peak, warmup):
    if step < warmup:
        return peak * step / warmup
    return peak * (1 + np.cos(np.pi * (step - warmup) / (steps - warmup)))
""",
            "twice the peak",
        ),
        (
            "a straight line down",
            """
def warmup_cosine(step, steps, peak, warmup):
    if step < warmup:
        return peak * step / warmup
    return peak * (1 - (step - warmup) / (steps - warmup))
""",
            "straight line",
        ),
        (
            "no warm-up means a division by zero",
            """
def warmup_cosine(step, steps, peak, warmup):
    rising = peak * step / warmup
    return min(rising, peak * (1 + np.cos(np.pi * (step - warmup) / (steps - warmup))) / 2)
""",
            "ZeroDivisionError",
        ),
    ],
}

# Mutants of the solution that no check can notice, each with its reason: (exercise, description) → reason
EQUIVALENT = {}
