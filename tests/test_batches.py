"""Level 1: each epoch has every example once, in an order of its own, and tf.data's autotuner does not hold it up."""

import keras
import numpy as np
import pytest

from utils import batches

X, Y = np.arange(23, dtype=np.float32)[:, None] * [1, 10], np.arange(23)


def epoch(dataset):
    return [(x.numpy(), y.numpy()) for x, y in dataset]


def test_an_epoch_has_every_example_once_with_its_own_target():
    got = epoch(batches.batches(X, Y, 5))
    assert [len(y) for _, y in got] == [5, 5, 5, 5, 3]
    x, y = (np.concatenate(part) for part in zip(*got, strict=True))
    assert sorted(y) == Y.tolist()
    np.testing.assert_array_equal(x, X[y])


def order(dataset):
    return np.concatenate([y for _, y in epoch(dataset)]).tolist()


def test_the_order_changes_with_each_epoch_and_comes_back_with_the_seed():
    orders = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        dataset = batches.batches(X, Y, 5)
        orders.append((order(dataset), order(dataset)))
    assert orders[0] == orders[1]
    assert orders[0][0] != orders[0][1]
    assert Y.tolist() not in orders[0]


def test_fit_knows_the_number_of_steps():
    assert batches.batches(X, Y, 5).cardinality() == 5


@pytest.mark.parametrize("make", [lambda: batches.batches(X, Y, 5), lambda: batches.untuned(batches.batches(X, Y, 5).repeat(2))])
def test_the_autotuner_is_off(make):
    assert make().options().autotune.enabled is False
