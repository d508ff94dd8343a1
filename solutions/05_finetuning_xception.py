# %% [markdown]
# # Lab 05 · Fine-tuning Xception on flowers
#
# **A network has never been asked about these five flowers. How little data and time does it need, without a GPU?**
#
# Xception was trained on 1.3 million photos of 1,000 things. You have a few hundred photos of five flowers, and two
# processor cores. You will climb a ladder: a small ConvNet from scratch, then a linear head on the frozen Xception, then
# Xception with its top retrained. Each rung is measured, and its time too.
#
# At the end you can
#
# - use a pretrained network as a feature extractor, and say why its input scaling matters;
# - cut a network in two, compute the lower half once, and retrain the upper half on a laptop;
# - recognize five classic faults by what they do to the numbers;
# - look inside: feature space, confusion matrix, wrong labels;
# - save the model, reload it in another process, and say what more devices would change.
#
# The exercises do not depend on each other. Stuck? `check.hint("scale")` gives a hint; a second call says more.

# %% tags=["setup"]
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, silhouette_score
from sklearn.model_selection import cross_val_predict
from threadpoolctl import threadpool_limits

from utils import check, data, plot, results, transfer
from utils.ledger import ledger
from utils.lessons.lab05 import figures

check.start("lab05")

# %% [markdown]
# ## 1 · Photos, weights and an honest split
#
# The next cell gets the photos and the network, and says which photos it got. The real ones are the TensorFlow flower
# photos from Flickr. Where they cannot be had, `utils.garden` draws scenes of the same five classes, hard in the same
# ways: strangers in the picture, blur, bad light. The *weights* have no stand-in. They are the real ones or none, and
# without them the cells that begin with `if base:` do nothing.

# %%
SEED = 0
flowers = data.load_flowers()
real, classes = flowers.official, flowers.classes
limit = None if real else 100  # of each class: 500 drawn scenes are enough
# photos need all the pixels that Xception was trained on; drawn scenes fewer, so there is time for a second look: mirrored
side, looks = (299, 1) if real else (150, 2)
many = len(flowers) > 2000  # all the photos: enough to teach two blocks
chosen = np.concatenate([np.flatnonzero(flowers.labels == c)[:limit] for c in range(len(classes))])
images, labels = flowers.arrays(side, chosen)
try:
    base = data.pretrained("xception")
except data.Missing as error:
    base = None
    results.incomplete(f"Without the pretrained Xception most of this lab cannot run. {error}")
print(f"{len(images):,} pictures of {side} × {side} pixels, {len(classes)} classes")

# %%
some = np.random.default_rng(SEED).permutation(len(images))[:10]
fig = plot.images(images[some], [classes[i] for i in labels[some]])
plot.show(fig, alt="Ten pictures of flowers with their labels: one flower or many, near or far, sharp or blurred.")

# %% [markdown]
# ### Exercise: the scale that Xception expects
#
# Xception saw pixels between −1 and 1, never between 0 and 255. Nothing in the network checks that: a wrong scale raises no
# error, it only costs accuracy. You will measure how much in section 6. Write the scaling: uint8 in, float32 out.


# %%
def scale(images):
    """uint8 pixels 0 … 255 as float32 −1 … 1, same shape."""
    ### BEGIN SOLUTION
    return (images / 127.5 - 1).astype("float32")
    ### END SOLUTION


# %%
check.answer("scale", scale)

# %% [markdown]
# ### Exercise: an honest split
#
# The accuracy that counts is the one on photos that took no part in any decision. Hold out `test_fraction` of **every**
# class, so that a rare class is tested too: `round(test_fraction * count)` photos of each. Files come sorted, so shuffle
# each class first, with `np.random.default_rng(seed)` and nothing else. Return indices, not photos.
#
# Later you will add a mirrored copy of each photo. Predict: what goes wrong if you mirror first and split then?


# %%
def split(labels, test_fraction, seed):
    """(train, test): arrays of indices, disjoint; test holds round(test_fraction · count) photos of every class."""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    train, test = [], []
    for c in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == c))
        held_out = round(test_fraction * len(members))
        test.extend(members[:held_out])
        train.extend(members[held_out:])
    return np.array(train), np.array(test)
    ### END SOLUTION


# %%
check.answer("split", split)

# %% [markdown] tags=["solution-only"]
# Mirror first, and a photo can land in the training set while its mirror image lands in the test set. The network has then
# seen nearly every test photo, and the accuracy measures memory. So: split first. Everything that is made from a photo stays
# on that photo's side.

# %% [markdown]
# `data.split` does the same. From here on the lab uses the course's own version, so your answers cannot break what follows.

# %%
train, test = data.split(labels, 0.25 if real else 0.3, SEED)
rungs = []  # (name, accuracy, test photos, seconds) of the ladder
print(f"{len(train)} photos to learn from, {len(test)} held out")

# %% [markdown]
# ## 2 · The floor: a ConvNet from scratch
#
# Before you borrow a network, see what a new one can do with so few photos. Four convolution blocks, BatchNormalization,
# mirrored views, dropout. It is small, because with a few hundred photos a large one only learns them by heart.
#
# **Predict** its accuracy on the held-out photos. Guessing gives 20 %.


# %%
def small_convnet(side, classes):
    """A ConvNet with four blocks for side × side × 3 pictures in −1 … 1; returns logits."""
    model = keras.Sequential([keras.Input((side, side, 3)), keras.layers.RandomFlip("horizontal")])
    for filters, strides in ((16, 2), (32, 1), (64, 1), (128, 1)):  # halved four times: by a stride, then by pooling
        model.add(keras.layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False))
        model.add(keras.layers.BatchNormalization(momentum=0.9))
        model.add(keras.layers.ReLU())
        if strides == 1:
            model.add(keras.layers.MaxPooling2D())
    model.add(keras.layers.GlobalAveragePooling2D())
    model.add(keras.layers.Dropout(0.2))
    model.add(keras.layers.Dense(classes))
    return model


# %%
clock = time.perf_counter()
step = round(side / 50)
small = images[:, ::step, ::step]  # some 50 pixels a side are enough here
scratch = small_convnet(small.shape[1], len(classes))
transfer.tune(
    scratch,
    [transfer.scale(small)],
    labels,
    train,
    epochs=6 if many else 14,
    rate=3e-3,
    mixup=0,
    seed=SEED,
    label="from scratch",
)
scratch_says = transfer.outputs(scratch, transfer.scale(small[test])).argmax(axis=1)
floor = np.mean(scratch_says == labels[test])
rungs.append(("small ConvNet from scratch", floor, len(test), time.perf_counter() - clock))
results.record("from scratch", 100 * floor, "%")

# %% [markdown]
# It beats guessing by far, and it is far from good. All that it knows of petals and leaves it had to find in these few photos.
# The next network brings that along.

# %% [markdown]
# ## 3 · The promise: borrowed features
#
# Xception without its last layer turns a photo into 2,048 numbers. They were learnt to tell 1,000 things apart. Do they tell
# your five flowers apart, which it was never asked to do?
#
# The network stays frozen, so a photo gives the same numbers in every epoch. Then compute them **once**.

# %% [markdown]
# ### Exercise: features, computed once
#
# Write the loop: give `model` the images in batches of at most `batch`, in order, and return everything in one float16 array.
# The last batch may be smaller. (float16 keeps three digits in half the memory. Features need no more.)


# %%
def in_batches(model, images, batch=32):
    """model(images) for all images, computed `batch` at a time; float16, in the order of the images."""
    ### BEGIN SOLUTION
    parts = [model(images[i : i + batch]) for i in range(0, len(images), batch)]
    return np.concatenate(parts).astype("float16")
    ### END SOLUTION


# %%
check.answer("in_batches", in_batches)

# %% [markdown]
# ### Exercise: the head in numbers
#
# At 150 pixels Xception's last feature map has 5 × 5 places and 2,048 channels. The head is one Dense layer with a bias and
# five outputs. How many parameters does it have after global average pooling, and how many after Flatten? **Predict** first
# which of the two you would trust with a few hundred photos.

# %%
# pooled, flattened: parameters of the Dense layer after GlobalAveragePooling2D and after Flatten
### BEGIN SOLUTION
pooled = 2048 * 5 + 5
flattened = 5 * 5 * 2048 * 5 + 5
### END SOLUTION

# %%
check.answer("head_parameters", pooled, flattened)

# %% [markdown]
# Now run Xception over every photo. The pass is done in two steps, with a stop just below block 14, the last one. What lies there is
# kept: section 4 shows what it is good for. It takes a while, and it comes only once. Drawn scenes are small, so they get a
# second look, mirrored. Photos are larger: there the time is spent on pixels instead. (With all 3,670 photos the stop is one block lower.)

# %%
CUT, TOP = ("block13_sepconv1_act", "blocks 13 and 14") if many else ("block14_sepconv1", "block 14")
if base:
    clock = time.perf_counter()
    lower, upper = transfer.cut(base, CUT)
    views, seconds_below = [], []
    for mirrored in (False, True)[:looks]:
        views.append(transfer.activations(lower, images, mirrored=mirrored, label="mirrored" if mirrored else "below the cut"))
        seconds_below.append(time.perf_counter() - clock)
    plain = views[0]
    print(f"{plain.shape[1:]} numbers a photo, {sum(v.nbytes for v in views) / 1e6:.0f} MB in all")

# %%
if base:
    clock = time.perf_counter()
    to_features = keras.Sequential([upper, keras.layers.GlobalAveragePooling2D()])
    looked, frozen_by_looks = [], []
    for name, view, below in zip(
        ("Xception frozen, linear head", "… both views of each photo")[:looks], views, seconds_below, strict=True
    ):
        looked.append(transfer.outputs(to_features, view))
        features = np.mean(looked, axis=0)
        head = transfer.linear_head(features[train], labels[train])
        frozen_says = head.predict_proba(features[test])
        frozen = np.mean(frozen_says.argmax(axis=1) == labels[test])
        frozen_by_looks.append(frozen)
        rungs.append((name, frozen, len(test), below + time.perf_counter() - clock))
    single = looked[0]
    results.record("frozen Xception", 100 * frozen, "%")
    results.record("frozen minus from scratch", 100 * (frozen - floor), "points")

# %% [markdown]
# One objection: *daisy* is one of ImageNet's 1,000 classes, the only one of your five. Does the network just remember daisies?
# **Predict** whether the daisies do better than the others.

# %%
if base:
    recall = [np.mean(frozen_says.argmax(axis=1)[labels[test] == c] == c) for c in range(len(classes))]
    print("share recognized: " + ", ".join(f"{name} {100 * share:.0f} %" for name, share in zip(classes, recall, strict=True)))
    others = np.mean([share for name, share in zip(classes, recall, strict=True) if name != "daisy"])
    results.record("the four flowers that ImageNet does not name, recognized", 100 * others, "%")

# %% [markdown]
# A linear classifier, the simplest there is, on features made for other things. **The work of the network is done below the
# head.** What a flower needs, petals, textures, colours, round things on stalks, was worth learning for 1,000 other classes
# too.

# %% [markdown]
# ## 4 · The step up: retrain the top
#
# The lowest layers see edges and colours: nothing to improve. The highest see "things of ImageNet": there your flowers can
# gain. So *unfreeze the top*, block 14, and train with a small learning rate. How far down to go depends on how many photos there are to
# learn from: with all of them this lab retrains block 13 too.
#
# The usual recipe runs every photo through the whole network in every epoch, although most of the network never changes.
# You will do better.

# %% [markdown]
# ### Exercise: what the cut saves
#
# Call the cost of one forward pass of one photo 1. The part below the cut costs `below` of it. Training costs three times a
# forward pass: forward, backward to the activations, backward to the weights. A frozen part only runs forward.
#
# - Without a cache every epoch costs `below` plus the training of the rest.
# - With a cache `below` is paid once, and every epoch costs only the training of the rest.
#
# Return the old cost divided by the new one for `epochs` epochs. **Predict** first, for 95 % of the work below the cut
# and six epochs: is it a factor of 1.5, 3.5 or 20?


# %%
def speedup(below, epochs):
    """Cost of `epochs` epochs without the cache, divided by the cost with it; below: share of the work under the cut."""
    ### BEGIN SOLUTION
    above = epochs * 3 * (1 - below)
    return (epochs * below + above) / (below + above)
    ### END SOLUTION


# %%
check.answer("speedup", speedup)

# %% [markdown] tags=["solution-only"]
# For 95 % and six epochs: (6 · 0.95 + 6 · 0.15) / (0.95 + 6 · 0.15) = 3.6. With more epochs it grows towards 7.3 and
# no further, because what is trained has to be trained. Against training *everything*, which costs 3 an epoch, it is 9.7.
# Memory falls too: no activations of the lower half are kept for the backward pass.

# %% [markdown]
# ### Exercise: cut a network in two
#
# Return two models: `lower` from the input to the tensor that *enters* the named layer, `upper` from that tensor to the
# output, so that `upper(lower(x))` equals `model(x)`. Above the cut a shortcut may start from the same tensor, as in nearly
# every block of Xception. Think before you slice `model.layers`.


# %%
def cut(model, layer):
    """(lower, upper): two Keras models; upper begins with the layer of that name."""
    ### BEGIN SOLUTION
    joint = model.get_layer(layer).input
    return keras.Model(model.input, joint), keras.Model(joint, model.output)
    ### END SOLUTION


# %%
check.answer("cut", cut)

# %% [markdown]
# ### Exercise: the usual recipe, for comparison
#
# Elsewhere you will see the whole network with some layers unfrozen. Write it: everything from the layer named `first` on is
# trained, everything before it is frozen, and BatchNormalization is frozen everywhere: a frozen BatchNormalization layer of Keras
# also keeps its statistics. Section 6 shows why that matters. Return the base.


# %%
def unfreeze(base, first):
    """The same base: `first` and all later layers trainable, except BatchNormalization."""
    ### BEGIN SOLUTION
    base.trainable = True
    reached = False
    for layer in base.layers:
        reached = reached or layer.name == first
        layer.trainable = reached and not isinstance(layer, keras.layers.BatchNormalization)
    return base
    ### END SOLUTION


# %%
check.answer("unfreeze", unfreeze)

# %% [markdown]
# ### Exercise: soft labels
#
# "Daisy: 1, all others: 0" asks for certainty, and a softmax can only come near it with ever larger weights. *Label smoothing* takes
# the share `smoothing` away from the true class and spreads it evenly over **all** classes, the true one included.
#
# 1. `soft_targets(labels, classes, smoothing)`: one row a photo, float32.
# 2. `lowest_loss(classes, smoothing)`: the cross-entropy $-\sum_k t_k \ln p_k$ of a perfect network, whose probabilities $p$ equal the
#    targets $t$. Here `smoothing` is above 0.
#
# **Predict** first: does a perfect network reach loss 0?


# %%
def soft_targets(labels, classes, smoothing):
    """Targets (n, classes) for `labels` (n,) 0 … classes - 1; every row adds up to 1."""
    ### BEGIN SOLUTION
    hard = np.eye(classes, dtype="float32")[labels]
    return hard * (1 - smoothing) + smoothing / classes
    ### END SOLUTION


def lowest_loss(classes, smoothing):
    """The cross-entropy that remains when the network says exactly what it is asked for."""
    ### BEGIN SOLUTION
    target = soft_targets([0], classes, smoothing)[0]
    return -np.sum(target * np.log(target))
    ### END SOLUTION


# %%
check.answer("smoothing", soft_targets, lowest_loss)

# %% [markdown]
# ### The top, retrained
#
# Now the real thing. `transfer.top` copies the upper half, puts a new head on it, of zeros, and keeps BatchNormalization in
# inference mode. `transfer.tune` trains it on the cached activations. Its ingredients, each of which you can turn off:
#
# | ingredient | what it does |
# |:--|:--|
# | a view at random | each epoch shows a photo as it is or mirrored, where both were computed |
# | MixUp on activations | two photos blended, and their labels too |
# | label smoothing 0.1 | asks for 92 % certainty, not 100 % |
# | warm-up and cosine | the head knows nothing yet and the layers below it are good: a large first step would ruin them. So the rate climbs first, and to 1e-3 only |
#
# **Predict:** how many points does it gain, and is an epoch slower or faster than the pass below the cut?

# %%
if base:
    clock = time.perf_counter()
    new_head = (np.zeros((features.shape[1], len(classes))), np.zeros(len(classes)))
    tuned = transfer.top(upper, len(classes), head=new_head)
    EPOCHS, BATCH = (5 if many else 7, 32) if real else (10, 16)
    transfer.tune(tuned, views, labels, train, epochs=EPOCHS, rate=1e-3, batch=BATCH, seed=SEED, label=TOP)
    seconds = time.perf_counter() - clock
    tuned_says = [transfer.softmax(transfer.outputs(tuned, view[test])) for view in views]
    tuned_mean = sum(tuned_says) / looks  # as many looks as the frozen network had
    accuracy = np.mean(tuned_mean.argmax(axis=1) == labels[test])
    rungs.append((f"{TOP} retrained", accuracy, len(test), seconds_below[-1] + seconds))
    results.record("tuned Xception", 100 * accuracy, "%")
    results.record("tuned minus frozen", 100 * (accuracy - frozen), "points")

# %% [markdown]
# How good was your formula? The ledger counts the work below the cut, the clock says the rest.

# %%
if base:
    below = ledger(lower, (side, side, 3)).multiply_adds / ledger(base, (side, side, 3)).multiply_adds
    results.record("share of the multiply-adds below the cut", 100 * below, "%")
    trained = 3 * (1 - below) * len(train) * EPOCHS  # in forward passes of one photo
    once = below * len(images) * looks
    ratio = seconds / seconds_below[-1]
    print(f"predicted: training costs {trained / once:.2f} times the passes below the cut; measured: {ratio:.2f}")

# %% [markdown]
# The formula counts multiply-adds as if each took the same time. Where the two ratios differ, they did not: small batches, gradients and
# depthwise convolutions can keep a processor waiting for numbers. Count first, then measure.

# %% [markdown]
# Where there is a second look, use it: ask about the photo *and* its mirror image, and average the two answers. Here is what each
# network gains by it. **Predict** the sign.

# %%
if base and looks == 2:
    one_look = np.mean(tuned_says[0].argmax(axis=1) == labels[test])
    print("frozen:    {:.1%} with one look, {:.1%} with two".format(*frozen_by_looks))
    print(f"retrained: {one_look:.1%} with one look, {accuracy:.1%} with two")

# %% [markdown]
# ### Put back together
#
# You trained the upper half as a model of its own. The application wants one network: photo in, answer out. `transfer.join`
# connects the halves again. Is it the same network? Compare its answers with those of the two halves, first with
# activations in full precision, then with the float16 cache that you trained on.

# %%
if base:
    whole = transfer.join(lower, tuned)
    some = test[:8]
    through = transfer.outputs(whole, images[some], prepare=transfer.scale, batch=8)
    halves = transfer.outputs(tuned, transfer.outputs(lower, images[some], prepare=transfer.scale, batch=8), batch=8)
    cached = transfer.outputs(tuned, plain[some], batch=8)
    assert np.allclose(through, halves, atol=1e-4), "the reassembled network differs from its two halves"
    assert np.array_equal(through.argmax(axis=1), cached.argmax(axis=1)), "rounding to float16 changed an answer"
    results.record("whole minus halves, largest logit", np.abs(through - halves).max())
    results.record("whole minus float16 cache", np.abs(through - cached).max())

# %% [markdown]
# ## 5 · The ladder
#
# Each rung with its 95 % interval and the seconds from raw photos to that rung.

# %%
if base:
    fig = figures.ladder(rungs, 1 / len(classes))
    said = ", ".join(f"{name} {100 * accuracy:.0f} %" for name, accuracy, *_ in rungs)
    plot.show(fig, alt=f"Bars of held-out accuracy: {said}. No step needed a GPU.")
    results.record("seconds to the top of the ladder", rungs[-1][3], "s")

# %% [markdown]
# That each rung is higher is no surprise. Where the time goes may be one: retraining sounds like the expensive step. But most
# of the network's work is not there any more, and the ratio that you measured above says what that makes of the time.

# %% [markdown]
# ## 6 · Five controls
#
# A result is worth as much as the attempts to break it. Each control changes one thing. To keep them short they retrain on
# 120 photos for two epochs, so the faultless run comes first, as the mark to compare with.
#
# **Predict** before you run: order the faults by the points they cost: pixels 0 … 255 · BatchNormalization in training mode ·
# a learning rate ten times too high.

# %%
few, probe = train[:120], test[:300]
if base:
    start = (head.coef_.T, head.intercept_)  # in two epochs a new head would not get far


def short_run(name, rate=1e-3, **faults):
    """Accuracy on `probe` after two epochs on `few`, with the given faults."""
    model = transfer.top(upper, len(classes), head=start, **faults)
    transfer.tune(model, [plain], labels, few, epochs=2, rate=rate, batch=16, mixup=0, seed=SEED, label=name)
    return np.mean(transfer.outputs(model, plain[probe]).argmax(axis=1) == labels[probe])


if base:
    faultless = short_run("faultless")
    batchnorm = short_run("BatchNormalization trains", train_batchnorm=True)
    too_fast = short_run("rate × 10", rate=1e-2)

# %% [markdown]
# ### The wrong scale
#
# Two versions of the fault. In the first, everything is consistent: learn and test on pixels 0 … 255. In the second the
# network was trained as it should be, and only the application feeds it 0 … 1. That is how it happens in practice: another
# program, another convention.


# %%
def features_of(photos, prepare):
    """Features (n, 2048) of uint8 photos when `prepare` does the scaling."""
    return transfer.outputs(to_features, transfer.outputs(lower, photos, prepare=prepare))


if base:
    probe = test[:100]  # a pass through the whole network is slow
    raw_head = transfer.linear_head(features_of(images[few], np.float32), labels[few])
    few_head = transfer.linear_head(single[few], labels[few])
    right_scale = few_head.score(single[probe], labels[probe])
    raw_scale = raw_head.score(features_of(images[probe], np.float32), labels[probe])
    mixed_scale = few_head.score(features_of(images[probe], lambda x: x / 255), labels[probe])

# %% [markdown]
# 120 photos to learn from are one draw, and 100 to test on are few. How far do other draws come with the right scale, on all held-out photos?
# Keep that distance in mind for every row below.

# %%
if base:
    draws = np.split(train[: len(train) // len(few) * len(few)], len(train) // len(few))
    by_draw = [transfer.linear_head(single[draw], labels[draw]).score(single[test], labels[test]) for draw in draws]
    print("each draw of 120 photos:", ", ".join(f"{right:.1%}" for right in by_draw))
    results.record("frozen, 120 photos, right scale, mean of the draws", 100 * np.mean(by_draw), "%")

# %%
if base:
    rows = [
        ("pixels 0 … 255 throughout", right_scale, raw_scale),
        ("trained right, fed 0 … 1", right_scale, mixed_scale),
        ("BatchNormalization trains", faultless, batchnorm),
        ("learning rate × 10", faultless, too_fast),
    ]
    said = ", ".join(f"{name} {100 * (faulty - right):+.0f} points" for name, right, faulty in rows)
    plot.show(figures.controls(rows), alt=f"What each fault does to the accuracy: {said}. No fault raised an error.")
    results.record("largest loss by a silent fault", 100 * max(right - faulty for _, right, faulty in rows), "points")

# %% [markdown]
# Not one of these raised an error or a warning. Only the accuracy tells, and only if you know what to expect. That is what the
# ladder is for. Did you expect BatchNormalization to cost the most? Look at its row, and compare it with the learning rate's: in so short
# a run it need not cost much, and with other pictures and seeds it has even gained. A fault that sometimes helps is the hardest to find.

# %% [markdown]
# ### Exercise: how far BatchNormalization has drifted
#
# In training mode the layer does two things. It normalizes with the mean of the *batch*, a few photos. And it moves its stored
# mean towards it: `moving = momentum * moving + (1 - momentum) * batch_mean`, with momentum 0.99 in Xception. Afterwards, in
# inference mode, the stored mean is used. Suppose your photos have another mean than ImageNet. Which share of the way has the
# stored mean gone after `updates` updates? **Predict** for one epoch of 28 batches: nearly all, half, a quarter?


# %%
def drift(momentum, updates):
    """Share (0 … 1) of the distance to the new mean that the moving mean has covered."""
    ### BEGIN SOLUTION
    return 1 - momentum**updates
    ### END SOLUTION


# %%
check.answer("drift", drift)

# %% [markdown] tags=["solution-only"]
# After 28 updates 1 − 0.99²⁸ ≈ 25 %. The weights have learnt to work with the batch's mean, and at test time the layer
# uses a mean that is three quarters ImageNet's: training and testing see two different networks. How much that costs depends on
# how far the two means are apart; the figure above says it for your photos. Thousands of steps would close the gap.

# %% [markdown]
# ### `training=False` is not what it seems
#
# Many tutorials keep BatchNormalization quiet by calling the network with `training=False`. **Predict**: after one `fit`, how
# far has the stored mean moved from 0, with that argument, and with `layer.trainable = False` instead?


# %%
def moved(**call):
    """How far one `fit` moves the stored mean of a BatchNormalization layer inside a network called with `call`."""
    inputs = keras.Input((3,))
    norm = keras.layers.BatchNormalization(trainable=bool(call))
    network = keras.Model(inputs, norm(inputs))
    outer_inputs = keras.Input((3,))
    model = keras.Model(outer_inputs, keras.layers.Dense(1)(network(outer_inputs, **call)))
    model.compile("sgd", "mse")
    model.fit(np.full((64, 3), 5.0), np.zeros(64), verbose=0)
    return float(np.abs(norm.moving_mean).max())


print(f"network(x, training=False):  the mean moved by {moved(training=False):.2f}")
results.record("mean moved with layer.trainable = False", moved())

# %% [markdown]
# If the first number is not 0, your Keras has the trap: `fit` says `training=True`, and that overrides the argument in every
# nested layer. (It is so since Keras 3; see issue 20285 of keras-team/keras.) What holds is `trainable = False` on each
# BatchNormalization layer, as in your `unfreeze`. This lab does the same.

# %% [markdown]
# ### A test set of 65 photos
#
# A well-known course notebook reports that fine-tuning *lost* 1.6 points, on 65 validation photos. Did it?


# %% [markdown]
# ### Exercise: how much noise has a test set?
#
# 1. `standard_error(p, n)`: a network is right with probability p on each of n independent photos. The standard deviation of
#    the measured accuracy, as a share.
# 2. `photos_needed(p, gap)`: how many test photos are needed so that two standard errors are at most `gap`? Shares again, and a
#    whole number.
#
# **Predict** how many photos it takes to see 1.6 points at 90 %.


# %%
def standard_error(p, n):
    """Standard deviation of the accuracy measured on n photos, 0 … 1."""
    ### BEGIN SOLUTION
    return math.sqrt(p * (1 - p) / n)
    ### END SOLUTION


def photos_needed(p, gap):
    """The smallest number of test photos whose two standard errors are at most `gap`."""
    ### BEGIN SOLUTION
    return math.ceil(4 * p * (1 - p) / gap**2)
    ### END SOLUTION


# %%
check.answer("noise", standard_error, photos_needed)

# %% [markdown]
# Now see it happen. Draw 65 of your held-out photos, again and again, and compare the frozen and the tuned network on them.
# On the whole test set you know who is better.

# %%
if base:
    right_frozen = frozen_says.argmax(axis=1) == labels[test]
    right_tuned = tuned_mean.argmax(axis=1) == labels[test]
    gain = right_tuned.astype(float) - right_frozen
    rng = np.random.default_rng(SEED)
    differences = [gain[rng.choice(len(test), 65, replace=False)].mean() for _ in range(5000)]
    reversed_share = np.mean(np.array(differences) <= 0)
    fig = figures.small_tests(differences, 65, 100 * gain.mean())
    plot.show(
        fig,
        alt=f"Histogram of tuned minus frozen on 65 random test photos: wide around {100 * gain.mean():.1f} points, "
        f"and in {100 * reversed_share:.0f} % of the draws the tuned network does not win.",
    )
    print(f"In {100 * reversed_share:.0f} % of the small tests the tuned network does not win.")

# %% [markdown]
# ### Exercise: shuffled labels
#
# Last control. Shuffle the labels of the training photos, so that they mean nothing, and train the linear head on the frozen
# features. **Predict** its accuracy on the training photos and on the held-out photos:
#
# - `"a"`: both about 20 %, there is nothing to learn;
# - `"b"`: about 100 % on the training photos, about 20 % on the others;
# - `"c"`: both about 60 %, the features still know flowers;
# - `"d"`: both about 100 %.

# %%
# prediction: "a", "b", "c" or "d"
### BEGIN SOLUTION
prediction = "b"
### END SOLUTION

# %%
check.answer("shuffled", prediction)

# %%
if base:
    nonsense = np.random.default_rng(SEED).permutation(labels[train])
    parrot = transfer.linear_head(features[train], nonsense, strength=1e3)
    results.record("shuffled labels, training photos", 100 * parrot.score(features[train], nonsense), "%")
    results.record("shuffled labels, held-out photos", 100 * parrot.score(features[test], labels[test]), "%")

# %% [markdown]
# With 2,048 features a photo a linear head can fit *any* labels. So a high accuracy on the training photos proves nothing,
# and the 20 % on the others prove something: your pipeline leaks no test photo. Keep this control for every project.

# %% [markdown]
# ## 7 · Looking
#
# ### The feature space
#
# 2,048 numbers a photo, squeezed into two by t-SNE: it keeps near things near and says nothing about large distances. Only
# held-out photos are shown. **Predict** what retraining does to the clouds.

# %%
if base:
    from sklearn.manifold import TSNE

    inner = keras.Model(tuned.input, tuned.get_layer("logits").input)
    spaces = {"frozen": features[test], "retrained": transfer.outputs(inner, plain[test])}
    maps = []
    with threadpool_limits(1):  # small matrices: one core is faster than two that wait for each other
        for name, space in spaces.items():
            compact = PCA(30, random_state=SEED).fit_transform(space)
            maps.append((name, TSNE(2, perplexity=20, init="pca", random_state=SEED).fit_transform(compact)))
    fig = figures.spaces(maps, labels[test], classes)
    plot.show(fig, alt="Two maps of the held-out photos, with a colour and a mark for each class: clouds that partly overlap.")

# %% [markdown]
# Are they tighter now? A map of two dimensions can deceive, in both ways. The *silhouette* asks the 2,048 numbers themselves: how much
# nearer is a photo to its own class than to the next one? 1 is perfect, 0 means that classes touch, −1 that all are misplaced.

# %%
if base:
    silhouette = {name: silhouette_score(space, labels[test], metric="cosine") for name, space in spaces.items()}
    print(", ".join(f"{name}: {value:.3f}" for name, value in silhouette.items()))
    results.record("silhouette, retrained minus frozen", silhouette["retrained"] - silhouette["frozen"])

# %% [markdown]
# That is how far retraining pulled the classes apart for photos that it has never seen. Look
# for single marks in a wrong cloud. They are the next topic.

# %% [markdown]
# ### Exercise: the confusion matrix
#
# Count: `table[i, j]` is the number of photos with label i that the network calls j. Without a library function.


# %%
def confusion(labels, guesses, classes):
    """Counts (classes, classes): row = label, column = guess."""
    ### BEGIN SOLUTION
    table = np.zeros((classes, classes), int)
    np.add.at(table, (labels, guesses), 1)
    return table
    ### END SOLUTION


# %%
check.answer("confusion", confusion)

# %%
if base:
    table = confusion_matrix(labels[test], tuned_mean.argmax(axis=1))
    pair = np.unravel_index((table - np.diag(np.diag(table))).argmax(), table.shape)
    fig = figures.confusion(table, classes)
    plot.show(
        fig, alt=f"Confusion matrix with a strong diagonal; most often {classes[pair[0]]} are taken for {classes[pair[1]]}."
    )
    print(f"Most frequent confusion: {classes[pair[0]]} taken for {classes[pair[1]]}, {table[pair]} times")

# %% [markdown]
# ### Exercise: the worst mistakes
#
# Which mistakes should you look at first? Those where the network gave the true label the least. Return the indices of the
# wrong photos, worst first, `k` at most.


# %%
def worst(probabilities, labels, k):
    """Indices of at most k wrong answers, ordered by the probability of the true label, lowest first."""
    ### BEGIN SOLUTION
    own = probabilities[np.arange(len(labels)), labels]
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(own[wrong])][:k]
    ### END SOLUTION


# %%
check.answer("worst", worst)

# %%
if base:
    true_share = tuned_mean[np.arange(len(test)), labels[test]]
    order = np.argsort(true_share)[:10]
    titles = [f"{classes[labels[test][i]]}?\n→ {classes[tuned_mean[i].argmax()]}" for i in order]
    fig = plot.images(images[test][order], titles)
    plot.show(fig, alt="The ten held-out photos with the least probability for their label, with label and the network's answer.")

# %% [markdown]
# Look at each one and decide: is the network wrong, or the label? Scenes with two kinds of flowers have no right answer.

# %% [markdown]
# ### Finding wrong labels
#
# A confident mistake is often a wrong *label*. How well does that detect them? To know, plant some: change the labels of 5 % of
# all photos, and let heads that did not see a photo judge it (cross-validation). Then look at the photos whose label gets the
# least probability.

# %%
if base:
    rng = np.random.default_rng(SEED)
    planted = rng.choice(len(labels), len(labels) // 20, replace=False)
    spoilt = labels.copy()
    spoilt[planted] = (labels[planted] + rng.integers(1, len(classes), len(planted))) % len(classes)
    with threadpool_limits(1):
        compact = PCA(100, random_state=SEED).fit_transform(features)
        judge = LogisticRegression(C=0.03, max_iter=500)
        belief = cross_val_predict(judge, compact, spoilt, cv=5, method="predict_proba")[np.arange(len(labels)), spoilt]
    suspects = np.argsort(belief)[: len(planted)]
    found = np.isin(suspects, planted).mean()
    results.record("planted labels among as many suspects", 100 * found, "%")

# %% [markdown]
# You planted one photo in twenty. Picked at random, one suspect in twenty would be a planted one. The same list, made with
# the labels as they came, shows the candidates of this data set:

# %%
if base:
    belief = cross_val_predict(judge, compact, labels, cv=5, method="predict_proba")
    suspects = np.argsort(belief[np.arange(len(labels)), labels])[:10]
    titles = [f"{classes[labels[i]]}?\n→ {classes[belief[i].argmax()]}" for i in suspects]
    fig = plot.images(images[suspects], titles)
    plot.show(fig, alt="The ten photos of the whole data set whose label the cross-validated heads believe least.")

# %% [markdown]
# Drawn scenes have exact labels, so there you see hard scenes. Among the real photos are a gerbera filed under roses, bare
# branches under tulips, a kitchen table with two sunflowers, a still life with every flower there is.

# %% [markdown]
# ### A photo of your own
#
# Put the path of a photo into `MY_PHOTO`. Until then the lab shows a photo that comes with scikit-learn. It is a dahlia. **Predict**
# what a network that knows five flowers says about a sixth.

# %%
MY_PHOTO = None  # for example "my_flower.jpg"
if base:
    from PIL import Image

    photo = Image.open(MY_PHOTO).convert("RGB") if MY_PHOTO else Image.fromarray(data.load_photo("flower"))
    pixels = np.asarray(photo.resize((side, side)))[None]
    says = transfer.softmax(transfer.outputs(whole, pixels, prepare=transfer.scale, batch=1))[0]
    fig = plot.images(pixels, ["\n".join(f"{classes[i]} {says[i]:.0%}" for i in says.argsort()[::-1][:3])], size=3.2)
    plot.show(fig, alt=f"The photo with the three most likely classes; the first is {classes[says.argmax()]}.")
    results.record("probabilities add up to", says.sum())

# %% [markdown]
# The probabilities add up to one, whatever you show it. "None of these" was never among the answers. A softmax compares the
# classes it knows; it does not know what it does not know.

# %% [markdown]
# ## 8 · All 1,000 classes: ResNet50 on the china photo
#
# The lecture shows the three most likely ImageNet classes for a photo of the Summer Palace. Its figures depend on the
# preprocessing, and slides rarely state it. Here are both ways: squeeze the photo into a square, or crop the middle.
#
# | published elsewhere, recorded, not measured here | palace | bell cote | monastery |
# |:--|--:|--:|--:|
# | squeezed to 224 × 224 | 42.87 % | 40.57 % | 14.56 % |
# | middle square, then 224 × 224 | 54.69 % | 18.55 % | 24.72 % |


# %%
def top_three(model, names, pixels):
    """The three most likely ImageNet classes for one float picture (224, 224, 3) in 0 … 255, as text."""
    says = model.predict_on_batch(keras.applications.resnet50.preprocess_input(pixels[None].copy()))[0]
    return says, ", ".join(f"{names[i]} {says[i]:.2%}" for i in says.argsort()[::-1][:3])


try:
    resnet, names = data.pretrained("resnet50"), data.imagenet_classes()
    china = data.load_photo("china").astype(np.float32)
    for crop, way in ((False, "squeezed"), (True, "middle square")):
        says, text = top_three(resnet, names, np.asarray(keras.layers.Resizing(224, 224, crop_to_aspect_ratio=crop)(china)))
        print(f"{way}: {text}")
        results.record(f"{way}: palace", 100 * says[names.index("palace")], "%")
except data.Missing as error:
    print(f"ResNet50 was not run here: the table above is recorded from elsewhere, not computed. {error}")

# %% [markdown]
# ## 9 · Out into the world
#
# ### Save, and reload in a fresh process
#
# A model that works only in the notebook that made it is no result. Save the reassembled network, start another Python,
# load it there, and compare the numbers.

# %%
RELOAD = """
import sys, keras, numpy as np
model = keras.models.load_model(sys.argv[1])
photos = np.load(sys.argv[2])
np.save(sys.argv[3], model.predict_on_batch(photos.astype("float32") / 127.5 - 1))
"""
if base:
    with tempfile.TemporaryDirectory() as folder:
        model_file, photo_file, answer_file = (Path(folder) / n for n in ("flowers.keras", "photos.npy", "answers.npy"))
        whole.save(model_file)
        megabytes = model_file.stat().st_size / 1e6
        np.save(photo_file, images[test[:8]])
        subprocess.run([sys.executable, "-c", RELOAD, model_file, photo_file, answer_file], check=True, capture_output=True)
        elsewhere = np.load(answer_file)
    results.record("reloaded minus here, largest logit", np.abs(elsewhere - through).max())
    results.record("size of the file", megabytes, "MB")

# %% [markdown]
# The file holds architecture and weights. It does *not* hold the scaling: the other program had to know it. Many a
# deployment failed there. A `Rescaling` layer inside the model would carry it along.

# %% [markdown]
# ### More devices
#
# `tf.distribute.MirroredStrategy` keeps one copy of the weights on each device. Each copy gets its share of the batch, the
# gradients are averaged, and all copies take the same step. Two GPUs are not needed to see it: TensorFlow can split the
# processor into two *logical* devices. It has to happen before TensorFlow starts, so it runs in another process.
#
# **Predict:** are the weights after training on two devices the same as on one?

# %%
MIRRORED = """
import keras, numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
x = np.random.default_rng(0).normal(size=(256, 32)).astype("float32")
y = (x[:, :5]).argmax(1)
def train(scope):
    keras.utils.set_random_seed(0)
    with scope:
        model = keras.Sequential([keras.Input((32,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(5)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.1), loss)
    model.fit(x, y, batch_size=64, epochs=5, shuffle=False, verbose=0)
    return model.get_weights()
one, two = train(tf.distribute.get_strategy().scope()), train(strategy.scope())
print(strategy.num_replicas_in_sync, max(np.abs(a - b).max() for a, b in zip(one, two)))
"""
run = subprocess.run([sys.executable, "-c", MIRRORED], check=True, capture_output=True, text=True, encoding="utf-8")
replicas, difference = run.stdout.split()
results.record("devices that trained together", int(replicas))
results.record("largest difference between the weights", float(difference))

# %% [markdown]
# The same weights, up to rounding: with a fixed global batch more devices change the time, not the result. In earnest, you
# raise the global batch too, and then the learning rate.
#
# | runtime | what to change |
# |:--|:--|
# | one GPU (Colab: Runtime → Change runtime type) | nothing: Keras uses it. All photos at 299 pixels become affordable, and mixed precision: `keras.mixed_precision.set_global_policy("mixed_float16")` |
# | several GPUs | build and compile the model inside `with tf.distribute.MirroredStrategy().scope():` |
# | TPU | `resolver = tf.distribute.cluster_resolver.TPUClusterResolver()`, connect and initialize, then `with tf.distribute.TPUStrategy(resolver).scope():`; keep the batch size fixed, drop the remainder, policy `"mixed_bfloat16"` |

# %% [markdown]
# ### Exercise: eight devices instead of one
#
# One device trains with batches of 32 and a peak rate of 3e-4. You get eight. Each keeps its 32 photos a step. How large is the
# global batch, how many steps has an epoch of 2,752 photos (the last one may be smaller), and which rate does the linear
# scaling rule suggest?

# %%
# global_batch, steps, rate
### BEGIN SOLUTION
global_batch = 8 * 32
steps = math.ceil(2752 / global_batch)
rate = 8 * 3e-4
### END SOLUTION

# %%
check.answer("devices", global_batch, steps, rate)

# %% [markdown]
# ## 10 · What you have seen
#
# - A frozen network and a linear head are the first thing to try. They take one pass over the photos.
# - Retraining the top brings more. What lies below it is computed once, not in every epoch.
# - Scale, BatchNormalization and learning rate fail silently. Controls find them.
# - A small test set cannot tell good from better. Say how many photos stand behind a number.
# - The worst mistakes are worth looking at: some are the label's.

# %% tags=["nbval-check-output"]
check.report()
