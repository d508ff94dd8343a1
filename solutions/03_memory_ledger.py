# %% [markdown]
# # Lab 03 · The memory ledger: AlexNet, VGG, ResNet
#
# **Why does a network with 138 million parameters fit on your graphics card, while one
# with 25 million does not?**
#
# In this lab you keep a ledger. Each layer gets a row: what it stores, what it
# computes, and what it leaves behind for training. You fill in the first rows by hand;
# then a tool takes over, and you check the tool. With the ledger you read famous tables
# critically, because some of their numbers are wrong. At the end you predict the memory
# of a real training step, and measure it.
#
# After this lab you can
#
# - work out the parameters, activations and multiply-adds of a convolution, and say
#   which of the three is the bottleneck where;
# - rebuild AlexNet's and VGG's tables, and find the mistakes in the published ones;
# - add up what training costs: gradients, optimizer state, batch, precision;
# - build a residual network and check it against its published parameter count;
# - test a claim that everybody repeats.
#
# Predict first, then write your answer, then run the check below it. Stuck?
# `check.hint("conv_cost")` gives a hint for the exercise `conv_cost`; ask again for a
# stronger one.
#
# **You will learn** to count what a network stores, computes and needs for training,
# and to check published numbers instead of repeating them.

# %% tags=["setup"]
from utils import check, plot, progress, results
from utils.lessons.lab03 import figures

check.start("lab03")

# %% [markdown]
# Here are five well-known networks. Your card has 8 GiB of memory. You train with the
# optimizer Adam, in float32, on batches of 100 photographs.
#
# **Predict before you go on:** for which of the five does a training step fit on the
# card? Write your guess down. Section 4 has the answer.

# %%
import keras

from utils.ledger import ledger, measure_training_peak

NAMES = ("VGG16", "ResNet50", "Xception", "DenseNet121", "MobileNetV2")
books = {}  # network → its ledger
for name in progress.bar(NAMES, "counting"):
    build = getattr(keras.applications, name)
    books[name] = ledger(build(weights=None))

for name, book in books.items():
    print(f"{name:12} {book.parameters:>12,} parameters")

# %% [markdown]
# ## 1 · Four numbers for each layer
#
# Four numbers describe a layer: the **shape** of its output; its **parameters**, the
# weights and biases that it stores; its **activations**, the values that it produces
# for one example; and its **multiply-adds** for one example, each of which multiplies a
# weight by a value and adds the product to a sum (*multiply-accumulate*, MAC).
#
# ### Exercise: Side of a feature map
# The shape comes first, because everything else depends on it. Keras has two kinds of
# padding. With `"valid"` there is none, and no window may reach beyond the edge. With
# `"same"`, Keras pads with just enough zeros that a window starts at every `stride`-th
# pixel.
#
# Predict the side of the feature map for 7 pixels, kernel 3 and stride 2, with each
# padding. Then write a function that returns the side as a whole number.


# %%
def output_side(side, kernel, stride, padding):
    """Side of the feature map in pixels; `padding` is "valid" or "same"."""
    ### BEGIN SOLUTION
    if padding == "same":
        return -(-side // stride)  # rounded up
    return (side - kernel) // stride + 1
    ### END SOLUTION


# %%
check.answer("output_side", output_side)

# %% [markdown]
# ### Exercise: The cost of a convolution
# Now the other three numbers. The shapes of input and output are given as `(rows,
# columns, channels)`, the kernel as `(rows, columns)`. Every filter has a bias.
#
# In a *grouped convolution* the input channels are split into `groups` equal parts, and
# each filter sees one part only. An ordinary layer has `groups=1`.
#
# Return the three costs for one example as a tuple `(parameters, activations,
# multiply_adds)`. Biases do not count as multiply-adds.


# %%
def conv_cost(in_shape, out_shape, kernel, groups=1):
    """(parameters, activations, multiply_adds) of a convolution, for one example."""
    ### BEGIN SOLUTION
    filters = out_shape[2]
    weights = kernel[0] * kernel[1] * in_shape[2] // groups * filters
    positions = out_shape[0] * out_shape[1]
    return weights + filters, positions * filters, positions * weights
    ### END SOLUTION


# %%
check.answer("conv_cost", conv_cost)

# %% [markdown]
# ### Exercise: Dense against convolution
# Take two layers of VGG-16. The dense layer goes from 7×7×512 values to 4096 units. The
# convolution, from the fifth block, has 3×3 kernels and goes from 14×14×512 to
# 14×14×512. Which of the two has more parameters? Which needs more multiply-adds? Guess
# first, then compute, and answer each question with `"dense"` or `"conv"`.

# %%
# Which layer has more parameters, and which needs more multiply-adds?
### BEGIN SOLUTION
more_parameters = "dense"
more_work = "conv"
### END SOLUTION

# %%
check.answer("two_layers", more_parameters, more_work)

# %% [markdown]
# This is the theme of the lab. In a network like VGG-16 most of the parameters sit in
# the dense layers, while the work and the activations come from the convolutions,
# because a convolution uses each of its weights at every position (*weight sharing*).
#
# The library's ledger does the same counting for any Keras model. Here is a small
# network with odd sizes. Check one of its rows by hand.

# %%
odd = keras.Sequential(
    [
        keras.Input((17, 15, 3), name="image"),
        keras.layers.Conv2D(8, (5, 3), strides=2, activation="relu", name="strided"),
        keras.layers.Conv2D(6, 3, padding="same", groups=2, name="grouped"),
        keras.layers.MaxPooling2D(2, name="pool"),
        keras.layers.SeparableConv2D(12, 3, padding="same", name="separable"),
        keras.layers.Flatten(name="flat"),
        keras.layers.Dense(10, name="dense"),
    ],
    name="odd",
)
ledger(odd)

# %% [markdown]
# Two of the columns are new. *Field* is the *receptive field*: how many input pixels
# one unit can see. *Stride* is the *effective stride*: how many input pixels lie
# between the receptive fields of two neighbouring units. `Flatten` only gives another
# *view* of the values it receives, so it adds no activations.

# %% [markdown]
# ## 2 · AlexNet from its description
#
# The lecture describes AlexNet in eleven lines. The image has 227×227×3 values.

# %% tags=["setup"]
ALEXNET = (  # name, kind, filters or units, kernel, stride, padding on each side
    ("CONV1", "conv", 96, 11, 4, 0),
    ("POOL1", "pool", None, 3, 2, 0),
    ("CONV2", "conv", 256, 5, 1, 2),
    ("POOL2", "pool", None, 3, 2, 0),
    ("CONV3", "conv", 384, 3, 1, 1),
    ("CONV4", "conv", 384, 3, 1, 1),
    ("CONV5", "conv", 256, 3, 1, 1),
    ("POOL3", "pool", None, 3, 2, 0),
    ("FC6", "dense", 4096, None, None, None),
    ("FC7", "dense", 4096, None, None, None),
    ("FC8", "dense", 1000, None, None, None),
)

# %% [markdown]
# ### Exercise: AlexNet's table
# Write a function that turns such a description into a table. Return a list with one
# row for each layer, in their order, a tuple `(name, (side, side, channels),
# parameters)`: the layer's name, the shape of its output, and its number of parameters,
# biases included.
#
# `side` and `channels` describe the image. Here the padding is a number of pixels on
# each side, and the division in the formula for the side is rounded down. A dense layer
# reads all the values of the map before it, and its output has the shape `(1, 1,
# units)`.


# %%
def network_table(layers, side, channels):
    """Rows (name, (side, side, channels), parameters) of a network like ALEXNET."""
    ### BEGIN SOLUTION
    rows = []
    for name, kind, units, kernel, stride, padding in layers:
        parameters = 0
        if kind == "dense":
            parameters = (side * side * channels + 1) * units
            side, channels = 1, units
        else:
            side = (side - kernel + 2 * padding) // stride + 1
        if kind == "conv":
            parameters = (kernel * kernel * channels + 1) * units
            channels = units
        rows.append((name, (side, side, channels), parameters))
    return rows
    ### END SOLUTION


# %%
check.answer("network_table", network_table)

# %% [markdown]
# Now let Keras build the same network, and let the ledger count it. **Predict:** if you
# had to make AlexNet small enough to send by e-mail, which layers would you cut?

# %%
alexnet = keras.Sequential([keras.Input((227, 227, 3))], name="alexnet")
for name, kind, units, kernel, stride, padding in ALEXNET:
    if kind == "conv":
        same = "same" if padding else "valid"
        layer = keras.layers.Conv2D(
            units, kernel, stride, same, activation="relu", name=name
        )
    elif kind == "pool":
        layer = keras.layers.MaxPooling2D(kernel, stride, name=name)
    else:
        activation = "softmax" if name == "FC8" else "relu"
        layer = keras.layers.Dense(units, activation=activation, name=name)
    if name == "FC6":
        alexnet.add(keras.layers.Flatten())
    alexnet.add(layer)

book = ledger(alexnet)
plot.show(book.figure(), alt=book.describe())
results.record("AlexNet, CONV1, parameters", book["CONV1"].parameters)
results.record("AlexNet, parameters", book.parameters)

# %% [markdown]
# The paper says 60 million. Its authors trained on two graphics cards and split three
# of the convolutions into two groups, one for each card. Count again:

# %%
groups = {"CONV2": 2, "CONV4": 2, "CONV5": 2}
saved = 0
for name, n in groups.items():
    saved += book[name].weights * (n - 1) // n
print(f"Two groups save {saved:,} weights.")
results.record("AlexNet in two groups, parameters", book.parameters - saved)

# %% [markdown]
# That is 61 million. The paper's "60 million" is a round number, and a little too low.
#
# ### Exercise: The equivalent MLP
# A slide says: a dense layer in the place of CONV1, with as many outputs (55·55·96),
# would need 43.7×10⁹ parameters. It is a good argument for convolution, but the number
# does not belong to the table above. Find out why, and assign three numbers:
#
# - `slide_side`: the side of the input, 224 or 227, for which the slide's number comes
#   out;
# - `table_connections`: the number of connections (weights without biases) for the
#   table's side, 227;
# - `positions`: the number of positions that the formula (W − F)/S + 1, **without
#   rounding down**, gives CONV1 along the slide's side.

# %%
# Three numbers.
### BEGIN SOLUTION
slide_side = 224
table_connections = 227 * 227 * 3 * 55 * 55 * 96
positions = (slide_side - 11) / 4 + 1
### END SOLUTION

# %%
check.answer("equivalent_mlp", slide_side, table_connections, positions)

# %% [markdown]
# The paper says 224, and its own arithmetic does not work out: without padding, windows
# of 11 pixels at stride 4 do not end at the edge of 224 pixels. With 227 pixels they
# do. (Libraries today keep 224 and pad by 2, which also gives 55 after rounding down.)
# Later descriptions of AlexNet changed the 224 to 227 and kept a number that had been
# computed with 224. Nobody lied, but nobody recomputed it either.

# %% [markdown]
# ## 3 · VGG-16: the code, the table, the total
#
# Here are the first lines of a slide that builds VGG-16, copied word for word.
# **Predict:** what happens if you run them today?

# %%
slide = keras.Sequential([keras.Input((3, 224, 224))])
try:
    slide.add(keras.layers.Convolution2D(64, 3, 3, activation="relu"))
    print("after one convolution: ", slide.output_shape)
    slide.add(keras.layers.Convolution2D(64, 3, 3, activation="relu"))
    # Some older versions of Keras do build it, and the feature map is empty.
    print("after two convolutions:", slide.output_shape)
except ValueError as error:
    print("after two convolutions:", str(error).split(" Received")[0])

# %% [markdown]
# Two things have changed since the slide was written. The third positional argument
# used to be the width of the kernel; now it is the stride. And the slide puts the
# channels first in the shape, while Keras with TensorFlow expects them last. Two more
# things were never right: without padding, the convolutions lose pixels that the table
# keeps, and the last layer is missing.

# %% tags=["setup"]
import keras
from keras import layers

# (filters, number of convolutions) of each block; a pooling layer ends each block
VGG_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))

# %% [markdown]
# ### Exercise: VGG-16 in today's Keras
# Build VGG-16 so that it matches its own table, for images of `side`×`side`×3 values:
#
# - five blocks as in `VGG_BLOCKS`. All convolutions have 3×3 kernels, stride 1, biases
#   and a ReLU, and keep the size of the map. A 2×2 max pooling ends each block;
# - then `Flatten`, and two dense layers of 4096 units with a ReLU, each followed by
#   `Dropout(0.5)`, as on the slide;
# - finally a dense layer of `classes` units with a softmax.
#
# Return the model, a `keras.Model`. Sequential or functional style makes no difference.


# %%
def vgg16(side, classes):
    """VGG-16 for (side, side, 3) images, as a keras.Model."""
    ### BEGIN SOLUTION
    model = keras.Sequential([keras.Input((side, side, 3))])
    for filters, depth in VGG_BLOCKS:
        for _ in range(depth):
            model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    for _ in range(2):
        model.add(layers.Dense(4096, activation="relu"))
        model.add(layers.Dropout(0.5))
    model.add(layers.Dense(classes, activation="softmax"))
    return model
    ### END SOLUTION


# %%
check.answer("vgg16", vgg16)

# %% [markdown]
# ### Exercise: Activations of a VGG
# The published table of VGG-16 ends with the total *24M activations, 93 MB per image*.
# Compute the first of the two numbers yourself. Count every value once: the image
# itself, and the outputs of every convolution, every pooling and every dense layer.
# `Flatten` is a view and counts nothing; a ReLU belongs to its layer and counts nothing
# extra.
#
# Write the function for any network of this kind. `blocks` is a sequence of pairs like
# `VGG_BLOCKS`, `side` the side of the square RGB image, and `units` a sequence with the
# units of each dense layer: `(4096, 4096, 1000)` for VGG-16. A pooling that halves an
# odd side rounds down.


# %%
def vgg_activations(blocks, side, units):
    """Number of values that one (side, side, 3) image leaves in a VGG network."""
    ### BEGIN SOLUTION
    total = 3 * side**2
    for filters, depth in blocks:
        total += depth * filters * side**2
        side //= 2
        total += filters * side**2
    return total + sum(units)
    ### END SOLUTION


# %%
check.answer("vgg_activations", vgg_activations)

# %% [markdown]
# ### Exercise: Where VGG's memory is
# Your function gives 15,237,608 values for VGG-16 on an image of side 224. How many
# megabytes (10⁶ bytes) do they take in float32? And how many of the network's
# 138,357,544 parameters sit in its three dense layers, biases included? Assign both
# numbers; write them as expressions rather than rounding.

# %%
# Megabytes of one image's activations, and parameters of the three dense layers.
### BEGIN SOLUTION
megabytes = 15_237_608 * 4 / 1e6
head_parameters = (7 * 7 * 512 + 1) * 4096 + 4097 * 4096 + 4097 * 1000
### END SOLUTION

# %%
check.answer("vgg_numbers", megabytes, head_parameters)

# %% [markdown]
# Here is the whole table, row by row.

# %%
books["VGG16"]

# %% [markdown]
# Compare it with the published one, which rounds its rows to thousands of values.

# %%
published = [150, 3200, 3200, 800, 1600, 1600, 400, 800, 800, 800, 200]  # thousands
published += [400, 400, 400, 100, 100, 100, 100, 25, 4.096, 4.096, 1]
print(f"The published rows add up to {sum(published) / 1000:.1f} M values.")
print("The published total is 24 M values.")

book = books["VGG16"]
head = sum(book[name].parameters for name in ("fc1", "fc2", "predictions"))
size = book.activations * 4 / 1e6
results.record("VGG-16 in the ledger, activations of one image", book.activations)
results.record("VGG-16, activations of one image in float32", size, "MB")
share = 100 * head / book.parameters
results.record("VGG-16, parameters in the dense head", share, "%")
plot.show(book.figure(), alt=book.describe())

# %% [markdown]
# The published rows are right. Their sum is not, and it has been copied for years,
# because nobody adds up a column.
#
# The two bars hardly overlap: the activations sit at the beginning of the network, the
# parameters at its end. Cut the head, and you save parameters. Shrink the image, and
# you save activations.

# %% [markdown]
# ## 4 · What training costs
#
# To predict, a network needs its weights and a few tensors at a time. To train, it must
# also keep
#
# - a **gradient** for every parameter;
# - the **optimizer state**: nothing for plain SGD, one number for each parameter (a
#   *slot*) with momentum, two for Adam;
# - the **activations**, until *backpropagation* has used them, and that for *every
#   example of the batch*.
#
# The slide says: training multiplies the memory of the parameters by 2 for SGD and by 4
# for Adam. Ask Keras what its optimizers really keep.

# %% tags=["nbval-check-output"]
from utils.ledger import slots

for optimizer in ("sgd", "momentum", "rmsprop", "adam"):
    name, count = slots(optimizer)
    print(f"{name:10} weight + gradient + {count} slots = ×{2 + count}")

# %% [markdown]
# ### Exercise: The bill of a training step
# Write a function that returns the memory of one training step in bytes: weights,
# gradients, optimizer slots and activations, all in float32.
#
# `parameters` is the number of parameters, `kept` the number of activations that *one*
# example keeps for the backward pass, `batch` the number of examples, and `slots` the
# number of slots for each parameter.


# %%
def training_bytes(parameters, kept, batch, slots):
    """Bytes of weights, gradients, slots and kept activations, all in float32."""
    ### BEGIN SOLUTION
    return 4 * (parameters * (2 + slots) + kept * batch)
    ### END SOLUTION


# %%
check.answer("training_bytes", training_bytes)

# %% [markdown]
# ### Exercise: The largest batch
# Now solve for the batch: what is the largest batch whose training step, as counted
# above, fits into `available` bytes? Return a whole number, and 0 if not even a single
# example fits.


# %%
def largest_batch(available, parameters, kept, slots):
    """The largest batch that fits into `available` bytes; 0 if none does."""
    ### BEGIN SOLUTION
    fixed = 4 * parameters * (2 + slots)
    return max(0, (available - fixed) // (4 * kept))
    ### END SOLUTION


# %%
check.answer("largest_batch", largest_batch)

# %% [markdown]
# The ledger knows more than your formula does. It works out *which* tensors the
# backward pass needs: a convolution keeps its input, a ReLU its output, a sum nothing.
# On the way back there are also the gradients of the activations, while the kept
# activations are freed step by step; at the worst moment the gradients need a little
# *on top*.
#
# Now check your guess from the beginning: batches of 100, Adam, 8 GiB.

# %%
bills = {name: book.training(100, "adam") for name, book in books.items()}
plot.show(figures.bills(bills, gib=8), alt=figures.describe_bills(bills, gib=8))

# %%
import pandas as pd

GIB = 2**30
largest = {name: book.largest_batch(8 * GIB, "adam") for name, book in books.items()}
results.record("VGG-16, largest batch in 8 GiB with Adam", largest["VGG16"])
results.record("ResNet-50, largest batch in 8 GiB with Adam", largest["ResNet50"])
results.record("DenseNet-121, largest batch in 8 GiB with Adam", largest["DenseNet121"])
results.record("Xception, largest batch in 8 GiB with Adam", largest["Xception"])
results.record("MobileNetV2, largest batch in 8 GiB with Adam", largest["MobileNetV2"])

parameters = {name: f"{book.parameters / 1e6:.1f} M" for name, book in books.items()}
pd.DataFrame({"parameters": parameters, "largest batch in 8 GiB": largest})

# %% [markdown]
# This answers the lab's question. VGG-16 has by far the most parameters, and it fits.
# ResNet-50 has a fifth of them, and just fails to fit; DenseNet-121 has a seventeenth
# of them, and needs one and a half cards. **You pay for parameters once, and for
# activations with every example.**

# %%
plot.show(
    figures.memory_by_batch(books, gib=8),
    alt="Memory of a training step against the batch, one straight line a network. "
    + figures.describe_crossings(books, gib=8),
)

# %% [markdown]
# Find a point where two lines cross. To the left of it, the network with more
# parameters needs more memory; to the right, the one with more activations.
#
# Deep networks with many BatchNormalization layers keep many tensors. DenseNet also
# *concatenates*: it writes the same values out again and again.

# %% [markdown]
# ### Exercise: Mixed precision
# In *mixed precision* the layers compute in float16, so an activation takes 2 bytes.
# The weights stay in float32, with a **float16 copy beside them** for the layers to
# compute with. Gradients and slots stay in float32. **Predict:** does VGG-16's bill
# halve?
#
# Write the function of the bill again, now for mixed precision: weights, their copy,
# gradients, slots and activations, in bytes.


# %%
def mixed_bytes(parameters, kept, batch, slots):
    """Bytes of a training step in mixed precision, the weights' copy included."""
    ### BEGIN SOLUTION
    return parameters * (4 + 2 + 4 + 4 * slots) + 2 * kept * batch
    ### END SOLUTION


# %%
check.answer("mixed_bytes", mixed_bytes)

# %%
pairs = {}
savings = {}
for name in ("VGG16", "Xception"):
    full = books[name].training(32, "adam", "float32")
    mixed = books[name].training(32, "adam", "mixed_float16")
    pairs[f"{name}\nfloat32"] = full
    pairs[f"{name}\nmixed_float16"] = mixed
    savings[name] = 100 * (1 - mixed.total / full.total)

plot.show(figures.bills(pairs), alt=figures.describe_bills(pairs))
results.record("VGG-16, batch 32: mixed precision saves", savings["VGG16"], "%")
results.record("Xception, batch 32: mixed precision saves", savings["Xception"], "%")

# %% [markdown]
# Xception's bill nearly halves, because almost all of it is activations. VGG-16 saves
# about a sixth: its weights, gradients and slots stay as they are, and the copy of the
# weights comes on top.

# %% [markdown]
# ### Exercise: A pooled head
# Newer networks end differently. *Global average pooling* averages each of the 512
# channels of the last map over all positions, and a single `Dense(1000)` follows.
#
# Give VGG-16 such a head. Its convolutions have 14,714,688 parameters. How many
# parameters does the whole network have then (`pooled_parameters`)? And how many
# megabytes (10⁶ bytes) of weights, gradients and slots does that save when you train
# with **Adam** in float32, compared with the original 138,357,544 parameters
# (`saved_megabytes`)? Write expressions rather than rounding.

# %%
# Parameters with the pooled head, and megabytes saved.
### BEGIN SOLUTION
pooled_parameters = 14_714_688 + 513 * 1000
saved_megabytes = (138_357_544 - pooled_parameters) * 4 * 4 / 1e6
### END SOLUTION

# %%
check.answer("pooled_head", pooled_parameters, saved_megabytes)

# %% [markdown]
# Nearly two gigabytes saved, by changing one line of code. And the head no longer
# depends on the size of the map, so the network can take images of other sizes.
#
# Now explore: which network fits on which card, with which optimizer and precision?
# (This needs a live notebook.)

# %%
figures.explore(books)

# %% [markdown]
# ## 5 · ResNet
#
# In the paper that introduced ResNet, a plain stack of 34 layers trained worse than one
# of 18: not because of overfitting, since its *training* error was higher as well (the
# *degradation problem*). A *residual block* repairs this with a *skip connection*: it
# adds its input to its result. So the block only has to learn the difference from the
# identity, and the gradient can flow around it.
#
# ### Exercise: The residual block
# Write a function that applies one block to `x`, a Keras tensor of shape `(batch, rows,
# columns, channels)`, and returns a Keras tensor:
#
# - the branch: a 3×3 convolution with the given `stride`, BatchNormalization, ReLU; a
#   3×3 convolution with stride 1, BatchNormalization;
# - the shortcut: `x` itself. Only if `stride` is not 1, or if the number of channels
#   changes, it goes through a 1×1 convolution with the same `stride` and `filters`, and
#   BatchNormalization (a *projection shortcut*), with no activation;
# - add the two, then apply a ReLU.
#
# All padding is `"same"`. No convolution has a bias, because BatchNormalization has its
# own. Use BatchNormalization with Keras' default settings.


# %%
def residual_block(x, filters, stride=1):
    """relu(shortcut(x) + branch(x)); takes and returns a Keras tensor."""
    ### BEGIN SOLUTION
    shortcut = x
    if stride != 1 or x.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x)
        shortcut = layers.BatchNormalization()(shortcut)
    x = layers.Conv2D(filters, 3, stride, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(layers.Add()([x, shortcut]))
    ### END SOLUTION


# %%
check.answer("residual_block", residual_block)

# %% [markdown]
# ### Exercise: ResNet-34
# Build the whole network for images of `side`×`side`×3 values, and return it as a
# `keras.Model`:
#
# - the *stem*: a convolution with 64 filters of 7×7 and stride 2, without a bias;
#   BatchNormalization, ReLU; 3×3 max pooling with stride 2;
# - four stages of 3, 4, 6 and 3 blocks, with 64, 128, 256 and 512 filters. The first
#   block of the second, third and fourth stage has stride 2, all others stride 1;
# - global average pooling, and a dense layer of `classes` units with a softmax.
#
# All padding is `"same"`. Make each block by calling the argument `block`, as `block(x,
# filters, stride)`; like `residual_block`, it takes and returns a Keras tensor. (The
# check passes a small block of its own.)


# %%
def resnet34(block, side, classes):
    """ResNet-34 for (side, side, 3) images, made of `block`, as a keras.Model."""
    ### BEGIN SOLUTION
    image = keras.Input((side, side, 3))
    x = layers.Conv2D(64, 7, 2, padding="same", use_bias=False)(image)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    for filters, depth in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for i in range(depth):
            x = block(x, filters, 2 if i == 0 and filters > 64 else 1)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(classes, activation="softmax")(x))
    ### END SOLUTION


# %%
check.answer("resnet34", resnet34)

# %% [markdown]
# ### Exercise: ResNet's parameters by hand
# Now count without building anything. `depths` is a sequence of four numbers, the
# blocks in each stage: `(3, 4, 6, 3)` for ResNet-34, `(2, 2, 2, 2)` for ResNet-18.
# Stem, blocks and filters are those of the last two exercises; the head is
# `Dense(1000)` with biases.
#
# Return the number of *trainable* parameters. BatchNormalization trains two numbers for
# each channel; its other two are moving averages and are not trained. The published
# counts are 21,797,672 for ResNet-34 and 11,689,512 for ResNet-18.


# %%
def resnet_parameters(depths):
    """Trainable parameters of a ResNet with `depths` blocks in its four stages."""
    ### BEGIN SOLUTION
    total = 7 * 7 * 3 * 64 + 2 * 64 + 513 * 1000
    channels = 64
    for stage, depth in enumerate(depths):
        filters = 64 * 2**stage
        for _ in range(depth):
            total += 9 * channels * filters + 9 * filters**2 + 4 * filters
            if channels != filters:
                total += channels * filters + 2 * filters
            channels = filters
    return total
    ### END SOLUTION


# %%
check.answer("resnet_parameters", resnet_parameters)

# %% [markdown]
# When all three checks are green, put your functions together: compare
# `ledger(resnet34(residual_block, 224, 1000)).trainable` with your count.

# %% tags=["solution-only"]
book34 = ledger(resnet34(residual_block, 224, 1000))
by_hand = resnet_parameters((3, 4, 6, 3))
print(f"{by_hand:,} trainable parameters by hand, {book34.trainable:,} in the ledger")
print(f"{book34.parameters:,} with the moving averages")
results.record("ResNet-34, trained parameters", book34.trainable)

# %% [markdown]
# Now compare ResNet-50 with VGG-16. The slide says "25M against 138M parameters" and
# "3.8B against 15.3B Flops". **Predict:** which of the four numbers are correctly
# rounded, and is the unit right?

# %%
columns = {}
for name in ("VGG16", "ResNet50"):
    book = books[name]
    convolutions = sum(row.multiply_adds for row in book.rows if "Conv" in row.kind)
    columns[name] = {
        "parameters": book.parameters,
        "activations": book.activations,
        "multiply-adds": book.multiply_adds,
        "multiply-adds of convolutions": convolutions,
    }
table = pd.DataFrame(columns)
table["ratio"] = table["VGG16"] / table["ResNet50"]

vgg_work = table.loc["multiply-adds of convolutions", "VGG16"] / 1e9
resnet_work = table.loc["multiply-adds", "ResNet50"] / 1e9
results.record("VGG-16, multiply-adds of its convolutions", vgg_work, "G")
results.record("ResNet-50 in the ledger, multiply-adds", resnet_work, "G")
table.style.format("{:,.0f}").format("{:.2f}", subset=["ratio"])

# %% [markdown]
# Two of the four are correctly rounded, 138 million and 15.3 billion. The other two
# were cut off rather than rounded: 25.6 million parameters, 3.86 billion multiply-adds.
#
# The unit is wrong for both networks. Those are multiply-**adds**. A *floating-point
# operation* (FLOP) is one multiplication *or* one addition, so there are twice as many
# of them. And VGG's 15.3 billion leaves its dense layers out. The ratio hardly suffers
# from any of this.
#
# One row contradicts the idea that ResNet is the smaller network: it makes **more**
# activations than VGG. But look at what is counted: the output of every *layer*.
# ResNet's BatchNormalization and ReLU are layers of their own, while VGG's ReLUs are
# part of its convolutions and add nothing. The second line below leaves out both kinds.
# See where the activations are:

# %%
pair = [books["VGG16"], books["ResNet50"]]
plot.show(figures.cumulative_shares(pair), alt=figures.describe_shares(pair))
times = books["ResNet50"].activations / books["VGG16"].activations
results.record("ResNet-50 makes more activations than VGG-16, times", times, "×")

inside = ("BatchNormalization", "Activation")
rest = [row for row in books["ResNet50"].rows if row.kind not in inside]
without = sum(row.activations or 0 for row in rest) / books["VGG16"].activations
results.record("the same without BatchNormalization and ReLU", without, "×")

# %% [markdown]
# In both networks the activations come early and the parameters late. But VGG-16's
# parameters come almost in one jump, at the first dense layer, while ResNet-50's grow
# with the channels of its stages, and its work is spread evenly over the depth.
#
# ## 6 · Nine received claims
#
# All of these stand in published lectures and notes.
#
# | key | claim |
# |:--|:--|
# | `activations` | VGG-16 leaves 24 million activations, 93 MB per image |
# | `megabytes` | VGG-16's 138M parameters take 522 MB |
# | `adam` | training needs ×2 the memory of the parameters for SGD, ×4 for Adam |
# | `conv1` | AlexNet's CONV1 has 34,944 parameters |
# | `width` | the width of a feature map is (W − F + 2P)/S + 1 |
# | `field` | the kernel size is also called the receptive field |
# | `flops` | VGG-16 needs 15.3 billion Flops |
# | `dilation` | dilated convolutions have fewer parameters |
# | `convnet` | a ConvNet has fewer parameters than an MLP |
#
# The ledgers that you need are ready: `vgg_base`, VGG-16 without its three dense
# layers, and the lecture's pair of networks for MNIST, `lecture_mlp` and
# `lecture_convnet`. `count(…)` returns the ledger of any other small network, given its
# layers.

# %% tags=["setup"]
from utils.ledger import ledger, slots


def count(*stack):
    """The ledger of a network made of the layers `stack`, on images of 28×28×1."""
    return ledger(keras.Sequential([keras.Input((28, 28, 1)), *stack]))


vgg_base = ledger(
    keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
)
lecture_mlp = count(layers.Flatten(), layers.Dense(256), layers.Dense(10))
lecture_convnet = count(
    layers.Conv2D(32, 5),
    layers.MaxPooling2D(2),
    layers.Conv2D(64, 3),
    layers.MaxPooling2D(2),
    layers.Flatten(),
    layers.Dense(256),
    layers.Dense(10),
)

# %% [markdown]
# ### Exercise: Nine received claims
# Fill two dictionaries, each with the nine keys: `recomputed = {"activations": …,
# "megabytes": …, …}` holds a number for each claim, `verdicts = {"activations": …, …}`
# a word. Recompute these numbers:
#
# - `activations`: the values that one 224×224×3 image leaves in the whole of VGG-16;
# - `megabytes`: the megabytes (10⁶ bytes) of its 138,357,544 parameters in float32;
# - `adam`: the factor for SGD with *momentum*, the case that the claim skips;
# - `conv1`: the parameters of 96 filters of 11×11 on 3 channels, biases included;
# - `width`: the width that Keras builds for W = 224, F = 11, S = 4, P = 0;
# - `field`: the receptive field, along one side, of a unit after two 3×3 convolutions;
# - `flops`: multiplications plus additions in VGG-16's convolutions, in billions;
# - `dilation`: how many parameters a 3×3 convolution saves when you dilate it by 2;
# - `convnet`: the parameters of the lecture's ConvNet minus those of its MLP.
#
# Use the ledger where it helps (`vgg_base.multiply_adds`, `slots("momentum")`,
# `count(layers.Conv2D(8, 3), layers.Conv2D(8, 3)).rows[-1].receptive_field[0]`), and a
# formula where it is shorter. Write expressions rather than rounding.
#
# Then give each claim a verdict: `"right"` if it holds as it stands; `"wrong"` if a
# number or a unit in it is false; `"incomplete"` if it holds only under a condition
# that it does not name, or leaves a case out.

# %%
# Two dictionaries with the nine keys: numbers, and "right", "wrong" or "incomplete".
### BEGIN SOLUTION
plain = count(layers.Conv2D(8, 3))
dilated = count(layers.Conv2D(8, 3, dilation_rate=2))
two_layers = count(layers.Conv2D(8, 3), layers.Conv2D(8, 3))
recomputed = {
    "activations": vgg_base.activations + 4096 + 4096 + 1000,
    "megabytes": 138_357_544 * 4 / 1e6,
    "adam": 2 + slots("momentum")[1],
    "conv1": (11 * 11 * 3 + 1) * 96,
    "width": (224 - 11) // 4 + 1,
    "field": two_layers.rows[-1].receptive_field[0],
    "flops": 2 * vgg_base.multiply_adds / 1e9,
    "dilation": plain.parameters - dilated.parameters,
    "convnet": lecture_convnet.parameters - lecture_mlp.parameters,
}
verdicts = {claim: "incomplete" for claim in recomputed}
verdicts |= {"activations": "wrong", "megabytes": "wrong", "flops": "wrong"}
verdicts["conv1"] = "right"
### END SOLUTION

# %%
check.answer("errata", recomputed, verdicts)

# %% tags=["solution-only"]
shown = {claim: f"{value:,.10g}" for claim, value in recomputed.items()}
pd.DataFrame({"recomputed": shown, "verdict": verdicts})

# %% [markdown]
# Only one claim in nine is right as it stands. Most of the others survive because they
# are *nearly* right, and because the conclusion drawn from them is often true all the
# same. Recomputing such a number takes a minute. Do it before you repeat one.

# %% [markdown]
# ## 7 · Predict, then measure
#
# Does the ledger say what really happens? Here is a small ConvNet of VGG's kind, which
# any laptop can train.

# %%
image = x = keras.Input((96, 96, 3))
for filters in (32, 64, 128):
    x = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = keras.layers.MaxPooling2D(2)(x)
x = keras.layers.Flatten()(x)
x = keras.layers.Dense(128, activation="relu")(x)
output = keras.layers.Dense(10, activation="softmax")(x)
convnet = keras.Model(image, output, name="convnet")

BATCHES = (32, 48, 64)
small_book = ledger(convnet)
predicted = [small_book.training(batch, "adam") for batch in BATCHES]
print(predicted[-1])

# %% [markdown]
# **Predict:** when the batch doubles, does the measured peak double? Will the measured
# peak be higher or lower than the ledger's number?
#
# Each measurement starts a new Python process, lets TensorFlow warm up, trains the
# network for two steps, and records the *peak memory* of the process.

# %%
measured = []
for batch in progress.bar(BATCHES, "measuring"):
    measured.append(measure_training_peak(convnet, batch, "adam"))
peaks = [measurement.added for measurement in measured]
plot.show(
    figures.predicted_against_measured(BATCHES, predicted, peaks),
    alt=figures.describe_measured(BATCHES, predicted, peaks),
)
ratio = peaks[-1] / predicted[-1].total
results.record("measured peak / prediction, batch 64", ratio, "×")

# %% [markdown]
# ### Exercise: What grows with the batch
# Two peaks at two batches determine a straight line. Its slope is the memory of one
# example; its intercept is the rest, which would be there with no example at all.
#
# `first` and `second` are pairs `(batch, peak)`. Return the tuple `(slope, rest)`. Then
# compare the slope below with the ledger's memory for one example.


# %%
def line_through(first, second):
    """(slope, rest) of the line through two points (batch, peak)."""
    ### BEGIN SOLUTION
    slope = (second[1] - first[1]) / (second[0] - first[0])
    return slope, first[1] - slope * first[0]
    ### END SOLUTION


# %%
check.answer("line_through", line_through)

# %%
step = BATCHES[2] - BATCHES[0]
counted_slope = (predicted[2].total - predicted[0].total) / step / 1e6
counted_rest = predicted[2].total / 1e6 - counted_slope * BATCHES[2]
measured_slope = (peaks[2] - peaks[0]) / step / 1e6
measured_rest = peaks[2] / 1e6 - measured_slope * BATCHES[2]
pd.DataFrame(
    {
        "one example, MB": {"counted": counted_slope, "measured": measured_slope},
        "the rest, MB": {"counted": counted_rest, "measured": measured_rest},
    }
).round(2)

# %%
ratio = measured_slope / counted_slope
results.record("memory of one example, measured / counted", ratio, "×")

# %% [markdown]
# The peak does not quite double with the batch, because weights, gradients and slots
# are there once. And the peak comes out higher than in the ledger, which counts only
# what the network itself needs. The difference has names:
#
# - the *workspace* of the library: for a convolution it copies its input, or parts of
#   it, into an order that suits the processor. Part of it may grow with the batch, and
#   memory that one layer frees may serve the next. So one example takes up to a fifth
#   less or up to half as much again as counted; the processor decides. (TensorFlow's
#   faster library, oneDNN, buys its speed with more such copies. It is switched off in
#   this measurement, because they belong to the library and not to the network.)
# - the **batch** itself, which is there twice, as a NumPy array and as a tensor;
# - the **program**: the traced graph of the training step, compiled kernels, and the
#   stacks and buffers of the threads. This part does not grow with the batch, so it
#   matters less the larger the batch is.
#
# A prediction within a factor of 1.5 already tells you in most cases whether a batch
# fits, *before* you pay for the card. This is what a ledger is for.

# %% [markdown]
# ## 8 · What you take with you
#
# - Parameters sit in dense layers and where there are many channels; activations sit
#   where the map is large; work comes from the convolutions.
# - Training pays for parameters once (×2 to ×4), and for activations with every
#   example. So the smaller network can need the larger card.
# - Mixed precision halves the activations, but not the weights, gradients and optimizer
#   state. A pooled head removes most of VGG's parameters.
# - A number in a table is a claim. Recompute it.

# %% tags=["nbval-check-output"]
check.report()
