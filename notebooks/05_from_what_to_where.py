# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown] tags=["slide"]
# # Lecture 05 · From what to where
#
# *A classifier says "tulip". There are four flowers in the picture. Which one did it
# mean, where is it, and what about the other three?*
#
# One scene goes all the way in this lecture: from one word for the picture to one word
# for each pixel. After it you can
#
# - name the four questions, *classification*, *localization*, *detection* and
#   *segmentation*, and the last layer that answers each;
# - say what a sliding window costs, and why a fully convolutional network gives the
#   same answers for less;
# - explain objectness, anchors, non-maximum suppression and the loss of YOLO;
# - read a precision–recall curve, and say what an AP leaves open;
# - place a detector that you read about: one stage or two, anchors or none.
#
# **You will learn** how one network's question changes from what to where: boxes,
# sliding windows, detectors, average precision, and a class for every pixel.

# %% tags=["skip"]
import time

import keras
import numpy as np
import tensorflow as tf

from utils import garden, intervals, plot, results, training
from utils.lessons.lecture05 import figures, story
from utils.vision import average_precision as ap
from utils.vision import boxes, detector, nms, segmentation, sliding, unet, windows
from utils.vision.detections import Detections, Objects
from utils.vision.grid import Grid

SIZE = story.SIZE  # side of the scenes in pixels
CLASSES = garden.CLASSES
keras.utils.set_random_seed(0)

# %% tags=["skip"]
train = garden.scenes(400, SIZE, seed=51)
test = garden.scenes(200, SIZE, seed=52)
true = [Objects(*each) for each in zip(test.boxes, test.classes, strict=True)]

# %% [markdown] tags=["slide"]
# ## One scene, four questions
#
# The pictures of this lecture are drawn (`utils.garden`), so the truth is known
# exactly: each flower's class, its box, and every pixel of it. Networks train on 400
# scenes and are judged by 200 others. Our scene is the first of these 200 with at least
# four flowers of two kinds, all of them at least 18 pixels wide.
#
# **Predict first:** what should a network answer here, if it may say only one word?


# %%
def suits(there, kinds):
    large = (there[:, 2] - there[:, 0] >= 18).all()
    return len(there) >= 4 and len(set(kinds)) >= 2 and large


number = next(k for k, each in enumerate(true) if suits(*each))
scene, flowers = test.images[number], true[number]
names = [CLASSES[label] for label in flowers.labels]

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.scene(scene),
    alt=f"The scene of this lecture with {len(names)} flowers: {', '.join(names)}.",
)
per_scene = np.mean([len(each.labels) for each in true])
results.record("flowers in a drawn scene", per_scene)

# %% [markdown] tags=["slide"]
# ## What? One word for the picture
#
# *Classification*: a softmax over the classes, on the mean of the last feature map. A
# scene's label is the kind of its subject, the largest flower of that kind; the others
# are in the way.
#
# ## Where? Four numbers more
#
# *Localization*: a second head with four units says where the subject is. Both heads
# share the convolutions, so each training example is a pair `(image, (label, box))`,
# and there are two losses, added with a weight.
#
# Many slides set this head on the mean of the feature map, too. The mean keeps *what*
# was seen and forgets *where* (Lab 07 measures it), so here it reads every place.

# %% tags=["subslide"]
two_heads = story.two_heads(len(CLASSES))
two_heads.compile(
    keras.optimizers.AdamW(3e-3),
    loss={
        "label": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "box": "mse",
    },
    loss_weights={"label": 1, "box": 20},
)
targets = {"label": train.labels, "box": train.subjects / SIZE}
pairs = tf.data.Dataset.from_tensor_slices((train.images, targets))
history = training.fit(two_heads, pairs.shuffle(len(train)).batch(20), epochs=12)

# %% [markdown]
# (`training.fit` is `model.fit` without TensorFlow's overhead for small networks; in a
# project of your own write `model.fit`.)
#
# **Predict first:** the box of one fixed size in the middle of every picture, the mean
# of all training boxes, is a baseline without a network. How far above it will the head
# be?

# %%
logits, answers = two_heads.predict(test.images, verbose=0)
right = logits.argmax(axis=1) == test.labels
of_head = boxes.iou(test.subjects, SIZE * answers)
of_constant = boxes.iou(test.subjects, train.subjects.mean(axis=0))
better = intervals.mean_interval(of_head - of_constant)

# %% tags=["subslide", "hide-input"]
said, guess = CLASSES[logits[number].argmax()], SIZE * answers[number]
chance = keras.ops.softmax(logits[number]).numpy().max()
overlap = float(of_head[number])


def draw_one(axis):
    plot.boxes(axis, [flowers.boxes[0]], **figures.TRUE)
    plot.boxes(axis, [guess], **figures.FOUND)


plot.show(
    figures.scene(scene, draw_one, f"{said}, {chance:.0%}"),
    alt=f"The scene: the network says {said} and draws one box, whose IoU with the "
    f"dashed box of the subject ({names[0]}) is {overlap:.2f}.",
)
results.record("scenes with the right word", 100 * right.mean(), "%")
results.record("IoU of the box head", of_head.mean())
results.record("IoU of the constant box", of_constant.mean())
results.record("IoU gained by looking", better[0])
print(f"95 % interval of the gain: {better[1]:.3f} to {better[2]:.3f}")

# %% [markdown] tags=["subslide"]
# IoU, *intersection over union*, is the area that two boxes share over the area that
# they cover together: 1 for the same box, 0 for boxes apart. By this measure the head
# hardly gains on a box that never looks, and the interval says whether it gains at
# all. That is not only the network's fault: with several flowers in the picture, "the
# box" is a badly posed question. (Lab 07 asks it of scenes that one flower dominates,
# and there looking pays.)
#
# The loss was the *mean squared error* (MSE), which is something else: four pixels off
# ruin a small box and hardly matter for a large one.

# %% tags=["nbval-check-output"]
for side in (8, 80):
    moved = boxes.iou([0, 0, side, side], [4, 0, side + 4, side])
    results.record(f"IoU of a box of {side} pixels, moved by 4", float(moved))

# %% [markdown] tags=["slide"]
# ## How many? Slide a window
#
# One box cannot answer for several flowers. The classical way: train a classifier on
# small windows, with one more class, *background*, and apply it everywhere. Windows of
# 24 pixels find small flowers; for larger ones the picture is made smaller, and the
# same classifier slides over that (an *image pyramid*).
#
# **Predict first:** the window moves in steps of 8 pixels, at three sizes. How many
# windows is that? And how many of them will report one and the same flower?

# %%
WINDOW = 24
pictures, labels = windows.training_set(train, WINDOW, len(train))
classifier = windows.classifier(WINDOW, "valid")
classifier.compile(
    keras.optimizers.Adam(2e-3),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
history = training.fit(classifier, pictures, labels, batch_size=64, epochs=8)

# %% tags=["subslide"]
all_windows = windows.places(SIZE, WINDOW)
started = time.perf_counter()
cut = windows.cut_out(scene, WINDOW).astype("float32")
window_logits = np.concatenate(
    [classifier(cut[k : k + 1]) for k in range(len(cut))]
)  # one window after the other
seconds_sliding = time.perf_counter() - started
reports = windows.detections(window_logits, SIZE, WINDOW)
on_subject = (boxes.iou(reports.boxes, flowers.boxes[0]) >= 0.3).sum()

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.scene(scene, lambda axis: figures.draw_found(axis, reports, names=False)),
    alt=f"The scene under {len(reports.boxes)} overlapping boxes, the windows in which "
    f"the classifier reports a flower; {on_subject} of them lie on the {names[0]}.",
)
results.record("windows of one scene", len(all_windows))
print(f"windows that lie on the {names[0]} (IoU of at least 0.3): {on_subject}")

# %% [markdown] tags=["slide"]
# ## The same, at once: a fully convolutional network
#
# Neighbouring windows share most of their pixels, and the convolutions compute the
# shared part again for each. Turn the dense layers into convolutions instead, with the
# same weights: a dense layer that reads a flattened map *is* a convolution whose kernel
# is as large as that map. The network then takes a picture of any size and returns a
# *map* of answers, one for each window (a *fully convolutional network*, FCN).
#
# **Predict first:** are the answers the same, or only similar?

# %%
everywhere = sliding.fully_convolutional(classifier)
windows.everywhere(everywhere, scene)  # the first call compiles
started = time.perf_counter()
map_logits = windows.everywhere(everywhere, scene)
seconds_map = time.perf_counter() - started
difference = np.abs(map_logits - window_logits).max() / np.abs(window_logits).max()

# %% tags=["subslide", "hide-input"]
levels = [level[None].astype("float32") for level in windows.pyramid(scene)]
heats = [
    story.heat(everywhere(level)[0], SIZE, scale * WINDOW, scale * windows.STRIDE)
    for level, scale in zip(levels, windows.SCALES, strict=True)
]
plot.show(
    figures.heat(scene, heats, [scale * WINDOW for scale in windows.SCALES]),
    alt="The scene three times under a map of how sure the classifier is that "
    "something is there, for windows of 24, 48 and 72 pixels: "
    + ", ".join(f"{100 * (each > 0.5).mean():.0f} %" for each in heats)
    + " of the places say so.",
)
results.record("largest relative difference, map against windows", difference)
results.record("times as fast as window by window", seconds_sliding / seconds_map)

# %% [markdown]
# The same answers, up to rounding. One condition: no layer pads. With `same` padding
# the zeros at the rim of each window are missing in the middle of the picture, and the
# map is another network's (Lab 08 shows which windows change). Part of the speed comes
# from shared convolutions, part from one call instead of many.

# %% [markdown] tags=["slide"]
# ## Is anything there at all? Objectness
#
# A detector must be able to say *nothing*. Our classifier has a class for it; others
# have a unit of its own, the **objectness**: a sigmoid, trained with binary
# cross-entropy. Where it is low, the window is dropped, whatever the class scores say.
#
# **Predict first:** raise the threshold from 0.3 to 0.9. Which mistakes become fewer,
# and which become more?

# %% tags=["subslide"]
found = [
    windows.detections(windows.everywhere(everywhere, image), SIZE, WINDOW)
    for image in test.images
]


def above(each, threshold):
    return Detections(*(column[each.scores >= threshold] for column in each))


for threshold in (0.3, 0.6, 0.9):
    kept = [above(each, threshold) for each in found]
    curve = ap.precision_recall(kept, true, label=None)
    precision, recall = curve.precision[-1], curve.recall[-1]
    print(f"score ≥ {threshold}: precision {precision:.2f}, recall {recall:.2f}")

in_a_scene = np.mean([len(each.boxes) for each in found])
results.record("windows that report a flower, for one flower", in_a_scene / per_scene)

# %% [markdown]
# *Precision* is the share of the reports that are right, *recall* the share of the
# flowers that were found. A flower can be found only once: all further windows on it
# count as false. No threshold mends that.

# %% [markdown] tags=["slide"]
# ## Once is enough: non-maximum suppression
#
# Keep the box with the highest score. Drop all boxes *of its class* that overlap it by
# more than a limit. **Repeat** with what is left, until nothing is left. (Slides often
# forget the repetition and the class.)
#
# The limit is a choice: 60 % on the slides, 50 % or 45 % in many programs.

# %%
once = nms.suppress(reports, 0.3)
suppressed = {
    limit: [nms.suppress(each, limit) for each in found] for limit in (0.3, 0.6)
}
one_class = [Objects(each.boxes, 0 * each.labels) for each in true]


def average(detections):
    """Average precision (explained below), all kinds of flowers as one class."""
    curve = ap.precision_recall(detections, one_class)
    return ap.average_precision(curve.recall, curve.precision)


ap_windows = {"as reported": average(found)}
ap_windows |= {f"limit {each}": average(suppressed[each]) for each in suppressed}

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.side_by_side(
        scene,
        [
            lambda axis: figures.draw_found(axis, reports, names=False),
            lambda axis: figures.draw_found(axis, once, names=False),
        ],
        [f"{len(reports.boxes)} reports", f"{len(once.boxes)} after NMS at 0.3"],
    ),
    alt=f"The scene twice: with all {len(reports.boxes)} reports, and with the "
    f"{len(once.boxes)} that non-maximum suppression keeps.",
)
for name, value in ap_windows.items():
    print(f"AP of the sliding window, {name}: {value:.3f}")
gain = ap_windows["limit 0.3"] - ap_windows["as reported"]
results.record("AP that suppression brings to the sliding window", gain)

# %% [markdown] tags=["slide"]
# ## You only look once: the grid detector
#
# Why train on windows and hope that the map is good, if the map can be trained itself?
# Lay a grid over the picture. The cell in which a flower's centre lies answers for it:
#
# | channels of a cell | answer | loss |
# |:--|:--|:--|
# | 1 | *objectness*: is there a centre in me? | binary cross-entropy, all cells |
# | 2 | where in the cell: x and y | squared error, cells with a flower |
# | 2 | how large: log of width and height | squared error, cells with a flower |
# | 5 | which kind | cross-entropy, cells with a flower |
#
# **Predict first:** of the 576 cells of a 24×24 grid, what share has a flower? And what
# would a network learn that is paid for accuracy in the first row?

# %%
grid = Grid(SIZE, 24, len(CLASSES))
objects = list(zip(train.boxes, train.classes, strict=True))
cells = np.array([grid.encode(*each) for each in objects], "float32")
share = cells[..., 0].mean()
lost = sum(grid.lost(each) for each in train.boxes)

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.grid(scene, grid.cells, flowers.boxes),
    alt=f"The scene under a grid of 24×24 cells; {len(names)} cells, those with the "
    "centre of a flower, are marked.",
)
results.record("share of the cells with a flower", 100 * share, "%")
of_all = int(cells[..., 0].sum()) + lost
print(f"flowers that share a cell with a larger one: {lost} of {of_all}")

# %% [markdown]
# "Nothing anywhere" would be right in almost all cells. So the network starts with the
# share of positive cells as its first guess, and its confidence is never measured by
# accuracy.

# %% tags=["subslide"]
keras.utils.set_random_seed(0)
yolo = detector.detector(grid, widths=(16, 32), depth=3, share=float(share))
epochs = 14
# From large steps to small ones, so that the last of them does not decide.
rate = keras.optimizers.schedules.CosineDecay(
    5e-3, decay_steps=epochs * len(train) // 20
)
yolo.compile(keras.optimizers.AdamW(rate), detector.GridLoss())
examples = tf.data.Dataset.from_tensor_slices((train.images, cells))
examples = examples.shuffle(len(train)).map(detector.mirror_at_random).batch(20)
history = training.fit(yolo, examples, epochs=epochs)

# %%
seen = detector.detect(yolo, test.images, grid, iou=0.5)
sure = above(seen[number], 0.2)

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.side_by_side(
        scene,
        [
            lambda axis: plot.boxes(axis, flowers.boxes, **figures.TRUE),
            lambda axis: figures.draw_found(axis, sure),
        ],
        ["the truth", f"detections with a score of 0.2 or more: {len(sure.boxes)}"],
    ),
    alt=f"The scene twice: with the true boxes of {len(names)} flowers, and with what "
    f"the detector reports, each box with its class and score: {len(sure.boxes)}.",
)

# %% [markdown] tags=["slide"]
# ## Is that good? Average precision
#
# Sort all detections of all scenes by score and go down the list: at each step there is
# a precision and a recall. The *average precision* (AP) is the mean of the precision
# over recall, for one class; the mean over the classes is **mAP**. Two things must be
# said with it: how much a box must overlap (here IoU ≥ 0.5), and that each flower is
# found at most once.

# %%
curves = {
    "sliding window": ap.precision_recall(suppressed[0.3], one_class),
    "grid detector": ap.precision_recall(seen, one_class),
}
ap50 = {
    name: ap.average_precision(curve.recall, curve.precision)
    for name, curve in curves.items()
}

# %% tags=["subslide", "hide-input"]
said = ", ".join(f"{name} {value:.2f}" for name, value in ap50.items())
plot.show(
    figures.precision_recall(curves),
    alt=f"Precision against recall, all kinds of flowers as one class; AP: {said}.",
)
map50 = ap.mean_average_precision(seen, true)
results.record("AP50 of the sliding window, one class", ap50["sliding window"])
results.record("AP50 of the grid detector, one class", ap50["grid detector"])
results.record("mAP50 of the grid detector", map50)
results.record(
    "mAP75 of the grid detector", ap.mean_average_precision(seen, true, iou=0.75)
)

# %% [markdown] tags=["subslide"]
# The slides define AP by eleven recalls: 0, 0.1, …, 1. That is the definition of PASCAL
# VOC 2007. From 2010 on VOC takes every recall, and COCO takes 101 recalls and the mean
# over ten limits of IoU. "An mAP of 0.4" means nothing until you know which.

# %%
for name, definition in (
    ("VOC 2007, 11 recalls", "voc2007"),
    ("VOC 2010, every recall", "voc2010"),
    ("COCO's 101 recalls, at IoU 0.5", "coco"),
):
    value = ap.mean_average_precision(seen, true, definition=definition)
    print(f"{name:32s} {value:.3f}")
coco = ap.coco_average(seen, true)
print(f"{'COCO, ten limits of IoU':32s} {coco:.3f}")
results.record("mAP50 over COCO's average", map50 / coco)

# %% [markdown] tags=["slide"]
# ## Anchors, and the versions of YOLO
#
# A cell of version 1 predicts a width from nothing. From version 2 on it *corrects* one
# of a few typical sizes, the **anchors** or *prior boxes*, which are found by
# clustering the training boxes.
#
# **Predict first:** how well does the best of one, three or five fixed sizes fit a
# flower of our scenes?

# %%
sizes = np.concatenate([boxes.to_centre(each)[:, 2:] for each in train.boxes])
fits = {n: story.fit_of(sizes, story.anchors(sizes, n)).mean() for n in (1, 3, 5)}

# %% tags=["subslide", "hide-input"]
said = ", ".join(f"{count}: {fit:.2f}" for count, fit in fits.items())
plot.show(
    figures.sizes(sizes, story.anchors(sizes, 5)),
    alt=f"Width against height of {len(sizes):,} flowers, and five anchors on the "
    f"diagonal. Mean IoU of a flower's size with the best of so many anchors: {said}.",
)
for count, fit in fits.items():
    results.record(f"IoU with the best of {count} anchors", fit)

# %% [markdown] tags=["subslide"]
# | | year | what is new |
# |:--|:--|:--|
# | YOLO (v1) | 2016 | 7×7 cells, two boxes a cell, one pass; ends in **dense** layers |
# | v2 (YOLO9000) | 2017 | **fully convolutional**; anchors; BatchNormalization |
# | v3 | 2018 | three grids, from fine to coarse; a sigmoid for each class |
# | v4 and after | 2020 – | better training (mosaic, IoU losses), other backbones |
# | YOLOX, v8 | 2021, 2023 | **no anchors** any more; boxes matched while training |
#
# So "an FCN *or* YOLO" is a false choice: every YOLO from the second version on *is* a
# fully convolutional network. Ours is one, too, with one box a cell and no anchors.

# %% [markdown] tags=["slide"]
# ## The loss of the first YOLO, term by term
#
# All of it is squared error, even for the classes:
#
# | term | weight | cells |
# |:--|--:|:--|
# | (x − x̂)² + (y − ŷ)² | 5 | with an object |
# | (√w − √ŵ)² + (√h − √ĥ)² | 5 | with an object |
# | (C − Ĉ)², with C = **IoU** of the predicted and the true box | 1 | with an object |
# | (C − Ĉ)², with C = 0 | 0.5 | without one |
# | Σ (p(class) − p̂(class))² | 1 | with an object |
#
# Two details answer questions that you have met: the weight 0.5 keeps the many empty
# cells from drowning the few full ones, and the roots make an error count more on a
# small box.
#
# **Predict first:** a box is too wide by 2 % of the picture. How many times as much
# does that cost on a box of 5 % as on one of 50 %, with roots and without?

# %% tags=["subslide", "hide-input"]
widths, error = np.geomspace(0.02, 0.9, 60), 0.02
small, large = ((np.sqrt(w + error) - np.sqrt(w)) ** 2 for w in (0.05, 0.5))
plot.show(
    figures.roots(widths, error),
    alt="The squared error of a width that is 0.02 too large: the same for every "
    f"width, and with roots {small / large:.1f} times as large at 0.05 as at 0.5.",
)
results.record(
    "cost of 2 % on a small box, with roots, over a large one", small / large
)
results.record("numbers that YOLO version 1 gives for a picture", 7 * 7 * (2 * 5 + 20))

# %% [markdown] tags=["slide"]
# ## One stage, two stages, and single objects
#
# | family | idea | examples |
# |:--|:--|:--|
# | **two-stage** | propose regions, classify each | (Fast, Faster) R-CNN, 2014–15 |
# | **one-stage** | every cell answers at once | YOLO, SSD 2016, RetinaNet 2017 |
# | **set prediction** | a transformer gives a set, no NMS | DETR, 2020 |
# | **semantic segmentation** | a class for every pixel | FCN, U-Net 2015, DeepLab |
# | **instance segmentation** | a mask for every object | Mask R-CNN, 2017 |
# | **panoptic segmentation** | both in one map | Kirillov and others, 2019 |
#
# R-CNN ran the network about 2,000 times for a picture, once for each region that a
# hand-made method proposed. Fast R-CNN ran it once and cut the regions out of the
# feature map; Faster R-CNN let a small network with objectness and anchors propose
# them. That proposal network *is* a one-stage detector with one class. RetinaNet
# answered the question of the empty cells with a loss of its own, the *focal loss*.

# %% [markdown] tags=["slide"]
# ## Every pixel
#
# A box around a rose holds leaves, sky and half of the next rose. *Semantic
# segmentation* gives a class to every pixel: the network goes down to a coarse map that
# knows what is there, and up again to a fine one, with **skip connections** that bring
# back where the edges are (a *U-Net*).
#
# **Predict first:** how many of the pixels are right if the answer is "background"
# everywhere?

# %%
class_maps = {"train": story.class_maps(train), "test": story.class_maps(test)}
keras.utils.set_random_seed(0)
net = unet.encoder_decoder(SIZE, 1 + len(CLASSES), widths=(16, 24, 32), bottom=64)
net.compile(
    keras.optimizers.AdamW(5e-3),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
training.fit(net, train.images, class_maps["train"], batch_size=20, epochs=8)
painted = net.predict(test.images, verbose=0).argmax(axis=-1)

# %% tags=["subslide", "hide-input"]
table = segmentation.confusion(class_maps["test"], painted, 1 + len(CLASSES))
flower = segmentation.iou(segmentation.foreground(table))[1]
plot.show(
    figures.side_by_side(
        scene,
        [
            lambda axis: figures.draw_classes(axis, class_maps["test"][number], scene),
            lambda axis: figures.draw_classes(axis, painted[number], scene),
        ],
        ["the truth", "the network"],
    ),
    alt="The scene twice, its flowers painted in the colour of their class: the truth, "
    f"and the network's answer. Over all scenes the IoU of flower is {flower:.2f}.",
)
background = 100 * (class_maps["test"] == 0).mean()
results.record("pixels right with background everywhere", background, "%")
results.record(
    "pixels right with the U-Net", 100 * segmentation.pixel_accuracy(table), "%"
)
results.record("flower IoU of the U-Net", flower)
results.record("mean IoU of the U-Net", segmentation.mean_iou(table))

# %% [markdown]
# Pixel accuracy flatters everybody; IoU does not. And two roses that touch are one
# region here: a semantic map does not tell *objects* apart. That is instance
# segmentation, boxes and masks together.

# %% [markdown] tags=["slide"]
# ## All the way

# %% tags=["hide-input"]
steps = {
    f"what: {CLASSES[logits[number].argmax()]}": lambda axis: None,
    "where: one box": draw_one,
    f"windows: {len(reports.boxes)} reports": lambda axis: figures.draw_found(
        axis, reports, names=False
    ),
    "the map, at once": lambda axis: axis.imshow(
        heats[0], cmap="magma", vmin=0, vmax=1, alpha=0.7
    ),
    f"NMS: {len(once.boxes)} boxes": lambda axis: figures.draw_found(
        axis, once, names=False
    ),
    f"grid detector: {len(sure.boxes)}": lambda axis: figures.draw_found(
        axis, sure, names=False
    ),
    f"AP50 {ap50['grid detector']:.2f}: the truth": lambda axis: plot.boxes(
        axis, flowers.boxes, **figures.TRUE
    ),
    "every pixel": lambda axis: figures.draw_classes(axis, painted[number], scene),
}
plot.show(
    figures.all_the_way(scene, steps),
    alt=f"The scene eight times, step by step: {'; '.join(steps)}.",
)

# %% [markdown] tags=["slide"]
# ## What many slides get wrong
#
# - *"AP is the mean of 11 maxima"*: in VOC 2007; say which definition and which IoU.
# - *"Highest objectness first, drop what overlaps"*: repeated, and class by class.
# - *"IoU > 60 %"*: a choice. Neighbouring cells report the same flower, too; the
#   next line says what suppression at 50 % is worth to our grid detector.
# - *"A second head on the pooled features, trained with MSE"*: the mean forgets the
#   place, and the MSE is not the IoU.
# - *"An FCN slides the CNN"*: it gives the same numbers only without padding.
# - *"FCN or YOLO"*: YOLO is one, from version 2 on. Version 1 has dense layers.
# - *"Sliding fits the CNN many times"*: it *predicts* many times; it is fitted once.
#   And the 3×3 regions on the slide are cells of a grid, not pixels.
# - *"If there is more than one object in the bounding box"*: in the *image*.

# %% tags=["hide-input"]
everything = detector.detect(yolo, test.images, grid, iou=None)
effect = ap50["grid detector"] - average(everything)
results.record("AP that suppression brings to the grid detector", effect)

# %% [markdown] tags=["slide"]
# ## Into the labs
#
# - **Lab 07 · Where is the flower?** Boxes of your own, the constant box, two heads,
#   and what pooling throws away.
# - **Lab 08 · Detect and be judged**: the sliding window, its fully convolutional twin,
#   the grid, NMS and AP by hand, and a detector read like a patient.
# - **Lab 09 · Every pixel**: skips, dilation, boundaries, and from masks back to boxes.
#
# Before you go: *your detector has mAP 0.38. What three questions do you ask before you
# say whether that is good?*

# %% [markdown] tags=["notes"]
# The counts of windows and cells and the arithmetic of boxes and roots do not depend on
# training; all APs do. Networks here are small and trained for seconds: the point is
# the order of the steps. Ask before each slide which *question* the last layer answers.
