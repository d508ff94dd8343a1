"""Explanations: closed forms on linear networks, identities, tf-keras-vis as a second opinion, and a model left as it was."""

import keras
import numpy as np
import pytest
from keras import Sequential, layers

from utils import intervals
from utils.vision import cam, gradients, inside, occlusion, rivals, trial

RNG = np.random.default_rng(0)
SIZE = (20, 24)


def pictures(n=3, size=SIZE):
    return np.random.default_rng(1).normal(size=(n, *size, 3)).astype("float32")


def linear(end=None):
    """Logit c is the sum of weights[..., c] · picture + bias: every explanation has a closed form."""
    model = Sequential([keras.Input((*SIZE, 3)), layers.Flatten(), layers.Dense(4, activation=end)])
    model.set_weights([RNG.normal(0, 0.05, w.shape) for w in model.get_weights()])
    weights = model.get_weights()[0].reshape(*SIZE, 3, 4)
    return model, weights


def network(kind="flat", end=None):
    """Two convolutions, global average pooling and a Dense layer: flat, with a nested base, or with other kinds of ReLU."""
    keras.utils.set_random_seed(3)
    image = keras.Input((*SIZE, 3))
    if kind == "other ReLUs":
        x = layers.ReLU()(layers.Conv2D(4, 3, name="low")(image))
        x = keras.ops.relu(layers.BatchNormalization()(layers.Conv2D(6, 3, strides=2, name="high")(x)))
    else:
        x = layers.Conv2D(4, 3, activation="relu", name="low")(image)
        x = layers.Activation("relu")(layers.Conv2D(6, 3, strides=2, name="high")(x))
    head = [layers.GlobalAveragePooling2D(), layers.Dropout(0.3), layers.Dense(5, activation=end)]
    if kind == "nested":
        model = Sequential([keras.Model(image, x, name="base"), *head])
    else:
        for layer in head:
            x = layer(x)
        model = keras.Model(image, x)
    return spread(model)


def spread(model):
    model.set_weights([np.abs(w) * 0.5 + 0.5 if w.ndim == 1 and w.min() == 1 else w * 2 + 0.1 for w in model.get_weights()])
    return model


def softmax(values):
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


KINDS = ("flat", "nested", "other ReLUs")


# ── Class activation maps ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
def test_grad_cam_of_the_last_maps_is_the_class_activation_map_divided_by_its_places(kind):
    model, x = network(kind), pictures()
    for classes in (2, [0, 1, 4]):
        one, other = cam.class_activation_map(model, x, classes), cam.grad_cam(model, x, classes, relu=False)
        places = one[0].size
        assert np.abs(one - other * places).max() < 1e-4 * np.abs(one).max() and np.abs(one).max() > 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_the_mean_of_a_class_activation_map_and_the_bias_is_the_logit(kind):
    model, x = network(kind), pictures()
    bias = model.get_weights()[-1][3]
    expected = np.asarray(model(x))[:, 3]
    np.testing.assert_allclose(cam.class_activation_map(model, x, 3).mean(axis=(1, 2)) + bias, expected, rtol=1e-4, atol=1e-5)


def test_grad_cam_takes_any_layer_of_a_nested_base_and_matches_the_flat_network():
    flat, nested, x = network("flat"), network("nested"), pictures()
    nested.set_weights(flat.get_weights())
    for layer in ("low", "high"):
        maps = cam.grad_cam(nested, x, 1, layer)
        np.testing.assert_allclose(maps, cam.grad_cam(flat, x, 1, layer), rtol=1e-5, atol=1e-7)
    assert cam.grad_cam(nested, x, 1, "low").shape == (3, 18, 22)


@pytest.mark.parametrize("end", ["softmax", "sigmoid", "layer", "activation"])
def test_maps_explain_the_logit_and_the_model_keeps_its_softmax(end):
    plain, x = network(), pictures()
    if end in ("softmax", "sigmoid"):
        ended = network(end=end)
    else:
        ended = keras.Model(
            plain.input, (layers.Softmax() if end == "layer" else layers.Activation("softmax"))(network_tail(plain))
        )
    ended.set_weights(plain.get_weights())
    before = np.asarray(ended(x))
    for explain in (cam.class_activation_map, cam.grad_cam, gradients.gradient):
        np.testing.assert_allclose(explain(ended, x, 1), explain(plain, x, 1), rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(np.asarray(ended(x)), before)


def network_tail(model):
    return model.layers[-1].output


def test_a_network_whose_softmax_cannot_be_left_out_is_refused():
    plain = network()
    odd = keras.Model(plain.input, layers.Lambda(lambda z: keras.ops.softmax(z) * 1.0)(plain.output))
    with pytest.raises(ValueError, match="ends in logits"):
        gradients.gradient(odd, pictures(), 1)


def test_class_activation_maps_need_global_average_pooling_and_say_so():
    with pytest.raises(ValueError, match="use grad_cam"):
        cam.class_activation_map(linear()[0], pictures(), 0)


def test_an_unknown_layer_is_refused_with_the_layers_there_are():
    with pytest.raises(ValueError, match="'middle'.*low, high"):
        cam.grad_cam(network(), pictures(), 0, "middle")


def test_a_layer_without_maps_is_refused():
    model = network()
    with pytest.raises(ValueError, match="No gradient leads from the logits to maps"):
        cam.grad_cam(model, pictures(), 0, model.layers[-1].name)


def test_a_map_without_positive_values_stays_zero_instead_of_turning_over():
    np.testing.assert_array_equal(cam.to_unit(-np.ones((2, 3, 4))), np.zeros((2, 3, 4)))
    maps = np.array([[[-4.0, 2.0], [1.0, 0.0]], [[-1.0, -2.0], [-3.0, -4.0]]])
    np.testing.assert_array_equal(cam.to_unit(maps), [[[0, 1], [0.5, 0]], [[0, 0], [0, 0]]])
    assert cam.to_unit(np.zeros((2, 2))).shape == (2, 2)


def test_upsampling_puts_a_cells_value_in_the_middle_of_the_cell():
    maps = np.zeros((1, 3, 5))
    maps[0, 1, 3] = 1
    large = cam.upsample(maps, (27, 45))  # cells of 9 × 9 pixels: cell (1, 3) has its middle at pixel (13, 31)
    assert large.shape == (1, 27, 45)
    assert np.unravel_index(large[0].argmax(), large[0].shape) == (13, 31)
    np.testing.assert_allclose(large[:, 4::9, 4::9], maps, atol=1e-6)
    np.testing.assert_allclose(cam.upsample(maps[0], (27, 45)), large[0])
    rows = np.array([[0.0], [1.0]])
    np.testing.assert_allclose(cam.upsample(rows, (8, 1))[:, 0], [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1], atol=1e-6)


# ── Gradients ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_on_a_linear_network_the_gradient_is_its_weights():
    model, weights = linear()
    x = pictures()
    for k in range(3):
        np.testing.assert_allclose(gradients.gradient(model, x, k), np.stack([weights[..., k]] * 3), rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(gradients.smooth_grad(model, x, k, samples=3)[0], weights[..., k], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(gradients.gradient_times_input(model, x, k), weights[..., k] * x, rtol=1e-5, atol=1e-6)
        parts = gradients.integrated_gradients(model, x, k, baseline=0.5, steps=7)
        np.testing.assert_allclose(parts, weights[..., k] * (x - 0.5), rtol=1e-4, atol=1e-6)


def test_the_gradient_is_that_of_finite_differences():
    model, x = network(), pictures(1)
    found = gradients.gradient(model, x, 2)[0]
    for place in [(3, 4, 0), (10, 20, 2), (19, 23, 1)]:
        moved = np.repeat(x, 2, axis=0)
        moved[0][place] += 1e-2
        moved[1][place] -= 1e-2
        up, down = np.asarray(model(moved))[:, 2]
        assert (up - down) / 2e-2 == pytest.approx(found[place], rel=2e-2, abs=2e-4)


@pytest.mark.parametrize("baseline", [0.0, [0.5, -0.5, 0.1], "picture"])
def test_integrated_gradients_sum_to_the_change_of_the_logit(baseline):
    model, x = network("nested"), pictures()
    baseline = pictures(1)[0] * 0.3 if isinstance(baseline, str) else np.array(baseline, np.float32)
    parts = gradients.integrated_gradients(model, x, 1, baseline=baseline, steps=200)
    start = np.broadcast_to(baseline, x.shape).astype("float32")
    change = np.asarray(model(x))[:, 1] - np.asarray(model(start))[:, 1]
    assert np.abs(change).min() > 0.01
    np.testing.assert_allclose(parts.sum(axis=(1, 2, 3)), change, rtol=5e-3, atol=1e-3)


def test_smooth_grad_is_the_gradient_without_noise_and_repeats_with_its_seed():
    model, x = network(), pictures()
    plain = gradients.gradient(model, x, 1)
    np.testing.assert_allclose(gradients.smooth_grad(model, x, 1, samples=2, noise=0), plain, rtol=1e-5, atol=1e-7)
    noisy = gradients.smooth_grad(model, x, 1, samples=2)
    np.testing.assert_array_equal(noisy, gradients.smooth_grad(model, x, 1, samples=2))
    assert np.abs(noisy - plain).max() > 1e-4
    assert np.abs(noisy - gradients.smooth_grad(model, x, 1, samples=2, seed=1)).max() > 1e-6


def test_guided_backpropagation_by_hand():
    # One pixel, two hidden units, one logit: the unit whose weight to the logit is negative gives nothing back.
    model = Sequential([keras.Input((1, 1, 1)), layers.Flatten(), layers.Dense(3, activation="relu"), layers.Dense(2)])
    model.set_weights([np.array([[2.0, 3.0, -4.0]]), np.zeros(3), np.array([[5.0, 0], [-7.0, 0], [1.0, 0]]), np.zeros(2)])
    x = np.ones((1, 1, 1, 1), "float32")
    assert gradients.gradient(model, x, 0).item() == pytest.approx(2 * 5 - 3 * 7)
    assert gradients.guided_backpropagation(model, x, 0).item() == pytest.approx(2 * 5)


@pytest.mark.parametrize("kind", KINDS)
def test_guided_backpropagation_leaves_the_model_as_it_was(kind):
    model, x = network(kind), pictures()
    before = gradients.gradient(model, x, 1)
    saved = [dict(vars(layer)) for layer in inside.layers_of(model)]
    guided = gradients.guided_backpropagation(model, x, 1)
    assert np.abs(guided - before).max() > 1e-3 * np.abs(before).max()
    np.testing.assert_array_equal(gradients.gradient(model, x, 1), before)
    for layer, was in zip(inside.layers_of(model), saved, strict=True):
        assert "call" not in vars(layer) and vars(layer).get("activation") is was.get("activation")


def test_an_error_inside_leaves_the_model_as_it_was_too():
    model = network(end="softmax")
    before = np.asarray(model(pictures()))
    with pytest.raises(RuntimeError), inside.guided(model), inside.without_end(model), trial.shuffled(model, 3):
        raise RuntimeError
    np.testing.assert_array_equal(np.asarray(model(pictures())), before)
    assert not any("call" in vars(layer) for layer in inside.layers_of(model))


def test_guided_backpropagation_is_the_same_however_the_relu_is_written():
    image = keras.Input((*SIZE, 3))
    x = pictures()
    found = []
    for relu in (layers.ReLU(), layers.Activation("relu"), keras.ops.relu, "argument"):
        first, second = layers.Conv2D(4, 3), layers.Conv2D(3, 3)
        if relu == "argument":
            first = layers.Conv2D(4, 3, activation="relu")
            model = keras.Model(image, layers.GlobalAveragePooling2D()(second(first(image))))
        else:
            model = keras.Model(image, layers.GlobalAveragePooling2D()(second(relu(first(image)))))
        rng = np.random.default_rng(5)
        model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
        found.append(gradients.guided_backpropagation(model, x, 1))
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-5, atol=1e-7)


def test_guided_backpropagation_without_a_relu_is_refused():
    with pytest.raises(ValueError, match="no ReLU"):
        gradients.guided_backpropagation(linear()[0], pictures(), 0)


def test_without_a_class_the_networks_guess_is_explained():
    model, x = network("nested"), pictures(20)
    guesses = np.asarray(model(x)).argmax(axis=1)
    np.testing.assert_array_equal(gradients.gradient(model, x), gradients.gradient(model, x, guesses))


def test_a_single_picture_gives_a_single_map_the_same_as_in_a_batch():
    model, x = network(), pictures(20)
    for explain in (gradients.gradient, gradients.guided_backpropagation, cam.grad_cam, cam.class_activation_map):
        many = explain(model, x, 2)
        np.testing.assert_allclose(explain(model, x[18], 2), many[18], rtol=1e-4, atol=1e-6)


# ── Occlusion ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fill", [0.0, [0.3, -0.2, 1.0]])
@pytest.mark.parametrize(("patch", "stride"), [(4, 4), (5, 2), (7, None), (20, 20)])
def test_on_a_linear_network_the_fall_is_the_sum_under_the_patch(patch, stride, fill):
    model, weights = linear()
    x = pictures(2)
    falls = (weights[..., 1] * (x - np.array(fill))).sum(axis=-1)  # per pixel
    expected, times = np.zeros(falls.shape), np.zeros(falls.shape)
    for row in occlusion.places(20, patch, stride):
        for column in occlusion.places(24, patch, stride):
            area = np.s_[:, row : row + patch, column : column + patch]
            expected[area] += falls[area].sum(axis=(1, 2), keepdims=True)
            times[area] += 1
    found = occlusion.occlusion(model, x, 1, patch=patch, stride=stride, fill=fill)
    np.testing.assert_allclose(found, expected / times, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(occlusion.occlusion(model, x[1], 1, patch=patch, stride=stride, fill=fill), found[1], atol=1e-5)


def test_the_patches_reach_both_edges():
    np.testing.assert_array_equal(occlusion.places(10, 4, 4), [0, 4, 6])
    np.testing.assert_array_equal(occlusion.places(12, 4, 4), [0, 4, 8])
    np.testing.assert_array_equal(occlusion.places(9, 4), [0, 2, 4, 5])
    np.testing.assert_array_equal(occlusion.places(4, 4), [0])
    np.testing.assert_array_equal(occlusion.places(3, 1), [0, 1, 2])


@pytest.mark.parametrize(
    ("patch", "stride", "said"), [(21, 1, "does not fit"), (0, 1, "does not fit"), (4, 5, "gaps"), (4, 0, "gaps")]
)
def test_a_patch_or_stride_that_makes_no_sense_is_refused(patch, stride, said):
    with pytest.raises(ValueError, match=said):
        occlusion.occlusion(linear()[0], pictures(1), 0, patch=patch, stride=stride)


# ── Bad input ────────────────────────────────────────────────────────────────────────────────────────────────────────

EXPLAIN = {
    "gradient": gradients.gradient,
    "grad_cam": cam.grad_cam,
    "class_activation_map": cam.class_activation_map,
    "occlusion": lambda *args: occlusion.occlusion(*args, patch=4),
    "guided": gradients.guided_backpropagation,
}


@pytest.mark.parametrize("explain", EXPLAIN)
@pytest.mark.parametrize(
    ("images", "classes", "said"),
    [
        (np.zeros((2, *SIZE, 3), np.uint8), 0, "scale them"),
        (np.full((2, *SIZE, 3), np.nan), 0, "NaN"),
        (np.zeros((20, 24)), 0, r"\(h, w, channels\)"),
        (np.zeros((2, *SIZE, 3)), 5, "classes 0 … 4"),
        (np.zeros((2, *SIZE, 3)), -1, "classes 0 … 4"),
        (np.zeros((2, *SIZE, 3)), [0, 1, 2], "3 values for 2 pictures"),
        (np.zeros((2, *SIZE, 3)), 0.5, "whole number"),
    ],
)
def test_bad_input_is_refused_with_the_remedy(explain, images, classes, said):
    with pytest.raises(ValueError, match=said):
        EXPLAIN[explain](network(), images, classes)


# ── The trial ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_pointing_game_asks_where_the_peak_is():
    maps, masks = np.zeros((3, 4, 5)), np.zeros((3, 4, 5), bool)
    maps[0, 1, 2], maps[1, 3, 4] = 1, 1
    masks[:, 1, 2] = True
    np.testing.assert_allclose(trial.pointing_game(maps, masks), [1, 0, 1 / 20])


def test_energy_counts_positive_values_only():
    maps = np.array([[[3.0, 1.0, -5.0]], [[-1.0, -2.0, -3.0]]])
    masks = np.array([[[True, False, True]]] * 2)
    np.testing.assert_allclose(trial.energy_inside(maps, masks), [0.75, 2 / 3])


@pytest.mark.parametrize("score", [trial.pointing_game, trial.energy_inside, trial.rank_correlation])
def test_maps_of_another_size_or_with_nan_are_refused(score):
    with pytest.raises(ValueError, match=r"both must be \(n, h, w\)"):
        score(np.zeros((2, 3, 3)), np.zeros((2, 3, 4)))
    with pytest.raises(ValueError, match="NaN"):
        score(np.full((2, 3, 3), np.nan), np.zeros((2, 3, 3)))


def test_deletion_and_insertion_go_from_the_picture_to_the_fill_and_back():
    model, weights = linear()
    x = pictures(4)
    fill = pictures(1)[0] * 0
    maps = (weights[..., 2] * x).sum(axis=-1)
    removed, added = (f(model, x, maps, 2, steps=7, fill=fill) for f in (trial.deletion, trial.insertion))
    whole, none = softmax(np.asarray(model(x)))[:, 2], softmax(np.asarray(model(x * 0)))[:, 2]
    assert removed.shape == added.shape == (4, 8)
    np.testing.assert_allclose(removed[:, [0, -1]], np.stack([whole, none], axis=1), rtol=1e-5)
    np.testing.assert_allclose(added[:, [0, -1]], np.stack([none, whole], axis=1), rtol=1e-5)
    half = x.copy().reshape(4, -1, 3)
    order = np.argsort(-maps.reshape(4, -1), axis=1)[:, : -(-480 // 7)]
    half[np.arange(4)[:, None], order] = 0
    np.testing.assert_allclose(removed[:, 1], softmax(np.asarray(model(half.reshape(x.shape))))[:, 2], rtol=1e-5)
    assert (trial.area_under(removed) < trial.area_under(trial.deletion(model, x, -maps, 2, steps=7))).all()
    assert (trial.area_under(added) > trial.area_under(trial.insertion(model, x, -maps, 2, steps=7))).all()


def test_the_area_is_that_of_trapezoids():
    np.testing.assert_allclose(trial.area_under([[1, 0, 0], [0.5, 0.5, 0.5]]), [0.25, 0.5])


def test_curves_refuse_maps_of_another_size():
    with pytest.raises(ValueError, match="bring the maps to the pictures' size"):
        trial.deletion(linear()[0], pictures(2), np.zeros((2, 5, 6)), 0)


def test_shuffling_goes_layer_by_layer_from_the_top_and_is_undone():
    model = network("nested")
    before = model.get_weights()
    layers_ = trial.kernel_layers(model)
    assert [each.name for each in layers_][1:] == ["high", "low"]
    upper = {}
    for count in range(4):
        with trial.shuffled(model, count, seed=2):
            changed = [
                not np.array_equal(each.kernel, w) for each, w in zip(layers_, (before[4], before[2], before[0]), strict=True)
            ]
            assert changed == [k < count for k in range(3)]
            for k, each in enumerate(layers_):
                np.testing.assert_array_equal(np.sort(np.ravel(each.kernel)), np.sort(before[4 - 2 * k].ravel()))
            upper.setdefault("top", np.array(layers_[0].kernel)) if count else None
            assert not count or np.array_equal(layers_[0].kernel, upper["top"])
        for now, was in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(now, was)
    with pytest.raises(ValueError, match="3 layers with a kernel"), trial.shuffled(model, 4):
        pass


def test_rank_correlation_is_spearmans():
    from scipy.stats import spearmanr

    one, other = RNG.normal(size=(2, 4, 6, 5))
    one[0, :3] = 0  # ties
    expected = [spearmanr(a.ravel(), b.ravel())[0] for a, b in zip(one, other, strict=True)]
    np.testing.assert_allclose(trial.rank_correlation(one, other), expected, atol=1e-12)
    np.testing.assert_allclose(trial.rank_correlation(one, np.exp(one)), 1)
    np.testing.assert_array_equal(trial.rank_correlation(one, np.zeros_like(one)), 0)


def test_the_interval_is_students():
    mean, low, high = intervals.mean_interval([1.0, 2.0, 3.0])
    assert (mean, low, high) == pytest.approx((2, 2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5))
    with pytest.raises(ValueError, match="two values"):
        intervals.mean_interval([1.0])


def test_the_interval_of_a_share_is_wilsons_and_never_without_width():
    mean, low, high = intervals.share_interval([1] * 8 + [0] * 2)  # 8 of 10: the textbook's 0.490 to 0.943
    assert (mean, low, high) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
    mean, low, high = intervals.share_interval(np.ones(112))
    assert mean == high == 1 and low == pytest.approx(112 / (112 + 1.959964**2))
    with pytest.raises(ValueError, match="from 0 to 1"):
        intervals.share_interval([0.5, 1.5])


def test_rivals_find_colour_edges_and_the_middle():
    picture = np.full((1, 40, 50, 3), 0.5)
    picture[0, 10:16, 30:36] = [1, 0, 0]
    peak = np.unravel_index(rivals.saturation(picture)[0].argmax(), (40, 50))
    assert abs(peak[0] - 12.5) < 1 and abs(peak[1] - 32.5) < 1
    grey = np.zeros((1, 40, 50, 3))
    grey[0, :, 20:] = 1
    assert set(rivals.edges(grey)[0].argmax(axis=1)) <= {19, 20}
    assert rivals.centre(grey)[0].argmax() in (19 * 50 + 24, 19 * 50 + 25, 20 * 50 + 24, 20 * 50 + 25)
    for rival in (rivals.saturation, rivals.edges, rivals.centre):
        assert rival(grey).shape == (1, 40, 50)


@pytest.mark.parametrize("rival", [rivals.saturation, rivals.edges, rivals.centre])
def test_a_rival_sees_each_picture_by_itself(rival):
    many = pictures(5)
    np.testing.assert_allclose(rival(many), np.concatenate([rival(one[None]) for one in many]), atol=1e-12)


# ── A second opinion: tf-keras-vis ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def second_opinion():
    return pytest.importorskip("tf_keras_vis", reason="pip install -r requirements-dev.txt brings tf-keras-vis")


def test_tf_keras_vis_agrees_about_the_gradient(second_opinion):
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.scores import CategoricalScore

    model, x = network(), pictures()
    theirs = Saliency(model)(CategoricalScore([1, 0, 4]), x, keepdims=True, normalize_map=False, gradient_modifier=None)
    np.testing.assert_allclose(gradients.gradient(model, x, [1, 0, 4]), theirs, rtol=1e-5, atol=1e-7)


def test_tf_keras_vis_agrees_about_guided_backpropagation(second_opinion):
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.model_modifiers import GuidedBackpropagation, ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

    model, x = network(end="softmax"), pictures()
    theirs = Saliency(model, model_modifier=[GuidedBackpropagation(), ReplaceToLinear()])(
        CategoricalScore(3), x, keepdims=True, normalize_map=False, gradient_modifier=None
    )
    np.testing.assert_allclose(gradients.guided_backpropagation(model, x, 3), theirs, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("layer", ["low", "high"])
def test_tf_keras_vis_agrees_about_grad_cam(second_opinion, layer):
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.scores import CategoricalScore

    model, x = network(), pictures()
    theirs = Gradcam(model)(
        CategoricalScore(2),
        x,
        layer,
        expand_cam=False,
        normalize_cam=False,
        activation_modifier=None,
        seek_penultimate_conv_layer=False,
    )
    np.testing.assert_allclose(cam.grad_cam(model, x, 2, layer, relu=False), theirs, rtol=1e-4, atol=1e-6)


# ── Passes that are compiled ───────────────────────────────────────────────────────────────────────────────────────────


ASKED = {
    "gradient": gradients.gradient,
    "guided": gradients.guided_backpropagation,
    "class activation map": cam.class_activation_map,
    "Grad-CAM": cam.grad_cam,
    "occlusion": lambda *inputs: occlusion.occlusion(*inputs, patch=6),
}


def compiled(model) -> list[str]:
    """The kinds of passes that have been compiled."""
    return [kind for (kind, *_), run in vars(model)["_passes"].items() if callable(run)]


@pytest.mark.parametrize("name", ASKED)
def test_a_pass_that_is_asked_for_often_is_compiled_once_and_says_the_same(name):
    model, images = network(), pictures()
    first = ASKED[name](model, images, 1)
    for count in (3, 2, 3, 1):  # of pictures
        again = ASKED[name](model, images[:count], 1)
        np.testing.assert_allclose(again, first[:count], atol=1e-6 + 1e-5 * np.abs(first).max())
    assert len(compiled(model)) == 1, "single pictures and several share it"


@pytest.mark.parametrize("name", ASKED)
def test_a_compiled_pass_sees_other_weights_and_another_rule_for_going_backward(name):
    model, images = network(), pictures()
    for _ in range(4):
        before = ASKED[name](model, images, 1)
        plain = gradients.gradient(model, images, 1)
    assert len(compiled(model)) == len({name, "gradient"})
    with trial.shuffled(model, 2):
        now = ASKED[name](model, images, 1)
        twin = network()
        twin.set_weights(model.get_weights())
        np.testing.assert_allclose(now, ASKED[name](twin, images, 1), atol=1e-6 + 1e-5 * np.abs(now).max())
    assert not np.allclose(now, before)
    np.testing.assert_allclose(ASKED[name](model, images, 1), before, atol=1e-6 + 1e-5 * np.abs(before).max())
    np.testing.assert_allclose(gradients.gradient(model, images, 1), plain, atol=1e-6)


def test_a_compiled_pass_sees_a_layer_or_an_activation_that_was_exchanged():
    model, images = network(end="softmax"), pictures()
    relu = next(layer for layer in inside.layers_of(model) if getattr(layer, "activation", None) is keras.activations.relu)
    for _ in range(4):
        before = gradients.gradient(model, images, 1)
    relu.activation = keras.activations.tanh
    after = gradients.gradient(model, images, 1)
    assert not np.allclose(before, after)
    for _ in range(3):
        np.testing.assert_allclose(gradients.gradient(model, images, 1), after, atol=1e-6)


def test_what_is_compiled_ends_with_the_model():
    import gc
    import weakref

    model = network()
    for _ in range(4):
        gradients.gradient(model, pictures(), 1)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
