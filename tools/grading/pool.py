"""Tasks named by the hash of all they depend on, several workers on this machine, and results that are never lost or made
twice.
"""

import contextlib
import hashlib
import importlib
import importlib.metadata
import json
import os
import queue
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from utils.check import Lab as Checks

from . import labs as labs_module
from .intake import Submission
from .jail import Jail
from .supervisor import USUAL, Graded, Limits, Supervisor, Verdict, points

VERSION = 2  # of the way of grading; a change makes all results anew
TRIES = 3  # for a task whose worker fails through no fault of the submission
PACKAGES = ("keras", "tensorflow", "numpy", "scipy")


@dataclass(frozen=True)
class Task:
    """One submission to judge, named by `key`."""

    key: str
    submission: Submission


class Store:
    """A folder with the results, one file each, and the salt of this class. Files appear whole or not at all."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        (self.folder / "results").mkdir(parents=True, exist_ok=True)

    def salt(self) -> int:
        """The secret number that random probes are drawn with: made once, kept, readable by its owner only."""
        path = self.folder / "salt"
        if not path.exists():
            with contextlib.suppress(FileExistsError):
                write(path, str(secrets.randbits(62) | 1), new=True)
                path.chmod(0o600)
        return int(path.read_text())

    def path(self, key: str) -> Path:
        return self.folder / "results" / f"{key}.json"

    def read(self, key: str) -> dict | None:
        """The result of a task; None where there is none yet or the file is damaged."""
        try:
            found = json.loads(self.path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if found.get("key") == key else None

    def write(self, key: str, result: dict) -> None:
        write(self.path(key), json.dumps({"key": key, **result}, ensure_ascii=False, indent=1, sort_keys=True))


def write(path: Path, text: str, *, new: bool = False) -> None:
    """Write a file at once, under another name first; `new`: raises FileExistsError if it is there."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        if new:
            os.link(temporary, path)
            os.unlink(temporary)
        else:
            os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def fingerprint() -> str:
    """A hash of what verdicts depend on besides submission and salt: the checks, the engine, this room, and the libraries'
    versions.
    """
    digest = hashlib.sha256(f"{VERSION}".encode())
    for folder in ("utils", "tools/grading"):
        for path in sorted((labs_module.ROOT / folder).rglob("*.py")):
            digest.update(path.relative_to(labs_module.ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    for name in PACKAGES:
        digest.update(f"{name} {importlib.metadata.version(name)}".encode())
    return digest.hexdigest()


def tasks(submissions: Iterable[Submission], salt: int, limits: Limits, jail: Jail | None = None) -> list[Task]:
    """The tasks, named by all that a verdict depends on: of `jail`, whether it locks in at all, and its memory."""
    room = (jail.layer != "unsafe", jail.memory) if jail else ()
    base = hashlib.sha256(f"{fingerprint()} {salt} {limits} {room}".encode())
    made, labs = [], {}
    for submission in submissions:
        digest, lab = base.copy(), submission.lab
        if lab.name not in labs:
            labs[lab.name] = json.dumps(lab.notebook, sort_keys=True)
        digest.update(f"{submission.digest} {lab.name} {labs[lab.name]}".encode())
        made.append(Task(digest.hexdigest()[:40], submission))
    return made


def worth(lab: str) -> dict[str, int]:
    return {name: each.points for name, each in exercises(lab).items()}


def exercises(lab: str) -> dict:
    return the_lab(lab).exercises


def the_lab(lab: str) -> Checks:
    """The lab's checks."""
    return importlib.import_module(f"utils.lessons.{lab}.checks").lab


def judge_one(supervisor: Supervisor, task: Task, salt: int) -> dict:
    """The result of one task as plain data, whatever the submission is."""
    submission, lab = task.submission, task.submission.lab
    known = exercises(lab.name)
    try:
        plan = labs_module.plan(submission.notebook, lab)
        graded = supervisor.grade(plan, salt, {name: each.seconds for name, each in known.items()})
        challenge = the_lab(lab.name).challenge
        if challenge and supervisor.limits.challenge:
            entry = labs_module.plan(submission.notebook, lab, challenge)
            graded.challenge = supervisor.measure(entry, salt, challenge.seconds)
    except (ValueError, TypeError, AttributeError, RecursionError, KeyError) as error:
        graded = Graded(lab.name, {name: Verdict() for name in known}, [f"The notebook cannot be read: {error}"])
    found = graded.plain()
    return found | {
        "points": points(graded.outcomes, worth(lab.name)),
        "of": sum(worth(lab.name).values()),
        "layer": supervisor.jail.layer,
    }


def chosen_for_the_judge(chosen: Jail) -> Jail:
    """The judge's jail: bubblewrap where there is one, else a process of its own, since it runs no code of a student's."""
    return chosen if chosen.layer == "bubblewrap" else Jail("unsafe", chosen.memory, shared=chosen.shared)


def workers_here(memory: int) -> int:
    """As many as there are cores, and as the memory holds: a student's process and a judge each."""
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, int(psutil.virtual_memory().available // 2_000_000_000)))


def run(
    todo: list[Task],
    store: Store,
    jail: Jail,
    judge_jail: Jail,
    trees: tuple[Path, Path],
    *,
    workers: int = 1,
    limits: Limits = USUAL,
    on_result: Callable[[Task, dict, bool], None] = lambda *_: None,
) -> list[tuple[str, str]]:
    """Judge every task that has no result yet, each once; identical files share one.

    Returns (source, reason) of those that could not be judged, through a fault of the grader's, after several tries. On an
    interrupt no further submission is begun; those at work get up to a minute to end, and what they bring is kept.
    """
    salt, lost = store.salt(), []
    waiting: queue.Queue[tuple[Task, int]] = queue.Queue()
    seen: set[str] = set()
    for task in todo:
        stored = store.read(task.key)
        if stored is not None:
            on_result(task, stored, True)
        elif task.key not in seen:
            waiting.put((task, 1))
        seen.add(task.key)
    names = sorted({task.submission.lab.name for task in todo})
    done: queue.Queue = queue.Queue()
    stop = threading.Event()

    def work() -> None:
        with Supervisor(jail, judge_jail, trees, names, limits=limits) as supervisor:
            while not stop.is_set():
                try:
                    task, attempt = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    done.put((task, judge_one(supervisor, task, salt)))
                except Exception as error:
                    supervisor.close()
                    if attempt < TRIES:
                        waiting.put((task, attempt + 1))
                    else:
                        done.put((task, error))

    expected = waiting.qsize()
    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(workers, expected))]
    for thread in threads:
        thread.start()
    try:
        for _ in range(expected):
            task, result = _next(done, threads)
            if isinstance(result, Exception):
                lost.append((task.submission.source, f"The grader failed {TRIES} times: {type(result).__name__}: {result}"))
                continue
            store.write(task.key, result)
            on_result(task, result, False)
    finally:
        stop.set()
        deadline = time.monotonic() + 60
        for thread in threads:
            thread.join(timeout=max(0, deadline - time.monotonic()))
        while not done.empty():
            task, result = done.get_nowait()
            if not isinstance(result, Exception):
                store.write(task.key, result)
    return lost


def _next(done: queue.Queue, threads: list[threading.Thread]):
    while True:
        try:
            return done.get(timeout=0.5)
        except queue.Empty:
            if not any(thread.is_alive() for thread in threads) and done.empty():
                raise RuntimeError("All workers have ended before their work.") from None


def results(todo: list[Task], store: Store) -> Iterator[tuple[Submission, dict]]:
    for task in todo:
        found = store.read(task.key)
        if found is not None:
            yield task.submission, found
