"""Level 1: every small mutation of an answer is noticed, or has a reason why no check can notice it."""

import os
import re
import subprocess
import sys

import pytest

from tools.lesson import ROOT, lessons

LABS = [lesson for lesson in lessons() if lesson.is_lab]


@pytest.mark.parametrize("labs", [LABS[:3], LABS[3:]], ids=["first labs", "later labs"])
def test_every_mutant_of_an_answer_is_noticed(labs):
    """In processes of their own: every answer is judged in a copy, and a small process is copied faster.

    Two: TensorFlow takes as long to start as most labs' mutants to be judged, and Lab 03's networks leave a process large.
    """
    command = [sys.executable, "-m", "tools.judging.mutate", *(lesson.name[:2] for lesson in labs)]
    lenient = {**os.environ, "COURSE_STRICT": ""}
    done = subprocess.run(command, cwd=ROOT, env=lenient, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    for lesson in labs:
        found = re.search(rf"{lesson.name}: (\d+) of (\d+) mutants noticed", done.stdout)
        assert int(found[2]) >= 5 * len(lesson.tasks) // 2, f"too few mutants of {lesson.name} to mean anything"
