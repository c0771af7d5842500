"""File systems of modules that were written for NetBSD 1.4 or OpenBSD (docs/dialects.md).

Such a type's operations get the process as their last argument, vfs_mount a struct nameidata before it and
the caller's data where they are. The kernel gives the type a struct vfsops of NetBSD 5.2 with the same
functions, and calls them as their system would; so it does with vnode operations (vnode_if.py).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from lkmtools.abi.errno import ENOMEM
from lkmtools.abi.mount import vfsops
from lkmtools.abi.mount_old import OPERATIONS, vfsconf, vfsops_1_4, vfsops_openbsd
from lkmtools.abi.namei import nameidata
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_proc import caller
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


_INIT = Prototype("int vfs_init(struct vfsconf *vfc)")


def native(k: Kernel, given: int, dialect: str) -> int:
    """A struct vfsops of NetBSD 5.2 with the operations of an older one, in memory of the kernel. ENOMEM."""
    layout = vfsops.layout(k.dm)
    if dialect == "openbsd":
        conf = k.umem.view(vfsconf.layout(k.dm), given)
        members = {"vfs_name": conf.at("vfc_name")}
        old = k.umem.view(vfsops_openbsd.layout(k.dm), conf.vfc_vfsops)
        hook = 0  # init() calls it
    else:
        old = k.umem.view(vfsops_1_4.layout(k.dm), given)
        members = {"vfs_name": old.vfs_name, "vfs_opv_descs": old.vfs_opv_descs}
        hook = old.vfs_init
    members |= {name: old.get(theirs) for name, (theirs, _) in OPERATIONS.items()} | {"vfs_init": hook}
    addr = k.heap.alloc(layout.size)
    if not addr:
        raise KernelError(ENOMEM, "no kernel memory for a struct vfsops")
    k.mem.write(addr, layout.pack(**members))
    return addr


def init(k: Kernel, given: int) -> None:
    """Call vfs_init of OpenBSD, for a type that is attached; as there, its result is ignored."""
    conf = k.umem.view(vfsconf.layout(k.dm), given)
    hook = k.umem.view(vfsops_openbsd.layout(k.dm), conf.vfc_vfsops).vfs_init
    if hook:
        k.engine.call(_INIT, hook, given)


@cache
def _prototype(name: str) -> Prototype:
    theirs, params = OPERATIONS[name]
    return Prototype(f"int {theirs}({params})")


def call(k: Kernel, name: str, impl: int, mp: int, args: tuple[int, ...]) -> int:
    """Call an operation, by its name in NetBSD 5.2, as the system of `impl`'s module would."""
    lwp = k.sched.current or k.sched.softlwp
    proto = _prototype(name)
    if name != "vfs_mount":
        more = (caller(k, lwp, impl),) if len(proto.params) > 1 + len(args) else ()
        return k.engine.call(proto, impl, mp, *args, *more)
    path, data = args[:2]
    ndp = lwp.alloca(k, nameidata.layout(k.dm).size)
    try:
        k.mem.fill(ndp, nameidata.layout(k.dm).size)
        return k.engine.call(proto, impl, mp, path, data, ndp, caller(k, lwp, impl))
    finally:
        lwp.release(k, ndp)
