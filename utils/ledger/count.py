"""The ledger itself: one row for each use of a layer, totals, and the memory that follows from them."""

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import groupby

from . import asking, memory, receptive, rules, show
from .bounds import AtLeast, AtMost
from .graph import trace
from .steps import Step, Trace


@dataclass(frozen=True)
class Row:
    """One use of one layer, for one example.

    `output_shape` has no batch axis. `weights` + `biases` are the values of the layer's variables (0 when an earlier row holds
    them already). `activations` are the new values that the layer produces: a view such as Flatten produces none.
    `receptive_field` and `stride` have one entry for each axis of the input, in its pixels; None where there is no such
    thing, as behind an input without axes. A count that is None could not be made; `not_counted` says which. Activations
    that are named there are a lower bound: the layer's output is counted, what it makes on the way is not. `positions` are
    the axes of the output's map, wherever the layer has its channels.
    """

    name: str
    kind: str
    output_shape: tuple
    weights: int
    biases: int
    trainable: int
    activations: int | None
    multiply_adds: int | None
    receptive_field: tuple[int, ...] | None
    stride: tuple[Fraction, ...] | None
    note: str = ""
    not_counted: tuple[str, ...] = ()
    positions: tuple[int, ...] | None = None

    @property
    def parameters(self) -> int:
        """Weights and biases together."""
        return self.weights + self.biases


@dataclass(frozen=True)
class Ledger:
    """The rows of a model, its totals, and its memory. Made by `ledger(model)`."""

    name: str
    rows: tuple[Row, ...]
    trace: Trace = field(repr=False)

    # ------------------------------------------------------------ totals, for one example

    @property
    def weights(self) -> int:
        return sum(row.weights for row in self.rows)

    @property
    def biases(self) -> int:
        return sum(row.biases for row in self.rows)

    @property
    def parameters(self) -> int:
        """Weights and biases; equals Keras' `count_params()`."""
        return self.weights + self.biases

    @property
    def trainable(self) -> int:
        """Parameters that training changes."""
        return sum(row.trainable for row in self.rows)

    @property
    def activations(self) -> int:
        """Values that one example makes on its way through, the input included.

        A lower bound, which prints as "at least …", when a layer's could not be counted.
        """
        return self._bounded("activations", sum(row.activations or 0 for row in self.rows))

    @property
    def multiply_adds(self) -> int:
        """Products of two values for one example; a lower bound ("at least …") when a layer's could not be counted."""
        return self._bounded("multiply-adds", sum(row.multiply_adds or 0 for row in self.rows))

    def lacks(self, what: str) -> bool:
        """True when some row could not be counted in full; `what` is "activations" or "multiply-adds"."""
        return any(what in row.not_counted for row in self.rows)

    def _bounded(self, what: str, value: int) -> int:
        return AtLeast(value) if self.lacks(what) else value

    @property
    def not_counted(self) -> tuple[str, ...]:
        """What could not be counted, layer by layer; empty when the ledger is complete."""
        return tuple(f"{row.name} ({row.kind}): {', '.join(row.not_counted)}" for row in self.rows if row.not_counted)

    def __getitem__(self, name: str) -> Row:
        """The first row of the layer `name`; of a layer or model that was opened, the sum of the rows inside."""
        for row in self.rows:
            if row.name == name:
                return row
        inside = [row for row in self.rows if row.name.startswith(f"{name}/")]
        if inside:
            return _sum(name, inside)
        raise KeyError(f"There is no layer {name!r}; the ledger's rows are {', '.join(row.name for row in self.rows)}.")

    # ------------------------------------------------------------ memory, in bytes

    def inference(self, batch: int = 1, dtype: str | None = None) -> memory.Memory:
        """Memory to predict `batch` examples: the weights, and the largest set of tensors alive at once.

        Each tensor is freed after its last reader. Layers work out of place, as with TensorFlow's convolutions. `dtype` asks
        what it would be in another precision ("float16", "mixed_bfloat16", …); integers, as in a quantized model, stay what
        they are. Under mixed precision a half-precision copy of the weights is made beside the full one.

        Raises ValueError for a batch below 1, an unknown precision, and a model that leaves axes of its input open.
        """
        weight_bytes, activation_bytes = memory.precision(dtype)
        batch = asking.whole(batch, "A batch has at least one example: its size", 32)
        live = self._flow.largest_live(activation_bytes)
        if live is None:
            raise ValueError(_open_shape(self.name))
        parts = self._weight_parts(weight_bytes, activation_bytes)
        parts["largest set of live tensors"] = live * batch
        return self._memory(f"inference, batch {batch}, {self._precision(dtype)}", parts, "largest set of live tensors")

    def training(self, batch: int = 32, optimizer="adam", dtype: str | None = None) -> memory.Memory:
        """Memory of one training step on `batch` examples.

        Weights, gradients and optimizer slots of what is trainable; the activations that the backward pass needs, batch
        times; and what gradients of activations add to them at the worst moment of the way back. Not in it: what the
        library's kernels take as workspace, and the library itself. `optimizer` is an optimizer of Keras or its name;
        `dtype` as in `inference`.

        Raises ValueError for a batch below 1, an unknown precision or optimizer, and a model that leaves axes open.
        """
        weight_bytes, activation_bytes = memory.precision(dtype)
        batch = asking.whole(batch, "A batch has at least one example: its size", 32)
        trained = [v for v in self.trace.variables if v.trainable]
        name, slots, slot_bytes = memory.slots_of(optimizer, trained, weight_bytes)
        found = self._flow.backward(activation_bytes)
        if found is None:
            raise ValueError(_open_shape(self.name))
        parts = self._weight_parts(weight_bytes, activation_bytes)
        parts["gradients"] = memory.bytes_of(trained, weight_bytes)
        parts[f"optimizer slots ({slots})"] = slot_bytes
        kept, on_top = "activations kept for backward", "activation gradients on top"
        parts[kept], parts[on_top] = found[0] * batch, found[1] * batch
        return self._memory(f"training, batch {batch}, {self._precision(dtype)}, {name}", parts, kept, on_top)

    def largest_batch(self, available: float, optimizer="adam", dtype: str | None = None) -> int:
        """The largest batch whose training step is counted within `available` bytes; 0 when not even one example fits.

        An upper bound, which prints as "at most …", when some layer's activations could not be counted. Raises ValueError
        for what is no number of bytes, and for a model that keeps nothing, whose batch the count does not limit.
        """
        available = asking.amount(available, "`available`, the memory in bytes,", "8 * 2**30")
        one, two = (float(self.training(batch, optimizer, dtype).total) for batch in (1, 2))
        if two <= one:
            raise ValueError(
                f"{self.name!r} trains nothing and keeps no activations, so no batch is the largest: make a layer trainable, "
                "or ask `inference(batch)`."
            )
        batch = max(0, math.floor((available - (2 * one - two)) / (two - one)))
        return AtMost(batch) if self.lacks("activations") else batch

    def _weight_parts(self, weight_bytes: int | None, activation_bytes: int | None) -> dict[str, float]:
        variables = self.trace.variables
        parts = {"weights": memory.bytes_of(variables, weight_bytes)}
        if weight_bytes is None:
            types = self._computed_in
            narrower = [v for v in variables if memory.width(types[id(v)]) < memory.width(str(v.dtype))]
            copy = sum(math.prod(v.shape) * memory.width(types[id(v)]) for v in narrower)
        else:
            copy = memory.bytes_of(_floats(variables), activation_bytes) if weight_bytes > activation_bytes else 0
        if copy:
            parts["half-precision copy of the weights"] = copy
        return parts

    @property
    def _computed_in(self) -> dict[int, str]:
        """Variable → the type in which its layer computes with it."""
        found = {id(v): str(v.dtype) for v in self.trace.variables}
        for step in self.trace.steps:
            layer = step.group.layer if step.group else step.operation
            for variable in step.variables:
                if memory.is_float(str(variable.dtype)) and getattr(variable, "_autocast", True):
                    found[id(variable)] = str(getattr(layer, "compute_dtype", variable.dtype) or variable.dtype)
        return found

    def _precision(self, dtype: str | None) -> str:
        """The precision in words: the one asked for, or the model's own."""
        names = sorted({str(v.dtype) for v in self.trace.variables} | set(self._computed_in.values()))
        return dtype or " and ".join(names) or "float32"

    def _memory(self, what: str, parts: dict, *bounded: str) -> memory.Memory:
        return memory.Memory(f"{self.name}: {what}", parts, frozenset(bounded if self.lacks("activations") else ()))

    @property
    def _flow(self) -> memory.Flow:
        return memory.Flow(self.trace)

    # ------------------------------------------------------------ views

    def frame(self):
        """The rows as a pandas DataFrame; a count that could not be made is missing (NA), never 0."""
        return show.frame(self)

    def figure(self):
        """Two bars, parameters and activations, each cut by the resolution at which they sit. Returns the figure."""
        return show.figure(self)

    def describe(self) -> str:
        """One sentence: where most parameters and most activations sit. It serves as the figure's alternative text."""
        return show.describe(self)

    def __str__(self) -> str:
        return show.text(self)

    def _repr_html_(self) -> str:
        return show.page(self)


def ledger(model, input_shape=None) -> Ledger:
    """Count `model` (any Keras 3 model that is built), row by row, for one example.

    `input_shape` (height, width, channels) fills in axes that the model leaves open; several inputs take a list of shapes.
    Raises TypeError for what is no model of Keras, ValueError for a model that has no shape or no weights yet, and for an
    `input_shape` that it cannot take.
    """
    walked = trace(model, input_shape)
    seen = receptive.fields(walked)
    rows = [
        Row(name, "InputLayer", tensor.shape[1:], 0, 0, 0, tensor.size, 0, *_input_field(tensor), not_counted=_open(tensor))
        for name, tensor in walked.inputs
    ]
    counted: dict[int, str] = {}  # variable → the row that holds it
    own = {id(v) for v in walked.variables}
    uses = enumerate(zip(walked.steps, seen, strict=True))
    for _, members in groupby(uses, lambda use: use[1][0].group or use[0]):
        steps, fields = zip(*(use for _, use in members), strict=True)
        rows.append(_row(steps, fields[-1], counted, own))
    rows += _missing(model, walked, counted)
    return Ledger(model.name, tuple(rows), walked)


def _missing(model, walked: Trace, counted: dict[int, str]) -> list[Row]:
    """A row for the weights that no step uses."""
    rest = [v for v in walked.variables if id(v) not in counted]
    if not rest:
        return []
    note = "weights of the model that belong to no layer on the way from input to output"
    row = Row("(elsewhere)", type(model).__name__, (), *rules.split_weights(rest), 0, None, None, None, note)
    return [replace(row, not_counted=("multiply-adds",))]


def _row(steps: tuple[Step, ...], fields: dict, counted: dict[int, str], own: set[int]) -> Row:
    """The row of one use of a layer: of one step, or of all the steps inside a layer that was opened."""
    last = steps[-1]
    group = last.group
    name, layer = (group.name, group.layer) if group else (last.name, last.operation)
    variables = [v for v in {id(v): v for v in _variables(steps)}.values() if id(v) in own]
    fresh = [v for v in variables if id(v) not in counted]
    notes = []
    if len(fresh) < len(variables):
        holder = next(counted[id(v)] for v in variables if id(v) in counted)
        notes.append(f"shares {'weights with' if fresh else 'the weights of'} {holder}")
    counted.update((id(v), name) for v in fresh)
    weights, biases, trainable = rules.split_weights(fresh)
    sizes = [tensor.size for step in steps if rules.makes_values(step) for tensor in step.outputs]
    activations = None if None in sizes else sum(sizes)
    products = [rules.multiply_adds(step) for step in steps]
    field_size, stride, unknown = _summary(fields)
    missing = []
    if activations is None or any(step.more_in_training or not rules.is_counted(step) for step in steps):
        activations = activations and AtLeast(activations)
        missing.append("activations")
    if None in products:
        missing.append("multiply-adds")
    if unknown:
        missing.append("receptive field")
    if not group and rules.is_view(last):
        notes = notes or ["a view: no new values"]
    shapes = [_without_batch(tensor.shape) for tensor in last.outputs]
    grids = [value for value in fields.values() if isinstance(value, receptive.Grid)]
    return Row(
        name, type(layer).__name__, shapes[0] if len(shapes) == 1 else tuple(shapes), weights, biases, trainable, activations,
        None if None in products else sum(products), field_size, stride, "; ".join(notes), tuple(missing),
        grids[0].positions(last.outputs[0].shape) if grids else None,
    )  # fmt: skip


def _variables(steps: tuple[Step, ...]) -> list:
    """The variables that steps use; a layer that was opened may use some in a form in which they cannot be recognized."""
    used = [v for step in steps for v in step.variables]
    group = steps[-1].group
    return [*used, *group.layer.weights] if group else used


def _sum(name: str, rows: list[Row]) -> Row:
    """The rows inside a layer or model taken together."""
    last = rows[-1]
    products = [row.multiply_adds for row in rows]
    activations = [row.activations for row in rows]
    lacking = tuple(
        what for what in ("activations", "multiply-adds", "receptive field") if any(what in r.not_counted for r in rows)
    )
    total = None if None in activations else sum(activations)
    return Row(
        name, "", last.output_shape, sum(r.weights for r in rows), sum(r.biases for r in rows), sum(r.trainable for r in rows),
        AtLeast(total) if total is not None and "activations" in lacking else total,
        None if None in products else sum(products), last.receptive_field, last.stride, f"{len(rows)} rows together", lacking,
        last.positions,
    )  # fmt: skip


def _summary(fields: dict) -> tuple:
    """(receptive field, stride, could not be told): with several inputs, the largest field and no stride."""
    if any(value == receptive.UNKNOWN for value in fields.values()):
        return None, None, True
    values = list(fields.values())
    if not values:
        return None, None, False
    sizes = [tuple(a.size for a in v.axes) if isinstance(v, receptive.Grid) else v.sizes for v in values]
    if len({len(size) for size in sizes}) > 1:
        return None, None, True
    largest = tuple(max(axis) for axis in zip(*sizes, strict=True))
    one = values[0] if len(values) == 1 else None
    return largest, tuple(a.stride for a in one.axes) if isinstance(one, receptive.Grid) else None, False


def _input_field(tensor) -> tuple:
    rank = len(tensor.shape) - 2
    return ((1,) * rank, (Fraction(1),) * rank) if rank > 0 else (None, None)


def _open(tensor) -> tuple[str, ...]:
    return ("activations",) if tensor.size is None else ()


def _without_batch(shape: tuple) -> tuple:
    """Drop the batch axis; an operation that folded it into another axis keeps all it has."""
    return tuple(shape[1:]) if shape and shape[0] == 1 else tuple(shape)


def _floats(variables) -> list:
    return [v for v in variables if memory.is_float(str(v.dtype))]


def _open_shape(name: str) -> str:
    return f"{name!r} leaves axes of its input open, so memory cannot be counted: give `ledger(model, input_shape=…)`."
