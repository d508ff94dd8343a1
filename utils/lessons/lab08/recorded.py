"""Detections of a weak and a strong detector in 100 drawn scenes, recorded: what Lab 08's exercises on AP are computed on.

Made by `tools.bench.lab08.record()`. Both detectors are one network on the finest feature map that the lab's own detector reads;
the weak one was trained on few scenes for a short time.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np

from ...vision.detections import Detections, Objects

FILE = Path(__file__).with_name("recorded.json")
COUNT = 100  # scenes, the first of these
DRAWN, SIZE, SEED = 300, 192, 3  # the arguments of garden.scenes
ABOUT = (
    f"The first {COUNT} drawn scenes of utils.garden.scenes({DRAWN}, {SIZE}, seed={SEED}). "
    "true: boxes (x0, y0, x1, y1 in pixels, half-open) and classes of each scene. "
    "weak, strong: boxes, classes and scores of two detectors, one detection a cell at most, nothing suppressed."
)


@cache
def _content() -> dict:
    return json.loads(FILE.read_text(encoding="utf-8"))


def scenes():
    """The scenes themselves, a `garden.Scenes` of 100."""
    from ... import garden

    labels = np.array([one.labels[0] for one in true()])  # the first box is that of the scene's class
    drawn = [garden.scene(SEED * garden.STRIDE + k, SIZE, label) for k, label in enumerate(labels)]
    boxes, masks, classes = (tuple(getattr(one, name) for one in drawn) for name in ("boxes", "masks", "labels"))
    return garden.Scenes(np.stack([one.image for one in drawn]), labels, boxes, masks, classes)


def true() -> list[Objects]:
    """The flowers of each scene."""
    return [Objects(_boxes(boxes), np.array(labels, np.int64)) for boxes, labels in _content()["true"]]


def found(name: str) -> list[Detections]:
    """What the detector `name`, "weak" or "strong", found in each scene: nothing is suppressed yet."""
    rows = _content()[name]
    return [Detections(_boxes(boxes), np.array(labels, np.int64), np.array(scores, float)) for boxes, labels, scores in rows]


def _boxes(boxes) -> np.ndarray:
    return np.array(boxes, float).reshape(-1, 4)
