"""Programs for maintainers and instructors; no notebook imports them."""

import sys

import utils as _utils  # noqa: F401 (it tells TensorFlow what to do, before a program here imports it)

# A table with × or ½ goes to any console or file, with ? in place of what its encoding lacks.
for _stream in (sys.stdout, sys.stderr):
    if hasattr(_stream, "reconfigure"):
        _stream.reconfigure(errors="replace")
