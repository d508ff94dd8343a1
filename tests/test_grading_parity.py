"""Level 1: a student's answer gets the same verdict and message from the grader as in the notebook."""

import contextlib
import importlib
import re
import socket
import sys
import time

import pytest

from tests.grading import LESSONS, answers_of, in_the_notebook, stub
from tools.grading import jail as jails
from tools.grading.judge import Gone, Session
from tools.grading.wire import Channel
from utils.check import TooLong

PATIENCE = 30  # seconds of the clock for one answer

pytestmark = pytest.mark.slow  # run by `make test-slow`: one jailed user, so one run at a time


def variants(lesson, task) -> list[str]:
    """Sources of the exercise's cell: the solution, the stub, other right ones, and wrong ones."""
    kept = [source for _, source in answers_of(lesson, "OTHERS").get(task.name, [])]
    kept += [source for _, source, _ in answers_of(lesson, "MISTAKES").get(task.name, [])]
    return [task.cell.source, stub(lesson, task), *kept]


class Judge(Session):
    """A judge in this process that tells the verdict on each of a list of answers to one exercise."""

    def verdicts(self, exercises: list) -> list:
        self.channel.send(self.job["student"])
        found, stopped = [], None
        with contextlib.suppress(TooLong, Gone):
            while len(found) < len(exercises):
                message = self.channel.receive(120)
                if message["op"] == "stopped":
                    stopped = f"The cell stops with {message['kind']}: {message['text']}"
                elif message["op"] == "callback":
                    self.channel.send(self._called_back(message))
                elif message["op"] in ("answer", "missing"):
                    self.judging, self.until = exercises[len(found)].name, time.monotonic() + PATIENCE
                    self.job["sources"] = {self.judging: self.job["answers"][len(found)]}
                    found.append(self.outcome(exercises[len(found)], message, stopped))
                    stopped, self.until = None, float("inf")
                    self.channel.send({"op": "done"})
        return found

    until = float("inf")

    def _listen(self) -> None:
        if time.monotonic() > self.until:
            raise TooLong

    def tell(self, event, **more) -> None:
        pass


def graded(lesson, todo: list, trees) -> list:
    """The verdicts on (task, source) pairs, in order; a student's process that is lost is started again."""
    module = importlib.import_module(f"utils.lessons.{lesson.folder}.checks")
    setup = [cell.source for cell in lesson.cells if "setup" in cell.tags]
    found: list = []
    while len(found) < len(todo):
        cells = [_cell(f"setup {i}", source) for i, source in enumerate(setup)]
        for task, source in todo[len(found) :]:
            cells.append(_cell("names", f"for _name in {task.answers!r}: globals().pop(_name, None)"))
            cells.append(_cell(f"{lesson.name}, {task.name}", source))
            cells.append({"kind": "check", "number": 0, "exercise": task.name, "answers": task.answers})
        job = {"student": {"cells": cells, "import": []}, "code": "", "cells": {}}
        job["answers"] = [source for _, source in todo[len(found) :]]
        running = jails.Jail("unsafe").start(trees[0], "tools.grading.student")
        control, other = socket.socketpair()
        try:
            process = running.process
            judge = Judge(Channel(process.stdout.fileno(), process.stdin.fileno()), control, job)
            new = judge.verdicts([module.lab.exercises[task.name] for task, _ in todo[len(found) :]])
        finally:
            running.kill()
            control.close()
            other.close()
        found += new or [None]
    return found


def settled(message: str) -> str:
    """The message without what differs from run to run: how far a random layer happened to turn."""
    return re.sub(r"by (up to|at most) -?[\d.]+", r"by \1 #", message)


def _cell(name: str, source: str) -> dict:
    return {"kind": "code", "number": 0, "name": name, "source": source, "exercise": "", "answers": ()}


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    return jails.trees(tmp_path_factory.mktemp("trees"))


@pytest.mark.skipif(sys.platform == "win32", reason="frames over pipes need select")
@pytest.mark.parametrize("lesson", [pytest.param(each, id=each.folder) for each in LESSONS])
def test_verdict_and_message_are_those_of_the_notebook(lesson, trees, monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "")
    todo = [(task, source) for task in lesson.tasks for source in variants(lesson, task)]
    differing = []
    for (task, source), found in zip(todo, graded(lesson, todo, trees), strict=True):
        expected = in_the_notebook(lesson).outcome(task, source)
        if found is None or (found.status, settled(found.message)) != (expected.status, settled(expected.message)):
            differing.append(f"{task.name}:\n  notebook: {expected}\n  grader:   {found}\n  {source[-300:]}")
    assert not differing, f"{len(differing)} of {len(todo)} differ\n" + "\n".join(differing)
