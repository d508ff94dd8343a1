"""Look inside a layer that the ledger's tables do not know: trace its `call` with Keras' symbolic tensors.

This works for whatever is written with Keras' layers, operations and operators. A `call` that leaves Keras (raw TensorFlow,
NumPy) or that branches on values cannot be traced; nothing is guessed about such a layer.
"""

from contextlib import ExitStack
from unittest import mock


def open_call(layer, arguments, options):
    """The graph of one call of `layer`: (graph, the symbols of `arguments` in the order of its inputs), or None.

    The layer is called as Keras calls it, so that precision and masks are those of a real call. Its state stays as it was: the
    variables that `call` assigns keep their values, and no trace of the call stays in its layers.
    """
    import keras

    found = []

    def through(*given, **named):
        """Take the place of `compute_output_spec`: run `call` on fresh symbols, and remember what came out."""
        fresh = {}

        def renew(x):
            if not isinstance(x, keras.KerasTensor):
                return x
            return fresh.setdefault(id(x), keras.KerasTensor(x.shape, dtype=x.dtype))

        given, named = keras.tree.map_structure(renew, (given, named))
        outputs = layer.call(*given, **named)
        found[:] = [list(fresh.values()), keras.tree.flatten(outputs)]
        return keras.tree.map_structure(lambda x: keras.KerasTensor(x.shape, dtype=x.dtype), outputs)

    symbols = _distinct(keras.tree.flatten((arguments, options)))
    nodes = _Nodes(layer)
    layer.compute_output_spec = through
    try:
        with keras.StatelessScope(), _symbolic_operators():
            layer(*arguments, **options)
        inputs, outputs = found
        if len(inputs) != len(symbols) or not all(isinstance(x, keras.KerasTensor) for x in outputs):
            return None
        outputs = [keras.ops.identity(x) if any(x is y for y in inputs) else x for x in outputs]
        return keras.Function(inputs, outputs), symbols
    except Exception:  # whatever a call of somebody's own raises: it cannot be traced
        return None
    finally:
        del layer.compute_output_spec
        nodes.forget()


def differs_in_training(layer, arguments, options, graph) -> bool:
    """True when a `call` of somebody's own does something else with `training=True` than in `graph`, its call without."""
    if type(layer).__module__.startswith("keras.") or not getattr(layer, "_call_has_training_arg", False):
        return False
    opened = open_call(layer, arguments, {**options, "training": True})
    return opened is None or _kinds(opened[0]) != _kinds(graph)


def _kinds(graph) -> list[str]:
    return sorted(type(operation).__name__ for operation in graph.operations)


def _symbolic_operators() -> ExitStack:
    """While it is entered, `variable * symbol` works like `symbol * variable`, as it does in a real call.

    Keras' variables take an operand on their right for an array; here they leave the operation to the symbol.
    """
    import keras

    def leaving(original):
        def operate(self, other):
            return NotImplemented if isinstance(other, keras.KerasTensor) else original(self, other)

        return operate

    stack = ExitStack()
    for name in ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "lt", "le", "gt", "ge"):
        method = f"__{name}__"
        owner = next((cls for cls in keras.Variable.__mro__ if method in vars(cls)), None)
        if owner not in (None, object):
            stack.enter_context(mock.patch.object(owner, method, leaving(vars(owner)[method])))
    return stack


def _distinct(flat) -> list:
    import keras

    return list({id(x): x for x in flat if isinstance(x, keras.KerasTensor)}.values())


class _Nodes:
    """The nodes that Keras adds to layers when they are called; `layer.output` would be ambiguous if they stayed."""

    def __init__(self, layer):
        everything = [layer, *layer._flatten_layers(include_self=False, recursive=True)]
        self._lists = [getattr(each, name) for each in everything for name in ("_inbound_nodes", "_outbound_nodes")]
        self._lengths = [len(nodes) for nodes in self._lists]

    def forget(self) -> None:
        for nodes, length in zip(self._lists, self._lengths, strict=True):
            del nodes[length:]
