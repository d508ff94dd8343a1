"""The range in which each figure of a lesson may lie on any machine, and the claim that the range guards.

They live beside the tests, one file a lesson (tests/ranges/lab02.toml), an entry a figure:

    ["ConvNet, accuracy"]
    claim = "A ConvNet reads 19 of 20 digits that it has never seen, from 4,000 examples."
    range = [95.5, 99.2]
    on."all digits" = [98.5, 99.6]    # where `results.on("all digits")` was said, this range counts instead
    only = "with the weights of ResNet50"    # what it takes for the figure to be shown, where not every run can

A student never sees them. COURSE_RANGES names the folder; tests, `make build` and `make run` set it.
"""

import math
import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Range:
    """What a figure may be: `low` ≤ value ≤ `high`, and the sentence of the lesson that would be untrue outside.

    `only` says what must be there for the figure to be shown at all; "" where every run shows it.
    """

    claim: str
    low: float
    high: float
    on: dict[str, tuple[float, float]] = field(default_factory=dict)
    only: str = ""

    def bounds(self, data: str) -> tuple[float, float]:
        """(low, high) for a run on `data`."""
        return self.on.get(data, (self.low, self.high))

    def holds(self, value: float, data: str) -> bool:
        """Whether `value` lies inside on `data`; NaN never does."""
        low, high = self.bounds(data)
        return low <= value <= high


def folder() -> Path | None:
    """The folder that COURSE_RANGES names, or None for a student, who has none."""
    named = os.environ.get("COURSE_RANGES", "")
    return Path(named) if named else None


@cache
def read(folder: Path) -> dict[str, Range]:
    """Every range in the files *.toml of `folder`, by the figure's name.

    Raises ValueError, with the file and the figure, as `load` does, and for a name that two files use.
    """
    found: dict[str, Range] = {}
    for path in sorted(folder.glob("*.toml")):
        for name, allowed in load(path).items():
            if name in found:
                raise ValueError(f"{path.name}, {name!r}: another lesson has a figure of that name; give each its own")
            found[name] = allowed
    return found


def load(path: Path) -> dict[str, Range]:
    """The ranges of one lesson. Raises ValueError for an entry without a claim, or without two numbers in order."""
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib

    found = {}
    for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
        where = f"{path.name}, {name!r}"
        if not str(entry.get("claim", "")).strip():
            raise ValueError(f"{where}: say in `claim` which sentence of the lesson the range guards")
        bounds = {data: _pair(pair, where) for data, pair in entry.get("on", {}).items()}
        found[name] = Range(entry["claim"], *_pair(entry.get("range"), where), bounds, entry.get("only", ""))
    return found


def _pair(value, where: str) -> tuple[float, float]:
    if not (isinstance(value, list) and len(value) == 2 and all(isinstance(v, int | float) for v in value)):
        raise ValueError(f"{where}: `range` is a list of two numbers, [low, high]")
    low, high = value
    if not low <= high or math.isinf(low) and math.isinf(high):
        raise ValueError(f"{where}: [{low}, {high}] bounds nothing")
    return low, high
