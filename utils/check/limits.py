"""End a student's code that takes too long, however busy the machine is."""

import contextlib
import ctypes
import signal
import threading
import time
from pathlib import Path

SECONDS = 5.0  # a check, the student's function included, is stopped after this much work
_TICK = 0.05  # how often the watcher looks
_AGAIN = 0.25  # how often it insists, in case a bare `except:` caught the first TooLong
_TASKS = Path("/proc/self/task")


class TooLong(BaseException):
    """Raised inside a check that runs too long; no `except Exception` of the student's can swallow it."""


@contextlib.contextmanager
def time_limit(seconds: float):
    """Raise TooLong in this thread after `seconds` of work.

    What counts is the time in which this process computes or sleeps. The time in which it waits for a busy processor does
    not: on Linux exactly, elsewhere as far as can be told from the process' own clock.

    In the main thread of Unix, where cells of a notebook run, sleeping and waiting are interrupted too; in another thread, or on
    Windows, TooLong arrives when Python executes its next line. A single call into C that neither returns nor looks for
    signals, such as `sum(range(10**12))`, cannot be ended from within its own process: see `apart`.
    """
    main = threading.current_thread() is threading.main_thread() and hasattr(signal, "pthread_kill")
    watch = _Watch(seconds, interrupts=main)
    before = signal.signal(signal.SIGALRM, watch.on_signal) if main else None
    watch.start()
    try:
        yield
    finally:
        watch.armed = False
        watch.finished.set()
        watch.join()
        if main:
            signal.signal(signal.SIGALRM, before if before is not None else signal.SIG_DFL)
        elif watch.expired:
            _let_arrive(watch.victim)


class _Watch(threading.Thread):
    """A thread that adds up another thread's work and stops it at the limit."""

    def __init__(self, seconds: float, *, interrupts: bool):
        super().__init__(daemon=True, name="time limit of a check")
        self.seconds, self.interrupts = seconds, interrupts
        self.victim = ctypes.c_ulong(threading.get_ident())
        self.finished, self.armed, self.expired = threading.Event(), True, False

    def run(self) -> None:
        used, wall, cpu = 0.0, time.monotonic(), time.process_time()
        while used < self.seconds:
            if self.finished.wait(min(_TICK, self.seconds - used)):
                return
            now, cpu_now = time.monotonic(), time.process_time()
            span, work = now - wall, min(cpu_now - cpu, now - wall)
            used += span if work < span / 10 and not _waits_for_a_processor() else work
            wall, cpu = now, cpu_now
        self.expired = True
        while self.armed:
            if self.interrupts:
                signal.pthread_kill(self.victim.value, signal.SIGALRM)
            else:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(self.victim, ctypes.py_object(TooLong))
            self.finished.wait(_AGAIN)

    def on_signal(self, number, frame) -> None:
        if self.expired and self.armed:
            raise TooLong


def _let_arrive(victim: ctypes.c_ulong) -> None:
    """Let a TooLong arrive that was sent to this thread and is not here yet.

    To take it back (SetAsyncExc with NULL) leaves a flag set in Python 3.11 that nobody clears, and the next function that is
    traced, as `count_lines` does, never ends.
    """
    with contextlib.suppress(TooLong):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(victim, ctypes.py_object(TooLong))  # takes the place of one that was sent
        while True:
            pass


def _waits_for_a_processor() -> bool:
    """Whether some thread of this process would run if a processor were free; False where that cannot be told."""
    me = str(threading.get_native_id())
    try:
        return any(_state(task) == "R" for task in _TASKS.iterdir() if task.name != me)
    except OSError:  # no Linux, or a thread that has just ended
        return False


def _state(task: Path) -> str:
    """R when a thread runs or would like to, S when it sleeps; see proc(5)."""
    return (task / "stat").read_text().rpartition(")")[2].split()[0]
