"""Shared by the tests of grading: labs built from their sources, and submissions to them."""

import copy
import importlib
import json
from functools import cache

import pytest

from tools import build
from tools.grading.labs import Lab
from tools.judging.answers import Judge
from tools.lesson import Lesson, Task, lessons
from utils.notebook.mend import text

LESSONS = [lesson for lesson in lessons() if lesson.is_lab]


def lab(lesson: Lesson) -> Lab:
    """The lab as its source builds it, whether or not it has been built since."""
    return _lab(lesson.folder)


@cache
def _lab(folder: str) -> Lab:
    lesson = next(each for each in LESSONS if each.folder == folder)
    return Lab(lesson.folder, lesson.name, json.loads(build.text_of(build.lab(build.notebook(lesson)))))


def grade_id(cell: dict) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def solved(lesson: Lesson, *only: str) -> dict:
    """The lab with its exercises answered, or only those named."""
    answers = {task.name: task.cell.source for task in lesson.tasks if not only or task.name in only}
    return answered(lesson, answers)


def answered(lesson: Lesson, answers: dict[str, str], *, first: str = "", last: str = "") -> dict:
    """The lab with these answers, and cells of a student's own before and after everything else."""
    notebook = copy.deepcopy(lab(lesson).notebook)
    for cell in notebook["cells"]:
        if grade_id(cell) in answers:
            cell["source"] = answers[grade_id(cell)]
    own = [
        {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for source in (first, last)
    ]
    notebook["cells"] = [*([own[0]] if first else []), *notebook["cells"], *([own[1]] if last else [])]
    return notebook


# ---------------------------------------------------------------- answers that the tests keep

TASKS = [pytest.param(lesson, task, id=f"{lesson.folder}-{task.name}") for lesson in LESSONS for task in lesson.tasks]


@cache
def _judge(folder: str) -> Judge:
    return Judge(next(each for each in LESSONS if each.folder == folder))


def in_the_notebook(lesson: Lesson) -> Judge:
    """Judges answers as a notebook does; made once for each lesson."""
    return _judge(lesson.folder)


def answers_of(lesson: Lesson, kind: str) -> dict:
    return getattr(importlib.import_module(f"tests.mistakes.{lesson.folder}"), kind, {})


def exercise(lesson: Lesson, task: Task):
    return importlib.import_module(f"utils.lessons.{lesson.folder}.checks").lab.find(task.name)


def stub(lesson: Lesson, task: Task) -> str:
    """The exercise's cell as the lab has it."""
    return next(text(cell) for cell in lab(lesson).notebook["cells"] if grade_id(cell) == task.name)
