"""Level 1: every check against the solution, the stub, and the wrong answers that students give."""

import gc
import importlib
import math
import re
import sys

import pytest

from tools import build
from tools.judging import forms
from tools.judging.answers import Judge
from tools.lesson import lessons
from utils.check import RIGHT, UNATTEMPTED, WRONG, judge, salt_probes

LABS = [lesson for lesson in lessons() if lesson.is_lab]
TASKS = [pytest.param(lesson, task, id=f"{lesson.folder}-{task.name}") for lesson in LABS for task in lesson.tasks]
judges: dict[str, Judge] = {}


def judge_of(lesson) -> Judge:
    """The judge of a lab. The networks of the lab before go: every answer is judged in a copy of this process."""
    if lesson.name not in judges:
        judges.clear()
        if "keras" in sys.modules:
            sys.modules["keras"].utils.clear_session()
        gc.collect()
        judges[lesson.name] = Judge(lesson)
    return judges[lesson.name]


@pytest.fixture(autouse=True)
def lenient(monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "")


def exercise(lesson, task):
    return importlib.import_module(f"utils.lessons.{lesson.folder}.checks").lab.find(task.name)


def answers_of(lesson, kind: str) -> dict:
    return getattr(importlib.import_module(f"tests.mistakes.{lesson.folder}"), kind, {})


def fits(template: str, message: str) -> bool:
    """Whether a message is the template with something in the place of `{case}` and `{got}`."""
    parts = re.split(r"\{case\}|\{got\}", template)
    return re.fullmatch(".*".join(map(re.escape, parts)), message, re.DOTALL) is not None


def presentable(message: str) -> None:
    """No message is an excuse of ours, holds colours or a library's line, or is longer than a student reads."""
    assert "cannot read this answer" not in message
    assert "\x1b" not in message and "site-packages" not in message and "utils/check" not in message
    assert len(message.splitlines()) <= 11, message


def stub(lesson, task) -> str:
    """The exercise's cell as the lab has it."""
    unsolved = build.lab(build.notebook(lesson))
    return next(c.source for c in unsolved.cells if c.metadata.get("nbgrader", {}).get("grade_id") == task.name)


@pytest.mark.parametrize(("lesson", "task"), TASKS)
def test_the_solution_is_right(lesson, task):
    outcome = judge_of(lesson).outcome(task)
    assert outcome.status == RIGHT, outcome.message


@pytest.mark.parametrize(("lesson", "task"), TASKS)
@pytest.mark.usefixtures("in_this_process")
def test_the_stub_is_not_attempted(lesson, task):
    outcome = judge_of(lesson).outcome(task, stub(lesson, task))
    assert outcome.status == UNATTEMPTED, outcome.message


@pytest.mark.parametrize(("lesson", "task"), TASKS)
def test_wrong_answers_get_their_message(lesson, task):
    mistakes = answers_of(lesson, "MISTAKES").get(task.name, [])
    outcomes = judge_of(lesson).outcomes(task, [source for _, source, _ in mistakes])
    for (name, _, part), outcome in zip(mistakes, outcomes, strict=True):
        assert outcome.status == WRONG, f"the check accepts {name!r}"
        assert part, f"{name!r} names no part of the message it must get"
        assert part in outcome.message, f"{name!r} gets: {outcome.message}"
        presentable(outcome.message)
    declared = list(exercise(lesson, task).declaration.wrong_answers()) if exercise(lesson, task).declaration else []
    assert len(mistakes) + len(declared) >= 2, f"{len(mistakes) + len(declared)} wrong answers to {task.name} are known, not two"


DECLARED = [case for case in TASKS if exercise(*case.values).declaration]


@pytest.mark.parametrize(("lesson", "task"), DECLARED)
@pytest.mark.usefixtures("in_this_process")
def test_declared_mistakes_get_their_message(lesson, task):
    """Each gets its own: so none is right, and no two yield the same everywhere."""
    declared = exercise(lesson, task)
    assert tuple(declared.declaration.answers) == task.answers, "named otherwise than in the lesson"
    assert judge(declared, declared.declaration.right_answers()).status == RIGHT, "the check refuses its own reference"
    for name, message, answers in declared.declaration.wrong_answers():
        outcome = judge(declared, answers)
        assert outcome.status == WRONG, f"the check accepts the mistake of {name}: {message}"
        assert fits(message, outcome.message), f"the mistake {message!r} gets: {outcome.message}"
        presentable(outcome.message)


@pytest.mark.parametrize(("lesson", "task"), TASKS)
@pytest.mark.usefixtures("in_this_process")
def test_other_right_answers_are_right(lesson, task):
    others = answers_of(lesson, "OTHERS").get(task.name, [])
    assert len(others) >= 2, f"{len(others)} other right answers to {task.name}, not two"
    for name, source in others:
        outcome = judge_of(lesson).outcome(task, source)
        assert outcome.status == RIGHT, f"{name!r} is called {outcome.status}: {outcome.message}"


@pytest.fixture
def salted():
    salt_probes(1)
    yield
    salt_probes(0)


def drawn_if_small(initializer, shape, dtype=None, **_):
    """In the place of a Glorot or He initializer: a small kernel is drawn, more roughly, and a large one is zero."""
    import keras

    if math.prod(shape) > 10**6:
        return keras.ops.zeros(shape, dtype)
    return keras.random.normal(shape, stddev=math.prod(shape[:-1]) ** -0.5, dtype=dtype, seed=initializer.seed)


@pytest.mark.parametrize(("lesson", "task"), TASKS)
@pytest.mark.usefixtures("in_this_process")
def test_other_right_answers_are_right_for_a_grader_too(lesson, task, salted, monkeypatch):
    """A grader's cases are others, but such as the text promises: a right answer may count on a rising recall.

    A network's large kernels, which take longest to draw, are zeros here: it is the cases that differ.
    """
    judge_here = judge_of(lesson)
    if "keras" in sys.modules:
        monkeypatch.setattr("keras.initializers.VarianceScaling.__call__", drawn_if_small)
    for name, source in answers_of(lesson, "OTHERS").get(task.name, []):
        outcome = judge_here.outcome(task, source)
        assert outcome.status == RIGHT, f"{name!r} is called {outcome.status}: {outcome.message}"


@pytest.mark.parametrize(("lesson", "task"), TASKS)
@pytest.mark.usefixtures("in_this_process")  # a copy of it could not say `applied`
def test_other_forms_of_the_answer_are_right_unless_the_text_excludes_them(lesson, task):
    judged, official = exercise(lesson, task), judge_of(lesson).answers(task)
    text = " ".join(" ".join(cell.source for cell in lesson.cells).split())
    for sentence in judged.form:
        assert " ".join(sentence.split()) in text, f"the lesson does not say: {sentence}"
    refused = set()
    for i, name, outcome in forms.outcomes(official, lambda *answers: judge(judged, answers)):
        if name in forms.excluded(judged):
            refused |= {name} if outcome.status != RIGHT else set()
        else:
            assert outcome.status == RIGHT, f"{task.answers[i]} as {name} is called {outcome.status}: {outcome.message}"
    assert refused == forms.excluded(judged), "forms that the text is said to exclude are accepted"


def test_there_are_labs_to_test():
    assert LABS and TASKS
