"""utils.notebook.gate: what needs a missing thing is skipped, what does not runs, in a real kernel's shell."""

import ast

import pytest
from IPython.core.interactiveshell import InteractiveShell

from utils.notebook import gate


@pytest.fixture
def run(monkeypatch):
    """Run cells in a fresh shell, as a kernel would; gives the shell's variables."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    monkeypatch.setattr(gate, "_shell", lambda: shell)

    def execute(*cells):
        for cell in cells:
            result = shell.run_cell(cell)
            assert result.success, result.error_in_exec or result.error_before_exec
        return shell.user_ns

    yield execute
    InteractiveShell.clear_instance()


CLOSED = "from utils.notebook import gate\ngate.close('base', reason='No weights here. Set COURSE_DATA.')"


def test_cells_that_need_it_are_skipped_and_say_so_and_others_run(run, capsys):
    names = run(CLOSED, "features = base + 1", "other = 3", "total = sum(f for f in [features])", "other += 1")
    assert names["other"] == 4
    assert "features" not in names and "total" not in names and "_say_skipped" not in names
    said = capsys.readouterr().out
    assert said.count("No weights here. Set COURSE_DATA.") == 1
    assert "Skipped: this cell needs `base`" in said and "Skipped: this cell needs `features`" in said


@pytest.mark.parametrize("extra", [False, True])
def test_an_extra_that_is_skipped_leaves_the_run_complete(run, monkeypatch, capsys, extra):
    said = []
    monkeypatch.setattr(gate.results, "incomplete", said.append)
    names = run(CLOSED.replace("COURSE_DATA.'", f"COURSE_DATA.', extra={extra}"), "features = base + 1")
    assert "features" not in names and said == ([] if extra else ["No weights here. Set COURSE_DATA."])
    assert ("No weights here" in capsys.readouterr().out) == extra


def test_what_a_skipped_cell_would_have_set_is_missing_too_whatever_sets_it(run):
    names = run(
        CLOSED,
        "def below(x):\n    return base(x)",  # a function that would need it when called
        "class Reader:\n    size = base",
        "for turn in range(3):\n    deep = base",
        "import math as maths; base",
        "a = below(1)", "b = Reader()", "c = turn", "d = maths.pi", "e = [x for x in range(2) if deep]",
    )  # fmt: skip
    assert not {"a", "b", "c", "d", "e", "below", "Reader"} & set(names)


@pytest.mark.parametrize(
    "cell",
    [
        "base = 4",
        "base = 1\nbase += 3",
        "def base_of(base):\n    return base\nbase = 4",
        "for base in (3, 4): pass",
        "with open('/dev/null') as handle:\n    base = 4",
    ],
)
def test_a_cell_that_sets_it_runs_and_brings_it_back(run, cell):
    names = run(CLOSED, cell, "again = base")
    assert names["again"] == 4


@pytest.mark.parametrize(
    "cell", ["base = base + 1", "base += 1", "x = [base for _ in range(1)]", "x = lambda: base", "print(f'{base}')", "del base"]
)
def test_a_cell_that_reads_it_first_is_skipped(run, cell):
    names = run("x = 'before'", CLOSED, cell)
    assert names["x"] == "before"


def test_a_name_of_the_same_letters_elsewhere_is_another(run):
    names = run(CLOSED, "box = type('Box', (), {'base': 1}); y = box.base", "z = dict(base=2)", "w = [base for base in (5,)]")
    assert (names["y"], names["z"], names["w"]) == (1, {"base": 2}, [5])
    assert "inner" not in run("class Own:\n    base = 1", "inner = base")


def test_a_cell_with_a_mistake_gets_pythons_own_message(run):
    run(CLOSED)
    assert gate._names(ast.parse("return 1")) == ([], [])


def test_closing_twice_adds_names(run):
    names = run(CLOSED, "gate.close('more', reason='Nor these.')", "x = base", "y = more")
    assert "x" not in names and "y" not in names


def test_outside_a_notebook_the_reason_is_the_error(monkeypatch):
    monkeypatch.setattr(gate, "_shell", lambda: None)
    with pytest.raises(RuntimeError, match="No weights"):
        gate.close("base", reason="No weights here.")
    with pytest.raises(ValueError, match="name the variables"):
        gate.close(reason="No weights here.")
