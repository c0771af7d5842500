"""The name cache for file systems (vfs_cache.c of NetBSD 5.2): it is always empty.

cache_purge() is a macro over cache_purge1().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.kern.base.export import export

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/namei.h"


@export("int cache_lookup(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp)", _HEADER)
def cache_lookup(k: Kernel, dvp: int, vpp: int, cnp: int) -> int:
    """-1: the name is not known, as there is no name cache."""
    return -1


@export("void cache_enter(struct vnode *dvp, struct vnode *vp, struct componentname *cnp)", _HEADER)
def cache_enter(k: Kernel, dvp: int, vp: int, cnp: int) -> None:
    """There is no cache of names."""


@export("void cache_purge1(struct vnode *vp, const struct componentname *cnp, int flags)", _HEADER)
def cache_purge1(k: Kernel, vp: int, cnp: int, flags: int) -> None:
    """There is no cache of names."""


@export("void cache_purgevfs(struct mount *mp)", _HEADER)
def cache_purgevfs(k: Kernel, mp: int) -> None:
    """There is no cache of names."""


@export("int cache_lookup_raw(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp)", _HEADER)
def cache_lookup_raw(k: Kernel, dvp: int, vpp: int, cnp: int) -> int:
    """-1, as cache_lookup()."""
    return -1


@export("int cache_revlookup(struct vnode *vp, struct vnode **dvpp, char **bpp, char *bufp)", _HEADER)
def cache_revlookup(k: Kernel, vp: int, dvpp: int, bpp: int, bufp: int) -> int:
    """-1 with `*dvpp` NULL: no name of a directory is known."""
    k.umem.set_ptr(dvpp, 0)
    return -1
