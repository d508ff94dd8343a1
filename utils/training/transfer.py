"""Transfer learning without a GPU: cut a network in two, compute the lower half once, retrain the upper half on its output.

    lower, upper = transfer.cut(base, "block14_sepconv1")
    cached = transfer.activations(lower, images)          # once, float16
    model = transfer.top(upper, classes=5)                # a model of its own, with copies of the weights
    transfer.tune(model, [cached], labels, train, epochs=5)  # every epoch now skips the lower half
    whole = transfer.join(lower, model)                   # photos in, logits out

Arrays are channels last. Images are uint8 (n, height, width, 3); everything is scaled to -1 ... 1 as Xception expects.
"""

import numpy as np

from ..garden.arguments import class_numbers, network, numbers, shape_of, shown, whole_number
from ..notebook import progress
from .allocator import keep_freed_memory
from .fitting import expect_many_models, trace_once
from .schedule import warmup_cosine

PHOTOS = "(n, height, width, 3)"


def scale(images):
    """uint8 0 ... 255 to float32 -1 ... 1: what Xception was trained on. Same shape, any one.

    Floats from 0 to 255 are taken as well. Raises ValueError for values outside, and for a picture that was scaled already.
    """
    images = numbers("images", images, "(height, …)")
    low, high = images.min(), images.max()
    if low < 0 or high > 255:
        raise ValueError(f"scale takes bytes, 0 to 255; these pixels go from {low:g} to {high:g}. Were they scaled already?")
    if images.dtype.kind == "f" and high <= 1 and (images % 1).any():
        raise ValueError("scale takes bytes, 0 to 255; these pixels lie between 0 and 1. Give 255 * images.")
    return images.astype(np.float32) / 127.5 - 1


def cut(model, layer):
    """(lower, upper): `model` cut just below the layer named `layer`, so that upper(lower(x)) equals model(x).

    Both halves share their layers with `model`. Raises ValueError when there is no such layer, or when another path
    runs around the cut, so that the layer's input is not all that the upper half needs.
    """
    import keras

    names = [each.name for each in network("model", model).layers]
    if not isinstance(layer, str):
        raise ValueError(f"layer is the name of a layer, such as {names[-1]!r}, not {shown(layer)}.")
    if layer not in names:
        raise ValueError(f"{model.name} has no layer {layer!r}. Its last layers are {', '.join(names[-5:])}.")
    if not getattr(model, "inputs", None):  # a Sequential has `inputs`, but no `input`, until it is called
        raise ValueError(f"{model.name} has no graph to cut: build it first, `model.build((None, height, width, channels))`.")
    start, end = (each[0] if len(each) == 1 else each for each in (model.inputs, model.outputs))
    joint = model.get_layer(layer).input
    around = f"A path runs around {layer!r}: cut where one tensor carries everything, below a block."
    if isinstance(joint, list):
        raise ValueError(f"{layer!r} takes {len(joint)} tensors, so no cut just below it gives one: {around}")
    try:
        lower, upper = keras.Model(start, joint, name="lower"), keras.Model(joint, end, name="upper")
    except ValueError as error:
        raise ValueError(around) from error
    if joint is not start and any(each in lower.layers for each in upper.layers):  # Keras 3.5 raises nothing
        raise ValueError(around)
    return lower, upper


def outputs(model, inputs, *, prepare=None, batch=32, dtype=np.float32, label=""):
    """What `model` computes for all `inputs` (n, …), in order, `batch` at a time, as an array (n, …) of `dtype`.

    Of a model with several outputs a list, one array for each. `prepare` is applied to each batch first (`scale`, for uint8
    photos). `label` shows a progress bar. The last batch is filled up with zeros, so that TensorFlow compiles the model for one
    shape only. Raises ValueError for inputs that are empty, hold NaN or have another shape than the model takes.
    """
    keep_freed_memory()
    expect_many_models()
    batch = whole_number("batch", batch, 1, 32)
    inputs = numbers("inputs", inputs, "(n, …)" if prepare else shape_of(network("model", model)))
    results, several = None, False
    with progress.bar(total=len(inputs), label=label, unit="photo", disable=not label) as bar:
        for start in range(0, len(inputs), batch):
            part = inputs[start : start + batch]
            ready = np.asarray(prepare(part) if prepare else part, np.float32)
            full = np.concatenate([ready, np.zeros((batch - len(part), *ready.shape[1:]), np.float32)])
            computed = model.predict_on_batch(full)
            several = isinstance(computed, (list, tuple))
            computed = [np.asarray(each) for each in (computed if several else [computed])]
            if results is None:
                results = [np.empty((len(inputs), *each.shape[1:]), dtype) for each in computed]
            for result, each in zip(results, computed, strict=True):
                result[start : start + len(part)] = each[: len(part)]
            bar.update(len(part))
    return results if several or results is None else results[0]


def activations(lower, images, *, mirrored=False, label="activations"):
    """What `lower` computes for uint8 `images` (n, height, width, 3), as float16 (n, …): half the memory, 3 digits kept.

    Of several outputs a list, as in `outputs`.
    `mirrored` flips every image left to right first. Nothing is trained and nothing is random.
    """
    images = numbers("images", images, shape_of(network("lower", lower)))
    return outputs(lower, images[:, :, ::-1] if mirrored else images, prepare=scale, dtype=np.float16, label=label)


def linear_head(features, labels, strength=0.1):
    """A logistic regression on features (n, d): `.predict_proba`, `.coef_` (classes, d), `.intercept_`.

    `strength` is the inverse of the L2 penalty. It runs on one core: the matrices are small, and two numerical libraries
    that fight for the cores (TensorFlow's threads and BLAS') make it slower, not faster. Raises ValueError for labels that do
    not belong to the features, and for a single class.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    features = numbers("features", features, "(n, d)")
    labels = class_numbers("labels", labels, len(features), "rows of features")
    if len(np.unique(labels)) < 2:
        raise ValueError(f"labels holds the class {labels[0]} alone: there is nothing to tell it from.")
    with threadpool_limits(1):
        return LogisticRegression(C=strength, max_iter=1000).fit(features, labels)


def top(upper, classes, *, head=None, dropout=0.2, train_batchnorm=False):
    """A trainable model from cached activations to logits (n, classes): a copy of `upper`, the mean over places, one Dense.

    `head` is (kernel, bias) to start the Dense from, for example a logistic regression on the frozen features.
    BatchNormalization is frozen: it keeps and uses ImageNet's statistics, unless `train_batchnorm` is set, a mistake to
    study. Calling the network with `training=False` does not freeze it: since Keras 3 `fit` overrides that argument in
    every nested layer (keras-team/keras, issue 20285).
    """
    import keras

    classes = whole_number("classes", classes, 2, 5)
    ends_in = network("upper", upper).outputs[0].shape
    if len(ends_in) != 4:
        raise ValueError(f"upper must end in a feature map (n, height, width, channels); it ends in {tuple(ends_in)}.")
    own = _copy(upper)
    for layer in own.layers:
        layer.trainable = train_batchnorm or not isinstance(layer, keras.layers.BatchNormalization)
    inputs = keras.Input(upper.input_shape[1:])
    x = keras.layers.GlobalAveragePooling2D()(own(inputs))
    dense = keras.layers.Dense(classes, name="logits")
    model = keras.Model(inputs, dense(keras.layers.Dropout(dropout)(x)), name="top")
    if head is not None:
        dense.set_weights(head)
    return model


def tune(
    model, views, labels, photos, *, epochs, rate=3e-4, smoothing=0.1, mixup=0.2, average=0.0, batch=32, seed=0, label="tune"
):
    """Train `model` on the cached activations of `photos` (indices into labels and into each view).

    views: list of arrays (n, …), the same photos seen differently (as they are, mirrored); each epoch takes one view of
    each photo, at random, in whole batches: the few left over, others each time, wait for the next epoch. labels: (n,)
    integers. AdamW with a warm-up of an eighth of the steps and a cosine to 0; label smoothing and MixUp act on activations
    and labels. `average` is the momentum of a running mean of the weights (0: none), which replaces them at the end. `rate`
    is the peak learning rate.
    Returns {"loss": …, "accuracy": …}, each the mean over an epoch, one value an epoch. Raises ValueError when views, labels
    and photos do not belong together.
    """
    import keras

    keep_freed_memory()
    classes = network("model", model).output_shape[-1]
    epochs, batch = whole_number("epochs", epochs, 1, 5), whole_number("batch", batch, 1, 32)
    if not len(views):
        raise ValueError("views is empty: give a list of arrays, such as [activations] or [plain, mirrored].")
    views = [numbers(f"views[{k}]", view, shape_of(model)) for k, view in enumerate(views)]
    for k, view in enumerate(views):
        labels = class_numbers("labels", labels, len(view), f"photos of views[{k}]", classes)
    photos = numbers("photos", photos, "(n,)")
    if photos.dtype.kind not in "iu" or photos.min() < 0 or photos.max() >= len(labels):
        raise ValueError(
            f"photos must be indices, whole numbers from 0 to {len(labels) - 1}; these are {photos.dtype}, {photos.min()} to "
            f"{photos.max()}."
        )
    steps = max(1, len(photos) // batch)
    keras.utils.set_random_seed(seed)
    targets = (np.eye(classes)[labels] * (1 - smoothing) + smoothing / classes).astype(np.float32)
    batches = _Batches(views, targets, photos, mixup, batch, seed)
    moving = {"use_ema": True, "ema_momentum": average} if average else {}
    right = keras.metrics.CategoricalAccuracy("accuracy")
    optimizer = keras.optimizers.AdamW(warmup_cosine(epochs * steps, rate, 1 / 8), weight_decay=1e-2, **moving)
    model.compile(optimizer, keras.losses.CategoricalCrossentropy(from_logits=True), metrics=[right])
    trace_once(model)
    history = {"loss": [], "accuracy": []}
    # A plain loop: `fit` over a PyDataset stood still for 11 to 17 s between epochs (see `batches.untuned`)
    with progress.bar(total=epochs, label=label, unit="epoch", disable=not label) as bar:
        for _ in range(epochs):
            logs = []
            for i in range(steps):
                model.reset_metrics()
                logs.append(model.train_on_batch(*batches.take(i), return_dict=True))
            batches.shuffle()
            for name, values in history.items():
                values.append(float(np.mean([log[name] for log in logs])))
            bar.set_postfix(accuracy=f"{history['accuracy'][-1]:.3f}", refresh=False)
            bar.update()
    optimizer.finalize_variable_values(model.trainable_variables)  # the running mean, if there is one
    return history


def join(lower, model):
    """One model from scaled photos to logits: `lower` below, a copy of `model` (from `top`) above, without its optimizer.

    Raises ValueError when `model` does not take what `lower` gives.
    """
    import keras

    given, taken = network("lower", lower).output_shape, network("model", model).input_shape
    if len(given) != len(taken) or any(a != b for a, b in zip(given, taken, strict=True) if None not in (a, b)):
        raise ValueError(f"model takes {taken}, and lower gives {given}: join the two halves of one cut.")
    return keras.Model(lower.input, _copy(model)(lower.output), name="whole")


def _copy(network):
    """The same network with weights of its own, never compiled (`clone_model` would take the optimizer along)."""
    twin = type(network).from_config(network.get_config())
    twin.set_weights(network.get_weights())
    return twin


def softmax(logits):
    """Probabilities (n, classes) from logits (n, classes)."""
    logits = numbers("logits", logits, "(n, classes)")
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


class _Batches:
    """Batches of cached activations: a random view of each photo, mixed in pairs."""

    def __init__(self, views, targets, photos, mixup, batch, seed):
        self.views, self.targets, self.photos, self.mixup, self.batch = views, targets, photos, mixup, batch
        self.rng = np.random.default_rng(seed)
        self.shuffle()

    def shuffle(self):
        self.order = self.rng.permutation(self.photos)

    def take(self, i):
        """Batch i: activations float32 (batch, …) and targets (batch, classes)."""
        chosen = self.order[i * self.batch : (i + 1) * self.batch]
        seen = self.rng.integers(len(self.views), size=len(chosen))
        x = np.stack([self.views[view][photo] for view, photo in zip(seen, chosen, strict=True)]).astype(np.float32)
        y = self.targets[chosen]
        if self.mixup:
            weight = self.rng.beta(self.mixup, self.mixup, len(chosen)).astype(np.float32)
            partner = self.rng.permutation(len(chosen))
            wide = weight.reshape(-1, *[1] * (x.ndim - 1))
            x, y = wide * x + (1 - wide) * x[partner], weight[:, None] * y + (1 - weight[:, None]) * y[partner]
        return x, y
