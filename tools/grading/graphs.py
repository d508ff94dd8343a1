"""Take a Keras model apart into plain data, and build it anew from allow-listed classes of Keras.

Neither Keras' own file formats nor `from_config` are used: their safe modes have been bypassed, and they import what a
configuration names. Here a class is looked up in a table, its settings must be plain values, and sizes are limited. A student's
own layers and models are not in the table; they are unfolded into the operations of which their `call` consists.
"""

import inspect
from collections.abc import Callable

import numpy as np

from .wire import Malformed

LAYERS = 2000  # operations in a model
WEIGHTS = 250_000_000  # values in a model
SENT = 8_000_000  # values up to which weights travel; larger models are judged by their architecture
_NEVER = {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "Wrapper", "InputLayer", "Layer", "Pipeline"}
_CORE = {"Cast", "StopGradient"}  # of keras.ops.core the operations that take no function
_INTEGER, _TEXT = 10_000_000, 200  # the largest settings


# Makes a layer of a part that `keep` made. Only the student's process has one: the check's own layers are computed by the judge.
FOREIGN: Callable | None = None


class Unsupported(Exception):
    """The model holds something that cannot travel."""


def _layer_classes() -> dict[str, type]:
    import keras

    found = {name: getattr(keras.layers, name) for name in dir(keras.layers) if name not in _NEVER}
    return {name: c for name, c in found.items() if inspect.isclass(c) and issubclass(c, keras.layers.Layer)}


def _operation_classes() -> dict[str, type]:
    from keras.src.activations import activations
    from keras.src.ops import core, image, math, nn, numpy
    from keras.src.ops.operation import Operation

    found = {}
    for module in (numpy, nn, math, image, core, activations):
        for name, each in vars(module).items():
            own = inspect.isclass(each) and issubclass(each, Operation) and each.__module__ == module.__name__
            if own and (module is not core or name in _CORE):
                found[f"{module.__name__.rpartition('.')[2]}.{name}"] = each
    return found


# ---------------------------------------------------------------- taking apart


def dismantle(inputs: list, outputs, keep: Callable | None = None) -> dict:
    """The computation of symbolic `outputs` from symbolic `inputs`. Raises Unsupported.

    Layers that are none of Keras' are unfolded, or become what `keep(layer)` makes of them.
    """
    outputs = outputs if keep else _unfolded(inputs, outputs)
    operations: dict[int, int] = {}
    known = {id(tensor): number for number, tensor in enumerate(inputs)}
    parts: list[dict] = []
    steps: list[dict] = []
    budget = [SENT]
    for node in _nodes(inputs, _flat(outputs)):
        operation = node.operation
        if id(operation) not in operations:
            operations[id(operation)] = len(parts)
            parts.append(_part(operation, budget, keep))
        entry = {"part": operations[id(operation)], "makes": len(known)}
        entry["args"] = [_argument(each, known) for each in node.arguments.args]
        entry["options"] = {key: _argument(each, known) for key, each in node.arguments.kwargs.items()}
        for tensor in node.outputs:
            known[id(tensor)] = len(known)
        steps.append(entry)
    single = not isinstance(outputs, (list, tuple))
    return {
        "inputs": [[list(tensor.shape[1:]), str(tensor.dtype), tensor.name] for tensor in inputs],
        "parts": parts,
        "steps": steps,
        "outputs": known[id(outputs)] if single else [known[id(tensor)] for tensor in outputs],
    }


def dismantle_model(model, shape: tuple | None = None, keep: Callable | None = None) -> dict:
    """A model as plain data. One that does not know its input is built for `shape` (no batch axis). Raises Unsupported."""
    import keras
    from keras.src.models.functional import Functional

    if isinstance(model, keras.Sequential) and type(model).call is keras.Sequential.call and (model.built or shape is None):
        budget = [SENT]
        layers = [_part(layer, budget, keep) for layer in model.layers]
        found = {"sequential": layers, "shape": list(model.input_shape[1:]) if model.built else None}
    elif isinstance(model, Functional) and type(model).call is Functional.call:
        outputs = model.outputs[0] if len(model.outputs) == 1 else list(model.outputs)
        found = dismantle(list(model.inputs), outputs, keep)
    else:
        if shape is None:
            raise Unsupported("its input is not known")
        tensor = keras.Input(tuple(shape))
        model(tensor)  # builds it
        found = dismantle([tensor], model.call(tensor))
    eager = bool(model.compiled and model.run_eagerly)
    return found | {"name": model.name, "trainable": bool(model.trainable), "eager": eager}


def _nodes(inputs: list, outputs: list) -> list:
    """The nodes between symbolic inputs and outputs, each after those that it needs."""
    found, done, stack = [], {id(tensor) for tensor in inputs}, [(tensor, False) for tensor in reversed(outputs)]
    seen: set[int] = set()
    while stack:
        tensor, ready = stack.pop()
        if id(tensor) in done:
            continue
        history = getattr(tensor, "_keras_history", None)
        if history is None or not history.operation._inbound_nodes:
            raise Unsupported("an output does not depend on the input")
        node = history.operation._inbound_nodes[history.node_index]
        if ready:
            found.append(node)
            done |= {id(each) for each in node.outputs}
        elif node.is_input or id(node) in seen and not node.input_tensors:
            raise Unsupported("an output depends on another input")
        else:
            seen.add(id(node))
            if len(seen) > LAYERS:
                raise Unsupported(f"more than {LAYERS:,} operations")
            stack.append((tensor, True))
            stack += [(each, False) for each in reversed(node.input_tensors)]
    return found


def _unfolded(inputs: list, outputs):
    """The same computation with the student's own layers replaced by what they call."""
    import keras

    for _ in range(20):
        nodes = _nodes(inputs, _flat(outputs))
        if not any(_is_foreign(node.operation) for node in nodes):
            return outputs
        now = {id(tensor): tensor for tensor in inputs}

        def mapped(value, now=now):
            if isinstance(value, (list, tuple)):
                return type(value)(mapped(each) for each in value)
            return now.get(id(value), value)

        for node in nodes:
            if _is_foreign(node.operation) and not isinstance(node.operation, keras.layers.Layer):
                raise Unsupported(f"an operation of the class {type(node.operation).__name__}")
            run = node.operation.call if _is_foreign(node.operation) else node.operation
            arguments = mapped(tuple(node.arguments.args))
            result = run(*arguments, **{key: mapped(each) for key, each in node.arguments.kwargs.items()})
            for old, new in zip(node.outputs, _flat(result), strict=True):
                now[id(old)] = new
        outputs = mapped(outputs)
    raise Unsupported("layers within layers")


def _is_foreign(operation) -> bool:
    import keras
    from keras.src.models.functional import Functional

    if isinstance(operation, keras.Sequential):
        return type(operation).call is not keras.Sequential.call
    if isinstance(operation, Functional):
        return type(operation).call is not Functional.call
    return type(operation) not in _table()


def _table() -> dict[type, str]:
    if not _TABLE:
        _TABLE.update({each: name for name, each in _operation_classes().items()})
        _TABLE.update({each: f"layers.{name}" for name, each in sorted(_layer_classes().items(), reverse=True)})
    return _TABLE


_TABLE: dict[type, str] = {}


def _part(operation, budget: list[int], keep: Callable | None = None) -> dict:
    import keras

    if isinstance(operation, keras.Model):
        return {"model": dismantle_model(operation, keep=keep)}
    if _is_foreign(operation) and keep:
        return keep(operation)
    if _is_foreign(operation):
        raise Unsupported(f"a layer of the class {type(operation).__name__}")
    found = {"class": _table()[type(operation)], "name": operation.name, "settings": _settings(operation)}
    if isinstance(operation, keras.layers.Layer):
        found["trainable"] = bool(operation.trainable)
        size = sum(int(np.prod(weight.shape)) for weight in operation.weights)
        budget[0] -= size
        if size and budget[0] >= 0:
            found["weights"] = [np.asarray(weight) for weight in operation.get_weights()]
            built_for = (operation.get_build_config() or {}).get("input_shape")
            found["built_for"] = list(built_for) if isinstance(built_for, (list, tuple)) else None
    return found


def _settings(operation) -> dict:
    found = {}
    for key, value in operation.get_config().items():
        if key in ("name", "trainable") or key.endswith(("_initializer", "_regularizer", "_constraint")):
            continue
        if isinstance(value, dict) and "class_name" in value:  # a dtype policy, or a layer as activation
            value = value.get("config", {}).get("name") if key == "dtype" else value["class_name"].lower()
        if isinstance(value, np.generic):
            value = value.item()
        found[key] = list(value) if isinstance(value, tuple) else value
    return found


def _argument(value, known: dict[int, int]):
    import keras

    if isinstance(value, keras.KerasTensor):
        return {"tensor": known[id(value)]}
    if isinstance(value, (list, tuple)):
        return [_argument(each, known) for each in value]
    if isinstance(value, slice):
        return {"slice": [value.start, value.stop, value.step]}
    if value is ...:
        return {"ellipsis": True}
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "__array__") and not isinstance(value, keras.Variable):
        return np.asarray(value)
    raise Unsupported(f"an argument of the class {type(value).__name__}")


def _flat(outputs) -> list:
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


# ---------------------------------------------------------------- building anew


def rebuild(graph: dict, tensors: list):
    """What the computation makes of symbolic `tensors`: a symbolic tensor, or a list of them. Raises Malformed."""
    return _checked(_rebuild, graph, tensors)


def rebuild_model(graph: dict):
    """The Keras model that was taken apart. Raises Malformed, or what Keras says about sizes that do not fit."""
    return _checked(_rebuild_model, graph)


def _checked(build, *arguments):
    try:
        return build(*arguments)
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise Malformed(f"a model that cannot be built ({type(error).__name__})") from error


def _rebuild_model(graph: dict, depth: int = 0):
    import keras

    if depth > 20:
        raise Malformed("models too deep")
    name = _plain(graph.get("name"))
    if "sequential" in graph:
        made = [_made(part, depth) for part in graph["sequential"][:LAYERS]]
        inputs = [] if graph["shape"] is None else [keras.Input(_shape(graph["shape"]))]
        model = keras.Sequential([*inputs, *(layer for layer, _ in made)], name=name)
    else:
        tensors = [keras.Input(_shape(shape), dtype=_plain(dtype), name=_plain(n)) for shape, dtype, n in graph["inputs"]]
        outputs, made = _run(graph, tensors, depth)
        model = keras.Model(tensors[0] if len(tensors) == 1 else tensors, outputs, name=name)
    if sum(int(np.prod(weight.shape)) for weight in model.weights) > WEIGHTS:
        raise Malformed(f"a model of more than {WEIGHTS:,} values")
    if graph.get("trainable") is False:
        model.trainable = False
    for layer, part in made:
        _fill(layer, part)
    if graph.get("eager") is True:
        model.compile(run_eagerly=True)
    return model


def _rebuild(graph: dict, tensors: list):
    outputs, made = _run(graph, tensors, 0)
    for layer, part in made:
        _fill(layer, part)
    return outputs


def _run(graph: dict, tensors: list, depth: int):
    if len(graph["steps"]) > LAYERS or len(tensors) != len(graph["inputs"]):
        raise Malformed("a model of too many operations")
    made = [_made(part, depth) for part in graph["parts"]]
    known = list(tensors)
    for step in graph["steps"]:
        arguments = [_given(each, known) for each in step["args"]]
        options = {str(key): _given(each, known) for key, each in step["options"].items()}
        known += _flat(made[step["part"]][0](*arguments, **options))
    outputs = graph["outputs"]
    return ([known[number] for number in outputs] if isinstance(outputs, list) else known[outputs]), made


def _made(part: dict, depth: int) -> tuple:
    if "foreign" in part and FOREIGN is not None:
        return FOREIGN(part), {}
    if "model" in part:
        return _rebuild_model(part["model"], depth + 1), {}
    room, _, name = part["class"].partition(".")
    table = _layer_classes() if room == "layers" else _operation_classes()
    cls = table.get(name if room == "layers" else part["class"])
    if cls is None:
        raise Malformed(f"no class of Keras: {str(part['class'])[:40]}")
    accepted = inspect.signature(cls.__init__).parameters
    settings = {
        key: _plain(value) for key, value in part["settings"].items() if key in accepted or key in ("dtype", "data_format")
    }
    if room == "layers":
        settings["name"] = _plain(part["name"])
    return cls(**settings), part


def _fill(layer, part: dict) -> None:
    if "trainable" in part:
        layer.trainable = bool(part["trainable"])
    weights = part.get("weights")
    if weights:
        if not layer.built and part.get("built_for"):
            layer.build((None, *_shape(part["built_for"][1:])))
        if [w.shape for w in weights] != [tuple(w.shape) for w in layer.weights]:
            raise Malformed("weights of other shapes than the layer's")
        layer.set_weights(weights)


def _given(value, known: list):
    if isinstance(value, dict):
        if "tensor" in value:
            return known[value["tensor"]]
        if "slice" in value:
            return slice(*map(_plain, value["slice"]))
        return ...
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, list):
        return [_given(each, known) for each in value]
    return _plain(value)


def _plain(value, depth: int = 0):
    """A setting: a number, a truth value, a short text, nothing, or a few of them in a list or dictionary."""
    if isinstance(value, list) and depth < 4 and len(value) <= 1000:
        return tuple(_plain(each, depth + 1) for each in value)
    if isinstance(value, dict) and depth < 2 and len(value) <= 100 and "class_name" not in value:
        return {str(key): _plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, str) and len(value) <= _TEXT:
        return value
    if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) <= _INTEGER):
        return value
    raise Malformed("a setting that is no plain value")


def _shape(shape: list) -> tuple:
    if len(shape) > 8 or any(n is not None and (not isinstance(n, int) or not 0 < n <= 20_000) for n in shape):
        raise Malformed("an input of an impossible shape")
    return tuple(shape)
