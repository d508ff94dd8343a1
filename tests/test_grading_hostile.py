"""Level 1: hostile notebooks. No point is forged, nothing foreign is read, nothing is left behind, and each ends in time."""

import shutil
import sys
import time

import psutil
import pytest

from tests import hostile
from tests.grading import LESSONS, grade_id, lab
from tools.grading import jail as jails
from tools.grading import labs, pool
from tools.grading import supervisor as supervision
from tools.grading.pool import exercises
from tools.grading.supervisor import CROWD, Limits, Supervisor

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("bwrap") is None or bool(jails.works("bubblewrap")), reason="needs bubblewrap"
)
LESSON = LESSONS[0]
WANTED = ("parameters", "correlate", "keras_computes", "pool")
LIMITS = Limits(cell=3.0, submission=40.0)
EXERCISE = 2.0  # seconds of work
LATE = 10.0  # seconds after its limit within which each has to be ended
START = 10.0  # seconds in which the processes start on a busy machine


@pytest.fixture(scope="module")
def small():
    """The lab without pictures and training: four exercises and their checks."""
    whole = lab(LESSON)
    cells = [cell for cell in whole.notebook["cells"] if grade_id(cell).removeprefix("check-") in WANTED]
    return labs.Lab(whole.name, whole.stem, {**whole.notebook, "cells": cells})


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory):
    jail = jails.Jail("bubblewrap", memory=1_500_000_000)
    trees = jails.trees(tmp_path_factory.mktemp("trees"), [lab(LESSON)])
    with Supervisor(jail, jail, trees, ["lab01"], limits=LIMITS) as made:
        yield made


@pytest.fixture(autouse=True)
def watched(monkeypatch):
    """The longest that a step went on after its limit, as a machine without other work would count it."""
    late = []
    over = supervision._Session._is_over

    def is_over(self, meter, limit):
        late.append(meter.time - limit)
        return over(self, meter, limit)

    monkeypatch.setattr(supervision._Session, "_is_over", is_over)
    return late


def graded(supervisor, small, first: str, answers: dict[str, str]):
    cells = [dict(cell, source=answers.get(grade_id(cell), cell["source"])) for cell in small.notebook["cells"]]
    own = {"cell_type": "code", "metadata": {"tags": ["setup"]}, "source": first + "\nfrom math import *", "outputs": []}
    plan = labs.plan({"cells": [own, *cells]}, small)
    assert not first or any(first in cell["source"] for cell in plan.cells)
    known = {name: EXERCISE for name in WANTED}
    began = time.monotonic()
    found = supervisor.grade(plan, 99, known)
    return found, time.monotonic() - began


def points(found) -> int:
    return sum(exercises("lab01")[name].points for name, verdict in found.outcomes.items() if verdict.status == "right")


def command_of(process: psutil.Process) -> list[str]:
    """Its command; none where it has ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def leftovers(supervisor, seconds: float = 5.0) -> list[int]:
    """The student's processes that are still there after `seconds`; a killed one may need a moment to be reaped."""
    user, ends = supervisor.users[0].number if supervisor.users else None, time.monotonic() + seconds
    while True:
        found = [p.pid for p in psutil.process_iter(["uids"]) if p.info["uids"] and p.info["uids"].real == user]
        found += [p.pid for p in psutil.Process().children(recursive=True) if "tools.grading.student" in command_of(p)]
        if not found or time.monotonic() > ends:
            return found
        time.sleep(0.2)


EACH = 8  # of these notebooks one in eight runs each time, all with `make test-slow`: together they are three minutes of work


def some(cases: list) -> list:
    """The cases as parameters, most of them marked slow."""
    marks = ([] if number % EACH == 0 else [pytest.mark.slow] for number in range(len(cases)))
    return [pytest.param(*case[1:], id=case[0], marks=each) for case, each in zip(cases, marks, strict=True)]


CASES = [*hostile.TAMPERING, *hostile.FRAMES, *hostile.INSIDERS, *hostile.VALUES, *hostile.MODELS, *hostile.LEAVING]


@pytest.mark.parametrize(("first", "answers"), some(CASES))
def test_nothing_is_gained_and_nothing_left(supervisor, small, watched, tmp_path, first, answers):
    found, took = graded(supervisor, small, first, answers)
    assert points(found) == 0, found.outcomes
    assert max(watched) < LATE
    assert took < CROWD * found.starts * (START + LIMITS.cell + LATE)
    assert leftovers(supervisor) == []
    pool.Store(tmp_path).write("key", found.plain())  # whatever is in it
    assert pool.Store(tmp_path).read("key")["outcomes"]


@pytest.mark.parametrize("source", some(hostile.REACHING))
def test_nothing_foreign_can_be_reached(supervisor, small, source):
    answers = {"parameters": f"{source}\nn_dense, n_conv = 640 * 480 * 3 * 1000 + 1000, 1792"}  # right only if it got through
    found, _ = graded(supervisor, small, "", answers)
    assert found.outcomes["parameters"].status != "right"
    assert found.outcomes["parameters"].message.startswith("The cell stops with"), found.outcomes["parameters"]


def test_nothing_of_one_submission_is_left_for_the_next(supervisor, small):
    places = ("/tmp", "/dev/shm", "/home/student", "/home", "/course")
    leave = f"for place in {places}:\n    try: open(place + '/mark', 'w')\n    except OSError: pass"
    graded(supervisor, small, "", {"parameters": leave})
    source = f"import os\nassert any('mark' in os.listdir(place) for place in {places})\nn_dense, n_conv = 921601000, 1792"
    found, _ = graded(supervisor, small, "", {"parameters": source})
    assert found.outcomes["parameters"].message.startswith("The cell stops with AssertionError")


def test_an_honest_answer_beside_a_hostile_one_keeps_its_points(supervisor, small):
    right = {task.name: task.cell.source for task in LESSON.tasks}
    answers = {"parameters": right["parameters"], "correlate": hostile.LOOP, "pool": "import os\nos._exit(1)"}
    found, _ = graded(supervisor, small, "", answers)
    assert found.outcomes["parameters"].status == "right"
    assert found.outcomes["correlate"].message == "Stopped after 5 seconds of work. Is there a loop that never ends?"
    assert "ends the process" in found.outcomes["pool"].message
    assert points(found) == exercises("lab01")["parameters"].points
    assert found.starts == 2, "one more start for the loop; the process that ended was the last exercise's"


def test_there_are_enough():
    assert len(CASES) + len(hostile.REACHING) >= 100
