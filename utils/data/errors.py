"""What goes wrong in words for a person: one sentence that says what to do, and never a library's own error."""

import errno
from pathlib import Path


class Missing(RuntimeError):
    """Something the course needs cannot be had. The message is one sentence or two and names the remedy."""


class DownloadFailed(Missing):
    """One download did not succeed, although the address was tried."""


class NotThere(DownloadFailed):
    """The server answered, and it does not have the file."""


class DiskTrouble(DownloadFailed):
    """The local disk, not the network, is in the way."""


def disk_trouble(error: OSError, folder: Path, remedy: str = "set COURSE_CACHE to a folder") -> DiskTrouble:
    """The sentence for an error that the course's own writing to `folder` met; other errors are not the disk's."""
    full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
    if full or "No space left" in str(error):  # HDF5 reports it in words, without the number
        return DiskTrouble(f"The disk with {folder} is full: free some space there, or {remedy} on another disk.")
    return DiskTrouble(f"The folder {folder} cannot be written ({error.strerror or error}): {remedy} that you may write to.")
