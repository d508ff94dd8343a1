"""The checks of Lab 09."""

import numpy as np
from scipy import ndimage

from ...check import Either, Function, Lab, Value

lab = Lab("lab09", "Lab 09 · Every pixel")

# ---------------------------------------------------------------- measures

lab.declare(
    "baseline",
    "The baseline that knows nothing",
    hints=(
        "815 of 1,000 answers are right. For the background, all 1,000 pixels are called so by the answer.",
        "A class that is never answered shares no pixel with the truth, so its IoU is 0; four IoUs go into the mean.",
    ),
    pixel_accuracy=Value(
        0.815,
        {
            "`pixel_accuracy` is the share of right pixels: those of the background are right.": 0.185,
            "`pixel_accuracy`: a share between 0 and 1, not per cent.": 81.5,
            "`pixel_accuracy`: this is the mean over classes. Count pixels: 815 of 1,000 are right.": 0.25,
        },
    ),
    background_iou=Value(
        0.815,
        {
            "`background_iou`: the answer calls all 1,000 pixels background, so the union is 1,000, not 815.": 1.0,
            "`background_iou`: union counts each pixel once, though truth and answer both call it background.": 815 / 1815,
        },
    ),
    mean_iou=Value(
        0.815 / 4,
        {
            "`mean_iou`: divide by all four classes. The flowers are in the truth, so their IoU is 0, not absent.": 0.815,
            "`mean_iou`: background is a class, too: four classes in all.": Either(0.815 / 3, 0.0),
            "`mean_iou`: each class has the same weight, however many pixels it has.": 0.815**2,
            "`mean_iou`: the IoU of the background is 0.815, not 1, and the flowers have 0.": 0.25,
        },
        tolerance=0.0005,  # three decimals will do
    ),
)


def _iou(table):
    table = np.asarray(table, float)
    both = np.diag(table)
    either = table.sum(axis=0) + table.sum(axis=1) - both
    return np.divide(both, either, out=np.full(len(table), np.nan), where=either > 0)


def _over(denominator, empty=np.nan):
    """IoU with another denominator: a function of rows, columns and diagonal."""

    def measure(table):
        table = np.asarray(table, float)
        both = np.diag(table)
        whole = denominator(table.sum(axis=1), table.sum(axis=0), both)
        return np.divide(both, whole, out=np.full(len(table), empty), where=whole > 0)

    return measure


def _tables(rng):
    full = rng.integers(1, 30, (4, 4))
    absent = full.copy()
    absent[2], absent[:, 2] = 0, 0
    only_truth, only_answer = full.copy(), full.copy()
    only_truth[:, 1], only_answer[3] = 0, 0
    return {
        "for a table without zeros": (full,),
        "for a table whose class 2 is absent": (absent,),
        "for a table whose class 1 is never answered": (only_truth,),
        "for a table whose class 3 is answered but not true": (only_answer,),
        "for a class with a single pixel": (np.array([[6, 1, 0], [0, 0, 0], [0, 0, 1]]),),
    }


lab.declare(
    "iou",
    "IoU from the confusion matrix",
    points=2,
    hints=(
        "Row sums are the pixels of the truth, column sums those of the answer. The diagonal lies in both.",
        "Truth plus answer counts the shared pixels twice, so the union is row sum + column sum − diagonal.",
    ),
    iou=Function(
        _iou,
        cases=_tables,
        mistakes={
            "You divide by truth + answer, which counts the shared pixels twice: subtract the diagonal.": _over(
                lambda t, a, b: t + a
            ),
            "This is Dice's coefficient, 2·both / (truth + answer). Divide what is shared by the union.": lambda t: (
                2 * _over(lambda t, a, b: t + a)(t)
            ),
            "You divide by the truth alone. That is *recall*: pixels that the answer adds wrongly cost nothing.": _over(
                lambda t, a, b: t
            ),
            "You divide by the answer alone. That is *precision*: pixels that the answer misses cost nothing.": _over(
                lambda t, a, b: a
            ),
            "A class that is in neither truth nor answer gets 0. It has no IoU: return np.nan for it.": _over(
                lambda t, a, b: t + a - b, 0.0
            ),
            "A class that is in neither truth nor answer gets 1. It has no IoU: return np.nan for it.": _over(
                lambda t, a, b: t + a - b, 1.0
            ),
            "You leave absent classes out. Return one value for each class, np.nan where there is none.": lambda t: _iou(t)[
                ~np.isnan(_iou(t))
            ],
            "This is the mean. Return one IoU for each class.": lambda t: np.nanmean(_iou(t)),
            "A class that is never answered, or never true, has IoU 0, not NaN: it is in one of the two.": Either(
                lambda t: np.where(_iou(t) == 0, np.nan, _iou(t)),
                lambda t: np.where(np.sum(t, axis=0) == 0, np.nan, _iou(t)),
                lambda t: np.where(np.sum(t, axis=1) == 0, np.nan, _iou(t)),
            ),
            "The background is a class, too: return one IoU for each class.": lambda t: _iou(t)[1:],
            "You divide by all pixels. Divide by those that truth or answer gives to the class.": _over(
                lambda t, a, b: np.full(len(t), t.sum())
            ),
        },
    ),
)

lab.declare(
    "dice",
    "Dice and IoU",
    hints=(
        "Write I for the shared pixels and U for the union. How large is |A| + |B| in these two?",
        "|A| + |B| = U + I, so Dice = 2I / (U + I). Divide numerator and denominator by U.",
    ),
    dice=Function(
        lambda iou: 2 * np.asarray(iou) / (1 + np.asarray(iou)),
        cases=[(0.5,), (0.0,), (1.0,), (0.25,), (np.array([0.1, 0.75, 0.9]),)],
        mistakes={
            "This is IoU from Dice. You were asked for the other direction.": lambda x: np.asarray(x) / (2 - np.asarray(x)),
            "The factor 2 is missing: two equal masks must have Dice 1.": lambda x: np.asarray(x) / (1 + np.asarray(x)),
            "Two equal masks have Dice 1, and this gives 2: the union U alone is not |A| + |B|.": lambda x: 2 * np.asarray(x),
            "Dice is not IoU: it divides twice the shared pixels by |A| + |B|.": lambda x: np.asarray(x),
            "|A| + |B| counts the shared pixels twice, so it is U + I, not U + 2I.": lambda x: (
                2 * np.asarray(x) / (1 + 2 * np.asarray(x))
            ),
        },
    ),
)

# ---------------------------------------------------------------- up again


def _touches(size, kernel, stride):
    counts = np.zeros((size - 1) * stride + kernel, int)
    for i in range(size):
        counts[i * stride : i * stride + kernel] += 1
    return counts


def _same(size, kernel, stride):
    extra = max(kernel - stride, 0)
    return np.pad(_touches(size, kernel, stride), (0, max(stride - kernel, 0)))[extra // 2 :][: size * stride]


lab.declare(
    "touches",
    "How often is a pixel painted?",
    points=2,
    hints=(
        "Begin with (size − 1) · stride + kernel zeros. Each input adds 1 to a stretch of `kernel` of them.",
        "Input i: `counts[i * stride : i * stride + kernel] += 1`.",
    ),
    touches_per_pixel=Function(
        _touches,
        cases=[(4, 3, 2), (4, 4, 2), (5, 2, 2), (3, 2, 3), (6, 5, 3), (1, 3, 2), (4, 3, 1)],
        mistakes={
            "{case}: cut to size · stride, as `padding='same'` does. The text asks for every output, nothing cut off.": _same,
            "{case}: where the stride is larger than the kernel, Keras adds outputs that no input reaches. Stop at the last one "
            "that the last input reaches.": lambda n, k, s: np.pad(_touches(n, k, s), (0, max(s - k, 0))),
            "Inputs paint `stride` pixels apart, not next to each other.": lambda n, k, s: np.pad(
                _touches(n, k, 1), (0, (n - 1) * (s - 1))
            ),
            "Each input paints `kernel` pixels, not `stride` of them.": lambda n, k, s: np.pad(
                _touches(n, s, s), (0, max(k - s, 0))
            )[: (n - 1) * s + k],
            "Count touches; this only says whether an output is touched at all.": lambda n, k, s: np.minimum(
                _touches(n, k, s), 1
            ),
            "There are (size − 1) · stride + kernel outputs; yours has more at the end.": Either(
                lambda n, k, s: np.append(_touches(n, k, s), 0), lambda n, k, s: np.append(_touches(n, k, s), np.zeros(s, int))
            ),
            "{case}: where the stride is larger than the kernel, outputs between two kernels are painted by none: 0.": (
                lambda n, k, s: np.maximum(_touches(n, k, s), 1)
            ),
            "The last of the outputs that input i paints is i · stride + kernel − 1. A slice ends one further.": lambda n, k, s: (
                _touches(n, k - 1, s).tolist() + [0]
            ),
            "The stretches begin `stride` outputs apart, not `kernel`.": lambda n, k, s: (
                _touches(n, k, k).tolist() + [0] * n * s
            )[: (n - 1) * s + k],
            "This counts how often a *convolution* reads each of `size` inputs. Here inputs paint outputs.": lambda n, k, s: (
                [sum(j <= i < j + k for j in range(0, n - k + 1, s)) for i in range(n)]
            ),
        },
    ),
)

# ---------------------------------------------------------------- the boundary


def _boundary(classes, window=3, mode="nearest"):
    classes = np.asarray(classes)
    return ndimage.maximum_filter(classes, window, mode=mode) != ndimage.minimum_filter(classes, window, mode=mode)


_CROSS = ndimage.generate_binary_structure(2, 1)


def _four(classes):
    classes = np.asarray(classes)
    options = {"footprint": _CROSS, "mode": "nearest"}
    return ndimage.maximum_filter(classes, **options) != ndimage.minimum_filter(classes, **options)


def _below_only(classes, diagonal=False):
    classes = np.asarray(classes)
    edge = np.zeros(classes.shape, bool)
    edge[:-1] |= classes[1:] != classes[:-1]
    edge[:, :-1] |= classes[:, 1:] != classes[:, :-1]
    if diagonal:
        edge[:-1, :-1] |= classes[1:, 1:] != classes[:-1, :-1]
    return edge


def _last_for_first(classes):
    """Index −1 is the last row or column: the neighbours above and to the left of the frame."""
    padded = np.pad(np.pad(classes, ((1, 0), (1, 0)), mode="wrap"), ((0, 1), (0, 1)), mode="edge")
    return _boundary(padded)[1:-1, 1:-1]


def _with_frame(classes):
    edge = _boundary(classes)
    edge[[0, -1]], edge[:, [0, -1]] = True, True
    return edge


def _without_frame(classes):
    edge = _boundary(classes)
    edge[[0, -1]], edge[:, [0, -1]] = False, False
    return edge


def _around(classes):
    """Neighbours across the frame are those of the opposite side, as `np.roll` makes them."""
    return _boundary(classes, mode="wrap")


def _maps(rng):
    blocks = np.zeros((6, 8), int)
    blocks[2:4, 3:6], blocks[4:, 6:] = 2, 5
    return {
        "for two blocks": (blocks,),
        "for one pixel of another class": (np.pad([[3]], 2),),
        "for a map of one class": (np.full((3, 4), 4),),
        "for two flowers that touch": (np.repeat([[1, 1, 2, 2, 2]], 4, axis=0),),
        "for random classes": (rng.integers(0, 3, (7, 6)),),
        "for uint8": (np.repeat([[0, 0, 0, 200, 200]], 4, axis=0).astype(np.uint8),),
    }


lab.declare(
    "boundary",
    "Where the difference is",
    points=2,
    hints=(
        "A pixel is off the boundary if the largest and the smallest class in its 3 × 3 neighbourhood are equal.",
        "`ndimage.maximum_filter(classes, 3, mode='nearest')` is the largest, `minimum_filter` the smallest.",
    ),
    boundary=Function(
        _boundary,
        cases=_maps,
        mistakes={
            "You look at four neighbours. The text asks for all eight, diagonal ones too.": _four,
            "You look in one direction only: right and below. The pixel on the other side lies on the boundary as well.": Either(
                _below_only, lambda c: _below_only(c, diagonal=True)
            ),
            "Index −1 is the last row or column, so pixels at one edge are compared with those at the opposite edge.": (
                _last_for_first
            ),
            "All pixels at the frame are marked. The frame is no boundary; only another class is.": _with_frame,
            "Pixels at the frame are left out. They have neighbours, too, only fewer.": _without_frame,
            "Only one side is marked: the pixels that have a neighbour of a larger class, or of a smaller one. Compare with `!=`.": Either(
                lambda c: ndimage.maximum_filter(np.asarray(c), 3, mode="nearest") != c,
                lambda c: ndimage.minimum_filter(np.asarray(c), 3, mode="nearest") != c,
            ),
            "These are numbers of neighbours. Return True where there is at least one of another class.": lambda c: (
                ndimage.generic_filter(np.asarray(c, float), lambda n: np.sum(n != n[4]), size=3, mode="nearest").astype(int)
            ),
            "The frame is no boundary, but here it is: pixels outside of the map count as class 0.": lambda c: _boundary(
                c, mode="constant"
            ),
            "Pixels at one edge are compared with those at the opposite edge, as `np.roll` does.": _around,
            "You look two pixels far. Only direct neighbours count.": lambda c: _boundary(c, 5),
            "Two flowers that touch have a boundary between them, too: compare classes, not flower with background.": lambda c: (
                _boundary(np.asarray(c) > 0)
            ),
            "Only the flowers' side is marked. Background pixels beside a flower are on the boundary as well.": lambda c: (
                _boundary(c) & (np.asarray(c) > 0)
            ),
            "Only the background's side is marked. The flower's own edge is on the boundary as well.": lambda c: (
                _boundary(c) & (np.asarray(c) == 0)
            ),
            "It is the other way round: True belongs on the boundary.": lambda c: ~_boundary(c),
        },
    ),
)

lab.declare(
    "dilations",
    "Dilation in place of strides",
    points=2,
    hints=(
        "A layer's own stride widens the steps of the layers *behind* it, not its own.",
        "With all strides the taps of the five layers lie 1, 2, 4, 8 and 16 pixels of the picture apart. Strides that remain "
        "supply 1, 2, 4, 4, 4 of this.",
    ),
    rates=Value(
        [1, 1, 1, 2, 4],
        {
            "One layer too early: the third layer never stood behind its own stride. It reads the same map as before.": Either(
                [1, 1, 2, 4, 8], [1, 1, 2, 4, 4], [1, 1, 2, 4, 1], [1, 1, 2, 2, 4], [1, 1, 2, 2, 2], [1, 1, 4, 4, 4]
            ),
            "The fourth layer stood behind *one* stride that is gone, the third layer's: its own does not count. Its taps are 2 apart.": Either(
                [1, 1, 1, 4, 4], [1, 1, 1, 4, 8]
            ),
            "The fourth layer stood behind the third layer's stride, which is gone, so its taps must be 2 apart.": Either(
                [1, 1, 1, 1, 4], [1, 1, 1, 1, 2], [1, 1, 1, 1, 1]
            ),
            "The first layer comes first in the list.": [4, 2, 1, 1, 1],
            "The fifth layer stood behind *both* strides that are gone, so its taps must be 4 apart.": Either(
                [1, 1, 1, 2, 2], [1, 1, 2, 2, 1], [1, 1, 1, 2, 1], [1, 1, 1, 2, 8]
            ),
            "The first two strides are still there. They need no dilation to replace them.": Either(
                [1, 2, 4, 8, 16], [2, 2, 2, 2, 1], [1, 1, 4, 8, 16], [2, 2, 1, 1, 1]
            ),
            "Rates multiply, they do not add: two strides of 2 are a factor of 4.": [1, 1, 1, 2, 3],
            "Rate 1 is the ordinary convolution; 0 does not exist.": Either([0, 0, 0, 1, 2], [0, 0, 0, 1, 3]),
        },
    ),
)

# ---------------------------------------------------------------- unlabelled pixels


def _masked(truth, probabilities, ignore):
    truth, labelled = np.asarray(truth), np.asarray(truth) != ignore
    own = np.take_along_axis(probabilities[labelled], truth[labelled][:, None], axis=1)
    return -np.log(own).mean() if labelled.any() else 0.0


def _all_pixels(truth, probabilities, ignore):
    """Divides by all pixels."""
    return _masked(truth, probabilities, ignore) * np.mean(np.asarray(truth) != ignore)


def _sum(truth, probabilities, ignore):
    return _masked(truth, probabilities, ignore) * np.sum(np.asarray(truth) != ignore)


def _as_background(truth, probabilities, ignore):
    return _masked(np.where(np.asarray(truth) == ignore, 0, truth), probabilities, -9)


def _always(number):
    """Takes `number` for the label of unlabelled pixels, whatever `ignore` says."""

    def loss(truth, probabilities, ignore):
        return _masked(truth, probabilities, number)

    return loss


def _forgets(truth, probabilities, ignore, chosen=None):
    """Takes every label for a class, or those of the pixels `chosen`."""
    y, x = np.indices(truth.shape) if chosen is None else np.nonzero(chosen)
    return -np.log(probabilities[y, x, truth[y, x]]).mean()


def _largest(truth, probabilities, ignore):
    labelled = truth != ignore
    return -np.log(probabilities.max(axis=-1))[labelled].mean() if labelled.any() else 0.0


def _by_row(truth, probabilities, ignore):
    rows = [_masked(t, p, ignore) for t, p in zip(truth, probabilities, strict=True) if np.any(t != ignore)]
    return np.mean(rows) if rows else 0.0


def _nan_when_empty(truth, probabilities, ignore):
    return _masked(truth, probabilities, ignore) if np.any(np.asarray(truth) != ignore) else float("nan")


def _maps_with_holes(rng):
    def case(ignore, share, shape=(4, 5)):
        truth = rng.integers(0, 3, shape)
        holes = rng.random(shape) < share
        holes.flat[0], holes.flat[1] = share > 0, share >= 1
        raw = rng.uniform(0.1, 1, (*shape, 3))
        return np.where(holes, ignore, truth), raw / raw.sum(axis=-1, keepdims=True), ignore

    return {
        "with half of the pixels unlabelled": case(255, 0.5),
        "with all pixels labelled": case(255, 0.0),
        "with ignore = −1": case(-1, 0.3),
        "with ignore = 0": case(0, 0.3),
        "without any labelled pixel": case(255, 1.1),
    }


lab.declare(
    "masked_loss",
    "A loss that ignores unlabelled pixels",
    points=2,
    hints=(
        "`labelled = truth != ignore` picks pixels from both arrays: `probabilities[labelled]` is (pixels, classes).",
        "`np.take_along_axis` or `p[np.arange(len(t)), t]` gives the probability of each pixel's class. Mind the empty case.",
    ),
    masked_cross_entropy=Function(
        _masked,
        cases=_maps_with_holes,
        tolerance=1e-6,
        mistakes={
            "You divide by all pixels. The mean is over the *labelled* ones, or a sparse map counts as easy.": _all_pixels,
            "This is the sum. Return the mean over the labelled pixels.": _sum,
            "Unlabelled pixels are learned as background (class 0) here. They must not count at all.": _as_background,
            "The sign is missing: −ln p is positive.": lambda t, p, i: -_masked(t, p, i),
            "This is a logarithm to another base; the text asks for the natural one, ln: `np.log`.": Either(
                lambda t, p, i: _masked(t, p, i) / np.log(2), lambda t, p, i: _masked(t, p, i) / np.log(10)
            ),
            "`ignore` is no class: leave these pixels out before the labels choose among the probabilities.": _forgets,
            "You keep the pixels without a label and leave out the others.": lambda t, p, i: _forgets(t, p, i, chosen=t == i),
            "Take the probability of the pixel's own class, not the largest one.": _largest,
            "This is a mean of row means. Each labelled pixel counts the same, in whatever row it is.": _by_row,
            "You return NaN when no pixel is labelled: the text asks for 0.": _nan_when_empty,
            "The unlabelled pixels are those equal to `ignore`, whatever number that is: 255, −1 or 0.": _always(255),
        },
    ),
)

# ---------------------------------------------------------------- boxes


def _found(mask, least=1, structure=None, inclusive=0, swapped=False, by=lambda pixels, box: pixels):
    numbered, count = ndimage.label(np.asarray(mask), structure)
    found = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(numbered), start=1):
        box = (columns.start, rows.start, columns.stop - inclusive, rows.stop - inclusive)
        area = (columns.stop - columns.start) * (rows.stop - rows.start)
        if by(np.sum(numbered == number), area) >= least:
            found.append((box[1], box[0], box[3], box[2]) if swapped else box)
    return found


def _centre_form(mask, least):
    return [(x0, y0, x1 - x0, y1 - y0) for x0, y0, x1, y1 in _found(mask, least)]


def _one_box(mask, least):
    y, x = np.nonzero(np.asarray(mask))
    return [(x.min(), y.min(), x.max() + 1, y.max() + 1)] if len(x) >= max(1, least) else []


def _masks(rng):
    steps = np.zeros((8, 11), bool)
    steps[1:4, 1:3], steps[4:7, 3:5] = True, True  # they touch at a corner
    steps[0, 6:10], steps[2, 8] = True, True
    ring = np.zeros((7, 9), bool)
    ring[1:6, 2:7], ring[2:5, 3:6], ring[3, 4] = True, False, True
    hook = np.zeros((5, 6), bool)
    hook[0, :], hook[:, 0] = True, True
    nested = hook.copy()
    nested[2, 3] = True
    return {
        "for blocks that touch at a corner": (steps, 1),
        "for the same with least = 4": (steps, 4),
        "for the same with least = 7": (steps, 7),
        "for a pixel within a ring": (ring, 1),
        "for a hook, least = 11": (hook, 11),
        "for a hook around a pixel, least = 11": (nested, 11),
        "for an empty mask": (np.zeros((3, 4), bool), 1),
        "for random pixels": (rng.random((9, 7)) < 0.45, 2),
    }


def _sorted(boxes):
    """Rows in one order, as an array (n, 4) where it can be one."""
    boxes = np.asarray(list(boxes) if isinstance(boxes, set) else boxes)
    if boxes.size == 0:
        return np.zeros((0, 4))
    return boxes[np.lexsort(boxes.T[::-1])] if boxes.ndim == 2 else boxes


lab.declare(
    "boxes",
    "Boxes around components",
    points=2,
    hints=(
        "`numbered, count = ndimage.label(mask)` gives each component a number; `ndimage.find_objects(numbered)` gives slices.",
        "Of each pair (rows, columns) of slices take columns.start, rows.start, columns.stop, rows.stop: stops are exclusive.",
    ),
    boxes=Function(
        _found,
        cases=_masks,
        view=_sorted,
        mistakes={
            "Rows and columns are exchanged: x is the column.": lambda m, least: _found(m, least, swapped=True),
            "x1 and y1 are the last pixel here. They are exclusive: add 1.": lambda m, least: _found(m, least, inclusive=1),
            "Diagonal neighbours count as connected here; the text wants a shared side.": lambda m, least: _found(
                m, least, np.ones((3, 3))
            ),
            "Components that are too small must be left out: compare `least` with the pixels of each component.": (
                lambda m, least: _found(m, 1)
            ),
            "Components of exactly `least` pixels belong to the result.": lambda m, least: _found(m, least + 1),
            "You compare `least` with the area of the box, not with the number of pixels.": lambda m, least: _found(
                m, least, by=lambda pixels, box: box
            ),
            "You count all True pixels in the box. Count those of the component: `numbered == number`.": (
                lambda m, least: [b for b in _found(m) if np.asarray(m)[b[1] : b[3], b[0] : b[2]].sum() >= least]
            ),
            "This is (x0, y0, width, height). The text asks for (x0, y0, x1, y1).": _centre_form,
            "One box around everything: each component needs its own.": _one_box,
        },
    ),
)

# ---------------------------------------------------------------- imbalance


def _weights(counts, classes=lambda counts: (counts > 0).sum()):
    counts = np.asarray(counts, float)
    present = counts > 0
    return np.divide(counts.sum() / classes(counts), counts, out=np.zeros(len(counts)), where=present)


def _plain(counts):
    counts = np.asarray(counts, float)
    return np.divide(1.0, counts, out=np.zeros(len(counts)), where=counts > 0)


def _scaled(to):
    """1 / counts, scaled by the function `to` of these weights."""
    return lambda counts: _plain(counts) / to(_plain(counts))


lab.declare(
    "class_weights",
    "Class weights",
    points=2,
    hints=(
        "Inversely proportional: weight = c / count, with one constant c for all classes.",
        "The mean over the pixels is Σ count · weight / Σ count. With K classes present this is c · K / Σ count, and must be 1.",
    ),
    class_weights=Function(
        _weights,
        cases=[([815, 100, 60, 25],), ([50, 50],), (np.array([900, 0, 60, 40]),), ([7],), ([0, 3, 9],), ([9, 1, 0, 5],)],
        mistakes={
            "These are 1 / count. Scale them so that the mean over all *pixels* is 1.": Either(
                _plain, lambda c: np.array([1 / count if count else np.inf for count in c])
            ),
            "These add up to 1. Not the sum, but the mean over all pixels must be 1.": _scaled(np.sum),
            "The mean over the *classes* is 1 here, and pixels of frequent classes are many: take it over the pixels.": Either(
                _scaled(lambda w: w[w > 0].mean()), _scaled(np.mean)
            ),
            "{case}: a class without pixels takes no part, so do not count it among the classes.": lambda c: _weights(
                c, classes=lambda counts: len(counts)
            ),
            "Proportional to the counts. A rare class needs a *large* weight.": lambda c: (
                np.asarray(c, float) * np.sum(c) / np.sum(np.square(np.asarray(c, float)))
            ),
            "Total over count: the mean over the pixels is then the number of classes, not 1.": lambda c: _weights(
                c, classes=lambda counts: 1
            ),
            "Smallest over count: the largest weight is 1, and the mean over the pixels is below it.": _scaled(np.max),
            "A class without pixels gets an infinite weight: division by zero. Give it 0.": Either(
                lambda c: np.sum(c) / (np.count_nonzero(c) * np.maximum(np.asarray(c, float), 1e-300)),
                lambda c: np.sum(c) / (np.count_nonzero(c) * np.asarray(c, float)),
            ),
            "A class without pixels gets the weight 0, neither 1 nor NaN.": Either(
                lambda c: np.where(np.asarray(c) > 0, _weights(c), 1.0),
                lambda c: np.where(np.asarray(c) > 0, _weights(c), np.nan),
            ),
            "These are not inversely proportional: half as many pixels must weigh twice as much.": Either(
                lambda c: np.sqrt(_weights(c)) * np.sum(c) / np.sum(np.sqrt(_weights(c)) * c),
                lambda c: 1 - np.asarray(c, float) / np.sum(c),
            ),
            "Largest over count: the smallest weight is 1, and the mean over the pixels is above it.": lambda c: (
                np.max(c) * _plain(c)
            ),
        },
    ),
)
