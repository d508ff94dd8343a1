"""Make a deck of slides from each executed lecture: `python tools/slides.py` → build/slides/*.html, which need no network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.lesson import ROOT, Lesson, lessons, read_notebook  # noqa: E402
from tools.pages import deck, index, put_reveal  # noqa: E402

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
