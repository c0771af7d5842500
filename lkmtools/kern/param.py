"""Variables that modules read: securelevel, curlwp, hz, versions (param.c, init_main.c, vers.c)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.kernel import HOSTNAME, MAXHOSTNAMELEN, OSRELEASE, OSTYPE
from lkmtools.abi.lkm import NetBSD_Version
from lkmtools.abi.proc import cpu_info, lwp, proc
from lkmtools.abi.syscall import SYS_NSYSENT
from lkmtools.abi.vmparam import PAGE_SHIFT
from lkmtools.kern.base.export import Data, percpu
from lkmtools.machine import PERCPU_TABLE

if TYPE_CHECKING:
    from lkmtools.abi.datamodel import DataModel
    from lkmtools.kern.kernel import Kernel


def _int(name: str, value: Callable[[Kernel], int], header: str, const: str = "") -> Data:
    return Data(
        name, f"{const}int {name}", lambda dm: 4, lambda k, addr: k.mem.set_u32(addr, value(k)), header
    )


def _name(name: str, value: bytes) -> Data:
    return Data(
        name,
        f"char {name}[{MAXHOSTNAMELEN}]",
        lambda dm: MAXHOSTNAMELEN,
        lambda k, addr: k.mem.write(addr, value),
        "sys/kernel.h",
    )


def _text(name: str, value: Callable[[Kernel], str]) -> Data:
    return Data(
        name,
        f"const char {name}[]",
        lambda dm: 256,
        lambda k, addr: k.mem.write(addr, value(k).encode(*C_TEXT)[:255] + b"\0"),
        "sys/param.h",
    )


def _cpu_info_size(dm: DataModel) -> int:
    return cpu_info.layout(dm).size + PERCPU_TABLE


def _cpu_info(k: Kernel, addr: int) -> None:
    """The only CPU's record, which its segment begins with; behind it are the segment's descriptors."""
    layout = cpu_info.layout(k.dm)
    k.mem.write(addr, layout.pack(ci_self=addr))
    k.engine.cpu.set_percpu(addr, addr + layout.size)


FUNCTIONS = (percpu("struct lwp *x86_curlwp(void)", "ci_curlwp", "machine/cpu.h", "The lwp that runs."),)
DATA = (
    _int("securelevel", lambda k: k.config.securelevel, "sys/systm.h"),
    Data("cpu_info_primary", "struct cpu_info cpu_info_primary", _cpu_info_size, _cpu_info, "machine/cpu.h"),
    Data("proc0", "struct proc proc0", lambda dm: proc.layout(dm).size, None, "sys/proc.h"),
    Data("lwp0", "struct lwp lwp0", lambda dm: lwp.layout(dm).size, None, "sys/lwp.h"),
    Data("initproc", "struct proc *initproc", lambda dm: dm.pointer, None, "sys/proc.h"),
    Data("allproc", "struct proclist allproc", lambda dm: dm.pointer, None, "sys/proc.h"),
    Data("zombproc", "struct proclist zombproc", lambda dm: dm.pointer, None, "sys/proc.h"),
    _int("hz", lambda k: k.config.hz, "sys/kernel.h"),
    _int("tick", lambda k: 1000000 // k.config.hz, "sys/kernel.h"),
    _int("stathz", lambda k: 0, "sys/kernel.h"),
    _int("profhz", lambda k: k.config.hz, "sys/kernel.h"),
    _int("rtc_offset", lambda k: 0, "sys/kernel.h"),
    Data("hostid", "long hostid", lambda dm: dm.pointer, None, "sys/kernel.h"),
    _name("hostname", HOSTNAME.encode()),
    _int("hostnamelen", lambda k: len(HOSTNAME), "sys/kernel.h"),
    _name("domainname", b""),
    _int("domainnamelen", lambda k: 0, "sys/kernel.h"),
    _int("physmem", lambda k: k.config.ram >> PAGE_SHIFT, "sys/systm.h"),
    _int("__NetBSD_Version__", lambda k: NetBSD_Version, "sys/param.h", "const "),
    _int("nsysent", lambda k: SYS_NSYSENT, "sys/systm.h"),
    _int("ncpu", lambda k: 1, "sys/systm.h"),
    _int("cold", lambda k: 0, "sys/systm.h"),
    _text(
        "copyright",
        lambda k: (
            "lkmtools: a simulated kernel with the interfaces of NetBSD; BSD 2-Clause licence, no warranty.\n"
        ),
    ),
    _text("ostype", lambda k: OSTYPE),
    _text("osrelease", lambda k: OSRELEASE),
    _text("version", lambda k: k.version + "\n"),
    _text("machine", lambda k: k.port.name),
    _text("machine_arch", lambda k: k.port.arch),
)
