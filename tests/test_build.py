"""Level 0: the build says what is wrong with a source, makes runnable stubs, and gives the same bytes twice."""

import sys
import types

import pytest

from tools import build, lesson, run
from tools.lesson import Lesson, SourceError, read_notebook
from utils.check import Lab, call, number

GOOD = '''\
# %% [markdown]
# # Lab 98 · Tiny

# %% tags=["setup"]
from utils import check, plot

check.start("lab98")

# %%
def twice(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return x + x
    ### END SOLUTION


# %%
check.answer("twice", twice)

# %%
# What is 6 × 7, and on the way 6?
### BEGIN SOLUTION
six = 6
product = six * 7
### END SOLUTION

# %%
check.answer("product", product)

# %% [markdown] tags=["solution-only"]
# For the instructor.

# %% tags=["nbval-check-output"]
check.report()
'''


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Writes a lab's source (lab98, with checks of its own) and returns its path."""
    tiny = Lab("lab98", "Lab 98 · Tiny")
    tiny.exercise("Twice", hints=("a", "b"))(_named("twice", lambda f: number(call(f, 3), 6)))
    tiny.exercise("Product", hints=("a", "b"))(_named("product", lambda value: number(value, 42)))
    module = types.ModuleType("utils.lessons.lab98.checks")
    module.lab = tiny
    monkeypatch.setitem(sys.modules, "utils.lessons.lab98.checks", module)
    real = lesson.module_path
    monkeypatch.setattr(lesson, "module_path", lambda name: real("check" if name == "lessons/lab98/checks" else name))
    (tmp_path / "solutions").mkdir()

    def write(text):
        path = tmp_path / "solutions" / "98_tiny.py"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def _named(name, function):
    function.__name__ = name
    return function


@pytest.mark.parametrize(
    ("old", "new", "line", "part"),
    [
        ("    ### END SOLUTION\n", "", 12, "has no `### END SOLUTION`"),
        ("    return x + x\n", "    ### BEGIN SOLUTION\n    return x + x\n", 13, "inside the solution that began in line 12"),
        ("    ### BEGIN SOLUTION\n", "", 13, "`### END SOLUTION` without `### BEGIN SOLUTION`"),
        ('# %%\ncheck.answer("twice", twice)\n', "", 10, "no check line in the cell after it"),
        ("# %%\n# What is", "# %%\ncheck.answer('twice', twice)\n\n# %%\n# What is", 21, "no exercise in the cell before it"),
        ('tags=["setup"]', 'tags=["set-up"]', 4, "unknown tag 'set-up'"),
        ('answer("twice"', 'answer("thrice"', 18, "has no exercise 'thrice'"),
        ('answer("product"', 'answer("twice"', 28, "is checked in line 18 already"),
        ('check.answer("twice", twice)', 'check.answer("twice", twice)\nprint(1)', 18, "a check is one line"),
        ("six = 6\nproduct = six * 7", "print(42)", 21, "leaves no stub"),
        ("# # Lab 98 · Tiny", "# Lab 98", 2, "the lesson's title"),
        ("check.report()", "\n".join(f"x = {i}" for i in range(26)), 34, "26 lines"),
    ],
)
def test_a_mistake_in_a_source_is_told_with_file_and_line(source, old, new, line, part):
    assert old in GOOD
    with pytest.raises(SourceError, match=rf"98_tiny\.py:{line}: ") as error:
        Lesson.read(source(GOOD.replace(old, new, 1)))
    assert part in str(error.value)


def test_an_exercise_that_the_lesson_never_asks_is_told(source):
    start = GOOD.index("# %%\n# What is")
    end = GOOD.index("# %% [markdown] tags")
    with pytest.raises(SourceError, match="judges 'product', which the lesson never asks"):
        Lesson.read(source(GOOD[:start] + GOOD[end:]))


def test_the_lab_has_stubs_and_no_answers(source):
    lab = build.lab(build.notebook(Lesson.read(source(GOOD))))
    cells = {cell.id: cell.source for cell in lab.cells}
    assert cells["98-002"] == 'def twice(x):\n    """Twice x."""\n    raise NotImplementedError  # your code'
    assert cells["98-004"] == "# What is 6 × 7, and on the way 6?\nproduct = ...  # your answer"
    assert "For the instructor" not in str(lab)
    graded = [cell.metadata["nbgrader"] for cell in lab.cells if "nbgrader" in cell.metadata]
    assert [(g["grade_id"], g["solution"], g["grade"], g["locked"]) for g in graded] == [
        ("twice", True, False, False),
        ("check-twice", False, True, True),
        ("product", True, False, False),
        ("check-product", False, True, True),
    ]


def test_building_twice_gives_the_same_bytes(source):
    path = source(GOOD)
    texts = [build.text_of(build.lab(build.notebook(Lesson.read(path)))) for _ in range(2)]
    assert texts[0] == texts[1]


def test_the_fingerprint_sees_code_but_neither_prose_nor_comments_in_utils(source):
    path = source(GOOD)
    before = lesson.fingerprint(Lesson.read(path))
    assert before == lesson.fingerprint(Lesson.read(path))
    assert before != lesson.fingerprint(Lesson.read(source(GOOD.replace("six * 7", "six * 8"))))
    assert before == lesson.fingerprint(Lesson.read(source(GOOD.replace("For the instructor", "For you"))))
    assert before != lesson.fingerprint(Lesson.read(source(GOOD.replace(' tags=["nbval-check-output"]', ""))))
    assert lesson.meaning("x = 1  # one\n") == lesson.meaning('"""Docs."""\nx = 1\n')
    assert lesson.meaning("x = 1") != lesson.meaning("x = 2")


def test_a_change_of_prose_executes_nothing_and_keeps_the_outputs(tmp_path, ranges, monkeypatch):
    path = _plain(tmp_path)
    assert build.build(Lesson.read(path))
    executed = read_notebook(path.with_suffix(".ipynb"))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("# # A lecture\n", "# # A talk\n\n# %% [markdown]\n# One cell more.\n"), encoding="utf-8")
    monkeypatch.setattr(build, "run_notebook", lambda *_, **__: pytest.fail("prose alone must execute nothing"))
    assert not build.build(Lesson.read(path))
    stored = read_notebook(path.with_suffix(".ipynb"))
    assert build.problems(Lesson.read(path)) == [] and stored.cells[0].source.startswith("# A talk")
    outputs = [[c.outputs for c in each.cells if c.cell_type == "code"] for each in (executed, stored)]
    assert outputs[0] == outputs[1] and outputs[0][-1]
    path.write_text(path.read_text(encoding="utf-8").replace("# %%\n", "# %%\nmore = 1\n", 1), encoding="utf-8")
    with pytest.raises(SourceError, match="run `make build`"):  # publishing executes nothing, so it refuses other code
        build.build(Lesson.read(path), execute=False)


def test_the_fingerprint_sees_what_utils_itself_sets(source, tmp_path, monkeypatch):
    path, original = source(GOOD), lesson.module_path
    before = lesson.fingerprint(Lesson.read(path))
    changed = tmp_path / "changed.py"
    changed.write_text(original("").read_text(encoding="utf-8") + "\nos.umask(0)\n", encoding="utf-8")
    monkeypatch.setattr(lesson, "module_path", lambda module: original(module) if module else changed)
    assert before != lesson.fingerprint(Lesson.read(path))


def test_the_fingerprint_follows_imports():
    modules = lesson.imported_modules("from utils import check\nimport utils.data.mnist\nfrom numpy import array", package="")
    assert modules == {"check", "data/mnist"}
    near = lesson.imported_modules("from . import panel\nfrom .results import strict", package="notebook/sliders")
    assert near == {"notebook/panel", "notebook/results"}
    assert lesson.imported_modules("from ...check import Lab", package="lessons/lab01/checks") == {"check"}
    front = lesson.imported_modules("from utils import results, plot", package="")
    assert front == {"notebook/results", "notebook/plot"}  # by the names that lessons use


def test_execution_goes_on_after_a_failure_and_names_the_cell(source, tmp_path, ranges, capsys):
    broken = GOOD.replace("from utils import check, plot", "from utils import check, plot\n1 / 0")
    rows = run.run_all([Lesson.read(source(broken)), Lesson.read(_plain(tmp_path))], tmp_path)
    assert [row.status for row in rows] == ["FAILED", "passed"]
    position, cell, message = rows[0].run.error
    assert position == 3 and "1 / 0" in cell and "ZeroDivisionError: division by zero" in message
    text = run.table(rows)
    assert "cell 3: ZeroDivisionError" in text
    assert "size 4 px [3 … 5]" in text and "incomplete" not in text
    assert "1 / 0" in capsys.readouterr().out
    assert {path.name for path in tmp_path.glob("*.html")} == {"solutions-98_tiny.html", "notebooks-97_plain.html"}


def test_a_notebook_that_lacked_something_is_incomplete_not_passed(tmp_path, ranges):
    lesson = Lesson.read(_plain(tmp_path, 'results.incomplete("No weights: run `python -m utils.data fetch`.")'))
    (row,) = run.run_all([lesson], tmp_path)
    assert row.status == "incomplete" and "No weights" in run.table([row])


@pytest.fixture
def ranges(tmp_path, monkeypatch):
    """The range of the plain lecture's figure, in place of the course's."""
    folder = tmp_path / "ranges"
    folder.mkdir()
    (folder / "lecture97.toml").write_text('[size]\nclaim = "It is four wide."\nrange = [3, 5]\n', encoding="utf-8")
    monkeypatch.setitem(lesson.STRICT, "COURSE_RANGES", str(folder))
    monkeypatch.setattr(run, "RANGES", folder)


def _plain(folder, more="pass"):
    (folder / "notebooks").mkdir(exist_ok=True)
    path = folder / "notebooks" / "97_plain.py"
    text = f'# %% [markdown]\n# # A lecture\n\n# %%\nfrom utils import results\n\nresults.record("size", 4, "px")\n{more}\n'
    path.write_text(text, encoding="utf-8")
    return path
