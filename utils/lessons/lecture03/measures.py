"""The arithmetic of lecture 03: how alike features are, who is nearest, and the interval of a paired difference."""

import math

import numpy as np


def unit(points):
    """The rows of points (n, d), each scaled to length 1."""
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def cosine(a, b):
    """Cosine of the angle between the rows of a and b, both (n, d): (n,)."""
    return (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


def nearest(points):
    """For each row of points (n, d) the indices (n, n − 1) of the others, nearest first (Euclidean)."""
    squares = (points**2).sum(axis=1)
    distance = squares[:, None] + squares[None, :] - 2 * points @ points.T
    np.fill_diagonal(distance, np.inf)
    return distance.argsort(axis=1)[:, :-1]


def class_likeness(features, labels):
    """Mean cosine of two different photos of the same class, and of two photos of different classes."""
    likeness, same = unit(features) @ unit(features).T, labels[:, None] == labels[None, :]
    different = ~np.eye(len(labels), dtype=bool)
    return likeness[same & different].mean(), likeness[~same].mean()


def paired_interval(one, other):
    """95 % interval, in points, of the difference in accuracy of two classifiers judged on the same photos.

    one, other: booleans (n,), right or wrong on each photo. Normal approximation of the mean paired difference.
    """
    difference = one.astype(float) - other
    half = 1.96 * difference.std(ddof=1) / math.sqrt(len(difference))
    return 100 * (difference.mean() - half), 100 * (difference.mean() + half)
