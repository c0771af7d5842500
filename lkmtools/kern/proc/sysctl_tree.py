"""The tree of sysctl(9) nodes: struct sysctlnodes in guest memory (kern_sysctl.c of NetBSD 5.2).

A node has an array of its children, by number. When it grows the children move, and pointers to them are
stale, as in NetBSD; so the addresses of nodes are in a record of ours, and a pointer to anything else is a
panic. The tree is made when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EEXIST, EINVAL, ENOENT, ENOMEM, ENOTDIR, ENOTEMPTY, EPERM
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
    SYSCTL_TYPEMASK,
    SYSCTL_VERSION,
    sysctlnode,
)
from lkmtools.errors import KernelError
from lkmtools.kern.base.panic import caller_pc
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp
    from lkmtools.machine.memory import View

Mib = tuple[int, ...]
_CREATE_BASE = 1024  # the first number that CTL_CREATE gives
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


class SysctlTree:
    """The nodes of a kernel. `own` are those that it has itself; `serves` is the function of their leaves."""

    def __init__(self, k: Kernel, own: tuple[OwnNode, ...], serves: str) -> None:
        self._k = k
        self.own = {node.mib: node for node in own}
        self._serves = serves
        self.layout = sysctlnode.layout(k.dm)
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
        parent = self.find(tuple(above))
        flags = node.type | node.flags | CTLFLAG_PERMANENT | SYSCTL_VERSION
        self.insert(parent, flags, number, node.name.encode(), sysctl_size=node.size, sysctl_func=serves)

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

    def children(self, addr: int) -> list[int]:
        """The addresses of a node's children, by number."""
        node = self.view(addr)
        if node.sysctl_flags & SYSCTL_TYPEMASK != CTLTYPE_NODE:
            return []
        child, count = node.sysctl_child & self._k.dm.mask, node.sysctl_clen
        found = [child + i * self.layout.size for i in range(min(count, _MOST))]
        if any(other not in self._nodes for other in found):
            self._k.panic(f"the children of sysctl node {self.path(addr)} are corrupted")
        return found

    def child(self, addr: int, number: int) -> int:
        """The child with this number, or 0; an alias leads to the one that it stands for."""
        by_number = {self.view(other).sysctl_num: other for other in self.children(addr)}
        found = by_number.get(number, 0)
        if found and self.view(found).sysctl_flags & CTLFLAG_ALIAS:
            found = by_number.get(self._k.mem.i32(found + self.layout.offsetof("sysctl_csize")), 0)
        return found

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

    def insert(self, parent: int, flags: int, number: int, name: bytes, **members: int) -> int:
        """A new node below `parent`; CTL_CREATE gives a number. EEXIST, ENOTDIR, ENOMEM, EINVAL."""
        up = self.view(parent)
        if up.sysctl_flags & SYSCTL_TYPEMASK != CTLTYPE_NODE or up.sysctl_func & self._k.dm.mask:
            raise KernelError(ENOTDIR, f"sysctl node {self.path(parent)} cannot have nodes below it")
        others = [self.view(addr) for addr in self.children(parent)]
        for other in others:
            if other.sysctl_num == number or other.sysctl_name.split(b"\0")[0] == name:
                raise KernelError(EEXIST, f"sysctl node {self.path(other.addr)} exists")
        if len(others) >= _MOST:
            raise KernelError(
                ENOMEM, f"sysctl node {self.path(parent)} has {_MOST} nodes below it, the limit"
            )
        if number == CTL_CREATE:
            number = max([_CREATE_BASE - 1, *(other.sysctl_num for other in others)]) + 1
        if number < 0:
            raise KernelError(EINVAL, f"{number} cannot be the number of a sysctl node")
        at = sum(other.sysctl_num < number for other in others)
        self._version += 1
        data = self.layout.pack(
            sysctl_flags=flags, sysctl_num=number, sysctl_name=name, sysctl_ver=self._version,
            sysctl_parent=parent, **members,
        )  # fmt: skip
        addr = self._place(up, at, data)
        self._changed(parent)
        self._makers[self.mib(addr)] = caller_pc(self._k, self._k.engine.current)
        return addr

    def _place(self, up: View, at: int, data: bytes) -> int:
        """Put a node among the children of `up`, whose array grows if need be."""
        k, size = self._k, self.layout.size
        child, count, room = up.sysctl_child & k.dm.mask, up.sysctl_clen, up.sysctl_csize
        old = k.mem.read(child, count * size) if count else b""
        if count == room:
            room = max(SYSCTL_DEFSIZE, 2 * room)
            new = k.heap.alloc(room * size)
            if not new:
                raise KernelError(ENOMEM, "no kernel memory for a sysctl node")
            if child:
                k.heap.free(child)
            up.sysctl_child, up.sysctl_csize = new, room
        self._arrange(up, [old[i : i + size] for i in range(0, len(old), size)], at, data, child)
        made: int = up.sysctl_child & k.dm.mask
        return made + at * size

    def _arrange(self, up: View, old: list[bytes], at: int, data: bytes | None, before: int) -> None:
        """Write the children of `up` with `data` at `at`, or without the one there; they were at `before`."""
        k, size = self._k, self.layout.size
        new = [*old[:at], data, *old[at:]] if data is not None else [*old[:at], *old[at + 1 :]]
        child = up.sysctl_child & k.dm.mask
        self._nodes -= {before + i * size for i in range(len(old))}
        k.mem.write(child, b"".join(filter(None, new)))
        up.sysctl_clen = len(new)
        for i in range(len(new)):
            addr = child + i * size
            self._nodes.add(addr)
            for below in self.children(addr):
                self.view(below).sysctl_parent = addr

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
        up, size = self.view(parent), self.layout.size
        child = up.sysctl_child & k.dm.mask
        old = [k.mem.read(child + i * size, size) for i in range(up.sysctl_clen)]
        self._version += 1
        self._arrange(up, old, (addr - child) // size, None, child)
        self._changed(parent)

    def is_own(self, mib: Mib) -> bool:
        """Is it a node of the kernel's own?"""
        return mib in self.own

    def forget(self, holds: Callable[[int], bool]) -> list[str]:
        """Remove what a module leaves that gives its memory back: nodes it created, nodes that lead into it.

        A node with nodes of others below it stays. Their names.
        """
        return [] if not self._nodes else self._forget(self.root, holds)

    def _forget(self, addr: int, holds: Callable[[int], bool]) -> list[str]:
        out: list[str] = []
        for number in [self.view(child).sysctl_num for child in self.children(addr)]:
            child = next(c for c in self.children(addr) if self.view(c).sysctl_num == number)
            gone = self._forget(child, holds)
            out += gone
            led = [member for member in self._places(child) if holds(self._place_of(child, member))]
            made = holds(self._makers.get(self.mib(child), 0))
            if (made or led or gone) and not self.is_own(self.mib(child)) and not self.children(child):
                out.append(self.path(child))
                self.remove(child, permanent=True)
            else:
                for member in led:
                    self.view(child).put(member, 0)
        return out

    def _places(self, addr: int) -> tuple[str, ...]:
        """The members of a node that can lead into a module; of a leaf sysctl_csize is its data."""
        flags = self.view(addr).sysctl_flags
        leaf = flags & SYSCTL_TYPEMASK != CTLTYPE_NODE and not flags & CTLFLAG_IMMEDIATE
        return ("sysctl_func", "sysctl_desc", *(("sysctl_csize",) if leaf else ()))

    def _place_of(self, addr: int, member: str) -> int:
        return self._k.mem.ptr(self.view(addr).at(member))
