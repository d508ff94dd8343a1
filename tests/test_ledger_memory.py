"""The ledger's memory: rules on small networks by hand, optimizer slots, and the measured peak of real training steps."""

import pytest
import tensorflow

keras = pytest.importorskip("keras")
layers = keras.layers

from utils.ledger import ledger, measure_training_peak, slots  # noqa: E402


def chain(*stack, shape=(8, 8, 2)):
    return keras.Sequential([keras.Input(shape), *stack])


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("sgd", 0),
        ("momentum", 1),
        ("adam", 2),
        ("adamw", 2),
        ("rmsprop", 1),
        ("adagrad", 1),
        ("lion", 1),
        (keras.optimizers.SGD(momentum=0.9, nesterov=True), 1),
        (keras.optimizers.Adam(amsgrad=True), 3),
        (keras.optimizers.RMSprop(centered=True, momentum=0.9), 3),
        (keras.optimizers.SGD(use_ema=True), 1),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "name", None),
)
def test_slots_are_those_that_keras_keeps(optimizer, expected):
    assert slots(optimizer)[1] == expected


def test_an_optimizer_without_a_fixed_number_of_slots_is_refused():
    with pytest.raises(ValueError, match="no fixed number"):
        slots("adafactor")


def test_training_memory_of_a_small_network_by_hand():
    # 8×8×2 → 6×6×3 (relu) → 3×3×3 → 27 → 5
    model = chain(layers.Conv2D(3, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(5))
    parameters = (18 + 1) * 3 + (27 + 1) * 5
    book = ledger(model)
    parts = book.training(batch=10, optimizer="momentum").parts
    assert parts == {
        "weights": 4 * parameters,
        "gradients": 4 * parameters,
        "optimizer slots (1 a weight)": 4 * parameters,
        "activations kept for backward": 4 * 10 * (128 + 108 + 27),  # the last output is needed by no gradient
        # at the pooling: its output's gradient and its input's, while nothing is free yet, since it needs its own output
        "activation gradients on top": 4 * 10 * (108 + 27),
    }
    assert book.training(10, "momentum").total == sum(parts.values())
    assert book.inference(1).parts == {"weights": 4 * parameters, "largest set of live tensors": 4 * (128 + 108)}


def test_precision_halves_what_it_halves():
    book = ledger(chain(layers.Conv2D(3, 3, activation="relu"), layers.Flatten(), layers.Dense(5)))
    full, half, mixed = (book.training(4, "adam", dtype).parts for dtype in ("float32", "float16", "mixed_float16"))
    assert {name: size / 2 for name, size in full.items()} == half
    assert mixed["weights"] == full["weights"] and mixed["half-precision copy of the weights"] * 2 == full["weights"]
    assert mixed["activations kept for backward"] * 2 == full["activations kept for backward"]
    assert "half-precision copy of the weights" in book.inference(1, "mixed_bfloat16").parts
    with pytest.raises(ValueError, match="choose one of"):
        book.training(4, "adam", "float12")


def test_what_is_frozen_keeps_nothing():
    stack = [layers.Conv2D(4, 3, activation="relu"), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(2)]
    model = chain(*stack)
    everything = ledger(model).training(1).parts
    for layer in stack[:2]:
        layer.trainable = False
    head = ledger(model).training(1).parts
    assert head["gradients"] == 4 * (64 * 2 + 2)
    assert head["weights"] == everything["weights"]
    assert head["activations kept for backward"] == 4 * 64  # only what the head reads
    stack[0].trainable = True  # a frozen layer above a trainable one still passes gradients on: its relu's output is needed
    middle = ledger(model).training(1).parts
    assert middle["activations kept for backward"] == 4 * (128 + 144 + 64)


def test_branches_keep_the_shared_tensor_alive_and_views_cost_nothing():
    image = keras.Input((10,))
    a = layers.Dense(20, name="a")(image)
    b = layers.Reshape((4, 5))(a)
    c = layers.Flatten()(layers.ReLU()(b))
    model = keras.Model(image, layers.Add()([a, c]))
    # alive at the sum: a (20), the relu's output (20) and the result (20); the view of `a` takes no memory of its own
    assert ledger(model).inference(2).parts["largest set of live tensors"] == 4 * 2 * 60


def test_dropout_costs_in_training_only():
    model = chain(layers.Flatten(), layers.Dense(40, use_bias=False), layers.Dropout(0.5), layers.Dense(2), shape=(5,))
    book = ledger(model)
    assert book.inference(1).parts["largest set of live tensors"] == 4 * 45
    assert book.training(1).parts["activations kept for backward"] == 4 * (5 + 40) + 40  # a mask of one byte a value


def test_activations_keep_input_or_output():
    # relu needs its output, gelu the sum that it was given; both are as large, a linear layer needs neither.
    for function, kept in (("relu", 20), ("gelu", 20), ("linear", 0)):
        book = ledger(chain(layers.Dense(20, activation=function), layers.AveragePooling1D(4), shape=(4, 3)))
        expected = 4 * (12 + 4 * kept)
        assert book.training(1).parts["activations kept for backward"] == expected, function


def test_the_largest_batch_is_the_largest():
    book = ledger(chain(layers.Conv2D(3, 3, activation="relu"), layers.Flatten(), layers.Dense(5)))
    for available in (1e5, 1e6):
        batch = book.largest_batch(available, "adam")
        assert batch > 0
        assert book.training(batch, "adam").total <= available < book.training(batch + 1, "adam").total
    assert book.largest_batch(100) == 0
    with pytest.raises(ValueError, match="at least one example"):
        book.training(0)


def test_memory_shows_its_parts():
    memory = ledger(chain(layers.Conv2D(3, 3))).training(2, "adam")
    assert "optimizer slots (2 a weight)" in str(memory) and "total" in str(memory)
    assert "<table>" in memory._repr_html_()


def convnet(side: int = 96):
    """A ConvNet whose training is about activations: VGG's pattern, three blocks."""
    image = x = keras.Input((side, side, 3))
    for filters in (32, 64, 128):
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dense(128, activation="relu")(layers.Flatten()(x))
    return keras.Model(image, layers.Dense(10, activation="softmax")(x))


def test_prediction_and_measured_peak_agree():
    """Within a factor of 1.5 for a ConvNet. What is measured on top: copies that oneDNN reorders, buffers of the allocator,
    the traced graph of the training step, and the batch's NumPy copy."""
    model = convnet()
    measured = measure_training_peak(model, batch=48, optimizer="adam")
    ratio = measured.added / ledger(model).training(48, "adam").total
    print(f"measured / predicted = {ratio:.2f}")
    # TensorFlow 2.18 copies more on a processor with AVX-512: 1.7 there, where 2.21 has 1.2
    assert 1 / 1.5 < ratio < (2 if tensorflow.__version__.startswith("2.18.") else 1.5)
    assert measured.before < measured.built <= measured.peak


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "side", "batch", "optimizer"),
    [("VGG16", 64, 64, "adam"), ("ResNet50", 96, 32, "momentum"), ("MobileNetV2", 96, 64, "sgd"), ("Xception", 96, 32, "adam")],
)
def test_prediction_and_measured_peak_agree_on_real_architectures(name, side, batch, optimizer):
    model = getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3), classes=10)
    measured = measure_training_peak(model, batch=batch, optimizer=optimizer)
    ratio = measured.added / ledger(model).training(batch, optimizer).total
    print(f"{name}: measured / predicted = {ratio:.2f}")
    assert 1 / 1.5 < ratio < 1.5


def test_a_failing_measurement_says_so(monkeypatch):
    class Child:
        returncode, stdout, stderr = 1, "", "Traceback …\nMemoryError: no room\n"

    monkeypatch.setattr("utils.ledger.measure.subprocess.run", lambda *arguments, **options: Child)
    with pytest.raises(RuntimeError, match="try a smaller batch. It said: MemoryError: no room"):
        measure_training_peak(chain(layers.Dense(1)), batch=1)


def test_a_model_that_no_configuration_describes_is_refused():
    class Own(layers.Layer):
        def get_config(self):
            raise NotImplementedError("this layer keeps its secrets")

        def call(self, inputs):
            return inputs

    with pytest.raises(ValueError, match="cannot be rebuilt in another process"):
        measure_training_peak(chain(Own()), batch=1)
