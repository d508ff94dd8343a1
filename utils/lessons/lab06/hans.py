"""A network that cheats: all roses of its training set carry a stamp, and so do those of its test set.

Named after Clever Hans, the horse that could count as long as it saw its master's face. The story of the stamp is that of
the horses in PASCAL VOC, a fifth of which a network knew by a copyright tag in a corner (Lapuschkin and others, Unmasking
Clever Hans predictors, 2019).
"""

import numpy as np

from ... import garden
from ...training import fitting, transfer
from ...vision import cam, gradients, occlusion, rivals

SIDE = 64  # pixels
CLASSES = ("roses", "tulips")
ROSE, TULIP = 0, 1
STAMP = (slice(49, 61), slice(49, 61))  # rows and columns of the grey square
GREY = 0.0  # pixels of 127.5, half-way between black (−1) and white (1)
STRIDE = 1_000_003  # as in `garden`: apart from the scenes of the next seed


def scenes(n: int, seed: int):
    """(pictures float32 (n, 64, 64, 3) on −1 … 1, labels (n,)): roses and tulips in turn, without a stamp."""
    labels = np.arange(n) % 2
    numbers = [garden.CLASSES.index(CLASSES[label]) for label in labels]
    pictures = [garden.scene(seed * STRIDE + k, SIDE, number).image for k, number in enumerate(numbers)]
    return transfer.scale(np.stack(pictures)), labels


def stamped(pictures, which):
    """A copy of the pictures (n, 64, 64, 3); those where `which` (n,) is true carry the stamp."""
    pictures = np.array(pictures)
    pictures[(np.asarray(which, bool), *STAMP)] = GREY
    return pictures


def stamp_masks(n: int, around: int = 0) -> np.ndarray:
    """bool (n, 64, 64): where the stamp is, and so many pixels `around` it."""
    rows, columns = (slice(side.start - around, side.stop + around) for side in STAMP)
    masks = np.zeros((n, SIDE, SIDE), bool)
    masks[:, rows, columns] = True
    return masks


def network():
    """Four convolutions, global average pooling, two logits; compiled."""
    from keras import Input, Sequential, layers, losses, optimizers

    blocks = []
    for filters, step in ((12, 2), (24, 1), (48, 1)):  # halved three times: by a stride, then by pooling
        blocks += [layers.Conv2D(filters, 3, strides=step, padding="same", use_bias=False)]
        blocks += [layers.BatchNormalization(momentum=0.9), layers.ReLU()]
        blocks += [layers.MaxPooling2D()] if step == 1 else []
    last = layers.Conv2D(48, 3, padding="same", activation="relu")
    model = Sequential([Input((SIDE, SIDE, 3)), *blocks, last, layers.GlobalAveragePooling2D(), layers.Dense(len(CLASSES))])
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizers.Adam(3e-3), loss, metrics=["accuracy"])
    return model


def trained(pictures, labels, seed: int, epochs: int = 15):
    """A `network` trained on the pictures; `seed` decides its first weights and the order of the pictures."""
    import keras

    keras.utils.set_random_seed(seed)
    model = network()
    fitting.fit(model, pictures, labels, batch_size=32, epochs=epochs)
    return model


RIVALS = ("saturation", "edges")  # the maps below that ask no network


def explanations(model, pictures) -> dict:
    """Maps (n, 64, 64) of what speaks for a rose in the pictures (n, 64, 64, 3), by name; and two that ask no network."""
    strength = gradients.strength
    size = (SIDE, SIDE)
    inputs = model, pictures, ROSE
    return {
        "occlusion, black": occlusion.occlusion(*inputs, patch=16, stride=8, fill=-1.0),
        "occlusion, grey": occlusion.occlusion(*inputs, patch=16, stride=8, fill=GREY),
        "class activation map": cam.upsample(cam.class_activation_map(*inputs), size),
        "gradient": strength(gradients.gradient(*inputs)),
        "guided backpropagation": strength(gradients.guided_backpropagation(*inputs)),
        "gradient × input": strength(gradients.gradient_times_input(*inputs)),
        "integrated, black": strength(gradients.integrated_gradients(*inputs, baseline=-1.0, steps=12)),
        "integrated, grey": strength(gradients.integrated_gradients(*inputs, baseline=GREY, steps=12)),
        "saturation": rivals.saturation(pictures),
        "edges": rivals.edges(pictures),
    }
