"""Boxes: what must hold for any two of them, the cases that are easily forgotten, and agreement with Keras."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from utils import garden
from utils.vision import boxes

NUMBERS = st.floats(-1000, 1000, allow_nan=False, width=32)
ANY = arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=4).map(lambda s: (*s, 4)), elements=NUMBERS)


@st.composite
def box(draw):
    """A box in corner form with an area. Quarters add up without rounding."""
    quarter = st.integers(-4000, 4000).map(lambda n: n / 4)
    side = st.integers(1, 4000).map(lambda n: n / 4)
    x, y = draw(quarter), draw(quarter)
    return np.array([x, y, x + draw(side), y + draw(side)])


def counted_iou(a, b):
    """IoU by the definition: count pixels."""
    grid = np.zeros((2, 40, 40), bool)
    for mask, (x0, y0, x1, y1) in zip(grid, (a, b), strict=True):
        mask[y0:y1, x0:x1] = True
    return (grid[0] & grid[1]).sum() / max(1, (grid[0] | grid[1]).sum())


@given(st.lists(st.integers(0, 39), min_size=8, max_size=8))
def test_iou_counts_pixels_and_boxes_are_half_open(corners):
    a, b = corners[:4], corners[4:]
    a, b = ([*np.minimum(c[:2], c[2:]), *np.maximum(c[:2], c[2:])] for c in (a, b))
    assert boxes.iou(a, b) == pytest.approx(counted_iou(a, b))


@given(box(), box())
def test_symmetry_and_range(a, b):
    assert boxes.iou(a, b) == boxes.iou(b, a)
    assert boxes.giou(a, b) == boxes.giou(b, a)
    assert 0 <= boxes.iou(a, b) <= 1 + 1e-12
    assert -1 < boxes.giou(a, b) <= boxes.iou(a, b)
    assert boxes.iou(a, a) == boxes.giou(a, a) == 1


@given(box(), box(), st.integers(-500, 500), st.sampled_from((0.25, 0.5, 2, 8)))
def test_neither_translation_nor_scale_matters(a, b, shift, scale):
    for measure in (boxes.iou, boxes.giou):
        assert measure(a + shift, b + shift) == pytest.approx(measure(a, b), abs=1e-9)
        assert measure(a * scale, b * scale) == pytest.approx(measure(a, b), abs=1e-9)
        assert measure(a * [scale, 1, scale, 1], b * [scale, 1, scale, 1]) == pytest.approx(measure(a, b), abs=1e-9)


@given(box(), st.floats(0.1, 1), st.floats(0.1, 1), st.floats(0, 1), st.floats(0, 1))
def test_of_nested_boxes_iou_is_the_ratio_of_their_areas(outer, width, height, x, y):
    size = outer[2:] - outer[:2]
    start = outer[:2] + size * (1 - np.array([width, height])) * (x, y)
    inner = np.concatenate([start, start + size * (width, height)])
    assert boxes.iou(outer, inner) == pytest.approx(width * height, rel=1e-4)
    assert boxes.giou(outer, inner) == pytest.approx(width * height, rel=1e-4)  # the hull is the outer box itself


@given(box(), box())
def test_boxes_that_move_apart_have_a_falling_giou(a, b):
    width = a[2] - a[0]
    away = [a + [gap + width, 0, gap + width, 0] for gap in (0, width, 5 * width)]
    values = boxes.giou(a, away)
    assert (boxes.iou(a, away) == 0).all()
    assert values[0] == 0 and (np.diff(values) < 0).all()


@given(ANY)
def test_the_two_forms_lead_back_to_each_other(any_boxes):
    assert boxes.to_corner(boxes.to_centre(any_boxes)).shape == any_boxes.shape
    np.testing.assert_allclose(boxes.to_corner(boxes.to_centre(any_boxes)), any_boxes, atol=1e-9)
    np.testing.assert_allclose(boxes.to_centre(boxes.to_corner(any_boxes)), any_boxes, atol=1e-9)


def test_the_forms_by_hand():
    assert boxes.to_centre([10, 20, 40, 30]).tolist() == [25, 25, 30, 10]
    assert boxes.to_corner([[25, 25, 30, 10]]).tolist() == [[10, 20, 40, 30]]
    assert boxes.mirror([10, 20, 40, 30], 100).tolist() == [60, 20, 90, 30]
    assert boxes.resize([10, 20, 40, 30], (100, 200), (50, 50)).tolist() == [2.5, 10, 10, 15]
    assert boxes.area([[10, 20, 40, 30], [0, 0, 0, 5]]).tolist() == [300, 0]


@given(box(), st.integers(1, 900), st.integers(1, 900))
def test_a_clipped_box_is_what_the_frame_shares_with_it(a, height, width):
    clipped = boxes.clip(a, height, width)
    frame = np.array([0, 0, width, height])
    assert (clipped >= 0).all() and (clipped[[0, 2]] <= width).all() and (clipped[[1, 3]] <= height).all()
    whole, part = boxes.area(a), boxes.area(clipped)
    shared = boxes.iou(a, frame) * (whole + width * height) / (1 + boxes.iou(a, frame))
    assert part == pytest.approx(shared, rel=1e-9, abs=1e-6)
    assert (boxes.clip(clipped, height, width) == clipped).all()


@given(ANY, st.integers(1, 500))
def test_a_mirrored_mirror_image_is_the_picture(any_boxes, width):
    np.testing.assert_allclose(boxes.mirror(boxes.mirror(any_boxes, width), width), any_boxes, atol=1e-9)


def test_a_mirrored_box_surrounds_the_mirrored_mask():
    mask = np.zeros((7, 9), bool)
    mask[2:4, 1:6] = True
    assert boxes.mirror(boxes.around(mask), 9).tolist() == boxes.around(mask[:, ::-1]).tolist() == [3, 2, 8, 4]


def test_boxes_around_masks_are_those_of_the_garden():
    one = garden.scene(3, 64)
    assert (boxes.around(one.masks) == one.boxes).all()
    assert boxes.around(np.zeros((2, 5, 5))).tolist() == [[0, 0, 0, 0]] * 2
    assert boxes.around(np.ones((5, 8))).tolist() == [0, 0, 8, 5]
    with pytest.raises(ValueError, match=r"height, width\)"):
        boxes.around([True, False])


def test_any_leading_shape_and_sets_that_are_empty():
    a, b = np.random.default_rng(0).uniform(0, 9, (2, 2, 3, 5, 4))
    assert boxes.iou(a, b).shape == boxes.giou(a, b).shape == boxes.area(a).shape == (2, 3, 5)
    assert boxes.iou(a[0, 0, 0], b[0, 0, 0]).shape == ()
    assert boxes.pairwise_iou(a, b[:, :, :2]).shape == (2, 3, 5, 2)
    assert boxes.pairwise_iou(a, b)[1, 2, 3, 4] == boxes.iou(a[1, 2, 3], b[1, 2, 4])
    assert boxes.pairwise_iou([], [[0, 0, 1, 1]]).shape == (0, 1)
    assert boxes.pairwise_iou([], []).shape == (0, 0)
    assert boxes.iou([], []).shape == (0,)
    for change in (boxes.to_centre, boxes.to_corner, lambda none: boxes.clip(none, 5, 5), lambda none: boxes.mirror(none, 5)):
        assert change([]).shape == (0, 4)


def test_a_box_without_area_overlaps_nothing_not_even_itself():
    point, backwards, good = [3, 3, 3, 3], [9, 9, 1, 1], [0, 0, 10, 10]
    for odd in (point, backwards):
        assert boxes.area(odd) == boxes.iou(odd, odd) == boxes.iou(odd, good) == boxes.iou(good, odd) == 0
        assert -1 <= boxes.giou(odd, good) <= 0 and -1 <= boxes.giou(odd, odd) <= 0


def test_unsigned_pixels_do_not_wrap_round():
    a, b = np.array([[10, 10, 20, 20]], np.uint8), np.array([[250, 250, 255, 255]], np.uint8)
    assert boxes.iou(a, b).tolist() == [0]
    assert boxes.to_centre(b).tolist() == [[252.5, 252.5, 5, 5]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_is_refused_with_its_name(bad):
    good, spoilt = [[0, 0, 1, 1]], [[0, 0, 1, bad]]
    for measure in (boxes.iou, boxes.giou, boxes.pairwise_iou):
        with pytest.raises(ValueError, match="^b holds NaN or infinity"):
            measure(good, spoilt)
    for change in (boxes.to_centre, boxes.to_corner, boxes.area):
        with pytest.raises(ValueError, match="NaN or infinity"):
            change(spoilt)


@pytest.mark.parametrize("bad", [[1, 2, 3], 5, [[1, 2, 3, 4, 5]], [[1, 2], [3, 4, 5]], "box", [[]], None])
def test_what_is_no_box_is_refused(bad):
    with pytest.raises(ValueError, match="four"):
        boxes.area(bad)


def test_sets_of_different_size_are_pointed_to_the_pairwise_function():
    with pytest.raises(ValueError, match="pairwise_iou"):
        boxes.iou(np.zeros((2, 4)), np.zeros((3, 4)))
    with pytest.raises(ValueError, match=r"\(n, 4\)"):
        boxes.pairwise_iou([0, 0, 1, 1], [[0, 0, 1, 1]])


def test_the_arguments_stay_as_they_were():
    a = np.array([[-5.0, -5, 50, 50]])
    boxes.clip(a, 10, 10), boxes.mirror(a, 10), boxes.iou(a, a), boxes.to_centre(a)
    assert a.tolist() == [[-5, -5, 50, 50]]


class TestAgreementWithKeras:
    """keras.utils.bounding_boxes: in Keras from 3.7 on, while the course runs from 3.5 on."""

    @pytest.fixture
    def keras_boxes(self):
        import keras

        return getattr(keras.utils, "bounding_boxes", None) or pytest.skip("this Keras has no keras.utils.bounding_boxes")

    def test_on_random_boxes(self, keras_boxes):
        rng = np.random.default_rng(1)
        start = rng.uniform(0, 80, (2, 3, 6, 2))
        a, b = np.concatenate([start, start + rng.uniform(1, 60, start.shape)], axis=-1).astype(np.float32)
        ours, theirs = boxes.pairwise_iou(a, b), np.asarray(keras_boxes.compute_iou(a, b, "xyxy"))
        assert ours.shape == theirs.shape == (3, 6, 6)
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
        assert (ours > 0.1).sum() > 10
        centre = keras_boxes.convert_format(a, source="xyxy", target="center_xywh")
        np.testing.assert_allclose(boxes.to_centre(a), np.asarray(centre), atol=1e-4)
        clipped = keras_boxes.clip_to_image_size(
            {"boxes": a, "labels": np.zeros((3, 6), np.float32)}, height=70, width=90, bounding_box_format="xyxy"
        )
        inside = boxes.area(boxes.clip(a, 70, 90)) > 0  # Keras marks what is left without area by -1
        np.testing.assert_allclose(boxes.clip(a, 70, 90)[inside], np.asarray(clipped["boxes"])[inside], atol=1e-4)


def test_a_tensor_is_a_set_of_boxes_too():
    import keras

    tensor = keras.ops.convert_to_tensor([[0.0, 0, 10, 10], [0, 0, 10, 5]])
    assert boxes.iou(tensor, tensor[:1]).tolist() == [1, 0.5]


@given(box(), box())
def test_giou_is_iou_less_the_empty_share_of_the_hull(a, b):
    hull = np.concatenate([np.minimum(a, b)[:2], np.maximum(a, b)[2:]])
    union = (boxes.area(a) + boxes.area(b)) / (1 + boxes.iou(a, b))
    expected = boxes.iou(a, b) - (boxes.area(hull) - union) / boxes.area(hull)
    assert boxes.giou(a, b) == pytest.approx(expected, abs=1e-9)
