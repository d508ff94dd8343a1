"""The checks of Lab 08: sliding and converting, grid and loss, suppression, matching and average precision."""

import functools

import numpy as np

from ...check import Either, Function, Lab, as_array, call, need
from ...vision.boxes import pairwise_iou

lab = Lab("lab08", "Lab 08 · Detect and be judged")


# ── 1 · sliding ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _windows(height, width, window, step, scales, *, plus=1, least=0, shrink=True, rows=True):
    count = 0
    for s in scales:
        down = (height // (s if shrink else 1) - window) // step + plus
        across = (width // (s if shrink else 1) - window) // step + plus
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
            "{case} gives {got}: only the original picture is counted. Add the windows of the shrunk ones.": (
                lambda h, w, size, step, scales: _windows(h, w, size, step, [1])
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
        cases=[(0.01,), (0.5,), (0.2,), (0.9,)],
        mistakes={
            "{case} gives {got}: the sign is reversed. A rare object needs a negative logit.": lambda s: np.log((1 - s) / s),
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
    boxes, labels, size, cells, *, order="largest", exchanged=False, corner=False, offset="cell", unit="cells", log=True, sides=(0, 1), turned=False
):  # fmt: skip
    target = np.zeros((cells, cells, 6))
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    numbers = {
        "largest": np.argsort(areas),
        "smallest": np.argsort(-areas),
        "last": range(len(boxes)),
        "first": range(len(boxes))[::-1],
    }
    for k in numbers[order]:
        x0, y0, x1, y1 = boxes[k] * cells / size
        x, y = (x0, y0) if corner else ((x0 + x1) / 2, (y0 + y1) / 2)
        row, column = int(y), int(x)
        place = {"cell": (x - column, y - row), "pixels": ((x - column) * size / cells, (y - row) * size / cells)}
        place |= {"picture": (x / cells, y / cells), "grid": (x, y)}
        extent = np.array([x1 - x0, y1 - y0]) * {"cells": 1, "pixels": size / cells, "picture": 1 / cells}[unit]
        extent = (np.log(extent) if log else extent)[list(sides)]
        offsets = place[offset][::-1] if turned else place[offset]
        target[(column, row) if exchanged else (row, column)] = [1, *offsets, *extent, labels[k]]
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
            "{case}: numbers 3 and 4 are width and height as they are; the text asks for their logs.": _encoded(log=False),
            "{case}: width and height are exchanged.": _encoded(sides=(1, 0)),
            "{case}: of two in one cell the last one stays. It must be the one with the largest area, in whatever order they come.": _encoded(
                order="last"
            ),
            "{case}: of two in one cell the first one stays. It must be the one with the largest area, in whatever order they come.": _encoded(
                order="first"
            ),
            "{case}: of two in one cell the smaller one stays. It must be the larger one.": _encoded(order="smallest"),
        },
    ),
)


def _decode(
    target, size, *, exchanged=False, log=True, scale=True, half=0.5, centre=False, offsets=(1, 2), sides=(3, 4), whole=False
):
    rows, columns = np.nonzero(target[..., 0])
    found = target[rows, columns]
    places = np.stack([rows, columns] if exchanged else [columns, rows], axis=1) + (0 if whole else found[:, list(offsets)])
    extent = found[:, list(sides)]
    extent = np.exp(extent) if log else extent
    result = np.hstack([places, extent]) if centre else np.hstack([places - half * extent, places + half * extent])
    return result * (size / len(target) if scale else 1)


_decoded = functools.partial(functools.partial, _decode)


def _boxes(result):
    """A result as it is compared: [] is a set of no boxes, too."""
    array = as_array(result)
    return array.reshape(0, 4) if array.size == 0 else array


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
            "{case}: numbers 1 and 2 are x and y, in this order.": _decoded(offsets=(2, 1)),
            "{case}: numbers 3 and 4 are width and height, in this order.": _decoded(sides=(4, 3)),
        },
    ),
)


# ── 5 · the loss ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _grid_loss(
    target, answer, *, everywhere=(), only_objects=False, squash_place=True, squash_size=False, exp_size=False, first=5, mean=False, log=np.log, square=True
):  # fmt: skip
    there = target[..., 0]
    p = 1 / (1 + np.exp(-answer[..., 0]))
    masks = {name: np.ones_like(there) if name in everywhere else there for name in ("place", "size", "kind")}
    cross = -log(np.where(there == 1, p, 1 - p)) * (there if only_objects else 1)
    places = 1 / (1 + np.exp(-answer[..., 1:3])) if squash_place else answer[..., 1:3]
    sizes = 1 / (1 + np.exp(-answer[..., 3:5])) if squash_size else answer[..., 3:5]
    off = (places - target[..., 1:3], np.exp(sizes) - np.exp(target[..., 3:5]) if exp_size else sizes - target[..., 3:5])
    off = [np.square(each) if square else np.abs(each) for each in off]
    chances = np.exp(answer[..., first:])[..., 5 - first :] / np.exp(answer[..., first:]).sum(axis=-1, keepdims=True)
    right = np.take_along_axis(chances, target[..., 5:].astype(int), axis=-1)[..., 0]
    parts = cross, masks["place"] * off[0].sum(-1), masks["size"] * off[1].sum(-1), masks["kind"] * -log(right)
    return tuple(float(np.mean(part) if mean else np.sum(part)) for part in parts)


_lost = functools.partial(functools.partial, _grid_loss)


def _answers(rng):
    pairs = {"for a picture without a flower": (np.zeros((3, 3, 6)), rng.normal(0, 1, (3, 3, 9)))}
    for words, cells, count, classes in (("with one flower", 2, 1, 3), ("with three flowers", 4, 3, 5)):
        target = np.zeros((cells, cells, 6))
        for place in rng.permutation(cells * cells)[:count]:
            target[divmod(int(place), cells)] = [1, *rng.uniform(0.1, 0.9, 2), *rng.normal(0.4, 0.5, 2), rng.integers(0, classes)]
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
            "{case}: these are the right boxes, in another order. Return them by falling score.": lambda *a: sorted(
                _suppress(*a)
            ),
        },
    ),
)


# ── 7 · matching and average precision ───────────────────────────────────────────────────────────────────────────────


def _match(found, objects, limit, *, taken=True, best_only=False, strict=False, first=False):
    free, right = np.ones(len(objects), bool), []
    for row in pairwise_iou(found, objects):
        open_to = row if best_only or not taken else np.where(free, row, -1)
        best = int(np.argmax(open_to)) if len(row) else -1
        if first and (open_to >= limit).any():
            best = int(np.argmax(open_to >= limit))
        good = best >= 0 and (open_to[best] > limit if strict else open_to[best] >= limit) and bool(free[best] or not taken)
        right.append(bool(good))
        if good:
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


_TWO = np.array([[0.0, 0, 10, 10], [3, 0, 13, 10]])

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
        cases={
            "for a duplicate": (np.array([[0.0, 0, 10, 9], [0, 0, 10, 10], [40, 40, 50, 50]]), np.array([[0.0, 0, 10, 10]]), 0.5),
            "for two detections near two objects": (np.array([[1.0, 0, 11, 10], [0, 0, 11, 10]]), _TWO, 0.5),
            "for one that fits both, and a sure one": (np.array([[2.0, 0, 12, 10], [3, 0, 14, 10], [0, 0, 9, 10]]), _TWO, 0.6),
            "for an IoU equal to the limit": (np.array([[0.0, 0, 10, 5]]), np.array([[0.0, 0, 10, 10]]), 0.5),
            "for a far object beside the right one": (np.array([[0.0, 0, 10, 9]]), np.array([[0.0, 0, 10, 10], [50, 50, 60, 60]]), 0.5),
            "without an object": (np.array([[0.0, 0, 10, 5], [3, 3, 5, 5]]), np.zeros((0, 4)), 0.5),
            "without a detection": (np.zeros((0, 4)), np.array([[0.0, 0, 10, 10]]), 0.5),
        },
        view=list,
        mistakes={
            "{case}: one object makes several detections right. Once it is found, it is no longer free.": _matched(taken=False),
            "{case}: a detection whose best object is taken gives up. In COCO's rule it takes the best of those that are still free.": _matched(best_only=True),
            "{case}: an IoU equal to the limit is enough: at least.": _matched(strict=True),
            "{case}: a detection takes the first object that is near enough. It must take the one that it overlaps most.": _matched(first=True),
            "{case}: here the objects choose. The detections choose, the surest first.": _by_column,
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
        },
        mistakes={
            "{case}: sort by falling score. The detections come in any order.": _curved(order="as they come"),
            "{case}: the surest detection comes first: sort by falling score, np.argsort(-scores).": _curved(order="rising"),
            "{case}: recall is a share of all objects, found or not.": _curved(recall=lambda right: max(1, right.sum())),
            "{case}: precision is a share of the detections so far, not of all.": _curved(precision="all"),
            "{case}: return (precision, recall), in this order.": lambda *a: _curve(*a)[::-1],
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


_PR = {
    "for four detections": (np.array([0.25, 0.25, 0.5, 0.75]), np.array([1.0, 0.5, 2 / 3, 0.75])),
    "for six detections": (np.array([0.0, 0.2, 0.2, 0.4, 0.6, 0.6]), np.array([0.0, 0.5, 1 / 3, 0.5, 0.6, 0.5])),
    "for a perfect detector": (np.array([0.5, 1.0]), np.array([1.0, 1.0])),
    "without a detection": (np.zeros(0), np.zeros(0)),
}
_POINTS = ([0, 0.25, 0.5, 0.75, 1], [0, 0.1, 0.3, 0.5], [0, 0.5, 1], [0, 0.5, 1])

lab.declare(
    "ap_at",
    "Average precision at given recalls",
    hints=(
        "For one point: which entries have a recall of at least this? `recall >= point` is a mask for `precision`.",
        "The largest precision there, or 0 if the mask is empty everywhere; `np.max(…, initial=0)` does both. Then the mean.",
    ),
    ap_at=Function(
        _ap_at,
        cases={name: (*each, points) for (name, each), points in zip(_PR.items(), _POINTS, strict=True)},
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
            "{case}: that is the sum over the points. Return the mean.": lambda r, p, points: len(points) * _ap_at(r, p, points),
        },
    ),
)


def _ap_area(recall, precision, *, best=True, start=True):
    steps = np.diff(recall, prepend=0) if start else np.diff(recall, prepend=recall[:1])
    heights = np.maximum.accumulate(precision[::-1])[::-1] if best else precision
    return float(np.sum(steps * heights))


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
        cases=_PR,
        mistakes={
            "{case}: the height is the precision of the detection itself. Take the largest from there on.": functools.partial(
                _ap_area, best=False
            ),
            "{case}: the first step is missing. Its rise counts from a recall of 0.": functools.partial(_ap_area, start=False),
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
        above = np.flatnonzero(points > exact)
        need(
            len(above) == 0,
            f"`recalls({steps})[{above[0] if len(above) else 0}]` is greater than {above[0] if len(above) else 0} / {steps} in floating point, so "
            f"`{above[0] if len(above) else 0} / {steps} >= point` fails. Divide two whole numbers: the result is the float nearest to the fraction.",
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
