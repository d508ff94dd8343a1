"""Headless Chromium for tests of pages: what a page asks for, what it complains about, and what axe finds."""

import functools
import http.server
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page, sync_playwright

from tools.site import look

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Of each kind of token one is kept: a page has thousands, and a contrast is a matter of the kind.
SLIM = """() => {
  const seen = new Set();
  for (const token of document.querySelectorAll(".highlight span")) {
    const kind = token.className + "|" + token.parentElement.closest("[class*=highlight-]")?.className;
    if (seen.has(kind)) token.replaceWith(token.textContent); else seen.add(kind);
  }
  document.body.normalize();
}"""


@contextmanager
def chromium():
    """A browser, closed at the end."""
    with sync_playwright() as program:
        browser = program.chromium.launch(executable_path=look.browser(), args=["--no-sandbox"])
        yield browser
        browser.close()


class Watched:
    """A page with what it asked for elsewhere (`requests`) and what it complained about (`complaints`)."""

    def __init__(self, browser, home: str, **settings):
        self.home, self.requests, self.complaints = home, [], []
        self.page: Page = browser.new_page(**settings)
        self._fetching = set()
        self.page.on("request", self._asked)
        for end in ("requestfinished", "requestfailed"):
            self.page.on(end, lambda request: self._fetching.discard(request))
        self.page.on("console", lambda message: self._said(message))
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))

    def _asked(self, request) -> None:
        self._fetching.add(request)
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.requests.append(f"{self.page.url} asks for {request.url}")

    def _said(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def settle(self) -> None:
        """Wait until nothing is being fetched: what a page asks for last must not meet a server that is closing."""
        ends = time.monotonic() + 30
        while self._fetching and time.monotonic() < ends:
            self.page.wait_for_timeout(50)

    def violations(self) -> list[str]:
        """What axe finds against WCAG A and AA in this page, in the light scheme and in the dark one, a line each."""
        self.page.add_style_tag(content="* { transition: none !important }")  # no colour on its way from one scheme to the other
        self.page.evaluate(SLIM)
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = []
        for scheme, chosen in (("light", RULES), ("dark", ["color-contrast"])):  # the scheme changes nothing but colours
            self.page.evaluate("scheme => { document.documentElement.dataset.theme = scheme }", scheme)
            settings = {"runOnly": chosen, "resultTypes": ["violations"], "preload": False}
            for violation in self.page.evaluate("settings => axe.run(settings)", settings)["violations"]:
                found += [f"{scheme}: {violation['id']}: {node['html'][:200]}" for node in violation["nodes"]]
        return [f"{self.page.url} {line}" for line in found]


@contextmanager
def served(folder: Path):
    """The address of a web server on this machine over `folder`."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 64  # a page of search results fetches a dozen excerpts at once; with 5 some may be refused

    with Server(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
