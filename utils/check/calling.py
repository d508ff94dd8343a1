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

    It gets copies, so it cannot spoil the check's own data, and it is wrong if it changes them. An exception inside it, a
    missing `return` and printing are handled: wrong with line and cause, wrong, and silenced. All calls of a student's code
    go through here.
    """
    if function is ...:
        raise NotAttempted
    if not callable(function):
        raise Wrong(f"Expected a function; this is {kind(function)}.")
    given, given_options = _copied(arguments), _copied(options)
    with guarded(returned=_is_model(function)):
        result = function(*given, **given_options)
    if not (_unchanged(given, arguments) and _unchanged(given_options, options)):
        changed = next(
            kind(new)
            for new, old in zip((*given, *given_options.values()), (*arguments, *options.values()), strict=True)
            if not _unchanged(new, old)
        )
        raise Wrong(f"Your function changes {changed} that it was given. Work on a copy (`x.copy()`) and return the result.")
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
    targets = {name: _codes(name) for name in names}
    found = []

    def profile(frame, event, argument):
        if event == "call":
            caller, callee = frame.f_back, frame.f_code
            module = frame.f_globals.get("__name__", "")
        elif event == "c_call":
            caller, callee, module = frame, argument, getattr(argument, "__module__", None) or ""
        else:
            return
        if caller is None or not students_own(caller.f_code.co_filename):
            return
        for name, codes in targets.items():
            if name not in found and (callee in codes or (not codes and (module + ".").startswith(_full(name) + "."))):
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


def _codes(name: str) -> list:
    """What a call of the function `name` shows to a profiler; empty for a module, or when its library is not loaded."""
    parts = _full(name).split(".")
    found = sys.modules.get(parts[0])
    for part in parts[1:]:
        found = getattr(found, part, None)
    if found is None or type(found).__name__ == "module":
        return []
    inner = getattr(found, "__wrapped__", None) or getattr(found, "_implementation", None) or found
    return [each for each in (getattr(inner, "__code__", None), getattr(found, "__code__", None), found) if each is not None]


def _copied(value):
    """A copy of arrays and containers; functions, models and other objects are passed as they are."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return type(value)(_copied(v) for v in value)
    if isinstance(value, dict):
        return {key: _copied(v) for key, v in value.items()}
    return copy.copy(value) if isinstance(value, (set, bytearray)) else value


def _unchanged(a, b) -> bool:
    if isinstance(b, np.ndarray):
        return a.shape == b.shape and np.array_equal(a, b, equal_nan=b.dtype.kind in "fc")
    if isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(_unchanged(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(b, dict):
        return a.keys() == b.keys() and all(_unchanged(a[key], b[key]) for key in b)
    return not isinstance(b, (set, bytearray)) or a == b


def _is_model(function) -> bool:
    return hasattr(function, "get_weights")
