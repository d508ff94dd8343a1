"""From a map of classes to single objects: regions that hang together, and the box around each."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ..garden.arguments import numbers
from . import boxes as bx
from .segmentation import as_classes


class Objects(NamedTuple):
    """What is found in one map: boxes float64 (n, 4), corner form; labels int64 (n,); masks bool (n, height, width)."""

    boxes: np.ndarray
    labels: np.ndarray
    masks: np.ndarray


def components(mask, least: int = 1, diagonal: bool = False) -> np.ndarray:
    """The connected components of a mask (height, width), one mask each: bool (n, height, width), the largest first.

    least: components of fewer pixels are left out. diagonal: whether pixels that touch only at a corner hang together.
    """
    mask = numbers("mask", mask, "(height, width)").astype(bool)
    numbered, count = ndimage.label(mask, np.ones((3, 3)) if diagonal else None)
    sizes = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
    order = np.argsort(-sizes, kind="stable")
    return numbered[None] == (order[sizes[order] >= least] + 1)[:, None, None]


def objects(classes, least: int = 1, diagonal: bool = False) -> Objects:
    """The components of each class but 0 of a map (height, width), class by class, with the tightest box around each.

    Two objects of one class that touch come out as one: a map of classes does not tell them apart.
    """
    classes = as_classes(classes)
    masks, labels = [np.zeros((0, *classes.shape), bool)], []
    for label in np.unique(classes[classes > 0]):
        found = components(classes == label, least, diagonal)
        masks.append(found)
        labels += [label] * len(found)
    masks = np.concatenate(masks)
    return Objects(bx.around(masks), np.array(labels, np.int64), masks)


def split_at_cores(mask, depth: float = 0.5, least: int = 1) -> np.ndarray:
    """The components of a mask, cut where they have a waist: bool (n, height, width).

    The *distance transform* says how far each pixel lies from the edge. Of each component, its cores are what lies deeper than
    `depth` times its greatest depth; each pixel goes to the nearest core. Parts of fewer than `least` pixels are left out.
    """
    parts = [np.zeros((0, *np.shape(mask)), bool)]
    for whole in components(mask, least):
        far = ndimage.distance_transform_edt(np.pad(whole, 1))[1:-1, 1:-1]
        cores, count = ndimage.label(far > depth * far.max(), np.ones((3, 3)))
        if count < 2:
            parts.append(whole[None])
            continue
        nearest = ndimage.distance_transform_edt(cores == 0, return_distances=False, return_indices=True)
        owner = np.where(whole, cores[tuple(nearest)], 0)
        cut = owner[None] == np.arange(1, count + 1)[:, None, None]
        parts.append(cut[cut.sum(axis=(1, 2)) >= least])
    return np.concatenate(parts)
