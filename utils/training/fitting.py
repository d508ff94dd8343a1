"""`model.fit` without the time that TensorFlow spends beside the training."""

import logging

from ..garden.arguments import network, whole_number
from .batches import batches, untuned


def fit(model, x, y=None, *, batch_size: int = 32, epochs: int = 1, callbacks=()):
    """`model.fit(x, y, batch_size=…, epochs=…, callbacks=…, verbose=0)`, faster for a small network on a CPU.

    x, y: arrays (n, …), shuffled anew in each epoch as `model.fit` does; or x alone: a finite tf.data.Dataset of batches
    (inputs, targets), taken as it comes. The model is compiled. Returns Keras' History. Raises ValueError or TypeError for
    arrays that do not belong together, for an endless dataset, and for a model that is not compiled.

    Use it as you would `model.fit`, which gives a network just as good. The labs train dozens of networks for a few seconds
    each, and half of such a training can be overhead. This function avoids three kinds of it:

    - `fit` first calls the training step with an optimizer that has no slots yet, so TensorFlow traces the network twice;
    - between two steps Python takes longer than a small network's step: several steps run in one call
      (`steps_per_execution`), so a callback's `on_train_batch_end` comes once for each such call;
    - tf.data's autotuner can hold up the end of an epoch (`batches.untuned`).
    """
    if not getattr(network("model", model), "compiled", False):
        raise ValueError("The model is not compiled: call model.compile(optimizer, loss) first, as before model.fit.")
    epochs = whole_number("epochs", epochs, 1, 3)
    dataset = batches(x, y, batch_size) if y is not None else _finite(x)
    trace_once(model)
    together, before = _steps_together(int(dataset.cardinality())), model.steps_per_execution
    if getattr(model, "_steps_traced", None) != together:
        model._steps_traced, model.train_function = together, None  # an old function would run the old number
    model.steps_per_execution = together
    try:
        return model.fit(dataset, epochs=epochs, verbose=0, shuffle=False, callbacks=list(callbacks))
    finally:
        # `predict` and `evaluate` keep the functions that they compiled earlier; of several batches in a call these would see
        # the first one only, and `predict` would return too few answers without a word.
        model.steps_per_execution = before


def _finite(dataset):
    """A tf.data.Dataset of batches that comes to an end, made ready. Raises TypeError or ValueError with the remedy."""
    import tensorflow as tf

    if not isinstance(dataset, tf.data.Dataset):
        raise TypeError(
            f"Give x and y as arrays, or x alone as a tf.data.Dataset of batches; x alone is {type(dataset).__name__}."
        )
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError("The dataset has no end, so an epoch of it has none: leave out .repeat(), or end it with .take(steps).")
    return untuned(dataset.prefetch(2))


def trace_once(model) -> None:
    """Give a compiled model's optimizer its slots before the first step, so that TensorFlow traces the step only once."""
    expect_many_models()
    if model.built and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


def expect_many_models() -> None:
    """Keep TensorFlow from warning, at length, that a function is traced again and again: several small models look like that."""
    logging.getLogger("tensorflow").addFilter(_is_no_false_alarm)  # once, however often it is called


def _steps_together(steps: int) -> int:
    """The largest number up to 10 that divides the `steps` of an epoch, so that no call is cut short; 1 if `steps` is < 0."""
    return max(k for k in range(1, 11) if steps > 0 and steps % k == 0 or k == 1)


def _is_no_false_alarm(record) -> bool:
    said = record.getMessage()
    return not ("triggered tf.function retracing" in said and "TensorFlowTrainer" in said)
