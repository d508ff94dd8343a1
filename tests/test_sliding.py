"""A classifier everywhere: the map of answers is that of the windows, as long as nothing pads."""

import keras
import numpy as np
import pytest
from keras import Sequential, layers

from utils.vision.sliding import fully_convolutional, windows

RNG = np.random.default_rng(0)


def classifier(padding="valid", side=22, head=None):
    head = head or [layers.Flatten(), layers.Dropout(0.2), layers.Dense(8, activation="relu"), layers.Dense(6)]
    return Sequential(
        [
            keras.Input((side, side, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, padding=padding, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(8, 3, padding=padding),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            *head,
        ]
    )


def spread(model):
    """The same network with weights that no layer leaves at 0 or 1, moving averages included."""
    model.set_weights([w + RNG.normal(0, 0.1, w.shape) for w in model.get_weights()])
    return model


def answers(model, pictures):
    return np.asarray(model(pictures, training=False))


HEADS = {
    "Flatten": None,
    "softmax": [layers.Flatten(), layers.Dense(5, use_bias=False), layers.Activation("tanh"), layers.Dense(6, "softmax")],
    "global average": [layers.GlobalAveragePooling2D(), layers.Dense(6)],
}


@pytest.mark.parametrize("head", HEADS)
def test_the_map_of_answers_is_that_of_the_sliding_window(head):
    model = spread(classifier(head=HEADS[head]))
    everywhere = fully_convolutional(model)
    picture = RNG.uniform(0, 255, (50, 62, 3)).astype("float32")
    views = windows(picture, 22, step=4)
    expected = answers(model, views.reshape(-1, 22, 22, 3)).reshape(*views.shape[:2], 6)
    got = answers(everywhere, picture[None])[0]
    assert got.shape == expected.shape == (8, 11, 6)
    assert np.abs(expected).max() > 0.05 and expected.std(axis=(0, 1)).max() > 1e-4
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6 * max(1, np.abs(expected).max()))
    assert everywhere.count_params() == model.count_params()


def test_padding_breaks_the_identity_inside_the_picture_only():
    model = spread(classifier("same", side=20))
    everywhere = fully_convolutional(model)
    picture = RNG.uniform(0, 255, (40, 40, 3)).astype("float32")
    whole = answers(everywhere, picture[None, :20, :20])[0, 0, 0]
    np.testing.assert_allclose(whole, answers(model, picture[None, :20, :20])[0], rtol=1e-5)
    inside = answers(everywhere, picture[None])[0, 2, 2]
    assert np.abs(inside / answers(model, picture[None, 8:28, 8:28])[0] - 1).max() > 0.01


def test_a_functional_model_is_converted_and_the_classifier_stays_as_it_is():
    image = keras.Input((6, 6, 1))
    model = keras.Model(image, layers.Dense(2)(layers.Flatten()(layers.Conv2D(3, 3)(image))))
    before = [weight.copy() for weight in model.get_weights()]
    everywhere = fully_convolutional(model)
    everywhere.set_weights([weight + 1 for weight in everywhere.get_weights()])
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_windows_are_where_they_say():
    picture = np.arange(7 * 9 * 2).reshape(7, 9, 2)
    views = windows(picture, 3, step=2)
    assert views.shape == (3, 4, 3, 3, 2)
    for i in range(3):
        for j in range(4):
            assert (views[i, j] == picture[2 * i : 2 * i + 3, 2 * j : 2 * j + 3]).all()
    with pytest.raises(ValueError, match="a window needs"):
        windows(picture, 8, 1)


def test_what_cannot_slide_is_named():
    image = keras.Input((6, 6, 1))
    maps = layers.Conv2D(3, 3, padding="same", name="first")(image)
    fork = keras.Model(image, layers.Add()([layers.Conv2D(3, 3, padding="same")(maps), maps]))
    with pytest.raises(ValueError, match="chain"):
        fully_convolutional(fork)
    with pytest.raises(ValueError, match="Reshape"):
        fully_convolutional(Sequential([keras.Input((4, 4, 1)), layers.Reshape((2, 8, 1))]))
    late = [keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3), layers.BatchNormalization()]
    with pytest.raises(ValueError, match="BatchNormalization"):
        fully_convolutional(Sequential(late))
