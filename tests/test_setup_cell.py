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
    """Execute the lab alone in `folder`, its set-up cells, first exercise and report; returns the finished process and notebook.

    test_labs.py executes all of it, beside the course.
    """
    notebook = read_notebook(LAB)
    first = next(i for i, cell in enumerate(notebook.cells) if cell.metadata.get("nbgrader", {}).get("solution"))
    notebook.cells = [
        cell
        for i, cell in enumerate(notebook.cells)
        if cell.id.endswith("setup")
        or "setup" in cell.metadata.get("tags", ())
        or i in (first, first + 1)
        or "check.report(" in cell.source
    ]
    build.write(folder / LAB.name, notebook)
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
    assert (tmp_path / "convnet-course" / "utils" / "check" / "__init__.py").exists()
    assert " 0 of " in str(notebook.cells[-1].outputs) or any(" 0 of " in str(c.get("outputs")) for c in notebook.cells)
    (tmp_path / "convnet-course" / "mark").touch()
    setup = next(cell for cell in notebook.cells if cell.id.endswith("setup")).source
    again = subprocess.run([python, "-c", setup], cwd=tmp_path, env={**os.environ, "COURSE_REPOSITORY": "nowhere"})
    assert again.returncode == 0 and (tmp_path / "convnet-course" / "mark").exists()  # the second run clones nothing


def run_setup(python, folder, *, address="", before="", **environment):
    """Run the setup cell alone in `folder`, after the lines `before`; then say which `utils` it got."""
    after = "\nimport utils, utils.check; print('got', utils.__file__)"
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "COURSE_STRICT")}
    code = f"import sys; sys.path.insert(0, '')\n{before}\n{course.setup_cell()}{after}"
    return subprocess.run(
        [python, "-c", code],
        cwd=folder,
        env=kept | {"COURSE_REPOSITORY": address} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def in_the_way(folder, what) -> dict[str, str]:
    """Put somebody else's `utils` where the notebook would find it first; returns what to add to the environment."""
    if what == "a file":
        (folder / "utils.py").write_text("def helper(): pass\n", encoding="utf-8")
    elif what == "a package":
        (folder / "utils" / "check").mkdir(parents=True)
        (folder / "utils" / "__init__.py").touch()
        (folder / "utils" / "check" / "__init__.py").touch()
    elif what == "a folder without __init__":
        (folder / "utils").mkdir()
        (folder / "utils" / "helper.py").touch()
    elif what == "a file with an error":
        (folder / "utils.py").write_text("raise SystemExit('not mine')\n", encoding="utf-8")
    elif what == "an installed package":
        (folder / "site" / "utils").mkdir(parents=True)
        (folder / "site" / "utils" / "__init__.py").write_text("version = 1\n", encoding="utf-8")
        return {"PYTHONPATH": str(folder / "site")}
    return {}


OTHERS = ["a file", "a package", "a folder without __init__", "a file with an error", "an installed package"]


@pytest.mark.parametrize("what", OTHERS)
def test_a_utils_that_is_not_ours_is_never_taken_for_ours(what, python, repository, tmp_path):
    done = run_setup(python, tmp_path, address=repository, **in_the_way(tmp_path, what))
    assert done.returncode == 0, done.stderr
    assert f"got {tmp_path / 'convnet-course' / 'utils' / '__init__.py'}" in done.stdout


@pytest.mark.parametrize("what", ["a file", "a package", "a folder without __init__", "an installed package"])
def test_one_that_was_imported_before_makes_room(what, python, repository, tmp_path):
    done = run_setup(python, tmp_path, address=repository, before="import utils", **in_the_way(tmp_path, what))
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "convnet-course" / "utils") in done.stdout


def test_one_that_cannot_make_room_is_named(python, repository, tmp_path):
    """An importer that comes before the path, as editable installations have."""
    (tmp_path / "theirs.py").touch()
    before = (
        "import importlib.util\n"
        "class First:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        return importlib.util.spec_from_file_location(name, 'theirs.py') if name == 'utils' else None\n"
        "sys.meta_path.insert(0, First())"
    )
    done = run_setup(python, tmp_path, address=repository, before=before)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "theirs.py" in done.stderr and "rename" in done.stderr and "restart the kernel" in done.stderr


def test_the_course_around_the_notebook_comes_before_everything_else(python, tmp_path):
    place = tmp_path / "course" / "labs"
    place.mkdir(parents=True)
    shutil.copytree(ROOT / "utils", tmp_path / "course" / "utils", ignore=shutil.ignore_patterns("__pycache__"))
    in_the_way(place, "a file")
    done = run_setup(python, place, address="nowhere")
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "course" / "utils" / "__init__.py") in done.stdout


@pytest.mark.parametrize("left", [".git", "README.md", "utils/check", ""], ids=lambda left: left or "an empty folder")
def test_half_a_clone_mends_itself_and_nothing_in_it_is_lost(left, python, repository, tmp_path):
    (tmp_path / "convnet-course" / left).mkdir(parents=True)
    (tmp_path / "convnet-course" / "notes.txt").write_text("a student's", encoding="utf-8")
    done = run_setup(python, tmp_path, address=repository)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "convnet-course" / "utils" / "check" / "__init__.py").exists()
    (kept,) = tmp_path.glob("convnet-course-*-incomplete/notes.txt")
    assert kept.read_text(encoding="utf-8") == "a student's"


CAUSES = {
    "fatal: unable to access 'https://x/': Could not resolve host: github.com": "its name is unknown",
    "fatal: unable to access 'https://x/': Could not resolve proxy: proxy.invalid": "the proxy",
    "fatal: unable to access 'https://x/': Received HTTP code 407 from proxy after CONNECT": "the proxy",
    "fatal: unable to access 'https://x/': SSL certificate problem: certificate has expired": "certificate is not accepted",
    "fatal: unable to access 'https://x/': error setting certificate file: none": "certificate is not accepted",
    "fatal: unable to access 'https://x/': Failed to connect to github.com port 443": "it does not answer",
    "fatal: unable to access 'https://x/': Connection timed out": "it does not answer",
    "warning: Could not find remote branch v1 to clone.\nfatal: Remote branch v1 not found in upstream origin": "has no tag",
    "remote: Repository not found.\nfatal: repository 'https://x/' not found": "no repository is there",
    "fatal: could not read Username for 'https://github.com': terminal prompts disabled": "it is not public",
    "fatal: unable to access 'https://x/': The requested URL returned error: 403": "it is not public",
    "fatal: cannot create directory at 'utils': No space left on device": "the disk is full",
    "fatal: something new at https://me:secret@x.org/": "something new at https://x.org/",
}


@pytest.mark.skipif(os.name == "nt", reason="stands a shell script in for git; the sentences are the same on Windows")
@pytest.mark.parametrize("said", CAUSES, ids=CAUSES.values())
def test_each_cause_has_its_own_sentence(said, python, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "git").write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{said}\nEND\nexit 128\n", encoding="utf-8")
    (programs / "git").chmod(0o755)
    place = tmp_path / "place"
    place.mkdir()
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = run_setup(python, place, address="https://me:secret@example.org/course", PATH=path)
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert CAUSES[said] in done.stderr and "https://example.org/course" in done.stderr and "secret" not in done.stderr
    assert list(place.iterdir()) == []


def test_without_git_it_says_so(python, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    done = run_setup(python, place, address="https://example.org/course", PATH=str(tmp_path))
    assert (
        done.returncode == 1
        and done.stderr == "git is not installed: install it, or open this notebook in a copy of the whole course.\n"
    )


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a folder that its owner may not write to")
def test_a_folder_that_cannot_be_written_is_named(python, repository, tmp_path):
    tmp_path.chmod(0o500)
    done = run_setup(python, tmp_path, address=repository)
    tmp_path.chmod(0o700)
    assert done.returncode == 1 and str(tmp_path) in done.stderr and "Permission denied" in done.stderr


def test_a_repository_that_is_something_else_is_not_kept(python, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "README.md").touch()
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "x"], ["tag", course.tag()]):
        git(*words, folder=other)
    place = tmp_path / "place"
    place.mkdir()
    done = run_setup(python, place, address=other.as_uri())
    assert done.returncode == 1 and "is not this course" in done.stderr and list(place.iterdir()) == []


def test_with_no_repository_to_be_had_it_says_so_in_one_sentence(python, tmp_path):
    done = run_setup(python, tmp_path, address=(tmp_path / "nowhere").as_uri())
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "could not be cloned" in done.stderr and "no repository is there" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_colab_folds_it_to_one_titled_line():
    cell = next(cell for cell in read_notebook(LAB).cells if cell.id.endswith("setup"))
    assert cell.source.startswith("#@title Setup") and cell.metadata["cellView"] == "form"
    assert cell.metadata["jupyter"]["source_hidden"]


def test_every_notebook_begins_with_the_same_setup_cell():
    cells = {next(c for c in read_notebook(p).cells if c.cell_type == "code").source for p in ROOT.glob("*/*.ipynb")}
    assert cells == {course.setup_cell()}
    assert course.repository() in course.setup_cell() and course.tag() in course.setup_cell()
