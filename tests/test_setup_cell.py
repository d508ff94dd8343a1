"""Level 3: one lab file alone, in an empty folder and an environment without the course, clones it once and runs."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tools import build, course
from tools.lesson import ROOT, lessons, read_notebook

LAB = build.lab_path(next(lesson for lesson in lessons() if lesson.is_lab))


def git(*words, folder):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """What a fork has published: the course's files under the version's tag."""
    folder = tmp_path_factory.mktemp("published") / "course"
    folder.mkdir()
    for name in ("utils", "labs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    for name in ("requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    git("init", "--quiet", folder=folder)
    git("add", ".", folder=folder)
    git("commit", "--quiet", "-m", "published", folder=folder)
    git("tag", course.tag(), folder=folder)
    return folder.as_uri()


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A fresh environment that has the libraries (by a path file, installing them again would take minutes) but no course."""
    folder = tmp_path_factory.mktemp("fresh") / "env"
    venv.create(folder, with_pip=False)
    program = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    paths = subprocess.run([program, "-c", "import site; print(site.getsitepackages()[-1])"], capture_output=True, text=True)
    (Path(paths.stdout.strip()) / "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    absent = subprocess.run([program, "-c", "import utils.check"], cwd=folder, capture_output=True, text=True)
    assert "No module named 'utils'" in absent.stderr
    return program


def run_alone(python, folder, address):
    """Execute the lab copied alone into `folder`; returns the finished process and the notebook."""
    shutil.copy(LAB, folder)
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "COURSE_STRICT")}
    environment |= {"COURSE_REPOSITORY": address, "COURSE_OFFLINE": "1"}
    command = [
        python,
        "-c",
        "from nbclient.cli import main; main()",
        "--inplace",
        "--timeout=600",
        "--kernel_name=python3",
        LAB.name,
    ]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8")
    return done, read_notebook(folder / LAB.name)


def test_a_lab_alone_clones_the_course_once_and_runs(python, repository, tmp_path):
    done, notebook = run_alone(python, tmp_path, repository)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "convnet-course" / "utils" / "check.py").exists()
    assert " 0 of " in str(notebook.cells[-1].outputs) or any(" 0 of " in str(c.get("outputs")) for c in notebook.cells)
    (tmp_path / "convnet-course" / "mark").touch()
    setup = next(cell for cell in notebook.cells if cell.id.endswith("setup")).source
    again = subprocess.run([python, "-c", setup], cwd=tmp_path, env={**os.environ, "COURSE_REPOSITORY": "nowhere"})
    assert again.returncode == 0 and (tmp_path / "convnet-course" / "mark").exists()  # the second run clones nothing


def test_with_no_repository_to_be_had_it_says_so_in_one_sentence(python, tmp_path):
    setup = next(cell for cell in read_notebook(LAB).cells if cell.id.endswith("setup")).source
    nowhere = (tmp_path / "nowhere").as_uri()
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"COURSE_REPOSITORY": nowhere}
    done = subprocess.run([python, "-c", setup], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "could not be cloned" in done.stderr and "check the network" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_notebook_begins_with_the_same_setup_cell():
    cells = {next(c for c in read_notebook(p).cells if c.cell_type == "code").source for p in ROOT.glob("*/*.ipynb")}
    assert cells == {course.setup_cell()}
    assert course.repository() in course.setup_cell() and course.tag() in course.setup_cell()
