"""Checks of lab 04. What Keras does is measured on the Keras that runs, with pictures whose pixels hold their address."""

import math

import numpy as np

from ...check import Either, Function, Lab, Value, as_array, call, expect, need, wrong
from ...check import choice as choose
from ...check.calling import guarded

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


def _batches(photos, size):
    return math.ceil(photos / size)


lab.declare(
    "batches_an_epoch",
    "How many batches an epoch has",
    hints=(
        "An epoch shows every photo once. The last batch may be smaller than the others, but it is a batch.",
        "Round up: `math.ceil(photos / batch_size)`. The old call drew `photos` batches; divide that by what one pass needs.",
    ),
    batches_an_epoch=Function(
        lambda photos, size: (_batches(photos, size), photos / _batches(photos, size)),
        cases=[(64, 32), (65, 32), (3670, 32), (31, 32), (100, 7)],
        mistakes={
            "{case} gives {got} batches: a batch is whole. Round up.": lambda n, size: (n / size, n / _batches(n, size)),
            "{case} gives {got} batches, which leave photos out: the last, smaller batch counts too.": lambda n, size: (
                n // size,
                n / _batches(n, size),
            ),
            "{case} gives {got} batches: when the division leaves no remainder, there is no extra batch.": lambda n, size: (
                n // size + 1,
                n / _batches(n, size),
            ),
            "The number of photos is what the slide passed. `fit_generator` counted batches.": lambda n, size: (
                n,
                n / _batches(n, size),
            ),
            "The slide's call drew as many batches as there are photos. How often did it pass over all photos?": lambda n, size: (
                _batches(n, size),
                n,
            ),
            "The batch size would be the number of passes if every batch were full. Divide the batches that were drawn by the "
            "batches of one pass.": lambda n, size: (_batches(n, size), size),
            "You have the passes upside down: batches drawn, divided by the batches of one pass.": lambda n, size: (
                _batches(n, size),
                _batches(n, size) / n,
            ),
            "Return two numbers: `return batches, passes`.": Either(_batches, lambda n, size: n / _batches(n, size)),
            "A fraction of a pass counts too: do not round the number of passes.": Either(
                lambda n, size: (_batches(n, size), n // _batches(n, size)),
                lambda n, size: (_batches(n, size), math.ceil(n / _batches(n, size))),
            ),
        },
    ),
)


# ---------------------------------------------------------------- the audit


def _is_float32(function):
    picture = call(function, 4, 6)
    need(
        getattr(picture, "dtype", None) == np.float32,
        "The values are right, but this is not an array of dtype float32, which Keras' augmentation works on.",
    )


lab.declare(
    "addresses",
    "A picture that knows its addresses",
    hints=(
        "`np.mgrid[:height, :width]` gives the row of every pixel, and the column of every pixel.",
        "Stack columns, rows and zeros along a new last axis: `np.stack([...], axis=-1)`, then `.astype('float32')`.",
    ),
    form={
        "a NumPy array of dtype float32 and shape (height, width, 3)": ("returns list", "returns tuple", "returns float64"),
    },
    then=_is_float32,
    addresses=Function(
        _probe,
        cases={f"for height {height} and width {width}": (height, width) for height, width in ((2, 3), (4, 4), (5, 2), (1, 7))},
        mistakes={
            "Red and green are exchanged: red is the column, green is the row.": lambda h, w: _probe(h, w)[..., [1, 0, 2]],
            "The shape is (width, height, 3). A picture's shape is rows first: (height, width, 3).": Either(
                lambda h, w: _probe(h, w).transpose(1, 0, 2), lambda h, w: _probe(w, h)
            ),
            "The channels come first here. Keras wants them last: `axis=-1`.": lambda h, w: _probe(h, w).transpose(2, 0, 1),
            "Two channels only. The third is 0 everywhere.": lambda h, w: _probe(h, w)[..., :2],
            "Columns and rows count from 0.": lambda h, w: _probe(h, w) + [1, 1, 0],
            "Pixels hold the number of their column and row, not a share from 0 to 1.": lambda h, w: (
                _probe(h, w) / [max(1, w - 1), max(1, h - 1), 1]
            ),
            "The third channel is 0 everywhere, not 1.": lambda h, w: _probe(h, w) + [0, 0, 1],
        },
    ),
)


def _motion(picture, *, whole=False, from_corner=False):
    """The map (2, 3) fitted to the middle third; or, as mistakes do, to everything, or with places that count from the third."""
    height, width = picture.shape[:2]
    share = 1000 if whole else 3
    top, left = height // share, width // share
    rows, columns = np.mgrid[top : height - top, left : width - left]
    if not whole:
        rows, columns = np.mgrid[top : 2 * height // 3, left : 2 * width // 3]
    shift = (left, top) if from_corner else (0, 0)
    places = np.stack([columns.ravel() - shift[0], rows.ravel() - shift[1], np.ones(rows.size)], axis=1)
    return (np.linalg.pinv(places) @ picture[rows, columns, :2].reshape(-1, 2)).T


def _border_filled(picture, height=30, width=45):
    """The picture with zeros in all places but the middle third and two pixels around it, for those who round otherwise."""
    known = np.zeros((height, width, 1), bool)
    known[height // 3 - 2 : 2 * height // 3 + 2, width // 3 - 2 : 2 * width // 3 + 2] = True
    return np.where(known, picture, np.float32(0))


def _noisy(picture):
    """Addresses that are a little off, as interpolation leaves them: three points do not determine the map."""
    return picture + np.random.default_rng(4).uniform(-0.1, 0.1, picture.shape).astype("float32")


def _inverse(picture):
    full = np.vstack([_motion(picture), [0, 0, 1]])
    return np.linalg.inv(full)[:2]


lab.declare(
    "motion",
    "Read the motion",
    points=2,
    hints=(
        "`places` has one row (column, row, 1) for each pixel. Make a matrix of the same length with the two addresses found there.",
        "`found = picture[rows, columns, :2].reshape(-1, 2)`, then solve places @ x = found: `np.linalg.pinv(places) @ found`. "
        "That is (3, 2); the exercise asks for (2, 3).",
    ),
    motion=Function(
        _motion,
        cases={
            "for a picture that did not move": (_moved([[1, 0, 0], [0, 1, 0]], 30, 45, blue=7.0),),
            "for a picture moved 5 px to the right": (_moved([[1, 0, -5], [0, 1, 0]], 30, 45, blue=7.0),),
            "for a mirrored picture": (_moved([[-1, 0, 44], [0, 1, 0]], 30, 45, blue=7.0),),
            "for a turned, enlarged picture": (_moved([[0.7, 0.3, 3.2], [-0.28, 0.75, 8.1]], 30, 45, blue=7.0),),
            "for a picture higher than wide": (_moved([[0.9, -0.1, 2.0], [0.05, 1.1, -3.0]], 48, 24),),
            "for a picture with a wide filled border": (_border_filled(_moved([[1, 0.1, 2.0], [0, 0.9, 1.0]], 30, 45)),),
            "for a picture with a little noise": (_noisy(_moved([[0.9, 0.1, 2.0], [0, 0.9, 1.0]], 30, 45)),),
        },
        tolerance=1e-3,
        mistakes={
            "Transposed: one *row* for the origin's column, one for the origin's row.": lambda p: _motion(p).T,
            "The two rows are exchanged: the column comes first, as in the picture's red channel.": lambda p: _motion(p)[::-1],
            "Columns and rows are exchanged in the places: M takes (column, row, 1).": lambda p: _motion(p)[:, [1, 0, 2]],
            "This is the way there, not the way back: fit the origins as a function of the places.": _inverse,
            "Pixels near the border sway your fit {case}: they were filled in. Use the middle third only.": lambda p: _motion(
                p, whole=True
            ),
            "Your places count from the corner of the middle third; they must count from the corner of the picture.": lambda p: (
                _motion(p, from_corner=True)
            ),
        },
    ),
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
    for setting, named, answer in (("width_shift_range", "columns", width_moves), ("height_shift_range", "rows", height_moves)):
        rng = np.random.get_state()
        pictures = [_generator(**{setting: 0.3}).random_transform(_probe(24, 24), seed=seed) for seed in range(4)]
        np.random.set_state(rng)
        drift = np.abs([p[8:16, 8:16] - _probe(24, 24)[8:16, 8:16] for p in pictures]).max(axis=(0, 1, 2))
        measured = "columns" if drift[0] > drift[1] else "rows"
        believed = f"That is what the name of `{setting}` says. Measure it: in this Keras the addresses say otherwise."
        other = f"In this Keras `{setting}` does what its name says. Look at its row of the table again."
        wrong_word = next(word for word in options if word != measured)
        choose(answer, measured, options, mistakes={believed if wrong_word == named else other: wrong_word})


def _pivot(matrix):
    return np.linalg.solve(np.eye(2) - matrix[:, :2], matrix[:, 2])


def _turn(angle, place):
    """The map (2, 3) of a turn by `angle` degrees about `place` (column, row)."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    linear = np.array([[cos, sin], [-sin, cos]])
    return np.column_stack([linear, np.array(place) - linear @ place])


lab.declare(
    "pivot",
    "The pivot",
    hints=(
        "The pivot is the point that the map leaves where it is: $A p + t = p$, with $A$ the first two columns and $t$ the last.",
        "Rearranged: $(I - A)\\,p = t$. `np.linalg.solve` and `np.eye(2)`.",
    ),
    pivot=Function(
        _pivot,
        cases={
            f"for a turn by {angle}° about column {place[0]:g}, row {place[1]:g}": (_turn(angle, place),)
            for angle, place in ((30, (29.5, 44.5)), (-75, (10.0, 3.0)), (180, (4.0, 20.5)))
        }
        | {"for a turn with a zoom": (np.array([[0.8, 0.3, 4.0], [-0.2, 0.7, 9.0]]),)},
        tolerance=1e-3,
        mistakes={
            "This is the last column of the matrix: where pixel (0, 0) came from. The pivot is the pixel that stays.": lambda m: (
                m[:, 2]
            ),
            "The sign is wrong: from A p + t = p follows (I − A) p = t.": lambda m: -_pivot(m),
            "Row and column are exchanged; the matrix works on (column, row).": lambda m: _pivot(m)[::-1],
            "You solved A p = t, or A p + t = 0: that finds the place that comes from (0, 0), or its mirror image.": Either(
                lambda m: np.linalg.solve(m[:, :2], m[:, 2]), lambda m: -np.linalg.solve(m[:, :2], m[:, 2])
            ),
            "`*` multiplies element by element, `/` divides so; a system of two equations needs `np.linalg.solve`.": lambda m: (
                m[:, 2] / np.diag(np.eye(2) - m[:, :2])
            ),
        },
    ),
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
    expect(
        top_row_moves,
        112 * slope,
        {
            "That would be so if 0.2 were a slope, one pixel in five. The audit says something else.": 112 * 0.2,
            "That would be so if 0.2 were an angle in radians. The audit says what the unit is.": 112 * math.sin(0.2),
            "The unit is not radians. The audit says what it is.": 112 * math.tan(0.2),
            "The shear leaves the centre where it is: the top row is 112 px away from it, not 224.": 224 * slope,
            "This is the angle, not the number of pixels.": 0.2,
        },
        what="How far the top row moves",
        tolerance=0.01,  # rounded to a decimal it is right
    )
    low, high = 0.0, 80.0
    while high - low > 0.01:  # the slope grows with the setting
        middle = (low + high) / 2
        low, high = (middle, high) if _slope(middle) < 0.2 else (low, middle)
    expect(
        setting_for_a_fifth,
        low,
        {
            "This is about the slide's 0.2: a slope, or an angle in radians. The setting wants another unit.": 0.2,
            "This is 0.2 of a full turn. How far does a line lean that reaches one pixel to the side in five?": 72.0,
            "This is a fifth of 90°. A fifth of the way up is another angle: its sine is 0.2.": 18.0,
        },
        what="The setting for a fifth",
        tolerance=0.03 * low,
    )


@lab.exercise(
    "The unit of the channel shift",
    hints=(
        "The shift is added to the pixels before `rescale` is applied, and the result is clipped to the picture's own range.",
        "What is left of a picture with values from 0 to 1 when you add 5 to every value and clip to 0…1? Measuring it takes "
        "one line: `ImageDataGenerator().apply_transform(x, {'channel_shift_intensity': 5.0})`.",
    ),
)
def channel_shift(largest_share, channels, scaled_first):
    expect(
        largest_share,
        9 / 255,
        {
            "9 is in units of the pixel values, 0 to 255. What is it as a share of that range?": 9,
            "9 is not a percentage: it is added to pixel values from 0 to 255.": 0.09,
            "Give the share itself, not a percentage.": 900 / 255,
            "The shift goes 9 up or 9 down. The largest shift is 9, not their distance, 18.": 18 / 255,
        },
        what="The largest shift as a share of the range",
        tolerance=6e-4,  # a share rounded to three decimals is right
    )
    picture = np.random.default_rng(3).random((8, 8, 3))
    moved = _generator().apply_transform((255 * picture).astype("float32"), {"channel_shift_intensity": 9.0}) - 255 * picture
    inner = moved[(picture < 0.95).all(axis=-1)]
    choose(
        channels,
        "the same shift" if np.ptp(inner) < 0.1 else "three shifts",
        ("the same shift", "three shifts"),
        mistakes={"Measure it: subtract the picture from its variant. Do the three channels differ?": "three shifts"},
    )
    flat = _generator().apply_transform(picture.astype("float32"), {"channel_shift_intensity": 5.0})
    choose(
        scaled_first,
        "one flat colour" if np.ptp(flat) < 0.05 else "hardly a change",
        ("hardly a change", "a colour cast", "one flat colour"),
        mistakes={
            "That holds for pixels from 0 to 255. From 0 to 1, a shift of 5 is five times the whole range.": "hardly a change",
            "A cast would need three different shifts. And 5 is five times the whole range from 0 to 1.": "a colour cast",
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
    need(isinstance(found, list) and len(found) == 4, "Return a list of four layers: flip, turn, shift, zoom.")
    need(all(callable(layer) for layer in found), "Return layers: each must be callable on a batch of pictures.")
    classes = [layer.__name__ for layer in found if isinstance(layer, type)]
    need(not classes, f"Return layers: call the class with its settings, as in `layers.{classes[0] if classes else ''}(…)`.")
    flip, turn, shift, zoom = found
    probe = _probe(40, 60)
    for name, layer in (("flip", flip), ("turn", turn), ("shift", shift), ("zoom", zoom)):
        try:
            pictures = _pictures(layer, probe, 400)
        except Exception as error:
            wrong(f"The {name} cannot be applied to a batch of pictures: {type(error).__name__}.")
        need(pictures.shape == (400, 40, 60, 3), f"The {name} turns pictures of shape (40, 60, 3) into {pictures.shape[1:]}.")
        maps, distance = _fitted(pictures)
        need(np.ptp(maps, axis=0).max() > 1e-3, f"The {name} does the same to all 400 pictures. Is it a random layer?")
        _JUDGES[name](maps)
        need(
            name == "flip"
            or np.quantile(distance, 0.99) < 2.5,  # without interpolation the fit is a little off, most so in the corners
            f"The {name} moves as it should, but its borders are not continued from the nearest pixel. Look at `fill_mode`.",
        )


def _judge_flip(maps):
    need(
        np.allclose(np.abs(maps[:, :, :2]), np.eye(2), atol=0.02),
        "The first layer should mirror and nothing else. Order: flip, turn, shift, zoom.",
    )
    need((maps[:, 1, 1] > 0).all(), "Some pictures stand on their head. The slide flips left and right only.")
    need(0.3 < (maps[:, 0, 0] < 0).mean() < 0.7, "About half of the pictures should be mirrored left to right.")


def _judge_turn(maps):
    angles = np.degrees(np.arctan2(maps[:, 1, 0], maps[:, 0, 0]))
    need(
        np.allclose(np.linalg.det(maps[:, :, :2]), 1, atol=0.06),
        "The second layer should turn, and keep sizes. Order: flip, turn, shift, zoom.",
    )
    largest = np.abs(angles).max()
    need(largest > 1, "The second layer should turn; yours does not. Order: flip, turn, shift, zoom.")
    need(
        largest < 41,
        f"Your layer turns by up to {largest:.0f}°, not 40°. The factor is a part of a full turn: 1 would be 360°.",
    )
    need(largest > 38, f"Your layer turns by at most {largest:.1f}°, not 40°. The factor is a part of a full turn.")
    need(min(-angles.min(), angles.max()) > 30, "Turn to both sides: one factor f means from −f to +f.")


def _judge_shift(maps):
    need(
        np.allclose(maps[:, :, :2], np.eye(2), atol=0.02),
        "The third layer should shift, by 20 % at most, and do nothing else. Order: flip, turn, shift, zoom.",
    )
    for axis, size, name in ((0, 60, "width"), (1, 40, "height")):
        shifts = maps[:, axis, 2] / size
        most = np.abs(shifts).max()
        need(0.19 < most < 0.202, f"Your shift moves by up to {most:.0%} of the {name}; the slide says 20 %.")
        need(min(-shifts.min(), shifts.max()) > 0.15, "Shift to both sides: one factor f means from −f to +f.")


def _judge_zoom(maps):
    need(
        np.abs(maps[:, [0, 1], [1, 0]]).max() < 0.02,
        "The fourth layer should zoom and nothing else. Order: flip, turn, shift, zoom.",
    )
    factors = maps[:, [0, 1], [0, 1]]  # below 1 is nearer: a smaller part of the original fills the picture
    need(
        factors.min() > 0.79 and factors.max() < 1.21 and np.ptp(factors, axis=0).min() > 0.34,
        f"Your zoom shows from {factors.min():.0%} to {factors.max():.0%} of the original's width or height; the slide says 80 % to 120 %.",
    )
    need(
        np.abs(factors[:, 0] - factors[:, 1]).max() > 0.1,
        "Your zoom keeps the proportions. `zoom_range` draws width and height apart: give a height factor and a width factor.",
    )


_JUDGES = {"flip": _judge_flip, "turn": _judge_turn, "shift": _judge_shift, "zoom": _judge_zoom}


def _diagnosed(first, second, originals):
    if not np.array_equal(first, second):
        return "fresh"
    return "unused" if np.array_equal(first, originals) else "frozen"


def _epochs():
    """first epoch, second epoch, originals: unused, frozen and fresh, also where some or all pictures stayed as they were."""
    plain = np.arange(24, dtype="float32").reshape(2, 2, 2, 3) / 24
    one, two, same = plain[:, :, ::-1].copy(), plain[:, ::-1].copy(), plain.copy()
    half = np.stack([same[0], one[1]])
    near = np.stack([one[0], one[1] + np.float32(0.01)])
    return {
        "for two epochs that equal the originals": (same, same, plain),
        "for two equal epochs that differ from the originals": (one, one, plain),
        "for two different epochs": (one, two, plain),
        "for two epochs that differ a little in one picture": (one, near, plain),
        "for a first epoch that happens to equal the originals": (same, one, plain),
        "for a second epoch that happens to equal the originals": (one, same, plain),
        "for two different epochs with one picture as it was": (half, one, plain),
        "for two equal epochs with one picture as it was": (half, half, plain),
    }


lab.declare(
    "diagnose",
    "Diagnose a pipeline",
    hints=(
        "Compare three arrays: what the first epoch delivered, what the second did, and the originals.",
        "Two equal epochs: either both equal the originals (`'unused'`) or not (`'frozen'`). Two different epochs are `'fresh'`.",
    ),
    diagnose=Function(
        _diagnosed,
        cases=_epochs(),
        mistakes={
            "You say {got} {case}. New variants arrived, even if one epoch happens to look as before: compare the two epochs first.": lambda a, b, o: (
                "unused" if np.array_equal(a, o) else _diagnosed(a, b, o)
            ),
            "You say 'fresh' {case}: the same variants in both epochs were made once, and then repeated.": Either(
                lambda a, b, o: "unused" if np.array_equal(a, o) else "fresh",
                lambda a, b, o: "unused" if np.array_equal(a, o) and np.array_equal(b, o) else "fresh",
            ),
            "You say {got} {case}: arrays can be equal without being the same object. Use `np.array_equal`.": (
                lambda a, b, o: ("unused" if a is o else "frozen") if a is b and a is o else "fresh"
            ),
            "You say {got} {case}: two equal epochs are 'unused' only if they equal the originals too.": lambda a, b, o: (
                "unused" if np.array_equal(a, b) else "fresh"
            ),
            "The words are exchanged {case}: 'frozen' is augmented once, 'unused' never.": lambda a, b, o: {
                "frozen": "unused",
                "unused": "frozen",
                "fresh": "fresh",
            }[_diagnosed(a, b, o)],
            "You say {got} {case}: one picture that stayed as it was does not make an epoch unused. Compare all pictures.": lambda a, b, o: (
                "unused" if any(np.array_equal(x, y) for x, y in zip(a, o, strict=True)) else _diagnosed(a, b, o)
            ),
        },
    ),
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
    shapes = []

    def augment(x, training=True):
        shapes.append(len(x.shape))
        noise = tf.numpy_function(lambda n: rng.uniform(0.1, 0.4, n).astype("float32"), [tf.shape(x)[0]], tf.float32)
        return tf.cast(x, tf.float32) + tf.reshape(noise, [-1] + [1] * (len(x.shape) - 1))

    dataset = call(function, images, labels, augment, 8)
    need(isinstance(dataset, tf.data.Dataset), "Return a `tf.data.Dataset`.")
    need(
        3 not in shapes and 0 not in shapes,
        "`augment` takes a batch of pictures, and yours gives it single ones. Batch before you augment.",
    )
    need(set(shapes) <= {4}, "`augment` takes pictures, and yours gives it the labels too.")
    need(
        isinstance(dataset.element_spec, tuple) and len(dataset.element_spec) == 2,
        "The dataset does not deliver pairs of pictures and labels. Write `map(lambda x, y: (augment(x), y))`.",
    )
    with guarded(returned=True):
        epochs = [[(np.asarray(x), np.asarray(y)) for x, y in dataset.take(60)] for _ in range(2)]
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
    need(np.abs(added1).max() < 0.9, "Pictures and labels have come apart: shuffle them together, as pairs.")
    need(
        np.abs(added1).max() > 1e-4,
        "The pictures come out as they went in: the augmentation is built and never used. A dataset is not changed by `map`; it "
        "returns a new one.",
    )
    need(added1.max() < 0.45, "The pictures are augmented more than once: `augment` should be applied once to each batch.")
    added2 = (x2[:, 0, 0, 0] - y2)[np.argsort(y2)]
    need(
        not np.allclose(added1[np.argsort(y1)], added2),
        "Both epochs show the same variants: they were made once and kept. A `cache()` must come before the augmentation.",
    )
    need(
        not np.array_equal(y1, y2),
        "Both epochs come in the same order. Shuffle, and anew in each epoch (`reshuffle_each_iteration`, which is the default). "
        "A `cache()` after the shuffle keeps its order: cache before you shuffle.",
    )
    together = [{frozenset(y.tolist()) for _, y in epoch} for epoch in epochs]
    need(
        together[0] != together[1],
        "The batches are shuffled, but the same pictures stay together in a batch. Shuffle before `batch`.",
    )
    first_batches = [next(iter(dataset))[1].numpy() for _ in range(20)]
    need(  # with a buffer of all 50, the chance of this is below one in a thousand million
        np.max(first_batches) >= 44,
        "The shuffle buffer is small: the first batch holds early pictures only. Make it as large as the data.",
    )


# ---------------------------------------------------------------- does it help


def _interval(with_it, without, *, root=True, ddof=1, level=0.975, freedom=1, normal=False):
    """The paired t-interval, and what the mistakes make of it."""
    from scipy import stats

    differences = np.asarray(with_it) - np.asarray(without)
    n = len(differences)
    t = 1.96 if normal else stats.t.ppf(level, n - freedom)
    half = t * differences.std(ddof=ddof) / (math.sqrt(n) if root else 1)
    return differences.mean() - half, differences.mean() + half


def _unpaired(with_it, without):
    from scipy import stats

    n = len(with_it)
    half = stats.t.ppf(0.975, n - 1) * math.sqrt((np.var(with_it, ddof=1) + np.var(without, ddof=1)) / n)
    middle = np.mean(with_it) - np.mean(without)
    return middle - half, middle + half


def _welch(with_it, without):
    from scipy import stats

    return tuple(stats.ttest_ind(with_it, without).confidence_interval())


lab.declare(
    "difference_interval",
    "An interval for the difference",
    hints=(
        "Pair them: the same seed with and without. The mean of the differences is the estimate; its standard error is "
        "std(ddof=1)/√n.",
        "Half the width is `stats.t.ppf(0.975, n - 1) * differences.std(ddof=1) / np.sqrt(n)`. With three seeds t is 4.30, not 1.96.",
    ),
    difference_interval=Function(
        _interval,
        cases={
            "for 3 seeds": (np.array([94.0, 95.0, 94.9]), np.array([92.0, 92.5, 93.0])),
            "for 2 seeds": (np.array([1.0, 2.0]), np.array([2.0, 1.5])),
            "for 5 seeds": (np.array([3.0, 1, 4, 1, 5]), np.array([2.0, 7, 1, 8, 2])),
        },
        tolerance=2e-3,
        mistakes={
            "1.96 belongs to many seeds. With few, Student's t is wider.": lambda a, b: _interval(a, b, normal=True),
            "NumPy's `std` divides by n unless you say `ddof=1`.": lambda a, b: _interval(a, b, ddof=0),
            "The square root of n is missing: you want the spread of the mean, not of one seed.": lambda a, b: _interval(
                a, b, root=False
            ),
            "You took t with n degrees of freedom; a mean was fitted, so there are n − 1.": lambda a, b: _interval(
                a, b, freedom=0
            ),
            "`ppf(0.95)` leaves 5 % on each side. For 95 % in the middle it is 0.975.": lambda a, b: _interval(a, b, level=0.95),
            "You ignored the pairs: the same seed was run twice, so take differences first.": Either(_unpaired, _welch),
            "The sign is wrong: with minus without.": lambda a, b: _interval(b, a),
            "The two ends come in the wrong order: low first.": lambda a, b: _interval(a, b)[::-1],
        },
    ),
)


def _flips():
    arrow, chest = "A mirrored 'turn left' means 'turn right'.", "The heart is on the left"
    return {
        "flowers: A mirrored tulip is a tulip.": {"flowers": "none"},
        "flowers: Photos of flowers have an up and a down; you will not be asked about one on its head.": {"flowers": "both"},
        "digits: A mirrored 2 or 7 is no digit.": {"digits": "left-right"},
        "digits: Flipping both ways is half a turn: it makes a 6 a 9, with the label of a 6.": {"digits": "both"},
        f"turn arrows: {arrow}": {"turn arrows": "left-right"},
        f"turn arrows: {arrow} And no sign stands on its head.": {"turn arrows": "both"},
        "satellite: Seen from above, there is no up: each flip is a picture you might get.": {"satellite": "none"},
        "satellite: Seen from above, there is no up: the other flip is as good.": {"satellite": "left-right"},
        f"chest x-rays: {chest}. Mirrored, a healthy chest shows a rare condition.": {"chest x-rays": "left-right"},
        f"chest x-rays: {chest}, and nobody is photographed on the head.": {"chest x-rays": "both"},
    }


lab.declare(
    "safe_flips",
    "Which flips keep the label",
    hints=(
        "Ask of each flip: would a person, shown the flipped picture, give the same label, and could such a picture come up at all?",
        "Three of the five allow no flip. One of the others is seen from above.",
    ),
    safe=Value(
        {"flowers": "left-right", "digits": "none", "turn arrows": "none", "satellite": "both", "chest x-rays": "none"},
        _flips(),
    ),
)


def _flipped(boxes, width):
    x0, y0, x1, y1 = np.asarray(boxes).T
    return np.stack([width - x1, y0, width - x0, y1], axis=1)


def _boxes_view(boxes):
    """Boxes as (n, 4); an empty list of rows as (0, 4)."""
    return np.zeros((0, 4)) if isinstance(boxes, list) and not boxes else as_array(boxes)


_SOME_BOXES = np.array([[10.0, 5, 30, 25], [0, 0, 100, 50], [60, 7, 61, 9]])

lab.declare(
    "flip_boxes",
    "Flip the boxes too",
    hints=(
        "Only the two x move. A box from 10 to 30 in a picture 100 wide: where is its left edge after the flip?",
        "The new left edge is the old right edge, seen from the other side: `width - x1`. Exchange them.",
    ),
    flip_boxes=Function(
        _flipped,
        cases={
            "for a picture 100 px wide": (_SOME_BOXES, 100),
            "for a picture 120 px wide": (_SOME_BOXES, 120),
            "for whole numbers": (np.array([[3, 1, 8, 4], [0, 2, 20, 9]]), 20),
            "for a picture 640 px wide": (np.array([[12.25, 300.5, 340.75, 410.0], [600, 0, 640, 480]]), 640),
            "for a picture without boxes": (np.zeros((0, 4)), 50),
        },
        view=_boxes_view,
        mistakes={
            "The left edge lies to the right of the right edge: x0 and x1 must change places.": lambda b, w: _flipped(b, w)[
                :, [2, 1, 0, 3]
            ],
            "The new x1 is computed from the new x0: x0 was overwritten before it was used. Compute both first.": (
                lambda b, w: np.stack([w - b[:, 2], b[:, 1], b[:, 2], b[:, 3]], axis=1)
            ),
            "You flipped top and bottom.": lambda b, w: np.stack([b[:, 0], w - b[:, 3], b[:, 2], w - b[:, 1]], axis=1),
            "One pixel off: x1 is exclusive, so the mirror image of an edge at x is width − x.": lambda b, w: (
                _flipped(b, w) - [1, 0, 1, 0]
            ),
            "The boxes come back as they were: picture flipped, labels not.": lambda b, w: b,
            "You exchanged x0 and x1, but did not measure them from the other side.": lambda b, w: b[:, [2, 1, 0, 3]],
            "Boxes go down the rows: shape (n, 4), not (4, n).": lambda b, w: _flipped(b, w).T,
        },
    ),
)


# ---------------------------------------------------------------- mixing


def _mix(images, labels, share, order, *, of_labels=None):
    """Mixed images and labels; `of_labels` replaces the shares of the labels."""
    of_labels = share if of_labels is None else of_labels
    wide, narrow = share.reshape(-1, 1, 1, 1), of_labels.reshape(-1, 1)
    return wide * images + (1 - wide) * images[order], narrow * labels + (1 - narrow) * labels[order]


def _mix_probes(rng):
    cases = {}
    for shape, order in (((2, 2, 1), [1, 0]), ((3, 2, 3), [2, 0, 1, 3]), ((3, 3, 3), [2, 0, 1]), ((4, 5, 1), [1, 2, 3, 4, 0])):
        n = len(order)
        labels = np.eye(6)[rng.permutation(6)[:n]]
        share = rng.permutation(np.linspace(0.2, 0.45, n))
        cases[f"for {n} images of shape {shape}"] = (rng.random((n, *shape)), labels, share, np.array(order))
    images = rng.uniform(0, 255, (3, 2, 2, 1))
    cases["for pixels up to 255"] = images, np.eye(3), np.array([0.9, 0.3, 0.6]), np.array([1, 2, 0])
    return cases


lab.declare(
    "mixup",
    "MixUp by hand",
    points=2,
    hints=(
        "Each picture of the batch is mixed with the one at `order` in the same batch: `images[order]`. Labels likewise, with the same share.",
        "Give `share` the shape (n, 1, 1, 1) for pictures and (n, 1) for labels, so that each picture has its own.",
    ),
    mixup=Function(
        _mix,
        cases=_mix_probes,
        mistakes={
            "`share` belongs to the picture itself and 1 − share to its partner; yours is the other way round.": lambda x, y, s, o: (
                _mix(x, y, 1 - s, o)
            ),
            "The labels' shares are the wrong way round: pictures and labels must be mixed alike.": lambda x, y, s, o: _mix(
                x, y, s, o, of_labels=1 - s
            ),
            "The pictures' shares are the wrong way round: pictures and labels must be mixed alike.": lambda x, y, s, o: _mix(
                x, y, 1 - s, o, of_labels=s
            ),
            "All pictures got the share of the first. Each has its own.": lambda x, y, s, o: _mix(x, y, 0 * s + s[0], o),
            "You give the larger share to the picture itself, always. `share` may be below one half.": lambda x, y, s, o: _mix(
                x, y, np.maximum(s, 1 - s), o
            ),
            "The images are cut off at 1. Mixing needs no limits: it stays within the range of the two pictures.": (
                lambda x, y, s, o: (np.clip(_mix(x, y, s, o)[0], 0, 1), _mix(x, y, s, o)[1])
            ),
            "The pictures are mixed, the labels are not: a picture that is 30 % tulip needs a label that says so.": (
                lambda x, y, s, o: (_mix(x, y, s, o)[0], y)
            ),
            "The labels are mixed, the pictures come back unmixed.": lambda x, y, s, o: (x, _mix(x, y, s, o)[1]),
            "The labels are mixed half and half, whatever the share.": lambda x, y, s, o: _mix(x, y, s, o, of_labels=0 * s + 0.5),
            "The label is the class with the larger share; it must keep both shares.": lambda x, y, s, o: (
                _mix(x, y, s, o)[0],
                np.where((s > 0.5)[:, None], y, y[o]),
            ),
            "You mix class numbers. Mixed labels are vectors, one number for each class: shape (n, classes).": lambda x, y, s, o: (
                _mix(x, y, s, o)[0],
                s * y.argmax(axis=1) + (1 - s) * y.argmax(axis=1)[o],
            ),
            "`share` has one number for each picture, and NumPy lines it up with the last axis. Give it the shape (n, 1, 1, 1) "
            "for the images and (n, 1) for the labels.": lambda x, y, s, o: (s * x + (1 - s) * x[o], s * y + (1 - s) * y[o]),
            "You have it reversed: the partner of picture k is `images[order[k]]`.": lambda x, y, s, o: _mix(
                x, y, s, np.argsort(o)
            ),
        },
    ),
)


_FLOOR = -(0.3 * math.log(0.3) + 0.7 * math.log(0.7))

lab.declare(
    "mixup_floor",
    "The floor of the loss",
    hints=(
        "The network cannot do better than to predict exactly the label: 0.3 for one class, 0.7 for the other.",
        "Cross-entropy is −Σ label · log(prediction), here with prediction = label, and the natural logarithm.",
    ),
    smallest_loss=Value(
        _FLOOR,
        {
            "0 is the floor for labels that say one class with certainty. A label of 0.3 and 0.7 leaves doubt that no network can "
            "remove.": 0,
            "This is in bits. Keras takes the natural logarithm.": _FLOOR / math.log(2),
            "Keras takes the natural logarithm, not the one to base 10.": _FLOOR / math.log(10),
            "A cross-entropy is not negative: mind the minus in front.": -_FLOOR,
            "This is the loss of the larger part only. Both classes count, each with its share.": Either(
                -math.log(0.7), -0.7 * math.log(0.7)
            ),
            "This is the loss of a prediction of half and half. Another prediction does better.": math.log(2),
        },
        tolerance=6e-4,
        what="The smallest possible loss",
    ),
)


def _cut(first, second, one, two, box, *, share=None):
    """The patch pasted; `share` replaces the share of the second label."""
    top, left, bottom, right = box
    inside = np.zeros(first.shape[:2], bool)
    inside[max(top, 0) : bottom, max(left, 0) : right] = True
    share = inside.mean() if share is None else share
    return np.where(inside[..., None], second, first), (1 - share) * one + share * two


def _box_share(first, box):
    top, left, bottom, right = box
    return (bottom - top) * (right - left) / (first.shape[0] * first.shape[1])


def _cut_naively(first, second, one, two, box):
    """A negative start taken for a place that counts from the other end."""
    top, left, bottom, right = box
    mixed = first.copy()
    mixed[top:bottom, left:right] = second[top:bottom, left:right]
    share = mixed[top:bottom, left:right].size / mixed.size
    return mixed, (1 - share) * one + share * two


def _cut_exchanged(first, second, one, two, box):
    top, left, bottom, right = box
    return _cut(first, second, one, two, (left, top, right, bottom))


def _cut_probes(rng):
    one, two = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
    cases = {
        "a patch inside": ((8, 10, 3), (2, 3, 6, 5)),
        "a patch over the top left corner": ((8, 8, 1), (-3, -2, 2, 4)),
        "a patch over the bottom right corner": ((6, 9, 3), (4, 7, 9, 12)),
        "a patch in the first rows": ((8, 9, 1), (0, 0, 3, 4)),
        "a patch over the whole picture": ((5, 7, 3), (-1, -2, 6, 8)),
    }
    found = {f"for {name}": (rng.random(shape), rng.random(shape), one, two, box) for name, (shape, box) in cases.items()}
    first, second, *_, box = found["for a patch inside"]
    return {**found, "for labels of whole numbers": (first, second, one.astype(int), two.astype(int), box)}


lab.declare(
    "cutmix",
    "CutMix by hand",
    points=2,
    hints=(
        "The patch may reach over the border. What decides the label is the area that really was pasted.",
        "`top, left = max(top, 0), max(left, 0)` first: a negative index counts from the other end. Slices past the far border are cut "
        "by NumPy. The share is pasted pixels over all pixels.",
    ),
    cutmix=Function(
        _cut,
        cases=_cut_probes,
        mistakes={
            "The patch is the wrong way round: the *second* picture is pasted into the first.": lambda a, b, one, two, box: _cut(
                b, a, one, two, box
            ),
            "Too little or nothing is pasted {case}: a negative start counts from the other end. Cut the rectangle to the picture first.": _cut_naively,
            "The label counts the part of the patch that lies outside the picture. Only pasted pixels count.": (
                lambda a, b, one, two, box: _cut(a, b, one, two, box, share=_box_share(a, box))
            ),
            "The shares are the wrong way round: the pasted part belongs to the second label.": lambda a, b, one, two, box: _cut(
                a, b, two, one, box
            ),
            "The mixed label is rounded to whole numbers, as the labels were. A soft label has decimals.": (
                lambda a, b, one, two, box: (
                    _cut(a, b, one, two, box)[0],
                    _cut(a, b, one, two, box)[1].astype(one.dtype),
                )
            ),
            "The label is half and half, whatever was pasted.": lambda a, b, one, two, box: _cut(a, b, one, two, box, share=0.5),
            "The label is still the first picture's alone.": lambda a, b, one, two, box: _cut(a, b, one, two, box, share=0),
            "The rectangle is (top, left, bottom, right): rows are the first axis of a picture.": _cut_exchanged,
            "The label is mixed, but nothing was pasted.": lambda a, b, one, two, box: (a, _cut(a, b, one, two, box)[1]),
        },
    ),
)
