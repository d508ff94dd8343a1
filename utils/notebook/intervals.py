"""Intervals for what a lesson measured: how far chance may have moved a mean or a share."""

import numpy as np


def mean_interval(values, level: float = 0.95) -> tuple[float, float, float]:
    """(mean, low, high) of values, one for each independent picture (n,): Student's t interval. Raises ValueError below two."""
    from scipy.stats import t

    values = np.asarray(values, np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"The shape is {values.shape}: an interval needs two values or more, one for each picture.")
    half = t.ppf((1 + level) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean(), values.mean() - half, values.mean() + half


def share_interval(values, level: float = 0.95) -> tuple[float, float, float]:
    """(mean, low, high) of hits and misses, 0 … 1, one for each independent picture (n,): Wilson's score interval.

    Unlike `mean_interval` it keeps a width where all are hits or all are misses: 112 of 112 is not certainty. Raises ValueError
    for values outside of 0 … 1. Source: Wilson, Probable Inference (1927).
    """
    from scipy.stats import norm

    values = np.asarray(values, np.float64)
    if values.ndim != 1 or not len(values) or not ((values >= 0) & (values <= 1)).all():
        raise ValueError("An interval of a share needs values from 0 to 1, one for each picture.")
    n, mean, z = len(values), values.mean(), norm.ppf((1 + level) / 2)
    middle = (mean + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(mean * (1 - mean) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return mean, max(0.0, middle - half), min(1.0, middle + half)
