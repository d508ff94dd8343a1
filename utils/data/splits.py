"""One split for everybody: the same examples in the test set on every machine."""


def split(labels, test_fraction: float = 0.25, seed: int = 0):
    """Two arrays of indices (train, test), mixed, with the same share of every class in both.

    `labels` is any sequence of n labels; `test_fraction` lies strictly between 0 and 1, and each class gives that
    fraction of its own examples, rounded, to the test set, at least one to each side. NumPy guarantees that
    `RandomState` draws the same numbers in every version, so the split is fixed by `seed`. Raises ValueError when a
    class has fewer than two examples, and for labels that are no plain sequence or lack a value.
    """
    import numpy as np

    from utils.garden.arguments import shown, whole_number

    if isinstance(test_fraction, bool) or not np.isscalar(test_fraction) or not _between(test_fraction):
        raise ValueError(f"test_fraction is {shown(test_fraction)}: give a number between 0 and 1, such as 0.25.")
    seed = whole_number("seed", seed, 0, 0, 2**32 - 1)
    labels = _plain(labels)
    random = np.random.RandomState(seed)
    train, test = [], []
    for value in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == value))
        if len(members) < 2:
            raise ValueError(
                f"class {value} has one example only: a split needs at least two of each class, so leave that class out or "
                "find another example."
            )
        n_test = min(max(round(len(members) * test_fraction), 1), len(members) - 1)
        test.append(members[:n_test])
        train.append(members[n_test:])
    return random.permutation(np.concatenate(train)), random.permutation(np.concatenate(test))


def _between(fraction) -> bool:
    try:
        return bool(0 < fraction < 1)
    except TypeError:
        return False


def _plain(labels):
    """The labels as an array of shape (n,), n at least 2, without gaps."""
    import numpy as np

    from utils.garden.arguments import shown

    try:
        array = np.asarray(labels)
    except ValueError:  # rows of different lengths
        array = np.empty((0, 0))
    if array.ndim != 1 or array.dtype == object and any(value is None for value in array):
        raise ValueError(
            f"labels is {shown(labels)}: give one label for each example, in a flat list or an array of shape (n,); "
            "of one-hot labels take `.argmax(axis=1)`."
        )
    if not len(array):
        raise ValueError("labels is empty: give the label of every example.")
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise ValueError(f"labels holds {np.isnan(array).sum()} NaN: give every example a label, or leave it out.")
    return array
