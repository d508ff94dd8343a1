# %% [markdown]
# # Lab 05 · Fine-tuning Xception on flowers
#
# **A network has never been asked about these five flowers. How little data and time
# does it need to learn them, without a GPU?**
#
# Xception was trained on 1.3 million photos of 1,000 classes. You have a few hundred
# pictures of five flowers, and two processor cores. You will climb a ladder: a small
# ConvNet trained from scratch, then a linear head on the frozen Xception, then Xception
# with its top retrained. You measure the accuracy of each step, and its time.
#
# After this lab you can
#
# - use a pretrained network for *feature extraction*, and say why its input scaling
#   matters;
# - cut a network in two, cache what the lower half computes, and *fine-tune* the upper
#   half on a laptop;
# - recognize silent faults by what they do to the accuracy;
# - look inside: feature space, confusion matrix, wrong labels;
# - save the model, reload it in another process, and say what more devices would
#   change.
#
# The exercises do not depend on each other. Stuck? `check.hint("scale")` gives a hint
# for the exercise `scale`; ask again for a stronger one. A function that you write must
# leave the arrays that it is given unchanged.
#
# **You will learn** to adapt a pretrained network to your own photos without a GPU, and
# to test whether its accuracy can be believed.

# %% tags=["setup"]
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import TSNE
from sklearn.metrics import confusion_matrix, silhouette_score
from sklearn.model_selection import cross_val_predict
from threadpoolctl import threadpool_limits

from utils import check, data, gate, plot, results, transfer
from utils.ledger import ledger
from utils.lessons.lab05 import figures, recipe

check.start("lab05")

# %% [markdown]
# ## 1 · Photos, weights and an honest split
#
# The next cell loads the pictures and says which ones it got. The real ones are the
# TensorFlow flower photos, from Flickr. Where they are not available, `utils.garden`
# draws scenes of the same five classes that are hard in the same ways: other flowers in
# the picture, blur, bad light.
#
# Photos and drawn scenes need different settings (size, epochs, what is retrained).
# They are collected in one object, `plan`.

# %%
SEED = 0
flowers = data.load_flowers()
classes = flowers.classes
plan = recipe.plan(flowers)
results.on(plan.data)
images, labels = recipe.pictures(flowers, plan)
print(f"{len(images):,} pictures of {plan.side} × {plan.side} pixels: {plan.data}")

# %%
shown = np.random.default_rng(SEED).permutation(len(images))[:10]
fig = plot.images(images[shown], [classes[i] for i in labels[shown]])
plot.show(
    fig,
    alt="Ten pictures of flowers with their labels: one flower or many, near or far, "
    "sharp or blurred.",
)

# %% [markdown]
# The *weights* of Xception have no stand-in: there are the real ones or none. Without
# them, every cell that needs the network is skipped and says so; the exercises and all
# other cells work.

# %%
try:
    base = data.pretrained("xception")  # without its 1,000-class classifier
except data.Missing as error:
    gate.close("base", reason=f"What needs the pretrained Xception is skipped. {error}")

# %% [markdown]
# ### Exercise: the scale that Xception expects
#
# Xception was trained on pixels between −1 and 1, not between 0 and 255. Nothing in the
# network checks its input: a wrong scale raises no error, it only costs accuracy. You
# will measure how much in section 6.
#
# Write `scale(images)`. It gets a uint8 array of any shape with pixels from 0 to 255,
# and returns them on the range −1 … 1, in one float32 array of the same shape: 0
# becomes −1 and 255 becomes 1, in every picture.


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
# The accuracy that counts is the one on photos that took no part in any decision. Write
# `split(labels, test_fraction, seed)`, a *stratified* split: it holds out the same
# share of **every** class, so that a rare class is tested too.
#
# - `labels` is an array of class numbers, one for each photo.
# - Of a class with `count` photos, exactly `round(test_fraction * count)` go into the
#   test set, all others into the training set.
# - Files come sorted, so shuffle each class before you divide it.
# - Take all random numbers from a generator of your own made from `seed`, so that the
#   same seed always gives the same split, and other cells are not disturbed.
#   `np.random.RandomState(seed)` and `np.random.default_rng(seed)` make one. (NumPy
#   promises that the numbers of the first will never change.)
#
# Return integer indices, not photos: two flat arrays or lists, `(train, test)`, in any
# order.
#
# Later you will add a mirrored copy of each photo. **Predict:** what goes wrong if you
# mirror first and split then?


# %%
def split(labels, test_fraction, seed):
    """(train, test): indices of the photos to learn from and of those held out."""
    ### BEGIN SOLUTION
    generator = np.random.RandomState(seed)
    train, test = [], []
    for c in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == c))
        held_out = round(test_fraction * len(members))
        test.extend(members[:held_out])
        train.extend(members[held_out:])
    return np.array(train), np.array(test)
    ### END SOLUTION


# %%
check.answer("split", split)

# %% [markdown] tags=["solution-only"]
# Mirror first, and a photo can land in the training set while its mirror image lands in
# the test set. The network has then seen nearly every test photo, and the accuracy
# measures memory. This is *data leakage*. So split first: everything that is made from
# a photo stays on that photo's side.

# %% [markdown]
# From here on the lab uses the course's `data.split`, so no answer of yours can break
# what follows. It takes the same steps with `RandomState`, and mixes the classes at the
# end: the solution's code holds out the very same photos.

# %%
train, test = data.split(labels, plan.test_fraction, SEED)
ladder = []  # the steps of the ladder, each with its accuracy and time
print(f"{len(train)} photos to learn from, {len(test)} held out")

# %% [markdown]
# ## 2 · The floor: a ConvNet from scratch
#
# Before you borrow a network, see what a new one can do with so few photos. This one
# has four convolution blocks with BatchNormalization, sees every photo mirrored half of
# the time, and has dropout before the output. It is small, because with a few hundred
# photos a large one would only memorize them.
#
# The training function is `transfer.tune`, the same that will retrain Xception: a loop
# over Keras' `train_on_batch` with the optimizer AdamW. Some 50 pixels a side are
# enough here.

# %%
small = recipe.thumbnails(images)  # about 50 × 50 × 3, in −1 … 1
scratch = recipe.small_convnet(small.shape[1], len(classes))
ledger(scratch)

# %% [markdown]
# **Predict** its accuracy on the held-out photos. Guessing gives 20 %.

# %%
started = time.perf_counter()
recipe.train_from_scratch(scratch, small, labels, train, plan, SEED)
scratch_guesses = transfer.outputs(scratch, small[test]).argmax(axis=1)
floor = np.mean(scratch_guesses == labels[test])
seconds = time.perf_counter() - started
ladder.append(recipe.Step("small ConvNet from scratch", floor, len(test), seconds))
results.record("from scratch", 100 * floor, "%")

# %% [markdown]
# It is far better than guessing, and far from good. All that it knows about petals and
# leaves it had to find in these few photos. The next network brings that knowledge
# along.

# %% [markdown]
# ## 3 · The promise: borrowed features
#
# Xception without its last layer turns a photo into 2,048 numbers, its *features*. They
# were learned to tell 1,000 classes apart. Do they also tell your five flowers apart,
# which the network was never asked to do?
#
# Using a pretrained network this way is called *feature extraction*. The network stays
# *frozen*: its weights do not change, so a photo has the same features in every epoch,
# and it is enough to compute them **once**.

# %% [markdown]
# ### Exercise: features, computed once
#
# Write `in_batches(model, images, batch=32)`. It gets a Keras model and an array of
# images, calls the model on the images in order, `batch` of them at a time, and must
# return everything in one float16 array, in the order of the images. The last batch may
# be smaller. Each image is computed once, and no batch is smaller than it need be.
#
# (float16 keeps about three digits in half the memory of float32. Features need no
# more.)


# %%
def in_batches(model, images, batch=32):
    """model(images) for all images, `batch` at a time; float16, in the same order."""
    ### BEGIN SOLUTION
    parts = []
    for start in range(0, len(images), batch):
        parts.append(model(images[start : start + batch]))
    return np.concatenate(parts).astype("float16")
    ### END SOLUTION


# %%
check.answer("in_batches", in_batches)

# %% [markdown]
# ### Exercise: the head in numbers
#
# For a photo of 150 × 150 pixels, Xception's last feature map has 5 × 5 positions and
# 2,048 channels. The *head* is one Dense layer with a bias and five outputs. How many
# parameters does it have after GlobalAveragePooling2D (`pooled`), and how many after
# Flatten (`flattened`)? **Predict** first which of the two you would trust with a few
# hundred photos.

# %%
# pooled, flattened: parameters of the Dense layer after GlobalAveragePooling2D and
# after Flatten
### BEGIN SOLUTION
pooled = 2048 * 5 + 5
flattened = 5 * 5 * 2048 * 5 + 5
### END SOLUTION

# %%
check.answer("head_parameters", pooled, flattened)

# %% [markdown]
# Now run Xception over every photo. We stop at a layer near the top, `plan.cut`, and
# cache the activations there, so this slow pass runs only once. (A pass that took more
# than a minute is also kept on the disk for the next run.) Section 4 shows what else
# the cache is good for.
#
# Drawn scenes are small, so there is time to cache a second *view* of each, mirrored.
# Photos are larger, and the time goes into their pixels instead: one view.
#
# Would smaller photos do? On 1,200 real ones, with a linear head on the pooled features
# and five splits of 900 to 300, the course measured:
#
# | pixels a side | accuracy | standard deviation of the splits | time of the pass |
# |---:|---:|---:|---:|
# | 299 | 91 % | 0.8 points | 1 |
# | 224 | 87 % | 0.9 points | 0.49 |
# | 150 | 82 % | 1.3 points | 0.23 |
# | 96 | 76 % | 1.8 points | 0.16 |
#
# So 224 pixels save half of the time and cost three to four points.

# %%
from utils.training import kept

lower, upper = transfer.cut(base, plan.cut)
views, seconds_below = [], []
for mirrored in plan.mirrored:  # False, and True where there is time for it
    label = "mirrored" if mirrored else "below the cut"
    view, seconds = kept.activations(lower, images, mirrored=mirrored, label=label)
    views.append(view)
    seconds_below.append(sum(seconds_below[-1:]) + seconds)  # of all passes so far
plain = views[0]
megabytes = sum(view.nbytes for view in views) / 1e6
print(f"cut below {plan.cut}: {plain.shape[1:]} per photo, {megabytes:.0f} MB in all")

# %% [markdown]
# The rest of Xception turns what is cached into features. On them we train the simplest
# classifier there is, a *logistic regression*: one Dense layer with a softmax, and
# a penalty on large weights. With two views, the second row of the ladder uses the mean
# of their features.

# %%
started = time.perf_counter()
to_features = keras.Sequential([upper, keras.layers.GlobalAveragePooling2D()])
names = ["Xception frozen, linear head", "… both views averaged"]
features_by_view, frozen_accuracies = [], []
for name, view, below in zip(names, views, seconds_below, strict=False):
    features_by_view.append(transfer.outputs(to_features, view))
    features = np.mean(features_by_view, axis=0)  # (n, 2048)
    head = transfer.linear_head(features[train], labels[train])
    frozen_guesses = head.predict(features[test])
    frozen_accuracy = np.mean(frozen_guesses == labels[test])
    frozen_accuracies.append(frozen_accuracy)
    seconds = below + time.perf_counter() - started
    ladder.append(recipe.Step(name, frozen_accuracy, len(test), seconds))
single = features_by_view[0]  # features of the photos as they are
results.record("frozen Xception", 100 * frozen_accuracy, "%")
results.record("frozen minus from scratch", 100 * (frozen_accuracy - floor), "points")

# %% [markdown]
# One objection: *daisy* is one of ImageNet's 1,000 classes, the only one of your five.
# Does the network just remember daisies? **Predict** whether it recognizes daisies more
# often than the others.

# %%
recalls = {}  # of the photos of each class, the share that is recognized
for c, name in enumerate(classes):
    recalls[name] = np.mean(frozen_guesses[labels[test] == c] == c)
    print(f"{name}: {recalls[name]:.0%} recognized")
others = np.mean([recalls[name] for name in classes if name != "daisy"])
results.record(
    "the four flowers that ImageNet does not name, recognized", 100 * others, "%"
)

# %% [markdown]
# That is a linear classifier on features made for other classes. **The work is done
# below the head.** What it takes to recognize a flower (petals, textures, colours,
# round things on stalks) was worth learning for 1,000 other classes too.

# %% [markdown]
# ## 4 · The step up: retrain the top
#
# The lowest layers detect edges and colours, and there is little to improve. The
# highest ones are specialized in ImageNet's classes: there your flowers have something
# to gain. So *unfreeze the top*, block 14, and train it with a small learning rate.
# This is *fine-tuning*. How far down to go depends on how many photos there are to
# learn from: with all 3,670 this lab retrains block 13 too.
#
# The usual recipe runs every photo through the whole network in every epoch, although
# most of the network never changes. You will do better.

# %% [markdown]
# ### Exercise: what the cut saves
#
# Let the cost of one forward pass of all photos through the whole network be 1. The
# part below the cut takes the share `below` of it, the part above takes 1 − `below`.
# Training a part costs three times its forward pass: forward, backward to the
# activations, backward to the weights. A frozen part only runs forward.
#
# - Without a cache, every epoch costs the forward pass of the part below, plus the
#   training of the part above.
# - With a cache, the part below runs once in all, and every epoch costs only the
#   training of the part above.
#
# Write `speedup(below, epochs)`: the cost of `epochs` epochs without the cache, divided
# by their cost with it. **Predict** first, for 95 % of the work below the cut and six
# epochs: is it a factor of 1.5, 3.5 or 20?


# %%
def speedup(below, epochs):
    """Cost of `epochs` epochs without the cache, divided by their cost with it."""
    ### BEGIN SOLUTION
    above = epochs * 3 * (1 - below)
    return (epochs * below + above) / (below + above)
    ### END SOLUTION


# %%
check.answer("speedup", speedup)

# %% [markdown] tags=["solution-only"]
# For 95 % and six epochs: (6 · 0.95 + 6 · 0.15) / (0.95 + 6 · 0.15) = 3.6. With more
# epochs it grows towards (0.95 + 0.15) / 0.15 = 7.3 and no further, because what is
# trained has to be trained. Compared with training *everything*, which costs 3 an
# epoch, it is 18 / 1.85 = 9.7. The cache saves memory too: no activations of the lower
# half are kept for the backward pass.

# %% [markdown]
# ### Exercise: cut a network in two
#
# Write `cut(model, layer)`. It gets a functional Keras model and the name of one of its
# layers, and returns two Keras models `(lower, upper)`: `lower` goes from the input to
# the tensor that *enters* the named layer, `upper` from that tensor to the output, so
# that `upper(lower(x))` equals `model(x)`.
#
# A shortcut or a side branch may start from the same tensor and join again above the
# cut, as in nearly every block of Xception. Think before you slice `model.layers`.


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
# Elsewhere you will see the whole network trained, with only some layers unfrozen.
# Write `unfreeze(base, first)`. It gets a Keras model and the name of one of its
# layers. That layer and all that follow it in `base.layers` become trainable, all
# before it become frozen, and every BatchNormalization layer is frozen, wherever it
# stands and whatever its name: in Keras, a frozen BatchNormalization layer also keeps
# its statistics. Section 6 shows why that matters.
#
# The base may come trainable, or frozen as a whole: then `base.trainable` is False, and
# hides what its layers say. In the base that you return it must be True.
#
# Change `base` itself and return it.


# %%
def unfreeze(base, first):
    """The same base: `first` and later layers trainable, except BatchNormalization."""
    ### BEGIN SOLUTION
    base.trainable = True
    reached = False
    for layer in base.layers:
        reached = reached or layer.name == first
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = reached and not is_norm
    return base
    ### END SOLUTION


# %%
check.answer("unfreeze", unfreeze)

# %% [markdown]
# ### Exercise: soft labels
#
# "Daisy: 1, all others: 0" asks for certainty, and a softmax can only approach it with
# ever larger weights. *Label smoothing* takes the share `smoothing` away from the true
# class and spreads it evenly over **all** classes, the true one included.
#
# 1. `soft_targets(labels, classes, smoothing)` gets an array of class numbers and
#    returns a float32 array with one row for each label and one column for each of the
#    `classes`.
# 2. `lowest_loss(classes, smoothing)` returns one number, the cross-entropy
#    $-\sum_k t_k \ln p_k$ of a perfect network for one photo. Its probabilities $p$
#    equal the targets $t$. Here `smoothing` is above 0.
#
# **Predict** first: does a perfect network reach loss 0?


# %%
def soft_targets(labels, classes, smoothing):
    """Targets (n, classes) for `labels` (n,) 0 … classes − 1; rows add up to 1."""
    ### BEGIN SOLUTION
    hard = np.eye(classes, dtype="float32")[labels]
    return hard * (1 - smoothing) + smoothing / classes
    ### END SOLUTION


def lowest_loss(classes, smoothing):
    """The cross-entropy of a network whose probabilities equal its soft targets."""
    ### BEGIN SOLUTION
    target = soft_targets([0], classes, smoothing)[0]
    return -np.sum(target * np.log(target))
    ### END SOLUTION


# %%
check.answer("smoothing", soft_targets, lowest_loss)

# %% [markdown]
# ### The top, retrained
#
# Now the real thing. `transfer.top` copies the upper half, puts a new head on it, with
# weights of zero, and freezes BatchNormalization. `transfer.tune` trains this model on
# the cached activations. Its ingredients, each of which you can turn off:
#
# | ingredient | what it does |
# |:--|:--|
# | a random view | each epoch shows a photo as it is or mirrored, if both are cached |
# | MixUp on activations | blends two photos, and their labels too |
# | label smoothing 0.1 | asks for 92 % certainty, not 100 % |
# | learning-rate warm-up | the rate climbs slowly from 0 to 1e-3 |
# | cosine decay | the rate falls smoothly to 0 |
#
# Why the warm-up? At first the head knows nothing, and the layers below it are good. A
# large step would ruin them.
#
# **Predict:** how many points does it gain, and does the whole training take longer or
# less long than the pass below the cut?

# %%
started = time.perf_counter()
zeros = np.zeros((features.shape[1], len(classes))), np.zeros(len(classes))
tuned = transfer.top(upper, len(classes), head=zeros)
transfer.tune(
    tuned,
    views,
    labels,
    train,
    epochs=plan.epochs,
    rate=plan.rate,
    batch=plan.batch,
    seed=SEED,
    label=plan.top,
)
tuning_seconds = time.perf_counter() - started
tuned_by_view = []
for view in views:
    tuned_by_view.append(transfer.softmax(transfer.outputs(tuned, view[test])))
tuned_probabilities = np.mean(tuned_by_view, axis=0)  # of as many views as before
tuned_accuracy = np.mean(tuned_probabilities.argmax(axis=1) == labels[test])
seconds = seconds_below[-1] + time.perf_counter() - started
ladder.append(recipe.Step(f"{plan.top} retrained", tuned_accuracy, len(test), seconds))
gain = 100 * (tuned_accuracy - frozen_accuracy)
results.record("tuned Xception", 100 * tuned_accuracy, "%")
results.record("tuned minus frozen", gain, "points")

# %% [markdown]
# How good was your formula? The ledger counts the work below the cut, the clock
# measures the time.

# %%
shape = (plan.side, plan.side, 3)
below = ledger(lower, shape).multiply_adds / ledger(base, shape).multiply_adds
results.record("share of the multiply-adds below the cut", 100 * below, "%")
training = 3 * (1 - below) * len(train) * plan.epochs  # in passes of one photo
caching = below * len(images) * len(views)
measured = tuning_seconds / seconds_below[-1]
print(
    f"training takes {training / caching:.2f} times the work of caching, "
    f"and {measured:.2f} times its time"
)

# %% [markdown]
# The formula counts multiply-adds as if each took the same time. Where the two ratios
# differ, they did not: with small batches, gradients and depthwise convolutions a
# processor often waits for memory. Count first, then measure.

# %% [markdown]
# The views can help at test time too: average the answers for a photo and for its
# mirror image. This is *test-time augmentation*. Here is what each network gains by it
# (photos have one view here, so there is one line). **Predict** the sign.

# %%
for count in range(1, len(views) + 1):
    averaged = np.mean(tuned_by_view[:count], axis=0)
    retrained = np.mean(averaged.argmax(axis=1) == labels[test])
    frozen = frozen_accuracies[count - 1]
    print(f"views: {count}   frozen: {frozen:.1%}   retrained: {retrained:.1%}")

# %% [markdown]
# With so few held-out photos, a difference of two or three points proves nothing by
# itself. Section 6 says how many photos it would take.

# %% [markdown]
# ### Put back together
#
# You trained the upper half as a model of its own. The application wants one network:
# photo in, answer out. `transfer.join` connects the halves again. Is it the same
# network? Compare its answers with those of the two halves, first with activations in
# full precision, then with the float16 cache that you trained on.

# %%
whole = transfer.join(lower, tuned)
eight = test[:8]
through = transfer.outputs(whole, images[eight], prepare=transfer.scale, batch=8)
middle = transfer.outputs(lower, images[eight], prepare=transfer.scale, batch=8)
halves = transfer.outputs(tuned, middle, batch=8)
cached = transfer.outputs(tuned, plain[eight], batch=8)
results.record("whole minus halves, largest logit", np.abs(through - halves).max())
results.record("whole minus float16 cache", np.abs(through - cached).max())

# %% [markdown]
# ## 5 · The ladder
#
# Each step with its 95 % confidence interval, and the seconds from raw photos to that
# step.

# %%
fig = figures.ladder(ladder, 1 / len(classes))
said = ", ".join(f"{step.name} {step.accuracy:.0%}" for step in ladder)
plot.show(fig, alt=f"Bars of the accuracy on held-out photos: {said}.")
results.record("seconds to the top of the ladder", ladder[-1].seconds, "s")

# %% [markdown]
# That each step is higher is no surprise. Where the time goes may be one: retraining
# sounds like the expensive part. But most of the network takes no part in it any more,
# and the ratio that you measured above says what that does to the time.

# %% [markdown]
# ## 6 · Five controls
#
# A result is worth as much as the attempts to break it. Each control changes one thing:
# the scale, BatchNormalization, the learning rate, the size of the test set, the
# labels. To keep the first three short, they train on 120 photos only, and retrain for
# two epochs. So a run without a fault comes first, as the mark to compare with.
#
# **Predict** before you run: order the faults by the points they cost: pixels 0 … 255 ·
# BatchNormalization in training mode · a learning rate ten times too high.

# %%
few = train[:120]


def short_run(name, rate=1e-3, **faults):
    """Accuracy after two epochs on `few`, with the given faults."""
    start = (head.coef_.T, head.intercept_)  # in two epochs a new head learns little
    model = transfer.top(upper, len(classes), head=start, **faults)
    settings = {"epochs": 2, "batch": 16, "mixup": 0, "seed": SEED, "label": name}
    transfer.tune(model, [plain], labels, few, rate=rate, **settings)
    tested = test[:300]
    guesses = transfer.outputs(model, plain[tested]).argmax(axis=1)
    return np.mean(guesses == labels[tested])


# %%
faultless = short_run("faultless")
batchnorm = short_run("BatchNormalization trains", train_batchnorm=True)
too_fast = short_run("rate × 10", rate=1e-2)

# %% [markdown]
# ### The wrong scale
#
# There are two versions of this fault. In the first, everything is consistent: learn
# and test on pixels 0 … 255. In the second, the network was trained as it should be,
# and only the application feeds it 0 … 1. That is how it happens in practice: another
# program, another convention.


# %%
def features_of(photos, prepare):
    """Features (n, 2048) of uint8 photos when `prepare` does the scaling."""
    cached = transfer.outputs(lower, photos, prepare=prepare)
    return transfer.outputs(to_features, cached)


def unit_scale(photos):
    """The wrong scale for Xception: 0 … 1."""
    return photos / 255


# %%
probe = test[:100]  # a pass through the whole network is slow
raw_head = transfer.linear_head(features_of(images[few], np.float32), labels[few])
raw_scale = raw_head.score(features_of(images[probe], np.float32), labels[probe])
few_head = transfer.linear_head(single[few], labels[few])
right_scale = few_head.score(single[probe], labels[probe])
mixed_scale = few_head.score(features_of(images[probe], unit_scale), labels[probe])

# %% [markdown]
# 120 photos to learn from are one draw of many, and 100 to test on are few. How far
# apart are other draws, with the right scale and on all held-out photos? Keep that
# spread in mind for every row below.

# %%
count = len(train) // len(few)
by_draw = []
for draw in np.split(train[: count * len(few)], count):
    draw_head = transfer.linear_head(single[draw], labels[draw])
    by_draw.append(draw_head.score(single[test], labels[test]))
print("each draw of 120 photos:", ", ".join(f"{right:.1%}" for right in by_draw))
results.record(
    "frozen, 120 photos, right scale, mean of the draws", 100 * np.mean(by_draw), "%"
)

# %%
rows = [
    ("pixels 0 … 255 throughout", right_scale, raw_scale),
    ("trained right, fed 0 … 1", right_scale, mixed_scale),
    ("BatchNormalization trains", faultless, batchnorm),
    ("learning rate × 10", faultless, too_fast),
]
costs = {name: 100 * (right - faulty) for name, right, faulty in rows}
said = ", ".join(f"{name} {-cost:+.0f} points" for name, cost in costs.items())
plot.show(figures.controls(rows), alt=f"What each fault does to the accuracy: {said}.")
results.record("largest loss by a silent fault", max(costs.values()), "points")

# %% [markdown]
# Not one of these faults raised an error or a warning. Only the accuracy tells, and
# only if you know what to expect. That is what the ladder is for.
#
# Did you expect BatchNormalization to cost the most? Compare its row with the learning
# rate's. In so short a run it need not cost much, and with other pictures and seeds it
# can even gain. A fault that sometimes helps is the hardest to find.

# %% [markdown]
# ### Exercise: how far BatchNormalization has drifted
#
# In training mode the layer does two things. It normalizes with the mean of the
# *batch*, a few photos. And it moves its stored mean, the *moving average*, towards
# that mean: `moving = momentum * moving + (1 - momentum) * batch_mean`, with momentum
# 0.99 in Xception. Afterwards, in inference mode, the stored mean is used.
#
# Suppose that all batches of your photos have the same mean, and that it is not
# ImageNet's. Write `drift(momentum, updates)`: the share of the distance to the new
# mean that the stored mean has covered after `updates` updates, a number from 0 to 1.
# **Predict** for one epoch of 28 batches: nearly all, half, or a quarter?


# %%
def drift(momentum, updates):
    """Share (0 … 1) of the distance to the new mean that is covered."""
    ### BEGIN SOLUTION
    return 1 - momentum**updates
    ### END SOLUTION


# %%
check.answer("drift", drift)

# %% [markdown] tags=["solution-only"]
# After 28 updates it is 1 − 0.99²⁸ ≈ 25 %. The weights have learned to work with the
# batch's mean, and at test time the layer uses a mean that is still three quarters
# ImageNet's: training and testing see two different networks. How much that costs
# depends on how far the two means are apart; the figure above says it for your photos.
# Hundreds of steps would close the gap.

# %% [markdown]
# ### `training=False` is not what it seems
#
# Many tutorials keep BatchNormalization quiet by calling the network with
# `training=False`. **Predict:** after one `fit`, how far has the stored mean moved from
# 0, with that argument, and with `layer.trainable = False` instead?


# %%
def moved(trainable, **call):
    """How far one `fit` moves the stored mean of a nested BatchNormalization layer.

    The network around the layer is called with the arguments `call`.
    """
    inputs = keras.Input((3,))
    norm = keras.layers.BatchNormalization(trainable=trainable)
    network = keras.Model(inputs, norm(inputs))
    photos = keras.Input((3,))
    model = keras.Model(photos, keras.layers.Dense(1)(network(photos, **call)))
    model.compile("sgd", "mse")
    model.fit(np.full((64, 3), 5.0), np.zeros(64), verbose=0)
    return float(np.abs(norm.moving_mean).max())


by_argument = moved(trainable=True, training=False)
print(f"network(x, training=False): the mean moved by {by_argument:.2f}")
results.record("mean moved with layer.trainable = False", moved(trainable=False))

# %% [markdown]
# If the first number is not 0, your Keras has the trap: `fit` passes `training=True`,
# and that overrides the argument in every nested layer. (This is so since Keras 3; see
# issue 20285 of keras-team/keras.) What always holds is `trainable = False` on each
# BatchNormalization layer, as in your `unfreeze`. The lab does the same.

# %% [markdown]
# ### A test set of 65 photos
#
# A well-known course notebook reports that fine-tuning *lost* 1.6 points, on 65
# validation photos. Did it?

# %% [markdown]
# ### Exercise: how noisy is a test set?
#
# 1. Write `standard_error(p, n)`. A network is right with probability `p` on each of
#    `n` independent photos. Return the standard deviation of the measured accuracy, as
#    a share (0 … 1, not in percent).
# 2. Write `photos_needed(p, gap)`: the smallest number of test photos for which *two*
#    standard errors are at most `gap`. `p` and `gap` are shares; the result is a whole
#    number.
#
# **Predict** how many photos it takes to see 1.6 points at 90 %.


# %%
def standard_error(p, n):
    """Standard deviation of the accuracy measured on n photos, 0 … 1."""
    ### BEGIN SOLUTION
    return math.sqrt(p * (1 - p) / n)
    ### END SOLUTION


def photos_needed(p, gap):
    """Smallest number of test photos whose two standard errors are at most `gap`."""
    ### BEGIN SOLUTION
    return math.ceil(4 * p * (1 - p) / gap**2)
    ### END SOLUTION


# %%
check.answer("noise", standard_error, photos_needed)

# %% [markdown]
# Now see it happen. Draw 65 of your held-out photos, again and again, and compare the
# frozen and the retrained network on them. On all held-out photos you have measured the
# difference already.

# %%
right_frozen = frozen_guesses == labels[test]
right_tuned = tuned_probabilities.argmax(axis=1) == labels[test]
gains = right_tuned.astype(float) - right_frozen  # 1, 0 or −1 for each photo
generator = np.random.default_rng(SEED)
differences = []
for _ in range(5000):
    drawn = generator.choice(len(test), 65, replace=False)
    differences.append(gains[drawn].mean())
not_won = np.mean(np.array(differences) <= 0)
fig = figures.small_tests(differences, 65, gains.mean())
plot.show(
    fig,
    alt="Histogram of retrained minus frozen accuracy on 65 random test photos, from "
    f"{100 * min(differences):.0f} to {100 * max(differences):.0f} points around a "
    f"mean of {100 * gains.mean():.1f}.",
)
print(f"In {not_won:.0%} of the small tests the retrained network does not win.")

# %% [markdown]
# ### Exercise: shuffled labels
#
# The last control. Shuffle the labels of the training photos, so that they mean
# nothing, and train the linear head on the frozen features, with nearly no penalty on
# its weights. **Predict** its accuracy on the training photos and on the held-out
# photos:
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
nonsense = np.random.default_rng(SEED).permutation(labels[train])
parrot = transfer.linear_head(features[train], nonsense, strength=1e3)
memorized = parrot.score(features[train], nonsense)
transferred = parrot.score(features[test], labels[test])
results.record("shuffled labels, training photos", 100 * memorized, "%")
results.record("shuffled labels, held-out photos", 100 * transferred, "%")

# %% [markdown]
# With 2,048 features a photo, a linear head can fit nearly *any* labels of a few
# hundred photos. So a high accuracy on the training photos proves nothing. An accuracy
# near 20 %, that of guessing, on the others does prove something: without true labels
# in training the accuracy is gone, so the labels of the test set do not reach the head
# by some other way. Keep this control for every project. (Only an honest split reveals
# test photos among the training photos: this control shuffles their labels too.)

# %% [markdown]
# ## 7 · Looking
#
# ### The feature space
#
# *t-SNE* arranges the photos on a plane, from the 2,048 numbers of each: it keeps near
# things near and says nothing about large distances. Only held-out photos are shown.
# **Predict** what retraining does to the clouds.

# %%
inner = keras.Model(tuned.input, tuned.get_layer("logits").input)
spaces = {"frozen": features[test], "retrained": transfer.outputs(inner, plain[test])}
maps = []
with threadpool_limits(1):  # small matrices: one core is faster than two
    for name, space in spaces.items():
        compact = PCA(30, random_state=SEED).fit_transform(space)
        tsne = TSNE(2, perplexity=20, init="pca", random_state=SEED)
        maps.append((name, tsne.fit_transform(compact)))
fig = figures.spaces(maps, labels[test], classes)
plot.show(
    fig,
    alt="Two maps of the held-out photos, frozen and retrained, with a colour and a "
    "mark for each class.",
)

# %% [markdown]
# Are they tighter now? A map of two dimensions can deceive, either way. The
# *silhouette* asks the 2,048 numbers themselves: how much nearer is a photo to its own
# class than to the next one? 1 is perfect, 0 means that classes touch, −1 that every
# photo is in the wrong place.

# %%
silhouettes = {}
for name, space in spaces.items():
    silhouettes[name] = silhouette_score(space, labels[test], metric="cosine")
    print(f"{name}: {silhouettes[name]:.3f}")
results.record(
    "silhouette, retrained minus frozen",
    silhouettes["retrained"] - silhouettes["frozen"],
)

# %% [markdown]
# That is how far retraining pulled the classes apart, for photos that it has never
# seen. Look for single marks in a cloud of another class. They are the next topic.

# %% [markdown]
# ### Exercise: the confusion matrix
#
# Write `confusion(labels, guesses, classes)`. It gets two arrays of class numbers and
# the number of classes, and returns a table of `classes` rows and columns:
# `table[i, j]` is the number of photos with label i that the network calls j. Count
# yourself, without the ready-made confusion matrix of scikit-learn or TensorFlow, and
# without pandas' `crosstab`. A class that never occurs has its row and column too.


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
table = confusion_matrix(labels[test], tuned_probabilities.argmax(axis=1))
mistakes = table - np.diag(np.diag(table))
label, guess = np.unravel_index(mistakes.argmax(), table.shape)
worst_pair = f"{classes[label]} taken for {classes[guess]}, {table[label, guess]} times"
plot.show(
    figures.confusion(table, classes),
    alt=f"Confusion matrix: {np.trace(table)} of {table.sum()} photos on the diagonal; "
    f"the most frequent mistake is {worst_pair}.",
)
print(f"Most frequent mistake: {worst_pair}")

# %% [markdown]
# ### Exercise: the worst mistakes
#
# Which mistakes should you look at first? Those where the network gave the true label
# the least probability.
#
# Write `worst(probabilities, labels, k)`. `probabilities` is an array with one row for
# each photo and one column for each class, `labels` holds the class numbers. Return the
# indices of the photos whose most likely class is not their label: flat, the worst
# first, at most `k` of them.


# %%
def worst(probabilities, labels, k):
    """Indices of at most k wrong answers, least probability of the true label first."""
    ### BEGIN SOLUTION
    own = probabilities[np.arange(len(labels)), labels]
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(own[wrong])][:k]
    ### END SOLUTION


# %%
check.answer("worst", worst)

# %%
own = tuned_probabilities[np.arange(len(test)), labels[test]]
order = np.argsort(own)[:10]
titles = []
for i in order:
    guess = tuned_probabilities[i].argmax()
    titles.append(f"{classes[labels[test][i]]}?\n→ {classes[guess]}")
plot.show(
    plot.images(images[test][order], titles),
    alt="The ten held-out photos whose label got the least probability, each with its "
    "label and the network's answer.",
)

# %% [markdown]
# Look at each one and decide: is the network wrong, or the label? Scenes with two kinds
# of flowers have no right answer.

# %% [markdown]
# ### Finding wrong labels
#
# A confident mistake is often a wrong *label*. How well can mistakes reveal wrong
# labels? To find out, plant some: change the labels of 5 % of all photos, and let
# linear heads that have not seen a photo judge it (*cross-validation*). Then look at
# the photos whose label gets the least probability.

# %%
generator = np.random.default_rng(SEED)
planted = generator.choice(len(labels), len(labels) // 20, replace=False)
shifts = generator.integers(1, len(classes), len(planted))
spoilt = labels.copy()
spoilt[planted] = (labels[planted] + shifts) % len(classes)
judge = LogisticRegression(C=0.03, max_iter=500)
everyone = np.arange(len(labels))
with threadpool_limits(1):
    compact = PCA(100, random_state=SEED).fit_transform(features)
    belief = cross_val_predict(judge, compact, spoilt, cv=5, method="predict_proba")
suspects = np.argsort(belief[everyone, spoilt])[: len(planted)]
found = np.isin(suspects, planted).mean()
results.record("planted labels among as many suspects", 100 * found, "%")

# %% [markdown]
# You planted one wrong label in twenty. Of suspects picked at random, one in twenty
# would be a planted one. The same list, made with the labels as they came, shows the
# candidates of this data set:

# %%
belief = cross_val_predict(judge, compact, labels, cv=5, method="predict_proba")
suspects = np.argsort(belief[everyone, labels])[:10]
titles = []
for i in suspects:
    titles.append(f"{classes[labels[i]]}?\n→ {classes[belief[i].argmax()]}")
plot.show(
    plot.images(images[suspects], titles),
    alt="The ten photos of the whole data set whose label the cross-validated heads "
    "believe least.",
)

# %% [markdown]
# Drawn scenes have exact labels, so there you see hard scenes. Among the real photos
# are a gerbera filed under roses, bare branches under tulips, a kitchen table with two
# sunflowers, and a still life with every kind of flower.

# %% [markdown]
# ### A photo of your own
#
# Set `MY_PHOTO` to the path of a photo. Until then the lab shows a photo that comes
# with scikit-learn. It is a dahlia. **Predict** what a network that knows five flowers
# says about a sixth.

# %%
MY_PHOTO = None  # for example "my_flower.jpg"

photo = Image.fromarray(data.load_photo("flower"))
if MY_PHOTO:
    photo = Image.open(MY_PHOTO).convert("RGB")
pixels = np.asarray(photo.resize((plan.side, plan.side)))[np.newaxis]
logits = transfer.outputs(whole, pixels, prepare=transfer.scale, batch=1)
answer = transfer.softmax(logits)[0]
top_classes = answer.argsort()[::-1][:3]
title = "\n".join(f"{classes[i]} {answer[i]:.0%}" for i in top_classes)
plot.show(
    plot.images(pixels, [title], size=3.2),
    alt="The photo with its three most likely classes; the first is "
    f"{classes[answer.argmax()]}, {answer.max():.0%}.",
)
results.record("probabilities add up to", answer.sum())

# %% [markdown]
# The probabilities add up to one, whatever you show the network. "None of these" was
# never among the answers. A softmax compares the classes it knows; it does not know
# what it does not know. (Recognizing such inputs is called *out-of-distribution
# detection*.)

# %% [markdown]
# ## 8 · All 1,000 classes: ResNet50 on the china photo
#
# The lecture shows the three most likely ImageNet classes for a photo of the Summer
# Palace. Its figures depend on the preprocessing, which slides rarely state. Here are
# two common ways: squeeze the photo into a square, or crop the middle square.
#
# | published elsewhere, not measured here | palace | bell cote | monastery |
# |:--|--:|--:|--:|
# | squeezed to 224 × 224 | 42.87 % | 40.57 % | 14.56 % |
# | middle square, then 224 × 224 | 54.69 % | 18.55 % | 24.72 % |


# %%
def top_three(model, names, pixels):
    """Probabilities of 1,000 classes, and the three most likely in words.

    pixels: float (224, 224, 3) in 0 … 255.
    """
    ready = keras.applications.resnet50.preprocess_input(pixels[np.newaxis].copy())
    answer = model.predict_on_batch(ready)[0]
    best = answer.argsort()[::-1][:3]
    return answer, ", ".join(f"{names[i]} {answer[i]:.2%}" for i in best)


try:
    resnet, names = data.pretrained("resnet50"), data.imagenet_classes()
    china = data.load_photo("china").astype(np.float32)
    for crop, way in ((False, "squeezed"), (True, "middle square")):
        resize = keras.layers.Resizing(224, 224, crop_to_aspect_ratio=crop)
        answer, text = top_three(resnet, names, np.asarray(resize(china)))
        print(f"{way}: {text}")
        results.record(f"{way}: palace", 100 * answer[names.index("palace")], "%")
except data.Missing as error:
    print(f"ResNet50 was not run here; the table above was not computed. {error}")

# %% [markdown]
# ## 9 · Out into the world
#
# ### Save, and reload in a fresh process
#
# A model that works only in the notebook that made it is of no use to anybody else.
# Save the reassembled network, start another Python, load it there, and compare the
# outputs.

# %%
RELOAD = """
import sys, keras, numpy as np
model = keras.models.load_model(sys.argv[1])
photos = np.load(sys.argv[2]).astype("float32") / 127.5 - 1
np.save(sys.argv[3], model.predict_on_batch(photos))
"""
with tempfile.TemporaryDirectory() as folder:
    model_file = Path(folder) / "flowers.keras"
    photo_file = Path(folder) / "photos.npy"
    answer_file = Path(folder) / "answers.npy"
    whole.save(model_file)
    np.save(photo_file, images[eight])
    command = [sys.executable, "-c", RELOAD, model_file, photo_file, answer_file]
    subprocess.run(command, check=True, capture_output=True)
    elsewhere = np.load(answer_file)
    megabytes = model_file.stat().st_size / 1e6
results.record("reloaded minus here, largest logit", np.abs(elsewhere - through).max())
results.record("size of the file", megabytes, "MB")

# %% [markdown]
# The file holds architecture and weights. It does *not* hold the scaling: the other
# program had to know it. Many a deployment failed there. A `Rescaling` layer inside the
# model would carry the scaling along.

# %% [markdown]
# ### More devices
#
# `tf.distribute.MirroredStrategy` keeps one copy of the weights on each device. Each
# copy gets its share of the batch, the gradients are averaged, and all copies take the
# same step (*data parallelism*). You do not need two GPUs to see it: TensorFlow can
# split the processor into two *logical* devices. That has to happen before TensorFlow
# starts, so it runs in another process.
#
# **Predict:** are the weights after training on two devices the same as on one?

# %%
TRAIN = """
import keras, numpy as np, tensorflow as tf

def train(scope):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(256, 32)).astype("float32")
    y = x[:, :5].argmax(axis=1)
    with scope:
        hidden = keras.layers.Dense(16, "relu")
        model = keras.Sequential([keras.Input((32,)), hidden, keras.layers.Dense(5)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.1), loss)
    model.fit(x, y, batch_size=64, epochs=5, shuffle=False, verbose=0)
    return model.get_weights()
"""

# %%
COMPARE = """
cpu = tf.config.list_physical_devices("CPU")[0]
half = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(cpu, [half, half])
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
one = train(tf.distribute.get_strategy().scope())
two = train(strategy.scope())
difference = max(np.abs(a - b).max() for a, b in zip(one, two))
print(strategy.num_replicas_in_sync, difference)
"""
command = [sys.executable, "-c", TRAIN + COMPARE]
run = subprocess.run(command, check=True, capture_output=True, text=True)
replicas, difference = run.stdout.split()
results.record("devices that trained together", int(replicas))
results.record("largest difference between the weights", float(difference))

# %% [markdown]
# The weights are the same, up to rounding: with a fixed *global batch*, more devices
# change the time, not the result. In practice you raise the global batch as well, and
# then the learning rate.
#
# What to change, by runtime:
#
# - **One GPU** (Colab: Runtime → Change runtime type): nothing, Keras uses it. All
#   photos at 299 pixels become affordable, and so does mixed precision:
#   `keras.mixed_precision.set_global_policy("mixed_float16")`.
# - **Several GPUs**: build and compile the model inside
#   `with tf.distribute.MirroredStrategy().scope():`.
# - **TPU**: make `resolver = tf.distribute.cluster_resolver.TPUClusterResolver()`,
#   connect and initialize, then work inside
#   `with tf.distribute.TPUStrategy(resolver).scope():`. Keep the batch size fixed, drop
#   the remainder, and use the policy `"mixed_bfloat16"`.

# %% [markdown]
# ### Exercise: eight devices instead of one
#
# One device trains with batches of 32 photos and a peak learning rate of 3e-4. You get
# eight devices, and each keeps its 32 photos a step. How large is the global batch
# (`global_batch`), how many steps does an epoch of 2,753 photos have (`steps`; the last
# one may be smaller), and which learning rate does the *linear scaling rule* suggest
# (`rate`)?

# %%
# global_batch, steps, rate: three numbers
### BEGIN SOLUTION
global_batch = 8 * 32
steps = math.ceil(2753 / global_batch)
rate = 8 * 3e-4
### END SOLUTION

# %%
check.answer("devices", global_batch, steps, rate)

# %% [markdown]
# ## 10 · What you have seen
#
# - A frozen network and a linear head are the first thing to try. They take one pass
#   over the photos.
# - Retraining the top can bring more. What lies below it is computed once, not in every
#   epoch.
# - Scale, BatchNormalization and learning rate fail silently. Controls find them.
# - A small test set cannot tell good from better. Say how many photos stand behind a
#   number.
# - The worst mistakes are worth looking at: some are the label's.

# %% tags=["nbval-check-output"]
check.report()
