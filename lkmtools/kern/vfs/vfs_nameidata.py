"""Names and files for modules: namei() with a struct nameidata, vn_open(), vn_close().

They are those of vfs_lookup.c and vfs_vnops.c of NetBSD 5.2.

A file of the root file system is a vnode here too. The rights are those of the running process, whatever
cn_cred says; emulation roots are ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import ENOMEM, EOPNOTSUPP
from lkmtools.abi.fcntl import O_CREAT, O_EXCL, O_NOFOLLOW
from lkmtools.abi.limits import PATH_MAX
from lkmtools.abi.namei import (
    CREATE,
    CREATEDIR,
    FOLLOW,
    HASBUF,
    ISLASTCN,
    LOCKLEAF,
    LOCKPARENT,
    LOOKUP,
    MAXPATHLEN,
    OPMASK,
    SAVENAME,
    WANTPARENT,
    nameidata,
)
from lkmtools.abi.uio import UIO_SYSSPACE
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.proc.kern_copy import user_string
from lkmtools.kern.sync import subr_pool
from lkmtools.kern.vfs.vfs_lookup import lookup
from lkmtools.kern.vfs.vfs_lookup_place import Place, name_hash
from lkmtools.kern.vfs.vfs_subr import lock_vnode, vrele
from lkmtools.kern.vfs.vfs_vnops import VnodeFile, close_vnode, vn_open
from lkmtools.kern.vfs.vnode_if import vcall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp
    from lkmtools.machine.memory import View

_NAMEI, _VNODE, _POOL = "sys/namei.h", "sys/vnode.h", "sys/pool.h"
_PR_WAITOK = 0x02  # <sys/pool.h>


def _walker(k: Kernel) -> Lwp:
    if k.sched.current is None:
        k.panic("namei: no process")
    return k.sched.current


def _path(k: Kernel, view: View) -> str:
    """ni_dirp, in kernel memory or the process's."""
    if view.ni_segflg == UIO_SYSSPACE:
        return k.umem.cstr(view.ni_dirp, PATH_MAX).decode(*C_TEXT)
    return user_string(k, view.ni_dirp, PATH_MAX).decode(*C_TEXT)


def _give_name(k: Kernel, view: View, place: Place) -> None:
    """Put the last component into a buffer of the caller's, for PNBUF_PUT()."""
    buf = k.heap.alloc(MAXPATHLEN)
    if not buf:
        raise KernelError(ENOMEM, "no kernel memory for a name")
    text = place.path.rpartition("/")[2].encode(*C_TEXT)
    k.mem.write(buf, text + b"\0")
    k.vfs.names.add(buf)
    view.put("ni_cnd.cn_pnbuf", buf)
    view.put("ni_cnd.cn_nameptr", buf)
    view.put("ni_cnd.cn_namelen", len(text))
    view.put("ni_cnd.cn_hash", name_hash(text))
    view.put("ni_cnd.cn_flags", view.get("ni_cnd.cn_flags") | HASBUF | SAVENAME | ISLASTCN)


@export("int namei(struct nameidata *ndp)", _NAMEI)
def kern_namei(k: Kernel, ndp: int) -> int:
    """Look up the name of NDINIT(): ni_vp, with LOCKPARENT ni_dvp, and the name for CREATE and the like.

    Both are referenced; ni_vp is locked with LOCKLEAF, ni_dvp always, except with WANTPARENT, of older
    sources. For CREATE and RENAME ni_vp is NULL when there is no such file. A dot at the end of a path is
    not looked up.
    """
    lwp = _walker(k)
    view = k.umem.view(nameidata.layout(k.dm), ndp)
    op, flags = view.get("ni_cnd.cn_nameiop") & OPMASK, view.get("ni_cnd.cn_flags")
    view.ni_vp = view.ni_dvp = 0
    view.put("ni_cnd.cn_pnbuf", 0)
    wanted = flags & (FOLLOW | CREATEDIR | LOCKPARENT) | (LOCKPARENT if flags & WANTPARENT else 0)
    with lookup(k, lwp, _path(k, view), op, wanted) as place:
        place.to_vnodes()
        if op != LOOKUP or flags & SAVENAME:
            _give_name(k, view, place)
        vp, dvp = place.take()
    if vp and not flags & LOCKLEAF and vp != dvp:
        vcall(k, "unlock", vp, 0)
    if dvp and not flags & LOCKPARENT:
        if vp != dvp or not flags & LOCKLEAF:
            vcall(k, "unlock", dvp, 0)
        if not flags & WANTPARENT:
            vrele(k, dvp)
            dvp = 0
    view.ni_vp, view.ni_dvp = vp, dvp
    return 0


def _is_pnbuf_cache(k: Kernel, pc: int) -> bool:
    return pc == k.symbol("pnbuf_cache") + k.dm.pointer


@export("void *pool_cache_get_paddr(pool_cache_t pc, int flags, paddr_t *pap)", _POOL)
def pool_cache_get_paddr(k: Kernel, pc: int, flags: int, pap: int) -> int:
    """A constructed object, or NULL; *pap is its address. Of pnbuf_cache: MAXPATHLEN bytes (PNBUF_GET()).

    Without memory NULL, or, with PR_WAITOK, a panic.
    """
    if not _is_pnbuf_cache(k, pc):
        return subr_pool.cache_get(k, pc, flags, pap)
    buf = k.heap.alloc(MAXPATHLEN)
    if buf:
        k.vfs.names.add(buf)
    elif flags & _PR_WAITOK:
        k.panic("pool_cache_get_paddr: no kernel memory for a path name")
    return buf


@export("void pool_cache_put_paddr(pool_cache_t pc, void *object, paddr_t pa)", _POOL)
def pool_cache_put_paddr(k: Kernel, pc: int, buf: int, pa: int) -> None:
    """Give an object back. Of pnbuf_cache (PNBUF_PUT()): a name, also one that namei() left in cn_pnbuf.

    The kernel's own, with which operations are called, stay.
    """
    if not _is_pnbuf_cache(k, pc):
        subr_pool.pool_cache_destruct_object(k, pc, buf)
    elif buf in k.vfs.names:
        k.vfs.names.discard(buf)
        k.heap.free(buf)


@export("int vn_open(struct nameidata *ndp, int fmode, int cmode)", _VNODE)
def kern_vn_open(k: Kernel, ndp: int, fmode: int, cmode: int) -> int:
    """Open, with O_CREAT create, a file: ni_vp, locked, for vn_close(). EOPNOTSUPP for devices."""
    lwp = _walker(k)
    view = k.umem.view(nameidata.layout(k.dm), ndp)
    follow = 0 if fmode & O_NOFOLLOW or (fmode & O_CREAT and fmode & O_EXCL) else FOLLOW
    view.ni_vp = view.ni_dvp = 0
    view.put("ni_cnd.cn_pnbuf", 0)
    with lookup(k, lwp, _path(k, view), CREATE if fmode & O_CREAT else LOOKUP, follow) as place:
        place.to_vnodes()
        file = vn_open(k, lwp, place, fmode, cmode)
    if not isinstance(file, VnodeFile):
        file.close(k, lwp)
        raise KernelError(EOPNOTSUPP, "vn_open cannot open a device")
    lock_vnode(k, file.vp)
    view.ni_vp = file.vp
    return 0


@export("int vn_close(struct vnode *vp, int flags, kauth_cred_t cred)", _VNODE)
def vn_close(k: Kernel, vp: int, flags: int, cred: int) -> int:
    """Close what vn_open() opened, unlocked, and drop its reference."""
    return close_vnode(k, vp, flags, cred)


DATA = (
    # The pointer, and behind it what it points to: of a struct pool_cache only the address counts.
    Data(
        "pnbuf_cache",
        "pool_cache_t pnbuf_cache",
        lambda dm: 2 * dm.pointer,
        lambda k, addr: k.mem.set_ptr(addr, addr + k.dm.pointer),
        _NAMEI,
    ),
)
