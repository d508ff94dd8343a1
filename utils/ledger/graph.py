"""Walk a Keras model once, in the order in which it computes, and say what flows through which layer.

Nested models are opened, so every row of the ledger is a real layer; a layer that is used twice appears twice. A layer that the
ledger's tables do not know is opened as well, where Keras can trace its `call` (see `opening`).
"""

from dataclasses import replace

from . import opening, rules
from .steps import Group, Part, Step, Tensor, Trace


def trace(model, input_shape=None) -> Trace:
    """Walk `model` for one example; `input_shape` (without the batch) fills in axes that the model leaves open.

    Several inputs take a list of shapes. Raises TypeError for what is no Keras model, ValueError for a model that has no shape
    or no weights yet, or that cannot take this shape.
    """
    import keras

    if isinstance(model, type) and issubclass(model, keras.layers.Layer):
        raise TypeError(f"The ledger reads a model, and {model.__name__} is a class: create one, `ledger({model.__name__}(…))`.")
    if not isinstance(model, keras.layers.Layer):
        raise TypeError(f"The ledger reads a Keras 3 model; this is a {type(model).__name__}. Pass the model itself.")
    graph = graph_of(model)
    declared = graph.inputs if graph is not None else getattr(model, "inputs", None)  # a functional model may have its own `call`
    if declared is None and input_shape is None:
        raise ValueError(
            f"{model.name!r} has no input shape yet. Build it first, `model.build((None, height, width, channels))`; "
            "for a model without a graph (a subclass with its own `call`), give `input_shape=(height, width, channels)`."
        )
    shapes = _input_shapes(declared, input_shape)
    if not model.built:
        raise ValueError(
            f"{model.name!r} has no weights yet. Build it first, `model.build((None, {', '.join(map(str, shapes[0]))}))`, "
            "or call it once on a batch; then ask again."
        )
    dtypes = [x.dtype for x in declared] if declared else [_input_dtype(model)] * len(shapes)
    names = [_input_name(x) for x in declared] if declared else [f"input {i + 1}" for i in range(len(shapes))]
    symbols = [keras.KerasTensor((1, *shape), dtype=dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
    walker = _Walker()
    result = Trace([(name, walker.tensor(symbol)) for name, symbol in zip(names, symbols, strict=True)])
    if graph is not None:
        outputs = walker.walk(graph, symbols, "")
    else:
        outputs = walker.use(model.name, model, (symbols[0] if len(symbols) == 1 else symbols,), {}, None, top=True)
    result.steps = walker.steps
    result.outputs = [walker.tensor(symbol) for symbol in outputs]
    result.variables = tuple(model.weights)
    result.notes = walker.notes
    return result


def graph_of(model):
    """The functional graph behind `model`, or None when it has none (a `call` of its own, or a Sequential not built yet)."""
    import keras

    if not isinstance(model, keras.Model) or not type(model).call.__module__.startswith("keras."):
        return None
    graph = getattr(model, "_functional", None) or model  # a Sequential keeps its graph inside
    return graph if hasattr(graph, "_nodes_by_depth") else None


def _input_dtype(model) -> str:
    return str(getattr(model, "input_dtype", None) or "float32")


def _input_shapes(symbols, input_shape) -> list[tuple]:
    if input_shape is None:
        return [tuple(x.shape[1:]) for x in symbols]
    shapes = [_shape(one, input_shape) for one in _listed(input_shape)]
    if not symbols:
        if any(None in shape for shape in shapes):
            raise ValueError(f"`input_shape` is {input_shape}: give a number for every axis, such as (224, 224, 3).")
        return shapes
    declared = [tuple(x.shape[1:]) for x in symbols]
    fits = len(shapes) == len(declared) and all(
        len(given) == len(own) and all(b in (None, a) for a, b in zip(given, own, strict=True))
        for given, own in zip(shapes, declared, strict=False)
    )
    if not fits:
        raise ValueError(f"The model takes inputs of shape {declared}, so `input_shape` cannot be {input_shape}.")
    return shapes


def _listed(input_shape) -> list:
    if not isinstance(input_shape, (list, tuple)):
        raise _no_shape(input_shape)
    several = len(input_shape) > 0 and all(isinstance(one, (list, tuple)) for one in input_shape)
    return list(input_shape) if several else [input_shape]


def _shape(one, input_shape) -> tuple:
    """One shape, every axis a positive whole number or None."""
    import operator

    axes = []
    for length in one:
        try:
            axes.append(None if length is None else operator.index(length))
        except TypeError:
            raise _no_shape(input_shape) from None
        if isinstance(length, bool) or (length is not None and axes[-1] < 1):
            raise _no_shape(input_shape)
    return tuple(axes)


def _no_shape(input_shape) -> ValueError:
    return ValueError(
        f"`input_shape` is {input_shape!r}: give whole numbers from 1 on and no batch axis, such as (224, 224, 3), "
        "or a list of such shapes for several inputs."
    )


def _input_name(symbol) -> str:
    history = getattr(symbol, "_keras_history", None)
    return history.operation.name if history else symbol.name


class _Walker:
    def __init__(self):
        self.steps: list[Step] = []
        self.notes: dict[str, str] = {}
        self._tensors: dict[int, Tensor] = {}
        self._alive = []  # symbols are known by their id, so none may be freed meanwhile
        self._group: Group | None = None
        self._time = 1  # time steps that the layer around computes one after another
        self._owners = []  # the layers that are being opened, outermost first

    def tensor(self, symbol) -> Tensor:
        if id(symbol) not in self._tensors:
            self._alive.append(symbol)
            self._tensors[id(symbol)] = Tensor(tuple(symbol.shape), str(symbol.dtype), self._time)
        return self._tensors[id(symbol)]

    def walk(self, graph, symbols, prefix: str) -> list:
        """Record the steps of `graph` applied to `symbols`; returns the symbols of its outputs."""
        known = {id(x): symbol for x, symbol in zip(graph.inputs, symbols, strict=True)}
        for depth in sorted(graph._nodes_by_depth, reverse=True):
            for node in graph._nodes_by_depth[depth]:
                if node.is_input or any(id(x) not in known for x in node.input_tensors):
                    continue
                arguments, options = node.arguments.fill_in(known)
                outputs = self.use(f"{prefix}{node.operation.name}", node.operation, arguments, options, node.outputs)
                known.update((id(x), symbol) for x, symbol in zip(node.outputs, outputs, strict=True))
        return [known[id(x)] for x in graph.outputs]

    def use(self, name: str, operation, arguments, options, recorded, top: bool = False) -> list:
        """Record one use of `operation`, opened where it can be, and return the symbols that come out.

        `recorded` are the symbols that came out when the model was built. The rows of the model itself (`top`) do not carry
        its name in front.
        """
        import keras

        inner = graph_of(operation)
        if inner is not None:
            return self.walk(inner, self._bind(name, inner, arguments, options), f"{name}/")
        flat = keras.tree.flatten((arguments, options))
        inputs = [x for x in flat if isinstance(x, keras.KerasTensor)]
        outputs = self._specification(name, operation, arguments, options, inputs, recorded)
        if isinstance(operation, keras.layers.Layer) and not rules.kind(operation):
            opened = self._open(name, operation, arguments, options, outputs, "" if top else f"{name}/")
            if opened is not None:
                return opened
        variables = tuple(getattr(operation, "weights", ())) or tuple(x for x in flat if isinstance(x, keras.Variable))
        self._record(name, operation, inputs, outputs, variables, (tuple(arguments), options))
        return outputs

    def _record(self, name, operation, inputs, outputs, variables=(), arguments=((), {})) -> None:
        tensors = tuple(map(self.tensor, inputs)), tuple(map(self.tensor, outputs))
        self.steps.append(Step(name, operation, *tensors, tuple(variables), arguments, self._group))

    def _specification(self, name: str, operation, arguments, options, inputs, recorded) -> list:
        """Fresh symbols for what `operation` gives."""
        import keras

        try:
            outputs = keras.tree.flatten(operation.compute_output_spec(*arguments, **options))
        except Exception as error:
            # Fall back on the shapes that Keras recorded when the model was built; without any there is nothing to say.
            if recorded is None:
                raise ValueError(f"{name!r} cannot take the shape {[x.shape for x in inputs]}: {error}") from None
            outputs = [keras.KerasTensor((1, *x.shape[1:]), dtype=x.dtype) for x in recorded]
        taken = {id(x) for x in inputs}
        outputs = [keras.KerasTensor(x.shape, dtype=x.dtype) if id(x) in taken else x for x in outputs]
        if type(operation).__name__ == "EinsumDense" and len(inputs) == 1:  # it answers with axes left open
            outputs = [keras.KerasTensor(_einsum_shape(operation, inputs[0].shape, x.shape), dtype=x.dtype) for x in outputs]
        batch = inputs[0].shape[0] if inputs and inputs[0].shape else 1
        return [keras.KerasTensor((batch, *x.shape[1:]), dtype=x.dtype) if x.shape[:1] == (None,) else x for x in outputs]

    def _bind(self, name: str, inner, arguments, options) -> list:
        """The symbols behind the inputs of an `inner` model, whatever form it was called in: as Keras binds them.

        A list or tensor is bound by name to what a dictionary holds; a dictionary by position in the order of its keys, also
        when it has keys more than the model declares, so that what Keras binds amiss is read as it is computed.
        """
        import keras

        given = arguments[0] if arguments else options.get("inputs", next(iter(options.values()), None))
        declared = inner._inputs_struct
        if isinstance(given, dict) and not isinstance(declared, dict):
            names = [x.name for x in keras.tree.flatten(declared)]
            if set(names) <= set(given):
                given = [given[each] for each in names]
        if isinstance(given, dict) and isinstance(declared, dict) and set(given) > set(declared):
            wanted, got = sorted(declared), sorted(given)[: len(declared)]
            if wanted != got:
                self.notes[name] = f"Keras binds by the order of the keys, so {wanted} get what was passed as {got}"
        symbols = keras.tree.flatten(given)
        if len(symbols) < len(inner.inputs):
            raise ValueError(
                f"The inner model {name!r} takes {len(inner.inputs)} inputs and is called with {len(symbols)}: "
                "call it with one tensor for each, or with a dictionary that has its inputs' names."
            )
        return [self._fit(name, x, own) for x, own in zip(symbols, inner.inputs, strict=False)]

    def _fit(self, name: str, symbol, declared):
        """Add or drop an axis of length 1 at the end, as Keras does for an inner model."""
        import keras

        if symbol is None or len(symbol.shape) == len(declared.shape):
            return symbol
        longer = len(symbol.shape) < len(declared.shape)
        fitted = keras.KerasTensor((*symbol.shape, 1) if longer else symbol.shape[:-1], dtype=symbol.dtype)
        self._record(f"{name}/fit", Part("ExpandDims" if longer else "Squeeze"), [symbol], [fitted])
        return fitted

    # ------------------------------------------------------------ layers that are opened

    def _open(self, name: str, layer, arguments, options, outputs, prefix: str) -> list | None:
        """Record what happens inside `layer`; None when nobody can tell."""
        import keras

        before, group = len(self.steps), self._group
        mine = group or Group(name, layer)
        try:
            if _is_keras(layer, keras.layers.RNN):
                self._group = mine
                done = self._recur(name, layer, arguments, options, outputs)
            elif _is_keras(layer, keras.layers.Bidirectional):
                self._group = mine
                done = self._both_ways(name, layer, arguments, options, outputs)
            elif _is_keras(layer, keras.layers.TimeDistributed):
                self._group = mine
                done = self._each_step(name, layer, arguments, outputs)
            else:
                done = self._trace(layer, arguments, options, mine, prefix)
        except Exception:  # a cell or an inner layer of somebody's own may raise anything: then nobody can tell
            done = None
        finally:
            self._group = group
        if done is None:
            del self.steps[before:]
        return done

    def _trace(self, layer, arguments, options, mine: Group, prefix: str) -> list | None:
        """What the tracing of `call` finds. Layers inside have rows of their own, unless the layer is one of Keras."""
        import keras

        if layer in self._owners:  # a layer that calls itself has no end
            return None
        opened = opening.open_call(layer, arguments, options)
        if opened is None:
            return None
        graph, symbols = opened
        inside = any(isinstance(each, keras.layers.Layer) for each in graph.operations)
        if not inside or type(layer).__module__.startswith("keras."):
            self._group = mine
        before = len(self.steps)
        self._owners.append(layer)
        try:
            outputs = self.walk(graph, symbols, prefix)
        finally:
            self._owners.pop()
        self._claim(layer, before)
        if opening.differs_in_training(layer, arguments, options, graph) and len(self.steps) > before:
            self.steps[-1] = replace(self.steps[-1], more_in_training=True)
        return outputs

    def _claim(self, layer, before: int) -> None:
        """Give the weights that `layer` holds itself to its first operation, unless another names them."""
        import keras

        inner = {id(v) for each in layer._flatten_layers(include_self=False, recursive=True) for v in each.weights}
        named = {id(v) for step in self.steps[before:] for v in step.variables}
        rest = tuple(v for v in layer.weights if id(v) not in inner | named)
        trains = any(v.trainable for v in layer.weights)
        for number in range(before, len(self.steps)):
            step = self.steps[number]
            if isinstance(step.operation, keras.layers.Layer):
                continue
            arrays = [x for x in keras.tree.flatten(step.arguments) if hasattr(x, "shape")]
            anonymous = any(not isinstance(x, (keras.KerasTensor, keras.Variable)) and len(x.shape) > 0 for x in arrays)
            if rest or (anonymous and trains):
                self.steps[number] = replace(
                    step, variables=(*step.variables, *rest), hidden_weights=step.hidden_weights or (anonymous and trains)
                )
                rest = ()

    def _recur(self, name: str, layer, arguments, options, outputs) -> list | None:
        """A recurrent layer: its cell, once for each time step."""
        import keras

        flat = keras.tree.flatten((arguments, options))
        sequence, *states = [x for x in flat if isinstance(x, keras.KerasTensor)]
        steps = sequence.shape[1]
        if steps is None or not isinstance(layer.cell, keras.layers.Layer):
            return None
        time, self._time = self._time, self._time * steps
        try:
            batch = sequence.shape[0] * steps
            x = keras.KerasTensor((batch, *sequence.shape[2:]), dtype=sequence.dtype)
            self._record(f"{name}/time", Part("TimeSteps"), [sequence], [x])
            size = layer.cell.state_size
            size = [size] if isinstance(size, int) else list(size)
            if hasattr(layer.cell, "rank"):  # ConvLSTM: two states as large as its map
                size = [outputs[0].shape[2 if layer.return_sequences else 1 :]] * 2
            before = [_state(each, batch, outputs[0].dtype) for each in size]
            self._record(f"{name}/state", Part("State"), states, keras.tree.flatten(before))
            out = self.use(f"{name}/{layer.cell.name}", layer.cell, (x, before), {}, None)
        finally:
            self._time = time
        self._record(f"{name}/output", Part("Stack"), out, outputs)
        return outputs

    def _both_ways(self, name: str, layer, arguments, options, outputs) -> list:
        """A recurrent layer and its mirror image, and what joins them."""
        results = []
        for each in (layer.forward_layer, layer.backward_layer):
            results += self.use(f"{name}/{each.name}", each, arguments[:1], {}, None)
        self._record(f"{name}/merge", Part("Merge"), results, outputs)
        return outputs

    def _each_step(self, name: str, layer, arguments, outputs) -> list | None:
        """One layer for all time steps, which take the place of the batch."""
        import keras

        sequence = arguments[0]
        if sequence.shape[1] is None:
            return None
        x = keras.KerasTensor((sequence.shape[0] * sequence.shape[1], *sequence.shape[2:]), dtype=sequence.dtype)
        self._record(f"{name}/time", Part("TimeSteps"), [sequence], [x])
        out = self.use(f"{name}/{layer.layer.name}", layer.layer, (x,), {}, None)
        self._record(f"{name}/output", Part("TimeSteps"), out, outputs)
        return outputs


def _state(size, batch: int, dtype: str):
    """Symbols for the state of a cell, whose size is a number of values, a shape, or a list of sizes (stacked cells)."""
    import keras

    if isinstance(size, list):
        return [_state(each, batch, dtype) for each in size]
    return keras.KerasTensor((batch, *((size,) if isinstance(size, int) else size)), dtype=dtype)


def _is_keras(layer, cls) -> bool:
    """True when `layer` is a `cls` of Keras that computes what Keras computes."""
    return isinstance(layer, cls) and type(layer).call.__module__.startswith("keras.")


def _einsum_shape(layer, given: tuple, said: tuple) -> tuple:
    """The shape that an EinsumDense gives, with the axes that Keras leaves open filled in from its input."""
    left, _, right = layer.equation.replace(" ", "").partition("->")
    axes = left.split(",")[0]
    if "." in axes + right:
        rank = len(given) - len(axes.replace("...", ""))
        dots = "ABCDEFGH"[:rank]
        axes, right = axes.replace("...", dots), right.replace("...", dots)
    sizes = dict(zip(axes, given, strict=False))
    return tuple(sizes.get(axis, length) if length is None else length for axis, length in zip(right, said, strict=False))
