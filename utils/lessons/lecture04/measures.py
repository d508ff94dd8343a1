"""The arithmetic of lecture 04: what filters, channels and depths of a network answer to."""

from dataclasses import dataclass

import numpy as np

from ...notebook.intervals import share_interval

KINDS = ("brightness", "colour", "edge", "other")


def kernel_kinds(kernels):
    """How much of each kernel's energy lies in which kind of pattern: (count, 4), rows sum to 1, columns as KINDS.

    kernels: (3, 3, 3, count), as a first layer holds them: rows, columns, colours, filters. A kernel is a sum of nine spatial
    patterns in three colours. The constant pattern is brightness where the three colours agree and colour where they differ;
    the two ramps, across and down, are edges in any colour; what is left is other: lines, corners, spots.
    """
    steps = np.array([-1.0, 0.0, 1.0])
    constant, ramp = np.full(3, 3**-0.5), steps / np.sqrt(2)
    energy = (kernels**2).sum(axis=(0, 1, 2))
    flat = np.einsum("r,s,rsck->ck", constant, constant, kernels)
    brightness = flat.sum(axis=0) ** 2 / 3
    colour = (flat**2).sum(axis=0) - brightness
    down = np.einsum("r,s,rsck->ck", ramp, constant, kernels)
    across = np.einsum("r,s,rsck->ck", constant, ramp, kernels)
    edge = (down**2 + across**2).sum(axis=0)
    return np.stack([brightness, colour, edge, energy - brightness - colour - edge], axis=1) / energy[:, None]


@dataclass(frozen=True)
class Answers:
    """What the channels of one depth answer to n photos. mean, peak: (n, channels), over the places of each map.
    place: (n, channels), the index of the peak among rows × columns places. shape: (rows, columns)."""

    mean: np.ndarray
    peak: np.ndarray
    place: np.ndarray
    shape: tuple[int, int]

    def best(self, channel, count):
        """The `count` photos that excite a channel most, the strongest first, each with its place (row, column)."""
        photos = self.peak[:, channel].argsort()[::-1][:count]
        return [(int(photo), np.unravel_index(self.place[photo, channel], self.shape)) for photo in photos]


def answers(model, images, batch=25):
    """One `Answers` for each output (n, rows, columns, channels) of `model`, for scaled images (n, h, w, 3)."""
    found = [[] for _ in model.outputs]
    for start in range(0, len(images), batch):
        for parts, maps in zip(found, model.predict_on_batch(images[start : start + batch]), strict=True):
            flat = np.asarray(maps).reshape(len(maps), -1, maps.shape[-1])
            parts.append((flat.mean(axis=1), flat.max(axis=1), flat.argmax(axis=1)))
    shapes = [output.shape[1:3] for output in model.outputs]
    columns = [[np.concatenate(column) for column in zip(*parts, strict=True)] for parts in found]
    return [Answers(*each, tuple(shape)) for each, shape in zip(columns, shapes, strict=True)]


def patch(image, place, shape, field):
    """The part (field, field, 3) of an image around a place of a map of `shape` (rows, columns), grey beyond the border.

    The whole image where the field is as large as it is, or larger.
    """
    side = field
    if side >= len(image):
        return image
    padded = np.pad(image, ((side, side), (side, side), (0, 0)), constant_values=128)
    middle = [round((index + 0.5) * length / count) for index, length, count in zip(place, image.shape, shape, strict=False)]
    top, left = (side + each - side // 2 for each in middle)
    return padded[top : top + side, left : left + side]


def purity(peaks, labels, best=10):
    """For each channel the share of its `best` photos that belong to the commonest class among them: (channels,).

    peaks: (n, channels), how strongly each photo excites each channel. labels: (n,).
    """
    top = labels[peaks.argsort(axis=0)[::-1][:best]]
    return np.stack([(top == label).mean(axis=0) for label in np.unique(labels)]).max(axis=0)


def shuffle_patches(images, parts, seed=0):
    """Each of the images (n, side, side, 3) cut into parts × parts squares, which are put together in a random order.

    The order is drawn for each image, and no square stays where it was. `parts` must divide the side.
    """
    n, side = images.shape[:2]
    if side % parts:
        raise ValueError(f"{parts} parts do not divide {side} pixels: choose a divisor.")
    width, rng = side // parts, np.random.default_rng(seed)
    squares = images.reshape(n, parts, width, parts, width, 3).swapaxes(2, 3).reshape(n, parts**2, width, width, 3)
    mixed = np.empty_like(squares)
    for before, after in zip(squares, mixed, strict=True):
        order = rng.permutation(parts**2)
        after[order] = before[np.roll(order, 1)]  # one cycle through all places, so each square moves
    return mixed.reshape(n, parts, parts, width, width, 3).swapaxes(2, 3).reshape(images.shape)


def colour_histogram(images, levels=4):
    """The share of pixels in each of levels³ boxes of colour, (n, levels³): no pixel's place matters. images: uint8."""
    codes = (images.astype(int) * levels // 256) @ np.array([levels**2, levels, 1])
    return np.stack([np.bincount(each.ravel(), minlength=levels**3) / each.size for each in codes])


def warmth(images):
    """Mean red minus mean blue of each image, (n,)."""
    return images[..., 0].mean(axis=(1, 2), dtype=float) - images[..., 2].mean(axis=(1, 2), dtype=float)


def uprightness(images):
    """From −1 (all edges of an image are horizontal) to 1 (all are vertical), (n,), by squared differences of brightness."""
    grey = images.mean(axis=-1)
    down, across = ((np.diff(grey, axis=axis) ** 2).sum(axis=(1, 2)) for axis in (1, 2))
    return (across - down) / (across + down)


def proportion(right, level=0.95):
    """(share, low, high), in percent, of a boolean array: Wilson's interval for independent photos."""
    return tuple(100 * each for each in share_interval(right, level))


def kappa(share, chance):
    """Cohen's kappa: 0 for a share (in percent) that is chance, 1 for 100 %."""
    return (share - chance) / (100 - chance)


def layers_down_to(layers, block):
    """How many of `layers`, from the top of the network down, it takes to include all those of `block`, such as "block9"."""
    return max(i for i, each in enumerate(layers, start=1) if each.name.split("_")[0] == block)
