"""The same tasks on a `dask.distributed` cluster, or on one that is started here. An optional extra: `pip install distributed`.

A worker keeps a supervisor of its own with a warm judge. What Dask loses with a worker it runs again elsewhere; what keeps
killing workers is given up and listed, so that one submission stops nothing. Results go through the store, as from the pool.
"""

import atexit
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import jail as jails
from .intake import Submission
from .jail import Jail
from .labs import Lab
from .pool import Store, Task, chosen_for_the_judge, judge_one, workers_here
from .supervisor import USUAL, Limits, Supervisor

AGAIN = 20  # how often a task may lose its worker before it is given up

_supervisors: dict[tuple, Supervisor] = {}


def run(
    todo: list[Task],
    store: Store,
    jail: Jail,
    *,
    address: str = "",
    limits: Limits = USUAL,
    workers: int = 0,
    on_result: Callable[[Task, dict, bool], None] = lambda *_: None,
    judge: Callable | None = None,
) -> list[tuple[str, str]]:
    """Judge every task without a result on the cluster at `address`, or on one of processes here. See `pool.run`.

    `judge` replaces what a worker does with a task, for tests. Raises RuntimeError when dask is not installed.
    """
    try:
        import dask
        from distributed import Client, LocalCluster, as_completed
    except ImportError:
        raise RuntimeError("`--engine dask` needs one more package: pip install distributed") from None
    salt, open_ = store.salt(), {}
    for task in todo:
        stored = store.read(task.key)
        if stored is not None:
            on_result(task, stored, True)
        else:
            open_.setdefault(task.key, task)
    if not open_:
        return []
    cluster = None
    with dask.config.set({"distributed.scheduler.allowed-failures": AGAIN, "distributed.worker.daemon": False}):
        if not address:
            count = workers or workers_here(jail.memory)
            cluster = LocalCluster(n_workers=count, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0)
        lost = []
        try:
            with Client(address or cluster) as client:
                function = judge or on_worker
                futures = [
                    client.submit(function, payload(task), salt, jail, limits, key=f"grade-{key}", pure=False, retries=3)
                    for key, task in open_.items()
                ]
                for future in as_completed(futures):
                    task = open_[future.key.removeprefix("grade-")]
                    if future.status == "finished":
                        result = future.result()
                        store.write(task.key, result)
                        on_result(task, result, False)
                    else:
                        lost.append((task.submission.source, f"It cost several workers: {type(future.exception()).__name__}."))
                    future.release()
        finally:
            if cluster is not None:
                cluster.close()
    return lost


def payload(task: Task) -> dict:
    """A task as plain data."""
    one = task.submission
    lab = {"name": one.lab.name, "stem": one.lab.stem, "notebook": one.lab.notebook}
    return {
        "key": task.key,
        "student": one.student,
        "lab": lab,
        "notebook": one.notebook,
        "digest": one.digest,
        "source": one.source,
    }


def on_worker(data: dict, salt: int, jail: Jail, limits: Limits) -> dict:
    """The result of one task; runs in a worker."""
    submission = Submission(data["student"], Lab(**data["lab"]), data["notebook"], data["digest"], data["source"])
    supervisor = _supervisor(jail, limits, submission.lab.name)
    try:
        return judge_one(supervisor, Task(data["key"], submission), salt)
    except BaseException:
        supervisor.close()
        raise


def _supervisor(jail: Jail, limits: Limits, lab: str) -> Supervisor:
    """This worker's own; made once for each lab."""
    key = (jail, limits, lab)
    if key not in _supervisors:
        for other in _supervisors.values():
            other.close()
        folder = tempfile.TemporaryDirectory(prefix="grading-")
        atexit.register(folder.cleanup)
        trees = jails.trees(Path(folder.name))
        slot = 200 + os.getpid() % 4000
        _supervisors[key] = Supervisor(jail, chosen_for_the_judge(jail), trees, [lab], slot=slot, limits=limits)
        atexit.register(_supervisors[key].close)
    return _supervisors[key]
