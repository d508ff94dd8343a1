"""Say what a lesson measured. Whether the figure may be what it is, the ranges beside the tests decide (ranges.py)."""

import math
import os

from . import panel, ranges

_data = ""  # what this notebook's figures were measured on, as `on` was told


def strict() -> bool:
    """True when COURSE_STRICT=1: tests and grading turn a wrong answer or an impossible figure into an error."""
    return os.environ.get("COURSE_STRICT", "") == "1"


def on(data: str) -> None:
    """Name the data that the figures below are measured on ("all digits"), where a lesson runs on real data or a stand-in."""
    global _data
    _data = data


def record(name: str, value: float, unit: str = "") -> None:
    """Show the headline figure `name`, `value` in `unit`.

    Write percentages as percentages: record("accuracy", 97.6, "%"). In strict mode, where COURSE_RANGES names the folder of
    ranges, raises AssertionError when the figure has no range, is NaN, or lies outside.
    """
    value = float(value)
    space = "" if unit in ("", "%", "×") else " "
    said = f"{name}: {_number(value)}{space}{unit}"
    data = {"kind": "result", "name": name, "value": value if math.isfinite(value) else None, "unit": unit, "on": _data}
    panel.show("note", said, data=data)
    folder = ranges.folder()
    if not strict() or folder is None:
        return
    allowed = ranges.read(folder).get(name)
    if allowed is None:
        raise AssertionError(f"{name!r} has no range: add one, with its claim, to the lesson's file in {folder.name}/")
    if not allowed.holds(value, _data):
        low, high = allowed.bounds(_data)
        raise AssertionError(f"{said} is outside {_number(low)} to {_number(high)}. It would break: {allowed.claim}")


def incomplete(reason: str) -> None:
    """Say that part of this lesson could not run, and what brings it; `make run` then reports it as incomplete."""
    panel.show("missing", "Part of this notebook could not run.", reason, data={"kind": "incomplete", "reason": reason})


def _number(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.1f}"
