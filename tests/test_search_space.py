"""Level 1: Lecture 02's compiled trainer computes and trains the networks that the lecture shows in Keras."""

import numpy as np
import pytest

from tools.lesson import ROOT, Lesson
from utils.lessons.lecture02 import search_space


@pytest.fixture(scope="module")
def network():
    """The lecture's own function from an architecture to a Keras model, taken from its source."""
    import keras

    lecture = Lesson.read(ROOT / "notebooks" / "02_architectures.py")
    (source,) = [cell.source for cell in lecture.cells if "def network(" in cell.source]
    names = {"Input": keras.Input, "Sequential": keras.Sequential, "layers": keras.layers}
    exec(source, names)
    return names["network"]


@pytest.fixture(scope="module")
def digits():
    """200 real digits of 8×8 pixels and their labels."""
    from sklearn.datasets import load_digits

    return ((load_digits().images[:200] / 16).astype("float32")[..., None], load_digits().target[:200])


@pytest.mark.parametrize(
    "architecture",
    [
        ("conv 3×3", "max pool", "conv 1×1", "identity"),
        ("identity", "identity", "identity", "identity"),
        ("max pool", "conv 3×3", "conv 3×3", "conv 1×1"),
    ],
    ids=" ".join,
)
def test_the_compiled_network_is_the_lectures_keras_network(architecture, network, digits):
    weights = search_space.initial_weights(seed=5)
    model = network(architecture)
    kernels = [weights[0]]
    for place, operation in enumerate(architecture):
        if operation == "conv 1×1":
            kernels.append(weights[1 + place])
        if operation == "conv 3×3":
            kernels.append(weights[1 + search_space.PLACES + place])
    model.set_weights([*kernels, *weights[-2:]])
    codes = search_space.codes_of(architecture)
    scores = np.asarray(search_space.logits(weights, codes, digits[0]), "float64")
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert np.abs(probabilities - model(digits[0]).numpy()).max() < 1e-5


def test_training_starts_anew_for_each_architecture_and_learns(digits):
    """The second of two equal trainings would differ if weights or Adam's slots were left from the one before."""
    good, poor = ("conv 3×3", "conv 3×3", "identity", "identity"), ("identity",) * 4
    both = search_space.train_all([poor, good], digits, digits, digits)
    alone = search_space.train_all([good], digits, digits, digits)
    assert both[good] == pytest.approx(alone[good], abs=1)
    assert both[good][0] == both[good][1] > 60  # chance is 10 %


@pytest.mark.parametrize("wrong", [("conv 3×3",) * 3, ("conv 3×3", "conv 5×5", "identity", "identity")])
def test_an_unknown_architecture_is_refused(wrong, digits):
    with pytest.raises(ValueError, match="give 4 of identity, conv 1×1, conv 3×3, max pool"):
        search_space.train_all([wrong], digits, digits, digits)
