"""<sys/vnode_if.h>: the vnode operations, one row each (vnode_if.src of NetBSD 5.2).

From a row come the operation's place in the vectors, its argument struct, its descriptor and VOP_NAME(). The
kernel calls neither the operations on extended attributes nor those on the pages of a file.
"""

from __future__ import annotations

import re
from functools import cache

from lkmtools.abi.datamodel import Struct
from lkmtools.abi.vnode import VDESC_VP0_WILLRELE, VDESC_VP0_WILLUNLOCK
from lkmtools.tuples import NamedTuple

_PARAM = re.compile(r"^(.*?)(\w+)$")


@cache
def _members(params: str) -> tuple[tuple[str, str], ...]:
    """Each list of parameters is taken apart once, at import, and not at every boot."""
    matches = [_PARAM.match(part) for part in params.split(", ")]
    return tuple((match[1].strip(), match[2]) for match in matches if match is not None)


class Vop(NamedTuple):
    """An operation: its parameters in C, and which of its vnodes it releases, or unlocks and releases."""

    name: str
    params: str
    put: tuple[str, ...] = ()
    rele: tuple[str, ...] = ()

    @property
    def members(self) -> tuple[tuple[str, str], ...]:
        """(C type, name) of each parameter; the type ends in its stars."""
        return _members(self.params)

    @property
    def args(self) -> Struct:
        """struct vop_NAME_args: the descriptor, then the parameters with a_ before their names."""
        return _ARGS[self.name]

    @property
    def prototype(self) -> str:
        """VOP_NAME()'s."""
        return f"int VOP_{self.name.upper()}({self.params})"

    @property
    def flags(self) -> int:
        """vdesc_flags."""
        vnodes = [name for kind, name in self.members if kind == "struct vnode *"]
        flags = 0
        for i, name in enumerate(vnodes):
            if name in self.put + self.rele:
                flags |= VDESC_VP0_WILLRELE << i
            if name in self.put:
                flags |= VDESC_VP0_WILLUNLOCK << i
        return flags


_NAME = "struct vnode *dvp, struct vnode **vpp, struct componentname *cnp"
_MAKE = f"{_NAME}, struct vattr *vap"
_REMOVE = "struct vnode *dvp, struct vnode *vp, struct componentname *cnp"
_RW = "struct vnode *vp, struct uio *uio, int ioflag, kauth_cred_t cred"
_EXTATTR = "struct vnode *vp, int attrnamespace, const char *name"
_ATTR = "struct vnode *vp, struct vattr *vap, kauth_cred_t cred"

VOPS = (
    Vop("lookup", _NAME),
    Vop("create", _MAKE, put=("dvp",)),
    Vop("mknod", _MAKE, put=("dvp",)),
    Vop("open", "struct vnode *vp, int mode, kauth_cred_t cred"),
    Vop("close", "struct vnode *vp, int fflag, kauth_cred_t cred"),
    Vop("access", "struct vnode *vp, int mode, kauth_cred_t cred"),
    Vop("getattr", _ATTR),
    Vop("setattr", _ATTR),
    Vop("read", _RW),
    Vop("write", _RW),
    Vop("ioctl", "struct vnode *vp, u_long command, void *data, int fflag, kauth_cred_t cred"),
    Vop("fcntl", "struct vnode *vp, u_int command, void *data, int fflag, kauth_cred_t cred"),
    Vop("poll", "struct vnode *vp, int events"),
    Vop("kqfilter", "struct vnode *vp, struct knote *kn"),
    Vop("revoke", "struct vnode *vp, int flags"),
    Vop("mmap", "struct vnode *vp, int prot, kauth_cred_t cred"),
    Vop("fsync", "struct vnode *vp, kauth_cred_t cred, int flags, off_t offlo, off_t offhi"),
    Vop("seek", "struct vnode *vp, off_t oldoff, off_t newoff, kauth_cred_t cred"),
    Vop("remove", _REMOVE, put=("dvp", "vp")),
    Vop("link", _REMOVE, put=("dvp",)),
    Vop(
        "rename",
        "struct vnode *fdvp, struct vnode *fvp, struct componentname *fcnp, "
        "struct vnode *tdvp, struct vnode *tvp, struct componentname *tcnp",
        put=("tdvp", "tvp"),
        rele=("fdvp", "fvp"),
    ),
    Vop("mkdir", _MAKE, put=("dvp",)),
    Vop("rmdir", _REMOVE, put=("dvp", "vp")),
    Vop("symlink", f"{_MAKE}, char *target", put=("dvp",)),
    Vop(
        "readdir",
        "struct vnode *vp, struct uio *uio, kauth_cred_t cred, int *eofflag, off_t **cookies, int *ncookies",
    ),
    Vop("readlink", "struct vnode *vp, struct uio *uio, kauth_cred_t cred"),
    Vop("abortop", "struct vnode *dvp, struct componentname *cnp"),
    Vop("inactive", "struct vnode *vp, bool *recycle"),
    Vop("reclaim", "struct vnode *vp"),
    Vop("lock", "struct vnode *vp, int flags"),
    Vop("unlock", "struct vnode *vp, int flags"),
    Vop("bmap", "struct vnode *vp, daddr_t bn, struct vnode **vpp, daddr_t *bnp, int *runp"),
    Vop("strategy", "struct vnode *vp, struct buf *bp"),
    Vop("print", "struct vnode *vp"),
    Vop("islocked", "struct vnode *vp"),
    Vop("pathconf", "struct vnode *vp, int name, register_t *retval"),
    Vop("advlock", "struct vnode *vp, void *id, int op, struct flock *fl, int flags"),
    Vop("whiteout", "struct vnode *dvp, struct componentname *cnp, int flags"),
    Vop(
        "getpages",
        "struct vnode *vp, off_t offset, struct vm_page **m, int *count, int centeridx, int access_type, "
        "int advice, int flags",
    ),
    Vop("putpages", "struct vnode *vp, off_t offlo, off_t offhi, int flags"),
    Vop("closeextattr", "struct vnode *vp, int commit, kauth_cred_t cred"),
    Vop("getextattr", f"{_EXTATTR}, struct uio *uio, size_t *size, kauth_cred_t cred"),
    Vop(
        "listextattr",
        "struct vnode *vp, int attrnamespace, struct uio *uio, size_t *size, kauth_cred_t cred",
    ),
    Vop("openextattr", "struct vnode *vp, kauth_cred_t cred"),
    Vop("deleteextattr", f"{_EXTATTR}, kauth_cred_t cred"),
    Vop("setextattr", f"{_EXTATTR}, struct uio *uio, kauth_cred_t cred"),
    Vop("bwrite", "struct buf *bp"),  # of the buffer's vnode, b_vp
)
VOP_DEFAULT = 0  # the place of the default operation in a vector; the others follow in the order of VOPS
VNODE_OPS_COUNT = len(VOPS) + 1


def _args(row: Vop) -> Struct:
    members = ["struct vnodeop_desc *a_desc"]
    for kind, name in row.members:
        known = "void *" if kind == "kauth_cred_t" else kind.replace("bool", "void")
        members.append(f"{known} a_{name}")
    return Struct(f"vop_{row.name}_args", "; ".join(members))


_ARGS = {row.name: _args(row) for row in VOPS}
