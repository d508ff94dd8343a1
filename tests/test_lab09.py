"""Lab 09: its scenes, its pretrained encoder, its ways to part flowers; and what it teaches, on photos with exact masks."""

import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils import data, garden
from utils.lessons.lab09 import colours, crops, figures, instances, recipe
from utils.vision import losses, unet
from utils.vision import segmentation as seg

ARCHIVE = Path(os.environ.get("COURSE_DATA", "")) / "oxford17_flowers.tgz"
FLOWER, NOBODY_KNOWS = 1, 0  # labels of these masks; the others are background of three kinds


@pytest.fixture(scope="module")
def scenes():
    return recipe.drawn(12, seed=5)


# ---------------------------------------------------------------- scenes


def test_class_maps_are_every_second_pixel_of_the_exact_masks(scenes):
    exact = garden.scenes(12, recipe.SIZE, seed=5)
    assert np.array_equal(scenes.images, exact.images)
    for k in range(12):
        for number, (mask, label) in enumerate(zip(exact.masks[k], exact.classes[k], strict=True), start=1):
            small = mask[::2, ::2]
            assert (scenes.classes[k][small] == label + 1).all() and (scenes.flowers[k][small] == number).all()
        assert ((scenes.flowers[k] > 0) == exact.masks[k].any(axis=0)[::2, ::2]).all()


def test_crops_show_the_pixels_of_their_map(scenes):
    cut = crops.cut(scenes, seed=3)
    assert cut.images.shape == (12, 48, 48, 3) and cut.classes.shape == (12, 24, 24)
    for image, classes, whole, labels in zip(cut.images, cut.classes, scenes.images, scenes.classes, strict=True):
        corners = [(y, x) for y in range(25) for x in range(25) if np.array_equal(labels[y : y + 24, x : x + 24], classes)]
        assert any(np.array_equal(whole[2 * y : 2 * y + 48, 2 * x : 2 * x + 48], image) for y, x in corners)


def test_saturation_of_known_colours():
    assert colours.saturation([[255, 0, 0], [90, 90, 90], [10, 40, 200]]).tolist() == [255, 0, 190]


def test_faded_pictures_lose_their_colour_and_keep_their_brightness(scenes):
    grey = colours.faded(scenes.images, 0)
    assert colours.saturation(grey).max() == 0
    assert np.array_equal(colours.faded(scenes.images, 1), scenes.images)
    assert np.abs(grey.mean(axis=-1) - scenes.images.mean(axis=-1)).max() <= 0.5


def test_augmentation_mirrors_picture_and_map_together(scenes):
    marked = np.repeat(np.repeat(scenes.classes, 2, axis=1), 2, axis=2)[..., None] * np.ones(3)
    for varied in (False, True):
        images, classes = (np.asarray(each) for each in colours.augmented(marked.astype(np.uint8), scenes.classes, varied))
        turned = [not np.array_equal(each, before) for each, before in zip(classes, scenes.classes, strict=True)]
        assert 0 < sum(turned) < 12
        for image, each in zip(images[:, ::2, ::2, 0], classes, strict=True):
            background = image[each == 0]
            assert np.ptp(background) < 1e-3 and (np.abs(image[each > 0] - background[0]) >= 0).all()
            if not varied:
                assert np.array_equal(image, each)


def test_the_threshold_is_the_best_of_those_tried(scenes):
    best = recipe.best_threshold(scenes.images, scenes.classes)
    flower, saturation = scenes.classes > 0, colours.saturation(scenes.images)[:, ::2, ::2]
    ious = {each: seg.iou(seg.confusion(flower, saturation > each, 2))[1] for each in range(10, 250, 10)}
    assert ious[best] == max(ious.values())


def test_the_score_of_the_truth_is_perfect(scenes):
    band = seg.boundary_band(scenes.classes)
    perfect = recipe.score(scenes.classes, scenes.classes, band)
    assert (perfect.accuracy, perfect.mean_iou, perfect.flower, perfect.band) == (1, 1, 1, 1)
    wrong_kind = np.where(scenes.classes > 0, scenes.classes % 5 + 1, 0)
    assert recipe.score(scenes.classes, wrong_kind, band).flower == 1 > recipe.score(scenes.classes, wrong_kind, band).accuracy


# ---------------------------------------------------------------- networks


def test_a_network_that_begins_anew_has_new_weights_and_no_memory(scenes):
    small = crops.cut(scenes, seed=3)
    model, fresh = crops.network(), crops.network()
    fit = recipe.trainer(model, small.images, small.classes, epochs=1, loss=losses.CrossEntropy())
    fit()
    assert int(model.optimizer.iterations) == 2 and any(np.any(np.asarray(each)) for each in model.optimizer.variables)
    recipe.restart(model, fresh)
    assert all(np.array_equal(*pair) for pair in zip(model.get_weights(), fresh.get_weights(), strict=True))
    assert not any(np.any(np.asarray(each)) for each in model.optimizer.variables)
    rate = model.optimizer.learning_rate
    assert float(rate) == pytest.approx(4e-3)
    fit()
    assert int(model.optimizer.iterations) == 2


def test_the_network_with_seams_begins_where_the_other_ended(scenes):
    network = unet.encoder_decoder(96, 6, *recipe.WIDTHS)
    longer = instances.seam_network(network)
    before, after = (np.asarray(model(scenes.images[:2])) for model in (network, longer))
    assert after.shape == (2, 48, 48, 7) and np.allclose(before, after[..., :6], atol=1e-5)


def test_the_pretrained_encoder_gives_maps_at_three_strides_and_the_decoder_reads_them(scenes):
    import keras

    base = keras.applications.Xception(weights=None, include_top=False, input_shape=(99, 99, 3))
    maps = recipe.cached(recipe.encoder(base), scenes.images, batch=8)
    assert [each.shape for each in maps] == [(12, 24, 24, 128), (12, 12, 12, 256), (12, 6, 6, 728)]
    one = recipe.cached(recipe.encoder(base), scenes.images[9:10], batch=8)
    assert all(np.allclose(each[9:10], alone, atol=1e-2) for each, alone in zip(maps, one, strict=True))
    assert recipe.pretrained_decoder(maps, *recipe.WIDTHS).output_shape == (None, 48, 48, 6)


# ---------------------------------------------------------------- single flowers


def two_that_touch():
    flowers = np.zeros((1, 12, 12), int)
    flowers[0, 2:6, 1:5], flowers[0, 2:6, 5:9], flowers[0, 8:11, 1:4] = 1, 2, 3
    return recipe.Drawn(np.zeros((1, 24, 24, 3), np.uint8), (flowers > 0).astype(int), flowers)


def test_flowers_that_touch_are_counted_as_merged():
    scenes = two_that_touch()
    assert instances.merged(scenes, 1) == pytest.approx(2 / 3)
    boxes = instances.truth(scenes, 1)
    assert boxes[0].tolist() == [[1, 2, 5, 6], [5, 2, 9, 6], [1, 8, 4, 11]]
    found = instances.whole(scenes.classes, 1)
    assert instances.recall(boxes, found) == pytest.approx(2 / 3)  # one of the two gets the box of both: IoU 0.5
    assert instances.precision(boxes, found) == 1
    assert instances.clearest_merger(scenes) == 0


def test_seams_part_flowers_that_touch():
    scenes = two_that_touch()
    seams = instances.with_seams(scenes)
    assert (seams == instances.SEAM).sum() == 8 and (seams[0, 2:6, 4:6] == instances.SEAM).all()
    assert instances.recall(instances.truth(scenes, 1), instances.by_seams(seams, 1)) == 1


def test_a_map_without_flowers_has_no_box():
    boxes, empty = instances.truth(two_that_touch(), 1), np.zeros((1, 12, 12), int)
    for found in (instances.whole(empty, 1), instances.cut(empty, 1), instances.by_seams(empty, 1)):
        assert [each.shape for each in found] == [(0, 4)]
        assert instances.recall(boxes, found) == 0 == instances.precision(boxes, found)


def test_masks_against_boxes():
    masks = np.zeros((2, 10, 10), bool)
    masks[0, 2:6, 3:8] = True
    fits, outside, wider = np.array([[6, 4, 16, 12]]), np.array([[0, 0, 2, 2]]), np.array([[6, 4, 16, 12], [6, 4, 16, 20]])
    assert instances.against_boxes(masks, [fits, np.zeros((0, 4))], 2) == (1, 1)
    assert instances.against_boxes(masks, [outside, np.zeros((0, 4))], 2) == (0, 0)
    assert instances.against_boxes(masks, [wider, np.zeros((0, 4))], 2) == (1, 0.5)
    assert np.isnan(instances.against_boxes(masks[:1], [np.zeros((0, 4))], 2)).all()


def test_intervals_are_students():
    (mean, half), _ = figures.mean_and_interval([[1, 0], [2, 0], [3, 0]])
    assert mean == 2 and half == pytest.approx(4.303 / np.sqrt(3), rel=1e-3)


# ---------------------------------------------------------------- drawn scenes to real photos


def photos_with_masks():
    """(images uint8 (n, 96, 96, 3), masks (n, 48, 48)) of COURSE_DATA's photos with exact masks."""
    images, masks = [], []
    with tarfile.open(ARCHIVE) as archive:
        for name in sorted(member.name for member in archive if member.name.endswith(".jpg")):
            for path, size, way, into in ((name, 96, Image.BILINEAR, images), (name[:-3] + "png", 48, Image.NEAREST, masks)):
                picture = Image.open(io.BytesIO(archive.extractfile(path).read()))
                picture = picture.convert("RGB") if into is images else picture
                into.append(np.asarray(picture.resize((size, size), way)))
    return np.stack(images), np.stack(masks)


def flower_iou(masks, flower):
    known = np.where(masks == NOBODY_KNOWS, 255, masks == FLOWER)
    return seg.iou(seg.confusion(known, flower, 2, ignore=255))[1]


@pytest.mark.slow
@pytest.mark.skipif(
    not ARCHIVE.is_file(), reason="needs photos with masks: set COURSE_DATA to a folder with oxford17_flowers.tgz"
)
def test_networks_that_know_only_drawings_find_flowers_on_photos():
    drawn = recipe.drawn(480, seed=901)
    images, masks = photos_with_masks()
    threshold = recipe.best_threshold(drawn.images, drawn.classes)
    rival = flower_iou(masks, colours.saturation(images)[:, ::2, ::2] > threshold)
    options = {"epochs": recipe.EPOCHS, "loss": losses.CrossEntropy()}
    try:
        encoder = recipe.encoder(data.pretrained("xception", size=99))
    except data.Missing as error:
        pytest.skip(str(error))
    maps, maps_of_photos = (recipe.cached(encoder, each) for each in (drawn.images, images))
    print(f"\nflower IoU on {len(images)} photos: saturation {rival:.3f}", end="")
    for seed in range(3):
        scratch = unet.encoder_decoder(recipe.SIZE, len(recipe.CLASSES), *recipe.WIDTHS)
        recipe.train(scratch, drawn.images, drawn.classes, seed=seed, **options)
        alone = flower_iou(masks, recipe.predict(scratch, images) > 0)
        pretrained = recipe.pretrained_decoder(maps, *recipe.WIDTHS)
        recipe.train(pretrained, [drawn.images, *maps], drawn.classes, seed=seed, **options)
        better = flower_iou(masks, recipe.predict(pretrained, [images, *maps_of_photos]) > 0)
        print(f"; seed {seed}: from scratch {alone:.3f}, pretrained {better:.3f}", end="")
        assert alone >= rival + 0.05
        assert better >= 0.85


def test_unlabelled_pixels_of_those_photos_count_nowhere():
    masks = np.array([[[FLOWER, NOBODY_KNOWS, 3, 2]]])
    assert flower_iou(masks, np.array([[[1, 1, 0, 0]]])) == flower_iou(masks, np.array([[[1, 0, 0, 0]]])) == 1
    assert flower_iou(masks, np.array([[[1, 0, 1, 0]]])) == 0.5
