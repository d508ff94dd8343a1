"""A detector's errors: each false detection gets the right name, and each oracle mends what it says and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.vision import errors
from utils.vision.average_precision import mean_average_precision
from utils.vision.detections import Detections, Objects

BIG = [0, 0, 10, 10]
FAR = [50, 50, 60, 60]


def truth(boxes, labels):
    return Objects(np.array(boxes, float).reshape(-1, 4), np.array(labels, int))


def said(boxes, labels, scores=None):
    scores = np.linspace(0.9, 0.1, len(boxes)) if scores is None else scores
    return Detections(np.array(boxes, float).reshape(-1, 4), np.array(labels, int), np.array(scores, float))


@pytest.mark.parametrize(
    "box, label, kind",
    [
        ([0, 0, 10, 9], 0, "right"),
        ([0, 0, 10, 9], 1, "classification"),
        ([0, 0, 10, 3], 0, "localization"),
        ([0, 0, 10, 3], 1, "both"),
        ([0, 0, 10, 0.5], 0, "background"),
        ([20, 20, 30, 30], 0, "background"),
        ([0, 0, 10, 5], 0, "right"),  # an overlap of exactly 0.5
        ([0, 0, 10, 1], 0, "localization"),  # and of exactly 0.1
    ],
)
def test_each_kind_by_hand(box, label, kind):
    (one,) = errors.diagnose([said([box], [label])], [truth([BIG], [0])])
    assert one.kinds.tolist() == [kind]
    assert one.objects.tolist() == [-1 if kind == "background" else 0]
    assert one.missed.tolist() == [kind in ("both", "background")]


def test_the_second_detection_of_an_object_is_a_duplicate_even_if_it_comes_first_in_the_list():
    found = said([[0, 0, 10, 9], BIG], [0, 0], [0.3, 0.8])
    (one,) = errors.diagnose([found], [truth([BIG], [0])])
    assert one.kinds.tolist() == ["duplicate", "right"]


def test_a_wrong_class_at_the_right_place_counts_before_a_duplicate():
    found = said([BIG, BIG], [0, 0])  # two flowers in one place: the second detection would be right with the other class
    (one,) = errors.diagnose([found], [truth([BIG, BIG], [0, 1])])
    assert one.kinds.tolist() == ["right", "classification"] and one.objects.tolist() == [0, 1]
    assert not one.missed.any()


def test_the_counts_add_up():
    found = [said([BIG, BIG, [20, 20, 30, 30]], [0, 0, 1]), said([], [])]
    true = [truth([BIG, FAR], [0, 0]), truth([BIG], [2])]
    counts = errors.count(errors.diagnose(found, true))
    assert counts == {
        "right": 1, "classification": 0, "localization": 0, "both": 0, "duplicate": 1, "background": 1, "missed": 2,
    }  # fmt: skip


ONE_OF_EACH = (
    [said([BIG, FAR, [0, 0, 10, 9], [20, 20, 30, 30], [70, 70, 80, 73], [90, 90, 99, 92]], [0, 1, 0, 0, 2, 0])],
    [truth([BIG, FAR, [70, 70, 80, 80], [90, 90, 99, 99], [5, 80, 9, 90]], [0, 0, 2, 1, 1])],
)


def test_one_of_each():
    (one,) = errors.diagnose(*ONE_OF_EACH)
    assert one.kinds.tolist() == ["right", "classification", "duplicate", "background", "localization", "both"]
    assert one.missed.tolist() == [False, False, False, True, True]


@pytest.mark.parametrize("kind", errors.KINDS)
def test_an_oracle_mends_its_kind_and_leaves_the_others(kind):
    before = errors.count(errors.diagnose(*ONE_OF_EACH))
    found, true = errors.mended(*ONE_OF_EACH, kind)
    after = errors.count(errors.diagnose(found, true))
    assert before[kind] > 0 and after[kind] == 0
    fixed = {kind, "right"}
    if kind == "missed":  # what was about an object that is taken away is now about nothing
        before["background"] += before["both"]
        fixed.add("both")
    assert {k: n for k, n in after.items() if k not in fixed} == {k: n for k, n in before.items() if k not in fixed}
    assert after["right"] == before["right"] + (kind in errors.MENDABLE)


def test_of_two_that_could_be_mended_to_one_object_the_surer_is():
    found = [said([[0, 0, 10, 3], [0, 0, 10, 4]], [0, 0], [0.2, 0.7])]
    (better,), _ = errors.mended(found, [truth([BIG], [0])], "localization")
    assert better.scores.tolist() == [0.7] and better.boxes.tolist() == [BIG]


def test_what_an_oracle_mends_is_a_copy():
    found, true = ONE_OF_EACH
    labels, boxes = found[0].labels.copy(), found[0].boxes.copy()
    for kind in errors.KINDS:
        errors.mended(found, true, kind)
    assert (found[0].labels == labels).all() and (found[0].boxes == boxes).all()


@st.composite
def pictures(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    found, true = [], []
    for _ in range(draw(st.integers(1, 4))):
        there, answers = rng.integers(0, 6, 2)
        corners = rng.integers(0, 20, (there, 2))
        true.append(truth(np.hstack([corners, corners + rng.integers(2, 12, (there, 2))]), rng.integers(0, 3, there)))
        corners = rng.integers(0, 20, (answers, 2))
        boxes, labels = np.hstack([corners, corners + rng.integers(2, 12, (answers, 2))]), rng.integers(0, 3, answers)
        if there:
            near = rng.integers(0, there, answers)
            close = rng.random(answers) < 0.7
            boxes = np.where(close[:, None], true[-1].boxes[near] + rng.integers(0, 3, (answers, 4)) * [0, 0, 1, 1], boxes)
        found.append(said(boxes, labels, rng.integers(0, 6, answers) / 5))
    return found, true


@settings(max_examples=150, deadline=None)
@given(pictures())
def test_every_detection_has_one_kind_no_oracle_harms_and_all_of_them_make_it_perfect(pictures):
    found, true = pictures
    diagnoses = errors.diagnose(found, true)
    for one, answer, there in zip(diagnoses, found, true, strict=True):
        assert len(one.kinds) == len(answer.scores) and len(one.missed) == len(there.labels)
        assert set(one.kinds) <= {errors.RIGHT, *errors.KINDS[:-1]}
        partners = one.objects[one.kinds == errors.RIGHT]
        assert len(set(partners)) == len(partners)
    if not any(len(there.labels) for there in true):
        return
    assert all(gain >= -1e-12 for gain in errors.worth(found, true).values())
    labels = sorted({int(label) for there in true for label in there.labels})
    for kind in ("background", "both", "duplicate", "classification", "localization", "duplicate", "missed"):
        found, true = errors.mended(found, true, kind)
    left = errors.count(errors.diagnose(found, true))
    assert sum(left.values()) == left["right"]
    perfect = mean_average_precision(found, true, labels)
    assert np.isnan(perfect) or perfect == pytest.approx(1)


@pytest.mark.parametrize(
    "call, said",
    [
        (lambda: errors.diagnose([], [], near=0.6), "0 < near < iou"),
        (lambda: errors.diagnose([], [truth([], [])]), "0 pictures and objects of 1"),
        (lambda: errors.mended([], [], "wrong"), "choose one of"),
    ],
)
def test_what_cannot_be_is_said(call, said):
    with pytest.raises(ValueError, match=said):
        call()
