"""Level 1: frames carry values as they are, and whatever is malformed is refused without harm."""

import contextlib
import json
import os
import struct
import threading

import numpy as np
import pytest

from tools.grading.wire import Channel, Closed, Late, Malformed, decode, encode

VALUES = [
    None, True, 0, -(2**62), 2**100, 1.5, float("inf"), 0.1 + 0.2, 1 + 2j, "ü\n", "", [], [1, [2, (3,)]], (1,), {1, 2},
    {"a": 1, 2: [3]},
    ..., slice(1, None, 2), np.float32(0.1), np.int8(3), np.bool_(True), np.arange(6).reshape(2, 3), np.zeros((0, 3)),
    np.array(3.0),
    np.array(["a", "bc"]), np.ones((2, 2), "float16"), np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array([1j]),
]  # fmt: skip


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    yield Channel(reader, -1), Channel(-1, writer)
    for descriptor in (reader, writer):
        with contextlib.suppress(OSError):
            os.close(descriptor)


def refuse(value):
    raise TypeError(type(value).__name__)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_arrives_as_it_was(pipe, value):
    receiver, sender = pipe
    sender.send({"v": encode(value, refuse)})
    found = decode(receiver.receive(5)["v"], refuse)
    assert type(found) is type(value)
    if isinstance(value, np.ndarray):
        assert found.dtype == value.dtype and np.array_equal(found, value)
        found[...] = found  # may be written to
    else:
        assert found == value


def test_large_arrays_pass_in_pieces(pipe):
    receiver, sender = pipe
    value = np.random.default_rng(0).normal(size=(300, 1000))
    thread = threading.Thread(target=sender.send, args=({"v": value},))
    thread.start()
    assert np.array_equal(receiver.receive(20)["v"], value)
    thread.join()


def test_objects_are_referred_to_never_pickled():
    assert encode([print], lambda value: {"$": "function", "id": 1}) == {"$": "list", "v": [{"$": "function", "id": 1}]}
    with pytest.raises(TypeError):
        encode(np.array([print]), refuse)


def header(shape: str, dtype: str, data: bytes) -> bytes:
    text = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


BLOBS = {
    "claims a terabyte": header("(125000000000,)", "'<f8'", b""),
    "negative": header("(-1,)", "'<f8'", b""),
    "objects": header("(1,)", "'|O'", bytes(8)),
    "records": header("(1,)", "[('a', '<f8')]", bytes(8)),
    "too short": header("(2,)", "'<f8'", bytes(8)),
    "too long": header("(1,)", "'<f8'", bytes(80)),
    "code": header("(1,)", "__import__('os')", bytes(8)),
    "no header": b"\x93NUMPY\x01\x00",
    "nothing": b"",
}


@pytest.mark.parametrize("blob", BLOBS.values(), ids=BLOBS)
def test_a_hostile_array_is_refused(pipe, blob):
    receiver, sender = pipe
    text = json.dumps({"v": {"$": "a", "at": [0, len(blob)]}}).encode()
    os.write(sender.writer, struct.pack("<II", len(text), len(blob)) + text + blob)
    with pytest.raises(Malformed):
        receiver.receive(5)


TEXTS = {
    "no JSON": b"{",
    "a list": b"[]",
    "deep": b'{"a":' * 100_000,
    "deep but valid": b'{"a":' * 500 + b"1" + b"}" * 500,
    "binary": bytes(range(200, 255)),
    "an array elsewhere": b'{"v": {"$": "a", "at": [-5, 10]}}',
    "an array nowhere": b'{"v": {"$": "a"}}',
    "digits": b'{"v": ' + b"9" * 100_000 + b"}",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_hostile_text_is_refused(pipe, text):
    receiver, sender = pipe
    thread = threading.Thread(target=os.write, args=(sender.writer, struct.pack("<II", len(text), 0) + text))
    thread.start()
    with pytest.raises(Malformed):
        receiver.receive(5)
    thread.join()


@pytest.mark.parametrize(
    "value",
    [
        [1], {"$": "list", "v": 3}, {"$": "dict", "v": [[1]]}, {"$": "set", "v": [{"$": "list", "v": []}]},
            {"$": "int", "v": "f" * 9999},
        {"$": "int", "v": "x"}, {"$": "scalar", "v": 3}, {"$": "complex", "v": [1, 2, 3]}, {"$": "slice", "v": [1] * 9},
            {"$": "list"},
    ],
)  # fmt: skip
def test_a_hostile_value_is_refused(value):
    def unknown(reference):
        raise Malformed("an unknown reference")

    with pytest.raises(Malformed):
        decode(value, unknown)


def test_deep_values_are_refused_on_both_sides():
    deep, wired = [], {"$": "list", "v": []}
    for _ in range(100):
        deep, wired = [deep], {"$": "list", "v": [wired]}
    with pytest.raises(Malformed):
        encode(deep, refuse)
    with pytest.raises(Malformed):
        decode(wired, refuse)


def test_too_large_too_late_and_gone(pipe):
    receiver, sender = pipe
    with pytest.raises(Late):
        receiver.receive(0.1)
    os.write(sender.writer, struct.pack("<II", 2**31, 0))
    with pytest.raises(Malformed):
        receiver.receive(1)
    os.close(sender.writer)
    with pytest.raises(Closed):
        receiver.receive(1)
