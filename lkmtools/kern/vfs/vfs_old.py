"""File systems of modules that were written for NetBSD before 5.0, or OpenBSD (docs/dialects.md).

Such a type's operations get the caller as their last argument, vfs_mount a struct nameidata before it and
the caller's data where they are. The kernel gives the type a struct vfsops of NetBSD 5.2 with the same
functions, and calls them as their system would; so it does with vnode operations (vnode_if.py).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from lkmtools.abi.dialects import DIALECTS
from lkmtools.abi.errno import ENOMEM, EOPNOTSUPP
from lkmtools.abi.mount import vfsops
from lkmtools.abi.mount_old import OPERATIONS, OPERATIONS_4_0, VFSOPS, nameidata, vfsconf
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_proc import caller
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


_KEPT = ("vfs_name", "vfs_init", "vfs_reinit", "vfs_done", "vfs_opv_descs")
_INIT = Prototype("int vfs_init(struct vfsconf *vfc)")


def native(k: Kernel, given: int, dialect: str) -> int:
    """A struct vfsops of NetBSD 5.2 with the operations of an older one, in memory of the kernel. ENOMEM."""
    layout, theirs = vfsops.layout(k.dm), VFSOPS[dialect].layout(k.dm)
    if dialect == "openbsd":
        conf = k.umem.view(vfsconf.layout(k.dm), given)
        members = {"vfs_name": conf.at("vfc_name")}
        old = k.umem.view(theirs, conf.vfc_vfsops)  # init() calls its vfs_init
    else:
        old = k.umem.view(theirs, given)
        members = {name: old.get(name) for name in _KEPT if name in theirs.fields}
    statvfs = "vfs_statfs" if "vfs_statfs" in theirs.fields else "vfs_statvfs"
    members |= {name: old.get(name if name != "vfs_statvfs" else statvfs) for name in OPERATIONS}
    if dialect == "4.0":
        members |= {name: old.get(name) for name in OPERATIONS_4_0}
    if dialect == "2.0" and not members["vfs_opv_descs"]:
        members["vfs_opv_descs"] = old.vfs_snapshot  # the source is for 2.0, which has no snapshots
    addr = k.heap.alloc(layout.size)
    if not addr:
        raise KernelError(ENOMEM, "no kernel memory for a struct vfsops")
    k.mem.write(addr, layout.pack(**members))
    return addr


def init(k: Kernel, given: int) -> None:
    """Call vfs_init of OpenBSD, for a type that is attached; as there, its result is ignored."""
    conf = k.umem.view(vfsconf.layout(k.dm), given)
    hook = k.umem.view(VFSOPS["openbsd"].layout(k.dm), conf.vfc_vfsops).vfs_init
    if hook:
        k.engine.call(_INIT, hook, given)


@cache
def _prototypes(dialect: str) -> dict[str, Prototype]:
    params = OPERATIONS | (OPERATIONS_4_0 if dialect == "4.0" else {})
    return {name: Prototype(f"int {name}({each})") for name, each in params.items()}


def call(k: Kernel, dialect: str, name: str, impl: int, of: int, args: tuple[int, ...]) -> int:
    """Call an operation, by its name in NetBSD 5.2, as the system of `impl`'s module would."""
    proto = _prototypes(dialect).get(name)
    if proto is None:
        raise KernelError(EOPNOTSUPP, f"file systems of {DIALECTS[dialect]} have no {name}")
    lwp = k.sched.current or k.sched.softlwp
    if name != "vfs_mount":
        more = (caller(k, lwp, impl),) if len(proto.params) > 1 + len(args) else ()
        return k.engine.call(proto, impl, of, *args, *more)
    path, data = args[:2]
    ndp = lwp.alloca(k, nameidata.layout(k.dm).size)
    try:
        k.mem.fill(ndp, nameidata.layout(k.dm).size)
        return k.engine.call(proto, impl, of, path, data, ndp, caller(k, lwp, impl))
    finally:
        lwp.release(k, ndp)
