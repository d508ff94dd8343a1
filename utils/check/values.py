"""Read an answer in whatever form it comes, compare it with the expected value, and say how it differs.

`plain` turns lists, tuples, arrays, tensors, Keras variables and pandas objects into Python and NumPy; `same` compares two
plain values, `difference` puts into words how they differ. All three know numbers, truth values, words, arrays, sequences,
dictionaries, sets, and networks (see `networks`).
"""

import decimal
import fractions
import functools
import math
import types
from collections import deque
from collections.abc import Collection, Iterator, Mapping

import numpy as np

from .outcome import NotAttempted, Wrong

FLOAT32 = 2.0**-23  # the spacing of float32 around 1
RELATIVE = 1e-5  # what a float32 computation of some steps may be off, relative to its value
ABSOLUTE = 1e-6  # and relative to the largest value about


# ---------------------------------------------------------------- reading


def plain(answer):
    """`answer` in Python and NumPy: sequences as lists, tensors as arrays, a 0-d array as a NumPy scalar, text stripped.

    Functions, Keras models and whatever else is no value stay as they are. Raises NotAttempted where a `...` is left.
    """
    if answer is ...:
        raise NotAttempted
    if answer is None or isinstance(answer, (bool, int, float, complex, np.number)) or callable(answer):
        return answer
    if isinstance(answer, np.bool_):
        return bool(answer)
    if isinstance(answer, str):
        return str(answer).strip()
    if isinstance(answer, (fractions.Fraction, decimal.Decimal)):
        return float(answer)
    if isinstance(answer, np.ndarray):
        return _plain_array(answer)
    if isinstance(answer, Mapping):
        return {plain(key) if _is_tensor(key) else key: plain(value) for key, value in answer.items()}
    if isinstance(answer, (set, frozenset)):
        return {value if isinstance(value, (tuple, frozenset)) else plain(value) for value in answer}
    if isinstance(answer, (list, tuple, range, deque, Iterator)) or type(answer).__name__ in _VIEWS:
        return _plain_list(answer)
    return _plain_array(array) if (array := _from_library(answer)) is not None else answer


_VIEWS = ("dict_keys", "dict_values", "dict_items")


def _plain_list(answer) -> list:
    values = list(answer)
    if len(values) > 100 and all(type(value) in (int, float) for value in values):
        return values
    return [plain(value) for value in values]


def _plain_array(array: np.ndarray):
    if isinstance(array, np.ma.MaskedArray):
        array = array.filled(np.nan) if array.dtype.kind == "f" else array.data
    if array.dtype.kind in "OUS":  # words, or rows of different lengths
        values = array.tolist()
        values = [values] if array.ndim == 0 else values
        values = [plain(v.decode() if isinstance(v, bytes) else v) for v in values]
        return values[0] if array.ndim == 0 else values
    if str(array.dtype) == "bfloat16":
        array = array.astype("float32")
    if array.ndim == 0:
        return plain(array[()]) if array.dtype.kind in "biufc" else array[()]
    return np.asarray(array)


def _is_tensor(value) -> bool:
    return hasattr(value, "__array__") and not isinstance(value, np.generic)


def _from_library(value) -> np.ndarray | None:
    """The values of a tensor, a Keras variable, a pandas object; None for what holds no values."""
    if not hasattr(value, "__array__") and not hasattr(value, "__array_interface__"):
        return None
    try:
        return np.asarray(value)
    except Exception:  # a symbolic tensor has no values yet
        return None


def as_array(answer, what: str = "It") -> np.ndarray:
    """`answer` as an array of numbers, or Wrong with the reason why it is none."""
    value = plain(answer)
    if value is None or isinstance(value, (str, bytes, Mapping, set)) or callable(value):
        raise Wrong(f"{_be(what)} an array; this is {kind(value)}.")
    try:
        result = np.asarray(value)
    except Exception:
        if isinstance(value, list):
            raise Wrong("This list cannot be read as an array: its rows differ in length.") from None
        raise Wrong(f"{_be(what)} an array; this is {kind(value)}, which has no values.") from None
    if result.dtype.kind == "c" and np.abs(result.imag).max(initial=0) <= RELATIVE * np.abs(result.real).max(initial=1):
        result = result.real  # what a Fourier transform leaves
    if result.dtype.kind not in "biuf":
        if result.ndim == 0:
            raise Wrong(f"{_be(what)} an array; this is {kind(value)}.")
        holds = {"U": "words", "S": "words", "O": "objects", "c": "complex numbers"}.get(
            result.dtype.kind, f"dtype {result.dtype}"
        )
        if result.dtype.kind == "O" and any(each is None for each in result.flat):
            holds = "None"
        raise Wrong(f"{_be(what)} an array of numbers; this one holds {holds}.")
    return result


def as_number(answer, what: str = "It"):
    """`answer` as a Python or NumPy number, or Wrong with the reason why it is none."""
    value = plain(answer)
    if isinstance(value, str):
        raise Wrong(f"{what} is a string, {shortened(repr(value))}. Write the number without quotes.")
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(())[()]
    if isinstance(value, (list, np.ndarray, Mapping, set)):
        shape = getattr(value, "shape", ())
        raise Wrong(f"{what} should be one number; this is {kind(answer)}" + (f" of shape {shape}." if shape else "."))
    if isinstance(value, (complex, np.complexfloating, np.timedelta64)) or not isinstance(value, (bool, int, float, np.number)):
        raise Wrong(f"{what} should be a number; this is {kind(answer)}.")
    try:
        finite = math.isfinite(value)
    except OverflowError:
        raise Wrong(f"{what} should be a number; this is an int of {len(str(value))} digits.") from None
    if not finite:
        raise Wrong(f"{what} is {value}, not a finite number. Is there a division by zero?")
    return value


def as_list(answer, length: int | None = None, what: str = "It") -> list:
    """`answer` as a list, of `length` elements if given; or Wrong with the reason why it is none."""
    value = plain(answer)
    if isinstance(value, np.ndarray):
        value = list(value)
    if not isinstance(value, list):
        raise Wrong(f"{what} should be a list{_of(length)}; this is {kind(answer)}.")
    if length is not None and len(value) != length:
        raise Wrong(f"{what} should have {length} elements, not {len(value)}.")
    return value


def _of(length: int | None) -> str:
    return "" if length is None else f" of {length}"


def _be(what: str) -> str:
    return "Expected" if what == "It" else f"{what} should be"


# ---------------------------------------------------------------- comparing


def same(answer, expected, *, tolerance: float = 0, scale: float = 0) -> bool:
    """Whether two plain values agree, floating-point numbers as far as float32 can.

    A whole number must be met exactly by a whole number, and within rounding by a float. Any other may be off by `tolerance`
    (absolute), by RELATIVE of itself and by ABSOLUTE of `scale`, the size of the numbers it was computed from. An array agrees
    with a list; a list answers for a dictionary in the order of its keys.
    """
    limits = {"tolerance": tolerance, "scale": scale}
    if hasattr(expected, "agrees"):  # a network
        return expected.agrees(answer)
    if isinstance(expected, bool):
        return as_truth(answer) is expected
    if isinstance(expected, (int, float, np.number)):
        try:
            return _near(as_number(answer), expected, **limits)
        except (Wrong, NotAttempted):
            return not math.isfinite(expected) and answer is not None and _same_infinity(answer, expected)
    if isinstance(expected, str):
        return isinstance(answer, str) and answer.lower() == expected.strip().lower()
    if isinstance(expected, np.ndarray):
        try:
            return close(as_array(answer), expected, tolerance, scale)
        except Wrong:
            return False
    if isinstance(expected, Mapping):
        found = as_mapping(answer, expected)
        return found is not None and all(same(found[key], expected[key], **limits) for key in expected)
    if isinstance(expected, set):
        return _same_set(answer, expected)
    if isinstance(expected, (list, tuple)):
        if not isinstance(answer, (list, np.ndarray)) or len(answer) != len(expected):
            return False
        return all(same(plain(a), plain(b), **limits) for a, b in zip(answer, expected, strict=True))
    return answer is expected or (answer is not None and type(answer) is type(expected) and answer == expected)


def close(answer: np.ndarray, expected: np.ndarray, tolerance: float = 0, scale: float = 0) -> bool:
    """Whether two arrays have one shape and agree everywhere; see `same`. NaN agrees with NaN."""
    if answer.shape != expected.shape:
        return False
    return not bool(_off(answer, expected, tolerance, scale).any())


def _off(answer: np.ndarray, expected: np.ndarray, tolerance: float, scale: float) -> np.ndarray:
    """Where two arrays of one shape do not agree."""
    with np.errstate(all="ignore"):
        if answer.dtype.kind in "biu" and expected.dtype.kind in "biu" and tolerance == 0:
            return answer != expected
        size = np.abs(expected.astype(float))
        size = np.where(np.isfinite(size), size, 0)  # only infinity is near infinity
        if expected.dtype.kind in "biu":
            limit = np.maximum(tolerance, RELATIVE + _spacing(answer) * size)
        else:
            scale = max(scale, float(np.max(size, initial=0, where=np.isfinite(size))))
            coarse = 4 * FLOAT32 * 2**13 if expected.dtype.itemsize == 2 else RELATIVE
            limit = np.maximum(tolerance, coarse * size + ABSOLUTE * scale)
        a, e = answer.astype(float), expected.astype(float)
        return ~((np.abs(a - e) <= limit) | (a == e) | (np.isnan(a) & np.isnan(e)))


def _near(value, expected, tolerance: float, scale: float) -> bool:
    if not math.isfinite(expected):
        return False
    if isinstance(expected, (int, np.integer)) and isinstance(value, (int, np.integer)):
        return abs(int(value) - int(expected)) <= tolerance
    off, size = abs(float(value) - float(expected)), abs(float(expected))
    if isinstance(expected, (int, np.integer)):
        return off <= max(tolerance, ABSOLUTE + _spacing(np.asarray(value)) * size)
    return off <= max(tolerance, RELATIVE * size + ABSOLUTE * scale)


def _spacing(values: np.ndarray) -> float:
    """Rounding of the type that holds the values, relative to a value."""
    return 4 * float(np.finfo(values.dtype).eps) if values.dtype.kind == "f" else 0.0


def as_truth(answer) -> bool | None:
    """True or False where `answer` says so: itself, as 1 or 0, or in an array of one element; None where it does not."""
    if isinstance(answer, np.ndarray) and answer.size == 1 and answer.dtype.kind == "b":
        return bool(answer.ravel()[0])
    return bool(answer) if isinstance(answer, (bool, int, np.integer)) and answer in (0, 1) else None


def _same_set(answer, expected: set) -> bool:
    if not isinstance(answer, (set, list, np.ndarray)):
        return False
    try:
        return set(answer) == expected or {str(a).lower() for a in answer} == {str(e).lower() for e in expected}
    except TypeError:  # a list inside it
        return False


def _same_infinity(answer, expected) -> bool:
    value = np.asarray(answer)
    return value.size == 1 and value.dtype.kind == "f" and bool(np.array_equal(value.ravel(), [expected], equal_nan=True))


def as_mapping(answer, expected: Mapping) -> dict | None:
    """`answer` with the keys of `expected`: itself, pairs, or values in the order of the keys; None when it cannot be read so."""
    if isinstance(answer, np.ndarray):
        answer = list(answer)
    if isinstance(answer, list) and len(answer) == len(expected):
        pairs = all(isinstance(each, list) and len(each) == 2 and isinstance(each[0], str) for each in answer)
        if pairs and not all(isinstance(value, list) for value in expected.values()):
            answer = {key: value for key, value in answer}
        else:
            answer = dict(zip(expected, answer, strict=True))
    if not isinstance(answer, Mapping):
        return None
    by_text = {str(key).strip().lower(): value for key, value in answer.items()}
    wanted = {str(key).strip().lower(): key for key in expected}
    return {wanted[text]: value for text, value in by_text.items()} if by_text.keys() == wanted.keys() else None


def scale_of(value) -> float:
    """The largest finite absolute value in it, 0 where there is none."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        return max(map(scale_of, value), default=0.0)
    if isinstance(value, (bool, str)) or not isinstance(value, (int, float, np.number, np.ndarray)):
        return 0.0
    size = np.abs(np.asarray(value, float))
    return float(np.max(size, initial=0, where=np.isfinite(size)))


# ---------------------------------------------------------------- saying the difference


def difference(answer, expected, what: str = "It", case: str = "", *, tolerance: float = 0, scale: float = 0) -> str:
    """How a plain `answer` that is not the `same` differs from `expected`, in words; a number itself is not given away.

    `what` names the answer ("`n_conv`"), `case` the input ("for a 5×5 image").
    """
    limits = {"tolerance": tolerance, "scale": scale}
    where = f" {case}" if case else ""
    try:
        if hasattr(expected, "agrees"):
            return expected.difference(answer, what, case)
        if isinstance(expected, bool):
            if as_truth(answer) is not None:
                return f"{what} says {answer}{where}; that is not so."
            return f"{what} should say True or False{where}; this is {kind(answer)}."
        if isinstance(expected, (int, float, np.number)):
            value = as_number(answer, what)
            above = float(value) > float(expected)
            return f"{what} comes out as {shown_number(value)}{where}. That is too {'large' if above else 'small'}."
        if isinstance(expected, str):
            if not isinstance(answer, str):
                return f"{what} should be a word in quotes{where}; this is {kind(answer)}."
            return f"{what} is {shortened(repr(answer))}{where}; that is not it."
        if isinstance(expected, np.ndarray):
            return array_difference(as_array(answer, what), expected, what, case, tolerance, scale)
        if isinstance(expected, Mapping):
            return _mapping_difference(answer, expected, what, case, limits)
        if isinstance(expected, set):
            return _set_difference(answer, expected, what)
        if isinstance(expected, (list, tuple)):
            found = as_list(answer, None, what)
            if len(found) != len(expected):
                return f"{what} has {len(found)} element{'' if len(found) == 1 else 's'}{where}; expected {len(expected)}."
            if _permuted(found, expected, limits):
                return f"{what} holds the right values{where}, but in another order."
            for i, (a, b) in enumerate(zip(found, expected, strict=True)):
                if not same(plain(a), plain(b), **limits):
                    return difference(plain(a), plain(b), at(what, i), case, **limits)
    except Wrong as error:
        return str(error)
    return f"{what} is {kind(answer)}{where}; expected {kind(expected)}."


def _permuted(found: list, expected: list, limits: dict) -> bool:
    """Whether a short list holds the expected numbers, all of them different, in another order."""
    if len(expected) > 8 or any(same(a, b, **limits) for i, a in enumerate(expected) for b in expected[:i]):
        return False
    numbers = all(isinstance(each, (int, float, np.number)) and not isinstance(each, bool) for each in (*found, *expected))
    return numbers and all(sum(same(a, b, **limits) for a in found) == 1 for b in expected)


def at(what: str, key) -> str:
    """The name of an element: "`sizes`" and 2 give "`sizes[2]`", and "It" gives "Element 2"."""
    if what == "It":
        return f"Element {key!r}"
    return f"{what[:-1]}[{key!r}]`" if what.endswith("`") else f"{what}[{key!r}]"


def _mapping_difference(answer, expected, what, case, limits) -> str:
    found = as_mapping(answer, expected)
    if found is None:
        keys = ", ".join(map(repr, expected))
        if not isinstance(answer, Mapping):
            return f"{what} should be a dictionary with the keys {keys}; this is {kind(answer)}."
        missing = [key for key in expected if key not in answer]
        odd = [key for key in answer if key not in expected]
        wanted = f"should have the keys {keys}; " if len(expected) <= 12 else "does not have the expected keys: "
        where = f" {case}" if case else ""
        return f"{what} {wanted}" + (f"{missing[0]!r} is missing{where}." if missing else f"{odd[0]!r} is none of them{where}.")
    for key in expected:
        if not same(found[key], expected[key], **limits):
            return difference(found[key], expected[key], at(what, key), case, **limits)
    return f"{what} is not it."


def _set_difference(answer, expected, what) -> str:
    if isinstance(answer, str) or not isinstance(answer, Collection):
        return f"{what} should be a list of names; this is {kind(answer)}."
    found = [str(value).lower() for value in answer]
    names = {str(value).lower() for value in expected}
    extra = [value for value, text in zip(answer, found, strict=True) if text not in names]
    if extra:
        return f"{what}: {shortened(repr(plain(extra[0])), 60)} does not belong to it."
    missing = len(names - set(found))
    return f"{what}: {missing} more belong{'s' if missing == 1 else ''} to it."


def array_difference(result, expected, what="It", case="", tolerance=0.0, scale=0.0) -> str:
    """How an array differs from the expected one: shape, NaN, the values themselves when few, else the worst of them."""
    inside = what.replace("Element", "element", 1) if what.startswith("Element ") else what
    where = (f" of {inside}" if what != "It" else "") + (f" {case}" if case else "")
    if result.ndim == 0 and expected.ndim > 0:
        return f"{_be(what)} an array{where if what == 'It' else ''}; this is a number."
    if result.shape != expected.shape:
        named, there = (where, "") if what != "It" else ("", where)
        return f"The shape{named} is {result.shape}{there}; expected {expected.shape}."
    if not np.isfinite(result).all() and np.isfinite(expected).all():
        bad = tuple(int(i) for i in np.argwhere(~np.isfinite(result))[0])
        article = "an" if "inf" in str(result[bad]) else "a"
        return f"There is {article} {result[bad]} in the result{where}, first at index {bad}."
    off = np.abs(result.astype(float) - expected)
    if result.dtype == np.float16 and np.array_equal(result, expected.astype(np.float16)):
        return f"The values{where} are rounded to float16, which keeps three digits."
    if result.dtype.kind in "iu" and np.array_equal(result, np.trunc(expected.astype(float))):
        return f"The decimals are cut off: the result{where} holds integers."
    grids = [_grid(expected), _grid(result)] if expected.size <= 36 else []
    if grids and grids[0] != grids[1] and all(grid.count("\n") < 4 for grid in grids):
        return f"The result{where} is\n{grids[1]}\nexpected\n{grids[0]}"
    worst = tuple(int(i) for i in np.unravel_index(int(np.nan_to_num(off).argmax()), off.shape))
    share = float(np.mean(_off(result, expected, tolerance, scale)))
    return (
        f"The shape is right, but {share:.0%} of the values{where} are not. At index {worst}: "
        f"{shown_number(float(result[worst]))}, expected {shown_number(float(expected[worst]))}."
    )


def kind(value) -> str:
    """What `value` is, with its article: "an array", "a list", "None"."""
    if value is None:
        return "None"
    name = next((word for classes, word in _KINDS if isinstance(value, classes)), type(value).__name__)
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


_KINDS = (
    (np.ndarray, "array"),
    (str, "string"),
    (type, "class"),
    (bool, "truth value"),
    ((int, float, np.integer, np.floating), "number"),
    ((types.FunctionType, types.BuiltinFunctionType, types.MethodType, functools.partial), "function"),
    (Mapping, "dictionary"),
)


def shown_number(value) -> str:
    """A number as people write it: 1,792 or 0.333333."""
    if isinstance(value, (int, np.integer)):
        return f"{int(value):,}"
    value = float(value)
    return f"{int(value):,}" if math.isfinite(value) and value == int(value) and abs(value) < 1e15 else f"{value:,.6g}"


def shortened(value, limit: int = 300) -> str:
    """The text of `value`, cut after `limit` characters."""
    text = str(value)
    return text if len(text) <= limit else text[:limit] + " …"


def _grid(values: np.ndarray) -> str:
    return np.array2string(np.asarray(values), precision=4, suppress_small=True, max_line_width=100)
