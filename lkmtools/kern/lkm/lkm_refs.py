"""Dependents, references and calls in progress: three reasons why a module is needed (lkm_busy.py has all).

The original counted nothing. This file counts:

- dependents: loaded modules that are linked against the module (LMINFO tells the imports);
- references: what lkm_hold() took and lkm_rele() has not yet dropped, counted for each holder. The holder is
  the module whose code calls, found from the return address, or the kernel;
- calls in progress: lwps with the module's code on their kernel stack. The frames are known exactly where
  code has frame pointers; the live part of the stack is searched for return addresses as well, so that code
  without them is found too. What an older call left there can keep a module for no reason, but no longer than
  the call lasts.

A reference of a module on itself names whom it is taken for: the nearest other module on the stack, or the
process. It may not be taken while the module is being loaded: only its unload handler could drop it, and
that is not called as long as it is there (EDEADLK).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EBUSY, EDEADLK, EINVAL, ENOENT
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.base.place import calling_module
from lkmtools.kern.lkm import lkm_dispatch
from lkmtools.machine import EXEC
from lkmtools.machine.backtrace import backtrace
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.base.lkm_record import LoadableModule, ModuleImport
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp


class CallInProgress(NamedTuple):
    """An lwp in a module's code; `pc` is the innermost return address there."""

    lwp: Lwp
    pc: int


# -- dependents ---------------------------------------------------------------------------------------------


def dependents(k: Kernel, module: LoadableModule) -> str:
    """Which loaded modules are linked against this one, by id; "" when none is."""
    if not module.users:
        return ""
    names = ", ".join(f"'{user.title}'" for user in sorted(module.users, key=lambda other: other.id))
    return f"'{module.title}' is in use by {names}"


def check_import(k: Kernel, module: LoadableModule, item: ModuleImport) -> None:
    """EINVAL when an import of `module` is not where it was linked to (modload -A with a stale file).

    Right is a value that the kernel's symbol table has, or that a symbol of that name of a loaded module has,
    whether or not it was loaded with -s. A module that came without names is believed. A name that
    nobody has is a constant of the file where its value lies outside the kernel's memory.
    """
    owner, known = k.modules.at(item.value), k.ksyms.value(item.name)
    if item.assigned or known == item.value:
        return
    if (
        owner is not None
        and owner is not module
        and (not owner.info.symbols or owner.defines(item.name, item.value))
    ):
        return
    if known is not None:
        raise KernelError(
            EINVAL,
            f"symbol '{item.name}' is at {known:#x}, and the module was linked to {item.value:#x}: "
            "link it against the symbols of this kernel (/dev/ksyms)",
        )
    if k.port.kernbase <= item.value < k.port.kernbase + k.config.ram:
        raise KernelError(
            EINVAL,
            f"the module was linked to symbol '{item.name}' at {item.value:#x}, which this kernel does not "
            "have: link it against the symbols of this kernel (/dev/ksyms)",
        )


def link_imports(k: Kernel, module: LoadableModule) -> None:
    """A module is loaded: note whom it was linked against."""
    for item in module.info.imports:
        other = k.modules.at(item.value)
        if other is not None and other is not module:
            module.uses.add(other)
            other.users.add(module)


def unlink(k: Kernel, module: LoadableModule) -> None:
    """A module is gone: it needs nobody any more. References it still had are dropped, and reported."""
    for other in module.uses:
        other.users.discard(module)
    for other in sorted(module.holding, key=lambda held: held.id):
        count = len(other.holds_on.pop(module))
        if other is not module:
            k.console.write(
                f"LKM '{module.title}': unloaded while it held '{other.title}' ({times(count)}); dropped\n"
            )
    for holder in module.holds_on:
        if holder is not None:
            holder.holding.discard(module)


# -- references ---------------------------------------------------------------------------------------------


def times(count: int) -> str:
    """1 time, 2 times."""
    return f"{count} time{'s' if count != 1 else ''}"


def held(k: Kernel, module: LoadableModule) -> str:
    """The holders of a module, and how often each holds it; "" when there is none.

    References to itself are listed separately, with the module for which it took them.
    """
    if not module.holds_on:
        return ""
    others = [
        f"{_name(holder)} ({times(len(taken))})"
        for holder, taken in module.holds_on.items()
        if holder is not module
    ]
    said = [f"is held by {', '.join(others)}"] if others else []
    if own := module.holds_on.get(module):
        for_whom = [f"{whom} ({times(own.count(whom))})" for whom in dict.fromkeys(own)]
        what = "a reference" if len(own) == 1 else f"{len(own)} references"
        whom = own[0] if len(own) == 1 else ", ".join(for_whom)
        said.append(f"holds {what} to itself, taken for {whom}")
    return f"'{module.title}' {' and '.join(said)}"


def _name(holder: LoadableModule | None) -> str:
    return f"'{holder.title}'" if holder is not None else "the kernel"


def _on_behalf(k: Kernel, module: LoadableModule) -> str:
    """For whom a module's own code runs: the nearest other module on the stack, otherwise the process."""
    for frame in backtrace(k.engine, k.engine.current, None, k.function_start):
        if frame.function is None and not frame.note and not module.holds(frame.pc):
            other = k.modules.at(frame.pc - 1)
            if other is not None:
                return f"'{other.title}'"
    lwp = k.sched.current
    return "the kernel" if lwp is None else f"pid {lwp.proc.pid} ({lwp.proc.comm})"


def _hold(k: Kernel, module: LoadableModule) -> None:
    holder = calling_module(k)
    if module.unloading:
        raise KernelError(EBUSY, f"'{module.title}' is being unloaded")
    if holder is module and not k.lkm.view(module).refcnt:
        raise KernelError(
            EDEADLK, f"'{module.title}' is still being loaded: it could never drop a reference on itself"
        )
    whom = _on_behalf(k, module) if holder is module else ""
    module.holds_on.setdefault(holder, []).append(whom)
    if holder is not None:
        holder.holding.add(module)


def _rele(k: Kernel, module: LoadableModule) -> None:
    holder = calling_module(k)
    taken = module.holds_on.get(holder)
    if taken is None:
        who = held(k, module) or f"nobody holds '{module.title}'"
        text = f"{_name(holder)} drops a reference on '{module.title}' that it does not have; {who}"
        k.console.write(f"lkm_rele: {text}\n")
        raise KernelError(EINVAL, text)
    whom = _on_behalf(k, module) if holder is module else ""
    taken.remove(whom if whom in taken else taken[-1])
    if not taken:
        del module.holds_on[holder]
        if holder is not None:
            holder.holding.discard(module)


def _of_table(k: Kernel, table: int) -> LoadableModule:
    module = k.modules.by_table(table)
    if module is None:
        raise KernelError(ENOENT, f"{table:#x} is not the struct lkm_table of a module")
    return module


def _of_addr(k: Kernel, addr: int) -> LoadableModule:
    module = k.modules.at(addr)
    if module is None:
        raise KernelError(ENOENT, f"{addr:#x} is not inside a module")
    return module


@export("int lkm_hold(struct lkm_table *lkmtp)", "sys/lkm.h")
def lkm_hold(k: Kernel, table: int) -> int:
    """Keep a module from being unloaded, once more for the caller.

    ENOENT for anything but a module (the pointer is looked up, not followed), EBUSY while it is being
    unloaded, EDEADLK for a module that holds itself before it is loaded.
    """
    _hold(k, _of_table(k, table))
    return 0


@export("int lkm_hold_addr(const void *addr)", "sys/lkm.h")
def lkm_hold_addr(k: Kernel, addr: int) -> int:
    """lkm_hold for the module in whose memory `addr` lies: of a function it was handed, say."""
    _hold(k, _of_addr(k, addr))
    return 0


@export("int lkm_rele(struct lkm_table *lkmtp)", "sys/lkm.h")
def lkm_rele(k: Kernel, table: int) -> int:
    """Drop a reference of the caller. EINVAL, and a line on the console, when it has none; ENOENT."""
    _rele(k, _of_table(k, table))
    return 0


@export("int lkm_rele_addr(const void *addr)", "sys/lkm.h")
def lkm_rele_addr(k: Kernel, addr: int) -> int:
    """lkm_rele for the module in whose memory `addr` lies."""
    _rele(k, _of_addr(k, addr))
    return 0


# -- calls in progress --------------------------------------------------------------------------------------


def in_call(k: Kernel, module: LoadableModule) -> str:
    """A process that is in the module's code; "" when none is.

    The system call that asks may itself be what a SYSCALL module provides: its memory then outlasts the call.
    """
    # The module's own unload handler ends its kernel threads.
    others = (call for call in calls(k, module) if not call.lwp.kthread)
    call = next((call for call in others if not _asks(k, module, call.lwp)), None)
    if call is None:
        return ""
    proc = call.lwp.proc
    verb = "is" if call.lwp.wchan is None else "sleeps"
    return f"pid {proc.pid} ({proc.comm}) {verb} in {k.symbolize(call.pc, returns=True)}"


def _asks(k: Kernel, module: LoadableModule, lwp: Lwp) -> bool:
    """Is this the lwp that runs, in a system call that the kernel will take from the module?"""
    return (
        lwp is k.sched.current and module.holds(lwp.sy_call) and lkm_dispatch.provides(k, module, lwp.sy_call)
    )


def calls(k: Kernel, module: LoadableModule) -> Iterator[CallInProgress]:
    """The lwps that will return into the module's code, asleep or not; the running one too."""
    for lwp in tuple(k.lwps.values()):
        if lwp.thread.levels:
            pc = _frame_in(k, lwp, module) or _word_in(k, lwp, module)
            if pc:
                yield CallInProgress(lwp, pc)


def _frame_in(k: Kernel, lwp: Lwp, module: LoadableModule) -> int:
    """The innermost return address into the module among the stack's frames; 0 when there is none."""
    frames = backtrace(k.engine, lwp.thread, None, k.function_start)
    return next((f.pc for f in frames if f.function is None and module.holds(f.pc - 1)), 0)


def _word_in(k: Kernel, lwp: Lwp, module: LoadableModule) -> int:
    """The first word of the live stack that is a return address into the module; 0 when there is none."""
    thread, step = lwp.thread, k.dm.pointer
    live = thread.stack_base <= thread.sp <= thread.stack_top
    sp = (thread.sp if live else thread.stack_base) & -step  # all of it, when a module has lost its place
    stack = k.mem.read(sp, thread.stack_top - sp)
    low, high = module.area, module.area + module.size
    order = k.dm.byteorder
    for at in range(0, len(stack), step):
        pc = int.from_bytes(stack[at : at + step], order)
        if low < pc <= high and _after_call(k, module, pc):
            return pc
    return 0


def _after_call(k: Kernel, module: LoadableModule, pc: int) -> bool:
    """Does `pc` follow a call instruction of the module?"""
    if not k.mem.protection(pc - 1) & EXEC:
        return False
    longest = k.port.longest_call
    start = max(pc - longest, module.area)
    return k.port.is_call(k.mem.read(start, pc - start).rjust(longest, b"\0"))
