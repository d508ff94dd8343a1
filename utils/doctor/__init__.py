"""Says in at most 25 lines whether the course will run here, and what to do where it will not.

`python -m utils.doctor` in a terminal, `doctor.show()` in a notebook. The report holds no names, paths or keys, so it
can be pasted into a forum as it is.
"""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from utils import data
from utils.data import fetch, sources
from utils.data.settings import require_writable

PROJECT = Path(__file__).resolve().parents[2]
INSTALL = "python -m pip install -r requirements.txt"
SHOWN = ("tensorflow", "keras", "numpy", "scikit-learn", "matplotlib", "pillow")  # versions worth a line
MEMORY_GB, DISK_GB = 2.0, 1.0  # a kernel with Keras takes 0.6 GB, cached activations in Lab 05 the rest
DEVICES = "import tensorflow as tf; print(*(d.device_type for d in tf.config.list_physical_devices()))"


@dataclass(frozen=True)
class Finding:
    """One line of the report: what is, and for a problem also what to do."""

    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"PROBLEM  {self.text}\n     do: {self.remedy}" if self.remedy else f"ok       {self.text}"


def check_python(version: tuple = sys.version_info[:3]) -> Finding:
    """The running Python, and whether it is one for which the packages exist."""
    inside = "a virtual environment" if sys.prefix != sys.base_prefix else "no virtual environment"
    text = f"Python {'.'.join(map(str, version))} on {platform.system()} {platform.machine()}, {inside}"
    good = (3, 10) <= tuple(version[:2]) <= (3, 13)
    return Finding(text, "" if good else "install Python 3.10, 3.11, 3.12 or 3.13 and set the course up again with it")


def requirements() -> list[str]:
    """What the course requires, from requirements.txt or from its installed package."""
    try:
        lines = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    except OSError:
        try:
            lines = importlib.metadata.requires("convnet-course") or []
        except importlib.metadata.PackageNotFoundError:
            lines = []
    return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


def unfit(wanted: list[str] | None = None, version=importlib.metadata.version) -> list[tuple[str, str]]:
    """(requirement, what is wrong with it) for each package that is missing or out of range. Loads none of them."""
    from packaging.requirements import Requirement

    found = []
    for requirement in map(Requirement, requirements() if wanted is None else wanted):
        if requirement.marker and not requirement.marker.evaluate():
            continue
        plain = f"{requirement.name}{requirement.specifier}"
        try:
            installed = version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            found.append((plain, f"{requirement.name} is missing"))
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            found.append((plain, f"{requirement.name} {installed} is not {requirement.specifier}"))
    return found


def verify(wanted: list[str] | None = None, version=importlib.metadata.version) -> None:
    """One line with its remedy when installed versions do not fit the course, nothing when they do. Installs nothing."""
    problems = unfit(wanted, version)
    if problems:
        named = " ".join(f'"{requirement}"' for requirement, _ in problems)
        wrong = "; ".join(what for _, what in problems)
        print(f"These packages do not fit the course: {wrong}. Run `%pip install {named}` and restart the kernel.")


def check_packages(wanted: list[str] | None = None, version=importlib.metadata.version) -> list[Finding]:
    """One line with the versions that matter, and one problem for all packages that are missing or out of range."""
    from packaging.requirements import Requirement

    problems = unfit(wanted, version)
    fitting = [name for name in SHOWN if not any(Requirement(plain).name == name for plain, _ in problems)]
    names = {Requirement(line).name for line in (requirements() if wanted is None else wanted)}
    shown = [f"{name} {version(name)}" for name in fitting if name in names]
    findings = [Finding(", ".join(shown))] if shown else []
    return findings + ([Finding("; ".join(what for _, what in problems), INSTALL)] if problems else [])


def check_backend(name: str | None = None) -> Finding:
    """Keras can run on other libraries; the course needs TensorFlow."""
    name = name or os.environ.get("KERAS_BACKEND") or "tensorflow"
    text = f"Keras backend: {name}"
    return Finding(text, "" if name == "tensorflow" else "set KERAS_BACKEND=tensorflow and start Python again")


def list_devices(seconds: float = 90.0) -> list[str]:
    """The kinds of device that TensorFlow sees, such as ["CPU", "GPU"]. Raises RuntimeError when it does not start.

    Asked in a process of its own when TensorFlow is not loaded yet: a broken installation can end the process.
    """
    if "tensorflow" in sys.modules:
        return [device.device_type for device in sys.modules["tensorflow"].config.list_physical_devices()]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run([sys.executable, "-c", DEVICES], capture_output=True, text=True, timeout=seconds, env=environment)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"no answer within {seconds:.0f} s") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise RuntimeError(lines[-1][:120] if lines else f"it ended with code {done.returncode}")
    return done.stdout.split()


def check_devices(devices=list_devices, cores: int | None = None) -> Finding:
    """Processor cores and GPUs. A GPU is welcome and never needed."""
    try:
        kinds = devices()
    except RuntimeError as error:
        return Finding(f"TensorFlow does not start ({error})", f"{INSTALL} --force-reinstall, in a new environment")
    gpus = kinds.count("GPU")
    gpu = f"{gpus} GPU" if gpus else "no GPU (none is needed)"
    return Finding(f"{cores or os.cpu_count()} processor cores, {gpu}")


def check_memory(free_gb: float | None = None, total_gb: float | None = None) -> Finding:
    """Main memory that is free now."""
    if free_gb is None or total_gb is None:
        import psutil

        memory = psutil.virtual_memory()
        free_gb, total_gb = memory.available / 1e9, memory.total / 1e9
    text = f"memory: {free_gb:.1f} of {total_gb:.1f} GB free"
    remedy = "shut down other notebooks (Kernel > Shut Down) and close large programs"
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


def check_course_data(settings: data.Settings) -> Finding:
    """Whether COURSE_DATA names something that is there."""
    if not settings.course_data:
        return Finding("COURSE_DATA: not set")
    if settings.mirror:
        answers = settings.offline or fetch.online(settings.mirror, settings)
        remedy = "" if answers else "ask for the mirror's address, or unset COURSE_DATA"
        return Finding(f"COURSE_DATA: a mirror{'' if answers else ' that does not answer'}", remedy)
    if settings.folder.is_dir():
        return Finding("COURSE_DATA: a folder")
    return Finding("COURSE_DATA names a folder that does not exist", "correct COURSE_DATA, or unset it")


def check_data(settings: data.Settings) -> list[Finding]:
    """Which data and weights are here. Only missing Xception weights are a problem: the rest has a stand-in."""
    here, missing = [], []
    for item in sources.ITEMS.values():
        (here if fetch.whereabouts(item, settings) else missing).append(item)
    findings = [Finding(f"here: {', '.join(item.key for item in here)}")] if here else []
    replaced = [f"{item.key} ({item.stand_in})" for item in missing if item in (sources.MNIST, sources.FLOWERS)]
    if replaced:
        findings.append(Finding(f"not here, so fetched or replaced: {', '.join(replaced)}"))
    if sources.XCEPTION in missing:
        findings.append(Finding("the Xception weights are missing (Labs on transfer)", "python -m utils.data fetch"))
    if sources.RESNET50 in missing:
        findings.append(Finding("not here, for one example only: resnet50 (python -m utils.data fetch resnet50)"))
    return findings


def check_network(settings: data.Settings) -> Finding:
    """Whether the official addresses answer. No network is no problem once the data is here."""
    if settings.offline:
        return Finding("network: not asked, COURSE_OFFLINE is set")
    if fetch.online(sources.MNIST.address, settings):
        return Finding("network: the official addresses answer")
    if fetch.whereabouts(sources.XCEPTION, settings):
        return Finding("network: no answer (not needed: what has no stand-in is here)")
    return Finding("network: the official addresses do not answer", "connect once, then: python -m utils.data fetch")


def examine(settings: data.Settings | None = None) -> list[Finding]:
    """All findings, in the order of the report."""
    settings = settings or data.Settings.from_environment()
    return [
        check_python(),
        *check_packages(),
        check_backend(),
        check_devices(),
        check_memory(),
        check_disk(settings),
        check_course_data(settings),
        *check_data(settings),
        check_network(settings),
    ]


def report(findings: list[Finding]) -> str:
    """The findings as text of at most 25 lines, with the verdict last."""
    problems = sum(bool(finding.remedy) for finding in findings)
    verdict = f"{problems} problem{'s' if problems > 1 else ''}, see above" if problems else "everything is in order"
    return "\n".join(["Course doctor", *map(str, findings), f"Verdict: {verdict}."])


def show() -> None:
    """Print the report, for a notebook cell."""
    print(report(examine()))


def main() -> int:
    """Print the report; 1 when there is a problem."""
    findings = examine()
    print(report(findings))
    return int(any(finding.remedy for finding in findings))
