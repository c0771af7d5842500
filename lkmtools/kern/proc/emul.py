"""Emulations: how the programs of another system are served (kern_exec.c of NetBSD 5.2, emul_register()).

struct emul lies where its owner put it, the native one in the kernel, a module's in the module; a list in
guest memory names those that are registered. A process has p_emul and what follows from it: p_execsw,
p_md.md_syscall. Members are read when they are needed; one that leads nowhere is a panic that names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT, Struct
from lkmtools.abi.errno import EBUSY, EEXIST, EINVAL, ENOENT
from lkmtools.abi.exec import emul as emul_struct
from lkmtools.abi.proc import lwp as lwp_struct
from lkmtools.abi.proc import proc as proc_struct
from lkmtools.abi.syscall import SYS_NSYSENT, SYS_syscall
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.base.queue import chain, list_insert_head, list_remove
from lkmtools.machine import MemFault, Prototype

if TYPE_CHECKING:
    from lkmtools.abi.datamodel import DataModel
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Proc

_HEADER = "sys/exec.h"
PROC_HOOK = Prototype("void hook(struct proc *p)")
FORK_HOOK = Prototype("void e_proc_fork(struct proc *p2, struct proc *p1, int flags)")
LWP_HOOK = Prototype("void e_lwp_fork(struct lwp *l1, struct lwp *l2)")
LONGEST_NAME = 64  # bytes of an emulation's name
emul_entry = Struct("emul_entry", "void *el_next; void **el_prev; const struct emul *el_emul; int ro_entry")


def member(k: Kernel, emul: int, name: str) -> int:
    """A member of the struct emul at `emul`; a panic when it cannot be read."""
    try:
        value: int = k.umem.view(emul_struct.layout(k.dm), emul).get(name)
    except MemFault as fault:
        k.panic(f"struct emul at {emul:#x}: {name}: {fault}")
    return value


def emul_name(k: Kernel, emul: int) -> str:
    """e_name; the address when it cannot be read."""
    try:
        return k.umem.cstr(k.umem.ptr(emul), LONGEST_NAME).decode(*C_TEXT)
    except MemFault:
        return f"{emul:#x}"


def emul_path(k: Kernel, proc: Proc) -> str:
    """Where absolute file names of a process are looked for first; "" when nowhere."""
    emul = proc_emul(k, proc)
    if emul == k.symbol("emul_netbsd"):
        return ""
    path = member(k, emul, "e_path")
    try:
        return k.umem.cstr(path, 256).decode(*C_TEXT).rstrip("/") if path else ""
    except MemFault as fault:
        k.panic(f"emulation '{emul_name(k, emul)}': e_path: {fault}")


def _offset(k: Kernel, name: str) -> int:
    return proc_struct.layout(k.dm).offsetof(name)


def proc_emul(k: Kernel, proc: Proc) -> int:
    """p_emul."""
    return k.mem.ptr(proc.addr + _offset(k, "p_emul"))


# -- the list ------------------------------------------------------------------------------------------------


def _entries(k: Kernel) -> Iterator[int]:
    yield from chain(k, "emul_list", k.symbol("emul_list"), 0)


def emuls(k: Kernel) -> list[int]:
    """The registered emulations, the newest first."""
    return [k.mem.ptr(entry + 2 * k.dm.pointer) for entry in _entries(k)]


def find_emul(k: Kernel, name: str) -> int:
    """emul_search() for Python; 0 when there is none of that name."""
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
        raise KernelError(EEXIST, f"an emulation '{name}' exists")
    nsysent, nosys = member(k, emul, "e_nsysent"), member(k, emul, "e_nosys")
    if not member(k, emul, "e_syscall_intern") and not (member(k, emul, "e_sysent") and 0 <= nosys < nsysent):
        raise KernelError(
            EINVAL,
            f"emulation '{name}' has no e_syscall_intern, and call {nosys} of its {nsysent} for others",
        )
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
        raise KernelError(EBUSY, f"emulation '{name}' is the kernel's own")
    if emul in k.formats.emulations():
        raise KernelError(EBUSY, f"an execution format uses emulation '{name}'")
    for proc in k.procs.values():
        if proc_emul(k, proc) == emul:
            raise KernelError(EBUSY, f"pid {proc.pid} ({proc.comm}) runs under emulation '{name}'")
    list_remove(k, "emul_list", entry, 0)
    k.heap.free(entry)


def runs_under(k: Kernel, module: LoadableModule) -> str:
    """Why a module with an emulation or a format may not go: the process that runs by it; ""."""
    for proc in k.procs.values():
        emul = proc_emul(k, proc)
        if module.holds(emul):
            return f"pid {proc.pid} ({proc.comm}) runs under emulation '{emul_name(k, emul)}'"
        if module.holds(k.mem.ptr(proc.addr + _offset(k, "p_execsw"))):
            return f"pid {proc.pid} ({proc.comm}) runs a program that '{module.title}' loaded"
    return ""


# -- processes -----------------------------------------------------------------------------------------------


def make_native(k: Kernel, proc: Proc) -> None:
    """A new process, and one that has ended, is served natively; its registers go to its own trapframe."""
    view = k.mem.view(proc_struct.layout(k.dm), proc.addr)
    view.p_emul, view.p_emuldata, view.p_execsw = k.symbol("emul_netbsd"), 0, 0
    view.put("p_md.md_syscall", k.symbol("syscall_plain"))
    view.put("p_sigctx.ps_sigcode", k.port.user.top - PAGE_SIZE)


def inherit(k: Kernel, parent: Proc, child: Proc) -> None:
    """fork: the child is served as its parent is. p_emuldata is e_proc_fork's to make."""
    layout = proc_struct.layout(k.dm)
    for name in ("p_emul", "p_execsw", "p_psstr", "p_sigctx.ps_sigcode", "p_md.md_syscall"):
        field = layout.fields[name]
        k.mem.set_ptr(child.addr + field.offset, k.mem.ptr(parent.addr + field.offset))


def fork_hooks(k: Kernel, parent: Proc, child: Proc, flags: int) -> None:
    """e_proc_fork and e_lwp_fork of the emulation both have."""
    emul = proc_emul(k, parent)
    if hook := member(k, emul, "e_proc_fork"):
        k.engine.call(FORK_HOOK, hook, child.addr, parent.addr, flags)
    if hook := member(k, emul, "e_lwp_fork"):
        k.engine.call(LWP_HOOK, hook, parent.lwp.addr, child.lwp.addr)


def exit_hooks(k: Kernel, proc: Proc) -> None:
    """e_lwp_exit and e_proc_exit; afterwards nothing of the emulation is needed."""
    emul = proc_emul(k, proc)
    if hook := member(k, emul, "e_lwp_exit"):
        k.engine.call(PROC_HOOK, hook, proc.lwp.addr)
    if hook := member(k, emul, "e_proc_exit"):
        k.engine.call(PROC_HOOK, hook, proc.addr)
    make_native(k, proc)


def set_emul(k: Kernel, proc: Proc, emul: int, execsw: int) -> None:
    """exec has made the process one of `emul`: who serves its calls is e_syscall_intern's to say."""
    view = k.mem.view(proc_struct.layout(k.dm), proc.addr)
    view.p_emul, view.p_execsw = emul, execsw
    view.put("p_md.md_syscall", k.symbol("syscall"))
    if hook := member(k, emul, "e_syscall_intern"):
        k.engine.call(PROC_HOOK, hook, proc.addr)


@export("void syscall_intern(struct proc *p)", "sys/syscallvar.h")
def syscall_intern(k: Kernel, p: int) -> None:
    """System calls of the process are served in the machine's own convention."""
    native = k.umem.ptr(p + _offset(k, "p_emul")) == k.symbol("emul_netbsd")
    handler = k.symbol("syscall_plain" if native else "syscall")
    k.umem.set_ptr(p + _offset(k, "p_md.md_syscall"), handler)


def lwp_regs(k: Kernel, lwp_addr: int) -> int:
    """l_md.md_regs: the lwp's struct trapframe."""
    return k.mem.ptr(lwp_addr + lwp_struct.layout(k.dm).offsetof("l_md.md_regs"))


def _init_netbsd(k: Kernel, addr: int) -> None:
    values = {
        "e_name": k.string("netbsd"), "e_nosys": SYS_syscall, "e_nsysent": SYS_NSYSENT,
        "e_sysent": k.symbol("sysent"), "e_sendsig": k.symbol("sendsig_siginfo"),
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
