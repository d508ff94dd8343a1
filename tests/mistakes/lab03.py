"""Wrong answers that real students give in lab 03, and a part of the message each must get."""

_VGG = """
def vgg16(side, classes):
    model = keras.Sequential([keras.Input((side, side, 3))])
    for filters, depth in VGG_BLOCKS:
        for _ in range(depth):
            model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    for _ in range(2):
        model.add(layers.Dense(4096, activation="relu"))
        model.add(layers.Dropout(0.5))
    model.add(layers.Dense(classes, activation="softmax"))
    return model
"""

_BLOCK = """
def residual_block(x, filters, stride=1):
    shortcut = x
    if stride != 1 or x.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x)
        shortcut = layers.BatchNormalization()(shortcut)
    x = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(layers.Add()([x, shortcut]))
"""

_RESNET = """
def resnet34(block, side, classes):
    image = keras.Input((side, side, 3))
    x = layers.Conv2D(64, 7, strides=2, padding="same", use_bias=False)(image)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for filters, depth in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for i in range(depth):
            x = block(x, filters, 2 if i == 0 and filters > 64 else 1)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(classes, activation="softmax")(x))
"""

_COUNT = """
def resnet_parameters(depths):
    total = 7 * 7 * 3 * 64 + 2 * 64 + 513 * 1000
    channels = 64
    for stage, depth in enumerate(depths):
        filters = 64 * 2**stage
        for _ in range(depth):
            total += 9 * channels * filters + 9 * filters**2 + 4 * filters
            if channels != filters:
                total += channels * filters + 2 * filters
            channels = filters
    return total
"""

_TABLE = """
def network_table(layers, side, channels):
    rows = []
    for name, kind, units, kernel, stride, padding in layers:
        parameters = 0
        if kind == "dense":
            parameters = (side * side * channels + 1) * units
            side, channels = 1, units
        else:
            side = (side - kernel + 2 * padding) // stride + 1
        if kind == "conv":
            parameters = (kernel * kernel * channels + 1) * units
            channels = units
        rows.append((name, (side, side, channels), parameters))
    return rows
"""

_ERRATA = """
recomputed = {
    "activations": vgg_base.activations + 4096 + 4096 + 1000,
    "megabytes": 138_357_544 * 4 / 1e6,
    "adam": 2 + slots("momentum")[1],
    "conv1": (11 * 11 * 3 + 1) * 96,
    "width": (224 - 11) // 4 + 1,
    "field": 5,
    "flops": 2 * vgg_base.multiply_adds / 1e9,
    "dilation": 0,
    "convnet": 431_754 - 203_530,
}
verdicts = {"activations": "wrong", "megabytes": "wrong", "adam": "incomplete", "conv1": "right", "width": "incomplete"}
verdicts |= {"field": "incomplete", "flops": "wrong", "dilation": "incomplete", "convnet": "wrong"}
"""


def _but(source: str, *changes: tuple[str, str]) -> str:
    """A right answer with some of its text replaced."""
    for old, new in changes:
        if old not in source:
            raise ValueError(f"{old!r} is not in the answer")
        source = source.replace(old, new, 1)
    return source


MISTAKES = {}
OLD = {
    "output_side": [
        ("no floor", "def output_side(side, kernel, stride, padding):\n    return (side - kernel) / stride + 1\n", "forgot the floor"),
        (
            "no + 1",
            "def output_side(side, kernel, stride, padding):\n    return -(-side // stride) if padding == 'same' else (side - kernel) // stride\n",
            "forgot the + 1",
        ),
        (
            "valid for both",
            "def output_side(side, kernel, stride, padding):\n    return (side - kernel) // stride + 1\n",
            'That is "valid"',
        ),
        (
            "same rounds down",
            "def output_side(side, kernel, stride, padding):\n    return side // stride if padding == 'same' else (side - kernel) // stride + 1\n",
            '"same" rounds up',
        ),
        (
            "same keeps the size",
            "def output_side(side, kernel, stride, padding):\n    return side if padding == 'same' else (side - kernel) // stride + 1\n",
            "only at stride 1",
        ),
    ],
    "conv_cost": [
        (
            "no biases",
            "def conv_cost(i, o, k, groups=1):\n    w = k[0] * k[1] * i[2] // groups * o[2]\n    return w, o[0] * o[1] * o[2], o[0] * o[1] * w\n",
            "forgot the biases",
        ),
        (
            "groups ignored",
            "def conv_cost(i, o, k, groups=1):\n    w = k[0] * k[1] * i[2] * o[2]\n    return w + o[2], o[0] * o[1] * o[2], o[0] * o[1] * w\n",
            "with groups, a filter sees only",
        ),
        (
            "operations",
            "def conv_cost(i, o, k, groups=1):\n    w = k[0] * k[1] * i[2] // groups * o[2]\n    return w + o[2], o[0] * o[1] * o[2], 2 * o[0] * o[1] * w\n",
            "one multiply-add",
        ),
        (
            "biases multiplied",
            "def conv_cost(i, o, k, groups=1):\n    p = k[0] * k[1] * i[2] // groups * o[2] + o[2]\n    return p, o[0] * o[1] * o[2], o[0] * o[1] * p\n",
            "multiply nothing",
        ),
        (
            "places of the input",
            "def conv_cost(i, o, k, groups=1):\n    w = k[0] * k[1] * i[2] // groups * o[2]\n    return w + o[2], o[0] * o[1] * o[2], i[0] * i[1] * w\n",
            "places of the output",
        ),
        (
            "one channel",
            "def conv_cost(i, o, k, groups=1):\n    w = k[0] * k[1] * i[2] // groups * o[2]\n    return w + o[2], o[0] * o[1], o[0] * o[1] * w\n",
            "that is one channel",
        ),
        ("one number", "def conv_cost(i, o, k, groups=1):\n    return k[0] * k[1] * i[2] * o[2]\n", "Return 3 values"),
    ],
    "two_layers": [
        ("conv has more weights", 'more_parameters = "conv"\nmore_work = "conv"\n', "7·7·512·4096"),
        ("dense works more", 'more_parameters = "dense"\nmore_work = "dense"\n', "uses each weight once"),
        ("another word", 'more_parameters = "Dense(4096)"\nmore_work = "conv"\n', "is none of"),
    ],
    "network_table": [
        ("no floor", _but(_TABLE, ("// stride", "/ stride")), "needs its floor"),
        ("no biases", _but(_TABLE, ("kernel * kernel * channels + 1", "kernel * kernel * channels")), "forgot the biases"),
        ("channels too early", _but(_TABLE, ("            parameters = (kernel * kernel * channels + 1) * units\n            channels = units\n",
                                             "            channels = units\n            parameters = (kernel * kernel * channels + 1) * units\n")),
         "CONV1, parameters"),
        ("padding once", _but(_TABLE, ("2 * padding", "padding")), "Is the padding on both sides"),
        ("pooling makes one channel", _but(_TABLE, ("        if kind == \"conv\":", "        if kind == \"pool\":\n            channels = 1\n        if kind == \"conv\":")),
         "Pooling keeps them"),
        ("only the totals", "def network_table(layers, side, channels):\n    return 62_378_344\n", "Return a list of rows"),
    ],
    "equivalent_mlp": [
        ("the table's side", "slide_side = 227\ntable_connections = 227 * 227 * 3 * 55 * 55 * 96\nplaces = 54.25\n", "The slide says 43.7"),
        ("the slide's number", "slide_side = 224\ntable_connections = 224 * 224 * 3 * 55 * 55 * 96\nplaces = 54.25\n", "for an input of 224"),
        ("grey", "slide_side = 224\ntable_connections = 227 * 227 * 55 * 55 * 96\nplaces = 54.25\n", "3 channels"),
        ("with floor", "slide_side = 224\ntable_connections = 227 * 227 * 3 * 55 * 55 * 96\nplaces = (224 - 11) // 4 + 1\n", "leave the floor out"),
    ],
    "vgg16": [
        ("the slide's third argument", _but(_VGG, ('filters, 3, padding="same"', 'filters, 3, 3, padding="same"')), "`strides` now"),
        ("no padding", _but(_VGG, ('filters, 3, padding="same"', "filters, 1")), "3×3 everywhere"),
        ("no last layer", _but(_VGG, ('    model.add(layers.Dense(classes, activation="softmax"))\n', "")), "is missing"),
        ("no dropout", _but(_VGG, ("        model.add(layers.Dropout(0.5))\n", "")), "dropout rates"),
        ("no softmax", _but(_VGG, (', activation="softmax"', "")), "should end in softmax"),
        ("average pooling", _but(_VGG, ("MaxPooling2D", "AveragePooling2D")), "0 max poolings"),
        ("no pooling", _but(_VGG, ("        model.add(layers.MaxPooling2D(2))\n", "")), "ends each block"),
        ("one pooling, at the end", _but(_VGG, ("        model.add(layers.MaxPooling2D(2))\n", ""),
                                         ("    model.add(layers.Flatten())\n", "    model.add(layers.MaxPooling2D(2))\n    model.add(layers.Flatten())\n")),
         "ends each block"),
        ("not a model", "def vgg16(side, classes):\n    return keras.Input((side, side, 3))\n", "Return a Keras model"),
    ],
    "vgg_activations": [
        ("no image", "def vgg_activations(blocks, side, units):\n    t = 0\n    for f, d in blocks:\n        t += d * f * side**2\n        side //= 2\n        t += f * side**2\n    return t + sum(units)\n", "forgot the input"),
        ("no poolings", "def vgg_activations(blocks, side, units):\n    t = 3 * side**2\n    for f, d in blocks:\n        t += d * f * side**2\n        side //= 2\n    return t + sum(units)\n", "outputs of the poolings"),
        ("flatten too", "def vgg_activations(blocks, side, units):\n    t = 3 * side**2\n    for f, d in blocks:\n        t += d * f * side**2\n        side //= 2\n        t += f * side**2\n    return t + f * side**2 + sum(units)\n", "it is a view"),
        ("as published", "def vgg_activations(blocks, side, units):\n    return 24_000_000\n", "published total"),
        ("no head", "def vgg_activations(blocks, side, units):\n    t = 3 * side**2\n    for f, d in blocks:\n        t += d * f * side**2\n        side //= 2\n        t += f * side**2\n    return t\n", "forgot the dense layers"),
    ],
    "vgg_numbers": [
        ("mebibytes", "megabytes = 15_237_608 * 4 / 2**20\nhead_parameters = 123_642_856\n", "mebibytes"),
        ("as published", "megabytes = 93\nhead_parameters = 123_642_856\n", "does not follow from the table"),
        ("rounded", "megabytes = 60.95\nhead_parameters = 123_642_856\n", "is rounded"),
        ("no biases", "megabytes = 15_237_608 * 4 / 1e6\nhead_parameters = 7 * 7 * 512 * 4096 + 4096 * 4096 + 4096 * 1000\n", "biases are missing"),
        ("the first layer only", "megabytes = 15_237_608 * 4 / 1e6\nhead_parameters = (7 * 7 * 512 + 1) * 4096\n", "first dense layer alone"),
    ],
    "training_bytes": [
        ("no gradients", "def training_bytes(parameters, kept, batch, slots):\n    return 4 * (parameters * (1 + slots) + kept * batch)\n", "gradients are missing"),
        ("values", "def training_bytes(parameters, kept, batch, slots):\n    return parameters * (2 + slots) + kept * batch\n", "takes 4 bytes"),
        ("one example", "def training_bytes(parameters, kept, batch, slots):\n    return 4 * (parameters * (2 + slots) + kept)\n", "every example"),
        ("all times batch", "def training_bytes(parameters, kept, batch, slots):\n    return 4 * (parameters * (2 + slots) + kept) * batch\n", "there once"),
    ],
    "largest_batch": [
        ("not whole", "def largest_batch(available, parameters, kept, slots):\n    return (available - 4 * parameters * (2 + slots)) / (4 * kept)\n", "round down"),
        ("negative", "def largest_batch(available, parameters, kept, slots):\n    return (available - 4 * parameters * (2 + slots)) // (4 * kept)\n", "cannot be negative"),
        ("activations only", "def largest_batch(available, parameters, kept, slots):\n    return available // (4 * kept)\n", "take their part first"),
        ("weights only", "def largest_batch(available, parameters, kept, slots):\n    return (available - 4 * parameters) // (4 * kept)\n", "take their part too"),
    ],
    "mixed_bytes": [
        ("half of everything", "def mixed_bytes(parameters, kept, batch, slots):\n    return 2 * (parameters * (2 + slots) + kept * batch)\n", "Not everything is halved"),
        ("no copy", "def mixed_bytes(parameters, kept, batch, slots):\n    return 4 * parameters * (2 + slots) + 2 * kept * batch\n", "float16 copy"),
        ("nothing halved", "def mixed_bytes(parameters, kept, batch, slots):\n    return parameters * (10 + 4 * slots) + 4 * kept * batch\n", "2 bytes in half precision"),
    ],
    "pooled_head": [
        ("no biases", "pooled_parameters = 14_714_688 + 512 * 1000\nsaved_megabytes = (138_357_544 - pooled_parameters) * 16 / 1e6\n", "has biases"),
        ("flattened", "pooled_parameters = 14_714_688 + 7 * 7 * 512 * 1000 + 1000\nsaved_megabytes = (138_357_544 - pooled_parameters) * 16 / 1e6\n", "not 7·7·512"),
        ("weights only", "pooled_parameters = 14_714_688 + 513 * 1000\nsaved_megabytes = (138_357_544 - pooled_parameters) * 4 / 1e6\n", "the weights alone"),
    ],
    "residual_block": [
        ("no projection", _but(_BLOCK, ("stride != 1 or x.shape[-1] != filters", "False")), "different shapes"),
        ("only for channels", _but(_BLOCK, ("stride != 1 or x.shape[-1] != filters", "x.shape[-1] != filters")), "different shapes"),
        ("biases", _but(_BLOCK, ('padding="same", use_bias=False', 'padding="same"')), "has a bias"),
        ("no last relu", _but(_BLOCK, ("return layers.ReLU()(layers.Add()([x, shortcut]))", "return layers.Add()([x, shortcut])")), "no ReLU after the sum"),
        ("relu before the sum", _but(_BLOCK, ("return layers.ReLU()(layers.Add()([x, shortcut]))", "return layers.ReLU()(layers.Add()([layers.ReLU()(x), shortcut]))")),
         "before the sum"),
        ("no addition", _but(_BLOCK, ("return layers.ReLU()(layers.Add()([x, shortcut]))", "return layers.ReLU()(x)")), "the input is not added"),
        ("no inner relu", _but(_BLOCK, ("x = layers.ReLU()(layers.BatchNormalization()(x))", "x = layers.BatchNormalization()(x)")), "between the two convolutions"),
        ("stride twice", _but(_BLOCK, ('filters, 3, padding="same"', 'filters, 3, strides=stride, padding="same"')), "different shapes"),
    ],
    "resnet34": [
        ("first stage halves too", _but(_RESNET, ("i == 0 and filters > 64", "i == 0")), "first block has stride 2"),
        ("no strides", _but(_RESNET, ("2 if i == 0 and filters > 64 else 1", "1")), "No block has stride 2"),
        ("resnet 18", _but(_RESNET, ("((64, 3), (128, 4), (256, 6), (512, 3))", "((64, 2), (128, 2), (256, 2), (512, 2))")), "ResNet-34 has [3, 4, 6, 3]"),
        ("flattened", _but(_RESNET, ("GlobalAveragePooling2D", "Flatten")), "expected GlobalAveragePooling2D"),
        ("a bias in the stem", _but(_RESNET, ("use_bias=False", "use_bias=True")), "has a bias"),
        ("no normalization", _but(_RESNET, ("layers.ReLU()(layers.BatchNormalization()(x))", "layers.ReLU()(x)")), "The stem begins"),
    ],
    "resnet_parameters": [
        ("no head", _but(_COUNT, (" + 513 * 1000", "")), "head is missing"),
        ("no shortcuts", _but(_COUNT, ("channels != filters", "False")), "on the shortcuts are missing"),
        ("moving averages too", _but(_COUNT, ("2 * 64", "4 * 64"), ("4 * filters", "8 * filters"), ("+ 2 * filters", "+ 4 * filters")), "not trained"),
        ("no normalization", _but(_COUNT, (" + 4 * filters", ""), (" + 2 * filters", ""), (" + 2 * 64", "")), "two trained numbers"),
    ],
    "errata": [
        ("as published", _but(_ERRATA, ('"activations": vgg_base.activations + 4096 + 4096 + 1000', '"activations": 24e6')), "too large"),
        ("mebibytes", _but(_ERRATA, ("138_357_544 * 4 / 1e6", "138_357_544 * 4 / 2**20")), "mebibytes"),
        ("adds for operations", _but(_ERRATA, ("2 * vgg_base.multiply_adds", "vgg_base.multiply_adds")), "Each is two operations"),
        ("no floor", _but(_ERRATA, ("(224 - 11) // 4", "(224 - 11) / 4")), "Round down"),
        ("believes the slide", _but(_ERRATA, ('"convnet": "wrong"', '"convnet": "right"')), "has more parameters"),
        ("floor forgiven", _but(_ERRATA, ('"width": "incomplete"', '"width": "right"')), "lacks its floor"),
        ("no entry", _but(_ERRATA, ('    "conv1": (11 * 11 * 3 + 1) * 96,\n', "")), "no entry for conv1"),
    ],
    "line_through": [
        ("upside down", "def line_through(first, second):\n    slope = (second[0] - first[0]) / (second[1] - first[1])\n    return slope, first[1] - slope * first[0]\n", "memory per example"),
        ("peak over batch", "def line_through(first, second):\n    slope = second[1] / second[0]\n    return slope, first[1] - slope * first[0]\n", "shared out over the batch"),
        ("rest is the first peak", "def line_through(first, second):\n    slope = (second[1] - first[1]) / (second[0] - first[0])\n    return slope, first[1]\n", "left at batch 0"),
    ],
}  # fmt: skip

# Mutants that no check can notice: they compute the same.
_WIDTH = '"width": (224 - 11) // 4 + 1,'
EQUIVALENT = {
    (
        "conv_cost",
        "FloorDiv → Div: weights = kernel[0] * kernel[1] * in_shape[2] // groups * out_shape[2]",
    ): "groups divide the channels, so both divisions give the same count",
    (
        "resnet34",
        "64 + 1: x = block(x, filters, 2 if i == 0 and filters > 64 else 1)",
    ): "filters are 64, 128, 256 or 512: above 64 and above 65 are the same",
    ("errata", '0 + 1: "field": small([PLAIN, PLAIN]).rows[-1].receptive_field[0],'): "kernel and field are square",
    ("errata", f"224 + 1: {_WIDTH}"): "one more pixel makes no further window: that is the floor",
    ("errata", f"11 + 1: {_WIDTH}"): "one more pixel in the kernel loses no window: that is the floor",
}
