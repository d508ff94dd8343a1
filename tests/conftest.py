"""What tests share. Those of checks: judging in their own process. Those of data and downloads: settings with short times, a
server that misbehaves, the table of faults.

The table appears at the end of every run, so that anybody can read what each fault ends in.
"""

import http.server
import threading
import time
from contextlib import suppress

import pytest

from utils import data
from utils.check.apart import here
from utils.data import fetch


@pytest.fixture
def in_this_process():
    """Answers are judged in this process, as outside Linux, and not in a copy of it."""
    with here():
        yield


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Settings with an empty cache of their own and times that suit a test. No proxy stands before this machine."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,nobody.invalid")
    fetch.forget_network()
    yield data.Settings(
        cache=tmp_path / "cache",
        probe_seconds=1.0,
        network_seconds=2.0,
        connect_seconds=1.0,
        stall_seconds=0.4,
        stall_bytes=1000,
        retries=3,
        backoff_seconds=0.01,
        lock_seconds=20.0,
        progress=False,
    )
    fetch.forget_network()


class FaultyServer(http.server.ThreadingHTTPServer):
    """Serves `files` by path, each request through the next behaviour in `script[path]`; the last one stays.

    A behaviour is a function of the handler and the content. `requests` keeps (method, path, Range header).
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files, self.script, self.requests = {}, {}, []
        self.closing = threading.Event()

    def handle_error(self, *_):
        """A client that hangs up, or speaks another protocol, is what these tests are about: nothing to print."""

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"

    def gets(self) -> list[str]:
        """The Range header of each GET so far ("" without one)."""
        return [span for method, _, span in self.requests if method == "GET"]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.server.requests.append(("HEAD", self.path, ""))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.server.requests.append(("GET", self.path, self.headers.get("Range", "")))
        path = self.path.lstrip("/")
        behaviours = self.server.script.get(path, [well])
        behaviour = behaviours.pop(0) if len(behaviours) > 1 else behaviours[0]
        with suppress(ConnectionError):  # the client may hang up at any time
            behaviour(self, self.server.files.get(path))

    def head(self, content: bytes, length: int | None = None, ranges: bool = True) -> bytes:
        """Send status and headers for `content` and return the bytes that the client asked for."""
        span = self.headers.get("Range", "") if ranges else ""
        start = int(span.removeprefix("bytes=").rstrip("-")) if span else 0
        self.send_response(206 if span else 200)
        if span:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(len(content) - start if length is None else length))
        self.end_headers()
        return content[start:]

    def log_message(self, *_):
        pass


def well(handler, content):
    """Answer as a server should."""
    if content is None:
        status(404)(handler, content)
    else:
        handler.wfile.write(handler.head(content))


def status(code):
    """Answer with an error status."""

    def answer(handler, _):
        handler.send_response(code)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def cut(share, ranges=True):
    """Hang up after this share of what was asked for."""

    def answer(handler, content):
        body = handler.head(content, ranges=ranges)
        handler.wfile.write(body[: int(len(body) * share)])
        handler.close_connection = True

    return answer


def stall(share):
    """Send this share and then nothing, with the connection kept open."""

    def answer(handler, content):
        body = handler.head(content)
        handler.wfile.write(body[: int(len(body) * share)])
        handler.wfile.flush()
        handler.server.closing.wait(20)

    return answer


def trickle(handler, content):
    """Send one byte every 50 ms: never silent, never done."""
    for byte in handler.head(content):
        handler.wfile.write(bytes([byte]))
        if handler.server.closing.wait(0.05):
            return


def other(body):
    """Send something else, in good form."""
    return lambda handler, _: handler.wfile.write(handler.head(body))


@pytest.fixture
def server():
    """A server on this machine that serves and misbehaves as told."""
    with FaultyServer() as faulty:
        thread = threading.Thread(target=faulty.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield faulty
        faulty.closing.set()
        faulty.shutdown()
        thread.join()


@pytest.fixture
def fault(record_property):
    """`fault(name, action)` runs a download, keeps a row for the table, and returns its result or its failure.

    `ending` is what the row says when nothing is raised; the test asserts that it is so.
    """

    def run(name, action, ending="right data"):
        start = time.monotonic()
        try:
            result = action()
        except data.DownloadFailed as failure:
            result = failure
            ending = f"a sentence: {failure}"
        record_property("fault", f"{name}\t{time.monotonic() - start:.1f} s\t{ending}")
        return result

    return run


def pytest_terminal_summary(terminalreporter):
    reports = (r for key in ("passed", "failed") for r in terminalreporter.stats.get(key, []))
    rows = [
        (*value.split("\t"), report.outcome)
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "fault"
    ]
    if not rows:
        return
    terminalreporter.section("faults of a download, and what each ends in")
    for name, seconds, ending, outcome in sorted(rows):
        short = ending if len(ending) < 120 else f"{ending[:117]}..."
        terminalreporter.line(f"{outcome:6}  {name:44} {seconds:>6}  {short}")
