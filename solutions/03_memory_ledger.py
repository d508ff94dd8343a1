# %% [markdown]
# # Lab 03 · The memory ledger: AlexNet, VGG, ResNet
#
# **Why does a network with 138 million parameters fit your card, and one with 25 million not?**
#
# You keep a ledger. Each layer gets a row: what it stores, what it computes, what it leaves behind for training. First by
# hand, then with a tool that you can check. With the ledger you read famous tables critically: some of their numbers are wrong.
# At the end you predict the memory of a real training step, and measure it.
#
# You will be able to
#
# - write down parameters, activations and multiply-adds of a convolution, and say which of the three hurts where;
# - rebuild AlexNet's and VGG's tables, and find the mistakes in the published ones;
# - compute the bill of training: gradients, optimizer, batch, precision;
# - build a residual network and check it against its published count;
# - test a claim that everybody repeats.
#
# Predict first, then write, then run the check. `check.hint("conv_cost")` gives a hint; ask again and it says more.

# %% tags=["setup"]
from utils import check, plot, progress, results
from utils.lessons.lab03 import figures

check.start("lab03")

# %% [markdown]
# Here are five networks that everybody uses. Your card has 8 GiB. You train with Adam, in float32, on batches of 100 photographs.
#
# **Predict before you go on:** which of the five fit? Write your guess down. Section 4 has the answer.

# %%
import keras

from utils.ledger import ledger, measure_training_peak

NAMES = ("VGG16", "ResNet50", "Xception", "DenseNet121", "MobileNetV2")
books = {}
for name in progress.bar(NAMES, "counting"):
    books[name] = ledger(getattr(keras.applications, name)(weights=None))

for name, book in books.items():
    print(f"{name:12} {book.parameters:>12,} parameters")

# %% [markdown]
# ## 1 · Four formulas
#
# A layer has four numbers that matter: the **shape** of its output, its **parameters**, its **activations** (the values it
# produces), and its **multiply-adds** (products of a weight and a value; the sum that goes with it is free).
#
# ### Exercise: Side of a feature map
# Everything starts with the shape. Keras knows two paddings. With `"valid"` no window may stick out. With `"same"` it pads
# just enough that every `stride`-th pixel begins a window.
#
# Predict the side for 7 pixels, kernel 3, stride 2, both ways. Then write the function.


# %%
def output_side(side, kernel, stride, padding):
    """Side of the feature map, in pixels; `padding` is "valid" or "same", as in Keras."""
    ### BEGIN SOLUTION
    if padding == "same":
        return -(-side // stride)
    return (side - kernel) // stride + 1
    ### END SOLUTION


# %%
check.answer("output_side", output_side)

# %% [markdown]
# ### Exercise: The cost of a convolution
# The shapes are given, `(rows, columns, channels)`. Return all three costs. With `groups`, the channels are split into groups
# and each filter sees one group only; `groups=1` is the usual layer. Every filter has a bias.


# %%
def conv_cost(in_shape, out_shape, kernel, groups=1):
    """(parameters, activations, multiply_adds) of a convolution for one example; `kernel` is (rows, columns)."""
    ### BEGIN SOLUTION
    weights = kernel[0] * kernel[1] * in_shape[2] // groups * out_shape[2]
    places = out_shape[0] * out_shape[1]
    return weights + out_shape[2], places * out_shape[2], places * weights
    ### END SOLUTION


# %%
check.answer("conv_cost", conv_cost)

# %% [markdown]
# ### Exercise: Dense against convolution
# Two layers from VGG-16: the first dense layer, from 7×7×512 values to 4096 units; and a convolution in the fifth block,
# 3×3, from 14×14×512 to 14×14×512. Which has more **parameters**? Which does more **work** (multiply-adds)? Guess, then compute.

# %%
# Answer each with "dense" or "conv".
### BEGIN SOLUTION
more_parameters = "dense"
more_work = "conv"
### END SOLUTION

# %%
check.answer("two_layers", more_parameters, more_work)

# %% [markdown]
# Those are the two halves of this lab. Weights that are *stored* sit in dense layers. Work and activations come from
# convolutions, because they use every weight at every place.
#
# The library's ledger does the same counting for any Keras network. Here is a small one with odd sizes. Check a row by hand.

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
# Two columns are new. *Field* is the receptive field: how many input pixels one unit can see. *Stride* is how far apart the
# fields of two neighbours lie. `Flatten` is a view: it stores nothing.

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
# Write a function that turns such a description into a table: for each layer its name, its output shape
# `(side, side, channels)`, and its parameters. A dense layer reads everything and leaves `(1, 1, units)`.
# Here the padding is a number, and the division rounds down.


# %%
def network_table(layers, side, channels):
    """Rows (name, (side, side, channels), parameters) for a description like ALEXNET."""
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
# The library builds the same network and counts it. Where would you cut, to make AlexNet small enough to send by mail?

# %%
alexnet = keras.Sequential([keras.Input((227, 227, 3))], name="alexnet")
for name, kind, units, kernel, stride, padding in ALEXNET:
    if kind == "dense" and "flat" not in [layer.name for layer in alexnet.layers]:
        alexnet.add(keras.layers.Flatten(name="flat"))
    if kind == "dense":
        alexnet.add(keras.layers.Dense(units, activation="softmax" if name == "FC8" else "relu", name=name))
    elif kind == "pool":
        alexnet.add(keras.layers.MaxPooling2D(kernel, stride, name=name))
    else:
        same = "same" if padding else "valid"
        alexnet.add(keras.layers.Conv2D(units, kernel, stride, same, activation="relu", name=name))

book = ledger(alexnet)
plot.show(book.figure(), alt=book.describe())
results.record("AlexNet, CONV1, parameters", book["CONV1"].parameters)
results.record("AlexNet, parameters", book.parameters)

# %% [markdown]
# The paper says 60 million. It splits three of the convolutions into two groups, one for each of its two cards. Count again:

# %%
groups = {"CONV2": 2, "CONV4": 2, "CONV5": 2}
saved = sum(book[name].weights * (1 - 1 / n) for name, n in groups.items())
print(f"Two groups save {saved:,.0f} weights: {book.parameters - saved:,.0f} parameters, as in the paper.")
results.record("AlexNet in two groups, parameters", book.parameters - saved)

# %% [markdown]
# ### Exercise: The equivalent MLP
# The slide says: a dense layer in the place of CONV1, with as many outputs (55·55·96), would need 43.7×10⁹ parameters. A good
# argument for convolution. But the number does not belong to the table.
#
# Find out: for which input side, 224 or 227, does the slide's number come out (`slide_side`)? How many connections are there
# with the table's 227 (`table_connections`, without biases)? And how many places does the bare formula, **without its floor**,
# give CONV1 on the slide's side (`places`)?

# %%
# Three numbers.
### BEGIN SOLUTION
slide_side = 224
table_connections = 227 * 227 * 3 * 55 * 55 * 96
places = (slide_side - 11) / 4 + 1
### END SOLUTION

# %%
check.answer("equivalent_mlp", slide_side, table_connections, places)

# %% [markdown]
# The paper says 224, and its own arithmetic does not work with it: windows of 11 at stride 4 do not end at the edge of 224 pixels.
# With 227 they do. Later descriptions quietly took 227, and kept a number computed with 224. Nobody lied. Nobody ran it either.

# %% [markdown]
# ## 3 · VGG-16: the code, the table, the total
#
# This is the slide's VGG, word for word in its first lines. **Predict:** what happens today?

# %%
slide = keras.Sequential([keras.Input((3, 224, 224))])
try:
    slide.add(keras.layers.Convolution2D(64, 3, 3, activation="relu"))
    print("after one convolution: ", slide.output_shape)
    slide.add(keras.layers.Convolution2D(64, 3, 3, activation="relu"))
    print("after two convolutions:", slide.output_shape)  # an old Keras builds it, out of nothing
except ValueError as error:
    print("after two convolutions:", str(error).split(" Received")[0])

# %% [markdown]
# Two things aged. The third positional argument was the kernel's width; now it is the stride. And the channels stood first
# in the shape; Keras on TensorFlow puts them last. Two more things were never right: without padding the convolutions lose pixels
# that the table keeps, and the last layer is missing.

# %% tags=["setup"]
import keras
from keras import layers

VGG_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # (filters, how many convolutions); a pooling ends each block

# %% [markdown]
# ### Exercise: VGG-16 in today's Keras
# Build it so that it matches its own table: 13 convolutions of 3×3 that keep the size, a pooling after each block, then
# 4096, 4096 and `classes` units. The slide has `Dropout(0.5)` behind both large layers; keep it.


# %%
def vgg16(side, classes):
    """VGG-16 for (side, side, 3) images; returns a keras.Model that ends in a softmax over `classes`."""
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
# The published table ends: *24M activations, 93 MB an image*. Compute the number yourself. Every tensor counts once: the image,
# every convolution, every pooling, every dense layer. `Flatten` is a view and counts nothing.


# %%
def vgg_activations(blocks, side, units):
    """Values that one (side, side, 3) image leaves in a VGG with `blocks` like VGG_BLOCKS and dense layers of `units`."""
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
# With your total of 15,237,608 values in float32: how many megabytes (10⁶ bytes) does an image leave? And how many of the
# 138,357,544 parameters sit in the three dense layers, biases included? Write expressions; do not round.

# %%
# Megabytes of one image, and parameters of the three dense layers.
### BEGIN SOLUTION
megabytes = 15_237_608 * 4 / 1e6
head_parameters = (7 * 7 * 512 + 1) * 4096 + 4097 * 4096 + 4097 * 1000
### END SOLUTION

# %%
check.answer("vgg_numbers", megabytes, head_parameters)

# %% [markdown]
# And now the whole table, row by row.

# %%
books["VGG16"]

# %%
published = 150 + 2 * 3200 + 800 + 2 * 1600 + 400 + 3 * 800 + 200 + 3 * 400 + 100 + 3 * 100 + 25 + 4.096 + 4.096 + 1
book = books["VGG16"]
head = sum(book[name].parameters for name in ("fc1", "fc2", "predictions"))
print(f"The published rows add up to {published / 1000:.1f} M values. The published total is 24 M.")
results.record("VGG-16, activations of one image", book.activations)
results.record("VGG-16, activations of one image", book.activations * 4 / 1e6, "MB")
results.record("VGG-16, parameters in the dense head", 100 * head / book.parameters, "%")
plot.show(book.figure(), alt=book.describe())

# %% [markdown]
# The published rows are right. Their sum is not, and it has been copied for years, because nobody adds up a column.
#
# The two bars hardly overlap. The parameters sit at the end, the activations at the beginning. Cut the head and you save
# parameters; shrink the image and you save activations.

# %% [markdown]
# ## 4 · What training costs
#
# To predict, a network needs its weights and a few tensors at a time. To train, it must also keep
#
# - a **gradient** for every parameter;
# - what the **optimizer** remembers: nothing for plain SGD, one number a parameter (a *slot*) with momentum, two for Adam;
# - the **activations**, until the backward pass has used them. One set *for every example of the batch*.
#
# The slide says: ×2 for SGD, ×4 for Adam. Ask Keras what it really keeps:

# %% tags=["nbval-check-output"]
from utils.ledger import slots

for optimizer in ("sgd", "momentum", "rmsprop", "adam"):
    name, count = slots(optimizer)
    print(f"{name:10} weight + gradient + {count} slots = ×{2 + count}")

# %% [markdown]
# ### Exercise: The bill of a training step
# `kept` is the number of values that one example keeps for the backward pass. Everything is float32. Return bytes.


# %%
def training_bytes(parameters, kept, batch, slots):
    """Bytes of weights, gradients, optimizer slots and kept activations, all in float32."""
    ### BEGIN SOLUTION
    return 4 * (parameters * (2 + slots) + kept * batch)
    ### END SOLUTION


# %%
check.answer("training_bytes", training_bytes)

# %% [markdown]
# ### Exercise: The largest batch
# Turn it round. `available` bytes are there. Which batch still fits? Mind the case in which not even the weights do.


# %%
def largest_batch(available, parameters, kept, slots):
    """The largest batch whose training step fits into `available` bytes; 0 when nothing fits."""
    ### BEGIN SOLUTION
    fixed = 4 * parameters * (2 + slots)
    return max(0, (available - fixed) // (4 * kept))
    ### END SOLUTION


# %%
check.answer("largest_batch", largest_batch)

# %% [markdown]
# The ledger knows a little more than your formula. It finds out *which* tensors the backward pass needs: a convolution keeps
# its input, a ReLU its output, a sum nothing. On the way back, gradients of activations are alive too, while what was kept
# is freed step by step; at the worst moment that needs a little *on top*. Now look up your guess from the beginning: batch 100,
# Adam, 8 GiB.

# %%
GIB = 2**30
bills = {name: book.training(100, "adam") for name, book in books.items()}
plot.show(
    figures.bills(bills, gib=8),
    alt="Bills of a training step at batch 100. VGG-16 and MobileNetV2 stay under 8 GiB. ResNet-50 is just over, DenseNet-121, the "
    "second smallest in parameters, needs half as much again, and Xception three times the card.",
)
for name, book in books.items():
    limit = book.largest_batch(8 * GIB, "adam")
    print(f"{name:12} {book.parameters / 1e6:6.1f} M parameters   largest batch in 8 GiB: {limit:4}")
    expected = {"VGG16": 102, "ResNet50": 97, "Xception": 34, "DenseNet121": 65, "MobileNetV2": 136}[name]
    results.record(f"{name}, largest batch in 8 GiB with Adam", limit)

# %% [markdown]
# That is the answer to the lab's question. VGG-16 has the most parameters by far, and fits. ResNet-50 has a fifth of them and just does
# not; DenseNet-121 has a seventeenth and is far from it. **Parameters are paid once. Activations are paid for every example.**

# %%
plot.show(
    figures.memory_by_batch(books),
    alt="Memory against batch size for five networks. VGG-16 starts highest and rises slowly; the others start near "
    "zero. Xception and DenseNet-121 rise steeply, and all but MobileNetV2 cross the card's 8 GiB before VGG-16 does.",
)

# %% [markdown]
# Find a place where one line crosses another. To the left of the crossing its parameters decide, to the right its activations.
#
# Deep and thin networks with many BatchNormalizations keep many tensors. And DenseNet concatenates: it writes the same values
# out again and again.

# %% [markdown]
# ### Exercise: Mixed precision
# In mixed precision the layers compute in float16: the kept activations take 2 bytes. The weights stay in float32, with a
# **float16 copy beside them** to compute with; gradients and slots stay in float32. **Predict:** does VGG-16's bill halve?


# %%
def mixed_bytes(parameters, kept, batch, slots):
    """Bytes of a training step in mixed precision, copy of the weights included."""
    ### BEGIN SOLUTION
    return parameters * (10 + 4 * slots) + 2 * kept * batch
    ### END SOLUTION


# %%
check.answer("mixed_bytes", mixed_bytes)

# %%
pairs = {}
for name in ("VGG16", "Xception"):
    for dtype in ("float32", "mixed_float16"):
        pairs[f"{name}\n{dtype}"] = books[name].training(32, "adam", dtype)
savings = {name: 1 - pairs[f"{name}\nmixed_float16"].total / pairs[f"{name}\nfloat32"].total for name in ("VGG16", "Xception")}
plot.show(
    figures.bills(pairs),
    alt="Bills at batch 32 in float32 and mixed precision. Xception's nearly halves, because it is all activations; "
    "VGG-16's shrinks less, because weights, gradients and slots stay.",
)
print(", ".join(f"{name} saves {share:.0%}" for name, share in savings.items()))
results.record("VGG-16 at batch 32: mixed precision saves", 100 * savings["VGG16"], "%")
results.record("Xception at batch 32: mixed precision saves", 100 * savings["Xception"], "%")

# %% [markdown]
# ### Exercise: A pooled head
# Newer networks end differently: average each of the 512 channels of the last map over all places, then one `Dense(1000)`.
# Give VGG-16 such a head. Its convolutions have 14,714,688 parameters. How many has the whole network then? And how many megabytes
# does training with **Adam** save in weights, gradients and slots, against the original 138,357,544 parameters? Do not round.

# %%
# `pooled_parameters` and `saved_megabytes`.
### BEGIN SOLUTION
pooled_parameters = 14_714_688 + 513 * 1000
saved_megabytes = (138_357_544 - pooled_parameters) * 4 * 4 / 1e6
### END SOLUTION

# %%
check.answer("pooled_head", pooled_parameters, saved_megabytes)

# %% [markdown]
# Nearly two gigabytes, for one line of code. And the network now takes images of any size.
#
# Try it out: which network fits which card, with which optimizer and precision? (In a live notebook.)

# %%
figures.explore(books)

# %% [markdown]
# ## 5 · ResNet
#
# A plain stack of 34 layers trains worse than one of 18. The residual block repairs that: it adds its input to its result, so
# that it only learns the *difference*, and the gradient finds a way past it.
#
# ### Exercise: The residual block
# Convolution 3×3 (with the stride), BatchNormalization, ReLU, convolution 3×3, BatchNormalization; add the input; ReLU. When the
# shapes do not fit the sum, send the input through a convolution 1×1 with the same stride, and BatchNormalization. No
# convolution has a bias: BatchNormalization brings one. `x` is a Keras tensor, and so is what you return.


# %%
def residual_block(x, filters, stride=1):
    """relu(x + branch(x)); `x` is a (batch, rows, columns, channels) Keras tensor."""
    ### BEGIN SOLUTION
    shortcut = x
    if stride != 1 or x.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x)
        shortcut = layers.BatchNormalization()(shortcut)
    x = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(layers.Add()([x, shortcut]))
    ### END SOLUTION


# %%
check.answer("residual_block", residual_block)

# %% [markdown]
# ### Exercise: ResNet-34
# The stem: 64 filters of 7×7 with stride 2 and no bias, BatchNormalization, ReLU, max pooling 3×3 with stride 2. Then four stages
# of 3, 4, 6 and 3 blocks with 64, 128, 256 and 512 filters; the first block of stages two, three and four has stride 2. Then
# global average pooling and a softmax over the classes. All padding is `"same"`. The block is an argument, called
# `block(x, filters, stride)`.


# %%
def resnet34(block, side, classes):
    """ResNet-34 for (side, side, 3) images, built of `block`; returns a keras.Model."""
    ### BEGIN SOLUTION
    image = keras.Input((side, side, 3))
    x = layers.Conv2D(64, 7, strides=2, padding="same", use_bias=False)(image)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
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
# Now the count, with a pencil's logic. `depths` says how many blocks each of the four stages has: `(3, 4, 6, 3)` for ResNet-34,
# `(2, 2, 2, 2)` for ResNet-18. Count what is **trained**: BatchNormalization trains two numbers a channel; its other two are
# moving averages. The head is `Dense(1000)`. The published counts are 21,797,672 and 11,689,512.


# %%
def resnet_parameters(depths):
    """Trainable parameters of a residual network with `depths` blocks of 64, 128, 256 and 512 filters and 1000 classes."""
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
# When all three are green, put them together: `ledger(resnet34(residual_block, 224, 1000)).trainable`.

# %% tags=["solution-only"]
book34 = ledger(resnet34(residual_block, 224, 1000))
print(
    f"{book34.trainable:,} trained, {book34.parameters:,} with the moving averages; by hand {resnet_parameters((3, 4, 6, 3)):,}"
)
results.record("ResNet-34, trained parameters", book34.trainable)

# %% [markdown]
# Now ResNet-50 against VGG-16. The slide says "25M against 138M parameters" and "3.8B against 15.3B Flops". **Predict:** which of the
# four numbers are exact, and is the unit right?

# %%
import pandas as pd

table = pd.DataFrame(index=["parameters", "activations", "multiply-adds", "multiply-adds of convolutions"])
for name in ("VGG16", "ResNet50"):
    book = books[name]
    convolutions = sum(row.multiply_adds for row in book.rows if "Conv" in row.kind)
    table[name] = [book.parameters, book.activations, book.multiply_adds, convolutions]
table["ratio"] = table["VGG16"] / table["ResNet50"]
results.record("ResNet-50, multiply-adds", books["ResNet50"].multiply_adds / 1e9, "G")
results.record("VGG-16, multiply-adds of its convolutions", table["VGG16"].iloc[-1] / 1e9, "G")
table.style.format("{:,.0f}").format("{:.2f}", subset=["ratio"])

# %% [markdown]
# The slide's 3.8 and 15.3 billion are multiply-**adds**. A floating point operation is one multiplication *or* one addition, so
# the "Flops" are twice as many. And VGG's 15.3 leaves its dense layers out. The ratio survives both mistakes, nearly.
#
# One row contradicts the feeling that ResNet is the small one: it makes **more** activations than VGG. Look where:

# %%
plot.show(
    figures.two_bars([books["VGG16"], books["ResNet50"]]),
    alt="Cumulated shares along the depth. In VGG-16 activations pile up in the first third and parameters in the last layers. "
    "ResNet-50 spreads all three much more evenly, with parameters towards the end.",
)
more = books["ResNet50"].activations / books["VGG16"].activations
results.record("ResNet-50 makes more activations than VGG-16, times", more, "×")

# %% [markdown]
# ## 6 · Nine received claims
#
# All of these stand in lectures and notes that thousands have read.
#
# | key | claim | your number |
# |:--|:--|:--|
# | `activations` | VGG-16 leaves 24 million activations, 93 MB an image | values of one image |
# | `megabytes` | VGG-16's 138M parameters take 522 MB | MB (10⁶ bytes), float32 |
# | `adam` | training multiplies the parameters' memory by 2 for SGD, by 4 for Adam | the factor for SGD with momentum |
# | `conv1` | AlexNet's CONV1 (96 filters 11×11 on 3 channels) has 34,944 parameters | the count |
# | `width` | the width of a feature map is (W − F + 2P)/S + 1 | width for W=224, F=11, S=4, P=0 |
# | `field` | the kernel size is also called the receptive field | field of a unit after two 3×3 convolutions |
# | `flops` | VGG-16 needs 15.3 billion Flops | billions of operations in its convolutions |
# | `dilation` | dilated convolutions have fewer parameters | parameters saved by dilating a 3×3 convolution |
# | `convnet` | a ConvNet has fewer parameters than an MLP | ConvNet minus MLP, the lecture's pair for MNIST |

# %% [markdown]
# The ledger of VGG-16 without its head is ready, `vgg_base`. The lecture's pair: the MLP is Flatten, `Dense(256)`,
# `Dense(10)`. The ConvNet is `Conv2D(32, 5)`, pooling, `Conv2D(64, 3)`, pooling, Flatten, `Dense(256)`, `Dense(10)`; images of
# 28×28×1.

# %% tags=["setup"]
from utils.ledger import ledger, slots

vgg_base = ledger(keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3)))
MLP = [layers.Flatten(), layers.Dense(256), layers.Dense(10)]
CONVNET = [layers.Conv2D(32, 5), layers.MaxPooling2D(), layers.Conv2D(64, 3), layers.MaxPooling2D(), *MLP]
PLAIN, DILATED = layers.Conv2D(8, 3), layers.Conv2D(8, 3, dilation_rate=2)


def small(stack, shape=(28, 28, 1)):
    """The ledger of a stack of fresh layers on images of `shape`."""
    fresh = [type(layer).from_config({**layer.get_config(), "name": None}) for layer in stack]
    return ledger(keras.Sequential([keras.Input(shape), *fresh]))


# %% [markdown]
# ### Exercise: Nine received claims
# Recompute each number. Use the ledger where it helps (`vgg_base.activations`, `small([PLAIN, DILATED]).rows[-1]`, `slots("momentum")`), a formula
# where it is shorter; do not round. Then give each claim a verdict: `"right"`, `"wrong"`, or `"incomplete"` when it holds only under a condition
# that it does not name.

# %%
# Two dictionaries with the nine keys.
### BEGIN SOLUTION
recomputed = {
    "activations": vgg_base.activations + 4096 + 4096 + 1000,
    "megabytes": 138_357_544 * 4 / 1e6,
    "adam": 2 + slots("momentum")[1],
    "conv1": (11 * 11 * 3 + 1) * 96,
    "width": (224 - 11) // 4 + 1,
    "field": small([PLAIN, PLAIN]).rows[-1].receptive_field[0],
    "flops": 2 * vgg_base.multiply_adds / 1e9,
    "dilation": small([PLAIN]).parameters - small([DILATED]).parameters,
    "convnet": small(CONVNET).parameters - small(MLP).parameters,
}
verdicts = {"activations": "wrong", "megabytes": "wrong", "adam": "incomplete", "conv1": "right", "width": "incomplete"}
verdicts |= {"field": "incomplete", "flops": "wrong", "dilation": "incomplete", "convnet": "wrong"}
### END SOLUTION

# %%
check.answer("errata", recomputed, verdicts)

# %% tags=["solution-only"]
shown = {claim: f"{value:,.10g}" for claim, value in recomputed.items()}
pd.DataFrame({"recomputed": shown, "verdict": verdicts})

# %% [markdown]
# One in nine is simply right. None of these claims is a lie, and most survive because they are *nearly* right, and because
# the conclusion drawn from them is true all the same. Counting costs you a minute. Do it before you repeat a number.

# %% [markdown]
# ## 7 · Predict, then measure
#
# Enough counted. Does the ledger say what really happens? Here is a ConvNet of VGG's kind, small enough for any laptop.

# %%
image = x = keras.Input((96, 96, 3))
for filters in (32, 64, 128):
    x = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = keras.layers.MaxPooling2D(2)(x)
x = keras.layers.Dense(128, activation="relu")(keras.layers.Flatten()(x))
convnet = keras.Model(image, keras.layers.Dense(10, activation="softmax")(x), name="convnet")
small_book = ledger(convnet)
BATCHES = (32, 48, 64)
predicted = [small_book.training(batch, "adam") for batch in BATCHES]
print(predicted[-1])

# %% [markdown]
# **Predict:** when the batch doubles, does the measured peak double? And on which side of the prediction will it lie?
#
# The measurement starts a fresh Python for each batch, warms TensorFlow up, trains the network for two steps, and
# watches how much memory the process holds at its peak.

# %%
measured = [measure_training_peak(convnet, batch, "adam") for batch in progress.bar(BATCHES, "measuring")]
peaks = [m.added for m in measured]
ratio = peaks[-1] / predicted[-1].total
plot.show(
    figures.predicted_against_measured(BATCHES, predicted, peaks),
    alt=f"Predicted memory, stacked by part, and measured peaks at batch 32, 48 and 64. Both grow along a line, the measured one higher "
    f"by a nearly constant step; at batch 64 it is {ratio:.2f} times the prediction.",
)
results.record("measured peak / prediction, batch 64", ratio, "×")

# %% [markdown]
# ### Exercise: What grows with the batch
# Two peaks at two batches give a line. Its slope is the memory of one example; the rest would be there with no example at all.
# Write the function; then compare the slope below with what the ledger says of one example.


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
per_example = (peaks[2] - peaks[0]) / (BATCHES[2] - BATCHES[0]) / 1e6
rest = peaks[2] / 1e6 - per_example * BATCHES[2]
counted = (predicted[2].total - predicted[0].total) / (BATCHES[2] - BATCHES[0]) / 1e6
fixed = predicted[2].total / 1e6 - counted * BATCHES[2]
print(f"one example:  counted {counted:5.2f} MB, measured {per_example:5.2f} MB")
print(f"all the rest: counted {fixed:5.1f} MB, measured {rest:5.1f} MB")
results.record("memory of one example, measured / counted", per_example / counted, "×")

# %% [markdown]
# The slope is nearly what the ledger counts. The step between the two lines has other reasons, and they have names:
#
# - the library's **workspace**: for a convolution it copies its input, or pieces of it, into an order that suits the processor.
#   oneDNN, TensorFlow's faster library, keeps the most copies. It is switched off in this measurement: with it an example takes
#   more than the ledger counts. Speed is bought with memory;
# - the **batch** lies there twice, once as a NumPy array and once as a tensor;
# - the **program**: the traced graph of the training step, compiled kernels, the stacks and buffers of the threads. That part does
#   not grow with the batch, so it weighs less the more you train on.
#
# A prediction within a factor of 1.5 tells you whether a batch fits *before* you pay for the card. That is what a ledger is for.

# %% [markdown]
# ## 8 · What you take with you
#
# - Parameters sit where dense layers are; activations sit where the map is large; work sits in between.
# - Training pays for parameters once (×2 to ×4) and for activations with every example. So a small network can need the larger card.
# - Mixed precision halves the activations, not the bill. A pooled head removes most of VGG's parameters.
# - A number in a table is a claim. Recompute it.

# %% tags=["nbval-check-output"]
check.report()
