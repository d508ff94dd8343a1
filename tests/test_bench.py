"""Level 1: the bench prints what it measures, keeps it as JSON, and goes on when one measurement cannot be had."""

import ast
import json
import math

import pytest

from tools import bench
from utils.data import Missing


def broken() -> dict:
    raise RuntimeError("no weights here")


def without_data() -> dict:
    raise Missing("all digits are needed: set COURSE_DATA")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    return tmp_path


def test_every_measurement_has_its_program():
    for name in bench.LABS:
        assert (bench.ROOT / "tools" / "bench" / f"{name}.py").exists()


@pytest.mark.parametrize("name", [name for name in bench.LABS if name.startswith("lab")])
def test_a_bench_reads_only_names_that_its_lab_sets(name):
    """A bench that runs a lab's cells takes its figures from the lab's variables, `names["…"]`."""
    program = ast.parse((bench.ROOT / "tools" / "bench" / f"{name}.py").read_text(encoding="utf-8"))
    read = {
        node.slice.value
        for node in ast.walk(program)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "names"
    }
    (source,) = (bench.ROOT / "solutions").glob(f"{name[-2:]}_*.py")
    lab = list(ast.walk(ast.parse(source.read_text(encoding="utf-8"))))
    variables = {node.id for node in lab if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    assert read <= variables | {node.name for node in lab if isinstance(node, ast.FunctionDef)}


def test_a_table_a_json_and_no_stop_at_a_failure(folder, monkeypatch, capsys):
    monkeypatch.setattr(bench, "measurements", lambda: {"broken": (broken, ()), "cheap": (math.modf, (0.5,))})
    monkeypatch.setattr("sys.argv", ["bench", "broken"])
    assert bench.main() == 1
    assert "no weights here" in capsys.readouterr().out
    cheap = {"cheap": (dict, ([("scenes a second", 150.0)],)), "full": (without_data, ())}
    monkeypatch.setattr(bench, "measurements", lambda: cheap)
    monkeypatch.setattr("sys.argv", ["bench"])
    assert bench.main() == 0
    out = capsys.readouterr().out
    assert "cores" in out and "keras" in out and "150.00" in out
    stored = json.loads((folder / "build" / "bench.json").read_text(encoding="utf-8"))
    assert "full: left out. all digits are needed" in out and "set COURSE_DATA" in stored["left out"]["full"]
    assert stored["figures"] == {"cheap": {"scenes a second": 150.0}} and "Python" in stored["versions"]


def test_an_unknown_name_is_told_with_what_there_is(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["bench", "lab99"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "no measurement is named lab99; there are imports, garden" in capsys.readouterr().err
