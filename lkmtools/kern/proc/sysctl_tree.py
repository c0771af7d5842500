"""The tree of sysctl(9) nodes: struct sysctlnodes in guest memory (kern_sysctl.c of NetBSD 5.2).

A node has an array of its children, by number. When it grows the children move, and pointers to them are
stale, as in NetBSD; so the addresses of nodes are in a record of ours, and a pointer to anything else is a
panic. The tree is made when it is first needed.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EEXIST, EINVAL, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, ENOTEMPTY, EPERM
from lkmtools.abi.sysctl import (
    CTL_CREATE,
    CTL_MAXNAME,
    CTLFLAG_ALIAS,
    CTLFLAG_IMMEDIATE,
    CTLFLAG_OWNDATA,
    CTLFLAG_OWNDESC,
    CTLFLAG_PERMANENT,
    CTLFLAG_PRIVATE,
    CTLTYPE_NODE,
    SYSCTL_DEFSIZE,
    SYSCTL_NAMELEN,
    SYSCTL_TYPEMASK,
    SYSCTL_VERSION,
    sysctlnode,
)
from lkmtools.errors import KernelError
from lkmtools.kern.base.place import caller_pc
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp
    from lkmtools.machine.memory import View

Mib = tuple[int, ...]
_MOST = 4096  # children of a node


class OwnNode(NamedTuple):
    """A node of the kernel's own; of a leaf, how it is read (bytes), and written if it can be.

    `size` is 0 where the value's length varies.
    """

    mib: Mib
    name: str
    type: int
    flags: int = 0
    size: int = 0
    read: Callable[[Kernel], bytes] | None = None
    write: Callable[[Kernel, Lwp | None, bytes], None] | None = None


def hidden(k: Kernel, l_addr: int, flags: int) -> bool:
    """Is a node with these flags for root alone, and the caller another? The kernel itself (NULL) is not."""
    return bool(flags & CTLFLAG_PRIVATE and l_addr and k.lwp_at(l_addr).proc.cred.uid != 0)


def may_read(k: Kernel, l_addr: int, node: View) -> None:
    """May this caller read the node, and what is below it? EPERM."""
    if hidden(k, l_addr, node.sysctl_flags):
        raise KernelError(EPERM, f"only root may read sysctl node {k.sysctl.path(node.addr)}")


class Heads(NamedTuple):
    """Members of nodes that lie side by side, by node. Of a leaf, csizes and clens are data."""

    flags: tuple[int, ...] = ()
    nums: tuple[int, ...] = ()
    names: tuple[bytes, ...] = ()  # with the NULs behind them
    csizes: tuple[int, ...] = ()
    clens: tuple[int, ...] = ()
    childs: tuple[int, ...] = ()


class Spot(NamedTuple):
    """A place for a new node: its parent, index and number, and the nodes that have the name, the number."""

    parent: int
    at: int
    number: int
    name: bytes
    chosen: bool  # the number is one that CTL_CREATE gives
    same_name: int
    same_number: int


class SysctlTree:
    """The nodes of a kernel. `own` are those that it has itself; `serves` is the function of their leaves."""

    _next_number = 1024  # the next that CTL_CREATE gives, if it is free

    def __init__(self, k: Kernel, own: tuple[OwnNode, ...], serves: str) -> None:
        self._k = k
        self.own = {node.mib: node for node in own}
        self._serves = serves
        self.layout = sysctlnode.layout(k.dm)
        head = f"{k.dm.order}Ii{SYSCTL_NAMELEN}s8xIIQ"
        self._head = struct.Struct(f"{head}{self.layout.size - struct.calcsize(head)}x")
        self._nodes: set[int] = set()
        self._version = 0
        self._makers: dict[Mib, int] = {}  # where a node was created: the return address
        self.logs: dict[int, list[Mib]] = {}  # by address of the struct sysctllog: what is to be removed

    def quick(self, mib: Mib) -> OwnNode | None:
        """A leaf of the kernel's own, as long as nobody has needed the tree."""
        node = None if self._nodes else self.own.get(mib)
        return node if node is not None and node.read is not None else None

    @property
    def root(self) -> int:
        """The address of the root, which is made if it is not there."""
        addr = self._k.symbol("sysctl_root")
        if not self._nodes:
            self._nodes.add(addr)
            flags = CTLTYPE_NODE | SYSCTL_VERSION | CTLFLAG_PERMANENT
            self._k.mem.write(addr, self.layout.pack(sysctl_flags=flags, sysctl_name=b"(root)"))
            for node in self.own.values():
                serves = 0 if node.type == CTLTYPE_NODE else self._k.symbol(self._serves)
                self._add_own(node, serves)
        return addr

    def _add_own(self, node: OwnNode, serves: int) -> None:
        *above, number = node.mib
        spot = self.spot(self.find(tuple(above)), number, node.name.encode())
        flags = node.type | node.flags | CTLFLAG_PERMANENT | SYSCTL_VERSION
        self.insert(spot, flags, sysctl_size=node.size, sysctl_func=serves)

    # -- looking ----------------------------------------------------------------------------------------

    def view(self, addr: int) -> View:
        """A node that is in the tree."""
        return self._k.mem.view(self.layout, addr)

    def check(self, what: str, addr: int) -> int:
        """`addr`, the argument `what`; a panic when it is not the address of a node."""
        _ = self.root
        if addr not in self._nodes:
            self._k.panic(
                f"{what}: {addr:#x} is not a sysctl node (nodes move when others are created beside them)"
            )
        return addr

    def children(self, addr: int) -> range:
        """The addresses of a node's children, by number."""
        node = self.view(addr)
        if node.sysctl_flags & SYSCTL_TYPEMASK != CTLTYPE_NODE:
            return range(0)
        return self._array(addr, node.sysctl_child, node.sysctl_clen)

    def _array(self, addr: int, child: int, clen: int) -> range:
        """The places of the `clen` children at `child` of a node; a panic when they are not ours."""
        size, child = self.layout.size, child & self._k.dm.mask
        found = range(child, child + min(clen, _MOST) * size, size)
        if not self._nodes.issuperset(found):
            self._k.panic(f"the children of sysctl node {self.path(addr)} are corrupted")
        return found

    def _heads(self, nodes: range) -> Heads:
        """Of nodes that lie side by side, in one read."""
        if not nodes:
            return Heads()
        data = self._k.mem.read(nodes.start, len(nodes) * self.layout.size)
        return Heads(*zip(*self._head.iter_unpack(data), strict=True))

    def child(self, addr: int, number: int) -> int:
        """The child with this number, or 0; an alias leads to the one that it stands for."""
        found = self.children(addr)
        heads = self._heads(found)
        if number in heads.nums and heads.flags[i := heads.nums.index(number)] & CTLFLAG_ALIAS:
            number = heads.csizes[i]
        return found[heads.nums.index(number)] if number in heads.nums else 0

    def find(self, mib: Mib, start: int = 0) -> int:
        """The node that these numbers lead to. ENOENT, ENOTDIR."""
        addr, done = self.locate(mib, start)
        if done < len(mib):
            raise KernelError(
                ENOTDIR, f"sysctl node {self.path(addr)} has a function of its own, and no nodes below"
            )
        return addr

    def locate(self, mib: Mib, start: int = 0, l_addr: int = 0) -> tuple[int, int]:
        """The node they lead to, or the first with a function of its own on the way; how many were used.

        ENOENT, ENOTDIR; EPERM where the way leads through a private node (may_read()).
        """
        addr = start or self.root
        for i, number in enumerate(mib):
            node = self.view(addr)
            may_read(self._k, l_addr, node)
            if node.sysctl_func & self._k.dm.mask:
                return addr, i
            if node.sysctl_flags & SYSCTL_TYPEMASK != CTLTYPE_NODE:
                raise KernelError(ENOTDIR, f"sysctl node {self.path(addr)} is a leaf: nothing is below it")
            below = self.child(addr, number)
            if not below:
                raise KernelError(
                    ENOENT, f"no such sysctl node: {'.'.join(map(str, (*self.mib(addr), *mib[i:])))}"
                )
            addr = below
        return addr, len(mib)

    def _up(self, addr: int) -> Iterator[View]:
        """A node, its parent and so on, without the root; it may be a module's copy of a node."""
        root = self._k.symbol("sysctl_root")
        for _ in range(CTL_MAXNAME):
            if addr == root or not addr:
                return
            node = self._k.umem.view(self.layout, addr)
            yield node
            addr = node.sysctl_parent & self._k.dm.mask

    def mib(self, addr: int) -> Mib:
        """The numbers of a node."""
        return tuple(node.sysctl_num for node in self._up(addr))[::-1]

    def path(self, addr: int) -> str:
        """The names of a node, as kern.ostype."""
        names = [node.sysctl_name.split(b"\0")[0].decode(*C_TEXT) for node in self._up(addr)]
        return ".".join(reversed(names)) or "(root)"

    # -- changing ---------------------------------------------------------------------------------------

    def spot(self, parent: int, number: int, name: bytes) -> Spot:
        """Where a new node belongs below `parent`. CTL_CREATE: at the next number that nothing there has.

        ENOTDIR, ENAMETOOLONG, EINVAL.
        """
        up = self.view(parent)
        kind, func = up.sysctl_flags & (SYSCTL_TYPEMASK | CTLFLAG_ALIAS), up.sysctl_func & self._k.dm.mask
        if kind != CTLTYPE_NODE or func:
            raise KernelError(ENOTDIR, f"sysctl node {self.path(parent)} cannot have nodes below it")
        if len(self.mib(parent)) == CTL_MAXNAME:
            raise KernelError(
                ENAMETOOLONG, f"a node below {self.path(parent)} has more than {CTL_MAXNAME} numbers"
            )
        if number < 0 and number != CTL_CREATE:
            raise KernelError(EINVAL, f"{number} cannot be the number of a sysctl node")
        found = self.children(parent)
        heads, raw_name, chosen = self._heads(found), name.ljust(SYSCTL_NAMELEN, b"\0"), number == CTL_CREATE
        same_name = found[heads.names.index(raw_name)] if raw_name in heads.names else 0
        same_number = found[heads.nums.index(number)] if number in heads.nums else 0
        if chosen:
            taken, number = set(heads.nums), self._next_number
            while number in taken:
                number += 1
        at = bisect_left(heads.nums, number)
        return Spot(parent, at, number, name, chosen, same_name, same_number)

    def insert(self, spot: Spot, flags: int, **members: int) -> int:
        """A new node where spot() says. EEXIST, ENOMEM."""
        parent, up = spot.parent, self.view(spot.parent)
        if other := spot.same_name or spot.same_number:
            raise KernelError(EEXIST, f"sysctl node {self.path(other)} exists")
        if up.sysctl_clen >= _MOST:
            raise KernelError(
                ENOMEM, f"sysctl node {self.path(parent)} has {_MOST} nodes below it, the limit"
            )
        self._version += 1
        if spot.chosen:
            self._next_number = spot.number + 1
        data = self.layout.pack(
            sysctl_flags=flags, sysctl_num=spot.number, sysctl_name=spot.name, sysctl_ver=self._version,
            sysctl_parent=parent, **members,
        )  # fmt: skip
        addr = self._place(up, spot.at, data)
        self._changed(parent)
        self._makers[self.mib(addr)] = caller_pc(self._k, self._k.engine.current)
        return addr

    def _place(self, up: View, at: int, data: bytes) -> int:
        """Put a node among the children of `up`; those behind it move up. ENOMEM."""
        k, size, count = self._k, self.layout.size, up.sysctl_clen
        if count == up.sysctl_csize:
            self._grow(up)
        child: int = up.sysctl_child & k.dm.mask
        addr, end = child + at * size, child + count * size
        k.mem.write(addr, data + k.mem.read(addr, end - addr))
        up.sysctl_clen = count + 1
        self._nodes.add(end)
        self._moved(range(addr + size, end + size, size))
        return addr

    def _grow(self, up: View) -> None:
        """Move the children of `up` to an array with more room. ENOMEM."""
        k, size, old, count = self._k, self.layout.size, up.sysctl_child & self._k.dm.mask, up.sysctl_clen
        room = max(SYSCTL_DEFSIZE, 2 * count)
        new = k.heap.alloc(room * size)
        if not new:
            raise KernelError(ENOMEM, "no kernel memory for a sysctl node")
        up.sysctl_child, up.sysctl_csize = new, room
        if not old:
            return
        k.mem.write(new, k.mem.read(old, count * size))
        self._nodes.difference_update(range(old, old + count * size, size))
        k.heap.free(old)
        self._nodes.update(range(new, new + count * size, size))
        self._moved(range(new, new + count * size, size))

    def _moved(self, nodes: range) -> None:
        """Nodes have come to these places: their children get the new address of their parent."""
        heads, set_ptr = self._heads(nodes), self._k.mem.set_ptr
        parent = self.layout.offsetof("sysctl_parent")
        for addr, flags, clen, child in zip(nodes, heads.flags, heads.clens, heads.childs, strict=True):
            if clen and flags & SYSCTL_TYPEMASK == CTLTYPE_NODE:
                for below in self._array(addr, child, clen):
                    set_ptr(below + parent, addr)

    def _changed(self, addr: int) -> None:
        """A node below this one has come or gone."""
        for node in self._up(addr):
            node.sysctl_ver = self._version
        self.view(self._k.symbol("sysctl_root")).sysctl_ver = self._version

    def remove(self, addr: int, permanent: bool = False) -> None:
        """Remove a node. EPERM for a permanent one unless `permanent`; ENOTEMPTY."""
        node = self.view(addr)
        if node.sysctl_flags & CTLFLAG_PERMANENT and not permanent:
            raise KernelError(EPERM, f"sysctl node {self.path(addr)} is permanent")
        if self.children(addr):
            raise KernelError(ENOTEMPTY, f"sysctl node {self.path(addr)} has nodes below it")
        self._makers.pop(self.mib(addr), None)
        k, flags, parent = self._k, node.sysctl_flags, node.sysctl_parent & self._k.dm.mask
        kind = flags & SYSCTL_TYPEMASK
        if kind == CTLTYPE_NODE and node.sysctl_child & k.dm.mask:
            k.heap.free(node.sysctl_child & k.dm.mask)
        if kind != CTLTYPE_NODE and flags & CTLFLAG_OWNDATA:
            k.heap.free(k.mem.ptr(node.at("sysctl_csize")))
        if flags & CTLFLAG_OWNDESC:
            k.heap.free(node.sysctl_desc & k.dm.mask)
        self._version += 1
        self._close(self.view(parent), addr)
        self._changed(parent)

    def _close(self, up: View, addr: int) -> None:
        """The children of `up` behind the one at `addr`, which is gone, move down."""
        k, size = self._k, self.layout.size
        last = (up.sysctl_child & k.dm.mask) + (up.sysctl_clen - 1) * size
        k.mem.write(addr, k.mem.read(addr + size, last - addr))
        up.sysctl_clen -= 1
        self._nodes.discard(last)
        self._moved(range(addr, last, size))

    def is_own(self, mib: Mib) -> bool:
        """Is it a node of the kernel's own?"""
        return mib in self.own

    def forget(self, holds: Callable[[int], bool]) -> list[str]:
        """Remove what a module leaves that gives its memory back: nodes it created, nodes that lead into it.

        A node with nodes of others below it stays. Their names.
        """
        return [] if not self._nodes else self._forget(self.root, holds)

    def _forget(self, addr: int, holds: Callable[[int], bool]) -> list[str]:
        out: list[list[str]] = []
        for child in reversed(self.children(addr)):  # the last first: when one goes, those behind it move
            gone = self._forget(child, holds)
            led = [member for member in self._places(child) if holds(self._place_of(child, member))]
            made = holds(self._makers.get(self.mib(child), 0))
            if (made or led or gone) and not self.is_own(self.mib(child)) and not self.children(child):
                gone.append(self.path(child))
                self.remove(child, permanent=True)
            else:
                for member in led:
                    self.view(child).put(member, 0)
            out.append(gone)
        return [path for gone in reversed(out) for path in gone]

    def _places(self, addr: int) -> tuple[str, ...]:
        """The members of a node that can lead into a module; of a leaf sysctl_csize is its data."""
        flags = self.view(addr).sysctl_flags
        leaf = flags & SYSCTL_TYPEMASK != CTLTYPE_NODE and not flags & CTLFLAG_IMMEDIATE
        return ("sysctl_func", "sysctl_desc", *(("sysctl_csize",) if leaf else ()))

    def _place_of(self, addr: int, member: str) -> int:
        return self._k.mem.ptr(self.view(addr).at(member))
