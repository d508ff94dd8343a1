"""Activations on disk between runs: a pass that took minutes is not repeated for the same weights, photos, size and cut.

    view, seconds = kept.activations(lower, images)   # the second time within seconds

`COURSE_CACHE` moves the files, `python -m utils.data clear` deletes them.
"""

import hashlib
import shutil
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..data.console import say
from ..data.settings import Settings
from . import transfer

WORTH = 60.0  # seconds: a shorter pass is repeated, so that drawn scenes leave nothing on the disk
ROOM = 3  # times the file that must be free: a student's disk is not filled


def activations(
    lower, images, *, mirrored: bool = False, label: str = "activations", worth: float = WORTH, settings: Settings | None = None
) -> tuple[np.ndarray, float]:
    """(what `transfer.activations` returns, seconds of the pass that computed it, in this run or in an earlier one).

    A pass of `worth` seconds or more is kept. One line says how many photos a second it was, or that it was not repeated. A
    file that is damaged is deleted and computed anew; a disk that is full or read-only costs nothing but the time.
    """
    settings = settings or Settings.from_environment()
    path = settings.cache / "activations" / f"{_key(lower, images, mirrored)}.npz"
    found = _read(path, len(images))
    if found:
        say(f"{label}: taken from an earlier run on this machine, in which the pass took {found[1]:.0f} s")
        return found
    started = time.perf_counter()
    computed = transfer.activations(lower, images, mirrored=mirrored, label=label)
    seconds = time.perf_counter() - started
    say(f"{label}: {len(images) / seconds:.1f} photos a second")
    if seconds >= worth and _write(path, computed, seconds):
        say(f"kept for the next run, {computed.nbytes / 1e9:.1f} GB; `python -m utils.data clear` deletes it")
    return computed, seconds


def _key(lower, images, mirrored: bool) -> str:
    """A hash of all that the activations depend on: layers and weights below the cut, the photos at their size, the view."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(repr([(type(layer).__name__, layer.name) for layer in lower.layers]).encode())
    for array in (*lower.get_weights(), np.asarray(images)):
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).data)
    digest.update(repr(bool(mirrored)).encode())
    return digest.hexdigest()


def _read(path: Path, count: int) -> tuple[np.ndarray, float] | None:
    try:
        with np.load(path) as stored:
            values, seconds = stored["values"], float(stored["seconds"])
        if len(values) == count:
            return values, seconds
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass
    with suppress(OSError):
        path.unlink()
    return None


def _write(path: Path, values: np.ndarray, seconds: float) -> bool:
    """Whether it could be kept; nothing half-written stays."""
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(path.parent).free < ROOM * values.nbytes:
            return False
        with part.open("wb") as file:
            np.savez(file, values=values, seconds=seconds)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        return False
    return True
