"""Checks of lab 02."""

import numpy as np

from ...check import Lab, array, call, choice, need, number, wrong

lab = Lab("lab02", "Lab 02 · MLP against ConvNet")


# ---------------------------------------------------------------- two networks, counted


@lab.exercise(
    "Count the parameters",
    points=2,
    hints=(
        "A layer's parameters are its weights and its biases. A Dense unit has one weight per input and one bias; a filter has one "
        "weight per kernel cell and input channel, and one bias.",
        "Follow the size through the ConvNet: 28 → 24 → 12 → 10 → 5. So its Dense(256) sees 5·5·64 numbers. The first "
        "convolution puts out 24·24·32 numbers, and the twin needs a unit, with 784 weights and a bias, for each.",
    ),
)
def parameters(mlp_counts, convnet_counts, dense_twin):
    _counts(
        mlp_counts,
        "mlp_counts",
        ("Dense(256)", "Dense(10)"),
        (784 * 256 + 256, 256 * 10 + 10),
        (784 * 256, 256 * 10),
        {0: {28 * 256 + 256: "Flatten hands over all 28·28 pixels of the image, not one row."}},
    )
    _counts(
        convnet_counts,
        "convnet_counts",
        ("Conv2D(32, 5)", "Conv2D(64, 3)", "Dense(256)", "Dense(10)"),
        (5 * 5 * 32 + 32, 3 * 3 * 32 * 64 + 64, 5 * 5 * 64 * 256 + 256, 256 * 10 + 10),
        (5 * 5 * 32, 3 * 3 * 32 * 64, 5 * 5 * 64 * 256, 256 * 10),
        {
            0: {25: "That is one filter without its bias. There are 32.", 26: "That is one filter. There are 32."},
            1: {
                3 * 3 * 64 + 64: "Each of the 64 filters reaches through all 32 channels below it: 3·3·32 weights, not 3·3.",
            },
            2: {
                7 * 7 * 64 * 256
                + 256: "That is for maps of 7×7, as with `padding='same'`. Without padding a 5×5 kernel takes 28 "
                "to 24, and a 3×3 kernel takes 12 to 10.",
                10 * 10 * 64 * 256 + 256: "There is a second pooling layer between the convolution and Flatten: 10 → 5.",
                64 * 256 + 256: "Flatten hands over all 5·5·64 numbers, not one for each of the 64 maps.",
                5 * 5 * 256 + 256: "There are 64 maps of 5×5.",
            },
        },
    )
    number(
        dense_twin,
        785 * 24 * 24 * 32,
        what="dense_twin",
        mistakes={
            784 * 24 * 24 * 32: "dense_twin lacks the biases: each of the 24·24·32 units has one.",
            785 * 32: "That Dense layer makes 32 numbers. The convolution makes 32 maps of 24×24 numbers.",
            785 * 28 * 28 * 32: "Without padding the maps are 24×24, not 28×28.",
            785 * 24 * 24: "That is one map. The convolution makes 32.",
            784 * 24 * 24 * 32 + 32: "A Dense unit's bias is its own: there are 24·24·32 biases, not 32.",
        },
    )


@lab.exercise(
    "Build the ConvNet",
    points=2,
    hints=(
        "`keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(…), …])`. Seven layers follow the input.",
        "Convolution, `layers.MaxPool2D(2)`, convolution, `layers.MaxPool2D(2)`, `layers.Flatten()`, and two Dense layers. Hidden layers "
        'have `activation="relu"`, the last one `activation="softmax"`.',
    ),
    seconds=20,
)
def convnet(build):
    from ...training.digits import convnet as reference

    _same_network(build, reference())


# ---------------------------------------------------------------- debugging


@lab.exercise(
    "Two losses to know beforehand",
    points=1,
    hints=(
        "Cross-entropy of one digit is −ln of the probability that the network gives to its true class. What does a network that knows "
        "nothing give to each of ten classes?",
        "The second softmax sees the numbers 1, 0, 0, … at best. Softmax of these is e/(e + 9) for the true class.",
    ),
)
def debug_numbers(start_loss, floor):
    number(
        start_loss,
        np.log(10),
        tolerance=0.005,
        what="start_loss",
        mistakes={
            0.1: "0.1 is the probability of the true class. The loss is −ln of it.",
            1.0: "Cross-entropy takes the natural logarithm: −ln(0.1), not −log₁₀(0.1).",
            -np.log(10): "The sign is wrong: a loss is −ln of a probability, so it is positive.",
            0.9: "0.9 is the error rate of guessing. The loss is −ln of the probability 0.1.",
            np.log2(10): "Keras takes the natural logarithm, not the one of base 2.",
        },
    )
    number(
        floor,
        np.log(1 + 9 / np.e),
        tolerance=0.005,
        what="floor",
        mistakes={
            0: "A single softmax can come as near to 0 as you like. The second one sees only numbers between 0 and 1, so it cannot.",
            np.e / (np.e + 9): "That is the greatest probability that the second softmax can give. The loss is −ln of it.",
            -np.log(np.e / (np.e + 10)): "There are nine other classes, not ten.",
            1: "The true class does get the larger number, 1 against 0, but the loss is −ln(e / (e + 9)).",
        },
    )


SYMPTOMS = ("healthy", "labels shuffled", "forgotten scaling", "softmax twice")


@lab.exercise(
    "Four patients",
    points=2,
    hints=(
        "Three numbers decide: the loss before training against ln 10, the loss on the one batch against your floor, and the accuracy on new digits.",
        "Labels that went astray can be learned by heart, but tell nothing about new digits. Unscaled pixels make the first outputs huge. "
        "Two softmaxes cannot get under the floor. The one that is left is healthy.",
    ),
)
def diagnoses(a, b, c, d):
    evidence = {
        "healthy": "starts near ln 10, learns the batch by heart with a loss near 0, and knows new digits.",
        "labels shuffled": "learns the batch by heart, and yet is no better than guessing on new digits.",
        "forgotten scaling": "starts with a loss many times ln 10.",
        "softmax twice": "gets the whole batch right, and yet its loss stops at the floor you computed.",
    }
    for name, answer, truth in (
        ("A", a, "softmax twice"),
        ("B", b, "labels shuffled"),
        ("C", c, "healthy"),
        ("D", d, "forgotten scaling"),
    ):
        message = f"Look at patient {name} again: it {evidence[truth]}"
        choice(answer, truth, SYMPTOMS, mistakes={option: message for option in SYMPTOMS})


@lab.exercise(
    "Mend the pipeline",
    points=2,
    hints=(
        "Make one order, `np.random.default_rng(seed).permutation(len(images))`, and use it for both arrays.",
        "Index with it: `images[order]` and `labels[order]` are copies, so the caller's arrays stay as they are. Turn to float32 before "
        "you divide by 255, and add the channel axis with `[..., np.newaxis]`.",
    ),
)
def prepare(function):
    n = 40
    labels = np.arange(n) % 10
    images = np.zeros((n, 4, 3), np.uint8)
    images[:, 0, 0] = np.arange(n)  # each picture carries its own number, so a pair that is torn apart is seen
    images[:, 1, 2] = 255
    results = _two(call(function, images, labels, 0), "images and labels")
    ready, given = (np.asarray(r) for r in results)
    need(
        ready.shape == (n, 4, 3, 1),
        f"From images of shape {images.shape} come images of shape {ready.shape}; expected {(n, 4, 3, 1)}: a convolution needs the channel axis.",
    )
    need(given.shape == (n,), f"The labels come out with shape {given.shape}; expected {(n,)}.")
    need(ready.dtype == np.float32, f"The images come out as {ready.dtype}; Keras computes with float32.")
    top = float(ready.max())
    need(top != 255, "The largest value is still 255: the scaling is missing.")
    need(abs(top - 1) < 1e-6, f"White, 255 in the file, comes out as {top:.4g}; expected 1.")
    numbers = ready[:, 0, 0, 0] * 255
    rounded = np.rint(numbers).astype(int)
    need(
        np.abs(numbers - rounded).max() < 1e-3 and len(set(rounded)) == n,
        f"{n} different images go in, and {len(set(rounded))} different ones come out. Did rounding lose the greys, or did the drawing repeat images?",
    )
    need(
        np.array_equal(rounded % 10, given),
        "The images and labels no longer belong together: the one order must be used for both.",
    )
    need(not np.array_equal(rounded, np.arange(n)), "The digits are still in the order they came in.")
    again = _two(call(function, images, labels, 0), "images and labels")[0]
    need(np.array_equal(again, ready), "Called twice with the same seed, it gives two orders. Use the seed.")
    other = _two(call(function, images, labels, 1), "images and labels")[0]
    need(not np.array_equal(other, ready), "Seeds 0 and 1 give the same order. Use the seed.")


# ---------------------------------------------------------------- statistics


@lab.exercise(
    "An interval over seeds",
    points=2,
    hints=(
        "The mean of n runs spreads by s/√n, where s is the standard deviation with n − 1 (`ddof=1`). How many of those to either side says "
        "Student's t distribution with n − 1 degrees of freedom.",
        "`stats.t.ppf(0.975, n - 1)` leaves 2.5 % on either side. It is 4.30 for three runs, more than twice the 1.96 of the normal distribution.",
    ),
)
def t_interval(function):
    from scipy import stats

    for values in ([97.0, 97.4, 96.8], [98.0, 98.5], [1.0, 2.0, 4.0, 8.0, 3.0]):
        mean, s, n = np.mean(values), np.std(values, ddof=1), len(values)
        t = stats.t.ppf(0.975, n - 1)

        def around(half, mean=mean):
            return mean - half, mean + half

        array(
            _two(call(function, values), "the two ends of the interval"),
            stats.t.interval(0.95, n - 1, loc=mean, scale=s / np.sqrt(n)),
            tolerance=1e-5,  # 1.96 and the normal quantile count as the same mistake
            case=f"for {values}",
            mistakes={
                "You took the spread of single runs. The mean of n runs is surer: divide by √n.": around(t * s),
                "You divided by n instead of √n.": around(t * s / n),
                "The standard deviation divides by n here. A sample's divides by n − 1: `ddof=1`.": around(
                    t * np.std(values) / np.sqrt(n)
                ),
                "1.96 is for a spread that you know. Yours comes from the same few runs: take Student's t.": around(
                    stats.norm.ppf(0.975) * s / np.sqrt(n)
                ),
                "That leaves 5 % on either side, so it is an interval of 90 %. Take `ppf(0.975, …)`.": around(
                    stats.t.ppf(0.95, n - 1) * s / np.sqrt(n)
                ),
                "The degrees of freedom are n − 1: one is spent on the mean.": around(stats.t.ppf(0.975, n) * s / np.sqrt(n)),
                "You used the variance. Take its square root.": around(t * s**2 / np.sqrt(n)),
                "That is the standard error alone. Multiply it by the t of 95 %.": around(s / np.sqrt(n)),
            },
        )


@lab.exercise(
    "An interval over test digits",
    points=2,
    hints=(
        "Set p = errors / n, and write the two parts separately: the centre, p + z²/2n, and half the width. Both are divided by 1 + z²/n.",
        "half = z · √(p(1 − p)/n + z²/4n²) / (1 + z²/n), with z = 1.96 or `stats.norm.ppf(0.975)`.",
    ),
)
def error_interval(function):
    from scipy import stats

    z = stats.norm.ppf(0.975)
    for errors, n in ((30, 1000), (0, 200), (5, 10), (140, 10_000)):
        p = errors / n
        wald = z * np.sqrt(p * (1 - p) / n)
        half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        array(
            _two(call(function, errors, n), "the two ends of the interval"),
            tuple(stats.binomtest(errors, n).proportion_ci(0.95, method="wilson")),
            tolerance=2e-5,
            case=f"for {errors} errors in {n}",
            mistakes={
                "That is p ± z·√(p(1 − p)/n), the textbook's first formula. With 0 errors it says ±0. Take Wilson's.": (
                    p - wald,
                    p + wald,
                ),
                "The division by 1 + z²/n is missing.": (p + z**2 / (2 * n) - half, p + z**2 / (2 * n) + half),
                "The centre is p + z²/2n, divided by 1 + z²/n: a little nearer to one half than p.": (
                    p - half / (1 + z**2 / n),
                    p + half / (1 + z**2 / n),
                ),
                "These are percentages. Return fractions between 0 and 1.": tuple(
                    100 * e for e in stats.binomtest(errors, n).proportion_ci(0.95, method="wilson")
                ),
                "That is the interval of the accuracy. The question is the error rate.": tuple(
                    stats.binomtest(n - errors, n).proportion_ci(0.95, method="wilson")
                ),
            },
        )


# ---------------------------------------------------------------- controls


@lab.exercise(
    "Two fair controls",
    points=2,
    hints=(
        "Write the total as a function of the width h: a part that does not depend on h, and a part for each hidden unit: its weights, its "
        "bias, and the 10 weights that lead from it to the output.",
        "The MLP has 795·h + 10 parameters, the ConvNet 19,338 + 1,611·h. Set this equal to the budget, solve for h, round down.",
    ),
)
def widths(widest_mlp, widest_convnet):
    for name, function, fixed, unit, budgets in (
        ("widest_mlp", widest_mlp, 10, 784 + 1 + 10, (431_754, 203_530, 805, 804)),
        ("widest_convnet", widest_convnet, 832 + 18_496 + 10, 1600 + 1 + 10, (203_530 // 3, 431_754, 20_949, 20_948)),
    ):
        for budget in budgets:
            width = call(function, budget)
            no_output = f"{name}({budget}): each hidden unit also sends 10 weights to the output layer."
            mistakes = {
                budget
                // unit: f"{name}({budget}): first subtract what does not depend on the width, such as the ten biases of the output.",
                (budget - fixed) // (unit - 1): f"{name}({budget}): each hidden unit has a bias.",
                (budget - fixed) // (unit - 10): no_output,
                budget // (unit - 10): no_output,
                (budget - 10) // unit: f"{name}({budget}): the convolutions have parameters too.",
                (budget - fixed) / unit: f"{name}({budget}) is not a whole number of units. Round down.",
                (budget - fixed) // unit + 1: f"{name}({budget}) has one unit too many. Round down, and count every bias.",
            }
            number(width, (budget - fixed) // unit, what=f"{name}({budget})", mistakes=mistakes)


@lab.exercise(
    "The same pixels in another order",
    points=1,
    hints=(
        "Flatten each image to one row of pixels, pick the columns in the new order, and give the result the old shape.",
        "`images.reshape(len(images), -1)` has shape (n, pixels). Index its second axis with `order`: `[:, order]`.",
    ),
)
def permute(function):
    rng = np.random.default_rng(5)
    for shape in ((3, 3, 4, 1), (1, 2, 2, 1), (4, 5, 5, 1)):
        images = rng.random(shape).astype("float32")
        pixels = shape[1] * shape[2]
        flat = images.reshape(shape[0], pixels)
        for order in (np.roll(np.arange(pixels), 1), rng.permutation(pixels)):
            array(
                call(function, images, order),
                np.take(flat, order, axis=1).reshape(shape),
                case=f"for images of shape {shape}",
                mistakes={
                    "The shape is still flat. Give the result the shape of the images.": np.take(flat, order, axis=1),
                    "You sent pixel k to place order[k]. Asked is the other way round: place k gets pixel order[k].": np.take(
                        flat, np.argsort(order), axis=1
                    ).reshape(shape),
                    "The images come out as they went in.": images,
                },
            )


@lab.exercise(
    "Shift the digits",
    points=2,
    hints=(
        "Put a frame of zeros around each image, wide enough for the shift, and cut a window of the old size out of it. Where must the "
        "window begin for the digit to appear lower?",
        "With a frame of abs(rows) above and below, the window begins at row abs(rows) − rows. The columns go the same way.",
    ),
)
def shift(function):
    from scipy import ndimage

    images = np.random.default_rng(6).uniform(0.1, 1, (2, 5, 6, 1)).astype("float32")
    for rows, columns in ((0, 0), (1, 0), (0, 2), (-1, 0), (0, -2), (2, -3), (-3, 1), (5, 0)):

        def moved(down, right):
            return ndimage.shift(images, (0, down, right, 0), order=0, mode="constant")

        array(
            call(function, images, rows, columns),
            moved(rows, columns),
            case=f"for shift(images, {rows}, {columns})",
            mistakes={
                "What leaves on one side comes back on the other, as `np.roll` does it. What is moved in is 0.": np.roll(
                    images, (rows, columns), axis=(1, 2)
                ),
                "The digits move the wrong way: positive is down and right.": moved(-rows, -columns),
                "Rows and columns are exchanged: rows is the way down, along axis 1.": moved(columns, rows),
                "The rows go the wrong way: positive is down.": moved(-rows, columns),
                "The columns go the wrong way: positive is right.": moved(rows, -columns),
                "The digits have not moved.": images,
            },
        )


@lab.exercise(
    "What the controls say",
    points=3,
    hints=(
        "Ask of each sentence: which network knows which pixels are neighbours, and which number in it depends on the place?",
        "Equivariant means: shift the image, and the feature map shifts along. What does Flatten and Dense make of a feature map that has shifted?",
    ),
)
def explain(permuted_mlp, permuted_convnet, shifted):
    _letter(
        "permuted_mlp",
        permuted_mlp,
        "b",
        {
            "a": "The MLP never saw the old order and undoes nothing. Put the weights into the same new order: is it another network?",
            "c": "More parameters would not help: the wide MLP of the control before does not care either.",
        },
    )
    _letter(
        "permuted_convnet",
        permuted_convnet,
        "c",
        {
            "a": "Every pixel is still there, and the MLP reads the class from them as well as before.",
            "b": "It has as many parameters as before, and the narrow ConvNet did well with far fewer.",
        },
    )
    _letter(
        "shifted",
        shifted,
        "a",
        {
            "b": "A feature map does follow the shift: that is equivariance, and Lab 01 shows it. What reads the map does not.",
            "c": "Look at the ink: nearly all of it is still in the picture after two or three pixels.",
        },
    )


# ---------------------------------------------------------------- LeNet-5


@lab.exercise(
    "C3 as it was published",
    points=1,
    hints=(
        "A map that looks at k maps below it has one 5×5 kernel for each, and one bias: 25·k + 1 parameters.",
        "Add it up over the table: 6 maps look at 3, 9 maps look at 4, and 1 map looks at all 6.",
    ),
)
def c3_parameters(count):
    number(
        count,
        6 * 76 + 9 * 101 + 151,
        what="C3",
        mistakes={
            16 * 151: "That is C3 with every map looking at all six. In the table most maps look at three or four.",
            6 * 75 + 9 * 100 + 150: "The biases are missing: each of the 16 maps has one.",
            6 * 76 + 6 * 101 + 151: "Nine maps look at four: six at neighbours, three at pairs of neighbours.",
            60: "That is the number of connections between maps. Each of them is a kernel of 5×5, and each map has a bias.",
        },
    )


@lab.exercise(
    "LeNet-5",
    points=2,
    hints=(
        "`layers.ZeroPadding2D(2)` makes 32×32 of 28×28. Then the maps shrink: 32 → 28 → 14 → 10 → 5 → 1.",
        "C1 has 6 filters, C3 16 and C5 120, all 5×5. `layers.AveragePooling2D(2)` follows C1 and C3. Then Flatten, Dense(84) and Dense(10). "
        "tanh everywhere, but softmax at the end.",
    ),
    seconds=20,
)
def lenet5(build):
    from ...training.digits import lenet5 as reference

    _same_network(build, reference())


# ---------------------------------------------------------------- what it learned, and the challenge


@lab.exercise(
    "The most confident mistakes",
    points=2,
    hints=(
        "Three steps: what was predicted, where that is wrong (`np.flatnonzero`), and how sure the network was there.",
        "The confidence of a prediction is the largest of its ten probabilities. Sort the wrong ones by it, falling: `np.argsort(-confidence)`.",
    ),
)
def most_confident(function):
    rng = np.random.default_rng(7)
    for n, count in ((30, 3), (30, 100), (12, 5)):
        probabilities = rng.dirichlet(np.ones(10) * 0.3, n)
        labels = probabilities.argmax(axis=1)
        labels[::2] = (labels[::2] + rng.integers(1, 10, len(labels[::2]))) % 10
        # the reference: Python's own sort over (confidence, index), written without the student's steps
        order = [int(i) for i in sorted(range(n), key=lambda i: -max(probabilities[i]))]
        missed = [i for i in order if int(np.argmax(probabilities[i])) != labels[i]]
        by_truth = sorted(missed, key=lambda i: probabilities[i][labels[i]])
        where = [i for i in range(n) if i % 2 == 0]
        array(
            call(function, probabilities, labels, count),
            missed[:count],
            tolerance=0,
            case=f"for the {count} most confident of {len(missed)} mistakes",
            mistakes={
                "These are the least confident mistakes. Sort the other way.": missed[::-1][:count],
                "These are the most confident predictions, right ones among them.": order[:count],
                "These are places in the list of mistakes. Asked are places in the test set.": [where.index(i) for i in missed][
                    :count
                ],
                "You sorted by the probability of the true class. Confidence is the probability of the class that it predicted.": by_truth[
                    :count
                ],
                "These are the first mistakes in the test set. Sort them by confidence.": where[:count],
                "These are all mistakes. Return the first `count` of them.": missed,
            },
        )
    sure = np.eye(10)
    result = np.asarray(call(function, sure, np.arange(10), 3))
    need(result.size == 0, f"Ten digits, all right, and {result.size} mistakes come out; expected an empty array.")


@lab.exercise(
    "A schedule for the learning rate",
    points=2,
    hints=(
        "Two cases. In the first `warmup` steps the rate grows in a straight line. After that, let progress run from 0 to 1 and follow half a cosine.",
        "progress = (step − warmup) / (steps − warmup), and the rate is peak · (1 + cos(π · progress)) / 2.",
    ),
)
def warmup_cosine(function):
    for steps, peak, warmup in ((100, 0.01, 20), (50, 2.0, 10), (40, 1.0, 0)):
        for step in (0, 1, warmup // 2, warmup, warmup + 1, (steps + warmup) // 2, steps - 5, steps):
            share = (step - warmup) / (steps - warmup)
            falling = peak * np.cos(np.pi * share / 2) ** 2  # (1 + cos 2a)/2 = cos² a
            rising = peak * step / max(warmup, 1)
            value = call(function, step, steps, peak, warmup)
            expected = rising if step < warmup else falling
            mistakes = {}
            if step >= warmup:
                mistakes = {
                    peak
                    * np.cos(np.pi * step / steps / 2)
                    ** 2: "After the warm-up the cosine must begin anew: progress is counted from "
                    "the end of the warm-up, (step − warmup) / (steps − warmup).",
                    peak * (1 + np.cos(np.pi * share)): "At the end of the warm-up it is twice the peak: halve 1 + cos.",
                    peak * np.cos(np.pi * share): "The cosine goes down to −1, and a negative rate climbs. Take (1 + cos) / 2.",
                    peak * (1 - share): "That falls in a straight line. Asked is half a cosine.",
                    peak: "After the warm-up the rate must fall.",
                }
            else:
                message = "The warm-up is missing: the rate begins at 0 and reaches the peak after `warmup` steps."
                mistakes = {peak: message, peak * np.cos(np.pi * step / steps / 2) ** 2: message}
            number(
                value,
                expected,
                tolerance=1e-9,
                what=f"warmup_cosine({step}, steps={steps}, peak={peak}, warmup={warmup})",
                mistakes=mistakes,
            )


# ---------------------------------------------------------------- shared by several checks


def _counts(answer, name, layers, expected, without_bias, mistakes) -> None:
    """`answer` is a list of parameter counts, one a layer."""
    need(isinstance(answer, (list, tuple, np.ndarray)), f"{name} is a list of {len(expected)} numbers: {', '.join(layers)}.")
    need(
        len(answer) == len(expected),
        f"{name} has {len(answer)} numbers; expected {len(expected)}: {', '.join(layers)}. Pooling and Flatten have no parameters.",
    )
    for i, (value, layer) in enumerate(zip(answer, layers, strict=True)):
        number(
            value,
            expected[i],
            what=f"{layer} in {name}",
            mistakes={without_bias[i]: f"{layer} lacks its biases.", **mistakes.get(i, {})},
        )


def _two(result, what):
    need(
        isinstance(result, (tuple, list, np.ndarray)) and len(result) == 2,
        f"Return two things, {what}: `return first, second`.",
    )
    return result


def _letter(name, answer, truth, mistakes) -> None:
    choice(answer, truth, ("a", "b", "c"), mistakes={letter: f"{name}: {text}" for letter, text in mistakes.items()})


def _same_network(build, reference) -> None:
    """`build()` must be a network with the layers' shapes, the parameters and the function of `reference`."""
    import keras

    model = call(build)
    need(isinstance(model, keras.Model), f"Return the model. This is of type {type(model).__name__}.")
    need(model.built, "The model does not know the size of its input. Begin with `keras.Input((28, 28, 1))`.")
    need(
        model.input_shape == (None, 28, 28, 1),
        f"The model takes inputs of shape {model.input_shape[1:]}; the digits are (28, 28, 1).",
    )
    ours, theirs = _shapes(reference), _shapes(model)
    if theirs != ours:
        at = next((i for i, (a, b) in enumerate(zip(theirs, ours, strict=False)) if a != b), min(len(theirs), len(ours)))
        got = f"{theirs[at][0]} makes {theirs[at][1]}" if at < len(theirs) else "the model ends"
        asked = f"{ours[at][0]} makes {ours[at][1]}" if at < len(ours) else "the model should have ended"
        wrong(f"Layer {at + 1} is where it differs: in your model {got}; expected: {asked}.")
    need(
        model.count_params() == reference.count_params(),
        f"The shapes are right, but there are {model.count_params():,} parameters; expected {reference.count_params():,}. Look at the kernel sizes.",
    )
    rng = np.random.default_rng(8)
    weights = [rng.normal(0, 0.15, w.shape).astype("float32") for w in reference.get_weights()]
    model.set_weights(weights), reference.set_weights(weights)
    images = rng.random((4, 28, 28, 1)).astype("float32")
    result, expected = (np.asarray(network(images, training=False)) for network in (model, reference))
    need(
        np.allclose(result.sum(axis=1), 1, atol=1e-4),
        "The ten outputs of a digit do not sum to 1: the last layer needs the softmax.",
    )
    for a, b in zip(_computing(model), _computing(reference), strict=True):
        mine, asked = (getattr(getattr(layer, "activation", None), "__name__", None) for layer in (a, b))
        need(mine == asked, f"Shapes and parameters are right, but `{a.name}` has the activation {mine!r}; expected {asked!r}.")
    need(
        np.allclose(result, expected, atol=1e-4),
        "Shapes, parameters and activations are right, but with the same weights it computes something else. Is the pooling of the right kind?",
    )


def _computing(model) -> list:
    return [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]


def _shapes(model) -> list[tuple[str, tuple]]:
    return [(type(layer).__name__.replace("MaxPooling", "MaxPool"), tuple(layer.output.shape[1:])) for layer in _computing(model)]
