"""RandAugment by hand: fourteen operations, drawn with equal chance, all at one strength."""

from collections.abc import Callable

import numpy as np

TAKES = (
    "one picture of shape (height, width), (height, width, 1), (height, width, 3) or (height, width, 4), uint8 from 0 to 255 or "
    "float from 0 to 1"
)


def rand_augment(image: np.ndarray, count: int, magnitude: float, rng: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    """RandAugment (Cubuk et al., 2019): `count` operations drawn with equal chance, all at one magnitude from 0 to 1.

    image: (height, width), (height, width, 1), (height, width, 3) or (height, width, 4: red, green, blue, opacity), uint8 or
    float from 0 to 1; the operations work on 256 levels. Opacity moves along and keeps its values. Returns a new image of
    the same shape and type, and the names of the operations in their order. Raises ValueError for any other picture, count or
    magnitude, and TypeError when rng is no numpy Generator.
    """
    image = _accepted(image)
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 0:
        raise ValueError(f"count is a number of operations, 0 or more; this is {count!r}.")
    if not 0 <= magnitude <= 1:
        raise ValueError(f"magnitude lies between 0 and 1; this is {magnitude!r}.")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is a generator of random numbers, np.random.default_rng(seed); this is {type(rng).__name__}.")
    colours, opacity = _pictures(image)
    names = [str(name) for name in rng.choice(sorted(OPERATIONS), count)]
    for name in names:
        strength = magnitude * rng.choice([-1, 1])
        colours = OPERATIONS[name](colours, strength)
        if opacity is not None and name in MOVES:
            opacity = OPERATIONS[name](opacity, strength)
    result = np.asarray(colours) if opacity is None else np.dstack([np.asarray(colours), np.asarray(opacity)])
    result = result.reshape(image.shape)
    return (result / 255).astype(image.dtype) if image.dtype.kind == "f" else result.copy(), names


def _accepted(image) -> np.ndarray:
    """`image` as an array, if it is a picture that rand_augment takes. Raises ValueError, one sentence."""
    image = np.asarray(image)
    got = f"shape {image.shape}, {image.dtype}" if image.dtype != object else f"{type(image[()]).__name__}"
    shaped = image.ndim == 2 or image.ndim == 3 and image.shape[-1] in (1, 3, 4)
    if not shaped or image.size == 0 or not (image.dtype == np.uint8 or image.dtype.kind == "f"):
        raise ValueError(f"rand_augment takes {TAKES}; this is {got}.")
    if image.dtype.kind == "f" and not (np.isfinite(image).all() and image.min() >= 0 and image.max() <= 1):
        values = f"values from {np.nanmin(image):g} to {np.nanmax(image):g}" if np.isfinite(image).all() else "NaN or infinity"
        raise ValueError(f"rand_augment takes {TAKES}; this float picture holds {values}.")
    return image


def _pictures(image: np.ndarray):
    """The colours of `image` as a Pillow picture, and its opacity as another, or None."""
    from PIL import Image

    levels = np.rint(255 * image.astype("float64")).astype("uint8") if image.dtype.kind == "f" else image
    if levels.ndim == 3 and levels.shape[-1] == 1:
        levels = levels[..., 0]
    if levels.ndim == 3 and levels.shape[-1] == 4:
        return Image.fromarray(np.ascontiguousarray(levels[..., :3])), Image.fromarray(np.ascontiguousarray(levels[..., 3]))
    return Image.fromarray(np.ascontiguousarray(levels)), None


# ---------------------------------------------------------------- the operations


def _filling(picture):
    """Middle grey for what a motion leaves empty, one number a channel."""
    return 128 if len(picture.getbands()) == 1 else (128,) * len(picture.getbands())


def _rotate(picture, strength):
    from PIL import Image

    return picture.rotate(30 * strength, resample=Image.Resampling.BILINEAR, fillcolor=_filling(picture))


def _affine(values: Callable):
    """A motion: values(picture, strength) are the six numbers that take a place to its origin."""

    def change(picture, strength):
        from PIL import Image

        numbers = values(picture, strength)
        return picture.transform(
            picture.size, Image.Transform.AFFINE, numbers, Image.Resampling.BILINEAR, fillcolor=_filling(picture)
        )

    return change


def _enhance(kind: str):
    def change(picture, strength):
        from PIL import ImageEnhance

        return getattr(ImageEnhance, kind)(picture).enhance(1 + 0.9 * strength)

    return change


def _ops(name: str, *arguments: Callable):
    def change(picture, strength):
        from PIL import ImageOps

        return getattr(ImageOps, name)(picture, *(argument(abs(strength)) for argument in arguments))

    return change


MOVES: dict[str, Callable] = {
    "rotate": _rotate,
    "shear x": _affine(lambda p, s: (1, 0.3 * s, -0.15 * s * p.height, 0, 1, 0)),
    "shear y": _affine(lambda p, s: (1, 0, 0, 0.3 * s, 1, -0.15 * s * p.width)),
    "translate x": _affine(lambda p, s: (1, 0, 0.33 * s * p.width, 0, 1, 0)),
    "translate y": _affine(lambda p, s: (1, 0, 0, 0, 1, 0.33 * s * p.height)),
}

# Each takes a Pillow picture, grey or RGB, and a strength from -1 to 1; the ranges are the paper's.
OPERATIONS: dict[str, Callable] = {
    **MOVES,
    "color": _enhance("Color"),
    "contrast": _enhance("Contrast"),
    "brightness": _enhance("Brightness"),
    "sharpness": _enhance("Sharpness"),
    "autocontrast": _ops("autocontrast"),
    "equalize": _ops("equalize"),
    "posterize": _ops("posterize", lambda s: int(8 - 4 * s)),
    "solarize": _ops("solarize", lambda s: int(256 * (1 - s))),
    "identity": lambda p, s: p,
}
