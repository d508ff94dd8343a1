# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown] tags=["slide"]
# # Lecture 03 · Transfer and augmentation
#
# *You have 150 photos and a laptop. Somebody else had a million photos and a cluster. What can you take over from them, and what can you
# make yourself?*
#
# After this lecture you can
# - say what a pretrained network is, and what its preprocessing does to its answers;
# - use it as a frozen feature extractor with a linear classifier on top;
# - unfreeze its top, with a learning rate that you can defend;
# - see and measure what an augmentation does;
# - name a case where transfer does not help, with its price.

# %% tags=["skip"]
import time

import keras
import numpy as np
from keras import layers
from PIL import Image
from scipy import ndimage
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tensorflow.keras.preprocessing.image import ImageDataGenerator

from utils import augment, batches, data, plot, results, transfer
from utils.lessons.lecture03 import figures

SIZE = 128  # side of the photos in pixels
keras.utils.set_random_seed(0)
flowers = data.load_flowers(size=SIZE, per_class=60)
photos, labels = flowers.arrays(SIZE)  # uint8 (300, 128, 128, 3), int64 (300,)
train, test = data.split(labels, 0.5, seed=0)

# %% [markdown] tags=["slide"]
# ## What is a pretrained network?
#
# A file of numbers. Training a large network on ImageNet (1.28 million photos, 1,000 classes) takes days or weeks; the weights that come out
# are published. **Predict first:** of all parameters of a five-flower classifier, how many do *you* have to learn?

# %%
try:
    base = data.pretrained("xception", size=SIZE)  # without its 1,000-class classifier
    lower, upper = transfer.cut(base, "block14_sepconv2")  # two halves: below and above this layer
except data.Missing as error:
    base = None
    results.incomplete(f"Everything that needs the pretrained network was left out. {error}")

# %% tags=["subslide", "hide-input"]
if base:
    given, learned = base.count_params(), 2048 * 5 + 5
    depth = sum("conv" in layer.name and not layer.name.endswith(("bn", "act")) for layer in base.layers)
    plot.show(
        figures.pretrained(base, given, learned),
        alt="A photo enters a stack of blocks, with the shape after each; 20.9 million given parameters, and a head of ten thousand to learn.",
    )
    results.record("parameters given", given)
    results.record("parameters to learn for five classes", learned)
    results.record("share that you learn", 100 * learned / (given + learned), "%")

# %% [markdown] tags=["slide"]
# ## One line, 1,000 classes: and a condition
#
# ```python
# model = keras.applications.ResNet50(weights="imagenet")
# top3 = decode_predictions(model.predict(preprocess_input(photo)), top=3)
# ```
#
# For one photo of a palace the slides print three numbers. Others publish other numbers, same network, same photo:
#
# | published, not measured here | palace | bell cote | monastery |
# |:--|--:|--:|--:|
# | one run | 42.87 % | 40.57 % | 14.56 % |
# | another run | 54.69 % | 18.55 % | 24.72 % |
#
# Neither is wrong. One squeezed the photo into a square, the other cropped the middle. A result without its preprocessing is half a result.

# %% tags=["subslide"]
china = data.load_photo("china")
try:
    resnet, names = data.pretrained("resnet50"), data.imagenet_classes()
    for crop in (False, True):
        square = keras.layers.Resizing(224, 224, crop_to_aspect_ratio=crop)(china[None].astype("float32"))
        says = resnet.predict(keras.applications.resnet50.preprocess_input(np.array(square)), verbose=0)[0]
        print("cropped: " if crop else "squeezed:", ", ".join(f"{names[i]} {says[i]:.1%}" for i in says.argsort()[::-1][:3]))
except data.Missing as error:
    print(f"ResNet50 was not run here, so the two published rows stay recorded, not computed. {error}")

# %% [markdown] tags=["slide"]
# ## The wrong scale raises no error
#
# Xception was trained on pixels from −1 to 1. Give it 0…1 or 0…255 and it computes, without a word. **Predict first:** are the features of the
# same photo still alike?

# %%
if base:
    pixels = photos[:20].astype("float32")
    right = base.predict(pixels / 127.5 - 1, verbose=0).mean(axis=(1, 2))  # (20, 2048)
    wrong = {"0 to 1": pixels / 255, "0 to 255": pixels}
    alike = {"−1 to 1": 1.0} | {
        name: figures.cosine(right, base.predict(x, verbose=0).mean(axis=(1, 2))).mean() for name, x in wrong.items()
    }
    others = figures.cosine(right, np.roll(right, 1, axis=0)).mean()

# %% tags=["subslide", "hide-input"]
if base:
    plot.show(
        figures.bars(alike, "cosine to the features with the right scale", {"another photo": others}),
        alt="Bars: with pixels from 0 to 255 the features of a photo resemble its true ones less than with 0 to 1; a line marks another photo.",
    )
    results.record("likeness of features under 0…1", alike["0 to 1"])
    results.record("likeness of features under 0…255", alike["0 to 255"])

# %% [markdown]
# No exception, no warning, other features. Lab 05 counts what it costs in points of accuracy.

# %% [markdown] tags=["slide"]
# ## What it sees: edges, textures, things
#
# Each block turns the photo into *feature maps*, pictures of where something was found. They get smaller and more numerous.

# %%
LOOK = ("block2_sepconv2_bn", "block4_sepconv2_bn", "block13_sepconv2_bn")
if base:
    inside = keras.Model(base.input, [base.get_layer(name).output for name in LOOK])
    view = np.asarray(Image.fromarray(china[:, 107:534]).resize((SIZE, SIZE)))
    maps = [np.maximum(m[0], 0) for m in inside.predict(transfer.scale(view)[None], verbose=0)]

# %% tags=["subslide", "hide-input"]
if base:
    plot.show(
        figures.feature_maps(view, maps, LOOK),
        alt="The palace photo and four feature maps at three depths: first outlines at full detail, then parts, then a few coarse blobs.",
    )
    for name, m in zip(LOOK, maps, strict=True):
        print(f"{name:22s} {m.shape[0]} × {m.shape[1]} places, {m.shape[2]:,} maps")

# %% [markdown] tags=["slide"]
# ## The end of the stack: 2,048 numbers a photo
#
# Average each of the last maps over its places. What is left are the photo's **features**. The lower part is computed once and kept, since it
# will never change.


# %% tags=["skip"]
def below(images, label):
    """What the frozen lower half makes of uint8 images (n, SIZE, SIZE, 3): (n, 4, 4, 1536)."""
    return transfer.activations(lower, images, label=label)


def pool(cached):
    """Features (n, 2048) of what `below` returned."""
    return transfer.outputs(upper, cached).mean(axis=(1, 2))


started = time.perf_counter()
if base:
    cached = below(photos, "300 photos")
    features = pool(cached)
    seconds_for_features = time.perf_counter() - started
small = np.stack([np.asarray(Image.fromarray(p).resize((16, 16))) for p in photos]).reshape(len(photos), -1) / 255

# %% [markdown] tags=["subslide"]
# ### Whose neighbour are you?
#
# **Predict first:** for a photo, look for the most similar one among the other 299: by pixels, and by features. How often is it the same
# flower? By chance it would be one in five.

# %%
by_pixels = figures.nearest(small)  # for each photo the places of the others, nearest first
same_pixels = np.mean(labels[by_pixels[:, 0]] == labels)
if base:
    by_features = figures.nearest(features / np.linalg.norm(features, axis=1, keepdims=True))
    same_features = np.mean(labels[by_features[:, 0]] == labels)
    disagree = (labels[by_features[:, 0]] == labels) & (labels[by_pixels[:, 0]] != labels)

# %% tags=["subslide", "hide-input"]
if base:
    plot.show(
        figures.neighbours(photos, labels, flowers.classes, by_pixels, by_features, np.flatnonzero(disagree)[[0, 5]]),
        alt="Two photos, each with its three nearest by pixels, alike in colour only, and by features, mostly the same flower.",
    )
    results.record("nearest by features is the same flower", 100 * same_features, "%")
results.record("nearest by pixels is the same flower", 100 * same_pixels, "%")

# %% [markdown]
# You see two photos on which the two ways disagree. Of the five flowers only the daisy is among ImageNet's 1,000 classes. Tulips are
# neighbours of tulips all the same.

# %% [markdown] tags=["slide"]
# ## Frozen base, linear head
#
# If the same flowers lie close together, a plane can separate them. Freeze everything; learn one linear layer. 150 photos to learn from, 150 to
# be judged by.


# %%
def linear():
    return make_pipeline(StandardScaler(), RidgeClassifier(alpha=1000))


on_pixels = 100 * linear().fit(small[train], labels[train]).score(small[test], labels[test])
if base:
    on_features = 100 * linear().fit(features[train], labels[train]).score(features[test], labels[test])

# %% tags=["subslide", "hide-input"]
margin = 196 * np.sqrt(0.25 / len(test))  # half a 95 % interval at its widest, in points
if base:
    results.record("linear on features", on_features, "%")
    results.record("features over pixels", on_features - on_pixels, "points")
results.record("linear on pixels", on_pixels, "%")
results.record("95 % margin of a test on 150 photos, at most", margin, "points")

# %% tags=["skip", "nbval-check-output"]
head = keras.layers.Dense(5)
head.build((None, 2048))
print(f"A head for five flowers on 2,048 pooled features has {head.count_params():,} parameters; nothing else is trained.")

# %% [markdown] tags=["slide"]
# ## How few photos will do?
#
# The same linear head, with 1, 2, 5, 10, 20, 30 photos of each flower. **Predict first:** how many photos with features are worth thirty
# with pixels?

# %%
COUNTS = (1, 2, 5, 10, 20, 30)


def curve(inputs, repeats=5):
    """Mean test accuracy in percent for each number of photos a class, over random choices of those photos."""
    rng = np.random.default_rng(0)
    choose = [[rng.permutation(train[labels[train] == k]) for k in range(5)] for _ in range(repeats)]
    scores = [[linear().fit(inputs[p], labels[p]).score(inputs[test], labels[test])
               for n in COUNTS if len(p := np.concatenate([c[:n] for c in chosen]))] for chosen in choose]  # fmt: skip
    return 100 * np.mean(scores, axis=0)


learning = {"pixels": curve(small)} | ({"features": curve(features)} if base else {})

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.learning(COUNTS, learning),
    alt="Test accuracy against photos a class: pixels stay low all the way"
    + ("; features climb steeply with the first photos." if base else "."),
)
if base:
    results.record("features, five photos a class, over pixels, thirty", learning["features"][2] - learning["pixels"][-1], "points")

# %% [markdown] tags=["slide"]
# ## Unfrozen: the recipe
#
# 1. Cut off the classifier that came with it.
# 2. Freeze the rest, add a new head, train the head. Now it is no longer random.
# 3. Unfreeze the top blocks, or all of it, **with a much smaller learning rate**, and train on.
#
# Why in this order? A random head sends large, random gradients down, and they would wipe out what you took over. And
# BatchNormalization keeps the statistics that it came with: yours come from too few photos. Set `layer.trainable = False` on each of those
# layers; in today's Keras, calling the base with `training=False` is not enough (Lab 05 measures it).

# %%
if base:
    head = keras.Sequential([keras.Input((2048,)), layers.Dense(5)])
    head.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), steps_per_execution=8)
    head.fit(batches.batches(features[train], labels[train], 30), epochs=40, verbose=0, shuffle=False)
    frozen = 100 * np.mean(head.predict(features[test], verbose=0).argmax(axis=1) == labels[test])
    results.record("frozen, head trained", frozen, "%")

# %% [markdown] tags=["slide"]
# ## How small is a much smaller learning rate?
#
# Unfreeze the last separable convolution, start from the trained head, two epochs, three learning rates. **Predict first:** which of the three
# ends below the frozen network?

# %%
RATES = (1e-5, 1e-3, 3e-2)
tuned = {}
for rate in RATES if base else ():
    model = transfer.top(upper, 5, head=head.get_weights())
    transfer.tune(model, [cached], labels, train, epochs=2, rate=rate, mixup=0, batch=30, label=f"rate {rate:g}")
    tuned[rate] = 100 * np.mean(transfer.outputs(model, cached[test]).argmax(axis=1) == labels[test])

# %% tags=["subslide", "hide-input"]
if base:
    plot.show(
        figures.rates(tuned, frozen),
        alt="Test accuracy after tuning at three learning rates beside the frozen network: the lowest changes next to nothing, the highest destroys.",
    )
    results.record("lowest rate against frozen", tuned[RATES[0]] - frozen, "points")
    results.record("highest rate against frozen", tuned[RATES[-1]] - frozen, "points")
    print(
        f"middle rate against frozen: {tuned[RATES[1]] - frozen:+.1f} points, on {len(test)} photos with a margin of {margin:.1f}"
    )

# %% [markdown] tags=["subslide"]
# ### What the three bars say
#
# Too small a rate wastes your time. Too large a rate loses what you were given, in two epochs. And the middle one: is what it gained **larger than
# the margin** of 150 test photos? The line under the figure says it. If not, you may not claim any gain from this experiment. Lab 05
# trains two blocks for more epochs, on two views of each photo.

# %% [markdown] tags=["slide"]
# ## Augmentation: more photos from those you have
#
# A mirrored tulip is a tulip, and the network has not seen it. The slides' settings, and what became of the code around them:
#
# | on the slide | today |
# |:--|:--|
# | `from keras.preprocessing.image import …` | `from tensorflow.keras.preprocessing.image import …`; deprecated, layers take over |
# | `model.fit_generator(flow, …)` | `model.fit(flow)` |
# | `…, train_flow.n)` as steps an epoch | counted **batches**: the call asked for as many batches as there are photos |

# %% tags=["subslide"]
photo = photos[train[1]].astype("float32")
np.random.seed(2)
variants = [ImageDataGenerator(**augment.SLIDE).random_transform(photo) for _ in range(7)]

# %% tags=["hide-input"]
plot.show(
    plot.images(
        [photo / 255, *(v / 255 for v in variants)], ["the photo"] + [f"variant {i}" for i in range(1, 8)], columns=4, size=2.1
    ),
    alt="A flower picture and seven variants: turned, shifted, zoomed, mirrored, with the border pixels smeared outward.",
)

# %% [markdown] tags=["slide"]
# ## Does it do what its names say?
#
# Augment a picture in which every pixel holds its own address, and read off the motion. **Predict first:** which way does
# `width_shift_range` move a picture?

# %%
np.random.seed(0)
measured = {
    name: augment.audit(ImageDataGenerator(**{name: 0.2}).random_transform, height=60, width=90, draws=60)
    for name in ("width_shift_range", "height_shift_range", "shear_range")
}

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.audited(measured, keras.__version__),
    alt="For three settings, how far pictures move right and down and how far they lean, measured; the shear stays below half a degree.",
)
leans = max(map(abs, measured["shear_range"]["lean"]))
results.record("largest lean under shear_range=0.2", leans, "degrees")
moves = {way: max(map(abs, measured["width_shift_range"][way])) for way in ("right", "down")}
results.record("largest move under width_shift_range=0.2, either way", max(moves.values()), "px")
print(
    f"In Keras {keras.__version__}, width_shift_range moves pictures",
    "sideways." if moves["right"] > moves["down"] else "up and down.",
)

# %% [markdown] tags=["slide"]
# ## How far does an augmentation move a photo, for the network?
#
# A good variant looks new in pixels and means the same. Measure both: likeness in pixels, likeness in features. RandAugment joins in: two
# operations drawn from fourteen, at three strengths.

# %% tags=["skip"]
if base:
    few, rng = photos[train[:15]], np.random.default_rng(3)
    changes = {
        "mirrored": lambda p: p[:, ::-1],
        "half turn": lambda p: p[::-1, ::-1],
        "turned 20°, black corners": lambda p: np.asarray(Image.fromarray(p).rotate(20, Image.Resampling.BILINEAR)),
        "turned 20°, borders continued": lambda p: ndimage.rotate(p, 20, reshape=False, order=1, mode="nearest"),
        "shifted 15 %": lambda p: np.roll(p, SIZE * 15 // 100, axis=1),
        "RandAugment 0.3": lambda p: augment.rand_augment(p, 2, 0.3, rng)[0],
        "RandAugment 0.6": lambda p: augment.rand_augment(p, 2, 0.6, rng)[0],
        "RandAugment 1.0": lambda p: augment.rand_augment(p, 2, 1.0, rng)[0],
    }
    changed = {name: np.stack([change(p) for p in few]) for name, change in changes.items()}
    seen = pool(below(np.concatenate(list(changed.values())), "variants")).reshape(len(changes), len(few), -1)
    own = features[train[:15]]
    likeness = {name: figures.cosine(own, f).mean() for name, f in zip(changes, seen, strict=True)}
    same, other = figures.class_likeness(features, labels)

# %% tags=["subslide", "hide-input"]
if base:
    plot.show(
        figures.moved(changed, likeness, same, other),
        alt="One photo under eight changes with the likeness of its features to the original's written above each.",
    )
    results.record("likeness of features, mirrored", likeness["mirrored"])

# %% [markdown]
# The same turn twice: most of the change came from the black corners, not from the turn. That is what `fill_mode` decides. Where a variant
# falls to the dashed line, it is no more like its original than another photo of the same flower is.

# %% tags=["skip"]
if base:
    results.record("likeness of features, another photo of the same flower", same)
    corners = likeness["turned 20°, borders continued"] - likeness["turned 20°, black corners"]
    results.record("likeness that black corners cost", corners)
    results.record("their share of the whole change", corners / (1 - likeness["turned 20°, black corners"]))
    results.record("RandAugment: weak over strong", likeness["RandAugment 0.3"] - likeness["RandAugment 1.0"])

# %% [markdown] tags=["slide"]
# ## RandAugment: two numbers instead of a page of settings
#
# How many operations, and how strong: that is all you choose, so a small grid search can choose it for you. The operations are
# drawn with equal chance:
#
# ```python
# for name in rng.choice(OPERATIONS, count):
#     picture = apply(name, picture, magnitude * rng.choice([-1, 1]))
# ```

# %% tags=["subslide", "hide-input"]
rng = np.random.default_rng(6)
drawn = [[augment.rand_augment(photos[train[1]], 2, strength, rng) for _ in range(6)] for strength in (0.3, 1.0)]
plot.show(
    figures.rand_augment(drawn, (0.3, 1.0)),
    alt="Twelve variants by RandAugment, six weak and six strong, each with the names of its two operations.",
)

# %% [markdown] tags=["slide"]
# ## Does it help? Mirrored second views
#
# With a frozen base, augmentation costs a forward pass, once. Give the linear head each training photo twice, as it is and mirrored; and let
# it judge each test photo twice, and average. **Predict first:** how many points?

# %%
if base:
    mirrored = pool(below(photos[:, :, ::-1], "mirrored"))
    twice = np.concatenate([train, train])
    both = linear().fit(np.concatenate([features[train], mirrored[train]]), labels[twice])
    plain = linear().fit(features[train], labels[train])
    right_plain = plain.predict(features[test]) == labels[test]
    average = both.decision_function(features[test]) + both.decision_function(mirrored[test])
    right_both = average.argmax(axis=1) == labels[test]

# %% tags=["subslide", "hide-input"]
if base:
    low, high = figures.paired_interval(right_both, right_plain)
    gain = 100 * (right_both.mean() - right_plain.mean())
    plot.show(
        figures.gain(right_plain, right_both, low, high),
        alt="Of 150 test photos, how many both heads get right, only one, or neither, and the gain in points with its interval.",
    )
    results.record("gain by mirrored views", gain, "points")
    contains = "contains" if low <= 0 <= high else "does not contain"
    print(f"gain {gain:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}: it {contains} zero")

# %% [markdown]
# Only photos on which the two *disagree* carry news; the interval is made of those. Say the interval, not the gain.

# %% [markdown] tags=["slide"]
# ## When transfer does not help
#
# Handwritten digits, 200 to learn from. Three ways: a linear classifier on Xception's features of the enlarged digits; a linear classifier on
# the plain pixels; a small ConvNet trained from nothing. **Predict first:** who wins, and what does it cost?

# %% tags=["skip"]
mnist = data.load_mnist()
x_few, y_few = mnist.x_train[:200], mnist.y_train[:200]
x_new, y_new = mnist.x_test[:300], mnist.y_test[:300]
both_sets = np.concatenate([x_few, x_new])
digit_score, digit_seconds = {}, {}

# %% tags=["subslide"]
if base:
    started = time.perf_counter()
    large = np.stack(
        [np.asarray(Image.fromarray(x).convert("RGB").resize((72, 72), Image.Resampling.BILINEAR)) for x in both_sets]
    )
    reader = data.pretrained("xception", size=72, quiet=True)
    found = reader.predict(transfer.scale(large), batch_size=50, verbose=0).mean(axis=(1, 2))  # (500, 2048)
    digit_score["Xception, linear"] = linear().fit(found[:200], y_few).score(found[200:], y_new)
    digit_seconds["Xception, linear"] = time.perf_counter() - started

# %%
started = time.perf_counter()
flat = both_sets.reshape(len(both_sets), -1) / 255
digit_score["pixels, linear"] = RidgeClassifier(alpha=10).fit(flat[:200], y_few).score(flat[200:], y_new)
digit_seconds["pixels, linear"] = time.perf_counter() - started

# %% tags=["skip"]
started = time.perf_counter()
keras.utils.set_random_seed(0)
convnet = [keras.Input((28, 28, 1)), layers.Rescaling(1 / 255)]
for filters in (16, 32):
    convnet += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D()]
convnet = keras.Sequential([*convnet, layers.Flatten(), layers.Dropout(0.3), layers.Dense(10)])
convnet.compile(keras.optimizers.Adam(3e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True), steps_per_execution=8)
convnet.optimizer.build(convnet.trainable_variables)  # before `fit`, or TensorFlow traces the network twice
convnet.fit(batches.batches(x_few[..., None], y_few, 25), epochs=25, verbose=0, shuffle=False)
says = convnet.predict(x_new[..., None], verbose=0).argmax(axis=1)
digit_score["ConvNet, from nothing"] = np.mean(says == y_new)
digit_seconds["ConvNet, from nothing"] = time.perf_counter() - started

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.digits(digit_score, digit_seconds),
    alt="Accuracy and seconds of the ways to read digits: the small ConvNet from nothing "
    + ("is at least as good as the features of Xception." if base else "beats the pixels."),
)
results.record("ConvNet from nothing on digits", 100 * digit_score["ConvNet, from nothing"], "%")
if base:
    results.record("ConvNet over Xception's features, on digits", 100 * (digit_score["ConvNet, from nothing"] - digit_score["Xception, linear"]), "points")  # fmt: skip
    results.record("parameters of Xception for one of the ConvNet", base.count_params() / convnet.count_params())

# %% [markdown]
# Features of photographs do not have to suit pen strokes. When your pictures are far from photos, small, or plenty, train your own, and compare.

# %% [markdown] tags=["slide"]
# ## What many slides get wrong
#
# - *"Top 3: palace 42.87 %"*: depends on crop and scale; state them.
# - *`fit_generator(train_flow, train_flow.n)`*: gone, and it counted batches.
# - *`shear_range=0.2`* beside `zoom_range=0.2`: a fifth of a **degree**.
# - *`width_shift_range`*: measure which way it goes before you rely on it.
# - *"Very slow without GPUs"*: with the lower part computed once, it is not. The next line says how long it took here.
# - *"75–80 %, then ~95 %"*: an accuracy without number of photos, split and interval is an anecdote.

# %% tags=["hide-input"]
if base:
    results.record("features of 300 photos, once, on this machine", seconds_for_features, "s")

# %% [markdown] tags=["slide"]
# ## Into the lab
#
# - **Lab 04 · Augmentation, audited**: you build the address picture, find what each setting does, prove that your pipeline is used,
#   and give intervals. MixUp and CutMix by hand.
# - **Lab 05 · Fine-tuning Xception**: the whole ladder on flowers, from a small ConvNet to the tuned network, with every mistake that costs points and
#   raises nothing.
#
# Before you go: *which of today's numbers would change if you trained with other photos, and which would not?*

# %% [markdown] tags=["notes"]
# Given parameters, head size and the audit of the settings do not depend on the photos. All accuracies do. Ask for the margin each time
# somebody names an accuracy.
