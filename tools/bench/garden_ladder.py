"""Measure how hard the garden is: four models of rising power on the same synthetic scenes.

    python -m tools.bench.garden_ladder --seeds 0 1 2

A data set to teach with must separate them: a linear model on pixels, a small ConvNet trained from scratch, a linear
head on frozen Xception features, and Xception with blocks 13 and 14 retrained. Run it after each change of `utils.garden`.
It takes about three minutes a seed on two cores and needs the pretrained Xception.
"""

import argparse
import time

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from utils import data, garden, transfer
from utils.training.schedule import warmup_cosine

CUT = "block13_sepconv1_act"  # the layer that receives what the frozen part computes
TEST_PART = 0.25


def linear(train, test, train_labels, test_labels):
    """Logistic regression on the pixels, shrunk to 50 x 50 and standardized. Returns the test accuracy."""
    step = max(1, train.shape[1] // 50)

    def pixels(images):
        side = images.shape[1] // step
        blocks = images[:, : side * step, : side * step].reshape(len(images), side, step, side, step, 3)
        return blocks.mean((2, 4)).reshape(len(images), -1)

    model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=300))
    return model.fit(pixels(train), train_labels).score(pixels(test), test_labels)


def small_convnet(train, test, train_labels, test_labels, epochs, seed):
    """Four convolutions with BatchNorm, trained from scratch with flips. Returns the test accuracy."""
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Input(train.shape[1:]), keras.layers.Rescaling(1 / 127.5, offset=-1)]
    layers += [keras.layers.RandomFlip("horizontal")]
    for filters in (16, 32, 64, 96):
        layers += [
            keras.layers.Conv2D(filters, 3, strides=2 if filters == 16 else 1, padding="same", use_bias=False),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.ReLU(),
            keras.layers.MaxPooling2D(),
        ]
    layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dropout(0.2), keras.layers.Dense(5)]
    model = keras.Sequential(layers)
    steps = epochs * -(-len(train) // 32)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(warmup_cosine(steps, 3e-3, 0.1), weight_decay=1e-3), loss, metrics=["accuracy"])
    model.fit(train, train_labels, batch_size=32, epochs=epochs, verbose=0)
    return model.evaluate(test, test_labels, verbose=0)[1]


def xception_rungs(train, test, train_labels, test_labels, epochs, seed, tune):
    """Frozen features with a linear head, then blocks 13 and 14 retrained from there on cached activations.

    Returns the test accuracies, (frozen,) or (frozen, tuned), and the confusion matrix of the last.
    """
    base = data.pretrained("xception", size=train.shape[1], quiet=True)
    lower, upper = transfer.cut(base, CUT)
    cached, unseen = (transfer.activations(lower, part, label="") for part in (train, test))
    features, unseen_features = (transfer.outputs(upper, part).mean((1, 2)) for part in (cached, unseen))
    frozen = LogisticRegression(C=1.0, max_iter=2000).fit(features, train_labels)
    guesses = frozen.predict(unseen_features)
    scores = [(guesses == test_labels).mean()]
    if tune:
        views = [cached, transfer.activations(lower, train, mirrored=True, label="")]
        model = transfer.top(upper, len(garden.CLASSES), head=(frozen.coef_.T, frozen.intercept_))
        transfer.tune(model, views, train_labels, np.arange(len(train)), epochs=epochs, seed=seed, label="")
        guesses = transfer.outputs(model, unseen).argmax(1)
        scores.append((guesses == test_labels).mean())
    return scores, confusion_matrix(test_labels, guesses)


def measure(seed, count, size, epochs, tune):
    """One row of the table, a dict of test accuracies for one garden seed, and a confusion matrix."""
    started = time.perf_counter()
    images, labels = garden.flowers(count, size, seed)
    parts = train_test_split(images, labels, test_size=TEST_PART, random_state=seed, stratify=labels)
    row = {"linear": linear(*parts), "small ConvNet": small_convnet(*parts, epochs=30, seed=seed)}
    scores, table = xception_rungs(*parts, epochs=epochs, seed=seed, tune=tune)
    row.update(zip(("frozen Xception", "tuned Xception"), scores, strict=False))
    row["seconds"] = time.perf_counter() - started
    return row, table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument("--size", type=int, default=150)
    parser.add_argument("--epochs", type=int, default=8, help="epochs of tuning")
    parser.add_argument("--no-tuning", action="store_true", help="leave out the slowest rung")
    options = parser.parse_args()

    rows = []
    for seed in options.seeds:
        row, table = measure(seed, options.scenes, options.size, options.epochs, not options.no_tuning)
        rows.append(row)
        print(f"seed {seed}: " + ", ".join(f"{name} {value:.3g}" for name, value in row.items()), flush=True)
        print("  confusion of the strongest (rows: " + ", ".join(garden.CLASSES) + "):", table.tolist(), flush=True)
    print("\n| " + " | ".join(["seed", *rows[0]]) + " |\n|" + " --- |" * (len(rows[0]) + 1))
    for seed, row in zip(options.seeds, rows, strict=True):
        cells = [f"{value:.0f}" if name == "seconds" else f"{value:.1%}" for name, value in row.items()]
        print("| " + " | ".join([str(seed), *cells]) + " |")


if __name__ == "__main__":
    main()
