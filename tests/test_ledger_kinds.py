"""The ledger on models as people build them: tied weights, inner models, layers of one's own, any data format, any bytes."""

import io
import math
import sys

import numpy as np
import pytest

keras = pytest.importorskip("keras")
layers, ops = keras.layers, keras.ops

from utils.ledger import ledger, measure_training_peak, slots  # noqa: E402
from utils.ledger.graph import trace  # noqa: E402


@pytest.fixture(autouse=True)
def _forget_models():
    yield
    keras.backend.clear_session(free_memory=False)  # the models are small: collecting the garbage costs more than a test


def size(variables) -> int:
    return sum(math.prod(v.shape) for v in variables)


# ------------------------------------------------------------ each variable once


class TiedDense(layers.Layer):
    """Uses another layer's kernel, turned, and has a bias of its own."""

    def __init__(self, other, **options):
        super().__init__(**options)
        self.other = other

    def build(self, shape):
        self.bias = self.add_weight(shape=(self.other.kernel.shape[0],), name="bias", initializer="zeros")

    def call(self, x):
        return ops.matmul(x, ops.transpose(self.other.kernel)) + self.bias


class TiedConv(layers.Layer):
    """The transposed convolution with another layer's kernel."""

    def __init__(self, other, **options):
        super().__init__(**options)
        self.other = other

    def call(self, x):
        return ops.conv_transpose(x, self.other.kernel, strides=1, padding="valid")


class TiedLogits(layers.Layer):
    """Words from vectors, with the table of an embedding."""

    def __init__(self, table, **options):
        super().__init__(**options)
        self.table = table

    def call(self, x):
        return x @ ops.transpose(self.table.embeddings)


def tied_dense():
    image, first = keras.Input((12,)), layers.Dense(5)
    return keras.Model(image, TiedDense(first)(first(image)))


def tied_conv():
    image, first = keras.Input((9, 8, 2)), layers.Conv2D(4, 3)
    return keras.Model(image, TiedConv(first)(first(image)))


def tied_embedding():
    tokens, table = keras.Input((7,), dtype="int32"), layers.Embedding(20, 6)
    return keras.Model(tokens, TiedLogits(table)(layers.Dense(6)(table(tokens))))


def shared_between_inner_models():
    shared = layers.Dense(4, name="shared")
    left, right = (keras.Sequential([keras.Input((4,)), shared, layers.Dense(n)], name=f"tower{n}") for n in (3, 5))
    image = keras.Input((4,))
    return keras.Model(image, layers.Concatenate()([left(image), right(image)]))


def bare_and_in_a_wrapper():
    one = layers.Dense(10)
    a, b = keras.Input((7, 5)), keras.Input((7, 5))
    return keras.Model([a, b], layers.Concatenate()([one(b), layers.TimeDistributed(one)(a)]))


def a_frozen_tower_used_twice():
    tower = keras.Sequential([keras.Input((6,)), layers.Dense(4), layers.Dense(3)], name="tower")
    tower.trainable = False
    a, b = keras.Input((6,)), keras.Input((6,))
    return keras.Model([a, b], layers.Dense(1)(layers.Subtract()([tower(a), tower(b)])))


SHARED = [tied_dense, tied_conv, tied_embedding, shared_between_inner_models, bare_and_in_a_wrapper, a_frozen_tower_used_twice]


@pytest.mark.parametrize("build", SHARED, ids=lambda build: build.__name__)
def test_each_variable_counts_once(build):
    model = build()
    book = ledger(model)
    assert (book.parameters, book.trainable) == (size(model.weights), size(model.trainable_weights))
    assert all(0 <= row.trainable <= row.parameters for row in book.rows)
    assert not any(row.name == "(elsewhere)" for row in book.rows)
    assert any("shares" in row.note for row in book.rows)
    parts = book.training(1, "adam").parts
    assert parts["gradients"] == 4 * size(model.trainable_weights)
    assert parts["optimizer slots (2 a weight)"] == 8 * size(model.trainable_weights)


def test_what_a_tied_layer_multiplies_and_keeps_is_counted():
    book = ledger(tied_conv())
    assert book.rows[-1].multiply_adds == 7 * 6 * 4 * 9 * 2 == book.rows[1].multiply_adds
    # the image and the map between: the turned kernel needs its input for its gradient, though no variable shows in the call
    assert book.training(1).parts["activations kept for backward"] == 4 * (9 * 8 * 2 + 7 * 6 * 4)


# ------------------------------------------------------------ inner models, in whatever form they are called


def two_eyed(form: str):
    """An inner model that looks at `wide` with 7×7 and at `narrow` with 1×1."""
    wide, narrow = keras.Input((32, 32, 1), name="wide"), keras.Input((32, 32, 1), name="narrow")
    inputs = {
        "dictionary": {"wide": wide, "narrow": narrow},
        "list": [wide, narrow],
        "nested": {"eyes": [wide, {"small": narrow}]},
    }[form]
    seen = [layers.Conv2D(1, 7, padding="same", name="c7")(wide), layers.Conv2D(1, 1, name="c1")(narrow)]
    return keras.Model(inputs, layers.Add()(seen), name="inner")


CALLS = {
    "a dictionary": ("dictionary", lambda inner, w, n, x: inner({"narrow": n, "wide": w})),
    "a key more": ("dictionary", lambda inner, w, n, x: inner({"wide": w, "narrow": n, "zoo": x})),
    "a list": ("list", lambda inner, w, n, x: inner([w, n])),
    "a list by name": ("list", lambda inner, w, n, x: inner({"narrow": n, "wide": w, "also": x})),
    "a keyword": ("list", lambda inner, w, n, x: inner(inputs=[w, n])),
    "nested": ("nested", lambda inner, w, n, x: inner({"eyes": [w, {"small": n}]})),
    "training": ("dictionary", lambda inner, w, n, x: inner({"wide": w, "narrow": n}, training=False)),
}


@pytest.mark.filterwarnings("ignore:The structure of `inputs`")
@pytest.mark.parametrize("form", CALLS)
def test_the_right_tensor_stands_behind_each_input(form):
    struct, call = CALLS[form]
    a, b = keras.Input((32, 32, 1), name="a"), keras.Input((32, 32, 1), name="b")
    pooled = layers.UpSampling2D(2)(layers.MaxPooling2D(2)(a))
    model = keras.Model([a, b], layers.Add()([call(two_eyed(struct), b, pooled, a), a]))
    book = ledger(model)
    assert (book["inner/c7"].receptive_field, book["inner/c1"].receptive_field) == ((7, 7), (2, 2))
    assert book["inner"].multiply_adds == 32 * 32 * (49 + 1) == book.multiply_adds


@pytest.mark.filterwarnings("ignore:The structure of `inputs`")
def test_keys_that_keras_binds_amiss_are_read_as_keras_computes_them():
    """Keras goes by the order of the keys, so a key more in front moves the others; the ledger says so."""
    own = keras.Input((8,), name="m")
    inner = keras.Model({"m": own}, layers.Dense(3)(own), name="inner")
    p, q = keras.Input((8,), name="p"), keras.Input((8,), name="q")
    model = keras.Model([p, q], inner({"m": layers.Dense(8, name="far")(p), "early": q}))
    given = [np.zeros((1, 8), "float32"), np.ones((1, 8), "float32")]
    inner.set_weights([np.ones((8, 3)), np.zeros(3)])
    assert model(given).numpy()[0, 0] == 8  # what was passed as "early"
    walked = trace(model)
    dense = next(step for step in walked.steps if step.name.startswith("inner/"))
    assert dense.inputs[0] is walked.inputs[1][1]
    assert "['m'] get what was passed as ['early']" in str(ledger(model))


def test_an_inner_model_takes_an_axis_more_or_less():
    own, image = keras.Input((8, 8, 1)), keras.Input((8, 8))
    inner = keras.Model(own, layers.Dense(3, name="dense")(layers.Flatten()(own)), name="inner")
    book = ledger(keras.Model(image, inner(image)))
    assert book["inner/fit"].output_shape == (8, 8, 1)
    assert book["inner/dense"].multiply_adds == 64 * 3 and book.activations == 64 + 3


# ------------------------------------------------------------ layers of one's own


class Block(layers.Layer):
    def __init__(self, filters=4, **options):
        super().__init__(**options)
        self.convs = [layers.Conv2D(filters, 3, padding="same", activation="relu") for _ in range(3)]

    def build(self, shape):
        for conv in self.convs:
            conv.build(shape)

    def call(self, x):
        for conv in self.convs:
            x = conv(x)
        return x


class Gated(layers.Layer):
    """Variables on either side of operators, and one that `call` changes."""

    def build(self, shape):
        self.gain = self.add_weight(shape=(shape[-1],), name="gain")
        self.kernel = self.add_weight(shape=(shape[-1], 4), name="kernel")
        self.calls = self.add_weight(shape=(), name="calls", trainable=False, initializer="zeros")

    def call(self, x):
        self.calls.assign_add(1.0)
        return (self.gain * x + 1 / (1 + x)) @ self.kernel


class Nested(layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.block, self.norm = Block(name="block"), layers.BatchNormalization(name="norm")

    def call(self, x):
        return x + self.norm(self.block(x))


class Raw(layers.Layer):
    """Leaves Keras, so that nobody can trace it."""

    def __init__(self, **options):
        super().__init__(**options)
        self.conv = layers.Conv2D(4, 3, padding="same")

    def call(self, x):
        import tensorflow as tf

        return self.conv(tf.nn.relu(x))


class Choosing(layers.Layer):
    """Branches on a value."""

    def __init__(self, **options):
        super().__init__(**options)
        self.a, self.b = layers.Conv2D(4, 3, padding="same"), layers.Conv2D(4, 1)

    def call(self, x):
        return self.a(x) if ops.sum(x) > 0 else self.b(x)

    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape, dtype=x.dtype)

    def build(self, shape):
        self.a.build(shape)
        self.b.build(shape)


class MoreInTraining(layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.conv = layers.Conv2D(4, 3, padding="same")

    def call(self, x, training=False):
        return self.conv(ops.tanh(x)) if training else self.conv(x)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="own")
        self.block, self.pool, self.head = Block(name="block"), layers.GlobalMaxPooling2D(), layers.Dense(3, name="head")

    def call(self, x):
        return self.head(self.pool(self.block(x)))


def around(layer):
    """A model with `layer` in its middle, and the same one with what stands for it."""
    image = keras.Input((16, 12, 4))
    return keras.Model(image, layers.Dense(2, name="last")(layers.Flatten()(layer(image))))


def test_a_block_costs_what_its_layers_cost():
    image = x = keras.Input((16, 12, 4))
    for _ in range(3):
        x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    flat, packed = ledger(keras.Model(image, x)), ledger(keras.Model(image, Block()(image)))
    assert packed.not_counted == () and packed.rows[-1].receptive_field == (7, 7)
    assert packed.training(8).parts == flat.training(8).parts and packed.inference(3).parts == flat.inference(3).parts
    assert (packed.activations, packed.multiply_adds) == (flat.activations, flat.multiply_adds)
    assert packed.largest_batch(1e8) == flat.largest_batch(1e8) and "at most" not in str(packed.largest_batch(1e8))


def test_blocks_in_blocks_and_subclassed_models_are_opened():
    model = around(Nested(name="nested"))
    book = ledger(model)
    assert book["nested/block"].multiply_adds == 3 * 16 * 12 * 36 * 4
    assert book.not_counted == () and book["nested/norm"].parameters == 16
    assert book.parameters == model.count_params()
    own = Subclassed()
    own(np.zeros((1, 8, 8, 4), "float32"))
    book = ledger(own, input_shape=(8, 8, 4))
    assert [row.name.split("/")[0] for row in book.rows[1:]] == ["block"] * 3 + [book.rows[4].name, "head"]
    assert book.not_counted == () and book.multiply_adds == 3 * 64 * 36 * 4 + 12
    assert book.training(2).at_least == frozenset()


class Doubled(keras.Model):
    """A functional model with a `call` of its own."""

    def call(self, inputs, training=None):
        return 2 * super().call(inputs, training=training)


def test_a_functional_model_with_a_call_of_its_own_is_traced():
    image = keras.Input((8, 8, 3))
    model = Doubled(image, layers.Conv2D(2, 3)(image))
    book = ledger(model)
    assert book.multiply_adds == 36 * 27 * 2 and book.activations == 192 + 2 * 72 and book.not_counted == ()
    assert ledger(keras.Sequential([model, layers.Flatten()])).multiply_adds == book.multiply_adds


def test_operators_of_variables_are_followed_and_the_layer_stays_as_it_was():
    gated = Gated(name="gated")
    image = keras.Input((5, 3))
    model = keras.Model(image, gated(image))
    model(np.zeros((1, 5, 3), "float32"))
    calls, nodes = float(gated.calls.numpy()), len(gated._inbound_nodes)
    book = ledger(model)
    assert book["gated"].multiply_adds == 5 * 3 * 4 and book["gated"].parameters == 3 + 12 + 1
    assert (book.parameters, book.trainable) == (16, 15)
    assert float(gated.calls.numpy()) == calls and len(gated._inbound_nodes) == nodes
    block = Block()
    ledger(around(block))
    assert all(conv._inbound_nodes == [] for conv in block.convs)
    assert keras.Variable(2.0) * 3 == 6  # the operators are Keras' own again


def lambda_of_tensorflow(shape=(16, 12, 4)):
    import tensorflow as tf

    return layers.Lambda(lambda x: tf.nn.relu(x), output_shape=shape)


BOUNDED = {"raw": Raw, "choosing": Choosing, "lambda": lambda_of_tensorflow, "more in training": MoreInTraining}


@pytest.mark.parametrize("what", BOUNDED)
def test_a_lower_bound_says_so_wherever_it_reaches(what):
    layer = BOUNDED[what]()
    model = around(layer)
    book = ledger(model)
    assert any("activations" in line for line in book.not_counted)
    training, inference = book.training(4), book.inference(4)
    for text in (str(training), training._repr_html_(), str(inference), inference._repr_html_()):
        assert text.count("at least") >= 2, text  # the part and the total
    assert "≥" in str(book) and "at least" in str(book) and "≥" in book._repr_html_()
    assert str(book.activations).startswith("at least") and f"{training.total:,.0f}".startswith("at least")
    assert "at least" in book.describe()
    batch = book.largest_batch(1e7)
    assert str(batch) == f"at most {int(batch)}" and f"{batch:,}" == f"at most {int(batch):,}"
    # the numbers compute as before
    assert batch + 1 > batch > 0 and training.total == sum(training.parts.values()) and 2 * book.activations > 0
    assert book.training(int(batch)).total <= 1e7 < book.training(batch + 1).total
    assert book.parameters == model.count_params()


def test_no_bound_where_all_is_counted():
    book = ledger(around(layers.Conv2D(4, 3)))
    texts = [book, book.training(2), book.inference(2), book.largest_batch(1e7), book.activations, book.describe()]
    assert not any(word in str(text) for text in texts for word in ("at least", "at most", "≥"))


# ------------------------------------------------------------ axes


def first(layer, *arguments, **options):
    return layer(*arguments, data_format="channels_first", **options)


@pytest.fixture(params=["channels_last", "channels_first"])
def session(request):
    before = keras.config.image_data_format()
    keras.config.set_image_data_format(request.param)
    yield request.param
    keras.config.set_image_data_format(before)


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
def test_the_field_goes_by_the_layers_format_in_any_session(session, data_format):
    f = {"data_format": data_format}
    image = keras.Input((3, 32, 24) if data_format == "channels_first" else (32, 24, 3))
    x = layers.ZeroPadding2D(1, **f)(image)
    x = layers.Conv2D(4, 3, strides=2, padding="valid", **f)(x)
    channels = 1 if data_format == "channels_first" else 3
    x = layers.ReLU()(layers.BatchNormalization(axis=channels)(x))
    short = layers.Conv2D(4, 1, **f)(x)
    x = layers.Add()([short, layers.DepthwiseConv2D(3, padding="same", **f)(x)])
    x = layers.Concatenate(axis=channels, name="joined")([x, short])
    x = layers.MaxPooling2D(2, name="pool", **f)(x)
    model = keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D(**f)(x)))
    book = ledger(model)
    assert book.not_counted == ()
    assert book["joined"].receptive_field == (7, 7) and book["joined"].positions == (16, 12)
    assert (book["pool"].receptive_field, book["pool"].stride) == ((9, 9), (4, 4))
    assert book.rows[-1].receptive_field == (32, 24)
    assert "at 16×12" in book.describe()


AXES = {
    "dense along the width": (lambda: layers.Dense(24), None),
    "softmax along the width": (lambda: layers.Softmax(), None),
    "softmax over channels": (lambda: layers.Softmax(axis=1), (3, 3)),
    "activation along the width": (lambda: layers.Activation("softmax"), None),
    "convolution with softmax": (lambda: first(layers.Conv2D, 4, 1, activation="softmax"), None),
    "layer norm over channels": (lambda: layers.LayerNormalization(axis=1), (3, 3)),
    "layer norm along the width": (lambda: layers.LayerNormalization(axis=-1), None),
    "layer norm over all": (lambda: layers.LayerNormalization(axis=(1, 2, 3)), (32, 24)),
    "unit norm along the width": (lambda: layers.UnitNormalization(axis=-1), None),
    "group norm": (lambda: layers.GroupNormalization(2, axis=1), (32, 24)),
    "group norm along the width": (lambda: layers.GroupNormalization(2, axis=-1), None),
    "batch norm": (lambda: layers.BatchNormalization(axis=1), (3, 3)),
    "batch norm along the width": (lambda: layers.BatchNormalization(axis=-1), (3, 3)),  # constants in inference
    "normalization": (lambda: layers.Normalization(axis=1, mean=0.0, variance=1.0), (3, 3)),
    "prelu": (lambda: layers.PReLU(shared_axes=[2, 3]), (3, 3)),
    "the other format": (lambda: layers.Conv2D(2, 3, data_format="channels_last"), None),
    "pooled in the other format": (lambda: layers.GlobalMaxPooling2D(data_format="channels_last"), None),
}


@pytest.mark.parametrize("what", AXES)
def test_a_layer_is_pointwise_along_the_channel_axis_only(what):
    build, expected = AXES[what]
    image = keras.Input((3, 32, 24))
    x = first(layers.Conv2D, 4, 3, padding="same")(image)
    row = ledger(keras.Model(image, build()(x))).rows[-1]
    assert row.receptive_field == expected
    assert ("receptive field" in row.not_counted) == (expected is None)


def test_what_mixes_flattened_units_sees_what_all_of_them_see():
    image = keras.Input((9, 8, 1))
    x = layers.Conv2D(2, 3)(image)
    flat = ledger(keras.Model(image, layers.Softmax()(layers.Flatten()(x)))).rows[-1]
    assert flat.receptive_field == (9, 8)
    tokens = ledger(keras.Model(image, layers.Dense(3)(layers.Reshape((42, 2))(x)))).rows[-1]
    assert tokens.receptive_field is None  # each token sees its own window; which one the ledger cannot tell


# ------------------------------------------------------------ bytes


def dense_stack():
    return keras.Sequential([keras.Input((64,)), layers.Dense(65, activation="relu"), layers.Dense(10)])


def attention_stack():
    x = keras.Input((6, 16))
    return keras.Model(x, layers.EinsumDense("abc,cd->abd", output_shape=(None, 9))(layers.MultiHeadAttention(2, 8)(x, x)))


def embedding_stack():
    return keras.Sequential([keras.Input((7,), dtype="int32"), layers.Embedding(50, 16), layers.Flatten(), layers.Dense(8)])


def stored(variables) -> float:
    width = {"int4": 0.5, "bfloat16": 2, "float16": 2, "float8_e4m3fn": 1, "float8_e5m2": 1, "int8": 1, "uint8": 1}
    return sum(math.prod(v.shape) * width.get(v.dtype, 4) for v in variables)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", ["int8", *(["int4"] if hasattr(keras.quantizers, "pack_int4") else []), "float8"])
@pytest.mark.parametrize("build", [dense_stack, attention_stack, embedding_stack], ids=lambda build: build.__name__)
def test_quantized_models_weigh_what_their_variables_weigh(build, mode):
    model = build()
    products = ledger(model).multiply_adds
    model.quantize(mode)
    book = ledger(model)
    assert book.inference().parts["weights"] == stored(model.weights) == book.training(1).parts["weights"]
    assert book.training(1).parts["gradients"] == stored(model.trainable_weights)
    assert book.parameters == size(model.weights) and book.trainable == size(model.trainable_weights)
    assert book.multiply_adds == products  # packed or not, the layer multiplies as before


@pytest.mark.parametrize("policy", ["float32", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16"])
def test_the_models_own_precision_is_asked(policy):
    def stack(inputs, **options):
        conv = layers.Conv2D(4, 3, activation="relu", **options)
        return ledger(keras.Sequential([keras.Input((8, 8, 3), dtype=inputs), conv, layers.Flatten(**options)]))

    book, plain = stack(policy.replace("mixed_", ""), dtype=policy), stack("float32")
    assert book.training(5).parts == plain.training(5, dtype=policy).parts
    assert book.inference(5).parts == plain.inference(5, dtype=policy).parts


def optimizers():
    names = ["SGD", "RMSprop", "Adam", "AdamW", "Adadelta", "Adagrad", "Adamax", "Adafactor", "Nadam", "Ftrl", "Lion", "Lamb"]
    names += ["Muon", "ScheduleFreeAdamW"]
    for name in names:
        if hasattr(keras.optimizers, name):  # some are newer than our oldest Keras
            yield name, getattr(keras.optimizers, name)
    make = keras.optimizers
    yield "momentum", lambda: make.SGD(momentum=0.9, nesterov=True)
    yield "amsgrad", lambda: make.Adam(amsgrad=True)
    yield "centered", lambda: make.RMSprop(centered=True, momentum=0.9)
    yield "averaged", lambda: make.AdamW(use_ema=True)
    yield "accumulating", lambda: make.Lion(gradient_accumulation_steps=4)
    yield "scheduled", lambda: make.Adam(make.schedules.CosineDecay(0.1, 10))
    yield "scaled", lambda: make.LossScaleOptimizer(make.Adam())
    if hasattr(make, "Muon"):
        yield "averaged Muon", lambda: make.Muon(use_ema=True)
    if hasattr(make, "MultiOptimizer"):
        yield "several", lambda: make.MultiOptimizer(make.OptimizerMap(make.SGD(momentum=0.9), {".*kernel": make.Adam()}))


def test_no_optimizer_of_keras_is_left_out():
    kinds = {name for name in dir(keras.optimizers) if isinstance(getattr(keras.optimizers, name), type)}
    kinds = {name for name in kinds if issubclass(getattr(keras.optimizers, name), keras.optimizers.Optimizer)}
    assert kinds - {"Optimizer"} <= {type(make()).__name__ for _, make in optimizers()}


@pytest.mark.parametrize(("name", "make"), list(optimizers()), ids=lambda value: value if isinstance(value, str) else "")
def test_predicted_slots_are_the_slots_that_keras_makes(name, make):
    model = keras.Sequential(
        [keras.Input((12, 12, 3)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.SeparableConv2D(5, 3),
         layers.Flatten(), layers.Dense(7), layers.Dense(2, trainable=False)]
    )  # fmt: skip
    real = make()
    real.build(model.trainable_variables)
    expected = sum(4 * math.prod(v.shape) for v in real.variables if len(v.shape) > 0)
    optimizer = make()
    parts = ledger(model).training(2, optimizer).parts
    assert [size for part, size in parts.items() if part.startswith("optimizer slots")] == [expected]
    assert not optimizer.built  # the caller's optimizer is not touched
    try:
        each = slots(make())[1]
    except ValueError as error:
        assert "no fixed number" in str(error) and "ledger(model).training" in str(error)
    else:
        assert 4 * each * size(model.trainable_weights) == expected


def test_asking_for_the_slots_of_a_large_model_takes_no_memory():
    import psutil

    model = keras.Sequential([keras.Input((6000,)), layers.Dense(6000, use_bias=False)])
    book, process = ledger(model), psutil.Process()
    before = process.memory_info().rss
    total = book.training(1, keras.optimizers.Adam(amsgrad=True)).parts["optimizer slots (3 a weight)"]
    assert total == 12 * 36e6 and process.memory_info().rss - before < 1e8


# ------------------------------------------------------------ attention and recurrence


def sequences():
    def one(layer, shape=(6, 8)):
        x = keras.Input(shape)
        return keras.Model(x, layer(x))

    def attention(layer, own=False):
        x, y = keras.Input((6, 8)), keras.Input((9, 8))
        return keras.Model(x, layer(x, x)) if own else keras.Model([x, y], layer(x, y))

    per_step = {"LSTM": 4 * (8 * 5 + 5 * 5), "GRU": 3 * (8 * 5 + 5 * 5), "SimpleRNN": 8 * 5 + 5 * 5}
    for name, products in per_step.items():
        cls = getattr(layers, name)
        yield name, one(cls(5)), 6 * products
        yield f"{name} unrolled", one(cls(5, unroll=True, return_sequences=True)), 6 * products
        yield f"{name} both ways", one(layers.Bidirectional(cls(5, return_sequences=True))), 2 * 6 * products
    yield "summed both ways", one(layers.Bidirectional(layers.GRU(5), merge_mode="sum")), 12 * per_step["GRU"]
    yield "stacked cells", one(layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)])), 6 * (16 * (8 + 4) + 9 * (4 + 3))
    yield "with state", one(layers.LSTM(5, return_state=True, dropout=0.1)), 6 * per_step["LSTM"]
    yield "convolutional", one(layers.ConvLSTM2D(3, 3), (4, 9, 9, 2)), 4 * 49 * 9 * (2 + 3) * 12
    yield "dense in time", one(layers.TimeDistributed(layers.Dense(5))), 6 * 8 * 5
    yield "convolution in time", one(layers.TimeDistributed(layers.Conv2D(3, 3)), (4, 9, 9, 2)), 4 * 49 * 18 * 3
    stack = keras.Sequential([layers.Conv2D(3, 3), layers.Flatten(), layers.Dense(2)])
    yield "model in time", one(layers.TimeDistributed(stack), (4, 9, 9, 2)), 4 * (49 * 18 * 3 + 147 * 2)
    projected = 6 * 8 * 8 + 2 * 9 * 8 * 8 + 6 * 8 * 8
    yield "two heads", attention(layers.MultiHeadAttention(2, 4)), projected + 2 * 6 * 9 * 8
    yield "dropped heads", attention(layers.MultiHeadAttention(2, 4, dropout=0.1)), projected + 2 * 6 * 9 * 8
    yield "self-attention", attention(layers.MultiHeadAttention(2, 4), own=True), 4 * 6 * 8 * 8 + 2 * 6 * 6 * 8
    uneven = 6 * 8 * 8 + 9 * 8 * 8 + 9 * 8 * 6 + 6 * 6 * 8 + 6 * 9 * (8 + 6)
    yield "narrow values", attention(layers.MultiHeadAttention(2, 4, value_dim=3)), uneven
    grouped = 2 * 6 * 8 * 16 + 2 * 9 * 8 * 8 + 6 * 9 * 16 * 2
    yield "grouped heads", attention(layers.GroupQueryAttention(4, 4, 2)), grouped
    yield "einsum", one(layers.EinsumDense("...x,xy->...y", output_shape=3)), 6 * 8 * 3
    x = keras.Input((6, 8))
    yield "dot attention", keras.Model(x, layers.Attention()([x, x])), 2 * 6 * 6 * 8
    yield "dot", keras.Model(x, layers.Dot(axes=2)([x, x])), 6 * 6 * 8


SEQUENCES = list(sequences())


@pytest.mark.parametrize(("name", "model", "expected"), SEQUENCES, ids=[name for name, _, _ in SEQUENCES])
def test_attention_and_recurrence_are_one_row_with_all_their_products(name, model, expected):
    book = ledger(model)
    assert book.multiply_adds == expected
    assert len(book.rows) == len(model.inputs) + 1 and book.rows[-1].multiply_adds == expected
    assert not book.lacks("activations") and not book.lacks("multiply-adds")
    assert book.rows[-1].activations >= math.prod(model.output_shape[1:] if isinstance(model.output_shape, tuple) else (5,))
    assert book.parameters == model.count_params()
    assert book.inference(2).total > 0 and (book.training(2).total > 0) == bool(model.trainable_weights)


@pytest.mark.parametrize("name", ["LSTM unrolled", "GRU unrolled", "SimpleRNN unrolled", "dense in time", "convolution in time",
                                  "dropped heads", "dot attention"])  # fmt: skip
def test_the_profiler_agrees_where_it_sees_all_products(name):
    from tests.test_ledger_count import profiled_multiply_adds

    model, expected = next((model, expected) for each, model, expected in SEQUENCES if each == name)
    assert profiled_multiply_adds(model, also={"BatchMatMulV2"}) == expected


def test_time_steps_follow_one_another_in_inference_and_are_kept_for_training():
    book, longer = (ledger(keras.Sequential([keras.Input((n, 8)), layers.LSTM(32)])) for n in (10, 100))
    kept = [b.training(1).parts["activations kept for backward"] for b in (book, longer)]
    alive = [b.inference(1).parts["largest set of live tensors"] for b in (book, longer)]
    assert kept[1] == pytest.approx(10 * kept[0], rel=0.01)
    assert 0 < alive[1] - alive[0] <= 4 * 90 * 8  # only the input is longer


def test_a_sequence_of_open_length_is_named_and_not_counted():
    book = ledger(keras.Sequential([keras.Input((None, 8)), layers.LSTM(4)]))
    assert book.rows[-1].multiply_adds is None and book.lacks("multiply-adds")
    assert ledger(keras.Sequential([keras.Input((None, 8)), layers.LSTM(4)]), (5, 8)).multiply_adds == 5 * 16 * 12


# ------------------------------------------------------------ printing


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "utf-8"])
def test_everything_prints_on_any_console(encoding, monkeypatch):
    """Whatever standard output is now; tests/test_console.py does it with what a process starts with."""
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(2, 3, name="größe")(image)
    book = ledger(keras.Model(image, lambda_of_tensorflow((6, 6, 2))(x), name="Netz→1"))
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    print(book, book.describe(), book.training(2), book.inference(2), book.largest_batch(1e6), slots("adam"))
    stream.flush()
    text = stream.buffer.getvalue().decode(encoding)
    assert "6×6×2" in text or "6x6x2" in text
    assert ("≥" in text) == (encoding == "utf-8") and "at least" in text and "at most" in text


# ------------------------------------------------------------ what the questions accept


def small():
    return keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)])


class Unbuilt(keras.Model):
    def call(self, x):
        return x


WRONG = {
    "no model": (lambda: ledger(np.zeros(3)), TypeError, "reads a Keras 3 model"),
    "none": (lambda: ledger(None), TypeError, "Pass the model itself"),
    "a class": (lambda: ledger(Unbuilt), TypeError, "create one"),
    "not built": (lambda: ledger(keras.Sequential([layers.Dense(2)])), ValueError, "Build it first"),
    "own, not built": (lambda: ledger(Unbuilt(), (3,)), ValueError, "call it once on a batch"),
    "sequential, not built": (lambda: ledger(keras.Sequential([layers.Dense(2)]), (3,)), ValueError, "Build it first"),
    "shape: number": (lambda: ledger(small(), 8), ValueError, "such as (224, 224, 3)"),
    "shape: text": (lambda: ledger(small(), "8,8,3"), ValueError, "such as (224, 224, 3)"),
    "shape: fractions": (lambda: ledger(small(), (8.0, 8, 3)), ValueError, "whole numbers"),
    "shape: zero": (lambda: ledger(small(), (0, 8, 3)), ValueError, "from 1 on"),
    "shape: negative": (lambda: ledger(small(), (-8, 8, 3)), ValueError, "from 1 on"),
    "shape: empty": (lambda: ledger(small(), ()), ValueError, "cannot be"),
    "shape: with batch": (lambda: ledger(small(), (1, 8, 8, 3)), ValueError, "takes inputs of shape"),
    "shape: open": (lambda: ledger(small(), (None, 8, 3)), ValueError, "takes inputs of shape"),
    "no such layer": (lambda: ledger(small())["conv9"], KeyError, "the ledger's rows are"),
    "batch 0": (lambda: ledger(small()).training(0), ValueError, "at least one example"),
    "batch -1": (lambda: ledger(small()).inference(-1), ValueError, "at least one example"),
    "batch 1.5": (lambda: ledger(small()).training(1.5), ValueError, "whole number"),
    "batch text": (lambda: ledger(small()).inference("8"), ValueError, "whole number"),
    "batch none": (lambda: ledger(small()).training(None), ValueError, "such as 32"),
    "batch true": (lambda: ledger(small()).training(True), ValueError, "whole number"),
    "batch nan": (lambda: ledger(small()).training(math.nan), ValueError, "whole number"),
    "dtype": (lambda: ledger(small()).training(1, "adam", "float12"), ValueError, "choose one of"),
    "dtype of another kind": (lambda: ledger(small()).inference(1, np.float32), ValueError, "choose one of"),
    "optimizer": (lambda: ledger(small()).training(1, "adm"), ValueError, "There is no optimizer 'adm'"),
    "optimizer of another kind": (lambda: ledger(small()).training(1, 0.01), ValueError, "keras.optimizers.Adam()"),
    "optimizer class": (lambda: slots(keras.optimizers.Adam), ValueError, "keras.optimizers.Adam()"),
    "optimizer none": (lambda: slots(None), ValueError, "There is no optimizer None"),
    "slots of shapes": (lambda: slots("adafactor"), ValueError, "Ask `ledger(model).training"),
    "nan bytes": (lambda: ledger(small()).largest_batch(math.nan), ValueError, "a number from 0 on"),
    "endless bytes": (lambda: ledger(small()).largest_batch(math.inf), ValueError, "8 * 2**30"),
    "negative bytes": (lambda: ledger(small()).largest_batch(-1), ValueError, "a number from 0 on"),
    "text bytes": (lambda: ledger(small()).largest_batch("8 GB"), ValueError, "a number from 0 on"),
    "no bytes": (lambda: ledger(small()).largest_batch(None), ValueError, "a number from 0 on"),
    "measured: no model": (lambda: measure_training_peak("vgg"), TypeError, "reads a Keras 3 model"),
    "measured: not built": (lambda: measure_training_peak(keras.Sequential([layers.Dense(2)])), ValueError, "Build it first"),
    "measured: open": (
        lambda: measure_training_peak(keras.Sequential([keras.Input((None, 4)), layers.Dense(2)])), ValueError, "fixed shape"
    ),
    "measured: batch": (lambda: measure_training_peak(small(), 0), ValueError, "at least one example"),
    "measured: steps": (lambda: measure_training_peak(small(), 1, steps=0), ValueError, "`steps`"),
    "measured: timeout": (lambda: measure_training_peak(small(), 1, timeout=math.nan), ValueError, "`timeout`"),
    "measured: optimizer": (lambda: measure_training_peak(small(), 1, "adm"), ValueError, "There is no optimizer"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_question_gets_one_sentence_with_the_remedy(what):
    ask, kind, words = WRONG[what]
    with pytest.raises(kind) as caught:
        ask()
    message = str(caught.value.args[0])
    assert words in message and len(message) < 400 and "\n" not in message


def test_numpy_numbers_are_numbers():
    book = ledger(small(), (np.int64(8), 8, 3))
    assert book.training(np.int32(4)).total == book.training(4).total
    assert book.largest_batch(np.float32(1e6)) == book.largest_batch(1e6) > 0


def test_a_model_that_trains_nothing_has_no_largest_batch():
    model = small()
    model.trainable = False
    with pytest.raises(ValueError, match="make a layer trainable"):
        ledger(model).largest_batch(1e6)
