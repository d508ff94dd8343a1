"""How often a transposed convolution touches each output pixel: where the counts differ, it paints a checkerboard.

Source: Odena, Dumoulin and Olah, Deconvolution and Checkerboard Artifacts (Distill, 2016).
"""

import numpy as np


def touches(size: int, kernel: int, stride: int, padding: str = "same") -> np.ndarray:
    """How many of `size` inputs in a row reach each output of a transposed convolution, int64 (outputs,).

    The outputs are as Keras' Conv1DTranspose counts them: size · stride with "same" padding, max(kernel - stride, 0) more
    with "valid". In two dimensions the counts multiply: `np.outer(rows, columns)`.
    Raises ValueError for a number below 1 and another padding.
    """
    for name, value in (("size", size), ("kernel", kernel), ("stride", stride)):
        if value != int(value) or value < 1:
            raise ValueError(f"{name} is {value}: give a whole number, 1 or more.")
    if padding not in ("same", "valid"):
        raise ValueError(f'padding is {padding!r}: Keras knows "same" and "valid".')
    beyond = max(kernel - stride, 0)  # how far the last window reaches beyond size · stride
    counts = np.zeros(size * stride + beyond, np.int64)
    for i in range(size):
        counts[i * stride : i * stride + kernel] += 1
    if padding == "same":
        counts = counts[beyond // 2 : beyond // 2 + size * stride]
    return counts


def is_even(size: int, kernel: int, stride: int, padding: str = "same") -> bool:
    """Whether all outputs away from the edge are touched equally often: then there is no checkerboard to begin with."""
    counts = touches(size, kernel, stride, padding)
    inner = counts[kernel : len(counts) - kernel]
    if inner.size < stride:
        raise ValueError(f"size {size} is too small to see the inside: give {2 * kernel // stride + 3} or more.")
    return bool((inner == inner[0]).all())
