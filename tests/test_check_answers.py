"""Level 1: answers in every form are read, compared as far as float32 goes, and refused in words; mistakes are recognized."""

import collections
import decimal
import fractions
import functools
import re

import numpy as np
import pytest

from tools.judging import forms
from utils import check
from utils.check import RIGHT, UNATTEMPTED, WRONG, Choice, Either, Function, Given, Lab, Value, judge, plain, same

HINTS = {"hints": ("a", "b")}
lab = Lab("labdeclared", "A lab for tests")
lab.declare("count", "c", count=Value(921_601_000, {"No biases.": 921_600_000}), **HINTS)
lab.declare("share", "s", share=Value(0.3, {"Twice.": 0.6, "Half, or a third.": Either(0.15, 0.1)}), **HINTS)
lab.declare(
    "sizes",
    "s",
    sizes=Value(
        [3, 3.5, 3, 112], {"Backwards.": [112, 3, 3.5, 3], "{case}: no half of a window.": {3: 112.5}, "Padding.": {3: 110}}
    ),
    **HINTS,
)
lab.declare("changed", "c", changed=Value({"B": 0, "C": 6}, {"Exchanged.": {"B": 6, "C": 0}, "C: half.": {"C": 3}}), **HINTS)
lab.declare("blind", "b", blind=Value({"blur", "line"}, {"Only the blur.": {"blur"}}), **HINTS)
lab.declare("kind", "k", kind=Choice("correlation", ("correlation", "convolution"), {"By name.": "convolution"}), **HINTS)
lab.declare("grid", "g", grid=Value(np.eye(3), {"Mirrored.": np.eye(3)[::-1]}), **HINTS)
lab.declare("flag", "f", flag=Value(True), **HINTS)
lab.declare("several", "s", kind=Choice("a", ("a", "b")), count=Value(3, {"Off by one.": 4}), **HINTS)
lab.declare(
    "size",
    "s",
    size=Function(
        lambda w, f, s=1, p=0: (w + 2 * p - f) // s + 1,
        [(9, 3), (7, 5, 3, 1), (8, 3, 2, 0), Given(10, 1, 4, 2)],
        {
            "No padding.": lambda w, f, s=1, p=0: (w - f) // s + 1,
            "{case} is {got}: no floor.": lambda w, f, s=1, p=0: (w + 2 * p - f) / s + 1,
            "No stride.": lambda w, f, s=1, p=0: w + 2 * p - f + 1,
        },
    ),
    **HINTS,
)
lab.declare(
    "double",
    "d",
    double=Function(
        lambda x: 2 * x,
        lambda rng: {"for a number": (3,), "for a 2×3 image": (rng.normal(size=(2, 3)),), "for whole numbers": (np.arange(4),)},
        {"Squared.": lambda x: x * x, "You pad the channels.": lambda x: np.pad(x, ((1, 1),) * 3)},
    ),
    **HINTS,
)
lab.declare(
    "costs",
    "c",
    costs=Function(
        lambda n: (n + 1, 2.0 * n, n * n),
        [(3,), (5,)],
        {"No bias.": lambda n: (n, 2.0 * n, n * n), "Half the work.": lambda n: (n + 1, 2.0 * n, n * n / 2)},
    ),
    **HINTS,
)
lab.declare("equal", "e", equal=Function(lambda a, b: a == b, [(1, 1), (1, 2)], {"Other way.": lambda a, b: a != b}), **HINTS)


def judged(name, *answers):
    return judge(lab.find(name), answers)


@pytest.mark.parametrize("name", lab.exercises)
def test_a_declared_exercise_accepts_its_reference_and_names_each_mistake(name):
    declaration = lab.find(name).declaration
    assert judged(name, *declaration.right_answers()).status == RIGHT
    assert judged(name, *[...] * len(declaration.answers)).status == UNATTEMPTED
    for _, message, answers in declaration.wrong_answers():
        outcome = judged(name, *answers)
        pattern = ".*".join(map(re.escape, re.split(r"\{case\}|\{got\}", message)))
        assert outcome.status == WRONG and re.fullmatch(pattern, outcome.message), outcome.message


@pytest.mark.parametrize("name", lab.exercises)
@pytest.mark.usefixtures("in_this_process")
def test_every_form_of_a_right_answer_is_right(name):
    answers = lab.find(name).declaration.right_answers()
    seen = set()
    for _, form, outcome in forms.outcomes(answers, functools.partial(judged, name)):
        assert outcome.status == RIGHT, f"{form}: {outcome.message}"
        seen.add(form)
    assert seen or name == "flag"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("count", np.float32(921_601_000)),
        ("count", decimal.Decimal(921_601_000)),
        ("count", fractions.Fraction(921_601_000)),
        ("count", np.array([[921_601_000]])),
        ("share", np.float32(0.1) * 3),
        ("share", 0.1 + 0.2),
        ("sizes", (each for each in (3, 3.5, 3, 112))),
        ("sizes", collections.deque([3, 3.5, 3, 112])),
        ("sizes", map(float, ["3", "3.5", "3", "112"])),
        ("changed", [0, 6]),
        ("changed", (("B", 0), ("C", 6.0))),
        ("changed", {" b": np.int8(0), "c ": 6}),
        ("changed", collections.OrderedDict(C=6, B=0)),
        ("blind", ["line", "BLUR"]),
        ("blind", np.array(["line", "blur"])),
        ("blind", {"line": 1, "blur": 2}.keys()),
        ("kind", ["Correlation "]),
        ("grid", np.eye(3) + 0j),
        ("grid", np.eye(3, dtype=bool)),
        ("grid", np.matrix(np.eye(3))),
        ("grid", np.eye(3, dtype="float32") * np.float32(1 + 1e-6)),
        ("flag", np.array(True)),
        ("flag", 1),
        ("size", lambda width, kernel, s=1, p=0: np.floor((width - kernel + 2 * p) / s) + 1),
        ("costs", lambda n: np.array([n + 1, 2 * n, n * n])),
        ("costs", lambda n: (each for each in (n + 1, 2 * n, n * n))),
        ("costs", lambda n: {"a": n + 1, "b": 2 * n, "c": n * n}.values()),
        ("double", functools.partial(np.multiply, 2)),
        ("equal", lambda a, b: np.array([a == b])),
    ],
)
def test_what_a_student_may_also_write_is_right(name, answer):
    assert judged(name, answer) == check.Outcome(RIGHT)


@pytest.mark.parametrize(
    ("name", "answer", "part"),
    [
        ("count", 921_601_001, "too large"),
        ("count", np.float32(921_600_000), "No biases"),
        ("count", "921601000", "without quotes"),
        ("count", [921_601_000], "one number; this is a list"),
        ("count", np.int8(3), "too small"),
        ("count", np.float16(3), "too small"),
        ("count", 10**400, "401 digits"),
        ("share", 0.30001, "too large"),
        ("share", 0.1, "Half, or a third"),
        ("sizes", [3, 3.5, 3, 112.5], "`sizes[3]`: no half"),
        ("sizes", [3, 3.5, 4, 110], "`sizes[2]` comes out as 4"),
        ("sizes", [3, 3.5, 3], "has 3 elements; expected 4"),
        ("sizes", "3 3.5 3 112", "should be a list; this is a string"),
        ("changed", {"B": 0}, "'C' is missing"),
        ("changed", {"B": 0, "C": 6, "D": 1}, "'D' is none of them"),
        ("changed", {"B": 1, "C": 3}, "`changed['B']` comes out as 1"),
        ("changed", 6, "dictionary with the keys 'B', 'C'; this is a number"),
        ("blind", ["blur", "corner"], "'corner' does not belong"),
        ("blind", [], "2 more belong"),
        ("blind", [["blur"]], "does not belong"),
        ("blind", "blur", "list of names; this is a string"),
        ("kind", "conv", "is none of"),
        ("kind", 3, "this is a number"),
        ("grid", 3, "an array; this is a number"),
        ("grid", [[1], [1, 2]], "rows differ in length"),
        ("grid", np.eye(3) * 1j, "complex numbers"),
        ("grid", np.array([["a"] * 3] * 3), "words"),
        ("grid", np.full((3, 3), np.nan), "a nan in the result"),
        ("flag", "True", "True or False; this is a string"),
        ("flag", 3, "True or False"),
        ("size", lambda w, f: (w - f) + 1, "cannot be called as the exercise asks"),
        ("size", lambda w, f, s=1, p=0: -1, "`size(9, 3)` comes out as -1"),
        ("double", lambda x: np.pad(x, ((1, 1),) * 3), "You pad the channels"),
        ("double", lambda x: x.dtype.nope, "has no attribute"),
        ("costs", lambda n: (n, 2.0 * n, n * n / 2), "No bias"),
        ("costs", lambda n: (n + 1, 2.0 * n), "has 2 elements; expected 3"),
        ("equal", lambda a, b: "no", "True or False"),
    ],
)
def test_what_is_wrong_is_said_in_words(name, answer, part):
    outcome = judged(name, answer)
    assert outcome.status == WRONG
    assert part in outcome.message


def test_a_message_never_contradicts_the_answer():
    """A mistake is named only if it explains all that is wrong, not when one case happens to look like it."""
    assert (
        judged("size", lambda w, f, s=1, p=0: 1 if s == 3 else 77).message == "`size(9, 3)` comes out as 77. That is too large."
    )
    almost = judged("size", lambda w, f, s=1, p=0: (w - f) // s + 1 if s == 3 else (w + 2 * p - f) // s + 1)
    assert almost.message == "No padding."  # right wherever it is not this mistake


def test_a_message_that_quotes_one_element_names_it():
    pair = Lab("pair", "Pair")
    pair.declare(
        "ends",
        "e",
        ends=Function(
            lambda n: (n, n + 1),
            [(3,)],
            {"{case} gives {got}: one past the last.": lambda n: (n, n), "{case} is turned.": lambda n: (n + 1, n)},
        ),
        **HINTS,
    )
    assert judge(pair.find("ends"), (lambda n: (n, n),)).message == "`ends(3)[1]` gives 3: one past the last."
    assert judge(pair.find("ends"), (lambda n: (n + 1, n),)).message == "`ends(3)` is turned."


class Odd(list):
    def __len__(self):
        raise RuntimeError("no length")


@pytest.mark.parametrize(
    "answer",
    [
        None, np.array(None), np.array({}), np.zeros((0, 3)), {}, [], (), set(), b"10", 3 + 4j, np.datetime64("2020"), object(),
        np.timedelta64(3), np.rec.array([(1, 2.0)]), slice(3), memoryview(b"abc"), Odd([1]), len, int, np, Exception("x"),
        NotImplemented, range(0), iter("abc"), np.random.default_rng(0), lambda x: x, lambda *a: {}, lambda *a: Odd([1]),
        lambda *a: (1 / 0 for _ in "a"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("in_this_process")  # a crash of a copy would not be seen
def test_no_answer_is_beyond_the_check(answer):
    for name in lab.exercises:
        outcome = judged(name, *[answer] * len(lab.find(name).declaration.answers))
        assert outcome.status == WRONG
        assert "cannot read this answer" not in outcome.message
        assert len(outcome.message.splitlines()) <= 11


def test_a_result_that_the_view_cannot_look_at_is_compared_as_it_is():
    viewed = Lab("viewed", "Viewed")
    viewed.declare("n", "n", n=Function(lambda x: [2, 1], [(1,)], view=sorted), **HINTS)
    assert judge(viewed.find("n"), (lambda x: (1, 2),)).status == RIGHT
    assert judge(viewed.find("n"), (lambda x: 3,)).message == "`n(1)` should be a list; this is a number."


def test_two_mistakes_that_yield_the_same_cannot_both_be_named():
    """What tests/test_checks.py demands of every declaration is possible to violate."""
    twin = Lab("twin", "Twin")
    twin.declare(
        "n", "n", n=Function(lambda x: x + 1, [(2,)], {"Doubled.": lambda x: 2 * x, "Squared.": lambda x: x * x}), **HINTS
    )
    messages = [judge(twin.find("n"), answers).message for _, _, answers in twin.find("n").declaration.wrong_answers()]
    assert messages == ["Doubled.", "Doubled."]


def test_numbers_agree_as_far_as_float32_goes_and_no_further():
    assert same(np.float32(1e-4), 1e-4) and not same(1.001e-4, 1e-4)
    assert same(1e-9, 0.0, scale=1) and not same(1e-4, 0.0, scale=1)
    assert same(54.9999999, 55) and not same(54.99, 55)
    assert same(np.float32(0.99999994), 1.0)
    assert plain({(1, 2), (3, 4)}) == {(1, 2), (3, 4)}
    assert not same(float("nan"), 1.0) and same(float("nan"), float("nan"))
    assert same(np.array([1, np.inf]), np.array([1, np.inf])) and not same(np.array([1, 1e9]), np.array([1, np.inf]))
    assert same([1, 2.0000001], [1, 2]) and not same([1, 2, 3], [1, 2])
    assert same(np.arange(3), [0, 1, 2]) and same([0, 1, 2], np.arange(3)) and not same(np.arange(3), np.arange(4))


def test_plain_leaves_no_tensor_tuple_or_scalar_array():
    assert plain((1, (2, np.array(3)), "a ")) == [1, [2, 3], "a"]
    assert plain(np.array("x")) == "x" and plain(np.bool_(True)) is True
    assert plain({1: (2,)}) == {1: [2]} and plain(range(2)) == [0, 1]
    assert plain(len) is len
    with pytest.raises(check.NotAttempted):
        plain([1, {"a": ...}])


def test_arguments_are_passed_by_position_unless_a_case_names_them():
    named = Lab("named", "Named")
    named.declare("n", "n", n=Function(lambda a, b=1: a + b, [(1,), Given(2, b=3)]), **HINTS)
    assert judge(named.find("n"), (lambda x, b=1: x + b,)).status == RIGHT
    assert "unexpected keyword argument 'b'" in judge(named.find("n"), (lambda x, y=1: x + y,)).message
    assert judge(named.find("n"), (lambda a, b=2: a + b,)).message == "`n(1)` comes out as 3. That is too large."
    assert judge(named.find("n"), (lambda a, b=1: a + 1,)).message == "`n(2, b=3)` comes out as 3. That is too small."


def test_probes_are_the_same_each_time_until_a_grader_salts_them():
    double = lab.find("double").declaration.answers["double"]
    usual = double._prepare("double")[1][1].arguments[0]
    check.salt_probes(7)
    try:
        salted = double._prepare("double")[1][1].arguments[0]
        assert judged("double", lambda x: x + x).status == RIGHT
        assert judged("double", lambda x: x * x).message == "Squared."
    finally:
        check.salt_probes(0)
    assert not np.array_equal(usual, salted)
    assert np.array_equal(usual, double._prepare("double")[1][1].arguments[0])


def test_the_reference_must_hold_what_its_declaration_says():
    bad = Lab("bad", "Bad")
    bad.declare("n", "n", n=Function(lambda x: x / 0, [(2,)]), **HINTS)
    with pytest.raises(RuntimeError, match="the reference of n fails"):
        bad.find("n").declaration.judge(lambda x: x)
    with pytest.raises(ValueError, match="none of the options"):
        Choice("c", ("a", "b"))
    with pytest.raises(ValueError, match="at least one answer"):
        bad.declare("m", "m", **HINTS)
