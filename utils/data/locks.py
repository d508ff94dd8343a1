"""A lock beside a file, so that two kernels that start at once do not write the same one.

The operating system's locks go with the process that holds them. Some network and cloud drives have none, and each
version of `filelock` takes that differently: one raises, one warns, one waits for a lock that never comes. So whether a
folder has locks is asked first; where it has none, the lock is a file that names its holder.
"""

import contextlib
import errno
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .console import say
from .errors import DownloadFailed, disk_trouble
from .settings import Settings

_HELD = (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EINTR)  # a lock that somebody has is a lock that works


@contextlib.contextmanager
def locked(target: Path, settings: Settings) -> Iterator[None]:
    """Hold the lock of `target`. Raises `DownloadFailed` when another program keeps it for `lock_seconds`."""
    import filelock

    folder = target.parent / ".locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _lock(folder / f"{target.name}.lock")
        try:
            lock.acquire(timeout=0.5)
        except filelock.Timeout:
            say(f"Another program is fetching {target.name}: waiting for it.")
            lock.acquire(timeout=settings.lock_seconds)
        _sign(lock)
    except filelock.Timeout as error:
        raise DownloadFailed(
            f"Another program has been fetching {target.name} for {settings.lock_seconds:.0f} s: "
            "close the other notebooks and try again."
        ) from error
    except OSError as error:
        raise disk_trouble(error, target.parent) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # the work is done; a drive that has gone since then cannot undo it
            lock.release()


def has_locks(folder: Path) -> bool:
    """True when the file system of `folder` knows locks. Raises OSError when nothing can be written there."""
    try:
        import fcntl
    except ImportError:  # Windows, where a file that is open is locked
        return True
    with tempfile.TemporaryFile(dir=folder) as probe:
        try:
            fcntl.flock(probe.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno in _HELD
    return True


def _lock(path: Path):
    import filelock

    if has_locks(path.parent):
        return filelock.FileLock(path)
    marker = path.with_suffix(".marker")  # not the name of a real lock, which stays behind unlocked
    if _holder_is_gone(marker):
        marker.unlink(missing_ok=True)
    return filelock.SoftFileLock(marker)


def _holder_is_gone(marker: Path) -> bool:
    """True when the process of this machine that made the marker has ended without removing it."""
    import psutil

    try:
        number, host = marker.read_text(encoding="utf-8").split("\n")[:2]
        return host == socket.gethostname() and not psutil.pid_exists(int(number))
    except (OSError, ValueError, OverflowError):
        return False


def _sign(lock) -> None:
    """Write process and machine into a marker, as later versions of filelock do themselves."""
    marker = Path(lock.lock_file)
    if marker.suffix == ".marker" and not marker.stat().st_size:
        marker.write_text(f"{os.getpid()}\n{socket.gethostname()}\n", encoding="utf-8")
