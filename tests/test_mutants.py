"""Level 1: every small mutation of an answer is noticed, or has a reason why no check can notice it."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tools.judging.answers import Judge
from tools.lesson import ROOT, lessons
from utils import check
from utils.check import RIGHT

LABS = [lesson for lesson in lessons() if lesson.is_lab]


@pytest.mark.parametrize("labs", [LABS[:3], LABS[3:]], ids=["first labs", "later labs"])
def test_every_mutant_of_an_answer_is_noticed(labs):
    """In processes of their own: what is judged in a copy is judged sooner where the copied process is small.

    Two: TensorFlow takes as long to start as most labs' mutants to be judged, and Lab 03's networks leave a process large.
    """
    command = [sys.executable, "-m", "tools.judging.mutate", *(lesson.name[:2] for lesson in labs)]
    lenient = {**os.environ, "COURSE_STRICT": ""}
    done = subprocess.run(command, cwd=ROOT, env=lenient, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    for lesson in labs:
        found = re.search(rf"{lesson.name}: (\d+) of (\d+) mutants noticed", done.stdout)
        assert int(found[2]) >= 5 * len(lesson.tasks) // 2, f"too few mutants of {lesson.name} to mean anything"


def true(answer) -> None:
    check.need(answer(), "It says no.")


class Functions(Judge):
    """A judge of functions, right if they return true."""

    def __init__(self):
        self.asked = 0

    def outcome(self, task, source) -> check.Outcome:
        self.asked += 1
        return check.judge(check.Exercise("function", "A function", true, ("a", "b"), 1, 0.3), (source,))

    def right(self, *answers) -> list[bool]:
        return [outcome.status == RIGHT for outcome in self.outcomes(None, answers)]


linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux judges in a copy of the process")


@linux
def test_many_answers_are_judged_in_one_copy():
    judge, here = Functions(), os.getpid()
    assert judge.right(lambda: True, lambda: False, lambda: os.getppid() == here) == [True, False, True]
    assert judge.asked == 0, "they were judged in this process"


@linux
def test_after_an_answer_that_crashes_each_is_judged_in_a_copy_of_its_own():
    here = os.getpid()
    crash = lambda: os.kill(os.getpid(), signal.SIGSEGV)  # noqa: E731
    assert Functions().right(lambda: True, crash, lambda: os.getppid() == here) == [True, False, True]


@linux
def test_after_an_answer_that_never_ends_each_is_judged_in_a_copy_of_its_own(monkeypatch):
    monkeypatch.setattr("tools.judging.answers.TOGETHER", 0.5)
    assert Functions().right(lambda: True, lambda: sum(range(10**12)) > 0) == [True, False]


@linux
def test_an_answer_that_only_waits_in_the_copy_is_judged_in_this_process():
    """For a lock, say, that another thread held when the copy was made: no verdict may come of that."""
    here = os.getpid()

    def waiting():
        if os.getpid() != here:
            time.sleep(60)
        return True

    assert Functions().right(lambda: True, waiting) == [True, True]


def test_answers_that_need_tensorflow_are_judged_in_this_process():
    import tensorflow as tf

    judge, here = Functions(), os.getpid()
    assert judge.right(lambda: bool(tf.ones(1) + 1 == 2), lambda: os.getpid() == here) == [True, True]
    assert judge.asked == 2
