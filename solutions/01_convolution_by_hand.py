# %% [markdown]
# # Lab 01 · Convolution by hand
#
# **What does a convolutional layer compute, and can you write it as fast as the library?**
#
# You begin with one window and one number. At the end you have a whole layer, its gradients, and a stopwatch.
# NumPy does the work. TensorFlow appears only to compare.
#
# You will be able to
#
# - say what a dense layer costs on a photograph, and what it cannot see;
# - compute a feature map by hand, and tell correlation from convolution;
# - predict the size of any output, with padding, stride, dilation and transposition;
# - write the layer in several ways, measure them, and say where the time goes;
# - design kernels, read feature maps, and say what pooling keeps and what it throws away;
# - work out a receptive field and a gradient, and check both against a measurement.
#
# **How it works.** Predict first, then write, then run the check below your answer. A check says ✅ right, ⬜ not attempted yet,
# or ❌ wrong with the likely mistake. Stuck? `check.hint("correlate")` gives a hint; ask again and it says more.
# Every exercise stands alone: skip one and do the next.

# %% tags=["setup"]
import numpy as np
from scipy.signal import convolve2d, correlate2d

from utils import check, data, doctor, plot, results, timing
from utils.lessons.lab01 import figures

check.start("lab01")

# %% [markdown]
# Will everything work on your machine? The doctor knows, and says what to do where it will not.

# %%
doctor.show()

# %% [markdown]
# Two photographs go with you through the lab. They are part of scikit-learn, so they are on your machine already.

# %% tags=["setup"]
photo = data.load_photo("china").astype("float32") / 255  # (427, 640, 3), values in [0, 1]
flower = data.load_photo("flower").astype("float32") / 255
pavilion = photo[110:324, 60:380].mean(axis=2)  # (214, 320), grey

# %%
plot.show(
    plot.images([photo, flower, pavilion], ["photo", "flower", "pavilion"], size=3.3, vmin=0, vmax=1),
    alt="The three pictures of this lab: a Chinese pavilion by a lake, an orange dahlia, and a grey crop of the pavilion.",
)

# %% [markdown]
# ## 1 · Why not a dense layer?
#
# A photograph from a small camera has 480 rows, 640 columns and 3 channels. The plain idea: flatten it and connect
# every value to every one of 1000 units, `Dense(1000)`. Each unit has a bias.
#
# The other idea: `Conv2D(64, 3)`, which is 64 filters. Each looks at a window of 3×3 pixels in all 3 channels, and uses
# *the same* weights at every place. Each filter has a bias.
#
# ### Exercise: Parameters
# How many parameters does each of the two layers have? Guess the order of magnitude first, then write the products.

# %%
# The dense layer on the 640×480 photograph, and the layer with 64 filters of 3×3.
### BEGIN SOLUTION
n_dense = 480 * 640 * 3 * 1000 + 1000
n_conv = (3 * 3 * 3 + 1) * 64
### END SOLUTION

# %%
check.answer("parameters", n_dense, n_conv)

# %% [markdown]
# You need not believe a formula. Keras counts too: the convolution on the full photograph, and the dense layer on a
# thumbnail of 48×64 pixels (the full one would need gigabytes for its weights alone).

# %%
import keras

conv = keras.layers.Conv2D(64, 3)
conv.build((None, 480, 640, 3))
dense = keras.layers.Dense(1000)
dense.build((None, 48 * 64 * 3))
per_unit = 480 * 640 * 3 + 1
print(f"Conv2D(64, 3), any size of photograph: {conv.count_params():>13,} parameters")
print(f"Dense(1000) on 48×64×3:                {dense.count_params():>13,} parameters")
print(f"Dense(1000) on 480×640×3:              {1000 * per_unit:>13,} parameters = {4 * 1000 * per_unit / 1e9:.2f} GB")
results.record("Dense(1000) on a 640×480 photograph, parameters", 1000 * per_unit)

# %% [markdown]
# The count is only half of it. **Predict:** shuffle the pixels of the photograph, all photographs in the same way.
# How much harder does that make the task for a dense layer?

# %%
rng = np.random.default_rng(0)
small = photo[::8, ::8]  # (54, 80, 3)
order = rng.permutation(small.size)
weights = rng.normal(size=(small.size, 10))
original = small.ravel() @ weights
shuffled = small.ravel()[order] @ weights[order]  # the same weights, in the new order
print(f"largest difference between the two dense layers: {np.abs(original - shuffled).max():.1e}")

mixed = small.reshape(-1, 3)[rng.permutation(len(small) * small.shape[1])].reshape(small.shape)
plot.show(
    figures.shuffled(small, mixed),
    alt="A photograph and the same pixels shuffled. Edges of the photograph are thin lines; edges of the shuffled pixels are noise.",
)

# %% [markdown]
# No harder at all. For every dense layer on photographs there is one on shuffled pixels with the same outputs. It does not
# know which pixels are neighbours. You know, so a layer should be told: look at **neighbours only**, and use **the same
# weights everywhere**, because a roof is a roof wherever it stands. Those two conditions are the whole idea.

# %% [markdown]
# ## 2 · One window, one number
#
# Put the kernel on a window of the image. Multiply cell by cell, add everything up, write the sum down, move on.

# %% tags=["setup"]
GRID = np.array([[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]])
KERNEL = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]])

# %%
plot.show(
    figures.worked_grid(GRID, KERNEL, row=1, column=2),
    alt="A 3×3 window on a 5×5 grid, the kernel, and the nine products. Their sum is the one value of the output at row 1, column 2.",
)

# %% [markdown]
# Do the window at row 0, column 0 with a pencil before you go on. Your code will tell you whether the pencil was right.
#
# ### Exercise: Correlation with two loops
# Write `correlate(image, kernel)`. Only windows that lie inside the image count. Images and kernels need not be square.
# Two loops over the places; the inside of a window may be one line of NumPy.


# %%
def correlate(image, kernel):
    """Slide `kernel` (F, G) over `image` (H, W); return the sums of products, (H − F + 1, W − G + 1)."""
    ### BEGIN SOLUTION
    height, width = kernel.shape
    feature_map = np.zeros((image.shape[0] - height + 1, image.shape[1] - width + 1))
    for i in range(feature_map.shape[0]):
        for j in range(feature_map.shape[1]):
            feature_map[i, j] = np.sum(image[i : i + height, j : j + width] * kernel)
    return feature_map
    ### END SOLUTION


# %%
check.answer("correlate", correlate)

# %% [markdown]
# The same nine numbers, three more times: SciPy, TensorFlow and Keras. Each speaks of *images* and *kernels* with different axes.

# %%
import tensorflow as tf

image_4d = GRID[None, :, :, None].astype("float32")  # (1 image, 5 rows, 5 columns, 1 channel)
kernel_4d = KERNEL[:, :, None, None].astype("float32")  # (3 rows, 3 columns, 1 channel, 1 filter)
layer = keras.layers.Conv2D(1, 3, use_bias=False)
layer.build(image_4d.shape)
layer.set_weights([kernel_4d])

# %% tags=["nbval-check-output"]
print("scipy.signal.correlate2d\n", correlate2d(GRID, KERNEL, mode="valid"))
print("tf.nn.conv2d\n", tf.nn.conv2d(image_4d, kernel_4d, strides=1, padding="VALID").numpy()[0, :, :, 0].astype(int))
print("keras.layers.Conv2D\n", np.asarray(layer(image_4d))[0, :, :, 0].astype(int))

# %% [markdown]
# ### Exercise: A test that tests
# You compared nine numbers by eye. Programs should do it. A well-known course checks its students' layers with
#
# `if (output != expected).all(): print("wrong")`
#
# Take an `output` in which one value of nine is wrong. What does this line do? Write a comparison that works.


# %%
def agree(output, expected, tolerance=1e-4):
    """True if two arrays have the same shape and no value differs by more than `tolerance`; a NaN never agrees."""
    ### BEGIN SOLUTION
    return output.shape == expected.shape and np.all(np.abs(output - expected) <= tolerance)
    ### END SOLUTION


# %%
check.answer("agree", agree)

# %% [markdown]
# ## 3 · Correlation or convolution?
#
# What you wrote is called *cross-correlation*. In mathematics, *convolution* first turns the kernel by 180°:
#
# $$\text{correlation: } \sum_{a,b} k_{a,b}\, x_{i+a,\,j+b} \qquad\qquad \text{convolution: } \sum_{a,b} k_{a,b}\, x_{i-a,\,j-b}$$
#
# Some lecture notes write an equals sign between the two. On the worked grid, with the kernel turned:

# %% tags=["nbval-check-output"]
print("correlation\n", correlate2d(GRID, KERNEL, mode="valid"))
print("convolution\n", convolve2d(GRID, KERNEL, mode="valid"))

# %% tags=["setup"]
KERNELS = {
    "blur": np.ones((3, 3)) / 9,
    "sobel x": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "sobel y": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "laplace": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "line": np.array([[0, 1, 0], [0, 1, 0], [0, 1, 0]]),
    "diagonal": np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    "corner": np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0]]),
}

# %% [markdown]
# ### Exercise: Which of the two does Keras compute?
# The layer is named `Conv2D`, the function `tf.nn.conv2d`. Answer two questions:
#
# - `kind`: does it compute `"correlation"` or `"convolution"`? Decide by the numbers above, not by the name.
# - `blind`: a list of the names in `KERNELS` with which *no* image could ever show you the difference.

# %%
### BEGIN SOLUTION
kind = "correlation"
blind = [name for name, kernel in KERNELS.items() if np.array_equal(kernel, kernel[::-1, ::-1])]
### END SOLUTION

# %%
check.answer("keras_computes", kind, blind)

# %% [markdown]
# The cleanest experiment is an image with a single 1. **Predict** what Keras makes of it: the kernel, or the kernel turned?

# %%
impulse = np.zeros((5, 5), "float32")
impulse[2, 2] = 1
answered = np.asarray(layer(impulse[None, :, :, None]))[0, :, :, 0]
plot.show(
    figures.grids({"image": impulse, "kernel": KERNEL, "Keras answers": answered}),
    alt="An image with one 1 in its middle, the kernel, and the answer of Keras, which is the kernel turned by 180 degrees.",
)

# %% [markdown]
# It answers with the kernel *turned*. That looks like convolution, and it is the opposite: a window that lies further left has
# the 1 further right inside it. A true convolution would have copied the kernel as it is.
#
# So deep learning says convolution and computes correlation. Does it matter? A layer that learns its kernels learns them turned, and
# nothing is lost. It matters when you carry kernels from one library to another, and in section 11, where the
# true convolution comes back.

# %% [markdown]
# ## 4 · How large is the output?
#
# A *stride* of S moves the window by S pixels at a time. *Padding* P adds P rows and columns of zeros on each side.
# Only whole windows count.
#
# ### Exercise: Predict six sizes
# Width W, kernel F, stride S, padding P on both sides. How many columns has the feature map? Use a pencil and no formula.
#
# | | W | F | S | P |
# |---|---|---|---|---|
# | 1 | 5 | 3 | 1 | 0 |
# | 2 | 8 | 3 | 2 | 0 |
# | 3 | 7 | 3 | 2 | 0 |
# | 4 | 224 | 7 | 2 | 3 |
# | 5 | 227 | 11 | 4 | 0 |
# | 6 | 224 | 11 | 4 | 0 |
#
# The last two are the first layer of AlexNet: the paper says 224, the network needs 227.

# %%
### BEGIN SOLUTION
sizes = [3, 3, 3, 112, 55, 54]
### END SOLUTION

# %%
check.answer("predicted_sizes", sizes)

# %% [markdown]
# ### Exercise: Output size
# Now the formula. Many slides print it without the one operation that cases 2, 4 and 6 need.


# %%
def output_size(width, kernel, stride=1, padding=0):
    """How many windows of `kernel` cells fit into `width` cells with `padding` more on each side."""
    ### BEGIN SOLUTION
    return (width + 2 * padding - kernel) // stride + 1
    ### END SOLUTION


# %%
check.answer("output_size", output_size)

# %% [markdown]
# Keras is asked for the same six. The last column says how many columns of the image no window ever touches.

# %%
for width, kernel, stride, padding in (
    (5, 3, 1, 0),
    (8, 3, 2, 0),
    (7, 3, 2, 0),
    (224, 7, 2, 3),
    (227, 11, 4, 0),
    (224, 11, 4, 0),
):
    shape = keras.layers.Conv2D(1, kernel, strides=stride).compute_output_shape((None, width + 2 * padding, 300, 1))
    unseen = width + 2 * padding - ((shape[1] - 1) * stride + kernel)
    print(f"W={width:<4} F={kernel:<3} S={stride}  P={padding}  → {shape[1]:>3} columns, {unseen} unseen")

# %%
plot.show(
    figures.windows({"width 7: all columns seen": (7, 3, 2, 0, 0), "width 8: the last column is never seen": (8, 3, 2, 0, 0)}),
    alt="Windows of 3 with stride 2. On 7 columns three windows cover everything; on 8 columns the last column is in no window.",
)

# %% [markdown]
# ### Exercise: The padding that TensorFlow calls “same”
# `padding="same"` promises ⌈W/S⌉ outputs and adds as many zeros as that needs, no more. Often that is an odd number, and then
# one side gets one more than the other. **Predict:** which side, and by how much for width 8, kernel 3, stride 2?


# %%
def same_padding(width, kernel, stride):
    """Zeros that TensorFlow adds (before, after) so that there are ⌈width / stride⌉ outputs; the smaller half comes first."""
    ### BEGIN SOLUTION
    outputs = (width + stride - 1) // stride
    total = max((outputs - 1) * stride + kernel - width, 0)
    return total // 2, total - total // 2
    ### END SOLUTION


# %%
check.answer("same_padding", same_padding)

# %% [markdown]
# Is one zero more on one side worth an exercise? Take a kernel `[0, 1, 0]` that only copies the middle of its window, stride 2, and
# an image whose pixels are numbered. Which pixels come through with `same`, and which with one zero on each side, as PyTorch pads?

# %% tags=["nbval-check-output"]
numbered = np.arange(8, dtype="float32").reshape(1, 8, 1)  # (1 signal, 8 columns, 1 channel)
middle = np.array([0, 1, 0], "float32").reshape(3, 1, 1)
both_sides = np.pad(numbered, ((0, 0), (1, 1), (0, 0)))
print("padding='same'   keeps", np.asarray(keras.ops.conv(numbered, middle, 2, "same")).ravel().astype(int))
print("padding=1 + 'valid'   ", np.asarray(keras.ops.conv(both_sides, middle, 2, "valid")).ravel().astype(int))

# %%
plot.show(
    figures.windows(
        {"TensorFlow, same: 0 before, 1 after": (8, 3, 2, 0, 1), "PyTorch, padding=1: 1 before, 1 after": (8, 3, 2, 1, 1)}
    ),
    alt="Windows of 3 with stride 2 on 8 columns. TensorFlow's are centred on columns 1, 3, 5, 7; symmetric padding centres on 0, 2, 4, 6.",
)

# %% [markdown]
# The two pick *different pixels*. Both outputs have four columns, so no shape warns you. Weights carried from one library to the
# other then see a picture that is shifted by one pixel at every such layer. This is why Keras' ResNet pads by hand
# (`ZeroPadding2D`) before its strided layers.

# %% [markdown]
# ## 5 · A whole layer
#
# Three things are missing. A photograph has **channels**: the window is a box of F×G×Cᵢ numbers, the kernel as well, and the sum goes
# over all of them. A layer has **several filters**: each makes one channel of the output. And each unit adds a **bias** and
# applies **relu**. One unit is $\text{relu}(w^\top x + b)$, as in a dense layer; only $x$ is a window.
#
# ### Exercise: A whole layer
# Write `conv_layer`. It must equal `keras.layers.Conv2D` on the photograph within 1e-4. Two loops over the places are enough:
# `np.tensordot(window, kernels, 3)` sums over three common axes at once.


# %%
def conv_layer(image, kernels, bias, stride=1, padding=0):
    """image (H, W, Cᵢ), kernels (F, G, Cᵢ, Cₒ), bias (Cₒ) → relu of the sums, (H', W', Cₒ); zeros pad both sides."""
    ### BEGIN SOLUTION
    padded = np.pad(image, ((padding, padding), (padding, padding), (0, 0)))
    height, width, _, filters = kernels.shape
    rows = (padded.shape[0] - height) // stride + 1
    columns = (padded.shape[1] - width) // stride + 1
    output = np.zeros((rows, columns, filters))
    for i in range(rows):
        for j in range(columns):
            window = padded[i * stride : i * stride + height, j * stride : j * stride + width]
            output[i, j] = np.tensordot(window, kernels, 3) + bias
    return np.maximum(output, 0)
    ### END SOLUTION


# %%
check.answer("conv_layer", conv_layer)

# %% [markdown]
# ### Exercise: The layer as a matrix
# A convolution is linear, so it is a matrix. Flatten the image; each row of the matrix makes one output.
# Where the window lies, the row holds the kernel; everywhere else it holds zeros. (With one dimension this is a *Toeplitz* matrix.)


# %%
def toeplitz(kernel, height, width):
    """The matrix (outputs, height · width) with `matrix @ image.ravel()` = the correlation of the image, flattened."""
    ### BEGIN SOLUTION
    rows, columns = height - kernel.shape[0] + 1, width - kernel.shape[1] + 1
    matrix = np.zeros((rows, columns, height, width))
    for i in range(rows):
        for j in range(columns):
            matrix[i, j, i : i + kernel.shape[0], j : j + kernel.shape[1]] = kernel
    return matrix.reshape(rows * columns, height * width)
    ### END SOLUTION


# %%
check.answer("toeplitz", toeplitz)

# %% [markdown]
# The library can draw it too: column $n$ is what it makes of an image with a single 1 at place $n$.

# %%
units = np.eye(25).reshape(25, 5, 5)
matrix = np.stack([correlate2d(unit, KERNEL, mode="valid").ravel() for unit in units], axis=1)  # (9, 25)
plot.show(
    figures.matrix(matrix),
    alt="The 9×25 matrix of the worked convolution: each row holds the same nine weights, moved to another place, and zeros elsewhere.",
)
print(f"{np.mean(matrix == 0):.0%} zeros here; on a 224×224 image {1 - 9 / 224**2:.3%} of the entries lie outside the window.")

# %% [markdown]
# So a convolution *is* a dense layer with two conditions. Most weights are fixed at zero: that is **locality**. All rows share
# the others: that is **weight sharing**. It can compute nothing that a dense layer cannot. It has to learn far less.

# %% [markdown]
# ## 6 · The same layer, several ways
#
# The layer of this section is a real one, from the middle of VGG-16: 56×56 pixels, 128 channels in, 256 out, kernels of 3×3.
# **Predict, and write it down:** how many times slower than TensorFlow will your NumPy be?
#
# ### Exercise: Fast, in NumPy
# Write it without a Python loop over the places. Bias and relu are left out, stride is 1, padding 0.
# `np.lib.stride_tricks.sliding_window_view` shows all windows of an array without copying one of them.


# %%
def conv_fast(image, kernels):
    """image (H, W, Cᵢ), kernels (F, G, Cᵢ, Cₒ) → the sums, (H − F + 1, W − G + 1, Cₒ), with no loop over the places."""
    ### BEGIN SOLUTION
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))  # (H', W', Cᵢ, F, G)
    return np.tensordot(windows, kernels, axes=((3, 4, 2), (0, 1, 2)))
    ### END SOLUTION


# %%
check.answer("conv_fast", conv_fast)

# %% [markdown]
# Here are the other ways. The plainest has six loops and nothing else. The oldest trick, *im2col*, copies every window into a row
# of a matrix; then the whole layer is one matrix product.


# %%
def plain_loops(image, kernels):
    """Six loops over Python numbers."""
    (height, width, channels), (rows, columns, _, filters) = image.shape, kernels.shape
    image, weights = image.tolist(), kernels.tolist()
    output = np.zeros((height - rows + 1, width - columns + 1, filters))
    for i, j, f in np.ndindex(output.shape):
        total = 0.0
        for a in range(rows):
            for b in range(columns):
                for c in range(channels):
                    total += image[i + a][j + b][c] * weights[a][b][c][f]
        output[i, j, f] = total
    return output


def im2col(image, kernels):
    """All windows copied into the rows of a matrix, then one matrix product."""
    (rows, columns, _, filters) = kernels.shape
    height, width = image.shape[0] - rows + 1, image.shape[1] - columns + 1
    shifted = [image[a : a + height, b : b + width] for a in range(rows) for b in range(columns)]
    patches = np.concatenate(shifted, axis=2)  # (H', W', F·G·Cᵢ)
    return (patches.reshape(height * width, -1) @ kernels.reshape(-1, filters)).reshape(height, width, filters)


# %% [markdown]
# The library's way, and your own ones in the same form. A way that is not written yet is left out of the race, and so is one that
# computes something else.


# %%
def tensorflow(image, kernels):
    return tf.nn.conv2d(image[None], kernels, strides=1, padding="VALID")[0].numpy()


def your_loops(image, kernels):
    return sum(correlate(image[:, :, c], kernels[:, :, c, 0]) for c in range(image.shape[2]))[:, :, None]


def your_layer(image, kernels):
    shifted = conv_layer(image, kernels, np.full(kernels.shape[3], 1e3))  # a bias so large that relu does nothing
    return shifted - 1e3


def your_matrix(image, kernels):
    output = toeplitz(kernels[:, :, 0, 0], *image.shape[:2]) @ image[:, :, 0].ravel()
    return output.reshape(image.shape[0] - kernels.shape[0] + 1, -1, 1)


# %% [markdown]
# First heat: one small grid for all, 28×28 pixels, one channel, one filter of 5×5.

# %%
rng = np.random.default_rng(0)
grid, one_filter = rng.normal(size=(28, 28, 1)).astype("float32"), rng.normal(size=(5, 5, 1, 1)).astype("float32")
ways = {"tf.nn.conv2d": tensorflow, "im2col": im2col, "six plain loops": plain_loops}
ways |= {"your conv_fast": conv_fast, "your correlate": your_loops, "your conv_layer": your_layer, "your matrix": your_matrix}
times, left_out = timing.race(ways, grid, one_filter)
adds = 24 * 24 * 5 * 5
plot.show(
    figures.race(times, adds, "28×28×1, one 5×5 filter"),
    alt="Milliseconds of each way on a small grid, on a logarithmic axis, from a fraction of a millisecond with one product to many with loops.",
)
print("\n".join(f"{name}: {reason}" for name, reason in left_out.items()) or "All ways compute the same.")

# %% [markdown]
# On a grid this small you measure *calls*, not arithmetic. A call of NumPy or TensorFlow costs microseconds before it adds a single
# number, so a loop that calls NumPy for each window of 25 cells may lose even to six plain loops.
#
# Second heat: the real layer. The loops over single numbers would take too long, so they are measured on a small piece and
# *extrapolated* by the number of multiply-adds. Everything else is measured.

# %%
image = np.pad(rng.normal(size=(56, 56, 128)), ((1, 1), (1, 1), (0, 0))).astype("float32")
weights = rng.normal(size=(3, 3, 128, 256)).astype("float32")
ways = {"tf.nn.conv2d": tensorflow, "im2col": im2col, "your conv_fast": conv_fast}
times, left_out = timing.race(ways, image, weights, repeats=15)
slow, why = timing.race({"tf.nn.conv2d": tensorflow, "your conv_layer": your_layer}, image, weights, repeats=1)
piece, _ = timing.race({"six plain loops (extrapolated)": plain_loops}, image[:6, :6, :16], weights[:, :, :16, :16], repeats=3)
adds, piece_adds = 56 * 56 * 9 * 128 * 256, 4 * 4 * 9 * 16 * 16
times = slow | times | {name: value * adds / piece_adds for name, value in piece.items()}

# %%
plot.show(
    figures.race(times, adds, "56×56×128 → 256, 3×3"),
    alt="Milliseconds on a real layer, on a logarithmic axis. The NumPy ways and TensorFlow lie together; plain loops are thousands of times slower.",
)
print(f"{'way':32} milliseconds   billion multiply-adds a second")
for name, milliseconds in sorted(times.items(), key=lambda item: item[1]):
    print(f"{name:32} {milliseconds:12,.1f} {adds / milliseconds / 1e6:12.3g}")
for name, reason in (left_out | why).items():
    print(f"{name:32} {reason}")
if "your conv_fast" in times:
    ratio = times["your conv_fast"] / times["tf.nn.conv2d"]
    results.record("time of conv_fast over tf.nn.conv2d", ratio, "×")  # make bench holds it to 1.5

# %% [markdown]
# **Compare with what you wrote down.** A ratio near 1 says that two lines of NumPy keep up with the library. That is less magic than it
# seems: all fast ways end in one large matrix product (printed below), and that product runs in a library which uses every core and the
# vector units of your processor. The loops do the same multiply-adds one Python object at a time.
#
# What the library can really save is **memory**. To make the product, NumPy copies every pixel up to nine times:

# %%
places, values = 56 * 56, 9 * 128
print(f"the product: ({places} × {values}) · ({values} × 256)")
print(f"the image: {image.nbytes / 1e6:.1f} MB; all its windows, copied: {4 * places * values / 1e6:.1f} MB")

# %% [markdown]
# ## 7 · Filters made by hand
#
# Before kernels were learned they were designed. A kernel is a question to each window: *how much do you look like me?*
#
# ### Exercise: Four kernels by hand
# - `line`, 7×7: all zeros but for the central column, which is full of ones. It asks for a bright vertical line.
# - `edge`, 3×3: positive where it is dark on the left and bright on the right; 0 on flat areas and along horizontal edges.
# - `blur`, 5×5: the average of the window.
# - `sharpen`, 3×3: keeps flat areas as they are and exaggerates every step, in all four directions alike.
#
# There is more than one right `edge` and `sharpen`. The check looks at what they do.

# %%
### BEGIN SOLUTION
line = np.zeros((7, 7))
line[:, 3] = 1
edge = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
blur = np.full((5, 5), 1 / 25)
sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
### END SOLUTION

# %%
check.answer("kernels", line, edge, blur, sharpen)

# %% [markdown]
# SciPy has such filters ready made. Here they are on the pavilion, without their names.

# %%
from scipy import ndimage

maps = {
    "horizontal edges": ndimage.sobel(pavilion, axis=0),
    "sharpen": np.clip(pavilion - ndimage.laplace(pavilion), 0, 1),
    "vertical edges": ndimage.sobel(pavilion, axis=1),
    "blur": ndimage.uniform_filter(pavilion, 5),
}
plot.show(
    figures.pictures(maps, letters="ABCD"),
    alt="Four feature maps of the pavilion, A to D. Two look like photographs, one crisp and one soft; two are grey with light and dark strokes.",
)

# %% [markdown]
# ### Exercise: Read four feature maps
# Which filter made which map? Use `"blur"`, `"sharpen"`, `"vertical edges"` and `"horizontal edges"`. In A and C, grey is 0,
# white is positive and black is negative.

# %%
### BEGIN SOLUTION
reading = {"A": "horizontal edges", "B": "sharpen", "C": "vertical edges", "D": "blur"}
### END SOLUTION

# %%
check.answer("read_maps", reading)

# %% [markdown]
# Now the 7×7 line, on both photographs. Where the map is bright, seven pixels in a column are bright. **Predict** what it makes of
# a sky, which is bright everywhere. Then subtract the mean from the kernel, so that its sum is 0, and look again.

# %%
column = np.zeros((7, 7))
column[:, 3] = 1
grey = flower.mean(axis=2)
pictures = {
    "pavilion, line 7×7": correlate2d(pavilion, column, mode="valid"),
    "pavilion, line − mean": np.maximum(correlate2d(pavilion, column - column.mean(), mode="valid"), 0),
    "flower, line 7×7": correlate2d(grey, column, mode="valid"),
    "flower, line − mean": np.maximum(correlate2d(grey, column - column.mean(), mode="valid"), 0),
}
plot.show(
    figures.pictures(pictures),
    alt="The 7×7 line alone smears both pictures downwards and answers most to the sky. With its mean subtracted it shows thin vertical lines only.",
)

# %% [markdown]
# The plain line answers loudest to the bright sky, where there is no line at all: more light, larger sum. With sum 0, only the
# *pattern* counts, and relu keeps only what looks like the kernel. Filters that networks learn in their
# first layer look much like these, edges and blobs of colour.

# %% [markdown]
# ## 8 · Pooling
#
# Pooling makes the map smaller: one number for each window, usually the largest (*max*) or the mean (*average*). Each channel is pooled for
# itself, and the layer has nothing to learn:

# %%
pooling = keras.layers.MaxPooling2D(2)
pooling.build((None, 56, 56, 256))
print(f"{pooling.count_params()} parameters; (56, 56, 256) becomes {pooling.compute_output_shape((None, 56, 56, 256))[1:]}")

# %% [markdown]
# ### Exercise: Pooling
# `how` is `np.max` or `np.mean`. Windows that do not fit are left out, as before. **Predict:** which shape has a 7×10 map after windows
# of 3 with stride 2?


# %%
def pool(feature_map, size, stride, how):
    """feature_map (H, W, C) → `how` over each size×size window and each channel, (H', W', C)."""
    ### BEGIN SOLUTION
    rows = (feature_map.shape[0] - size) // stride + 1
    columns = (feature_map.shape[1] - size) // stride + 1
    pooled = np.zeros((rows, columns, feature_map.shape[2]))
    for i in range(rows):
        for j in range(columns):
            window = feature_map[i * stride : i * stride + size, j * stride : j * stride + size]
            pooled[i, j] = how(window, axis=(0, 1))
    return pooled
    ### END SOLUTION


# %%
check.answer("pool", pool)

# %% [markdown]
# ### Exercise: Average pooling is a convolution
# With which kernels (F, F, C, C) is a convolution with stride F the same as average pooling? Mind the channels.


# %%
def average_kernel(size, channels):
    """The kernels (size, size, channels, channels) with which a convolution computes average pooling."""
    ### BEGIN SOLUTION
    kernels = np.zeros((size, size, channels, channels))
    for c in range(channels):
        kernels[:, :, c, c] = 1 / size**2
    return kernels
    ### END SOLUTION


# %%
check.answer("average_kernel", average_kernel)

# %% [markdown]
# ### Exercise: Why max pooling is no convolution
# A convolution without bias is linear: turn the sign of a window, and the answer turns its sign.
#
# - `window`: two numbers such that max(window) is 1 and max(−window) is 1 as well. One such window is a proof.
# - `maximum(a, b)`: one layer cannot do it. Write the larger of two numbers with `relu`, `+` and `−` only: that is what *two* layers
#   can do.


# %% tags=["setup"]
def relu(x):
    return np.maximum(x, 0)


# %%
### BEGIN SOLUTION
window = [1, -1]
### END SOLUTION


def maximum(a, b):
    """The larger of a and b, elementwise."""
    ### BEGIN SOLUTION
    return a + relu(b - a)
    ### END SOLUTION


# %%
check.answer("max_is_not_linear", window, maximum)

# %% [markdown]
# ### A, B, C and D
# “Pooling makes a network invariant to shifts.” How true is that? Here is a line, and the same line one pixel to the right (B), two to the
# right (C) and one to the left (D).

# %% tags=["setup"]
shifts = {"A": 2, "B": 3, "C": 4, "D": 1}  # the column of the line
pictures_abcd = {name: np.zeros((6, 6), int) for name in shifts}
for name, picture in pictures_abcd.items():
    picture[1:5, shifts[name]] = 1

# %%
plot.show(
    figures.grids(pictures_abcd),
    alt="Four 6×6 pictures of a vertical line, four pixels long in rows 1 to 4: in column 2 (A), 3 (B), 4 (C) and 1 (D).",
)

# %% [markdown]
# ### Exercise: A, B, C and D
# Each picture goes through max pooling, size 2, stride 2. The result has nine values. How many of the nine
# differ from A's? Answer with a dictionary, `{"B": …, "C": …, "D": …}`.

# %%
### BEGIN SOLUTION
changed = {"B": 0, "C": 6, "D": 6}
### END SOLUTION

# %%
check.answer("shifted_pictures", changed)

# %%
pooled = {
    f"{name}, pooled": np.asarray(keras.ops.max_pool(picture[None, :, :, None].astype("float32"), 2))[0, :, :, 0]
    for name, picture in pictures_abcd.items()
}
plot.show(
    figures.grids(pooled),
    alt="The pooled pictures: A and B are the same. C has its line in the last column, D in the first.",
)

# %% [markdown]
# B is the lucky case that slides like to show: the line stayed inside its windows. One pixel the *other* way, and everything has
# changed. Invariance is partial, so measure it. The pavilion moves by d pixels, goes through an edge filter, relu and pooling, and you
# ask how much the result has changed: $\lVert f(x_d) - f(x_0)\rVert \,/\, \lVert f(x_0)\rVert$. **Draw your curve before you run it.**

# %%
edge_filter = KERNELS["sobel x"].astype("float32")[:, :, None, None]


def features(offset, size, kind):
    """The edge map of a 160×160 crop that begins `offset` pixels further right, pooled."""
    crop = np.ascontiguousarray(pavilion[20:180, 40 + offset : 200 + offset])[None, :, :, None]
    feature_map = keras.ops.relu(keras.ops.conv(crop, edge_filter, padding="same"))
    pooling = keras.ops.max_pool if kind == "max" else keras.ops.average_pool
    return np.asarray(pooling(feature_map, size)) if size > 1 else np.asarray(feature_map)


offsets = range(9)
kinds = {"no pooling": (1, "max"), "max 2": (2, "max"), "max 8": (8, "max"), "average 8": (8, "average")}
change = {
    name: [float(np.linalg.norm(features(d, *kind) - features(0, *kind)) / np.linalg.norm(features(0, *kind))) for d in offsets]
    for name, kind in kinds.items()
}

# %%
plot.show(
    figures.invariance(change, offsets),
    alt="Relative change against shift in pixels. Without pooling one pixel changes the map by more than its length, with 2×2 pooling by two thirds, with 8×8 by a tenth.",
)
moved, stayed = features(1, 1, "max")[:, 1:-1, 1:-2], features(0, 1, "max")[:, 1:-1, 2:-1]
print(f"map of the shifted picture against the shifted map: largest difference {np.abs(moved - stayed).max():.1e}")
for (name, values), (low, high) in zip(change.items(), ((95, 120), (60, 80), (7, 14), (7, 14)), strict=True):
    results.record(f"change after a shift of 1 pixel, {name}", 100 * values[1], "%")

# %% [markdown]
# Two different words, then. The convolution itself is **equivariant**: shift the picture, and the map shifts along, exactly (the
# printed difference). It is not invariant at all: one pixel, and the map has changed by more than its own length. The usual 2×2 pooling
# hardly helps. A window of 8×8 does, up to a shift of a pixel or two, and pays with resolution. Whether it takes the largest or
# the mean makes little difference here. What slides call invariance is **partial**.
#
# ### Depth-wise pooling
# Pooling can also go over *channels*. Take one edge filter in four directions, and keep the strongest answer at each place.

# %%
directions = [np.rot90(KERNELS["sobel x"], turns) for turns in range(4)]


def strongest(picture):
    """The largest of the four directions' answers at each place."""
    return np.max([correlate2d(picture, kernel, mode="valid") for kernel in directions], axis=0)


turned = np.rot90(pavilion)
one, four = correlate2d(turned, directions[0], mode="valid"), strongest(turned)
print(
    "one direction:  turned picture → turned map?",
    np.allclose(one, np.rot90(correlate2d(pavilion, directions[0], mode="valid")), atol=1e-4),
)
print("depth-wise max: turned picture → turned map?", np.allclose(four, np.rot90(strongest(pavilion)), atol=1e-4))

# %% [markdown]
# A shift inside a window, a turn inside a set of channels: max pooling makes a network indifferent to *whatever the pooled
# values differ in*. What they differ in is your choice.

# %% [markdown]
# ## 9 · What a unit sees
#
# The *receptive field* of a unit is the part of the image that can change it. In the first layer that is the kernel; slides that
# call the kernel's size “the receptive field” are right only there. A unit in the second layer sees a window of units, each of which sees a window.
#
# ### Exercise: Receptive field
# `layers` is a list of (kernel, stride, dilation), from the image upwards; pooling counts like a layer. With *dilation* D, neighbouring
# weights lie D cells apart, so a kernel of F reaches over (F − 1)·D + 1 cells.
# **Predict first:** three 3×3 layers; and 3×3 with stride 2, followed by 3×3.


# %%
def receptive_field(layers):
    """How many pixels wide is the part of the image that one unit behind all `layers` sees?"""
    ### BEGIN SOLUTION
    field, jump = 1, 1  # jump: how far apart, in pixels, neighbouring units are
    for kernel, stride, dilation in layers:
        field += (kernel - 1) * dilation * jump
        jump *= stride
    return field
    ### END SOLUTION


# %%
check.answer("receptive_field", receptive_field)

# %% [markdown]
# Now the measurement. Build the stack, take **one unit in the middle** of its output, and compute the gradient to the image. Where it is
# not zero, the unit sees. All weights are 1, so that nothing cancels.


# %%
def seen(layers, size, initializer="ones"):
    """|gradient| of the middle unit to each pixel of a size×size image, (size, size)."""
    inputs = keras.Input((size, size, 1))
    x = inputs
    for kernel, stride, dilation in layers:
        conv = keras.layers.Conv2D(1, kernel, strides=stride, dilation_rate=dilation, kernel_initializer=initializer)
        x = conv(x)
    model = keras.Model(inputs, x)
    picture = tf.random.stateless_uniform((1, size, size, 1), seed=(0, 0))
    with tf.GradientTape() as tape:
        tape.watch(picture)
        output = model(picture)
        unit = output[0, output.shape[1] // 2, output.shape[2] // 2, 0]
    return np.abs(tape.gradient(unit, picture).numpy()[0, :, :, 0])


# %% [markdown]
# VGG-16 is thirteen 3×3 layers with 2×2 pooling between them. The receptive field does not depend on the channels, so one channel will do.

# %%
three, down = [(3, 1, 1)], [(2, 2, 1)]
vgg16 = three * 2 + down + three * 2 + down + (three * 3 + down) * 2 + three * 3
stacks = {
    "three 3×3": (three * 3, 15),
    "3×3 stride 2, then 3×3": ([(3, 2, 1), *three], 15),
    "3×3, dilations 1, 2, 4": ([(3, 1, 1), (3, 1, 2), (3, 1, 4)], 31),
    "VGG-16, block5_conv3": (vgg16, 240),
}
gradients = {name: seen(layers, size) for name, (layers, size) in stacks.items()}
for (name, gradient), expected in zip(gradients.items(), (7, 7, 15, 196), strict=True):
    results.record(f"receptive field by gradient: {name}", np.count_nonzero(gradient.sum(axis=0)), "pixels")

# %% [markdown]
# A *count* of pixels is not the whole truth. **Predict:** ten 3×3 layers see 21×21 pixels. Do all of them count alike?

# %%
keras.utils.set_random_seed(0)
equal = seen(three * 10, 31)
random = np.mean([seen(three * 10, 31, "glorot_normal") for _ in range(8)], axis=0)
plot.show(
    figures.receptive(equal, random),
    alt="What a unit behind ten 3×3 layers sees: a field of 21×21 pixels, but the gradient is a bell in its middle and nearly zero at the rim.",
)
middle = slice(10, 21)
share = equal[middle, middle].sum() / equal.sum()
results.record("share of the gradient in the middle 11×11 of 21×21", 100 * share, "%")

# %% [markdown]
# The middle quarter of the area carries almost all of the gradient. A pixel in the middle reaches the unit on very many paths, a pixel in
# a corner on one. The *effective* receptive field is a bell, and much smaller than the number you computed.
#
# ### Exercise: Dilation
# Dilation widens the field without a single weight more. Write the dilated kernel out: the same weights with zeros between them.


# %%
def dilate(kernel, dilation):
    """kernel (F, G) → the kernel (…, …) with `dilation` − 1 zeros between neighbouring weights."""
    ### BEGIN SOLUTION
    rows, columns = kernel.shape
    dilated = np.zeros(((rows - 1) * dilation + 1, (columns - 1) * dilation + 1))
    dilated[::dilation, ::dilation] = kernel
    return dilated
    ### END SOLUTION


# %%
check.answer("dilate", dilate)

# %% [markdown]
# Slides say that dilation has “fewer parameters”. Fewer than what? Compare a dilated kernel with a plain one of the same size, and with
# a dense one of the same reach.

# %%
for size, dilation in ((3, 1), (3, 2), (3, 4), (5, 1), (9, 1)):
    layer = keras.layers.Conv2D(1, size, dilation_rate=dilation)
    rows = layer.compute_output_shape((None, 32, 32, 1))[1]
    layer.build((None, 32, 32, 1))
    print(
        f"{size}×{size}, dilation {dilation}: {layer.count_params():>3} parameters, reach {(size - 1) * dilation + 1}, 32 → {rows} rows"
    )

# %% [markdown]
# As many as any kernel of its size; fewer only against the dense kernel of the same reach.

# %% [markdown]
# ## 10 · Upwards: transposed convolution
#
# To draw a picture, a network must go from small maps to large ones. Turn the arrows around: where a convolution *collects* a window into
# one number, the transposed convolution *spreads* one number over a window.
#
# ### Exercise: Transposed convolution
# Each value of the input puts down a copy of the kernel, multiplied by that value, `stride` cells further for each step.
# Copies that overlap add up. How large is the output? Think of where the last copy ends.


# %%
def conv_transpose(feature_map, kernel, stride):
    """feature_map (H, W), kernel (F, G) → ((H − 1)·stride + F, (W − 1)·stride + G), the sum of all copies."""
    ### BEGIN SOLUTION
    (height, width), (rows, columns) = feature_map.shape, kernel.shape
    output = np.zeros(((height - 1) * stride + rows, (width - 1) * stride + columns))
    for i in range(height):
        for j in range(width):
            output[i * stride : i * stride + rows, j * stride : j * stride + columns] += feature_map[i, j] * kernel
    return output
    ### END SOLUTION


# %%
check.answer("conv_transpose", conv_transpose)

# %% [markdown]
# The shapes, as Keras has them. A transposed convolution undoes the *shape* of a convolution, not its values. And where the name comes
# from: it multiplies with the transposed matrix of section 5.

# %%
for size, stride, padding in ((3, 1, "valid"), (3, 2, "valid"), (4, 2, "same"), (2, 2, "valid")):
    up = keras.layers.Conv2DTranspose(1, size, strides=stride, padding=padding)
    print(f"kernel {size}, stride {stride}, {padding:5}:  7 → {up.compute_output_shape((None, 7, 7, 1))[1]}")
small_map = correlate2d(GRID, KERNEL, mode="valid").astype("float32")  # (3, 3)
spread = keras.ops.conv_transpose(small_map[None, :, :, None], kernel_4d)
by_matrix = (matrix.T @ small_map.ravel()).reshape(5, 5)
print("the transposed matrix does the same:", np.allclose(np.asarray(spread)[0, :, :, 0], by_matrix))

# %% [markdown]
# **Predict:** a map that is 1 everywhere, a kernel that is 1 everywhere, stride 2. What does the output look like with a kernel of 3, and
# what with a kernel of 4?

# %%
flat = np.ones((1, 4, 4, 1), "float32")
spreads = {
    f"kernel {size}, stride 2": np.asarray(keras.ops.conv_transpose(flat, np.ones((size, size, 1, 1), "float32"), strides=2))[
        0, :, :, 0
    ]
    for size in (2, 3, 4)
}
plot.show(
    figures.overlaps(spreads),
    alt="How many copies overlap at each place. Kernels 2 and 4 overlap evenly inside; kernel 3 with stride 2 makes a checkerboard of 1, 2 and 4.",
)

# %% [markdown]
# Kernel 3 with stride 2 paints a **checkerboard** although nothing in the input asks for it: some places get four copies, some one.
# Generated images used to show this pattern. Choose a kernel that the stride divides.

# %% [markdown]
# ## 11 · The way back
#
# To learn, a layer needs two gradients. Let $L$ be the loss, $y = $ correlation of $x$ with $k$, and let the layer above hand you
# $g_{i,j} = \partial L/\partial y_{i,j}$. With $y_{i,j} = \sum_{a,b} k_{a,b}\,x_{i+a,\,j+b}$, the chain rule asks: which outputs does this
# number touch, and by how much?
#
# ### Exercise: Gradient to the kernel
# Weight $k_{a,b}$ touches *every* output. Write the sum for $\partial L/\partial k_{a,b}$ on paper, and look at it until you
# recognise an old friend. `correlate2d` and `convolve2d` from SciPy are at hand.


# %%
def kernel_gradient(image, gradient):
    """∂L/∂kernel (F, G) from the image (H, W) and ∂L/∂output (H − F + 1, W − G + 1)."""
    ### BEGIN SOLUTION
    return correlate2d(image, gradient, mode="valid")
    ### END SOLUTION


# %%
check.answer("kernel_gradient", kernel_gradient)

# %% [markdown]
# ### Exercise: Gradient to the image
# Pixel $x_{y,x}$ touches only the outputs whose window it lies in. Think of section 10: each output sends its gradient back to the window it
# saw. **Predict** which of the two comes back here, correlation or true convolution.


# %%
def image_gradient(kernel, gradient):
    """∂L/∂image (H, W) from the kernel (F, G) and ∂L/∂output (H − F + 1, W − G + 1)."""
    ### BEGIN SOLUTION
    return convolve2d(gradient, kernel)
    ### END SOLUTION


# %%
check.answer("image_gradient", image_gradient)

# %% [markdown] tags=["solution-only"]
# **For the instructor.** Weight (a, b): $\partial L/\partial k_{a,b} = \sum_{i,j} g_{i,j}\,x_{i+a,\,j+b}$, a correlation of the image with $g$.
# Pixel (y, x): $\partial L/\partial x_{y,x} = \sum_{i,j} g_{i,j}\,k_{y-i,\,x-j}$, where index and summation index have opposite signs: a true
# convolution, with “full” padding because a pixel at the rim touches few outputs, but touches some. It is the transposed convolution of
# section 10 and the product with the transposed matrix of section 5. Students who flip twice get the right answer; let them say why.

# %% [markdown]
# Two witnesses that know no calculus and no SciPy: the **numerical gradient**, which moves each number a little and looks at the loss,
# and TensorFlow's `GradientTape`. The loss is half the sum of squares of the output, so $g$ is the output itself.


# %%
def numerical_gradient(loss, values, step=1e-4):
    """Central differences: (loss(v + step) − loss(v − step)) / (2 · step) for each number v of `values`."""
    gradient = np.zeros(values.shape)
    for place in np.ndindex(values.shape):
        change = np.zeros(values.shape)
        change[place] = step
        gradient[place] = (loss(values + change) - loss(values - change)) / (2 * step)
    return gradient


def half_squares(image, kernel):
    return 0.5 * np.sum(correlate2d(image, kernel, mode="valid") ** 2)


x, k = tf.constant(image_4d), tf.constant(kernel_4d)
with tf.GradientTape() as tape:
    tape.watch([x, k])
    loss = 0.5 * tf.reduce_sum(tf.nn.conv2d(x, k, strides=1, padding="VALID") ** 2)
to_image, to_kernel = (np.squeeze(g.numpy()) for g in tape.gradient(loss, [x, k]))

# %%
by_differences = {
    "kernel": (to_kernel, numerical_gradient(lambda v: half_squares(GRID, v), KERNEL.astype(float))),
    "image": (to_image, numerical_gradient(lambda v: half_squares(v, KERNEL), GRID.astype(float))),
}
for name, (tape_says, differences_say) in by_differences.items():
    print(f"gradient to the {name}, GradientTape:\n{tape_says.astype(int)}")
    results.record(f"tape against differences, {name}: largest deviation", np.abs(tape_says - differences_say).max())
way_back = {"kernel": lambda g: kernel_gradient(GRID, g), "image": lambda g: image_gradient(KERNEL, g)}
output = correlate2d(GRID, KERNEL, mode="valid")
for name, yours in way_back.items():
    _, left_out = timing.race({"tape": lambda g, name=name: by_differences[name][0], "yours": yours}, output, repeats=1)
    print(f"your gradient to the {name}: {left_out.get('yours', 'the same')}")

# %% [markdown]
# **The circle closes.** Forward, a layer computes a correlation and is called convolution. Backward, the gradient to the image is a true
# convolution, the kernel flipped. You can read it off the matrix of section 5: forward multiplies with $T$, backward with $T^\top$.
#
# Does it learn? Hide an edge filter, show only the photograph and the filtered photograph, and begin with zeros.

# %%
hidden = KERNELS["sobel x"].astype("float32")
picture = pavilion[::4, ::4][None, :, :, None]
target = keras.ops.conv(picture, hidden[:, :, None, None])
learned = tf.Variable(tf.zeros((3, 3, 1, 1)))
optimizer = keras.optimizers.Adam(0.1)
snapshots = {}
for step in range(201):
    if step in (0, 10, 50, 200):
        snapshots[f"step {step}"] = learned.numpy()[:, :, 0, 0]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.nn.conv2d(picture, learned, 1, "VALID") - target) ** 2)
    optimizer.apply([tape.gradient(loss, learned)], [learned])
plot.show(
    figures.grids({**snapshots, "hidden": hidden}, format=".1f"),
    alt="The learned kernel after 0, 10, 50 and 200 steps, and the hidden one. It begins with zeros and ends as the Sobel filter.",
)
results.record("learned against hidden kernel, largest deviation", np.abs(snapshots["step 200"] - hidden).max())

# %% [markdown]
# Nobody told the layer about edges. A photograph, a target and the gradient that you wrote were enough.

# %% [markdown]
# ## 12 · What you have shown
#
# A convolutional layer is a dense layer that looks at neighbours only and uses the same weights everywhere. You wrote it with loops, as a
# matrix and in two fast lines; you know its size, its field, its gradients, and what it costs. In Lab 02 you
# train with it.

# %% tags=["nbval-check-output"]
check.report()
