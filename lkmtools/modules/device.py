"""/dev/lkm for tools: open it, wait for it, name it in errors. See lkm(4)."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from lkmtools.abi.fcntl import O_RDWR
from lkmtools.errors import DaemonError, LkmtoolsError, PanicError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkmtools.client import Process

DEV_LKM = "/dev/lkm"


@contextmanager
def lkm_device(p: Process, flags: int = O_RDWR) -> Iterator[int]:
    """/dev/lkm, open while the block runs; sleeps while another process has it open (lkm(4), lkmopen).

    An error of the block closes the device too, which gives back a half-made load. After a panic or a lost
    daemon there is nothing left to close. KernelError from open(2).
    """
    fd = p.open(DEV_LKM, flags)
    try:
        yield fd
    except LkmtoolsError as error:
        if not isinstance(error, PanicError | DaemonError):
            with suppress(DaemonError):  # `error` says more
                p.close(fd)
        raise
    p.close(fd)
