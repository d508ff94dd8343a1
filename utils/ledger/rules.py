"""What is known about each kind of layer: its multiply-adds, whether it makes new values, what its backward pass keeps.

A layer that appears in none of these tables is opened where Keras can trace it; otherwise it is unknown, and the ledger names it.
So it is with a subclass that brings its own `call`.
"""

import math

from .steps import Part, Step


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
NOTHING = frozenset({"Identity", "ActivityRegularization", "InputLayer", "ConvertToTensor", "StopGradient"})
EMBEDDING = frozenset({"Embedding"})
PERMUTE = frozenset({"Permute", "Transpose"})

# Pieces of a recurrent or time-distributed layer: its time steps as a batch, the state before each, what joins the results.
PARTS = frozenset({"TimeSteps", "State", "Stack", "Merge"})
# Activations that mix the units along an axis, the last one unless the layer says otherwise.
ACROSS = frozenset({"softmax", "log_softmax", "logsoftmax", "sparsemax", "glu"})

# Operations of Keras (`keras.ops`) with products; those of the modules below could hide some, and all others have none.
PRODUCT_OPERATIONS = _words("""
    Matmul Dot Inner Tensordot Einsum Conv DepthwiseConv SeparableConv ConvTranspose DotProductAttention
""")
OPAQUE_OPERATIONS = _words("Vdot Kron Correlate Polyfit Polyval Map Scan AssociativeScan VectorizedMap")
OPAQUE_OPERATIONS |= _words("Cond Switch WhileLoop ForiLoop CTCLoss CTCDecode")
OPAQUE_MODULES = ("linalg", "math")
TRANSPARENT = _words("SegmentSum SegmentMax TopK InTopK Logsumexp ExtractSequences Rsqrt Erf Erfinv LogAddExp Logdet")
# Operations whose gradient needs neither input nor output.
LINEAR = _words("""
    Transpose Swapaxes Moveaxis GetItem Split Stack Vstack Hstack Mean Sum Pad Flip Roll Repeat Tile BroadcastTo Cumsum
    Identity Copy Zeros Ones ZerosLike OnesLike Full FullLike Arange Shape StopGradient Greater GreaterEqual Less LessEqual Equal
    NotEqual LogicalAnd LogicalOr LogicalNot OneHot Argmax Argmin
""")

# Layers that read a window of the image, or all of it, and have a data format of their own.
LOCAL = CONV | DEPTHWISE | SEPARABLE | TRANSPOSED | POOL | ADAPTIVE | GLOBAL | PAD | CROP | UPSAMPLE
PRODUCT_LAYERS = CONV | DEPTHWISE | SEPARABLE | TRANSPOSED | DENSE
KNOWN = (
    PRODUCT_LAYERS | POOL | ADAPTIVE | GLOBAL | PAD | CROP | UPSAMPLE | RESHAPE | DROPOUT | NOISE | AUGMENT | NORMS
    | ACTIVATIONS | SUMS | PRODUCTS | CONCATENATE | SCALE | NOTHING | EMBEDDING | PERMUTE | PARTS
)  # fmt: skip


def kind(operation) -> str:
    """The name under which the tables know `operation`, or "" for one that they cannot judge."""
    if isinstance(operation, Part):
        return operation.kind
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
        return _products_of_operation(step)
    if name not in PRODUCT_LAYERS:
        return 0
    source, result = step.inputs[0].size, step.outputs[0].size
    if source is None or result is None:
        return None
    if name in SEPARABLE:
        depthwise, pointwise = operation.depthwise_kernel.shape, operation.pointwise_kernel.shape
        return result // pointwise[-1] * (math.prod(depthwise) + math.prod(pointwise))
    if name == "Dense":
        return result * step.inputs[0].shape[-1]
    if name == "EinsumDense":
        return _einsum(operation.equation, [step.inputs[0].shape, tuple(operation.kernel.shape)], result)
    kernel = tuple(operation.kernel.shape)
    if name in CONV:
        return result // kernel[-1] * math.prod(kernel)
    if name in DEPTHWISE:
        return result * math.prod(kernel[:-2])
    return source // kernel[-1] * math.prod(kernel)


def is_counted(step: Step) -> bool:
    """True when all values and products of the step are known; False for a layer that nobody can look into."""
    return bool(kind(step.operation)) or _operation(step.operation) is not None


def _operation(operation) -> str | None:
    """The name of an operation of `keras.ops` that is no layer and hides no other; None for everything else."""
    cls = type(operation)
    module = cls.__module__.split(".")
    if module[0] != "keras" or "ops" not in module or cls.__name__ in OPAQUE_OPERATIONS:
        return None
    return cls.__name__ if module[-1] not in OPAQUE_MODULES or cls.__name__ in TRANSPARENT else None


def _products_of_operation(step: Step) -> int | None:
    """Multiply-adds of an operation of `keras.ops`, from the shapes of what it was called with."""
    name = _operation(step.operation)
    if name not in PRODUCT_OPERATIONS:
        return None if name is None else 0
    result = step.outputs[0].size
    positional, named = step.arguments
    values = [*positional, *named.values()]
    if values and isinstance(values[0], (list, tuple)):
        values = [*values[0], *values[1:]]
    shapes = [tuple(x.shape) for x in values if hasattr(x, "shape")]
    if result is None or any(None in shape for shape in shapes) or not shapes:
        return None
    if name == "Einsum":
        return _einsum(step.operation.subscripts, shapes, result)
    if len(shapes) < 2:
        return None
    first, second = shapes[:2]
    if name in ("Matmul", "Dot", "Inner"):
        return result * first[-1] if first and second else 0
    if name == "Tensordot":
        axes = step.operation.axes
        if isinstance(axes, int):
            return result * math.prod(first[len(first) - axes :])
        return result * math.prod(first[axis] for axis in ([axes[0]] if isinstance(axes[0], int) else axes[0]))
    if name == "Conv":
        return result // second[-1] * math.prod(second)
    if name == "DepthwiseConv":
        return result * math.prod(second[:-2])
    if name == "SeparableConv":
        pointwise = shapes[2]
        return result // pointwise[-1] * (math.prod(second) + math.prod(pointwise))
    if name == "ConvTranspose":
        return math.prod(first) // second[-1] * math.prod(second)
    # Attention on (batch, length, heads, size): queries with keys, then the weights with the values.
    return first[0] * first[1] * first[2] * second[1] * (first[3] + shapes[2][3])


def _einsum(equation: str, shapes: list[tuple], result: int) -> int | None:
    """Each value of the result sums over the axes that it does not have. None for more than two factors: the order decides."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    factors = left.split(",")
    if len(factors) != len(shapes) or len(shapes) > 2:
        return None
    sizes = {}
    for axes, shape in zip(factors, shapes, strict=True):
        front, _, back = axes.partition("...")
        sizes.update(zip(front, shape, strict=False))
        sizes.update(zip(reversed(back), reversed(shape), strict=False))
    gone = [a for a in sizes if (a not in right if arrow else left.count(a) > 1)]
    return None if any(sizes[axis] is None for axis in gone) else result * math.prod(sizes[axis] for axis in gone)


def split_weights(variables) -> tuple[int, int, int]:
    """(weights, biases, trainable) in values. A bias is what is added: `bias`, and the `beta` of a normalization."""
    biases = weights = trainable = 0
    for variable in variables:
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
    return name in RESHAPE | NOTHING | {"TimeSteps"} or (name == "Activation" and activation(step.operation) == "linear")


def makes_values(step: Step) -> bool:
    """False for a view, and for the state that a recurrent layer hands from one time step to the next."""
    return not is_view(step) and kind(step.operation) != "State"


def is_idle_in_inference(step: Step) -> bool:
    """True for layers that only act while training: dropout, noise, augmentation."""
    return kind(step.operation) in DROPOUT | NOISE | AUGMENT


def kept(step: Step, flows: bool) -> tuple[bool, bool, float]:
    """What the backward pass of a step needs: (its inputs, its outputs, further bytes for one value of the output).

    `flows` says whether a gradient goes on to the step's inputs. The rules are those of TensorFlow's gradients: a
    convolution needs its input for the kernel's gradient, a relu only its output, a sum nothing.
    """
    name, operation = kind(step.operation), step.operation
    trainable = step.trains
    if not (flows or trainable):
        return False, False, 0
    if not name:
        known = _operation(operation)
        if known in PRODUCT_OPERATIONS:
            return trainable or len(step.inputs) > 1, False, 0
        return (False, False, 0) if known in LINEAR else (True, True, 0)  # the most that a single operation can need
    if name in PRODUCT_LAYERS:
        function = activation(operation)
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
        function = activation(operation)
        return function not in KEEPS_OUTPUT | {"linear"}, function in KEEPS_OUTPUT, 0
    if name in PRODUCTS:
        return trainable or len(step.inputs) > 1, False, 0
    return name == "LayerScale", False, 0


def activation(operation) -> str:
    """The name of the activation function inside a layer, or of the activation that the layer is."""
    function = getattr(operation, "activation", None)
    if function is not None:
        return getattr(function, "__name__", type(function).__name__).lower()
    return type(operation).__name__.lower() if kind(operation) in ACTIVATIONS else "linear"
