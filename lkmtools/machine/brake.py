"""Ending a CPU run from another thread, between two instructions; and counting what runs.

Unicorn's own way is not suitable: it also checks for uc_emu_stop() after every memory access, and then
returns to the beginning of that instruction. `incl counter` has stored by then, and is executed twice.

Therefore the other thread only leaves a request in memory. Unicorn calls a hook at the beginning of every
block of code it has translated, before any of the block's instructions; the hook finds the request and calls
uc_emu_stop() itself, where it takes effect at once. It also counts the block: that is how long machine code
has run, however busy the host is; and notes where the block begins, for after a jump into nowhere nothing
else tells where it came from. The hook is a few bytes of host code, for a block is often three
instructions long; on a host that has no row here it is a Python function, as right, and slow.

A loop of one block takes 1.3 to 1.5 times as long as without a hook (1.1 ns a round), whatever the hook does:
one that only returns costs as much, for it is Unicorn's own call, and its check for a stop behind the call,
that take the time.
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
# { cell->blocks++; cell->last = addr; if (cell->request && --cell->request == 0) cell->stop(uc); }
_HOST_CODE = {
    # incq 16(%rcx); movl %esi, 4(%rcx); cmpb $0, (%rcx); je 1f; decb (%rcx); jne 1f; jmp *8(%rcx); 1: ret
    "x86_64": bytes.fromhex("48ff4110 897104 803900 7407 fe09 7503 ff6108 c3"),
    # ldr x4, [x3, #16]; add x4, x4, #1; str x4, [x3, #16]; str w1, [x3, #4]; ldrb w4, [x3]; cbz w4, 1f;
    # sub w4, w4, #1; strb w4, [x3]; cbnz w4, 1f; ldr x4, [x3, #8]; br x4; 1: ret
    "aarch64": bytes.fromhex(
        "640840f9 84040091 640800f9 610400b9 64004039 c4000034 84040051 64000039 64000035 640440f9 80001fd6"
        "c0035fd6"
    ),
}
_AT_THE_SECOND = 2  # block that begins: so that every run gets on, however often it is stopped


class Cell(ctypes.Structure):
    """What the hook of one engine looks at: a request to stop, and the blocks that have run in the engine.

    `last` is where the last of them begins, 32 bits of it. `asked`: there has been a request, which is over
    when `request` is 0.
    """

    request: int
    asked: int
    last: int
    stop: Any
    blocks: int
    _fields_ = (
        ("request", ctypes.c_uint8),
        ("asked", ctypes.c_uint8),
        ("last", ctypes.c_uint32),
        ("stop", ctypes.c_void_p),
        ("blocks", ctypes.c_uint64),
    )

    def stopped(self) -> bool:
        """Did a request end the run that has just ended?"""
        over: bool = self.asked == 1 and self.request == 0
        if over:
            self.asked = 0
        return over


class Brake:
    """The block hooks of the engines that take turns: each has a cell of its own."""

    def __init__(self) -> None:
        self._cells: list[Cell] = []
        self._stop = uclib.hot().stop
        code = _HOST_CODE.get(os.uname().machine)
        self._page = None if code is None else _executable(code)

    def cell(self, memory: memoryview | None = None) -> Cell:
        """A cell for another engine, in `memory` or in memory of its own."""
        cell = Cell() if memory is None else Cell.from_buffer(memory)
        cell.stop = ctypes.cast(self._stop, ctypes.c_void_p)
        self._cells.append(cell)
        return cell

    def hook(self, cell: Cell) -> tuple[Any, ctypes.c_void_p]:
        """The function and its data that uc_hook_add() wants for the engine of `cell`."""
        data = ctypes.c_void_p(ctypes.addressof(cell))
        if self._page is None:
            return uclib.BLOCK_CB(self._in_python(cell)), data
        return ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(self._page))), data

    @property
    def pulled(self) -> bool:
        """Has no code run since pull()?"""
        return all(cell.request for cell in self._cells)

    def pull(self) -> None:
        """End the run in progress when its next block but one begins, and the next run of the other engines.

        Any thread may.
        """
        for cell in self._cells:
            if not cell.request:
                cell.asked = 1
                cell.request = _AT_THE_SECOND

    def _in_python(self, cell: Cell) -> Callable[..., None]:
        stop = self._stop

        def hook(uc: Any, addr: int, *_: Any) -> None:
            cell.blocks += 1
            cell.last = addr & 0xFFFFFFFF
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
