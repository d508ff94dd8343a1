"""The ledger itself: one row for each use of a layer, totals, and the memory that follows from them."""

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction

from . import memory, receptive, rules, show
from .graph import Step, Trace, trace


@dataclass(frozen=True)
class Row:
    """One use of one layer, for one example.

    `output_shape` has no batch axis. `weights` + `biases` are the values of the layer's variables (0 when an earlier row holds
    them already). `activations` are the new values that the layer produces: a view such as Flatten produces none.
    `receptive_field` and `stride` have one entry for each axis of the input, in its pixels; None where there is no such
    thing, as behind an input without axes. A count that is None could not be made; `not_counted` says which.
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
        """Values that one example makes on its way through, the input included (at least, when `not_counted` is not empty)."""
        return sum(row.activations or 0 for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """Products of a weight and a value for one example (at least, when `not_counted` is not empty)."""
        return sum(row.multiply_adds or 0 for row in self.rows)

    @property
    def not_counted(self) -> tuple[str, ...]:
        """What could not be counted, layer by layer; empty when the ledger is complete."""
        return tuple(f"{row.name} ({row.kind}): {', '.join(row.not_counted)}" for row in self.rows if row.not_counted)

    def __getitem__(self, name: str) -> Row:
        """The first row of the layer `name`."""
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"There is no layer {name!r}; the ledger's rows are {', '.join(row.name for row in self.rows)}.")

    # ------------------------------------------------------------ memory, in bytes

    def inference(self, batch: int = 1, dtype: str = "float32") -> memory.Memory:
        """Memory to predict `batch` examples: the weights, and the largest set of tensors alive at once.

        Each tensor is freed after its last reader. Layers work out of place, as with TensorFlow's convolutions. Under mixed
        precision a half-precision copy of the weights is made beside the full one.
        """
        weight_bytes, activation_bytes = memory.precision(dtype)
        live = self._flow.largest_live()
        if live is None:
            raise ValueError(_open_shape(self.name))
        parts = {"weights": self.parameters * weight_bytes}
        if weight_bytes > activation_bytes:
            parts["half-precision copy of the weights"] = self.parameters * activation_bytes
        parts["largest set of live tensors"] = live * activation_bytes * _positive(batch)
        return memory.Memory(f"{self.name}: inference, batch {batch}, {dtype}", parts)

    def training(self, batch: int = 32, optimizer="adam", dtype: str = "float32") -> memory.Memory:
        """Memory of one training step on `batch` examples.

        Weights, gradients and optimizer slots of what is trainable; the activations that the backward pass needs, batch
        times; and what gradients of activations add to them at the worst moment of the way back. Not in it: what the
        library's kernels take as workspace, and the library itself.
        """
        weight_bytes, activation_bytes = memory.precision(dtype)
        name, slots = memory.slots(optimizer)
        found = self._flow.backward(activation_bytes)
        if found is None:
            raise ValueError(_open_shape(self.name))
        parts = {"weights": self.parameters * weight_bytes}
        if weight_bytes > activation_bytes:
            parts["half-precision copy of the weights"] = self.parameters * activation_bytes
        parts["gradients"] = self.trainable * weight_bytes
        parts[f"optimizer slots ({slots} a weight)"] = self.trainable * slots * weight_bytes
        parts["activations kept for backward"] = found[0] * _positive(batch)
        parts["activation gradients on top"] = found[1] * batch
        return memory.Memory(f"{self.name}: training, batch {batch}, {dtype}, {name}", parts)

    def largest_batch(self, available: float, optimizer="adam", dtype: str = "float32") -> int:
        """The largest batch whose training step is counted within `available` bytes; 0 when not even one example fits."""
        one, two = (self.training(batch, optimizer, dtype).total for batch in (1, 2))
        fixed = 2 * one - two
        return max(0, math.floor((available - fixed) / (two - one))) if two > one else 0

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
    Raises ValueError when the model has no shape yet.
    """
    walked = trace(model, input_shape)
    seen = receptive.fields(walked)
    rows = [
        Row(name, "InputLayer", tensor.shape[1:], 0, 0, 0, tensor.size, 0, *_input_field(tensor), not_counted=_open(tensor))
        for name, tensor in walked.inputs
    ]
    counted: dict[int, str] = {}  # variable → the row that holds it
    for step, fields in zip(walked.steps, seen, strict=True):
        rows.append(_row(step, fields, counted))
    held = sum(row.parameters for row in rows)
    missing = model.count_params() - held
    if missing:
        note = "weights of the model that belong to no layer on the way from input to output"
        elsewhere = Row(
            "(elsewhere)", type(model).__name__, (), missing, 0, _elsewhere(model, counted), 0, None, None, None, note
        )  # fmt: skip
        rows.append(replace(elsewhere, not_counted=("multiply-adds",)))
    return Ledger(model.name, tuple(rows), walked)


def _row(step: Step, fields: dict, counted: dict[int, str]) -> Row:
    known = rules.kind(step.operation)
    weights, biases, trainable = rules.split_weights(step.operation)
    note, variables = "", getattr(step.operation, "weights", ())
    if variables and all(id(v) in counted for v in variables):
        weights = biases = trainable = 0
        note = f"shares the weights of {counted[id(variables[0])]}"
    counted.update((id(v), step.name) for v in variables if id(v) not in counted)
    view = rules.is_view(step)
    sizes = [tensor.size for tensor in step.outputs]
    activations = None if None in sizes else 0 if view else sum(sizes)
    products = rules.multiply_adds(step)
    field_size, stride, unknown = _summary(fields)
    missing = []
    if activations is None:
        missing.append("activations")
    if products is None:
        missing.append("multiply-adds")
    if unknown:
        missing.append("receptive field")
    if view and known != "InputLayer":
        note = note or "a view: no new values"
    shapes = [_without_batch(tensor.shape) for tensor in step.outputs]
    shape = shapes[0] if len(shapes) == 1 else tuple(shapes)
    return Row(step.name, type(step.operation).__name__, shape, weights, biases, trainable, activations, products,
               field_size, stride, note, tuple(missing))  # fmt: skip


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


def _elsewhere(model, counted: dict[int, str]) -> int:
    return sum(math.prod(v.shape) for v in model.trainable_weights if id(v) not in counted)


def _positive(batch: int) -> int:
    if batch < 1:
        raise ValueError(f"A batch has at least one example; this one has {batch}.")
    return batch


def _open_shape(name: str) -> str:
    return f"{name!r} leaves axes of its input open, so memory cannot be counted: give `ledger(model, input_shape=…)`."
