"""Feature visualization: on a linear network every optimum is known in closed form."""

import numpy as np
import pytest
from scipy import ndimage

from utils.vision import visualize

SHAPE = (1, 6, 5, 3)
PIXELS = 6 * 5 * 3


def linear(weights):
    """The objective w · x of a linear network."""
    return lambda images: ((images * weights).sum(axis=(1, 2, 3)), np.broadcast_to(weights, images.shape).copy())


@pytest.fixture
def weights():
    return np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)


@pytest.fixture
def start():
    return visualize.noise(1, 6, seed=2)[:, :, :5]


def likeness(a, b):
    return float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))


def laplacian():
    """The matrix of half the squared differences between neighbours of (6, 5, 3) pixels, borders joined."""
    matrix = np.zeros((PIXELS, PIXELS))
    place = np.arange(PIXELS).reshape(SHAPE[1:])
    for axis in (0, 1):
        for here, there in zip(place.ravel(), np.roll(place, 1, axis).ravel(), strict=True):
            matrix[here, here] += 1
            matrix[there, there] += 1
            matrix[here, there] -= 1
            matrix[there, here] -= 1
    return matrix


def test_without_options_a_linear_network_drives_each_pixel_to_the_bound_of_its_weights_sign(weights, start):
    found = visualize.ascend(linear(weights), start, steps=400, rate=0.3)
    large = np.abs(weights) > 0.2
    assert np.array_equal(found.images[large], np.sign(weights)[large])
    assert found.scores.shape == (401, 1) and (np.diff(found.scores[:, 0]) >= -1e-5).all()
    assert found.scores[-1, 0] == pytest.approx((weights * found.images).sum(), rel=1e-5)
    assert found.images.dtype == np.float32 and found.images.shape == start.shape


def test_with_decay_the_optimum_is_the_weights_over_the_decay(weights, start):
    decay = 2.5 * PIXELS
    found = visualize.ascend(linear(weights), start, steps=600, rate=0.1, decay=decay, bounds=None)
    np.testing.assert_allclose(found.images, weights * PIXELS / decay, atol=0.003)


def test_with_roughness_the_optimum_solves_a_linear_system(weights, start):
    decay, roughness = 2 * PIXELS, 3 * PIXELS
    system = (decay * np.eye(PIXELS) + roughness * laplacian()) / PIXELS
    optimum = np.linalg.solve(system, weights.ravel()).reshape(SHAPE)
    found = visualize.ascend(linear(weights), start, steps=1500, rate=0.05, decay=decay, roughness=roughness, bounds=None)
    np.testing.assert_allclose(found.images, optimum, atol=0.005)
    alone = visualize.ascend(linear(weights), start, steps=600, decay=decay, bounds=None)
    assert visualize.roughness_of(found.images)[0] < 0.7 * visualize.roughness_of(alone.images)[0]


def test_with_jitter_the_optimum_is_the_mean_of_the_shifted_weights(weights, start):
    decay, reach = 1.0 * PIXELS, range(-1, 2)
    shifted = [np.roll(weights, (-down, -right), axis=(1, 2)) for down in reach for right in reach]
    optimum = np.mean(shifted, axis=0) * PIXELS / decay
    found = visualize.ascend(linear(weights), start, steps=4000, rate=0.02, decay=decay, jitter=1, bounds=None)
    alone = visualize.ascend(linear(weights), start, steps=600, rate=0.1, decay=decay, bounds=None)
    assert likeness(found.images, optimum) > 0.95 > 0.6 > likeness(alone.images, optimum)
    again = visualize.ascend(linear(weights), start, steps=3, jitter=1, seed=4).images
    assert np.array_equal(again, visualize.ascend(linear(weights), start, steps=3, jitter=1, seed=4).images)
    assert not np.array_equal(again, visualize.ascend(linear(weights), start, steps=3, jitter=1, seed=5).images)


def test_jitter_puts_the_gradient_back_where_its_pixel_was():
    """An objective that looks at one fixed place of what it is given: rolled there and back, a step lands elsewhere each time."""
    corner = np.zeros((1, 7, 7, 3), np.float32)
    corner[0, 3, 3] = 1
    found = visualize.ascend(linear(corner), np.zeros_like(corner), steps=200, jitter=1, bounds=None)
    touched = np.argwhere(found.images[0, ..., 0] > 0)
    assert touched.min() == 2 and touched.max() == 4 and len(touched) == 9


def test_blur_follows_each_step(weights, start):
    found = visualize.ascend(linear(weights), start, steps=1, rate=0.2, blur=0.8, bounds=None)
    stepped = start + 0.2 * weights / np.sqrt(np.mean(weights**2))
    np.testing.assert_allclose(found.images, ndimage.gaussian_filter(stepped, (0, 0.8, 0.8, 0), mode="wrap"), atol=1e-5)


def test_frequencies_change_the_path_and_not_the_optimum(weights):
    start, decay = np.zeros(SHAPE, np.float32), 2.0 * PIXELS
    first = visualize.ascend(linear(weights), start, steps=1, frequencies=1.0, bounds=None).images
    plain = visualize.ascend(linear(weights), start, steps=1, bounds=None).images
    ratio = np.abs(np.fft.fft2(first, axes=(1, 2)) / np.fft.fft2(plain, axes=(1, 2)))[0, ..., 0]
    frequency = np.hypot(np.fft.fftfreq(6)[:, None], np.fft.fftfreq(5)[None])
    expected = 1 / np.maximum(frequency, 1 / 6) ** 2
    np.testing.assert_allclose(ratio / ratio[1, 1], expected / expected[1, 1], rtol=1e-4)
    found = visualize.ascend(linear(weights), start, steps=3000, rate=0.03, decay=decay, frequencies=0.5, bounds=None)
    np.testing.assert_allclose(found.images, weights * PIXELS / decay, atol=0.02)


def test_colours_steer_a_step_by_the_mixing_matrix_and_its_transpose(weights):
    mixing = np.array([[1.0, 0.5, 0.2], [0.0, 1.0, 0.4], [0.0, 0.0, 0.3]])
    step = visualize.ascend(linear(weights), np.zeros(SHAPE), steps=1, rate=1, colours=mixing, bounds=None).images
    expected = weights @ (mixing @ mixing.T)
    np.testing.assert_allclose(step, expected / np.sqrt(np.mean(expected**2)), rtol=1e-4)


def test_colour_mixing_makes_independent_channels_vary_as_the_photos_do():
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(4, 30, 30, 3)) @ np.array([[2.0, 1, 0.5], [0, 1, 0.5], [0, 0, 0.4]])
    mixing = visualize.colour_mixing(mixed)
    covariance = np.cov(mixed.reshape(-1, 3).T)
    assert likeness(mixing @ mixing.T, covariance) == pytest.approx(1)
    assert np.allclose(mixing, mixing.T) and np.linalg.eigvalsh(mixing).max() == pytest.approx(1)


def test_roughness_of_known_images():
    chessboard = np.indices((8, 8)).sum(axis=0)[None, ..., None] % 2 * np.ones(3)
    independent = np.random.default_rng(0).normal(size=(1, 200, 200, 3))
    smooth = ndimage.gaussian_filter(independent, (0, 3, 3, 0), mode="wrap")
    assert visualize.roughness_of(chessboard)[0] == pytest.approx(2)
    assert visualize.roughness_of(independent)[0] == pytest.approx(1, abs=0.02)
    assert visualize.roughness_of(smooth)[0] == pytest.approx(1 - np.exp(-1 / 36), rel=0.1)
    assert np.isnan(visualize.roughness_of(np.zeros((1, 4, 4, 3)))[0])


def convolution():
    """One linear convolution, three channels in, two out."""
    import keras

    keras.utils.set_random_seed(0)
    layer = keras.layers.Conv2D(2, 3, use_bias=False)
    return keras.Sequential([keras.Input((6, 5, 3)), layer]), layer


def test_channels_score_each_image_by_the_mean_of_its_channels_map():
    model, layer = convolution()
    images = np.random.default_rng(0).normal(size=(2, 6, 5, 3)).astype(np.float32)
    scores, gradients = visualize.channels(model, [1, 0])(images)
    maps = model.predict(images, verbose=0)
    np.testing.assert_allclose(scores, [maps[0, ..., 1].mean(), maps[1, ..., 0].mean()], rtol=1e-5)
    kernel, expected = np.asarray(layer.kernel), np.zeros((2, 6, 5, 3))
    for row in range(4):
        for column in range(3):
            expected[0, row : row + 3, column : column + 3] += kernel[..., 1] / 12
            expected[1, row : row + 3, column : column + 3] += kernel[..., 0] / 12
    np.testing.assert_allclose(gradients, expected, atol=1e-6)
    found = visualize.ascend(visualize.channels(model, [1, 0]), visualize.noise(2, 6)[:, :, :5], steps=300, rate=0.3)
    large = np.abs(expected) > 0.02
    assert np.array_equal(found.images[large], np.sign(expected)[large])


def test_channels_take_a_dense_output_too():
    import keras

    model = keras.Sequential([keras.Input((6, 5, 3)), keras.layers.Flatten(), keras.layers.Dense(4, use_bias=False)])
    _, gradients = visualize.channels(model, [2])(np.zeros((1, 6, 5, 3), np.float32))
    np.testing.assert_allclose(gradients.ravel(), np.asarray(model.layers[-1].kernel)[:, 2], atol=1e-6)


def test_bad_input_is_named_with_its_remedy(weights, start):
    model, _ = convolution()
    for which in ([2], [-1], []):
        with pytest.raises(ValueError, match="from 0 to 1"):
            visualize.channels(model, which)
    with pytest.raises(ValueError, match="one image for each channel"):
        visualize.channels(model, [0, 1])(start)
    with pytest.raises(ValueError, match="a batch of images"):
        visualize.ascend(linear(weights), start[0])
    with pytest.raises(ValueError, match="steps is 0"):
        visualize.ascend(linear(weights), start, steps=0)
    for name in ("rate", "decay", "roughness", "blur", "jitter", "frequencies"):
        with pytest.raises(ValueError, match=f"{name} is -1"):
            visualize.ascend(linear(weights), start, **{name: -1})
    with pytest.raises(ValueError, match="below its ReLU"):
        visualize.ascend(linear(0 * weights), start)
