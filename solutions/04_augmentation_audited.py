# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # Lab 04 · Augmentation, audited
#
# *Data augmentation* makes new training pictures from old ones: turn them a little,
# shift them a little, mirror them. It is a handful of settings on a slide, and
# everybody copies them. **Does your augmentation do what its names say, and does it
# help?** In this lab you do not believe the names. You measure.
#
# After this lab you can
#
# - read off what an augmentation does, from pictures whose pixels know where they came
#   from,
# - build the same augmentation as Keras layers inside `tf.data`, and prove that it is
#   used,
# - say with a confidence interval whether it helped, and name data on which it does
#   harm,
# - mix pictures and their labels by hand: MixUp and CutMix.
#
# Stuck on an exercise? `check.hint("addresses")` gives a hint; call it again and it
# says more. A function that you write must leave the arrays that it is given unchanged.
#
# **You will learn** to measure what an augmentation really does, to prove that your
# pipeline uses it, and to test whether it helps.

# %% tags=["setup"]
import math
import tempfile
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers
from PIL import Image
from scipy import stats
from tensorflow.keras.preprocessing.image import ImageDataGenerator

from utils import augment, check, data, garden, plot, progress, results, training
from utils.lessons.lab04 import figures

check.start("lab04")

# %% tags=["setup"]
middle = data.load_photo("flower")[:, 107:534]
photo = np.asarray(Image.fromarray(middle).resize((224, 224)))  # uint8 (224, 224, 3)

# %% [markdown]
# ## 1 · The slide's settings
#
# These are the settings that the lecture shows. Only the import is new: since Keras 3,
# `from keras.preprocessing.image import ImageDataGenerator` fails. The class lives on
# under `tensorflow.keras`, marked as deprecated.

# %%
image_gen = ImageDataGenerator(
    rescale=1.0 / 255,
    rotation_range=40,
    width_shift_range=0.2,
    height_shift_range=0.2,
    shear_range=0.2,
    zoom_range=0.2,
    horizontal_flip=True,
    channel_shift_range=9,
    fill_mode="nearest",
)

# %%
np.random.seed(4)
variants = [image_gen.random_transform(photo.astype("float32")) for _ in range(9)]
plot.show(
    figures.photo_and_variants(photo[::2, ::2], [v[::2, ::2] for v in variants]),
    alt="One photo of a flower, large, and nine variants of it, small: turned, "
    "shifted, zoomed or mirrored, with borders that continue the outermost pixels.",
)

# %% [markdown]
# All nine look plausible. That is the trouble: by looking, *plausible* is all you can
# say. Was the third variant shifted sideways or downwards? Is any of them sheared?
#
# ### From a folder
#
# The slide reads its photos from a folder with one subfolder for each class. Here is
# such a folder, filled with JPEG files.

# %%
folder = Path(tempfile.mkdtemp()) / "flowers"
garden.write_tree(folder, per_class=13, size=96)
train_flow = image_gen.flow_from_directory(folder, target_size=(96, 96), batch_size=16)
pictures, labels = next(train_flow)
print("classes:", train_flow.class_indices)
print(f"{train_flow.n} photos in {len(train_flow)} batches")
print("one batch: pictures", pictures.shape, "and labels", labels.shape)

# %% [markdown]
# The call hides three things:
#
# - Classes are numbered in the alphabetical order of their folders.
# - Without `target_size`, every photo is squeezed to 256 × 256 pixels.
# - A generator with augmentation augments *whatever* flows through it, your validation
#   photos included. Give those a generator of their own that only rescales.
#
# ### Exercise: how many batches an epoch has
#
# The slide goes on with `model.fit_generator(train_flow, train_flow.n)`. The second
# argument was `steps_per_epoch`, a number of **batches**, but `train_flow.n` is the
# number of **photos**.
#
# Write a function that gets the number of photos and the batch size, and returns two
# numbers: how many batches show every photo exactly once, and how many passes over all
# photos the slide's call made in one "epoch" (a fraction is fine). The last batch of a
# pass may be smaller than the others.


# %%
def batches_an_epoch(photos, batch_size):
    """(batches in one pass, passes that the slide's call made)."""
    ### BEGIN SOLUTION
    batches = math.ceil(photos / batch_size)
    return batches, photos / batches
    ### END SOLUTION


# %%
check.answer("batches_an_epoch", batches_an_epoch)

# %% [markdown]
# With `fit` there is nothing to count, because the flow knows its length. And what
# became of `fit_generator`?

# %%
tiny = keras.Sequential(
    [
        keras.Input((96, 96, 3)),
        layers.GlobalAveragePooling2D(),
        layers.Dense(5, activation="softmax"),
    ]
)
tiny.compile(loss="categorical_crossentropy")
tiny.fit(train_flow, epochs=1, verbose=0)
print("fit_generator exists:", hasattr(tiny, "fit_generator"))
results.record("steps in an epoch of 65 photos", int(tiny.optimizer.iterations))

# %% [markdown]
# ## 2 · The audit
#
# You cannot read a shift from a flower. So augment a better picture, one in which
# **each pixel holds its own address**: its column in the red channel and its row in the
# green channel. After any augmentation, look into a pixel, and it tells you where it
# came from.
#
# ### Exercise: a picture that knows its addresses
#
# Write a function that gets a height and a width in pixels, and returns a NumPy array
# of dtype float32 and shape (height, width, 3): red holds the pixel's column, green its
# row, blue is 0. Both count from 0.


# %%
def addresses(height, width):
    """float32 (height, width, 3): the column, the row, and 0."""
    ### BEGIN SOLUTION
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows, 0 * rows], axis=-1).astype("float32")
    ### END SOLUTION


# %%
check.answer("addresses", addresses)

# %%
probe = augment.addresses(60, 90)
np.random.seed(1)
turned = ImageDataGenerator(rotation_range=40).random_transform(probe.copy())
plot.show(
    figures.addresses(probe, turned),
    alt="The address picture before and after a turn. Contour lines of column and row, "
    "straight up and across before, lean after it; one pixel's address is read out.",
)

# %% [markdown]
# ### Exercise: read the motion
#
# All geometric settings of the slide are *affine transformations*: a 2 × 3 matrix $M$
# takes each place (column, row) in the variant to the place where its content came
# from,
#
# $$\begin{pmatrix}\text{origin's column}\\ \text{origin's row}\end{pmatrix}
# = M \begin{pmatrix}\text{column}\\ \text{row}\\ 1\end{pmatrix}.$$
#
# What is $M$ for a picture that was moved 5 pixels to the right? Think first: the pixel
# at column 20 came from column 15.
#
# Write a function that gets an augmented address picture, shape (height, width, 3), and
# returns $M$, shape (2, 3), found by *least squares* in the middle third of the
# picture. (Pixels near the border may have been filled in, and know nothing. Do not
# look at blue.)


# %%
def motion(picture):
    """The matrix M (2, 3) of an augmented address picture (height, width, 3)."""
    height, width = picture.shape[:2]
    middle_rows = slice(height // 3, 2 * height // 3)
    middle_columns = slice(width // 3, 2 * width // 3)
    rows, columns = np.mgrid[middle_rows, middle_columns]
    ### BEGIN SOLUTION
    places = np.stack([columns.ravel(), rows.ravel(), np.ones(rows.size)], axis=1)
    origins = picture[rows, columns, :2].reshape(rows.size, 2)
    return (np.linalg.pinv(places) @ origins).T
    ### END SOLUTION


# %%
check.answer("motion", motion)

# %% [markdown]
# ### A measurement that checks itself
#
# Your `motion` believes every value that it finds. Make the picture brighter, and it
# reports a shift; halve all values, and it reports a zoom. Nothing moved. A measuring
# instrument should notice when its model does not hold.
#
# `augment.audit` does. Its blue channel holds a *signature*, a random pattern in which
# no two places look alike. Red and green say where a pixel came from, and blue says
# whether that is true. So the audit can undo a change of brightness or contrast, leave
# out pixels that were filled in, and report the *residual*: how far, in pixels, the
# addresses lie from the affine transformation that fits them best. And when none fits,
# it says so instead of giving a number:

# %%
brighter = augment.audit(lambda picture: 1.2 * picture + 20, draws=1)
print(f"brighter: moved by {abs(brighter['right'][0]):.2f} px to the right")
try:
    augment.audit(lambda picture: picture[..., ::-1], draws=1)
except augment.Unreadable as error:
    print(error)

# %% [markdown]
# For each picture, `augment.audit` puts $M$ into words: `right`, `down`, `turn`,
# `lean`, `wider`, `taller`. It draws many variants and keeps the smallest and the
# largest reading of each. **Predict first:** for each setting of the slide, which
# columns of the table will show a change? Write down your guess; then run the audit.

# %%
geometry = (
    "rotation_range",
    "width_shift_range",
    "height_shift_range",
    "shear_range",
    "zoom_range",
    "horizontal_flip",
)
np.random.seed(0)
audited = {}
for setting in progress.bar(geometry, "audit"):
    generator = ImageDataGenerator(**{setting: augment.SLIDE[setting]})
    audited[setting] = augment.audit(generator.random_transform, draws=150)
print(f"Keras {keras.__version__}, pictures 60 px high and 90 px wide")
figures.readings(audited)

# %% [markdown]
# A dot stands for no change, and for a residual of 0.
#
# ### Exercise: which way the shifts go
#
# Does `width_shift_range` move a picture along its `"columns"` (left and right) or
# along its `"rows"` (up and down)? And `height_shift_range`? Answer each with one of
# these two words, as *measured* on the Keras that you run.

# %%
### BEGIN SOLUTION
width_shift_moves = "rows"
height_shift_moves = "columns"
### END SOLUTION

# %%
check.answer("shift_axes", width_shift_moves, height_shift_moves)

# %%
width_shift = audited["width_shift_range"]
sideways = max(map(abs, width_shift["right"]))
downwards = max(map(abs, width_shift["down"]))
way = "left and right, as its name says"
if downwards > sideways:
    way = "up and down: not what its name says"
print(f"In Keras {keras.__version__}, width_shift_range moves pictures {way}.")
results.record(
    "largest move by width_shift_range=0.2, as a share of the width",
    max(sideways, downwards) / 90,
)
results.record(
    "the smaller of its two directions", round(min(sideways, downwards), 3), "px"
)

# %%
plot.show(
    figures.shifts(data.load_photo("china")[::3, ::3]),
    alt="A temple photo under width_shift_range alone, upper row, and "
    "height_shift_range alone, lower row: each row goes from one end of the move, over "
    "the photo as it is, to the other end.",
)

# %% [markdown] tags=["solution-only"]
# **Discussion.** The two names are exchanged in every Keras from 3.5 to 3.15 that we
# tried for this course. The code builds its matrix for (x, y), draws the height shift
# into x, and swaps the axes at the end. With equal settings and square pictures nobody
# notices. On a picture that is wider than high it gets worse: 0.2 is a fraction of the
# *width*, but it is applied to the *rows*, so `width_shift_range=0.2` moves the picture
# by more than a fifth of its height.

# %% [markdown]
# ### Exercise: the pivot
#
# Look at `rotation_range` in the table. `right` and `down` are not 0, so the middle of
# the picture moves. Then which point does this rotation turn about? It is the point
# that the transformation leaves in place, its *fixed point*.
#
# Write a function that gets $M = (A \mid t)$, shape (2, 3), and returns the pivot, two
# numbers (column, row): the $p$ with $A p + t = p$.


# %%
def pivot(matrix):
    """The place (column, row) that `matrix` (2, 3) leaves where it is."""
    ### BEGIN SOLUTION
    return np.linalg.solve(np.eye(2) - matrix[:, :2], matrix[:, 2])
    ### END SOLUTION


# %%
check.answer("pivot", pivot)

# %%
matrix = augment.motion(turned)
fixed = np.linalg.solve(np.eye(2) - matrix[:, :2], matrix[:, 2])
print("the picture's centre: column 44.5, row 29.5")
print(f"it turned about:      column {fixed[0]:.1f}, row {fixed[1]:.1f}")

turn_only = ImageDataGenerator(rotation_range=40)
square = augment.audit(turn_only.random_transform, height=90, width=90, draws=50)
results.record(
    "how far a turn moves the centre of a square picture",
    round(max(map(abs, square["right"])), 3),
    "px",
)
oblong = audited["rotation_range"]
results.record(
    "how far it moves the centre of one 60 by 90", max(map(abs, oblong["right"])), "px"
)

# %% [markdown] tags=["solution-only"]
# **Discussion.** The same exchange of axes: the pivot is computed as (height/2,
# width/2) and used as (column, row). Square pictures are safe; on others a turn is also
# a shift. Resize to a square first, or use the layers of section 3.

# %% [markdown]
# ### Exercise: the unit of shear
#
# Look at `lean`, the angle by which vertical lines lean. The slide says
# `shear_range=0.2`, next to shifts and zooms where 0.2 means a fifth.
#
# (a) In a photo 224 pixels high, the centre stays and the top row is 112 pixels above
# it. By how many pixels does the slide's shear move the top row, at most?
#
# (b) Which value of `shear_range` would move the top row by a fifth of those 112
# pixels?

# %%
# (a) a number of pixels, (b) a value of shear_range
### BEGIN SOLUTION
top_row_moves = 112 * np.sin(np.deg2rad(0.2))
setting_for_a_fifth = np.rad2deg(np.arcsin(0.2))
### END SOLUTION

# %%
check.answer("shear_unit", top_row_moves, setting_for_a_fifth)

# %%
leans = max(map(abs, audited["shear_range"]["lean"]))
results.record("largest lean under the slide's shear_range", leans, "degrees")
strong_shear = ImageDataGenerator(shear_range=11.5)
sheared = augment.audit(strong_shear.random_transform, draws=100)
results.record(
    "largest lean under shear_range=11.5", max(map(abs, sheared["lean"])), "degrees"
)

# %% [markdown]
# ### Exercise: the unit of the channel shift
#
# `channel_shift_range=9` adds a number between −9 and 9 to the pixels, then clips them
# to the smallest and largest value in the picture. This happens *before* `rescale`.
#
# (a) How large is the largest shift, as a share of the range from 0 to 255?
#
# (b) Do the three channels get `"the same shift"` or `"three shifts"`? Measure it on
# `photo`.
#
# (c) A colleague scales her photos to 0…1 herself and leaves `rescale` out. A shift of
# 5 is drawn. Does her picture show `"hardly a change"`, `"a colour cast"` or
# `"one flat colour"`? (To apply one known shift:
# `image_gen.apply_transform(x, {"channel_shift_intensity": 5.0})`.)

# %%
# (a) a number, (b) and (c) one of the words
### BEGIN SOLUTION
largest_share = 9 / 255
channels_get = "the same shift"
scaled_first = "one flat colour"
### END SOLUTION

# %%
check.answer("channel_shift", largest_share, channels_get, scaled_first)

# %%
bytes_first = photo.astype("float32")
nine, five = ({"channel_shift_intensity": shift} for shift in (9.0, 5.0))
right_order = image_gen.apply_transform(bytes_first, nine) / 255
scaled_before = image_gen.apply_transform(bytes_first / 255, five)
change = 100 * np.abs(right_order - bytes_first / 255).mean()
colours = len(np.unique(scaled_before))
plot.show(
    figures.channel_shift(photo, right_order, scaled_before),
    alt="A photo; the photo with 9 of 255 added, which changes its values by "
    f"{change:.1f} % on average; and the photo scaled to 0…1 before 5 was added. "
    f"Different values left in that: {colours}.",
)
results.record("mean change in the right order", change, "%")
results.record("different values left when scaled first", colours)

# %% [markdown]
# ## 3 · The same as layers
#
# Keras layers do the same work on batches, inside `tf.data` or inside the model. Their
# units differ again: a rotation factor is a part of a full turn, a translation factor a
# part of the height or the width, a zoom factor a change in scale.
#
# ### Exercise: the slide as Keras layers
#
# Write a function without arguments that returns a list of four Keras layers, in this
# order. They do what the *names* on the slide say:
#
# 1. mirror left to right;
# 2. turn by up to 40°, to both sides;
# 3. shift by up to 20 % of the height, up or down, and by up to 20 % of the width, to
#    both sides;
# 4. zoom by up to 20 %, height and width each by its own random factor.
#
# Where a border has to be filled, the nearest pixel is continued. (The slide's shear
# does next to nothing, so no layer takes its place.)


# %%
def slide_as_layers():
    """[flip, turn, shift, zoom], four Keras layers."""
    ### BEGIN SOLUTION
    return [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(40 / 360, fill_mode="nearest"),
        layers.RandomTranslation(0.2, 0.2, fill_mode="nearest"),
        layers.RandomZoom(0.2, 0.2, fill_mode="nearest"),
    ]
    ### END SOLUTION


# %%
check.answer("slide_as_layers", slide_as_layers)

# %% [markdown]
# Here is the same audit for layers: a shift by the height factor alone, one by the
# width factor alone, and the turn.


# %%
def as_function(layer):
    """The layer as a function of one picture."""
    return lambda picture: layer(picture[None], training=True)[0]


keras.utils.set_random_seed(0)
audited_layers = {
    "height_factor=0.2": layers.RandomTranslation(0.2, 0.0, fill_mode="nearest"),
    "width_factor=0.2": layers.RandomTranslation(0.0, 0.2, fill_mode="nearest"),
    "RandomRotation(40 / 360)": layers.RandomRotation(40 / 360, fill_mode="nearest"),
}
for name, layer in audited_layers.items():
    audited_layers[name] = augment.audit(as_function(layer), draws=40)
figures.readings(audited_layers)

# %%
results.record(
    "largest move up or down by width_factor",
    round(max(map(abs, audited_layers["width_factor=0.2"]["down"])), 3),
    "px",
)
results.record(
    "how far RandomRotation moves the centre",
    round(max(map(abs, audited_layers["RandomRotation(40 / 360)"]["right"])), 3),
    "px",
)

# %% [markdown]
# ### How fast
#
# Augmentation runs on the processor while the network waits. Measure both ways at two
# sizes, for a second each. **Predict first:** which one is faster, and by what factor?

# %%
speed = {size: augment.speeds(size) for size in (64, 224)}
said = [
    f"{name} {rate:,.0f} at {size} pixels"
    for size, rates in speed.items()
    for name, rate in rates.items()
]
plot.show(figures.speed(speed), alt=f"Bars of images per second: {', '.join(said)}.")
for size, rates in speed.items():
    generator, in_pipeline = rates.values()
    name = f"speed of the layers over the generator's at {size} px"
    results.record(name, in_pipeline / generator, "×")

# %% [markdown]
# These are one machine's numbers, taken while it may have been busy. Which way is
# faster on yours, and by how much, only your own run can say.
#
# ## 4 · Is it used?
#
# Four students built four pipelines. All four run, all four would train, and no line
# fails. **Predict first:** which of them show the network new variants in each epoch?

# %%
few = garden.flowers(8, 32, seed=5)[0].astype("float32") / 255
spin = layers.RandomRotation(0.1, fill_mode="nearest", seed=5)
source = tf.data.Dataset.from_tensor_slices(few)


def pipeline_a():
    dataset = source.batch(4)
    dataset.map(spin)
    return dataset.prefetch(1)


def pipeline_b():
    return source.batch(4).map(spin).cache().prefetch(1)


def pipeline_c():
    return source.cache().batch(4).map(spin).prefetch(1)


def pipeline_d():
    return source.batch(4).prefetch(1).map(lambda x: spin(x, training=False))


# %% [markdown]
# ### Exercise: diagnose a pipeline
#
# Write the test that finds out. The function gets three arrays of shape (n, height,
# width, channels), all in the same order: what the first epoch delivered, what the
# second epoch delivered, and the original pictures. It returns one word:
#
# - `"unused"`: no augmentation arrives at all;
# - `"frozen"`: the pictures were augmented once, and the same variants come in every
#   epoch;
# - `"fresh"`: new variants in each epoch.
#
# Note that a random flip may leave all pictures of one small epoch as they were, and
# still be fresh.


# %%
def diagnose(first_epoch, second_epoch, originals):
    """One word: unused, frozen or fresh."""
    ### BEGIN SOLUTION
    if not np.array_equal(first_epoch, second_epoch):
        return "fresh"
    return "unused" if np.array_equal(first_epoch, originals) else "frozen"
    ### END SOLUTION


# %%
check.answer("diagnose", diagnose)

# %% tags=["nbval-check-output"]
pipelines = {"a": pipeline_a, "b": pipeline_b, "c": pipeline_c, "d": pipeline_d}
for name, build in pipelines.items():
    dataset = build()
    first = np.concatenate(list(dataset.as_numpy_iterator()))
    second = np.concatenate(list(dataset.as_numpy_iterator()))
    print(f"pipeline {name}: {augment.diagnosis(first, second, few)}")

# %% [markdown] tags=["solution-only"]
# **Discussion.** Only pipeline c works. In a, the result of `map` is thrown away: a
# dataset, like a string, is never changed; its methods return a new one. In b, `cache`
# stands after the augmentation and keeps the first epoch for ever. In d,
# `training=False` switches every random layer off. The same happens in `model.predict`
# and `model.evaluate`, and there it is right.

# %% [markdown]
# ### Exercise: build the pipeline
#
# Now build yours. The function gets arrays of pictures and labels, a function `augment`
# and a batch size, and makes a dataset of pairs of one picture and one label. Go on
# from there, so that the returned `tf.data.Dataset` delivers pairs of a batch of
# augmented pictures and their labels:
#
# - each picture exactly once in an epoch, the last, smaller batch included;
# - in a new random order in each epoch: shuffle single pictures, with a buffer as large
#   as the data;
# - with new variants in each epoch. `augment(x)` takes a batch of pictures.


# %%
def train_pipeline(images, labels, augment, batch):
    """A tf.data.Dataset of (augmented pictures, labels), `batch` at a time."""
    dataset = tf.data.Dataset.from_tensor_slices((images, labels))
    ### BEGIN SOLUTION
    dataset = dataset.shuffle(len(images)).batch(batch)
    dataset = dataset.map(lambda x, y: (augment(x), y))
    ### END SOLUTION
    return dataset.prefetch(tf.data.AUTOTUNE)


# %%
check.answer("train_pipeline", train_pipeline)

# %% [markdown]
# ## 5 · Does it help?
#
# To find out, keep everything else equal: the same small ConvNet, the same 500 digits
# to learn from, the same 3,000 other digits to be judged by, the same number of epochs,
# and three random seeds. What differs is the *augmentation policy*:
#
# - *none*: no augmentation;
# - *mild*: turns of 10°, shifts and zooms of 10 %;
# - *the slide's*: the settings of section 1, as layers;
# - *half turns*: mirrored left to right, up and down, or both, at random.
#
# **Predict first:** how will the four rank?

# %%
mnist = data.load_mnist()
digits = mnist.x_train[:3500, ..., np.newaxis].astype("float32") / 255
train_x, train_y = digits[:500], mnist.y_train[:500]
test_x, test_y = digits[500:], mnist.y_train[500:3500]

# %%
fill = {"fill_mode": "nearest"}
policies = {
    "none": [],
    "mild": [
        layers.RandomRotation(10 / 360, **fill),
        layers.RandomTranslation(0.1, 0.1, **fill),
        layers.RandomZoom(0.1, 0.1, **fill),
    ],
    "slide's": [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(40 / 360, **fill),
        layers.RandomTranslation(0.2, 0.2, **fill),
        layers.RandomZoom(0.2, 0.2, **fill),
    ],
    "half turns": [layers.RandomFlip("horizontal_and_vertical")],
}


# %% [markdown]
# `training.fit` is `model.fit` without TensorFlow's overhead for small networks; in
# your own project write `model.fit`.


# %%
def convnet():
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 5, strides=2, activation="relu"),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    return model


# %%
def run(policy, seed, epochs=18):
    """Train with one policy and one seed; return the classes predicted for test_x."""
    keras.utils.set_random_seed(seed)
    model = convnet()
    dataset = tf.data.Dataset.from_tensor_slices((train_x, train_y))
    dataset = dataset.shuffle(len(train_x), seed=seed).batch(25)
    if policies[policy]:
        change = keras.Sequential(policies[policy])
        dataset = dataset.map(lambda x, y: (change(x, training=True), y))
    training.fit(model, dataset, epochs=epochs)
    return model.predict(test_x, batch_size=500, verbose=0).argmax(axis=1)


# %%
SEEDS = (1, 2, 3)
predicted = {}
for policy in progress.bar(policies, "four policies, three seeds"):
    predicted[policy] = [run(policy, seed) for seed in SEEDS]
accuracy = {
    policy: np.array([100 * np.mean(classes == test_y) for classes in runs])
    for policy, runs in predicted.items()
}
means = ", ".join(f"{name} {values.mean():.1f} %" for name, values in accuracy.items())
plot.show(
    figures.accuracy_by_policy(accuracy),
    alt=f"Test accuracy of the ConvNet, a mark for each seed. Means: {means}.",
)

# %% [markdown]
# ### Exercise: an interval for the difference
#
# The three seeds scatter. Is the gain real? Each seed was run with and without
# augmentation, so the runs come in pairs, and you can look at the differences within
# the pairs.
#
# Write a function that gets two arrays of accuracies, one number for each seed, in the
# same order of seeds. It returns the two ends, low and high, of the 95 % *confidence
# interval* of the mean difference (with minus without): mean ±
# $t_{0.975,\,n-1} \cdot s / \sqrt{n}$. Here $n$ is the number of seeds, $s$ the
# standard deviation of the differences (with `ddof=1`), and $t$ the quantile that
# `stats.t.ppf` gives. This is the interval of the *paired t-test*.


# %%
def difference_interval(with_it, without):
    """(low, high) of the mean of with_it − without, two arrays (n,)."""
    ### BEGIN SOLUTION
    differences = with_it - without
    n = len(differences)
    half = stats.t.ppf(0.975, n - 1) * differences.std(ddof=1) / np.sqrt(n)
    return differences.mean() - half, differences.mean() + half
    ### END SOLUTION


# %%
check.answer("difference_interval", difference_interval)

# %%
gains = {}
for policy in ("mild", "slide's", "half turns"):
    test = stats.ttest_rel(accuracy[policy], accuracy["none"])
    low, high = test.confidence_interval()
    gains[policy] = np.mean(accuracy[policy] - accuracy["none"])
    ends = f"95 % interval {low:+5.1f} to {high:+5.1f}"
    print(f"{policy:10s} against none: {gains[policy]:+5.1f} points, {ends}")
results.record("gain of mild augmentation", gains["mild"], "points")
results.record("gain of the slide's settings", gains["slide's"], "points")
results.record("gain of half turns", gains["half turns"], "points")

# %% [markdown]
# With three seeds the intervals are wide: $t_{0.975,2}$ is 4.3. An interval that
# contains 0 does not say that there is no gain. It says that three seeds cannot decide.
#
# "It helps" is a statement about one network and one training budget. Two things to
# try, each with a **prediction** first:
#
# - Augmented digits take longer to learn, because the network never sees the same
#   picture twice. Which policy is ahead after a few epochs? Compare
#   `np.mean(run("mild", 1, epochs=3) == test_y)` with the same for `"none"`.
# - This ConvNet uses strides. Max pooling tolerates small shifts by itself. Take the
#   strides out of `convnet()`, put a `MaxPooling2D()` behind each convolution, and see
#   whether mild augmentation has as much left to give.

# %% [markdown]
# ### When it hurts: the flip that changes the label
#
# An augmentation must be *label-preserving*. The fourth policy is not: mirrored both
# ways, a digit is turned by half a turn, and a 6 becomes a 9. Its label stays 6. Where
# do the errors go?

# %%
confused = {
    policy: np.mean([figures.sixes_and_nines(c, test_y) for c in predicted[policy]])
    for policy in policies
}
counts = ", ".join(f"{name} {count:.1f}" for name, count in confused.items())
plot.show(
    figures.six_and_nine(train_x, train_y, confused),
    alt="A six, the same six after half a turn, which looks like a nine, and a nine. "
    f"Sixes and nines taken for each other, mean of the seeds: {counts}.",
)
results.record("6 and 9 taken for each other, without", confused["none"])
results.record("6 and 9 taken for each other, with half turns", confused["half turns"])

# %% [markdown]
# ### Exercise: which flips keep the label
#
# For each task, which flips of the pictures would you allow while training: `"none"`,
# `"left-right"`, or `"both"` (left-right and up-down)? A flip is safe if the label
# stays true and such a picture could come up. Answer with a dictionary:
#
# ```python
# safe = {
#     "flowers": …,       # name the flower in a photo
#     "digits": …,        # name the handwritten digit
#     "turn arrows": …,   # a road sign's arrow: turn left, or turn right?
#     "satellite": …,     # what grows on a field, seen from above?
#     "chest x-rays": …,  # find rare conditions; one: the heart on the right side
# }
# ```

# %%
### BEGIN SOLUTION
safe = {
    "flowers": "left-right",
    "digits": "none",
    "turn arrows": "none",
    "satellite": "both",
    "chest x-rays": "none",
}
### END SOLUTION

# %%
check.answer("safe_flips", safe)

# %% [markdown]
# ### Exercise: flip the boxes too
#
# A label is not always a class. In *object detection* it is a set of *bounding boxes*,
# and a flip that forgets them teaches the network to look in the wrong place.
#
# Write a function that gets an array of boxes, shape (n, 4), and the width of the
# picture in pixels, and returns the boxes of the picture mirrored left to right, again
# with shape (n, 4). Each row is x0, y0, x1, y1, where x1 and y1 are exclusive: a box
# that covers the whole picture has x0 = 0 and x1 = `width`. After the flip, x0 < x1
# must hold as before. A picture may have no boxes (n = 0). Do not change the array that
# you are given.


# %%
def flip_boxes(boxes, width):
    """The boxes (n, 4) of the mirrored picture."""
    ### BEGIN SOLUTION
    x0, y0, x1, y1 = boxes.T
    return np.stack([width - x1, y0, width - x0, y1], axis=1)
    ### END SOLUTION


# %%
check.answer("flip_boxes", flip_boxes)

# %%
scene = garden.scene(seed=12, size=160)
plot.show(
    figures.flipped_boxes(scene),
    alt="A flower scene with its boxes; its mirror image with the old boxes, which "
    "miss the flowers; and the mirror image with mirrored boxes, which fit.",
)

# %% [markdown]
# ## 6 · Further: RandAugment, MixUp, CutMix
#
# **RandAugment** asks you for two numbers only: how many operations, and how strong. It
# draws the operations from fourteen, all equally likely. `augment.rand_augment` is the
# whole method in a few lines; newer versions of Keras have a layer `RandAugment`.

# %%
rng = np.random.default_rng(1)
small = photo[::2, ::2]
strengths = (0.2, 0.6, 1.0)
rows = []
for strength in strengths:
    variants = [augment.rand_augment(small, 2, strength, rng) for _ in range(5)]
    rows.append([(picture, " +\n".join(names)) for picture, names in variants])
plot.show(
    plot.picture_rows(rows, [f"strength {strength:g}" for strength in strengths]),
    alt="Fifteen variants of a photo by RandAugment, in three rows of growing "
    "strength, with the names of the two operations above each.",
)

# %% [markdown]
# ### Exercise: MixUp by hand
#
# **MixUp** adds two pictures, say 30 % of one and 70 % of the other. The label is mixed
# in the same way: 30 % of one class and 70 % of the other, a *soft label*.
#
# **Predict first:** what would a network learn if you mixed the pictures and kept the
# labels?
#
# Write a function that mixes a whole batch. It gets four NumPy arrays: the images,
# shape (n, height, width, channels); their labels, *one-hot*, shape (n, classes);
# `share`, shape (n,), which says how much of each picture remains, from 0 to 1; and
# `order`, shape (n,), the index of each picture's partner in the same batch. It returns
# two arrays, the mixed images and the mixed labels, with the shapes that they had. Do
# not change the arrays that you are given.


# %%
def mixup(images, labels, share, order):
    """(mixed images (n, height, width, channels), mixed labels (n, classes))."""
    ### BEGIN SOLUTION
    of_images, of_labels = share[:, None, None, None], share[:, None]
    mixed_images = of_images * images + (1 - of_images) * images[order]
    mixed_labels = of_labels * labels + (1 - of_labels) * labels[order]
    return mixed_images, mixed_labels
    ### END SOLUTION


# %%
check.answer("mixup", mixup)

# %% [markdown]
# ### Exercise: the floor of the loss
#
# With MixUp the training loss does not go to 0, and that is no failure. Suppose a label
# is 0.3 for one class and 0.7 for another. What is the smallest cross-entropy that any
# prediction can reach? Give the number to three decimals or better.

# %%
### BEGIN SOLUTION
smallest_loss = -(0.3 * np.log(0.3) + 0.7 * np.log(0.7))
### END SOLUTION

# %%
check.answer("mixup_floor", smallest_loss)

# %%
label = np.array([[0.3, 0.7, 0.0]])
loss = keras.losses.CategoricalCrossentropy()
guesses = {
    "the label itself": [0.3, 0.7, 0.0],
    "half and half": [0.5, 0.5, 0.0],
    "sure of the second": [0.01, 0.98, 0.01],
}
for name, guess in guesses.items():
    print(f"{name:20s} {float(loss(label, np.array([guess]))):.3f}")

# %% [markdown]
# The smallest value is the *entropy* of the label.
#
# ### Exercise: CutMix by hand
#
# **CutMix** pastes a rectangle of the second picture into the first, at the same place.
# The label's shares are the shares of the *area*. The rectangle is drawn at random and
# may reach over the border of the picture: only what is really pasted counts.
#
# Write a function that gets two pictures of the same shape (height, width, channels),
# their one-hot labels (arrays), and the rectangle (top, left, bottom, right), four
# whole numbers of which bottom and right are exclusive. `top` and `left` may be
# negative, and `bottom` and `right` may exceed the picture's size, but a part of the
# rectangle always lies inside. Return the mixed picture and its label, and leave the
# two pictures as they were.


# %%
def cutmix(first, second, label_first, label_second, box):
    """(picture, label): the inside of `box` from `second`, the rest from `first`."""
    top, left, bottom, right = box
    ### BEGIN SOLUTION
    top, left = max(top, 0), max(left, 0)
    mixed = first.copy()
    mixed[top:bottom, left:right] = second[top:bottom, left:right]
    share = mixed[top:bottom, left:right].size / mixed.size
    return mixed, (1 - share) * label_first + share * label_second
    ### END SOLUTION


# %%
check.answer("cutmix", cutmix)

# %%
flowers, kinds = garden.flowers(6, 128, seed=2)
plot.show(
    figures.mixed_pictures(flowers, kinds, garden.CLASSES),
    alt="Two flower scenes, their MixUp in three shares, and their CutMix with a patch "
    "inside and a patch over the border, each with its mixed label.",
)

# %% [markdown]
# Two checks catch most bugs in the labels of a mixed batch. Every label must sum to 1.
# And the average label must stay, up to chance, the average of the classes that went
# in. If your augmentation moves that average systematically, it has changed the task.

# %%
images, kinds = garden.flowers(200, 32, seed=3)
rng = np.random.default_rng(0)
share = rng.beta(0.4, 0.4, len(images))[:, np.newaxis]
order = rng.permutation(len(images))
one_hot = np.eye(5)[kinds]
mixed_labels = share * one_hot + (1 - share) * one_hot[order]
before, after = one_hot.mean(axis=0), mixed_labels.mean(axis=0)
from_one = np.abs(mixed_labels.sum(axis=1) - 1).max()
results.record("largest distance of a mixed label's sum from 1", from_one)
results.record(
    "largest shift of a class's share", 100 * np.abs(after - before).max(), "points"
)
pd.DataFrame({"before": before, "after MixUp": after}, index=garden.CLASSES).round(3)

# %% [markdown]
# ## What you take with you
#
# - A setting's name is a claim. Ten lines of code and a picture of addresses test it.
# - A measurement should check its own model, and say so when the model does not hold.
# - Units differ between tools: degrees, fractions of a turn, fractions of a side, pixel
#   values.
# - An augmentation that is not used raises no error. Compare two epochs.
# - Augmentation can help when the variants could have been photographed, with the same
#   label. When the label changes, it costs.
# - A difference of a few points from one seed is a rumour. Pair the seeds, and give an
#   interval.

# %% tags=["nbval-check-output"]
check.report()
