"""The doctor: every problem is named with its remedy, and the report stays short enough for a forum."""

import importlib.metadata
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tools.grading import jail
from utils import doctor
from utils.data import fetch, sources
from utils.doctor import grading, libraries, machine, packages

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
    monkeypatch.setattr(packages, "PROJECT", tmp_path)  # installed elsewhere: asked of the package, if it is one
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: ["keras>=3.5"])
    assert doctor.requirements() == ["keras>=3.5"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder of its own; `home(**entries)` writes its keras.json."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("KERAS_BACKEND", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)

    def write(folder=".keras", **entries):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "keras.json").write_text(json.dumps(entries), encoding="utf-8")
        return tmp_path / folder

    return write


def keras_says(**options):
    """What the doctor says of the Keras that really starts here; asked in a child, as always."""
    return libraries.check_keras(cores=4, **options)


def test_keras_is_asked_and_every_source_of_its_settings_is_named(home, monkeypatch):
    """Not what one file says: what Keras does with all of them. As it comes, without any, it is asked by the command below."""
    home(backend="no_such_backend", image_data_format="channels_first", floatx="float16")
    one_problem(keras_says()[0], "no_such_backend", "keras.json")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")  # counts more than the file
    form, kind, machine_has = keras_says()
    assert str(machine_has) == "ok       4 processor cores, no GPU (none is needed)"
    one_problem(form, "channels_first", '"image_data_format": "channels_last"', "keras.json")
    one_problem(kind, "float16", '"floatx": "float32"', "keras.json")
    monkeypatch.setenv("KERAS_BACKEND", "nothing")
    one_problem(keras_says()[0], "the backend nothing", "unset KERAS_BACKEND")
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setenv("KERAS_HOME", str(home("elsewhere", floatx="bfloat16")))
    one_problem(keras_says()[0], "bfloat16", "KERAS_HOME")


def test_a_broken_keras_json_is_survived(home):
    (home() / "keras.json").write_text("{not json", encoding="utf-8")
    assert libraries.configured() == {}
    (home() / "keras.json").write_text("[]", encoding="utf-8")
    assert libraries.configured() == {}


def test_devices():
    answer = {"backend": "tensorflow", "data format": "channels_last", "float type": "float32"}
    _, finding = keras_says(ask=lambda: answer | {"devices": ["CPU", "GPU", "GPU"]}, asked=dict)
    assert str(finding) == "ok       4 processor cores, 2 GPU"
    one_problem(keras_says(ask=lambda: answer | {"backend": "jax"}, asked=dict)[0], "backend is jax")


@pytest.mark.parametrize(
    "code, said",
    [
        ("import os; os._exit(132)", "ended with code 132"),
        ("raise ImportError('DLL load failed')", "ImportError: DLL load failed"),
        ("print('no answer of this kind')", "ended with code 0"),
        ("import time; time.sleep(30)", "no answer within"),
    ],
)
def test_an_installation_that_does_not_start_is_survived(code, said, home, monkeypatch):
    monkeypatch.setattr(libraries, "QUESTION", code)
    (finding,) = keras_says(ask=lambda: libraries.ask(seconds=2))
    one_problem(finding, "does not start", said, "pip install")


def test_a_container_reports_its_own_memory(tmp_path):
    """Control groups of version 2 and 1, the process' own and those above it; a group without a limit counts for nothing."""

    def group(folder, names, limit, used, cached):
        (folder / names[0]).parent.mkdir(parents=True, exist_ok=True)
        (folder / names[0]).write_text(f"{limit}\n")
        (folder / names[1]).write_text(f"{used}\n")
        (folder / names[0]).with_name("memory.stat").write_text(f"anon 5\n{names[2]} {cached}\n")

    two, one = machine.CGROUPS
    membership = tmp_path / "cgroup"
    assert list(machine._limits(tmp_path / "none", membership)) == []
    group(tmp_path / "v2", two, "max", 700, 0)
    group(tmp_path / "v2" / "pod", two, 4000, 1500, 500)
    group(tmp_path / "v2" / "pod" / "box", two, 9000, 100, 0)
    group(tmp_path / "v2" / "other", two, 1, 1, 0)
    membership.write_text("0::/pod/box\n")
    assert sorted(machine._limits(tmp_path / "v2", membership)) == [(3000, 4000), (8900, 9000)]
    group(tmp_path / "v1", one, 2000, 900, 100)
    membership.write_text("9:memory:/\n")
    assert list(machine._limits(tmp_path / "v1", membership)) == [(1200, 2000)]


def test_the_container_counts_where_it_has_less_than_the_host(monkeypatch):
    monkeypatch.setattr(machine, "_limits", lambda *_: [(10**9, 3 * 10**9), (2 * 10**9, 10**15)])
    assert machine.memory() == (1.0, 3.0)
    one_problem(machine.check_memory(0.5, 1.0), "0.5 of 1.0 GB", "give the container or the machine more")


def test_cores_are_those_that_this_process_may_use():
    assert machine.cores() >= 1
    if not hasattr(os, "sched_setaffinity"):  # macOS and Windows have no such call
        return
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from utils.doctor import machine; print(machine.cores())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert done.stdout.strip() == "1", done.stderr


def test_what_a_lab_does_not_need_is_no_problem(settings):
    lonely = replace(settings, cache=settings.cache / "empty", offline=True)
    findings = doctor.check_data(lonely, weights=False)
    assert not any(finding.remedy for finding in findings) and "for later lessons: Xception" in "".join(map(str, findings))
    assert any(finding.remedy for finding in doctor.check_data(lonely))


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
        raise libraries.NoStart("DLL load failed")

    (settings.cache).write_text("in the way", encoding="utf-8")
    findings = [
        doctor.check_python((3, 8, 0)),
        *doctor.check_packages(version=missing),
        *libraries.check_keras(broken, lambda: {"backend": ("torch", "KERAS_BACKEND")}),
        libraries.check_keras(lambda: {"backend": "tensorflow", "data format": "channels_first", "float type": "float32"})[0],
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
    monkeypatch.setattr(doctor, "examine", lambda **_: findings)
    doctor.show()
    assert capsys.readouterr().out.strip() == text
    assert doctor.main() == 1


def test_a_healthy_machine_in_full(prepared, monkeypatch):
    monkeypatch.setattr(doctor, "check_keras", lambda: [doctor.Finding("Keras uses tensorflow")])
    text = doctor.report(doctor.examine(prepared))
    assert len(text.splitlines()) <= 25 and text.startswith("Course doctor")
    assert "memory" in text and "keras" in text and "network" in text
    assert text.isascii()  # prints on any terminal
    assert str(Path.home()) not in text and str(PROJECT) not in text


def test_the_command(home, tmp_path):
    """`python -m utils.doctor` runs, finds Keras as it comes, and its exit code agrees with its verdict."""
    command = [sys.executable, "-m", "utils.doctor"]
    environment = {**os.environ, "COURSE_CACHE": str(tmp_path), "COURSE_OFFLINE": "1", "COURSE_DATA": ""}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "do: python -m utils.data fetch" in done.stdout
    assert "\nok       Keras uses tensorflow, channels_last, float32\n" in done.stdout
    assert done.stdout.strip().splitlines()[-1].startswith("Verdict: ")


# ---------------------------------------------------------------- grading


@pytest.fixture
def machine_with(monkeypatch):
    """`machine_with(programs, runs)`: what the doctor says where there are these programs; `runs` says which commands run."""

    def set_up(programs, runs=lambda command: True, platform="linux"):
        monkeypatch.setattr(grading.sys, "platform", platform)
        monkeypatch.setattr(grading.shutil, "which", lambda name: name if name in programs else None)
        monkeypatch.setattr(grading, "_runs", runs)
        return doctor.check_grading()

    return set_up


def test_grading_with_bubblewrap_needs_three_programs(machine_with):
    (found,) = machine_with({"bwrap", "prlimit", "setpriv"})
    assert not found.remedy and "layer 1" in str(found)
    one_problem(*machine_with({"bwrap", "prlimit"}), "setpriv is not installed", "install util-linux")


def test_grading_in_a_container_needs_the_image_and_says_how_to_make_it(machine_with):
    assert "layer 2" in str(machine_with({"docker"})[0])
    found = machine_with({"docker"}, lambda command: command == ["docker", "info"])
    one_problem(*found, f"run `docker build -t {jail.IMAGE} -f tools/grading/Containerfile .`", "install bubblewrap")


@pytest.mark.parametrize(
    ("programs", "running", "remedy"),
    [
        (set(), "", "do: install Docker or podman;"),
        ({"podman"}, "", "do: start podman;"),
        ({"podman"}, "info", f"do: run `podman build -t {jail.IMAGE} "),
    ],
)
def test_grading_on_macos_has_the_remedy_for_what_is_missing(machine_with, programs, running, remedy):
    one_problem(*machine_with(programs, lambda command: command[1] == running, "darwin"), remedy)


def test_grading_on_macos_does_not_ask_for_bubblewrap(machine_with):
    (found,) = machine_with({"docker"}, platform="darwin")
    assert "layer 2" in str(found)
