"""Level 1: models are compared by what they do: built in another way they are right, wired in another way they are not."""

import functools

import numpy as np
import pytest

from tools.judging import forms
from utils.check import RIGHT, WRONG, Function, Input, Lab, Model, judge, steps

HINTS = {"hints": ("a", "b")}


def lenet(act="tanh", pool="AveragePooling2D", last="softmax", padded=True, filters=6, bias=True):
    import keras
    from keras import layers

    pooling = getattr(layers, pool)
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *([layers.ZeroPadding2D(2), layers.Conv2D(filters, 5, activation=act)] if padded else []),
            *([] if padded else [layers.Conv2D(filters, 5, padding="same", activation=act)]),
            pooling(2),
            layers.Conv2D(16, 5, activation=act, use_bias=bias),
            pooling(2),
            layers.Flatten(),
            layers.Dense(84, activation=act),
            layers.Dense(10, activation=last),
        ]
    )


def dropped(first=0.5, second=0.5, late=False):
    import keras
    from keras import layers

    drops = [layers.Dropout(first)], [layers.Dropout(second)]
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(5), *([] if late else drops[0]), layers.Dense(6), *(drops[0] if late else []), *drops[1]]
    )


def block(
    x, filters, stride=1, *, second=False, on_short=False, pooled=False, inner=True, outer=True, early=False, short_always=False
):
    """A residual block, and what can be wrong with it at the same number of parameters."""
    from keras import layers

    conv = functools.partial(layers.Conv2D, filters, use_bias=False)
    short = x
    if stride != 1 or x.shape[-1] != filters or short_always:
        pool = pooled and stride != 1
        short = layers.AveragePooling2D(stride, padding="same")(x) if pool else x
        short = layers.BatchNormalization()(conv(1, strides=1 if pool else stride)(short))
        short = layers.ReLU()(short) if on_short else short
    x = layers.BatchNormalization()(conv(3, strides=1 if second else stride, padding="same")(x))
    x = layers.ReLU()(x) if inner else x
    x = layers.BatchNormalization()(conv(3, strides=stride if second else 1, padding="same")(x))
    if early:
        return layers.Add()([layers.ReLU()(x), short])
    x = layers.Add()([x, short])
    return layers.ReLU()(x) if outer else x


def main_branch_first(x, filters, stride=1):
    """The same block, made in another order, from other layers, with names and another epsilon."""
    import keras
    from keras import layers, ops

    y = layers.ZeroPadding2D(1, name="pad")(x) if stride == 1 else x
    y = layers.Conv2D(filters, 3, strides=stride, use_bias=False, padding="valid" if stride == 1 else "same")(y)
    y = ops.maximum(layers.BatchNormalization(epsilon=1e-5)(y), 0.0)
    y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", use_bias=False, name="last")(y))
    if stride != 1 or x.shape[-1] != filters:
        x = layers.BatchNormalization(momentum=0.9)(layers.Conv2D(filters, (1, 1), strides=stride, use_bias=False)(x))
    return keras.activations.relu(y + x)


def dense_as_convolution(_=None):
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="tanh"),
            layers.AvgPool2D(2),
            layers.Conv2D(16, 5),
            layers.Activation("tanh"),
            layers.AveragePooling2D((2, 2), strides=2),
            layers.Conv2D(84, 5, activation="tanh"),
            layers.Conv2D(10, 1),
            layers.Reshape((10,)),
            layers.Softmax(),
        ]
    )


lab = Lab("labnet", "A lab of networks")
lab.declare("net", "n", net=Model(lenet, {"Max.": functools.partial(lenet, pool="MaxPooling2D")}), **HINTS)
lab.declare("drop", "d", drop=Model(dropped, {"Rate.": functools.partial(dropped, 0.3)}, dropout=True), **HINTS)
lab.declare(
    "block",
    "b",
    block=Function(
        block,
        {
            f"for {c} → {f} channels, stride {s}": (Input((9, 9, c)), f, s)
            for c, f, s in ((4, 4, 1), (4, 6, 2), (4, 6, 1), (4, 4, 2))
        },
        {
            "The stride stands in the second convolution.": functools.partial(block, second=True),
            "ReLU on the projection.": functools.partial(block, on_short=True),
        },
    ),
    **HINTS,
)


def judged(name, answer):
    import keras  # noqa: F401 - its import is not on the check's clock

    return judge(lab.find(name), (answer,))


@pytest.mark.parametrize("name", lab.exercises)
@pytest.mark.usefixtures("in_this_process")
def test_each_mistake_gets_its_message_and_every_form_is_right(name):
    part = lab.find(name).declaration.answers[name]
    assert judged(name, part.reference).status == RIGHT
    for message, mistake in part.wrong_answers():
        assert judged(name, mistake).message == message
    applied = set()
    for _, form, outcome in forms.outcomes((part.reference,), functools.partial(judged, name)):
        assert outcome.status == RIGHT, f"{form}: {outcome.message}"
        applied |= {form} & {f"returns {model}" for model in forms.MODELS}
    assert {"returns functional model", "returns other layer names", "returns compiled model"} <= applied
    if name == "net":
        assert len(applied) == len(forms.MODELS)


def test_a_model_itself_is_as_good_as_a_function_that_builds_it_and_keeps_its_weights():
    model = lenet()
    before = [weight.copy() for weight in model.get_weights()]
    assert judged("net", model).status == RIGHT
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    for form, other in forms.models(model):
        assert judged("net", other).status == RIGHT, form


@pytest.mark.parametrize("answer", [dense_as_convolution, functools.partial(lenet, padded=False)])
def test_layers_that_compute_the_same_are_right(answer):
    assert judged("net", answer).message == ""


def test_a_block_made_in_another_order_from_other_layers_is_right():
    assert judged("block", main_branch_first).message == ""


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"pooled": True}, "AveragePooling2D"),
        ({"inner": False}, "relu is missing"),
        ({"outer": False}, "relu is missing"),
        ({"early": True}, "order or their connections differ"),
        ({"short_always": True}, "fewer"),
    ],
)
def test_the_same_parts_wired_otherwise_are_another_network(change, part):
    outcome = judged("block", functools.partial(block, **change))
    assert outcome.status == WRONG
    assert part in outcome.message or (part == "fewer" and "more than expected" in outcome.message)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"act": "relu"}, "yours goes on with relu, expected is tanh"),
        ({"act": None}, "goes on with AveragePooling2D"),
        ({"last": None}, "do not sum to 1"),
        ({"last": "sigmoid"}, "do not sum to 1"),
        ({"filters": 8}, "more than expected"),
        ({"bias": False}, "16 fewer than expected"),
    ],
)
def test_what_differs_is_said(change, part):
    outcome = judged("net", functools.partial(lenet, **change))
    assert outcome.status == WRONG and part in outcome.message
    assert len(outcome.message.splitlines()) <= 11


def test_dropout_counts_where_the_text_asks_for_it():
    assert "0.5 after 2" in judged("drop", functools.partial(dropped, late=True)).message
    assert "expected 0.5 after 1" in judged("drop", functools.partial(dropped, 0.5, 0.2)).message


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("return keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])", "(28, 28, 1)"),
        ("return keras.Input((28, 28, 1))", "Return the model; this is a tensor"),
        ("return 3", "Return the model; this is a number"),
        ("return keras.Sequential([keras.layers.Dense(10)])", "returns shape (28, 28, 10)"),
        ("return keras.Sequential([keras.layers.Conv2D(3, 40)])", "shrinks to nothing"),
        ("return keras.layers.Dense(3)", "Return the model"),
        ("return keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10**6)])", "too large"),
        ("x = keras.Input((28, 28, 1)); return keras.Model(x, [x, x])", "returns 2 outputs"),
        ("a = keras.Input((3,)); b = keras.Input((3,)); return keras.Model([a, b], a + b)", "2 inputs"),
        ("return keras.Model()", "cannot be used"),
    ],
)
def test_odd_models_are_wrong_and_say_why(body, part):
    names = {}
    exec(f"import keras\ndef f():\n    {body}", names)
    outcome = judged("net", names["f"])
    assert outcome.status == WRONG
    assert "cannot read this answer" not in outcome.message
    assert part in outcome.message


def test_steps_name_the_structure_whatever_the_style():
    usual = [
        "ZeroPadding2D(2)",
        "Conv2D(6, 5×5)",
        "tanh",
        "AveragePooling2D(2×2)",
        "Conv2D(16, 5×5)",
        "tanh",
        "AveragePooling2D(2×2)",
    ]
    usual += ["Flatten", "Dense(84)", "tanh", "Dense(10)", "softmax"]
    assert steps(lenet()) == usual
    for form, other in forms.models(lenet()):
        if form not in ("subclassed model", "unbuilt model"):
            assert steps(other) == usual, form
