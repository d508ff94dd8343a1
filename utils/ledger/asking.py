"""What the ledger's questions accept: each of these returns the value as it is used, or raises a sentence with the remedy."""

import math
import operator


def whole(value, what: str, example: int) -> int:
    """`value` as a whole number from 1 on."""
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if isinstance(value, bool) or number < 1:
        raise ValueError(f"{what} is a whole number from 1 on; this one is {value!r}. Give one such as {example}.")
    return number


def amount(value, what: str, example: str) -> float:
    """`value` as a finite number from 0 on."""
    try:
        number = float(value) if not isinstance(value, (str, bytes, bool)) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not (0 <= number < math.inf):
        raise ValueError(f"{what} is a number from 0 on; this one is {value!r}. Give one such as {example}.")
    return number
