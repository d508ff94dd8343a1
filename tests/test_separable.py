"""Level 1: separable convolutions as matrix products give the same numbers, forwards and backwards, and can be turned back."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from utils import separable, transfer


def kinds(network):
    return {type(layer).__name__ for layer in network._flatten_layers()}


def network(**options):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((7, 6, 4))
    return keras.Model(inputs, keras.layers.SeparableConv2D(5, 3, name="s", **options)(inputs))


@pytest.mark.parametrize(
    "options",
    [{}, {"padding": "same", "activation": "relu"}, {"strides": 2, "use_bias": False}, {"depth_multiplier": 3}],
    ids=["plain", "same, relu", "stride 2, no bias", "depth multiplier 3"],
)
def test_the_product_is_the_convolution_forwards_and_backwards(options):
    ordinary = network(**options)
    product = separable.as_products(ordinary)
    assert "SeparableProduct" in kinds(product) and "SeparableConv2D" not in kinds(product), "nothing was replaced"
    x = tf.constant(np.random.default_rng(0).normal(size=(2, 7, 6, 4)).astype("float32"))
    outcomes = []
    for model in (ordinary, product):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = model(x)
            loss = tf.reduce_sum(y**2)
        outcomes.append([y, *tape.gradient(loss, [x, *[weight.value for weight in model.trainable_variables]])])
    for expected, got in zip(*outcomes, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-4)


def test_the_copy_has_weights_of_its_own():
    ordinary = network()
    product = separable.as_products(ordinary)
    product.set_weights([weight + 1 for weight in product.get_weights()])
    assert not np.allclose(ordinary.get_weights()[0], product.get_weights()[0])


def test_the_top_trains_products_and_the_joined_network_has_ordinary_layers():
    inputs = keras.Input((6, 6, 3))
    base = keras.Model(inputs, keras.layers.SeparableConv2D(4, 3, name="s")(keras.layers.Conv2D(4, 1, name="c")(inputs)))
    lower, upper = transfer.cut(base, "s")
    top = transfer.top(upper, 2)
    assert "SeparableProduct" in kinds(top)
    whole = transfer.join(lower, top)
    assert "SeparableConv2D" in kinds(whole) and "SeparableProduct" not in kinds(whole)
    x = np.random.default_rng(0).normal(size=(3, 6, 6, 3)).astype("float32")
    np.testing.assert_allclose(whole(x), top(lower(x)), atol=1e-5)
