"""Answers to lab 08's exercises beside the official ones and the mistakes that its checks declare (see tests/mistakes)."""

OTHERS = {
    "count_windows": [
        (
            "counts the starts",
            """
def count_windows(height, width, window, step, scales):
    total = 0
    for s in scales:
        total += len(range(0, height // s - window + 1, step)) * len(range(0, width // s - window + 1, step))
    return total
""",
        ),
        (
            "lets the window grow in the original picture",
            """
def count_windows(height, width, window, step, scales):
    s = np.array(scales)
    rows = np.maximum(0, (height - window * s) // (step * s) + 1)
    columns = np.maximum(0, (width - window * s) // (step * s) + 1)
    return int(np.sum(rows * columns))
""",
        ),
    ],
    "dense_to_conv": [
        (
            "place by place",
            """
def dense_to_conv(matrix, height, width):
    c = len(matrix) // (height * width)
    kernel = np.zeros((height, width, c, matrix.shape[1]))
    for row in range(height):
        for column in range(width):
            start = (row * width + column) * c
            kernel[row, column] = matrix[start : start + c]
    return kernel
""",
        ),
        (
            "a tensor",
            """
def dense_to_conv(matrix, height, width):
    return keras.ops.reshape(matrix, (height, width, matrix.shape[0] // (height * width), matrix.shape[1]))
""",
        ),
    ],
    "first_bias": [
        ("minus the log of the inverse odds", "def first_bias(share):\n    return -np.log(1 / share - 1)\n"),
        ("a difference of logs", "import math\n\ndef first_bias(share):\n    return math.log(share) - math.log(1 - share)\n"),
        ("SciPy", "from scipy.special import logit\n\ndef first_bias(share):\n    return logit(share)\n"),
    ],
    "encode": [
        (
            "looks whether a larger one is there, by integer division",
            """
def encode(boxes, labels, size, cells):
    target, largest, side = np.zeros((cells, cells, 6)), {}, size / cells
    for (x0, y0, x1, y1), label in zip(boxes, labels):
        x, y, w, h = (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
        cell = int(y // side), int(x // side)
        if w * h > largest.get(cell, 0):
            largest[cell] = w * h
            target[cell] = [1, x % side / side, y % side / side, np.log(w / side), np.log(h / side), label]
    return target
""",
        ),
        (
            "cell by cell",
            """
def encode(boxes, labels, size, cells):
    side, target = size / cells, np.zeros((cells, cells, 6), "float32")
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    w, h = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    for row in range(cells):
        for column in range(cells):
            left, top = column * side, row * side
            inside = np.flatnonzero((left <= x) & (x < left + side) & (top <= y) & (y < top + side))
            if len(inside):
                k = max(inside, key=lambda k: w[k] * h[k])
                target[row, column] = (
                    1, (x[k] - left) / side, (y[k] - top) / side, np.log(w[k] / side), np.log(h[k] / side), labels[k],
                )
    return target
""",
        ),
        (
            "all at once",
            """
def encode(boxes, labels, size, cells):
    target = np.zeros((cells, cells, 6))
    scaled = boxes * cells / size
    centres, sizes = (scaled[:, :2] + scaled[:, 2:]) / 2, scaled[:, 2:] - scaled[:, :2]
    place = centres.astype(int)
    rows = np.column_stack([np.ones(len(boxes)), centres - place, np.log(sizes), labels])
    order = np.argsort(sizes.prod(axis=1))
    target[place[order, 1], place[order, 0]] = rows[order]
    return target
""",
        ),
    ],
    "decode": [
        (
            "cell by cell",
            """
def decode(target, size):
    side, found = size / target.shape[0], []
    for row in range(target.shape[0]):
        for column in range(target.shape[1]):
            there, x, y, w, h, _ = target[row, column]
            if there:
                x, y, w, h = (column + x) * side, (row + y) * side, np.exp(w) * side, np.exp(h) * side
                found.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return np.array(found).reshape(-1, 4)
""",
        ),
        (
            "a mask and an index grid",
            """
def decode(target, size):
    y, x = np.indices(target.shape[:2])
    mask = target[..., 0] == 1
    centre = (np.stack([x, y], -1) + target[..., 1:3])[mask]
    half = np.exp(target[..., 3:5])[mask] / 2
    return np.concatenate([centre - half, centre + half], axis=1) * (size / target.shape[0])
""",
        ),
    ],
    "grid_loss": [
        (
            "cell by cell",
            """
import math

def grid_loss(target, answer):
    objectness = place = size = kind = 0.0
    for t, a in zip(target.reshape(-1, 6), answer.reshape(-1, answer.shape[-1])):
        p = 1 / (1 + math.exp(-a[0]))
        objectness -= t[0] * math.log(p) + (1 - t[0]) * math.log(1 - p)
        if t[0]:
            place += sum((1 / (1 + math.exp(-a[k])) - t[k]) ** 2 for k in (1, 2))
            size += (a[3] - t[3]) ** 2 + (a[4] - t[4]) ** 2
            kind += math.log(sum(math.exp(v) for v in a[5:])) - a[5 + int(t[5])]
    return objectness, place, size, kind
""",
        ),
        (
            "Keras",
            """
def grid_loss(target, answer):
    ops = keras.ops
    there = target[..., 0]
    objectness = ops.sum(ops.binary_crossentropy(there, answer[..., 0], from_logits=True))
    place = np.sum(there[..., None] * (ops.convert_to_numpy(ops.sigmoid(answer[..., 1:3])) - target[..., 1:3]) ** 2)
    size = np.sum(there[..., None] * (answer[..., 3:5] - target[..., 3:5]) ** 2)
    kinds = ops.sparse_categorical_crossentropy(target[..., 5].astype("int32"), answer[..., 5:], from_logits=True)
    return objectness, place, size, np.sum(there * ops.convert_to_numpy(kinds))
""",
        ),
    ],
    "suppress": [
        (
            "a list that shrinks",
            """
def suppress(boxes, scores, labels, limit):
    left, kept = list(range(len(scores))), []
    while left:
        best = max(left, key=lambda k: scores[k])
        kept.append(best)
        overlap = pairwise_iou(boxes[[best]], boxes)[0]
        left = [k for k in left if k != best and (labels[k] != labels[best] or overlap[k] <= limit)]
    return np.array(kept)
""",
        ),
        (
            "TensorFlow, class by class",
            """
import tensorflow as tf

def suppress(boxes, scores, labels, limit):
    kept = []
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        chosen = tf.image.non_max_suppression(boxes[mine].astype("float32"), scores[mine].astype("float32"), len(mine), limit)
        kept.extend(mine[chosen.numpy()])
    return sorted(kept, key=lambda k: -scores[k])
""",
        ),
        (
            "classes moved apart",
            """
def suppress(boxes, scores, labels, limit):
    apart = boxes + 1000.0 * labels[:, None]
    overlap = pairwise_iou(apart, apart)
    kept = []
    for k in np.argsort(-scores):
        if all(overlap[k, i] <= limit for i in kept):
            kept.append(int(k))
    return kept
""",
        ),
    ],
    "match": [
        (
            "an array whose taken columns are struck out",
            """
def match(found, objects, limit):
    overlaps = pairwise_iou(found, objects).copy()
    right = np.zeros(len(found), bool)
    for k in range(len(found)):
        if len(objects) and overlaps[k].max() >= limit:
            right[k] = True
            overlaps[:, overlaps[k].argmax()] = -1
    return right
""",
        ),
        (
            "plain lists",
            """
def match(found, objects, limit):
    left = [box for box in objects]
    result = []
    for box in found:
        if not left:
            result.append(False)
            continue
        ious = pairwise_iou(box[None], np.array(left))[0].tolist()
        best = ious.index(max(ious))
        result.append(ious[best] >= limit)
        if ious[best] >= limit:
            left.pop(best)
    return result
""",
        ),
    ],
    "precision_recall": [
        (
            "one by one",
            """
def precision_recall(right, scores, objects):
    precision, recall, found = [], [], 0
    for count, (_, good) in enumerate(sorted(zip(-scores, right)), start=1):
        found += good
        precision.append(found / count)
        recall.append(found / objects)
    return precision, recall
""",
        ),
        (
            "pandas",
            """
import pandas as pd

def precision_recall(right, scores, objects):
    table = pd.DataFrame({"right": right.astype(float), "score": scores}).sort_values("score", ascending=False)
    return table.right.expanding().mean().to_numpy(), table.right.cumsum().to_numpy() / objects
""",
        ),
    ],
    "ap_at": [
        (
            "the best from the right, and a search",
            """
def ap_at(recall, precision, points):
    best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    return best[np.searchsorted(recall, points, side="left")].mean()
""",
        ),
        (
            "plain loops",
            """
def ap_at(recall, precision, points):
    total = 0
    for point in points:
        total += max([p for r, p in zip(recall, precision) if r >= point], default=0)
    return total / len(points)
""",
        ),
    ],
    "ap_area": [
        (
            "cumulated from the right",
            """
def ap_area(recall, precision):
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return np.sum(np.diff(np.concatenate([[0], recall])) * best)
""",
        ),
        (
            "backwards",
            """
def ap_area(recall, precision):
    total, best = 0.0, 0.0
    for k in reversed(range(len(recall))):
        best = max(best, precision[k])
        total += best * (recall[k] - (recall[k - 1] if k else 0))
    return total
""",
        ),
    ],
    "recalls": [
        ("a list", "def recalls(steps):\n    return [k / steps for k in range(steps + 1)]\n"),
        (
            "fractions",
            "from fractions import Fraction\n\ndef recalls(steps):\n    return [Fraction(k, steps) for k in range(steps + 1)]\n",
        ),
        ("whole numbers from linspace", "def recalls(steps):\n    return np.linspace(0, steps, steps + 1) / steps\n"),
    ],
}

MISTAKES = {
    "recalls": [
        ("linspace", "def recalls(steps):\n    return np.linspace(0, 1, steps + 1)\n", "Divide two whole numbers"),
        (
            "multiples of a float",
            "def recalls(steps):\n    return [k * (1 / steps) for k in range(steps + 1)]\n",
            "Divide two whole numbers",
        ),
        (
            "with room for rounding",
            "def recalls(steps):\n    return np.linspace(0, 1, steps + 1) - 1e-9\n",
            "a little less than 0 / 10",
        ),
        (
            "one float lower",
            "def recalls(steps):\n    return np.nextafter(np.linspace(0, 1, steps + 1), 0)\n",
            "a little less than 1 / 10",
        ),
    ],
    "count_windows": [
        (
            "stops at the first scale without a window",
            """
def count_windows(height, width, window, step, scales):
    total = 0
    for s in scales:
        rows = (height // s - window) // step + 1
        columns = (width // s - window) // step + 1
        if rows < 1 or columns < 1:
            break
        total += rows * columns
    return total
""",
            "a later one may have some",
        ),
        (
            "asks for more room than a window needs",
            """
def count_windows(height, width, window, step, scales):
    total = 0
    for s in scales:
        h, w = height // s, width // s
        if h > window and w > window:
            total += ((h - window) // step + 1) * ((w - window) // step + 1)
    return total
""",
            "exactly as large as the window",
        ),
    ],
    "decode": [
        (
            "an array without columns for no object",
            """
def decode(target, size):
    side, found = size / len(target), []
    for row, column in np.argwhere(target[..., 0] == 1):
        _, x, y, w, h, _ = target[row, column]
        x, y, w, h = column + x, row + y, np.exp(w), np.exp(h)
        found.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return np.array(found) * side
""",
            "shape is (0,) for no flower; expected (0, 4)",
        ),
    ],
    "match": [
        (
            "counts",
            "def match(found, objects, limit):\n    return int((pairwise_iou(found, objects) >= limit).any(axis=1).sum())\n",
            "should be a list; this is a number",
        ),
        (
            "each object takes the first detection that is near enough",
            """
def match(found, objects, limit):
    right = [False] * len(found)
    overlaps = pairwise_iou(found, objects)
    for j in range(len(objects)):
        for k in range(len(found)):
            if not right[k] and overlaps[k, j] >= limit:
                right[k] = True
                break
    return right
""",
            "the first pair that is near enough is made",
        ),
    ],
    "ap_at": [
        (
            "forgives rounding",
            """
def ap_at(recall, precision, points):
    reached = [(recall >= p) | np.isclose(recall, p) for p in points]
    return np.mean([np.max(precision[mask], initial=0) for mask in reached])
""",
            "Use `>=` as it is",
        ),
    ],
}

PART = "Less than a whole pixel never makes room for another window."
EQUIVALENT = {
    ("count_windows", "FloorDiv → Div: rows = max(0, (height // s - window) // step + 1)"): PART,
    ("count_windows", "FloorDiv → Div: columns = max(0, (width // s - window) // step + 1)"): PART,
    ("dense_to_conv", "1 + 1: return matrix.reshape(height, width, -1, matrix.shape[1])"): (
        "NumPy takes any negative number in a shape for the one to be found out."
    ),
}
