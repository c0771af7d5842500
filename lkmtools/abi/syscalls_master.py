"""The system calls of NetBSD 5.2: numbers, names and parameters, read from syscalls.master.

A row of that file is "number name parameters". "name=function" says that the function is called otherwise:
sys_obreak serves break. compat_NN are calls of NetBSD before N.N. PAD is a word before a 64-bit parameter.
Numbers without a row are free, or the calls are gone; 210 to 219 are for modules.
"""

from __future__ import annotations

import os
from functools import cache

from lkmtools.abi.datamodel import DataModel
from lkmtools.abi.syscall import SYS_MAXSYSARGS, SYS_lkmwait
from lkmtools.tuples import NamedTuple


class SystemCall(NamedTuple):
    """A system call: `function` is "" for the old calls of which only name and parameters are known."""

    number: int
    name: str
    function: str
    params: tuple[str, ...]

    def words(self, dm: DataModel) -> int:
        """How many words of a register the arguments take: sy_narg."""
        if self.params[-1:] == ("...",):
            return 1 + SYS_MAXSYSARGS
        return sum(1 if dm.pointer == 8 or not param.startswith("off_t ") else 2 for param in self.params)


@cache
def calls() -> dict[int, SystemCall]:
    """Every call of NetBSD 5.2 by number."""
    with open(os.path.join(os.path.dirname(__file__), "syscalls.master"), encoding="ascii") as file:
        rows = file.read().replace("\n  ", " ").splitlines()
    return {call.number: call for call in map(_call, rows)}


@cache
def names() -> dict[int, str]:
    """The name of every call by number, ours included."""
    return {number: call.name for number, call in calls().items()} | {SYS_lkmwait: "lkmwait"}


def _call(row: str) -> SystemCall:
    number, name, params = (row + "  ").split(" ", 2)
    name, _, function = name.partition("=")
    if not name.startswith("compat_"):
        function = "sys_" + (function or name)
    return SystemCall(
        int(number), name, function, tuple(params.strip().split(", ")) if params.strip() else ()
    )
