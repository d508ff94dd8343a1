"""Measure what the ledger predicts: the peak memory of real training steps, in a fresh process.

The child process builds the model anew from its configuration, so nothing of this process is in the figure. It warms
TensorFlow up on a tiny model first; what a training step adds to its resident memory after that is the measurement.
"""

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from . import asking
from .graph import trace
from .memory import optimizer_of


@dataclass(frozen=True)
class Measured:
    """Resident memory of a fresh process, in bytes: before the model, with its weights, at the peak of the steps."""

    before: int
    built: int
    peak: int
    batch: int
    seconds: float  # of the last step

    @property
    def added(self) -> int:
        """What model and training steps added to the process, at the peak: to be compared with `Ledger.training`."""
        return self.peak - self.before


def measure_training_peak(model, batch: int = 32, optimizer="adam", steps: int = 2, timeout: float = 300) -> Measured:
    """Train a copy of `model` for a few steps on noise in a fresh process, and measure the peak of its memory.

    oneDNN is off there, since its copies are no part of the network. Works for models that Keras can rebuild from their
    configuration (no custom layers of your own). Raises TypeError for what is no model, ValueError for a model that has no
    fixed input shape or no configuration and for numbers below 1, RuntimeError with the child's last words when it fails,
    subprocess.TimeoutExpired after `timeout` seconds.
    """
    import keras

    walked = trace(model)
    if any(tensor.size is None for _, tensor in walked.inputs):
        raise ValueError(f"{model.name!r} leaves axes of its input open: build it with a fixed shape to train it on noise.")
    batch, steps = (
        asking.whole(n, what, 2) for n, what in ((batch, "A batch has at least one example: its size"), (steps, "`steps`"))
    )
    timeout = asking.amount(timeout, "`timeout`, in seconds,", "300")
    own = optimizer_of(optimizer)[1]
    try:
        order = {
            "model": model.to_json(),
            "trainable": [layer.trainable for layer in model.layers],
            "optimizer": keras.optimizers.serialize(own),
            "batch": batch,
            "steps": steps,
        }
        text = json.dumps(order)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise ValueError(f"{model.name!r} cannot be rebuilt in another process: {error}") from None
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    # glibc would keep freed blocks for later; handed back at once, they cannot blur the measurement. oneDNN keeps copies of
    # tensors in its own order: half as much again, which belongs to that library and not to the network.
    quiet = {
        "PYTHONPATH": path,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "MALLOC_MMAP_THRESHOLD_": "65536",
        "MALLOC_TRIM_THRESHOLD_": "65536",
    }
    child = subprocess.run(
        [sys.executable, "-m", f"{__package__}.measure"],
        input=text, capture_output=True, text=True, encoding="utf-8", timeout=timeout, env={**os.environ, **quiet},
    )  # fmt: skip
    if child.returncode != 0:
        last = child.stderr.strip().splitlines()[-1:] or [f"exit status {child.returncode}"]
        raise RuntimeError(f"The measuring process failed, perhaps for lack of memory; try a smaller batch. It said: {last[0]}")
    return Measured(batch=batch, **json.loads(child.stdout.strip().splitlines()[-1]))


class _Peak(threading.Thread):
    """The peak of this process' resident memory: read every two milliseconds, and asked of the system where it keeps count.

    The system's own mark (Linux, macOS, Windows) misses nothing, but begins with the process; it counts once it has moved.
    """

    def __init__(self):
        super().__init__(daemon=True)
        import psutil

        self._process = psutil.Process()
        self._done = threading.Event()
        self._mark = self.high_water()
        self.most = self.now()

    def now(self) -> int:
        return self._process.memory_info().rss

    def high_water(self) -> int:
        """The highest resident memory since the process began."""
        try:
            import resource
        except ImportError:  # Windows
            return self._process.memory_info().peak_wset
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

    def run(self):
        while not self._done.wait(0.002):
            self.most = max(self.most, self.now())

    def stop(self) -> int:
        self._done.set()
        self.join()
        mark = self.high_water()
        return max(self.most, mark if mark > self._mark else 0)


def _measure(order: dict) -> dict:
    import time

    import keras
    import numpy as np

    def train(model, batch, steps):
        inputs = [np.random.default_rng(0).random((batch, *x.shape[1:]), "float32") for x in model.inputs]
        targets = [np.zeros((batch, *x.shape[1:]), "float32") for x in model.outputs]
        for _ in range(steps):
            begun = time.perf_counter()
            model.train_on_batch(inputs if len(inputs) > 1 else inputs[0], targets if len(targets) > 1 else targets[0])
        return time.perf_counter() - begun

    tiny = keras.Sequential([keras.Input((16, 16, 3))])
    for _ in range(2):
        tiny.add(keras.layers.Conv2D(16, 3, padding="same", activation="relu"))
        tiny.add(keras.layers.DepthwiseConv2D(3, padding="same"))
        tiny.add(keras.layers.BatchNormalization())
        tiny.add(keras.layers.MaxPooling2D(2))
    tiny.add(keras.layers.Flatten())
    tiny.add(keras.layers.Dense(2, activation="softmax"))
    tiny.compile(optimizer=keras.optimizers.deserialize(order["optimizer"]), loss="mse")
    train(tiny, 8, 2)
    peak = _Peak()
    before = peak.now()
    peak.start()
    model = keras.models.model_from_json(order["model"])
    for layer, trainable in zip(model.layers, order["trainable"], strict=True):
        layer.trainable = trainable
    model.compile(optimizer=keras.optimizers.deserialize(order["optimizer"]), loss="mse")
    built = peak.now()
    seconds = train(model, order["batch"], order["steps"])
    return {"before": before, "built": built, "peak": peak.stop(), "seconds": seconds}


if __name__ == "__main__":
    print(json.dumps(_measure(json.loads(sys.stdin.read()))))
