"""VFS modules: their type of file system (_lkm_vfs() of kern_lkm.c, NetBSD 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi import lkm as abi
from lkmtools.abi.dialects import DIALECT
from lkmtools.kern.vfs import vfs_old
from lkmtools.kern.vfs.vfs_init import vfs_attach, vfs_detach

if TYPE_CHECKING:
    from collections.abc import Callable

    from lkmtools.kern.kernel import Kernel


def load(k: Kernel, private: int) -> Callable[[], None]:
    """Make the type of file system known. EEXIST; ENOMEM."""
    given, dialect = _given(k, private), k.modules.dialect(private)
    if dialect == DIALECT:
        vfs_attach(k, given)
        return lambda: _detach(k, given)
    ops = vfs_old.native(k, given, dialect)
    try:
        vfs_attach(k, ops)
        k.vfs.given[ops] = given
        if dialect == "openbsd":
            vfs_old.init(k, given)
    except BaseException:
        if k.vfs.given.get(ops) and not k.dead:
            _detach(k, ops)
        elif not k.dead:
            k.heap.free(ops)
        raise
    return lambda: _detach(k, ops)


def unload(k: Kernel, private: int) -> None:
    """Forget it; EBUSY while it is mounted."""
    given = _given(k, private)
    _detach(k, next((ops for ops, other in k.vfs.given.items() if other == given), given))


def _given(k: Kernel, private: int) -> int:
    """A struct vfsops, or OpenBSD's struct vfsconf, as the module's dialect has it."""
    given: int = k.umem.view(abi.lkm_vfs.layout(k.dm), private).lkm_vfsops
    return given


def _detach(k: Kernel, ops: int) -> None:
    """vfs_detach(); an older type gives back the struct vfsops that it had from the kernel."""
    vfs_detach(k, ops)
    if k.vfs.given.pop(ops, 0):
        k.heap.free(ops)
