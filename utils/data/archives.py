"""Unpacks archives that somebody else made: nothing leaves the folder, nothing is a link, nothing is endless."""

import contextlib
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

MAX_BYTES = 2_000_000_000  # unpacked; the flower photos are 0.23 GB
MAX_FILES = 20_000


class Unsafe(ValueError):
    """An archive tries to do what an archive of photos has no reason to do."""


def safe_parts(name: str) -> tuple[str, ...]:
    """The parts of a member's name. Raises `Unsafe` when it is absolute, climbs with '..' or names a drive."""
    parts = _inner_parts(name)
    if "\0" in name or ":" in name:
        raise Unsafe(f"the archive holds a file name that is not one: {name!r}")
    return parts


def _inner_parts(name: str) -> tuple[str, ...]:
    path, windows = PurePosixPath(name), PureWindowsPath(name)
    if path.is_absolute() or windows.drive or windows.root or ".." in path.parts or ".." in windows.parts:
        raise Unsafe(f"the archive holds a path that leaves its folder: {name!r}")
    return tuple(windows.parts)


@dataclass(frozen=True)
class Member:
    """A file in an archive: the name it was given, the parts of that, and whether it is a file and no link or device."""

    name: str
    parts: tuple[str, ...]
    size: int
    regular: bool
    read: Callable[[int], bytes]  # the next so many bytes; raises ValueError when the archive is damaged there


def walk_tar(archive: Path, max_bytes: int = MAX_BYTES, max_files: int = MAX_FILES) -> Iterator[Member]:
    """The members of a tar archive that are no folders, one after the other; each can be read while it is the current one.

    Raises `Unsafe` for a path that leaves the folder and for more than `max_bytes` or `max_files`; ValueError when the
    archive is damaged or cannot be read.
    """
    total = count = 0
    with contextlib.ExitStack() as stack:
        with _reading():
            tar = stack.enter_context(tarfile.open(archive))
        while True:
            with _reading():
                member = tar.next()
            if member is None:
                break
            tar.members = []  # a list of all that was read would grow without end
            if member.isdir():
                continue
            parts = _inner_parts(member.name)
            total, count = total + member.size, count + 1
            if total > max_bytes or count > max_files:
                raise Unsafe(f"the archive is too large: over {max_bytes:,} bytes or {max_files:,} files")
            yield Member(member.name, parts, member.size, member.isreg(), _reader(tar, member))
        with _reading():
            if tar.fileobj.tell() - tar.offset < tarfile.BLOCKSIZE:
                raise EOFError("it ends before its end mark")
            while rest := tar.fileobj.read(1 << 20):  # to the end, where the checksum of the compressed stream is
                if rest.strip(b"\0"):
                    raise EOFError("it goes on where it should end")


def _reader(tar, member) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        with _reading():
            if not opened:
                opened.append(tar.extractfile(member))
            return opened[0].read(size)

    opened: list = []
    return read


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    """Turn whatever reading an archive raises into ValueError, so that an OSError is left for the writing."""
    try:
        yield
    except OSError as error:  # gzip reports a damaged stream as an OSError of its own, without a number
        raise ValueError(f"the archive {'cannot be read' if error.errno else 'is damaged'}: {error.strerror or error}") from error
    except Exception as error:  # tarfile, gzip, lzma and struct have errors of their own
        raise ValueError(f"the archive is damaged: {error}") from error


def unpack_tar(archive: Path, folder: Path, max_bytes: int = MAX_BYTES, max_files: int = MAX_FILES) -> list[Path]:
    """Unpack the regular files of a tar archive into `folder` and return them, in the archive's order.

    The content is copied out by hand, so neither owners, modes nor links are ever recreated; this also holds on
    Python versions that do not have tarfile's own filters. Raises `Unsafe` for a path that leaves the folder, a link,
    a device, or more than `max_bytes` or `max_files`; ValueError when the archive is damaged.
    """
    written: list[Path] = []
    for member in walk_tar(archive, max_bytes, max_files):
        target = folder.joinpath(*safe_parts(member.name))
        if not member.regular:
            raise Unsafe(f"the archive holds a link or a device: {member.name!r}")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            while chunk := member.read(1 << 20):
                out.write(chunk)
        written.append(target)
    return written


def unpack_member(archive: Path, suffix: str, target: Path, max_bytes: int = MAX_BYTES) -> Path:
    """Copy the one member of a zip file whose name ends in `suffix` to `target`. Raises ValueError if there is none."""
    try:
        with zipfile.ZipFile(archive) as zipped:
            names = [name for name in zipped.namelist() if name.endswith(suffix)]
            if len(names) != 1:
                raise ValueError(f"{archive.name} holds {len(names)} files that end in {suffix}, not one")
            if zipped.getinfo(names[0]).file_size > max_bytes:
                raise Unsafe(f"{names[0]!r} is too large: over {max_bytes:,} bytes")
            with zipped.open(names[0]) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out)
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{archive.name} is damaged: {error}") from error
    return target
