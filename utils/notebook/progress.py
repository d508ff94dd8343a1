"""Progress for long work: one bar that ends in one line, in a terminal and in a stored notebook alike."""

import sys

from tqdm import tqdm

from ..data.console import printable


def bar(iterable=None, label: str = "", **options):
    """A tqdm bar on stdout over `iterable` (or a manual one with total=…); options go to tqdm."""
    return tqdm(iterable, desc=printable(label), file=sys.stdout, mininterval=0.5, dynamic_ncols=False, ncols=88, **options)


def keras_bar(label: str, epochs: int):
    """A Keras callback with one bar over the epochs; use it as `fit(..., verbose=0, callbacks=[keras_bar("MLP", 5)])`.

    Keras' own bar writes thousands of control characters into a stored notebook.
    """
    import keras

    class Bar(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.bar = bar(label=label, total=epochs, unit="epoch")

        def on_epoch_end(self, epoch, logs=None):
            shown = {name: f"{value:.3f}" for name, value in (logs or {}).items() if name.endswith("accuracy")}
            self.bar.set_postfix(shown, refresh=False)
            self.bar.update()

        def on_train_end(self, logs=None):
            self.bar.close()

    return Bar()
