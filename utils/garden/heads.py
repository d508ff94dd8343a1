"""The five flowers: each draws itself onto a Head, which holds the coordinates, the light and the paint.

Rays are drawn in polar coordinates: the angle says which petal a pixel belongs to and where across it, the radius how
far along. Tables, one value a petal, make every petal a little different.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image, ImageDraw

from utils.garden.paint import Light, Sprite, coverage, hsv, length, look_up, mix, profile, ramp, smooth

GOLDEN = math.pi * (3 - math.sqrt(5))  # the angle between one seed or petal and the next
AT_ONCE = 6000  # pixels: petals are drawn together up to this many, since calls cost more than sums on small arrays


@dataclass(frozen=True)
class Pose:
    """A head: centre and radius in frame units, and how it is turned.

    turn: in the plane of the picture (radians). squash: 1 seen from above, 0.3 nearly from the side. raised: how far
    the middle is lifted towards the upper side (radii).
    """

    x: float
    y: float
    radius: float
    turn: float = 0.0
    squash: float = 1.0
    raised: float = 0.0


class Head:
    """A flower head in its window: coordinates and paint.

    across, up: (h, w), on the screen but turned with the head, radius 1. x, y: in the flower's own plane, as if seen
    from above; r, theta: the same in polar form. lit: how far each direction from the middle points to the light.
    px: the side of a pixel. sprite: the paint.
    """

    def __init__(self, window, pose, light):
        self.window, self.pose, self.light = window, pose, light
        self.sprite = Sprite.empty(window.shape)
        self.across, self.up, px = window.local(pose.x, pose.y, pose.radius, pose.turn)
        self.x, self.y = self.across, self.up * (1 / pose.squash)
        if pose.raised:
            # a cone seen from the side: the nearer to the middle, the further it is lifted
            self.y = self.y + pose.raised * np.maximum(1 - length(self.x, self.y), 0)
        self.px = px * 2 / (1 + pose.squash)  # a pixel is longer across the foreshortened direction
        self.r = length(self.x, self.y) + 1e-4
        self.whole = self.area = None  # set in a crop

    @cached_property
    def theta(self):
        """(h, w), -pi..pi; worked out once for the whole head, when it is needed."""
        return self.whole.theta[self.area] if self.whole else np.arctan2(self.y, self.x)

    @cached_property
    def lit(self):
        """(h, w), -1..1."""
        if self.whole:
            return self.whole.lit[self.area]
        return Light(self.light.angle - self.pose.turn, self.light.strength).toward(self.x, self.y) / self.r

    @property
    def coarseness(self):
        """1 where every petal can be seen, 2 or 3 where a head is so small that every second or third one will do."""
        return 1 if self.px < 0.1 else 2 if self.px < 0.18 else 3

    def crop(self, x, y, radius):
        """The part of the head within a radius of (x, y) in the flower's plane; what is drawn there appears here."""
        pose, pixel = self.pose, self.window.px / self.pose.radius
        y = y * pose.squash - 0.5 * pose.raised * pose.squash
        cos, sin = math.cos(pose.turn), math.sin(pose.turn)
        column = (pose.x - float(self.window.x[0, 0])) / self.window.px + (cos * x - sin * y) / pixel
        row = (pose.y - float(self.window.y[0, 0])) / self.window.px + (sin * x + cos * y) / pixel
        reach = (radius + 0.5 * pose.raised * pose.squash) / pixel + 2
        height, width = self.window.shape
        area = (
            slice(min(max(int(row - reach), 0), height), min(max(int(row + reach) + 1, 0), height)),
            slice(min(max(int(column - reach), 0), width), min(max(int(column + reach) + 1, 0), width)),
        )
        part = object.__new__(Head)
        part.window, part.pose, part.light, part.px = self.window, pose, self.light, self.px
        part.whole, part.area, part.sprite = self, area, self.sprite.crop(area)
        part.x, part.y, part.r = self.x[area], self.y[area], self.r[area]
        return part

    def together(self, x, y, radius):
        """Crops for petals that reach `radius` around (x, y) (each (k,)): yields (a slice of the petals, their crop).

        One petal at a time on its own crop where heads are large, several on a common one around the middle where
        they are small.
        """
        pixel, first = self.window.px / self.pose.radius, 0
        reach = np.hypot(x, y) + radius
        while first < len(reach):
            count = max(1, int(AT_ONCE / min(self.r.size, (2 * reach[first] / pixel) ** 2)))
            some = slice(first, first + count)
            if count == 1:
                yield some, self.crop(x[first], y[first], radius[first])
            else:
                yield some, self.crop(0, 0, reach[some].max())
            first += count


def pick(rng, *choices):
    """One of (weight, value) pairs."""
    level = rng.uniform(0, sum(weight for weight, _ in choices))
    for weight, value in choices:
        level -= weight
        if level <= 0:
            return value
    return choices[-1][1]


class Whorl:
    """A ring of `count` separate petals, from the middle of the head outwards, each a little different.

    length: in head radii. width: half width at the widest place, in petal lengths. inner, outer: colours (3,) at base
    and tip. phase: angle of the first. vary: how unlike each other the petals are. shade: 1, less is darker.
    lengths, widths, leans, tones: (count,), a value a petal.
    """

    def __init__(self, rng, count, length, width, inner, outer, *, phase=0.0, vary=0.08, shade=1.0):
        jitter = rng.uniform(-1, 1, (4, count)).astype(np.float32)
        self.count, self.length, self.phase = count, length, phase % (2 * math.pi) + math.pi
        self.inner, self.outer = inner, outer
        self.lengths = length * (1 + vary * (1.1 * jitter[0] - 0.5))
        self.widths = width * length * (1 + vary * jitter[1])
        self.leans = 0.16 * min(1, 8 * vary) * jitter[2]
        self.tones = shade * (1 + vary * jitter[3])


def column(values):
    """One value a petal, to be combined with the petals' pixels: float32 (k, 1, 1)."""
    return np.asarray(values, np.float32)[:, None, None]


def rings(head, whorls, *, shape, veins=0.08):
    """Draw whorls one over the other. shape: a `profile` table. veins: their contrast."""
    # one value a petal, of all whorls one after the other
    lengths, widths, leans, tones = (
        np.concatenate([getattr(whorl, name) for whorl in whorls]) for name in ("lengths", "widths", "leans", "tones")
    )
    # one value a whorl
    counts = np.array([whorl.count for whorl in whorls])
    starts = np.cumsum(counts) - counts
    long, phases = column([whorl.length for whorl in whorls]), column([whorl.phase for whorl in whorls])
    inner, outer = np.stack([whorl.inner for whorl in whorls]), np.stack([whorl.outer for whorl in whorls])

    nowhere = np.zeros(len(whorls))
    for some, part in head.together(nowhere, nowhere, 1.05 * long[:, 0, 0]):
        count = counts[some, None, None]
        sector = column(2 * math.pi / counts[some])
        across = (part.theta + phases[some]) / sector
        petal = across.astype(np.intp)
        across -= petal
        across -= 0.5
        petal %= count
        petal += starts[some, None, None]
        along = part.r / lengths.take(petal)
        across -= leans.take(petal)
        across *= sector
        across *= part.r
        half = look_up(shape, along) * widths.take(petal)
        distance = half - np.abs(across)
        alpha = coverage(distance, part.px)
        alpha *= part.r < 1.37 * long[some] + 2.6 * part.px  # past their tips petals are too thin for the pixels to end them

        across /= np.maximum(half, 0.02 * long[some])
        across.clip(-1, 1, out=across)
        outward = smooth(along, 0.1, 0.85)
        tone = tones.take(petal)
        tone *= 1 + 0.17 * part.lit
        tone *= 0.68 + 0.32 * outward
        tone *= 1 - 0.1 * across
        if veins:
            tone *= 1 + veins * np.cos(across * 9.5)
        tone *= 0.82 + 0.18 * ramp(distance, 0, 0.05 * long[some])
        outward *= tone
        tone -= outward
        part.sprite.sheets([(inner[some], tone), (outer[some], outward)], alpha)


def disc(head, rng, *, radius, middle, rim, grain, dome=0.35, lift=0.0):
    """The middle of a head: a dome covered with florets in two families of spirals. grain: spirals in each family."""
    head = head.crop(0, -lift, 1.45 * radius)
    y = head.y + lift
    r = length(head.x, y) * (1 / radius)
    theta = np.arctan2(y, head.x)
    swirl = np.sqrt(r) * 2.2
    seeds = np.cos(grain * (theta + swirl)) * np.cos(round(grain * 1.62) * (theta - swirl * 0.62))
    fine = min(1.0, 0.5 * radius / (grain * head.px))  # florets smaller than a pixel blur to nothing
    tone = 1 + 0.3 * fine * seeds
    tone *= 1 + dome * (head.lit * np.minimum(r, 1) + 0.1 - 0.35 * r * r)
    shadow = smooth(r, 1.35, 0.9)  # a soft shadow on the petals around it makes the disc stand out
    head.sprite.rgb *= 1 - 0.45 * shadow
    edge = 1 + 0.03 * np.cos(theta * 13 + rng.uniform(0, 6))
    colour = mix(middle, rim, smooth(r, 0.25, 0.85))
    colour *= tone
    head.sprite.over(colour, coverage((edge - r) * radius, head.px))


def calyx(head, colour, reach):
    """The green cup under a head seen from the side; reach: how far down, in radii."""
    along = head.up * (1 / reach)
    half = 0.34 * np.sqrt(np.maximum(1 - along, 0)) * (along > -0.6)
    distance = half - np.abs(head.across)
    tone = 0.9 - 0.5 * np.abs(head.across) + 0.15 * np.cos(head.across * 40)
    head.sprite.over(colour[:, None, None] * tone, coverage(distance, head.window.px / head.pose.radius) * (along < 1))


def daisy(head, rng):
    """White, yellow, pink or lilac rays around a yellow or brown disc."""
    kind = pick(rng, (0.5, "white"), (0.19, "yellow"), (0.14, "pink"), (0.09, "lilac"), (0.08, "orange"))
    if kind == "white":
        outer = hsv(rng.uniform(30, 260), rng.uniform(0, 0.06), rng.uniform(0.92, 1))
        inner = outer * np.float32(0.94)
    elif kind == "yellow":
        outer = hsv(rng.uniform(44, 56), rng.uniform(0.65, 0.95), rng.uniform(0.92, 1))
        inner = hsv(rng.uniform(28, 48), 0.95, 0.85)
    elif kind == "orange":
        outer, inner = hsv(rng.uniform(18, 34), 0.9, 0.98), hsv(rng.uniform(0, 25), 0.95, 0.75)
    else:
        hue = rng.uniform(318, 345) if kind == "pink" else rng.uniform(262, 296)
        outer = hsv(hue, rng.uniform(0.2, 0.62), rng.uniform(0.8, 0.98))
        inner = outer * np.float32(0.6) + np.float32(0.38)
    count = int(rng.integers(13, 27))
    shape = profile(rng.uniform(0.5, 0.9), rng.uniform(0.22, 0.45))
    width, phase = rng.uniform(2.5, 3.6) / count, rng.uniform(0, 6)
    if head.pose.squash < 0.5:
        calyx(head, hsv(rng.uniform(80, 110), 0.55, 0.45), 0.42)
    whorls = [
        Whorl(
            rng, count, 1.0 - 0.05 * layer, width, inner, outer, phase=phase + layer * math.pi / count,
            vary=rng.uniform(0.05, 0.12), shade=0.84 + 0.14 * layer,
        )
        for layer in range(2)
    ]  # fmt: skip
    rings(head, whorls, shape=shape, veins=0.035)
    dark = rng.uniform() < {"yellow": 0.5, "orange": 0.5, "pink": 0.15, "lilac": 0.15, "white": 0}[kind]
    rim = hsv(rng.uniform(15, 28), 0.75, rng.uniform(0.22, 0.4)) if dark else hsv(rng.uniform(36, 50), 0.95, 0.95)
    middle = rim * np.float32(0.75) if dark or rng.uniform() < 0.6 else hsv(rng.uniform(55, 80), 0.8, 0.75)
    disc(
        head, rng, radius=rng.uniform(0.22, 0.36), middle=middle, rim=rim, grain=13, dome=rng.uniform(0.4, 0.7),
        lift=head.pose.raised * 0.25,
    )  # fmt: skip


def sunflower(head, rng):
    """Pointed yellow rays in two or three rows around a large disc, mostly dark."""
    if rng.uniform() < 0.12:
        outer, inner = hsv(rng.uniform(8, 30), 0.9, rng.uniform(0.6, 0.9)), hsv(rng.uniform(0, 20), 0.9, 0.5)
    else:
        outer = hsv(rng.uniform(41, 54), rng.uniform(0.75, 1), rng.uniform(0.93, 1))
        inner = hsv(rng.uniform(28, 42), 0.98, rng.uniform(0.8, 0.95))
    count, rows, core = int(rng.integers(15, 26)), int(rng.integers(2, 4)), rng.uniform(0.36, 0.6)
    shape, phase = profile(rng.uniform(0.7, 1.1), rng.uniform(0.65, 1.0)), rng.uniform(0, 6)
    if head.pose.squash < 0.55:
        calyx(head, hsv(rng.uniform(80, 110), 0.6, 0.42), 0.5)
    whorls = [
        Whorl(
            rng, count, 1.0 - 0.07 * layer, rng.uniform(2.9, 3.9) / count, inner, outer,
            phase=phase + layer * math.pi / count * 1.1, vary=rng.uniform(0.1, 0.18), shade=0.8 + 0.2 * (layer + 1) / rows,
        )
        for layer in range(rows)
    ]  # fmt: skip
    rings(head, whorls, shape=shape, veins=0.07)
    rim = hsv(rng.uniform(18, 36), rng.uniform(0.7, 0.9), rng.uniform(0.22, 0.5))
    fresh = hsv(rng.uniform(50, 75), 0.6, 0.5)
    middle = pick(rng, (0.55, rim * np.float32(0.55)), (0.3, fresh), (0.15, rim))
    disc(head, rng, radius=core, middle=middle, rim=rim, grain=21, dome=0.5, lift=head.pose.raised * 0.2)


def dandelion(head, rng):
    """A yellow head of very many narrow rays, or the white ball of seeds that it becomes."""
    if rng.uniform() < 0.36:
        seed_ball(head, rng)
        return
    outer = hsv(rng.uniform(46, 57), rng.uniform(0.8, 1), rng.uniform(0.94, 1))
    core = hsv(rng.uniform(34, 48), 1, rng.uniform(0.8, 0.95))
    shape = profile(0.5, 0.16)
    rows = int(rng.integers(5, 7))
    closed = rng.uniform(0.0, 0.45)  # a head that has not opened fully keeps a dark heart
    if head.pose.squash < 0.6:
        calyx(head, hsv(rng.uniform(80, 105), 0.5, 0.48), 0.55)
    whorls = [
        Whorl(
            rng, int(rng.integers(34, 44) * (1 - 0.5 * part)), 1.0 - 0.74 * part, 0.062 + 0.05 * part,
            core * np.float32(1 - closed * part), outer * np.float32(1 - part * 0.35) + core * np.float32(part * 0.35),
            phase=rng.uniform(0, 6), vary=0.14, shade=0.84 + 0.16 * part,
        )
        for part in (layer / (rows - 1) for layer in range(0, rows, head.coarseness))
    ]  # fmt: skip
    rings(head, whorls, shape=shape, veins=0.0)


def seed_ball(head, rng):
    """Fine stars on a sphere, seen through: only the silhouette is solid."""
    x, y, sprite = head.across, head.up, head.sprite
    px = head.window.px / head.pose.radius
    r = length(x, y)
    white = hsv(rng.uniform(30, 60), rng.uniform(0, 0.1), rng.uniform(0.88, 1))
    lines = _parachutes(head, rng)
    tone = 0.9 + 0.25 * head.light.toward(x, y)
    body = 0.34 * smooth(r, 1.0, 0.8) + 0.14 * smooth(r, 0.3, 0.95) * smooth(r, 1.0, 0.92)
    sprite.over(white[:, None, None] * (0.9 * tone), body)
    sprite.over(white[:, None, None] * tone, lines)
    heart = rng.uniform(0.1, 0.17)
    brown = mix(hsv(45, 0.5, 0.62), hsv(35, 0.6, 0.35), np.minimum(r / heart, 1))
    sprite.over(brown, 0.75 * coverage(heart - r, px, 3))
    sprite.silhouette = coverage(0.97 - r, px)


def _parachutes(head, rng, spokes=9, scale=2):
    """Opacity (h, w) of the seeds' parachutes, drawn as lines at twice the size."""
    height, width = head.window.shape
    image = Image.new("L", (width * scale, height * scale), 0)
    draw = ImageDraw.Draw(image)
    to_pixels = scale / head.window.px
    reach = head.pose.radius * to_pixels
    x0 = (head.pose.x - float(head.window.x[0, 0])) * to_pixels
    y0 = (head.pose.y - float(head.window.y[0, 0])) * to_pixels
    count = int(rng.integers(70, 110))
    k = np.arange(count)
    depth = 1 - 1.24 * (k + 0.5) / count  # 1 nearest to you, 0 at the outline: the near side and a bit of the far one
    away = 0.84 * np.sqrt(np.maximum(1 - depth**2, 0)) + rng.normal(0, 0.012, count)
    angle = k * GOLDEN + rng.uniform(0, 6)
    kept = rng.uniform(size=count) >= rng.choice([0, 0, 0.1, 0.35])  # some have flown
    cos, sin = np.cos(angle), np.sin(angle)
    cx, cy = x0 + reach * away * cos, y0 + reach * away * sin
    spoke = rng.uniform(0, 6, (count, 1)) + np.arange(spokes) * (2 * np.pi / spokes)
    along, beside = 0.17 * np.cos(spoke) * np.maximum(0.35, depth)[:, None], 0.17 * np.sin(spoke)
    # one line a star: out and back along each spoke
    star = np.empty((count, 2 * spokes, 2))
    star[:, 0::2] = np.stack([cx, cy], 1)[:, None]
    star[:, 1::2, 0] = cx[:, None] + reach * (along * cos[:, None] - beside * sin[:, None])
    star[:, 1::2, 1] = cy[:, None] + reach * (along * sin[:, None] + beside * cos[:, None])
    near = 0.5 + 0.5 * np.maximum(depth, 0)
    for i in np.flatnonzero(kept):
        draw.line((x0, y0, cx[i], cy[i]), fill=int(60 + 40 * near[i]))
        draw.line(star[i].ravel().tolist(), fill=int(110 + 120 * near[i]))
    return np.asarray(image.reduce(scale), np.float32) * np.float32(1 / 255)


def rose(head, rng):
    """Broad petals folded over each other in a spiral, from the open rim to the tight heart."""
    kind = pick(rng, (0.34, "red"), (0.24, "pink"), (0.17, "white"), (0.15, "yellow"), (0.1, "peach"))
    hue, saturation, value = {
        "red": (rng.uniform(345, 362), rng.uniform(0.8, 0.98), rng.uniform(0.6, 0.9)),
        "pink": (rng.uniform(325, 352), rng.uniform(0.3, 0.7), rng.uniform(0.85, 1)),
        "white": (rng.uniform(35, 70), rng.uniform(0.02, 0.12), rng.uniform(0.92, 1)),
        "yellow": (rng.uniform(44, 54), rng.uniform(0.55, 0.9), rng.uniform(0.93, 1)),
        "peach": (rng.uniform(12, 30), rng.uniform(0.4, 0.75), rng.uniform(0.93, 1)),
    }[kind]
    rim = hsv(hue, saturation * 0.86, value)
    deep = hsv(hue - 6, saturation * 0.5 + 0.45 * (saturation > 0.2) + 0.1, value * (0.5 if kind == "red" else 0.68))
    count = int(rng.integers(15, 22))
    start, openness = rng.uniform(0, 6), rng.uniform(0.85, 1.25)
    stretch, waves, shifts, tones = rng.uniform(size=(4, count))
    if head.pose.squash < 0.75:
        calyx(head, hsv(rng.uniform(85, 115), 0.55, 0.38), 0.75)
    drawn = slice(None, None, head.coarseness)
    inward = (np.arange(count) / (count - 1))[drawn]  # 0 the outermost petal, 1 the innermost
    angle = start + (np.arange(count) * GOLDEN)[drawn]
    stretch, waves, shifts, tones = (column(values[drawn]) for values in (stretch, waves, shifts, tones))
    away, size = 0.52 * (1 - inward) ** openness, 0.5 * (1 - inward) ** 0.75 + 0.1
    x, y = away * np.cos(angle), away * np.sin(angle)
    cos, sin, lengths, depth = column(np.cos(angle)), column(np.sin(angle)), column(size), column(inward)
    for some, part in head.together(x, y, 1.5 * size):
        dx, dy = part.x - column(x[some]), part.y - column(y[some])
        out = dx * (cos[some] / lengths[some]) + dy * (sin[some] / lengths[some])
        beside = (dy * cos[some] - dx * sin[some]) * (1 / (lengths[some] * (1 + 0.22 * stretch[some])))
        wave = np.cos(beside * (2 + 2 * waves[some]) + 6 * shifts[some])
        distance = 1 - length(out, beside) * (1 + 0.05 * wave)
        outward = smooth(out, -0.8, 0.6)
        tone = 0.62 + 0.3 * outward
        tone += 0.18 * ramp(distance, 0.2, 0.02)  # the rolled lip catches the light
        tone *= (0.93 + 0.12 * tones[some]) * (1 - 0.1 * depth[some]) + 0.2 * part.lit
        left = 1 - 0.36 * ramp(distance, -0.28, 0.0)  # its shadow on the petals below
        outward *= tone
        tone -= outward
        part.sprite.sheets([(deep, tone), (rim, outward)], coverage(distance * lengths[some], part.px), left)


def tulip(head, rng):
    """A cup of six petals seen from the side; now and then an open one seen from above."""
    kind = pick(
        rng, (0.27, "red"), (0.2, "yellow"), (0.18, "pink"), (0.12, "white"), (0.13, "purple"), (0.1, "orange")
    )  # fmt: skip
    hue, saturation, value = {
        "red": (rng.uniform(348, 366), rng.uniform(0.82, 0.98), rng.uniform(0.7, 0.95)),
        "yellow": (rng.uniform(44, 54), rng.uniform(0.75, 0.97), rng.uniform(0.93, 1)),
        "pink": (rng.uniform(322, 350), rng.uniform(0.3, 0.72), rng.uniform(0.88, 1)),
        "white": (rng.uniform(40, 80), rng.uniform(0.02, 0.1), rng.uniform(0.92, 1)),
        "purple": (rng.uniform(280, 312), rng.uniform(0.4, 0.75), rng.uniform(0.4, 0.75)),
        "orange": (rng.uniform(14, 32), rng.uniform(0.8, 0.97), rng.uniform(0.93, 1)),
    }[kind]
    body = hsv(hue, saturation, value)
    same = hsv(hue + 6, saturation * 0.8, min(1, value * 1.1))
    edge = pick(rng, (0.6, same), (0.25, hsv(50, 0.7, 1)), (0.15, hsv(60, 0.05, 1)))
    base = hsv(rng.uniform(50, 80), rng.uniform(0.3, 0.6), rng.uniform(0.7, 0.95))
    if head.pose.squash > 0.7:
        shape, phase = profile(0.55, rng.uniform(0.42, 0.6)), rng.uniform(0, 6)
        whorls = [
            Whorl(
                rng, 3, 1.0 - 0.06 * layer, rng.uniform(0.5, 0.62), base * np.float32(0.55), body,
                phase=phase + layer * math.pi / 3, vary=0.06, shade=0.8 + 0.2 * layer,
            )
            for layer in range(2)
        ]  # fmt: skip
        rings(head, whorls, shape=shape, veins=0.05)
        disc(head, rng, radius=0.2, middle=base, rim=hsv(rng.uniform(250, 290), 0.5, 0.18), grain=3, dome=0.3)
        return
    opened, slim = rng.uniform(0.0, 1.0), rng.uniform(0.85, 1.1)
    lean, shape = 0.12 + 0.26 * opened, profile(0.42, rng.uniform(0.4, 0.75))
    # lean (radians), half width, height, tone: the back row, then the sides and the petal in front
    back = [(-0.5 * lean, 0.46, 1.84, 0.62), (0.5 * lean, 0.46, 1.88, 0.66), (0.0, 0.44, 1.86, 0.6)]
    front = [(-lean, 0.5, 1.84, 0.92), (lean, 0.5, 1.8, 0.84), (0.04, 0.5 + 0.05 * opened, 1.72 - 0.2 * opened, 1.0)]
    for row, shadow in ((back, 0.0), (front, 0.3)):
        petals = [
            (angle + rng.normal(0, 0.04), height * rng.uniform(0.93, 1.03), width * slim * rng.uniform(0.94, 1.06), shade)
            for angle, width, height, shade in row
        ]
        _cup(head, petals, shape, (base, body, edge), 0.28 + 0.1 * opened, shadow)


def _cup(head, petals, shape, colours, turns_at, shadow):
    """A row of a tulip's upright petals, leaning from the foot of the cup at up = 0.92.

    petals: (angle, height, half width, tone) of each. colours: base, body, edge, each (3,).
    """
    angle, height, width, shade = (column(values) for values in zip(*petals, strict=True))
    cos, sin = np.cos(angle), np.sin(angle)
    dx, dy = head.across - 0.25 * sin, 0.92 - head.up
    along = dy * (cos / height) + dx * (sin / height)
    sideways = dx * cos - dy * sin
    half = look_up(shape, along) * width
    half += np.minimum(along, 0)
    distance = half - np.abs(sideways)
    side = sideways / np.maximum(half, 0.05)
    side.clip(-1, 1, out=side)
    tone = 1 + 0.05 * np.cos(side * 11) - 0.1 * ramp(np.abs(side), 0.12, 0.0)
    tone += head.light.toward(0.19 * side, -0.07 * along)
    tone *= 0.8 + 0.2 * ramp(distance, 0, 0.1)
    tone *= shade
    upper = smooth(along, 0.0, turns_at)
    rim = ramp(distance, 0.16, 0.0) * ramp(along, 0.25, 0.9)
    paints = zip(colours, (1 - upper, upper - rim, rim), strict=True)
    head.sprite.sheets(
        [(colour, amount * tone) for colour, amount in paints],
        coverage(distance, head.window.px / head.pose.radius),
        1 - shadow * ramp(distance, -0.16, 0.0) if shadow else None,
    )
