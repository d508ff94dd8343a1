"""Level 1: students' code is called safely, its failures told in our words, loops are counted, what never ends is ended."""

import linecache
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from utils import check
from utils.check import RIGHT, WRONG, Function, Lab, Wrong, call, called, count_lines, judge, no_loop, number
from utils.check.apart import NotHere, apart
from utils.check.limits import TooLong, time_limit

HINTS = {"hints": ("a", "b")}


def student(code: str, name: str = "f", **names):
    """The function that a student wrote in a cell."""
    names |= {"np": np, "time": time}
    cell = f"<cell {hash(code)}>"
    linecache.cache[cell] = (len(code), None, code.splitlines(keepends=True), cell)
    exec(compile(code, cell, "exec"), names)
    return names[name]


def message(function, *arguments) -> str:
    with pytest.raises(Wrong) as caught:
        call(function, *arguments)
    text = str(caught.value)
    assert len(text.splitlines()) <= 11 and "\x1b" not in text
    assert not any(part in text for part in ("site-packages", "utils/check", "Traceback", "Arguments received"))
    return text


# ---------------------------------------------------------------- what a failure is called


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("x + np.ones(5)", ("the shapes (2,3) (5,) do not fit together", "line 2: `return x + np.ones(5)`")),
        ("x @ np.ones((2, 2))", ("3 columns meet 2 rows",)),
        ("x.nope", ("has no attribute 'nope'", "line 2")),
        ("np.linalg.inv(x)", ("LinAlgError", "line 2: `return np.linalg.inv(x)`")),
        ("np.stack([x, x[0]])", ("ValueError", "same shape")),
        ("[][3]", ("IndexError",)),
        ("{}['a']", ("KeyError: 'a'",)),
        ("f(x)", ("RecursionError",)),
        ("(y for y in [1 / 0])", ("ZeroDivisionError",)),
        ("'abc' + 3", ("TypeError",)),
    ],
)
def test_a_failure_is_told_by_the_students_line_and_its_cause(line, parts):
    told = message(student(f"def f(x):\n    return {line}"), np.ones((2, 3)))
    for part in parts:
        assert part in told


KERAS = """
import keras
from keras import layers
def f(x):
    {}
"""


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("return layers.Dense(3)(layers.Conv2D(2, 9)(x))", ("shrinks to nothing", "layers.Conv2D(2, 9)")),
        ("return layers.Add()([x, layers.Conv2D(2, 3)(x)])", ("summands have different shapes", "line 5")),
        ("return keras.Model(keras.Input((3,)), layers.Dense(1)(x))", ("does not depend on the input",)),
        ("return np.tanh(x)", ("symbolic Keras tensor",)),
        ("import tensorflow as tf; return tf.nn.relu(x)", ("symbolic Keras tensor",)),
        ("return layers.Dense(3)(x).numpy()", ("numpy",)),
        ("return keras.Sequential([layers.Dense(3)]).count_params()", ("does not know the shape of its input",)),
        ("d = layers.Dense(3); d(np.ones((1, 4))); return d(np.ones((1, 5)))", ("built for 4 values", "gets shape (1, 5)")),
        ("return layers.Conv2D(2, 3)(np.ones((8, 8)))", ("wants an input with 4 axes",)),
        ("return layers.Concatenate()([np.ones((1, 2, 3)), np.ones((1, 3, 3))])", ("ValueError",)),
        ("import tensorflow as tf; return tf.matmul(tf.ones((2, 3)), tf.ones((2, 3)))", ("InvalidArgumentError", "line 5")),
        ("import tensorflow as tf; return tf.reshape(tf.ones(6), (4, 4))", ("InvalidArgumentError", "6 values")),
        ("class B(layers.Layer):\n        def call(self, x): return x @ x.nope\n    return B()(x)", ("nope",)),
    ],
)
def test_a_failure_inside_keras_is_told_the_same_way(body, parts):
    import keras

    told = message(student(KERAS.format(body)), keras.Input((8, 8, 3)))
    for part in parts:
        assert part in told


def test_a_function_that_returned_is_not_said_to_have_stopped():
    lazy = student("def f(n):\n    return (1 / (i - 1) for i in range(n))")
    told = message(lazy, 3)
    assert told.startswith("What your function returns stops with ZeroDivisionError") and "line 2" in told


def test_what_a_function_prints_warns_and_changes_stays_inside(capsys, recwarn):
    import warnings

    def noisy(x):
        print("debug")
        warnings.warn("old", stacklevel=1)
        return np.log(x - x)

    given = np.ones(3)
    assert np.isinf(call(noisy, given)).all()
    assert capsys.readouterr().out == "" and not recwarn.list
    assert "changes an array" in message(student("def f(x):\n    x += 1\n    return x"), given)
    assert call(student("def f(d):\n    d['a'].pop()\n    return d"), {"a": [1]}) == {"a": []}  # a list may be used up
    assert "changes an array" in message(student("def f(d):\n    d['a'][0] += 1\n    return d"), {"a": given})
    assert given.tolist() == [1, 1, 1]
    assert "returns None" in message(student("def f(x):\n    x + 1"), given)


# ---------------------------------------------------------------- counting instead of timing

AFTER_A_LIMIT = """
import faulthandler, signal, time
faulthandler.dump_traceback_later(60, exit=True)
del signal.pthread_kill  # as on Windows
from utils.check.calling import count_lines
from utils.check.limits import TooLong, time_limit

def f(x):
    return x

for _ in range(20):
    with time_limit(5):
        pass
    assert count_lines(f, 1) == 1
    try:
        with time_limit(0.01):
            end = time.process_time() + 0.0102
            while time.process_time() < end: pass  # the limit comes before the end, at it, or after it
    except TooLong:
        pass
    assert count_lines(f, 1) == 1
"""


def test_lines_are_counted_after_a_limit_that_no_signal_could_keep():
    """On Windows, and outside the main thread: whether a check was stopped, was not, or almost was, nothing of it stays."""
    subprocess.run([sys.executable, "-c", AFTER_A_LIMIT], cwd=Path(__file__).parents[1], check=True)


LOOPS = {
    "two loops": "y = 0 * x\n    for i in range(len(x)):\n        for j in range(len(x)):\n            y[i, j] = 1\n    return y",
    "a comprehension": "return np.array([[x[i, j] * 2 for j in range(len(x))] for i in range(len(x))])",
    "a generator": "return sum(row.sum() for place in x for row in place)",
    "while": "i = 0\n    while i < x.size: i += 1\n    return i",
    "vectorize": "return np.vectorize(lambda v: 2 * v)(x)",
    "map": "return list(map(lambda v: 2 * v, x.ravel()))",
    "recursion": "def g(i): return 0 if i == 0 else 1 + g(i - 1)\n    return g(x.size // 2)",
    "ndindex": "return sum(x[place] for place in np.ndindex(*x.shape))",
}
NO_LOOPS = {
    "NumPy": "return 2 * x",
    "windows": "return np.tensordot(np.lib.stride_tricks.sliding_window_view(x, (3, 3)), np.ones((3, 3)), 2)",
    "a loop over the kernel": "return sum(x[i : len(x) - 2 + i, j : len(x) - 2 + j] for i in range(3) for j in range(3))",
    "Fourier": "return np.fft.ifft2(np.fft.fft2(x)).real",
    "SciPy": "from scipy.signal import correlate2d\n    return correlate2d(x, np.ones((3, 3)), 'valid')",
}


def of_side(n: int) -> tuple:
    return (np.arange(n * n, dtype=float).reshape(n, n),)


@pytest.mark.parametrize("body", LOOPS.values(), ids=LOOPS)
def test_a_loop_over_the_places_is_seen_however_it_is_written(body):
    with pytest.raises(Wrong, match="a loop: [0-9,]+ lines"):
        no_loop(student(f"def f(x):\n    {body}"), of_side(6), of_side(30), "a loop: {lines} lines")


@pytest.mark.parametrize("body", NO_LOOPS.values(), ids=NO_LOOPS)
def test_what_loops_inside_c_or_over_the_kernel_only_is_no_loop_over_the_places(body):
    no_loop(student(f"def f(x):\n    {body}"), of_side(6), of_side(30), "a loop")


def test_the_count_of_lines_is_the_same_each_time_and_leaves_no_tracer():
    function = student("def f(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total")
    before = sys.gettrace()
    assert count_lines(function, 10) == count_lines(function, 10) == 10 + 11 + 2
    with pytest.raises(Wrong):
        count_lines(student("def f(n):\n    return 1 / 0"), 3)
    assert sys.gettrace() is before


@pytest.mark.parametrize(
    "body",
    [
        "return np.convolve(x, [1, 2])",
        "from numpy import convolve as other\n    return other(x, [1, 2])",
        "return (lambda g: g(x, [1, 2]))(np.convolve)",
        "return list(map(lambda _: np.convolve(x, [1, 2]), [1]))",
    ],
)
def test_a_forbidden_function_is_found_under_any_name(body):
    assert called(student(f"def f(x):\n    {body}"), ("np.convolve", "scipy.signal"), np.ones(3)) == ["np.convolve"]


def test_a_forbidden_module_and_only_the_students_own_calls_count():
    with_signal = student("def f(x):\n    from scipy import signal\n    return signal.correlate(x, x)")
    assert called(with_signal, ("scipy.signal", "np.convolve"), np.ones(3)) == ["scipy.signal"]
    assert called(student("def f(x):\n    return np.median(x)"), ("np.mean", "np.convolve"), np.ones(3)) == []
    source = "def f(x):\n    import tensorflow as tf\n    return tf.reduce_{}(tf.cast(x, tf.float32))"  # decorated alike
    for used in ("mean", "sum"):
        assert called(student(source.format(used)), ("tf.reduce_mean",), np.ones(3)) == ["tf.reduce_mean"] * (used == "mean")
    strict = Lab("strict", "Strict")
    strict.declare("n", "n", n=Function(np.sort, [(np.array([2, 1]),)], forbidden={"Without {got}.": ("np.sort",)}), **HINTS)
    assert judge(strict.find("n"), (student("def f(x):\n    return np.sort(x)"),)).message == "Without np.sort."
    assert judge(strict.find("n"), (student("def f(x):\n    return sorted(x)"),)).status == RIGHT


def test_a_stand_in_for_a_function_elsewhere_counts_and_watches_on_its_side():
    class Elsewhere:
        def __call__(self, x):
            return [self.count_lines(x)] * 2

        def count_lines(self, x):
            return 5 * len(x)

        def called(self, names, x):
            return list(names[:1])

    assert count_lines(Elsewhere(), [1, 2]) == 10
    assert called(Elsewhere(), ("np.sort", "np.sum"), [1]) == ["np.sort"]
    with pytest.raises(Wrong, match="a loop: 500 lines"):
        no_loop(Elsewhere(), ([1],), ([1] * 100,), "a loop: {lines} lines")


# ---------------------------------------------------------------- what never ends

waiting = Lab("waiting", "Waiting")


@waiting.exercise("n", **HINTS, seconds=0.5)
def n(function):
    number(call(function, 3), 6)


ENDLESS = {
    "a loop": "while True: pass",
    "a loop that catches everything": "while True:\n        try: x += 1\n        except: pass",
    "a sum inside C": "return sum(range(10**12))",
    "a search inside C": "return 5 in __import__('itertools').repeat(4)",
    "sleep": "time.sleep(3600); return 6",
    "a lock": "__import__('threading').Event().wait(3600); return 6",
    "a power": "return 10 ** 10 ** 9",
}


@pytest.mark.skipif(sys.platform != "linux", reason="a call into C is ended by ending its process, on Linux only")
@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS)
def test_whatever_never_ends_is_ended(body):
    outcome = judge(waiting.find("n"), (student(f"def f(x):\n    {body}"),))
    assert outcome == check.Outcome(WRONG, "Stopped after 0.5 seconds of work. Is there a loop that never ends?")


@pytest.mark.skipif(sys.platform != "linux", reason="see above")
def test_a_crash_of_the_interpreter_is_an_outcome():
    reach = student("def f(x):\n    return np.lib.stride_tricks.as_strided(np.zeros(3), (3,), (10**12,)).sum()")
    assert "crashes Python itself" in judge(waiting.find("n"), (reach,)).message


def test_a_busy_machine_takes_no_time_from_the_student():
    """Half a second of work is allowed; a third of it is right beside processes that keep every processor busy."""
    work = student("def f(x):\n    end = time.process_time() + 0.17\n    while time.process_time() < end: pass\n    return 2 * x")
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(6)]
    try:
        assert [judge(waiting.find("n"), (work,)).status for _ in range(4)] == [RIGHT] * 4
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_the_limit_in_this_process_counts_work_and_interrupts_sleep():
    with pytest.raises(TooLong), time_limit(0.3):
        time.sleep(3600)
    with pytest.raises(TooLong), time_limit(0.3):
        while True:
            pass
    with time_limit(0.3):
        pass
    time.sleep(0.4)  # nothing arrives late
    caught = []

    def elsewhere():
        try:
            with time_limit(0.2):
                while True:
                    pass
        except TooLong:
            caught.append(True)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join(10)
    assert caught


def test_what_cannot_be_judged_apart_is_judged_here():
    if sys.platform != "linux":
        with pytest.raises(NotHere):
            apart(lambda: check.Outcome(RIGHT), 1)
        return
    assert apart(lambda: check.Outcome(RIGHT, "a"), 1) == check.Outcome(RIGHT, "a")
    with pytest.raises(TooLong):
        apart(lambda: sum(range(10**12)), 0.2)
    for work in (lambda: input("?"), lambda: 1 / 0, lambda: sys.exit(3)):
        with pytest.raises(NotHere):
            apart(work, 1)
    import tensorflow as tf

    with pytest.raises(NotHere):
        apart(lambda: tf.ones(3) + 1, 1)
    assert judge(waiting.find("n"), (lambda x: tf.constant(2) * x,)).status == RIGHT


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux judges in a copy of the process")
def test_a_copy_that_only_waits_is_given_up_not_judged(monkeypatch):
    """A lock that another thread held at the fork is never released in the copy: no verdict may come of that."""
    monkeypatch.setattr(sys.modules["utils.check.apart"], "_read", lambda reader, patience: None)
    with pytest.raises(NotHere):
        apart(lambda: time.sleep(60), seconds=1)
