"""The course's own boxes for 132 of the flower photos, each drawn in two independent rounds.

The flower photos come without boxes, so these were drawn by looking at them. `flower_boxes.json` beside this module holds
the coordinates of both rounds, keyed by the official file names, with the rules of annotation and the photos that were
skipped; no photo. How well the two rounds agree is the ceiling of what a network can be judged by on them.
"""

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from .cleaning import CLASSES, safe_name
from .flowers import Flowers

FILE = Path(__file__).with_name("flower_boxes.json")
LEFT = 0.25  # a flower of which less than this share is left after a crop is not marked: the third rule


@dataclass(frozen=True)
class FlowerBoxes:
    """The boxes of n photos.

    names: "class/file.jpg", n of them. labels: int64 (n,), index into the classes of `load_flowers`. sizes: int64 (n, 2),
    height and width in pixels. first, second: n arrays float64 (k, 4), the boxes of each round: x0, y0, x1, y1 in pixels,
    half-open. `positions`, int64 (n,), says where the photos stand among the flowers that `load_boxes` was given, so that
    `flowers.arrays(150, boxes.positions)` are their pictures; None without flowers. `notes` says what was left out.
    """

    names: tuple[str, ...]
    labels: object = field(repr=False)
    sizes: object = field(repr=False)
    first: tuple = field(repr=False)
    second: tuple = field(repr=False)
    positions: object = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def at(self, size: int, crop: bool = False) -> "FlowerBoxes":
        """The boxes in the pictures of `flowers.arrays(size, crop=crop)`, in their pixels.

        Those show the whole photo, so x and y are scaled apart. With `crop` they show the square in the middle: boxes
        are cut off at its edge, and one that keeps less than a quarter of its area is left out.
        """
        import numpy as np

        from utils.garden.arguments import whole_number

        size = whole_number("size", size, 1, 150)
        rounds = []
        for each in (self.first, self.second):
            rounds.append(tuple(_moved(boxes, *sides, size, crop) for boxes, sides in zip(each, self.sizes, strict=True)))
        sizes = np.full_like(self.sizes, size)
        return FlowerBoxes(self.names, self.labels, sizes, *rounds, self.positions, self.notes)


def load_boxes(flowers: Flowers | None = None) -> FlowerBoxes:
    """The boxes of those of `flowers` that have any, in the order of `flowers`; without flowers, all there are.

    A photo is found by its class and name, in the form that loading gives to names. One whose size is not the annotated
    one is another photo of that name, or was changed: it is left out with a note. Drawn scenes have no boxes here: theirs
    come with `garden.scenes`.
    """
    import numpy as np
    from PIL import Image

    photos = contents()["photos"]
    positions, notes = None, []
    if flowers is None:
        names = list(photos)
    else:
        known = {_key(*name.split("/")): name for name in photos}
        found = {}
        for position, path in enumerate(flowers.paths if flowers.official else ()):
            name = known.get(_key(path.parent.name, path.name))
            if name is None:
                continue
            with Image.open(path) as photo:
                size = list(photo.size)
            if size == photos[name]["size"]:
                found[name] = position
            else:
                annotated = "×".join(map(str, photos[name]["size"]))
                notes.append(f"{name}: {size[0]}×{size[1]} pixels, annotated at {annotated}; left out")
        names, positions = list(found), np.array(list(found.values()), np.int64)
    labels = np.array([CLASSES.index(name.split("/")[0]) for name in names], np.int64)
    sizes = np.array([photos[name]["size"][::-1] for name in names], np.int64).reshape(-1, 2)
    first, second = (
        tuple(np.array(photos[name][which], float).reshape(-1, 4) for name in names) for which in ("first", "second")
    )
    return FlowerBoxes(tuple(names), labels, sizes, first, second, positions, tuple(notes))


@cache
def contents() -> dict:
    """What the file holds: "about" (with the rules), "photos", and "skipped" with the reasons of both rounds."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def _key(label: str, name: str) -> tuple[str, str]:
    return label, safe_name(name)


def _moved(boxes, height, width, size, crop):
    """Boxes of a height × width photo in the picture that `Flowers.arrays` makes of it."""
    import numpy as np

    if not crop:
        return boxes * (size / np.array([width, height, width, height]))
    side = min(width, height)
    moved = (boxes - np.array([width - side, height - side] * 2) / 2) * (size / side)
    inside = moved.clip(0, size)
    before, after = (np.prod(each[:, 2:] - each[:, :2], axis=1) for each in (moved, inside))
    return inside[after >= LEFT * before]
