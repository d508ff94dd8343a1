"""The course's own answers to Lab 01, each with the turns at which it may go wrong: what the checks compare with.

Images are (H, W) or (H, W, Cᵢ), kernels (F, G) or (F, G, Cᵢ, Cₒ), as in the lesson.
"""

import itertools

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import signal


def correlate(image, kernel):
    """SciPy's correlation over the windows inside the image."""
    return signal.correlate2d(image, kernel, "valid")


def correlate_by_loops(image, kernel, place=lambda i, j: (i, j), multiply=np.multiply):
    """The correlation as the exercise suggests it: where each sum is stored, and how the window is multiplied, may be wrong."""
    height, width = kernel.shape
    feature_map = np.zeros((image.shape[0] - height + 1, image.shape[1] - width + 1))
    for i, j in np.ndindex(feature_map.shape):
        feature_map[place(i, j)] = np.sum(multiply(image[i : i + height, j : j + width], kernel))
    return feature_map


def lacking(width, kernel, stride, outputs=None):
    """How many zeros are lacking for `outputs`, by default ⌈width / stride⌉; negative where cells are left over."""
    return ((outputs or -(-width // stride)) - 1) * stride + kernel - width


def halves(total):
    """A total in two whole numbers, the smaller one first."""
    return total // 2, total - total // 2


def same_padding(width, kernel, stride):
    """TensorFlow's padding."""
    return halves(max(lacking(width, kernel, stride), 0))


def windows(image, kernels, stride=1):
    """All windows of an image, (rows, columns, F, G, Cᵢ)."""
    seen = sliding_window_view(image, kernels.shape[:2], axis=(0, 1))[::stride, ::stride]
    return np.moveaxis(seen, 2, 4)


def sums(image, kernels, stride=1):
    """A layer before bias and ReLU."""
    return np.einsum("ijabc,abcf->ijf", windows(image, kernels, stride), kernels)


def padded(image, padding, *sides, **mode):
    """The image with zeros around its rows and columns; `sides` are other pairs than `padding` on both, `mode` as in np.pad."""
    pair = sides or (padding, padding)
    return np.pad(image, (pair, pair, (0, 0)), **mode)


def layer_over_the_edge(image, kernels, bias, stride=1, padding=0):
    """A layer with the number of windows rounded up: the last ones hang over the edge, and no longer fit the kernels."""
    image, (height, width) = padded(image, padding), kernels.shape[:2]
    rows, columns = (-(-(n - size) // stride) + 1 for n, size in zip(image.shape, (height, width), strict=False))
    output = np.zeros((rows, columns, kernels.shape[3]))
    for i, j in np.ndindex(rows, columns):
        window = image[i * stride : i * stride + height, j * stride : j * stride + width]
        output[i, j] = np.tensordot(window, kernels, 3) + bias
    return relu(output)


def crowded(values, stride):
    """As many of the values for stride 1 as `stride` leaves, but the first of them."""
    rows, columns = (-(-n // stride) for n in values.shape[:2])
    return values[:rows, :columns]


def toeplitz(kernel, height, width, order="C"):
    """The matrix of a correlation: column n is the response to an image with a single 1 at position n."""
    images = [unit.reshape(height, width, order=order) for unit in np.eye(height * width)]
    return np.stack([correlate(image, kernel).ravel() for image in images], axis=1)


def toeplitz_by_places(kernel, height, width, place):
    """The matrix with weight (a, b) of output (i, j) in column `place(i, j, a, b, kernel, height, width)`."""
    rows, columns = height - kernel.shape[0] + 1, width - kernel.shape[1] + 1
    matrix = np.zeros((rows * columns, height * width))
    for (i, j), (a, b) in itertools.product(np.ndindex(rows, columns), np.ndindex(kernel.shape)):
        matrix[i * columns + j, place(i, j, a, b, kernel, height, width)] = kernel[a, b]
    return matrix


def pool(feature_map, size, stride, how):
    """The feature map, pooled."""
    return how(sliding_window_view(feature_map, (size, size), axis=(0, 1)), axis=(3, 4))[::stride, ::stride]


def pool_by_size(feature_map, size, stride, how):
    """As many windows as `stride` makes, but `size` cells apart, so that the last are cut off or empty."""
    rows, columns = ((n - size) // stride + 1 for n in feature_map.shape[:2])
    output = np.zeros((rows, columns, feature_map.shape[2]))
    for i, j in np.ndindex(rows, columns):
        output[i, j] = how(feature_map[i * size : i * size + size, j * size : j * size + size], axis=(0, 1))
    return output


def pool_over_the_edge(feature_map, size, stride, how, *, every=False):
    """Windows that hang over the edge are pooled too, as far as they go: those needed to cover the map, or `every` one."""
    starts = [range(0, n if every else max(n - size + stride, 1), stride) for n in feature_map.shape[:2]]
    return np.stack([[how(feature_map[i : i + size, j : j + size], axis=(0, 1)) for j in starts[1]] for i in starts[0]])


def average_kernel(size, channels):
    """Kernels that average each channel."""
    return np.ones((size, size, 1, 1)) / size**2 * np.eye(channels)


def relu(x):
    """max(x, 0)"""
    return np.maximum(x, 0)


def receptive_field(layers, *, own=False, product=True):
    """The field of a unit; `own`: a layer's stride counts for itself, not `product`: of the strides only the last counts."""
    field, jump = 1, 1
    for kernel, stride, dilation in layers:
        above = jump * stride if product else stride
        field += (kernel - 1) * dilation * (above if own else jump)
        jump = above
    return field


def field_from_the_top(layers):
    """The recursion that goes from the output to the image, taken through `layers` in the order given, which is wrong."""
    field = 1
    for kernel, stride, dilation in layers:
        field = (field - 1) * stride + (kernel - 1) * dilation + 1
    return field


def dilate(kernel, rows, columns=None, *, tail=False):
    """The kernel with `rows` and `columns` as dilations of its two axes; `tail`: zeros after the last weight too."""
    columns = rows if columns is None else columns
    dilated = np.zeros((kernel.shape[0] * rows, kernel.shape[1] * columns))
    dilated[::rows, ::columns] = kernel
    return dilated if tail else dilated[: dilated.shape[0] - rows + 1, : dilated.shape[1] - columns + 1]


def copies(feature_map, kernel, stride, *, add=True, more=0, shape=None):
    """Copies of the kernel, which add up or of which the last wins; with `more` rows and columns than needed, or in `shape`."""
    needed = [(n - 1) * stride + size + more for n, size in zip(feature_map.shape, kernel.shape, strict=True)]
    output = np.zeros(shape or needed)
    for (i, j), value in np.ndenumerate(feature_map):
        window = slice(i * stride, i * stride + kernel.shape[0]), slice(j * stride, j * stride + kernel.shape[1])
        output[window] += value * kernel - (0 if add else output[window])
    return output


def copies_as_if_square(feature_map, kernel, stride):
    """Copies of the kernel in windows of F×F cells in place of F×G."""
    size = kernel.shape[0]
    output = np.zeros([(n - 1) * stride + size for n in feature_map.shape])
    for (i, j), value in np.ndenumerate(feature_map):
        output[i * stride : i * stride + size, j * stride : j * stride + size] += value * kernel
    return output


def kernel_gradient(image, gradient):
    """∂L/∂kernel from the sum: weight (a, b) affects output (i, j) through pixel (i + a, j + b)."""
    rows, columns = (n - m + 1 for n, m in zip(image.shape, gradient.shape, strict=True))
    result = np.zeros((rows, columns))
    for (i, j), value in np.ndenumerate(gradient):
        result += value * image[i : i + rows, j : j + columns]
    return result


def image_gradient(kernel, gradient):
    """∂L/∂image: each output sends its gradient back to the window that it saw."""
    return copies(gradient, kernel, 1)
