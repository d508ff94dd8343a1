"""Level 1: a class from its folder to its tables, in each of the layers that can be had here."""

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests import hostile
from tests.grading import LESSONS, answered, grade_id, lab, solved
from tools.grading import __main__ as command
from tools.grading import jail as jails
from tools.grading import labs, pool
from tools.grading.supervisor import Limits, Supervisor
from tools.lesson import ROOT

LESSON = LESSONS[0]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="grading runs in WSL2")
BUBBLEWRAP = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("bwrap") is None or bool(jails.works("bubblewrap")), reason="needs bubblewrap"
)


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    return jails.trees(tmp_path_factory.mktemp("trees"), map(lab, LESSONS))


@BUBBLEWRAP
@pytest.mark.slow  # 20 seconds of work each; that of the first lab is Ada's in the class below
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.folder)
def test_every_official_solution_gets_full_marks_in_the_jail(lesson, trees):
    jail = jails.Jail("bubblewrap")
    known = {name: each.seconds for name, each in pool.exercises(lesson.folder).items()}
    with Supervisor(jail, jail, trees, [lesson.folder]) as supervisor:
        found = supervisor.grade(labs.plan(solved(lesson), lab(lesson)), 4242, known)
    assert {name: verdict.message for name, verdict in found.outcomes.items() if verdict.status != "right"} == {}
    assert found.starts == 1 and found.stopped == {}


@BUBBLEWRAP
def test_a_class_from_its_folder_to_its_tables(tmp_path, capsys):
    handed_out, place, target = tmp_path / "labs", tmp_path / "class", tmp_path / "out"
    handed_out.mkdir()
    (handed_out / f"{LESSON.name}.ipynb").write_text(json.dumps(lab(LESSON).notebook))
    half = [task.name for task in LESSON.tasks[: len(LESSON.tasks) // 2]]
    class_ = {
        "Ada/01_convolution_by_hand.ipynb": solved(LESSON),
        "Ben/Copy of 01_convolution_by_hand (1).ipynb": solved(LESSON, *half),
        "cleo.ipynb": answered(LESSON, {}, first="from utils import check\ncheck.answer = lambda *a, **k: None"),
        "dan.ipynb": answered(LESSON, {"parameters": LESSON.tasks[0].cell.source, "correlate": hostile.LOOP}),
    }
    for name, notebook in class_.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook))
    (place / "broken.ipynb").write_text("{")
    arguments = [str(place), "--labs", str(handed_out), "--to", str(target), "--workers", "1"]
    assert command.main(arguments) == 0
    assert "4 graded" in capsys.readouterr().out
    table = {line["student"]: line for line in csv.DictReader((target / "lab01" / "grades.csv").open(encoding="utf-8"))}
    worth = pool.worth("lab01")
    assert {name: int(line["points"]) for name, line in table.items()} == {
        "Ada": sum(worth.values()),
        "Ben": sum(worth[name] for name in half),
        "cleo": 0,
        "dan": worth["parameters"],
    }
    results = [json.loads(path.read_text(encoding="utf-8")) for path in target.glob("results/*.json")]
    (ada,) = [each for each in results if each["points"] == each["of"]]
    assert ada["starts"] == 1 and ada["stopped"] == {}
    page = (target / "lab01" / "students" / "dan.html").read_text(encoding="utf-8")
    assert "Is there a loop that never ends?" in page
    assert "broken.ipynb" in (target / "left_out.csv").read_text(encoding="utf-8")
    before = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    assert command.main(arguments) == 0
    assert "0 graded" in capsys.readouterr().out
    assert before == {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}


def small_class(folder, count: int):
    """A lab of one exercise, as it is handed out, and a class of which every third student is right."""
    (folder / "labs").mkdir(parents=True)
    (folder / "class").mkdir()
    notebook = one_exercise().notebook
    (folder / "labs" / f"{LESSON.name}.ipynb").write_text(json.dumps(notebook))
    for number in range(count):
        source = LESSON.tasks[0].cell.source if number % 3 == 0 else "n_dense, n_conv = 17, 1792"
        source += f"\n# student {number}"  # the same file twice would be judged once
        cells = [dict(cell, source=source if grade_id(cell) == "parameters" else cell["source"]) for cell in notebook["cells"]]
        (folder / "class" / f"student {number:02d}.ipynb").write_text(json.dumps({**notebook, "cells": cells}))
    return folder / "class", folder / "labs"


@BUBBLEWRAP
def test_a_class_whose_grader_is_killed_at_half_gets_the_same_tables(tmp_path):
    """With the real judge; tests/test_grading_pool.py does the same with 200 submissions and a judge that decides at once."""
    count = 4
    place, handed_out = small_class(tmp_path, count)

    def command_line(folder, workers: int = 1) -> list[str]:
        options = ["--labs", str(handed_out), "--workers", str(workers), "--to", str(folder)]
        return [sys.executable, "-m", "tools.grading", str(place), *options]

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
        (folder / "salt").write_text("12345")
    subprocess.run(command_line(whole), cwd=ROOT, check=True, capture_output=True, timeout=600)
    nothing = subprocess.DEVNULL
    first = subprocess.Popen(command_line(broken, workers=2), cwd=ROOT, stdout=nothing, stderr=nothing)
    ends = time.monotonic() + 600
    while len(list(broken.glob("results/*.json"))) < count // 2 and time.monotonic() < ends:
        time.sleep(0.05)
    jailed = psutil.Process(first.pid).children(recursive=True)
    first.kill()
    first.wait()
    kept = {path: path.stat().st_mtime_ns for path in broken.glob("results/*.json")}
    assert count // 2 <= len(kept) < count
    assert not (broken / "lab01").exists()
    _, alive = psutil.wait_procs(jailed, timeout=20)
    assert alive == [], "what it had started ends with it"
    subprocess.run(command_line(broken), cwd=ROOT, check=True, capture_output=True, timeout=600)
    assert len(list(broken.glob("results/*.json"))) == count
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items()), "graded twice"
    for name in ("grades.csv", "nbgrader.csv", "overview.html", "students/student 03.md"):
        assert (broken / "lab01" / name).read_bytes() == (whole / "lab01" / name).read_bytes()
    points = [line["points"] for line in csv.DictReader((whole / "lab01" / "grades.csv").open(encoding="utf-8"))]
    assert [each != "0" for each in points] == [number % 3 == 0 for number in range(count)]


ENTRY = """
entry = challenge.Run(None, None, 0.9999, 1.0, ())  # says more than it is worth
def small():
    return keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, activation="softmax")])
recipe = challenge.Recipe("small", small, epochs=1, batch=64, views={views})
{train}
print("LEADERBOARD  99.99%")
"""
TRAIN = "entry = challenge.run(recipe, x_train[:3000], y_train[:3000], x_test[:50], y_test[:50])"


@BUBBLEWRAP
@pytest.mark.slow  # three student's processes with TensorFlow, two of which train
@pytest.mark.parametrize(
    ("views", "train", "low", "high"),
    [("None", TRAIN, 60, 97), ("challenge.moved", TRAIN, 60, 97), ("None", "", None, None)],
    ids=["as it is", "averaged over views", "nothing but a claim"],
)
def test_an_entry_to_the_challenge_is_measured_and_not_believed(views, train, low, high, trees):
    lesson = next(each for each in LESSONS if pool.the_lab(each.folder).challenge)
    challenge, jail = pool.the_lab(lesson.folder).challenge, jails.Jail("bubblewrap")
    notebook = solved(lesson)
    for cell in notebook["cells"]:
        if "recipe = challenge.Recipe(" in cell["source"]:
            cell["source"] = ENTRY.format(views=views, train=train)
    with Supervisor(jail, jail, trees, [lesson.folder]) as supervisor:
        found = supervisor.measure(labs.plan(notebook, lab(lesson), challenge), 4242, challenge.seconds)
    if low is None:
        assert found["score"] is None and found["message"]
    else:
        assert low < found["score"] < high, found


# ---------------------------------------------------------------- layers 2 and 3

ENGINE = """#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
if sys.argv[1] == "run":
    tree = next(each for each in sys.argv if each.endswith(":/course:ro")).removesuffix(":/course:ro")
    module = sys.argv[sys.argv.index("-m") + 1]
    os.execve({python!r}, [{python!r}, "-m", module], {{**os.environ, "PYTHONPATH": tree}})
"""


def one_exercise() -> labs.Lab:
    whole = lab(LESSON)
    cells = [cell for cell in whole.notebook["cells"] if grade_id(cell).removeprefix("check-") == "parameters"]
    return labs.Lab(whole.name, whole.stem, {**whole.notebook, "cells": cells})


def test_a_process_without_a_jail_leaves_no_folder_behind(tmp_path):
    running = jails.Jail("unsafe").start(tmp_path, "this")
    assert Path(running.home).is_dir()
    running.kill()
    assert not Path(running.home).exists()


@pytest.fixture(scope="module")
def supervisor(trees):
    """A judge without a jail, as the layers below bubblewrap have it; it needs long to start, and serves both."""
    jail = jails.Jail("unsafe")
    with Supervisor(jail, jail, trees, ["lab01"], limits=Limits(cell=10)) as made:
        yield made


def grade_one(supervisor: Supervisor, jail: jails.Jail):
    small = one_exercise()
    source = LESSON.tasks[0].cell.source
    notebook = {
        "cells": [
            dict(cell, source=source if grade_id(cell) == "parameters" else cell["source"]) for cell in small.notebook["cells"]
        ]
    }
    supervisor.jail = jail
    return supervisor.grade(labs.plan(notebook, small), 1, {"parameters": 5.0})


@POSIX
def test_layer_2_locks_the_container_and_removes_it(tmp_path, supervisor):
    log, engine = tmp_path / "log", tmp_path / "docker"
    engine.write_text(ENGINE.format(python=sys.executable, log=str(log)))
    engine.chmod(0o755)
    assert jails.works("container", str(engine)) == ""
    jail = jails.Jail("container", engine=str(engine))
    assert pool.chosen_for_the_judge(jail) == supervisor.judge_jail
    found = grade_one(supervisor, jail)
    assert found.outcomes["parameters"].status == "right"
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    run = next(call for call in calls if call[0] == "run")
    text = " ".join(run)
    for flag in (
        "--interactive",
        "--network none",
        "--read-only",
        "--pids-limit",
        "--memory ",
        "--cap-drop ALL",
        "no-new-privileges",
    ):
        assert flag in text, flag
    assert f"--user {jails.USER}:" in text and ":/course:ro" in text
    assert sum(part == "--volume" for part in run) == 1, "nothing but the course is to be seen"
    name = run[run.index("--name") + 1]
    assert ["rm", "--force", name] in calls


@POSIX
def test_layer_2_without_an_engine_says_why(tmp_path):
    assert "neither" in jails.works("container", "")
    broken = tmp_path / "docker"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert "no image" in jails.works("container", str(broken))


@POSIX
def test_layer_3_works_and_says_what_it_is_worth(supervisor, capsys):
    found = grade_one(supervisor, jails.Jail("unsafe"))
    assert found.outcomes["parameters"].status == "right"
    assert command._layer(_options(unsafe=True)).layer == "unsafe"
    assert "could have read and changed files" in capsys.readouterr().err


@POSIX
def test_without_a_layer_nothing_is_run(monkeypatch, capsys):
    monkeypatch.setattr(jails, "best", lambda *_: None)
    assert command._layer(_options()) is None
    assert "--unsafe" in capsys.readouterr().err


def _options(**more):
    import argparse

    usual = {"unsafe": False, "layer": None, "memory": 3.0, "image": jails.IMAGE}
    return argparse.Namespace(**{**usual, **more})


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Linux's calls")
@pytest.mark.parametrize("machine", sorted(jails._MACHINES))
def test_the_filter_of_system_calls_decides_as_it_should(machine):
    """The filter is run here, instruction by instruction, on the data that the kernel would give it."""
    audit, numbers = jails._MACHINES[machine]
    refused = [name for name in numbers if name not in ("clone", "clone3", "socket")]
    assert all(_decide(machine, audit, numbers[name]) == jails._REFUSE | 1 for name in refused)
    assert _decide(machine, audit, numbers["clone"], 0x10000000) == jails._REFUSE | 1
    assert _decide(machine, audit, numbers["clone"], 0x3D0F00) == jails._ALLOW
    assert _decide(machine, audit, numbers["clone3"]) == jails._REFUSE | 38
    assert {family for family in range(46) if _decide(machine, audit, numbers["socket"], family) == jails._ALLOW} == {1, 2, 10}
    assert _decide(machine, audit, 0) == jails._ALLOW
    assert _decide(machine, audit, 0x40000000) == jails._REFUSE | 38
    assert _decide(machine, audit ^ 1, 0) == jails._REFUSE | 1


def _decide(machine: str, audit: int, number: int, argument: int = 0) -> int:
    import struct

    program = list(struct.iter_unpack("<HBBI", jails.system_call_filter(machine)))
    data = struct.pack("<IIQQ", number, audit, 0, argument)
    at, value = 0, 0
    while True:
        code, yes, no, operand = program[at]
        at += 1
        if code == 0x20:
            (value,) = struct.unpack_from("<I", data, operand)
        elif code == 0x06:
            return operand
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[code]
            at += yes if holds else no
