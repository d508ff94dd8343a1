"""Measure how hard the garden is: four models of rising power on the same synthetic scenes.

    python -m tools.garden_ladder --seeds 0 1 2

A data set to teach with must separate them: a linear model on pixels, a small ConvNet trained from scratch, a linear
head on frozen Xception features, and Xception with blocks 13 and 14 retrained. Run it after each change of `utils.garden`.
It takes about three minutes a seed on two cores and needs the pretrained Xception.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from utils import garden

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
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=3e-3, warmup_steps=steps // 10)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-3), loss, metrics=["accuracy"])
    model.fit(train, train_labels, batch_size=32, epochs=epochs, verbose=0)
    return model.evaluate(test, test_labels, verbose=0)[1]


def split_xception(base):
    """The pretrained network as (stem up to block 12, tail of blocks 13 and 14), sharing its layers."""
    middle = base.get_layer(CUT).input
    return keras.Model(base.inputs, middle), keras.Model(middle, base.outputs[0])


def rescale(images):
    """uint8 0..255 to float32 -1..1, what Xception expects."""
    return images.astype(np.float32) / 127.5 - 1


def tuned(tail, cached, labels, test_cached, test_labels, head, epochs, seed):
    """Retrain the tail (BatchNorm in inference mode) and a head on cached activations. Returns the test accuracy.

    cached: (m, h, w, 728) activations below block 13 of the training scenes. head: (weights, bias) of the linear head
    on the frozen features, where the training starts from.
    """
    keras.utils.set_random_seed(seed)
    tail.trainable = True
    inputs = keras.Input(cached.shape[1:])
    x = keras.layers.GlobalAveragePooling2D()(tail(inputs, training=False))
    x = keras.layers.Dropout(0.2)(x)
    dense = keras.layers.Dense(5)
    model = keras.Model(inputs, dense(x))
    dense.set_weights(head)
    steps = epochs * -(-len(cached) // 32)
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=3e-4, warmup_steps=steps // 8)
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-2),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        metrics=["accuracy"],
    )
    model.fit(cached, keras.utils.to_categorical(labels, 5), batch_size=32, epochs=epochs, verbose=0)
    guesses = model.predict(test_cached, verbose=0).argmax(1)
    return (guesses == test_labels).mean(), confusion_matrix(test_labels, guesses)


def measure(load_base, seed, count, size, tune):
    """One row of the table: a dict of test accuracies for one garden seed."""
    started = time.perf_counter()
    images, labels = garden.flowers(count, size, seed)
    row = {"scenes/s": count / (time.perf_counter() - started)}
    train, test, train_labels, test_labels = train_test_split(
        images, labels, test_size=TEST_PART, random_state=seed, stratify=labels
    )
    row["linear"] = linear(train, test, train_labels, test_labels)
    row["small ConvNet"] = small_convnet(train, test, train_labels, test_labels, 30, seed)

    base = load_base()
    stem, tail = split_xception(base)
    views = [stem.predict(rescale(part), batch_size=25, verbose=0) for part in (train, test)]
    features = [tail.predict(part, batch_size=25, verbose=0).mean((1, 2)) for part in views]
    frozen = LogisticRegression(C=1.0, max_iter=2000).fit(features[0], train_labels)
    row["frozen Xception"] = frozen.score(features[1], test_labels)
    table = confusion_matrix(test_labels, frozen.predict(features[1]))
    if tune:
        flipped = stem.predict(rescale(train[:, :, ::-1]), batch_size=25, verbose=0)
        cached, twice = np.concatenate([views[0], flipped]), np.concatenate([train_labels, train_labels])
        head = (frozen.coef_.T, frozen.intercept_)
        row["tuned Xception"], table = tuned(tail, cached, twice, views[1], test_labels, head, 8, seed)
    row["seconds"] = time.perf_counter() - started
    return row, table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument("--size", type=int, default=150)
    parser.add_argument("--no-tuning", action="store_true", help="leave out the slowest rung")
    parser.add_argument("--model", help="a .keras file with a nested layer named xception, instead of utils.data")
    options = parser.parse_args()

    def load_base():
        if options.model:
            return keras.models.load_model(options.model, compile=False).get_layer("xception")
        from utils import data

        return data.pretrained("xception")

    rows = []
    for seed in options.seeds:
        row, table = measure(load_base, seed, options.scenes, options.size, not options.no_tuning)
        rows.append(row)
        print(f"seed {seed}: " + ", ".join(f"{name} {value:.3g}" for name, value in row.items()), flush=True)
        print("  confusion of the strongest (rows: " + ", ".join(garden.CLASSES) + "):", table.tolist(), flush=True)
    print("\n| " + " | ".join(["seed", *rows[0]]) + " |\n|" + " --- |" * (len(rows[0]) + 1))
    for seed, row in zip(options.seeds, rows, strict=True):
        cells = [f"{v:.1%}" if name not in ("scenes/s", "seconds") else f"{v:.0f}" for name, v in row.items()]
        print("| " + " | ".join([str(seed), *cells]) + " |")


if __name__ == "__main__":
    main()
