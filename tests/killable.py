"""A grader that tests kill: the real pool and reports, with a judge that decides at once. It imports nothing that takes long.

python -m tests.killable FOLDER COUNT PAUSE     the folder holds `lab.json`
"""

import json
import random
import sys
import time
from pathlib import Path

from tools.grading import pool, reports
from tools.grading.intake import Submission
from tools.grading.labs import Lab
from tools.grading.supervisor import Limits


class Nobody:
    """In the supervisor's place."""

    def __init__(self, *_, **__):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def close(self):
        pass


def submissions(lab: Lab, count: int) -> list[Submission]:
    """Small ones that differ; the notebooks hold no cells of the lab."""
    found = []
    for number in range(count):
        notebook = {"cells": [{"cell_type": "code", "source": f"x = {number}", "metadata": {}}]}
        found.append(Submission(f"student {number:03d}", lab, notebook, f"{number:064x}", f"{number}.ipynb"))
    return found


def judged_at_once(task: pool.Task) -> dict:
    chance = random.Random(task.key)
    known = pool.exercises("lab01")
    statuses = {name: chance.choice(["right", "wrong", "unattempted"]) for name in known}
    outcomes = {name: {"status": each, "message": "No." if each == "wrong" else ""} for name, each in statuses.items()}
    points = sum(known[name].points for name, each in statuses.items() if each == "right")
    empty = {"notes": [], "stopped": {}, "seconds": 0.0, "starts": 1, "peak": 0, "layer": "bubblewrap", "lab": "lab01"}
    return empty | {"outcomes": outcomes, "points": points, "of": sum(each.points for each in known.values())}


def judge(folder: Path, pause: float):
    """In the place of `pool.judge_one`: notes each task in the folder's log."""

    def judge_one(supervisor, task, salt):
        time.sleep(pause)
        with (folder / "log").open("a") as log:
            log.write(task.key + "\n")
        return judged_at_once(task)

    return judge_one


def grade(folder: Path, count: int) -> None:
    store = pool.Store(folder)
    lab = Lab(**json.loads((folder / "lab.json").read_text()))
    todo = pool.tasks(submissions(lab, count), store.salt(), Limits())
    pool.run(todo, store, None, None, None, workers=2)
    reports.write_all(folder, [reports.Row(*each) for each in pool.results(todo, store)], [])


if __name__ == "__main__":
    pool.Supervisor, pool.judge_one = Nobody, judge(Path(sys.argv[1]), float(sys.argv[3]))
    grade(Path(sys.argv[1]), int(sys.argv[2]))
