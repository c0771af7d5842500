"""sysent[]: the system-call table in guest memory (init_sysent.c, syscalls.master of NetBSD 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.lkm import sysent as sysent_struct
from lkmtools.abi.syscall import SYS_LKM_FIRST, SYS_LKM_LAST, SYS_NSYSENT
from lkmtools.kern.base.export import Data

if TYPE_CHECKING:
    from types import ModuleType

    from lkmtools.kern.base.plan import Sysent
    from lkmtools.machine import Port


def rows(modules: tuple[ModuleType, ...]) -> dict[int, Sysent]:
    """Every @syscall row of these modules by number; ValueError when two share one."""
    table: dict[int, Sysent] = {}
    for module in modules:
        for value in vars(module).values():
            if getattr(value, "__module__", None) != module.__name__ or not hasattr(value, "__dict__"):
                continue
            for row in value.__dict__.get("syscalls", ()):
                if row.number in table:
                    raise ValueError(
                        f"system call {row.number} is both {table[row.number].symbol} and {row.symbol}"
                    )
                table[row.number] = row
    return table


def table(port: Port, symbols: dict[str, int], syscalls: dict[int, Sysent], lkm: bool) -> bytes:
    """The initial content of sysent[]."""
    layout = sysent_struct.layout(port.dm)
    nosys, lkmnosys = symbols["sys_nosys"], symbols["sys_lkmnosys"]
    out = []
    for number in range(SYS_NSYSENT):
        free = lkm and SYS_LKM_FIRST <= number <= SYS_LKM_LAST
        row = syscalls.get(number)
        values = {"sy_call": lkmnosys if free else nosys}
        if row is not None:
            words = row.args.bind(port).words
            values = {
                "sy_call": symbols[row.symbol], "sy_narg": words, "sy_argsize": words * port.dm.pointer,
            }  # fmt: skip
        out.append(layout.pack(**values))
    return b"".join(out)


DATA = (
    Data(
        "sysent",
        "struct sysent sysent[]",
        lambda dm: sysent_struct.layout(dm).size * SYS_NSYSENT,
        lambda k, addr: k.mem.write(addr, k.plan.sysent),
        "sys/systm.h",
    ),
)
