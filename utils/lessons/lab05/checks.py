"""Checks of lab 05."""

import math

import numpy as np

from ...check import Lab, array, call, choice, need, number, wrong

lab = Lab("lab05", "Lab 05 · Fine-tuning Xception on flowers")


@lab.exercise(
    "Scaling for Xception",
    hints=(
        "Two points fix a straight line: 0 must become −1 and 255 must become 1.",
        "Half of 255 is 127.5. Divide by it, move the result, and end with `.astype('float32')`.",
    ),
)
def scale(function):
    images = np.array([0, 1, 64, 127, 128, 254, 255, 200], np.uint8).reshape(1, 2, 4, 1)
    expected = images.astype(float) / 127.5 - 1
    result = call(function, images)
    array(
        result,
        expected,
        mistakes={
            "This runs from 0 to 1. Xception was trained on −1 … 1: stretch it and move it.": images / 255,
            "This still runs from 0 to 255. Xception expects −1 … 1.": images,
            "This runs from 0 to 2: the middle of the range must land on 0.": images / 127.5,
            "The values wrap around: 2·200 does not fit into uint8. Divide first.": (images * 2) / 255 - 1,
            "The division throws the fractions away: use `/`, not `//`.": images // 127.5 - 1,
        },
        tolerance=1e-5,
    )
    kind = np.asarray(result).dtype
    need(
        kind == np.float32,
        f"The values are right, but the dtype is {kind}: twice the memory for digits that nobody uses. Return float32.",
    )


@lab.exercise(
    "An honest split",
    points=2,
    hints=(
        "Handle one class at a time: `np.flatnonzero(labels == c)` are its photos, `rng.permutation` shuffles them.",
        "Of each shuffled class the first `round(test_fraction * count)` go into the test set, the others into the training set.",
    ),
)
def split(function):
    labels = np.random.default_rng(1).permutation(np.repeat([0, 1, 2, 3], (40, 20, 8, 30)))
    train, test = _two_parts(call(function, labels, 0.25, 7), len(labels))
    both = np.intersect1d(train, test)
    need(len(both) == 0, f"{len(both)} photos are in both parts: the network would be tested on what it has seen.")
    need(len(np.unique(test)) == len(test), "A photo is in the test set twice.")
    need(
        len(train) + len(test) == len(labels) and len(np.unique(train)) == len(train),
        f"{len(labels)} photos went in, {len(train)} + {len(test)} came out.",
    )
    counts = np.bincount(labels[test], minlength=4)
    if not np.array_equal(counts, [10, 5, 2, 8]):
        if np.array_equal(counts, [30, 15, 6, 22]):
            wrong("The two parts are exchanged: `test_fraction` is the share of the test set.")
        wrong(f"The test set holds {counts.tolist()} photos of the four classes; a quarter of each is [10, 5, 2, 8].")
    again = _two_parts(call(function, labels, 0.25, 7), len(labels))[1]
    need(
        set(again) == set(test), "The same seed gives another split: take every random number from `np.random.default_rng(seed)`."
    )
    other = _two_parts(call(function, labels, 0.25, 8), len(labels))[1]
    need(set(other) != set(test), "Another seed gives the same split. Shuffle each class before you cut it: files come sorted.")
    counts = np.bincount(labels[_two_parts(call(function, labels, 0.1, 7), len(labels))[1]], minlength=4)
    need(
        np.array_equal(counts, [4, 2, 1, 3]),
        f"With test_fraction=0.1 the test set holds {counts.tolist()} photos of the classes; round(0.1 · count) is [4, 2, 1, 3].",
    )


def _two_parts(result, count):
    """(train, test) as integer arrays, whatever sequence they came in."""
    need(isinstance(result, (tuple, list)) and len(result) == 2, "Return two arrays: the training indices and the test indices.")
    parts = [np.asarray(part) for part in result]
    for part in parts:
        need(
            part.ndim == 1 and part.dtype.kind in "iu", "Return indices: flat arrays of whole numbers, not photos and not masks."
        )
        need(part.size == 0 or (part.min() >= 0 and part.max() < count), "An index lies outside the data.")
    return parts


@lab.exercise(
    "Features, computed once",
    points=2,
    hints=(
        "`range(0, len(images), batch)` gives the first photo of each batch; slicing past the end is harmless.",
        "Collect `model(images[i:i + batch])` in a list, join it with `np.concatenate`, and convert with `.astype('float16')`.",
    ),
)
def in_batches(function):
    rng = np.random.default_rng(2)
    for count, batch in ((10, 4), (8, 4), (3, 5)):
        images = rng.uniform(0, 1, (count, 4, 3, 2)).astype(np.float32)
        sizes = []

        def model(x, sizes=sizes):
            sizes.append(len(x))
            return np.asarray(x, np.float32).mean(axis=1) * 3

        case = f"of {count} photos in batches of {batch}"
        result = call(function, model, images, batch)
        expected = images.mean(axis=1) * 3
        shape = np.shape(result)
        if shape[:1] != (count,) and len(sizes) == count // batch and count % batch:
            wrong(f"The last {count % batch} {case} are missing: the last batch may be smaller.")
        array(result, expected, tolerance=2e-3, case=case)
        need(max(sizes) <= batch, f"The model got {max(sizes)} photos at once; {batch} were asked for.")
        need(sum(sizes) == count and 0 not in sizes, f"The model saw batches of {sizes} {case}: compute each photo once.")
        need(
            len(sizes) == -(-count // batch),
            f"{case}: {len(sizes)} calls, where {-(-count // batch)} suffice. Give the model whole batches.",
        )
        kind = np.asarray(result).dtype
        need(kind == np.float16, f"The dtype is {kind}; float16 keeps three digits and takes less memory.")


@lab.exercise(
    "The head in numbers",
    hints=(
        "A Dense layer has one weight for each pair of input and output, and one bias for each output.",
        "Pooling leaves 2,048 inputs. Without pooling, Flatten gives 5·5·2,048 inputs. Both feed 5 outputs.",
    ),
)
def head_parameters(pooled, flattened):
    number(pooled, 2048 * 5 + 5, mistakes={2048 * 5: "You forgot the biases: one for each class."}, what="The head after pooling")
    number(
        flattened,
        25 * 2048 * 5 + 5,
        mistakes={
            25 * 2048 * 5: "You forgot the biases: one for each class.",
            5 * 2048 * 5 + 5: "The map has 5 rows and 5 columns.",
        },
        what="The head after Flatten",
    )


@lab.exercise(
    "What the cut saves",
    points=2,
    hints=(
        "An epoch without the cache costs `below` for the frozen part and 3·(1 − below) for the trained part.",
        "With the cache, `below` is paid once, not once an epoch. Divide the old cost by the new one.",
    ),
)
def speedup(function):
    for below, epochs in ((0.75, 5), (0.75, 1), (0.9, 10), (0.0, 4), (0.5, 40)):
        trained = epochs * 3 * (1 - below)
        old, new = epochs * below + trained, below + trained
        case = f"speedup({below}, {epochs})"
        mistakes = {
            new / old: "Old cost divided by new cost, not the other way round.",
            epochs * 3 / new: "Without the cache the part under the cut runs forward only: it is frozen, it costs 1, not 3.",
            (epochs * below + epochs * (1 - below))
            / (below + epochs * (1 - below)): "Training costs three forward passes, not one.",
            old / trained: "The part under the cut is not free: it runs once.",
        }
        expected = old / new
        mistakes = {value: message for value, message in mistakes.items() if abs(value - expected) > 1e-9}
        number(call(function, below, epochs), expected, tolerance=1e-9, mistakes=mistakes, what=case)


@lab.exercise(
    "Cut a network in two",
    points=3,
    hints=(
        "`model.get_layer(name).input` is the tensor that enters a layer. A functional model may begin at any tensor.",
        "`keras.Model(model.input, joint)` ends there, `keras.Model(joint, model.output)` begins there.",
    ),
)
def cut(function):
    import keras

    x = np.random.default_rng(3).normal(size=(5, 6)).astype(np.float32)
    for shortcut in (False, True):
        inputs = keras.Input((6,))
        joint = keras.layers.Dense(4, activation="tanh", name="below")(inputs)
        branch = keras.layers.Dense(4, activation="tanh", name="first_above")(joint)
        outputs = keras.layers.Dense(3, name="last")(keras.layers.add([branch, joint]) if shortcut else branch)
        model, below = keras.Model(inputs, outputs), keras.Model(inputs, joint)
        _two_halves(call(function, model, "first_above"), x, np.asarray(model(x)), np.asarray(below(x)))


def _two_halves(result, x, expected, middle):
    """The halves in `result` reproduce `middle` at the cut and `expected` at the end for the input x."""
    import keras

    need(isinstance(result, (tuple, list)) and len(result) == 2, "Return two models: the lower and the upper half.")
    need(all(isinstance(half, keras.Model) for half in result), "Both halves must be Keras models.")
    lower, upper = result
    need(
        lower.input_shape == (None, 6),
        "The lower half must begin at the model's input. Do you return (lower, upper), in this order?",
    )
    got = np.asarray(call(lower, x))
    if got.shape == middle.shape and not np.allclose(got, middle, atol=1e-5):
        wrong("The named layer is in the lower half. Cut at its input: it is the first layer of the upper half.")
    need(
        got.shape == middle.shape,
        f"The lower half returns shape {got.shape}; the tensor that enters the layer has {middle.shape}.",
    )
    whole = np.asarray(call(upper, got))
    need(whole.shape == (5, 3), f"The upper half returns shape {whole.shape}, the whole network (5, 3).")
    need(
        np.allclose(whole, expected, atol=1e-5),
        "upper(lower(x)) differs from model(x). Is the shortcut lost? Slicing `model.layers` loses it; use tensors.",
    )


@lab.exercise(
    "Unfreeze the top, but not BatchNormalization",
    points=2,
    hints=(
        "Set `base.trainable = True` first: a frozen model hides whatever its layers say. Then go through `base.layers` in order.",
        "A layer is trained when it is `first` or comes after it, and `isinstance(layer, keras.layers.BatchNormalization)` is false.",
    ),
)
def unfreeze(function):
    import keras

    def block(name, x):
        x = keras.layers.Dense(3, name=f"{name}_dense")(x)
        return keras.layers.BatchNormalization(name=f"{name}_bn")(x)

    def fresh():
        inputs = keras.Input((3,))
        base = keras.Model(inputs, block("c", block("b", block("a", inputs))))
        base.trainable = False
        return base

    for first, expected in (("b_dense", {"b_dense", "c_dense"}), ("c_dense", {"c_dense"}), ("a_bn", {"b_dense", "c_dense"})):
        base = call(function, fresh(), first)
        need(isinstance(base, keras.Model), "Return the base.")
        need(
            base.trainable and base.trainable_weights,
            "Nothing is trainable. A frozen model hides its layers: set `base.trainable = True` before you choose.",
        )
        trained = {layer.name for layer in base.layers if layer.trainable and layer.weights}
        if any(name.endswith("_bn") for name in trained):
            wrong("A BatchNormalization layer is trainable: it would learn the statistics of a few small batches.")
        if trained == {"a_dense", "b_dense", "c_dense"} - expected:
            wrong("You unfroze the layers below `first` and froze those above: the other way round.")
        late = expected - trained
        need(not late, f"With first={first!r}, {sorted(late)} should be trained: `first` itself and all that follows.")
        need(trained == expected, f"With first={first!r}, {sorted(trained - expected)} should stay frozen.")


@lab.exercise(
    "Soft labels",
    points=2,
    hints=(
        "`np.eye(classes)[labels]` are the hard targets. Keep the share 1 − smoothing of them, and add the same number everywhere.",
        "Every class gets smoothing / classes. The lowest loss is −Σ t·ln t over one row t of the soft targets.",
    ),
)
def smoothing(soft_targets, lowest_loss):
    labels = np.array([2, 0, 1, 2])
    for classes, share in ((5, 0.1), (3, 0.3), (4, 0.0)):
        hard = np.eye(classes)[labels]
        expected = hard * (1 - share) + share / classes
        others = hard * (1 - share) + (1 - hard) * share / (classes - 1)
        mistakes = {
            "These are the hard labels: `smoothing` does nothing.": hard,
            "The share goes to the other classes only. It is spread over all of them, the true one included.": others,
            "The true class gives nothing away, so the rows add up to more than 1.": hard + share / classes,
            "What the true class gives away goes nowhere: the rows add up to less than 1.": hard * (1 - share),
            "Every class gets the whole share. Divide it among them.": hard * (1 - share) + share,
        }
        mistakes = {text: value for text, value in mistakes.items() if not np.allclose(value, expected)}
        case = f"for {classes} classes and smoothing {share}"
        result = call(soft_targets, labels, classes, share)
        array(result, expected, mistakes=mistakes, tolerance=1e-6, case=case)
        kind = np.asarray(result).dtype
        need(kind == np.float32, f"The values are right, but the dtype is {kind}. Training runs in float32: return that.")
    for classes, share in ((5, 0.1), (3, 0.3), (10, 0.5)):
        low = share / classes
        top = 1 - share + low
        alone = -math.log(top)
        expected = -top * math.log(top) - (classes - 1) * low * math.log(low)
        mistakes = {
            0.0: "Only hard targets let the loss reach 0. Put p = t into the formula.",
            -expected: "The logarithm of a probability is negative: you lost the minus sign.",
            alone: "That is the true class with a weight of 1. Its weight is its target, and the other classes count too.",
            top * alone: "The other classes are missing from the sum: their targets are not 0 any more.",
            expected / classes: "The cross-entropy is the sum over the classes, not the mean.",
            expected / math.log(2): "Keras uses the natural logarithm: `np.log`.",
        }
        what = f"lowest_loss({classes}, {share})"
        number(call(lowest_loss, classes, share), expected, tolerance=1e-5, mistakes=mistakes, what=what)


@lab.exercise(
    "How far BatchNormalization has drifted",
    hints=(
        "Each update keeps `momentum` of the distance to the new mean. What is left after n of them?",
        "After n updates the distance is momentumⁿ of what it was. The share travelled is the rest.",
    ),
)
def drift(function):
    for momentum, updates in ((0.99, 35), (0.99, 0), (0.9, 7), (0.5, 2), (0.75, 3)):
        moving = 0.0
        for _ in range(updates):
            moving = momentum * moving + (1 - momentum) * 1.0  # as Keras does it; the new mean is 1
        mistakes = {
            momentum**updates: "That is the share that is still missing, not the share that is done.",
            updates * (1 - momentum): "The steps get smaller: each covers a share of what is left, not of the whole way.",
        }
        mistakes = {value: message for value, message in mistakes.items() if abs(value - moving) > 1e-9}
        what = f"drift({momentum}, {updates})"
        number(call(function, momentum, updates), moving, tolerance=1e-9, mistakes=mistakes, what=what)


@lab.exercise(
    "How much noise has a test set",
    points=2,
    hints=(
        "Each test photo is a coin that lands right with probability p. The share of n such coins has variance p(1 − p)/n.",
        "Two standard errors must not exceed the gap: 2·√(p(1 − p)/n) ≤ gap. Solve for n and round up with `math.ceil`.",
    ),
)
def noise(standard_error, photos_needed):
    for p, n in ((0.9, 65), (0.5, 100), (0.941, 918), (0.8, 1)):
        what = f"standard_error({p}, {n})"
        mistakes = {
            p * (1 - p) / n: "That is the variance: take the square root.",
            math.sqrt(p * (1 - p)): "That is the spread of a single photo: divide the variance by n.",
            math.sqrt(p * (1 - p)) / n: "Divide the variance by n before the square root, not after it.",
        }
        if n == 1:
            mistakes = {}
        number(call(standard_error, p, n), math.sqrt(p * (1 - p) / n), tolerance=1e-9, mistakes=mistakes, what=what)
    for p, gap in ((0.9, 0.016), (0.94, 0.03), (0.5, 0.07), (0.8, 0.3)):
        exact = 4 * p * (1 - p) / gap**2
        mistakes = {
            exact: "A photo cannot be split: round up to a whole number.",
            math.floor(exact): "Rounded down, the noise is still larger than the gap: round up.",
            math.ceil(exact / 4): "That is one standard error. Two of them must fit into the gap.",
            math.ceil(exact / 2): "Square the 2 as well: (2/gap)² · p(1 − p).",
        }
        expected = math.ceil(exact)
        mistakes = {value: message for value, message in mistakes.items() if value != expected}
        number(call(photos_needed, p, gap), expected, mistakes=mistakes, what=f"photos_needed({p}, {gap})")


@lab.exercise(
    "Shuffled labels",
    hints=(
        "The head has more inputs for each photo than there are photos. What can a linear function with so many knobs do?",
        "With more unknowns than equations, any labels can be fitted. And what can it know about photos that it has not seen?",
    ),
)
def shuffled(prediction):
    choice(
        prediction,
        "b",
        ("a", "b", "c", "d"),
        mistakes={
            "a": "It would be so if the head could not learn by heart. Count: 2,048 features, a few hundred photos.",
            "c": "The features know flowers, but the head only knows the labels it was given, and those are random.",
            "d": "Learning by heart helps only with photos that were learnt. The test photos are others.",
        },
    )


@lab.exercise(
    "Confusion matrix",
    hints=(
        "Start from `np.zeros((classes, classes), int)`; row: what it is, column: what the network says.",
        "`table[labels, guesses] += 1` counts a repeated pair once. `np.add.at(table, (labels, guesses), 1)` counts them all; so does a loop.",
    ),
)
def confusion(function):
    labels = np.array([0, 0, 0, 2, 2, 1, 1, 2, 0, 2])
    guesses = np.array([0, 0, 1, 2, 0, 1, 1, 0, 3, 2])
    for classes in (4, 5):
        expected = np.zeros((classes, classes), int)
        for label, guess in zip(labels, guesses, strict=True):
            expected[label, guess] += 1
        array(
            call(function, labels, guesses, classes),
            expected,
            mistakes={
                "Rows and columns are exchanged: the row is what it is, the column is what the network says.": expected.T,
                "Each pair is counted once, however often it occurs: `table[labels, guesses] += 1` does not add up.": expected
                > 0,
                "These are shares; the exercise wants counts.": expected / len(labels),
            },
        )


@lab.exercise(
    "The worst mistakes",
    points=2,
    hints=(
        "Which photos are wrong: `probabilities.argmax(1) != labels`. How bad: the probability that the true label got.",
        "Take `np.flatnonzero` of the wrong ones, order them by `np.argsort` of their label's probability, and keep the first k.",
    ),
)
def worst(function):
    p = np.array(
        [
            [0.90, 0.05, 0.05],  # right
            [0.02, 0.97, 0.01],  # wrong, label 0: 0.02
            [0.30, 0.30, 0.40],  # right, though unsure
            [0.45, 0.25, 0.30],  # wrong, label 1: 0.25
            [0.60, 0.30, 0.10],  # wrong, label 2: 0.10
            [0.50, 0.49, 0.01],  # wrong, label 1: 0.49
            [0.34, 0.33, 0.33],  # right, least sure of all
            [0.10, 0.80, 0.10],  # right
        ]
    )
    labels = np.array([0, 0, 2, 1, 2, 1, 0, 1])
    order = [1, 4, 3, 5]
    by_surety = [1, 4, 5, 3]
    for k in (3, 4, 2, 6):
        result = call(function, p, labels, k)
        got = np.asarray(result)
        need(got.ndim == 1 and got.dtype.kind in "iu", "Return a flat array of indices, whole numbers.")
        got = got.tolist()
        if got == order[:k]:
            continue
        if got == order[::-1][:k]:
            wrong("These are the mildest mistakes: the worst gave the true label the least.")
        if got == by_surety[:k]:
            wrong("You order by the largest probability. Order by what the true label got.")
        if len(got) > min(k, len(order)):
            wrong(f"You return {len(got)} photos for k={k}; there are {len(order)} mistakes.")
        rights = [i for i in got if p[i % len(p)].argmax() == labels[i % len(p)]]
        if rights:
            wrong(f"Photo {rights[0]} is no mistake: its most likely class is its label.")
        wrong(f"For k={k} you return {got}; expected {order[:k]}.")


@lab.exercise(
    "Eight devices instead of one",
    hints=(
        "Each device takes 32 photos of every step, so one step sees eight times as many.",
        "The last step of an epoch may be smaller, so round up. The linear rule multiplies the learning rate by the number of devices.",
    ),
)
def devices(global_batch, steps, rate):
    number(
        global_batch,
        256,
        mistakes={4: "That divides: each device gets 32.", 32: "That is one device's share."},
        what="The global batch",
    )
    number(
        steps,
        math.ceil(2752 / 256),
        mistakes={
            2752 / 256: "A step cannot be split: round up.",
            2752 // 256: "Rounded down, some photos are never seen: round up.",
            2752 / 32: "That counts one device's batches; eight are done in one step.",
        },
        what="The number of steps",
    )
    number(
        rate,
        2.4e-3,
        tolerance=1e-9,
        mistakes={3e-4 / 8: "A larger batch is less noisy: the step may be larger, not smaller."},
        what="The rate",
    )
