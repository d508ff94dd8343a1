"""For every test, those of the notebooks included: wrong answers and impossible figures are errors; workers share the cores."""

import os

import pytest

os.environ["COURSE_STRICT"] = "1"

# Two workers beside each other, each with half the cores, finish sooner than one with all of them: most steps of training
# are too small to keep two cores busy. Their kernels inherit this. Must be set before NumPy and TensorFlow start.
workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if workers > 1:
    share = str(max(1, (os.cpu_count() or 1) // workers))
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, share)


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in the same hook
def pytest_collection_modifyitems(items):
    """What `--dist loadgroup` keeps on one worker: a notebook's cells, which share a kernel, and a file's tests, their fixtures."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))
