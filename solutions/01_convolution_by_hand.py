# %% [markdown]
# # Lab 01 · Convolution by hand
#
# **What does a convolutional layer compute, and can you write it as fast as the
# library does?**
#
# You begin with one window and one number. By the end you have a whole layer, its
# gradients and a stopwatch. NumPy does the work; TensorFlow appears only for
# comparison.
#
# After this lab you can
#
# - say what a dense layer costs on a photograph, and what it cannot see;
# - compute a feature map by hand, and tell correlation from convolution;
# - predict the size of any output, with padding, stride, dilation and transposition;
# - write the layer in several ways, time them, and say where the time goes;
# - design kernels, read feature maps, and say what pooling keeps and what it discards;
# - work out a receptive field and a gradient, and check both against a measurement.
#
# **How it works.** Predict first, then write your answer, then run the check below it.
# A check says ✅ right, ⬜ not attempted yet, or ❌ wrong with the likely mistake.
# Stuck? `check.hint("correlate")` gives a hint for the exercise `correlate`; ask again
# for a stronger one. No exercise depends on another: you can skip one and do the next.
# A function that you write must leave the arrays that it is given unchanged.
#
# **You will learn** to write a convolutional layer from scratch, to predict its size,
# cost, receptive field and gradients, and to check each by measurement.

# %% tags=["setup"]
import numpy as np
from scipy.signal import convolve2d, correlate2d

from utils import check, data, doctor, plot, results, timing
from utils.lessons.lab01 import figures

check.start("lab01")

# %% [markdown]
# Will everything work on your machine? The doctor examines it, and says what to do if
# something is missing.

# %%
doctor.show()

# %% [markdown]
# Two photographs accompany you through the lab. They come with scikit-learn, so they
# are already on your machine.

# %% tags=["setup"]
photo = data.load_photo("china").astype("float32") / 255  # (427, 640, 3), 0 to 1
flower = data.load_photo("flower").astype("float32") / 255  # (427, 640, 3), 0 to 1
pavilion = photo[110:324, 60:380].mean(axis=2)  # (214, 320), grey

# %%
plot.show(
    plot.images(
        [photo, flower, pavilion],
        ["photo", "flower", "pavilion"],
        size=3.3,
        vmin=0,
        vmax=1,
    ),
    alt="The three pictures of this lab: a Chinese pavilion by a lake, "
    "an orange dahlia, and a grey crop of the pavilion.",
)

# %% [markdown]
# ## 1 · Why not a dense layer?
#
# A photograph from a small camera has 480 rows, 640 columns and 3 channels. The obvious
# idea is to flatten it and connect every value to each of 1000 units: `Dense(1000)`.
# Each unit has a bias.
#
# The other idea is `Conv2D(64, 3)`: 64 filters. Each filter looks at windows of 3×3
# pixels in all 3 channels, and uses *the same* weights in every window. Each filter has
# a bias.
#
# ### Exercise: Parameters
# How many parameters does each of the two layers have? Guess the order of magnitude
# first. Then assign the two numbers to `n_dense` and `n_conv`, written as products so
# that you can see where they come from.

# %%
# The dense layer on the 640×480 photograph, and the layer of 64 filters of 3×3.
### BEGIN SOLUTION
n_dense = 480 * 640 * 3 * 1000 + 1000
n_conv = (3 * 3 * 3 + 1) * 64
### END SOLUTION

# %%
check.answer("parameters", n_dense, n_conv)

# %% [markdown]
# You need not trust a formula. Keras can count the convolution on the full photograph,
# and the dense layer on a thumbnail of 48×64 pixels. (For the full photograph, the
# weights of the dense layer alone would need gigabytes.)

# %% tags=["nbval-check-output"]
import keras

conv = keras.layers.Conv2D(64, 3)
conv.build((None, 480, 640, 3))
dense = keras.layers.Dense(1000)
dense.build((None, 48 * 64 * 3))
full = (480 * 640 * 3 + 1) * 1000
print(f"Conv2D(64, 3), photograph of any size: {conv.count_params():>13,} parameters")
print(f"Dense(1000) on 48×64×3:                {dense.count_params():>13,} parameters")
print(f"Dense(1000) on 480×640×3:              {full:>13,} parameters")
print(f"The last in float32: {4 * full / 1e9:.2f} GB")

# %% [markdown]
# The number of parameters is only half of the problem. Suppose that you shuffle the
# pixels of every photograph, always into the same new order. **Predict:** how much
# harder does the task become for a dense layer?

# %%
rng = np.random.default_rng(0)
small = photo[::8, ::8]  # (54, 80, 3)
pixels = small.reshape(-1, 3)  # (4320, 3)
order = rng.permutation(len(pixels))
weights = rng.normal(size=(len(pixels), 3, 10))  # a dense layer of 10 units
original = np.tensordot(pixels, weights, 2)
shuffled = np.tensordot(pixels[order], weights[order], 2)  # same weights, new order
difference = np.abs(original - shuffled).max()
print(f"largest difference between the outputs of the two layers: {difference:.1e}")

plot.show(
    figures.shuffled(small, pixels[order].reshape(small.shape)),
    alt="A photograph and the same pixels shuffled, each with its edges. The edges of "
    "the photograph are thin lines; the edges of the shuffled pixels are noise.",
)

# %% [markdown]
# No harder at all. For every dense layer on photographs there is one on shuffled
# photographs with the same outputs: only rounding separates them. A dense layer does
# not know which pixels are neighbours.
#
# You do know, so build that knowledge into the layer: look at **neighbours only**, and
# use **the same weights everywhere**, because a roof is a roof wherever it stands.
# These two assumptions, *local connectivity* and *weight sharing*, are the whole idea.
# What a model assumes before it has seen any data is called its *inductive bias*.

# %% [markdown]
# ## 2 · One window, one number
#
# Put the *kernel* on a window of the image. Multiply cell by cell, add up the products,
# write down the sum, and move on to the next window. The sums form the *feature map*.

# %% tags=["setup"]
GRID = np.array(
    [
        [3, 3, 2, 1, 0],
        [0, 0, 1, 3, 1],
        [3, 1, 2, 2, 3],
        [2, 0, 0, 2, 2],
        [2, 0, 0, 0, 1],
    ]
)
KERNEL = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]])

# %%
plot.show(
    figures.worked_grid(GRID, KERNEL, row=1, column=2),
    alt="A 3×3 window on a 5×5 grid, the kernel, and the nine products. Their sum is "
    "the value of the output at row 1, column 2; the other eight are still unknown.",
)

# %% [markdown]
# Work out the window at row 0, column 0 with a pencil before you go on. Your code will
# tell you whether the pencil was right.
#
# ### Exercise: Correlation with two loops
# Write `correlate(image, kernel)`. It gets two arrays with two axes each and returns
# the feature map as an array. Only windows that lie completely inside the image count.
# Neither image nor kernel need be square, and their values need not be whole numbers.
# Two loops over the positions of the window are enough; inside them, one line of NumPy
# will do.


# %%
def correlate(image, kernel):
    """The feature map (H − F + 1, W − G + 1) of `image` (H, W) under `kernel` (F, G).

    Each value is the sum of the products of the kernel and one window.
    """
    ### BEGIN SOLUTION
    height, width = kernel.shape
    rows, columns = image.shape[0] - height + 1, image.shape[1] - width + 1
    feature_map = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = image[i : i + height, j : j + width]
            feature_map[i, j] = np.sum(window * kernel)
    return feature_map
    ### END SOLUTION


# %%
check.answer("correlate", correlate)

# %% [markdown]
# The same nine numbers, three more times: from SciPy, TensorFlow and Keras. SciPy takes
# two axes. TensorFlow and Keras want four: images, rows, columns, channels for the
# image; rows, columns, channels, filters for the kernel.

# %%
import tensorflow as tf

image_4d = GRID[None, :, :, None].astype("float32")  # (1, 5, 5, 1)
kernel_4d = KERNEL[:, :, None, None].astype("float32")  # (3, 3, 1, 1)
layer = keras.layers.Conv2D(1, 3, use_bias=False)
layer.build(image_4d.shape)
layer.set_weights([kernel_4d])

# %% tags=["nbval-check-output"]
by_scipy = correlate2d(GRID, KERNEL, mode="valid")
by_tensorflow = tf.nn.conv2d(image_4d, kernel_4d, strides=1, padding="VALID")
by_keras = layer(image_4d)
print("scipy.signal.correlate2d\n", by_scipy)
print("tf.nn.conv2d\n", by_tensorflow.numpy()[0, :, :, 0].astype(int))
print("keras.layers.Conv2D\n", by_keras.numpy()[0, :, :, 0].astype(int))

# %% [markdown]
# ### Exercise: A test that tests
# You compared nine numbers by eye. A program should do that. A well-known course checks
# its students' layers with
#
# `if (output != expected).all(): print("wrong")`
#
# Suppose that one of nine values in `output` is wrong. What does this line do?
#
# Write a comparison that works. `agree(output, expected, tolerance)` gets two arrays
# and returns `True` or `False`. It is `True` if both have the same shape and no value
# differs by more than `tolerance`, however large the values are. A NaN agrees with
# nothing, not even with another NaN.


# %%
def agree(output, expected, tolerance=1e-4):
    """Whether two arrays have one shape and differ nowhere by more than `tolerance`."""
    ### BEGIN SOLUTION
    if output.shape != expected.shape:
        return False
    return bool(np.all(np.abs(output - expected) <= tolerance))
    ### END SOLUTION


# %%
check.answer("agree", agree)

# %% [markdown]
# ## 3 · Correlation or convolution?
#
# What you wrote is called *cross-correlation*. In mathematics, *convolution* first
# rotates the kernel by 180°:
#
# $$\text{correlation: } \sum_{a,b} k_{a,b}\, x_{i+a,\,j+b}
# \qquad\qquad \text{convolution: } \sum_{a,b} k_{a,b}\, x_{i-a,\,j-b}$$
#
# Some lecture notes put an equals sign between the two. Here are both on the worked
# grid:

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
# The layer is called `Conv2D`, the function `tf.nn.conv2d`. Answer two questions:
#
# - `kind`: does Keras compute `"correlation"` or `"convolution"`? Decide by the numbers
#   above, not by the name.
# - `blind`: a list of the names in `KERNELS` for which *no* image could ever show you
#   the difference. The order does not matter.

# %%
### BEGIN SOLUTION
kind = "correlation"
blind = []
for name, kernel in KERNELS.items():
    if np.array_equal(kernel, kernel[::-1, ::-1]):
        blind.append(name)
### END SOLUTION

# %%
check.answer("keras_computes", kind, blind)

# %% [markdown]
# The cleanest experiment is an image with a single 1, an *impulse*. **Predict** the
# *impulse response*: does Keras return the kernel, or the rotated kernel?

# %%
impulse = np.zeros((5, 5), "float32")
impulse[2, 2] = 1
response = np.asarray(layer(impulse[None, :, :, None]))[0, :, :, 0]
plot.show(
    figures.grids({"image": impulse, "kernel": KERNEL, "Keras returns": response}),
    alt="An image with a single 1 in its middle, the kernel with "
    f"{figures.rows_in_words(KERNEL)}, and what Keras returns: "
    f"{figures.rows_in_words(response)}.",
)

# %% [markdown]
# Keras returns the *rotated* kernel. That looks like convolution, and it is the
# opposite: the further left a window lies, the further right the 1 lies inside the
# window. A true convolution would have returned the kernel as it is.
#
# So deep learning says convolution and computes correlation. Does that matter? A layer
# that learns its kernels simply learns them rotated, and nothing is lost. It matters
# when you carry kernels from one library to another, or compare a formula with code.

# %% [markdown]
# ## 4 · How large is the output?
#
# With a *stride* of S, the window moves by S pixels at a time. *Padding* P adds P rows
# and P columns of zeros on each side. Only whole windows count.
#
# ### Exercise: Predict six sizes
# An image has W columns; the kernel is F wide, the stride is S, and P columns of zeros
# are added on both sides. How many columns does the feature map have? Use a pencil and
# no formula, and assign a list of six whole numbers to `sizes`, in the order of the
# table.
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
# The last two are the first layer of AlexNet: the paper says 224, but its layer sizes
# follow from 227.

# %%
### BEGIN SOLUTION
sizes = [3, 3, 3, 112, 55, 54]
### END SOLUTION

# %%
check.answer("predicted_sizes", sizes)

# %% [markdown]
# ### Exercise: Output size
# Now write the formula as a function that returns a whole number. Many slides print the
# formula without the one operation that cases 2, 4 and 6 need. The kernel is never
# larger than the padded image.


# %%
def output_size(width, kernel, stride=1, padding=0):
    """How many windows of `kernel` cells fit into `width` cells, `stride` cells apart.

    There are `padding` more cells on each side.
    """
    ### BEGIN SOLUTION
    return (width + 2 * padding - kernel) // stride + 1
    ### END SOLUTION


# %%
check.answer("output_size", output_size)

# %% [markdown]
# Ask Keras for the same six. The last column counts the columns of the *image*, without
# the padding, that no window ever touches.

# %% tags=["nbval-check-output"]
cases = [
    (5, 3, 1, 0),
    (8, 3, 2, 0),
    (7, 3, 2, 0),
    (224, 7, 2, 3),
    (227, 11, 4, 0),
    (224, 11, 4, 0),
]
for width, kernel, stride, padding in cases:
    conv = keras.layers.Conv2D(1, kernel, strides=stride)
    padded = (None, 300, width + 2 * padding, 1)
    outputs = conv.compute_output_shape(padded)[2]
    reached = (outputs - 1) * stride + kernel - padding  # the end of the last window
    print(
        f"W={width:<4} F={kernel:<3} S={stride}  P={padding}  →  {outputs:>3} columns, "
        f"{max(width - reached, 0)} unseen"
    )

# %%
plot.show(
    figures.windows(
        {
            "width 7: every column is seen": (7, 3, 2, 0, 0),
            "width 8: the last column is never seen": (8, 3, 2, 0, 0),
        }
    ),
    alt="Windows of 3 with stride 2. On 7 columns three windows cover everything; "
    "on 8 columns the last column lies in no window.",
)

# %% [markdown]
# ### Exercise: The padding that TensorFlow calls “same”
# `padding="same"` promises ⌈W/S⌉ outputs and adds as many zeros as that takes, and no
# more; if none are needed, it adds none. Their total is often odd, and then one side
# gets one zero more than the other. **Predict:** which side, and how many zeros on each
# side for width 8, kernel 3 and stride 2?
#
# Then write the function. It returns two whole numbers, the zeros before the first
# column and the zeros after the last. Which side gets the odd zero is your prediction;
# the check will tell you if it was the wrong one.


# %%
def same_padding(width, kernel, stride):
    """How many zeros TensorFlow adds: (before, after), for ⌈width / stride⌉ outputs."""
    ### BEGIN SOLUTION
    outputs = (width + stride - 1) // stride
    total = max((outputs - 1) * stride + kernel - width, 0)
    return total // 2, total - total // 2
    ### END SOLUTION


# %%
check.answer("same_padding", same_padding)

# %% [markdown]
# Is one extra zero on one side worth an exercise? Take a kernel `[0, 1, 0]`, which
# copies the middle of its window, a stride of 2, and an image whose pixels are
# numbered. **Predict:** which pixels come through with `same`, and which with one zero
# on each side, as PyTorch pads?

# %% tags=["nbval-check-output"]
numbered = np.arange(8, dtype="float32").reshape(1, 8, 1)  # (1 signal, 8 columns, 1)
middle = np.array([0, 1, 0], "float32").reshape(3, 1, 1)
both_sides = np.pad(numbered, ((0, 0), (1, 1), (0, 0)))
same = keras.ops.conv(numbered, middle, strides=2, padding="same")
symmetric = keras.ops.conv(both_sides, middle, strides=2, padding="valid")
print("padding='same' keeps pixels       ", np.asarray(same).ravel().astype(int))
print("one zero on each side keeps pixels", np.asarray(symmetric).ravel().astype(int))

# %%
plot.show(
    figures.windows(
        {
            "TensorFlow, same: 0 before, 1 after": (8, 3, 2, 0, 1),
            "PyTorch, padding=1: 1 before, 1 after": (8, 3, 2, 1, 1),
        }
    ),
    alt="Windows of 3 with stride 2 on 8 columns. TensorFlow's windows are centred on "
    "columns 1, 3, 5, 7; with symmetric padding they are centred on 0, 2, 4, 6.",
)

# %% [markdown]
# The two keep *different pixels*. Both outputs have four columns, so no shape warns
# you. Weights carried from one library to the other then see an image that is shifted
# by one pixel at every such layer. This is why the ResNet in Keras pads by hand
# (`ZeroPadding2D`) before its strided 7×7 convolution and its strided pooling.

# %% [markdown]
# ## 5 · A whole layer
#
# Three things are still missing.
#
# - A photograph has **channels**. The window is now a box of F×G×Cᵢ numbers, and so is
#   the kernel; the sum runs over all of them.
# - A layer has several **filters**. Each filter makes one channel of the output.
# - Each unit adds a **bias** and applies **ReLU**, $\max(0, \cdot)$.
#
# One unit computes $\text{relu}(w^\top x + b)$, as in a dense layer; only $x$ is a
# window.
#
# ### Exercise: A whole layer
# Write `conv_layer`. It gets an image, kernels and biases as arrays, and returns the
# feature maps after ReLU, one per filter. `padding` rows and columns of zeros are added
# on every side. The result must equal that of `keras.layers.Conv2D` on the photograph
# within 1e-4. Two loops over the positions are enough: `np.tensordot(window, kernels,
# 3)` sums over three common axes at once.


# %%
def conv_layer(image, kernels, bias, stride=1, padding=0):
    """relu(correlation + bias), shape (rows, columns, Cₒ), of one image (H, W, Cᵢ).

    `kernels` has shape (F, G, Cᵢ, Cₒ), `bias` has shape (Cₒ,).
    """
    ### BEGIN SOLUTION
    padded = np.pad(image, ((padding, padding), (padding, padding), (0, 0)))
    height, width, _, filters = kernels.shape
    rows = (padded.shape[0] - height) // stride + 1
    columns = (padded.shape[1] - width) // stride + 1
    output = np.zeros((rows, columns, filters))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = padded[top : top + height, left : left + width]
            output[i, j] = np.tensordot(window, kernels, 3) + bias
    return np.maximum(output, 0)
    ### END SOLUTION


# %%
check.answer("conv_layer", conv_layer)

# %% [markdown]
# ### Exercise: The layer as a matrix
# Correlation with a fixed kernel is linear, so there is a matrix that computes it.
# Flatten the image; each row of the matrix then makes one output. A row holds the
# kernel where the window lies, and zeros everywhere else. (In one dimension this is a
# *Toeplitz matrix*.) Write `toeplitz`, which returns this matrix as an array with two
# axes.


# %%
def toeplitz(kernel, height, width):
    """The matrix (outputs, height · width) that correlates with `kernel` (F, G).

    `matrix @ image.ravel()` is the flattened feature map of an image (height, width).
    """
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
# The library can build this matrix too: column $n$ is its response to an image with a
# single 1 at position $n$.

# %%
impulses = np.eye(25).reshape(25, 5, 5)
responses = [correlate2d(one, KERNEL, mode="valid").ravel() for one in impulses]
matrix = np.stack(responses, axis=1)  # (9, 25)
plot.show(
    figures.matrix(matrix),
    alt="The 9×25 matrix of the worked correlation: each row holds the same nine "
    "weights, shifted to another position, and zeros elsewhere.",
)
print(f"{np.mean(matrix == 0):.0%} of the entries are zero here.")
print(f"On a 224×224 image, {1 - 9 / 224**2:.3%} lie outside the 3×3 window.")

# %% [markdown]
# So a convolutional layer *is* a dense layer under two constraints. Most weights are
# fixed at zero: that is local connectivity. All rows share the others: that is weight
# sharing. The layer can compute nothing that a dense layer cannot, but it has far less
# to learn.

# %% [markdown]
# ## 6 · The same layer, several ways
#
# This section times a real layer from the middle of VGG-16: 56×56 pixels, 128 channels
# in, 256 out, kernels of 3×3. **Predict, and write it down:** how many times slower
# than TensorFlow will your NumPy be?
#
# ### Exercise: Fast, in NumPy
# Write `conv_fast`. It gets an image and kernels as arrays and returns the sums as an
# array, without bias and without ReLU; the stride is 1 and there is no padding. There
# must be no Python loop over the positions of the window, not even over its rows, and
# not even one hidden in a comprehension. (Loops over the cells of the kernel, the
# channels or the filters are fine.) `np.lib.stride_tricks.sliding_window_view` shows
# all windows of an array without copying any of them.


# %%
def conv_fast(image, kernels):
    """The correlation (H − F + 1, W − G + 1, Cₒ) of `image` (H, W, Cᵢ).

    `kernels` has shape (F, G, Cᵢ, Cₒ).
    """
    ### BEGIN SOLUTION
    size = kernels.shape[:2]
    windows = np.lib.stride_tricks.sliding_window_view(image, size, axis=(0, 1))
    # windows: (rows, columns, Cᵢ, F, G); sum over F, G and Cᵢ
    return np.tensordot(windows, kernels, axes=((3, 4, 2), (0, 1, 2)))
    ### END SOLUTION


# %%
check.answer("conv_fast", conv_fast)

# %% [markdown]
# Here are the other ways. The plainest has six loops and nothing else. The oldest
# trick, *im2col*, copies every window into a row of a matrix; the whole layer is then a
# single matrix product.


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


# %%
def im2col(image, kernels):
    """All windows copied into the rows of a matrix, then one matrix product."""
    rows, columns, _, filters = kernels.shape
    height, width = image.shape[0] - rows + 1, image.shape[1] - columns + 1
    shifted = []
    for a in range(rows):
        for b in range(columns):
            shifted.append(image[a : a + height, b : b + width])
    windows = np.concatenate(shifted, axis=2).reshape(height * width, -1)
    sums = windows @ kernels.reshape(-1, filters)
    return sums.reshape(height, width, filters)


# %% [markdown]
# The library's way, and your own functions in the same form. A function that you have
# not written yet is left out of the comparison, and so is one that computes something
# else.


# %%
def tensorflow(image, kernels):
    output = tf.nn.conv2d(image[None], kernels, strides=1, padding="VALID")
    return output[0].numpy()


def your_loops(image, kernels):
    total = 0
    for c in range(image.shape[2]):
        total = total + correlate(image[:, :, c], kernels[:, :, c, 0])
    return total[:, :, None]


def your_layer(image, kernels):
    bias = np.full(kernels.shape[3], 1e3)  # so large that ReLU changes nothing
    return conv_layer(image, kernels, bias) - 1e3


def your_matrix(image, kernels):
    output = toeplitz(kernels[:, :, 0, 0], *image.shape[:2]) @ image[:, :, 0].ravel()
    return output.reshape(image.shape[0] - kernels.shape[0] + 1, -1, 1)


# %% [markdown]
# First a small grid, on which every way can run: 28×28 pixels, one channel, one filter
# of 5×5.

# %%
rng = np.random.default_rng(0)
grid = rng.normal(size=(28, 28, 1)).astype("float32")
one_filter = rng.normal(size=(5, 5, 1, 1)).astype("float32")
yours = {
    "your conv_fast": conv_fast,
    "your correlate": your_loops,
    "your conv_layer": your_layer,
    "your matrix": your_matrix,
}
given = {"tf.nn.conv2d": tensorflow, "im2col": im2col, "six plain loops": plain_loops}
times, left_out = timing.compare(given | yours, grid, one_filter)
plot.show(
    figures.times(times, 24 * 24 * 5 * 5, "28×28×1, one 5×5 filter", yours=yours),
    alt="Bars of milliseconds on a small grid, on a logarithmic axis, from the fastest "
    f"to the slowest: {figures.ranking_in_words(times)}.",
)
for name, reason in left_out.items():
    print(f"{name}: {reason}")

# %% [markdown]
# On a grid this small you measure *calls*, not arithmetic. A call of NumPy or
# TensorFlow takes microseconds before it adds a single number, so a loop that calls
# NumPy for each window of 25 cells may lose even to six plain loops.
#
# Now the real layer. Loops over single numbers would take too long on it, so time them
# on a small piece and *extrapolate* by the number of multiply-adds. All other times are
# measured.

# %%
image = rng.normal(size=(56, 56, 128)).astype("float32")
image = np.pad(image, ((1, 1), (1, 1), (0, 0)))
weights = rng.normal(size=(3, 3, 128, 256)).astype("float32")
fast = {"tf.nn.conv2d": tensorflow, "im2col": im2col, "your conv_fast": conv_fast}
slow = {"tf.nn.conv2d": tensorflow, "your conv_layer": your_layer}
loops = {"six plain loops": plain_loops}

times, left_out = timing.compare(fast, image, weights, repeats=15)
once, also_left_out = timing.compare(slow, image, weights, repeats=1)
piece, _ = timing.compare(loops, image[:6, :6, :16], weights[:, :, :16, :16], repeats=3)

multiply_adds = 56 * 56 * 3 * 3 * 128 * 256
scale = multiply_adds / (4 * 4 * 3 * 3 * 16 * 16)
extrapolated = {"six plain loops (extrapolated)": piece["six plain loops"] * scale}
times = once | extrapolated | times  # `times` has the better median of tf.nn.conv2d

# %%
yours = ("your conv_fast", "your conv_layer")
plot.show(
    figures.times(times, multiply_adds, "56×56×128 → 256, 3×3", yours=yours),
    alt="Bars of milliseconds on a real layer, on a logarithmic axis, from the fastest "
    f"to the slowest: {figures.ranking_in_words(times)}.",
)
print(f"{'way':32} milliseconds   billion multiply-adds a second")
for name, milliseconds in sorted(times.items(), key=lambda item: item[1]):
    rate = multiply_adds / milliseconds / 1e6
    print(f"{name:32} {milliseconds:12,.1f} {rate:12.3g}")
for name, reason in (left_out | also_left_out).items():
    print(f"{name:32} {reason}")
if "your conv_fast" in times:
    ratio = times["your conv_fast"] / times["tf.nn.conv2d"]
    results.record("time of conv_fast over tf.nn.conv2d", ratio, "×")
ratio = times["six plain loops (extrapolated)"] / times["tf.nn.conv2d"]
results.record("time of six plain loops over tf.nn.conv2d", ratio, "×")

# %% [markdown]
# **Compare with what you wrote down.** A ratio near 1 means that two lines of NumPy
# keep up with the library. There is no magic in that. `im2col` and `conv_fast` both end
# in one large matrix product (its shape is printed below), and NumPy passes that
# product to a library, the *BLAS*, which uses every core and the vector units of your
# processor. TensorFlow does the same multiply-adds with the same hardware. The plain
# loops do them too, but one Python object at a time.
#
# What a library can really save is **memory**. To form the product, NumPy copies every
# pixel up to nine times:

# %%
positions, values = 56 * 56, 3 * 3 * 128
print(f"the product: ({positions} × {values}) · ({values} × 256)")
print(f"the padded image:         {image.nbytes / 1e6:4.1f} MB")
print(f"all its windows, copied: {4 * positions * values / 1e6:5.1f} MB")

# %% [markdown]
# ## 7 · Filters made by hand
#
# Before kernels were learned, they were designed. A kernel is a question to each
# window: *how much do you look like me?*
#
# ### Exercise: Four kernels by hand
# Write four kernels as arrays (or lists of rows):
#
# - `line`, 7×7: zeros, except for a central column of ones. It asks for a bright
#   vertical line.
# - `edge`, 3×3: positive where the image goes from dark on the left to bright on the
#   right; exactly 0 on flat areas and along horizontal edges.
# - `blur`, 5×5: the average of the window, every pixel with the same weight.
# - `sharpen`, 3×3: leaves flat areas as they are, and exaggerates every step: the
#   bright side becomes brighter, the dark side darker. It treats left, right, up and
#   down alike.
#
# There is more than one right `edge` and more than one right `sharpen`. The check looks
# at what they do.

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
# Here are four such filters at work on the pavilion, without their names. In A and C,
# grey is 0, white is positive and black is negative.

# %%
maps = figures.four_feature_maps(pavilion)
plot.show(
    figures.pictures(maps),
    alt="Four feature maps of the pavilion, A to D. Two look like photographs, one "
    "crisp and one soft; two are grey with light and dark strokes.",
)

# %% [markdown]
# ### Exercise: Read four feature maps
# Which filter made which map? Fill in the dictionary
#
# `reading = {"A": …, "B": …, "C": …, "D": …}`
#
# with `"blur"`, `"sharpen"`, `"vertical edges"` and `"horizontal edges"`, each once. A
# filter for vertical edges responds to edges that run up and down.

# %%
### BEGIN SOLUTION
reading = {
    "A": "horizontal edges",
    "B": "sharpen",
    "C": "vertical edges",
    "D": "blur",
}
### END SOLUTION

# %%
check.answer("read_maps", reading)

# %% [markdown]
# SciPy has these filters ready-made. Which of its maps is which letter?

# %% tags=["nbval-check-output"]
from scipy import ndimage

by_scipy = {
    "blur": ndimage.uniform_filter(pavilion, 5),
    "sharpen": np.clip(pavilion - ndimage.laplace(pavilion), 0, 1),
    "vertical edges": ndimage.sobel(pavilion, axis=1),
    "horizontal edges": ndimage.sobel(pavilion, axis=0),
}
for name, filtered in by_scipy.items():
    for letter, feature_map in maps.items():
        if np.allclose(filtered, feature_map):
            print(f"{name:16} {letter}")

# %% [markdown]
# Now apply the 7×7 line to both photographs. Where the map is bright, seven pixels in a
# column are bright. **Predict** its response to a sky, which is bright everywhere. Then
# subtract the mean from the kernel, so that its sum is 0, and look again.

# %%
column = np.zeros((7, 7))
column[:, 3] = 1
balanced = column - column.mean()  # its sum is 0
grey = flower.mean(axis=2)
responses = {
    "pavilion, line": correlate2d(pavilion, column, mode="valid"),
    "pavilion, line − mean": correlate2d(pavilion, balanced, mode="valid"),
    "flower, line": correlate2d(grey, column, mode="valid"),
    "flower, line − mean": correlate2d(grey, balanced, mode="valid"),
}
plot.show(
    figures.pictures({name: np.maximum(r, 0) for name, r in responses.items()}),
    alt="The 7×7 line alone gives soft photographs of the pavilion and the flower, "
    "with a white sky. With its mean subtracted, it leaves thin vertical lines on "
    "black.",
)
for name in ("pavilion, line", "pavilion, line − mean"):
    response = np.maximum(responses[name], 0)
    sky, columns = response[:40, 270:].mean(), response[80:110, 90:260].mean()
    print(f"{name:22} mean response: sky {sky:.2f}, wooden columns {columns:.2f}")

# %% [markdown]
# The plain line responds most strongly to the bright sky, where there is no line at
# all: more light, larger sum. With sum 0, only the *pattern* counts, and ReLU keeps
# only what looks like the kernel. The filters that networks learn in their first layer
# are of this kind: edges and blobs of colour.

# %% [markdown]
# ## 8 · Pooling
#
# *Pooling* makes a feature map smaller. It replaces each window by one number, usually
# its largest value (*max pooling*) or its mean (*average pooling*). Each channel is
# pooled separately, and there is nothing to learn:

# %% tags=["nbval-check-output"]
pooling = keras.layers.MaxPooling2D(2)
pooling.build((None, 56, 56, 256))
shape = pooling.compute_output_shape((None, 56, 56, 256))
print(f"{pooling.count_params()} parameters; (56, 56, 256) becomes {shape[1:]}")

# %% [markdown]
# ### Exercise: Pooling
# **Predict:** what is the shape of a 7×10 map after 3×3 pooling with stride 2?
#
# Write `pool`. It gets a feature map with its channels last, and returns the pooled map
# as an array. `how` is `np.max` or `np.mean`. Windows that do not fit completely are
# left out, as before. The map may hold negative values or integers; a mean of integers
# need not be an integer.


# %%
def pool(feature_map, size, stride, how):
    """`how` over each size×size window, (rows, columns, C), of a map (H, W, C).

    Windows begin `stride` cells apart; each channel is pooled separately.
    """
    ### BEGIN SOLUTION
    rows = (feature_map.shape[0] - size) // stride + 1
    columns = (feature_map.shape[1] - size) // stride + 1
    pooled = np.zeros((rows, columns, feature_map.shape[2]))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = feature_map[top : top + size, left : left + size]
            pooled[i, j] = how(window, axis=(0, 1))
    return pooled
    ### END SOLUTION


# %%
check.answer("pool", pool)

# %% [markdown]
# ### Exercise: Average pooling is a convolution
# Which kernels make a convolution with stride F compute the average pooling of F×F
# windows? Return them as an array of shape (F, F, C, C): rows, columns, input channels,
# output channels. Take care that the channels stay apart.


# %%
def average_kernel(size, channels):
    """Kernels (size, size, channels, channels) that compute average pooling."""
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
# A convolution without bias is linear: change the sign of a window, and the output
# changes its sign.
#
# - `window`: a list of two numbers for which max(window) is 1, and max(−window) is 1 as
#   well. One such window is a proof.
# - `maximum(a, b)`: one convolutional layer cannot compute the larger of two numbers.
#   Write it with `relu`, sums, differences and constant factors only; that is what
#   *two* layers can do. `a` and `b` are numbers or arrays of the same shape.


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
# “Pooling makes a network invariant to shifts.” How true is that? Here is a line (A),
# and the same line one pixel further right (B), two further right (C), and one further
# left (D).

# %% tags=["setup"]
line_column = {"A": 2, "B": 3, "C": 4, "D": 1}
lines = {}
for name, place in line_column.items():
    lines[name] = np.zeros((6, 6), int)
    lines[name][1:5, place] = 1

# %%
plot.show(
    figures.grids(lines),
    alt="Four 6×6 pictures of a vertical line, four pixels long in rows 1 to 4: "
    "in column 2 (A), 3 (B), 4 (C) and 1 (D).",
)

# %% [markdown]
# ### Exercise: A, B, C and D
# Each picture goes through max pooling of size 2 and stride 2, which leaves nine
# values. How many of the nine differ from A's, at the same position? Fill in the
# dictionary
#
# `changed = {"B": …, "C": …, "D": …}`
#
# with three whole numbers.

# %%
### BEGIN SOLUTION
changed = {"B": 0, "C": 6, "D": 6}
### END SOLUTION

# %%
check.answer("shifted_pictures", changed)

# %%
pooled = {}
for name, picture in lines.items():
    batch = picture[None, :, :, None].astype("float32")
    pooled[f"{name}, pooled"] = np.asarray(keras.ops.max_pool(batch, 2))[0, :, :, 0]
plot.show(
    figures.grids(pooled),
    alt="The pooled pictures. "
    + " ".join(f"{n}: {figures.rows_in_words(p)}." for n, p in pooled.items()),
)

# %% [markdown]
# B is the lucky case that slides like to show: the line stays inside its windows. One
# pixel the *other* way, and two of the three columns have changed, six values of nine.
# Invariance is partial, so measure it.
#
# Move the pavilion by d pixels, apply an edge filter, ReLU and pooling, and ask how
# much the result has changed: $\lVert f(x_d) - f(x_0)\rVert \,/\, \lVert f(x_0)\rVert$.
# **Sketch your curve before you run the cell**, without pooling, with 2×2 and with 8×8
# windows.

# %%
edge_filter = KERNELS["sobel x"].astype("float32")[:, :, None, None]


def features(offset, pooling=None, size=1):
    """The pooled edge map of a 160×160 crop that begins `offset` pixels further right.

    `pooling` is a function of `keras.ops`, with windows of size×size; None: no pooling.
    """
    crop = pavilion[20:180, 40 + offset : 200 + offset][None, :, :, None]
    edges = keras.ops.relu(keras.ops.conv(crop, edge_filter, padding="same"))
    return np.asarray(edges if pooling is None else pooling(edges, size))


def relative_change(offset, *pooling):
    still, moved = features(0, *pooling), features(offset, *pooling)
    return float(np.linalg.norm(moved - still) / np.linalg.norm(still))


# %%
offsets = range(9)
kinds = {
    "no pooling": (),
    "max 2": (keras.ops.max_pool, 2),
    "max 8": (keras.ops.max_pool, 8),
    "average 8": (keras.ops.average_pool, 8),
}
change = {}
for name, pooling in kinds.items():
    change[name] = [relative_change(d, *pooling) for d in offsets]

# %%
plot.show(
    figures.invariance(change, offsets),
    alt="Relative change of the features against the shift in pixels. After one pixel: "
    + ", ".join(f"{name} {values[1]:.0%}" for name, values in change.items())
    + f". After eight: {', '.join(f'{n} {v[8]:.0%}' for n, v in change.items())}.",
)
moved, still = features(1)[:, 1:-1, 1:-2], features(0)[:, 1:-1, 2:-1]
largest = np.abs(moved - still).max()
print(f"map of the shifted picture minus the shifted map, at most: {largest:.1e}")
for name, values in change.items():
    results.record(f"change after a shift of 1 pixel, {name}", 100 * values[1], "%")
results.record("change after a shift of 2 pixels, max 8", 100 * change["max 8"][2], "%")
gap = np.abs(np.subtract(change["max 8"], change["average 8"])).max()
results.record("largest gap between max 8 and average 8", 100 * gap, "points")

# %% [markdown]
# Two words need to be kept apart. The convolution itself is *equivariant*: shift the
# picture, and the map shifts with it, exactly (the printed difference). It is not
# *invariant* at all: after one pixel, the map has changed by more than its own length.
#
# The usual 2×2 pooling hardly helps: the change is still seven tenths. A window of 8×8
# does help: one pixel changes a tenth, two change a fifth. The price is resolution.
# Whether the window keeps its largest value or its mean makes little difference here.
# So what slides call invariance is **partial**.
#
# ### Depth-wise pooling
# Pooling can also go over *channels*. Take one edge filter in four orientations, and
# keep the strongest response at each place.

# %%
orientations = [np.rot90(KERNELS["sobel x"], turns) for turns in range(4)]


def one_orientation(picture):
    return correlate2d(picture, orientations[0], mode="valid")


def strongest(picture):
    """The largest of the responses to the four orientations, at each place."""
    responses = [correlate2d(picture, k, mode="valid") for k in orientations]
    return np.max(responses, axis=0)


for name, function in {
    "one orientation": one_orientation,
    "depth-wise max": strongest,
}.items():
    rotated_map = np.rot90(function(pavilion))
    same = np.allclose(function(np.rot90(pavilion)), rotated_map, atol=1e-4)
    print(f"{name:15}: rotated picture → rotated map? {same}")

# %% [markdown]
# Max pooling ignores whatever varies within the pooled set. You choose that set:
# neighbouring positions, and a small shift is ignored; channels of several
# orientations, and it no longer matters which of them responded.

# %% [markdown]
# ## 9 · What a unit sees
#
# The *receptive field* of a unit is the part of the image that can change its value. In
# the first layer it is the size of the kernel; slides that call the kernel size “the
# receptive field” are right only there. A unit in the second layer sees a window of
# units, each of which sees a window of pixels.
#
# ### Exercise: Receptive field
# Write `receptive_field(layers)`, which returns the width of the field as a whole
# number. `layers` is a list of triples (kernel, stride, dilation), from the image
# upwards; a pooling layer counts like any other. With *dilation* D, neighbouring
# weights lie D cells apart, so a kernel of F covers (F − 1)·D + 1 cells.
#
# **Predict first:** three 3×3 layers; and a 3×3 layer with stride 2, followed by one
# 3×3 layer.


# %%
def receptive_field(layers):
    """How many pixels wide is the part of the image that one unit above `layers` sees?

    `layers` lists (kernel, stride, dilation), the layer nearest to the image first.
    """
    ### BEGIN SOLUTION
    field = 1
    jump = 1  # how many pixels apart neighbouring units are (the effective stride)
    for kernel, stride, dilation in layers:
        field += (kernel - 1) * dilation * jump
        jump *= stride
    return field
    ### END SOLUTION


# %%
check.answer("receptive_field", receptive_field)

# %% [markdown]
# Now measure it. Build the stack, take **one unit in the middle** of its output, and
# compute the gradient of its value with respect to the image. Where the gradient is not
# zero, the unit sees. All weights are 1, so that nothing cancels.


# %%
def gradient_of_middle_unit(layers, size, initializer="ones"):
    """|∂ unit / ∂ pixel|, (size, size), for the middle unit above `layers`."""
    model = keras.Sequential([keras.Input((size, size, 1))])
    for kernel, stride, dilation in layers:
        model.add(
            keras.layers.Conv2D(
                1,
                kernel,
                strides=stride,
                dilation_rate=dilation,
                kernel_initializer=initializer,
            )
        )
    picture = tf.random.stateless_uniform((1, size, size, 1), seed=(0, 0))
    with tf.GradientTape() as tape:
        tape.watch(picture)
        output = model(picture)
        unit = output[0, output.shape[1] // 2, output.shape[2] // 2, 0]
    return np.abs(tape.gradient(unit, picture).numpy()[0, :, :, 0])


# %% [markdown]
# VGG-16 is thirteen 3×3 layers with 2×2 pooling between them. The receptive field does
# not depend on the number of channels, so one channel will do, and a 2×2 convolution
# with stride 2 stands in for the pooling.

# %%
conv3, pool2 = (3, 1, 1), (2, 2, 1)
vgg16 = (
    [conv3, conv3, pool2]
    + [conv3, conv3, pool2]
    + [conv3, conv3, conv3, pool2]
    + [conv3, conv3, conv3, pool2]
    + [conv3, conv3, conv3]
)
stacks = {
    "three 3×3": ([conv3, conv3, conv3], 15),
    "3×3 stride 2, then 3×3": ([(3, 2, 1), conv3], 15),
    "3×3, dilations 1, 2, 4": ([(3, 1, 1), (3, 1, 2), (3, 1, 4)], 31),
    "VGG-16, block5_conv3": (vgg16, 240),
}
for name, (layers, size) in stacks.items():
    gradient = gradient_of_middle_unit(layers, size)
    width = np.count_nonzero(gradient.sum(axis=0))
    results.record(f"receptive field by gradient: {name}", width, "pixels")

# %% [markdown]
# A *count* of pixels is not the whole truth. Ten 3×3 layers see 21×21 pixels.
# **Predict:** do all of these pixels matter equally?

# %%
keras.utils.set_random_seed(0)
ten = [conv3] * 10
equal = gradient_of_middle_unit(ten, 31)
random = [gradient_of_middle_unit(ten, 31, "glorot_normal") for _ in range(8)]
gradients = {"weights 1": equal, "random weights": np.mean(random, axis=0)}
middle = slice(10, 21)  # the middle 11×11 of the 21×21 pixels
shares = {}
for name, gradient in gradients.items():
    shares[name] = 100 * gradient[middle, middle].sum() / gradient.sum()
plot.show(
    figures.receptive(gradients),
    alt="The gradient of a unit above ten 3×3 layers with respect to a field of 21×21 "
    "pixels. The middle 11×11 hold "
    + " and ".join(f"{share:.0f} % with {name}" for name, share in shares.items())
    + "; towards the rim it fades to nearly zero.",
)
for name, share in shares.items():
    results.record(f"gradient in the middle 11×11 of 21×21, {name}", share, "%")

# %% [markdown]
# The middle quarter of the area carries nearly all of the gradient if all weights are
# 1, and most of it if they are random. A pixel in the middle reaches the unit along
# very many paths, a pixel in the corner along one. The *effective receptive field* is
# bell-shaped, and much smaller than the number you computed.
#
# ### Exercise: Dilation
# Dilation widens the field without a single additional weight. Write out the dilated
# kernel: return an array that holds the same weights with `dilation` − 1 zeros between
# neighbours, and none outside. The kernel need not be square.


# %%
def dilate(kernel, dilation):
    """`kernel` (F, G) with `dilation` − 1 zeros between neighbouring weights."""
    ### BEGIN SOLUTION
    rows, columns = kernel.shape
    dilated = np.zeros(((rows - 1) * dilation + 1, (columns - 1) * dilation + 1))
    dilated[::dilation, ::dilation] = kernel
    return dilated
    ### END SOLUTION


# %%
check.answer("dilate", dilate)

# %% [markdown]
# Slides say that dilation has “fewer parameters”. Fewer than what? Compare a dilated
# kernel with an ordinary one of the same size, and with an ordinary one that covers the
# same area.

# %% tags=["nbval-check-output"]
for size, dilation in ((3, 1), (3, 2), (3, 4), (5, 1), (9, 1)):
    conv = keras.layers.Conv2D(1, size, dilation_rate=dilation)
    rows = conv.compute_output_shape((None, 32, 32, 1))[1]
    conv.build((None, 32, 32, 1))
    print(
        f"{size}×{size}, dilation {dilation}: {conv.count_params():>3} parameters, "
        f"covers {(size - 1) * dilation + 1} cells, 32 → {rows} rows"
    )

# %% [markdown]
# A dilated kernel has as many parameters as any kernel of its size. It has fewer only
# than an ordinary kernel that covers the same area.

# %% [markdown]
# ## 10 · Upwards: transposed convolution
#
# To draw a picture, a network has to go from small maps to large ones. Reverse the
# arrows: where a convolution *collects* a window into one number, the *transposed
# convolution* spreads one number over a window.
#
# ### Exercise: Transposed convolution
# Write `conv_transpose`. Each value of the feature map puts down a copy of the kernel,
# multiplied by that value. The copies lie `stride` cells apart, and where they overlap,
# they add up. Return the whole sum as an array, neither cropped nor padded.
# **Predict:** how large is it? Think of where the last copy ends.


# %%
def conv_transpose(feature_map, kernel, stride):
    """The sum of all copies of `kernel` (F, G), one for each value of a map (H, W)."""
    ### BEGIN SOLUTION
    (height, width), (rows, columns) = feature_map.shape, kernel.shape
    output = np.zeros(((height - 1) * stride + rows, (width - 1) * stride + columns))
    for i in range(height):
        for j in range(width):
            top, left = i * stride, j * stride
            copy = feature_map[i, j] * kernel
            output[top : top + rows, left : left + columns] += copy
    return output
    ### END SOLUTION


# %%
check.answer("conv_transpose", conv_transpose)

# %% [markdown]
# Here are the shapes according to Keras. A transposed convolution undoes the *shape* of
# a convolution, not its values. The last line shows where the name comes from: it
# multiplies by the transpose of the matrix in section 5.

# %% tags=["nbval-check-output"]
layers = ((3, 1, "valid"), (3, 2, "valid"), (4, 2, "same"), (2, 2, "valid"))
for size, stride, padding in layers:
    up = keras.layers.Conv2DTranspose(1, size, strides=stride, padding=padding)
    rows = up.compute_output_shape((None, 7, 7, 1))[1]
    print(f"kernel {size}, stride {stride}, {padding:5}:  7 → {rows}")
small_map = correlate2d(GRID, KERNEL, mode="valid").astype("float32")  # (3, 3)
spread = keras.ops.conv_transpose(small_map[None, :, :, None], kernel_4d)
by_matrix = (matrix.T @ small_map.ravel()).reshape(5, 5)
same = np.allclose(np.asarray(spread)[0, :, :, 0], by_matrix)
print("the transposed matrix does the same:", same)

# %% [markdown]
# **Predict:** take a map that is 1 everywhere, a kernel that is 1 everywhere, and
# stride
# 2. What does the output look like with a 3×3 kernel, and what with a 4×4 kernel?

# %%
flat = np.ones((1, 4, 4, 1), "float32")
overlaps = {}
for size in (2, 3, 4):
    ones = np.ones((size, size, 1, 1), "float32")
    output = np.asarray(keras.ops.conv_transpose(flat, ones, strides=2))
    overlaps[f"kernel {size}, stride 2"] = output[0, :, :, 0]
plot.show(
    figures.overlaps(overlaps),
    alt="How many copies overlap at each place. A middle row reads "
    + "; ".join(
        f"{figures.row_in_words(counts[len(counts) // 2])} with {name}"
        for name, counts in overlaps.items()
    )
    + ".",
)

# %% [markdown]
# A 3×3 kernel with stride 2 paints a *checkerboard artifact* although nothing in the
# input asks for it: some places get four copies, others one. Generated images used to
# show this pattern. The remedy: choose a kernel size that is a multiple of the stride.

# %% [markdown]
# ## 11 · The way back
#
# To learn, a layer needs two gradients (this is its step of *backpropagation*). Let $L$
# be the loss, let $y$ be the correlation of $x$ with $k$, and let the layer above pass
# down $g_{i,j} = \partial L/\partial y_{i,j}$. Since
# $y_{i,j} = \sum_{a,b} k_{a,b}\,x_{i+a,\,j+b}$, the chain rule asks: which outputs does
# this number affect, and by how much?
#
# ### Exercise: Gradient with respect to the kernel
# The weight $k_{a,b}$ affects *every* output. Write the sum for $\partial L/\partial
# k_{a,b}$ on paper, and look at it until you recognize an old friend. Then write
# `kernel_gradient`, which returns an array of the kernel's shape. You may use
# `correlate2d` and `convolve2d` from SciPy, or loops.


# %%
def kernel_gradient(image, gradient):
    """∂L/∂kernel (F, G), from `image` (H, W) and `gradient` = ∂L/∂output.

    `gradient` has shape (H − F + 1, W − G + 1).
    """
    ### BEGIN SOLUTION
    return correlate2d(image, gradient, mode="valid")
    ### END SOLUTION


# %%
check.answer("kernel_gradient", kernel_gradient)

# %% [markdown]
# ### Exercise: Gradient with respect to the image
# The pixel $x_{p,q}$ affects only the outputs whose windows contain it. Think of
# section 10: each output sends its gradient back to the window that it saw.
# **Predict:** is this gradient a correlation with the kernel, or a true convolution?
#
# Then write `image_gradient`, which returns an array of the image's shape.


# %%
def image_gradient(kernel, gradient):
    """∂L/∂image (H, W), from `kernel` (F, G) and `gradient` = ∂L/∂output.

    `gradient` has shape (H − F + 1, W − G + 1).
    """
    ### BEGIN SOLUTION
    return convolve2d(gradient, kernel)
    ### END SOLUTION


# %%
check.answer("image_gradient", image_gradient)

# %% [markdown] tags=["solution-only"]
# **For the instructor.** For weight (a, b), $\partial L/\partial k_{a,b} = \sum_{i,j}
# g_{i,j}\,x_{i+a,\,j+b}$, which is the correlation of the image with $g$. For pixel (p,
# q), $\partial L/\partial x_{p,q} = \sum_{i,j} g_{i,j}\,k_{p-i,\,q-j}$, where the
# indices of $g$ and $k$ run in opposite directions: a true convolution. Its padding is
# “full” because a pixel at the rim affects few outputs, but does affect some. It is the
# transposed convolution of section 10, and the product with the transposed matrix of
# section 5. Students who flip the kernel twice get the right answer; let them say why.

# %% [markdown]
# Two witnesses know neither your sums nor SciPy's convolution: the *numerical
# gradient*, which moves each number a little and looks at the loss, and TensorFlow's
# *automatic differentiation*, `GradientTape`. Let the loss be half the sum of squares
# of the output; then $g$ is the output itself.


# %%
def numerical_gradient(loss, values, step=1e-4):
    """Central differences: (loss(v + step) − loss(v − step)) / (2 · step), each v."""
    gradient = np.zeros(values.shape)
    for place in np.ndindex(values.shape):
        change = np.zeros(values.shape)
        change[place] = step
        difference = loss(values + change) - loss(values - change)
        gradient[place] = difference / (2 * step)
    return gradient


def half_squares(image, kernel):
    return 0.5 * np.sum(correlate2d(image, kernel, mode="valid") ** 2)


def loss_of_kernel(kernel):
    return half_squares(GRID, kernel)


def loss_of_image(image):
    return half_squares(image, KERNEL)


# %%
x, k = tf.constant(image_4d), tf.constant(kernel_4d)
with tf.GradientTape() as tape:
    tape.watch([x, k])
    output = tf.nn.conv2d(x, k, strides=1, padding="VALID")
    loss = 0.5 * tf.reduce_sum(output**2)
to_image, to_kernel = tape.gradient(loss, [x, k])
by_tape = {"kernel": np.squeeze(to_kernel), "image": np.squeeze(to_image)}
by_differences = {
    "kernel": numerical_gradient(loss_of_kernel, KERNEL),
    "image": numerical_gradient(loss_of_image, GRID),
}
for name, gradient in by_tape.items():
    print(f"gradient with respect to the {name}, GradientTape:")
    print(gradient.astype(int))
    deviation = np.abs(gradient - by_differences[name]).max()
    results.record(f"tape against differences, {name}, at most", deviation)

# %%
g = correlate2d(GRID, KERNEL, mode="valid")
yours = {
    "kernel": lambda: kernel_gradient(GRID, g),
    "image": lambda: image_gradient(KERNEL, g),
}
for name, compute in yours.items():
    verdict = timing.objection(compute, by_tape[name]) or "the same"
    print(f"your gradient with respect to the {name}: {verdict}")

# %% [markdown]
# **The circle closes.** Forward, a layer computes a correlation and is called a
# convolution. Backward, the gradient with respect to the image is a true convolution,
# with the kernel rotated. You can read this off the matrix of section 5: forward
# multiplies by $T$, backward by $T^\top$.
#
# Does it learn? Hide an edge filter, show only the photograph and the filtered
# photograph, and begin with a kernel of zeros. The gradient below is the one that you
# derived; Keras contributes only the optimizer.

# %%
hidden = KERNELS["sobel x"]
picture = pavilion[::4, ::4]
target = correlate2d(picture, hidden, mode="valid")
kernel = keras.Variable(np.zeros((3, 3)), dtype="float32")
optimizer = keras.optimizers.Adam(0.1)
snapshots = {}
for step in range(201):
    current = keras.ops.convert_to_numpy(kernel)
    if step in (0, 10, 50, 200):
        snapshots[f"step {step}"] = current
    error = correlate2d(picture, current, mode="valid") - target
    gradient = 2 * correlate2d(picture, error, mode="valid") / error.size
    optimizer.apply([tf.constant(gradient, "float32")], [kernel])
plot.show(
    figures.grids({**snapshots, "hidden": hidden}, format=".1f"),
    alt="The learned kernel after 0, 10, 50 and 200 steps, and the hidden one. It "
    f"begins with zeros and ends with {figures.rows_in_words(snapshots['step 200'])}.",
)
deviation = np.abs(snapshots["step 200"] - hidden).max()
results.record("learned against hidden kernel, largest deviation", deviation)

# %% [markdown]
# Nobody told the layer about edges. A photograph, a target and the gradient that you
# derived were enough.

# %% [markdown]
# ## 12 · What you have shown
#
# A convolutional layer is a dense layer that looks at neighbours only and uses the same
# weights everywhere. You wrote it with loops, as a matrix and in a few fast lines; you
# know its output size, its receptive field, its gradients and its cost. In Lab 02 you
# train with it.

# %% tags=["nbval-check-output"]
check.report()
