"""Synthetic flower scenes with exact ground truth: the stand-in for real photographs.

    from utils import garden
    one = garden.scene(seed=3, size=256)          # one.image, one.label, one.boxes, one.masks, one.labels
    images, labels = garden.flowers(500, 150)     # a data set for classification
    garden.write_tree("flower_photos", 100, 256)  # the same as a folder of JPEGs

The classes are those of the TensorFlow flower photos. Everything is drawn by formula from the seed; no file is read.
The same seed gives the same composition at every size and on every machine; single pixels may differ by a level or two
between platforms, because sines are rounded differently.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from utils.garden.arguments import whole_number
from utils.garden.compose import Scene, scene
from utils.garden.planting import CLASSES

__all__ = ["CLASSES", "Scene", "flowers", "scene", "write_tree"]

STRIDE = 1_000_003  # keeps the scenes of one data set apart from those of the next seed


def flowers(n, size=128, seed=0, workers=1):
    """A data set: (images uint8 (n, size, size, 3), labels int64 (n,)), as many of each class as n allows, shuffled.

    Image k is `scene(seed * 1_000_003 + k, size, labels[k])`, so its boxes and masks can be had as well. Another seed
    gives other scenes. workers: how many processes draw; the result is the same. More than one pays off from a few
    hundred scenes on, and in a script needs the usual `if __name__ == "__main__":`. Raises ValueError as `scene` does.
    """
    n, size, workers = whole_number("n", n, 0, 500), whole_number("size", size, 32, 128), whole_number("workers", workers, 1, 1)
    seed = whole_number("seed", seed, 0, 0)
    labels = np.random.default_rng((seed, 5)).permutation(np.arange(n) % len(CLASSES)).astype(np.int64)
    jobs = [(seed * STRIDE + k, size, int(label)) for k, label in enumerate(labels)]
    images = np.empty((n, size, size, 3), np.uint8)
    for k, image in enumerate(_drawn(jobs, workers)):
        images[k] = image
    return images, labels


def write_tree(folder, per_class=100, size=256, seed=0, workers=1):
    """Write per_class JPEGs of each class to folder/<class>/<number>.jpg, laid out like the official archive.

    folder is made when it is not there; files of the same name are replaced. Returns the folder as a Path. Raises ValueError
    as `scene` does, and OSError when folder cannot be written.
    """
    per_class, size = whole_number("per_class", per_class, 1, 100), whole_number("size", size, 32, 256)
    seed, workers = whole_number("seed", seed, 0, 0), whole_number("workers", workers, 1, 1)
    folder = Path(folder)
    for name in CLASSES:
        (folder / name).mkdir(parents=True, exist_ok=True)
    jobs = [(seed * STRIDE + k, size, k % len(CLASSES)) for k in range(per_class * len(CLASSES))]
    for k, image in enumerate(_drawn(jobs, workers)):
        number, label = divmod(k, len(CLASSES))
        Image.fromarray(image).save(folder / CLASSES[label] / f"{number:05d}.jpg", quality=92)
    return folder


def _image(job):
    return scene(*job).image


def _drawn(jobs, workers):
    """The images of (seed, size, label) jobs, in order."""
    if workers <= 1:
        yield from map(_image, jobs)
        return
    # fresh processes: a copy of this one could inherit the locks of a running TensorFlow
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_image, jobs, chunksize=16)
