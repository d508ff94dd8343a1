"""The course's average precision against pycocotools, and its non-maximum suppression against tf.image's, for `make bench`."""

import contextlib
import io
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from utils.vision import average_precision, nms
from utils.vision.detections import Detections

CLASSES = 5


class Truth(NamedTuple):
    """What is in a picture: boxes (n, 4) in corner form, labels (n,)."""

    boxes: np.ndarray
    labels: np.ndarray


def pictures(count: int, objects: int, answers: int, seed: int = 0) -> tuple[list[Detections], list[Truth]]:
    """(found, true): `answers` detections of `objects` objects in each of `count` pictures, two thirds of them nearly right."""
    rng = np.random.default_rng(seed)
    found, true = [], []
    for _ in range(count):
        corners, sides = rng.uniform(0, 400, (objects, 2)), rng.uniform(20, 120, (objects, 2))
        boxes, labels = np.hstack([corners, corners + sides]), rng.integers(0, CLASSES, objects)
        near = rng.integers(0, objects, answers)
        moved = boxes[near] + rng.normal(scale=6, size=(answers, 4)) * [1, 1, 0, 0]
        elsewhere = rng.uniform(0, 400, (answers, 2))
        wrong = np.hstack([elsewhere, elsewhere + rng.uniform(20, 120, (answers, 2))])
        right = rng.random(answers) < 2 / 3
        found.append(Detections(np.where(right[:, None], moved, wrong), labels[near], rng.random(answers)))
        true.append(Truth(boxes, labels))
    return found, true


def official(found, true) -> float:
    """COCO's average precision as pycocotools computes it, its own structures made from the same lists."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    images = [{"id": number} for number in range(1, len(true) + 1)]
    categories = [{"id": label + 1} for label in range(CLASSES)]

    def index(pictures) -> COCO:
        rows = []
        for number, picture in enumerate(pictures, start=1):
            scores = getattr(picture, "scores", np.zeros(len(picture.boxes)))
            sides = picture.boxes[:, 2:] - picture.boxes[:, :2]
            for box, side, label, score in zip(picture.boxes, sides, picture.labels, scores, strict=True):
                area = float(side[0] * side[1])
                row = {"id": len(rows) + 1, "image_id": number, "category_id": int(label) + 1, "iscrowd": 0, "area": area}
                rows.append(row | {"bbox": [*box[:2].tolist(), *side.tolist()], "score": float(score)})
        made = COCO()
        made.dataset = {"images": images, "categories": categories, "annotations": rows}
        made.createIndex()
        return made

    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(index(true), index(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0])


def seconds(work: Callable, repeats: int = 5) -> float:
    """The median time of `work()`, after one call that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return float(np.median(times))


def precision(count: int = 100, objects: int = 6, answers: int = 30) -> dict[str, float]:
    """Raises RuntimeError when the two do not agree to nine digits."""
    found, true = pictures(count, objects, answers)
    ours, theirs = average_precision.coco_average(found, true), official(found, true)
    if abs(ours - theirs) > 1e-9:
        raise RuntimeError(f"our average precision is {ours}, pycocotools' {theirs}")
    mine = seconds(lambda: average_precision.coco_average(found, true), 3)
    rival = seconds(lambda: official(found, true), 3)
    return {
        f"AP of {count * answers:,} detections, s": mine,
        "AP: pycocotools' time over ours": rival / mine,
    }


def suppression(boxes: int = 2000) -> dict[str, float]:
    """Raises RuntimeError when the two keep different boxes."""
    import tensorflow as tf

    (found,), _ = pictures(1, boxes // 20, boxes)
    swapped = found.boxes[:, [1, 0, 3, 2]].astype("float32")
    scores = found.scores.astype("float32")

    def theirs():
        return tf.image.non_max_suppression(swapped, scores, boxes, iou_threshold=0.6).numpy()

    def ours():
        return nms.nms(found.boxes, scores, iou=0.6)

    if len(set(ours().tolist()) ^ set(theirs().tolist())) > boxes // 500:  # float32 against float64 may part ways at the limit
        raise RuntimeError("non-maximum suppression keeps other boxes than tf.image's")
    mine, rival = seconds(ours), seconds(theirs)
    return {f"NMS of {boxes:,} boxes, ms": 1000 * mine, "NMS: tf.image's time over ours": rival / mine}


def measure() -> dict[str, float]:
    """{name: value} for `make bench`."""
    return precision() | suppression()


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value:.4g}")
