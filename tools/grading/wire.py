"""Frames between the judge and a student's process: JSON, with arrays beside it as npy. No pickle, and nothing is trusted.

A frame is two lengths of four bytes, that of the JSON and that of the arrays, then both. What the other side sends is read with
limits on size, depth and digits; whatever is malformed raises `Malformed`, never anything else.
"""

import io
import json
import math
import os
import select
import struct
import time
from collections.abc import Callable

import numpy as np

TEXT = 16_000_000  # bytes of JSON in a frame
ARRAYS = 400_000_000  # bytes of arrays in a frame
DEPTH = 40
DIGITS = 4000  # of a whole number
KINDS = "biufcU"  # of arrays


class Closed(Exception):
    """The other side is gone."""


class Late(Exception):
    """Nothing came in time."""


class Malformed(Exception):
    """What came is no frame, or breaks a limit."""


class Channel:
    """Two file descriptors. `pause()` is called again and again while a frame is awaited; what it raises ends the waiting."""

    def __init__(self, reader: int, writer: int, pause: Callable[[], None] = lambda: None):
        self.reader, self.writer, self.pause = reader, writer, pause

    def send(self, message: dict) -> None:
        """Send plain JSON in which arrays stand as `numpy.ndarray`, made by `encode`. Raises Closed, and Malformed when too
        large.
        """
        arrays = io.BytesIO()

        def outside(value):
            if not isinstance(value, np.ndarray):
                raise TypeError(type(value).__name__)
            start = arrays.tell()
            np.lib.format.write_array(arrays, np.ascontiguousarray(value).reshape(value.shape), (1, 0), allow_pickle=False)
            return {"$": "a", "at": [start, arrays.tell() - start]}

        text, blob = json.dumps(message, default=outside).encode(), arrays.getbuffer()
        if len(text) > TEXT or len(blob) > ARRAYS:
            raise Malformed(f"a frame of {len(text) + len(blob):,} bytes")
        for part in (struct.pack("<II", len(text), len(blob)) + text, blob):
            view = memoryview(part)
            while view:
                try:
                    view = view[os.write(self.writer, view[: 1 << 20]) :]
                except BlockingIOError:
                    select.select([], [self.writer], [], 0.1)
                    self.pause()
                except OSError as error:
                    raise Closed from error

    def receive(self, seconds: float = math.inf) -> dict:
        """The next frame. Raises Late, Closed or Malformed."""
        self._await(time.monotonic() + seconds)
        length, size = struct.unpack("<II", self._read(8))
        if length > TEXT or size > ARRAYS:
            raise Malformed(f"a frame of {length + size:,} bytes")
        text, blob = self._read(length), self._read(size)
        try:
            message = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Malformed("no JSON") from error
        if not isinstance(message, dict):
            raise Malformed("no message")
        return _filled(message, memoryview(blob))

    def _await(self, deadline: float) -> None:
        """Return when the next frame begins. Only before its first byte can it be too late; half a frame would be lost."""
        while not self._ready(max(deadline - time.monotonic(), 0)):
            if time.monotonic() >= deadline:
                raise Late

    def _ready(self, seconds: float) -> bool:
        if select.select([self.reader], [], [], min(0.05, seconds))[0]:
            return True
        self.pause()
        return False

    def _read(self, length: int) -> bytes:
        parts = []
        while length:
            if not self._ready(1):
                continue
            try:
                part = os.read(self.reader, min(length, 1 << 20))
            except BlockingIOError:
                continue
            except OSError as error:
                raise Closed from error
            if not part:
                raise Closed
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


def _filled(value, blob: memoryview, depth: int = 0):
    """The message with arrays in the place of their addresses."""
    if depth > 4 * DEPTH:
        raise Malformed("too deep")
    if isinstance(value, list):
        return [_filled(each, blob, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("$") == "a":
        return _array(value.get("at"), blob)
    return {key: _filled(each, blob, depth + 1) for key, each in value.items()}


def _array(at, blob: memoryview) -> np.ndarray:
    """The array at [start, length]; its header is read here, since NumPy would reserve whatever memory a header asks for."""
    try:
        start, length = at
        stream = io.BytesIO(blob[start : start + length])
        if start < 0 or length < 0 or np.lib.format.read_magic(stream) != (1, 0):
            raise Malformed("no array")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        count = math.prod(shape)
        if dtype.kind not in KINDS or fortran or len(shape) > 32 or any(n < 0 for n in shape):
            raise Malformed(f"an array of {dtype}")
        if dtype.itemsize * count != length - stream.tell():
            raise Malformed("an array of another size than it says")
        if dtype.itemsize == 0:
            return np.zeros(shape, dtype)
        return np.frombuffer(stream.getbuffer()[stream.tell() :], dtype, count).reshape(shape).copy()
    except Malformed:
        raise
    except Exception as error:
        raise Malformed("no array") from error


# ---------------------------------------------------------------- values


def encode(value, refer: Callable, depth: int = 0):
    """`value` as JSON with arrays in it; what is neither plain nor an array becomes `refer(value)`."""
    if depth > DEPTH:
        raise Malformed("too deep")
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        return value if abs(value) < 2**63 else {"$": "int", "v": f"{value:x}"}
    if kind is float:
        return value
    if kind is complex:
        return {"$": "complex", "v": [value.real, value.imag]}
    if value is ...:
        return {"$": "..."}
    if isinstance(value, np.generic) and value.dtype.kind in KINDS:
        return {"$": "scalar", "v": np.asarray(value)}
    if isinstance(value, np.ndarray) and value.dtype.kind in KINDS:
        return np.asarray(value)
    if kind is slice:
        return {"$": "slice", "v": [encode(each, refer, depth + 1) for each in (value.start, value.stop, value.step)]}
    if kind in (list, tuple, set, frozenset):
        return {"$": _NAMES[kind], "v": [encode(each, refer, depth + 1) for each in value]}
    if isinstance(value, dict):
        return {"$": "dict", "v": [[encode(part, refer, depth + 1) for part in item] for item in value.items()]}
    return refer(value)


_NAMES = {list: "list", tuple: "tuple", set: "set", frozenset: "set"}


def decode(value, resolve: Callable, depth: int = 0):
    """What `encode` was given; what it referred to becomes `resolve(reference)`. Raises Malformed."""
    if depth > DEPTH:
        raise Malformed("too deep")
    if not isinstance(value, dict):
        if isinstance(value, list):
            raise Malformed("a bare list")
        return value

    def inside(each):
        return decode(each, resolve, depth + 1)

    name, content = value.get("$"), value.get("v")
    try:
        if name == "int" and len(content) <= DIGITS:
            return int(content, 16)
        if name == "complex":
            return complex(*map(float, content))
        if name == "...":
            return ...
        if name == "scalar" and isinstance(content, np.ndarray) and content.ndim == 0:
            return content[()]
        if name == "slice":
            return slice(*map(inside, content))
        if name == "list":
            return [inside(each) for each in content]
        if name == "tuple":
            return tuple(inside(each) for each in content)
        if name == "set":
            return {inside(each) for each in content}
        if name == "dict":
            return {inside(key): inside(each) for key, each in content}
    except (TypeError, ValueError) as error:
        raise Malformed(f"a broken {name}") from error
    return resolve(value)
