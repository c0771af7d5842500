"""Misuse of a lock is a panic that names the lock, its holder and the caller (subr_lockdebug.c).

The original checks this only in kernels with LOCKDEBUG; this kernel always checks every lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from lkmtools.kern.base.panic import caller_pc

if TYPE_CHECKING:
    from lkmtools.abi.datamodel import Struct
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

DESTROYED = 0x4C6B_4465  # the magic number of a lock after its destroy function


def lockdebug_abort(k: Kernel, function: str, addr: int, what: str, kind: str = "lock") -> NoReturn:
    """Panic: `function` was called for the lock (or other `kind`) at `addr`, which `what` (a verb) says."""
    _abort(k, f"{function}: {kind} {lock_name(k, addr)} {what}")


def against_myself(k: Kernel, function: str, addr: int, doing: str = "locking") -> NoReturn:
    """Panic with the original's words: the caller of `function` holds the lock at `addr` itself."""
    _abort(k, f"{function}: {doing} against myself: lock {lock_name(k, addr)}")


def _abort(k: Kernel, text: str) -> NoReturn:
    caller = caller_pc(k, k.engine.current)
    k.panic(text + (f", called from {k.symbolize(caller, returns=True)}" if caller else ""))


def lock_name(k: Kernel, addr: int) -> str:
    """A lock's address, and the module's symbol it belongs to when there is one."""
    name = k.symbolize(addr)
    return name if name == f"{addr:#x}" else f"{addr:#x} ({name})"


def holder(k: Kernel, owner: int) -> str:
    """The process whose lwp is at `owner`."""
    lwp = k.lwps.get(owner)
    if lwp is None:
        return f"the lwp at {owner:#x}, which no longer exists"
    return "a soft interrupt" if lwp is k.sched.softlwp else f"pid {lwp.proc.pid} ({lwp.proc.comm})"


def checked(k: Kernel, function: str, struct: Struct, addr: int, member: str, magic: int) -> View:
    """The lock at `addr`, whose `member` must be `magic`: garbage and destroyed locks are panics."""
    view = k.umem.view(struct.layout(k.dm), addr)
    found = view.get(member)
    if found != magic:
        what = "was destroyed" if found == DESTROYED else f"was never initialised (its magic is {found:#x})"
        lockdebug_abort(k, function, addr, what, struct.name if struct.name == "callout" else "lock")
    return view


def me(k: Kernel) -> int:
    """The address of the lwp that runs: what a lock's owner is."""
    lwp = k.sched.current
    assert lwp is not None
    return lwp.addr
