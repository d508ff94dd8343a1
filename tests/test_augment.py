"""utils.augment: RandAugment keeps its promises, speed and diagnosis tell the truth, odd input gets a sentence."""

import numpy as np
import pytest
from PIL import Image

from utils import augment


def test_rand_augment_counts_names_and_leaves_its_input_alone():
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    before = image.copy()
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(60):
        result, names = augment.rand_augment(image, 3, 0.7, rng)
        assert result.shape == image.shape and result.dtype == np.uint8 and len(names) == 3
        seen |= set(names)
    assert seen == set(augment.OPERATIONS)
    assert np.array_equal(image, before)


@pytest.mark.parametrize("name", sorted(set(augment.OPERATIONS) - {"autocontrast", "equalize"}))
def test_an_operation_at_strength_zero_changes_nothing(name):
    image = Image.fromarray(np.random.default_rng(2).integers(0, 256, (32, 48, 3), dtype=np.uint8))
    assert np.array_equal(np.asarray(augment.OPERATIONS[name](image, 0.0)), np.asarray(image))


@pytest.mark.parametrize("name", sorted(set(augment.OPERATIONS) - {"autocontrast", "equalize", "identity"}))
@pytest.mark.parametrize("strength", [-1.0, 1.0])
def test_an_operation_at_full_strength_changes_the_picture(name, strength):
    image = Image.fromarray(np.random.default_rng(2).integers(0, 256, (32, 48, 3), dtype=np.uint8))
    assert not np.array_equal(np.asarray(augment.OPERATIONS[name](image, strength)), np.asarray(image))


SHAPES = [(28, 28), (28, 28, 1), (30, 20, 3), (20, 30, 4), (1, 1, 3), (1, 9)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["uint8", "float32", "float64", "float16"])
def test_rand_augment_takes_grey_and_colour_bytes_and_floats(shape, kind):
    """Every operation at least once: shape, type and range of the picture stay, and the input is left alone."""
    image = np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)
    image = image if kind == "uint8" else (image / 255).astype(kind)
    before, seen = image.copy(), set()
    for seed in range(40):
        result, names = augment.rand_augment(image, 3, 0.9, np.random.default_rng(seed))
        seen |= set(names)
        assert result.shape == shape and result.dtype == image.dtype and result.flags.writeable
        assert result.min() >= 0 and result.max() <= (255 if kind == "uint8" else 1)
    assert seen == set(augment.OPERATIONS) and np.array_equal(image, before)


def test_grey_as_a_channel_and_without_one_gives_the_same():
    grey = np.random.default_rng(6).integers(0, 256, (16, 24), dtype=np.uint8)
    for seed in range(20):
        flat, names = augment.rand_augment(grey, 2, 0.8, np.random.default_rng(seed))
        channel, others = augment.rand_augment(grey[..., None], 2, 0.8, np.random.default_rng(seed))
        assert names == others and np.array_equal(flat, channel[..., 0])


def test_floats_get_what_bytes_get():
    image = np.random.default_rng(7).integers(0, 256, (16, 24, 3), dtype=np.uint8)
    for seed in range(20):
        whole, _ = augment.rand_augment(image, 2, 0.8, np.random.default_rng(seed))
        share, _ = augment.rand_augment((image / 255).astype("float32"), 2, 0.8, np.random.default_rng(seed))
        assert np.allclose(whole / 255, share, atol=1e-6)


def test_opacity_moves_with_the_picture_and_keeps_its_values():
    image = np.full((20, 30, 4), 90, np.uint8)
    image[..., 3] = 255
    for seed in range(40):
        result, (name,) = augment.rand_augment(image, 1, 1.0, np.random.default_rng(seed))
        plain, _ = augment.rand_augment(image[..., :3], 1, 1.0, np.random.default_rng(seed))
        assert np.array_equal(result[..., :3], plain)
        moves = name in ("rotate", "shear x", "shear y", "translate x", "translate y")
        assert (result[..., 3] == 255).all() != moves


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 28, 28, 3), np.uint8),  # a batch
        np.zeros((28, 28, 2), np.uint8),
        np.zeros((3, 28, 28), np.uint8),  # channels first
        np.zeros((0, 28, 3), np.uint8),
        np.zeros((28, 28, 0), np.uint8),
        np.zeros(28, np.uint8),
        np.zeros((28, 28), np.int64),
        np.zeros((28, 28), bool),
        np.full((28, 28, 3), np.nan),
        np.full((28, 28, 3), np.inf),
        np.full((28, 28, 3), 255.0),  # bytes as floats
        np.full((28, 28, 3), -0.5),
        "flower.jpg",
        None,
    ],
    ids=lambda image: f"{getattr(image, 'shape', image)}-{getattr(image, 'dtype', '')}",
)
def test_any_other_picture_gets_one_sentence_with_shapes_and_types(image):
    with pytest.raises(ValueError, match=r"\(height, width, 3\).*uint8 from 0 to 255 or float from 0 to 1; this .*\.$"):
        augment.rand_augment(image, 2, 0.5, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("count", "magnitude", "rng", "said"),
    [
        (-1, 0.5, None, "0 or more"),
        (1.5, 0.5, None, "0 or more"),
        (2, 1.2, None, "between 0 and 1"),
        (2, float("nan"), None, "between 0 and 1"),
        (2, 0.5, np.random.RandomState(0), "default_rng"),
        (2, 0.5, 7, "default_rng"),
    ],
)
def test_other_settings_get_a_sentence(count, magnitude, rng, said):
    rng = np.random.default_rng(0) if rng is None else rng
    with pytest.raises((ValueError, TypeError), match=said):
        augment.rand_augment(np.zeros((8, 8), np.uint8), count, magnitude, rng)


def test_no_operation_gives_a_copy():
    image = np.zeros((8, 8, 3), np.uint8)
    result, names = augment.rand_augment(image, 0, 0.5, np.random.default_rng(0))
    assert names == [] and np.array_equal(result, image) and not np.shares_memory(result, image)


def test_images_per_second_counts_images_not_batches():
    def batches():
        while True:
            yield np.zeros((7, 2, 2, 3)), np.zeros(7)

    single = ((x[:1], y[:1]) for x, y in batches())
    assert augment.images_per_second(batches(), at_least=0.05) > 2 * augment.images_per_second(single, at_least=0.05)


def test_batches_that_end_are_told_apart_from_slow_ones():
    for batches in ([], [(np.zeros((7, 2)), 0)], [(np.zeros((7, 2)), 0)] * 3):
        with pytest.raises(ValueError, match="repeat"):
            augment.images_per_second(batches, at_least=5)
    with pytest.raises(ValueError, match="more than 0"):
        augment.images_per_second([], at_least=0)


@pytest.mark.parametrize(("size", "batch"), [(0, 8), (-3, 8), (32, 0), (32.0, 8)])
def test_speeds_of_no_pictures_get_a_sentence(size, batch):
    with pytest.raises(ValueError, match="1 or more"):
        augment.speeds(size, batch)


def test_diagnosis_refuses_what_cannot_be_compared():
    a = np.zeros((4, 2, 2, 3))
    for first, second, before in ((a, a[:3], a), (a, a, a[:3]), (a[:0], a[:0], a[:0]), (a, a, a[..., :1])):
        with pytest.raises(ValueError, match="one shape"):
            augment.diagnosis(first, second, before)


def test_diagnosis_takes_lists_bytes_and_nan():
    assert augment.diagnosis([1, 2], [1, 2], [1, 2]) == "unused"
    assert augment.diagnosis(np.array([3.0, np.nan]), np.array([3.0, np.nan]), np.array([1.0, 2.0])) == "frozen"
    assert augment.diagnosis(np.array([0, 1], "uint8"), np.array([0, 1], "float32"), np.array([0, 1])) == "unused"


def test_diagnosis_of_the_four_cases():
    a, b, c = np.zeros(3), np.ones(3), np.full(3, 2)
    assert augment.diagnosis(a, a, a) == "unused"
    assert augment.diagnosis(b, b, a) == "frozen"
    assert augment.diagnosis(b, c, a) == "fresh"
    assert augment.diagnosis(a, b, a) == "fresh"


def test_keras_layers_do_what_the_settings_say():
    """The layers that the lab and the bench compare with ImageDataGenerator: ranges measured, not believed."""
    import keras

    keras.utils.set_random_seed(0)
    shift = augment.slide_layers().layers[2]
    found = augment.audit(lambda p: shift(p[None], training=True)[0], draws=40)
    assert 15 < max(map(abs, found["right"])) < 18.1 and 9.5 < max(map(abs, found["down"])) < 12.1


def test_speeds_measures_both_ways():
    found = augment.speeds(32, batch=8, at_least=0.05)
    assert list(found) == ["ImageDataGenerator", "Keras layers in tf.data"]
    assert all(rate > 1 for rate in found.values())
