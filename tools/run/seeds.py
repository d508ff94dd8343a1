"""Do a lesson's figures keep to their ranges when its networks begin from other random weights?

    python -m tools.run.seeds [solutions/09 …] [--seeds 3]

Executes the lessons once a seed, not strictly, so that a figure outside its range stops nothing. `keras.utils.set_random_seed`
draws other first weights and another order of the examples; scenes, photos and splits stay. Ends with the figures that moved, the
closest to an edge first, among them those of the stored notebook; the exit status is 1 when one lies outside, or a lesson
failed. A processor rounds in its own way, which moves a trained network as a seed does: with `ONEDNN_MAX_CPU_ISA=AVX2` in the
environment, TensorFlow's convolutions are those of a processor without AVX-512.
"""

import argparse
import math
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nbformat

from tools.build import notebook
from tools.execute import attached
from tools.lesson import RANGES, Lesson, SourceError, lessons, read_notebook
from tools.run import run_all
from utils.notebook import ranges

RESEED = """import utils  # which tells TensorFlow what it is told, before it is loaded
import keras

def _moved(seed, _set=keras.utils.set_random_seed):
    _set(seed + {offset})

keras.utils.set_random_seed = _moved"""


@dataclass
class Figure:
    """What one figure was in each run; None where it was not finite."""

    name: str
    values: list[float | None]
    low: float
    high: float

    @property
    def finite(self) -> list[float]:
        return [value for value in self.values if value is not None]

    @property
    def outside(self) -> bool:
        return len(self.finite) < len(self.values) or not self.low <= min(self.finite) <= max(self.finite) <= self.high

    @property
    def room(self) -> float:
        """Distance from the nearest edge, in widths of what the runs differ by: below 1 the next seed may lie outside."""
        if self.outside:
            return -1.0
        spread = max(self.finite) - min(self.finite)
        return min(min(self.finite) - self.low, self.high - max(self.finite)) / spread if spread else math.inf

    def __str__(self) -> str:
        values = " ".join("not finite" if value is None else f"{value:.4g}" for value in self.values)
        said = "OUTSIDE" if self.outside else f"{self.room:7.1f}"
        return f"{said:>7}  {self.name}: {values}  [{self.low:.4g} … {self.high:.4g}]"


def reseeded(lesson: Lesson, offset: int) -> nbformat.NotebookNode:
    """The lesson's notebook, whose seeds for Keras are all moved by `offset`."""
    made = notebook(lesson)
    setup = next(n for n, cell in enumerate(made.cells) if cell.cell_type == "code")  # the build's, before the lesson's own
    made.cells.insert(setup + 1, nbformat.v4.new_code_cell(RESEED.format(offset=offset)))
    return made


def gather(runs: list[list[dict]]) -> list[Figure]:
    """The figures of the runs' facts, the closest to an edge of its range first.

    A figure on other data than in the first run is left out, since another range counts for it, and so is one without a range,
    which is an error of the lesson that the build names.
    """
    allowed = ranges.read(RANGES)
    found: dict[str, Figure] = {}
    data: dict[str, str] = {}
    for fact in (fact for run in runs for fact in run if fact["kind"] == "result"):
        name, on = fact["name"], fact.get("on", "")
        if name not in allowed:
            continue
        if name not in found:
            data[name] = on
            found[name] = Figure(name, [], *allowed[name].bounds(on))
        if on == data[name]:
            found[name].values.append(fact["value"])
    return sorted(found.values(), key=lambda figure: figure.room)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="lessons, by number or folder/number; all when none is named")
    parser.add_argument("--seeds", type=int, default=3, help="how many other seeds")
    options = parser.parse_args()
    try:
        chosen = lessons(options.names or None)
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    runs = [attached(read_notebook(path)) for path in (lesson.path.with_suffix(".ipynb") for lesson in chosen) if path.exists()]
    failed = False
    for number in range(1, options.seeds + 1):
        print(f"seed {number} of {options.seeds}", flush=True)
        with tempfile.TemporaryDirectory() as pages:
            rows = run_all(chosen, Path(pages), made=partial(reseeded, offset=1000 * number), environment={"COURSE_STRICT": ""})
        failed |= any(row.run.error for row in rows)
        runs += [row.run.facts for row in rows]
    figures = gather(runs)
    moved = [figure for figure in figures if figure.room < math.inf]
    print(f"\n   room  figure: stored and with {options.seeds} other seeds [allowed]")
    print("\n".join(map(str, moved)))
    outside = sum(figure.outside for figure in figures)
    near = sum(figure.room < 1 for figure in moved) - outside
    print(f"\nFigures: {len(figures)}; outside: {outside}; near an edge: {near}.")
    return int(failed or outside > 0)


if __name__ == "__main__":
    sys.exit(main())
