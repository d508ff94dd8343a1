# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown] tags=["slide"]
# # Lecture 03 · Transfer and augmentation
#
# *You have 150 photos and a laptop. Somebody else had a million photos and a cluster.
# What can you take over from them, and what can you make yourself?*
#
# After this lecture you can
#
# - say what a *pretrained* network is, and what its preprocessing does to its answers;
# - use it as a frozen *feature extractor* with a linear classifier on top;
# - *fine-tune* its top blocks, with a learning rate that you can defend;
# - see and measure what an augmentation does;
# - name a case where *transfer learning* does not help, with its price.
#
# **You will learn** how to reuse a pretrained network on 150 photos, what augmentation
# adds, and how to tell a gain from chance.

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

from utils import augment, data, gate, plot, results, training, transfer
from utils.lessons.lecture03 import figures, measures

SIZE = 128  # side of the photos in pixels
keras.utils.set_random_seed(0)

# %% tags=["skip"]
flowers = data.load_flowers(size=SIZE, per_class=60)
if flowers.official:
    results.on("real photos")
photos, labels = flowers.arrays(SIZE)  # uint8 (300, 128, 128, 3), int64 (300,)
train, test = data.split(labels, 0.5, seed=0)

# %% [markdown] tags=["slide"]
# ## What is a pretrained network?
#
# It is a file of numbers. Training a large network on ImageNet (1.28 million photos,
# 1,000 classes) takes days or weeks, and the weights that come out are published.
# Reusing them for another task is *transfer learning*.
#
# **Predict first:** of all parameters of a classifier for five flowers, how many do
# *you* have to learn?
#
# The network comes without its 1,000-class classifier. What is left is called the
# *base* or *backbone*.

# %%
try:
    base = data.pretrained("xception", size=SIZE)
    digit_base = data.pretrained(
        "xception", size=72, quiet=True
    )  # for the last section
except data.Missing as error:
    gate.close(
        "base",
        "digit_base",
        reason=f"Every cell that needs the pretrained network is skipped. {error}",
    )

# %% tags=["subslide", "hide-input"]
given, learned = base.count_params(), 2048 * 5 + 5
plot.show(
    figures.pretrained(base, given, learned),
    alt="A photo enters a stack of blocks, with the shape after each: "
    f"{given:,} given parameters, and a head of {learned:,} parameters to learn.",
)
results.record("parameters given", given)
results.record("parameters to learn for five classes", learned)
results.record("share that you learn", 100 * learned / (given + learned), "%")

# %% [markdown] tags=["slide"]
# ## One line, 1,000 classes, and a condition
#
# ```python
# model = keras.applications.ResNet50(weights="imagenet")
# top3 = decode_predictions(model.predict(preprocess_input(photo)), top=3)
# ```
#
# For one photo of a palace, the slides print three numbers. Others publish other
# numbers, for the same network and the same photo:
#
# | published, not measured here | palace | bell cote | monastery |
# |:--|--:|--:|--:|
# | one run | 42.87 % | 40.57 % | 14.56 % |
# | another run | 54.69 % | 18.55 % | 24.72 % |
#
# Both can be right. A photo can be squeezed into a square, or its middle can be
# cropped, and the network sees another picture. A result without its preprocessing is
# half a result.

# %% tags=["subslide"]
china = data.load_photo("china")
try:
    resnet, names = data.pretrained("resnet50"), data.imagenet_classes()
    for way, crop in (("squeezed", False), ("cropped", True)):
        resize = layers.Resizing(224, 224, crop_to_aspect_ratio=crop)
        square = np.array(resize(china[None].astype("float32")))
        prepared = keras.applications.resnet50.preprocess_input(square)
        probabilities = resnet.predict(prepared, verbose=0)[0]
        top3 = probabilities.argsort()[::-1][:3]
        print(f"{way}:", ", ".join(f"{names[i]} {probabilities[i]:.1%}" for i in top3))
except data.Missing as error:
    print("ResNet50 was not run here: the two rows stay recorded, not computed.", error)

# %% [markdown] tags=["slide"]
# ## The wrong scale raises no error
#
# Xception was trained on pixels from −1 to 1. Give it pixels from 0 to 1 or from 0 to
# 255, and it computes without complaint. This is *training–serving skew*, one of the
# most common bugs with pretrained networks.
#
# **Predict first:** how similar are the features of one photo under the right scale and
# under the wrong ones? We measure with the *cosine similarity*: 1 means the same
# direction, 0 means nothing in common.

# %%
pixels = photos[:20].astype("float32")
scaled = {
    "−1 to 1": pixels / 127.5 - 1,
    "0 to 1": pixels / 255,
    "0 to 255": pixels,
}
pooled = {}
for name, inputs in scaled.items():
    pooled[name] = base.predict(inputs, verbose=0).mean(axis=(1, 2))  # (20, 2048)

right = pooled["−1 to 1"]
alike = {name: measures.cosine(right, each).mean() for name, each in pooled.items()}
another_photo = measures.cosine(right, np.roll(right, 1, axis=0)).mean()

# %% tags=["subslide", "hide-input"]
said = ", ".join(
    f"{value:.2f} with pixels from {name}" for name, value in alike.items()
)
plot.show(
    figures.bars(
        alike,
        "cosine similarity to the features with the right scale",
        {"another photo": another_photo},
    ),
    alt=f"Similarity to a photo's features under the right scale: {said}. A line marks "
    f"another photo, at {another_photo:.2f}.",
)
results.record("likeness of features under 0…1", alike["0 to 1"])
results.record("likeness of features under 0…255", alike["0 to 255"])
results.record("likeness lost from 0…1 to 0…255", alike["0 to 1"] - alike["0 to 255"])

# %% [markdown]
# There is no exception and no warning, only other features. Lab 05 counts what this
# costs in points of accuracy.

# %% [markdown] tags=["slide"]
# ## What it sees: edges, textures, things
#
# Each block turns the photo into *feature maps*, pictures of where something was found.
# From block to block they get smaller, and there are more of them.

# %%
SHOWN = ("block2_sepconv2_bn", "block4_sepconv2_bn", "block13_sepconv2_bn")
inside = keras.Model(base.input, [base.get_layer(name).output for name in SHOWN])
view = np.asarray(Image.fromarray(china[:, 107:534]).resize((SIZE, SIZE)))
outputs = inside.predict(transfer.scale(view)[None], verbose=0)
maps = [np.maximum(output[0], 0) for output in outputs]

# %% tags=["subslide", "hide-input"]
sizes = ", ".join(f"{each.shape[0]}×{each.shape[1]}" for each in maps)
plot.show(
    figures.feature_maps(view, maps, SHOWN),
    alt="The palace photo, and four feature maps at each of three depths, "
    f"{sizes} places: from the outlines of the roof to a few coarse blobs.",
)
for name, feature_map in zip(SHOWN, maps, strict=True):
    height, width, count = feature_map.shape
    print(f"{name:22s} {height} × {width} places, {count:,} maps")

# %% [markdown] tags=["slide"]
# ## The end of the stack: 2,048 numbers for each photo
#
# Average each of the last maps over its places (*global average pooling*). What is left
# are the photo's **features**, also called its *embedding*. The lower part of the
# network will never change, so we compute its output once and cache it.


# %% tags=["skip"]
lower, upper = transfer.cut(base, "block14_sepconv2")  # below and above this layer


def below(images, label):
    """The frozen lower half's output for uint8 (n, SIZE, SIZE, 3): (n, 4, 4, 1536)."""
    return transfer.activations(lower, images, label=label)


def pool(cached):
    """Features (n, 2048) of what `below` returned."""
    return transfer.outputs(upper, cached).mean(axis=(1, 2))


# %% tags=["skip"]
started = time.perf_counter()
cached = below(photos, "300 photos")
features = pool(cached)
seconds_for_features = time.perf_counter() - started

# %% tags=["skip"]
thumbnails = [np.asarray(Image.fromarray(photo).resize((16, 16))) for photo in photos]
small = np.stack(thumbnails).reshape(len(photos), -1) / 255  # (300, 768): plain pixels

# %% [markdown] tags=["subslide"]
# ### Whose neighbour are you?
#
# For each photo, look for the most similar one among the other 299, its *nearest
# neighbour*: once by pixels, once by features.
#
# **Predict first:** how often do the two show the same flower? By chance it would be
# one time in five.

# %%
by_pixels = measures.nearest(small)  # (300, 299): the others, nearest first
agree_by_pixels = labels[by_pixels[:, 0]] == labels
results.record(
    "nearest by pixels is the same flower", 100 * agree_by_pixels.mean(), "%"
)

# %%
by_features = measures.nearest(measures.unit(features))
agree_by_features = labels[by_features[:, 0]] == labels
results.record(
    "nearest by features is the same flower", 100 * agree_by_features.mean(), "%"
)
unknown = labels != flowers.classes.index("daisy")  # to ImageNet
results.record(
    "the same for the four flowers that ImageNet does not have",
    100 * agree_by_features[unknown].mean(),
    "%",
)

# %% tags=["subslide", "hide-input"]
shown = np.flatnonzero(agree_by_features & ~agree_by_pixels)[[0, 5]]
hits = {
    "pixels": np.sum(labels[by_pixels[shown, :3]] == labels[shown, None]),
    "features": np.sum(labels[by_features[shown, :3]] == labels[shown, None]),
}
plot.show(
    figures.neighbours(photos, labels, flowers.classes, by_pixels, by_features, shown),
    alt="Two photos, each with its three nearest by pixels on the left and by features "
    f"on the right. The same flower: {hits['pixels']} of 6 by pixels, "
    f"{hits['features']} of 6 by features.",
)

# %% [markdown]
# You see two photos whose nearest by features shows the same flower, and whose nearest
# by pixels shows another. Of the five flowers only the daisy is one of ImageNet's
# 1,000 classes. The other four find their own kind all the same, as the last number
# says.

# %% [markdown] tags=["slide"]
# ## Frozen base, linear head
#
# If photos of the same flower lie close together, a plane can separate them from the
# rest. So freeze the whole base, and learn one linear layer on its features: *feature
# extraction* with a *linear probe*. There are 150 photos to learn from, and 150 others
# to be judged by.


# %%
def linear():
    return make_pipeline(StandardScaler(), RidgeClassifier(alpha=1000))


def accuracy(inputs):
    """Percent of the test photos that a linear classifier on `inputs` gets right."""
    classifier = linear().fit(inputs[train], labels[train])
    return 100 * classifier.score(inputs[test], labels[test])


on_pixels = accuracy(small)
margin = 196 * np.sqrt(0.25 / len(test))  # half a 95 % interval, in points, at most
results.record("linear on pixels", on_pixels, "%")
results.record("95 % margin of a test on 150 photos, at most", margin, "points")

# %% tags=["subslide"]
on_features = accuracy(features)
results.record("linear on features", on_features, "%")
results.record("features over pixels", on_features - on_pixels, "points")

# %% tags=["skip", "nbval-check-output"]
dense = layers.Dense(5)
dense.build((None, 2048))
print(
    "A head for five flowers on 2,048 features:",
    f"{dense.count_params():,} parameters.",
)

# %% [markdown] tags=["slide"]
# ## How few photos will do?
#
# The same linear head learns from 1, 2, 5, 10, 20, 30 photos of each flower. The result
# is a *learning curve*.
#
# **Predict first:** how many photos with features are worth thirty with pixels?

# %%
COUNTS = (1, 2, 5, 10, 20, 30)


def learning_curve(inputs, repeats=5):
    """Mean test accuracy (%) for each of COUNTS, over random choices of the photos."""
    rng = np.random.default_rng(0)
    scores = np.zeros((repeats, len(COUNTS)))
    for repeat in range(repeats):
        by_class = [rng.permutation(train[labels[train] == k]) for k in range(5)]
        for i, count in enumerate(COUNTS):
            chosen = np.concatenate([photos_of[:count] for photos_of in by_class])
            classifier = linear().fit(inputs[chosen], labels[chosen])
            scores[repeat, i] = 100 * classifier.score(inputs[test], labels[test])
    return scores.mean(axis=0)


# %% tags=["subslide"]
curves = {"pixels": learning_curve(small)}

# %%
curves["features"] = learning_curve(features)
results.record(
    "features, five photos a class, over pixels, thirty",
    curves["features"][COUNTS.index(5)] - curves["pixels"][-1],
    "points",
)

# %% tags=["subslide", "hide-input"]
said = "; ".join(f"{name} {c[0]:.0f} % to {c[-1]:.0f} %" for name, c in curves.items())
plot.show(
    figures.learning(COUNTS, curves),
    alt=f"Test accuracy against photos a class, from 1 to 30: {said}.",
)

# %% [markdown] tags=["slide"]
# ## Unfrozen: the recipe
#
# 1. Cut off the classifier that came with the network.
# 2. Freeze the base, add a new head, and train the head. Now it is no longer random.
# 3. Unfreeze the top blocks, or all of it, and train on **with a much smaller learning
#    rate**. This is *fine-tuning*.
#
# Why in this order? A random head sends large, random gradients down, and they would
# wipe out what you took over (*catastrophic forgetting*).
#
# BatchNormalization layers keep the statistics that they came with, because yours come
# from too few photos. Set `layer.trainable = False` on each of them. In today's Keras,
# calling the base with `training=False` is not enough; Lab 05 measures it.

# %%
head = keras.Sequential([keras.Input((2048,)), layers.Dense(5)])
head.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
training.fit(head, features[train], labels[train], batch_size=30, epochs=40)
predicted = head.predict(features[test], verbose=0).argmax(axis=1)
frozen = 100 * np.mean(predicted == labels[test])
results.record("frozen, head trained", frozen, "%")

# %% [markdown]
# `training.fit` is `model.fit` without TensorFlow's overhead for small networks; in
# your own project write `model.fit`.

# %% [markdown] tags=["slide"]
# ## How small is a much smaller learning rate?
#
# Unfreeze the last separable convolution, start from the trained head, and train for
# two epochs with each of three learning rates: 0.00001, 0.001 and 0.03.
#
# **Predict first:** which of the three ends below the frozen network?

# %%
RATES = (1e-5, 1e-3, 3e-2)
tuned = {}
for rate in RATES:
    model = transfer.top(upper, 5, head=head.get_weights())
    settings = {"epochs": 2, "rate": rate, "mixup": 0, "batch": 30}
    transfer.tune(model, [cached], labels, train, label=f"rate {rate:g}", **settings)
    predicted = transfer.outputs(model, cached[test]).argmax(axis=1)
    tuned[rate] = 100 * np.mean(predicted == labels[test])

# %% tags=["subslide", "hide-input"]
said = ", ".join(f"{value:.1f} % at rate {rate:g}" for rate, value in tuned.items())
plot.show(
    figures.rates(tuned, frozen),
    alt=f"Test accuracy after tuning: {said}; the frozen network has {frozen:.1f} %.",
)
low, middle, high = (tuned[rate] - frozen for rate in RATES)
results.record("lowest rate against frozen", low, "points")
results.record("highest rate against frozen", high, "points")
print(f"middle rate against frozen: {middle:+.1f} points, margin {margin:.1f} points")

# %% [markdown] tags=["subslide"]
# ### What the three bars say
#
# Too small a rate wastes your time. Too large a rate loses what you were given, in two
# epochs. And the middle one? The line under the figure says what it gained or lost, and
# how large the margin of 150 test photos is. If a gain is not **larger than the
# margin**, these two accuracies alone do not prove it. Below, we compare two networks
# photo by photo, which can prove a smaller gain. Lab 05 retrains the whole of block 14
# for more epochs, and with all the photos block 13 too.

# %% [markdown] tags=["slide"]
# ## Augmentation: more photos from those you have
#
# A mirrored tulip is a tulip, and the network has not seen it yet. These are the
# slides' settings, and what became of the code around them:
#
# | on the slide | today |
# |:--|:--|
# | `keras.preprocessing.image` | `tensorflow.keras.preprocessing.image`, deprecated |
# | `model.fit_generator(flow, …)` | `model.fit(flow)` |
# | `…, train_flow.n)` | steps an epoch; these are batches, and `n` counts photos |

# %% tags=["subslide"]
photo = photos[train[1]].astype("float32")
generator = ImageDataGenerator(**augment.SLIDE)
np.random.seed(2)
variants = [generator.random_transform(photo) for _ in range(7)]

# %% tags=["hide-input"]
pictures = [photo / 255] + [variant / 255 for variant in variants]
titles = ["the photo"] + [f"variant {i}" for i in range(1, 8)]
plot.show(
    plot.images(pictures, titles, columns=4, size=2.1),
    alt="A flower picture and seven variants: turned, shifted, zoomed or mirrored, "
    "with the border pixels smeared outward.",
)

# %% [markdown] tags=["slide"]
# ## Does it do what its names say?
#
# Augment a picture in which every pixel holds its own address, and read off the motion.
# (`augment.audit` also verifies what it reads; Lab 04 explains how.)
#
# **Predict first:** which way does `width_shift_range` move a picture?

# %%
np.random.seed(0)
measured = {}
for name in ("width_shift_range", "height_shift_range", "shear_range"):
    generator = ImageDataGenerator(**{name: 0.2})
    measured[name] = augment.audit(generator.random_transform, draws=60)

# %% tags=["subslide", "hide-input"]
leans = max(map(abs, measured["shear_range"]["lean"]))
moves = {}
for way in ("right", "down"):
    moves[way] = max(map(abs, measured["width_shift_range"][way]))
plot.show(
    figures.audited(measured, keras.__version__),
    alt="For three settings, how far pictures move right and down, and how far they "
    f"lean. The width shift moves them by up to {moves['right']:.1f} px to a side and "
    f"{moves['down']:.1f} px up or down; the shear leans them by {leans:.1f} degrees.",
)
results.record("largest lean under shear_range=0.2", leans, "degrees")
largest = max(moves.values())
results.record("largest move under width_shift_range=0.2, either way", largest, "px")
way = "sideways" if moves["right"] > moves["down"] else "up and down"
print(f"In Keras {keras.__version__}, width_shift_range moves pictures {way}.")

# %% [markdown] tags=["slide"]
# ## How far does an augmentation move a photo, for the network?
#
# A good variant looks new in pixels and means the same. So measure the likeness of its
# features to those of the original. RandAugment joins in, with two operations drawn
# from fourteen, at three strengths.

# %% tags=["skip"]
rng = np.random.default_rng(3)


def turned_black(image):
    return np.asarray(Image.fromarray(image).rotate(20, Image.Resampling.BILINEAR))


def turned_continued(image):
    return ndimage.rotate(image, 20, reshape=False, order=1, mode="nearest")


def randomly(strength):
    return lambda image: augment.rand_augment(image, 2, strength, rng)[0]


changes = {
    "mirrored": lambda image: image[:, ::-1],
    "half turn": lambda image: image[::-1, ::-1],
    "turned 20°, black corners": turned_black,
    "turned 20°, borders continued": turned_continued,
    "shifted 15 %": lambda image: np.roll(image, SIZE * 15 // 100, axis=1),
    **{f"RandAugment {strength}": randomly(strength) for strength in (0.3, 0.6, 1.0)},
}

# %% tags=["skip"]
few = train[:15]
changed = {}
for name, change in changes.items():
    changed[name] = np.stack([change(image) for image in photos[few]])
seen = pool(below(np.concatenate(list(changed.values())), "variants"))
seen = seen.reshape(len(changes), len(few), -1)
likeness = {}
for name, of_variants in zip(changes, seen, strict=True):
    likeness[name] = measures.cosine(features[few], of_variants).mean()
same, other = measures.class_likeness(features, labels)

# %% tags=["subslide", "hide-input"]
said = ", ".join(f"{name} {value:.2f}" for name, value in likeness.items())
plot.show(
    figures.moved(changed, likeness, same, other),
    alt=f"One photo under eight changes, with the likeness of features: {said}. "
    f"Another photo of the same flower has {same:.2f}, another flower {other:.2f}.",
)
results.record("likeness of features, mirrored", likeness["mirrored"])

# %% [markdown]
# The same turn appears twice, and the black corners alone make much of the change. That
# is what `fill_mode` decides; the next lines say how much. Where a variant falls to the
# dashed line, it is no more like its original than another photo of the same flower is.

# %% tags=["skip"]
black, continued = (likeness[name] for name in list(changes)[2:4])
weak_over_strong = likeness["RandAugment 0.3"] - likeness["RandAugment 1.0"]
results.record("likeness of features, another photo of the same flower", same)
results.record("likeness that black corners cost", continued - black)
results.record("their share of the whole change", (continued - black) / (1 - black))
results.record("RandAugment: weak over strong", weak_over_strong)

# %% [markdown] tags=["slide"]
# ## RandAugment: two numbers instead of a page of settings
#
# How many operations, and how strong: that is all you choose, so a small grid search
# can choose it for you. The operations are drawn with equal chance:
#
# ```python
# for name in rng.choice(OPERATIONS, count):
#     picture = apply(name, picture, magnitude * rng.choice([-1, 1]))
# ```

# %% tags=["subslide", "hide-input"]
rng = np.random.default_rng(6)
flower, rows = photos[train[1]], []
for strength in (0.3, 1.0):
    variants = [augment.rand_augment(flower, 2, strength, rng) for _ in range(6)]
    rows.append([(picture, " +\n".join(names)) for picture, names in variants])
plot.show(
    plot.picture_rows(rows, ["strength 0.3", "strength 1"]),
    alt="Twelve variants by RandAugment, six at strength 0.3 and six at strength 1, "
    "each with the names of its two operations.",
)

# %% [markdown] tags=["slide"]
# ## Does it help? Mirrored second views
#
# With a frozen base, augmentation costs one more forward pass. Give the linear head
# each training photo twice, as it is and mirrored. And let it judge each test photo
# twice, and average its answers, which is called *test-time augmentation*.
#
# **Predict first:** how many points does it gain?

# %%
mirrored = pool(below(photos[:, :, ::-1], "mirrored"))
twice = np.concatenate([features[train], mirrored[train]])
both = linear().fit(twice, np.concatenate([labels[train], labels[train]]))
plain = linear().fit(features[train], labels[train])

right_plain = plain.predict(features[test]) == labels[test]
views = (features[test], mirrored[test])
average = np.mean([both.decision_function(each) for each in views], axis=0)
right_both = average.argmax(axis=1) == labels[test]

# %% tags=["subslide", "hide-input"]
low, high = measures.paired_interval(right_both, right_plain)
gain = 100 * (right_both.mean() - right_plain.mean())
better = np.sum(right_both & ~right_plain)
worse = np.sum(right_plain & ~right_both)
plot.show(
    figures.gain(right_plain, right_both, low, high),
    alt=f"Of {len(test)} test photos, only the head with mirrored views gets {better} "
    f"right, only the plain head {worse}. The gain is {gain:+.1f} points, with a 95 % "
    f"interval from {low:+.1f} to {high:+.1f}.",
)
results.record("gain by mirrored views", gain, "points")
contains = "contains" if low <= 0 <= high else "does not contain"
print(
    f"gain {gain:+.1f} points; 95 % interval {low:+.1f} to {high:+.1f}",
    contains,
    "zero",
)

# %% [markdown]
# Only the photos on which the two heads *disagree* carry information, and the interval
# is made of those. (*McNemar's test*, in Lab 02, asks the same question.)
# State the interval, not the gain.

# %% [markdown] tags=["slide"]
# ## When transfer does not help
#
# Here are handwritten digits, 200 to learn from and 300 to be judged by. There are
# three ways: a linear classifier on Xception's features of the enlarged digits; a
# linear classifier on the plain pixels; and a small ConvNet, trained *from scratch*.
#
# **Predict first:** which one wins, and what does each cost?

# %% tags=["skip"]
mnist = data.load_mnist()
x_few, y_few = mnist.x_train[:200], mnist.y_train[:200]
x_new, y_new = mnist.x_test[:300], mnist.y_test[:300]
both_sets = np.concatenate([x_few, x_new])
digit_score, digit_seconds = {}, {}


def enlarged(digit):
    """A digit (28, 28) as a colour picture (72, 72, 3); Xception takes 71 or more."""
    colour = Image.fromarray(digit).convert("RGB")
    return np.asarray(colour.resize((72, 72), Image.Resampling.BILINEAR))


# %% tags=["subslide"]
started = time.perf_counter()
large = transfer.scale(np.stack([enlarged(digit) for digit in both_sets]))
maps = digit_base.predict(large, batch_size=50, verbose=0)
of_digits = maps.mean(axis=(1, 2))  # (500, 2048)
classifier = linear().fit(of_digits[:200], y_few)
digit_score["Xception, linear"] = 100 * classifier.score(of_digits[200:], y_new)
digit_seconds["Xception, linear"] = time.perf_counter() - started

# %%
started = time.perf_counter()
flat = both_sets.reshape(len(both_sets), -1) / 255
classifier = RidgeClassifier(alpha=10).fit(flat[:200], y_few)
digit_score["pixels, linear"] = 100 * classifier.score(flat[200:], y_new)
digit_seconds["pixels, linear"] = time.perf_counter() - started

# %% tags=["skip"]
started = time.perf_counter()
keras.utils.set_random_seed(0)
convnet = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.3),
        layers.Dense(10),
    ]
)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
convnet.compile(keras.optimizers.Adam(3e-3), loss)
training.fit(convnet, x_few[..., None], y_few, batch_size=25, epochs=25)
read = convnet.predict(x_new[..., None], verbose=0).argmax(axis=1)
digit_score["ConvNet, from scratch"] = 100 * np.mean(read == y_new)
digit_seconds["ConvNet, from scratch"] = time.perf_counter() - started

# %% tags=["subslide", "hide-input"]
said = ", ".join(
    f"{name} {score:.1f} % in {digit_seconds[name]:.1f} s"
    for name, score in digit_score.items()
)
plot.show(
    figures.digits(digit_score, digit_seconds),
    alt=f"Accuracy on 300 new digits and seconds of computing: {said}.",
)
from_scratch = digit_score["ConvNet, from scratch"]
results.record("ConvNet from scratch on digits", from_scratch, "%")

# %% tags=["skip"]
over_xception = from_scratch - digit_score["Xception, linear"]
times_larger = digit_base.count_params() / convnet.count_params()
results.record("ConvNet over Xception's features, on digits", over_xception, "points")
results.record("parameters of Xception for one of the ConvNet", times_larger)

# %% [markdown]
# Features of photographs need not suit pen strokes (a *domain gap*). When your pictures
# are far from photos, or small, or plentiful, train a network of your own as well, and
# compare.

# %% [markdown] tags=["slide"]
# ## What many slides get wrong
#
# - *"Top 3: palace 42.87 %"*: this depends on crop and scale; state them.
# - *`fit_generator(train_flow, train_flow.n)`*: it is gone, and it counted batches.
# - *`shear_range=0.2`* beside `zoom_range=0.2`: it is a fifth of a **degree**.
# - *`width_shift_range`*: measure which way it goes before you rely on it.
# - *"Very slow without GPUs"*: with the lower part computed once, it is not. The next
#   line says how long it took here.
# - *"75–80 %, then ~95 %"*: an accuracy without the number of photos, the split and an
#   interval is an anecdote.

# %% tags=["hide-input"]
name = "features of 300 photos, once, on this machine"
results.record(name, seconds_for_features, "s")

# %% [markdown] tags=["slide"]
# ## Into the lab
#
# - **Lab 04 · Augmentation, audited**: you build the address picture, find out what
#   each setting does, prove that your pipeline is used, and give intervals. You write
#   MixUp and CutMix by hand.
# - **Lab 05 · Fine-tuning Xception**: the whole ladder on flowers, from a small ConvNet
#   to the fine-tuned network, with four mistakes that can cost points and raise no
#   error.
#
# Before you go: *which of today's numbers would change if you trained with other
# photos, and which would not?*

# %% [markdown] tags=["notes"]
# The given parameters, the size of the head and the audit of the settings do not depend
# on the photos. All accuracies do. Ask for the margin each time somebody names an
# accuracy.
