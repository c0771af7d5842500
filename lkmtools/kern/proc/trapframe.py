"""struct trapframe: a program's registers in kernel memory while module code serves it (machdep.c of NetBSD).

l_md.md_regs points to the lwp's frame from the beginning. Programs under the native handler never need it: it
is filled for a handler, a signal or exec, and becomes the registers again afterwards.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lkmtools.kern.proc.emul import lwp_regs

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp


def size(k: Kernel) -> int:
    """Bytes of a struct trapframe."""
    return len(k.port.user.frame) * k.dm.pointer


def _codec(k: Kernel) -> struct.Struct:
    return struct.Struct(f"{k.dm.order}{len(k.port.user.frame)}{k.dm.word}")


def fill(k: Kernel, lwp: Lwp, trapno: int = 0, length: int = 0) -> int:
    """The program's registers into the frame; `length` is that of its system-call instruction. The frame."""
    program, port = lwp.proc.program, k.port.user
    assert program is not None
    words = k.engine.user_cpu.general(program.user)
    words[port.frame_pc], words[port.frame_trapno], words[port.frame_err] = program.user.pc, trapno, length
    addr = lwp_regs(k, lwp.addr)
    mask = k.dm.mask
    k.mem.write(addr, _codec(k).pack(*[word & mask for word in words]))
    return addr


def store(k: Kernel, lwp: Lwp) -> None:
    """What the frame says becomes the program's registers; of the flags only what a program may set."""
    program, port = lwp.proc.program, k.port.user
    assert program is not None
    words = list(k.mem.unpack(_codec(k), lwp_regs(k, lwp.addr)))
    slot = port.frame.index(port.flags)
    old = k.engine.user_cpu.general(program.user)[slot]
    words[slot] = old & ~port.free_flags | words[slot] & port.free_flags
    k.engine.user_cpu.set_general(program.user, words)
    program.user.pc = words[port.frame_pc]
