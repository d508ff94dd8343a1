"""Everything that is no flower: backdrops, stems, leaves and blades of grass."""

import numpy as np
from PIL import Image, ImageFilter

from utils.garden.paint import coverage, hsv, look_up, mix, profile, smooth

BLADE = profile(0.25, 0.8)
OVAL = profile(0.6, 0.8)
HEART = profile(0.38, 1.0)
STRAP = profile(0.3, 0.6)


def green(rng, dark=0.0):
    """A leaf green, from yellowish to bluish; dark 0..1 lowers its value."""
    return hsv(rng.uniform(75, 130), rng.uniform(0.4, 0.8), rng.uniform(0.35, 0.68) * (1 - 0.6 * dark))


def stem(canvas, light, root, head, bend, width, colour):
    """A stalk of even width from root (x, y) up to head (x, y), bowed sideways by `bend` in the middle."""
    (x0, y0), (x1, y1) = root, head
    low, high = min(x0, x1) - abs(bend) - 2 * width, max(x0, x1) + abs(bend) + 2 * width
    window = canvas.window((low + high) / 2, (y0 + y1) / 2, (high - low) / 2, abs(y0 - y1) / 2)
    if window is None or y0 - y1 < 1e-3:
        return
    t = (window.y - np.float32(y1)) / np.float32(y0 - y1)
    middle = x1 + (x0 - x1) * t + bend * 4 * t * (1 - t)
    offset = (window.x - middle.astype(np.float32)) / np.float32(width)
    inside = np.abs(t - np.float32(0.5)) <= 0.5
    alpha = coverage((1 - np.abs(offset)) * np.float32(width), canvas_px(window)) * inside
    tone = np.float32(0.92) - np.float32(0.25) * offset * offset + np.float32(0.2 * np.cos(light.angle)) * offset
    canvas.blend(window, colour[:, None, None] * tone, alpha)


def canvas_px(window):
    """The side of a pixel of a window as float32."""
    return np.float32(window.px)


def leaf(canvas, light, rng, x, y, angle, length, width, shape, colour, bend=0.0, teeth=0.0, veins=0.1, opacity=1.0):
    """A leaf from its base (x, y) in the direction `angle` (radians, screen); width is the half width in lengths.

    bend: how far the tip is bowed aside, in lengths. teeth: depth of a saw-toothed edge, 0..1.
    """
    cos, sin = np.cos(angle), np.sin(angle)
    ahead, aside = 0.5 * length * (1 + 2 * width), (width + abs(bend)) * length
    window = canvas.window(
        x + 0.5 * length * cos,
        y + 0.5 * length * sin,
        ahead * abs(cos) + aside * abs(sin),
        ahead * abs(sin) + aside * abs(cos),
    )
    if window is None:
        return
    along, across, px = window.local(x, y, length, angle, 1.0)
    across = across - np.float32(bend) * along * along
    half = look_up(shape, np.clip(along, 0, None)) * np.float32(width)
    if teeth:
        half = half * (1 - np.float32(teeth) * np.abs(np.sin(along * np.float32(28))))
    half = np.where(along < 0, along, half)
    beside = np.abs(across)
    distance = half - beside
    alpha = coverage(distance, px)
    side = np.sign(across)
    tone = 1 + np.float32(0.16 * light.strength * np.cos(light.angle - angle - np.pi / 2)) * side
    if veins:
        tone = tone + np.float32(veins) * np.cos((along * 0.9 - beside) * np.float32(52))
        tone = tone + np.float32(2.2 * veins) * smooth(beside, 0.035, 0.0)
    tone = tone * (np.float32(0.78) + np.float32(0.22) * smooth(distance, 0, 0.06))
    tone = tone * (np.float32(0.75) + np.float32(0.3) * along)
    canvas.blend(window, colour[:, None, None] * tone, alpha * np.float32(opacity))


def blades(canvas, light, rng, count, low, high, tallest, colour):
    """Blades of grass that grow from a line between heights `low` and `high` (frame units, y down)."""
    for _ in range(count):
        x, y = rng.uniform(-0.1, 1.1), rng.uniform(low, high)
        tall = tallest * rng.uniform(0.4, 1)
        leaf(
            canvas, light, rng, x, y, -np.pi / 2 + rng.normal(0, 0.28), tall, rng.uniform(0.012, 0.03), BLADE,
            colour * np.float32(rng.uniform(0.65, 1.25)), bend=rng.normal(0, 0.16), veins=0.0,
        )  # fmt: skip


# Backdrops ------------------------------------------------------------------------------------------------------------


def noise(rng, cells, size):
    """Smooth random values with about `cells` bumps a side, mean 0, about -1..1: float32 (size, size)."""
    grid = rng.uniform(-1, 1, (cells + 3, cells + 3)).astype(np.float32)
    edge = (cells + 3) / (cells + 1)
    big = Image.fromarray(grid).resize((round(size * edge),) * 2, Image.Resampling.BICUBIC)
    start = (big.width - size) // 2
    return np.asarray(big)[start : start + size, start : start + size]


def _ramp(top, bottom, size, horizon=None, softness=0.15):
    y = (np.arange(size, dtype=np.float32)[:, None] + np.float32(0.5)) / size
    amount = y if horizon is None else smooth(y, horizon - softness, horizon + softness)
    return mix(top, bottom, np.broadcast_to(amount, (size, size)))


def _bokeh(rgb, rng, count, colours, largest):
    """Discs of out-of-focus light."""
    size = rgb.shape[1]
    axis = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / size
    for _ in range(count):
        x, y, radius = rng.uniform(-0.05, 1.05), rng.uniform(-0.05, 1.05), largest * rng.uniform(0.35, 1)
        left, right = max(0, int((x - radius) * size) - 1), min(size, int((x + radius) * size) + 2)
        top, bottom = max(0, int((y - radius) * size) - 1), min(size, int((y + radius) * size) + 2)
        colour, opacity = colours[int(rng.integers(len(colours)))], rng.uniform(0.15, 0.5)
        if left >= right or top >= bottom:
            continue
        dx, dy = axis[None, left:right] - np.float32(x), axis[top:bottom, None] - np.float32(y)
        r = np.sqrt(dx * dx + dy * dy) / np.float32(radius)
        alpha = np.float32(opacity) * smooth(r, 1.0, 0.86) * (np.float32(0.75) + np.float32(0.25) * r)
        part = rgb[:, top:bottom, left:right]
        part += alpha * (colour[:, None, None] - part)


def backdrop(rng, size):
    """What lies behind everything: float32 (3, size, size). Meadow, bokeh, sky, soil, wall or a dark studio."""
    kind = rng.choice(6, p=[0.3, 0.26, 0.16, 0.12, 0.08, 0.08])
    if kind == 0:  # a meadow: light green above, darker below, blotches
        hue = rng.uniform(72, 125)
        top = hsv(hue + rng.uniform(-12, 12), rng.uniform(0.3, 0.6), rng.uniform(0.45, 0.75))
        bottom = hsv(hue, rng.uniform(0.5, 0.75), rng.uniform(0.2, 0.4))
        rgb = _ramp(top, bottom, size)
        rgb *= 1 + 0.28 * noise(rng, 5, size) + 0.2 * noise(rng, 14, size)
    elif kind == 1:  # a border far out of focus, with spots of light
        dark = hsv(rng.uniform(70, 150), rng.uniform(0.3, 0.7), rng.uniform(0.14, 0.4))
        rgb = _ramp(dark * np.float32(1.25), dark * np.float32(0.8), size)
        rgb *= 1 + 0.35 * noise(rng, 3, size)
        lights = [dark * np.float32(2), hsv(rng.uniform(50, 90), 0.3, 0.95), hsv(rng.uniform(0, 360), 0.45, 0.85)]
        _bokeh(rgb, rng, int(rng.integers(8, 26)), lights, rng.uniform(0.05, 0.15))
    elif kind == 2:  # sky over land
        hue = rng.uniform(198, 222)
        horizon = rng.uniform(0.35, 1.0)
        pale = hsv(hue, rng.uniform(0.1, 0.3), rng.uniform(0.85, 0.98))
        rgb = _ramp(hsv(hue, rng.uniform(0.3, 0.7), rng.uniform(0.65, 0.95)), pale, size)
        clouds = smooth(noise(rng, 4, size) + 0.5 * noise(rng, 9, size), rng.uniform(0, 0.5), 0.9)
        rgb += clouds * np.float32(0.8) * (1 - rgb)
        y = (np.arange(size, dtype=np.float32)[:, None] + np.float32(0.5)) / size
        land = smooth(y + 0.05 * noise(rng, 3, size), horizon - 0.03, horizon + 0.03)
        field = _ramp(green(rng) * np.float32(1.1), green(rng, 0.4), size) * (1 + 0.25 * noise(rng, 9, size))
        rgb += land * (field - rgb)
    elif kind == 3:  # bare soil or mulch
        earth = hsv(rng.uniform(15, 38), rng.uniform(0.2, 0.5), rng.uniform(0.2, 0.5))
        rgb = _ramp(earth * np.float32(1.15), earth * np.float32(0.8), size)
        rgb *= 1 + 0.3 * noise(rng, 22, size) + 0.25 * noise(rng, 8, size)
    elif kind == 4:  # a wall, a window, a plain room
        wall = hsv(rng.uniform(0, 360), rng.uniform(0.03, 0.3), rng.uniform(0.5, 0.95))
        rgb = _ramp(wall, wall * np.float32(rng.uniform(0.6, 0.9)), size)
        rgb *= 1 + 0.12 * noise(rng, 2, size)
    else:  # dark
        rgb = _ramp(*(hsv(rng.uniform(0, 360), rng.uniform(0.1, 0.5), rng.uniform(0.03, 0.16)) for _ in "ab"), size)
        rgb *= 1 + 0.4 * noise(rng, 3, size)
    return np.clip(rgb, 0, 1)


def blur(rgb, radius):
    """Gaussian blur of float32 (3, h, w) in 0..1; radius in pixels."""
    picture = Image.fromarray(to_bytes(rgb))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), np.float32).transpose(2, 0, 1) / np.float32(255)


def enlarge(rgb, size):
    """float32 (3, h, w) in 0..1 to (3, size, size), bicubic."""
    picture = Image.fromarray(to_bytes(rgb)).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(picture, np.float32).transpose(2, 0, 1) / np.float32(255)


def to_bytes(rgb):
    """float32 (3, h, w) in 0..1 (clipped) to uint8 (h, w, 3)."""
    return np.ascontiguousarray(
        (np.clip(rgb, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8).transpose(1, 2, 0)
    )
