"""Files that are read whole: regular files only, which have an end and never block."""

from __future__ import annotations

import errno
import os
import stat


def read_regular(path: str, pipes: bool = False, most: int = -1) -> bytes:
    """The content of a regular file, or with `pipes` of whatever else ends; OSError with the file's name.

    `most`: not more than its first `most` bytes.

    A device may have no end, and an open of a FIFO waits for its writer.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | (0 if pipes else os.O_NONBLOCK))
    with open(fd, "rb") as file:
        mode = os.fstat(fd).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(mode) and not (pipes and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))):
            raise OSError(errno.EINVAL, "not a regular file", path)
        return file.read(most)
