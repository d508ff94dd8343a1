"""Which layer of protection `make grade` has on this machine, and what to do for a better one."""

import platform
import shutil
import subprocess
import sys

from .finding import Finding

_GUIDE = "docs/grading.md"
IMAGE = "convnet-course-grading"
PROGRAMS = {"bwrap": "bubblewrap", "prlimit": "util-linux", "setpriv": "util-linux"}  # what layer 1 starts, and who brings it


def check_grading() -> list[Finding]:
    """The layers, the strongest first. Only when none works is there a problem: unprotected grading promises nothing."""
    bubblewrap = _bubblewrap()
    if not bubblewrap:
        return [Finding("grading: layer 1, bubblewrap: students' code is locked in by the kernel")]
    remedy, (container, other_remedy) = _for_bubblewrap(), _container()
    if not container:
        found = [Finding("grading: layer 2, a container for each student's process")]
        return found + ([Finding(f"layer 1 would be faster, but {bubblewrap}: {remedy}")] if remedy else [])
    remedies = ", or ".join(filter(None, (remedy, other_remedy)))
    return [Finding(f"grading: only --unsafe, since {bubblewrap}, and {container}", f"{remedies}; see {_GUIDE}")]


def _bubblewrap() -> str:
    """Why bubblewrap cannot be used; "" if it can."""
    if sys.platform != "linux":
        return f"{platform.system()} has no bubblewrap"
    if program := missing_program():
        return f"{program} is not installed"
    command = ["bwrap", "--ro-bind", "/", "/", "--unshare-pid", "--unshare-net", "--proc", "/proc", "true"]
    return "" if _runs(command) else "bubblewrap may not make namespaces here"


def missing_program() -> str:
    """The first program of layer 1 that is not here; "" if all are."""
    return next((program for program in PROGRAMS if shutil.which(program) is None), "")


def _container() -> tuple[str, str]:
    """Why no container can be used, "" if one can; and what to do about it."""
    engine = next((name for name in ("docker", "podman") if shutil.which(name)), None)
    if engine is None:
        return "neither docker nor podman is installed", "install Docker or podman"
    if not _runs([engine, "info"]):
        return f"{engine} is installed, but does not run", f"start {engine}"
    if not _runs([engine, "image", "inspect", IMAGE]):
        return f"{engine} lacks the image for grading", f"run `{engine} build -t {IMAGE} -f tools/grading/Containerfile .`"
    return "", ""


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _for_bubblewrap() -> str:
    """What makes layer 1 work; "" where nothing does."""
    if sys.platform == "win32":
        return "use WSL2 and install bubblewrap in it"
    if sys.platform != "linux":
        return ""
    if program := missing_program():
        return f"install {PROGRAMS[program]} (`apt install {PROGRAMS[program]}`, `dnf install {PROGRAMS[program]}`)"
    return "allow user namespaces (`sysctl kernel.unprivileged_userns_clone=1`; on Ubuntu an AppArmor profile for bwrap)"
