"""Lab 07's own programs: the loss is 1 - GIoU, pooling with coordinates finds the centre of mass."""

import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils import data, garden, transfer
from utils.lessons.lab07 import figures, heads
from utils.vision import boxes


@pytest.fixture(scope="module")
def flowers():
    """The real photos that COURSE_DATA names; without them the tests of the stand-in remain."""
    found = data.load_flowers(quiet=True) if os.environ.get("COURSE_DATA") else None
    if found is None or not found.official:
        pytest.skip("the annotated photos are not here; set COURSE_DATA")
    return found


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


def test_pooling_with_coordinates_finds_the_centre_of_mass():
    maps = np.zeros((1, 5, 5, 2), "float32")
    maps[0, 1, 4, 0] = 25  # second row, last column
    assert heads.look(heads.pool_with_coordinates, maps)[0].tolist() == [1, 0, 1, 0, -0.5, 0]


def test_ridge_is_scikit_learns_with_the_penalty_that_it_says():
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    x, y = rng.normal(2, 3, (40, 7)).astype("float32"), rng.uniform(size=(40, 4))
    kernel, bias = heads.ridge(x, y, strength=5.0)
    expected = Ridge(5.0 * np.var(x, axis=0).mean() * 7 / 100).fit(x, y).predict(x)
    np.testing.assert_allclose(x @ kernel + bias, expected, atol=1e-5)


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
    out = np.asarray(heads.add_coordinates(np.zeros((2, 3, 5, 4), "float32")))
    assert out.shape == (2, 3, 5, 6)
    assert out[1, 0, :, 4].tolist() == [-1, -0.5, 0, 0.5, 1] and out[1, :, 0, 5].tolist() == [-1, 0, 1]


def test_a_head_with_coordinates_is_built_and_saved_by_keras():
    import keras

    inputs = keras.Input((3, 5, 4))
    for function, shape in ((heads.add_coordinates, (None, 3, 5, 6)), (heads.pool_with_coordinates, (None, 12))):
        model = keras.Model(inputs, function(inputs))
        assert model.output_shape == shape
        keras.Model.from_config(model.get_config())


class Nothing:
    """No annotated photos."""

    def __len__(self):
        return 0


def test_without_photos_ordinary_scenes_stand_in_for_the_other_world():
    world = heads.other_world(None, Nothing(), 64)
    assert world.images.shape == (132, 64, 64, 3) and world.boxes.shape == (132, 4)
    assert world.boxes.min() >= 0 and world.boxes.max() <= 1 and (world.ceiling == 1).all()
    assert (boxes.area(world.boxes) > 0).all()


def test_with_photos_the_largest_box_of_each_counts_and_hands_are_the_ceiling(flowers):
    annotated = data.load_boxes(flowers)
    world = heads.other_world(flowers, annotated, 64)
    assert len(world.images) == len(annotated) == len(world.labels)
    k = int(np.argmax([len(each) for each in annotated.first]))
    height, width = annotated.sizes[k]
    drawn = annotated.first[k] / [width, height, width, height]
    np.testing.assert_allclose(boxes.area(world.boxes[k]), boxes.area(drawn).max())
    assert 0.85 < world.ceiling.mean() < 0.99
    chosen = heads.pictures_to_annotate(flowers, annotated)
    assert chosen.images.shape == (5, 200, 200, 3) and len(chosen.first) == len(chosen.second) == 5


def test_five_drawn_scenes_stand_in_for_the_pictures_to_annotate():
    chosen = heads.pictures_to_annotate(None, Nothing())
    assert chosen.images.shape == (5, 200, 200, 3) and all(len(each) for each in chosen.first)


@pytest.fixture(scope="module")
def masked():
    """112 photos of four of our classes, uint8 (112, 150, 150, 3), and the box of the largest flower of each as fractions."""
    from scipy import ndimage

    archive = Path(os.environ.get("COURSE_DATA", "")) / "oxford17_flowers.tgz"
    if not (os.environ.get("COURSE_DATA") and archive.exists()):
        pytest.skip("the photos with masks are not here; set COURSE_DATA")
    photos, places = [], []
    with tarfile.open(archive) as content:
        for name in sorted(each.name for each in content if each.name.endswith(".jpg")):
            photo, mask = (Image.open(io.BytesIO(content.extractfile(each).read())) for each in (name, name[:-3] + "png"))
            parts, count = ndimage.label(np.asarray(mask) == 1)
            sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
            height, width = parts.shape
            places.append(boxes.around(parts == sizes.argmax() + 1) / [width, height, width, height])
            photos.append(np.asarray(photo.convert("RGB").resize((150, 150), Image.Resampling.BILINEAR)))
    return np.array(photos), np.array(places)


@pytest.mark.slow
def test_a_head_trained_on_drawn_scenes_finds_the_flowers_that_others_have_masked(masked):
    photos, places = masked
    scenes = garden.scenes(300, 150, seed=7, dominated=True)
    known = boxes.to_centre(scenes.subjects / 150)
    lower, _ = transfer.cut(data.pretrained("xception", size=150), "block13_sepconv1_act")
    seen = [transfer.activations(lower, images, label="").reshape(len(images), -1) for images in (scenes.images, photos)]
    kernel, bias = heads.ridge(seen[0], known)
    found = boxes.iou(boxes.to_corner(seen[1] @ kernel + bias), places)
    constant = boxes.iou(boxes.to_corner(known.mean(axis=0)), places)
    mean, half = figures.interval(found - constant)
    assert len(found) == 112 and mean - half > 0 and found.mean() > 0.5
