# %% [markdown]
# # Lab 08 · Detect and be judged
#
# A classifier says *what*, a box says *where*, for one flower. Now there may be one
# flower in the picture, or nine, or none. You build a *detector* step by step, as the
# field did: slide a classifier, make it convolutional, teach it to say "nothing
# here", and clean up after it. Then you judge it.
#
# **Your detector has an mAP of 0.38. Is that good, and says who?**
#
# After this lab you can
#
# - turn a classifier into a *fully convolutional* network, and say when that is
#   exact;
# - encode boxes on a grid, write a detector's loss, and suppress duplicates;
# - compute *average precision* by hand in the three definitions that papers use;
# - read a detector's errors like a doctor, and say what mending each would bring.
#
# Predict first, then write, then run the check. A function that you write must leave
# the arrays that it is given unchanged. No exercise needs pretrained weights or another
# exercise. Stuck? `check.hint("encode")` helps with the exercise `encode`;
# ask again for a stronger hint.
#
# **You will learn** to build an object detector from a classifier, and to measure how
# good it is so that others can compare.

# %% tags=["setup"]
import time

import keras
import numpy as np

from utils import check, data, garden, gate, plot, progress, results, timing, training
from utils.ledger import ledger
from utils.lessons.lab08 import figures, plans, recorded
from utils.vision import average_precision as ap
from utils.vision import boxes, errors, nms, sliding, windows
from utils.vision.boxes import pairwise_iou
from utils.vision.detections import Detections, Objects

check.start("lab08")

# %% [markdown]
# ## 1 · Slide a classifier
#
# The pictures are drawn scenes, because there every box is known exactly. *Training*
# scenes are for training, *practice* scenes for looking and deciding, and the
# *held-out* scenes are used once, to judge the finished detector.

# %%
SIDE = 192
scenes = garden.scenes(plans.SCENES, SIDE, seed=1, workers=2)
practice = recorded.scenes()  # one hundred
held_out = garden.scenes(300, SIDE, seed=2, workers=2)
true = [Objects(*one) for one in zip(practice.boxes, practice.classes, strict=True)]
flowers = sum(len(one) for one in scenes.classes)
plot.show(
    plot.boxed(practice.images[:5], practice.boxes[:5]),
    alt="Five drawn scenes with every flower in a box: "
    + ", ".join(f"{len(each)} flowers" for each in practice.boxes[:5]),
)
print(f"{flowers:,} flowers in {len(scenes)} training scenes")

# %% [markdown]
# The oldest idea: cut a square *window* out of the picture, ask a classifier what it
# shows, move the window by `step` pixels, ask again. To find large flowers as well,
# shrink the picture and use the same window (an *image pyramid*).
#
# ### Exercise: How many windows?
# Write `count_windows(height, width, window, step, scales)`. For each whole number `s`
# in the list `scales`, which come in any order, the picture is shrunk to `height // s`
# rows and `width // s` columns; a window of `window` × `window` pixels starts at every
# `step`-th row and column, as long as it lies inside. Return the number of all windows.
# A shrunk picture may be too small for even one.


# %%
def count_windows(height, width, window, step, scales):
    """Number of windows in all the shrunk pictures."""
    ### BEGIN SOLUTION
    count = 0
    for s in scales:
        rows = max(0, (height // s - window) // step + 1)
        columns = max(0, (width // s - window) // step + 1)
        count += rows * columns
    return count
    ### END SOLUTION


# %%
check.answer("count_windows", count_windows)

# %% [markdown]
# A small ConvNet learns six classes from windows of 46 × 46 pixels: the five flowers,
# and *background*. (`training.fit` is `model.fit` without TensorFlow's overhead for
# small networks; in your own project write `model.fit`.)

# %%
WINDOW = 46
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def window_classifier(size, padding):
    """A ConvNet trained on windows (size, size, 3): logits of six classes."""
    keras.utils.set_random_seed(0)
    model = windows.classifier(size, padding)
    model.compile(keras.optimizers.Adam(1e-3), loss)
    x, y = windows.training_set(scenes, size, count=300)
    training.fit(model, x, y, batch_size=64, epochs=6)
    return model


valid = window_classifier(WINDOW, "valid")
x, y = windows.training_set(practice, WINDOW, count=100)
accuracy = np.mean(valid.predict(x, verbose=0).argmax(axis=1) == y)
results.record("window classifier, right on practice windows", 100 * accuracy, "%")

# %% [markdown]
# Now slide it over one scene, in which one flower is large. **Predict:** how many of
# the windows will report this flower?

# %%
areas = [boxes.area(each).max() for each in practice.boxes]
chosen = int(np.argsort(areas)[-10])
image, there = practice.images[chosen], true[chosen]
started = time.perf_counter()
crops = windows.cut_out(image, WINDOW).astype("float32")
logits = valid.predict(crops, verbose=0)
seconds = time.perf_counter() - started
slid = windows.detections(logits, SIDE, WINDOW)
largest = there.boxes[boxes.area(there.boxes).argmax()]
on_it = pairwise_iou(slid.boxes, largest[None])[:, 0] >= 0.3
plot.show(
    plot.boxed(
        [image], [there.boxes], [slid.boxes], names=("flowers", "reported"), size=4.5
    ),
    alt=f"One scene, its flowers in boxes ({len(there.boxes)} in all), and "
    f"{len(slid.boxes)} windows that report one, many of them on top of each other.",
)
print(f"{len(crops)} windows took {seconds:.2f} s; ", end="")
print(f"{len(slid.boxes)} of them report a flower")
results.record("windows that report the same flower", on_it.sum())

# %% [markdown]
# Two problems: *too many* answers for one flower, and too much work. (A slide says
# that this "fits the CNN many times". It does not fit anything: it *predicts* many
# times.) First the work.

# %% [markdown]
# ## 2 · From dense to convolutional
#
# Neighbouring windows overlap, so the classifier computes the same convolutions again
# and again. Better: run the convolutions once over the whole picture. Only the dense
# layers stand in the way, and a dense layer on a flattened map *is* a convolution,
# with a kernel as large as the map and no padding.
#
# ### Exercise: From dense to convolutional
# Keras' `Flatten` turns a map of `height` × `width` places with c channels into a
# vector: row by row, in a row place by place, and at each place channel by channel. A
# `Dense` layer with `units` units multiplies it by a matrix. Write
# `dense_to_conv(matrix, height, width)`: `matrix` is an array `(height * width * c,
# units)`. Return the kernel with which a `Conv2D` layer computes the same: an array
# `(height, width, c, units)`.


# %%
def dense_to_conv(matrix, height, width):
    """The kernel (height, width, c, units) of the convolution that replaces Dense."""
    ### BEGIN SOLUTION
    return matrix.reshape(height, width, -1, matrix.shape[1])
    ### END SOLUTION


# %%
check.answer("dense_to_conv", dense_to_conv)

# %% [markdown]
# The library does this for every dense layer and copies all weights. The result takes
# pictures of any size and returns a *map* of logits. The three convolutions and
# poolings halve the map three times, so its places lie 8 pixels apart: the same
# places as those of windows at step 8.

# %%
STEP = windows.STRIDE


def window_by_window(classifier, image, size):
    """Logits (rows, columns, 6) of the windows of one picture."""
    crops = sliding.windows(image, size, STEP).astype("float32")
    rows, columns = crops.shape[:2]
    logits = classifier.predict_on_batch(crops.reshape(-1, size, size, 3))
    return logits.reshape(rows, columns, -1)


def all_at_once(network, image, size):
    """The same from the fully convolutional network, cut to as many places."""
    rows = (len(image) - size) // STEP + 1
    return network.predict_on_batch(image[None].astype("float32"))[0, :rows, :rows]


everywhere = sliding.fully_convolutional(valid)
slow = window_by_window(valid, image, WINDOW)
fast = all_at_once(everywhere, image, WINDOW)
difference = np.abs(slow - fast).max() / np.abs(slow).max()
print(f"{slow.shape[0]} × {slow.shape[1]} places")
results.record("fully convolutional minus window by window, relative", difference)

# %% [markdown]
# Equal, up to rounding. **Predict:** by what factor does the arithmetic shrink, and by
# what factor the time?

# %%
by_windows = slow.shape[0] * slow.shape[1] * ledger(valid).multiply_adds
at_once = ledger(everywhere, image.shape).multiply_adds
milliseconds, _ = timing.compare(
    {
        "window by window": lambda picture: window_by_window(valid, picture, WINDOW),
        "all at once": lambda picture: all_at_once(everywhere, picture, WINDOW),
    },
    image,
    repeats=5,
)
for name, count in (("window by window", by_windows), ("all at once", at_once)):
    print(f"{name:17} {count / 1e6:4.0f} M multiply-adds, {milliseconds[name]:6.1f} ms")
ratio = milliseconds["window by window"] / milliseconds["all at once"]
print(f"{ratio:.1f} times as fast")
name = "multiply-adds, window by window over all at once"
results.record(name, by_windows / at_once, "×")

# %% [markdown]
# The time usually shrinks less than the arithmetic: every call has a fixed cost,
# however little there is to compute.

# %% [markdown]
# Our classifier pads nowhere (`"valid"`). Most networks pad with zeros (`"same"`).
# Take one like that, with windows of 48 pixels, so that its maps divide evenly, and
# convert it in the same way. **Predict:** in which windows does the class change,
# those at the edge of the picture or those inside? How many?

# %%
same = window_classifier(48, "same")
same_everywhere = sliding.fully_convolutional(same)
changed = []
for picture in practice.images[:20]:
    one = window_by_window(same, picture, 48).argmax(axis=-1)
    changed.append(one != all_at_once(same_everywhere, picture, 48).argmax(axis=-1))
share = np.mean(changed, axis=0)
inside = share[1:-1, 1:-1]
at_edge = (share.sum() - inside.sum()) / (share.size - inside.size)
plot.show(
    figures.change_map(share),
    alt=f"Map of windows: over 20 scenes the class changes in {at_edge:.0%} of the "
    f"windows at the edge and in {inside.mean():.0%} of those inside.",
)
results.record("same padding, windows that change their class", 100 * share.mean(), "%")

# %% [markdown]
# When a window is cut out, the network pads it with zeros on all four sides. In the
# whole picture only the windows at the edge meet zeros, and only on that side; all
# others see the pixels around them instead. So the fully convolutional form equals the
# sliding window *only* for `valid` padding. That does not make padding wrong: it
# means that such a network must be trained the way it is used, on whole pictures.

# %% [markdown]
# ## 3 · The right to say nothing
#
# A detector answers in every cell of a grid, and in most cells there is nothing. So
# it gets an output for *objectness*: the logit of the probability that a flower has
# its centre in this cell, trained with *binary cross-entropy*. Here is how rare
# flowers are, on the grid of this lab.

# %%
grid = plans.GRID  # 24 × 24 cells on 192 × 192 pixels, for five classes
pairs = zip(scenes.boxes, scenes.classes, strict=True)
targets = np.stack([grid.encode(*each) for each in pairs])  # section 4 explains them
positive = targets[..., 0].mean()
results.record("cells with a flower", 100 * positive, "%")

# %% [markdown]
# **Predict:** a detector says "nothing" in every cell. What share of the cells does
# it get right? And what does binary cross-entropy make of a detector that gives
# *every* cell the same probability p: for which p is the loss least?

# %%
print(f"right with 'nothing' everywhere: {1 - positive:.1%}")
plot.show(
    figures.objectness(positive),
    alt=f"Binary cross-entropy against p, least at p = {positive:.3f}, the share of "
    f"positive cells; at p = 0.5 it is 0.69.",
)

# %% [markdown]
# ### Exercise: The first guess
# A new network gives p = 0.5 everywhere, and spends its first steps learning that
# most cells are empty. Give it that for free: let the bias of the objectness output
# start at the value for which, with a kernel of zeros, the binary cross-entropy is
# least. Write `first_bias(share)`: `share` is the share of cells that hold an object,
# more than 0 and less than 1. Return the bias, a number. The output is a logit: p = 1 /
# (1 + exp(−bias)).


# %%
def first_bias(share):
    """The logit whose sigmoid is `share`."""
    ### BEGIN SOLUTION
    return np.log(share / (1 - share))
    ### END SOLUTION


# %%
check.answer("first_bias", first_bias)

# %% [markdown]
# So binary cross-entropy does not break when positives are rare: it makes the network
# *say* that they are rare. Its probabilities are low, and a threshold of 0.5 on them,
# as for a classifier, throws many true flowers away. You will see it in section 7.

# %% [markdown]
# ## 4 · Boxes on a grid
#
# YOLO's idea (*you only look once*): the cell in which an object's centre lies is
# responsible for it. A target has six numbers for each cell, `(cells, cells, 6)`:
#
# | number | in the cell with the centre of an object | in all other cells |
# |---|---|---|
# | 0 | 1 | 0 |
# | 1, 2 | x and y of the centre within the cell, from 0 to 1 | 0 |
# | 3, 4 | natural log of the width and of the height, measured in cells | 0 |
# | 5 | the class | 0 |
#
# The first index is the row of the grid (y), the second the column (x).
#
# ### Exercise: Encode
# Write `encode(boxes, labels, size, cells)`: `boxes` is an array `(n, 4)` of corners
# `(x0, y0, x1, y1)` in pixels of a `size` × `size` picture, `labels` an array `(n,)`.
# Return the target, an array `(cells, cells, 6)`. A cell need not be a whole number of
# pixels wide. All centres lie inside the picture, but a box may stick out of it: do not
# cut it off. A centre on the border of two cells belongs to the right or the lower one.
# If the centres of several objects fall into one cell, the object with the largest
# area stays and the others are lost. There may be no object at all.


# %%
def encode(boxes, labels, size, cells):
    """Boxes (n, 4) and labels (n,) as a target (cells, cells, 6)."""
    ### BEGIN SOLUTION
    target = np.zeros((cells, cells, 6))
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for k in np.argsort(areas):  # the largest comes last and stays
        x0, y0, x1, y1 = boxes[k] * cells / size  # measured in cells
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        row, column = int(y), int(x)
        logs = np.log(x1 - x0), np.log(y1 - y0)
        target[row, column] = [1, x - column, y - row, *logs, labels[k]]
    return target
    ### END SOLUTION


# %%
check.answer("encode", encode)

# %% [markdown]
# ### Exercise: Decode
# And back. Write `decode(target, size)` for a target `(cells, cells, 6)`. Return the
# boxes of all cells whose number 0 is 1: an array `(n, 4)` of corners in pixels, cell
# by cell, row by row. Without any object it has the shape `(0, 4)`.


# %%
def decode(target, size):
    """The boxes (n, 4) of a target (cells, cells, 6), in pixels."""
    ### BEGIN SOLUTION
    rows, columns = np.nonzero(target[..., 0])
    found = target[rows, columns]
    centres = np.stack([columns, rows], axis=1) + found[:, 1:3]
    half = np.exp(found[:, 3:5]) / 2
    return np.hstack([centres - half, centres + half]) * size / len(target)
    ### END SOLUTION


# %%
check.answer("decode", decode)

# %% [markdown]
# Two flowers in one cell: one is lost, before any training. **Predict:** of all the
# flowers in the training scenes, which share is lost with 3 × 3 cells, with 8 × 8,
# with 24 × 24?

# %%
lost = {}
for cells in (3, 6, 8, 12, 16, 24):
    coarse = plans.Grid(SIDE, cells, 5)
    lost[cells] = sum(coarse.lost(each) for each in scenes.boxes)
    percent = 100 * lost[cells] / flowers
    print(
        f"{cells:2} × {cells:<2}: {lost[cells]:5,} of {flowers:,} lost, {percent:.1f} %"
    )
results.record("flowers lost on 3 × 3 cells", 100 * lost[3] / flowers, "%")
results.record("flowers lost on 24 × 24 cells", 100 * lost[24] / flowers, "%")

# %% [markdown]
# A lecture's "CNN sliding over 3×3 regions" can only mean a grid of cells, not of
# pixels, and the first line above shows its price. What is not lost comes back exactly:

# %%
worst = 0.0
for each, target in zip(scenes.boxes, targets, strict=True):
    back, _ = grid.decode(target)
    nearest = pairwise_iou(back, each).max(axis=1)
    worst = max(worst, 1 - nearest.min())
results.record("encoded and decoded, largest loss of IoU", worst)

# %% [markdown]
# ## 5 · The loss, part by part
#
# The network answers with 5 + classes numbers for each cell: the logit of objectness,
# two logits for the place, two logs for the size, and one logit for each class. The
# loss adds four parts, and three of them are *masked*: they count only in cells where
# an object is. In an empty cell there is no right answer to "how large is it?".
#
# ### Exercise: A masked loss
# Write `grid_loss(target, answer)` with NumPy, for one picture: `target` is `(cells,
# cells, 6)`, `answer` is `(cells, cells, 5 + classes)`. Return four numbers
# `(objectness, place, size, kind)`, each a sum over cells:
#
# - `objectness`: the binary cross-entropy of number 0, over **all** cells;
# - `place`: the squared errors of numbers 1 and 2, after a sigmoid on the answer;
# - `size`: the squared errors of numbers 3 and 4, as they are;
# - `kind`: the cross-entropy (natural log) of a softmax over the answer's numbers
#   from 5 on.
#
# The last three count only cells where the target's number 0 is 1.


# %%
def grid_loss(target, answer):
    """(objectness, place, size, kind) of one picture."""
    ### BEGIN SOLUTION
    there = target[..., 0]
    p = 1 / (1 + np.exp(-answer[..., :3]))  # objectness, x, y
    objectness = -np.log(np.where(there == 1, p[..., 0], 1 - p[..., 0])).sum()
    cells = there == 1
    place = np.square(p[cells, 1:] - target[cells, 1:3]).sum()
    size = np.square(answer[cells, 3:5] - target[cells, 3:5]).sum()
    raised = np.exp(answer[cells, 5:])
    chances = raised / raised.sum(axis=1, keepdims=True)
    right = chances[np.arange(len(chances)), target[cells, 5].astype(int)]
    return objectness, place, size, -np.log(right).sum()
    ### END SOLUTION


# %%
check.answer("grid_loss", grid_loss)

# %% [markdown]
# The course's `GridLoss` is the same sum as a `keras.losses.Loss`, with the place
# multiplied by 4, so plain `compile` and `fit` train a detector.
#
# A known bug: the offsets in the target are measured in *cells*, and whoever decodes
# them takes them for another unit, say pixels. Nothing raises an error. **Predict**
# the mean IoU of perfectly predicted boxes, decoded like this, on 24 × 24 and on 6 ×
# 6 cells.

# %%
for cells in (24, 6):
    coarse = plans.Grid(SIDE, cells, 5)
    ious = []
    for each, kinds in zip(practice.boxes, practice.classes, strict=True):
        target = coarse.encode(each, kinds)
        exact, _ = coarse.decode(target)
        target[..., 1:3] *= cells / SIDE  # read as pixels
        shifted, _ = coarse.decode(target)
        ious.extend(boxes.iou(exact, shifted))
    name = f"offsets read as pixels, {cells} × {cells} cells: IoU"
    results.record(name, np.mean(ious))

# %% [markdown]
# Every box is shifted by up to one cell, up and to the left. On a fine grid the boxes
# still look plausible, so look at the numbers: a mean IoU of 1.0 is what a perfect
# answer must give. Test a decoder with `decode(encode(boxes))` before you train.

# %% [markdown]
# ## 6 · Non-maximum suppression
#
# Back to the problem of too many answers. *Non-maximum suppression* (NMS) keeps the
# best of those that overlap. A slide describes it: keep the box with the highest
# objectness, and "get rid of all others that overlap", with an IoU greater than 60 %.
# Two things are missing: the step is *repeated* with what is left, and it is done for
# each class on its own.
#
# ### Exercise: Non-maximum suppression
# Write `suppress(boxes, scores, labels, limit)`: arrays `(n, 4)`, `(n,)` and `(n,)`.
# Among the boxes of one class, keep the one with the highest score, drop those whose
# IoU with it is **greater than** `limit`, and repeat with the boxes that are neither
# kept nor dropped. Return the indices of all the boxes you keep, by falling score. No
# two scores are equal. You may use `pairwise_iou(a, b)`, which gives the IoU of every
# box of `a` `(n, 4)` with every box of `b` `(m, 4)`, as an array `(n, m)`.


# %%
def suppress(boxes, scores, labels, limit):
    """Indices of the boxes to keep, by falling score."""
    ### BEGIN SOLUTION
    kept = []
    for k in np.argsort(-scores):
        rivals = [i for i in kept if labels[i] == labels[k]]
        if not rivals or pairwise_iou(boxes[[k]], boxes[rivals]).max() <= limit:
            kept.append(k)
    return kept
    ### END SOLUTION


# %%
check.answer("suppress", suppress)

# %% [markdown]
# What does it buy? It depends on who detects. The classifier that slides reports each
# flower many times. A grid detector has one responsible cell for each object. Here
# are the detections of both on the same practice scenes: yours from section 1, and
# those of a grid detector, which were recorded. They are judged by *mean average
# precision*, which section 7 takes apart. **Predict** for each how much suppression
# is worth.

# %%
strong = recorded.found("strong")  # nothing is suppressed yet
by_window = []
for picture in practice.images:
    logits = windows.everywhere(everywhere, picture)
    by_window.append(windows.detections(logits, SIDE, WINDOW))
LIMITS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)  # 1.0 drops nothing
sweep = {"grid detector": [], "sliding window": []}
for name, found in zip(sweep, (strong, by_window), strict=True):
    for limit in LIMITS:
        kept = [nms.suppress(one, limit) for one in found]
        sweep[name].append(ap.mean_average_precision(kept, true))

# %%
gains = {name: 100 * (max(each) - each[-1]) for name, each in sweep.items()}
factors = {}
for name, each in sweep.items():
    factors[name] = max(each) / each[-1] if each[-1] else np.inf
plot.show(
    figures.suppression(LIMITS, sweep),
    alt="mAP against the limit of suppression. Best minus none: "
    + ", ".join(f"{name} {gain:.1f} points" for name, gain in gains.items()),
)
for name, gain in gains.items():
    results.record(f"suppression, {name}: gain", gain, "points of mAP")
    results.record(f"suppression, {name}: best against none", factors[name], "×")

# %% [markdown]
# In points the grid detector gains more: on a fine grid the neighbours of the
# responsible cell answer, too. Relative to what it has, the sliding window gains more,
# because it reports a flower from every window around it. Its mAP stays low for another
# reason, which no suppression can mend: its boxes are squares of three sizes. And 0.6,
# the slide's limit, is not a law: read the best limit for your detector off the figure,
# and choose it on practice data.

# %% [markdown]
# ## 7 · Judge: average precision by hand
#
# Two detectors, *weak* and *strong*, looked at the 100 practice scenes, and what they
# found was recorded. All you need to judge them is here: no training, no weights.
#
# The first question is when a detection is right. This is COCO's rule: in each picture
# and for each class, go through the detections by falling score. A detection takes,
# of the objects that are **still free**, the one that it overlaps most, provided that
# their IoU is **at least** the limit. Then the detection is right and the object is
# taken. Otherwise the detection is wrong.
#
# ### Exercise: Match
# Write `match(found, objects, limit)`: `found` is an array `(n, 4)`, the detections
# of one class in one picture, by falling score; `objects` an array `(m, 4)`. Return a
# list of n truth values: whether each detection is right. Either array may be empty.
# You may use `pairwise_iou` again.


# %%
def match(found, objects, limit):
    """Whether each detection is right, as a list of bool."""
    ### BEGIN SOLUTION
    overlaps = pairwise_iou(found, objects)
    free, right = set(range(len(objects))), []
    for row in overlaps:
        best = max(free, key=lambda k: row[k], default=None)
        is_right = best is not None and row[best] >= limit
        if is_right:
            free.remove(best)
        right.append(bool(is_right))
    return right
    ### END SOLUTION


# %%
check.answer("match", match)

# %% [markdown]
# Next, put the detections of **all** pictures into one list, by falling score, and go
# down the list. After each detection there is a *precision*, the share of the
# detections so far that are right, and a *recall*, the share of the objects found so
# far.
#
# ### Exercise: Precision and recall
# Write `precision_recall(right, scores, objects)`: `right` and `scores` are arrays
# `(n,)`, one entry for each detection, in **any** order; `objects` is the number of
# objects there are to find. Return `(precision, recall)`: two arrays `(n,)`, by
# falling score. No two scores are equal.


# %%
def precision_recall(right, scores, objects):
    """Precision and recall after each detection, by falling score."""
    ### BEGIN SOLUTION
    found = np.cumsum(right[np.argsort(-scores)])
    return found / np.arange(1, len(found) + 1), found / objects
    ### END SOLUTION


# %%
check.answer("precision_recall", precision_recall)

# %% [markdown]
# Here are these curves for both detectors. One curve would be for one class; these
# pool the detections of all five, as if *flower* were the only class. **Predict:** up
# to which recall does each detector get, and how precise is it there?

# %%
detectors = {}
for name in ("weak", "strong"):
    detectors[name] = [nms.suppress(one) for one in recorded.found(name)]
curves = {}
for name, found in detectors.items():
    any_flower = [nms.suppress(one, across=True) for one in found]
    curves[name] = ap.precision_recall(any_flower, true)
plot.show(
    figures.precision_recall(curves),
    alt="Precision against recall. "
    + ", ".join(f"{k} ends at recall {c.recall[-1]:.2f}" for k, c in curves.items()),
)

# %% [markdown]
# *Average precision* is one number for the curve. The curve zigzags, so one replaces
# the precision at a recall r by the **largest** precision at any recall ≥ r, and by 0
# where the curve does not reach r. They differ in *where* they read it:
#
# - PASCAL VOC until 2009: the mean over the 11 recalls 0, 0.1, … 1;
# - PASCAL VOC from 2010 on: everywhere, so it is the area under the steps;
# - COCO: the mean over the 101 recalls 0, 0.01, … 1.
#
# ### Exercise: Average precision at given recalls
# Write `ap_at(recall, precision, points)`: arrays `(n,)`, as above, with `recall`
# rising, and the list of recalls at which to read. Return the mean over `points` of
# the largest precision among entries with `recall >= point`, or 0 where there is
# none. Use `>=` as it is, without rounding. There may be no detection at all (n = 0).


# %%
def ap_at(recall, precision, points):
    """Mean of the interpolated precision at the recalls `points`."""
    ### BEGIN SOLUTION
    values = [np.max(precision[recall >= point], initial=0) for point in points]
    return np.mean(values)
    ### END SOLUTION


# %%
check.answer("ap_at", ap_at)

# %% [markdown]
# ### Exercise: Average precision everywhere
# Write `ap_area(recall, precision)` for VOC's second definition: the sum, over all
# detections, of the rise of the recall since the detection before (for the first one,
# since 0) times the largest precision from this detection on. n may be 0 again.


# %%
def ap_area(recall, precision):
    """Area under the interpolated precision."""
    ### BEGIN SOLUTION
    area, before = 0.0, 0.0
    for k in range(len(recall)):
        area += (recall[k] - before) * max(precision[k:])
        before = recall[k]
    return area
    ### END SOLUTION


# %%
check.answer("ap_area", ap_area)

# %% [markdown]
# **Predict:** a detector finds 3 of 10 flowers, with no false alarm, and VOC's first
# definition reads at recalls 0, 0.1, 0.2 and 0.3. So AP is 4/11 = 0.364. Is it?

# %%
recall, precision = np.array([1, 2, 3]) / 10, np.ones(3)
points = np.linspace(0, 1, 11)
read = [np.max(precision[recall >= point], initial=0) for point in points]
print(f"AP = {np.mean(read):.3f}, and the fourth point is {float(points[3])!r}")

# %% [markdown]
# ### Exercise: Recalls without a trap
# `linspace` multiplies 0.1 by 3, and in floating point that is more than 0.3. Write
# `recalls(steps)`: return the `steps + 1` numbers 0, 1/steps, 2/steps, … 1, each as the
# float nearest to its fraction. Then, with such points,
# `k / n >= point` holds whenever it holds for the exact fractions.


# %%
def recalls(steps):
    """0, 1/steps, … 1, each the float nearest to its fraction."""
    ### BEGIN SOLUTION
    return np.arange(steps + 1) / steps
    ### END SOLUTION


# %%
check.answer("recalls", recalls)

# %% [markdown]
# pycocotools, the official program for COCO, has the trap built in: its points come
# from `linspace(0, 1, 101)`, so 35 found of 100 do not reach its 0.35. Whoever wants
# COCO's number must copy it, and the library does: it agrees with pycocotools to nine
# digits.
#
# Now the three definitions on both detectors. **Predict:** for which detector do they
# disagree more, relative to its size? Which definition is the kindest?

# %%
table = {}
for name, found in detectors.items():
    for definition in ap.DEFINITIONS:
        value = ap.mean_average_precision(found, true, definition=definition)
        table[name, definition] = value
        print(f"{name:7} {definition:8} mAP {value:.3f}")
spread = {}
for name in detectors:
    values = [table[name, definition] for definition in ap.DEFINITIONS]
    spread[name] = 100 * (max(values) / min(values) - 1)
    results.record(f"{name} detector, definitions differ by", spread[name], "%")

# %% [markdown]
# All three read the same curve. Of eleven points, recall 0 has one eleventh of the
# weight, and there the precision of the very first detections counts. For a weak
# detector, which reaches only the first few of the eleven recalls, that is a large
# part of all it has, so the oldest definition is by far the kindest to it.
#
# Three more ways to get another number from the same detector. **Predict** for each
# whether the mAP rises or falls: report every detection twice, the copy with a score
# lower by a thousandth; leave out every detection with a score below 0.5; or report
# only the class that does best.

# %%
final = detectors["strong"]
by_class = ap.average_precisions(final, true)
base_map = np.mean(list(by_class.values()))
twice, sure = [], []
for one in final:
    copies = Detections(one.boxes, one.labels, one.scores - 0.001)
    both = [np.concatenate(each) for each in zip(one, copies, strict=True)]
    twice.append(Detections(*both))
    sure.append(Detections(*(each[one.scores >= 0.5] for each in one)))
variants = {
    "as it is": base_map,
    "everything twice": ap.mean_average_precision(twice, true),
    "sure ones only": ap.mean_average_precision(sure, true),
    "best class only": max(by_class.values()),
}
for name, value in variants.items():
    print(f"{name:17} {value:.3f}")

# %%
for name in ("everything twice", "sure ones only", "best class only"):
    gain = 100 * (variants[name] - base_map)
    results.record(f"{name}: change of mAP", gain, "points")

# %% [markdown]
# A duplicate counts as false, so suppression matters after all. Cutting weak
# detections can *only* cost: the curve before the cut stays as it is, and the recall
# behind the cut is lost. So AP is measured with a very low threshold, and the
# threshold for *use* is chosen later. And the AP of one class, sold as "mAP", is
# worth little.

# %% [markdown]
# ## 8 · Train your detector, and read its errors
#
# The detector reads three feature maps of a frozen Xception: a fine one of 24 × 24
# places, where outlines are, and two coarse ones, where the network knows what it
# sees. Small convolutions join them, coarse to fine (a *feature pyramid*), and end in
# 10 numbers for each cell. Only this part is trained. Without the pretrained weights,
# a small network learns from the pictures alone.

# %%
try:
    base = data.pretrained("xception", size=SIDE)
except data.Missing as error:
    base = None
    results.incomplete(f"Section 8 trains a detector from scratch. {error}")
plan = plans.plan(base)
results.on(plan.data)
maps = plans.read(plan, base, scenes.images, label="training scenes")
print("the detector reads", [each.shape[1:] for each in maps])

# %%
from utils.vision.detector import GridLoss, detect

keras.utils.set_random_seed(0)
detector = plans.network(plan, maps)
batches = plans.batches(plan, maps, targets)  # mirrored at random
detector.compile(plans.optimizer(plan, len(targets), plan.epochs), GridLoss())
bar = progress.keras_bar("detector", plan.epochs)
history = training.fit(detector, batches, epochs=plan.epochs, callbacks=[bar])
print(f"{detector.count_params():,} parameters, ", end="")
print(f"loss {history.history['loss'][0]:.0f} → {history.history['loss'][-1]:.0f}")

# %% [markdown]
# Which part of the loss is left? Here are the four parts on held-out scenes, per
# scene.

# %%
test_maps = plans.read(plan, base, held_out.images, label="held-out scenes")
pairs = zip(held_out.boxes, held_out.classes, strict=True)
test_targets = np.stack([grid.encode(*each) for each in pairs])
answers = detector.predict(test_maps, batch_size=50, verbose=0)
for name, values in GridLoss().parts(test_targets, answers).items():
    print(f"{name:10} {np.mean(values):5.2f}")

# %% [markdown]
# **Predict** its mAP on the 300 held-out scenes, over five classes at an IoU of 0.5,
# and its AP if every flower counts as just "flower".

# %%
pairs = zip(held_out.boxes, held_out.classes, strict=True)
test_true = [Objects(*each) for each in pairs]
found = detect(detector, test_maps, plan.grid, score=0.02)
any_flower = [nms.suppress(each, across=True) for each in found]
curve = ap.precision_recall(any_flower, test_true)
one_class = ap.average_precision(curve.recall, curve.precision)
card = {"“flower”, IoU 0.5": one_class}
for definition in ("voc2007", "voc2010", "coco"):
    value = ap.mean_average_precision(found, test_true, definition=definition)
    card[f"five classes, IoU 0.5, {definition}"] = value
card["five classes, IoU 0.75"] = ap.mean_average_precision(found, test_true, iou=0.75)
card["five classes, COCO's average"] = ap.coco_average(found, test_true)
plot.show(
    figures.bars(card, "average precision"),
    alt="One detector, six figures: "
    + ", ".join(f"{name} {value:.2f}" for name, value in card.items()),
)

# %%
results.record("detector, AP50 of one class", one_class)
results.record("detector, mAP50 of five classes", card["five classes, IoU 0.5, coco"])
results.record("detector, COCO's average", card["five classes, COCO's average"])
least, most = min(card.values()), max(card.values())
factor = most / least if least else np.inf
results.record("one detector, largest over smallest figure", factor, "×")

# %% [markdown]
# One detector, six figures, all of them correct. So "an mAP of 0.38" says nothing
# until somebody adds: at which IoU, by which definition, over which classes, on which
# pictures.
#
# Here is what it finds:

# %%
sure = [each.boxes[each.scores >= 0.3] for each in found[:5]]
plot.show(
    plot.boxed(
        held_out.images[:5], held_out.boxes[:5], sure, names=("flowers", "found")
    ),
    alt="Five held-out scenes with true boxes and detections of score 0.3 or more: "
    + ", ".join(
        f"{len(each)} found of {len(there)}"
        for each, there in zip(sure, held_out.boxes, strict=False)
    ),
)

# %% [markdown]
# A single number tells you *that* it errs. A doctor asks *how*. Each false detection
# gets one diagnosis:
#
# - **classification**: the right place, the wrong class;
# - **localization**: the right class, the box too loose (IoU from 0.1 to 0.5);
# - **both** of these; a **duplicate** of a right one; or **background**, nothing
#   there;
#
# and each object that no detection found, and that none of the classification or
# localization errors is about, is **missed**. (Bolya and others call this *TIDE*.)
# For each kind an *oracle* mends just these errors. **Predict:** which oracle would
# bring most?

# %%
counts = errors.count(errors.diagnose(found, test_true))
worth = errors.worth(found, test_true)
for kind in errors.KINDS:
    print(f"{kind:15} {counts[kind]:5,} errors, worth {100 * worth[kind]:5.1f} points")
plot.show(
    figures.bars({kind: 100 * each for kind, each in worth.items()}, "points of mAP"),
    alt="What an oracle for each kind of error would bring, in points of mAP: "
    + ", ".join(f"{kind} {100 * each:.1f}" for kind, each in worth.items()),
)
frequent = max(errors.KINDS, key=lambda kind: counts[kind])
dearest = max(errors.KINDS, key=lambda kind: worth[kind])
print(f"most frequent: {frequent}; most expensive: {dearest}")
results.record("oracle for missed flowers", 100 * worth["missed"], "points of mAP")
each_error = {kind: worth[kind] / max(1, counts[kind]) for kind in errors.KINDS}
ratio = each_error[dearest] / each_error[frequent] if each_error[frequent] else np.inf
results.record(
    "one error, the most expensive kind against the most frequent", ratio, "×"
)

# %% [markdown]
# Counts and costs are in a different order. What an error costs depends on its score:
# a false detection near the top of the list lowers the precision for all that follow,
# one at the end costs almost nothing. So look at the worth, not at the counts, before
# you decide what to work on.

# %% [markdown]
# ## 9 · Real photos
#
# Does a detector that has only ever seen drawings find flowers in photographs? The
# course has boxes for 132 of the flower photos, each drawn in two rounds. The second
# round serves as a detector, too: what AP does a *person* have, judged by another
# round? **Predict** both.

# %%
photos = data.load_flowers(stand_in=False)
annotated = data.load_boxes(photos)
if len(annotated) == 0:
    reason = "Section 9 needs the real flower photos: `python -m utils.data fetch`."
    gate.close("annotated", reason=reason, extra=True)

# %%
at_side = annotated.at(SIDE)
real_true, by_hand = [], []
for first, second in zip(at_side.first, at_side.second, strict=True):
    real_true.append(Objects(first, np.zeros(len(first))))
    by_hand.append(Detections(second, np.zeros(len(second)), np.ones(len(second))))
pictures, _ = photos.arrays(SIDE, annotated.positions)
real_maps = plans.read(plan, base, pictures, label="photos")
real_found = detect(detector, real_maps, plan.grid, score=0.02)
any_real = [nms.suppress(each, across=True) for each in real_found]
real = {}
for name, each in {"by hand": by_hand, "detector": any_real}.items():
    curve = ap.precision_recall(each, real_true)
    real[name] = ap.average_precision(curve.recall, curve.precision)
    results.record(f"real photos, {name}: AP50 of one class", real[name])

# %%
sure = [each.boxes[each.scores >= 0.3] for each in any_real]
plot.show(
    plot.boxed(
        pictures[:10], at_side.first[:10], sure[:10], names=("by hand", "found")
    ),
    alt="Ten photos with boxes by hand and by the detector. AP50 on all of them: by "
    f"hand {real['by hand']:.2f}, detector {real['detector']:.2f}.",
)

# %% [markdown]
# Even a person does not reach 1: two rounds do not agree on every flower. That is the
# *ceiling*. The detector stays far below it, because photographs are not drawings. To
# be good on photos it must be trained on photos.
#
# **So is 0.38 good?** Ask which IoU, which definition, which classes, which pictures,
# and what a person would get. Then compare with a detector that was judged in the
# same way.

# %% tags=["nbval-check-output"]
check.report()
