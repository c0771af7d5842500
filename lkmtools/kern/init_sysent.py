"""sysent[] and syscallnames[]: the system calls in guest memory (init_sysent.c and syscalls.c of NetBSD 5.2).

A call of 5.2 that is not written has its argument count and its name all the same; sys_nosys() serves it.
"""

from __future__ import annotations

import struct
from itertools import accumulate
from typing import TYPE_CHECKING

from lkmtools.abi.lkm import sysent as sysent_struct
from lkmtools.abi.syscall import SYS_LKM_FIRST, SYS_LKM_LAST, SYS_NSYSENT
from lkmtools.abi.syscalls_master import calls, names
from lkmtools.kern.base.export import Data, marked

if TYPE_CHECKING:
    from types import ModuleType

    from lkmtools.kern.base.plan import Sysent
    from lkmtools.machine import Port


def rows(modules: tuple[ModuleType, ...]) -> dict[int, Sysent]:
    """Every @syscall row of these modules by number; ValueError when two share one."""
    table: dict[int, Sysent] = {}
    for module in modules:
        for row in marked(module, "syscalls"):
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
        row, call = syscalls.get(number), calls().get(number)
        words = (
            row.args.bind(port).words if row is not None else call.words(port.dm) if call is not None else 0
        )
        sy_call = symbols[row.symbol] if row is not None else lkmnosys if free else nosys
        out.append(layout.pack(sy_call=sy_call, sy_narg=words, sy_argsize=words * port.dm.pointer))
    return b"".join(out)


def _texts() -> list[bytes]:
    """The strings of syscallnames[]: "#N" for a number that no call has."""
    return [names().get(number, f"#{number}").encode() + b"\0" for number in range(SYS_NSYSENT)]


def names_table(port: Port, addr: int) -> bytes:
    """The content of syscallnames[] at `addr`: the pointers, and behind them the strings."""
    texts, dm = _texts(), port.dm
    ends = accumulate((len(text) for text in texts), initial=addr + SYS_NSYSENT * dm.pointer)
    starts = [at for at, _ in zip(ends, texts, strict=False)]
    return struct.pack(f"{dm.order}{SYS_NSYSENT}{dm.word}", *starts) + b"".join(texts)


DATA = (
    Data(
        "sysent",
        "struct sysent sysent[]",
        lambda dm: sysent_struct.layout(dm).size * SYS_NSYSENT,
        lambda k, addr: k.mem.write(addr, k.plan.sysent),
        "sys/systm.h",
    ),
    Data(
        "syscallnames",
        "const char *const syscallnames[]",
        lambda dm: SYS_NSYSENT * dm.pointer + sum(map(len, _texts())),
        lambda k, addr: k.mem.write(addr, k.plan.syscallnames),
        "sys/syscallvar.h",
    ),
)
