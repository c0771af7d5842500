"""VFS modules: their type of file system (_lkm_vfs() of kern_lkm.c, NetBSD 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi import lkm as abi
from lkmtools.abi.dialects import PROC_CALLS
from lkmtools.kern.vfs import vfs_old
from lkmtools.kern.vfs.vfs_init import vfs_attach, vfs_detach

if TYPE_CHECKING:
    from collections.abc import Callable

    from lkmtools.kern.kernel import Kernel


def load(k: Kernel, private: int) -> Callable[[], None]:
    """Make the type of file system known."""
    given = _given(k, private)
    dialect = k.modules.dialect(private)
    ops = vfs_old.native(k, given, dialect) if dialect in PROC_CALLS else given
    if ops != given:
        k.vfs.given[ops] = given
    try:
        vfs_attach(k, ops)
    except BaseException:
        if ops != given and not k.dead:
            _forget(k, ops)
        raise
    return lambda: _detach(k, ops)


def unload(k: Kernel, private: int) -> None:
    """Forget it; EBUSY while it is mounted."""
    given = _given(k, private)
    _detach(k, next((ops for ops, other in k.vfs.given.items() if other == given), given))


def _given(k: Kernel, private: int) -> int:
    """A struct vfsops of NetBSD 5.2 or 1.4, or OpenBSD's struct vfsconf, as the module's dialect has it."""
    given: int = k.umem.view(abi.lkm_vfs.layout(k.dm), private).lkm_vfsops
    return given


def _detach(k: Kernel, ops: int) -> None:
    vfs_detach(k, ops)
    if ops in k.vfs.given:
        _forget(k, ops)


def _forget(k: Kernel, ops: int) -> None:
    """Give back what an older type had from the kernel: its struct vfsops, and its vectors."""
    module = k.modules.at(k.vfs.given.pop(ops))
    for desc in [desc for desc in k.vfs.explicit if module is None or module.holds(desc)]:
        k.heap.free(k.vfs.explicit.pop(desc))
    k.heap.free(ops)
