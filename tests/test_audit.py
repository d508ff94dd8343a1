"""The audit: known motions are read back, changes of values undone, and what fits no affine map is said instead of measured."""

import io
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from utils import augment

NOTHING = {"right": 0, "down": 0, "turn": 0, "lean": 0, "wider": 1, "taller": 1}


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


def test_a_turn_by_pillow_is_counted_clockwise():
    columns, rows = (
        np.asarray(Image.fromarray(augment.addresses(61, 61)[..., i]).rotate(10, Image.Resampling.BILINEAR)) for i in (0, 1)
    )
    found = augment.read(augment.motion(np.dstack([columns, rows, 0 * rows])), 61, 61)
    assert found["turn"] == pytest.approx(-10, abs=0.2)  # Pillow turns the other way


# ---------------------------------------------------------------- the audit


def warped(picture, turn=0.0, zoom=1.0, right=0.0, down=0.0, *, order=1, mode="nearest", fill=0.0):
    """A picture turned clockwise (degrees), enlarged and shifted (pixels) about its centre, by SciPy."""
    height, width = picture.shape[:2]
    angle, centre = math.radians(turn), np.array([(width - 1) / 2, (height - 1) / 2])
    back = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]) / zoom
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1) - centre - [right, down]
    column, row = np.moveaxis(places @ back.T + centre, -1, 0)
    planes = np.moveaxis(picture, -1, 0)
    return np.dstack([ndimage.map_coordinates(p, [row, column], order=order, mode=mode, cval=fill) for p in planes])


def read_once(change, height=60, width=90):
    return {name: low for name, (low, _) in augment.audit(change, height, width, draws=1).items()}


def assert_motion(found, pixels=0.05, **expected):
    residual = found.pop("residual")
    wanted = NOTHING | expected
    assert found.keys() == wanted.keys() and 0 <= residual <= 0.5
    for name, value in found.items():
        limit = {"right": pixels, "down": pixels, "wider": pixels / 45, "taller": pixels / 45}.get(name, 3 * pixels)
        assert value == pytest.approx(wanted[name], abs=limit), name


MOTIONS = {
    "a turn": {"turn": 30},
    "a turn the other way": {"turn": -75},
    "a zoom": {"zoom": 1.7},
    "a zoom out": {"zoom": 0.5},
    "a shift by half the picture": {"right": 40, "down": -20},
    "all at once": {"turn": 12, "zoom": 0.8, "right": -9, "down": 4},
}


@pytest.mark.parametrize("mode", ["nearest", "constant", "reflect", "grid-wrap"])
@pytest.mark.parametrize("motion", MOTIONS.values(), ids=MOTIONS)
def test_filled_in_borders_do_not_count(motion, mode):
    zoom = motion.get("zoom", 1)
    expected = {k: v for k, v in motion.items() if k != "zoom"} | {"wider": zoom, "taller": zoom}
    assert_motion(read_once(lambda p: warped(p, **motion, mode=mode)), **expected)


@pytest.mark.parametrize("fill", [128.0, 255.0, -1000.0, np.nan])
def test_whatever_the_borders_are_filled_with(fill):
    assert_motion(read_once(lambda p: warped(p, 35, 0.8, mode="constant", fill=fill)), turn=35, wider=0.8, taller=0.8)


VALUES = {
    "brighter": lambda p: p + 40,
    "brighter, clipped": lambda p: np.clip(p + 60, 0, 255),
    "darker, clipped": lambda p: np.clip(p - 50, 0, 255),
    "times 1.4, clipped": lambda p: np.clip(1.4 * p, 0, 255),
    "half": lambda p: p / 2,
    "contrast": lambda p: np.clip((p - 128) * 1.6 + 128, 0, 255),
    "little contrast": lambda p: (p - p.mean()) * 0.3 + p.mean(),
    "0 to 1": lambda p: p / 255,
    "-1 to 1": lambda p: p / 127.5 - 1,
    "standardized": lambda p: (p - p.mean()) / p.std(),
    "inverted": lambda p: 255 - p,
    "inverted, 0 to 1": lambda p: 1 - p / 255,
    "bytes, darker": lambda p: (0.7 * p).astype("uint8"),
    "half precision": lambda p: p.astype("float16"),
    "blue alone": lambda p: p * [1, 1, 0.6] + [0, 0, 30],
}


@pytest.mark.parametrize("change", VALUES.values(), ids=VALUES)
def test_changes_of_values_are_no_motion(change):
    assert_motion(read_once(change), 0.1)


@pytest.mark.parametrize("change", VALUES.values(), ids=VALUES)
def test_changes_of_values_do_not_hide_a_motion(change):
    moved = read_once(lambda p: change(warped(p, -20, 1.2, 6, -3)))
    assert_motion(moved, 0.1, turn=-20, wider=1.2, taller=1.2, right=6, down=-3)


def test_the_lectures_settings_all_at_once_read_like_their_motions_alone():
    """Keras draws the motion before it draws changes of values, so that equal seeds give equal motions."""
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    everything = {**augment.SLIDE, "brightness_range": (0.6, 1.4)}
    motions = {name: value for name, value in augment.SLIDE.items() if name not in ("rescale", "channel_shift_range")}
    found = []
    for options in (everything, motions):
        generator, seeds = ImageDataGenerator(**options), itertools.count()
        found.append(augment.audit(lambda p, g=generator, s=seeds: g.standardize(g.random_transform(p, seed=next(s))), draws=40))
    for name, (low, high) in found[1].items():
        assert found[0][name] == pytest.approx((low, high), abs=0.3), name


def elastic(picture, pixels):
    rng = np.random.default_rng(1)
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    down, right = (ndimage.gaussian_filter(rng.normal(size=(height, width)), 6) for _ in range(2))
    places = [rows + pixels * down / np.abs(down).max(), columns + pixels * right / np.abs(right).max()]
    return np.dstack([ndimage.map_coordinates(p, places, order=1, mode="nearest") for p in np.moveaxis(picture, -1, 0)])


def jpeg(picture, quality):
    buffer = io.BytesIO()
    Image.fromarray(np.rint(picture).clip(0, 255).astype("uint8")).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def pasted(picture):
    result = picture.copy()
    result[5:45, 10:50] = picture[15:55, 45:85]
    return result


def noisy(picture, sigma):
    return picture + np.random.default_rng(2).normal(0, sigma, picture.shape)


UNFIT = {
    "elastic, 1 px": lambda p: elastic(p, 1),
    "elastic, 4 px": lambda p: elastic(p, 4),
    "perspective": lambda p: np.dstack(
        [
            np.asarray(Image.fromarray(c).transform((90, 60), Image.Transform.PERSPECTIVE, (1, 0, 0, 0, 1, 0, 4e-3, 0), 2))
            for c in np.moveaxis(p, -1, 0)
        ]
    ),
    "a pasted patch": pasted,
    "rows shuffled": lambda p: p[np.random.default_rng(3).permutation(60)],
    "quarters exchanged": lambda p: np.roll(p, (30, 45), (0, 1))[:, ::-1] * 0.5 + p * 0.5,
    "JPEG, quality 30": lambda p: jpeg(p, 30),
    "JPEG, quality 80": lambda p: jpeg(p, 80),
    "noise": lambda p: noisy(p, 8),
    "much noise": lambda p: noisy(p, 60),
    "blue, green, red": lambda p: p[..., ::-1],
    "red and green exchanged": lambda p: p[..., [1, 0, 2]],
    "channels rolled": lambda p: p[..., [1, 2, 0]],
    "grey": lambda p: np.repeat(p.mean(axis=-1, keepdims=True), 3, axis=-1),
    "nearly grey": lambda p: 0.3 * p + 0.7 * p.mean(axis=-1, keepdims=True),
    "ImageNet's means and deviations": lambda p: (p / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225],
    "red alone": lambda p: p + [4, 0, 0],
    "red alone, a tenth": lambda p: p * [1.1, 1, 1],
    "gamma": lambda p: 255 * (p / 255) ** 1.5,
    "posterized": lambda p: p // 32 * 32,
    "solarized": lambda p: np.where(p > 128, 255 - p, p),
    "black": lambda p: 0 * p,
    "nothing but NaN": lambda p: p * np.nan,
    "noise alone": lambda p: np.random.default_rng(5).random(p.shape),
    "a batch": lambda p: p[None],
    "cropped": lambda p: p[4:-4, 4:-4],
    "one channel": lambda p: p[..., :1],
    "nothing": lambda p: None,
    "words": lambda p: np.full(p.shape, "a"),
}


@pytest.mark.parametrize("change", UNFIT.values(), ids=UNFIT)
def test_what_fits_no_affine_map_is_said_in_one_sentence(change):
    with pytest.raises(ValueError, match=r"^Draw 1 cannot be read as a motion: [^\n]*\.$") as caught:
        augment.audit(change, draws=3)
    assert isinstance(caught.value, augment.Unreadable)


@pytest.mark.parametrize(
    ("change", "word"), [("grey", "grey"), ("cropped", r"\(60, 90, 3\)"), ("red alone", "channel"), ("black", "one value")]
)
def test_the_sentence_names_the_cause(change, word):
    with pytest.raises(augment.Unreadable, match=word):
        augment.audit(UNFIT[change], draws=1)


def test_the_draw_that_cannot_be_read_is_named():
    turns = iter([lambda p: p, lambda p: p[:, ::-1], lambda p: p[..., ::-1]])
    with pytest.raises(augment.Unreadable, match="Draw 3"):
        augment.audit(lambda p: next(turns)(p), draws=3)


def test_the_residual_tells_rounding_from_an_exact_motion():
    smooth, rounded = read_once(lambda p: warped(p, 30)), read_once(lambda p: warped(p, 30, order=0))
    assert smooth["residual"] < 0.01 and 0.3 < rounded["residual"] < 0.5
    assert rounded["turn"] == pytest.approx(30, abs=0.1)


def test_audit_gives_the_range_of_the_draws():
    steps = itertools.cycle([-3, 0, 5])
    found = augment.audit(lambda p: np.roll(p, next(steps), axis=1), draws=3)
    assert found["right"] == pytest.approx((-3, 5), abs=1e-3)
    assert found["down"] == pytest.approx((0, 0), abs=1e-3)


@pytest.mark.parametrize(("height", "width"), [(24, 24), (24, 200), (300, 400)])
def test_pictures_of_any_size(height, width):
    assert_motion(read_once(lambda p: warped(p[:, ::-1], 8, down=2), height, width), 0.1, turn=8, wider=-1, down=2)


@pytest.mark.parametrize("options", [{"height": 10}, {"width": 23}, {"height": 60.0}, {"draws": 0}, {"draws": 1.5}])
def test_audit_refuses_sizes_and_counts_with_a_sentence(options):
    with pytest.raises(ValueError, match="or more"):
        augment.audit(lambda p: p, **options)


# ---------------------------------------------------------------- the simple probe


@pytest.mark.parametrize("side", [(0, 5), (5, -1), (2.5, 5), (True, 5)])
def test_addresses_of_no_picture_get_a_sentence(side):
    with pytest.raises(ValueError, match="whole number of pixels"):
        augment.addresses(*side)


@pytest.mark.parametrize(
    "picture",
    [np.zeros((4, 5)), np.zeros((1, 4, 5, 3)), np.zeros((0, 5, 3)), np.zeros((9, 9, 2)), [["a"]], None, np.zeros((2, 2, 3))],
)
def test_motion_of_no_picture_gets_a_sentence(picture):
    with pytest.raises(ValueError, match=r"shape \(height, width, 3\)"):
        augment.motion(picture)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p + 9,
        lambda p: p[..., ::-1],
        lambda p: elastic(p, 3),
        lambda p: 0 * p,
        lambda p: np.nan * p,
        lambda p: jpeg(p, 20),
    ],
)
def test_motion_says_when_it_cannot_be_read(change):
    with pytest.raises(augment.Unreadable):
        augment.motion(change(augment.addresses(60, 90)))


@pytest.mark.parametrize("matrix", [np.zeros((2, 3)), np.full((2, 3), np.nan), np.eye(3), [[1, 1, 0], [1, 1, 0]], None])
def test_read_refuses_what_is_no_motion(matrix):
    with pytest.raises(ValueError, match="map"):
        augment.read(matrix, 60, 90)
