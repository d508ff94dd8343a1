# %% [markdown]
# # Lab 02 · MLP against ConvNet
#
# A lecture trains two networks on the same handwritten digits. The convolutional one
# wins. It also has twice as many parameters. **So does it win only because it is
# bigger?** In this lab you find out as a scientist would: you predict, you measure, you
# are surprised, and you explain.
#
# You will be able to
#
# - count a network's parameters before you build it,
# - find a broken training pipeline in a minute, by overfitting one batch,
# - say how certain you are that one network is better than another,
# - design a control experiment that isolates one cause,
# - train, within three minutes, a network that makes fewer errors than the lecture's
#   ConvNet with a seventh of its parameters.
#
# Write down each prediction *before* you run the cell below it: a number on paper is
# enough. A prediction that fails teaches you more than one that holds. If you are
# stuck, `check.hint("parameters")` gives you a hint for that exercise; call it again
# and the next hint says more. A function that you write must leave the arrays that it
# is given unchanged.
#
# **You will learn** to test by control experiments why a ConvNet beats an MLP, and how
# certain such a result is.

# %% tags=["setup"]
import math

import keras
import numpy as np
from keras import layers
from scipy import stats

from utils import check, digits, plot, progress, results, training
from utils.data import load_mnist
from utils.lessons.lab02 import challenge, figures, suspects
from utils.lessons.lab02.plan import ALL_DIGITS, FEW_DIGITS

check.start("lab02")

# %% [markdown]
# ## 1 · The digits
#
# MNIST has 60,000 digits for training and 10,000 for testing. Without a network
# connection you get 5,000 of them, and every conclusion of this lab still holds. The
# first line below the next cell says which digits you have. All settings that depend on
# how many there are, such as the number of epochs, are kept in one object, `plan`.

# %%
data = load_mnist()
x_train = data.x_train[..., np.newaxis].astype("float32") / 255
x_test = data.x_test[..., np.newaxis].astype("float32") / 255
y_train, y_test = data.y_train, data.y_test
plan = ALL_DIGITS if data.full else FEW_DIGITS
results.on(plan.data)
results.record("training digits", len(x_train))
results.record("test digits", len(x_test))
results.record("largest pixel after scaling", x_train.max())

# %%
examples = [np.flatnonzero(y_train == digit)[:2] for digit in range(10)]
examples = np.transpose(examples).ravel()  # 0, 1, …, 9, and again
plot.show(
    plot.images(x_train[examples], columns=10, size=1.0, vmin=0, vmax=1),
    alt="Two handwritten examples of each digit from 0 to 9, white on black, centred "
    "in their frames; no two look alike.",
)

# %% [markdown]
# ## 2 · Two networks, counted
#
# This is the lecture's pair: a *multilayer perceptron* (MLP) and a ConvNet. No layer
# uses padding, and each pooling layer halves height and width.
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
# The lecture's slides say that a ConvNet needs *fewer* parameters. Are they right?
# Count before Keras does it for you.
#
# - `mlp_counts`: a list of two numbers, the parameters of the MLP's two Dense layers;
# - `convnet_counts`: a list of four numbers, the parameters of the two convolutions and
#   the two Dense layers, in this order;
# - `dense_twin`: one number. Imagine a Dense layer in place of the *first convolution*.
#   It gets the same image and puts out as many numbers. How many parameters has it?

# %%
# Arithmetic is welcome: write 3 * 3 * …, not the product.
### BEGIN SOLUTION
mlp_counts = [(28 * 28 + 1) * 256, (256 + 1) * 10]
convnet_counts = [
    (5 * 5 * 1 + 1) * 32,
    (3 * 3 * 32 + 1) * 64,
    (5 * 5 * 64 + 1) * 256,
    (256 + 1) * 10,
]
dense_twin = (28 * 28 + 1) * (24 * 24 * 32)
### END SOLUTION

# %%
check.answer("parameters", mlp_counts, convnet_counts, dense_twin)

# %% [markdown]
# ### Exercise: build the ConvNet
#
# Write the right column of the table in Keras: a function without arguments that
# returns the model. The model must know the size of its input, 28×28 pixels and one
# channel. You need not compile it.


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
# Now let Keras count. The course's own versions of the two networks are `digits.mlp()`
# and `digits.convnet()`. The rest of the lab uses these, whatever you wrote above.

# %% tags=["nbval-check-output"]
for network in (digits.mlp(), digits.convnet()):
    total = network.count_params()
    print(f"{network.name}: {total:,} parameters")
    for layer in network.layers:
        count = layer.count_params()
        if count > 0:
            kind, shape = type(layer).__name__, layer.output.shape[1:]
            print(
                f"    {kind:6}  output {shape!s:12}  {count:>7,}  {count / total:5.1%}"
            )

# %% [markdown]
# And here is the Dense twin of each convolution: a Dense layer with the same inputs and
# as many outputs.

# %%
network = digits.convnet()
results.record("parameters of the MLP", digits.mlp().count_params())
results.record("parameters of the ConvNet", network.count_params())
for name, layer in (("first", network.layers[0]), ("second", network.layers[2])):
    inputs = math.prod(layer.input.shape[1:])
    outputs = math.prod(layer.output.shape[1:])
    twin = (inputs + 1) * outputs
    ratio = twin / layer.count_params()
    results.record(f"Dense twin of the {name} convolution, parameters", ratio, "×")

# %% [markdown]
# Both sides are right, about different things. Compare layers, and a convolution has
# over a thousand times fewer parameters than the Dense layer it replaces. Compare
# networks, and this ConvNet is larger than the MLP. The last column of the table says
# where its parameters are: in the one Dense layer after Flatten. So far, "the ConvNet
# wins because it is bigger" is a fair suspicion.

# %% [markdown]
# ## 3 · Before the comparison: can it learn at all?
#
# Most bugs in training raise no error. The network trains, a little worse than it
# should, and nobody notices. Two *sanity checks* take a minute and find many of them:
# compare the **first loss** with the loss of guessing, and let the network **overfit
# one batch**.
#
# ### Exercise: two losses to know beforehand
#
# Keras' cross-entropy of one digit is $-\ln p$, where $p$ is the probability that the
# network gives to the true class. Compute two numbers:
#
# - `start_loss`: the loss of a network before training, which gives each of the ten
#   classes about the same probability;
# - `floor`: someone has put a **second softmax** after the first. The second one gets
#   ten numbers $z_i$ between 0 and 1, which sum to 1, and turns them into $e^{z_i} /
#   \sum_j e^{z_j}$. What is the smallest loss that this network can reach, however well
#   it learns?

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
# Four pipelines train the same small MLP. One is healthy. In one the **labels were
# shuffled** and no longer belong to their digits, one **forgot the scaling** and feeds
# pixels from 0 to 255, and one has the **softmax twice**. Which is which? Each was
# examined in the same way: its loss before training, then 60 steps on one batch of 32
# digits; then a new start, a short training on 1,000 digits, and a test on new digits.
#
# *Predict:* with which of the three bugs does the network still get most new digits
# right?

# %%
evidence = {}
for name in progress.bar(suspects.NAMES, "examining"):
    evidence[name] = suspects.examine(
        name, data.x_train[:1000], data.y_train[:1000], data.x_test, data.y_test
    )

print("patient  first loss  batch loss  batch right  new digits right")
for name, e in evidence.items():
    print(
        f"   {name} {e.first_loss:14.3f} {e.batch_losses[-1]:11.4f}"
        f" {e.batch_accuracy:12.0%} {e.test_accuracy:17.0%}"
    )

# %%
in_words = []
for name, e in evidence.items():
    in_words.append(f"{name} from {e.batch_losses[0]:.1f} to {e.batch_losses[-1]:.2g}")
plot.show(
    figures.losses_on_one_batch(evidence),
    alt=f"The loss on one batch over 60 steps, four pipelines: {', '.join(in_words)}.",
)

# %% [markdown]
# ### Exercise: four patients
#
# Give each patient its diagnosis: `a`, `b`, `c` and `d` each get one of the four texts
# `"healthy"`, `"labels shuffled"`, `"forgotten scaling"` and `"softmax twice"`.

# %%
# One of the four texts for each, in quotes.
### BEGIN SOLUTION
a = "softmax twice"
b = "labels shuffled"
c = "healthy"
d = "forgotten scaling"
### END SOLUTION

# %%
check.answer("diagnoses", a, b, c, d)

# %% tags=["solution-only"]
diagnosis = {
    "C": "healthy",
    "A": "softmax twice",
    "D": "forgotten scaling",
    "B": "labels shuffled",
}
for name, bug in diagnosis.items():
    results.record(f"{bug}: new digits right", 100 * evidence[name].test_accuracy, "%")

memorized = 100 * evidence["B"].batch_accuracy
first_loss = evidence["D"].first_loss / np.log(10)
last_loss = evidence["A"].batch_losses[-1] / np.log(1 + 9 / np.e)
results.record("labels shuffled: its batch right", memorized, "%")
results.record("forgotten scaling: first loss, in units of ln 10", first_loss, "×")
results.record("softmax twice: last loss, in units of its floor", last_loss, "×")

# %% [markdown] tags=["solution-only"]
# **The surprise.** Two of the three bugs leave a network that works, only worse than it
# should. The test accuracy alone would not have told you. The first loss gives the
# missing scaling away, and the loss that stops at ln(1 + 9/e) gives the second softmax
# away. Shuffled labels pass the one-batch test with full marks, because a network can
# *memorize* any labels. Only new digits expose them. So check all three: look at the
# first loss, overfit one batch, *and* test on new data.

# %% [markdown]
# ### Exercise: mend the pipeline
#
# This function is meant to shuffle the digits and get them ready for a network. It has
# four faults, and none of them raises an error. Run it, and look at what it does to
# twelve digits.


# %%
def prepare_broken(images, labels, seed):
    rng = np.random.default_rng(seed)
    rng.shuffle(images)
    images = (images / 255).astype("uint8")
    return images, labels


twelve = data.x_train[:12].copy()
ready, given = prepare_broken(twelve, data.y_train[:12], seed=0)
print("values in the images:", np.unique(ready))
print("type and shape:", ready.dtype, ready.shape)
print("labels:", given)
print("the caller's images are untouched:", np.array_equal(twelve, data.x_train[:12]))
plot.show(
    plot.images(ready, [f"label {label}" for label in given], columns=12, size=0.85),
    alt=f"Twelve black squares with {np.count_nonzero(ready)} white dots in all: only "
    "the very brightest pixels are left of the digits.",
)

# %% [markdown]
# Write `prepare` so that it has none of the four faults. It gets images of shape (n,
# height, width), uint8 from 0 to 255, their labels of shape (n,) and a seed. It returns
# two arrays:
#
# - the images in a random order: shape (n, height, width, 1), float32, every pixel
#   divided by 255, so that 255 becomes 1;
# - the labels in the *same* order: shape (n,).
#
# The same seed gives the same order, another seed another order. The arrays that the
# caller passed in stay as they are.


# %%
def prepare(images, labels, seed):
    """Shuffled, scaled copies of `images`, with a channel axis, and their labels."""
    ### BEGIN SOLUTION
    order = np.random.default_rng(seed).permutation(len(images))
    ready = images[order][..., np.newaxis].astype("float32") / 255
    return ready, labels[order]
    ### END SOLUTION


# %%
check.answer("prepare", prepare)

# %% [markdown]
# ## 4 · The comparison, and how certain you can be
#
# Both networks get the same digits, the same optimizer and the same schedule for the
# learning rate. You expect the ConvNet to win, so tilt the comparison the other way:
# the MLP trains for **three times as many epochs**. Training begins with random weights
# and sees the digits in random order, so one run is one draw from a lottery. That is
# why each network is trained three times, with three random seeds.
#
# *Predict:* the test error of each network, in percent. And how far apart will three
# runs of the same network be?
#
# (`training.fit` is `model.fit` without the overhead that TensorFlow has with small
# networks. In your own project, write `model.fit`.)


# %%
def train(build, seed, epochs, images=x_train, test_images=x_test, points=1, peak=3e-3):
    """A trained network, and its accuracy on the test digits at `points` points."""
    keras.utils.set_random_seed(seed)
    model = build()
    steps = epochs * math.ceil(len(images) / plan.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(peak, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    curve = digits.accuracy_curve(
        test_images, y_test, steps, points, label=f"{model.name} {seed}"
    )
    training.fit(
        model,
        images,
        y_train,
        batch_size=plan.batch_size,
        epochs=epochs,
        callbacks=[curve],
    )
    return model, curve.accuracy


# %%
runs = {"MLP": [], "ConvNet": []}
for seed in plan.seeds:
    points = plan.mlp_epochs * plan.measurements
    runs["MLP"].append(train(digits.mlp, seed, plan.mlp_epochs, points=points))
for seed in plan.seeds:
    points = plan.epochs * plan.measurements
    runs["ConvNet"].append(train(digits.convnet, seed, plan.epochs, points=points))

models, curves, accuracy = {}, {}, {}
for name, trained in runs.items():
    models[name] = trained[0][0]  # of seed 0
    curves[name] = [curve for _, curve in trained]
    accuracy[name] = 100 * np.array([curve[-1] for curve in curves[name]])  # in percent

# %%
mlp_error = 100 - accuracy["MLP"].mean()
convnet_error = 100 - accuracy["ConvNet"].mean()
plot.show(
    figures.learning_curves(curves, plan.measurements),
    alt="Test error against the epoch, the mean of three seeds with a band from best "
    f"to worst. The MLP ends at {mlp_error:.1f} % after epoch {plan.mlp_epochs}, the "
    f"ConvNet at {convnet_error:.1f} % after epoch {plan.epochs}.",
)

# %% [markdown]
# ### Exercise: an interval over seeds
#
# The mean of three runs is not the true mean. A *confidence interval* says how far off
# it may be. With mean $m$ and standard deviation $s$ of $n$ runs, the interval
#
# $$m \pm t \cdot \frac{s}{\sqrt{n}}$$
#
# contains the true mean in 95 of 100 such experiments. Here $s$ is the standard
# deviation of a sample, which divides by $n-1$, and $t$ comes from *Student's t
# distribution* with $n-1$ degrees of freedom: `stats.t.ppf(q, degrees_of_freedom)`
# gives the point below which a fraction $q$ of the distribution lies. The 5 % outside
# the interval are split between *both* sides.
#
# Write a function that gets an array with the results of at least two runs, and returns
# the two ends of the interval, the lower one first.


# %%
def t_interval(values):
    """The 95 % confidence interval (low, high) for the mean of `values`."""
    ### BEGIN SOLUTION
    n = len(values)
    t = stats.t.ppf(0.975, n - 1)
    half = t * np.std(values, ddof=1) / np.sqrt(n)
    return np.mean(values) - half, np.mean(values) + half
    ### END SOLUTION


# %%
check.answer("t_interval", t_interval)

# %% [markdown]
# ### Exercise: an interval over test digits
#
# There is a second lottery: which digits happen to be in the test set. If $k$ of $n$
# digits are wrong and $p = k/n$, the textbook's $p \pm z\sqrt{p(1-p)/n}$ breaks down
# for rare errors: with $k = 0$ it claims certainty. The *Wilson score interval* does
# not:
#
# $$
# \frac{p + \frac{z^2}{2n} \pm z\sqrt{\frac{p(1-p)}{n} + \frac{z^2}{4n^2}}}
# {1 + \frac{z^2}{n}},
# \qquad z = 1.96
# $$
#
# Write a function that gets the number of errors and the number of digits, and returns
# the two ends of the interval for the error rate, the lower one first, as fractions
# between 0 and 1.


# %%
def error_interval(errors, n):
    """The 95 % Wilson score interval (low, high) of an error rate: `errors` of `n`."""
    ### BEGIN SOLUTION
    p, z = errors / n, stats.norm.ppf(0.975)
    centre = p + z**2 / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    ### END SOLUTION


# %%
check.answer("error_interval", error_interval)

# %% [markdown]
# The table shows both intervals, computed by SciPy. The lines below it compare the two
# networks of seed 0 **digit by digit**. Digits that both get right, or both get wrong,
# do not tell you which network is better. Look at the others. If the two networks were
# equally good, each would win half of their disagreements. How likely is a split at
# least this uneven? (This is *McNemar's test*, in its exact form.)

# %%
right = {name: digits.right(models[name], x_test, y_test) for name in models}
print("          mean of 3        95 % over seeds     95 % over digits, seed 0")
for name, values in accuracy.items():
    low, high = stats.t.interval(
        0.95, len(values) - 1, values.mean(), stats.sem(values)
    )
    count = int(right[name].sum())
    ends = stats.binomtest(count, len(y_test)).proportion_ci(0.95, method="wilson")
    print(
        f"{name:8} {values.mean():8.2f} %   {low:6.2f} to {min(high, 100):6.2f} %"
        f"   {ends.low:10.2%} to {ends.high:.2%}"
    )

only_convnet = int((right["ConvNet"] & ~right["MLP"]).sum())
only_mlp = int((right["MLP"] & ~right["ConvNet"]).sum())
p_value = stats.binomtest(only_convnet, only_convnet + only_mlp).pvalue
print(f"right by the ConvNet alone: {only_convnet}, by the MLP alone: {only_mlp}")
print(f"probability of a split at least this uneven: {p_value:.1g}")

# %%
results.record("MLP, accuracy", accuracy["MLP"].mean(), "%")
results.record("ConvNet, accuracy", accuracy["ConvNet"].mean(), "%")
share = convnet_error / mlp_error
results.record("the ConvNet's errors, as a share of the MLP's", share)
gap = accuracy["ConvNet"].min() - accuracy["MLP"].max()
results.record("worst ConvNet minus best MLP", gap, "points")
results.record("McNemar's test, ConvNet against MLP: p-value", p_value)

# %% [markdown]
# The ConvNet wins with a third of the epochs, and it was not luck. The comparison digit
# by digit is the most sensitive of the three, because both networks sat the *same*
# exam. But luck was not the suspicion. Size was.

# %% [markdown]
# ## 5 · Control 1: is it just size?
#
# A *control experiment* changes one thing and leaves everything else as it is. Here
# that thing is the size. Both networks have one hidden Dense layer, and you can choose
# its width. Give the ConvNet a *narrow* one, so that it has at most a third of the
# MLP's 203,530 parameters. Give the MLP a *wide* one, so that it comes as close to the
# ConvNet's 431,754 as it can without exceeding them.
#
# ### Exercise: two fair controls
#
# Write two functions that return the largest width of the hidden layer, a whole number,
# with which the network has **at most** `budget` parameters. Everything else stays as
# in section 2. The budget is an integer, large enough for at least one hidden unit.


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
# *Predict:* put the four networks in order, from fewest to most errors.

# %%
narrow = digits.widest(digits.convnet, digits.mlp().count_params() // 3)
wide = digits.widest(digits.mlp, digits.convnet().count_params())
print(f"hidden units: {narrow} in the narrow ConvNet, {wide} in the wide MLP")
runs["narrow ConvNet"], runs["wide MLP"] = [], []
for seed in plan.control_seeds:
    trained = train(lambda: digits.convnet(narrow), seed, plan.epochs)
    runs["narrow ConvNet"].append(trained)
for seed in plan.control_seeds:
    trained = train(lambda: digits.mlp(wide), seed, plan.mlp_epochs)
    runs["wide MLP"].append(trained)

# %%
points, mean_error, size = [], {}, {}
for name, trained in runs.items():
    errors = [100 * (1 - curve[-1]) for _, curve in trained]
    size[name] = trained[0][0].count_params()
    mean_error[name] = np.mean(errors)
    kind = "mlp" if name.endswith("MLP") else "convnet"
    points.append((name, kind, size[name], errors))
    print(
        f"{name:15} {size[name]:>8,} parameters, "
        f"test error {mean_error[name]:5.2f} % (runs: {len(errors)})"
    )

# %%
in_words = [f"{name}, {size[name]:,}: {mean_error[name]:.1f} %" for name in size]
plot.show(
    figures.size_against_error(points),
    alt="Test error against the number of parameters, on a log scale, for four "
    f"networks. {'; '.join(in_words)}.",
)

# %%
results.record("parameters of the narrow ConvNet", size["narrow ConvNet"])
results.record("parameters of the wide MLP", size["wide MLP"])
saved = mean_error["MLP"] - mean_error["wide MLP"]
gap = mean_error["MLP"] - mean_error["ConvNet"]
results.record("share of the gap to the ConvNet that the wide MLP closes", saved / gap)
share = mean_error["narrow ConvNet"] / mean_error["wide MLP"]
results.record("narrow ConvNet, errors as a share of the wide MLP's", share)

# %% [markdown] tags=["solution-only"]
# **It is not size.** With twice the parameters the MLP closes only a small part of the
# gap. The ConvNet beats an MLP more than six times its size with a third of the
# parameters of the first MLP. What matters is not how many parameters there are but how
# they are used: a convolution applies the same few hundred weights at every position of
# the image (*weight sharing*). The next two controls ask what exactly this buys.

# %% [markdown]
# ## 6 · Control 2: the same pixels in another order
#
# Choose one random order of the 784 pixels and put *every* image, training and test,
# into it. No pixel is lost. What is lost is which pixels are neighbours.
#
# ### Exercise: the same pixels in another order
#
# Pixels are counted row by row. Pixel `k` of each result is pixel `order[k]` of the
# image. The function gets images of shape (n, height, width, 1) and an array `order`
# that holds each number from 0 to height · width − 1 once. It returns a new array of
# the same shape as the images, and leaves the images as they are.


# %%
def permute(images, order):
    """`images` (n, height, width, 1) with their pixels in the order `order`."""
    ### BEGIN SOLUTION
    flat = images.reshape(len(images), len(order))
    return flat[:, order].reshape(images.shape)
    ### END SOLUTION


# %%
check.answer("permute", permute)

# %% [markdown]
# *Predict:* what happens to the error of the MLP, and to that of the ConvNet? Up, down,
# or about the same?

# %%
order = np.random.default_rng(0).permutation(28 * 28)
x_train_permuted = digits.permute(x_train, order)
x_test_permuted = digits.permute(x_test, order)
permuted_curves = {}
for name, build, epochs in (
    ("MLP", digits.mlp, plan.mlp_epochs),
    ("ConvNet", digits.convnet, plan.epochs),
):
    _, permuted_curves[name] = train(
        build, 0, epochs, x_train_permuted, x_test_permuted
    )

# %%
before = {name: 100 * (1 - curves[name][0][-1]) for name in permuted_curves}
after = {name: 100 * (1 - curve[-1]) for name, curve in permuted_curves.items()}
changes = [f"{name} {before[name]:.1f} % and {after[name]:.1f} %" for name in before]
plot.show(
    figures.permuted_digits(
        x_test[:4],
        x_test_permuted[:4],
        {name: (before[name], after[name]) for name in before},
    ),
    alt="Four digits, and below them the same pixels in random order, which look like "
    f"noise. Bars: test error before and after the change, {', '.join(changes)}.",
)

# %%
change = after["MLP"] - before["MLP"]
lead_before = before["MLP"] - before["ConvNet"]
lead_after = after["MLP"] - after["ConvNet"]
results.record("MLP, error after minus before", change, "points")
results.record(
    "ConvNet, error after over before", after["ConvNet"] / before["ConvNet"], "×"
)
results.record("ConvNet's lead over the MLP before", lead_before, "points")
results.record("ConvNet's lead over the MLP after", lead_after, "points")

# %% [markdown]
# ## 7 · Control 3: shifted digits
#
# "Convolution makes a network invariant to translation", many slides say. These
# networks have only seen digits in the middle of the picture. Now shift the *test*
# digits by a few pixels, and leave the trained networks as they are.
#
# ### Exercise: shift the digits
#
# The function gets images of shape (n, height, width, 1), and moves them `rows` pixels
# down and `columns` pixels to the right; negative numbers move them up and to the left.
# Both are integers, at most the height and the width. What moves in is 0, and what
# moves out is lost. The function returns a new array of the same shape, and leaves the
# images as they are.


# %%
def shift(images, rows, columns):
    """`images` (n, height, width, 1), moved down by `rows` and right by `columns`."""
    ### BEGIN SOLUTION
    height, width = images.shape[1:3]
    frame = (0, 0), (abs(rows), abs(rows)), (abs(columns), abs(columns)), (0, 0)
    padded = np.pad(images, frame)
    top, left = abs(rows) - rows, abs(columns) - columns
    return padded[:, top : top + height, left : left + width]
    ### END SOLUTION


# %%
check.answer("shift", shift)

# %% [markdown]
# A third network joins in. It has the lecture's two convolutions, but where the ConvNet
# has Flatten and a hidden Dense layer, it takes the **maximum of each map over all
# positions** (*global max pooling*, `GlobalMaxPooling2D`). It knows *what* is in the
# picture, and not *where*.
#
# *Predict:* draw three curves, test error against a shift of 0 to 6 pixels: the MLP,
# the ConvNet, and the ConvNet with global max pooling.

# %%
pooled, _ = train(digits.pooled_convnet, 0, plan.epochs)
networks = {
    "MLP": models["MLP"],
    "ConvNet": models["ConvNet"],
    "global max pooling": pooled,
}
shifts = range(7)
shift_errors = {}
for name, network in networks.items():
    shift_errors[name] = digits.error_by_shift(
        network, x_test[:500], y_test[:500], shifts
    )

ink_lost = [100 * (1 - digits.shift(x_test, s, 0).sum() / x_test.sum()) for s in shifts]
print("shift in pixels      ", "  ".join(f"{s:5}" for s in shifts))
print("ink that is lost, %  ", "  ".join(f"{share:5.1f}" for share in ink_lost))
for name, errors in shift_errors.items():
    print(f"{name:21}", "  ".join(f"{error:5.1f}" for error in errors))

# %%
in_words = [
    f"{name} {errors[0]:.0f} %, {errors[2]:.0f} % and {errors[5]:.0f} %"
    for name, errors in shift_errors.items()
]
plot.show(
    figures.error_by_shift(
        [digits.shift(x_test[:1], 0, s)[0] for s in shifts], shifts, shift_errors
    ),
    alt="One digit shifted to the right by 0 to 6 pixels, and the test error of three "
    f"networks against the shift. At 0, 2 and 5 pixels: {'; '.join(in_words)}.",
)

# %%
mlp, flat, pooled_error = shift_errors.values()
results.record("ink lost at 4 pixels", ink_lost[4], "%")
results.record("1 pixel: ConvNet's error minus MLP's", flat[1] - mlp[1], "points")
results.record("2 pixels: ConvNet's error minus MLP's", flat[2] - mlp[2], "points")
results.record("5 pixels: ConvNet's error", flat[5], "%")
gap = flat[4] - pooled_error[4]
results.record("4 pixels: ConvNet's error minus global max pooling's", gap, "points")
gap = pooled_error[0] - flat[0]
results.record("no shift: global max pooling's error minus ConvNet's", gap, "points")

# %% [markdown]
# ### Exercise: what the controls say
#
# For each sentence, choose the explanation that the experiments support: `"a"`, `"b"`
# or `"c"`.
#
# `permuted_mlp`. The MLP is about as good as before in the new order, because
#
# - a: it learned to undo the new order;
# - b: its first layer treats all pixels alike: with its weights in the same new order
#   it is the same network;
# - c: it has parameters to spare.
#
# `permuted_convnet`. The ConvNet loses its lead in the new order, because
#
# - a: the class can no longer be read from the pixels;
# - b: it has too few parameters for so hard a task;
# - c: its assumptions, that nearby pixels belong together and that a pattern means the
#   same everywhere, are now false.
#
# `shifted`. Even the ConvNet fails on digits that moved by some pixels, because
#
# - a: its feature maps move along with the digit, but Flatten and Dense tie every
#   number of a map to its position;
# - b: its feature maps stay where they are when the digit moves;
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
# **What the ConvNet brings along.** It assumes that neighbouring pixels belong together
# (*local connectivity*) and that a pattern means the same everywhere (*weight
# sharing*). Assumptions that are built in before a network sees any data are its
# *inductive bias*. This one is right for pictures, so the ConvNet makes fewer errors.
# Where it is wrong, as in the random order, it costs accuracy. The MLP does not have
# this bias, so the new order costs it nothing.
#
# Convolution is *equivariant* to translation: when the digit moves, the feature map
# moves along. That is not *invariance*, which would mean that the output stays the
# same. Each pooling layer tolerates a shift of about a pixel of its input, which is why
# the ConvNet's error rises later than the MLP's. Pooling over all positions tolerates
# far more. The price shows at shift 0: a network that does not know where things are
# confuses digits that differ in nothing else.

# %% [markdown]
# ## 8 · LeNet-5, to the last parameter
#
# In 1998 LeCun, Bottou, Bengio and Haffner published the ConvNet that read cheques. It
# pads its digits with zeros from 28×28 to 32×32. The paper says: *60,000 trainable
# parameters*. Tutorials that rebuild it get 61,706. Both are right, and the difference
# is instructive.
#
# The layer **C3** makes 16 feature maps from 6, with 5×5 kernels. Today every new map
# is computed from all 6 maps below. In the paper, all but one are computed from only
# some of them, to save work and to break the symmetry. The rows below are those of the
# paper's Table I.

# %% tags=["nbval-check-output"]
print("map of C3   is computed from these maps of S2")
for number, seen in enumerate(digits.LENET_C3):
    print(f"{number:9}   " + " ".join("■" if k in seen else "·" for k in range(6)))

# %% [markdown]
# ### Exercise: C3 as it was published
#
# How many parameters has C3 with this table? Each map of C3 has one 5×5 kernel for each
# map of S2 that it is computed from, and one bias.

# %%
# Count in the table: how many maps are computed from 3 maps, from 4, from all 6?
### BEGIN SOLUTION
c3_parameters = 6 * (3 * 25 + 1) + 9 * (4 * 25 + 1) + 1 * (6 * 25 + 1)
### END SOLUTION

# %%
check.answer("c3_parameters", c3_parameters)

# %% [markdown]
# ### Exercise: LeNet-5
#
# Build it as it is built today: a function without arguments that returns the model.
# Its input is 28×28 pixels and one channel; the zero padding is part of the model. You
# need not compile it.
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
# Now the two side by side. The course's `digits.lenet5_1998()` is the paper's network.
# Apart from C3, it differs in two ways. Its pooling layers *learn*: each map has one
# factor and one bias. And its output layer is *fixed*: it compares the 84 numbers of F6
# with a code of ±1 for each digit. The paper drew these codes as little pictures; here
# they are random.

# %% tags=["nbval-check-output"]
today, paper = digits.lenet5(), digits.lenet5_1998()


def trainable(layer):
    """How many trainable parameters a layer or a network has."""
    return sum(math.prod(weight.shape) for weight in layer.trainable_weights)


shown = [layer for layer in today.layers[1:] if not isinstance(layer, layers.Flatten)]
print("         today     1998")
for name, layer in zip(
    ("C1", "S2", "C3", "S4", "C5", "F6", "output"), shown, strict=True
):
    print(f"{name:6} {trainable(layer):7,} {trainable(paper.get_layer(name)):8,}")
fixed = paper.count_params() - trainable(paper)
print(f"{'all':6} {trainable(today):7,} {trainable(paper):8,}   and {fixed} fixed")

# %%
lenet_accuracy = {}
for name, build in (("today", digits.lenet5), ("1998", digits.lenet5_1998)):
    # tanh and average pooling learn slowly: a higher peak saves epochs
    _, curve = train(build, 0, plan.lenet_epochs, peak=1e-2)
    lenet_accuracy[name] = 100 * curve[-1]

for name, percent in lenet_accuracy.items():
    results.record(f"LeNet-5 of {name}, accuracy", percent, "%")
results.record("LeNet-5 of 1998, trainable parameters", trainable(paper))
results.record("LeNet-5 of today, trainable parameters", trainable(today))

# %% [markdown]
# The two differ by 1,706 parameters and in a principle: which parts of a network should
# be learned? Compare their accuracies, and remember the width of the intervals in
# section 4 before you call one of them better. One run of each does not decide it.

# %% [markdown]
# ## 9 · What it learned
#
# The ConvNet's first layer has 32 filters of 5×5. Nobody told it what to look for.
#
# *Predict:* what will they look like? You made filters by hand in Lab 01.

# %%
model = models["ConvNet"]
kernel = model.layers[0].get_weights()[0]  # (5, 5, 1, 32)
plot.show(
    figures.first_filters(kernel),
    alt="The 32 filters of the first layer, 5 by 5 each, with positive weights in red "
    f"and negative ones in blue; {np.mean(kernel < 0):.0%} of them are negative.",
)

# %%
maps_of = keras.Model(model.inputs[0], [model.layers[0].output, model.layers[2].output])
shown = int(np.flatnonzero(y_test == 4)[0])
maps = [np.asarray(m)[0] for m in maps_of(x_test[shown : shown + 1])]
strongest = [np.argsort(-m.max(axis=(0, 1)))[:6] for m in maps]
plot.show(
    figures.feature_maps(x_test[shown], maps, strongest),
    alt="A handwritten 4, and the six feature maps with the highest values in each "
    f"convolution: {len(maps[0])}×{len(maps[0])} numbers a map in the first, "
    f"{len(maps[1])}×{len(maps[1])} in the second.",
)

# %% [markdown]
# Compare a map of the first convolution with the filter of the same number above: where
# is the map bright, and which edge does the filter look for? The second convolution
# combines the 32 maps of the first, so its maps respond to *parts* of a digit, such as
# a corner or a crossing, and only where the part is.
#
# How far have the filters moved from the random numbers that they began with? The seed
# brings those back.

# %%
keras.utils.set_random_seed(0)
start = digits.convnet().layers[0].get_weights()[0]
similarity = [
    np.corrcoef(start[..., k].ravel(), kernel[..., k].ravel())[0, 1] for k in range(32)
]
alike = int(np.sum(np.array(similarity) > 0.9))
print(f"{alike} of 32 filters still have a correlation above 0.9 with their start")
results.record(
    "filters against their random start, mean correlation", np.mean(similarity)
)

# %% [markdown]
# Training changes a filter less than one would think: much of what you see in it is
# still the random start, more so after a short training.

# %%
probabilities = digits.probabilities(model, x_test)  # (n, 10)
predicted = probabilities.argmax(axis=1)
matrix = np.zeros((10, 10), int)
np.add.at(matrix, (y_test, predicted), 1)
correct = np.trace(matrix)
off_diagonal = matrix - np.diag(np.diag(matrix))
label, taken_for = np.unravel_index(off_diagonal.argmax(), matrix.shape)
plot.show(
    figures.confusion_matrix(matrix),
    alt=f"Confusion matrix of the ten digits: {correct:,} of {len(y_test):,} lie on "
    f"the diagonal. The most frequent mistake is a {label} taken for a {taken_for}, "
    f"{off_diagonal.max()} times.",
)
results.record("on the diagonal", 100 * correct / len(y_test), "%")

# %% [markdown]
# ### Exercise: the most confident mistakes
#
# The mistakes that a network is *sure* of tell you most, about the network or about the
# labels. The function gets probabilities of shape (n, 10), labels of shape (n,) and a
# `count`. It returns the **indices** of the `count` mistakes with the highest
# confidence, the most confident first, as an array or a list. The confidence is the
# probability of the class that the network chose. If there are fewer mistakes than
# `count`, return them all.


# %%
def most_confident(probabilities, labels, count):
    """Indices of the `count` most confident mistakes, the most confident first."""
    ### BEGIN SOLUTION
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    confidence = probabilities[wrong].max(axis=1)
    return wrong[np.argsort(-confidence)][:count]
    ### END SOLUTION


# %%
check.answer("most_confident", most_confident)

# %%
wrong = np.flatnonzero(predicted != y_test)
confidence = {i: probabilities[i].max() for i in wrong}
mistakes = sorted(wrong, key=confidence.get, reverse=True)[:12]
plot.show(
    figures.confident_mistakes(
        x_test[mistakes], y_test[mistakes], probabilities[mistakes]
    ),
    alt=f"The {len(mistakes)} test digits that the ConvNet got wrong with the highest "
    "confidence, each with its label, the predicted digit and the confidence, from "
    f"{confidence[mistakes[0]]:.1%} down to {confidence[mistakes[-1]]:.1%}.",
)
surest = 100 * confidence[mistakes[0]]
results.record("confidence of the surest mistake", surest, "%")

# %% [markdown]
# A high probability is no guarantee: the network was this sure, and wrong. (Networks
# like this one tend to be *overconfident*.) Cover the labels and read the digits
# yourself. How many would you have got right?

# %% [markdown]
# ## 10 · Challenge: three minutes
#
# **The most accurate network after at most three minutes of training on two cores.**
# And a second category: **the fewest seconds of training** to 99 % on the full test
# set, or to 95 % if you have the 5,000 digits. Only training counts, not evaluation.
#
# One thing first. A high learning rate learns fast and ends badly; a low one ends well
# and takes long. So begin low, climb, and come down slowly: *learning-rate warm-up*,
# then *cosine decay*.
#
# ### Exercise: a schedule for the learning rate
#
# Write the learning rate as a function of the step.
#
# - In the first `warmup` steps the rate grows linearly, from 0 at step 0 to `peak` at
#   step `warmup`.
# - From there it falls to 0 at step `steps`, along half a cosine: $\text{peak} \cdot
#   \frac{1 + \cos(\pi \cdot \text{progress})}{2}$, where the progress runs from 0 to 1.
#
# The function gets one step at a time, from 0 to `steps`. `warmup` is a number of
# steps, less than `steps`; it may be 0. Return one number.


# %%
def warmup_cosine(step, steps, peak, warmup):
    """The learning rate at `step` of `steps`, after a warm-up of `warmup` steps."""
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
# A recipe holds a function that builds the network (ending in a softmax), the number of
# epochs, the batch size, the peak of the learning rate, what is done to the digits
# before each epoch (*data augmentation*), and which versions of a test digit the
# network is shown (*test-time augmentation*). `challenge.run` trains it with the
# schedule above, stops the clock while it evaluates, and prints a line for the
# leaderboard. The first entry is the lecture's MLP. Change the recipe and overtake it;
# then overtake the ConvNet of section 4.
#
# Play fair: whoever tries twenty recipes on the test digits has chosen the one that
# suits *these* digits, and its accuracy is too good to be true (*data leakage*). Hold
# some training digits out as a *validation set* (`x_train[-500:]`), choose by them, and
# use the test set once.

# %%
recipe = challenge.Recipe(
    "the lecture's MLP",
    digits.mlp,
    epochs=plan.epochs,
    batch=plan.batch_size,
    peak=3e-3,
)
entry = challenge.run(recipe, x_train, y_train, x_test, y_test)

# %% [markdown]
# Ideas, from the cheapest to the most expensive:
#
# - A network with *batch normalization* tolerates a higher learning rate: try 1e-2.
# - A stride of 2 in the first convolution saves three quarters of its work, and of the
#   work of the layers after it.
# - The border of each picture is nearly empty: crop it (`keras.layers.Cropping2D`).
# - A digit that is shifted, rotated or scaled a little is still the same digit, and a
#   new one for the network.
# - So is a changed copy of a *test* digit: ask the network about several, and average.
#
# Does each of them help? Leave one out at a time and measure: an *ablation*.

# %% [markdown] tags=["solution-only"]
# ### The course's entries
#
# Two networks of convolutions with batch normalization. Both crop the border of the
# picture, begin with two strides of 2, and end with *global average pooling*, the mean
# of each map, instead of Flatten and Dense(256). The more accurate one sees each digit
# shifted, rotated and scaled anew in each epoch (`challenge.distort`). The faster one
# has no time for that.

# %% tags=["solution-only"]
inner = slice(challenge.BORDER, -challenge.BORDER)
cropped = x_train[:, inner, inner]
pixels, ink = 1 - cropped.size / x_train.size, 1 - cropped.sum() / x_train.sum()
print(f"the border: {pixels:.0%} of the pixels, {ink:.2%} of the ink")
copies = np.repeat(x_train[:1], 7, axis=0)
versions = challenge.distort(copies, np.random.default_rng(0))
for build in (challenge.accurate_convnet, challenge.fast_convnet, digits.convnet):
    print(f"{build.__name__:17} {build().count_params():>8,} parameters")
plot.show(
    figures.augmented(x_train[0], versions),
    alt="One digit as it is, and seven slightly shifted, rotated and scaled versions "
    "of it. All are easy to read as the same digit.",
)

# %% tags=["solution-only"]
champion = challenge.champion(plan.champion_epochs)
best = challenge.run(champion, x_train, y_train, x_test, y_test)
results.record("challenge: accuracy", 100 * best.accuracy, "%")
share = 100 * (1 - best.accuracy) / convnet_error
results.record("challenge: errors as a share of the lecture's ConvNet's", share)
share = best.model.count_params() / digits.convnet().count_params()
results.record("challenge: parameters as a share of the lecture's ConvNet's", share)
results.record("challenge: seconds of training", best.seconds, "s")

# %% tags=["solution-only"]
sprint = challenge.sprint(plan.sprint_epochs, plan.sprint_batch)
fastest = challenge.run(sprint, x_train, y_train, x_test, y_test)
seconds = fastest.seconds_to(plan.target)
results.record("sprint: accuracy", 100 * fastest.accuracy, "%")
print(f"seconds of training to {plan.target:.0%}: {seconds:.1f}")

# %% [markdown] tags=["solution-only"]
# The strides make both fast: most of the work of a ConvNet is done on its large maps,
# and these shrink at once. Cropping helps as well: it removes a quarter of the pixels
# and hardly any ink. Distortions pay off in long training: the network never sees the
# same digit twice, so it cannot memorize. And averaging over four more versions of each
# test digit, distorted or shifted by a pixel, costs no training at all.

# %% tags=["solution-only"]
errors = round((1 - best.accuracy) * len(y_test))
ends = stats.binomtest(errors, len(y_test)).proportion_ci(0.95, method="wilson")
print(
    f"{errors} of {len(y_test):,} wrong: "
    f"the error rate lies between {ends.low:.2%} and {ends.high:.2%}"
)

# %% [markdown] tags=["solution-only"]
# That interval is wide. On a leaderboard of such entries, neighbouring ranks mean
# little.

# %% [markdown]
# ## 11 · Your score
#
# You began with a suspicion: the ConvNet wins because it is larger. Several experiments
# later you know better, and you know how certain you are.

# %% tags=["nbval-check-output"]
check.report()
