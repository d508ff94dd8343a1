"""Seconds of training to 98 % and to 99 % on MNIST, for `make bench`: Lab 02's own recipes, timed on this machine."""

import numpy as np

TARGETS = (0.98, 0.99)


def measure() -> dict[str, float]:
    """{what: value} for `make bench`: seconds of training to 98 % and 99 %, and the accuracy (%) and seconds in the end.

    Training alone is timed, the first epoch's compilation included; the network is evaluated after each epoch with the clock
    stopped. Raises `utils.data.Missing` without the full set: 99 % of the 1,000 test digits of the stand-in would say little.
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
    return {**seconds, "sprint: accuracy %": 100 * run.accuracy, "sprint: seconds": run.seconds}


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value:.4g}")
