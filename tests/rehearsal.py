"""A rehearsal of a lesson: a training takes one epoch, and history and callbacks see as many as were asked for.

What is looked at is that every cell runs to its end, not what comes out of it; the solutions, executed in full, show that.
A lab must bear it: whoever trains badly sees poor figures, and no traceback.
"""

import re

import nbformat


def rehearsed(notebook):
    """`notebook` with one cell more, after the one that imports Keras; a lab that never does stays as it is."""
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and re.search(r"^import keras$", cell.source, flags=re.M):
            shorter = nbformat.v4.new_code_cell("from tests import rehearsal; rehearsal.shorten()")
            notebook.cells.insert(position + 1, shorter)
            break
    return notebook


def shorten() -> None:
    """From now on the two ways in which lessons train, `keras.Model.fit` on a dataset and `transfer.tune`, take one epoch."""
    import keras

    from utils.training import transfer

    keras.Model.fit = _one_epoch(keras.Model.fit)
    tune = transfer.tune

    def tune_one_epoch(*arguments, epochs, **options):
        history = tune(*arguments, epochs=1, **options)
        return {name: values * epochs for name, values in history.items()}

    transfer.tune = tune_one_epoch


def _one_epoch(fit):
    """`fit` for one epoch, which tells the callbacks of all."""
    import keras
    import tensorflow as tf

    def one_epoch(model, x=None, *arguments, epochs=1, callbacks=(), **options):
        if not isinstance(x, tf.data.Dataset):
            return fit(model, x, *arguments, epochs=epochs, callbacks=callbacks, **options)
        steps, together = int(x.cardinality()), model.steps_per_execution

        class Rest(keras.callbacks.Callback):
            """The epochs that nobody trains, as the other callbacks would see them."""

            def on_train_end(self, logs=None):
                for epoch in range(1, epochs):
                    for step in range(epoch * steps + together, (epoch + 1) * steps + 1, together):
                        model.optimizer.iterations.assign(step)
                        for other in callbacks:
                            other.on_train_batch_end(step)
                    for other in callbacks:
                        other.on_epoch_end(epoch, logs)

        history = fit(model, x, *arguments, callbacks=[Rest(), *callbacks], **options)
        for values in history.history.values():
            values += values[-1:] * (epochs - len(values))
        history.epoch = list(range(epochs))
        return history

    return one_epoch
