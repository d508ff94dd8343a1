"""The checks of Lab 07: formats, IoU, the constant box, what a head sees of a feature map, the size of Adam's steps."""

import math

import numpy as np

from ...check import Function, Lab, Value, as_array, call, need
from ...vision import boxes as geometry

lab = Lab("lab07", "Lab 07 · Where is the flower?")


# ── 2 · formats ──────────────────────────────────────────────────────────────────────────────────────────────────────

lab.declare(
    "from_voc",
    "From VOC to corners",
    hints=(
        "Draw a row of five pixels. VOC calls the first one 1; your form calls it 0. Where does a box over pixels 2 and 3 begin and end?",
        "A half-open box ends one past its last pixel. Counting from 0 takes 1 away, ending one later adds 1: what is left for xmax?",
    ),
    from_voc=Function(
        lambda box: (box[0] - 1, box[1] - 1, box[2], box[3]),
        cases=[((1, 1, 100, 50),), ((11, 21, 40, 60),), ((7, 9, 7, 9),)],
        mistakes={
            "{case} gives {got}: VOC counts from 1, so its first pixel is your pixel 0.": lambda b: tuple(b),
            "{case} gives {got}: the last pixel is lost. VOC includes xmax and ymax; your x1 and y1 stand one past them.": lambda b: (
                tuple(each - 1 for each in b)
            ),
            "{case} gives {got}: the end moves twice. Counting from 0 takes 1 away and ending one past adds it again.": lambda b: (
                b[0] - 1, b[1] - 1, b[2] + 1, b[3] + 1,
            ),
            "{case} gives {got}: one past the last pixel is right, but VOC counts from 1, so that is xmax itself.": lambda b: (
                b[0], b[1], b[2] + 1, b[3] + 1,
            ),
        },
    ),
)  # fmt: skip


def _yolo(box, width, height):
    x0, y0, x1, y1 = box
    return (x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height


lab.declare(
    "to_yolo",
    "From corners to YOLO",
    hints=(
        "Four numbers: the centre's x and y, then width and height. Which side of the picture is each a fraction of?",
        "x and width are divided by the picture's width, y and height by its height.",
    ),
    to_yolo=Function(
        _yolo,
        cases=[((10, 20, 40, 60), 100, 200), ((0, 0, 320, 240), 320, 240), ((5, 0, 6, 9), 50, 18)],
        mistakes={
            "{case} gives {got}: that is COCO's corner in fractions. YOLO begins with the centre.": lambda b, w, h: (
                b[0] / w, b[1] / h, (b[2] - b[0]) / w, (b[3] - b[1]) / h,
            ),
            "{case} gives {got}: these are pixels. YOLO divides by the sides of the picture.": lambda b, w, h: _yolo(b, 1, 1),
            "{case} gives {got}: width and height of the picture are exchanged.": lambda b, w, h: _yolo(b, h, w),
            "{case} gives {got}: the last two are a corner. YOLO ends with width and height.": lambda b, w, h: (
                *_yolo(b, w, h)[:2], b[2] / w, b[3] / h,
            ),
        },
    ),
)  # fmt: skip

lab.declare(
    "mirror",
    "The box of a mirrored picture",
    hints=(
        "What was the left edge becomes the right one.",
        "Edges are no pixels: edge x lies width − x from the other side. Then x0 must again be the smaller one.",
    ),
    mirror=Function(
        lambda box, width: (width - box[2], box[1], width - box[0], box[3]),
        cases=[((10, 20, 40, 60), 100), ((0, 5, 30, 9), 64), ((3, 0, 50, 50), 50)],
        mistakes={
            "{case} gives {got}: x0 is larger than x1. The left edge became the right one, so they trade places.": lambda b, w: (
                w - b[0], b[1], w - b[2], b[3],
            ),
            "{case} gives {got}: off by one. width − 1 − x holds for pixels; the edges of a half-open box lie at width − x.": (
                lambda b, w: (w - 1 - b[2], b[1], w - 1 - b[0], b[3])
            ),
            "{case} gives {got}: this turns the picture upside down. Left and right trade places, so only x changes.": (
                lambda b, w: (b[0], w - b[3], b[2], w - b[1])
            ),
        },
    ),
)  # fmt: skip


# ── 3 · IoU ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _iou(a, b, *, plus=0, plus_shared=None, clip=True, union=True):
    """IoU with the mistakes that can be made: pixels counted inclusively, no clipping, the shared part counted twice."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    plus_shared = plus if plus_shared is None else plus_shared
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]) + plus_shared
    shared = (np.maximum(sides, 0) if clip else sides).prod(axis=-1)
    whole = sum((each[..., 2:] - each[..., :2] + plus).prod(axis=-1) for each in (a, b)) - union * shared
    return np.divide(shared, whole, out=np.zeros(np.shape(whole)), where=np.asarray(whole) != 0)


def _several(rng):
    start = rng.integers(0, 12, (2, 3, 4, 2)).astype(float)
    return np.concatenate([start, start + rng.integers(1, 12, start.shape)], axis=-1)


lab.declare(
    "iou",
    "Intersection over union",
    points=2,
    hints=(
        "The shared part begins at the larger of the two beginnings and ends at the smaller of the two ends.",
        "`a[..., 2:]` are all ends and `a[..., :2]` all beginnings, whatever stands before. A side below 0 means no overlap: "
        "`np.maximum(sides, 0)`, before you multiply. And the union counts the shared part once.",
    ),
    iou=Function(
        _iou,
        cases=lambda rng: {
            "for two pairs of boxes": (
                np.array([[0.0, 0, 10, 10], [0, 0, 4, 6]]),
                np.array([[5.0, 5, 15, 15], [2, 3, 4, 6]]),
            ),
            "for boxes that lie apart": (np.array([[0.0, 0, 2, 2]]), np.array([[5.0, 7, 9, 9]])),
            "for one pair, shape (4,)": (np.array([0.0, 0, 10, 10]), np.array([0.0, 0, 10, 5])),
            "for boxes of shape (3, 4, 4)": tuple(_several(rng)),
            "for (3, 4, 4) against a single box": (_several(rng)[0], np.array([2.0, 3, 9, 9])),
            "for boxes in fractions of the picture": (np.array([[0.1, 0.2, 0.5, 0.6]]), np.array([[0.2, 0.2, 0.5, 0.8]])),
            "for two boxes without area": (np.array([[3.0, 3, 3, 3]]), np.array([[3.0, 3, 3, 3]])),
        },
        mistakes={
            "{case}: two negative sides make a positive product. Cut the sides off at 0 before you multiply.": (
                lambda a, b: _iou(a, b, clip=False)
            ),
            "{case}: the shared part is counted twice. The union is the sum of both areas less what they share.": (
                lambda a, b: _iou(a, b, union=False)
            ),
            "{case}: you add 1 to the sides of the boxes. x1 lies one past the last pixel, so the width is x1 − x0.": (
                lambda a, b: _iou(a, b, plus=1)
            ),
            "{case}: you add 1 in the intersection and not in the areas, so equal boxes do not give 1.": (
                lambda a, b: _iou(a, b, plus_shared=1)
            ),
            "{case}: you add 1 in the areas and not in the intersection, so equal boxes do not give 1.": (
                lambda a, b: _iou(a, b, plus=1, plus_shared=0)
            ),
        },
    ),
)

lab.declare(
    "four_pixels_off",
    "Four pixels off",
    hints=(
        "A box of 8×8 pixels, moved by 4 to the right, shares half of itself with the old one. And the union?",
        "The shared part is (side − 4) × side, the union (side + 4) × side.",
    ),
    small=Value(
        4 / 12,
        {
            "`small`: the union counts the shared part once: 64 + 64 − 32.": 32 / 128,
            "`small`: that is the shared part over one box. IoU divides by the union of both.": 0.5,
            "`small`: the box moves to the right only, not downwards as well.": 16 / 112,
        },
        tolerance=5e-4,
    ),
    large=Value(
        76 / 84,
        {
            "`large`: the union counts the shared part once.": 76 / 160,
            "`large`: that is the shared part over one box. IoU divides by the union of both.": 76 / 80,
            "`large`: the box moves to the right only, not downwards as well.": 76**2 / (2 * 80**2 - 76**2),
        },
        tolerance=5e-4,
    ),
)


# ── 4 · the constant box ─────────────────────────────────────────────────────────────────────────────────────────────


@lab.exercise(
    "The constant box",
    hints=(
        "The same box for each picture. Which numbers would you take from all the boxes that you know?",
        "The mean or the median over the boxes, corner by corner: `np.mean(boxes, axis=0)`.",
    ),
)
def constant_box(function):
    rng = np.random.default_rng(7)
    middle, size = rng.normal((0.4, 0.6), 0.06, (200, 2)), rng.uniform(0.2, 0.6, (200, 2))
    boxes = np.concatenate([middle - size / 2, middle + size / 2], axis=1)
    for these in (boxes, boxes[:7] * 100):
        answer = as_array(call(function, these.copy()), "`constant_box(boxes)`")
        need(answer.shape == (4,), f"For {these.shape} boxes you return the shape {answer.shape}: return one box, shape (4,).")
        mean = these.mean(axis=0)
        need(
            not np.allclose(answer, geometry.to_centre(mean), rtol=1e-6),
            "You return centre, width and height. The box is wanted in corner form: x0, y0, x1, y1.",
        )
        need(
            (answer[2:] > answer[:2]).all(),
            f"You return {np.round(answer, 2).tolist()}, a box without area. Is it x0, y0, x1, y1?",
        )
        score, bar = (float(np.mean(geometry.iou(box, these))) for box in (answer, mean))
        need(
            score >= 0.98 * bar,
            f"Your box has a mean IoU of {score:.3f} with the {len(these)} boxes given; their mean box has {bar:.3f}. "
            "A constant box is computed from the boxes, not chosen beforehand.",
        )


# ── 5 · heads ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _quadrants(features, halves=lambda n: (slice(None, -(-n // 2)), slice(n // 2, None)), axes=(1, 2), order="yx"):
    parts = []
    first, second = halves(features.shape[1]), halves(features.shape[2])
    for one in first:
        for other in second:
            rows, columns = (one, other) if order == "yx" else (other, one)
            parts.append(features[:, rows, columns].mean(axis=axes))
    return np.concatenate(parts, axis=-1)


lab.declare(
    "quadrants",
    "Quadrants",
    hints=(
        "Of five rows the upper half is the first three, the lower half the last three. The middle row belongs to both.",
        "Take `features[:, :3, :3].mean(axis=(1, 2))` and the other three, and join them with `np.concatenate(…, axis=-1)`. "
        "For any side n, the first half ends at (n + 1) // 2 and the second begins at n // 2.",
    ),
    quadrants=Function(
        _quadrants,
        cases=lambda rng: {
            "for maps of 5×5": (rng.normal(size=(3, 5, 5, 2)).astype("float32"),),
            "for maps of 4×6": (rng.normal(size=(2, 4, 6, 3)).astype("float32"),),
            "for maps of 3×5": (rng.normal(size=(1, 3, 5, 4)).astype("float32"),),
        },
        mistakes={
            "{case}: the middle row and column are missing in one half. They belong to both.": lambda f: _quadrants(
                f, lambda n: (slice(None, n // 2), slice(n // 2, None))
            ),
            "{case}: the order is upper left, upper right, lower left, lower right.": lambda f: _quadrants(f.swapaxes(1, 2)),
            "{case}: take the mean over each quadrant, not the maximum.": lambda f: np.concatenate(
                [
                    f[:, rows, columns].max(axis=(1, 2))
                    for rows in (slice(None, -(-f.shape[1] // 2)), slice(f.shape[1] // 2, None))
                    for columns in (slice(None, -(-f.shape[2] // 2)), slice(f.shape[2] // 2, None))
                ],
                axis=-1,
            ),
        },
    ),
)

_CELLS = 5 * 5 * 2048
lab.declare(
    "box_heads",
    "The price of a place",
    hints=(
        "Each head is one Dense layer with four outputs and four biases. How many numbers go in?",
        "2,048 channels; four times as many; 5 × 5 times as many. Times 4, plus 4.",
    ),
    pooled=Value(2048 * 4 + 4, {"`pooled`: you forgot the four biases.": 2048 * 4}),
    quartered=Value(
        4 * 2048 * 4 + 4,
        {
            "`quartered`: you forgot the four biases.": 4 * 2048 * 4,
            "`quartered`: there are four biases, not sixteen.": 4 * (2048 * 4 + 4),
        },
    ),
    every_cell=Value(
        _CELLS * 4 + 4,
        {
            "`every_cell`: you forgot the four biases.": _CELLS * 4,
            "`every_cell`: each cell's channels count: 5 × 5 × 2,048.": 25 * 4 + 4,
        },
    ),
)


# ── 6 · coordinates ──────────────────────────────────────────────────────────────────────────────────────────────────


def _moments(features, low=-1.0, swap=False, axes=(1, 2)):
    rows, columns = features.shape[1:3]
    y, x = np.meshgrid(np.linspace(low, 1, rows), np.linspace(low, 1, columns), indexing="ij")
    x, y = (y, x) if swap else (x, y)
    parts = [features, features * x[None, :, :, None], features * y[None, :, :, None]]
    return np.concatenate([part.mean(axis=axes) for part in parts], axis=-1)


lab.declare(
    "moments",
    "Pooling with coordinates",
    hints=(
        "`np.linspace(-1, 1, columns)` is x of each column. Which shape must it have to be multiplied with (n, rows, columns, c)?",
        "`x[None, None, :, None]` and `y[None, :, None, None]`. Take three means over axes (1, 2) and join them on the last axis.",
    ),
    moments=Function(
        _moments,
        cases=lambda rng: {
            "for maps of shape (2, 3, 5, 4)": (rng.normal(size=(2, 3, 5, 4)).astype("float32"),),
            "for maps of shape (1, 4, 4, 2)": (rng.normal(size=(1, 4, 4, 2)).astype("float32"),),
        },
        mistakes={
            "{case}: x and y are exchanged. x comes first and grows along the columns.": lambda f: _moments(f, swap=True),
            "{case}: the coordinates run from 0; let them run from −1 to 1.": lambda f: _moments(f, low=0.0),
            "{case}: the plain mean is missing. It comes first.": lambda f: _moments(f)[..., f.shape[-1] :],
        },
    ),
)


# ── 7 · raw pixels ───────────────────────────────────────────────────────────────────────────────────────────────────

lab.declare(
    "adam_steps",
    "How far can Adam go?",
    hints=(
        "The output is Σ weight × feature + bias. By how much does it change if each weight and the bias move by `rate`?",
        "By at most rate × (Σ|feature| + 1). Divide the distance by that, and round up.",
    ),
    adam_steps=Function(
        lambda distance, rate, features: math.ceil(distance / (rate * (np.abs(np.asarray(features)).sum() + 1))),
        cases=[(75.0, 0.001, [0.5, 0.25, 2.1]), (10.0, 0.5, [0.0, 0.0]), (3.0, 0.25, [-1.0, 1.0, 3.0]), (100.0, 0.01, [1.5] * 8)],
        mistakes={
            "{case} gives {got}: the bias moves too: Σ|feature| + 1.": lambda d, r, f: (
                math.ceil(d / (r * np.abs(np.asarray(f)).sum())) if np.any(f) else math.inf
            ),
            "{case} gives {got}: a weight may move either way, so each feature counts with its absolute value.": lambda d, r, f: (
                math.ceil(d / (r * (np.asarray(f).sum() + 1)))
            ),
            "{case} gives {got}: only the bias moves here. Each weight moves as well, and is multiplied by its feature.": (
                lambda d, r, f: math.ceil(d / r)
            ),
            "{case} gives {got}: a part of a step is a step. Round up.": lambda d, r, f: int(
                d / (r * (np.abs(np.asarray(f)).sum() + 1))
            ),
        },
    ),
)
