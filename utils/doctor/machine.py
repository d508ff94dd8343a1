"""What the machine has left: processor cores, memory and disk. In a container, what the container may use."""

import shutil
from pathlib import Path

from .. import data
from ..data.settings import require_writable
from .finding import Finding

MEMORY_GB, DISK_GB = 2.0, 1.0  # a kernel with Keras takes 0.6 GB, cached activations in Lab 05 the rest
# Limit, use, and what of the use the system gives back when asked, of a control group of version 2 and of version 1.
CGROUPS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
)


def cores() -> int:
    """The processor cores that this process may use: the affinity's and the container's, not the host's."""
    import joblib

    return joblib.cpu_count()


def memory() -> tuple[float, float]:
    """(free, total) main memory in GB for this process: the host's, or less in a container that is given less."""
    import psutil

    host = psutil.virtual_memory()
    free, total = host.available, host.total
    for free_here, limit in _limits(Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")):
        free, total = min(free, free_here), min(total, limit)
    return free / 1e9, total / 1e9


def _limits(root: Path, membership: Path):
    """(free, limit) in bytes of each control group that this process is in and that has a limit; none where there are none."""
    try:
        own = [line.split(":", 2)[2].strip("/") for line in membership.read_text(encoding="utf-8").splitlines()]
    except OSError:
        own = []
    folders = {root / Path(*parts[:depth]) for name in own for parts in [Path(name).parts] for depth in range(len(parts) + 1)}
    for folder in sorted(folders | {root}):
        for limit_file, use_file, given_back in CGROUPS:
            try:
                limit, used = int((folder / limit_file).read_text()), int((folder / use_file).read_text())
                rows = (folder / limit_file).with_name("memory.stat").read_text().splitlines()
            except (OSError, ValueError):  # not there, or "max": no limit
                continue
            cached = sum(int(row.split()[1]) for row in rows if row.startswith(f"{given_back} "))
            yield max(0, limit - used + cached), limit


def check_memory(free_gb: float | None = None, total_gb: float | None = None) -> Finding:
    """Main memory that is free now."""
    if free_gb is None or total_gb is None:
        free_gb, total_gb = memory()
    text = f"memory: {free_gb:.1f} of {total_gb:.1f} GB free"
    remedy = "shut down other notebooks (Kernel > Shut Down) and close large programs"
    if total_gb < MEMORY_GB:
        remedy = f"give the container or the machine more: the course needs {MEMORY_GB:.0f} GB"
    return Finding(text, remedy if free_gb < MEMORY_GB else "")


def check_disk(settings: data.Settings, free_gb: float | None = None) -> Finding:
    """Space in the cache, and whether it can be written."""
    try:
        require_writable(settings.cache)
        free_gb = shutil.disk_usage(settings.cache).free / 1e9 if free_gb is None else free_gb
    except OSError as error:
        reason = error.strerror or error
        return Finding(f"the cache cannot be written ({reason})", "set COURSE_CACHE to a folder that you may write to")
    text = f"disk: {free_gb:.1f} GB free for the cache"
    remedy = "free some space, or set COURSE_CACHE to a folder on another disk"
    return Finding(text, remedy if free_gb < DISK_GB else "")
