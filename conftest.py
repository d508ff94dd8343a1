"""For every test, those of the notebooks included: wrong answers and impossible figures are errors; workers share the cores."""

import gc
import os
import re
from pathlib import Path

import pytest

os.environ["COURSE_STRICT"] = "1"
os.environ["COURSE_RANGES"] = str(Path(__file__).resolve().parent / "tests" / "ranges")

WORKER_GB = 4.5  # what each of three workers took at the most; a single unsolved Lab 07 takes 5.6, but not three at once

# Workers beside each other (`-n auto`), each with its share of the cores, finish sooner than one with all of them: most steps of
# training are too small to keep two cores busy, and one that waits, for a browser or a kernel's start, leaves its share to
# the others. Their kernels inherit this. Must be set before NumPy and TensorFlow start.
workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if workers > 1:
    share = str(-(-(os.cpu_count() or 1) // workers))
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, share)


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist nobody asks
def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` means here: one more than there are cores, so that each core always has work, if the memory allows it."""
    from utils.doctor import machine

    return max(1, min(machine.cores() + 1, int(machine.memory()[0] // WORKER_GB)))


def pytest_collection_modifyitems(items):
    """The tests of the checks in order of their labs, so that the networks of one lab are gone before those of the next come."""
    files = {file: number for number, file in enumerate(dict.fromkeys(_place(item.nodeid)[0] for item in items))}
    items.sort(key=lambda item: (files[_place(item.nodeid)[0]], _place(item.nodeid)[1]))


def pytest_collection_finish():
    """What collecting the tests has loaded stays to the end: let no later garbage collection look through it again."""
    gc.collect()
    gc.freeze()


def _place(nodeid: str) -> tuple[str, str]:
    """(file, lab where the file is that of the checks, else "")."""
    file = nodeid.split("::")[0]
    lab = re.search(r"\[(lab\d+)", nodeid) if file.endswith("test_checks.py") else None
    return file, lab[1] if lab else ""


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist nobody asks
def pytest_xdist_make_scheduler(config, log):
    """A file stays on one worker: a notebook's cells share a kernel, a module's tests its fixtures.

    Unsolved labs and mutants go singly, the tests of the checks lab by lab.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file, lab = _place(nodeid)
            return nodeid if file.endswith(("test_labs.py", "test_mutants.py")) else file + lab

    return ByFile(config, log)
