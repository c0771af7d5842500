"""What the kernel knows of each lock, and how misuse of one ends (subr_lockdebug.c of NetBSD 5.2).

A lock in memory is too small to say whether it was ever initialised. There is a record of each that was, by
its address, until the lock is destroyed or its memory given back; a copy of a lock has none. The bytes of a
lock are those of 5.2 (abi/mutex.py), and the record knows what the kernel wrote last: a lock that something
else has overwritten is found at its next use.

Misuse is a panic that names the lock, its holder and the caller. The original checks this only in kernels
with LOCKDEBUG; this kernel always checks every lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NoReturn, TypeVar

from lkmtools.abi.vmparam import PAGE_SHIFT
from lkmtools.kern.base.place import called_from

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


class Lock:
    """One that was initialised. The word at address `at` of it is `word`, as the kernel wrote it last."""

    __slots__ = ("addr", "at", "word")
    kind: ClassVar[str]  # what a message calls it
    noun: ClassVar[str] = "lock"

    def __init__(self, addr: int, word: int, offset: int = 0) -> None:
        self.addr = addr
        self.at = addr + offset
        self.word = word


_L = TypeVar("_L", bound=Lock)


class Locks:
    """The records of a kernel's locks. `find(addr)` is the record of the lock at `addr`, or None."""

    def __init__(self) -> None:
        self._records: dict[int, Lock] = {}
        self._destroyed: set[int] = set()
        self._holds: dict[int, list[tuple[int, int]]] = {}  # of those of lock(9), by their addresses
        self._pages: dict[int, set[int]] = {}  # the addresses of all these, by page
        self.find = self._records.get

    def add(self, lock: Lock) -> None:
        """A lock has been initialised; what was at its address before is forgotten."""
        self._records[lock.addr] = lock
        self._destroyed.discard(lock.addr)
        self._pages.setdefault(lock.addr >> PAGE_SHIFT, set()).add(lock.addr)

    def destroy(self, addr: int) -> None:
        """The lock at `addr` has been destroyed."""
        del self._records[addr]
        self._destroyed.add(addr)

    def was_destroyed(self, addr: int) -> bool:
        """Was the lock at `addr` destroyed, and none made there since?"""
        return addr in self._destroyed

    def hold(self, addr: int, lwp: int, pc: int) -> None:
        """The lwp at `lwp` has taken a lock of lock(9), where machine code was at `pc`."""
        self._holds.setdefault(addr, []).append((lwp, pc))
        self._pages.setdefault(addr >> PAGE_SHIFT, set()).add(addr)

    def release(self, addr: int, lwp: int) -> None:
        """The lwp has released one hold. When none of its own is known, those of all are forgotten."""
        holds = self._holds.get(addr, [])
        found = next((row for row in reversed(holds) if row[0] == lwp), None)
        if found is not None:
            holds.remove(found)
        else:
            holds.clear()

    def nobody(self, addr: int) -> None:
        """A lock of lock(9) is new."""
        self._holds.pop(addr, None)

    def holds(self, addr: int) -> list[tuple[int, int]]:
        """Who is known to hold a lock of lock(9), by struct lwp, and where it was taken."""
        return self._holds.get(addr, [])

    def forget(self, addr: int, size: int) -> None:
        """Memory is given back: what was known of locks in it is not true any more."""
        pages, end = self._pages, addr + size
        for page in range(addr >> PAGE_SHIFT, (end - 1 >> PAGE_SHIFT) + 1):
            if there := pages.get(page):
                for gone in [at for at in there if addr <= at < end]:
                    there.discard(gone)
                    self._records.pop(gone, None)
                    self._destroyed.discard(gone)
                    self._holds.pop(gone, None)
                if not there:
                    del pages[page]


def checked(k: Kernel, function: str, kind: type[_L], addr: int) -> _L:
    """The record of the lock at `addr`: a panic when there is none, of another kind, or of other content."""
    lock = k.locks.find(addr)
    if not isinstance(lock, kind) or k.mem.ptr(lock.at) != lock.word:
        lockdebug_abort(k, function, addr, damage(k, kind, addr), kind.noun)
    return lock


def damage(k: Kernel, kind: type[Lock], addr: int) -> str:
    """What is wrong with the lock at `addr`, a verb and so on; "" if nothing is. MemFault without memory."""
    lock = k.locks.find(addr)
    found = k.umem.ptr(addr)
    if lock is None:
        what = f"was never initialised (it holds {found:#x})"
        if k.heap.is_free(addr):
            what += ": its memory was freed"
        elif k.locks.was_destroyed(addr):
            what = "was destroyed"
        return what
    if not isinstance(lock, kind):
        return f"is a {lock.kind}, not a {kind.kind}"
    if (found := k.mem.ptr(lock.at)) == lock.word:
        return ""
    return f"was overwritten: {found:#x} is where the kernel wrote {lock.word:#x}"


def lockdebug_abort(
    k: Kernel, function: str, addr: int, what: str, kind: str = "lock", also: str = ""
) -> NoReturn:
    """Panic: `function` was called for the lock (or other `kind`) at `addr`, which `what` (a verb) says.

    `also` is how the sentence ends, behind the caller.
    """
    _abort(k, f"{function}: {kind} {lock_name(k, addr)} {what}", also)


def against_myself(k: Kernel, function: str, addr: int, taken: int, doing: str = "locking") -> NoReturn:
    """Panic with the original's words: the caller of `function` holds the lock at `addr` itself.

    It has since `taken`, a return address.
    """
    _abort(k, f"{function}: {doing} against myself: lock {lock_name(k, addr)}", since(k, taken))


def _abort(k: Kernel, text: str, also: str) -> NoReturn:
    k.panic(text + called_from(k, k.engine.current, ", ") + also)


def since(k: Kernel, pc: int) -> str:
    """The words "; taken in f+0x10 [module]"; "" when nobody knows."""
    return f"; taken in {k.symbolize(pc, returns=True)}" if pc else ""


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


def me(k: Kernel) -> int:
    """The address of the lwp that runs: what a lock's owner is."""
    lwp = k.sched.current
    assert lwp is not None
    return lwp.addr
