"""Where flowers stand, how each is turned, and what grows with it."""

import math

import numpy as np

from utils.garden import heads
from utils.garden.greenery import HEART, OVAL, STRAP, green, leaf, stem
from utils.garden.paint import Canvas, length, smooth

CLASSES = ("daisy", "dandelion", "roses", "sunflowers", "tulips")
DAISY, DANDELION, ROSE, SUNFLOWER, TULIP = range(5)
DRAW = (heads.daisy, heads.dandelion, heads.rose, heads.sunflower, heads.tulip)
STALK = (0.035, 0.05, 0.05, 0.07, 0.075)  # half width of the stem, in head radii
FLATTEST = (0.3, 0.38, 0.52, 0.36, 0.5)  # smallest squash of each class


class Bed:
    """A canvas and a record of the flowers on it: (number, label, pixels of the whole silhouette within the frame)."""

    def __init__(self, size, light):
        self.canvas, self.light, self.records = Canvas(size), light, []

    def head(self, pose, label, rng, number):
        """Draw a head, with a soft shadow behind it."""
        canvas, r = self.canvas, pose.radius
        window = canvas.window(pose.x, pose.y, 1.12 * r)
        if window is None:
            return
        x, y = pose.x - 0.12 * r * math.cos(self.light.angle), pose.y - 0.16 * r * math.sin(self.light.angle)
        shade = canvas.window(x, y, 1.2 * r)
        if shade is not None:
            dx, dy, _ = shade.local(x, y, r)
            canvas.darken(shade, 0.3 * smooth(length(dx, dy), 1.15, 0.5))
        head = heads.Head(window, pose, self.light)
        DRAW[label](head, rng)
        self.records.append((number, label, canvas.stamp(window, head.sprite, number)))

    def plant(self, label, pose, rng, number):
        """Draw a flower with its stem and leaves; `number` marks its pixels."""
        canvas, light, r = self.canvas, self.light, pose.radius
        root = (
            pose.x + rng.normal(0, 0.05) - 3 * r * math.sin(pose.turn) * rng.uniform(),
            min(1.2, pose.y + max(r * rng.uniform(3, 7), 0.2)),
        )
        foot = 0.85 if label == TULIP and pose.squash < 0.7 else 0.2
        start = (pose.x - foot * r * math.sin(pose.turn), pose.y + foot * r * math.cos(pose.turn))
        stem(canvas, light, root, start, rng.normal(0, 0.12) * r, STALK[label] * r + 0.002, green(rng, 0.15))
        self.leaves(label if rng.uniform() < 0.8 else int(rng.integers(len(CLASSES))), pose, root, rng)
        self.head(pose, label, rng, number)

    def leaves(self, label, pose, root, rng):
        """The leaves of a class around a head at `pose` with its root at (x, y)."""
        canvas, light, r = self.canvas, self.light, pose.radius
        if label == TULIP:
            for side in (-1, 1):
                if rng.uniform() < 0.75:
                    leaf(
                        canvas, light, root[0] + 0.1 * r * side, root[1], side * rng.uniform(0.1, 0.5) - math.pi / 2,
                        r * rng.uniform(2.5, 4), rng.uniform(0.07, 0.12), STRAP, green(rng) * np.float32(0.9),
                        bend=side * rng.uniform(0, 0.2), veins=0.03,
                    )  # fmt: skip
        elif label in (ROSE, SUNFLOWER):
            for _ in range(int(rng.integers(1, 5))):
                angle = rng.uniform(-0.6, math.pi + 0.6)
                x, y = pose.x + 0.45 * r * math.cos(angle), pose.y + 0.45 * r * math.sin(angle)
                length, width, colour = r * rng.uniform(0.8, 1.4), rng.uniform(0.24, 0.34), green(rng, 0.2)
                if label == ROSE:
                    leaf(canvas, light, x, y, angle, length, width, OVAL, colour, bend=0.05, teeth=0.12, veins=0.07)
                else:
                    leaf(canvas, light, x, y, angle, length, width, HEART, colour, bend=-0.08, veins=0.07)
        elif rng.uniform() < 0.5:
            for _ in range(int(rng.integers(1, 4))):
                leaf(
                    canvas, light, root[0], root[1], rng.uniform(-2.8, -0.3), r * rng.uniform(0.9, 2.0),
                    rng.uniform(0.08, 0.14), OVAL, green(rng, 0.2), bend=rng.normal(0, 0.15),
                    teeth=0.5 if label == DANDELION else 0.2, veins=0.04,
                )  # fmt: skip


def pose_for(rng, label, x, y, radius):
    """A way of looking at a flower that suits its class."""
    if label == TULIP:
        if rng.uniform() < 0.15:
            return heads.Pose(x, y, radius, rng.uniform(0, 6), rng.uniform(0.75, 1))
        return heads.Pose(x, y, radius, rng.normal(0, 0.22), 0.5)
    squash = 1 - (1 - FLATTEST[label]) * rng.uniform() ** 1.3
    raised = 0.5 * math.sqrt(1 - squash**2) * rng.uniform(0.2, 1)
    return heads.Pose(x, y, radius, rng.normal(0, 0.35), squash, raised)


def places(rng):
    """Where the near flowers stand: a list of (x, y, radius) in frame units, back to front."""
    kind = rng.uniform()
    if kind < 0.3:  # one, close
        return [(rng.uniform(0.3, 0.7), rng.uniform(0.32, 0.66), rng.uniform(0.16, 0.46))]
    if kind < 0.62:  # a few
        radius = rng.uniform(0.1, 0.22)
        spots = rng.uniform((0.1, 0.15, 0.75), (0.9, 0.82, 1.2), (int(rng.integers(2, 5)), 3))
        spots[:, 2] *= radius
    elif kind < 0.84:  # a field, smaller towards the horizon
        horizon, near = rng.uniform(0.1, 0.4), rng.uniform(0.08, 0.15)
        depth = rng.uniform(0.12, 1, int(rng.integers(6, 11)))
        spots = np.stack([rng.uniform(0, 1, len(depth)), horizon + (0.96 - horizon) * depth, near * (0.3 + 0.7 * depth)], 1)
    else:  # a bunch
        k = np.arange(int(rng.integers(4, 8)))[::-1]
        x, y, radius, start = rng.uniform(0.38, 0.62), rng.uniform(0.36, 0.6), rng.uniform(0.12, 0.19), rng.uniform(0, 6)
        away, angle = 1.35 * radius * np.sqrt(k), start + heads.GOLDEN * k
        size = radius * rng.uniform(0.85, 1.15, len(k))
        return np.stack([x + away * np.cos(angle), y + away * np.sin(angle), size], 1).tolist()
    return sorted(spots.tolist(), key=lambda spot: spot[1])


def portrait(rng):
    """Where the near flowers of a scene stand that one of them dominates: like `places`, the large one last."""
    large = (rng.uniform(0.22, 0.78), rng.uniform(0.25, 0.72), rng.uniform(0.14, 0.42))
    spots = []
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.4, 0.25, 0.2, 0.15]))):
        spots.append((rng.uniform(0.05, 0.95), rng.uniform(0.15, 0.9), large[2] * rng.uniform(0.25, 0.5)))
    return [*sorted(spots, key=lambda spot: spot[1]), large]
