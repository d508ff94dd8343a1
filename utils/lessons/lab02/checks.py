"""Checks of lab 02."""

import numpy as np

from ...check import Choice, Either, Function, Lab, Model, Value, as_array, call, need
from ...training import digits

lab = Lab("lab02", "Lab 02 · MLP against ConvNet")


# ---------------------------------------------------------------- two networks, counted

lab.declare(
    "parameters",
    "Count the parameters",
    points=2,
    hints=(
        "A layer's parameters are its weights and its biases. A Dense unit has one weight for each input and one bias; a filter has "
        "one weight for each kernel cell and input channel, and one bias.",
        "Follow the size through the ConvNet: 28 → 24 → 12 → 10 → 5. So its Dense(256) gets 5·5·64 numbers. The first "
        "convolution puts out 24·24·32 numbers, and the twin needs a unit, with 784 weights and a bias, for each.",
    ),
    mlp_counts=Value(
        [785 * 256, 257 * 10],
        {
            "`mlp_counts` lacks the biases: each unit of a Dense layer has one.": [784 * 256, 256 * 10],
            "`mlp_counts`: each unit has a bias of its own, not one for the whole layer.": [784 * 256 + 1, 256 * 10 + 1],
            "`mlp_counts`: Flatten hands over all 28·28 pixels of the image, not one row.": Either({0: 29 * 256}, {0: 28 * 256}),
            "`mlp_counts`: the second Dense layer gets the 256 numbers of the first, not the image.": {1: 785 * 10},
            "`mlp_counts`: the layers are in the wrong order; Dense(256) comes first.": [257 * 10, 785 * 256],
            "`mlp_counts` is a list of two numbers, one for each Dense layer. Flatten has no parameters.": Either(
                [0, 785 * 256, 257 * 10], 785 * 256 + 257 * 10
            ),
        },
    ),
    convnet_counts=Value(
        [26 * 32, 289 * 64, 1601 * 256, 257 * 10],
        {
            "`convnet_counts` lacks the biases: each filter and each unit has one.": [25 * 32, 288 * 64, 1600 * 256, 256 * 10],
            "`convnet_counts`: each filter and each unit has a bias of its own, not one for the whole layer.": (
                [25 * 32 + 1, 288 * 64 + 1, 1600 * 256 + 1, 256 * 10 + 1]
            ),
            "`convnet_counts`: the first number is that of one filter. There are 32.": Either({0: 26}, {0: 25}),
            "`convnet_counts`: each of the 64 filters of the second convolution reaches through all 32 channels below it, "
            "so it has 3·3·32 weights, not 3·3.": Either({1: 10 * 64}, {1: 9 * 64}),
            "`convnet_counts`: the second convolution's kernels are 3×3, not 5×5.": {1: 801 * 64},
            "`convnet_counts`: without padding a 5×5 kernel takes 28 to 24, and a 3×3 kernel takes 12 to 10. Your Dense(256) "
            "gets maps of 7×7, as with `padding='same'`.": {2: (7 * 7 * 64 + 1) * 256},
            "`convnet_counts`: there is a second pooling layer between the convolution and Flatten: 10 → 5.": (
                {2: (10 * 10 * 64 + 1) * 256}
            ),
            "`convnet_counts`: Flatten hands over all 5·5·64 numbers, not one for each of the 64 maps.": {2: 65 * 256},
            "`convnet_counts`: there are 64 maps of 5×5 in front of Flatten, not one.": {2: 26 * 256},
            "`convnet_counts`: Dense(256) comes after the convolutions, so it does not see the image.": {2: 785 * 256},
            "`convnet_counts` is a list of four numbers, one for each layer that has parameters. Pooling and Flatten have none.": (
                Either([26 * 32, 0, 289 * 64, 0, 0, 1601 * 256, 257 * 10], 431_754)
            ),
        },
    ),
    dense_twin=Value(
        785 * 24 * 24 * 32,
        {
            "`dense_twin` lacks the biases: each of the 24·24·32 units has one.": 784 * 24 * 24 * 32,
            "`dense_twin`: such a Dense layer puts out 32 numbers. The convolution puts out 32 maps of 24×24 numbers.": Either(
                785 * 32, 784 * 32
            ),
            "`dense_twin`: without padding the maps are 24×24, not 28×28.": Either(785 * 28 * 28 * 32, 784 * 28 * 28 * 32),
            "`dense_twin`: that is for one map. The convolution makes 32.": Either(785 * 24 * 24, 784 * 24 * 24),
            "`dense_twin`: each unit has a bias of its own: there are 24·24·32 biases.": Either(
                784 * 24 * 24 * 32 + 32, 784 * 24 * 24 * 32 + 1
            ),
            "`dense_twin`: that is the number of its units. How many weights and biases has each?": 24 * 24 * 32,
            "`dense_twin`: those are the convolution's own parameters. Count a Dense layer with as many outputs.": 26 * 32,
        },
    ),
)


def _knows_its_input(build):
    model = build if hasattr(build, "built") else build()
    need(
        model.built,
        "The layers are the right ones, but the model does not know the size of its input: begin with `keras.Input((28, 28, 1))`.",
    )


lab.declare(
    "convnet",
    "Build the ConvNet",
    points=2,
    hints=(
        "`keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(…), …])`. Seven layers follow the input.",
        "Convolution, `layers.MaxPool2D(2)`, convolution, `layers.MaxPool2D(2)`, `layers.Flatten()`, and two Dense layers. Hidden "
        'layers have `activation="relu"`, the last one `activation="softmax"`.',
    ),
    seconds=20,
    form={"The model must know the size of its input": ("returns unbuilt model", "returns subclassed model")},
    then=_knows_its_input,
    convnet=Model(lambda: digits.convnet(), dropout=True),
)


# ---------------------------------------------------------------- debugging

lab.declare(
    "debug_numbers",
    "Two losses to know beforehand",
    hints=(
        "Cross-entropy of one digit is −ln of the probability that the network gives to its true class. What does a network that knows "
        "nothing give to each of ten classes?",
        "The second softmax sees the numbers 1, 0, 0, … at best. Softmax of these is e/(e + 9) for the true class.",
    ),
    start_loss=Value(
        np.log(10),
        {
            "`start_loss`: 0.1 is the probability of the true class. The loss is −ln of it.": 0.1,
            "`start_loss`: Keras takes the natural logarithm, not the one of base 10.": 1.0,
            "`start_loss`: Keras takes the natural logarithm, not the one of base 2.": np.log2(10),
            "`start_loss`: the sign is wrong. A loss is −ln of a probability, so it is positive.": -np.log(10),
            "`start_loss`: 0.9 is the error rate of guessing. The loss is −ln of the probability 0.1.": 0.9,
            "`start_loss`: take −ln of the probability of the true class, 0.1, not of the other nine together.": -np.log(0.9),
        },
        tolerance=0.005,
    ),
    floor=Value(
        np.log(1 + 9 / np.e),
        {
            "`floor`: a single softmax can come as close to 0 as you like. The second one gets numbers between 0 and 1 only.": 0,
            "`floor`: that is the greatest probability that the second softmax can give. The loss is −ln of it.": (
                np.e / (np.e + 9)
            ),
            "`floor`: there are nine other classes, not ten.": np.log(1 + 10 / np.e),
            "`floor`: the second softmax gets 1 for the true class and 0 for the others at best. The loss is −ln(e / (e + 9)).": (
                Either(1, np.log(np.e + 9))
            ),
            "`floor`: the sign is wrong. A loss is −ln of a probability, so it is positive.": -np.log(1 + 9 / np.e),
            "`floor`: the sum below the fraction bar is e + 9: one e, and nine times e⁰ = 1.": Either(
                np.log(10) - 1, np.log(np.e + 1) - 1, np.log(9) - 1
            ),
            "`floor`: the natural logarithm, not the one of base 10.": np.log10(1 + 9 / np.e),
            "`floor`: that is the loss of guessing. At best, the second softmax gets 1 for the true class.": np.log(10),
        },
        tolerance=0.005,
    ),
)


def _patient(letter: str, truth: str, **against: str) -> Choice:
    """The diagnosis of one patient; `against` says what speaks against each other diagnosis."""
    options = ("healthy", "labels shuffled", "forgotten scaling", "softmax twice")
    signs = {
        "healthy": against.get("healthy", ""),
        "labels shuffled": "With shuffled labels a network can only guess the new digits; patient {} gets most of them right.",
        "forgotten scaling": "Without scaling the first loss is many times ln 10; patient {} starts near ln 10.",
        "softmax twice": "With two softmaxes the loss on one batch cannot go below the floor; patient {} goes to nearly 0.",
    }
    return Choice(truth, options, {signs[option].format(letter): option for option in options if option != truth})


lab.declare(
    "diagnoses",
    "Four patients",
    points=2,
    hints=(
        "Three numbers decide: the loss before training against ln 10, the loss on the one batch against your floor, and the accuracy "
        "on new digits.",
        "Shuffled labels can be memorized, but they say nothing about new digits. Unscaled pixels make the first outputs huge. Two "
        "softmaxes cannot get below the floor. The one that is left is healthy.",
    ),
    a=_patient(
        "A", "softmax twice", healthy="A healthy network's loss on one batch goes to nearly 0; patient A stops at your floor."
    ),
    b=_patient(
        "B", "labels shuffled", healthy="A healthy network gets most new digits right; patient B does little better than guess."
    ),
    c=_patient("C", "healthy"),
    d=_patient(
        "D", "forgotten scaling", healthy="A healthy network starts near ln 10; patient D's first loss is many times that."
    ),
)


@lab.exercise(
    "Mend the pipeline",
    points=2,
    hints=(
        "Make one order, `np.random.default_rng(seed).permutation(len(images))`, and use it for both arrays.",
        "Index with it: `images[order]` and `labels[order]` are copies, so the caller's arrays stay as they are. Convert to float32 "
        "before you divide by 255, and add the channel axis with `[..., np.newaxis]`.",
    ),
    form={"shape (n, height, width, 1), float32": ("returns float64",)},
)
def prepare(function):
    n = 40
    orders = []
    for seed, (dark, bright) in ((0, (0, 255)), (0, (0, 255)), (1, (0, 255)), (2, (10, 200))):
        images, labels = np.full((n, 4, 3), dark, np.uint8), (np.arange(n) % 10).astype(np.uint8)
        images[:, 0, 0] = dark + np.arange(n)  # each image carries its number, so that a pair that is torn apart shows
        images[:, 2, 1] = dark + np.arange(n)[::-1]  # and a second time, so that mixed pixels show
        images[:, 1, 2] = bright
        ready, given = _images_and_labels(call(function, images, labels, seed), images.shape)
        numbers = 255 * ready[:, 0, 0, 0].astype(float) - dark
        _scaled(ready, numbers, dark, bright)
        order = np.rint(numbers).astype(int)
        need(
            np.abs(numbers + 255 * ready[:, 2, 1, 0] - dark - (n - 1)).max() < 0.1,
            "The pixels of different images are mixed: shuffle whole images, not each pixel by itself.",
        )
        need(len(set(order)) == n, f"{n} different images go in, and {len(set(order))} different ones come out. Use each once.")
        need(
            np.array_equal(order % 10, given),
            "The images and labels no longer belong together: use one and the same order for both.",
        )
        together = np.count_nonzero(np.abs(np.diff(order)) == 1)
        need(order[0] != 0 or together < n - 1, "The digits are still in the order they came in: shuffle them.")
        need(together < n // 2, "The digits are not shuffled: most still have the same neighbours. Draw a random order.")
        orders.append(order.tolist())
    need(orders[0] == orders[1], "Called twice with the same seed, it gives two orders. The order must follow from the seed.")
    need(orders[2] != orders[0] != orders[3], "Different seeds give the same order. Use the seed.")


def _images_and_labels(result, shape: tuple) -> tuple[np.ndarray, np.ndarray]:
    n, height, width = shape
    need(
        isinstance(result, list) and len(result) == 2,
        "Return two things, the images and the labels: `return images, labels`.",
    )
    ready, given = result
    kind = str(getattr(ready, "dtype", "float32"))  # a list has none
    ready, given = as_array(ready, "The first result"), as_array(given, "The second result")
    need(ready.shape != (n,), "The labels come first in what you return. Return the images first: `return images, labels`.")
    need(
        ready.shape == (n, height, width, 1),
        f"Images of shape {shape} come out with shape {ready.shape}; expected {(n, height, width, 1)}, with the channel axis last.",
    )
    need(given.shape == (n,), f"The labels come out with shape {given.shape}; expected {(n,)}.")
    need(kind == "float32", f"The images come out as {kind}; expected float32.")
    return ready, given


def _scaled(ready: np.ndarray, numbers: np.ndarray, dark: int, bright: int) -> None:
    top, bottom = float(ready[:, 1, 2].max()), float(ready[:, 2, 2].min())
    need(top != bright, f"The pixel {bright} is still {bright}: the scaling is missing.")
    need(
        np.isclose(top, bright / 255, atol=1e-5) and np.isclose(bottom, dark / 255, atol=1e-5),
        f"The pixel {bright} comes out as {top:.4g}, and {dark} as {bottom:.4g}. Divide every pixel by 255, whatever the images hold.",
    )
    need(
        numbers.max() < len(numbers),
        f"The pixel {dark + 1} comes out as {(numbers.max() + dark) / 255:.4g}. Divide every pixel by 255, whatever its neighbours are.",
    )
    need(np.abs(numbers - np.rint(numbers)).max() < 1e-2 and numbers.max() > 1, "The greys are lost: divide before you round.")


# ---------------------------------------------------------------- statistics


def _around(half):
    """The interval function with the half width half(n, s): n values, s their standard deviation with n − 1."""

    def interval(values):
        s, mean = np.std(values, ddof=1), np.mean(values)
        return mean - half(len(values), s), mean + half(len(values), s)

    return interval


def _t(q: float, degrees: int) -> float:
    from scipy import stats

    return stats.t.ppf(q, degrees)


_t_interval = _around(lambda n, s: _t(0.975, n - 1) * s / np.sqrt(n))

lab.declare(
    "t_interval",
    "An interval over seeds",
    points=2,
    hints=(
        "The mean of n runs scatters by s/√n, where s is the standard deviation with n − 1 (`ddof=1`). How many of those the interval "
        "reaches to either side is given by Student's t distribution with n − 1 degrees of freedom.",
        "`stats.t.ppf(0.975, n - 1)` leaves 2.5 % on either side. It is 4.30 for three runs, more than twice the 1.96 of the normal "
        "distribution.",
    ),
    t_interval=Function(
        _t_interval,
        {
            f"for the values {', '.join(map(str, values))}": (np.array(values),)
            for values in ([97.0, 97.4, 96.8], [98.0, 98.5], [1.0, 2.0, 4.0, 8.0, 3.0], [0.971, 0.973, 0.968])
        },
        {
            "That is the scatter of single runs. The mean of n runs is more certain: divide by √n.": (
                _around(lambda n, s: _t(0.975, n - 1) * s)
            ),
            "You divided by n instead of √n.": _around(lambda n, s: _t(0.975, n - 1) * s / n),
            "Your standard deviation divides by n. A sample's divides by n − 1: `ddof=1`.": (
                _around(lambda n, s: _t(0.975, n - 1) * s * np.sqrt((n - 1) / n) / np.sqrt(n))
            ),
            "1.96 is for a standard deviation that is known. Yours comes from the same few runs: take Student's t.": (
                _around(lambda n, s: 1.959964 * s / np.sqrt(n))
            ),
            "1.96 is for a standard deviation that is known: take Student's t. And yours divides by n: `ddof=1`.": (
                _around(lambda n, s: 1.959964 * s * np.sqrt((n - 1) / n) / np.sqrt(n))
            ),
            "That leaves 5 % on either side, so it is an interval of 90 %. Take `ppf(0.975, …)`.": (
                _around(lambda n, s: _t(0.95, n - 1) * s / np.sqrt(n))
            ),
            "There are n − 1 degrees of freedom, not n.": _around(lambda n, s: _t(0.975, n) * s / np.sqrt(n)),
            "Dividing by √(n − 1) goes with a standard deviation that divides by n. Yours divides by n − 1: divide by √n.": (
                _around(lambda n, s: _t(0.975, n - 1) * s / np.sqrt(n - 1))
            ),
            "There are n − 1 degrees of freedom, not n; and your standard deviation should divide by n − 1: `ddof=1`.": (
                _around(lambda n, s: _t(0.975, n) * s * np.sqrt((n - 1) / n) / np.sqrt(n))
            ),
            "That is an interval of 90 %, and its standard deviation divides by n. Take `ppf(0.975, …)` and `ddof=1`.": (
                _around(lambda n, s: _t(0.95, n - 1) * s * np.sqrt((n - 1) / n) / np.sqrt(n))
            ),
            "`ppf(0.05, …)` is negative, and it leaves 5 % on either side. Take `ppf(0.975, …)`.": (
                _around(lambda n, s: _t(0.05, n - 1) * s / np.sqrt(n))
            ),
            "Your t belongs to three runs, whatever their number: there are n − 1 degrees of freedom.": (
                _around(lambda n, s: _t(0.975, 2) * s / np.sqrt(n))
            ),
            "The interval lies around 0. It should lie around the mean.": (
                lambda values: np.array(_t_interval(values)) - np.mean(values)
            ),
            "The interval lies around the median. It should lie around the mean.": (
                lambda values: np.array(_t_interval(values)) - np.mean(values) + np.median(values)
            ),
            "That says where single runs lie. The interval is one for their mean: use the formula.": Either(
                lambda values: (np.min(values), np.max(values)), lambda values: np.percentile(values, [2.5, 97.5])
            ),
            "You used the variance. Take its square root.": _around(lambda n, s: _t(0.975, n - 1) * s**2 / np.sqrt(n)),
            "That is the standard error alone. Multiply it by the t of 95 %.": _around(lambda n, s: s / np.sqrt(n)),
            "The two ends are the right ones, but the lower one comes first.": lambda values: _t_interval(values)[::-1],
            "Return the two ends of the interval, not the mean and half the width.": (
                lambda values: (np.mean(values), np.mean(values) - _t_interval(values)[0])
            ),
            "Return the two ends of the interval; that is the mean alone.": lambda values: np.mean(values),
            "Return the two ends of the interval; that is half its width alone.": (
                lambda values: np.mean(values) - _t_interval(values)[0]
            ),
        },
    ),
)


def _wilson(errors, n, z: float = 1.96) -> tuple[float, float]:
    p = errors / n
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (p + z**2 / (2 * n) - half) / (1 + z**2 / n), (p + z**2 / (2 * n) + half) / (1 + z**2 / n)


def _wilson_of(errors, n, *, centre=None, under=None, below=None, z=1.96, root=np.sqrt):
    """The interval from its parts, of which some may be wrong."""
    p = errors / n
    middle = p + (_Z2 / (2 * n) if centre is None else centre)
    half = z * root(p * (1 - p) / n + (_Z2 / (4 * n**2) if under is None else under))
    below = 1 + _Z2 / n if below is None else below
    return (middle - half) / below, (middle + half) / below


def _wald(errors, n) -> tuple[float, float]:
    p = errors / n
    half = 1.96 * np.sqrt(p * (1 - p) / n)
    return p - half, p + half


def _proportion_ci(method: str):
    def interval(errors, n):
        from scipy import stats

        return tuple(stats.binomtest(int(errors), int(n)).proportion_ci(0.95, method=method))

    return interval


def _scaled_interval(interval, by):
    return lambda errors, n: tuple(end * by(n) for end in interval(errors, n))


_Z2 = 1.96**2

lab.declare(
    "error_interval",
    "An interval over test digits",
    points=2,
    hints=(
        "Set p = errors / n, and compute the two parts separately: the centre, p + z²/2n, and half the width. Both are divided by "
        "1 + z²/n.",
        "half = z · √(p(1 − p)/n + z²/4n²) / (1 + z²/n), with z = 1.96 or `stats.norm.ppf(0.975)`.",
    ),
    error_interval=Function(
        _wilson,
        [(30, 1000), (0, 200), (5, 10), (140, 10_000), (20, 20)],
        {
            "That is p ± z·√(p(1 − p)/n), the textbook's first formula. With 0 errors it says ±0. Take Wilson's.": _wald,
            "The division by 1 + z²/n is missing.": _scaled_interval(_wilson, lambda n: 1 + _Z2 / n),
            "The centre is p + z²/2n, divided by 1 + z²/n: a little nearer to one half than p.": lambda errors, n: (
                errors / n - np.diff(_wilson(errors, n))[0] / 2,
                errors / n + np.diff(_wilson(errors, n))[0] / 2,
            ),
            "Only the centre is divided by 1 + z²/n. Divide half the width as well.": lambda errors, n: (
                np.mean(_wilson(errors, n)) - np.diff(_wilson(errors, n))[0] / 2 * (1 + _Z2 / n),
                np.mean(_wilson(errors, n)) + np.diff(_wilson(errors, n))[0] / 2 * (1 + _Z2 / n),
            ),
            "Under the root, z²/4n² is missing: half the width is too small.": lambda errors, n: (
                np.mean(_wilson(errors, n)) - np.diff(_wald(errors, n))[0] / 2 / (1 + _Z2 / n),
                np.mean(_wilson(errors, n)) + np.diff(_wald(errors, n))[0] / 2 / (1 + _Z2 / n),
            ),
            "`/ 2 * n` multiplies by n: `a / b * c` is (a / b) · c. Put 2n and 4n² in parentheses.": Either(
                lambda errors, n: _wilson_of(errors, n, centre=_Z2 / 2 * n),
                lambda errors, n: _wilson_of(errors, n, under=_Z2 / 4 * n**2),
                lambda errors, n: _wilson_of(errors, n, centre=_Z2 / 2 * n, under=_Z2 / 4 * n**2),
            ),
            "Under the root, it is z²/4n²: n is squared.": lambda errors, n: _wilson_of(errors, n, under=_Z2 / (4 * n)),
            "A square is missing: the centre is p + z²/2n.": lambda errors, n: _wilson_of(errors, n, centre=1.96 / (2 * n)),
            "A square is missing: both ends are divided by 1 + z²/n.": lambda errors, n: _wilson_of(
                errors, n, below=1 + 1.96 / n
            ),
            "The z in front of the root is missing.": lambda errors, n: _wilson_of(errors, n, z=1),
            "The root is missing.": lambda errors, n: _wilson_of(errors, n, root=lambda x: x),
            "`centre - half / (1 + z²/n)` divides half the width alone. Put centre ± half in parentheses.": lambda errors, n: (
                errors / n + _Z2 / (2 * n) - np.diff(_wilson(errors, n))[0] / 2,
                errors / n + _Z2 / (2 * n) + np.diff(_wilson(errors, n))[0] / 2,
            ),
            "Return the two ends of the interval, not its centre and half its width.": lambda errors, n: (
                np.mean(_wilson(errors, n)),
                np.diff(_wilson(errors, n))[0] / 2,
            ),
            "`//` leaves only 0 or 1 of the error rate. Divide with `/`.": lambda errors, n: _wilson(errors // n * n, n),
            "These are percentages. Return fractions between 0 and 1.": _scaled_interval(_wilson, lambda n: 100),
            "These are numbers of errors. Return fractions between 0 and 1.": _scaled_interval(_wilson, lambda n: n),
            "That is the interval of the accuracy. The question is the error rate.": lambda errors, n: _wilson(n - errors, n),
            "The two ends are the right ones, but the lower one comes first.": lambda errors, n: _wilson(errors, n)[::-1],
            "Return the two ends of the interval; that is the error rate alone.": lambda errors, n: errors / n,
            "That is an interval of 90 %: 1.645 leaves 5 % on either side. Take z = 1.96.": lambda e, n: _wilson(e, n, 1.644854),
            "z = 1.96, not 2.": lambda errors, n: _wilson(errors, n, 2),
            "That is the exact interval (Clopper and Pearson's). Take Wilson's.": _proportion_ci("exact"),
            "That is Wilson's interval with a continuity correction. Take the one without.": _proportion_ci("wilsoncc"),
        },
        tolerance=1e-5,  # z = 1.96 is what the text says
    ),
)


# ---------------------------------------------------------------- controls

lab.declare(
    "widths",
    "Two fair controls",
    points=2,
    hints=(
        "Write the total as a function of the width h: a part that does not depend on h, and a part for each hidden unit: its weights, "
        "its bias, and the 10 weights that lead from it to the output.",
        "The MLP has 795·h + 10 parameters, the ConvNet 19,338 + 1,611·h. Set this equal to the budget, solve for h, and round down.",
    ),
    seconds=30,  # a search over networks that Keras counts is a right answer, too
    widest_mlp=Function(
        lambda budget: (budget - 10) // 795,
        [(431_754,), (203_530,), (805,), (1_361,), (1_595,), (1_599,), (1_600,)],
        {
            "{case} is {got}: not a whole number of units. Round down.": lambda budget: (budget - 10) / 795,
            "{case} is {got}: first subtract what does not depend on the width, the ten biases of the output.": lambda b: (
                b // 795
            ),
            "{case} is {got}: each hidden unit has a bias.": lambda budget: (budget - 10) // 794,
            "{case} is {got}: each hidden unit also sends 10 weights to the output layer.": Either(
                lambda budget: (budget - 10) // 785, lambda budget: budget // 785
            ),
            "{case} is {got}: one unit too many. The budget must not be exceeded, so round down.": Either(
                lambda budget: -((10 - budget) // 795), lambda budget: round((budget - 10) / 795), lambda b: (b - 10) // 795 + 1
            ),
            "{case} is {got}: one unit fewer than fit. A network with exactly `budget` parameters is allowed.": (
                lambda budget: (budget - 11) // 795
            ),
            "{case} is {got}: that is the number of parameters. Return the width.": lambda b: 795 * ((b - 10) // 795) + 10,
        },
    ),
    widest_convnet=Function(
        lambda budget: (budget - 19_338) // 1_611,
        [(203_530 // 3,), (431_754,), (20_949,), (22_076,), (22_555,), (22_559,), (22_560,), (22_540,), (21_738,)],
        {
            "{case} is {got}: not a whole number of units. Round down.": lambda budget: (budget - 19_338) / 1_611,
            "{case} is {got}: the convolutions have parameters too.": Either(lambda b: (b - 10) // 1_611, lambda b: b // 1_611),
            "{case} is {got}: the biases of the two convolutions are missing, 32 and 64.": lambda b: (b - 19_242) // 1_611,
            "{case} is {got}: the first convolution has parameters too.": lambda b: (b - 18_506) // 1_611,
            "{case} is {got}: the second convolution has parameters too.": lambda b: (b - 842) // 1_611,
            "{case} is {got}: Flatten hands over 5·5·64 numbers, not one for each of the 64 maps.": lambda b: (b - 19_338) // 75,
            "{case} is {got}: subtract the ten biases of the output, too.": lambda budget: (budget - 19_328) // 1_611,
            "{case} is {got}: each hidden unit has a bias.": lambda budget: (budget - 19_338) // 1_610,
            "{case} is {got}: each hidden unit also sends 10 weights to the output layer.": Either(
                lambda budget: (budget - 19_338) // 1_601, lambda budget: (budget - 19_328) // 1_601
            ),
            "{case} is {got}: without padding the maps in front of Flatten are 5×5, not 7×7.": lambda b: (b - 19_338) // 3_147,
            "{case} is {got}: one unit too many. The budget must not be exceeded, so round down.": Either(
                lambda b: -((19_338 - b) // 1_611), lambda b: round((b - 19_338) / 1_611), lambda b: (b - 19_338) // 1_611 + 1
            ),
            "{case} is {got}: one unit fewer than fit. A network with exactly `budget` parameters is allowed.": (
                lambda budget: (budget - 19_339) // 1_611
            ),
            "{case} is {got}: that is the width of the MLP.": lambda budget: (budget - 10) // 795,
        },
    ),
)


def _flat(images):
    return images.reshape(len(images), -1)


def _permuted(images, order):
    return _flat(images)[:, order].reshape(images.shape)


def _makes_a_new_array(function, arguments):
    """Not even where nothing moves may the result be the caller's array: who changes one would change the other."""

    def own(*given):
        result = function(*given)
        return 0, isinstance(result, np.ndarray) and np.shares_memory(result, given[0])

    _, shared = call(own, *arguments(np.ones((2, 3, 4, 1), "float32")))
    need(not shared, "Where nothing moves, you return the caller's own array. Return a new one: `images.copy()`.")


def _orders(rng) -> dict:
    cases = {}
    for shape in ((3, 3, 4, 1), (1, 2, 2, 1), (30, 5, 3, 1)):
        images, pixels = rng.normal(size=shape).astype("float32"), shape[1] * shape[2]
        cases[f"for images of shape {shape}, their pixels rolled by one"] = images, np.roll(np.arange(pixels), 1)
        cases[f"for images of shape {shape} and a random order"] = images, rng.permutation(pixels)
    return cases


lab.declare(
    "permute",
    "The same pixels in another order",
    hints=(
        "Flatten each image to one row of pixels, pick the columns in the new order, and give the result the old shape.",
        "`images.reshape(len(images), -1)` has shape (n, pixels). Index its second axis with `order`: `[:, order]`.",
    ),
    then=lambda permute: _makes_a_new_array(permute, lambda images: (images, np.arange(images[0].size))),
    permute=Function(
        _permuted,
        _orders,
        {
            "The result is still flat. Give it the shape of the images.": lambda images, order: _flat(images)[:, order],
            "You have it reversed: pixel k of the result must be pixel order[k] of the image.": lambda images, order: _permuted(
                images, np.argsort(order)
            ),
            "The images come out as they went in.": lambda images, order: images,
            "That picks images in the new order, not pixels. Flatten each image first, and index its pixels.": Either(
                lambda images, order: images[order], lambda images, order: images[order % len(images)]
            ),
            "The pixels are counted column by column. Count them row by row, as `reshape` does.": lambda images, order: (
                _permuted(images.transpose(0, 2, 1, 3), order).reshape(len(images), images.shape[2], -1, 1).transpose(0, 2, 1, 3)
            ),
            "The axis of the images is mixed in as well: each result holds pixels of several images.": lambda images, order: (
                images.reshape(-1, len(images))[order].reshape(images.shape)
            ),
        },
    ),
)


def _moved(images, rows, columns):
    return digits.shift(images, rows, columns)


def _shifts(rng) -> list:
    images = rng.normal(size=(2, 5, 6, 1)).astype("float32")
    moves = ((0, 0), (1, 0), (0, 2), (-1, 0), (0, -2), (2, -3), (-3, 1), (2, 4), (5, 0), (0, -6), (-5, 6))
    return [(images, rows, columns) for rows, columns in moves]


def _padded(images, rows, columns):
    return np.pad(images, ((0, 0), (abs(rows), abs(rows)), (abs(columns), abs(columns)), (0, 0)))


def _one_way_only(end):
    """Copying from slices that fit for positive shifts only; `end(shift, size)` is where the source ends."""

    def shift(images, rows, columns):
        moved, (height, width) = np.zeros_like(images), images.shape[1:3]
        moved[:, rows:, columns:] = images[:, : end(rows, height), : end(columns, width)]
        return moved

    return shift


def _repeating_the_edge(images, rows, columns):
    height, width = images.shape[1:3]
    down = np.clip(np.arange(height) - rows, 0, height - 1)
    right = np.clip(np.arange(width) - columns, 0, width - 1)
    return images[:, down][:, :, right]


def _rolled_and_cleared(where):
    """Rolled along both axes, then set to 0 at `where(images, axis, by)`."""

    def shift(images, rows, columns):
        moved = np.roll(images, (rows, columns), axis=(1, 2))
        moved[:, where(images, 1, rows)] = 0
        moved[:, :, where(images, 2, columns)] = 0
        return moved

    return shift


lab.declare(
    "shift",
    "Shift the digits",
    points=2,
    hints=(
        "Put a frame of zeros around each image, wide enough for the shift, and cut a window of the old size out of it. Where must the "
        "window begin for the digit to appear lower?",
        "With a frame of abs(rows) above and below, the window begins at row abs(rows) − rows. The columns work the same way.",
    ),
    then=lambda shift: _makes_a_new_array(shift, lambda images: (images, 0, 0)),
    shift=Function(
        _moved,
        _shifts,
        {
            "What leaves on one side comes back on the other, as with `np.roll`. What moves in must be 0.": lambda images, r, c: (
                np.roll(images, (r, c), axis=(1, 2))
            ),
            "The digits move the wrong way: positive is down and to the right.": lambda images, r, c: _moved(images, -r, -c),
            "Rows and columns are exchanged: `rows` moves along axis 1, downwards.": lambda images, r, c: _moved(images, c, r),
            "The rows go the wrong way: positive is down.": lambda images, r, c: _moved(images, -r, c),
            "The columns go the wrong way: positive is to the right.": lambda images, r, c: _moved(images, r, -c),
            "The digits have not moved.": lambda images, r, c: images,
            "The frame is still there: cut the images back to their old shape.": Either(
                _padded,
                lambda images, r, c: np.pad(images, ((0, 0), (abs(r), 0), (abs(c), 0), (0, 0))),
                lambda images, r, c: np.pad(images, ((0, 0), (max(r, 0), max(-r, 0)), (max(c, 0), max(-c, 0)), (0, 0))),
            ),
            "{case}: the two slices differ in size. Slices such as `[rows:]` and `[:-rows]` fit for positive shifts only.": Either(
                _one_way_only(lambda shift, size: size - shift), _one_way_only(lambda shift, size: -shift)
            ),
            "What moves in is the edge of the image, repeated. It must be 0.": _repeating_the_edge,
            "You shift along axis 0, which counts the images. Rows are axis 1, columns axis 2.": lambda images, r, c: np.roll(
                images, (r, c), axis=(0, 1)
            ),
            "The columns have not moved.": lambda images, r, c: _moved(images, r, 0),
            "The rows have not moved.": lambda images, r, c: _moved(images, 0, c),
            "Negative shifts move nothing: they should move up and to the left.": lambda images, r, c: _moved(
                images, max(r, 0), max(c, 0)
            ),
            "`[:rows]` with a negative number is all but the last rows. For a shift upwards, set the last ones to 0: `[rows:]`.": (
                _rolled_and_cleared(lambda images, axis, by: slice(None, by))
            ),
            "Negative shifts still roll: what leaves at the top comes back at the bottom. There, too, what moves in must be 0.": (
                _rolled_and_cleared(lambda images, axis, by: slice(None, max(by, 0)))
            ),
            "A negative index counts from the end, so pixels come back on the other side. Ask for 0 <= i - rows as well.": (
                _rolled_and_cleared(
                    lambda images, axis, by: slice(images.shape[axis] + by if by < 0 else 0, None if by < 0 else 0)
                )
            ),
            "Negative shifts should move up and to the left.": lambda images, r, c: _moved(images, abs(r), abs(c)),
        },
    ),
)

_LETTERS = ("a", "b", "c")

lab.declare(
    "explain",
    "What the controls say",
    points=3,
    hints=(
        "Ask of each sentence: which network knows which pixels are neighbours, and which number in it depends on the position?",
        "Equivariant means: shift the image, and the feature map shifts along. What do Flatten and Dense make of a feature map that "
        "has shifted?",
    ),
    permuted_mlp=Choice(
        "b",
        _LETTERS,
        {
            "`permuted_mlp`: the MLP never saw the old order, so it undoes nothing. Put its weights into the same new order: is it "
            "another network?": "a",
            "`permuted_mlp`: more parameters would not help: without them the new order costs the MLP nothing either.": "c",
        },
    ),
    permuted_convnet=Choice(
        "c",
        _LETTERS,
        {
            "`permuted_convnet`: every pixel is still there, and the MLP reads the class from them as well as before.": "a",
            "`permuted_convnet`: it has as many parameters as before, and the narrow ConvNet did well with far fewer.": "b",
        },
    ),
    shifted=Choice(
        "a",
        _LETTERS,
        {
            "`shifted`: a feature map does follow the shift (Lab 01 shows it). That is equivariance. What reads the map does not.": "b",
            "`shifted`: look at the ink. Nearly all of it is still in the picture after two or three pixels.": "c",
        },
    ),
)


# ---------------------------------------------------------------- LeNet-5

lab.declare(
    "c3_parameters",
    "C3 as it was published",
    hints=(
        "A map that is computed from k maps below it has one 5×5 kernel for each, and one bias: 25·k + 1 parameters.",
        "Add it up over the table: 6 maps are computed from 3, 9 maps from 4, and 1 map from all 6.",
    ),
    c3_parameters=Value(
        6 * 76 + 9 * 101 + 151,
        {
            "`c3_parameters`: that is C3 with every map computed from all six. Most are computed from three or four.": 16 * 151,
            "`c3_parameters`: the biases are missing. Each of the 16 maps has one.": 60 * 25,
            "`c3_parameters`: that has a bias for each kernel. Each of the 16 maps has one bias.": 60 * 26,
            "`c3_parameters`: nine maps are computed from four: six from neighbours, three from pairs of neighbours.": (
                6 * 76 + 6 * 101 + 151
            ),
            "`c3_parameters`: that is the number of connections. Each is a kernel of 5×5, and each map has a bias.": Either(
                60, 76
            ),
            "`c3_parameters`: that is one kernel for each map. A map has one for each map that it is computed from.": 16 * 26,
        },
    ),
)

lab.declare(
    "lenet5",
    "LeNet-5",
    points=2,
    hints=(
        "`layers.ZeroPadding2D(2)` makes 32×32 of 28×28. Then the maps shrink: 32 → 28 → 14 → 10 → 5 → 1.",
        "C1 has 6 filters, C3 16 and C5 120, all 5×5. `layers.AveragePooling2D(2)` follows C1 and C3. Then Flatten, Dense(84) and "
        "Dense(10). tanh everywhere, but softmax at the end.",
    ),
    seconds=20,
    lenet5=Model(lambda: digits.lenet5(), dropout=True),
)


# ---------------------------------------------------------------- what it learned, and the challenge


def _mistakes(probabilities, labels):
    """(indices of the mistakes, their confidence)."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong, probabilities[wrong].max(axis=1)


def _most_confident(probabilities, labels, count):
    wrong, confidence = _mistakes(probabilities, labels)
    return wrong[np.argsort(-confidence)][:count]


def _by_true_class(probabilities, labels, count):
    wrong, _ = _mistakes(probabilities, labels)
    return wrong[np.argsort(probabilities[wrong, labels[wrong]])][:count]


def _by_score(probabilities, labels, count, score):
    wrong, _ = _mistakes(probabilities, labels)
    return wrong[np.argsort(-score[wrong])][:count]


def _predictions(rng) -> dict:
    cases = {}
    for n, count in ((30, 3), (30, 100), (12, 5), (25, 1)):
        probabilities = rng.dirichlet(np.ones(10) * 0.3, n).astype("float32")
        labels = probabilities.argmax(axis=1)
        labels[::2] = (labels[::2] + rng.integers(1, 10, len(labels[::2]))) % 10
        cases[f"for {n} digits, {(n + 1) // 2} of them wrong, and a count of {count}"] = (
            probabilities,
            labels.astype(np.uint8),
            count,
        )
    cases["for ten digits that are all right"] = np.eye(10, dtype="float32"), np.arange(10, dtype=np.uint8), 3
    return cases


lab.declare(
    "most_confident",
    "The most confident mistakes",
    points=2,
    hints=(
        "Three steps: what was predicted, where that is wrong (`np.flatnonzero`), and how confident the network was there.",
        "The confidence of a prediction is the largest of its ten probabilities. Sort the wrong ones by it, from high to low: "
        "`np.argsort(-confidence)`.",
    ),
    most_confident=Function(
        _most_confident,
        _predictions,
        {
            "These are the least confident mistakes. Sort the other way.": lambda p, y, count: _most_confident(p, y, len(y))[
                ::-1
            ][:count],
            "These are the right mistakes, but the most confident one comes first.": lambda p, y, count: _most_confident(
                p, y, count
            )[::-1],
            "These are the most confident predictions, right ones among them.": lambda p, y, count: np.argsort(-p.max(axis=1))[
                :count
            ],
            "These are positions in the list of mistakes. Return positions in the test set.": lambda p, y, count: np.argsort(
                -_mistakes(p, y)[1]
            )[:count],
            "You sorted by the probability of the true class. Confidence is the probability of the class that was predicted.": (
                _by_true_class
            ),
            "These are the first mistakes in the test set. Sort them by confidence.": lambda p, y, count: _mistakes(p, y)[0][
                :count
            ],
            "These are all mistakes. Return the first `count` of them.": lambda p, y, count: _most_confident(p, y, len(y)),
            "You take the `count` most confident predictions first, and the mistakes among them. First pick out the mistakes.": (
                lambda p, y, count: [i for i in np.argsort(-p.max(axis=1))[:count] if p[i].argmax() != y[i]]
            ),
            "There are fewer mistakes than `count`, and you fill up with right answers. Return the mistakes alone.": (
                lambda p, y, count: np.argsort(-np.where(p.argmax(axis=1) != y, p.max(axis=1), -1), kind="stable")[:count]
            ),
            "That says of each digit whether it is a mistake. Return indices: `np.flatnonzero`.": (
                lambda p, y, count: p.argmax(axis=1) != y
            ),
            "These are the right mistakes in the order of the test set. The most confident one comes first.": (
                lambda p, y, count: np.sort(_most_confident(p, y, count))
            ),
            "These are the predicted classes. Return the indices of the digits.": (
                lambda p, y, count: p.argmax(axis=1)[_most_confident(p, y, count)]
            ),
            "These are the mistakes that give the true class the highest probability. Confidence is that of the predicted class.": (
                lambda p, y, count: _by_true_class(p, y, len(y))[::-1][:count]
            ),
            "You sort by the lead over another class. Confidence is the probability of the predicted class itself.": Either(
                lambda p, y, count: _by_score(p, y, count, np.sort(p)[:, -1] - np.sort(p)[:, -2]),
                lambda p, y, count: _by_score(p, y, count, p.max(axis=1) - p[np.arange(len(y)), y]),
            ),
            "You sort by the probability of the true class, and the right answers are not left out.": (
                lambda p, y, count: np.argsort(p[np.arange(len(y)), y])[:count]
            ),
            "These are confidences. Return the indices of the digits.": lambda p, y, count: np.sort(_mistakes(p, y)[1])[::-1][
                :count
            ],
            "These are the labels of the mistakes. Return their indices.": lambda p, y, count: y[_most_confident(p, y, count)],
            "These are the most confident right answers. Return mistakes.": lambda p, y, count: [
                i for i in np.argsort(-p.max(axis=1)) if p[i].argmax() == y[i]
            ][:count],
        },
    ),
)


def _cosine(progress):
    return (1 + np.cos(np.pi * progress)) / 2


def _schedule(falling):
    """The schedule with `falling(progress, step, steps, warmup)` as a share of the peak after the warm-up."""

    def rate(step, steps, peak, warmup):
        if step < warmup:
            return peak * step / warmup
        return peak * falling((step - warmup) / (steps - warmup), step, steps, warmup)

    return rate


_warmup_cosine = _schedule(lambda progress, step, steps, warmup: _cosine(progress))


def _divides_by_the_warmup(step, steps, peak, warmup):
    rising = peak * step / warmup
    return rising if step < warmup else _warmup_cosine(step, steps, peak, warmup)


lab.declare(
    "warmup_cosine",
    "A schedule for the learning rate",
    points=2,
    hints=(
        "Two cases. In the first `warmup` steps the rate grows linearly. After that, let progress run from 0 to 1 and follow half a "
        "cosine.",
        "progress = (step − warmup) / (steps − warmup), and the rate is peak · (1 + cos(π · progress)) / 2.",
    ),
    warmup_cosine=Function(
        _warmup_cosine,
        [
            (step, steps, peak, warmup)
            for steps, peak, warmup in ((100, 0.01, 20), (50, 2.0, 10), (40, 1.0, 0), (30, 1.0, 1))
            for step in sorted({0, 1, warmup // 2, warmup, warmup + 1, (steps + warmup) // 2, steps - 5, steps})
        ],
        {
            "{case} is {got}: the warm-up is missing. The rate begins at 0 and reaches the peak after `warmup` steps.": Either(
                lambda step, steps, peak, warmup: peak * _cosine(step / steps),
                lambda step, steps, peak, warmup: peak if step < warmup else _warmup_cosine(step, steps, peak, warmup),
            ),
            "{case} is {got}: after the warm-up, count the progress from the end of the warm-up, "
            "(step − warmup) / (steps − warmup).": Either(
                _schedule(lambda progress, step, steps, warmup: _cosine(step / steps)),
                _schedule(lambda progress, step, steps, warmup: _cosine((step - warmup) / steps)),
                _schedule(lambda progress, step, steps, warmup: _cosine(step / (steps - warmup))),
            ),
            "{case} is {got}: half of 1 + cos is missing. At the end of the warm-up the rate is the peak, not twice the peak.": (
                _schedule(lambda progress, *_: 2 * _cosine(progress))
            ),
            "{case} is {got}: the cosine alone goes down to −1. Take (1 + cos) / 2.": (
                _schedule(lambda progress, *_: np.cos(np.pi * progress))
            ),
            "{case} is {got}: that is a quarter of a cosine wave. Take (1 + cos(π · progress)) / 2.": (
                _schedule(lambda progress, *_: np.cos(np.pi * progress / 2))
            ),
            "{case} is {got}: the rate falls in a straight line. It should fall along half a cosine.": (
                _schedule(lambda progress, *_: 1 - progress)
            ),
            "{case} is {got}: the rate rises after the warm-up. It is 1 + cos, not 1 − cos.": (
                _schedule(lambda progress, *_: 1 - _cosine(progress))
            ),
            "{case} is {got}: multiply by the peak.": Either(
                lambda step, steps, peak, warmup: _warmup_cosine(step, steps, 1, warmup),
                lambda step, steps, peak, warmup: _warmup_cosine(step, steps, 1 if step < warmup else peak, warmup),
                lambda step, steps, peak, warmup: _warmup_cosine(step, steps, peak if step < warmup else 1, warmup),
            ),
            "{case} is {got}: half of all that stands in the parentheses, (1 + cos(…)) / 2, times the peak.": (
                lambda step, steps, peak, warmup: (
                    peak * step / warmup if step < warmup else peak + np.cos(np.pi * (step - warmup) / (steps - warmup)) / 2
                )
            ),
            "{case} is {got}: the cosine takes radians. Half a turn is π, not 180.": (
                _schedule(lambda progress, *_: (1 + np.cos(180 * progress)) / 2)
            ),
            "{case} is {got}: `//` rounds the warm-up down to 0. Divide with `/`.": (
                lambda step, steps, peak, warmup: 0 if step < warmup else _warmup_cosine(step, steps, peak, warmup)
            ),
            "{case} is {got}: the warm-up reaches the peak at step `warmup`, so divide the step by `warmup`.": Either(
                lambda step, steps, peak, warmup: (
                    peak * step / steps if step < warmup else _warmup_cosine(step, steps, peak, warmup)
                ),
                lambda step, steps, peak, warmup: (
                    peak * step / max(warmup - 1, 1) if step < warmup else _warmup_cosine(step, steps, peak, warmup)
                ),
            ),
            "{case} is {got}: without a warm-up the rate begins at the peak. Compute the warm-up only where `step < warmup`.": (
                lambda step, steps, peak, warmup: (
                    peak * step / max(warmup, 1) if step <= warmup else _warmup_cosine(step, steps, peak, warmup)
                )
            ),
            "{case} is {got}: after the warm-up the rate should fall.": _schedule(lambda progress, *_: 1),
            "{case} is {got}: the π is missing inside the cosine.": _schedule(lambda progress, *_: (1 + np.cos(progress)) / 2),
            "{case} is {got}: that is a whole cosine, down and up again. Take half of one.": (
                _schedule(lambda progress, *_: _cosine(2 * progress))
            ),
            "{case} is {got}: the rate is 0 at step 0 and the peak at step `warmup`.": Either(
                lambda step, steps, peak, warmup: (
                    peak * (step + 1) / warmup if step < warmup else _warmup_cosine(step, steps, peak, warmup)
                ),
                lambda step, steps, peak, warmup: (
                    peak * (step + 1) / (warmup + 1) if step < warmup else _warmup_cosine(step, steps, peak, warmup)
                ),
            ),
            "{case} is {got}: the rate reaches 0 at step `steps`, not one step earlier.": (
                _schedule(lambda progress, step, steps, warmup: _cosine((step - warmup) / (steps - warmup - 1)))
            ),
            "With `warmup` = 0 you divide by 0. Compute the warm-up only where `step < warmup`.": _divides_by_the_warmup,
        },
    ),
)
