"""What a kernel process needs from the host to boot, and the error if the host does not have it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOMEM
from typing import Any

from lkmtools.errors import LkmtoolsError, host_limit

# What Unicorn and GLib print when they give up for want of memory.
_GAVE_UP = re.compile(r"(failed|unable|could not) to? ?allocate|cannot allocate memory", re.IGNORECASE)


class NoRoom(LkmtoolsError):
    """The host does not give what a kernel process needs: for what, why not, and the way out."""

    def __init__(self, what: str, errno: int) -> None:
        why = f"{os.strerror(errno)}{_way_out(errno)}"
        super().__init__(f"the host cannot provide what a kernel process needs: {what}: {why}")


@contextmanager
def room_for(what: str) -> Iterator[None]:
    """Take it inside the block. NoRoom."""
    try:
        yield
    except MemoryError:
        raise NoRoom(what, ENOMEM) from None
    except OSError as error:
        raise NoRoom(what, error.errno or ENOMEM) from None


def gave_up(words: dict[str, Any], printed: str) -> NoRoom | None:
    """Why a kernel process ended before it was up, if it got no memory: by its last words, or a library's."""
    if "no_memory" in words:
        return NoRoom(words["no_memory"], ENOMEM)
    if not words and _GAVE_UP.search(printed):
        return NoRoom(printed, ENOMEM)
    return None


def _way_out(errno: int) -> str:
    more = "; give lkmd more, or the kernel less with lkmd --ram" if errno == ENOMEM else ""
    return host_limit(errno) + more
