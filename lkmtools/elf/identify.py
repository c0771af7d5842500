"""What kind of ELF file something is, in a few words, for messages."""

from __future__ import annotations

from lkmtools.abi import elf as c
from lkmtools.elf.file import read_header
from lkmtools.errors import ObjectError

# The machines as NetBSD calls its ports, where the port is not named like the ELF constant.
_PORTS = {3: "i386", 4: "m68k", 8: "mips", 20: "powerpc", 21: "powerpc64", 62: "amd64", 243: "riscv"}

_TYPES = {
    c.ET_REL: "relocatable",
    c.ET_EXEC: "executable",
    c.ET_DYN: "shared object",
    c.ET_CORE: "core file",
}


def machine_name(e_machine: int) -> str:
    """The short name of an ELF machine number: "amd64", "aarch64", "machine 4660" when nobody knows."""
    if e_machine in _PORTS:
        return _PORTS[e_machine]
    from elftools.elf.enums import ENUM_E_MACHINE  # late: only messages about foreign files need its names

    for name, number in ENUM_E_MACHINE.items():
        if number == e_machine:
            return str(name).removeprefix("EM_").lower()
    return f"machine {e_machine}"


def identify(data: bytes) -> str:
    """A short text such as "ELF64 aarch64 relocatable"; never raises."""
    try:
        header = read_header(data, "")
    except ObjectError:
        return "not an ELF file" if data[:4] != c.ELFMAG else "damaged ELF file"
    kind = _TYPES.get(header.type, f"type {header.type}")
    order = " big-endian" if header.byteorder == "big" else ""
    return f"ELF{header.bits}{order} {machine_name(header.machine)} {kind}"
