"""Other forms of a right answer, derived by program: what a student may hand in instead of the official answer.

`outcomes(answers, judge)` judges each right answer in its other forms. An exercise whose text asks for one form lists the names
that the text excludes in its declaration, `form={"the sentence of the text": ("float32", …)}`.
"""

import functools
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from utils.check.networks import is_model, is_symbolic
from utils.check.values import plain


def outcomes(answers: tuple, judge: Callable) -> Iterator[tuple[int, str, object]]:
    """(index of the answer, name of the form, outcome) for each form that one of the right `answers` can have.

    `judge(*answers)` returns an outcome, and calls functions in this process: a copy of it could not say what they return.
    """
    for i, answer in enumerate(answers):

        def judged(other, i=i):
            return judge(*answers[:i], other, *answers[i + 1 :])

        for name, other in forms(answer, judged):
            outcome = judged(other)
            if getattr(other, "applied", True):
                yield i, name, outcome


def forms(answer, use: Callable) -> Iterator[tuple[str, object]]:
    """(name, the same answer in another form): of a value itself, or of a function in the way it is made and in what it returns.

    `use(function)` calls a function as it will be called, which tells what it returns, and so which forms that can have.
    """
    if is_model(answer):
        yield from models(answer)
    elif callable(answer):
        yield from functions(answer, use)
    else:
        for name, convert in VALUES.items():
            changed = convert(answer)
            if changed is not None:
                yield name, changed


def excluded(exercise) -> set[str]:
    """The names of the forms that the exercise's text excludes."""
    return {name for names in exercise.form.values() for name in names}


# ---------------------------------------------------------------- values


def _each(convert):
    """`convert` for numbers and arrays, applied inside lists, tuples and dictionaries too; None where it applies nowhere."""

    def changed(value):
        if isinstance(value, Mapping):
            found = {key: changed(each) for key, each in value.items()}
            return (
                None
                if all(each is None for each in found.values())
                else {k: value[k] if v is None else v for k, v in found.items()}
            )
        if isinstance(value, (list, tuple)) and not _numbers(value):
            found = [changed(each) for each in value]
            if all(each is None for each in found):
                return None
            return type(value)(old if new is None else new for old, new in zip(value, found, strict=True))
        return convert(value)

    return changed


def _numbers(value) -> bool:
    """Whether a list or tuple is an array of numbers in another form."""
    array = _array(value)
    return array is not None and array.size > 0


def _array(value) -> np.ndarray | None:
    if isinstance(value, (str, bool, np.bool_, set, frozenset, Mapping)) or value is None or is_symbolic(value):
        return None
    try:
        array = np.asarray(plain(value))
    except ValueError:
        return None
    return array if array.dtype.kind in "iuf" else None


def _is_scalar(value) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float, np.number))


def _tensor(value):
    import tensorflow as tf

    array = _array(value)
    return None if array is None or isinstance(value, tf.Tensor) else tf.convert_to_tensor(array)


def _variable(value):
    import keras

    array = _array(value)
    return None if array is None else keras.Variable(array, dtype=str(array.dtype))


def _pandas(value):
    import pandas as pd

    array = _array(value)
    if array is None or array.ndim not in (1, 2):
        return None
    return pd.Series(array) if array.ndim == 1 else pd.DataFrame(array)


def _float32(value):
    array = _array(value)
    if (
        array is None
        or array.dtype == np.float32
        or not np.array_equal(array.astype("float32"), array)
        and array.dtype.kind in "iu"
    ):
        return None
    return array.astype("float32")[()]


def _float64(value):
    array = _array(value)
    return None if array is None or array.dtype == np.float64 else array.astype(float)[()]


def _listed(value):
    array = _array(value)
    return None if array is None or array.ndim == 0 else array.tolist()


def _tupled(value):
    def deep(each):
        return tuple(map(deep, each)) if isinstance(each, list) else each

    listed = _listed(value)
    return None if listed is None else deep(listed)


def _arrayed(value):
    array = _array(value)
    return None if array is None or array.ndim == 0 or isinstance(value, np.ndarray) else array


def _other_sequence(value):
    if isinstance(value, Mapping):
        return {key: new if (new := _other_sequence(each)) is not None else each for key, each in value.items()}
    if isinstance(value, (tuple, set, frozenset)):
        return list(value)
    return tuple(value) if isinstance(value, list) else None


VALUES = {
    "list": _each(_listed),
    "tuple": _each(_tupled),
    "array": _each(_arrayed),
    "the other sequence": _other_sequence,
    "tensor": _each(_tensor),
    "Keras variable": _each(_variable),
    "pandas": _each(_pandas),
    "float32": _each(_float32),
    "float64": _each(_float64),
    "Python number": _each(lambda v: v.item() if isinstance(v, np.generic) and _is_scalar(v) else None),
    "NumPy scalar": _each(lambda v: np.asarray(v)[()] if _is_scalar(v) and not isinstance(v, np.generic) else None),
    "0-d array": _each(lambda v: np.asarray(v) if _is_scalar(v) else None),
    "NumPy word": lambda v: np.str_(v) if isinstance(v, str) else None,
    "upper case and spaces": lambda v: f" {v.upper()} " if isinstance(v, str) else None,
    "NumPy bool": lambda v: np.bool_(v) if isinstance(v, bool) else (bool(v) if isinstance(v, np.bool_) else None),
}


# ---------------------------------------------------------------- functions


class Called:
    """An object with `__call__`, as a student may write one."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *arguments, **options):
        return self.function(*arguments, **options)


def functions(function, use: Callable) -> Iterator[tuple[str, object]]:
    """A function made in another way, and one for each form that something of what it returns can have."""
    yield "lambda, positional only", lambda *arguments: function(*arguments)
    yield "partial", functools.partial(function)
    yield "callable object", Called(function)
    possible, builds = set(), []

    def watched(*arguments, **options):
        result = function(*arguments, **options)
        builds.append(is_model(result) or is_symbolic(result))
        possible.update(name for name, convert in RESULTS.items() if _converted(convert, result) is not None)
        return result

    use(watched)
    if not builds:
        raise RuntimeError("the function was not called, or in another process: nobody knows what it returns")
    for name, convert in RESULTS.items():
        if name in possible:
            yield name, _returning(function, convert)
    for name, convert in MODELS.items() if any(builds) else ():
        yield f"returns {name}", _rebuilding(function, convert)


RESULTS = {
    "generator of the elements": lambda v: (each for each in v) if isinstance(v, (list, tuple)) else None,
    **{f"returns {name}": convert for name, convert in VALUES.items()},
}


def _converted(convert, result):
    """The result in another form; None where it has none."""
    return None if is_model(result) or is_symbolic(result) or callable(result) else convert(result)


def _returning(function, convert):
    """`function` with its result in another form, where it has one."""

    def wrapped(*arguments, **options):
        result = function(*arguments, **options)
        changed = _converted(convert, result)
        return result if changed is None else changed

    return wrapped


def _rebuilding(function, convert):
    """`function` with the model or symbolic tensor that it returns built in another way; `.applied` says whether any could be."""
    import keras

    def wrapped(*arguments, **options):
        result = function(*arguments, **options)
        if is_model(result):
            changed = convert(result)
        elif is_symbolic(result):
            inputs = [each for each in arguments if is_symbolic(each)]
            model = convert(keras.Model(inputs, result))
            changed = None if model is None or isinstance(model, keras.Sequential) or not model.built else model(inputs)
        else:
            return result
        if changed is not None:
            wrapped.applied = True
        return result if changed is None else changed

    wrapped.applied = False
    return wrapped


# ---------------------------------------------------------------- models


def models(model) -> Iterator[tuple[str, object]]:
    """A model built in other ways."""
    for name, convert in MODELS.items():
        changed = convert(model)
        if changed is not None:
            yield name, changed


def _layers_of(model) -> list | None:
    """The layers of a model that is a plain chain, without its input; None for any other."""
    import keras

    if isinstance(model, keras.Sequential):
        return list(model.layers)
    chain = [each for each in model.operations if type(each).__name__ != "InputLayer"]
    if not all(isinstance(each, keras.layers.Layer) for each in chain):
        return None
    tensor = model.input
    for layer in chain:
        if len(layer._inbound_nodes) != 1 or layer._inbound_nodes[0].input_tensors != [tensor]:
            return None
        tensor = layer.output
    return chain


def _copy(layer, **changes):
    config = {**layer.get_config(), **changes}
    config.pop("build_config", None)
    return type(layer).from_config(config)


def _has_activation(layer) -> bool:
    name = getattr(getattr(layer, "activation", None), "__name__", None)
    return name not in (None, "linear") and type(layer).__name__ != "Activation"


def _chain(model, layers, *, functional: bool = False, built: bool = True):
    import keras

    if not built:
        return keras.Sequential(layers)
    inputs = keras.Input(model.input_shape[1:])
    if not functional:
        return keras.Sequential([inputs, *layers])
    tensor = inputs
    for layer in layers:
        tensor = layer(tensor)
    return keras.Model(inputs, tensor)


def _rewrite(model, call):
    """A functional model anew, each layer called through `call(layer, *arguments, **options)`."""
    import keras

    if isinstance(model, keras.Sequential):
        model = _chain(model, [_copy(layer) for layer in model.layers], functional=True)
    return keras.models.clone_model(model, call_function=call, clone_function=_copy)


def _split(activation):
    """A rewriting in which activations given as arguments become steps of their own, made by `activation(name)`."""

    def convert(model):
        def call(layer, *arguments, **options):
            if not _has_activation(layer):
                return layer(*arguments, **options)
            name = layer.activation.__name__
            return activation(name)(_copy(layer, activation="linear", name=f"{layer.name}_plain")(*arguments, **options))

        return _rewrite(model, call)

    return convert


def _activation_layer(name: str):
    import keras

    return keras.layers.Activation(name)


def _own_layer(name: str):
    import keras

    own = {"relu": keras.layers.ReLU, "softmax": keras.layers.Softmax}
    return own.get(name, functools.partial(keras.layers.Activation, name))()


def _operation(name: str):
    import keras

    return getattr(keras.ops, name)


def _tensorflow_argument(model):
    import tensorflow as tf

    layers = _layers_of(model)
    if layers is None:
        return None
    return _chain(
        model, [_copy(e, activation=getattr(tf.nn, e.activation.__name__)) if _has_activation(e) else _copy(e) for e in layers]
    )


def _renamed(model):
    count = iter(range(10_000))
    return _rewrite(model, lambda layer, *a, **o: _copy(layer, name=f"my_{next(count)}")(*a, **o))


def _sequential(model):
    layers = _layers_of(model)
    return None if layers is None else _chain(model, [_copy(layer) for layer in layers])


def _functional(model):
    return _rewrite(model, lambda layer, *a, **o: layer(*a, **o))


def _unbuilt(model):
    layers = _layers_of(model)
    return None if layers is None else _chain(model, [_copy(layer) for layer in layers], built=False)


def _subclassed(model):
    import keras

    layers = _layers_of(model)
    if layers is None:
        return None

    class Mine(keras.Model):
        def __init__(self):
            super().__init__()
            self.steps = [_copy(layer) for layer in layers]

        def call(self, x, training=None):
            for layer in self.steps:
                x = (
                    layer(x, training=training)
                    if "Dropout" in type(layer).__name__ or "Norm" in type(layer).__name__
                    else layer(x)
                )
            return x

    return Mine()


def _nested(model):
    import keras

    layers = _layers_of(model)
    if layers is None or len(layers) < 3:
        return None
    copies = [_copy(layer) for layer in layers]
    return keras.Sequential([keras.Input(model.input_shape[1:]), keras.Sequential(copies[:2]), *copies[2:]])


def _compiled(model):
    other = _functional(model)
    other.compile("adam", "mse")
    return other


MODELS = {
    "functional model": _functional,
    "sequential model": _sequential,
    "unbuilt model": _unbuilt,
    "subclassed model": _subclassed,
    "model in a model": _nested,
    "compiled model": _compiled,
    "other layer names": _renamed,
    "Activation layers": _split(_activation_layer),
    "ReLU and Softmax layers": _split(_own_layer),
    "keras.ops": _split(_operation),
    "tf.nn as argument": _tensorflow_argument,
}
