# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # Lab 04 · Augmentation, audited
#
# Augmentation makes new training pictures from old ones: turn a little, shift a little, mirror. It is a handful of settings on a slide,
# and everybody copies them. **Does your augmentation do what its names say, and does it help?** You will not believe the names. You will
# measure.
#
# After this lab you can
# - read what an augmentation really does from pictures whose pixels know where they came from,
# - build the same augmentation as Keras layers inside `tf.data`, and prove that it is used,
# - say with an interval whether it helped, and name data where it does harm,
# - mix pictures and labels: MixUp and CutMix, by hand.
#
# Stuck on an exercise? `check.hint("addresses")` gives a hint; call it again for a better one.

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

from utils import augment, batches, check, data, garden, plot, progress, results
from utils.lessons.lab04 import figures

check.start("lab04")
photo = np.asarray(Image.fromarray(data.load_photo("flower")[:, 107:534]).resize((224, 224)))  # uint8 (224, 224, 3)

# %% [markdown]
# ## 1 · The slide's settings
#
# These are the settings as the lecture shows them. Only the import is new: `from keras.preprocessing.image import …` fails since
# Keras 3. The class lives on under `tensorflow.keras`, marked as deprecated.

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
np.random.seed(4)
variants = [image_gen.random_transform(photo.astype("float32"))[::2, ::2] for _ in range(9)]
plot.show(
    figures.nine(photo, variants),
    alt="One photo of a flower and nine variants of it: turned, shifted, zoomed and mirrored, with smeared borders.",
)

# %% [markdown]
# Nine pictures that look plausible. That is the trouble: *plausible* is all you can say by looking. Was the third one shifted to the
# side or downwards? Is any of them sheared?
#
# ### From a folder
#
# The slide reads photos from a folder with one subfolder a class. Here is such a folder, with JPEG files in it.

# %%
folder = garden.write_tree(Path(tempfile.mkdtemp()) / "flowers", per_class=13, size=96)
train_flow = image_gen.flow_from_directory(folder, target_size=(96, 96), batch_size=16)
pictures, labels = next(train_flow)
print("classes", train_flow.class_indices)
print("photos", train_flow.n, " batches", len(train_flow), " one batch", pictures.shape, labels.shape)

# %% [markdown]
# Three things that the call does not say: classes are numbered in the alphabetical order of the folders; without `target_size` every
# photo is squeezed to 256 × 256; and a generator with augmentation augments *whatever* flows through it, your validation photos
# included. Give those a generator of their own that only rescales.
#
# ### Exercise: how many batches an epoch has
#
# The slide goes on: `model.fit_generator(train_flow, train_flow.n)`. The second argument was `steps_per_epoch`, counted in **batches**, and
# `train_flow.n` is the number of **photos**. Write a function of the number of photos and the batch size that returns two numbers: how many
# batches show every photo once, and how many passes over all photos the slide's call made and called one epoch.


# %%
def batches_an_epoch(photos, batch_size):
    """(batches in one pass over `photos`, passes over all photos when `photos` batches are drawn)."""
    ### BEGIN SOLUTION
    batches = math.ceil(photos / batch_size)
    return batches, photos / batches
    ### END SOLUTION


# %%
check.answer("batches_an_epoch", batches_an_epoch)

# %% [markdown]
# With `fit` there is nothing to count: the flow knows its length. And `fit_generator` itself?

# %%
tiny = keras.Sequential([keras.Input((96, 96, 3)), layers.GlobalAveragePooling2D(), layers.Dense(5, activation="softmax")])
tiny.compile(loss="categorical_crossentropy")
print("fit_generator exists:", hasattr(tiny, "fit_generator"))
tiny.fit(train_flow, epochs=1, verbose=0)
print("steps taken by fit:", int(tiny.optimizer.iterations), "for", train_flow.n, "photos in batches of", train_flow.batch_size)
results.record("steps in an epoch", int(tiny.optimizer.iterations))

# %% [markdown]
# ## 2 · The audit
#
# You cannot read a shift from a flower. So augment a better picture: one in which **each pixel holds its own address**, its column in the
# red channel, its row in the green one. After any augmentation, look into a pixel and it tells you where it came from.
#
# ### Exercise: a picture that knows its addresses
#
# Return a float32 array of shape (height, width, 3): red is the column, green the row, blue 0.


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
    figures.probe(probe, turned),
    alt="The address picture before and after a turn: the columns, drawn as contour lines, lean, and each pixel still names its origin.",
)

# %% [markdown]
# ### Exercise: read the motion
#
# All geometric settings are *affine*: the place (column, row) in the variant and the place of origin are tied by a 2 × 3 matrix $M$,
#
# $$\begin{pmatrix}\text{origin's column}\\ \text{origin's row}\end{pmatrix} = M \begin{pmatrix}\text{column}\\ \text{row}\\ 1\end{pmatrix}.$$
#
# Find $M$ by least squares from the middle third of the picture, where no border was filled in. What would $M$ be for a picture that was
# moved 5 pixels to the right? Think first: the pixel at column 20 came from column 15.


# %%
def motion(picture):
    """The matrix M (2, 3) of an augmented address picture (height, width, 3)."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    ### BEGIN SOLUTION
    places = np.stack([columns.ravel(), rows.ravel(), np.ones(rows.size)], axis=1)
    found = picture[rows, columns, :2].reshape(rows.size, 2)
    return (np.linalg.pinv(places) @ found).T
    ### END SOLUTION


# %%
check.answer("motion", motion)

# %% [markdown]
# `augment.read` puts such a matrix into words (right, down, turn, lean, wider, taller), and `augment.audit` does it for a hundred draws and
# keeps the smallest and largest of each. **Predict first:** for each setting of the slide, which columns of the table will not be constant?
# Write your guess down; then run.

# %%
geometry = ("rotation_range", "width_shift_range", "height_shift_range", "shear_range", "zoom_range", "horizontal_flip")
np.random.seed(0)
audited = {}
for setting in progress.bar(geometry, "audit"):
    generator = ImageDataGenerator(**{setting: augment.SLIDE[setting]}, fill_mode="nearest")
    audited[setting] = augment.audit(generator.random_transform, height=60, width=90, draws=150)
print(f"Keras {keras.__version__}: what each setting does to a picture 60 px high and 90 px wide")
figures.table(audited)

# %% [markdown]
# ### Exercise: which way the shifts go
#
# `width_shift_range` moves a picture along its `"columns"` (left and right) or along its `"rows"` (up and down)? And
# `height_shift_range`? Answer with what was *measured* on the Keras that you run.

# %%
### BEGIN SOLUTION
width_shift_moves = "rows"
height_shift_moves = "columns"
### END SOLUTION

# %%
check.answer("shift_axes", width_shift_moves, height_shift_moves)

# %%
sideways = max(map(abs, audited["width_shift_range"]["right"]))
downwards = max(map(abs, audited["width_shift_range"]["down"]))
says = "up and down: not what its name says" if downwards > sideways else "left and right, as its name says"
print(f"In Keras {keras.__version__}, width_shift_range moves pictures {says}.")
results.record("largest move by width_shift_range=0.2, as a share of the width", max(sideways, downwards) / 90)
results.record("the smaller of its two directions", round(min(sideways, downwards), 3), "px")
plot.show(
    figures.shifts(data.load_photo("china")[::3, ::3]),
    alt="A temple photo under width_shift_range and height_shift_range alone: each row of pictures shows which way the setting moves it.",
)

# %% [markdown] tags=["solution-only"]
# **Discussion.** The names are exchanged in every Keras from 3.5 to 3.15 that was tried for this course. The code builds its matrix for
# (x, y), draws the height shift into x, and swaps the axes at the end. Nobody notices with equal settings and square pictures.
# On a picture wider than high it gets worse: 0.2 is a fraction of the *width*, applied to the *rows*, so `width_shift_range=0.2`
# moves more than a fifth of the height.

# %% [markdown]
# ### Exercise: the pivot
#
# Look at `rotation_range` in the table: `right` and `down` are not 0, so the middle of the picture moves. About which point does this turn?
# It is the place that the matrix leaves where it is. Write the function that finds it: $M = (A \mid t)$, and the pivot is the $p$ with
# $A p + t = p$.


# %%
def pivot(matrix):
    """The place (column, row) that the affine map `matrix` (2, 3) leaves where it is."""
    ### BEGIN SOLUTION
    return np.linalg.solve(np.eye(2) - matrix[:, :2], matrix[:, 2])
    ### END SOLUTION


# %%
check.answer("pivot", pivot)

# %%
matrix = augment.motion(turned)
centre = np.array([44.5, 29.5])
fixed = np.linalg.solve(np.eye(2) - matrix[:, :2], matrix[:, 2])
print(
    f"the picture's centre is at column {centre[0]}, row {centre[1]}; it turned about column {fixed[0]:.1f}, row {fixed[1]:.1f}"
)
square = augment.audit(ImageDataGenerator(rotation_range=40).random_transform, height=90, width=90, draws=50)
results.record("how far a turn moves the centre of a square picture", round(max(map(abs, square["right"])), 3), "px")
results.record("and of one 60 by 90", max(map(abs, audited["rotation_range"]["right"])), "px")

# %% [markdown] tags=["solution-only"]
# **Discussion.** The same exchange of axes: the pivot is computed as (height/2, width/2) and used as (column, row). Square
# pictures are safe; on others a turn is also a shift. Resize to a square first, or use the layers of section 3.

# %% [markdown]
# ### Exercise: the unit of shear
#
# Look at `lean`. The slide says `shear_range=0.2`, next to shifts and zooms where 0.2 means a fifth.
# (a) In a photo 224 pixels high, the centre stays and the top row is 112 pixels above it. How many pixels does the slide's shear move
# the top row, at most? (b) Which setting would move it by a fifth of those 112 pixels?

# %%
# (a) pixels, (b) the setting
### BEGIN SOLUTION
top_row_moves = 112 * np.sin(np.deg2rad(0.2))
setting_for_a_fifth = np.rad2deg(np.arcsin(0.2))
### END SOLUTION

# %%
check.answer("shear_unit", top_row_moves, setting_for_a_fifth)

# %%
leans = max(map(abs, audited["shear_range"]["lean"]))
results.record("largest lean under shear_range=0.2", leans, "degrees")
as_fraction = augment.audit(ImageDataGenerator(shear_range=11.5).random_transform, draws=100)
results.record("largest lean under shear_range=11.5", max(map(abs, as_fraction["lean"])), "degrees")

# %% [markdown]
# ### Exercise: the unit of the channel shift
#
# `channel_shift_range=9` adds a number between −9 and 9 to the pixels, then clips to the smallest and largest value in the picture. It
# happens *before* `rescale`.
# (a) The largest shift as a share of the range 0 to 255?
# (b) Do the three channels get `"the same shift"` or `"three shifts"`? Measure it on `photo`.
# (c) A colleague scales her photos to 0…1 herself and leaves `rescale` out. A shift of 5 is drawn. Her picture becomes `"hardly a change"`,
# `"a colour cast"` or `"one flat colour"`? (`image_gen.apply_transform(x, {"channel_shift_intensity": 5.0})` applies one known shift.)

# %%
### BEGIN SOLUTION
largest_share = 9 / 255
channels_get = "the same shift"
scaled_first = "one flat colour"
### END SOLUTION

# %%
check.answer("channel_shift", largest_share, channels_get, scaled_first)

# %%
byte_range = photo.astype("float32")
right_order = image_gen.apply_transform(byte_range, {"channel_shift_intensity": 9.0}) / 255
scaled_before = image_gen.apply_transform(byte_range / 255, {"channel_shift_intensity": 5.0})
plot.show(
    figures.channel_shift(photo, right_order, scaled_before),
    alt="A photo, the photo with 9 of 255 added, hardly different, and the photo scaled to 0 to 1 first: one flat white area.",
)
results.record("mean change in the right order", 100 * np.abs(right_order - byte_range / 255).mean(), "%")
results.record("different values left when scaled first", len(np.unique(scaled_before)))

# %% [markdown]
# ## 3 · The same as layers
#
# Keras layers do the same work on batches, inside `tf.data` or inside the model. Their units differ again: a rotation factor is a part of a
# full turn, a translation factor a part of the height and of the width, a zoom factor a change in scale.
#
# ### Exercise: the slide as Keras layers
#
# Return a list of four layers that do what the *names* on the slide say: mirror left to right; turn by up to 40°; shift by up to 20 % of
# height and width; zoom by up to 20 %, height and width apart. Borders are continued from the nearest pixel. (The shear of
# 0.2 does next to nothing, so nothing takes its place.)


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
# The same audit, on layers: one with the height factor alone, one with the width factor alone, and the turn.


# %%
def one(layer):
    """The layer as a function of one picture."""
    return lambda picture: layer(picture[None], training=True)[0]


keras.utils.set_random_seed(0)
as_layers = {
    "height_factor=0.2": layers.RandomTranslation(0.2, 0.0, fill_mode="nearest"),
    "width_factor=0.2": layers.RandomTranslation(0.0, 0.2, fill_mode="nearest"),
    "RandomRotation(40 / 360)": layers.RandomRotation(40 / 360, fill_mode="nearest"),
}
audited_layers = {name: augment.audit(one(layer), draws=40) for name, layer in as_layers.items()}
results.record("largest move up or down by width_factor", max(map(abs, audited_layers["width_factor=0.2"]["down"])), "px")
results.record("how far RandomRotation moves the centre", max(map(abs, audited_layers["RandomRotation(40 / 360)"]["right"])), "px")
figures.table(audited_layers)

# %% [markdown]
# ### How fast
#
# Augmentation runs on the processor, while the network waits. Both ways, at two sizes, a second each. **Predict first:** which one wins, and
# by how much?

# %%
speed = {size: augment.speeds(size) for size in (64, 224)}
plot.show(
    figures.speed(speed),
    alt="Bars of images per second at 64 and 224 pixels for ImageDataGenerator and for Keras layers in tf.data, with the numbers.",
)
for size, rates in speed.items():
    results.record(f"ImageDataGenerator at {size} px", rates["ImageDataGenerator"], "images/s")
    results.record(f"Keras layers in tf.data at {size} px", rates["Keras layers in tf.data"], "images/s")

# %% [markdown]
# ## 4 · Is it used?
#
# Four students built four pipelines. All four run, all four would train, and no line fails. **Predict first:** which of them show the network
# new variants in each epoch?

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
# Write the test that finds out. Given what the first and the second epoch delivered, and the original pictures (all in the same order),
# return `"unused"` (no augmentation arrives), `"frozen"` (augmented once, then the same variants for ever) or `"fresh"` (new variants in each
# epoch). Mind: a random flip may leave a whole small epoch as it was, and still be fresh.


# %%
def diagnose(first_epoch, second_epoch, originals):
    """The word for three arrays (n, height, width, channels) in the same order."""
    ### BEGIN SOLUTION
    if np.array_equal(first_epoch, second_epoch):
        return "unused" if np.array_equal(first_epoch, originals) else "frozen"
    return "fresh"
    ### END SOLUTION


# %%
check.answer("diagnose", diagnose)

# %% tags=["nbval-check-output"]
for name, build in (("a", pipeline_a), ("b", pipeline_b), ("c", pipeline_c), ("d", pipeline_d)):
    dataset = build()
    first, second = (np.concatenate(list(dataset.as_numpy_iterator())) for _ in range(2))
    print(f"pipeline {name}: {augment.diagnosis(first, second, few)}")

# %% [markdown] tags=["solution-only"]
# **Discussion.** Only c works. In a the result of `map` is
# thrown away: datasets, like strings, are not changed but replaced. In b `cache` stands after the augmentation and keeps the first epoch for
# ever. In d `training=False` switches every random layer off; the same happens in `model.predict` and `model.evaluate`, and there it is right.

# %% [markdown]
# ### Exercise: build the pipeline
#
# Now yours. From `dataset`, pairs of one picture and one label, deliver batches of augmented pictures with their labels: in a new order in
# each epoch, single pictures shuffled (a buffer as large as the data), each exactly once, the last smaller batch included, new variants in
# each epoch. `augment(x)` takes a batch of pictures.


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
# The same small ConvNet, the same 500 digits to learn from, the same 3,000 others to be judged by, the same number of epochs, three seeds.
# Four ways to augment: not at all; *mild* (turn 10°, shift and zoom 10 %); *the slide's*, which was made for photos; and *half turns*, of which
# more below. **Predict first:** which order?

# %%
mnist = data.load_mnist()
train_x, train_y = mnist.x_train[:500, ..., None] / np.float32(255), mnist.y_train[:500]
test_x, test_y = mnist.x_train[500:3500, ..., None] / np.float32(255), mnist.y_train[500:3500]
fill = {"fill_mode": "nearest"}
arms = {
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


# %%
def convnet():
    stack = [
        keras.Input((28, 28, 1)),
        layers.Conv2D(16, 5, strides=2, activation="relu"),
        layers.Conv2D(32, 3, strides=2, activation="relu"),
        layers.Flatten(),
        layers.Dropout(0.3),
        layers.Dense(10, activation="softmax"),
    ]
    model = keras.Sequential(stack)
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", steps_per_execution=20)
    model.optimizer.build(model.trainable_variables)  # before `fit`, or TensorFlow traces the network twice
    return model


# %%
def run(arm, seed, epochs=18):
    """Train with one arm and one seed; the predicted classes of the test digits."""
    keras.utils.set_random_seed(seed)
    model, change = convnet(), keras.Sequential(arms[arm])
    dataset = tf.data.Dataset.from_tensor_slices((train_x, train_y)).cache().shuffle(len(train_x), seed=seed).batch(25)
    if arms[arm]:
        dataset = dataset.map(lambda x, y: (change(x, training=True), y), num_parallel_calls=2)
    model.fit(batches.untuned(dataset.prefetch(2)), epochs=epochs, verbose=0, shuffle=False)  # the dataset shuffles
    return np.asarray(model(test_x)).argmax(axis=1)


said = {name: [] for name in arms}
for arm in progress.bar(arms, "four arms, three seeds"):
    said[arm] = [run(arm, seed) for seed in (1, 2, 3)]
accuracy = {arm: [100 * float(np.mean(answers == test_y)) for answers in runs] for arm, runs in said.items()}
plot.show(
    figures.arms(accuracy),
    alt="Test accuracy of the ConvNet in four arms with three seeds each: mild augmentation is above none, the slide's settings and half turns far below.",
)

# %% [markdown]
# ### Exercise: an interval for the difference
#
# Three seeds scatter. Is the gain real? Each seed was run with and without, so the runs come in pairs. Write the 95 % interval of the mean
# difference: mean ± $t_{0.975,\,n-1} \cdot s / \sqrt{n}$, with $s$ the standard deviation of the differences (`ddof=1`) and $t$ from
# `stats.t.ppf`.


# %%
def difference_interval(with_it, without):
    """(low, high): 95 % interval of the mean of with_it − without, two lists in the same order of seeds."""
    ### BEGIN SOLUTION
    differences = np.subtract(with_it, without)
    n = len(differences)
    half = stats.t.ppf(0.975, n - 1) * differences.std(ddof=1) / np.sqrt(n)
    return differences.mean() - half, differences.mean() + half
    ### END SOLUTION


# %%
check.answer("difference_interval", difference_interval)

# %%
for arm in ("mild", "slide's", "half turns"):
    low, high = stats.ttest_rel(accuracy[arm], accuracy["none"]).confidence_interval()
    print(
        f"{arm:10s}: {np.mean(accuracy[arm]) - np.mean(accuracy['none']):+5.1f} points, 95 % interval {low:+5.1f} to {high:+5.1f}"
    )
results.record("gain of mild augmentation", np.mean(accuracy["mild"]) - np.mean(accuracy["none"]), "points")
results.record("gain of the slide's settings", np.mean(accuracy["slide's"]) - np.mean(accuracy["none"]), "points")

# %% [markdown]
# "It helps" is a statement about one network and one budget. Two things to try, each with a **prediction** first:
#
# - Augmented digits take longer to learn: no picture comes twice. Who is ahead after a few epochs? Compare `np.mean(run("mild", 1, epochs=3) == test_y)`
#   with the same for `"none"`.
# - This ConvNet strides. Max pooling forgives small shifts by itself: take the strides out of `convnet()`, put a `MaxPooling2D()` behind each convolution,
#   and see whether mild augmentation has as much left to give.

# %% [markdown]
# ### When it hurts: the flip that changes the label
#
# The fourth arm mirrors both ways, at random. Both at once is half a turn, and half a turn makes a 6 a 9. The label stays
# what it was. Where do the errors go?

# %%
plot.show(
    figures.six_nine(train_x, train_y, said, test_y),
    alt="A six turned by half a turn looks like a nine; with such augmentation the counts of sixes called nine and nines called six rise.",
)
mixed_up = {arm: np.mean([figures.sixes_and_nines(answers, test_y) for answers in said[arm]]) for arm in ("none", "half turns")}
results.record("6 and 9 taken for each other, without", mixed_up["none"])
results.record("6 and 9 taken for each other, with half turns", mixed_up["half turns"])

# %% [markdown]
# ### Exercise: which flips keep the label
#
# For each kind of picture, which flips would you allow: `"none"`, `"left-right"`, or `"both"` (left-right and up-down)?
# The tasks: name the flower in a photo; name the digit; read a road sign's arrow, turn left or turn right; say what grows on a field, in a
# satellite picture; find rare conditions in chest x-rays (one of them: the heart on the right side).

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
# A label is not always a class. In detection it is boxes, and a flip that forgets them teaches the network to look in the wrong place. Mirror
# boxes left to right in a picture `width` pixels wide. Each row is x0, y0, x1, y1, with x1 and y1 exclusive, and x0 < x1 must hold after
# the flip as well.


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
    alt="A flower scene with its boxes, its mirror image with the old boxes, which miss the flowers, and with the mirrored boxes, which fit.",
)

# %% [markdown]
# ## 6 · Further: RandAugment, MixUp, CutMix
#
# **RandAugment** asks you for two numbers only: how many operations, and how strong. It draws the operations from fourteen, all equally
# likely. `augment.rand_augment` is the whole method in ten lines; newer Keras versions have a layer `RandAugment`.

# %%
rng = np.random.default_rng(1)
drawn = [[augment.rand_augment(photo[::2, ::2], 2, strength, rng) for _ in range(5)] for strength in (0.2, 0.6, 1.0)]
plot.show(
    figures.rand_augment(drawn, (0.2, 0.6, 1.0)),
    alt="Fifteen variants of a photo by RandAugment in three rows of growing strength, each with its two operations named.",
)

# %% [markdown]
# ### Exercise: MixUp by hand
#
# **MixUp** takes two pictures and adds them, say 30 % of one and 70 % of the other. The label becomes 30 % of one class and 70 % of the
# other. Each picture of a batch is mixed with the one at `order` in the same batch; `share` says how much of the picture itself remains.
#
# **Predict first:** what would a network learn if you mixed the pictures and kept the labels?


# %%
def mixup(images, labels, share, order):
    """(mixed images (n, height, width, channels), mixed labels (n, classes)).

    labels: one-hot (n, classes). share: (n,), from 0 to 1. order: (n,), the partner of each picture.
    """
    ### BEGIN SOLUTION
    wide, narrow = share[:, None, None, None], share[:, None]
    mixed = wide * images + (1 - wide) * images[order]
    return mixed, narrow * labels + (1 - narrow) * labels[order]
    ### END SOLUTION


# %%
check.answer("mixup", mixup)

# %% [markdown]
# ### Exercise: the floor of the loss
#
# With MixUp the training loss does not go to 0, and that is no failure. A label is 0.3 for one class and 0.7 for another. What is
# the smallest cross-entropy that any prediction can have?

# %%
### BEGIN SOLUTION
smallest_loss = -(0.3 * np.log(0.3) + 0.7 * np.log(0.7))
### END SOLUTION

# %%
check.answer("mixup_floor", smallest_loss)

# %%
label = np.array([[0.3, 0.7, 0.0]])
loss = keras.losses.CategoricalCrossentropy()
guesses = {"the label itself": [[0.3, 0.7, 0.0]], "half and half": [[0.5, 0.5, 0.0]], "sure of the second": [[0.01, 0.98, 0.01]]}
for name, guess in guesses.items():
    print(f"{name:20s} {float(loss(label, np.array(guess))):.3f}")

# %% [markdown]
# ### Exercise: CutMix by hand
#
# **CutMix** pastes a rectangle of the second picture into the first, at the same place. The label's shares are the shares of the *area*. The
# rectangle is drawn at random and may reach over the border: only what is really pasted counts.


# %%
def cutmix(first, second, label_first, label_second, box):
    """(image, label): `box` (top, left, bottom, right) of `second` pasted into `first`; both (height, width, channels)."""
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
    figures.mixes(flowers, kinds, garden.CLASSES),
    alt="Two flower scenes, their MixUp in three shares and their CutMix with a patch inside and one over the border, each with its label.",
)

# %% [markdown]
# Check the labels of a whole batch of MixUp: every label must sum to 1, and the average label must be the average of the classes
# that went in. If your augmentation moves that average, it has changed the task.

# %%
images, kinds = garden.flowers(200, 32, seed=3)
rng = np.random.default_rng(0)
share, order = rng.beta(0.4, 0.4, len(images)), rng.permutation(len(images))
one_hot = np.eye(5)[kinds]
mixed_labels = share[:, None] * one_hot + (1 - share[:, None]) * one_hot[order]
results.record("largest distance of a label's sum from 1", np.abs(mixed_labels.sum(axis=1) - 1).max())
results.record("largest shift of a class's share", 100 * np.abs(mixed_labels.mean(axis=0) - one_hot.mean(axis=0)).max(), "%")
pd.DataFrame({"before": one_hot.mean(axis=0), "after MixUp": mixed_labels.mean(axis=0)}, index=garden.CLASSES).round(3)

# %% [markdown]
# ## What you take with you
#
# - A setting's name is a claim. Ten lines of code and a picture of addresses test it.
# - Units differ between tools: degrees, radians, fractions of a turn, fractions of a side, pixel values.
# - An augmentation that is not used raises no error. Compare two epochs.
# - Augmentation helps when the variants could have been photographed, with the same label. Otherwise it costs.
# - A difference of a few points from one seed is a rumour. Pair the seeds and give an interval.

# %% tags=["nbval-check-output"]
check.report()
