"""Level 1: what is no picture, label, box or model ends in a sentence of ours that names the argument, never inside a library."""

import traceback
from pathlib import Path

import keras
import numpy as np
import pytest

import utils
from utils import batches, digits, training, transfer
from utils.garden.arguments import class_numbers, network, numbers
from utils.ledger import ledger, measure
from utils.training.schedule import warmup_cosine
from utils.vision import (
    agreement,
    average_precision,
    boxes,
    cam,
    components,
    detections,
    formats,
    gradients,
    grid,
    matching,
    nms,
    occlusion,
    segmentation,
    sliding,
    trial,
)
from utils.vision import augment as vision_augment

OURS = Path(utils.__file__).parent
RNG = np.random.default_rng(0)
DIGITS = RNG.random((3, 28, 28, 1)).astype("float32")
PHOTOS = RNG.integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
LABELS = np.array([0, 1, 2])
BOXES = np.array([[1.0, 2, 5, 6], [3, 3, 9, 9]])
FOUND = TRUE = detections.Detections(BOXES, np.array([0, 1]), np.array([0.9, 0.8]))


def small(shape, classes=3):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(classes)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


CLASSIFIER = small((28, 28, 1))
BASE = keras.Sequential(
    [keras.Input((16, 16, 3)), keras.layers.Conv2D(4, 3), keras.layers.Conv2D(4, 3, name="upper")], name="base"
)
LOWER, UPPER = transfer.cut(BASE, "upper")
CACHED = transfer.activations(LOWER, PHOTOS, label="")
TOP = transfer.top(UPPER, 3)
GRID = grid.Grid(16, 4, 3)
FLOATS = transfer.scale(PHOTOS)
ENDS = [keras.layers.Conv2D(4, 3, activation="relu"), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3)]
POOLED = keras.Sequential([keras.Input((16, 16, 3)), *ENDS], name="pooled")
MAPS, MASKS = RNG.random((3, 16, 16)), PHOTOS[..., 0] > 128
CLASS_MAPS = RNG.integers(0, 3, (2, 8, 8))

# What each kind of argument must not be. "nan" goes where floats go, "empty" where there must be one example.
NAN = {"NaN": lambda good: np.where(np.arange(np.size(good)).reshape(np.shape(good)) == 0, np.nan, np.asarray(good, float))}
NO_ARRAY = {
    "nothing": lambda good: None,
    "a word": lambda good: "flowers",
    "words": lambda good: np.full(np.shape(good), "a"),
    "rows of different lengths": lambda good: [[1, 2], [3]],
    "complex": lambda good: np.asarray(good) * 1j,
}
EMPTY = {"empty": lambda good: np.asarray(good)[:0]}
SHAPE = {"an axis more": lambda good: np.asarray(good)[..., None, None], "one number": lambda good: 3}
ARRAY = {**NO_ARRAY, **EMPTY, **NAN, **SHAPE}
BOX = {**NO_ARRAY, **NAN, "five numbers": lambda good: np.zeros((2, 5)), "one number": lambda good: 3}
CLASS = {
    **ARRAY,
    "one too many": lambda good: [*np.asarray(good), 0],
    "one-hot": lambda good: np.eye(3)[np.asarray(good)],
    "halves": lambda good: np.asarray(good) + 0.5,
}
MODEL = {
    "nothing": lambda good: None,
    "a class": lambda good: keras.Model,
    "a name": lambda good: "xception",
    "an array": lambda good: PHOTOS,
}

# function, good arguments, {argument: what it must not be}
CALLS = [
    (
        batches.batches,
        {"inputs": DIGITS, "targets": LABELS, "batch": 2},
        {"inputs": NO_ARRAY | EMPTY | NAN, "targets": EMPTY | NAN},
    ),
    (
        training.fit,
        {"model": CLASSIFIER, "x": DIGITS, "y": LABELS},
        {"model": MODEL, "x": NO_ARRAY | EMPTY | NAN, "y": EMPTY | NAN},
    ),
    (digits.permute, {"images": DIGITS, "order": np.arange(784)}, {"images": NO_ARRAY | EMPTY | NAN, "order": ARRAY}),
    (digits.shift, {"images": DIGITS, "rows": 1, "columns": 2}, {"images": ARRAY}),
    (digits.probabilities, {"model": CLASSIFIER, "images": DIGITS}, {"model": MODEL, "images": ARRAY}),
    (digits.right, {"model": CLASSIFIER, "images": DIGITS, "labels": LABELS}, {"model": MODEL, "images": ARRAY, "labels": CLASS}),
    (
        digits.error_by_shift,
        {"model": CLASSIFIER, "images": DIGITS, "labels": LABELS, "shifts": [0, 1]},
        {"model": MODEL, "images": ARRAY, "labels": CLASS},
    ),
    (digits.accuracy_curve, {"images": DIGITS, "labels": LABELS, "steps": 3}, {"images": ARRAY, "labels": CLASS}),
    (transfer.scale, {"images": PHOTOS}, {"images": NO_ARRAY | EMPTY | NAN}),
    (transfer.cut, {"model": BASE, "layer": "upper"}, {"model": MODEL}),
    (transfer.outputs, {"model": LOWER, "inputs": PHOTOS}, {"model": MODEL, "inputs": ARRAY}),
    (transfer.activations, {"lower": LOWER, "images": PHOTOS, "label": ""}, {"lower": MODEL, "images": ARRAY}),
    (
        transfer.linear_head,
        {"features": RNG.random((3, 4)), "labels": LABELS},
        {"features": ARRAY, "labels": CLASS | {"a single class": lambda good: np.zeros(3, int)}},
    ),
    (transfer.top, {"upper": UPPER, "classes": 3}, {"upper": MODEL | {"a vector at the end": lambda good: CLASSIFIER}}),
    (
        transfer.tune,
        {"model": TOP, "views": [CACHED], "labels": LABELS, "photos": np.arange(3), "epochs": 1, "label": ""},
        {"model": MODEL, "labels": CLASS, "photos": ARRAY | {"beyond": lambda good: [7], "a mask": lambda good: [True] * 3}},
    ),
    (
        transfer.join,
        {"lower": LOWER, "model": TOP},
        {"lower": MODEL, "model": MODEL | {"another shape": lambda good: CLASSIFIER}},
    ),
    (transfer.softmax, {"logits": RNG.random((3, 4))}, {"logits": ARRAY}),
    (ledger, {"model": CLASSIFIER}, {"model": MODEL}),
    (measure.measure_training_peak, {"model": CLASSIFIER, "batch": 1}, {"model": MODEL}),
    (boxes.iou, {"a": BOXES, "b": BOXES}, {"a": BOX, "b": BOX}),
    (boxes.giou, {"a": BOXES, "b": BOXES}, {"a": BOX, "b": BOX}),
    (boxes.pairwise_iou, {"a": BOXES, "b": BOXES}, {"a": BOX, "b": BOX}),
    (boxes.area, {"boxes": BOXES}, {"boxes": BOX}),
    (boxes.to_centre, {"boxes": BOXES}, {"boxes": BOX}),
    (boxes.to_corner, {"boxes": BOXES}, {"boxes": BOX}),
    (boxes.clip, {"boxes": BOXES, "height": 4, "width": 4}, {"boxes": BOX}),
    (boxes.mirror, {"boxes": BOXES, "width": 16}, {"boxes": BOX}),
    (boxes.resize, {"boxes": BOXES, "old": (16, 16), "new": (8, 8)}, {"boxes": BOX}),
    (boxes.around, {"masks": PHOTOS[..., 0] > 99}, {"masks": {"a line": lambda good: [1, 0], "words": lambda good: [["a"]]}}),
    (
        agreement.agreement,
        {"first": [BOXES], "second": [BOXES]},
        {"first": {"a picture more": lambda good: [BOXES, BOXES]} | {"words": lambda good: ["a"]}},
    ),
    (
        detections.checked,
        {"boxes": BOXES, "labels": [0, 1], "name": "the picture"},
        {"boxes": BOX, "labels": CLASS},
    ),
    (nms.nms, {"boxes": BOXES, "scores": [0.9, 0.8]}, {"boxes": BOX, "scores": NO_ARRAY | NAN | SHAPE}),
    (
        matching.match,
        {"found": BOXES, "true": BOXES},
        {"found": BOX, "true": BOX},
    ),
    (
        average_precision.mean_average_precision,
        {"found": [FOUND], "true": [TRUE]},
        {
            "found": {"one picture": lambda good: FOUND, "none": lambda good: [], "boxes": lambda good: [BOXES]},
            "true": {"boxes": lambda good: [BOXES]},
        },
    ),
    (GRID.encode, {"boxes": BOXES, "labels": [0, 1]}, {"boxes": BOX, "labels": CLASS}),
    (GRID.decode, {"target": GRID.encode(BOXES, [0, 1])}, {"target": NO_ARRAY | NAN | SHAPE}),
    (GRID.detections, {"answer": np.zeros((4, 4, 8))}, {"answer": NO_ARRAY | NAN | SHAPE}),
    (sliding.windows, {"image": PHOTOS[0], "size": 8, "step": 4}, {"image": NO_ARRAY | SHAPE}),
    (sliding.fully_convolutional, {"classifier": CLASSIFIER}, {"classifier": MODEL}),
    (
        vision_augment.diagnosis,
        {"first_epoch": DIGITS, "second_epoch": DIGITS, "originals": DIGITS},
        {"first_epoch": EMPTY | SHAPE},
    ),
    (vision_augment.motion, {"picture": vision_augment.addresses(20, 30)}, {"picture": NO_ARRAY | EMPTY | SHAPE}),
    (
        vision_augment.rand_augment,
        {"image": PHOTOS[0], "count": 1, "magnitude": 0.5, "rng": RNG},
        {"image": ARRAY},
    ),
    *(
        (explain, {"model": POOLED, "images": FLOATS, **more}, {"model": MODEL, "images": ARRAY})
        for explain, more in (
            (cam.class_activation_map, {}),
            (cam.grad_cam, {}),
            (gradients.gradient, {}),
            (gradients.gradient_times_input, {}),
            (gradients.smooth_grad, {"samples": 1}),
            (gradients.integrated_gradients, {"steps": 1}),
            (gradients.guided_backpropagation, {}),
            (occlusion.occlusion, {"patch": 8}),
            (trial.deletion, {"maps": MAPS, "steps": 2}),
            (trial.insertion, {"maps": MAPS, "steps": 2}),
        )
    ),
    (
        trial.pointing_game,
        {"maps": MAPS, "masks": MASKS},
        {"maps": ARRAY, "masks": EMPTY | SHAPE | {"halves": lambda good: good / 2}},
    ),
    (trial.energy_inside, {"maps": MAPS, "masks": MASKS}, {"maps": ARRAY}),
    (trial.rank_correlation, {"maps": MAPS, "others": MAPS}, {"maps": ARRAY}),
    (trial.kernel_layers, {"model": POOLED}, {"model": MODEL}),
    (cam.upsample, {"maps": MAPS, "size": (32, 32)}, {"maps": NO_ARRAY | EMPTY | SHAPE}),
    (segmentation.confusion, {"truth": CLASS_MAPS, "guess": CLASS_MAPS, "classes": 3}, {"truth": NO_ARRAY | NAN | SHAPE}),
    (segmentation.boundary_band, {"truth": CLASS_MAPS}, {"truth": NO_ARRAY | NAN}),
    (components.components, {"mask": MASKS[0]}, {"mask": SHAPE | {"words": lambda good: np.full(good.shape, "a")}}),
    (
        lambda **each: formats.Picture("a.jpg", 16, 16, **each),
        {"boxes": BOXES, "labels": ["rose", "tulip"]},
        {"boxes": BOX, "labels": {"one too many": lambda good: [*good, "tulip"]}},
    ),
]


def name_of(function):
    return getattr(function, "__qualname__", str(function)).replace("<lambda>", "Picture")


BAD = [
    pytest.param(function, good, argument, change, id=f"{name_of(function)}-{argument}-{what}".replace(" ", "_"))
    for function, good, arguments in CALLS
    for argument, changes in arguments.items()
    for what, change in changes.items()
]


@pytest.mark.parametrize("function, good, argument, change", BAD)
def test_what_it_must_not_be_gets_a_sentence(function, good, argument, change):
    with pytest.raises((ValueError, TypeError)) as caught:
        function(**{**good, argument: change(good[argument])})
    last = traceback.extract_tb(caught.value.__traceback__)[-1].filename
    assert OURS in Path(last).parents, f"{last} speaks: {caught.value}"
    said = str(caught.value)
    assert 15 < len(said) < 400 and "\n" not in said and said.rstrip().endswith((".", "?", ")")), said


@pytest.mark.parametrize(
    "function, good", [pytest.param(f, good, id=name_of(f)) for f, good, _ in CALLS if f is not measure.measure_training_peak]
)
def test_the_good_ones_are_taken(function, good):
    function(**good)


ONE = [
    (digits.right, {"model": CLASSIFIER, "images": DIGITS[:1], "labels": [0]}),
    (digits.shift, {"images": DIGITS[:1], "rows": 40, "columns": -40}),
    (transfer.outputs, {"model": LOWER, "inputs": PHOTOS[:1], "batch": 1}),
    (transfer.tune, {"model": TOP, "views": [CACHED[:1]], "labels": [2], "photos": [0], "epochs": 1, "label": ""}),
    (training.fit, {"model": CLASSIFIER, "x": DIGITS[:1], "y": [1]}),
    (transfer.softmax, {"logits": [[0.0]]}),
]


@pytest.mark.parametrize("function, arguments", [pytest.param(*each, id=name_of(each[0])) for each in ONE])
def test_one_example_is_enough(function, arguments):
    function(**arguments)


def test_a_scaled_picture_is_not_scaled_again():
    with pytest.raises(ValueError, match="255 \\* images"):
        transfer.scale(PHOTOS / 255)
    with pytest.raises(ValueError, match="scaled already"):
        transfer.scale(PHOTOS / 127.5 - 1)
    assert transfer.scale(PHOTOS.astype(float)).max() <= 1
    assert (transfer.scale(np.zeros((2, 2, 3))) == -1).all()  # a black photo


def test_several_inputs_and_targets():
    dataset = batches.batches({"image": DIGITS}, (LABELS, DIGITS[:, 0, 0]), 3)
    inputs, targets = next(iter(dataset))
    assert inputs["image"].shape == (3, 28, 28, 1) and len(targets) == 2
    with pytest.raises(ValueError, match="one length"):
        batches.batches({"image": DIGITS}, (LABELS, LABELS[:2]), 3)


def test_an_endless_dataset_and_a_model_that_is_not_compiled():
    with pytest.raises(ValueError, match="repeat"):
        training.fit(CLASSIFIER, batches.batches(DIGITS, LABELS, 1).repeat())
    with pytest.raises(ValueError, match="compile"):
        training.fit(keras.Sequential([keras.layers.Dense(1)]), DIGITS, LABELS)
    with pytest.raises(TypeError, match="tf.data.Dataset"):
        training.fit(CLASSIFIER, DIGITS)


@pytest.mark.parametrize("settings", [{"steps": 0}, {"peak": -1}, {"peak": "0.1"}, {"warmup": 2}, {"warmup": float("nan")}])
def test_no_schedule(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        warmup_cosine(**{"steps": 10, "peak": 0.1, "warmup": 0.1, **settings})


def test_a_budget_too_small_for_any_network():
    with pytest.raises(ValueError, match="budget"):
        digits.widest(digits.mlp, 100)


@pytest.mark.parametrize("make", [list, tuple, np.float64, np.int8, "tensor", "float16"])
def test_numbers_takes_arrays_of_any_make(make):
    values = {"tensor": lambda x: keras.ops.convert_to_tensor(x), "float16": lambda x: np.float16(x)}.get(make, make)(
        [[1, 2], [3, 4]]
    )
    assert numbers("x", values, "(n, 2)").tolist() == [[1, 2], [3, 4]]


def test_class_numbers_and_network_keep_what_is_right():
    assert class_numbers("labels", [0.0, 2.0], 2, "photos", 3).dtype == "int64"
    with pytest.raises(ValueError, match="up to 3"):
        class_numbers("labels", [0, 3], 2, "photos", 3)
    assert network("model", CLASSIFIER) is CLASSIFIER
