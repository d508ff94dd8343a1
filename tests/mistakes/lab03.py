"""Answers to lab 03's exercises beside the official ones and the mistakes that its checks declare (see tests/mistakes)."""

OTHERS = {
    "output_side": [
        (
            "ceil, and words in a dictionary",
            """
import math

def output_side(side, kernel, stride, padding):
    reach = {"valid": side - kernel + 1, "same": side}[padding]
    return math.ceil(reach / stride)
""",
        ),
        (
            "counts the windows one by one",
            """
def output_side(side, kernel, stride, padding):
    if padding == "same":
        return len(range(0, side, stride))
    return len([start for start in range(0, side, stride) if start + kernel <= side])
""",
        ),
        (
            "asks Keras",
            """
def output_side(side, kernel, stride, padding):
    layer = keras.layers.MaxPooling2D(kernel, stride, padding)
    return layer.compute_output_shape((None, side, side, 1))[1]
""",
        ),
    ],
    "conv_cost": [
        (
            "a loop over the groups, a list",
            """
def conv_cost(in_shape, out_shape, kernel, groups=1):
    weights = 0
    for _ in range(groups):
        weights += kernel[0] * kernel[1] * (in_shape[2] / groups) * (out_shape[2] / groups)
    rows, columns, filters = out_shape
    return [weights + filters, rows * columns * filters, weights * rows * columns]
""",
        ),
        (
            "NumPy, an array",
            """
import numpy as np

def conv_cost(in_shape, out_shape, kernel, groups=1):
    weights = np.prod(kernel) * in_shape[-1] // groups * out_shape[-1]
    return np.array([weights + out_shape[-1], np.prod(out_shape), np.prod(out_shape[:2]) * weights])
""",
        ),
        (
            "Keras and the ledger",
            """
from utils.ledger import ledger

def conv_cost(in_shape, out_shape, kernel, groups=1):
    layer = keras.layers.Conv2D(out_shape[2], kernel, groups=groups)
    layer.build((None, *in_shape))
    values = out_shape[0] * out_shape[1] * out_shape[2]
    return layer.count_params(), values, out_shape[0] * out_shape[1] * (layer.count_params() - out_shape[2])
""",
        ),
    ],
    "two_layers": [
        ("upper case", 'more_parameters = "Dense"\nmore_work = "Conv"\n'),
        (
            "computed",
            """
parameters = {"dense": 7 * 7 * 512 * 4096, "conv": 3 * 3 * 512 * 512}
work = {"dense": parameters["dense"], "conv": parameters["conv"] * 14 * 14}
more_parameters = max(parameters, key=parameters.get)
more_work = max(work, key=work.get)
""",
        ),
    ],
    "network_table": [
        (
            "recursive",
            """
def network_table(layers, side, channels):
    if not layers:
        return []
    (name, kind, units, kernel, stride, padding), *rest = layers
    if kind == "dense":
        return [(name, (1, 1, units), (side * side * channels + 1) * units)] + network_table(rest, 1, units)
    out = (side + 2 * padding - kernel) // stride + 1
    if kind == "pool":
        return [(name, (out, out, channels), 0)] + network_table(rest, out, channels)
    return [(name, (out, out, units), (kernel * kernel * channels + 1) * units)] + network_table(rest, out, units)
""",
        ),
        (
            "lists for tuples, math.floor",
            """
import math

def network_table(layers, side, channels):
    table = []
    for layer in layers:
        name, kind, units = layer[:3]
        if kind == "dense":
            table.append([name, [1, 1, units], units * side**2 * channels + units])
            side = 1
        else:
            side = math.floor((side + 2 * layer[5] - layer[3]) / layer[4]) + 1
            count = layer[3] ** 2 * channels * units + units if kind == "conv" else 0
            table.append([name, [side, side, units or channels], count])
        channels = units or channels
    return table
""",
        ),
        (
            "recursion",
            """
def network_table(layers, side, channels):
    if not layers:
        return []
    (name, kind, units, kernel, stride, padding), *others = layers
    if kind == "dense":
        parameters, side = (side * side * channels + 1) * units, 1
    else:
        side = (side + 2 * padding - kernel) // stride + 1
        parameters = (kernel**2 * channels + 1) * units if kind == "conv" else 0
    channels = channels if kind == "pool" else units
    return [(name, (side, side, channels), parameters), *network_table(others, side, channels)]
""",
        ),
    ],
    "equivalent_mlp": [
        ("only numbers", "slide_side = 224\ntable_connections = 44_892_064_800\npositions = 54.25\n"),
        (
            "searched, as floats",
            """
slide_side = min((224, 227), key=lambda side: abs(side**2 * 3 * 55 * 55 * 96 - 43.7e9))
table_connections = 227.0**2 * 3 * 55**2 * 96
positions = 1 + 213 / 4
""",
        ),
    ],
    "vgg16": [
        (
            "functional, with layers for activations",
            """
def vgg16(side, classes):
    import keras
    from keras import layers
    inputs = x = keras.Input(shape=(side, side, 3))
    for filters, count in VGG_BLOCKS:
        for _ in range(count):
            x = layers.Conv2D(filters, (3, 3), strides=(1, 1), padding="same", use_bias=True)(x)
            x = layers.ReLU()(x)
        x = layers.MaxPool2D((2, 2), strides=(2, 2))(x)
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dense(4096)(x)
        x = layers.Activation("relu")(x)
        x = layers.Dropout(rate=0.5)(x)
    x = layers.Dense(classes)(x)
    x = layers.Softmax()(x)
    return keras.Model(inputs=inputs, outputs=x, name="VGG16")
""",
        ),
        (
            "functional, ReLU layers, keras.ops",
            """
def vgg16(side, classes):
    image = x = keras.Input(shape=(side, side, 3))
    for filters, depth in VGG_BLOCKS:
        for _ in range(depth):
            x = layers.ReLU()(layers.Conv2D(filters, (3, 3), padding="same")(x))
        x = layers.MaxPool2D()(x)
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dropout(0.5)(keras.ops.relu(layers.Dense(4096)(x)))
    return keras.Model(image, layers.Softmax()(layers.Dense(classes)(x)))
""",
        ),
        (
            "blocks as models, reshaped instead of flattened",
            """
def vgg16(side, classes):
    model = keras.Sequential([keras.Input((side, side, 3))])
    for filters, depth in VGG_BLOCKS:
        block = [layers.Conv2D(filters, 3, 1, "same", activation=keras.activations.relu) for _ in range(depth)]
        model.add(keras.Sequential([*block, layers.MaxPooling2D(2, 2)]))
    model.add(layers.Reshape((-1,)))
    for _ in range(2):
        model.add(layers.Dense(4096))
        model.add(layers.Activation("relu"))
        model.add(layers.Dropout(0.5))
    model.add(layers.Dense(classes, activation=keras.ops.softmax))
    return model
""",
        ),
    ],
    "vgg_activations": [
        (
            "counts a model that Keras builds",
            """
def vgg_activations(blocks, side, units):
    model = keras.Sequential([keras.Input((side, side, 3))])
    for filters, depth in blocks:
        for _ in range(depth):
            model.add(layers.Conv2D(filters, 3, padding="same"))
        model.add(layers.MaxPooling2D(2))
    maps = sum(layer.output.shape[1] ** 2 * layer.output.shape[3] for layer in model.layers)
    return 3 * side**2 + maps + sum(units)
""",
        ),
        (
            "recursion",
            """
def vgg_activations(blocks, side, units, image=True):
    start = 3 * side * side if image else 0
    if not blocks:
        return start + sum(units)
    (filters, depth), *others = blocks
    half = side // 2
    return start + filters * (depth * side * side + half * half) + vgg_activations(others, half, units, False)
""",
        ),
        (
            "Keras with the dense layers, slow",
            """
from utils.ledger import ledger

def vgg_activations(blocks, side, units):
    model = keras.Sequential([keras.Input((side, side, 3))])
    for filters, depth in blocks:
        for _ in range(depth):
            model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    for n in units:
        model.add(layers.Dense(n))
    return ledger(model).activations
""",
        ),
    ],
    "vgg_numbers": [
        ("only numbers", "megabytes = 60.950432\nhead_parameters = 123642856\n"),
        (
            "NumPy, by layers",
            """
import numpy as np

megabytes = np.float32(15_237_608) * np.float32(4e-6)
sizes = np.array([7 * 7 * 512, 4096, 4096, 1000])
head_parameters = np.sum(sizes[:-1] * sizes[1:] + sizes[1:])
""",
        ),
        ("by difference", "megabytes = 15_237_608 / 250_000\nhead_parameters = 138_357_544 - 14_714_688\n"),
    ],
    "training_bytes": [
        (
            "part by part",
            """
def training_bytes(parameters, kept, batch, slots):
    weights = gradients = 4 * parameters
    return sum([weights, gradients, slots * weights, batch * 4 * kept])
""",
        ),
        (
            "NumPy knows the size",
            """
import numpy as np

def training_bytes(parameters, kept, batch, slots):
    size = np.dtype("float32").itemsize
    return float(size * ((1 + 1 + slots) * parameters + batch * kept))
""",
        ),
    ],
    "largest_batch": [
        (
            "counts up",
            """
def largest_batch(available, parameters, kept, slots):
    batch = 0
    while 4 * (parameters * (2 + slots) + kept * (batch + 1)) <= available:
        batch += 1
    return batch
""",
        ),
        (
            "math.floor and if",
            """
import math

def largest_batch(available, parameters, kept, slots):
    left = available / 4 - parameters * (2 + slots)
    if left < 0:
        return 0
    return math.floor(left / kept)
""",
        ),
        (
            "int, as a float",
            """
def largest_batch(available, parameters, kept, slots):
    left = max(available - 4 * parameters * (2 + slots), 0)
    return float(int(left / 4 / kept))
""",
        ),
    ],
    "mixed_bytes": [
        (
            "part by part",
            """
def mixed_bytes(parameters, kept, batch, slots):
    full = 4 * parameters
    weights, copy, gradients, state = full, full // 2, full, slots * full
    return weights + copy + gradients + state + kept * 2 * batch
""",
        ),
        (
            "the full bill, corrected",
            """
def mixed_bytes(parameters, kept, batch, slots):
    full = 4 * (parameters * (2 + slots) + kept * batch)
    return full + 2 * parameters - 2 * kept * batch
""",
        ),
    ],
    "pooled_head": [
        ("only numbers", "pooled_parameters = 15227688\nsaved_megabytes = 1970.077696\n"),
        (
            "Keras builds the head",
            """
head = keras.Sequential([keras.Input((7, 7, 512)), layers.GlobalAveragePooling2D(), layers.Dense(1000)])
pooled_parameters = 14_714_688 + head.count_params()
saved_megabytes = sum((138_357_544 - pooled_parameters) * 4 for _ in range(4)) / 10**6
""",
        ),
    ],
    "residual_block": [
        (
            "a Sequential inside",
            """
def residual_block(x, filters, stride=1):
    import keras
    from keras import layers
    branch = keras.Sequential([layers.Conv2D(filters, 3, stride, "same", use_bias=False), layers.BatchNormalization(), layers.ReLU(), layers.Conv2D(filters, 3, padding="same", use_bias=False), layers.BatchNormalization()])
    short = x if stride == 1 and x.shape[-1] == filters else keras.Sequential([layers.Conv2D(filters, 1, stride, use_bias=False), layers.BatchNormalization()])(x)
    return layers.Activation("relu")(layers.Add()([branch(x), short]))
""",
        ),
        (
            "plus and keras.ops, activation layers",
            """
def residual_block(x, filters, stride=1):
    y = layers.Conv2D(filters, 3, stride, "same", use_bias=False)(x)
    y = layers.Activation("relu")(layers.BatchNormalization()(y))
    y = layers.Conv2D(filters, (3, 3), padding="same", use_bias=False)(y)
    y = layers.BatchNormalization()(y)
    if x.shape != y.shape:
        x = layers.BatchNormalization()(layers.Conv2D(filters, 1, stride, "same", use_bias=False)(x))
    return keras.ops.relu(x + y)
""",
        ),
        (
            "two models and a helper",
            """
def residual_block(x, filters, stride=1):
    def conv(size, step):
        return [layers.Conv2D(filters, size, step, padding="same", use_bias=False), layers.BatchNormalization()]

    branch = keras.Sequential([*conv(3, stride), layers.ReLU(), *conv(3, 1)])
    same = stride == 1 and filters == x.shape[3]
    shortcut = x if same else keras.Sequential(conv(1, stride))(x)
    return keras.activations.relu(layers.add([shortcut, branch(x)]))
""",
        ),
        (
            "zeros added by hand, the projection on a sliced input",
            """
def residual_block(x, filters, stride=1):
    y = layers.ZeroPadding2D(1)(x) if stride == 1 else x
    y = layers.Conv2D(filters, 3, stride, "valid" if stride == 1 else "same", use_bias=False)(y)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", use_bias=False)(y))
    if stride > 1 or x.shape[-1] != filters:
        x = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x[:, ::stride, ::stride]))
    return layers.ReLU()(layers.Add()([y, x]))
""",
        ),
    ],
    "resnet34": [
        (
            "one list of widths",
            """
def resnet34(block, side, classes):
    import keras
    from keras import layers
    inputs = keras.layers.Input(shape=[side, side, 3])
    x = layers.Conv2D(64, 7, 2, "same", use_bias=False)(inputs)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.MaxPool2D(pool_size=(3, 3), strides=(2, 2), padding="same")(x)
    previous = 64
    for filters in [64] * 3 + [128] * 4 + [256] * 6 + [512] * 3:
        stride = 1 if filters == previous else 2
        x = block(x, filters, stride)
        previous = filters
    x = keras.ops.mean(x, axis=(1, 2))
    x = layers.Dense(classes)(x)
    return keras.models.Model(inputs=inputs, outputs=layers.Softmax()(x), name="resnet34")
""",
        ),
        (
            "a stem of its own, keyword arguments",
            """
def resnet34(block, side, classes):
    stem = keras.Sequential([
        layers.Conv2D(64, 7, 2, "same", use_bias=False),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.MaxPool2D(3, 2, "same"),
    ])
    image = keras.Input((side, side, 3))
    x = stem(image)
    for stage, depth in enumerate([3, 4, 6, 3]):
        for number in range(depth):
            stride = 2 if stage > 0 and number == 0 else 1
            x = block(x, 64 * 2**stage, stride=stride)
    x = keras.ops.mean(x, axis=(1, 2))
    return keras.Model(image, keras.ops.softmax(layers.Dense(classes)(x)))
""",
        ),
        (
            "a list of all blocks, the default stride",
            """
def resnet34(block, side, classes):
    image = keras.Input(shape=(side, side, 3))
    x = layers.Conv2D(64, 7, 2, "same", use_bias=False)(image)
    x = layers.MaxPooling2D(3, 2, "same")(keras.ops.relu(layers.BatchNormalization()(x)))
    before = 64
    for filters in [64] * 3 + [128] * 4 + [256] * 6 + [512] * 3:
        x = block(x, filters) if filters == before else block(x, filters, 2)
        before = filters
    x = layers.Flatten()(layers.GlobalAveragePooling2D(keepdims=True)(x))
    x = layers.Dense(classes)(x)
    return keras.Model(image, layers.Softmax()(x))
""",
        ),
    ],
    "resnet_parameters": [
        (
            "stage by stage",
            """
def resnet_parameters(depths):
    def norm(channels):
        return 2 * channels

    total = 7 * 7 * 3 * 64 + norm(64) + 512 * 1000 + 1000
    before = 64
    for filters, depth in zip([64, 128, 256, 512], depths):
        plain = 2 * (9 * filters**2 + norm(filters))
        total += depth * plain
        if filters != before:
            total += 9 * filters * (before - filters) + before * filters + norm(filters)
        before = filters
    return total
""",
        ),
        (
            "builds the network and counts, slow",
            """
def resnet_parameters(depths):
    import math

    def conv(x, filters, size, stride=1):
        x = layers.Conv2D(filters, size, stride, "same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    image = keras.Input((64, 64, 3))
    x = layers.MaxPooling2D(3, 2, "same")(layers.ReLU()(conv(image, 64, 7, 2)))
    for stage, depth in enumerate(depths):
        for i in range(depth):
            stride = 2 if stage and i == 0 else 1
            y = conv(layers.ReLU()(conv(x, 64 * 2**stage, 3, stride)), 64 * 2**stage, 3)
            short = conv(x, 64 * 2**stage, 1, stride) if stride == 2 else x
            x = layers.ReLU()(y + short)
    model = keras.Model(image, layers.Dense(1000)(layers.GlobalAveragePooling2D()(x)))
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)
""",
        ),
    ],
    "errata": [
        (
            "only numbers, upper case",
            """
recomputed = {"activations": 15_237_608, "megabytes": 553.430176, "adam": 3.0, "conv1": 34_944, "width": 54.0, "field": 5,
              "flops": 30.693261312, "dilation": 0, "convnet": 228_224}
verdicts = {"convnet": "Incomplete", "dilation": "Incomplete", "flops": "Wrong", "field": "Incomplete", "width": "Incomplete",
            "conv1": "Right", "adam": "Incomplete", "megabytes": "Wrong", "activations": "Wrong"}
""",
        ),
        (
            "built and counted with Keras and NumPy",
            """
import numpy as np

recomputed = {}
recomputed["activations"] = vgg_base.activations + np.sum([4096, 4096, 1000])
recomputed["megabytes"] = np.float64(138_357_544) * 4 / 10**6
recomputed["adam"] = 1 + 1 + slots(keras.optimizers.SGD(momentum=0.5))[1]
recomputed["conv1"] = keras.Sequential([keras.Input((227, 227, 3)), layers.Conv2D(96, 11, 4)]).count_params()
recomputed["width"] = keras.Sequential([keras.Input((224, 224, 3)), layers.Conv2D(96, 11, 4)]).output_shape[1]
recomputed["field"] = 1 + 2 * (3 - 1)
recomputed["flops"] = vgg_base.multiply_adds * 2e-9
recomputed["dilation"] = count(layers.Conv2D(8, 3)).parameters - count(layers.Conv2D(8, 3, dilation_rate=2)).parameters
recomputed["convnet"] = lecture_convnet.parameters - lecture_mlp.parameters
words = "wrong wrong incomplete right incomplete incomplete wrong incomplete incomplete".split()
verdicts = dict(zip(recomputed, words))
""",
        ),
    ],
    "line_through": [
        (
            "polyfit",
            """
import numpy as np

def line_through(first, second):
    batches, peaks = zip(first, second)
    return np.polyfit(batches, peaks, 1)
""",
        ),
        (
            "two equations",
            """
import numpy as np

def line_through(first, second):
    system = np.array([[first[0], 1], [second[0], 1]], float)
    slope, rest = np.linalg.solve(system, [first[1], second[1]])
    return [slope, rest]
""",
        ),
        (
            "names, the other peak",
            """
def line_through(first, second):
    (b, p), (c, q) = first, second
    slope = (p - q) / (b - c)
    return slope, q - slope * c
""",
        ),
    ],
}

MISTAKES = {
    "output_side": [
        ("a pair", "def output_side(side, kernel, stride, padding):\n    return (3, 3)\n", "should be one number"),
        ("no return", "def output_side(side, kernel, stride, padding):\n    side // stride\n", "returns None"),
    ],
    "conv_cost": [
        (
            "another order",
            """
def conv_cost(in_shape, out_shape, kernel, groups=1):
    h, w, c = in_shape
    H, W, F = out_shape
    kh, kw = kernel
    weights = kh * kw * (c // groups) * F
    return H * W * F, weights + F, H * W * weights
""",
            "in another order",
        ),
        ("one number", "def conv_cost(i, o, k, groups=1):\n    return k[0] * k[1] * i[2] * o[2]\n", "list"),
        (
            "no groups",
            "def conv_cost(i, o, k):\n    w = k[0] * k[1] * i[2] * o[2]\n    return w + o[2], o[0] * o[1] * o[2], o[0] * o[1] * w\n",
            "cannot be called as the exercise asks",
        ),
    ],
    "two_layers": [("another word", 'more_parameters = "Dense(4096)"\nmore_work = "conv"\n', "is none of")],
    "network_table": [
        (
            "the last layer missing",
            """
def network_table(layers, side, channels):
    rows = []
    flat = None
    for name, kind, units, kernel, stride, padding in layers:
        if kind == "dense":
            inputs = side * side * channels
            rows.append((name, (1, 1, units), (inputs + 1) * units))
            side, channels = 1, units
            continue
        side = (side + 2 * padding - kernel) // stride + 1
        parameters = 0
        if kind == "conv":
            parameters = (kernel * kernel * channels + 1) * units
            channels = units
        rows.append((name, (side, side, channels), parameters))
    return rows[:-1]
""",
            "is missing for AlexNet",
        ),
        (
            "pooling without effect",
            """
def network_table(layers, side, channels):
    rows = []
    flat = None
    for name, kind, units, kernel, stride, padding in layers:
        if kind == "dense":
            inputs = side * side * channels
            rows.append((name, (1, 1, units), (inputs + 1) * units))
            side, channels = 1, units
            continue
        if kind == 'conv': side = (side + 2 * padding - kernel) // stride + 1
        parameters = 0
        if kind == "conv":
            parameters = (kernel * kernel * channels + 1) * units
            channels = units
        rows.append((name, (side, side, channels), parameters))
    return rows
""",
            "too",
        ),
        ("only the total", "def network_table(layers, side, channels):\n    return 62_378_344\n", "The table should be a list"),
        (
            "shapes without channels",
            "def network_table(layers, side, channels):\n    return [(layer[0], (side, side), 0) for layer in layers]\n",
            "The shape of CONV1 should have 3 elements",
        ),
    ],
    "vgg16": [
        (
            "another activation",
            """
def vgg16(side, classes):
    import keras
    from keras import layers
    stack = [keras.Input((side, side, 3))]
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            stack.append(layers.Conv2D(filters, 3, padding="same", activation="gelu"))
        stack.append(layers.MaxPooling2D(2))
    stack += [layers.Flatten(), layers.Dense(4096, "gelu"), layers.Dropout(0.5), layers.Dense(4096, "gelu"), layers.Dropout(0.5), layers.Dense(classes, "softmax")]
    return keras.Sequential(stack)
""",
            "expected is relu",
        ),
        (
            "a slip in the width",
            """
def vgg16(side, classes):
    model = keras.Sequential([keras.Input((side, side, 3))])
    for filters, depth in VGG_BLOCKS:
        for _ in range(depth):
            model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    for units in (4096, 1000):
        model.add(layers.Dense(units, activation="relu"))
        model.add(layers.Dropout(0.5))
    model.add(layers.Dense(classes, activation="softmax"))
    return model
""",
            "parameters",
        ),
    ],
    "residual_block": [
        (
            "PyTorch's epsilon",
            """
def residual_block(x, filters, stride=1):
    from keras import layers
    shortcut = x
    y = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    y = layers.BatchNormalization(epsilon=1e-5)(y)
    y = layers.ReLU()(y)
    y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)
    y = layers.BatchNormalization(epsilon=1e-5)(y)
    if stride != 1 or x.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, strides=stride, padding="same", use_bias=False)(x)
        shortcut = layers.BatchNormalization(epsilon=1e-5)(shortcut)
    return layers.ReLU()(layers.Add()([shortcut, y]))
""",
            "leave Keras' default",
        ),
        (
            "a model instead of a tensor",
            """
def residual_block(x, filters, stride=1):
    def conv(y, size, step):
        y = layers.Conv2D(filters, size, step, padding="same", use_bias=False)(y)
        return layers.BatchNormalization()(y)

    y = conv(layers.ReLU()(conv(x, 3, stride)), 3, 1)
    short = x if stride == 1 and x.shape[-1] == filters else conv(x, 1, stride)
    return keras.Model(x, layers.ReLU()(y + short))
""",
            "Return the tensor",
        ),
        (
            "no default stride",
            """
def residual_block(x, filters, stride):
    def conv(y, size, step):
        y = layers.Conv2D(filters, size, step, padding="same", use_bias=False)(y)
        return layers.BatchNormalization()(y)

    y = conv(layers.ReLU()(conv(x, 3, stride)), 3, 1)
    short = x if stride == 1 and x.shape[-1] == filters else conv(x, 1, stride)
    return layers.ReLU()(y + short)
""",
            "cannot be called as the exercise asks",
        ),
    ],
    "errata": [
        (
            "no entry",
            'recomputed = {"activations": 15_237_608}\nverdicts = {"activations": "wrong"}\n',
            "'megabytes' is missing",
        ),
    ],
    "resnet34": [
        (
            "Dropout before the head",
            """
def resnet34(block, side, classes):
    import keras
    from keras import layers
    inputs = keras.Input((side, side, 3))
    x = layers.Conv2D(64, 7, strides=2, padding="same", use_bias=False)(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for stage, (count, filters) in enumerate(zip((3, 4, 6, 3), (64, 128, 256, 512))):
        for i in range(count):
            x = block(x, filters, 2 if i == 0 and stage > 0 else 1)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, x)
""",
            "with weights; expected none.",
        ),
    ],
}

# Mutants that no check can notice: they compute the same, or differ by less than a right answer in float32 may.
_FLOAT32 = "one part in a million: a right answer in float32 is as far off"
_MEGABYTES = '"megabytes": 138_357_544 * 4 / 1e6,'
_SAVED = "saved_megabytes = (138_357_544 - pooled_parameters) * 4 * 4 / 1e6"
_WIDTH = '"width": (224 - 11) // 4 + 1,'
_DILATED = "dilated = count(layers.Conv2D(8, 3, dilation_rate=2))"
EQUIVALENT = {
    (
        "conv_cost",
        "FloorDiv → Div: weights = kernel[0] * kernel[1] * in_shape[2] // groups * filters",
    ): "groups divide the channels, so both divisions give the same count",
    ("vgg_numbers", "1000000.0 + 1: megabytes = 15_237_608 * 4 / 1e6"): _FLOAT32,
    ("vgg_numbers", "15237608 + 1: megabytes = 15_237_608 * 4 / 1e6"): _FLOAT32,
    ("pooled_head", f"1000000.0 + 1: {_SAVED}"): _FLOAT32,
    ("pooled_head", f"138357544 + 1: {_SAVED}"): _FLOAT32,
    (
        "resnet34",
        "64 + 1: x = block(x, filters, 2 if i == 0 and filters > 64 else 1)",
    ): "filters are 64, 128, 256 or 512: above 64 and above 65 are the same",
    ("errata", f"1000000.0 + 1: {_MEGABYTES}"): _FLOAT32,
    ("errata", f"138357544 + 1: {_MEGABYTES}"): _FLOAT32,
    ("errata", '1000000000.0 + 1: "flops": 2 * vgg_base.multiply_adds / 1e9,'): _FLOAT32,
    ("errata", f"argument dilation_rate dropped: {_DILATED}"): "dilation does not change the parameters: that is the answer",
    ("errata", f"2 + 1: {_DILATED}"): "dilation does not change the parameters: that is the answer",
    (
        "errata",
        "8 + 1: two_layers = count(layers.Conv2D(8, 3), layers.Conv2D(8, 3))",
    ): "the number of filters does not change the receptive field",
    ("errata", '0 + 1: "field": two_layers.rows[-1].receptive_field[0],'): "kernel and field are square",
    ("errata", f"224 + 1: {_WIDTH}"): "one more pixel makes no further window: that is the rounding down",
    ("errata", f"11 + 1: {_WIDTH}"): "one more pixel in the kernel loses no window: that is the rounding down",
}
