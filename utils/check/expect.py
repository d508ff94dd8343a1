"""What free-form judges say: this number, this array, this word; everything else is wrong, with its likely mistake."""

from collections.abc import Mapping, Sequence

import numpy as np

from .outcome import NotAttempted, Wrong
from .values import array_difference, as_array, as_number, close, difference, kind, plain, same, shown_number


def expect(answer, expected, mistakes: Mapping | None = None, *, what: str = "It", case: str = "", tolerance: float = 0) -> None:
    """The answer must be `expected`: a number, a word, an array, a list, a dictionary, a set, or any of them inside another.

    `mistakes` maps a message to what the mistake yields.
    """
    found, wanted = plain(answer), plain(expected)
    if same(found, wanted, tolerance=tolerance):
        return
    for message, mistaken in (mistakes or {}).items():
        if same(found, plain(mistaken), tolerance=tolerance):
            raise Wrong(message)
    raise Wrong(difference(found, wanted, what, case, tolerance=tolerance))


def number(answer, expected: float, *, tolerance: float = 0, mistakes: Mapping | None = None, what: str = "It") -> None:
    """The answer must be the number `expected`, within `tolerance` (absolute) or the accuracy of float32.

    `mistakes` maps a message to the wrong number that deserves it. The expected number is not given away: only too large, too
    small.
    """
    if answer is ...:
        raise NotAttempted
    value = as_number(answer, what)
    if same(value, expected, tolerance=tolerance):
        return
    for message, mistaken in (mistakes or {}).items():
        if same(value, mistaken, tolerance=tolerance):
            raise Wrong(message)
    raise Wrong(f"{what} comes out as {shown_number(value)}. That is too {'large' if value > expected else 'small'}.")


def array(answer, expected, *, tolerance: float = 0, mistakes: Mapping | None = None, case: str = "") -> None:
    """The answer must be an array like `expected`: same shape, and each value within `tolerance` or the accuracy of float32.

    `mistakes` maps a message to the array that the mistake produces; it is looked at before anything else is said.
    `case` names the input in the message: "for a 5×5 image".
    """
    if answer is ...:
        raise NotAttempted
    expected, result = np.asarray(expected), as_array(answer)
    if close(result, expected, tolerance):
        return
    for message, mistaken in (mistakes or {}).items():
        if close(result, np.asarray(mistaken), tolerance):
            raise Wrong(message)
    raise Wrong(array_difference(result, expected, "It", case, tolerance))


def choice(answer, expected: str, options: Sequence[str], *, mistakes: Mapping | None = None, what: str = "") -> None:
    """The answer must be the word `expected`, one of `options`; `mistakes` maps a message to the wrong option."""
    if answer is ...:
        raise NotAttempted
    start = f"{what}: " if what else ""
    if isinstance(answer, (list, np.ndarray)) and len(answer) == 1:
        answer = answer[0]
    if not isinstance(answer, str):
        raise Wrong(f"{start}Answer with one of {', '.join(map(repr, options))}; this is {kind(answer)}.")
    given = answer.strip().lower()
    if given == expected.lower():
        return
    if given not in [option.lower() for option in options]:
        raise Wrong(f"{start}{answer!r} is none of {', '.join(map(repr, options))}.")
    for message, mistaken in (mistakes or {}).items():
        if given == mistaken.lower():
            raise Wrong(message)
    raise Wrong(f"{start}{answer!r} is not it.")
