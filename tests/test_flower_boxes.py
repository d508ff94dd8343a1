"""The boxes of the real photos: the file keeps its own rules, the loader finds the photos, the rounds agree as reported."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils import data, garden
from utils.data import boxes as store
from utils.data.cleaning import CLASSES
from utils.vision import boxes as geometry
from utils.vision.agreement import agreement, pairs

ALL = data.load_boxes()


def test_every_class_has_at_least_24_photos_drawn_in_both_rounds():
    assert len(ALL) == 132 and min(Counter(ALL.labels.tolist()).values()) >= 24
    assert all(len(boxes) for each in (ALL.first, ALL.second) for boxes in each)
    assert [CLASSES[label] for label in ALL.labels] == [name.split("/")[0] for name in ALL.names]


def test_the_boxes_keep_the_rules_that_can_be_tested():
    for name, (height, width), *rounds in zip(ALL.names, ALL.sizes, ALL.first, ALL.second, strict=True):
        for boxes in rounds:
            assert len(boxes) <= 10, name
            assert (boxes == boxes.round()).all() and (geometry.clip(boxes, height, width) == boxes).all(), name
            assert (boxes[:, 2:] > boxes[:, :2]).all(), name
            longer = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
            assert (longer >= max(height, width) / 15 - 2).all(), name
            assert len({tuple(box) for box in boxes}) == len(boxes), f"{name}: a box twice"


def test_the_file_says_how_it_was_made_and_what_was_skipped():
    content = store.contents()
    assert len(content["about"]["rules"]) == 7 and "same kind of annotator" in content["about"]["rounds"]
    assert len(content["skipped"]) == 58 and not set(content["skipped"]) & set(content["photos"])
    assert all(any(reasons) and len(reasons) == 2 for reasons in content["skipped"].values())


def test_the_rounds_are_not_copies_and_agree_about_as_well_as_hands_do():
    found = agreement(ALL.first, ALL.second)
    assert len(found.ious) == 354 and (found.only_first, found.only_second) == (15, 12)
    assert found.mean == pytest.approx(0.939, abs=0.001) and found.found == pytest.approx(0.963, abs=0.001)
    assert 0.02 < (found.ious == 1).mean() < 0.5


def a_tree(folder, sizes):
    """Photos, one a name, of the given (width, height), and one of each class that nobody annotated."""
    for name, size in {**sizes, **{f"{label}/other.jpg": (60, 40) for label in CLASSES}}.items():
        path = folder / "flower_photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (90, 120, 60)).save(path, "JPEG")
    return folder / "flower_photos"


def annotated_size(name):
    height, width = ALL.sizes[ALL.names.index(name)].tolist()
    return width, height


def load(tree, settings):
    from dataclasses import replace

    return data.load_flowers(quiet=True, settings=replace(settings, course_data=str(tree.parent)))


def test_photos_are_found_by_the_names_that_loading_gives_them(tmp_path, settings):
    rose, daisy = ALL.names[60], ALL.names[0]
    assert rose.startswith("roses") or rose.startswith("dandelion")
    upper = rose.replace(".jpg", ".JPEG")  # loading writes .jpg
    sizes = {upper: annotated_size(rose), daisy: annotated_size(daisy)}
    flowers = load(a_tree(tmp_path, sizes), settings)
    found = data.load_boxes(flowers)
    assert found.names == (daisy, rose) and found.notes == ()
    assert [flowers.paths[k].stem for k in found.positions] == [Path(daisy).stem, Path(rose).stem]
    assert (flowers.labels[found.positions] == found.labels).all()
    assert (found.first[1] == ALL.first[60]).all() and (found.second[0] == ALL.second[0]).all()


def test_a_photo_of_another_size_is_left_out_with_a_note(tmp_path, settings):
    daisy = ALL.names[0]
    found = data.load_boxes(load(a_tree(tmp_path, {daisy: (33, 44)}), settings))
    assert len(found) == 0 and found.positions.shape == (0,) and found.sizes.shape == (0, 2)
    assert found.notes[0].startswith(f"{daisy}: 33×44 pixels") and "left out" in found.notes[0]
    assert len(found.at(50)) == 0


def test_drawn_scenes_have_no_boxes_here(tmp_path, settings):
    drawn = data.Flowers(tmp_path, (tmp_path / ALL.names[0],), np.zeros(1, np.int64), CLASSES, "stand-in", False)
    assert len(data.load_boxes(drawn)) == 0


@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize("size", [(96, 64), (60, 81), (50, 50)])
def test_a_box_follows_its_flower_through_resizing_and_cropping(tmp_path, size, crop):
    """A white rectangle is drawn into a photo; where it ends up, the box must be."""
    width, height = size
    box = np.array([[width // 3, height // 4, width // 3 + 18, height // 4 + 26]], float)
    canvas = np.zeros((height, width, 3), np.uint8)
    x0, y0, x1, y1 = box[0].astype(int)
    canvas[y0:y1, x0:x1] = 255
    path = tmp_path / "a.jpg"
    Image.fromarray(canvas).save(path, "JPEG", quality=100, subsampling=0)
    flowers = data.Flowers(tmp_path, (path,), np.zeros(1, np.int64), CLASSES, "course_data", True)
    annotated = data.FlowerBoxes(("daisy/a.jpg",), np.zeros(1, np.int64), np.array([[height, width]]), (box,), (box,))
    images, _ = flowers.arrays(240, crop=crop)
    seen = geometry.around(images[0, ..., 0] > 127)
    moved = annotated.at(240, crop=crop)
    assert moved.sizes.tolist() == [[240, 240]]
    np.testing.assert_allclose(moved.first[0][0], seen, atol=1.5)
    assert (moved.first[0] == moved.second[0]).all()


def test_a_crop_leaves_out_what_it_nearly_cuts_away():
    boxes = np.array([[0.0, 10, 32, 30], [0, 10, 40, 30], [16, 0, 80, 64]])  # the square is 16 … 80
    annotated = data.FlowerBoxes(("daisy/a.jpg",), np.zeros(1, np.int64), np.array([[64, 96]]), (boxes,), (boxes[:1] * 0.5,))
    kept = annotated.at(64, crop=True)
    assert kept.first[0].tolist() == [[0, 10, 16, 30], [0, 10, 24, 30], [0, 0, 64, 64]]
    assert kept.second[0].shape == (0, 4)
    with pytest.raises(ValueError, match="size must be"):
        annotated.at(0)


class TestPairs:
    def test_each_box_is_used_once_and_the_best_sum_wins(self):
        first = [[0, 0, 10, 10], [0, 0, 10, 8]]
        second = [[0, 0, 10, 8], [0, 0, 10, 10]]
        assert sorted(pairs(first, second)) == [(0, 1), (1, 0)]
        assert pairs(first, second[:1]) == [(1, 0)]

    def test_a_pair_needs_the_least_iou(self):
        assert pairs([[0, 0, 10, 10]], [[0, 0, 10, 5]], least=0.5) == [(0, 0)]
        assert pairs([[0, 0, 10, 10]], [[0, 0, 10, 5]], least=0.51) == []
        assert pairs([[0, 0, 1, 1]], [[5, 5, 6, 6]], least=1e-9) == pairs([], [[0, 0, 1, 1]]) == []
        with pytest.raises(ValueError, match="above 0"):
            pairs([], [], least=0)

    def test_agreement_counts_what_only_one_side_drew(self):
        found = agreement([[[0, 0, 10, 10]], [], [[0, 0, 4, 4]]], [[[0, 0, 10, 8]], [[1, 1, 2, 2]], []])
        assert found.ious.tolist() == [0.8] and (found.only_first, found.only_second) == (1, 1)
        assert found.mean == 0.8 and found.found == 0.5
        with pytest.raises(ValueError):
            agreement([[]], [])
        assert np.isnan(agreement([], []).mean) and np.isnan(agreement([], []).found)


@pytest.mark.skipif(
    not (Path(os.environ.get("COURSE_DATA", "")) / "flower_photos.tgz").is_file() or not os.environ.get("COURSE_DATA"),
    reason="COURSE_DATA names no folder with flower_photos.tgz",
)
def test_all_photos_are_there_in_the_size_that_was_annotated():
    flowers = data.load_flowers(quiet=True)
    found = data.load_boxes(flowers)
    assert len(found) == 132 and found.notes == ()
    images, labels = flowers.arrays(64, found.positions[:6])
    assert images.shape == (6, 64, 64, 3) and (labels == found.labels[:6]).all()


def test_the_garden_and_the_photos_have_the_same_classes():
    assert garden.CLASSES == CLASSES
