"""Types, attributes and length of a vnode (vfs_subr.c of NetBSD 5.2; uvm_vnode.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.vnode import VNON, iftovt_tab, vattr, vttoif_tab
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.proc.kern_clock import nanotime
from lkmtools.kern.vfs.vfs_vnode import view_of
from lkmtools.kern.vfs.vnode_if import vcall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/vnode.h"


@export("void vattr_null(struct vattr *vap)", _HEADER)
def vattr_null(k: Kernel, vap: int) -> None:
    """No attribute has a value: VNOVAL, that is all ones, and type VNON."""
    layout = vattr.layout(k.dm)
    values = {name: -1 for name in layout.fields if name != "va_vaflags"}
    k.umem.write(vap, layout.pack(**{**values, "va_type": VNON}))


@export("void vprint(const char *label, struct vnode *vp)", _HEADER)
def vprint(k: Kernel, label: int, vp: int) -> None:
    """A line about a vnode on the console, and its file system's own (VOP_PRINT)."""
    view = view_of(k, vp, "vprint")
    head = f"{k.umem.cstr(label, 256).decode(*C_TEXT)}: " if label else ""
    k.console.write(
        f"{head}vnode {vp:#x} type {view.v_type} usecount {view.uo_refs} writecount {view.v_writecount} "
        f"flags {view.v_iflag | view.v_vflag:#x} mount {view.v_mount:#x}\n"
    )
    vcall(k, "print", vp)


@export("void vfs_timestamp(struct timespec *ts)", _HEADER)
def vfs_timestamp(k: Kernel, ts: int) -> None:
    """The time for a file's attributes: that of nanotime()."""
    nanotime(k, ts)


@export("void uvm_vnp_setsize(struct vnode *vp, off_t size)", "uvm/uvm_extern.h")
def uvm_vnp_setsize(k: Kernel, vp: int, size: int) -> None:
    """The file's length, as the vnode knows it."""
    view = view_of(k, vp, "uvm_vnp_setsize")
    view.v_size = view.v_writesize = size


@export("void uvm_vnp_setwritesize(struct vnode *vp, off_t size)", "uvm/uvm_extern.h")
def uvm_vnp_setwritesize(k: Kernel, vp: int, size: int) -> None:
    """The length that the file will have after the write that begins."""
    view_of(k, vp, "uvm_vnp_setwritesize").v_writesize = size


def _table(name: str, text: str, values: tuple[int, ...]) -> Data:
    def init(k: Kernel, addr: int) -> None:
        for i, value in enumerate(values):
            k.mem.set_u32(addr + 4 * i, value)

    return Data(name, text, lambda dm: 4 * len(values), init, _HEADER)


DATA = (
    _table("iftovt_tab", "const enum vtype iftovt_tab[]", iftovt_tab),
    _table("vttoif_tab", "const int vttoif_tab[]", vttoif_tab),
)


def file_format(k: Kernel, what: str, v_type: int) -> int:
    """The S_IFMT bits of a vnode type (VTTOIF()); a panic that says `what` has one that does not exist."""
    if not 0 <= v_type < len(vttoif_tab):
        k.panic(f"{what} is {v_type}: the types of vnodes are 0 to {len(vttoif_tab) - 1}")
    return vttoif_tab[v_type]
