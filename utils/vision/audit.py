"""What an augmentation does to the places of pixels: read from a picture whose pixels name their places, and verified.

`addresses` and `motion` are the idea in its simplest form; Lab 04 has students write both. `audit` trusts no number that its
picture does not confirm. In that picture red and green name a pixel's column and row, from 0 to 255 across the picture, and
blue holds a *signature*: cells at two levels, arranged at random, so that no two places look alike. The two levels tell how
the augmentation changed the values, and that change is undone; the signature then tells whether the places that red and
green name are the true ones.
"""

from collections.abc import Callable

import numpy as np

SMALLEST = 24  # pixels a side: below, there are too few cells for a signature
LOW, HIGH = 85.0, 170.0  # blue's two levels: far enough from 0 and 255 that a moderate change of values clips neither


FEWEST = 0.04  # the share of the picture that must be left to be read
TOO_FEW = "too few of its pixels name a place: the others are filled in or clipped, or its channels were exchanged"


class Unreadable(ValueError):
    """A picture that no affine motion of the probe explains; the message says in one sentence why."""


def addresses(height: int, width: int) -> np.ndarray:
    """A picture in which each pixel holds its own address: float32 (height, width, 3) with column, row and 0.

    Raises ValueError for a side that is not a whole number of pixels, at least 1.
    """
    _sides(height, width, 1)
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows, np.zeros_like(rows)], axis=-1).astype("float32")


def motion(picture: np.ndarray) -> np.ndarray:
    """The affine map (2, 3) that made `picture` (height, width, 3) from `addresses`: place in it → place of origin.

    Rows: origin's column, origin's row. Columns: what column, row and 1 contribute. Pixels filled in at the border do not
    count. Raises Unreadable, a ValueError, where the pixels do not agree on one map or blue is no longer 0. A factor on all
    values looks like a zoom here; `audit` tells the two apart.
    """
    picture = np.asarray(picture)
    if picture.ndim != 3 or picture.shape[-1] != 3 or min(picture.shape) < 3 or picture.dtype.kind not in "iuf":
        raise ValueError(f"motion takes one address picture of numbers, shape (height, width, 3); this is {_described(picture)}.")
    picture = picture.astype(float)
    matrix, agreeing, _ = _affine(picture[..., :2], np.isfinite(picture).all(axis=-1))
    if np.median(np.abs(picture[agreeing, 2])) > 0.5:
        raise Unreadable("The motion cannot be read: blue is no longer 0, so values were changed as well; `audit` can undo that.")
    return matrix


def read(matrix: np.ndarray, height: int, width: int) -> dict[str, float]:
    """What the map does to a picture (height, width), in the words of a photo editor.

    right, down: how far the centre's content moves, in pixels (negative: left, up). turn: degrees, clockwise. wider,
    taller: enlargement (1 = none; a negative `wider` is a mirror image). lean: degrees by which vertical lines lean.
    Raises ValueError unless `matrix` holds 2 × 3 finite numbers and can be inverted.
    """
    matrix = np.asarray(matrix)
    if matrix.shape != (2, 3) or matrix.dtype.kind not in "iuf" or not np.isfinite(matrix).all():
        raise ValueError(f"read takes a map of 2 × 3 finite numbers; this is {_described(matrix)}.")
    _sides(height, width, 1)
    linear, offset = matrix[:, :2].astype(float), matrix[:, 2]
    if abs(np.linalg.det(linear)) < 1e-9:
        raise ValueError("This map sends the whole picture to a line or a point, which is no motion.")
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    forward = np.linalg.inv(linear)  # origin → place in the picture
    moved = forward @ (centre - offset) - centre
    mirrored = np.sign(np.linalg.det(forward))
    across, downward = forward[:, 0], forward[:, 1]
    turn = np.arctan2(mirrored * across[1], mirrored * across[0])
    lean = np.arctan2(-downward[0], downward[1]) - turn
    return {
        "right": moved[0],
        "down": moved[1],
        "turn": np.degrees(turn),
        "lean": np.degrees((lean + np.pi) % (2 * np.pi) - np.pi),
        "wider": mirrored * np.hypot(*across),
        "taller": abs(np.linalg.det(forward)) / np.hypot(*across),
    }


def audit(augment: Callable, height: int = 60, width: int = 90, draws: int = 100) -> dict[str, tuple[float, float]]:
    """The smallest and the largest of each reading of `read` over `draws` calls of augment(picture) → picture.

    `augment` gets a float32 picture (height, width, 3) with values from 0 to 255 and returns one of the same shape, in any
    type of number. "residual" is how far its pixels lie from the affine map found, in pixels (root mean square). One change of
    values for all channels (brightness, contrast, rescaling, inversion) is undone first; pixels filled in or clipped do not
    count. Raises Unreadable, a ValueError, where a picture does not fit: a grey one, channels exchanged or changed each in its
    own way, elastic distortion, pasted patches, noise, compression. Raises ValueError for fewer than 1 draw, and for sides
    below 24 pixels.
    """
    _sides(height, width, SMALLEST)
    if not isinstance(draws, (int, np.integer)) or draws < 1:
        raise ValueError(f"draws is the number of calls, 1 or more; this is {draws!r}.")
    probe = _Probe(height, width)
    readings = []
    for draw in range(1, draws + 1):
        try:
            matrix, residual = probe.motion(augment(probe.picture.copy()))
        except Unreadable as error:
            raise Unreadable(f"Draw {draw} cannot be read as a motion: {error}.") from None
        readings.append({**read(matrix, height, width), "residual": residual})
    return {name: (min(r[name] for r in readings), max(r[name] for r in readings)) for name in readings[0]}


# ---------------------------------------------------------------- the probe


class _Probe:
    """The audit's picture, float32 (height, width, 3), and how to read what became of it."""

    def __init__(self, height: int, width: int):
        self.shape = (height, width, 3)
        self.per_pixel = 255 / np.array([width - 1, height - 1])
        cell = max(4, min(height, width) // 8)
        cells = np.random.default_rng(4).integers(0, 2, (-(-height // cell), -(-width // cell)))
        self.bits = np.kron(cells, np.ones((cell, cell), int))[:height, :width]
        rows, columns = np.mgrid[:height, :width]
        red, green = columns * self.per_pixel[0], rows * self.per_pixel[1]
        self.blue = np.where(self.bits, HIGH, LOW)
        self.picture = np.stack([red, green, self.blue], axis=-1).astype("float32")

    def motion(self, picture) -> tuple[np.ndarray, float]:
        """(map (2, 3), residual in pixels) of an augmented probe. Raises Unreadable with the reason."""
        picture = np.asarray(picture)
        if picture.shape != self.shape or picture.dtype.kind not in "iuf":
            raise Unreadable(f"the function should return one picture of shape {self.shape}, and returned {_described(picture)}")
        picture = picture.astype(float)
        usable = self._usable(picture)
        best, reasons = None, []
        for scale, offset in self._changes(picture[..., 2], usable):
            try:
                off, matrix, residual = self._verified(picture, usable, scale, offset)
            except Unreadable as error:
                reasons.append(error)
                continue
            if best is None or off < best[0] - 0.01:
                best = off, matrix, residual
            if off < 0.05:
                break  # no other change of values could agree better
        if best is None:
            raise reasons[-1] if "blue" in str(reasons[-1]) else reasons[0]
        return best[1:]

    def _usable(self, picture):
        """Which pixels may name a place: finite, and neither the least nor the most of red or green, so not clipped."""
        finite = np.isfinite(picture).all(axis=-1)
        if not finite.any():
            raise Unreadable("no pixel is a finite number")
        seen = picture[finite]
        span = np.ptp(seen, axis=0)
        if span.min() <= 1e-6 * span.max():
            raise Unreadable("a channel has one value everywhere, so no pixel names its place any more")
        if np.quantile(np.ptp(seen, axis=1), 0.98) < 1e-3 * span.max():
            raise Unreadable("its three channels are the same (a grey picture), so no pixel names its place any more")
        ends = seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)
        usable = finite & ~((picture[..., :2] == ends[0]) | (picture[..., :2] == ends[1])).any(axis=-1)
        if usable.sum() < max(20, FEWEST * usable.size):
            raise Unreadable(TOO_FEW)
        return usable

    def _changes(self, blue, usable):
        """(scale, offset) of the changes of values to try: none, then what blue's two levels became, as they were or inverted."""
        yield 1.0, 0.0
        height, width = blue.shape
        middle = np.zeros_like(usable)
        middle[height // 4 : -(height // 4), width // 4 : -(width // 4)] = True
        values = blue[usable & middle] if (usable & middle).sum() >= 20 else blue[usable]
        split = np.quantile(values, [0.1, 0.9]).mean()
        if values.max() > split:
            low, high = np.median(values[values <= split]), np.median(values[values > split])
            for levels in ((low, high), (high, low)):
                yield _line(*levels)

    def _verified(self, picture, usable, scale, offset):
        """(how far blue finds the places off, map, residual) if values were changed to scale · value + offset."""
        matrix, agreeing, residual, origin, blue = self._fitted(picture, usable, scale, offset)
        if (scale, offset) != (1.0, 0.0):  # levels guessed from all cells; now it is known which cell is which, and where
            deep = [picture[agreeing, 2][self._deep(origin, bit)] for bit in (0, 1)]
            if min(map(len, deep)) and np.median(deep[0]) != np.median(deep[1]):
                scale, offset = _line(np.median(deep[0]), np.median(deep[1]))
            for _ in range(2):
                matrix, agreeing, residual, origin, blue = self._fitted(picture, usable, scale, offset)
                more, shift = self._correction(origin, blue)
                scale, offset = scale / (1 + more), offset - shift * scale / (1 + more)
            matrix, agreeing, residual, origin, blue = self._fitted(picture, usable, scale, offset)
        expected = self._signature(origin)
        varies = blue.std() > 0 and expected.std() > 0
        off = self._off(origin, blue - expected)
        if not varies or np.corrcoef(blue, expected)[0, 1] < 0.7 or off > 0.35:
            raise Unreadable(
                "red and green name places that the pattern in blue denies, so channels were exchanged, or their values were "
                "changed each in its own way"
            )
        return off, matrix, residual

    def _fitted(self, picture, usable, scale, offset):
        """(map, agreeing, residual, the agreeing pixels' origins (n, 2), their blue), the change of values undone."""
        values = (picture - offset) / scale
        matrix, agreeing, residual = _affine(values[..., :2] / self.per_pixel, usable)
        return matrix, agreeing, residual, _origins(matrix, agreeing.shape)[agreeing], values[agreeing, 2]

    def _correction(self, origin, blue):
        """(a, b): were all values v really (1 + a) v + b, the places would move so that blue's pattern fits best."""
        across, down = self._slopes(origin)
        named = origin * self.per_pixel
        per_value = np.array([across, down]) / self.per_pixel[:, None]
        design = np.column_stack([(per_value.T * named).sum(axis=1), per_value.sum(axis=0)])
        a, b = np.linalg.pinv(design.T @ design) @ (design.T @ (blue - self._signature(origin)))
        return np.clip(a, -0.05, 0.05), np.clip(b, -5, 5)

    def _signature(self, origin):
        """Blue as it was at places (n, 2), between pixels too."""
        from scipy.ndimage import map_coordinates

        return map_coordinates(self.blue, origin[:, ::-1].T, order=1, mode="nearest")

    def _slopes(self, origin):
        """By how much the signature grows a pixel to the right and a pixel down, at places (n, 2)."""
        return [(self._signature(origin + step) - self._signature(origin - step)) / 2 for step in ([1, 0], [0, 1])]

    def _deep(self, origin, bit):
        """Which places (n, 2) have nothing but cells of `bit` within a pixel and a half."""
        from scipy.ndimage import minimum_filter

        deep = minimum_filter((self.bits == bit).astype(int), 3, mode="nearest")
        column, row = np.rint(origin).astype(int).T
        return deep[row, column] > 0

    def _off(self, origin, error):
        """How far, in pixels (root mean square), an affine correction of the places would go to explain blue's `error`."""
        centred = origin - origin.mean(axis=0)
        basis = np.column_stack([centred / np.abs(centred).max(), np.ones(len(origin))])
        design = np.column_stack([basis * slope[:, None] for slope in self._slopes(origin)])
        change = (np.linalg.pinv(design.T @ design) @ (design.T @ error)).reshape(2, 3)
        return np.sqrt(((basis @ change.T) ** 2).sum(axis=1).mean())


def _line(low: float, high: float) -> tuple[float, float]:
    """(scale, offset) of the change of values that takes LOW to `low` and HIGH to `high`."""
    scale = (high - low) / (HIGH - LOW)
    return scale, low - LOW * scale


# ---------------------------------------------------------------- the map that most pixels agree on


def _affine(found: np.ndarray, usable: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """(map (2, 3), pixels that agree with it (height, width), residual in pixels).

    found: the origin (column, row) that each pixel names, (height, width, 2); usable: (height, width). Starts from medians, which
    pixels filled in at the border do not sway, first of the middle, then of the whole picture. Of the usable pixels that the
    map takes from inside the picture nine in ten must agree. Raises Unreadable.
    """
    height, width = usable.shape
    best = None
    for margin in (3, 1000):
        rows, columns = height // margin, width // margin
        region = (slice(rows, height - rows), slice(columns, width - columns))
        matrix = _start(found, usable, region)
        agreeing = usable
        for tolerance in (4, 2, 1, 1):
            if matrix is None:
                break
            distance, origin, unit = _distance(found, matrix)
            agreeing = usable & (distance < tolerance * unit)
            matrix = _least_squares(found, agreeing)
        if matrix is None:
            continue
        distance, origin, unit = _distance(found, matrix)
        inside = usable & ((origin >= 0.5) & (origin <= [width - 1.5, height - 1.5])).all(axis=-1)
        agreeing = inside & (distance < unit)
        share = agreeing.sum() / max(1, inside.sum())
        if best is None or (share, inside.sum()) > best[:2]:
            residual = np.sqrt(np.mean(distance[agreeing] ** 2)) if agreeing.any() else np.inf
            best = share, inside.sum(), matrix, agreeing, residual / unit, residual
        if share > 0.99:
            break
    if best is None or best[1] < max(9, FEWEST * height * width):
        raise Unreadable(TOO_FEW)
    share, _, matrix, agreeing, relative, residual = best
    if share < 0.9 or relative > 0.5 or _bend(found, matrix, agreeing) > 0.2:
        raise Unreadable(
            f"no one affine map takes its pixels where they came from: {share:.0%} fit the best within a pixel, with a residual "
            f"of {residual:.1f} px; look for distortion that is not affine, pasted patches, noise, compression or changed values"
        )
    return matrix, agreeing, float(residual)


def _bend(found, matrix, agreeing) -> float:
    """How far the pixels stray from the map together, in pixels: neighbours averaged, so that rounding does not count."""
    from scipy.ndimage import uniform_filter

    stray = np.where(agreeing[..., None], found - _origins(matrix, agreeing.shape), 0)
    if np.abs(found[agreeing] - np.rint(found[agreeing])).mean() < 0.15:
        return 0.0  # whole pixels were copied (nearest neighbour): what is left is rounding, in stripes
    count = uniform_filter(agreeing.astype(float), 7, mode="constant")
    mean = [uniform_filter(stray[..., i], 7, mode="constant")[agreeing] / count[agreeing] for i in (0, 1)]
    return float(np.sqrt(np.mean(np.square(mean).sum(axis=0))))


def _start(found, usable, region):
    """A first map from the medians of differences and offsets in `region`; None where nothing is usable."""
    found, usable = found[region], usable[region]
    step = max(1, min(usable.shape) // 4)
    across, down = usable[:, step:] & usable[:, :-step], usable[step:] & usable[:-step]
    if not across.any() or not down.any():
        return None
    linear = np.column_stack(
        [
            np.median((found[:, step:] - found[:, :-step])[across], axis=0) / step,
            np.median((found[step:] - found[:-step])[down], axis=0) / step,
        ]
    )
    rows, columns = np.mgrid[region]
    offset = np.median((found - np.stack([columns, rows], axis=-1) @ linear.T)[usable], axis=0)
    return np.column_stack([linear, offset])


def _least_squares(found, agreeing):
    """The map (2, 3) that fits the agreeing pixels best; None where they are too few or it has no inverse."""
    rows, columns = np.nonzero(agreeing)
    if len(rows) < 9:
        return None
    places = np.column_stack([columns, rows, np.ones(len(rows))])
    square = places.T @ places
    if np.linalg.cond(square) > 1e10:
        return None
    solution = np.linalg.solve(square, places.T @ found[agreeing])
    return solution.T if abs(np.linalg.det(solution[:2])) > 1e-3 else None


def _origins(matrix, shape):
    """Where the map takes each pixel from: (height, width, 2), column and row."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return np.stack([columns, rows, np.ones(shape)], axis=-1) @ matrix.T


def _distance(found, matrix):
    """(distance of each pixel's origin from the map's, the map's origins, the side of a pixel there, at least 1)."""
    origin = _origins(matrix, found.shape[:2])
    distance = np.where(np.isfinite(found).all(axis=-1), np.hypot(*np.moveaxis(found - origin, -1, 0)), np.inf)
    return distance, origin, max(1.0, np.hypot(matrix[0, :2], matrix[1, :2]).max())


# ---------------------------------------------------------------- words


def _sides(height, width, smallest: int) -> None:
    for name, side in (("height", height), ("width", width)):
        if isinstance(side, bool) or not isinstance(side, (int, np.integer)) or side < smallest:
            raise ValueError(f"{name} is a whole number of pixels, {smallest} or more; this is {side!r}.")


def _described(array) -> str:
    return f"shape {array.shape} of {array.dtype}" if array.dtype != object else "no array of numbers"
