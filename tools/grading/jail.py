"""Where a student's code runs: three layers, from a real jail to none.

    bubblewrap   Linux and WSL2: own user, no network, a read-only system, private processes, limits, a filter of system calls
    container    docker or podman: the same frames over the standard input and output of a container
    unsafe       a process of its own, and a loud banner

The judge gets a jail of its own of the first kind, since it reads what students' processes send.
"""

import ast
import contextlib
import functools
import os
import platform
import shutil
import struct
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tools.lesson import ROOT
from utils.doctor.grading import IMAGE, missing_program
from utils.notebook.mend import parsed, text, without_magic

from . import cgroups
from .labs import Lab

USER = 60_578  # of a process in a container, or in a namespace
PROCESSES = 256  # threads included
SCRATCH = 100_000_000  # bytes in each of the three places where a process may write
MEMORY = 3_000_000_000  # bytes that a student's process, or the judge, may occupy
_VISIBLE = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/fonts", "/etc/alternatives")
_ENVIRONMENT = {
    "HOME": "/home/student",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONPATH": "/course",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/home/student/matplotlib",
    "COURSE_OFFLINE": "1",
    "COURSE_CACHE": "/home/student/cache",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


@dataclass
class Running:
    """A started process, its two ends, and how to end it for good."""

    process: subprocess.Popen
    container: Sequence[str] = ()  # the command that removes it
    group: cgroups.Group | None = None
    home: str = ""  # a folder that goes with it

    def short_of_memory(self) -> bool:
        """Whether the kernel has ended a process of it that asked for too much."""
        return self.group is not None and self.group.killed_for_memory() > 0

    def kill(self) -> None:
        """End it with all its descendants; returns when it is gone."""
        if self.container:
            subprocess.run(self.container, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30, check=False)
        for each in _descendants(self.process.pid):  # without a jail they would outlive it
            with contextlib.suppress(psutil.Error):
                each.kill()
        self.process.kill()
        self.process.wait(timeout=30)
        if self.group is not None:
            self.group.remove()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None and not stream.closed:
                stream.close()
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)


def _entering(group: cgroups.Group) -> list[str]:
    """A command that enters the group and becomes the command after it, so that no process is ever outside."""
    script = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 1; shift; done; shift; exec "$@"'
    return ["sh", "-c", script, "sh", *group.entries, "--"]


@functools.cache
def _bubblewrap_help() -> str:
    return subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False).stdout


def _if_known(option: str) -> list[str]:
    """The option where this version of bubblewrap has it; the filter of system calls forbids the same."""
    return [option] if option in _bubblewrap_help() else []


def _descendants(pid: int) -> list:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


@dataclass(frozen=True)
class Jail:
    """One layer, ready to start processes in. `tree` holds what they may import."""

    layer: str  # "bubblewrap", "container" or "unsafe"
    memory: int = MEMORY
    image: str = IMAGE
    engine: str = ""  # docker or podman
    shared: tuple[tuple[str, str], ...] = field(default=())  # (variable, folder): data that lessons may read

    def start(
        self, tree: Path, module: str, arguments: Sequence[str] = (), *, user: int = USER, keep: Iterable[int] = (), pipes=True
    ) -> Running:
        """Start `python -m module`, its standard input and output as pipes if `pipes`. `keep`: descriptors it inherits.

        Root starts it as `user`, whom it must share with nobody (see `users`).
        """
        keep, group = tuple(keep), None
        python = [module, *arguments]
        name = f"grading-{uuid.uuid4().hex[:12]}"
        environment, filters, removal, home = None, None, (), ""
        if self.layer == "bubblewrap":
            filters = _filter_descriptor()
            group = cgroups.make(self.memory + 3 * SCRATCH, PROCESSES)
            command = [*(_entering(group) if group else ()), *self.bubblewrap(tree, python, user, filters)]
            keep += (filters,)
            environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}
        elif self.layer == "container":
            command, removal = self.container(tree, python, name), [self.engine, "rm", "--force", name]
        else:
            command = [sys.executable, "-m", *python]
            home = tempfile.mkdtemp(prefix="grading-")
            environment = {**os.environ, **_ENVIRONMENT, "HOME": home, "PYTHONPATH": str(tree), "PATH": os.environ["PATH"]}
            environment |= {"COURSE_CACHE": home, "MPLCONFIGDIR": str(tree / "matplotlib"), **dict(self.shared)}
        ends = subprocess.PIPE if pipes else subprocess.DEVNULL
        errors = None if os.environ.get("GRADING_STDERR") else subprocess.DEVNULL
        process = subprocess.Popen(
            command, stdin=ends, stdout=ends, stderr=errors, pass_fds=keep, env=environment, cwd="/", start_new_session=True
        )
        if filters is not None:
            os.close(filters)
        return Running(process, removal, group, home)

    def bubblewrap(self, tree: Path, python: Sequence[str], number: int, filters: int) -> list[str]:
        """The command line of layer 1."""
        user, root = str(number), os.getuid() == 0
        limits = ["prlimit", "--core=0", f"--fsize={SCRATCH}", "--nofile=1024", f"--as={8 * self.memory}"]
        command = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        command += ["--hostname", "grading", "--die-with-parent", "--new-session", "--clearenv"]
        if root:
            command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
        else:
            command += ["--unshare-user", *_if_known("--disable-userns"), "--uid", user, "--gid", user, "--cap-drop", "ALL"]
        command += ["--proc", "/proc", "--dev", "/dev"]
        for folder in ("/dev/shm", "/tmp"):
            command += ["--perms", "1777", "--size", str(SCRATCH), "--tmpfs", folder]
        command += ["--perms", "0777", "--size", str(SCRATCH), "--tmpfs", "/home", "--perms", "0777", "--dir", "/home/student"]
        for path in _VISIBLE:
            if os.path.islink(path):
                command += ["--symlink", os.readlink(path), path]
            elif os.path.exists(path):
                command += ["--ro-bind", path, path]
        for prefix in sorted({sys.base_prefix, sys.prefix, os.path.realpath(sys.prefix)}):
            if not prefix.startswith("/usr/"):
                for parent in reversed(Path(prefix).parents[:-1]):  # bubblewrap would make them for root alone
                    command += ["--perms", "0755", "--dir", str(parent)]
                command += ["--ro-bind", os.path.realpath(prefix), prefix]
        command += ["--ro-bind", str(tree), "/course", "--perms", "0777", "--dir", "/home/student/matplotlib"]
        for cached in sorted((tree / "matplotlib").glob("fontlist*.json")):
            command += ["--ro-bind", str(cached), f"/home/student/matplotlib/{cached.name}"]
        environment = dict(_ENVIRONMENT)
        for number, (variable, folder) in enumerate(self.shared):
            command += ["--perms", "0755", "--dir", "/data", "--ro-bind", folder, f"/data/{number}"]
            environment[variable] = f"/data/{number}"
        if os.environ.get("GRADING_STDERR"):
            environment["GRADING_STDERR"] = "1"
        for key, value in environment.items():
            command += ["--setenv", key, value]
        command += ["--chdir", "/home/student", "--remount-ro", "/", "--seccomp", str(filters), "--"]
        if root:
            command += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs"]
            command += ["--bounding-set=-all", "--inh-caps=-all"]
        command += ["prlimit", f"--nproc={PROCESSES}"]  # inside: outside it would count all that the user runs elsewhere
        return [*limits, *command, sys.executable, "-m", *python]

    def container(self, tree: Path, python: Sequence[str], name: str) -> list[str]:
        """The command line of layer 2."""
        command = [self.engine, "run", "--interactive", "--rm", "--name", name, "--network", "none", "--read-only", "--init"]
        command += [
            "--pids-limit",
            str(PROCESSES),
            "--memory",
            str(self.memory),
            "--memory-swap",
            str(self.memory),
            "--cpus",
            "2",
        ]
        command += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", f"{USER}:{USER}"]
        command += [
            "--tmpfs",
            "/tmp:size=100m",
            "--tmpfs",
            f"/home/student:size=100m,uid={USER}",
            "--workdir",
            "/home/student",
        ]
        command += ["--volume", f"{tree}:/course:ro"]
        environment = dict(_ENVIRONMENT)
        for number, (variable, folder) in enumerate(self.shared):
            command += ["--volume", f"{folder}:/data/{number}:ro"]
            environment[variable] = f"/data/{number}"
        for key, value in environment.items():
            if key != "PATH":
                command += ["--env", f"{key}={value}"]
        return [*command, self.image, "python", "-m", *python]


# ---------------------------------------------------------------- which layer there is


def works(layer: str, engine: str = "", image: str = IMAGE) -> str:
    """Why a layer cannot be had here; "" if it can. Tries it, rather than looking at version numbers."""
    if layer == "unsafe":
        return ""
    if layer == "bubblewrap":
        if sys.platform != "linux":
            return f"{platform.system()} has no bubblewrap"
        if program := missing_program():
            return f"{program} is not installed"
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "probe.py").write_text("print('works')")
            os.chmod(folder, 0o755)
            running = Jail("bubblewrap").start(Path(folder), "probe")
            try:
                said, _ = running.process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                said = b""
            finally:
                running.kill()
        return "" if said.strip() == b"works" else "bubblewrap is installed, but may not make namespaces here"
    if not engine:
        return "neither docker nor podman is installed"
    try:
        found = subprocess.run([engine, "image", "inspect", image], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return f"{engine} does not answer"
    return "" if found.returncode == 0 else f"{engine} has no image {image}, or is not running"


def engine_here() -> str:
    """docker or podman, whichever is installed; "" for neither."""
    return next((name for name in ("docker", "podman") if shutil.which(name)), "")


def best(memory: int = MEMORY, image: str = IMAGE, shared: tuple[tuple[str, str], ...] = ()) -> Jail | None:
    """The strongest layer that works here; None if only the unsafe one does."""
    for layer, engine in (("bubblewrap", ""), ("container", engine_here())):
        if not works(layer, engine, image):
            return Jail(layer, memory, image, engine, shared)
    return None


# ---------------------------------------------------------------- what a process may import


_FOR_STUDENTS = ("chance", "graphs", "student", "wire")
_FOR_JUDGES = ("chance", "graphs", "judge", "sources", "wire")


def trees(folder: Path, labs: Iterable[Lab]) -> tuple[Path, Path]:
    """Write what the student's process and the judge may import under `folder`.

    Of the lessons the student's process finds what the notebooks of `labs` import, and no check: neither a reference nor whatever
    else the checks alone need.
    """
    seen = {f"utils/lessons/{path}" for path in lesson_modules(labs)}
    hidden = {path for path in _python_files("utils") if path.startswith("utils/lessons/") and path not in seen}
    made = []
    for name, modules, without in (("student", _FOR_STUDENTS, hidden), ("judge", _FOR_JUDGES, set())):
        target = folder / name
        shutil.rmtree(target, ignore_errors=True)
        for path in _python_files("utils") + [f"tools/grading/{module}.py" for module in modules]:
            if path not in without:
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / path, target / path)
        for other in _other_files("utils"):
            (target / other).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / other, target / other)
        (target / "tools" / "__init__.py").touch()
        (target / "tools" / "grading" / "__init__.py").write_text("")
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(target)], check=True, stdout=subprocess.DEVNULL)
        cache = target / "matplotlib"
        cache.mkdir()
        made.append(target)
    code = "import matplotlib.font_manager as f, matplotlib; print(matplotlib.get_cachedir())"  # finds the fonts, once for all
    found = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    for cached in Path(found.stdout.strip() or os.devnull).glob("fontlist*.json"):
        for target in made:
            shutil.copyfile(cached, target / "matplotlib" / cached.name)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return made[0], made[1]


def _python_files(room: str) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / room).rglob("*.py"))]


def _other_files(room: str) -> list[str]:
    """Data that the modules read, such as tables."""
    paths = (path for path in sorted((ROOT / room).rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return [path.relative_to(ROOT).as_posix() for path in paths if path.suffix != ".py"]


def lesson_modules(labs: Iterable[Lab]) -> set[str]:
    """The files under utils/lessons that the labs' notebooks import, directly or not, and that are no checks.

    Those too with a helper of the checks that watches a student's function where it runs.
    """
    base, labs = ROOT / "utils" / "lessons", list(labs)
    helpers = [
        path for lab in labs for path in sorted((base / lab.name).glob("*.py")) if ".run_there(" in path.read_text("utf-8")
    ]
    waiting = [f"utils.lessons.{path.parent.name}.{path.stem}" for path in helpers]
    waiting += [
        name
        for lab in labs
        for cell in lab.notebook["cells"]
        if cell["cell_type"] == "code"
        for name in _imported(without_magic(text(cell)), ())
    ]
    found: set[str] = {"__init__.py"}
    while waiting:
        parts = tuple(waiting.pop().split("."))
        if parts[:2] != ("utils", "lessons") or "checks" in parts:
            continue
        for stem in (base.joinpath(*parts[2:]), base.joinpath(*parts[2:-1])):  # a module, or a name in one
            for path in (stem.with_suffix(".py"), stem / "__init__.py"):
                name = path.relative_to(base).as_posix() if path.is_relative_to(base) else ""
                if path.is_file() and name not in found:
                    found.add(name)
                    here = ("utils", "lessons", *Path(name).parent.parts)
                    waiting += _imported(path.read_text(encoding="utf-8"), here)
    return found


def _imported(source: str, package: tuple[str, ...]) -> list[str]:
    """The full names of what a source imports; `package` is where its relative imports start."""
    found, tree = [], parsed(source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*start, *([node.module] if node.module else [])])
            found += [f"{base}.{alias.name}" for alias in node.names]
    return found


# ---------------------------------------------------------------- the filter of system calls

_MACHINES = {  # audit's name of the machine, and the numbers of the calls below on it
    "x86_64": (0xC000003E, {
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "mount": 165, "umount2": 166, "pivot_root": 155,
        "chroot": 161, "unshare": 272, "setns": 308, "add_key": 248, "request_key": 249, "keyctl": 250, "bpf": 321,
        "perf_event_open": 298, "userfaultfd": 323, "kexec_load": 246, "init_module": 175, "finit_module": 313,
        "open_by_handle_at": 304, "name_to_handle_at": 303, "reboot": 169, "swapon": 167, "io_uring_setup": 425,
        "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431,
        "fsmount": 432, "mount_setattr": 442, "pidfd_getfd": 438, "quotactl": 179, "acct": 163, "settimeofday": 164,
        "personality": 135, "lookup_dcookie": 212, "clone3": 435, "clone": 56, "socket": 41,
    }),
    "aarch64": (0xC00000B7, {
        "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "mount": 40, "umount2": 39, "pivot_root": 41,
        "chroot": 51, "unshare": 97, "setns": 268, "add_key": 217, "request_key": 218, "keyctl": 219, "bpf": 280,
        "perf_event_open": 241, "userfaultfd": 282, "kexec_load": 104, "init_module": 105, "finit_module": 273,
        "open_by_handle_at": 265, "name_to_handle_at": 264, "reboot": 142, "swapon": 224, "io_uring_setup": 425,
        "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431,
        "fsmount": 432, "mount_setattr": 442, "pidfd_getfd": 438, "quotactl": 60, "acct": 89, "settimeofday": 170,
        "personality": 92, "lookup_dcookie": 18, "clone3": 435, "clone": 220, "socket": 198,
    }),
}  # fmt: skip
_NEW_USER = 0x10000000  # CLONE_NEWUSER
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6; others, such as AF_VSOCK, do not stop at a network namespace
_LOAD, _EQUAL, _SET, _ABOVE, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06  # instructions of classic BPF
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000


def system_call_filter(machine: str) -> bytes:
    """A seccomp filter that refuses what lets a process out of its namespaces or into another process."""
    audit, numbers = _MACHINES[machine]
    rules = [number for name, number in numbers.items() if name not in ("clone", "clone3", "socket")]
    program = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, audit), (_RETURN, 0, 0, _REFUSE | 1), (_LOAD, 0, 0, 0)]
    program += [(_ABOVE, 0, 1, 0x40000000), (_RETURN, 0, 0, _REFUSE | 38)]  # the x32 calls of x86
    for number in rules:
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE | 1)]
    program += [(_EQUAL, 0, 1, numbers["clone3"]), (_RETURN, 0, 0, _REFUSE | 38)]  # libraries fall back to clone
    program += [(_EQUAL, 0, 4, numbers["clone"]), (_LOAD, 0, 0, 16), (_SET, 0, 1, _NEW_USER), (_RETURN, 0, 0, _REFUSE | 1)]
    program += [(_RETURN, 0, 0, _ALLOW)]
    program += [(_EQUAL, 0, len(_FAMILIES) + 2, numbers["socket"]), (_LOAD, 0, 0, 16)]
    program += [(_EQUAL, len(_FAMILIES) - i, 0, family) for i, family in enumerate(_FAMILIES)]
    program += [(_RETURN, 0, 0, _REFUSE | 97), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)


def _filter_descriptor() -> int:
    """The reading end of a pipe that holds the filter; it is short enough to fit into one."""
    reader, writer = os.pipe()
    os.write(writer, system_call_filter(platform.machine()))
    os.close(writer)
    return reader
