"""Level 1: results are kept, a run can be killed and goes on, nothing is judged twice, and the tables are the same bytes."""

import csv
import io
import json
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from types import SimpleNamespace

import pytest

from tests import killable
from tests.grading import LESSONS, answered, lab
from tools.grading import cluster, intake, pool, reports
from tools.grading.__main__ import main
from tools.grading.intake import Submission
from tools.grading.jail import Jail
from tools.grading.supervisor import Limits
from tools.lesson import ROOT
from utils.notebook import mend

LESSON = LESSONS[0]
COUNT = 200


def submissions(count: int = COUNT) -> list[Submission]:
    return killable.submissions(lab(LESSON), count)


def run(folder, pause: float):
    command = [sys.executable, "-m", "tests.killable", str(folder), str(COUNT), str(pause)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)


def finished(folder) -> int:
    return len(list((folder / "results").glob("*.json")))


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_killed_at_half_and_started_again_it_gives_the_same_bytes(tmp_path, monkeypatch):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        pool.Store(folder)
        (folder / "salt").write_text("12345")
        (folder / "lab.json").write_text(json.dumps(asdict(lab(LESSON))))
    monkeypatch.setattr(pool, "Supervisor", killable.Nobody)  # as the other two processes do
    monkeypatch.setattr(pool, "judge_one", killable.judge(whole, 0))
    killable.grade(whole, COUNT)
    first = run(broken, 0.02)
    deadline = time.monotonic() + 900
    while finished(broken) < COUNT // 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait(timeout=30)
    kept = finished(broken)
    assert COUNT // 2 <= kept < COUNT
    second = run(broken, 0)
    assert second.wait(timeout=900) == 0, second.stderr.read().decode()
    for name in ("lab01/grades.csv", "lab01/nbgrader.csv", "lab01/overview.html", "lab01/students/student 007.html"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()
    judged = (broken / "log").read_text().split()
    assert len(set(judged)) == COUNT
    assert len(judged) - COUNT <= 4, "those in work when it was killed, and no other, are judged again"
    assert not [path for path in broken.rglob(".*") if path.is_file()] or kept  # a temporary file of the kill does no harm


def test_a_damaged_result_is_made_again(tmp_path):
    store = pool.Store(tmp_path)
    store.write("a" * 40, {"points": 1})
    assert store.read("a" * 40)["points"] == 1
    store.path("a" * 40).write_text('{"key": "')
    assert store.read("a" * 40) is None
    store.path("b" * 40).write_text(json.dumps({"key": "a" * 40}))
    assert store.read("b" * 40) is None, "a result under another task's name"


def test_the_salt_is_made_once_and_is_secret(tmp_path):
    store = pool.Store(tmp_path)
    salt = store.salt()
    assert salt == pool.Store(tmp_path).salt() != pool.Store(tmp_path / "other").salt()
    assert salt > 2**30
    if sys.platform != "win32":
        assert (tmp_path / "salt").stat().st_mode & 0o077 == 0


def test_a_task_is_named_by_all_it_depends_on():
    base = pool.tasks(submissions(2), 1, Limits())
    assert base[0].key != base[1].key
    assert [t.key for t in pool.tasks(submissions(2), 1, Limits())] == [t.key for t in base]
    assert pool.tasks(submissions(1), 2, Limits())[0].key != base[0].key
    assert pool.tasks(submissions(1), 1, Limits(cell=1))[0].key != base[0].key
    jails = [Jail("bubblewrap", 3), Jail("bubblewrap", 4), Jail("unsafe", 3)]
    keys = [pool.tasks(submissions(1), 1, Limits(), jail)[0].key for jail in jails]
    assert len(set(keys)) == 3, "what ran out of memory, or without a jail, is judged again"


def test_another_memory_makes_other_tasks_of_a_whole_run(tmp_path, monkeypatch):
    def run(todo, *_, **__):
        keys.extend(task.key for task in todo)
        return []

    keys: list[str] = []
    monkeypatch.setattr(cluster, "run", run)
    (tmp_path / "ada.ipynb").write_text(json.dumps(lab(LESSON).notebook))
    for memory in ("3", "12"):
        arguments = ["--unsafe", "--engine", "dask", "--to", str(tmp_path / "out"), "--memory", memory]
        assert main([str(tmp_path / "ada.ipynb"), *arguments]) == 0
    assert len(set(keys)) == 2


def test_on_an_interrupt_what_was_at_work_is_kept(tmp_path, monkeypatch):
    def judge(supervisor, task, salt):
        if task.submission.source == "1.ipynb":
            time.sleep(0.3)
        return killable.judged_at_once(task)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pool, "Supervisor", killable.Nobody)
    monkeypatch.setattr(pool, "judge_one", judge)
    store = pool.Store(tmp_path)
    todo = pool.tasks(submissions(2), 1, Limits())
    with pytest.raises(KeyboardInterrupt):
        pool.run(todo, store, None, None, None, workers=2, on_result=interrupted)
    assert all(store.read(task.key) for task in todo)


def test_on_an_interrupt_all_that_are_at_work_share_one_minute(tmp_path, monkeypatch):
    class Stuck(threading.Thread):
        def join(self, timeout=None):
            waits.append(timeout)

    def interrupted(*_):
        raise KeyboardInterrupt

    waits: list[float] = []
    monkeypatch.setattr(pool, "Supervisor", killable.Nobody)
    monkeypatch.setattr(pool, "judge_one", lambda supervisor, task, salt: killable.judged_at_once(task))
    monkeypatch.setattr(pool, "threading", SimpleNamespace(Thread=Stuck, Event=threading.Event))
    monkeypatch.setattr(pool, "time", SimpleNamespace(monotonic=lambda: sum(waits)))
    with pytest.raises(KeyboardInterrupt):
        pool.run(
            pool.tasks(submissions(3), 1, Limits()), pool.Store(tmp_path), None, None, None, workers=3, on_result=interrupted
        )
    assert waits == [60, 0, 0]


def test_a_run_through_dask_ends_in_reports_and_lists_what_was_lost(tmp_path, monkeypatch, capsys):
    (tmp_path / "ada.ipynb").write_text(json.dumps(lab(LESSON).notebook))
    monkeypatch.setattr(cluster, "run", lambda *_, **__: [("ada.ipynb", "It cost several workers: KilledWorker.")])
    arguments = [str(tmp_path / "ada.ipynb"), "--unsafe", "--engine", "dask", "--to", str(tmp_path / "out")]
    assert main(arguments) == 3
    assert "KilledWorker" in (tmp_path / "out" / "left_out.csv").read_text()
    assert "1 file left out." in capsys.readouterr().out


# ---------------------------------------------------------------- reports

NASTY = '<script>alert(1)</script>"\'&]]>\x1b[31m\u202e ```\n=HYPERLINK("http://x")'


def rows(count: int = 30) -> list[reports.Row]:
    return [reports.Row(task.submission, killable.judged_at_once(task)) for task in pool.tasks(submissions(count), 1, Limits())]


def nasty() -> reports.Row:
    one = rows(1)[0]
    result = json.loads(json.dumps(one.result))
    for outcome in result["outcomes"].values():
        outcome.update(status="wrong", message=NASTY)
    result |= {"notes": [NASTY], "stopped": {NASTY: NASTY}}
    submission = Submission("=cmd|'/c calc'!A1", one.submission.lab, one.submission.notebook, "0", NASTY)
    return reports.Row(submission, result)


def test_a_page_escapes_what_a_student_wrote():
    row = nasty()
    for text in (reports.page(row), reports.overview([row], {row.student: "x"}, [(NASTY, NASTY)])):
        assert "<script" not in text and "&lt;script&gt;" in text
        assert "\x1b" not in text and "\u202e" not in text
    text = reports.markdown(row)
    inside = "".join(part for part in text.split("````")[1::2])
    assert inside.count("<script>") >= 10
    outside = "".join(text.split("````")[0::2])
    assert all("`` <" in line or "<script>" not in line or line.startswith("- ") for line in outside.splitlines())


def test_no_cell_of_a_table_is_a_formula():
    for start in ("=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", " =1", "|x", "%0A=1", "\r=1", "\n=1"):
        assert reports.cell(start).lstrip().startswith("'"), repr(start)
    assert reports.cell(3) == "3" and reports.cell("Ada, Lovelace") == "Ada, Lovelace"
    parsed = list(csv.reader(io.StringIO(reports.grades([nasty()]))))
    assert parsed[1][0].startswith("'=cmd")


def test_file_names_are_harmless_and_different():
    names = reports.file_names(["ada", "Ada", "../x", "con", "a/b", "a\\b", "", "Zoë"])
    assert len({name.lower() for name in names.values()}) == len(names)
    assert all("/" not in name and "\\" not in name and name.strip(".") for name in names.values())


def test_the_tables_add_up():
    table = list(csv.DictReader(io.StringIO(reports.grades(rows()))))
    assert len(table) == 30
    for line in table:
        earned = sum(int(line[name]) for name in pool.exercises("lab01"))
        assert earned == int(line["points"]) <= int(line["of"])
    nbgrader = list(csv.DictReader(io.StringIO(reports.nbgrader_table(rows()))))
    assert [float(line["score"]) for line in nbgrader] == [float(line["points"]) for line in table]


def test_the_columns_are_those_of_nbgrader():
    from nbgrader.plugins import CsvExportPlugin

    source = __import__("inspect").getsource(CsvExportPlugin.export)
    for column in reports.nbgrader_table(rows(1)).splitlines()[0].split(","):
        assert f"'{column}'" in source or f'"{column}"' in source, column


def test_mistakes_that_differ_in_numbers_are_one():
    found = rows(3)
    for row, number in zip(found, (3, 4, 5), strict=True):
        row.result["outcomes"]["pool"] = {"status": "wrong", "message": f"`pool({number})` gives {number}: no half windows."}
    assert (3, "pool") in [(count, name) for count, name, _ in reports.mistakes(found)]


def test_copies_are_found_through_renaming_and_honest_answers_are_not():
    body = {
        "correlate": "def correlate(image, kernel):\n    total = image.shape[0] * 17 + {0}\n    return total + 1",
        "pool": "def pool(image, size):\n    found = []\n    for i in range({0}, 9):\n        found += [i]\n    return found",
        "dilate": "def dilate(kernel, rate):\n    result = kernel * rate - {0} + rate ** 3\n    return result",
    }
    people = []
    for number in range(9):
        answers = {name: source.format(0 if number == 1 else number) for name, source in body.items()}
        for old, new in (("total", "t"), ("found", "f"), ("result", "r")) if number == 1 else ():
            answers = {name: "# mine\n" + source.replace(old, new) for name, source in answers.items()}
        notebook = answered(LESSON, answers)
        people.append(Submission(f"s{number}", lab(LESSON), notebook, f"{number}", f"{number}.ipynb"))
    found = reports.look_alikes([reports.Row(one, rows(1)[0].result) for one in people])
    assert [(a, b) for a, b, _, _ in found] == [("s0", "s1")]
    idle = [Submission(name, lab(LESSON), lab(LESSON).notebook, name, f"{name}.ipynb") for name in ("a", "b")]
    assert reports.look_alikes([reports.Row(one, rows(1)[0].result) for one in idle]) == [], "the lab's own cells are no copies"


def test_the_unsafe_layer_is_said_on_every_page():
    row = rows(1)[0]
    row.result["layer"] = "unsafe"
    for text in (reports.page(row), reports.markdown(row), reports.overview([row], {row.student: "x"}, [])):
        assert reports.BANNER in text


def test_reports_are_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        reports.write_all(tmp_path / name, rows(), [("x", "y")])
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(files) == 2 * 30 + 4
    assert all((tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes() for path in files)


def test_one_submission_is_no_submissions(tmp_path):
    reports.write_all(tmp_path, rows(1), [])
    assert "<p>1 submission, median" in (tmp_path / "lab01" / "overview.html").read_text()


def test_what_was_left_out_before_is_not_said_again(tmp_path):
    reports.write_all(tmp_path, rows(1), [("x", "y")])
    reports.write_all(tmp_path, rows(1), [])
    assert (tmp_path / "left_out.csv").read_text() == "file,reason\n"


def test_where_nothing_can_be_graded_the_reasons_are_written(tmp_path, capsys):
    (tmp_path / "bad.ipynb").write_text("{")
    assert main([str(tmp_path / "bad.ipynb"), "--to", str(tmp_path / "out")]) == 1
    assert "bad.ipynb,It is damaged" in (tmp_path / "out" / "left_out.csv").read_text()
    assert "What was left out, and why, is in " in capsys.readouterr().err


def test_submissions_for_nbgrader_are_put_where_it_looks(tmp_path):
    labs = tmp_path / "labs"
    labs.mkdir()
    (labs / f"{LESSON.name}.ipynb").write_text(json.dumps(lab(LESSON).notebook))
    release = tmp_path / "course" / "release" / "hw"
    release.mkdir(parents=True)
    (release / "lab.ipynb").write_text(json.dumps(lab(LESSON).notebook))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Copy of ada (1).ipynb").write_text(json.dumps(lab(LESSON).notebook))
    assert main(["collect", str(tmp_path / "in"), str(tmp_path / "course"), "hw", "--labs", str(labs)]) == 0
    put = tmp_path / "course" / "submitted" / "ada" / "hw" / "lab.ipynb"
    assert list(map(mend.text, intake.read(put.read_bytes())["cells"])) == list(map(mend.text, lab(LESSON).notebook["cells"]))


def test_each_submission_for_nbgrader_has_its_own_place_and_other_labs_stay_out(tmp_path, capsys):
    release = tmp_path / "course" / "release" / "hw"
    release.mkdir(parents=True)
    (release / "lab.ipynb").write_text(json.dumps(lab(LESSON).notebook))
    for name, lesson in (("Ann/a", LESSON), ("Ann/b", LESSONS[1]), ("x#y/a", LESSON), ("x$y/a", LESSON)):
        path = tmp_path / "in" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(lab(lesson).notebook))
    assert main(["collect", str(tmp_path / "in"), str(tmp_path / "course"), "hw"]) == 0
    put = {path.parts[-3]: intake.read(path.read_bytes()) for path in (tmp_path / "course" / "submitted").glob("*/hw/lab.ipynb")}
    assert sorted(put) == ["Ann", "x_y", "x_y-2"]
    assert [mend.text(cell) for cell in put["Ann"]["cells"]] == [mend.text(cell) for cell in lab(LESSON).notebook["cells"]]
    assert "left out: Ann/b.ipynb: It is lab02, another assignment." in capsys.readouterr().out


def test_an_assignment_that_is_not_in_the_course_is_named_with_the_remedy(tmp_path, capsys):
    assert main(["collect", str(tmp_path), str(tmp_path / "course"), "hw"]) == 2
    assert "put the lab's notebook there, or check the assignment's name" in capsys.readouterr().err


def test_nowhere_is_named_by_both_commands(tmp_path, capsys):
    (tmp_path / "release" / "hw").mkdir(parents=True)
    (tmp_path / "release" / "hw" / "lab.ipynb").write_text(json.dumps(lab(LESSON).notebook))
    for command in (["nowhere"], ["collect", "nowhere", str(tmp_path), "hw"]):
        assert main(command) == 2
        assert "There is nothing at nowhere" in capsys.readouterr().err
