"""The random numbers of probes, from one source that a grader can salt."""

import zlib

import numpy as np

_salt = 0


def probe_rng(name: str) -> np.random.Generator:
    """Random numbers for the probes called `name`: the same at each call, others after `salt_probes`."""
    return np.random.default_rng([_salt, zlib.crc32(name.encode())])


def salt_probes(salt: int) -> None:
    """Draw other probes from now on; 0 draws the usual ones. So a grader's probes differ from those a student has seen."""
    global _salt
    _salt = int(salt)


def salt() -> int:
    """The salt of now; what is computed from probes is kept under it."""
    return _salt
