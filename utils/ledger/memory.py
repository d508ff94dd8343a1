"""What a network asks of memory: the weights, what training adds to them, and what flows through.

Bytes throughout. A megabyte is 10^6 bytes, a mebibyte (MiB) 2^20; cards are sold by the GiB of 2^30.
"""

import math
from dataclasses import dataclass

from . import rules
from .graph import Trace

BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}
# Name → (bytes of a weight, bytes of an activation). Mixed precision computes in half and keeps the weights in full.
PRECISIONS = {
    **{name: (size, size) for name, size in BYTES.items()},
    "mixed_float16": (4, 2),
    "mixed_bfloat16": (4, 2),
}


@dataclass(frozen=True)
class Memory:
    """Bytes, part by part; `what` says in words what was asked."""

    what: str
    parts: dict[str, float]

    @property
    def total(self) -> float:
        """Bytes in all."""
        return sum(self.parts.values())

    def __str__(self) -> str:
        rows = [*self.parts.items(), ("total", self.total)]
        return "\n".join([self.what, *(f"  {name:<34}{size / 1e6:>12,.1f} MB" for name, size in rows)])

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><td style='text-align:left'>{name}</td><td>{size / 1e6:,.1f} MB</td></tr>"
            for name, size in [*self.parts.items(), ("<b>total</b>", self.total)]
        )
        head = "<tr><th scope='col' style='text-align:left'>part</th><th scope='col'>size</th></tr>"
        return f"<p>{self.what}</p><table><thead>{head}</thead><tbody>{cells}</tbody></table>"


def precision(dtype: str) -> tuple[int, int]:
    """(bytes of a weight, bytes of an activation) under a dtype or mixed-precision policy."""
    if dtype not in PRECISIONS:
        raise ValueError(f"There is no precision {dtype!r}; choose one of {', '.join(PRECISIONS)}.")
    return PRECISIONS[dtype]


def slots(optimizer) -> tuple[str, int]:
    """(name, values that it keeps beside each weight) of an optimizer: a Keras object, or a name like "sgd" or "momentum".

    The optimizer itself is asked, by building a fresh one for two small weights. Raises ValueError for one whose memory is
    not a fixed multiple of the weights (Adafactor).
    """
    import keras

    if optimizer == "momentum":
        return "momentum", slots(keras.optimizers.SGD(momentum=0.9))[1]
    own = keras.optimizers.get(optimizer)
    name = optimizer if isinstance(optimizer, str) else own.name
    counts = []
    for shape in ((3, 5), (6, 7)):
        fresh = type(own).from_config(own.get_config())
        weight = keras.Variable(keras.ops.zeros(shape))
        fresh.build([weight])
        counts.append(sum(_size(v.shape) for v in fresh.variables if len(v.shape) > 0) / _size(shape))
    if counts[0] != counts[1] or counts[0] != int(counts[0]):
        raise ValueError(f"{name} keeps no fixed number of values a weight, so its memory cannot be counted from totals.")
    return name, int(counts[0])


def _size(shape) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


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
                shared = rules.is_view(step) or (idle and rules.is_idle_in_inference(step))
                owner[id(tensor)] = owner[id(step.inputs[0])] if shared else tensor
        return owner

    def largest_live(self) -> int | None:
        """Values alive at once, at most, when each tensor is freed after its last reader; None when a size is unknown."""
        owner = self._inference
        last = {id(owner[id(t)]): len(self.trace.steps) for t in self.trace.outputs}
        for number, step in enumerate(self.trace.steps):
            for tensor in step.inputs:
                key = id(owner[id(tensor)])
                last[key] = max(last.get(key, -1), number)
        alive = {id(t): t for _, t in self.trace.inputs}
        most = _values(alive.values())
        for number, step in enumerate(self.trace.steps):
            alive.update((id(owner[id(t)]), owner[id(t)]) for t in step.outputs)
            now = _values(alive.values())
            most = None if None in (most, now) else max(most, now)
            alive = {key: t for key, t in alive.items() if last.get(key, -1) > number}
        return most

    def _flows(self) -> dict[int, bool]:
        """Tensor → whether the backward pass needs its gradient, because something trainable lies before it."""
        flows = {id(t): False for _, t in self.trace.inputs}
        for step in self.trace.steps:
            gradient = any(flows[id(t)] for t in step.inputs) or rules.trains(step)
            flows.update((id(t), gradient) for t in step.outputs)
        return flows

    def backward(self, activation_bytes: int) -> tuple[float, float] | None:
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
            each = further if further in (0, 1) else further * activation_bytes / 4
            hidden.append(each * _bytes(step.outputs, 1) if each else 0.0)
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


def _bytes(tensors, each: int) -> float:
    """Bytes of `tensors` with `each` for a value; NaN when a size is unknown."""
    size = _values(tensors)
    return math.nan if size is None else float(size * each)


def _values(tensors) -> int | None:
    sizes = [t.size for t in tensors]
    return None if None in sizes else sum(sizes)
