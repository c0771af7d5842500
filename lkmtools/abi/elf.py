"""<sys/exec_elf.h>: the numbers of the System V gABI (chapters 4 and 5) and the entries of its tables.

Shared by the ELF reader and writer, the linker and the kernel's /dev/ksyms.
"""

from __future__ import annotations

import struct
from functools import cache

from lkmtools.tuples import NamedTuple

ELFMAG = b"\x7fELF"
ELFCLASS32, ELFCLASS64 = 1, 2
ELFDATA2LSB, ELFDATA2MSB = 1, 2
EV_CURRENT = 1

ET_NONE, ET_REL, ET_EXEC, ET_DYN, ET_CORE = range(5)
EM_386, EM_X86_64 = 3, 62

PT_LOAD, PT_INTERP, PT_NOTE = 1, 3, 4
PF_X, PF_W, PF_R = 1, 2, 4

SHT_NULL, SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_HASH, SHT_DYNAMIC, SHT_NOTE = range(8)
SHT_NOBITS, SHT_REL, SHT_SHLIB, SHT_DYNSYM = 8, 9, 10, 11
SHT_INIT_ARRAY, SHT_FINI_ARRAY, SHT_PREINIT_ARRAY, SHT_GROUP, SHT_SYMTAB_SHNDX = range(14, 19)
SHT_RELR, SHT_CREL = 19, 0x40000014
SHT_LOOS, SHT_ANDROID_REL, SHT_ANDROID_RELA = 0x60000000, 0x60000001, 0x60000002
SHT_ANDROID_RELR = 0x6FFFFF00

SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 2, 4
SHF_MERGE, SHF_STRINGS, SHF_INFO_LINK = 0x10, 0x20, 0x40
SHF_GROUP, SHF_TLS, SHF_COMPRESSED = 0x200, 0x400, 0x800
SHF_EXCLUDE = 0x80000000

SHN_UNDEF, SHN_LORESERVE = 0, 0xFF00
SHN_AMD64_LCOMMON = 0xFF02  # AMD64 psABI 4.4.1: common symbols of the large model
SHN_ABS, SHN_COMMON, SHN_XINDEX = 0xFFF1, 0xFFF2, 0xFFFF

GRP_COMDAT = 1
ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD = 1, 2

STB_LOCAL, STB_GLOBAL, STB_WEAK = range(3)
STB_GNU_UNIQUE = 10
STV_DEFAULT, STV_INTERNAL, STV_HIDDEN, STV_PROTECTED = range(4)
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_SECTION, STT_FILE, STT_COMMON, STT_TLS = range(7)
STT_GNU_IFUNC = 10

NT_GNU_BUILD_ID = 3


class Codec(NamedTuple):
    """The table entries of one ELF class and byte order, as struct-module codecs."""

    bits: int
    byteorder: str
    header: struct.Struct
    section: struct.Struct
    symbol: struct.Struct
    rela: struct.Struct
    rel: struct.Struct
    program: struct.Struct
    compression: struct.Struct  # an Elf_Chdr: type, size and alignment of what is compressed
    symbol_fields: tuple[int, int, int, int, int, int]  # where name, info, other, shndx, value, size stand

    def file_header(
        self, kind: int, machine: int, entry: int, *, shoff: int, phnum: int, shnum: int, shstrndx: int
    ) -> bytes:
        """An Elf_Ehdr of ABI 0, flags 0; program headers, when there are any, follow it at once."""
        ei_class = ELFCLASS64 if self.bits == 64 else ELFCLASS32
        order = ELFDATA2LSB if self.byteorder == "little" else ELFDATA2MSB
        return self.header.pack(
            ELFMAG + bytes((ei_class, order, EV_CURRENT)), kind, machine, EV_CURRENT, entry,
            self.header.size if phnum else 0, shoff, 0, self.header.size,
            self.program.size, phnum, self.section.size, shnum, shstrndx,
        )  # fmt: skip

    def load_header(
        self, flags: int, offset: int, address: int, filesz: int, memsz: int, align: int
    ) -> bytes:
        """An Elf_Phdr of type PT_LOAD; the two classes order its members differently."""
        if self.bits == 64:
            return self.program.pack(PT_LOAD, flags, offset, address, address, filesz, memsz, align)
        return self.program.pack(PT_LOAD, offset, address, address, filesz, memsz, flags, align)

    def symbol_entry(self, name: int, info: int, shndx: int, value: int, size: int) -> bytes:
        """An Elf_Sym; the two classes order its members differently."""
        if self.bits == 64:
            return self.symbol.pack(name, info, 0, shndx, value, size)
        return self.symbol.pack(name, value, size, info, 0, shndx)


@cache
def codec(bits: int, byteorder: str) -> Codec:
    """The codecs for 32 or 64 `bits` and "little" or "big" `byteorder` (gABI 4: Elf32_*, Elf64_*)."""
    order = "<" if byteorder == "little" else ">"
    if bits == 64:
        forms = ("16sHHIQQQIHHHHHH", "IIQQQQIIQQ", "IBBHQQ", "QQq", "QQ", "IIQQQQQQ", "I4xQQ")
        fields = (0, 1, 2, 3, 4, 5)
    else:
        forms = ("16sHHIIIIIHHHHHH", "IIIIIIIIII", "IIIBBH", "IIi", "II", "IIIIIIII", "III")
        fields = (0, 3, 4, 5, 1, 2)
    header, section, symbol, rela, rel, program, packed = (struct.Struct(order + form) for form in forms)
    return Codec(bits, byteorder, header, section, symbol, rela, rel, program, packed, fields)
