"""The brush: a canvas, windows with local coordinates, and a few antialiased shapes.

Everything is drawn by formula: a shape is a signed distance in pixels, and the opacity of a pixel is that distance
plus one half, clipped to 0..1. So edges are smooth at every size without drawing larger and shrinking.

Units: positions and lengths are fractions of the frame (0 left or top, 1 right or bottom); arrays keep the colour
channel first, (3, height, width), because NumPy is fastest when the last axis is long. Scalars stay Python floats,
so that float32 arrays stay float32, and helpers work in place: most windows are small, and calls cost more than sums.
"""

import colorsys
import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Light:
    """Where the light comes from (radians, screen angle, y down) and how strongly it models the shapes (0..1)."""

    angle: float
    strength: float

    def toward(self, x, y):
        """How far a direction (x, y) of unit length points to the light, times the strength: -1..1."""
        return x * (math.cos(self.angle) * self.strength) + y * (math.sin(self.angle) * self.strength)


@dataclass(frozen=True)
class Window:
    """A rectangle of the canvas: x is (1, w), y is (h, 1), in frame units; px is the side of one pixel."""

    area: tuple
    x: np.ndarray
    y: np.ndarray
    px: float

    @property
    def shape(self):
        """(height, width) in pixels."""
        return self.y.size, self.x.size

    @property
    def planes(self):
        """The same rectangle of a channel-first array."""
        return (slice(None), *self.area)

    def local(self, x, y, radius, turn=0.0):
        """Coordinates with (x, y) at 0 and `radius` at 1, turned by `turn`: x (h, w), y (h, w), side of a pixel."""
        cos, sin = math.cos(turn) / radius, math.sin(turn) / radius
        dx, dy = self.x - float(x), self.y - float(y)
        return cos * dx + sin * dy, cos * dy - sin * dx, self.px / radius


class Canvas:
    """A square picture being painted back to front.

    rgb: float32 (3, size, size) in 0..1.
    owner: int16 (size, size): the number of the flower that is seen at a pixel, 0 for none.
    """

    def __init__(self, size):
        self.size = size
        self.rgb = np.zeros((3, size, size), np.float32)
        self.owner = np.zeros((size, size), np.int16)
        self._axis = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)

    def window(self, x, y, radius_x, radius_y=None):
        """The part of the canvas within a radius of (x, y), as a Window; None when nothing of it is in the frame."""
        radius_y = radius_x if radius_y is None else radius_y
        size = self.size
        left, right = max(int((x - radius_x) * size) - 1, 0), min(int((x + radius_x) * size) + 2, size)
        top, bottom = max(int((y - radius_y) * size) - 1, 0), min(int((y + radius_y) * size) + 2, size)
        if left >= right or top >= bottom:
            return None
        area = (slice(top, bottom), slice(left, right))
        return Window(area, self._axis[None, left:right], self._axis[top:bottom, None], 1 / size)

    def blend(self, window, colour, alpha):
        """Lay a colour (3, h, w) over a window with opacity alpha (h, w); it hides the flowers behind it."""
        part = self.rgb[window.planes]
        colour -= part
        colour *= alpha
        part += colour
        np.copyto(self.owner[window.area], 0, where=alpha > 0.5)

    def stamp(self, window, sprite, number):
        """Lay a Sprite over a window; flower `number` then owns the pixels that its silhouette covers by half.

        Returns how many pixels those are.
        """
        part = self.rgb[window.planes]
        part *= 1 - sprite.alpha
        part += sprite.rgb
        inside = sprite.silhouette > 0.5
        np.copyto(self.owner[window.area], number, where=inside)
        return int(np.count_nonzero(inside))

    def darken(self, window, alpha):
        """Multiply a window by 1 - alpha (h, w): a shadow; it hides nothing."""
        self.rgb[window.planes] *= 1 - alpha


class Sprite:
    """One flower head being put together: premultiplied rgb (3, h, w), alpha (h, w).

    silhouette (h, w) is what counts as the head: alpha, unless the head is transparent like a ball of seeds.
    """

    def __init__(self, rgb, alpha):
        self.rgb, self.alpha, self.silhouette = rgb, alpha, alpha

    @classmethod
    def empty(cls, shape):
        """A clear sprite of (height, width) pixels."""
        return cls(np.zeros((3, *shape), np.float32), np.zeros(shape, np.float32))

    def crop(self, area):
        """A sprite that shares a rectangle of this one: what is laid over it appears here."""
        return Sprite(self.rgb[(slice(None), *area)], self.alpha[area])

    def over(self, colour, alpha):
        """Lay a colour (3, h, w) over what is there, with opacity alpha (h, w)."""
        clear = 1 - alpha
        self.rgb *= clear
        colour *= alpha
        self.rgb += colour
        self.alpha *= clear
        self.alpha += alpha

    def sheets(self, paints, alpha, left=None):
        """Lay k sheets over what is there at once, the last one on top.

        paints: a list of (colour (3,) or colours (k, 3), amounts (k, h, w)), whose products add up to that of each sheet.
        alpha: its opacity (k, h, w). left: how much light its shadow leaves to what lies below, the same shape.
        """
        clear = 1 - alpha
        passed = clear if left is None else clear * left
        seen, through = alpha.copy(), passed[-1]
        for k in range(len(alpha) - 2, -1, -1):  # from the top down: what the sheets above let through
            seen[k] *= through
            through = through * passed[k]
        self.rgb *= through
        colours = np.concatenate([np.broadcast_to(colour, (len(alpha), 3)) for colour, _ in paints])
        amounts = np.stack([amount for _, amount in paints])
        amounts *= seen
        self.rgb += (colours.T @ amounts.reshape(len(colours), -1)).reshape(self.rgb.shape)
        self.alpha -= 1
        self.alpha *= clear.prod(0)
        self.alpha += 1


def hsv(hue, saturation, value):
    """A colour as float32 (3,); hue in degrees, the others 0..1."""
    return np.array(colorsys.hsv_to_rgb(hue / 360 % 1, min(max(saturation, 0), 1), min(max(value, 0), 1)), np.float32)


def unit(value):
    """Clip an array to 0..1 in place and return it."""
    return value.clip(0, 1, out=value)


def length(x, y):
    """How long the vectors (x, y) are; np.hypot guards against overflow, which takes three times as long."""
    square = x * x + y * y
    return np.sqrt(square, out=square)


def coverage(distance, px, soft=1.0):
    """Opacity from a signed distance (positive inside) and the side of a pixel in the same units.

    soft: width of the edge in pixels; more than 1 looks out of focus.
    """
    alpha = distance * (1 / (px * soft))
    alpha += 0.5
    return unit(alpha)


def mix(first, second, amount):
    """From colour `first` (3,) to colour `second` (3,) by amount (h, w): (3, h, w)."""
    colour = (second - first)[:, None, None] * amount
    colour += first[:, None, None]
    return colour


def ramp(value, low, high):
    """0 at low, 1 at high, straight between and flat outside; low may exceed high."""
    amount = value - low
    amount *= 1 / (high - low)
    return unit(amount)


def smooth(value, low, high):
    """Like `ramp`, but rounded at both ends."""
    amount = ramp(value, low, high)
    slope = 3 - 2 * amount
    amount *= amount
    amount *= slope
    return amount


TABLE = 256
REACH = 1.3  # profiles are tabulated for 0..REACH, so that a shape has a definite outside past its tip
_T = np.linspace(0, REACH, TABLE)
_INSIDE = np.clip(_T[_T < 1], 1e-6, 1 - 1e-6)
_OUTSIDE = 1.5 * (1 - _T[_T >= 1])


def profile(rise, fall):
    """A leaf-shaped half width over its length: t**rise * (1 - t)**fall, at most 1, negative past the tip.

    rise below 1 makes a blunt base, fall below 1 a blunt tip, above 1 a pointed one. Returns a table for `look_up`.
    """
    width = _INSIDE**rise * (1 - _INSIDE) ** fall
    width /= width.max()
    return np.concatenate([width, _OUTSIDE], dtype=np.float32)


def look_up(table, t):
    """Values of a profile table at t (any shape); flat beyond its ends."""
    return table.take((t * ((TABLE - 1) / REACH)).astype(np.intp), mode="clip")
