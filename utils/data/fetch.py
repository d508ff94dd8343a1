"""Finds a file in the course's four places, and downloads it safely when it has to.

The order is always: `COURSE_DATA` (a folder or an http mirror that the user names) → the local cache → the official
address. What comes after that, a stand-in or an error, is for the caller to say.

A download lands in `<cache>/.incoming/` and is moved into place only when it is complete and verified, so a file that
is in the cache is a whole file. It is resumed after a break, given up when it stalls, and guarded by a file lock
because two kernels often start at once. Every failure is one sentence that says what to do.
"""

import atexit
import contextlib
import errno
import functools
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from .sources import Item

PROJECT = Path(__file__).resolve().parents[2]
CHUNK = 1 << 16  # bytes asked for at a time
SOURCE_NAMES = {
    "course_data": "from COURSE_DATA",
    "cache": "from the cache",
    "official": "from the official address",
    "pip": "fetched with pip",
}


class Missing(RuntimeError):
    """Something the course needs cannot be had. The message is one sentence or two and names the remedy."""


class DownloadFailed(Missing):
    """One download did not succeed, although the address was tried."""


class NotThere(DownloadFailed):
    """The server answered, and it does not have the file."""


class DiskTrouble(DownloadFailed):
    """The local disk, not the network, is in the way."""


class _Transient(Exception):
    """A fault that may pass: worth another attempt, unless `hopeless` (nobody listens at that address)."""

    def __init__(self, reason: str, hopeless: bool = False):
        super().__init__(reason)
        self.hopeless = hopeless


@dataclass(frozen=True)
class Settings:
    """Where to look and how long to wait. `Settings.from_environment()` is what every function uses by default."""

    cache: Path
    course_data: str = ""
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
        """The address in `COURSE_DATA` when it is one, without its last slash, else an empty string."""
        return self.course_data.rstrip("/") if self.course_data.startswith(("http://", "https://")) else ""

    @property
    def folder(self) -> Path | None:
        """The folder in `COURSE_DATA`, when it names one."""
        return _resolve(self.course_data) if self.course_data and not self.mirror else None

    @property
    def places(self) -> tuple[Path, ...]:
        """Where kept files may lie: the cache, and this session's temporary folder if there is one."""
        return (self.cache, _session_folder()) if _session_folder.cache_info().currsize else (self.cache,)

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


@dataclass(frozen=True)
class Found:
    """A file, and which of "course_data", "cache", "official" it came from."""

    path: Path
    source: str


def _default_cache() -> Path:
    import pooch

    return Path(pooch.os_cache("convnet-course"))


def _resolve(name: str) -> Path:
    """A path as the user meant it: relative to where Python runs, or else to the project (notebooks run elsewhere)."""
    path = Path(name).expanduser()
    return path if path.is_absolute() or path.exists() else PROJECT / path


def require_writable(folder: Path) -> None:
    """Raise OSError when no file can be written in `folder`. It is made when it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


@functools.lru_cache(maxsize=1)
def _session_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="convnet-course-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _temporary_folder(why: DiskTrouble) -> Path:
    if not _session_folder.cache_info().currsize:
        print(f"{why} Until then this session keeps its files in a temporary folder.")
    return _session_folder()


def disk_trouble(error: OSError, folder: Path, remedy: str = "set COURSE_CACHE to a folder") -> DiskTrouble:
    """The sentence for an error of the local disk."""
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return DiskTrouble(f"The disk with {folder} is full: free some space there, or {remedy} on another disk.")
    return DiskTrouble(f"The folder {folder} cannot be written ({error.strerror or error}): {remedy} that you may write to.")


def with_reasons(line: str, reasons: list[str]) -> str:
    """The line that a notebook shows: what was used, and why nothing better."""
    return f"{line} (Why: {'; '.join(reason.rstrip('.') for reason in reasons)}.)" if reasons else line


def readable_size(size: float) -> str:
    """Bytes as a person says them: 83683744 → '83.7 MB'."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def bytes_in(path: Path) -> int:
    """Size of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def whereabouts(item: Item, settings: Settings) -> Path | None:
    """Where the item lies on this machine, by name alone; None when a network would be needed. Asks no network."""
    places = [settings.folder] if settings.folder else []
    places += [place / _mirror_folder(settings) for place in settings.places if settings.mirror]
    candidates = [place / name for place in (*places, *settings.places) for name in (item.filename, *item.also)]
    return next((path for path in candidates if path.exists()), None)


# ── Is there a network? ──────────────────────────────────────────────────────────────────────────────────────────────

_answers: dict[str, bool] = {}  # one probe a host and process; a notebook asks many times
_waited: list[float] = []  # seconds that the probes took


def forget_network() -> None:
    """Forget what the probes found, for a laptop that has just been connected."""
    _answers.clear()
    _waited.clear()


def online(address: str, settings: Settings) -> bool:
    """True when the host of `address` answers at all. Asked once per process; takes at most `probe_seconds`.

    The host of the mirror is asked at the same moment, so that two silent hosts cost no more than one.
    """
    if settings.offline:
        return False
    hosts = {_host(a) for a in (address, settings.mirror) if a} - _answers.keys()
    threads = [threading.Thread(target=_ask, args=(host, settings.probe_seconds), daemon=True) for host in hosts]
    start = time.monotonic()
    deadline = start + settings.probe_seconds
    for thread in threads:
        thread.start()
    for thread in threads:  # a name server that does not answer blocks longer than any timeout: leave it behind
        thread.join(max(0.0, deadline - time.monotonic()))
    for host in hosts:
        _answers.setdefault(host, False)
    _waited.append(time.monotonic() - start)
    return _answers[_host(address)]


def patience(settings: Settings) -> float:
    """Seconds that are left of `network_seconds` for one more probe, at least one second."""
    return max(1.0, settings.network_seconds - sum(_waited))


def _host(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/"


def _ask(host: str, seconds: float) -> None:
    import requests

    with contextlib.suppress(requests.RequestException):
        requests.head(host, timeout=seconds, allow_redirects=False).close()
        _answers.setdefault(host, True)


# ── Finding a file ───────────────────────────────────────────────────────────────────────────────────────────────────


def obtain(item: Item, settings: Settings, check: Callable[[Path], None]) -> tuple[Found | None, list[str]]:
    """Look for `item` in the four places' first three.

    `check(path)` raises ValueError with a short reason when a file is not what it should be. It judges files from a
    folder or mirror that the user names: those may be compressed differently or hold fewer photos than the official
    file, so their hash proves nothing. Files from the official address are verified by the published hash.

    Returns the file, or None, and the reasons why earlier places were passed over.
    """
    reasons: list[str] = []
    found = from_course_data(item, settings, check, reasons) or from_cache(item, settings, reasons)
    if found is None:
        found = from_official(item, settings, reasons)
    return found, reasons


def from_course_data(item: Item, settings: Settings, check, reasons: list[str]) -> Found | None:
    """The item from the folder or mirror in `COURSE_DATA`; appends to `reasons` why not."""
    if settings.mirror:
        return _from_mirror(item, settings, check, reasons)
    if settings.folder is None:
        return None
    if not settings.folder.is_dir():
        reasons.append("COURSE_DATA names a folder that does not exist")
        return None
    for name in (item.filename, *item.also):
        path = settings.folder / name
        if not path.exists():
            continue
        try:
            check(path)
        except (ValueError, OSError) as error:
            reasons.append(f"{name} in COURSE_DATA is damaged ({error})")
            continue
        return Found(path, "course_data")
    if not reasons:
        reasons.append(f"COURSE_DATA does not hold {item.filename}")
    return None


def _mirror_folder(settings: Settings) -> Path:
    """The part of the cache for files of this mirror, by its address: two mirrors may hold different photos."""
    return Path("mirrors") / re.sub(r"[^A-Za-z0-9.-]+", "_", settings.mirror.split("://")[1])


def _from_mirror(item, settings, check, reasons) -> Found | None:
    kept = _mirror_folder(settings)
    names = [name for name in (item.filename, *item.also) if "." in name]  # a mirror cannot hand out a folder
    for path in (place / kept / name for place in settings.places for name in names):
        if path.exists():
            return Found(path, "course_data")
    if not online(settings.mirror, settings):
        reasons.append("the mirror in COURSE_DATA does not answer")
        return None
    for name in names:
        try:
            target = settings.workspace() / kept / name
            download(f"{settings.mirror}/{name}", target, settings, title=item.title, check=check)
        except NotThere:
            continue
        except DownloadFailed as failure:
            reasons.append(str(failure))
            return None
        return Found(target, "course_data")
    reasons.append(f"the mirror in COURSE_DATA does not hold {item.filename}")
    return None


def from_cache(item: Item, settings: Settings, reasons: list[str]) -> Found | None:
    """The item from the cache, if it is there and still has the published hash."""
    for path in (place / item.filename for place in settings.places):
        if is_sound(path, item.known_hash):
            return Found(path, "cache")
        if path.exists():
            reasons.append(f"the cached {item.filename} was damaged")
    return None


def from_official(item: Item, settings: Settings, reasons: list[str]) -> Found | None:
    """The item from its official address, downloaded into the cache; appends to `reasons` why not."""
    if settings.offline:
        reasons.append("COURSE_OFFLINE is set")
        return None
    if not online(item.address, settings):
        reasons.append("the official address does not answer")
        return None
    try:
        target = settings.workspace() / item.filename
        download(item.address, target, settings, known_hash=item.known_hash, size=item.size, title=item.title)
    except DownloadFailed as failure:
        reasons.append(str(failure))
        return None
    return Found(target, "official")


def is_sound(path: Path, known_hash: str) -> bool:
    """True when the file has the hash "algorithm:hexdigest"."""
    import pooch

    algorithm, digest = known_hash.split(":")
    return path.is_file() and pooch.file_hash(str(path), alg=algorithm) == digest


# ── Downloading ──────────────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def locked(target: Path, settings: Settings) -> Iterator[None]:
    """Hold the lock of `target`, so that two kernels that start at once do not write the same file."""
    import filelock

    folder = target.parent / ".locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / f"{target.name}.lock")
        try:
            lock.acquire(timeout=0.5)
        except filelock.Timeout:
            print(f"Another program is fetching {target.name}: waiting for it.")
            lock.acquire(timeout=settings.lock_seconds)
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
        lock.release()


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
        f"What {_host(address)} sent for {path.name} is not the right file ({reason}): a proxy or a log-in page may "
        "be in the way, so try another network, or set COURSE_DATA to a folder that holds the file."
    )


class _Resuming:
    """A downloader for pooch that resumes, notices stalls and tries again.

    The bytes so far are kept in `incoming/part`, and in `incoming/tag` what the server calls this version of the file.
    """

    def __init__(self, incoming: Path, settings: Settings, known_hash: str | None, size: int | None, title: str):
        self.part, self.tag = incoming / "part", incoming / "tag"
        self.settings, self.known_hash, self.size, self.title = settings, known_hash, size, title

    def require_space(self) -> None:
        """Raise OSError(ENOSPC) now rather than after 200 MB."""
        wanted = (self.size or 0) - self._have()
        if wanted > shutil.disk_usage(self.part.parent).free:
            raise OSError(errno.ENOSPC, f"{readable_size(wanted)} are needed")

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
                if failures > (1 if trouble.hopeless else self.settings.retries):
                    raise DownloadFailed(
                        f"{self.title} could not be downloaded from {_host(address)}: {trouble}. "
                        "Check the network and run the same command again, or set COURSE_DATA to a folder "
                        "that holds the file."
                    ) from trouble
                time.sleep(self.settings.backoff_seconds * 2 ** (failures - 1))
        os.replace(self.part, output_file)

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _attempt(self, address: str) -> None:
        import requests

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
            response = requests.get(address, headers=headers, stream=True, timeout=timeout)
        except requests.ConnectTimeout as error:
            raise _Transient("the server does not answer") from error
        except requests.ReadTimeout as error:
            raise _Transient(f"the server sent nothing for {self.settings.stall_seconds:g} s") from error
        except requests.ConnectionError as error:
            raise _unconnected(error) from error
        except requests.RequestException as error:
            raise DownloadFailed(
                f"{address} cannot be used as an address ({error}): correct COURSE_DATA, which names it."
            ) from error
        with response:
            self._receive(response, have)

    def _receive(self, response, have: int) -> None:
        status, host = response.status_code, _host(response.url)
        if status == 416:  # our part is longer than the file: start again
            self.part.unlink(missing_ok=True)
            raise _Transient("the server could not resume the download")
        if status >= 500 or status in (408, 425, 429):
            raise _Transient(f"the server answered with error {status}")
        if status in (404, 410):
            raise NotThere(
                f"{host} does not hold {Path(urlsplit(response.url).path).name} (error {status}): update the course, "
                "or set COURSE_DATA to a folder that holds the file."
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
        read = getattr(response.raw, "read1", response.raw.read)  # read1 returns what is there and does not wait for all
        since, window = time.monotonic(), 0
        bar = tqdm.tqdm(
            desc=self.title, total=total, initial=have, unit="B", unit_scale=True, leave=False,
            disable=not self.settings.progress,
        )  # fmt: skip
        with bar, self.part.open("ab" if have else "wb") as part:
            while True:
                try:
                    chunk = read(CHUNK)
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


def _unconnected(error: Exception) -> _Transient:
    """Why no connection came about. One that was accepted and then broke is worth more attempts than one refused."""
    import requests

    text = str(error).lower()
    if isinstance(error, requests.exceptions.SSLError):
        return _Transient("its certificate is not accepted, so something stands in between or the clock is wrong", True)
    if "aborted" in text or "reset" in text:
        return _Transient("the connection broke")
    return _Transient("the host is not found" if "resol" in text else "the connection is refused", True)


def _write(handle, chunk: bytes) -> None:
    handle.write(chunk)
