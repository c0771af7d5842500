"""What file systems written in Python share: how their vnode operations are declared, and common pieces.

To the rest of the kernel they are like a module's: struct vnode, a vector of functions, a struct vfsops in
guest memory; the functions are stubs of Python ones.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL, ENOENT
from lkmtools.abi.mutex import LK_EXCLUSIVE
from lkmtools.abi.namei import componentname
from lkmtools.abi.stat import S_IFMT, dirent
from lkmtools.abi.uio import uio as uio_struct
from lkmtools.abi.vnode_if import VNODE_OPS_COUNT, VOPS
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import CALL, MEMORY
from lkmtools.kern.base.export import export
from lkmtools.kern.proc.kern_copy import uio_read
from lkmtools.kern.vfs.vfs_subr import getnewvnode, vget, vput, vrele
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from types import SimpleNamespace

    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

# Operations that do what every file system's do.
_SHARED = {
    "close": "genfs_nullop",
    "ioctl": "genfs_enoioctl",
    "fcntl": "genfs_fcntl",
    "poll": "genfs_poll",
    "seek": "genfs_seek",
    "mmap": "genfs_mmap",
    "revoke": "genfs_revoke",
    "abortop": "genfs_abortop",
    "lock": "genfs_lock",
    "unlock": "genfs_unlock",
    "islocked": "genfs_islocked",
    "print": "genfs_nullop",
    "putpages": "genfs_putpages",
}
_TRANSFERS = ("read", "write", "readdir")
_Body = Callable[["Kernel", "SimpleNamespace"], "int | None"]
_Entry = Callable[["Kernel", int], int]


@contextmanager
def letting_go(k: Kernel, put: Iterable[int], rele: Iterable[int] = ()) -> Iterator[None]:
    """Let vnodes go that an operation is given to keep, however it ends: vput() and vrele(); 0 is none.

    A dead kernel's vnodes are let alone.
    """
    try:
        yield
    finally:
        if not k.dead:
            for vp in filter(None, put):
                vput(k, vp)
            for vp in filter(None, rele):
                vrele(k, vp)


def vnop(prefix: str, name: str) -> Callable[[_Body], _Entry]:
    """Export the function as int PREFIX_NAME(void *v); it gets the members of the operation's arguments."""

    def mark(body: _Body) -> _Entry:
        @export(f"int {prefix}_{name}(void *v)", bound=MEMORY if name in _TRANSFERS else CALL)
        @functools.wraps(body)
        def entry(k: Kernel, v: int) -> int:
            layout = k.vfs.operations[name].args
            return body(k, layout.unpack(k.umem.read(v, layout.size))) or 0

        return entry

    return mark


def make_vector(k: Kernel, prefix: str) -> int:
    """A vector: PREFIX_NAME() if it exists, otherwise the shared one, otherwise EOPNOTSUPP."""
    step = k.dm.pointer
    vector = k.heap.alloc(VNODE_OPS_COUNT * step)
    for place in range(VNODE_OPS_COUNT):
        k.mem.set_ptr(vector + place * step, k.symbol("genfs_eopnotsupp"))
    for row in VOPS:
        own = f"{prefix}_{row.name}"
        name = own if own in k.plan.symbols else _SHARED.get(row.name)
        if name is not None:
            k.mem.set_ptr(vector + k.vfs.operations[row.name].place, k.symbol(name))
    return vector


def component(k: Kernel, cnp: int) -> tuple[View, bytes]:
    """A struct componentname and its name."""
    view = k.umem.view(componentname.layout(k.dm), cnp)
    return view, k.umem.read(view.cn_nameptr, view.cn_namelen)


def known_vnode(k: Kernel, vp: int) -> bool:
    """Lock and reference a vnode that a file has; False when it was just being cleaned. KernelErrors."""
    try:
        errno = vget(k, vp, LK_EXCLUSIVE)
    except KernelError as error:
        if error.errno == ENOENT:
            return False
        raise
    if errno:
        raise KernelError(errno, f"vnode {vp:#x} cannot be locked")
    return True


def new_vnode(k: Kernel, tag: int, mp: int, vector: int) -> int:
    """getnewvnode() for Python. ENFILE."""
    lwp = k.sched.current or k.sched.softlwp
    cell = lwp.alloca(k, 16)
    try:
        getnewvnode(k, tag, mp, vector, cell)
        return k.mem.ptr(cell)
    finally:
        lwp.release(k, cell)


class Dirent(NamedTuple):
    """A directory entry; reading goes on after `cookie`. `mode` has the type, or is 0."""

    cookie: int
    name: bytes
    ino: int
    mode: int


def pack_dirent(k: Kernel, name: bytes, ino: int, mode: int) -> bytes:
    """A struct dirent, as long as its name wants."""
    layout = dirent.layout(k.dm)
    size = layout.offsetof("d_name") + len(name) + 1 + 7 & -8
    kind = (mode & S_IFMT) >> 12
    return layout.pack(d_fileno=ino, d_reclen=size, d_namlen=len(name), d_type=kind, d_name=name)[:size]


class Records(NamedTuple):
    """What getdents reads: the records, the cookie behind which to go on, and whether these are the last."""

    data: bytes
    at: int
    last: bool


def records(k: Kernel, rows: Iterable[Dirent], at: int, room: int) -> Records:
    """The rows whose cookies are beyond `at`, as many as fit `room` bytes; EINVAL when not one does."""
    out = bytearray()
    for row in rows:
        if row.cookie <= at:
            continue
        record = pack_dirent(k, row.name, row.ino, row.mode)
        if len(out) + len(record) > room:
            if not out:
                raise KernelError(EINVAL, f"the buffer has {room} bytes, too few for one entry")
            return Records(bytes(out), at, False)
        out += record
        at = row.cookie
    return Records(bytes(out), at, True)


def put_entries(k: Kernel, a: SimpleNamespace, rows: Iterable[Dirent]) -> None:
    """VOP_READDIR: rows beyond uio_offset, which goes on behind them. EINVAL."""
    view = k.umem.view(uio_struct.layout(k.dm), a.a_uio)
    found = records(k, rows, view.uio_offset, view.uio_resid)
    if found.last and a.a_eofflag:
        k.umem.set_u32(a.a_eofflag, 1)
    uio_read(k, found.data, a.a_uio)
    view.uio_offset = found.at
