"""Synthetic flower scenes with exact ground truth: the stand-in for real photographs.

    from utils import garden
    one = garden.scene(seed=3, size=256)          # one.image, one.label, one.boxes, one.masks, one.labels
    images, labels = garden.flowers(500, 150)     # a data set for classification
    garden.write_tree("flower_photos", 100, 256)  # the same as a folder of JPEGs

The classes are those of the TensorFlow flower photos. Everything is drawn by formula from the seed; no file is read.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from utils.garden.scene import CLASSES, Scene, scene

__all__ = ["CLASSES", "Scene", "flowers", "scene", "write_tree"]

STRIDE = 1_000_003  # keeps the scenes of one data set apart from those of the next seed


def flowers(n, size=128, seed=0):
    """A data set: (images uint8 (n, size, size, 3), labels int64 (n,)), as many of each class as n allows, shuffled.

    Image k is `scene(seed * 1_000_003 + k, size, labels[k])`, so its boxes and masks can be had as well. Another seed
    gives other scenes. Raises ValueError as `scene` does.
    """
    labels = np.random.default_rng((seed, 5)).permutation(np.arange(n) % len(CLASSES)).astype(np.int64)
    images = np.empty((n, size, size, 3), np.uint8)
    for k, label in enumerate(labels):
        images[k] = scene(seed * STRIDE + k, size, int(label)).image
    return images, labels


def write_tree(folder, per_class=100, size=256, seed=0):
    """Write per_class JPEGs of each class to folder/<class>/<number>.jpg, laid out like the official archive.

    Returns the folder as a Path. Existing files of the same name are replaced.
    """
    folder = Path(folder)
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for k in range(per_class):
            picture = Image.fromarray(scene(seed * STRIDE + k * len(CLASSES) + label, size, label).image)
            picture.save(folder / name / f"{k:05d}.jpg", quality=92)
    return folder
