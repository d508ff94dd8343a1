"""Answers to Lab 05's exercises; see tests/mistakes/__init__.py."""

_BY_CLASS = """
def split(labels, test_fraction, seed):
    {start}
    train, test = [], []
    for c in np.unique(labels):
        members = {members}
        n = {count}
        test.extend({test})
        train.extend({train})
    return {result}
"""


def _split(
    start="generator = np.random.RandomState(seed)",
    members="generator.permutation(np.flatnonzero(labels == c))",
    count="round(test_fraction * len(members))",
    test="members[:n]",
    train="members[n:]",
    result="np.array(train), np.array(test)",
):
    """An answer to "split" with these parts in the place of the official ones."""
    parts = {"start": start, "members": members, "count": count, "test": test, "train": train, "result": result}
    return _BY_CLASS.format(**parts)


def _unfreeze(condition, *, first_line="base.trainable = True", result="base"):
    """An answer to "unfreeze" with this condition for a trainable layer, given its place `i` and that of `first`, `k`."""
    return f"""
def unfreeze(base, first):
    {first_line}
    k = [layer.name for layer in base.layers].index(first)
    for i, layer in enumerate(base.layers):
        layer.trainable = {condition}
    return {result}
"""


OTHERS = {
    "scale": [
        ("by the two ends", "def scale(x):\n    return np.interp(x, [0, 255], [-1, 1]).astype(np.float32)\n"),
        ("float32 first", "def scale(images):\n    return np.float32(images) * np.float32(2 / 255) - 1\n"),
        ("a Rescaling layer", "def scale(images):\n    return keras.layers.Rescaling(1 / 127.5, offset=-1)(images)\n"),
        (
            "Keras' own",
            "def scale(images):\n    return keras.applications.xception.preprocess_input(images.astype('float32'))\n",
        ),
    ],
    "split": [
        (
            "random keys, ranked within each class",
            """
def split(labels, test_fraction, seed):
    rng = np.random.default_rng(seed)
    keys = rng.random(len(labels))
    rank = np.empty(len(labels), int)
    test = np.zeros(len(labels), bool)
    for c in np.unique(labels):
        ids = np.flatnonzero(labels == c)
        ids = ids[np.argsort(keys[ids])]
        test[ids[: round(test_fraction * len(ids))]] = True
    return np.flatnonzero(~test), np.flatnonzero(test)
""",
        ),
        (
            "Python's own generator",
            """
def split(labels, test_fraction, seed):
    import random
    rng = random.Random(seed)
    groups = {}
    for i, l in enumerate(labels):
        groups.setdefault(int(l), []).append(i)
    train, test = [], []
    for c in groups:
        rng.shuffle(groups[c])
        n = round(test_fraction * len(groups[c]))
        test += groups[c][:n]
        train += groups[c][n:]
    return train, test
""",
        ),
        ("default_rng", _split(start="generator = np.random.default_rng(seed)")),
        ("lists", _split(result="train, test")),
        (
            "Python's generator",
            _split("r = __import__('random').Random(seed)", "r.sample(list(np.where(labels == c)[0]), sum(labels == c))"),
        ),
        (
            "shuffled once, then by class",
            """
def split(labels, test_fraction, seed):
    order = np.random.default_rng(seed).permutation(len(labels))
    rank, seen = np.empty(len(labels)), {}
    for i in order:
        rank[i] = seen.get(labels[i], 0)
        seen[labels[i]] = rank[i] + 1
    held_out = rank < np.array([round(test_fraction * seen[c]) for c in labels])
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
""",
        ),
        (
            "drawn with choice",
            _split(
                count="generator.choice(members, round(test_fraction * len(members)), replace=False)",
                test="n",
                train="np.setdiff1d(members, n)",
            ),
        ),
    ],
    "in_batches": [
        (
            "tf.data",
            """
def in_batches(model, images, batch=32):
    import tensorflow as tf
    parts = [model(x) for x in tf.data.Dataset.from_tensor_slices(images).batch(batch)]
    return tf.cast(tf.concat(parts, 0), tf.float16)
""",
        ),
        (
            "row by row",
            """
def in_batches(model, images, batch=32):
    rows = []
    for k in range(math.ceil(len(images) / batch)):
        rows.extend(np.asarray(model(images[k * batch:(k + 1) * batch], training=False)))
    return np.array(rows, dtype="float16")
""",
        ),
        (
            "NumPy, in inference mode",
            """
def in_batches(model, images, batch=32):
    found = [model(images[i:i + batch], training=False).numpy() for i in range(0, len(images), batch)]
    return np.vstack(found).astype(np.float16)
""",
        ),
        (
            "predict_on_batch into an array",
            """
def in_batches(model, images, batch=32):
    found = np.empty((len(images), *model.output_shape[1:]), "float16")
    start = 0
    while start < len(images):
        found[start:start + batch] = model.predict_on_batch(images[start:start + batch])
        start += batch
    return found
""",
        ),
        (
            "predict",
            """
def in_batches(model, images, batch=32):
    return model.predict(images, batch_size=batch, verbose=0).astype("float16")
""",
        ),
        (
            "TensorFlow",
            """
import tensorflow as tf
def in_batches(model, images, batch=32):
    parts = [tf.cast(model(part), tf.float16) for part in tf.data.Dataset.from_tensor_slices(images).batch(batch)]
    return tf.concat(parts, axis=0)
""",
        ),
    ],
    "head_parameters": [
        (
            "counted by Keras",
            "pooled = keras.Sequential([keras.Input((2048,)), keras.layers.Dense(5)]).count_params()\nflattened = 51200 * 5 + 5\n",
        ),
        ("a product of NumPy", "pooled, flattened = np.prod([2049, 5]), np.prod([5, 5, 2048, 5]) + 5\n"),
    ],
    "speedup": [
        (
            "a loop over the epochs",
            """
def speedup(below, epochs):
    old, new = 0, below
    for _ in range(epochs):
        old += below + 3 * (1 - below)
        new += 3 - 3 * below
    return old / new
""",
        ),
        ("in one line", "def speedup(b, e):\n    return np.float32(e * (3 - 2 * b)) / np.float32(b + 3 * e * (1 - b))\n"),
    ],
    "cut": [
        (
            "by the output of the layer that feeds it",
            """
def cut(model, layer):
    tensor = model.get_layer(layer).input
    lower = keras.Model(inputs=model.inputs, outputs=tensor, name="lower")
    return [lower, keras.models.Model(inputs=[tensor], outputs=model.outputs[0])]
""",
        ),
        (
            "a copy of the upper half",
            """
def cut(model, layer):
    entrance = model.get_layer(layer).input
    upper = keras.Model(entrance, model.output)
    twin = keras.models.clone_model(upper)
    twin.set_weights(upper.get_weights())
    return keras.Model(model.input, entrance), twin
""",
        ),
        (
            "keras.Function inside a model",
            """
def cut(model, layer):
    entrance = next(each for each in model.layers if each.name == layer).input
    class Upper(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = keras.Model(entrance, model.output)
        def call(self, x):
            return self.inner(x)
    return keras.Model(model.input, entrance), Upper()
""",
        ),
    ],
    "unfreeze": [
        ("by place", _unfreeze("i >= k and not isinstance(layer, keras.layers.BatchNormalization)")),
        ("by the name of the class", _unfreeze("i >= k and type(layer).__name__ != 'BatchNormalization'")),
        (
            "two passes",
            """
def unfreeze(base, first):
    base.trainable = True
    for layer in base.layers:
        if layer.name == first:
            break
        layer.trainable = False
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    return base
""",
        ),
    ],
    "smoothing": [
        (
            "Keras' one-hot, and a formula",
            """
def soft_targets(labels, classes, smoothing):
    hard = keras.utils.to_categorical(labels, classes)
    return (hard - hard * smoothing + smoothing / classes).astype(np.float32)
def lowest_loss(classes, smoothing):
    low = smoothing / classes
    top = 1 - smoothing + low
    return -(top * math.log(top) + (classes - 1) * low * math.log(low))
""",
        ),
        (
            "a loop, and Keras' loss",
            """
def soft_targets(labels, classes, smoothing):
    targets = np.full((len(labels), classes), smoothing / classes, "float32")
    for row, label in zip(targets, labels):
        row[label] += 1 - smoothing
    return targets
def lowest_loss(classes, smoothing):
    t = soft_targets([0], classes, smoothing)
    return keras.losses.CategoricalCrossentropy()(t, t)
""",
        ),
    ],
    "drift": [
        (
            "a loop",
            """
def drift(momentum, updates):
    moving = 0
    for _ in range(updates):
        moving = momentum * moving + (1 - momentum) * 1
    return moving
""",
        ),
        (
            "recursion",
            """
def drift(momentum, updates):
    return 0 if updates == 0 else momentum * drift(momentum, updates - 1) + 1 - momentum
""",
        ),
        ("a geometric sum", "def drift(m, n):\n    return (1 - m) * np.sum(m ** np.arange(n))\n"),
    ],
    "noise": [
        (
            "a search",
            """
def standard_error(p, n):
    return (p * (1 - p) / n) ** 0.5
def photos_needed(p, gap):
    n = 1
    while 2 * standard_error(p, n) > gap:
        n += 1
    return n
""",
        ),
        (
            "NumPy and SciPy",
            """
from scipy import stats
def standard_error(p, n):
    return stats.binom(n, p).std() / n
def photos_needed(p, gap):
    return np.ceil((2 / gap) ** 2 * p * (1 - p))
""",
        ),
    ],
    "shuffled": [("upper case", 'prediction = "B"\n'), ("a NumPy word", 'prediction = np.array(["a", "b"])[1]\n')],
    "confusion": [
        (
            "grouped by pandas",
            """
def confusion(labels, guesses, classes):
    import pandas as pd
    s = pd.DataFrame({"l": labels, "g": guesses}).groupby(["l", "g"]).size()
    out = np.zeros((classes, classes), int)
    for (l, g), n in s.items():
        out[l, g] = n
    return out
""",
        ),
        (
            "a histogram",
            """
def confusion(labels, guesses, classes):
    return np.histogram2d(labels, guesses, bins=classes, range=[[-0.5, classes - 0.5]] * 2)[0]
""",
        ),
        (
            "a loop over the photos",
            """
def confusion(labels, guesses, classes):
    table = [[0] * classes for _ in range(classes)]
    for label, guess in zip(labels, guesses):
        table[label][guess] += 1
    return table
""",
        ),
        ("bincount", "def confusion(y, g, n):\n    return np.bincount(n * y + g, minlength=n * n).reshape(n, n)\n"),
        ("a product of one-hots", "def confusion(y, g, n):\n    return np.eye(n)[y].T @ np.eye(n)[g]\n"),
        (
            "a comparison for each place",
            "def confusion(y, g, n):\n    return np.array([[np.sum((y == i) & (g == j)) for j in range(n)] for i in range(n)])\n",
        ),
    ],
    "worst": [
        (
            "sorted()",
            """
def worst(probabilities, labels, k):
    wrong = [i for i, row in enumerate(probabilities) if row.argmax() != labels[i]]
    return sorted(wrong, key=lambda i: probabilities[i][labels[i]])[:k]
""",
        ),
        (
            "right ones pushed to the end",
            """
def worst(probabilities, labels, k):
    own = np.take_along_axis(probabilities, labels[:, None], axis=1)[:, 0]
    wrong = np.argmax(probabilities, axis=1) != labels
    return np.argsort(np.where(wrong, own, np.inf))[:min(k, wrong.sum())]
""",
        ),
        (
            "a heap",
            """
import heapq
def worst(p, y, k):
    pairs = [(p[i, y[i]], i) for i in range(len(y)) if np.argmax(p[i]) != y[i]]
    return tuple(i for _, i in heapq.nsmallest(k, pairs))
""",
        ),
    ],
    "devices": [
        ("whole-number division", "global_batch = 32 * 8\nsteps = -(-2753 // global_batch)\nrate = 3e-4 / 32 * global_batch\n"),
        ("counted", "global_batch, steps, rate = 256.0, len(range(0, 2753, 256)), np.float32(0.0024)\n"),
    ],
}

MISTAKES = {
    "scale": [
        (
            "four axes taken for granted",
            """
def scale(images):
    n, h, w, c = images.shape
    return images.astype('float32') / 127.5 - 1
""",
            "not enough values",
        ),
        (
            "only if the largest pixel is above 1",
            """
def scale(images):
    x = images.astype('float32')
    return x / 127.5 - 1 if x.max() > 1 else x
""",
            "nearly black",
        ),
        ("float64", "def scale(images):\n    return images / 127.5 - 1\n", "the dtype is float64"),
        ("a list", "def scale(images):\n    return (images / 127.5 - 1).tolist()\n", "float32 array"),
    ],
    "split": [
        (
            "a half rounded up",
            """
def split(labels, test_fraction, seed):
    generator = np.random.default_rng(seed)
    train, test = [], []
    for c in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == c))
        count = int(test_fraction * len(members) + 0.5)
        test.extend(members[:count])
        train.extend(members[count:])
    return np.array(train), np.array(test)
""",
            "round(test_fraction * count)",
        ),
        (
            "one photo at least",
            """
def split(labels, test_fraction, seed):
    generator = np.random.default_rng(seed)
    train, test = [], []
    for c in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == c))
        count = max(1, round(test_fraction * len(members)))
        test.extend(members[:count])
        train.extend(members[count:])
    return np.array(train), np.array(test)
""",
            "round(test_fraction * count)",
        ),
        (
            "classes 0 to 4",
            """
def split(labels, test_fraction, seed):
    generator = np.random.default_rng(seed)
    train, test = [], []
    for c in range(5):
        members = generator.permutation(np.flatnonzero(labels == c))
        count = round(test_fraction * len(members))
        test.extend(members[:count])
        train.extend(members[count:])
    return np.array(train), np.array(test)
""",
            "photos went in",
        ),
        (
            "rare classes left out",
            """
def split(labels, test_fraction, seed):
    generator = np.random.default_rng(seed)
    train, test = [], []
    for c in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == c))
        count = round(test_fraction * len(members))
        if count == 0:
            continue
        test.extend(members[:count])
        train.extend(members[count:])
    return np.array(train), np.array(test)
""",
            "photos went in",
        ),
        (
            "rotated, not shuffled",
            """
def split(labels, test_fraction, seed):
    generator = np.random.default_rng(seed)
    train, test = [], []
    for c in np.unique(labels):
        members = np.roll(np.flatnonzero(labels == c), generator.integers(1, 1000))
        count = round(test_fraction * len(members))
        test.extend(members[:count])
        train.extend(members[count:])
    return np.array(train), np.array(test)
""",
            "lie side by side",
        ),
        (
            "the training set rounded",
            """
def split(labels, test_fraction, seed):
    generator = np.random.default_rng(seed)
    train, test = [], []
    for c in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == c))
        count = len(members) - round((1 - test_fraction) * len(members))
        test.extend(members[:count])
        train.extend(members[count:])
    return np.array(train), np.array(test)
""",
            "round(test_fraction * count)",
        ),
        (
            "not by class",
            """
def split(labels, test_fraction, seed):
    order = np.random.default_rng(seed).permutation(len(labels))
    n = round(test_fraction * len(labels))
    return order[n:], order[:n]
""",
            "into the test set",
        ),
        ("not shuffled", _split(members="np.flatnonzero(labels == c)"), "Shuffle each class"),
        ("seed ignored", _split(members="np.random.permutation(np.flatnonzero(labels == c))"), "same seed gives another split"),
        ("another seed in each call", _split(start="generator = np.random.default_rng()"), "same seed gives another split"),
        ("a fixed seed", _split(start="generator = np.random.default_rng(0)"), "Another seed gives the same split"),
        (
            "everybody's generator seeded",
            _split("np.random.seed(seed)\n    generator = np.random"),
            "Make a generator of your own",
        ),
        (
            "Python's generator seeded",
            _split(
                "import random\n    random.seed(seed)", "random.sample(list(np.flatnonzero(labels == c)), int(sum(labels == c)))"
            ),
            "Make a generator of your own",
        ),
        ("exchanged", _split(test="members[n:]", train="members[:n]"), "exchanged"),
        ("rounded up", _split(count="math.ceil(test_fraction * len(members))"), "round(test_fraction * count)"),
        ("rounded down", _split(count="int(test_fraction * len(members))"), "round(test_fraction * count)"),
        ("one photo more", _split(count="round(test_fraction * len(members)) + 1"), "round(test_fraction * count)"),
        ("test photos stay in the training set", _split(train="members"), "in both parts"),
        (
            "drawn with replacement",
            _split(
                count="generator.choice(members, round(test_fraction * len(members)))", test="n", train="np.setdiff1d(members, n)"
            ),
            "twice",
        ),
        ("a photo lost", _split(train="members[n + 1:]"), "came out"),
        ("masks", _split(result="np.isin(np.arange(len(labels)), train), np.isin(np.arange(len(labels)), test)"), "not masks"),
        ("labels", _split(result="labels[train], labels[test]"), "in both parts"),
        ("one part only", _split(result="np.array(test)"), "(train, test)"),
    ],
    "in_batches": [
        (
            "float16 before the model",
            """
def in_batches(model, images, batch=32):
    images = images.astype(np.float16)

    parts = []
    for start in range(0, len(images), batch):
        parts.append(model(images[start:start + batch]))
    return np.concatenate(parts).astype(np.float16)
""",
            "The shape is right",
        ),
        (
            "parts of about equal size",
            """
def in_batches(model, images, batch=32):
    n = math.ceil(len(images) / batch)
    return np.concatenate([np.asarray(model(p)) for p in np.array_split(images, n)]).astype(np.float16)
""",
            "only the last may be smaller",
        ),
        (
            "shuffled",
            """
def in_batches(model, images, batch=32):
    images = images[np.random.permutation(len(images))]

    parts = []
    for start in range(0, len(images), batch):
        parts.append(model(images[start:start + batch]))
    return np.concatenate(parts).astype(np.float16)
""",
            "not in the order of the images",
        ),
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
            "def in_batches(model, images, batch=32):\n    return model(images).numpy().astype('float16')\n",
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
        (
            "in training mode",
            """
def in_batches(model, images, batch=32):
    parts = [model(images[i:i + batch], training=True) for i in range(0, len(images), batch)]
    return np.concatenate(parts).astype("float16")
""",
            "training mode",
        ),
        (
            "batches stacked",
            """
def in_batches(model, images, batch=32):
    return [model(images[i:i + batch]) for i in range(0, len(images), batch)]
""",
            "rows differ in length",
        ),
        (
            "the last batch again from the end",
            """
def in_batches(model, images, batch=32):
    parts = [model(images[i:i + batch]) for i in range(0, len(images) - batch + 1, batch)]
    rest = len(images) % batch
    if rest:
        parts.append(model(images[-batch:])[-rest:])
    return np.concatenate(parts).astype("float16")
""",
            "compute each photo once",
        ),
        (
            "batch size fixed",
            """
def in_batches(model, images, batch=32):
    return np.concatenate([model(images[i:i + 32]) for i in range(0, len(images), 32)]).astype("float16")
""",
            "at once",
        ),
    ],
    "cut": [
        (
            "by its number",
            """
def cut(model, layer):
    t = model.get_layer(index=2).input
    return keras.Model(model.input, t), keras.Model(t, model.output)
""",
            "does not compute what enters",
        ),
        (
            "the whole model above",
            """
def cut(model, layer):
    t = model.get_layer(layer).input
    return keras.Model(model.input, t), model
""",
            "must begin at the tensor",
        ),
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
            "in this order",
        ),
        (
            "layers sliced into chains",
            """
def cut(model, layer):
    k = [each.name for each in model.layers].index(layer)
    return keras.Sequential(model.layers[:k]), keras.Sequential(model.layers[k:])
""",
            "`model.layers` is only a list",
        ),
        (
            "layers sliced, the sum left out",
            """
def cut(model, layer):
    k = [each.name for each in model.layers].index(layer)
    upper = keras.Sequential([each for each in model.layers[k:] if not isinstance(each, keras.layers.Add)])
    return keras.Sequential(model.layers[:k]), upper
""",
            "`model.layers` is only a list",
        ),
        (
            "layers called one after the other",
            """
def cut(model, layer):
    k = [each.name for each in model.layers].index(layer)
    joint = model.layers[k].input
    x = inputs = keras.Input(joint.shape[1:])
    for each in model.layers[k:]:
        x = each(x)
    return keras.Model(model.input, joint), keras.Model(inputs, x)
""",
            "`model.layers` is only a list",
        ),
        (
            "the output of the layer listed before",
            """
def cut(model, layer):
    k = [each.name for each in model.layers].index(layer)
    joint = model.layers[k - 1].output
    return keras.Model(model.input, joint), keras.Model(joint, model.output)
""",
            "listed just before",
        ),
        (
            "weights drawn anew",
            """
def cut(model, layer):
    joint = model.get_layer(layer).input
    return keras.Model(model.input, joint), keras.models.clone_model(keras.Model(joint, model.output))
""",
            "with their weights",
        ),
        (
            "one model",
            "def cut(model, layer):\n    return keras.Model(model.input, model.get_layer(layer).input)\n",
            "(lower, upper)",
        ),
        (
            "tensors",
            "def cut(model, layer):\n    return model.get_layer(layer).input, model.get_layer(layer).output\n",
            "Return two models",
        ),
    ],
    "unfreeze": [
        (
            "the base stays frozen",
            """
def unfreeze(base, first):
    found = False
    for layer in base.layers:
        found = found or layer.name == first
        layer.trainable = found and not isinstance(layer, keras.layers.BatchNormalization)
    return base
""",
            "Nothing is trainable",
        ),
        ("BatchNormalization too", _unfreeze("i >= k"), "Freeze every BatchNormalization layer"),
        (
            "the base stays frozen",
            _unfreeze("i >= k and not isinstance(layer, keras.layers.BatchNormalization)", first_line="pass"),
            "Nothing is trainable",
        ),
        ("frozen at the end", _unfreeze("i >= k", result="setattr(base, 'trainable', False) or base"), "Nothing is trainable"),
        ("the wrong side", _unfreeze("i < k and 'Norm' not in type(layer).__name__"), "other way round"),
        ("everything", _unfreeze("'Norm' not in type(layer).__name__"), "should be frozen"),
        ("BatchNormalization by bn in its name", _unfreeze("i >= k and 'bn' not in layer.name"), "by its class"),
        (
            "BatchNormalization by norm in its name",
            _unfreeze("i >= k and not any(word in layer.name.lower() for word in ('norm', '_bn'))"),
            "by its class",
        ),
        (
            "first found in a longer name",
            _unfreeze("any(first in each.name for each in base.layers[: i + 1]) and 'Norm' not in type(layer).__name__"),
            "Compare whole names",
        ),
        ("the layer after first", _unfreeze("i > k and 'Norm' not in type(layer).__name__"), "`first` itself"),
        ("first alone", _unfreeze("i == k and 'Norm' not in type(layer).__name__"), "all that follows"),
        (
            "those below left as they came",
            """
def unfreeze(base, first):
    k = [layer.name for layer in base.layers].index(first)
    frozen = not base.trainable
    base.trainable = True
    for i, layer in enumerate(base.layers):
        if i >= k or frozen:
            layer.trainable = i >= k and not isinstance(layer, keras.layers.BatchNormalization)
        elif isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    return base
""",
            "came with all its layers trainable",
        ),
        ("the layers", _unfreeze("i >= k", result="base.layers"), "Return the base"),
    ],
    "smoothing": [
        (
            "float64",
            """
def soft_targets(labels, classes, smoothing):
    return np.eye(classes)[labels] * (1 - smoothing) + smoothing / classes
def lowest_loss(classes, smoothing):
    t = soft_targets([0], classes, smoothing)
    return -(t * np.log(t)).sum()
""",
            "Training runs in float32",
        ),
    ],
    "confusion": [
        (
            "scikit-learn's",
            """
def confusion(labels, guesses, classes):
    from sklearn.metrics import confusion_matrix
    return confusion_matrix(labels, guesses, labels=range(classes))
""",
            "count yourself",
        ),
        (
            "TensorFlow's",
            """
import tensorflow as tf
def confusion(labels, guesses, classes):
    return tf.math.confusion_matrix(labels, guesses, classes)
""",
            "count yourself",
        ),
        (
            "only classes that occur",
            """
def confusion(labels, guesses, classes):
    seen = np.unique([*labels, *guesses])
    return np.array([[np.sum((labels == i) & (guesses == j)) for j in seen] for i in seen])
""",
            "expected (5, 5)",
        ),
    ],
}

# Mutants of the solution that no check can notice, each with its reason: (exercise, mutated line as printed by the run) -> reason
EQUIVALENT = {
    ("smoothing", "0 + 1: target = soft_targets([0], classes, smoothing)[0]"): "Whichever class is true, the loss is the same.",
    ("devices", "2753 + 1: steps = math.ceil(2753 / global_batch)"): "One photo more needs the same number of steps.",
}
