"""The checks of Lab 08: sliding and converting, grid and loss, suppression, matching and average precision."""

import functools

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...check import Either, Function, Lab, as_array, call, wrong
from ...vision.boxes import pairwise_iou

lab = Lab("lab08", "Lab 08 · Detect and be judged")


# ── 1 · sliding ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _windows(
    height, width, window, step, scales, *, plus=1, least=0, shrink=True, rows=True, stop=False, size=lambda n, s: n // s
):
    count = 0
    for s in scales:
        down = (size(height, s if shrink else 1) - window) // step + plus
        across = (size(width, s if shrink else 1) - window) // step + plus
        if stop and min(down, across) <= 0:
            break
        count += max(least, down) * max(least, across) if rows else max(least, down) + max(least, across)
    return count


lab.declare(
    "count_windows",
    "How many windows?",
    hints=(
        "Count along one side first: windows start at 0, step, 2 · step, … The last one must still end inside.",
        "Along a side of n pixels there are (n − window) // step + 1 windows, and none where n < window. Multiply both sides, "
        "and add over the scales.",
    ),
    count_windows=Function(
        _windows,
        cases=[
            (192, 192, 46, 8, [1, 2, 3]),
            (100, 60, 20, 7, [1]),
            (61, 90, 16, 5, [1, 2, 3]),
            (50, 90, 40, 16, [1, 2, 4]),
            (50, 90, 48, 8, [3]),
            (90, 30, 40, 16, [1]),
            (90, 20, 40, 8, [1]),
            (50, 90, 40, 16, [2, 4, 1]),
            (40, 80, 20, 8, [2, 1]),
            (47, 35, 4, 2, [3, 2]),
        ],
        mistakes={
            "{case} gives {got}: the window at the edge, at 0, counts too. Add 1 to each side.": Either(
                lambda *a: _windows(*a, plus=0), lambda *a: _windows(*a, plus=0, least=-1000)
            ),
            "{case} gives {got}: a picture that is smaller than the window has no window, not a negative number of them.": (
                lambda *a: _windows(*a, least=-1000)
            ),
            "{case} gives {got}: every scale counts the whole picture. Shrink it by `s` first.": lambda *a: _windows(
                *a, shrink=False
            ),
            "{case} gives {got}: each row of windows has windows in every column. Multiply the two numbers.": (
                lambda *a: _windows(*a, rows=False)
            ),
            "{case} gives {got}: that is one window for each pixel. They start at every `step`-th row and column.": (
                lambda h, w, size, step, scales: _windows(h, w, size, 1, scales)
            ),
            "{case} gives {got}: one picture alone is counted. Add the windows of all the shrunk ones.": Either(
                lambda h, w, size, step, scales: _windows(h, w, size, step, [1]),
                lambda h, w, size, step, scales: _windows(h, w, size, step, [1], least=-1000),
                lambda h, w, size, step, scales: _windows(h, w, size, step, scales[:1]),
            ),
            "{case} gives {got}: where one scale has no window, a later one may have some. Go on with it.": (
                lambda *a: _windows(*a, stop=True)
            ),
            "{case} gives {got}: a picture exactly as large as the window has room for one.": lambda h, w, size, *a: sum(
                _windows(h, w, size, a[0], [s]) for s in a[1] if min(h // s, w // s) > size
            ),
            "{case} gives {got}: the shrunk picture has `height // s` rows and `width // s` columns, rounded down.": Either(
                lambda *a: _windows(*a, size=lambda n, s: round(n / s)), lambda *a: _windows(*a, size=lambda n, s: -(-n // s))
            ),
            "{case} gives {got}: the windows in the columns are not those in the rows. The picture need not be square.": Either(
                lambda h, w, *a: _windows(h, h, *a), lambda h, w, *a: _windows(w, w, *a)
            ),
        },
    ),
)


# ── 2 · from dense to convolutional ──────────────────────────────────────────────────────────────────────────────────

lab.declare(
    "dense_to_conv",
    "From dense to convolutional",
    hints=(
        "No number changes, only how they are arranged. In which order does Flatten walk through the map, and in which order does "
        "NumPy's `reshape` fill an array?",
        "In the same order, rows first and channels last: reshape to (height, width, c, units). −1 lets NumPy work c out.",
    ),
    dense_to_conv=Function(
        lambda matrix, height, width: matrix.reshape(height, width, -1, matrix.shape[1]),
        cases=lambda rng: {
            "for a 3×2 map with 4 channels and 5 units": (rng.normal(size=(24, 5)), 3, 2),
            "for a 2×2 map with 3 channels and 6 units": (rng.normal(size=(12, 6)), 2, 2),
            "for a 1×4 map with one channel and 2 units": (rng.normal(size=(4, 2)), 1, 4),
        },
        mistakes={
            "{case}: this takes the vector as channel by channel. Keras keeps channels last: within a place, channel by channel.": (
                lambda m, h, w: m.reshape(-1, h, w, m.shape[1]).transpose(1, 2, 0, 3)
            ),
            "{case}: height and width are exchanged. The vector comes row by row, so the height is the first axis.": (
                lambda m, h, w: m.reshape(w, h, -1, m.shape[1])
            ),
            "{case}: this takes the vector as column by column; it comes row by row.": (
                lambda m, h, w: m.reshape(w, h, -1, m.shape[1]).transpose(1, 0, 2, 3)
            ),
            "{case}: units come before channels. A kernel has the axes (height, width, channels in, units).": (
                lambda m, h, w: m.reshape(h, w, m.shape[1], -1)
            ),
            "{case}: the matrix is transposed before the reshape, which mixes units and places.": (
                lambda m, h, w: m.T.reshape(h, w, -1, m.shape[1])
            ),
            "{case}: the kernel is turned by 180°. Keras' convolution does not flip its kernel.": (
                lambda m, h, w: m.reshape(h, w, -1, m.shape[1])[::-1, ::-1]
            ),
            "{case}: order='F' fills the kernel with its first axis running fastest. NumPy's own order is the right one.": (
                lambda m, h, w: m.reshape((h, w, -1, m.shape[1]), order="F")
            ),
        },
    ),
)


# ── 3 · objectness ───────────────────────────────────────────────────────────────────────────────────────────────────

lab.declare(
    "first_bias",
    "The first guess",
    hints=(
        "For which p is the cross-entropy least if p is the same everywhere? Look at the figure above.",
        "p must be `share`. Solve share = 1 / (1 + exp(−bias)) for the bias.",
    ),
    first_bias=Function(
        lambda share: np.log(share / (1 - share)),
        cases=[(0.01,), (0.5,), (0.2,), (0.9,), (0.0005,)],
        mistakes={
            "{case} gives {got}: the sign is reversed. A rare object needs a negative logit.": lambda s: np.log((1 - s) / s),
            "{case} gives {got}: the logarithm is that of the whole quotient, share / (1 − share). Mind the brackets.": lambda s: (
                np.log(s) / (1 - s)
            ),
            "{case} gives {got}: that is log(share). Put it through the sigmoid: it gives share / (1 + share).": lambda s: np.log(
                s
            ),
            "{case} gives {got}: that is the probability. The bias is a logit, which the sigmoid turns into a probability.": lambda s: (
                s
            ),
            "{case} gives {got}: those are the odds. The logit is their logarithm.": lambda s: s / (1 - s),
            "{case} gives {got}: exp() belongs to the natural logarithm, `np.log`.": Either(
                lambda s: np.log10(s / (1 - s)), lambda s: np.log2(s / (1 - s))
            ),
            "{case} gives {got}: the sigmoid turns a logit into a probability. You need its inverse.": lambda s: (
                1 / (1 + np.exp(-s))
            ),
        },
    ),
)


# ── 4 · boxes on a grid ──────────────────────────────────────────────────────────────────────────────────────────────


def _encode(
    boxes, labels, size, cells, *, order="largest", exchanged=False, corner=False, offset="cell", unit="cells", log=np.log, sides=(0, 1), turned=False,
    whole=np.trunc, middle=0, kinds=0, per_cell=np.divide, cut=False
):  # fmt: skip
    target = np.zeros((cells, cells, 6))
    boxes = np.clip(boxes, 0, size) if cut else boxes
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    numbers = {
        "largest": np.argsort(areas),
        "smallest": np.argsort(-areas),
        "last": range(len(boxes)),
        "first": range(len(boxes))[::-1],
        "widest": np.argsort(boxes[:, 2] - boxes[:, 0]),
        "highest": np.argsort(boxes[:, 3] - boxes[:, 1]),
        "longest": np.argsort((boxes[:, 2:] - boxes[:, :2]).max(axis=1)),
        "largest perimeter": np.argsort((boxes[:, 2:] - boxes[:, :2]).sum(axis=1)),
    }
    for k in numbers[order]:
        x0, y0, x1, y1 = boxes[k] / per_cell(size, cells)
        x, y = (x0, y0) if corner else ((x0 + x1) / 2, (y0 + y1) / 2)
        row, column = (min(int(whole(each)), cells - 1) for each in (y, x))
        place = {
            "cell": (x - column - middle, y - row - middle),
            "pixels": ((x - column) * size / cells, (y - row) * size / cells),
        }
        place |= {"picture": (x / cells, y / cells), "grid": (x, y)}
        extent = np.array([x1 - x0, y1 - y0]) * {"cells": 1, "pixels": size / cells, "picture": 1 / cells}[unit]
        extent = log(extent)[list(sides)]
        offsets = place[offset][::-1] if turned else place[offset]
        target[(column, row) if exchanged else (row, column)] = [1, *offsets, *extent, labels[k] + kinds]
    return target


_encoded = functools.partial(functools.partial, _encode)


def _some_boxes(rng):
    return {
        "for one flower": (np.array([[10.0, 30, 26, 40]]), np.array([2]), 64, 4),
        "for three flowers on 6 × 6 cells": (
            np.array([[2.0, 3, 30, 19], [40, 20, 58, 60], [0, 50, 9, 55]]), np.array([1, 0, 4]), 60, 6,
        ),
        "for two flowers in one cell, the larger one first": (np.array([[8.0, 9, 30, 29], [15, 16, 25, 24]]), np.array([3, 1]), 80, 2),
        "for two flowers in one cell, the larger one last": (np.array([[15.0, 16, 25, 24], [8, 9, 30, 29]]), np.array([1, 3]), 80, 2),
        "for a long one and a square one in one cell": (np.array([[2.0, 18, 38, 20], [10, 10, 22, 22]]), np.array([0, 2]), 80, 2),
        "for no flower": (np.zeros((0, 4)), np.zeros(0, int), 64, 4),
        "for flowers at random places": _scattered(rng),
        "for many flowers, several in one cell": _scattered(rng, count=24, cells=3),
        "for a centre on the corner of a cell": (np.array([[8.0, 24, 24, 40]]), np.array([4]), 64, 4),
        "for cells of 12.5 pixels": (np.array([[20.0, 60, 35, 81], [71, 11, 95, 40]]), np.array([1, 3]), 100, 8),
        "for a flower that sticks out of the picture": (np.array([[-6.0, 40, 14, 72]]), np.array([2]), 64, 4),
    }  # fmt: skip


def _scattered(rng, count=5, cells=8):
    centres, sides = rng.uniform(6, 90, (count, 2)), rng.uniform(3, 11, (count, 2))
    return np.hstack([centres - sides / 2, centres + sides / 2]), rng.integers(0, 5, count), 96, cells


lab.declare(
    "encode",
    "Encode",
    points=2,
    hints=(
        "Measure everything in cells first: multiply the boxes by cells / size. Then the cell is the whole part of the centre and the "
        "offset is the rest.",
        "Row from y, column from x: `target[int(y), int(x)]`. Go through the boxes from the smallest area to the largest, so that "
        "the largest overwrites the others.",
    ),
    encode=Function(
        _encode,
        cases=_some_boxes,
        mistakes={
            "{case}: row and column are exchanged. The first index is the row, and it comes from y.": _encoded(exchanged=True),
            "{case}: numbers 1 and 2 are y and x; the order is x, y.": _encoded(turned=True),
            "{case}: the cell and the place come from the upper left corner. Take the centre.": _encoded(corner=True),
            "{case}: the place is measured in pixels. Within its cell it goes from 0 to 1.": _encoded(offset="pixels"),
            "{case}: the place is a fraction of the picture. It is counted from the corner of its own cell, in cells.": _encoded(
                offset="picture"
            ),
            "{case}: the place is counted from the corner of the picture. Subtract the cell's column and row.": _encoded(
                offset="grid"
            ),
            "{case}: the size is the log of pixels. Measure it in cells.": _encoded(unit="pixels"),
            "{case}: the size is the log of a fraction of the picture. Measure it in cells.": _encoded(unit="picture"),
            "{case}: numbers 3 and 4 are width and height as they are; the text asks for their logs.": _encoded(
                log=lambda extent: extent
            ),
            "{case}: numbers 3 and 4 are natural logs, `np.log`.": Either(
                _encoded(log=np.log2), _encoded(log=np.log10), _encoded(log=np.log1p)
            ),
            "{case}: width and height are exchanged.": _encoded(sides=(1, 0)),
            "{case}: of two in one cell the last one stays. It must be the one with the largest area, in whatever order they come.": _encoded(
                order="last"
            ),
            "{case}: of two in one cell the first one stays. It must be the one with the largest area, in whatever order they come.": _encoded(
                order="first"
            ),
            "{case}: of two in one cell the smaller one stays. It must be the larger one.": _encoded(order="smallest"),
            "{case}: of several in one cell the one with the longest side or outline stays. Compare areas, width · height.": Either(
                *(_encoded(order=order) for order in ("widest", "highest", "longest", "largest perimeter"))
            ),
            "{case}: the place is counted from the middle of the cell. Count it from the upper left corner, from 0 to 1.": _encoded(
                middle=0.5
            ),
            "{case}: the cell is the whole part of the centre, rounded down.": _encoded(whole=np.round),
            "{case}: `//` makes a cell a whole number of pixels wide. Divide with `/`: a cell has size / cells pixels.": _encoded(
                per_cell=np.floor_divide
            ),
            "{case}: number 5 is the label itself, without adding 1.": _encoded(kinds=1),
            "{case}: a box that sticks out of the picture is cut off. Encode it as it is.": _encoded(cut=True),
        },
    ),
)


def _decode(
    target, size, *, exchanged=False, log=True, scale=True, half=0.5, centre=False, offsets=(1, 2), sides=(3, 4), whole=False,
    middle=0, corner=False, pixels=False, per_cell=np.divide, cut=False
):  # fmt: skip
    rows, columns = np.nonzero(target[..., 0])
    found = target[rows, columns]
    places = np.stack([rows, columns] if exchanged else [columns, rows], axis=1) + middle
    places = places + (0 if whole else found[:, list(offsets)] / (per_cell(size, len(target)) if pixels else 1))
    extent = found[:, list(sides)]
    extent = np.exp(extent) if log else extent
    if corner:
        places = places + half * extent
    result = np.hstack([places, extent]) if centre else np.hstack([places - half * extent, places + half * extent])
    result = result * (per_cell(size, len(target)) if scale else 1)
    return np.clip(result, 0, size) if cut else result


_decoded = functools.partial(functools.partial, _decode)


def _boxes(result):
    """A result as it is compared: an empty list is a set of no boxes, too; an array has the shape that the text asks for."""
    return np.zeros((0, 4)) if isinstance(result, list) and not result else as_array(result)


lab.declare(
    "decode",
    "Decode",
    points=2,
    hints=(
        "`np.nonzero(target[..., 0])` gives the rows and columns of the cells with an object, in the order that is asked for.",
        "Undo each step: exp of the log, plus column for x and plus row for y, half the size to each side of the centre, and times "
        "size / cells.",
    ),
    decode=Function(
        _decode,
        cases=lambda rng: {name: (_encode(*each), each[2]) for name, each in _some_boxes(rng).items() if "one cell" not in name},
        view=_boxes,
        mistakes={
            "{case}: row and column are exchanged. x counts columns, and y counts rows.": _decoded(exchanged=True),
            "{case}: the sizes are still logs. Undo them with np.exp.": _decoded(log=False),
            "{case}: these are cells. Multiply by size / cells for pixels.": _decoded(scale=False),
            "{case}: you subtract and add the whole size. Half of it lies on each side of the centre.": _decoded(half=1),
            "{case}: these are centre and size. Return the corners (x0, y0, x1, y1).": _decoded(centre=True),
            "{case}: the offsets within the cell are missing.": _decoded(whole=True),
            "{case}: the offsets are missing, and half a cell stands in their place.": _decoded(whole=True, middle=0.5),
            "{case}: half a cell is added to the offsets. They count from the cell's corner.": _decoded(middle=0.5),
            "{case}: numbers 1 and 2 are taken for pixels. They are parts of a cell.": _decoded(pixels=True),
            "{case}: the centre is taken for the upper left corner. Half of the size lies on each side of it.": _decoded(
                corner=True
            ),
            "{case}: `//` makes a cell a whole number of pixels wide. Divide with `/`: a cell has size / cells pixels.": _decoded(
                per_cell=np.floor_divide
            ),
            "{case}: a box that sticks out of the picture is cut off. Decode it as it is.": _decoded(cut=True),
            "{case}: numbers 1 and 2 are x and y, in this order.": _decoded(offsets=(2, 1)),
            "{case}: numbers 3 and 4 are width and height, in this order.": _decoded(sides=(4, 3)),
        },
    ),
)


# ── 5 · the loss ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _grid_loss(
    target, answer, *, everywhere=(), only_objects=False, squash_place=True, squash_size=False, exp_size=False, first=5, mean=False, log=np.log, square=True,
    places_times=1, share=None, each=False, objectness=None, softmax=True
):  # fmt: skip
    there = target[..., 0]
    p = 1 / (1 + np.exp(-answer[..., 0]))
    masks = {name: np.ones_like(there) if name in everywhere else there for name in ("place", "size", "kind")}
    cross = -log(np.where(there == 1, p, 1 - p)) * (there if only_objects else 1)
    if objectness is not None:
        cross = objectness(there, p)
    places = 1 / (1 + np.exp(-answer[..., 1:3])) if squash_place else answer[..., 1:3]
    sizes = 1 / (1 + np.exp(-answer[..., 3:5])) if squash_size else answer[..., 3:5]
    off = (places - target[..., 1:3], np.exp(sizes) - np.exp(target[..., 3:5]) if exp_size else sizes - target[..., 3:5])
    off = [np.square(each) if square else np.abs(each) for each in off]
    chances = np.exp(answer[..., first:])[..., 5 - first :] / np.exp(answer[..., first:]).sum(axis=-1, keepdims=True)
    chances = chances if softmax else 1 / (1 + np.exp(-answer[..., 5:]))
    right = np.take_along_axis(chances, target[..., 5:].astype(int), axis=-1)[..., 0]
    kinds = -log(right) if share is None else share(right)
    parts = cross, places_times * masks["place"] * off[0].sum(-1), masks["size"] * off[1].sum(-1), masks["kind"] * kinds
    if each:
        parts = cross, *(part / max(1, there.sum()) for part in parts[1:])
    return tuple(float(np.mean(part) if mean else np.sum(part)) for part in parts)


_lost = functools.partial(functools.partial, _grid_loss)


def _answers(rng):
    pairs = {"for a picture without a flower": (np.zeros((3, 3, 6)), rng.normal(0, 1, (3, 3, 9)))}
    for words, cells, count, classes in (
        ("with one flower", 2, 1, 3),
        ("with three flowers", 4, 3, 5),
        ("with eight classes", 3, 5, 8),
    ):
        target = np.zeros((cells, cells, 6))
        for place in rng.permutation(cells * cells)[:count]:
            kind = rng.integers(classes - 3, classes)
            target[divmod(int(place), cells)] = [1, *rng.uniform(0.1, 0.9, 2), *rng.normal(0.4, 0.5, 2), kind]
        pairs[f"for a picture {words}"] = (target, rng.normal(0, 1, (cells, cells, 5 + classes)))
    return pairs


lab.declare(
    "grid_loss",
    "A masked loss",
    points=2,
    hints=(
        "Make a mask first: `cells = target[..., 0] == 1`. `target[cells]` and `answer[cells]` are then arrays with one row for each "
        "object.",
        "Cross-entropy is −log of the probability given to what is true. For objectness that is p where an object is and 1 − p "
        "elsewhere; for the class it is the softmax at the index `target[..., 5]`, which must be an int.",
    ),
    grid_loss=Function(
        _grid_loss,
        cases=_answers,
        mistakes={
            "{case}: objectness counts in every cell, in the empty ones too: that is where the network learns to say nothing.": _lost(
                only_objects=True
            ),
            "{case}: the place counts in empty cells as well. There is nothing to be placed: mask it.": _lost(
                everywhere=("place",)
            ),
            "{case}: the size counts in empty cells as well. Mask it.": _lost(everywhere=("size",)),
            "{case}: the class counts in empty cells as well. Mask it.": _lost(everywhere=("kind",)),
            "{case}: nothing is masked. Place, size and class count only where an object is.": _lost(
                everywhere=("place", "size", "kind")
            ),
            "{case}: the place is compared with the logits. Put numbers 1 and 2 of the answer through a sigmoid.": _lost(
                squash_place=False
            ),
            "{case}: the size goes through a sigmoid. Numbers 3 and 4 are compared as they are.": _lost(squash_size=True),
            "{case}: the sizes are compared after exp. Compare the logs, as they are.": _lost(exp_size=True),
            "{case}: the softmax runs over all numbers of the answer. The classes begin at number 5.": _lost(first=0),
            "{case}: these are means over the cells. The text asks for sums.": _lost(mean=True),
            "{case}: errors of place and size are to be squared.": _lost(square=False),
            "{case}: place, size and class are divided by the number of objects. The text asks for sums.": _lost(each=True),
            "{case}: the place is multiplied by a factor. Here each part is the plain sum.": Either(
                _lost(places_times=4), _lost(places_times=0.5)
            ),
            "{case}: objectness is a cross-entropy, −log of a probability, not a squared error.": _lost(
                objectness=lambda there, p: np.square(there - p)
            ),
            "{case}: the sign of the class's cross-entropy is missing: −log of a probability is positive.": _lost(share=np.log),
            "{case}: the class's cross-entropy is −log of the probability, not the probability.": Either(
                _lost(share=lambda right: right), _lost(share=lambda right: -right), _lost(share=lambda right: 1 - right)
            ),
            "{case}: the classes go through a softmax, not each through a sigmoid.": _lost(softmax=False),
            "{case}: take the natural logarithm, `np.log`.": Either(_lost(log=np.log2), _lost(log=np.log10)),
        },
    ),
)


# ── 6 · non-maximum suppression ──────────────────────────────────────────────────────────────────────────────────────


def _suppress(
    boxes, scores, labels, limit, *, classes=True, rounds=None, equal=False, rising=False, dropped_drop=False, by_score=True
):
    """Greedy suppression with the mistakes that can be made; `rounds`: so many repetitions at most."""
    overlaps = pairwise_iou(boxes, boxes)
    rivals = (overlaps >= limit if equal else overlaps > limit) & ((labels[:, None] == labels) if classes else True)
    order = np.argsort(scores if rising else -scores) if by_score else np.arange(len(scores))
    alive, kept = np.ones(len(scores), bool), []
    for number, k in enumerate(order):
        if alive[k]:
            kept.append(int(k))
        if (alive[k] or dropped_drop) and (rounds is None or number < rounds):
            later = order[number + 1 :]
            alive[later] &= ~rivals[k, later]
    return sorted(kept, key=lambda k: -scores[k]) if by_score and not rising else kept


_suppressed = functools.partial(functools.partial, _suppress)
_CHAIN = np.array([[4.0, 0, 14, 10], [0, 0, 10, 10], [8, 0, 18, 10], [30, 30, 40, 40]])


def _crowd(rng):
    corners = rng.uniform(0, 25, (14, 2))
    return (
        np.hstack([corners, corners + rng.uniform(8, 16, (14, 2))]),
        rng.permutation(np.linspace(0.1, 0.9, 14)),
        rng.integers(0, 2, 14),
    )


lab.declare(
    "suppress",
    "Non-maximum suppression",
    points=2,
    hints=(
        "Go through the boxes by falling score. A box is kept if none of those *kept so far* in its class overlaps it too much.",
        "`order = np.argsort(-scores)`. Compare each box only with kept boxes: one that was dropped drops nobody.",
    ),
    suppress=Function(
        _suppress,
        cases=lambda rng: {
            "for a chain in which neighbours overlap": (_CHAIN, np.array([0.8, 0.9, 0.7, 0.6]), np.zeros(4, int), 0.4),
            "for the same chain in two classes": (_CHAIN, np.array([0.8, 0.9, 0.7, 0.6]), np.array([1, 0, 0, 0]), 0.4),
            "for two groups of duplicates": (
                np.array([[0.0, 0, 10, 10], [50, 50, 60, 60], [1, 0, 11, 10], [51, 50, 61, 60], [0, 1, 10, 11]]),
                np.array([0.5, 0.9, 0.6, 0.8, 0.3]),
                np.zeros(5, int),
                0.6,
            ),
            "for an IoU equal to the limit": (
                np.array([[0.0, 0, 10, 10], [0, 0, 10, 5]]),
                np.array([0.3, 0.4]),
                np.array([2, 2]),
                0.5,
            ),
            "for a crowd of 14": (*_crowd(rng), 0.3),
            "for another crowd": (*_crowd(rng), 0.5),
        },
        mistakes={
            "{case}: boxes of different classes suppress each other. Do it class by class.": _suppressed(classes=False),
            "{case}: nothing is dropped. A box that overlaps a kept one of its class by more than the limit must go.": (
                lambda boxes, scores, labels, limit: np.argsort(-scores)
            ),
            "{case}: only the best box of all drops its rivals. Repeat the step with what is left.": _suppressed(rounds=1),
            "{case}: a box drops another whose IoU is *equal* to the limit. The text says greater.": _suppressed(equal=True),
            "{case}: you keep the boxes with the lowest scores. Sort by falling score: np.argsort(-scores).": _suppressed(
                rising=True
            ),
            "{case}: a box that was dropped drops others. Compare only with boxes that are kept.": _suppressed(dropped_drop=True),
            "{case}: the boxes are taken in the order in which they come. Sort them by falling score first.": _suppressed(
                by_score=False
            ),
            "{case}: these are the right boxes, in another order. Return them by falling score.": Either(
                lambda *a: sorted(_suppress(*a)),
                lambda *a: _suppress(*a)[::-1],
                lambda b, scores, labels, limit: sorted(
                    _suppress(b, scores, labels, limit), key=lambda k: (labels[k], -scores[k])
                ),
            ),
            "{case}: the limit is the argument `limit`, not a number of your own.": Either(
                lambda b, s, labels, limit: _suppress(b, s, labels, 0.5), lambda b, s, labels, limit: _suppress(b, s, labels, 0.6)
            ),
            "{case}: these are places in the sorted list. Return the indices of the boxes as they were given.": lambda *a: (
                np.argsort(np.argsort(-a[1]))[_suppress(*a)]
            ),
        },
    ),
)


# ── 7 · matching and average precision ───────────────────────────────────────────────────────────────────────────────


def _match(found, objects, limit, *, taken=True, best_only=False, strict=False, first=False, steals=False):
    free, right = np.ones(len(objects), bool), []
    for row in pairwise_iou(found, objects):
        open_to = row if best_only or not taken else np.where(free, row, -1)
        best = int(np.argmax(open_to)) if len(row) else -1
        if first and (open_to >= limit).any():
            best = int(np.argmax(open_to >= limit))
        good = best >= 0 and (open_to[best] > limit if strict else open_to[best] >= limit) and bool(free[best] or not taken)
        right.append(bool(good))
        if good or (steals and best >= 0):
            free[best] = False
    return right


_matched = functools.partial(functools.partial, _match)


def _by_column(found, objects, limit):
    """The mistake of going through the objects, each of which takes its best detection."""
    right = [False] * len(found)
    overlaps = pairwise_iou(found, objects)
    for column in overlaps.T:
        if len(column) and column.max() >= limit:
            right[int(column.argmax())] = True
    return right


def _best_in_sum(found, objects, limit):
    """The mistake of pairing all at once, by the largest sum of IoUs."""
    overlaps = pairwise_iou(found, objects)
    right = [False] * len(found)
    for k, j in zip(*linear_sum_assignment(-overlaps), strict=True):
        right[k] = bool(overlaps[k, j] >= limit)
    return right


def _best_first(found, objects, limit):
    """The mistake of going by falling IoU, not by falling score."""
    overlaps = pairwise_iou(found, objects).copy()
    right = [False] * len(found)
    while overlaps.size and overlaps.max() >= limit:
        k, j = np.unravel_index(overlaps.argmax(), overlaps.shape)
        right[k] = True
        overlaps[k], overlaps[:, j] = -1, -1
    return right


def _truths(result):
    """Whatever holds truth values, as a list."""
    return list(result) if isinstance(result, (list, np.ndarray)) and np.ndim(result) else result


_TWO = np.array([[0.0, 0, 10, 10], [3, 0, 13, 10]])


def _near(rng):
    """Twelve detections around six objects that overlap."""
    corners = rng.uniform(0, 14, (6, 2))
    objects = np.hstack([corners, corners + rng.uniform(9, 14, (6, 2))])
    return objects[rng.permutation(12) % 6] + rng.normal(0, 1.2, (12, 4)), objects


lab.declare(
    "match",
    "Match",
    points=2,
    hints=(
        "Keep a list of the objects that are still free. For each detection, look only at those.",
        "Of the free objects take the one with the largest IoU. If that is at least the limit, the detection is right and the "
        "object is no longer free; otherwise nothing changes.",
    ),
    match=Function(
        _match,
        cases=lambda rng: {
            "for a duplicate": (np.array([[0.0, 0, 10, 9], [0, 0, 10, 10], [40, 40, 50, 50]]), np.array([[0.0, 0, 10, 10]]), 0.5),
            "for two detections near two objects": (np.array([[1.0, 0, 11, 10], [0, 0, 11, 10]]), _TWO, 0.5),
            "for one that fits both, and a sure one": (np.array([[2.0, 0, 12, 10], [3, 0, 14, 10], [0, 0, 9, 10]]), _TWO, 0.6),
            "for an IoU equal to the limit": (np.array([[0.0, 0, 10, 5]]), np.array([[0.0, 0, 10, 10]]), 0.5),
            "for a far object beside the right one": (np.array([[0.0, 0, 10, 9]]), np.array([[0.0, 0, 10, 10], [50, 50, 60, 60]]), 0.5),
            "for a loose one before a good one": (np.array([[4.0, 0, 14, 10], [0, 0, 9, 10]]), np.array([[0.0, 0, 10, 10]]), 0.5),
            "for the same with the limit 0.4": (np.array([[4.0, 0, 14, 10], [0, 0, 9, 10]]), np.array([[0.0, 0, 10, 10]]), 0.4),
            "for the same with the limit 0.95": (np.array([[4.0, 0, 14, 10], [0, 0, 9, 10]]), np.array([[0.0, 0, 10, 10]]), 0.95),
            "in a crowd": (*_near(rng), 0.35),
            "in another crowd": (*_near(rng), 0.6),
            "without an object": (np.array([[0.0, 0, 10, 5], [3, 3, 5, 5]]), np.zeros((0, 4)), 0.5),
            "without a detection": (np.zeros((0, 4)), np.array([[0.0, 0, 10, 10]]), 0.5),
        },
        view=_truths,
        mistakes={
            "{case}: one object makes several detections right. Once it is found, it is no longer free.": _matched(taken=False),
            "{case}: a detection whose best object is taken gives up. In COCO's rule it takes the best of those that are still free.": _matched(best_only=True),
            "{case}: an IoU equal to the limit is enough: at least.": _matched(strict=True),
            "{case}: the first pair that is near enough is made. A detection must take the free object that it overlaps most.": _matched(first=True),
            "{case}: an object is taken although the detection was wrong. Only a right detection takes it.": _matched(steals=True),
            "{case}: the limit is the argument `limit`, not 0.5.": lambda found, objects, limit: _match(found, objects, 0.5),
            "{case}: the objects choose here, or the pair with the largest IoU comes first. The detections choose, the surest first.": Either(
                _by_column, _best_in_sum, _best_first
            ),
            "{case}: the detections come with the surest first; begin there.": lambda found, *a: _match(found[::-1], *a),
        },
    ),
)  # fmt: skip


def _curve(right, scores, objects, *, order="falling", recall=None, precision="so far"):
    ranks = {"falling": np.argsort(-scores), "rising": np.argsort(scores), "as they come": np.arange(len(scores))}[order]
    found = np.cumsum(right[ranks])
    shown = np.arange(1, len(found) + 1) if precision == "so far" else len(found)
    return found / shown, found / (objects if recall is None else recall(right))


_curved = functools.partial(functools.partial, _curve)

lab.declare(
    "precision_recall",
    "Precision and recall",
    hints=(
        "Sort `right` by falling score first. `np.cumsum` then counts the right ones so far.",
        "Divide that by 1, 2, 3, … for the precision, and by the number of objects for the recall.",
    ),
    precision_recall=Function(
        _curve,
        cases={
            "for five detections": (np.array([True, False, True, True, False]), np.array([0.3, 0.1, 0.8, 0.5, 0.2]), 6),
            "for three wrong ones": (np.array([False, False, False]), np.array([0.3, 0.2, 0.8]), 2),
            "for a perfect detector": (np.array([True, True]), np.array([0.6, 0.7]), 2),
            "for one whose surest detection is wrong": (
                np.array([True, False, False, True, True, False]),
                np.array([0.2, 0.9, 0.4, 0.6, 0.8, 0.1]),
                4,
            ),
        },
        mistakes={
            "{case}: sort by falling score. The detections come in any order.": _curved(order="as they come"),
            "{case}: the surest detection comes first: sort by falling score, np.argsort(-scores).": _curved(order="rising"),
            "{case}: recall is a share of all objects, found or not.": _curved(recall=lambda right: max(1, right.sum())),
            "{case}: precision is a share of the detections so far, not of all.": _curved(precision="all"),
            "{case}: return (precision, recall), in this order.": lambda *a: _curve(*a)[::-1],
            "{case}: this is the largest precision from each detection on. That comes later; here each has its own.": lambda *a: (
                np.maximum.accumulate(_curve(*a)[0][::-1])[::-1],
                _curve(*a)[1],
            ),
            "{case}: the right ones come first here. Sort by the scores alone.": lambda right, scores, objects: _curve(
                np.sort(right)[::-1], -np.arange(len(right)), objects
            ),
            "{case}: recall is a share of the objects, not of the detections.": _curved(recall=len),
        },
    ),
)


def _ap_at(recall, precision, points, *, reach=lambda recall, point: recall >= point, read=np.max, missing=True):
    values = []
    for point in points:
        there = precision[reach(recall, point)]
        if len(there) or missing:
            values.append(read(there) if len(there) else 0.0)
    return float(np.mean(values)) if values else 0.0


def _curves(rng):
    """Curves as detectors give them, the recall rising; a grader's own are drawn anew, not the shown ones in another order."""
    right = np.append(rng.random(14) < 0.5, True)
    found = np.cumsum(right)
    return {
        "for four detections": (np.array([0.25, 0.25, 0.5, 0.75]), np.array([1.0, 0.5, 2 / 3, 0.75])),
        "for six detections": (np.array([0.0, 0.2, 0.2, 0.4, 0.6, 0.6]), np.array([0.0, 0.5, 1 / 3, 0.5, 0.6, 0.5])),
        "for a perfect detector": (np.array([0.5, 1.0]), np.array([1.0, 1.0])),
        "for a detector whose false ones come late": (np.array([1, 2, 2, 2, 3]) / 8, np.array([1, 1, 2 / 3, 0.5, 0.6])),
        "for 15 detections": (found / (found[-1] + rng.integers(1, 9)), found / np.arange(1, 16)),
        "without a detection": (np.zeros(0), np.zeros(0)),
    }


def _read_at(rng):
    """The curves, each with the points at which it is read."""
    points = ([0, 0.25, 0.5, 0.75, 1], [0, 0.1, 0.3, 0.5], [0, 0.5, 1], [0, 0.3, 0.6], rng.uniform(0, 1, 6).tolist(), [0, 0.5, 1])
    cases = {name: (*curve, at) for (name, curve), at in zip(_curves(rng).items(), points, strict=True)}
    return cases | {"for points that `np.linspace` made": (np.array([0.1, 0.2, 0.3]), np.ones(3), [k * 0.1 for k in range(11)])}


lab.declare(
    "ap_at",
    "Average precision at given recalls",
    hints=(
        "For one point: which entries have a recall of at least this? `recall >= point` is a mask for `precision`.",
        "The largest precision there, or 0 if the mask is empty everywhere; `np.max(…, initial=0)` does both. Then the mean.",
    ),
    ap_at=Function(
        _ap_at,
        cases=_read_at,
        mistakes={
            "{case}: a recall equal to the point has reached it: `>=`.": lambda *a: _ap_at(*a, reach=lambda r, p: r > p),
            "{case}: read the *largest* precision at this recall or beyond, not the first one.": lambda *a: _ap_at(
                *a, read=lambda x: x[0]
            ),
            "{case}: a point that the curve does not reach counts as 0; you leave it out of the mean.": lambda *a: _ap_at(
                *a, missing=False
            ),
            "{case}: take the precisions at recalls of at least the point, not up to it.": lambda *a: _ap_at(
                *a, reach=lambda r, p: r <= p
            ),
            "{case}: take the largest precision beyond the point, not the mean.": lambda *a: _ap_at(*a, read=np.mean),
            "{case}: a point just above a recall counts as reached. Use `>=` as it is, without rounding.": lambda *a: _ap_at(
                *a, reach=lambda r, p: r >= p - 1e-6
            ),
            "{case}: that is the sum over the points. Return the mean.": lambda r, p, points: len(points) * _ap_at(r, p, points),
        },
    ),
)


def _ap_area(recall, precision, *, best=True, start=True, turned=False):
    steps = np.diff(recall, prepend=0) if start else np.diff(recall, prepend=recall[:1])
    heights = np.maximum.accumulate(precision[::-1])[::-1] if best else precision
    return float(np.sum(steps * (heights[::-1] if turned else heights)))


def _trapezoids(recall, precision):
    r, p = np.concatenate([[0], recall]), np.concatenate([precision[:1], precision])
    return float(np.sum(np.diff(r) * (p[1:] + p[:-1]) / 2)) if len(recall) else 0.0


lab.declare(
    "ap_area",
    "Average precision everywhere",
    hints=(
        "Draw the curve as steps. How wide is the step of detection k? Only a right detection has any width.",
        "Width: recall[k] − recall[k − 1], and recall[0] for the first. Height: max(precision[k:]). Add width · height.",
    ),
    ap_area=Function(
        _ap_area,
        cases=_curves,
        mistakes={
            "{case}: the height is the precision of the detection itself. Take the largest from there on.": functools.partial(
                _ap_area, best=False
            ),
            "{case}: the first step is missing. Its rise counts from a recall of 0.": functools.partial(_ap_area, start=False),
            "{case}: the heights are in reverse. After `np.maximum.accumulate(precision[::-1])` turn them back.": functools.partial(
                _ap_area, turned=True
            ),
            "{case}: the heights are the largest precision *up to* each detection. Take the largest from there on.": lambda r, p: (
                float(np.sum(np.diff(r, prepend=0) * np.maximum.accumulate(p)))
            ),
            "{case}: those are trapezoids under the curve as it is. Replace each precision by the largest from there on first.": _trapezoids,
            "{case}: that is a mean over the detections. Each counts by how much the recall rises with it.": (
                lambda r, p: float(np.mean(np.maximum.accumulate(p[::-1])[::-1])) if len(p) else 0.0
            ),
        },
    ),
)


def _no_trap(recalls):
    for steps in (10, 100, 7, 60):
        points = as_array(call(recalls, steps)).astype(float)
        exact = np.arange(steps + 1) / steps
        for k in np.flatnonzero(points > exact)[:1]:
            wrong(
                f"`recalls({steps})[{k}]` is greater than {k} / {steps} in floating point, so `{k} / {steps} >= point` fails. "
                "Divide two whole numbers: the result is the float nearest to the fraction."
            )
        for k in np.flatnonzero(points < exact)[:1]:
            wrong(
                f"`recalls({steps})[{k}]` is a little less than {k} / {steps}. The text asks for the float nearest to the fraction: "
                "divide two whole numbers, and subtract or round nothing."
            )


lab.declare(
    "recalls",
    "Recalls without a trap",
    hints=(
        "0.1 has no exact float, and a multiple of it has a multiple of its error.",
        "Count in whole numbers, 0 to steps, and divide once, at the end.",
    ),
    form={
        "`k / n >= point` holds whenever it holds for the exact fractions": ("returns float32",),
    },
    recalls=Function(
        lambda steps: np.arange(steps + 1) / steps,
        cases=[(10,), (100,), (4,)],
        mistakes={
            "{case} ends before 1: there are steps + 1 numbers, with both ends.": lambda n: np.arange(n) / n,
            "{case} starts after 0: recall 0 is the first.": lambda n: np.arange(1, n + 1) / n,
            "{case} gives steps numbers, so they lie too far apart: there are steps + 1.": lambda n: np.linspace(0, 1, n),
        },
    ),
    then=_no_trap,
)
