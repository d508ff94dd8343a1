"""Limits that the kernel keeps on a process and all its descendants together, where this machine lets us set them.

Version 2 of control groups, as any recent Linux has it, or version 1. Root may make groups; other users where systemd delegates
them, as it does under `systemd-run --user --scope`. Elsewhere the supervisor's watchdog is the limit.
"""

import contextlib
import itertools
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

PREFIX = "convnet-grading-"
_number = itertools.count()


@dataclass(frozen=True)
class Group:
    """The folders of one group: a single one in version 2, one for memory and one for processes in version 1."""

    folders: tuple[Path, ...]

    @property
    def entries(self) -> list[str]:
        """The files to which a process writes its number to enter."""
        return [str(folder / "cgroup.procs") for folder in self.folders]

    def killed_for_memory(self) -> int:
        """How many of its processes the kernel has ended because they asked for too much."""
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError, ValueError):
                lines = (self.folders[0] / name).read_text().splitlines()
                return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
        return 0

    def remove(self, seconds: float = 5.0) -> None:
        """End what is left in it, and the group."""
        ends = time.monotonic() + seconds
        for folder in self.folders:
            with contextlib.suppress(OSError):
                (folder / "cgroup.kill").write_text("1")  # since Linux 5.14
            while folder.exists() and time.monotonic() < ends:
                with contextlib.suppress(OSError):
                    folder.rmdir()
                    break
                with contextlib.suppress(OSError, ValueError):
                    for process in (folder / "cgroup.procs").read_text().split():
                        os.kill(int(process), signal.SIGKILL)
                time.sleep(0.01)


def make(memory: int, processes: int, *, mounts: str = "", own: str = "") -> Group | None:
    """A new group of at most `memory` bytes and `processes`; None where none can be made.

    `mounts` and `own` stand for /proc/self/mounts and /proc/self/cgroup, in tests.
    """
    try:
        mounts, own = mounts or Path("/proc/self/mounts").read_text(), own or Path("/proc/self/cgroup").read_text()
    except OSError:
        return None
    name = f"{PREFIX}{os.getpid()}-{next(_number)}"
    for places, limits in _hierarchies(mounts, own, memory, processes):
        made = _make(places, name, limits)
        if made:
            return made
    return None


def _hierarchies(mounts: str, own: str, memory: int, processes: int):
    """(for each folder of a group where it may stand, for each folder its limits), version 2 first."""
    where: dict[str, Path] = {}
    for line in mounts.splitlines():
        _, point, kind, options, *_ = line.split()
        if kind == "cgroup2":
            where[""] = Path(point)
        elif kind == "cgroup":
            where |= {each: Path(point) for each in options.split(",") if each in ("memory", "pids")}
    mine = {}
    for line in own.splitlines():
        _, controllers, path = line.split(":", 2)
        mine |= {each: path.strip("/") for each in controllers.split(",")}

    def upwards(controller: str) -> list[Path]:
        path = where[controller] / mine.get(controller, "")
        return [path, *(each for each in path.parents if each.is_relative_to(where[controller]))]

    if "" in where:
        limits = {"memory.max": memory, "memory.swap.max": 0, "pids.max": processes}
        yield [upwards("")], [limits]
    if "memory" in where and "pids" in where:
        limits = {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory}
        yield [upwards("memory"), upwards("pids")], [limits, {"pids.max": processes}]


_OPTIONAL = ("memory.swap.max", "memory.memsw.limit_in_bytes")  # missing where the kernel does not count swap


def _make(places: list[list[Path]], name: str, limits: list[dict[str, int]]) -> Group | None:
    made: list[Path] = []
    for candidates, wanted in zip(places, limits, strict=True):
        folder = next((found for each in candidates if (found := _limited(each, name, wanted))), None)
        if folder is None:
            Group(tuple(made)).remove()
            return None
        made.append(folder)
    return Group(tuple(made))


def _limited(parent: Path, name: str, limits: dict[str, int]) -> Path | None:
    _sweep(parent)
    with contextlib.suppress(OSError):
        (parent / "cgroup.subtree_control").write_text("+memory +pids")  # refused where it holds processes
    folder = parent / name
    try:
        folder.mkdir()
    except OSError:
        return None
    for file, limit in limits.items():
        try:
            with open(folder / file, "r+") as stream:  # never makes a file: one that is missing is a limit that is not kept
                stream.write(str(limit))
        except OSError:
            if file not in _OPTIONAL:
                with contextlib.suppress(OSError):
                    folder.rmdir()
                return None
    return folder


def _sweep(parent: Path) -> None:
    """Remove the empty groups of graders that were killed."""
    with contextlib.suppress(OSError):
        for folder in parent.glob(f"{PREFIX}*"):
            owner = folder.name.removeprefix(PREFIX).partition("-")[0]
            if owner.isdigit() and not os.path.exists(f"/proc/{owner}"):
                with contextlib.suppress(OSError):
                    folder.rmdir()
