"""Unimplemented calls that programs made: served by sys_nosys(), or its counterpart in an emulation's table.

`lkmctl status` lists them.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.lkm import sysent
from lkmtools.abi.syscall import NAMES, SYS_NSYSENT
from lkmtools.kern.base.bound import LIST_MAX, too_much
from lkmtools.kern.proc.emul import LONGEST_NAME, emul_name, member
from lkmtools.machine import MemFault

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


class Unserved(NamedTuple):
    """The unimplemented calls of an emulation: its name, how many it has, their names by number."""

    emulation: str
    nsysent: int
    names: dict[int, str]


_NATIVE = Unserved("", SYS_NSYSENT, NAMES)


class UnimplementedCalls:
    """How often each unimplemented call was made. An emulation's numbers have the emulation's names."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self.nobody = {k.symbol("sys_nosys"), k.symbol("sys_lkmnosys")}
        self._counts: dict[tuple[str, int, str], int] = {}

    def count(self, number: int, of: Unserved = _NATIVE) -> None:
        """Call `number` of an emulation, or the native one, was asked for; all beyond its table are one."""
        number = min(number, of.nsysent)
        name = of.names.get(number, str(number)) if number < of.nsysent else f"{number} and above"
        key = of.emulation, number, name
        self._counts[key] = self._counts.get(key, 0) + 1
        self._k.vitals.changed = True

    def counts(self) -> dict[str, int]:
        """Counts by name, an emulation's behind its own."""
        return {f"{emul} {name}".lstrip(): n for (emul, _, name), n in sorted(self._counts.items())}

    def unserved(self, emul: int) -> Unserved:
        """What the table of the emulation at `emul` leaves to sys_nosys(), or to what serves its e_nosys.

        Nothing when it has no table.
        """
        k = self._k
        nsysent, table = member(k, emul, "e_nsysent"), member(k, emul, "e_sysent")
        if nsysent <= 0 or not table:
            return Unserved(emul_name(k, emul), 1 << 32, {})
        if nsysent > LIST_MAX:
            too_much(k, f"e_nsysent of emulation '{emul_name(k, emul)}'", nsysent, LIST_MAX)
        layout = sysent.layout(k.dm)
        before = layout.offsetof("sy_call")
        row, nosys = struct.Struct(f"{k.dm.order}{before}x{k.dm.word}"), member(k, emul, "e_nosys")
        try:
            rows = [sy_call for (sy_call,) in row.iter_unpack(k.umem.read(table, nsysent * layout.size))]
            nobody = self.nobody | {rows[nosys]} if 0 <= nosys < nsysent else self.nobody
            missing = [number for number, sy_call in enumerate(rows) if sy_call in nobody]
            return Unserved(emul_name(k, emul), nsysent, self._names(emul, missing))
        except MemFault as fault:
            k.panic(f"emulation '{emul_name(k, emul)}': e_sysent, e_syscallnames: {fault}")

    def _names(self, emul: int, numbers: list[int]) -> dict[int, str]:
        k = self._k
        names = member(k, emul, "e_syscallnames")
        found = {number: str(number) for number in numbers}
        for number in numbers if names else ():
            if text := k.umem.ptr(names + number * k.dm.pointer):
                found[number] = k.umem.cstr(text, LONGEST_NAME).decode(*C_TEXT)
        return found
