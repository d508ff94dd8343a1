"""Level 3: the lesson printed in CONTRIBUTING.md, copied as it stands into a copy of the project, builds and passes its tests."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tools.lesson import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```$', PAGE, flags=re.S | re.M))
COMMANDS = BLOCKS.pop("commands").splitlines()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of what git tracks, with the files of the example added and nothing else changed."""
    folder = tmp_path_factory.mktemp("project")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    for name in tracked:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    for name, text in BLOCKS.items():
        assert not (folder / name).exists(), f"{name} is there already"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(project, *command):
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COURSE_RANGES", "COURSE_STRICT"))
    }
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, encoding="utf-8", errors="replace"
    )


def test_the_example_is_whole():
    folders = {name.split("/")[0] for name in BLOCKS}
    assert folders == {"solutions", "utils", "tests"} and len(COMMANDS) >= 3


def test_the_commands_end_green(project):
    for line in COMMANDS:
        words = re.findall(r'"([^"]*)"|(\S+)', line)
        _, *arguments = [quoted or plain for quoted, plain in words]
        done = run(project, sys.executable, *arguments)
        assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}{done.stderr[-2000:]}"
        if "pytest" in line:
            assert re.search(r"\b[1-9]\d* passed", done.stdout), f"{line}: no test ran"
            assert re.search(r"^solutions/90_window_steps\.ipynb \.", done.stdout, flags=re.M), "its notebook was not executed"


def test_the_lint_passes_and_the_readme_has_its_row(project):
    sources = [name for name in BLOCKS if name.endswith(".py")]
    done = run(project, sys.executable, "-m", "ruff", "check", *sources)
    assert done.returncode == 0, done.stdout
    formatted = [name for name in sources if name.startswith(("utils", "tests"))]
    done = run(project, sys.executable, "-m", "ruff", "format", "--check", *formatted)
    assert done.returncode == 0, done.stdout
    assert "| Lab 90 | How far a window walks |" in (project / "README.md").read_text(encoding="utf-8")


def test_the_lab_gives_the_student_a_stub(project):
    lab = (project / "labs" / "90_window_steps.ipynb").read_text(encoding="utf-8")
    assert "raise NotImplementedError  # your code" in lab and "// stride" not in lab
