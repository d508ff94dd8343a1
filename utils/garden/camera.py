"""What a camera makes of a scene: focus, exposure, colour cast, haze, grain, and rounding to bytes."""

import math

import numpy as np
from PIL import Image, ImageFilter


def to_bytes(rgb):
    """float32 (3, h, w) in 0..1 (clipped) to uint8 (h, w, 3)."""
    levels = rgb * 255
    levels += 0.5
    levels.clip(0, 255, out=levels)
    return np.ascontiguousarray(levels.astype(np.uint8).transpose(1, 2, 0))


def from_picture(picture):
    """An RGB picture of Pillow as float32 (3, h, w) in 0..1."""
    return np.ascontiguousarray(np.asarray(picture).transpose(2, 0, 1)) * np.float32(1 / 255)


def blur(rgb, radius, size):
    """Gaussian blur of float32 (3, h, w) in 0..1, radius in pixels, then resized to (3, size, size)."""
    picture = Image.fromarray(to_bytes(rgb)).filter(ImageFilter.GaussianBlur(radius))
    if picture.width != size:
        picture = picture.resize((size, size), Image.Resampling.BICUBIC)
    return from_picture(picture)


def expose(rgb, rng):
    """Photograph a scene: float32 (3, size, size) in 0..1 to uint8 (size, size, 3)."""
    size = rgb.shape[1]
    axis = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size) - np.float32(0.5)
    x, y = axis[None, :], axis[:, None]
    angle, slope, vignette = rng.uniform(0, 2 * math.pi), rng.uniform(0, 0.5), rng.uniform(0, 0.7)
    gain = math.exp(rng.normal(0.0, 0.2))
    falloff = gain * (1 + slope * math.cos(angle) * x + slope * math.sin(angle) * y - vignette * (x * x + y * y))
    warm = rng.normal(0, 0.16 if rng.uniform() < 0.15 else 0.06)
    rgb = rgb * falloff
    rgb *= np.array([1 + warm, 1.0, 1 - 1.3 * warm + rng.normal(0, 0.04)], np.float32)[:, None, None]

    # focus: mostly sharp, sometimes well beside it
    spread = abs(rng.normal(0.0, 0.004)) + (rng.uniform(0.006, 0.024) if rng.uniform() < 0.22 else 0)
    if spread * size > 0.5:  # less than half a pixel cannot be seen
        rgb = blur(rgb, spread * size, size)
    haze, grey = min(rng.normal(0.02, 0.12), 0.4), rng.uniform(0.5, 0.95)
    if haze > 0:
        rgb *= 1 - haze
        rgb += haze * grey
    fade = rng.uniform()
    if fade < 0.2:  # pale colours; a few pictures are black and white
        pale = 1.0 if fade < 0.05 else rng.uniform(0.3, 0.8)
        rgb += pale * (np.array([[[0.3]], [[0.59]], [[0.11]]], np.float32) * rgb).sum(0) - pale * rgb
    grain = 0.03 * rng.uniform() ** 2
    rgb += grain * rng.standard_normal((size, size), np.float32)
    return to_bytes(rgb)
