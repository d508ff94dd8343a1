"""Non-maximum suppression: what must hold of any result, the cases by hand, and agreement with TensorFlow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.check import count_lines
from utils.vision import boxes as bx
from utils.vision import nms as module
from utils.vision.detections import Detections
from utils.vision.nms import nms, suppress

LIMITS = st.sampled_from((0.0, 0.25, 1 / 3, 0.5, 0.6, 0.75, 1.0))


@st.composite
def crowds(draw):
    """Many boxes on a small board, so that overlaps of exactly 0.5 and crowds of equal scores are common."""
    count = draw(st.integers(0, 40))
    seed = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    corners, sides = seed.integers(0, 6, (count, 2)), seed.integers(1, 6, (count, 2))
    scores = seed.integers(0, draw(st.sampled_from((1, 3, 1000))), count) / 1000
    return np.hstack([corners, corners + sides]).astype(float), scores, seed.integers(0, 3, count)


def tensorflows(boxes, scores, limit):
    import tensorflow as tf

    boxes = np.asarray(boxes, "float32")[:, [1, 0, 3, 2]]  # it wants y, x, y, x
    return tf.image.non_max_suppression(boxes, np.asarray(scores, "float32"), len(boxes), limit).numpy().tolist()


@settings(deadline=None)
@given(crowds(), LIMITS, st.sampled_from((3, 256)))
def test_it_is_tensorflows(crowd, limit, block):
    boxes, scores, _ = crowd
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        assert nms(boxes, scores, iou=limit).tolist() == tensorflows(boxes, scores, limit)


@settings(deadline=None)
@given(crowds(), LIMITS)
def test_each_class_is_treated_on_its_own(crowd, limit):
    boxes, scores, labels = crowd
    expected = []
    for label in range(3):
        mine = np.flatnonzero(labels == label)
        if len(mine):
            expected += mine[tensorflows(boxes[mine], scores[mine], limit)].tolist()
    assert nms(boxes, scores, labels, limit).tolist() == sorted(expected, key=lambda k: (-scores[k], k))


@settings(deadline=None)
@given(crowds(), LIMITS)
def test_what_is_kept_stands_apart_and_what_is_dropped_had_a_better_one(crowd, limit):
    boxes, scores, labels = crowd
    kept = nms(boxes, scores, labels, limit)
    overlaps = bx.pairwise_iou(boxes, boxes[kept]) * (labels[:, None] == labels[kept])
    for k in range(len(boxes)):
        rivals = kept[(overlaps[k] > limit) & (kept != k)]
        if k in kept:
            assert len(rivals) == 0
        else:
            assert scores[rivals].max() >= scores[k]
    assert nms(boxes[kept], scores[kept], labels[kept], limit).tolist() == list(range(len(kept)))  # nothing is left to do


def test_by_hand():
    chain = [[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]]  # neighbours overlap by 6/14, the two ends by 2/18
    assert nms(chain, [0.9, 0.8, 0.7], iou=0.4).tolist() == [0, 2]  # the middle one, itself dropped, drops nobody
    assert nms(chain, [0.8, 0.9, 0.7], iou=0.4).tolist() == [1]
    assert nms(chain, [0.9, 0.8, 0.7], [0, 1, 0], iou=0.4).tolist() == [0, 1, 2]
    assert nms(chain, [0.9, 0.8, 0.7], iou=6 / 14).tolist() == [0, 1, 2]  # greater than, not equal
    assert nms([], []).tolist() == []
    kept = suppress(Detections(np.array(chain), np.array([0, 0, 1]), np.array([0.7, 0.9, 0.8])), 0.4)
    assert kept.boxes.tolist() == chain[1:] and kept.labels.tolist() == [0, 1] and kept.scores.tolist() == [0.9, 0.8]
    alone = suppress(Detections(np.array(chain), np.array([0, 0, 1]), np.array([0.7, 0.9, 0.8])), 0.4, across=True)
    assert alone.boxes.tolist() == chain[1:2] and alone.labels.tolist() == [0]


def test_backwards_boxes_drop_nobody():
    assert nms([[5, 5, 1, 1], [0, 0, 9, 9], [5, 5, 1, 1]], [0.9, 0.8, 0.7], iou=0).tolist() == [0, 1, 2]


@pytest.mark.parametrize("spread", [0, 100, 1000])
def test_boxes_are_compared_many_at_a_time(spread):
    """Not one by one, where 10,000 take half a minute: some lines of Python a box. Seconds are the bench's."""
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, spread, (10_000, 2))
    boxes, scores = np.hstack([corners, corners + rng.uniform(5, 60, (10_000, 2))]), rng.random(10_000)
    assert count_lines(nms, boxes[:2000], scores[:2000]) < 25 * 2000
    if spread == 100:
        assert nms(boxes, scores).tolist() == tensorflows(boxes, scores, 0.6)


@pytest.mark.parametrize(
    "arguments, said",
    [
        (([[0, 0, 1, 1]], [0.5], None, 60), "0.6"),
        (([[0, 0, 1, 1]], [0.5, 0.4]), "1 boxes and labels of shape"),
        (([[0, 0, 1, 1]], [0.5], [0, 1]), "1 boxes and labels"),
        (([[0, 0, 1, 1]], [np.nan]), "NaN"),
        (([[0, 0, 1, 1]], [0.5], [0.5]), "whole numbers"),
        (([[0, 0, 1, 1]], [0.5], ["rose"]), "whole numbers"),
        (([0, 0, 1, 1], [0.5]), r"\(n, 4\)"),
    ],
)
def test_bad_input_is_named(arguments, said):
    with pytest.raises(ValueError, match=said):
        nms(*arguments)
