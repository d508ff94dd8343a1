"""How fast this machine climbs lab 05's ladder: the lab's own cells up to its figure, executed and timed."""

import contextlib
import io
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.lesson import ROOT, Lesson  # noqa: E402


def measure() -> dict[str, float]:
    """{name: value} for `make bench`: Xception features a second, and seconds and accuracy (%) of each rung.

    The pictures are whatever the lab gets: drawn scenes of 150 pixels, or real photos of 224 when COURSE_DATA has them.
    Raises `utils.data.Missing` when the pretrained Xception is not there.
    """
    names = {"__name__": "bench"}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in Lesson.read(ROOT / "solutions" / "05_finetuning_xception.py").cells:
            if cell.source.startswith("## 5 "):
                break
            if cell.kind == "code":
                exec(compile(cell.source, f"<lab 05, line {cell.line}>", "exec"), names)  # our own lesson's cells
    if names["base"] is None:
        from utils import data

        raise data.Missing("Lab 05 needs the pretrained Xception: run `python -m utils.data fetch`.")
    figures = {
        f"Xception features a second, {names['side']} px": 2 * len(names["images"]) / (names["two_views"] + names["featuring"])
    }
    for rung, accuracy, _, seconds in names["rungs"]:
        figures[f"{rung}: seconds"] = seconds
        figures[f"{rung}: accuracy %"] = 100 * accuracy
    return figures


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    for name, value in measure().items():
        print(f"{name:60s} {value:8.1f}")
