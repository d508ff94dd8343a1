"""Answers to lab 04 beside the official ones and the mistakes that its checks declare (see the package)."""

OTHERS = {
    "batches_an_epoch": [
        ("floor division of the negative", '''
def batches_an_epoch(photos, batch_size):
    batches = -(-photos // batch_size)
    return [batches, photos / batches]
'''),
        ("NumPy, a dictionary's values", '''
def batches_an_epoch(photos, batch_size):
    found = {"batches": np.ceil(photos / batch_size)}
    found["passes"] = photos / found["batches"]
    return tuple(found.values())
'''),
        ("counted in a loop", '''
def batches_an_epoch(photos, batch_size):
    batches = len(range(0, photos, batch_size))
    return batches, photos / batches
'''),
    ],
    "addresses": [
        ("meshgrid", '''
def addresses(height, width):
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    return np.dstack([columns, rows, np.zeros((height, width))]).astype(np.float32)
'''),
        ("loops", '''
def addresses(height, width):
    picture = np.zeros((height, width, 3), np.float32)
    for row in range(height):
        for column in range(width):
            picture[row, column] = column, row, 0
    return picture
'''),
        ("broadcasting", '''
def addresses(height, width):
    picture = np.zeros((height, width, 3), "float32")
    picture[..., 0] = np.arange(width)
    picture[..., 1] = np.arange(height)[:, None]
    return picture
'''),
        ("TensorFlow", '''
def addresses(height, width):
    columns, rows = tf.meshgrid(tf.range(width), tf.range(height))
    return tf.cast(tf.stack([columns, rows, tf.zeros_like(rows)], axis=-1), tf.float32)
'''),
    ],
    "motion": [
        ("lstsq", '''
def motion(picture):
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    places = np.column_stack([columns.ravel(), rows.ravel(), np.ones(rows.size)])
    column = np.linalg.lstsq(places, picture[rows, columns, 0].ravel(), rcond=None)[0]
    row = np.linalg.lstsq(places, picture[rows, columns, 1].ravel(), rcond=None)[0]
    return [list(column), list(row)]
'''),
        ("scikit-learn", '''
def motion(picture):
    from sklearn.linear_model import LinearRegression
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    places = np.stack([columns.ravel(), rows.ravel()], axis=1)
    line = LinearRegression().fit(places, picture[rows, columns, :2].reshape(-1, 2))
    return np.column_stack([line.coef_, line.intercept_])
'''),
        ("normal equations", '''
def motion(picture):
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    X = np.stack([columns.ravel(), rows.ravel(), np.ones(rows.size)], axis=1)
    Y = picture[rows, columns, :2].reshape(-1, 2).astype(float)
    return np.linalg.solve(X.T @ X, X.T @ Y).T
'''),
    ],
    "shift_axes": [
        ("capital letters", '''
width_shift_moves = "Rows"
height_shift_moves = " columns "
'''),
        ("words from elsewhere", '''
width_shift_moves = np.array(["columns", "rows"])[1]
height_shift_moves = str("col" + "umns")
'''),
    ],
    "pivot": [
        ("inverse", '''
def pivot(matrix):
    return tuple(np.linalg.inv(np.eye(2) - matrix[:, :2]) @ matrix[:, 2])
'''),
        ("Cramer's rule", '''
def pivot(matrix):
    (a, b, t), (c, d, u) = matrix
    det = (1 - a) * (1 - d) - b * c
    return [((1 - d) * t + b * u) / det, (c * t + (1 - a) * u) / det]
'''),
        ("eigenvector", '''
def pivot(matrix):
    full = np.vstack([matrix, [0, 0, 1]])
    values, vectors = np.linalg.eig(full)
    fixed = np.real(vectors[:, np.argmin(abs(values - 1))])
    return (fixed / fixed[2])[:2]
'''),
    ],
    "shear_unit": [
        (
            "to one decimal",
            """
top_row_moves = 0.4
setting_for_a_fifth = 11.5
""",
        ),
        ("tangent", '''
top_row_moves = 112 * math.tan(math.radians(0.2))
setting_for_a_fifth = math.degrees(math.atan(0.2))
'''),
        ("arc length, rounded", '''
top_row_moves = 0.391
setting_for_a_fifth = 11.5
'''),
        ("0-d array and tensor", '''
top_row_moves = np.array(112 * np.sin(0.2 * np.pi / 180))
setting_for_a_fifth = tf.constant(11.537)
'''),
    ],
    "channel_shift": [
        ("rounded, capitals", '''
largest_share, channels_get, scaled_first = 0.035, "The same shift", "one flat colour"
'''),
        ("a fraction", '''
import fractions
largest_share = fractions.Fraction(9, 255)
channels_get = np.str_("the same shift")
scaled_first = "One flat colour"
'''),
    ],
    "slide_as_layers": [
        (
            "without interpolation",
            """
def slide_as_layers():
    return [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(40 / 360, fill_mode="nearest", interpolation="nearest"),
        layers.RandomTranslation(0.2, 0.2, fill_mode="nearest", interpolation="nearest"),
        layers.RandomZoom(0.2, 0.2, fill_mode="nearest", interpolation="nearest"),
    ]
""",
        ),
        ("ranges on both sides, a tuple", '''
def slide_as_layers():
    nearest = {"fill_mode": "nearest"}
    return (
        layers.RandomFlip(mode="horizontal"),
        layers.RandomRotation((-1 / 9, 1 / 9), **nearest),
        layers.RandomTranslation((-0.2, 0.2), (-0.2, 0.2), **nearest),
        layers.RandomZoom((-0.2, 0.2), (-0.2, 0.2), **nearest),
    )
'''),
        ("by keyword, with seeds", '''
def slide_as_layers():
    flip = keras.layers.RandomFlip("horizontal", seed=1)
    turn = keras.layers.RandomRotation(factor=np.deg2rad(40) / (2 * np.pi), fill_mode="nearest", seed=2)
    shift = keras.layers.RandomTranslation(height_factor=0.2, width_factor=0.2, fill_mode="nearest", seed=3)
    zoom = keras.layers.RandomZoom(height_factor=0.2, width_factor=0.2, fill_mode="nearest", seed=4)
    return [flip, turn, shift, zoom]
'''),
        ("each in a model", '''
def slide_as_layers():
    made = [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(40 / 360, fill_mode="nearest", interpolation="bilinear"),
        layers.RandomTranslation(0.2, 0.2, fill_mode="nearest"),
        layers.RandomZoom(0.2, 0.2, fill_mode="nearest"),
    ]
    return [keras.Sequential([layer]) for layer in made]
'''),
    ],
    "diagnose": [
        (
            "the bytes compared",
            """
def diagnose(first_epoch, second_epoch, originals):
    if first_epoch.tobytes() != second_epoch.tobytes(): return "fresh"
    return ("frozen", "unused")[first_epoch.tobytes() == originals.tobytes()]
""",
        ),
        (
            "the largest difference",
            """
def diagnose(first_epoch, second_epoch, originals):
    d = np.abs(first_epoch - second_epoch).max()
    if d > 1e-6: return "fresh"
    return "frozen" if np.abs(first_epoch - originals).max() > 1e-6 else "unused"
""",
        ),
        ("all of ==", '''
def diagnose(first_epoch, second_epoch, originals):
    frozen = (first_epoch == second_epoch).all()
    used = not (first_epoch == originals).all()
    if frozen and used:
        return "frozen"
    return "unused" if frozen else "fresh"
'''),
        ("largest differences", '''
def diagnose(first_epoch, second_epoch, originals):
    between = np.abs(first_epoch.astype(float) - second_epoch).max()
    before = np.abs(first_epoch.astype(float) - originals).max()
    return "fresh" if between > 0 else "frozen" if before > 0 else "unused"
'''),
        ("allclose", '''
def diagnose(first_epoch, second_epoch, originals):
    if np.allclose(first_epoch, originals) and np.allclose(second_epoch, originals):
        return "unused"
    if np.allclose(first_epoch, second_epoch):
        return "frozen"
    return "fresh"
'''),
    ],
    "train_pipeline": [
        ("cached, in parallel", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).cache()
    dataset = dataset.shuffle(len(images), reshuffle_each_iteration=True).batch(batch)
    return dataset.map(lambda x, y: (augment(x), y), num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
'''),
        ("with training=True, a large buffer, a named function", '''
def train_pipeline(images, labels, augment, batch):
    def change(pictures, classes):
        return augment(pictures, training=True), classes

    dataset = tf.data.Dataset.from_tensor_slices((images, labels))
    return dataset.shuffle(10_000).batch(batch, drop_remainder=False).map(change)
'''),
        ("zipped, shuffled as pairs", '''
def train_pipeline(images, labels, augment, batch):
    pictures = tf.data.Dataset.from_tensor_slices(images)
    classes = tf.data.Dataset.from_tensor_slices(labels)
    pairs = tf.data.Dataset.zip((pictures, classes)).shuffle(buffer_size=len(labels))
    return pairs.batch(batch).map(lambda x, y: (augment(x), y))
'''),
    ],
    "difference_interval": [
        ("stats.t.interval", '''
def difference_interval(with_it, without):
    differences = with_it - without
    return stats.t.interval(0.95, len(differences) - 1, differences.mean(), stats.sem(differences))
'''),
        ("ttest_rel", '''
def difference_interval(with_it, without):
    return stats.ttest_rel(with_it, without).confidence_interval(0.95)
'''),
        ("a loop, isf", '''
def difference_interval(with_it, without):
    n = len(with_it)
    differences = [a - b for a, b in zip(with_it, without)]
    mean = sum(differences) / n
    s = math.sqrt(sum((d - mean) ** 2 for d in differences) / (n - 1))
    half = stats.t.isf(0.025, n - 1) * s / n**0.5
    return [mean - half, mean + half]
'''),
    ],
    "safe_flips": [
        ("dict(…)", '''
safe = dict(zip(
    ("chest x-rays", "satellite", "turn arrows", "digits", "flowers"),
    ("none", "both", "none", "none", "left-right"),
))
'''),
        ("a series of pandas", '''
safe = dict(pd.Series({"flowers": "left-right", "digits": "none", "turn arrows": "none", "satellite": "both",
                       "chest x-rays": "none"}))
'''),
    ],
    "flip_boxes": [
        ("a copy", '''
def flip_boxes(boxes, width):
    flipped = boxes.copy()
    flipped[:, 0] = width - boxes[:, 2]
    flipped[:, 2] = width - boxes[:, 0]
    return flipped
'''),
        ("a list comprehension", '''
def flip_boxes(boxes, width):
    return [(width - x1, y0, width - x0, y1) for x0, y0, x1, y1 in boxes]
'''),
        ("signs and offsets", '''
def flip_boxes(boxes, width):
    return boxes[:, [2, 1, 0, 3]] * np.array([-1, 1, -1, 1]) + np.array([width, 0, width, 0])
'''),
        ("one by one", '''
def flip_boxes(boxes, width):
    result = np.empty((len(boxes), 4))
    for k, box in enumerate(boxes):
        result[k] = width - box[2], box[1], width - box[0], box[3]
    return result
'''),
    ],
    "mixup": [
        (
            "a matrix that mixes",
            """
def mixup(images, labels, share, order):
    P = np.diag(share) + np.diag(1 - share) @ np.eye(len(order))[order]
    n = len(images)
    return (P @ images.reshape(n, -1)).reshape(images.shape), P @ labels
""",
        ),
        (
            "transposed",
            """
def mixup(images, labels, share, order):
    return ((images.T * share + images[order].T * (1 - share)).T, (labels.T * share + labels[order].T * (1 - share)).T)
""",
        ),
        ("a loop", '''
def mixup(images, labels, share, order):
    mixed, soft = [], []
    for k, partner in enumerate(order):
        mixed.append(share[k] * images[k] + (1 - share[k]) * images[partner])
        soft.append(share[k] * labels[k] + (1 - share[k]) * labels[partner])
    return np.array(mixed), np.array(soft)
'''),
        ("einsum", '''
def mixup(images, labels, share, order):
    pictures = np.einsum("n,nhwc->nhwc", share, images) + np.einsum("n,nhwc->nhwc", 1 - share, images[order])
    return pictures, np.einsum("n,nk->nk", share, labels) + np.einsum("n,nk->nk", 1 - share, labels[order])
'''),
        ("lerp, a matrix", '''
def mixup(images, labels, share, order):
    n = len(share)
    matrix = np.diag(share)
    matrix[np.arange(n), order] += 1 - share
    return np.tensordot(matrix, images, 1), matrix @ labels
'''),
        ("TensorFlow", '''
def mixup(images, labels, share, order):
    s = tf.reshape(share, (-1, 1, 1, 1))
    t = tf.reshape(share, (-1, 1))
    return s * images + (1 - s) * tf.gather(images, order), t * labels + (1 - t) * tf.gather(labels, order)
'''),
    ],
    "mixup_floor": [
        ("rounded", '''
smallest_loss = 0.611
'''),
        ("SciPy", '''
smallest_loss = stats.entropy([0.3, 0.7])
'''),
        ("Keras", '''
smallest_loss = keras.losses.categorical_crossentropy(np.array([0.3, 0.7]), np.array([0.3, 0.7]))
'''),
    ],
    "cutmix": [
        (
            "the frame from the first",
            """
def cutmix(first, second, label_first, label_second, box):
    top, left, bottom, right = box
    top, left = max(0, top), max(0, left)
    h, w = first.shape[:2]
    out = second.copy()
    out[:top] = first[:top]
    out[bottom:] = first[bottom:]
    out[:, :left] = first[:, :left]
    out[:, right:] = first[:, right:]
    s = (min(bottom, h) - top) * (min(right, w) - left) / h / w
    return out, label_first * (1 - s) + label_second * s
""",
        ),
        ("a mask", '''
def cutmix(first, second, label_first, label_second, box):
    top, left, bottom, right = box
    rows, columns = np.mgrid[: first.shape[0], : first.shape[1]]
    inside = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
    share = inside.mean()
    return np.where(inside[..., None], second, first), (1 - share) * label_first + share * label_second
'''),
        ("clipped corners", '''
def cutmix(first, second, label_first, label_second, box):
    height, width = first.shape[:2]
    top, bottom = np.clip([box[0], box[2]], 0, height)
    left, right = np.clip([box[1], box[3]], 0, width)
    mixed = np.array(first)
    mixed[top:bottom, left:right] = second[top:bottom, left:right]
    pasted = (bottom - top) * (right - left) / (height * width)
    return [mixed, label_first + pasted * (label_second - label_first)]
'''),
        ("pixel by pixel", '''
def cutmix(first, second, label_first, label_second, box):
    top, left, bottom, right = box
    mixed, count = first.copy(), 0
    for row in range(first.shape[0]):
        for column in range(first.shape[1]):
            if top <= row < bottom and left <= column < right:
                mixed[row, column] = second[row, column]
                count += 1
    share = count / (first.shape[0] * first.shape[1])
    return mixed, label_first * (1 - share) + label_second * share
'''),
    ],
}  # fmt: skip

MISTAKES = {
    "addresses": [
        ("integers", '''
def addresses(height, width):
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows, 0 * rows], axis=-1)
''', "not an array of dtype float32"),
    ],
    "motion": [
        (
            "three points",
            """
def motion(picture):
    height, width = picture.shape[:2]
    middle_rows = slice(height // 3, 2 * height // 3)
    middle_columns = slice(width // 3, 2 * width // 3)
    rows, columns = np.mgrid[middle_rows, middle_columns]
    A = np.array([[columns.flat[0], rows.flat[0], 1], [columns.flat[1], rows.flat[1], 1], [columns.flat[-1], rows.flat[-1], 1]], float)
    b = picture[middle_rows, middle_columns, :2].reshape(-1, 2)[[0, 1, -1]]
    return np.linalg.solve(A, b).T
""",
            "The result for a picture with a little noise",
        ),
        ("the whole picture, borders included", '''
def motion(picture):
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    places = np.stack([columns.ravel(), rows.ravel(), np.ones(rows.size)], axis=1)
    return (np.linalg.pinv(places) @ picture[rows, columns, :2].reshape(-1, 2)).T
''', "for a picture moved 5 px"),
    ],
    "shift_axes": [
        ("believes the names", '''
width_shift_moves = "columns"
height_shift_moves = "rows"
''', "That is what the name of `width_shift_range` says"),
        ("both the same", '''
width_shift_moves = "rows"
height_shift_moves = "rows"
''', "That is what the name of `height_shift_range` says"),
        ("directions in other words", '''
width_shift_moves = "left and right"
height_shift_moves = "up and down"
''', "is none of"),
    ],
    "pivot": [
        ("the centre", '''
def pivot(matrix):
    return np.array([44.5, 29.5])
''', "The result for a turn"),
    ],
    "shear_unit": [
        ("a slope", '''
top_row_moves = 112 * 0.2
setting_for_a_fifth = 0.2
''', "if 0.2 were a slope"),
        ("radians", '''
top_row_moves = 112 * np.sin(0.2)
setting_for_a_fifth = np.arcsin(0.2)
''', "in radians"),
        ("the whole height", '''
top_row_moves = 224 * np.sin(np.deg2rad(0.2))
setting_for_a_fifth = np.rad2deg(np.arcsin(0.2))
''', "not 224"),
        ("second in radians", '''
top_row_moves = 112 * np.sin(np.deg2rad(0.2))
setting_for_a_fifth = np.arctan(0.2)
''', "angle in radians"),
        ("second unchanged", '''
top_row_moves = 112 * np.sin(np.deg2rad(0.2))
setting_for_a_fifth = 0.2
''', "the slide's 0.2"),
    ],
    "channel_shift": [
        ("percent", '''
largest_share, channels_get, scaled_first = 0.09, "the same shift", "one flat colour"
''', "not a percentage"),
        ("three shifts", '''
largest_share, channels_get, scaled_first = 9 / 255, "three shifts", "one flat colour"
''', "Do the three channels differ"),
        ("harmless", '''
largest_share, channels_get, scaled_first = 9 / 255, "the same shift", "hardly a change"
''', "five times the whole range"),
        ("a cast", '''
largest_share, channels_get, scaled_first = 9 / 255, "the same shift", "a colour cast"
''', "three different shifts"),
    ],
    "slide_as_layers": [
        (
            "shifted one way",
            """
def slide_as_layers():
    return [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(40 / 360, fill_mode="nearest"),
        layers.RandomTranslation((0, 0.2), (0, 0.2), fill_mode="nearest"),
        layers.RandomZoom(0.2, 0.2, fill_mode="nearest"),
    ]
""",
            "Shift to both sides",
        ),
        (
            "the flip last",
            """
def slide_as_layers():
    return [
        layers.RandomRotation(40 / 360, fill_mode="nearest"),
        layers.RandomTranslation(0.2, 0.2, fill_mode="nearest"),
        layers.RandomZoom(0.2, 0.2, fill_mode="nearest"),
        layers.RandomFlip("horizontal"),
    ]
""",
            "The first layer should mirror",
        ),
        (
            "classes",
            """
def slide_as_layers():
    return [layers.RandomFlip, layers.RandomRotation, layers.RandomTranslation, layers.RandomZoom]
""",
            "call the class",
        ),
        ("degrees", '''
def slide_as_layers():
    fill = {"fill_mode": "nearest"}
    return [layers.RandomFlip("horizontal"), layers.RandomRotation(40, **fill),
            layers.RandomTranslation(0.2, 0.2, **fill), layers.RandomZoom(0.2, 0.2, **fill)]
''', "Your function stops with ValueError"),
        ("0.4 of a turn", '''
def slide_as_layers():
    fill = {"fill_mode": "nearest"}
    return [layers.RandomFlip("horizontal"), layers.RandomRotation(0.4, **fill),
            layers.RandomTranslation(0.2, 0.2, **fill), layers.RandomZoom(0.2, 0.2, **fill)]
''', "not 40°"),
        ("flips both ways", '''
def slide_as_layers():
    fill = {"fill_mode": "nearest"}
    return [layers.RandomFlip(), layers.RandomRotation(40 / 360, **fill),
            layers.RandomTranslation(0.2, 0.2, **fill), layers.RandomZoom(0.2, 0.2, **fill)]
''', "stand on their head"),
        ("reflected borders", '''
def slide_as_layers():
    return [layers.RandomFlip("horizontal"), layers.RandomRotation(40 / 360),
            layers.RandomTranslation(0.2, 0.2), layers.RandomZoom(0.2, 0.2)]
''', "fill_mode"),
        ("zoom keeps proportions", '''
def slide_as_layers():
    fill = {"fill_mode": "nearest"}
    return [layers.RandomFlip("horizontal"), layers.RandomRotation(40 / 360, **fill),
            layers.RandomTranslation(0.2, 0.2, **fill), layers.RandomZoom(0.2, **fill)]
''', "keeps the proportions"),
        ("another order", '''
def slide_as_layers():
    fill = {"fill_mode": "nearest"}
    return [layers.RandomFlip("horizontal"), layers.RandomTranslation(0.2, 0.2, **fill),
            layers.RandomRotation(40 / 360, **fill), layers.RandomZoom(0.2, 0.2, **fill)]
''', "Order: flip, turn, shift, zoom"),
        ("a model", '''
def slide_as_layers():
    return keras.Sequential([layers.RandomFlip("horizontal")])
''', "list of four layers"),
    ],
    "diagnose": [
        (
            "a tolerance of a tenth",
            """
def diagnose(first_epoch, second_epoch, originals):
    if not np.allclose(first_epoch, second_epoch, atol=0.1):
        return "fresh"
    return "unused" if np.array_equal(first_epoch, originals) else "frozen"
""",
            "differ a little",
        ),
        (
            "whole numbers",
            """
def diagnose(first_epoch, second_epoch, originals):
    first_epoch, second_epoch, originals = (a.astype(int) for a in (first_epoch, second_epoch, originals))

    if not np.array_equal(first_epoch, second_epoch):
        return "fresh"
    return "unused" if np.array_equal(first_epoch, originals) else "frozen"
""",
            "that is not it",
        ),
        ("identity instead of equality", '''
def diagnose(first_epoch, second_epoch, originals):
    if first_epoch is second_epoch:
        return "unused" if first_epoch is originals else "frozen"
    return "fresh"
''', "without being the same object"),
    ],
    "train_pipeline": [
        (
            "the labels augmented",
            """
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels))
    dataset = dataset.shuffle(len(images)).batch(batch)
    dataset = dataset.map(lambda x, y: (augment(x), augment(y)))
    return dataset.prefetch(tf.data.AUTOTUNE)
""",
            "the labels too",
        ),
        (
            "batched twice",
            """
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels))
    dataset = dataset.shuffle(len(images)).batch(batch)
    dataset = dataset.map(lambda x, y: (augment(x), y))
    return dataset.batch(batch).prefetch(tf.data.AUTOTUNE)
""",
            "differ in shape",
        ),
        (
            "a dictionary",
            """
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels))
    dataset = dataset.shuffle(len(images)).batch(batch)
    dataset = dataset.map(lambda x, y: {"x": augment(x), "y": y})
    return dataset.prefetch(tf.data.AUTOTUNE)
""",
            "pairs of pictures and labels",
        ),
        (
            "augmented before the dataset",
            """
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((augment(images), labels))
    return dataset.shuffle(len(images)).batch(batch).prefetch(1)
""",
            "same variants",
        ),
        ("result of map thrown away", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images)).batch(batch)
    dataset.map(lambda x, y: (augment(x), y))
    return dataset.prefetch(tf.data.AUTOTUNE)
''', "built and never used"),
        ("cache after the shuffle", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images)).cache()
    return dataset.batch(batch).map(lambda x, y: (augment(x), y))
''', "cache before you shuffle"),
        ("cache after the augmentation", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images)).batch(batch)
    return dataset.map(lambda x, y: (augment(x), y)).cache()
''', "made once and kept"),
        ("no shuffle", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(batch)
    return dataset.map(lambda x, y: (augment(x), y))
''', "Both epochs come in the same order"),
        ("shuffles batches", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(batch).shuffle(len(images))
    return dataset.map(lambda x, y: (augment(x), y))
''', "the same pictures stay together"),
        ("drops the rest", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images))
    return dataset.batch(batch, drop_remainder=True).map(lambda x, y: (augment(x), y))
''', "so that none is left out"),
        ("repeats for ever", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images)).repeat()
    return dataset.batch(batch).map(lambda x, y: (augment(x), y))
''', "does not end"),
        ("half a buffer", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images) // 2).batch(batch)
    return dataset.map(lambda x, y: (augment(x), y))
''', "buffer is small"),
        ("shuffled once, for ever", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images), reshuffle_each_iteration=False)
    return dataset.batch(batch).map(lambda x, y: (augment(x), y))
''', "same order"),
        ("single pictures augmented", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images))
    return dataset.map(lambda x, y: (augment(x), y)).batch(batch)
''', "batch of pictures"),
        ("augmented twice", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images)).batch(batch)
    return dataset.map(lambda x, y: (augment(x), y)).map(lambda x, y: (augment(x), y))
''', "more than once"),
        ("a list of batches", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images)).batch(batch)
    return [(augment(x), y) for x, y in dataset]
''', "Return a `tf.data.Dataset`"),
        ("a small buffer", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(3).batch(batch)
    return dataset.map(lambda x, y: (augment(x), y))
''', "buffer is small"),
        ("labels lost", '''
def train_pipeline(images, labels, augment, batch):
    dataset = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images)).batch(batch)
    return dataset.map(augment)
''', "pairs of pictures and labels"),
        ("pictures shuffled without their labels", '''
def train_pipeline(images, labels, augment, batch):
    pictures = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images))
    names = tf.data.Dataset.from_tensor_slices(labels).shuffle(len(images))
    return tf.data.Dataset.zip((pictures, names)).batch(batch).map(lambda x, y: (augment(x), y))
''', "come apart"),
    ],
    "safe_flips": [
        ("flips for all", '''
safe = dict.fromkeys(("flowers", "digits", "turn arrows", "satellite", "chest x-rays"), "left-right")
''', "digits: A mirrored 2"),
        ("one missing", '''
safe = {"flowers": "left-right", "digits": "none", "turn arrows": "none", "satellite": "both"}
''', "'chest x-rays' is missing"),
    ],
    "flip_boxes": [
        (
            "no boxes, no columns",
            """
def flip_boxes(boxes, width):
    return np.array([[width - c, b, width - a, d] for a, b, c, d in boxes])
""",
            "expected (0, 4)",
        ),
        (
            "bytes",
            """
def flip_boxes(boxes, width):
    return np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], axis=1).astype(np.uint8)
""",
            "640 px",
        ),
        (
            "whole numbers",
            """
def flip_boxes(boxes, width):
    return np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], axis=1).astype(int)
""",
            "decimals are cut off",
        ),
        ("in place", '''
def flip_boxes(boxes, width):
    boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
    return boxes
''', "changes an array"),
    ],
    "cutmix": [
        ("negative start", '''
def cutmix(first, second, label_first, label_second, box):
    top, left, bottom, right = box
    mixed = first.copy()
    mixed[top:bottom, left:right] = second[top:bottom, left:right]
    share = mixed[top:bottom, left:right].size / mixed.size
    return mixed, (1 - share) * label_first + share * label_second
''', "counts from the other end"),
        ("no copy", '''
def cutmix(first, second, label_first, label_second, box):
    top, left, bottom, right = box
    top, left = max(top, 0), max(left, 0)
    first[top:bottom, left:right] = second[top:bottom, left:right]
    share = first[top:bottom, left:right].size / first.size
    return first, (1 - share) * label_first + share * label_second
''', "changes an array"),
    ],
}  # fmt: skip

# Mutants of the solution that no check can notice, each with its reason.
EQUIVALENT = {
    ("shear_unit", "112 + 1: top_row_moves = 112 * np.sin(np.deg2rad(0.2))"): (
        "0.394 instead of 0.391: rounded to one decimal, as the check allows, both are 0.4"
    ),
    ("slide_as_layers", '40 + 1: layers.RandomRotation(40 / 360, fill_mode="nearest"),'): (
        "41° instead of 40°: a random layer's range cannot be measured that closely once every other right zoom is allowed"
    ),
    ("channel_shift", "255 + 1: largest_share = 9 / 255"): "9 / 256 is 9 / 255 to within 0.4 %, as near as it can be read off",
    ("slide_as_layers", '360 + 1: layers.RandomRotation(40 / 360, fill_mode="nearest"),'): (
        "39.9° instead of 40°: a random layer's range cannot be measured that closely"
    ),
}
