"""What is seen while several notebooks run: a live table in a terminal, one line a finished notebook in a file or a log."""

import threading
import time
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table


class Board:
    """Each notebook's state, told from any thread: `begin`, `advance`, `end`."""

    def __init__(self, names: list[str], console: Console | None = None):
        self.console = console or Console()
        self._rows = {name: ["waiting", 0, 0, 0.0] for name in names}  # state, cells done, cells in all, seconds or start
        self._lock = threading.Lock()

    @contextmanager
    def shown(self):
        """Keep the table on the terminal inside this context; where there is no terminal, `end` prints lines instead."""
        if not self.console.is_terminal:
            yield
            return
        with Live(get_renderable=self.table, console=self.console, refresh_per_second=2):
            yield

    def begin(self, name: str, cells: int) -> None:
        with self._lock:
            self._rows[name] = ["running", 0, cells, time.perf_counter()]

    def advance(self, name: str, done: int) -> None:
        with self._lock:
            self._rows[name][1] = done

    def end(self, name: str, status: str, seconds: float) -> None:
        with self._lock:
            self._rows[name][0], self._rows[name][3] = status, seconds
            finished = sum(row[0] not in ("waiting", "running") for row in self._rows.values())
        if not self.console.is_terminal:
            print(f"[{finished}/{len(self._rows)}] {name}: {status}, {seconds:.0f} s", flush=True)

    def table(self) -> Table:
        """The table as it stands now."""
        table = Table(box=None, pad_edge=False)
        for heading in ("notebook", "state", "cells", "seconds"):
            table.add_column(heading, justify="right" if heading in ("cells", "seconds") else "left", no_wrap=True)
        with self._lock:
            for name, (state, done, cells, seconds) in self._rows.items():
                passed = time.perf_counter() - seconds if state == "running" else seconds
                table.add_row(name, state, f"{done}/{cells}" if cells else "", f"{passed:.0f}" if state != "waiting" else "")
        return table
