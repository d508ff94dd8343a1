"""Level 1: what keeps jailed processes apart and in bounds: users, control groups, a fair clock, and what they may import."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.grading import LESSONS, lab
from tools.grading import cgroups, jail, sources, supervisor, users, work
from tools.grading.supervisor import CROWD, GRACE, Limits, _Session
from tools.grading.wire import Channel, Malformed

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Linux's /proc")
ROOT_ONLY = pytest.mark.skipif(sys.platform == "win32" or os.getuid() != 0, reason="only root gives processes to other users")


# ---------------------------------------------------------------- users


@ROOT_ONLY
def test_no_two_jails_share_a_user_not_even_of_two_graders():
    mine = [users.claim() for _ in range(3)]
    script = "from tools.grading import users; print(users.claim().number, flush=True); input()"
    other = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    theirs = int(other.stdout.readline())
    assert len({theirs, *(user.number for user in mine)}) == 4
    other.kill()  # as a grader that is killed
    other.communicate()
    for user in mine:
        user.release()
    again = [users.claim() for _ in range(4)]
    assert {user.number for user in again} <= {theirs, *range(users.FIRST, users.FIRST + users.COUNT)}
    for user in again:
        user.release()


@ROOT_ONLY
def test_when_all_users_are_taken_it_says_so(monkeypatch):
    monkeypatch.setattr(users, "COUNT", 0)
    with pytest.raises(RuntimeError, match="fewer workers"):
        users.claim()


# ---------------------------------------------------------------- control groups

MOUNTS = "cgroup2 {root} cgroup2 rw 0 0\n"
MOUNTS_1 = "cgroup {root}/memory cgroup rw,memory 0 0\ncgroup {root}/pids cgroup rw,pids 0 0\n"


def hierarchy(folder: Path, monkeypatch, files: tuple[str, ...]) -> None:
    """The kernel fills a new group's folder with its files; a folder of a test's is filled here."""
    usual = Path.mkdir

    def mkdir(self, *a, **k):
        usual(self, *a, **k)
        if self.name.startswith(cgroups.PREFIX):
            for name in files:
                (self / name).touch()

    monkeypatch.setattr(Path, "mkdir", mkdir)


def test_version_2_limits_memory_swap_and_processes(tmp_path, monkeypatch):
    (tmp_path / "user" / "app").mkdir(parents=True)
    hierarchy(tmp_path, monkeypatch, ("memory.max", "memory.swap.max", "pids.max", "cgroup.procs"))
    made = cgroups.make(1000, 7, mounts=MOUNTS.format(root=tmp_path), own="0::/user/app\n")
    (folder,) = made.folders
    assert folder.parent == tmp_path / "user" / "app"
    limits = {name: (folder / name).read_text() for name in ("memory.max", "memory.swap.max", "pids.max")}
    assert limits == {"memory.max": "1000", "memory.swap.max": "0", "pids.max": "7"}
    (folder / "memory.events").write_text("low 0\noom 3\noom_kill 2\n")
    assert made.killed_for_memory() == 2


def test_a_group_that_keeps_no_limit_is_none(tmp_path, monkeypatch):
    hierarchy(tmp_path, monkeypatch, ("pids.max",))  # no memory controller: no such file
    assert cgroups.make(1000, 7, mounts=MOUNTS.format(root=tmp_path), own="0::/\n") is None
    assert cgroups.make(1000, 7, mounts="proc /proc proc rw 0 0\n", own="0::/\n") is None


@LINUX
def test_the_kernel_keeps_the_limits_where_it_lets_us_set_them():
    group = cgroups.make(150_000_000, 20)
    if group is None:
        pytest.skip("no control group can be made here; the watchdog is the limit")
    code = "a = []\nwhile True: a.append(bytearray(10_000_000))"
    command = [*jail._entering(group), sys.executable, "-c", code]
    assert subprocess.run(command, stderr=subprocess.DEVNULL, timeout=60).returncode != 0
    assert group.killed_for_memory() >= 1
    group.remove()
    group = cgroups.make(500_000_000, 20)
    code = (
        "import os, time\nn = 0\ntry:\n    while n < 100:\n        if os.fork() == 0:\n            time.sleep(60); os._exit(0)\n"
    )
    code += "        n += 1\nexcept OSError: pass\nprint(n, flush=True)\ntime.sleep(60)"
    process = subprocess.Popen([*jail._entering(group), sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert 10 <= int(process.stdout.readline()) <= 20
    group.remove()
    assert process.wait(timeout=10) != 0, "what was left in the group is ended with it"
    process.stdout.close()
    assert not any(folder.exists() for folder in group.folders)


@LINUX
def test_groups_of_graders_that_were_killed_are_swept(tmp_path, monkeypatch):
    (tmp_path / f"{cgroups.PREFIX}999999999-0").mkdir()
    (tmp_path / f"{cgroups.PREFIX}{os.getpid()}-77777").mkdir()
    cgroups._sweep(tmp_path)
    assert [folder.name for folder in tmp_path.iterdir()] == [f"{cgroups.PREFIX}{os.getpid()}-77777"]


# ---------------------------------------------------------------- the clock


def test_waiting_for_a_busy_processor_counts_neither_as_work_nor_as_time():
    meter = work.Meter(0.0, work.Used())
    meter.update(10.0, work.Used(worked=1.0, waited=9.0))
    assert (meter.work, meter.time, meter.clock) == (1.0, 1.0, 10.0)
    meter.update(15.0, work.Used(worked=1.0, waited=9.0))  # asleep
    assert (meter.work, meter.time) == (1.0, 6.0)
    meter.update(16.0, work.Used(worked=9.0, waited=50.0))  # many threads at once
    assert (meter.work, meter.time) == (2.0, 7.0)


class Unstarted(_Session):
    """A session in which nothing runs; the limits are real."""

    def __init__(self, layer: str = "bubblewrap"):
        self.supervisor = supervisor.Supervisor(jail.Jail(layer), jail.Jail(layer), (Path(), Path()), [], limits=Limits())
        self.step = ("cell", 0)


@LINUX
def test_a_loaded_machine_changes_no_verdict_and_a_sleeper_is_ended():
    session, meter = Unstarted(), work.Meter(0.0, work.Used())
    meter.update(100.0, work.Used(worked=4.9, waited=95.0))  # one twentieth of a processor
    assert not session._is_over(meter, 5.0)
    meter.update(101.0, work.Used(worked=5.1, waited=95.7))
    assert session._is_over(meter, 5.0)
    asleep = work.Meter(0.0, work.Used())
    asleep.update(5.0 + GRACE + 0.1, work.Used())
    assert session._is_over(asleep, 5.0) and GRACE < 10
    starved = work.Meter(0.0, work.Used())
    starved.update(CROWD * (5.0 + GRACE) + 1, work.Used(waited=1e6))
    assert session._is_over(starved, 5.0), "in the end the clock decides"


@LINUX
def test_what_a_process_and_its_children_use_is_seen():
    code = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'while True: pass'])"
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    try:
        ends = time.monotonic() + 60
        while (used := work.tree(process.pid)).worked < 0.5 and time.monotonic() < ends:
            time.sleep(0.1)
        assert used.worked >= 0.5 and used.memory > 5_000_000
        assert abs(work._by_psutil(process.pid).memory - used.memory) < 5_000_000
    finally:
        os.killpg(process.pid, 9)
        process.wait()
    assert work.tree(process.pid) == work.Used()


# ---------------------------------------------------------------- what the student's process finds


@pytest.mark.parametrize("lesson", [pytest.param(each, id=each.folder) for each in LESSONS])
def test_no_check_and_no_reference_is_in_the_students_process(lesson):
    found = jail.lesson_modules([lab(lesson)])
    assert f"{lesson.folder}/__init__.py" in found
    assert not [name for name in found if Path(name).stem in ("checks", "reference")]
    others = {Path(name).parts[0] for name in found} - {"__init__.py", lesson.folder}
    assert not [name for name in others if name.startswith("lab")], "another lab's"


def test_a_frame_without_the_token_is_none():
    reader, writer = os.pipe()
    sender, receiver = Channel(-1, writer), Channel(reader, -1)
    receiver.expected = b"secret"
    sender.token = b"secret"
    sender.send({"op": "end"})
    assert receiver.receive(5) == {"op": "end"}
    sender.token = b"sesame"
    sender.send({"op": "end"})
    with pytest.raises(Malformed):
        receiver.receive(5)
    os.close(reader)
    os.close(writer)


HONEST = [
    "import numpy as np\ndef f(x):\n    return np.convolve(x, x)",
    "class Layer:\n    def __init__(self):\n        self.w = 1\n        super().__init__()",
    "from tensorflow import keras\nmodel = keras.Sequential()\nfor layer in model.layers: layer.trainable = False",
    "import matplotlib.pyplot as plt\nplt.rcParams['figure.dpi'] = 100\nplt.plot([1])",
    "from utils import check, plot\nfrom utils.lessons.lab01 import figures\nx = {}.values()",
    "this is no Python",
]
TAMPERING = [
    "import sys",
    "from os import path",
    "def f(): import ctypes",
    "import threading",
    "import numpy.ctypeslib",
    "import utils.check.calling as c",
    "from utils.check import calling",
    "import utils\nutils.check.calling",
    "from utils import check\ncheck.count_lines = lambda *a: 1",
    "import numpy as np\nnp.asarray = 1",
    "del np.asarray",
    "for np.asarray in [1]: pass",
    "self = check\nself.call = 1",
    "import warnings\nwarnings.sys.settrace(None)",
    "open('/proc/self/fd/3', 'wb')",
    "np.ones(3).tofile('x')",
    "(lambda: 0).__globals__",
    "eval('1')",
    "x = getattr",
    "x = " + "-" * 100_000 + "1",
]


@pytest.mark.parametrize("code", HONEST)
def test_honest_code_may_be_watched(code):
    assert sources.tampering([code]) == ""


@pytest.mark.parametrize("code", TAMPERING, ids=[each[:40] for each in TAMPERING])
def test_code_that_could_answer_for_the_watcher_is_found(code):
    assert sources.tampering(["def honest(x):\n    return x", "this is no Python", code])
