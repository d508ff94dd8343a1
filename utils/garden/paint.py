"""The brush: a canvas, windows with local coordinates, and a few antialiased shapes.

Everything is drawn by formula: a shape is a signed distance in pixels, and the opacity of a pixel is that distance
plus one half, clipped to 0..1. So edges are smooth at every size without drawing larger and shrinking.

Units: positions and lengths are fractions of the frame (0 left or top, 1 right or bottom); arrays keep the colour
channel first, (3, height, width), because NumPy is fastest when the last axis is long.
"""

import colorsys
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Light:
    """Where the light comes from (radians, screen angle, y down) and how strongly it models the shapes (0..1)."""

    angle: float
    strength: float

    def toward(self, x, y):
        """How far a direction (x, y) of unit length points to the light: -1..1."""
        return x * np.float32(np.cos(self.angle)) + y * np.float32(np.sin(self.angle))


class Canvas:
    """A square picture being painted back to front.

    rgb: float32 (3, size, size) in 0..1.
    owner: int16 (size, size): the number of the flower that is seen at a pixel, 0 for none.
    """

    def __init__(self, size):
        self.size = size
        self.rgb = np.zeros((3, size, size), np.float32)
        self.owner = np.zeros((size, size), np.int16)

    def window(self, x, y, radius_x, radius_y=None):
        """The part of the canvas within a radius of (x, y), as a Window; None when nothing of it is in the frame."""
        radius_y = radius_x if radius_y is None else radius_y
        left, right = int((x - radius_x) * self.size) - 1, int((x + radius_x) * self.size) + 2
        top, bottom = int((y - radius_y) * self.size) - 1, int((y + radius_y) * self.size) + 2
        left, top, right, bottom = max(left, 0), max(top, 0), min(right, self.size), min(bottom, self.size)
        if left >= right or top >= bottom:
            return None
        columns = (np.arange(left, right, dtype=np.float32) + np.float32(0.5)) / np.float32(self.size)
        rows = (np.arange(top, bottom, dtype=np.float32) + np.float32(0.5)) / np.float32(self.size)
        return Window((slice(top, bottom), slice(left, right)), columns[None, :], rows[:, None], 1 / self.size)

    def blend(self, window, colour, alpha):
        """Lay a colour (3,) or (3, h, w) over a window with opacity alpha (h, w); in the way of every flower."""
        part = self.rgb[window.planes]
        part += alpha * (colour - part)
        self.owner[window.area][alpha > 0.5] = 0

    def stamp(self, window, sprite, number):
        """Lay a Sprite over a window; flower `number` then owns the pixels that its silhouette covers by half."""
        part = self.rgb[window.planes]
        part *= 1 - sprite.alpha
        part += sprite.rgb
        inside = sprite.silhouette > 0.5
        self.owner[window.area][inside] = number
        return inside

    def darken(self, window, alpha):
        """Multiply a window by 1 - alpha (h, w): a shadow; it hides nothing."""
        self.rgb[window.planes] *= 1 - alpha


@dataclass
class Window:
    """A rectangle of the canvas: x is (1, w), y is (h, 1), in frame units; px is the side of one pixel."""

    area: tuple
    x: np.ndarray
    y: np.ndarray
    px: float

    @property
    def planes(self):
        """The same rectangle of a channel-first array."""
        return (slice(None), *self.area)

    def local(self, x, y, radius, turn=0.0, squash=1.0):
        """Coordinates with (x, y) at 0 and `radius` at 1, turned by `turn` and stretched by 1/squash along the new y.

        Returns x (h, w), y (h, w) and the side of a pixel, all in units of the radius.
        """
        cos, sin = np.float32(np.cos(turn) / radius), np.float32(np.sin(turn) / radius)
        dx, dy = self.x - np.float32(x), self.y - np.float32(y)
        return cos * dx + sin * dy, (cos * dy - sin * dx) / np.float32(squash), self.px / radius


class Sprite:
    """One flower head being put together: premultiplied rgb (3, h, w), alpha (h, w), silhouette (h, w)."""

    def __init__(self, shape):
        self.rgb = np.zeros((3, *shape), np.float32)
        self.alpha = np.zeros(shape, np.float32)
        self._silhouette = None

    @property
    def silhouette(self):
        return self.alpha if self._silhouette is None else self._silhouette

    @silhouette.setter
    def silhouette(self, value):
        self._silhouette = value

    def over(self, colour, alpha):
        """Lay a colour (3, h, w) or (3,) over what is there, with opacity alpha (h, w)."""
        if colour.ndim == 1:
            colour = colour[:, None, None]
        clear = 1 - alpha
        self.rgb *= clear
        self.rgb += colour * alpha
        self.alpha *= clear
        self.alpha += alpha


def hsv(hue, saturation, value):
    """A colour as float32 (3,); hue in degrees, the others 0..1."""
    return np.array(colorsys.hsv_to_rgb(hue / 360 % 1, min(max(saturation, 0), 1), min(max(value, 0), 1)), np.float32)


def coverage(distance, px, soft=1.0):
    """Opacity from a signed distance (positive inside) and the side of a pixel in the same units."""
    return np.clip(distance * np.float32(1 / (px * soft)) + np.float32(0.5), 0, 1)


def mix(first, second, amount):
    """From colour `first` (3,) to colour `second` (3,) by amount (h, w): (3, h, w)."""
    return first[:, None, None] + (second - first)[:, None, None] * amount


def smooth(value, low, high):
    """0 below low, 1 above high, a smooth ramp between."""
    ramp = np.clip((value - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return ramp * ramp * (3 - 2 * ramp)


TABLE = 256
REACH = 1.3  # profiles are tabulated for 0..REACH, so that a shape has a definite outside past its tip


def profile(rise, fall):
    """A leaf-shaped half width over its length: t**rise * (1 - t)**fall, at most 1, negative past the tip.

    rise below 1 makes a blunt base, fall below 1 a blunt tip, above 1 a pointed one. Returns a table for `look_up`.
    """
    t = np.linspace(0, REACH, TABLE)
    inside = np.clip(t, 1e-6, 1 - 1e-6)
    width = inside**rise * (1 - inside) ** fall
    return np.where(t < 1, width / width.max(), 1.5 * (1 - t)).astype(np.float32)


def look_up(table, t):
    """Values of a profile table at t (any shape)."""
    index = np.clip(t * np.float32((TABLE - 1) / REACH), 0, TABLE - 1)
    return table[index.astype(np.int32)]
