"""Puts a scene together: backdrop, far flowers out of focus, near flowers with their greenery, what hangs before."""

from dataclasses import dataclass

import numpy as np

from utils.garden import flowers as species
from utils.garden.greenery import (
    HEART,
    OVAL,
    STRAP,
    backdrop,
    blades,
    blur,
    enlarge,
    green,
    leaf,
    stem,
    to_bytes,
)
from utils.garden.paint import Canvas, Light, smooth

CLASSES = ("daisy", "dandelion", "roses", "sunflowers", "tulips")
FEWEST = 0.0012  # a flower of which less than this part of the frame is seen is not annotated
HIDDEN = 0.2  # nor one of which less than this part of its silhouette is seen


@dataclass(frozen=True)
class Scene:
    """A picture and its exact ground truth.

    image: uint8 (size, size, 3), RGB.
    label: int, an index into CLASSES: what the picture is of.
    masks: bool (n, size, size): the part of each flower head that is seen. Stems and leaves are not part of it, and
        what hides a head (another head, a leaf, a blade of grass) is cut out. Masks never overlap.
    boxes: float32 (n, 4): x0, y0, x1, y1 in pixels, the tightest box around each mask; x1 and y1 are exclusive, so
        that the width is x1 - x0 and a mask that fills the frame has the box 0, 0, size, size.
    labels: int64 (n,): the class of each flower, since other flowers may stand behind; largest mask of the scene's own
        class first, then by falling area, so labels[0] == label.
    visible: float32 (n,): the part of each head's silhouette within the frame that is seen, 0..1.

    A flower is annotated when at least 0.12 % of the frame (and at least 8 pixels) shows it and at least a fifth of its
    silhouette is visible. Far flowers are out of focus but are annotated like any other.
    """

    image: np.ndarray
    label: int
    boxes: np.ndarray
    masks: np.ndarray
    labels: np.ndarray
    visible: np.ndarray


class _Painter:
    """A scene in the making: a canvas and a record of the flowers on it."""

    def __init__(self, size, light):
        self.canvas, self.light = Canvas(size), light
        self.records = []  # (number, label, pixels of the whole silhouette in the frame)

    def head(self, pose, label, rng, number):
        """Draw a head with a soft shadow behind it."""
        reach = 1.12
        window = self.canvas.window(pose.x, pose.y, pose.radius * reach)
        if window is None:
            return
        shade = self.canvas.window(pose.x + 0.12 * pose.radius, pose.y + 0.2 * pose.radius, pose.radius * 1.2)
        if shade is not None:
            x, y, _ = shade.local(pose.x + 0.12 * pose.radius, pose.y + 0.2 * pose.radius, pose.radius, 0.0, 1.0)
            self.canvas.darken(shade, np.float32(0.42) * smooth(np.sqrt(x * x + y * y), 1.15, 0.5))
        sprite = species.DRAW[CLASSES[label]](window, pose, self.light, rng)
        inside = self.canvas.stamp(window, sprite, number)
        self.records.append((number, label, int(inside.sum())))


def _pose(rng, label, x, y, radius):
    """A way of looking at a flower that suits its class."""
    name = CLASSES[label]
    if name == "tulips":
        if rng.uniform() < 0.12:
            return species.Pose(x, y, radius, rng.uniform(0, 6), 1.0)
        return species.Pose(x, y, radius, rng.normal(0, 0.2), 0.5)
    squash = {"daisy": (0.4, 1), "dandelion": (0.5, 1), "roses": (0.68, 1), "sunflowers": (0.5, 1)}[name]
    squash = 1 - (1 - squash[0]) * rng.uniform() ** 1.4 * (squash[1])
    raised = 0.5 * np.sqrt(1 - squash**2) * rng.uniform(0.2, 1)
    return species.Pose(x, y, radius, rng.normal(0, 0.35), squash, raised)


def _plant(painter, rng, label, pose, number):
    """A flower with its stem and leaves."""
    canvas, light, name = painter.canvas, painter.light, CLASSES[label]
    colour = green(rng, 0.15)
    r = pose.radius
    root = (pose.x + rng.normal(0, 0.1) - 0.6 * r * np.sin(pose.turn), min(1.2, pose.y + r * rng.uniform(2.5, 6)))
    width = {"daisy": 0.035, "dandelion": 0.05, "roses": 0.05, "sunflowers": 0.07, "tulips": 0.075}[name] * r + 0.002
    foot = 0.85 if name == "tulips" else 0.2
    start = (pose.x - foot * r * np.sin(pose.turn), pose.y + foot * r * np.cos(pose.turn))
    stem(canvas, light, root, start, rng.normal(0, 0.08) * r, width, colour)
    if name == "tulips":
        for side in (-1, 1):
            if rng.uniform() < 0.75:
                leaf(
                    canvas, light, rng, root[0] + 0.1 * r * side, root[1], -np.pi / 2 + side * rng.uniform(0.1, 0.5),
                    r * rng.uniform(2.5, 4), rng.uniform(0.07, 0.12), STRAP, green(rng) * np.float32(0.9),
                    bend=side * rng.uniform(0, 0.2), veins=0.03,
                )  # fmt: skip
    elif name in ("roses", "sunflowers"):
        for _ in range(int(rng.integers(1, 5))):
            angle = rng.uniform(-0.6, np.pi + 0.6)
            leaf(
                canvas, light, rng, pose.x + 0.45 * r * np.cos(angle), pose.y + 0.45 * r * np.sin(angle), angle,
                r * rng.uniform(0.8, 1.4), rng.uniform(0.24, 0.34), OVAL if name == "roses" else HEART,
                green(rng, 0.3 if name == "roses" else 0.0), bend=rng.normal(0, 0.1),
                teeth=0.12 if name == "roses" else 0.0, veins=0.07,
            )  # fmt: skip
    elif rng.uniform() < 0.5:
        for _ in range(int(rng.integers(1, 4))):
            leaf(
                canvas, light, rng, root[0], root[1], rng.uniform(-2.8, -0.3), r * rng.uniform(0.9, 2.0),
                rng.uniform(0.08, 0.14), OVAL, green(rng, 0.2), bend=rng.normal(0, 0.15),
                teeth=0.5 if name == "dandelion" else 0.2, veins=0.04,
            )  # fmt: skip
    painter.head(pose, label, rng, number)


def _places(rng, label):
    """Where the near flowers stand: a list of (x, y, radius), back to front."""
    kind = rng.choice(4, p=[0.34, 0.3, 0.2, 0.16])
    if kind == 0:  # one, close
        return [(rng.uniform(0.36, 0.64), rng.uniform(0.36, 0.62), rng.uniform(0.2, 0.46))]
    if kind == 1:  # a few
        count = int(rng.integers(2, 5))
        radius = rng.uniform(0.13, 0.24)
        spots = [
            (rng.uniform(0.12, 0.88), rng.uniform(0.15, 0.8), radius * rng.uniform(0.8, 1.2)) for _ in range(count)
        ]
    elif kind == 2:  # a field, smaller towards the horizon
        horizon = rng.uniform(0.1, 0.4)
        near = rng.uniform(0.1, 0.17)
        depth = np.sort(rng.uniform(0.12, 1, int(rng.integers(7, 13))))
        spots = [(rng.uniform(0, 1), horizon + (0.98 - horizon) * d, near * (0.3 + 0.7 * d)) for d in depth]
    else:  # a bunch
        count = int(rng.integers(4, 8))
        cx, cy, radius = rng.uniform(0.4, 0.6), rng.uniform(0.4, 0.6), rng.uniform(0.13, 0.2)
        angle = rng.uniform(0, 6) + species.GOLDEN * np.arange(count)
        away = radius * 1.35 * np.sqrt(np.arange(count))
        spots = [
            (cx + d * np.cos(a), cy + d * np.sin(a), radius * rng.uniform(0.85, 1.15))
            for a, d in zip(angle, away, strict=True)
        ]
        return spots[::-1]
    return sorted(spots, key=lambda spot: spot[1])


def _far(painter_size, light, rng, label):
    """The background with flowers out of focus: (3, size, size), owners and records."""
    painter = _Painter(painter_size, light)
    canvas = painter.canvas
    canvas.rgb[:] = backdrop(rng, painter_size)
    if rng.uniform() < 0.6:
        blades(canvas, light, rng, int(rng.integers(6, 22)), 0.6, 1.15, rng.uniform(0.3, 0.7), green(rng, 0.1))
    mixed = rng.uniform() < 0.5
    for number in range(int(rng.choice([0, 1, 2, 4, 6], p=[0.3, 0.2, 0.2, 0.15, 0.15]))):
        own = int(rng.integers(5)) if mixed else label
        radius = rng.uniform(0.04, 0.1)
        pose = _pose(rng, own, rng.uniform(0, 1), rng.uniform(0.1, 0.95), radius)
        _plant(painter, rng, own, pose, number + 1)
    return painter


def scene(seed, size=128, label=None):
    """One flower scene. The same seed gives the same composition at every size (only the grain of the noise differs).

    seed: int >= 0. size: side in pixels, >= 16. label: an index into CLASSES, or None to let the seed choose.
    Returns a Scene. Raises ValueError for a size below 16, a negative seed or an unknown label.
    """
    if size < 16:
        raise ValueError(f"size must be at least 16 pixels, not {size}.")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, not {seed}.")
    if label is not None and not 0 <= label < len(CLASSES):
        raise ValueError(f"label must be one of 0 to {len(CLASSES) - 1} ({', '.join(CLASSES)}), not {label}.")
    rng = np.random.default_rng(seed)
    drawn = int(rng.integers(len(CLASSES)))
    label = drawn if label is None else int(label)

    light = Light(rng.uniform(-np.pi, 0), rng.uniform(0.3, 1.0))
    small = max(16, size // 2)
    far = _far(small, light, np.random.default_rng((seed, 1)), label)
    softness = rng.uniform(0.008, 0.03)
    near = _Painter(size, light)
    near.canvas.rgb[:] = enlarge(blur(far.canvas.rgb, softness * small), size)
    steps = np.minimum(np.arange(size) * small // size, small - 1)
    near.canvas.owner[:] = far.canvas.owner[steps[:, None], steps[None, :]]
    scale = (size / small) ** 2
    near.records = [(number, own, whole * scale) for number, own, whole in far.records]

    first = 100  # numbers of the near flowers
    for index, (x, y, radius) in enumerate(_places(rng, label)):
        own = np.random.default_rng((seed, first + index))
        _plant(near, own, label, _pose(own, label, x, y, radius), first + index)
    if rng.uniform() < 0.45:
        blades(near.canvas, light, rng, int(rng.integers(2, 9)), 0.95, 1.2, rng.uniform(0.3, 0.9), green(rng))

    image = _expose(near.canvas.rgb, rng, size)
    return _annotate(image, label, near)


def _expose(rgb, rng, size):
    """What the camera makes of it: light, colour cast, focus, grain. Returns uint8 (size, size, 3)."""
    axis = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / size - np.float32(0.5)
    angle, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.5)
    fall = np.float32(slope * np.cos(angle)) * axis[None, :] + np.float32(slope * np.sin(angle)) * axis[:, None]
    vignette = np.float32(rng.uniform(0, 0.7)) * (axis[None, :] ** 2 + axis[:, None] ** 2)
    cast = np.array([1 + rng.normal(0, 0.06), 1.0, 1 + rng.normal(0, 0.09)], np.float32)
    gain = np.float32(np.exp(rng.normal(0.02, 0.16)))
    rgb = rgb * ((1 + fall - vignette) * gain) * cast[:, None, None]
    focus = max(0.0, rng.normal(0.0, 0.006))
    if focus * size > 0.4:
        rgb = blur(rgb, focus * size)
    grain = rng.uniform(0.0, 0.03) ** 1.0
    rgb = rgb + np.float32(grain) * rng.standard_normal((size, size), np.float32)
    return to_bytes(rgb)


def _annotate(image, label, painter):
    """Masks, boxes, labels and visible parts from the owners of the pixels."""
    size = len(image)
    masks, labels, visible = [], [], []
    for number, own, whole in painter.records:
        mask = painter.canvas.owner == number
        area = int(mask.sum())
        if area >= max(8, FEWEST * size * size) and area >= HIDDEN * whole:
            masks.append(mask)
            labels.append(own)
            visible.append(min(1.0, area / whole))
    order = sorted(range(len(masks)), key=lambda k: (labels[k] != label, -masks[k].sum()))
    masks = np.array([masks[k] for k in order], bool).reshape(-1, size, size)
    boxes = np.zeros((len(masks), 4), np.float32)
    for box, mask in zip(boxes, masks, strict=True):
        columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
        box[:] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return Scene(
        image, label, boxes, masks, np.array([labels[k] for k in order], np.int64),
        np.array([visible[k] for k in order], np.float32),
    )  # fmt: skip
