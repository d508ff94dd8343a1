"""Prints on every console: a Windows console, LANG=C, a pipe into a file. What its encoding lacks is written another way."""

import sys

# What stands for a sign that the encoding does not have; any other is written as an escape.
_PLAIN = {"×": "x", "≥": ">=", "≤": "<=", "─": "-", "…": "...", "–": "-", "→": "->", "½": "1/2", "∞": "inf", "−": "-"}


def say(text: str, stream=None) -> None:
    """Print `text` to `stream` (standard output), whatever its encoding is."""
    print(printable(text, stream), file=stream or sys.stdout)


def printable(text: str, stream=None) -> str:
    """`text` with nothing in it that `stream` (standard output) cannot encode."""
    encoding = getattr(stream or sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
        return text
    except UnicodeEncodeError:
        pass
    except LookupError:  # an encoding that Python does not know
        encoding = "ascii"

    def shown(sign: str) -> str:
        try:
            sign.encode(encoding)
            return sign
        except UnicodeEncodeError:
            return _PLAIN.get(sign) or sign.encode(encoding, "backslashreplace").decode(encoding)

    return "".join(map(shown, text))
