"""A thread of machine code in kernel mode: its stack, its registers, its calls, and its time."""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable
from typing import Any

from lkmtools.machine.text import KernelFunction


class Level:
    """One call into machine code that has not returned."""

    __slots__ = ("addr", "fn", "fp", "sp", "sp0", "taken")

    def __init__(self, addr: int, sp0: int) -> None:
        self.addr = addr
        self.sp0 = sp0  # where the return address to the gate lies
        self.sp = sp0  # at the kernel function's entry, while one runs
        self.fp = 0
        self.taken = 0  # bytes below sp that the kernel functions have which that function called
        self.fn: KernelFunction | None = None


class Thread:
    """A guest thread: a kernel stack and a place for its registers. `stack_top` is 0 until it has a stack."""

    def __init__(self) -> None:
        self.stack_base = 0
        self.stack_top = 0
        self.born = 0  # blocks the CPU had run when it got its stack
        self.levels: list[Level] = []
        self.taken = 0  # bytes at the top that kernel functions have which no machine code called
        self.context: ctypes.c_void_p | None = None
        self.calls = 0  # of kernel functions
        self.extra = 0  # blocks it is charged besides what it ran
        self.away = 0  # Engine.work() of the others, while it slept
        self.started = 0  # Engine.spent() at the first tick of the outermost call; 0 before that
        self.since = 0  # ... at the last tick that saw a new kernel call,
        self.ticked = 0  # ... and at the last tick,
        self.processor = 0.0  # with the host's processor time
        self.seen_calls = 0
        self.seen: deque[Any] = deque(maxlen=16)  # what Engine.on_late has noted at the last ticks
        self.reason = ""  # why the last kernel function failed

    @property
    def sp(self) -> int:
        """Where the stack stands between machine code's frames."""
        return self.levels[-1].sp if self.levels else self.stack_top


StubServer = Callable[
    [Thread, Level, tuple[int, ...]], None
]  # serves a stub, given pc, sp and fp of the stop
