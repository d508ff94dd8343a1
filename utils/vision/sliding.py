"""A classifier that slides over a picture: window by window, and all at once as a fully convolutional network."""

import numpy as np

from ..garden.arguments import network, numbers, whole_number


def windows(image, size: int, step: int) -> np.ndarray:
    """All windows of size × size pixels at every `step` pixels that lie within the picture.

    image: (height, width, channels). Returns a view (rows, columns, size, size, channels): the window at [i, j] starts at
    pixel (i · step, j · step). Raises ValueError when the picture is smaller than a window.
    """
    size, step = whole_number("size", size, 1, 24), whole_number("step", step, 1, 4)
    image = numbers("image", image, "(height, width, channels)")
    if min(image.shape[:2]) < size:
        raise ValueError(f"The picture has the shape {image.shape}; a window needs ({size} or more, {size} or more, channels).")
    view = np.lib.stride_tricks.sliding_window_view(image, (size, size), axis=(0, 1))
    return np.moveaxis(view[::step, ::step], 2, -1)


def fully_convolutional(classifier):
    """The classifier, a chain of layers, as a network without Flatten and Dense for pictures of any size: a map of answers.

    The first Dense layer after Flatten becomes a convolution as large as the map that it reads, each other one a 1×1
    convolution, with the same weights; global average pooling becomes average pooling of that size with stride 1. On a
    picture as large as the classifier's the map has one place, and the answer is the same. On a larger one, place (i, j) is
    the answer to the window at (i · step, j · step), where `step` is the product of all strides, if no layer pads.
    Source: Long, Shelhamer and Darrell, Fully Convolutional Networks for Semantic Segmentation (2015).

    The weights are copied; the classifier stays as it is. Raises ValueError for a network that is no chain of layers, or when
    a layer cannot slide.
    """
    import keras
    from keras import layers

    image = keras.Input((None, None, network("classifier", classifier).input_shape[-1]))
    maps, window = image, (1, 1)  # window: height and width of the map that was made into a vector
    for layer in _chain(classifier):
        if isinstance(layer, layers.Flatten):
            window = layer.input.shape[1:3]
        elif isinstance(layer, layers.GlobalAveragePooling2D):
            maps = layers.AveragePooling2D(layer.input.shape[1:3], strides=1)(maps)
        elif isinstance(layer, layers.Dense):
            maps = _as_convolution(layer, window)(maps)
            window = (1, 1)
        elif type(layer).__name__ in SLIDE and (len(layer.output.shape) == 4 or type(layer).__name__ in ANYWHERE):
            twin = type(layer).from_config(layer.get_config())
            maps = twin(maps)
            twin.set_weights(layer.get_weights())
        else:
            raise ValueError(f"The layer {layer.name!r} ({type(layer).__name__}) cannot slide over a picture.")
    return keras.Model(image, maps, name=f"{classifier.name}_everywhere")


ANYWHERE = {"Activation", "Dropout", "ELU", "LeakyReLU", "ReLU", "Rescaling", "Softmax"}
SLIDE = ANYWHERE | {
    "AveragePooling2D", "BatchNormalization", "Conv2D", "DepthwiseConv2D", "MaxPooling2D", "SeparableConv2D",
    "SpatialDropout2D", "ZeroPadding2D",
}  # fmt: skip


def _chain(classifier):
    """The layers from the first to the last, without the input."""
    chain = [layer for layer in classifier.layers if type(layer).__name__ != "InputLayer"]
    for below, layer in zip(chain, chain[1:], strict=False):
        if layer.input is not below.output:
            raise ValueError(f"The layer {layer.name!r} does not read {below.name!r}: only a chain of layers can be converted.")
    return chain


def _as_convolution(dense, window):
    """A Dense layer on a flattened map of `window` (height, width) as a convolution with the same weights."""
    from keras import layers

    kernel, *bias = dense.get_weights()
    convolution = layers.Conv2D(dense.units, window, activation=dense.activation, use_bias=dense.use_bias, name=dense.name)
    convolution.build((None, None, None, kernel.shape[0] // (window[0] * window[1])))
    convolution.set_weights([kernel.reshape(*window, -1, dense.units), *bias])
    return convolution
