"""Grade a folder or an archive of submissions.

    python -m tools.grading SUBMISSIONS                 reports under build/grading
    python -m tools.grading SUBMISSIONS --lab lab01     only this lab
    python -m tools.grading collect SUBMISSIONS COURSE lab01    fill an nbgrader course's submitted/ instead of grading

It can be stopped at any moment, and goes on where it was. See docs/grading.md.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tools.lesson import ROOT
from utils.notebook import progress

from . import intake, jail, labs, pool, reports
from .supervisor import Limits, data_folders


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["collect"]:
        return _watched(collect, arguments[1:])
    parser = argparse.ArgumentParser(
        prog="python -m tools.grading", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("submissions", type=Path, help="a folder, an archive from a learning platform, or one notebook")
    parser.add_argument("--lab", default="", help="grade only this lab, such as lab01")
    parser.add_argument("--labs", type=Path, default=ROOT / "labs", help="folder with the labs that were handed out")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "grading", help="folder for reports and results")
    parser.add_argument(
        "--workers", type=int, default=0, help="submissions at a time; as many as cores and memory allow by default"
    )
    parser.add_argument("--cell-seconds", type=float, default=30.0, help="work that a cell may take")
    parser.add_argument("--submission-seconds", type=float, default=300.0, help="time that a submission may take")
    parser.add_argument("--memory", type=float, default=3.0, help="GB that a student's process may take")
    parser.add_argument(
        "--challenge", action="store_true", help="train the entries to a lab's challenge, too, and measure them on hidden data"
    )
    parser.add_argument("--image", default=jail.IMAGE, help="image for docker or podman")
    parser.add_argument("--layer", choices=("bubblewrap", "container"), help="insist on this layer")
    parser.add_argument("--unsafe", action="store_true", help="run students' code without a jail; promises nothing")
    parser.add_argument(
        "--engine", choices=("pool", "dask"), default="pool", help="dask: a cluster (pip install 'convnet-course[cluster]')"
    )
    parser.add_argument("--scheduler", default="", help="address of a dask scheduler; without it, one on this machine")
    return _watched(grade, parser.parse_args(arguments))


def _watched(run: Callable, given) -> int:
    """What `run` returns; the sentence of an error that a user can mend, in the place of a traceback."""
    try:
        return run(given)
    except (FileNotFoundError, RuntimeError, PermissionError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. What is graded is kept; the same command goes on from here.", file=sys.stderr)
        return 130


def grade(options) -> int:
    known = labs.released(options.labs)
    collected = intake.collect(options.submissions, known, only=options.lab)
    if not collected.submissions:
        print("There is no submission to any of the labs here.", file=sys.stderr)
        for where, why in collected.left_out[:10]:
            print(f"  {where}: {why}", file=sys.stderr)
        reports.write_all(options.to, [], collected.left_out)
        print(f"What was left out, and why, is in {_shown(options.to / 'left_out.csv')}.", file=sys.stderr)
        return 1
    chosen = _layer(options)
    if chosen is None:
        return 2
    limits = Limits(cell=options.cell_seconds, submission=options.submission_seconds, challenge=options.challenge)
    store = pool.Store(options.to)
    todo = pool.tasks(collected.submissions, store.salt(), limits, chosen)
    began, counts = time.monotonic(), {"new": 0, "kept": 0}
    with progress.bar(label="grading", total=len(todo), unit="submission") as shown:

        def on_result(task, result, kept: bool) -> None:
            counts["kept" if kept else "new"] += 1
            shown.update(1)

        if options.engine == "dask":
            from . import cluster

            lost = cluster.run(
                todo, store, chosen, address=options.scheduler, limits=limits, workers=options.workers, on_result=on_result
            )
        else:
            with tempfile.TemporaryDirectory(prefix="grading-") as folder:
                signal.signal(signal.SIGTERM, _interrupt)
                workers = options.workers or pool.workers_here(chosen.memory)
                trees = jail.trees(Path(folder), {one.lab for one in collected.submissions})
                lost = pool.run(
                    todo,
                    store,
                    chosen,
                    pool.chosen_for_the_judge(chosen),
                    trees,
                    workers=workers,
                    limits=limits,
                    on_result=on_result,
                )
    rows = [reports.Row(*each) for each in pool.results(todo, store)]
    left_out = collected.left_out + lost
    for path in reports.write_all(options.to, rows, left_out):
        print(f"{_shown(path)}")
    seconds = time.monotonic() - began
    print(f"{reports.counted(rows, 'submission')}: {counts['new']} graded in {seconds:.0f} s, {counts['kept']} before.", end=" ")
    print(f"{reports.counted(left_out, 'file')} left out.")
    for where, why in lost:
        print(f"{where} is not graded. {why}", file=sys.stderr)
    if chosen.layer == "unsafe":
        _banner()
    return 3 if lost else 0


def _interrupt(*_):
    raise KeyboardInterrupt


def _layer(options) -> jail.Jail | None:
    memory, shared = int(options.memory * 1e9), data_folders()
    if options.unsafe:
        _banner()
        return jail.Jail("unsafe", memory, shared=shared)
    if options.layer:
        engine = jail.engine_here() if options.layer == "container" else ""
        why = jail.works(options.layer, engine, options.image)
        if why:
            print(
                f"The layer {options.layer} cannot be had: {why}. `python -m utils.doctor --grading` says what to do.",
                file=sys.stderr,
            )
            return None
        return jail.Jail(options.layer, memory, options.image, engine, shared)
    chosen = jail.best(memory, options.image, shared)
    if chosen is None:
        print(
            "Students' code cannot be locked in on this machine. `python -m utils.doctor --grading` says what to do.\n"
            "With --unsafe it runs as an ordinary process, which promises nothing.",
            file=sys.stderr,
        )
    return chosen


def _banner() -> None:
    line = "!" * 78
    print(f"{line}\n{reports.BANNER}\n{line}", file=sys.stderr)


def _shown(path: Path) -> str:
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


def collect(arguments: list[str]) -> int:
    """Put submissions where nbgrader looks for them, under the names that it expects."""
    parser = argparse.ArgumentParser(prog="python -m tools.grading collect", description=collect.__doc__)
    parser.add_argument("submissions", type=Path)
    parser.add_argument("course", type=Path, help="the nbgrader course's folder")
    parser.add_argument("assignment", help="the assignment's name in the course")
    parser.add_argument("--lab", default="", help="which lab it is, such as lab01; by default the one in release/ or source/")
    parser.add_argument("--labs", type=Path, default=ROOT / "labs")
    options = parser.parse_args(arguments)
    known = labs.released(options.labs)
    names = _handed_out(options.course, options.assignment, known)
    if not names:
        print(
            f"{options.course} has none of the course's labs for {options.assignment} in release/ or source/: "
            "put the lab's notebook there, or check the assignment's name.",
            file=sys.stderr,
        )
        return 2
    found = intake.collect(options.submissions, known, only=options.lab)
    wanted = [one for one in found.submissions if one.lab.name in names]
    others = [one for one in found.submissions if one.lab.name not in names]
    folders = reports.file_names(list(dict.fromkeys(one.student for one in wanted)))
    for one in wanted:
        target = options.course / "submitted" / folders[one.student] / options.assignment / f"{names[one.lab.name]}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        pool.write(target, json.dumps(one.notebook, ensure_ascii=False, indent=1))
    for where, why in [*found.left_out, *((one.source, f"It is {one.lab.name}, another assignment.") for one in others)]:
        print(f"left out: {where}: {why}")
    print(f"{reports.counted(wanted, 'submission')} in {options.course / 'submitted'}.", end=" ")
    print(f"Go on with `nbgrader autograde {options.assignment}`.")
    return 0 if wanted else 1


def _handed_out(course: Path, assignment: str, known: list[labs.Lab]) -> dict[str, str]:
    """Lab → what its notebook is called in the nbgrader course, as released or as written."""
    names = {}
    for folder in ("release", "source"):
        for path in sorted((course / folder / assignment).glob("*.ipynb")):
            try:
                lab = labs.recognize(intake.read(path.read_bytes()), known)
            except ValueError as error:
                raise RuntimeError(f"{path}: {error}") from None
            if lab:
                names.setdefault(lab.name, path.stem)
    return names


if __name__ == "__main__":
    sys.exit(main())
