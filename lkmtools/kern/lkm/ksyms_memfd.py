"""The memory file that holds an image of the symbols, made when it is first needed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.abi.errno import ENOMEM
from lkmtools.abi.vmparam import round_page
from lkmtools.errors import KernelError

if TYPE_CHECKING:
    from lkmtools.kern.lkm.ksyms_image import ImagePart

_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
_IOV_MAX = 1024  # pieces of one writev(2)


class KsymsMemfd:
    """The symbols of one moment: a sealed memory file of `length` bytes, whole pages, `size` in use.

    There is no file (`fd` is -1) before make(); `parts` gives its bytes.
    """

    def __init__(self, parts: Callable[[], list[ImagePart]]) -> None:
        self.refs = 1
        self.fd = -1
        self.size = self.length = 0
        self._parts = parts
        self._lost: KernelError | None = None

    def make(self) -> KsymsMemfd:
        """Itself, with its file; ENOMEM."""
        if self._lost is not None:
            raise self._lost
        if self.fd < 0:
            parts = self._parts()
            size = _bytes(parts)
            self.length = round_page(size)
            self.fd = _sealed(parts, self.length)
            self.size = size
        return self

    def keep(self) -> None:
        """The symbols are about to change: make it if a reader has it open.

        If there is no memory for it, its readers get ENOMEM; the change goes on.
        """
        if self.refs > 1:
            try:
                self.make()
            except KernelError as error:
                self._lost = error

    def release(self) -> None:
        """One user fewer; the last one closes the file."""
        self.refs -= 1
        if not self.refs:
            self.close()

    def close(self) -> None:
        """Close the file, even while it is in use."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def _sealed(parts: list[ImagePart], length: int) -> int:
    """The descriptor of a memory file that begins with `parts` and stays as it is; ENOMEM."""
    try:
        fd = os.memfd_create("ksyms", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError as error:
        raise KernelError(ENOMEM, f"no memory file for the symbols: {error.strerror}") from None
    try:
        os.ftruncate(fd, length)
        for i in range(0, len(parts), _IOV_MAX):
            _write(fd, parts[i : i + _IOV_MAX])
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
    except OSError as error:
        os.close(fd)
        raise KernelError(ENOMEM, f"no memory for {length} bytes: {error.strerror}") from None
    return fd


def _write(fd: int, parts: list[ImagePart]) -> None:
    """All of `parts`, without a copy of them unless the file takes less at once."""
    left = b"".join(parts)[done:] if (done := os.writev(fd, parts)) < _bytes(parts) else b""
    while left:
        left = left[os.write(fd, left) :]


def _bytes(parts: list[ImagePart]) -> int:
    return sum(memoryview(part).nbytes for part in parts)
