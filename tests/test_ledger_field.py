"""Receptive fields, proven with a gradient probe: which pixels of the input move one unit of the output?"""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

keras = pytest.importorskip("keras")
layers = keras.layers

from utils.ledger import ledger, receptive  # noqa: E402
from utils.ledger.graph import trace  # noqa: E402


def positive(model) -> None:
    """Give every weight a positive value, so that no contribution cancels, and relu lets all of them pass."""
    for variable in model.weights:
        if "moving" not in variable.name and "gamma" not in variable.name:
            shape = tuple(variable.shape)
            variable.assign(np.random.default_rng(0).uniform(0.5, 1.0, shape) / max(1, np.prod(shape[:-1])))


def probe(model, units) -> list[tuple[tuple[int, int] | None, ...]]:
    """For each unit (a place in the output), the first and last input pixel with a gradient, axis by axis.

    A maximum passes a gradient to one pixel only, so each probe adds up the gradients over many random images.
    """
    import tensorflow as tf

    shape = model.input_shape[1:]
    images = tf.constant(np.random.default_rng(1).uniform(0.5, 1.5, (64, *shape)).astype("float32"))

    # In a graph nobody works out the kernels' gradients; oneDNN dies of that of a transposed convolution that leaves gaps.
    @tf.function(autograph=False)
    def gradients(images):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(images)
            output = model(images)
            picked = [tf.reduce_sum(output[(slice(None), *unit)]) for unit in units]
        return [tape.gradient(value, images, unconnected_gradients="zero") for value in picked]

    found = []
    for gradient in gradients(images):
        touched = np.abs(gradient.numpy()).sum((0, -1)) > 0
        axes = range(touched.ndim)
        lines = [touched.any(tuple(a for a in axes if a != axis)).nonzero()[0] for axis in axes]
        found.append(tuple((int(line[0]), int(line[-1])) if len(line) else None for line in lines))
    return found


def compare(model) -> int:
    """Compare the ledger with the probe at units in the middle of the output, whose field lies inside the image."""
    walked = trace(model)
    field = receptive.fields(walked)[-1][0]
    shape = model.output_shape[1:-1]
    lengths = model.input_shape[1:-1]
    if isinstance(field, receptive.Loose):
        expected = [tuple(field.hulls)]
        assert probe(model, [()]) == expected
        return 1
    assert isinstance(field, receptive.Grid)
    middles = [[min(n - 1, n // 2 + i) for n in shape] for i in range(min(4, max(axis.period for axis in field.axes) + 1))]
    inside = []
    for unit in middles:
        spans = tuple(axis.at(place) for axis, place in zip(field.axes, unit, strict=True))
        if all(span is None or (span[0] >= 0 and span[1] < length) for span, length in zip(spans, lengths, strict=True)):
            inside.append((tuple(unit), spans))
    for (unit, spans), found in zip(inside, probe(model, [unit for unit, _ in inside]), strict=True):
        if None in spans:
            assert None in found, (unit, spans, found)
        else:
            assert found == spans, (unit, spans, found)
    return len(inside)


window = st.tuples(st.integers(1, 4), st.integers(1, 3), st.sampled_from(["same", "valid"]))


@st.composite
def layer_1d(draw):
    kind = draw(
        st.sampled_from(["conv", "dilated", "causal", "max", "mean", "transposed", "up", "pad", "crop", "depthwise", "branch"])
    )
    size, stride, padding = draw(window)
    if kind == "conv":
        return [layers.Conv1D(2, size, strides=stride, padding=padding, activation="relu")]
    if kind == "dilated":
        return [layers.Conv1D(2, size, dilation_rate=stride, padding=padding)]
    if kind == "causal":
        return [layers.Conv1D(2, size, dilation_rate=stride, padding="causal")]
    if kind == "max":
        return [layers.MaxPooling1D(size, strides=stride, padding=padding)]
    if kind == "mean":
        return [layers.AveragePooling1D(size, strides=stride, padding=padding)]
    if kind == "transposed":
        return [layers.Conv1DTranspose(2, size, strides=stride, padding=padding)]
    if kind == "up":
        return [layers.UpSampling1D(stride)]
    if kind == "pad":
        return [layers.ZeroPadding1D((stride - 1, size))]
    if kind == "crop":
        return [layers.Cropping1D((stride - 1, size - 1))]
    if kind == "depthwise":
        return [layers.DepthwiseConv1D(size, strides=stride, padding=padding)]
    return ["branch", layers.Conv1D(2, size, padding="same"), layers.Conv1D(2, 5 - size, dilation_rate=stride, padding="same"),
            layers.Concatenate() if stride == 1 else layers.Add()]  # fmt: skip


def stacked(shape, stack):
    x = image = keras.Input(shape)
    for part in stack:
        x = part[3]([part[1](x), part[2](x)]) if part[0] == "branch" else part[0](x)
    model = keras.Model(image, x)
    positive(model)
    return model


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(layer_1d(), min_size=1, max_size=4))
def test_random_stacks_see_what_the_probe_finds(stack):
    try:
        model = stacked((48, 2), stack)
    except ValueError:  # a feature map shrank to nothing
        assume(False)
    assume(model.output_shape[1] >= 1)
    compare(model)


def image_models():
    def chain(*stack, shape=(33, 29, 2)):
        return keras.Sequential([keras.Input(shape), *stack])

    yield "two strides", chain(layers.Conv2D(2, (3, 5), strides=(2, 1), padding="same"), layers.MaxPooling2D((1, 2)))
    yield "dilated", chain(layers.Conv2D(2, 3, dilation_rate=(2, 3)), layers.Conv2D(2, 3))
    yield "separable", chain(layers.SeparableConv2D(3, 3, strides=2, padding="same"), layers.DepthwiseConv2D(3))
    yield "up and down", chain(layers.Conv2DTranspose(2, 3, strides=2, padding="same"), layers.Conv2D(2, 3, strides=2))
    yield "transposed 4", chain(layers.Conv2D(2, 2, strides=2), layers.Conv2DTranspose(2, 4, strides=2, padding="same"))
    yield "gaps", chain(layers.Conv2D(2, 3), layers.Conv2DTranspose(2, 1, strides=2))
    yield "bilinear", chain(layers.UpSampling2D(2, interpolation="bilinear"), layers.Conv2D(2, 2))
    yield "bilinear 3", chain(layers.UpSampling2D(3, interpolation="bilinear"))
    yield "padded and cropped", chain(layers.ZeroPadding2D(((2, 0), (1, 3))), layers.Cropping2D(1), layers.Conv2D(2, 3))
    yield "normalized", chain(layers.BatchNormalization(), layers.Conv2D(2, 3), layers.LayerNormalization(), layers.ReLU())
    yield "flattened", chain(layers.Conv2D(2, 3, strides=2), layers.Flatten(), layers.Dense(2), shape=(9, 8, 1))
    yield "pooled", chain(layers.Conv2D(2, 3, strides=3), layers.GlobalMaxPooling2D(), shape=(11, 9, 1))
    if hasattr(layers, "AdaptiveAveragePooling2D"):  # a newer Keras
        yield "adaptive", chain(layers.AdaptiveAveragePooling2D((11, 29)), layers.Conv2D(2, 1))
    yield "volume", chain(layers.Conv3D(2, 2, strides=(2, 1, 1)), layers.MaxPooling3D(2), shape=(9, 8, 7, 1))
    yield "pointwise dense", chain(layers.Conv2D(2, 3), layers.Dense(3))


@pytest.mark.parametrize(("case", "model"), list(image_models()), ids=lambda v: v if isinstance(v, str) else "")
def test_image_layers_see_what_the_probe_finds(case, model):
    positive(model)
    assert compare(model) > 0


def residual(turned=False):
    image = keras.Input((41, 41, 2))
    x = layers.Conv2D(3, 3, strides=2, padding="same", activation="relu")(image)
    short = layers.Conv2D(3, 1, strides=2)(x)
    x = layers.Conv2D(3, 3, padding="same", activation="relu")(layers.Conv2D(3, 3, strides=2, padding="same")(x))
    return keras.Model(image, layers.ReLU()(layers.Add()([short, x] if turned else [x, short])))


def apart():
    """Two branches that look to different sides."""
    image = keras.Input((30, 30, 1))
    left = layers.ZeroPadding2D(((4, 0), (0, 3)))(image)
    right = layers.ZeroPadding2D(((0, 4), (3, 0)))(image)
    return keras.Model(image, layers.Concatenate()([layers.Conv2D(2, 2)(left), layers.Conv2D(2, 2)(right)]))


def gated():
    image = keras.Input((15, 12, 2))
    x = layers.Conv2D(4, 3)(image)
    gate = layers.Reshape((1, 1, 4))(layers.GlobalAveragePooling2D()(x))
    gate = layers.Conv2D(4, 1, activation="sigmoid")(gate)
    return keras.Model(image, layers.Multiply()([x, gate]))


@pytest.mark.parametrize(
    ("model", "sides"),
    [(residual(), (15, 15)), (residual(turned=True), (15, 15)), (apart(), (6, 5))],
    ids=["x", "turned", "apart"],
)
def test_branches_see_together_what_each_sees(model, sides):
    positive(model)
    assert compare(model) > 0
    assert ledger(model).rows[-1].receptive_field == sides


def test_a_gate_makes_every_unit_see_everything():
    model = gated()
    positive(model)
    book = ledger(model)
    assert book.rows[-1].receptive_field == (15, 12)
    assert probe(model, [(3, 4)]) == [((0, 14), (0, 11))]


def test_published_fields():
    """VGG-16's last pooling sees 212 pixels and ResNet-50's last block 483 (Araujo et al., Distill 2019)."""
    book = ledger(keras.applications.VGG16(weights=None, include_top=False))
    assert book["block5_pool"].receptive_field is None  # height and width are open here …
    book = ledger(keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3)))
    assert book["block5_pool"].receptive_field == (212, 212)
    book = ledger(keras.applications.ResNet50(weights=None, include_top=False, input_shape=(224, 224, 3)))
    assert book["conv5_block3_out"].receptive_field == (483, 483)
    assert book["conv5_block3_out"].stride == (32, 32)


@pytest.mark.parametrize(
    "layer",
    [layers.Permute((2, 1, 3)), layers.Lambda(lambda x: x, output_shape=(8, 8, 2)), layers.Concatenate(axis=1)],
    ids=lambda layer: type(layer).__name__,
)
def test_a_field_that_cannot_be_told_is_unknown_from_there_on(layer):
    image = keras.Input((8, 8, 2))
    x = layer([image, image]) if isinstance(layer, layers.Concatenate) else layer(image)
    book = ledger(keras.Model(image, layers.Conv2D(2, 3)(x)))
    assert [row.receptive_field for row in book.rows[1:]] == [None, None]
    assert sum("receptive field" in what for what in book.not_counted) == 2


def test_a_vector_has_no_field_and_a_token_has_one():
    book = ledger(keras.Sequential([keras.Input((8,)), layers.Dense(3)]))
    assert book.rows[-1].receptive_field is None and book.not_counted == ()
    tokens = [keras.Input((20,)), layers.Embedding(50, 4), layers.Conv1D(3, 3), layers.Conv1D(3, 3, strides=2)]
    book = ledger(keras.Sequential(tokens))
    assert book.rows[-1].receptive_field == (5,) and book.rows[-1].stride == (2,)


def test_several_inputs_show_the_largest_field():
    left, right = keras.Input((20, 20, 1)), keras.Input((20, 20, 1))
    both = layers.Add()([layers.Conv2D(2, 5, padding="same")(left), layers.Conv2D(2, 3, padding="same")(right)])
    assert ledger(keras.Model([left, right], both)).rows[-1].receptive_field == (5, 5)
