"""Xception's separable convolutions, trained twice as fast on a CPU: the 1 × 1 convolution as a matrix product.

TensorFlow's gradient of a 1 × 1 convolution with respect to its input takes several times as long on a CPU as that of the same
matrix product (`make bench` measures a step of both).
"""


def as_products(network):
    """A copy of `network` (never compiled) with the same weights; its SeparableConv2D layers multiply matrices."""
    import keras

    product = _product()

    def clone(layer):
        kind = product if isinstance(layer, keras.layers.SeparableConv2D) else type(layer)
        return kind.from_config(layer.get_config())

    # not `from_config(…, custom_objects=…)`: Keras looks a built-in layer up by its module and ignores the replacement
    twin = keras.models.clone_model(network, clone_function=clone)
    twin.set_weights(network.get_weights())
    return twin


def as_convolutions(network):
    """A copy of `network` with the same weights, never compiled, of Keras' own layers, which any Keras can load."""
    import keras

    # not `clone_model`: it would take the optimizer along
    ordinary = {"SeparableProduct": keras.layers.SeparableConv2D}
    twin = type(network).from_config(network.get_config(), custom_objects=ordinary)
    twin.set_weights(network.get_weights())
    return twin


def _product():
    """The layer's class (Keras is imported only here)."""
    import keras
    from keras import ops

    class SeparableProduct(keras.layers.SeparableConv2D):
        """Channels last, depth multiplier 1 or more, no dilation."""

        def call(self, inputs):
            x = ops.depthwise_conv(inputs, self.depthwise_kernel, strides=self.strides[0], padding=self.padding)
            rows = ops.reshape(x, (-1, x.shape[-1]))
            out = ops.reshape(ops.matmul(rows, self.pointwise_kernel[0, 0]), (-1, *x.shape[1:-1], self.filters))
            return self.activation(out + self.bias if self.use_bias else out)

    return SeparableProduct
