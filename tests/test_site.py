"""Level 0: the site is made without executing anything, stands alone, can be searched, used and read by everyone."""

import re
import shutil
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup

from tests import browser
from tools import course
from tools.lesson import ROOT, lessons, read_notebook
from tools.site import book, errata, explorers, look

LESSONS = lessons()
needs_chromium = pytest.mark.skipif(
    not any(shutil.which(name) for name in look.BROWSERS), reason="no Chromium here; the other tests still read the pages"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site as `make site` makes it, in a process of its own: Keras has an empty stand-in there."""
    folder = tmp_path_factory.mktemp("site") / "pages"
    command = [sys.executable, "-m", "tools.site", "--to", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "Sphinx warns, or TensorFlow was imported"
    return folder


@pytest.fixture(scope="module")
def pages(site):
    """name → page as BeautifulSoup."""
    found = {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html"))}
    return {name: BeautifulSoup(text, "html.parser") for name, text in found.items()}


def test_every_lesson_is_a_page_in_teaching_order_and_no_solution_is(pages):
    listed = [a["href"].removesuffix(".html") for a in pages["index.html"].select("main table a")]
    assert sorted(listed) == sorted(lesson.student_path.removesuffix(".ipynb") for lesson in LESSONS)
    assert all(f"{name}.html" in pages for name in listed)
    assert not [name for name in pages if name.startswith("solutions/")]
    menu = [a["href"].removesuffix(".html") for a in pages["index.html"].select("nav.bd-links a") if "/" in a["href"]]
    assert menu[: len(listed)] == listed


def test_the_index_says_what_each_lesson_needs_teaches_and_takes(pages):
    text = pages["index.html"].find("main").text
    for lesson in LESSONS:
        assert lesson.teaches.replace("`", "")[:60] in text and book.needs(lesson, LESSONS) in text
    assert "Lecture 01; " in text and re.search(r"\d min", text)


def test_pages_for_people_and_the_reference_are_there(pages):
    for name in ("students", "instructors", "contributors", "errata", "reference/ledger", "reference/data", "reference/vision"):
        assert f"{name}.html" in pages
    assert pages["reference/ledger.html"].find(id="utils.ledger.ledger")
    assert pages["reference/data.html"].find(id="utils.data.load_mnist")
    for name in ("boxes.iou", "detector.GridLoss", "nms.nms"):  # GridLoss is a class of Keras, which has a stand-in
        assert pages["reference/vision.html"].find(id=re.compile(rf"utils\.vision\.{name}")), name


def test_no_link_inside_the_site_is_dead(pages, site):
    anchors = {name: {element["id"] for element in page.find_all(id=True)} for name, page in pages.items()}
    for name, page in pages.items():
        for link in page.select("a[href], img[src], script[src], link[href]"):
            target = (link.get("href") or link.get("src")).partition("?")[0]
            if re.match(r"[a-z]+:", target):
                assert link.name == "a", f"{name} fetches {target}"
                continue
            path, _, anchor = target.partition("#")
            inside = (site / name).parent / path if path else site / name
            assert inside.exists(), f"{name} links to {target}"
            if anchor and inside.suffix == ".html":
                assert anchor in anchors[inside.resolve().relative_to(site.resolve()).as_posix()], f"{name} links to {target}"


def test_mathematics_is_mathml_and_figures_have_their_alternative_texts(pages):
    for lesson in LESSONS:
        page = pages[lesson.student_path.replace(".ipynb", ".html")]
        stored = read_notebook(ROOT / lesson.student_path)
        wanted = {
            o.metadata["image/png"]["alt"] for c in stored.cells for o in c.get("outputs", ()) if "image/png" in o.get("data", {})
        }
        shown = {" ".join(image.get("alt", "").split()) for image in page.select("img")}
        assert {" ".join(alt.split()) for alt in wanted} <= shown
        assert not re.search(r"\\\(|\\\[|\$\$", page.find("main").text)
    assert any(page.find("math") for page in pages.values())


def test_code_is_folded_where_the_source_says_so(pages):
    for lesson in LESSONS:
        page = pages[lesson.student_path.replace(".ipynb", ".html")]
        hidden = [c for c in lesson.cells if c.kind == "code" and "hide-input" in c.tags]
        assert len(page.select("details.hide.above-input")) == len(hidden) + 1  # the setup cell too


def test_errata_are_word_for_word_what_the_lectures_computed(pages):
    shown = pages["errata.html"].find("main")
    found = 0
    for lesson in LESSONS:
        computed = [block for block in errata.section(lesson) if block.startswith("| claim |")]
        for block in computed:
            for row in block.splitlines()[2:]:
                claim = row.split("|")[1].strip()
                assert re.sub(r"[*`]", "", claim) in shown.text, claim
                found += 1
    assert found >= 18
    assert len(shown.select("table")) >= 2 and "What many slides" not in shown.text.partition("\n\n")[2]


def test_buttons_open_the_lab_at_the_tag_and_never_a_solution(monkeypatch):
    monkeypatch.setattr(course, "repository", lambda: "https://github.com/someone/fork")
    options = book.settings()["html_theme_options"]
    assert options["repository_branch"] == course.tag() and options["launch_buttons"]["colab_url"] == course.COLAB
    from tools.site.extension import _open_labs

    button = {"url": f"{course.COLAB}/github/someone/fork/blob/{course.tag()}/solutions/01_x.ipynb"}
    _open_labs(None, "solutions/01_x", "", {"header_buttons": [{"type": "link"}, {"buttons": [button]}]}, None)
    assert button["url"] == f"{course.COLAB}/github/someone/fork/blob/{course.tag()}/labs/01_x.ipynb"


def test_solutions_come_only_when_asked_for(tmp_path):
    book.stage(LESSONS, tmp_path / "with", solutions=True)
    assert len(list((tmp_path / "with" / "solutions").glob("*.ipynb"))) == sum(lesson.is_lab for lesson in LESSONS)


def test_a_folder_with_other_files_is_not_replaced(tmp_path):
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(SystemExit, match="name a new folder"):
        book.make(tmp_path)
    assert (tmp_path / "diary.txt").exists()


def test_a_lesson_that_is_not_built_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(book, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="run `make build` first"):
        book.stage(LESSONS[:1], tmp_path / "source", solutions=False)


# ---------------------------------------------------------------- explorers

EXPLORERS = {explorer.name: (lesson, explorer) for lesson in LESSONS for explorer in explorers.of(lesson)}


def test_there_are_explorers_and_each_stands_in_its_lesson(pages):
    assert {"worked-grid", "output-size", "batch-and-memory"} <= set(EXPLORERS)
    # "auto" is for the script to resolve; without one it has no colours, and cells would be black.
    assert {page.html["data-theme"] for page in pages.values()} == {"light"}
    for name, (lesson, explorer) in EXPLORERS.items():
        figure = pages[lesson.student_path.replace(".ipynb", ".html")].find(id=name)
        assert figure.select_one(".frame svg"), "a still picture without JavaScript"
        assert figure.select_one(".controls").has_attr("hidden"), "no dead controls without JavaScript"
        for control in figure.select("input"):
            assert figure.select_one(f"label[for={control['id']}]")
        assert figure.find("figcaption").text == explorer.draw(*explorer.start)[1]


def test_the_worked_grids_last_step_shows_the_whole_output():
    _, explorer = EXPLORERS["worked-grid"]
    picture, sentence = explorer.draw(9)
    numbers = re.findall(r">(\d+)</text>", picture)[-9:]
    assert numbers == ["12", "12", "17", "10", "17", "19", "9", "6", "14"] and sentence.endswith("= 14.")


@pytest.mark.parametrize("kernel, stride, padding", [(3, 2, 0), (5, 1, 2), (1, 4, 1), (4, 3, 0)])
def test_the_row_has_as_many_windows_as_fit(kernel, stride, padding):
    _, explorer = EXPLORERS["output-size"]
    picture, sentence = explorer.draw(kernel, stride, padding)
    starts = range(0, 10 + 2 * padding - kernel + 1, stride)
    assert picture.count("<circle") == len(starts) and sentence.startswith(f"{len(starts)} windows fit")


@pytest.mark.parametrize(
    "choices, lost",
    [((3, 2, 0), "the last pixel."), ((3, 2, 1), ""), ((4, 4, 0), "the last 2 pixels."), ((3, 1, 0), "")],
)
def test_only_pixels_of_the_row_are_missed_not_its_padding(choices, lost):
    _, explorer = EXPLORERS["output-size"]
    _, sentence = explorer.draw(*choices)
    assert sentence.partition(" No window reaches ")[2] == lost


def test_the_stored_counts_are_the_ledgers():
    from tools.site.explorers import lab03

    counted = lab03.count()
    stored = lab03.json.loads(lab03.STORE.read_text(encoding="utf-8"))
    assert stored == counted, "run `python -m tools.site.explorers.lab03`"
    assert "VGG16" not in lab03.bars(stored, 128)[1] and "MobileNetV2" in lab03.bars(stored, 128)[1]


# ---------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as program:
        yield program


@needs_chromium
def test_no_page_asks_for_anything_complains_or_shuts_anyone_out(site, chromium):
    """Every page, from a folder and from a server: no request elsewhere, no complaint, no violation of WCAG A and AA."""
    names = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html"))]
    violations = []
    with browser.served(site) as address:
        folder = browser.Watched(chromium, "file:")
        server = browser.Watched(chromium, address)
        for name in names:
            server.page.goto(address + name)
            folder.page.goto((site / name).as_uri())
            violations += folder.violations()
        server.settle()
    assert folder.requests + server.requests + folder.complaints + server.complaints + violations == []


# Each fault has a number; the paragraphs without one come first, look like a fault, and are none.
FAULTS = """() => {
  const add = html => document.querySelector("main article").insertAdjacentHTML("beforeend", html);
  add(`<p style="color: #aaa; visibility: hidden">Not seen</p> <p style="color: #aaa" id="fault-1">Pale</p>`);
  add(`<p style="color: #888; font-size: 30px">Large</p> <p style="color: #888" id="fault-2">Not so large</p>`);
  add(`<p style="color: #bbb">x</p> <p style="color: #bbb" id="fault-3">More than a letter</p>`);
  add(`<div style="position: relative"><b style="position: absolute; inset: 0; background: #222"></b>
       <p style="position: relative" id="fault-4">Dark on dark</p></div>`);
  add(`<style>html[data-theme=dark] #fault-5 {color: #555}</style> <p id="fault-5">Dim in the dark</p>`);
  add(`<img src="figure.png" id="fault-6"> <input id="fault-7"> <a href="index.html" id="fault-8"></a>`);
  add(`<p style="opacity: 0.4" id="fault-9">Faint</p>`);
}"""


@needs_chromium
def test_a_page_that_shuts_somebody_out_is_noticed(site, chromium):
    """Though a look is measured once, on any page, faults on a page that had none a moment ago are found, and each by itself."""
    watched = browser.Watched(chromium, "file:")
    address = (site / "students.html").as_uri()
    watched.page.goto(address)
    assert watched.violations() == []
    watched.page.goto(address)
    watched.page.evaluate(FAULTS)
    found = {number for line in watched.violations() for number in re.findall(r'id="fault-(\d)"', line)}
    assert found == set("123456789")


TERMS = {
    "receptive field": "notebooks/01", "pooling": "notebooks/01", "Xception": "labs/05", "McNemar": "labs/",
    "augmentation": "labs/04", "ledger": "labs/03", "dilation": "01_convolution", "largest_batch": "reference/ledger",
    "VGG-16": "errata", "COURSE_DATA": "instructors",
}  # fmt: skip
FOUND = "document.querySelector('#search-results .search-summary').textContent.includes('found')"


@needs_chromium
def test_the_search_finds_ten_terms_from_a_folder_and_shows_excerpts_from_a_server(site, chromium):
    with browser.served(site) as address:
        folder, server = browser.Watched(chromium, "file:"), browser.Watched(chromium, address)
        for term, where in TERMS.items():
            folder.page.goto(f"{(site / 'search.html').as_uri()}?q={term}")
            folder.page.wait_for_selector("#search-results li a")
            folder.page.wait_for_function(FOUND)
            found = folder.page.eval_on_selector_all("#search-results li a", "links => links.map(a => a.href)")
            assert any(where in link for link in found), (term, found)
        server.page.goto(f"{address}search.html?q=pooling")
        server.page.wait_for_selector("#search-results p.context")
        server.page.wait_for_function(FOUND)
        server.settle()
    assert folder.complaints + server.complaints + folder.requests + server.requests == []


@needs_chromium
@pytest.mark.parametrize("name", EXPLORERS)
def test_an_explorer_follows_the_keyboard(site, chromium, name):
    lesson, explorer = EXPLORERS[name]
    watched = browser.Watched(chromium, "file:")
    watched.page.goto((site / lesson.student_path.replace(".ipynb", ".html")).as_uri())
    figure = watched.page.locator(f"#{name}")
    values = list(explorer.start)
    for number, choice in enumerate(explorer.choices.values()):
        slider = figure.locator("input").nth(number)
        slider.focus()
        watched.page.keyboard.press("End")
        values[number] = list(choice)[-1]
        assert slider.get_attribute("aria-valuetext") == str(values[number])
        assert figure.locator("figcaption").inner_text() == explorer.draw(*values)[1]
    assert watched.complaints == []


@needs_chromium
def test_figures_are_on_light_paper_in_the_dark(site, chromium):
    """A figure is drawn in dark ink: behind it the dark scheme puts light paper."""
    watched = browser.Watched(chromium, "file:", color_scheme="dark")
    lecture = next(lesson for lesson in LESSONS if not lesson.is_lab)
    watched.page.goto((site / lecture.student_path.replace(".ipynb", ".html")).as_uri())
    assert watched.page.evaluate("document.documentElement.dataset.theme") == "dark"
    papers = watched.page.eval_on_selector_all(
        ".cell_output img", "all => all.map(image => getComputedStyle(image).backgroundColor.match(/\\d+/g).map(Number))"
    )
    assert papers and all(min(paper[:3]) > 180 for paper in papers)


@needs_chromium
def test_on_paper_there_are_no_buttons_and_no_menus(site, chromium):
    watched = browser.Watched(chromium, "file:")
    lecture = next(lesson for lesson in LESSONS if not lesson.is_lab)
    watched.page.goto((site / lecture.student_path.replace(".ipynb", ".html")).as_uri())
    watched.page.emulate_media(media="print")
    for hidden in ("nav.bd-links", ".theme-switch-button", ".explorer .controls", "details.hide"):
        assert not watched.page.locator(hidden).first.is_visible(), hidden


@needs_chromium
def test_on_paper_code_is_whole_and_the_scheme_light(site, chromium):
    watched = browser.Watched(chromium, "file:", color_scheme="dark", viewport={"width": 718, "height": 1000})  # A4
    lecture = next(lesson for lesson in LESSONS if not lesson.is_lab)
    watched.page.goto((site / lecture.student_path.replace(".ipynb", ".html")).as_uri())
    scheme = "document.documentElement.dataset.theme"
    watched.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert watched.page.evaluate(scheme) == "light"
    watched.page.emulate_media(media="print")
    widths = watched.page.eval_on_selector_all("pre", "all => all.map(pre => [pre.scrollWidth, pre.clientWidth])")
    assert widths and all(whole <= shown for whole, shown in widths)
    watched.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert watched.page.evaluate(scheme) == "dark"


@needs_chromium
def test_on_a_phone_the_menu_opens_and_nothing_is_wider_than_the_screen(site, chromium):
    watched = browser.Watched(chromium, "file:", viewport={"width": 375, "height": 700})
    for name in ("index", "errata", *(f"reference/{room}" for room in book.REFERENCE)):
        watched.page.goto((site / f"{name}.html").as_uri())
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= 375, name
    link = watched.page.locator("nav.bd-links a:visible")
    assert link.count() == 0
    watched.page.locator("button.primary-toggle:visible").first.click()
    link.first.wait_for()
    watched.page.locator("button.secondary-toggle:visible").first.click(force=True)
    assert watched.complaints == []


def test_it_is_small_and_says_nothing_of_this_machine(site):
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    assert size < 60e6
    for path in site.rglob("*.html"):
        assert str(ROOT) not in path.read_text(encoding="utf-8"), path
