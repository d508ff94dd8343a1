"""Augmentation, what lessons use of it: the audit of motions, RandAugment by hand, and the pipelines."""

from .audit import Unreadable, addresses, audit, motion, read
from .pipelines import SLIDE, diagnosis, images_per_second, slide_layers, speeds
from .randaugment import OPERATIONS, rand_augment

__all__ = [
    "OPERATIONS",
    "SLIDE",
    "Unreadable",
    "addresses",
    "audit",
    "diagnosis",
    "images_per_second",
    "motion",
    "rand_augment",
    "read",
    "slide_layers",
    "speeds",
]
