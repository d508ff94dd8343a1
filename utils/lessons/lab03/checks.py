"""Checks of lab 03: costs of a layer, AlexNet's and VGG's tables, what training asks of memory, residual networks, errata."""

import functools

from ...check import Choice, Either, Function, Input, Lab, Value, as_list, call, need

lab = Lab("lab03", "Lab 03 · The memory ledger: AlexNet, VGG, ResNet")

ROOM = 60  # seconds of work: a slow right way, such as building the network and counting its weights, has the time it needs


def _variant(reference, **options):
    """`reference` with some of its keyword-only options set: one mistake."""
    return functools.partial(reference, **options)


# ---------------------------------------------------------------- 1 · four numbers for each layer


def _side(valid=lambda s, k, d: (s - k) // d + 1, same=lambda s, k, d: -(-s // d)):
    """`output_side` with another formula for one of the paddings."""
    return lambda side, kernel, stride, padding: (same if padding == "same" else valid)(side, kernel, stride)


lab.declare(
    "output_side",
    "Side of a feature map",
    output_side=Function(
        _side(),
        cases=[
            *((7, 3, 2, padding) for padding in ("valid", "same")),
            *((*case, "valid") for case in ((227, 11, 4), (224, 11, 4), (7, 2, 3), (10, 1, 3), (13, 3, 2), (9, 9, 3))),
            *((*case, "same") for case in ((10, 7, 3), (5, 4, 5), (14, 5, 1), (9, 9, 3), (9, 2, 2), (5, 2, 1), (12, 3, 3))),
        ],
        mistakes={
            "{case} gives {got}. You forgot to round down: a window that reaches beyond the edge does not count.": Either(
                _side(valid=lambda s, k, d: (s - k) / d + 1),
                _side(valid=lambda s, k, d: (s - k) / d + 1, same=lambda s, k, d: (s - k) / d + 1),
            ),
            "{case} gives {got}. You forgot the + 1: the window at the very beginning counts too.": Either(
                _side(valid=lambda s, k, d: (s - k) // d),
                _side(valid=lambda s, k, d: (s - k) // d, same=lambda s, k, d: (s - k) // d),
            ),
            "{case} gives {got}. You round up, so the last window reaches beyond the edge.": _side(
                valid=lambda s, k, d: -(-(s - k) // d) + 1
            ),
            "{case} gives {got}. You round to the nearest; a window that reaches beyond the edge does not count.": _side(
                valid=lambda s, k, d: round((s - k) / d + 1)
            ),
            '{case} gives {got}. That is the side with "same"; with "valid", no window may reach beyond the edge.': _side(
                valid=lambda s, k, d: -(-s // d)
            ),
            '{case} gives {got}. "same" rounds up: a window starts at every `stride`-th pixel, the first included.': Either(
                _side(same=lambda s, k, d: s // d), _side(same=lambda s, k, d: s / d), _side(same=lambda s, k, d: round(s / d))
            ),
            '{case} gives {got}. That is the side with "valid"; with "same", Keras pads the edges.': _side(
                same=lambda s, k, d: (s - k) // d + 1
            ),
            "{case} gives {got}. Padding by (kernel − 1) // 2 on both sides is one pixel too few for an even kernel.": _side(
                same=lambda s, k, d: (s - k + 2 * ((k - 1) // 2)) // d + 1
            ),
            '{case} gives {got}. "same" keeps the side only at stride 1.': _side(same=lambda s, k, d: s),
            "{case} gives {got}. Padding by kernel // 2 on both sides is one pixel too many for an even kernel.": _side(
                same=lambda s, k, d: (s - k + 2 * (k // 2)) // d + 1
            ),
        },
    ),
    hints=(
        "Without padding, the first window begins at 0 and the last may not reach beyond the edge. How many steps of `stride` "
        "fit in between?",
        'For "valid": (side − kernel) // stride + 1. For "same", Keras pads so that a window starts at every `stride`-th pixel, '
        "the first included: side / stride, rounded up. The kernel does not matter.",
    ),
)


def _cost(in_shape, out_shape, kernel, groups=1):
    weights = kernel[0] * kernel[1] * (in_shape[2] // groups) * out_shape[2]
    positions = out_shape[0] * out_shape[1]
    return weights + out_shape[2], positions * out_shape[2], positions * weights


def _cost_but(element, change):
    """`conv_cost` with another value for one of its three results: `change(right value, weights, in_shape, out_shape, groups)`."""

    def mistaken(in_shape, out_shape, kernel, groups=1):
        costs = list(_cost(in_shape, out_shape, kernel, groups))
        costs[element] = change(costs[element], costs[0] - out_shape[2], in_shape, out_shape, groups)
        return costs

    return mistaken


lab.declare(
    "conv_cost",
    "The cost of a convolution",
    points=2,
    conv_cost=Function(
        _cost,
        cases=[
            ((9, 7, 4), (7, 5, 6), (3, 3)),
            ((12, 11, 6), (4, 6, 8), (5, 2), 1),
            ((8, 8, 6), (8, 8, 9), (3, 1), 3),
            ((6, 5, 4), (6, 5, 8), (3, 3), 4),
        ],
        mistakes={
            "Parameters: you forgot the biases, one for each filter.": _cost_but(0, lambda right, w, i, o, g: w),
            "Parameters: every filter has a bias of its own, not one for the whole layer.": _cost_but(
                0, lambda right, w, i, o, g: w + 1
            ),
            "Parameters: with groups, a filter sees only input channels / groups.": _cost_but(
                0, lambda right, w, i, o, g: w * g + o[2]
            ),
            "Parameters: the groups split the input channels only; the layer still has all its filters.": _cost_but(
                0, lambda right, w, i, o, g: w // g + o[2]
            ),
            "Parameters: a filter looks at all the channels that it sees, not at one.": _cost_but(
                0, lambda right, w, i, o, g: w * g // i[2] + o[2]
            ),
            "Parameters: the positions share their weights; do not multiply by them.": Either(
                _cost_but(0, lambda right, w, i, o, g: w * o[0] * o[1] + o[2]),
                _cost_but(0, lambda right, w, i, o, g: right * o[0] * o[1]),
            ),
            "Activations: that is the input. Count what the layer produces.": _cost_but(
                1, lambda right, w, i, o, g: i[0] * i[1] * i[2]
            ),
            "Activations: count what the layer produces, without its input.": _cost_but(
                1, lambda right, w, i, o, g: right + i[0] * i[1] * i[2]
            ),
            "Activations: that is one channel. The output has one for each filter.": _cost_but(
                1, lambda right, w, i, o, g: o[0] * o[1]
            ),
            "Multiply-adds: a product and its sum are one multiply-add. You count operations, twice as many.": _cost_but(
                2, lambda right, w, i, o, g: 2 * right
            ),
            "Multiply-adds: biases are added; they multiply nothing.": Either(
                _cost_but(2, lambda right, w, i, o, g: right + o[2] * o[0] * o[1]),
                _cost_but(2, lambda right, w, i, o, g: right + o[2]),
            ),
            "Multiply-adds: a filter stops at the positions of the output, not of the input.": _cost_but(
                2, lambda right, w, i, o, g: w * i[0] * i[1]
            ),
            "Multiply-adds: with groups, a filter sees only input channels / groups.": _cost_but(
                2, lambda right, w, i, o, g: right * g
            ),
            "Multiply-adds: you count the filters twice. The weights of the layer hold them already.": _cost_but(
                2, lambda right, w, i, o, g: right * o[2]
            ),
            "Multiply-adds: every weight is used once at each position of the output, not once in all.": _cost_but(
                2, lambda right, w, i, o, g: w
            ),
        },
    ),
    hints=(
        "One filter has rows × columns × input channels weights and a bias. How many filters are there? And at how many "
        "positions does each filter compute its products?",
        "With groups, a filter sees only input channels / groups. Multiply-adds: every weight is used once at each position of "
        "the output; biases multiply nothing.",
    ),
)


lab.declare(
    "two_layers",
    "Dense against convolution",
    more_parameters=Choice(
        "dense",
        ("dense", "conv"),
        {"`more_parameters`: the convolution has 3·3·512·512 weights, the dense layer 7·7·512·4096.": "conv"},
    ),
    more_work=Choice(
        "conv",
        ("dense", "conv"),
        {"`more_work`: the dense layer uses each weight once. The convolution uses each at 14·14 positions.": "dense"},
    ),
    hints=(
        "Dense: 7·7·512 values to 4096 units, each connection used once. The convolution: 3·3·512·512 weights, each used at "
        "14·14 positions.",
        "Compute all four: 7·7·512·4096, the same again, 3·3·512·512, and that times 14·14.",
    ),
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
_ODD = (
    ("A", "conv", 5, 4, 3, 2),
    ("B", "pool", None, 2, 3, 1),
    ("C", "dense", 3, None, None, None),
    ("D", "dense", 7, None, None, None),
)


def _table(
    layers, side, channels, *, divide=lambda a, b: a // b, sides=2, bias=1, early=False, pooled=False, flat=True, wide=False
):
    rows = []
    for name, kind, units, kernel, stride, padding in layers:
        parameters = 0
        if kind == "dense":
            parameters = ((side * side if flat else 1) * channels + bias) * units
            side, channels = side if wide else 1, units
        else:
            side = divide(side - kernel + sides * padding, stride) + 1
        if kind == "conv":
            parameters = (kernel * kernel * (units if early else channels) + bias) * units
            channels = units
        if kind == "pool" and pooled:
            channels = 1
        rows.append((name, (side, side, channels), parameters))
    return rows


def _rows(table) -> dict:
    """{"order": […], "CONV1, shape": …, "CONV1, parameters": …}: the messages then name a row and a column."""
    found = {"order": []}
    for row in as_list(table, None, "The table"):
        name, shape, parameters = as_list(row, 3, "A row (name, shape, parameters)")
        found["order"].append(name)
        found[f"{name}, shape"] = as_list(shape, 3, f"The shape of {name}")
        found[f"{name}, parameters"] = parameters
    return found


lab.declare(
    "network_table",
    "AlexNet's table",
    points=3,
    network_table=Function(
        _table,
        view=_rows,
        cases={"for AlexNet": (_ALEXNET, 227, 3), "for a small network with odd sizes": (_ODD, 19, 2)},
        mistakes={
            "A shape is not whole: the division in the formula for the side is rounded down.": _variant(
                _table, divide=lambda a, b: a / b
            ),
            "You round up; the division in the formula for the side is rounded down.": _variant(
                _table, divide=lambda a, b: -(-a // b)
            ),
            "Look at CONV2: the padding counts on both sides.": _variant(_table, sides=1),
            "The padding is missing from the formula for the side: see CONV2.": _variant(_table, sides=0),
            "You forgot the biases, one for each filter or unit.": _variant(_table, bias=0),
            "A convolution's weights depend on the channels that come in: set the new number of channels after counting.": (
                _variant(_table, early=True)
            ),
            "Pooling works on each channel by itself, and keeps their number.": _variant(_table, pooled=True),
            "FC6 reads every value of the map before it: side × side × channels.": _variant(_table, flat=False),
            "A dense layer's output has the shape (1, 1, units), so the next layer reads `units` values.": _variant(
                _table, wide=True
            ),
            "Give each layer one row, in the order of the layers.": Either(
                lambda *given: _table(*given)[::-1],
                lambda *given: sorted(_table(*given)),
                lambda *given: [row for row in _table(*given) for _ in range(2)],
                lambda *given: 2 * _table(*given),
            ),
            "Only the first layer has a row. Does `return` stand inside the loop?": lambda *given: _table(*given)[:1],
            "The poolings have no rows. Each layer gets one.": lambda layers, side, channels: [
                row for row, layer in zip(_table(layers, side, channels), layers, strict=True) if layer[1] != "pool"
            ],
        },
    ),
    hints=(
        "Carry two numbers from row to row: the side and the channels of the current map. Each row changes one or both.",
        "conv: new side, then (kernel² · channels + 1) · filters, and only then channels = filters. pool: new side, no "
        "parameters. dense: (side² · channels + 1) · units; after it the side is 1, and there are `units` channels.",
    ),
)


lab.declare(
    "equivalent_mlp",
    "The equivalent MLP",
    slide_side=Value(224, {"`slide_side`: with 227 there would be 44.9 billion connections. The slide says 43.7.": 227}),
    table_connections=Value(
        227 * 227 * 3 * 55 * 55 * 96,
        {
            "`table_connections`: that is the slide's number, for an input of 224. The table's input is 227.": 43_713_331_200,
            "`table_connections`: you added the biases. The slide counts connections only.": 44_892_355_200,
            "`table_connections`: the image has 3 channels.": 14_964_021_600,
            "`table_connections`: CONV1 has 96 channels, so there are 55·55·96 outputs.": 227 * 227 * 3 * 55 * 55,
        },
    ),
    positions=Value(
        54.25,
        {
            "`positions`: do not round down this once. What does the formula itself give?": 54,
            "`positions`: that is the table's 55, for an input of 227. What does the formula give for 224?": 55,
            "`positions`: you forgot the + 1.": 53.25,
        },
    ),
    hints=(
        "A dense layer from the image to 55·55·96 units has side·side·3 · 55·55·96 connections. Try both sides, 224 and 227.",
        "224 gives 43.7 billion, so the slide's number and its table speak of different inputs. For `positions`, use the "
        "formula with an ordinary division.",
    ),
)


# ---------------------------------------------------------------- 3 · VGG-16


def _input(shape):
    import keras

    return keras.Input(shape)


_VGG16 = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
_VGG19 = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))


def _vgg(side, classes, *, blocks=_VGG16, conv=None, pool="MaxPooling2D", pools=(1, 1, 1, 1, 1), relu="relu", dense="relu", shape=None,
         head="Flatten", drop=(0, 1, 1), last=True, softmax="softmax"):  # fmt: skip
    """VGG-16, or one with a mistake: `pools` are those after each block, `drop` the Dropouts after Flatten and each Dense."""
    from keras import Input, Sequential, layers

    model = Sequential([Input(shape(side) if shape else (side, side, 3))])
    for (filters, depth), pooled in zip(blocks, pools, strict=True):
        for _ in range(depth):
            model.add(layers.Conv2D(filters, 3, activation=relu, **({"padding": "same"} if conv is None else conv)))
        if pooled:
            model.add(getattr(layers, pool)(2))
    model.add(getattr(layers, head)())
    for i, dropped in enumerate(drop):
        if i:
            model.add(layers.Dense(4096, activation=dense))
        if dropped:
            model.add(layers.Dropout(0.5))
    if last:
        model.add(layers.Dense(classes, activation=softmax))
    return model


lab.declare(
    "vgg16",
    "VGG-16 in today's Keras",
    points=3,
    seconds=ROOM,
    vgg16=Function(
        _vgg,
        cases={"for 65×65 images and 5 classes": (65, 5)},  # small, as the head is large; odd, because of the floors
        dropout=True,
        builds=True,
        mistakes={
            "A feature map shrinks to nothing: the third positional argument of `Conv2D` is `strides` now, and "
            '`padding="same"` must keep the size.': Either(
                _variant(_vgg, conv={"padding": "same", "strides": 3}),
                _variant(_vgg, conv={"strides": 3}),
                _variant(_vgg, conv={}),
            ),
            "A feature map shrinks to nothing: Keras expects the channels last, (side, side, 3).": _variant(
                _vgg, shape=lambda side: (3, side, side)
            ),
            "A feature map shrinks to nothing: only one pooling ends each block, not one after each convolution.": _variant(
                _vgg, blocks=tuple((filters, 1) for filters, depth in _VGG16 for _ in range(depth)), pools=(1,) * 13
            ),
            "The first dense layer reads a feature map that is far too large: a 2×2 max pooling ends each block.": Either(
                _variant(_vgg, pools=(0, 0, 0, 0, 0)), _variant(_vgg, pools=(0, 0, 0, 0, 1))
            ),
            "The slide stops before the last layer: the dense layer of `classes` units is missing.": _variant(_vgg, last=False),
            "VGG takes the maximum of each pooling window, not the average.": _variant(_vgg, pool="AveragePooling2D"),
            "The convolutions have no ReLU.": _variant(_vgg, relu=None),
            "The two dense layers of 4096 units have no ReLU.": _variant(_vgg, dense=None),
            "The outputs do not sum to 1: the last layer needs the softmax.": _variant(_vgg, softmax=None),
            "Between the last map and the first dense layer stands `Flatten`; you pool the map.": Either(
                _variant(_vgg, head="GlobalAveragePooling2D"), _variant(_vgg, head="GlobalMaxPooling2D")
            ),
            "There is no Dropout: the slide has `Dropout(0.5)` after each of the two dense layers of 4096 units.": _variant(
                _vgg, drop=(0, 0, 0)
            ),
            "Each Dropout follows one of the two dense layers of 4096 units; yours stand before them.": _variant(
                _vgg, drop=(1, 1, 0)
            ),
            "Return the model; this is a tensor.": lambda side, classes: _input((side, side, 3)),
            "That is VGG-19: its last three blocks have four convolutions each, VGG-16's have three.": _variant(
                _vgg, blocks=_VGG19
            ),
        },
    ),
    hints=(
        "Conv2D(filters, kernel_size, strides, padding, …): the third positional argument is no longer the kernel's width. "
        "And what does the table say about the size before and after each convolution?",
        'Conv2D(filters, 3, padding="same", activation="relu"), `depth` times a block, then MaxPooling2D(2). Flatten; twice '
        'Dense(4096, activation="relu") with Dropout(0.5); and the layer that the slide forgot: Dense(classes, '
        'activation="softmax").',
    ),
)


def _vgg_values(
    blocks, side, units, *, channels=3, convs=True, every=True, pools=True, halve=lambda s: s // 2, flat=0, dense=True
):
    total = channels * side**2
    for filters, depth in blocks:
        if convs:
            total += (depth if every else 1) * filters * side**2
        side = halve(side)
        if pools:
            total += filters * side**2
    return total + flat * filters * side**2 + (sum(units) if dense else 0)


lab.declare(
    "vgg_activations",
    "Activations of a VGG",
    points=2,
    seconds=ROOM,
    vgg_activations=Function(
        _vgg_values,
        cases={
            "for VGG-16 on 224×224": (_VGG16, 224, (4096, 4096, 1000)),
            "for VGG-19 on 64×64": (_VGG19, 64, (4096, 4096, 1000)),
            "for the blocks ((4, 1), (8, 2)) and 7 units on 13×13": (((4, 1), (8, 2)), 13, (7,)),
            "for the blocks ((2, 1), (3, 1)) and 5 units on 15×15": (((2, 1), (3, 1)), 15, (5,)),
        },
        mistakes={
            "You forgot the input: the image itself lies in memory too.": _variant(_vgg_values, channels=0),
            "The image has 3 channels.": _variant(_vgg_values, channels=1),
            "You forgot the outputs of the poolings.": _variant(_vgg_values, pools=False),
            "You forgot the outputs of the convolutions.": _variant(_vgg_values, convs=False),
            "A block has several convolutions, and each leaves a map.": _variant(_vgg_values, every=False),
            "You counted Flatten; it is a view of the last feature map and makes no new values.": _variant(_vgg_values, flat=1),
            "You forgot the dense layers at the end.": _variant(_vgg_values, dense=False),
            "A pooling that halves an odd side rounds down: 13 becomes 6.": Either(
                _variant(_vgg_values, halve=lambda s: s / 2),
                _variant(_vgg_values, halve=lambda s: -(-s // 2)),
                _variant(_vgg_values, halve=lambda s: round(s / 2)),
            ),
            "Each pooling halves the side for the blocks after it.": _variant(_vgg_values, halve=lambda s: s),
            "That is the published total. Add up the rows of its own table: do they give 24 million?": (
                lambda blocks, side, units: 24_000_000
            ),
        },
    ),
    hints=(
        "Every tensor counts once: the image, each convolution's output, each pooling's output, each dense layer's units. "
        "Flatten makes no new values.",
        "Start with 3·side². In each block add depth · filters · side², halve the side, rounding down, and add filters · side². "
        "At the end add the units.",
    ),
)


_VALUES = 15_237_608  # that VGG-16 leaves for one image

lab.declare(
    "vgg_numbers",
    "Where VGG's memory is",
    megabytes=Value(
        _VALUES * 4 / 1e6,
        {
            "`megabytes`: you divided by 2²⁰, so those are mebibytes. Here a megabyte is 10⁶ bytes.": _VALUES * 4 / 2**20,
            "`megabytes`: a float32 takes 4 bytes.": _VALUES / 1e6,
            "`megabytes`: that is the published number. It does not follow from the table.": 93,
            "`megabytes`: 8 bytes are a float64. A float32 takes 4.": _VALUES * 8 / 1e6,
            "`megabytes`: those are kilobytes.": _VALUES * 4 / 1e3,
            "`megabytes`: those are bytes. A megabyte is 10⁶ of them.": _VALUES * 4,
            "`megabytes` is rounded. Write the expression and let Python do the division.": Either(61, 60.9, 61.0, 60),
        },
    ),
    head_parameters=Value(
        123_642_856,
        {
            "`head_parameters`: the biases are missing, one for each unit.": 123_633_664,
            "`head_parameters`: that is the first dense layer alone.": Either(102_764_544, 102_760_448),
            "`head_parameters`: the last layer, Dense(1000), belongs to the head too.": 119_545_856,
            "`head_parameters`: those are the convolutions' parameters.": 14_714_688,
            "`head_parameters`: the first dense layer, which reads 7·7·512 values, is missing.": 16_781_312 + 4_097_000,
        },
    ),
    hints=(
        "A float32 takes 4 bytes, and a megabyte is 10⁶ bytes. The head is the three dense layers, biases included.",
        "megabytes = 15,237,608 · 4 / 10⁶. The head: (7·7·512 + 1)·4096 + (4096 + 1)·4096 + (4096 + 1)·1000.",
    ),
)


# ---------------------------------------------------------------- 4 · training

_RUNS = [(138_357_544, 15_237_608, 32, 2), (25_636_712, 20_000_000, 1, 0), (1000, 77, 5, 1)]  # parameters, kept, batch, slots


def _bill(parameters, kept, batch, slots, *, size=4, weights=1, gradients=1, slot=1, kepts=1):
    return size * (parameters * (weights + gradients + slot * slots) + kepts * kept * batch)


lab.declare(
    "training_bytes",
    "The bill of a training step",
    training_bytes=Function(
        _bill,
        cases=_RUNS,
        mistakes={
            "The gradients, or the weights, are missing: each takes one number for every parameter.": _variant(
                _bill, gradients=0
            ),
            "The optimizer's slots are missing.": _variant(_bill, slot=0),
            "Only the optimizer's slots are there; weights and gradients are missing.": _variant(_bill, weights=0, gradients=0),
            "The activations are missing.": _variant(_bill, kepts=0),
            "The activations are kept for every example of the batch.": lambda p, kept, batch, slots: _bill(p, kept, 1, slots),
            "Weights, gradients and slots are there once, not once for each example.": (
                lambda p, kept, batch, slots: _bill(p, kept, 1, slots) * batch
            ),
            "That counts values. A float32 takes 4 bytes.": _variant(_bill, size=1),
            "8 bytes are a float64. A float32 takes 4.": _variant(_bill, size=8),
            "Only the parameters' part is in bytes: a kept activation takes 4 bytes too.": _variant(_bill, kepts=0.25),
            "Each kept activation counts once here.": _variant(_bill, kepts=2),
        },
    ),
    hints=(
        "What is there once for every parameter? The weight, its gradient, and the optimizer's slots. What is there once for "
        "every example of the batch?",
        "4 bytes × (parameters × (1 weight + 1 gradient + slots) + kept × batch).",
    ),
)


def _batch(available, parameters, kept, slots, *, copies=2, slot=1, size=4, lowest=0, divide=lambda a, b: a // b):
    fixed = 4 * parameters * (copies + slot * slots)
    found = divide(available - fixed, size * kept)
    return found if lowest is None else max(lowest, found)


lab.declare(
    "largest_batch",
    "The largest batch",
    largest_batch=Function(
        _batch,
        cases=[
            (8 * 2**30, 138_357_544, 15_237_608, 2),
            (8 * 2**30, 138_357_544, 15_237_608, 0),
            (12_000, 100, 200, 1),
            (2 * 2**30, 138_357_544, 15_237_608, 2),
            (2000, 100, 100, 1),
            (1_200, 100, 200, 1),
            (1_600, 100, 100, 1),
            (1_601, 100, 1000, 1),
        ],
        mistakes={
            "{case} gives {got}. A batch is a whole number of examples, and all of them must fit: round down.": Either(
                _variant(_batch, divide=lambda a, b: a / b),
                _variant(_batch, divide=lambda a, b: a / b, lowest=None),
                _variant(_batch, divide=lambda a, b: round(a / b)),
            ),
            "{case} gives {got}. You round up: that batch no longer fits.": Either(
                _variant(_batch, divide=lambda a, b: -(-a // b)), _variant(_batch, divide=lambda a, b: -(-a // b), lowest=None)
            ),
            "{case} gives {got}. A batch cannot be negative: when not even one example fits, the answer is 0.": Either(
                _variant(_batch, lowest=None), _variant(_batch, lowest=None, divide=lambda a, b: int(a / b))
            ),
            "{case} gives {got}. Return 0 when not even one example fits.": _variant(_batch, lowest=1),
            "{case} gives {got}. A batch that takes exactly the available bytes fits too.": _variant(
                _batch, divide=lambda a, b: (a - 1) // b
            ),
            "{case} gives {got}. Weights, gradients and slots take their part first.": Either(
                _variant(_batch, copies=0, slot=0), _variant(_batch, copies=0, slot=0, lowest=None)
            ),
            "{case} gives {got}. Gradients and slots take their part too, not only the weights.": _variant(
                _batch, copies=1, slot=0
            ),
            "{case} gives {got}. The gradients, or the weights, are missing from what is there once.": _variant(_batch, copies=1),
            "{case} gives {got}. The optimizer's slots are missing from what is there once.": _variant(_batch, slot=0),
            "{case} gives {got}. An activation in float32 takes 4 bytes.": _variant(_batch, size=1),
        },
    ),
    hints=(
        "Some of the memory is taken before the first example arrives. How much is left, and how much does one example need?",
        "fixed = 4 · parameters · (2 + slots). Then (available − fixed) // (4 · kept). If nothing is left, the answer is 0, "
        "not a negative batch.",
    ),
)


def _mixed(parameters, kept, batch, slots, *, weights=4, copy=2, gradients=4, slot=4, activation=2):
    return parameters * (weights + copy + gradients + slot * slots) + activation * kept * batch


lab.declare(
    "mixed_bytes",
    "Mixed precision",
    mixed_bytes=Function(
        _mixed,
        cases=_RUNS,
        mistakes={
            "Not everything is halved: weights, gradients and slots stay in float32.": _variant(
                _mixed, weights=2, copy=0, gradients=2, slot=2
            ),
            "Nothing is saved here; the activations take 2 bytes each.": _variant(_mixed, copy=0, activation=4),
            "2 bytes for each parameter are missing: is the float16 copy of the weights there, and do the gradients stay in "
            "float32?": Either(_variant(_mixed, copy=0), _variant(_mixed, gradients=2)),
            "The activations take 2 bytes each, not 4.": _variant(_mixed, activation=4),
            "The gradients, or the weights in float32, are missing: each takes 4 bytes for every parameter.": _variant(
                _mixed, gradients=0
            ),
            "The copy of the weights is in float16: 2 bytes a parameter, not 4.": _variant(_mixed, copy=4),
            "The slots stay in float32: 4 bytes each.": _variant(_mixed, slot=2),
            "Weights, gradients and slots are there once, not once for each example.": (
                lambda p, kept, batch, slots: _mixed(p, kept, 1, slots) * batch
            ),
            "The activations are kept for every example of the batch.": lambda p, kept, batch, slots: _mixed(p, kept, 1, slots),
        },
    ),
    hints=(
        "The weights stay in float32, and so do their gradients and the slots. What is new, and what is halved?",
        "A float16 copy of the weights is new: 2 bytes a parameter. The activations take 2 bytes instead of 4. Together: "
        "parameters · (4 + 2 + 4 + 4·slots) + 2 · kept · batch.",
    ),
)


_POOLED = 14_714_688 + 513 * 1000
_SAVED = 138_357_544 - _POOLED

lab.declare(
    "pooled_head",
    "A pooled head",
    pooled_parameters=Value(
        _POOLED,
        {
            "`pooled_parameters`: Dense(1000) has biases.": 14_714_688 + 512 * 1000,
            "`pooled_parameters`: that is the new head alone. The convolutions remain.": Either(513_000, 512_000),
            "`pooled_parameters`: that is Flatten and Dense(1000). Pooling leaves 512 numbers, not 7·7·512.": Either(
                14_714_688 + (7 * 7 * 512 + 1) * 1000, 14_714_688 + 7 * 7 * 512 * 1000
            ),
            "`pooled_parameters`: the two dense layers of 4096 units go; a single Dense(1000) remains.": Either(
                14_714_688 + 513 * 4096 + 4097 * 4096 + 4097 * 1000, 138_357_544 - 102_764_544 + 513 * 4096
            ),
        },
    ),
    saved_megabytes=Value(
        _SAVED * 16 / 1e6,
        {
            "`saved_megabytes`: that is the weights alone. Under Adam, a parameter also has a gradient and two slots.": (
                _SAVED * 4 / 1e6
            ),
            "`saved_megabytes`: a weight, a gradient and two slots make four numbers for each parameter.": Either(
                _SAVED * 12 / 1e6, _SAVED * 8 / 1e6
            ),
            "`saved_megabytes`: you divided by 2²⁰, so those are mebibytes. Here a megabyte is 10⁶ bytes.": _SAVED * 16 / 2**20,
            "`saved_megabytes`: those are bytes. A megabyte is 10⁶ of them.": _SAVED * 16,
            "`saved_megabytes`: that is what the new network takes. What does it save?": _POOLED * 16 / 1e6,
            "`saved_megabytes`: you subtracted the wrong way round.": -_SAVED * 16 / 1e6,
            "`saved_megabytes` is rounded. Write the expression and let Python do the division.": Either(1970, 1970.1, 2000),
        },
    ),
    hints=(
        "Global average pooling leaves one number for each of the 512 channels. How many parameters does a Dense(1000) behind "
        "it have?",
        "14,714,688 + (512 + 1) · 1000 parameters. Under Adam every parameter costs a weight, a gradient and two slots, "
        "4 bytes each.",
    ),
)


# ---------------------------------------------------------------- 5 · residual networks


def _block(x, filters, stride=1, *, project="needed", shortcut="conv", strides=(1, 0), bias=(False, False), norms=True,
           norm_shortcut=True, inner="norm relu", end="after", padding="same", relu_shortcut=False, add=True):  # fmt: skip
    """The residual block, or one with a mistake. `strides`: which of the two convolutions have the stride; `inner`: what
    stands between them; `end`: the last ReLU after the sum, before it, both or none."""
    from keras import layers

    def conv(x, size, stride, bias):
        return layers.Conv2D(filters, size, strides=stride, padding=padding, use_bias=bias)(x)

    def norm(x):
        return layers.BatchNormalization()(x) if norms else x

    changes, shrinks = x.shape[-1] != filters, stride != 1
    short = x
    needed = {"needed": changes or shrinks, "channels": changes, "stride": shrinks, "never": False, "always": True}[project]
    if needed:
        if shortcut == "conv":
            short = conv(x, 1, stride, bias[1])
        else:
            short = getattr(layers, shortcut)(stride, padding="same")(x) if shrinks else x
            short = conv(short, 1, 1, bias[1])
        if norm_shortcut:
            short = norm(short)
        if relu_shortcut:
            short = layers.ReLU()(short)
    y = conv(x, 3, stride if strides[0] else 1, bias[0])
    for step in inner.split():
        y = norm(y) if step == "norm" else layers.ReLU()(y)
    y = norm(conv(y, 3, stride if strides[1] else 1, bias[0]))
    if end in ("before", "both"):
        y = layers.ReLU()(y)
    if add:
        y = layers.Add()([y, short])
    return layers.ReLU()(y) if end in ("after", "both") else y


def _preactivated(x, filters, stride=1):
    from keras import layers

    def conv(x, stride):
        y = layers.ReLU()(layers.BatchNormalization()(x))
        return layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(y)

    short = x
    if stride != 1 or x.shape[-1] != filters:
        short = layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x)
    return layers.Add()([conv(conv(x, stride), 1), short])


def _tensor_with_default_norms(residual_block):
    from keras import Model, layers

    image = _input((9, 7, 4))
    result = call(residual_block, image, 4)  # the stride has a default
    need(not isinstance(result, Model), "Return the tensor that the last layer gives, not a model around it.")
    usual = layers.BatchNormalization()
    for layer in Model(image, result)._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            need(
                (layer.epsilon, layer.momentum) == (usual.epsilon, usual.momentum),
                f"A BatchNormalization has epsilon={layer.epsilon:g} and momentum={layer.momentum:g}: leave Keras' default "
                f"settings, {usual.epsilon:g} and {usual.momentum:g}.",
            )


lab.declare(
    "residual_block",
    "The residual block",
    points=3,
    seconds=ROOM,
    then=_tensor_with_default_norms,
    residual_block=Function(
        _block,
        cases={
            f"for {channels} → {filters} channels with stride {stride}": (Input((9, 7, channels)), filters, stride)
            for channels, filters, stride in ((4, 4, 1), (4, 6, 2), (4, 6, 1), (4, 4, 2))
        },
        dropout=True,
        mistakes={
            "{case} the two summands have different shapes: nothing projects the shortcut.": _variant(_block, project="never"),
            "{case} the two summands have different shapes: the shortcut needs its projection whenever the stride is not 1, "
            "also with the same channels.": _variant(_block, project="channels"),
            "{case} the two summands have different shapes: the shortcut needs its projection whenever the channels change, "
            "also with stride 1.": _variant(_block, project="stride"),
            "{case} the two summands have different shapes: only one of the two convolutions has the stride.": _variant(
                _block, strides=(1, 1)
            ),
            'The convolutions lose pixels at the edge: all padding is "same".': _variant(_block, padding="valid"),
            "When the shapes fit, the shortcut is the input itself, with no convolution on it.": _variant(
                _block, project="always"
            ),
            "The second convolution has the stride; it belongs in the first. As written, the first convolution works on the "
            "large map, which takes about three times the multiply-adds.": _variant(_block, strides=(0, 1)),
            "The convolutions have biases. BatchNormalization has its own: use_bias=False.": Either(
                _variant(_block, bias=(True, True)), _variant(_block, bias=(True, False))
            ),
            "The 1×1 convolution on the shortcut has a bias. BatchNormalization has its own: use_bias=False.": _variant(
                _block, bias=(False, True)
            ),
            "There is no BatchNormalization: each convolution is followed by one.": _variant(_block, norms=False),
            "The BatchNormalization after the 1×1 convolution on the shortcut is missing.": _variant(_block, norm_shortcut=False),
            "There is a ReLU on the projection: the shortcut goes through convolution and BatchNormalization only.": _variant(
                _block, relu_shortcut=True
            ),
            "You pool the shortcut. Its 1×1 convolution has the stride itself.": Either(
                _variant(_block, shortcut="AveragePooling2D"), _variant(_block, shortcut="MaxPooling2D")
            ),
            "The ReLU between the two convolutions is missing.": _variant(_block, inner="norm"),
            "The inner ReLU stands before BatchNormalization; it belongs after.": _variant(_block, inner="relu norm"),
            "There is no ReLU after the sum.": _variant(_block, end="none"),
            "The last ReLU comes before the sum, so the branch can only add. It belongs after.": _variant(_block, end="before"),
            "There is a ReLU before the sum, so the branch can only add. The only one at the end comes after the sum.": _variant(
                _block, end="both"
            ),
            "The input is not added to the result of the branch.": _variant(_block, add=False),
            "BatchNormalization and ReLU come before the convolutions: that is the later, pre-activation block. Here each "
            "convolution comes first.": _preactivated,
        },
    ),
    hints=(
        "Two 3×3 convolutions, each followed by BatchNormalization; a ReLU between them, and one after the sum. Only the first "
        "convolution has the stride. When does the sum not fit?",
        "When the stride is not 1 or the channels change, send the shortcut through Conv2D(filters, 1, strides=stride, "
        "use_bias=False) and BatchNormalization. BatchNormalization has its own bias, so no convolution has one.",
    ),
)


def block(x, filters, stride=1):
    """The block that the check passes to `resnet34`: small, so that building the network is quick."""
    from keras import layers

    return layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x)


def _resnet(block, side, classes, *, depths=(3, 4, 6, 3), filters=(64, 128, 256, 512), halved=(1, 2, 2, 2), where="first",
            bias=False, norm=True, relu=True, pool="MaxPooling2D", window=3, stem=2, padding="same",
            head="GlobalAveragePooling2D", softmax="softmax"):  # fmt: skip
    """ResNet-34, or one with a mistake. `halved`: the stride of each stage; `where`: which of its blocks have it."""
    from keras import Input, Model, layers

    image = Input((side, side, 3))
    x = layers.Conv2D(64, 7, strides=stem, padding=padding, use_bias=bias)(image)
    x = layers.BatchNormalization()(x) if norm else x
    x = layers.ReLU()(x) if relu else x
    x = getattr(layers, pool)(window, strides=2, padding=padding)(x) if pool else x
    for depth, width, stride in zip(depths, filters, halved, strict=True):
        for i in range(depth):
            at = {"first": i == 0, "last": i == depth - 1, "all": True}[where]
            x = block(x, width, stride if at else 1)
    x = getattr(layers, head)()(x)
    return Model(image, layers.Dense(classes, activation=softmax)(x))


lab.declare(
    "resnet34",
    "ResNet-34",
    points=3,
    seconds=ROOM,
    resnet34=Function(
        _resnet,
        cases={"for 70×70 images and 5 classes": (block, 70, 5), "for 33×33 images and 3 classes": (block, 33, 3)},
        dropout=True,
        builds=True,
        mistakes={
            "The first stage has stride 2. The pooling has just halved the map: the first stage keeps its size.": _variant(
                _resnet, halved=(2, 2, 2, 2)
            ),
            "No block has stride 2: the first block of stages two, three and four halves the map.": _variant(
                _resnet, halved=(1, 1, 1, 1)
            ),
            "Every block of stages two, three and four has stride 2; only the first of each stage has.": _variant(
                _resnet, where="all"
            ),
            "The last block of each stage has stride 2; it is the first that halves the map.": _variant(_resnet, where="last"),
            "That is ResNet-18, with 2, 2, 2 and 2 blocks. ResNet-34 has 3, 4, 6 and 3.": _variant(_resnet, depths=(2, 2, 2, 2)),
            "All blocks have 64 filters; the four stages have 64, 128, 256 and 512.": _variant(_resnet, filters=(64,) * 4),
            "The stem's convolution has a bias. BatchNormalization has its own: use_bias=False.": _variant(_resnet, bias=True),
            "The stem has no BatchNormalization.": _variant(_resnet, norm=False),
            "The stem has no ReLU.": _variant(_resnet, relu=False),
            "The stem ends in a 3×3 max pooling with stride 2; there is none.": _variant(_resnet, pool=None),
            "The stem ends in max pooling; yours averages.": _variant(_resnet, pool="AveragePooling2D"),
            "The window of the stem's pooling is 3×3.": _variant(_resnet, window=2),
            "The stem's convolution has stride 2.": _variant(_resnet, stem=1),
            'In the stem, all padding is "same".': _variant(_resnet, padding="valid"),
            "Global average pooling stands before the last layer, not Flatten.": _variant(_resnet, head="Flatten"),
            "Global *average* pooling stands before the last layer; yours takes the maximum.": _variant(
                _resnet, head="GlobalMaxPooling2D"
            ),
            "The outputs do not sum to 1: the last layer needs the softmax.": _variant(_resnet, softmax=None),
            "Return the model, `keras.Model(image, output)`; this is a tensor.": (
                lambda block, side, classes: _resnet(block, side, classes).output
            ),
            "The network is not made of `block`, the argument: the check passes a block of its own.": (
                lambda block, side, classes: _resnet(_block, side, classes)
            ),
        },
    ),
    hints=(
        "A stem (7×7 convolution with stride 2, BatchNormalization, ReLU, 3×3 max pooling with stride 2), four stages of 3, 4, 6 "
        "and 3 blocks, global average pooling, Dense.",
        "The stages have 64, 128, 256 and 512 filters. The first block of each stage but the first has stride 2, all others 1. "
        'Stem and pooling use padding="same", and the stem\'s convolution has no bias.',
    ),
)


def _trained(depths, *, stem=1, stem_norm=2, head=513 * 1000, norm=2, project=1, project_norm=2, first=False, always=False):
    """Trained parameters of a ResNet; `norm` numbers a channel for each BatchNormalization."""
    total = stem * 7 * 7 * 3 * 64 + stem_norm * 64 + head
    channels = 64
    for stage, depth in enumerate(depths):
        filters = 64 * 2**stage
        for _ in range(depth):
            total += 9 * (filters if first else channels) * filters + 9 * filters**2 + 2 * norm * filters
            if channels != filters or always:
                total += project * channels * filters + project_norm * filters
            channels = filters
    return total


lab.declare(
    "resnet_parameters",
    "ResNet's parameters by hand",
    points=2,
    seconds=ROOM,
    resnet_parameters=Function(
        _trained,
        cases=[((2, 2, 2, 2),), ((3, 4, 6, 3),), ((1, 1, 1, 1),), ((2, 1, 3, 1),)],  # published: 11,689,512 and 21,797,672
        mistakes={
            "The head is missing: Dense(1000) behind 512 numbers.": _variant(_trained, head=0),
            "The head's biases are missing.": _variant(_trained, head=512_000),
            "The stem is missing: a 7×7 convolution to 64 channels and its BatchNormalization.": _variant(
                _trained, stem=0, stem_norm=0
            ),
            "The stem's convolution is missing: 7×7, from 3 channels to 64.": _variant(_trained, stem=0),
            "The stem's BatchNormalization is missing.": _variant(_trained, stem_norm=0),
            "The projections on the shortcuts are missing.": _variant(_trained, project=0, project_norm=0),
            "The 1×1 convolutions on the shortcuts are missing.": _variant(_trained, project=0),
            "The shortcuts' BatchNormalizations are missing.": _variant(_trained, project_norm=0),
            "You count the moving averages of BatchNormalization. They are kept, but not trained.": _variant(
                _trained, stem_norm=4, norm=4, project_norm=4
            ),
            "BatchNormalization trains two numbers for each channel; yours has none.": _variant(
                _trained, stem_norm=0, norm=0, project_norm=0
            ),
            "BatchNormalization trains two numbers for each channel; you count one.": _variant(
                _trained, stem_norm=1, norm=1, project_norm=1
            ),
            "In a block that widens the map, the first convolution reads the old number of channels.": _variant(
                _trained, first=True
            ),
            "Only a block whose shape changes has a projection on its shortcut.": _variant(_trained, always=True),
            "These are the published totals, whatever `depths` says. Count a block at a time.": (
                lambda depths: 11_689_512 if tuple(depths) == (2, 2, 2, 2) else 21_797_672
            ),
        },
    ),
    hints=(
        "Stem: 7·7·3·64 weights and 2 numbers a channel for BatchNormalization (the other two are not trained). Head: "
        "(512 + 1)·1000. In between: what has one block?",
        "A block from `channels` to `filters`: 9·channels·filters + 9·filters² + 4·filters, and when the channels change "
        "channels·filters + 2·filters for the shortcut. Then `channels` becomes `filters`.",
    ),
)


# ---------------------------------------------------------------- 6 · errata

_VGG_PRODUCTS = 15_346_630_656  # multiply-adds of VGG-16's convolutions; its dense layers add 123,633,664
_NUMBERS = {
    "activations": _VALUES,
    "megabytes": 138_357_544 * 4 / 1e6,
    "adam": 3,
    "conv1": 34_944,
    "width": 54,
    "field": 5,
    "flops": 2 * _VGG_PRODUCTS / 1e9,
    "dilation": 0,
    "convnet": 431_754 - 203_530,
}
_SLIPS = (  # key, wrong numbers, what is said
    ("activations", (15_087_080,), "the image itself is missing."),
    ("activations", (15_228_416,), "the dense layers are missing."),
    ("activations", (24_000_000, 24e6), "that is the claim. Count, and compare."),
    ("megabytes", (138_357_544 * 4 / 2**20,), "those are mebibytes, of 2²⁰ bytes. Here a megabyte is 10⁶."),
    ("megabytes", (522, 552), "that is a published number. Multiply the parameters by 4 bytes."),
    ("megabytes", (553, 553.4), "it is rounded. Write the expression and let Python do the division."),
    ("adam", (2,), "that is plain SGD: weight and gradient."),
    ("adam", (4,), "that is Adam. Momentum keeps one slot."),
    ("adam", (1,), "the factor counts weight, gradient and slot."),
    ("conv1", (34_848,), "the biases are missing."),
    ("width", (54.25,), "Keras builds a whole number of columns. Round down."),
    ("width", (55,), "that is the width for an input of 227."),
    ("width", (53, 53.25), "you forgot the + 1."),
    ("field", (3,), "that is the kernel. What do three neighbouring units of the first layer see together?"),
    ("field", (6, 9), "neighbouring windows overlap."),
    ("field", ((5, 5),), "give one number, the size along one side."),
    ("field", (25,), "that is the area. Give the size along one side."),
    ("flops", (_VGG_PRODUCTS / 1e9, 15.3), "those are multiply-adds. Each is two operations."),
    ("flops", (2 * (_VGG_PRODUCTS + 123_633_664) / 1e9,), "that includes the dense layers. Count the convolutions only."),
    ("flops", (2 * _VGG_PRODUCTS,), "give it in billions."),
    ("flops", (30.7, 30.69, 31), "it is rounded. Write the expression and let Python do the division."),
    ("dilation", (1024, 128), "that is against a 5×5 kernel; the claim names none. Compare with the plain 3×3."),
    ("convnet", (203_530 - 431_754,), "subtract the other way round: ConvNet minus MLP."),
    ("convnet", (431_754,), "that is the ConvNet alone."),
    ("convnet", (203_530,), "that is the MLP alone."),
)
_VERDICTS = {
    "activations": (
        "wrong",
        "15.2 million values make 61 MB. Not even the claim's own two numbers agree: 24 million times 4 bytes are 96 MB.",
    ),
    "megabytes": ("wrong", "the number is false. It is 553.4 MB, or 527.8 MiB; 522 is neither."),
    "adam": ("incomplete", "both factors are right, but momentum lies in between, and the claim leaves it out."),
    "conv1": ("right", "(11·11·3 + 1)·96 is exactly that."),
    "width": ("incomplete", "the formula holds only where the division leaves no remainder: it lacks the rounding down."),
    "field": ("incomplete", "it holds for the first layer only; every further layer sees more than its kernel."),
    "flops": ("wrong", "the unit is false: 15.3 billion multiply-adds are 30.7 billion operations."),
    "dilation": ("incomplete", "against a plain 3×3 kernel nothing is saved; only against a kernel of the same reach."),
    "convnet": (
        "incomplete",
        "no number or unit is false, but a condition is missing: a convolution has fewer parameters than a dense layer between "
        "the same maps. The lecture's ConvNet has more parameters than its MLP.",
    ),
}
_WORDS = ("right", "wrong", "incomplete")


lab.declare(
    "errata",
    "Nine received claims",
    points=4,
    recomputed=Value(
        _NUMBERS, {f"`{key}`: {said}": Either(*({key: number} for number in numbers)) for key, numbers, said in _SLIPS}
    ),
    verdicts=Value(
        {key: verdict for key, (verdict, _) in _VERDICTS.items()},
        {
            f"verdicts[{key!r}]: {why}": Either(*({key: word} for word in _WORDS if word != verdict))
            for key, (verdict, why) in _VERDICTS.items()
        },
    ),
    hints=(
        'Recompute each number first. Then judge: "right" if the claim holds as it stands, "wrong" if a number or a unit in it '
        'is false, "incomplete" if it needs a condition that it does not name, or leaves a case out.',
        "One claim is right. Three are wrong: in a number, in a number, in a unit. Five are incomplete: what they lack is a "
        "rounding, a layer, an optimizer, and twice what the comparison is made with.",
    ),
)


# ---------------------------------------------------------------- 7 · measured


def _line(first, second, *, slope=lambda b, p, c, q: (q - p) / (c - b), rest=lambda b, p, slope: p - slope * b):
    found = slope(*first, *second)
    return found, rest(*first, found)


lab.declare(
    "line_through",
    "What grows with the batch",
    line_through=Function(
        _line,
        cases=[
            ((64, 200.0), (128, 350.0)),
            ((8, 10.0), (24, 90.0)),  # a negative rest
            ((3, 10.0), (5, 9.0)),
            ((10, 7.5), (40, 22.5)),
            ((32, 289.5), (48, 405)),
        ],
        mistakes={
            "The slope is memory per example: the difference of the peaks divided by the difference of the batches.": Either(
                _variant(_line, slope=lambda b, p, c, q: (c - b) / (q - p)),
                lambda first, second: (1 / _line(first, second)[0], _line(first, second)[1]),
            ),
            "The sign of the slope is reversed: subtract both pairs in the same order.": Either(
                _variant(_line, slope=lambda b, p, c, q: -(q - p) / (c - b)),
                lambda first, second: (-_line(first, second)[0], _line(first, second)[1]),
            ),
            "The slope is a whole peak divided by its batch; part of the peak is there without any example.": Either(
                _variant(_line, slope=lambda b, p, c, q: q / c), _variant(_line, slope=lambda b, p, c, q: p / b)
            ),
            "The slope is the difference of the peaks; divide it by the difference of the batches.": _variant(
                _line, slope=lambda b, p, c, q: q - p
            ),
            "Return (slope, rest) in this order.": lambda first, second: _line(first, second)[::-1],
            "The rest is what is left of a peak without its examples; you return a whole peak.": Either(
                _variant(_line, rest=lambda b, p, slope: p), lambda first, second: (_line(first, second)[0], second[1])
            ),
            "{case}: the line may cut the axis below 0. Return the rest as it comes out.": (
                lambda first, second: (_line(first, second)[0], max(0, _line(first, second)[1]))
            ),
            "The rest: subtract the examples' memory from the peak; do not add it again.": _variant(
                _line, rest=lambda b, p, slope: p + slope * b
            ),
            "The rest: a peak minus slope · batch, with the batch that belongs to that peak.": Either(
                lambda first, second: (_line(first, second)[0], first[1] - _line(first, second)[0] * second[0]),
                lambda first, second: (_line(first, second)[0], second[1] - _line(first, second)[0] * first[0]),
            ),
        },
    ),
    hints=(
        "Take the measurements at two batches. What changed between them? Only the number of examples.",
        "slope = (peak at 64 − peak at 32) / (64 − 32), and the rest is what is left of a peak without its examples: "
        "peak − slope · batch.",
    ),
)
