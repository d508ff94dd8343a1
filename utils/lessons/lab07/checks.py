"""The checks of Lab 07: formats, IoU, the constant box, what a head sees of a feature map, the size of Adam's steps."""

import math

import numpy as np

from ...check import Either, Function, Lab, Value, as_array, call, need
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
            "{case} gives {got}: counting from 0 makes the first pixel smaller by 1, not larger.": lambda b: (
                b[0] + 1, b[1] + 1, b[2], b[3],
            ),
            "{case} gives {got}: those are a corner and a size, as in COCO. Two corners are wanted.": Either(
                lambda b: (b[0] - 1, b[1] - 1, b[2] - b[0] + 1, b[3] - b[1] + 1),
                lambda b: (b[0] - 1, b[1] - 1, b[2] - b[0], b[3] - b[1]),
            ),
            "{case} gives {got}: only x is counted from 0. So is y.": lambda b: (b[0] - 1, b[1], b[2], b[3]),
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
        cases=[((10, 20, 40, 60), 100, 200), ((0, 0, 320, 240), 320, 240), ((5, 0, 6, 9), 50, 18), ((7, 3, 20, 31), 64, 48)],
        mistakes={
            "{case} gives {got}: do not round; a fraction of the picture needs its decimals.": lambda b, w, h: tuple(
                round(value, 2) for value in _yolo(b, w, h)
            ),
            "{case} gives {got}: that is COCO's corner in fractions. YOLO begins with the centre.": lambda b, w, h: (
                b[0] / w, b[1] / h, (b[2] - b[0]) / w, (b[3] - b[1]) / h,
            ),
            "{case} gives {got}: these are pixels. YOLO divides by the sides of the picture.": lambda b, w, h: _yolo(b, 1, 1),
            "{case} gives {got}: width and height of the picture are exchanged.": lambda b, w, h: _yolo(b, h, w),
            "{case} gives {got}: the last two are a corner. YOLO ends with width and height.": lambda b, w, h: (
                *_yolo(b, w, h)[:2], b[2] / w, b[3] / h,
            ),
            "{case} gives {got}: the centre is cut off to a whole pixel. Divide by 2 with `/`, not with `//`.": lambda b, w, h: (
                (b[0] + b[2]) // 2 / w, (b[1] + b[3]) // 2 / h, *_yolo(b, w, h)[2:],
            ),
            "{case} gives {got}: these are two corners as fractions. YOLO begins with the centre and ends with the size.": (
                lambda b, w, h: (b[0] / w, b[1] / h, b[2] / w, b[3] / h)
            ),
            "{case} gives {got}: you count pixels inclusively. x1 lies one past the last pixel, so the width is x1 − x0.": Either(
                lambda b, w, h: (*_yolo(b, w, h)[:2], (b[2] - b[0] + 1) / w, (b[3] - b[1] + 1) / h),
                lambda b, w, h: ((b[0] + b[2] - 1) / 2 / w, (b[1] + b[3] - 1) / 2 / h, *_yolo(b, w, h)[2:]),
                lambda b, w, h: (
                    (b[0] + b[2] - 1) / 2 / w, (b[1] + b[3] - 1) / 2 / h, (b[2] - b[0] + 1) / w, (b[3] - b[1] + 1) / h,
                ),
            ),
            "{case} gives {got}: everything is divided by the width. y and the height are fractions of the height.": (
                lambda b, w, h: _yolo(b, w, w)
            ),
            "{case} gives {got}: the centre is the *mean* of the two edges, so divide their sum by 2.": lambda b, w, h: (
                (b[0] + b[2]) / w, (b[1] + b[3]) / h, *_yolo(b, w, h)[2:],
            ),
            "{case} gives {got}: the centre is half of the *sum* of the edges; half of their difference is half the size.": (
                lambda b, w, h: ((b[2] - b[0]) / 2 / w, (b[3] - b[1]) / 2 / h, *_yolo(b, w, h)[2:])
            ),
            "{case} gives {got}: the last two are half of the width and height. YOLO stores the whole.": lambda b, w, h: (
                *_yolo(b, w, h)[:2], (b[2] - b[0]) / 2 / w, (b[3] - b[1]) / 2 / h,
            ),
            "{case} gives {got}: mind the order of operations. `x0 + x1 / 2` halves x1 only.": Either(
                lambda b, w, h: ((b[0] + b[2] / 2) / w, (b[1] + b[3] / 2) / h, *_yolo(b, w, h)[2:]),
                lambda b, w, h: (b[0] + b[2] / 2 / w, b[1] + b[3] / 2 / h, *_yolo(b, w, h)[2:]),
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
            "{case} gives {got}: the box is where it was. The picture was flipped.": lambda b, w: tuple(b),
            "{case} gives {got}: the edges trade places, but you did not measure them from the other side: width − x.": Either(
                lambda b, w: (b[2], b[1], b[0], b[3]), lambda b, w: (-b[2], b[1], -b[0], b[3])
            ),
            "{case} gives {got}: off by one. Edges are no pixels: they lie at width − x.": lambda b, w: (
                w + 1 - b[2], b[1], w + 1 - b[0], b[3],
            ),
            "{case} gives {got}: the last two are a size. The second corner is wanted.": lambda b, w: (
                w - b[2], b[1], b[2] - b[0], b[3] - b[1],
            ),
            "{case} gives {got}: you read the box as a corner and a size. Its last two numbers are the second corner.": (
                lambda b, w: (w - b[0] - b[2], b[1], b[2], b[3])
            ),
            "{case} gives {got}: one edge is off by one. Both lie at width − x.": Either(
                lambda b, w: (w - b[2] - 1, b[1], w - b[0], b[3]), lambda b, w: (w - b[2], b[1], w - b[0] - 1, b[3])
            ),
            "{case} gives {got}: x1 is still the old edge, or comes from an x0 that was overwritten just before.": (
                lambda b, w: (w - b[2], b[1], b[2], b[3])
            ),
        },
    ),
)  # fmt: skip


# ── 3 · IoU ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _iou(a, b, *, plus=0, plus_shared=None, clip="sides", union="sum", empty=0.0, guard=True):
    """IoU with the mistakes that can be made: pixels counted inclusively, no clipping, another area in the place of the union."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    plus_shared = plus if plus_shared is None else plus_shared
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]) + plus_shared
    shared = (np.maximum(sides, 0) if clip == "sides" else sides).prod(axis=-1)
    shared = np.maximum(shared, 0) if clip == "product" else shared
    first, second = ((each[..., 2:] - each[..., :2] + plus).prod(axis=-1) for each in (a, b))
    whole = {
        "sum": lambda: first + second - shared,
        "twice": lambda: first + second,
        "mean": lambda: (first + second) / 2,
        "smaller": lambda: np.minimum(first, second),
        "larger": lambda: np.maximum(first, second),
        "first": lambda: first + 0 * second,
        "second": lambda: second + 0 * first,
        "hull": lambda: (np.maximum(a[..., 2:], b[..., 2:]) - np.minimum(a[..., :2], b[..., :2])).prod(axis=-1),
        "none": lambda: np.ones(np.shape(shared)),
        "at least 1": lambda: np.maximum(first + second - shared, 1),
        "and 1": lambda: first + second - shared + 1,
    }[union]()
    return np.divide(shared, whole, out=np.full(np.shape(whole), empty), where=np.asarray(whole) > 0 if guard else whole != 0)


def _all_pairs(a, b):
    return _iou(a[..., :, None, :], b[..., None, :, :])


def _corner_and_size(box):
    return np.concatenate([box[..., :2], box[..., :2] + box[..., 2:]], axis=-1)


def _nothing_beside_nothing(a, b):
    """One pair without area sets all to 0."""
    areas = [(each[..., 2:] - each[..., :2]).prod(axis=-1) for each in (a, b)]
    return _iou(a, b) * bool(np.all(areas[0] + areas[1] > 0))


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
            "for boxes that lie apart": (
                np.array([[0.0, 0, 2, 2], [0, 0, 10, 10], [0, 0, 10, 10]]),
                np.array([[5.0, 7, 9, 9], [12, 13, 20, 20], [12, 0, 20, 9]]),
            ),
            "for one pair, shape (4,)": (np.array([0.0, 0, 10, 10]), np.array([0.0, 0, 10, 5])),
            "for boxes of shape (3, 4, 4)": tuple(_several(rng)),
            "for (3, 4, 4) against a single box": (_several(rng)[0], np.array([2.0, 3, 9, 9])),
            "for boxes in fractions of the picture": (np.array([[0.1, 0.2, 0.5, 0.6]]), np.array([[0.2, 0.2, 0.5, 0.8]])),
            "for two boxes without area": (np.array([[3.0, 3, 3, 3]]), np.array([[3.0, 3, 3, 3]])),
            "for two pairs, one of them without area": (
                np.array([[3.0, 3, 3, 3], [0, 0, 4, 6]]),
                np.array([[5.0, 5, 5, 9], [2, 3, 4, 6]]),
            ),
        },
        mistakes={
            "{case}: two negative sides make a positive product. Cut the sides off at 0 before you multiply.": (
                Either(
                    lambda a, b: _iou(a, b, clip="nothing"),
                    lambda a, b: _iou(a, b, clip="nothing", guard=False),
                    lambda a, b: _iou(a, b, clip="product"),
                )
            ),
            "{case}: the shared part is counted twice. The union is the sum of both areas less what they share.": (
                lambda a, b: _iou(a, b, union="twice")
            ),
            "{case}: this is the *Dice coefficient*, twice the shared area over the sum of both. IoU divides by the union.": (
                lambda a, b: _iou(a, b, union="mean")
            ),
            "{case}: you divide by the area of one of the boxes. IoU divides by the union of both.": Either(
                lambda a, b: _iou(a, b, union="smaller"),
                lambda a, b: _iou(a, b, union="larger"),
                lambda a, b: _iou(a, b, union="first"),
                lambda a, b: _iou(a, b, union="second"),
            ),
            "{case}: you divide by the box around both. The union holds only what lies in one of them.": (
                lambda a, b: _iou(a, b, union="hull")
            ),
            "{case}: this is the shared area. Divide it by the area of the union.": lambda a, b: _iou(a, b, union="none"),
            "{case}: the IoU is too small. What you add to the union, or take in its place, so as not to divide by 0 is too large.": (
                Either(lambda a, b: _iou(a, b, union="at least 1"), lambda a, b: _iou(a, b, union="and 1"))
            ),
            "{case}: two boxes without area have an IoU of 0.": lambda a, b: _iou(a, b, empty=1.0),
            "{case}: one pair without area sets all others to 0. Decide for each pair by itself: `np.where`.": _nothing_beside_nothing,
            "{case}: you compare every box with every other. Box i of `a` belongs to box i of `b`.": _all_pairs,
            "{case}: you read the boxes as a corner and a size. The last two numbers are the second corner.": (
                lambda a, b: _iou(_corner_and_size(a), _corner_and_size(b))
            ),
            "{case}: this is 1 − IoU: equal boxes have an IoU of 1.": lambda a, b: 1 - _iou(a, b),
            "{case}: you add 1 to the sides of the boxes. x1 lies one past the last pixel, so the width is x1 − x0.": (
                lambda a, b: _iou(a, b, plus=1)
            ),
            "{case}: you add 1 in the intersection and not in the areas, so equal boxes do not give 1.": Either(
                lambda a, b: _iou(a, b, plus_shared=1),
                lambda a, b: _iou(a, b, plus_shared=1, guard=False),
                lambda a, b: _iou(a, b, plus_shared=1, guard=False, empty=np.nan),
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
            "`small`: that is the IoU of the large box.": 76 / 84,
            "`small`: this is in percent. An IoU lies between 0 and 1.": Either(400 / 12, 33.33, 33.3, 33),
            "`small`: write three digits at least.": 0.33,
            "`small`: this is 1 − IoU.": 8 / 12,
        },
        tolerance=5e-4,
    ),
    large=Value(
        76 / 84,
        {
            "`large`: the union counts the shared part once.": 76 / 160,
            "`large`: that is the shared part over one box. IoU divides by the union of both.": 76 / 80,
            "`large`: the box moves to the right only, not downwards as well.": 76**2 / (2 * 80**2 - 76**2),
            "`large`: that is the IoU of the small box.": 4 / 12,
            "`large`: this is in percent. An IoU lies between 0 and 1.": Either(7600 / 84, 90.48, 90.5, 90),
            "`large`: write three digits at least.": Either(0.9, 0.91),
            "`large`: this is 1 − IoU.": 8 / 84,
        },
        tolerance=5e-4,
    ),
)


# ── 4 · the constant box ─────────────────────────────────────────────────────────────────────────────────────────────


_OTHER_BOXES = {
    "You return centre, width and height. The box is wanted in corner form: x0, y0, x1, y1.": [
        lambda boxes: geometry.to_centre(boxes.mean(axis=0))
    ],
    "These are the right numbers in another order. The box is x0, y0, x1, y1.": [
        lambda boxes: boxes.mean(axis=0)[[1, 0, 3, 2]],
        lambda boxes: boxes.mean(axis=0)[[2, 3, 0, 1]],
        lambda boxes: boxes.mean(axis=0)[[0, 2, 1, 3]],
    ],
    "This box holds all the boxes given, and is far too large for most of them.": [
        lambda boxes: np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
    ],
    "These are the smallest or the largest coordinates. Take what suits most boxes.": [
        lambda boxes: boxes.min(axis=0), lambda boxes: boxes.max(axis=0),
    ],
    "You add the boxes up. Divide by their number.": [lambda boxes: boxes.sum(axis=0)],
    "Your box is 0 everywhere. Are the decimals cut off? Boxes may be fractions of the picture.": [
        lambda boxes: np.trunc(boxes.mean(axis=0))
    ],
}  # fmt: skip


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
        need(np.isfinite(answer).all(), f"Your box is {answer.tolist()}. Is there a division by 0?")
        mean = these.mean(axis=0)
        for message, mistakes in _OTHER_BOXES.items():
            need(not any(np.allclose(answer, mistake(these), rtol=1e-5) for mistake in mistakes), message)
        need(
            (answer[2:] > answer[:2]).all(),
            f"You return {np.round(answer, 2).tolist()}, a box without area. Is it x0, y0, x1, y1?",
        )
        score, bar = (float(np.mean(geometry.iou(box, these))) for box in (answer, mean))
        need(
            score >= 0.98 * bar,
            f"Your box has a mean IoU of {score:.3f} with the {len(these)} boxes given; their mean box has {bar:.3f}. "
            + (
                "It is one of the boxes given, and suits itself best."
                if (np.abs(these - answer).max(axis=1) < 1e-6).any()
                else "Is it computed from all the boxes given, and not chosen beforehand?"
            ),
        )


# ── 5 · heads ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _halves(n):
    return slice(None, -(-n // 2)), slice(n // 2, None)


def _parts(features, halves=_halves, pool=np.mean):
    """The four quadrants, pooled: a list of arrays (n, c)."""
    above, below = halves(features.shape[1]), halves(features.shape[2])
    return [pool(features[:, rows, columns], axis=(1, 2)) for rows in above for columns in below]


def _quadrants(features, halves=_halves, pool=np.mean):
    return np.concatenate(_parts(features, halves, pool), axis=-1)


def _by_channel(parts):
    """Side by side what belongs to one channel."""
    return np.stack(parts, axis=-1).reshape(len(parts[0]), -1)


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
            "{case}: the middle row and column are missing in one half. They belong to both.": Either(
                lambda f: _quadrants(f, lambda n: (slice(None, n // 2), slice(n // 2, None))),
                lambda f: _quadrants(f, lambda n: (slice(None, -(-n // 2)), slice(-(-n // 2), None))),
            ),
            "{case}: the middle row and column are missing. They belong to both halves.": lambda f: _quadrants(
                f, lambda n: (slice(None, n // 2), slice(-(-n // 2), None))
            ),
            "{case}: your halves overlap although the side is even. Only the middle of an odd side belongs to both.": (
                lambda f: _quadrants(f, lambda n: (slice(None, n // 2 + 1), slice(n // 2, None)))
            ),
            "{case}: the order is upper left, upper right, lower left, lower right.": Either(
                lambda f: _quadrants(f.swapaxes(1, 2)),
                lambda f: np.concatenate(_parts(f)[::-1], axis=-1),
                lambda f: np.concatenate([_parts(f)[k] for k in (0, 1, 3, 2)], axis=-1),
            ),
            "{case}: the four means of each channel stand side by side. First come all channels of the upper left quadrant.": (
                lambda f: _by_channel(_parts(f))
            ),
            "{case}: take the mean over each quadrant, not the maximum.": lambda f: _quadrants(f, pool=np.max),
            "{case}: take the mean over each quadrant, not the sum.": lambda f: _quadrants(f, pool=np.sum),
            "{case}: this is the mean over the whole map, four times.": lambda f: np.tile(f.mean(axis=(1, 2)), 4),
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
    pooled=Value(
        2048 * 4 + 4,
        {
            "`pooled`: you forgot the four biases.": 2048 * 4,
            "`pooled`: each of the four outputs has one bias.": Either(2048 * 4 + 1, 2048 * 4 + 2048),
            "`pooled`: a box has four numbers, so there are four outputs.": Either(2048 + 1, 5 * (2048 + 1)),
        },
    ),
    quartered=Value(
        4 * 2048 * 4 + 4,
        {
            "`quartered`: you forgot the four biases.": 4 * 2048 * 4,
            "`quartered`: there are four biases, not sixteen.": 4 * (2048 * 4 + 4),
            "`quartered`: each of the four outputs has its bias.": 4 * 2048 * 4 + 1,
            "`quartered`: a box has four numbers, so there are four outputs.": Either(4 * 2048 + 1, 5 * (4 * 2048 + 1)),
        },
    ),
    every_cell=Value(
        _CELLS * 4 + 4,
        {
            "`every_cell`: you forgot the four biases.": _CELLS * 4,
            "`every_cell`: each cell's channels count: 5 × 5 × 2,048.": Either(25 * 4 + 4, 5 * 2048 * 4 + 4),
            "`every_cell`: there are four biases, not one hundred.": 25 * (2048 * 4 + 4),
            "`every_cell`: each of the four outputs has its bias.": _CELLS * 4 + 1,
            "`every_cell`: a box has four numbers, so there are four outputs.": Either(_CELLS + 1, 5 * (_CELLS + 1)),
        },
    ),
)


# ── 6 · coordinates ──────────────────────────────────────────────────────────────────────────────────────────────────


def _from_minus_one(n):
    return np.linspace(-1, 1, n)


def _three(features, along=_from_minus_one, down=None, pool=np.mean):
    """The three pooled parts of `moments`: a list of arrays (n, c)."""
    rows, columns = features.shape[1:3]
    y, x = (down or along)(rows)[None, :, None, None], along(columns)[None, None, :, None]
    return [pool(part, axis=(1, 2)) for part in (features, features * x, features * y)]


def _moments(features, along=_from_minus_one, down=None, pool=np.mean):
    return np.concatenate(_three(features, along, down, pool), axis=-1)


def _in_order(features, *order):
    return np.concatenate([_three(features)[k] for k in order], axis=-1)


def _centre_of_mass(features):
    mean, x, y = _three(features)
    return np.concatenate([mean, x / mean, y / mean], axis=-1)


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
            "{case}: x and y are exchanged. x comes first; it is the same in all rows of a column.": lambda f: _in_order(
                f, 0, 2, 1
            ),
            "{case}: the coordinates run from 0; let them run from −1 to 1.": Either(
                lambda f: _moments(f, lambda n: np.linspace(0, 1, n)), lambda f: _moments(f, np.arange)
            ),
            "{case}: your first and last cells do not lie at −1 and 1. (`np.linspace(-1, 1, n)` includes both ends.)": Either(
                lambda f: _moments(f, lambda n: (2 * np.arange(n) + 1 - n) / n),
                lambda f: _moments(f, lambda n: np.linspace(-1, 1, n, endpoint=False)),
            ),
            "{case}: y grows from the first row, −1, to the last, 1; yours runs upwards.": lambda f: _moments(
                f, down=lambda n: np.linspace(1, -1, n)
            ),
            "{case}: x grows from the first column, −1, to the last, 1; yours runs to the left.": lambda f: _moments(
                f, lambda n: np.linspace(1, -1, n), _from_minus_one
            ),
            "{case}: the plain mean is missing. It comes first.": lambda f: _moments(f)[..., f.shape[-1] :],
            "{case}: the plain mean comes first, then the means with x and with y.": lambda f: _in_order(f, 1, 2, 0),
            "{case}: take the mean over the cells, not the sum.": lambda f: _moments(f, pool=np.sum),
            "{case}: take the mean over the cells, not the maximum.": lambda f: _moments(f, pool=np.max),
            "{case}: the three means of each channel stand side by side. First come the plain means of all channels.": (
                lambda f: _by_channel(_three(f))
            ),
            "{case}: this is the centre of mass. Do not divide by the plain mean; a feature may be 0 everywhere.": _centre_of_mass,
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
        cases=[
            (75.0, 0.001, [0.5, 0.25, 2.1]),
            (10.0, 0.5, [0.0, 0.0]),
            (3.0, 0.25, [-1.0, 1.0, 3.0]),
            (100.0, 0.01, [1.5] * 8),
            (7.0, 0.1, [-2.5, 0.5]),
        ],
        mistakes={
            "{case} gives {got}: the bias moves too: Σ|feature| + 1.": Either(
                lambda d, r, f: math.ceil(d / (r * np.abs(np.asarray(f)).sum())) if np.any(f) else math.inf,
                lambda d, r, f: math.ceil(d / (r * sum(abs(each) for each in f))),
                lambda d, r, f: math.ceil(d / (r * np.abs(np.asarray(f)).sum())),
            ),
            "{case} gives {got}: a weight may move either way, so each feature counts with its absolute value.": Either(
                lambda d, r, f: math.ceil(d / (r * (np.asarray(f).sum() + 1))),
                lambda d, r, f: math.ceil(d / (r * (np.maximum(f, 0).sum() + 1))),
            ),
            "{case} gives {got}: only the bias moves here. Each weight moves as well, and is multiplied by its feature.": (
                lambda d, r, f: math.ceil(d / r)
            ),
            "{case} gives {got}: a part of a step is a step. Round up.": Either(
                lambda d, r, f: int(d / (r * (np.abs(np.asarray(f)).sum() + 1))),
                lambda d, r, f: round(d / (r * (np.abs(np.asarray(f)).sum() + 1))),
                lambda d, r, f: d / (r * (np.abs(np.asarray(f)).sum() + 1)),
            ),
            "{case} gives {got}: where the steps come out even, none is added. Round up with `math.ceil`.": lambda d, r, f: (
                int(d / (r * (np.abs(np.asarray(f)).sum() + 1))) + 1
            ),
            "{case} gives {got}: the changes of all weights *add up*, each as large as its feature: Σ|feature| + 1.": Either(
                lambda d, r, f: math.ceil(d / (r * (np.abs(np.asarray(f)).mean() + 1))),
                lambda d, r, f: math.ceil(d / (r * (np.abs(np.asarray(f)).max() + 1))),
                lambda d, r, f: math.ceil(d / (r * (np.linalg.norm(np.asarray(f)) + 1))),
                lambda d, r, f: math.ceil(d / (r * (np.square(np.asarray(f)).sum() + 1))),
                lambda d, r, f: math.ceil(d / (r * (len(f) + 1))),
            ),
            "{case} gives {got}: take the absolute value of each feature before you add them up.": lambda d, r, f: math.ceil(
                d / (r * (abs(np.asarray(f).sum()) + 1))
            ),
            "{case} gives {got}: there is one bias, not one for each feature.": lambda d, r, f: math.ceil(
                d / (r * (np.abs(np.asarray(f)) + 1).sum())
            ),
            "{case} gives {got}: the bias moves by `rate` in a step, too: rate × (Σ|feature| + 1).": lambda d, r, f: math.ceil(
                d / (r * np.abs(np.asarray(f)).sum() + 1)
            ),
            "{case} gives {got}: without `rate` this is the distance for a rate of 1.": lambda d, r, f: math.ceil(
                d / (np.abs(np.asarray(f)).sum() + 1)
            ),
        },
    ),
)
