"""Puts a scene together: backdrop, far flowers out of focus, near flowers, what hangs before them, and the camera."""

import itertools
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from utils.garden.arguments import whole_number
from utils.garden.backdrop import backdrop
from utils.garden.camera import blur, expose
from utils.garden.dice import Dice
from utils.garden.greenery import OVAL, blades, green, leaf
from utils.garden.paint import Light
from utils.garden.planting import CLASSES, Bed, places, portrait, pose_for

FEWEST = 0.0012  # a flower of which less than this part of the frame is seen is not annotated
HIDDEN = 0.2  # nor one of which less than this part of its silhouette is seen
SUBJECT = 0.008  # the largest flower of the scene's class shows at least this part of the frame
DOMINANT = 0.04  # the flower that dominates a scene shows at least this part of the frame,
LARGER = 3  # and so many times as much as any other flower of the scene
CHOICE = 2**20  # the random stream that chooses the class; those of the pictures are 0, 1, ...
NEAR = 100  # the number of the first near flower; far ones count from 1


@dataclass(frozen=True)
class Scene:
    """A picture and its exact ground truth.

    image: uint8 (size, size, 3), RGB.
    label: int, an index into CLASSES: what the picture is of.
    masks: bool (n, size, size): the part of each flower head that is seen. Stems and leaves are not part of it, and
        what hides a head (another head, a leaf, a blade of grass) is cut out. Masks never overlap.
    boxes: float32 (n, 4): x0, y0, x1, y1 in pixels, the tightest box around each mask; x1 and y1 are exclusive, so
        that the width is x1 - x0 and a mask that fills the frame has the box 0, 0, size, size.
    labels: int64 (n,): the class of each flower, since flowers of other classes may stand about. The scene's own class
        comes first, then by falling area of the mask, so labels[0] == label.
    visible: float32 (n,): the part of each head's silhouette within the frame that is seen, 0..1.

    There is always at least one flower of the scene's class, and its mask covers at least 0.8 % of the frame. A flower is
    annotated when at least 0.12 % of the frame (and at least 8 pixels) shows it and at least a fifth of its silhouette
    is visible. Far flowers are out of focus but are annotated like any other.
    """

    image: np.ndarray
    label: int
    boxes: np.ndarray
    masks: np.ndarray
    labels: np.ndarray
    visible: np.ndarray


def scene(seed, size=128, label=None, dominated=False):
    """One flower scene. The same seed gives the same composition at every size; only the grain of the film differs.

    seed: int >= 0. size: side in pixels, >= 32. label: an index into CLASSES, or None to let the seed choose.
    dominated: one flower of the scene's class stands out: it covers at least 4 % of the frame, and three times as much as
    any other flower in it. Its box is boxes[0].
    Returns a Scene. Raises ValueError for a size below 32, a negative seed, an unknown label, and what is no whole number.
    """
    size, seed = whole_number("size", size, 32, 128), whole_number("seed", seed, 0, 0)
    if label is None:
        label = Dice((seed, CHOICE)).integers(len(CLASSES))
    try:
        label = whole_number("label", label, 0, 0, len(CLASSES) - 1)
    except ValueError as error:
        raise ValueError(f"{error} The classes are, from 0 on: {', '.join(CLASSES)}.") from None
    for attempt in itertools.count():
        key = (seed, attempt)
        rng = Dice(key)
        bed = Bed(size, Light(rng.uniform(-math.pi, 0), rng.uniform(0.3, 1.0)))
        _background(bed, rng, key, label)
        _foreground(bed, rng, key, label, dominated)
        flowers = _visible_flowers(bed, label)
        # chance may hide the subject of the picture: then another picture is taken
        if _shows_its_subject(flowers, label, size, dominated):
            return _annotate(expose(bed.canvas.rgb, rng), label, flowers)


def _shows_its_subject(flowers, label, size, dominated):
    """Whether the largest flower of the scene's class is large enough; if it is to dominate, also among the others."""
    if not flowers or flowers[0].label != label:
        return False
    others = max((flower.area for flower in flowers[1:]), default=0)
    if dominated and flowers[0].area < LARGER * others:
        return False
    return flowers[0].area >= (DOMINANT if dominated else SUBJECT) * size * size


def _background(bed, rng, key, label):
    """Backdrop and far flowers, painted at half size, put out of focus and enlarged onto the bed."""
    size, light = bed.canvas.size, bed.light
    small = size // 2
    far = Bed(small, light)
    far.canvas.rgb[:] = backdrop(rng, small)
    mixed = rng.uniform() < 0.6
    for number in range(int(rng.choice([0, 1, 2, 4, 6], p=[0.36, 0.22, 0.2, 0.13, 0.09]))):
        own = int(rng.integers(len(CLASSES))) if mixed else label
        place = rng.uniform(0, 1), rng.uniform(0.1, 0.95), rng.uniform(0.04, 0.1)
        own_rng = Dice((*key, number + 1))
        far.plant(own, pose_for(own_rng, own, *place), own_rng, number + 1)
    bed.canvas.rgb[:] = blur(far.canvas.rgb, rng.uniform(0.008, 0.03) * small, size)
    nearest = np.arange(size) * small // size
    bed.canvas.owner[:] = far.canvas.owner[nearest[:, None], nearest[None, :]]
    grown = (size / small) ** 2
    bed.records += [(number, own, whole * grown) for number, own, whole in far.records]


def _foreground(bed, rng, key, label, dominated):
    """Near flowers with a stranger or two among them, and the grass and leaves before them."""
    spots = [(label, spot) for spot in (portrait(rng) if dominated else places(rng))]
    largest = max(radius for _, (_, _, radius) in spots)
    if rng.uniform() < 0.35:
        for _ in range(int(rng.integers(1, 3))):
            stranger = int(rng.integers(len(CLASSES)))
            radius = largest * (rng.uniform(0.25, 0.5) if dominated else rng.uniform(0.4, 0.8))
            spots.insert(0, (stranger, (rng.uniform(0, 1), rng.uniform(0.15, 0.9), min(radius, 0.2))))
    for number, (own, spot) in enumerate(spots, NEAR):
        own_rng = Dice((*key, number))
        bed.plant(own, pose_for(own_rng, own, *spot), own_rng, number)

    canvas, light = bed.canvas, bed.light
    if rng.uniform() < 0.5:
        blades(canvas, light, rng, int(rng.integers(2, 8)), 0.95, 1.2, rng.uniform(0.3, 0.95), green(rng))
    if rng.uniform() < 0.3:  # leaves close to the lens, out of focus
        for _ in range(int(rng.integers(1, 4))):
            angle = rng.uniform(0, 2 * math.pi)
            x, y = 0.5 + 0.8 * math.cos(angle), 0.5 + 0.8 * math.sin(angle)
            leaf(
                canvas, light, x, y, angle + math.pi + rng.normal(0, 0.4), rng.uniform(0.4, 0.9),
                rng.uniform(0.12, 0.25), OVAL, green(rng, rng.uniform(0, 0.6)), bend=rng.normal(0, 0.1),
                soft=canvas.size * rng.uniform(0.01, 0.06), opacity=0.95,
            )  # fmt: skip


class _Flower(NamedTuple):
    label: int
    area: int
    visible: float
    mask: np.ndarray


def _visible_flowers(bed, label):
    """The flowers worth annotating, those of class `label` first, then by falling area."""
    size = bed.canvas.size
    areas = np.bincount(bed.canvas.owner.ravel(), minlength=1)
    found = []
    for number, own, whole in bed.records:
        area = int(areas[number]) if number < len(areas) else 0
        if area >= max(8, FEWEST * size * size) and area >= HIDDEN * whole:
            found.append(_Flower(own, area, min(1.0, area / whole), bed.canvas.owner == number))
    return sorted(found, key=lambda flower: (flower.label != label, -flower.area))


def _annotate(image, label, flowers):
    boxes = np.zeros((len(flowers), 4), np.float32)
    for box, flower in zip(boxes, flowers, strict=True):
        columns, rows = np.flatnonzero(flower.mask.any(0)), np.flatnonzero(flower.mask.any(1))
        box[:] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    masks = np.stack([flower.mask for flower in flowers])
    labels = np.array([flower.label for flower in flowers], np.int64)
    return Scene(image, label, boxes, masks, labels, np.array([flower.visible for flower in flowers], np.float32))
