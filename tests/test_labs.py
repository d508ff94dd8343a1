"""Level 3: every lab runs unsolved from top to bottom and scores 0; with its answers put back it is the solution."""

import copy
import json
import subprocess
import sys

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from tests.rehearsal import rehearsed
from tools import build
from tools.execute import execute
from tools.lesson import ROOT, lessons, read_notebook
from utils.check import UNATTEMPTED

LABS = [pytest.param(lesson, id=lesson.name) for lesson in lessons() if lesson.is_lab]
LENIENT = {"COURSE_STRICT": ""}


@pytest.fixture(scope="module")
def kernel():
    """One for all rehearsals: to start it and to import everything takes as long as to rehearse a lab."""
    manager = AsyncKernelManager(kernel_name="python3")
    yield manager
    if manager.has_kernel:
        run_sync(manager.shutdown_kernel)(now=True)


@pytest.mark.parametrize("lesson", LABS)
@pytest.mark.parametrize("whole", [pytest.param(False, id="rehearsed"), pytest.param(True, marks=pytest.mark.slow, id="whole")])
def test_unsolved_it_runs_clean_and_scores_nothing(lesson, whole, kernel):
    path = build.lab_path(lesson)
    notebook = read_notebook(path)
    if whole:
        run = execute(notebook, path.parent, environment=LENIENT)
    else:
        run = execute(rehearsed(notebook), path.parent, environment=LENIENT, kernel=kernel)
    assert run.error is None, f"cell {run.error[0]}: {run.error[2]}"
    warned = [o["text"] for cell in run.notebook["cells"] for o in cell.get("outputs", ()) if o.get("name") == "stderr"]
    assert not warned, "".join(warned)
    (score,) = run.of_kind("score")
    checks = run.of_kind("check")
    assert score["points"] == 0 and score["total"] == sum(check["points"] for check in checks) > 0
    assert [check["status"] for check in checks] == [UNATTEMPTED] * len(lesson.tasks)


KEEPING = """if True:
    import sys
    from pathlib import Path
    from tests import rehearsal
    rehearsal.shorten()
    import keras
    from utils import garden
    from utils.data.settings import Settings
    from utils.training import kept
    folder = Path(sys.argv[1])
    garden.write_tree(folder / "photos", per_class=8, size=32)
    lower = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(2, 3)])
    kept.activations(lower, garden.scenes(4, 32).images, worth=0, settings=Settings(folder / "cache"))
    """


def test_a_rehearsal_leaves_nothing_on_the_disk_that_a_later_run_would_read(tmp_path):
    """The stand-in's photos are drawn once and stay; so may the activations below a cut."""
    done = subprocess.run([sys.executable, "-c", KEEPING, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    photos = list((tmp_path / "photos").rglob("*.jpg"))
    assert len({path.read_bytes() for path in photos}) == len(photos) == 40, "repeated photos would stand in for the real ones"
    assert not list(tmp_path.rglob("*.npz")), "activations of a few pictures would be taken for those of all"


@pytest.mark.parametrize("lesson", LABS)
def test_with_its_answers_put_back_it_is_the_solution_which_scores_full_marks(lesson):
    """The lab's cells with the answers inserted are the solution's cells to the byte; that notebook is executed in level 2."""
    unsolved = read_notebook(build.lab_path(lesson))
    solved = read_notebook(lesson.path.with_suffix(".ipynb"))
    answers = {task.name: task.cell.source for task in lesson.tasks}
    restored = copy.deepcopy(unsolved)
    for cell in restored.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(name, cell.source)
    expected = [(c.id, c.source) for c in solved.cells if "solution-only" not in c.metadata.get("tags", ())]
    assert [(c.id, c.source) for c in restored.cells] == expected
    facts = [
        o["data"]["application/vnd.course+json"]
        for c in solved.cells
        for o in c.get("outputs", ())
        if "data" in o and "application/vnd.course+json" in o["data"]
    ]
    (score,) = [fact for fact in facts if fact["kind"] == "score"]
    assert score["points"] == score["total"] > 0, json.dumps(score)


def test_a_kernel_is_shared_until_something_fails_in_it(kernel, tmp_path):
    """Else all labs after one that ends the kernel, or never ends, would be blamed for it."""

    def run(source):
        return execute(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), tmp_path, kernel=kernel)

    assert run("word = 'here'").error is None and run("assert word == 'here'").error is None
    assert "DeadKernelError" in run("import os; os._exit(1)").error[2]
    assert run("assert 'word' not in globals()").error is None


def test_there_are_labs():
    assert LABS
