"""Level 1: `training.fit` trains as `model.fit` does, traces the step once and cuts no call short."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from utils import batches, training

X = np.random.default_rng(0).normal(size=(60, 4)).astype("float32")
Y = (X[:, 0] > 0).astype(int)


def network(**options):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return model


class Calls(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.ends = []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(int(self.model.optimizer.iterations))


def test_it_learns_and_returns_the_history():
    history = training.fit(network(), X, Y, batch_size=6, epochs=20).history
    assert len(history["loss"]) == 20 and history["accuracy"][-1] > 0.95


def test_a_dataset_is_taken_as_it_comes_and_gives_the_weights_that_fit_gives():
    dataset = tf.data.Dataset.from_tensor_slices((X, Y)).batch(6)
    ours, keras_own = network(), network()
    training.fit(ours, dataset, epochs=3)
    keras_own.fit(dataset, epochs=3, verbose=0)
    assert int(ours.optimizer.iterations) == int(keras_own.optimizer.iterations) == 30
    for a, b in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.parametrize(
    "batch, ends",
    [(6, [10]), (5, [6, 12]), (50, [2]), (60, [1]), (7, [9]), (1, list(range(10, 61, 10)))],
    ids=["10 steps", "12", "2", "1", "9, the last of 4 examples", "60"],
)
def test_the_steps_of_an_epoch_are_run_in_calls_of_equal_length(batch, ends):
    calls = Calls()
    training.fit(network(), X, Y, batch_size=batch, callbacks=[calls])
    assert calls.ends == ends


def test_another_call_may_have_another_number_of_steps():
    model, calls = network(), Calls()
    training.fit(model, X, Y, batch_size=6, callbacks=[calls])
    training.fit(model, X, Y, batch_size=12, epochs=2, callbacks=[calls])
    assert calls.ends == [10, 15, 20]


def test_the_step_is_traced_once():
    traced = []

    class Noting(keras.layers.Layer):
        def call(self, x):
            traced.append(x)
            return x

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), Noting(), keras.layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    traced.clear()
    training.fit(model, X, Y, batch_size=6, epochs=2)
    assert len(traced) == 1


def test_a_dataset_of_unknown_length_and_a_model_that_is_not_built_yet_train_as_well():
    model = keras.Sequential([keras.layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    dataset = tf.data.Dataset.from_tensor_slices((X, Y)).filter(lambda x, y: y == 0).batch(6)
    assert len(training.fit(model, dataset, epochs=2).history["loss"]) == 2


@pytest.mark.parametrize("outputs", [1, 2])
def test_predict_and_evaluate_answer_for_every_example_before_and_after(outputs):
    inputs = keras.Input((4,))
    answers = [keras.layers.Dense(2)(inputs) for _ in range(outputs)]
    model = keras.Model(inputs, answers)
    model.compile("adam", ["mse"] * outputs)
    x, y = np.zeros((150, 4), "float32"), [np.zeros((150, 2), "float32")] * outputs
    for _ in range(2):
        assert {len(each) for each in keras.tree.flatten(model.predict(x, verbose=0))} == {150}
        model.evaluate(x, y, verbose=0)
        training.fit(model, batches.batches(x, tuple(y) if outputs > 1 else y[0], 10))
    assert int(model.optimizer.iterations) == 30
