"""Unpacks archives that somebody else made: nothing leaves the folder, nothing is a link, nothing is endless."""

import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath

MAX_BYTES = 2_000_000_000  # unpacked; the flower photos are 0.23 GB
MAX_FILES = 20_000


class Unsafe(ValueError):
    """An archive tries to do what an archive of photos has no reason to do."""


def safe_parts(name: str) -> tuple[str, ...]:
    """The parts of a member's name. Raises `Unsafe` when it is absolute, climbs with '..' or names a drive."""
    path, windows = PurePosixPath(name), PureWindowsPath(name)
    if path.is_absolute() or windows.drive or windows.root or ".." in path.parts or ".." in windows.parts:
        raise Unsafe(f"the archive holds a path that leaves its folder: {name!r}")
    if "\0" in name or ":" in name:
        raise Unsafe(f"the archive holds a file name that is not one: {name!r}")
    return tuple(windows.parts)


def unpack_tar(archive: Path, folder: Path, max_bytes: int = MAX_BYTES, max_files: int = MAX_FILES) -> list[Path]:
    """Unpack the regular files of a tar archive into `folder` and return them, in the archive's order.

    The content is copied out by hand, so neither owners, modes nor links are ever recreated; this also holds on
    Python versions that do not have tarfile's own filters. Raises `Unsafe` for a path that leaves the folder, a link,
    a device, or more than `max_bytes` or `max_files`; ValueError when the archive is damaged.
    """
    written: list[Path] = []
    total = 0
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                parts = safe_parts(member.name)
                if member.isdir():
                    continue
                if not member.isreg():
                    raise Unsafe(f"the archive holds a link or a device: {member.name!r}")
                total += member.size
                if total > max_bytes or len(written) >= max_files:
                    raise Unsafe(f"the archive is too large: over {max_bytes:,} bytes or {max_files:,} files")
                target = folder.joinpath(*parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with tar.extractfile(member) as source, target.open("wb") as out:
                    shutil.copyfileobj(source, out)
                written.append(target)
            while tar.fileobj.read(1 << 20):  # to the end, where the checksum of the compressed stream is
                pass
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ValueError(f"the archive is damaged: {error}") from error
    except OSError as error:
        if error.errno is None:  # gzip reports a damaged stream as an OSError of its own, without a number
            raise ValueError(f"the archive is damaged: {error}") from error
        raise
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
