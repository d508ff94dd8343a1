"""Lab 06: the stamp of the network that cheats, and the head of the network on trial."""

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from utils import garden
from utils.lessons.lab06 import hans, recipe
from utils.vision import cam, gradients, trial


@pytest.fixture(scope="module")
def archive():
    return hans.scenes(6, seed=3)


def test_the_stamp_covers_its_square_in_the_chosen_pictures_and_nothing_else(archive):
    pictures, labels = archive
    before = pictures.copy()
    stamped = hans.stamped(pictures, labels == hans.ROSE)
    np.testing.assert_array_equal(pictures, before)
    masks = hans.stamp_masks(len(pictures))
    assert (stamped[masks & (labels == hans.ROSE)[:, None, None]] == hans.GREY).all()
    np.testing.assert_array_equal(stamped[labels == hans.TULIP], before[labels == hans.TULIP])
    np.testing.assert_array_equal(stamped[~masks], before[~masks])
    assert masks[0].sum() == 12 * 12
    assert hans.stamp_masks(1, around=3).sum() == 18 * 18 and hans.stamp_masks(1, around=4).sum() == 19 * 19  # cut at the edge


def test_the_scenes_are_roses_and_tulips_in_turn(archive):
    pictures, labels = archive
    assert pictures.shape == (6, 64, 64, 3) and pictures.dtype == np.float32 and np.abs(pictures).max() <= 1
    np.testing.assert_array_equal(labels, [0, 1] * 3)
    rose = garden.scene(3 * hans.STRIDE, hans.SIDE, garden.CLASSES.index("roses")).image
    np.testing.assert_allclose(pictures[0], rose / 127.5 - 1, atol=1e-6)


def test_a_grey_stamp_is_invisible_to_what_multiplies_by_the_distance_to_grey(archive):
    pictures, labels = archive
    roses = hans.stamped(pictures, labels == hans.ROSE)[labels == hans.ROSE]
    stamps = hans.stamp_masks(len(roses))
    keras.utils.set_random_seed(0)
    maps = hans.explanations(hans.network(), roses)
    for name in ("gradient × input", "integrated, grey"):
        assert maps[name].max() > 0 and (maps[name][stamps] == 0).all(), name
    assert (trial.energy_inside(maps["integrated, black"], stamps) > 0).all()
    for each in maps.values():
        assert each.shape == (3, 64, 64)


def test_the_head_gives_the_logits_of_the_regression_and_explains_them():
    keras.utils.set_random_seed(0)
    image = keras.Input((32, 32, 3))
    base = keras.Model(image, keras.layers.Conv2D(7, 5, strides=3, activation="relu")(image))
    images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), np.uint8)
    labels = np.arange(20) % 3
    model, maps = recipe.explained(images, labels, base)
    head = LogisticRegression(max_iter=1000).fit(maps.mean(axis=(1, 2)), labels)
    scaled = images.astype("float32") / 127.5 - 1
    np.testing.assert_allclose(model(scaled), head.decision_function(maps.mean(axis=(1, 2))), rtol=1e-3, atol=1e-3)
    kernel, _ = model.get_layer("logits").get_weights()
    expected = np.einsum("nhwc,cn->nhw", maps, kernel[:, labels])
    np.testing.assert_allclose(cam.class_activation_map(model, scaled, labels), expected, rtol=1e-3, atol=1e-4)
    assert gradients.gradient(model, scaled[:2], 0).shape == (2, 32, 32, 3)


def test_the_masks_are_those_of_the_scenes_own_class():
    scenes = garden.scenes(5, 64, seed=9)
    masks = recipe.masks_of_class(scenes)
    assert masks.shape == (5, 64, 64) and masks.dtype == bool
    for k in range(5):
        own = scenes.masks[k][scenes.classes[k] == scenes.labels[k]]
        np.testing.assert_array_equal(masks[k], own.sum(axis=0) > 0)
