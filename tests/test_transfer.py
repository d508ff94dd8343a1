"""Level 1: cutting a network in two, caching, retraining and joining, on networks of a few weights."""

import io
import logging
import zipfile

import h5py
import keras
import numpy as np
import pytest

from utils import transfer


@pytest.fixture
def network():
    """A network with a shortcut around its second half and BatchNormalization above the cut; images 6 × 6 × 3."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 6, 3))
    below = keras.layers.Conv2D(4, 3, padding="same", name="below")(inputs)
    x = keras.layers.Activation("relu", name="first_above")(below)
    x = keras.layers.BatchNormalization(name="norm")(keras.layers.Conv2D(4, 1, name="above")(x))
    return keras.Model(inputs, keras.layers.add([x, below]))


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (21, 6, 6, 3), dtype=np.uint8)


def test_scale_has_the_ends_and_the_middle_of_xception():
    got = transfer.scale(np.array([0, 255], np.uint8))
    assert got.dtype == np.float32 and got.tolist() == [-1, 1]


def test_the_halves_are_the_whole(network, images):
    lower, upper = transfer.cut(network, "first_above")
    x = transfer.scale(images)
    np.testing.assert_allclose(upper(lower(x)), network(x), atol=1e-6)
    assert "above" not in [layer.name for layer in lower.layers]


def test_a_layer_that_does_not_exist_is_named_with_those_that_do(network):
    with pytest.raises(ValueError, match="no layer 'block99'.*above"):
        transfer.cut(network, "block99")


def test_a_cut_that_a_path_runs_around_is_refused(network):
    with pytest.raises(ValueError, match="path runs around 'norm'"):
        transfer.cut(network, "norm")


def test_a_cut_at_the_first_layer_leaves_everything_above(network, images):
    lower, upper = transfer.cut(network, "below")
    x = transfer.scale(images)
    np.testing.assert_array_equal(lower(x), x)
    np.testing.assert_allclose(upper(x), network(x), atol=1e-6)


def test_xception_is_cut_below_block_13():
    base = keras.applications.Xception(weights=None, include_top=False, input_shape=(71, 71, 3))
    lower, upper = transfer.cut(base, "block13_sepconv1_act")
    assert lower.output_shape[-1] == 728 and upper.output_shape[-1] == 2048
    assert lower.count_params() + upper.count_params() == 20_861_480


@pytest.mark.parametrize("count", [1, 20, 21])
def test_activations_keep_order_and_count_whatever_the_last_batch(network, images, count):
    lower, _ = transfer.cut(network, "first_above")
    got = transfer.outputs(lower, images[:count], prepare=transfer.scale, batch=10)
    np.testing.assert_allclose(got, lower(transfer.scale(images[:count])), atol=1e-5)


def test_of_several_outputs_each_comes_as_an_array_of_its_own(network, images):
    early = network.get_layer("first_above").input
    both = keras.Model(network.input, [early, network.output])
    got = transfer.activations(both, images[:21], label="")
    for found, expected in zip(got, both(transfer.scale(images[:21])), strict=True):
        assert found.dtype == np.float16 and found.shape == expected.shape
        np.testing.assert_allclose(found, expected, atol=5e-3)


def test_many_small_models_do_not_alarm_tensorflow(caplog):
    logger = logging.getLogger("tensorflow")
    for _ in range(8):
        transfer.outputs(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), np.zeros((3, 2)))
    logger.warning("anything else")
    assert [record.message for record in caplog.records] == ["anything else"]


def test_activations_are_float16_and_mirrored_on_request(network, images):
    lower, _ = transfer.cut(network, "first_above")
    got = transfer.activations(lower, images, mirrored=True, label="")
    assert got.dtype == np.float16
    np.testing.assert_allclose(got, lower(transfer.scale(images[:, :, ::-1])), atol=5e-3)


def test_the_whole_answers_as_the_top_does_on_the_cache(network, images):
    lower, upper = transfer.cut(network, "first_above")
    model = transfer.top(upper, 3)
    whole = transfer.join(lower, model)
    x = transfer.scale(images)
    np.testing.assert_allclose(whole(x), model(lower(x)), atol=1e-5)
    assert transfer.outputs(whole, images, prepare=transfer.scale).shape == (21, 3)


def test_the_top_starts_from_the_given_head_on_the_frozen_features(network, images):
    lower, upper = transfer.cut(network, "first_above")
    kernel, bias = np.arange(12.0).reshape(4, 3), np.array([1.0, 2, 3])
    got = transfer.top(upper, 3, head=(kernel, bias))(lower(transfer.scale(images)))
    features = np.asarray(network(transfer.scale(images))).mean(axis=(1, 2))
    np.testing.assert_allclose(got, features @ kernel + bias, rtol=1e-4, atol=1e-4)


def test_tuning_learns_and_leaves_the_base_and_its_statistics_alone(network, images):
    lower, upper = transfer.cut(network, "first_above")
    before = network.get_weights()
    labels = (images[:, :, :, 0].mean((1, 2)) > images[:, :, :, 2].mean((1, 2))).astype(int)
    views = [transfer.activations(lower, images, mirrored=m, label="") for m in (False, True)]
    shares = []
    for seed in range(4):  # one run lies between 0.56 and 0.72: dropout, and 20 pictures
        keras.utils.set_random_seed(seed)
        model = transfer.top(upper, 2)
        history = transfer.tune(model, views, labels, np.arange(20), epochs=30, rate=0.03, mixup=0, batch=5, seed=seed, label="")
        assert len(history["loss"]) == len(history["accuracy"]) == 30
        shares.append(history["loss"][-1] / history["loss"][0])
    assert np.mean(shares) < 0.7
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    inner = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    np.testing.assert_array_equal(inner.get_layer("norm").moving_mean, np.zeros(4))
    assert not np.allclose(inner.get_layer("above").kernel, network.get_layer("above").kernel)


def test_the_running_mean_of_the_weights_replaces_them_at_the_end(network, images):
    lower, upper = transfer.cut(network, "first_above")
    view, labels = transfer.activations(lower, images, label=""), np.arange(21) % 2
    weights = {}
    for average in (0.0, 0.9):
        model = transfer.top(upper, 2, head=(np.zeros((4, 2)), np.zeros(2)), dropout=0)
        transfer.tune(model, [view], labels, np.arange(20), epochs=3, rate=0.03, mixup=0, batch=5, average=average, label="")
        weights[average] = model.get_layer("logits").get_weights()[0]
    assert 0 < np.abs(weights[0.9]).sum() < np.abs(weights[0.0]).sum(), "the mean lags behind the weights"


def test_batchnorm_in_training_mode_moves_its_statistics(network, images):
    lower, upper = transfer.cut(network, "first_above")
    model = transfer.top(upper, 2, train_batchnorm=True)
    transfer.tune(model, [transfer.activations(lower, images, label="")], np.arange(21) % 2, np.arange(20), epochs=1, batch=5)
    inner = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    assert np.abs(inner.get_layer("norm").moving_mean).max() > 1e-4


def test_an_epoch_shows_each_chosen_photo_once_and_no_other():
    views = [np.arange(10.0).reshape(10, 1), 100 + np.arange(10.0).reshape(10, 1)]
    batches = transfer._Batches(views, np.eye(10), np.array([1, 3, 5, 7]), 0, 2, seed=0)
    seen = np.concatenate([batches.take(i)[0] for i in range(2)]).ravel()
    assert sorted(seen % 100) == [1, 3, 5, 7]
    epochs = []
    for _ in range(20):
        batches.shuffle()
        epochs += [batches.take(i)[0] for i in range(2)]
    assert {value >= 100 for value in np.concatenate(epochs).ravel()} == {True, False}, "both views come up"


def test_mixup_blends_targets_as_it_blends_activations():
    batches = transfer._Batches([np.eye(8)], np.eye(8, dtype=np.float32), np.arange(8), 0.4, 8, seed=3)
    x, y = batches.take(0)
    np.testing.assert_allclose(x, y, atol=1e-6)
    np.testing.assert_allclose(y.sum(axis=1), 1, atol=1e-6)
    assert (y.max(axis=1) < 0.999).any()


def test_softmax_is_one_and_keeps_the_order():
    got = transfer.softmax(np.array([[1000.0, 1001, 999], [0, 0, 0]]))
    np.testing.assert_allclose(got.sum(axis=1), 1)
    assert got[0].argmax() == 1 and np.allclose(got[1], 1 / 3)


def test_the_saved_whole_holds_the_weights_once_and_no_optimizer(network, images, tmp_path):
    lower, upper = transfer.cut(network, "first_above")
    model = transfer.top(upper, 2)
    transfer.tune(model, [transfer.activations(lower, images, label="")], np.arange(21) % 2, np.arange(20), epochs=1, batch=5)
    whole = transfer.join(lower, model)
    whole.save(tmp_path / "whole.keras")
    with zipfile.ZipFile(tmp_path / "whole.keras") as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        sizes = []
        file.visititems(lambda _, node: sizes.append(node.size) if isinstance(node, h5py.Dataset) else None)
    assert sum(sizes) == whole.count_params()
    again = keras.models.load_model(tmp_path / "whole.keras")
    np.testing.assert_array_equal(again(transfer.scale(images)), whole(transfer.scale(images)))


def test_the_linear_head_separates_what_a_line_can():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    features = rng.normal(size=(60, 5)) + 6 * np.eye(5)[labels]
    head = transfer.linear_head(features, labels)
    assert head.score(features, labels) == 1 and head.coef_.shape == (3, 5)
