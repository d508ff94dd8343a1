"""How well and how fast Lab 08's detector does by the lab's own plan, and the program that records the lab's detections."""

import json
import time
from dataclasses import replace

import numpy as np

SEEDS = (0, 1, 2)
TRAINING, TEST = 1, 2  # seeds of the lab's scenes; what is decided by looking at figures is decided on others
RECORDED = {"weak": (300, 4), "strong": (1000, 8)}  # scenes and epochs of the recorded detectors


def measure() -> dict[str, float]:
    """What `speed` and `scores` measure: three seeds on 300 drawn scenes."""
    return speed() | scores(TEST)


def speed(repeats: int = 15) -> dict[str, float]:
    """Milliseconds a scene, and how many times as fast as its sliding window each way to detect is; medians.

    The two ways that give the same answers are measured in turns, the detector right after them. The weights are random: they
    change no time. Suppression is left out everywhere.
    """
    from utils import garden
    from utils.lessons.lab08 import plans
    from utils.notebook import timing
    from utils.vision import sliding, windows

    image = garden.scenes(1, plans.GRID.size, seed=TEST).images[0]
    classifier = windows.classifier(46, "valid")
    everywhere = sliding.fully_convolutional(classifier)
    small = plans.network(plans.FROM_SCRATCH, plans.read(plans.FROM_SCRATCH, None, image[None]))

    def window_by_window(picture):
        return classifier.predict_on_batch(windows.cut_out(picture, 46).astype("float32"))

    ways = {
        "window by window": window_by_window,
        "fully convolutional, all scales": lambda picture: windows.everywhere(everywhere, picture),
    }
    times, _ = timing.compare(ways, image, repeats=repeats)
    detect = {
        "grid detector from scratch": lambda picture: small.predict_on_batch(
            plans.read(plans.FROM_SCRATCH, None, picture[None])[0]
        )
    }
    times |= timing.compare(detect, image, repeats=repeats)[0]
    figures = {f"{name}: ms a scene": each for name, each in times.items()}
    for name in list(times)[1:]:
        figures[f"{name}, times as fast as window by window"] = times["window by window"] / times[name]
    return figures


def scores(seed: int, seeds=SEEDS) -> dict[str, float]:
    """AP50 of one class and mAP50 of five on 300 scenes of the seed `seed`, and the seconds of training, for each of `seeds`."""
    import keras

    from utils.lessons.lab08 import plans
    from utils.vision import average_precision as ap
    from utils.vision.detector import detect
    from utils.vision.nms import suppress

    chosen, base, training = _prepared()
    scenes, true = _scenes(300, seed, chosen)
    maps = plans.read(chosen, base, scenes.images, "test scenes")
    figures = {}
    for number in seeds:
        keras.utils.set_random_seed(number)
        started = time.perf_counter()
        model = plans.network(chosen, training[0])
        plans.train(model, chosen, *training, chosen.epochs)
        figures[f"seed {number}: seconds of training"] = time.perf_counter() - started
        found = detect(model, maps, chosen.grid, score=0.02)
        curve = ap.precision_recall([suppress(each, across=True) for each in found], true)
        figures[f"seed {number}: AP50 of one class"] = ap.average_precision(curve.recall, curve.precision)
        for name, iou in (("mAP50", 0.5), ("mAP75", 0.75)):
            figures[f"seed {number}: {name}"] = ap.mean_average_precision(found, true, iou=iou)
        print({name: round(value, 4) for name, value in figures.items() if name.startswith(f"seed {number}")}, flush=True)
    return figures


def record() -> None:
    """Write utils/lessons/lab08/recorded.json: what a weak and a strong detector find in 100 scenes, nothing suppressed."""
    import keras

    from utils import data, garden
    from utils.lessons.lab08 import plans, recorded
    from utils.vision import average_precision as ap
    from utils.vision.detections import Objects
    from utils.vision.detector import detect

    finest = replace(plans.ON_XCEPTION, maps=plans.ON_XCEPTION.maps[:1])
    base = data.pretrained("xception", size=recorded.SIZE, quiet=True)
    scenes, shown = garden.scenes(max(RECORDED.values())[0], recorded.SIZE, seed=TRAINING), recorded.scenes()
    targets = np.stack([finest.grid.encode(*each) for each in zip(scenes.boxes, scenes.classes, strict=True)])
    (maps,), (test,) = (plans.read(finest, base, each.images) for each in (scenes, shown))
    true = [Objects(*each) for each in zip(shown.boxes, shown.classes, strict=True)]
    content = {"about": recorded.ABOUT, "true": [_columns(each) for each in true]}
    for name, (count, epochs) in RECORDED.items():
        keras.utils.set_random_seed(0)
        model = plans.network(finest, [maps])
        plans.train(model, finest, [maps[:count]], targets[:count], epochs)
        found = detect(model, test, finest.grid, score=0.03, iou=None)
        content[name] = [_columns(each) for each in found]
        print(name, "mAP50 before suppression", ap.mean_average_precision(found, true), sum(len(each.scores) for each in found))
    recorded.FILE.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


def _prepared():
    """(plan, the pretrained network, (feature maps, targets) of the training scenes)."""
    from utils import data
    from utils.lessons.lab08 import plans

    chosen = plans.ON_XCEPTION
    base = data.pretrained("xception", size=chosen.grid.size, quiet=True)
    scenes, _ = _scenes(plans.SCENES, TRAINING, chosen)
    targets = np.stack([chosen.grid.encode(*each) for each in zip(scenes.boxes, scenes.classes, strict=True)])
    return chosen, base, (plans.read(chosen, base, scenes.images, "training scenes"), targets)


def _scenes(count, seed, chosen):
    from utils import garden
    from utils.vision.detections import Objects

    scenes = garden.scenes(count, chosen.grid.size, seed=seed)
    return scenes, [Objects(*each) for each in zip(scenes.boxes, scenes.classes, strict=True)]


def _columns(one) -> list:
    """The columns of Objects or Detections as lists: boxes to a tenth of a pixel, labels, and scores, if any, to four digits."""
    boxes, labels, *scores = one
    return [np.round(boxes, 1).tolist(), [int(label) for label in labels], *(np.round(each, 4).tolist() for each in scores)]
