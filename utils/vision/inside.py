"""Inside a network while it runs: what a layer gives, the logits below a softmax, another rule for going backward.

Keras calls each layer through its `call`. Here a layer's `call` is replaced for a moment, so all of this works for any
layer of any model, also one in a nested base, and leaves the model as it was, even after an error.
"""

from contextlib import ExitStack, contextmanager

import numpy as np

from ..garden.arguments import network

BATCH = 16  # pictures at a time: going backward keeps the activations of every layer
AS_THEY_ARE = 2  # passes of one kind through a model; to compile the next takes as long as a few of them
ENDS = ("softmax", "sigmoid", "log_softmax")  # what turns logits into probabilities


def layers_of(model) -> list:
    """All layers and operations of `model`, in the order in which they are applied, nested models unfolded."""
    found = []
    for each in getattr(network("model", model), "operations", None) or getattr(model, "layers", ()):
        if type(each).__name__ != "InputLayer":
            found += layers_of(each) if getattr(each, "layers", None) else [each]
    return found


def effective(model) -> list:
    """`layers_of(model)` without what changes no logit when the network answers: Dropout, and a softmax as last layer."""
    layers = [each for each in layers_of(model) if type(each).__name__ not in ("Dropout", "SpatialDropout2D", "Identity")]
    softmax = layers and (type(layers[-1]).__name__.lower() in ENDS or type(layers[-1]).__name__ == "Activation")
    return layers[:-1] if softmax and (_activation(layers[-1]) or "softmax") in ENDS else layers


def find(model, layer: str | None = None):
    """The layer of that name, in nested models too; without a name the last one whose output is a map (n, h, w, channels).

    Raises ValueError that lists the layers with maps when there is no such layer.
    """
    maps = [each for each in layers_of(model) if _gives_maps(each)]
    if layer is None and maps:
        return maps[-1]
    for each in layers_of(model):
        if each.name == layer:
            return each
    names = ", ".join(each.name for each in maps[-5:]) or "none at all"
    raise ValueError(f"{model.name} has no layer {layer!r}. The last layers that give maps: {names}.")


@contextmanager
def wrapped(layer, wrap):
    """Within the block `layer` runs as wrap(call)(inputs), where `call` is its own function; afterwards as before."""
    before = vars(layer).get("call")  # None unless somebody else has wrapped it already
    layer.call = wrap(layer.call)
    try:
        yield layer
    finally:
        if before is None:
            del layer.call
        else:
            layer.call = before


@contextmanager
def heard(layer):
    """Within the block, a list to which each run of `layer` appends (inputs, outputs)."""
    runs = []

    def wrap(call):
        def listening(inputs, *args, **kwargs):
            outputs = call(inputs, *args, **kwargs)
            runs.append((inputs, outputs))
            return outputs

        return listening

    with wrapped(layer, wrap):
        yield runs


@contextmanager
def without_end(model):
    """Within the block, `model` gives logits: the softmax or sigmoid of its last layer is left out."""
    last = layers_of(model)[-1]
    if _activation(last) in ENDS:
        before, last.activation = last.activation, _as_it_is
        try:
            yield
        finally:
            last.activation = before
    elif type(last).__name__.lower() in ENDS:
        with wrapped(last, lambda call: _as_it_is):
            yield
    else:
        yield


def logits(model, images):
    """The logits (n, classes) of `images` (n, h, w, channels), a tensor, by one pass through `model` without its softmax.

    Raises ValueError when what comes out is still probabilities, or no vector for each picture.
    """
    import tensorflow as tf

    with without_end(model):
        values = model(images, training=False)
    if not tf.executing_eagerly():  # `passed` compiles: the same network has been looked at in the passes before
        return values
    if getattr(values, "shape", None) is None or len(values.shape) != 2:
        raise ValueError(f"{model.name} gives {_shape(values)} for pictures {_shape(images)}: one vector for each is needed.")
    checked = np.asarray(values)
    if checked.shape[1] > 1 and (checked >= 0).all() and np.allclose(checked.sum(axis=1), 1, atol=1e-4):
        raise ValueError(
            f"{model.name} ends in probabilities, and its last layer is no softmax that could be left out: build it so that it "
            "ends in logits, and apply the softmax outside."
        )
    return values


def probabilities(model, images) -> np.ndarray:
    """The softmax of the logits, float32 (n, classes), computed BATCH pictures at a time."""
    values = all_logits(model, as_pictures(images)[0])
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def all_logits(model, pictures) -> np.ndarray:
    """The logits (n, classes) of `pictures` (n, h, w, channels) as an array, computed BATCH pictures at a time."""
    places = range(0, len(pictures), BATCH)
    return np.concatenate([passed(model, "logits", lambda x: logits(model, x), pictures[k : k + BATCH]) for k in places])


def passed(model, kind: str, function, *arrays) -> np.ndarray:
    """function(tensors of the `arrays`), a pass of this `kind` through `model`, as an array.

    A network that is asked often is compiled (`tf.function`), which makes a pass through a deep one three times as fast. All
    arrays have as many rows. Weights may change in between; layers, activations and rules for going backward are looked at.
    """
    import tensorflow as tf

    arrays = [np.asarray(each) for each in arrays]
    known = vars(network("model", model)).setdefault("_passes", {})  # past Keras' own bookkeeping; it ends with the model
    key = kind, _state(model), *((each.shape[1:], each.dtype.str) for each in arrays)
    known.setdefault(key, 0)
    if known[key] == AS_THEY_ARE:
        rows = [tf.TensorSpec((None, *each.shape[1:]), each.dtype) for each in arrays]
        known[key] = tf.function(function, input_signature=rows)
        known[key]._omit_frequent_tracing_warning = True  # several models look to TensorFlow like one that changes its shapes
    if callable(known[key]):
        return np.asarray(known[key](*map(tf.constant, arrays)))
    known[key] += 1
    return np.asarray(function(*map(tf.constant, arrays)))


def _state(model) -> tuple:
    """What a compiled pass depends on besides the values of the weights."""
    layers = layers_of(model)
    calls = (vars(each).get("call") for each in layers)  # None, unless the layer is `wrapped`
    rules = tuple(getattr(each, "rule", each) for each in calls)
    activations = tuple(getattr(each, "activation", None) for each in layers)
    return rules, activations, tuple(map(id, model.variables))


def as_pictures(images) -> tuple[np.ndarray, bool]:
    """(float32 pictures (n, h, w, channels), whether it was a single picture (h, w, channels)).

    Raises ValueError for integers, which have not been scaled as the network expects, for NaN, and for another shape.
    """
    pictures = np.asarray(images)
    if not np.issubdtype(pictures.dtype, np.floating):
        raise ValueError(
            f"The pictures are {pictures.dtype}: scale them to the floats that the network was trained on, for Xception with "
            "`transfer.scale(images)`."
        )
    if pictures.ndim not in (3, 4) or 0 in pictures.shape:
        raise ValueError(f"The shape is {pictures.shape}; it must be (h, w, channels), or (n, h, w, channels) for n pictures.")
    if not np.isfinite(pictures).all():
        raise ValueError("The pictures hold NaN or infinity: look at what loads and scales them.")
    single = pictures.ndim == 3
    return (pictures[None] if single else pictures).astype(np.float32), single


def as_classes(model, pictures, classes) -> np.ndarray:
    """The class to explain for each of the pictures, int64 (n,): one number for all, n numbers, or None for the network's guess.

    Raises ValueError for a class that the network does not have, or another number of them.
    """
    if classes is None:
        return all_logits(model, pictures).argmax(axis=1)
    chosen = np.asarray(classes)
    if not np.issubdtype(chosen.dtype, np.integer) or chosen.ndim > 1 or chosen.size not in (1, len(pictures)):
        raise ValueError(f"classes has {chosen.size} values for {len(pictures)} pictures: one whole number, or one for each.")
    stated = getattr(network("model", model), "output_shape", None)
    known = isinstance(stated, tuple) and len(stated) == 2 and stated[1]
    count = stated[1] if known else all_logits(model, pictures[:1]).shape[1]
    if chosen.min() < 0 or chosen.max() >= count:
        raise ValueError(f"classes goes from {chosen.min()} to {chosen.max()}; {model.name} has the classes 0 … {count - 1}.")
    return np.broadcast_to(chosen, len(pictures)).astype(np.int64)


def in_batches(function, model, images, classes) -> np.ndarray:
    """function(pictures, classes), arrays (k, …) of both, for BATCH pictures at a time; (n, …), or (…) for a single picture."""
    pictures, single = as_pictures(images)
    classes = as_classes(model, pictures, classes)
    places = range(0, len(pictures), BATCH)
    results = np.concatenate([function(pictures[k : k + BATCH], classes[k : k + BATCH]) for k in places])
    return results[0] if single else results


@contextmanager
def guided(model):
    """Within the block, what goes backward through each ReLU of `model` has its negative values set to 0.

    The ReLU's own derivative then stops it where its input was negative: the rule of guided backpropagation, from
    Springenberg and others, Striving for Simplicity (2015). Raises ValueError for a network without a ReLU.
    """
    relus = [each for each in layers_of(model) if _is_relu(each)]
    if not relus:
        raise ValueError(f"{model.name} has no ReLU, for which guided backpropagation is defined: take the gradient instead.")
    with ExitStack() as stack:
        for each in dict.fromkeys(relus):
            stack.enter_context(wrapped(each, _only_positive_backward))
        yield


def _only_positive_backward(call):
    import tensorflow as tf

    @tf.custom_gradient
    def gate(x):
        return tf.identity(x), lambda upstream: tf.nn.relu(upstream)

    def guided_call(*args, **kwargs):
        return gate(call(*args, **kwargs))

    guided_call.rule = "only what is positive goes backward"
    return guided_call


def _is_relu(layer):
    return type(layer).__name__ in ("ReLU", "Relu", "Relu6") or _activation(layer) in ("relu", "relu6")


def _activation(layer):
    return getattr(getattr(layer, "activation", None), "__name__", "")


def _gives_maps(layer):
    output = getattr(layer, "output", None) if getattr(layer, "_inbound_nodes", ()) else None
    return len(getattr(output, "shape", ())) == 4


def _as_it_is(inputs, *args, **kwargs):
    return inputs


def _shape(values):
    return tuple(getattr(values, "shape", ())) or type(values).__name__
