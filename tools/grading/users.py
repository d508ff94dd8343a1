"""A number of its own for each jailed process, so that two graders on one machine never disturb each other.

The kernel counts a user's processes and lets a user signal them, so no two jails may share one. A number is taken by locking a
file; the kernel gives it back when the process that holds it ends, however that is.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

FIRST, COUNT = 60_578, 606  # no system hands these out: https://systemd.io/UIDS-GIDS/


@dataclass
class User:
    """A number that nobody else on this machine uses until it is released."""

    number: int
    lock: int = -1

    def release(self) -> None:
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1


def claim() -> User:
    """The first free number. Raises RuntimeError when all are taken.

    Only root can give processes to another user. For anybody else bubblewrap makes a namespace each time, in which the number
    means nothing outside.
    """
    if not hasattr(os, "getuid") or os.getuid() != 0:
        return User(FIRST)
    import fcntl  # not on Windows

    folder = _folder()
    for number in range(FIRST, FIRST + COUNT):
        if _known(number):
            continue
        lock = os.open(folder / str(number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        return User(number, lock)
    raise RuntimeError(f"All {COUNT} users for jailed processes are taken; grade with fewer workers.")


def _folder() -> Path:
    base = Path("/run/lock") if os.access("/run/lock", os.W_OK) else Path(tempfile.gettempdir())
    folder = base / "convnet-grading"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.lstat().st_uid != os.getuid() or folder.is_symlink():
        raise RuntimeError(f"{folder} belongs to somebody else; remove it.")
    return folder


def _known(number: int) -> bool:
    """Whether the system knows a user of this number after all."""
    import pwd  # not on Windows

    try:
        pwd.getpwuid(number)
    except KeyError:
        return False
    return True
