"""Wrong answers that real students give in lab 05, and a part of the message each must get."""

SOFT, LOSS = "hard * (1 - smoothing) + smoothing / classes", "-(t * np.log(t)).sum()"


def _smoothing(targets, loss):
    """An answer to "smoothing" that returns these two expressions."""
    return f"""
def soft_targets(labels, classes, smoothing):
    hard = np.eye(classes, dtype="float32")[labels]
    return {targets}
def lowest_loss(classes, smoothing):
    t = np.full(classes, smoothing / classes)
    t[0] += 1 - smoothing
    return {loss}
"""


MISTAKES = {
    "scale": [
        (
            "from 0 to 1",
            """
def scale(images):
    return (images / 255).astype("float32")
""",
            "from 0 to 1",
        ),
        (
            "nothing done",
            """
def scale(images):
    return images.astype("float32")
""",
            "still runs from 0 to 255",
        ),
        (
            "not moved",
            """
def scale(images):
    return (images / 127.5).astype("float32")
""",
            "from 0 to 2",
        ),
        (
            "uint8 wraps around",
            """
def scale(images):
    return (images * 2 / 255 - 1).astype("float32")
""",
            "wrap around",
        ),
        (
            "whole-number division",
            """
def scale(images):
    return (images // 127.5 - 1).astype("float32")
""",
            "use `/`",
        ),
        (
            "float64",
            """
def scale(images):
    return images / 127.5 - 1
""",
            "float64",
        ),
    ],
    "split": [
        (
            "not by class",
            """
def split(labels, test_fraction, seed):
    order = np.random.default_rng(seed).permutation(len(labels))
    n = round(test_fraction * len(labels))
    return order[n:], order[:n]
""",
            "of the four classes",
        ),
        (
            "not shuffled",
            """
def split(labels, test_fraction, seed):
    train, test = [], []
    for c in np.unique(labels):
        members = np.flatnonzero(labels == c)
        n = round(test_fraction * len(members))
        test.extend(members[:n])
        train.extend(members[n:])
    return np.array(train), np.array(test)
""",
            "Shuffle each class",
        ),
        (
            "seed ignored",
            """
def split(labels, test_fraction, seed):
    train, test = [], []
    for c in np.unique(labels):
        members = np.random.permutation(np.flatnonzero(labels == c))
        n = round(test_fraction * len(members))
        test.extend(members[:n])
        train.extend(members[n:])
    return np.array(train), np.array(test)
""",
            "same seed gives another split",
        ),
        (
            "exchanged",
            """
def split(labels, test_fraction, seed):
    rng = np.random.default_rng(seed)
    train, test = [], []
    for c in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == c))
        n = round(test_fraction * len(members))
        train.extend(members[:n])
        test.extend(members[n:])
    return np.array(train), np.array(test)
""",
            "exchanged",
        ),
        (
            "test photos stay in the training set",
            """
def split(labels, test_fraction, seed):
    rng = np.random.default_rng(seed)
    test = []
    for c in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == c))
        test.extend(members[:round(test_fraction * len(members))])
    return np.arange(len(labels)), np.array(test)
""",
            "in both parts",
        ),
    ],
    "in_batches": [
        (
            "the last batch is lost",
            """
def in_batches(model, images, batch=32):
    parts = [model(images[i * batch:(i + 1) * batch]) for i in range(len(images) // batch)]
    return np.concatenate(parts or [model(images)]).astype("float16")
""",
            "may be smaller",
        ),
        (
            "everything at once",
            """
def in_batches(model, images, batch=32):
    return model(images).astype("float16")
""",
            "at once",
        ),
        (
            "one by one",
            """
def in_batches(model, images, batch=32):
    return np.concatenate([model(images[i:i + 1]) for i in range(len(images))]).astype("float16")
""",
            "whole batches",
        ),
        (
            "float32",
            """
def in_batches(model, images, batch=32):
    return np.concatenate([model(images[i:i + batch]) for i in range(0, len(images), batch)])
""",
            "float16",
        ),
    ],
    "head_parameters": [
        ("no biases", "pooled, flattened = 2048 * 5, 25 * 2048 * 5", "forgot the biases"),
        ("one side of the map", "pooled, flattened = 2048 * 5 + 5, 5 * 2048 * 5 + 5", "5 rows and 5 columns"),
    ],
    "speedup": [
        (
            "upside down",
            """
def speedup(below, epochs):
    above = epochs * 3 * (1 - below)
    return (below + above) / (epochs * below + above)
""",
            "other way round",
        ),
        (
            "everything trained before",
            """
def speedup(below, epochs):
    return 3 * epochs / (below + epochs * 3 * (1 - below))
""",
            "forward only",
        ),
        (
            "training as cheap as predicting",
            """
def speedup(below, epochs):
    return epochs / (below + epochs * (1 - below))
""",
            "three forward passes",
        ),
        (
            "the first pass forgotten",
            """
def speedup(below, epochs):
    above = epochs * 3 * (1 - below)
    return (epochs * below + above) / above
""",
            "not free",
        ),
    ],
    "cut": [
        (
            "cut above the layer",
            """
def cut(model, layer):
    joint = model.get_layer(layer).output
    return keras.Model(model.input, joint), keras.Model(joint, model.output)
""",
            "The named layer is in the lower half",
        ),
        (
            "order exchanged",
            """
def cut(model, layer):
    joint = model.get_layer(layer).input
    return keras.Model(joint, model.output), keras.Model(model.input, joint)
""",
            "lower half",
        ),
        (
            "layers sliced",
            """
def cut(model, layer):
    names = [each.name for each in model.layers]
    k = names.index(layer)
    lower = keras.Sequential(model.layers[:k])
    upper = keras.Sequential([each for each in model.layers[k:] if not isinstance(each, keras.layers.Add)])
    return lower, upper
""",
            "Is the shortcut lost",
        ),
    ],
    "unfreeze": [
        (
            "BatchNormalization too",
            """
def unfreeze(base, first):
    base.trainable = True
    reached = False
    for layer in base.layers:
        reached = reached or layer.name == first
        layer.trainable = reached
    return base
""",
            "A BatchNormalization layer is trainable",
        ),
        (
            "the base stays frozen",
            """
def unfreeze(base, first):
    names = [layer.name for layer in base.layers]
    for layer in base.layers[names.index(first):]:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    return base
""",
            "Nothing is trainable",
        ),
        (
            "the wrong side",
            """
def unfreeze(base, first):
    base.trainable = True
    reached = False
    for layer in base.layers:
        reached = reached or layer.name == first
        layer.trainable = not reached and not isinstance(layer, keras.layers.BatchNormalization)
    return base
""",
            "other way round",
        ),
        (
            "everything",
            """
def unfreeze(base, first):
    base.trainable = True
    for layer in base.layers:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    return base
""",
            "should stay frozen",
        ),
    ],
    "smoothing": [
        ("float64", _smoothing("np.float64(hard * (1 - smoothing) + smoothing / classes)", LOSS), "Training runs in float32"),
        ("hard labels", _smoothing("hard", LOSS), "`smoothing` does nothing"),
        (
            "only the others",
            _smoothing("np.where(hard, 1 - smoothing, smoothing / (classes - 1))", LOSS),
            "the true one included",
        ),
        ("nothing given away", _smoothing("hard + smoothing / classes", LOSS), "add up to more than 1"),
        ("gone", _smoothing("hard * (1 - smoothing)", LOSS), "add up to less than 1"),
        ("not divided", _smoothing("hard * (1 - smoothing) + smoothing", LOSS), "Divide it among them"),
        ("loss 0", _smoothing(SOFT, "0.0"), "Only hard targets"),
        ("no minus", _smoothing(SOFT, "(t * np.log(t)).sum()"), "lost the minus sign"),
        ("true class only", _smoothing(SOFT, "-np.log(t[0])"), "weight of 1"),
        ("one term", _smoothing(SOFT, "-t[0] * np.log(t[0])"), "missing from the sum"),
        ("mean", _smoothing(SOFT, "-(t * np.log(t)).mean()"), "not the mean"),
        ("bits", _smoothing(SOFT, "-(t * np.log2(t)).sum()"), "natural logarithm"),
    ],
    "drift": [
        ("what is left", "def drift(momentum, updates):\n    return momentum**updates", "still missing"),
        ("equal steps", "def drift(momentum, updates):\n    return updates * (1 - momentum)", "steps get smaller"),
    ],
    "noise": [
        (
            "variance",
            """
def standard_error(p, n):
    return p * (1 - p) / n
def photos_needed(p, gap):
    return math.ceil(4 * p * (1 - p) / gap**2)
""",
            "variance",
        ),
        (
            "n outside the root",
            """
def standard_error(p, n):
    return math.sqrt(p * (1 - p)) / n
def photos_needed(p, gap):
    return math.ceil(4 * p * (1 - p) / gap**2)
""",
            "before the square root",
        ),
        (
            "one standard error",
            """
def standard_error(p, n):
    return math.sqrt(p * (1 - p) / n)
def photos_needed(p, gap):
    return math.ceil(p * (1 - p) / gap**2)
""",
            "Two of them",
        ),
        (
            "rounded down",
            """
def standard_error(p, n):
    return math.sqrt(p * (1 - p) / n)
def photos_needed(p, gap):
    return int(4 * p * (1 - p) / gap**2)
""",
            "round up",
        ),
    ],
    "shuffled": [
        ("nothing to learn", 'prediction = "a"', "learn by heart"),
        ("the features know", 'prediction = "c"', "those are random"),
        ("all right", 'prediction = "d"', "The test photos are others"),
    ],
    "confusion": [
        (
            "transposed",
            """
def confusion(labels, guesses, classes):
    table = np.zeros((classes, classes), int)
    np.add.at(table, (guesses, labels), 1)
    return table
""",
            "exchanged",
        ),
        (
            "each pair once",
            """
def confusion(labels, guesses, classes):
    table = np.zeros((classes, classes), int)
    table[labels, guesses] += 1
    return table
""",
            "counted once",
        ),
        (
            "only classes that occur",
            """
def confusion(labels, guesses, classes):
    from sklearn.metrics import confusion_matrix
    return confusion_matrix(labels, guesses)
""",
            "expected (5, 5)",
        ),
    ],
    "worst": [
        (
            "best first",
            """
def worst(probabilities, labels, k):
    own = probabilities[np.arange(len(labels)), labels]
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-own[wrong])][:k]
""",
            "mildest",
        ),
        (
            "surest first",
            """
def worst(probabilities, labels, k):
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1))][:k]
""",
            "what the true label got",
        ),
        (
            "right ones too",
            """
def worst(probabilities, labels, k):
    return np.argsort(probabilities[np.arange(len(labels)), labels])[:k]
""",
            "no mistake",
        ),
        (
            "places among the wrong ones",
            """
def worst(probabilities, labels, k):
    own = probabilities[np.arange(len(labels)), labels]
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return np.argsort(own[wrong])[:k]
""",
            "no mistake",
        ),
    ],
    "devices": [
        ("batch divided", "global_batch, steps, rate = 4, 11, 2.4e-3", "each device gets 32"),
        ("steps of one device", "global_batch, steps, rate = 256, 86, 2.4e-3", "eight are done in one step"),
        ("a smaller rate", "global_batch, steps, rate = 256, 11, 3e-4 / 8", "larger, not smaller"),
    ],
}

# Mutants of the solution that no check can notice, each with its reason: (exercise, mutated line as printed by the run) -> reason
EQUIVALENT = {
    ("smoothing", "0 + 1: target = soft_targets([0], classes, smoothing)[0]"): "Whichever class is true, the loss is the same.",
    ("devices", "2752 + 1: steps = math.ceil(2752 / global_batch)"): "One photo more needs the same number of steps.",
}
