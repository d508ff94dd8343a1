"""Answers to Lab 09's exercises; see tests/mistakes/__init__.py."""

OTHERS = {
    "baseline": [
        ("three decimals", "pixel_accuracy = background_iou = 0.815\nmean_iou = 0.204\n"),
        ("as fractions", "pixel_accuracy = background_iou = 163 / 200\nmean_iou = 163 / 800\n"),
        (
            "counted",
            """
truth = np.repeat([0, 1, 2, 3], [815, 100, 60, 25])
answer = np.zeros_like(truth)
pixel_accuracy = np.mean(truth == answer)
ious = [np.sum((truth == c) & (answer == c)) / np.sum((truth == c) | (answer == c)) for c in range(4)]
background_iou, mean_iou = ious[0], np.mean(ious)
""",
        ),
    ],
    "iou": [
        (
            "a loop over classes",
            """
def iou(table):
    found = []
    for c in range(len(table)):
        both = table[c][c]
        union = sum(table[c]) + sum(row[c] for row in table) - both
        found.append(both / union if union else float("nan"))
    return found
""",
        ),
        (
            "0/0 is NaN by itself",
            """
def iou(table):
    both = np.diagonal(table)
    with np.errstate(invalid="ignore"):
        return both / (np.sum(table, 0) + np.sum(table, 1) - both)
""",
        ),
        (
            "true, false and missed pixels",
            """
def iou(table):
    hits = np.einsum("ii->i", table)
    false, missed = table.sum(0) - hits, table.sum(1) - hits
    union = hits + false + missed
    return np.where(union > 0, hits / np.maximum(union, 1), np.nan)
""",
        ),
    ],
    "dice": [
        ("turned over", "def dice(iou):\n    return 2 - 2 / (1 + iou)\n"),
        ("plain arithmetic", "def dice(iou):\n    return (iou + iou) / (iou + 1)\n"),
        ("Keras", "def dice(iou):\n    return keras.ops.divide(2 * iou, 1 + iou)\n"),
    ],
    "touches": [
        (
            "a convolution with ones",
            """
def touches_per_pixel(size, kernel, stride):
    spread = np.zeros((size - 1) * stride + 1, int)
    spread[::stride] = 1
    return np.convolve(spread, np.ones(kernel, int))
""",
        ),
        (
            "asks each output",
            """
def touches_per_pixel(size, kernel, stride):
    outputs = (size - 1) * stride + kernel
    return [sum(0 <= o - i * stride < kernel for i in range(size)) for o in range(outputs)]
""",
        ),
        (
            "counts indices",
            """
def touches_per_pixel(size, kernel, stride):
    places = stride * np.arange(size)[:, None] + np.arange(kernel)
    return np.bincount(places.ravel(), minlength=(size - 1) * stride + kernel)
""",
        ),
    ],
    "boundary": [
        (
            "shifted maps",
            """
def boundary(classes):
    height, width = classes.shape
    padded = np.pad(classes, 1, mode="edge")
    edge = np.zeros(classes.shape, bool)
    for dy in range(3):
        for dx in range(3):
            edge |= padded[dy:dy + height, dx:dx + width] != classes
    return edge
""",
        ),
        (
            "a window at each pixel",
            """
def boundary(classes):
    edge = np.zeros(classes.shape, bool)
    for y in range(classes.shape[0]):
        for x in range(classes.shape[1]):
            around = classes[max(0, y - 1):y + 2, max(0, x - 1):x + 2]
            edge[y, x] = (around != classes[y, x]).any()
    return edge
""",
        ),
        (
            "class by class, dilated",
            """
def boundary(classes):
    edge = np.zeros(classes.shape, bool)
    for c in np.unique(classes):
        edge |= ndimage.binary_dilation(classes == c, np.ones((3, 3))) & (classes != c)
    return edge
""",
        ),
    ],
    "dilations": [
        ("a tuple", "rates = (1, 1, 1, 2, 4)\n"),
        ("computed", "rates = [int(np.prod([1, 1, 2, 2, 1][:k])) for k in range(5)]\n"),
    ],
    "masked_loss": [
        (
            "a loop over pixels",
            """
def masked_cross_entropy(truth, probabilities, ignore):
    losses = []
    for y in range(truth.shape[0]):
        for x in range(truth.shape[1]):
            if truth[y, x] != ignore:
                losses.append(-np.log(probabilities[y, x, truth[y, x]]))
    return sum(losses) / len(losses) if losses else 0
""",
        ),
        (
            "weights of 0 and 1",
            """
def masked_cross_entropy(truth, probabilities, ignore):
    weights = (truth != ignore).astype(float)
    safe = np.where(truth == ignore, 0, truth)
    losses = -np.log(np.sum(np.eye(probabilities.shape[-1])[safe] * probabilities, axis=-1))
    return (weights * losses).sum() / max(weights.sum(), 1)
""",
        ),
        (
            "Keras",
            """
def masked_cross_entropy(truth, probabilities, ignore):
    labelled = truth != ignore
    if labelled.sum() == 0:
        return 0
    return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(truth[labelled], probabilities[labelled]))
""",
        ),
    ],
    "boxes": [
        (
            "one component at a time",
            """
def boxes(mask, least):
    numbered, count = ndimage.label(mask)
    found = []
    for k in range(1, count + 1):
        y, x = np.where(numbered == k)
        if len(y) >= least:
            found.append([x.min(), y.min(), x.max() + 1, y.max() + 1])
    return np.array(found)
""",
        ),
        (
            "a set of tuples",
            """
def boxes(mask, least):
    numbered, count = ndimage.label(mask)
    sizes = np.bincount(numbered.ravel())[1:]
    return {(s[1].start, s[0].start, s[1].stop, s[0].stop) for s, n in zip(ndimage.find_objects(numbered), sizes) if n >= least}
""",
        ),
        (
            "flood fill",
            """
def boxes(mask, least):
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(mask))}
    found = []
    while left:
        todo = [left.pop()]
        pixels = []
        while todo:
            y, x = todo.pop()
            pixels.append((y, x))
            for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if near in left:
                    left.remove(near)
                    todo.append(near)
        if len(pixels) >= least:
            ys, xs = zip(*pixels)
            found.append((min(xs), min(ys), max(xs) + 1, max(ys) + 1))
    return found
""",
        ),
    ],
    "class_weights": [
        (
            "normalized at the end",
            """
def class_weights(counts):
    counts = np.array(counts, dtype=float)
    weights = np.zeros_like(counts)
    weights[counts > 0] = 1 / counts[counts > 0]
    return weights / ((weights * counts).sum() / counts.sum())
""",
        ),
        (
            "plain Python",
            """
def class_weights(counts):
    total, kinds = sum(counts), sum(1 for c in counts if c)
    return [total / (kinds * c) if c else 0 for c in counts]
""",
        ),
    ],
}
MISTAKES = {
    "iou": [
        (
            "divides by zero",
            "def iou(table):\n    return [int(table[c][c]) / int(sum(table[c]) + sum(r[c] for r in table) - table[c][c]) "
            "for c in range(len(table))]\n",
            "division by zero",
        ),
        (
            "None for absent classes",
            "def iou(table):\n    union = table.sum(0) + table.sum(1) - np.diag(table)\n"
            "    return [table[c, c] / union[c] if union[c] else None for c in range(len(table))]\n",
            "this one holds None",
        ),
    ],
    "boundary": [
        (
            "lets negative indices wrap",
            """
def boundary(classes):
    edge = np.zeros(classes.shape, bool)
    for y in range(classes.shape[0]):
        for x in range(classes.shape[1]):
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    try:
                        edge[y, x] |= classes[y + dy, x + dx] != classes[y, x]
                    except IndexError:
                        pass
    return edge
""",
            "Index −1 is the last row or column",
        ),
    ],
    "masked_loss": [
        (
            "takes the label 255 for a class",
            """
def masked_cross_entropy(truth, probabilities, ignore):
    own = np.take_along_axis(probabilities, truth[..., None], axis=-1)[..., 0]
    labelled = truth != ignore
    return -np.log(own[labelled]).mean() if labelled.any() else 0.0
""",
            "`ignore` is no class",
        ),
    ],
    "class_weights": [
        (
            "one for absent classes",
            """
def class_weights(counts):
    counts = np.asarray(counts, float)
    there = counts > 0
    return np.where(there, counts.sum() / (there.sum() * np.maximum(counts, 1)), 1)
""",
            "neither 1 nor NaN",
        ),
    ],
}
_TABLE = "return np.divide(both, either, out=np.full(len(table), np.nan), where=either > 0)"
EQUIVALENT = {
    ("baseline", "Add → Sub: mean_iou = (0.815 + 0 + 0 + 0) / 4"): "the IoUs of the flowers are 0",
    ("iou", "deleted: table = np.asarray(table, float)"): "the table is an array, and np.divide makes floats",
    ("iou", f"argument where dropped: {_TABLE}"): "0/0 is NaN by itself, with a warning",
    ("iou", f"Gt → GtE: {_TABLE}"): "0/0 is NaN by itself, with a warning",
    ("dice", "deleted: iou = np.asarray(iou)"): "numbers and arrays add and divide as they are",
    (
        "boundary",
        'argument mode dropped: highest = ndimage.maximum_filter(classes, 3, mode="nearest")',
    ): "for a window of 3 the default, reflect, repeats the pixel at the frame as well",
    (
        "boundary",
        'argument mode dropped: lowest = ndimage.minimum_filter(classes, 3, mode="nearest")',
    ): "for a window of 3 the default, reflect, repeats the pixel at the frame as well",
    ("masked_loss", "argument axis dropped: probabilities[labelled], truth[labelled][:, np.newaxis], axis=1"): (
        "the default, the last axis, is axis 1 of two"
    ),
}
