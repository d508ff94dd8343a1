"""Submissions of Lab 01 a minute through `make grade`, and the ratio to executing the same notebook as nbgrader does."""

import copy
import json
import tempfile
import time
from pathlib import Path

from tools import build
from tools.execute import execute
from tools.grading import intake, jail, labs, pool
from tools.grading.supervisor import Limits
from tools.lesson import ROOT, STRICT, Lesson, read_notebook

COUNT = 8


def measure() -> dict[str, float]:
    """{what: value}: submissions a minute on all cores, GB that one took at most, and how many times faster than one execution.

    nbgrader executes whole notebooks, one after the other. Raises RuntimeError when a right submission does not get full marks.
    """
    lesson = Lesson.read(ROOT / "solutions" / "01_convolution_by_hand.py")
    notebook = json.loads(build.text_of(build.lab(build.notebook(lesson))))
    lab = labs.Lab(lesson.folder, lesson.name, notebook)
    solved = copy.deepcopy(notebook)
    answers = {task.name: task.cell.source for task in lesson.tasks}
    for cell in solved["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        cell["source"] = answers.get(name, cell["source"])
    submissions = [intake.Submission(f"s{i}", lab, solved, f"{i:064x}", f"{i}") for i in range(COUNT)]
    chosen = jail.best() or jail.Jail("unsafe")
    with tempfile.TemporaryDirectory() as folder:
        store = pool.Store(Path(folder) / "results")
        trees = jail.trees(Path(folder) / "trees")
        workers = pool.workers_here(chosen.memory)
        times, peaks = [time.perf_counter()], []

        def on_result(task, result, kept):
            if result["points"] != result["of"]:
                raise RuntimeError(f"a right submission gets {result['points']} of {result['of']}")
            times.append(time.perf_counter())
            peaks.append(result["peak"] / 1e9)

        todo = pool.tasks(submissions, store.salt(), Limits())
        pool.run(todo, store, chosen, pool.chosen_for_the_judge(chosen), trees, workers=workers, on_result=on_result)
    warm = (times[-1] - times[workers]) / (COUNT - workers)  # the first of each worker waits for its judge
    started = time.perf_counter()
    execute(read_notebook(lesson.path.with_suffix(".ipynb")), lesson.path.parent, environment=STRICT)
    alone = time.perf_counter() - started
    return {
        f"Lab 01, submissions a minute, {chosen.layer}, {workers} workers": 60 / warm,
        "GB for a submission and its judge, at most": max(peaks),
        "times as fast as executing it, as nbgrader does (bar: 14)": alone / warm,
    }
