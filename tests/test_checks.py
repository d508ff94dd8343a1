"""Level 1: every check against the solution, the stub, and the wrong answers that students give."""

import importlib

import pytest

from tools import build
from tools.judging import mutate
from tools.judging.answers import Bench
from tools.lesson import lessons
from utils.check import RIGHT, UNATTEMPTED, WRONG

LABS = [lesson for lesson in lessons() if lesson.is_lab]
TASKS = [pytest.param(lesson, task, id=f"{lesson.folder}-{task.name}") for lesson in LABS for task in lesson.tasks]
benches: dict[str, Bench] = {}


def bench(lesson) -> Bench:
    if lesson.name not in benches:
        benches[lesson.name] = Bench(lesson)
    return benches[lesson.name]


@pytest.fixture(autouse=True)
def lenient(monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "")


def stub(lesson, task) -> str:
    """The exercise's cell as the lab has it."""
    unsolved = build.lab(build.notebook(lesson))
    return next(c.source for c in unsolved.cells if c.metadata.get("nbgrader", {}).get("grade_id") == task.name)


@pytest.mark.parametrize(("lesson", "task"), TASKS)
def test_the_solution_is_right(lesson, task):
    outcome = bench(lesson).judge(task)
    assert outcome.status == RIGHT, outcome.message


@pytest.mark.parametrize(("lesson", "task"), TASKS)
def test_the_stub_is_not_attempted(lesson, task):
    outcome = bench(lesson).judge(task, stub(lesson, task))
    assert outcome.status == UNATTEMPTED, outcome.message


@pytest.mark.parametrize(("lesson", "task"), TASKS)
def test_wrong_answers_get_their_message(lesson, task):
    mistakes = importlib.import_module(f"tests.mistakes.{lesson.folder}").MISTAKES.get(task.name, [])
    assert len(mistakes) >= 2, f"tests/mistakes/{lesson.folder}.py has {len(mistakes)} wrong answers to {task.name}, not two"
    for name, source, part in mistakes:
        outcome = bench(lesson).judge(task, source)
        assert outcome.status == WRONG, f"the check accepts {name!r}"
        assert part, f"{name!r} names no part of the message it must get"
        assert part in outcome.message, f"{name!r} gets: {outcome.message}"


@pytest.mark.parametrize("lesson", [pytest.param(lesson, id=lesson.folder) for lesson in LABS])
def test_every_mutant_of_an_answer_is_noticed(lesson):
    count, survivors = mutate.run(lesson, quiet=True)
    known = mutate.equivalent(lesson)
    assert count >= 5 * len(lesson.tasks) // 2, "too few mutants to mean anything"
    assert [s for s in survivors if s not in known] == []
    assert all(reason.strip() for reason in known.values())
    assert set(known) <= set(survivors), f"listed as equivalent but noticed: {set(known) - set(survivors)}"


def test_there_are_labs_to_test():
    assert LABS and TASKS
