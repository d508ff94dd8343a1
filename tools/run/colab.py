"""Prove that a stock Colab runs the course: every notebook alone, in a kernel of Colab's own versions.

    python -m tools.run.colab [labs/01 …] [--python python3.13] [--folder build/colab]
    python -m tools.run.colab --renew     read Colab's published list of versions again

The versions stand in tools/run/colab.txt, with their date. A notebook is copied into an empty folder, where its first cell clones
the course, as in Colab; the clone comes from this checkout (its last commit) in place of the published address.
"""

import argparse
import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tools import course
from tools.lesson import ROOT, lessons

VERSIONS = Path(__file__).with_suffix(".txt")
PUBLISHED = "https://raw.githubusercontent.com/googlecolab/backend-info/main/pip-freeze.txt"
KERNEL = ("ipykernel", "ipython", "nbclient")  # what opens a notebook there, besides the course's own requirements


def pins(text: str) -> dict[str, str]:
    """name → version of each line `name==version`; names in lower case, with "-" for "_" and "."."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", text, flags=re.M)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def renewed(old: str, published: str, date: datetime.date) -> str:
    """The file's text with the published versions of the same packages. Raises ValueError when the list is no such list.

    A package that Colab dropped keeps its line, marked: nothing is lost without a word.
    """
    now = pins(published)
    missing = {"tensorflow", "numpy", "ipykernel"} - set(now)
    if missing:
        raise ValueError(f"This is not Colab's list of packages: it lacks {', '.join(sorted(missing))}.")
    lines = []
    for line in old.splitlines():
        name = next(iter(pins(line)), None)
        if name is None:
            lines.append(re.sub(r"as published in \S+:", f"as published in {date:%Y-%m}:", line))
        elif name in now:
            lines.append(f"{line.partition('==')[0]}=={now[name]}")
        else:
            lines.append(f"# no longer in Colab: {line.removeprefix('# no longer in Colab: ')}")
    return "\n".join(lines) + "\n"


def renew(address: str = PUBLISHED) -> None:
    """Write VERSIONS anew from the list at `address`. Raises SystemExit with the remedy when it cannot be had."""
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            published = answer.read().decode("utf-8")
        text = renewed(VERSIONS.read_text(encoding="utf-8"), published, datetime.date.today())
    except (OSError, ValueError) as error:
        raise SystemExit(f"Colab's list could not be read from {address}: {error} The old versions stay.") from None
    VERSIONS.write_text(text, encoding="utf-8")


def kernel(folder: Path, python: str) -> Path:
    """An environment in `folder` with exactly Colab's versions; its Python. Made once."""
    program = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not program.exists():
        try:
            subprocess.run([python, "-m", "venv", str(folder)], check=True)
        except FileNotFoundError:
            raise SystemExit(f"{python} is not here: install it, or name another Python 3.13 with --python.") from None
    install = [program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", VERSIONS]
    subprocess.run([*install, "-r", ROOT / "requirements.txt", *KERNEL], check=True)
    return program


def repository(folder: Path) -> str:
    """The address of a repository on this machine that holds the last commit under the version's tag."""
    subprocess.run(["git", "clone", "--quiet", "--no-tags", str(ROOT), str(folder)], check=True)
    subprocess.run(["git", "tag", course.tag()], cwd=folder, check=True)
    return folder.as_uri()


def open_alone(program: Path, notebook: Path, address: str, timeout: int = 3600) -> tuple[bool, float, str]:
    """Execute a copy of `notebook` in an empty folder: (whether it ran to its end, seconds, the last line of what failed)."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(notebook, place)
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "COURSE_STRICT", "COURSE_RANGES")}
        start = [program, "-c", "from nbclient.cli import main; main()", "--inplace", "--kernel_name=python3"]
        started = time.perf_counter()
        done = subprocess.run(
            [*start, f"--timeout={timeout}", notebook.name],
            cwd=place,
            env=environment | {"COURSE_REPOSITORY": address},
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        cloned = (Path(place) / "convnet-course" / "utils").is_dir()
    last = (done.stderr.strip().splitlines() or [""])[-1]
    if done.returncode == 0 and not cloned:
        return False, time.perf_counter() - started, "it found the course without cloning it"
    return done.returncode == 0, time.perf_counter() - started, "" if done.returncode == 0 else last


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="notebooks by the beginning of their path, labs/01; all when none is named")
    parser.add_argument("--python", default="python3.13", help="Colab's Python")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "colab", help="where the environment is made")
    parser.add_argument("--renew", action="store_true", help="read Colab's published versions again, run nothing")
    options = parser.parse_args()
    if options.renew:
        renew()
        print(VERSIONS.relative_to(ROOT))
        return 0
    paths = [lesson.student_path for lesson in lessons()]
    chosen = [path for path in paths if not options.names or any(path.startswith(name) for name in options.names)]
    if not chosen:
        parser.error(f"no notebook begins with {', '.join(options.names)}; there are {', '.join(paths)}")
    program = kernel(options.folder, options.python)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        address = repository(Path(folder) / "course")
        for path in chosen:
            ran, seconds, said = open_alone(program, ROOT / path, address)
            print(f"{path:50} {'runs' if ran else 'FAILS'} {seconds:7.0f} s  {said}", flush=True)
            failed += not ran
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
