"""Networks and losses for maps of classes."""

import keras
import numpy as np
import pytest

from utils.ledger import ledger
from utils.vision import losses, unet

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(2, 4, 5, 3)).astype("float32")
TRUTH = RNG.integers(0, 3, (2, 4, 5))
HOLES = np.where(RNG.random(TRUTH.shape) < 0.4, 255, TRUTH)
P = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=-1, keepdims=True)
OWN = np.take_along_axis(P, TRUTH[..., None], axis=-1)[..., 0]


# ---------------------------------------------------------------- networks


@pytest.mark.parametrize(
    "build",
    [
        lambda: unet.encoder_decoder(32, 4, (4, 6, 8), 10),
        lambda: unet.encoder_decoder(32, 4, (4, 6, 8), 10, skips=False),
        lambda: unet.dilated(32, 4, (4, 6, 8), 10),
    ],
)
def test_an_answer_for_each_four_pixels(build):
    model = build()
    assert model.output_shape == (None, 16, 16, 4)
    assert np.asarray(model(np.zeros((2, 32, 32, 3), "uint8"))).shape == (2, 16, 16, 4)


def test_skips_cost_only_what_the_decoder_reads_more():
    with_skips, without = (unet.encoder_decoder(32, 4, (4, 6, 8), 10, skips=skips) for skips in (True, False))
    assert with_skips.count_params() - without.count_params() == 9 * (4 * 4 + 6 * 6 + 8 * 8)


def test_the_dilated_encoder_has_the_weights_of_the_other():
    kernels = []
    for model in (unet.encoder_decoder(32, 4, (4, 6, 8), 10), unet.dilated(32, 4, (4, 6, 8), 10)):
        kernels.append([layer.kernel.shape for layer in model.layers if isinstance(layer, keras.layers.Conv2D)][:5])
    assert kernels[0] == kernels[1]
    model = unet.dilated(32, 4, (4, 6, 8), 10)
    last = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)][4]
    assert last.output.shape[1:3] == (8, 8)


def test_dilation_sees_as_far_as_strides_do():
    strided, dense = unet.encoder_decoder(64, 4, (4, 6, 8), 10), unet.dilated(64, 4, (4, 6, 8), 10)
    fields = []
    for model in (strided, dense):
        fifth = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)][4]
        fields.append(ledger(keras.Model(model.input, fifth.output)).rows[-1].receptive_field)
    assert fields[0] == fields[1]


def test_a_size_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="16 divides"):
        unet.encoder_decoder(40, 4)
    with pytest.raises(ValueError, match="4 divides"):
        unet.dilated(30, 4)


# ---------------------------------------------------------------- losses


def test_cross_entropy_is_the_mean_of_the_logarithms():
    assert float(losses.CrossEntropy()(TRUTH, LOGITS)) == pytest.approx(-np.log(OWN).mean(), rel=1e-5)


def test_weights_multiply_the_pixels_of_their_class():
    weights = np.array([0.5, 2.0, 3.0])
    assert float(losses.CrossEntropy(weights)(TRUTH, LOGITS)) == pytest.approx(-(weights[TRUTH] * np.log(OWN)).mean(), rel=1e-5)


def test_focal_loss_turns_easy_pixels_down():
    assert float(losses.Focal(2.0)(TRUTH, LOGITS)) == pytest.approx(-((1 - OWN) ** 2 * np.log(OWN)).mean(), rel=1e-5)
    assert float(losses.Focal(0.0)(TRUTH, LOGITS)) == pytest.approx(float(losses.CrossEntropy()(TRUTH, LOGITS)), rel=1e-5)


def test_dice_is_zero_for_a_sure_and_right_answer_and_one_for_a_wrong_one():
    sure = 50 * np.eye(3, dtype="float32")[TRUTH]
    assert float(losses.Dice()(TRUTH, sure)) == pytest.approx(0, abs=1e-5)
    assert float(losses.Dice(smooth=0)(TRUTH, np.roll(sure, 1, axis=-1))) == pytest.approx(1, abs=1e-5)
    onehot = np.eye(3)[TRUTH]
    both, total = (P * onehot).sum(axis=(0, 1, 2)), (P + onehot).sum(axis=(0, 1, 2))
    assert float(losses.Dice(smooth=0)(TRUTH, LOGITS)) == pytest.approx(1 - (2 * both / total).mean(), rel=1e-5)


ALL = [losses.CrossEntropy, lambda **o: losses.CrossEntropy((1, 2, 3), **o), losses.Focal, losses.Dice]


@pytest.mark.parametrize("make", ALL)
def test_unlabelled_pixels_have_no_say(make):
    import tensorflow as tf

    loss = make(ignore=255)
    changed = np.where(HOLES[..., None] == 255, RNG.normal(size=LOGITS.shape) * 9, LOGITS).astype("float32")
    assert float(loss(HOLES, changed)) == pytest.approx(float(loss(HOLES, LOGITS)), rel=1e-5)
    logits = tf.Variable(LOGITS)
    with tf.GradientTape() as tape:
        value = loss(HOLES, logits)
    slope = np.abs(tape.gradient(value, logits)).sum(axis=-1)
    assert (slope[HOLES == 255] == 0).all() and (slope[HOLES != 255] > 0).all()


@pytest.mark.parametrize("make", ALL)
def test_without_labels_there_is_no_loss(make):
    assert float(make(ignore=255)(np.full_like(TRUTH, 255), LOGITS)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("make", ALL)
def test_a_loss_comes_back_from_its_settings_and_trains_a_network(make):
    loss = make(ignore=255)
    twin = type(loss).from_config(loss.get_config())
    assert float(twin(HOLES, LOGITS)) == pytest.approx(float(loss(HOLES, LOGITS)))
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4, 5, 3)), keras.layers.Conv2D(3, 1)])
    model.compile("adam", loss)
    values = model.fit(LOGITS, HOLES, epochs=20, verbose=0).history["loss"]
    assert values[-1] < values[0]
