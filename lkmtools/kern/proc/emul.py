"""Emulations: how programs of another system are served (kern_exec.c of NetBSD 5.2, emul_register()).

struct emul is in its owner's memory, the native one in the kernel, a module's in the module; the list of
those that are registered is kern/exec/exec_emul.py. A process has p_emul and what follows from it: p_execsw,
p_md.md_syscall. Members are read when they are needed; one that leads nowhere is a panic that names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.exec import emul as emul_struct
from lkmtools.abi.lkm import sysent
from lkmtools.abi.proc import lwp as lwp_struct
from lkmtools.abi.proc import proc as proc_struct
from lkmtools.abi.syscall import SYS_NSYSENT
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.kern.base.export import export
from lkmtools.machine import MemFault, Prototype

if TYPE_CHECKING:
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Proc

PROC_HOOK = Prototype("void hook(struct proc *p)")
FORK_HOOK = Prototype("void e_proc_fork(struct proc *p2, struct proc *p1, int flags)")
LWP_HOOK = Prototype("void e_lwp_fork(struct lwp *l1, struct lwp *l2)")
LONGEST_NAME = 64  # bytes of an emulation's name


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


def nsysent(k: Kernel, emul: int) -> int:
    """How many entries e_sysent has: SYS_NSYSENT, or fewer when the table's symbol says so; 0 without one."""
    table = member(k, emul, "e_sysent")
    module = k.modules.at(table)
    size = module.size_of(table) if module else 0
    return min(size // sysent.layout(k.dm).size, SYS_NSYSENT) if size else SYS_NSYSENT if table else 0


def _offset(k: Kernel, name: str) -> int:
    return proc_struct.layout(k.dm).offsetof(name)


def proc_emul(k: Kernel, proc: Proc) -> int:
    """p_emul."""
    return k.mem.ptr(proc.addr + _offset(k, "p_emul"))


def runs_under(k: Kernel, module: LoadableModule) -> str:
    """The process that uses the module's emulation or format, as a sentence; "" if none."""
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
