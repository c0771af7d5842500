"""The root file system and the kernel's own types of file systems, at boot (vfs_mountroot(), vfsinit())."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.kern.vfs.genfs_vnops import dead_vector
from lkmtools.kern.vfs.hostfs_vfsops import Hostfs
from lkmtools.kern.vfs.ramfs import first_tree
from lkmtools.kern.vfs.rootfs_vnops import Rootfs

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


def vfs_mountroot(k: Kernel) -> None:
    """Make them, when the vnode operations have their places."""
    dead_vector(k)
    k.vfs.tree = first_tree(k.now())
    k.vfs.rootfs = Rootfs(k)
    k.vfs.hostfs = Hostfs(k)
