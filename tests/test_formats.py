"""VOC, COCO and YOLO: written and read back without loss, by the conventions that other programs expect."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.vision import formats
from utils.vision.formats import Picture

CLASSES = ("daisy", "dandelion", "roses")


@st.composite
def pictures(draw, unit=1):
    """A picture whose corners are multiples of `unit` pixels."""
    width, height = draw(st.integers(2, 2000)), draw(st.integers(2, 2000))
    labels = draw(st.lists(st.sampled_from(CLASSES), max_size=5))
    corners = []
    for _ in labels:
        x = sorted(draw(st.lists(st.integers(0, int(width / unit)), min_size=2, max_size=2, unique=True)))
        y = sorted(draw(st.lists(st.integers(0, int(height / unit)), min_size=2, max_size=2, unique=True)))
        corners.append([x[0] * unit, y[0] * unit, x[1] * unit, y[1] * unit])
    return Picture(draw(st.text("ab ü&<>\"'", min_size=1, max_size=8)).strip() or "a", width, height, corners, labels)


ONE = Picture("a.jpg", 100, 50, [[10, 20, 40, 50], [0, 0, 1, 1]], ["roses", "daisy"])


@given(pictures())
def test_voc_comes_back(picture):
    assert formats.from_voc(formats.to_voc(picture)) == picture


@given(st.lists(pictures(1 / 64), max_size=4))
def test_coco_comes_back(several):
    assert formats.from_coco(formats.to_coco(several, CLASSES)) == several


@given(pictures(1 / 64))
def test_yolo_comes_back(picture):
    text = formats.to_yolo(picture, CLASSES)
    assert formats.from_yolo(text, picture.name, picture.width, picture.height, CLASSES) == picture


@given(pictures())
def test_one_format_after_the_other_loses_nothing(picture):
    (coco,) = formats.from_coco(formats.to_coco([formats.from_voc(formats.to_voc(picture))], CLASSES))
    assert formats.from_yolo(formats.to_yolo(coco, CLASSES), coco.name, coco.width, coco.height, CLASSES) == picture


def test_corners_between_the_64ths_come_back_within_a_millionth_of_a_pixel():
    picture = Picture("a", 500, 333, [[1 / 3, 2 / 7, 499.9, 300 + 1 / 9]], ["daisy"])
    (coco,) = formats.from_coco(formats.to_coco([picture], CLASSES))
    yolo = formats.from_yolo(formats.to_yolo(picture, CLASSES), "a", 500, 333, CLASSES)
    for read in (coco, yolo):
        np.testing.assert_allclose(read.boxes, picture.boxes, atol=1e-6)


def test_voc_counts_from_one_and_includes_the_last_pixel():
    text = formats.to_voc(ONE)
    assert "<xmin>11</xmin>" in text and "<ymin>21</ymin>" in text and "<xmax>40</xmax>" in text and "<ymax>50</ymax>" in text
    assert "<xmin>1</xmin>" in text and "<xmax>1</xmax>" in text  # one pixel: first and last are the same
    with pytest.raises(ValueError, match="whole pixels"):
        formats.to_voc(Picture("a", 9, 9, [[0, 0, 1.5, 2]], ["daisy"]))


def test_coco_holds_the_size_and_its_ids_count_from_one():
    content = json.loads(formats.to_coco([ONE, ONE], CLASSES))
    assert content["annotations"][0]["bbox"] == [10, 20, 30, 30]
    assert content["annotations"][0]["area"] == 900
    assert [each["id"] for each in content["annotations"]] == [1, 2, 3, 4]
    assert [each["id"] for each in content["images"]] == [1, 2]
    assert [each["image_id"] for each in content["annotations"]] == [1, 1, 2, 2]
    assert [each["category_id"] for each in content["annotations"]] == [3, 1, 3, 1]
    assert content["categories"][0] == {"id": 1, "name": "daisy"}


def test_yolo_holds_the_centre_in_fractions_of_the_picture():
    assert formats.to_yolo(ONE, CLASSES).splitlines() == ["2 0.25 0.7 0.3 0.6", "0 0.005 0.01 0.01 0.02"]
    assert formats.from_yolo("\n", "a", 9, 9, CLASSES).boxes.shape == (0, 4)


def test_pycocotools_reads_what_is_written(tmp_path, capsys):
    coco = pytest.importorskip("pycocotools.coco")
    path = tmp_path / "boxes.json"
    path.write_text(formats.to_coco([ONE], CLASSES))
    read = coco.COCO(str(path))
    assert [each["bbox"] for each in read.loadAnns(read.getAnnIds(catIds=[3]))] == [[10, 20, 30, 30]]


@pytest.mark.parametrize(
    "boxes, labels, message",
    [
        ([[0, 0, 5, 5]], [], "one label to each box"),
        ([[0, 0, 11, 5]], ["daisy"], "sticks out of 10×10"),
        ([[-1, 0, 5, 5]], ["daisy"], "boxes.clip"),
        ([[5, 5, 3, 8]], ["daisy"], "corner form"),
        ([[0, 0, np.nan, 5]], ["daisy"], "NaN"),
    ],
)
def test_a_picture_refuses_boxes_that_are_none(boxes, labels, message):
    with pytest.raises(ValueError, match=message):
        Picture("a", 10, 10, boxes, labels)


@pytest.mark.parametrize("text", ["", "{}", "[1, 2]", '{"images": [], "annotations": [{"image_id": 3}], "categories": []}'])
def test_what_is_no_coco_is_refused(text):
    with pytest.raises(ValueError, match="this is no"):
        formats.from_coco(text)


def test_what_is_no_coco_is_refused_by_its_part():
    with pytest.raises(ValueError, match="no images, annotations and categories"):
        formats.from_coco("[]")
    content = json.loads(formats.to_coco([ONE], CLASSES))
    content["annotations"][1]["bbox"] = [1, 2, 3]
    with pytest.raises(ValueError, match="annotation 2: its bbox has 3 numbers, not 4"):
        formats.from_coco(json.dumps(content))


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "not XML"),
        ("<annotation/>", "size/width"),
        ("<a><object/></a>", "xmin"),
        ("<a><size><width>wide</width></size></a>", "<size/width> in <a> is 'wide'"),
    ],
)
def test_what_is_no_voc_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        formats.from_voc(text)


@pytest.mark.parametrize("line", ["0 0.5 0.5 0.2", "3 .5 .5 .1 .1", "-1 .5 .5 .1 .1", "daisy .5 .5 .1 .1", "0 .5 .5 .1 .1 .9"])
def test_what_is_no_yolo_is_refused_by_line(line):
    with pytest.raises(ValueError, match="^line 2, "):
        formats.from_yolo(f"0 .5 .5 .1 .1\n{line}", "a", 100, 100, CLASSES)


def test_a_class_that_nobody_listed_is_named():
    for write in (lambda: formats.to_yolo(ONE, ["daisy"]), lambda: formats.to_coco([ONE], ["daisy"])):
        with pytest.raises(ValueError, match="'roses' is not among"):
            write()
