"""A lab, its exercises, and the judgement of one answer."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .apart import Killed, NotHere, apart
from .declare import Declaration
from .excuses import cause
from .limits import SECONDS, TooLong, time_limit
from .outcome import RIGHT, UNATTEMPTED, WRONG, NotAttempted, Outcome, Wrong
from .values import plain, shortened


@dataclass(frozen=True)
class Exercise:
    """One exercise. `judge` takes the answers; `declaration` is what it was made of, None for a free-form judge.

    `form` says which other forms of a right answer the lesson's text excludes: a sentence of the text → the forms (names as in
    tools/judging/forms.py). The tests look the sentence up in the lesson.
    """

    name: str
    title: str
    judge: Callable
    hints: tuple[str, ...]
    points: int = 1
    seconds: float = SECONDS
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    declaration: Declaration | None = None


@dataclass(frozen=True)
class Challenge:
    """A lab's competition, without points. What a notebook says of its own entry is no score: the grader computes one anew.

    `entry`: expressions in the notebook's names, such as "entry.model". `measure(*entry, rng)` returns the score, a float, the
    higher the better; `rng` is drawn from the grader's secret, so that nobody has seen the data that the score is computed on.
    `seconds` of work may pass until the entry is there, training included.
    """

    title: str
    entry: tuple[str, ...]
    measure: Callable
    seconds: float
    unit: str = ""


@dataclass
class Lab:
    """The exercises of one lab, in order. `utils/lessons/labNN/checks.py` binds one to the name `lab`."""

    name: str
    title: str
    exercises: dict[str, Exercise] = field(default_factory=dict)
    challenge: Challenge | None = None

    def challenged(self, title: str, *, entry: Sequence[str], seconds: float, unit: str = ""):
        """Decorate the function that measures the lab's challenge; see `Challenge`."""

        def register(measure):
            self.challenge = Challenge(title, tuple(entry), measure, seconds, unit)
            return measure

        return register

    def declare(
        self,
        name: str,
        title: str,
        *,
        hints: Sequence[str],
        points: int = 1,
        seconds: float = SECONDS,
        form: Mapping[str, Sequence[str]] | None = None,
        then: Callable | None = None,
        **answers,
    ) -> None:
        """Add an exercise from what its answers are: `Value`, `Choice`, `Function` or `Model`, named as in the lesson.

        `then(*answers)` is a free-form judge for what is left to say once all of them are right.
        """
        _verify_hints(title, hints)
        declaration = Declaration(answers, then)
        self._add(Exercise(name, title, declaration.judge, tuple(hints), points, seconds, form or {}, declaration))

    def exercise(
        self,
        title: str,
        *,
        hints: Sequence[str],
        points: int = 1,
        seconds: float = SECONDS,
        form: Mapping[str, Sequence[str]] | None = None,
    ):
        """Decorate a free-form judge: a function of the answers that returns when they are right and calls `wrong` when not."""
        _verify_hints(title, hints)

        def register(judge_function):
            self._add(Exercise(judge_function.__name__, title, judge_function, tuple(hints), points, seconds, form or {}))
            return judge_function

        return register

    def _add(self, exercise: Exercise) -> None:
        if exercise.name in self.exercises:
            raise ValueError(f"{self.name} has two exercises named {exercise.name!r}")
        self.exercises[exercise.name] = exercise

    def find(self, name: str) -> Exercise:
        """The exercise `name`. Raises LookupError with the nearest name there is."""
        if name in self.exercises:
            return self.exercises[name]
        close = difflib.get_close_matches(str(name), self.exercises, n=1)
        advice = f" Did you mean {close[0]!r}?" if close else f" There are: {', '.join(self.exercises)}."
        raise LookupError(f"{self.title} has no exercise {name!r}.{advice}")


def _read(answer):
    try:
        return plain(answer)
    except (NotAttempted, Wrong):
        raise
    except Exception as error:  # an object of the student's own making
        raise Wrong(f"This {type(answer).__name__} cannot be read: {cause(error)}.", error) from None


def _verify_hints(title: str, hints: Sequence[str]) -> None:
    if len(hints) < 2:
        raise ValueError(f"{title}: an exercise has at least two hints, the second says more than the first")


def judge(task: Exercise, answers: tuple) -> Outcome:
    """The outcome of `answers` to `task`; whatever the answers are, nothing but an interrupt by the user escapes."""

    def work() -> Outcome:
        with time_limit(task.seconds):
            return judged(task, answers)

    try:
        try:
            return apart(work, task.seconds)
        except NotHere:
            return work()
    except Killed as error:
        return Outcome(WRONG, str(error))
    except TooLong:
        return Outcome(WRONG, f"Stopped after {task.seconds:g} seconds of work. Is there a loop that never ends?")


def judged(task: Exercise, answers: Sequence) -> Outcome:
    """As `judge`, here and without a limit; for a grader, which has a clock of its own."""
    try:
        task.judge(*map(_read, answers))
    except NotAttempted:
        return Outcome(UNATTEMPTED)
    except Wrong as error:
        return Outcome(WRONG, str(error))
    except MemoryError:
        return Outcome(WRONG, "It asks for more memory than this machine has. Look at the shapes in between.")
    except Exception as error:  # a kind of answer that the check's author did not foresee: our error, and a test's to find
        return Outcome(WRONG, f"The check cannot read this answer ({type(error).__name__}: {shortened(error)}).")
    return Outcome(RIGHT)
