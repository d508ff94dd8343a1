"""Lab 08's own programs: windows stand where they are said to, recorded detections are judged as pycocotools judges them."""

import numpy as np
import pytest

from tests.test_average_precision import pycocotools
from utils import garden
from utils.lessons.lab08 import plans, recorded
from utils.vision import average_precision as ap
from utils.vision import windows
from utils.vision.boxes import pairwise_iou
from utils.vision.nms import suppress

SIZE = 46


def test_a_window_shows_what_its_place_says():
    picture = np.random.default_rng(0).integers(0, 256, (192, 192, 3), np.uint8)
    boxes, crops = windows.places(192, SIZE).astype(int), windows.cut_out(picture, SIZE)
    assert len(boxes) == len(crops) == 19 * 19 + 7 * 7 + 3 * 3
    assert boxes.min() == 0 and boxes.max() <= 192
    for k in (0, 5, 360, 361, 400, 418):
        x0, y0, x1, y1 = boxes[k]
        scale = (x1 - x0) // SIZE
        cut = picture[y0:y1, x0:x1].reshape(SIZE, scale, SIZE, scale, 3).mean(axis=(1, 3))
        assert np.abs(cut - crops[k]).max() <= 1  # Pillow rounds rows and columns one after the other


def test_training_windows_show_their_flower_or_none():
    scenes = garden.scenes(10, 192, seed=3_000_001)
    x, y = windows.training_set(scenes, SIZE, count=6)
    assert x.shape == (len(y), SIZE, SIZE, 3) and x.dtype == np.float32
    assert set(y) <= set(range(6)) and (y == windows.BACKGROUND).sum() >= 6 * windows.EACH
    assert set(y[y != windows.BACKGROUND]) <= {int(label) for each in scenes.classes[:6] for label in each}
    again = windows.training_set(scenes, SIZE, count=6)
    np.testing.assert_array_equal(x, again[0])


def test_what_slides_reports_flowers_and_never_background():
    logits = np.full((419, 6), -5.0)
    logits[:, windows.BACKGROUND] = 5
    logits[3], logits[400] = [9, 0, 0, 0, 0, 0], [0, 0, 0, 0, 8, 0]
    found = windows.detections(logits, 192, SIZE)
    assert found.labels.tolist() == [0, 4] and (found.scores > 0.9).all()
    np.testing.assert_array_equal(found.boxes, windows.places(192, SIZE)[[3, 400]])


@pytest.mark.parametrize("name", ["weak", "strong"])
def test_recorded_detections_get_the_average_precision_of_pycocotools(name):
    found, true = [suppress(each) for each in recorded.found(name)], recorded.true()
    official = pycocotools_of_five(found, true)
    assert ap.mean_average_precision(found, true, limit=100) == pytest.approx(official[1], abs=1e-9)
    assert ap.coco_average(found, true) == pytest.approx(official[0], abs=1e-9)


def pycocotools_of_five(found, true):
    import tests.test_average_precision as judge

    before, judge.CLASSES = judge.CLASSES, 5
    try:
        return pycocotools(found, true)[0]
    finally:
        judge.CLASSES = before


def test_recorded_scenes_are_the_gardens():
    true = recorded.true()
    assert len(true) == recorded.COUNT
    scenes = recorded.scenes()
    # a pixel at the rim may differ from one machine to another
    for one, boxes, labels in zip(true, scenes.boxes, scenes.classes, strict=True):
        assert len(one.boxes) == len(boxes) and (one.labels == labels).all()
        assert (np.diag(pairwise_iou(one.boxes, boxes)) > 0.8).all()


def test_a_weak_and_a_strong_detector_were_recorded():
    true = recorded.true()
    weak, strong = (
        ap.mean_average_precision([suppress(each) for each in recorded.found(name)], true) for name in ("weak", "strong")
    )
    assert 0.03 < weak < 0.25 and 0.45 < strong < 0.8


def test_without_weights_the_detector_reads_pictures():
    plan = plans.plan(None)
    scenes = garden.scenes(2, plan.grid.size, seed=3_000_002)
    maps = plans.read(plan, None, scenes.images)
    assert [each.shape for each in maps] == [(2, 96, 96, 3)]
    model = plans.network(plan, maps)
    assert model.output_shape == (None, plan.grid.cells, plan.grid.cells, plan.grid.channels)
    targets = np.stack([plan.grid.encode(*each) for each in zip(scenes.boxes, scenes.classes, strict=True)])
    (pictures, wanted), *_ = plans.batches(plans.Plan("", plan.grid, (), 1, batch=2), maps, targets).as_numpy_iterator()
    assert pictures.shape == (2, 96, 96, 3) and wanted.shape == (2, *targets.shape[1:])
