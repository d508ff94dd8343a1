"""A grid of boxes: the way there and back, shared cells, and what a network's answer means."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import garden
from utils.vision import boxes as bx
from utils.vision.grid import Grid

GRID = Grid(size=96, cells=12, classes=5)


@st.composite
def apart(draw):
    """Boxes whose centres lie in cells of their own, the frame's edge included, and their labels."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cells = rng.choice(144, draw(st.integers(0, 20)), replace=False)
    offsets = rng.choice([0, 0.25, 0.5, 0.999], (len(cells), 2))
    centres = (np.stack([cells % 12, cells // 12], axis=1) + offsets) * 8
    sizes = rng.integers(1, 480, (len(cells), 2)) / 4  # no rounding moves a centre over the edge of its cell
    return bx.to_corner(np.hstack([centres, sizes])), rng.integers(0, 5, len(cells))


def logits(target):
    """The answer of a network that is sure of `target`."""
    answer = np.full((*target.shape[:2], 10), -20.0)
    with np.errstate(divide="ignore"):
        answer[..., :3] = np.clip(np.log(target[..., :3]) - np.log1p(-target[..., :3]), -20, 20)
    answer[..., 3:5] = target[..., 3:5]
    rows, columns = np.nonzero(target[..., 0])
    answer[rows, columns, 5 + target[rows, columns, 5].astype(int)] = 20
    return answer


def alike(boxes, labels, others, classes, tolerance):
    """Whether two sets of boxes with labels are the same, in any order. Their centres lie in cells of their own."""
    same = (np.abs(boxes[:, None] - others) < tolerance).all(axis=-1) & (labels[:, None] == classes)
    return len(boxes) == len(others) and (same.sum(axis=0) == 1).all() and (same.sum(axis=1) == 1).all()


@settings(deadline=None)
@given(apart())
def test_there_and_back_nothing_changes(several):
    boxes, labels = several
    got = GRID.decode(GRID.encode(boxes, labels))
    assert GRID.lost(boxes) == 0
    assert alike(*got, boxes, labels, 1e-11)


@settings(deadline=None)
@given(apart())
def test_the_answer_of_a_network_that_knows_is_the_truth(several):
    boxes, labels = several
    found = GRID.detections(logits(GRID.encode(boxes, labels)), iou=None)
    assert (found.scores > 0.99).all()
    assert alike(found.boxes, found.labels, boxes, labels, 1e-5)


def test_by_hand():
    target = GRID.encode([[16, 24, 24, 40]], [3])  # centre 20, 32: the cell 2, 4 to the right and down
    assert np.argwhere(target[..., 0]).tolist() == [[4, 2]]
    assert target[4, 2].tolist() == pytest.approx([1, 0.5, 0, 0, np.log(2), 3])
    assert target.sum() == pytest.approx(target[4, 2].sum())
    edge = GRID.encode([[94, 94, 98, 98]], [0])  # the centre is the corner of the frame
    assert np.argwhere(edge[..., 0]).tolist() == [[11, 11]] and edge[11, 11, 1:3].tolist() == [1, 1]


def test_of_two_flowers_in_a_cell_the_larger_one_stays():
    small, large = [34, 34, 36, 36], [30, 30, 42, 42]
    for boxes in ([small, large], [large, small]):
        labels = [boxes.index(small), boxes.index(small)]
        assert GRID.lost(boxes) == 1
        assert GRID.decode(GRID.encode(boxes, labels))[0].tolist() == pytest.approx(np.array([large]))
    assert GRID.decode(GRID.encode([large, large], [1, 2]))[1].tolist() == [1]
    assert Grid(96, 48, 5).lost([small, large]) == 0
    assert GRID.lost([[30, 30, 42, 42], [40, 30, 52, 42]]) == 0 and GRID.lost([]) == 0


def test_a_finer_grid_loses_fewer_flowers():
    scenes = [garden.scene(seed, 96) for seed in range(40)]
    lost = [sum(Grid(96, cells, 5).lost(one.boxes) for one in scenes) for cells in (3, 6, 12, 24)]
    assert lost[0] > lost[1] > lost[-1] and lost == sorted(lost, reverse=True)


def test_a_score_is_what_is_there_times_what_it_is():
    answer = np.full((12, 12, 10), -20.0)
    answer[3, 4] = [0, 0, 0, 0, 0, np.log(3), 0, -99, -99, -99]  # a coin's chance of something; three to one it is class 0
    answer[3, 5] = [np.log(9), 0, 0, 99, 0, 0, 0, 0, 0, 0]
    found = GRID.detections(answer, score=0.1)
    assert found.scores.tolist() == pytest.approx([0.5 * 0.75, 0.9 / 5]) and found.labels[0] == 0
    assert found.boxes[0].tolist() == pytest.approx([32, 24, 40, 32])
    assert np.isfinite(found.boxes).all()
    assert len(GRID.detections(answer, score=0.2).scores) == 1


def test_overlaps_are_suppressed_class_by_class():
    target = GRID.encode([[20, 20, 60, 60], [29, 20, 69, 60]], [1, 1])
    assert [len(GRID.detections(logits(target), iou=limit).boxes) for limit in (None, 0.65, 0.6)] == [2, 2, 1]  # IoU 31/49
    other = GRID.encode([[20, 20, 60, 60], [29, 20, 69, 60]], [1, 2])
    assert len(GRID.detections(logits(other), iou=0.6).boxes) == 2


@pytest.mark.parametrize(
    "call, said",
    [
        (lambda: GRID.encode([[5, 5, 5, 9]], [0]), "without area"),
        (lambda: GRID.encode([[90, 90, 130, 99]], [0]), "outside of the 96 × 96"),
        (lambda: GRID.encode([[5, 5, 9, 9]], [5]), r"0 … 4"),
        (lambda: GRID.encode([[5, 5, 9, 9]], [0, 1]), "one for each box"),
        (lambda: GRID.detections(np.zeros((12, 12, 6))), r"\(12, 12, 10\)"),
        (lambda: GRID.detections(np.full((12, 12, 10), np.nan)), "NaN"),
        (lambda: Grid(96, 0, 5), "cells is 0"),
        (lambda: Grid(96, 1.5, 5), "cells is 1.5"),
        (lambda: GRID.decode(np.zeros((2, 12, 12, 6))), "one picture"),
    ],
)
def test_bad_input_is_named(call, said):
    with pytest.raises(ValueError, match=said):
        call()
