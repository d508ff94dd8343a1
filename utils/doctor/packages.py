"""Which Python and which packages are here, and whether they fit the course."""

import importlib.metadata
import platform
import sys
from pathlib import Path

from .finding import Finding

PROJECT = Path(__file__).resolve().parents[2]
INSTALL = "python -m pip install -r requirements.txt"
SHOWN = ("tensorflow", "keras", "numpy", "scikit-learn", "matplotlib", "pillow")  # versions worth a line


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
