"""What lab 05 and its bench share: the settings for each kind of pictures, and the network that is trained from scratch."""

from dataclasses import dataclass

import numpy as np

from ...training import transfer


@dataclass(frozen=True)
class Plan:
    """The settings of one run, chosen by `plan` so that the lab takes minutes on two cores whatever the pictures are."""

    data: str  # what the figures are measured on, as the ranges beside the tests name it
    per_class: int | None  # how many pictures of each class are used; None: all
    side: int  # pixels
    test_fraction: float
    mirrored: tuple[bool, ...]  # one cached view for each: as it is, and flipped left to right where there is time for it
    cut: str  # the layer of Xception below which activations are cached
    top: str  # what lies above the cut, in words
    scratch_epochs: int
    epochs: int  # of the retrained top
    batch: int  # of the retrained top
    rate: float = 1e-3  # peak learning rate of the retrained top


# Photos need all the pixels that Xception was trained on. Scenes are drawn with fewer, so there is time for a second view.
DRAWN_SCENES = Plan(
    data="drawn scenes",
    per_class=100,
    side=150,
    test_fraction=0.3,
    mirrored=(False, True),
    cut="block14_sepconv1",
    top="block 14",
    scratch_epochs=14,
    epochs=10,
    batch=16,
)
SOME_PHOTOS = Plan(
    data="some photos",
    per_class=None,
    side=299,
    test_fraction=0.25,
    mirrored=(False,),
    cut="block14_sepconv1",
    top="block 14",
    scratch_epochs=14,
    epochs=7,
    batch=32,
)
# All the photos are enough to teach two blocks.
ALL_PHOTOS = Plan(
    data="all photos",
    per_class=None,
    side=299,
    test_fraction=0.25,
    mirrored=(False,),
    cut="block13_sepconv1_act",
    top="blocks 13 and 14",
    scratch_epochs=6,
    epochs=5,
    batch=32,
)


def plan(flowers) -> Plan:
    """The settings for these `utils.data.Flowers`: drawn scenes, up to 2,000 photos, or more."""
    if not flowers.official:
        return DRAWN_SCENES
    return ALL_PHOTOS if len(flowers) > 2000 else SOME_PHOTOS


def pictures(flowers, plan: Plan):
    """(images uint8 (n, side, side, 3), labels (n,)): the first `plan.per_class` pictures of each class."""
    chosen = [np.flatnonzero(flowers.labels == c)[: plan.per_class] for c in range(len(flowers.classes))]
    return flowers.arrays(plan.side, np.concatenate(chosen))


@dataclass(frozen=True)
class Step:
    """One step of the ladder: its accuracy (0 … 1) on `photos` held-out photos, and the seconds from raw photos to it."""

    name: str
    accuracy: float
    photos: int
    seconds: float


def thumbnails(images):
    """`images` (n, side, side, 3) with every third pixel (of 150) or sixth (of 299), about 50 a side, as float32 in −1 … 1."""
    step = round(images.shape[1] / 50)
    return transfer.scale(images[:, ::step, ::step])


def small_convnet(side: int, classes: int):
    """A Keras ConvNet of four blocks from pictures (side, side, 3) in −1 … 1 to logits (classes,)."""
    import keras

    model = keras.Sequential([keras.Input((side, side, 3)), keras.layers.RandomFlip("horizontal")])
    for filters, strides in ((16, 2), (32, 1), (64, 1), (128, 1)):  # halved four times: by a stride, then by pooling
        model.add(keras.layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False))
        model.add(keras.layers.BatchNormalization(momentum=0.9))
        model.add(keras.layers.ReLU())
        if strides == 1:
            model.add(keras.layers.MaxPooling2D())
    model.add(keras.layers.GlobalAveragePooling2D())
    model.add(keras.layers.Dropout(0.2))
    model.add(keras.layers.Dense(classes))
    return model


def train_from_scratch(model, pictures, labels, train, plan: Plan, seed: int = 0) -> None:
    """Train `small_convnet` on the pictures at the indices `train`, with a progress bar."""
    transfer.tune(
        model, [pictures], labels, train, epochs=plan.scratch_epochs, rate=3e-3, mixup=0, seed=seed, label="from scratch"
    )
