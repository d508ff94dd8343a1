"""The five flowers: each draws a head into a Sprite from a pose, the light and a random generator.

A head is drawn in polar coordinates: the angle says which petal a pixel belongs to and where across it, the radius
says how far along. Tables, one value a petal, make every petal a little different.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from utils.garden.paint import Sprite, coverage, hsv, look_up, mix, profile, smooth

GOLDEN = np.pi * (3 - np.sqrt(5))  # the angle between one seed or petal and the next


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


class Polar:
    """Local coordinates of a tilted head: x, y (h, w) on screen, r and theta (h, w) in the flower's own plane."""

    def __init__(self, window, pose, light):
        self.x, self.flat_y, self.px = window.local(pose.x, pose.y, pose.radius, pose.turn, 1.0)
        y = self.flat_y / np.float32(pose.squash)
        if pose.raised:
            # a cone seen from the side: the nearer to the middle, the further it is lifted
            y = y + np.float32(pose.raised) * np.clip(1 - np.sqrt(self.x**2 + y**2), 0, 1)
        self.y = y
        self.px /= (1 + pose.squash) / 2
        self.r = np.sqrt(self.x**2 + y**2) + np.float32(1e-4)
        self.theta = np.arctan2(y, self.x)
        self.lit = light.toward(*_turned(self.x / self.r, y / self.r, pose.turn)) * np.float32(light.strength)


def _turned(x, y, turn):
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    return cos * x - sin * y, sin * x + cos * y


def ring(polar, sprite, rng, *, count, length, width, shape, inner, outer, phase=0.0, vary=0.08, veins=0.08, shade=1.0):
    """One whorl of `count` separate petals from the middle outwards.

    length: in head radii. width: half width at the widest place, in petal lengths. shape: a `profile` table.
    inner, outer: colours (3,) at base and tip. vary: how unlike each other the petals are.
    """
    turns = (polar.theta + np.float32(phase)) * np.float32(count / (2 * np.pi))
    index = np.floor(turns)
    across = turns - index - np.float32(0.5)
    index = index.astype(np.int32) % count
    lengths = (length * (1 + vary * rng.uniform(-1.6, 0.6, count))).astype(np.float32)
    widths = (width * length * (1 + vary * rng.uniform(-1, 1, count))).astype(np.float32)
    leans = (0.16 * rng.uniform(-1, 1, count) * min(1, 8 * vary)).astype(np.float32)
    tones = (shade * (1 + vary * rng.uniform(-1.2, 0.8, count))).astype(np.float32)

    along = polar.r / lengths[index]
    sideways = (across - leans[index]) * np.float32(2 * np.pi / count) * polar.r
    half = look_up(shape, along) * widths[index]
    distance = half - np.abs(sideways)
    alpha = coverage(distance, polar.px)

    side = sideways / np.maximum(half, np.float32(1e-3))
    tone = tones[index] * (1 + 0.16 * polar.lit)
    tone = tone * (np.float32(0.68) + np.float32(0.32) * smooth(along, 0.1, 0.75))
    tone = tone * (1 + np.float32(veins) * np.cos(side * np.float32(9.5)) - np.float32(0.1) * side)
    tone = tone * (np.float32(0.82) + np.float32(0.18) * smooth(distance, 0, 0.05 * length))
    sprite.over(mix(inner, outer, smooth(along, 0.15, 0.9)) * tone, alpha)


def disc(polar, sprite, rng, *, radius, middle, rim, grain, dome=0.35, lift=0.0):
    """The middle of a head: a dome covered with florets in two families of spirals. grain: spirals in each family."""
    y = polar.y + np.float32(lift)
    r = np.sqrt(polar.x**2 + y**2) / np.float32(radius)
    theta = np.arctan2(y, polar.x)
    swirl = np.float32(2.2) * np.sqrt(r)
    seeds = np.cos(grain * (theta + swirl)) * np.cos(round(grain * 1.62) * (theta - swirl * np.float32(0.62)))
    fine = min(1.0, 3.2 / (grain * polar.px / radius + 1e-6) / 6)  # florets smaller than a pixel blur to nothing
    tone = 1 + np.float32(0.3 * fine) * seeds
    tone = tone * (1 + np.float32(dome) * (polar.lit * np.minimum(r, 1) + np.float32(0.1) - np.float32(0.35) * r * r))
    # a soft shadow on the petals around it makes the disc stand out
    shadow = np.float32(0.45) * (1 - smooth(r, 0.9, 1.35))
    sprite.rgb *= 1 - shadow
    edge = 1 + np.float32(0.03) * np.cos(theta * 13 + rng.uniform(0, 6))
    sprite.over(mix(middle, rim, smooth(r, 0.25, 0.85)) * tone, coverage((edge - r) * np.float32(radius), polar.px))


def _pick(rng, *choices):
    """One of (weight, value) pairs."""
    weights = np.cumsum([weight for weight, _ in choices])
    return choices[int(np.searchsorted(weights, rng.uniform(0, weights[-1]), side="right"))][1]


def daisy(window, pose, light, rng):
    """White, yellow, pink or lilac rays around a yellow or brown disc."""
    polar, sprite = Polar(window, pose, light), Sprite((window.y.size, window.x.size))
    kind = _pick(rng, (0.52, "white"), (0.17, "yellow"), (0.14, "pink"), (0.1, "lilac"), (0.07, "orange"))
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
    width = rng.uniform(2.5, 3.6) / count
    phase = rng.uniform(0, 6)
    for layer in range(2):
        ring(
            polar, sprite, rng, count=count, length=1.0 - 0.05 * layer, width=width, shape=shape, inner=inner,
            outer=outer, phase=phase + layer * np.pi / count, vary=rng.uniform(0.05, 0.12), veins=0.035,
            shade=0.84 + 0.14 * layer,
        )  # fmt: skip
    dark = kind in ("yellow", "orange") and rng.uniform() < 0.5 or kind in ("pink", "lilac") and rng.uniform() < 0.15
    rim = hsv(rng.uniform(15, 28), 0.75, rng.uniform(0.22, 0.4)) if dark else hsv(rng.uniform(36, 50), 0.95, 0.95)
    middle = rim * np.float32(0.75) if dark or rng.uniform() < 0.6 else hsv(rng.uniform(55, 80), 0.8, 0.75)
    disc(
        polar, sprite, rng, radius=rng.uniform(0.22, 0.34), middle=middle, rim=rim, grain=13,
        dome=rng.uniform(0.4, 0.7), lift=pose.raised * 0.25,
    )  # fmt: skip
    return sprite


def sunflower(window, pose, light, rng):
    """Pointed yellow rays in two or three rows around a large dark disc."""
    polar, sprite = Polar(window, pose, light), Sprite((window.y.size, window.x.size))
    if rng.uniform() < 0.1:
        outer, inner = hsv(rng.uniform(8, 30), 0.9, rng.uniform(0.6, 0.9)), hsv(rng.uniform(0, 20), 0.9, 0.5)
    else:
        outer = hsv(rng.uniform(41, 54), rng.uniform(0.75, 1), rng.uniform(0.93, 1))
        inner = hsv(rng.uniform(28, 42), 0.98, rng.uniform(0.8, 0.95))
    count = int(rng.integers(15, 26))
    shape = profile(rng.uniform(0.7, 1.1), rng.uniform(0.7, 1.0))
    phase = rng.uniform(0, 6)
    rows = int(rng.integers(2, 4))
    core = rng.uniform(0.4, 0.6)
    for layer in range(rows):
        ring(
            polar, sprite, rng, count=count, length=1.0 - 0.07 * layer, width=rng.uniform(2.9, 3.9) / count,
            shape=shape, inner=inner, outer=outer, phase=phase + layer * np.pi / count * 1.1,
            vary=rng.uniform(0.1, 0.18), veins=0.07, shade=0.8 + 0.2 * (layer + 1) / rows,
        )  # fmt: skip
    rim = hsv(rng.uniform(18, 36), rng.uniform(0.7, 0.9), rng.uniform(0.22, 0.45))
    middle = _pick(rng, (0.55, rim * np.float32(0.55)), (0.3, hsv(rng.uniform(50, 75), 0.6, 0.5)), (0.15, rim))
    disc(polar, sprite, rng, radius=core, middle=middle, rim=rim, grain=21, dome=0.5, lift=pose.raised * 0.2)
    return sprite


def dandelion(window, pose, light, rng):
    """A yellow head of very many narrow rays, or the white ball of seeds that it becomes."""
    if rng.uniform() < 0.36:
        return _clock(window, pose, light, rng)
    polar, sprite = Polar(window, pose, light), Sprite((window.y.size, window.x.size))
    outer = hsv(rng.uniform(46, 57), rng.uniform(0.8, 1), rng.uniform(0.94, 1))
    core = hsv(rng.uniform(34, 48), 1, rng.uniform(0.8, 0.95))
    shape = profile(0.5, 0.16)
    rows = int(rng.integers(5, 7))
    opened = rng.uniform(0.0, 0.45)  # a head that has not opened fully keeps a dark heart
    for layer in range(rows):
        part = layer / (rows - 1)
        tip = outer * np.float32(1 - part * 0.35) + core * np.float32(part * 0.35)
        ring(
            polar, sprite, rng, count=int(rng.integers(34, 44) * (1 - 0.5 * part)), length=1.0 - 0.74 * part,
            width=0.062 + 0.05 * part, shape=shape, inner=core * np.float32(1 - opened * part), outer=tip,
            phase=rng.uniform(0, 6), vary=0.14, veins=0.0, shade=0.84 + 0.16 * part,
        )  # fmt: skip
    return sprite


def _clock(window, pose, light, rng):
    """The ball of seeds: fine stars on a sphere, the far side showing through."""
    x, y, px = window.local(pose.x, pose.y, pose.radius, pose.turn, 1.0)
    sprite = Sprite((window.y.size, window.x.size))
    r = np.sqrt(x * x + y * y)
    white = hsv(rng.uniform(30, 60), rng.uniform(0, 0.1), rng.uniform(0.88, 1))
    lines = _stars(sprite.alpha.shape, window, pose, rng)
    lit = np.float32(0.9) + np.float32(0.25 * light.strength) * light.toward(x, y)
    body = np.float32(0.34) * smooth(r, 1.0, 0.8) + np.float32(0.14) * smooth(r, 0.3, 0.95) * smooth(r, 1.0, 0.92)
    sprite.over(white[:, None, None] * lit * np.float32(0.9), body)
    sprite.over(white[:, None, None] * lit, lines)
    heart = rng.uniform(0.1, 0.17)
    sprite.over(
        mix(hsv(45, 0.5, 0.62), hsv(35, 0.6, 0.35), np.clip(r / heart, 0, 1)),
        np.float32(0.75) * coverage(heart - r, px, 3),
    )
    sprite.silhouette = coverage(np.float32(0.97) - r, px)
    return sprite


def _stars(shape, window, pose, rng):
    """Opacity (h, w) of the seeds' parachutes, drawn as lines at twice the size."""
    height, width = shape
    scale = 2
    image = Image.new("L", (width * scale, height * scale), 0)
    draw = ImageDraw.Draw(image)
    unit = pose.radius / window.px * scale
    x0 = (pose.x - float(window.x[0, 0])) / window.px * scale
    y0 = (pose.y - float(window.y[0, 0])) / window.px * scale
    count = int(rng.integers(70, 110))
    k = np.arange(count)
    height_ = 1 - 2 * (k + 0.5) / count * 0.62  # the near side of the sphere and a bit of the far one
    distance = 0.84 * np.sqrt(np.clip(1 - height_**2, 0, 1)) + rng.normal(0, 0.012, count)
    angle = k * GOLDEN + rng.uniform(0, 6)
    missing = rng.uniform(size=count) < rng.choice([0, 0, 0.1, 0.35])
    spokes = 9
    turns = rng.uniform(0, 6, count)
    for i in np.flatnonzero(~missing):
        cx, cy = x0 + unit * distance[i] * np.cos(angle[i]), y0 + unit * distance[i] * np.sin(angle[i])
        near = 0.5 + 0.5 * max(height_[i], 0)
        draw.line((x0, y0, cx, cy), fill=int(60 + 40 * near))
        across = max(0.35, height_[i])
        spoke = turns[i] + np.arange(spokes) * (2 * np.pi / spokes)
        along, beside = 0.17 * np.cos(spoke) * across, 0.17 * np.sin(spoke)
        ex = cx + unit * (along * np.cos(angle[i]) - beside * np.sin(angle[i]))
        ey = cy + unit * (along * np.sin(angle[i]) + beside * np.cos(angle[i]))
        tone = int(110 + 120 * near)
        for j in range(spokes):
            draw.line((cx, cy, ex[j], ey[j]), fill=tone)
    return np.asarray(image.reduce(scale), np.float32) * np.float32(1 / 255)


def rose(window, pose, light, rng):
    """Broad petals folded over each other in a spiral, from the open rim to the tight heart."""
    polar, sprite = Polar(window, pose, light), Sprite((window.y.size, window.x.size))
    kind = _pick(rng, (0.34, "red"), (0.24, "pink"), (0.17, "white"), (0.15, "yellow"), (0.1, "peach"))
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
    start = rng.uniform(0, 6)
    openness = rng.uniform(0.85, 1.25)
    for k in range(count):
        part = k / (count - 1)  # 0 the outermost petal, 1 the innermost
        angle = start + k * GOLDEN
        away = 0.52 * (1 - part) ** openness
        size = 0.5 * (1 - part) ** 0.75 + 0.1
        cx, cy = away * np.cos(angle), away * np.sin(angle)
        dx, dy = polar.x - np.float32(cx), polar.y - np.float32(cy)
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        out = (cos * dx + sin * dy) / np.float32(size)
        beside = (cos * dy - sin * dx) / np.float32(size * rng.uniform(1.0, 1.22))
        wave = 1 + np.float32(0.05) * np.cos(np.float32(rng.uniform(2, 4)) * beside + np.float32(rng.uniform(0, 6)))
        reach = np.sqrt(out * out + beside * beside) * wave
        distance = 1 - reach
        alpha = coverage(distance * np.float32(size), polar.px)
        lip = smooth(distance, 0.2, 0.02)
        tone = (0.62 + 0.3 * smooth(out, -0.9, 0.7) + 0.18 * lip) * (1 + 0.2 * polar.lit) * rng.uniform(0.93, 1.05)
        tone = tone * (1 - 0.1 * part)
        # each petal darkens what lies under its rim
        sprite.rgb *= 1 - np.float32(0.36) * smooth(-distance, 0.28, 0.0)
        sprite.over(mix(deep, rim, smooth(out, -0.7, 0.55)) * tone, alpha)
    return sprite


def tulip(window, pose, light, rng):
    """A cup of six petals seen from the side; now and then an open one seen from above."""
    sprite = Sprite((window.y.size, window.x.size))
    kind = _pick(
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
    edge = _pick(rng, (0.6, same), (0.25, hsv(50, 0.7, 1)), (0.15, hsv(60, 0.05, 1)))
    base = hsv(rng.uniform(50, 80), rng.uniform(0.3, 0.6), rng.uniform(0.7, 0.95))
    if pose.squash > 0.86:
        polar = Polar(window, pose, light)
        shape = profile(0.55, rng.uniform(0.42, 0.6))
        phase = rng.uniform(0, 6)
        for layer in range(2):
            ring(
                polar, sprite, rng, count=3, length=1.0 - 0.06 * layer, width=rng.uniform(0.5, 0.62), shape=shape,
                inner=base * np.float32(0.55), outer=body, phase=phase + layer * np.pi / 3, vary=0.06, veins=0.05,
                shade=0.8 + 0.2 * layer,
            )  # fmt: skip
        dark = hsv(rng.uniform(250, 290), 0.5, 0.18)
        disc(polar, sprite, rng, radius=0.2, middle=base, rim=dark, grain=3, dome=0.3)
        return sprite
    x, y, px = window.local(pose.x, pose.y, pose.radius, pose.turn, 1.0)
    opened = rng.uniform(0.0, 1.0)
    slim = rng.uniform(0.85, 1.1)
    tip = rng.uniform(0.4, 0.75)
    petal = profile(0.42, tip)
    lean = 0.12 + 0.26 * opened
    # lean (radians), width, height, tone: the back row first, then the sides, then the petal in front
    plan = [
        (-0.5 * lean, 0.46, 1.84, 0.62), (0.5 * lean, 0.46, 1.88, 0.66), (0.0, 0.44, 1.86, 0.6),
        (-lean, 0.5, 1.84, 0.92), (lean, 0.5, 1.8, 0.84), (0.04, 0.5 + 0.05 * opened, 1.72 - 0.2 * opened, 1.0),
    ]  # fmt: skip
    for row, (angle, width, height, shade) in enumerate(plan):
        angle += rng.normal(0, 0.04)
        height *= rng.uniform(0.93, 1.03)
        width *= slim * rng.uniform(0.94, 1.06)
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        dx, dy = x - np.float32(0.25 * np.sin(angle)), np.float32(0.92) - y
        along = (cos * dy + sin * dx) / np.float32(height)
        sideways = cos * dx - sin * dy
        half = look_up(petal, np.clip(along, 0, None)) * np.float32(width)
        half = np.where(along < 0, -np.abs(along), half)
        distance = half - np.abs(sideways)
        side = sideways / np.maximum(half, np.float32(1e-3))
        streak = np.cos(side * np.float32(11)) * np.float32(0.05) - np.float32(0.1) * smooth(np.abs(side), 0.12, 0.0)
        tone = shade * (1 + streak + np.float32(0.24 * light.strength) * light.toward(side * 0.8, -along * 0.3))
        tone = tone * (np.float32(0.8) + np.float32(0.2) * smooth(distance, 0, 0.1))
        colour = mix(base, body, smooth(along, 0.0, 0.28 + 0.1 * opened))
        colour += (edge - body)[:, None, None] * (smooth(distance, 0.16, 0.0) * smooth(along, 0.25, 0.9))
        if row >= 3:
            sprite.rgb *= 1 - np.float32(0.3) * smooth(-distance, 0.16, 0.0)
        sprite.over(colour * tone, coverage(distance, px))
    return sprite


DRAW = {"daisy": daisy, "dandelion": dandelion, "roses": rose, "sunflowers": sunflower, "tulips": tulip}
