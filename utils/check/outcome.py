"""What a judge can say: right, not attempted yet, or wrong with a reason."""

import re
from dataclasses import dataclass

RIGHT, UNATTEMPTED, WRONG = "right", "unattempted", "wrong"
LINES = 11  # of a message; the panel adds one that names the hint


@dataclass(frozen=True)
class Outcome:
    status: str  # RIGHT, UNATTEMPTED or WRONG
    message: str = ""


class Wrong(Exception):
    """The answer is wrong; the message says what came out, what was expected and the likely mistake.

    `cause` is the exception of the student's code that led to it, if any.
    """

    def __init__(self, message: str, cause: BaseException | None = None):
        super().__init__(tidy(message))
        self.cause = cause and cause.with_traceback(None)  # its frames would keep the student's models in memory


class NotAttempted(Exception):
    """The answer is still the stub."""


def wrong(message: str):
    """End the check: the answer is wrong, and this is why."""
    raise Wrong(message)


def need(condition, message: str) -> None:
    """The answer is wrong unless `condition` holds."""
    if not condition:
        raise Wrong(message)


def tidy(message: str) -> str:
    """The message without terminal colours, and of at most LINES lines."""
    lines = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", message).rstrip().splitlines()
    return "\n".join(lines if len(lines) <= LINES else [*lines[: LINES - 1], "…"])
