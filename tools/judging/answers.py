"""Judge answers outside a notebook: a lesson's setup cells, then one exercise's cell or another in its place, then its check."""

import contextlib
import io
import linecache
from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.lesson import Lesson, Task
from utils import check
from utils.check import Outcome
from utils.check.apart import Killed, NotHere, apart, here

TOGETHER = 120.0  # seconds of work for many answers together; an endless one among them is stopped after its own limit


@dataclass
class Judge:
    """A lesson with its setup cells executed once. Each answer is judged on a copy of their names."""

    lesson: Lesson
    names: dict = field(default_factory=dict)

    def __post_init__(self):
        self.names["__name__"] = "__main__"
        with contextlib.redirect_stdout(io.StringIO()):
            for cell in self.lesson.cells:
                if "setup" in cell.tags:
                    _run(cell.source, f"<{self.lesson.name}, line {cell.line}>", self.names)

    def outcome(self, task: Task, source: str | None = None) -> Outcome:
        """The outcome of `task` with `source` in place of its cell; the solution itself when None.

        An exception while the cell is executed is an outcome too: the student sees it before any check.
        """
        names = dict(self.names)
        check.start(self.lesson.folder)  # another lesson's judge may have begun its own since
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                with check.time_limit(check.SECONDS):
                    _run(task.cell.source if source is None else source, f"<{self.lesson.name}, {task.name}>", names)
            except (Exception, check.TooLong) as error:
                return Outcome(check.WRONG, f"The cell stops with {type(error).__name__}: {error}")
            try:
                _run(task.check.source, f"<{self.lesson.name}, check of {task.name}>", names)
            except NameError as error:  # the cell no longer assigns what is judged
                return Outcome(check.WRONG, f"The check line stops with NameError: {error}")
        return check.outcome(task.name)

    def outcomes(self, task: Task, sources: Sequence[str]) -> list[Outcome]:
        """The outcome of `task` with each of `sources` in place of its cell, sooner than one by one.

        All are judged in one copy of this process, or here where TensorFlow is needed: to make a copy takes longer than to
        judge an answer. Only where one crashes the copy, or never ends, each is judged in its own.
        """

        def one_by_one() -> list[Outcome]:
            return [self.outcome(task, source) for source in sources]

        try:
            return apart(one_by_one, TOGETHER)
        except NotHere:
            with here():
                return one_by_one()
        except (Killed, check.TooLong):
            return one_by_one()

    def answers(self, task: Task) -> tuple:
        """The official answers to `task`, as values."""
        names = dict(self.names)
        with contextlib.redirect_stdout(io.StringIO()):
            _run(task.cell.source, f"<{self.lesson.name}, {task.name}>", names)
        return tuple(names[name] for name in task.answers)


def _run(source: str, filename: str, names: dict) -> None:
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), names)  # our own lessons' cells
