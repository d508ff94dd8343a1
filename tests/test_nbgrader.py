"""Level 3: a lab goes through nbgrader as it is; its scores are ours, and an edited check line is restored."""

import copy
import os
import shutil
import sysconfig

import pytest
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from tools import build
from tools.lesson import ROOT, lessons, read_notebook

LESSON = next(lesson for lesson in lessons() if lesson.is_lab)
NAME = f"{LESSON.name}.ipynb"


def submission(solved: int, *, tampered: bool = False):
    """The lab with its first `solved` exercises answered; tampered: check lines of the others replaced by praise."""
    notebook = copy.deepcopy(read_notebook(build.lab_path(LESSON)))
    answers = {task.name: task.cell.source for task in LESSON.tasks[:solved]}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name in answers:
            cell.source = answers[name]
        elif tampered and name.startswith("check-") and name.removeprefix("check-") not in answers:
            cell.source = 'print("right")'
    return notebook


def disordered():
    """The solved lab with check lines deleted or turned to markdown, an answer copied, and setup cells at the end.

    Its cells that no exercise needs are emptied: they take longest, and the other submission is the lab with all of them.
    """
    notebook = submission(len(LESSON.tasks))
    for cell in notebook.cells:
        needed = cell.metadata.get("nbgrader", {}).get("grade_id") or "setup" in cell.metadata.get("tags", ())
        if cell.cell_type == "code" and not needed:
            cell.source = "# emptied"
    first, second, third = (f"check-{task.name}" for task in LESSON.tasks[:3])
    by_name = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    for name in (second, third):
        by_name[name].cell_type = "markdown"
        del by_name[name]["outputs"], by_name[name]["execution_count"]
    copied = copy.deepcopy(by_name[LESSON.tasks[0].name])
    setup = [cell for cell in notebook.cells if "setup" in cell.metadata.get("tags", ())]
    others = [cell for cell in notebook.cells if cell not in setup and cell is not by_name[first]]
    notebook.cells = [copied, *others, *setup]
    return notebook


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """An nbgrader course with our configuration, the lab released and three students' submissions collected."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "docs" / "nbgrader_config.py", folder)
    (folder / "source" / "lab").mkdir(parents=True)
    shutil.copy(build.lab_path(LESSON), folder / "source" / "lab" / NAME)
    half = len(LESSON.tasks) // 2
    # Each is a whole lab that nbgrader executes. All right and nothing at all are what nbval and test_labs.py run already.
    students = {"half": submission(half, tampered=True), "disordered": disordered()}
    for student, notebook in students.items():
        path = folder / "submitted" / student / "lab" / NAME
        path.parent.mkdir(parents=True)
        build.write(path, notebook)
    before = dict(os.environ)
    os.environ["PYTHONPATH"] = str(ROOT)  # what `pip install .` gives
    # nbgrader starts a program of its environment, which is not on the path when the environment is not activated.
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), before["PATH"]])
    config = Config(PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config())
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.course_id = "convnets"
    api = NbGraderAPI(config=config)
    assert api.generate_assignment("lab")["success"]
    yield folder, api
    os.environ.clear()
    os.environ.update(before)


def points(tasks) -> int:
    return sum(build.points(LESSON, task.name) for task in tasks)


def test_the_release_keeps_the_stubs(course):
    folder, _ = course
    released = read_notebook(folder / "release" / "lab" / NAME)
    expected = [cell.source for cell in read_notebook(build.lab_path(LESSON)).cells]
    assert [cell.source for cell in released.cells] == expected


@pytest.mark.parametrize("student", ["half", "disordered"])
def test_scores_are_ours_and_feedback_is_written(course, student):
    folder, api = course
    graded = api.autograde("lab", student)
    assert graded["success"], graded["log"][-2000:]
    with api.gradebook as gradebook:
        submitted = gradebook.find_submission("lab", student)
        score, most = submitted.score, submitted.max_score
    solved = {"half": LESSON.tasks[: len(LESSON.tasks) // 2], "disordered": LESSON.tasks}[student]
    assert most == points(LESSON.tasks)
    assert score == points(solved)  # for "half" the edited check lines were restored, or it would be full marks
    assert api.generate_feedback("lab", student)["success"]
    page = (folder / "feedback" / student / "lab" / f"{LESSON.name}.html").read_text(encoding="utf-8")
    assert f"{score:g}" in page and "Score" in page
