"""Detections of a weak and a strong detector in 100 drawn scenes, recorded: what Lab 08's exercises on AP are computed on.

Made by `tools.bench.lab08.record()`. The strong detector is the lab's own, the weak one the same after a very short training.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np

from ...vision.detections import Detections, Objects

FILE = Path(__file__).with_name("recorded.json")
SIZE, COUNT, SEED = 192, 100, 3  # the arguments of garden.scenes
ABOUT = (
    f"The drawn scenes of utils.garden.scenes({COUNT}, {SIZE}, seed={SEED}). true: boxes (x0, y0, x1, y1 in pixels, half-open) "
    "and classes of each scene. weak, strong: boxes, classes and scores of two detectors, one detection a cell at most, "
    "nothing suppressed."
)


@cache
def _content() -> dict:
    return json.loads(FILE.read_text(encoding="utf-8"))


def true() -> list[Objects]:
    """The flowers of each scene."""
    return [Objects(_boxes(boxes), np.array(labels, np.int64)) for boxes, labels in _content()["true"]]


def found(name: str) -> list[Detections]:
    """What the detector `name`, "weak" or "strong", found in each scene: nothing is suppressed yet."""
    rows = _content()[name]
    return [Detections(_boxes(boxes), np.array(labels, np.int64), np.array(scores, float)) for boxes, labels, scores in rows]


def _boxes(boxes) -> np.ndarray:
    return np.array(boxes, float).reshape(-1, 4)
