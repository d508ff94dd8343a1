"""Average precision: equal to pycocotools on anything, to the definitions in fractions, and to cases by hand."""

import contextlib
import io
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import garden
from utils.check import count_lines
from utils.vision import average_precision as ap
from utils.vision.detections import Detections
from utils.vision.matching import match

CLASSES = 3
NOTHING = Detections(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0))


def objects(boxes, labels=None):
    return SimpleNamespace(boxes=boxes, labels=[0] * len(boxes) if labels is None else labels)


@st.composite
def pictures(draw):
    """(found, true) of some pictures: empty ones, classes that are missing here or there, crowds of equal scores and overlaps."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    levels, most, classes = draw(st.sampled_from((1, 4, 1000))), draw(st.sampled_from((3, 12))), draw(st.integers(1, CLASSES))
    found, true = [], []
    for _ in range(draw(st.integers(1, 5))):
        there, answers = rng.integers(0, most, 2) * rng.integers(0, 2, 2)
        corners, sides = rng.integers(0, 8, (there, 2)), rng.integers(1, 9, (there, 2))
        true.append(objects(np.hstack([corners, corners + sides]), rng.integers(0, classes, there)))
        corners, sides = rng.integers(0, 8, (answers, 2)), rng.integers(1, 9, (answers, 2))
        boxes, labels = np.hstack([corners, corners + sides]), rng.integers(0, CLASSES, answers)
        if there:  # about half of them are an object, or nearly
            near = rng.integers(0, there, answers)
            moved = true[-1].boxes[near] + rng.integers(0, 2, (answers, 4)) * [0, 0, 1, 1]
            right = rng.random(answers) < 0.6
            boxes, labels = np.where(right[:, None], moved, boxes), np.where(right, true[-1].labels[near], labels)
        found.append(Detections(boxes, labels, rng.integers(0, levels, answers) / levels))
    return found, true


def pycocotools(found, true, first_id=1):
    """The official evaluation: its summary, and its AP for each limit of IoU and class (-1 without objects)."""
    coco, evaluation = pytest.importorskip("pycocotools.coco"), pytest.importorskip("pycocotools.cocoeval")
    images = [{"id": k + 1} for k in range(len(true))]
    categories = [{"id": label + 1} for label in range(CLASSES)]

    def index(pictures, first):
        rows = []
        for k, picture in enumerate(pictures):
            scores = getattr(picture, "scores", [0] * len(picture.boxes))
            for (x0, y0, x1, y1), label, score in zip(picture.boxes, picture.labels, scores, strict=True):
                x0, y0, width, height = (float(value) for value in (x0, y0, x1 - x0, y1 - y0))
                row = {"id": first + len(rows), "image_id": k + 1, "category_id": int(label) + 1, "score": float(score)}
                rows.append({**row, "bbox": [x0, y0, width, height], "area": width * height, "iscrowd": 0})
        result = coco.COCO()
        result.dataset = {"images": images, "categories": categories, "annotations": rows}
        result.createIndex()
        return result

    with contextlib.redirect_stdout(io.StringIO()):
        official = evaluation.COCOeval(index(true, first_id), index(found, 1), "bbox")
        official.evaluate()
        official.accumulate()
        official.summarize()
    return official.stats, official.eval["precision"][:, :, :, 0, 2].mean(axis=1)


def or_minus_one(value):
    return -1 if np.isnan(value) else value


@settings(max_examples=200, deadline=None)
@given(pictures())
def test_it_is_pycocotools_for_each_class_and_limit(several):
    found, true = several
    stats, official = pycocotools(found, true)
    assert or_minus_one(ap.coco_average(found, true)) == pytest.approx(stats[0], abs=1e-9)
    for iou, per_class in zip(ap.COCO_IOUS, official, strict=True):
        ours = ap.average_precisions(found, true, range(CLASSES), iou, limit=ap.COCO_LIMIT)
        assert [or_minus_one(value) for value in ours.values()] == pytest.approx(per_class, abs=1e-9)
    for iou, place in ((0.5, 1), (0.75, 2)):
        assert or_minus_one(ap.mean_average_precision(found, true, iou=iou)) == pytest.approx(stats[place], abs=1e-9)


def test_it_is_pycocotools_for_crowds_beyond_a_hundred():
    rng = np.random.default_rng(1)
    corners = rng.integers(0, 30, (300, 2))
    crowd = np.hstack([corners, corners + rng.integers(3, 6, (300, 2))])
    found = [Detections(crowd, rng.integers(0, 2, 300), rng.integers(0, 5, 300) / 5)]
    true = [objects(crowd[:120], found[0].labels[:120])]
    assert ap.coco_average(found, true) == pytest.approx(pycocotools(found, true)[0][0], abs=1e-9)
    unlimited = ap.mean_average_precision(found, true, iou=ap.COCO_IOUS)
    assert unlimited > ap.coco_average(found, true) + 1e-3


def test_an_annotation_with_the_id_0_is_found_here_and_lost_there():
    one = [Detections([[0, 0, 5, 5]], [0], [0.9])]
    assert ap.coco_average(one, [objects([[0, 0, 5, 5]])]) == 1
    assert pycocotools(one, [objects([[0, 0, 5, 5]])], first_id=1)[0][0] == pytest.approx(1)
    assert pycocotools(one, [objects([[0, 0, 5, 5]])], first_id=0)[0][0] == 0


# ---------------------------------------------------------------- the definitions


def by_definition(right, total, definition):
    """Average precision in fractions, from the definition's own words."""
    points = [(Fraction(sum(right[: k + 1]), total), Fraction(sum(right[: k + 1]), k + 1)) for k in range(len(right))]

    def best(level):
        return max((precision for recall, precision in points if recall >= level), default=Fraction(0))

    if definition == "voc2010":  # every object found is a step of the same width
        return sum(best(Fraction(k, total)) for k in range(1, total + 1)) / total
    parts = {"voc2007": 10, "coco": 100}[definition]
    return sum(best(Fraction(k, parts)) for k in range(parts + 1)) / (parts + 1)


def curve(right, total):
    right = np.array(right, bool)
    return ap.Curve(np.linspace(1, 0, len(right)), right, total)


@given(st.lists(st.booleans(), max_size=40), st.integers(0, 30))
def test_the_voc_definitions_in_fractions(right, missed):
    total = sum(right) + missed
    if not total:
        assert not right or np.isnan(ap.average_precision(curve(right, 0).recall, curve(right, 0).precision))
        return
    got = curve(right, total)
    for definition in ("voc2007", "voc2010"):
        expected = by_definition(right, total, definition)
        assert ap.average_precision(got.recall, got.precision, definition) == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize("total", [16, 32, 64])
def test_the_coco_definition_in_fractions_where_floats_are_exact(total):
    rng = np.random.default_rng(total)
    right = rng.random(total) < 0.6
    got = curve(right, total)
    expected = by_definition(right.tolist(), total, "coco")
    assert ap.average_precision(got.recall, got.precision, "coco") == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize("found, total, values", [(1, 10, (2 / 11, 0.1, 11 / 101)), (1, 100, (1 / 11, 0.01, 2 / 101))])
def test_perfect_detections_of_a_few_objects(found, total, values):
    got = curve([True] * found, total)
    for definition, value in zip(("voc2007", "voc2010", "coco"), values, strict=True):
        assert ap.average_precision(got.recall, got.precision, definition) == pytest.approx(value)


@pytest.mark.parametrize("found", range(11))
def test_a_recall_of_three_tenths_reaches_the_level_of_three_tenths(found):
    got = curve([True] * found, 10)
    assert ap.average_precision(got.recall, got.precision, "voc2007") == pytest.approx((found + 1) / 11 if found else 0)


def test_coco_keeps_the_rounding_of_the_official_evaluation():
    got = curve([True] * 35, 100)
    assert ap.average_precision(got.recall, got.precision, "coco") == pytest.approx(35 / 101)  # 36/101 by the definition


def test_duplicates_count_as_false_and_cutting_weak_detections_costs():
    box, other = [0, 0, 10, 10], [20, 20, 30, 30]
    true = [objects([box, other])]
    found = Detections(np.array([box, box, other]), np.zeros(3, int), np.array([0.9, 0.8, 0.1]))
    got = ap.precision_recall([found], true)
    assert got.right.tolist() == [True, False, True] and got.objects == 2
    assert got.recall.tolist() == [0.5, 0.5, 1] and got.precision == pytest.approx([1, 1 / 2, 2 / 3])
    whole = ap.mean_average_precision([found], true, definition="voc2010")
    cut = ap.mean_average_precision([Detections(*(c[:2] for c in found))], true, definition="voc2010")
    assert whole == pytest.approx(0.5 + 0.5 * 2 / 3) and cut == 0.5


def test_without_labels_all_boxes_are_one_class():
    found = [Detections([[0, 0, 4, 4], [5, 5, 9, 9]], [1, 2], [0.9, 0.8])]
    true = [objects([[0, 0, 4, 4], [5, 5, 9, 9]], [0, 2])]
    assert ap.precision_recall(found, true).right.tolist() == [True, True]
    assert ap.precision_recall(found, true, label=2).right.tolist() == [True]
    assert ap.precision_recall(found, true, label=0).recall.tolist() == []


def test_a_class_without_objects_has_no_ap_and_one_without_detections_has_0():
    found = [Detections([[0, 0, 4, 4]] * 2, [0, 2], [0.9, 0.8]), NOTHING]
    true = [objects([[0, 0, 4, 4]], [0]), objects([[0, 0, 4, 4]], [1])]
    values = ap.average_precisions(found, true, range(3))
    assert values[0] == 1 and values[1] == 0 and np.isnan(values[2])
    assert ap.mean_average_precision(found, true) == ap.mean_average_precision(found, true, range(3)) == 0.5
    assert np.isnan(ap.mean_average_precision([NOTHING], [objects(np.zeros((0, 4)))], [0]))
    assert np.isnan(ap.coco_average([], []))


def test_scenes_of_the_garden_are_objects():
    scenes = [garden.scene(seed, 64) for seed in range(4)]
    perfect = [Detections(one.boxes, one.labels, np.ones(len(one.labels))) for one in scenes]
    assert ap.coco_average(perfect, scenes) == 1


# ---------------------------------------------------------------- matching


def test_the_two_rules_part_where_the_best_object_is_taken():
    true = [[0, 0, 10, 10], [2, 0, 12, 10]]
    found = [[0, 0, 10, 10], [0.5, 0, 10.5, 10]]  # both lie best on the first
    assert match(found, true, 0.5, "coco").tolist() == [0, 1]
    assert match(found, true, 0.5, "voc").tolist() == [0, -1]
    assert match(found, true, [0.5, 0.8]).tolist() == [[0, 1], [0, -1]]


@pytest.mark.parametrize("first, right", [([0, 0, 10, 10], 2), ([4, 0, 14, 10], 1)])
def test_of_equal_overlaps_the_last_object_is_taken_as_pycocotools_does(first, right):
    true = [objects([[0, 0, 10, 10], [4, 0, 14, 10]])]
    found = [Detections([[2, 0, 12, 10], first], [0, 0], [0.9, 0.8])]
    assert ap.precision_recall(found, true).right.sum() == right
    assert ap.mean_average_precision(found, true) == pytest.approx(pycocotools(found, true)[0][1], abs=1e-9)


def test_a_limit_is_reached_by_equality():
    assert match([[0, 0, 5, 10]], [[0, 0, 10, 10]], 0.5).tolist() == [0]
    assert match([[0, 0, 5, 10]], [[0, 0, 10, 10]], 0.51).tolist() == [-1]
    assert match([[0.1, 0.1, 0.4, 0.7]], [[0.1, 0.1, 0.4, 0.7]], 1).tolist() == [0]


@settings(deadline=None)
@given(pictures(), st.sampled_from(("coco", "voc")))
def test_no_object_is_found_twice_and_none_without_its_overlap(several, rule):
    for found, true in zip(*several, strict=True):
        chosen = match(found.boxes, true.boxes, 0.5, rule)
        claimed = chosen[chosen >= 0]
        assert len(set(claimed)) == len(claimed)
        assert len(chosen) == len(found.boxes)


def test_large_sets_are_taken_in_pieces(monkeypatch):
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 50, (200, 2))
    found = np.hstack([corners, corners + 10])
    whole = match(found, found[:40], 0.3)
    monkeypatch.setattr("utils.vision.matching.PAIRS", 100)
    assert match(found, found[:40], 0.3).tolist() == whole.tolist() and (whole[40:] >= -1).all()


def test_ten_thousand_boxes_take_some_lines_each():
    """In a hundred pictures or in one: never one line for each pair. Seconds are the bench's."""
    rng = np.random.default_rng(0)
    found, true = [], []
    for _ in range(100):
        corners = rng.uniform(0, 100, (100, 2))
        boxes = np.hstack([corners, corners + rng.uniform(5, 60, (100, 2))])
        true.append(objects(boxes[:30], rng.integers(0, 5, 30)))
        found.append(Detections(boxes + rng.normal(0, 1, boxes.shape), rng.integers(0, 5, 100), rng.random(100)))
    assert count_lines(ap.mean_average_precision, found, true) < 25 * 10_000
    one = Detections(*(np.concatenate(column) for column in zip(*found, strict=True)))
    all_true = [objects(np.concatenate([each.boxes for each in true]))]
    assert ap.precision_recall([one], all_true).objects == 3000
    assert count_lines(ap.precision_recall, [one], all_true) < 25 * 10_000


@pytest.mark.parametrize(
    "call, said",
    [
        (lambda: ap.mean_average_precision([NOTHING], []), "1 pictures and objects of 0"),
        (lambda: ap.average_precision([0.5], [1.0], "voc"), "voc2007, voc2010, coco"),
        (lambda: ap.average_precision([0.5, 0.4], [1.0, 1.0]), "rise"),
        (lambda: ap.average_precision([0.5], [1.0, 1.0]), "same length"),
        (lambda: match([], [], 0), "more than 0"),
        (lambda: match([], [], 50), "at most 1"),
        (lambda: match([], [], 0.5, "best"), "coco, voc"),
        (lambda: ap.coco_average([Detections([[0, 0, 1, 1]], [0], [])], [objects([])]), "detections 0 has 1 boxes and scores"),
        (lambda: ap.coco_average([NOTHING], [objects([[0, 0, 1, np.inf]])]), "objects 0"),
    ],
)
def test_bad_input_is_named(call, said):
    with pytest.raises(ValueError, match=said):
        call()
