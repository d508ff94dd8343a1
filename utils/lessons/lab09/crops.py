"""Small experiments on crops of 48 × 48 pixels, for questions that need many trainings."""

from dataclasses import dataclass

import numpy as np

from ...vision import segmentation
from . import recipe

SIDE = 48  # pixels of a crop; its map has 24 × 24 answers
EPOCHS = 3


@dataclass(frozen=True)
class Crops:
    """images uint8 (n, 48, 48, 3) and classes (n, 24, 24)."""

    images: np.ndarray
    classes: np.ndarray


def cut(scenes: recipe.Drawn, seed: int) -> Crops:
    """One crop at a random place of each scene."""
    rng = np.random.default_rng(seed)
    side = SIDE // recipe.STEP
    corners = rng.integers(0, (recipe.SIZE - SIDE) // recipe.STEP + 1, (len(scenes), 2))
    images = [image[2 * y : 2 * y + SIDE, 2 * x : 2 * x + SIDE] for image, (y, x) in zip(scenes.images, corners, strict=True)]
    classes = [each[y : y + side, x : x + side] for each, (y, x) in zip(scenes.classes, corners, strict=True)]
    return Crops(np.stack(images), np.stack(classes))


def network():
    """A small network with skips for crops, uncompiled."""
    from ...vision import unet

    return unet.encoder_decoder(SIDE, len(recipe.CLASSES), (12, 20), 32)


def train(model, images, classes, loss, seed: int = 0):
    """The lab's recipe with fewer epochs."""
    recipe.train(model, images, classes, epochs=EPOCHS, loss=loss, seed=seed)


def compare(crops: Crops, test: Crops, loss, seeds) -> np.ndarray:
    """(seeds, 2): mean IoU and flower IoU on `test` of networks trained with `loss`, each seed with first weights of its own.

    One network is compiled and begins anew for each seed: compiling takes longer than training here.
    """
    import keras

    scores, model = [], None
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        fresh = network()
        if model is None:
            model, fit = fresh, recipe.trainer(fresh, crops.images, crops.classes, epochs=EPOCHS, loss=loss)
        else:
            recipe.restart(model, fresh)
        fit()
        table = segmentation.confusion(test.classes, recipe.predict(model, test.images), len(recipe.CLASSES))
        scores.append((segmentation.mean_iou(table), segmentation.iou(segmentation.foreground(table))[1]))
    return np.array(scores)
