"""sysctl(9): asking for a variable and setting it, the functions of leaves, and __sysctl(2) (kern_sysctl.c).

A name is numbers. It leads to a node; the node's own function (a sysctlfn), or sysctl_lookup(), copies the
old value out and the new one in. What they are given is as in NetBSD: `oldp` and `newp` are the caller's
memory (the kernel's own where `l` is NULL), `name`, `oname` and `oldlenp` the kernel's.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lkmtools.abi.errno import (
    EINVAL,
    EISDIR,
    ENOENT,
    ENOMEM,
    ENOTDIR,
    EOPNOTSUPP,
    EPERM,
)
from lkmtools.abi.syscall import SYS___sysctl
from lkmtools.abi.sysctl import (
    CTL_MAXNAME,
    CTL_QUERY,
    CTLFLAG_ANYWRITE,
    CTLFLAG_IMMEDIATE,
    CTLFLAG_READWRITE,
    CTLTYPE_NODE,
    CTLTYPE_STRING,
    CTLTYPE_STRUCT,
    SCALAR_SIZES,
    SYSCTL_TYPEMASK,
    sysctlnode,
)
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import MEMORY
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.proc.kern_copy import copyin as copyin_to
from lkmtools.kern.proc.kern_copy import copyin_bytes, copyinstr, copyout_bytes, copystr
from lkmtools.kern.proc.kern_copy import copyout as copyout_from
from lkmtools.kern.proc.syscall import syscall
from lkmtools.kern.proc.sysctl_tree import hidden, may_read
from lkmtools.machine import Prototype
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp
    from lkmtools.kern.proc.sysctl_tree import Mib, OwnNode
    from lkmtools.machine.memory import View

ARGS = (
    "const int *name, u_int namelen, void *oldp, size_t *oldlenp, const void *newp, size_t newlen, "
    "const int *oname, struct lwp *l, const struct sysctlnode *rnode"
)
SYSCTLFN = Prototype(f"int sysctl_func({ARGS})")


class Asked(NamedTuple):
    """The arguments of a sysctlfn: what is asked of `rnode`, and by whom."""

    name: int
    namelen: int
    oldp: int
    oldlenp: int
    newp: int
    newlen: int
    oname: int
    lwp: int
    rnode: int


def numbers(k: Kernel, name: int, namelen: int) -> Mib:
    """The numbers at `name`, in kernel memory. EINVAL."""
    if namelen > CTL_MAXNAME:
        raise KernelError(EINVAL, f"the name has {namelen} numbers; the limit is {CTL_MAXNAME}")
    return struct.unpack(f"{k.dm.order}{namelen}i", k.umem.read(name, 4 * namelen)) if namelen else ()


def give(k: Kernel, l_addr: int, value: bytes, oldp: int, oldlenp: int) -> None:
    """Copy the old value out, as much as fits; *oldlenp becomes its size."""
    if not oldlenp:
        return
    room = k.umem.ptr(oldlenp)
    k.umem.set_ptr(oldlenp, len(value))
    if oldp:
        if l_addr:
            copyout_bytes(k, value[:room], oldp)
        else:
            k.umem.write(oldp, value[:room])


def take(k: Kernel, l_addr: int, newp: int, newlen: int) -> bytes:
    """The new value."""
    return copyin_bytes(k, newp, newlen) if l_addr else k.umem.read(newp, newlen)


def may_write(k: Kernel, l_addr: int, flags: int, path: str) -> None:
    """May this caller set the node with these flags? EPERM."""
    if not flags & CTLFLAG_READWRITE:
        raise KernelError(EPERM, f"sysctl node {path} cannot be written")
    if l_addr and not flags & CTLFLAG_ANYWRITE and k.lwp_at(l_addr).proc.cred.uid != 0:
        raise KernelError(EPERM, f"only root may set sysctl node {path}")


@export(f"int sysctl_lookup({ARGS})", "sys/sysctl.h", bound=MEMORY)
def sysctl_lookup(k: Kernel, *args: int) -> int:
    """Read and set a leaf, or a copy of one whose sysctl_data a sysctlfn has changed.

    EISDIR for a node that is none, EINVAL for a value of another size, EPERM. A value that does not fit is
    cut, and *oldlenp says how long it is.
    """
    a = Asked(*args)
    node = k.umem.view(sysctlnode.layout(k.dm), a.rnode)
    kind = node.sysctl_flags & SYSCTL_TYPEMASK
    path = k.sysctl.path(a.rnode)
    if kind == CTLTYPE_NODE:
        raise KernelError(EISDIR, f"sysctl node {path} has nodes below it, and no value")
    if a.namelen:
        raise KernelError(EINVAL, f"sysctl node {path} is a leaf: nothing is below it")
    may_read(k, a.lwp, node)
    if a.newp:
        may_write(k, a.lwp, node.sysctl_flags, path)
    where, size = _value_at(k, node, kind, path)
    value = k.umem.cstr(where, size) + b"\0" if kind == CTLTYPE_STRING else k.umem.read(where, size)
    give(k, a.lwp, value[:size], a.oldp, a.oldlenp)
    if a.newp:
        _store(k, node, where, size, take(k, a.lwp, a.newp, a.newlen))
    return 0


def _value_at(k: Kernel, node: View, kind: int, path: str) -> tuple[int, int]:
    """Where a leaf's value is, and its size. EINVAL."""
    if kind not in (*SCALAR_SIZES, CTLTYPE_STRING, CTLTYPE_STRUCT):
        raise KernelError(EINVAL, f"sysctl node {path} has the unknown type {kind}")
    size: int = SCALAR_SIZES.get(kind, node.sysctl_size & k.dm.mask)
    if node.sysctl_flags & CTLFLAG_IMMEDIATE:
        if kind not in SCALAR_SIZES:
            raise KernelError(EINVAL, f"the value of sysctl node {path} cannot be in the node")
        return node.at("sysctl_csize"), size
    where = k.umem.ptr(node.at("sysctl_csize"))
    if not where:
        raise KernelError(EINVAL, f"sysctl node {path} has no data and no function")
    if kind == CTLTYPE_STRING and not size:
        size = len(k.umem.cstr(where)) + 1
    return where, size


def _store(k: Kernel, node: View, where: int, size: int, data: bytes) -> None:
    """Set a leaf. EINVAL for a value of another size, or a string that is too long."""
    path, kind = k.sysctl.path(node.addr), node.sysctl_flags & SYSCTL_TYPEMASK
    if kind != CTLTYPE_STRING:
        if len(data) != size:
            raise KernelError(EINVAL, f"sysctl node {path} has {size} bytes, not {len(data)}")
        k.umem.write(where, data)
        return
    text = data.split(b"\0")[0]
    if len(text) >= size:
        raise KernelError(
            EINVAL, f"the string of sysctl node {path} can have {size - 1} bytes, not {len(text)}"
        )
    k.umem.write(where, text + b"\0")


@export(f"int sysctl_query({ARGS})", "sys/sysctl.h", bound=MEMORY)
def sysctl_query(k: Kernel, *args: int) -> int:
    """The nodes below one: struct sysctlnodes without addresses of the kernel. ENOTDIR, EINVAL, EPERM."""
    a, tree = Asked(*args), k.sysctl
    above = tree.view(tree.check("sysctl_query", a.rnode))
    if above.sysctl_flags & SYSCTL_TYPEMASK != CTLTYPE_NODE:
        raise KernelError(ENOTDIR, f"sysctl node {tree.path(a.rnode)} is a leaf: nothing is below it")
    if a.namelen != 1 or numbers(k, a.name, 1) != (CTL_QUERY,):
        raise KernelError(EINVAL, "CTL_QUERY must be the last number of the name")
    may_read(k, a.lwp, above)
    out = []
    for addr in tree.children(a.rnode):
        node, layout = tree.view(addr), tree.layout
        data = bytearray(k.mem.read(addr, layout.size))
        flags = node.sysctl_flags
        leaf, shown = flags & SYSCTL_TYPEMASK != CTLTYPE_NODE, not hidden(k, a.lwp, flags)
        if leaf and not (flags & CTLFLAG_IMMEDIATE and shown):
            layout.put(data, 0, "sysctl_csize", 0)
            layout.put(data, 0, "sysctl_clen", 0)
        for member in ("sysctl_child", "sysctl_func", "sysctl_parent", "sysctl_desc"):
            layout.put(data, 0, member, 0)
        out.append(data)
    give(k, a.lwp, b"".join(out), a.oldp, a.oldlenp)
    return 0


@export(f"int sysctl_notavail({ARGS})", "sys/sysctl.h")
def sysctl_notavail(k: Kernel, *args: int) -> int:
    """The function of a node that this machine does not have: EOPNOTSUPP."""
    a = Asked(*args)
    raise KernelError(EOPNOTSUPP, f"sysctl node {k.sysctl.path(a.rnode)} is not available")


@export(f"int sysctl_dispatch({ARGS})", "sys/sysctl.h", bound=MEMORY)
def sysctl_dispatch(k: Kernel, *args: int) -> int:
    """Let the node answer that the name leads to from `rnode` (NULL: the root). ENOENT, ENOTDIR ..."""
    a = Asked(*args)
    tree = k.sysctl
    mib = numbers(k, a.name, a.namelen)
    start = tree.check("sysctl_dispatch", a.rnode) if a.rnode else tree.root
    special = bool(mib) and mib[-1] < 0
    addr, done = tree.locate(mib[:-1] if special else mib, start, a.lwp)
    rest = (a.name + 4 * done, a.namelen - done)
    tail = (a.oldp, a.oldlenp, a.newp, a.newlen, a.oname, a.lwp, addr)
    if function := tree.view(addr).sysctl_func & k.dm.mask:
        result: int = k.engine.call(SYSCTLFN, function, *rest, *tail)
        return result
    if not special:
        return sysctl_lookup(k, *rest, *tail)
    if mib[-1] == CTL_QUERY:
        return sysctl_query(k, *rest, *tail)
    raise KernelError(EOPNOTSUPP, f"sysctl request {mib[-1]} is not supported; CTL_QUERY ({CTL_QUERY}) is")


def answer(k: Kernel, own: OwnNode, a: Asked) -> int:
    """Read and set a leaf of the kernel's own, as sysctl_lookup() does. EPERM, EINVAL."""
    if own.read is None:
        raise KernelError(EISDIR, f"sysctl node {own.name} has nodes below it, and no value")
    value = own.read(k)
    if a.newp:
        path = ".".join(k.sysctl.own[own.mib[:n]].name for n in range(1, len(own.mib) + 1))
        may_write(k, a.lwp, own.flags, path)
    give(k, a.lwp, value, a.oldp, a.oldlenp)
    if a.newp and own.write is not None:
        own.write(k, k.lwp_at(a.lwp) if a.lwp else None, take(k, a.lwp, a.newp, a.newlen))
    return 0


@export(f"int sysctl_own({ARGS})", bound=MEMORY)
def sysctl_own(k: Kernel, *args: int) -> int:
    """The function of the kernel's own leaves, of which it may be given a copy."""
    a = Asked(*args)
    own, path = k.sysctl.own.get(k.sysctl.mib(a.rnode)), k.sysctl.path(a.rnode)
    if own is None:
        raise KernelError(ENOENT, f"sysctl node {path} is not the kernel's own")
    if a.namelen:
        raise KernelError(ENOTDIR, f"sysctl node {path} is a leaf: nothing is below it")
    return answer(k, own, a)


@syscall(
    SYS___sysctl, "const int *name, u_int namelen, void *old, size_t *oldlenp, const void *new, size_t newlen"
)
def sys___sysctl(
    k: Kernel, lwp: Lwp, name: int, namelen: int, old: int, oldlenp: int, new: int, newlen: int
) -> None:
    """Read a value, set it, or both.

    ENOENT, EPERM, EINVAL; ENOMEM when `old` is too small: what fits is copied, and `new` is set all the same.
    """
    if not 1 <= namelen <= CTL_MAXNAME:
        raise KernelError(EINVAL, f"the name has {namelen} numbers; it must have 1 to {CTL_MAXNAME}")
    space, width = lwp.proc.space, k.dm.pointer
    room = lwp.alloca(k, 4 * CTL_MAXNAME + 8)
    length = room + 4 * CTL_MAXNAME
    try:
        k.mem.write(room, space.read(name, 4 * namelen))
        mib = numbers(k, room, namelen)
        k.mem.write(length, space.read(oldlenp, width) if oldlenp else bytes(width))
        given = k.mem.ptr(length)
        failed: KernelError | None = None
        lwp.thread.reason = ""
        asked = Asked(room, namelen, old, length, new, newlen, room, lwp.addr, 0)
        own = k.sysctl.quick(mib)
        try:
            errno = sysctl_dispatch(k, *asked) if own is None else answer(k, own, asked)
        except KernelError as error:
            failed, errno = error, error.errno
        if oldlenp and errno in (0, ENOMEM):
            space.write(oldlenp, k.mem.read(length, width))
        if failed is not None:
            raise failed
        if errno:
            raise KernelError(errno, lwp.thread.reason or f"sysctl node {'.'.join(map(str, mib))} refused")
        if old and given < (size := k.mem.ptr(length)):
            raise KernelError(ENOMEM, f"the value has {size} bytes; the buffer has {given}")
    finally:
        lwp.release(k, room)


@export(
    "int sysctl_locate(struct lwp *l, const int *name, u_int namelen, const struct sysctlnode **rnode, "
    "int *nip)",
    "sys/sysctl.h",
)
def sysctl_locate(k: Kernel, l_addr: int, name: int, namelen: int, rnode: int, nip: int) -> int:
    """Find a node from *rnode (NULL: the root) on; *nip: how many numbers were used.

    ENOENT, ENOTDIR; EPERM below a private node, when `l` is not root's.
    """
    start = k.umem.ptr(rnode)
    found, done = k.sysctl.locate(
        numbers(k, name, namelen), k.sysctl.check("sysctl_locate", start) if start else 0, l_addr
    )
    k.umem.set_ptr(rnode, found)
    if nip:
        k.umem.set_u32(nip, done)
    return 0


@export(
    "int sysctl_copyin(struct lwp *l, const void *uaddr, void *kaddr, size_t len)",
    "sys/sysctl.h",
    bound=MEMORY,
)
def sysctl_copyin(k: Kernel, l_addr: int, uaddr: int, kaddr: int, length: int) -> int:
    """copyin() for a process; a copy within the kernel where `l` is NULL."""
    if l_addr:
        return copyin_to(k, uaddr, kaddr, length)
    k.umem.write(kaddr, k.umem.read(uaddr, length))
    return 0


@export(
    "int sysctl_copyout(struct lwp *l, const void *kaddr, void *uaddr, size_t len)",
    "sys/sysctl.h",
    bound=MEMORY,
)
def sysctl_copyout(k: Kernel, l_addr: int, kaddr: int, uaddr: int, length: int) -> int:
    """copyout() for a process; a copy within the kernel where `l` is NULL."""
    if l_addr:
        return copyout_from(k, kaddr, uaddr, length)
    k.umem.write(uaddr, k.umem.read(kaddr, length))
    return 0


@export(
    "int sysctl_copyinstr(struct lwp *l, const void *uaddr, void *kaddr, size_t len, size_t *done)",
    "sys/sysctl.h",
    bound=MEMORY,
)
def sysctl_copyinstr(k: Kernel, l_addr: int, uaddr: int, kaddr: int, length: int, done: int) -> int:
    """copyinstr() for a process; copystr() where `l` is NULL."""
    return copyinstr(k, uaddr, kaddr, length, done) if l_addr else copystr(k, uaddr, kaddr, length, done)


@export("void sysctl_lock(bool write)", "sys/sysctl.h")
def sysctl_lock(k: Kernel, write: int) -> None:
    """Lock the tree: nothing to do, as kernel mode is not preempted."""


@export("void sysctl_relock(void)", "sys/sysctl.h")
def sysctl_relock(k: Kernel) -> None:
    """Lock the tree again."""


@export("void sysctl_unlock(void)", "sys/sysctl.h")
def sysctl_unlock(k: Kernel) -> None:
    """Unlock it."""


DATA = (
    Data(
        "sysctl_root",
        "struct sysctlnode sysctl_root",
        lambda dm: sysctlnode.layout(dm).size,
        None,
        "sys/sysctl.h",
    ),
)
