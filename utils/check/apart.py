"""Judge in a process of its own, where Linux allows: a process can be killed, a thread that is busy inside C cannot.

The notebook's process is forked, the copy judges the answer and reports the outcome. So an endless `sum(range(10**12))` ends at
its limit, and code that crashes the interpreter (a wrong `as_strided`) does not take the notebook with it.

TensorFlow does not survive a fork. The copy therefore gives up at the first step that needs it, or that would talk to the user or
only waits; then the answer is judged in the notebook's own process, as everywhere outside Linux.
"""

import builtins
import contextlib
import faulthandler
import gc
import importlib
import os
import pickle
import select
import signal
import sys
import threading
import time
import warnings

from .limits import TooLong

_UNFIT = 77  # exit status of a copy that gave up
_LIBRARIES = ("tensorflow", "keras", "torch", "jax")  # their threads are not in the copy
_is_copy = False
_copying = True  # whether copies may be made


class NotHere(Exception):
    """The work cannot be done in a process of its own."""


class Killed(Exception):
    """The copy was killed, by its own crash or from outside; the message says so to a student."""


def apart(work, seconds: float):
    """What `work()` returns in a copy of this process, killed when it has computed for longer than `seconds`.

    A copy makes no others: there the work is done at once. Raises TooLong after `seconds`, Killed when something else ended the
    copy, and NotHere when the work cannot be done in one.
    """
    if _is_copy:
        return _done(work, seconds)
    if not _possible():
        raise NotHere
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 and later: a fork beside threads may deadlock
        child = os.fork()
    if child == 0:
        os.close(reader)
        _be_the_copy(work, seconds, writer)
    os.close(writer)
    try:
        said = _read(reader, patience=10 + 6 * seconds)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    finally:
        os.close(reader)
    if said is None:  # it waits for something that a copy does not have, a lock of another thread for example
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise NotHere
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        raise _killed(os.WTERMSIG(status))
    if os.WEXITSTATUS(status) != 0 or not said:
        raise NotHere
    return pickle.loads(said)


@contextlib.contextmanager
def here():
    """Within the block all work is done in this process, as outside Linux."""
    global _copying
    before, _copying = _copying, False
    try:
        yield
    finally:
        _copying = before


def _possible() -> bool:
    main = threading.current_thread() is threading.main_thread()
    if not _copying or sys.platform != "linux" or sys.gettrace() is not None or not main:
        return False
    return not any(name in sys.modules for name in ("torch", "jax")) and (
        "tensorflow" not in sys.modules or all(hasattr(_executor(), name) for name in _STEPS)
    )


def _killed(number: int) -> BaseException:
    if number in (signal.SIGPROF, signal.SIGXCPU):
        return TooLong()
    if number == signal.SIGKILL:
        return Killed("It was stopped from outside. Does it ask for more memory than this machine has?")
    name = signal.Signals(number).name
    return Killed(f"Your function crashes Python itself ({name}): some index or stride reaches outside an array's memory.")


def _read(reader: int, patience: float) -> bytes | None:
    """All that the copy says; None when it says nothing for `patience` seconds of the clock."""
    said = b""
    while True:
        if not select.select([reader], [], [], patience)[0]:
            return None
        piece = os.read(reader, 65_536)
        if not piece:
            return said
        said += piece


# ---------------------------------------------------------------- in the copy


def _be_the_copy(work, seconds: float, writer: int) -> None:
    """Do the work, say the outcome, and end without a trace. Never returns."""
    global _is_copy
    status, _is_copy = 1, True
    try:
        gc.freeze()  # what is collected is looked at, and what is looked at is copied: a large notebook page by page
        faulthandler.disable()
        builtins.input, sys.breakpointhook = _give_up, _give_up
        sys.meta_path.insert(0, _NoImport())
        if "tensorflow" in sys.modules:
            for name in _STEPS:
                setattr(_executor(), name, _give_up)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, 1.05 * seconds + 0.1)  # `work` ends itself before, if it can
        try:
            result = _done(work, seconds)
        except TooLong:
            os.kill(os.getpid(), signal.SIGPROF)
        with contextlib.closing(os.fdopen(writer, "wb")) as stream:
            stream.write(pickle.dumps(result))
        status = 0
    finally:
        os._exit(status)


def _done(work, seconds: float):
    """What `work()` returns. A copy that only waited gives up: for whom, is better seen in the notebook's own process."""
    began = time.process_time()
    try:
        return work()
    except TooLong:
        if time.process_time() - began < seconds / 2:
            _give_up()
        raise


def _give_up(*_, **__):
    os._exit(_UNFIT)


class _NoImport:
    """Gives up when a library is to be imported that cannot live in a copy."""

    def find_spec(self, name, path=None, target=None):
        if name in _LIBRARIES:
            _give_up()


_STEPS = ("TFE_Py_FastPathExecute", "TFE_Py_Execute")  # through one of them goes every eager operation


def _executor():
    try:
        return importlib.import_module("tensorflow.python.pywrap_tfe")
    except ImportError:
        return None
