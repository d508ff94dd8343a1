"""How often a transposed convolution touches each output pixel: where the counts differ, it paints a checkerboard.

Source: Odena, Dumoulin and Olah, Deconvolution and Checkerboard Artifacts (Distill, 2016).
"""

import numpy as np

from ..garden.arguments import whole_number


def touches(size: int, kernel: int, stride: int, padding: str = "same") -> np.ndarray:
    """How many of `size` inputs in a row reach each output of a transposed convolution, int64 (outputs,).

    The outputs are as Keras' Conv1DTranspose counts them: size · stride with "same" padding, max(kernel - stride, 0) more
    with "valid". In two dimensions the counts multiply: `np.outer(rows, columns)`.
    Raises ValueError for a number below 1 and another padding.
    """
    size, kernel, stride = (
        whole_number(name, value, 1, example)
        for name, value, example in (("size", size, 8), ("kernel", kernel, 3), ("stride", stride, 2))
    )
    if padding not in ("same", "valid"):
        raise ValueError(f'padding is {padding!r}: Keras knows "same" and "valid".')
    beyond = max(kernel - stride, 0)  # how far the last window reaches beyond size · stride
    counts = np.zeros(size * stride + beyond, np.int64)
    for i in range(size):
        counts[i * stride : i * stride + kernel] += 1
    if padding == "same":
        counts = counts[beyond // 2 : beyond // 2 + size * stride]
    return counts
