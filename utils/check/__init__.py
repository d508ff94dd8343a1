"""Judge answers: right, not attempted yet, or wrong with the likely mistake by name.

A lab calls four functions: `start(lab)` once, `answer(exercise, …)` after each exercise, `hint(exercise)` when stuck and
`report()` at the end. The checks themselves live in `utils/lessons/labNN/checks.py`, written with `Lab`, `call`, `number`,
`array`, `choice`, `need` and `wrong` from this module. A check never crashes on a bad answer, never changes the student's
variables, and stops an endless loop after a few seconds.
"""

import contextlib
import copy
import ctypes
import difflib
import html
import importlib
import io
import linecache
import math
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..notebook import panel
from ..notebook.results import strict

RIGHT, UNATTEMPTED, WRONG = "right", "unattempted", "wrong"
SECONDS = 5.0  # a check, the student's function included, is stopped after this long


# ---------------------------------------------------------------- what a student calls


def start(lab: str) -> None:
    """Begin `lab` ("lab01") with an empty score. Raises LookupError for a lab that does not exist."""
    global _session
    try:
        module = importlib.import_module(f"utils.lessons.{lab}.checks")
    except ModuleNotFoundError as error:
        if error.name != f"utils.lessons.{lab}.checks":
            raise
        raise LookupError(f"There is no lab named {lab!r}: `utils/lessons/{lab}/checks.py` does not exist.") from None
    _session = Session(module.lab)


def answer(exercise: str, *answers) -> None:
    """Judge `answers` to `exercise` and say the outcome; in strict mode anything but right raises AssertionError."""
    session = _current()
    task = session.lab.find(exercise)
    outcome = judge(task, answers)
    session.outcomes[exercise] = outcome
    data = {"kind": "check", "exercise": exercise, "status": outcome.status, "points": task.points}
    message = outcome.message
    if outcome.status != RIGHT:
        message = (message + "\n" if message else "") + f'Stuck? Run `check.hint("{exercise}")`.'
    panel.show(outcome.status, _headline(task, outcome), message, data=data)
    if strict() and outcome.status != RIGHT:
        raise AssertionError(f"{_headline(task, outcome)} {outcome.message}")


def hint(exercise: str) -> None:
    """Show the next hint for `exercise`; the second says more than the first."""
    session = _current()
    task = session.lab.find(exercise)
    given = session.hints.get(exercise, 0)
    if given >= len(task.hints):
        panel.show("hint", f"{task.title}: no more hints.", f"The last one was: {task.hints[-1]}")
        return
    session.hints[exercise] = given + 1
    panel.show("hint", f"{task.title}: hint {given + 1} of {len(task.hints)}", task.hints[given])


def report() -> None:
    """Show every exercise of the lab with its outcome, and the score."""
    session = _current()
    points, total = session.score()
    statuses = {name: session.status(name) for name in session.lab.exercises}
    right = sum(status == RIGHT for status in statuses.values())
    lines, rows = [], []
    for name, task in session.lab.exercises.items():
        symbol = panel.LOOKS[statuses[name]][0]
        earned = task.points if statuses[name] == RIGHT else 0
        lines.append(f"{symbol} {task.title} ({earned} of {task.points})")
        rows.append(
            f"<tr><td>{symbol}</td><td style='text-align:left'>{html.escape(task.title)}</td>"
            f"<td style='text-align:left'>{_WORDS[statuses[name]]}</td><td>{earned} of {task.points}</td></tr>"
        )
    head = "<tr><th scope='col'></th><th scope='col'>exercise</th><th scope='col'>outcome</th><th scope='col'>points</th></tr>"
    data = {
        "kind": "score",
        "lab": session.lab.name,
        "points": points,
        "total": total,
        "right": right,
        "exercises": len(statuses),
    }
    panel.show(
        RIGHT if points == total else "note",
        f"{session.lab.title}: {points} of {total} points, {right} of {len(statuses)} exercises right",
        "\n".join(lines),
        body_html=f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>",
        data=data,
    )


def outcome(exercise: str) -> "Outcome":
    """The last outcome of `exercise` in the current lab."""
    session = _current()
    return session.outcomes.get(session.lab.find(exercise).name, Outcome(UNATTEMPTED))


def score() -> tuple[int, int]:
    """Points earned so far in the current lab, and points there are."""
    return _current().score()


# ---------------------------------------------------------------- what a check is written with


class Wrong(Exception):
    """The answer is wrong; the message says what came out, what was expected and the likely mistake."""


class NotAttempted(Exception):
    """The answer is still the stub."""


@dataclass(frozen=True)
class Exercise:
    name: str
    title: str
    judge: Callable
    hints: tuple[str, ...]
    points: int
    seconds: float


@dataclass(frozen=True)
class Outcome:
    status: str  # RIGHT, UNATTEMPTED or WRONG
    message: str = ""


@dataclass
class Lab:
    """The exercises of one lab, in order. `utils/lessons/labNN/checks.py` binds one to the name `lab`."""

    name: str
    title: str
    exercises: dict[str, Exercise] = field(default_factory=dict)

    def exercise(self, title: str, *, hints: Sequence[str], points: int = 1, seconds: float = SECONDS):
        """Decorate a judge: a function of the answers that returns when they are right and calls `wrong` when not."""
        if len(hints) < 2:
            raise ValueError(f"{title}: an exercise has at least two hints, the second says more than the first")

        def register(judge_function):
            name = judge_function.__name__
            if name in self.exercises:
                raise ValueError(f"{self.name} has two exercises named {name!r}")
            self.exercises[name] = Exercise(name, title, judge_function, tuple(hints), points, seconds)
            return judge_function

        return register

    def find(self, name: str) -> Exercise:
        if name in self.exercises:
            return self.exercises[name]
        close = difflib.get_close_matches(str(name), self.exercises, n=1)
        advice = f" Did you mean {close[0]!r}?" if close else f" There are: {', '.join(self.exercises)}."
        raise LookupError(f"{self.title} has no exercise {name!r}.{advice}")


def wrong(message: str):
    """End the check: the answer is wrong, and this is why."""
    raise Wrong(message)


def need(condition, message: str) -> None:
    """The answer is wrong unless `condition` holds."""
    if not condition:
        raise Wrong(message)


def call(function, *arguments, **options):
    """What the student's `function` returns for these arguments.

    It gets copies, so it cannot spoil the check's own data, and it is wrong if it changes them. An exception inside it, a
    missing `return` and printing are handled: wrong with line and message, wrong, and silenced.
    """
    if function is ...:
        raise NotAttempted
    if not callable(function):
        raise Wrong(f"Expected a function; this is {_kind(function)}.")
    given, given_options = _copied(arguments), _copied(options)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = function(*given, **given_options)
    except (Wrong, NotAttempted):
        raise
    except (Exception, SystemExit) as error:
        if isinstance(error, NotImplementedError) and _raised_by(error, function):
            raise NotAttempted from None
        raise Wrong(_describe(error)) from None
    if not (_same(given, arguments) and _same(given_options, options)):
        raise Wrong("Your function changes an array that it was given. Work on a copy (`x.copy()`) and return the result.")
    if result is None:
        raise Wrong("Your function returns None. Is there a `return` at its end?")
    if result is ...:
        raise NotAttempted
    return result


def number(
    answer, expected: float, *, tolerance: float = 0, mistakes: Mapping[float, str] | None = None, what: str = "It"
) -> None:
    """The answer must be the number `expected`, within `tolerance` (absolute).

    `mistakes` maps a wrong value to the message it deserves. The expected number is not given away: only too large, too small.
    """
    if answer is ...:
        raise NotAttempted
    value = _as_number(answer, what)
    if abs(value - expected) <= tolerance:
        return
    for mistaken, message in (mistakes or {}).items():
        if math.isclose(value, mistaken, rel_tol=1e-9, abs_tol=tolerance):
            raise Wrong(message)
    raise Wrong(f"{what} comes out as {_shown_number(value)}. That is too {'large' if value > expected else 'small'}.")


def array(
    answer,
    expected,
    *,
    tolerance: float = 1e-6,
    mistakes: Mapping[str, object] | None = None,
    case: str = "",
) -> None:
    """The answer must be an array like `expected`: same shape, finite, each value within `tolerance` (relative and absolute).

    `mistakes` maps a message to the array that the mistake produces; it is looked at before anything else is said.
    `case` names the input in the message: "for a 5×5 image".
    """
    if answer is ...:
        raise NotAttempted
    expected = np.asarray(expected)
    result = _as_array(answer)
    where = f" {case}" if case else ""
    # A mistake that lies as near the right answer as rounding is no mistake; comparing shapes first keeps huge arrays cheap.
    if result.shape == expected.shape and _close(result, expected, tolerance):
        return
    for message, mistaken in (mistakes or {}).items():
        mistaken = np.asarray(mistaken)
        if result.shape == mistaken.shape and _close(result, mistaken, tolerance):
            raise Wrong(message)
    if result.shape != expected.shape:
        raise Wrong(f"The shape is {result.shape}{where}; expected {expected.shape}.")
    if not np.isfinite(result).all():
        bad = tuple(int(i) for i in np.argwhere(~np.isfinite(result))[0])
        raise Wrong(f"There is a {result[bad]} in the result{where}, first at index {bad}.")
    if expected.size <= 36:
        raise Wrong(f"The result{where} is\n{_grid(result)}\nexpected\n{_grid(expected)}")
    difference = np.abs(result.astype(float) - expected)
    worst = tuple(int(i) for i in np.unravel_index(int(difference.argmax()), difference.shape))
    share = float(np.mean(difference > tolerance * (1 + np.abs(expected))))
    raise Wrong(
        f"The shape is right, but {share:.0%} of the values{where} are not. At index {worst}: "
        f"{_shown_number(float(result[worst]))}, expected {_shown_number(float(expected[worst]))}."
    )


def choice(answer, expected: str, options: Sequence[str], *, mistakes: Mapping[str, str] | None = None) -> None:
    """The answer must be the string `expected`, one of `options`; `mistakes` maps a wrong option to its message."""
    if answer is ...:
        raise NotAttempted
    if not isinstance(answer, str):
        raise Wrong(f"Answer with one of {', '.join(map(repr, options))}; this is {_kind(answer)}.")
    given = answer.strip().lower()
    if given == expected.lower():
        return
    lowered = {option.lower(): option for option in options}
    if given not in lowered:
        raise Wrong(f"{answer!r} is none of {', '.join(map(repr, options))}.")
    raise Wrong((mistakes or {}).get(lowered[given], f"{answer!r} is not it."))


# ---------------------------------------------------------------- the machinery


@dataclass
class Session:
    """One run of one lab: the last outcome of each exercise, and the hints given."""

    lab: Lab
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)

    def status(self, name: str) -> str:
        return self.outcomes[name].status if name in self.outcomes else UNATTEMPTED

    def score(self) -> tuple[int, int]:
        exercises = self.lab.exercises.values()
        return sum(e.points for e in exercises if self.status(e.name) == RIGHT), sum(e.points for e in exercises)


_session: Session | None = None
_WORDS = {RIGHT: "right", UNATTEMPTED: "not attempted yet", WRONG: "not right yet"}


def judge(task: Exercise, answers: tuple) -> Outcome:
    """The outcome of `answers` to `task`; whatever the answers are, nothing but an interrupt by the user escapes."""
    if any(_has_ellipsis(a) for a in answers):
        return Outcome(UNATTEMPTED)
    try:
        with time_limit(task.seconds):
            task.judge(*answers)
    except NotAttempted:
        return Outcome(UNATTEMPTED)
    except Wrong as error:
        return Outcome(WRONG, str(error))
    except TooLong:
        return Outcome(WRONG, f"Stopped after {task.seconds:g} seconds. Is there a loop that never ends?")
    except MemoryError:
        return Outcome(WRONG, "It asks for more memory than this machine has. Look at the shapes in between.")
    except Exception as error:  # a kind of answer that the check's author did not foresee
        return Outcome(WRONG, f"The check cannot read this answer ({type(error).__name__}: {_shortened(error)}).")
    return Outcome(RIGHT)


def _current() -> Session:
    if _session is None:
        raise RuntimeError('No lab has begun: run the cell with `check.start("labNN")` near the top first.')
    return _session


def _headline(task: Exercise, outcome: Outcome) -> str:
    if outcome.status == RIGHT:
        return f"{task.title}: right. {task.points} {'point' if task.points == 1 else 'points'}."
    return f"{task.title}: {_WORDS[outcome.status]}."


class TooLong(BaseException):
    """Raised inside a check that runs too long; no `except Exception` of the student's can swallow it."""


@contextlib.contextmanager
def time_limit(seconds: float):
    """Raise TooLong in this thread after `seconds`. A watching thread does it, so it works on Windows too."""
    victim = ctypes.c_ulong(threading.get_ident())
    finished = threading.Event()

    def watch():
        patience = seconds
        while not finished.wait(patience):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(victim, ctypes.py_object(TooLong))
            patience = 0.25  # again, in case a bare `except:` caught it

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        finished.set()
        watcher.join()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(victim, None)  # one that was sent but has not arrived


def _describe(error: BaseException) -> str:
    """The exception with the line of the student's code that raised it."""
    message = f"{type(error).__name__}: {_shortened(error)}" if str(error) else type(error).__name__
    frame = error.__traceback__.tb_next if error.__traceback__ else None  # the first frame is our own call
    if frame is None:
        return f"Your function cannot be called as the exercise asks: {message}."
    students_file = frame.tb_frame.f_code.co_filename
    while frame.tb_next is not None and frame.tb_next.tb_frame.f_code.co_filename == students_file:
        frame = frame.tb_next
    text = linecache.getline(students_file, frame.tb_lineno).strip()
    return f"Your function stops with {message}, in line {frame.tb_lineno}" + (f": `{text}`" if text else ".")


def _raised_by(error: BaseException, function) -> bool:
    """Whether the `raise` stands in the student's own code and not in a library it calls."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    code = getattr(function, "__code__", None)
    return frame is not None and code is not None and frame.tb_frame.f_code.co_filename == code.co_filename


def _copied(value):
    """A copy of arrays and containers; functions, models and other objects are passed as they are."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (list, tuple)):
        return type(value)(_copied(v) for v in value)
    if isinstance(value, dict):
        return {key: _copied(v) for key, v in value.items()}
    return copy.copy(value) if isinstance(value, (set, bytearray)) else value


def _same(a, b) -> bool:
    if isinstance(b, np.ndarray):
        return a.shape == b.shape and np.array_equal(a, b, equal_nan=b.dtype.kind in "fc")
    if isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in b)
    return True


def _has_ellipsis(value) -> bool:
    if value is ...:
        return True
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, (list, tuple)) and len(value) <= 1000 and any(_has_ellipsis(v) for v in value)


def _as_number(answer, what: str) -> float:
    if isinstance(answer, str):
        raise Wrong(f"{what} is a string, {_shortened(repr(answer))}. Write the number without quotes.")
    if callable(answer) or answer is None:
        raise Wrong(f"{what} should be a number; this is {_kind(answer)}.")
    shape = getattr(answer, "shape", ())
    if isinstance(answer, (list, tuple, dict, set)) or math.prod(shape) != 1:
        raise Wrong(f"{what} should be one number; this is {_kind(answer)}" + (f" of shape {tuple(shape)}." if shape else "."))
    try:
        value = np.asarray(answer).reshape(()).item()
        if isinstance(value, complex):
            raise TypeError
        value = float(value)
    except (TypeError, ValueError, OverflowError):
        raise Wrong(f"{what} should be a number; this is {_kind(answer)}.") from None
    if not math.isfinite(value):
        raise Wrong(f"{what} is {value}, not a finite number. Is there a division by zero?")
    return value


def _as_array(answer) -> np.ndarray:
    if answer is None or isinstance(answer, (str, bytes, dict, set)) or callable(answer):
        raise Wrong(f"Expected an array; this is {_kind(answer)}.")
    try:
        result = np.asarray(answer)
    except Exception:
        raise Wrong(f"This {type(answer).__name__} cannot be read as an array: its rows differ in length.") from None
    if result.dtype.kind not in "biuf":
        raise Wrong(f"Expected an array of numbers; this one has dtype {result.dtype}.")
    return result


def _close(result: np.ndarray, target: np.ndarray, tolerance: float) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.allclose(result.astype(float), target.astype(float), rtol=tolerance, atol=tolerance))


def _kind(value) -> str:
    name = "array" if isinstance(value, np.ndarray) else type(value).__name__
    article = "an" if name[0].lower() in "aeiou" else "a"
    return "None" if value is None else f"{article} {name}"


def _grid(values: np.ndarray) -> str:
    return np.array2string(np.asarray(values), precision=4, suppress_small=True, max_line_width=100)


def _shown_number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) and abs(value) < 1e15 else f"{value:,.6g}"


def _shortened(value, limit: int = 300) -> str:
    text = str(value)
    return text if len(text) <= limit else text[:limit] + " …"
