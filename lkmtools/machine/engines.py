"""New Unicorn engines, which have neither RAM nor hooks yet.

One can be made ahead. A process that forks children then shares with each of them what an engine consists of
(0.7 MiB: above all the empty table of translations), and the child needs not make it.
"""

from __future__ import annotations

import ctypes
import mmap
from functools import cache

from lkmtools.machine import uclib
from lkmtools.machine.port import Port

_TRANSLATIONS = 16 << 20  # bytes of translated code
_ROOM = _TRANSLATIONS + (16 << 20)  # of an engine in all, and of the clock's thread


class Engines:
    """The engines of a machine."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._spare: ctypes.c_void_p | None = None

    def make_ahead(self) -> None:
        """Make the one that take() answers next. MemoryError."""
        self._spare = self._spare or self._make()

    def take(self) -> ctypes.c_void_p:
        """An engine, which is the caller's from now on. MemoryError."""
        taken, self._spare = self._spare or self._make(), None
        return taken

    def _make(self) -> ctypes.c_void_p:
        """MemoryError beforehand: the library ends the whole process when it gets none."""
        try:
            mmap.mmap(-1, _ROOM).close()
        except OSError:
            raise MemoryError(f"an emulator needs {_ROOM >> 20} MiB") from None
        made = ctypes.c_void_p()
        opened = uclib.load().uc_open(self._port.uc_arch, self._port.uc_mode, ctypes.byref(made))
        uclib.check(opened, "uc_open")
        uclib.ctl(made, uclib.UC_CTL_TCG_BUFFER_SIZE, ctypes.c_uint32(_TRANSLATIONS))
        uclib.ctl(made, uclib.UC_CTL_TLB_TYPE, ctypes.c_int(uclib.UC_TLB_VIRTUAL))
        return made


@cache
def engines(port: Port) -> Engines:
    """Those of a machine, in this process."""
    return Engines(port)
