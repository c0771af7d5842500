"""From a path to a file: namei() (vfs_lookup.c of NetBSD 5.2).

A walk begins in the root file system, whose directories are Python's (ramfs.py). At a directory that a
mounted file system covers it continues with the root vnode of that file system, and from there on with
VOP_LOOKUP, a component at a time, with a struct componentname, the directory locked. `..` of a root vnode
leads back.

A process's root directory is a path, whose names every walk from "/" begins with, and at which `..` stays.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import (
    EBUSY,
    EINVAL,
    EJUSTRETURN,
    ELOOP,
    ENOENT,
    ENOTDIR,
    EROFS,
)
from lkmtools.abi.limits import NAME_MAX, PATH_MAX
from lkmtools.abi.mount import MNT_RDONLY
from lkmtools.abi.namei import (
    CREATE,
    DELETE,
    FOLLOW,
    LOCKPARENT,
    LOOKUP,
    MAXPATHLEN,
    MAXSYMLINKS,
    RENAME,
)
from lkmtools.abi.uio import UIO_READ, UIO_SYSSPACE
from lkmtools.abi.vnode import VDIR, VLNK, VV_ROOT
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.proc.emul import emul_path
from lkmtools.kern.proc.kern_copy import uio_for, user_string
from lkmtools.kern.vfs.ramfs import check_length
from lkmtools.kern.vfs.vfs_lookup_place import Place
from lkmtools.kern.vfs.vfs_mount import lwp_cred, root_of, vfs_busy, vfs_unbusy
from lkmtools.kern.vfs.vfs_subr import check_locked, lock_vnode, vput, vref, vrele
from lkmtools.kern.vfs.vfs_vnode import mounted_here, view_of
from lkmtools.kern.vfs.vnode_if import check_vnode, implementation, vcall, vop

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp
    from lkmtools.kern.vfs.ramfs import Node

_HEADER = "sys/namei.h"


class _PathWalk(Place):
    """A Place while a path is followed."""

    def __init__(self, k: Kernel, lwp: Lwp, op: int, flags: int) -> None:
        super().__init__(k, lwp, op, flags)
        self._links = 0
        self._root = _parts(lwp.proc.root)

    def walk(self, path: str) -> None:
        """Go where `path` leads, from the root or the working directory. KernelErrors."""
        check_length(path, "path", PATH_MAX - 1)
        if not path:
            raise KernelError(ENOENT, "the path is empty")
        start = self._root if path.startswith("/") else _parts(self.lwp.proc.cwd)
        mine = _parts(path)
        left = deque([*start, *mine])
        self._ends_in_slash(path)
        if self.op != LOOKUP and path.rstrip("/").rpartition("/")[2] in (".", ".."):
            raise KernelError(EINVAL, f"'{path}' ends in a dot")
        try:
            while left:
                name = left.popleft()
                check_length(name, "name", NAME_MAX)
                if name == ".." and self.names == self._root:
                    continue
                if self.mounted:
                    self._in_vnode(name, left)
                else:
                    self._in_tree(name, left)
        except KernelError:
            self.release()
            raise

    def _in_tree(self, name: str, left: deque[str]) -> None:
        last = not left
        if name == "..":
            self.nodes[-1].listed()
            self.nodes[-1].access(self.lwp.proc.cred, 1)
            if self.names:
                self.names.pop()
                self.nodes.pop()
                self._enter(self.nodes[-1])
            return
        node = self.nodes[-1]
        known = node.children is not None and name in node.children
        if last and self.op != LOOKUP and not known:
            self.names.append(name)
            return
        child = self.k.vfs.tree.child(node, name, self.lwp.proc.cred)
        if child.target is not None and (not last or self.flags & FOLLOW):
            self._insert(child.target, left)
            return
        self.names.append(name)
        self.nodes.append(child)
        self._enter(child)

    def _ends_in_slash(self, path: str) -> None:
        """With a slash, or a dot behind one, at its end a path leads to a directory, through links too."""
        if path.endswith(("/", "/.")):
            self.slash = True
            self.flags |= FOLLOW

    def _enter(self, node: Node) -> None:
        """Cross into what is mounted on a directory of the tree."""
        if node.mounted:
            self.vp = self._cross(node.mounted)
            self.mounted = self.vp != 0

    def _insert(self, target: str, left: deque[str]) -> None:
        """Go on where a symbolic link says: its names come before the rest."""
        self._links += 1
        if self._links > MAXSYMLINKS:
            raise KernelError(ELOOP, f"more than {MAXSYMLINKS} symbolic links")
        if not target:
            raise KernelError(ENOENT, f"a symbolic link in '{self.path}' is empty")
        if not left:
            self._ends_in_slash(target)
        left.extendleft(reversed(_parts(target)))
        if target.startswith("/"):
            vp, self.vp = self.vp, 0
            if vp:
                vput(self.k, vp)
            left.extendleft(reversed(self._root))
            self.names, self.nodes, self.mounted = [], [self.k.vfs.tree.root], False

    def _cross(self, mp: int) -> int:
        """The root vnode of what is mounted here, and on that; 0 when it was unmounted meanwhile.

        No vnode is locked while VFS_ROOT is called: that of a layer has the lock of the one below.
        """
        k, vp = self.k, 0
        while mp:
            try:
                vfs_busy(k, mp, 0)
            except KernelError:
                break
            try:
                upper = root_of(k, mp)
            finally:
                if not k.dead:
                    vfs_unbusy(k, mp, 0, 0)
            vcall(k, "unlock", upper, 0)
            if vp:
                vrele(k, vp)
            vp = upper
            mp = mounted_here(k, vp)
        if vp:
            lock_vnode(k, vp)
        return vp

    def _cross_here(self, mp: int) -> None:
        """Go on with what is mounted on the vnode, unless it was unmounted meanwhile."""
        k = self.k
        lower, self.vp = self.vp, 0
        vcall(k, "unlock", lower, 0)
        try:
            self.vp = self._cross(mp)
        finally:
            if self.vp and not k.dead:
                vrele(k, lower)
            elif not k.dead:
                lock_vnode(k, lower)
                self.vp = lower

    def _up(self) -> bool:
        """Before `..`: from the root of a file system to what it covers. False when that is a tree node."""
        k = self.k
        while (view := view_of(k, self.vp, "namei")).v_vflag & VV_ROOT:
            covered = k.vfs.mount(view.v_mount).mnt_vnodecovered
            if covered:
                vref(k, covered)
            vp, self.vp = self.vp, 0
            vput(k, vp)
            if not covered:
                self.mounted = False
                self.names.pop()
                self.nodes.pop()
                return False
            self.vp = covered
            lock_vnode(k, covered)
        return True

    def _in_vnode(self, name: str, left: deque[str]) -> None:
        k, last = self.k, not left
        if view_of(k, self.vp, "namei").v_type != VDIR:
            raise KernelError(ENOTDIR, f"'{self.path}' is not a directory")
        if name == ".." and not self._up():
            return
        if self._shines_through(name):
            return
        self.dvp, self.vp = self.vp, 0
        self.vp = self._lookup(name, last)
        if self.vp and self._follow(left, last):
            return
        self._named(name)
        if self.vp and self.vp != self.dvp:
            mp = mounted_here(k, self.vp)
            if mp:
                self._cross_here(mp)
        if not last or (self.op == LOOKUP and not self.flags & LOCKPARENT):
            dvp, self.dvp = self.dvp, 0
            if dvp == self.vp:
                vrele(k, dvp)
            else:
                vput(k, dvp)

    def _shines_through(self, name: str) -> bool:
        """A session's root directory shows /dev of the kernel, whatever is there."""
        node = self.nodes[-1]
        if len(self.names) != len(self.nodes) - 1 or not node.mounted or not node.children:
            return False
        child = node.children.get(name)
        if child is not self.k.vfs.tree.root_dev:
            return False
        vp, self.vp = self.vp, 0
        vput(self.k, vp)
        self.mounted = False
        self.names.append(name)
        self.nodes.append(child)
        return True

    def _named(self, name: str) -> None:
        if name == "..":
            if self.names:
                self.names.pop()
        else:
            self.names.append(name)

    def _lookup(self, name: str, last: bool) -> int:
        """VOP_LOOKUP of a component in the locked directory `dvp`: its vnode, 0 when it may be created."""
        k, op = self.k, self.op if last else LOOKUP
        mp = view_of(k, self.dvp, "namei").v_mount
        if not mp:
            raise KernelError(ENOENT, f"'{self.path}' was unmounted by force")
        readonly = k.vfs.mount(mp).mnt_flag & MNT_RDONLY
        self.component(name, op, last)
        lwp = self.lwp
        cell = lwp.alloca(k, 16)
        try:
            k.mem.set_ptr(cell, 0)
            lwp.thread.reason = ""
            errno = vcall(k, "lookup", self.dvp, cell, self.cnp)
            vp = k.mem.ptr(cell)
        finally:
            lwp.release(k, cell)
        impl = implementation(k, "lookup", self.dvp)
        check_locked(k, self.dvp, impl, "the directory")
        if errno == EJUSTRETURN and last and op in (CREATE, RENAME):
            if readonly:
                raise KernelError(EROFS, f"'{self.path}' is on a file system that is mounted read-only")
            return 0
        if errno:
            reason = lwp.thread.reason or f"cannot look up '{name}' in '{self.path}'"
            raise KernelError(errno if errno > 0 else EINVAL, reason)
        function = k.symbolize(impl).partition("+")
        owner = function[2].partition(" ")[2]
        check_vnode(k, vp, f"VOP_LOOKUP: what {function[0]} {owner} returned for '{name}'")
        check_locked(k, vp, impl, f"the vnode of '{name}'")
        if readonly and last and op in (DELETE, RENAME):
            self.vp = vp
            raise KernelError(EROFS, f"'{self.path}' is on a file system that is mounted read-only")
        return vp

    def _follow(self, left: deque[str], last: bool) -> bool:
        """If the component is a symbolic link to be followed, put what it says before the rest."""
        k = self.k
        if view_of(k, self.vp, "namei").v_type != VLNK or (last and not self.flags & FOLLOW):
            return False
        target = read_link(k, self.lwp, self.vp).decode(*C_TEXT)
        link, self.vp = self.vp, 0
        vput(k, link)
        self.vp, self.dvp = self.dvp, 0
        self._insert(target, left)
        return True


def _parts(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in ("", ".")]


def namei(k: Kernel, lwp: Lwp, addr: int, op: int = LOOKUP, flags: int = FOLLOW) -> Place:
    """The place of the path at user address `addr`: for what (LOOKUP, CREATE ...), FOLLOW or not."""
    return lookup(k, lwp, user_string(k, addr, PATH_MAX).decode(*C_TEXT), op, flags)


def lookup(k: Kernel, lwp: Lwp, path: str, op: int = LOOKUP, flags: int = FOLLOW) -> Place:
    """namei() of a path that is in Python's hands."""
    prefix = emul_path(k, lwp.proc) if path.startswith("/") and not path.startswith("/../") else ""
    if prefix and _exists(k, lwp, prefix + path, flags):
        path = prefix + path
    place = _PathWalk(k, lwp, op, flags)
    place.walk(path)
    if place.mounted and op in (DELETE, RENAME) and place.vp:
        root = view_of(k, place.vp, "namei").v_vflag & VV_ROOT
        if root or not place.dvp:
            place.release()
            raise KernelError(EBUSY, f"'{place.path}' is a mount point")
    if place.slash:
        place.must_be_directory()
    return place


def _exists(k: Kernel, lwp: Lwp, path: str, flags: int) -> bool:
    """Does the path exist? A program finds the file of its emulation first (TRYEMULROOT)."""
    place = _PathWalk(k, lwp, LOOKUP, flags)
    try:
        place.walk(path)
    except KernelError:
        return False
    place.release()
    return True


def read_link(k: Kernel, lwp: Lwp, vp: int) -> bytes:
    """VOP_READLINK of a locked vnode."""
    buf = lwp.alloca(k, MAXPATHLEN)
    try:
        with uio_for(k, lwp, [(buf, MAXPATHLEN)], 0, UIO_READ, UIO_SYSSPACE) as view:
            vop(k, "readlink", vp, view.addr, lwp_cred(k, lwp))
            length = MAXPATHLEN - view.uio_resid
        return k.mem.read(buf, min(max(length, 0), MAXPATHLEN)).split(b"\0", 1)[0]
    finally:
        lwp.release(k, buf)


def _simple(k: Kernel, path: str, flags: int, vpp: int) -> int:
    lwp = k.sched.current
    if lwp is None:
        k.panic("namei_simple: no process")
    with lookup(k, lwp, path, LOOKUP, flags & FOLLOW) as place:
        place.to_vnodes()
        vp, _ = place.take()
        vcall(k, "unlock", vp, 0)
        k.umem.set_ptr(vpp, vp)
    return 0


@export("int namei_simple_kernel(const char *path, int flags, struct vnode **vpp)", _HEADER)
def namei_simple_kernel(k: Kernel, path: int, flags: int, vpp: int) -> int:
    """The vnode at a path in kernel memory, referenced, not locked."""
    return _simple(k, k.umem.cstr(path, PATH_MAX).decode(*C_TEXT), flags, vpp)


@export("int namei_simple_user(const char *path, int flags, struct vnode **vpp)", _HEADER)
def namei_simple_user(k: Kernel, path: int, flags: int, vpp: int) -> int:
    """namei_simple_kernel() for a path of the calling process."""
    return _simple(k, user_string(k, path, PATH_MAX).decode(*C_TEXT), flags, vpp)
