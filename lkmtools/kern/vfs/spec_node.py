"""The vnodes of devices: v_specnode, and with it v_rdev (spec_vnops.c of NetBSD 5.2).

All vnodes of a device share a struct specdev. Both structs are freed with the vnode. The operations of device
vnodes (spec_vnodeop_p) are not written: the kernel opens devices without vnodes (spec_vnops.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.errno import ENFILE
from lkmtools.abi.genfs_node import specdev, specnode
from lkmtools.abi.vnode import VBLK, VCHR
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.vfs.vfs_vnode import view_of

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "miscfs/specfs/specdev.h"


@export("void spec_node_init(struct vnode *vp, dev_t rdev)", _HEADER)
def spec_node_init(k: Kernel, vp: int, rdev: int) -> None:
    """A vnode of type VCHR or VBLK is the device `rdev`; a panic for another type, and the second time."""
    view = view_of(k, vp, "spec_node_init")
    if view.v_type not in (VBLK, VCHR):
        k.panic(f"spec_node_init: the type of vnode {vp:#x}, {view.v_type}, is neither VBLK nor VCHR")
    if vp in k.vfs.specnodes:
        k.panic(f"spec_node_init: vnode {vp:#x} has a specnode already")
    key = (view.v_type, rdev)
    dev = k.vfs.specdevs.get(key)
    if dev is None:
        dev = k.vfs.specdevs[key] = _alloc(k, specdev.layout(k.dm).pack(sd_rdev=rdev))
    refs = k.mem.view(specdev.layout(k.dm), dev)
    refs.sd_refcnt = refs.sd_refcnt + 1
    view.vu_mountedhere = _alloc(k, specnode.layout(k.dm).pack(sn_dev=dev, sn_rdev=rdev))
    k.vfs.specnodes[vp] = (view.vu_mountedhere, key)


def _alloc(k: Kernel, data: bytes) -> int:
    addr = k.heap.alloc(len(data))
    if not addr:
        raise KernelError(ENFILE, "no kernel memory for the vnode of a device")
    k.mem.write(addr, data)
    return addr


@export("void spec_node_destroy(struct vnode *vp)", _HEADER)
def spec_node_destroy(k: Kernel, vp: int) -> None:
    """A vnode is no longer a device's; the last one's struct specdev goes too."""
    view_of(k, vp, "spec_node_destroy").vu_mountedhere = 0
    node, key = k.vfs.specnodes.pop(vp, (0, (0, 0)))
    if not node:
        k.panic(f"spec_node_destroy: vnode {vp:#x} has no specnode")
    k.heap.free(node)
    dev = k.mem.view(specdev.layout(k.dm), k.vfs.specdevs[key])
    dev.sd_refcnt = dev.sd_refcnt - 1
    if not dev.sd_refcnt:
        k.heap.free(k.vfs.specdevs.pop(key))


DATA = tuple(
    Data(f"{name}_vnodeop_p", f"int (**{name}_vnodeop_p)(void *)", lambda dm: dm.pointer, None, header)
    for name, header in (
        ("spec", _HEADER),
        ("fifo", "miscfs/fifofs/fifo.h"),
        ("sync", "miscfs/syncfs/syncfs.h"),
    )
)
