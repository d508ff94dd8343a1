"""A deck of slides from each executed lecture: `python -m tools.site.slides` → build/slides/*.html, which need no network."""

import sys
from pathlib import Path

from tools.lesson import ROOT, Lesson, lessons, read_notebook
from tools.site.pages import deck, index, put_reveal

FOLDER = ROOT / "build" / "slides"


def make(chosen: list[Lesson], folder: Path = FOLDER) -> list[Path]:
    """Write the decks of these lectures, reveal.js and an index into `folder`. Raises SystemExit for one not built yet."""
    folder.mkdir(parents=True, exist_ok=True)
    put_reveal(folder)
    decks = []
    for lesson in chosen:
        source = lesson.path.with_suffix(".ipynb")
        if not source.exists():
            sys.exit(f"{source.relative_to(ROOT)} is not there yet: run `make build` first.")
        target = folder / f"{lesson.name}.html"
        target.write_text(deck(read_notebook(source), lesson.title), encoding="utf-8")
        decks.append(target)
    rows = [(lesson.title, Path(path.name), "press S for the notes") for lesson, path in zip(chosen, decks, strict=True)]
    (folder / "index.html").write_text(index(rows, "Slides"), encoding="utf-8")
    return decks


if __name__ == "__main__":
    for path in make([lesson for lesson in lessons() if not lesson.is_lab]):
        print(path)
