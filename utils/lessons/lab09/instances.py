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


def truth(scenes: recipe.Drawn, least: int) -> tuple[list, list]:
    """Boxes (k, 4) and classes (k,) of the flowers of each scene."""
    boxes, labels = [], []
    for flowers, classes in zip(scenes.flowers, scenes.classes, strict=True):
        masks = masks_of(flowers, least)
        boxes.append(bx.around(masks))
        labels.append(np.array([classes[mask][0] for mask in masks], np.int64))
    return boxes, labels


def merged(scenes: recipe.Drawn, least: int) -> float:
    """The share of the flowers that lie, with a part at least, in a component with another flower of their class."""
    together = count = 0
    for flowers, classes in zip(scenes.flowers, scenes.classes, strict=True):
        masks = masks_of(flowers, least)
        count += len(masks)
        shared = np.zeros(len(masks), bool)
        for whole in components.objects(classes).masks:
            inside = (masks & whole).any(axis=(1, 2))
            shared |= inside & (inside.sum() > 1)
        together += shared.sum()
    return together / count


def recall(boxes, labels, found) -> float:
    """The share of the true flowers that have a box of their own of the same class with an IoU of 0.5 or more."""
    return sum(_hits(boxes, labels, found)) / sum(map(len, boxes))


def precision(boxes, labels, found) -> float:
    """The share of the boxes found that are the box of a true flower of their class."""
    return sum(_hits(boxes, labels, found)) / max(1, sum(len(each.boxes) for each in found))


def _hits(boxes, labels, found):
    """Of each scene the number of pairs, one box found to one true flower at most."""
    for true, kinds, each in zip(boxes, labels, found, strict=True):
        hits = 0
        for kind in np.unique(kinds):
            hits += len(agreement.pairs(true[kinds == kind], each.boxes[each.labels == kind]))
        yield hits


def cut(classes, least: int) -> components.Objects:
    """The objects of one map, each component cut at its waists."""
    masks, labels = [np.zeros((0, *classes.shape), bool)], []
    for label in np.unique(classes[classes > 0]):
        parts = components.split_at_cores(classes == label, least=least)
        masks.append(parts)
        labels += [label] * len(parts)
    masks = np.concatenate(masks)
    return components.Objects(bx.around(masks), np.array(labels, np.int64), masks)


# ---------------------------------------------------------------- seams


def with_seams(scenes: recipe.Drawn) -> np.ndarray:
    """The maps of classes (n, 48, 48) with SEAM where a flower has a pixel of another flower among its eight neighbours."""
    window = (1, 3, 3)
    highest = ndimage.maximum_filter(scenes.flowers, window, mode="nearest")
    lowest = ndimage.minimum_filter(np.where(scenes.flowers > 0, scenes.flowers, highest), window, mode="nearest")
    return np.where((scenes.flowers > 0) & (highest != lowest), SEAM, scenes.classes)


def by_seams(maps, least: int) -> list[components.Objects]:
    """The objects of each map after its seams are opened; then each seam pixel goes to the nearest object."""
    found = []
    for classes in maps:
        parts = components.objects(np.where(classes == SEAM, 0, classes), least)
        masks = parts.masks
        if len(masks):
            owner = np.where(masks.any(axis=0), masks.argmax(axis=0), -1)
            away, nearest = ndimage.distance_transform_edt(owner < 0, return_indices=True)
            grown = np.where((classes == SEAM) & (away < 3), owner[tuple(nearest)], owner)
            masks = grown[None] == np.arange(len(masks))[:, None, None]
        found.append(components.Objects(bx.around(masks), parts.labels, masks))
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


def clearest_merger(scenes: recipe.Drawn, flowers: int = 3) -> int:
    """The scene with `flowers` flowers that has the largest component in which two flowers of one class share evenly."""
    best, chosen = -1.0, 0
    for k, (numbers, classes) in enumerate(zip(scenes.flowers, scenes.classes, strict=True)):
        masks = masks_of(numbers, 40)
        if not 2 <= len(masks) <= flowers:
            continue
        for whole in components.objects(classes).masks:
            shares = np.sort((masks & whole).sum(axis=(1, 2)))
            if shares[-2] > best:
                best, chosen = shares[-2], k
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
