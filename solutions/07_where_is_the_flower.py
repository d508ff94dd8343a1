# %% [markdown]
# # Lab 07 · Where is the flower?
#
# A network says *daisy*, and it is right. Now ask it for something harder: a box around
# the daisy. A lecture says how: put a second dense layer with four outputs beside the
# first, "typically on top of the global average pooling layer", and train it with the
# mean squared error. You will do that, and then find out what of it is good advice.
#
# **You know what it is. How much does the network know about where?**
#
# Write each prediction down before you run the cell below it.
#
# **You will learn** to draw, convert, compare and predict bounding boxes, and to
# measure what pooling throws away.

# %% tags=["setup"]
import keras
import numpy as np
from keras import layers

from utils import check, data, garden, gate, plot, results, training, transfer
from utils.lessons.lab07 import figures, heads
from utils.vision import boxes
from utils.vision.agreement import agreement

check.start("lab07")

# %% [markdown]
# ## 1 · Boxes by hand
#
# The flower photos come without boxes, so this course drew its own: one box for each
# flower, by seven written rules. Read them before you draw.

# %%
from utils.data.boxes import contents

for number, rule in enumerate(contents()["about"]["rules"], start=1):
    print(f"{number}. {rule}")

# %% [markdown]
# Here are five pictures to annotate: photos where you have them, drawn scenes
# otherwise. The frame is marked in pixels. **Predict** how well you will agree with
# yourself: which *intersection over union* (the shared area over the joint area) will
# your two rounds have?

# %%
flowers = data.load_flowers()
annotated = data.load_boxes(flowers)
pictures = heads.pictures_to_annotate(flowers, annotated)
fig = figures.boxed(pictures.images, [[]] * 5, size=2.0)
for axis in fig.axes:
    axis.axis("on")
    axis.set(xticks=range(0, 201, 50), yticks=range(0, 201, 50))
plot.show(fig, alt="Five pictures of flowers, 200 pixels wide, without boxes.")

# %% [markdown]
# Type your boxes into `mine`, one list of `[x0, y0, x1, y1]` a picture: x grows to the
# right, y downwards, and pixels x0 … x1 − 1 belong to the box (*half-open*). Run the
# cell, look, and correct. Then draw them all again in `again`, without looking at
# `mine`. As long as a list is empty, the course's boxes stand in.

# %%
mine = [[], [], [], [], []]
again = [[], [], [], [], []]

first = [a if len(a) else b for a, b in zip(mine, pictures.first, strict=True)]
second = [a if len(a) else b for a, b in zip(again, pictures.second, strict=True)]
plot.show(
    figures.boxed(pictures.images, first, second, names=("first", "second")),
    alt="The same five pictures, each flower in a box of the first and second round.",
)
yours = agreement(first, second)
print(f"{len(yours.ious)} pairs of boxes, mean IoU {yours.mean:.3f}; ", end="")
print(f"drawn only once: {yours.only_first} + {yours.only_second}")

# %% [markdown]
# And the course? It annotated 132 photos in two independent rounds. Both were drawn by
# the same kind of annotator under the same rules, neither round in sight of the other.
# Two boxes count as a pair from an IoU of 0.5 on.

# %%
every = data.load_boxes()
rounds = agreement(every.first, every.second)
plot.show(
    figures.agreement(rounds.ious),
    alt=f"Histogram of the IoU of {len(rounds.ious)} pairs of boxes: mean "
    f"{rounds.mean:.2f}, half of them above {np.median(rounds.ious):.2f}.",
)
results.record("two rounds by hand, mean IoU of their boxes", rounds.mean)
results.record("two rounds by hand, boxes both drew", 100 * rounds.found, "%")

# %% [markdown]
# This is the *ceiling*: no network can be judged more finely than the boxes it is
# judged by. Where hands differ by 6 %, a network that reaches 0.94 may be as right as
# they are.

# %% [markdown]
# ## 2 · Three formats
#
# Nobody agrees how to write four numbers down. *Pascal VOC* stores corners in XML,
# counts pixels from 1 and includes the last one. *COCO* stores corner and size in JSON.
# *YOLO* stores the centre and the size as fractions of the picture.
#
# ### Exercise: From VOC to corners
# Write `from_voc(box)`: `box` is VOC's `(xmin, ymin, xmax, ymax)`. Return
# `(x0, y0, x1, y1)`, counted from 0 and half-open.


# %%
def from_voc(box):
    """VOC's corners, counted from 1 and inclusive, as (x0, y0, x1, y1), half-open."""
    ### BEGIN SOLUTION
    xmin, ymin, xmax, ymax = box
    return xmin - 1, ymin - 1, xmax, ymax
    ### END SOLUTION


# %%
check.answer("from_voc", from_voc)

# %% [markdown]
# ### Exercise: From corners to YOLO
# Write `to_yolo(box, width, height)`: `box` is `(x0, y0, x1, y1)`, half-open, in a
# picture of `width` × `height` pixels. Return `(x, y, w, h)`: the box's centre, width
# and height, as fractions of the picture's sides.


# %%
def to_yolo(box, width, height):
    """Half-open corners as YOLO's (x, y, w, h), fractions of the picture."""
    ### BEGIN SOLUTION
    x0, y0, x1, y1 = box
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return x / width, y / height, (x1 - x0) / width, (y1 - y0) / height
    ### END SOLUTION


# %%
check.answer("to_yolo", to_yolo)

# %% [markdown]
# ### Exercise: The box of a mirrored picture
# Augmentation mirrors pictures, and their boxes must follow. Write `mirror(box,
# width)`: return the half-open box, again as `(x0, y0, x1, y1)`, after the picture of
# that `width` was flipped left to right.


# %%
def mirror(box, width):
    """The half-open box in the picture flipped left to right."""
    ### BEGIN SOLUTION
    x0, y0, x1, y1 = box
    return width - x1, y0, width - x0, y1
    ### END SOLUTION


# %%
check.answer("mirror", mirror)

# %% [markdown]
# The library writes all three formats. The same box, three ways:

# %%
from utils.vision import formats

one = formats.Picture("daisy.jpg", 100, 80, [[10, 20, 40, 60]], ["daisy"])
print(formats.to_voc(one))
print(formats.to_coco([one], ["daisy"]), "\n")
print(formats.to_yolo(one, ["daisy"]))
assert formats.from_voc(formats.to_voc(one)) == one

# %% [markdown]
# ## 3 · How good is a box?
#
# *Intersection over union* (IoU) is 1 for equal boxes and 0 for boxes that do not
# touch.
#
# ### Exercise: Intersection over union
# Write `iou(a, b)` for arrays of boxes `(x0, y0, x1, y1)`, half-open, with the four
# numbers on the last axis and any axes before it. `a` and `b` have shapes that
# broadcast; compare pair by pair: `(…, 4)` and `(…, 4)` give `(…)`. Two boxes without
# area have an IoU of 0, not NaN. No loop is needed.


# %%
def iou(a, b):
    """IoU, pair by pair: (…, 4) and (…, 4) to (…)."""
    ### BEGIN SOLUTION
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., 2:], b[..., 2:])
    shared = np.maximum(high - low, 0).prod(axis=-1)
    areas = [(each[..., 2:] - each[..., :2]).prod(axis=-1) for each in (a, b)]
    union = areas[0] + areas[1] - shared
    return np.where(union > 0, shared / np.where(union > 0, union, 1), 0)
    ### END SOLUTION


# %%
check.answer("iou", iou)

# %% [markdown]
# A bug that lives in much published code: 1 is added to the sides of the intersection,
# as inclusive corners need, but not to those of the boxes. **Predict** what two equal
# boxes of 96×96 pixels get, and what two boxes of one pixel get that touch at a corner
# only.


# %%
def iou_plus_one(a, b):
    """The bug: + 1 in the intersection only."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    shared = np.maximum(high - low + 1, 0).prod()
    return shared / (boxes.area(a) + boxes.area(b) - shared)


box = np.array([0, 0, 96, 96])
pixel, neighbour = np.array([0, 0, 1, 1]), np.array([1, 1, 2, 2])
print(f"equal boxes: {iou_plus_one(box, box):.3f} instead of {boxes.iou(box, box):.0f}")
wrong = iou_plus_one(pixel, neighbour)
print(f"neighbours:  {wrong:.3f} instead of {boxes.iou(pixel, neighbour):.0f}")

# %% [markdown]
# ### Exercise: Four pixels off
# The lecture trains boxes with the mean squared error. Move a square box to the right
# by four pixels: the squared error is the same for every size of the box. What is the
# IoU of the old and the new box if it has a side of 8 pixels (`small`), and if it has
# 80 (`large`)? Write numbers or expressions; do not round to fewer than three digits.

# %%
# Two numbers.
### BEGIN SOLUTION
small = (8 - 4) / (8 + 4)
large = (80 - 4) / (80 + 4)
### END SOLUTION

# %%
check.answer("four_pixels_off", small, large)

# %% [markdown]
# It is worse. The three dashed boxes below miss the true one, all with the same mean
# squared error of the corners. **Predict** which of them has the best IoU.

# %%
truth = np.array([0.0, 0, 60, 40])
guesses = {}
for name, error in heads.EQUAL_ERRORS.items():
    guess = truth + error
    guesses[f"{name}: IoU {boxes.iou(truth, guess):.3f}"] = guess
errors = [float(np.mean((guess - truth) ** 2)) for guess in guesses.values()]
plot.show(
    figures.one_box_against(truth, guesses),
    alt=f"One box and three guesses of equal squared error: {'; '.join(guesses)}.",
)
spread = [boxes.iou(truth, guess) for guess in guesses.values()]
results.record(
    "three boxes of one squared error, spread of IoU", max(spread) - min(spread)
)
assert np.allclose(errors, errors[0])

# %% [markdown]
# The squared error is a *surrogate*: easy to differentiate, and not what you want.

# %% [markdown]
# ## 4 · The baseline that nobody prints
#
# For training you need many pictures with one clear flower, and exact boxes. The garden
# draws them: each of these scenes is *dominated* by one flower, at least three times as
# large as any other in it.

# %%
SIDE = 150
scenes = garden.scenes(600, SIDE, seed=7, dominated=True)
places = scenes.subjects / SIDE  # (n, 4) corners as fractions of the picture
train, test = np.arange(450), np.arange(450, 600)
plot.show(
    figures.boxed(scenes.images[:10], scenes.subjects[:10, None]),
    alt="Ten drawn scenes, each with one large flower in a box, often with small ones.",
)

# %% [markdown]
# ### Exercise: The constant box
# A detector that never looks at the picture: it answers the same box each time. Write
# `constant_box(boxes)`: `boxes` has the shape `(n, 4)`, in corner form, from the
# training set. Return one box, shape `(4,)`, in corner form, that has a mean IoU with
# all of them as high as that of their mean box, or higher.


# %%
def constant_box(boxes):
    """One box (4,) that suits all of boxes (n, 4)."""
    ### BEGIN SOLUTION
    return np.mean(boxes, axis=0)
    ### END SOLUTION


# %%
check.answer("constant_box", constant_box)

# %% [markdown]
# **Predict** its mean IoU on the 150 scenes held out.

# %%
ious = {"constant box": boxes.iou(places[train].mean(axis=0), places[test])}
results.record("constant box on drawn scenes, mean IoU", ious["constant box"].mean())

# %% [markdown]
# Any network must be compared with this number. Without it, "an IoU of 0.4" sounds like
# a network that has found something.

# %% [markdown]
# ## 5 · Two heads on one network
#
# Xception has learned to name things. You keep it frozen, and read its last feature
# map: 5×5 cells with 2,048 channels each. A cell looks mostly at its own part of the
# picture, so the map still knows *where*. The usual next step, *global average
# pooling*, takes the mean over all cells.
#
# ### Exercise: Quadrants
# A compromise: take the mean over each quarter of the map. Write `quadrants(features)`:
# `features` is an array `(n, rows, columns, channels)`. Return `(n, 4 * channels)`: the
# means over the upper left, upper right, lower left and lower right quadrant, in that
# order. If a side is odd, its middle row or column belongs to both halves.


# %%
def quadrants(features):
    """Means over the four quadrants: (n, rows, columns, c) to (n, 4 * c)."""
    ### BEGIN SOLUTION
    rows, columns = features.shape[1:3]
    parts = []
    for r in (slice(0, (rows + 1) // 2), slice(rows // 2, rows)):
        for c in (slice(0, (columns + 1) // 2), slice(columns // 2, columns)):
            parts.append(features[:, r, c].mean(axis=(1, 2)))
    return np.concatenate(parts, axis=-1)
    ### END SOLUTION


# %%
check.answer("quadrants", quadrants)

# %% [markdown]
# ### Exercise: The price of a place
# The box head is a `Dense(4)` with biases. How many parameters does it have if it reads
# the pooled map (`pooled`), the four quadrants (`quartered`), or all cells of the 5×5
# map (`every_cell`)? The map has 2,048 channels. Write three whole numbers or
# expressions.

# %%
# Three whole numbers.
### BEGIN SOLUTION
pooled = (2048 + 1) * 4
quartered = (4 * 2048 + 1) * 4
every_cell = (25 * 2048 + 1) * 4
### END SOLUTION

# %%
check.answer("box_heads", pooled, quartered, every_cell)

# %% [markdown]
# The frozen network runs once over every scene, and once over the mirrored training
# scenes; what comes out is kept. We stop after block 12 as well, for section 6.

# %%
try:
    base = data.pretrained("xception", size=SIDE)
except data.Missing as error:
    gate.close("base", reason=f"Sections 5 to 8 need the pretrained network. {error}")

# %%
lower, upper = transfer.cut(base, "block13_sepconv1_act")
early = transfer.activations(lower, scenes.images, label="up to block 12")
flipped = transfer.activations(lower, scenes.images[train], mirrored=True)
last = transfer.outputs(upper, early, dtype=np.float16, label="blocks 13 and 14")
print("after block 12:", early.shape[1:], "  last map:", last.shape[1:])

# %% [markdown]
# Now the lecture's network: one head for the class, one for the box, and a weight
# between their losses. `look` says what the box head sees of the map. The data set
# yields items `(features, (label, box))`; boxes are in centre form, as fractions of the
# picture.

# %%
import tensorflow as tf

centres = boxes.to_centre(places).astype("float32")


def items(maps, chosen):
    """A data set of (feature map, (label, box)), shuffled, in batches."""
    targets = (scenes.labels[chosen], centres[chosen])
    parts = tf.data.Dataset.from_tensor_slices((maps[chosen], targets))
    return parts.shuffle(len(chosen), seed=0).batch(30)


def two_heads(look, shape):
    """Feature map in; logits of the class (n, 5) and a box (n, 4) out."""
    inputs = keras.Input(shape)
    pooled = layers.GlobalAveragePooling2D()(inputs)
    label = layers.Dense(5, name="label")(layers.Dropout(0.3)(pooled))
    seen = layers.Rescaling(heads.calm(look, last[train]))(look(inputs))
    start = keras.initializers.Constant(centres[train].mean(axis=0))
    box = layers.Dense(4, "linear", True, "zeros", start, name="box")(seen)
    return keras.Model(inputs, (label, box))


# %% [markdown]
# The box head starts as the constant box: kernel 0, bias the mean box. Its input is
# rescaled so that each `look` learns at the same pace; section 7 shows why that
# matters. **Predict** the order of the three heads and of the constant box, and how far
# apart they are.

# %%
LOOKS = {
    "pooled": lambda x: layers.GlobalAveragePooling2D()(x),
    "four quadrants": lambda x: layers.Flatten()(layers.AveragePooling2D(3, 2)(x)),
    "every cell": lambda x: layers.Flatten()(x),
}
class_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
answers = {}
for name, look in LOOKS.items():
    keras.utils.set_random_seed(0)
    model = two_heads(look, last.shape[1:])
    model.compile("adam", (class_loss, "mse"), loss_weights=(1.0, 10.0))
    training.fit(model, items(last, train), epochs=20)
    logits, answers[name] = model.predict(last[test], verbose=0)
    ious[name] = boxes.iou(boxes.to_corner(answers[name]), places[test])
    accuracy = np.mean(logits.argmax(axis=1) == scenes.labels[test])
    print(f"{name:15} IoU {ious[name].mean():.3f}, classes right {accuracy:.1%}")

# %%
truth = {"centre": slice(0, 2), "size": slice(2, 4)}
answers["constant box"] = np.tile(centres[train].mean(axis=0), (len(test), 1))
errors = {
    what: {
        name: float(np.sqrt(np.mean((each[:, part] - centres[test][:, part]) ** 2)))
        for name, each in answers.items()
    }
    for what, part in truth.items()
}
print(
    f"{'error of the':15} centre   size   (root mean square, in sides of the picture)"
)
for name in ("constant box", *LOOKS):
    print(f"{name:15} {errors['centre'][name]:6.3f} {errors['size'][name]:6.3f}")
for what in truth:
    kept = 100 * (1 - errors[what]["pooled"] / errors[what]["constant box"])
    results.record(
        f"pooled head, error of the {what} below the constant box's", kept, "%"
    )

# %%
plot.show(
    figures.scores(ious),
    alt="Mean IoU on 150 scenes with 95 % intervals: "
    + ", ".join(f"{name} {values.mean():.2f}" for name, values in ious.items()),
)
for name in LOOKS:
    results.record(f"box head on the last map, {name}: IoU", ious[name].mean())
gap = ious["every cell"] - ious["pooled"]
mean, half = figures.interval(gap)
print(f"every cell minus pooled, on the same scenes: {mean:.3f} ± {half:.3f}")
results.record("every cell minus pooled, lower end of the interval", mean - half)

# %% [markdown]
# **Pooling keeps the size and forgets the place.** How much of the map is flower, the
# mean over the cells still says. Where the flower stands, a mean cannot say: it is the
# same for every order of the cells. The class head does not mind, and the box head
# takes nothing from it, because nothing below the two heads is trained.

# %% [markdown]
# ## 6 · Better, step by step
#
# Must a head that pools be blind? Give it *coordinate channels*: each feature,
# multiplied by the x and by the y of its cell. Their mean over the cells says where the
# feature is, as a centre of mass does.
#
# ### Exercise: Pooling with coordinates
# Write `moments(features)`: `features` is an array `(n, rows, columns, c)`. Let x run
# from −1 in the first column to 1 in the last, and y from −1 in the first row to 1 in
# the last, evenly. Return `(n, 3 * c)`: the means over all cells of the features, of
# the features times x, and of the features times y, in that order. **Predict:** the
# quadrants have four numbers a channel, these three. Which are better?


# %%
def moments(features):
    """Means of features, features·x and features·y: (n, 3 * c)."""
    ### BEGIN SOLUTION
    x = np.linspace(-1, 1, features.shape[2])[None, None, :, None]
    y = np.linspace(-1, 1, features.shape[1])[None, :, None, None]
    parts = [features, features * x, features * y]
    return np.concatenate([part.mean(axis=(1, 2)) for part in parts], axis=-1)
    ### END SOLUTION


# %%
check.answer("moments", moments)


# %%
def ridge_iou(chosen_features):
    """IoU on the test scenes of the best linear map from features to boxes (ridge)."""
    guesses = heads.ridge(chosen_features, centres, train, test)
    return boxes.iou(boxes.to_corner(guesses), places[test])


linear = {
    "pooled": heads.look(LOOKS["pooled"], last),
    "pooled with coordinates": heads.moments(last),
    "every cell": last.reshape(len(last), -1),
    "every cell, after block 12": early.reshape(len(early), -1),
}
by_ridge = {name: ridge_iou(seen) for name, seen in linear.items()}
for name, values in by_ridge.items():
    mean, half = figures.interval(values)
    print(f"ridge on {name:26} {mean:.3f} ± {half:.3f}")
for name in ("pooled with coordinates", "every cell, after block 12"):
    results.record(f"ridge on {name}: IoU", by_ridge[name].mean())

# %% [markdown]
# Here the head is a *ridge regression*: the best linear map in one step, without a
# learning rate or luck. Two surprises. Three numbers a channel do as well as all 25
# cells: it is not the mean that loses the place, but a mean without coordinates. And
# two blocks *earlier* the network knows more about where: the last blocks exist to
# forget it.
#
# So read the map after block 12, give a small convolutional head coordinate channels,
# show it each scene mirrored as well, and train it for what you measure: a loss of
# squared error plus *generalized IoU*, which still has a slope where boxes do not
# overlap.


# %%
def head_on_block_12(coordinates):
    """A small convolutional head on the map after block 12: a box in centre form."""
    inputs = keras.Input(early.shape[1:])
    x = layers.Rescaling(0.3)(layers.ReLU()(inputs))
    x = layers.Conv2D(32, 1, activation="relu")(layers.Dropout(0.1)(x))
    if coordinates:
        x = heads.AddCoordinates()(x)
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    x = layers.Dense(128, activation="relu")(x)
    start = keras.initializers.Constant(centres[train].mean(axis=0))
    return keras.Model(inputs, layers.Dense(4, "linear", True, "zeros", start)(x))


def both_losses(truth, guess):
    """Generalized IoU, and ten times the squared error."""
    squared = keras.ops.mean(keras.ops.square(truth - guess), axis=-1)
    return heads.giou_loss(truth, guess) + 10 * squared


# %%
turned = centres[train] * [-1, 1, 1, 1] + np.array([1, 0, 0, 0])
maps = {False: early[train], True: np.concatenate([early[train], flipped])}
targets = {False: centres[train], True: np.concatenate([centres[train], turned])}
STEPS = {  # coordinates, mirrored, loss
    "convolutional head": (False, False, "mse"),
    "+ coordinates": (True, False, "mse"),
    "+ mirrored scenes": (True, True, "mse"),
    "+ IoU loss": (True, True, both_losses),
}
by_step = {name: [] for name in STEPS}
for name, (coordinates, mirrored, loss) in STEPS.items():
    for seed in range(3):
        keras.utils.set_random_seed(seed)
        model = head_on_block_12(coordinates)
        model.compile(keras.optimizers.Adam(5e-4), loss)
        x, y = maps[mirrored], targets[mirrored].astype("float32")
        training.fit(model, x, y, batch_size=30, epochs=12 if mirrored else 24)
        guess = boxes.to_corner(model.predict(early[test], verbose=0))
        by_step[name].append(boxes.iou(guess, places[test]))

# %%
for name, runs in by_step.items():
    ious[name] = np.mean(runs, axis=0)
    print(f"{name:20}", "  ".join(f"{run.mean():.3f}" for run in runs))
plot.show(
    figures.scores(ious),
    alt="Mean IoU with 95 % intervals, from the constant box to the best head: "
    + ", ".join(f"{name} {values.mean():.2f}" for name, values in ious.items()),
)
results.record("best head on drawn scenes, IoU", ious["+ IoU loss"].mean())

# %% [markdown]
# ## 7 · The head that hardly moves
#
# The lecture's code trains the box in *pixels*, with Adam at its usual rate of 0.001,
# on the pooled features as they are. **Predict** its IoU after 8 epochs of 15 steps.

# %%
keras.utils.set_random_seed(0)
sums = np.abs(heads.look(LOOKS["pooled"], last[train])).sum(axis=1)
in_pixels = keras.Sequential([keras.Input((2048,)), layers.Dense(4)])
in_pixels.compile("adam", "mse")
pooled_features = heads.look(LOOKS["pooled"], last)
training.fit(
    in_pixels, pooled_features[train], SIDE * centres[train], batch_size=30, epochs=8
)
moved = in_pixels.predict(pooled_features[test], verbose=0) / SIDE
slow = boxes.iou(boxes.to_corner(moved), places[test]).mean()
results.record("pooled head in pixels, 120 steps of Adam, IoU", slow)

# %% [markdown]
# ### Exercise: How far can Adam go?
# Adam divides each gradient by its own size, so a weight moves by about `rate` in a
# step, however large the error is. Take a `Dense` unit: its output is the sum of weight
# × feature, plus a bias. Write `adam_steps(distance, rate, features)`: the least number
# of steps, a whole number, in which the output for the list `features` can change by
# `distance` if each weight and the bias move by at most `rate` in a step.


# %%
def adam_steps(distance, rate, features):
    """Steps that Adam needs at least to move the output by `distance`."""
    ### BEGIN SOLUTION
    furthest = rate * (np.abs(features).sum() + 1)
    return int(np.ceil(distance / furthest))
    ### END SOLUTION


# %%
check.answer("adam_steps", adam_steps)

# %% [markdown]
# So the head in pixels had no chance: it needs more steps than it got, to reach a box
# of half a picture. Two repairs: targets as fractions, and inputs of a size that suits
# the rate. Fractions alone would go too far the other way:

# %%
print(f"sum of the pooled features: {sums.mean():.0f} on average")
print(f"furthest in 120 steps: {120 * 0.001 * (sums.mean() + 1):.0f} pixels")
print(f"furthest in one step: {0.001 * (sums.mean() + 1):.2f} pixels, or sides")

# %% [markdown]
# ## 8 · Real photos
#
# All that the heads have seen so far is drawn. Now 132 photos, and in each the largest
# flower's box of the first round. Half of the photos are held out. **Predict:** which
# head is better on these, one trained on 450 drawn scenes, or one trained on 66 photos?

# %%
if len(annotated) == 0:
    missing = "Section 8 needs the real flower photos: `python -m utils.data fetch`."
    gate.close("annotated", reason=missing)

# %%
photos, kinds = flowers.arrays(SIDE, annotated.positions)
largest = heads.largest(annotated.at(SIDE))
known, unseen = data.split(kinds, 0.5, seed=0)
ceiling = boxes.iou(*largest)[unseen]
photo_maps = transfer.activations(lower, photos, label="photos")
real = boxes.to_centre(largest[0] / SIDE).astype("float32")
sources = {
    "450 drawn scenes": (early[train], centres[train]),
    "66 photos": (photo_maps[known], real[known]),
    "both": (
        np.concatenate([early[train], photo_maps[known]]),
        np.concatenate([centres[train], real[known]]),
    ),
}

# %%
on_photos = {}
constant = boxes.to_corner(real[known]).mean(axis=0)
on_photos["constant box"] = boxes.iou(constant, largest[0][unseen] / SIDE)
for name, (x, y) in sources.items():
    keras.utils.set_random_seed(0)
    model = head_on_block_12(coordinates=True)
    model.compile(keras.optimizers.Adam(5e-4), both_losses)
    training.fit(model, x, y, batch_size=22, epochs=20)
    guess = boxes.to_corner(model.predict(photo_maps[unseen], verbose=0))
    on_photos[name] = boxes.iou(guess, largest[0][unseen] / SIDE)
plot.show(
    figures.scores(on_photos, ceiling.mean()),
    alt=f"Mean IoU on {len(unseen)} photos, by hand {ceiling.mean():.2f}, by heads: "
    + ", ".join(f"{name} {values.mean():.2f}" for name, values in on_photos.items()),
)

# %% tags=["nbval-check-output"]
check.report()
