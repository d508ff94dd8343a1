"""Level 0: pages and slides are readable without a network, a script, a mouse or colours; slides do not overflow."""

import json
import re
import shutil
import subprocess

import pytest
from bs4 import BeautifulSoup

from tools.lesson import lessons, read_notebook
from tools.site import look, pages, slides

LESSONS = [pytest.param(each, id=f"{each.path.parent.name}/{each.name}") for each in lessons()]
LECTURES = [each for each in lessons() if not each.is_lab]
CHROMIUM = any(shutil.which(name) for name in look.BROWSERS)

# Runs in a copy of the deck: visits every slide and leaves what it found in the page.
PROBE = """
<script>
const errors = [];
window.addEventListener("error", e => errors.push(String(e.message || e.target.src || e.target.href)), true);
console.error = (...words) => errors.push(words.join(" "));
const waiting = setInterval(() => { if (window.Reveal && Reveal.isReady()) { clearInterval(waiting); visit(); } }, 50);
function visit() {
  const found = [];
  for (const slide of Reveal.getSlides()) {
    const place = Reveal.getIndices(slide);
    Reveal.slide(place.h, place.v, 99);
    const inside = [...slide.querySelectorAll("p, li, h1, h2, h3, pre, table, img, math, div.jp-OutputArea-output")];
    const frame = slide.getBoundingClientRect(), scale = Reveal.getScale();
    const bottom = Math.max(0, ...inside.map(e => (e.getBoundingClientRect().bottom - frame.top) / scale));
    const right = Math.max(0, ...inside.map(e => (e.getBoundingClientRect().right - frame.left) / scale));
    found.push({h: place.h, v: place.v || 0, bottom: Math.round(bottom), right: Math.round(right),
                text: slide.innerText.trim().slice(0, 60), empty: slide.innerText.trim() === "" && !slide.querySelector("img")});
  }
  const out = document.createElement("script");
  out.type = "application/json"; out.id = "found"; out.textContent = JSON.stringify({slides: found, errors});
  document.body.append(out);
}
</script>
"""


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


@pytest.mark.parametrize("lesson", LECTURES, ids=lambda lesson: lesson.name)
def test_a_deck_stands_alone(lesson, tmp_path):
    (path,) = slides.make([lesson], tmp_path)
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    assert len(soup.select("div.slides > section")) >= 8
    for element in soup.find_all(["script", "link", "img"]):
        address = element.get("src") or element.get("href")
        if address and not address.startswith("data:"):
            assert (tmp_path / address).exists(), f"{address} is not beside the deck"


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here; test_a_deck_stands_alone still looks at the decks' structure")
@pytest.mark.parametrize("lesson", LECTURES, ids=lambda lesson: lesson.name)
def test_every_slide_fits_and_nothing_fails(lesson, tmp_path):
    (path,) = slides.make([lesson], tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("</body>", PROBE + "</body>"), encoding="utf-8")
    options = [*look.FLAGS, "--window-size=1280,720", "--virtual-time-budget=20000", f"--user-data-dir={tmp_path / 'profile'}"]
    command = [look.browser(), *options, "--dump-dom", path.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120).stdout
    found = json.loads(BeautifulSoup(dom, "html.parser").find(id="found").text)
    assert found["errors"] == []
    assert len(found["slides"]) >= 8
    assert [s for s in found["slides"] if s["empty"]] == []
    assert [s for s in found["slides"] if s["bottom"] > 700 or s["right"] > 1280] == []
