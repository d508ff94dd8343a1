"""The detector: its loss counts what it says, in the units it says, and a small one learns with plain `fit`."""

import keras
import numpy as np
import pytest

from utils import garden
from utils.vision.average_precision import mean_average_precision
from utils.vision.detector import GridLoss, detect, detector
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
