"""Checks of Lab 01: one window, a whole layer, several ways to compute it, pooling, receptive fields and the way back."""

import functools

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import signal

from ...check import Either, Function, Lab, Value, array, as_array, as_list, call, choice, need, no_loop, wrong
from . import reference as ref
from .arithmetic import CHOOSING, record_operations

lab = Lab("lab01", "Lab 01 · Convolution by hand")

GRID = np.array([[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]])
KERNEL = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]])


def _eighths(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Numbers without any symmetry, of both signs; eighths, so that their sums are exact."""
    return rng.integers(-16, 17, shape) / 8


# ---------------------------------------------------------------- one window


lab.declare(
    "parameters",
    "Parameters",
    n_dense=Value(
        (480 * 640 * 3 + 1) * 1000,
        {
            "`n_dense`: you forgot the biases, one for each of the 1000 units.": 480 * 640 * 3 * 1000,
            "`n_dense`: that is a grey photograph. This one has 3 channels.": (480 * 640 + 1) * 1000,
            "`n_dense`: that is a grey photograph without biases. This one has 3 channels.": 480 * 640 * 1000,
            "`n_dense`: that is a single unit. The layer has 1000.": Either(480 * 640 * 3 + 1, 480 * 640 * 3),
            "`n_dense`: each unit has a bias of its own; you count one for the whole layer.": 480 * 640 * 3 * 1000 + 1,
            "`n_dense`: each unit has one bias, not one for each channel.": (480 * 640 * 3 + 3) * 1000,
        },
    ),
    n_conv=Value(
        (3 * 3 * 3 + 1) * 64,
        {
            "`n_conv`: you forgot the biases, one for each of the 64 filters.": 3 * 3 * 3 * 64,
            "`n_conv`: each filter looks at all 3 channels, so it has 3 × 3 × 3 weights, not 3 × 3.": (3 * 3 + 1) * 64,
            "`n_conv`: each filter looks at all 3 channels, and it has a bias.": 3 * 3 * 64,
            "`n_conv`: that is a single filter. The layer has 64.": Either(3 * 3 * 3 + 1, 3 * 3 * 3),
            "`n_conv`: every filter has a bias of its own, not one for the whole layer.": 3 * 3 * 3 * 64 + 1,
            "`n_conv`: a filter has one bias, not one for each channel.": (3 * 3 * 3 + 3) * 64,
            "`n_conv`: the weights are shared by all windows; the size of the photograph does not matter.": (
                Either(28 * 64 * 480 * 640, 28 * 64 * 478 * 638, 27 * 64 * 480 * 640 + 64, 27 * 64 * 480 * 640)
            ),
        },
    ),
    hints=(
        "A dense unit has one weight for every input value, and one bias. How many values does the photograph hold?",
        "Dense: values × units + units. Convolution: each filter has F × F × input channels weights and one bias; the size of "
        "the photograph does not appear.",
    ),
)


lab.declare(
    "correlate",
    "Correlation with two loops",
    points=2,
    correlate=Function(
        ref.correlate,
        cases=lambda rng: {
            "for the worked 5×5 grid": (GRID, KERNEL),
            "for a 4×7 image and a 2×3 kernel": (_eighths(rng, 4, 7), _eighths(rng, 2, 3)),
            "for a grid of whole numbers and a kernel of halves": (GRID, KERNEL / 2),
            "for a grid of halves and a kernel of whole numbers": (GRID / 2, KERNEL),
            "for a kernel as large as its 3×2 image": (_eighths(rng, 3, 2), _eighths(rng, 3, 2)),
        },
        mistakes={
            "You flipped the kernel: that is convolution in the mathematician's sense. Here the kernel stays as it is.": (
                lambda image, kernel: signal.convolve2d(image, kernel, "valid")
            ),
            "You mirrored the kernel along one axis. It should stay as it is.": Either(
                lambda image, kernel: ref.correlate(image, kernel[::-1]),
                lambda image, kernel: ref.correlate(image, kernel[:, ::-1]),
            ),
            "You exchanged rows and columns of the kernel (a transposed kernel).": (
                lambda image, kernel: ref.correlate(image, kernel.T)
            ),
            "The feature map is transposed: rows and columns are exchanged.": Either(
                lambda image, kernel: ref.correlate(image, kernel).T,
                lambda image, kernel: ref.correlate_by_loops(image, kernel, lambda i, j: (j, i)),
            ),
            "Only the first row of the feature map is filled. Does `return` stand inside the loop?": (
                lambda image, kernel: ref.correlate(image, kernel) * (np.arange(len(image) - len(kernel) + 1) == 0)[:, None]
            ),
            "You multiply window and kernel as matrices, with `@`. Multiply them cell by cell, with `*`.": (
                lambda image, kernel: ref.correlate_by_loops(image, kernel, multiply=np.matmul)
            ),
            "One row and one column of windows is missing: how many positions are there, H − F or H − F + 1?": (
                lambda image, kernel: ref.correlate(image, kernel)[:-1, :-1]
            ),
            "That is as large as the image: some windows hang over its edge. Use only windows that lie inside.": (
                lambda image, kernel: signal.correlate2d(image, kernel, "same")
            ),
            "That is larger than the image: some windows hang over its edge. Use only windows that lie inside.": (
                lambda image, kernel: signal.correlate2d(image, kernel, "full")
            ),
            "The feature map is rotated by 180°. Did you exchange image and kernel?": (
                lambda image, kernel: ref.correlate(image, kernel)[::-1, ::-1]
            ),
            "Your array is as large as the image, but the windows fill only its upper left part: there are fewer windows than pixels.": (
                lambda image, kernel: np.pad(ref.correlate(image, kernel), [(0, n - 1) for n in kernel.shape])
            ),
            "You average the products; here they are added up.": lambda i, k: ref.correlate(i, k) / k.size,
            "The decimals are cut off: your feature map holds integers.": Either(
                lambda image, kernel: ref.correlate(image, kernel).astype(int),
                lambda image, kernel: ref.correlate(image, kernel).astype(image.dtype),
                lambda image, kernel: ref.correlate(image, kernel).astype(kernel.dtype),
            ),
        },
    ),
    hints=(
        "The window for output (i, j) begins at row i and column j and is as large as the kernel. "
        "Where does the last window begin?",
        "There are H − F + 1 windows from top to bottom. Inside two loops: cut the window out of the image with two slices, "
        "multiply it by the kernel, value by value, and store the sum.",
    ),
)


def _agree_cases() -> dict:
    ones = np.ones((3, 3))

    def changed(value, base=ones):
        other = base.copy()
        other[1, 2] = value
        return other

    return {
        "for two equal arrays": (ones, ones),
        "for an array in which one of nine values is wrong": (changed(2.0), ones),
        "for a difference of 0.000001": (ones + 1e-6, ones),
        "for nine differences of 0.00008 each": (ones + 8e-5, ones),
        "for one difference of 0.0005": (changed(1.0005), ones),
        "for an array in which one value is far too small": (changed(-5.0), ones),
        "for an array in which one value has the wrong sign": (changed(-1.0), ones),
        "for an array in which every value is wrong": (2 * ones, ones),
        "for a NaN in the output": (changed(np.nan), ones),
        "for a NaN in the expected array": (ones, changed(np.nan)),
        "for a NaN at the same place in both": (changed(np.nan), changed(np.nan)),
        "for an array in which two values are exchanged": (KERNEL / 2, KERNEL[::-1, ::-1] / 2),
        "for shape (1, 3) against (3, 3)": (ones[:1], ones),
        "for shape (3, 3) against (3,)": (ones, ones[0]),
        "for shape (9,) against (3, 3)": (ones.ravel(), ones),
        "for values of a million, one of them off by 1": (changed(1e6 + 1, 1e6 * ones), 1e6 * ones),
        "for a difference of 1 and a tolerance of 1": (changed(2.0), ones, 1.0),
        "for a difference of 1 and a tolerance of 0.875": (changed(2.0), ones, 0.875),
        "for a difference of 0.00005 and a tolerance of 0": (changed(1.00005), ones, 0.0),
    }


def _off(output, expected):
    return np.abs(output - expected)


lab.declare(
    "agree",
    "A test that tests",
    agree=Function(
        lambda o, e, t=1e-4: o.shape == e.shape and bool(np.all(_off(o, e) <= t)),
        cases=_agree_cases(),
        mistakes={
            "`agree` says {got} {case}: one value that agrees is enough for it. All of them must.": Either(
                lambda o, e, t=1e-4: not (o != e).all(),
                lambda o, e, t=1e-4: o.shape == e.shape and not (o != e).all(),
                lambda o, e, t=1e-4: o.shape == e.shape and bool(np.any(_off(o, e) <= t)),
            ),
            "`agree` says {got} {case}: that is rounding, and within the tolerance of 0.0001. Equality asks too much.": Either(
                lambda o, e, t=1e-4: np.array_equal(o, e),
                lambda o, e, t=1e-4: bool(np.all(o == e)),
            ),
            "`agree` says {got} {case}. Take the absolute difference.": Either(
                lambda o, e, t=1e-4: o.shape == e.shape and bool(np.all(o - e <= t)),
                lambda o, e, t=1e-4: o.shape == e.shape and bool(np.all(e - o <= t)),
                lambda o, e, t=1e-4: bool(np.all(o - e <= t)),
            ),
            "`agree` says {got} {case}. Compare the absolute difference with the tolerance, not its square.": (
                lambda o, e, t=1e-4: o.shape == e.shape and bool(np.all((o - e) ** 2 <= t))
            ),
            "`agree` says {got} {case}. Take the absolute value of the difference, not of the two arrays: −1 is not 1.": Either(
                lambda o, e, t=1e-4: o.shape == e.shape and bool(np.all(_off(np.abs(o), np.abs(e)) <= t)),
                lambda o, e, t=1e-4: o.shape == e.shape and bool(np.all(np.abs(o) - np.abs(e) <= t)),
            ),
            "`agree` says {got} {case}. Ask whether all differences are small, not whether one is large: "
            "with a NaN both are False.": Either(
                lambda o, e, t=1e-4: o.shape == e.shape and not np.any(_off(o, e) > t),
                lambda o, e, t=1e-4: not np.any(_off(o, e) > t),
                lambda o, e, t=1e-4: o.shape == e.shape and not np.nanmax(_off(o, e)) > t,
            ),
            "`agree` says {got} {case}. A NaN agrees with nothing, not even with a NaN.": (
                lambda o, e, t=1e-4: o.shape == e.shape and np.allclose(o, e, rtol=0, atol=t, equal_nan=True)
            ),
            "`agree` says {got} {case}. `np.allclose` and `np.isclose` also allow a difference relative to the values, "
            "`rtol`; set it to 0.": Either(
                lambda o, e, t=1e-4: o.shape == e.shape and np.allclose(o, e, atol=t),
                lambda o, e, t=1e-4: o.shape == e.shape and np.allclose(o, e, t),
                lambda o, e, t=1e-4: o.shape == e.shape and np.allclose(o, e, rtol=t, atol=0),
                lambda o, e, t=1e-4: np.allclose(o, e, atol=t),
            ),
            "`agree` says {got} {case}: NumPy broadcasts one of them. Compare the shapes first.": Either(
                lambda o, e, t=1e-4: bool(np.all(_off(o, e) <= t)),
                lambda o, e, t=1e-4: np.allclose(o, e, rtol=0, atol=t),
                lambda o, e, t=1e-4: o.size >= e.size and bool(np.all(_off(o, e) <= t)),
                lambda o, e, t=1e-4: len(o) == len(e) and bool(np.all(_off(o, e) <= t)),
            ),
            "`agree` says {got} {case}. The number of values is the same, the shape is not.": (
                lambda o, e, t=1e-4: o.size == e.size and bool(np.all(_off(o.ravel(), e.ravel()) <= t))
            ),
            "`agree` says {got} {case}: the third argument, the tolerance, is not used.": (
                lambda o, e, t=1e-4: o.shape == e.shape and bool(np.all(_off(o, e) <= 1e-4))
            ),
            "`agree` says {got} {case}. A difference of exactly the tolerance is not more than the tolerance.": (
                lambda o, e, t=1e-4: o.shape == e.shape and bool(np.all(_off(o, e) < t))
            ),
            "`agree` says {got} {case}. Compare the arrays value by value, not their sums or their largest values.": Either(
                lambda o, e, t=1e-4: o.shape == e.shape and bool(abs(o.sum() - e.sum()) <= t),
                lambda o, e, t=1e-4: o.shape == e.shape and bool(abs(np.abs(o).max() - np.abs(e).max()) <= t),
            ),
            "`agree` says {got} {case}. Compare each difference with the tolerance, not their sum or their mean.": Either(
                lambda o, e, t=1e-4: o.shape == e.shape and bool(_off(o, e).sum() <= t),
                lambda o, e, t=1e-4: o.shape == e.shape and bool(_off(o, e).mean() <= t),
                lambda o, e, t=1e-4: o.shape == e.shape and bool(np.linalg.norm(o - e) <= t),
            ),
        },
    ),
    hints=(
        "`(output != expected).all()` asks whether every value is wrong. One right value is enough to pass.",
        "Compare the shapes first (NumPy would broadcast), then ask whether all absolute differences are at most the tolerance. "
        "NaN is never ≤ anything, which is what you want here.",
    ),
)


# ---------------------------------------------------------------- correlation or convolution


BLIND = {"blur", "laplace", "line", "diagonal"}
ALL = BLIND | {"sobel x", "sobel y", "corner"}


@lab.exercise(
    "Which of the two Keras computes",
    points=2,
    hints=(
        "Convolution is correlation with the kernel turned by 180°. Which kernels are the same after half a turn?",
        "Compare each `kernel` with `kernel[::-1, ::-1]`. If they are equal, no picture can tell the two operations apart. "
        "For `kind`, compare the numbers printed just above the exercise with those of Keras in section 2.",
    ),
)
def keras_computes(kind, blind):
    choice(
        kind,
        "correlation",
        ("correlation", "convolution"),
        mistakes={
            "The name says so, but look at the numbers: Keras gives [[12, 12, 17], …], with the kernel as it is.": "convolution"
        },
        what="`kind`",
    )
    if isinstance(blind, str):
        wrong("`blind` should be a list of names; this is a single word.")
    names = as_list(list(blind) if isinstance(blind, set) else blind, None, "`blind`")
    need(all(isinstance(name, str) for name in names), "`blind` should be a list of names, and each name a word in quotes.")
    named = {name.strip().lower() for name in names}
    need(named <= ALL, f"`blind`: {min(named - ALL, default='')!r} is not among the names in `KERNELS`.")
    need(
        not named & {"sobel x", "sobel y"},
        "A Sobel kernel changes its sign in half a turn, so every value of the map changes its sign: it does tell them apart.",
    )
    need("corner" not in named, "`corner` turned by 180° has its ones in the opposite corner: it does tell them apart.")
    need(
        named != BLIND - {"diagonal"},
        "Look at `diagonal` once more: a mirror changes it, half a turn does not. Did you flip only one of the axes?",
    )
    need(named == BLIND, f"{len(BLIND - named)} more of the kernels look the same after half a turn.")


# ---------------------------------------------------------------- sizes


LAYERS = ((5, 3, 1, 0), (8, 3, 2, 0), (7, 3, 2, 0), (224, 7, 2, 3), (227, 11, 4, 0), (224, 11, 4, 0))


lab.declare(
    "predicted_sizes",
    "Predict six sizes",
    sizes=Value(
        [3, 3, 3, 112, 55, 54],
        {
            "{case} is {got}: the last window would hang over the edge. Round down.": [3, 4, 3, 113, 55, 55],
            "{case} is {got}: a part of a window does not count. Round down.": [3, 3.5, 3, 112.5, 55, 54.25],
            "{case} is {got}: you forgot the padding of 3 on both sides.": {3: 109},
            "{case} is {got}: padding is added on both sides, so it counts twice.": {3: 111},
            "{case} is {got}: count the first window too.": [2, 2, 2, 111, 54, 53],
            "{case} is {got}: W/S would need more padding; here no window may hang over the edge.": Either(
                [5, 4, 3, 112, 56, 56], [5, 4, 4, 112, 57, 56], [5, 4, 3.5, 112, 56.75, 56]
            ),
            "{case} is {got}: that is where the last window ends, or how many steps fit without the kernel. Count windows.": (
                [5, 7, 7, 229, 227, 223]
            ),
        },
    ),
    hints=(
        "Draw a row of W + 2P cells and put windows of F cells on it, each S further. Only whole windows count.",
        "The first window ends at F. From there, (W + 2P − F) cells are left, and each step takes S of them; round down.",
    ),
)


lab.declare(
    "output_size",
    "Output size",
    output_size=Function(
        lambda width, kernel, stride=1, padding=0: (width + 2 * padding - kernel) // stride + 1,
        cases=[(9, 3), *LAYERS, (6, 6, 5, 0), (10, 1, 4, 2), (7, 5, 3, 1), (9, 2, 3)],
        mistakes={
            "{case} gives {got}. You forgot the first window: it takes no step.": lambda w, k, s=1, p=0: (w + 2 * p - k) // s,
            "{case} gives {got}. You forgot the padding: it adds cells on both sides.": lambda w, k, s=1, p=0: (w - k) // s + 1,
            "{case} gives {got}. Padding is added on both sides, so it counts twice.": lambda w, k, s=1, p=0: (
                (w + p - k) // s + 1
            ),
            "{case} gives {got}. You forgot the floor: a window that hangs over the edge does not count.": (
                lambda w, k, s=1, p=0: (w + 2 * p - k) / s + 1
            ),
            "{case} gives {got}. You round up: the last window would hang over the edge.": (
                lambda w, k, s=1, p=0: -(-(w + 2 * p - k) // s) + 1
            ),
            "{case} gives {got}. You round to the nearest whole number; round down.": (
                lambda w, k, s=1, p=0: round((w + 2 * p - k) / s) + 1
            ),
            "{case} gives {got}. The padding belongs inside the floor, under the fraction bar.": (
                Either(lambda w, k, s=1, p=0: (w - k) // s + 2 * p // s + 1, lambda w, k, s=1, p=0: (w - k) // s + 2 * p + 1)
            ),
            "{case} gives {got}. `//` comes before `+` and `−`: put the whole numerator in parentheses.": Either(
                lambda w, k, s=1, p=0: w + 2 * p - k // s + 1, lambda w, k, s=1, p=0: w - k + 2 * p // s + 1
            ),
            "{case} gives {got}. That is ⌈W/S⌉, the size with padding “same”. Here no more than `padding` cells are added.": (
                lambda w, k, s=1, p=0: -(-w // s)
            ),
            "{case} gives {got}. You pad by half a kernel; here `padding` says by how much.": Either(
                lambda w, k, s=1, p=0: (w + 2 * (k // 2) - k) // s + 1,
                lambda w, k, s=1, p=0: (w + 2 * ((k - 1) // 2) - k) // s + 1,
            ),
            "{case} gives {got}. You ignore the stride.": lambda w, k, s=1, p=0: w + 2 * p - k + 1,
            "{case} gives {got}. The 1 belongs outside the division.": lambda w, k, s=1, p=0: (w + 2 * p - k + 1) // s,
            "{case} gives {got}. The last window must fit as a whole: subtract the kernel first.": Either(
                lambda w, k, s=1, p=0: (w + 2 * p) // s, lambda w, k, s=1, p=0: -(-(w + 2 * p) // s)
            ),
        },
    ),
    hints=(
        "How many cells are left after the first window, and how many steps of `stride` fit into them?",
        "Padding counts on both sides. Whole steps only: `//`. And do not forget the first window.",
    ),
)


lab.declare(
    "same_padding",
    "The padding that TensorFlow calls “same”",
    points=2,
    same_padding=Function(
        ref.same_padding,
        cases=[
            (7, 3, 1),
            (9, 5, 3),
            (8, 3, 2),
            (7, 3, 2),
            (8, 2, 1),
            (224, 7, 2),
            (8, 1, 2),
            (10, 2, 3),
            (10, 5, 3),
            (7, 2, 3),
            (13, 6, 4),
            (10, 1, 4),
            (9, 4, 1),
        ],
        mistakes={
            "{case}: as much on both sides. What happens to an odd total?": Either(
                lambda w, k, s: (-(-sum(ref.same_padding(w, k, s)) // 2),) * 2,
                lambda w, k, s: (sum(ref.same_padding(w, k, s)) // 2,) * 2,
            ),
            "{case}: half a zero. What happens to an odd total?": lambda w, k, s: (sum(ref.same_padding(w, k, s)) / 2,) * 2,
            "{case}: the larger half comes first. TensorFlow puts it last.": lambda w, k, s: ref.same_padding(w, k, s)[::-1],
            "{case}: all zeros on one side. They are shared between both.": Either(
                lambda w, k, s: (0, sum(ref.same_padding(w, k, s))), lambda w, k, s: (sum(ref.same_padding(w, k, s)), 0)
            ),
            "{case}: halves of (kernel − 1), or kernel // 2, are right for stride 1 only. A larger stride needs less.": (
                Either(
                    lambda w, k, s: ((k - 1) // 2, k // 2),
                    lambda w, k, s: (k // 2, (k - 1) // 2),
                    lambda w, k, s: (k // 2, k // 2),
                    lambda w, k, s: ((k - 1) // 2, (k - 1) // 2),
                )
            ),
            "{case}: a negative padding. Nothing is ever cut off.": Either(
                lambda w, k, s: ref.halves(ref.lacking(w, k, s)),
                lambda w, k, s: (int(ref.lacking(w, k, s) / 2), ref.lacking(w, k, s) - int(ref.lacking(w, k, s) / 2)),
            ),
            "{case}: the number of outputs is W/S rounded up, not down.": (
                lambda w, k, s: ref.halves(max(ref.lacking(w, k, s, w // s), 0))
            ),
            "{case}: kernel − stride is the total only where the stride divides the width.": Either(
                lambda w, k, s: ref.halves(max(k - s, 0)), lambda w, k, s: ref.halves(k - s)
            ),
            "{case}: enough for as many outputs as there are inputs. With a stride, “same” means ⌈W/S⌉.": (
                lambda w, k, s: ref.halves((w - 1) * s + k - w)
            ),
            "{case}: one window too many. The last of ⌈W/S⌉ windows begins (⌈W/S⌉ − 1)·S cells after the first.": (
                lambda w, k, s: ref.halves(max(ref.lacking(w, k, s) + s, 0))
            ),
            "{case}: the second number is the total. It should be what comes after the last column alone.": (
                lambda w, k, s: (ref.same_padding(w, k, s)[0], sum(ref.same_padding(w, k, s)))
            ),
            "{case}: the larger half comes first, and a negative total is not set to 0.": (
                lambda w, k, s: ref.halves(ref.lacking(w, k, s))[::-1]
            ),
            "{case} gives one number, {got}. Return two: `return before, after`.": Either(
                lambda w, k, s: sum(ref.same_padding(w, k, s)),
                lambda w, k, s: sum(ref.same_padding(w, k, s)) // 2,
                lambda w, k, s: (k - 1) // 2,
                lambda w, k, s: k // 2,
            ),
        },
    ),
    hints=(
        "Begin at the end: there are to be ⌈W/S⌉ outputs. How far does the last window reach?",
        "The last window begins at (outputs − 1)·S and ends F further. What it lacks to the width W is the padding in total, "
        "but never less than 0. The smaller half comes first.",
    ),
)


# ---------------------------------------------------------------- a whole layer


def _equals_keras(conv_layer):
    import keras
    from sklearn.datasets import load_sample_image

    photo = load_sample_image("china.jpg").astype("float32") / 255
    keras.utils.set_random_seed(1)
    layer = keras.layers.Conv2D(8, 5, strides=6, activation="relu", bias_initializer="normal")
    expected = np.asarray(layer(photo[None]))[0]
    kernels, bias = (np.asarray(weight) for weight in layer.weights)
    case = "for the photograph, against keras.layers.Conv2D(8, 5, strides=6)"
    array(call(conv_layer, photo, kernels, bias, 6), expected, tolerance=1e-4, case=case)


lab.declare(
    "conv_layer",
    "A whole layer",
    points=3,
    seconds=60,  # the first import of TensorFlow may take its time
    conv_layer=Function(
        lambda image, kernels, bias, stride=1, padding=0: ref.relu(ref.sums(ref.padded(image, padding), kernels, stride) + bias),
        cases=lambda rng: {
            f"for a {h}×{w} image of {c} channels, {f} filters{said}": (
                _eighths(rng, h, w, c),
                _eighths(rng, 3, 2, c, f),
                _eighths(rng, f),
                *rest,
            )
            for h, w, c, f, said, rest in (
                (7, 10, 2, 4, ", stride 1, padding 0", (1, 0)),
                (7, 10, 2, 4, ", stride 2, padding 0", (2, 0)),
                (7, 10, 2, 4, ", stride 3, padding 2", (3, 2)),
                (6, 5, 3, 3, ", and neither stride nor padding given", ()),
                (5, 8, 1, 1, ", stride 1, padding 1", (1, 1)),
            )
        },
        mistakes={
            "There are negative values: you forgot ReLU.": lambda x, k, b, s=1, p=0: ref.sums(ref.padded(x, p), k, s) + b,
            "You forgot the bias.": lambda x, k, b, s=1, p=0: ref.relu(ref.sums(ref.padded(x, p), k, s)),
            "You forgot bias and ReLU.": lambda x, k, b, s=1, p=0: ref.sums(ref.padded(x, p), k, s),
            "The bias comes before ReLU, not after it.": lambda x, k, b, s=1, p=0: ref.relu(ref.sums(ref.padded(x, p), k, s)) + b,
            "You flipped the kernels. The layer does not.": (
                lambda x, k, b, s=1, p=0: ref.relu(ref.sums(ref.padded(x, p), k[::-1, ::-1], s) + b)
            ),
            "You ignore the padding.": lambda x, k, b, s=1, p=0: ref.relu(ref.sums(x, k, s) + b),
            "You ignore the stride.": lambda x, k, b, s=1, p=0: ref.relu(ref.sums(ref.padded(x, p), k) + b),
            "The windows begin next to each other, though their number is right: multiply i and j by the stride.": (
                lambda x, k, b, s=1, p=0: ref.relu(ref.crowded(ref.sums(ref.padded(x, p), k), s) + b)
            ),
            "You pad only one side. `padding` rows and columns of zeros are added on every side.": Either(
                lambda x, k, b, s=1, p=0: ref.relu(ref.sums(ref.padded(x, p, p, 0), k, s) + b),
                lambda x, k, b, s=1, p=0: ref.relu(ref.sums(ref.padded(x, p, 0, p), k, s) + b),
            ),
            "You pad with the image's own values. Pad with zeros.": Either(
                lambda x, k, b, s=1, p=0: ref.relu(ref.sums(ref.padded(x, p, mode="edge"), k, s) + b),
                lambda x, k, b, s=1, p=0: ref.relu(ref.sums(ref.padded(x, p, mode="reflect"), k, s) + b),
            ),
            "On the padded image, window and kernel no longer fit. Either `np.pad(image, padding)` pads the channels as well (give "
            "a pair for each axis: ((p, p), (p, p), (0, 0))), or the windows are cut out of the image without padding.": Either(
                lambda x, k, b, s=1, p=0: ref.relu(np.tensordot(ref.windows(np.pad(x, p), k, s), k, 3) + b),
                lambda x, k, b, s=1, p=0: ref.relu((ref.windows(np.pad(x, p), k, s)[..., None] * k).sum(axis=(2, 3, 4)) + b),
            ),
            "You round the number of windows up: the last one hangs over the edge. Round down.": ref.layer_over_the_edge,
            "The number of windows is that of the image without padding. Padding makes room for more.": (
                lambda x, k, b, s=1, p=0: ref.relu(ref.sums(ref.padded(x, p), k, s) + b)[
                    tuple(slice((n - f) // s + 1) for n, f in zip(x.shape, k.shape[:2], strict=False))
                ]
            ),
            "The decimals are cut off: your feature maps hold integers.": (
                lambda x, k, b, s=1, p=0: ref.relu((ref.sums(ref.padded(x, p), k, s) + b).astype(int))
            ),
            "The image has three axes, so `np.pad` needs three pairs: ((p, p), (p, p), (0, 0)).": (
                lambda x, k, b, s=1, p=0: ref.relu(ref.sums(np.pad(x, ((p, p), (p, p))), k, s) + b)
            ),
            "The bias is added to each product. Add it once, to their sum.": (
                lambda x, k, b, s=1, p=0: ref.relu(ref.sums(ref.padded(x, p), k, s) + b * k[..., 0].size)
            ),
            "One row and one column of windows is missing: count the first window too.": (
                lambda x, k, b, s=1, p=0: ref.relu(ref.sums(ref.padded(x, p), k, s) + b)[:-1, :-1]
            ),
            "Only the first channel is used. The sum goes over all channels.": (
                lambda x, k, b, s=1, p=0: ref.relu(ref.sums(ref.padded(x, p)[:, :, :1], k[:, :, :1], s) + b)
            ),
        },
    ),
    then=_equals_keras,
    hints=(
        "Pad rows and columns, never the channels: `np.pad(image, ((p, p), (p, p), (0, 0)))`. The window at (i, j) has shape "
        "(F, G, Cᵢ) and begins at (i·stride, j·stride).",
        "`np.tensordot(window, kernels, 3)` sums over the three common axes and leaves one number per filter. Then the bias, "
        "then ReLU: `np.maximum(…, 0)`.",
    ),
)


lab.declare(
    "toeplitz",
    "The layer as a matrix",
    points=2,
    toeplitz=Function(
        ref.toeplitz,
        cases=lambda rng: {
            "for the worked kernel and a 5×5 image": (KERNEL, 5, 5),
            "for a 2×3 kernel and a 4×6 image": (_eighths(rng, 2, 3), 4, 6),
            "for a 3×1 kernel and a 3×4 image": (_eighths(rng, 3, 1), 3, 4),
        },
        mistakes={
            "That is the transposed matrix. A row should make an output; a column belongs to a pixel.": (
                lambda kernel, height, width: ref.toeplitz(kernel, height, width).T
            ),
            "The kernel is flipped: that is the matrix of a true convolution.": lambda k, h, w: ref.toeplitz(k[::-1, ::-1], h, w),
            "The image is flattened column by column; `image.ravel()` goes row by row.": lambda k, h, w: ref.toeplitz(
                k, h, w, "F"
            ),
            "That has four axes. Reshape it to (outputs, inputs).": (
                lambda k, h, w: ref.toeplitz(k, h, w).reshape(h - k.shape[0] + 1, w - k.shape[1] + 1, h, w)
            ),
            "That has three axes. Reshape it to (outputs, inputs).": lambda k, h, w: ref.toeplitz(k, h, w).reshape(-1, h, w),
            "The rows of the matrix are in another order than the outputs: they go row by row, like the pixels.": (
                lambda k, h, w: (
                    ref.toeplitz(k, h, w)
                    .reshape(h - k.shape[0] + 1, w - k.shape[1] + 1, -1)
                    .transpose(1, 0, 2)
                    .reshape(-1, h * w)
                )
            ),
            "The rows of the kernel lie next to each other. In the flattened image, its next row begins `width` places further.": (
                functools.partial(ref.toeplitz_by_places, place=lambda i, j, a, b, k, h, w: i * w + j + a * k.shape[1] + b)
            ),
            "A row of the image has `width` pixels, so pixel (y, x) is number y · width + x, not y · height + x.": (
                functools.partial(ref.toeplitz_by_places, place=lambda i, j, a, b, k, h, w: (i + a) * h + j + b)
            ),
            "The kernel moves one pixel from each row of the matrix to the next, also at the end of an image row. There it must skip the "
            "windows that would hang over the edge.": lambda k, h, w: np.array(
                [np.roll(ref.toeplitz(k, h, w)[0], n) for n in range(len(ref.toeplitz(k, h, w)))]
            ),
            "The kernel is transposed: its rows and columns are exchanged.": lambda k, h, w: ref.toeplitz(k.T, h, w),
            "Every row holds the kernel at the same position: it must move with the window.": lambda k, h, w: np.tile(
                ref.toeplitz(k, h, w)[0], (len(ref.toeplitz(k, h, w)), 1)
            ),
            "The decimals are cut off: your matrix holds integers.": lambda k, h, w: ref.toeplitz(k, h, w).astype(int),
        },
    ),
    hints=(
        "Row n of the matrix belongs to output n. It holds the kernel where the window lies, and zeros everywhere else.",
        "Make an array of zeros of shape (rows, columns, height, width), write the kernel into `matrix[i, j]` at the position of "
        "window (i, j), and reshape to two axes at the end.",
    ),
)


# ---------------------------------------------------------------- fast


def _no_loop_over_positions(conv_fast):
    kernels = np.arange(8.0).reshape(2, 2, 1, 2)
    small, large, larger = (np.ones((n, n, 1)) for n in (6, 61, 91))
    no_loop(
        conv_fast,
        (small, kernels),
        (large, kernels),
        "Right, but slow: for an image with 3,600 windows Python executes {lines} lines, far more than for a small image. "
        "So there is a loop over the positions of the window. Leave that loop to NumPy.",
        larger=(larger, kernels),
    )


lab.declare(
    "conv_fast",
    "Fast, in NumPy",
    points=3,
    seconds=20,
    conv_fast=Function(
        ref.sums,
        cases=lambda rng: {
            "for a 6×9 image of 3 channels and 4 filters of 3×2": (_eighths(rng, 6, 9, 3), _eighths(rng, 3, 2, 3, 4)),
            "for a 5×4 image of 1 channel and 1 filter of 1×3": (_eighths(rng, 5, 4, 1), _eighths(rng, 1, 3, 1, 1)),
            "for a 7×7 image of 4 channels and 4 filters of 4×4": (_eighths(rng, 7, 7, 4), _eighths(rng, 4, 4, 4, 4)),
        },
        mistakes={
            "The kernels are flipped.": lambda x, k: ref.sums(x, k[::-1, ::-1]),
            "The kernels are flipped, over the channels as well: that is what `scipy.signal.convolve` does.": (
                lambda x, k: ref.sums(x, k[::-1, ::-1, ::-1])
            ),
            "Only the first channel is used. The sum goes over all channels.": lambda x, k: ref.sums(x[:, :, :1], k[:, :, :1]),
            "The kernels are transposed: their rows and columns are exchanged.": lambda x, k: np.einsum(
                "ijcba,abcf->ijf", sliding_window_view(x, k.shape[:2], axis=(0, 1)), k
            ),
            "The values are right but the axes are not in order: it should be (rows, columns, filters).": Either(
                lambda x, k: np.moveaxis(ref.sums(x, k), 2, 0), lambda x, k: ref.sums(x, k).transpose(1, 0, 2)
            ),
            "There is an axis too many or too few: it should be (rows, columns, filters).": Either(
                lambda x, k: np.squeeze(ref.sums(x, k)),
                lambda x, k: ref.sums(x, k)[None],
                lambda x, k: ref.sums(x, k)[:, :, None],
            ),
            "Leave out ReLU this time: the plain sums are asked for.": lambda x, k: np.maximum(ref.sums(x, k), 0),
            "The filters are added up. Each filter should make a channel of its own.": lambda x, k: ref.sums(x, k).sum(axis=2),
            "Channel c of the kernels meets another channel of the image. Look at the order of the axes that you sum over.": (
                lambda x, k: ref.sums(x[:, :, ::-1], k)
            ),
        },
    ),
    form={"returns the sums as an array": ("returns tuple",)},  # a tuple of tuples is made in a loop
    then=_no_loop_over_positions,
    hints=(
        "`np.lib.stride_tricks.sliding_window_view(image, (F, G), axis=(0, 1))` has shape (H', W', C, F, G), and copies nothing.",
        "`np.tensordot(windows, kernels, axes=((3, 4, 2), (0, 1, 2)))` sums over kernel rows, kernel columns and channels: "
        "the numbers name the axes of each that belong together.",
    ),
)


# ---------------------------------------------------------------- filters made by hand


_STEP = np.repeat([[0.0, 0, 0, 1, 1, 1]], 6, axis=0)  # dark on the left, bright on the right


@lab.exercise(
    "Four kernels by hand",
    points=2,
    hints=(
        "On a flat area, a kernel responds with (sum of its values) × brightness. Which sum must each of the four have?",
        "Edge: −1, 0, 1 in each row (Sobel doubles the middle row). Blur: all the same, with sum 1. "
        "Sharpen: the picture plus (the picture minus its four neighbours), with sum 1.",
    ),
)
def kernels(line, edge, blur, sharpen):
    given = {"line": (line, (7, 7)), "edge": (edge, (3, 3)), "blur": (blur, (5, 5)), "sharpen": (sharpen, (3, 3))}
    for name, (kernel, shape) in given.items():
        found = as_array(kernel, f"`{name}`").shape
        need(found == shape, f"`{name}` should have shape {shape}; this one has {found}.")
    line, edge, blur, sharpen = (np.asarray(kernel, float) for kernel, _ in given.values())
    _judge_line(line)
    _judge_edge(edge)
    _judge_blur(blur)
    _judge_sharpen(sharpen)


def _judge_line(line):
    column = np.repeat([[0.0, 0, 0, 1, 0, 0, 0]], 7, axis=0)
    mistakes = {
        "`line`: that is a horizontal line. Columns are the second index.": column.T,
        "`line`: subtracting the mean comes later. Here it is ones and zeros.": column - column.mean(),
        "`line`: here the column holds ones, not an average.": column / 7,
        "`line`: the central one of seven columns is column 3, counted from 0.": np.roll(column, 1, axis=1),
        "`line`: the central one of seven columns is column 3; yours is column 2.": np.roll(column, -1, axis=1),
    }
    array(line, column, mistakes=mistakes, case="for `line`")


def _judge_edge(edge):
    size = np.abs(edge).max()
    need(size > 0, "`edge` is all zeros: it responds to nothing.")
    rounding = 1e-6 * size
    across, along = signal.correlate2d(_STEP, edge, "valid"), signal.correlate2d(_STEP.T, edge, "valid")
    need(
        abs(edge.sum()) <= 9 * rounding,
        f"`edge` responds with {edge.sum():.4g} to a flat area of brightness 1. Its values must sum to 0.",
    )
    blind = np.abs(across).max() <= 9 * rounding
    need(
        np.abs(along).max() <= 9 * rounding,
        f"`edge` responds to a horizontal edge{' and not to a vertical one' if blind else ' too'}. Each row must sum to 0.",
    )
    need(across.max() > 9 * rounding or across.min() >= -9 * rounding, "`edge` is the wrong way round: it is negative where the "
         "image goes from dark on the left to bright on the right.")  # fmt: skip
    need(not blind, "`edge` does not respond where the image goes from dark on the left to bright on the right.")
    need(
        across.min() >= -9 * rounding,
        "`edge` is positive on one side of a vertical edge and negative on the other: it answers to a line. "
        "Going from dark to bright, it should never be negative.",
    )


def _judge_blur(blur):
    mistakes = {
        "`blur` sums, it does not average: a flat area becomes 25 times as bright.": np.ones((5, 5)),
        "`blur` divides by 5, but the window holds 25 values.": np.full((5, 5), 0.2),
        "`blur` divides by 9, but this window holds 25 values.": np.full((5, 5), 1 / 9),
    }
    need(
        abs(blur.sum() - 1) > 1e-5 or np.ptp(blur) <= 1e-6,
        "`blur` weighs some pixels more than others. In a plain average all 25 have the same weight.",
    )
    array(blur, np.full((5, 5), 0.04), mistakes=mistakes, case="for `blur`")


def _judge_sharpen(sharpen):
    size = np.abs(sharpen).max()
    need(
        abs(sharpen.sum() - 1) <= 1e-5 * max(size, 1),
        f"`sharpen` turns a flat area of brightness 1 into {sharpen.sum():.4g}. Its values must sum to 1.",
    )
    alike = [sharpen.T, sharpen[::-1], sharpen[:, ::-1]]
    need(
        all(np.abs(sharpen - other).max() <= 1e-6 * size for other in alike),
        "`sharpen` should treat left, right, up and down alike.",
    )
    sharpened = signal.correlate2d(_STEP, sharpen, "valid")
    need(
        sharpened.max() > 1 + 1e-6 and sharpened.min() < -1e-6,
        "`sharpen` does not exaggerate a step. It should make the bright side brighter and the dark side darker.",
    )


_MAPS = {"A": "horizontal edges", "B": "sharpen", "C": "vertical edges", "D": "blur"}


lab.declare(
    "read_maps",
    "Read four feature maps",
    reading=Value(
        _MAPS,
        {
            "You exchanged the two edge filters. A filter for vertical edges looks for changes from left to right: its map shows "
            "the columns of the pavilion, not the rims of the roofs.": {"A": _MAPS["C"], "C": _MAPS["A"]},
            '{case} is {got}: answer with the full names, "vertical edges" and "horizontal edges".': Either(
                {"A": "horizontal", "C": "vertical"}, {"A": "horizontal edge", "C": "vertical edge"}
            ),
            "{case} is {got}: but that map is grey where the picture is flat, so its kernel sums to 0. Blur and sharpen keep the "
            "brightness of flat areas.": Either({"A": "blur", "C": "blur"}, {"A": "sharpen", "C": "sharpen"}),
            "{case} is {got}: but that map keeps the brightness of flat areas. An edge filter makes them grey.": Either(
                {"B": "vertical edges", "D": "vertical edges"}, {"B": "horizontal edges", "D": "horizontal edges"}
            ),
            "You exchanged blur and sharpen: which of the two maps shows more detail?": {"B": _MAPS["D"], "D": _MAPS["B"]},
        },
    ),
    hints=(
        "Two of the maps keep the brightness of flat areas (kernel sum 1), two are grey there (kernel sum 0, and grey means 0).",
        "Look at the columns of the pavilion and at the rims of its roofs: which map shows the one, which the other?",
    ),
)


# ---------------------------------------------------------------- pooling


lab.declare(
    "pool",
    "Pooling",
    points=2,
    pool=Function(
        ref.pool,
        cases=lambda rng: {
            f"for {name} pooling, size {size}, stride {stride}, of a {what}": (feature_map, size, stride, how)
            for negative in [_eighths(rng, 7, 10, 3) - 3]  # so that a maximum that begins with 0 shows
            for name, size, stride, how, what, feature_map in (
                ("max", 2, 2, np.max, "7×10 map with 3 channels", negative),
                ("max", 3, 2, np.max, "7×10 map with 3 channels", negative),
                ("average", 2, 3, np.mean, "7×10 map with 3 channels", negative),
                ("average", 3, 1, np.mean, "7×10 map with 3 channels", negative),
                ("average", 2, 2, np.mean, "6×4 map of integers", rng.integers(-9, 10, (6, 4, 2))),
                ("max", 2, 1, np.max, "4×3 map with 1 channel", _eighths(rng, 4, 3, 1)),
            )
        },
        mistakes={
            "You ignore `how`: that is the maximum.": lambda x, size, stride, how: ref.pool(x, size, stride, np.max),
            "You ignore `how`: that is the average.": lambda x, size, stride, how: ref.pool(x, size, stride, np.mean),
            "That is the smallest value of each window.": lambda x, size, stride, how: ref.pool(x, size, stride, np.min),
            "You ignore the stride.": lambda x, size, stride, how: ref.pool(x, size, 1, how),
            "The windows lie next to each other: `stride` may differ from `size`.": lambda x, size, stride, how: ref.pool(
                x, size, size, how
            ),
            "The windows begin next to each other, though their number is right: multiply i and j by the stride.": (
                lambda x, size, stride, how: ref.pool(x, size, 1, how)[tuple(map(slice, ref.pool(x, size, stride, how).shape))]
            ),
            "Window (i, j) begins at (i·stride, j·stride); yours begins at (i·size, j·size).": ref.pool_by_size,
            "These are the sums of the windows, not their means.": (
                lambda x, size, stride, how: ref.pool(x, size, stride, how) * (size**2 if how is np.mean else 1)
            ),
            "The size of the window is always 2 in your version.": lambda x, size, stride, how: ref.pool(x, 2, stride, how),
            "You pooled over the channels too. Each channel is pooled separately.": Either(
                lambda x, size, stride, how: how(ref.pool(x, size, stride, how), axis=2),
                lambda x, size, stride, how: np.repeat(how(ref.pool(x, size, stride, how), axis=2)[:, :, None], x.shape[2], 2),
            ),
            "Windows that hang over the edge are pooled too. Leave them out.": Either(
                ref.pool_over_the_edge, functools.partial(ref.pool_over_the_edge, every=True)
            ),
            "The largest value of a negative window comes out as 0: begin with a value of the window, not with 0.": (
                lambda x, size, stride, how: np.maximum(ref.pool(x, size, stride, how), 0 if how is np.max else -np.inf)
            ),
            "The decimals of a mean are cut off when the map holds integers: the result must hold decimals.": (
                lambda x, size, stride, how: ref.pool(x, size, stride, how).astype(x.dtype)
            ),
            "The decimals are cut off: your pooled map holds integers.": (
                lambda x, size, stride, how: ref.pool(x, size, stride, how).astype(int)
            ),
            "Rows and columns of the pooled map are exchanged.": (
                lambda x, size, stride, how: ref.pool(x, size, stride, how).transpose(1, 0, 2)
            ),
        },
    ),
    hints=(
        "The same windows as in a layer with a stride, but each channel separately: `how(window, axis=(0, 1))` "
        "leaves one number per channel.",
        "(H − size) // stride + 1 windows from top to bottom; window (i, j) begins at (i·stride, j·stride).",
    ),
)


lab.declare(
    "average_kernel",
    "Average pooling is a convolution",
    average_kernel=Function(
        ref.average_kernel,
        cases={
            f"for size {size} and {channels} channel{'s' if channels > 1 else ''}": (size, channels)
            for size, channels in ((2, 3), (3, 2), (3, 1), (1, 4))
        },
        mistakes={
            "Every output channel takes from every input channel. Pooling keeps channels apart.": (
                lambda size, channels: np.full((size, size, channels, channels), 1 / size**2)
            ),
            "Every output channel averages over all input channels. Pooling keeps channels apart.": (
                lambda size, channels: np.full((size, size, channels, channels), 1 / size**2 / channels)
            ),
            "These kernels sum the window instead of averaging it.": lambda size, channels: (
                ref.average_kernel(size, channels) * size**2
            ),
            "A window holds size × size values; you divide by `size` only.": lambda size, channels: (
                ref.average_kernel(size, channels) * size
            ),
            "You divide by the number of channels too; each channel is averaged separately.": Either(
                lambda size, channels: ref.average_kernel(size, channels) / channels,
            ),
            "Only the middle of each window counts in your kernels. All its values count alike.": (
                lambda size, channels: (
                    np.where(np.arange(size)[:, None, None, None] == size // 2, 1, 0)
                    * np.where(np.arange(size)[:, None, None] == size // 2, 1, 0)
                    * np.eye(channels)
                )
            ),
            "That is the kernel of one channel. The shape is (size, size, channels, channels).": (
                lambda size, channels: np.full((size, size), 1 / size**2)
            ),
        },
    ),
    hints=(
        "All weights inside a window count the same, and together they give 1. What may output channel 2 take from input channel 1?",
        "Zero, except `kernel[:, :, c, c] = 1 / size**2` for every channel c.",
    ),
)


class _Window(Value):
    """Two numbers in any order; a message says both maxima."""

    def judge(self, name: str, answer) -> None:
        window = as_array(answer, "`window`")
        need(window.shape == (2,), "`window` should be a list of two numbers.")
        highest, lowest = float(window.max()), float((0.0 - window).max())
        need((highest, lowest) == (1, 1), f"max(window) is {highest:g} and max(−window) is {lowest:g}. Both should be 1.")


def _only_relu(window, maximum):
    """What two layers have: ReLU, sums, differences and constant factors."""
    a, b = np.array([3.0, -2.0]), np.array([1.0, 4.0])
    used: list[str] = []

    def watched(a, b):
        result, operations = record_operations(maximum, a, b)
        used.extend(operations)
        return result

    call(watched, a, b)
    names = getattr(getattr(maximum, "__code__", None), "co_names", ())
    used += [f"`{name}`" for name in names if name in CHOOSING]
    if used:
        wrong(f"The values are right, but {used[0]} is not allowed here: only `relu`, sums, differences and constant factors.")


lab.declare(
    "max_is_not_linear",
    "Why max pooling is no convolution",
    points=2,
    window=_Window([1, -1], {"max(window) is 1 and max(−window) is 0. Both should be 1.": [1, 0]}),
    maximum=Function(
        lambda a, b: a + ref.relu(b - a),
        cases={
            "for the arrays [3, −2, −5, 0, 1.5] and [1, 4, −1, 0, 1.5]": (
                np.array([3.0, -2.0, -5.0, 0.0, 1.5]),
                np.array([1.0, 4.0, -1.0, 0.0, 1.5]),
            ),
            "for the arrays [[−3, −2.5]] and [[−2, −4]]": (np.array([[-3.0, -2.5]]), np.array([[-2.0, -4.0]])),
            "for 2 and −1": (2.0, -1.0),
            "for −2 and 5": (-2.0, 5.0),
        },
        mistakes={
            "`max` and comparisons are not allowed here: only `relu`, sums, differences and constant factors. They would not work for "
            "arrays either.": Either(max, lambda a, b: [x if x > y else y for x, y in zip(a, b, strict=True)]),
            "You get the smaller of the two {case}.": lambda a, b: np.minimum(a, b),
            "What you get {case} is how much b is larger than a. Add it to a.": lambda a, b: ref.relu(b - a),
            "What you get {case} is how much a is larger than b. Add it to b.": lambda a, b: ref.relu(a - b),
            "You get twice the larger of the two {case}.": lambda a, b: 2 * np.maximum(a, b),
            "You get the larger of a and 0, plus the larger of b and 0, {case}.": lambda a, b: ref.relu(a) + ref.relu(b),
            "What you get {case} is the difference between the two.": lambda a, b: ref.relu(a - b) + ref.relu(b - a),
            "Wrong {case}: you add to a what a has more than b. When is something to be added to a?": (
                lambda a, b: a + ref.relu(a - b)
            ),
            "Wrong {case}: where numbers are negative, ReLU leaves nothing of them.": Either(
                lambda a, b: ref.relu(np.maximum(a, b)),
                lambda a, b: ref.relu(a - b) + ref.relu(b),
                lambda a, b: ref.relu(b - a) + ref.relu(a),
                lambda a, b: ref.relu(a) + ref.relu(b - ref.relu(a)),
            ),
        },
    ),
    then=_only_relu,
    hints=(
        "A window and its negative: a convolution without bias responds with a number and its negative. "
        "When are the largest values of both equal to 1?",
        "One value of the window is 1, the other is −1. For `maximum`: begin with a; how much must be added when b is larger?",
    ),
)


lab.declare(
    "shifted_pictures",
    "A, B, C and D",
    changed=Value(
        {"B": 0, "C": 6, "D": 6},
        {
            "{case} is {got}: the line leaves its old windows and enters new ones. Count both.": {"C": 3, "D": 3},
            "{case} is {got}: those are pixels of the picture. Count values of the pooled map, which is 3×3.": {
                "B": 8,
                "C": 8,
                "D": 8,
            },
            "{case} is {got}: the line is four pixels long, but it touches three windows from top to bottom.": {"C": 4, "D": 4},
            "{case} is {got}: a column of the pooled map stays as it is, because the line is in neither picture there.": {
                "C": 9,
                "D": 9,
            },
            "B: the line is still in the windows of columns 2–3.": {"B": 6},
            "D: one step to the left, and the line is in column 1: a window further left.": {"D": 0},
            "C: two steps to the right, and the line is in column 4: a window further right.": {"C": 0},
        },
    ),
    hints=(
        "The 2×2 windows have fixed positions: columns 0–1, 2–3 and 4–5. In which of them does the line lie in each picture?",
        "The line is four pixels long and lies in rows 1 to 4, so it touches three windows from top to bottom. "
        "When it enters another column of windows, three values go and three come.",
    ),
)


# ---------------------------------------------------------------- what a unit sees


_CONV3, _POOL2 = (3, 1, 1), (2, 2, 1)
_VGG = [_CONV3, _CONV3, _POOL2] * 2 + [_CONV3, _CONV3, _CONV3, _POOL2] * 2 + [_CONV3, _CONV3, _CONV3]


lab.declare(
    "receptive_field",
    "Receptive field",
    points=2,
    receptive_field=Function(
        ref.receptive_field,
        cases={
            "for one 5×5 layer": ([(5, 1, 1)],),
            "for three 3×3 layers": ([_CONV3] * 3,),
            "for 3×3 with stride 2, then 3×3": ([(3, 2, 1), _CONV3],),
            "for 3×3, then 3×3 with stride 2": ([_CONV3, (3, 2, 1)],),
            "for strides 2, 2 and 3 and kernels 2, 3, 5, 2": ([(2, 2, 1), (3, 2, 1), (5, 3, 1), (2, 1, 1)],),
            "for 3×3 with dilations 1, 2, 4": ([(3, 1, 1), (3, 1, 2), (3, 1, 4)],),
            "for stride 2, then dilation 3": ([(3, 2, 1), (3, 1, 3)],),
            "for dilation 3 with stride 2, then 3×3": ([(3, 2, 3), _CONV3],),
            "for VGG-16 up to block5_conv3": (_VGG,),
        },
        mistakes={
            "You get {got} {case}. You multiply the kernel sizes; but neighbouring windows overlap, so a layer adds much less.": (
                lambda layers: int(np.prod([kernel for kernel, _, _ in layers], dtype=object))
            ),
            "You get {got} {case}. You add up the kernel sizes; but neighbouring windows overlap, so each layer adds less than "
            "its kernel.": Either(
                lambda layers: sum(kernel for kernel, _, _ in layers),
                lambda layers: sum((kernel - 1) * dilation + 1 for kernel, _, dilation in layers),
            ),
            "You get {got} {case}. You ignore the stride: above a stride of 2, neighbouring units are 2 pixels apart.": (
                lambda layers: ref.receptive_field([(kernel, 1, dilation) for kernel, _, dilation in layers])
            ),
            "You get {got} {case}. A layer's own stride counts for the layers above it, not for itself.": lambda layers: (
                ref.receptive_field(layers, own=True)
            ),
            "You get {got} {case}. The strides of all layers below multiply; you use only the last one.": lambda layers: (
                ref.receptive_field(layers, product=False)
            ),
            "You get {got} {case}. You go through the layers in the wrong order. The recursion that multiplies the field by the "
            "stride begins at the last layer.": Either(ref.field_from_the_top, lambda layers: ref.receptive_field(layers[::-1])),
            "You get {got} {case}. You multiply the fields of the layers. Each layer adds to the field below it.": (
                lambda layers: int(np.prod([(kernel - 1) * dilation + 1 for kernel, _, dilation in layers], dtype=object))
            ),
            "You get {got} {case}. The width of the field is asked for, not its number of pixels.": (
                lambda layers: ref.receptive_field(layers) ** 2
            ),
            "You get {got} {case}. The dilation widens its own layer only; it does not move the units of the layer above apart.": (
                lambda layers: ref.receptive_field(
                    [(1 + (k - 1) * d * int(np.prod([e for _, _, e in layers[:i]])), s, 1) for i, (k, s, d) in enumerate(layers)]
                )
            ),
            "You get {got} {case}. You ignore the dilation.": (
                lambda layers: ref.receptive_field([(kernel, stride, 1) for kernel, stride, _ in layers])
            ),
            "You get {got} {case}. With dilation, a kernel covers (F − 1)·D + 1 cells, not F·D.": (
                lambda layers: ref.receptive_field([(kernel * dilation, stride, 1) for kernel, stride, dilation in layers])
            ),
            "You get {got} {case}. Begin with one pixel: a unit without layers sees itself.": lambda layers: (
                ref.receptive_field(layers) - 1
            ),
        },
    ),
    hints=(
        "Go from the input to the output. Keep two numbers: how many pixels a unit sees, and how far apart in pixels two "
        "neighbouring units are (the jump).",
        "Each layer adds (kernel − 1) · dilation · jump to the field; only then is the jump multiplied by the stride.",
    ),
)


lab.declare(
    "dilate",
    "Dilation",
    dilate=Function(
        ref.dilate,
        cases=lambda rng: {
            "for the worked kernel and dilation 2": (KERNEL, 2),
            "for a 2×4 kernel and dilation 3": (_eighths(rng, 2, 4), 3),
            "for the worked kernel and dilation 1": (KERNEL, 1),
            "for a 3×1 kernel and dilation 2": (_eighths(rng, 3, 1), 2),
        },
        mistakes={
            "There are zeros after the last weight. They widen the kernel and see nothing.": (
                lambda kernel, dilation: ref.dilate(kernel, dilation, tail=True)
            ),
            "There are zeros around the weights. They belong between them only.": (
                lambda kernel, dilation: np.pad(ref.dilate(kernel, dilation), dilation - 1)
            ),
            "There is one zero too many between the weights: with dilation D there are D − 1.": (
                lambda kernel, dilation: ref.dilate(kernel, dilation + 1)
            ),
            "You repeated the weights; between them there should be zeros.": (
                lambda kernel, dilation: np.kron(kernel, np.ones((dilation, dilation)))
            ),
            "Only one of the two axes is dilated.": Either(
                lambda kernel, dilation: ref.dilate(kernel, dilation, 1), lambda kernel, dilation: ref.dilate(kernel, 1, dilation)
            ),
            "The dilation is always 2 in your version.": lambda kernel, dilation: ref.dilate(kernel, 2),
            "The decimals are cut off: your kernel holds integers.": (
                lambda kernel, dilation: ref.dilate(kernel, dilation).astype(int)
            ),
        },
    ),
    hints=(
        "With dilation 2 there is one zero between two neighbouring weights. How long is a row of F weights then?",
        "(F − 1) · dilation + 1 rows. Write the weights into zeros with a step: `dilated[::dilation, ::dilation] = kernel`.",
    ),
)


# ---------------------------------------------------------------- upwards


lab.declare(
    "conv_transpose",
    "Transposed convolution",
    points=2,
    conv_transpose=Function(
        ref.copies,
        cases=lambda rng: {
            "for a 2×3 map and stride 1": (GRID[:2, :3] / 1, KERNEL / 1, 1),
            "for a 3×4 map, a 3×2 kernel and stride 2": (_eighths(rng, 3, 4), _eighths(rng, 3, 2), 2),
            "for a 2×3 map, a 2×2 kernel and stride 3": (_eighths(rng, 2, 3), _eighths(rng, 2, 2), 3),
            "for a map of one value": (_eighths(rng, 1, 1) + 4, _eighths(rng, 2, 3), 2),
        },
        mistakes={
            "The kernel is flipped: put it down as it is.": lambda x, k, stride: ref.copies(x, k[::-1, ::-1], stride),
            "The kernel is transposed: put it down as it is.": lambda x, k, stride: ref.copies(x, k.T, stride),
            "Where copies overlap, the last one wins in your version. They should add up.": (
                lambda x, k, stride: ref.copies(x, k, stride, add=False)
            ),
            "You ignore the stride.": lambda x, k, stride: ref.copies(x, k, 1),
            "There are rows and columns of zeros beyond the last copy. It begins at (H − 1) · stride and ends F further.": Either(
                lambda x, k, stride: ref.copies(x, k, stride, more=stride), lambda x, k, stride: ref.copies(x, k, stride, more=1)
            ),
            "Your output has room for H · stride rows only, so the last copies do not fit: they end at (H − 1) · stride + F.": (
                lambda x, k, stride: ref.copies(x, k, stride, shape=[n * stride for n in x.shape])
            ),
            "The kernel is not square: its rows and columns have different lengths, and you use one of them for both, or exchange them.": (
                Either(
                    lambda x, k, stride: ref.copies(
                        x, k, stride, shape=[(n - 1) * stride + f for n, f in zip(x.shape, k.shape[::-1], strict=True)]
                    ),
                    ref.copies_as_if_square,
                )
            ),
            "The sum is cropped to H · stride rows, as `same` would do. Return all of it.": (
                lambda x, k, stride: ref.copies(x, k, stride)[: x.shape[0] * stride, : x.shape[1] * stride]
            ),
            "That is a convolution, which collects. Here each value of the map spreads over a window.": Either(
                lambda x, k, stride: signal.correlate2d(x, k, "valid")[::stride, ::stride],
                lambda x, k, stride: signal.correlate2d(x, k, "full")[::stride, ::stride],
            ),
            "The decimals are cut off: your sum holds integers.": lambda x, k, stride: ref.copies(x, k, stride).astype(int),
        },
    ),
    hints=(
        "Each input value puts down a copy of the kernel, multiplied by that value, at (i·stride, j·stride). "
        "How far does the last copy reach?",
        "(H − 1) · stride + F rows of zeros; then, in two loops, `output[…] += feature_map[i, j] * kernel`. "
        "Where copies overlap they add up.",
    ),
)


# ---------------------------------------------------------------- the way back


lab.declare(
    "kernel_gradient",
    "Gradient with respect to the kernel",
    points=2,
    kernel_gradient=Function(
        ref.kernel_gradient,
        cases=lambda rng: {
            "for a 5×5 image and a 3×3 kernel": (_eighths(rng, 5, 5), _eighths(rng, 3, 3)),
            "for a 4×7 image and a 2×3 kernel": (_eighths(rng, 4, 7), _eighths(rng, 3, 5)),
            "for a 6×4 image and a 5×2 kernel": (_eighths(rng, 6, 4), _eighths(rng, 2, 3)),
        },
        mistakes={
            "The gradient is flipped: correlate, do not convolve.": lambda x, g: signal.convolve2d(x, g, "valid"),
            "The result is rotated by 180°. Did you exchange the two arguments of `correlate2d`?": (
                lambda x, g: ref.kernel_gradient(x, g)[::-1, ::-1]
            ),
            "The result is transposed.": lambda x, g: ref.kernel_gradient(x, g).T,
            "That is the full correlation. Only windows inside the image count (`valid`).": Either(
                lambda x, g: signal.correlate2d(x, g), lambda x, g: signal.convolve2d(x, g)
            ),
            "That is as large as the image. Only windows inside the image count (`valid`).": Either(
                lambda x, g: signal.correlate2d(x, g, "same"), lambda x, g: signal.convolve2d(x, g, "same")
            ),
            "You average over the outputs. The chain rule adds up what the weight does to each of them.": (
                lambda x, g: ref.kernel_gradient(x, g) / g.size
            ),
            "The sign is wrong: that is the step down the gradient, not the gradient.": lambda x, g: -ref.kernel_gradient(x, g),
        },
    ),
    hints=(
        "Weight (a, b) affects output (i, j) through pixel (i + a, j + b). So ∂L/∂k[a, b] sums gradient[i, j] · image[i + a, j + b].",
        "Read that sum once more: the gradient slides over the image. It is a correlation you have written before.",
    ),
)


lab.declare(
    "image_gradient",
    "Gradient with respect to the image",
    points=3,
    image_gradient=Function(
        ref.image_gradient,
        cases=lambda rng: {
            "for a 5×5 image and a 3×3 kernel": (_eighths(rng, 3, 3), _eighths(rng, 3, 3)),
            "for a 4×7 image and a 2×3 kernel": (_eighths(rng, 2, 3), _eighths(rng, 3, 5)),
            "for a 6×4 image and a 5×2 kernel": (_eighths(rng, 5, 2), _eighths(rng, 2, 3)),
        },
        mistakes={
            "The kernel lies the wrong way round: on the way back it is a true convolution, flipped.": Either(
                lambda k, g: signal.correlate2d(g, k), lambda k, g: signal.correlate2d(k, g)
            ),
            "The result is rotated by 180°.": lambda k, g: ref.image_gradient(k, g)[::-1, ::-1],
            "The kernel is transposed.": lambda k, g: ref.image_gradient(k.T, g),
            "The result is too small: every pixel of the image needs a value, also those at the rim (`full`).": Either(
                lambda k, g: signal.convolve2d(g, k, "same"),
                lambda k, g: signal.correlate2d(g, k, "same"),
                lambda k, g: signal.convolve2d(k, g, "same"),
                lambda k, g: signal.convolve2d(g, k, "valid"),
                lambda k, g: signal.correlate2d(g, k, "valid"),
            ),
            "You average over the outputs. The chain rule adds up what the pixel does to each of them.": (
                lambda k, g: ref.image_gradient(k, g) / g.size
            ),
            "The sign is wrong: that is the step down the gradient, not the gradient.": lambda k, g: -ref.image_gradient(k, g),
        },
    ),
    hints=(
        "Turn the sum around: pixel (p, q) is used by output (i, j) with weight (p − i, q − j). "
        "Each output sends its gradient back to the whole window that it saw.",
        "Each gradient value puts down a copy of the kernel: a transposed convolution with stride 1, which is a true "
        "convolution with full padding.",
    ),
)
