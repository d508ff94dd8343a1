"""Receptive fields: which stretch of the input one unit of a layer can see, axis by axis.

Along one axis the units of a tensor repeat with a `period`: unit number q·period + r sees the input from q·jump + low[r] to
q·jump + high[r]. A plain convolution has period 1; after a transposed convolution of stride 2 even and odd units see
different stretches, so the period is 2. Padding and stride move these numbers, and nothing else is needed to be exact.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from . import rules
from .steps import Step, Trace


@dataclass(frozen=True)
class Axis:
    """One axis of a tensor whose units still have a place on the input's axis."""

    period: int
    jump: int
    spans: tuple[tuple[int, int] | None, ...]  # one for each r below period; None sees nothing at all

    @property
    def size(self) -> int:
        """The largest stretch of the input, in pixels, that a unit sees."""
        return max((high - low + 1 for span in self.spans if span for low, high in [span]), default=0)

    @property
    def stride(self) -> Fraction:
        """Input pixels between neighbouring units; below 1 after upsampling."""
        return Fraction(self.jump, self.period)

    def at(self, unit: int) -> tuple[int, int] | None:
        """First and last input pixel that `unit` sees, padding included, or None when it sees nothing."""
        turn, r = divmod(unit, self.period)
        span = self.spans[r]
        return span and (span[0] + turn * self.jump, span[1] + turn * self.jump)

    def hull(self, units: int, length: int) -> tuple[int, int] | None:
        """First and last pixel of an input of `length` that `units` units see together."""
        spans = [span for span in map(self.at, range(units)) if span]
        return (max(0, min(s[0] for s in spans)), min(length - 1, max(s[1] for s in spans))) if spans else None


@dataclass(frozen=True)
class Grid:
    """Units with a place on each of the input's axes; `where` are the axes of the tensor along which these places lie."""

    axes: tuple[Axis, ...]
    where: tuple[int, ...]

    def positions(self, shape: tuple) -> tuple:
        """How many units a tensor of `shape` has along each axis."""
        return tuple(shape[axis] for axis in self.where)


@dataclass(frozen=True)
class Loose:
    """Units that have lost their place (flattened, pooled away): what one sees, and what all see together, axis by axis."""

    sizes: tuple[int, ...]
    hulls: tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class Unknown:
    """The ledger cannot tell."""


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Taps:
    """What a layer reads along one axis: output q·period + r reads inputs q·step + t, for t in reads[r]."""

    period: int
    step: int
    reads: tuple[tuple[int, ...], ...]


HERE = Taps(1, 1, ((0,),))


def window(size: int, stride: int, dilation: int, before: int) -> Taps:
    """A convolution or pooling window with `before` padded pixels in front."""
    return Taps(1, stride, (tuple(tap * dilation - before for tap in range(size)),))


def spread(size: int, stride: int, dilation: int, before: int) -> Taps:
    """A transposed convolution: input i reaches outputs i·stride + tap·dilation - before."""
    reads = []
    for r in range(stride):
        taps = (r + before - tap * dilation for tap in range(size))
        reads.append(tuple(sorted(tap // stride for tap in taps if tap % stride == 0)))
    return Taps(stride, 1, tuple(reads))


def through(axis: Axis, taps: Taps) -> Axis:
    """The axis behind a layer that reads `taps` of it."""
    turns = axis.period // math.gcd(axis.period, taps.step)
    spans = []
    for unit in range(turns * taps.period):
        turn, r = divmod(unit, taps.period)
        seen = [span for tap in taps.reads[r] if (span := axis.at(turn * taps.step + tap))]
        spans.append((min(s[0] for s in seen), max(s[1] for s in seen)) if seen else None)
    return Axis(turns * taps.period, axis.jump * turns * taps.step // axis.period, tuple(spans))


def fields(trace: Trace) -> list[dict[int, object]]:
    """For each step, the field of its output by the number of the model's input: Grid, Loose or UNKNOWN.

    An input without positions (a plain vector) has no entry.
    """
    state: dict[int, dict[int, object]] = {}
    lengths: dict[int, tuple[int, ...]] = {}
    for number, (_, tensor) in enumerate(trace.inputs):
        where = _image_axes(len(tensor.shape), _format_of_input(trace, tensor))
        spatial = tuple(tensor.shape[axis] for axis in where)
        state[id(tensor)] = {}
        if spatial and None not in spatial:
            lengths[number] = spatial
            state[id(tensor)] = {number: Grid(tuple(Axis(1, 1, ((0, 0),)) for _ in spatial), where)}
        elif spatial:
            state[id(tensor)] = {number: UNKNOWN}
    result = []
    for step in trace.steps:
        seen: dict[int, object] = {}
        numbers = {number for tensor in step.inputs for number in state[id(tensor)]}
        for number in numbers:
            incoming = [(tensor, state[id(tensor)][number]) for tensor in step.inputs if number in state[id(tensor)]]
            seen[number] = _behind(step, incoming, lengths.get(number, ()))
        if rules.kind(step.operation) in rules.EMBEDDING and not numbers:
            seen = _tokens(trace, step, lengths)
        for tensor in step.outputs:
            state[id(tensor)] = seen
        result.append(seen)
    return result


def _behind(step: Step, incoming: list, lengths: tuple[int, ...]):
    """The field behind a step, from the fields of its inputs."""
    name = rules.kind(step.operation)
    values = [value for _, value in incoming]
    if not name or name in rules.PARTS or UNKNOWN in values or None in step.outputs[0].shape:
        return UNKNOWN
    if name == "Concatenate" and any(_lies_along(value, step, [step.operation.axis]) for value in values):
        return UNKNOWN
    if len(values) > 1:
        whole = values[0]
        for tensor, value in incoming[1:]:
            whole = _union(whole, value, incoming[0][0], tensor, lengths)
        return whole
    tensor, value = incoming[0]
    mixed = _mixed_axes(step, name)
    if isinstance(value, Loose):
        return _behind_loose(step, name, value, bool(mixed), lengths)
    if name in rules.LOCAL and value.where != _image_axes(len(tensor.shape), _format_of(step)):
        return UNKNOWN  # the layer takes a channel axis for one of the image's, or the reverse
    if name in rules.PERMUTE or name == "EinsumDense":
        return UNKNOWN
    if name in rules.GLOBAL:
        return _all_of(value, tensor, lengths)
    if name in rules.RESHAPE:
        return _flattened(value, tensor, lengths)
    along = _lies_along(value, step, mixed)
    if along and name in rules.NORMS and along == set(value.where):
        return _all_of(value, tensor, lengths)
    taps = None if along else _taps(step, name, value)
    if taps is None:
        return UNKNOWN
    return Grid(tuple(through(axis, tap) for axis, tap in zip(value.axes, taps, strict=True)), value.where)


def _behind_loose(step: Step, name: str, value: Loose, mixes: bool, lengths: tuple[int, ...]):
    """The field behind a step whose input has lost its places."""
    if name in rules.GLOBAL or (mixes and len(step.inputs[0].shape) == 2):
        return _all_of(value, step.inputs[0], lengths)
    if all(size == (hull[1] - hull[0] + 1 if hull else 0) for size, hull in zip(value.sizes, value.hulls, strict=True)):
        return value  # units that all see the same still do so behind any window
    # Over flattened units a window or a mixing along an axis would see more, and we cannot tell what.
    return UNKNOWN if mixes or name in rules.LOCAL or name == "EinsumDense" else value


def _mixed_axes(step: Step, name: str) -> list[int]:
    """The axes of the tensor along which a layer without a window reads more than one unit."""
    axes = []
    rank = len(step.outputs[0].shape)
    if name in ("Dense", "EinsumDense"):
        axes.append(-1)
    if name in ("LayerNormalization", "RMSNormalization", "UnitNormalization", "Softmax", "LogSoftmax"):
        axis = step.operation.axis
        axes += [axis] if isinstance(axis, int) else list(axis)
    elif name == "GroupNormalization":
        channels = step.operation.axis % rank
        axes += [axis for axis in range(1, rank) if axis != channels] or [channels]
    elif rules.activation(step.operation) in rules.ACROSS:
        axes.append(-1)
    return axes


def _lies_along(value, step: Step, axes: list[int]) -> set[int]:
    """Those of the tensor's `axes` along which the units of `value` have their places."""
    rank = len(step.outputs[0].shape)
    return {axis % rank for axis in axes} & set(value.where) if isinstance(value, Grid) else set()


def _taps(step: Step, name: str, value: Grid) -> list[Taps] | None:
    """What the layer reads along each axis, or None when that depends on more than the place."""
    layer, rank = step.operation, len(value.where)
    before_shape = value.positions(step.inputs[0].shape)
    after_shape = value.positions(step.outputs[0].shape)
    if name in rules.CONV | rules.DEPTHWISE | rules.SEPARABLE | rules.POOL | rules.TRANSPOSED:
        sizes = _each(layer.pool_size if name in rules.POOL else layer.kernel_size, rank)
        strides = _each(layer.strides, rank)
        dilations = _each(getattr(layer, "dilation_rate", 1), rank)
        make = spread if name in rules.TRANSPOSED else window
        ends = zip(before_shape, after_shape, strict=True)
        if name in rules.TRANSPOSED:  # the transposed layer pads like the convolution that leads back
            ends = zip(after_shape, before_shape, strict=True)
        befores = [
            _padding(layer.padding, size, stride, dilation, *end)
            for size, stride, dilation, end in zip(sizes, strides, dilations, ends, strict=True)
        ]
        return [make(*numbers) for numbers in zip(sizes, strides, dilations, befores, strict=True)]
    if name in rules.ADAPTIVE:
        if any(n % m for n, m in zip(before_shape, after_shape, strict=True)):
            return None  # bins of unequal size: no fixed pattern
        bins = [n // m for n, m in zip(before_shape, after_shape, strict=True)]
        return [window(size, size, 1, 0) for size in bins]
    if name in rules.PAD | rules.CROP:
        pairs = layer.padding if name in rules.PAD else layer.cropping
        pairs = [pairs] if rank == 1 else pairs
        sign = 1 if name in rules.PAD else -1
        return [window(1, 1, 1, sign * pair[0]) for pair in pairs]
    if name in rules.UPSAMPLE:
        method = getattr(layer, "interpolation", "nearest")
        if method not in ("nearest", "bilinear"):
            return None
        return [_enlarged(factor, method) for factor in _each(layer.size, rank)]
    return [HERE] * rank


def _padding(padding: str, size: int, stride: int, dilation: int, length: int, result: int) -> int:
    """Padded pixels in front of an axis."""
    reach = (size - 1) * dilation
    if padding == "causal":
        return reach
    if padding == "valid":
        return 0
    return max((result - 1) * stride + reach + 1 - length, 0) // 2


def _enlarged(factor: int, method: str) -> Taps:
    if method == "nearest":
        return Taps(factor, 1, ((0,),) * factor)
    reads = []
    for r in range(factor):
        place = Fraction(2 * r + 1, 2 * factor) - Fraction(1, 2)  # the unit's centre, in pixels of the small image
        low = math.floor(place)
        reads.append((low,) if place == low else (low, low + 1))
    return Taps(factor, 1, tuple(reads))


def _union(a, b, tensor_a, tensor_b, lengths: tuple[int, ...]):
    """What a unit sees that is fed by both `a` and `b`."""
    if UNKNOWN in (a, b):
        return UNKNOWN
    if isinstance(a, Grid) and isinstance(b, Grid):
        if a.where != b.where or len(tensor_a.shape) != len(tensor_b.shape):
            return UNKNOWN
        units = [value.positions(tensor.shape) for value, tensor in ((a, tensor_a), (b, tensor_b))]
        if [x.stride for x in a.axes] == [x.stride for x in b.axes] and units[0] == units[1]:
            return Grid(tuple(_joined(x, y) for x, y in zip(a.axes, b.axes, strict=True)), a.where)
        if min(map(math.prod, units)) > 1:
            return UNKNOWN
    # At least one has no place any more (a squeeze-and-excitation gate): the unit sees all that one sees.
    if isinstance(a, Grid):
        a = _all_of(a, tensor_a, lengths) if isinstance(b, Grid) else _flattened(a, tensor_a, lengths)
    if isinstance(b, Grid):
        b = _flattened(b, tensor_b, lengths)
    hulls = tuple(_hull(x, y) for x, y in zip(a.hulls, b.hulls, strict=True))
    most = tuple(max(pair) for pair in zip(a.sizes, b.sizes, strict=True))
    spans = tuple(hull[1] - hull[0] + 1 if hull else 0 for hull in hulls)
    return Loose(tuple(min(pair) for pair in zip(most, spans, strict=True)), hulls)


def _joined(a: Axis, b: Axis) -> Axis:
    period = math.lcm(a.period, b.period)
    return Axis(period, a.jump * period // a.period, tuple(_hull(a.at(r), b.at(r)) for r in range(period)))


def _hull(a, b):
    return (min(a[0], b[0]), max(a[1], b[1])) if a and b else a or b


def _all_of(value, tensor, lengths: tuple[int, ...]) -> Loose:
    """A unit that is fed by every unit of `tensor`."""
    if isinstance(value, Loose):
        hulls = value.hulls
    else:
        units = value.positions(tensor.shape)
        hulls = tuple(a.hull(n, length) for a, n, length in zip(value.axes, units, lengths, strict=True))
    return Loose(tuple(hull[1] - hull[0] + 1 if hull else 0 for hull in hulls), hulls)


def _flattened(value, tensor, lengths: tuple[int, ...]) -> Loose:
    """Units that see what they saw, but whose place is gone."""
    if isinstance(value, Loose):
        return value
    return Loose(tuple(axis.size for axis in value.axes), _all_of(value, tensor, lengths).hulls)


def _tokens(trace: Trace, step: Step, lengths: dict) -> dict:
    """An embedding gives the entries of a vector of tokens places on an axis."""
    for number, (_, tensor) in enumerate(trace.inputs):
        if tensor is step.inputs[0] and len(tensor.shape) == 2 and tensor.shape[1]:
            lengths[number] = (tensor.shape[1],)
            return {number: Grid((Axis(1, 1, ((0, 0),)),), (1,))}
    return {}


def _image_axes(rank: int, data_format: str | None) -> tuple[int, ...]:
    """The axes between batch and channels of a tensor of `rank` axes; without a format, by Keras' setting."""
    import keras

    first = (data_format or keras.config.image_data_format()) == "channels_first"
    return tuple(range(2, rank)) if first else tuple(range(1, rank - 1))


def _format_of(step: Step) -> str:
    """Cropping1D and UpSampling1D have no format of their own: their channels come last."""
    return getattr(step.operation, "data_format", None) or "channels_last"


def _format_of_input(trace: Trace, tensor) -> str | None:
    """Where an input has its channels, as the first layer with a window says that reads it; None when there is none."""
    reached = {id(tensor)}
    for step in trace.steps:
        if not any(id(t) in reached for t in step.inputs):
            continue
        name = rules.kind(step.operation)
        if name in rules.LOCAL:
            return _format_of(step)
        if name not in rules.PERMUTE | rules.RESHAPE:
            reached.update(id(t) for t in step.outputs if len(t.shape) == len(tensor.shape))
    return None


def _each(value, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value)
