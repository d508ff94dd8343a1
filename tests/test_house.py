"""Level 0: the build is fresh, labs give nothing away, links and headings are right, and the modules keep their order."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import utils
from tools import build, course
from tools.lesson import BEGIN, END, ROOT, imported_modules, lessons, module_path, read_notebook

LESSONS = lessons()
LABS = [lesson for lesson in LESSONS if lesson.is_lab]
named = pytest.mark.parametrize("lesson", [pytest.param(each, id=f"{each.path.parent.name}/{each.name}") for each in LESSONS])
labs = pytest.mark.parametrize("lesson", [pytest.param(each, id=each.name) for each in LABS])
MODULES = sorted((ROOT / "utils").rglob("*.py"))


def test_there_are_lessons():
    assert LESSONS and LABS
    assert build.orphans() == []


@named
def test_the_committed_notebooks_are_what_their_source_builds(lesson):
    assert build.problems(lesson) == []


@named
def test_no_output_is_the_address_of_an_object(lesson):
    """A cell that ends in a call shows what the call returns: a `History`, say, which tells nobody anything."""
    for cell in read_notebook(lesson.path.with_suffix(".ipynb")).cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            assert set(data) != {"text/plain"} or not re.match(r"<.* at 0x", data["text/plain"]), cell.source


@labs
def test_a_lab_holds_no_outputs_no_answers_and_no_leaked_metadata(lesson):
    notebook = read_notebook(build.lab_path(lesson))
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    text = build.lab_path(lesson).read_text(encoding="utf-8")
    assert BEGIN not in text and END not in text and "solution-only" not in text
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags", "nbgrader", "slideshow", "jupyter", "cellView"}
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None
    for task in lesson.tasks:
        cell = next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == task.name)
        assert re.search(r"raise NotImplementedError|= \.\.\.  # your answer", cell.source)
        assert cell.source != task.cell.source


@named
def test_the_badge_opens_this_notebook_and_for_a_lab_never_the_solution(lesson):
    path = lesson.student_path
    for stored in {
        lesson.path.with_suffix(".ipynb"),
        build.lab_path(lesson) if lesson.is_lab else lesson.path.with_suffix(".ipynb"),
    }:
        first = read_notebook(stored).cells[0].source
        if not course.published():  # then tests/test_publish.py looks at the badges of a copy that is
            assert first.endswith(course.UNPUBLISHED) and "colab" not in first
            continue
        (address,) = re.findall(r"\]\((https://colab[^)]*/github/[^)]*)\)", first)
        assert address.endswith(f"/blob/{course.tag()}/{path}")
        assert "solutions" not in address
    assert (ROOT / path).exists()


def test_the_readme_opens_every_lesson_in_colab_at_this_courses_address_and_never_a_solution():
    readme = build.README.read_text(encoding="utf-8")
    paths = {lesson.student_path for lesson in LESSONS}
    links = set(re.findall(r"\]\((https://colab[^)]*)\)", readme))
    assert links == ({course.colab(path) for path in paths} if course.published() else set())


def test_a_fork_changes_one_line_and_the_readmes_links_follow(monkeypatch):
    monkeypatch.setattr(course, "repository", lambda: "https://github.com/someone/fork")
    links = re.findall(r"\((https://colab[^)]*)\)", build.table())
    assert len(links) == len(LESSONS)
    assert all(f"/github/someone/fork/blob/{course.tag()}/" in link for link in links)


def test_the_readmes_table_is_made_from_the_lessons():
    assert not build.build_readme(check=True), "run `make build`"


@named
def test_a_lesson_says_in_its_first_cell_what_one_learns(lesson):
    assert 4 <= len(lesson.teaches.split()) <= 25, "the first cell ends with a line `**You will learn** …` of 4 to 25 words"
    assert lesson.subject and lesson.label in lesson.title


@named
def test_one_h1_and_headings_in_order(lesson):
    text = "\n".join(c.source for c in lesson.cells if c.kind == "markdown")
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text, flags=re.M)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


@named
def test_every_figure_has_alt_text(lesson):
    notebook = read_notebook(lesson.path.with_suffix(".ipynb"))
    outputs = [o for c in notebook.cells for o in c.get("outputs", ())]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert pictures, "a lesson without a figure"
    for output in pictures:
        assert len(output.metadata.get("image/png", {}).get("alt", "").split()) >= 4
    for cell in lesson.cells:
        if cell.kind == "markdown":
            assert not re.search(r"!\[\]\(", cell.source), f"line {cell.line}: a picture without alt text"


@named
def test_outputs_hold_no_log_noise_and_no_errors(lesson):
    for cell in read_notebook(lesson.path.with_suffix(".ipynb")).cells:
        for output in cell.get("outputs", ()):
            assert output.output_type != "error"
            text = output.get("text", "") + output.get("data", {}).get("text/plain", "")
            assert not re.search(r"Warning\b.*\n|^WARNING|^[WEI]0000|\bI tensorflow|oneDNN|\x08", text, flags=re.M), text[:300]
            assert str(ROOT) not in text, "an output names a folder of the machine it was built on"


@named
def test_a_lesson_imports_utils_and_libraries_only(lesson):
    code = "\n".join(c.source for c in lesson.cells if c.kind == "code")
    roots = {name.partition(".")[0] for name in _imports(ast.parse(code))}
    assert not roots & {"tools", "tests", "conftest"}


def test_utils_never_imports_tools_or_tests():
    for path in MODULES:
        roots = {name.partition(".")[0] for name in _imports(ast.parse(path.read_text(encoding="utf-8")))}
        assert not roots & {"tools", "tests", "conftest"}, path


def _arrows() -> dict[str, set[str]]:
    """module of `utils` → the modules that it imports, imports inside functions included; "lessons/lab01/checks" for example."""
    arrows = {}
    for path in MODULES:
        name = path.relative_to(ROOT / "utils").with_suffix("").as_posix().removesuffix("/__init__")
        arrows[name] = imported_modules(path.read_text(encoding="utf-8"), package=name)
    return arrows


def test_utils_is_its_rooms_and_nothing_else():
    entries = {path.name for path in (ROOT / "utils").iterdir() if not path.name.startswith("__")}
    assert entries == set(utils.ROOMS) and len(utils.ROOMS) <= 9
    assert all(module_path(module).exists() for module in utils.FRONT)


def test_an_import_runs_downwards_or_stays_in_its_room():
    """In the order of `utils.ROOMS`; a lesson's folder is a room of its own, which no other lesson enters."""
    for module, imported in _arrows().items():
        for other in imported - {module}:
            here, there = module.split("/"), other.split("/")
            if module == "__init__" or other == here[0] == there[0]:
                continue
            if here[0] == there[0] == "lessons":
                assert here[1] == there[1], f"utils/{module} imports utils/{other}, which belongs to another lesson"
            else:
                assert utils.ROOMS.index(here[0]) <= utils.ROOMS.index(there[0]), f"utils/{module} imports utils/{other}"


def test_a_lesson_uses_its_own_folder_of_lessons_only():
    for lesson in LESSONS:
        code = "\n".join(c.source for c in lesson.cells if c.kind == "code")
        used = {name.split("/")[1] for name in imported_modules(code, package="") if name.startswith("lessons/")}
        assert used <= {lesson.folder}, f"{lesson.name} uses {used}"


def test_the_modules_of_utils_form_a_tree():
    """No module is reached from itself, imports inside functions included."""
    graph = _arrows()
    for start in graph:
        seen, todo = set(), set(graph[start])
        while todo:
            module = todo.pop()
            assert module != start, f"utils/{start} imports itself through {seen}"
            seen.add(module)
            todo |= graph.get(module, set()) - seen


@pytest.mark.parametrize("module", sorted(set(utils.ROOMS) | set(utils.FRONT)))
def test_importing_a_module_of_utils_loads_no_tensorflow(module):
    code = f"from utils import {module}; import sys; print('tensorflow' in sys.modules or 'keras' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.stdout.strip() == "False", result.stderr


def test_what_a_lesson_starts_with_loads_no_tensorflow():
    """The setup cell, and the checks that `check.start` loads: a kernel imports TensorFlow once, where a lesson asks for it."""
    code = "import sys\n" + course.setup_cell() + "\nimport importlib\nfrom utils import check\n"
    for lesson in LABS:
        code += f"importlib.import_module('utils.lessons.{lesson.folder}.checks'); check.start({lesson.folder!r})\n"
    code += "print('loaded', 'tensorflow' in sys.modules or 'keras' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert result.stdout.strip().endswith("loaded False"), result.stderr


def test_importing_utils_loads_nothing_but_the_standard_library():
    """What makes it cost milliseconds; the time itself is measured by `make bench`."""
    code = "import sys; old = set(sys.modules); import utils; print(*{m.split('.')[0] for m in set(sys.modules) - old})"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert set(result.stdout.split()) - sys.stdlib_module_names == {"utils"}, result.stdout + result.stderr


@pytest.mark.parametrize("chosen, expected", [(None, "1"), ("0", "0")], ids=["by itself", "unless the user says otherwise"])
def test_tensorflow_uses_onednn(chosen, expected):
    """Every lesson's setup cell imports utils before TensorFlow, which reads this variable when it starts."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    environment |= {"TF_ENABLE_ONEDNN_OPTS": chosen} if chosen else {}
    code = "import os, utils; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.stdout.strip() == expected, result.stderr


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["ruff check", "ruff format"])
def test_ruff(command):
    asked = ["."] if command == ["check"] else ["utils", "tools", "tests", "conftest.py"]
    result = subprocess.run([sys.executable, "-m", "ruff", *command, *asked], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_links_inside_the_project_lead_somewhere():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith("mailto:"):
                assert (page.parent / Path(target)).exists(), f"{page.name} links to {target}"


def _imports(tree) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module)
    return found
