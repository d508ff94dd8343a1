"""Answers to Lab 06's exercises; see tests/mistakes/__init__.py."""

_GRAD_CAM = """
def grad_cam(tap, image, c):
    with tf.GradientTape() as tape:
        maps, logits = tap({image})
        {score}
    gradients = tape.gradient({target}, maps)
    {weights}
    return {result}
"""


def _grad_cam(
    image="image[None]",
    score="logit = logits[0, c]",
    target="logit",
    weights="weights = keras.ops.mean(gradients, axis=(0, 1, 2))",
    result="keras.ops.sum(maps[0] * weights, axis=-1)",
):
    """An answer to "grad_cam" with these parts."""
    return _GRAD_CAM.format(image=image, score=score, target=target, weights=weights, result=result)


OTHERS = {
    "class_activation_map": [
        (
            "lists",
            """
def class_activation_map(maps, weights):
    return [[sum(m * w for m, w in zip(cell, weights)) for cell in row] for row in maps]
""",
        ),
        (
            "one matrix product",
            """
def class_activation_map(maps, weights):
    r, c, k = maps.shape
    return (maps.reshape(-1, k) @ weights.reshape(k, 1)).reshape(r, c)
""",
        ),
        ("einsum", "def class_activation_map(maps, weights):\n    return np.einsum('ijc,c->ij', maps, weights)\n"),
        ("sum", "def class_activation_map(maps, weights):\n    return (maps * weights).sum(-1)\n"),
        (
            "a loop over the channels",
            """
def class_activation_map(maps, weights):
    total = np.zeros(np.shape(maps)[:2])
    for k in range(len(weights)):
        total += weights[k] * maps[:, :, k]
    return total
""",
        ),
        ("tensordot", "def class_activation_map(maps, weights):\n    return tf.tensordot(maps, weights, 1)\n"),
    ],
    "grad_cam": [
        (
            "all logits at once",
            """
def grad_cam(tap, image, c):
    with tf.GradientTape() as tape:
        maps, logits = tap(image[None])
    j = tape.jacobian(logits, maps)
    w = tf.reduce_mean(j[0, c, 0], axis=(0, 1))
    return tf.tensordot(maps[0], w, 1)
""",
        ),
        (
            "in a tf.function",
            """
def grad_cam(tap, image, c):
    @tf.function
    def both(x):
        with tf.GradientTape() as tape:
            maps, logits = tap(x)
            y = logits[:, c]
        return maps, tape.gradient(y, maps)
    maps, g = both(tf.constant(image[None]))
    return tf.reduce_sum(maps[0] * tf.reduce_mean(g[0], (0, 1)), -1).numpy()
""",
        ),
        (
            "one_hot chooses the class",
            """
def grad_cam(tap, image, c):
    with tf.GradientTape() as tape:
        maps, logits = tap(image[None])
        score = tf.reduce_sum(logits * tf.one_hot([c], logits.shape[-1]))
    grads = tape.gradient(score, maps)
    weights = tf.reduce_mean(grads, axis=(1, 2))
    cam = tf.reduce_sum(maps[0] * weights[0], axis=-1)
    return cam.numpy()
""",
        ),
        ("in Keras' operations", _grad_cam()),
        ("the sum of one", _grad_cam(score="logit = tf.reduce_sum(logits[:, c])", result="(maps[0] @ weights[:, None])[..., 0]")),
        ("a batch of tensors", _grad_cam(image="tf.constant(image)[tf.newaxis]", result="maps.numpy()[0] @ weights.numpy()")),
        (
            "with the gradient of the whole vector",
            """
def grad_cam(tap, image, c):
    with tf.GradientTape() as tape:
        maps, logits = tap(np.expand_dims(image, 0), training=False)
    gradients = tape.gradient(logits, maps, output_gradients=tf.one_hot([c], logits.shape[1]))[0]
    weights = gradients.numpy().reshape(-1, gradients.shape[-1]).mean(axis=0)
    return np.dot(maps[0].numpy(), weights)
""",
        ),
    ],
    "factor": [
        ("by an array", "def factor(rows, columns):\n    return np.ones((rows, columns)).size\n"),
        ("a sum", "def factor(rows, columns):\n    return float(sum(columns for _ in range(rows)))\n"),
    ],
    "to_unit": [
        (
            "a tiny number is added",
            """
def to_unit(values):
    p = np.maximum(values, 0)
    return p / (p.max() + 1e-12)
""",
        ),
        (
            "divide_no_nan",
            """
def to_unit(values):
    p = tf.nn.relu(values)
    return tf.math.divide_no_nan(p, tf.reduce_max(p)).numpy()
""",
        ),
        (
            "NaN afterwards becomes 0",
            """
def to_unit(values):
    with np.errstate(all='ignore'):
        return np.nan_to_num(np.maximum(values, 0) / np.maximum(values, 0).max())
""",
        ),
        (
            "an if at the start",
            """
def to_unit(values):
    if np.max(values) <= 0:
        return np.zeros_like(values)
    return np.clip(values / np.max(values), 0, 1)
""",
        ),
        (
            "keras.ops",
            """
def to_unit(values):
    positive = keras.ops.relu(values)
    top = keras.ops.max(positive)
    return keras.ops.where(top > 0, positive / keras.ops.where(top > 0, top, 1), 0)
""",
        ),
        (
            "a tiny number",
            "def to_unit(values):\n    positive = np.maximum(values, 0)\n    return positive / max(positive.max(), 1e-12)\n",
        ),
    ],
    "upsample": [
        (
            "an affine transform",
            """
def upsample(values, size):
    scale = np.array(values.shape) / np.array(size)
    return ndimage.affine_transform(values, scale, offset=scale / 2 - 0.5, output_shape=tuple(size), order=1, mode="nearest")
""",
        ),
        (
            "two matrices",
            """
def upsample(values, size):
    def matrix(n, m):
        at = np.clip((np.arange(m) + 0.5) * n / m - 0.5, 0, n - 1)
        return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(n)))
    return matrix(values.shape[0], size[0]) @ values @ matrix(values.shape[1], size[1]).T
""",
        ),
        (
            "between the middles of the cells",
            """
def upsample(values, size):
    from scipy.interpolate import RegularGridInterpolator
    r, c = values.shape
    f = RegularGridInterpolator(((np.arange(r) + .5) * size[0] / r, (np.arange(c) + .5) * size[1] / c), values)
    y = np.clip(np.arange(size[0]) + .5, .5 * size[0] / r, size[0] - .5 * size[0] / r)
    x = np.clip(np.arange(size[1]) + .5, .5 * size[1] / c, size[1] - .5 * size[1] / c)
    return f(tuple(np.meshgrid(y, x, indexing="ij")))
""",
        ),
        (
            "Keras",
            """
def upsample(values, size):
    return keras.ops.image.resize(np.asarray(values, 'float32')[..., None], size, interpolation='bilinear')[..., 0]
""",
        ),
        (
            "SciPy",
            """
def upsample(values, size):
    from scipy import ndimage
    zoom = (size[0] / values.shape[0], size[1] / values.shape[1])
    return ndimage.zoom(values, zoom, order=1, grid_mode=True, mode='nearest')
""",
        ),
        (
            "Pillow",
            """
def upsample(values, size):
    from PIL import Image
    return np.asarray(Image.fromarray(np.float32(values)).resize((size[1], size[0]), Image.BILINEAR))
""",
        ),
        (
            "np.interp, rows then columns",
            """
def upsample(values, size):
    rows = (np.arange(size[0]) + 0.5) * values.shape[0] / size[0] - 0.5
    columns = (np.arange(size[1]) + 0.5) * values.shape[1] / size[1] - 0.5
    tall = np.array([np.interp(rows, np.arange(values.shape[0]), column) for column in values.T]).T
    return np.array([np.interp(columns, np.arange(values.shape[1]), row) for row in tall])
""",
        ),
    ],
    "normalize": [
        (
            "tf.math.l2_normalize",
            """
def normalize(gradients):
    return tf.math.l2_normalize(gradients)
""",
        ),
        (
            "loops",
            """
def normalize(gradients):
    total = 0.0
    for row in gradients:
        for pixel in row:
            for v in pixel:
                total += float(v) ** 2
    if total == 0:
        return gradients
    return gradients / total ** 0.5
""",
        ),
        (
            "flattened",
            "def normalize(gradients):\n    n = np.linalg.norm(np.ravel(gradients))\n    return gradients / n if n > 0 else gradients\n",
        ),
        (
            "keras.ops.normalize over all",
            """
def normalize(gradients):
    flat = keras.ops.normalize(np.reshape(gradients, (1, -1)), axis=-1)
    return np.reshape(flat, gradients.shape)
""",
        ),
        ("tf's norm", "def normalize(gradients):\n    return tf.math.divide_no_nan(gradients, tf.norm(gradients))\n"),
    ],
    "occlude": [
        (
            "masks of rows and of columns",
            """
def occlude(image, patch, stride, fill):
    h, w, _ = image.shape
    r, c = np.arange(h), np.arange(w)
    ys, xs = np.arange(0, h - patch + 1, stride), np.arange(0, w - patch + 1, stride)
    row = (r >= ys[:, None]) & (r < ys[:, None] + patch)
    col = (c >= xs[:, None]) & (c < xs[:, None] + patch)
    m = row[:, None, :, None] & col[None, :, None, :]
    m = m.reshape(-1, h, w, 1)
    return np.where(m, fill, image)
""",
        ),
        (
            "one mask at a time",
            """
def occlude(image, patch, stride, fill):
    h, w, _ = image.shape
    out = []
    for y in range(0, h - patch + 1, stride):
        for x in range(0, w - patch + 1, stride):
            m = np.zeros((h, w, 1), bool)
            m[y:y + patch, x:x + patch] = True
            out.append(np.where(m, fill, image))
    return np.array(out)
""",
        ),
        (
            "while loops",
            """
def occlude(image, patch, stride, fill):
    pictures, row = [], 0
    while row + patch <= image.shape[0]:
        column = 0
        while column + patch <= image.shape[1]:
            one = np.array(image)
            one[row:row + patch, column:column + patch, :] = fill
            pictures.append(one)
            column += stride
        row += stride
    return pictures
""",
        ),
        (
            "repeated first",
            """
def occlude(image, patch, stride, fill):
    height, width, _ = image.shape
    rows, columns = np.arange(0, height - patch + 1, stride), np.arange(0, width - patch + 1, stride)
    batch = np.repeat(image[None], len(rows) * len(columns), axis=0)
    for k, (row, column) in enumerate((r, c) for r in rows for c in columns):
        batch[k, row : row + patch, column : column + patch] = fill
    return batch
""",
        ),
        (
            "masks and where",
            """
def occlude(image, patch, stride, fill):
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    masks = [
        (y >= r) & (y < r + patch) & (x >= c) & (x < c + patch)
        for r in range(0, image.shape[0] - patch + 1, stride)
        for c in range(0, image.shape[1] - patch + 1, stride)
    ]
    return np.where(np.array(masks)[..., None], fill, image)
""",
        ),
    ],
    "pointing_game": [
        (
            "inside against outside",
            """
def pointing_game(maps, masks):
    inside = np.where(masks, maps, -np.inf).max((1, 2))
    outside = np.where(masks, -np.inf, maps).max((1, 2))
    return inside > outside
""",
        ),
        (
            "loops",
            """
def pointing_game(maps, masks):
    answers = []
    for m, k in zip(maps, masks):
        best, hit = m[0, 0], k[0, 0]
        for y in range(m.shape[0]):
            for x in range(m.shape[1]):
                if m[y, x] > best:
                    best, hit = m[y, x], k[y, x]
        answers.append(hit)
    return answers
""",
        ),
        (
            "scipy.ndimage",
            """
def pointing_game(maps, masks):
    return [masks[i][ndimage.maximum_position(maps[i])] for i in range(len(maps))]
""",
        ),
        (
            "a loop",
            """
def pointing_game(maps, masks):
    hits = []
    for one, mask in zip(maps, masks):
        row, column = np.unravel_index(np.argmax(one), one.shape)
        hits.append(mask[row, column])
    return hits
""",
        ),
        (
            "the highest inside is the highest of all",
            """
def pointing_game(maps, masks):
    inside = np.where(masks, maps, -np.inf).max(axis=(1, 2))
    return (inside == maps.max(axis=(1, 2))).astype(float)
""",
        ),
        (
            "take_along_axis",
            """
def pointing_game(maps, masks):
    n = len(maps)
    peaks = np.argmax(np.reshape(maps, (n, -1)), axis=1)[:, None]
    return np.take_along_axis(np.reshape(masks, (n, -1)), peaks, axis=1)[:, 0]
""",
        ),
    ],
    "rank_correlation": [
        (
            "counts what is smaller",
            """
def rank_correlation(one, other):
    a = (one.ravel()[:, None] > one.ravel()).sum(1)
    b = (other.ravel()[:, None] > other.ravel()).sum(1)
    return np.corrcoef(a, b)[0, 1]
""",
        ),
        (
            "TensorFlow, float32",
            """
def rank_correlation(one, other):
    r = lambda m: tf.cast(tf.argsort(tf.argsort(tf.reshape(m, [-1]))), tf.float32)
    a, b = r(one), r(other)
    a -= tf.reduce_mean(a)
    b -= tf.reduce_mean(b)
    return tf.reduce_sum(a * b) / (tf.norm(a) * tf.norm(b))
""",
        ),
        (
            "both downwards",
            """
def rank_correlation(one, other):
    rank = lambda m: np.argsort(np.argsort(-m.ravel()))
    return np.corrcoef(rank(one), rank(other))[0, 1]
""",
        ),
        (
            "SciPy",
            """
def rank_correlation(one, other):
    from scipy.stats import spearmanr
    return spearmanr(np.ravel(one), np.ravel(other)).statistic
""",
        ),
        (
            "the formula with squared differences",
            """
def rank_correlation(one, other):
    n = one.size
    ranks, others = (np.argsort(np.argsort(each.ravel())) for each in (one, other))
    return 1 - 6 * np.sum((ranks - others) ** 2.0) / (n * (n**2 - 1))
""",
        ),
        (
            "pandas",
            """
def rank_correlation(one, other):
    import pandas
    return pandas.Series(one.ravel()).corr(pandas.Series(other.ravel()), method='spearman')
""",
        ),
    ],
    "delete": [
        (
            "one pixel after the other",
            """
def delete(image, values, share, fill):
    out = image.copy()
    left = values.copy()
    for _ in range(round(share * values.size)):
        y, x = np.unravel_index(left.argmax(), left.shape)
        out[y, x] = fill
        left[y, x] = -np.inf
    return out
""",
        ),
        (
            "tf.math.top_k",
            """
def delete(image, values, share, fill):
    n = round(share * values.size)
    _, at = tf.math.top_k(values.ravel(), n)
    out = image.copy()
    out[np.unravel_index(at.numpy(), values.shape)] = fill
    return out
""",
        ),
        (
            "argpartition",
            """
def delete(image, values, share, fill):
    n = round(share * values.size)
    out = image.copy()
    if n:
        at = np.argpartition(values.ravel(), -n)[-n:]
        out.reshape(-1, 3)[at] = fill
    return out
""",
        ),
        (
            "by multiplication",
            """
def delete(image, values, share, fill):
    n = round(share * values.size)
    keep = np.ones(values.shape)
    keep[np.unravel_index(np.argsort(values, axis=None)[::-1][:n], values.shape)] = 0
    return image * keep[..., None] + fill * (1 - keep[..., None])
""",
        ),
        (
            "argsort on a copy",
            """
def delete(image, values, share, fill):
    pixels = image.reshape(-1, 3).copy()
    order = np.argsort(values.ravel())[::-1]
    pixels[order[: round(share * values.size)]] = fill
    return pixels.reshape(image.shape)
""",
        ),
        (
            "a threshold from the sorted values",
            """
def delete(image, values, share, fill):
    count = round(share * values.size)
    result = image.copy()
    if count:
        result[values >= np.sort(values, axis=None)[-count]] = fill
    return result
""",
        ),
        (
            "ranks",
            """
def delete(image, values, share, fill):
    ranks = np.argsort(np.argsort(-values, axis=None)).reshape(values.shape)
    return np.where((ranks < round(share * values.size))[..., None], fill, image)
""",
        ),
    ],
}

MISTAKES = {
    "rank_correlation": [
        (
            "SciPy without flattening",
            """
def rank_correlation(one, other):
    from scipy import stats
    return stats.spearmanr(one, other).statistic
""",
            "Flatten both maps",
        ),
        (
            "all that SciPy returns",
            """
def rank_correlation(one, other):
    from scipy import stats
    return stats.spearmanr(one.ravel(), other.ravel())
""",
            "its p-value",
        ),
    ],
    "to_unit": [
        (
            "one 0 for the whole map",
            """
def to_unit(values):
    if values.max() <= 0:
        return 0
    return np.maximum(values, 0) / values.max()
""",
            "this is a number",
        ),
    ],
    "pointing_game": [
        (
            "words",
            """
def pointing_game(maps, masks):
    return ['hit' if k.flat[m.argmax()] else 'miss' for m, k in zip(maps, masks)]
""",
            "holds words",
        ),
        (
            "row and column exchanged",
            """
def pointing_game(maps, masks):
    out = []
    for m, k in zip(maps, masks):
        x, y = np.unravel_index(m.argmax(), m.shape)
        out.append(k[y, x])
    return out
""",
            "IndexError",
        ),
    ],
    "grad_cam": [
        (
            "the logit after the tape",
            """
def grad_cam(tap, image, c):
    with tf.GradientTape() as tape:
        maps, logits = tap(image[None])
    score = logits[0, c]
    grads = tape.gradient(score, maps)
    weights = tf.reduce_mean(grads, axis=(1, 2))
    cam = tf.reduce_sum(maps[0] * weights[0], axis=-1)
    return cam.numpy()
""",
            "The tape cannot follow",
        ),
        (
            "predict inside the tape",
            """
def grad_cam(tap, image, c):
    with tf.GradientTape() as tape:
        maps, logits = tap.predict(image[None], verbose=0)
        score = logits[0, c]
    grads = tape.gradient(score, maps)
    weights = tf.reduce_mean(grads, axis=(1, 2))
    cam = tf.reduce_sum(maps[0] * weights[0], axis=-1)
    return cam.numpy()
""",
            "The tape cannot follow",
        ),
        (
            "the two outputs exchanged",
            """
def grad_cam(tap, image, c):
    with tf.GradientTape() as tape:
        logits, maps = tap(image[None])
        score = logits[0, c]
    grads = tape.gradient(score, maps)
    weights = tf.reduce_mean(grads, axis=(1, 2))
    cam = tf.reduce_sum(maps[0] * weights[0], axis=-1)
    return cam.numpy()
""",
            "The tape cannot follow",
        ),
        (
            "a picture instead of a batch",
            """
def grad_cam(tap, image, c):
    with tf.GradientTape() as tape:
        maps, logits = tap(image)
        score = logits[0, c]
    grads = tape.gradient(score, maps)
    weights = tf.reduce_mean(grads, axis=(1, 2))
    cam = tf.reduce_sum(maps[0] * weights[0], axis=-1)
    return cam.numpy()
""",
            "`tap` wants a batch",
        ),
        (
            "the derivative by the picture",
            """
def grad_cam(tap, image, c):
    with tf.GradientTape() as tape:
        x = tf.convert_to_tensor(image[None])
        tape.watch(x)
        maps, logits = tap(x)
        score = logits[0, c]
    grads = tape.gradient(score, x)
    weights = tf.reduce_mean(grads, axis=(1, 2))
    cam = tf.reduce_sum(maps[0] * weights[0], axis=-1)
    return cam.numpy()
""",
            "with respect to the picture",
        ),
    ],
    "occlude": [
        (
            "a list of rows of copies",
            """
def occlude(image, patch, stride, fill):
    out = []
    for y in range(0, image.shape[0] - patch + 1, stride):
        row = []
        for x in range(0, image.shape[1] - patch + 1, stride):
            c = image.copy()
            c[y:y + patch, x:x + patch] = fill
            row.append(c)
        out.append(row)
    return np.array(out)
""",
            "The shape is",
        ),
        (
            "the patches cut out",
            """
def occlude(image, patch, stride, fill):
    copies = []
    for top in range(0, image.shape[0] - patch + 1, stride):
        for left in range(0, image.shape[1] - patch + 1, stride):
            copy = image.copy()
            copy[top : top + patch, left : left + patch] = fill
            copies.append(image[top : top + patch, left : left + patch])
    return np.stack(copies)
""",
            "The shape is",
        ),
        (
            "covers the picture itself",
            """
def occlude(image, patch, stride, fill):
    batch = []
    for row in range(0, image.shape[0] - patch + 1, stride):
        for column in range(0, image.shape[1] - patch + 1, stride):
            kept = image[row : row + patch, column : column + patch].copy()
            image[row : row + patch, column : column + patch] = fill
            batch.append(image.copy())
            image[row : row + patch, column : column + patch] = kept
    image[0, 0] = fill
    return np.stack(batch)
""",
            "Work on a copy",
        ),
    ],
    "delete": [
        (
            "a threshold that takes all for no pixel",
            """
def delete(image, values, share, fill):
    n = round(share * values.size)
    out = image.copy()
    limit = np.sort(values, axis=None)[-n]
    out[values >= limit] = fill
    return out
""",
            "is the whole array",
        ),
        (
            "at least one pixel",
            """
def delete(image, values, share, fill):
    n = max(1, round(share * values.size))
    out = image.copy()
    order = np.argsort(values.ravel())[::-1][:n]
    rows, columns = np.unravel_index(order, values.shape)
    out[rows, columns] = fill
    return out
""",
            "one pixel too many",
        ),
        (
            "deletes from the picture itself",
            """
def delete(image, values, share, fill):
    image.reshape(-1, 3)[np.argsort(-values.ravel())[: round(share * values.size)]] = fill
    return image
""",
            "Work on a copy",
        ),
    ],
}

_ANY_NEGATIVE = "NumPy takes any negative number in a shape for the one to be found out."

EQUIVALENT = {
    (
        "upsample",
        'argument interpolation dropped: large = keras.ops.image.resize(channel, size, interpolation="bilinear")',
    ): "Bilinear is what Keras does unless told otherwise.",
    ("pointing_game", "1 + 1: flat = masks.reshape(len(masks), -1)"): _ANY_NEGATIVE,
    ("pointing_game", "1 + 1: peaks = maps.reshape(len(maps), -1).argmax(axis=1)"): _ANY_NEGATIVE,
    ("delete", "1 + 1: pixels = image.reshape(-1, 3).copy()"): _ANY_NEGATIVE,
}
