"""What is known about each kind of layer: its multiply-adds, whether it makes new values, what its backward pass keeps.

A layer that appears in none of these tables is unknown, and the ledger names it. So is a subclass that brings its own `call`.
"""

import math

from .graph import Step


def _ranks(*stems: str) -> frozenset[str]:
    return frozenset(f"{stem}{rank}D" for stem in stems for rank in (1, 2, 3))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CONV = _ranks("Conv")
DEPTHWISE = _ranks("DepthwiseConv")
SEPARABLE = _ranks("SeparableConv")
TRANSPOSED = frozenset(f"Conv{rank}DTranspose" for rank in (1, 2, 3))
DENSE = frozenset({"Dense", "EinsumDense"})
MAX_POOL = _ranks("MaxPooling")
POOL = MAX_POOL | _ranks("AveragePooling")
ADAPTIVE = _ranks("AdaptiveMaxPooling", "AdaptiveAveragePooling")
GLOBAL_MAX = _ranks("GlobalMaxPooling")
GLOBAL = GLOBAL_MAX | _ranks("GlobalAveragePooling")
PAD = _ranks("ZeroPadding")
CROP = _ranks("Cropping")
UPSAMPLE = _ranks("UpSampling")
RESHAPE = frozenset({"Flatten", "Reshape", "Squeeze", "ExpandDims", "RepeatVector", "Ravel"})
DROPOUT = frozenset({"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"})
NOISE = frozenset({"GaussianDropout", "GaussianNoise", "StochasticDepth"})
# Layers of Keras that change images while training only; what the ledger says of them is what they do in inference.
AUGMENT = frozenset(
    f"Random{what}"
    for what in _words("""
        Flip Rotation Zoom Translation Shear Contrast Brightness ColorJitter ColorDegeneration Erasing Grayscale
        Hue Invert Perspective Posterization Saturation Sharpness GaussianBlur ElasticTransform
    """)
)
NORMS = frozenset({"BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization"})
# An activation layer keeps for its backward pass either its output (relu) or its input (gelu).
KEEPS_OUTPUT = frozenset(
    {"relu", "relu6", "sigmoid", "tanh", "softmax", "elu", "selu", "exponential", "exp", "sqrt", "log_softmax"}
)
ACTIVATIONS = _words("""
    Activation ReLU LeakyReLU PReLU ELU Softmax Relu Relu6 Sigmoid Silu HardSigmoid HardSilu HardSwish Tanh Elu Selu
    Gelu LeakyRelu Softplus Softsign LogSoftmax Exp Log Sqrt Rsqrt Square Absolute Abs Clip Maximum Minimum Power
""")
SUMS = frozenset({"Add", "Subtract", "Average", "Negative"})
PRODUCTS = frozenset({"Multiply", "Divide", "TrueDivide"})
CONCATENATE = frozenset({"Concatenate"})
SCALE = frozenset({"Rescaling", "Normalization", "Cast", "CustomScaleLayer", "LayerScale"})
NOTHING = frozenset({"Identity", "ActivityRegularization", "InputLayer"})
EMBEDDING = frozenset({"Embedding"})
PERMUTE = frozenset({"Permute", "Transpose"})

PRODUCT_LAYERS = CONV | DEPTHWISE | SEPARABLE | TRANSPOSED | DENSE
KNOWN = (
    PRODUCT_LAYERS | POOL | ADAPTIVE | GLOBAL | PAD | CROP | UPSAMPLE | RESHAPE | DROPOUT | NOISE | AUGMENT | NORMS
    | ACTIVATIONS | SUMS | PRODUCTS | CONCATENATE | SCALE | NOTHING | EMBEDDING | PERMUTE
)  # fmt: skip


def kind(operation) -> str:
    """The name under which the tables know `operation`, or "" for a layer that they cannot judge."""
    for cls in type(operation).__mro__:
        if cls.__module__.split(".")[0] == "keras":
            return cls.__name__ if cls.__name__ in KNOWN else ""
        if {"call", "__call__", "compute_output_spec"} & vars(cls).keys():
            return ""  # a subclass that computes something of its own
    return ""


def multiply_adds(step: Step) -> int | None:
    """Products of a weight and a value in one use of a layer, for one example; None when this cannot be counted.

    Convolutions count every tap, also those that fall on padding, as TensorFlow's profiler does. Layers without a matrix
    product (pooling, normalization, activations, sums) do a few operations a value and count as 0 here by convention.
    """
    name, operation = kind(step.operation), step.operation
    if not name:
        return None
    if name not in PRODUCT_LAYERS:
        return 0
    source, result = step.inputs[0].size, step.outputs[0].size
    if source is None or result is None:
        return None
    if name in SEPARABLE:
        depthwise, pointwise = operation.depthwise_kernel.shape, operation.pointwise_kernel.shape
        return result // pointwise[-1] * (math.prod(depthwise) + math.prod(pointwise))
    kernel = tuple(operation.kernel.shape)
    if name in CONV:
        return result // kernel[-1] * math.prod(kernel)
    if name in DEPTHWISE:
        return result * math.prod(kernel[:-2])
    if name in TRANSPOSED:
        return source // kernel[-1] * math.prod(kernel)
    if name == "Dense":
        return result * kernel[0]
    return _einsum(operation.equation, kernel, result)


def _einsum(equation: str, kernel: tuple[int, ...], result: int) -> int | None:
    """EinsumDense: each value of the result sums over the kernel's axes that the result does not have."""
    left, _, right = equation.replace(" ", "").partition("->")
    axes = left.split(",")[1]
    if "." in axes:
        return None
    return result * math.prod(size for axis, size in zip(axes, kernel, strict=True) if axis not in right)


def split_weights(operation) -> tuple[int, int, int]:
    """(weights, biases, trainable) of a layer, in values. A bias is what is added: `bias`, and the `beta` of a normalization."""
    biases = weights = trainable = 0
    for variable in getattr(operation, "weights", ()):
        size = math.prod(variable.shape)
        if variable.name in ("bias", "beta"):
            biases += size
        else:
            weights += size
        trainable += size if variable.trainable else 0
    return weights, biases, trainable


def is_view(step: Step) -> bool:
    """True when the output is the input's values seen in another shape, so that nothing new is stored."""
    name = kind(step.operation)
    if name == "RepeatVector":
        return False
    return name in RESHAPE | NOTHING or (name == "Activation" and _activation(step.operation) == "linear")


def is_idle_in_inference(step: Step) -> bool:
    """True for layers that only act while training: dropout, noise, augmentation."""
    return kind(step.operation) in DROPOUT | NOISE | AUGMENT


def trains(step: Step) -> bool:
    """True when training changes some weight of the layer."""
    return any(v.trainable for v in getattr(step.operation, "weights", ()))


def kept(step: Step, flows: bool) -> tuple[bool, bool, float]:
    """What the backward pass of a step needs: (its inputs, its outputs, further bytes for one value of the output).

    `flows` says whether a gradient goes on to the step's inputs. The rules are those of TensorFlow's gradients: a
    convolution needs its input for the kernel's gradient, a relu only its output, a sum nothing.
    """
    name, operation = kind(step.operation), step.operation
    trainable = trains(step)
    if not (flows or trainable):
        return False, False, 0
    if not name:
        return True, True, 0  # unknown: assume the most that a single operation can need
    if name in PRODUCT_LAYERS:
        function = _activation(operation)
        hidden = 0.0
        if name in SEPARABLE and trainable:  # the depthwise result, one value for each that the pointwise step reads
            channels = operation.pointwise_kernel.shape
            hidden += 4 * channels[-2] / channels[-1]
        if function != "linear" and function not in KEEPS_OUTPUT:
            hidden += 4
        return trainable, function in KEEPS_OUTPUT, hidden
    if name in NORMS:
        return trainable or name != "BatchNormalization", False, 0
    if name in MAX_POOL | GLOBAL_MAX | ADAPTIVE:
        return True, True, 0
    if name in DROPOUT | NOISE:
        return False, False, 1  # the mask, a byte a value
    if name in ACTIVATIONS:
        function = _activation(operation)
        return function not in KEEPS_OUTPUT | {"linear"}, function in KEEPS_OUTPUT, 0
    if name in PRODUCTS:
        return len(step.inputs) > 1, False, 0
    return name == "LayerScale", False, 0


def _activation(operation) -> str:
    """The name of the activation function inside a layer, or of the activation that the layer is."""
    function = getattr(operation, "activation", None)
    if function is not None:
        return getattr(function, "__name__", type(function).__name__).lower()
    return type(operation).__name__.lower() if kind(operation) in ACTIVATIONS else "linear"
