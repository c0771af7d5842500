"""Static ELF programs: what execve() makes of one (exec_elf.c, exec_subr.c of NetBSD 5.2).

ET_EXEC of the machine's own class and e_machine, without an interpreter. Everything in the file is checked
before anything of the old program is given up.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from lkmtools.abi import elf
from lkmtools.abi.errno import ENOEXEC, ENOMEM
from lkmtools.errors import KernelError
from lkmtools.machine import EXEC, PAGE_SIZE, READ, WRITE

if TYPE_CHECKING:
    from lkmtools.kern.kern_exec import ExecPackage
    from lkmtools.kern.kernel import Kernel

PT_INTERP = 3
_MAX_HEADERS = 128


class VmCommand(NamedTuple):
    """What exec does to the new space: `size` bytes at `addr`, zero behind the `data` that begins them."""

    addr: int
    size: int
    prot: int
    offset: int  # of the data in the first page
    data: bytes


def _no(why: str) -> KernelError:
    return KernelError(ENOEXEC, why)


def elf_makecmds(k: Kernel, package: ExecPackage) -> None:
    """Fill the package from an ELF file (exec_elf_makecmds()); ENOEXEC for what is not ours, with why."""
    data, pointer = package.image, k.dm.pointer
    bits, ei_class = (64, elf.ELFCLASS64) if pointer == 8 else (32, elf.ELFCLASS32)
    order = elf.ELFDATA2LSB if k.dm.byteorder == "little" else elf.ELFDATA2MSB
    codec = elf.codec(bits, k.dm.byteorder)
    if data[:4] != elf.ELFMAG:
        raise _no("not an ELF file")
    if len(data) < codec.header.size or data[4] != ei_class or data[5] != order:
        raise _no(f"not an ELF file of this machine's class: {data[4:6].hex(' ')}")
    head = codec.header.unpack_from(data)
    kind, machine, entry, phoff, phentsize, phnum = head[1], head[2], head[4], head[5], head[9], head[10]
    if machine != k.port.e_machine:
        raise _no(f"e_machine is {machine}, this is {k.port.name} ({k.port.e_machine})")
    if kind != elf.ET_EXEC:
        raise _no(f"e_type is {kind}; only static programs at fixed addresses (ET_EXEC, 2) are executed")
    if phentsize != codec.program.size or not 0 < phnum <= _MAX_HEADERS:
        raise _no(f"{phnum} program headers of {phentsize} bytes")
    if phoff + phnum * phentsize > len(data):
        raise _no("the program headers end behind the file")
    for index in range(phnum):
        fields = codec.program.unpack_from(data, phoff + index * phentsize)
        if fields[0] == PT_INTERP:
            raise _no("it wants an interpreter (PT_INTERP): link it with -static")
        if fields[0] == elf.PT_LOAD:
            _load(package, codec.bits, fields)
    _check_entry(package, entry, k.port.user.top - package.stack_room)
    package.entry = entry
    package.auxiliary = _auxiliary(package, phoff, phentsize, phnum, entry)


def _load(package: ExecPackage, bits: int, fields: tuple[int, ...]) -> None:
    """A PT_LOAD header, as a command over whole pages."""
    if bits == 64:
        _, flags, offset, addr, _, filesz, memsz, _ = fields
    else:
        _, offset, addr, _, filesz, memsz, flags, _ = fields
    if filesz > memsz or offset + filesz > len(package.image):
        raise _no(f"segment at {addr:#x}: {filesz} bytes at {offset:#x} of a file of {len(package.image)}")
    if memsz == 0:
        return
    prot = (
        (READ if flags & elf.PF_R else 0)
        | (WRITE if flags & elf.PF_W else 0)
        | (EXEC if flags & elf.PF_X else 0)
    )
    start = addr & -PAGE_SIZE
    end = -(-(addr + memsz) // PAGE_SIZE) * PAGE_SIZE
    package.commands.append(
        VmCommand(start, end - start, prot, addr - start, package.image[offset : offset + filesz])
    )


def _check_entry(package: ExecPackage, entry: int, top: int) -> None:
    rows = sorted(package.commands)
    if not rows:
        raise _no("no segment is loaded")
    end = PAGE_SIZE
    for row in rows:
        if row.addr < end:
            raise _no(f"the segment at {row.addr:#x} overlaps another, or the first page")
        end = row.addr + row.size
    if end > top:
        raise KernelError(ENOMEM, f"a segment ends at {end:#x}; programs end at {top:#x}")
    if not any(row.addr <= entry < row.addr + row.size for row in rows):
        raise _no(f"the entry point {entry:#x} is in no segment")
    package.brk = end


def _auxiliary(
    package: ExecPackage, phoff: int, phentsize: int, phnum: int, entry: int
) -> tuple[tuple[int, int], ...]:
    """The auxiliary vector; AT_PHDR only when the headers are in memory."""
    at_null, at_phdr, at_phent, at_phnum, at_pagesz, at_base, at_entry = 0, 3, 4, 5, 6, 7, 9
    first = min(package.commands)
    rows = [(at_phent, phentsize), (at_phnum, phnum), (at_pagesz, PAGE_SIZE), (at_base, 0), (at_entry, entry)]
    if first.data[: len(elf.ELFMAG)] == elf.ELFMAG:
        rows.insert(0, (at_phdr, first.addr + phoff))
    return (*rows, (at_null, 0))


def pack_pairs(k: Kernel, pairs: tuple[tuple[int, int], ...]) -> bytes:
    """Pairs of words in memory."""
    word = "Q" if k.dm.pointer == 8 else "I"
    return b"".join(struct.pack(f"{k.dm.order}2{word}", *pair) for pair in pairs)
