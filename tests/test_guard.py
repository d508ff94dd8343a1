"""Guard: the notebook tests are not empty: nbval compares only tagged cells with an execution count that it collects."""

import re
import subprocess
import sys

import pytest

from tools.lesson import ROOT, lessons, read_notebook
from utils.doctor import machine

NOTEBOOKS = [lesson.path.with_suffix(".ipynb") for lesson in lessons()]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_something_is_compared(path):
    compared = [
        cell
        for cell in read_notebook(path).cells
        if "nbval-check-output" in cell.metadata.get("tags", ()) and cell.execution_count is not None and cell.outputs
    ]
    assert compared, "tag at least one cell whose output is the same everywhere with nbval-check-output"


def test_every_notebook_is_collected_with_all_its_code_cells():
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "solutions", "notebooks"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8").stdout
    for path in NOTEBOOKS:
        name = path.relative_to(ROOT).as_posix()
        cells = sum(cell.cell_type == "code" for cell in read_notebook(path).cells)
        assert len(re.findall(rf"^{re.escape(name)}::", listing, flags=re.M)) == cells > 0, name
    assert NOTEBOOKS


@pytest.mark.parametrize(("free_gb", "processes"), [(23.0, 3), (10.0, 2), (8.0, 1), (2.0, 1)])
def test_as_many_processes_as_find_memory(request, monkeypatch, free_gb, processes):
    monkeypatch.setattr(machine, "cores", lambda: 2)
    monkeypatch.setattr(machine, "memory", lambda: (free_gb, 24.0))
    assert request.config.hook.pytest_xdist_auto_num_workers(config=request.config) == processes
