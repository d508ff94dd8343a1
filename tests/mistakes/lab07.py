"""Other right answers to Lab 07, and wrong ones that its declarations do not cover."""

OTHERS = {
    "from_voc": [
        (
            "place by place",
            """
def from_voc(box):
    return [v - (i < 2) for i, v in enumerate(box)]
""",
        ),
        (
            "on a copy",
            """
def from_voc(box):
    b = np.array(box, float)
    b[:2] -= 1
    return b
""",
        ),
        ("an array", "def from_voc(box):\n    return np.asarray(box) - [1, 1, 0, 0]"),
        (
            "by the size",
            "def from_voc(box):\n    a, b, c, d = box\n    return [a - 1, b - 1, (a - 1) + (c - a + 1), (b - 1) + (d - b + 1)]",
        ),
    ],
    "to_yolo": [
        (
            "a matrix",
            """
def to_yolo(box, width, height):
    m = np.array([[.5, 0, .5, 0], [0, .5, 0, .5], [-1, 0, 1, 0], [0, -1, 0, 1]])
    return m @ np.asarray(box) / [width, height, width, height]
""",
        ),
        (
            "fractions first",
            """
def to_yolo(box, width, height):
    s = np.array([width, height])
    low, high = np.array(box[:2]) / s, np.array(box[2:]) / s
    return np.array([*((low + high) / 2), *(high - low)])
""",
        ),
        (
            "an array",
            "def to_yolo(box, width, height):\n    x0, y0, x1, y1 = box\n"
            "    return np.array([x0 + x1, y0 + y1, 2 * (x1 - x0), 2 * (y1 - y0)]) / (2 * np.array([width, height] * 2))",
        ),
        (
            "by the library",
            "def to_yolo(box, width, height):\n    return boxes.to_centre(boxes.resize(box, (height, width), (1, 1)))",
        ),
    ],
    "mirror": [
        (
            "drawn and flipped",
            """
def mirror(box, width):
    x0, y0, x1, y1 = (int(v) for v in box)
    m = np.zeros((y1 + 1, int(width)), bool)
    m[y0:y1, x0:x1] = True
    ys, xs = np.nonzero(m[:, ::-1])
    return xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
""",
        ),
        (
            "sorted edges",
            """
def mirror(box, width):
    x0, y0, x1, y1 = box
    a, b = sorted((width - x0, width - x1))
    return (a, y0, b, y1)
""",
        ),
        ("a list", "def mirror(box, width):\n    return [width - box[2], box[1], width - box[0], box[3]]"),
        ("by the library", "def mirror(box, width):\n    return boxes.mirror(box, width)"),
        (
            "by the centre",
            "def mirror(box, width):\n    middle, half = width - (box[0] + box[2]) / 2, (box[2] - box[0]) / 2\n"
            "    return middle - half, box[1], middle + half, box[3]",
        ),
    ],
    "iou": [
        (
            "one pair at a time",
            """
def iou(a, b):
    def one(p, q):
        w, h = np.maximum(np.minimum(p[2:], q[2:]) - np.maximum(p[:2], q[:2]), 0)
        u = (p[2] - p[0]) * (p[3] - p[1]) + (q[2] - q[0]) * (q[3] - q[1]) - w * h
        return w * h / u if u > 0 else 0.0
    return np.vectorize(one, signature="(4),(4)->()", otypes=[float])(a, b)
""",
        ),
        (
            "keras.ops",
            """
def iou(a, b):
    o = keras.ops
    a, b = o.cast(a, "float32"), o.cast(b, "float32")
    s = o.relu(o.minimum(a[..., 2:], b[..., 2:]) - o.maximum(a[..., :2], b[..., :2]))
    i = s[..., 0] * s[..., 1]
    u = o.prod(a[..., 2:] - a[..., :2], axis=-1) + o.prod(b[..., 2:] - b[..., :2], axis=-1) - i
    return o.where(u > 0, i / o.where(u > 0, u, 1.0), 0.0)
""",
        ),
        (
            "NaN is replaced",
            """
def iou(a, b):
    a, b = np.asarray(a), np.asarray(b)
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., 2:], b[..., 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    area = lambda x: (x[..., 2] - x[..., 0]) * (x[..., 3] - x[..., 1])
    union = area(a) + area(b) - shared
    return np.where(union == 0, 0, shared / union)
""",
        ),
        (
            "a tiny number for the union",
            """
def iou(a, b):
    a, b = np.asarray(a), np.asarray(b)
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., 2:], b[..., 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    area = lambda x: (x[..., 2] - x[..., 0]) * (x[..., 3] - x[..., 1])
    union = area(a) + area(b) - shared
    return shared / np.maximum(union, 1e-12)
""",
        ),
        ("by the library", "def iou(a, b):\n    return boxes.iou(a, b)"),
        (
            "axis by axis",
            "def iou(a, b):\n    w = np.clip(np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0]), 0, None)\n"
            "    h = np.clip(np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1]), 0, None)\n"
            "    area = lambda c: (c[..., 2] - c[..., 0]) * (c[..., 3] - c[..., 1])\n"
            "    union = area(a) + area(b) - w * h\n"
            "    with np.errstate(all='ignore'):\n        return np.nan_to_num(w * h / union)",
        ),
    ],
    "four_pixels_off": [
        (
            "exact fractions",
            """
from fractions import Fraction
small, large = Fraction(1, 3), Fraction(19, 21)
""",
        ),
        (
            "three decimals",
            """
small = 0.333
large = 0.905
""",
        ),
        ("fractions", "small, large = 1 / 3, 19 / 21"),
        ("three digits", "small, large = 0.3333, 0.9048"),
        ("by the library", "small, large = boxes.iou([[0, 0, 8, 8], [0, 0, 80, 80]], [[4, 0, 12, 8], [4, 0, 84, 80]])"),
    ],
    "constant_box": [
        (
            "an optimizer",
            """
def constant_box(boxes):
    def mean_iou(box):
        s = np.maximum(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0).prod(1)
        area = lambda x: (x[..., 2] - x[..., 0]) * (x[..., 3] - x[..., 1])
        u = area(box) + area(boxes) - s
        return (s / np.where(u > 0, u, 1)).mean()

    from scipy.optimize import minimize
    start = boxes.mean(0)
    found = minimize(lambda b: -mean_iou(b), start, method='Nelder-Mead').x
    return found if mean_iou(found) >= mean_iou(start) else start
""",
        ),
        (
            "the mean in centre form",
            """
def constant_box(boxes):
    c = (boxes[:, :2] + boxes[:, 2:]) / 2
    s = boxes[:, 2:] - boxes[:, :2]
    c, s = c.mean(0), s.mean(0)
    return np.concatenate([c - s / 2, c + s / 2])
""",
        ),
        ("median", "def constant_box(boxes):\n    return np.median(boxes, axis=0)"),
        (
            "the best of those given",
            "def constant_box(boxes):\n    from utils.vision.boxes import pairwise_iou\n"
            "    return boxes[pairwise_iou(boxes, boxes).mean(axis=1).argmax()].tolist()",
        ),
    ],
    "quadrants": [
        (
            "the middle is doubled",
            """
def quadrants(features):
    n, rows, columns, c = features.shape
    f = features
    if rows % 2:
        f = np.insert(f, rows // 2, f[:, rows // 2], axis=1)
    if columns % 2:
        f = np.insert(f, columns // 2, f[:, :, columns // 2], axis=2)
    r, k = f.shape[1] // 2, f.shape[2] // 2
    return f.reshape(n, 2, r, 2, k, c).mean(axis=(2, 4)).reshape(n, 4 * c)
""",
        ),
        (
            "einsum",
            """
def quadrants(features):
    n, r, k, c = features.shape
    def halves(s):
        m = np.zeros((2, s))
        m[0, :(s + 1) // 2] = 1
        m[1, s // 2:] = 1
        return m / m.sum(1, keepdims=True)
    return np.einsum('pr,qk,nrkc->npqc', halves(r), halves(k), features).reshape(n, 4 * c)
""",
        ),
        (
            "a loop",
            "def quadrants(features):\n    n, h, w, c = features.shape\n    out = []\n"
            "    for rows in (range((h + 1) // 2), range(h // 2, h)):\n"
            "        for columns in (range((w + 1) // 2), range(w // 2, w)):\n"
            "            out.append(features[:, list(rows)][:, :, list(columns)].mean((1, 2)))\n"
            "    return np.stack(out, axis=1).reshape(n, 4 * c)",
        ),
        (
            "by Keras, float64 sums",
            "def quadrants(features):\n    h, w = features.shape[1:3]\n    f = features.astype('float64')\n"
            "    up, down = f[:, : h - h // 2], f[:, h // 2 :]\n"
            "    halves = [g[:, :, part].mean(axis=1).mean(axis=1) for g in (up, down)\n"
            "              for part in (slice(0, w - w // 2), slice(w // 2, w))]\n"
            "    return np.hstack(halves)",
        ),
    ],
    "box_heads": [
        (
            "Keras counts",
            """
def count(n):
    return keras.Sequential([keras.Input((n,)), layers.Dense(4)]).count_params()
pooled, quartered, every_cell = count(2048), count(4 * 2048), count(25 * 2048)
""",
        ),
        ("written out", "pooled, quartered, every_cell = 8196, 32772, 204804"),
        ("a loop", "pooled, quartered, every_cell = [(cells * 2048 + 1) * 4 for cells in (1, 4, 25)]"),
    ],
    "moments": [
        (
            "side by side, then the mean",
            """
def moments(features):
    n, r, k, c = features.shape
    x = np.linspace(-1, 1, k).reshape(-1, 1)
    y = np.linspace(-1, 1, r).reshape(-1, 1, 1)
    return np.concatenate([features, features * x, features * y], axis=-1).mean(axis=(1, 2))
""",
        ),
        (
            "loops",
            """
def moments(features):
    n, rows, columns, c = features.shape
    out = np.zeros((n, 3 * c))
    for i in range(rows):
        for j in range(columns):
            x = -1 + 2 * j / (columns - 1)
            y = -1 + 2 * i / (rows - 1)
            out[:, :c] += features[:, i, j]
            out[:, c:2 * c] += x * features[:, i, j]
            out[:, 2 * c:] += y * features[:, i, j]
    return out / (rows * columns)
""",
        ),
        (
            "a Keras layer",
            """
def moments(features):
    n, r, k, c = features.shape
    x = np.linspace(-1, 1, k).reshape(1, 1, k, 1)
    y = np.linspace(-1, 1, r).reshape(1, r, 1, 1)
    return layers.GlobalAveragePooling2D()(np.concatenate([features, features * x, features * y], axis=-1))
""",
        ),
        (
            "einsum",
            "def moments(features):\n    n, h, w, c = features.shape\n"
            "    x, y = np.linspace(-1, 1, w), np.linspace(-1, 1, h)\n"
            "    sums = [np.einsum('nhwc->nc', features), np.einsum('nhwc,w->nc', features, x), np.einsum('nhwc,h->nc', features, y)]\n"
            "    return np.hstack(sums) / (h * w)",
        ),
        (
            "axis by axis",
            "def moments(features):\n    f = np.asarray(features, float)\n    columns, rows = f.mean(axis=1), f.mean(axis=2)\n"
            "    x, y = np.linspace(-1, 1, f.shape[2]), np.linspace(-1, 1, f.shape[1])\n"
            "    return np.concatenate([columns.mean(1), (columns * x[:, None]).mean(1), (rows * y[:, None]).mean(1)], 1)",
        ),
    ],
    "adam_steps": [
        (
            "the floor of the negative",
            """
def adam_steps(distance, rate, features):
    reach = rate * (1 + sum(map(abs, features)))
    return int(-(-distance // reach))
""",
        ),
        (
            "step by step",
            """
def adam_steps(distance, rate, features):
    w = [0.0] * len(features)
    b = 0.0
    steps = 0
    while sum(a * f for a, f in zip(w, features)) + b < distance:
        w = [a + rate * np.sign(f) for a, f in zip(w, features)]
        b += rate
        steps += 1
    return steps
""",
        ),
        (
            "divmod",
            """
def adam_steps(distance, rate, features):
    reach = rate * (sum(abs(f) for f in features) + 1)
    q, r = divmod(distance, reach)
    return int(q) + (r > 0)
""",
        ),
        (
            "NumPy",
            "def adam_steps(distance, rate, features):\n"
            "    return np.ceil(distance / (rate * (1 + np.abs(np.array(features)).sum())))",
        ),
        (
            "a walk",
            "def adam_steps(distance, rate, features):\n    step = rate * (sum(abs(f) for f in features) + 1)\n"
            "    done = int(distance / step)\n    while done * step < distance:\n        done += 1\n    return done",
        ),
    ],
}

MISTAKES = {
    "adam_steps": [
        (
            "no bias",
            """
def adam_steps(distance, rate, features):
    import math
    return math.ceil(distance / (rate * sum(abs(f) for f in features)))
""",
            "the bias moves too",
        ),
    ],
    "mirror": [
        (
            "overwrites x0 first",
            """
def mirror(box, width):
    box = list(box)
    box[0] = width - box[2]
    box[2] = width - box[0]
    return box
""",
            "overwritten just before",
        ),
        (
            "the box as it was",
            """
def mirror(box, width):
    return box
""",
            "is where it was",
        ),
    ],
    "iou": [
        (
            "an if for arrays",
            """
def iou(a, b):
    a, b = np.asarray(a), np.asarray(b)
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., 2:], b[..., 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    area = lambda x: (x[..., 2] - x[..., 0]) * (x[..., 3] - x[..., 1])
    union = area(a) + area(b) - shared
    if union > 0:
        return shared / union
    return 0
""",
            "The truth value",
        ),
        (
            "one pair decides for all",
            """
def iou(a, b):
    a, b = np.asarray(a), np.asarray(b)
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., 2:], b[..., 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    area = lambda x: (x[..., 2] - x[..., 0]) * (x[..., 3] - x[..., 1])
    union = area(a) + area(b) - shared
    if np.any(union == 0):
        return np.zeros(union.shape)
    return shared / union
""",
            "Decide for each pair",
        ),
        (
            "a union of at least 1",
            """
def iou(a, b):
    a, b = np.asarray(a), np.asarray(b)
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., 2:], b[..., 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    area = lambda x: (x[..., 2] - x[..., 0]) * (x[..., 3] - x[..., 1])
    union = area(a) + area(b) - shared
    return shared / np.maximum(union, 1)
""",
            "too large",
        ),
    ],
    "constant_box": [
        (
            "x and y exchanged",
            """
def constant_box(boxes):
    m = boxes.mean(0)
    return m[[1, 0, 3, 2]]
""",
            "in another order",
        ),
        (
            "a box around all",
            """
def constant_box(boxes):
    return np.concatenate([boxes[:, :2].min(0), boxes[:, 2:].max(0)])
""",
            "too large for most",
        ),
        (
            "the sum",
            """
def constant_box(boxes):
    return boxes.sum(axis=0)
""",
            "Divide by their number",
        ),
        (
            "whole numbers",
            """
def constant_box(boxes):
    return boxes.mean(axis=0).astype(int)
""",
            "decimals cut off",
        ),
        (
            "not a number",
            """
def constant_box(boxes):
    return boxes.mean(axis=0) * np.nan
""",
            "division by 0",
        ),
        (
            "one of the boxes",
            """
def constant_box(boxes):
    return boxes[np.random.default_rng(0).integers(len(boxes))]
""",
            "suits itself best",
        ),
        (
            "centre form",
            "def constant_box(b):\n    return boxes.to_centre(b.mean(axis=0))",
            "You return centre, width and height",
        ),
        ("the whole picture", "def constant_box(boxes):\n    return [0, 0, 1, 1]", "not chosen beforehand"),
        ("a box a picture", "def constant_box(boxes):\n    return boxes", "return one box"),
        ("over the wrong axis", "def constant_box(boxes):\n    return boxes.mean(axis=1)", "return one box"),
        ("corners exchanged", "def constant_box(boxes):\n    return boxes.mean(axis=0)[[2, 3, 0, 1]]", "in another order"),
    ],
}

NO_AREA = "Without a union there is nothing shared either: 0 whichever branch is taken."
FLAT = "Of an array with two axes the last one is axis 1."
EQUIVALENT = {
    ("iou", "Gt → GtE: return np.where(union > 0, shared / np.where(union > 0, union, 1), 0)"): NO_AREA,
    ("iou", "1 + 1: return np.where(union > 0, shared / np.where(union > 0, union, 1), 0)"): NO_AREA,
    ("quadrants", "minus sign dropped: return np.concatenate(parts, axis=-1)"): FLAT,
    ("moments", "minus sign dropped: return np.concatenate([part.mean(axis=(1, 2)) for part in parts], axis=-1)"): FLAT,
}
