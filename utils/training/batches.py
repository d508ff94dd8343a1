"""Batches for `fit`, without the pause that `fit` on arrays makes between two epochs."""

from ..garden.arguments import numbers, whole_number


def batches(inputs, targets, batch: int):
    """A tf.data.Dataset of (inputs, targets), `batch` at a time, in a new random order in each epoch; the last may be smaller.

    inputs (n, …), targets (n, …): arrays, or tuples, lists and dictionaries of arrays of one length. The order follows from
    `keras.utils.set_random_seed`. Tell `fit` that it need not shuffle:
    `model.fit(batches(x, y, 64), epochs=3, shuffle=False)`. Raises ValueError for arrays that are empty, hold NaN or differ in
    length.
    """
    import tensorflow as tf

    batch = whole_number("batch", batch, 1, 32)
    inputs, targets = _arrays("inputs", inputs), _arrays("targets", targets)
    lengths = {len(array) for array in tf.nest.flatten((inputs, targets))}
    if len(lengths) != 1:
        raise ValueError(f"inputs and targets must have one length, a target to each input; these have {sorted(lengths)}.")
    slices = tf.data.Dataset.from_tensor_slices((inputs, targets))
    return untuned(slices.shuffle(lengths.pop()).batch(batch).prefetch(2))


def _arrays(name: str, values):
    """`values` as TensorFlow takes them, each array checked: a list of arrays is several inputs, a list of numbers is one."""
    import numpy as np
    import tensorflow as tf

    if isinstance(values, dict):
        return {key: numbers(f"{name}[{key!r}]", value, "(n, …)") for key, value in values.items()}
    if isinstance(values, (tuple, list)) and values and all(isinstance(each, (np.ndarray, tf.Tensor)) for each in values):
        return tuple(numbers(f"{name}[{k}]", value, "(n, …)") for k, value in enumerate(values))
    return numbers(name, values, "(n, …)")


def untuned(dataset):
    """The same tf.data.Dataset with the autotuner off.

    The tuner looks at the pipeline after 10 ms, and then each time after twice as long. An epoch that ends waits for it, since
    the call that should wake it comes just before the flag that it then looks at (`Model::OptimizeLoop` in TensorFlow's
    model.cc). Often it sleeps on: an epoch of 3.4 s lasts until its next turn after 5.1 s. `fit` on arrays has the tuner on.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
