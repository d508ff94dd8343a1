"""Execute a notebook in its own kernel, watched: seconds, peak memory, progress, the first error."""

import os
import re
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

from tools.lesson import ROOT
from utils.doctor import machine
from utils.notebook.panel import MIME

# TensorFlow's C++ log lines go to the terminal, not into the stored outputs.
KERNEL_ARGUMENTS = ["--IPKernelApp.capture_fd_output=False"]
# How many threads TensorFlow and the linear algebra of NumPy take.
THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Execution:
    """A finished run. `error` is None, or the failed cell's position (from 1), its source and the error's text."""

    notebook: nbformat.NotebookNode
    seconds: float
    peak_bytes: int
    error: tuple[int, str, str] | None = None
    facts: list[dict] = field(default_factory=list)  # what utils.panel attached: checks, results, scores

    def of_kind(self, kind: str) -> list[dict]:
        return [fact for fact in self.facts if fact["kind"] == kind]


def share_of_cores(workers: int) -> dict[str, str]:
    """What a kernel's environment says so that `workers` of them share the cores; nothing for one."""
    share = str(max(1, machine.cores() // workers))
    return {name: share for name in THREADS} if workers > 1 else {}


def execute(
    notebook,
    folder: Path,
    *,
    environment: dict[str, str] | None = None,
    on_cell: Callable[[int, int], None] = lambda done, total: None,
    cell_timeout: int = 1800,
    kernel: AsyncKernelManager | None = None,
) -> Execution:
    """Run all cells of `notebook` (changed in place) with `folder` as working directory.

    `environment` is added to this process' own; a value of "" removes the name. `on_cell(done, total)` reports progress.
    Execution stops at the first error. A `kernel` that is given is started if need be, and left running; after an error
    it is started anew.
    """
    client = NotebookClient(
        notebook,
        timeout=cell_timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=KERNEL_ARGUMENTS,
        record_timing=False,
        km=kernel,
    )
    # Nobody moves a slider here. nbclient would answer each widget on the very socket that it waits on for a cell's reply, and
    # zmq may then not wake it up, so that the run stands still until the cell's timeout (seen in Lab 03).
    client.comm_open_handlers = {"jupyter.widget": lambda message: None}
    client.on_cell_executed = lambda cell, cell_index, execute_reply: on_cell(cell_index + 1, len(notebook.cells))
    # The root comes first, so that a notebook in a temporary folder finds the course it was built from.
    wanted = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
    memory = _Memory()
    started = time.perf_counter()
    error = None
    try:
        # What libraries write to the kernel's own stderr would garble the progress bar; what cells print there is kept.
        chosen = {name: value for name, value in wanted.items() if value != ""}
        with client.setup_kernel(env=chosen, stderr=subprocess.DEVNULL):
            memory.watch(client.km)
            for position, cell in enumerate(notebook.cells):
                client.execute_cell(cell, position)
    except CellExecutionError as failure:
        text = COLOURS.sub("", failure.traceback or "").strip().splitlines()
        error = (position + 1, cell.source, (text[-1] if text else f"{failure.ename}: {failure.evalue}"))
    except (CellTimeoutError, DeadKernelError) as failure:
        error = (position + 1, cell.source, f"{type(failure).__name__}: {str(failure).strip().splitlines()[0]}")
    finally:
        memory.stop()
        if kernel is not None and client.kc is not None:
            client.kc.stop_channels()
        if kernel is not None and error is not None:
            run_sync(kernel.restart_kernel)(now=True)
    CoalesceStreamsPreprocessor().preprocess(notebook, {})
    return Execution(notebook, time.perf_counter() - started, memory.peak, error, attached(notebook))


def attached(notebook) -> list[dict]:
    """What utils.panel attached to the outputs, in order: checks, results, scores."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]


class _Memory:
    """The largest resident size of a kernel and its children, looked at ten times a second."""

    def __init__(self):
        self.peak = 0
        self._finished = threading.Event()
        self._thread = None

    def watch(self, manager) -> None:
        process = psutil.Process(manager.provisioner.process.pid)
        self._thread = threading.Thread(target=self._look, args=(process,), daemon=True)
        self._thread.start()

    def _look(self, process) -> None:
        while not self._finished.wait(0.1):
            try:
                family = [process, *process.children(recursive=True)]
                self.peak = max(self.peak, sum(p.memory_info().rss for p in family))
            except psutil.Error:
                continue

    def stop(self) -> None:
        self._finished.set()
        if self._thread is not None:
            self._thread.join()
