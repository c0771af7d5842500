"""The list of emulations (kern_exec.c of NetBSD 5.2, emul_register()); kern/proc/emul.py describes one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT, Struct
from lkmtools.abi.errno import EBUSY, EEXIST, EINVAL, ENOENT
from lkmtools.abi.exec import emul as emul_struct
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.base.queue import chain, list_insert_head, list_remove
from lkmtools.kern.proc.emul import LONGEST_NAME, emul_name, member, proc_emul

if TYPE_CHECKING:
    from lkmtools.abi.datamodel import DataModel
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/exec.h"
emul_entry = Struct("emul_entry", "void *el_next; void **el_prev; const struct emul *el_emul; int ro_entry")


def _entries(k: Kernel) -> Iterator[int]:
    yield from chain(k, "emul_list", k.symbol("emul_list"), 0)


def emuls(k: Kernel) -> list[int]:
    """The registered emulations, the newest first."""
    return [k.mem.ptr(entry + 2 * k.dm.pointer) for entry in _entries(k)]


def find_emul(k: Kernel, name: str) -> int:
    """emul_search() for Python; 0 when no emulation has that name."""
    return next((emul for emul in emuls(k) if emul_name(k, emul) == name), 0)


@export("const struct emul *emul_search(const char *name)", _HEADER)
def emul_search(k: Kernel, name: int) -> int:
    """The registered emulation of that name, or NULL."""
    return find_emul(k, k.umem.cstr(name, LONGEST_NAME).decode(*C_TEXT))


@export("int emul_register(const struct emul *emul, int ro_entry)", _HEADER)
def emul_register(k: Kernel, emul: int, ro_entry: int) -> int:
    """Make an emulation known. EEXIST when one has its name; EINVAL when it could serve no call.

    `ro_entry`: it can never be unregistered.
    """
    name = k.umem.cstr(member(k, emul, "e_name"), LONGEST_NAME).decode(*C_TEXT)
    if find_emul(k, name):
        raise KernelError(EEXIST, f"an emulation named '{name}' already exists")
    if not member(k, emul, "e_syscall_intern") and not member(k, emul, "e_sysent"):
        raise KernelError(EINVAL, f"emulation '{name}' has neither e_syscall_intern nor e_sysent")
    layout = emul_entry.layout(k.dm)
    entry = k.heap.alloc(layout.size)
    if not entry:
        k.panic("emul_register: out of kernel memory")
    k.mem.write(entry, layout.pack(el_emul=emul, ro_entry=ro_entry))
    list_insert_head(k, "emul_list", k.symbol("emul_list"), entry, 0)
    return 0


@export("int emul_unregister(const char *name)", _HEADER)
def emul_unregister(k: Kernel, name: int) -> int:
    """Forget an emulation. ENOENT; EBUSY for a built-in one, one that a format or a process uses."""
    unregister(k, k.umem.cstr(name, LONGEST_NAME).decode(*C_TEXT))
    return 0


def unregister(k: Kernel, name: str) -> None:
    """emul_unregister() for Python."""
    emul = find_emul(k, name)
    if not emul:
        raise KernelError(ENOENT, f"no emulation is called '{name}'")
    entry = next(e for e in _entries(k) if k.mem.ptr(e + 2 * k.dm.pointer) == emul)
    if k.mem.i32(entry + 3 * k.dm.pointer):
        raise KernelError(EBUSY, f"emulation '{name}' was registered as permanent (ro_entry)")
    if emul in k.formats.emulations():
        raise KernelError(EBUSY, f"an execution format uses emulation '{name}'")
    for proc in k.procs.values():
        if proc_emul(k, proc) == emul:
            raise KernelError(EBUSY, f"pid {proc.pid} ({proc.comm}) runs under emulation '{name}'")
    list_remove(k, "emul_list", entry, 0)
    k.heap.free(entry)


def _init_netbsd(k: Kernel, addr: int) -> None:
    values = {
        "e_name": k.string("netbsd"), "e_sysent": k.symbol("sysent"),
        "e_syscallnames": k.symbol("syscallnames"),
        "e_sendsig": k.symbol("sendsig_siginfo"),
        "e_trapsignal": k.symbol("trapsignal"), "e_setregs": k.symbol("setregs"),
        "e_syscall_intern": k.symbol("syscall_intern"),
    }  # fmt: skip
    k.mem.write(addr, emul_struct.layout(k.dm).pack(**values))
    emul_register(k, addr, 1)


def _size(dm: DataModel) -> int:
    return emul_struct.layout(dm).size


DATA = (
    Data("emul_list", "LIST_HEAD(, emul_entry) emul_list", lambda dm: dm.pointer),
    Data("emul_netbsd", "const struct emul emul_netbsd", _size, _init_netbsd, "sys/proc.h"),
)
