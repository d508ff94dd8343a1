"""For every test, those of the notebooks included: wrong answers and impossible figures are errors; workers share the cores."""

import os
import re
from pathlib import Path

import pytest

os.environ["COURSE_STRICT"] = "1"
os.environ["COURSE_RANGES"] = str(Path(__file__).resolve().parent / "tests" / "ranges")

# Workers beside each other (`-n 3`), each with its share of the cores, finish sooner than one with all of them: most steps of
# training are too small to keep two cores busy, and one that waits, for a browser or a kernel's start, leaves its share to
# the others. Their kernels inherit this. Must be set before NumPy and TensorFlow start.
workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if workers > 1:
    share = str(-(-(os.cpu_count() or 1) // workers))
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, share)

# What takes minutes begins first, so that at the end no worker waits for another. The checks come last: answers are judged in
# copies of the worker, and the networks of a lab leave it large.
FIRST = (
    "solutions/",
    "notebooks/",
    "tests/test_labs.py",
    "tests/test_mutants.py",
    "tests/test_site.py",
    "tests/test_grading_class.py",
    "tests/test_nbgrader.py",
    "tests/test_pages.py",
    "tests/test_contributing.py",
)
LAST = "tests/test_checks.py"


def pytest_collection_modifyitems(items):
    """In the order above, and the tests of the checks in order of their labs.

    So the networks of one lab are gone before those of the next come.
    """

    def rank(item):
        file, lab = _place(item.nodeid)
        early = next((place for place, start in enumerate(FIRST) if file.startswith(start)), len(FIRST))
        return file == LAST, early, files[file], lab

    files = {file: number for number, file in enumerate(dict.fromkeys(_place(item.nodeid)[0] for item in items))}
    items.sort(key=rank)


def _place(nodeid: str) -> tuple[str, str]:
    """(file, lab where the file is that of the checks, else "")."""
    file = nodeid.split("::")[0]
    lab = re.search(r"\[(lab\d+)", nodeid) if file == LAST else None
    return file, lab[1] if lab else ""


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist nobody asks
def pytest_xdist_make_scheduler(config, log):
    """A file stays on one worker: a notebook's cells share a kernel, a module's tests its fixtures.

    Unsolved labs and mutants go singly, the tests of the checks lab by lab. All begin in the order of collection.
    """
    config.option.loadscopereorder = False
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file, lab = _place(nodeid)
            return nodeid if file.endswith(("test_labs.py", "test_mutants.py")) else file + lab

    return ByFile(config, log)
