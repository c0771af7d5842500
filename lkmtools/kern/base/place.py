"""Who called the kernel function that runs, and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.machine.jump import word

if TYPE_CHECKING:
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine import Thread


def caller_pc(k: Kernel, thread: Thread) -> int:
    """The return address of the machine code that called the running kernel function; 0 when none did."""
    return word(k.engine, thread.levels[-1].sp) if thread.levels else 0


def calling_module(k: Kernel) -> LoadableModule | None:
    """The module whose code called the running kernel function; None for the kernel itself."""
    thread = k.engine.current
    if not thread.levels:
        return None
    pc = caller_pc(k, thread)  # the gate, if the function that the kernel called has jumped to this one
    return k.modules.at(thread.levels[-1].addr if pc == k.engine.text.gate else pc - 1)


def called_from(k: Kernel, thread: Thread, before: str = " ") -> str:
    """The words " called from f+0x10 [module]"; "" when no machine code called the running function."""
    caller = caller_pc(k, thread)
    return f"{before}called from {k.symbolize(caller, returns=True)}" if caller else ""


def running_function(k: Kernel, thread: Thread) -> str:
    """The words "tsleep(), called from f+0x10 [module]"; "" when no kernel function runs in machine code."""
    fn = thread.levels[-1].fn if thread.levels else None
    return f"{fn.name}(){called_from(k, thread, ', ')}" if fn is not None else ""
