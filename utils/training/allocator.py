"""What the C library does with memory that TensorFlow frees."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # names and values of glibc's malloc.h


def keep_freed_memory() -> bool:
    """Let this process keep what it frees, instead of giving it back to the system and fetching it again a moment later.

    Gradients of tens of megabytes come and go with every training step, and the system clears each page anew: retraining the
    top of Xception took up to twice as long. The peak grows a little, from 1.4 to 1.5 GB there. Returns whether the C library
    could be told; only glibc (Linux) can.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library; Windows has none to open by this name
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, 1 << 30)) and bool(mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1))
