"""For every test, those of the notebooks included: wrong answers and impossible figures are errors; workers share the cores."""

import os
from pathlib import Path

import pytest

os.environ["COURSE_STRICT"] = "1"
os.environ["COURSE_RANGES"] = str(Path(__file__).resolve().parent / "tests" / "ranges")

# Two workers beside each other (`-n 2`), each with half the cores, finish sooner than one with all of them: most steps of
# training are too small to keep two cores busy. Their kernels inherit this. Must be set before NumPy and TensorFlow start.
workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if workers > 1:
    share = str(max(1, (os.cpu_count() or 1) // workers))
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, share)


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist nobody asks
def pytest_xdist_make_scheduler(config, log):
    """A file stays on one worker: a notebook's cells share a kernel, a module's tests its fixtures. Unsolved labs go singly."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return nodeid if "test_labs.py" in nodeid else nodeid.split("::")[0]

    return ByFile(config, log)
