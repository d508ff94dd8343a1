"""utils.augment: the probe reads back known motions, RandAugment keeps its promises, speed and diagnosis tell the truth."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from utils import augment


def moved(forward, offset, height=60, width=90):
    """The address picture after content at p (column, row), from the centre, went to forward @ p + offset."""
    back = np.linalg.inv(forward)
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    places = augment.addresses(height, width)[..., :2] - centre - offset
    return np.dstack([places @ back.T + centre, np.zeros((height, width))])


def test_addresses_are_their_own_places():
    picture = augment.addresses(3, 5)
    assert picture.shape == (3, 5, 3) and picture.dtype == np.float32
    assert picture[2, 4].tolist() == [4, 2, 0]


@settings(deadline=None, max_examples=60)
@given(
    st.floats(-12, 12), st.floats(-9, 9), st.floats(-170, 170), st.floats(-30, 30), st.floats(0.7, 1.4), st.floats(0.7, 1.4),
    st.booleans(),
)  # fmt: skip
def test_a_known_motion_is_read_back(right, down, turn, lean, wider, taller, mirrored):
    angle, slope = math.radians(turn), math.tan(math.radians(lean))
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shape = np.array([[wider, -slope * taller], [0, taller]])
    forward = rotation @ shape @ np.diag([-1 if mirrored else 1, 1])
    found = augment.read(augment.motion(moved(forward, np.array([right, down]))), 60, 90)
    assert found["right"] == pytest.approx(right, abs=1e-3) and found["down"] == pytest.approx(down, abs=1e-3)
    assert found["wider"] == pytest.approx(-wider if mirrored else wider, abs=1e-3)
    assert found["taller"] == pytest.approx(taller, abs=1e-3)
    assert found["turn"] == pytest.approx(turn, abs=1e-2)
    assert found["lean"] == pytest.approx(lean, abs=1e-2)


def test_audit_gives_the_range_of_the_draws():
    steps = itertools.cycle([-3, 0, 5])
    found = augment.audit(lambda p: moved(np.eye(2), np.array([next(steps), 0]), *p.shape[:2]), draws=3)
    assert found["right"] == pytest.approx((-3, 5), abs=1e-6)
    assert found["down"] == pytest.approx((0, 0), abs=1e-6)


def test_a_turn_by_pillow_is_counted_clockwise():
    columns, rows = (
        np.asarray(Image.fromarray(augment.addresses(61, 61)[..., i]).rotate(10, Image.Resampling.BILINEAR)) for i in (0, 1)
    )
    found = augment.read(augment.motion(np.dstack([columns, rows, 0 * rows])), 61, 61)
    assert found["turn"] == pytest.approx(-10, abs=0.2)  # Pillow turns the other way


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


def test_images_per_second_counts_images_not_batches():
    def batches():
        while True:
            yield np.zeros((7, 2, 2, 3)), np.zeros(7)

    single = ((x[:1], y[:1]) for x, y in batches())
    assert augment.images_per_second(batches(), at_least=0.05) > 2 * augment.images_per_second(single, at_least=0.05)


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
