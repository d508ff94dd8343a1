"""The ledger's counts, proven against Keras and against TensorFlow's own profiler."""

import inspect
import math

import pytest

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
layers = keras.layers

from utils.check.networks import no_weights  # noqa: E402
from utils.ledger import ledger  # noqa: E402

# The profiler looks at seven; parameters are compared for every architecture, the small ones each time.
PROFILED = ("VGG16", "ResNet50", "Xception", "MobileNetV2", "DenseNet121", "InceptionV3", "EfficientNetB0")
ALL = [name for name in dir(keras.applications) if inspect.isfunction(getattr(keras.applications, name))]
QUICK = ("ConvNeXtTiny", "InceptionV3", "MobileNet", "MobileNetV3Small", "ResNet50V2")
QUICKLY_PROFILED = ("VGG16", "ResNet50", "Xception", "MobileNetV2")


@pytest.fixture(autouse=True)
def _forget_models(request):
    """Collecting garbage costs more than most of these tests: it is done after the architectures only, which go by name."""
    yield
    keras.backend.clear_session(free_memory="name" in request.fixturenames)


def architectures():
    for name in ALL:
        yield pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)


def test_there_are_architectures():
    assert len(ALL) >= 38
    assert set(QUICK) | set(PROFILED) <= set(ALL)


@pytest.mark.parametrize("name", list(architectures()))
def test_parameters_equal_count_params(name):
    with no_weights():
        model = getattr(keras.applications, name)(weights=None)
    book = ledger(model)
    trainable = sum(math.prod(v.shape) for v in model.trainable_weights)
    assert (book.parameters, book.trainable) == (model.count_params(), trainable)
    assert sum(row.kind == "(elsewhere)" or row.name == "(elsewhere)" for row in book.rows) == 0
    opened = [what for what in book.not_counted if "Conv" in what or "Dense" in what]
    # MobileNetV3 leaves height and width open, so nothing that depends on them can be counted; the others are complete.
    assert bool(opened) == name.startswith("MobileNetV3"), book.not_counted
    assert name.startswith("MobileNetV3") or book.not_counted == ()


def profiled_multiply_adds(model, also=frozenset()) -> int:
    """Half the operations that TensorFlow's graph profiler counts for convolutions and matrix products, and those in `also`."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    spec = [tf.TensorSpec((1, *x.shape[1:]), x.dtype) for x in model.inputs]
    concrete = tf.function(lambda *x: model(list(x) if len(x) > 1 else x[0], training=False)).get_concrete_function(*spec)
    graph = concrete.graph
    if sum(v.numpy().nbytes for v in model.variables) < 5e6:  # freezing copies the weights; shapes are the same without
        graph = convert_variables_to_constants_v2(concrete).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder(tf.compat.v1.profiler.ProfileOptionBuilder.float_operation())
    report = tf.compat.v1.profiler.profile(graph, cmd="op", options=options.with_empty_output().build())
    wanted = {"Conv2D", "DepthwiseConv2dNative", "MatMul", "Conv3D", "Conv2DBackpropInput", *also}
    total, node = 0, report
    while node.children:  # the "op" view is a chain: one type of operation below the other
        node = node.children[0]
        if node.name in wanted:
            total += node.float_ops
    return total // 2


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICKLY_PROFILED else pytest.mark.slow) for name in PROFILED]
)
def test_multiply_adds_equal_the_profiler(name):
    side = 75 if name == "InceptionV3" else 71  # the smallest that all accept; odd, so that padding and floors show
    options = {"include_top": True, "classes": 7}
    if name == "VGG16":
        side = 32
    model = getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3), **options)
    book = ledger(model)
    assert book.not_counted == ()
    assert book.multiply_adds == profiled_multiply_adds(model) > 1e6


def small_models():
    def image(*stack, shape=(13, 11, 4)):
        return keras.Sequential([keras.Input(shape), *stack])

    yield "strided", image(layers.Conv2D(6, 3, use_bias=False), layers.Conv2D(8, (1, 3), strides=(2, 1), padding="same"))
    yield "depthwise", image(layers.DepthwiseConv2D(3, depth_multiplier=3, strides=2), layers.SeparableConv2D(5, 3))
    yield "separable, multiplied", image(layers.SeparableConv2D(5, 3, depth_multiplier=2, padding="same"))
    yield "volume", image(layers.Conv3D(3, 2), layers.MaxPooling3D(), shape=(7, 6, 5, 2))
    yield "sequence", image(layers.Conv1D(4, 3, padding="causal"), layers.Conv1D(3, 2, strides=2), shape=(17, 3))
    yield "dense behind flatten", image(layers.Flatten(), layers.Dense(7), layers.Dense(3))
    if not tf.__version__.startswith("2.18."):  # whose profiler misses a Dense layer on a map; it is counted by hand below
        yield "dense on a map", image(layers.Dense(7), layers.Flatten(), layers.Dense(3))


@pytest.mark.parametrize(("case", "model"), list(small_models()), ids=lambda v: v if isinstance(v, str) else "")
def test_small_layers_equal_keras_and_the_profiler(case, model):
    book = ledger(model)
    assert book.not_counted == ()
    assert book.parameters == model.count_params()
    assert book.multiply_adds == profiled_multiply_adds(model) > 0
    assert book.rows[-1].output_shape == tuple(model.output_shape[1:])


# TensorFlow hides grouped convolutions in a compiled call, pads dilated ones before it counts, and has no figure for einsum, nor
# (in old versions) for a Dense layer on a map.
@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (layers.Conv2D(6, 3, groups=2), 11 * 9 * 6 * 9 * 2),
        (layers.Conv2D(5, 3, dilation_rate=2), 9 * 7 * 5 * 9 * 4),
        (layers.Conv2D(2, 2, dilation_rate=(1, 3)), 12 * 8 * 2 * 4 * 4),
        (layers.Dense(7), 13 * 11 * 4 * 7),
        (layers.EinsumDense("abcd,de->abce", output_shape=(13, 11, 6)), 13 * 11 * 6 * 4),
        (layers.EinsumDense("abcd,cdef->abef", output_shape=(13, 5, 6)), 13 * 5 * 6 * 11 * 4),
    ],
)
def test_products_that_the_profiler_misses(layer, expected):
    assert ledger(keras.Sequential([keras.Input((13, 11, 4)), layer])).multiply_adds == expected


def test_a_transposed_convolution_costs_what_its_convolution_costs():
    up = keras.Sequential([keras.Input((5, 6, 4)), layers.Conv2DTranspose(3, 3, strides=2, padding="same")])
    down = keras.Sequential([keras.Input((10, 12, 3)), layers.Conv2D(4, 3, strides=2, padding="same")])
    assert ledger(up).multiply_adds == ledger(down).multiply_adds == 5 * 6 * 4 * 9 * 3


def test_weights_and_biases_are_apart():
    model = keras.Sequential([keras.Input((9, 9, 2)), layers.Conv2D(3, 3, name="conv"), layers.BatchNormalization(name="bn")])
    book = ledger(model)
    assert (book["conv"].weights, book["conv"].biases, book["conv"].trainable) == (54, 3, 57)
    assert (book["bn"].weights, book["bn"].biases, book["bn"].trainable) == (9, 3, 6)
    model.layers[0].trainable = False
    frozen = ledger(model)
    assert (frozen.parameters, frozen.trainable) == (69, 6)


def test_a_shared_layer_pays_its_weights_once_and_its_work_twice():
    shared = layers.Conv2D(2, 3, padding="same", name="twin")
    left, right = keras.Input((8, 8, 1), name="left"), keras.Input((8, 8, 1), name="right")
    model = keras.Model([left, right], layers.Add()([shared(left), shared(right)]))
    book = ledger(model)
    rows = [row for row in book.rows if row.name == "twin"]
    assert [row.parameters for row in rows] == [20, 0]
    assert [row.multiply_adds for row in rows] == [8 * 8 * 9 * 2] * 2
    assert "shares the weights of twin" in rows[1].note
    assert book.parameters == model.count_params()


def test_nested_models_are_opened_and_take_the_shape_they_are_called_with():
    base = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3, name="inside")], name="base")
    image = keras.Input((10, 12, 3))
    model = keras.Model(image, layers.GlobalAveragePooling2D()(base(layers.Rescaling(1 / 255)(image))))
    book = ledger(model)
    assert book["base/inside"].output_shape == (8, 10, 4)
    assert book.multiply_adds == 8 * 10 * 27 * 4
    assert book.not_counted == ()
    with pytest.raises(KeyError, match="There is no layer 'outside'"):
        book["outside"]


def test_an_open_axis_is_filled_in_or_named():
    model = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3, name="conv"), layers.GlobalMaxPooling2D()])
    book = ledger(model)
    assert book.parameters == 112
    assert book["conv"].activations is None and book["conv"].multiply_adds is None
    assert any("conv" in what and "multiply-adds" in what for what in book.not_counted)
    assert "≥" in str(book) and "NOT COUNTED" in str(book)
    for ask in (book.inference, book.training):
        with pytest.raises(ValueError, match="give `ledger"):
            ask()
    filled = ledger(model, input_shape=(10, 10, 3))
    assert filled.not_counted == () and filled.multiply_adds == 8 * 8 * 27 * 4
    with pytest.raises(ValueError, match="cannot be"):
        ledger(model, input_shape=(10, 10, 1))


@keras.saving.register_keras_serializable("tests")
class Doubling(layers.Layer):
    def call(self, inputs):
        return 2 * inputs


class Louder(layers.Conv2D):
    def call(self, inputs):
        return 2 * super().call(inputs)


class Renamed(layers.Conv2D):
    """A subclass that changes nothing."""


class Foreign(layers.Layer):
    """Leaves Keras, so that its call cannot be traced."""

    def call(self, inputs):
        return tf.nn.relu(inputs)


UNKNOWN = {"Lambda": lambda: layers.Lambda(lambda x: tf.nn.relu(x), output_shape=(8, 8, 3)), "Foreign": Foreign}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_what_cannot_be_counted_is_named_and_never_zero(kind):
    first = layers.Activation("relu")
    model = keras.Sequential([keras.Input((8, 8, 3)), first, UNKNOWN[kind](), layers.Flatten(), layers.Dense(2)])
    book = ledger(model)
    named = [what for what in book.not_counted if f"({kind})" in what]
    assert named and all(what in named[0] for what in ("activations", "multiply-adds", "receptive field"))
    row = next(row for row in book.rows if row.kind == kind)
    assert row.multiply_adds is None
    assert row.activations == math.prod(row.output_shape)
    assert book.parameters == model.count_params()
    assert book.frame().set_index("kind").multiply_adds.isna()[kind].any()
    assert kind in str(book) and "?" in str(book) and kind in book._repr_html_()


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (lambda: layers.Lambda(lambda x: x * 2), 0),
        (Doubling, 0),
        (lambda: Louder(3, 3), 36 * 27 * 3),
        (lambda: keras.Sequential([layers.Reshape((64, 3)), layers.LSTM(4)]), 64 * 16 * 7),
    ],
    ids=["Lambda", "Doubling", "Louder", "LSTM"],
)
def test_what_keras_can_trace_is_opened(layer, expected):
    model = keras.Sequential([keras.Input((8, 8, 3)), layer()])
    book = ledger(model)
    assert book.multiply_adds == expected and not book.lacks("activations") and not book.lacks("multiply-adds")
    assert book.parameters == model.count_params()


def test_a_subclass_without_a_call_of_its_own_is_what_it_inherits():
    book = ledger(keras.Sequential([keras.Input((8, 8, 3)), Renamed(2, 3)]))
    assert book.not_counted == () and book.multiply_adds == 36 * 27 * 2


class Graphless(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3)

    def call(self, inputs):
        return self.dense(inputs)


def test_a_model_without_a_graph_needs_a_shape_and_is_opened():
    model = Graphless()
    model(keras.ops.zeros((1, 4)))
    with pytest.raises(ValueError, match="has no input shape yet"):
        ledger(model)
    book = ledger(model, input_shape=(4,))
    assert book.parameters == 15 and book.multiply_adds == 12 and book.not_counted == ()


def test_weights_that_no_layer_on_the_way_holds_are_counted_and_named():
    class WithExtra(keras.Model):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            self.extra = self.add_weight(shape=(7,), name="extra")

    image = keras.Input((4,))
    model = WithExtra(image, layers.Dense(2)(image))
    book = ledger(model)
    assert book.parameters == model.count_params() == 17
    assert any("(elsewhere)" in what for what in book.not_counted)


def test_a_model_that_is_not_built_and_a_thing_that_is_no_model():
    with pytest.raises(ValueError, match="Build it first"):
        ledger(keras.Sequential([layers.Dense(3)]))
    with pytest.raises(TypeError, match="this is a dict"):
        ledger({})


def test_an_operation_that_folds_the_batch_keeps_its_size():
    image = keras.Input((4, 5, 3))
    model = keras.Model(image, keras.ops.reshape(image, (-1, 3)))
    row = ledger(model).rows[-1]
    assert math.prod(row.output_shape) == 60


def test_views_and_activations():
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Flatten(name="flat"),
            layers.Dropout(0.5, name="drop"),
            layers.Activation("linear", name="straight"),
            layers.Activation("relu", name="relu"),
        ]
    )
    book = ledger(model)
    assert [book[name].activations for name in ("flat", "drop", "straight", "relu")] == [0, 72, 0, 72]
    assert book.activations == 72 * 3


def test_the_frame_table_and_figure():
    model = keras.Sequential([keras.Input((16, 16, 3)), layers.Conv2D(4, 3, name="conv"), layers.Flatten(), layers.Dense(10)])
    book = ledger(model)
    frame = book.frame()
    assert list(frame.multiply_adds) == [0, 14 * 14 * 27 * 4, 0, 784 * 10]
    assert frame.parameters.sum() == model.count_params()
    text = str(book)
    assert "conv" in text and "21,168" in text and f"{model.count_params():,}" in text
    assert "<table>" in book._repr_html_() and "<script" not in book._repr_html_()
    assert "98.6% of the 7,962 parameters sit in the head" in book.describe()
    fig = book.figure()
    shares = [sum(bar.get_width() for bar in fig.axes[0].patches if round(bar.get_y() + 0.4) == y) for y in (0, 1)]
    assert shares == pytest.approx([1, 1])
    import matplotlib.pyplot as plt

    plt.close(fig)
