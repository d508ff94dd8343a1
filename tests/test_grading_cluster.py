"""Level 1: the same tasks through Dask, with workers killed at random, give the same results as the pool's."""

import os
import random
import threading
import time

import pytest

pytest.importorskip("distributed")

import psutil  # noqa: E402

from tests.killable import judged_at_once  # noqa: E402
from tests.test_grading_pool import submissions  # noqa: E402
from tools.grading import cluster, pool, reports  # noqa: E402
from tools.grading.intake import Submission  # noqa: E402
from tools.grading.supervisor import Limits  # noqa: E402

pytestmark = pytest.mark.slow  # a cluster of processes whose workers are killed: it wants a machine with cores to spare


def instant(data: dict, salt: int, jail, limits) -> dict:
    """What a worker does here instead of judging; now and then it takes a while, so that kills meet it at work."""
    if data["digest"].endswith("7"):
        time.sleep(0.05)
    if data["source"] == "poison":
        os._exit(1)
    one = Submission(data["student"], None, data["notebook"], data["digest"], data["source"])
    return judged_at_once(pool.Task(data["key"], one))


def workers() -> list[psutil.Process]:
    return [p for p in psutil.Process().children(recursive=True) if "spawn_main" in " ".join(p.cmdline())]


@pytest.mark.parametrize("count", [300, 2000])
def test_none_is_lost_when_workers_are_killed_at_random(tmp_path, count):
    store = pool.Store(tmp_path)
    todo = pool.tasks(submissions(count), store.salt(), Limits())
    counted, kills, stop = [], [], threading.Event()

    def killer():
        chance = random.Random(0)
        while not stop.wait(0.3):
            alive = workers()
            if 0 < len(counted) < count - 100 and alive and len(kills) < 5:
                chance.choice(alive).kill()
                kills.append(len(counted))

    thread = threading.Thread(target=killer, daemon=True)
    thread.start()
    try:
        cluster.run(todo, store, None, workers=2, judge=instant, on_result=lambda task, result, kept: counted.append(task.key))
    finally:
        stop.set()
        thread.join()
    assert kills, "no worker was killed, so nothing was tested"
    assert len(counted) == len(set(counted)) == count
    for task in todo:
        assert {k: v for k, v in store.read(task.key).items() if k != "key"} == judged_at_once(task)
    rows = [reports.Row(*each) for each in pool.results(todo, store)]
    assert reports.grades(rows) == reports.grades([reports.Row(task.submission, judged_at_once(task)) for task in todo])


def test_a_poisonous_submission_is_given_up_and_the_others_are_judged(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "AGAIN", 2)
    store = pool.Store(tmp_path)
    todo = pool.tasks(submissions(30), store.salt(), Limits())
    poisoned = todo[3].submission
    todo[3] = pool.Task(todo[3].key, Submission(poisoned.student, poisoned.lab, poisoned.notebook, poisoned.digest, "poison"))
    assert [source for source, _ in cluster.run(todo, store, None, workers=2, judge=instant)] == ["poison"]
    missing = [task for task in todo if store.read(task.key) is None]
    assert missing == [todo[3]]
