"""Walk a Keras model once, in the order in which it computes, and say what flows through which layer.

Nested models are opened, so every row of the ledger is a real layer; a layer that is used twice appears twice.
"""

import math
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Tensor:
    """What flows between two layers, for one example: `shape` begins with the batch axis, which is 1."""

    shape: tuple[int | None, ...]
    dtype: str

    @property
    def size(self) -> int | None:
        """Values in one example, or None when an axis is unknown."""
        return None if None in self.shape else math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Step:
    """One use of one layer or operation."""

    name: str
    operation: object
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass
class Trace:
    """The steps of a model in the order of execution."""

    inputs: list[tuple[str, Tensor]]
    steps: list[Step] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)


def trace(model, input_shape=None) -> Trace:
    """Walk `model` for one example; `input_shape` (without the batch) fills in axes that the model leaves open.

    Several inputs take a list of shapes. Raises ValueError for a model that has no shape yet, or that cannot take this one.
    """
    import keras

    if not isinstance(model, keras.layers.Layer):
        raise TypeError(f"The ledger reads a Keras 3 model; this is a {type(model).__name__}.")
    graph = _graph_of(model)
    if graph is None and input_shape is None:
        raise ValueError(
            f"{model.name!r} has no input shape yet. Build it first, `model.build((None, height, width, channels))`; "
            "for a model without a graph (a subclass with its own `call`), give `input_shape=(height, width, channels)`."
        )
    shapes = _input_shapes(graph, input_shape)
    dtypes = [x.dtype for x in graph.inputs] if graph is not None else ["float32"] * len(shapes)
    names = [_input_name(x) for x in graph.inputs] if graph is not None else [f"input {i + 1}" for i in range(len(shapes))]
    symbols = [keras.KerasTensor((1, *shape), dtype=dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
    walker = _Walker()
    result = Trace([(name, walker.tensor(symbol)) for name, symbol in zip(names, symbols, strict=True)])
    whole = graph is None
    outputs = walker.use(model.name, model, tuple(symbols), {}, None) if whole else walker.walk(graph, symbols, "")
    result.steps = walker.steps
    result.outputs = [walker.tensor(symbol) for symbol in outputs]
    return result


def _graph_of(model):
    """The functional graph behind `model`, or None when it has none (subclassed, or a Sequential not built yet)."""
    graph = getattr(model, "_functional", None) or model  # a Sequential keeps its graph inside
    return graph if hasattr(graph, "_nodes_by_depth") else None


def _input_shapes(graph, input_shape) -> list[tuple]:
    if input_shape is None:
        return [tuple(x.shape[1:]) for x in graph.inputs]
    several = len(input_shape) > 0 and isinstance(input_shape[0], (list, tuple))
    shapes = [tuple(shape) for shape in input_shape] if several else [tuple(input_shape)]
    if graph is None:
        return shapes
    declared = [tuple(x.shape[1:]) for x in graph.inputs]
    fits = len(shapes) == len(declared) and all(
        len(given) == len(own) and all(b in (None, a) for a, b in zip(given, own, strict=True))
        for given, own in zip(shapes, declared, strict=False)
    )
    if not fits:
        raise ValueError(f"The model takes inputs of shape {declared}, so `input_shape` cannot be {input_shape}.")
    return shapes


def _input_name(symbol) -> str:
    history = getattr(symbol, "_keras_history", None)
    return history.operation.name if history else symbol.name


class _Walker:
    def __init__(self):
        self.steps: list[Step] = []
        self._tensors: dict[int, Tensor] = {}
        self._alive = []  # symbols are known by their id, so none may be freed meanwhile

    def tensor(self, symbol) -> Tensor:
        if id(symbol) not in self._tensors:
            self._alive.append(symbol)
            self._tensors[id(symbol)] = Tensor(tuple(symbol.shape), str(symbol.dtype))
        return self._tensors[id(symbol)]

    def walk(self, graph, symbols, prefix: str) -> list:
        """Record the steps of `graph` applied to `symbols`; returns the symbols of its outputs."""
        import keras

        known = {id(x): symbol for x, symbol in zip(graph.inputs, symbols, strict=True)}
        for depth in sorted(graph._nodes_by_depth, reverse=True):
            for node in graph._nodes_by_depth[depth]:
                if node.is_input:
                    continue
                operation = node.operation
                arguments, options = node.arguments.fill_in(known)
                inner = _graph_of(operation)
                name = f"{prefix}{operation.name}"
                if inner is not None:
                    given = keras.tree.flatten(arguments[0])
                    outputs = self.walk(inner, given, f"{name}/")
                else:
                    outputs = self.use(name, operation, arguments, options, node.outputs)
                known.update((id(x), symbol) for x, symbol in zip(node.outputs, outputs, strict=True))
        return [known[id(x)] for x in graph.outputs]

    def use(self, name: str, operation, arguments, options, recorded) -> list:
        """Record one use of `operation` and return the symbols that come out."""
        import keras

        flat = keras.tree.flatten((arguments, options))
        inputs = [x for x in flat if isinstance(x, keras.KerasTensor)]
        try:
            outputs = keras.tree.flatten(operation.compute_output_spec(*arguments, **options))
        except Exception as error:
            # Fall back on the shapes that Keras recorded when the model was built; without any there is nothing to say.
            if recorded is None:
                raise ValueError(f"{name!r} cannot take the shape {[x.shape for x in inputs]}: {error}") from None
            outputs = [keras.KerasTensor((1, *x.shape[1:]), dtype=x.dtype) for x in recorded]
        taken = {id(x) for x in inputs}
        outputs = [keras.KerasTensor(x.shape, dtype=x.dtype) if id(x) in taken else x for x in outputs]
        # EinsumDense of Keras 3.5 answers with the batch left open
        outputs = [keras.KerasTensor((1, *x.shape[1:]), dtype=x.dtype) if x.shape[:1] == (None,) else x for x in outputs]
        step = Step(name, operation, tuple(map(self.tensor, inputs)), tuple(map(self.tensor, outputs)))
        self.steps.append(step)
        return outputs
