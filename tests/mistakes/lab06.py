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
    "occlude": [
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
