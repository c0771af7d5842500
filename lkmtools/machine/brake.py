"""Ending a CPU run from another thread, between two instructions.

Unicorn's own way does not do: it looks at uc_emu_stop() after every access to memory, too, and then goes back
to the beginning of that instruction. `incl counter` has stored by then, and is executed twice.

So another thread only leaves a request in memory. Unicorn calls a hook at the beginning of every block of
code it has translated, before any of the block's instructions; the hook finds the request and calls
uc_emu_stop() itself, where it takes effect at once. The hook is a few bytes of host code, for a block is
often three instructions long; on a host that has no row here it is a Python function, as right, and slow.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Callable
from typing import Any

from lkmtools.errors import LkmtoolsError
from lkmtools.machine import uclib

# void hook(uc_engine *uc, uint64_t addr, uint32_t size, struct cell *cell)
# { if (cell->request && --cell->request == 0) cell->stop(uc); }
_HOST_CODE = {
    # cmpb $0, (%rcx); je 1f; decb (%rcx); jne 1f; jmp *8(%rcx); 1: ret
    "x86_64": bytes.fromhex("803900 7407 fe09 7503 ff6108 c3"),
    # ldrb w4, [x3]; cbz w4, 1f; sub w4, w4, #1; strb w4, [x3]; cbnz w4, 1f; ldr x4, [x3, #8]; br x4; 1: ret
    "aarch64": bytes.fromhex("64004039 c4000034 84040051 64000039 64000035 640440f9 80001fd6 c0035fd6"),
}
_AT_THE_SECOND = 2  # block that begins: so that every run gets on, however often it is stopped


class _Cell(ctypes.Structure):
    """What the hook looks at."""

    _fields_ = (("request", ctypes.c_uint8), ("stop", ctypes.c_void_p))


class Brake:
    """The block hook of the engines that take turns. `hook` and `data` are what uc_hook_add() wants."""

    def __init__(self) -> None:
        stop = uclib.hot().stop
        address = ctypes.cast(stop, ctypes.c_void_p)
        self._cell = _Cell(0, address)
        self.data = ctypes.c_void_p(ctypes.addressof(self._cell))
        code = _HOST_CODE.get(os.uname().machine)
        self.hook: Any
        if code is None:
            self.hook = uclib.BLOCK_CB(self._in_python(stop))
        else:
            self._page = _executable(code)
            self.hook = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(self._page)))

    @property
    def pulled(self) -> bool:
        """Has no code run since pull()?"""
        return bool(self._cell.request)

    def pull(self) -> None:
        """End the run in progress, or the next one, when its next block but one begins. Any thread may."""
        if not self._cell.request:
            self._cell.request = _AT_THE_SECOND

    def _in_python(self, stop: Any) -> Callable[..., None]:
        cell = self._cell

        def hook(uc: Any, *_: Any) -> None:
            if cell.request:
                cell.request -= 1
                if not cell.request:
                    stop(ctypes.c_void_p(uc))

        return hook


def _executable(code: bytes) -> mmap.mmap:
    """A page of host code. The kernel makes what was written visible to instruction fetch in mprotect(2)."""
    page = mmap.mmap(-1, mmap.PAGESIZE)
    page.write(code)
    libc = ctypes.CDLL(None, use_errno=True)
    address = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    if libc.mprotect(address, ctypes.c_size_t(mmap.PAGESIZE), mmap.PROT_READ | mmap.PROT_EXEC):
        raise LkmtoolsError(f"cannot make a page of host code executable: errno {ctypes.get_errno()}")
    return page
