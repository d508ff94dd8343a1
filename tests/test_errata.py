"""Every received number about counting that the course corrects, recomputed. See the table in lab 03."""

import contextlib

import pytest

keras = pytest.importorskip("keras")
layers = keras.layers

from utils.ledger import ledger, slots  # noqa: E402

MB, MIB = 1e6, 2**20


@pytest.fixture(scope="module")
def vgg16():
    return keras.applications.VGG16(weights=None)


def test_dense_on_a_photo_has_921601000_parameters():
    # Counted from the shapes: building 3.7 GB of weights to see their number would be a waste.
    assert 640 * 480 * 3 * 1000 + 1000 == 921_601_000
    small = ledger(keras.Sequential([keras.Input((64, 48, 3)), layers.Flatten(), layers.Dense(1000)]))
    assert small.parameters == 64 * 48 * 3 * 1000 + 1000


def test_vgg16_activations_are_15237608_and_not_24_million(vgg16):
    book = ledger(vgg16)
    assert book.activations == 15_237_608
    assert round(book.activations * 4 / MB, 2) == 60.95 and round(book.activations * 4 / MIB, 1) == 58.1
    views = ("flatten",)
    live = 0
    for layer in vgg16.layers:
        size = 1
        for length in layer.output.shape[1:]:
            size *= length
        live += 0 if layer.name in views else size
    assert live == book.activations
    assert 24e6 * 4 / MB == 96  # the received line does not even agree with itself: it says 93


def test_vgg16_parameters_in_bytes(vgg16):
    book = ledger(vgg16)
    assert (book.weights, book.biases, book.parameters) == (138_344_128, 13_416, 138_357_544)
    size = book.training(1, "sgd").parts["weights"]
    assert round(size / MB, 1) == 553.4 and round(size / MIB, 1) == 527.8
    head = sum(book[name].parameters for name in ("fc1", "fc2", "predictions"))
    assert round(100 * head / book.parameters, 1) == 89.4


def test_optimizers_multiply_the_parameters_by_2_3_and_4():
    assert [2 + slots(name)[1] for name in ("sgd", "momentum", "adam")] == [2, 3, 4]


def alexnet_conv1(side: int):
    return keras.Sequential([keras.Input((side, side, 3)), layers.Conv2D(96, 11, strides=4)])


def test_alexnet_conv1_and_its_equivalent_mlp():
    book = ledger(alexnet_conv1(227))
    assert book.parameters == 34_944
    assert book.rows[-1].output_shape == (55, 55, 96)
    outputs = 55 * 55 * 96
    # Connections without biases, as the slide counts. Its 43.7 billion belong to an input of 224, its table to one of 227.
    assert 227 * 227 * 3 * outputs == 44_892_064_800
    assert 224 * 224 * 3 * outputs == 43_713_331_200
    assert (224 - 11) / 4 + 1 == 54.25 and ledger(alexnet_conv1(224)).rows[-1].output_shape == (54, 54, 96)


def test_alexnet_shapes():
    stack = [
        layers.Conv2D(96, 11, strides=4),
        layers.MaxPooling2D(3, 2),
        layers.Conv2D(256, 5, padding="same"),
        layers.MaxPooling2D(3, 2),
        layers.Conv2D(384, 3, padding="same"),
        layers.Conv2D(384, 3, padding="same"),
        layers.Conv2D(256, 3, padding="same"),
        layers.MaxPooling2D(3, 2),
    ]
    book = ledger(keras.Sequential([keras.Input((227, 227, 3)), *stack]))
    shapes = [(55, 55, 96), (27, 27, 96), (27, 27, 256), (13, 13, 256), (13, 13, 384), (13, 13, 384), (13, 13, 256), (6, 6, 256)]
    assert [row.output_shape for row in book.rows[1:]] == shapes


def test_the_output_size_needs_its_floor():
    for width, kernel, stride in ((224, 11, 4), (8, 3, 2), (7, 2, 3)):
        book = ledger(keras.Sequential([keras.Input((width, width, 1)), layers.Conv2D(1, kernel, strides=stride)]))
        assert book.rows[-1].output_shape[0] == (width - kernel) // stride + 1
        assert (width - kernel) / stride + 1 != (width - kernel) // stride + 1


def test_kernel_size_is_the_receptive_field_in_the_first_layer_only():
    book = ledger(keras.Sequential([keras.Input((32, 32, 1)), layers.Conv2D(2, 3), layers.Conv2D(2, 3)]))
    assert [row.receptive_field for row in book.rows[1:]] == [(3, 3), (5, 5)]


def slide_vgg(padding: str):
    """The slide's VGG up to the second Dense(4096), with today's keyword for the kernel size."""
    stack = []
    for filters, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        stack += [layers.Conv2D(filters, 3, activation="relu", padding=padding) for _ in range(depth)]
        stack.append(layers.MaxPooling2D(2, strides=2))
    stack += [layers.Flatten(), layers.Dense(4096, activation="relu"), layers.Dropout(0.5)]
    stack += [layers.Dense(4096, activation="relu"), layers.Dropout(0.5)]
    return keras.Sequential([keras.Input((224, 224, 3)), *stack])


def test_the_slides_vgg_does_not_build_its_own_table():
    builds_out_of_nothing = keras.__version__.startswith("3.5.")
    with contextlib.nullcontext() if builds_out_of_nothing else pytest.raises(ValueError):
        # 3 filters … the third positional argument is now `strides`, and the image shrinks to nothing
        wrong = keras.Sequential([keras.Input((3, 224, 224))])
        for filters, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
            for _ in range(depth):
                wrong.add(layers.Conv2D(filters, 3, 3, activation="relu"))
            wrong.add(layers.MaxPooling2D((2, 2), strides=(2, 2)))
    assert wrong.layers[0].output.shape == (None, 1, 74, 64)
    assert not builds_out_of_nothing or 0 in wrong.output_shape
    assert ledger(slide_vgg("valid")).parameters == 33_597_248
    assert ledger(slide_vgg("same")).parameters == 134_260_544


def test_3_8_and_15_3_billion_are_multiply_adds(vgg16):
    book = ledger(vgg16)
    head = sum(book[name].multiply_adds for name in ("fc1", "fc2", "predictions"))
    assert round((book.multiply_adds - head) / 1e9, 3) == 15.347 and round(book.multiply_adds / 1e9, 3) == 15.470
    resnet = ledger(keras.applications.ResNet50(weights=None))
    assert round(resnet.multiply_adds / 1e9, 3) == 3.858
    assert resnet.parameters == 25_636_712


def test_the_lectures_convnet_has_more_parameters_than_its_mlp():
    mlp = [layers.Flatten(), layers.Dense(256), layers.Dense(10)]
    convnet = [layers.Conv2D(32, 5), layers.MaxPooling2D(), layers.Conv2D(64, 3), layers.MaxPooling2D(), *(
        [layers.Flatten(), layers.Dense(256), layers.Dense(10)])]  # fmt: skip
    counts = [ledger(keras.Sequential([keras.Input((28, 28, 1)), *stack])).parameters for stack in (mlp, convnet)]
    assert counts == [203_530, 431_754]


def test_dilation_saves_parameters_only_against_a_dense_kernel_of_the_same_reach():
    def one(size, dilation):
        return ledger(keras.Sequential([keras.Input((16, 16, 8)), layers.Conv2D(8, size, dilation_rate=dilation)]))

    dilated, plain, reaching = one(3, 2), one(3, 1), one(5, 1)
    assert dilated.parameters == plain.parameters < reaching.parameters
    assert dilated.rows[-1].receptive_field == reaching.rows[-1].receptive_field == (5, 5)
