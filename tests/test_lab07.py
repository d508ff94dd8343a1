"""Lab 07's own programs: the loss is 1 - GIoU, pooling with coordinates finds the centre of mass."""

import numpy as np

from utils.lessons.lab07 import heads
from utils.vision import boxes


def test_the_loss_is_one_minus_giou_and_has_a_slope_where_boxes_lie_apart():
    import keras
    import tensorflow as tf

    rng = np.random.default_rng(0)
    truth, guess = rng.uniform(0.1, 0.9, (2, 50, 4)).astype("float32")
    ours = 1 - boxes.giou(boxes.to_corner(truth), boxes.to_corner(guess))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(heads.giou_loss(truth, guess)), ours, atol=1e-5)
    apart = tf.Variable([[0.9, 0.9, 0.1, 0.1]])
    with tf.GradientTape() as tape:
        loss = heads.giou_loss(tf.constant([[0.1, 0.1, 0.1, 0.1]]), apart)
    slope = tape.gradient(loss, apart).numpy()[0]
    assert loss.numpy()[0] > 1 and slope[0] > 0 and slope[1] > 0  # towards the box, and the loss falls


def test_the_loss_is_finite_for_a_box_without_area():
    loss = np.asarray(heads.giou_loss(np.array([[0.5, 0.5, 0.2, 0.2]], "float32"), np.array([[0.5, 0.5, -1, 0]], "float32")))
    assert np.isfinite(loss).all()


def test_moments_find_the_centre_of_mass():
    maps = np.zeros((1, 5, 5, 2), "float32")
    maps[0, 1, 4, 0] = 25  # second row, last column
    assert heads.moments(maps)[0].tolist() == [1, 0, 1, 0, -0.5, 0]


def test_calm_inputs_sum_to_forty_on_average():
    from keras import layers

    maps = np.random.default_rng(0).normal(size=(8, 5, 5, 3)).astype("float32")

    def every_cell(x):
        return layers.Flatten()(x)

    factor = heads.calm(every_cell, maps)
    assert np.isclose(np.abs(factor * maps).sum() / 8, 40)


def test_errors_of_the_same_squared_size():
    squares = [np.mean(error**2) for error in heads.EQUAL_ERRORS.values()]
    assert len(squares) == 3 and np.allclose(squares, squares[0])


def test_coordinates_are_appended_from_minus_one_to_one():
    out = np.asarray(heads.AddCoordinates()(np.zeros((2, 3, 5, 4), "float32")))
    assert out.shape == (2, 3, 5, 6)
    assert out[1, 0, :, 4].tolist() == [-1, -0.5, 0, 0.5, 1] and out[1, :, 0, 5].tolist() == [-1, 0, 1]
