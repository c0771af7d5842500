"""What ends a kernel: a fault, machine code that cannot continue, a bug of ours. Each is a KernelPanic.

After a report the kernel goes on.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from lkmtools.errors import bug
from lkmtools.kern.base import panic
from lkmtools.kern.base.cause import argument_to, explain
from lkmtools.kern.base.loops import look, loop_of
from lkmtools.kern.base.panic import KernelPanic, Subject
from lkmtools.kern.base.place import called_from, caller_pc
from lkmtools.kern.base.stack import frame_words, large_frame
from lkmtools.kern.leftovers import is_left, pointers_to
from lkmtools.kern.proc.syscall_text import system_call_text
from lkmtools.machine import EXEC, Fault, MemFault

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp
    from lkmtools.machine import Engine, KernelFunction, Thread


def connect(k: Kernel, engine: Engine) -> None:
    """Have the engine call what ends its kernel."""
    engine.on_fault = partial(fault, k)
    engine.on_other_stack = partial(on_other_stack, k)
    engine.on_failure = partial(failed, k)
    engine.on_error = partial(bug_in, k)
    engine.on_late = partial(look, k)


def panicked(
    k: Kernel,
    reason: str,
    fault_: Fault | MemFault | None = None,
    notes: tuple[str, ...] = (),
    loop: tuple[int, ...] = (),
    argument: tuple[int, int] = (0, 0),
    place: int = 0,
) -> KernelPanic:
    """The kernel is dead from now on; its report is on the console."""
    subject = Subject(k.engine.current, k.sched.current, notes, loop, argument, place)
    return _panicked(k, reason, subject, fault_)


def _panicked(k: Kernel, reason: str, subject: Subject, fault_: Fault | MemFault | None) -> KernelPanic:
    k.dead = True
    made = panic.panicked(k, reason, subject, fault_, partial(system_call_text, k))
    k.console.write(made.report)
    return made


def reported(k: Kernel, reason: str, lwp: Lwp | None, notes: tuple[str, ...]) -> None:
    """Report what is wrong with `lwp`, on the console and to k.on_report(), or panic (panic_on_report)."""
    thread = k.engine.current if lwp is None else lwp.thread
    subject = Subject(thread, lwp, notes)
    if k.config.panic_on_report:
        raise _panicked(k, reason, subject, None)
    text, record = panic.reported(k, reason, subject, partial(system_call_text, k))
    k.console.write(text)
    k.on_report(None if lwp is None else lwp.proc, text, record)


def fault(
    k: Kernel,
    thread: Thread,
    found: Fault | MemFault,
    fn: KernelFunction | None,
    args: tuple[Any, ...] = (),
) -> NoReturn:
    """Machine code, or the kernel function `fn` on its behalf, touched memory that it must not."""
    reason = explain(k, thread, found, fn, args)
    addr = (found.addr or 0) & k.dm.mask
    if addr and (left := pointers_to(k, addr, found.access == EXEC)):
        reason += f"; {left}"
    argument = argument_to(k, thread, fn, args, addr) if fn is not None else (0, 0)
    place = addr if fn is not None and not caller_pc(k, thread) and is_left(k, addr) else 0
    raise panicked(k, reason, found, argument=argument, place=place)


def on_other_stack(k: Kernel, thread: Thread) -> None:
    """A module has called a kernel function on a stack below its own: a panic when a frame is too large.

    A module may have set the stack pointer to memory of its own.
    """
    level = thread.levels[-1]
    found = large_frame(k, thread, level.sp)
    if found is not None and level.fn is not None:
        size = thread.stack_top - thread.stack_base
        where = f"the stack pointer {level.sp:#x} is below the kernel stack, in {level.fn.name}()"
        words = frame_words(k, found, size)
        raise panicked(k, f"kernel stack overflow: {where}{called_from(k, thread)}; {words}")


def bug_in(
    k: Kernel, thread: Thread, error: Exception, fn: KernelFunction, args: tuple[Any, ...]
) -> NoReturn:
    """A kernel function let a Python error out: our bug, and this kernel's end."""
    where = f"{panic.call_text(fn.proto, args)}{called_from(k, thread)}"
    raise panicked(k, f"{bug(error, place=False)} in {where}") from None


def failed(k: Kernel, thread: Thread, why: str) -> NoReturn:
    """Machine code ran too long or lost its stack, or a kernel function cannot say why it failed."""
    if not thread.levels:
        raise panicked(k, why)
    loop = loop_of(k, thread) if why.startswith("watchdog") else None
    if loop is not None:
        at = None if thread.levels[-1].fn else Fault(k.engine.cpu.pc(), None, 0, None)
        raise panicked(k, f"{why} in {loop.text}", at, loop.notes, loop.span)
    if thread.levels[-1].fn is not None:
        raise panicked(k, f"{why} in {k.symbolize(caller_pc(k, thread), returns=True)}")
    pc = k.engine.cpu.pc()
    where = "" if pc == k.plan.text.returned else f" in {k.symbolize(pc)}"
    raise panicked(k, why + where, Fault(pc, None, 0, None))
