"""Checks of lab 06."""

import numpy as np

from ...check import Either, Function, Lab, as_array

lab = Lab("lab06", "Lab 06 · Explanations on trial")


# ---------------------------------------------------------------- class activation maps


def _class_activation_map(maps, weights):
    return maps @ weights


def _turned(maps, weights):
    return (maps @ weights).T


def _two_classes(rng):
    return {
        "for 3 × 4 places and 5 channels": (rng.normal(size=(3, 4, 5)), rng.normal(size=5)),
        "for 6 × 2 places and 3 channels": (rng.normal(size=(6, 2, 3)), rng.normal(size=3)),
    }


lab.declare(
    "class_activation_map",
    "A class activation map",
    hints=(
        "At each place there are as many numbers as channels: multiply each with the weight of its channel, and add.",
        "The channels are the last axis, so `maps * weights` broadcasts; sum over `axis=-1`. `maps @ weights` does both.",
    ),
    class_activation_map=Function(
        _class_activation_map,
        cases=_two_classes,
        mistakes={
            "You average over the channels. The logit is a *sum* over them, and so is the map.": (
                lambda maps, weights: (maps * weights).mean(axis=-1)
            ),
            "This is one number, the logit without its bias. The map keeps rows and columns: sum over the channels only.": Either(
                lambda maps, weights: (maps * weights).sum(), lambda maps, weights: (maps * weights).mean(axis=(0, 1)).sum()
            ),
            "Rows and columns are exchanged.": _turned,
            "This is the mean of the channels. The weights are what makes it a map *of the class*.": (
                lambda maps, weights: maps.mean(axis=-1)
            ),
            "This is the sum of the channels. The weights are what makes it a map *of the class*.": (
                lambda maps, weights: maps.sum(axis=-1)
            ),
            "You set negative values to 0. Keep them: they speak against the class, and the logit counts them.": (
                lambda maps, weights: np.maximum(maps @ weights, 0)
            ),
            "You take absolute values. What speaks against the class is negative, and must stay so.": (
                lambda maps, weights: np.abs(maps @ weights)
            ),
            "You scale the map to 0 … 1. Here the sum itself is wanted; scaling comes later.": Either(
                lambda maps, weights: maps @ weights / (maps @ weights).max(),
                lambda maps, weights: (maps @ weights - (maps @ weights).min()) / np.ptp(maps @ weights),
            ),
            "You multiplied, but did not add up the channels.": lambda maps, weights: maps * weights,
        },
    ),
)


def _taps(rng):
    """Networks that give their last maps and their logits, with pictures of two shapes: cases of `grad_cam`."""
    from keras import Input, Model, layers

    cases = {}
    for shape, channels, head in (((8, 6, 3), 4, "pooled"), ((5, 9, 3), 3, "flattened")):
        image = Input(shape)
        maps = layers.Conv2D(channels, 3, activation="tanh")(image)
        top = layers.GlobalAveragePooling2D()(maps) if head == "pooled" else layers.Flatten()(layers.Activation("tanh")(maps))
        tap = Model(image, [maps, layers.Dense(3)(top)])
        tap.set_weights([rng.normal(0, 0.6, weight.shape) for weight in tap.get_weights()])
        picture = rng.normal(size=shape).astype(np.float32)
        for c in (0, 2):
            cases[f"for class {c} of a network with a {head} head"] = (tap, picture, c)
    return cases


def _cam_by_gradient(tap, image, c, *, score="logit", pool="mean", relu=False, average=False, scaled=False):
    """Grad-CAM of one picture; what it can get wrong, by name."""
    import tensorflow as tf

    with tf.GradientTape(persistent=True) as tape:
        maps, logits = tap(image[None])
        each = {
            "logit": lambda: logits[0, c],
            "probability": lambda: tf.nn.softmax(logits)[0, c],
            "logarithm": lambda: tf.nn.log_softmax(logits)[0, c],
            "loss": lambda: -tf.nn.log_softmax(logits)[0, c],
            "all": lambda: tf.reduce_sum(logits),
            "largest": lambda: tf.reduce_max(logits),
            "first": lambda: logits[0, 0],
        }[score]()
    gradients, maps = tape.gradient(each, maps)[0].numpy(), maps[0].numpy()
    if pool == "none":
        values = (maps * gradients).sum(axis=-1)
    elif pool == "unweighted":
        values = gradients.sum(axis=-1)
    else:
        values = maps @ getattr(gradients, pool)(axis=(0, 1))
    values = values / maps.shape[-1] if average else values
    values = values / values.max() if scaled else values
    return np.maximum(values, 0) if relu else values


def _with(**changes):
    return lambda tap, image, c: _cam_by_gradient(tap, image, c, **changes)


def _without_batch(tap, image, c):
    return tap(image)


def _outside(then):
    """`then(what the tape finds)` where the logit is taken outside the tape: it finds nothing."""

    def grad_cam(tap, image, c):
        import tensorflow as tf

        maps, logits = tap(image[None])
        with tf.GradientTape() as tape:
            logit = logits[0, c]
        return then(tape.gradient(logit, maps))

    return grad_cam


def _by_tensorflow(gradient):
    import tensorflow as tf

    return tf.reduce_mean(gradient, axis=(1, 2))


def _by_keras(gradient):
    from keras import ops

    return ops.mean(gradient, axis=(1, 2))


def _as_numbers(tap, image, c):
    """The logit is a number without a history."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        maps, logits = tap(image[None])
        logit = logits.numpy()[0, c]
    return tape.gradient(logit, maps)


def _by_pixels(tap, image, c):
    """The derivative with respect to the picture, averaged and multiplied as if it were that of the maps."""
    import tensorflow as tf

    pixels = tf.convert_to_tensor(image[None])
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        maps, logits = tap(pixels)
        logit = logits[0, c]
    weights = tf.reduce_mean(tape.gradient(logit, pixels), axis=(1, 2))
    return tf.reduce_sum(maps[0] * weights[0], axis=-1)


lab.declare(
    "grad_cam",
    "Grad-CAM",
    points=2,
    hints=(
        "Call `tap(image[None])` inside `with tf.GradientTape() as tape:`, and take the logit `logits[0, c]` there too.",
        "After the block, `tape.gradient(logit, maps)` has the maps' shape (1, rows, columns, channels). Its mean over rows "
        "and columns is the weight of each channel; from there on it is the class activation map.",
    ),
    grad_cam=Function(
        _cam_by_gradient,
        cases=_taps,
        tolerance=1e-6,
        mistakes={
            "You take the gradient of the probability. Softmax flattens where the network is sure, and mixes in the other "
            "classes: take the logit.": _with(score="probability"),
            "The weight of a channel is the *mean* of its gradient over all places; you took the sum.": _with(pool="sum"),
            "You multiply each place with its own gradient. Grad-CAM first averages the gradient over all places: one weight "
            "for each channel.": _with(pool="none"),
            "This is the gradient alone: multiply the maps with it.": _with(pool="unweighted"),
            "You set negative values to 0. Here they must stay: the cell below compares all values.": _with(relu=True),
            "You take the gradient of all logits together, so every class gets the same map. Explain class `c` alone.": _with(
                score="all"
            ),
            "You explain the class with the largest logit. Explain class `c`, whether the network names it or not.": _with(
                score="largest"
            ),
            "You explain class 0, whatever `c` is.": _with(score="first"),
            "You take the gradient of the loss, or of the logarithm of the probability. Both mix in the other classes: take the "
            "logit.": Either(_with(score="logarithm"), _with(score="loss")),
            "You average over the channels. The map is the *sum* over the channels of map times weight.": _with(average=True),
            "`tap` wants a batch: call it on `image[None]`, of shape (1, height, width, 3).": _without_batch,
            "The tape cannot follow the way from the maps to the logit. Inside `with tf.GradientTape()` call `tap(image[None])` (not "
            "`predict`) and take the logit `logits[0, c]`, without `.numpy()`; `tap` returns the maps first.": Either(
                _outside(_by_tensorflow),
                _outside(_by_keras),
                _outside(lambda gradient: gradient[0]),
                _outside(lambda gradient: np.mean(gradient, axis=(1, 2))),
                _as_numbers,
            ),
            "You differentiate with respect to the picture. Grad-CAM takes the derivative with respect to the maps.": _by_pixels,
            "You scale the map. Here its values must stay as they are.": _with(scaled=True),
        },
    ),
)

lab.declare(
    "factor",
    "The factor between the two maps",
    hints=(
        "Write the logit as a formula: bias + Σ over channels of weight · (Σ over places of map) / number of places.",
        "The derivative of the logit by one value of a channel's map is weight / (rows · columns), at every place. "
        "By what must it be multiplied to give the weight?",
    ),
    factor=Function(
        lambda rows, columns: rows * columns,
        cases=[(5, 5), (7, 3), (1, 1), (10, 4)],
        mistakes={
            "You have it upside down: this is Grad-CAM divided by the class activation map.": (
                lambda rows, columns: 1 / (rows * columns)
            ),
            "Global average pooling divides by the number of *places*, rows times columns.": Either(
                lambda rows, columns: rows + columns, lambda rows, columns: rows, lambda rows, columns: columns
            ),
        },
    ),
)


# ---------------------------------------------------------------- from cells to pixels


def _or_one(values):
    return np.where(values > 0, values, 1)


def _to_unit(values):
    positive = np.maximum(values, 0)
    return positive / positive.max() if positive.max() > 0 else positive


lab.declare(
    "to_unit",
    "A map from 0 to 1",
    hints=(
        "First set the negative values to 0, then divide by the maximum. Which maximum must you not divide by?",
        "`positive = np.maximum(values, 0)`; where `positive.max()` is 0, return it as it is.",
    ),
    to_unit=Function(
        _to_unit,
        cases={
            "for a map with both signs": (np.array([[-4.0, 2.0, 0.5], [1.0, 0.0, -0.5]]),),
            "for a map without positive values": (np.array([[-4.0, -2.0], [-1.0, -3.0], [-2.5, -1.5]]),),
            "for a map of zeros": (np.zeros((2, 2)),),
            "for a map without negative values": (np.array([[3.0, 6.0], [1.5, 2.0]]),),
            "for a map of small values": (np.array([[0.1, -0.2], [0.4, 0.05]]),),
            "for a map of tiny values": (np.array([[5e-5, -2e-3], [5e-4, 2e-4]]),),
        },
        tolerance=5e-4,
        mistakes={
            "{case} you divide by a maximum that is not positive: the map turns over, or becomes NaN.": Either(
                lambda values: np.maximum(values / values.max(), 0),
                lambda values: np.maximum(values, 0) / values.max(),
                lambda values: np.maximum(values, 0) / np.maximum(values, 0).max(),
            ),
            "You stretch the range from minimum to maximum. What speaks against the class is then shown as if it spoke for "
            "it, if only a little; set it to 0 instead.": Either(
                lambda values: (values - values.min()) / (np.ptp(values) or 1),
                lambda values: (values - values.min()) / np.ptp(values),
                lambda values: (values - values.min()) / (np.ptp(values) + 1e-8),
            ),
            "{case} you subtract the minimum. Only set negative values to 0 and divide by the maximum.": Either(
                lambda values: (np.maximum(values, 0) - np.maximum(values, 0).min()) / (np.ptp(np.maximum(values, 0)) or 1),
                lambda values: (np.maximum(values, 0) - np.maximum(values, 0).min()) / np.ptp(np.maximum(values, 0)),
            ),
            "You take absolute values: what speaks against the class then counts as if it spoke for it.": Either(
                lambda values: np.abs(values) / (np.abs(values).max() or 1), lambda values: np.abs(values) / np.abs(values).max()
            ),
            "Negative values must become 0.": lambda values: values / (values.max() if values.max() > 0 else 1),
            "Negative values must become 0, and a maximum that is not positive must not be divided by.": (
                lambda values: values / values.max()
            ),
            "You take the maximum of each row or column. One maximum for the whole map.": Either(
                lambda values: np.maximum(values, 0) / _or_one(np.maximum(values, 0).max(axis=1, keepdims=True)),
                lambda values: np.maximum(values, 0) / _or_one(np.maximum(values, 0).max(axis=0, keepdims=True)),
            ),
            "The largest value must become 1 and the others keep their proportion: divide by the maximum, cut off nothing above.": Either(
                lambda values: np.maximum(values, 0),
                lambda values: np.clip(values, 0, 1),
                lambda values: np.clip(values, 0, 1) / _or_one(np.clip(values, 0, 1).max()),
                lambda values: np.maximum(values, 0) / (np.maximum(values, 0).sum() or 1),
                lambda values: np.maximum(values, 0) / (np.sqrt((np.maximum(values, 0) ** 2).sum()) or 1),
                lambda values: np.maximum(values, 0) / 255,
            ),
            "You divide by the largest *absolute* value. The largest value must become 1.": (
                Either(
                    lambda values: np.maximum(values, 0) / (np.abs(values).max() or 1),
                    lambda values: np.maximum(values, 0) / np.abs(values).max(),
                )
            ),
            "{case} the largest value does not become 1: what you add to the maximum, or take in its place, is too large.": Either(
                lambda values: np.maximum(values, 0) / max(values.max(), 1),
                lambda values: np.maximum(values, 0) / max(values.max(), 0.1),
                lambda values: np.maximum(values, 0) / max(values.max(), 0.001),
                lambda values: np.maximum(values, 0) / (np.maximum(values, 0).max() + 0.01),
                lambda values: np.maximum(values, 0) / (np.maximum(values, 0).max() + 0.001),
            ),
            "{case} the result must be 0 everywhere.": Either(
                lambda values: np.maximum(values, 0) / values.max() if values.max() > 0 else values,
                lambda values: np.maximum(values, 0) / values.max() if values.max() > 0 else np.ones_like(values),
            ),
        },
    ),
)


def _resized(values, size, places, edge="nearest"):
    """Bilinear, where `places(n, cells)` says at which cell coordinate each of n pixels lies.

    Beyond the outermost cells it goes on with the nearest value, along the line ("line"), or as 0 ("zero").
    """
    values = np.asarray(values, float)
    for axis, n in enumerate(size):
        cells = values.shape[axis]
        at = places(n, cells)
        outside = ((at < 0) | (at > cells - 1)).reshape((-1, 1) if axis == 0 else (1, -1))
        at = at if edge == "line" else np.clip(at, 0, cells - 1)
        below = np.clip(np.floor(at), 0, max(cells - 2, 0)).astype(int)
        above = np.minimum(below + 1, cells - 1)
        share = (at - below).reshape((-1, 1) if axis == 0 else (1, -1))
        values = np.take(values, below, axis) * (1 - share) + np.take(values, above, axis) * share
        values = np.where(outside, 0, values) if edge == "zero" else values
    return values


def _middles(n, cells):
    return (np.arange(n) + 0.5) * cells / n - 0.5


def _upsample(values, size):
    return _resized(values, size, _middles)


def _aligned(n, cells):
    return np.arange(n) * (cells - 1) / max(n - 1, 1)


def _cubic(values, size, **options):
    """What SciPy's `zoom` makes of it when nobody says `order=1`."""
    from scipy import ndimage

    return ndimage.zoom(values, [n / cells for n, cells in zip(size, np.shape(values), strict=True)], **options)


def _bicubic(values, size):
    from keras import ops

    large = ops.image.resize(np.asarray(values, "float32")[..., None], size, interpolation="bicubic")
    return np.asarray(large)[..., 0]


lab.declare(
    "upsample",
    "From cells to pixels",
    points=2,
    hints=(
        "`keras.ops.image.resize` wants (rows, columns, channels) and puts each value in the middle of its cell; "
        "`scipy.ndimage.zoom` puts the outermost values on the outermost pixels unless you say `grid_mode=True, mode='nearest'`.",
        "`keras.ops.image.resize(values[..., None], size, interpolation='bilinear')[..., 0]`",
    ),
    upsample=Function(
        _upsample,
        cases=lambda rng: {
            "from 2 × 3 cells to 8 × 12 pixels": (rng.normal(size=(2, 3)), (8, 12)),
            "from 5 × 4 cells to 15 × 28 pixels": (rng.normal(size=(5, 4)), (15, 28)),
            "from 4 × 4 cells to 10 × 14 pixels": (rng.normal(size=(4, 4)), (10, 14)),
        },
        tolerance=1e-5,
        mistakes={
            "Your outermost cells lie on the outermost pixels (*aligned corners*): near the edges everything is shifted by up to "
            "half a cell. A cell's value belongs in the middle of the pixels that it covers.": Either(
                lambda values, size: _resized(values, size, _aligned),
                lambda values, size: _resized(values, [n * (size[0] // len(values)) for n in values.shape], _aligned),
            ),
            "Each value lies in the upper left corner of its cell, so the whole map is shifted by half a cell: pixel i has its "
            "middle at i + 0.5.": lambda values, size: _resized(values, size, lambda n, cells: np.arange(n) * cells / n),
            "You repeat each value over its cell. Bilinear interpolation runs smoothly from one middle to the next.": Either(
                lambda values, size: _resized(values, size, lambda n, cells: np.arange(n) * cells // n),
                lambda values, size: _resized(values, size, lambda n, cells: np.floor((np.arange(n) + 0.5) * cells / n)),
                lambda values, size: np.kron(values, np.ones(np.array(size) // np.shape(values))),
            ),
            "{case} the factor is no whole number: a cell may cover 2.5 pixels.": lambda values, size: _upsample(
                values, np.array(size) // np.shape(values) * np.shape(values)
            ),
            "`size` is (height, width), and you read it as (width, height).": lambda values, size: _upsample(values, size[::-1]),
            "{case} the edges become 0: pixels beyond the outermost middles take the value of the nearest cell. SciPy calls that "
            "`mode='nearest'`.": lambda values, size: _resized(values, size, _middles, edge="zero"),
            "{case} you go on along the line at the edges: pixels beyond the outermost middles take the value of the nearest "
            "cell.": lambda values, size: _resized(values, size, _middles, edge="line"),
            "You interpolate with cubic curves. *Bilinear* means straight lines; SciPy calls that `order=1`.": Either(
                _bicubic, lambda values, size: _cubic(values, size, grid_mode=True, mode="nearest")
            ),
            "You interpolate with cubic curves (SciPy's `order=1` is bilinear), and your outermost cells lie on the outermost "
            "pixels (*aligned corners*) instead of the middle of the pixels that they cover.": _cubic,
        },
    ),
)


# ---------------------------------------------------------------- gradients, occlusion


def _normalize(gradients):
    length = np.sqrt((gradients**2).sum())
    return gradients / length if length else gradients


def _along(*axes):
    return lambda gradients: gradients / np.sqrt((gradients**2).sum(axis=axes, keepdims=True))


lab.declare(
    "normalize",
    "One length for the whole picture",
    hints=(
        "The length of the gradient is one number: the square root of the sum of the squares of *all* its values.",
        "`np.linalg.norm(gradients)` of an array with three axes flattens it first. Leave a gradient of zeros as it is.",
    ),
    normalize=Function(
        _normalize,
        cases=lambda rng: {
            "for a gradient of 4 × 5 pixels": (rng.normal(size=(4, 5, 3)),),
            "for a gradient of 7 × 2 pixels": (rng.normal(size=(7, 2, 3)) * 1e-3,),
            "for a gradient of zeros": (np.zeros((3, 2, 3)),),
            "for a gradient whose values add up to 0": (np.array([[[1.0, -2.0, 1.0], [3.0, 0.0, -3.0]]]),),
        },
        mistakes={
            "You normalize each pixel by itself, as `keras.ops.normalize` does with its default axis: then every pixel looks equally "
            "important. One length for the whole picture.": Either(
                _along(-1), lambda gradients: gradients / np.maximum(np.sqrt((gradients**2).sum(-1, keepdims=True)), 1e-12)
            ),
            "You normalize each channel by itself. One length for the whole picture.": Either(
                _along(0, 1), lambda gradients: gradients / np.maximum(np.sqrt((gradients**2).sum((0, 1), keepdims=True)), 1e-12)
            ),
            "You divide by the largest value. The text asks for the Euclidean length.": Either(
                lambda gradients: gradients / (np.abs(gradients).max() or 1), lambda gradients: gradients / (gradients.max() or 1)
            ),
            "{case} you divide by 0. Leave it as it is.": lambda gradients: gradients / np.sqrt((gradients**2).sum()),
            "{case} you leave it as it is. Only a gradient of zeros has the length 0.": lambda gradients: (
                _normalize(gradients) if gradients.sum() else gradients
            ),
            "You divide by the sum of the absolute values. The Euclidean length is the root of the sum of the squares.": (
                lambda gradients: gradients / (np.abs(gradients).sum() or 1)
            ),
            "You subtract the mean. Divide by the length, and nothing else.": Either(
                lambda gradients: (gradients - gradients.mean()) / (gradients.std() or 1),
                lambda gradients: _normalize(gradients - gradients.mean()),
            ),
            "{case} the length does not become 1: what you add to the length, or take in its place, is too large.": Either(
                lambda gradients: gradients / max(np.linalg.norm(gradients), 1),
                lambda gradients: gradients / (np.linalg.norm(gradients) + 0.01),
                lambda gradients: gradients / (np.linalg.norm(gradients) + 0.001),
            ),
            "The signs are lost. Divide the gradient itself by its length.": lambda gradients: np.abs(_normalize(gradients)),
            "You divide by the square of the length: the root is missing.": lambda gradients: (
                gradients / ((gradients**2).sum() or 1)
            ),
            "You take the root mean square: it divides by the number of values.": lambda gradients: (
                gradients / (np.sqrt((gradients**2).mean()) or 1)
            ),
        },
    ),
)


def _occlude(
    image,
    patch,
    stride,
    fill,
    *,
    order="rows",
    ends="fit",
    kept=True,
    square=True,
    step=None,
    channels=3,
    colour=None,
    shown=False,
):
    """All covered copies of a picture; what can go wrong, by name."""
    step = {"patch": patch, "one": 1}.get(step, stride)
    beyond = {"fit": 1 - patch, "early": -patch, "over": 0, "part": step - patch}[ends]
    rows, columns = (range(0, length + beyond, step) for length in image.shape[:2])
    corners = [(row, column) for row in rows for column in columns]
    if order == "columns":
        corners = [(row, column) for column in columns for row in rows]
    batch, covered = [], image.copy()
    for row, column in corners:
        covered = image.copy() if kept else covered
        place = slice(row, row + patch), slice(column, column + (patch if square else stride)), slice(channels)
        if order == "exchanged":
            place = place[1], place[0], place[2]
        covered[place] = fill if colour is None else colour(image)
        if shown:
            covered = np.full_like(image, fill)
            covered[place] = image[place]
        batch.append(covered.copy())
    return np.array(batch)


def _occluding(**changes):
    return lambda *arguments: _occlude(*arguments, **changes)


def _occlude_cases(rng):
    pictures = [rng.normal(size=shape).astype(np.float32) for shape in ((8, 6, 3), (9, 12, 3), (7, 7, 3), (5, 4, 3))]
    return {
        "for 8 × 6 pixels, patch 2, stride 2": (pictures[0], 2, 2, 0.0),
        "for 9 × 12 pixels, patch 4, stride 2": (pictures[1], 4, 2, -1.0),
        "for 7 × 7 pixels, patch 3, stride 4": (pictures[2], 3, 4, 0.5),
        "for 5 × 4 pixels, patch 2, stride 1": (pictures[3], 2, 1, 0.0),
    }


lab.declare(
    "occlude",
    "Every covered copy of a picture",
    points=2,
    hints=(
        "Two loops: `for row in range(0, height - patch + 1, stride)`, and the same for the columns inside it.",
        "Take a fresh `image.copy()` for each place, set `[row : row + patch, column : column + patch]` to `fill`, collect the "
        "copies in a list and join them with `np.stack`.",
    ),
    occlude=Function(
        _occlude,
        cases=_occlude_cases,
        mistakes={
            "You cover the same copy again and again, so each picture keeps the patches of those before. Start from a fresh copy.": (
                _occluding(kept=False)
            ),
            "All pictures are the same array, with every patch in it: append a copy for each place.": lambda *arguments: (
                np.repeat(_occlude(*arguments, kept=False)[-1:], len(_occlude(*arguments)), axis=0)
            ),
            "The last place of each row and column is missing: a patch may touch the edge, so the range ends at "
            "height − patch + 1.": _occluding(ends="early"),
            "The order is column by column; the text asks for row by row.": _occluding(order="columns"),
            "The patches are as wide as the stride; they must be `patch` pixels wide.": _occluding(square=False),
            "The last patches of a row or column do not fit into the picture. A patch starts at `height - patch` at the latest.": (
                Either(_occluding(ends="over"), _occluding(ends="part"))
            ),
            "The patch moves by its own width. It moves by `stride` pixels.": _occluding(step="patch"),
            "The patch moves by 1 pixel. It moves by `stride` pixels.": _occluding(step="one"),
            "Rows and columns of the patch are exchanged.": _occluding(order="exchanged"),
            "You cover the first channel only. The patch has the value `fill` in all three.": _occluding(channels=1),
            "The patches are black, whatever `fill` is.": _occluding(colour=lambda image: 0),
            "You cover everything except the patch.": _occluding(shown=True),
        },
    ),
)


# ---------------------------------------------------------------- the trial


def _pointing_game(maps, masks):
    peaks = maps.reshape(len(maps), -1).argmax(axis=1)
    return masks.reshape(len(masks), -1)[np.arange(len(maps)), peaks]


def _mirrored_places(maps, masks):
    """Rows and columns of the peaks exchanged, where that is possible."""
    rows, columns = np.unravel_index(maps.reshape(len(maps), -1).argmax(axis=1), maps.shape[1:])
    return masks[np.arange(len(maps)), columns % maps.shape[1], rows % maps.shape[2]]


def _pointing_cases(rng):
    cases = {}
    for n, height, width in ((12, 4, 6), (9, 7, 3), (1, 5, 5)):
        masks = rng.random((n, height, width)) < 0.4
        masks[0, 0, 0] = True
        cases[f"for {n} maps of {height} × {width} pixels"] = (rng.normal(size=(n, height, width)), masks)
    masks = rng.random((6, 4, 5)) < 0.4
    masks[0], masks[1] = True, False
    cases["for 6 maps without positive values"] = (-1 - rng.random((6, 4, 5)), masks)
    return cases


lab.declare(
    "pointing_game",
    "The pointing game",
    hints=(
        "`argmax` over the whole array finds one peak for all maps. Flatten each map by itself: `maps.reshape(len(maps), -1)`.",
        "With `peaks = maps.reshape(len(maps), -1).argmax(axis=1)` the answer is "
        "`masks.reshape(len(maps), -1)[np.arange(len(maps)), peaks]`.",
    ),
    pointing_game=Function(
        _pointing_game,
        cases=_pointing_cases,
        view=lambda hits: as_array(hits).astype(float),
        mistakes={
            "You look for the lowest value; the peak is the highest.": lambda maps, masks: _pointing_game(-maps, masks),
            "You look for the largest absolute value. A map may be negative; its peak is its highest value.": (
                lambda maps, masks: _pointing_game(np.abs(maps), masks)
            ),
            "A map may be negative everywhere: multiplied by the mask, it is highest where the mask is 0. Look the mask up at the "
            "peak of the map itself.": lambda maps, masks: (maps * masks).max(axis=(1, 2)) == maps.max(axis=(1, 2)),
            "This is one number, the share of hits. Return one answer for each map: the interval needs them.": (
                lambda maps, masks: _pointing_game(maps, masks).mean()
            ),
            "All maps share one peak here: find the peak of each map by itself.": lambda maps, masks: masks[
                :, np.unravel_index(maps.argmax(), maps.shape)[1], np.unravel_index(maps.argmax(), maps.shape)[2]
            ],
            "Rows and columns of the peak are exchanged.": _mirrored_places,
            "You have it upside down: true is a hit.": lambda maps, masks: ~_pointing_game(maps, masks),
            "You return the place of each peak. The answer is what the mask says there.": (
                lambda maps, masks: maps.reshape(len(maps), -1).argmax(axis=1)
            ),
            "You look at every mask for every map. Map i belongs to mask i: index with `np.arange(len(maps))` and the places.": (
                lambda maps, masks: masks.reshape(len(masks), -1)[:, maps.reshape(len(maps), -1).argmax(axis=1)]
            ),
            "You compare averages inside and outside. Only the highest pixel counts.": Either(
                lambda maps, masks: [one[mask].mean() > one[~mask].mean() for one, mask in zip(maps, masks, strict=True)],
                lambda maps, masks: [one[mask].sum() > one[~mask].sum() for one, mask in zip(maps, masks, strict=True)],
            ),
            "You look for the best row and the best column one after the other. Find the highest pixel of the whole map.": (
                lambda maps, masks: [
                    mask[one.sum(axis=1).argmax(), one.sum(axis=0).argmax()] for one, mask in zip(maps, masks, strict=True)
                ]
            ),
        },
    ),
)


def _ranks(values):
    return np.argsort(np.argsort(np.ravel(values)))


def _pearson(one, other):
    return np.corrcoef(np.ravel(one), np.ravel(other))[0, 1]


def _cosine(one, other):
    return (one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum())


def _p_value(one, other):
    from scipy import stats

    return stats.spearmanr(np.ravel(one), np.ravel(other)).pvalue


def _both_numbers(one, other):
    from scipy import stats

    return tuple(stats.spearmanr(np.ravel(one), np.ravel(other)))


def _by_columns(one, other):
    from scipy import stats

    return stats.spearmanr(one, other).statistic


def _kendall(one, other):
    from scipy import stats

    return stats.kendalltau(np.ravel(one), np.ravel(other)).statistic


lab.declare(
    "rank_correlation",
    "Spearman's rank correlation",
    hints=(
        "Replace each value by its rank among all values of its map, then take the ordinary correlation of the ranks.",
        "`np.argsort` once gives the order, twice the ranks. `np.corrcoef(ranks, other_ranks)[0, 1]` is the correlation; "
        "`scipy.stats.spearmanr` does it all for flat arrays.",
    ),
    rank_correlation=Function(
        lambda one, other: _pearson(_ranks(one), _ranks(other)),
        cases=lambda rng: {
            "for two unrelated maps": (rng.normal(size=(4, 6)), rng.normal(size=(4, 6))),
            "for a map and its exponential": ((lambda one: (one, np.exp(3 * one)))(rng.normal(size=(5, 3)))),
            "for a map and its negative": ((lambda one: (one, -(one**3)))(rng.normal(size=(3, 4)))),
        },
        tolerance=1e-6,
        mistakes={
            "This is Pearson's correlation of the values. Take the ranks first: one bright pixel must not decide.": _pearson,
            "`argsort` once gives the *order*: which pixel comes first. The ranks are the argsort of the argsort.": (
                lambda one, other: _pearson(np.argsort(np.ravel(one)), np.argsort(np.ravel(other)))
            ),
            "You rank each row by itself. Rank all pixels of a map together.": lambda one, other: _pearson(
                np.argsort(np.argsort(one, axis=-1), axis=-1), np.argsort(np.argsort(other, axis=-1), axis=-1)
            ),
            "You rank each column by itself. Rank all pixels of a map together.": lambda one, other: _pearson(
                np.argsort(np.argsort(one, axis=0), axis=0), np.argsort(np.argsort(other, axis=0), axis=0)
            ),
            "The sign is lost: a map and its negative have the correlation −1.": Either(
                lambda one, other: abs(_pearson(_ranks(one), _ranks(other))),
                lambda one, other: _pearson(_ranks(one), _ranks(other)) ** 2,
            ),
            "The sign is turned: you rank one map upwards and the other downwards.": lambda one, other: (
                -_pearson(_ranks(one), _ranks(other))
            ),
            "`np.corrcoef` gives all correlations of the two, a 2 × 2 matrix. Take `[0, 1]` of it.": lambda one, other: (
                np.corrcoef(_ranks(one), _ranks(other))
            ),
            "SciPy takes each column of a map for a variable of its own. Flatten both maps first: `.ravel()`.": _by_columns,
            "SciPy returns two numbers, the correlation and its p-value. Take `.statistic`.": _both_numbers,
            "You rank only one of the two maps.": Either(
                lambda one, other: _pearson(_ranks(one), other), lambda one, other: _pearson(one, _ranks(other))
            ),
            "This is the p-value. The correlation is the other number, `.statistic`.": _p_value,
            "This is Kendall's τ. Spearman's rank correlation is the ordinary correlation of the ranks.": _kendall,
            "Subtract the mean rank first: this is the cosine of the ranks, not their correlation.": Either(
                lambda one, other: _cosine(_ranks(one), _ranks(other)),
                lambda one, other: _cosine(_ranks(one) + 1, _ranks(other) + 1),
            ),
        },
    ),
)


def _delete(image, values, share, fill, *, lowest=False, shown=False, count=round, channels=3):
    order = np.argsort(values.ravel() if lowest else -values.ravel())
    gone = np.zeros(values.size, bool)
    gone[order[: count(share * values.size)]] = True
    gone = gone.reshape(values.shape)[..., None] & (np.arange(3) < channels)
    return np.where(~gone if shown else gone, np.asarray(fill, image.dtype), image)


def _deleting(**changes):
    return lambda *arguments: _delete(*arguments, **changes)


def _where(chosen):
    """Delete where `chosen(values, share)` says so."""
    return lambda image, values, share, fill: np.where(chosen(values, share)[..., None], np.asarray(fill, image.dtype), image)


def _row_by_row(image, values, share, fill):
    count = round(share * values.shape[1])
    ranks = np.argsort(np.argsort(-values, axis=1), axis=1)
    return np.where((ranks < count)[..., None], np.asarray(fill, image.dtype), image)


def _delete_cases(rng):
    return {
        f"for a share of {share} of {height} × {width} pixels": (
            rng.normal(size=(height, width, 3)).astype(np.float32),
            rng.normal(size=(height, width)),
            share,
            fill,
        )
        for height, width, share, fill in (
            (4, 5, 0.25, 0.0),
            (6, 3, 0.5, -1.0),
            (5, 4, 0.0, 0.0),
            (3, 4, 1.0, 0.5),
            (4, 4, 0.3, 0.5),  # 4.8 pixels
            (3, 7, 0.4, -0.5),  # 8.4
            (3, 3, 0.5, 1.0),  # 4.5: Python's `round` goes to the even number
        )
    }


lab.declare(
    "delete",
    "Deletion",
    points=2,
    hints=(
        "`np.argsort(-values.ravel())` lists the pixels, the most important first. How many of them go?",
        "Make a copy, view it as `(pixels, 3)` with `.reshape(-1, 3)`, set the rows of the first `round(share * values.size)` "
        "pixels to `fill`, and bring it back to the picture's shape.",
    ),
    delete=Function(
        _delete,
        cases=_delete_cases,
        mistakes={
            "You replace the *least* important pixels.": _deleting(lowest=True),
            "You keep the important pixels and replace all others: that is insertion.": _deleting(shown=True),
            "You replace what exceeds a share of the maximum. The *number* of pixels is given: `round(share * values.size)`.": Either(
                _where(lambda values, share: values > share * values.max()),
                _where(lambda values, share: values >= share * values.max()),
                _where(lambda values, share: values > (1 - share) * values.max()),
                _where(lambda values, share: values >= (1 - share) * values.max()),
            ),
            "You replace what exceeds `share` itself. The share says *how many* pixels go: `round(share * values.size)`.": Either(
                _where(lambda values, share: values > share), _where(lambda values, share: values >= share)
            ),
            "{case} the number of pixels is rounded down, whatever its decimals are: take `round(share * values.size)`.": _deleting(
                count=int
            ),
            "{case} the number of pixels is rounded up, whatever its decimals are: take `round(share * values.size)`.": _deleting(
                count=lambda number: int(np.ceil(number))
            ),
            "{case} the number of pixels lies in the middle between two whole ones, and Python's `round` takes the even one; you "
            "round up.": _deleting(count=lambda number: int(number + 0.5)),
            "{case} you replace one pixel too many.": Either(
                _deleting(count=lambda number: round(number) + 1), _deleting(count=lambda number: max(1, round(number)))
            ),
            "You rank by absolute values. A map may be negative; its highest values go first.": (
                lambda image, values, share, fill: _delete(image, np.abs(values), share, fill)
            ),
            "{case} a quantile does not give this number of pixels. Sort the values and count: `round(share * values.size)`.": Either(
                _where(lambda values, share: values >= np.quantile(values, 1 - share)),
                _where(lambda values, share: values > np.quantile(values, 1 - share)),
            ),
            "{case} no pixel may be replaced, and you replace them all: `[-n:]` with n = 0 is the whole array.": _deleting(
                count=lambda number: round(number) or None
            ),
            "You take the share of each row. Take the highest values of the whole map.": _row_by_row,
            "You replace the first channel only; `fill` goes into all three.": _deleting(channels=1),
            "You replace pixels by 0, whatever `fill` is.": lambda image, values, share, fill: _delete(image, values, share, 0),
            "You replace three times as many pixels: `image.size` counts every channel, `values.size` the pixels.": (
                lambda image, values, share, fill: _delete(image, values, min(1, 3 * share), fill)
            ),
        },
    ),
)
