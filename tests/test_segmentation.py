"""Measures of segmentations: by hand, against scikit-learn, and what must hold of any map; regions; transposed convolutions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score, jaccard_score

from utils import garden
from utils.vision import boxes as bx
from utils.vision import components as regions
from utils.vision import segmentation as seg
from utils.vision.touches import touches

TRUTH = np.array([[0, 0, 1], [0, 1, 1]])
GUESS = np.array([[0, 1, 1], [0, 0, 1]])


@st.composite
def two_maps(draw):
    seed = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = tuple(seed.integers(1, 8, draw(st.sampled_from((2, 3)))))
    return seed.integers(0, draw(st.integers(1, 5)), shape), seed.integers(0, draw(st.integers(1, 5)), shape)


# ---------------------------------------------------------------- counts and measures


@settings(deadline=None, max_examples=60)
@given(two_maps())
def test_counts_and_measures_are_scikit_learns(maps):
    truth, guess = maps
    table = seg.confusion(truth, guess, 5)
    assert np.array_equal(table, confusion_matrix(truth.ravel(), guess.ravel(), labels=range(5)))
    present = np.unique([*np.unique(truth), *np.unique(guess)])
    options = {"labels": present, "average": None, "zero_division": 0}
    assert np.allclose(seg.iou(table)[present], jaccard_score(truth.ravel(), guess.ravel(), **options))
    assert np.allclose(seg.dice(table)[present], f1_score(truth.ravel(), guess.ravel(), **options))
    absent = np.setdiff1d(range(5), present)
    assert np.isnan(seg.iou(table)[absent]).all() and np.isnan(seg.dice(table)[absent]).all()
    assert seg.pixel_accuracy(table) == pytest.approx((truth == guess).mean())


@settings(deadline=None, max_examples=60)
@given(two_maps())
def test_dice_follows_from_iou(maps):
    table = seg.confusion(*maps, 5)
    iou, dice = seg.iou(table), seg.dice(table)
    assert np.allclose(dice, 2 * iou / (1 + iou), equal_nan=True)
    assert np.all((iou <= dice) | np.isnan(iou))


def test_by_hand():
    table = seg.confusion(TRUTH, GUESS, 3)
    assert table.tolist() == [[2, 1, 0], [1, 2, 0], [0, 0, 0]]
    assert seg.iou(table)[:2] == pytest.approx([0.5, 0.5]) and np.isnan(seg.iou(table)[2])
    assert seg.mean_iou(table) == 0.5  # not 1/3: the class that nobody shows is left out
    assert seg.pixel_accuracy(table) == pytest.approx(4 / 6)


def test_a_class_that_is_predicted_but_absent_counts_as_zero():
    table = seg.confusion([[0, 0]], [[0, 2]], 3)
    assert seg.iou(table)[2] == 0 and np.isnan(seg.iou(table)[1])
    assert seg.mean_iou(table) == pytest.approx(0.25)


def test_nothing_to_count_is_nan_and_no_number():
    table = seg.confusion(np.zeros((0, 4, 4), int), np.zeros((0, 4, 4), int), 3)
    assert table.sum() == 0 and np.isnan(seg.mean_iou(table)) and np.isnan(seg.pixel_accuracy(table))


def test_unlabelled_pixels_count_nowhere_whatever_is_guessed_there():
    truth = np.array([[0, 255, 1], [255, 1, 1]])
    tables = [seg.confusion(truth, np.where(truth == 255, wild, GUESS), 2, ignore=255) for wild in (0, 1, 9)]
    assert all(np.array_equal(tables[0], table) for table in tables) and tables[0].sum() == 4
    with pytest.raises(ValueError, match="ignore"):
        seg.confusion(truth, GUESS, 2)


def test_only_the_pixels_asked_for_are_counted():
    table = seg.confusion(TRUTH, GUESS, 2, where=TRUTH == 1)
    assert table.tolist() == [[0, 0], [1, 2]]


def test_tables_of_several_pictures_add_up():
    rng = np.random.default_rng(0)
    truth, guess = rng.integers(0, 3, (2, 4, 5, 5))
    parts = sum(seg.confusion(t, g, 3) for t, g in zip(truth, guess, strict=True))
    assert np.array_equal(parts, seg.confusion(truth, guess, 3))


def test_foreground_joins_all_objects():
    table = seg.confusion(TRUTH * 2, GUESS, 3)
    joined = seg.confusion(TRUTH > 0, GUESS > 0, 2)
    assert np.array_equal(seg.foreground(table), joined)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (([[0, 1]], [[0]], 2), "shape"),
        (([[0, 2]], [[0, 0]], 2), "classes are 0 … 1"),
        (([[0, 1]], [[0, -1]], 2), "guess holds"),
        (([[0, 1]], [[0.3, 0.7]], 2), "argmax"),
    ],
)
def test_what_cannot_be_counted_is_refused_with_the_remedy(arguments, words):
    with pytest.raises(ValueError, match=words):
        seg.confusion(*arguments)


# ---------------------------------------------------------------- the boundary


def test_the_band_lies_on_both_sides_of_the_boundary():
    truth = np.zeros((7, 9), int)
    truth[:, 4:] = 2
    for width in (1, 2, 3):
        columns = seg.boundary_band(truth, width).all(axis=0)
        assert np.flatnonzero(columns).tolist() == list(range(4 - width, 4 + width))
        assert seg.boundary_band(truth, width).any(axis=0).tolist() == columns.tolist()


def test_pictures_do_not_touch_each_other():
    truth = np.stack([np.zeros((5, 5), int), np.ones((5, 5), int)])
    assert not seg.boundary_band(truth, 2).any()


@settings(deadline=None, max_examples=40)
@given(two_maps(), st.integers(1, 3))
def test_the_band_is_what_a_walk_by_steps_finds(maps, width):
    truth = maps[0].reshape(-1, *maps[0].shape[-2:])
    band = seg.boundary_band(truth, width)
    for picture, found in zip(truth, band, strict=True):
        height, breadth = picture.shape
        for y in range(height):
            for x in range(breadth):
                # in the band: some pixel within width - 1 steps has a neighbour of another class
                rows, columns = slice(max(0, y - width + 1), y + width), slice(max(0, x - width + 1), x + width)
                edge = any(
                    picture[v, u] != picture[max(0, v - 1) : v + 2, max(0, u - 1) : u + 2].min()
                    or picture[v, u] != picture[max(0, v - 1) : v + 2, max(0, u - 1) : u + 2].max()
                    for v in range(height)[rows]
                    for u in range(breadth)[columns]
                )
                assert found[y, x] == edge


def test_the_rim_of_what_is_not_labelled_is_no_boundary():
    truth = np.zeros((5, 9), int)
    truth[:, 3] = 255
    assert not seg.boundary_band(truth, 2, ignore=255).any()
    truth[:, 6:] = 1
    assert np.flatnonzero(seg.boundary_band(truth, 1, ignore=255)[2]).tolist() == [5, 6]
    assert not seg.boundary_band(truth, 4, ignore=255)[:, 3].any()


def test_a_band_of_no_width_is_refused():
    with pytest.raises(ValueError, match="1 or more"):
        seg.boundary_band(TRUTH, 0)


# ---------------------------------------------------------------- regions


def test_components_come_by_size_and_small_ones_can_be_left_out():
    mask = np.array([[1, 1, 0, 1], [0, 0, 0, 1], [1, 0, 0, 1]], bool)
    found = regions.components(mask)
    assert found.sum(axis=(1, 2)).tolist() == [3, 2, 1]
    assert np.array_equal(found.any(axis=0), mask) and (found.sum(axis=0) <= 1).all()
    assert len(regions.components(mask, least=2)) == 2
    assert regions.components(np.zeros((3, 4))).shape == (0, 3, 4)


def test_a_corner_joins_only_when_asked():
    mask = np.eye(3, dtype=bool)
    assert len(regions.components(mask)) == 3 and len(regions.components(mask, diagonal=True)) == 1


def test_objects_of_a_map_have_class_mask_and_box():
    classes = np.zeros((6, 8), int)
    classes[1:3, 1:4], classes[4:6, 2:3], classes[0:2, 6:8] = 2, 2, 1
    found = regions.objects(classes)
    assert found.labels.tolist() == [1, 2, 2]
    assert found.boxes.tolist() == [[6, 0, 8, 2], [1, 1, 4, 3], [2, 4, 3, 6]]
    empty = regions.objects(np.zeros((4, 4), int))
    assert empty.boxes.shape == (0, 4) and empty.masks.shape == (0, 4, 4) and empty.labels.shape == (0,)


def test_a_scene_with_one_whole_flower_gives_its_box_back():
    scene = garden.scene(3, 96)
    alone = [k for k, mask in enumerate(scene.masks) if len(regions.components(mask)) == 1]
    assert alone
    for k in alone:
        found = regions.objects(np.where(scene.masks[k], scene.labels[k] + 1, 0))
        assert np.array_equal(found.boxes[0], scene.boxes[k]) and found.labels[0] == scene.labels[k] + 1


def test_two_discs_that_touch_are_cut_at_their_waist():
    y, x = np.mgrid[:30, :60]
    mask = ((y - 15) ** 2 + (x - 18) ** 2 < 140) | ((y - 15) ** 2 + (x - 40) ** 2 < 140)
    assert len(regions.components(mask)) == 1
    halves = regions.split_at_cores(mask)
    assert len(halves) == 2 and np.array_equal(halves.any(axis=0), mask) and (halves.sum(axis=0) <= 1).all()
    wanted = [[7, 4, 29, 27], [29, 4, 52, 27]]
    for box in wanted:
        assert bx.pairwise_iou([box], bx.around(halves)).max() > 0.85
    assert len(regions.split_at_cores(mask[:, :29])) == 1
    assert regions.split_at_cores(np.zeros((5, 5))).shape == (0, 5, 5)


def test_one_component_takes_one_mask():
    with pytest.raises(ValueError, match=r"mask must be an array of numbers of shape \(height, width\)"):
        regions.components(np.zeros((2, 3, 3)))


# ---------------------------------------------------------------- transposed convolution


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(
    "kernel, stride", [(1, 1), (2, 2), (3, 2), (4, 2), (5, 2), (2, 3), (3, 3), (5, 3), (6, 3), (1, 2), (4, 4)]
)
def test_counts_are_what_keras_computes_from_ones(kernel, stride, padding):
    import keras

    layer = keras.layers.Conv1DTranspose(1, kernel, stride, padding, use_bias=False, kernel_initializer="ones")
    assert touches(7, kernel, stride, padding).tolist() == np.asarray(layer(np.ones((1, 7, 1)))).ravel().tolist()


def test_even_where_the_stride_divides_the_kernel():
    for kernel in range(1, 9):
        for stride in range(1, 5):
            inner = touches(20, kernel, stride)[kernel:-kernel]
            assert (len(set(inner.tolist())) == 1) == (kernel % stride == 0)


def test_numbers_without_meaning_are_refused():
    with pytest.raises(ValueError, match="stride must be a whole number"):
        touches(4, 3, 0)
    with pytest.raises(ValueError, match="padding"):
        touches(4, 3, 2, "full")


def test_a_class_map_shows_every_flower_of_the_scene():
    scene = garden.scene(3, 64)
    found = seg.class_map(scene.masks, scene.labels + 1)
    assert found.shape == (64, 64) and found.dtype == np.int64
    for mask, label in zip(scene.masks, scene.labels, strict=True):
        assert (found[mask] == label + 1).all()
    assert (found[~scene.masks.any(axis=0)] == 0).all()
    np.testing.assert_array_equal(seg.class_map(scene.masks, scene.labels + 1, 2), found[::2, ::2])
    assert (seg.class_map(np.zeros((0, 4, 4), bool), []) == 0).all()
