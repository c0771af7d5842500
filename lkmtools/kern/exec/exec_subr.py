"""Commands that build the address space of a program (exec_subr.c of NetBSD 5.2), and its file's content.

A format's es_makecmds() only records what is to be done, in ep_vmcmds; execve() does it when nothing can be
refused any more. The file has been read whole: its vnode, ep_vp, is a dead one that only names it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL, ENOEXEC
from lkmtools.abi.exec import (
    EXEC_DEFAULT_VMCMD_SETSIZE,
    VMCMD_RELATIVE,
    VMCMD_STACK,
    exec_package,
    exec_vmcmd,
    exec_vmcmd_set,
)
from lkmtools.abi.vmparam import PAGE_SIZE, round_page, trunc_page
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.machine import READ, WRITE, AddressSpace, Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

_HEADER = "sys/exec.h"
_PROC = Prototype("int ev_proc(struct lwp *l, struct exec_vmcmd *cmd)")
MAX_COMMANDS = 1024  # of one program


@export(
    "void new_vmcmd(struct exec_vmcmd_set *evsp, int (*proc)(struct lwp *, struct exec_vmcmd *), u_long len, "
    "u_long addr, struct vnode *vp, u_long offset, u_int prot, int flags)",
    _HEADER,
)
def new_vmcmd(
    k: Kernel, evsp: int, proc: int, length: int, addr: int, vp: int, offset: int, prot: int, flags: int
) -> None:
    """Note one more command. A set that is full gets more room."""
    layout = exec_vmcmd.layout(k.dm)
    view = k.umem.view(exec_vmcmd_set.layout(k.dm), evsp)
    used = view.evs_used
    if used > view.evs_cnt:
        k.panic(f"new_vmcmd: evs_used is {used} in a set with room for {view.evs_cnt}")
    if used >= MAX_COMMANDS:
        k.panic(f"new_vmcmd: more than {MAX_COMMANDS} commands for one program")
    if used >= view.evs_cnt:
        room = used + EXEC_DEFAULT_VMCMD_SETSIZE
        cmds = k.heap.alloc(room * layout.size)
        if not cmds:
            k.panic(f"new_vmcmd: no kernel memory for {room} commands")
        if view.evs_cmds:
            k.mem.write(cmds, k.umem.read(view.evs_cmds, used * layout.size))
            k.heap.free(view.evs_cmds)
        view.evs_cmds, view.evs_cnt = cmds, room
    k.umem.write(
        view.evs_cmds + used * layout.size,
        layout.pack(
            ev_proc=proc, ev_len=length, ev_addr=addr, ev_vp=vp, ev_offset=offset, ev_prot=prot,
            ev_flags=flags,
        ),
    )  # fmt: skip
    view.evs_used = used + 1


@export("void kill_vmcmds(struct exec_vmcmd_set *evsp)", _HEADER)
def kill_vmcmds(k: Kernel, evsp: int) -> None:
    """Forget all commands of a set."""
    view = k.umem.view(exec_vmcmd_set.layout(k.dm), evsp)
    if view.evs_cmds and k.heap.free(view.evs_cmds) is None:
        k.panic(f"kill_vmcmds: evs_cmds {view.evs_cmds:#x} is not what new_vmcmd() made")
    view.evs_cmds = view.evs_cnt = view.evs_used = 0


def run_vmcmds(k: Kernel, lwp: Lwp, package: int) -> None:
    """Do what the commands of a struct exec_package say, in the process's memory. KernelError."""
    size = exec_vmcmd.layout(k.dm).size
    view = k.umem.view(exec_package.layout(k.dm), package)
    count, at = view.get("ep_vmcmds.evs_used"), view.get("ep_vmcmds.evs_cmds")
    if count > view.get("ep_vmcmds.evs_cnt"):
        k.panic(f"execve: evs_used is {count} in a set with room for {view.get('ep_vmcmds.evs_cnt')}")
    for cmd in range(at, at + count * size, size):
        row = k.umem.view(exec_vmcmd.layout(k.dm), cmd)
        if row.ev_flags & VMCMD_RELATIVE:
            raise KernelError(EINVAL, f"the command for {row.ev_addr:#x} is VMCMD_RELATIVE")
        lwp.thread.reason = ""
        errno = k.engine.call(_PROC, row.ev_proc, lwp.addr, cmd)
        if errno:
            raise KernelError(errno, lwp.thread.reason or f"{k.symbolize(row.ev_proc)} refuses")


def content(k: Kernel, vp: int, offset: int, size: int) -> bytes:
    """Bytes of the program file whose vnode is `vp`; ENOEXEC when it is shorter."""
    image = k.formats.executing.get(vp)
    if image is None:
        k.panic(f"{vp:#x} is not the ep_vp of a program that is being executed")
    if offset + size > len(image):
        raise KernelError(
            ENOEXEC, f"cannot read {size} bytes at offset {offset:#x}: the file has {len(image)}"
        )
    return image[offset : offset + size]


@export("int exec_read_from(struct lwp *l, struct vnode *vp, u_long off, void *bf, size_t size)", _HEADER)
def exec_read_from(k: Kernel, l_addr: int, vp: int, offset: int, buf: int, size: int) -> int:
    """Read from the program file that is being executed. ENOEXEC when it is too short."""
    k.umem.write(buf, content(k, vp, offset, size))
    return 0


# -- commands ------------------------------------------------------------------------------------------------


def _space(k: Kernel, l_addr: int, who: str) -> AddressSpace:
    program = k.lwp_at(l_addr).proc.program
    if program is None:
        k.panic(f"{who}: the process of lwp {l_addr:#x} runs no program")
    return program.space


def _pages(start: int, length: int) -> tuple[int, int]:
    """The whole pages that hold a range: first address and size."""
    first = trunc_page(start)
    return first, round_page(start + length - first)


def _read_file(k: Kernel, l_addr: int, cmd: int, who: str, writable: Callable[..., object]) -> None:
    """Put a command's piece of the file into memory; `writable` prepares the pages for that."""
    row = k.umem.view(exec_vmcmd.layout(k.dm), cmd)
    space = _space(k, l_addr, who)
    data = content(k, row.ev_vp, row.ev_offset, row.ev_len)
    if data:
        first, size = _pages(row.ev_addr, row.ev_len)
        writable(space, first, size, READ | WRITE)
        space.write(row.ev_addr, data)
        space.protect(first, size, row.ev_prot & 7)


@export("int vmcmd_map_readvn(struct lwp *l, struct exec_vmcmd *cmd)", _HEADER)
def vmcmd_map_readvn(k: Kernel, l_addr: int, cmd: int) -> int:
    """Fresh pages with ev_len bytes of the file from ev_offset in them, at ev_addr, and zeros around."""
    _read_file(k, l_addr, cmd, "vmcmd_map_readvn", AddressSpace.map)
    return 0


@export("int vmcmd_map_pagedvn(struct lwp *l, struct exec_vmcmd *cmd)", _HEADER)
def vmcmd_map_pagedvn(k: Kernel, l_addr: int, cmd: int) -> int:
    """vmcmd_map_readvn for whole pages of the file: they are copies, too. EINVAL when not at pages."""
    row = k.umem.view(exec_vmcmd.layout(k.dm), cmd)
    if row.ev_addr % PAGE_SIZE or row.ev_offset % PAGE_SIZE:
        raise KernelError(
            EINVAL, f"offset {row.ev_offset:#x} and address {row.ev_addr:#x} must be multiples of {PAGE_SIZE}"
        )
    return vmcmd_map_readvn(k, l_addr, cmd)


@export("int vmcmd_readvn(struct lwp *l, struct exec_vmcmd *cmd)", _HEADER)
def vmcmd_readvn(k: Kernel, l_addr: int, cmd: int) -> int:
    """Read from the file into memory that an earlier command mapped, and set its protection."""
    _read_file(k, l_addr, cmd, "vmcmd_readvn", AddressSpace.protect)
    return 0


@export("int vmcmd_map_zero(struct lwp *l, struct exec_vmcmd *cmd)", _HEADER)
def vmcmd_map_zero(k: Kernel, l_addr: int, cmd: int) -> int:
    """Fresh zero pages."""
    row = k.umem.view(exec_vmcmd.layout(k.dm), cmd)
    if row.ev_len:
        first, size = _pages(row.ev_addr, row.ev_len)
        _space(k, l_addr, "vmcmd_map_zero").map(first, size, row.ev_prot & 7)
    return 0


@export("int exec_setup_stack(struct lwp *l, struct exec_package *epp)", _HEADER)
def exec_setup_stack(k: Kernel, l_addr: int, epp: int) -> int:
    """Note the native stack: ep_maxsaddr, ep_minsaddr, ep_ssize and a command."""
    view = k.umem.view(exec_package.layout(k.dm), epp)
    size = k.port.user.stack_size
    view.ep_minsaddr = top = k.port.user.top - PAGE_SIZE
    view.ep_maxsaddr = top - size
    view.ep_ssize = size
    new_vmcmd(
        k, view.at("ep_vmcmds.evs_cnt"), k.symbol("vmcmd_map_zero"), size, top - size, 0, 0, READ | WRITE,
        VMCMD_STACK,
    )  # fmt: skip
    return 0
