"""NumPy against TensorFlow on one real layer, for `make bench`: Lab 01's own answer, timed on this machine."""

import numpy as np

from tools.lesson import ROOT, Lesson
from utils import timing

BAR = 1.5  # times tf.nn.conv2d; above it, the lab's claim that NumPy keeps up does not hold on this machine


def measure() -> dict[str, float]:
    """{what: value}: milliseconds of `conv_fast` (the solution's) and `tf.nn.conv2d` on 56×56×128 → 256, 3×3, and their ratio.

    Medians of 31 rounds in which each runs once. Raises RuntimeError when the two do not compute the same.
    """
    import tensorflow as tf

    lesson = Lesson.read(ROOT / "solutions" / "01_convolution_by_hand.py")
    names = {"np": np}
    exec(next(task.cell.source for task in lesson.tasks if task.name == "conv_fast"), names)  # our own lesson's cell
    rng = np.random.default_rng(0)
    image = np.pad(rng.normal(size=(56, 56, 128)), ((1, 1), (1, 1), (0, 0))).astype("float32")
    kernels = rng.normal(size=(3, 3, 128, 256)).astype("float32")

    def tensorflow(image, kernels):
        return tf.nn.conv2d(image[None], kernels, strides=1, padding="VALID")[0].numpy()

    times, left_out = timing.compare({"tf.nn.conv2d": tensorflow, "conv_fast": names["conv_fast"]}, image, kernels, repeats=31)
    if left_out:
        raise RuntimeError(f"Lab 01's conv_fast cannot be timed: it {left_out['conv_fast']}.")
    ratio = times["conv_fast"] / times["tf.nn.conv2d"]
    found = {f"{name} on 56×56×128 → 256, ms": value for name, value in times.items()}
    return {**found, f"conv_fast over tf.nn.conv2d (bar: {BAR})": ratio}


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value:.4g}")
