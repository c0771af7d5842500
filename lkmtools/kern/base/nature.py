"""What is special about an address that may not be accessed: whose memory it is, or why it is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.kern.base.freed import READ_FROM_FREED, is_from_freed
from lkmtools.kern.base.stack import OVERFLOW, overflow
from lkmtools.machine import EXEC
from lkmtools.machine.memory import WRITE
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine import Thread

_NEAR_NULL = 1 << 16  # bytes before NULL, and
_INDEXED = 1 << 20  # behind it, that an offset or an index may reach
_CANONICAL = 47  # bits of an x86-64 address of user memory
_TEXT = range(0x20, 0x7F)
_FEWEST = 4  # characters: fewer may be an accident


class Nature(NamedTuple):
    """ " (NULL pointer)" or the like, and what there is to say about it; "" for nothing."""

    short: str = ""
    why: str = ""


def nature_of(k: Kernel, addr: int, access: int, thread: Thread) -> Nature:
    """What an address is that may not be accessed."""
    if addr < PAGE_SIZE:
        offset = f": the address is offset {addr:#x} from a NULL pointer" if addr else ""
        return Nature(" (NULL pointer)", f"page 0 is never mapped{offset}")
    if addr > k.dm.mask - _NEAR_NULL:
        return _before_null(k.dm.mask + 1 - addr)
    if is_from_freed(k, addr):
        return Nature(f" ({READ_FROM_FREED})")
    found = overflow(k, thread, addr)
    if found is not None:
        return Nature(OVERFLOW, found)
    if addr < k.mem.base:
        return _below(k, addr)
    if addr >= k.mem.base + k.mem.size:
        return Nature(" (beyond RAM)", f"RAM ends at {k.mem.base + k.mem.size:#x}")
    return _in_memory(k, addr, access)


def _before_null(distance: int) -> Nature:
    why = f"a negative offset from a NULL pointer, or the number -{distance} used as a pointer"
    return Nature(f" ({distance:#x} byte{'s' * (distance != 1)} before a NULL pointer)", why)


def _below(k: Kernel, addr: int) -> Nature:
    """A user address, or none at all."""
    text = ascii_text(k, addr)
    says = f"the bytes of the pointer are the text {text}: it was overwritten" if text else ""
    if k.dm.pointer == 8 and addr >> _CANONICAL:
        if addr >> _CANONICAL != (k.dm.mask >> _CANONICAL):
            return Nature(
                " (not a canonical address)", says or "no memory has such an address: a wild pointer"
            )
        return Nature(" (not a kernel address)", says or f"the kernel's memory begins at {k.mem.base:#x}")
    if k.config.user_memory == "direct":
        return Nature(" (a user address that is not in the memory of the process)", says)
    index = f"or an offset of {addr:#x} from a NULL pointer, by a large index" if addr < _INDEXED else ""
    reach = "(not a kernel address; copyin and copyout reach user memory, or lkmd --user-memory=direct)"
    return Nature(f" {reach}", says or index)


def _in_memory(k: Kernel, addr: int, access: int) -> Nature:
    """An address of RAM."""
    there = k.mem.protection(addr)
    module = k.modules.at(addr)
    if module is not None and there:
        return Nature(_of_module(module.title, access), module_place(k, module, addr))
    gone = k.modules.unloaded_at(addr)
    if gone is not None and not there:
        return Nature(f" (memory of module {gone.title}, which was unloaded)", _lived(gone, addr))
    if there:
        short = " (read-only memory)" if access == WRITE else " (memory that is not executable)"
        return Nature(short, kernel_place(k, addr))
    return Nature(" (memory that is not mapped)", _unmapped(k, addr))


def _of_module(title: str, access: int) -> str:
    if access == EXEC:
        return f" (memory of module {title} that is not executable)"
    return f" ({'read-only' if access == WRITE else 'unreadable'} memory of module {title})"


def module_place(k: Kernel, module: LoadableModule, addr: int) -> str:
    """What of a module is at an address: text, constants or data, and the symbol."""
    there = k.mem.protection(addr)
    part = "its text" if there & EXEC else "its data" if there & WRITE else "its constant data"
    name, start = module.function(addr)
    return f"{part}, {name}+{addr - start:#x}"


def _lived(gone: LoadableModule, addr: int) -> str:
    """Who was at an address of a module that was unloaded."""
    name, start = gone.function(addr)
    return f"{name}+{addr - start:#x} was there" if gone.at(start) else ""


def kernel_place(k: Kernel, addr: int) -> str:
    """What of the kernel's is at an address: a function, a variable, a stack, an allocation."""
    fn = k.engine.stubs.get(addr & -16)
    if fn is not None:
        return f"the kernel's text, {fn.name}()"
    if 0 <= addr - k.plan.text.start < k.plan.text.size:
        return "the kernel's text"
    for lwp in k.lwps.values():
        if lwp.thread.stack_base <= addr < lwp.thread.stack_top:
            whose = "the" if lwp is k.sched.current else f"another process's (pid {lwp.proc.pid})"
            return f"{whose} kernel stack"
    start, end = k.plan.data
    if start <= addr < end and (place := k.locate(addr)) is not None:
        return f"the kernel's variable {place.symbol}+{place.offset:#x}"
    return "the kernel's heap: memory that was allocated"


def _unmapped(k: Kernel, addr: int) -> str:
    """What ends before an address at which nothing is."""
    before = addr & -PAGE_SIZE
    while before > k.mem.base and not k.mem.protection(before - 1):
        before -= PAGE_SIZE
        if addr - before > 64 * PAGE_SIZE:
            return ""
    last = before - 1
    module = k.modules.at(last)
    what = f"the memory of module {module.title}" if module is not None else kernel_place(k, last)
    past = addr - before + 1
    return f"{past} byte{'s' * (past != 1)} past the end of {what}" if before > k.mem.base else ""


def ascii_text(k: Kernel, value: int) -> str:
    """The bytes of a word as a quoted string, when they are printable; ""."""
    data = value.to_bytes(k.dm.pointer, k.dm.byteorder).rstrip(b"\0")
    if len(data) >= _FEWEST and all(byte in _TEXT for byte in data):
        return f'"{data.decode("ascii")}"'
    return ""
