"""Downloads one file: resumed after a break, given up when it stalls, verified, and moved into place whole.

A download lands in `<folder>/.incoming/` and is moved into place only when it is complete and verified, so a file under
its own name is a whole file. A file lock guards it, because two kernels often start at once.
"""

import errno
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from . import addresses, network
from .addresses import host_of
from .errors import DownloadFailed, NotThere, disk_trouble
from .locks import locked
from .settings import Settings

CHUNK, CHUNK_IF_WAITING = 1 << 16, 1 << 10  # bytes asked for at a time


class _Transient(Exception):
    """A fault that may pass: worth another attempt, unless its cause is hopeless (nobody listens at that address)."""

    def __init__(self, cause: str | network.Cause):
        super().__init__(str(cause))
        self.cause = cause if isinstance(cause, network.Cause) else network.Cause(cause, hopeless=False)


def download(
    address: str,
    target: Path,
    settings: Settings,
    *,
    known_hash: str | None = None,
    size: int | None = None,
    title: str = "",
    check: Callable[[Path], None] | None = None,
) -> Path:
    """Bring `address` to `target`: whole and verified, or not at all.

    `known_hash` is "algorithm:hexdigest", `size` the length in bytes if it is known. `check(path)` raises ValueError
    when a file without a known hash is not what it should be. Raises `DownloadFailed` with one sentence.
    """
    with locked(target, settings):
        if target.exists() and (known_hash is None or is_sound(target, known_hash)):
            return target  # another kernel was faster
        incoming = target.parent / ".incoming" / target.name
        try:
            incoming.mkdir(parents=True, exist_ok=True)
            for leftover in incoming.glob("tmp*"):  # from a process that was killed
                leftover.unlink()
            fetcher = _Resuming(incoming, settings, known_hash, size, title or target.name)
            fetcher.require_space()
            whole = _verified(address, incoming / target.name, known_hash, fetcher, check)
            os.replace(whole, target)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                shutil.rmtree(incoming, ignore_errors=True)
            raise disk_trouble(error, target.parent) from error
        shutil.rmtree(incoming, ignore_errors=True)
    return target


def _verified(address, path, known_hash, fetcher, check) -> Path:
    """Let pooch fetch and verify `path`. Wrong bytes get one fresh start, because a resumed file may be at fault."""
    import logging

    import pooch

    pooch.get_logger().setLevel(logging.ERROR)
    for _ in range(2):
        path.unlink(missing_ok=True)
        try:
            pooch.retrieve(address, known_hash, fname=path.name, path=path.parent, downloader=fetcher)
            if check:
                check(path)
        except ValueError as error:
            reason = "its hash is wrong" if known_hash else str(error)
            continue
        return path
    path.unlink(missing_ok=True)
    raise DownloadFailed(
        f"What {host_of(address)} sent for {path.name} is not the right file ({reason}): a proxy or a log-in page may "
        "be in the way, so try another network, or set COURSE_DATA to a folder that holds the file."
    )


class _Resuming:
    """A downloader for pooch that resumes, notices stalls and tries again.

    The bytes so far are kept in `incoming/part`, and in `incoming/tag` what the server calls this version of the file.
    """

    def __init__(self, incoming: Path, settings: Settings, known_hash: str | None, size: int | None, title: str):
        self.part, self.tag, self.filename = incoming / "part", incoming / "tag", incoming.name
        self.settings, self.known_hash, self.size, self.title = settings, known_hash, size, title

    def require_space(self) -> None:
        """Raise OSError(ENOSPC) now rather than after 200 MB."""
        wanted = (self.size or 0) - self._have()
        if wanted > shutil.disk_usage(self.part.parent).free:
            raise OSError(errno.ENOSPC, f"{wanted:,} bytes are needed")

    def __call__(self, address: str, output_file: str, _pooch, check_only: bool = False) -> None:
        failures = 0
        while True:
            before = self._have()
            try:
                self._attempt(address)
                break
            except _Transient as trouble:
                gained = self._have() - before
                failures = 1 if gained > (1 << 20) else failures + 1  # progress earns new patience
                if failures > (1 if trouble.cause.hopeless else self.settings.retries):
                    first = "Then" if trouble.cause.remedy else "Check the network and"
                    raise DownloadFailed(
                        f"{self.title} could not be downloaded from {host_of(address)}: {trouble}. {first} run the same "
                        "command again, or set COURSE_DATA to a folder that holds the file."
                    ) from trouble
                time.sleep(self.settings.backoff_seconds * 2 ** (failures - 1))
        os.replace(self.part, output_file)

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _attempt(self, address: str) -> None:
        have = self._have()
        if self.size and have == self.size:
            return  # killed between the last byte and the move
        version = self.tag.read_text(encoding="utf-8") if self.tag.exists() else ""
        headers = {"Accept-Encoding": "identity"}
        if have and (version or self.known_hash):  # otherwise nothing could show that the two halves belong together
            headers["Range"] = f"bytes={have}-"
            if version:
                headers["If-Range"] = version
        timeout = (self.settings.connect_seconds, self.settings.stall_seconds)
        try:
            response = network.request("GET", address, headers=headers, stream=True, timeout=timeout)
        except network.Unreachable as failure:
            raise _Transient(failure.cause) from failure
        with response:
            self._receive(response, have)

    def _receive(self, response, have: int) -> None:
        status, host = response.status_code, host_of(response.url)
        if status == 416:  # our part is longer than the file: start again
            self.part.unlink(missing_ok=True)
            raise _Transient("the server could not resume the download")
        if status == 407:
            raise _Transient(network.proxy_answer(status, response.url))
        if status == 511:
            raise _Transient(network.Cause("this network wants you to log in first (error 511)", "open any page in a browser"))
        if status >= 500 or status in (408, 425, 429):
            proxy, _ = addresses.proxy_for(response.url)
            between = f", or the proxy {proxy} before it," if proxy else ""
            raise _Transient(f"the server{between} answered with error {status}")
        if status in (404, 410):
            raise NotThere(
                f"{host} does not hold {self.filename} (error {status}): update the course, "
                "or set COURSE_DATA to a folder that holds the file."
            )
        if status == 401:
            raise DownloadFailed(
                f"{host} asks for a user name and a password, or does not accept those it got (error 401): set COURSE_DATA "
                "to http://name:password@host/folder, or to a folder that holds the file."
            )
        if status not in (200, 206):
            raise DownloadFailed(
                f"{host} refuses to give {self.title} (error {status}): try another network, "
                "or set COURSE_DATA to a folder that holds the file."
            )
        resumed = status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        if status == 206 and not resumed:
            self.part.unlink(missing_ok=True)
            raise _Transient("the server resumed the download at the wrong place")
        have = have if resumed else 0
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else None
        if self.size and total is not None and total != self.size:
            raise DownloadFailed(
                f"{host} offers {total:,} bytes for {self.title} where {self.size:,} are right: a proxy or a log-in "
                "page may be in the way, so try another network, or set COURSE_DATA to a folder that holds the file."
            )
        if not resumed:
            etag = response.headers.get("ETag", "")
            strong = etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")
            self.tag.write_text(strong, encoding="utf-8")
        got = self._copy(response, have, total)
        if total is not None and got != total:
            raise _Transient(f"the connection broke after {got:,} of {total:,} bytes")

    def _copy(self, response, have: int, total: int | None) -> int:
        """Append the body to the part; return the length so far. Raises `_Transient` when it stalls or breaks."""
        import tqdm
        import urllib3

        seconds = self.settings.stall_seconds
        waits = not hasattr(response.raw, "read1")  # urllib3 before 2 waits until all that is asked for is there
        read = response.raw.read if waits else response.raw.read1
        since, window = time.monotonic(), 0
        bar = tqdm.tqdm(
            desc=self.title, total=total, initial=have, unit="B", unit_scale=True, leave=False,
            disable=not self.settings.progress,
        )  # fmt: skip
        with bar, self.part.open("ab" if have else "wb") as part:
            while True:
                try:
                    chunk = read(CHUNK_IF_WAITING if waits else CHUNK)
                except (urllib3.exceptions.TimeoutError, TimeoutError) as error:
                    raise _Transient(f"the server sent nothing for {seconds:g} s") from error
                except (urllib3.exceptions.HTTPError, OSError) as error:
                    of = f" of {total:,}" if total else ""
                    raise _Transient(f"the connection broke after {have:,}{of} bytes") from error
                if not chunk:
                    return have
                _write(part, chunk)
                have += len(chunk)
                window += len(chunk)
                bar.update(len(chunk))
                if time.monotonic() - since > seconds:
                    if window < self.settings.stall_bytes:
                        raise _Transient(f"the download stalled ({window:,} bytes in {seconds:g} s)")
                    since, window = time.monotonic(), 0


def _write(handle, chunk: bytes) -> None:
    handle.write(chunk)


def is_sound(path: Path, known_hash: str) -> bool:
    """True when the file is there, can be read, and has the hash "algorithm:hexdigest"."""
    import pooch

    algorithm, digest = known_hash.split(":")
    try:
        return path.is_file() and pooch.file_hash(str(path), alg=algorithm) == digest
    except OSError:
        return False
