"""Finds a file in the course's places: COURSE_DATA, the local cache, the official address.

`COURSE_DATA` is a folder or an http mirror that the user names. What comes after the official address, a stand-in or an
error, is for the caller to say. Whether there is a network is asked once in a process.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import addresses, network
from .download import download, is_sound
from .errors import DownloadFailed, NotThere
from .settings import Settings
from .sources import Item

SOURCE_NAMES = {
    "course_data": "from COURSE_DATA",
    "cache": "from the cache",
    "official": "from the official address",
    "pip": "fetched with pip",
}


@dataclass(frozen=True)
class Found:
    """A file, and which of "course_data", "cache", "official" it came from."""

    path: Path
    source: str


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

_answers: dict[str, str] = {}  # why a host does not answer, or "" when it does; a notebook asks many times
_waited: list[float] = []  # seconds that the probes took


def forget_network() -> None:
    """Forget what the probes found, for a laptop that has just been connected."""
    _answers.clear()
    _waited.clear()


def online(address: str, settings: Settings) -> bool:
    """True when the host of `address` answers at all. Asked once per process; takes at most `probe_seconds`."""
    return not silence(address, settings)


def silence(address: str, settings: Settings) -> str:
    """Why the host of `address` does not answer, in words; an empty string when it does. Asked as `online` says.

    The host of the mirror is asked at the same moment, so that two silent hosts cost no more than one.
    """
    if settings.offline:
        return "COURSE_OFFLINE is set"
    if not addresses.usable(address):
        return str(network.INVALID)
    hosts = {addresses.server_of(a) for a in (address, settings.mirror) if addresses.usable(a)} - _answers.keys()
    threads = [threading.Thread(target=_ask, args=(host, settings.probe_seconds), daemon=True) for host in hosts]
    start = time.monotonic()
    deadline = start + settings.probe_seconds
    for thread in threads:
        thread.start()
    for thread in threads:  # a name server that does not answer blocks longer than any timeout: leave it behind
        thread.join(max(0.0, deadline - time.monotonic()))
    for host in hosts:
        _answers.setdefault(host, f"it does not answer within {settings.probe_seconds:g} s")
    _waited.append(time.monotonic() - start)
    return _answers[addresses.server_of(address)]


def patience(settings: Settings) -> float:
    """Seconds that are left of `network_seconds` for one more probe, at least one second."""
    return max(1.0, settings.network_seconds - sum(_waited))


def _ask(host: str, seconds: float) -> None:
    try:
        with network.request("HEAD", f"{host}/", timeout=seconds, allow_redirects=False) as response:
            refused = response.status_code == 407  # by a proxy, which asks for a password
            answer = str(network.proxy_answer(407, response.url)) if refused else ""
    except network.Unreachable as failure:
        answer = str(failure)
    _answers.setdefault(host, answer)


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
    try:
        there = settings.folder.is_dir()
    except OSError as error:
        reasons.append(f"the folder in COURSE_DATA cannot be read ({error.strerror})")
        return None
    if not there:
        what = "neither a folder nor an http address" if "://" in settings.course_data else "a folder that does not exist"
        reasons.append(f"COURSE_DATA names {what}")
        return None
    for name in (item.filename, *item.also):
        path = settings.folder / name
        try:
            if not path.exists():
                continue
            check(path)
        except ValueError as error:
            reasons.append(f"{name} in COURSE_DATA is damaged ({error})")
            continue
        except OSError as error:
            reasons.append(f"{name} in COURSE_DATA cannot be read ({error.strerror or type(error).__name__})")
            continue
        return Found(path, "course_data")
    if not reasons:
        reasons.append(f"COURSE_DATA does not hold {item.filename}")
    return None


def _mirror_folder(settings: Settings) -> Path:
    """The part of the cache for files of this mirror, by its address: two mirrors may hold different photos."""
    return Path("mirrors") / addresses.folder_name(settings.mirror)


def _from_mirror(item, settings, check, reasons) -> Found | None:
    kept = _mirror_folder(settings)
    names = [name for name in (item.filename, *item.also) if "." in name]  # a mirror cannot hand out a folder
    for path in (place / kept / name for place in settings.places for name in names):
        if path.exists():
            return Found(path, "course_data")
    if not online(settings.mirror, settings):
        reasons.append(f"the mirror in COURSE_DATA cannot be reached: {silence(settings.mirror, settings)}")
        return None
    for name in names:
        try:
            target = settings.workspace() / kept / name
            download(addresses.join(settings.mirror, name), target, settings, title=item.title, check=check)
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
            reasons.append(f"the cached {item.filename} was damaged or cannot be read")
    return None


def from_official(item: Item, settings: Settings, reasons: list[str]) -> Found | None:
    """The item from its official address, downloaded into the cache; appends to `reasons` why not."""
    if settings.offline:
        reasons.append("COURSE_OFFLINE is set")
        return None
    if not online(item.address, settings):
        reasons.append(f"the official address cannot be reached: {silence(item.address, settings)}")
        return None
    try:
        target = settings.workspace() / item.filename
        download(item.address, target, settings, known_hash=item.known_hash, size=item.size, title=item.title)
    except DownloadFailed as failure:
        reasons.append(str(failure))
        return None
    return Found(target, "official")
