"""How Lab 08 trains its detector: on a frozen network's feature maps, or from scratch where the weights are missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...training import transfer
from ...training.schedule import warmup_cosine
from ...vision.grid import Grid


@dataclass(frozen=True)
class Plan:
    """The settings of one run, so that the lab takes a minute or two on two cores."""

    data: str  # what the detector is made of, as the ranges beside the tests name it
    grid: Grid
    maps: tuple[str, ...]  # the layers of Xception whose activations the detector reads, the finest first
    epochs: int
    rate: float = 3e-3  # peak learning rate
    batch: int = 20


# A flower's outline is in the fine map, its kind in the coarse ones. Half of the flowers are smaller than 29 of 192 pixels:
# 24 cells keep most of them apart.
GRID = Grid(192, 24, 5)
SCENES = 500  # to train on
ON_XCEPTION = Plan(
    data="frozen Xception",
    grid=GRID,
    maps=("block4_sepconv1_act", "block13_sepconv1_act", "block14_sepconv2_act"),
    epochs=12,
)
FROM_SCRATCH = Plan(data="from scratch", grid=GRID, maps=(), epochs=16)


def plan(base) -> Plan:
    """The plan for a pretrained network, or for none (None)."""
    return FROM_SCRATCH if base is None else ON_XCEPTION


def read(chosen: Plan, base, images, label: str = "feature maps") -> list[np.ndarray]:
    """What the detector reads in place of `images` uint8 (n, 192, 192, 3).

    The cached float16 maps of the pretrained network `base`; without one, the images at half their size.
    """
    if not chosen.maps:
        n, height, width, channels = images.shape
        return [images.reshape(n, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4), dtype=np.float32).astype(np.uint8)]
    import keras

    lower = keras.Model(base.input, [base.get_layer(name).output for name in chosen.maps])
    return transfer.activations(lower, images, label=label)


def network(chosen: Plan, maps: Sequence[np.ndarray]):
    """The uncompiled detector for such maps."""
    from ...vision.detector import detector, detector_on

    if chosen.maps:
        return detector_on([each.shape[1:] for each in maps], chosen.grid)
    halved = Grid(chosen.grid.size // 2, chosen.grid.cells, chosen.grid.classes)
    return detector(halved, widths=(16, 32), depth=4, share=0.01)


def batches(chosen: Plan, maps: Sequence[np.ndarray], targets):
    """A tf.data.Dataset of (maps, targets), shuffled and mirrored at random anew in each epoch, in full batches."""
    import tensorflow as tf

    from ...vision.detector import mirror_at_random

    inputs = tuple(maps) if len(maps) > 1 else maps[0]
    data = tf.data.Dataset.from_tensor_slices((inputs, np.asarray(targets, np.float32)))
    return data.shuffle(len(targets)).map(mirror_at_random).batch(chosen.batch, drop_remainder=True)


def optimizer(chosen: Plan, pictures: int, epochs: int):
    """AdamW whose rate climbs for a tenth of the steps and then falls to 0 along a cosine."""
    import keras

    steps = epochs * (pictures // chosen.batch)
    return keras.optimizers.AdamW(warmup_cosine(steps, chosen.rate, 0.1), weight_decay=1e-2)


def train(model, chosen: Plan, maps: Sequence[np.ndarray], targets, epochs: int, callbacks=()):
    """Compile the detector and train it on `targets` (n, cells, cells, 6). Returns Keras' History."""
    from ...training import fit
    from ...vision.detector import GridLoss

    model.compile(optimizer(chosen, len(targets), epochs), GridLoss())
    return fit(model, batches(chosen, maps, targets), epochs=epochs, callbacks=callbacks)
