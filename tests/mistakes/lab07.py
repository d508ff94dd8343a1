"""Other right answers to Lab 07, and wrong ones that its declarations do not cover."""

OTHERS = {
    "from_voc": [
        ("an array", "def from_voc(box):\n    return np.asarray(box) - [1, 1, 0, 0]"),
        (
            "by the size",
            "def from_voc(box):\n    a, b, c, d = box\n    return [a - 1, b - 1, (a - 1) + (c - a + 1), (b - 1) + (d - b + 1)]",
        ),
    ],
    "to_yolo": [
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
        ("a list", "def mirror(box, width):\n    return [width - box[2], box[1], width - box[0], box[3]]"),
        ("by the library", "def mirror(box, width):\n    return boxes.mirror(box, width)"),
        (
            "by the centre",
            "def mirror(box, width):\n    middle, half = width - (box[0] + box[2]) / 2, (box[2] - box[0]) / 2\n"
            "    return middle - half, box[1], middle + half, box[3]",
        ),
    ],
    "iou": [
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
        ("fractions", "small, large = 1 / 3, 19 / 21"),
        ("three digits", "small, large = 0.3333, 0.9048"),
        ("by the library", "small, large = boxes.iou([[0, 0, 8, 8], [0, 0, 80, 80]], [[4, 0, 12, 8], [4, 0, 84, 80]])"),
    ],
    "constant_box": [
        ("median", "def constant_box(boxes):\n    return np.median(boxes, axis=0)"),
        (
            "the best of those given",
            "def constant_box(boxes):\n    from utils.vision.boxes import pairwise_iou\n"
            "    return boxes[pairwise_iou(boxes, boxes).mean(axis=1).argmax()].tolist()",
        ),
    ],
    "quadrants": [
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
        ("written out", "pooled, quartered, every_cell = 8196, 32772, 204804"),
        ("a loop", "pooled, quartered, every_cell = [(cells * 2048 + 1) * 4 for cells in (1, 4, 25)]"),
    ],
    "moments": [
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
    "constant_box": [
        (
            "centre form",
            "def constant_box(b):\n    return boxes.to_centre(b.mean(axis=0))",
            "You return centre, width and height",
        ),
        ("the whole picture", "def constant_box(boxes):\n    return [0, 0, 1, 1]", "computed from the boxes, not chosen"),
        ("a box a picture", "def constant_box(boxes):\n    return boxes", "return one box"),
        ("over the wrong axis", "def constant_box(boxes):\n    return boxes.mean(axis=1)", "return one box"),
        ("corners exchanged", "def constant_box(boxes):\n    return boxes.mean(axis=0)[[2, 3, 0, 1]]", "without area"),
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
