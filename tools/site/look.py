"""Export a notebook to HTML and take its picture with headless Chromium: `python -m tools.site.look labs/01_x.ipynb out.png`."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tools.lesson import read_notebook
from tools.site.pages import page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def browser() -> str:
    """The Chromium on this machine. Raises SystemExit when there is none."""
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    return found or sys.exit("Pictures need Chromium or Chrome: install it with your system's package manager.")


def picture(address: str, target: Path, *, width: int, height: int | None = None) -> None:
    """A PNG of the page at `address`, `width` by `height` CSS pixels; without `height` as high as the page is."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as program:
        chromium = program.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": width, "height": height or 800})
        page.goto(address)
        page.screenshot(path=target, full_page=height is None)
        chromium.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("png", type=Path, help="out.png; further screens become out-2.png, …")
    parser.add_argument("--cells", default="", help="only these, by id: 01-012,01-013")
    parser.add_argument("--width", type=int, default=1000)
    parser.add_argument("--height", type=int, default=2400, help="height of one screen")
    options = parser.parse_args()
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    with tempfile.TemporaryDirectory() as folder:
        html = Path(folder) / "page.html"
        notebook = read_notebook(options.notebook)
        if options.cells:
            notebook.cells = [cell for cell in notebook.cells if cell.id in options.cells.split(",")]
        html.write_text(page(notebook, options.notebook.stem), encoding="utf-8")
        whole = Path(folder) / "whole.png"
        picture(html.as_uri(), whole, width=options.width)
        with Image.open(whole) as image:
            for number, top in enumerate(range(0, image.height, options.height), start=1):
                name = options.png if number == 1 else options.png.with_stem(f"{options.png.stem}-{number}")
                image.crop((0, top, image.width, min(top + options.height, image.height))).save(name)
                print(name)


if __name__ == "__main__":
    main()
