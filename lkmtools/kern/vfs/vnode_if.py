"""Calls of vnode operations through a vnode's vector (vnode_if.c of NetBSD 5.2).

Modules call VOP_LOOKUP() and the like as the kernel does: vcall() lays out the argument struct and calls the
operation's entry of v_op. An invalid vnode is a panic that names the caller.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.abi.buf import buf
from lkmtools.abi.datamodel import DataModel, Layout
from lkmtools.abi.dialects import DIALECT, PROC_CALLS
from lkmtools.abi.mutex import LK_EXCLOTHER, LK_EXCLUSIVE, LK_RETRY
from lkmtools.abi.vnode import VDESC_NO_OFFSET, vnode, vnodeop_desc
from lkmtools.abi.vnode_if import VOP_DEFAULT, VOPS, Vop
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import MEMORY
from lkmtools.kern.base.export import Data, Function
from lkmtools.kern.base.place import called_from
from lkmtools.kern.proc.kern_proc import caller
from lkmtools.machine import Prototype
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/vnode_if.h"
_IMPL = Prototype("int vop(void *v)")
_MAX_VPS = 8
_PLACES = {row.name: i for i, row in enumerate(VOPS, VOP_DEFAULT + 1)}
_ROWS = {row.name: row for row in VOPS}


class Operation(NamedTuple):
    """A row of VOPS on one kernel: its descriptor's address, its place in bytes, its arguments."""

    desc: int
    place: int
    args: Layout


def operations(k: Kernel) -> dict[str, Operation]:
    """Every operation by name."""
    return {
        name: Operation(k.symbol(f"vop_{name}_desc"), place * k.dm.pointer, _ROWS[name].args.layout(k.dm))
        for name, place in _PLACES.items()
    }


def implementation(k: Kernel, name: str, vp: int) -> int:
    """The function that does operation `name` for the vnode at `vp`."""
    v_op = k.mem.ptr(vp + vnode.layout(k.dm).offsetof("v_op"))
    return k.umem.ptr(v_op + k.vfs.operations[name].place)


def vcall(k: Kernel, name: str, *args: int) -> int:
    """Call operation `name` of the first argument, a vnode: its errno."""
    return _vcall(k, name, args[0], args)


def _vcall(k: Kernel, name: str, vp: int, args: tuple[int, ...]) -> int:
    operation = k.vfs.operations[name]
    check_vnode(k, vp, f"VOP_{name.upper()}")
    impl = implementation(k, name, vp)
    lwp = k.sched.current or k.sched.softlwp
    layout = operation.args
    members = dict(zip(layout.fields, (operation.desc, *args), strict=True))
    dialect = k.modules.dialect(impl)
    if dialect == DIALECT:
        content = layout.pack(**members)
    else:
        content = _older(k, name, dialect, members, caller(k, lwp, impl))
    addr = lwp.alloca(k, len(content))
    try:
        k.mem.write(addr, content)
        errno = k.engine.call(_IMPL, impl, addr)
    finally:
        lwp.release(k, addr)
    if dialect != DIALECT and name == "lookup":
        _lock_again(k, vp, 0 if errno else k.umem.ptr(members["a_vpp"]))
    return errno


def _lock_again(k: Kernel, dvp: int, vp: int) -> None:
    """Lock the directory that an older lookup has unlocked, as it does without LOCKPARENT.

    Another lwp may have it by now, and wait for the vnode that was found: a directory is locked before what
    is in it.
    """
    if vcall(k, "islocked", dvp) not in (0, LK_EXCLOTHER):
        return
    mine = vp in k.vfs.vnodes and vp != dvp and vcall(k, "islocked", vp) == LK_EXCLUSIVE
    if mine:
        vcall(k, "unlock", vp, 0)
    vcall(k, "lock", dvp, LK_EXCLUSIVE | LK_RETRY)
    if mine:
        vcall(k, "lock", vp, LK_EXCLUSIVE | LK_RETRY)


def _older(k: Kernel, name: str, dialect: str, members: dict[str, int], who: int) -> bytes:
    """The arguments as a module for NetBSD before 5.0, or OpenBSD, expects them: its caller is the last one.

    The caller took the place of what came later: of the range of fsync, and of the answer of inactive.
    """
    if dialect == "openbsd" and name == "readdir":  # it has them the other way round
        members["a_cookies"], members["a_ncookies"] = members["a_ncookies"], members["a_cookies"]
    if name == "inactive":
        members["a_recycle"] = who
    layout = k.vfs.operations[name].args
    content = bytearray(layout.pack(**members)) + who.to_bytes(k.dm.pointer, k.dm.byteorder)
    if name == "fsync" and dialect in PROC_CALLS:
        at = layout.offsetof("a_offlo")
        content[at : at + k.dm.pointer] = content[-k.dm.pointer :]
    return bytes(content)


def vop(k: Kernel, name: str, *args: int) -> None:
    """vcall(), with the errno as a KernelError."""
    check_vnode(k, args[0], f"VOP_{name.upper()}")
    impl = implementation(k, name, args[0])
    lwp = k.sched.current or k.sched.softlwp
    lwp.thread.reason = ""
    errno = vcall(k, name, *args)
    if errno:
        raise KernelError(errno, lwp.thread.reason or f"{k.symbolize(impl).partition('+')[0]}() refuses")


def check_vnode(k: Kernel, vp: int, who: str) -> None:
    """`vp` must be a vnode: anything else is a panic that names `who` used it, and its caller."""
    if vp in k.vfs.vnodes:
        return
    what = "was freed" if k.heap.was_freed(vp) else "is not a vnode"
    k.panic(f"{who}: {vp:#x} {what}{called_from(k, k.engine.current, ', ')}")


def _function(row: Vop) -> Function:
    def body(k: Kernel, *args: int) -> int:
        first = args[0]
        vp = k.umem.ptr(first + buf.layout(k.dm).offsetof("b_vp")) if of_buffer else first
        return _vcall(k, row.name, vp, args)

    of_buffer = row.members[0][0] == "struct buf *"  # VOP_BWRITE's only argument
    body.__doc__ = f"Call the {row.name} operation of a vnode's file system."
    return Function(Prototype(row.prototype), _HEADER, body, bound=MEMORY)


def _offsets(row: Vop, dm: DataModel, kind: str) -> list[int]:
    layout = row.args.layout(dm)
    return [layout.offsetof(f"a_{name}") for ctype, name in row.members if ctype == kind]


def _descriptor(row: Vop) -> Data:
    """vop_NAME_desc, with the array its vdesc_vp_offsets points to behind it."""

    def size(dm: DataModel) -> int:
        return vnodeop_desc.layout(dm).size + 4 * _MAX_VPS

    def init(k: Kernel, addr: int) -> None:
        layout = vnodeop_desc.layout(k.dm)
        offsets = addr + layout.size
        vnodes = [*_offsets(row, k.dm, "struct vnode *"), VDESC_NO_OFFSET]
        for i, offset in enumerate(vnodes):
            k.mem.set_u32(offsets + 4 * i, offset)

        def first(kind: str) -> int:
            return next(iter(_offsets(row, k.dm, kind)), VDESC_NO_OFFSET)

        k.mem.write(
            addr,
            layout.pack(
                vdesc_offset=_PLACES[row.name],
                vdesc_name=k.string(f"vop_{row.name}"),
                vdesc_flags=row.flags,
                vdesc_vp_offsets=offsets,
                vdesc_vpp_offset=first("struct vnode **"),
                vdesc_cred_offset=first("kauth_cred_t"),
                vdesc_componentname_offset=first("struct componentname *"),
            ),
        )

    name = f"vop_{row.name}_desc"
    return Data(name, f"const struct vnodeop_desc {name}", size, init, _HEADER)


def _default(k: Kernel, addr: int) -> None:
    layout = vnodeop_desc.layout(k.dm)
    none = dict.fromkeys(("vdesc_vpp_offset", "vdesc_cred_offset", "vdesc_componentname_offset"), -1)
    k.mem.write(addr, layout.pack(vdesc_offset=VOP_DEFAULT, vdesc_name=k.string("default"), **none))


_size: Callable[[DataModel], int] = lambda dm: vnodeop_desc.layout(dm).size  # noqa: E731
FUNCTIONS = tuple(_function(row) for row in VOPS)
DATA = (
    Data("vop_default_desc", "const struct vnodeop_desc vop_default_desc", _size, _default, _HEADER),
    *(_descriptor(row) for row in VOPS),
)
