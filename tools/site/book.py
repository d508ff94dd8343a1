"""The course as a website that needs no network: `python -m tools.site` → build/site, from the committed notebooks.

    python -m tools.site                 lectures, labs, guides, reference, errata
    python -m tools.site --solutions     the solved labs as well

Nothing is executed: Sphinx, myst-nb and sphinx-book-theme arrange what the build stored. The pages work from a web server and
from a folder, with and without JavaScript.
"""

import argparse
import ast
import importlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import nbformat

from tools import build, course
from tools.lesson import ROOT, Lesson, lessons, read_notebook
from tools.site import errata, explorers
from utils.notebook.mend import without_magic

FOLDER = ROOT / "build" / "site"
STATIC = Path(__file__).resolve().parent / "static"
# Pages for people: the file, and its name on the site. CONTRIBUTING.md is the contributors' page.
GUIDES = {
    "docs/students.md": "students",
    "docs/instructors.md": "instructors",
    "CONTRIBUTING.md": "contributors",
    "docs/grading.md": "grading",
    "docs/nbgrader.md": "nbgrader",
    "docs/publishing.md": "publishing",
}
# What the lessons share and a reader may want to look up: rooms of `utils`.
REFERENCE = {"ledger": "The memory ledger", "data": "Data and weights", "vision": "Pictures under measurement"}
# What a lesson loads, in words, by the function of `utils.data` that loads it.
LOADS = {
    "load_mnist": "MNIST (or 5,000 stand-in digits)",
    "load_flowers": "flower photos (or drawn scenes)",
    "load_boxes": "the course's own boxes for the flower photos",
    "load_photo": "one photograph (included)",
    "pretrained": "pretrained weights of {}",
}


def make(target: Path = FOLDER, *, solutions: bool = False) -> list[str]:
    """Build the site into `target`, anew. Returns Sphinx's warnings; raises SystemExit when a notebook is not built yet, or
    when `target` holds anything but a site."""
    from sphinx.application import Sphinx

    if target.exists() and any(target.iterdir()) and not (target / "searchindex.js").exists():
        raise SystemExit(f"{target} holds something else than a site, which would be lost: name a new folder with --to.")
    chosen = sorted(lessons(), key=build.teaching_order)
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "source", Path(folder) / "site"
        stage(chosen, source, solutions=solutions)
        said = _Warnings()
        # No doctrees are kept: they would hold the pages of lessons that are gone.
        app = Sphinx(source, None, made, Path(folder) / "doctrees", "html", settings(), status=None, warning=said)
        app.build()
        if app.statuscode:
            raise SystemExit("The site could not be built:\n" + "\n".join(said.lines))
        for left in [made / "objects.inv", made / ".buildinfo", *(made / "_static").glob("*.html")]:  # for programs, not readers
            left.unlink(missing_ok=True)
        for page in made.rglob("*.html"):  # without a script nobody chooses, and "auto" has no colours
            text = page.read_text(encoding="utf-8")
            page.write_text(text.replace('data-theme="auto"', 'data-theme="light"', 1), encoding="utf-8")
        (made / ".nojekyll").touch()  # or GitHub Pages would leave out folders that begin with "_"
        if target.exists():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, target)
    return said.lines


def settings() -> dict:
    """Sphinx's configuration, all of it."""
    address = course.repository() if course.published() else ""
    launch = {"colab_url": course.COLAB, "binderhub_url": course.BINDER, "notebook_interface": "jupyterlab"}
    return {
        "project": "Convolutional networks, by hand and by experiment",
        "html_title": "Convolutional networks",
        "language": "en",
        "extensions": ["myst_nb", "sphinx.ext.autodoc", "tools.site.extension"],
        "suppress_warnings": ["misc.highlighting_failure"],  # stubs with "…" are no Python yet
        "nb_execution_mode": "off",
        "nb_merge_streams": True,
        "nb_ipywidgets_js": {},
        "nb_code_prompt_show": "Show the code",
        "nb_code_prompt_hide": "Hide the code",
        "myst_enable_extensions": ["dollarmath", "amsmath"],
        "myst_heading_anchors": 3,
        "myst_update_mathjax": False,
        "html_math_renderer": "course",
        "autodoc_member_order": "bysource",
        "autodoc_default_options": {"members": True, "imported-members": True, "show-inheritance": False},
        "autodoc_typehints": "signature",
        "default_role": "code",
        "add_module_names": False,
        "smartquotes": False,
        "html_theme": "sphinx_book_theme",
        "html_context": {"default_mode": "auto"},
        "html_static_path": [str(STATIC)],
        "html_favicon": str(STATIC / "favicon.svg"),
        "html_css_files": ["site.css"],
        "html_js_files": ["site.js"],
        "html_copy_source": False,
        "html_use_index": False,
        "html_domain_indices": False,
        "html_show_sphinx": False,
        "html_theme_options": {
            "home_page_in_toc": True,
            "use_download_button": False,
            "use_fullscreen_button": False,
            "show_toc_level": 2,
            "show_navbar_depth": 1,
            "footer_content_items": "",
            "pygments_light_style": "a11y-high-contrast-light",
            "pygments_dark_style": "a11y-high-contrast-dark",
            "back_to_top_button": False,
        }
        | (
            {
                "repository_url": address,
                "repository_branch": course.tag(),
                "use_repository_button": True,
                "launch_buttons": launch,
            }
            if address
            else {}
        ),
    }


def stage(chosen: list[Lesson], folder: Path, *, solutions: bool) -> None:
    """Write all that Sphinx reads into `folder`: the notebooks as pages, guides, reference, errata, index."""
    folder.mkdir(parents=True)
    pages = {}
    for lesson in chosen:
        pages[lesson.student_path] = [_stage(lesson, lesson.student_path, folder)]
        if lesson.is_lab and solutions:
            pages[lesson.student_path].append(_stage(lesson, f"solutions/{lesson.name}.ipynb", folder))
    _write(folder / "errata.md", errata.page(chosen))
    staged = {path: name for path, name in GUIDES.items() if (ROOT / path).exists()}
    for path, name in staged.items():
        _write(folder / f"{name}.md", _linked((ROOT / path).read_text(encoding="utf-8"), Path(path), staged, folder))
    for room, title in REFERENCE.items():
        _write(folder / "reference" / f"{room}.rst", _reference(room, title))
    shutil.copy(ROOT / "docs" / "figure.png", folder)
    _write(folder / "index.md", _index(chosen, pages, list(staged.values())))


def needs(lesson: Lesson, chosen: Iterable[Lesson]) -> str:
    """In words: the lesson to have read before, and what it loads."""
    number = build.lecture_of(lesson)
    before = next((other.label for other in chosen if not other.is_lab and other.name[:2] == number), "")
    loads = dict.fromkeys(_loads(lesson))
    return "; ".join([*([before] if before else []), *loads]) or "nothing"


def _loads(lesson: Lesson) -> Iterable[str]:
    code = "\n".join(cell.source for cell in lesson.cells if cell.kind == "code")
    for node in ast.walk(ast.parse(without_magic(code))):
        name = getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""
        if name == "pretrained" and node.args and isinstance(node.args[0], ast.Constant):
            yield LOADS[name].format({"xception": "Xception", "resnet50": "ResNet50"}.get(node.args[0].value, node.args[0].value))
        elif name in LOADS and name != "pretrained":
            yield LOADS[name]


def _stage(lesson: Lesson, path: str, folder: Path) -> str:
    """Copy one notebook, with buttons in place of its badge and a line of facts; returns its page's name."""
    stored = ROOT / path
    if not stored.exists():
        raise SystemExit(f"{path} is not there yet: run `make build` first.")
    notebook = read_notebook(stored)
    first = notebook.cells[0]
    first.source = course.without_badge(first.source)
    for cell in notebook.cells:
        if cell.metadata.get("jupyter", {}).get("source_hidden"):  # the setup cell too
            cell.metadata.tags = sorted({*cell.metadata.get("tags", ()), "hide-input"})
        cell.metadata.pop("slideshow", None)
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            data.pop("application/vnd.course+json", None)
            if "text/html" in data:  # what scrolls can be reached by the keyboard
                data["text/html"] = re.sub(r"<div (?=style=.overflow:)", '<div tabindex="0" ', data["text/html"])
    notebook.cells = _explored(lesson, notebook.cells)
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)
    return path.removesuffix(".ipynb")


def _explored(lesson: Lesson, cells: list) -> list:
    """The cells, with the lesson's explorers behind the cells that they belong to."""
    cells = list(cells)
    for explorer in explorers.of(lesson):
        place = next((i for i, cell in enumerate(cells) if explorer.after in cell.source), None)
        if place is None:
            raise SystemExit(f"{lesson.name} has no cell that says {explorer.after!r}, behind which {explorer.name} would stand.")
        cells.insert(place + 1, nbformat.v4.new_markdown_cell(explorer.html(), id=explorer.name))
    return cells


def _index(chosen: list[Lesson], pages: dict, guides: list[str]) -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    title, opening = re.match(r"# (.+?)\n\n(.+?)\n\n", readme, flags=re.S).groups()
    rows = ["| | lesson | you will learn | needs | takes |", "|---|---|---|---|---:|"]
    for lesson in chosen:
        taken = build.duration(build.seconds(lesson))
        link = f"[{lesson.subject}]({pages[lesson.student_path][0]}.ipynb)"
        rows.append(f"| {lesson.label} | {link} | {lesson.teaches} | {needs(lesson, chosen)} | {taken} |")
    solved = [names[1] for names in pages.values() if len(names) > 1]
    trees = [
        _toctree("Lessons", [names[0] for names in pages.values()]),
        *([_toctree("Solutions", solved)] if solved else []),
        _toctree("Guides", [*guides, "errata"]),
        _toctree("Reference", [f"reference/{room}" for room in REFERENCE]),
    ]
    picture = re.search(r"!\[([^\]]*)\]\(docs/figure\.png\)", readme)
    return "\n\n".join(
        [
            f"# {title}",
            opening,
            f"![{picture[1] if picture else ''}](figure.png)",
            "## Lessons",
            "\n".join(rows),
            '"Takes" is how long the whole notebook ran on two cores when it was last built.',
            *trees,
        ]
    )


def _toctree(caption: str, names: list[str]) -> str:
    listed = "\n".join(names)
    return f"```{{toctree}}\n:caption: {caption}\n:maxdepth: 1\n:hidden:\n\n{listed}\n```"


def _reference(room: str, title: str) -> str:
    """reStructuredText: the room's own docstring and what it exports, or each of its modules."""
    package = importlib.import_module(f"utils.{room}")
    modules = [f"utils.{room}"]
    if not hasattr(package, "__all__"):
        files = sorted(Path(package.__file__).parent.glob("[a-z]*.py"))
        modules += [f"utils.{room}.{path.stem}" for path in files]
    parts = [f"{title}\n{'=' * len(title)}\n"]
    for module in modules:
        short = module.removeprefix("utils.")
        if len(modules) > 1 and module != modules[0]:
            parts.append(f"``{short}``\n{'-' * (len(short) + 4)}\n")
        # What a module imports belongs to another page; what a package exports, to this one.
        options = "" if module == modules[0] else "   :no-imported-members:\n"
        if module == modules[0] and len(modules) > 1:
            options = "   :no-members:\n"
        parts.append(f".. automodule:: {module}\n{options}")
    return "\n".join(parts)


def _linked(text: str, path: Path, staged: dict[str, str], folder: Path) -> str:
    """A guide whose links to files of the project lead to pages of the site, to the repository, or nowhere."""

    def led(found: re.Match) -> str:
        words, target = found[1], found[2]
        if "://" in target or target.startswith(("#", "mailto:")):
            return found[0]
        bare, _, anchor = target.partition("#")
        inside = Path(os.path.normpath(path.parent / bare)).as_posix()
        if inside in staged:
            return f"[{words}]({staged[inside]}.md{'#' + anchor if anchor else ''})"
        if inside.endswith(".ipynb") and (folder / inside).exists():
            return f"[{words}]({inside})"
        return f"[{words}]({course.repository()}/blob/{course.tag()}/{inside})" if course.published() else words

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", led, text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


class _Warnings:
    """What Sphinx says on its stream of warnings, a line each."""

    def __init__(self):
        self.lines: list[str] = []

    def write(self, text: str) -> None:
        self.lines += [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.splitlines() if line.strip()]

    def flush(self) -> None:
        pass


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--solutions", action="store_true", help="the solved labs as well")
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder of the pages; an older site in it is replaced")
    options = parser.parse_args()
    for line in make(options.to, solutions=options.solutions):
        print(line, file=sys.stderr)
    print(options.to / "index.html")
    return 0
