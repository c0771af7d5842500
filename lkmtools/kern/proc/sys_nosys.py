"""Unimplemented calls that programs made: served by sys_nosys(), or its counterpart in an emulation's table.

A counterpart is a function of the emulation's module that is called so: linux_sys_nosys().

`lkmctl status` lists them.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.lkm import sysent
from lkmtools.abi.syscall import SYS_NSYSENT
from lkmtools.abi.syscalls_master import names
from lkmtools.kern.proc.emul import LONGEST_NAME, emul_name, member, nsysent
from lkmtools.machine import MemFault
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


class Unserved(NamedTuple):
    """The unimplemented calls of an emulation: its name, how many it has, their names by number."""

    emulation: str
    nsysent: int
    names: dict[int, str]


_NATIVE = Unserved("", SYS_NSYSENT, names())


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
        """What the table of the emulation at `emul` leaves to sys_nosys() or its counterpart.

        Nothing when it has no table.
        """
        k = self._k
        rows, table = nsysent(k, emul), member(k, emul, "e_sysent")
        if not rows:
            return Unserved(emul_name(k, emul), 1 << 32, {})
        layout = sysent.layout(k.dm)
        row = struct.Struct(f"{k.dm.order}{layout.offsetof('sy_call')}x{k.dm.word}")
        try:
            calls = [sy_call for (sy_call,) in row.iter_unpack(k.umem.read(table, rows * layout.size))]
            nobody = {sy_call for sy_call in set(calls) if self._is_nosys(sy_call)}
            missing = [number for number, sy_call in enumerate(calls) if sy_call in nobody]
            return Unserved(emul_name(k, emul), rows, self._names(emul, missing))
        except MemFault as fault:
            k.panic(f"emulation '{emul_name(k, emul)}': e_sysent, e_syscallnames: {fault}")

    def _is_nosys(self, sy_call: int) -> bool:
        module = self._k.modules.at(sy_call)
        names = (symbol.name for symbol in module.at(sy_call)) if module else ()
        return sy_call in self.nobody or any(name.endswith("nosys") for name in names)

    def _names(self, emul: int, numbers: list[int]) -> dict[int, str]:
        k = self._k
        names = member(k, emul, "e_syscallnames")
        found = {number: str(number) for number in numbers}
        for number in numbers if names else ():
            if text := k.umem.ptr(names + number * k.dm.pointer):
                found[number] = k.umem.cstr(text, LONGEST_NAME).decode(*C_TEXT)
        return found
