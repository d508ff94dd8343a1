"""Checks of lab 04. What Keras does is measured on the Keras that runs, with pictures whose pixels hold their address."""

import math

import numpy as np

from ...check import Lab, NotAttempted, array, call, choice, need, number, wrong

lab = Lab("lab04", "Lab 04 · Augmentation, audited")


def _probe(height, width):
    """Float32 (height, width, 3): each pixel holds its column and its row."""
    return np.dstack([*np.meshgrid(np.arange(width), np.arange(height)), np.zeros((height, width))]).astype("float32")


def _moved(matrix, height, width, blue=0.0):
    """The probe after the affine map (2, 3), place in the result → place of origin; borders continued."""
    places = _probe(height, width)
    places[..., 2] = 1
    origin = places @ np.asarray(matrix, "float32").T
    origin = np.clip(origin, 0, [width - 1, height - 1])
    return np.dstack([origin, np.full((height, width), blue)]).astype("float32")


def _generator(**settings):
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(**settings)


# ---------------------------------------------------------------- the lecture's call


@lab.exercise(
    "How many batches an epoch has",
    hints=(
        "An epoch shows every photo once. The last batch may be smaller than the others, but it is a batch.",
        "Round up: `math.ceil(photos / batch_size)`. The old call drew `photos` batches; divide that by what one pass needs.",
    ),
)
def batches_an_epoch(function):
    for photos, size in ((64, 32), (65, 32), (3670, 32), (31, 32), (100, 7)):
        result = call(function, photos, size)
        need(isinstance(result, (tuple, list)) and len(result) == 2, "Return two numbers: `return batches, passes`.")
        where = f"with {photos} photos and batches of {size}"
        batches = math.ceil(photos / size)
        number(
            result[0],
            batches,
            mistakes={
                photos / size: f"{photos / size:g} batches {where}: a batch is whole. Round up.",
                photos // size: f"{photos // size} batches {where} leave photos out: the last, smaller batch counts too.",
                photos: "The number of photos is what the slide passed. `fit_generator` counted batches.",
                photos // size
                + 1: f"{photos // size + 1} batches {where}: when the division leaves no rest, there is no extra batch.",
            },
            what=f"The number of batches {where}",
        )
        number(
            result[1],
            photos / batches,
            tolerance=1e-9,
            mistakes={photos: "It drew that many batches. How often did it pass over all photos?"},
            what=f"The number of passes {where}",
        )


# ---------------------------------------------------------------- the audit


@lab.exercise(
    "A picture that knows its addresses",
    hints=(
        "`np.mgrid[:height, :width]` gives the row of every pixel, and the column of every pixel.",
        "Stack columns, rows and zeros along a new last axis: `np.stack([...], axis=-1)`, then `.astype('float32')`.",
    ),
)
def addresses(function):
    for height, width in ((2, 3), (4, 4), (5, 2)):
        picture = call(function, height, width)
        expected = _probe(height, width)
        array(
            picture,
            expected,
            mistakes={
                "Red and green are exchanged: red is the column, green is the row.": expected[..., [1, 0, 2]],
                "The shape is (width, height, 3). A picture's shape is rows first: (height, width, 3).": expected.transpose(
                    1, 0, 2
                ),
                "The channels come first here. Keras wants them last: `axis=-1`.": expected.transpose(2, 0, 1),
                "Two channels only. The third is 0 everywhere.": expected[..., :2],
            },
            case=f"for height {height} and width {width}",
        )
        need(
            np.asarray(picture).dtype == np.float32,
            "The values are right, but not float32: a generator would round the addresses to whole pixels.",
        )


@lab.exercise(
    "Read the motion",
    points=2,
    hints=(
        "`places` has one row (column, row, 1) a pixel. Make a matrix of the same length with the two addresses found there.",
        "`found = picture[rows, columns, :2].reshape(-1, 2)`, then solve places @ x = found: `np.linalg.pinv(places) @ found`. "
        "That is (3, 2); the exercise asks for (2, 3).",
    ),
)
def motion(function):
    maps = {
        "a picture that did not move": [[1, 0, 0], [0, 1, 0]],
        "a picture moved 5 px to the right": [[1, 0, -5], [0, 1, 0]],
        "a mirrored picture": [[-1, 0, 44], [0, 1, 0]],
        "a turned, enlarged picture": [[0.7, 0.3, 3.2], [-0.28, 0.75, 8.1]],
    }
    for case, matrix in maps.items():
        expected = np.array(matrix, float)
        full = np.vstack([expected, [0, 0, 1]])
        array(
            call(function, _moved(matrix, 30, 45, blue=7.0)),
            expected,
            tolerance=1e-3,
            mistakes={
                "Transposed: one *row* for the origin's column, one for the origin's row.": expected.T,
                "The two rows are exchanged: the column comes first, as in the picture's red channel.": expected[::-1],
                "This is the way there, not the way back: fit the origins as a function of the places.": np.linalg.inv(full)[:2],
            },
            case=f"for {case}",
        )


@lab.exercise(
    "Which way the shifts go",
    hints=(
        "Run `audit` on a generator that has one of the two settings and nothing else, and look at `right` and `down`.",
        "`augment.audit(ImageDataGenerator(width_shift_range=0.2).random_transform)`: the reading that is not 0 says it.",
    ),
)
def shift_axes(width_moves, height_moves):
    options = ("columns", "rows")
    for setting, answer in (("width_shift_range", width_moves), ("height_shift_range", height_moves)):
        if answer is ...:
            raise NotAttempted
        rng = np.random.get_state()
        pictures = [_generator(**{setting: 0.3}).random_transform(_probe(24, 24), seed=seed) for seed in range(4)]
        np.random.set_state(rng)
        drift = np.abs([p[8:16, 8:16] - _probe(24, 24)[8:16, 8:16] for p in pictures]).max(axis=(0, 1, 2))
        choice(
            answer,
            "columns" if drift[0] > drift[1] else "rows",
            options,
            mistakes=dict.fromkeys(
                options,
                f"That is what the name of `{setting}` says. Measure it: in this Keras the addresses say otherwise.",
            )
            if (drift[0] > drift[1]) != (setting == "width_shift_range")
            else {},
        )


@lab.exercise(
    "The pivot",
    hints=(
        "The pivot is the point that the map leaves where it is: $A p + t = p$, with $A$ the first two columns and $t$ the last.",
        "Rearranged: $(I - A)\\,p = t$. `np.linalg.solve` and `np.eye(2)`.",
    ),
)
def pivot(function):
    for angle, place in ((30, (44.5, 29.5)), (-12, (10.0, 70.0)), (90, (0.0, 3.0))):
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        linear = np.array([[cos, sin], [-sin, cos]])
        offset = np.array(place) - linear @ place
        array(
            call(function, np.column_stack([linear, offset])),
            np.array(place),
            tolerance=1e-6,
            mistakes={
                "This is the last column of the matrix: where pixel (0, 0) came from. The pivot is the pixel that stays.": offset,
                "The sign is wrong: from A p + t = p follows (I − A) p = t.": -np.array(place),
                "Row and column are exchanged; the matrix works on (column, row).": np.array(place[::-1]),
            },
            case=f"for a turn by {angle}° about column {place[0]:g}, row {place[1]:g}",
        )


def _slope(setting, size=65):
    """Columns that a picture's content moves a row under shear `setting`, measured."""
    picture = _generator().apply_transform(_probe(size, size), {"shear": setting})
    third = size // 3
    return float(np.mean(np.abs(np.diff(picture[third : 2 * third, third : 2 * third, 0], axis=0))))


@lab.exercise(
    "The unit of shear",
    hints=(
        "The audit's `lean` is in degrees. How far does a line 112 pixels long, leaning by that much, reach to the side?",
        "Top row: `112 * np.sin(np.deg2rad(0.2))`. The other way round, one pixel in five: the angle whose sine is 0.2.",
    ),
)
def shear_unit(top_row_moves, setting_for_a_fifth):
    slope = _slope(0.2)
    number(
        top_row_moves,
        112 * slope,
        tolerance=0.006 * 112 * slope,
        mistakes={
            112 * 0.2: "That would be so if 0.2 were a slope, one pixel in five. The audit says something else.",
            112 * math.sin(0.2): "That would be so if 0.2 were an angle in radians. The audit says what the unit is.",
            112 * math.tan(0.2): "That would be so if 0.2 were an angle in radians. The audit says what the unit is.",
            224
            * math.sin(
                math.radians(0.2)
            ): "The shear leaves the centre where it is: the top row is 112 px away from it, not 224.",
        },
        what="How far the top row moves",
    )
    low, high = 0.0, 80.0
    while high - low > 0.01:  # the slope grows with the setting
        middle = (low + high) / 2
        low, high = (middle, high) if _slope(middle) < 0.2 else (low, middle)
    number(
        setting_for_a_fifth,
        low,
        tolerance=0.03 * low,
        mistakes={
            0.2: "This is about the slide's 0.2: a slope, or an angle in radians. The setting wants another unit.",
        },
        what="The setting for a fifth",
    )


@lab.exercise(
    "The unit of the channel shift",
    hints=(
        "The shift is added to the pixels before `rescale` is applied, and the result is clipped to the picture's own range.",
        "What is left of a picture with values from 0 to 1 when you add 5 to every value and clip to 0…1? The measured values are "
        "one line: `ImageDataGenerator().apply_transform(x, {'channel_shift_intensity': 5.0})`.",
    ),
)
def channel_shift(largest_share, channels, scaled_first):
    number(
        largest_share,
        9 / 255,
        tolerance=1e-4,
        mistakes={
            9: "9 is in units of the pixel values, 0 to 255. As a share of that range?",
            0.09: "9 is not a percentage: it is added to pixel values from 0 to 255.",
            900 / 255: "As a share, not in percent.",
        },
        what="The largest shift as a share of the range",
    )
    picture = np.random.default_rng(3).random((8, 8, 3))
    moved = _generator().apply_transform((255 * picture).astype("float32"), {"channel_shift_intensity": 9.0}) - 255 * picture
    inner = moved[(picture < 0.95).all(axis=-1)]
    choice(
        channels,
        "the same shift" if np.ptp(inner) < 0.1 else "three shifts",
        ("the same shift", "three shifts"),
        mistakes={"three shifts": "Measure it: subtract the picture from its variant. Do the three channels differ?"},
    )
    flat = _generator().apply_transform(picture.astype("float32"), {"channel_shift_intensity": 5.0})
    choice(
        scaled_first,
        "one flat colour" if np.ptp(flat) < 0.05 else "hardly a change",
        ("hardly a change", "a colour cast", "one flat colour"),
        mistakes={
            "hardly a change": "That holds for pixels from 0 to 255. From 0 to 1, 9 is nine times the whole range.",
            "a colour cast": "A cast would need three different shifts. And 9 is nine times the whole range from 0 to 1.",
        },
    )


# ---------------------------------------------------------------- Keras layers and tf.data


def _pictures(layer, probe, copies):
    """The layer's answers to `copies` of the probe in one batch, as an array."""
    return np.asarray(layer(np.repeat(probe[None], copies, axis=0), training=True))


def _fitted(pictures):
    """The affine map (2, 3) of each picture, from its middle third, and its largest distance from that map's picture with
    borders continued, in pixels."""
    height, width = pictures.shape[1:3]
    inside = (slice(height // 3, 2 * height // 3), slice(width // 3, 2 * width // 3))
    places = _probe(height, width)
    places[..., 2] = 1
    inverse = np.linalg.pinv(places[inside].reshape(-1, 3))
    maps = np.stack([(inverse @ p[inside][..., :2].reshape(-1, 2)).T for p in pictures])
    origin = np.clip(np.einsum("hwk,njk->nhwj", places, maps), 0, [width - 1, height - 1])
    return maps, np.abs(origin - pictures[..., :2]).max(axis=(1, 2, 3))


@lab.exercise(
    "The same as Keras layers",
    points=2,
    seconds=30,
    hints=(
        "`layers.RandomFlip`, `RandomRotation`, `RandomTranslation`, `RandomZoom`. Read what unit each factor has: none is in degrees "
        "or pixels. All but the flip have a `fill_mode`.",
        "A rotation factor is a part of a full turn, so 40° is `40 / 360`. RandomTranslation and RandomZoom take a height factor and "
        "a width factor; with one factor only, the zoom keeps the proportions.",
    ),
)
def slide_as_layers(function):
    found = call(function)
    need(isinstance(found, (list, tuple)) and len(found) == 4, "Return a list of four layers: flip, turn, shift, zoom.")
    need(all(callable(layer) for layer in found), "Return layers: each must be callable on a batch of pictures.")
    flip, turn, shift, zoom = found
    probe = _probe(40, 60)
    for name, layer in (("flip", flip), ("turn", turn), ("shift", shift), ("zoom", zoom)):
        try:
            pictures = _pictures(layer, probe, 400)
        except Exception as error:
            wrong(f"The {name} cannot be applied to a batch of pictures: {type(error).__name__}: {str(error).splitlines()[0]}")
        need(pictures.shape == (400, 40, 60, 3), f"The {name} turns pictures of shape (40, 60, 3) into {pictures.shape[1:]}.")
        maps, distance = _fitted(pictures)
        need(np.ptp(maps, axis=0).max() > 1e-3, f"The {name} does the same to all 400 pictures. Is it a random layer?")
        _JUDGES[name](maps)
        need(
            name == "flip" or np.quantile(distance, 0.99) < 0.7,
            f"The {name} moves as it should, but its borders are not continued from the nearest pixel. Look at `fill_mode`.",
        )


def _flip(maps):
    need((maps[:, 1, 1] > 0).all(), "Some pictures stand on their head. The slide flips left and right only.")
    need(0.3 < (maps[:, 0, 0] < 0).mean() < 0.7, "About half of the pictures should be mirrored left to right.")


def _turn(maps):
    angles = np.degrees(np.arctan2(maps[:, 1, 0], maps[:, 0, 0]))
    need(
        np.allclose(np.linalg.det(maps[:, :, :2]), 1, atol=0.02),
        "The second layer should turn, and keep sizes. Order: flip, turn, shift, zoom.",
    )
    largest = np.abs(angles).max()
    need(largest > 1, "The second layer should turn; yours does not. Order: flip, turn, shift, zoom.")
    need(
        largest < 40.2,
        f"Your layer turns by up to {largest:.0f}°, not 40°. The factor is a part of a full turn: 1 would be 360°.",
    )
    need(largest > 38, f"Your layer turns by at most {largest:.1f}°, not 40°. The factor is a part of a full turn.")
    need(min(-angles.min(), angles.max()) > 30, "Turn to both sides: one factor f means from −f to +f.")


def _shift(maps):
    need(
        np.allclose(maps[:, :, :2], np.eye(2), atol=0.02),
        "The third layer should shift and nothing else. Order: flip, turn, shift, zoom.",
    )
    for axis, size, name in ((0, 60, "width"), (1, 40, "height")):
        most = np.abs(maps[:, axis, 2]).max() / size
        need(0.19 < most < 0.202, f"Your shift moves by up to {most:.0%} of the {name}; the slide says 20 %.")


def _zoom(maps):
    need(
        np.abs(maps[:, [0, 1], [1, 0]]).max() < 0.02,
        "The fourth layer should zoom and nothing else. Order: flip, turn, shift, zoom.",
    )
    factors = maps[:, [0, 1], [0, 1]]  # below 1 is nearer: a smaller part of the original fills the picture
    need(
        factors.min() > 0.798 and factors.max() < 1.202 and np.ptp(factors, axis=0).min() > 0.38,
        f"Your zoom shows from {factors.min():.0%} to {factors.max():.0%} of the original's width or height; the slide says 80 % to 120 %.",
    )
    need(
        np.abs(factors[:, 0] - factors[:, 1]).max() > 0.1,
        "Your zoom keeps the proportions. `zoom_range` draws width and height apart: give a height factor and a width factor.",
    )


_JUDGES = {"flip": _flip, "turn": _turn, "shift": _shift, "zoom": _zoom}


@lab.exercise(
    "Diagnose a pipeline",
    hints=(
        "Compare three arrays: what the first epoch delivered, what the second did, and the originals.",
        "Two equal epochs: either both equal the originals (`'unused'`) or not (`'frozen'`). Two different epochs are `'fresh'`.",
    ),
)
def diagnose(function):
    originals = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    one, two = originals[:, :, ::-1].astype("float32"), originals[:, ::-1].astype("float32")
    plain = originals.astype("float32")
    half = np.stack([plain[0], one[1]])
    meanings = {
        "unused": "Both epochs equal the originals: the augmentation is not used.",
        "frozen": "Both epochs are equal and differ from the originals: augmented once, then repeated.",
        "fresh": "The two epochs differ: this pipeline augments anew each time, even if a picture happens to stay as it was.",
    }
    cases = (
        ("unused", plain, plain),
        ("frozen", one, one),
        ("fresh", one, two),
        ("fresh", plain, one),
        ("fresh", one, plain),
        ("fresh", half, one),
        ("frozen", half, half),
    )
    for expected, first, second in cases:
        choice(
            call(function, first, second, originals),
            expected,
            tuple(meanings),
            mistakes=dict.fromkeys(meanings, meanings[expected]),
        )


@lab.exercise(
    "Build the pipeline",
    points=2,
    seconds=30,
    hints=(
        "A dataset is never changed: `shuffle`, `batch` and `map` each return a new one. Shuffle pictures, not batches.",
        "`dataset = dataset.shuffle(len(images)).batch(batch)`, then "
        "`dataset = dataset.map(lambda x, y: (augment(x), y))`. No `cache()` after the `map`.",
    ),
)
def train_pipeline(function):
    import tensorflow as tf

    labels = np.arange(50)
    images = np.broadcast_to(labels[:, None, None, None], (50, 4, 4, 3)).astype("float32")

    rng = np.random.default_rng(0)  # TensorFlow's own numbers begin anew with every epoch once a global seed is set

    def augment(x):
        noise = tf.numpy_function(lambda n: rng.uniform(0.1, 0.4, n).astype("float32"), [tf.shape(x)[0]], tf.float32)
        return x + tf.ensure_shape(noise, [None])[:, None, None, None]

    try:
        dataset = call(function, images, labels, augment, 8)
        epochs = [[(np.asarray(x), np.asarray(y)) for x, y in dataset.take(60)] for _ in range(2)]
    except AttributeError:
        wrong("Return a `tf.data.Dataset`.")
    except (TypeError, ValueError) as error:
        wrong(f"The dataset does not deliver pairs of pictures and labels: {str(error).splitlines()[0]}")
    for x, y in epochs[0]:
        need(
            x.ndim == 4 and y.ndim == 1,
            f"A batch has pictures of shape {x.shape} and labels of shape {y.shape}; expected (8, 4, 4, 3) and (8,).",
        )
    sizes = [len(y) for _, y in epochs[0]]
    need(len(sizes) < 60, "The dataset does not end. Keras counts an epoch by the end of the dataset: leave `repeat` out.")
    need(
        sorted(sizes) == [2] + [8] * 6,
        f"The batches have {sizes} pictures; expected six of 8 and one of 2, so that none is left out.",
    )
    x1, x2 = (np.concatenate([x for x, _ in epoch]) for epoch in epochs)
    y1, y2 = (np.concatenate([y for _, y in epoch]) for epoch in epochs)
    need(sorted(y1) == list(range(50)), "An epoch should show each picture once.")
    added1 = x1[:, 0, 0, 0] - y1
    need(np.abs(added1).max() < 0.5, "Pictures and labels have come apart: shuffle them together, as pairs.")
    need(
        np.abs(added1).max() > 1e-4,
        "The pictures come out as they went in: the augmentation is built and never used. A dataset is not changed by `map`; it returns a new one.",
    )
    added2 = (x2[:, 0, 0, 0] - y2)[np.argsort(y2)]
    need(
        not np.allclose(added1[np.argsort(y1)], added2),
        "Both epochs show the same variants: they were made once and kept. A `cache()` must come before the augmentation.",
    )
    need(not np.array_equal(y1, y2), "Both epochs come in the same order. Shuffle.")
    together = [{frozenset(y.tolist()) for _, y in epoch} for epoch in epochs]
    need(
        together[0] != together[1],
        "The batches are shuffled, but the same pictures stay together in a batch. Shuffle before `batch`.",
    )
    need(
        np.abs(np.sort(y1[:16]) - np.arange(16)).max() > 0 and y1[:8].max() > 20,
        "The shuffle buffer is small: the first batches hold early pictures only. Make it as large as the data.",
    )


# ---------------------------------------------------------------- does it help


@lab.exercise(
    "An interval for the difference",
    hints=(
        "Pair them: the same seed with and without. The mean of the differences is the estimate; its standard error is "
        "std(ddof=1)/√n.",
        "Half the width is `stats.t.ppf(0.975, n - 1) * differences.std(ddof=1) / np.sqrt(n)`. With three seeds t is 4.30, not 1.96.",
    ),
)
def difference_interval(function):
    from scipy import stats

    for with_it, without in (
        ([94.0, 95.0, 94.9], [92.0, 92.5, 93.0]),
        ([1.0, 2.0], [2.0, 1.5]),
        ([3, 1, 4, 1, 5], [2, 7, 1, 8, 2]),
    ):
        result = call(function, with_it, without)
        n = len(with_it)
        expected = np.array(stats.ttest_rel(with_it, without).confidence_interval())
        differences = np.subtract(with_it, without)
        mean, error = differences.mean(), differences.std(ddof=1) / math.sqrt(n)
        unpaired = math.sqrt((np.var(with_it, ddof=1) + np.var(without, ddof=1)) / n)
        t = stats.t.ppf(0.975, n - 1)

        def around(half, middle=mean):
            return np.array([middle - half, middle + half])

        array(
            result,
            expected,
            tolerance=2e-3,
            mistakes={
                "1.96 belongs to many seeds. With few, Student's t is wider.": around(1.96 * error),
                "This is the standard deviation of the mean's population formula: use `ddof=1`.": around(
                    t * differences.std() / math.sqrt(n)
                ),
                "The square root of n is missing: you want the spread of the mean, not of one seed.": around(
                    t * error * math.sqrt(n)
                ),
                "With n degrees of freedom; a mean was fitted, so there are n − 1.": around(stats.t.ppf(0.975, n) * error),
                "`ppf(0.95)` leaves 5 % on each side. For 95 % in the middle it is 0.975.": around(
                    stats.t.ppf(0.95, n - 1) * error
                ),
                "You ignored the pairs: the same seed was run twice, so take differences first.": around(t * unpaired),
                "The sign is wrong: with minus without.": -expected[::-1],
            },
            case=f"for {n} seeds",
        )


FLIPS = ("none", "left-right", "both")
SCENES = {
    "flowers": (
        "left-right",
        {
            "none": "A mirrored tulip is a tulip.",
            "both": "Photos of flowers have an up and a down; you will not be asked about one on its head.",
        },
    ),
    "digits": (
        "none",
        {
            "left-right": "A mirrored 2 or 7 is no digit.",
            "both": "Flipping both ways is half a turn: it makes a 6 a 9, with the label of a 6.",
        },
    ),
    "turn arrows": (
        "none",
        {"left-right": "A mirrored 'turn left' means 'turn right'.", "both": "A mirrored 'turn left' means 'turn right'."},
    ),
    "satellite": (
        "both",
        {
            "none": "Seen from above, there is no up: each flip is a picture you might get.",
            "left-right": "Seen from above, there is no up: the other flip is as good.",
        },
    ),
    "chest x-rays": (
        "none",
        {
            "left-right": "The heart is on the left. Mirrored, a healthy chest shows a rare condition.",
            "both": "The heart is on the left, and nobody is photographed on the head.",
        },
    ),
}


@lab.exercise(
    "Which flips keep the label",
    hints=(
        "Ask of each flip: would a person, shown the flipped picture, give the same label, and could such a picture come up at all?",
        "Three of the five allow no flip. One of the others is seen from above.",
    ),
)
def safe_flips(answers):
    if answers is ...:
        raise NotAttempted
    need(isinstance(answers, dict), f"Answer with a dictionary: {{{', '.join(f'{name!r}: …' for name in SCENES)}}}.")
    for name, (expected, reasons) in SCENES.items():
        need(name in answers, f"There is no answer for {name!r}.")
        choice(answers[name], expected, FLIPS, mistakes={flip: f"{name}: {reason}" for flip, reason in reasons.items()})


@lab.exercise(
    "Flip the boxes too",
    hints=(
        "Only the two x move. A box from 10 to 30 in a picture 100 wide: where is its left edge after the flip?",
        "The new left edge is the old right edge, seen from the other side: `width - x1`. Exchange them.",
    ),
)
def flip_boxes(function):
    boxes = np.array([[10.0, 5, 30, 25], [0, 0, 100, 50], [60, 7, 61, 9]])
    for width in (100, 120):
        expected = np.array([[width - x1, y0, width - x0, y1] for x0, y0, x1, y1 in boxes])
        array(
            call(function, boxes, width),
            expected,
            mistakes={
                "The left edge lies to the right of the right edge: x0 and x1 must change places.": expected[:, [2, 1, 0, 3]],
                "You flipped top and bottom.": np.stack(
                    [boxes[:, 0], width - boxes[:, 3], boxes[:, 2], width - boxes[:, 1]], axis=1
                ),
                "One pixel off: x1 is exclusive, so the mirror image of an edge at x is width − x.": expected - [1, 0, 1, 0],
                "The boxes come back as they were: picture flipped, labels not.": boxes,
            },
            case=f"for a picture {width} px wide",
        )
    need(
        call(function, np.zeros((0, 4)), 50).shape == (0, 4),
        "A picture without boxes has an array of shape (0, 4); so should its mirror image.",
    )


# ---------------------------------------------------------------- mixing


@lab.exercise(
    "MixUp by hand",
    points=2,
    hints=(
        "Each picture of the batch is mixed with the one at `order` in the same batch: `images[order]`. Labels likewise, with the same share.",
        "Give `share` the shape (n, 1, 1, 1) for pictures and (n, 1) for labels, so that each picture has its own.",
    ),
)
def mixup(function):
    rng = np.random.default_rng(8)
    for n, shape in ((2, (2, 2, 1)), (4, (3, 2, 3)), (3, (3, 3, 3))):
        images, labels = rng.random((n, *shape)), np.eye(5)[rng.permutation(5)[:n]]
        share, order = rng.uniform(0.2, 0.45, n), np.roll(np.arange(n), 1)
        if n == 4:
            order = np.array([2, 0, 1, 3])
        wide = share.reshape(-1, 1, 1, 1)
        expected = wide * images + (1 - wide) * images[order]
        expected_labels = share[:, None] * labels + (1 - share[:, None]) * labels[order]
        result = call(function, images, labels, share, order)
        need(isinstance(result, (tuple, list)) and len(result) == 2, "Return two arrays: `return mixed_images, mixed_labels`.")
        array(
            result[0],
            expected,
            mistakes={
                "`share` belongs to the picture itself and 1 − share to its partner; yours is the other way round.": (1 - wide)
                * images
                + wide * images[order],
                "All pictures got the share of the first. Each has its own.": share[0] * images + (1 - share[0]) * images[order],
                "The pictures come back unmixed.": images,
            },
            case=f"for {n} pictures",
        )
        need(
            np.shape(result[1]) == (n, 5),
            f"The labels have shape {np.shape(result[1])}; mixed labels are vectors, one number a class: {(n, 5)}.",
        )
        array(
            result[1],
            expected_labels,
            mistakes={
                "The pictures are mixed, the labels are not: a picture that is 30 % tulip needs a label that says so.": labels,
                "The labels' shares are the wrong way round: pictures and labels must be mixed alike.": (1 - share[:, None])
                * labels
                + share[:, None] * labels[order],
                "The labels are mixed half and half, whatever the share.": (labels + labels[order]) / 2,
                "All labels got the share of the first picture. Each has its own.": share[0] * labels
                + (1 - share[0]) * labels[order],
            },
            case=f"of labels for {n} pictures",
        )


@lab.exercise(
    "The floor of the loss",
    hints=(
        "The network cannot do better than to predict exactly the label: 0.3 for one class, 0.7 for the other.",
        "Cross-entropy is −Σ label · log(prediction), here with prediction = label, and the natural logarithm.",
    ),
)
def mixup_floor(loss):
    expected = -(0.3 * math.log(0.3) + 0.7 * math.log(0.7))
    number(
        loss,
        expected,
        tolerance=5e-4,
        mistakes={
            0: "0 is the floor for labels that say one class with certainty. A label of 0.3 and 0.7 leaves doubt that no network can remove.",
            expected / math.log(2): "This is in bits. Keras takes the natural logarithm.",
            -expected: "A cross-entropy is not negative: mind the minus in front.",
            -math.log(0.7): "This is the loss of the larger part only. Both classes count, each with its share.",
        },
        what="The smallest possible loss",
    )


@lab.exercise(
    "CutMix by hand",
    points=2,
    hints=(
        "The patch may reach over the border. What decides the label is the area that really was pasted.",
        "`top, left = max(top, 0), max(left, 0)` first: a negative index counts from the other end. Slices past the far border are cut "
        "by NumPy. The share is pasted pixels over all pixels.",
    ),
)
def cutmix(function):
    rng = np.random.default_rng(4)
    one, two = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
    cases = (
        ("a patch inside", (8, 10, 3), (2, 3, 6, 5)),
        ("a patch over the top left corner", (8, 8, 1), (-3, -2, 2, 4)),
        ("a patch over the bottom right corner", (6, 9, 3), (4, 7, 9, 12)),
        ("a patch in the first rows", (8, 9, 1), (0, 0, 3, 4)),
    )
    for case, shape, box in cases:
        first, second = rng.random(shape), rng.random(shape)
        inside = np.zeros(shape[:2], bool)
        top, left, bottom, right = box
        inside[max(top, 0) : bottom, max(left, 0) : right] = True
        expected = np.where(inside[..., None], second, first)
        result = call(function, first, second, one, two, box)
        need(isinstance(result, (tuple, list)) and len(result) == 2, "Return two arrays: `return image, label`.")
        array(
            result[0],
            expected,
            mistakes={
                "The patch is the wrong way round: the *second* picture is pasted into the first.": np.where(
                    inside[..., None], first, second
                ),
                "Nothing was pasted. A negative start counts from the other end: cut the box to the picture first.": first,
            },
            case=f"for {case}",
        )
        share, whole = inside.mean(), (bottom - top) * (right - left) / inside.size
        array(
            result[1],
            (1 - share) * one + share * two,
            mistakes={
                "The label counts the part of the patch that lies outside the picture. Only pasted pixels count.": (1 - whole)
                * one
                + whole * two,
                "The shares are the wrong way round: the pasted part belongs to the second label.": share * one
                + (1 - share) * two,
                "The label is half and half, whatever was pasted.": (one + two) / 2,
                "The label is still the first picture's alone.": one,
            },
            case=f"(the label) for {case}",
        )
