"""Answers to Lab 01's exercises; see tests/mistakes/__init__.py."""

MISTAKES = {
    "parameters": [("a product as a word", 'n_dense = "480 * 640 * 3 * 1000 + 1000"\nn_conv = 1792\n', "is a string")],
    "correlate": [
        (
            "square kernels only",
            """
def correlate(image, kernel):
    size = len(kernel)
    feature_map = np.zeros((image.shape[0] - size + 1, image.shape[1] - size + 1))
    for i in range(feature_map.shape[0]):
        for j in range(feature_map.shape[1]):
            feature_map[i, j] = np.sum(image[i : i + size, j : j + size] * kernel)
    return feature_map
""",
            "`feature_map[i, j] = np.sum(image[i : i + size, j : j + size] * kernel)`",
        ),
        ("no return", "def correlate(image, kernel):\n    correlate2d(image, kernel, mode='valid')\n", "returns None"),
    ],
    "agree": [
        ("an array", "def agree(o, e, tolerance=1e-4):\n    return np.abs(o - e) <= tolerance\n", "should say True or False"),
        ("the shapes only", "def agree(o, e, tolerance=1e-4):\n    return int(o.shape == e.shape)\n", "one of nine values is wrong"),
    ],
    "keras_computes": [
        ("by the name", 'kind = "convolution"\nblind = ["blur", "laplace", "line", "diagonal"]\n', "The name says so"),
        ("another word", 'kind = "filtering"\nblind = ["blur", "laplace", "line", "diagonal"]\n', "is none of"),
        (
            "a mirror for half a turn",
            'kind = "correlation"\nblind = [n for n, k in KERNELS.items() if np.array_equal(k, k[:, ::-1])]\n',
            "changes its sign",
        ),
        ("by absolute value", 'kind = "correlation"\nblind = [n for n in KERNELS if n != "corner"]\n', "changes its sign"),
        ("the other way round", 'kind = "correlation"\nblind = ["corner"]\n', "in the opposite corner"),
        ("diagonal forgotten", 'kind = "correlation"\nblind = ["blur", "laplace", "line"]\n', "Look at `diagonal`"),
        ("one only", 'kind = "correlation"\nblind = ["diagonal"]\n', "3 more of the kernels"),
        ("a word", 'kind = "correlation"\nblind = "blur"\n', "a list of names"),
        ("kernels", 'kind = "correlation"\nblind = [KERNELS["blur"]]\n', "each name a word"),
        ("a name of its own", 'kind = "correlation"\nblind = ["blur", "sobel"]\n', "'sobel' is not among the names"),
    ],
    "predicted_sizes": [("five sizes", "sizes = [3, 3, 3, 112, 55]\n", "5 elements; expected 6")],
    "output_size": [("a list", "def output_size(w, k, s=1, p=0):\n    return [(w + 2 * p - k) // s + 1] * 2\n", "one number")],
    "conv_layer": [
        (
            "doubles what it is given",
            "def conv_layer(image, kernels, bias, stride=1, padding=0):\n    kernels *= 2\n    return np.zeros((5, 9, 4))\n",
            "changes an array that it was given",
        ),
        (
            "sigmoid",
            """
def conv_layer(image, kernels, bias, stride=1, padding=0):
    image = np.pad(image, ((padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    return 1 / (1 + np.exp(-np.tensordot(windows, kernels, ((3, 4, 2), (0, 1, 2)))[::stride, ::stride] - bias))
""",
            "of the values",
        ),
    ],
    "conv_fast": [
        (
            "loops over the positions",
            """
def conv_fast(image, kernels):
    height, width, _, filters = kernels.shape
    output = np.zeros((image.shape[0] - height + 1, image.shape[1] - width + 1, filters))
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            output[i, j] = np.tensordot(image[i : i + height, j : j + width], kernels, 3)
    return output
""",
            "Right, but slow",
        ),
        (
            "a loop over the rows",
            """
def conv_fast(image, kernels):
    height, width = kernels.shape[:2]
    rows = []
    for i in range(image.shape[0] - height + 1):
        windows = np.lib.stride_tricks.sliding_window_view(image[i : i + height], width, axis=1)
        rows.append(np.einsum("ajcb,abcf->jf", windows, kernels))
    return np.array(rows)
""",
            "Right, but slow",
        ),
        (
            "a loop in a comprehension",
            """
def conv_fast(image, kernels):
    height, width, _, filters = kernels.shape
    rows, columns = image.shape[0] - height + 1, image.shape[1] - width + 1
    places = [(i, j) for i in range(rows) for j in range(columns)]
    sums = [np.tensordot(image[i : i + height, j : j + width], kernels, 3) for i, j in places]
    return np.reshape(sums, (rows, columns, filters))
""",
            "Right, but slow",
        ),
        (
            "np.vectorize",
            """
def conv_fast(image, kernels):
    height, width, _, filters = kernels.shape
    one = lambda i, j, f: (image[i : i + height, j : j + width] * kernels[:, :, :, f]).sum()
    shape = image.shape[0] - height + 1, image.shape[1] - width + 1, filters
    return np.vectorize(one)(*np.indices(shape))
""",
            "Right, but slow",
        ),
    ],
    "kernels": [
        (name, f"line = np.eye(7)[[3] * 7]\nedge = np.array([[-1, 0, 1]] * 3)\nblur = np.ones((5, 5)) / 25\n"
         f"sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])\n{change}\n", part)
        for name, change, part in (
            ("a horizontal line", "line = line.T", "that is a horizontal line"),
            ("a line with mean 0", "line = line - 1 / 7", "subtracting the mean comes later"),
            ("a line of averages", "line = line / 7", "holds ones, not an average"),
            ("a short line", "line = line[:5, 1:6]", "should have shape (7, 7)"),
            ("edge the other way round", "edge = -edge", "wrong way round"),
            ("edge across", "edge = edge.T", "to a horizontal edge and not to a vertical one"),
            ("edge both ways", "edge = np.array([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]])", "to a horizontal edge too"),
            ("edge with a sum", "edge = np.array([[-1, 0, 2]] * 3)", "responds with 3 to a flat area"),
            ("edge all zeros", "edge = edge * 0", "all zeros"),
            ("edge finds lines", "edge = np.array([[-1, 2, -1]] * 3)", "it answers to a line"),
            ("edge without an answer", "edge = np.array([[0, 0, 0], [0, 1e-9, 0], [0, 0, 1]]) - np.eye(3) * [0, 0, 1]", "edge"),
            ("blur is a sum", "blur = blur * 25", "it does not average"),
            ("blur divides by 5", "blur = blur * 5", "divides by 5"),
            ("blur divides by 9", "blur = blur * 25 / 9", "divides by 9"),
            ("Laplace for sharpen", "sharpen[1, 1] = 4", "Its values must sum to 1"),
            ("sharpen does nothing", "sharpen = np.eye(3) * [0, 1, 0]", "does not exaggerate a step"),
            ("sharpen blurs", "sharpen = np.ones((3, 3)) / 9", "does not exaggerate a step"),
            ("sharpen one way", "sharpen = np.array([[0, 0, 0], [-1, 3, -1], [0, 0, 0]])", "left, right, up and down alike"),
        )
    ],
    "read_maps": [
        (
            "a word of its own",
            'reading = {"A": "sobel", "B": "sharpen", "C": "vertical edges", "D": "blur"}\n',
            "`reading['A']` is 'sobel'",
        ),
        ("a map forgotten", 'reading = {"A": "horizontal edges", "B": "sharpen", "C": "vertical edges"}\n', "'D' is missing"),
    ],
    "max_is_not_linear": [
        (name, f"window = {window}\ndef maximum(a, b):\n    return {expression}\n", part)
        for name, window, expression, part in (
            ("three numbers", [1, 0, -1], "a + relu(b - a)", "a list of two numbers"),
            ("equal numbers", [1, 1], "a + relu(b - a)", "max(window) is 1 and max(−window) is -1"),
            ("the library's maximum", [1, -1], "np.maximum(a, b)", "`maximum` is not allowed here"),
            ("np.where", [1, -1], "np.where(a > b, a, b)", "`>` is not allowed here"),
            ("a comparison as a factor", [1, -1], "a * (a > b) + b * (a <= b)", "`>` is not allowed here"),
            ("the absolute value", [1, -1], "(a + b + abs(a - b)) / 2", "`absolute` is not allowed here"),
            ("np.max over both", [1, -1], "np.max(np.stack([a, b]), axis=0)", "max` is not allowed here"),
            ("a square root", [1, -1], "(a + b + np.sqrt((a - b) ** 2)) / 2", "is not allowed here"),
            ("np.sort", [1, -1], "np.sort([a, b], axis=0)[1]", "`sort` is not allowed here"),
            ("built-in max", [1, -1], "max(a, b)", "`max` and comparisons are not allowed here"),
            (
                "a loop that compares",
                [1, -1],
                "np.array([p if q < p else q for p, q in zip(np.ravel(a), np.ravel(b))]).reshape(np.shape(a))",
                "`<` is not allowed here",
            ),
            (
                "element by element",
                [1, -1],
                "np.vectorize(lambda x, y: x if x > y else y)(a, b)",
                "is not allowed here",
            ),
        )
    ],
    "shifted_pictures": [("only two", 'changed = {"C": 6, "D": 6}\n', "'B' is missing")],
    "receptive_field": [
        ("layers as a number", "def receptive_field(layers):\n    return layers * 2 + 1\n", "Your function stops"),
    ],
    "image_gradient": [
        ("the other gradient", "def image_gradient(kernel, gradient):\n    return correlate2d(kernel, gradient, 'valid')\n", "The shape is (1, 1)"),
    ],
}  # fmt: skip

OTHERS = {
    "parameters": [
        ("from the layers", """
import keras
n_dense = np.int64(480 * 640 * 3 + 1) * 1000
conv = keras.layers.Conv2D(64, 3)
conv.build((None, 480, 640, 3))
n_conv = conv.count_params()
"""),
        ("floats", "n_dense = (480 * 640 * 3 + 1) * 1e3\nn_conv = np.float32(64) * 28\n"),
        ("NumPy products", "n_dense = np.prod([480, 640, 3, 1000]) + 1000\nn_conv = np.prod((3, 3, 3, 64)) + 64\n"),
    ],
    "correlate": [
        ("einsum", """
def correlate(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijab,ab->ij", windows, kernel)
"""),
        ("four loops and lists", """
def correlate(image, kernel):
    rows = []
    for i in range(len(image) - len(kernel) + 1):
        row = []
        for j in range(len(image[0]) - len(kernel[0]) + 1):
            total = 0
            for a in range(len(kernel)):
                for b in range(len(kernel[0])):
                    total += image[i + a][j + b] * kernel[a][b]
            row.append(total)
        rows.append(row)
    return rows
"""),
        ("a loop over the kernel", """
def correlate(x, k):
    H, W = x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1
    return sum(k[a, b] * x[a : a + H, b : b + W] for a in range(k.shape[0]) for b in range(k.shape[1]))
"""),
        ("SciPy", "def correlate(image, kernel):\n    return correlate2d(image, kernel, mode='valid')\n"),
        ("Fourier transform", """
from scipy.signal import fftconvolve
correlate = lambda image, kernel: fftconvolve(image, kernel[::-1, ::-1], mode="valid")
"""),
        ("TensorFlow in float32", """
import tensorflow as tf
def correlate(image, kernel):
    image, kernel = tf.cast(image, "float32"), tf.cast(kernel, "float32")
    return tf.nn.conv2d(image[None, :, :, None], kernel[:, :, None, None], 1, "VALID")[0, :, :, 0]
"""),
    ],
    "agree": [
        ("allclose", """
def agree(output, expected, tolerance=1e-4):
    return np.shape(output) == np.shape(expected) and np.allclose(output, expected, rtol=0, atol=tolerance)
"""),
        ("the largest difference", """
def agree(output, expected, tolerance=1e-4):
    if output.shape != expected.shape:
        return False
    return np.max(np.abs(output - expected)) <= tolerance
"""),
        ("a loop", """
def agree(output, expected, tolerance=1e-4):
    if output.shape != expected.shape:
        return False
    for a, b in zip(output.flatten(), expected.flatten()):
        if np.isnan(a) or np.isnan(b) or abs(a - b) > tolerance:
            return False
    return True
"""),
        ("testing", """
def agree(output, expected, tolerance=1e-4):
    if output.shape != expected.shape or np.isnan(output).any() or np.isnan(expected).any():
        return False
    try:
        np.testing.assert_allclose(output, expected, rtol=0, atol=tolerance)
    except AssertionError:
        return False
    return True
"""),
    ],
    "keras_computes": [
        ("a tuple, in another order", 'kind = "Correlation"\nblind = ("line", "diagonal", "blur", "laplace")\n'),
        ("a set", 'kind = "correlation"\nblind = {n for n, k in KERNELS.items() if np.allclose(k, np.rot90(k, 2))}\n'),
        ("a NumPy array", 'kind = "correlation"\nblind = np.array(["blur", "laplace", "line", "diagonal"])\n'),
    ],
    "predicted_sizes": [
        ("a tuple", "sizes = 3, 3, 3, 112, 55, 54\n"),
        ("an array of floats", "sizes = np.floor([3, 3.5, 3, 112.5, 55, 54.25])\n"),
    ],
    "output_size": [
        ("range", """
def output_size(width, kernel, stride=1, padding=0):
    return len(range(0, width + 2 * padding - kernel + 1, stride))
"""),
        ("recursion", """
def output_size(width, kernel, stride=1, padding=0):
    width += 2 * padding
    return 0 if width < kernel else 1 + output_size(width - stride, kernel, stride)
"""),
        ("floor", """
def output_size(W, F, S=1, P=0):
    return np.floor((W - F + 2 * P) / S + 1)
"""),
        ("the library", """
import keras
def output_size(width, kernel, stride=1, padding=0):
    return keras.layers.Conv1D(1, kernel, strides=stride).compute_output_shape((1, width + 2 * padding, 1))[1]
"""),
    ],
    "same_padding": [
        ("a list, by the remainder", """
def same_padding(width, kernel, stride):
    rest = width % stride or stride
    total = max(kernel - rest, 0)
    return [total // 2, (total + 1) // 2]
"""),
        ("an array, with ceil", """
import math
def same_padding(width, kernel, stride):
    total = max((math.ceil(width / stride) - 1) * stride + kernel - width, 0)
    return np.array([np.floor(total / 2), np.ceil(total / 2)])
"""),
        ("a loop", """
def same_padding(width, kernel, stride):
    before = after = 0
    while (width + before + after - kernel) // stride + 1 < -(-width // stride):
        if after == before:
            after += 1
        else:
            before += 1
    return before, after
"""),
    ],
    "conv_layer": [
        ("Keras", """
import keras
def conv_layer(image, kernels, bias, stride=1, padding=0):
    image = np.pad(image, ((padding, padding), (padding, padding), (0, 0))).astype("float32")
    sums = keras.ops.conv(image[None], kernels.astype("float32"), strides=stride, padding="valid")
    return keras.ops.relu(sums + bias.astype("float32"))[0]
"""),
        ("windows and einsum", """
def conv_layer(image, kernels, bias, stride=1, padding=0):
    p = padding
    padded = np.zeros((image.shape[0] + 2 * p, image.shape[1] + 2 * p, image.shape[2]))
    padded[p : p + image.shape[0], p : p + image.shape[1]] = image
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernels.shape[:2], axis=(0, 1))
    return relu(np.einsum("ijcab,abcf->ijf", windows[::stride, ::stride], kernels) + bias)
"""),
        ("channel by channel with SciPy", """
def conv_layer(image, kernels, bias, stride=1, padding=0):
    image = np.pad(image, [(padding, padding)] * 2 + [(0, 0)])
    maps = []
    for f in range(kernels.shape[3]):
        total = bias[f]
        for c in range(image.shape[2]):
            total = total + correlate2d(image[:, :, c], kernels[:, :, c, f], mode="valid")
        maps.append(np.where(total > 0, total, 0)[::stride, ::stride])
    return np.stack(maps, axis=-1)
"""),
    ],
    "toeplitz": [
        ("a loop over the pixels", """
def toeplitz(kernel, height, width):
    images = np.eye(height * width).reshape(-1, height, width)
    return np.array([correlate2d(image, kernel, mode="valid").ravel() for image in images]).T
"""),
        ("lists", """
def toeplitz(kernel, height, width):
    F, G = kernel.shape
    matrix = []
    for i in range(height - F + 1):
        for j in range(width - G + 1):
            row = [0.0] * (height * width)
            for a in range(F):
                for b in range(G):
                    row[(i + a) * width + j + b] = kernel[a][b]
            matrix.append(row)
    return matrix
"""),
        ("np.roll", """
def toeplitz(kernel, height, width):
    image = np.zeros((height, width))
    image[: kernel.shape[0], : kernel.shape[1]] = kernel
    rows, columns = height - kernel.shape[0] + 1, width - kernel.shape[1] + 1
    return np.array([np.roll(image, (i, j), axis=(0, 1)).ravel() for i in range(rows) for j in range(columns)])
"""),
    ],
    "conv_fast": [
        (
            "SciPy for each filter, which changes its method with the size",
            """
def conv_fast(image, kernels):
    from scipy import signal
    return np.concatenate([signal.correlate(image, kernels[..., f], "valid") for f in range(kernels.shape[-1])], axis=2)
""",
        ),
        ("a loop over the kernel", """
def conv_fast(image, kernels):
    F, G = kernels.shape[:2]
    H, W = image.shape[0] - F + 1, image.shape[1] - G + 1
    total = 0
    for a in range(F):
        for b in range(G):
            total = total + image[a : a + H, b : b + W] @ kernels[a, b]
    return total
"""),
        ("loops over channels and filters", """
def conv_fast(image, kernels):
    maps = [sum(correlate2d(image[:, :, c], kernels[:, :, c, f], mode="valid") for c in range(kernels.shape[2]))
            for f in range(kernels.shape[3])]
    return np.stack(maps, axis=2)
"""),
        ("einsum", """
def conv_fast(image, kernels):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:3])[:, :, 0]
    return np.einsum("ijabc,abcf->ijf", windows, kernels, optimize=True)
"""),
        ("im2col", """
def conv_fast(image, kernels):
    F, G, C, filters = kernels.shape
    windows = np.lib.stride_tricks.sliding_window_view(image, (F, G), axis=(0, 1))
    columns = windows.transpose(0, 1, 3, 4, 2).reshape(-1, F * G * C)
    return (columns @ kernels.reshape(-1, filters)).reshape(*windows.shape[:2], filters)
"""),
        ("index arrays", """
def conv_fast(image, kernels):
    F, G, C, filters = kernels.shape
    i = np.arange(image.shape[0] - F + 1)[:, None, None, None] + np.arange(F)[:, None]
    j = np.arange(image.shape[1] - G + 1)[:, None, None] + np.arange(G)
    return np.tensordot(image[i, j], kernels, 3)
"""),
    ],
    "kernels": [
        ("lists, Prewitt, another sharpen", """
line = [[0, 0, 0, 1, 0, 0, 0]] * 7
edge = [[-1, 0, 1]] * 3
blur = [[1 / 25] * 5] * 5
sharpen = [[-1, -1, -1], [-1, 9, -1], [-1, -1, -1]]
"""),
        ("float32, a one-sided edge", """
line = np.eye(7, dtype="float32")[[3] * 7]
edge = np.array([[0, 0, 0], [-1, 1, 0], [0, 0, 0]], "float32")
blur = np.ones((5, 5), "float32") / 25
sharpen = np.float32(2) * np.eye(3, dtype="float32") * [0, 1, 0] - np.ones((3, 3), "float32") / 9
"""),
        ("built, and gently sharp", """
line = np.pad(np.ones((7, 1)), ((0, 0), (3, 3)))
edge = np.outer([1, 2, 1], [-1, 0, 1]) / 8
blur = np.outer(np.full(5, 0.2), np.full(5, 0.2))
laplace = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
sharpen = (np.pad([[1]], 1) - 0.1 * laplace).astype("float32")
"""),
    ],
    "read_maps": [
        ("capitals", 'reading = dict(A="Horizontal edges", B="Sharpen", C="Vertical edges", D="Blur")\n'),
        ("zip", 'reading = dict(zip("ABCD", ["horizontal edges", "sharpen", "vertical edges", "blur"]))\n'),
    ],
    "pool": [
        ("sliding windows", """
def pool(feature_map, size, stride, how):
    windows = np.lib.stride_tricks.sliding_window_view(feature_map, (size, size), axis=(0, 1))
    return how(windows[::stride, ::stride], axis=(-2, -1))
"""),
        ("lists, channel by channel", """
def pool(feature_map, size, stride, how):
    H, W, C = feature_map.shape
    return [[[how(feature_map[i : i + size, j : j + size, c]) for c in range(C)]
             for j in range(0, W - size + 1, stride)] for i in range(0, H - size + 1, stride)]
"""),
        ("its own maximum and mean", """
def pool(feature_map, size, stride, how):
    rows = (feature_map.shape[0] - size) // stride + 1
    columns = (feature_map.shape[1] - size) // stride + 1
    parts = [feature_map[a : a + stride * rows : stride, b : b + stride * columns : stride][:rows, :columns]
             for a in range(size) for b in range(size)]
    if how is np.max:
        return np.maximum.reduce(parts)
    return sum(parts) / size**2
"""),
        ("Keras", """
import keras
def pool(feature_map, size, stride, how):
    pooling = keras.ops.max_pool if how == np.max else keras.ops.average_pool
    return pooling(feature_map[None].astype("float32"), size, strides=stride, padding="valid")[0]
"""),
    ],
    "average_kernel": [
        ("broadcasting", """
def average_kernel(size, channels):
    return np.broadcast_to(np.eye(channels) / size / size, (size, size, channels, channels))
"""),
        ("np.tile, float32", """
def average_kernel(size, channels):
    return np.tile(np.eye(channels, dtype="float32") / np.float32(size**2), (size, size, 1, 1))
"""),
        ("four loops", """
def average_kernel(size, channels):
    return [[[[1 / size**2 if i == o else 0 for o in range(channels)] for i in range(channels)]
             for _ in range(size)] for _ in range(size)]
"""),
    ],
    "max_is_not_linear": [
        (name, f"window = {window}\ndef maximum(a, b):\n    return {expression}\n")
        for name, window, expression in (
            ("the other way round", "(-1, 1)", "b + relu(a - b)"),
            ("both ways", "np.array([1.0, -1.0])", "0.5 * (a + b + relu(a - b) + relu(b - a))"),
            ("halves", "[-1, 1]", "(a + b) / 2 + relu((a - b) / 2) + relu(-(a - b) / 2)"),
            ("NumPy's functions", "[1.0, -1.0]", "np.add(np.asarray(a), relu(np.subtract(b, a)))"),
            ("three terms", "[1, -1]", "relu(a) - relu(-a) + relu(b - a)"),
            ("with its own relu", "[1, -1]", "a + np.maximum(0, b - a)"),
            ("a loop", "[1, -1]", "np.reshape([p + relu(q - p) for p, q in zip(np.ravel(a), np.ravel(b))], np.shape(a))"),
            ("np.sum", "[1, -1]", "np.sum(np.stack([a, relu(b - a)]), axis=0)"),
        )
    ] + [("in place", """
window = [1, -1]
def maximum(a, b):
    result = b - a
    result = relu(result)
    result += a
    return result
""")],
    "shifted_pictures": [
        ("by experiment", """
def pooled(picture):
    return picture.reshape(3, 2, 3, 2).max(axis=(1, 3))
changed = {name: np.sum(pooled(lines[name]) != pooled(lines["A"])) for name in "BCD"}
"""),
        ("floats, in another order", "changed = dict(D=6.0, C=6.0, B=0.0)\n"),
    ],
    "receptive_field": [
        ("from the output to the image", """
def receptive_field(layers):
    field = 1
    for kernel, stride, dilation in reversed(layers):
        field = (field - 1) * stride + (kernel - 1) * dilation + 1
    return field
"""),
        ("recursion", """
def receptive_field(layers):
    if not layers:
        return 1
    (kernel, stride, dilation), *rest = layers
    return (receptive_field(rest) - 1) * stride + (kernel - 1) * dilation + 1
"""),
        ("products of strides", """
def receptive_field(layers):
    layers = np.array(layers)
    jumps = np.cumprod(np.concatenate([[1], layers[:-1, 1]]))
    return 1 + np.sum((layers[:, 0] - 1) * layers[:, 2] * jumps)
"""),
        ("by marking pixels", """
def receptive_field(layers):
    seen = {0}
    for kernel, stride, dilation in layers[::-1]:
        seen = {place * stride + k * dilation for place in seen for k in range(kernel)}
    return max(seen) - min(seen) + 1
"""),
    ],
    "dilate": [
        ("np.insert", """
def dilate(kernel, dilation):
    for axis in (0, 1):
        places = np.repeat(np.arange(1, kernel.shape[axis]), dilation - 1)
        kernel = np.insert(kernel, places, 0, axis=axis)
    return kernel
"""),
        ("np.kron", """
def dilate(kernel, dilation):
    one = np.zeros((dilation, dilation))
    one[0, 0] = 1
    spread = np.kron(kernel, one)
    return spread[: len(spread) - dilation + 1, : spread.shape[1] - dilation + 1]
"""),
        ("lists", """
def dilate(kernel, dilation):
    rows, columns = kernel.shape
    return [[kernel[i // dilation, j // dilation] if i % dilation == j % dilation == 0 else 0
             for j in range((columns - 1) * dilation + 1)] for i in range((rows - 1) * dilation + 1)]
"""),
    ],
    "conv_transpose": [
        ("zeros between, then a convolution", """
def conv_transpose(feature_map, kernel, stride):
    spread = np.zeros([(n - 1) * stride + 1 for n in feature_map.shape])
    spread[::stride, ::stride] = feature_map
    return convolve2d(spread, kernel)
"""),
        ("Keras", """
import keras
def conv_transpose(feature_map, kernel, stride):
    x, k = feature_map[None, :, :, None].astype("float32"), kernel[:, :, None, None].astype("float32")
    shape = [(n - 1) * stride + f for n, f in zip(feature_map.shape, kernel.shape)]
    import tensorflow as tf
    return tf.nn.conv2d_transpose(x, k, (1, *shape, 1), stride, "VALID")[0, :, :, 0]
"""),
        ("the transposed matrix", """
def conv_transpose(feature_map, kernel, stride):
    H, W = [(n - 1) * stride + f for n, f in zip(feature_map.shape, kernel.shape)]
    images = np.eye(H * W).reshape(-1, H, W)
    columns = [correlate2d(image, kernel, mode="valid")[::stride, ::stride].ravel() for image in images]
    return (np.array(columns) @ feature_map.ravel()).reshape(H, W)
"""),
        ("kernel by kernel", """
def conv_transpose(x, k, stride):
    out = np.zeros(((len(x) - 1) * stride + len(k), (x.shape[1] - 1) * stride + k.shape[1]))
    for a in range(len(k)):
        for b in range(k.shape[1]):
            out[a : a + (len(x) - 1) * stride + 1 : stride, b : b + (x.shape[1] - 1) * stride + 1 : stride] += k[a, b] * x
    return out
"""),
    ],
    "kernel_gradient": [
        ("loops", """
def kernel_gradient(image, gradient):
    H, W = gradient.shape
    F, G = image.shape[0] - H + 1, image.shape[1] - W + 1
    return [[(gradient * image[a : a + H, b : b + W]).sum() for b in range(G)] for a in range(F)]
"""),
        ("a true convolution, flipped twice", """
def kernel_gradient(image, gradient):
    return convolve2d(image, gradient[::-1, ::-1], mode="valid")
"""),
        ("automatic differentiation", """
import tensorflow as tf
def kernel_gradient(image, gradient):
    F, G = image.shape[0] - gradient.shape[0] + 1, image.shape[1] - gradient.shape[1] + 1
    kernel = tf.Variable(tf.zeros((F, G, 1, 1)))
    with tf.GradientTape() as tape:
        output = tf.nn.conv2d(tf.cast(image[None, :, :, None], "float32"), kernel, 1, "VALID")[0, :, :, 0]
        loss = tf.reduce_sum(output * tf.cast(gradient, "float32"))
    return tape.gradient(loss, kernel)[:, :, 0, 0]
"""),
    ],
    "image_gradient": [
        ("copies of the kernel", """
def image_gradient(kernel, gradient):
    (F, G), (H, W) = kernel.shape, gradient.shape
    result = np.zeros((H + F - 1, W + G - 1))
    for i in range(H):
        for j in range(W):
            result[i : i + F, j : j + G] += gradient[i, j] * kernel
    return result
"""),
        ("a correlation, flipped twice", """
def image_gradient(kernel, gradient):
    return correlate2d(gradient, np.rot90(kernel, 2), mode="full")
"""),
        ("arguments exchanged", "def image_gradient(kernel, gradient):\n    return convolve2d(kernel, gradient, mode='full')\n"),
        ("Fourier transform", """
def image_gradient(kernel, gradient):
    shape = [n + m - 1 for n, m in zip(kernel.shape, gradient.shape)]
    return np.fft.ifft2(np.fft.fft2(kernel, shape) * np.fft.fft2(gradient, shape))
"""),
    ],
}  # fmt: skip

# Mutants of the solution that no check can notice, each with its reason.
EQUIVALENT = {}
