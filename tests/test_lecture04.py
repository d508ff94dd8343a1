"""The arithmetic of lecture 04 against cases that are known by construction."""

import numpy as np
import pytest

from utils.lessons.lecture04 import measures


def test_kinds_of_kernels_that_are_pure():
    rng = np.random.default_rng(0)
    ones, grey = np.ones((3, 3)), np.ones(3)
    ramp = np.array([-1.0, 0, 1])[:, None] * np.ones((1, 3))
    spot = np.array([[-1.0, 2, -1], [2, -4, 2], [-1, 2, -1]])
    kernels = [np.multiply.outer(ones, grey), np.multiply.outer(ones, [1, -1, 0]), np.multiply.outer(ramp, rng.normal(size=3))]
    kernels += [np.multiply.outer(ramp.T, grey), np.multiply.outer(spot, grey)]
    shares = measures.kernel_kinds(np.stack(kernels, axis=-1))
    np.testing.assert_allclose(shares, np.eye(4)[[0, 1, 2, 2, 3]], atol=1e-12)
    mixed = measures.kernel_kinds(rng.normal(size=(3, 3, 3, 20)))
    assert (mixed >= 0).all() and mixed.sum(axis=1) == pytest.approx(np.ones(20))
    assert measures.kernel_kinds((kernels[0] / np.sqrt(27) + kernels[4] / np.sqrt(108))[..., None])[0] == pytest.approx(
        [0.5, 0, 0, 0.5]
    )


def test_shuffling_keeps_the_patches_and_moves_them():
    images = np.arange(2 * 8 * 8 * 3).reshape(2, 8, 8, 3)
    assert np.array_equal(measures.shuffle_patches(images, 1), images)
    for parts in (2, 4, 8):
        mixed, width = measures.shuffle_patches(images, parts, seed=1), 8 // parts

        def squares(image, width=width):
            return {image[r : r + width, c : c + width].tobytes() for r in range(0, 8, width) for c in range(0, 8, width)}

        assert [squares(each) for each in mixed] == [squares(each) for each in images]
        assert (mixed != images).all()
        origin = [np.argsort(np.argsort(each[::width, ::width, 0].ravel())) for each in mixed]
        assert parts == 2 or not np.array_equal(*origin)  # each image has an order of its own
    with pytest.raises(ValueError, match="do not divide 8"):
        measures.shuffle_patches(images, 3)


def test_a_histogram_of_colours_ignores_places_and_sums_to_one():
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    histogram = measures.colour_histogram(images)
    assert histogram.shape == (3, 64) and histogram.sum(axis=1) == pytest.approx(np.ones(3))
    assert np.array_equal(histogram, measures.colour_histogram(measures.shuffle_patches(images, 4)))
    red = np.zeros((1, 4, 4, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
    assert measures.colour_histogram(red)[0, 3 * 16] == 1


def test_warmth_and_uprightness_of_known_images():
    columns = np.zeros((1, 8, 8, 3), np.uint8)
    columns[:, :, ::2] = 200  # columns alternate: all edges are vertical
    assert measures.uprightness(columns) == pytest.approx([1]) and measures.uprightness(columns.swapaxes(1, 2)) == pytest.approx(
        [-1]
    )
    assert measures.uprightness(np.indices((8, 8)).sum(axis=0)[None, ..., None] * np.ones(3)) == pytest.approx([0])
    assert measures.warmth(columns + np.array([50, 0, 0], np.uint8)) == pytest.approx([50])


def test_purity_is_one_for_channels_that_know_a_class_and_a_share_for_the_others():
    labels = np.repeat(np.arange(5), 20)
    knows = (labels == 3) + np.linspace(0, 0.1, 100)
    mixed = np.where(np.arange(100) % 20 < 2, 1.0, 0.0) + np.linspace(0, 0.1, 100)
    assert measures.purity(np.stack([knows, mixed], axis=1), labels, best=10) == pytest.approx([1, 0.2])


def test_answers_and_patches_find_where_a_photo_excites_a_channel():
    import keras

    model = keras.Sequential([keras.Input((12, 12, 3)), keras.layers.AveragePooling2D(2)])
    model = keras.Model(model.inputs, [model.outputs[0], model.outputs[0] * 2])
    images = np.zeros((30, 12, 12, 3), np.float32)
    images[7, 8:10, 2:4, 1] = 5
    images[3, 0:2, 10:12, 1] = 9
    for factor, found in zip((1, 2), measures.answers(model, images), strict=True):
        assert found.peak[7, 1] == 5 * factor and found.mean[3, 1] == pytest.approx(9 * factor / 36) and found.shape == (6, 6)
        best = found.best(1, 2)
        assert [(photo, tuple(map(int, place))) for photo, place in best] == [(3, (0, 5)), (7, (4, 1))]
    seen = measures.patch(images[7], (4, 1), (6, 6), 4)
    assert seen.shape == (4, 4, 3) and (seen[1:3, 1:3, 1] == 5).all() and seen.sum() == 20
    corner = measures.patch(images[3], (0, 5), (6, 6), 4)
    assert (
        corner.shape == (4, 4, 3)
        and (corner[0] == 128).all()
        and (corner[:, -1] == 128).all()
        and (corner[1:3, 1:3, 1] == 9).all()
    )
    assert np.array_equal(measures.patch(images[3], (0, 5), (6, 6), 1000), images[3])


def test_layers_are_counted_from_the_top_until_a_block_is_whole():
    from types import SimpleNamespace as Layer

    layers = [Layer(name=name) for name in ("logits", "block2_conv2", "block2_conv1", "conv2d", "block1_conv1")]
    assert [measures.layers_down_to(layers, block) for block in ("logits", "block2", "block1")] == [1, 3, 5]


def test_intervals_and_kappa():
    share, low, high = measures.proportion(np.array([True] * 80 + [False] * 20))
    assert share == 80 and low == pytest.approx(71.1, abs=0.1) and high == pytest.approx(86.7, abs=0.1)
    assert measures.kappa(20, 20) == 0 and measures.kappa(100, 50) == 1 and measures.kappa(60, 20) == pytest.approx(0.5)
