"""Prove the lower end of requirements.txt: install the oldest versions it admits into their own environment, run levels 0 and 1.

python -m tools.run.oldest [--folder build/oldest]
"""

import argparse
import re
import subprocess
import sys
import venv
from pathlib import Path

from tools.lesson import ROOT

# Levels 2 and 3, and what is no matter of the versions that a student has.
SLOW = (
    "test_labs",
    "test_nbgrader",
    "test_setup_cell",
    "test_guard",
    "test_bench",
    "test_site",
    "test_publish",
    "test_lab_session",
)


def pins(text: str) -> list[str]:
    """`name>=1.2,<3` becomes `name==1.2.*`: the oldest minor version, with its own bug fixes."""
    found = re.findall(r"^([A-Za-z0-9_.-]+)>=(\d+\.\d+)", text, flags=re.M)
    return [f"{name}=={version}.*" for name, version in found]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "oldest", help="where the environment is made")
    folder = parser.parse_args().folder
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    oldest = pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    print("\n".join(oldest))
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "-r", str(ROOT / "requirements-dev.txt"), *oldest], check=True, cwd=ROOT)
    return subprocess.run(
        [str(python), "-m", "pytest", "-q", "tests", *(f"--ignore=tests/{name}.py" for name in SLOW)], cwd=ROOT
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
