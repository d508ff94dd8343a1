"""Level 1: whatever a student answers, `utils.check` says right, not attempted, or wrong with a reason. It never crashes."""

import io
import linecache
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import check, panel
from utils.check import RIGHT, UNATTEMPTED, WRONG, Lab, array, call, choice, number
from utils.check.apart import here

PHOTO = np.arange(12.0).reshape(3, 4)
lab = Lab("labtest", "A lab for tests")


@lab.exercise("Twice", points=2, hints=("Think of a sum.", "x + x"))
def twice(function):
    given = PHOTO.copy()
    expected = 2 * given
    array(call(function, given), expected, mistakes={"You squared it.": given**2}, case="for a 3×4 image")
    number(call(function, 3), 6, mistakes={"You squared: `x * x`.": 9}, what="twice(3)")


@lab.exercise("A number", hints=("a", "b"))
def a_number(value):
    number(value, 10, mistakes={"You forgot the bias.": 9})


@lab.exercise("A word", hints=("a", "b"))
def a_word(value):
    choice(value, "correlation", ("correlation", "convolution"), mistakes={"That one flips the kernel.": "convolution"})


@lab.exercise("Fragile", hints=("a", "b"))
def fragile(value):
    value["key"].append(1)  # a check whose author did not foresee every answer


@pytest.fixture(autouse=True)
def session(monkeypatch):
    monkeypatch.setattr(check.session, "_session", check.Session(lab))
    monkeypatch.setenv("COURSE_STRICT", "")


def judged(name, *answers):
    return check.judge(lab.find(name), answers)


def student(code: str, name: str = "f"):
    """The function that a student wrote in a cell."""
    names: dict = {"np": np, "time": time}
    cell = f"<cell {hash(code)}>"
    linecache.cache[cell] = (len(code), None, code.splitlines(keepends=True), cell)
    exec(compile(code, cell, "exec"), names)
    return names[name]


def test_three_outcomes():
    assert judged("twice", lambda x: x + x).status == RIGHT
    assert judged("twice", ...).status == UNATTEMPTED
    assert judged("twice", student("def f(x):\n    raise NotImplementedError")).status == UNATTEMPTED
    assert judged("a_number", ...).status == UNATTEMPTED
    assert judged("a_number", (1, ...)).status == UNATTEMPTED
    assert judged("twice", lambda x: x**2).message == "You squared it."
    assert judged("a_number", 9).message == "You forgot the bias."
    assert judged("a_word", "convolution").message == "That one flips the kernel."
    assert judged("a_word", " Correlation ").status == RIGHT


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (3, "Expected a function; this is a number."),
        (None, "Expected a function"),
        (lambda x: None, "returns None"),
        (lambda x: "text", "Expected an array; this is a string."),
        (lambda x: [[1, 2], [3]], "rows differ in length"),
        (lambda x: np.array(["a"]), "holds words"),
        (lambda x: np.zeros((2, 2)), "shape is (2, 2) for a 3×4 image; expected (3, 4)"),
        (lambda x: x * np.nan, "There is a nan in the result"),
        (lambda x: x * np.inf, "There is a"),
        (lambda x: 2 * x + np.eye(3, 4), "expected"),
        (lambda x: np.broadcast_to(1.0, (10**6, 10**6)), "shape is (1000000, 1000000)"),
        (lambda: 1, "cannot be called as the exercise asks: TypeError"),
        (student("def f(x):\n    y = x\n    return 1 / len([])\n"), "ZeroDivisionError"),
        (student("def f(x):\n    import sys\n    sys.exit(3)"), "SystemExit"),
        (student("def f(x):\n    return f(x)"), "RecursionError"),
        (student("def f(x):\n    return np.zeros((10**9, 10**9))"), "more memory"),
        (student("def f(x):\n    assert False, 'no'"), "AssertionError: no, in line 2: `assert False, 'no'`"),
    ],
)
def test_bad_functions_are_wrong_and_say_why(answer, part):
    outcome = judged("twice", answer)
    assert outcome.status == WRONG
    if part == "more memory":  # NumPy raises a subclass of MemoryError inside the student's line
        assert "memory" in outcome.message.lower() or "allocate" in outcome.message.lower()
    else:
        assert part in outcome.message


def test_the_students_line_is_shown_even_when_a_library_raises():
    outcome = judged("twice", student("def f(x):\n    y = x + 1\n    return np.linalg.inv(y)\n"))
    assert "line 3: `return np.linalg.inv(y)`" in outcome.message


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        ("10", "Write the number without quotes"),
        (float("nan"), "not a finite number"),
        (float("inf"), "not a finite number"),
        ([1, 2], "should be one number; this is a list"),
        (np.zeros((2, 3)), "an array of shape (2, 3)"),
        (None, "should be a number; this is None"),
        (len, "should be a number"),
        (3 + 4j, "should be a number; this is a complex"),
        (10**400, "should be a number"),
        (11, "too large"),
        (-5, "too small"),
        (object(), "should be a number"),
    ],
)
def test_bad_numbers(answer, part):
    outcome = judged("a_number", answer)
    assert outcome.status == WRONG
    assert part in outcome.message


@pytest.mark.parametrize("value", [10, 10.0, np.float32(10), np.array(10), np.array([10])])
def test_every_kind_of_ten_is_ten(value):
    assert judged("a_number", value).status == RIGHT


@settings(deadline=None)
@given(
    st.one_of(
        st.none(),
        st.integers(),
        st.floats(),
        st.text(),
        st.binary(),
        st.lists(st.floats()),
        st.dictionaries(st.text(), st.none()),
    )
)
def test_no_answer_crashes_a_check(answer):
    with here():  # a crash of a copy would not be seen
        for name in lab.exercises:
            assert judged(name, answer).status in (RIGHT, WRONG, UNATTEMPTED)


def test_a_check_that_fails_itself_is_an_outcome_not_a_crash():
    assert "cannot read this answer (TypeError" in judged("fragile", 3).message


def patient(seconds):
    return check.Exercise("twice", "Twice", lab.find("twice").judge, ("a", "b"), 1, seconds)


@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    while True:\n        pass",
        "def f(x):\n    while True:\n        try:\n            x = x + 1\n        except Exception:\n            pass",
        "def f(x):\n    while True:\n        try:\n            x = x + 1\n        except:\n            pass",
        "def f(x):\n    while True:\n        time.sleep(0.05)",
    ],
)
def test_an_endless_loop_is_stopped_with_a_word_about_it(code):
    said = check.judge(patient(0.3), (student(code),)).message
    assert said == "Stopped after 0.3 seconds of work. Is there a loop that never ends?"


def test_the_time_limit_works_in_any_thread_and_leaves_nothing_behind():
    outcomes = []
    endless = student("def f(x):\n    while True:\n        pass")
    thread = threading.Thread(target=lambda: outcomes.append(check.judge(patient(0.2), (endless,))))
    thread.start()
    thread.join(10)
    assert outcomes and outcomes[0].status == WRONG
    before = threading.active_count()
    for _ in range(50):
        assert judged("a_number", 10).status == RIGHT
    assert threading.active_count() == before


def test_an_answer_cannot_make_itself_right_by_changing_its_inputs():
    def cheat(x):
        if isinstance(x, np.ndarray):
            x[:] = 0
            return x
        return 2 * x

    outcome = judged("twice", cheat)
    assert outcome.status == WRONG
    assert "changes an array that it was given" in outcome.message
    assert PHOTO[2, 3] == 11.0


def test_the_students_variables_stay_as_they_are():
    mine = np.arange(3)

    @lab.exercise("Sorted", hints=("a", "b"))
    def ordered(values):
        result = call(lambda v: np.sort(v)[::-1], values)
        array(result, [2, 1, 0])

    try:
        assert judged("ordered", mine).status == RIGHT
    finally:
        del lab.exercises["ordered"]
    assert mine.tolist() == [0, 1, 2]


def test_what_the_student_prints_inside_a_check_is_silenced(capsys):
    judged("twice", student("def f(x):\n    print('debug')\n    return x + x"))
    assert capsys.readouterr().out == ""


def test_score_report_and_hints(capsys):
    check.answer("twice", lambda x: x + x)
    check.answer("a_number", 3)
    assert check.score() == (2, 5)
    check.report()
    out = capsys.readouterr().out
    assert "A lab for tests: 2 of 5 points, 1 of 4 exercises right" in out
    assert "Stuck? Run `check.hint" in out
    check.answer("twice", ...)
    assert check.score() == (0, 5)
    for expected in ("hint 1 of 2", "hint 2 of 2", "no more hints"):
        check.hint("twice")
        assert expected in capsys.readouterr().out


def test_strict_mode_raises_for_wrong_and_for_not_attempted(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_STRICT", "1")
    check.answer("a_number", 10)
    with pytest.raises(AssertionError, match="forgot the bias"):
        check.answer("a_number", 9)
    with pytest.raises(AssertionError, match="not attempted"):
        check.answer("a_number", ...)


def test_misuse_is_told_with_its_remedy(monkeypatch):
    with pytest.raises(LookupError, match="Did you mean 'twice'"):
        check.answer("twise", 1)
    with pytest.raises(LookupError, match="no lab named 'lab00'"):
        check.start("lab00")
    monkeypatch.setattr(check.session, "_session", None)
    with pytest.raises(RuntimeError, match="check.start"):
        check.report()
    with pytest.raises(ValueError, match="at least two hints"):
        lab.exercise("One hint", hints=("only",))


def test_a_terminal_without_emoji_gets_plain_marks(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr("sys.stdout", stream)
    panel.show("wrong", "Output size: not right yet.", "5×5")
    stream.flush()
    assert stream.buffer.getvalue().decode("cp1252").replace("\r", "") == "[wrong] Output size: not right yet.\n5×5\n"


def test_a_panel_escapes_what_the_student_wrote():
    assert panel._inline_code("`<b>` & <i>") == "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"
    assert panel._inline_code("one ` only") == "one ` only"
