"""What lies behind everything: meadow, border, sky, soil, wall or a dark studio."""

import numpy as np
from PIL import Image, ImageDraw

from utils.garden.camera import from_picture, to_bytes
from utils.garden.greenery import green
from utils.garden.paint import hsv, length, mix, smooth, unit


def noise(rng, cells, size):
    """Smooth random values with about `cells` bumps a side, mean 0, -1..1: float32 (size, size)."""
    grid = rng.uniform(-1, 1, (cells + 3, cells + 3)).astype(np.float32)
    grown = round(size * (cells + 3) / (cells + 1))
    start = (grown - size) // 2
    large = Image.fromarray(grid).resize((grown, grown), Image.Resampling.BICUBIC)
    return np.asarray(large)[start : start + size, start : start + size]


def _rows(size):
    return (np.arange(size, dtype=np.float32)[:, None] + np.float32(0.5)) / np.float32(size)


def _ramp(top, bottom, size):
    return mix(top, bottom, np.broadcast_to(_rows(size), (size, size)))


def _bokeh(rgb, rng, count, colours, largest):
    """Discs of light far out of focus."""
    size = rgb.shape[1]
    axis = _rows(size)[:, 0]
    for _ in range(count):
        x, y, radius = rng.uniform(-0.05, 1.05), rng.uniform(-0.05, 1.05), largest * rng.uniform(0.35, 1)
        colour, opacity = colours[int(rng.integers(len(colours)))], rng.uniform(0.15, 0.5)
        across = slice(max(0, int((x - radius) * size) - 1), max(0, min(size, int((x + radius) * size) + 2)))
        down = slice(max(0, int((y - radius) * size) - 1), max(0, min(size, int((y + radius) * size) + 2)))
        r = length(axis[None, across] - x, axis[down, None] - y) * (1 / radius)
        part = rgb[:, down, across]
        part += opacity * smooth(r, 1.0, 0.86) * (0.75 + 0.25 * r) * (colour[:, None, None] - part)


def meadow(rng, size):
    """Light green above, darker below, in blotches."""
    hue = rng.uniform(72, 125)
    top = hsv(hue + rng.uniform(-12, 12), rng.uniform(0.3, 0.6), rng.uniform(0.45, 0.75))
    bottom = hsv(hue, rng.uniform(0.5, 0.75), rng.uniform(0.2, 0.4))
    return _ramp(top, bottom, size) * (1 + 0.28 * noise(rng, 5, size) + 0.2 * noise(rng, 14, size))


def border(rng, size):
    """A flower bed far out of focus, with spots of light."""
    dark = hsv(rng.uniform(70, 150), rng.uniform(0.3, 0.7), rng.uniform(0.14, 0.4))
    rgb = _ramp(dark * np.float32(1.25), dark * np.float32(0.8), size) * (1 + 0.35 * noise(rng, 3, size))
    lights = [dark * np.float32(2), hsv(rng.uniform(50, 90), 0.3, 0.95), hsv(rng.uniform(0, 360), 0.45, 0.85)]
    _bokeh(rgb, rng, int(rng.integers(8, 24)), lights, rng.uniform(0.05, 0.15))
    return rgb


def sky(rng, size):
    """Sky and clouds over a field."""
    hue, horizon = rng.uniform(198, 222), rng.uniform(0.35, 1.0)
    pale = hsv(hue, rng.uniform(0.1, 0.3), rng.uniform(0.85, 0.98))
    rgb = _ramp(hsv(hue, rng.uniform(0.3, 0.7), rng.uniform(0.65, 0.95)), pale, size)
    clouds = smooth(noise(rng, 4, size) + 0.5 * noise(rng, 9, size), rng.uniform(-0.2, 0.3), 1.1)
    rgb += 0.8 * clouds * (1 - rgb)
    land = smooth(_rows(size) + 0.05 * noise(rng, 3, size), horizon - 0.03, horizon + 0.03)
    field = _ramp(green(rng) * np.float32(1.1), green(rng, 0.4), size) * (1 + 0.25 * noise(rng, 9, size))
    return rgb + land * (field - rgb)


def soil(rng, size):
    """Bare earth or mulch."""
    earth = hsv(rng.uniform(15, 38), rng.uniform(0.2, 0.5), rng.uniform(0.2, 0.5))
    rgb = _ramp(earth * np.float32(1.15), earth * np.float32(0.8), size)
    return rgb * (1 + 0.3 * noise(rng, 22, size) + 0.25 * noise(rng, 8, size))


def wall(rng, size):
    """A wall or a plain room."""
    paint = hsv(rng.uniform(0, 360), rng.uniform(0.03, 0.3), rng.uniform(0.5, 0.95))
    return _ramp(paint, paint * np.float32(rng.uniform(0.6, 0.9)), size) * (1 + 0.12 * noise(rng, 2, size))


def studio(rng, size):
    """Nearly black."""
    top, bottom = (hsv(rng.uniform(0, 360), rng.uniform(0.1, 0.5), rng.uniform(0.03, 0.16)) for _ in range(2))
    return _ramp(top, bottom, size) * (1 + 0.4 * noise(rng, 3, size))


KINDS = (meadow, border, sky, soil, wall, studio)


def backdrop(rng, size):
    """One of KINDS, often with grass: float32 (3, size, size). Rough at the edges, since it will be out of focus."""
    kind = KINDS[int(rng.choice(len(KINDS), p=[0.3, 0.26, 0.16, 0.12, 0.08, 0.08]))]
    rgb = unit(kind(rng, size))
    return _grass(rgb, rng) if rng.uniform() < 0.6 else rgb


def _grass(rgb, rng):
    """Blades over a backdrop, three corners each."""
    size, colour, tallest = rgb.shape[1], green(rng, 0.1), rng.uniform(0.25, 0.6)
    values = rng.uniform(-1, 1, (int(rng.integers(6, 30)), 5)).tolist()
    picture = Image.fromarray(to_bytes(rgb))
    draw = ImageDraw.Draw(picture)
    for x, y, tall, lean, shade in values:
        x, y, tall = 0.5 + 0.6 * x, 0.9 + 0.25 * y, tallest * (0.7 + 0.3 * tall)
        corners = ((x - 0.015, y), (x + 0.015, y), (x + 0.5 * lean * tall, y - tall))
        fill = tuple(int(255 * min(1, level * (0.95 + 0.3 * shade))) for level in colour.tolist())
        draw.polygon([(size * u, size * v) for u, v in corners], fill=fill)
    return from_picture(picture)
