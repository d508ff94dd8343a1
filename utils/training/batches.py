"""Batches for `fit`, without the pause that `fit` on arrays makes between two epochs."""


def batches(inputs, targets, batch: int):
    """A tf.data.Dataset of (inputs, targets), `batch` at a time, in a new random order in each epoch; the last may be smaller.

    inputs (n, …), targets (n, …). The order follows from `keras.utils.set_random_seed`. Tell `fit` that it need not shuffle:
    `model.fit(batches(x, y, 64), epochs=3, shuffle=False)`.
    """
    import tensorflow as tf

    slices = tf.data.Dataset.from_tensor_slices((inputs, targets))
    return untuned(slices.shuffle(len(inputs)).batch(batch).prefetch(2))


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
