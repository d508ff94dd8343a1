"""Explanations on trial: does a map hit what is marked, and does the network care about what the map marks?

A map is (n, h, w), the higher the more important; a mask bool (n, h, w). `occlusion`, `cam` and `gradients` make maps.
"""

from contextlib import contextmanager

import numpy as np

from ..garden.arguments import numbers
from . import inside


def pointing_game(maps, masks) -> np.ndarray:
    """For each map: 1.0 if its highest pixel lies in the mask, else 0.0. Returns float64 (n,).

    Of several highest pixels the share that lies in the mask counts, so that a flat map scores no more than the mask's area.
    Source: Zhang and others, Top-down Neural Attention by Excitation Backprop (2016), without their tolerance of 15 pixels.
    """
    maps, masks = _pairs(maps, masks)
    highest = maps == maps.max(axis=(1, 2), keepdims=True)
    return (highest & masks).sum(axis=(1, 2)) / highest.sum(axis=(1, 2))


def energy_inside(maps, masks) -> np.ndarray:
    """For each map: the share of the sum of its positive values that lies in the mask, 0 … 1. Returns float64 (n,).

    A map without a positive value points nowhere and counts as flat: its score is the mask's share of the picture.
    Source: Wang and others, Score-CAM (2020).
    """
    maps, masks = _pairs(maps, masks)
    positive = np.maximum(maps, 0)
    positive = np.where(positive.any(axis=(1, 2), keepdims=True), positive, 1)
    return (positive * masks).sum(axis=(1, 2)) / positive.sum(axis=(1, 2))


def deletion(model, images, maps, classes=None, *, steps: int = 20, fill=0.0) -> np.ndarray:
    """The class's probability while the pixels are replaced by `fill`, the most important first, float64 (n, steps + 1).

    images: floats (n, h, w, channels). classes: an integer, n of them, or None for the network's guess on the whole picture.
    In each step the same number of pixels; at first none, at last all. fill: a number, a colour (channels,), a picture
    (h, w, channels) or one for each picture. A good map makes the probability fall early: a small `area_under`.
    Source: Petsiuk, Das and Saenko, RISE (2018).
    """
    pictures, chosen, fills = _for_curves(model, images, classes, fill)
    return _curves(model, pictures, fills, maps, chosen, steps)


def insertion(model, images, maps, classes=None, *, steps: int = 20, fill=0.0) -> np.ndarray:
    """The other way round: from `fill` to the picture, the most important pixels first. A good map makes it rise early."""
    pictures, chosen, fills = _for_curves(model, images, classes, fill)
    return _curves(model, fills, pictures, maps, chosen, steps)


def area_under(curves) -> np.ndarray:
    """The area under each curve (n, steps + 1), whose steps go from 0 to 1, by the trapezoid rule. Returns (n,)."""
    curves = np.asarray(curves, np.float64)
    return (curves[:, 1:] + curves[:, :-1]).mean(axis=1) / 2


def kernel_layers(model) -> list:
    """The layers of `model` that have a kernel, from the top (the output) down, nested models unfolded."""
    return [each for each in reversed(inside.layers_of(model)) if _kernels(each)]


@contextmanager
def shuffled(model, count: int, seed: int = 0):
    """Within the block the kernels of the uppermost `count` layers are shuffled, afterwards they are as before.

    Each kernel keeps its values, in random places; biases and BatchNormalization stay. A larger `count` with the same seed
    shuffles the upper layers in the same way, so that the network is randomized layer by layer from the top.
    Source: Adebayo and others, Sanity Checks for Saliency Maps (2018), who draw new weights.
    """
    layers = kernel_layers(model)
    if not 0 <= count <= len(layers):
        raise ValueError(f"count is {count}; {model.name} has {len(layers)} layers with a kernel.")
    kernels = [kernel for each in layers[:count] for kernel in _kernels(each)]
    before = [np.array(kernel) for kernel in kernels]
    try:
        for k, (kernel, values) in enumerate(zip(kernels, before, strict=True)):
            kernel.assign(np.random.default_rng((seed, k)).permutation(values.ravel()).reshape(values.shape))
        yield model
    finally:
        for kernel, values in zip(kernels, before, strict=True):
            kernel.assign(values)


def rank_correlation(maps, others) -> np.ndarray:
    """Spearman's rank correlation of each map (n, h, w) with the other of the same number, −1 … 1; 0 where one is flat."""
    from scipy.stats import rankdata

    maps, others = _same(maps, others, "the other maps")
    ranks = [rankdata(each.reshape(len(each), -1), axis=1) for each in (maps, others)]
    first, second = (each - each.mean(axis=1, keepdims=True) for each in ranks)
    size = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    return (first * second).sum(axis=1) / np.where(size > 0, size, 1)


def _kernels(layer):
    return [weight for weight in getattr(layer, "weights", ()) if "kernel" in weight.name]


def _for_curves(model, images, classes, fill):
    pictures, single = inside.as_pictures(images)
    if single:
        raise ValueError("The shape is (h, w, channels): give a batch of pictures, images[None] for one.")
    fills = np.broadcast_to(np.asarray(fill, np.float32), pictures.shape)
    return pictures, inside.as_classes(model, pictures, classes), fills


def _curves(model, pictures, replacements, maps, chosen, steps):
    """The probability of the class `chosen` while the pictures are replaced, the highest pixels of the maps first."""
    maps = np.asarray(maps, np.float64)
    if maps.shape != pictures.shape[:3]:
        raise ValueError(f"The maps are {maps.shape}, the pictures {pictures.shape}: bring the maps to the pictures' size first.")
    if steps < 1:
        raise ValueError(f"steps is {steps}: a curve needs at least one.")
    pixels = maps[0].size
    order = np.argsort(-maps.reshape(len(maps), -1), axis=1, kind="stable")
    current = pictures.reshape(len(pictures), pixels, -1).copy()
    replacements = replacements.reshape(current.shape)
    rows = np.arange(len(maps))[:, None]
    curve = [inside.probabilities(model, pictures)]
    for now in np.array_split(order, steps, axis=1):
        current[rows, now] = replacements[rows, now]
        curve.append(inside.probabilities(model, current.reshape(pictures.shape)))
    return np.stack(curve, axis=1)[np.arange(len(maps)), :, chosen].astype(np.float64)


def _pairs(maps, masks):
    maps, masks = _same(maps, masks, "the masks")
    if not np.isin(masks, (0, 1)).all():
        raise ValueError("The masks must be true or false.")
    return maps, masks.astype(bool)


def _same(maps, others, name):
    maps, others = (numbers(what, each, "(n, h, w)").astype(np.float64) for what, each in (("maps", maps), (name, others)))
    if maps.shape != others.shape:
        raise ValueError(f"The maps are {maps.shape}, {name} {others.shape}: both must be (n, h, w).")
    return maps, others
