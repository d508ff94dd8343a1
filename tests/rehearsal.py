"""A rehearsal of a lesson: it draws a few scenes, looks at a few pictures, trains for a step and measures nothing.

What is looked at is that every cell runs to its end, not what comes out of it; the solutions, executed in full, show that. A
lab must bear it: whoever trains badly sees poor figures, no traceback and no warning. Shapes, histories and what callbacks are
told are those of the whole: what was drawn or computed is repeated, and answers of networks vary by a per cent from row to row,
since a thousand equal rows are what a regression takes longest for. Nothing of it reaches the disk, where a later run would
read it.
"""

import functools
import gc
import inspect
import re
import sys
import warnings
import weakref

import nbformat
import numpy as np

FEW = 16  # scenes drawn, pictures augmented
FEWER = 2  # pictures that a network looks at
NOISE = np.random.default_rng(0)


def rehearsed(notebook):
    """`notebook` with a cell before its first, which forgets an earlier lab, and one before it imports Keras, if it does."""
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and re.search(r"^import keras$", cell.source, flags=re.M):
            shorter = nbformat.v4.new_code_cell("from tests import rehearsal; rehearsal.shorten()")
            notebook.cells.insert(position, shorter)
            break
    notebook.cells.insert(0, nbformat.v4.new_code_cell("%reset -f\nfrom tests import rehearsal; rehearsal.forget()"))
    return notebook


def forget() -> None:
    """Let go of the networks of the lab that this kernel rehearsed before."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session()
    gc.collect()


@functools.cache
def shorten() -> None:
    """From now on lessons draw, train and ask networks as the module's docstring says."""
    import keras
    import matplotlib
    import tensorflow as tf

    from utils import garden, ledger
    from utils.lessons.lab02 import suspects
    from utils.lessons.lab09 import crops
    from utils.training import digits, kept, transfer
    from utils.vision import augment, inside

    gc.freeze()  # what is imported stays: no garbage collection need look through it again
    matplotlib.rcParams["savefig.dpi"] = 20  # the layout is that of the whole
    tf.config.run_functions_eagerly(True)  # to compile a step takes longer than to take it once
    warnings.filterwarnings("ignore", message="Even though the `tf.config.experimental_run_functions_eagerly`")
    garden.scenes = _few_drawn(garden.scenes)
    keras.Model.fit = _few_steps(keras.Model.fit)
    keras.Model.predict = _few_answers(keras.Model.predict, "x")
    transfer.outputs = _few_answers(transfer.outputs, "inputs")
    digits.probabilities = _few_answers(digits.probabilities, "images")
    inside.passed = _passed_once(inside.passed)
    kept._write = lambda *_: False
    transfer.tune = _tuned_briefly(transfer.tune)
    ledger.measure_training_peak = _as_predicted
    augment.audit = _less(augment.audit, draws=FEW)
    augment.speeds = _less(augment.speeds, at_least=0.01)
    suspects.examine = _less(suspects.examine, steps=5, epochs=1)
    crops.compare = _one_seed(crops.compare)


def _again(few, count):
    """The rows of `few` again and again, `count` in all, each larger or smaller by about a per cent; 256 are different."""
    many = min(count, 256)
    varied = few[np.arange(many) % len(few)] * NOISE.normal(1, 0.01, (many, *[1] * (few.ndim - 1))).astype(few.dtype)
    return varied[np.arange(count) % many]


def _few_drawn(scenes):
    """`scenes` that draws the first few only, in this process; with their truth they come again and again."""

    def draw(n, *arguments, workers=1, **options):
        few = scenes(min(n, FEW), *arguments, **options)
        again = np.resize(np.arange(len(few)), n)
        parts = vars(few).items()
        return type(few)(**{k: v[again] if isinstance(v, np.ndarray) else tuple(v[i] for i in again) for k, v in parts})

    return draw


def _few_answers(ask, name):
    """`ask` for the first of the inputs in its parameter `name`; the others get these answers again, nearly."""
    import keras

    parameters = inspect.signature(ask)

    def answer(*arguments, **options):
        given = parameters.bind(*arguments, **options)
        inputs = given.arguments[name]
        if not all(isinstance(each, np.ndarray) for each in keras.tree.flatten(inputs)):
            return ask(*arguments, **options)
        count = len(keras.tree.flatten(inputs)[0])
        given.arguments[name] = keras.tree.map_structure(lambda each: each[:FEWER], inputs)
        return keras.tree.map_structure(lambda few: _again(few, count), ask(*given.args, **given.kwargs))

    return functools.wraps(ask)(answer)


def _passed_once(passed):
    """`passed` for a few pictures, and once for each kind of pass through a model; afterwards it gives the same again, nearly."""
    known = weakref.WeakKeyDictionary()  # model → what came of each kind

    def brief(model, kind, function, *arrays):
        kinds, key = known.setdefault(model, {}), (kind, *(each.shape[1:] for each in arrays))
        if key not in kinds:
            kinds[key] = passed(model, kind, function, *(each[:FEWER] for each in arrays))
        return _again(kinds[key], len(arrays[0]))

    return brief


def _as_predicted(model, batch=32, optimizer="adam", **_):
    """The ledger's own prediction in the place of a measurement, which a process of its own takes seconds for."""
    from utils import ledger

    bill = ledger.ledger(model).training(batch, optimizer)
    return ledger.Measured(before=0, built=bill.parts["weights"], peak=bill.total, batch=batch, seconds=0.1)


def _less(function, **fewer):
    """`function` with these options at most."""
    parameters = inspect.signature(function)

    def brief(*arguments, **options):
        given = parameters.bind(*arguments, **options)
        given.apply_defaults()
        given.arguments.update({name: min(given.arguments[name], most) for name, most in fewer.items()})
        return function(*given.args, **given.kwargs)

    return functools.wraps(function)(brief)


def _one_seed(compare):
    """`compare` with the first of the seeds; the others score the same."""

    def brief(*arguments, seeds):
        return np.repeat(compare(*arguments, seeds=seeds[:1]), len(seeds), axis=0)

    return brief


def _tuned_briefly(tune):
    def brief(model, views, labels, photos, *, epochs, **options):
        history = tune(model, views, labels, photos[:FEWER], epochs=1, **options)
        return {name: values * epochs for name, values in history.items()}

    return brief


def _few_steps(fit):
    """`fit` for one step of training, which tells the callbacks of all steps of all epochs."""
    import keras
    import tensorflow as tf

    def brief(model, x=None, *arguments, epochs=1, callbacks=(), **options):
        if not isinstance(x, tf.data.Dataset):
            return fit(model, x, *arguments, epochs=epochs, callbacks=callbacks, **options)
        steps, together = int(x.cardinality()), model.steps_per_execution

        class Rest(keras.callbacks.Callback):
            """The steps and epochs that nobody trains, as the other callbacks would see them."""

            def on_train_batch_end(self, step, logs=None):
                model.optimizer.iterations.assign(step + 1)  # of the steps taken in one call, too, only the first is taken

            def on_epoch_end(self, epoch, logs=None):
                self.steps(epoch, together)

            def on_train_end(self, logs=None):
                for epoch in range(1, epochs):
                    self.steps(epoch, 0)
                    for other in callbacks:
                        other.on_epoch_end(epoch, logs)

            def steps(self, epoch, done):
                for step in range(done + together, steps + 1, together):
                    model.optimizer.iterations.assign(epoch * steps + step)
                    for other in callbacks:
                        other.on_train_batch_end(step - 1)

        history = fit(model, x.take(1), *arguments, callbacks=[Rest(), *callbacks], **options)
        for values in history.history.values():
            values += values[-1:] * (epochs - len(values))
        history.epoch = list(range(epochs))
        return history

    return brief
