"""Names, passwords and tokens in addresses: used where they are needed, shown nowhere.

Every test runs a failure or a success with secrets in the address and looks at all that could carry them away: what is
printed and logged, the message, the whole chain of exceptions, reprs, and the names of files and folders.
"""

import base64
import logging
import os
import re
import socket
import subprocess
import sys
import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import other, status
from tests.test_data_causes import answering, plain_network, serving, through  # noqa: F401 - a fixture
from tests.test_data_faults import CONTENT, HASH, NAME
from utils import data
from utils.data import __main__ as command_line
from utils.data import addresses, download, fetch, sources

PROJECT = Path(__file__).resolve().parents[1]
SECRETS = ("anna", "s3cret", "t0ken", "sig123")
LOGIN = "anna:s3cret@"


@pytest.fixture
def leaks(capfd, caplog, settings):
    """`leaks(*objects)` is every secret found in what was printed or logged, in the cache's names, or in the objects."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.DEBUG)

    def find(*objects) -> list[str]:
        printed = capfd.readouterr()
        texts = [
            printed.out,
            printed.err,
            caplog.text,
            *(str(path.relative_to(settings.cache)) for path in settings.cache.rglob("*")),
        ]
        for thing in objects:
            texts += [repr(thing), str(thing)]
            if isinstance(thing, BaseException):
                texts += ["".join(traceback.format_exception(thing)), *chain(thing)]
        return [f"{secret} in {text[:300]!r}" for secret in SECRETS for text in texts if secret in text.lower()]

    yield find
    logging.getLogger("urllib3").setLevel(logging.NOTSET)


def chain(error) -> list[str]:
    """Every exception that hangs on this one, also those that a traceback would not show."""
    seen, todo = [], [error]
    while todo:
        here = todo.pop()
        if isinstance(here, BaseException) and all(here is not other for other in seen):
            seen.append(here)
            todo += [here.__cause__, here.__context__, *here.args]
    return [f"{here!r} {here}" for here in seen]


def closed_port() -> int:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return closed.getsockname()[1]


MIRRORS = {
    "refused": lambda _: f"http://{LOGIN}127.0.0.1:{closed_port()}/t0ken/data",
    "unknown host": lambda _: f"http://{LOGIN}nobody.invalid/t0ken?sas=sig123",
    "not there": lambda server: server.address("gone/t0ken?sas=sig123").replace("//", f"//{LOGIN}"),
    "no TLS": lambda server: server.address("t0ken").replace("http://", f"https://{LOGIN}"),
    "a slash in the password": lambda _: "http://anna:s3/cret@t0ken.invalid/s3cret/data",
    "an at in the password": lambda _: "http://anna:t0ken@s3cret/x@127.0.0.1/data",
    "a hash in the password": lambda _: "http://anna:t0ken#s3cret@127.0.0.1/data",
    "no port": lambda _: "http://anna:s3cret",
    "capitals": lambda _: f"HTTP://{LOGIN}nobody.invalid/data",
    "another scheme": lambda _: f"ftp://{LOGIN}nobody.invalid/t0ken",
    "no scheme": lambda _: f"{LOGIN}nobody.invalid:/data",
}


@pytest.mark.parametrize("case", MIRRORS)
def test_a_mirror_that_fails(settings, server, leaks, monkeypatch, case):
    monkeypatch.setattr(fetch, "from_official", lambda *_: None)
    named = replace(settings, course_data=MIRRORS[case](server), retries=0)
    digits = data.load_mnist(settings=named)
    assert digits.source == "stand-in"
    assert not leaks(named, digits.source)
    with pytest.raises(data.Missing) as failure:
        data.imagenet_classes(settings=named)
    assert not leaks(failure.value)


@pytest.mark.parametrize("code", [301, 400, 401, 403, 404, 407, 410, 416, 500, 502, 511])
def test_a_mirror_that_answers_with_an_error(settings, server, leaks, monkeypatch, code):
    monkeypatch.setattr(fetch, "from_official", lambda *_: None)
    server.script["t0ken/mnist.npz?sas=sig123"] = [status(code)]
    address = server.address("t0ken?sas=sig123").replace("//", f"//{LOGIN}")
    assert data.load_mnist(settings=replace(settings, course_data=address, retries=0)).source == "stand-in"
    assert not leaks()


def test_a_mirror_that_sends_something_else(settings, server, leaks, monkeypatch):
    monkeypatch.setattr(fetch, "from_official", lambda *_: None)
    server.script["mnist.npz"] = [other(b"<html>anna s3cret</html>")]
    address = server.address("").replace("//", f"//{LOGIN}")
    assert data.load_mnist(settings=replace(settings, course_data=address)).source == "stand-in"
    assert not leaks()


@pytest.mark.parametrize(
    ("login", "sent"),
    [
        ("anna:s3cret@", "anna:s3cret"),
        ("anna:s3cret%40%2Fx@", "anna:s3cret@/x"),
        ("anna@", "anna:"),
        ("%C3%A4nna:p%C3%A4ss@", "änna:päss"),
    ],
)
def test_a_mirror_with_a_password_works(settings, server, leaks, login, sent):
    """The password arrives, the token stays behind the question mark, and a folder keeps the file under neither."""
    seen = []

    def protected(handler, content):
        seen.append((handler.path, handler.headers.get("Authorization", "")))
        handler.wfile.write(handler.head(CONTENT))

    server.script["data/digits.bin?sas=sig123"] = [protected]
    address = server.address("data/?sas=sig123").replace("//", f"//{login}")
    item = sources.Item("digits", "digits", NAME, "https://nobody.invalid/digits.bin", HASH, len(CONTENT), "", "none")
    named = replace(settings, course_data=address)
    found, reasons = fetch.obtain(item, named, lambda _: None)
    assert found.source == "course_data" and found.path.read_bytes() == CONTENT and not reasons
    expected = "Basic " + base64.b64encode(sent.encode()).decode()
    assert seen == [("/data/digits.bin?sas=sig123", expected)]
    again = replace(named, course_data=server.address("data?sas=another"), offline=True)
    assert fetch.obtain(item, again, lambda _: None)[0].path == found.path  # a new token is no new mirror
    assert not leaks(found, named)


def test_two_mirrors_on_one_host_do_not_share_files(settings):
    names = {addresses.folder_name(f"https://{LOGIN}host{path}") for path in ("", "/a", "/b", "/a/b", "/A")}
    assert len(names) == 5 and all(re.fullmatch(r"host-[0-9a-f]{12}", name) for name in names)
    assert addresses.folder_name("https://host:81/a") != addresses.folder_name("https://host:82/a")
    assert addresses.folder_name("https://host/a/") == addresses.folder_name("http://bob:x@host/a?y=1")


@pytest.mark.parametrize(
    "where",
    [f"http://{LOGIN}nobody.invalid/x?t=t0ken", "http://anna:s3/cret@host:9/x?t=t0ken", "t0ken://s3cret"],
    ids=["host", "port", "scheme"],
)
def test_a_redirect(settings, server, leaks, where):
    def away(handler, _):
        handler.send_response(302)
        handler.send_header("Location", where)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    server.script[NAME] = [away]
    with pytest.raises(data.DownloadFailed) as failure:
        download.download(server.address(NAME), settings.cache / NAME, replace(settings, retries=0))
    assert not leaks(failure.value)


def test_a_redirect_that_ends_in_an_error(settings, server, leaks):
    def away(handler, _):
        handler.send_response(302)
        handler.send_header("Location", server.address("t0ken/else").replace("//", f"//{LOGIN}"))
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    server.script[NAME], server.script["t0ken/else"] = [away], [status(403)]
    with pytest.raises(data.DownloadFailed, match="403") as failure:
        download.download(server.address(NAME), settings.cache / NAME, replace(settings, retries=0))
    assert not leaks(failure.value)


PROXIES = {
    "unknown": f"http://{LOGIN}proxy.invalid:3128",
    "refused": f"http://{LOGIN}127.0.0.1:9",
    "no host": f"http://{LOGIN}:3128",
    "a slash in the password": "http://anna:s3/cret@proxy.invalid:3128",
    "without a scheme": f"{LOGIN}proxy.invalid:3128",
    "another scheme": f"ftp://{LOGIN}proxy.invalid:3128",
    "SOCKS": f"socks5h://{LOGIN}127.0.0.1:9",
}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("case", PROXIES)
def test_a_proxy_that_fails(settings, leaks, monkeypatch, case, scheme):
    through(monkeypatch, PROXIES[case])
    item = sources.Item("digits", "digits", NAME, f"{scheme}://example.org/{NAME}", HASH, len(CONTENT), "", "none")
    found, reasons = fetch.obtain(item, settings, lambda _: None)
    with pytest.raises(data.DownloadFailed) as failure:
        download.download(item.address, settings.cache / NAME, replace(settings, retries=0))
    assert found is None and "proxy" in reasons[0].lower() and "proxy" in str(failure.value).lower()
    assert not leaks(failure.value, *reasons)


@pytest.mark.parametrize("code", [407, 502])
def test_a_proxy_that_answers(settings, leaks, monkeypatch, code):
    with serving(answering(code)) as port:
        through(monkeypatch, f"http://{LOGIN}127.0.0.1:{port}")
        for address in (f"https://example.org/t0ken/{NAME}", f"http://example.org/{NAME}?t0ken=1"):
            with pytest.raises(data.DownloadFailed, match="proxy") as failure:
                download.download(address, settings.cache / NAME, replace(settings, retries=0))
            assert not leaks(failure.value)


@pytest.mark.parametrize(
    "course_data",
    [f"https://{LOGIN}nobody.invalid/t0ken?s=sig123", f"ftp://{LOGIN}x", f"{LOGIN}host/data", "a:s3cret@host"],
    ids=["https", "ftp", "bare", "short"],
)
def test_the_command_line(monkeypatch, tmp_path, leaks, settings, course_data):
    monkeypatch.setenv("COURSE_CACHE", str(settings.cache))
    monkeypatch.setenv("COURSE_DATA", course_data)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    for words in (["status"], ["fetch", "--all", "--to", str(tmp_path / "stick")], ["clear"]):
        assert command_line.main(words) == 0
    assert not leaks(data.Settings.from_environment())


def test_the_doctor(settings):
    """Its report may be pasted into a forum."""
    environment = {
        **os.environ, "COURSE_DATA": f"http://{LOGIN}127.0.0.1:9/t0ken", "COURSE_CACHE": str(settings.cache),
        "HTTPS_PROXY": f"http://{LOGIN}127.0.0.1:9", "NO_PROXY": "127.0.0.1",
    }  # fmt: skip
    code = (
        "from utils import data; from utils.doctor import course; settings = data.Settings.from_environment(); "
        "print(settings, course.check_course_data(settings), course.check_network(settings))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not [secret for secret in SECRETS if secret in done.stdout + done.stderr]


def test_folders_are_shown_as_they_are(tmp_path):
    for name in (str(tmp_path), "data@home", "C:\\data@home", "a:b", ""):
        assert data.Settings(cache=tmp_path, course_data=name).shown == name
    assert data.Settings(cache=tmp_path, course_data="https://a:b@host:81/x?y").shown == "https://host:81/"
