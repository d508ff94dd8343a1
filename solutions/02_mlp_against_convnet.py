# %% [markdown]
# # Lab 02 · MLP against ConvNet
#
# A lecture trains two networks on the same handwritten digits. The convolutional one wins. It also has twice as many
# parameters. **So is its win just size?** In this lab you find out like a scientist: you predict, you run, you are
# surprised, and you explain.
#
# You will be able to
#
# - count a network's parameters before you build it,
# - find a broken training pipeline in a minute, by overfitting one batch,
# - say how sure a difference between two networks is,
# - design a control experiment that isolates one cause,
# - train a network that gets more than 99 of 100 digits right, in seconds.
#
# Write each prediction down *before* you run the cell under it: a number on paper is enough. A prediction that fails
# teaches you more than one that holds. If you are stuck, `check.hint("parameters")` gives a hint, and asking again says more.

# %% tags=["setup"]
import keras
import numpy as np
from keras import layers
from scipy import stats

from utils import batches, check, digits, plot, progress, results
from utils.data import load_mnist
from utils.lessons.lab02 import challenge, figures, suspects

check.start("lab02")

# %% [markdown]
# ## 1 · The digits
#
# MNIST has 60,000 digits for training and 10,000 for testing. Without a network connection you get 5,000 of them, and every
# conclusion of this lab still holds. The line under the next cell says which you have.

# %%
data = load_mnist()
x_train, x_test = (images[..., np.newaxis].astype("float32") / 255 for images in (data.x_train, data.x_test))
y_train, y_test = data.y_train, data.y_test
results.record("training digits", len(x_train))
results.record("test digits", len(x_test))
results.record("largest pixel after scaling", x_train.max())

# %%
first = [int(np.flatnonzero(y_train == digit)[k]) for k in range(2) for digit in range(10)]
plot.show(
    plot.images(x_train[first], columns=10, size=1.0, vmin=0, vmax=1),
    alt="Two handwritten examples of each digit from 0 to 9, white on black, centred in their frames; no two look alike.",
)

# %% [markdown]
# ## 2 · Two networks, counted
#
# This is the lecture's pair. No layer uses padding, and pooling halves height and width.
#
# | MLP | ConvNet |
# |:--|:--|
# | Flatten | Conv2D(32, 5), relu |
# | Dense(256), relu | MaxPool2D(2) |
# | Dense(10), softmax | Conv2D(64, 3), relu |
# | | MaxPool2D(2) |
# | | Flatten |
# | | Dense(256), relu |
# | | Dense(10), softmax |
#
# ### Exercise: count the parameters
#
# The lecture's slides say that a ConvNet needs *fewer* parameters. Who is right? Count before Keras does it for you.
#
# - `mlp_counts`: a list with the parameters of the two Dense layers;
# - `convnet_counts`: a list with those of the two convolutions and the two Dense layers, in this order;
# - `dense_twin`: the parameters of a Dense layer that would turn the image into as many numbers as the *first convolution* does.

# %%
# Arithmetic is welcome: write 3 * 3 * …, not the product.
### BEGIN SOLUTION
mlp_counts = [(28 * 28 + 1) * 256, (256 + 1) * 10]
convnet_counts = [(5 * 5 * 1 + 1) * 32, (3 * 3 * 32 + 1) * 64, (5 * 5 * 64 + 1) * 256, (256 + 1) * 10]
dense_twin = (28 * 28 + 1) * (24 * 24 * 32)
### END SOLUTION

# %%
check.answer("parameters", mlp_counts, convnet_counts, dense_twin)

# %% [markdown]
# ### Exercise: build the ConvNet
#
# Write the right column of the table in Keras. The first convolution must know the size of its input: 28×28 and one channel.


# %%
def convnet():
    """The lecture's ConvNet: images (n, 28, 28, 1) in, ten probabilities out."""
    ### BEGIN SOLUTION
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 5, activation="relu"),
            layers.MaxPool2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPool2D(2),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    ### END SOLUTION


# %%
check.answer("convnet", convnet)

# %% [markdown]
# Now let Keras count. The course's own copies of both networks are `digits.mlp()` and `digits.convnet()`: whatever you
# wrote above, the rest of the lab runs with these.

# %% tags=["nbval-check-output"]
for network in (digits.mlp(), digits.convnet()):
    total = network.count_params()
    print(f"{network.name}: {total:,} parameters")
    for layer in network.layers:
        if layer.count_params():
            shape = layer.output.shape[1:]
            print(
                f"    {type(layer).__name__:7} makes {shape!s:13} {layer.count_params():>9,}  {layer.count_params() / total:6.1%}"
            )

# %%
results.record("parameters of the MLP", digits.mlp().count_params())
results.record("parameters of the ConvNet", digits.convnet().count_params())
results.record("a Dense layer in place of the first convolution", 785 * 24 * 24 * 32 / 832, "×")

# %% [markdown]
# Both are right, about different things. Layer for layer a convolution is thousands of times smaller than the Dense layer
# it replaces. But this *network* is larger than the MLP, and the last column says where its parameters are: in the
# one Dense layer behind Flatten. So far, "the ConvNet wins because it is bigger" is a fair suspicion.

# %% [markdown]
# ## 3 · Before the fight: can it learn at all?
#
# Most bugs in training raise no error. The network trains, a little worse than it should, and nobody notices. Two tests take a
# minute and find most of them: compare the **first loss** with what guessing costs, and let the network learn **one batch by heart**.
#
# ### Exercise: two losses to know beforehand
#
# Keras' cross-entropy of one digit is $-\ln p$, where $p$ is the probability that the network gives to the true class.
#
# - `start_loss`: the loss of a fresh network, which gives ten classes about the same probability;
# - `floor`: someone has put a **second softmax** behind the first. The second one sees ten numbers between 0 and 1, and turns them into
#   $e^{z_i} / \sum_j e^{z_j}$. What is the smallest loss that this network can reach, however well it learns?

# %%
# np.log is the natural logarithm, np.exp the exponential function, np.e Euler's number.
### BEGIN SOLUTION
start_loss = -np.log(1 / 10)
floor = -np.log(np.e / (np.e + 9))
### END SOLUTION

# %%
check.answer("debug_numbers", start_loss, floor)

# %% [markdown]
# ### Four patients
#
# Four pipelines train the same small MLP. One is healthy. In one the **labels were shuffled** and no longer belong to their
# digits, one **forgot the scaling** and feeds pixels from 0 to 255, and one has the **softmax twice**. Which is which?
# Each was examined in the same way: its loss before training, 60 steps on one batch of 32 digits, then a fresh start,
# a short training on 1,000 digits, and a test on new ones.
#
# *Predict:* which of the three bugs leave a network that still gets most new digits right?

# %%
evidence = {
    name: suspects.examine(name, data.x_train[:1000], data.y_train[:1000], data.x_test, data.y_test)
    for name in progress.bar(suspects.NAMES, "examining")
}
print("patient  first loss  batch loss  batch right  new digits right")
for name, e in evidence.items():
    print(f"   {name} {e.first_loss:14.3f} {e.batch_losses[-1]:11.4f} {e.batch_accuracy:12.0%} {e.test_accuracy:17.0%}")

# %%
plot.show(
    figures.one_batch(evidence),
    alt="Loss on one batch over 60 steps for four pipelines, on a log scale. Three fall far below 0.1; one of them starts far above "
    "the others. The fourth levels off above 1 and stays there.",
)

# %% [markdown]
# ### Exercise: four patients
#
# Give each patient its diagnosis: `"healthy"`, `"labels shuffled"`, `"forgotten scaling"` or `"softmax twice"`.

# %%
# One word each, in quotes.
### BEGIN SOLUTION
a = "softmax twice"
b = "labels shuffled"
c = "healthy"
d = "forgotten scaling"
### END SOLUTION

# %%
check.answer("diagnoses", a, b, c, d)

# %% tags=["solution-only"]
results.record("healthy: new digits right", 100 * evidence["C"].test_accuracy, "%")
results.record("softmax twice: new digits right", 100 * evidence["A"].test_accuracy, "%")
results.record("forgotten scaling: new digits right", 100 * evidence["D"].test_accuracy, "%")
results.record("labels shuffled: new digits right", 100 * evidence["B"].test_accuracy, "%")
results.record("labels shuffled: its batch right", 100 * evidence["B"].batch_accuracy, "%")
results.record("forgotten scaling: first loss, in units of ln 10", evidence["D"].first_loss / np.log(10), "×")
results.record("softmax twice: last loss, in units of its floor", evidence["A"].batch_losses[-1] / np.log(1 + 9 / np.e), "×")

# %% [markdown] tags=["solution-only"]
# **The surprise.** Two of the three bugs leave a network that works, only worse than it should. The test accuracy alone would not
# have told you. The first loss gives the missing scaling away, and the loss that stops at ln(1 + 9/e) gives the second
# softmax away. Shuffled labels pass the one-batch test with full marks: a network can learn any labels by heart. Only new digits
# find them out. So: look at the first loss, overfit one batch, *and* test on new data.

# %% [markdown]
# ### Exercise: mend the pipeline
#
# This function is meant to mix the digits and get them ready for a network. It has four faults, and not one raises an error.
# Run it, and look at what it does to twelve digits.


# %%
def prepare_broken(images, labels, seed):
    rng = np.random.default_rng(seed)
    rng.shuffle(images)
    images = (images / 255).astype("uint8")
    return images, labels


twelve = data.x_train[:12].copy()
ready, given = prepare_broken(twelve, data.y_train[:12], seed=0)
print("values in the images:", np.unique(ready), " type:", ready.dtype, " shape:", ready.shape)
print("labels:", given)
print("the caller's images are untouched:", np.array_equal(twelve, data.x_train[:12]))
plot.show(
    plot.images(ready, [f"label {label}" for label in given], columns=12, size=0.85),
    alt="Twelve black squares with a few white dots in each: only the very brightest pixels are left of the digits.",
)


# %%
def prepare(images, labels, seed):
    """Mixed and scaled copies: (n, height, width) uint8 → (n, height, width, 1) float32 from 0 to 1, and their labels (n,).

    The same seed gives the same order. The caller's arrays stay as they are.
    """
    ### BEGIN SOLUTION
    order = np.random.default_rng(seed).permutation(len(images))
    ready = images[order][..., np.newaxis].astype("float32") / 255
    return ready, labels[order]
    ### END SOLUTION


# %%
check.answer("prepare", prepare)

# %% [markdown]
# ## 4 · The fight, and how sure you can be
#
# Both networks get the same digits, the same optimizer and the same schedule. You expect the ConvNet to win, so lean the other way: the MLP gets
# **three times as many passes** over the digits. Because training begins with random weights and meets the digits in random order, one run is one draw from a
# lottery. So there are three, with three seeds.
#
# *Predict:* the test error of each network, in percent. And how far will three runs of the same network lie apart?

# %%
EPOCHS, BATCH = (1, 128) if data.full else (3, 64)
MORE = 3 * EPOCHS  # what the MLPs get
LOOKS = 5 if data.full else 2  # measurements an epoch, for the curves
SEEDS = (0, 1, 2)


def train(build, seed, epochs=EPOCHS, images=x_train, test_images=x_test, looks=1, peak=3e-3):
    """A trained network and its accuracy on the test digits, measured `looks` times on the way."""
    keras.utils.set_random_seed(seed)
    model = build()
    steps = epochs * -(-len(images) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(peak, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", steps_per_execution=7)
    model.optimizer.build(model.trainable_variables)  # before `fit`, or TensorFlow traces the network twice
    watch = digits.watch(test_images, y_test, steps, looks, label=f"{model.name} {seed}")
    mixed = batches.batches(images, y_train[: len(images)], BATCH)  # what `fit` makes of arrays, without a pause after each epoch
    model.fit(mixed, epochs=epochs, verbose=0, shuffle=False, callbacks=[watch])
    return model, watch.curve


# %%
runs = {
    "MLP": [train(digits.mlp, seed, MORE, looks=MORE * LOOKS) for seed in SEEDS],
    "ConvNet": [train(digits.convnet, seed, looks=EPOCHS * LOOKS) for seed in SEEDS],
}
curves = {name: [curve for _, curve in pair] for name, pair in runs.items()}
accuracy = {name: 100 * np.array(c)[:, -1] for name, c in curves.items()}  # percent, one value a seed

# %%
plot.show(
    figures.fight(curves, LOOKS),
    alt="Test error against the epoch, the mean of three seeds with a band from best to worst. The MLP gets three times as many epochs, and "
    "still its curve levels off far above the point where the ConvNet's ends.",
)

# %% [markdown]
# ### Exercise: an interval over seeds
#
# A mean of three runs is not the truth. With mean $m$ and standard deviation $s$ of $n$ runs, the interval
#
# $$m \pm t \cdot \frac{s}{\sqrt{n}}$$
#
# holds the true mean in 95 of 100 such experiments. $s$ divides by $n-1$, and $t$ is Student's: `stats.t.ppf(q, degrees_of_freedom)`
# gives the point below which a share $q$ of his distribution lies. 5 % may lie outside, on *both* sides together.


# %%
def t_interval(values):
    """The 95 % interval (low, high) for the mean of which `values` are independent measurements."""
    ### BEGIN SOLUTION
    n = len(values)
    half = stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)
    return np.mean(values) - half, np.mean(values) + half
    ### END SOLUTION


# %%
check.answer("t_interval", t_interval)

# %% [markdown]
# ### Exercise: an interval over test digits
#
# There is a second lottery: which digits are in the test set. If $k$ of $n$ digits are wrong and $p = k/n$, the textbook's
# $p \pm z\sqrt{p(1-p)/n}$ breaks down for rare errors: with $k = 0$ it claims certainty. Wilson's interval does not:
#
# $$\frac{p + \frac{z^2}{2n} \pm z\sqrt{\frac{p(1-p)}{n} + \frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}}, \qquad z = 1.96$$


# %%
def error_interval(errors, n):
    """Wilson's 95 % interval (low, high) for the error rate, a fraction, after `errors` mistakes on `n` digits."""
    ### BEGIN SOLUTION
    p, z = errors / n, stats.norm.ppf(0.975)
    centre = p + z**2 / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    ### END SOLUTION


# %%
check.answer("error_interval", error_interval)

# %% [markdown]
# The table shows both intervals, computed by SciPy. The last line compares the two networks of seed 0 **digit by digit**. Digits that
# both get right, or both wrong, say nothing about which is better. Of the others, a coin would give half to each network. How likely is
# a coin to be as one-sided as this?

# %%
right = {name: digits.right(pair[0][0], x_test, y_test) for name, pair in runs.items()}
print("          mean of 3        95 % over seeds     95 % over digits, seed 0")
for name, values in accuracy.items():
    low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    ends = stats.binomtest(int(right[name].sum()), len(y_test)).proportion_ci(0.95, method="wilson")
    print(f"{name:8} {values.mean():8.2f} %   {low:6.2f} to {min(high, 100):6.2f} %   {ends.low:10.2%} to {ends.high:.2%}")
only_convnet = int((right["ConvNet"] & ~right["MLP"]).sum())
only_mlp = int((right["MLP"] & ~right["ConvNet"]).sum())
p_coin = stats.binomtest(only_convnet, only_convnet + only_mlp).pvalue
print(f"right by the ConvNet alone: {only_convnet}, by the MLP alone: {only_mlp}")
print(f"a coin is as one-sided as that with probability {p_coin:.1g}")

# %%
results.record("MLP, accuracy", accuracy["MLP"].mean(), "%")
results.record("ConvNet, accuracy", accuracy["ConvNet"].mean(), "%")
results.record("the ConvNet's errors, as a share of the MLP's", (100 - accuracy["ConvNet"].mean()) / (100 - accuracy["MLP"].mean()))
results.record("worst ConvNet minus best MLP", accuracy["ConvNet"].min() - accuracy["MLP"].max(), "points")
results.record("probability that it was a coin", p_coin)

# %% [markdown]
# The ConvNet wins, with a third of the passes, and it was not luck. The comparison digit by digit is the sharpest of the three, because both
# networks sat the *same* exam. But luck was not the suspicion. Size was.

# %% [markdown]
# ## 5 · Control 1: is it just size?
#
# Change the size and nothing else. Both networks have one hidden Dense layer whose width you can turn: give the ConvNet a *narrow* one, so that
# it has at most a third of the MLP's 203,530 parameters, and the MLP a *wide* one, until it has as many as the ConvNet.
#
# ### Exercise: two fair controls
#
# Write two functions that return the largest width with which the network has **at most** `budget` parameters. All else stays
# as in section 2.


# %%
# // divides and rounds down.
def widest_mlp(budget):
    """Units of the MLP's hidden layer."""
    ### BEGIN SOLUTION
    return (budget - 10) // (28 * 28 + 1 + 10)
    ### END SOLUTION


def widest_convnet(budget):
    """Units of the ConvNet's hidden layer."""
    ### BEGIN SOLUTION
    return (budget - 832 - 18_496 - 10) // (5 * 5 * 64 + 1 + 10)
    ### END SOLUTION


# %%
check.answer("widths", widest_mlp, widest_convnet)

# %% [markdown]
# For these budgets the widths are 30 and 543. *Predict:* put the four networks in order, from fewest to most errors.

# %%
twice = SEEDS[: 1 if data.full else 2]  # few test digits say little, so there every network runs twice
runs["narrow ConvNet"] = [train(lambda: digits.convnet(30), seed) for seed in twice]
runs["wide MLP"] = [train(lambda: digits.mlp(543), seed, MORE) for seed in twice]
points = []
for name, pair in runs.items():
    errors = [100 * (1 - curve[-1]) for _, curve in pair]
    parameters = pair[0][0].count_params()
    points.append((name, "mlp" if "MLP" in name else "convnet", parameters, errors))
    print(f"{name:15} {parameters:>8,} parameters, test error {np.mean(errors):5.2f} % (runs: {len(errors)})")

# %%
plot.show(
    figures.size_against_error(points),
    alt="Test error against the number of parameters, on a log scale, for four networks. Both ConvNets lie below both MLPs, also the "
    "one with the fewest parameters of all.",
)

# %%
mean_error = {name: np.mean(errors) for name, _, _, errors in points}
results.record("parameters of the narrow ConvNet", points[2][2])
results.record("parameters of the wide MLP", points[3][2])
results.record("MLP, what doubling it saves", mean_error["MLP"] - mean_error["wide MLP"], "points of error")
results.record("narrow ConvNet, errors as a share of the wide MLP's", mean_error["narrow ConvNet"] / mean_error["wide MLP"])

# %% [markdown] tags=["solution-only"]
# **It is not size.** Twice the parameters hardly help the MLP. A third of the MLP's parameters are enough for the ConvNet to
# beat an MLP more than six times as large. What matters is not how many parameters there are but what they are tied to: the same few hundred weights
# look at every place of the image. The next two controls ask what exactly this buys.

# %% [markdown]
# ## 6 · Control 2: the same pixels in another order
#
# Take one random order of the 784 pixels and put *every* image, training and test, into it. No pixel is lost. What is lost is which
# pixels are neighbours.
#
# ### Exercise: the same pixels in another order
#
# Pixels are counted row by row. Pixel `k` of each result is pixel `order[k]` of the image.


# %%
def permute(images, order):
    """The pixels of `images` (n, height, width, 1) in another order, the same for every image; `order` has height·width places."""
    ### BEGIN SOLUTION
    flat = images.reshape(len(images), len(order))
    return flat[:, order].reshape(images.shape)
    ### END SOLUTION


# %%
check.answer("permute", permute)

# %% [markdown]
# *Predict:* what happens to the error of the MLP, and to that of the ConvNet? Up, down, or about the same?

# %%
order = np.random.default_rng(0).permutation(28 * 28)
x_train_permuted, x_test_permuted = digits.permute(x_train, order), digits.permute(x_test, order)
permuted_error = {"MLP": [], "ConvNet": []}
for name, build, epochs in (("MLP", digits.mlp, MORE), ("ConvNet", digits.convnet, EPOCHS)):
    _, curve = train(build, 0, epochs, x_train_permuted, x_test_permuted)
    permuted_error[name] = [100 * (1 - curves[name][0][-1]), 100 * (1 - curve[-1])]

# %%
plot.show(
    figures.permuted(x_test[:4], x_test_permuted[:4], permuted_error),
    alt="Four digits, and below them the same pixels in random order, which look like noise. Bars: the MLP's test error hardly changes, "
    "the ConvNet's grows to more than twice its size and is no longer below the MLP's.",
)

# %%
before, after = zip(*permuted_error.values(), strict=True)
results.record("MLP, error after minus before", after[0] - before[0], "points")
results.record("ConvNet, error after over before", after[1] / before[1], "×")
results.record("ConvNet's lead over the MLP before", before[0] - before[1], "points")
results.record("ConvNet's lead over the MLP after", after[0] - after[1], "points")

# %% [markdown]
# ## 7 · Control 3: shifted digits
#
# "Convolution makes a network invariant to shifts" stands on many slides. These networks have only seen digits in the middle of the
# picture. Now move the *test* digits by a few pixels, and leave the trained networks as they are.
#
# ### Exercise: shift the digits
#
# `rows` pixels down and `columns` pixels to the right; negative numbers go up and left. What moves in is 0, and what moves out is lost.


# %%
def shift(images, rows, columns):
    """`images` (n, height, width, 1), moved; the result has the same shape."""
    ### BEGIN SOLUTION
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (abs(rows), abs(rows)), (abs(columns), abs(columns)), (0, 0)))
    top, left = abs(rows) - rows, abs(columns) - columns
    return padded[:, top : top + height, left : left + width]
    ### END SOLUTION


# %%
check.answer("shift", shift)

# %% [markdown]
# A third network joins in. It has the lecture's two convolutions, but instead of Flatten and Dense it takes the **maximum of each
# map over all places** (`GlobalMaxPooling2D`). It knows *what* is there and not *where*.
#
# *Predict:* draw three curves, test error against a shift of 0 to 6 pixels: MLP, ConvNet, and the ConvNet that pools over all places.

# %%
pooled, _ = train(digits.pooled_convnet, 0, 3, x_train[:8_000])
shifts = range(7)
some = slice(0, 500)
networks = {"MLP": runs["MLP"][0][0], "ConvNet": runs["ConvNet"][0][0], "pooled over all places": pooled}
shift_errors = {name: digits.error_by_shift(m, x_test[some], y_test[some], shifts) for name, m in networks.items()}
ink = [1 - digits.shift(x_test, s, 0).sum() / x_test.sum() for s in shifts]
print("shift in pixels       ", "  ".join(f"{s:5}" for s in shifts))
print("ink that leaves, %    ", "  ".join(f"{100 * share:5.1f}" for share in ink))
for name, values in shift_errors.items():
    print(f"{name:22}", "  ".join(f"{value:5.1f}" for value in values))

# %%
plot.show(
    figures.shifted([digits.shift(x_test[:1], 0, s)[0] for s in shifts], shifts, shift_errors),
    alt="One digit moving to the right by 0 to 6 pixels, and the test error against the shift. The MLP's error rises steeply from the "
    "second pixel on, the ConvNet's a little later and nearly as far; that of the network pooled over all places stays low.",
)

# %%
results.record("ink lost at 4 pixels", 100 * ink[4], "%")
results.record("1 pixel: ConvNet's error minus MLP's", shift_errors["ConvNet"][1] - shift_errors["MLP"][1], "points")
results.record("2 pixels: ConvNet's error minus MLP's", shift_errors["ConvNet"][2] - shift_errors["MLP"][2], "points")
results.record("5 pixels: ConvNet's error", shift_errors["ConvNet"][5], "%")
results.record("4 pixels: ConvNet's error minus the pooled one's", shift_errors["ConvNet"][4] - shift_errors["pooled over all places"][4], "points")

# %% [markdown]
# ### Exercise: what the controls say
#
# Choose the explanation that the experiments support, `"a"`, `"b"` or `"c"`.
#
# `permuted_mlp`. The MLP is about as good as before in the new order, because
#
# - a: it learned to undo the new order;
# - b: its first layer treats all pixels alike: with its weights in the same new order it is the same network;
# - c: it has parameters to spare.
#
# `permuted_convnet`. The ConvNet loses its lead in the new order, because
#
# - a: the class can no longer be read from the pixels;
# - b: it has too few parameters for so hard a task;
# - c: what it takes for granted, that near pixels belong together and that a pattern means the same everywhere, is now false.
#
# `shifted`. Even the ConvNet fails on digits that moved by some pixels, because
#
# - a: its maps move along with the digit, but Flatten and Dense tie every number of a map to its place;
# - b: the maps of a convolution stay where they are when the digit moves;
# - c: the digits are pushed out of the picture.

# %%
# A letter each, in quotes.
### BEGIN SOLUTION
permuted_mlp = "b"
permuted_convnet = "c"
shifted = "a"
### END SOLUTION

# %%
check.answer("explain", permuted_mlp, permuted_convnet, shifted)

# %% [markdown] tags=["solution-only"]
# **What the ConvNet brings along.** It assumes that neighbours matter and that a pattern means the same everywhere. Such an assumption, made
# before any data, is called a *prior*. It is right for pictures, so fewer errors remain; where it is wrong, as in the random order, it costs.
# The MLP assumes nothing and loses nothing.
#
# Convolution is *equivariant*: when the digit moves, the map moves along. That is not invariance. Each pooling layer forgives a
# shift of about a pixel of its input, which is why the ConvNet's curve rises later. Only pooling over all places forgives all
# of it. Its price is at shift 0: a network that does not know where things are confuses digits that differ in nothing else.

# %% [markdown]
# ## 8 · LeNet-5, to the last parameter
#
# In 1998 LeCun, Bottou, Bengio and Haffner published the ConvNet that read cheques. Its digits are padded with zeros from 28×28 to 32×32.
# The paper says: *60,000 trainable parameters*. Tutorials that rebuild it get 61,706. Both are right. The difference is instructive.
#
# In the layer **C3**, 16 maps are made from 6, with 5×5 kernels. Today every new map looks at all 6 maps below. In the paper all but one
# look at some of them only, to save work and to break the symmetry. The rows below are those of the paper's Table I.

# %% tags=["nbval-check-output"]
print("map of C3   looks at these maps of S2")
for number, seen in enumerate(digits.LENET_C3):
    print(f"{number:9}   " + " ".join("■" if k in seen else "·" for k in range(6)))

# %% [markdown]
# ### Exercise: C3 as it was published
#
# How many parameters has C3 with this table? Each map has a 5×5 kernel for each map that it looks at, and one bias.

# %%
# You may count the rows above: how many look at 3 maps, how many at 4, how many at all 6?
### BEGIN SOLUTION
c3_parameters = 6 * (3 * 25 + 1) + 9 * (4 * 25 + 1) + 1 * (6 * 25 + 1)
### END SOLUTION

# %%
check.answer("c3_parameters", c3_parameters)

# %% [markdown]
# ### Exercise: LeNet-5
#
# Build it as it is written today. The table is complete but for the arithmetic.
#
# | layer | what | size after it |
# |:--|:--|--:|
# | | zero padding | 32×32 |
# | C1 | 6 filters, 5×5, tanh | 28×28 |
# | S2 | average pooling, 2×2 | 14×14 |
# | C3 | 16 filters, 5×5, tanh | 10×10 |
# | S4 | average pooling, 2×2 | 5×5 |
# | C5 | 120 filters, 5×5, tanh | 1×1 |
# | | Flatten | |
# | F6 | Dense, 84 units, tanh | |
# | output | Dense, 10 units, softmax | |


# %%
def lenet5():
    """LeNet-5 in today's form: images (n, 28, 28, 1) in, ten probabilities out."""
    ### BEGIN SOLUTION
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.ZeroPadding2D(2),
            layers.Conv2D(6, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(120, 5, activation="tanh"),
            layers.Flatten(),
            layers.Dense(84, activation="tanh"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    ### END SOLUTION


# %%
check.answer("lenet5", lenet5)

# %% [markdown]
# Now both side by side. The course's `digits.lenet5_1998()` is the paper's network. Besides C3, two things differ. Its pooling layers
# *learn*: each map has one factor and one bias. And its output layer is *fixed*: it compares the 84 numbers of F6 with a code of ±1 for each digit.
# The paper drew these codes as little pictures; here they are random.

# %% tags=["nbval-check-output"]
today, paper = digits.lenet5(), digits.lenet5_1998()


def trainable(network, *names):
    """Trainable parameters of the layers whose names begin with one of `names`; of all layers if none is given."""
    chosen = [layer for layer in network.layers if not names or layer.name.startswith(names)]
    return sum(int(np.prod(w.shape)) for layer in chosen for w in layer.trainable_weights)


now = [layer.count_params() for layer in today.layers if not layer.name.startswith("zero")]
print("         today     1998")
for name, count in zip(("C1", "S2", "C3", "S4", "C5", "", "F6", "output"), now, strict=True):
    if name:
        print(f"{name:6} {count:7,} {trainable(paper, name):8,}")
print(f"{'all':6} {today.count_params():7,} {trainable(paper):8,}   and {paper.count_params() - trainable(paper)} fixed")

# %%
lenets = {"today": digits.lenet5, "1998": digits.lenet5_1998}
# at 3e-3 they need more epochs
lenet_runs = {name: train(build, 0, min(EPOCHS, 2), peak=1e-2) for name, build in lenets.items()}
for name, (_, curve) in lenet_runs.items():
    results.record(f"LeNet-5 of {name}, accuracy", 100 * curve[-1], "%")
results.record("LeNet-5 of 1998, trainable parameters", trainable(paper))
results.record("LeNet-5 of today, trainable parameters", trainable(today))

# %% [markdown]
# The two differ by 1,706 parameters and a whole philosophy: which parts of a network should be learned? Compare their accuracies, and remember
# the width of the intervals in section 4 before you call one of them better.

# %% [markdown]
# ## 9 · What it learned
#
# The ConvNet's first layer has 32 filters of 5×5. Nobody told it what to look for.
#
# *Predict:* what will they look like? You made filters by hand in Lab 01.

# %%
model = runs["ConvNet"][0][0]
kernel = model.layers[0].get_weights()[0]  # (5, 5, 1, 32)
plot.show(
    figures.filters(kernel),
    alt="The 32 filters of the first layer, 5 by 5 each, red for positive and blue for negative weights. Several have a red and a blue "
    "side, as an edge filter has; others look random.",
)

# %%
maps_of = keras.Model(model.inputs[0], [model.layers[0].output, model.layers[2].output])
shown = int(np.flatnonzero(y_test == 4)[0])
maps = [np.asarray(m)[0] for m in maps_of(x_test[shown : shown + 1])]
numbers = [np.argsort(-m.max(axis=(0, 1)))[:6] for m in maps]
plot.show(
    figures.feature_maps(x_test[shown], maps, numbers),
    alt="A handwritten 4 and its six strongest feature maps in each convolution. First-layer maps show the whole digit with "
    "strokes of one direction lit; second-layer maps are coarser and lit in a few places only.",
)

# %% [markdown]
# Some filters still look like the random numbers that they began with, more so after a short training. Compare a map's number with the filter
# of that number above: where is the map bright, and which edge does the filter ask for? The second layer
# combines the first's 32 maps, so its maps answer to *parts*, such as a corner or a crossing, and only where the part is.

# %%
probabilities = digits.probabilities(model, x_test)  # (n, 10)
said = probabilities.argmax(axis=1)
matrix = np.zeros((10, 10), int)
np.add.at(matrix, (y_test, said), 1)
plot.show(
    figures.confusion(matrix),
    alt="Confusion matrix of the ten digits. Nearly all digits lie on the diagonal; the few mistakes are between look-alikes.",
)
results.record("on the diagonal", 100 * np.trace(matrix) / matrix.sum(), "%")

# %% [markdown]
# ### Exercise: the most confident mistakes
#
# The mistakes that a network is *sure* of tell you most: about the network, or about the labels. Return the **indices** of the `count` mistakes
# with the greatest confidence, the most confident first. Confidence is the probability of the class that the network chose. If there are
# fewer mistakes, return them all.


# %%
def most_confident(probabilities, labels, count):
    """Indices of the most confident mistakes; `probabilities` (n, 10), `labels` (n,)."""
    ### BEGIN SOLUTION
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    confidence = probabilities[wrong].max(axis=1)
    return wrong[np.argsort(-confidence)][:count]
    ### END SOLUTION


# %%
check.answer("most_confident", most_confident)

# %%
mistakes = sorted(np.flatnonzero(said != y_test), key=lambda i: -probabilities[i].max())[:12]
plot.show(
    figures.confident_mistakes(x_test[mistakes], y_test[mistakes], probabilities[mistakes]),
    alt="The twelve test digits that the ConvNet got wrong with the greatest confidence, each with its label, the network's answer and "
    "how sure it was. Several are hard to read for a person too.",
)
results.record("confidence of the surest mistake", 100 * probabilities[mistakes[0]].max(), "%")

# %% [markdown]
# A high probability is no promise: the network was this sure, and wrong. Cover the labels and read the digits yourself. How many would you have got?

# %% [markdown]
# ## 10 · Challenge: three minutes
#
# **The most accurate network after at most three minutes of training on two cores.** And a second line: **the fewest seconds of training
# to 99 %** of the full test set. Evaluation does not count, training does. On the 5,000 digits the game is the same, only shorter.
#
# One thing first. A large learning rate learns fast and ends badly; a small one ends well and takes long. So begin small, climb, and come
# down slowly: a *warm-up* and half a *cosine*.
#
# ### Exercise: a schedule for the learning rate
#
# - In the first `warmup` steps the rate grows in a straight line, from 0 at step 0 to `peak` at step `warmup`.
# - From there it falls to 0 at step `steps`, along half a cosine: $\text{peak} \cdot \frac{1 + \cos(\pi \cdot \text{progress})}{2}$, where the progress runs
#   from 0 to 1.


# %%
def warmup_cosine(step, steps, peak, warmup):
    """The learning rate at `step`, from 0 to `steps`; `warmup` is a number of steps and may be 0."""
    ### BEGIN SOLUTION
    if step < warmup:
        return peak * step / warmup
    progress = (step - warmup) / (steps - warmup)
    return peak * (1 + np.cos(np.pi * progress)) / 2
    ### END SOLUTION


# %%
check.answer("warmup_cosine", warmup_cosine)

# %% [markdown]
# ### Your entry
#
# A recipe holds a function that builds the network (ending in a softmax), the number of epochs, the batch size, the peak of the
# learning rate, what is done to the digits before each epoch, and in which views the network is asked about a test digit.
# `challenge.run` trains it with the schedule above, stops the clock while it evaluates, and prints the leaderboard's line. The lecture's
# MLP is the first entry. Change the recipe, and overtake it; then overtake the ConvNet of section 4.
#
# A fair game: whoever tries twenty recipes on the test digits has chosen the one that suits *these* digits. Keep some training digits aside
# (`x_train[-5000:]`), choose by them, and open the test set once.

# %%
recipe = challenge.Recipe("the lecture's MLP", digits.mlp, epochs=EPOCHS, batch=BATCH, peak=3e-3)
entry = challenge.run(recipe, x_train, y_train, x_test, y_test)

# %% [markdown]
# Ideas, from the cheapest to the dearest: a network with batch normalization bears a larger rate: try 1e-2. A stride in the first convolution saves three
# quarters of the work behind it. A digit that is moved, turned or scaled a little is still the same digit, and a new one for the network.
# A changed copy of a *test* digit is one too: ask about several, and average. Does each help? Measure it.

# %% [markdown] tags=["solution-only"]
# ### The course's entry
#
# Two networks of convolutions with batch normalization. Both begin with two strides of 2, and both take the mean of each map over all places instead
# of Flatten and Dense(256). The more accurate one meets each digit moved, turned and scaled anew in each epoch (`challenge.distort`). The
# faster one has no time for that.

# %% tags=["solution-only"]
views = challenge.distort(np.repeat(x_train[:1], 7, axis=0), np.random.default_rng(0))
for build in (challenge.accurate_convnet, challenge.fast_convnet, digits.convnet):
    print(f"{build.__name__:17} {build().count_params():>8,} parameters")
plot.show(
    figures.augmented(x_train[0], views),
    alt="One digit as it is and seven slightly moved, turned and scaled versions of it. All are easy to read as the same digit.",
)

# %% tags=["solution-only"]
best = challenge.run(challenge.champion(data.full), x_train, y_train, x_test, y_test)
results.record("challenge: accuracy", 100 * best.accuracy, "%")
share = (1 - best.accuracy) / (1 - accuracy["ConvNet"].mean() / 100)
results.record("challenge: errors as a share of the lecture's ConvNet's", share)
results.record("challenge: seconds of training", best.seconds, "s")

# %% tags=["solution-only"]
sprint = challenge.run(challenge.sprint(data.full), x_train, y_train, x_test, y_test)
results.record("sprint: accuracy", 100 * sprint.accuracy, "%")
if data.full:
    print(f"seconds of training to 99 %: {sprint.seconds_to(0.99):.1f}")

# %% [markdown] tags=["solution-only"]
# What makes both fast are the strides: most of the work of a convolution is done on its large maps. Distorted digits are for the long run: each epoch
# shows each digit in another form, so there is nothing to learn by heart. And asking about four changed copies of each test digit, distorted
# or moved by a pixel, costs no training at all.

# %% tags=["solution-only"]
wrong = round((1 - best.accuracy) * len(y_test))
ends = stats.binomtest(wrong, len(y_test)).proportion_ci(0.95, method="wilson")
print(f"{wrong} of {len(y_test):,} wrong: the error rate lies between {ends.low:.2%} and {ends.high:.2%}")

# %% [markdown] tags=["solution-only"]
# That interval is wide. On a leaderboard of such entries the places next to each other mean little.

# %% [markdown]
# ## 11 · Your score
#
# You began with a suspicion, that the ConvNet wins because it is larger. Four experiments later you know better, and you know how sure you are.

# %% tags=["nbval-check-output"]
check.report()
