"""A classifier that slides over drawn scenes, large and small: what it is trained on, what it is, and what it detects."""

import numpy as np
from PIL import Image
from scipy.special import softmax

from .boxes import pairwise_iou
from .detections import Detections
from .sliding import windows

BACKGROUND = 5  # the sixth class
STRIDE = 8  # pixels between two windows: the classifier halves its map three times
SCALES = (1, 2, 3)  # the picture is made smaller by these, so that a window of one size finds large flowers, too
NEAR, APART = 0.4, 0.15  # a window's IoU with its flower, at least; with every flower, at most, to show background
EACH = 3  # windows that are taken for each flower, and as many without one


def pyramid(image) -> list[np.ndarray]:
    """The picture (side, side, 3), uint8, once for each of SCALES, the original first (an *image pyramid*)."""
    sides = [len(image) // scale for scale in SCALES]
    return [np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BOX)) for side in sides]


def places(side: int, size: int) -> np.ndarray:
    """The box of each window in pixels of the original, (levels · rows · columns, 4), level by level."""
    boxes = []
    for scale in SCALES:
        starts = scale * np.arange(0, side // scale - size + 1, STRIDE)
        y, x = np.meshgrid(starts, starts, indexing="ij")
        boxes.append(np.stack([x, y, x + scale * size, y + scale * size], axis=-1).reshape(-1, 4))
    return np.concatenate(boxes).astype(float)


def cut_out(image, size: int) -> np.ndarray:
    """All windows of the pyramid in the order of `places`, uint8 (n, size, size, 3)."""
    return np.concatenate([windows(level, size, STRIDE).reshape(-1, size, size, 3) for level in pyramid(image)])


def training_set(scenes, size: int, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(windows float32 (n, size, size, 3), labels (n,)) from the first `count` scenes: around each flower, and of background."""
    rng = np.random.default_rng(seed)
    boxes = places(scenes.images.shape[1], size)
    pictures, labels = [], []
    for image, there, classes in zip(scenes.images[:count], scenes.boxes, scenes.classes, strict=False):
        overlaps = pairwise_iou(boxes, there)
        best, owner = overlaps.max(axis=1), overlaps.argmax(axis=1)
        chosen = []
        for flower in range(len(there)):
            around = np.flatnonzero((owner == flower) & (best >= NEAR))
            chosen.extend(rng.permutation(around)[:EACH])
        empty = np.flatnonzero(best <= APART)
        chosen.extend(rng.permutation(empty)[: EACH + len(chosen)])
        pictures.append(cut_out(image, size)[chosen])
        labels.extend(classes[owner[k]] if best[k] >= NEAR else BACKGROUND for k in chosen)
    return np.concatenate(pictures).astype("float32"), np.array(labels)


def classifier(size: int, padding: str):
    """A small ConvNet for windows (size, size, 3), 0 … 255: logits of the five flowers and of background."""
    import keras
    from keras import layers

    chain = [keras.Input((size, size, 3)), layers.Rescaling(1 / 255)]
    for filters in (8, 16, 32):
        chain += [layers.Conv2D(filters, 3, padding=padding, activation="relu"), layers.MaxPooling2D(2)]
    chain += [layers.Flatten(), layers.Dense(48, activation="relu"), layers.Dense(BACKGROUND + 1)]
    return keras.Sequential(chain, name=padding)


def everywhere(network, image) -> np.ndarray:
    """The logits (n, 6) of the fully convolutional classifier for one picture, in the order of `places`."""
    maps = [np.asarray(network.predict_on_batch(level[None].astype("float32"))) for level in pyramid(image)]
    return np.concatenate([each.reshape(-1, BACKGROUND + 1) for each in maps])


def detections(logits, side: int, size: int, score: float = 0.3) -> Detections:
    """What a classifier's logits (n, 6) for the windows of one picture, in the order of `places`, report.

    A window is a detection if it is likelier to hold one of the flowers than background, and that flower has a probability
    of at least `score`, which is the detection's score.
    """
    chances = softmax(np.asarray(logits, float), axis=1)
    labels, scores = chances.argmax(axis=1), chances.max(axis=1)
    keep = (labels != BACKGROUND) & (scores >= score)
    return Detections(places(side, size)[keep], labels[keep], scores[keep])
