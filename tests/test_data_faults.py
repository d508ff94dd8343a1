"""Every fault of a download, against a server on this machine: it ends in right data or in one clear sentence.

And never in a half file: whatever lies in the cache under its name is whole, fault or no fault.
"""

import errno
import hashlib
import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import cut, other, stall, status, trickle, well
from utils import data
from utils.data import download, fetch, sources
from utils.data import settings as settings_module

PROJECT = Path(__file__).resolve().parents[1]
CONTENT = bytes(range(256)) * 800  # 204,800 bytes
HASH = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
NAME = "digits.bin"


@pytest.fixture
def site(server):
    server.files[NAME] = CONTENT
    return server


def get_from(address, settings, **options):
    options = {"known_hash": HASH, "size": len(CONTENT), "title": "digits", **options}
    return download.download(address, settings.cache / NAME, settings, **options)


def get(site, settings, **options):
    return get_from(site.address(NAME), settings, **options)


def assert_right(result, settings):
    assert isinstance(result, Path), result
    assert result.read_bytes() == CONTENT
    assert not list((settings.cache / ".incoming").iterdir())  # nothing is left over


def assert_sentence(result, *words):
    """A failure in words for a person: what, and what to do; no library's names, and the cache holds no such file."""
    text = str(result)
    assert isinstance(result, data.DownloadFailed), result
    assert "\n" not in text and len(text) < 450 and text.endswith(".")
    assert not re.search(r"urllib|requests\.|Pool|Errno|Traceback|<.*object", text), text
    assert re.search(r"COURSE_DATA|COURSE_CACHE|again|pip", text), text
    for word in words:
        assert word in text, text


def assert_no_half_file(settings):
    whole = [path for path in settings.cache.glob("*") if path.is_file()] if settings.cache.is_dir() else []
    assert all(path.read_bytes() == CONTENT for path in whole)


# ── The server ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_fault(fault, site, settings):
    assert_right(fault("none", lambda: get(site, settings)), settings)
    assert get(site, settings).read_bytes() == CONTENT and len(site.gets()) == 1  # the second time from the cache


def test_refused(fault, settings):
    with socket.socket() as closed:  # a port that is ours and on which nobody listens
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/{NAME}"
        result = fault("refused", lambda: get_from(address, settings))
    assert_sentence(result, "refused")
    assert_no_half_file(settings)


def test_host_that_does_not_exist(fault, settings):
    address = f"http://nobody.invalid/{NAME}"  # a name that is reserved for never being there
    assert_sentence(fault("unknown host", lambda: get_from(address, settings)))
    assert_no_half_file(settings)


def test_no_secure_connection(fault, site, settings):
    address = site.address(NAME).replace("http:", "https:")
    result = fault("certificate", lambda: get_from(address, settings))
    assert_sentence(result, "certificate")
    assert_no_half_file(settings)


@pytest.mark.parametrize(
    ("name", "behaviour", "word"),
    [("silent before the first byte", stall(0), "nothing"), ("slow to the point of stalling", trickle, "stalled")],
)
def test_stalled(fault, site, settings, name, behaviour, word):
    site.script[NAME] = [behaviour]
    result = fault(name, lambda: get(site, replace(settings, retries=1)))
    assert_sentence(result, word)
    assert_no_half_file(settings)


def test_stalled_once(fault, site, settings):
    site.script[NAME] = [stall(0.5), well]
    assert_right(fault("stalled once, then right", lambda: get(site, settings)), settings)
    assert site.gets()[1] == f"bytes={len(CONTENT) // 2}-"


def test_cut_is_resumed(fault, site, settings):
    site.script[NAME] = [cut(0.5), well]
    assert_right(fault("cut at 50 %", lambda: get(site, settings)), settings)
    assert site.gets() == ["", f"bytes={len(CONTENT) // 2}-"]


def test_cut_is_started_again_where_the_server_cannot_resume(fault, site, settings):
    site.script[NAME] = [cut(0.5), lambda h, c: h.wfile.write(h.head(c, ranges=False))]
    assert_right(fault("cut at 50 %, server cannot resume", lambda: get(site, settings)), settings)


def test_cut_always(fault, site, settings):
    site.script[NAME] = [cut(0.5, ranges=False)]
    result = fault("cut at 50 % every time", lambda: get(site, settings))
    assert_sentence(result, "of 204,800 bytes")
    assert len(site.gets()) == settings.retries + 1
    assert_no_half_file(settings)


def test_another_version_is_not_glued_on(fault, site, settings):
    """Without a known hash a resumed download asks for the same version; a server with another one starts anew."""
    site.script[NAME] = [lambda h, _: cut(0.5)(h, b"\0" * len(CONTENT)), lambda h, c: h.wfile.write(h.head(c, None, False))]
    result = fault("file changes between two attempts", lambda: get(site, settings, known_hash=None, size=None))
    assert_right(result, settings)


@pytest.mark.parametrize("known", [True, False], ids=["hash", "mirror"])
def test_wrong_bytes(fault, site, settings, known):
    def check(path):
        if path.read_bytes() != CONTENT:
            raise ValueError("it is not a tar archive")

    site.script[NAME] = [other(CONTENT[::-1])]
    options = {} if known else {"known_hash": None, "check": check}
    result = fault(f"wrong bytes ({'official' if known else 'mirror'})", lambda: get(site, settings, **options))
    assert_sentence(result, "not the right file", "hash" if known else "tar archive")
    assert_no_half_file(settings)


def test_wrong_bytes_once(fault, site, settings):
    site.script[NAME] = [other(CONTENT[::-1]), well]
    assert_right(fault("wrong bytes once, then right", lambda: get(site, settings)), settings)


def test_a_damaged_part_is_thrown_away(fault, site, settings):
    part = settings.cache / ".incoming" / NAME / "part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"\0" * 1000)
    assert_right(fault("resumed on a damaged part", lambda: get(site, settings)), settings)
    assert site.gets() == ["bytes=1000-", ""]


@pytest.mark.parametrize("length", [len(CONTENT) - 7, len(CONTENT) + 7])
def test_wrong_length(fault, site, settings, length):
    site.script[NAME] = [other((CONTENT * 2)[:length])]
    result = fault(f"wrong length ({length - len(CONTENT):+d} bytes)", lambda: get(site, settings))
    assert_sentence(result, f"{length:,}", "204,800 are right")
    assert_no_half_file(settings)


def test_log_in_page(fault, site, settings):
    site.script[NAME] = [other(b"<html>Welcome to the hotel's network</html>")]
    assert_sentence(fault("log-in page of a hotel", lambda: get(site, settings)), "log-in")
    assert_no_half_file(settings)


def test_404(fault, site, settings):
    site.script[NAME] = [status(404)]
    result = fault("404", lambda: get(site, settings))
    assert_sentence(result, "404", NAME)
    assert len(site.gets()) == 1  # asking again would not help
    assert_no_half_file(settings)


def test_403(fault, site, settings):
    site.script[NAME] = [status(403)]
    assert_sentence(fault("403", lambda: get(site, settings)), "403")


def test_500_three_times_then_right(fault, site, settings):
    site.script[NAME] = [status(500), status(500), status(500), well]
    assert_right(fault("500 three times, then right", lambda: get(site, settings)), settings)
    assert len(site.gets()) == 4


def test_500_always(fault, site, settings):
    site.script[NAME] = [status(503)]
    assert_sentence(fault("503 every time", lambda: get(site, settings)), "503")


# ── This machine ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_disk_full_in_the_middle(fault, site, settings, monkeypatch):
    def full(handle, chunk):
        handle.write(chunk[: len(chunk) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(download, "_write", full)
        result = fault("disk full in the middle", lambda: get(site, settings))
    assert_sentence(result, "disk", "full", "COURSE_CACHE")
    assert not list((settings.cache / ".incoming").iterdir())  # the part would keep the disk full
    assert get(site, settings).read_bytes() == CONTENT


def test_disk_too_small(fault, site, settings, monkeypatch):
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    assert_sentence(fault("disk too small to begin", lambda: get(site, settings)), "full", "COURSE_CACHE")
    assert not site.gets()  # noticed before anything was sent


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full; the two tests above run anywhere")
def test_disk_full_for_real(fault, site, settings):
    (settings.cache / ".incoming" / NAME).mkdir(parents=True)
    (settings.cache / ".incoming" / NAME / "part").symlink_to("/dev/full")
    assert_sentence(fault("disk full, a real device", lambda: get(site, settings)), "full", "COURSE_CACHE")


def test_read_only_cache(fault, site, settings):
    """A file where the cache should be: nobody can write there, not even an administrator."""
    settings.cache.write_text("in the way", encoding="utf-8")
    result = fault("read-only cache", lambda: get(site, settings))
    assert_sentence(result, "cannot be written", "COURSE_CACHE")
    assert settings.cache.read_text(encoding="utf-8") == "in the way" and not site.gets()


def test_permission_denied(fault, site, settings, monkeypatch):
    def denied(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(download.os, "replace", denied)
    assert_sentence(fault("cache loses its permission", lambda: get(site, settings)), "Permission denied", "COURSE_CACHE")
    assert_no_half_file(settings)


def test_read_only_cache_in_a_notebook(fault, site, settings, capsys):
    """A notebook goes on: with one sentence, and a temporary folder for this session."""
    settings.cache.write_text("in the way", encoding="utf-8")
    item = sources.Item("digits", "digits", NAME, site.address(NAME), HASH, len(CONTENT), "", "none")
    settings_module.session_folder.cache_clear()
    try:
        found, reasons = fault("read-only cache, in a notebook", lambda: fetch.obtain(item, settings, lambda _: None))
        assert found.source == "official" and found.path.read_bytes() == CONTENT and not reasons
        assert_sentence(data.DownloadFailed(capsys.readouterr().out.strip()), "temporary folder", "COURSE_CACHE")
        assert fetch.obtain(item, settings, lambda _: None)[0].source == "cache"
        assert capsys.readouterr().out == "" and len(site.gets()) == 1
    finally:
        settings_module.session_folder.cache_clear()


# ── Several processes ────────────────────────────────────────────────────────────────────────────────────────────────

CHILD = """
import sys
from pathlib import Path
from utils.data import Settings, download
settings = Settings(cache=Path(sys.argv[1]), progress=False, stall_seconds=15, backoff_seconds=0.01)
path = download.download(sys.argv[2], settings.cache / "digits.bin", settings, known_hash=sys.argv[3], size=204800)
print(path.stat().st_size)
"""


def start(site, settings):
    command = [sys.executable, "-c", CHILD, str(settings.cache), site.address(NAME), HASH]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the child process did not get that far"
        time.sleep(0.02)


def test_two_processes_at_once(fault, site, settings):
    def slow(handler, content):
        body = handler.head(content)
        for at in range(0, len(body), 20_480):
            handler.wfile.write(body[at : at + 20_480])
            time.sleep(0.1)

    def both():
        children = [start(site, settings), start(site, settings)]
        outputs = [child.communicate(timeout=30)[0] for child in children]
        assert [child.returncode for child in children] == [0, 0]
        assert all(output.splitlines()[-1] == "204800" for output in outputs)
        return settings.cache / NAME

    site.script[NAME] = [slow]
    assert_right(fault("two processes at once", both), settings)
    assert len(site.gets()) == 1  # the second one waited and found the file


def test_killed_in_the_middle(fault, site, settings):
    site.script[NAME] = [stall(0.5), well]
    part = settings.cache / ".incoming" / NAME / "part"
    child = start(site, settings)
    try:
        wait_until(lambda: part.exists() and part.stat().st_size == len(CONTENT) // 2)
    finally:
        child.kill()
        child.communicate()
    assert not (settings.cache / NAME).exists()
    assert_right(fault("killed in the middle, started again", lambda: get(site, settings)), settings)
    assert site.gets() == ["", f"bytes={len(CONTENT) // 2}-"]


def test_lock_that_never_opens(fault, site, settings):
    with download.locked(settings.cache / NAME, settings):
        result = fault("lock held for ever", lambda: get(site, replace(settings, lock_seconds=0.2)))
    assert_sentence(result, "Another program", "again")
    assert not site.gets()
    assert_right(get(site, settings), settings)


# ── No network ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_silent_network_is_noticed_once(fault, settings):
    """A host that takes the connection and never answers costs one probe in a process, not one an item."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings = replace(settings, course_data=address)
        items = [sources.Item(name, name, name + ".bin", f"{address}/{name}", HASH, 10, "", "none") for name in "abcdef"]

        def ask():
            return [fetch.obtain(item, settings, lambda _: None) for item in items]

        results = fault("silent network, six items", ask, "noticed once, for all six")
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()
    assert all(found is None and "does not answer" in reasons[-1] for found, reasons in results)


def test_offline_asks_nobody(settings, monkeypatch):
    def connect(*_):
        raise AssertionError("COURSE_OFFLINE=1 must not open a connection")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    found, reasons = fetch.obtain(sources.MNIST, replace(settings, offline=True), lambda _: None)
    assert found is None and reasons == ["COURSE_OFFLINE is set"]
