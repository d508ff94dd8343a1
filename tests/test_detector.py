"""The detector: its loss counts what it says, in the units it says, and a small one learns with plain `fit`."""

import keras
import numpy as np
import pytest

from utils import garden
from utils.vision import boxes as geometry
from utils.vision.average_precision import mean_average_precision
from utils.vision.detector import GridLoss, detect, detector, detector_on, mirror, mirror_at_random
from utils.vision.grid import Grid

GRID = Grid(size=32, cells=4, classes=5)


def random_pair(seed=0, pictures=3):
    rng = np.random.default_rng(seed)
    target = np.stack([GRID.encode([[2, 3, 14, 12], [20, 17, 30, 31]], rng.integers(0, 5, 2)) for _ in range(pictures)])
    return target.astype("float32"), rng.normal(0, 1, (pictures, 4, 4, 10)).astype("float32")


def by_hand(target, answer, place, size):
    """The loss of one picture, cell by cell."""
    total = 0.0
    for t, a in zip(target.reshape(-1, 6).astype(float), answer.reshape(-1, 10).astype(float), strict=True):
        chance = 1 / (1 + np.exp(-a[:3]))
        total -= np.log(chance[0] if t[0] else 1 - chance[0])
        if t[0]:
            total += place * np.sum((chance[1:] - t[1:3]) ** 2) + size * np.sum((a[3:5] - t[3:5]) ** 2)
            total -= np.log(np.exp(a[5 + int(t[5])]) / np.exp(a[5:]).sum())
    return total


@pytest.mark.parametrize("place, size", [(4.0, 1.0), (1.0, 0.5)])
def test_the_loss_by_hand(place, size):
    target, answer = random_pair()
    loss = GridLoss(place=place, size=size)
    expected = [by_hand(t, a, place, size) for t, a in zip(target, answer, strict=True)]
    np.testing.assert_allclose(loss.call(target, answer), expected, rtol=1e-5)
    assert float(loss(target, answer)) == pytest.approx(np.mean(expected), rel=1e-5)
    assert set(loss.parts(target, answer)) == {"objectness", "place", "size", "class"}


def test_an_empty_cell_is_asked_for_nothing_but_whether_something_is_there():
    target, answer = random_pair()
    empty = target[..., 0] == 0
    changed = answer.copy()
    changed[empty, 1:] += 7
    np.testing.assert_allclose(GridLoss().call(target, changed), GridLoss().call(target, answer), rtol=1e-6)
    changed[empty, 0] += 1
    assert (np.asarray(GridLoss().call(target, changed)) > np.asarray(GridLoss().call(target, answer))).all()


def test_a_picture_without_objects_has_a_finite_loss():
    nothing = np.zeros((1, 4, 4, 6), "float32")
    answer = np.full((1, 4, 4, 10), 50.0, "float32")
    answer[..., 0] = -50
    parts = {name: float(np.sum(value)) for name, value in GridLoss().parts(nothing, answer).items()}
    assert parts == pytest.approx({"objectness": 0, "place": 0, "size": 0, "class": 0}, abs=1e-6)


def test_the_loss_is_saved_and_loaded_with_its_weights():
    loss = keras.losses.deserialize(keras.losses.serialize(GridLoss(place=2.5, size=0.75)))
    assert isinstance(loss, GridLoss) and (loss.place, loss.size) == (2.5, 0.75)


def test_it_starts_out_with_the_share_of_cells_that_hold_an_object():
    model = detector(Grid(96, 12, 5), share=0.05)
    answers = model.predict(np.zeros((2, 96, 96, 3)), verbose=0)
    assert answers.shape == (2, 12, 12, 10)
    assert (1 / (1 + np.exp(-answers[..., 0]))).mean() == pytest.approx(0.05, abs=0.03)
    with pytest.raises(ValueError, match="12 cells, not 16"):
        detector(Grid(96, 16, 5))


def test_a_small_one_learns_some_scenes_by_heart():
    keras.utils.set_random_seed(0)
    scenes = [garden.scene(seed, 32) for seed in range(8)]
    images = np.stack([one.image for one in scenes])
    targets = np.stack([GRID.encode(one.boxes, one.labels) for one in scenes])
    model = detector(GRID, widths=(8, 16, 24), depth=1)
    model.compile(keras.optimizers.Adam(0.01), GridLoss())
    before = mean_average_precision(detect(model, images, GRID), scenes)
    history = model.fit(images, targets, batch_size=8, epochs=60, verbose=0)
    assert history.history["loss"][-1] < 0.3 * history.history["loss"][0]
    assert mean_average_precision(detect(model, images, GRID), scenes) > max(0.7, before + 0.5)


def test_the_mirrored_target_is_the_target_of_the_mirrored_boxes():
    boxes, labels = [[2, 3, 15, 12], [20, 17, 31, 31], [9, 20, 12, 25]], [1, 0, 4]
    expected = GRID.encode(geometry.mirror(boxes, 32), labels)
    np.testing.assert_allclose(np.asarray(mirror(GRID.encode(boxes, labels))), expected, atol=1e-6)


def test_pictures_and_targets_are_mirrored_together_every_other_time():
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    scene = garden.scene(3, 32)
    target = GRID.encode(scene.boxes, scene.labels).astype("float32")
    data = tf.data.Dataset.from_tensors(((scene.image, scene.image[::8, ::8]), target)).repeat(60).map(mirror_at_random)
    turned = 0
    for (picture, small), changed in data.as_numpy_iterator():
        flipped = not np.array_equal(picture, scene.image)
        turned += flipped
        np.testing.assert_array_equal(picture, scene.image[:, ::-1] if flipped else scene.image)
        np.testing.assert_array_equal(small, picture[::8, ::8] if not flipped else scene.image[::8, ::8][:, ::-1])
        np.testing.assert_allclose(changed, np.asarray(mirror(target)) if flipped else target, atol=1e-6)
    assert 15 < turned < 45


def test_a_detector_on_feature_maps_reads_all_of_them_and_learns():
    keras.utils.set_random_seed(0)
    scenes = [garden.scene(seed, 32) for seed in range(8)]
    images = np.stack([one.image for one in scenes]) / 255
    maps = [images.reshape(8, n, 32 // n, n, 32 // n, 3).mean(axis=(2, 4)) for n in (4, 2)]
    model = detector_on([each.shape[1:] for each in maps], GRID, width=24, depth=2, share=0.05, dropout=0)
    first = model.predict(maps, verbose=0)
    assert first.shape == (8, 4, 4, 10)
    assert (1 / (1 + np.exp(-first[..., 0]))).mean() == pytest.approx(0.05, abs=0.03)
    assert not np.allclose(first, model.predict([maps[0], maps[1][::-1]], verbose=0))
    model.compile(keras.optimizers.Adam(0.01), GridLoss())
    targets = np.stack([GRID.encode(one.boxes, one.labels) for one in scenes])
    losses = model.fit(maps, targets, batch_size=8, epochs=40, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    assert len(detect(model, maps, GRID)) == 8
    assert detector_on([(4, 4, 3)], GRID).input_shape == (None, 4, 4, 3)


@pytest.mark.parametrize("shapes, said", [([(5, 5, 8)], "4 × 4 cells"), ([(4, 4, 8), (3, 3, 8)], "cannot be enlarged to")])
def test_feature_maps_that_do_not_fit_are_refused(shapes, said):
    with pytest.raises(ValueError, match=said):
        detector_on(shapes, GRID)
