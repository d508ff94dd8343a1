"""Level 1: freed memory stays with the process when it was told so, and only then."""

import subprocess
import sys

import psutil
import pytest

from utils.training.allocator import keep_freed_memory

PROGRAM = """
import sys, numpy as np, psutil
from utils.training.allocator import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
block = np.ones(12_000_000)  # 96 MB
del block
print(psutil.Process().memory_info().rss / 1e6)
"""


def megabytes_after_freeing(way: str) -> float:
    return float(subprocess.run([sys.executable, "-c", PROGRAM, way], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not (psutil.LINUX and keep_freed_memory()), reason="only glibc can be told")
def test_freed_memory_is_kept_when_told():
    assert megabytes_after_freeing("keep") - megabytes_after_freeing("give back") > 80


def test_elsewhere_nothing_happens(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert keep_freed_memory() is False
