"""Where the course looks for its files and how long it waits, as the environment says."""

import atexit
import contextlib
import functools
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from . import addresses
from .console import say
from .errors import DiskTrouble, disk_trouble

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Where to look and how long to wait. `Settings.from_environment()` is what every function uses by default."""

    cache: Path
    course_data: str = field(default="", repr=False)  # an address may hold a password: show `shown`
    offline: bool = False
    probe_seconds: float = 2.0  # for a host to answer at all
    network_seconds: float = 4.5  # for all probes of a process together, the start of a download by pip included
    connect_seconds: float = 5.0
    stall_seconds: float = 20.0  # without `stall_bytes` of new data in this time a download has stalled
    stall_bytes: int = 4096
    retries: int = 4
    backoff_seconds: float = 0.5  # doubles with every failure in a row
    lock_seconds: float = 1800.0
    temporary_ok: bool = True  # an unwritable cache is replaced by a temporary folder for this session
    progress: bool = field(default_factory=lambda: sys.stderr.isatty() or "ipykernel" in sys.modules)

    @classmethod
    def from_environment(cls, **changes) -> "Settings":
        """Settings as `COURSE_DATA`, `COURSE_CACHE` and `COURSE_OFFLINE` say, read anew at each call."""
        named = os.environ.get("COURSE_CACHE", "").strip()
        values = {
            "cache": _resolve(named) if named else _default_cache(),
            "course_data": os.environ.get("COURSE_DATA", "").strip(),
            "offline": os.environ.get("COURSE_OFFLINE", "").strip().lower() not in ("", "0", "no", "false"),
        }
        return cls(**{**values, **changes})

    @property
    def mirror(self) -> str:
        """The address in `COURSE_DATA` when it is one, without its last slash, else an empty string. Not to be shown."""
        return self.course_data.rstrip("/") if addresses.is_web(self.course_data) else ""

    @property
    def folder(self) -> Path | None:
        """The folder in `COURSE_DATA`, when it names one."""
        return _resolve(self.course_data) if self.course_data and not self.mirror else None

    @property
    def shown(self) -> str:
        """`COURSE_DATA` as it may be shown: a folder, the host of a mirror, or an empty string."""
        if "://" in self.course_data:
            return addresses.host_of(self.course_data)
        name = re.sub(r"^[A-Za-z]:(?=[\\/])", "", self.course_data)  # without a drive
        return name.rpartition("@")[2] if ":" in name.partition("@")[0] and "@" in name else self.course_data

    @property
    def places(self) -> tuple[Path, ...]:
        """Where kept files may lie: the cache, and this session's temporary folder if there is one."""
        return (self.cache, session_folder()) if session_folder.cache_info().currsize else (self.cache,)

    def workspace(self) -> Path:
        """A folder that can be written: the cache, or else a temporary one that goes when Python ends.

        Raises `DiskTrouble` when the cache cannot be written and a temporary folder is not wanted.
        """
        try:
            require_writable(self.cache)
        except OSError as error:
            if not self.temporary_ok:
                raise disk_trouble(error, self.cache) from error
            return _temporary_folder(disk_trouble(error, self.cache))
        return self.cache


def _default_cache() -> Path:
    import pooch

    return Path(pooch.os_cache("convnet-course"))


def _resolve(name: str) -> Path:
    """A path as the user meant it: relative to where Python runs, or else to the project (notebooks run elsewhere)."""
    path = Path(name)
    with contextlib.suppress(RuntimeError):  # "~somebody" who has no home here
        path = path.expanduser()
    return path if path.is_absolute() or os.path.exists(path) else PROJECT / path  # os.path: False for what cannot be


def require_writable(folder: Path) -> None:
    """Raise OSError when no file can be written in `folder`. It is made when it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


@functools.lru_cache(maxsize=1)
def session_folder() -> Path:
    """A temporary folder that lasts as long as this Python."""
    folder = Path(tempfile.mkdtemp(prefix="convnet-course-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _temporary_folder(why: DiskTrouble) -> Path:
    if not session_folder.cache_info().currsize:
        say(f"{why} Until then this session keeps its files in a temporary folder.")
    return session_folder()
