"""How fast the course is on this machine, and how many times as fast as the usual way: one table, and build/bench.json.

    python -m tools.bench                 everything, notebooks included: three quarters of an hour on two cores, with real photos
    python -m tools.bench lab01 garden    only these measurements

Speed is a matter of the machine, so it is measured here and never tested. A rival is measured in the same run, by its own
recipe; what counts is the ratio. A partial run adds to bench.json: each measurement there has its own date and machine.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tools.lesson import ROOT, lessons
from utils.data import Missing

LIBRARIES = ("tensorflow", "keras", "numpy")
# each has tools/bench/NAME.py with measure() -> {what: value}
LABS = ("lab01", "lab02", "lab04", "lab05", "lab08", "vision", "grading")


def imports() -> dict[str, float]:
    """Milliseconds of `import utils`, inside a new process; the median of 9."""
    code = "import time; t = time.perf_counter(); import utils; print(1000 * (time.perf_counter() - t))"
    runs = [subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True) for _ in range(9)]
    return {"import utils, ms": sorted(float(run.stdout) for run in runs)[4]}


def garden() -> dict[str, float]:
    """Scenes a second at 128 pixels, on all cores."""
    from utils import garden

    cores = os.cpu_count() or 1
    garden.flowers(20, size=128, seed=0)
    started = time.perf_counter()
    garden.flowers(1200, size=128, seed=1, workers=cores)
    return {"garden scenes a second, 128 px": 1200 / (time.perf_counter() - started)}


def ledger() -> dict[str, float]:
    """Seconds of ledger(VGG16), building the model not counted."""
    import keras

    from utils.ledger import ledger

    model = keras.applications.VGG16(weights=None)
    started = time.perf_counter()
    str(ledger(model))
    return {"ledger(VGG16), s": time.perf_counter() - started}


def lab(name: str) -> dict[str, float]:
    """What the lab's own bench measures."""
    return importlib.import_module(f"tools.bench.{name}").measure()


def notebooks() -> dict[str, float]:
    """Seconds and peak memory of every lecture and solution, executed as `make run` does."""
    from tools.run import run_all

    folder = ROOT / "build" / "bench-html"
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for row in run_all(lessons(), folder, workers=1):
        found[f"{row.name}, s"] = row.run.seconds
        found[f"{row.name}, peak GB"] = row.run.peak_bytes / 2**30
        if row.status != "passed":
            found[f"{row.name}, {row.status}"] = float("nan")
    return found


def measurements() -> dict[str, tuple[Callable, tuple]]:
    """name → (function, its arguments), in the order of the table."""
    single = {"imports": (imports, ()), "garden": (garden, ()), "ledger": (ledger, ())}
    return single | {name: (lab, (name,)) for name in LABS} | {"notebooks": (notebooks, ())}


def header() -> dict[str, str]:
    """The machine and the versions, for the head of the table."""
    import psutil

    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    memory = psutil.virtual_memory().total / 2**30
    return {
        "machine": f"{os.cpu_count()} cores of {processor()}, {memory:.0f} GB, {platform.system()}",
        "versions": f"Python {platform.python_version()}, {versions}",
        "date": time.strftime("%Y-%m-%d"),
    }


def processor() -> str:
    """The processor's name where the system tells it, else its architecture."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), flags=re.M)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = measurements()
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(known))
    asked = parser.parse_args().names
    unknown = set(asked) - set(known)
    if unknown:
        parser.error(f"no measurement is named {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    head, found, left_out, failed = header(), {}, {}, False
    for text in head.values():
        print(text)
    for name in asked or known:
        function, arguments = known[name]
        # A new process each, so that no measurement inherits the caches and the memory of another.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            try:
                figures = pool.submit(function, *arguments).result()
            except Missing as error:  # its data is not here: no fault of the machine or the course
                print(f"{name}: left out. {error}")
                left_out[name] = str(error)
                continue
            except Exception as error:  # one that breaks does not stop the others
                print(f"{name}: {type(error).__name__}: {error}")
                failed = True
                continue
        for what, value in figures.items():
            print(f"  {what:62} {value:10,.2f}")
        found[name] = {**head, "figures": figures}
    target = ROOT / "build" / "bench.json"
    store(target, found | {name: {**head, "left out": reason} for name, reason in left_out.items()})
    print(f"Also in {target.relative_to(ROOT)}")
    return 1 if failed else 0


def store(target: Path, measured: dict[str, dict]) -> None:
    """Put each measurement into the file, in the place of its last one; what was not measured this time stays.

    What was left out for want of data does not displace a figure that was had. A file that cannot be read is begun anew.
    """
    try:
        kept = json.loads(target.read_text(encoding="utf-8"))["measurements"]
    except (OSError, ValueError, KeyError, TypeError):
        kept = {}
    for name, each in measured.items():
        if "figures" in each or "figures" not in kept.get(name, {}):
            kept[name] = each
    target.parent.mkdir(exist_ok=True)
    part = target.with_suffix(".part")
    part.write_text(json.dumps({"measurements": kept}, indent=2), encoding="utf-8")
    part.replace(target)
