"""The kernel symbol table, and /dev/ksyms (kern_ksyms.c of NetBSD 5.2).

The kernel's own symbols come from the export rows; a module's from the ELF symbol and string table that
modload -s sent. Only its global, defined symbols count; one that is known already with another value is
reported and not replaced. The device answers KIOCGVALUE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.conf import minor
from lkmtools.abi.errno import EEXIST, EINVAL, ENOENT, ENOTTY, ENXIO, EPERM
from lkmtools.abi.fcntl import FWRITE
from lkmtools.abi.ksyms import KIOCGVALUE, OKIOCGVALUE, elf32_sym, elf64_sym, ksyms_gsymbol, ksyms_gvalue
from lkmtools.abi.lkm import LMWHOHAS, lmc_whohas
from lkmtools.errors import KernelError
from lkmtools.kern.export import export
from lkmtools.kern.kern_copy import space_of, user_string
from lkmtools.kern.lkm_query import lmwhohas

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

MAX_NAME = 1024
_STB_GLOBAL, _SHN_UNDEF = 1, 0


class Symbols:
    """Every symbol others may link against, by name: the kernel's, then those of modules loaded with -s."""

    def __init__(self) -> None:
        self.kernel: dict[str, int] = {}
        self.tables: dict[str, dict[str, int]] = {}

    def value(self, name: str) -> int | None:
        """A symbol's value, the kernel's first; None when nobody exports it."""
        value = self.kernel.get(name)
        if value is not None:
            return value
        return next((table[name] for table in self.tables.values() if name in table), None)


def addsymtab(k: Kernel, name: str, symtab: bytes, strtab: bytes) -> None:
    """Add a module's symbols (ksyms_addsymtab).

    EEXIST when a table of that name exists; EINVAL for bad tables.
    """
    symbols = k.ksyms
    if name in symbols.tables:
        raise KernelError(EEXIST, f"a symbol table named '{name}' exists")
    layout = (elf64_sym if k.dm.pointer == 8 else elf32_sym).layout(k.dm)
    if len(symtab) % layout.size:
        raise KernelError(
            EINVAL, f"a symbol table of {len(symtab)} bytes is not made of {layout.size}-byte entries"
        )
    table: dict[str, int] = {}
    for offset in range(0, len(symtab), layout.size):
        entry = layout.unpack(symtab, offset)
        if entry.st_info >> 4 != _STB_GLOBAL or entry.st_shndx == _SHN_UNDEF:
            continue
        end = strtab.find(b"\0", entry.st_name)
        if end < 0:
            raise KernelError(
                EINVAL, f"a symbol's name at {entry.st_name} has no end in {len(strtab)} string bytes"
            )
        symbol = strtab[entry.st_name : end].decode("latin-1")
        known = symbols.value(symbol)
        if known is None:
            table[symbol] = entry.st_value
        elif known != entry.st_value:
            k.console.write(
                f"{name}: symbol '{symbol}' redeclared with different value "
                f"({entry.st_value:x} != {known:x})\n"
            )
    symbols.tables[name] = table


def delsymtab(k: Kernel, name: str) -> None:
    """Remove a module's symbols (ksyms_delsymtab)."""
    k.ksyms.tables.pop(name, None)


@export("int ksymsopen(dev_t dev, int flag, int mode, struct lwp *l)")
def ksymsopen(k: Kernel, dev: int, flag: int, mode: int, l_addr: int) -> int:
    """Read-only, minor 0."""
    if minor(dev) != 0:
        raise KernelError(ENXIO, f"minor {minor(dev)}; ksyms has only 0")
    if flag & FWRITE:
        raise KernelError(EPERM, "/dev/ksyms is read-only")
    return 0


@export("int ksymsioctl(dev_t dev, u_long cmd, void *data, int flag, struct lwp *l)")
def ksymsioctl(k: Kernel, dev: int, cmd: int, data: int, flag: int, l_addr: int) -> int:
    """KIOCGVALUE, in both its forms: the value of a global symbol; ENOENT."""
    if cmd == KIOCGVALUE.code(k.dm):
        view = k.mem.view(ksyms_gvalue.layout(k.dm), data)
        view.kv_value = _value(k, view.kv_name)
        return 0
    if cmd == OKIOCGVALUE.code(k.dm):
        view = k.mem.view(ksyms_gsymbol.layout(k.dm), data)
        value = _value(k, view.kg_name)
        space_of(k).write(view.kg_sym, value.to_bytes(k.dm.pointer, k.dm.byteorder))
        return 0
    if cmd == LMWHOHAS.code(k.dm):
        lmwhohas(k, k.mem.view(lmc_whohas.layout(k.dm), data))
        return 0
    raise KernelError(ENOTTY, f"ioctl {cmd:#x} is none of /dev/ksyms")


def _value(k: Kernel, name_addr: int) -> int:
    name = user_string(k, name_addr, MAX_NAME).decode("latin-1")
    value = k.ksyms.value(name)
    if value is None:
        raise KernelError(ENOENT, f"no symbol '{name}'")
    return value
