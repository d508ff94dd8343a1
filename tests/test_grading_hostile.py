"""Level 1: hostile notebooks. No point is forged, nothing foreign is read, nothing is left behind, and each ends in time."""

import shutil
import sys
import time

import psutil
import pytest

from tests import hostile
from tests.grading import LESSONS, grade_id, lab
from tools.grading import jail as jails
from tools.grading import labs
from tools.grading.pool import exercises
from tools.grading.supervisor import GRACE, Limits, Supervisor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or shutil.which("bwrap") is None or bool(jails.works("bubblewrap")), reason="needs bubblewrap"
    ),
]
LESSON = LESSONS[0]
WANTED = ("parameters", "correlate", "keras_computes", "pool")
LIMITS = Limits(cell=4.0, submission=60.0)
SLOT = 7  # a user of its own, whose processes are counted


@pytest.fixture(scope="module")
def small():
    """The lab without pictures and training: four exercises and their checks."""
    whole = lab(LESSON)
    cells = [cell for cell in whole.notebook["cells"] if grade_id(cell).removeprefix("check-") in WANTED]
    return labs.Lab(whole.name, whole.stem, {**whole.notebook, "cells": cells})


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory):
    jail = jails.Jail("bubblewrap", memory=1_500_000_000)
    with Supervisor(jail, jail, jails.trees(tmp_path_factory.mktemp("trees")), ["lab01"], slot=SLOT, limits=LIMITS) as made:
        yield made


def graded(supervisor, small, first: str, answers: dict[str, str]):
    cells = [dict(cell, source=answers.get(grade_id(cell), cell["source"])) for cell in small.notebook["cells"]]
    own = {"cell_type": "code", "metadata": {"tags": ["setup"]}, "source": first + "\nfrom math import *", "outputs": []}
    plan = labs.plan({"cells": [own, *cells]}, small)
    assert not first or any(first in cell["source"] for cell in plan.cells)
    known = {name: 3.0 for name in WANTED}
    began = time.monotonic()
    found = supervisor.grade(plan, 99, known)
    return found, time.monotonic() - began


def points(found) -> int:
    return sum(exercises("lab01")[name].points for name, verdict in found.outcomes.items() if verdict.status == "right")


def leftovers(seconds: float = 5.0) -> list[int]:
    """The processes of the jailed user that are still there after `seconds`; a killed one may need a moment to be reaped."""
    user, ends = jails.FIRST_USER + SLOT, time.monotonic() + seconds
    while True:
        found = [p.pid for p in psutil.process_iter(["uids"]) if p.info["uids"] and p.info["uids"].real == user]
        if not found or time.monotonic() > ends:
            return found
        time.sleep(0.2)


CASES = [*hostile.TAMPERING, *hostile.FRAMES, *hostile.LEAVING]


@pytest.mark.parametrize(("first", "answers"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_nothing_is_gained_and_nothing_left(supervisor, small, first, answers):
    found, took = graded(supervisor, small, first, answers)
    assert points(found) == 0, found.outcomes
    bound = 3 * (found.starts * 8 + 3 * (LIMITS.cell + GRACE))  # three times what a free machine takes, for a busy one
    assert took < bound, f"{took:.0f} s in {found.starts} starts"
    assert leftovers() == []


@pytest.mark.parametrize("source", [pytest.param(case[1], id=case[0]) for case in hostile.REACHING])
def test_nothing_foreign_can_be_reached(supervisor, small, source):
    answers = {"parameters": f"{source}\nn_dense, n_conv = 640 * 480 * 3 * 1000 + 1000, 1792"}  # right only if it got through
    found, _ = graded(supervisor, small, "", answers)
    assert found.outcomes["parameters"].status != "right"
    assert found.outcomes["parameters"].message.startswith("The cell stops with"), found.outcomes["parameters"]


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
    assert len(CASES) + len(hostile.REACHING) >= 40
