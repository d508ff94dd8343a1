"""What every notebook of the course shares, in nine rooms; imports run from the upper to the lower ones only.

    lessons    what one lesson needs          training   trains networks, caches activations
    check      judges a student's answer      vision     boxes, masks, maps, augmentation
    ledger     counts what models cost        doctor     examines the student's machine
    notebook   speaks to the reader           data       finds data and weights
    garden     draws scenes with truth

Importing it costs nothing: a room is opened where it is first used, and TensorFlow is loaded only where it is needed.
What TensorFlow is told by environment variables is told here, so import this package first.
"""

import importlib
import os

# TensorFlow's C++ start-up notes say nothing to a student; real errors still appear. Must be set before it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# oneDNN's convolutions. TensorFlow uses them unasked only on some processors. On one with AVX2 but no AVX-512 they shorten a
# training step of LeNet-5 or of the lecture's ConvNet by a quarter to a third, one of Xception's block 14 by nearly two thirds.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# From the top to the bottom: a module imports from its own room and from those after it (tests/test_house.py).
ROOMS = ("lessons", "check", "ledger", "training", "vision", "doctor", "notebook", "data", "garden")

# What lessons use most they import from here, whichever room it stands in: `from utils import check, plot, results`.
FRONT = {
    "gate": "notebook.gate",
    "intervals": "notebook.intervals",
    "panel": "notebook.panel",
    "plot": "notebook.plot",
    "progress": "notebook.progress",
    "results": "notebook.results",
    "timing": "notebook.timing",
    "augment": "vision.augment",
    "batches": "training.batches",
    "digits": "training.digits",
    "transfer": "training.transfer",
}


def __getattr__(name: str):
    """A room, or a module of FRONT, imported when it is first asked for."""
    if name in ROOMS or name in FRONT:
        return importlib.import_module(f"{__name__}.{FRONT.get(name, name)}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
