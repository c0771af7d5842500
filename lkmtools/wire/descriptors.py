"""The descriptors of a process that has just been forked."""

from __future__ import annotations

import os
from contextlib import suppress


def close_all_but(keep: set[int]) -> None:
    """Close every descriptor that is not in `keep`."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in keep:
            with suppress(OSError):  # the descriptor of the listing itself
                os.close(int(name))
