"""JupyterLab as a student should meet it: `python -m tools.lab`, without what is the instructor's and without news.

`config` beside this file is one more folder of Jupyter's settings, read for this session only: it leaves out nbgrader's menu,
panels and server extensions, and the question whether one wants to hear of Jupyter's news. An instructor starts plain
`jupyter lab`.
"""

import os
import sys
from pathlib import Path

from tools.lesson import ROOT

CONFIG = Path(__file__).resolve().parent / "config"


def environment() -> dict[str, str]:
    """This process' environment, with our settings before those of the installation."""
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    return {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join([str(CONFIG), *([others] if others else [])])}


def main() -> int:
    """Replaces nothing: JupyterLab runs in this process with the arguments given, in `labs/` unless they name another place."""
    os.environ.update(environment())
    from jupyterlab.labapp import main as jupyterlab

    arguments = sys.argv[1:]
    named = any(Path(each).exists() for each in arguments if not each.startswith("-"))  # 9001 in `--port 9001` is no place
    return jupyterlab([*([] if named else [str(ROOT / "labs")]), *arguments]) or 0
