"""Checks of lab 01: one window, a whole layer, several ways to compute it, pooling, receptive fields and the way back."""

import time

import numpy as np
from scipy import signal

from ...check import Either, Function, Lab, Value, array, call, choice, need, number, wrong

lab = Lab("lab01", "Lab 01 · Convolution by hand")

GRID = np.array([[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]])
KERNEL = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]])
WORKED = np.array([[12, 12, 17], [10, 17, 19], [9, 6, 14]])  # the lecture's result
FLIPPED = np.array([[18, 20, 19], [10, 9, 17], [11, 8, 14]])  # the same grid with the kernel turned by 180°


def _numbers(*shape: int, seed: int = 0) -> np.ndarray:
    """Numbers without any symmetry, the same at each call; eighths, so that sums are exact."""
    return np.random.default_rng(seed).integers(-16, 17, shape) / 8


def _shape(answer) -> tuple[int, ...]:
    """The shape of anything; () for what is no array of numbers."""
    try:
        return np.asarray(answer, float).shape
    except (TypeError, ValueError):
        return ()


lab.declare(
    "parameters",
    "Parameters",
    n_dense=Value(
        (480 * 640 * 3 + 1) * 1000,
        {
            "`n_dense`: you forgot the biases, one for each of the 1000 units.": 480 * 640 * 3 * 1000,
            "`n_dense`: that is a grey photograph. This one has 3 channels.": (480 * 640 + 1) * 1000,
            "`n_dense`: that is a grey photograph without biases. This one has 3 channels.": 480 * 640 * 1000,
            "`n_dense`: that is a single unit. The layer has 1000.": 480 * 640 * 3 + 1,
        },
    ),
    n_conv=Value(
        (3 * 3 * 3 + 1) * 64,
        {
            "`n_conv`: you forgot the biases, one for each of the 64 filters.": 3 * 3 * 3 * 64,
            "`n_conv`: each filter looks at all 3 channels, so it has 3 × 3 × 3 weights, not 3 × 3.": (3 * 3 + 1) * 64,
            "`n_conv`: each filter looks at all 3 channels, and it has a bias.": 3 * 3 * 64,
            "`n_conv`: every filter has a bias of its own, not one for the whole layer.": 3 * 3 * 3 * 64 + 1,
            "`n_conv`: a filter has one bias, not one for each channel.": (3 * 3 * 3 + 3) * 64,
            "`n_conv`: the weights are shared by all places; the size of the photograph does not matter.": (
                Either(28 * 64 * 480 * 640, 27 * 64 * 480 * 640 + 64, 27 * 64 * 480 * 640)
            ),
        },
    ),
    hints=(
        "A dense unit has one weight for every input value and one bias. How many values does the photograph hold?",
        "Dense: values × units + units. Convolution: a filter has F × F × input channels weights and one bias; the size of "
        "the photograph does not appear.",
    ),
)


lab.declare(
    "correlate",
    "Correlation with two loops",
    points=2,
    correlate=Function(
        lambda image, kernel: signal.correlate2d(image, kernel, "valid"),
        cases={
            "for the worked 5×5 grid": (GRID, KERNEL),
            "for a 4×7 image and a 2×3 kernel": (_numbers(4, 7), _numbers(2, 3, seed=1)),
        },
        mistakes={
            "You flipped the kernel: that is convolution in the mathematician's sense. Here the kernel stays as it is.": (
                lambda image, kernel: signal.convolve2d(image, kernel, "valid")
            ),
            "You exchanged rows and columns of the kernel (a transposed kernel).": (
                lambda image, kernel: signal.correlate2d(image, kernel.T, "valid")
            ),
            "One row and one column of windows is missing: how many places are there, H − F or H − F + 1?": (
                lambda image, kernel: signal.correlate2d(image, kernel, "valid")[:-1, :-1]
            ),
            "That is as large as the image: some windows hang over its edge. Use only windows that lie inside.": (
                lambda image, kernel: signal.correlate2d(image, kernel, "same")
            ),
            "The decimals are cut off: your feature map holds integers.": (
                lambda image, kernel: signal.correlate2d(image, kernel, "valid").astype(int)
            ),
        },
    ),
    hints=(
        "The window for output (i, j) begins at row i and column j and is as large as the kernel. "
        "Where does the last window begin?",
        "There are H − F + 1 windows from top to bottom. Inside two loops: cut the window out of the image with two slices, "
        "multiply it by the kernel value by value, and store the sum.",
    ),
)


@lab.exercise(
    "A test that tests",
    hints=(
        "`(output != expected).all()` asks whether every value is wrong. One right value is enough to pass.",
        "Compare the shapes first (NumPy would broadcast), then ask whether all absolute differences are at most the tolerance. "
        "NaN is never ≤ anything, which is what you want here.",
    ),
)
def agree(function):
    ones = np.ones((3, 3))
    one_off = ones.copy()
    one_off[1, 2] = 2.0
    below = ones.copy()
    below[0, 0] = -5.0
    broken = ones.copy()
    broken[2, 2] = np.nan
    cases = (
        ((ones, ones), True, "two equal arrays are said to differ."),
        ((one_off, ones), False, "one of nine values is wrong, and it goes unnoticed."),
        ((ones + 1e-6, ones), True, "a difference of 0.000001 is rounding, and well within the tolerance of 0.0001."),
        ((below, ones), False, "a value that is too small goes unnoticed. Take the absolute difference."),
        ((2 * ones, ones), False, "every value is wrong, and it goes unnoticed."),
        ((broken, ones), False, "a NaN goes unnoticed. Ask that all differences are small, not that none is large."),
        ((ones[:1], ones), False, "shape (1, 3) passes for (3, 3): NumPy broadcasts it. Compare the shapes first."),
        ((ones, ones[0]), False, "shape (3, 3) passes for (3,): NumPy broadcasts it. Compare the shapes first."),
        ((one_off, ones, 1.0), True, "a difference of exactly the tolerance is allowed."),
        ((one_off, ones, 0.875), False, "the third argument, the tolerance, is not used."),
    )
    for arguments, expected, message in cases:
        verdict = call(function, *arguments)
        need(isinstance(verdict, (bool, np.bool_)), f"`agree` returns a {type(verdict).__name__}; it should say True or False.")
        need(bool(verdict) == expected, f"`agree` returns {bool(verdict)}: {message}")


BLIND = {"blur", "laplace", "line", "diagonal"}


@lab.exercise(
    "Which of the two Keras computes",
    points=2,
    hints=(
        "Convolution is correlation with the kernel turned by 180°. Which kernels are the same after half a turn?",
        "Compare each `kernel` with `kernel[::-1, ::-1]`. If they are equal, no picture can tell the two operations apart. "
        "For `kind`, run the experiment below the exercise.",
    ),
)
def keras_computes(kind, blind):
    choice(
        kind,
        "correlation",
        ("correlation", "convolution"),
        mistakes={
            "convolution": "The name says so, but look at the numbers: the layer gives [[12, 12, 17], …], with the kernel unturned."
        },
    )
    if isinstance(blind, str) or not hasattr(blind, "__iter__"):
        wrong("`blind` should be a list of names.")
    blind = {str(name) for name in blind}
    known = BLIND | {"sobel x", "sobel y", "corner"}
    need(blind <= known, f"{sorted(blind - known)} are not among the names in `KERNELS`.")
    need(
        not blind & {"sobel x", "sobel y"},
        "A Sobel kernel changes its sign in half a turn, so every value of the map changes its sign: it does tell them apart.",
    )
    need("corner" not in blind, "`corner` turned by 180° has its ones in the opposite corner: it does tell them apart.")
    need(
        "diagonal" in blind,
        "Look at `diagonal` once more: a mirror changes it, half a turn does not. Did you flip only one of the axes?",
    )
    need(blind == BLIND, f"{len(BLIND - blind)} more of the kernels look the same after half a turn.")


LAYERS = ((5, 3, 1, 0), (8, 3, 2, 0), (7, 3, 2, 0), (224, 7, 2, 3), (227, 11, 4, 0), (224, 11, 4, 0))
SIZES = (3, 3, 3, 112, 55, 54)


@lab.exercise(
    "Predict six sizes",
    hints=(
        "Draw a row of W + 2P cells and put windows of F cells on it, each S further. Only whole windows count.",
        "The first window ends at F. From there, (W + 2P − F) cells are left, and each step takes S of them; round down.",
    ),
)
def predicted_sizes(sizes):
    if isinstance(sizes, (str, dict, set)) or not hasattr(sizes, "__len__") or len(sizes) != len(SIZES):
        wrong("`sizes` should be a list of six numbers.")
    for position, (layer, size, answer) in enumerate(zip(LAYERS, SIZES, sizes, strict=True), start=1):
        width, kernel, stride, padding = layer
        exact = (width + 2 * padding - kernel) / stride + 1
        mistakes = {
            width // stride: f"Size {position}: W/S would need padding; here windows may not hang over the edge.",
            (width - kernel) // stride + 1: f"Size {position}: you forgot the padding, {padding} on both sides.",
            (width + 2 * padding - kernel) // stride: f"Size {position}: count the first window too.",
            int(np.ceil(exact)): f"Size {position}: the last window would hang over the edge. Round down.",
            exact: f"Size {position}: there is no quarter or half of a window. Round down.",
            (width + padding - kernel) // stride + 1: f"Size {position}: padding is added on both sides, so it counts twice.",
        }
        mistakes = {value: message for value, message in mistakes.items() if value != size}
        number(answer, size, mistakes=mistakes, what=f"Size {position}")


lab.declare(
    "output_size",
    "Output size",
    output_size=Function(
        lambda width, kernel, stride=1, padding=0: (width + 2 * padding - kernel) // stride + 1,
        cases=[(9, 3), *LAYERS, (6, 6, 5, 0), (10, 1, 4, 2), (7, 5, 3, 1)],
        mistakes={
            "You forgot the first window: it takes no step.": lambda w, k, s=1, p=0: (w + 2 * p - k) // s,
            "You forgot the padding: it adds cells on both sides.": lambda w, k, s=1, p=0: (w - k) // s + 1,
            "Padding is added on both sides, so it counts twice.": lambda w, k, s=1, p=0: (w + p - k) // s + 1,
            "You forgot the floor: a window that hangs over the edge does not count.": lambda w, k, s=1, p=0: (
                (w + 2 * p - k) / s + 1
            ),
            "You round up: the last window would hang over the edge.": lambda w, k, s=1, p=0: -(-(w + 2 * p - k) // s) + 1,
            "The padding belongs inside the floor, under the fraction bar.": lambda w, k, s=1, p=0: (w - k) // s + 2 * p // s + 1,
        },
    ),
    hints=(
        "How many cells are left after the first window, and how many steps of `stride` fit into them?",
        "Padding counts on both sides. Whole steps only: `//`. And do not forget the first window.",
    ),
)


@lab.exercise(
    "The padding that TensorFlow calls “same”",
    points=2,
    hints=(
        "Begin at the end: the output is to have ⌈W/S⌉ cells. How far does the last window reach?",
        "The last window begins at (outputs − 1)·S and ends F further. What is missing to the width W is the padding in total, "
        "but never less than 0. The smaller half comes first.",
    ),
)
def same_padding(function):
    cases = {  # (width, kernel, stride): (before, after), from TensorFlow 2
        (7, 3, 1): (1, 1),
        (9, 5, 3): (1, 1),
        (8, 3, 2): (0, 1),
        (7, 3, 2): (1, 1),
        (8, 2, 1): (0, 1),
        (224, 7, 2): (2, 3),
        (8, 1, 2): (0, 0),
        (10, 2, 3): (0, 1),
        (10, 5, 3): (2, 2),
        (7, 2, 3): (0, 1),
        (13, 6, 4): (2, 3),
    }
    for case, (before, after) in cases.items():
        width, kernel, stride = case
        result = call(function, *case)
        if _shape(result) != (2,):
            wrong("`same_padding` should return two numbers: `return before, after`.")
        half = (before + after + 1) // 2
        mistakes = {
            "as much on both sides. What is to be done with an odd total?": (half, half),
            "the larger half first; TensorFlow puts it last.": (after, before),
            "(kernel − 1) in halves, which is right for stride 1 only. A larger stride needs less.": (
                (kernel - 1) // 2,
                kernel // 2,
            ),
            "a negative padding. Nothing is ever cut off.": (-1, 0),
        }
        array(
            result,
            (before, after),
            mistakes={f"For {case} you return {message}": pair for message, pair in mistakes.items() if pair != (before, after)},
            case=f"for width {width}, kernel {kernel}, stride {stride}",
        )


def _correlated(image, kernels, stride, padding):
    """The layer before bias and relu, one channel and one filter at a time."""
    image = np.pad(image, ((padding, padding), (padding, padding), (0, 0)))
    channels, filters = kernels.shape[2:]
    maps = [
        sum(signal.correlate2d(image[:, :, c], kernels[:, :, c, f], "valid") for c in range(channels)) for f in range(filters)
    ]
    return np.stack(maps, axis=2)[::stride, ::stride]


@lab.exercise(
    "A whole layer",
    points=3,
    seconds=60,  # the first import of TensorFlow may take its time
    hints=(
        "Pad rows and columns, never the channels: `np.pad(image, ((p, p), (p, p), (0, 0)))`. The window at (i, j) has shape "
        "(F, G, Cᵢ) and begins at (i·stride, j·stride).",
        "`np.tensordot(window, kernels, 3)` sums over the three common axes and leaves one number a filter. Then the bias, "
        "then relu: `np.maximum(…, 0)`.",
    ),
)
def conv_layer(function):
    image, kernels, bias = _numbers(7, 10, 2), _numbers(3, 2, 2, 4, seed=1), _numbers(4, seed=2)
    for stride, padding in ((1, 0), (2, 0), (3, 2)):
        sums = _correlated(image, kernels, stride, padding)
        array(
            call(function, image, kernels, bias, stride, padding),
            np.maximum(sums + bias, 0),
            mistakes={
                "There are negative values: you forgot relu.": sums + bias,
                "You forgot the bias.": np.maximum(sums, 0),
                "You forgot bias and relu.": sums,
                "The bias comes before relu, not after it.": np.maximum(sums, 0) + bias,
                "You flipped the kernels. The layer does not.": np.maximum(
                    _correlated(image, kernels[::-1, ::-1], stride, padding) + bias, 0
                ),
                "You ignore the padding.": np.maximum(_correlated(image, kernels, stride, 0) + bias, 0),
                "You ignore the stride.": np.maximum(_correlated(image, kernels, 1, padding) + bias, 0),
                "The windows begin in the right number but next to each other: multiply i and j by the stride.": np.maximum(
                    _correlated(image, kernels, 1, padding)[: sums.shape[0], : sums.shape[1]] + bias, 0
                ),
            },
            case=f"for a 7×10 image of 2 channels, stride {stride}, padding {padding}",
        )
    plain = call(function, image, kernels, bias)
    need(_shape(plain) == (5, 9, 4), "Without stride and padding in the call, the defaults are stride 1 and padding 0.")
    _equals_keras(function)


def _equals_keras(function):
    import keras
    from sklearn.datasets import load_sample_image

    photo = load_sample_image("china.jpg").astype("float32") / 255
    keras.utils.set_random_seed(1)
    layer = keras.layers.Conv2D(8, 5, strides=6, activation="relu", bias_initializer="normal")
    expected = np.asarray(layer(photo[None]))[0]
    kernels, bias = (np.asarray(weight) for weight in layer.weights)
    array(
        call(function, photo, kernels, bias, 6),
        expected,
        tolerance=1e-4,
        case="for the photograph, against keras.layers.Conv2D(8, 5, strides=6)",
    )


@lab.exercise(
    "The layer as a matrix",
    points=2,
    hints=(
        "Row n of the matrix belongs to output n. It holds the kernel where the window lies, and zeros everywhere else.",
        "Make an array of zeros of shape (rows, columns, height, width), write the kernel into `matrix[i, j]` at the place of "
        "window (i, j), and reshape to two axes at the end.",
    ),
)
def toeplitz(function):
    def columns(kernel, height, width):
        """Column n of the matrix is what the library makes of an image with a single 1 at place n."""
        images = np.eye(height * width).reshape(-1, height, width)
        return np.stack([signal.correlate2d(image, kernel, "valid").ravel() for image in images], axis=1)

    for kernel, height, width in ((KERNEL, 5, 5), (_numbers(2, 3, seed=1), 4, 6)):
        expected = columns(kernel, height, width)
        array(
            call(function, kernel, height, width),
            expected,
            mistakes={
                "That is the transposed matrix. A row should make an output, a column should belong to a pixel.": expected.T,
                "The kernel is flipped: that is the matrix of a true convolution.": columns(kernel[::-1, ::-1], height, width),
                "That has four axes. Reshape it to (outputs, inputs).": expected.reshape(
                    height - kernel.shape[0] + 1, width - kernel.shape[1] + 1, height, width
                ),
                "Every row holds the kernel at the same place: it must move with the window.": np.tile(
                    expected[0], (len(expected), 1)
                ),
            },
            case=f"for a {height}×{width} image",
        )


@lab.exercise(
    "Fast, in NumPy",
    points=3,
    hints=(
        "`np.lib.stride_tricks.sliding_window_view(image, (F, G), axis=(0, 1))` has shape (H', W', C, F, G), and copies nothing.",
        "`np.tensordot(windows, kernels, axes=((3, 4, 2), (0, 1, 2)))` sums over kernel rows, kernel columns and channels: "
        "the numbers name the axes of each that belong together.",
    ),
)
def conv_fast(function):
    image, kernels = _numbers(6, 9, 3), _numbers(3, 2, 3, 4, seed=1)
    expected = _correlated(image, kernels, 1, 0)
    array(
        call(function, image, kernels),
        expected,
        mistakes={
            "The kernels are flipped.": _correlated(image, kernels[::-1, ::-1], 1, 0),
            "The values are right but the axes are not in order: (rows, columns, filters), please.": np.moveaxis(expected, 2, 0),
            "Do without bias and relu this time: the plain sums, please.": np.maximum(expected, 0),
        },
        case="for a 6×9 image of 3 channels",
    )
    image, kernels = _numbers(101, 101, 1), _numbers(2, 2, 1, 2, seed=1)
    array(call(function, image, kernels), _correlated(image, kernels, 1, 0), case="for a 101×101 image")
    yours = _fastest(lambda: call(function, image, kernels))
    loop = _fastest(lambda: [np.sum(kernels) for _ in range(100 * 100)])
    need(
        yours < loop,
        f"Right, but slow: {1000 * yours:.0f} ms for an image with 10,000 windows. A Python loop that adds up four numbers as often "
        f"takes {1000 * loop:.0f} ms. There is a loop over the places of the image; leave that loop to NumPy.",
    )


def _fastest(work) -> float:
    """Seconds of the fastest of three runs: a busy machine slows one run, hardly all three."""
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


@lab.exercise(
    "Four kernels by hand",
    points=2,
    hints=(
        "On a flat area, a kernel answers with (sum of its values) × brightness. Which sum must each of the four have?",
        "Edge: −1, 0, 1 in each row (Sobel doubles the middle row). Blur: all the same, with sum 1. "
        "Sharpen: the picture plus (the picture minus its four neighbours), with sum 1.",
    ),
)
def kernels(line, edge, blur, sharpen):
    for name, kernel, shape in (
        ("line", line, (7, 7)),
        ("edge", edge, (3, 3)),
        ("blur", blur, (5, 5)),
        ("sharpen", sharpen, (3, 3)),
    ):
        found = _shape(kernel)
        need(found == shape, f"`{name}` should be an array of shape {shape}; this one has {found}.")
    expected = np.repeat([[0.0, 0, 0, 1, 0, 0, 0]], 7, axis=0)
    array(line, expected, mistakes={"`line`: that is a horizontal line. Columns are the second index.": expected.T})
    edge, blur, sharpen = (np.asarray(kernel, float) for kernel in (edge, blur, sharpen))
    step = np.repeat([[0.0, 0, 0, 1, 1, 1]], 6, axis=0)  # dark on the left, bright on the right
    across = signal.correlate2d(step, edge, "valid")
    along = signal.correlate2d(step.T, edge, "valid")
    need(abs(edge.sum()) < 1e-9, f"`edge` answers {edge.sum():g} on a flat area of brightness 1. Its values must sum to 0.")
    need(
        np.abs(along).max() < 1e-9,
        "`edge` answers to a horizontal edge"
        + (" and not to a vertical one." if np.abs(across).max() < 1e-9 else " too.")
        + " Each row must sum to 0.",
    )
    need(across.max() > 0, "`edge` gives no positive answer where it is dark on the left and bright on the right.")
    need(across.min() >= 0, "`edge` gives a negative answer where it is dark on the left and bright on the right.")
    array(
        blur,
        np.full((5, 5), 0.04),
        mistakes={
            "`blur` sums, it does not average: a flat area becomes 25 times as bright.": np.ones((5, 5)),
            "`blur` divides by 5, but the window holds 25 values.": np.full((5, 5), 0.2),
        },
    )
    need(
        abs(sharpen.sum() - 1) < 1e-9,
        f"`sharpen` turns a flat area of brightness 1 into {sharpen.sum():g}. Its values must sum to 1.",
    )
    need(
        np.allclose(sharpen, sharpen.T) and np.allclose(sharpen, sharpen[::-1]),
        "`sharpen` should treat all four directions alike.",
    )
    sharpened = signal.correlate2d(step, sharpen, "valid")
    need(
        sharpened.max() > 1 and sharpened.min() < 0,
        "`sharpen` leaves a step as soft as it was. It should make the bright side brighter and the dark side darker.",
    )


_MAPS = {"A": "horizontal edges", "B": "sharpen", "C": "vertical edges", "D": "blur"}


@lab.exercise(
    "Read four feature maps",
    hints=(
        "Two of the maps keep the brightness of flat areas (kernel sum 1), two are grey there (kernel sum 0, and grey means 0).",
        "Look at the columns of the pavilion and at the rims of its roofs: which map shows the one, which the other?",
    ),
)
def read_maps(reading):
    if not isinstance(reading, dict) or set(reading) != set(_MAPS):
        wrong('`reading` should be a dictionary with the keys "A", "B", "C" and "D".')
    exchanged = dict(_MAPS, A=_MAPS["C"], C=_MAPS["A"])
    need(
        reading != exchanged,
        "You exchanged the two edge filters. Vertical edges are found by going from left to right: they show columns, not rims.",
    )
    for name, answer in reading.items():
        choice(
            answer,
            _MAPS[name],
            tuple(_MAPS.values()),
            mistakes={other: f"Map {name} is not {other!r}." for other in _MAPS.values()},
        )


@lab.exercise(
    "Pooling",
    points=2,
    hints=(
        "The same windows as in a layer with a stride, but each channel for itself: `how(window, axis=(0, 1))` "
        "leaves one number a channel.",
        "(H − size) // stride + 1 windows from top to bottom; window (i, j) begins at (i·stride, j·stride).",
    ),
)
def pool(function):
    feature_map = _numbers(7, 10, 3) - 3  # all negative: a map that begins with zeros would show
    for size, stride, how, name in (
        (2, 2, np.max, "max"),
        (3, 2, np.max, "max"),
        (2, 3, np.mean, "average"),
        (3, 1, np.mean, "average"),
    ):
        windows = np.lib.stride_tricks.sliding_window_view(feature_map, (size, size), axis=(0, 1))
        array(
            call(function, feature_map, size, stride, how),
            how(windows, axis=(3, 4))[::stride, ::stride],
            mistakes={
                "You ignore `how`: that is the maximum.": windows.max(axis=(3, 4))[::stride, ::stride],
                "You ignore `how`: that is the average.": windows.mean(axis=(3, 4))[::stride, ::stride],
                "You ignore the stride.": how(windows, axis=(3, 4)),
                "You pooled over the channels too. Each channel is pooled for itself.": how(windows, axis=(2, 3, 4))[
                    ::stride, ::stride
                ],
                "The windows lie next to each other: `stride` may differ from `size`.": how(windows, axis=(3, 4))[::size, ::size],
            },
            case=f"for {name} pooling, size {size}, stride {stride}, of a 7×10 map with 3 channels",
        )


@lab.exercise(
    "Average pooling is a convolution",
    hints=(
        "All weights inside a window count the same, and together they give 1. What may output channel 2 take from input channel 1?",
        "Zero, except `kernel[:, :, c, c] = 1 / size**2` for every channel c.",
    ),
)
def average_kernel(function):
    for size, channels in ((2, 3), (3, 2)):
        mixed = np.full((size, size, channels, channels), 1 / size**2)
        kernel = mixed * np.eye(channels)
        array(
            call(function, size, channels),
            kernel,
            mistakes={
                "Every output channel takes from every input channel. Pooling keeps channels apart.": mixed,
                "Every output channel averages over all input channels. Pooling keeps channels apart.": mixed / channels,
                "These sum the window instead of averaging it.": kernel * size**2,
                "A window holds size × size values; you divide by `size` only.": kernel * size,
            },
            case=f"for size {size} and {channels} channels",
        )


_FORBIDDEN = {"maximum", "max", "fmax", "amax", "where", "abs", "absolute", "fabs", "sort", "sorted", "nanmax", "clip"}


@lab.exercise(
    "Why max pooling is no convolution",
    points=2,
    hints=(
        "A window and its negative: a convolution without bias answers with a number and its negative. "
        "When are the largest values of both equal to 1?",
        "One value of the window is 1, the other is −1. For `maximum`: begin with a; how much must be added when b is larger?",
    ),
)
def max_is_not_linear(window, maximum):
    if _shape(window) != (2,):
        wrong("`window` should be a list of two numbers.")
    window = np.asarray(window, float)
    highest, lowest = float(window.max()), float((0 - window).max())
    need(
        highest == 1 and lowest == 1,
        f"max(window) is {highest:g} and max(−window) is {lowest:g}. Both should be 1.",
    )
    a, b = np.array([3.0, -2.0, -5.0, 0.0, 1.5]), np.array([1.0, 4.0, -1.0, 0.0, 1.5])
    result = call(maximum, a, b)
    array(
        result,
        np.maximum(a, b),
        mistakes={
            "That is the smaller of the two.": np.minimum(a, b),
            "That is how much b is larger than a. Add it to a.": np.maximum(b - a, 0),
            "That is the larger of a and 0, plus the larger of b and 0.": np.maximum(a, 0) + np.maximum(b, 0),
            "Nearly: you add what a has more than b. When is something to be added to a?": a + np.maximum(a - b, 0),
        },
    )
    used = set(getattr(getattr(maximum, "__code__", None), "co_names", ())) & _FORBIDDEN
    need(not used, f"`{min(used, default='')}` is not allowed here: only `relu`, + and −, which is what a network has.")


@lab.exercise(
    "A, B, C and D",
    hints=(
        "The 2×2 windows have fixed places: columns 0–1, 2–3 and 4–5. In which of them does the line lie in each picture?",
        "The line is four pixels long and lies in rows 1 to 4, so it touches three windows from top to bottom. "
        "When it enters another column of windows, three values go and three come.",
    ),
)
def shifted_pictures(changed):
    if not isinstance(changed, dict) or set(changed) != set("BCD"):
        wrong('`changed` should be a dictionary with the keys "B", "C" and "D".')
    for name, expected in (("B", 0), ("C", 6), ("D", 6)):
        mistakes = {
            3: f"{name}: the line is gone from its old windows and has come into new ones: count both.",
            8: f"{name}: those are pixels of the picture. Count values of the pooled map, which is 3×3.",
        }
        if name == "B":
            mistakes[6] = "B: the line is still in the windows of columns 2–3."
        if name == "D":
            mistakes[0] = "D: one step to the left, and the line is in column 1: a window further left."
        number(changed[name], expected, mistakes=mistakes, what=f'`changed["{name}"]`')


@lab.exercise(
    "Receptive field",
    points=2,
    hints=(
        "Go from the input to the output. Keep two numbers: how many pixels a unit sees, and how far apart in pixels two "
        "neighbouring units are (the jump).",
        "Each layer adds (kernel − 1) · dilation · jump to the field; only then is the jump multiplied by the stride.",
    ),
)
def receptive_field(function):
    vgg = [(3, 1, 1)] * 2 + [(2, 2, 1)] + [(3, 1, 1)] * 2 + [(2, 2, 1)] + ([(3, 1, 1)] * 3 + [(2, 2, 1)]) * 2 + [(3, 1, 1)] * 3
    cases = (
        ("one 5×5 layer", [(5, 1, 1)], 5, {}),
        ("three 3×3 layers", [(3, 1, 1)] * 3, 7, {27: "You multiply the kernel sizes. Neighbouring windows overlap, so each layer adds less than that.", 9: "You add the kernel sizes. Neighbouring windows overlap, so each layer adds less than its kernel."}),
        ("3×3 with stride 2, then 3×3", [(3, 2, 1), (3, 1, 1)], 7, {
            5: "You ignore the stride: behind a stride of 2, neighbouring units are 2 pixels apart.",
            4: "You ignore the stride: behind a stride of 2, neighbouring units are 2 pixels apart.",
        }),
        ("3×3, then 3×3 with stride 2", [(3, 1, 1), (3, 2, 1)], 5, {7: "A layer's own stride counts for the layers after it, not for itself."}),
        ("strides 2 and 2 and 3", [(2, 2, 1), (3, 2, 1), (5, 3, 1), (2, 1, 1)], 34, {}),
        ("3×3 with dilations 1, 2, 4", [(3, 1, 1), (3, 1, 2), (3, 1, 4)], 15, {7: "You ignore the dilation."}),
        ("stride 2, then dilation 3", [(3, 2, 1), (3, 1, 3)], 15, {}),
        ("VGG-16 up to block5_conv3", vgg, 196, {}),
    )  # fmt: skip
    for name, layers, size, mistakes in cases:
        number(call(function, layers), size, mistakes=mistakes, what=f"The receptive field of {name}")


@lab.exercise(
    "Dilation",
    hints=(
        "With dilation 2 there is one zero between two neighbouring weights. How long is a row of F weights then?",
        "(F − 1) · dilation + 1 rows. Write the weights into zeros with a step: `dilated[::dilation, ::dilation] = kernel`.",
    ),
)
def dilate(function):
    for kernel, dilation in ((KERNEL, 1), (KERNEL, 2), (_numbers(2, 4, seed=1), 3)):
        spread = np.zeros((kernel.shape[0], dilation, kernel.shape[1], dilation))
        spread[:, 0, :, 0] = kernel
        spread = spread.reshape(kernel.shape[0] * dilation, -1)
        expected = spread[: spread.shape[0] - dilation + 1, : spread.shape[1] - dilation + 1]
        array(
            call(function, kernel, dilation),
            expected,
            mistakes={
                "There are zeros after the last weight. They widen the kernel and see nothing.": spread,
                "You repeated the weights; between them there should be zeros.": np.kron(kernel, np.ones((dilation, dilation))),
            }
            if dilation > 1
            else {},
            case=f"for a {kernel.shape[0]}×{kernel.shape[1]} kernel and dilation {dilation}",
        )


@lab.exercise(
    "Transposed convolution",
    points=2,
    hints=(
        "Each input value puts down a copy of the kernel, multiplied by that value, at (i·stride, j·stride). "
        "How far does the last copy reach?",
        "(H − 1) · stride + F rows of zeros; then, in two loops, `output[…] += feature_map[i, j] * kernel`. "
        "Where copies overlap they add up.",
    ),
)
def conv_transpose(function):
    for feature_map, kernel, stride in (
        (GRID[:2, :3], KERNEL, 1),
        (_numbers(3, 4), _numbers(3, 2, seed=1), 2),
        (_numbers(2, 3), _numbers(2, 2, seed=1), 3),
    ):
        spread = np.zeros([(n - 1) * stride + 1 for n in feature_map.shape])
        spread[::stride, ::stride] = feature_map
        expected = signal.convolve2d(spread, kernel)
        overwritten = np.zeros(expected.shape)
        for (i, j), value in np.ndenumerate(feature_map):
            overwritten[i * stride : i * stride + kernel.shape[0], j * stride : j * stride + kernel.shape[1]] = value * kernel
        mistakes = {
            "The kernel is flipped: put it down as it is.": signal.correlate2d(spread, kernel),
            "Where copies overlap, the last one wins in your version. They should add up.": overwritten,
            "You ignore the stride.": signal.convolve2d(feature_map, kernel),
        }
        if stride >= max(kernel.shape):
            del mistakes["Where copies overlap, the last one wins in your version. They should add up."]
        array(
            call(function, feature_map, kernel, stride),
            expected,
            mistakes=mistakes,
            case=f"for a {feature_map.shape[0]}×{feature_map.shape[1]} map and stride {stride}",
        )


def _numerical(loss, values, step=1.0):
    """Central differences; the loss is linear in `values`, so any step is exact."""
    gradient = np.zeros(values.shape)
    for place in np.ndindex(values.shape):
        change = np.zeros(values.shape)
        change[place] = step
        gradient[place] = (loss(values + change) - loss(values - change)) / (2 * step)
    return gradient


@lab.exercise(
    "Gradient to the kernel",
    points=2,
    hints=(
        "Weight (a, b) touches output (i, j) through pixel (i + a, j + b). So ∂L/∂k[a, b] sums gradient[i, j] · image[i + a, j + b].",
        "Read that sum once more: the gradient slides over the image. It is a correlation you have written before.",
    ),
)
def kernel_gradient(function):
    for image_shape, kernel_shape in (((5, 5), (3, 3)), ((4, 7), (2, 3))):
        image, kernel = _numbers(*image_shape), _numbers(*kernel_shape, seed=1)
        gradient = _numbers(image_shape[0] - kernel_shape[0] + 1, image_shape[1] - kernel_shape[1] + 1, seed=2)

        def loss(kernel, image=image, gradient=gradient):
            return float(np.sum(gradient * signal.correlate2d(image, kernel, "valid")))

        expected = _numerical(loss, kernel)
        array(
            call(function, image, gradient),
            expected,
            mistakes={
                "The gradient is flipped: correlate, do not convolve.": signal.convolve2d(image, gradient, "valid"),
                "The result is turned by 180°.": expected[::-1, ::-1],
                "That is the full correlation. Only windows inside the image count (`valid`).": signal.correlate2d(
                    image, gradient
                ),
            },
            case=f"for a {image_shape[0]}×{image_shape[1]} image and a {kernel_shape[0]}×{kernel_shape[1]} kernel",
        )


@lab.exercise(
    "Gradient to the image",
    points=3,
    hints=(
        "Turn the sum around: pixel (y, x) is used by output (i, j) with weight (y − i, x − j). "
        "Each output sends its gradient back to the whole window it saw.",
        "Each gradient value puts down a copy of the kernel: a transposed convolution with stride 1, which is a true "
        "convolution with full padding.",
    ),
)
def image_gradient(function):
    for image_shape, kernel_shape in (((5, 5), (3, 3)), ((4, 7), (2, 3))):
        image, kernel = _numbers(*image_shape), _numbers(*kernel_shape, seed=1)
        gradient = _numbers(image_shape[0] - kernel_shape[0] + 1, image_shape[1] - kernel_shape[1] + 1, seed=2)

        def loss(image, kernel=kernel, gradient=gradient):
            return float(np.sum(gradient * signal.correlate2d(image, kernel, "valid")))

        array(
            call(function, kernel, gradient),
            _numerical(loss, image),
            mistakes={
                "The kernel lies the wrong way round: on the way back it is a true convolution, flipped.": signal.correlate2d(
                    gradient, kernel
                ),
                "The result is as small as the gradient or smaller. Every pixel of the image needs a value.": (
                    signal.convolve2d(gradient, kernel, "same")
                ),
            },
            case=f"for a {image_shape[0]}×{image_shape[1]} image and a {kernel_shape[0]}×{kernel_shape[1]} kernel",
        )
