"""sysctl(3) of a process: variables by their numbers, or by names, which the kernel is asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from struct import Struct as Codec

from lkmtools.abi import syscall as nr
from lkmtools.abi import sysctl as abi
from lkmtools.abi.datamodel import cstring
from lkmtools.abi.errno import EISDIR, ENOENT, ENOMEM, ENOTDIR, EPERM
from lkmtools.abi.limits import INT_MAX, INT_MIN
from lkmtools.client.core import Core
from lkmtools.errors import KernelError
from lkmtools.tuples import NamedTuple

Numbers = tuple[int, ...]
_INT = Codec("<i")
_OLD = 4096
_MOST = 1 << 24  # bytes of a value
STRUCTS = ("kern.boottime",)
STRINGS = frozenset(
    ("kern.ostype", "kern.osrelease", "kern.version", "kern.hostname", "hw.machine", "hw.machine_arch")
)
_KINDS = {
    **{abi.NAMES[name]: abi.CTLTYPE_STRING for name in STRINGS},
    **{abi.NAMES[name]: abi.CTLTYPE_STRUCT for name in STRUCTS},
}
# The least and the greatest value of a type, and its bytes.
RANGES = {
    abi.CTLTYPE_INT: (INT_MIN, INT_MAX, 4),
    abi.CTLTYPE_QUAD: (-(1 << 63), (1 << 64) - 1, 8),
    abi.CTLTYPE_BOOL: (0, 1, 1),
}


class SysctlRow(NamedTuple):
    """A node of the tree: its number and name, CTLTYPE_*, flags, and size in bytes (0: it varies)."""

    num: int
    name: str
    type: int
    flags: int
    size: int


class SysctlCalls(Core):
    """The part of a Process that asks for variables."""

    def sysctl_nodes(self, mib: Sequence[int] = ()) -> list[SysctlRow]:
        """The nodes below one, by number (CTL_QUERY). KernelError: ENOENT, ENOTDIR for a leaf."""
        layout = abi.sysctlnode.layout(self.dm)
        raw = self._sysctl((*mib, abi.CTL_QUERY), b"")
        out = []
        for at in range(0, len(raw) - layout.size + 1, layout.size):
            node = layout.unpack(raw, at)
            kind = node.sysctl_flags & abi.SYSCTL_TYPEMASK
            flags = node.sysctl_flags & abi.SYSCTL_FLAGMASK
            out.append(SysctlRow(node.sysctl_num, cstring(node.sysctl_name), kind, flags, node.sysctl_size))
        return out

    def sysctl_find(self, name: str) -> tuple[Numbers, int]:
        """The numbers and the CTLTYPE_* of a dotted name. KeyError when there is no such node."""
        if name in abi.NAMES:
            return abi.NAMES[name], _KINDS.get(abi.NAMES[name], 0)
        mib: Numbers = ()
        kind = abi.CTLTYPE_NODE
        for part in name.split("."):
            try:
                found = [node for node in self.sysctl_nodes(mib) if node.name == part]
            except KernelError as error:
                if error.errno not in (ENOENT, ENOTDIR):
                    raise
                found = []
            if not found:
                raise KeyError(name)
            mib, kind = (*mib, found[0].num), found[0].type
        return mib, kind

    def sysctl(
        self, name: str | Sequence[int], new: int | str | bytes | None = None, kind: int = 0
    ) -> int | str | bytes:
        """The old value of a sysctl(7) node, which `new` replaces if it is given.

        int __sysctl(const int *name, u_int namelen, void *old, size_t *oldlenp, const void *new,
        size_t newlen).

        The value is a str for strings, an int for int, quad and bool, bytes for structs. `name`
        is dotted, or the numbers themselves, with the CTLTYPE_* `kind`; without one the value is an int if it
        has 4 or 8 bytes. KeyError for an unknown dotted name, ValueError for a `new` that the node cannot be.
        KernelError: ENOMEM when a value of more than 4096 bytes has been set.
        """
        if isinstance(name, str):
            mib, kind = self.sysctl_find(name)
        else:
            mib, kind = tuple(name), kind or _KINDS.get(tuple(name), 0)
        raw = self._sysctl(mib, _new_value(name, kind, new))
        if kind == abi.CTLTYPE_STRING:
            return os.fsdecode(raw.rstrip(b"\0"))
        if kind in RANGES or (not kind and len(raw) in (4, 8)):
            return int.from_bytes(raw, "little", signed=kind != abi.CTLTYPE_BOOL)
        return raw

    def sysctl_leaves(self, mib: Numbers = (), name: str = "") -> dict[str, tuple[Numbers, int]]:
        """The numbers and the CTLTYPE_* of every leaf below the node `name`, by dotted name.

        KernelError: EPERM for a private node; one further down is left out.
        """
        out: dict[str, tuple[Numbers, int]] = {}
        try:
            nodes = self.sysctl_nodes(mib)
        except KernelError as error:  # one that has a function of its own, or has gone meanwhile
            if error.errno not in (ENOENT, ENOTDIR, EISDIR):
                raise
            return out
        for node in nodes:
            below = f"{name}.{node.name}" if name else node.name
            if node.type == abi.CTLTYPE_NODE:
                try:
                    out |= self.sysctl_leaves((*mib, node.num), below)
                except KernelError as error:
                    if error.errno != EPERM:
                        raise
            elif not node.flags & abi.CTLFLAG_HIDDEN:
                out[below] = (*mib, node.num), node.type
        return out

    def _sysctl(self, mib: Sequence[int], new: bytes) -> bytes:
        """__sysctl(2), with a buffer that is large enough; ENOMEM where to ask again would set it twice."""
        numbers = self.buffer(b"".join(map(_INT.pack, mib)))
        room = _OLD
        while True:
            old = self.buffer(room)
            length = self.buffer(room.to_bytes(self.dm.pointer, "little"))
            try:
                self.syscall(nr.SYS___sysctl, numbers, len(mib), old, length, new or 0, len(new))
            except KernelError as error:
                wanted = int.from_bytes(length.data, "little")
                if error.errno != ENOMEM or new or not room < wanted <= _MOST:
                    raise
                room = wanted
                continue
            return bytes(old.data[: int.from_bytes(length.data, "little")])


def _new_value(name: object, kind: int, new: int | str | bytes | None) -> bytes:
    """The bytes to set a node of type `kind` to; no bytes for None. ValueError."""
    if new is None:
        return b""
    if isinstance(new, bytes):
        return new
    if isinstance(new, str):
        if kind != abi.CTLTYPE_STRING:
            raise ValueError(f"sysctl {name}: {new!r} is a string, and the variable is not")
        return os.fsencode(new) + b"\0"
    low, high, size = RANGES.get(kind, RANGES[abi.CTLTYPE_INT])
    if not low <= new <= high:
        what = "a quad" if size == 8 else "a bool" if size == 1 else "an int"
        raise ValueError(f"sysctl {name}: {new} is not {what}; the limits are {low} and {high}")
    return (new & (1 << 8 * size) - 1).to_bytes(size, "little")
