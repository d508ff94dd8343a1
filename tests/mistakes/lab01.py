"""Other right answers to lab 01, and wrong ones beside those that its checks declare; see tests/mistakes/__init__.py."""

OTHERS = {
    "parameters": [
        ("NumPy", "n_dense = np.prod([480, 640, 3, 1000]) + 1000\nn_conv = np.int32(1792)\n"),
        ("as Keras counts", "n_dense, n_conv = 921601000.0, sum(np.ones((3, 3, 3, 64)).ravel()) + 64\n"),
    ],
    "correlate": [
        ("SciPy", "def correlate(image, kernel):\n    return correlate2d(image, kernel, mode='valid')\n"),
        (
            "a list of lists",
            """
def correlate(picture, k):
    (h, w), (f, g) = picture.shape, k.shape
    return [
        [sum(picture[i + a][j + b] * k[a][b] for a in range(f) for b in range(g)) for j in range(w - g + 1)]
        for i in range(h - f + 1)
    ]
""",
        ),
        (
            "a Fourier transform in float32",
            """
def correlate(image, kernel):
    size = [a + b - 1 for a, b in zip(image.shape, kernel.shape)]
    product = np.fft.fft2(image.astype("float32"), size) * np.fft.fft2(kernel[::-1, ::-1].astype("float32"), size)
    (f, g), (h, w) = kernel.shape, image.shape
    return np.fft.ifft2(product)[f - 1 : h, g - 1 : w]
""",
        ),
    ],
    "output_size": [
        (
            "int()",
            "def output_size(width, kernel, stride=1, padding=0):\n    return int((width - kernel + 2 * padding) / stride) + 1\n",
        ),
        ("counting", "def output_size(w, f, s=1, p=0):\n    return len(range(0, w + 2 * p - f + 1, s))\n"),
        ("by Keras' words", "def output_size(w, f, s=1, p=0):\n    return np.floor((w - f + 2 * p) / s) + 1\n"),
    ],
}

MISTAKES = {
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
            "ValueError",
        ),
        (
            "no return",
            """
def correlate(image, kernel):
    correlate2d(image, kernel, mode="valid")
""",
            "returns None",
        ),
    ],
    "agree": [
        (
            "the published bug",
            """
def agree(output, expected, tolerance=1e-4):
    return not (output != expected).all()
""",
            "one of nine values is wrong",
        ),
        (
            "exact equality",
            """
def agree(output, expected, tolerance=1e-4):
    return bool(np.array_equal(output, expected))
""",
            "is rounding",
        ),
        (
            "no absolute value",
            """
def agree(output, expected, tolerance=1e-4):
    return bool(np.all(output - expected <= tolerance))
""",
            "too small goes unnoticed",
        ),
        (
            "NaN slips through",
            """
def agree(output, expected, tolerance=1e-4):
    return not np.any(np.abs(output - expected) > tolerance)
""",
            "a NaN goes unnoticed",
        ),
        (
            "broadcasting",
            """
def agree(output, expected, tolerance=1e-4):
    return bool(np.all(np.abs(output - expected) <= tolerance))
""",
            "NumPy broadcasts it",
        ),
        (
            "an array",
            """
def agree(output, expected, tolerance=1e-4):
    return np.abs(output - expected) <= tolerance
""",
            "should say True or False",
        ),
    ],
    "keras_computes": [
        ("by the name", 'kind = "convolution"\nblind = ["blur", "laplace", "line", "diagonal"]\n', "The name says so"),
        (
            "mirror instead of half a turn",
            'kind = "correlation"\n'
            "blind = [name for name, kernel in KERNELS.items() if np.array_equal(kernel, kernel[:, ::-1])]\n",
            "changes its sign",
        ),
        ("diagonal forgotten", 'kind = "correlation"\nblind = ["blur", "laplace", "line"]\n', "Look at `diagonal`"),
        ("one only", 'kind = "correlation"\nblind = ["diagonal"]\n', "more of the kernels"),
        ("a word", 'kind = "correlation"\nblind = "blur"\n', "a list of names"),
    ],
    "predicted_sizes": [
        ("rounded up", "sizes = [3, 4, 3, 113, 55, 55]\n", "hang over the edge"),
        ("exact fractions", "sizes = [3, 3.5, 3, 112.5, 55, 54.25]\n", "no quarter or half"),
        ("padding once", "sizes = [3, 3, 3, 111, 55, 54]\n", "counts twice"),
        ("first window forgotten", "sizes = [2, 2, 2, 111, 54, 53]\n", "count the first window"),
        ("five sizes", "sizes = [3, 3, 3, 112, 55]\n", "a list of six numbers"),
    ],
    "same_padding": [
        (
            "symmetric",
            """
def same_padding(width, kernel, stride):
    outputs = -(-width // stride)
    total = max((outputs - 1) * stride + kernel - width, 0)
    return (total + 1) // 2, (total + 1) // 2
""",
            "What is to be done with an odd total",
        ),
        (
            "larger half first",
            """
def same_padding(width, kernel, stride):
    outputs = -(-width // stride)
    total = max((outputs - 1) * stride + kernel - width, 0)
    return total - total // 2, total // 2
""",
            "larger half first",
        ),
        (
            "as for stride 1",
            """
def same_padding(width, kernel, stride):
    return (kernel - 1) // 2, kernel // 2
""",
            "right for stride 1 only",
        ),
        (
            "negative padding",
            """
def same_padding(width, kernel, stride):
    outputs = -(-width // stride)
    total = (outputs - 1) * stride + kernel - width
    return total // 2, total - total // 2
""",
            "negative padding",
        ),
        (
            "the total",
            """
def same_padding(width, kernel, stride):
    return max((-(-width // stride) - 1) * stride + kernel - width, 0)
""",
            "return two numbers",
        ),
    ],
    "conv_layer": [
        (
            "no relu",
            """
def conv_layer(image, kernels, bias, stride=1, padding=0):
    image = np.pad(image, ((padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    return np.tensordot(windows, kernels, axes=((3, 4, 2), (0, 1, 2)))[::stride, ::stride] + bias
""",
            "forgot relu",
        ),
        (
            "bias after relu",
            """
def conv_layer(image, kernels, bias, stride=1, padding=0):
    image = np.pad(image, ((padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    return np.maximum(np.tensordot(windows, kernels, axes=((3, 4, 2), (0, 1, 2)))[::stride, ::stride], 0) + bias
""",
            "bias comes before relu",
        ),
        (
            "channels padded too",
            """
def conv_layer(image, kernels, bias, stride=1, padding=0):
    image = np.pad(image, padding)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    return np.maximum(np.tensordot(windows, kernels, axes=((3, 4, 2), (0, 1, 2)))[::stride, ::stride] + bias, 0)
""",
            "ValueError",
        ),
        (
            "stride only in the number of windows",
            """
def conv_layer(image, kernels, bias, stride=1, padding=0):
    image = np.pad(image, ((padding, padding), (padding, padding), (0, 0)))
    rows = (image.shape[0] - kernels.shape[0]) // stride + 1
    columns = (image.shape[1] - kernels.shape[1]) // stride + 1
    output = np.zeros((rows, columns, kernels.shape[3]))
    for i in range(rows):
        for j in range(columns):
            window = image[i : i + kernels.shape[0], j : j + kernels.shape[1]]
            output[i, j] = np.maximum(np.tensordot(window, kernels, 3) + bias, 0)
    return output
""",
            "multiply i and j by the stride",
        ),
        (
            "no padding",
            """
def conv_layer(image, kernels, bias, stride=1, padding=0):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    return np.maximum(np.tensordot(windows, kernels, axes=((3, 4, 2), (0, 1, 2)))[::stride, ::stride] + bias, 0)
""",
            "You ignore the padding",
        ),
        (
            "bias into the given array",
            """
def conv_layer(image, kernels, bias, stride=1, padding=0):
    kernels *= 2
    return np.zeros((5, 9, 4))
""",
            "changes an array that it was given",
        ),
    ],
    "toeplitz": [
        (
            "transposed",
            """
def toeplitz(kernel, height, width):
    images = np.eye(height * width).reshape(-1, height, width)
    return np.stack([correlate2d(image, kernel, mode="valid").ravel() for image in images], axis=0)
""",
            "transposed matrix",
        ),
        (
            "flipped kernel",
            """
def toeplitz(kernel, height, width):
    images = np.eye(height * width).reshape(-1, height, width)
    return np.stack([convolve2d(image, kernel, mode="valid").ravel() for image in images], axis=1)
""",
            "The kernel is flipped",
        ),
        (
            "never moved",
            """
def toeplitz(kernel, height, width):
    row = np.zeros((height, width))
    row[: kernel.shape[0], : kernel.shape[1]] = kernel
    return np.tile(row.ravel(), ((height - kernel.shape[0] + 1) * (width - kernel.shape[1] + 1), 1))
""",
            "move with the window",
        ),
        (
            "four axes",
            """
def toeplitz(kernel, height, width):
    rows, columns = height - kernel.shape[0] + 1, width - kernel.shape[1] + 1
    matrix = np.zeros((rows, columns, height, width))
    for i in range(rows):
        for j in range(columns):
            matrix[i, j, i : i + kernel.shape[0], j : j + kernel.shape[1]] = kernel
    return matrix
""",
            "That has four axes",
        ),
    ],
    "conv_fast": [
        (
            "loops over the places",
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
            "a hidden loop",
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
            "axes out of order",
            """
def conv_fast(image, kernels):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    return np.tensordot(kernels, windows, axes=((0, 1, 2), (3, 4, 2)))
""",
            "axes are not in order",
        ),
        (
            "flipped kernels",
            """
def conv_fast(image, kernels):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    return np.tensordot(windows, kernels[::-1, ::-1], axes=((3, 4, 2), (0, 1, 2)))
""",
            "kernels are flipped",
        ),
        (
            "with relu",
            """
def conv_fast(image, kernels):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    return relu(np.tensordot(windows, kernels, axes=((3, 4, 2), (0, 1, 2))))
""",
            "without bias and relu",
        ),
    ],
    "kernels": [
        (
            "a horizontal line",
            """
line = np.zeros((7, 7))
line[3] = 1
edge = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
blur = np.ones((5, 5)) / 25
sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
""",
            "that is a horizontal line",
        ),
        (
            "edge the other way round",
            """
line = np.eye(7)[[3] * 7]
edge = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
blur = np.ones((5, 5)) / 25
sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
""",
            "no positive answer",
        ),
        (
            "edge across",
            """
line = np.eye(7)[[3] * 7]
edge = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
blur = np.ones((5, 5)) / 25
sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
""",
            "answers to a horizontal edge and not to a vertical one",
        ),
        (
            "a sum, not an average",
            """
line = np.eye(7)[[3] * 7]
edge = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
blur = np.ones((5, 5))
sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
""",
            "it does not average",
        ),
        (
            "Laplace for sharpen",
            """
line = np.eye(7)[[3] * 7]
edge = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
blur = np.ones((5, 5)) / 25
sharpen = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]])
""",
            "Its values must sum to 1",
        ),
        (
            "sharpen does nothing",
            """
line = np.eye(7)[[3] * 7]
edge = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
blur = np.ones((5, 5)) / 25
sharpen = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
""",
            "as soft as it was",
        ),
    ],
    "read_maps": [
        (
            "edges exchanged",
            'reading = {"A": "vertical edges", "B": "sharpen", "C": "horizontal edges", "D": "blur"}\n',
            "exchanged the two edge filters",
        ),
        (
            "blur and sharpen exchanged",
            'reading = {"A": "horizontal edges", "B": "blur", "C": "vertical edges", "D": "sharpen"}\n',
            "Map B is not 'blur'",
        ),
        (
            "a list",
            'reading = ["horizontal edges", "sharpen", "vertical edges", "blur"]\n',
            "a dictionary with the keys",
        ),
    ],
    "pool": [
        (
            "always the maximum",
            """
def pool(feature_map, size, stride, how):
    windows = np.lib.stride_tricks.sliding_window_view(feature_map, (size, size), axis=(0, 1))
    return windows.max(axis=(3, 4))[::stride, ::stride]
""",
            "You ignore `how`: that is the maximum",
        ),
        (
            "over the channels too",
            """
def pool(feature_map, size, stride, how):
    windows = np.lib.stride_tricks.sliding_window_view(feature_map, (size, size), axis=(0, 1))
    return how(windows, axis=(2, 3, 4))[::stride, ::stride]
""",
            "over the channels too",
        ),
        (
            "stride is size",
            """
def pool(feature_map, size, stride, how):
    windows = np.lib.stride_tricks.sliding_window_view(feature_map, (size, size), axis=(0, 1))
    return how(windows, axis=(3, 4))[::size, ::size]
""",
            "`stride` may differ from `size`",
        ),
        (
            "begins with zero",
            """
def pool(feature_map, size, stride, how):
    windows = np.lib.stride_tricks.sliding_window_view(feature_map, (size, size), axis=(0, 1))
    return np.maximum(how(windows, axis=(3, 4))[::stride, ::stride], 0)
""",
            "are not. At index",
        ),
    ],
    "average_kernel": [
        (
            "channels mixed",
            """
def average_kernel(size, channels):
    return np.full((size, size, channels, channels), 1 / size**2)
""",
            "takes from every input channel",
        ),
        (
            "averages channels as well",
            """
def average_kernel(size, channels):
    return np.full((size, size, channels, channels), 1 / (size**2 * channels))
""",
            "averages over all input channels",
        ),
        (
            "sums",
            """
def average_kernel(size, channels):
    return np.ones((size, size, 1, 1)) * np.eye(channels)
""",
            "sum the window instead of averaging",
        ),
        (
            "divides by size",
            """
def average_kernel(size, channels):
    return np.ones((size, size, 1, 1)) * np.eye(channels) / size
""",
            "you divide by `size` only",
        ),
    ],
    "max_is_not_linear": [
        (
            "only positive",
            """
window = [1, 0]
def maximum(a, b):
    return a + relu(b - a)
""",
            "max(−window) is 0",
        ),
        (
            "forbidden function",
            """
window = [1, -1]
def maximum(a, b):
    return np.maximum(a, b)
""",
            "is not allowed here",
        ),
        (
            "the difference",
            """
window = [1, -1]
def maximum(a, b):
    return relu(b - a)
""",
            "Add it to a",
        ),
        (
            "the smaller",
            """
window = [-1, 1]
def maximum(a, b):
    return a - relu(a - b)
""",
            "the smaller of the two",
        ),
        (
            "two relus",
            """
window = [-1, 1]
def maximum(a, b):
    return relu(a) + relu(b)
""",
            "larger of a and 0",
        ),
    ],
    "shifted_pictures": [
        ("pixels counted", 'changed = {"B": 8, "C": 8, "D": 8}\n', "Count values of the pooled map"),
        ("half counted", 'changed = {"B": 0, "C": 3, "D": 3}\n', "count both"),
        ("invariant to one pixel", 'changed = {"B": 0, "C": 6, "D": 0}\n', "a window further left"),
        ("a list", "changed = [0, 6, 6]\n", "a dictionary with the keys"),
        ("B changes", 'changed = {"B": 6, "C": 6, "D": 6}\n', "still in the windows"),
    ],
    "receptive_field": [
        (
            "kernels multiplied",
            """
def receptive_field(layers):
    field = 1
    for kernel, stride, dilation in layers:
        field *= kernel
    return field
""",
            "You multiply the kernel sizes",
        ),
        (
            "strides ignored",
            """
def receptive_field(layers):
    return 1 + sum((kernel - 1) * dilation for kernel, stride, dilation in layers)
""",
            "You ignore the stride",
        ),
        (
            "own stride",
            """
def receptive_field(layers):
    field, jump = 1, 1
    for kernel, stride, dilation in layers:
        jump *= stride
        field += (kernel - 1) * dilation * jump
    return field
""",
            "too large",
        ),
        (
            "dilation ignored",
            """
def receptive_field(layers):
    field, jump = 1, 1
    for kernel, stride, dilation in layers:
        field += (kernel - 1) * jump
        jump *= stride
    return field
""",
            "You ignore the dilation",
        ),
        (
            "sizes added",
            """
def receptive_field(layers):
    return sum(kernel for kernel, stride, dilation in layers)
""",
            "You add the kernel sizes",
        ),
    ],
    "dilate": [
        (
            "zeros at the end",
            """
def dilate(kernel, dilation):
    rows, columns = kernel.shape
    dilated = np.zeros((rows * dilation, columns * dilation))
    dilated[::dilation, ::dilation] = kernel
    return dilated
""",
            "zeros after the last weight",
        ),
        (
            "repeated weights",
            """
def dilate(kernel, dilation):
    return np.repeat(np.repeat(kernel, dilation, axis=0), dilation, axis=1)
""",
            "You repeated the weights",
        ),
    ],
    "conv_transpose": [
        (
            "overwritten",
            """
def conv_transpose(feature_map, kernel, stride):
    (height, width), (rows, columns) = feature_map.shape, kernel.shape
    output = np.zeros(((height - 1) * stride + rows, (width - 1) * stride + columns))
    for i in range(height):
        for j in range(width):
            output[i * stride : i * stride + rows, j * stride : j * stride + columns] = feature_map[i, j] * kernel
    return output
""",
            "the last one wins",
        ),
        (
            "flipped",
            """
def conv_transpose(feature_map, kernel, stride):
    (height, width), (rows, columns) = feature_map.shape, kernel.shape
    output = np.zeros(((height - 1) * stride + rows, (width - 1) * stride + columns))
    for i in range(height):
        for j in range(width):
            place = output[i * stride : i * stride + rows, j * stride : j * stride + columns]
            place += feature_map[i, j] * kernel[::-1, ::-1]
    return output
""",
            "The kernel is flipped",
        ),
        (
            "stride ignored",
            """
def conv_transpose(feature_map, kernel, stride):
    return convolve2d(feature_map, kernel)
""",
            "You ignore the stride",
        ),
        (
            "too large an output",
            """
def conv_transpose(feature_map, kernel, stride):
    (height, width), (rows, columns) = feature_map.shape, kernel.shape
    output = np.zeros((height * stride + rows, width * stride + columns))
    for i in range(height):
        for j in range(width):
            output[i * stride : i * stride + rows, j * stride : j * stride + columns] += feature_map[i, j] * kernel
    return output
""",
            "The shape is",
        ),
    ],
    "kernel_gradient": [
        (
            "convolution",
            """
def kernel_gradient(image, gradient):
    return convolve2d(image, gradient, mode="valid")
""",
            "correlate, do not convolve",
        ),
        (
            "full",
            """
def kernel_gradient(image, gradient):
    return correlate2d(image, gradient)
""",
            "the full correlation",
        ),
        (
            "turned",
            """
def kernel_gradient(image, gradient):
    return correlate2d(image, gradient, mode="valid")[::-1, ::-1]
""",
            "turned by 180",
        ),
    ],
    "image_gradient": [
        (
            "correlation",
            """
def image_gradient(kernel, gradient):
    return correlate2d(gradient, kernel, mode="full")
""",
            "flipped",
        ),
        (
            "too small",
            """
def image_gradient(kernel, gradient):
    return convolve2d(gradient, kernel, mode="same")
""",
            "Every pixel of the image needs a value",
        ),
        (
            "the stub of another",
            """
def image_gradient(kernel, gradient):
    return correlate2d(kernel, gradient, mode="valid")
""",
            "The shape is",
        ),
    ],
}

# Mutants of the solution that no check can notice, each with its reason.
EQUIVALENT = {}
