"""The flower photos: real ones when they can be had, else scenes drawn by `utils.garden`.

An archive is unpacked once, into a folder tree of clean RGB JPEGs in the cache, as `cleaning` says: what is damaged is left
out and what is odd is converted, each with a note, so that a notebook meets no surprise in the middle of a training run.
"""

import contextlib
import hashlib
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import errors, fetch, sources
from .cleaning import CLASSES, import_photos, list_files
from .console import say
from .locks import locked
from .settings import Settings

OFFICIAL_COUNT = 3670
STAND_IN_PER_CLASS = 120
STAND_IN_SIZE = 160  # pixels
SMALLEST_DRAWN, MAX_SIDE = 32, 4096  # pixels
RECIPE = 2  # raise it when cleaning changes, and every tree is made again


@dataclass(frozen=True)
class Flowers:
    """Photos of flowers in a folder tree `folder/<class>/*.jpg`.

    paths: one per photo, sorted by class and file name. labels: int64 (n,), index into `classes`. `official` is True
    for real photographs and False for drawn scenes; `full` when all 3,670 are there. `notes` says what was left out or
    converted.
    """

    folder: Path
    paths: tuple
    labels: object = field(repr=False)
    classes: tuple
    source: str
    official: bool
    notes: tuple = ()
    size: int | None = None

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def full(self) -> bool:
        return self.official and len(self) == OFFICIAL_COUNT

    def arrays(self, size: int | None = None, indices=None, crop: bool = False):
        """(images uint8 (n, size, size, 3), labels int64 (n,)), for all photos or those at `indices`.

        Every photo is resized as a whole: nothing is cut away, so its proportions change by as much as it was not
        square (a third, for most). With `crop` the square in its middle is taken instead, and proportions stay.
        Bilinear with antialiasing, which is Pillow's. `indices` is a sequence of whole numbers, or of one bool a photo.
        Raises ValueError for a size that is no whole number of pixels and for indices that name no photo.
        """
        import numpy as np

        from utils.garden.arguments import whole_number

        size = whole_number(
            "size", 150 if size is None and self.size is None else self.size if size is None else size, 1, 150, MAX_SIDE
        )
        chosen = np.arange(len(self)) if indices is None else _positions(indices, len(self))
        images = np.empty((len(chosen), size, size, 3), np.uint8)

        def read(position: int) -> None:
            images[position] = _read(self.paths[chosen[position]], size, crop)

        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # Pillow decodes outside Python's global lock
            list(pool.map(read, range(len(chosen))))
        return images, self.labels[chosen]


def load_flowers(
    size: int | None = None,
    per_class: int | None = None,
    quiet: bool = False,
    settings: Settings | None = None,
    stand_in: bool = True,
) -> Flowers:
    """The flower photos, with one line that says which ones and why.

    `size` is the default side of `.arrays()` and of drawn scenes, in pixels; `per_class` keeps a fixed choice of that
    many photos of each class. `source` is "course_data", "cache", "official" or "stand-in"; without `stand_in` no scenes are
    drawn where the photos cannot be had: there are none then, and `source` is "none".
    Raises ValueError for a size or a number that cannot be.
    Source: The TensorFlow Team, Flowers (2019); the photos are by their photographers, under Creative Commons.
    """
    import numpy as np

    from utils.garden.arguments import whole_number

    size = None if size is None else whole_number("size", size, 1, 150, MAX_SIDE)
    per_class = None if per_class is None else whole_number("per_class", per_class, 1, 100)
    settings = settings or Settings.from_environment()
    reasons: list[str] = []
    tree, source = _real_tree(settings, reasons)
    if tree is None and not stand_in:
        if not quiet:
            say(fetch.with_reasons("Flowers: no real photos.", reasons))
        return Flowers(Path(), (), np.zeros(0, np.int64), CLASSES, "none", official=False, size=size)
    if tree is None:
        tree, source = (
            _drawn_tree(settings, max(size or STAND_IN_SIZE, SMALLEST_DRAWN), per_class or STAND_IN_PER_CLASS),
            "stand-in",
        )
    flowers = _open_tree(tree, source, size, per_class)
    if not quiet:
        what = "real photos" if flowers.official else "scenes drawn by utils.garden"
        where = "" if source == "stand-in" else f", {fetch.SOURCE_NAMES[source]}"
        say(fetch.with_reasons(f"Flowers: {len(flowers):,} {what} in {len(flowers.classes)} classes{where}.", reasons))
        if flowers.notes:
            say("  " + summary(flowers.notes))
    return flowers


def summary(notes) -> str:
    """The notes of a tree in one line: how many files, and why; the first file of each kind by name."""
    kinds: dict[str, list[str]] = {}
    for note in notes:
        name, reason = note.rsplit(": ", 1)
        kinds.setdefault(reason, []).append(name)
    return "; ".join(
        f"{names[0]}: {reason}" if len(names) == 1 else f"{names[0]} and {len(names) - 1} more: {reason}"
        for reason, names in kinds.items()
    )


# ── Finding or making a tree ─────────────────────────────────────────────────────────────────────────────────────────


def _real_tree(settings, reasons) -> tuple[Path | None, str]:
    item = sources.FLOWERS
    found = fetch.from_course_data(item, settings, check_archive, reasons)
    if found:
        try:
            return _unpacked(found.path, _stamp(found.path), settings), found.source
        except ValueError as error:
            reasons.append(f"{found.path.name} in COURSE_DATA cannot be used ({error})")
    official = item.known_hash[7:23]
    for tree in (place / _tree_name(official) for place in settings.places):
        if _is_tree(tree):  # unpacked before: no need to hash 229 MB again
            return tree, "cache"
    found = fetch.from_cache(item, settings, reasons) or fetch.from_official(item, settings, reasons)
    return (_unpacked(found.path, official, settings), found.source) if found else (None, "")


def check_archive(path: Path) -> None:
    """Raise ValueError when a file is not even a tar archive. Unpacking judges the rest."""
    import tarfile

    try:
        archive = not path.is_file() or tarfile.is_tarfile(path)
    except OSError:
        raise
    except Exception:  # of the libraries that take compression off
        archive = False
    if not archive:
        raise ValueError("it is not a tar archive")


def _stamp(path: Path) -> str:
    """A name for the state of a file or folder, so that a changed one is unpacked again."""
    state = hashlib.sha256(os.fsencode(path.resolve()))
    for file in list_files(path) if path.is_dir() else [path]:
        state.update(os.fsencode(file))
        with contextlib.suppress(OSError):  # a link that leads nowhere
            state.update(f"{file.stat().st_size} {file.stat().st_mtime_ns}".encode())
    return state.hexdigest()[:16]


def _tree_name(stamp: str) -> str:
    return f"flowers-{stamp}-{RECIPE}"


def _is_tree(folder: Path) -> bool:
    """True for a finished tree: its list is written last, and all that it lists is there."""
    try:
        listed = json.loads((folder / "tree.json").read_text(encoding="utf-8"))["paths"]
    except (OSError, ValueError, KeyError):
        return False
    return all((folder / name).is_file() for name in listed)


def _make_tree(name: str, settings, fill) -> Path:
    """A folder `name` in the workspace, filled by `fill(folder) -> notes`, and put into place when it is complete."""
    for place in settings.places:
        if _is_tree(place / name):
            return place / name
    target = settings.workspace() / name
    with locked(target, settings):
        if _is_tree(target):
            return target
        unfinished = target.parent / ".incoming" / name
        try:
            for old in (unfinished, target):
                shutil.rmtree(old, ignore_errors=True)
            unfinished.mkdir(parents=True)
            notes = fill(unfinished)
            paths = sorted(p.relative_to(unfinished).as_posix() for p in unfinished.glob("*/*.jpg"))
            content = {"paths": paths, "notes": notes}
            (unfinished / "tree.json").write_text(json.dumps(content), encoding="utf-8")
            os.replace(unfinished, target)
        except OSError as error:
            raise errors.disk_trouble(error, target.parent) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return target


def _unpacked(source: Path, stamp: str, settings) -> Path:
    return _make_tree(_tree_name(stamp), settings, lambda folder: import_photos(source, folder))


def _drawn_tree(settings, size: int, per_class: int) -> Path:
    from utils import garden

    code = sorted(Path(garden.__file__).parent.glob("*.py"))
    version = hashlib.sha256(b"".join(file.read_bytes() for file in code)).hexdigest()[:8]  # drawn anew when it changes

    def draw(folder: Path) -> list[str]:
        garden.write_tree(folder, per_class=per_class, size=size, seed=0)
        return []

    return _make_tree(f"garden-{per_class}x{size}-{version}", settings, draw)


def _open_tree(tree: Path, source: str, size: int | None, per_class: int | None) -> Flowers:
    import numpy as np

    content = json.loads((tree / "tree.json").read_text(encoding="utf-8"))
    names = content["paths"]
    labels = np.array([CLASSES.index(name.split("/")[0]) for name in names], np.int64)
    if per_class:
        random = np.random.RandomState(0)
        members = [random.permutation(np.flatnonzero(labels == label))[:per_class] for label in range(len(CLASSES))]
        chosen = np.sort(np.concatenate(members))
        names, labels = [names[i] for i in chosen], labels[chosen]
    paths = tuple(tree / name for name in names)
    return Flowers(tree, paths, labels, CLASSES, source, source != "stand-in", tuple(content["notes"]), size)


def _positions(indices, count: int):
    """The photos that `indices` names, as an integer array of shape (n,)."""
    import numpy as np

    chosen = np.asarray(indices)
    if chosen.size == 0 and chosen.ndim == 1:
        return chosen.astype(np.int64)
    if chosen.dtype == bool and chosen.shape == (count,):
        return np.flatnonzero(chosen)
    if chosen.ndim != 1 or chosen.dtype.kind not in "iu":
        kind = f"an array of {chosen.dtype} of shape {chosen.shape}"
        raise ValueError(f"indices is {kind}: give a list of whole numbers, such as one part of `data.split`.")
    if chosen.min() < -count or chosen.max() >= count:
        raise ValueError(
            f"indices run from {chosen.min()} to {chosen.max()}, and there are {count} photos: give indices below {count}."
        )
    return chosen


def _read(path: Path, size: int, crop: bool):
    import numpy as np
    from PIL import Image, ImageOps

    with Image.open(path) as image:
        resized = ImageOps.fit if crop else Image.Image.resize
        return np.asarray(resized(image.convert("RGB"), (size, size), Image.Resampling.BILINEAR))
