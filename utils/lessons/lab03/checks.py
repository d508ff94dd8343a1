"""Checks of lab 03: costs of a layer, AlexNet's and VGG's tables, what training asks of memory, residual networks, errata."""

import contextlib
import itertools
import math
from unittest import mock

from ...check import Lab, NotAttempted, Wrong, call, choice, need, number, wrong

lab = Lab("lab03", "Lab 03 · The memory ledger: AlexNet, VGG, ResNet")


# ---------------------------------------------------------------- 1 · four formulas


@lab.exercise(
    "Side of a feature map",
    hints=(
        "Without padding, the first window begins at 0 and the last may not stick out. How many steps of `stride` fit in between?",
        'For "valid": (side − kernel) // stride + 1. For "same", Keras pads so that every `stride`-th pixel begins a window, '
        "the first included: side / stride, rounded up. The kernel does not matter.",
    ),
)
def output_side(function):
    for side, kernel, stride, expected in ((227, 11, 4, 55), (224, 11, 4, 54), (7, 2, 3, 2), (10, 1, 3, 4), (13, 3, 2, 6)):
        number(
            call(function, side, kernel, stride, "valid"),
            expected,
            mistakes={
                (side - kernel) / stride + 1: "You forgot the floor: a window that hangs over the edge is no window.",
                (side - kernel) // stride: "You forgot the + 1: the window at the very beginning counts too.",
                -(-(side - kernel) // stride) + 1: "You round up; the last window would stick out over the edge.",
                -(-side // stride): 'That is "same": with "valid" no window may stick out.',
                round((side - kernel) / stride + 1): "You round to the nearest; a window that hangs over the edge is no window.",
            },
            what=f'output_side({side}, {kernel}, {stride}, "valid")',
        )
    for side, kernel, stride, expected in ((10, 7, 3, 4), (7, 3, 2, 4), (5, 4, 5, 1), (14, 5, 1, 14), (9, 9, 3, 3), (9, 2, 2, 5)):
        number(
            call(function, side, kernel, stride, "same"),
            expected,
            mistakes={
                side // stride: '"same" rounds up: 7 pixels at stride 2 give 4.',
                side / stride: '"same" rounds up to a whole number of windows.',
                (side - kernel) // stride + 1: 'That is "valid". With "same", Keras pads the edges.',
                side: '"same" means the same size only at stride 1.',
            },
            what=f'output_side({side}, {kernel}, {stride}, "same")',
        )


_CONVS = (  # in_shape, out_shape, kernel, groups → parameters, activations, multiply-adds, each counted by Keras and the profiler
    ((9, 7, 4), (7, 5, 6), (3, 3), 1, (222, 210, 7560)),
    ((12, 11, 6), (4, 6, 8), (5, 2), 1, (488, 192, 11520)),
    ((8, 8, 6), (8, 8, 9), (3, 1), 3, (63, 576, 3456)),
)


@lab.exercise(
    "The cost of a convolution",
    points=2,
    hints=(
        "One filter has rows × columns × input channels weights and a bias. How many filters are there? "
        "And at how many places does each do its products?",
        "With groups, a filter looks at input channels / groups only. Multiply-adds: every weight is used once at each place of "
        "the output; biases multiply nothing.",
    ),
)
def conv_cost(function):
    for in_shape, out_shape, kernel, groups, expected in _CONVS:
        case = f"{in_shape} → {out_shape}, kernel {kernel}" + (f", {groups} groups" if groups > 1 else "")
        found = _tuple(call(function, in_shape, out_shape, kernel, groups), 3, "parameters, activations, multiply_adds")
        weights, places = expected[0] - out_shape[2], out_shape[0] * out_shape[1]
        number(
            found[0],
            expected[0],
            mistakes={
                weights: "Parameters: you forgot the biases, one for each filter.",
                weights + 1: "Parameters: every filter has a bias of its own, not one for the whole layer.",
                weights * groups + out_shape[2]: "Parameters: with groups, a filter sees only input channels / groups.",
                weights * places + out_shape[2]: "Parameters: the places share their weights; do not multiply by them.",
            },
            what=f"Parameters ({case})",
        )
        number(
            found[1],
            expected[1],
            mistakes={
                in_shape[0] * in_shape[1] * in_shape[2]: "Activations: that is the input. Count what the layer produces.",
                places: "Activations: that is one channel. The output has one for each filter.",
            },
            what=f"Activations ({case})",
        )
        number(
            found[2],
            expected[2],
            mistakes={
                2
                * expected[2]: "Multiply-adds: a product and its sum are one multiply-add. You count operations, twice as many.",
                expected[0] * places: "Multiply-adds: biases are added, they multiply nothing.",
                weights
                * in_shape[0]
                * in_shape[1]: "Multiply-adds: the filter stops at the places of the output, not of the input.",
                expected[2] * groups: "Multiply-adds: with groups, a filter sees only input channels / groups.",
                expected[2]
                * out_shape[2]: "Multiply-adds: you counted the filters twice. The kernel's weights hold them already.",
            },
            what=f"Multiply-adds ({case})",
        )


@lab.exercise(
    "Dense against convolution",
    hints=(
        "Dense: 7·7·512 values to 4096 units, each connection used once. The convolution: 3·3·512·512 weights, each used at "
        "14·14 places.",
        "Compute all four: 7·7·512·4096, the same again, 3·3·512·512, and that times 14·14.",
    ),
)
def two_layers(more_parameters, more_work):
    options = ("dense", "conv")
    choice(
        more_parameters,
        "dense",
        options,
        mistakes={"conv": "`more_parameters`: the convolution has 3·3·512·512 weights, the dense layer 7·7·512·4096."},
    )
    choice(
        more_work,
        "conv",
        options,
        mistakes={"dense": "`more_work`: the dense layer uses each weight once. The convolution uses each at 14·14 places."},
    )


# ---------------------------------------------------------------- 2 · AlexNet

_ALEXNET = (
    ("CONV1", "conv", 96, 11, 4, 0),
    ("POOL1", "pool", None, 3, 2, 0),
    ("CONV2", "conv", 256, 5, 1, 2),
    ("POOL2", "pool", None, 3, 2, 0),
    ("CONV3", "conv", 384, 3, 1, 1),
    ("CONV4", "conv", 384, 3, 1, 1),
    ("CONV5", "conv", 256, 3, 1, 1),
    ("POOL3", "pool", None, 3, 2, 0),
    ("FC6", "dense", 4096, None, None, None),
    ("FC7", "dense", 4096, None, None, None),
    ("FC8", "dense", 1000, None, None, None),
)
_ALEXNET_ROWS = (  # the published table; its shapes are right
    ("CONV1", (55, 55, 96), 34_944),
    ("POOL1", (27, 27, 96), 0),
    ("CONV2", (27, 27, 256), 614_656),
    ("POOL2", (13, 13, 256), 0),
    ("CONV3", (13, 13, 384), 885_120),
    ("CONV4", (13, 13, 384), 1_327_488),
    ("CONV5", (13, 13, 256), 884_992),
    ("POOL3", (6, 6, 256), 0),
    ("FC6", (1, 1, 4096), 37_752_832),
    ("FC7", (1, 1, 4096), 16_781_312),
    ("FC8", (1, 1, 1000), 4_097_000),
)
_ODD = (("A", "conv", 5, 4, 3, 2), ("B", "pool", None, 2, 3, 1), ("C", "dense", 3, None, None, None))
_ODD_ROWS = (("A", (7, 7, 5), 165), ("B", (3, 3, 5), 0), ("C", (1, 1, 3), 138))


@lab.exercise(
    "AlexNet's table",
    points=3,
    hints=(
        "Carry two numbers from row to row: the side and the channels of what flows. Each row changes one or both.",
        "conv: new side, then (kernel² · channels + 1) · filters, and only then channels = filters. pool: new side, no "
        "parameters. dense: (side² · channels + 1) · units, and behind it side 1 and `units` channels.",
    ),
)
def network_table(function):
    for layers, side, channels, expected in ((_ALEXNET, 227, 3, _ALEXNET_ROWS), (_ODD, 19, 2, _ODD_ROWS)):
        rows = call(function, layers, side, channels)
        need(isinstance(rows, (list, tuple)), "Return a list of rows (name, shape, parameters).")
        need(len(rows) == len(expected), f"The table has {len(rows)} rows; the network has {len(expected)} layers.")
        for row, (name, shape, parameters) in zip(rows, expected, strict=True):
            found = _tuple(row, 3, "name, shape, parameters")
            need(found[0] == name, f"A row is called {found[0]!r}; expected {name!r}.")
            need(
                isinstance(found[1], (tuple, list)) and len(found[1]) == 3,
                f"{name}: the shape has three entries, (side, side, channels).",
            )
            _row_shape(name, tuple(found[1]), shape)
            _row_parameters(name, found[2], parameters, shape)


def _row_shape(name, found, shape):
    if found == shape:
        return
    if any(isinstance(n, float) and n != int(n) for n in found):
        wrong(f"{name}: the shape {found} is not whole. The division needs its floor.")
    if found[2] != shape[2]:
        wrong(
            f"{name}: {found[2]} channels come out; expected {shape[2]}. Pooling keeps them, a convolution makes one for each filter."
        )
    wrong(f"{name}: the shape is {found}; expected {shape}. Is the padding on both sides, and is the floor there?")


def _row_parameters(name, found, parameters, shape):
    forgotten = {parameters - shape[2]: f"{name}: you forgot the biases, one for each filter or unit."} if parameters else {}
    number(found, parameters, mistakes=forgotten, what=f"{name}, parameters: it")


@lab.exercise(
    "The equivalent MLP",
    hints=(
        "A dense layer from the image to 55·55·96 units has side·side·3 · 55·55·96 connections. Try both sides, 224 and 227.",
        "224 gives 43.7 billion. So the slide's number and its table speak of different inputs. "
        "For `places`, use the formula without its floor.",
    ),
)
def equivalent_mlp(slide_side, table_connections, places):
    number(
        slide_side,
        224,
        mistakes={227: "`slide_side`: with 227 there would be 44.9 billion connections. The slide says 43.7."},
        what="`slide_side`",
    )
    number(
        table_connections,
        44_892_064_800,
        mistakes={
            43_713_331_200: "`table_connections`: that is the slide's number, for an input of 224. The table's input is 227.",
            44_892_355_200: "`table_connections`: you added the biases. The slide counts connections only.",
            14_964_021_600: "`table_connections`: the image has 3 channels.",
        },
        what="`table_connections`",
    )
    number(
        places,
        54.25,
        tolerance=1e-9,
        mistakes={
            54: "`places`: leave the floor out this once. What does the bare formula give?",
            55: "`places`: that is the table's 55, for an input of 227. What does the bare formula give for 224?",
            53.25: "`places`: you forgot the + 1.",
        },
        what="`places`",
    )


# ---------------------------------------------------------------- 3 · VGG-16


@lab.exercise(
    "VGG-16 in today's Keras",
    points=3,
    seconds=30,
    hints=(
        "Conv2D(filters, kernel_size, strides, padding, …): the third positional argument is no longer the kernel's width. "
        "And what does the table say about the size before and after each convolution?",
        'Conv2D(filters, 3, padding="same", activation="relu"), `depth` times a block, then MaxPooling2D(2). Flatten; twice '
        'Dense(4096, activation="relu") with Dropout(0.5); and the layer that the slide forgot: Dense(classes, activation="softmax").',
    ),
)
def vgg16(function):
    side, classes = 33, 5  # small, because the head alone has 19 million weights; odd, because of the floors
    shrunk = "A feature map shrinks to nothing: the third positional argument is `strides` now, and `padding` must keep the size."
    huge = "A dense layer has a feature map before it that is far too large: `MaxPooling2D(2)` ends each block."
    with _clear("output size would be zero", shrunk), _clear("too many weights", huge), _empty_weights():
        model = _model(call(function, side, classes))
    need(
        tuple(model.input_shape) == (None, side, side, 3),
        f"The input is {model.input_shape}; expected (None, {side}, {side}, 3).",
    )
    found = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    kinds = [type(layer).__name__ for layer in found]
    _vgg_body(found, kinds, side)
    _vgg_head(found, kinds, classes)
    number(model.count_params(), 33_617_733, what=f"vgg16({side}, {classes}).count_params(): it")


def _vgg_body(found, kinds, side):
    convs = [layer for layer in found if type(layer).__name__ == "Conv2D"]
    filters = [f for f, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)) for _ in range(depth)]
    need(len(convs) == 13, f"There are {len(convs)} convolutions; VGG-16 has 13.")
    need(
        [layer.filters for layer in convs] == filters,
        f"The filters are {[layer.filters for layer in convs]}; expected {filters}.",
    )
    for layer in convs:
        need(tuple(layer.kernel_size) == (3, 3), f"A kernel is {tuple(layer.kernel_size)}; VGG uses 3×3 everywhere.")
        need(tuple(layer.strides) == (1, 1), "A convolution has stride 3: the third positional argument is `strides` now.")
        need(
            layer.padding == "same",
            'Without `padding="same"` every convolution loses two rows and columns; the table keeps the size.',
        )
        need(layer.activation.__name__ == "relu", "A convolution has no relu.")
    pools = [i for i, kind in enumerate(kinds) if kind == "MaxPooling2D"]
    need(len(pools) == 5, f"There are {len(pools)} max poolings; VGG-16 has 5, one after each block.")
    need(pools == [2, 5, 9, 13, 17], "The poolings are not at the end of the blocks of 2, 2, 3, 3 and 3 convolutions.")
    sides = list(itertools.accumulate(range(5), lambda s, _: s // 2, initial=side))[1:]
    shapes = [found[i].output.shape[1] for i in pools]
    need(shapes == sides, f"The poolings end at sides {shapes}; expected {sides}. Window and stride are 2.")


def _vgg_head(found, kinds, classes):
    dense = [layer for layer in found if type(layer).__name__ == "Dense"]
    need("Flatten" in kinds, "There is no Flatten between the feature map and the dense layers.")
    need(len(dense) != 2, "The slide stops before the last layer: `Dense(classes)` is missing.")
    need(
        [layer.units for layer in dense] == [4096, 4096, classes],
        f"The dense layers are {[d.units for d in dense]}; expected [4096, 4096, {classes}].",
    )
    for layer, function in zip(dense, ("relu", "relu", "softmax"), strict=True):
        need(layer.activation.__name__ == function, f"Dense({layer.units}) should end in {function}.")
    drops = [layer.rate for layer in found if type(layer).__name__ == "Dropout"]
    need(drops == [0.5, 0.5], f"The dropout rates are {drops}; the slide has 0.5 after each of the two large dense layers.")
    need(
        kinds[-5:] == ["Dense", "Dropout", "Dense", "Dropout", "Dense"],
        "Dropout stands behind each of the two large dense layers.",
    )


_VGG16 = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
_VGG19 = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))


@lab.exercise(
    "Activations of a VGG",
    points=2,
    hints=(
        "Every tensor counts once: the image, each convolution's output, each pooling's output, each dense layer's units. "
        "Flatten makes no new values.",
        "Start with 3·side². In each block add depth · filters · side², halve the side (floor), add filters · side². "
        "At the end add the units.",
    ),
)
def vgg_activations(function):
    cases = (
        (_VGG16, 224, (4096, 4096, 1000), 15_237_608),
        (_VGG19, 224, (4096, 4096, 1000), 16_542_184),
        (((4, 1), (8, 2)), 13, (7,), 1982),
    )
    for blocks, side, units, expected in cases:
        pools, s = 0, side
        for filters, _ in blocks:
            s //= 2
            pools += filters * s * s
        last = blocks[-1][0] * s * s
        number(
            call(function, blocks, side, units),
            expected,
            mistakes={
                expected - 3 * side * side: "You forgot the input: the image itself lies in memory too.",
                expected - pools: "You forgot the outputs of the poolings.",
                expected + last: "You counted Flatten; it is a view of the last feature map and makes no new values.",
                expected - sum(units): "You forgot the dense layers at the end.",
                expected - 2 * side * side: "The image has 3 channels.",
                24_000_000: "That is the published total. Add the rows of its own table: do they give 24 million?",
            },
            what=f"The number of values for {blocks} on {side}×{side}: it",
        )


@lab.exercise(
    "Where VGG's memory is",
    hints=(
        "A float32 takes 4 bytes, and a megabyte is 10⁶ bytes. The head is the three dense layers, biases included.",
        "megabytes = 15,237,608 · 4 / 10⁶. The head: (7·7·512 + 1)·4096 + (4096 + 1)·4096 + (4096 + 1)·1000.",
    ),
)
def vgg_numbers(megabytes, head_parameters):
    values = 15_237_608
    _near(
        megabytes,
        values * 4 / 1e6,
        {
            values * 4 / 2**20: "`megabytes`: you divided by 2²⁰: those are mebibytes. Here a megabyte is 10⁶ bytes.",
            values / 1e6: "`megabytes`: a float32 has 4 bytes.",
            93: "`megabytes`: that is the published number. It does not follow from the table.",
            values * 8 / 1e6: "`megabytes`: only one pass forward; each value takes 4 bytes.",
            values * 4 / 1e3: "`megabytes`: those are kilobytes.",
        },
        "`megabytes`",
    )
    number(
        head_parameters,
        123_642_856,
        mistakes={
            123_633_664: "`head_parameters`: the biases are missing, one for each unit.",
            102_764_544: "`head_parameters`: that is the first dense layer alone.",
            119_545_856: "`head_parameters`: the last layer, Dense(1000), belongs to the head too.",
            14_714_688: "`head_parameters`: those are the convolutions'.",
            16_781_312 + 4_097_000: "`head_parameters`: the first dense layer, behind Flatten, is missing.",
        },
        what="`head_parameters`",
    )


# ---------------------------------------------------------------- 4 · training

_RUNS = ((138_357_544, 15_237_608, 32, 2), (25_636_712, 20_000_000, 1, 0), (1000, 77, 5, 1))


@lab.exercise(
    "The bill of a training step",
    hints=(
        "What is there once for every parameter? The weight, its gradient, and what the optimizer keeps. "
        "What is there once for every example of the batch?",
        "4 bytes × (parameters × (1 weight + 1 gradient + slots) + kept × batch).",
    ),
)
def training_bytes(function):
    for parameters, kept, batch, slots in _RUNS:
        fixed, moving = 4 * parameters * (2 + slots), 4 * kept * batch
        number(
            call(function, parameters, kept, batch, slots),
            fixed + moving,
            mistakes={
                fixed - 4 * parameters + moving: "The gradients are missing: one number for each parameter.",
                4 * parameters * (1 + slots) + moving: "The gradients are missing: one number for each parameter.",
                fixed + 4 * kept: "The activations are kept for every example of the batch.",
                (fixed + moving) / 4: "That counts values. A float32 takes 4 bytes.",
                4
                * (parameters * (2 + slots) + kept)
                * batch: "Weights, gradients and slots are there once, not once for each example.",
                4 * parameters * 2 + moving: "The optimizer's slots are missing.",
                fixed + 2 * moving: "Each kept activation counts once here.",
            },
            what=f"For {parameters:,} parameters, {kept:,} kept values, batch {batch}, {slots} slots it",
        )


@lab.exercise(
    "The largest batch",
    hints=(
        "Some of the memory is taken before the first example arrives. How much is left, and how much does one example need?",
        "fixed = 4 · parameters · (2 + slots). Then (available − fixed) // (4 · kept). If nothing is left, the answer is 0, "
        "not a negative batch.",
    ),
)
def largest_batch(function):
    cases = (
        (8 * 2**30, 138_357_544, 15_237_608, 2, 104),
        (8 * 2**30, 138_357_544, 15_237_608, 0, 122),
        (12_000, 100, 200, 1, 13),
        (2 * 2**30, 138_357_544, 15_237_608, 2, 0),
        (2000, 100, 100, 1, 2),
        (1_200, 100, 200, 1, 0),
    )
    for available, parameters, kept, slots, expected in cases:
        fixed = 4 * parameters * (2 + slots)
        exact = (available - fixed) / (4 * kept)
        number(
            call(function, available, parameters, kept, slots),
            expected,
            mistakes={
                exact: "A batch is a whole number of examples, and the memory may not overflow: round down."
                if exact > 0
                else "A batch cannot be negative: when even the weights do not fit, the answer is 0.",
                -(-(available - fixed) // (4 * kept)): "You round up: that batch no longer fits.",
                (available - fixed)
                // (4 * kept): "A batch cannot be negative: when even the weights do not fit, the answer is 0.",
                available // (4 * kept): "Weights, gradients and slots take their part first.",
                (available - 4 * parameters) // (4 * kept): "Gradients and slots take their part too.",
                (available - fixed) // kept: "A float32 takes 4 bytes.",
            },
            what=f"For {available:,} bytes, {parameters:,} parameters, {kept:,} kept values, {slots} slots it",
        )


@lab.exercise(
    "Mixed precision",
    hints=(
        "The weights stay in float32, and so do their gradients and the slots. What is new, and what is halved?",
        "A float16 copy of the weights is new: 2 bytes a parameter. The activations take 2 bytes instead of 4. "
        "Together: parameters · (4 + 2 + 4 + 4·slots) + 2 · kept · batch.",
    ),
)
def mixed_bytes(function):
    for parameters, kept, batch, slots in _RUNS:
        full = 4 * parameters * (2 + slots) + 4 * kept * batch
        expected = parameters * (10 + 4 * slots) + 2 * kept * batch
        number(
            call(function, parameters, kept, batch, slots),
            expected,
            mistakes={
                full / 2: "Not everything is halved: weights, gradients and slots stay in float32.",
                full: "Nothing is saved here; the activations take 2 bytes in half precision.",
                expected - 2 * parameters: "The float16 copy of the weights, which the layers compute with, is missing.",
                expected + 2 * kept * batch: "The activations take 2 bytes in half precision.",
                parameters * (6 + 4 * slots) + 2 * kept * batch: "The gradients are missing; they are kept in float32.",
            },
            what=f"For {parameters:,} parameters, {kept:,} kept values, batch {batch}, {slots} slots it",
        )


@lab.exercise(
    "A pooled head",
    hints=(
        "Global average pooling leaves one number for each of the 512 channels. What does a Dense(1000) behind it have?",
        "14,714,688 + (512 + 1) · 1000 parameters. Under Adam every parameter costs a weight, a gradient and two slots, "
        "4 bytes each.",
    ),
)
def pooled_head(pooled_parameters, saved_megabytes):
    number(
        pooled_parameters,
        15_227_688,
        mistakes={
            15_226_688: "`pooled_parameters`: Dense(1000) has biases.",
            513_000: "`pooled_parameters`: that is the new head alone. The convolutions remain.",
            39_803_688: "`pooled_parameters`: that is Flatten and Dense(1000). Pooling leaves 512 numbers, not 7·7·512.",
        },
        what="`pooled_parameters`",
    )
    saved = 138_357_544 - 15_227_688
    _near(
        saved_megabytes,
        saved * 16 / 1e6,
        {
            saved
            * 4
            / 1e6: "`saved_megabytes`: that is the weights alone. A parameter under Adam also has a gradient and two slots.",
            saved * 12 / 1e6: "`saved_megabytes`: weight, gradient, and two slots make four numbers a parameter.",
            saved * 8 / 1e6: "`saved_megabytes`: weight, gradient, and two slots make four numbers a parameter.",
            saved * 16 / 2**20: "`saved_megabytes`: a megabyte is 10⁶ bytes here.",
            saved * 16: "`saved_megabytes`: in megabytes, please.",
        },
        "`saved_megabytes`",
    )


# ---------------------------------------------------------------- 5 · residual networks


@lab.exercise(
    "The residual block",
    points=3,
    seconds=30,
    hints=(
        "Two 3×3 convolutions, each followed by BatchNormalization; a ReLU between them, and one after the sum. Only the first "
        "convolution has the stride. When does the sum not fit?",
        "When the stride is not 1 or the channels change, send the shortcut through Conv2D(filters, 1, strides=stride, "
        "use_bias=False) and BatchNormalization. BatchNormalization brings its own bias, so no convolution has one.",
    ),
)
def residual_block(function):
    import keras

    for channels, filters, stride, trainable in ((4, 4, 1, 304), (4, 6, 2, 600), (4, 6, 1, 600), (4, 4, 2, 328)):
        image = keras.Input((9, 9, channels))
        case = f"{channels} → {filters} channels, stride {stride}"
        unfit = (
            f"For {case} the two summands have different shapes: does the shortcut shrink and widen exactly as the branch does?"
        )
        with (
            _clear("incompatible shapes", unfit),
            _clear("not connected", f"For {case} the result does not depend on the input."),
        ):
            model = keras.Model(image, call(function, image, filters, stride))
        side = -(-9 // stride)
        need(
            model.output.shape[1:] == (side, side, filters),
            f'For {case} the output is {model.output.shape[1:]}; expected {(side, side, filters)}. Is the padding "same"?',
        )
        _block_parts(model, case, projected=stride != 1 or channels != filters)
        number(_trainable(model), trainable, what=f"Trainable parameters for {case}: it")
        if case.startswith("4 → 4 channels, stride 1"):
            _block_behaviour(function)  # before the others: what a block computes explains what it lacks


def _block_parts(model, case, *, projected):
    convs = [layer for layer in model.layers if type(layer).__name__ == "Conv2D"]
    main = [layer for layer in convs if tuple(layer.kernel_size) == (3, 3)]
    short = [layer for layer in convs if tuple(layer.kernel_size) == (1, 1)]
    need(len(main) == 2, f"For {case} there are {len(main)} convolutions of 3×3; the block has two.")
    need(len(convs) == len(main) + len(short), "The block's kernels are 3×3, and 1×1 on the shortcut.")
    if projected:
        need(short, f"For {case} the shortcut needs a 1×1 convolution: its shape does not fit the sum.")
    else:
        need(not short, f"For {case} the shapes fit: the shortcut is the input itself, with no convolution on it.")
    need(not any(layer.use_bias for layer in convs), "A convolution has a bias. BatchNormalization adds its own: use_bias=False.")
    norms = sum(type(layer).__name__ == "BatchNormalization" for layer in model.layers)
    need(
        norms == len(convs),
        f"For {case} there are {len(convs)} convolutions and {norms} BatchNormalizations; each convolution has one.",
    )


def _block_behaviour(function):
    """Set the block's weights so that the order of its parts shows in its output."""
    import keras
    import numpy as np

    image = keras.Input((5, 5, 3))
    model = keras.Model(image, call(function, image, 3, 1))
    norms = _norms_of_main_branch(model)
    x = np.random.default_rng(0).normal(size=(2, 5, 5, 3)).astype("float32")

    def run(first: float, second: float):
        for norm, beta in zip(norms, (first, second), strict=True):
            norm.beta.assign(np.full(3, beta, "float32"))
        return np.asarray(model(x, training=False))

    expected = np.maximum(x, 0)
    found = run(-100.0, 0.0)  # a relu between the convolutions stops everything, and only the shortcut is left
    need(found.shape == x.shape, f"The block changes the shape {x.shape} to {found.shape}.")
    if np.allclose(found, x, atol=1e-4):
        wrong("There is no ReLU after the sum.")
    need(
        np.allclose(found, expected, atol=1e-4),
        "The ReLU between the two convolutions is missing, or the input is not added to the result.",
    )
    found = run(-100.0, -0.5)
    if np.allclose(found, np.maximum(x, 0), atol=1e-4):
        wrong("The last ReLU comes before the sum: the branch can only add. It belongs after.")
    need(
        np.allclose(found, np.maximum(x - 0.5, 0), atol=1e-4),
        "The result is not relu(input + branch): look at the order after the second convolution.",
    )


def _norms_of_main_branch(model) -> list:
    """The BatchNormalizations that directly follow the 3×3 convolutions, in order."""
    norms = []
    for layer in model.layers:
        if type(layer).__name__ == "Conv2D" and tuple(layer.kernel_size) == (3, 3):
            after = [node.operation for node in layer._outbound_nodes]
            need(
                len(after) == 1 and type(after[0]).__name__ == "BatchNormalization",
                "BatchNormalization comes directly after each convolution, before any activation.",
            )
            norms.append(after[0])
    return norms


_STAGES = [(64, 1)] * 3 + [(128, 2)] + [(128, 1)] * 3 + [(256, 2)] + [(256, 1)] * 5 + [(512, 2)] + [(512, 1)] * 2


@lab.exercise(
    "ResNet-34",
    points=3,
    seconds=30,
    hints=(
        "A stem (7×7 convolution with stride 2, BatchNormalization, ReLU, 3×3 max pooling with stride 2), four stages of 3, 4, 6 "
        "and 3 blocks, global average pooling, Dense.",
        "The stages have 64, 128, 256 and 512 filters. The first block of each stage but the first has stride 2, all others 1. "
        'Stem and pooling use padding="same", and the stem\'s convolution has no bias.',
    ),
)
def resnet34(function):
    import keras

    seen = []

    def block(x, filters, stride=1):
        seen.append((filters, stride))
        return keras.layers.Conv2D(filters, 1, strides=stride, use_bias=False, name=f"block_{len(seen)}")(x)

    for side, classes, parameters in ((70, 5, 1_097_669), (33, 3, 1_096_643)):
        seen.clear()
        with _clear("not connected", "The model's output does not depend on its input."):
            model = _model(call(function, block, side, classes))
        need(
            tuple(model.input_shape) == (None, side, side, 3),
            f"The input is {model.input_shape}; expected (None, {side}, {side}, 3).",
        )
        _stages(seen)
        stem = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"][:4]
        kinds = [type(layer).__name__ for layer in stem]
        need(kinds[:2] == ["Conv2D", "BatchNormalization"], f"The stem begins {kinds[:2]}; expected Conv2D, BatchNormalization.")
        need(kinds[2] in ("ReLU", "Activation"), f"After the stem's BatchNormalization comes {kinds[2]}; expected a ReLU.")
        need(kinds[3] == "MaxPooling2D", f"The stem ends with {kinds[3]}; expected MaxPooling2D.")
        first = stem[0]
        need(tuple(first.kernel_size) == (7, 7) and first.filters == 64, "The stem's convolution has 64 filters of 7×7.")
        need(not first.use_bias, "The stem's convolution has a bias. BatchNormalization adds its own: use_bias=False.")
        need(first.output.shape[1] == -(-side // 2), f"The stem's convolution leaves side {first.output.shape[1]}; "
             f"stride 2 with padding \"same\" leaves {-(-side // 2)}.")  # fmt: skip
        need(tuple(stem[3].pool_size) == (3, 3), "The stem's pooling window is 3×3.")
        need(
            stem[3].output.shape[1] == -(-side // 4),
            f"The pooling leaves side {stem[3].output.shape[1]}; expected {-(-side // 4)}.",
        )
        names = [type(layer).__name__ for layer in model.layers[-2:]]
        need(names[0] == "GlobalAveragePooling2D", f"Before the last layer comes {names[0]}; expected GlobalAveragePooling2D.")
        need(
            names[1] == "Dense" and model.layers[-1].activation.__name__ == "softmax",
            "The last layer is Dense(classes) with softmax.",
        )
        number(
            model.count_params(), parameters, what="With a block of one 1×1 convolution, count_params() is a known number; yours"
        )


def _stages(seen):
    if seen == _STAGES:
        return
    filters = [f for f, _ in seen]
    counts = [filters.count(f) for f in (64, 128, 256, 512)]
    need(counts == [3, 4, 6, 3], f"The stages have {counts} blocks; ResNet-34 has [3, 4, 6, 3].")
    strides = [s for _, s in seen]
    if strides[0] == 2:
        wrong("The first block has stride 2. The pooling has just halved the map: the first stage keeps its size.")
    if 2 not in strides:
        wrong("No block has stride 2: the first block of stages 2, 3 and 4 halves the map.")
    wrong(f"The blocks' (filters, stride) are {seen}; expected {_STAGES}.")


@lab.exercise(
    "ResNet's parameters by hand",
    points=2,
    hints=(
        "Stem: 7·7·3·64 weights and 2 numbers a channel for BatchNormalization (the other two are not trained). Head: "
        "(512 + 1)·1000. In between: what has one block?",
        "A block from `channels` to `filters`: 9·channels·filters + 9·filters² + 4·filters, and when the channels change "
        "channels·filters + 2·filters for the shortcut. Then `channels` becomes `filters`.",
    ),
)
def resnet_parameters(function):
    # Published: 11,689,512 and 21,797,672 (the weights files of ResNet-18 and ResNet-34).
    for depths, expected in (((2, 2, 2, 2), 11_689_512), ((3, 4, 6, 3), 21_797_672), ((1, 1, 1, 1), 5_418_792)):
        blocks = [f for f, depth in zip((64, 128, 256, 512), depths, strict=True) for _ in range(depth)]
        projections = 64 * 128 + 128 * 256 + 256 * 512 + 2 * (128 + 256 + 512)
        number(
            call(function, depths),
            expected,
            mistakes={
                expected - 513_000: "The head is missing: Dense(1000) behind 512 numbers.",
                expected - 9_536: "The stem is missing: a 7×7 convolution to 64 channels and its BatchNormalization.",
                expected - 128: "The stem's BatchNormalization is missing.",
                expected - projections: "The 1×1 convolutions on the shortcuts are missing.",
                expected - 2 * (128 + 256 + 512): "The shortcuts' BatchNormalizations are missing.",
                expected + 4 * sum(blocks) + 128 + 2 * (128 + 256 + 512): "You count the moving averages of BatchNormalization. "
                "They are kept, but not trained.",
                expected - 4 * sum(blocks) - 128 - 2 * (128 + 256 + 512): "BatchNormalization has two trained numbers a channel.",
                expected - 1000: "The head's biases are missing.",
            },
            what=f"For stages of {depths} blocks it",
        )


# ---------------------------------------------------------------- 6 · errata

_VERDICTS = {
    "activations": (
        "wrong",
        "15.2 million values make 61 MB. Not even the claim's own two numbers agree: 24 million times 4 bytes are 96 MB.",
    ),
    "megabytes": ("wrong", "It is 553.4 MB, or 527.8 MiB; 522 is neither."),
    "adam": ("incomplete", "The factors for SGD and Adam are right, but momentum lies in between and the claim leaves it out."),
    "conv1": ("right", "(11·11·3 + 1)·96 is exactly that."),
    "width": ("incomplete", "The formula lacks its floor: try a case that does not divide."),
    "field": ("incomplete", "It holds for the first layer only; every further layer sees more than its kernel."),
    "flops": ("wrong", "15.3 billion multiply-adds are 30.7 billion operations, and the dense layers are left out."),
    "dilation": ("incomplete", "Against a plain 3×3 kernel nothing is saved; only against a kernel of the same reach."),
    "convnet": ("wrong", "In the lecture's own pair the ConvNet has more parameters than the MLP."),
}
_VGG_PRODUCTS = 15_346_630_656  # multiply-adds of VGG-16's convolutions; its dense layers add 123,633,664
_NUMBERS = {
    "activations": (
        15_237_608,
        {15_087_080: "`activations`: the image itself is missing.", 15_228_416: "`activations`: the dense layers are missing."},
    ),
    "megabytes": (
        138_357_544 * 4 / 1e6,
        {138_357_544 * 4 / 2**20: "`megabytes`: those are mebibytes, of 2²⁰ bytes. Here a megabyte is 10⁶."},
    ),
    "adam": (
        3,
        {
            2: "`adam`: that is plain SGD: weight and gradient.",
            4: "`adam`: that is Adam. Momentum keeps one slot.",
            1: "`adam`: the factor counts weight, gradient and slot.",
        },
    ),
    "conv1": (34_944, {34_848: "`conv1`: the biases are missing."}),
    "width": (54, {54.25: "`width`: 54.25 windows? Round down.", 55: "`width`: that is the size for an input of 227."}),
    "field": (
        5,
        {
            3: "`field`: that is the kernel. What do three neighbouring units of the first layer see together?",
            6: "`field`: neighbouring windows overlap.",
            9: "`field`: neighbouring windows overlap.",
        },
    ),
    "flops": (
        2 * _VGG_PRODUCTS / 1e9,
        {
            _VGG_PRODUCTS / 1e9: "`flops`: those are multiply-adds. Each is two operations.",
            2
            * (_VGG_PRODUCTS + 123_633_664)
            / 1e9: "`flops`: that includes the dense layers; the slide's number leaves them out.",
            2 * _VGG_PRODUCTS: "`flops`: in billions, please.",
        },
    ),
    "dilation": (0, {1024: "`dilation`: that is against a 5×5 kernel; the claim names none. Compare with the plain 3×3."}),
    "convnet": (
        228_224,
        {
            -228_224: "`convnet`: ConvNet minus MLP, please.",
            431_754: "`convnet`: that is the ConvNet alone.",
            203_530: "`convnet`: that is the MLP alone.",
        },
    ),
}


@lab.exercise(
    "Nine received claims",
    points=4,
    hints=(
        'Recompute each number first. Then judge: "right" if it is exactly so, "wrong" if your number contradicts it, '
        '"incomplete" if it holds only under a condition that it does not name.',
        "One claim is right. Four are wrong: in a number, a number, a unit, and about two networks that you can build in a minute. "
        "Four need a condition: a floor, a layer, an optimizer, a comparison.",
    ),
)
def errata(recomputed, verdicts):
    for answers, name in ((recomputed, "recomputed"), (verdicts, "verdicts")):
        need(isinstance(answers, dict), f"`{name}` is a dictionary with one entry for each claim.")
        missing = [claim for claim in _VERDICTS if claim not in answers]
        need(not missing, f"`{name}` has no entry for {', '.join(missing)}.")
    for claim, (expected, mistakes) in _NUMBERS.items():
        _near(recomputed[claim], expected, mistakes, f"recomputed[{claim!r}]")
    for claim, (expected, why) in _VERDICTS.items():
        options = ("right", "wrong", "incomplete")
        choice(verdicts[claim], expected, options, mistakes={option: f"verdicts[{claim!r}]: {why}" for option in options})


def _near(value, expected, mistakes, what):
    """`number`, exact but for the last digits; who rounds is told to write the expression."""
    if isinstance(value, (int, float)) and 1e-9 < abs(value - expected) <= 0.006:
        wrong(f"{what} is rounded, or nearly right. Write the expression and let Python do the division.")
    number(value, expected, tolerance=1e-9, mistakes=mistakes, what=what)


# ---------------------------------------------------------------- 7 · measured


@lab.exercise(
    "What grows with the batch",
    hints=(
        "Take the measurements at two batches. What changed between them? Only the number of examples.",
        "slope = (peak at 64 − peak at 32) / (64 − 32), and the rest is what is left of a peak without its examples: "
        "peak − slope · batch.",
    ),
)
def line_through(function):
    for first, second in (((64, 200.0), (128, 350.0)), ((3, 10.0), (5, 9.0)), ((10, 7.5), (40, 22.5))):
        slope = (second[1] - first[1]) / (second[0] - first[0])
        found = _tuple(call(function, first, second), 2, "slope, rest")
        number(
            found[0],
            slope,
            tolerance=1e-9,
            mistakes={
                1 / slope: "The slope is memory per example: the difference of the peaks over that of the batches.",
                -slope: "The slope's sign is turned: subtract both pairs in the same order.",
                second[1]
                / second[0]: "That is the whole peak shared out over the batch; part of it is there without any example.",
                first[1] / first[0]: "That is the whole peak shared out over the batch; part of it is there without any example.",
            },
            what=f"For {first} and {second}, the slope",
        )
        number(
            found[1],
            first[1] - slope * first[0],
            tolerance=1e-9,
            mistakes={
                first[1]: "The rest is what would be left at batch 0.",
                first[1] + slope * first[0]: "Take the examples away from the peak; do not add them again.",
            },
            what=f"For {first} and {second}, the rest",
        )


# ---------------------------------------------------------------- tools


def _tuple(value, length: int, what: str) -> tuple:
    if isinstance(value, (int, float)) or not isinstance(value, (tuple, list)) or len(value) != length:
        wrong(f"Return {length} values: {what}.")
    if any(part is ... for part in value):
        raise NotAttempted
    return tuple(value)


def _model(value):
    import keras

    if not isinstance(value, keras.Model):
        wrong(f"Return a Keras model; this is a {type(value).__name__}.")
    if not value.built:
        wrong("The model has no input: begin with keras.Input((side, side, 3)).")
    return value


def _trainable(model) -> int:
    import math

    return sum(math.prod(v.shape) for v in model.trainable_weights)


LARGEST = 150_000_000  # weights in one array, 0.6 GB; VGG-16 without a pooling would take 9 GB from the student's machine


@contextlib.contextmanager
def _empty_weights():
    """Weights are made of zeros inside: drawing 33 million random numbers would take most of the check's time.

    More than LARGEST in one array raise ValueError before they are made.
    """
    import keras

    def zeros(self, shape, dtype=None):
        if math.prod(shape) > LARGEST:
            raise ValueError(f"too many weights: {math.prod(shape):,} in one array")
        return keras.ops.zeros(shape, dtype)

    with mock.patch.object(keras.initializers.GlorotUniform, "__call__", zeros):
        yield


@contextlib.contextmanager
def _clear(part: str, message: str):
    """Say `message` instead of an error of Keras that contains `part`."""
    try:
        yield
    except (Wrong, ValueError) as error:
        if part in str(getattr(error, "cause", None) or error):
            wrong(message)
        raise
