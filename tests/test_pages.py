"""Level 0: pages and slides are readable without a network, a script, a mouse or colours; slides do not overflow."""

import re
import shutil

import pytest
from bs4 import BeautifulSoup

from tests import browser
from tools.lesson import lessons, read_notebook
from tools.site import look, pages, slides

LESSONS = [pytest.param(each, id=f"{each.path.parent.name}/{each.name}") for each in lessons()]
LECTURES = [each for each in lessons() if not each.is_lab]
CHROMIUM = any(shutil.which(name) for name in look.BROWSERS)

# Visits every slide of a deck and says what stands where, in the deck's own units.
VISIT = """() => Reveal.getSlides().map(slide => {
  const place = Reveal.getIndices(slide);
  Reveal.slide(place.h, place.v, 99);
  const frame = slide.getBoundingClientRect(), scale = Reveal.getScale();
  const inside = [...slide.querySelectorAll("p, li, h1, h2, h3, pre, table, img, math, div.jp-OutputArea-output")];
  const edge = (side, from) => Math.max(0, ...inside.map(e => (e.getBoundingClientRect()[side] - frame[from]) / scale));
  const pictures = [...slide.querySelectorAll(".jp-OutputArea-output img")].map(e => e.getBoundingClientRect());
  return {h: place.h, v: place.v || 0, bottom: Math.round(edge("bottom", "top")), right: Math.round(edge("right", "left")),
          widest: Math.max(0, ...pictures.map(box => box.width / scale)),
          text: slide.innerText.trim().slice(0, 60), empty: slide.innerText.trim() === "" && !slide.querySelector("img")};
})"""
OVERLAP = """() => {
  const [number, arrows] = [".slide-number", ".controls"].map(name => document.querySelector(name).getBoundingClientRect());
  return number.right > arrows.left && number.left < arrows.right && number.bottom > arrows.top && number.top < arrows.bottom;
}"""


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_page_is_readable_by_everyone(lesson):
    """Language, title, one H1, headings in order, alt texts, table headers; nothing fetched but the badge, no script at all."""
    soup = BeautifulSoup(pages.page(read_notebook(lesson.path.with_suffix(".ipynb")), lesson.title), "html.parser")
    assert soup.html["lang"] == "en" and soup.title.text == lesson.title
    levels = [int(heading.name[1]) for heading in soup.find_all(re.compile("^h[1-6]$"))]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
    for image in soup.find_all("img"):
        assert len(image.get("alt", "").split()) >= 3, str(image)[:200]
        assert "No description" not in image["alt"]
    for table in soup.find_all("table"):
        assert table.find("th"), "a table without headers"
    for control in soup.find_all(["button", "input", "select"]):
        assert control.get("tabindex") != "-1"
    outside = [e.get("src") or e.get("href") for e in soup.find_all(["script", "link", "img", "iframe"])]
    assert [a for a in outside if a and not a.startswith("data:") and "colab-badge" not in a] == []
    scripts = [e for e in soup.find_all("script") if e.get("type") != "application/json" and e.text.strip()]
    assert scripts == [], "a page is understood without JavaScript"
    assert "$" not in "".join(p.text for p in soup.find_all("p")), "mathematics that was not drawn"


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    """The decks of all lectures, as the program makes them: the path of each by its lecture's name."""
    return {path.stem: path for path in slides.make(LECTURES, tmp_path_factory.mktemp("slides"))}


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as program:
        yield program


@pytest.mark.parametrize("name", [lecture.name for lecture in LECTURES])
def test_a_deck_stands_alone(name, decks):
    path = decks[name]
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    assert len(soup.select("div.slides > section")) >= 8
    for image in soup.select("div.slides img"):
        assert len(image.get("alt", "").split()) >= 3 and "No description" not in image["alt"], str(image)[-300:]
    for element in soup.find_all(["script", "link", "img"]):
        address = element.get("src") or element.get("href")
        if address and not address.startswith("data:"):
            assert (path.parent / address).exists(), f"{address} is not beside the deck"


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here; test_a_deck_stands_alone still looks at the decks' structure")
@pytest.mark.parametrize("name", [lecture.name for lecture in LECTURES])
def test_every_slide_fits_its_figures_fill_it_and_nothing_fails(name, decks, chromium):
    watched = browser.Watched(chromium, "file:", viewport={"width": 1280, "height": 720})
    watched.page.goto(decks[name].as_uri())
    watched.page.wait_for_function("window.Reveal && Reveal.isReady()")
    found = watched.page.evaluate(VISIT)
    assert not watched.page.evaluate(OVERLAP), "the slide's number lies under the arrows"
    watched.page.close()
    assert watched.complaints + watched.requests == []
    assert len(found) >= 8
    assert [s for s in found if s["empty"]] == []
    assert [s for s in found if s["bottom"] > 700 or s["right"] > 1280] == []
    # A figure has grown until it is as wide as the slide, 2.4 times its size, or the text below it stands at the bottom.
    assert [s for s in found if s["widest"] and s["widest"] < 1000 and s["bottom"] < 560] == []
