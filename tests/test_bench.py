"""Level 1: the bench prints what it measures, keeps it as JSON, and goes on when one measurement cannot be had."""

import ast
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from tools import bench
from tools.bench import lab02, lab05, vision
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
    stored = json.loads((folder / "build" / "bench.json").read_text(encoding="utf-8"))["measurements"]
    assert "full: left out. all digits are needed" in out and "set COURSE_DATA" in stored["full"]["left out"]
    assert stored["cheap"]["figures"] == {"scenes a second": 150.0} and "Python" in stored["cheap"]["versions"]


def test_a_partial_run_adds_with_its_own_date_and_loses_nothing(tmp_path):
    target = tmp_path / "build" / "bench.json"
    bench.store(
        target, {"one": {"date": "2026-01-01", "figures": {"s": 1.0}}, "two": {"date": "2026-01-01", "left out": "no data"}}
    )
    bench.store(target, {"two": {"date": "2026-02-02", "figures": {"s": 2.0}}})
    bench.store(target, {"one": {"date": "2026-03-03", "left out": "no data"}})
    stored = json.loads(target.read_text(encoding="utf-8"))["measurements"]
    assert stored == {
        "one": {"date": "2026-01-01", "figures": {"s": 1.0}},
        "two": {"date": "2026-02-02", "figures": {"s": 2.0}},
    }
    target.write_text("half a fi", encoding="utf-8")
    bench.store(target, {"one": {"date": "2026-04-04", "figures": {"s": 4.0}}})
    assert list(json.loads(target.read_text(encoding="utf-8"))["measurements"]) == ["one"]


def test_the_rivals_compute_the_same_as_the_course():
    """Each comparison raises where the two disagree; the times themselves are for `make bench`."""
    found = vision.precision(count=8, objects=3, answers=9) | vision.suppression(boxes=100)
    assert all(value > 0 for value in found.values())


def test_the_usual_recipe_of_mnist_trains(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.random((128, 28, 28, 1), np.float32), rng.integers(0, 10, 128)
    assert 0 < lab02.usual_seconds(x, y, x, y, target=0.0, epochs=1) < math.inf
    assert lab02.usual_seconds(x, y, x, y, target=1.1, epochs=1) == math.inf


def test_fine_tuning_through_the_whole_network_trains_the_top_alone():
    import keras

    inputs = keras.Input((8, 8, 3))
    low = keras.layers.Conv2D(4, 3, name="low")(inputs)
    base = keras.Model(inputs, keras.layers.Conv2D(4, 3, name="high")(low))
    upper = keras.Model(low, base.output)
    before = [weight.copy() for weight in base.get_weights()]
    plan = SimpleNamespace(batch=4, rate=1e-2)
    seconds = lab05.epoch_through_the_whole(base, upper, np.zeros((16, 8, 8, 3), np.uint8), np.arange(16) % 5, plan, photos=8)
    changed = [bool((one != two).any()) for one, two in zip(before, base.get_weights(), strict=True)]
    assert seconds > 0 and changed == [False, False, True, True]


def test_an_unknown_name_is_told_with_what_there_is(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["bench", "lab99"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "no measurement is named lab99; there are imports, garden" in capsys.readouterr().err
