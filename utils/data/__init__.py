"""Data sets and pretrained weights: found or fetched, verified, cached, and with an honest stand-in.

    data.load_mnist()              digits: x_train, y_train, x_test, y_test, source, full
    data.load_photo("china")       one photograph, uint8 (427, 640, 3)
    data.load_flowers(size=150)    flower photos: folder, paths, labels, classes, .arrays(size)
    data.load_boxes(flowers)       the course's own boxes for those of the photos that have any, drawn twice
    data.split(labels, 0.25, 0)    train and test indices, the same on every machine
    data.pretrained("xception")    a Keras model with ImageNet weights

The order is always: `COURSE_DATA` (a folder or the address of a mirror) → the cache (`COURSE_CACHE` moves it) → the
official address → the stand-in. `COURSE_OFFLINE=1` skips the network. Each function prints one line that says which
one it got and why, on any console and without what is secret in an address. From a terminal:
`python -m utils.data status | fetch | clear`.
"""

from .boxes import FlowerBoxes, load_boxes
from .errors import DownloadFailed, Missing
from .fetch import forget_network
from .flowers import Flowers, load_flowers
from .mnist import Mnist, load_mnist
from .photos import load_photo
from .settings import Settings
from .splits import split
from .weights import imagenet_classes, pretrained

__all__ = [
    "DownloadFailed", "FlowerBoxes", "Flowers", "Missing", "Mnist", "Settings", "forget_network", "imagenet_classes",
    "load_boxes", "load_flowers", "load_mnist", "load_photo", "pretrained", "split",
]  # fmt: skip
