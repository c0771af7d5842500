"""Types of file systems, and their vectors of vnode operations (vfs_init.c, vfs_subr.c of NetBSD 5.2).

A vector is an array of functions, one per operation. A file system defines its operations in tables of
(operation, function); the others get the function of vop_default_desc.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.dialects import DIALECT
from lkmtools.abi.errno import EBUSY, EEXIST, EOPNOTSUPP, ESRCH
from lkmtools.abi.mount import vfsops
from lkmtools.abi.vnode import VDESC_NO_OFFSET, vnodeop_desc, vnodeopv_desc, vnodeopv_entry_desc
from lkmtools.abi.vnode_if import VNODE_OPS_COUNT, VOP_DEFAULT
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import MEMORY, Steps
from lkmtools.kern.base.export import Data, Function, export
from lkmtools.kern.base.queue import chain, list_insert_head, list_remove
from lkmtools.kern.vfs import vfs_old
from lkmtools.kern.vfs.vfs_vnode import view_of
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

_MOUNT, _VNODE = "sys/mount.h", "sys/vnode.h"
_HOOK = Prototype("void vfs_hook(void)")
_MP = "struct mount *mp"
_PARAMS = {
    "mount": f"{_MP}, const char *path, void *data, size_t *data_len",
    "start": f"{_MP}, int flags",
    "unmount": f"{_MP}, int mntflags",
    "root": f"{_MP}, struct vnode **vpp",
    "quotactl": f"{_MP}, int cmd, uid_t uid, void *arg",
    "statvfs": f"{_MP}, struct statvfs *sbp",
    "sync": f"{_MP}, int waitfor, struct kauth_cred *cred",
    "fhtovp": f"{_MP}, struct fid *fh, struct vnode **vpp",
    "vptofh": "struct vnode *vp, struct fid *fh, size_t *len",
    "snapshot": f"{_MP}, struct vnode *vp, struct timespec *ts",
    "extattrctl": f"{_MP}, int cmd, struct vnode *vp, int ns, const char *name",
    "suspendctl": f"{_MP}, int cmd",
}
OPS = {f"vfs_{name}": Prototype(f"int vfs_{name}({params})") for name, params in _PARAMS.items()}
_EXIT = "vfs_renamelock_exit"
OPS["vfs_renamelock_enter"] = Prototype(f"int vfs_renamelock_enter({_MP})")
OPS[_EXIT] = Prototype(f"void {_EXIT}({_MP})")


def vfsop(k: Kernel, name: str, mp: int, *args: int) -> None:
    """Call an operation of the file system mounted at struct mount `mp`. EOPNOTSUPP when it has none."""
    impl = _impl(k, name, mp)
    errno = _call(k, name, impl, mp, args)
    if errno:
        lwp = k.sched.current
        reason = lwp.thread.reason if lwp is not None else ""
        raise KernelError(errno, reason or f"{k.symbolize(impl).partition('+')[0]}() refuses")


def _impl(k: Kernel, name: str, mp: int) -> int:
    """The function of an operation of the file system mounted at `mp`. EOPNOTSUPP when it has none."""
    ops = k.vfs.mount(mp).mnt_op
    impl = k.umem.ptr(ops + vfsops.layout(k.dm).offsetof(name))
    if not impl:
        raise KernelError(EOPNOTSUPP, f"file system type '{type_name(k, ops)}' has no {name}")
    return impl


def _call(k: Kernel, name: str, impl: int, of: int, args: tuple[int, ...]) -> int:
    dialect = k.modules.dialect(impl)
    if dialect != DIALECT:
        return vfs_old.call(k, dialect, name, impl, of, args)
    return k.engine.call(OPS[name], impl, of, *args)


def has_vfsop(k: Kernel, name: str, mp: int) -> bool:
    """Does that file system have the operation?"""
    return bool(k.umem.ptr(k.vfs.mount(mp).mnt_op + vfsops.layout(k.dm).offsetof(name)))


def _function(name: str, params: str) -> Function:
    """VFS_NAME(): a module calls an operation of a mounted file system."""

    def body(k: Kernel, of: int, *args: int) -> int:
        mp = view_of(k, of, f"VFS_{name.upper()}").v_mount if params.startswith("struct vnode") else of
        return _call(k, f"vfs_{name}", _impl(k, f"vfs_{name}", mp), of, args)

    body.__doc__ = f"Call vfs_{name} of a mounted file system; EOPNOTSUPP when it has none."
    return Function(Prototype(f"int VFS_{name.upper()}({params})"), _MOUNT, body, bound=MEMORY)


# -- vectors ------------------------------------------------------------------------------------------------


def _descs(k: Kernel, descs: int) -> Iterator[View]:
    """The struct vnodeopv_descs of a NULL-terminated array of pointers."""
    steps = Steps(k, f"the array of struct vnodeopv_descs at {descs:#x}")
    while descs and (desc := k.umem.ptr(descs)):
        steps.step()
        yield k.umem.view(vnodeopv_desc.layout(k.dm), desc)
        descs += k.dm.pointer


def _entries(k: Kernel, desc: View) -> Iterator[tuple[View, int]]:
    """(operation, function) of a table, up to the entry without an operation."""
    layout = vnodeopv_entry_desc.layout(k.dm)
    at, steps = desc.opv_desc_ops, Steps(k, f"the table of the struct vnodeopv_desc at {desc.addr:#x}")
    while op := k.umem.ptr(at):
        steps.step()
        entry = k.umem.view(layout, at)
        yield k.umem.view(vnodeop_desc.layout(k.dm), op), entry.opve_impl
        at += layout.size


@export("void vfs_opv_init(const struct vnodeopv_desc * const *descs)", _VNODE)
def vfs_opv_init(k: Kernel, descs: int) -> None:
    """Make the vectors that these tables describe. A table without a default operation is a panic."""
    for desc in _descs(k, descs):
        vector = k.umem.ptr(desc.opv_desc_vector_p)
        if not vector:
            vector = _vector(k, desc)
        _enter(k, desc, vector)
        _fill(k, vector)


@export("void vfs_opv_init_explicit(struct vnodeopv_desc *desc)")
def vfs_opv_init_explicit(k: Kernel, desc: int) -> None:
    """Make the vector that a table describes, for a module for OpenBSD; what the table lacks stays NULL.

    It is given back with the module.
    """
    view = k.umem.view(vnodeopv_desc.layout(k.dm), desc)
    vector = k.umem.ptr(view.opv_desc_vector_p)
    if not vector:
        vector = k.vfs.explicit[desc] = _vector(k, view)
    _enter(k, view, vector)


@export("void vfs_opv_init_default(struct vnodeopv_desc *desc)")
def vfs_opv_init_default(k: Kernel, desc: int) -> None:
    """Enter the table's default operation where its vector has none; a panic without a default operation."""
    _fill(k, k.umem.ptr(k.umem.view(vnodeopv_desc.layout(k.dm), desc).opv_desc_vector_p))


def _vector(k: Kernel, desc: View) -> int:
    """A table's new vector, which is empty; a panic without memory."""
    vector = k.heap.alloc(VNODE_OPS_COUNT * k.dm.pointer)
    if not vector:
        k.panic("vfs_opv_init: out of space in kernel map")
    k.umem.set_ptr(desc.opv_desc_vector_p, vector)
    return vector


def _enter(k: Kernel, desc: View, vector: int) -> None:
    """Enter the operations of a table in its vector; NetBSD before 5.0 had some that have no place."""
    older = k.modules.dialect(desc.addr) != DIALECT
    for op, impl in _entries(k, desc):
        if older and op.vdesc_offset == VDESC_NO_OFFSET:
            continue
        if not 0 <= op.vdesc_offset < VNODE_OPS_COUNT:
            k.panic(f"vfs_opv_init: operation {op.vdesc_offset} is not below {VNODE_OPS_COUNT}")
        k.umem.set_ptr(vector + op.vdesc_offset * k.dm.pointer, impl)


def _fill(k: Kernel, vector: int) -> None:
    """Enter the default operation of a vector where it has no other."""
    step = k.dm.pointer
    default = k.umem.ptr(vector + VOP_DEFAULT * step)
    if not default:
        k.panic("vfs_opv_init: operation vector without default routine")
    for place in range(VNODE_OPS_COUNT):
        if not k.umem.ptr(vector + place * step):
            k.umem.set_ptr(vector + place * step, default)


@export("void vfs_opv_free(const struct vnodeopv_desc * const *descs)", _VNODE)
def vfs_opv_free(k: Kernel, descs: int) -> None:
    """Give the vectors back."""
    for desc in _descs(k, descs):
        vector = k.umem.ptr(desc.opv_desc_vector_p)
        if vector and k.heap.free(vector) is None:
            k.panic(f"vfs_opv_free: {vector:#x} is not a vector of vfs_opv_init()")
        k.vfs.explicit.pop(desc.addr, None)
        k.umem.set_ptr(desc.opv_desc_vector_p, 0)


# -- types --------------------------------------------------------------------------------------------------


def _link(k: Kernel) -> int:
    return vfsops.layout(k.dm).offsetof("vfs_list.le_next")


def types(k: Kernel) -> list[int]:
    """The struct vfsops of every type in the kernel, the newest first."""
    return list(chain(k, "vfs_list", k.symbol("vfs_list"), _link(k)))


def type_name(k: Kernel, ops: int) -> str:
    """vfs_name."""
    name = k.umem.ptr(ops + vfsops.layout(k.dm).offsetof("vfs_name"))
    return k.umem.cstr(name, 256).decode(*C_TEXT)


@export("int vfs_attach(struct vfsops *vfs)", _MOUNT)
def vfs_attach(k: Kernel, vfs: int) -> int:
    """Make a type of file system known. EEXIST when one has its name."""
    name = type_name(k, vfs)
    if any(type_name(k, other) == name for other in types(k)):
        raise KernelError(EEXIST, f"file system type '{name}' already exists")
    view = k.umem.view(vfsops.layout(k.dm), vfs)
    vfs_opv_init(k, view.vfs_opv_descs)
    if view.vfs_init:
        k.engine.call(_HOOK, view.vfs_init)
    list_insert_head(k, "vfs_list", k.symbol("vfs_list"), vfs, _link(k))
    view.vfs_refcount = 0
    return 0


@export("int vfs_detach(struct vfsops *vfs)", _MOUNT)
def vfs_detach(k: Kernel, vfs: int) -> int:
    """Forget a type. EBUSY while it is mounted, ESRCH when it is not known."""
    if vfs not in types(k):
        raise KernelError(ESRCH, f"no file system type is attached with the struct vfsops at {vfs:#x}")
    view = k.umem.view(vfsops.layout(k.dm), vfs)
    if view.vfs_refcount:
        raise KernelError(
            EBUSY,
            k.vfs.mounted_by(vfs)
            or f"file system type '{type_name(k, vfs)}' has {view.vfs_refcount} references",
        )
    list_remove(k, "vfs_list", vfs, _link(k))
    if view.vfs_done:
        k.engine.call(_HOOK, view.vfs_done)
    vfs_opv_free(k, view.vfs_opv_descs)
    return 0


@export("struct vfsops *vfs_getopsbyname(const char *name)", _MOUNT)
def vfs_getopsbyname(k: Kernel, name: int) -> int:
    """The type of that name with a reference on it, for vfs_delref(); NULL when there is none."""
    return find_type(k, k.umem.cstr(name, 256).decode(*C_TEXT))


def find_type(k: Kernel, name: str) -> int:
    """vfs_getopsbyname() for Python; 0 when there is none."""
    for ops in types(k):
        if type_name(k, ops) == name:
            view = k.umem.view(vfsops.layout(k.dm), ops)
            view.vfs_refcount = view.vfs_refcount + 1
            return ops
    return 0


@export("void vfs_delref(struct vfsops *vfs)", _MOUNT)
def vfs_delref(k: Kernel, vfs: int) -> None:
    """Drop a reference."""
    view = k.umem.view(vfsops.layout(k.dm), vfs)
    if view.vfs_refcount <= 0:
        k.panic(f"vfs_delref: '{type_name(k, vfs)}' has {view.vfs_refcount} references")
    view.vfs_refcount = view.vfs_refcount - 1


@export("long makefstype(const char *type)", _MOUNT)
def makefstype(k: Kernel, name: int) -> int:
    """A number made of a type's name."""
    return type_number(k.umem.cstr(name, 256))


def type_number(name: bytes) -> int:
    """makefstype() for Python."""
    value = 0
    for char in name:
        value = value << 2 ^ char
    return value & 0x7FFFFFFF


FUNCTIONS = tuple(_function(name, params) for name, params in _PARAMS.items())
DATA = (Data("vfs_list", "struct vfs_list_head vfs_list", lambda dm: dm.pointer, None, _MOUNT),)
