"""Explanation by occlusion: cover a part of the picture, and see how far the class's logit falls.

Source: Zeiler and Fergus, Visualizing and Understanding Convolutional Networks (2014).
"""

import numpy as np

from . import inside

BATCH = 64  # covered pictures at a time: they only go forward


def occlusion(model, images, classes=None, *, patch: int, stride: int | None = None, fill=0.0) -> np.ndarray:
    """A map as large as the picture: at each pixel, the mean fall of the logit over all patches that cover it.

    images: floats (h, w, channels) or (n, h, w, channels). classes: an integer, n of them, or None for the network's guess.
    patch: side of the square that is covered, pixels. stride: pixels from one place to the next, None: half a patch. The last
    place in each direction touches the picture's edge. fill: what the patch shows: a number, a colour (channels,), or a picture
    (h, w, channels), for example a blurred one. Returns float32 (n, h, w), or (h, w) for a single picture.
    Raises ValueError for a patch larger than the picture, or a stride that leaves gaps.
    """
    pictures, single = inside.as_pictures(images)
    chosen = inside.as_classes(model, pictures, classes)
    maps = np.stack([_one(model, *each, patch, stride, fill) for each in zip(pictures, chosen, strict=True)])
    return maps[0] if single else maps


def places(length: int, patch: int, stride: int | None = None) -> np.ndarray:
    """Where the patches start along a side of `length` pixels: 0, stride, 2 · stride, … and the last place that fits."""
    stride = max(1, patch // 2) if stride is None else stride
    if not 1 <= patch <= length:
        raise ValueError(f"A patch of {patch} pixels does not fit into {length}: choose 1 … {length}.")
    if not 1 <= stride <= patch:
        raise ValueError(f"A stride of {stride} leaves gaps between patches of {patch} pixels: choose 1 … {patch}.")
    return np.unique(np.append(np.arange(0, length - patch, stride), length - patch))


def _one(model, picture, chosen, patch, stride, fill):
    """The map (h, w) of one picture (h, w, channels)."""
    height, width, _ = picture.shape
    corners = [(row, column) for row in places(height, patch, stride) for column in places(width, patch, stride)]
    filled = np.broadcast_to(np.asarray(fill, np.float32), picture.shape)
    whole = _logit(model, picture[None], chosen)[0]
    falls, times = np.zeros((height, width)), np.zeros((height, width))
    for start in range(0, len(corners), BATCH):
        part = corners[start : start + BATCH]
        covered = np.repeat(picture[None], len(part), axis=0)
        for each, (row, column) in zip(covered, part, strict=True):
            area = slice(row, row + patch), slice(column, column + patch)
            each[area] = filled[area]
        for fall, (row, column) in zip(whole - _logit(model, covered, chosen), part, strict=True):
            falls[row : row + patch, column : column + patch] += fall
            times[row : row + patch, column : column + patch] += 1
    return (falls / times).astype(np.float32)


def _logit(model, pictures, chosen):
    return inside.all_logits(model, pictures)[:, chosen]
