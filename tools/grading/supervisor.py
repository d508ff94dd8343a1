"""Starts the student's process and the judge, is the clock, kills and never waits; takes the verdict from the judge alone.

A step (start, a cell, an exercise) that takes too long, asks for too much memory or ends the process costs its own exercise:
the student's process is killed and started again without that step.
"""

import json
import os
import select
import socket
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from utils.check import RIGHT, UNATTEMPTED, WRONG

from .jail import Jail, Running
from .labs import Plan

GRACE = 8.0  # seconds of the clock on top of a limit, which counts work: a sleeping process does none
TICK = 0.1
BUSY = "Stopped after {seconds:g} seconds of work. Is there a loop that never ends?"
MEMORY = "It asks for more memory than this machine has. Look at the shapes in between."
ENDED = "Your code ends the process of Python itself, as a crash or `exit()` does."


@dataclass(frozen=True)
class Limits:
    """Seconds of work: of a cell, and of a whole submission with all its restarts (by the clock). An exercise has its own."""

    cell: float = 30.0
    submission: float = 300.0
    start: float = 120.0  # by the clock; nothing of the student's runs yet


USUAL = Limits()


@dataclass
class Verdict:
    """What became of one exercise."""

    status: str = UNATTEMPTED
    message: str = ""


@dataclass
class Graded:
    """What became of one submission."""

    lab: str
    outcomes: dict[str, Verdict]
    notes: list[str] = field(default_factory=list)
    stopped: dict[str, str] = field(default_factory=dict)  # cell → why it did not run to its end
    seconds: float = 0.0
    starts: int = 0
    peak: int = 0  # bytes that the student's process and the judge occupied together

    def plain(self) -> dict:
        return asdict(self)


class Supervisor:
    """One worker: a warm judge, and one student's process at a time. Use it as a context manager."""

    def __init__(
        self, jail: Jail, judge_jail: Jail, trees: tuple[Path, Path], labs: list[str], *, slot: int = 0, limits: Limits = USUAL
    ):
        self.jail, self.judge_jail, self.trees, self.labs, self.slot, self.limits = jail, judge_jail, trees, labs, slot, limits
        self.judge: Running | None = None
        self.requests: socket.socket | None = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        if self.judge is not None:
            self.requests.close()
            self.judge.kill()
            self.judge = None

    def _warm(self) -> None:
        """Start the judge if it does not run. Raises RuntimeError when it cannot be started."""
        if self.judge is not None and self.judge.process.poll() is None:
            return
        self.close()
        self.requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            arguments = [str(theirs.fileno()), *self.labs]
            self.judge = self.judge_jail.start(
                self.trees[1], "tools.grading.judge", arguments, slot=100 + self.slot, keep=[theirs.fileno()], pipes=False
            )
        self.requests.settimeout(self.limits.start)
        try:
            said = self.requests.recv(100)
        except TimeoutError:
            said = b""
        if said != b"ready\n":
            self.close()
            raise RuntimeError("The judge does not start; run with GRADING_STDERR=1 to see why.")

    def grade(self, plan: Plan, salt: int, seconds: dict[str, float]) -> Graded:
        """Judge one submission. `seconds`: exercise → its limit of work, from the checks."""
        began = time.monotonic()
        graded = Graded(plan.lab.name, {name: Verdict() for name in seconds}, list(plan.notes))
        open_, skipped = set(seconds), set()
        while open_:
            if time.monotonic() - began > self.limits.submission:
                for name in open_:
                    graded.outcomes[name] = Verdict(
                        WRONG, f"Not judged: the notebook had used its {self.limits.submission:g} seconds."
                    )
                break
            self._warm()
            graded.starts += 1
            session = _Session(self, plan, salt, seconds, open_, skipped, graded, began)
            if session.run():
                break
        graded.seconds = time.monotonic() - began
        return graded


class _Session:
    """One student's process, from its start to its end."""

    def __init__(self, supervisor: Supervisor, plan, salt, seconds, open_, skipped, graded, began):
        self.supervisor, self.plan, self.salt, self.seconds = supervisor, plan, salt, seconds
        self.open, self.skipped, self.graded, self.began = open_, skipped, graded, began
        self.cells = {cell["number"]: cell for cell in plan.cells}
        self.step: tuple[str, object] = ("start", None)
        self.since = time.monotonic()
        self.buffer = b""

    def run(self) -> bool:
        """True when the notebook ran to its end, False when a step was taken out and the rest is to be run again."""
        jail, trees = self.supervisor.jail, self.supervisor.trees
        student = jail.start(trees[0], "tools.grading.student", slot=self.supervisor.slot)
        self.student = student
        self.control, theirs = socket.socketpair()
        try:
            with theirs:
                descriptors = [student.process.stdout.fileno(), student.process.stdin.fileno(), theirs.fileno()]
                socket.send_fds(self.supervisor.requests, [b"."], descriptors)
            student.process.stdin.close()
            student.process.stdout.close()
            self.control.sendall(json.dumps(self._job()).encode() + b"\n")
            self._enter("start", None)
            return self._watch()
        except OSError:  # the judge is gone
            return self._lost(ENDED)
        finally:
            self.control.close()
            student.kill()

    def _job(self) -> dict:
        cells = []
        for cell in self.plan.cells:
            done = cell["kind"] == "check" and cell["exercise"] not in self.open
            if not done and cell["number"] not in self.skipped:
                cells.append(cell)
        exercises = {cell["exercise"]: cell["number"] for cell in self.plan.cells if cell["kind"] == "code" and cell["exercise"]}
        student = {"cells": cells, "import": self.plan.imports}
        return {
            "lab": self.plan.lab.name,
            "salt": self.salt,
            "open": sorted(self.open),
            "cells": exercises,
            "sources": self.plan.sources(),
            "code": self.plan.all_code(),
            "student": student,
        }

    # ------------------------------------------------------------ the clock

    def _watch(self) -> bool:
        while True:
            if select.select([self.control], [], [], TICK)[0]:
                data = self.control.recv(1 << 16)
                if not data:
                    return self._lost(ENDED)
                self.buffer += data
                while b"\n" in self.buffer:
                    line, self.buffer = self.buffer.split(b"\n", 1)
                    finished = self._event(json.loads(line))
                    if finished is not None:
                        return finished
            used = self._used()
            if used.memory > 0:
                self.graded.peak = max(self.graded.peak, used.memory)
            if max(used.student, used.judge) > self.supervisor.jail.memory:
                return self._lost(MEMORY, judge=used.judge > self.supervisor.jail.memory)
            limit = self._limit()
            clock = time.monotonic() - self.since
            if (self.step[0] != "start" and used.seconds - self.spent > limit) or clock > limit + GRACE:
                return self._too_long(limit)

    def _limit(self) -> float:
        kind, what = self.step
        if kind == "start":
            return self.supervisor.limits.start
        return self.seconds[what] if kind == "exercise" else self.supervisor.limits.cell

    def _used(self) -> "_Used":
        trees = [_tree(running.process.pid) for running in (self.student, self.supervisor.judge)]
        return _Used(sum(t[0] for t in trees), trees[0][1], trees[1][1])

    def _enter(self, kind: str, what) -> None:
        self.step, self.since, self.spent = (kind, what), time.monotonic(), self._used().seconds

    def _event(self, event: dict) -> bool | None:
        name = event["event"]
        if name == "cell" and event["number"] in self.cells:
            self._enter("cell", event["number"])
        elif name == "stopped":
            number = event["number"]
            if number in self.cells:
                self.graded.stopped[self.cells[number]["name"]] = event["text"]
        elif name == "began":
            self._enter("exercise", event["name"])
        elif name == "outcome":
            self._decide(event["name"], Verdict(event["status"], event["message"]))
            self._enter("cell", None)
        elif name == "end":
            return True
        elif name == "stopped-judging":
            return False
        elif name in ("gone", "malformed", "failed"):
            return self._lost(ENDED)
        return None

    # ------------------------------------------------------------ steps that go wrong

    def _too_long(self, limit: float) -> bool:
        if self.step[0] == "exercise":  # the judge says it in its own words, if it still can
            name = self.step[1]
            self.control.sendall(b"stop")
            if select.select([self.control], [], [], 2)[0]:
                for line in self.control.recv(1 << 16).splitlines():
                    event = json.loads(line) if line.startswith(b"{") and line.endswith(b"}") else {}
                    if event.get("event") == "outcome" and event.get("name") == name:
                        self._decide(name, Verdict(event["status"], event["message"]))
            if name not in self.open:
                return False
        return self._lost(BUSY.format(seconds=limit), judge=self.step[0] == "exercise")

    def _lost(self, why: str, judge: bool = False) -> bool:
        """The present step ends the process, or has to be ended: it costs its exercise, or is left out."""
        if judge or self.supervisor.judge.process.poll() is not None:
            self.supervisor.close()
        kind, what = self.step
        if kind == "exercise":
            self._decide(what, Verdict(WRONG, why))
        elif kind == "cell" and what is not None:
            cell = self.cells[what]
            self.skipped.add(what)
            self.graded.stopped[cell["name"]] = why
            if cell["exercise"]:
                self._decide(cell["exercise"], Verdict(WRONG, f"The cell does not come to its end. {why}"))
        elif self.graded.starts > 2 + 2 * len(self.cells) or kind == "start" and self.graded.starts > 2:
            for name in list(self.open):
                self._decide(name, Verdict(WRONG, f"Not judged. {why}"))
        return False

    def _decide(self, name: str, verdict: Verdict) -> None:
        if name in self.open:
            self.open.discard(name)
            self.graded.outcomes[name] = verdict


@dataclass(frozen=True)
class _Used:
    seconds: float
    student: int
    judge: int

    @property
    def memory(self) -> int:
        return self.student + self.judge


def _tree(pid: int) -> tuple[float, int]:
    """(seconds of work, bytes in memory) of a process and its descendants."""
    try:
        root = psutil.Process(pid)
        members = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0.0, 0
    seconds, memory = 0.0, 0
    for each in members:
        try:
            times = each.cpu_times()
            seconds += times.user + times.system
            memory += each.memory_info().rss
        except psutil.Error:
            continue
    return seconds, memory


def points(outcomes: dict[str, Verdict], worth: dict[str, int]) -> int:
    return sum(worth[name] for name, verdict in outcomes.items() if verdict.status == RIGHT)


def data_folders() -> tuple[tuple[str, str], ...]:
    """The folders with data that lessons may read, as environment variables name them."""
    folder = os.environ.get("COURSE_DATA", "")
    return (("COURSE_DATA", os.path.abspath(folder)),) if folder and os.path.isdir(folder) else ()
