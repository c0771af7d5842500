"""sysctl_createv() and sysctl_teardown(): the nodes of modules (kern_sysctl.c of NetBSD 5.2).

A struct sysctllog is opaque: its memory only has an address, and what it logs is in SysctlTree.logs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EEXIST, EINVAL, ENAMETOOLONG, ENOENT, ENOMEM, ENOTEMPTY
from lkmtools.abi.sysctl import (
    CTL_CREATE,
    CTL_EOL,
    CTL_MAXNAME,
    CTLFLAG_ALIAS,
    CTLFLAG_IMMEDIATE,
    CTLFLAG_OWNDATA,
    CTLFLAG_OWNDESC,
    CTLTYPE_NODE,
    CTLTYPE_STRING,
    CTLTYPE_STRUCT,
    SCALAR_SIZES,
    SYSCTL_FLAGMASK,
    SYSCTL_NAMELEN,
    SYSCTL_TYPEMASK,
    SYSCTL_VERSION,
)
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import MEMORY, name_at
from lkmtools.kern.base.export import export

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.sysctl_tree import Mib
    from lkmtools.machine import VaList

_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_-]*")
_LOG_SIZE = 16


def _numbers(args: VaList) -> Mib:
    """The numbers up to CTL_EOL; CTL_CREATE is the last one too. ENAMETOOLONG, EINVAL."""
    mib: list[int] = []
    while (number := args.next("int")) != CTL_EOL:
        if len(mib) == CTL_MAXNAME:
            raise KernelError(ENAMETOOLONG, f"the name has more than {CTL_MAXNAME} numbers and no CTL_EOL")
        mib.append(number)
        if number == CTL_CREATE:
            break
        if number < 0:
            raise KernelError(EINVAL, f"{number} cannot be the number of a sysctl node")
    if not mib:
        raise KernelError(EINVAL, "the name has no numbers before CTL_EOL")
    return tuple(mib)


def _own_copy(k: Kernel, data: bytes) -> int:
    addr = k.heap.alloc(len(data))
    if not addr:
        raise KernelError(ENOMEM, f"no kernel memory for {len(data)} bytes of a sysctl node")
    k.mem.write(addr, data)
    return addr


def _leaf(k: Kernel, flags: int, func: int, qv: int, newp: int, newlen: int) -> tuple[int, int]:
    """What a leaf has in the place of its value (eight bytes), and its size. EINVAL."""
    kind = flags & SYSCTL_TYPEMASK
    size = SCALAR_SIZES.get(kind, newlen)
    if flags & CTLFLAG_IMMEDIATE and flags & CTLFLAG_OWNDATA:
        raise KernelError(
            EINVAL, "a value cannot be in the node (CTLFLAG_IMMEDIATE) and beside it (CTLFLAG_OWNDATA)"
        )
    if kind in SCALAR_SIZES and newlen not in (0, size):
        raise KernelError(EINVAL, f"a node of this type has {size} bytes, not {newlen}")
    if flags & CTLFLAG_IMMEDIATE:
        if kind not in SCALAR_SIZES:
            raise KernelError(EINVAL, "only an int, a quad or a bool can be in the node (CTLFLAG_IMMEDIATE)")
        return qv & (1 << 8 * size) - 1, size
    if not newp and not flags & CTLFLAG_OWNDATA:
        if not func:
            raise KernelError(EINVAL, "a leaf must have data, a function, or CTLFLAG_IMMEDIATE")
        return 0, size
    if kind == CTLTYPE_STRING and not size:
        size = len(k.umem.cstr(newp)) + 1
    if not size:
        raise KernelError(EINVAL, "a struct must have a size")
    if flags & CTLFLAG_OWNDATA:
        if size > k.mem.size:
            raise KernelError(ENOMEM, f"no kernel memory for {size} bytes of a sysctl node")
        newp = _own_copy(k, k.umem.read(newp, size) if newp else bytes(size))
    return newp, size


def _create(
    k: Kernel, parent: int, mib: Mib, flags: int, name: bytes, func: int, qv: int, newp: int, newlen: int
) -> tuple[int, bool]:
    """Create a node below `parent`, or find one that is as wanted: its address; is it new? KernelError."""
    tree, kind = k.sysctl, flags & SYSCTL_TYPEMASK
    if not _NAME.fullmatch(name):
        raise KernelError(
            EINVAL, f"'{name.decode(*C_TEXT)}' cannot be the name of a sysctl node: letters, digits and _ can"
        )
    spot = tree.spot(parent, mib[-1], name)
    if spot.same_name:
        node = tree.view(spot.same_name)
        if node.sysctl_func & k.dm.mask == func and mib[-1] in (node.sysctl_num, CTL_CREATE):
            return spot.same_name, False
        raise KernelError(
            EEXIST, f"sysctl node {tree.path(node.addr)} exists, with another number or function"
        )
    members = {"sysctl_func": func}
    if kind == CTLTYPE_NODE:
        if newp:
            raise KernelError(EINVAL, "a node with children of its own in an array is not supported")
        if flags & CTLFLAG_ALIAS:
            members["sysctl_csize"] = qv & 0xFFFFFFFF
    else:
        value, members["sysctl_size"] = _leaf(k, flags, func, qv, newp, newlen)
        members["sysctl_csize"], members["sysctl_clen"] = value & 0xFFFFFFFF, value >> 32
    try:
        return tree.insert(spot, flags, **members), True
    except KernelError:
        if kind != CTLTYPE_NODE and flags & CTLFLAG_OWNDATA:
            k.heap.free(value)
        raise


@export(
    "int sysctl_createv(struct sysctllog **log, int cflags, const struct sysctlnode **rnode, "
    "const struct sysctlnode **cnode, int flags, int type, const char *namep, const char *desc, "
    "sysctlfn func, u_quad_t qv, void *newp, size_t newlen, ...)",
    "sys/sysctl.h",
    bound=MEMORY,
)
def sysctl_createv(
    k: Kernel, log: int, cflags: int, rnode: int, cnode: int, flags: int, kind: int, namep: int, desc: int,
    func: int, qv: int, newp: int, newlen: int, args: VaList,
) -> int:  # fmt: skip
    """Create a node; one that is there with the same name, number and function is the node that was wanted.

    EEXIST, ENOENT and ENOTDIR for the place, EINVAL, ENAMETOOLONG, ENOMEM; an error is printed too.
    """
    tree = k.sysctl
    start = k.umem.ptr(rnode) if rnode else 0
    name = k.umem.cstr(namep, SYSCTL_NAMELEN)
    where = "locate"
    try:
        mib = _numbers(args)
        if len(name) >= SYSCTL_NAMELEN:
            raise KernelError(ENAMETOOLONG, f"the name has more than {SYSCTL_NAMELEN - 1} bytes")
        if kind not in (CTLTYPE_NODE, CTLTYPE_STRING, CTLTYPE_STRUCT, *SCALAR_SIZES):
            raise KernelError(EINVAL, f"{kind} is not a type of sysctl nodes")
        parent = tree.find(mib[:-1], tree.check("sysctl_createv", start) if start else 0)
        where = "create"
        flags = kind | flags & SYSCTL_FLAGMASK | SYSCTL_VERSION
        addr, new = _create(k, parent, mib, flags, name, func, qv, newp, newlen)
        _complete(k, addr, new, desc, log)
    except KernelError as error:
        shown = name.decode(*C_TEXT)
        k.console.write(f"sysctl_createv: sysctl_{where}({shown}) returned {error.errno}\n")
        raise
    if cnode:
        k.umem.set_ptr(cnode, addr)
    return 0


def _complete(k: Kernel, addr: int, new: bool, desc: int, log: int) -> None:
    """Describe a node and log it; when there is no memory for that, a new one goes again. ENOMEM."""
    try:
        _describe(k, addr, desc)
        if log:
            _log(k, log, k.sysctl.mib(addr))
    except KernelError:
        if new:
            k.sysctl.remove(addr, permanent=True)
        raise


def _describe(k: Kernel, addr: int, desc: int) -> None:
    """Give a node that has none a description."""
    node = k.sysctl.view(addr)
    if desc and not node.sysctl_desc & k.dm.mask:
        own = node.sysctl_flags & CTLFLAG_OWNDESC
        node.sysctl_desc = _own_copy(k, name_at(k, "desc", desc).encode(*C_TEXT) + b"\0") if own else desc


def _log(k: Kernel, log: int, mib: Mib) -> None:
    """Add a node to the log at *log, which is made if there is none. ENOMEM; a panic for another pointer."""
    addr = k.umem.ptr(log)
    if not addr:
        addr = k.heap.alloc(_LOG_SIZE)
        if not addr:
            raise KernelError(ENOMEM, "no kernel memory for a struct sysctllog")
        k.sysctl.logs[addr] = []
        k.umem.set_ptr(log, addr)
    if addr not in k.sysctl.logs:
        k.panic(
            f"sysctl_createv: *log is {addr:#x}, which is not a log of sysctl_createv(); it begins as NULL"
        )
    k.sysctl.logs[addr].append(mib)


@export("void sysctl_teardown(struct sysctllog **logp)", "sys/sysctl.h")
def sysctl_teardown(k: Kernel, logp: int) -> None:
    """Remove the nodes of a log, the last first, unless others have nodes below; *logp becomes NULL."""
    addr, tree = k.umem.ptr(logp), k.sysctl
    if not addr:
        return
    mibs = tree.logs.pop(addr, None)
    if mibs is None:
        k.panic(f"sysctl_teardown: {addr:#x} is not a log of sysctl_createv()")
    for mib in reversed(mibs):
        try:
            tree.remove(tree.find(mib), permanent=not tree.is_own(mib))
        except KernelError as error:
            if error.errno not in (ENOENT, ENOTEMPTY) and not tree.is_own(mib):
                raise
    k.heap.free(addr)
    k.umem.set_ptr(logp, 0)


@export("int sysctl_destroyv(struct sysctlnode *rnode, ...)", "sys/sysctl.h")
def sysctl_destroyv(k: Kernel, rnode: int, args: VaList) -> int:
    """Remove one node, if it is there and no others are below it. EPERM for a permanent one."""
    tree = k.sysctl
    mib, start = _numbers(args), tree.check("sysctl_destroyv", rnode) if rnode else 0
    try:
        tree.remove(tree.find(mib, start))
    except KernelError as error:
        if error.errno not in (ENOENT, ENOTEMPTY):
            raise
    return 0
