"""Seconds of training to 98 % and to 99 % on MNIST, for `make bench`: Lab 02's own recipes against the usual one."""

import math
import time

import numpy as np

TARGETS = (0.98, 0.99)


def measure() -> dict[str, float]:
    """{what: value} for `make bench`: the sprint's seconds to 98 % and 99 %; its accuracy (%) and seconds in the end, and those
    of the most accurate entry.

    Training alone is timed, the first epoch's compilation included; the network is evaluated after each epoch with the clock
    stopped. The rival is the recipe of Keras' own example of a small ConvNet. Raises `utils.data.Missing` without the full
    set: 99 % of the stand-in's 1,000 test digits would say little.
    """
    from utils.data import Missing, load_mnist
    from utils.lessons.lab02 import challenge, plan

    data = load_mnist(quiet=True)
    if not data.full:
        raise Missing("Lab 02's clock needs all 70,000 digits: run `python -m utils.data fetch`, or set COURSE_DATA.")
    x_train, x_test = ((images[..., np.newaxis] / 255).astype("float32") for images in (data.x_train, data.x_test))
    recipe = challenge.sprint(plan.ALL_DIGITS.sprint_epochs, plan.ALL_DIGITS.sprint_batch)
    run = challenge.run(recipe, x_train, data.y_train, x_test, data.y_test, every_epoch=True)
    seconds = {f"seconds of training to {100 * target:.0f} %": run.seconds_to(target) for target in TARGETS}
    champion = challenge.champion(plan.ALL_DIGITS.champion_epochs)
    best = challenge.run(champion, x_train, data.y_train, x_test, data.y_test)
    usual = usual_seconds(x_train, data.y_train, x_test, data.y_test)
    return {
        **seconds,
        "sprint: accuracy %": 100 * run.accuracy,
        "sprint: seconds": run.seconds,
        "most accurate: accuracy % (aim: 99.5)": 100 * best.accuracy,
        "most accurate: seconds (aim: 60)": best.seconds,
        "usual recipe: seconds of training to 99 %": usual,
        "to 99 %: the usual recipe's time over the sprint's (aim: 8)": usual / run.seconds_to(0.99),
    }


def usual_seconds(x_train, y_train, x_test, y_test, target: float = TARGETS[-1], epochs: int = 15) -> float:
    """Seconds of `fit` until the usual recipe reaches `target` (fraction); infinite when it does not in `epochs`.

    Two convolutions of 32 and 64 kernels, each pooled, dropout, one dense layer; Adam as it comes, batches of 128.
    """
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    stack = [layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(64, 3, activation="relu")]
    stack += [layers.MaxPooling2D(), layers.Flatten(), layers.Dropout(0.5), layers.Dense(10, activation="softmax")]
    model = keras.Sequential([keras.Input((28, 28, 1)), *stack])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    seconds = 0.0
    for _ in range(epochs):
        started = time.perf_counter()
        model.fit(x_train, y_train, batch_size=128, verbose=0)
        seconds += time.perf_counter() - started
        if model.evaluate(x_test, y_test, batch_size=1000, verbose=0)[1] >= target:
            return seconds
    return math.inf


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value:.4g}")
