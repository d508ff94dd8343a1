"""Maps that know nothing of any network: what an explanation has to beat.

images: floats (n, h, w, 3), whatever the scale. Each function returns float64 (n, h, w).
"""

import numpy as np
from scipy import ndimage


def saturation(images, blur: float = 3.0) -> np.ndarray:
    """How colourful each pixel is: its largest channel minus its smallest, blurred with a Gaussian of `blur` pixels."""
    images = np.asarray(images, np.float64)
    return ndimage.gaussian_filter(images.max(axis=-1) - images.min(axis=-1), (0, blur, blur))


def edges(images, blur: float = 2.0) -> np.ndarray:
    """The length of the brightness's Sobel gradient, blurred with a Gaussian of `blur` pixels (0: not at all)."""
    brightness = np.asarray(images, np.float64).mean(axis=-1)
    # picture by picture: on a stack, SciPy's Sobel filter also smooths from one picture to the next
    down, right = (np.stack([ndimage.sobel(each, axis) for each in brightness]) for axis in (0, 1))
    return np.hypot(*(ndimage.gaussian_filter(each, (0, blur, blur)) for each in (down, right)))


def centre(images, width: float = 0.27) -> np.ndarray:
    """The same round blob in the middle of each picture: a Gaussian whose standard deviation is `width` of the shorter side."""
    n, height, columns = np.shape(images)[:3]
    y, x = np.mgrid[:height, :columns]
    spread = width * min(height, columns)
    blob = np.exp(-(((y - (height - 1) / 2) ** 2 + (x - (columns - 1) / 2) ** 2) / (2 * spread**2)))
    return np.repeat(blob[None], n, axis=0)
