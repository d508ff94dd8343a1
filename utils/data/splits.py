"""One split for everybody: the same examples in the test set on every machine."""


def split(labels, test_fraction: float = 0.25, seed: int = 0):
    """Two arrays of indices (train, test), mixed, with the same share of every class in both.

    `labels` is any sequence of n labels; `test_fraction` lies strictly between 0 and 1, and each class gives that
    fraction of its own examples, rounded, to the test set, at least one to each side. NumPy guarantees that
    `RandomState` draws the same numbers in every version, so the split is fixed by `seed`. Raises ValueError when a
    class has fewer than two examples.
    """
    import numpy as np

    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction is {test_fraction}: give a number between 0 and 1, such as 0.25")
    labels = np.asarray(labels)
    random = np.random.RandomState(seed)
    train, test = [], []
    for value in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == value))
        if len(members) < 2:
            raise ValueError(f"class {value} has one example only: a split needs at least two of each class")
        n_test = min(max(round(len(members) * test_fraction), 1), len(members) - 1)
        test.append(members[:n_test])
        train.append(members[n_test:])
    return random.permutation(np.concatenate(train)), random.permutation(np.concatenate(test))
