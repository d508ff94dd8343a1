"""Turns photos as people keep them into a tree of clean ones: upright RGB JPEGs, each under a name of its own.

No single file may end a load, whatever it does to the decoder: it is left out with a note, and the others load. Every
file that is found is either in the tree or in the notes; only what systems leave in folders on their own is passed over.
"""

import io
import os
import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from . import archives

CLASSES = ("daisy", "dandelion", "roses", "sunflowers", "tulips")
QUALITY = 95  # of a JPEG that has to be written anew
MAX_BYTES = 200_000_000  # of one photo
MAX_PIXELS = 120_000_000

LICENCE = "LICENSE.txt"
DAMAGED, FOREIGN = "damaged, left out", "not a photo, ignored"
SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".avif", ".heic", ".heif")
FORMATS = ("JPEG", "MPO", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF")  # not those for which Pillow starts a program

# What makes a photo upright, by the number in its EXIF tag for orientation.
ORIENTATION = 0x0112
TURNS = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE",
    6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90",
}  # fmt: skip

# What Windows, macOS and network disks leave in folders, beside names that begin with a dot.
SYSTEM_FILES = ("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r")
SYSTEM_FOLDERS = ("__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found")
RESERVED = ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)))  # by Windows


@dataclass(frozen=True)
class File:
    """A file that may be a photo: the parts of its path below the source, and how to read it.

    `read` raises OSError or ValueError with the reason when the content is not to be had.
    """

    parts: tuple[str, ...]
    read: Callable[[], bytes]

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def label(self) -> str:
        """The class it belongs to: the nearest folder around it that is named after one, or an empty string."""
        return next((label for part in self.parts[-2::-1] if (label := _folded(part)) in CLASSES), "")

    @property
    def of_the_system(self) -> bool:
        """True for what no person put there."""
        folders = map(_folded, self.parts[:-1])
        return self.name.lower() in SYSTEM_FILES or any(f in SYSTEM_FOLDERS or f.startswith(".") for f in folders)


class Verdict(NamedTuple):
    """What became of a file: the clean photo, or None; and what was done, or an empty string."""

    photo: bytes | None
    note: str


def import_photos(source: Path, folder: Path) -> list[str]:
    """Fill `folder` with clean photos from an archive or a folder tree; return notes, one a file that is not taken over
    as it is, "class/name: what was done". Two photos never share a name, not even where case does not count.

    Raises ValueError when a class has no usable photo or the archive is damaged, OSError when `folder` cannot be written.
    """
    for name in CLASSES:
        (folder / name).mkdir(exist_ok=True)
    files = _in_folder(source) if source.is_dir() else _in_archive(source)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of what is odd; here the notes do
        notes, found, left_out = _write(folder, _judged(files, pool))
    kept = Counter(path.parent.name for path in folder.glob("*/*.jpg"))
    assert kept.total() + left_out == found, f"{found} files, {kept.total()} loaded and {left_out} noted: one is lost"
    empty = [name for name in CLASSES if not kept[name]]
    if empty:
        raise ValueError(f"it holds no usable photo of {', '.join(empty)}")
    return sorted(notes)


def _write(folder: Path, judged: Iterator[tuple[File, Verdict]]) -> tuple[list[str], int, int]:
    """Write what is to be kept; return the notes, how many files were found and how many of them are left out."""
    notes, names, found, left_out = [], _Names(), 0, 0
    for file, verdict in judged:
        hidden = file.name.startswith(".") and verdict.photo is None  # the mark of a system, and no photo after all
        if file.of_the_system or hidden:
            continue
        if file.name == LICENCE and verdict.photo is not None:
            (folder / LICENCE).write_bytes(verdict.photo)
            continue
        found += 1
        note, name = verdict.note, "/".join(file.parts)
        if verdict.photo is None:
            left_out += 1
        else:
            target, renamed = names.choose(file.label, file.name)
            (folder / file.label / target).write_bytes(verdict.photo)
            note = ", ".join(filter(None, (note, renamed)))
        if file.label and note != FOREIGN:
            name = f"{file.label}/{file.name}"
        if note:
            notes.append(f"{_printable(name)}: {note}")
    return notes, found, left_out


def _judged(files: Iterator[File], pool: ThreadPoolExecutor) -> Iterator[tuple[File, Verdict]]:
    """Each file with its verdict, in order. A few at a time, so that memory holds no more than those."""
    while batch := [(file, _content(file)) for file in islice(files, 16)]:
        yield from zip((file for file, _ in batch), pool.map(_judge, batch), strict=True)


def _content(file: File) -> bytes | Verdict:
    if file.of_the_system:
        return Verdict(None, "")
    if not file.label and file.name != LICENCE:
        known = Path(file.name).suffix.lower() in SUFFIXES
        return Verdict(None, "in no folder that is named after a class, ignored" if known else FOREIGN)
    try:
        return file.read()
    except OSError as error:
        return Verdict(None, f"cannot be read ({error.strerror or type(error).__name__}), left out")
    except _LeftOut as reason:
        return Verdict(None, f"{reason}, left out")


def _judge(job: tuple[File, bytes | Verdict]) -> Verdict:
    file, content = job
    if isinstance(content, Verdict):
        return content
    return Verdict(content, "") if file.name == LICENCE else clean(content, file.name)


# ── One photo ────────────────────────────────────────────────────────────────────────────────────────────────────────


class _LeftOut(ValueError):
    """Why a file is not even tried."""


def clean(content: bytes, name: str) -> Verdict:
    """The photo in `content` as an upright RGB JPEG, byte for byte when it already is one. Raises nothing.

    `name` decides only what a file that is no picture is called: a damaged photo, or something else.
    """
    from PIL import Image, UnidentifiedImageError

    Image.init()
    photo = Path(name).suffix.lower() in SUFFIXES
    try:
        with Image.open(io.BytesIO(content), formats=[kind for kind in FORMATS if kind in Image.OPEN]) as image:
            if image.width * image.height > MAX_PIXELS:
                return Verdict(None, f"over {MAX_PIXELS:,} pixels, left out")
            image.load()
            turn, odd = _oddities(image)
            if not odd:
                return Verdict(content, "")
            upright = _to_rgb(image)
            if turn:
                upright = upright.transpose(Image.Transpose[turn])
            upright.info.clear()  # what is malformed in there would be written again, or fail now
            written = io.BytesIO()
            upright.save(written, "JPEG", quality=QUALITY, subsampling=0)
            return Verdict(written.getvalue(), f"converted ({', '.join(odd)})")
    except UnidentifiedImageError:
        if content[4:8] == b"ftyp":  # HEIC, as telephones write it, and AVIF
            return Verdict(None, "in a format that cannot be read here (HEIC or AVIF), left out")
        return Verdict(None, DAMAGED if photo else FOREIGN)
    except Exception:  # decoders raise struct.error, KeyError, MemoryError, and what they will raise tomorrow
        return Verdict(None, DAMAGED)


def _oddities(image) -> tuple[str, list[str]]:
    """How to turn a photo, if at all, and what is odd about it."""
    odd = [image.mode] if image.mode != "RGB" else []
    odd += [str(image.format)] if image.format != "JPEG" else []
    try:
        number = image.getexif().get(ORIENTATION, 1)
        turn = TURNS.get(number if isinstance(number, int) else 1, "")
    except Exception:  # malformed: written anew without it, or a student's program would stumble as well
        return "", [*odd, "EXIF damaged"]
    return turn, [*odd, "turned"] if turn else odd


def _to_rgb(image):
    """An image of any mode as RGB."""
    import numpy as np
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut off at 255
        return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)).convert("RGB")
    return image.convert("RGB")


# ── Names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Names:
    """Gives each photo of a class a file name that is its own on every file system."""

    def __init__(self):
        self.taken: set[tuple[str, str]] = set()

    def choose(self, label: str, name: str) -> tuple[str, str]:
        """(file name, what was done to it): the photo's own stem where it is free, else with a number behind it."""
        stem = _safe_stem(name)
        for number in range(1, 1_000_000):
            own = stem if number == 1 else f"{stem}-{number}"
            if (label, _folded(own)) not in self.taken:
                self.taken.add((label, _folded(own)))
                return f"{own}.jpg", "renamed (another photo has that name)" if number > 1 else ""
        raise ValueError(f"too many photos are called {stem}")


def safe_name(name: str) -> str:
    """The name of a file in a form that can be compared: the stem that it gets in a tree, where case does not count."""
    return _folded(_safe_stem(name))


def _safe_stem(name: str) -> str:
    """The stem of a file name, in a form that every file system takes: composed, short, without signs it forbids."""
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    stem = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]', "_", Path(text).stem).strip(" ") or "_"
    if stem.split(".")[0].lower() in RESERVED or stem.startswith("."):
        stem = f"_{stem}"
    while len(stem.encode()) > 200:
        stem = stem[:-1]
    return stem


def _folded(name: str) -> str:
    """What two names have in common where case and the form of accents do not count."""
    text = name.encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _printable(name: str) -> str:
    """A file's name on one line, with a question mark for what is not text."""
    return "".join(c if c.isprintable() else "?" for c in name.encode("utf-8", "replace").decode()).replace(": ", ":")


# ── Where files come from ────────────────────────────────────────────────────────────────────────────────────────────


def list_files(folder: Path) -> list[Path]:
    """All files below `folder`, links to folders followed once, in the order of their names."""
    found, seen = [], set()

    def unreadable(error: OSError) -> None:  # stands for whatever is in there
        found.append(Path(error.filename, "*"))

    for place, folders, names in os.walk(folder, onerror=unreadable, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        found += [Path(place, name) for name in names]
    return sorted(found)


def _in_folder(folder: Path) -> Iterator[File]:
    def reader(path: Path) -> Callable[[], bytes]:
        def read() -> bytes:
            if not path.is_file():
                raise _LeftOut("a link that leads nowhere or a device")
            if path.stat().st_size > MAX_BYTES:
                raise _LeftOut(f"over {MAX_BYTES:,} bytes")
            return path.read_bytes()

        return read

    for path in list_files(folder):
        yield File(path.relative_to(folder).parts, reader(path))


def _in_archive(archive: Path) -> Iterator[File]:
    def reader(member: archives.Member) -> Callable[[], bytes]:
        def read() -> bytes:
            if not member.regular:
                raise _LeftOut("a link or a device")
            if member.size > MAX_BYTES:
                raise _LeftOut(f"over {MAX_BYTES:,} bytes")
            return member.read(member.size)

        return read

    for member in archives.walk_tar(archive):
        if member.parts:
            yield File(member.parts, reader(member))
