"""Execute every lecture and every solution end to end, and say what came out.

    python -m tools.run [01 solutions/02 …] [--workers 1]

Ends with a table: notebook, status, seconds, peak memory, checks passed, headline figures with their allowed range. Executed
copies land as HTML under build/html/ with an index. A failure names the cell and the error, the other notebooks still run,
and the exit status is 1; a notebook that lacked data or weights is *incomplete*, and the exit status is 2.
"""

import argparse
import math
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from tools.build import notebook, seconds
from tools.execute import Execution, execute, share_of_cores
from tools.lesson import RANGES, ROOT, STRICT, Lesson, SourceError, lessons
from tools.run.live import Board
from tools.site.pages import index, page
from utils.doctor import machine
from utils.notebook import ranges

PASSED, INCOMPLETE, FAILED = "passed", "incomplete", "FAILED"
ROOM_GB = 3.5  # what a lesson takes at the most on the stand-ins
EXIT = {PASSED: 0, FAILED: 1, INCOMPLETE: 2}


@dataclass
class Row:
    """One notebook's line of the table."""

    lesson: Lesson
    run: Execution

    @property
    def name(self) -> str:
        return _name(self.lesson)

    @property
    def status(self) -> str:
        if self.run.error:
            return FAILED
        return INCOMPLETE if self.run.of_kind("incomplete") else PASSED

    @property
    def checks(self) -> str:
        """Checks that said right, of all the lesson has; a lecture has none."""
        right = sum(fact["status"] == "right" for fact in self.run.of_kind("check"))
        return f"{right} of {len(self.lesson.tasks)}" if self.lesson.tasks else "–"

    @property
    def figures(self) -> list[str]:
        return [_figure(fact) for fact in self.run.of_kind("result")]


def run_all(
    chosen: list[Lesson],
    html: Path,
    workers: int | None = None,
    *,
    made: Callable[[Lesson], NotebookNode] = notebook,
    environment: dict[str, str] = STRICT,
) -> list[Row]:
    """Execute the lessons, `workers` of them side by side, the longest first; write a page each into `html`.

    Without `workers` two where the memory allows it: most steps of training are too small to keep two cores busy. They share the
    cores, so each lesson takes longer than by itself, and all of them together much less. `made` gives the notebook of a lesson,
    `environment` is added to its kernel's. The rows come in the order asked for.
    """
    workers = workers or (2 if len(chosen) > 1 and machine.memory()[0] > 2 * ROOM_GB else 1)
    rows: dict[str, Row] = {}
    board = Board([_name(lesson) for lesson in chosen])

    def run(lesson: Lesson) -> None:
        fresh, name = made(lesson), _name(lesson)
        board.begin(name, len(fresh.cells))
        shared = environment | share_of_cores(workers)
        done = execute(fresh, lesson.path.parent, environment=shared, on_cell=lambda count, _: board.advance(name, count))
        row = rows[name] = Row(lesson, done)
        board.end(name, row.status, done.seconds)
        (html / f"{_slug(row)}.html").write_text(page(done.notebook, lesson.title), encoding="utf-8")

    with board.shown(), ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, sorted(chosen, key=seconds, reverse=True)))
    ordered = [rows[_name(lesson)] for lesson in chosen]
    for row in ordered:
        if row.run.error:
            position, source, message = row.run.error
            print(f"\n{row.name} FAILED in cell {position} after {row.run.seconds:.0f} s: {message}\n{_quoted(source)}\n")
    return ordered


def table(rows: list[Row]) -> str:
    """The closing table as text, one line a notebook and under it one line a headline figure."""
    width = max(len(row.name) for row in rows)
    lines = [f"{'notebook':{width}}  {'status':10}  {'seconds':>7}  {'peak':>8}  {'checks':>8}  headline figures [allowed]"]
    lines.append("-" * (len(lines[0]) + 20))
    for row in rows:
        head = (
            f"{row.name:{width}}  {row.status:10}  {row.run.seconds:7.1f}  {row.run.peak_bytes / 2**30:5.2f} GB  {row.checks:>8}"
        )
        figures = row.figures or ["–"]
        lines += [f"{head}  {figures[0]}", *(f"{'':{len(head)}}  {figure}" for figure in figures[1:])]
        for fact in row.run.of_kind("incomplete"):
            lines.append(f"{'':{width}}  incomplete: {fact['reason']}")
        if row.run.error:
            lines.append(f"{'':{width}}  cell {row.run.error[0]}: {row.run.error[2]}")
    return "\n".join(lines)


def _figure(fact: dict) -> str:
    def shown(value):
        if not math.isfinite(value):
            return "−∞" if value < 0 else "∞"
        return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"

    value = "not finite" if fact["value"] is None else shown(fact["value"])
    allowed = ranges.read(RANGES).get(fact["name"])
    if allowed is None:
        span = "  NO RANGE"
    else:
        low, high = allowed.bounds(fact.get("on", ""))
        inside = fact["value"] is not None and allowed.holds(fact["value"], fact.get("on", ""))
        span = f" [{shown(low)} … {shown(high)}]" + ("" if inside else "  OUTSIDE")
    return f"{fact['name']} {value} {fact['unit']}".rstrip() + span


def _quoted(source: str) -> str:
    return "\n".join(f"    | {line}" for line in source.splitlines())


def _name(lesson: Lesson) -> str:
    return f"{lesson.path.parent.name}/{lesson.name}"


def _slug(row: Row) -> str:
    return row.name.replace("/", "-")


def clear(folder: Path) -> None:
    """Remove the pages of an earlier run, those of lessons that are gone among them; nothing else in the folder is ours."""
    for path in folder.glob("*.html"):
        if re.fullmatch(r"(index|(notebooks|solutions)-.+)\.html", path.name):
            path.unlink()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="lessons, by number or folder/number; all when none is named")
    parser.add_argument("--workers", type=int, help="notebooks side by side; two where the memory allows it")
    parser.add_argument("--html", type=Path, default=ROOT / "build" / "html", help="folder of the pages")
    options = parser.parse_args()
    try:
        chosen = lessons(options.names or None)
    except SourceError as error:
        print(error, file=sys.stderr)
        return EXIT[FAILED]
    if not options.names and options.html.exists():
        clear(options.html)
    options.html.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    rows = run_all(chosen, options.html, options.workers)
    minutes = (time.perf_counter() - started) / 60
    links = [(f"{row.name}: {row.lesson.title}", Path(f"{_slug(row)}.html"), _said(row)) for row in rows]
    (options.html / "index.html").write_text(index(links, "The course, executed"), encoding="utf-8")
    print(f"\n{table(rows)}\n")
    counts = [f"{sum(row.status == status for row in rows)} {status}" for status in (PASSED, INCOMPLETE, FAILED)]
    alone = sum(row.run.seconds for row in rows) / 60
    built = sum(seconds(row.lesson) for row in rows) / 60
    ratio = f"; alone they took {built:.1f} when they were built, so this is {minutes / built:.2f} times as long" if built else ""
    print(f"{len(rows)} notebooks in {minutes:.1f} minutes ({alone:.1f} minutes of notebooks{ratio}): {', '.join(counts)}.")
    print(f"Pages: {options.html / 'index.html'}")
    statuses = {row.status for row in rows}
    return EXIT[next(status for status in (FAILED, INCOMPLETE, PASSED) if status in statuses)]


def _said(row: Row) -> str:
    return f"{row.status}, {row.run.seconds:.0f} s, {row.run.peak_bytes / 2**30:.1f} GB, checks {row.checks}"
