"""Single flowers in maps of classes: how many share a component, and two ways to part them."""

import numpy as np
from scipy import ndimage

from ...vision import agreement, components
from ...vision import boxes as bx
from . import recipe

SEAM = len(recipe.CLASSES)  # the class of the pixels between flowers that touch


def masks_of(flowers, least: int) -> np.ndarray:
    """The mask of each flower of one scene, bool (n, height, width), without those of fewer than `least` pixels."""
    numbers, sizes = np.unique(flowers[flowers > 0], return_counts=True)
    return flowers[None] == numbers[sizes >= least][:, None, None]


def truth(scenes: recipe.Drawn, least: int) -> list[np.ndarray]:
    """The boxes (k, 4) of the flowers of each scene, in pixels of the map."""
    return [bx.around(masks_of(flowers, least)) for flowers in scenes.flowers]


def merged(scenes: recipe.Drawn, least: int) -> float:
    """The share of the flowers that lie, with a part at least, in a component with another flower."""
    together = count = 0
    for flowers in scenes.flowers:
        masks = masks_of(flowers, least)
        shared = np.zeros(len(masks), bool)
        for whole in components.components(flowers > 0):
            inside = (masks & whole).any(axis=(1, 2))
            shared |= inside & (inside.sum() > 1)
        together, count = together + shared.sum(), count + len(masks)
    return together / count


def whole(masks, least: int) -> list[np.ndarray]:
    """Of each mask the boxes (k, 4) of its components."""
    return [bx.around(components.components(mask, least)) for mask in masks]


def cut(masks, least: int) -> list[np.ndarray]:
    """Of each mask the boxes (k, 4) of its components, each of which is cut at its waists."""
    return [bx.around(components.split_at_cores(mask, least=least)) for mask in masks]


def recall(boxes, found) -> float:
    """The share of the true flowers that have a box of their own with an IoU of 0.5 or more."""
    return sum(_hits(boxes, found)) / sum(map(len, boxes))


def precision(boxes, found) -> float:
    """The share of the boxes found that are the box of a true flower."""
    return sum(_hits(boxes, found)) / max(1, sum(map(len, found)))


def _hits(boxes, found):
    """Of each scene the number of pairs, one box found to one true flower at most."""
    for true, each in zip(boxes, found, strict=True):
        yield len(agreement.pairs(true, each))


# ---------------------------------------------------------------- seams


def with_seams(scenes: recipe.Drawn) -> np.ndarray:
    """The maps of classes (n, 48, 48) with SEAM where a flower has a pixel of another flower among its eight neighbours."""
    window = (1, 3, 3)
    highest = ndimage.maximum_filter(scenes.flowers, window, mode="nearest")
    lowest = ndimage.minimum_filter(np.where(scenes.flowers > 0, scenes.flowers, highest), window, mode="nearest")
    return np.where((scenes.flowers > 0) & (highest != lowest), SEAM, scenes.classes)


def by_seams(maps, least: int) -> list[np.ndarray]:
    """Of each map the boxes (k, 4) of the flowers that its seams part; each seam pixel then goes to the nearest flower."""
    found = []
    for classes in maps:
        masks = components.components((classes > 0) & (classes != SEAM), least)
        if len(masks):
            owner = np.where(masks.any(axis=0), masks.argmax(axis=0), -1)
            away, nearest = ndimage.distance_transform_edt(owner < 0, return_indices=True)
            grown = np.where((classes == SEAM) & (away < 3), owner[tuple(nearest)], owner)
            masks = grown[None] == np.arange(len(masks))[:, None, None]
        found.append(bx.around(masks))
    return found


def seam_network(network):
    """A copy of a trained network with one class more, SEAM; the other classes keep their weights."""
    import keras

    from ...vision import unet

    longer = unet.encoder_decoder(recipe.SIZE, SEAM + 1, *recipe.WIDTHS)
    for old, new in zip(network.layers[:-1], longer.layers[:-1], strict=True):
        new.set_weights(old.get_weights())
    kernel, bias = network.layers[-1].get_weights()
    wider = keras.ops.pad(kernel, [[0, 0], [0, 0], [0, 0], [0, 1]])
    longer.layers[-1].set_weights([np.asarray(wider), np.append(bias, 0)])
    return longer


def clearest_merger(scenes: recipe.Drawn, most: int = 3) -> int:
    """The scene with two to `most` flowers that has the largest component in which two flowers share evenly."""
    best, chosen = -1, 0
    for k, flowers in enumerate(scenes.flowers):
        masks = masks_of(flowers, 40)
        if 2 <= len(masks) <= most:
            for together in components.components(flowers > 0):
                second = np.sort((masks & together).sum(axis=(1, 2)))[-2]
                if second > best:
                    best, chosen = second, k
    return chosen


# ---------------------------------------------------------------- photos with boxes


def against_boxes(masks, boxes, step: int) -> tuple[float, float]:
    """How masks bool (n, height, width) fit the boxes (k, 4) of each picture, whose pixels are `step` times as many a side.

    The share of the masks' pixels that lie in some box, and the share of the boxes' pixels that the masks fill, both counted
    over all pictures that have boxes; NaN where there is nothing to count.
    """
    inside = masked = boxed = 0
    for mask, known in zip(masks, boxes, strict=True):
        if not len(known):
            continue
        y, x = (np.arange(side) + 0.5 for side in mask.shape)
        left, top, right, bottom = (np.asarray(known) / step).T[..., None]
        rows, columns = (top <= y) & (y < bottom), (left <= x) & (x < right)  # (k, height), (k, width)
        held = (rows[:, :, None] & columns[:, None, :]).any(axis=0)
        inside, masked, boxed = inside + (mask & held).sum(), masked + mask.sum(), boxed + held.sum()
    return (inside / masked if masked else np.nan), (inside / boxed if boxed else np.nan)
