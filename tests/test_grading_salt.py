"""Level 1: a salt changes every probe, so a table of public answers is worth nothing, and right answers stay right."""

import pickle

import numpy as np
import pytest

from tests.grading import TASKS, answers_of, exercise, in_the_notebook
from tools.grading.judge import salt_everything
from utils.check import RIGHT, judge, salt_probes

SALTS = (7, 2**61 + 11)

pytestmark = pytest.mark.slow  # run by `make test-slow`: one jailed user, so one run at a time


@pytest.fixture
def salted(monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "")
    usual = np.random.default_rng

    def begin(salt: int) -> None:
        np.random.default_rng = usual
        salt_everything(salt)

    yield begin
    np.random.default_rng = usual
    salt_probes(0)


class Table:
    """A function that learns the results of another by heart, and then knows nothing else."""

    def __init__(self, function):
        self.function, self.known, self.open = function, {}, True

    def __call__(self, *arguments, **options):
        try:
            key = pickle.dumps((arguments, sorted(options.items())))
        except Exception:  # a model, or a function of the check's
            return self.function(*arguments, **options) if self.open else 0
        if self.open:
            result = self.function(*arguments, **options)
            if not hasattr(result, "get_weights"):  # who builds the network has the answer, and no table
                self.known[key] = result
            return result
        return self.known.get(key, 0)


def takes_arguments(function) -> bool:
    code = getattr(function, "__code__", None)
    return code is not None and code.co_argcount > 0


@pytest.mark.parametrize(("lesson", "task"), TASKS)
def test_right_answers_are_right_with_a_salt(lesson, task, salted):
    sources = [None, *(source for _, source in answers_of(lesson, "OTHERS").get(task.name, []))]
    for salt in SALTS:
        salted(salt)
        for source in sources:
            outcome = in_the_notebook(lesson).outcome(task, source)
            assert outcome.status == RIGHT, f"with salt {salt}: {outcome.message}\n{source}"


@pytest.mark.parametrize(("lesson", "task"), TASKS)
def test_a_table_of_the_public_answers_is_worth_nothing(lesson, task, salted):
    official = in_the_notebook(lesson).answers(task)
    if not any(map(takes_arguments, official)):
        pytest.skip("no function of anything")
    tables = tuple(Table(each) if takes_arguments(each) else each for each in official)
    judge(exercise(lesson, task), tables)
    for table in tables:
        if isinstance(table, Table):
            table.open = False
    salted(SALTS[0])
    assert judge(exercise(lesson, task), tables).status != RIGHT
