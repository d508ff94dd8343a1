"""What a student calls: begin a lab, hand in an answer, ask for a hint, see the score."""

import html
import importlib
from dataclasses import dataclass, field

from ..notebook import panel
from ..notebook.results import strict
from .lab import Exercise, Lab, judge
from .outcome import RIGHT, UNATTEMPTED, WRONG, Outcome

_WORDS = {RIGHT: "right", UNATTEMPTED: "not attempted yet", WRONG: "not right yet"}


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


def start(lab: str) -> None:
    """Begin `lab` ("lab01") with an empty score. Raises LookupError for a lab that does not exist."""
    global _session
    try:
        module = importlib.import_module(f"utils.lessons.{lab}.checks")
    except ModuleNotFoundError as error:
        if not f"utils.lessons.{lab}.checks".startswith(str(error.name)):
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


def outcome(exercise: str) -> Outcome:
    """The last outcome of `exercise` in the current lab."""
    session = _current()
    return session.outcomes.get(session.lab.find(exercise).name, Outcome(UNATTEMPTED))


def score() -> tuple[int, int]:
    """Points earned so far in the current lab, and points there are."""
    return _current().score()


def _current() -> Session:
    if _session is None:
        raise RuntimeError('No lab has begun: run the cell with `check.start("labNN")` near the top first.')
    return _session


def _headline(task: Exercise, outcome: Outcome) -> str:
    if outcome.status == RIGHT:
        return f"{task.title}: right. {task.points} {'point' if task.points == 1 else 'points'}."
    return f"{task.title}: {_WORDS[outcome.status]}."
