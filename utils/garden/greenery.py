"""Stems, leaves and blades of grass."""

import math

import numpy as np

from utils.garden.paint import coverage, hsv, look_up, profile, ramp

BLADE = profile(0.25, 0.8)
OVAL = profile(0.6, 0.8)
HEART = profile(0.38, 1.0)
STRAP = profile(0.3, 0.6)


def green(rng, dark=0.0):
    """A leaf green, from yellowish to bluish; dark 0..1 lowers its value."""
    return hsv(rng.uniform(75, 130), rng.uniform(0.4, 0.8), rng.uniform(0.35, 0.68) * (1 - 0.6 * dark))


def stem(canvas, light, root, head, bend, width, colour):
    """A stalk of half width `width` from root (x, y) up to head (x, y), bowed sideways by `bend` in the middle."""
    (x0, y0), (x1, y1) = root, head
    low, high = min(x0, x1) - abs(bend) - 2 * width, max(x0, x1) + abs(bend) + 2 * width
    window = canvas.window((low + high) / 2, (y0 + y1) / 2, (high - low) / 2, (y0 - y1) / 2) if y0 > y1 else None
    if window is None:
        return
    t = (window.y - y1) * (1 / (y0 - y1))
    offset = (window.x - (x1 + t * (x0 - x1 + 4 * bend * (1 - t)))) * (1 / width)
    beside = np.abs(offset)
    alpha = coverage((1 - beside) * width, window.px)
    alpha *= ramp(t, 1, 0.85) * (t >= 0)  # the foot is lost in the grass
    tone = offset * (0.2 * math.cos(light.angle)) - 0.25 * beside * beside + 0.92
    canvas.blend(window, colour[:, None, None] * tone, alpha)


def leaf(
    canvas, light, x, y, angle, length, width, shape, colour, *, bend=0.0, teeth=0.0, veins=0.0, soft=1.0, opacity=1.0
):  # fmt: skip
    """A leaf from its base (x, y) in the direction `angle` (radians, screen); width is the half width in lengths.

    shape: a `profile` table. bend: how far the tip is bowed aside, in lengths. teeth: depth of a saw-toothed edge,
    0..1. veins: contrast of the veins. soft: width of the edge in pixels, more than 1 is out of focus.
    """
    cos, sin = math.cos(angle), math.sin(angle)
    ahead, aside = 0.5 * length * (1 + 2 * width), (width + abs(bend)) * length
    window = canvas.window(
        x + 0.5 * length * cos,
        y + 0.5 * length * sin,
        ahead * abs(cos) + aside * abs(sin),
        ahead * abs(sin) + aside * abs(cos),
    )
    if window is None:
        return
    along, across, px = window.local(x, y, length, angle)
    if bend:
        across -= bend * along * along
    half = look_up(shape, along) * width
    if teeth:
        half *= 1 - teeth * np.abs(np.sin(along * 28))
    half += np.minimum(along, 0)
    beside = np.abs(across)
    distance = half - beside
    tone = (coverage(across, px, soft) - 0.5) * (0.32 * light.strength * math.cos(light.angle - angle - math.pi / 2))
    tone += 1
    if veins:
        tone += veins * np.cos((along * 0.9 - beside) * 52)
        tone += (2.2 * veins) * ramp(beside, 0.035, 0.0)
    tone *= 0.75 + 0.3 * along
    alpha = coverage(distance, px, soft)
    if opacity < 1:
        alpha *= opacity
    canvas.blend(window, colour[:, None, None] * tone, alpha)


def blades(canvas, light, rng, count, low, high, tallest, colour, soft=1.0):
    """Blades of grass that grow from a line between heights `low` and `high` (frame units, y down)."""
    values = rng.uniform(-1, 1, (count, 7)).tolist()
    for x, y, tall, lean, thin, shade, bend in values:
        leaf(
            canvas, light, 0.5 + 0.6 * x, low + (high - low) * (0.5 + 0.5 * y), 0.5 * lean - math.pi / 2,
            tallest * (0.7 + 0.3 * tall), 0.02 + 0.008 * thin, BLADE, colour * np.float32(0.95 + 0.3 * shade),
            bend=0.3 * bend, soft=soft,
        )  # fmt: skip
