"""Compare Keras models by what they do: shapes, parameters, multiply-adds, and their outputs with the same weights.

Two models may differ in names, in the order in which layers were made, in nesting, in functional, sequential or subclassed style,
in activations as arguments or as layers: nothing of that shows here.
"""

import contextlib
import functools
import gc
import math
import sys
import zlib
from collections import Counter
from unittest import mock

import numpy as np

from .calling import guarded
from .excuses import cause
from .outcome import Wrong
from .probes import probe_rng
from .values import kind

_OUTPUTS = 1e-3  # two orders of summation, or another epsilon in BatchNormalization, differ by less
_LARGEST = 2**26  # weights in one array that a check still makes, 268 MB
_LARGE = 10**7  # parameters of a model whose memory is asked back at once
_WORK = 0.02  # a share of the multiply-adds that ways of counting may differ by


class Input:
    """In a case: a fresh symbolic input of `shape`, without the batch axis. `Input((9, 9, 4))`."""

    def __init__(self, shape: tuple[int, ...]):
        self.shape = tuple(shape)

    def __repr__(self) -> str:
        return f"{'×'.join(map(str, self.shape))} input"


def materialized(arguments: tuple, options: dict) -> tuple[tuple, dict]:
    """The arguments of a case with fresh Keras inputs in the place of each `Input`."""

    def fresh(value):
        if isinstance(value, Input):
            import keras

            return keras.Input(value.shape)
        return value

    return tuple(map(fresh, arguments)), {name: fresh(value) for name, value in options.items()}


def is_model(value) -> bool:
    """Whether it is a Keras model; false without an import where Keras is not loaded."""
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(value, getattr(keras, "Model", ()))


def is_symbolic(value) -> bool:
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(value, getattr(keras, "KerasTensor", ()))


def adopt(result, arguments: tuple, expected=None, *, dropout: bool = False):
    """`result` with each Keras model, or symbolic tensor computed from `arguments`, as a Network; values as they are.

    `expected`, the reference's result, gives the input shape to a model that does not know its own.
    """
    if isinstance(result, list) and not isinstance(expected, (Network, Sketch)):
        wanted = expected if isinstance(expected, list) and len(expected) == len(result) else [None] * len(result)
        return [adopt(each, arguments, e, dropout=dropout) for each, e in zip(result, wanted, strict=True)]
    shape = expected.input_shape if isinstance(expected, (Network, Sketch)) else None
    like = expected if isinstance(expected, Sketch) else None
    if is_symbolic(result):
        import keras

        inputs = [each for each in arguments if is_symbolic(each)]
        if not inputs:
            raise Wrong("Return the model; this is a tensor.")
        try:
            return Network(keras.Model(inputs[0] if len(inputs) == 1 else inputs, result), shape, dropout=dropout)
        except ValueError as error:
            raise Wrong(f"Your function returns a tensor that does not depend on its input ({cause(error)}).", error) from None
    if is_model(result):
        return Network(result, shape, dropout=dropout, like=like)
    return result


def holds_network(result) -> bool:
    """Whether a reference's result is a network, or a list with one."""
    each = result if isinstance(result, list) else [result]
    return any(isinstance(one, (Network, Sketch)) for one in each)


@contextlib.contextmanager
def cheap_weights():
    """Inside, Keras' usual initializers make zeros: the weights are set anew anyway, and drawing 30 million takes a second.

    More than _LARGEST weights in one array raise ValueError before they are made.
    """
    import keras

    def zeros(self, shape, dtype=None, **_):
        if math.prod(shape) > _LARGEST:
            raise ValueError(f"too many weights: {math.prod(shape):,} in one array")
        return keras.ops.zeros(shape, dtype)

    with mock.patch.object(keras.initializers.VarianceScaling, "__call__", zeros):
        yield


@contextlib.contextmanager
def no_weights():
    """Inside, Keras' layers know the shapes of their weights but make no values: building takes a fraction of the time."""
    import keras
    from keras.src.backend.common import variables

    with (
        keras.StatelessScope(initialize_variables=False),
        mock.patch.object(variables, "register_uninitialized_variable", lambda variable: None),
    ):
        yield


class Sketch:
    """A network of ours, known by its structure and measured only where that does not decide: most are never the answer.

    `build` makes the model. An answer of the same structure does the same. One of another structure may still do the same as
    the reference, so both are measured; as a mistake (`mistake`) it is not recognized. See `structure`.
    """

    def __init__(self, build, *, dropout: bool = False, mistake: bool = False):
        self._build, self._dropout, self._mistake = build, dropout, mistake
        with no_weights():
            model = build()
            small = is_model(model) and all(math.prod(each.shape) <= _LARGEST for each in model.weights)
            self.structure = structure(model, dropout=dropout) if small else None
        self.input_shape = model.input_shape if self.structure else None

    @functools.cached_property
    def network(self) -> "Network":
        with cheap_weights():
            return Network(self._build(), dropout=self._dropout)

    def agrees(self, answer) -> bool:
        if not isinstance(answer, Network) or answer.problem:
            return False
        if answer.structure is not None and (self._mistake or answer.structure == self.structure):
            return answer.structure == self.structure
        return self.network.agrees(answer)

    def difference(self, answer, what: str = "It", case: str = "") -> str:
        return self.network.difference(answer, what, case)


class Network:
    """What a model does, measured once, and the model is not kept after that: a check compares many, and each may take 160 MB.

    Its weights are set by a rule that depends on nothing but the shape and the role of each (kernel, bias, gamma, …), so layers
    of one kind have the same values in either model and need not be matched; afterwards the model gets its own weights back.
    Permuting layers of the same shapes changes no network, so no right answer can differ from the reference.
    """

    def __init__(self, model, input_shape: tuple | None = None, *, dropout: bool = False, like: Sketch | None = None):
        """Measure `model`; with `like` only when it is compared, if it is a plain chain: the structure may decide."""
        self.input_shape = _input_shape(model) or input_shape
        self.problem = ""
        self.outputs = self.multiply_adds = None
        self.parameters = 0
        self.dropout = self._unmeasured = None
        self.structure = structure(model, dropout=dropout) if like is not None else None
        if len(getattr(model, "inputs", None) or [0]) != 1:
            self.problem = f"The model has {len(model.inputs)} inputs; expected one."
            return
        if self.input_shape is None:
            self.problem = "The model does not know the shape of its input. Begin with `keras.Input(shape)`."
            return
        if input_shape is not None and tuple(self.input_shape[1:]) != tuple(input_shape[1:]):
            self.problem = f"The model takes inputs of shape {_shown(self.input_shape)}; expected {_shown(input_shape)}."
            return
        self._unmeasured = model, dropout
        if self.structure is None:
            self.measure()

    def measure(self) -> None:
        """Set what is compared. Raises Wrong where the model cannot be called."""
        if self._unmeasured is None:
            return
        (model, dropout), self._unmeasured = self._unmeasured, None
        data = self._data()
        with guarded(returned=True):
            if not model.built:
                model(data[:1], training=False)
            called = _calls(model, data[:1]) if dropout and not _operations(model) else []
            before = model.get_weights()
            try:
                _standard_weights(model)
                outputs = model(data, training=False)
            finally:
                model.set_weights(before)
        if isinstance(outputs, (list, tuple, dict)):
            self.problem = f"The model returns {len(outputs)} outputs; expected one."
            return
        self.outputs = np.asarray(outputs)
        self.parameters = model.count_params()
        self.multiply_adds = _multiply_adds(model, self.input_shape)
        self.steps, self.is_chain = steps(model), _is_chain(model)
        self.dropout = _dropouts(self.steps or _named(called)) if dropout else None
        if self.parameters > _LARGE:
            gc.collect()  # models are cycles of references: those before this one would keep their memory

    @property
    def output_shape(self) -> tuple[int, ...]:
        return self.outputs.shape[1:]

    def _data(self) -> np.ndarray:
        shape = [32 if n is None else n for n in self.input_shape[1:]]
        return probe_rng("network").normal(0.2, 1, (3, *shape)).astype("float32")

    def agrees(self, answer) -> bool:
        """Whether `answer` is a network that does the same."""
        if not isinstance(answer, Network):
            return False
        answer.measure()
        return not answer.problem and self._disagreement(answer, "It") == ""

    def difference(self, answer, what: str = "It", case: str = "") -> str:
        """In words, what `answer` does otherwise than this network."""
        if not isinstance(answer, Network):
            return f"Return the model{' ' + case if case else ''}; this is {kind(answer)}."
        answer.measure()
        said = answer.problem or self._disagreement(answer, what)
        return f"{case[0].upper()}{case[1:]}: {said[0].lower()}{said[1:]}" if case else said

    def _disagreement(self, other: "Network", what: str) -> str:
        if other.output_shape != self.output_shape:
            return f"{what} returns shape {other.output_shape} for one example; expected {self.output_shape}."
        if other.parameters != self.parameters:
            more = "more" if other.parameters > self.parameters else "fewer"
            return (
                f"{what} has {other.parameters:,} parameters, {abs(other.parameters - self.parameters):,} {more} than expected."
                f"{self._layers(other)}"
            )
        same_outputs = self._same_outputs(other)
        if other.multiply_adds is not None and self.multiply_adds:
            ratio = other.multiply_adds / self.multiply_adds
            if abs(ratio - 1) > _WORK:
                subject = "it" if what == "It" else what
                return (
                    f"Shapes and parameters are right, but {subject} does {_times(ratio)} the multiply-adds: "
                    f"{other.multiply_adds:,}, expected {self.multiply_adds:,}. Where do the strides stand?"
                )
        if not same_outputs:
            ending = _ending(self.outputs, other.outputs)
            return ending or (
                f"Shapes and parameters are right, but with the same weights the outputs differ.{self._layers(other)}"
            )
        if self.dropout is not None and self.dropout != other.dropout:
            return (
                f"{what} computes the right thing, but its Dropout is {_rates(other.dropout) or 'missing'}; "
                f"expected {_rates(self.dropout) or 'none'}."
            )
        return ""

    def _same_outputs(self, other: "Network") -> bool:
        scale = float(np.abs(self.outputs).max())
        with np.errstate(all="ignore"):
            return bool(np.allclose(other.outputs, self.outputs, rtol=_OUTPUTS, atol=_OUTPUTS * scale))

    def _layers(self, other: "Network") -> str:
        """A sentence about the layers that differ, or nothing where it could mislead."""
        mine, theirs = ([step for step in n.steps if not step.startswith("Dropout")] for n in (self, other))
        if not mine or not theirs:
            return ""
        if mine != theirs and self.is_chain and other.is_chain:
            at = next((i for i, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), min(len(mine), len(theirs)))
            after = f"after {theirs[at - 1]}" if at else "at the beginning"
            got = theirs[at] if at < len(theirs) else "the end"
            asked = mine[at] if at < len(mine) else "the end"
            return f" They part {after}: yours goes on with {got}, expected is {asked}."
        extra, missing = Counter(theirs) - Counter(mine), Counter(mine) - Counter(theirs)
        said = [f"yours has {_counted(extra)} that {'is' if extra.total() == 1 else 'are'} not expected"] if extra else []
        said += [f"{_counted(missing)} {'is' if missing.total() == 1 else 'are'} missing"] if missing else []
        if not said:
            return " The layers are the right ones, but their order or their connections differ."
        return f" Among the layers, {' and '.join(said)}."


# ---------------------------------------------------------------- structure, normalized


def steps(model) -> list[str]:
    """The layers in the order of computation, nested models unfolded, activations as steps of their own; [] where unknown.

    For instance ["Conv2D(6, 5×5)", "tanh", "AveragePooling2D(2×2)", "Flatten", "Dense(10)", "softmax"].
    """
    return _named(_operations(model))


_PLAIN = {
    *("Conv2D", "SeparableConv2D", "DepthwiseConv2D", "Dense", "BatchNormalization", "Flatten", "ZeroPadding2D", "Dropout"),
    *("MaxPooling2D", "AveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D", "Activation", "ReLU", "Softmax"),
}
_NO_MATTER = ("name", "trainable", "dtype", "seed", "noise_shape", "build_config", "activation", "activity_regularizer")


def structure(model, *, dropout: bool = False) -> tuple | None:
    """What a plain chain of Keras' own layers computes, as a value to compare; None for any other model.

    It holds the shape of the input and each layer's settings, an activation as a step of its own; `Dropout` if `dropout`.
    """
    layers = _chained(model) if _input_shape(model) is not None else None
    if layers is None:
        return None
    found: list[tuple] = [("input", model.input_shape[1:])]
    for layer in layers:
        name, settings = type(layer).__name__, layer.get_config()
        if name == "Dropout" and not dropout:
            continue
        activation = settings.get("activation", "linear")
        if name in ("ReLU", "Softmax"):
            activation = _activation(layer) if settings.get("axis", -1) == -1 and settings.get("threshold", 0) == 0 else None
        if not isinstance(activation, str):  # somebody's own
            return None
        kept = {
            key: value
            for key, value in settings.items()
            if key not in _NO_MATTER and not key.endswith(("_initializer", "_regularizer", "_constraint"))
        }
        if name not in ("Activation", "ReLU", "Softmax"):
            found.append((name, layer.dtype_policy.name, repr(sorted(kept.items()))))
        if activation != "linear":
            found.append(("activation", activation))
    return tuple(found)


def _chained(model) -> list | None:
    """The layers of a model in which each reads what the one before gives, all of them Keras' own and plain; or None."""
    keras = sys.modules["keras"]
    if isinstance(model, keras.Sequential):
        layers = list(model.layers) if model.built else [model]
    elif hasattr(model, "operations") and len(model.inputs) == len(model.outputs) == 1:
        layers, tensor = [], model.inputs[0]
        for layer in model.operations:
            if type(layer).__name__ == "InputLayer":
                continue
            nodes = getattr(layer, "_inbound_nodes", [])
            if len(nodes) != 1 or len(nodes[0].input_tensors) != 1 or nodes[0].input_tensors[0] is not tensor:
                return None
            layers.append(layer)
            tensor = layer.output
        if tensor is not model.outputs[0]:
            return None
    else:
        return None
    known = all(type(each) is getattr(keras.layers, type(each).__name__, None) for each in layers)
    plain = known and all(type(each).__name__ in _PLAIN for each in layers)
    return layers if plain and len(set(map(id, layers))) == len(layers) else None


def _named(layers: list) -> list[str]:
    """The steps that the layers take, one after the other."""
    found = []
    for layer in layers:
        name = type(layer).__name__
        if name in ("InputLayer", "Identity"):
            continue
        activation = _activation(layer)
        if name not in ("Activation", "ReLU", "Softmax", "LeakyReLU", "ELU", "PReLU") and activation is None:
            found.append(_described(layer))
        elif activation is None:
            found.append(name)
        elif name in ("Activation", "ReLU", "Softmax") or activation == name.lower():
            found.append(activation)
        else:
            found += [_described(layer), activation]
    return [step for step in found if step != "linear"]


def _operations(model) -> list:
    keras = sys.modules["keras"]
    if isinstance(model, keras.Sequential):
        inside = model.layers
    elif hasattr(model, "operations"):
        inside = model.operations
    else:
        return []
    return [each for layer in inside for each in (_operations(layer) if isinstance(layer, keras.Model) else [layer])]


def _calls(model, data) -> list:
    """The layers that a model of the student's own class calls, in this order; what is no layer is not seen."""
    keras = sys.modules["keras"]
    order, original = [], keras.layers.Layer.__call__

    def recorded(layer, *arguments, **options):
        if not layer._layers:
            order.append(layer)
        return original(layer, *arguments, **options)

    with mock.patch.object(keras.layers.Layer, "__call__", recorded):
        model(data, training=False)
    return order


def _activation(layer) -> str | None:
    name = type(layer).__name__
    if name == "ReLU":
        plain_relu = getattr(layer, "max_value", None) is None and not getattr(layer, "negative_slope", 0)
        return "relu" if plain_relu and not getattr(layer, "threshold", 0) else None
    if name == "Softmax":
        return "softmax"
    if name.lower() in ("relu", "sigmoid", "tanh", "softmax", "gelu", "silu") and not hasattr(layer, "filters"):
        return name.lower()
    activation = getattr(layer, "activation", None)
    return None if activation is None else getattr(activation, "__name__", type(activation).__name__).lower().removesuffix("_v2")


def _described(layer) -> str:
    name = type(layer).__name__.replace("MaxPool2D", "MaxPooling2D").replace("AvgPool2D", "AveragePooling2D")
    parts = []
    for attribute in ("filters", "units", "rate"):
        if isinstance(getattr(layer, attribute, None), (int, float)):
            parts.append(f"{getattr(layer, attribute):g}")
    for attribute in ("kernel_size", "pool_size"):
        if isinstance(getattr(layer, attribute, None), tuple):
            parts.append("×".join(map(str, getattr(layer, attribute))))
    strides = getattr(layer, "strides", None)
    if isinstance(strides, tuple) and strides != getattr(layer, "pool_size", (1,) * len(strides)):
        parts.append("stride " + "×".join(map(str, sorted(set(strides)))))
    if getattr(layer, "padding", None) == "same" and set(getattr(layer, "kernel_size", (3,))) != {1}:
        parts.append("same")
    if type(layer).__name__.startswith("ZeroPadding"):
        sides = [n for pair in np.atleast_2d(layer.padding).tolist() for n in pair]
        parts.append("/".join(map(str, sides if len(set(sides)) > 1 else sides[:1])))
    dilation = set(np.atleast_1d(getattr(layer, "dilation_rate", 1)).tolist())
    if dilation != {1}:
        parts.append("dilation " + "×".join(map(str, sorted(dilation))))
    if getattr(layer, "use_bias", True) is False:
        parts.append("no bias")
    return f"{name}({', '.join(parts)})" if parts else name


def _is_chain(model) -> bool:
    """Whether every step has one input, the step before it."""
    keras = sys.modules["keras"]
    if isinstance(model, keras.Sequential):
        return all(not isinstance(layer, keras.Model) or _is_chain(layer) for layer in model.layers)
    names = {"Add", "Concatenate", "Multiply", "Subtract", "Average", "Maximum", "Dot"}
    return hasattr(model, "operations") and not any(type(layer).__name__ in names for layer in _operations(model))


def _dropouts(found: list[str]) -> list[tuple[float, int]]:
    """(rate, how many layers with weights come before) of each dropout."""
    rates, before = [], 0
    for step in found:
        if step.startswith(("Dropout", "SpatialDropout")):
            rate = float(step.partition("(")[2].rstrip(")"))
            rates += [(rate, before)] if rate else []  # a rate of 0 drops nothing
        elif step.startswith(("Conv", "Dense", "Separable", "Depthwise")):
            before += 1
    return rates


def _rates(dropouts: list[tuple[float, int]]) -> str:
    return ", ".join(f"{rate:g} after {before} layers with weights" for rate, before in dropouts)


def _counted(counter: Counter) -> str:
    return ", ".join(f"{n} × {name}" if n > 1 else name for name, n in list(counter.items())[:3])


# ---------------------------------------------------------------- measuring


def _input_shape(model) -> tuple | None:
    try:
        shape = model.input_shape
    except (AttributeError, ValueError):
        return None
    return shape if isinstance(shape, tuple) and all(n is None or isinstance(n, int) for n in shape) else None


def _standard_weights(model) -> None:
    for variable in model.weights:
        role = variable.path.rpartition("/")[2]
        variable.assign(_values(role, tuple(variable.shape)).astype(str(variable.dtype)))


def _values(role: str, shape: tuple[int, ...]) -> np.ndarray:
    """Values for a weight of this role and shape; a kernel of 1×1 or as large as the map has those of a dense layer."""
    size, last = int(np.prod(shape)), shape[-1] if shape else 1
    if "seed" in role or "iteration" in role:
        return np.zeros(shape)
    if len(shape) < 2:
        rng = np.random.default_rng([zlib.crc32(role.encode()), size])
        if "variance" in role:
            return rng.uniform(2, 6, shape)
        if role == "gamma":
            return rng.uniform(1, 3, shape) * rng.choice((-1, 1, 1), shape)
        return rng.normal(0, 0.5, shape)
    fan_in = int(np.prod(shape[:2])) if "depthwise" in role else max(size // last, 1)
    values = np.resize(_noise(size // last, last), shape)  # drawing 30 million normal numbers would take a second
    return values * np.float32(np.sqrt(2 / fan_in))


def _noise(rows: int, columns: int) -> np.ndarray:
    size = min(rows * columns, 65_521)
    return np.random.default_rng([rows, columns]).standard_normal(size, "float32")


def _multiply_adds(model, input_shape) -> int | None:
    """Multiply-adds of one example; None where a custom layer keeps them from being counted."""
    from ..ledger import ledger

    try:
        book = ledger(model)
    except Exception:  # a subclassed model, say
        return None
    return None if book.not_counted else book.multiply_adds


def _ending(expected: np.ndarray, found: np.ndarray) -> str:
    """What is said when one of the two ends in a softmax and the other does not."""
    sums = [bool(np.allclose(values.sum(-1), 1, atol=1e-3) and values.min() >= 0) for values in (expected, found)]
    if sums == [True, False]:
        return "The outputs for one example do not sum to 1: the last layer needs the softmax."
    if sums == [False, True]:
        return "The outputs for one example sum to 1: no softmax is asked for at the end."
    return ""


def _times(ratio: float) -> str:
    names = {2: "twice", 3: "three times", 4: "four times", 0.5: "half of", 0.25: "a quarter of"}
    close = next((name for value, name in names.items() if abs(ratio / value - 1) < 0.15), None)
    return close or f"{ratio:.2g} times"


def _shown(shape: tuple) -> str:
    return str(tuple(shape[1:]))
