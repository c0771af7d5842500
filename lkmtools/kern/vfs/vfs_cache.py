"""The name cache for file systems (vfs_cache.c of NetBSD 5.2): it is always empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.kern.base.export import export

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/vnode.h"


@export("int cache_lookup(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp)", _HEADER)
def cache_lookup(k: Kernel, dvp: int, vpp: int, cnp: int) -> int:
    """-1: the name is not known, as there is no name cache."""
    return -1


@export("void cache_enter(struct vnode *dvp, struct vnode *vp, struct componentname *cnp)", _HEADER)
def cache_enter(k: Kernel, dvp: int, vp: int, cnp: int) -> None:
    """There is no cache of names."""


@export("void cache_purge(struct vnode *vp)", _HEADER)
def cache_purge(k: Kernel, vp: int) -> None:
    """There is no cache of names."""


@export("void cache_purgevfs(struct mount *mp)", _HEADER)
def cache_purgevfs(k: Kernel, mp: int) -> None:
    """There is no cache of names."""
