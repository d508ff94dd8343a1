"""Lab 03: which network still fits a card as the batch grows. `python -m tools.site.explorers.lab03` counts it anew.

The ledger counts a Keras model, and the site is built without TensorFlow: its counts are stored beside this file, and a test
compares them with the ledger.
"""

import json
from pathlib import Path

from tools.lesson import Lesson
from tools.site.explorers import Explorer, box, svg, words

STORE = Path(__file__).with_suffix(".json")
NETWORKS = ("VGG16", "ResNet50", "Xception", "DenseNet121", "MobileNetV2")
BATCHES = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256)
GIB, CARD = 2**30, 8


def count() -> dict[str, list[float]]:
    """Network → [bytes of a training step with Adam in float32 without any example, bytes that each example adds]."""
    import keras

    from utils.ledger import ledger

    found = {}
    for name in NETWORKS:
        book = ledger(getattr(keras.applications, name)(weights=None))
        one, two = (float(book.training(batch, "adam").total) for batch in (1, 2))
        found[name] = [2 * one - two, two - one]
    return found


def explorers(lesson: Lesson) -> list[Explorer]:
    counted = json.loads(STORE.read_text(encoding="utf-8"))
    return [
        Explorer(
            "batch-and-memory",
            f"Which network can still train on a card of {CARD} GiB as the batch grows? (Adam, float32)",
            "figures.explore(books)",
            {"batch": BATCHES},
            (32,),
            lambda batch: bars(counted, batch),
        )
    ]


def bars(counted: dict[str, list[float]], batch: int) -> tuple[str, str]:
    """One bar a network, what does not depend on the batch first, and the card's limit as a line."""
    left, scale, most = 3.4, 0.42, 24  # units for names and a GiB, GiB that the picture is wide
    drawn, labels, fits = [], [], []
    for number, (name, (fixed, each)) in enumerate(counted.items()):
        y, total = 0.9 + number, (fixed + each * batch) / GIB
        start = left + scale * min(fixed / GIB, most)
        end = left + scale * min(total, most)
        drawn += [box(left, y, start - left, 0.6, "cell warm"), box(start, y, end - start, 0.6, "cell lit")]
        labels += [words(left - 0.2, y + 0.45, name, anchor="end")]
        said = f"{total:.1f} GiB" + (" →" if total > most else "")
        labels += [words(end + 0.15, y + 0.45, said, anchor="start", kind="ink over")]
        fits += [name] if total <= CARD else []
    line = left + scale * CARD
    height = len(counted) + 1.1
    limit = f'<path class="limit" d="M{line:g} 0.6V{height:g}"/>'
    labels += [words(line, 0.45, f"the card: {CARD} GiB")]
    sentence = f"With a batch of {batch}, these fit: {', '.join(fits) or 'none'}. Orange does not depend on the batch; blue does."
    return svg(left + scale * most + 3, height, *drawn, limit, *labels), sentence


if __name__ == "__main__":
    STORE.write_text(json.dumps(count(), indent=1) + "\n", encoding="utf-8")
    print(STORE)
