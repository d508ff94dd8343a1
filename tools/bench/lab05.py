"""How fast this machine climbs lab 05's ladder (the lab's own cells, timed), and a training step of Xception's top."""

import contextlib
import io
import time

from tools.lesson import ROOT, Lesson


def ladder() -> dict[str, float]:
    """Xception features a second, and seconds and accuracy (%) of each rung.

    The pictures are whatever the lab gets: drawn scenes, or real photos when COURSE_DATA has them.
    Raises `utils.data.Missing` when the pretrained Xception is not there.
    """
    names = {"__name__": "bench"}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in Lesson.read(ROOT / "solutions" / "05_finetuning_xception.py").cells:
            if cell.source.startswith("## 5 "):
                break
            if cell.kind == "code":
                exec(compile(cell.source, f"<lab 05, line {cell.line}>", "exec"), names)  # our own lesson's cells
    if names["base"] is None:
        from utils import data

        raise data.Missing("Lab 05 needs the pretrained Xception: run `python -m utils.data fetch`.")
    figures = {}
    for rung, accuracy, _, seconds in names["rungs"]:
        if rung.startswith("Xception frozen"):
            figures[f"Xception features a second, {names['side']} px"] = len(names["images"]) / seconds
        figures[f"{rung}: seconds"] = seconds
        figures[f"{rung}: accuracy %"] = 100 * accuracy
    return figures


def training_step(repeats=8) -> dict[str, float]:
    """Milliseconds of a training step of Xception's block 14 on 32 photos of 224 pixels."""
    import keras
    import numpy as np

    from utils import transfer

    base = keras.applications.Xception(weights=None, include_top=False, input_shape=(224, 224, 3))
    _, upper = transfer.cut(base, "block14_sepconv1")
    model = transfer.top(upper, 5)
    x = np.random.default_rng(0).random((32, *upper.input_shape[1:]), np.float32)
    y = np.eye(5, dtype=np.float32)[np.arange(32) % 5]
    model.compile("sgd", keras.losses.CategoricalCrossentropy(from_logits=True))
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        model.train_on_batch(x, y)
        times.append(time.perf_counter() - started)
    return {"a training step of block 14, ms": 1000 * float(np.median(times[1:]))}  # the first one traces


def measure() -> dict[str, float]:
    """{name: value} for `make bench`."""
    return training_step() | ladder()


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:60s} {value:8.1f}")
