"""Annotations in the three formats that the field writes, to and from corner boxes, without loss.

    VOC XML     <xmin> … <ymax>, counted from 1, the last pixel included: xmin = x0 + 1, xmax = x1
    COCO JSON   bbox = [x0, y0, width, height] in pixels; ids count from 1, since an id of 0 is lost by some evaluators
    YOLO text   one line a box: class x y width height, the centre form as fractions of the picture

A picture's annotation is a `Picture`. `to_…` gives text, `from_…` reads it, and what was written comes back equal. VOC
holds whole pixels only and refuses others. COCO and YOLO hold sums and fractions of the corners, which floating point
rounds: on reading, a corner within a millionth of a pixel of a 64th is taken for it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np

from . import boxes as geometry


@dataclass(frozen=True)
class Picture:
    """Who is where in one picture: `name` of the file, its `width` and `height` in pixels, `boxes` in corner form,
    half-open, (n, 4), inside the frame and with an area; `labels`, n names of classes.

    Raises ValueError for boxes that are none, stick out, or are not as many as the labels.
    """

    name: str
    width: int
    height: int
    boxes: np.ndarray
    labels: tuple[str, ...]

    def __post_init__(self):
        boxes = geometry.as_boxes(self.boxes)
        object.__setattr__(self, "boxes", boxes)
        object.__setattr__(self, "labels", tuple(self.labels))
        if boxes.ndim != 2 or len(boxes) != len(self.labels):
            raise ValueError(f"{self.name}: {boxes.shape} boxes and {len(self.labels)} labels; give one label to each box.")
        if (geometry.clip(boxes, self.height, self.width) != boxes).any():
            raise ValueError(f"{self.name}: a box sticks out of {self.width}×{self.height}; cut it off with `boxes.clip`.")
        if (geometry.area(boxes) == 0).any():
            raise ValueError(f"{self.name}: a box has no area. Is it in corner form, x0 < x1 and y0 < y1?")

    def __eq__(self, other):
        return isinstance(other, Picture) and self._key() == other._key()

    __hash__ = None

    def _key(self):
        return self.name, self.width, self.height, self.labels, self.boxes.tolist()


# ── Pascal VOC ───────────────────────────────────────────────────────────────────────────────────────────────────────


def to_voc(picture: Picture) -> str:
    """The XML of one picture. Raises ValueError for a box that is not in whole pixels, which VOC cannot hold."""
    whole = picture.boxes.astype(int)
    if (whole != picture.boxes).any():
        raise ValueError(f"{picture.name}: VOC counts whole pixels; round the boxes first, or write COCO or YOLO.")
    root = ElementTree.Element("annotation")
    ElementTree.SubElement(root, "filename").text = picture.name
    _numbers(ElementTree.SubElement(root, "size"), width=picture.width, height=picture.height, depth=3)
    for label, (x0, y0, x1, y1) in zip(picture.labels, whole, strict=True):
        thing = ElementTree.SubElement(root, "object")
        ElementTree.SubElement(thing, "name").text = label
        _numbers(ElementTree.SubElement(thing, "bndbox"), xmin=x0 + 1, ymin=y0 + 1, xmax=x1, ymax=y1)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def from_voc(text: str) -> Picture:
    """The picture that VOC XML describes. Raises ValueError, naming what is missing, for anything else."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"this is not XML ({error}).") from None
    corners, labels = [], []
    for thing in root.iter("object"):
        x0, y0, x1, y1 = (_value(thing, f"bndbox/{name}") for name in ("xmin", "ymin", "xmax", "ymax"))
        corners.append((x0 - 1, y0 - 1, x1, y1))
        labels.append(_text(thing, "name"))
    width, height = (int(_value(root, f"size/{side}")) for side in ("width", "height"))
    return Picture(_text(root, "filename"), width, height, corners, labels)


def _numbers(parent, **values):
    for name, value in values.items():
        ElementTree.SubElement(parent, name).text = str(value)


def _text(element, path: str) -> str:
    found = element.findtext(path)
    if found is None:
        raise ValueError(f"the XML has no <{path}> in <{element.tag}>: VOC's annotations do.")
    return found


def _value(element, path: str) -> float:
    found = _text(element, path)
    try:
        return float(found)
    except ValueError:
        raise ValueError(f"<{path}> in <{element.tag}> is {found!r}: give a number of pixels.") from None


# ── COCO ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def to_coco(pictures: Sequence[Picture], classes: Sequence[str]) -> str:
    """The JSON of a data set. `classes` gives the categories, whose ids count from 1 in that order."""
    numbers = {name: number for number, name in enumerate(classes, 1)}
    annotations = []
    for number, picture in enumerate(pictures, 1):
        for label, box in zip(picture.labels, picture.boxes.tolist(), strict=True):
            bbox = [box[0], box[1], box[2] - box[0], box[3] - box[1]]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": _number(label, numbers),
                    "bbox": bbox,
                    "area": bbox[2] * bbox[3],
                    "iscrowd": 0,
                }
            )
    images = [
        {"id": number, "file_name": picture.name, "width": picture.width, "height": picture.height}
        for number, picture in enumerate(pictures, 1)
    ]
    categories = [{"id": number, "name": name} for name, number in numbers.items()]
    return json.dumps({"images": images, "annotations": annotations, "categories": categories})


def from_coco(text: str) -> list[Picture]:
    """The pictures of a COCO data set, in the order of its images. Raises ValueError for what is no such data set."""
    try:
        content = json.loads(text)
        if not isinstance(content, dict):
            raise ValueError("this is no data set in COCO's format: it has no images, annotations and categories.")
        names = {category["id"]: category["name"] for category in content["categories"]}
        found = {image["id"]: ([], []) for image in content["images"]}
        for annotation in content["annotations"]:
            corners, labels = found[annotation["image_id"]]
            x, y, width, height = _bbox(annotation)
            corners.append(_snapped((x, y, x + width, y + height)))
            labels.append(names[annotation["category_id"]])
        images = content["images"]
        return [Picture(i["file_name"], i["width"], i["height"], *found[i["id"]]) for i in images]
    except json.JSONDecodeError as error:
        raise ValueError(f"this is not JSON ({error}).") from None
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no data set in COCO's format: {error} is missing or refers to nothing.") from None


def _bbox(annotation: dict) -> list[float]:
    bbox = annotation["bbox"]
    if len(bbox) != 4:
        raise ValueError(f"annotation {annotation.get('id')}: its bbox has {len(bbox)} numbers, not 4 (x, y, width, height).")
    return bbox


# ── YOLO ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def to_yolo(picture: Picture, classes: Sequence[str]) -> str:
    """One line a box; a class is its place in `classes`, from 0 on. The picture's name and size are not written."""
    numbers = {name: number for number, name in enumerate(classes)}
    sides = np.array([picture.width, picture.height] * 2)
    lines = [
        f"{_number(label, numbers)} " + " ".join(map(repr, box))
        for label, box in zip(picture.labels, (geometry.to_centre(picture.boxes) / sides).tolist(), strict=True)
    ]
    return "".join(f"{line}\n" for line in lines)


def from_yolo(text: str, name: str, width: int, height: int, classes: Sequence[str]) -> Picture:
    """The picture whose boxes a YOLO file holds; its name, size and classes must be said, since the file does not.

    Raises ValueError with the number of a line that is no box.
    """
    corners, labels = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            label, *values = line.split()
            labels.append(dict(enumerate(classes))[int(label)])
            x, y, w, h = map(float, values)
        except (ValueError, KeyError):
            raise ValueError(
                f"line {number}, {line!r}, is not a class below {len(classes)} and four fractions, such as 0 0.5 0.5 0.2 0.1."
            ) from None
        corners.append(_snapped(geometry.to_corner([x * width, y * height, w * width, h * height])))
    return Picture(name, width, height, corners, labels)


def _snapped(corners):
    """Corners without what floating point added to them: 0.1 × 300 is 30."""
    corners = np.asarray(corners, float)
    near = np.round(corners * 64) / 64
    return np.where(np.abs(corners - near) < 1e-6, near, corners)


def _number(label: str, numbers: dict[str, int]) -> int:
    if label not in numbers:
        raise ValueError(f"{label!r} is not among the classes {', '.join(numbers)}: add it to `classes`.")
    return numbers[label]
