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
# Of each kind of token, in code and in signatures, one is kept: a page has thousands that differ in nothing but their text.
SLIM = """() => {
  const kinds = new Map([[null, ""]]), seen = new Set();
  const kind = element => {
    if (!kinds.has(element)) {
      const {color, backgroundColor} = getComputedStyle(element);
      const own = [element.tagName, element.className, element.style.cssText, color, backgroundColor];
      kinds.set(element, [kind(element.parentElement), ...own].join(" "));
    }
    return kinds.get(element);
  };
  const plain = token => !token.children.length && [...token.attributes].every(each => ["class", "style"].includes(each.name));
  const tokens = [...document.querySelectorAll(".highlight span, .sig span, .sig em, code span")];
  tokens.forEach(kind);  // before anything is replaced
  for (const token of tokens.reverse()) {  // inner ones first
    if (!plain(token)) continue;
    if (seen.has(kind(token))) token.replaceWith(token.textContent); else seen.add(kind(token));
  }
  document.body.normalize();
}"""
# Measuring a contrast takes a millisecond, and most texts of a site look like another. axe measures each look once: a text
# that has its colour, its font and all that is painted beneath it in common with one whose contrast was enough is let
# through. What fails, what axe cannot tell, and what lies across an edge of something painted is measured every time.
MEASURE_A_LOOK_ONCE = """looks => {
  const PAINT = ["backgroundColor", "backgroundImage", "opacity", "filter", "mixBlendMode"];
  const NONE = "rgba(0, 0, 0, 0) none 1 none normal";
  const PLACE = ["position", "zIndex"], FONT = ["color", "fontSize", "fontWeight", "textShadow", "webkitTextStroke"];
  const values = (element, names) => {
    const style = getComputedStyle(element);
    return names.map(name => style[name]).join(" ");
  };
  const painted = new Map();
  for (const element of document.querySelectorAll("*")) {
    const paint = values(element, PAINT);
    if (paint === NONE && !element.matches("img, svg, canvas, video, iframe, object")) continue;
    const look = `${element.tagName} ${paint} ${values(element, PLACE)}`;
    painted.set(element, {look, box: element.getBoundingClientRect()});
  }
  const lookOf = text => {
    const box = text.getBoundingClientRect(), beneath = new Set();
    for (let around = text; around; around = around.parentElement) beneath.add(painted.get(around)?.look);
    for (const [other, {look, box: {left, right, top, bottom}}] of painted) {
      if (left >= box.right || right <= box.left || top >= box.bottom || bottom <= box.top) continue;
      if (other.contains(text) || (text.contains(other) && look.includes(" static "))) continue;
      if (left > box.left || right < box.right || top > box.top || bottom < box.bottom) return null;
      beneath.add(look);
    }
    return [values(text, FONT), ...beneath].join(" | ");
  };
  const check = axe._audit.checks["color-contrast"];
  window.enough = new Set(looks);
  window.measure ??= check.evaluate;
  check.evaluate = function (text, ...rest) {
    const look = lookOf(text);
    if (enough.has(look)) return true;
    let said;
    const passed = measure.call({...this, data: told => this.data(said = told)}, text, ...rest);
    if (passed && look && said?.fgColor && said.bgColor) enough.add(look);
    return passed;
  };
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
        self._looks = []  # whose contrast was enough
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
            self.page.evaluate(MEASURE_A_LOOK_ONCE, self._looks)
            settings = {"runOnly": chosen, "resultTypes": ["violations"], "preload": False}
            for violation in self.page.evaluate("settings => axe.run(settings)", settings)["violations"]:
                found += [f"{scheme}: {violation['id']}: {node['html'][:200]}" for node in violation["nodes"]]
            self._looks = self.page.evaluate("[...enough]")
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
