"""Where a path has led: what namei() returns (struct nameidata's results, vfs_lookup.c of NetBSD 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import ENOENT, ENOMEM, ENOTDIR
from lkmtools.abi.mount_old import componentname
from lkmtools.abi.namei import (
    CREATE,
    CREATEDIR,
    HASBUF,
    ISDOTDOT,
    ISLASTCN,
    LOCKLEAF,
    LOCKPARENT,
    LOOKUP,
    MAKEENTRY,
    MAXPATHLEN,
    SAVENAME,
)
from lkmtools.abi.vnode import VDIR
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.vfs.vfs_mount import lwp_cred
from lkmtools.kern.vfs.vfs_subr import vput, vref, vrele
from lkmtools.kern.vfs.vfs_vnode import view_of

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

_COMPONENT = 512  # where in the block of a name its buffer begins


def name_hash(name: bytes) -> int:
    """cn_hash of a name: what namei_hash() gives."""
    value = 5381
    for byte in name:
        value = value * 33 + byte & 0xFFFFFFFF
    return value + (value >> 5) & 0xFFFFFFFF


@export("uint32_t namei_hash(const char *p, const char **ep)", "sys/namei.h")
def namei_hash(k: Kernel, p: int, ep: int) -> int:
    """A hash of the first component of a path, or of what lies before `*ep` unless that is NULL."""
    end = k.umem.ptr(ep)
    name = k.umem.read(p, end - p) if end else k.umem.cstr(p, MAXPATHLEN).partition(b"/")[0]
    k.umem.set_ptr(ep, p + len(name))
    return name_hash(name)


class Place:
    """Where a path leads; a context manager, which lets go of what was not taken.

    On the root file system `vp` and `dvp` are 0 and `path` is what Tree's functions take. On a mounted one
    `vp` is the file, locked and referenced (0: it does not exist, and may be created in `dvp`). For CREATE,
    DELETE and RENAME, and with LOCKPARENT, `dvp` is its directory, locked and referenced too; `cnp` is the
    struct componentname.
    `path` is in any case absolute and without dots or symbolic links.
    """

    def __init__(self, k: Kernel, lwp: Lwp, op: int, flags: int) -> None:
        self.k, self.lwp, self.op, self.flags = k, lwp, op, flags
        self.names: list[str] = []
        self.nodes = [k.vfs.tree.root]
        self.mounted = False
        self.dvp = self.vp = 0
        self.cnp = 0
        self.slash = False  # what the path ends in must be a directory

    @property
    def path(self) -> str:
        """The absolute path of the place."""
        return "/" + "/".join(self.names)

    @property
    def exists(self) -> bool:
        """Is something there? Otherwise it may be created."""
        return self.vp != 0 if self.mounted else len(self.names) < len(self.nodes)

    def __enter__(self) -> Place:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None or issubclass(kind, KernelError):
            self.release()

    def release(self) -> None:
        """Let go of the vnodes that are still here, and of the name."""
        vp, dvp = self.take()
        if vp and vp == dvp:
            vrele(self.k, vp)
        elif vp:
            vput(self.k, vp)
        if dvp:
            vput(self.k, dvp)
        if self.cnp:
            self.k.heap.lent.discard(self.cnp + _COMPONENT)
            self.k.heap.free(self.cnp)
            self.cnp = 0

    def take(self) -> tuple[int, int]:
        """(vp, dvp): the caller's now."""
        taken = self.vp, self.dvp
        self.vp = self.dvp = 0
        return taken

    def to_vnodes(self) -> None:
        """From here on like a place of a mounted file system, also on the root file system. ENFILE."""
        k, cred = self.k, self.lwp.proc.cred
        if self.op == LOOKUP and self.flags & LOCKPARENT and not self.dvp and len(self.nodes) > 1:
            self.dvp = k.vfs.rootfs.vnode(k, self.nodes[-2])
        if self.mounted:
            return
        if self.op == LOOKUP:
            self.vp = k.vfs.rootfs.vnode(k, k.vfs.tree.lookup(self.path, cred))
            if self.flags & LOCKPARENT and not self.dvp:  # the root directory is its own
                vref(k, self.vp)
                self.dvp = self.vp
        else:
            children, directory, name = k.vfs.tree.parent(self.path, cred)
            self.component(name, self.op, True)
            self.dvp = k.vfs.rootfs.vnode(k, directory)
            if name in children:
                self.vp = k.vfs.rootfs.vnode(k, children[name])
        self.mounted = True

    def must_be_directory(self) -> None:
        """After `slash`: ENOTDIR; ENOENT for what is yet to be made, unless it is with CREATEDIR."""
        exists = self.exists
        if not exists:
            fine = self.flags & CREATEDIR != 0
        elif self.mounted:
            fine = view_of(self.k, self.vp, "namei").v_type == VDIR
        else:
            fine = self.nodes[-1].children is not None
        if not fine:
            self.release()
            raise KernelError(
                ENOTDIR if exists else ENOENT,
                f"'{self.path}' {'is not a directory' if exists else 'does not exist'}",
            )

    def component(self, name: str, op: int, last: bool) -> None:
        """Fill the struct componentname of a name in `dvp`, and the caller, for older sources. ENOMEM."""
        k = self.k
        layout = componentname.layout(k.dm)
        if not self.cnp:
            self.cnp = k.heap.alloc(_COMPONENT + MAXPATHLEN)
            if not self.cnp:
                raise KernelError(ENOMEM, "no kernel memory for a name")
            k.heap.lent.add(self.cnp + _COMPONENT)
        text = name.encode(*C_TEXT)
        flags = HASBUF | SAVENAME | LOCKLEAF | self.flags
        flags |= (ISLASTCN if last else 0) | (ISDOTDOT if name == ".." else 0)
        flags |= LOCKPARENT if op != LOOKUP else 0
        flags |= MAKEENTRY if op in (LOOKUP, CREATE) else 0
        k.mem.write(self.cnp + _COMPONENT, text + b"\0")
        k.mem.write(
            self.cnp,
            layout.pack(
                cn_nameiop=op, cn_flags=flags, cn_cred=lwp_cred(k, self.lwp), cn_pnbuf=self.cnp + _COMPONENT,
                cn_nameptr=self.cnp + _COMPONENT, cn_namelen=len(text), cn_hash=name_hash(text),
                cn_lwp=self.lwp.addr, cn_proc=self.lwp.proc.addr,
            ),
        )  # fmt: skip
