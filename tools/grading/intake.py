"""Take in submissions as they come: a folder, an archive from a learning platform, nested folders, "Copy of …" names.

Nothing is written outside the folder that this module is given: archives cannot climb, links are not followed, and sizes are
limited. What cannot be read is listed with its reason and stops nothing.
"""

import hashlib
import io
import json
import os
import re
import stat
import time
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from utils.notebook.mend import text

from .labs import Lab, recognize

NOTEBOOK = 30_000_000  # bytes of a notebook
CELLS = 3_000  # in a notebook
CODE = 400_000  # characters of code in it; reading one with more would keep the others waiting
ARCHIVE = 5_000_000_000  # bytes that an archive may unpack to
ENTRIES = 100_000  # files in an archive
NESTED = 3  # archives within archives
_JUNK = re.compile(
    r"(^|/)(\.ipynb_checkpoints|__MACOSX|__pycache__|\.git|\.venv|node_modules)(/|$)"
    r"|(^|/)(\._.*|\.DS_Store|Thumbs\.db|desktop\.ini)$"
)
_PLATFORM = (  # what learning platforms put around a name
    re.compile(r"^(?P<who>.+?)_(?P<number>\d{3,})_assignsubmission_(file|onlinetext)_?.*$"),  # Moodle
    re.compile(r"^(?P<who>[^_]+?)(_LATE)?_(?P<number>\d{3,})_\d{3,}_.+$"),  # Canvas
    re.compile(r"^[^_]+_(?P<who>[^_]+)_attempt_\d{4}-\d\d-\d\d.*$"),  # Blackboard
)
_PACKED = re.compile(r"\.(rar|7z|tar|t?gz|t?bz2|t?xz)$", re.I)  # may hold a submission, and is not unpacked here
_LINK = "It is a link; links are not followed."
_NOISE = re.compile(r"^(copy of |kopie von |copia de |copie de )+|( ?\(\d+\)| ?- ?copy|-copy\d*|_copy\d*)+$", re.I)


@dataclass(frozen=True)
class Submission:
    """A student's notebook for one lab. `digest` is the hash of its bytes, `source` the place where it was found."""

    student: str
    lab: Lab
    notebook: dict = field(hash=False)
    digest: str
    source: str


@dataclass
class Collected:
    """What was found, and what could not be used with the reason."""

    submissions: list[Submission] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)  # (place, reason)
    others: list[str] = field(default_factory=list)  # files that are neither notebooks nor zip archives


def collect(place: Path, labs: list[Lab], *, only: str = "") -> Collected:
    """All submissions in a folder, an archive or a file. Of several by one student for one lab the newest counts.

    `only` names the lab to grade ("lab01"); others are listed. Raises FileNotFoundError when there is no such place.
    """
    place = Path(place)
    if not place.exists():
        raise FileNotFoundError(f"There is nothing at {place}.")
    found, taken = Collected(), []
    for name, when, data in _files(place, found):
        try:
            notebook = read(data)
        except ValueError as error:
            found.left_out.append((name, str(error)))
            continue
        lab = recognize(notebook, labs)
        if lab is None:
            found.left_out.append((name, "It is none of the course's labs."))
        elif only and lab.name != only:
            found.left_out.append((name, f"It is {lab.name}, not {only}."))
        else:
            taken.append((when, Submission(name, lab, notebook, hashlib.sha256(data).hexdigest(), name)))
    folders, stems = _common_folders([one.source for _, one in taken]), [each.stem for each in labs]
    names = _names([one for _, one in taken], folders, stems)
    newest: dict[tuple[str, str], tuple[float, Submission]] = {}
    for when, one in taken:
        one = replace(one, student=names[one.source])
        known, key = newest.get((one.student, one.lab.name)), (one.student, one.lab.name)
        if known is None:
            newest[key] = (when, one)
            continue
        older, newer = ((when, one), known) if known[0] >= when else (known, (when, one))
        newest[key] = newer
        same = older[1].digest == newer[1].digest
        why = f"It is the same as {newer[1].source}." if same else f"{one.student} has handed in a newer one: {newer[1].source}."
        found.left_out.append((older[1].source, why))
    found.submissions = sorted(
        (one for _, one in newest.values()), key=lambda each: (each.lab.name, each.student.lower(), each.student)
    )
    unused = _unused(found.others, [one.source for _, one in taken], folders, stems)
    found.left_out += [(name, "It is no notebook and no zip archive: hand in the .ipynb.") for name in unused]
    return found


def _unused(others: list[str], notebooks: list[str], folders: str, stems: list[str]) -> list[str]:
    """Of the other files the archives, and those of students without a notebook; a helper beside a notebook does no harm."""

    def owner(source: str) -> tuple[str, str]:
        return _student(source, folders, stems), _number(source)

    handed_in = {owner(source) for source in notebooks}
    return [name for name in others if _PACKED.search(name) or owner(name) not in handed_in]


def _names(submissions: list[Submission], folders: str, stems: list[str]) -> dict[str, str]:
    """Source → student. Who shares a name with another in a lab has the platform's number, too."""
    names = {one.source: _student(one.source, folders, stems) for one in submissions}
    numbers = defaultdict(set)
    for one in submissions:
        numbers[one.lab.name, names[one.source]].add(_number(one.source))
    for one in submissions:
        name, number = names[one.source], _number(one.source)
        if number and len(numbers[one.lab.name, name] - {""}) > 1:
            names[one.source] = f"{name} {number}"
    return names


def _student(source: str, folders: str, stems: list[str]) -> str:
    """Whose a path is, the folders that all have in common left out, unless what is left names nobody."""
    name = student_of(source.removeprefix(folders), stems)
    return student_of(source, stems) if _is_general(name, stems) else name


def read(data: bytes) -> dict:
    """The notebook in a file's bytes, in nbformat 4. Raises ValueError with the reason when there is none."""
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("It is not text in UTF-8.") from None
    except (ValueError, RecursionError):
        raise ValueError("It is damaged: no complete JSON." if data.strip() else "It is empty.") from None
    if isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):  # nbformat 3
        cells = [cell for sheet in notebook["worksheets"] if isinstance(sheet, dict) for cell in sheet.get("cells", ())]
        for cell in cells:
            if isinstance(cell, dict) and "input" in cell:
                cell["source"] = cell.pop("input")
        notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError("It is no notebook: it has no list of cells.")
    notebook["cells"] = [_cell(each) for each in notebook["cells"] if isinstance(each, dict)]
    if len(notebook["cells"]) > CELLS:
        raise ValueError(f"It has more than {CELLS:,} cells.")
    if sum(len(each["source"]) for each in notebook["cells"] if each["cell_type"] == "code") > CODE:
        raise ValueError(f"It has more than {CODE:,} characters of code.")
    return notebook


def _cell(cell: dict) -> dict:
    """A cell whose parts have the types that nbformat gives them, whatever the file says."""
    metadata = dict(cell["metadata"]) if isinstance(cell.get("metadata"), dict) else {}
    tags, marks = metadata.get("tags"), metadata.get("nbgrader")
    metadata |= {"tags": [each for each in tags if isinstance(each, str)]} if isinstance(tags, list) else {}
    if "tags" in metadata and not isinstance(tags, list):
        del metadata["tags"]
    if marks is not None and not (isinstance(marks, dict) and isinstance(marks.get("grade_id", ""), str)):
        del metadata["nbgrader"]
    typed = {**cell, "cell_type": str(cell.get("cell_type")), "metadata": metadata, "source": text(cell)}
    if "id" in typed and not isinstance(typed["id"], str):
        del typed["id"]
    return typed


def _common_folders(names: list[str]) -> str:
    """The folders that all the paths begin with; they say nothing about whose a path is."""
    folders = [name.split("/")[:-1] for name in names]
    if len(folders) < 2:
        return ""
    shared = 0
    while all(len(each) > shared and each[shared] == folders[0][shared] for each in folders):
        shared += 1
    return "".join(f"{folder}/" for folder in folders[0][:shared])


def student_of(name: str, stems: list[str]) -> str:
    """Whose submission a path is: by the platform's naming, else by the first folder that says so, else by its file name."""
    parts = _parts(name)
    match = _by_platform(parts)
    if match:
        return _tidy(match["who"])
    folders = [_without_noise(part) for part in parts[:-1]]
    folders = [part for part in folders if part and not _is_general(part, stems)]
    if folders:
        return _tidy(folders[0])
    rest = _without_noise(parts[-1])
    for stem in stems:
        rest = re.sub(re.escape(stem), "", rest, flags=re.I).strip(" _-.") or rest
    return _tidy(rest)


def _parts(name: str) -> list[str]:
    return [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", ".")] or ["unnamed"]


def _by_platform(parts: list[str]) -> re.Match | None:
    """Name and number in the part of a path that a learning platform named."""
    for part in (*reversed(parts[:-1]), _without_noise(parts[-1])):
        for pattern in _PLATFORM:
            if match := pattern.match(part):
                return match
    return None


def _number(name: str) -> str:
    """The number that the platform tells students of one name apart by; "" for none."""
    match = _by_platform(_parts(name))
    return (match.groupdict().get("number") or "") if match else ""


def _is_general(part: str, stems: list[str]) -> bool:
    """Whether a folder's name says nothing about a student: the lab's, "submissions", a platform's export."""
    plain = part.lower().strip()
    if plain in {stem.lower() for stem in stems} or re.fullmatch(r"(lab|assignment|week|exercise)s?[ _-]?\d*", plain):
        return True
    return plain in (
        "submissions",
        "submission",
        "submitted",
        "downloads",
        "files",
        "notebooks",
        "src",
        "labs",
        "attachments",
    ) or (part.endswith(".zip"))


def _without_noise(name: str) -> str:
    name = re.sub(r"\.(ipynb|json|txt)$", "", re.sub(r"\.(ipynb|json|txt)$", "", name, flags=re.I), flags=re.I)
    while True:
        shorter = _NOISE.sub("", name).strip()
        if shorter == name or not shorter:
            return name
        name = shorter


def _tidy(name: str) -> str:
    """A student's name that can be a file's name and a cell of a table."""
    name = unicodedata.normalize("NFC", name)
    name = "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "_" for c in name)
    return re.sub(r"\s+", " ", name).strip(" ._")[:80] or "unnamed"


# ---------------------------------------------------------------- files


def _files(place: Path, found: Collected) -> Iterator[tuple[str, float, bytes]]:
    """(place, time, bytes) of each file that may be a notebook."""
    if place.is_file():
        if zipfile.is_zipfile(place):
            yield from _archive(place, "", found, 1, [ARCHIVE])
        elif not _may_be_notebook(place.name):
            found.others.append(place.name)
        elif place.stat().st_size > NOTEBOOK:
            found.left_out.append((place.name, _too_large()))
        else:
            yield place.name, place.stat().st_mtime, place.read_bytes()
        return

    def named(path: str | Path) -> str:
        return os.fsencode(Path(path).relative_to(place).as_posix()).decode("utf-8", "replace")

    def unreadable(error: OSError) -> None:
        found.left_out.append((named(error.filename), f"It cannot be read: {error.strerror}."))

    for folder, folders, files in os.walk(place, onerror=unreadable):
        folders[:] = sorted(each for each in folders if not _JUNK.search(each))
        links = [each for each in folders if os.path.islink(os.path.join(folder, each))]
        found.left_out += [(named(Path(folder) / each), _LINK) for each in links]
        folders[:] = [each for each in folders if each not in links]
        for file in sorted(files):
            path = Path(folder) / file
            name = named(path)
            if _JUNK.search(name):
                continue
            try:
                status = path.lstat()
                if stat.S_ISLNK(status.st_mode):
                    found.left_out.append((name, _LINK))
                elif not stat.S_ISREG(status.st_mode):
                    found.left_out.append((name, "It is no regular file."))
                elif name.lower().endswith(".zip"):
                    yield from _archive(path, name, found, 1, [ARCHIVE])
                elif _may_be_notebook(name):
                    if status.st_size > NOTEBOOK:
                        found.left_out.append((name, _too_large()))
                    else:
                        yield name, status.st_mtime, path.read_bytes()
                else:
                    found.others.append(name)
            except OSError as error:
                found.left_out.append((name, f"It cannot be read: {error.strerror}."))


def _too_large() -> str:
    return f"It is larger than {NOTEBOOK // 1_000_000} MB."


def _may_be_notebook(name: str) -> bool:
    return bool(re.search(r"\.ipynb(\.(txt|json))?$", name, flags=re.I))


def _archive(file, name: str, found: Collected, depth: int, budget: list[int]) -> Iterator[tuple[str, float, bytes]]:
    """The notebooks in an archive, read in memory; nothing is unpacked to the disk, so no entry can climb out."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRIES:
                found.left_out.append((name or "the archive", f"It holds more than {ENTRIES:,} files."))
                return
            for entry in entries:
                inner = f"{name}/{entry.filename}".strip("/")
                if entry.is_dir() or _JUNK.search(entry.filename):
                    continue
                if stat.S_ISLNK(entry.external_attr >> 16):
                    found.left_out.append((inner, _LINK))
                    continue
                packed = entry.filename.lower().endswith(".zip")
                if not packed and not _may_be_notebook(entry.filename):
                    found.others.append(inner)
                    continue
                limit = NOTEBOOK if not packed else 10 * NOTEBOOK
                try:
                    with archive.open(entry) as stream:
                        data = stream.read(limit + 1)
                except (OSError, RuntimeError, ValueError, NotImplementedError, EOFError, zipfile.BadZipFile) as error:
                    found.left_out.append((inner, f"It cannot be read from the archive: {error}."))
                    continue
                except Exception as error:  # zlib's own
                    found.left_out.append((inner, f"It is damaged: {error}."))
                    continue
                budget[0] -= len(data)
                if len(data) > limit or budget[0] < 0:
                    found.left_out.append((inner, "It is too large."))
                elif packed and depth < NESTED:
                    yield from _archive(io.BytesIO(data), inner, found, depth + 1, budget)
                elif packed:
                    found.left_out.append((inner, "Archives are nested too deeply."))
                else:
                    yield inner, _when(entry), data
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        found.left_out.append((name or "the archive", f"It is a damaged archive: {error}."))


def _when(entry: zipfile.ZipInfo) -> float:
    """Seconds since 1970, as of a file outside of an archive; an entry holds the time of day where it was packed."""
    return time.mktime((*entry.date_time, 0, 0, -1))
