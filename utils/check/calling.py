"""Call what a student wrote: with copies, in silence, every failure told by their own line."""

import contextlib
import copy
import io
import sys
import warnings

import numpy as np

from .excuses import describe, raised_by_student, students_own
from .outcome import NotAttempted, Wrong
from .values import kind, plain


def call(function, *arguments, **options):
    """What the student's `function` returns for these arguments, as a plain value (see `values.plain`).

    It gets copies, so it cannot spoil the check's own data. It may empty a list that it is given, but is wrong if it changes
    an array, which other cells use too. An exception inside it, a missing `return` and printing are handled: wrong with line
    and cause, wrong, and silenced. All calls of a student's code go through here.
    """
    if function is ...:
        raise NotAttempted
    if not callable(function):
        raise Wrong(f"Expected a function; this is {kind(function)}.")
    arrays: list[tuple[np.ndarray, np.ndarray]] = []
    given, given_options = copied(arguments, arrays), copied(options, arrays)
    with guarded(returned=_is_model(function)):
        result = function(*given, **given_options)
    if not all(unchanged(now, original) for now, original in arrays):
        raise Wrong("Your function changes an array that it was given. Work on a copy (`x.copy()`) and return the result.")
    if result is None:
        raise Wrong("Your function returns None. Is there a `return` at its end?")
    with guarded(returned=True):  # a generator runs only now
        return plain(result)


@contextlib.contextmanager
def guarded(*, returned: bool = False):
    """Run student's code: silent, and with exceptions turned into Wrong. `returned`: it is what a function of theirs returned."""
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    except (Wrong, NotAttempted):
        raise
    except MemoryError as error:
        raise Wrong("It asks for more memory than this machine has. Look at the shapes in between.", error) from None
    except (Exception, SystemExit) as error:
        if isinstance(error, NotImplementedError) and raised_by_student(error):
            raise NotAttempted from None
        raise Wrong(describe(error, returned), error) from None


def count_lines(function, *arguments, **options) -> int:
    """How many lines of Python the call executes, whatever file they stand in: a loop in Python shows, one in C does not.

    An exercise that wants no loop over places compares a small input with a large one (see `no_loop`). The count does not
    depend on the machine. `function` is called through `call`. A stand-in for a function in another process counts there, with a
    method `count_lines` of its own.
    """
    if hasattr(function, "count_lines"):
        return function.count_lines(*arguments, **options)
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        if event == "line":
            count += 1
        return trace

    before = sys.gettrace()

    def counted(*given, **named):
        sys.settrace(trace)
        try:
            return function(*given, **named)
        finally:
            sys.settrace(before)

    call(counted, *arguments, **options)
    return count


def no_loop(function, small: tuple, large: tuple, message: str, *, larger: tuple | None = None, allowed: int = 50) -> None:
    """The answer is wrong, with `message`, if Python executes more lines for the arguments `large` than for `small`.

    A library may choose another method for a large input (`scipy.signal.correlate` a Fourier transform), which takes more lines
    but no loop: with `larger`, the lines must grow from `large` to `larger`, too. `{lines}` in the message becomes the number for
    `large`. Each is called once before, so that imports do not count.
    """
    sizes = [arguments for arguments in (small, large, larger) if arguments is not None]
    for arguments in sizes:
        call(function, *arguments)
    lines = [count_lines(function, *sizes[0])]
    for arguments in sizes[1:]:
        lines.append(count_lines(function, *arguments))
        if lines[-1] <= lines[-2] + allowed:
            return
    raise Wrong(message.replace("{lines}", f"{lines[1]:,}"))


def called(function, names: tuple[str, ...], *arguments, **options) -> list[str]:
    """Which of the library functions `names` ("np.convolve", "scipy.signal", a whole module) the student's own lines call.

    Under whatever name they were imported. Needs one call of `function`; a stand-in for one in another process has a method
    `called(names, *arguments)` of its own.
    """
    if hasattr(function, "called"):
        return function.called(names, *arguments, **options)
    targets = {name: _functions(name) for name in names}
    found = []

    def profile(frame, event, argument):
        if event == "call":
            caller, module = frame.f_back, frame.f_globals.get("__name__", "")
        elif event == "c_call":
            caller, module = frame, getattr(argument, "__module__", None) or ""
        else:
            return
        if caller is None or not students_own(caller.f_code.co_filename):
            return
        for name, functions in targets.items():
            if name in found:
                continue
            if not functions:  # a whole module
                hit = (module + ".").startswith(_full(name) + ".")
            else:
                hit = any(_runs(frame, each) if event == "call" else argument == each for each in functions)
            if hit:
                found.append(name)

    def watched(*given, **named):
        before = sys.getprofile()
        sys.setprofile(profile)
        try:
            return function(*given, **named)
        finally:
            sys.setprofile(before)

    call(watched, *arguments, **options)
    return found


_ALIASES = {"np": "numpy", "tf": "tensorflow", "scipy.signal": "scipy.signal"}


def _full(name: str) -> str:
    first, dot, rest = name.partition(".")
    return _ALIASES.get(first, first) + dot + rest


def _functions(name: str) -> list:
    """What runs when the function `name` is called; empty for a module, or when its library is not loaded."""
    parts = _full(name).split(".")
    found = sys.modules.get(parts[0])
    for part in parts[1:]:
        found = getattr(found, part, None)
    if found is None or type(found).__name__ == "module":
        return []
    if hasattr(found, "__code__"):
        return [found]
    return [found, getattr(found, "__wrapped__", None) or getattr(found, "_implementation", None)]


def _runs(frame, function) -> bool:
    """Whether the frame executes `function` itself, and not another closure of the same code, as all decorated functions are."""
    code = getattr(function, "__code__", None)
    if code is None or frame.f_code is not code:
        return False
    return all(
        name in frame.f_locals and frame.f_locals[name] is cell.cell_contents
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True)
    )


def copied(value, arrays: list):
    """A copy of arrays and containers; functions, models and other objects are passed as they are.

    Each (copy of an array, the array) is added to `arrays`.
    """
    if isinstance(value, np.ndarray):
        arrays.append((value.copy(), value))
        return arrays[-1][0]
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return type(value)(copied(v, arrays) for v in value)
    if isinstance(value, dict):
        return {key: copied(v, arrays) for key, v in value.items()}
    return copy.copy(value) if isinstance(value, (set, bytearray)) else value


def unchanged(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays have the same shape and values, NaN for NaN."""
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=b.dtype.kind in "fc")


def _is_model(function) -> bool:
    return hasattr(function, "get_weights")
