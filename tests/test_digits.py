"""What Lab 02 brings along: its networks, LeNet's partial convolution, what is done to the digits, the challenge's clock."""

import keras
import numpy as np
import pytest
from scipy import ndimage

from utils.lessons.lab02 import challenge, suspects
from utils.training import digits
from utils.training.schedule import warmup_cosine

RNG = np.random.default_rng(0)


def trainable(model) -> int:
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


@pytest.mark.parametrize(
    ("build", "parameters", "of_these_trainable"),
    [
        (digits.mlp, 203_530, 203_530),
        (digits.convnet, 431_754, 431_754),
        (lambda: digits.convnet(30), 67_668, 67_668),
        (lambda: digits.mlp(543), 431_695, 431_695),
        (digits.pooled_convnet, 19_978, 19_978),
        (digits.lenet5, 61_706, 61_706),
        (digits.lenet5_1998, 60_840, 60_000),
    ],
    ids=["mlp", "convnet", "narrow", "wide", "pooled", "lenet5", "lenet5_1998"],
)
def test_parameters(build, parameters, of_these_trainable):
    model = build()
    assert model.count_params() == parameters
    assert trainable(model) == of_these_trainable
    assert model.output_shape == (None, 10)


def test_the_table_of_c3_is_the_papers():
    lengths = [len(seen) for seen in digits.LENET_C3]
    assert lengths == [3] * 6 + [4] * 9 + [6]
    assert len(set(digits.LENET_C3)) == 16
    assert [sum(k in seen for seen in digits.LENET_C3) for k in range(6)] == [10] * 6  # each map below is used ten times


def test_the_partial_convolution_sums_only_what_its_table_connects():
    maps = RNG.random((2, 14, 14, 6)).astype("float32")
    layer = digits._partial_convolution(digits.LENET_C3, "C3")
    result = np.asarray(layer(maps))
    kernels = np.asarray(layer.kernels).T.reshape(-1, 5, 5)
    assert result.shape == (2, 10, 10, 16)
    connection = iter(kernels)
    for above, seen in enumerate(digits.LENET_C3):
        kernel = {below: next(connection) for below in seen}
        expected = sum(ndimage.correlate(maps[0, ..., b], kernel[b], mode="constant")[2:-2, 2:-2] for b in seen)
        np.testing.assert_allclose(result[0, ..., above], expected, atol=1e-4)


@pytest.mark.parametrize("way", [(0, 0), (3, 0), (-2, 1), (0, -5), (28, 3), (-40, 0)])
def test_shift_agrees_with_scipy(way):
    images = RNG.random((3, 28, 28, 1)).astype("float32")
    np.testing.assert_array_equal(digits.shift(images, *way), ndimage.shift(images, (0, *way, 0), order=0))


def test_permute_is_undone_by_the_inverse_order():
    images, order = RNG.random((3, 28, 28, 1)), RNG.permutation(784)
    mixed = digits.permute(images, order)
    assert not np.array_equal(mixed, images)
    np.testing.assert_array_equal(digits.permute(mixed, np.argsort(order)), images)


@pytest.mark.parametrize("build, budget", [(digits.mlp, 203_530), (digits.mlp, 203_529), (digits.convnet, 431_754)])
def test_the_widest_network_within_a_budget_leaves_no_room_for_another_unit(build, budget):
    width = digits.widest(build, budget)
    assert build(width).count_params() <= budget < build(width + 1).count_params()


def test_distort_moves_nothing_at_strength_zero_and_differs_by_image_else():
    images = np.repeat(ndimage.gaussian_filter(RNG.random((1, 28, 28, 1)), (0, 2, 2, 0)), 2, axis=0).astype("float32")
    still = challenge.distort(images, np.random.default_rng(0), pixels=0, degrees=0, scale=0)
    np.testing.assert_allclose(still, images, atol=1e-5)
    moved = challenge.distort(images, np.random.default_rng(0))
    assert moved.shape == images.shape and moved.dtype == np.float32
    assert np.abs(moved[0] - moved[1]).max() > 0.01


def test_the_schedule_climbs_in_a_straight_line_and_ends_at_zero():
    rate = warmup_cosine(100, peak=0.5, warmup=0.2)
    values = [float(rate(step)) for step in (0, 10, 20, 60, 100)]
    np.testing.assert_allclose(values, [0, 0.25, 0.5, 0.25, 0], atol=1e-6)


def test_a_run_times_the_training_and_evaluates_after_each_epoch(capsys):
    images = RNG.random((64, 28, 28, 1)).astype("float32")
    labels = np.arange(64) % 10
    calls = []
    recipe = challenge.Recipe("tiny", lambda: digits.mlp(4), epochs=3, batch=16, augment=lambda x, rng: calls.append(1) or x)
    run = challenge.run(recipe, images, labels, images, labels, every_epoch=True)
    assert len(calls) == 3
    seconds = [s for s, _ in run.curve]
    assert len(seconds) == 3 and seconds == sorted(seconds) and run.seconds == seconds[-1] > 0
    assert run.seconds_to(0.0) == seconds[0] and run.seconds_to(1.01) == float("inf")
    assert "LEADERBOARD" in capsys.readouterr().out
    assert "over the limit" not in challenge.line(run)


@pytest.mark.parametrize("views", [challenge.moved, challenge.distorted])
def test_views_are_the_image_and_four_others_the_same_at_every_call(views):
    images = RNG.random((2, 28, 28, 1)).astype("float32")
    seen, again = list(views(images)), list(views(images))
    assert len(seen) == 5 and len({view.tobytes() for view in seen}) == 5
    np.testing.assert_array_equal(seen[0], images)
    np.testing.assert_array_equal(seen, again)


class Says(keras.layers.Layer):
    """A network with one answer for each call."""

    def __init__(self, *answers):
        super().__init__()
        self.answers = iter(answers)

    def call(self, images, training=False):
        return keras.ops.convert_to_tensor([next(self.answers)])


def test_the_answer_is_the_mean_over_all_views():
    """The network sees the first class in one view with certainty, the second in two others with 60 %."""
    images, label = np.zeros((1, 28, 28, 1)), np.array([1])
    assert challenge.accuracy(Says([1.0, 0.0], [0.4, 0.6], [0.4, 0.6]), images, 1 - label, lambda x: [x, x, x]) == 1
    assert challenge.accuracy(Says([0.5, 0.5], [0.3, 0.7]), images, label, lambda x: [x, x]) == 1
    assert challenge.accuracy(Says([1.0, 0.0]), images, label) == 0


def test_each_suspect_shows_its_symptom():
    """On made-up pictures: ten patterns with noise, easy to learn."""
    patterns = RNG.random((10, 28, 28))
    labels = np.arange(600) % 10
    images = np.clip(patterns[labels] * 255 + RNG.normal(0, 30, (600, 28, 28)), 0, 255).astype(np.uint8)
    halves = images[:400], labels[:400], images[400:], labels[400:]
    found = {name: suspects.examine(name, *halves, steps=40, epochs=3) for name in suspects.NAMES}
    floor = np.log(1 + 9 / np.e)
    assert all(e.batch_losses[-1] >= floor - 1e-4 for name, e in found.items() if name == "A")
    assert found["D"].first_loss > 5 * np.log(10) > 2 * found["C"].first_loss
    assert found["B"].test_accuracy < 0.5 < found["C"].test_accuracy


@pytest.mark.parametrize("at_once", [1, 2])
def test_the_curve_is_measured_at_equal_distances_and_in_the_end_on_all_digits(at_once):
    x, y = RNG.random((1200, 28, 28, 1)).astype("float32"), np.zeros(1200, int)
    y[500:] = 1  # only a measurement on all digits sees these
    model = digits.mlp(4)
    model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy", steps_per_execution=at_once)
    curve = digits.accuracy_curve(x, y, steps=8, measurements=4)
    seen = []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(len(curve.accuracy)))
    model.fit(x[:64], y[:64], batch_size=16, epochs=2, verbose=0, callbacks=[curve, note])
    assert seen == ([0, 1, 1, 2, 2, 3, 3, 4] if at_once == 1 else [1, 2, 3, 4])
    assert curve.accuracy[:3] == [pytest.approx(digits.right(model, x[:500], y[:500]).mean())] * 3
    assert curve.accuracy[-1] == pytest.approx(digits.right(model, x, y).mean())
