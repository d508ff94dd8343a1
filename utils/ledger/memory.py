"""What a network asks of memory: the weights, what training adds to them, and what flows through.

Bytes throughout. A megabyte is 10^6 bytes, a mebibyte (MiB) 2^20; cards are sold by the GiB of 2^30.
"""

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from unittest import mock

from ..data.console import printable
from . import rules
from .bounds import AtLeastBytes
from .steps import Trace

BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}
# Name → (bytes of a weight, bytes of an activation). Mixed precision computes in half and keeps the weights in full.
PRECISIONS = {
    **{name: (size, size) for name, size in BYTES.items()},
    "mixed_float16": (4, 2),
    "mixed_bfloat16": (4, 2),
}


@dataclass(frozen=True)
class Memory:
    """Bytes, part by part; `what` says in words what was asked.

    The parts in `at_least` are lower bounds, because the ledger could not count all that belongs to them.
    """

    what: str
    parts: dict[str, float]
    at_least: frozenset[str] = frozenset()

    @property
    def total(self) -> float:
        """Bytes in all; prints as "at least …" when some part is a lower bound."""
        total = sum(self.parts.values())
        return AtLeastBytes(total) if self.at_least else total

    def _lines(self) -> list[tuple[str, str]]:
        lines = [(name, size, name in self.at_least) for name, size in self.parts.items()]
        lines.append(("total", sum(self.parts.values()), bool(self.at_least)))
        return [(name, f"{'at least ' if bound else ''}{size / 1e6:,.1f} MB") for name, size, bound in lines]

    def __str__(self) -> str:
        lines = self._lines()
        names, sizes = (max(len(line[i]) for line in lines) for i in (0, 1))
        names, sizes = max(names, 34), max(sizes, 15)
        return printable("\n".join([self.what, *(f"  {name:<{names}}{size:>{sizes}}" for name, size in lines)]))

    def _repr_html_(self) -> str:
        *parts, (_, total) = self._lines()
        cells = "".join(
            f"<tr><td style='text-align:left'>{name}</td><td style='text-align:right'>{size}</td></tr>"
            for name, size in [*((html.escape(name), size) for name, size in parts), ("<b>total</b>", total)]
        )
        head = "<tr><th scope='col' style='text-align:left'>part</th><th scope='col' style='text-align:right'>size</th></tr>"
        return f"<p>{html.escape(self.what)}</p><table><thead>{head}</thead><tbody>{cells}</tbody></table>"


def precision(dtype: str | None) -> tuple[int | None, int | None]:
    """(bytes of a weight, bytes of an activation) under a dtype or mixed-precision policy; None: what the model has."""
    if dtype is None:
        return None, None
    if not isinstance(dtype, str) or dtype not in PRECISIONS:
        raise ValueError(f"There is no precision {dtype!r}; choose one of {', '.join(PRECISIONS)}.")
    return PRECISIONS[dtype]


def width(dtype: str, floats: float | None = None) -> float:
    """Bytes of one value of `dtype`. `floats`, when given, takes the place of every floating-point type."""
    if floats is not None and is_float(dtype):
        return floats
    bits = re.search(r"\d+", dtype)
    return int(bits[0]) / 8 if bits else 1  # bool and what is stored like it


def is_float(dtype: str) -> bool:
    """True for floating-point types that arithmetic is done in (float8 is a form of storage)."""
    return dtype.startswith(("float", "bfloat")) and not dtype.startswith("float8")


def bytes_of(variables, floats: float | None = None) -> float:
    """Bytes of `variables`: integers as they are stored, floating point as it is or with `floats` bytes a value."""
    return _plain(sum(math.prod(v.shape) * width(str(v.dtype), floats) for v in variables))


def _plain(size: float) -> float:
    return int(size) if size == int(size) else size


def slots(optimizer) -> tuple[str, int]:
    """(name, values that it keeps beside each weight) of an optimizer: a Keras object, or a name like "sgd" or "momentum".

    The optimizer itself is asked, about a few small weights. Raises ValueError for a name that Keras does not know, and for an
    optimizer whose memory depends on the weights' shapes or names (Adafactor, Muon, MultiOptimizer): `Ledger.training` can tell
    what it keeps for the weights of a model.
    """
    import keras

    name, own = optimizer_of(optimizer)
    shapes = ((3, 5), (6, 7), (4,), (3, 3, 2, 4))
    counts = []
    for shape in shapes:
        weight = keras.Variable(keras.ops.zeros(shape))
        counts.append(sum(math.prod(kept) for kept, _ in _kept_for(own, [weight])) / math.prod(shape))
    by_name = hasattr(own, "optimizers")  # a MultiOptimizer goes by the names of the weights
    if by_name or len(set(counts)) > 1 or counts[0] != int(counts[0]):
        raise ValueError(
            f"{name} keeps no fixed number of values a weight, so its memory cannot be counted from totals. "
            "Ask `ledger(model).training(batch, optimizer)`: it goes by the model's own weights."
        )
    return name, int(counts[0])


def slots_of(optimizer, variables: Sequence, floats: float | None = None) -> tuple[str, str, float]:
    """(name, how many slots in words, bytes) of what `optimizer` keeps for these `variables` while it trains them."""
    name, own = optimizer_of(optimizer)
    kept = _kept_for(own, variables) if variables else []
    size = _plain(sum(math.prod(shape) * width(dtype, floats) for shape, dtype in kept))
    weights = sum(math.prod(v.shape) for v in variables)
    values = sum(math.prod(shape) for shape, _ in kept)
    if not weights:
        return name, "0 a weight", size
    each = values / weights
    return name, f"{each:.0f} a weight" if each == int(each) else f"{each:.2f} a weight on average", size


def optimizer_of(optimizer) -> tuple:
    """(name, Keras object) of what a caller means by `optimizer`. Raises ValueError for what is none."""
    import keras

    if isinstance(optimizer, str) and optimizer == "momentum":
        return "momentum", keras.optimizers.SGD(momentum=0.9)
    try:
        own = keras.optimizers.get(optimizer)
    except Exception:
        own = None
    if own is None:
        raise ValueError(
            f'There is no optimizer {optimizer!r}: give a name such as "adam", "sgd" or "momentum", '
            "or an optimizer of Keras such as keras.optimizers.Adam()."
        )
    return optimizer if isinstance(optimizer, str) else own.name, own


def _kept_for(own, variables: Sequence) -> list[tuple[tuple, str]]:
    """(shape, dtype) of each slot that a fresh copy of the optimizer `own` makes for `variables`, scalars left out.

    Nothing is allocated: the slots of a large model take gigabytes, so the copy's requests for variables are only noted.
    """
    import keras

    asked = []

    def note(self, shape, initializer="zeros", dtype=None, **options):
        asked.append((tuple(shape), str(dtype or keras.config.floatx())))
        return _Slot(shape, dtype or keras.config.floatx())

    try:
        fresh = type(own).from_config(own.get_config())
    except Exception as error:
        raise ValueError(
            f"{own.name!r} cannot be copied from its configuration ({error}), so it cannot be asked what it keeps: "
            "give its optimizer a `get_config` that `from_config` understands, or name one of Keras."
        ) from None
    base = next(cls for cls in type(own).__mro__ if "add_variable_from_reference" in vars(cls) and "add_variable" in vars(cls))
    with mock.patch.object(base, "add_variable", note):
        fresh.build(list(variables))
    made = [(tuple(v.shape), str(v.dtype)) for v in fresh.variables if not isinstance(v, _Slot)]
    return [(shape, dtype) for shape, dtype in [*asked, *made] if len(shape) > 0]


class _Slot:
    """Stands in for a variable of an optimizer that is only asked for its size."""

    def __init__(self, shape, dtype):
        self.shape, self.dtype = tuple(shape), dtype

    def assign(self, value) -> None:
        """Nothing is kept."""


class Flow:
    """Which tensors of a trace are alive when; sizes in values of one example."""

    def __init__(self, trace: Trace):
        self.trace = trace
        self._inference = self._storage(idle=True)
        self._training = self._storage(idle=False)

    def _storage(self, idle: bool) -> dict[int, object]:
        """Tensor → the tensor that owns its values: views share them, and in inference so do layers that do nothing."""
        owner = {id(t): t for _, t in self.trace.inputs}
        for step in self.trace.steps:
            for tensor in step.outputs:
                shared = (rules.is_view(step) and len(step.inputs) > 0) or (idle and rules.is_idle_in_inference(step))
                owner[id(tensor)] = owner[id(step.inputs[0])] if shared else tensor
        return owner

    def largest_live(self, activation_bytes: float | None) -> float | None:
        """Bytes alive at once, at most, when each tensor is freed after its last reader; None when a size is unknown."""
        owner = self._inference
        last = {id(owner[id(t)]): len(self.trace.steps) for t in self.trace.outputs}
        for number, step in enumerate(self.trace.steps):
            for tensor in step.inputs:
                key = id(owner[id(tensor)])
                last[key] = max(last.get(key, -1), number)
        alive = {id(t): t for _, t in self.trace.inputs}
        most = _bytes(alive.values(), activation_bytes, at_once=True)
        for number, step in enumerate(self.trace.steps):
            alive.update((id(owner[id(t)]), owner[id(t)]) for t in step.outputs)
            now = _bytes(alive.values(), activation_bytes, at_once=True)
            most = now if math.isnan(now) else max(most, now)
            alive = {key: t for key, t in alive.items() if last.get(key, -1) > number}
            if math.isnan(most):
                return None
        return None if math.isnan(most) else _plain(most)

    def _flows(self) -> dict[int, bool]:
        """Tensor → whether the backward pass needs its gradient, because something trainable lies before it."""
        flows = {id(t): False for _, t in self.trace.inputs}
        for step in self.trace.steps:
            gradient = any(flows[id(t)] for t in step.inputs) or step.trains
            flows.update((id(t), gradient) for t in step.outputs)
        return flows

    def backward(self, activation_bytes: float | None) -> tuple[float, float] | None:
        """(bytes that one example leaves for the backward pass, bytes that the way back needs on top at its worst moment).

        The backward pass of a layer holds the gradient of its output while it makes those of its inputs; what the layer
        had kept is free afterwards. A sum hands the gradient on to its summands as it is. None when a size is unknown.
        """
        owner, flows = self._training, self._flows()
        needed: dict[int, int] = {}  # tensor → the first step that keeps it, which is the last to need it on the way back
        sizes: dict[int, float] = {}
        hidden = []
        for number, step in enumerate(self.trace.steps):
            takes, gives, further = rules.kept(step, any(flows[id(t)] for t in step.inputs))
            for tensor in (step.inputs if takes else ()) + (step.outputs if gives else ()):
                own = owner[id(tensor)]
                needed.setdefault(id(own), number)
                sizes[id(own)] = _bytes([own], activation_bytes)
            # A mask is a byte whatever the dtype; other hidden values are counted in float32 by the rules.
            if further in (0, 1):
                hidden.append(_bytes(step.outputs, 1, every=True) if further else 0.0)
            else:
                hidden.append(further / 4 * _bytes(step.outputs, activation_bytes))
        kept = sum(sizes.values()) + sum(hidden)
        most, alive = kept, kept
        buffers = {id(owner[id(t)]): owner[id(t)] for t in self.trace.outputs if flows[id(t)]}
        for number in reversed(range(len(self.trace.steps))):
            step = self.trace.steps[number]
            self._pass_gradients(step, flows, buffers)
            most = max(most, alive + _bytes({id(t): t for t in buffers.values()}.values(), activation_bytes))
            inputs = {id(owner[id(t)]) for t in step.inputs}
            for key in {id(owner[id(t)]) for t in step.outputs} - inputs:  # a view's gradient is its input's
                buffers.pop(key, None)
            alive -= hidden[number] + sum(size for key, size in sizes.items() if needed[key] == number)
        return None if math.isnan(most) else (kept, most - kept)

    def _pass_gradients(self, step, flows: dict[int, bool], buffers: dict[int, object]) -> None:
        """Add the gradients of the inputs of `step` to the `buffers` that are alive."""
        owner = self._training
        arriving = [buffers[key] for key in (id(owner[id(t)]) for t in step.outputs) if key in buffers]
        for tensor in step.inputs if arriving else ():
            own = owner[id(tensor)]
            if flows[id(tensor)] and id(own) not in buffers:
                passed_on = rules.kind(step.operation) in rules.SUMS and own.size == arriving[0].size
                buffers[id(own)] = arriving[0] if passed_on else own


def _bytes(tensors, floats: float | None, at_once: bool = False, every: bool = False) -> float:
    """Bytes of `tensors`, with `floats` for a floating-point value (`every`: for any value); NaN when a size is unknown.

    `at_once`: of time steps that are computed one after another, count one.
    """
    total = 0.0
    for tensor in tensors:
        if tensor.size is None:
            return math.nan
        size = tensor.size // tensor.steps if at_once else tensor.size
        total += size * (floats if every else width(tensor.dtype, floats))
    return total
