"""The doctor: every problem is named with its remedy, and the report stays short enough for a forum."""

import importlib.metadata
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from utils import doctor
from utils.data import fetch, sources

PROJECT = Path(__file__).resolve().parents[1]


def one_problem(finding, *words):
    """The finding is a problem, and all words are in its two lines."""
    assert finding.remedy
    for word in words:
        assert word in str(finding), finding


@pytest.fixture
def prepared(settings):
    """A machine where everything is in its cache, and no network."""
    settings.cache.mkdir()
    for item in sources.ITEMS.values():
        (settings.cache / item.filename).write_bytes(b"x")
    return replace(settings, offline=True)


def test_python():
    assert not doctor.check_python((3, 10, 0)).remedy and not doctor.check_python((3, 13, 9)).remedy
    one_problem(doctor.check_python((3, 9, 1)), "Python 3.9.1", "install Python 3.10")
    one_problem(doctor.check_python((3, 15, 0)), "Python 3.15.0")


def test_packages():
    have = {"keras": "2.15.0", "numpy": "2.4.1"}

    def version(name):
        try:
            return have[name]
        except KeyError:
            raise importlib.metadata.PackageNotFoundError(name) from None

    good, bad = doctor.check_packages(["numpy>=1.26,<3", "keras>=3.5,<4", "pooch>=1.8"], version)
    assert str(good) == "ok       numpy 2.4.1"
    one_problem(bad, "keras 2.15.0 is not <4,>=3.5", "pooch is missing", "pip install -r requirements.txt")
    assert doctor.check_packages(["tomli>=2; python_version < '3'"], version) == []  # not for this Python


def test_verify_says_one_line_with_the_remedy_and_nothing_when_all_fits(capsys):
    versions = {"keras": "2.15.0", "numpy": "2.4.1"}
    doctor.verify(["numpy>=1.26"], versions.__getitem__)
    assert capsys.readouterr().out == ""
    doctor.verify(["numpy>=1.26", "keras>=3.5"], versions.__getitem__)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert 'keras 2.15.0 is not >=3.5. Run `%pip install "keras>=3.5"` and restart the kernel.' in out


def test_requirements_are_those_of_the_course(monkeypatch, tmp_path):
    names = " ".join(doctor.requirements())
    assert "keras>=3" in names and "pooch" in names and "#" not in names and "-r" not in names
    monkeypatch.setattr(doctor, "PROJECT", tmp_path)  # installed elsewhere: asked of the package, if it is one
    monkeypatch.setattr(doctor.importlib.metadata, "requires", lambda _: ["keras>=3.5"])
    assert doctor.requirements() == ["keras>=3.5"]


def test_backend(monkeypatch):
    assert not doctor.check_backend().remedy
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    one_problem(doctor.check_backend(), "torch", "KERAS_BACKEND=tensorflow")


def test_devices():
    finding = doctor.check_devices(lambda: ["CPU", "GPU", "GPU"], cores=4)
    assert str(finding) == "ok       4 processor cores, 2 GPU"
    assert "none is needed" in str(doctor.check_devices(lambda: ["CPU"]))

    def broken():
        raise RuntimeError("DLL load failed")

    one_problem(doctor.check_devices(broken), "TensorFlow does not start (DLL load failed)", "pip install")


def test_a_tensorflow_that_ends_the_process_is_survived(monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr(doctor, "DEVICES", "import os; os._exit(132)")
    one_problem(doctor.check_devices(), "ended with code 132")
    monkeypatch.setattr(doctor, "DEVICES", "raise ImportError('no module')")
    one_problem(doctor.check_devices(), "ImportError: no module")
    monkeypatch.setattr(doctor, "DEVICES", "import time; time.sleep(30)")
    with pytest.raises(RuntimeError, match="no answer"):
        doctor.list_devices(seconds=0.3)
    monkeypatch.setattr(doctor, "DEVICES", "print('CPU', 'GPU')")
    assert doctor.list_devices() == ["CPU", "GPU"]


def test_memory():
    assert str(doctor.check_memory(3.0, 8.0)) == "ok       memory: 3.0 of 8.0 GB free"
    one_problem(doctor.check_memory(0.4, 8.0), "0.4 of 8.0 GB", "shut down other notebooks")
    assert "GB free" in doctor.check_memory().text


def test_disk(settings):
    assert not doctor.check_disk(settings, free_gb=5).remedy
    one_problem(doctor.check_disk(settings, free_gb=0.2), "0.2 GB", "COURSE_CACHE")
    (settings.cache / "file").write_text("in the way", encoding="utf-8")
    one_problem(doctor.check_disk(replace(settings, cache=settings.cache / "file")), "cannot be written", "COURSE_CACHE")


def test_course_data(settings, server, tmp_path):
    assert not doctor.check_course_data(settings).remedy
    assert not doctor.check_course_data(replace(settings, course_data=str(tmp_path))).remedy
    one_problem(doctor.check_course_data(replace(settings, course_data=str(tmp_path / "no"))), "does not exist", "unset")
    assert not doctor.check_course_data(replace(settings, course_data=server.address(""))).remedy
    silent = replace(settings, course_data="http://127.0.0.1:9/")
    one_problem(doctor.check_course_data(silent), "does not answer", "unset COURSE_DATA")


def test_data(settings, prepared):
    assert doctor.check_data(prepared) == [doctor.Finding("here: mnist, flowers, xception, resnet50, imagenet_classes")]
    empty = doctor.check_data(replace(settings, cache=settings.cache / "empty"))
    assert [bool(finding.remedy) for finding in empty] == [False, True, False]
    one_problem(empty[1], "Xception", "python -m utils.data fetch")


def test_network(settings, prepared, monkeypatch):
    assert "COURSE_OFFLINE" in doctor.check_network(prepared).text
    monkeypatch.setattr(fetch, "online", lambda *_: False)
    assert not doctor.check_network(replace(prepared, offline=False)).remedy
    lonely = replace(settings, cache=settings.cache / "empty")
    one_problem(doctor.check_network(lonely), "do not answer", "python -m utils.data fetch")
    monkeypatch.setattr(fetch, "online", lambda *_: True)
    assert "addresses answer" in doctor.check_network(lonely).text


def test_the_worst_report_is_short(settings, monkeypatch, capsys):
    """Everything wrong at once still fits: at most 25 lines, each with its remedy, and no path of this machine."""

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    def broken():
        raise RuntimeError("DLL load failed")

    (settings.cache).write_text("in the way", encoding="utf-8")
    findings = [
        doctor.check_python((3, 8, 0)),
        *doctor.check_packages(version=missing),
        doctor.check_backend("torch"),
        doctor.check_devices(broken),
        doctor.check_memory(0.1, 2.0),
        doctor.check_disk(settings),
        doctor.check_course_data(replace(settings, course_data="/no/such/folder")),
        *doctor.check_data(settings),
        doctor.check_network(replace(settings, course_data="")),
    ]
    text = doctor.report(findings)
    assert len(text.splitlines()) <= 25
    assert "9 problems" in text and text.count("     do: ") == 9
    assert str(settings.cache) not in text and "/no/such" not in text
    monkeypatch.setattr(doctor, "examine", lambda: findings)
    doctor.show()
    assert capsys.readouterr().out.strip() == text
    assert doctor.main() == 1


def test_a_healthy_machine_in_full(prepared, monkeypatch):
    monkeypatch.setattr(doctor, "list_devices", lambda: ["CPU"])
    text = doctor.report(doctor.examine(prepared))
    assert len(text.splitlines()) <= 25 and text.startswith("Course doctor")
    assert "memory" in text and "keras" in text and "network" in text
    assert text.isascii()  # prints on any terminal
    assert str(Path.home()) not in text and str(PROJECT) not in text


def test_the_command(tmp_path):
    """`python -m utils.doctor` runs, and its exit code agrees with its verdict."""
    command = [sys.executable, "-m", "utils.doctor"]
    environment = {**doctor.os.environ, "COURSE_CACHE": str(tmp_path), "COURSE_OFFLINE": "1", "COURSE_DATA": ""}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "do: python -m utils.data fetch" in done.stdout
    assert done.stdout.strip().splitlines()[-1].startswith("Verdict: ")
