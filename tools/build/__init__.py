"""Build the notebooks from their sources.

    python -m tools.build                 everything; executes what has other code, or imports other code of utils
    python -m tools.build 01 notebooks/02 only these lessons
    python -m tools.build --keep          execute nothing: cells as the sources say, outputs as they are stored
    python -m tools.build --check         execute nothing; fail when a committed notebook is not what its source builds

solutions/NN_*.py → solutions/NN_*.ipynb (executed, strict) and labs/NN_*.ipynb (answers taken out, no outputs);
notebooks/NN_*.py → notebooks/NN_*.ipynb (executed). Cells, ids and metadata are the same bytes at each build; outputs may differ.
"""

import argparse
import copy
import importlib
import re
import sys
from pathlib import Path

import nbformat
from nbconvert.preprocessors import TagRemovePreprocessor

from tools import course
from tools.execute import execute as run_notebook
from tools.lesson import (
    ROOT,
    SLIDES,
    STRICT,
    Lesson,
    SourceError,
    fingerprint,
    lessons,
    read_notebook,
    solution_regions,
)
from utils import progress

README = ROOT / "README.md"
TABLE = r"(<!-- lessons[^>]*-->).*(<!-- /lessons -->)"
FOLDED = {"jupyter": {"source_hidden": True}}  # the code is there, one click away
SETUP = FOLDED | {"cellView": "form"}  # Colab folds a cell by its `#@title` and this


def notebook(lesson: Lesson) -> nbformat.NotebookNode:
    """The lesson as a notebook without outputs: badge, setup cell, cells with ids and metadata."""
    cells = []
    tasks = {id(task.cell): task for task in lesson.tasks}
    checks = {id(task.check): task for task in lesson.tasks}
    for position, cell in enumerate(lesson.cells):
        source = cell.source
        if position == 0:
            source = f"{source}\n\n{course.badge(lesson)}"
        metadata = _metadata(cell.tags)
        if id(cell) in tasks:
            metadata["nbgrader"] = _nbgrader(tasks[id(cell)].name, solution=True)
        if id(cell) in checks:
            task = checks[id(cell)]
            metadata["nbgrader"] = _nbgrader(f"check-{task.name}", points=points(lesson, task.name))
        cells.append(_cell(cell.kind, source, f"{lesson.name[:2]}-{position:03d}", metadata))
        if position == 0:
            cells.append(_cell("code", course.setup_cell(), f"{lesson.name[:2]}-setup", _metadata(("skip",)) | SETUP))
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
    }
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata, nbformat_minor=5)


def lab(solved: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """What a student opens: instructors' cells and answers taken out, stubs in their place, no outputs."""
    from nbgrader.preprocessors import ClearSolutions  # brings a database along, for which only who makes a lab need wait

    unsolved, _ = TagRemovePreprocessor(remove_cell_tags={"solution-only"}).preprocess(copy.deepcopy(solved), {})
    pairs = zip(unsolved.cells, unsolved.cells[1:], strict=False)
    stubs = [stub for cell, check in pairs if cell.cell_type == "code" for stub in _stubs(cell.source, check.source)]
    placeholder = ClearSolutions(enforce_metadata=False, code_stub={"python": _PLACE})
    unsolved, _ = placeholder.preprocess(unsolved, {})
    remaining = iter(stubs)
    for cell in unsolved.cells:
        if cell.cell_type == "code":
            cell.source = re.sub(_PLACE, lambda _: next(remaining), cell.source)
            cell.outputs, cell.execution_count = [], None
    unsolved.metadata.pop("course", None)
    return unsolved


_PLACE = "@@answer@@"


def _stubs(source: str, check: str) -> list[str]:
    """What a student begins with in place of each solution: a raise in a function, `name = ...` for what is judged."""
    stubs = []
    for inside, names in solution_regions(source):
        judged = [name for name in names if re.search(rf"\b{name}\b", check.partition(",")[2])] or names
        assigned = "\n".join(f"{name} = ...  # your answer" for name in judged)
        stubs.append("raise NotImplementedError  # your code" if inside else assigned)
    return stubs


def build(lesson: Lesson, *, force: bool = False, execute: bool = True, label: str = "") -> bool:
    """Write the lesson's notebooks; execute when its fingerprint changed. Returns whether it executed.

    With `execute=False` outputs are kept whatever changed in utils; raises SourceError where the lesson's own code did.
    """
    fresh = notebook(lesson)
    target = lesson.path.with_suffix(".ipynb")
    took = seconds(lesson)
    stored = read_notebook(target) if target.exists() else None
    if not execute:
        if stored is None:
            raise SourceError(lesson.path, 1, "it was never executed: run `make build`")
        if _own_code(stored) != _own_code(fresh):
            raise SourceError(lesson.path, 1, "its code changed after it was executed: run `make build`")
    # Where nothing is executed the old mark stays, so that what was stale still is.
    mark = fingerprint(lesson) if execute else stored.metadata.get("course", {}).get("fingerprint", "")
    keep = not force and stored is not None and stored.metadata.get("course", {}).get("fingerprint") == mark
    if keep and len(_code(stored)) == len(_code(fresh)):  # the same code, whatever the prose around it says now
        for new, old in zip(_code(fresh), _code(stored), strict=True):
            new.outputs, new.execution_count = old.outputs, old.execution_count
    else:
        with progress.bar(label=label or lesson.name, total=len(fresh.cells), unit="cell") as shown:
            run = run_notebook(
                fresh, lesson.path.parent, environment=STRICT, on_cell=lambda done, total: shown.update(done - shown.n)
            )
        if run.error:
            number, source, message = run.error
            raise SourceError(lesson.path, _line_of(lesson, source), f"cell {number} fails: {message}")
        keep, took = False, round(run.seconds, 1)
    fresh.metadata["course"] = {"fingerprint": mark, "seconds": took}
    if lesson.is_lab:
        write(lab_path(lesson), lab(fresh))
    write(target, fresh)
    return not keep


def problems(lesson: Lesson) -> list[str]:
    """How the committed notebooks differ from what the source builds; nothing is executed."""
    fresh = notebook(lesson)
    target = lesson.path.with_suffix(".ipynb")
    found = []
    if not target.exists():
        return [f"{_shown(target)} is missing"]
    stored = read_notebook(target)
    if _bare(stored) != _bare(fresh):
        found.append(f"{_shown(target)} differs from its source")
    if lesson.is_lab:
        path = lab_path(lesson)
        if not path.exists() or path.read_text(encoding="utf-8") != text_of(lab(fresh)):
            found.append(f"{_shown(path)} differs from its source")
    return found


def is_stale(lesson: Lesson) -> bool:
    """Whether what the lesson imports of utils changed since it was executed. Its cells are right; CI executes them anyway."""
    target = lesson.path.with_suffix(".ipynb")
    return target.exists() and read_notebook(target).metadata.get("course", {}).get("fingerprint") != fingerprint(lesson)


def orphans() -> list[str]:
    """Notebooks without a source."""
    sources = {"solutions": "solutions", "labs": "solutions", "notebooks": "notebooks"}
    return [
        f"{_shown(path)} has no source {source}/{path.stem}.py"
        for folder, source in sources.items()
        for path in sorted((ROOT / folder).glob("*.ipynb"))
        if not (ROOT / source / f"{path.stem}.py").exists()
    ]


def build_readme(*, check: bool = False) -> bool:
    """Write the README's table of lessons anew from their sources, or only `check` it. Returns whether it differed."""
    text = README.read_text(encoding="utf-8")
    if not re.search(TABLE, text, flags=re.S):
        raise SourceError(README, 1, "the marks <!-- lessons --> and <!-- /lessons --> of the table of lessons are missing")
    fresh = re.sub(TABLE, lambda found: f"{found[1]}\n{table()}\n{found[2]}", text, flags=re.S)
    if fresh != text and not check:
        write_text(README, fresh)
    return fresh != text


def table() -> str:
    """The lessons in teaching order as a Markdown table: what each teaches, its time when it was last built, its links."""
    rows = ["| | lesson | you will learn | runs in | open |", "|---|---|---|---:|---|"]
    for lesson in sorted(lessons(), key=teaching_order):
        links = {"Colab": course.colab(lesson.student_path)} if course.published() else {}
        links["lab" if lesson.is_lab else "lecture"] = lesson.student_path
        if lesson.is_lab:
            links["solution"] = f"solutions/{lesson.name}.ipynb"
        shown = " · ".join(f"[{name}]({address})" for name, address in links.items())
        rows.append(f"| {lesson.label} | {lesson.subject} | {lesson.teaches} | {duration(seconds(lesson))} | {shown} |")
    return "\n".join(rows if course.published() else [*rows, "", course.UNPUBLISHED])


# A lab follows the lecture that it needs: (lecture, labs after it).
ORDER = {"01": ("01", "02"), "02": ("03",), "03": ("04", "05"), "04": ("06",), "05": ("07", "08", "09")}


def teaching_order(lesson: Lesson) -> tuple[str, int, str]:
    """What lessons are sorted by: a lecture, then its labs."""
    number = lesson.name[:2]
    return (lecture_of(lesson), 1, number) if lesson.is_lab else (number, 0, number)


def lecture_of(lesson: Lesson) -> str:
    """The number of the lecture to have heard before: a lab's own, a lecture's predecessor ("00" for the first one)."""
    number = lesson.name[:2]
    if not lesson.is_lab:
        return f"{int(number) - 1:02d}"
    return next((lecture for lecture, labs in ORDER.items() if number in labs), "99")


def seconds(lesson: Lesson) -> float:
    """How long the lesson took when it was last executed; 0 when that is not known."""
    target = lesson.path.with_suffix(".ipynb")
    return read_notebook(target).metadata.get("course", {}).get("seconds", 0) if target.exists() else 0


def duration(seconds: float) -> str:
    """Seconds to the nearest five, in words: "1 min 15 s"; "–" for 0, which means unknown."""
    if not seconds:
        return "–"
    minutes, rest = divmod(5 * max(1, round(seconds / 5)), 60)
    return f"{minutes} min {rest} s" if minutes and rest else f"{minutes} min" if minutes else f"{rest} s"


def lab_path(lesson: Lesson) -> Path:
    return ROOT / "labs" / f"{lesson.name}.ipynb"


def _code(nb) -> list:
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def _own_code(nb) -> list[str]:
    """The code of a lesson without the setup cell, which the build gives it."""
    return [cell.source for cell in _code(nb) if not cell.id.endswith("-setup")]


def _cell(kind: str, source: str, identity: str, metadata: dict):
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    return make(source, id=identity, metadata=metadata)


def _metadata(tags: tuple[str, ...]) -> dict:
    metadata: dict = {}
    kept = [tag for tag in tags if tag not in SLIDES]
    if kept:
        metadata["tags"] = kept
    for mark in SLIDES:
        if mark in tags:
            metadata["slideshow"] = {"slide_type": mark}
    if "hide-input" in tags:
        metadata |= FOLDED
    return metadata


def _nbgrader(grade_id: str, *, solution: bool = False, points: int | None = None) -> dict:
    graded = points is not None
    entry = {
        "grade": graded,
        "grade_id": grade_id,
        "locked": graded,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return entry | ({"points": points} if graded else {})


def points(lesson: Lesson, exercise: str) -> int:
    return importlib.import_module(f"utils.lessons.{lesson.folder}.checks").lab.exercises[exercise].points


def _bare(nb) -> list:
    """What must not differ between a stored notebook and a fresh one: all but outputs, execution counts and fingerprint."""
    cells = [(c.cell_type, c.id, c.source, dict(c.metadata)) for c in nb.cells]
    return [cells, {k: v for k, v in nb.metadata.items() if k != "course"}, nb.nbformat_minor]


def text_of(nb) -> str:
    return nbformat.writes(nb, version=4) + "\n"


def write(path: Path, nb) -> None:
    path.parent.mkdir(exist_ok=True)
    write_text(path, text_of(nb))


def write_text(path: Path, text: str) -> None:
    """Replace the file at once, so that a stop in the middle leaves the old one."""
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)


def _line_of(lesson: Lesson, source: str) -> int:
    return next((c.line for c in lesson.cells if c.source == source), 1)


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="lessons, by number or folder/number; all when none is named")
    parser.add_argument("--check", action="store_true", help="execute nothing, fail when a notebook is stale")
    parser.add_argument("--keep", action="store_true", help="execute nothing, keep the stored outputs")
    parser.add_argument("--force", action="store_true", help="execute even what has not changed")
    options = parser.parse_args()
    try:
        chosen = lessons(options.names or None)
        if options.check:
            found = [problem for lesson in chosen for problem in problems(lesson)] + orphans()
            if build_readme(check=True):
                found.append("the table of lessons in README.md is not what the lessons say")
            for lesson in filter(is_stale, chosen):
                print(f"note: {_shown(lesson.path)} was executed before a change in utils; `make build` executes it again")
            for problem in found:
                print(f"{problem}; run `make build`")
            print(f"{len(chosen)} lessons, {len(found)} problems")
            return 1 if found else 0
        for number, lesson in enumerate(chosen, start=1):
            label = f"[{number}/{len(chosen)}] {lesson.name}"
            executed = build(lesson, force=options.force, execute=not options.keep, label=label)
            print(f"{_shown(lesson.path)}: {'executed' if executed else 'unchanged, not executed again'}")
        if build_readme():
            print("README.md: its table of lessons is written anew")
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
