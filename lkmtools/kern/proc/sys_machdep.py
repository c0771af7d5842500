"""Machine-dependent state of a thread: segment bases, floating-point registers (sys_machdep.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL
from lkmtools.abi.syscall import SYS_sysarch
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.proc.kern_copy import copyin_bytes, copyout_bytes
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp
    from lkmtools.machine import UserThread

_FXSAVE = 512
# <machine/sysarch.h>: operation -> segment, and whether it sets; by bytes of a pointer.
_OPS = {
    8: {15: ("f", False), 16: ("g", False), 17: ("f", True), 18: ("g", True)},
    4: {14: ("g", False), 15: ("f", False), 16: ("g", True), 17: ("f", True)},
}


def _user(k: Kernel, l_addr: int, who: str) -> UserThread:
    program = k.lwp_at(l_addr).proc.program
    if program is None:
        k.panic(f"{who}: the process of lwp {l_addr:#x} runs no program")
    return program.user


def _which(which: int) -> str:
    if chr(which & 0xFF) not in "fg":
        raise KernelError(EINVAL, f"segment {which:#x} is neither 'f' nor 'g'")
    return chr(which & 0xFF)


def _word(k: Kernel, addr: int) -> int:
    return int.from_bytes(copyin_bytes(k, addr, k.dm.pointer), k.dm.byteorder)


@export("int x86_set_sdbase(void *arg, char which, struct lwp *l, bool direct)", "machine/sysarch.h")
def x86_set_sdbase(k: Kernel, arg: int, which: int, l_addr: int, direct: int) -> int:
    """Set the base of a thread's own segment; EFAULT, EINVAL for a kernel address, ENOMEM."""
    name, user = _which(which), _user(k, l_addr, "x86_set_sdbase")
    base = arg if direct & 0xFF else _word(k, arg)
    if k.port.user.segments and base >= k.port.user.top:
        raise KernelError(
            EINVAL, f"{base:#x} is not a user address; user addresses are below {k.port.user.top:#x}"
        )
    k.engine.user_cpu.set_segment_base(user, name, base)
    return 0


@export("int x86_get_sdbase(void *arg, char which)", "machine/sysarch.h")
def x86_get_sdbase(k: Kernel, arg: int, which: int) -> int:
    """Store the base of the current thread's segment at the user address `arg`. EFAULT, EINVAL."""
    lwp = k.sched.current
    if lwp is None:
        k.panic("x86_get_sdbase: there is no current process")
    base = k.engine.user_cpu.segment_base(_user(k, lwp.addr, "x86_get_sdbase"), _which(which))
    copyout_bytes(k, base.to_bytes(k.dm.pointer, k.dm.byteorder), arg)
    return 0


@syscall(SYS_sysarch, "int op, void *parms")
def sys_sysarch(k: Kernel, lwp: Lwp, op: int, parms: int) -> None:
    """Get and set segment bases; EINVAL for the machine's other operations."""
    row = _OPS[k.dm.pointer].get(op)
    if row is None or lwp.proc.program is None:
        raise KernelError(EINVAL, f"unsupported sysarch operation: {op}")
    if row[1]:
        x86_set_sdbase(k, parms, ord(row[0]), lwp.addr, 0)
    else:
        x86_get_sdbase(k, parms, ord(row[0]))


@export("int process_read_fpregs(struct lwp *l, struct fpreg *regs)", "machine/reg.h")
def process_read_fpregs(k: Kernel, l_addr: int, regs: int) -> int:
    """A program's floating-point registers, to kernel memory."""
    k.umem.write(regs, k.engine.user_cpu.fpu(_user(k, l_addr, "process_read_fpregs")))
    return 0


@export("int process_write_fpregs(struct lwp *l, const struct fpreg *regs)", "machine/reg.h")
def process_write_fpregs(k: Kernel, l_addr: int, regs: int) -> int:
    """Set the floating-point registers of a process."""
    k.engine.user_cpu.set_fpu(_user(k, l_addr, "process_write_fpregs"), k.umem.read(regs, _FXSAVE))
    return 0
