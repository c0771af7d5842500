#!/usr/bin/env python3
"""mktoy.py PROG PROG.toy: turn a static ELF program into one of the format that toyexec.c executes."""

import struct
import sys
from pathlib import Path


def convert(elf: bytes) -> bytes:
    """The loaded segments as one piece of memory behind a struct toy_header."""
    wide = elf[4] == 2
    if wide:
        entry, phoff = struct.unpack_from("<2Q", elf, 24)
        size, count = struct.unpack_from("<2H", elf, 54)
    else:
        entry, phoff = struct.unpack_from("<2I", elf, 24)
        size, count = struct.unpack_from("<2H", elf, 42)
    loads = []
    for at in range(phoff, phoff + size * count, size):
        if wide:
            kind, _, offset, addr, _, filesz, memsz, _ = struct.unpack_from("<2I6Q", elf, at)
        else:
            kind, offset, addr, _, filesz, memsz, _, _ = struct.unpack_from("<8I", elf, at)
        if kind == 1 and memsz:
            loads.append((addr, elf[offset : offset + filesz], memsz))
    start = min(addr for addr, _, _ in loads) & -4096
    memory = bytearray(max(addr + len(data) for addr, data, _ in loads) - start)
    for addr, data, _ in loads:
        memory[addr - start : addr - start + len(data)] = data
    memsize = max(addr + memsz for addr, _, memsz in loads) - start
    return struct.pack("<4s5I", b"\177TOY", 1, start, entry, len(memory), memsize) + memory


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(convert(Path(sys.argv[1]).read_bytes()))
