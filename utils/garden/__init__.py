"""Synthetic flower scenes with exact ground truth: the stand-in for real photographs.

    from utils import garden
    one = garden.scene(seed=3, size=256)          # one.image, one.label, one.boxes, one.masks, one.labels
    images, labels = garden.flowers(500, 150)     # a data set for classification
    many = garden.scenes(500, 150)                # the same with many.boxes, many.masks, many.classes
    garden.write_tree("flower_photos", 100, 256)  # the same as a folder of JPEGs

The classes are those of the TensorFlow flower photos. Everything is drawn by formula from the seed; no file is read.
The same seed gives the same composition at every size and on every machine; single pixels may differ by a level or two
between platforms, because sines are rounded differently.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from utils.garden.arguments import whole_number
from utils.garden.compose import Scene, scene
from utils.garden.planting import CLASSES

__all__ = ["CLASSES", "Scene", "Scenes", "flowers", "scene", "scenes", "write_tree"]

STRIDE = 1_000_003  # keeps the scenes of one data set apart from those of the next seed


def flowers(n, size=128, seed=0, workers=1):
    """A data set: (images uint8 (n, size, size, 3), labels int64 (n,)), as many of each class as n allows, shuffled.

    Image k is `scene(seed * 1_000_003 + k, size, labels[k])`, so its boxes and masks can be had as well. Another seed
    gives other scenes. workers: how many processes draw; the result is the same. More than one pays off from a few
    hundred scenes on, and in a script needs the usual `if __name__ == "__main__":`. Raises ValueError as `scene` does.
    """
    jobs, labels, workers = _jobs(n, size, seed, workers)
    images = np.empty((len(jobs), size, size, 3), np.uint8)
    for k, image in enumerate(_drawn(_image, jobs, workers)):
        images[k] = image
    return images, labels


@dataclass(frozen=True)
class Scenes:
    """A data set of n scenes. What each holds is said at `Scene`.

    images: uint8 (n, size, size, 3). labels: int64 (n,), the class of each scene.
    boxes, masks, classes: one array a scene, (k, 4), (k, size, size) and (k,), for the k flowers that it shows. The first
    is the largest flower of the scene's class.
    """

    images: np.ndarray
    labels: np.ndarray
    boxes: tuple[np.ndarray, ...]
    masks: tuple[np.ndarray, ...]
    classes: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.images)

    @property
    def subjects(self) -> np.ndarray:
        """The box of the largest flower of each scene's class, float32 (n, 4)."""
        return np.array([boxes[0] for boxes in self.boxes], np.float32).reshape(-1, 4)


def scenes(n, size=128, seed=0, dominated=False, workers=1):
    """A data set with its ground truth: Scenes, as many of each class as n allows, shuffled.

    Scene k is `scene(seed * 1_000_003 + k, size, labels[k], dominated)`: without `dominated` the images are those of
    `flowers`. With it each scene is dominated by one flower, whose box `.subjects` gives. workers, errors: as for `flowers`.
    """
    jobs, labels, workers = _jobs(n, size, seed, workers)
    drawn = list(_drawn(_scene, [(*job, bool(dominated)) for job in jobs], workers))
    images = np.array([one.image for one in drawn], np.uint8).reshape(len(jobs), size, size, 3)
    boxes, masks, classes = (tuple(getattr(one, name) for one in drawn) for name in ("boxes", "masks", "labels"))
    return Scenes(images, labels, boxes, masks, classes)


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
    for k, image in enumerate(_drawn(_image, jobs, workers)):
        number, label = divmod(k, len(CLASSES))
        Image.fromarray(image).save(folder / CLASSES[label] / f"{number:05d}.jpg", quality=92)
    return folder


def _jobs(n, size, seed, workers):
    """The arguments of each scene of a data set, the labels of all, and `workers`, after a look at the numbers."""
    n, size, workers = whole_number("n", n, 0, 500), whole_number("size", size, 32, 128), whole_number("workers", workers, 1, 1)
    seed = whole_number("seed", seed, 0, 0)
    labels = np.random.default_rng((seed, 5)).permutation(np.arange(n) % len(CLASSES)).astype(np.int64)
    return [(seed * STRIDE + k, size, int(label)) for k, label in enumerate(labels)], labels, workers


def _scene(job):
    return scene(*job)


def _image(job):
    return scene(*job).image


def _drawn(draw, jobs, workers):
    """What `draw` makes of each job, the arguments of `scene`, in order."""
    if workers <= 1:
        yield from map(draw, jobs)
        return
    # fresh processes: a copy of this one could inherit the locks of a running TensorFlow
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(draw, jobs, chunksize=16)
