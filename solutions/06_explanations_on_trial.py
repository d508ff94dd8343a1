# %% [markdown]
# # Lab 06 · Explanations on trial
#
# **Does the map show what the network uses, or what you like to see?**
#
# A *saliency map* is said to show which pixels made a network decide as it did. Such
# maps are shown everywhere and scored almost nowhere. You will build the best-known
# ones by hand, meet four bugs that raise no error, and then put the maps on trial:
# against exact masks, against rivals that know no network, against a network whose
# weights were shuffled, and on a network that cheats.
#
# After this lab you can
#
# - write class activation maps, Grad-CAM and occlusion yourself, and say how they are
#   related;
# - score a map, with an interval, and say what the score does *not* prove;
# - test whether a map depends on the network at all;
# - use an explanation for what it is good for: to find a network that is right for the
#   wrong reason.
#
# The exercises do not depend on each other. A function that you write must leave the
# arrays that it is given unchanged. Stuck? `check.hint("to_unit")` gives a hint for the
# exercise `to_unit`; ask again for a stronger one.
#
# **You will learn** to compute explanations of a network's decisions, and to test
# whether they deserve to be believed.

# %% tags=["setup"]
import keras
import numpy as np
import tensorflow as tf
from scipy import ndimage

from utils import check, data, garden, gate, intervals, plot, results, transfer
from utils.lessons.lab06 import figures, hans, recipe
from utils.vision import cam, gradients, occlusion, rivals, trial

check.start("lab06")

# %% [markdown]
# ## 1 · The accused: a network that knows flowers
#
# The network is Xception, frozen, with a linear head for five flowers, as in Lab 05.
# The pictures are scenes that `utils.garden` draws. To mark every petal in a photograph
# by hand takes hours, but a program that draws a scene knows which pixels are petals.
# That makes these scenes a good court. Section 10 turns to photographs.
#
# One set of scenes teaches the head. All maps are tried on other scenes.

# %%
SIDE = recipe.SIDE
teaching = garden.scenes(160, SIDE, seed=61)
scenes = garden.scenes(64, SIDE, seed=63)
pictures, labels = transfer.scale(scenes.images), scenes.labels
masks = recipe.masks_of_class(scenes)
print(f"{len(scenes)} scenes; flowers cover {masks.mean():.0%} of the pixels")

# %%
try:
    base = data.pretrained("xception", size=SIDE)
except data.Missing as error:
    gate.close("base", reason=f"What needs the pretrained Xception is skipped. {error}")

# %%
model, _ = recipe.explained(teaching.images, teaching.labels, base)
maps_below = transfer.outputs(base, pictures)  # the last feature maps, (n, 5, 5, 2048)
kernel, bias = model.get_layer("logits").get_weights()
logits = maps_below.mean(axis=(1, 2)) @ kernel + bias
accuracy = np.mean(logits.argmax(axis=1) == labels)
results.record("accuracy on the scenes of the trial", 100 * accuracy, "%")

# %% [markdown]
# The line that computes `logits` says how this network decides. Global average pooling
# takes the mean of each of the 2,048 feature maps, and the Dense layer adds up these
# means, each multiplied by its weight for the class. Both steps are linear, so their
# order can be exchanged: first add up the weighted *maps*, then take the mean. The
# weighted sum of the maps is a picture whose mean, plus the bias, is the logit.

# %% [markdown]
# ## 2 · Two maps that are one
#
# ### Exercise: a class activation map
#
# The *class activation map* (CAM; Zhou and others, 2016) is that sum. Write
# `class_activation_map(maps, weights)`. It gets the last feature maps of one picture,
# an array (rows, columns, channels), and the weights of one class, an array
# (channels,). It returns an array (rows, columns): at each place, the sum over the
# channels of map times weight. Keep negative values.


# %%
def class_activation_map(maps, weights):
    """Maps (rows, columns, channels), weights (channels,) → (rows, columns)."""
    ### BEGIN SOLUTION
    return maps @ weights
    ### END SOLUTION


# %%
check.answer("class_activation_map", class_activation_map)

# %% [markdown]
# ### Exercise: Grad-CAM
#
# CAM needs a network that ends in global average pooling and one Dense layer.
# *Grad-CAM* (Selvaraju and others, 2017) takes its weights from the gradient instead,
# and so works for any head: the weight of a channel is the mean, over all places, of
# the derivative of the class's logit with respect to that channel's map.
#
# Write `grad_cam(tap, image, c)` for one picture. `tap` is a Keras model: called on a
# batch (1, height, width, 3), it returns two tensors, the maps (1, rows, columns,
# channels) and the logits (1, classes). `image` is a float32 array (height, width, 3),
# `c` the number of the class. Return an array (rows, columns): at each place, the sum
# over the channels of map times weight.
#
# The paper sets negative values of the map to 0 at the end. Do not do that here: we
# want to compare.
#
# Take the gradient of the *logit*, not of the softmax's probability. **Predict:** what
# would happen to the gradient of the probability for a picture that the network is
# sure of?


# %%
def grad_cam(tap, image, c):
    """The Grad-CAM of class `c` for one picture, with both signs: (rows, columns)."""
    ### BEGIN SOLUTION
    with tf.GradientTape() as tape:
        maps, logits = tap(image[None])
        logit = logits[0, c]
    gradient = tape.gradient(logit, maps)[0].numpy()
    weights = gradient.mean(axis=(0, 1))
    return maps[0].numpy() @ weights
    ### END SOLUTION


# %%
check.answer("grad_cam", grad_cam)

# %% [markdown] tags=["solution-only"]
# The derivative of a probability $p_c$ with respect to its logit is $p_c (1 - p_c)$.
# Where the network is sure, this is almost 0, so the map fades just where there is most
# to explain. And the probability also falls when *another* class gains, so the map
# mixes the classes.

# %% [markdown]
# ### Exercise: the factor
#
# For a network that ends in global average pooling and Dense, Grad-CAM of the last maps
# times a factor is exactly the class activation map. Write `factor(rows, columns)`,
# which returns that factor for maps of `rows` × `columns` places.


# %%
def factor(rows, columns):
    """What Grad-CAM must be multiplied by to give the class activation map."""
    ### BEGIN SOLUTION
    return rows * columns
    ### END SOLUTION


# %%
check.answer("factor", factor)

# %% [markdown]
# Does this hold for a real network as well? We compare all values of both maps on four
# scenes. From here on the lab uses the course's versions, `utils.vision`, so no answer
# of yours can break what follows.

# %%
size = maps_below.shape[1:3]
one = cam.class_activation_map(model, pictures[:4], labels[:4])
other = cam.grad_cam(model, pictures[:4], labels[:4], relu=False) * size[0] * size[1]
difference = np.abs(one - other).max() / np.abs(one).max()
results.record("CAM minus Grad-CAM, of the largest value", difference)

# %% [markdown]
# They are the same map, up to rounding: two names, two papers, one picture. What
# Grad-CAM adds is that it also works with other heads, and at layers further down.

# %% [markdown]
# ## 3 · From 5 × 5 cells to a picture: two bugs
#
# ### Exercise: upsampling
#
# The map has 5 × 5 cells, the picture 150 × 150 pixels. Write `upsample(values, size)`.
# It gets an array (rows, columns) and `size`, a tuple (height, width) no smaller than
# the array, and returns the map on height × width pixels, by bilinear interpolation.
#
# - A cell's value belongs in the **middle** of the pixels that the cell covers
#   (*half-pixel centres*): with cells of 30 pixels, at pixel 14.5 and not at pixel 0.
# - Pixels beyond the outermost of these middles take the value of the nearest cell.
#
# You may use any library. **Predict** what `scipy.ndimage.zoom(values, 30, order=1)`
# does at the edges.


# %%
def upsample(values, size):
    """A map (rows, columns) on `size` = (height, width) pixels, bilinear."""
    ### BEGIN SOLUTION
    channel = np.asarray(values, "float32")[..., None]
    large = keras.ops.image.resize(channel, size, interpolation="bilinear")
    return large[..., 0]
    ### END SOLUTION


# %%
check.answer("upsample", upsample)

# %% [markdown] tags=["solution-only"]
# `zoom` puts the outermost values on the outermost *pixels*: the corners are aligned.
# That moves the outermost cells outwards by almost half a cell, 14.5 pixels, and their
# neighbours by half of that; only the middle one stays where it belongs.

# %% [markdown]
# ### Exercise: from 0 to 1
#
# To draw a map, negative values are set to 0 and the rest is divided by the maximum.
# Write `to_unit(values)`. It gets an array (rows, columns) and returns one of the same
# shape from 0 to 1: negative values become 0, the largest value becomes 1. A map
# without any positive value becomes 0 everywhere.
#
# **Predict:** what does `np.maximum(values / values.max(), 0)` show where the network
# finds no evidence for the class, so that all values are negative?


# %%
def to_unit(values):
    """The positive part of a map, divided by its maximum where there is any."""
    ### BEGIN SOLUTION
    positive = np.maximum(values, 0)
    if positive.max() > 0:
        positive = positive / positive.max()
    return positive
    ### END SOLUTION


# %%
check.answer("to_unit", to_unit)

# %% [markdown] tags=["solution-only"]
# Both signs turn over: the place that speaks most *against* the class shines brightest.
# And where the maximum is 0, 0 / 0 gives NaN.

# %% [markdown]
# ## 4 · Asking every pixel: gradients
#
# A CAM is as coarse as the last maps. The *gradient* of the logit with respect to the
# picture has a value for every pixel and channel: how much does the logit change if
# this value changes a little? *Guided backpropagation* (Springenberg and others, 2015)
# changes one rule on the way back: at each ReLU it also sets negative gradients to 0.
# Its pictures are famous for their sharpness.

# %%
by_gradient = gradients.gradient(model, pictures, labels)
by_guided = gradients.guided_backpropagation(model, pictures, labels)

# %%
coarse = np.einsum("nhwc,cn->nhw", maps_below, kernel[:, labels])
whole = {
    "class activation map": cam.upsample(coarse, (SIDE, SIDE)),
    "gradient": gradients.strength(by_gradient),
    "guided backpropagation": gradients.strength(by_guided),
}
names = [garden.CLASSES[label] for label in labels]
fig = figures.gallery(
    pictures[:4], names[:4], {name: maps[:4] for name, maps in whole.items()}
)
plot.show(
    fig,
    alt="Four drawn flowers, and below each its class activation map, a coarse glow, "
    "its gradient, scattered points, and its guided backpropagation, a fine drawing "
    "of edges.",
)

# %% [markdown]
# **Decide now**, before anything is measured: which of the three would you show in a
# talk?

# %% [markdown]
# ### Exercise: the length of a gradient
#
# Before a gradient is drawn or used for a step, it is often scaled to length 1. Write
# `normalize(gradients)`. It gets an array (height, width, 3) and returns it divided by
# its Euclidean length: the square root of the sum of the squares of **all** its values.
# A gradient of zeros is returned as it is.
#
# `keras.ops.normalize` looks as if it did that. **Predict** the length of what it
# returns for a gradient of 4 × 4 pixels.


# %%
def normalize(gradients):
    """A gradient (height, width, 3) scaled to length 1."""
    ### BEGIN SOLUTION
    length = np.sqrt(np.sum(gradients**2))
    if length == 0:
        return gradients
    return gradients / length
    ### END SOLUTION


# %%
check.answer("normalize", normalize)

# %%
small = np.random.default_rng(0).normal(size=(4, 4, 3))
length = np.linalg.norm(keras.ops.normalize(small))
results.record("length after keras.ops.normalize, 4 × 4 pixels", length)

# %% [markdown]
# It normalizes along the last axis, the channels: every pixel gets length 1, and so the
# length of the whole picture is the square root of the number of pixels. After that
# all pixels are equally important, and the map is gone.

# %% [markdown]
# ## 5 · Occlusion: cover it and see
#
# The most direct question needs no gradient: cover a part of the picture, and see how
# far the logit falls (Zeiler and Fergus, 2014).
#
# ### Exercise: every covered copy
#
# Write `occlude(image, patch, stride, fill)`. It gets a picture (height, width, 3), the
# side of a square patch and the stride in pixels, and a number `fill`. It returns all
# covered copies as one batch (n, height, width, 3), or a list of them:
#
# - the patch starts at row 0, `stride`, 2 · `stride`, … as long as it fits into the
#   picture, and likewise for the columns;
# - in each copy the pixels under the patch are set to `fill` in all three channels, and
#   all others are those of the picture;
# - the copies come row by row, from left to right;
# - the picture that you were given stays as it is.


# %%
def occlude(image, patch, stride, fill):
    """All copies of `image` with one patch covered: (n, height, width, 3)."""
    ### BEGIN SOLUTION
    height, width, _ = image.shape
    copies = []
    for row in range(0, height - patch + 1, stride):
        for column in range(0, width - patch + 1, stride):
            copy = image.copy()
            copy[row : row + patch, column : column + patch] = fill
            copies.append(copy)
    return np.stack(copies)
    ### END SOLUTION


# %%
check.answer("occlude", occlude)

# %% [markdown]
# Two numbers are yours to choose: the size of the patch, and its colour. **Predict:**
# does the verdict depend on them? The colours are grey (0 on the network's scale) and
# black (−1).

# %%
few = slice(0, 4)
covered = {}
for patch in (30, 50):
    for colour, fill in {"grey": 0.0, "black": -1.0}.items():
        covered[f"{patch} pixels, {colour}"] = occlusion.occlusion(
            model, pictures[few], labels[few], patch=patch, stride=patch, fill=fill
        )
fig = figures.gallery(pictures[:4], names[:4], covered)
agreement = {}
reference = covered["30 pixels, grey"]
for name, maps in covered.items():
    agreement[name] = intervals.mean_interval(trial.rank_correlation(reference, maps))
said = ", ".join(f"{name}: {agreement[name][0]:.2f}" for name in list(covered)[1:])
plot.show(
    fig,
    alt="Four drawn flowers and their occlusion maps with small and large patches, "
    f"grey and black. Rank correlation with 30 pixels, grey: {said}.",
)

# %%
for name, (mean, low, high) in agreement.items():
    print(f"{name}: {mean:.2f} ({low:.2f} to {high:.2f}) against 30 pixels, grey")
least = min(mean for mean, *_ in agreement.values())
results.record("occlusion, least agreement between two settings", least)

# %% [markdown]
# The same method on the same pictures, and yet a different verdict: a patch removes
# what it covers, but it also *adds* something, its own colour and its own four edges. A
# grey patch on a grey stone is nearly invisible, a black one is an object. And a patch
# larger than a flower cannot say which petal mattered. Whoever shows an occlusion map
# must say with which patch.

# %% [markdown]
# ## 6 · First trial: the pointing game
#
# ### Exercise: does the peak hit?
#
# In the *pointing game* a map points at its highest pixel. If that pixel lies on the
# object, the map has hit. Write `pointing_game(maps, masks)`. It gets maps, an array
# (n, height, width), and masks, a Boolean array of the same shape that is true on the
# object. It returns n answers, one for each map: true (or 1) where the highest pixel
# lies in the mask, false (or 0) where it does not. You may assume that a map has only
# one highest pixel.


# %%
def pointing_game(maps, masks):
    """Whether the highest pixel of each map (n, h, w) lies in its mask: (n,)."""
    ### BEGIN SOLUTION
    peaks = maps.reshape(len(maps), -1).argmax(axis=1)
    flat = masks.reshape(len(masks), -1)
    return flat[np.arange(len(maps)), peaks]
    ### END SOLUTION


# %%
check.answer("pointing_game", pointing_game)

# %% [markdown]
# Eight candidates take part. Four ask the network: the class activation map, Grad-CAM,
# the gradient and guided backpropagation (both blurred, so that no single pixel
# decides). One asks it a wrong question: the class activation map of a **wrong class**.
# Three have never seen a network: **edges** (the brightness's gradient, blurred), a
# **blob in the middle** of every picture, and **colour saturation** (largest channel
# minus smallest, blurred).
#
# **Predict** the ranking. Write it down, with the hit rate of the winner. In the figure
# below, hatched bars ask no network, and the dotted line is the share of pixels that
# flowers cover: what pointing at random would score.

# %%
candidates = {
    "edges": rivals.edges(pictures),
    "blob in the middle": rivals.centre(pictures),
    "saturation": rivals.saturation(pictures),
}
hits = {}
for name, maps in candidates.items():
    hits[name] = trial.pointing_game(maps, masks)
    mean, low, high = intervals.share_interval(hits[name])
    print(f"{name}: {mean:.0%} ({low:.0%} to {high:.0%})")
results.record("pointing game, saturation", 100 * np.mean(hits["saturation"]), "%")

# %%
wrong = (labels + 1) % len(garden.CLASSES)
by_network = {
    "class activation map": whole["class activation map"],
    "Grad-CAM": cam.upsample(cam.grad_cam(model, pictures, labels), (SIDE, SIDE)),
    "CAM of a wrong class": cam.upsample(
        np.einsum("nhwc,cn->nhw", maps_below, kernel[:, wrong]), (SIDE, SIDE)
    ),
    "gradient": recipe.blurred(whole["gradient"]),
    "guided backpropagation": recipe.blurred(whole["guided backpropagation"]),
}
for name, maps in by_network.items():
    hits[name] = trial.pointing_game(maps, masks)
scores = {name: intervals.share_interval(each) for name, each in hits.items()}
ranked = sorted(scores, key=lambda name: -scores[name][0])
fig = figures.ranking(
    scores,
    label="peaks that hit a flower of the class (%), with 95 % interval",
    chance=masks.mean(),
    network=by_network,
)
order = ", ".join(f"{name} {scores[name][0]:.0%}" for name in ranked)
plot.show(fig, alt=f"Hit rates of eight maps, from the best to the worst: {order}.")

# %%
lead = hits["saturation"] - hits["class activation map"]
mean, low, high = intervals.mean_interval(lead)
results.record("pointing game, saturation minus CAM", 100 * mean, "points")
print(f"95 % interval: {100 * low:.0f} to {100 * high:.0f} points")

# %% [markdown]
# The winner needs no network at all. What does that say about the metric, and what
# about the data?

# %% [markdown] tags=["solution-only"]
# About the metric: it compares the map with the *object*, and never asks the network
# whether the map is right. If the network decides by something beside the flower, a
# faithful map loses and a map of the flower wins. Agreement with what people see is not
# evidence of what the network uses.
#
# About the data: a flower is colourful, so that insects find it, and leaves are not.
# One line of NumPy segments these scenes well. Before you praise a method for its score
# on a data set, find out what the score of no method is.
#
# These scenes were chosen. In our first trial, on scenes that one flower dominates,
# saturation and the class activation map came out level. We then took ordinary scenes,
# with fresh seeds. So a ranking belongs to its data, and whoever chooses the data must
# say so.
#
# The wrong class shows that the class activation map does know something: asked about
# another flower, it points elsewhere.

# %% [markdown]
# How much does the corner alignment of section 3 matter? The same map, upsampled with
# `scipy.ndimage.zoom` and its default settings, plays once more.

# %%
shifted = np.stack([ndimage.zoom(one, SIDE // 5, order=1) for one in coarse])
loss = hits["class activation map"] - trial.pointing_game(shifted, masks)
mean, low, high = intervals.mean_interval(loss)
results.record("hits that the wrong corner alignment costs", 100 * mean, "points")
print(f"95 % interval: {100 * low:.0f} to {100 * high:.0f} points")

# %% [markdown]
# ## 7 · Second trial: does the map need the network?
#
# A map that explains a network must change when the network does. Adebayo and others
# (*Sanity Checks for Saliency Maps*, 2018) destroyed what the network had learned,
# layer by layer from the top down, and looked at what became of the maps.
#
# ### Exercise: rank correlation
#
# How similar are two maps? Their units differ, so only the *order* of the pixels
# counts. Write `rank_correlation(one, other)`. It gets two arrays of the same shape
# (height, width) and returns one number, *Spearman's rank correlation*: replace each
# value by its rank among **all** values of its map, and take the ordinary correlation
# of the ranks. You may assume that no value occurs twice in a map.


# %%
def rank_correlation(one, other):
    """Spearman's rank correlation of two maps (height, width), −1 … 1."""
    ### BEGIN SOLUTION
    ranks = np.argsort(np.argsort(one.ravel()))
    others = np.argsort(np.argsort(other.ravel()))
    return np.corrcoef(ranks, others)[0, 1]
    ### END SOLUTION


# %%
check.answer("rank_correlation", rank_correlation)

# %% [markdown]
# We shuffle the values of each kernel, so that a layer keeps its weights but not their
# places. First only the head, then also the separable convolutions of block 14, then
# everything down to block 9, then all layers. After the last step no kernel is left as
# it was learned.
#
# **Predict** for the gradient, for guided backpropagation and for the class activation
# map: how similar is each to itself after the kernels of blocks 9 to 14 were shuffled?

# %%
six = slice(0, 6)
steps = {"head": 1, "block 14": 3, "blocks 9–14": 18, "all": 41}
similar = {"gradient": [], "guided backpropagation": [], "class activation map": []}
before = {name: maps[six] for name, maps in whole.items()}
inputs = pictures[six], labels[six]
for count in steps.values():
    with trial.shuffled(model, count):
        slope = gradients.strength(gradients.gradient(model, *inputs))
        guided = gradients.strength(gradients.guided_backpropagation(model, *inputs))
        cells = cam.class_activation_map(model, *inputs)
    after = {
        "gradient": slope,
        "guided backpropagation": guided,
        "class activation map": cam.upsample(cells, (SIDE, SIDE)),
    }
    for name, maps in after.items():
        correlation = trial.rank_correlation(before[name], maps)
        similar[name].append(intervals.mean_interval(correlation))

# %%
fig = figures.sanity(list(steps), similar)
at = list(steps).index("blocks 9–14")
said = ", ".join(f"{name} {values[at][0]:.2f}" for name, values in similar.items())
plot.show(
    fig,
    alt="Rank correlation of each map with itself, after kernels were shuffled from "
    f"the top down. After blocks 9 to 14: {said}.",
)
for name, values in similar.items():
    results.record(f"after shuffling blocks 9–14, {name}", values[at][0])

# %% [markdown]
# Guided backpropagation draws nearly the same picture when the upper half of the
# network has lost what it learned: it shows the *picture's* edges, filtered by the
# lower layers. It may be beautiful, but it says little about the decision. The gradient
# and the class activation map do change. (The interval of the class activation map is
# wide: a map of 5 × 5 cells has few ranks, and there are only six pictures.)

# %% [markdown]
# ## 8 · Third trial: a metric that asks the network
#
# The pointing game asks whether the map agrees with *you*. *Deletion* and *insertion*
# (Petsiuk and others, 2018) ask whether it agrees with the network. Deletion replaces
# the pixels with grey, the most important first: if the map is right, the probability
# of the class falls early, and the area under its curve is small. Insertion begins with
# a grey picture and shows the most important pixels first: the area should be large.
#
# ### Exercise: deletion
#
# Write `delete(image, values, share, fill)`. It gets a picture (height, width, 3), a
# map `values` (height, width), a share from 0 to 1 and a number `fill`. It returns a
# picture of the same shape in which the `round(share * values.size)` pixels with the
# highest values are set to `fill`, in all three channels. (`round` is Python's own.)
# All other pixels stay, and so does the picture that you were given. You may assume
# that no value occurs twice in a map.


# %%
def delete(image, values, share, fill):
    """`image` with the highest `share` of its pixels, by the map, set to `fill`."""
    ### BEGIN SOLUTION
    count = round(share * values.size)
    highest = np.argsort(-values.ravel())[:count]
    pixels = image.reshape(-1, 3).copy()
    pixels[highest] = fill
    return pixels.reshape(image.shape)
    ### END SOLUTION


# %%
check.answer("delete", delete)

# %% [markdown]
# **Predict:** does colour saturation win this trial as well? And where do guided
# backpropagation and the blob in the middle end up?

# %%
judged = slice(0, 8)
everything = {**candidates, **by_network}
entrants = ["class activation map", "gradient", "guided backpropagation"]
entrants += ["saturation", "blob in the middle"]
deleted, inserted = {}, {}
for name in entrants:
    asked = pictures[judged], everything[name][judged], labels[judged]
    deleted[name] = trial.deletion(model, *asked, steps=4)
    inserted[name] = trial.insertion(model, *asked, steps=4)

# %%
areas = {}
for name in entrants:
    difference = trial.area_under(inserted[name]) - trial.area_under(deleted[name])
    areas[name] = intervals.mean_interval(difference)
fig = figures.deletion(deleted, inserted, areas, network=by_network)
by_area = sorted(areas, key=lambda name: -areas[name][0])
order = ", ".join(f"{name} {areas[name][0]:.2f}" for name in by_area)
for name in entrants:
    mean, low, high = areas[name]
    print(f"{name}: {mean:.2f} ({low:.2f} to {high:.2f})")
plot.show(
    fig,
    alt="The probability of the class while pixels are deleted and inserted, and the "
    f"area between the two curves. From the best to the worst: {order}.",
)

# %%
by_hits = sorted(entrants, key=lambda name: -np.mean(hits[name]))
print("by the pointing game:", ", ".join(by_hits))
print("by deletion and insertion:", ", ".join(by_area))
means = {name: mean for name, (mean, *_) in areas.items()}
best = max(means[name] for name in entrants if name in by_network)
lead = means["saturation"] - best
results.record("area between, saturation minus the best that asks the network", lead)

# %% [markdown]
# The lead of saturation is gone. This trial decides nothing more: the intervals
# overlap, and with eight pictures only large differences would show. This metric asks
# the network, but its question has a flaw of its own. A picture with grey holes looks
# like nothing that the network was trained on (it is *out of distribution*), so part of
# what falls is its trust in strange pictures, not its view of the flower. A metric for
# explanations needs a trial as well.

# %% [markdown]
# ## 9 · A network that cheats
#
# Now for the use that explanations were made for. This part needs no pretrained
# weights.
#
# A small network learns to tell roses from tulips, on drawn scenes of 64 × 64 pixels.
# One photographer took all the roses and stamped them: a grey square in the lower right
# corner. Nobody noticed. The test set comes from the same archive, so its roses are
# stamped as well. We train the network three times, from different initial weights.
#
# (We chose the size of the stamp and the length of the training so that the network
# does cheat, and we count a peak as a hit within 4 pixels of the stamp, since many fall
# on its border. Both were decided after looking at this archive.)

# %%
x_train, y_train = hans.scenes(240, seed=71)
x_test, y_test = hans.scenes(80, seed=72)
x_archive = hans.stamped(x_train, y_train == hans.ROSE)
x_archive_test = hans.stamped(x_test, y_test == hans.ROSE)
cheats = [hans.trained(x_archive, y_train, seed) for seed in range(3)]


def accuracies(networks, x, y):
    """The accuracy of each network on pictures x with labels y."""
    return [np.mean(network(x).numpy().argmax(axis=1) == y) for network in networks]


in_archive = accuracies(cheats, x_archive_test, y_test)
results.record(
    "cheating network, test set of the archive", 100 * np.mean(in_archive), "%"
)

# %% [markdown]
# That is the mean of the three. Nothing here looks wrong. Would you publish it?
#
# Each map now points at its highest pixel in the stamped roses of the test set. A map
# finds the cheat if it points at the stamp. **Predict** which of these find it, and
# which do not:
#
# - occlusion with a black patch, and occlusion with a grey one;
# - the class activation map;
# - the gradient, and guided backpropagation;
# - *gradient × input*, which multiplies the gradient by the picture, and *integrated
#   gradients* (Sundararajan and others, 2017): the mean gradient along the straight
#   line from a baseline to the picture, times the difference between the two. Its
#   baseline is grey, which is 0 for pictures between −1 and 1, or black;
# - colour saturation, the winner of the first trial.
#
# In the figure, a bar is the mean of the three networks, and each dot is one of them.
# Hatched bars ask no network, and the dotted line is what a flat map would score.

# %%
roses = x_archive_test[y_test == hans.ROSE][:25]
stamps = hans.stamp_masks(len(roses))
near = hans.stamp_masks(len(roses), around=4)  # what a convolution sees is the border
hits_near, energy = {}, {}
for network in cheats:
    for name, maps in hans.explanations(network, roses).items():
        hits_near.setdefault(name, []).append(trial.pointing_game(maps, near))
        energy.setdefault(name, []).append(trial.energy_inside(maps, stamps))
chances = near.mean(), stamps.mean()
fig, verdict = figures.stamp(hits_near, energy, chances, hans.RIVALS)
plot.show(fig, alt=f"Peaks on the stamp, and share of each map inside it. {verdict}")

# %%
found_by = {name: np.mean(each, axis=1) for name, each in hits_near.items()}
finds = np.min(found_by["occlusion, black"])
results.record("stamp found by occlusion, worst of three", 100 * finds, "%")
finds_grey = np.min(found_by["occlusion, grey"])
results.record("the same with a grey patch", 100 * finds_grey, "%")
misses = np.max(found_by["saturation"])
results.record("stamp found by saturation, best of three", 100 * misses, "%")
grey = np.max([each.max() for each in energy["integrated, grey"]])
results.record("integrated gradients from grey, inside the stamp", 100 * grey, "%")
black = np.min([each.mean() for each in energy["integrated, black"]])
results.record(
    "integrated gradients from black, inside the stamp, worst of three",
    100 * black,
    "%",
)

# %% [markdown]
# Occlusion and the gradients point at the stamp. The class activation map is coarser:
# one of its cells is 8 pixels wide, and its peak often lies beside the stamp. Where the
# map of edges hits the stamp, it does so without asking the network: a square has sharp
# edges, and the map would point at them just the same if the network ignored them. And
# three maps are blind:
#
# - Colour saturation, which won the first trial, never points at it. A grey square has
#   no colour. A map that knows nothing of the network cannot tell what *this* network
#   uses.
# - Gradient × input and integrated gradients from grey give the inside of the stamp
#   exactly nothing (right panel); what they point at is its border. They multiply by
#   the distance to grey, and the stamp *is* grey: to them it is invisible, by
#   construction. With a black baseline the very same method sees it. This is why a
#   choice that looks technical, such as the baseline, must be stated and varied.
#   (Occlusion with a grey patch sees the stamp nonetheless: its patch of 16 pixels is
#   larger than the stamp of 12, so it covers the stamp's border as well.)
#
# The maps say where to look. The proof is an experiment, or two: take the stamp away,
# and put it on the tulips instead. **Predict** both accuracies.

# %%
clean = accuracies(cheats, x_test, y_test)
swapped = accuracies(cheats, hans.stamped(x_test, y_test == hans.TULIP), y_test)
results.record("cheating network without stamps, mean", 100 * np.mean(clean), "%")
results.record("cheating network, stamp on the tulips", 100 * np.mean(swapped), "%")

# %% [markdown]
# The accuracy on the archive's own test set said nothing of this: training and test set
# share the flaw. (The network learned a *shortcut*, and is called a *Clever Hans
# predictor*.) An explanation raised the suspicion, and a changed input proved it. That
# order is what explanations are good for.

# %% [markdown]
# ## 10 · Photographs
#
# The same on real photographs: two that scikit-learn brings, a Chinese temple and a
# flower, and one photo of each of four classes where the flower photos are present
# (otherwise drawn scenes). The head was taught on drawings, so mind its guesses.
#
# **Predict** what the map of the temple looks like. No flower is there.

# %%
shown = []
for name in ("china", "flower"):
    photo = data.load_photo(name)
    middle = (photo.shape[1] - photo.shape[0]) // 2
    square = photo[:, middle : middle + photo.shape[0]]
    shown.append(np.asarray(keras.ops.image.resize(square, (SIDE, SIDE))))
flowers, _ = data.load_flowers(size=SIDE, per_class=1).arrays(SIDE, crop=True)
photos = transfer.scale(np.stack([*shown, *flowers[:4]]))

# %%
guesses = model(photos).numpy().argmax(axis=1)
coarse = cam.class_activation_map(model, photos, guesses)
guided = gradients.guided_backpropagation(model, photos, guesses)
by_photo = {
    "class activation map": cam.upsample(coarse, (SIDE, SIDE)),
    "guided backpropagation": gradients.strength(guided),
    "saturation": rivals.saturation(photos),
}
titles = [f"“{garden.CLASSES[guess]}”" for guess in guesses]
fig = figures.gallery(photos, titles, by_photo)
plot.show(
    fig,
    alt="A temple, a flower and four flower pictures with the network's guesses "
    f"{', '.join(titles)}; below each its class activation map, guided "
    "backpropagation and colour saturation.",
)

# %% [markdown]
# The network has no answer "no flower", so it names one for the temple too, and every
# map explains that answer as willingly as a right one. A convincing map is no sign that
# the decision was right.
#
# Does the ranking of section 6 carry over from drawn scenes to photographs? The tests
# of this course measure it on 112 photos with masks, the Oxford flowers. Saturation
# hits the flower in all of them, a blob in the middle in 94 %, the gradient and guided
# backpropagation in 87 %, CAM in 82 %, edges in 34 %, and CAM of a wrong class in 23 %.
# (The intervals reach up to nine points to either side.) The winner is the same, and
# here the middle does well, too: photographers put their flower there.

# %% [markdown]
# ## 11 · What you have seen
#
# - CAM and Grad-CAM of the last maps are the same map up to the number of places.
# - Four bugs turn or move a map without any error: softmax for logit, a length for each
#   pixel, a maximum that is not positive, corners that are aligned.
# - The pointing game measures whether a map agrees with *you*. It can be won without
#   any network.
# - A map that survives shuffled weights explains the picture, not the network.
# - Patch, colour and baseline belong to the result. State them, and vary them.
# - Explanations find suspects; experiments convict.

# %% tags=["nbval-check-output"]
check.report()
