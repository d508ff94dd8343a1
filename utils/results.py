"""Record what a lesson measured, with the range in which it may lie on any machine."""

import math
import os

from . import panel


def strict() -> bool:
    """True when COURSE_STRICT=1: tests and grading turn a wrong answer or an impossible figure into an error."""
    return os.environ.get("COURSE_STRICT", "") == "1"


def record(name: str, value: float, low: float, high: float, unit: str = "") -> None:
    """Show the headline figure `name` and the range [low, high] it is allowed, both in `unit`.

    Raises AssertionError in strict mode when the value is NaN or outside the range.
    Write percentages as percentages: record("accuracy", 97.6, 96, 100, "%").
    """
    value = float(value)
    inside = low <= value <= high  # NaN compares false, so it is outside
    space = "" if unit in ("", "%", "×") else " "
    said = f"{name}: {_number(value)}{space}{unit}"
    allowed = f"allowed {_number(low)} to {_number(high)}{space}{unit}"
    data = {
        "kind": "result",
        "name": name,
        "value": value if math.isfinite(value) else None,
        "low": low if math.isfinite(low) else None,
        "high": high if math.isfinite(high) else None,
        "unit": unit,
        "inside": inside,
    }
    if inside:
        panel.show("note", said, allowed, data=data)
        return
    panel.show("missing", f"{said}, outside its range", allowed, data=data)
    if strict():
        raise AssertionError(f"{said} is outside its range ({allowed})")


def incomplete(reason: str) -> None:
    """Say that part of this lesson could not run, and what brings it; `make run` then reports it as incomplete."""
    panel.show("missing", "Part of this notebook could not run.", reason, data={"kind": "incomplete", "reason": reason})


def _number(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.1f}"
