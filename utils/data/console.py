"""Prints on every console: what its encoding lacks is written with escapes instead of ending the program."""

import sys


def say(text: str, stream=None) -> None:
    """Print `text` to `stream` (standard output), whatever its encoding is."""
    stream = stream or sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding, "replace"), file=stream)
