"""Checks of lab 05."""

import functools
import math
import random

import numpy as np

from ...check import (
    Choice,
    Either,
    Function,
    Lab,
    Value,
    Wrong,
    as_array,
    as_list,
    call,
    expect,
    need,
    probe_rng,
    wrong,
)

lab = Lab("lab05", "Lab 05 · Fine-tuning Xception on flowers")


def _dtype(name: str, sentence: str):
    """A judge of what a function returns for one call: the dtype `name`, or `sentence` with the other dtype in it."""

    def judge(function, *arguments):
        found = as_array(call(function, *arguments)).dtype
        need(found == np.dtype(name), sentence.format(found))

    return judge


# ---------------------------------------------------------------- photos, split


def _scaled(images):
    return (images / 127.5 - 1).astype("float32")


_PIXELS = np.array([0, 1, 64, 127, 128, 254, 255, 200], np.uint8).reshape(1, 2, 4, 1)
_DULL = np.array([[[40, 60], [90, 130], [131, 180]]], np.uint8)[..., None] + np.zeros(3, np.uint8)  # no 0 and no 255
_float32 = _dtype(
    "float32",
    "The values are right, but the dtype is {}. The text asks for a float32 array: half the memory of float64, and all "
    "the precision that Xception needs.",
)

lab.declare(
    "scale",
    "Scaling for Xception",
    hints=(
        "Two points determine a straight line: 0 must become −1 and 255 must become 1.",
        "Half of 255 is 127.5. Divide by it, subtract 1, and end with `.astype('float32')`.",
    ),
    form={"in one float32 array of the same shape": ("returns list", "returns tuple", "returns float64")},
    scale=Function(
        _scaled,
        cases={
            "for pixels from 0 to 255": (_PIXELS,),
            "for a dull picture, pixels from 40 to 180": (_DULL,),
            "for a black picture with a spot of brightness 1": (np.eye(3, dtype=np.uint8)[..., None],),
            "for a row of pixels": (_PIXELS.ravel(),),
        },
        tolerance=1e-5,
        mistakes={
            "This runs from 0 to 1. Xception was trained on −1 … 1: stretch the range and shift it.": lambda x: x / 255,
            "This still runs from 0 to 255. Xception expects −1 … 1.": lambda x: x.astype("float32"),
            "This runs from 0 to 2: the middle of the range must land on 0.": lambda x: x / 127.5,
            "The values wrap around: 2 · 200 does not fit into uint8. Divide first.": lambda x: x * 2 / 255 - 1,
            "The division discards the fractions: use `/`, not `//`.": lambda x: x // 127.5 - 1,
            "You scale by the pixels at hand, so the same colour gets another value in another picture. "
            "0 and 255 are the fixed ends of the range.": Either(
                lambda x: x / (x.max() / 2) - 1, lambda x: 2 * ((x - x.min()) / float(np.ptp(x))) - 1
            ),
            "You leave the pixels {case} as they are, but 1 of 255 is nearly black. Do not guess the range from the pixels.": (
                lambda x: x / 127.5 - 1 if x.max() > 1 else x
            ),
            "This runs from −0.5 to 0.5: the range must be 2 wide.": lambda x: x / 255 - 0.5,
            "The shift is missing its scale: pixels minus 127.5 run from −127.5 to 127.5.": lambda x: x - 127.5,
        },
    ),
    then=lambda scale: _float32(scale, _PIXELS),
)


@lab.exercise(
    "An honest split",
    points=2,
    hints=(
        "Handle one class at a time: `np.flatnonzero(labels == c)` are its photos, `generator.permutation` shuffles them.",
        "Of each shuffled class the first `round(test_fraction * count)` go into the test set, the others into the training set.",
    ),
    form={"Return integer indices, not photos": ("returns float32", "returns float64")},
)
def split(split):
    classes, counts = np.array([0, 1, 3, 4, 7, 9, 10]), np.array([40, 20, 8, 30, 10, 5, 2])  # a half to round, and rare ones
    labels = probe_rng("split").permutation(np.repeat(classes, counts))
    drawn = {}
    for fraction in (0.25, 0.1, 0.3, 0.5):
        for seed in (7, 8, 9):
            train, test = drawn[fraction, seed] = _two_parts(split, labels, fraction, seed)
            both = np.intersect1d(train, test)
            need(len(both) == 0, f"{len(both)} photos are in both parts: the network would be tested on what it has seen.")
            need(len(np.unique(test)) == len(test), "A photo is in the test set twice. Draw without replacement.")
            need(
                len(train) + len(test) == len(labels) and len(np.unique(train)) == len(train),
                f"{len(labels)} photos went in, {len(train)} + {len(test)} came out.",
            )
            held_out = np.bincount(labels[test], minlength=11)[classes]
            expected = np.array([round(fraction * count) for count in counts])
            if np.array_equal(held_out, counts - expected):
                wrong("The two parts are exchanged: `test_fraction` is the share of the test set. Return (train, test).")
            need(
                np.array_equal(held_out, expected),
                f"Of classes with {counts.tolist()} photos, test_fraction={fraction} puts {held_out.tolist()} into the test "
                f"set; round(test_fraction * count) is {expected.tolist()}.",
            )
    held_out = [set(drawn[0.25, seed][1].tolist()) for seed in (7, 8, 9)]
    with _other_global_numbers():
        again = _two_parts(split, labels, 0.25, 7)[1]
    need(
        set(again.tolist()) == held_out[0],
        "The same seed gives another split. Take every random number from a generator made with `seed`, such as "
        "`np.random.RandomState(seed)`.",
    )
    need(
        held_out[0] != held_out[1] and held_out[1] != held_out[2],
        "Another seed gives the same split. Shuffle each class before you cut it: files come sorted.",
    )
    first = np.flatnonzero(labels == 0)
    need(
        not all(_side_by_side(np.isin(first, drawn[0.25, seed][1])) for seed in (7, 8, 9)),
        "The held-out photos of a class lie side by side, as in the files. Shuffle each class before you cut it.",
    )
    before = _global_numbers()
    _two_parts(split, labels, 0.25, 7)
    need(
        _global_numbers() == before,
        "You reseed the random numbers that the whole notebook shares, so every later cell changes. Make a generator of "
        "your own: `np.random.RandomState(seed)`.",
    )


def _side_by_side(held_out) -> bool:
    """Whether the True ones in a ring form one block."""
    return np.sum(held_out != np.roll(held_out, 1)) == 2


def _two_parts(split, labels, fraction, seed):
    """(train, test) of one call as integer arrays, whatever sequences they came in."""
    parts = [as_array(part) for part in as_list(call(split, labels, fraction, seed), 2, "The result (train, test)")]
    for part in parts:
        need(
            part.ndim == 1 and part.dtype.kind in "iu",
            "Return indices: two flat arrays of integers, not photos and not masks.",
        )
        need(part.size == 0 or (part.min() >= 0 and part.max() < len(labels)), "An index lies outside the data.")
    return parts


def _global_numbers() -> str:
    return repr(np.random.get_state()) + repr(random.getstate())


class _other_global_numbers:
    """Reseed what all share, and put everything back afterwards."""

    def __enter__(self):
        self.before = np.random.get_state(), random.getstate()
        np.random.seed(1234)
        random.seed(1234)

    def __exit__(self, *exception):
        np.random.set_state(self.before[0])
        random.setstate(self.before[1])


# ---------------------------------------------------------------- frozen features


def _recording(sizes: list):
    """A small Keras model (4, 3, 2) → (3, 2) that notes the size of each batch it gets, also inside `predict`.

    It subtracts most of an image that is about 100, so an input that was rounded to float16 shows.
    """
    import keras

    class Recording(keras.layers.Layer):
        def call(self, x):
            if isinstance(x.shape[0], int):  # None while Keras builds the model
                sizes.append(x.shape[0])
            return keras.ops.mean(x, axis=1) * 3 - 300

    inputs = keras.Input((4, 3, 2))
    model = keras.Model(inputs, keras.layers.Dropout(0.5)(Recording()(inputs)))
    model.compile(run_eagerly=True)
    return model


_OUT_OF_MODE = "You call the model in training mode: Dropout then removes half of the features. Leave `training` out."


@lab.exercise(
    "Features, computed once",
    points=2,
    hints=(
        "`range(0, len(images), batch)` gives the first photo of each batch; slicing past the end is harmless.",
        "Collect `model(images[i : i + batch])` in a list, join it with `np.concatenate`, convert with `.astype('float16')`.",
    ),
    form={"return everything in one float16 array": ("returns list", "returns tuple", "returns float32", "returns float64")},
)
def in_batches(in_batches):
    sizes: list[int] = []
    model = _recording(sizes)
    for count, batch in ((10, 4), (8, 4), (3, 5)):
        images = probe_rng(f"in_batches {count}").uniform(100.1, 101, (count, 4, 3, 2)).astype(np.float32)
        sizes.clear()
        case = f"for {count} photos in batches of {batch}"
        result = as_array(call(in_batches, model, images, batch))
        expected = images.mean(axis=1, dtype=float) * 3 - 300
        if len(result) == count - count % batch and count % batch and count > batch:
            wrong(f"The last {count % batch} are missing {case}: the last batch may be smaller.")
        dropped = result.shape == expected.shape and np.all((result == 0) | (np.abs(result / expected - 2) < 0.01))
        need(not dropped, _OUT_OF_MODE)
        sorted_features = result.shape == expected.shape and np.sort(result.ravel().astype(float))
        if sorted_features is not False and np.allclose(sorted_features, np.sort(expected.ravel()), atol=4e-3):
            need(np.allclose(result, expected, atol=4e-3), f"The features are not in the order of the images {case}.")
        expect(result, expected, tolerance=4e-3, case=case)
        largest, calls, enough = max(sizes, default=0), len(sizes), -(-count // batch)
        need(largest <= batch, f"The model got {largest} photos at once {case}.")
        need(
            sum(sizes) == count and 0 not in sizes,
            f"The model saw batches of {sizes} {case}: compute each photo once.",
        )
        need(calls == enough, f"{calls} calls {case}, where {enough} suffice. Give the model whole batches.")
        need(
            sum(size < batch for size in sizes) <= 1,
            f"The model saw batches of {sizes} {case}: only the last may be smaller than {batch}.",
        )
        kind = result.dtype
        need(kind == np.float16, f"The dtype is {kind}; the text asks for a float16 array, which takes less memory.")


lab.declare(
    "head_parameters",
    "The head in numbers",
    hints=(
        "A Dense layer has one weight for each pair of input and output, and one bias for each output.",
        "Pooling leaves 2,048 inputs. Without pooling, Flatten gives 5 · 5 · 2,048 inputs. Both feed 5 outputs.",
    ),
    pooled=Value(
        2048 * 5 + 5,
        {
            "`pooled`: you forgot the biases, one for each class.": 2048 * 5,
            "`pooled` is the number after Flatten: pooling leaves one value a channel.": 25 * 2048 * 5 + 5,
            "`pooled`: one bias for each *output*, not one for each input.": 2048 * 5 + 2048,
        },
    ),
    flattened=Value(
        25 * 2048 * 5 + 5,
        {
            "`flattened`: you forgot the biases, one for each class.": 25 * 2048 * 5,
            "`flattened`: the map has 5 rows *and* 5 columns.": 5 * 2048 * 5 + 5,
            "`flattened` is the number after pooling: Flatten keeps every position.": 2048 * 5 + 5,
            "`flattened`: one bias for each class, whatever the number of positions.": 25 * (2048 * 5 + 5),
        },
    ),
)


# ---------------------------------------------------------------- cutting


def _speedup(below, epochs, frozen=1, trained=3, once=1):
    above = epochs * trained * (1 - below)
    return (epochs * frozen * below + above) / (once * below + above)


lab.declare(
    "speedup",
    "What the cut saves",
    points=2,
    hints=(
        "An epoch without the cache costs `below` for the frozen part and 3 · (1 − below) for the trained part.",
        "With the cache, `below` is paid once, not once an epoch. Divide the old cost by the new one.",
    ),
    speedup=Function(
        _speedup,
        cases=[(0.75, 5), (0.75, 1), (0.9, 10), (0.0, 4), (0.5, 40), (1.0, 3)],
        mistakes={
            "Old cost divided by new cost, not the other way round.": lambda b, e: 1 / _speedup(b, e),
            "Without the cache the part below the cut only runs forward: it is frozen and costs 1, not 3.": functools.partial(
                _speedup, frozen=3
            ),
            "Training costs three forward passes, not one.": functools.partial(_speedup, trained=1),
            "Training costs three forward passes, not two: count both backward passes.": functools.partial(_speedup, trained=2),
            "The part below the cut is not free with a cache: it runs once.": functools.partial(_speedup, once=0),
            "With the cache, `below` is paid once in all, not once an epoch; as it stands the cache saves nothing.": lambda b, e: (
                1.0
            ),
            "Both costs grow with the number of epochs: this is the ratio for a single one.": lambda b, e: (
                (b + 3 * (1 - b)) / (b / e + (1 - b))
            ),
        },
    ),
)


def _toys():
    """(what it has, model, {layer: the part below it}) of three small networks; the list of layers misleads in the last two."""
    import keras

    for kind in ("a plain chain", "a side branch", "a shortcut"):
        inputs = keras.Input((6,))
        joint = keras.layers.Dense(4, activation="tanh", name="below")(inputs)
        beside = joint
        if kind == "a side branch":  # `model.layers` lists it just before "first_above"
            beside = keras.layers.Dense(4, activation="tanh", name="side")(joint)
        above = keras.layers.Dense(4, activation="tanh", name="first_above")(joint)
        joined = above if kind == "a plain chain" else keras.layers.Add(name="sum")([beside, above])
        model = keras.Model(inputs, keras.layers.Dense(3, name="last")(joined))
        yield kind, model, {"first_above": keras.Model(inputs, joint), "last": keras.Model(inputs, joined)}


_SLICED = (
    "This works for a plain chain of layers, but not for a network with {}. `model.layers` is only a list: slicing it loses "
    "the branches, and the layer listed just before {} need not be the one that feeds it. Ask the named layer for its tensor: "
    "`model.get_layer(layer).input`."
)


@lab.exercise(
    "Cut a network in two",
    points=3,
    hints=(
        "`model.get_layer(name).input` is the tensor that enters a layer. A functional model may begin at any tensor.",
        "With `joint` for that tensor, `keras.Model(model.input, joint)` ends there and `keras.Model(joint, model.output)` "
        "begins there.",
    ),
)
def cut(cut):
    x = probe_rng("cut").normal(size=(5, 6)).astype(np.float32)
    for kind, model, parts in _toys():
        for layer, below in parts.items():
            try:
                _two_halves(as_list(call(cut, model, layer), 2, "The result (lower, upper)"), x, model, layer, below)
            except Wrong as error:
                if kind == "a plain chain" or "Return two models" in str(error):
                    raise
                raise Wrong(_SLICED.format(kind, f"`{layer}`"), error.cause) from None


def _two_halves(halves, x, model, layer, below) -> None:
    """The halves compute what enters `layer`, as the model `below` does, and from there what the whole model computes."""
    import keras

    need(all(isinstance(half, keras.Model) for half in halves), "Return two models: both halves must be Keras models.")
    lower, upper = halves
    middle, expected = np.asarray(below(x)), np.asarray(model(x))
    if [tuple(tensor.shape[1:]) for tensor in getattr(lower, "inputs", None) or [x]] != [(6,)]:
        wrong("The lower half must begin at the model's input. Do you return (lower, upper), in this order?")
    got = as_array(call(lower, x))
    named = np.asarray(keras.Model(model.input, model.get_layer(layer).output)(x))
    if got.shape == named.shape and np.allclose(got, named, atol=1e-5):
        wrong("The named layer is in the lower half. Cut at its input: it is the first layer of the upper half.")
    need(
        got.shape == middle.shape,
        f"The lower half returns shape {got.shape[1:]}; the tensor that enters the layer has {middle.shape[1:]}.",
    )
    need(
        np.allclose(got, middle, atol=1e-5),
        "The lower half does not compute what enters the named layer. Use the model's own layers, with their weights.",
    )
    if [tuple(tensor.shape[1:]) for tensor in getattr(upper, "inputs", None) or [got]] != [middle.shape[1:]]:
        wrong("The upper half must begin at the tensor that enters the named layer, where the lower half ends.")
    whole = as_array(call(upper, got))
    need(whole.shape == expected.shape, f"The upper half returns shape {whole.shape[1:]}, the whole network (3,).")
    need(
        np.allclose(whole, expected, atol=1e-5),
        "upper(lower(x)) differs from model(x). Use the model's own layers, with their weights.",
    )


def _blocks(frozen: bool):
    """Three blocks of a dense layer and BatchNormalization under misleading names, all frozen or all trainable."""
    import keras

    tensor = inputs = keras.Input((3,))
    for name, norm in (("a_c_dense", "a_bn"), ("b_bnb", "b_scale"), ("c_dense", "c_BatchNorm")):
        tensor = keras.layers.Dense(3, name=name)(tensor)
        tensor = keras.layers.BatchNormalization(name=norm)(tensor)
        tensor = keras.layers.Activation("relu", name=f"{name}_act")(tensor)
    base = keras.Model(inputs, tensor)
    base.trainable = not frozen
    return base


_REBUILT = (
    "functional model",
    "sequential model",
    "unbuilt model",
    "subclassed model",
    "model in a model",
    "compiled model",
    "other layer names",
    "Activation layers",
    "ReLU and Softmax layers",
    "keras.ops",
    "tf.nn as argument",
)


@lab.exercise(
    "Unfreeze the top, but not BatchNormalization",
    points=2,
    hints=(
        "Set `base.trainable = True` first: a frozen model hides the settings of its layers. Then go through `base.layers`.",
        "A layer is trained when it is `first` or comes after it, and `isinstance(layer, keras.layers.BatchNormalization)` "
        "is false.",
    ),
    form={"Change `base` itself and return it": tuple(f"returns {form}" for form in _REBUILT)},
)
def unfreeze(unfreeze):
    import keras

    wanted = {"a_bn": {"b_bnb", "c_dense"}, "b_bnb": {"b_bnb", "c_dense"}, "c_dense": {"c_dense"}}
    for frozen in (False, True):
        for first, expected in wanted.items():
            given = _blocks(frozen)
            base = call(unfreeze, given, first)
            need(isinstance(base, keras.Model), "Return the base, a Keras model.")
            need(base is given, "Return the base that you were given, with its settings changed, not another model.")
            need(
                base.trainable,
                "Nothing is trainable, since the base itself is frozen, whatever its layers say: set `base.trainable = True` before you choose.",
            )
            trained = {layer.name for layer in base.layers if layer.trainable and layer.weights}
            norms = {layer.name for layer in base.layers if isinstance(layer, keras.layers.BatchNormalization)}
            dense = {layer.name for layer in base.layers if isinstance(layer, keras.layers.Dense)}
            case = f"With first={first!r}"
            if trained & norms:
                some = "Tell BatchNormalization by its class, not by its name."
                how = "Freeze every BatchNormalization layer, wherever it stands." if norms <= trained else some
                wrong(
                    f"{case}, BatchNormalization is trainable in {_listed(trained & norms)}: it would adopt the statistics of a "
                    f"few small batches. {how}"
                )
            if trained == dense - expected:
                wrong(f"{case} you unfroze the layers below it and froze those above: the other way round.")
            late = expected - trained
            named = " Tell BatchNormalization by its class, not by its name." if late == {"b_bnb"} else ""
            need(
                not late,
                f"{case}, {_listed(late)} should be trained: `first` itself and all that follows, except BatchNormalization."
                + named,
            )
            early = trained - expected
            longer = sorted(name for name in early if first in name)
            state = "frozen" if frozen else "trainable"
            why = (
                f"Compare whole names: {longer[0]!r} contains {first!r}."
                if longer
                else f"(The base came with all its layers {state}.)"
            )
            need(not early, f"{case}, {_listed(early)} should be frozen. {why}")


def _listed(names: set) -> str:
    """'a', 'b' and 'c'"""
    quoted = [repr(name) for name in sorted(names)]
    return " and ".join([", ".join(quoted[:-1]), *quoted[-1:]] if len(quoted) > 1 else quoted)


# ---------------------------------------------------------------- training


def _soft(labels, classes, smoothing, kept=None, given=None):
    """Soft targets; `kept` and `given` are the shares of the true class and of every class, where they are not the right ones."""
    hard = np.eye(classes)[labels]
    kept = 1 - smoothing if kept is None else kept(smoothing, classes)
    given = smoothing / classes if given is None else given(smoothing, classes)
    return (hard * kept + given).astype("float32")


def _others_only(labels, classes, smoothing):
    hard = np.eye(classes)[labels]
    return hard * (1 - smoothing) + (1 - hard) * smoothing / (classes - 1)


def _lowest(classes, smoothing, of=lambda t: -(t * np.log(t)).sum()):
    return float(of(_soft([0], classes, smoothing)[0].astype(float)))


def _lowest_as(of):
    return functools.partial(_lowest, of=of)


_float32_targets = _dtype("float32", "The values are right, but the dtype is {}. Training runs in float32: return that.")
_LABELS = np.array([2, 0, 1, 2])

lab.declare(
    "smoothing",
    "Soft labels",
    points=2,
    hints=(
        "`np.eye(classes)[labels]` are the hard targets. Keep the share 1 − smoothing of them, and add the same number everywhere.",
        "Every class gets smoothing / classes. The lowest loss is −Σ t·ln t over one row t of the soft targets.",
    ),
    form={
        "returns a float32 array with one row for each label": ("returns list", "returns tuple", "returns float64"),
    },
    soft_targets=Function(
        _soft,
        cases={
            f"for {classes} classes and smoothing {share}": (_LABELS, classes, share)
            for classes, share in ((5, 0.1), (3, 0.3), (4, 0.0))
        },
        tolerance=1e-6,
        mistakes={
            "These are the hard labels: `smoothing` does nothing.": lambda y, n, s: np.eye(n)[y],
            "The share goes to the other classes only. It is spread over all of them, the true one included.": _others_only,
            "The true class gives nothing away, so the rows add up to more than 1.": functools.partial(
                _soft, kept=lambda s, n: 1
            ),
            "What the true class gives away goes nowhere: the rows add up to less than 1.": functools.partial(
                _soft, given=lambda s, n: 0
            ),
            "Every class gets the whole share. Divide it among them.": functools.partial(_soft, given=lambda s, n: s),
        },
    ),
    lowest_loss=Function(
        _lowest,
        cases=[(5, 0.1), (3, 0.3), (10, 0.5)],
        tolerance=1e-5,
        mistakes={
            "Only hard targets let the loss reach 0. Put p = t into the formula.": lambda n, s: 0.0,
            "The logarithm of a probability is negative: you lost the minus sign.": _lowest_as(lambda t: (t * np.log(t)).sum()),
            "That is the true class with a weight of 1. Its weight is its target, and the other classes count too.": _lowest_as(
                lambda t: -np.log(t[0])
            ),
            "The other classes are missing from the sum: their targets are not 0 any more.": _lowest_as(
                lambda t: -t[0] * np.log(t[0])
            ),
            "The cross-entropy is the sum over the classes, not the mean.": _lowest_as(lambda t: -(t * np.log(t)).mean()),
            "Use the natural logarithm, `np.log`, as the formula and Keras do.": Either(
                _lowest_as(lambda t: -(t * np.log2(t)).sum()), _lowest_as(lambda t: -(t * np.log10(t)).sum())
            ),
        },
    ),
    then=lambda soft_targets, lowest_loss: _float32_targets(soft_targets, _LABELS, 5, 0.1),
)


# ---------------------------------------------------------------- controls


lab.declare(
    "drift",
    "How far BatchNormalization has drifted",
    hints=(
        "Each update keeps `momentum` of the distance to the new mean. What is left after n of them?",
        "After n updates the distance is momentumⁿ of what it was. The share covered is the rest.",
    ),
    drift=Function(
        lambda momentum, updates: 1 - momentum**updates,
        cases=[(0.99, 35), (0.99, 0), (0.9, 7), (0.5, 2), (0.75, 3)],
        mistakes={
            "That is the share of the distance that is left, not the share that is covered.": lambda m, n: m**n,
            "The steps get smaller: each covers a share of what is left, not of the whole distance.": Either(
                lambda m, n: n * (1 - m), lambda m, n: min(1, n * (1 - m))
            ),
            "`momentum` is the share that is kept, not the share that is new.": lambda m, n: 1 - (1 - m) ** n,
            "That is the last step alone. Add up all of them.": lambda m, n: (1 - m) * m ** max(n - 1, 0),
            "You count one update too many or too few: after 0 updates the share is 0, after one it is 1 − momentum.": Either(
                lambda m, n: 1 - m ** (n + 1), lambda m, n: 1 - m ** (n - 1)
            ),
        },
    ),
)


def _needed(p, gap, errors=2, round=math.ceil):
    return round(errors**2 * p * (1 - p) / gap**2)


lab.declare(
    "noise",
    "How much noise has a test set",
    points=2,
    hints=(
        "Each test photo is a coin that lands right with probability p. The share of n such coins has variance p(1 − p)/n.",
        "Two standard errors must not exceed the gap: 2·√(p(1 − p)/n) ≤ gap. Solve for n and round up with `math.ceil`.",
    ),
    standard_error=Function(
        lambda p, n: math.sqrt(p * (1 - p) / n),
        cases=[(0.9, 65), (0.5, 100), (0.941, 918), (0.8, 1)],
        mistakes={
            "That is the variance: take the square root.": lambda p, n: p * (1 - p) / n,
            "That is in percent. Return a share, from 0 to 1.": lambda p, n: 100 * math.sqrt(p * (1 - p) / n),
            "That is the spread of a single photo: divide the variance by n.": lambda p, n: math.sqrt(p * (1 - p)),
            "Divide the variance by n before the square root, not after it.": lambda p, n: math.sqrt(p * (1 - p)) / n,
            "The variance of one photo is p(1 − p), not p: a network that is always right has none.": lambda p, n: math.sqrt(
                p / n
            ),
            "That is twice the standard error: `photos_needed` asks for two of them, `standard_error` for one.": lambda p, n: (
                2 * math.sqrt(p * (1 - p) / n)
            ),
            "Divide by n, not by n − 1: p is given, not estimated from the photos.": lambda p, n: math.sqrt(
                p * (1 - p) / (n - 1 or 1)
            ),
        },
    ),
    photos_needed=Function(
        _needed,
        # with p = 0.5 the number is whole (64, 16) and no rounding of floats hides it
        cases=[(0.9, 0.016), (0.94, 0.03), (0.5, 0.07), (0.8, 0.3), (0.5, 0.125), (0.5, 0.25)],
        mistakes={
            "A photo cannot be split: round up to a whole number.": functools.partial(_needed, round=float),
            "Rounded down, the noise is still larger than the gap: round up.": functools.partial(_needed, round=math.floor),
            "Rounded to the nearest number, the noise can still be larger than the gap: round up.": functools.partial(
                _needed, round=round
            ),
            "That is one standard error. Two of them must fit into the gap.": functools.partial(_needed, errors=1),
            "Square the 2 as well: (2 / gap)² · p(1 − p).": functools.partial(_needed, errors=math.sqrt(2)),
            'One photo too many: where the formula gives a whole number, that number is enough ("at most" the gap).': (
                functools.partial(_needed, round=lambda n: math.floor(n) + 1)
            ),
            "Square the gap: the noise falls with the root of the number of photos.": lambda p, gap: math.ceil(
                4 * p * (1 - p) / gap
            ),
        },
    ),
)

lab.declare(
    "shuffled",
    "Shuffled labels",
    hints=(
        "The head has more inputs for each photo than there are photos. What can a linear function with so many weights do?",
        "With more unknowns than equations, any labels can be fitted. And what can it know about photos that it has not seen?",
    ),
    prediction=Choice(
        "b",
        ("a", "b", "c", "d"),
        {
            "That would be so if the head could not memorize. Count: 2,048 features, a few hundred photos.": "a",
            "The features know flowers, but the head only knows the labels it was given, and those are random.": "c",
            "Memorizing helps only with the photos that were memorized. The test photos are others.": "d",
        },
    ),
)


# ---------------------------------------------------------------- looking


def _counts(labels, guesses, classes):
    table = np.zeros((classes, classes), int)
    np.add.at(table, (labels, guesses), 1)
    return table


def _each_row(table):
    return table / np.maximum(table.sum(axis=1, keepdims=True), 1)


_READY_MADE = ("confusion_matrix", "crosstab")


def _counts_itself(confusion) -> None:
    """Wrong if the function names a library's ready-made confusion matrix, directly or as an imported function."""
    code, known = getattr(confusion, "__code__", None), getattr(confusion, "__globals__", {})
    for name in code.co_names if code else ():
        meant = known.get(name)
        library = getattr(meant, "__module__", "").partition(".")[0] in ("sklearn", "tensorflow", "keras", "pandas")
        if (meant is None and name in _READY_MADE) or (library and getattr(meant, "__name__", "") in _READY_MADE):
            wrong(f"The counts are right, but the text asks you to count yourself, and your function uses `{name}`.")


_LABELLED = np.array([0, 0, 0, 2, 2, 1, 1, 2, 0, 2])
_GUESSED = np.array([0, 0, 1, 2, 0, 1, 1, 0, 3, 2])

lab.declare(
    "confusion",
    "Confusion matrix",
    hints=(
        "Start from `np.zeros((classes, classes), int)`; the row is the label, the column is the guess.",
        "`table[labels, guesses] += 1` counts a repeated pair once. `np.add.at(table, (labels, guesses), 1)` counts them all; "
        "so does a loop over the photos.",
    ),
    confusion=Function(
        _counts,
        cases={
            "for 4 classes": (_LABELLED, _GUESSED, 4),
            "for 5 classes, of which one never occurs": (_LABELLED, _GUESSED, 5),
            "for a single photo": (np.array([1]), np.array([0]), 3),
            "for 300 photos": (np.repeat([0, 1], [290, 10]), np.repeat([1, 0], [290, 10]), 2),
        },
        mistakes={
            "Rows and columns are exchanged: the row is the label, the column is the guess.": lambda y, g, n: _counts(g, y, n),
            "Each pair is counted once, however often it occurs: `table[labels, guesses] += 1` does not add up.": (
                lambda y, g, n: (_counts(y, g, n) > 0).astype(int)
            ),
            "The numbers start again at 256: uint8 holds no larger ones. Count in int.": (
                lambda y, g, n: _counts(y, g, n).astype("uint8")
            ),
            "These are shares of all photos; the exercise asks for counts.": lambda y, g, n: _counts(y, g, n) / len(y),
            "These are shares of each label; the exercise asks for counts.": lambda y, g, n: _each_row(_counts(y, g, n)),
            "Only right answers are counted: the mistakes belong beside the diagonal.": lambda y, g, n: np.diag(
                np.diag(_counts(y, g, n))
            ),
        },
    ),
    then=_counts_itself,
)


def _worst(probabilities, labels, k, sort=lambda own, top: own, among="wrong"):
    own = probabilities[np.arange(len(labels)), labels]
    wrong_ones = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    if among == "all":
        wrong_ones = np.arange(len(labels))
    order = np.argsort(sort(own, probabilities.max(axis=1))[wrong_ones])
    return (order if among == "places" else wrong_ones[order])[:k]


_PROBABILITIES = np.array(
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
_TRUE = np.array([0, 0, 2, 1, 2, 1, 0, 1])


def _tests(rng):
    """Cases: the eight photos above with several k, then sixty drawn ones; and some that are all right."""
    drawn = rng.dirichlet(np.ones(4), 60)
    return {
        **{f"for 8 photos and k={k}": (_PROBABILITIES, _TRUE, k) for k in (3, 4, 2, 6)},
        "for 60 photos and k=10": (drawn, rng.integers(0, 4, 60), 10),
        "when every answer is right": (drawn, drawn.argmax(axis=1), 5),
    }


lab.declare(
    "worst",
    "The worst mistakes",
    points=2,
    hints=(
        "Which photos are wrong: `probabilities.argmax(axis=1) != labels`. How bad: the probability of the true label.",
        "Take `np.flatnonzero` of the wrong ones, order them by `np.argsort` of their label's probability, keep the first k.",
    ),
    worst=Function(
        _worst,
        cases=_tests,
        mistakes={
            "These are the mildest mistakes: the worst ones gave the true label the least probability.": functools.partial(
                _worst, sort=lambda own, top: -own
            ),
            "You order by the largest probability. Order by the probability of the true label.": functools.partial(
                _worst, sort=lambda own, top: -top
            ),
            "You order by how unsure the network was. Order by the probability of the true label.": functools.partial(
                _worst, sort=lambda own, top: top
            ),
            "Some of these photos are no mistakes: their most likely class is their label.": functools.partial(
                _worst, among="all"
            ),
            "These are positions in the list of wrong photos. Return indices into all photos.": functools.partial(
                _worst, among="places"
            ),
            "The mistakes are not ordered: the worst one comes first.": functools.partial(
                _worst, sort=lambda own, top: np.arange(len(own))
            ),
            "You return more than k photos.": lambda p, y, k: _worst(p, y, len(y)),
        },
    ),
)


# ---------------------------------------------------------------- more devices

lab.declare(
    "devices",
    "Eight devices instead of one",
    hints=(
        "Each device takes 32 photos of every step, so one step sees eight times as many.",
        "The last step of an epoch may be smaller, so round up. The linear rule multiplies the learning rate by the number of "
        "devices.",
    ),
    global_batch=Value(
        8 * 32,
        {"`global_batch`: that divides, but each device gets 32.": 4, "`global_batch`: that is one device's share.": 32},
    ),
    steps=Value(
        math.ceil(2753 / 256),
        {
            "`steps`: a step cannot be split. Round up.": 2753 / 256,
            "`steps`: rounded down, some photos are never seen. Round up.": 2753 // 256,
            "`steps`: that counts one device's batches, and eight of them are done in one step.": Either(
                math.ceil(2753 / 32), 2753 // 32, 2753 / 32
            ),
        },
    ),
    rate=Value(
        8 * 3e-4,
        {
            "`rate`: a larger batch is less noisy, so the step may be larger, not smaller.": 3e-4 / 8,
            "`rate`: that is the rate of one device. The rule changes it.": 3e-4,
            "`rate`: that is the square-root rule; asked is the linear one.": 3e-4 * math.sqrt(8),
        },
    ),
)
