"""Comparing our linker with GNU ld: the same object, the same section addresses, the same kernel symbols.

ld gets a linker script that names the address of every section as our prelink placed it, and a copy of the
object with SHF_MERGE cleared; --traditional-format keeps .eh_frame as it is, --no-relax keeps loads through
the GOT. ld orders GOT slots by its hash table, so a field that reaches a slot is compared by what the slot
holds. All of ld's output is read with pyelftools, which our linker does not use.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection

from lkmtools.link import Image, link, load_object, prelink

BASES = {"amd64": 0xFFFFFFFF81400000, "i386": 0xC0400000}
EMULATION = {"amd64": "elf_x86_64", "i386": "elf_i386"}
TARGET = {"amd64": "x86_64", "i386": "x86"}  # as zig calls them
MACHINE_FLAGS = {"amd64": ["-m64"], "i386": ["-m32", "-march=i686"]}
KERNEL_FLAGS = {
    "amd64": ["-ffreestanding", "-fno-pic", "-fno-stack-protector", "-mcmodel=kernel", "-mno-red-zone"],
    "i386": ["-ffreestanding", "-fno-pic", "-fno-stack-protector"],
}
COMPILERS = ("gcc", "clang", "zig")

# Fields that hold the distance to a GOT slot (amd64, from the field) or from the GOT (i386), by type number.
_SLOT_FROM_FIELD = {9, 41, 42}
_SLOT_FROM_GOT = {"amd64": {3, 27}, "i386": {3, 43}}
_R_X86_64_GOT64 = 27
_MERGE = 0x10
_SHT_NOBITS, _SHT_REL, _ALLOC = 8, 9, 2
_R_386_GOT32, _R_386_GOT32X = 3, 43


def kernel_symbol(name: str, machine: str) -> int:
    """An address for a symbol of the kernel: different for each name, below the modules.

    abs16_ and abs8_ names have values that fit so many bits.
    """
    if name.startswith(("abs16_", "abs8_")):
        return 0x1234 if name.startswith("abs16_") else 0x12
    return BASES[machine] - 0x200000 + 16 * (sum(i * ord(ch) for i, ch in enumerate(name, 1)) % 0x1000)


@cache
def command(name: str) -> tuple[str, ...] | None:
    """The command of a compiler, or None where it is not installed."""
    if name != "zig":
        return (name,) if shutil.which(name) else None
    try:
        import ziglang
    except ImportError:
        return None
    return (str(Path(ziglang.__file__).parent / "zig"), "cc")


def compile_c(source: str, out: Path, name: str, machine: str, flags: list[str]) -> None:
    """Compile C text to `out` with an installed compiler; AssertionError with its complaint."""
    target = MACHINE_FLAGS[machine]
    if name == "zig":
        target = ["-target", f"{TARGET[machine]}-freestanding-none", "-fno-sanitize=all"]
    line = [*(command(name) or ()), *target, *flags, "-w", "-x", "c", "-c", "-", "-o", str(out)]
    done = subprocess.run(line, input=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def link_ours(path: Path, machine: str, absent: frozenset[str] = frozenset()) -> Image:
    """The object linked by us at the test base; the kernel has every symbol but those in `absent`."""
    pre = prelink(load_object(path.read_bytes(), path.name), machine=machine)
    return link(pre, BASES[machine], lambda n: None if n in absent else kernel_symbol(n, machine))


def link_ld(path: Path, img: Image, machine: str, out: Path) -> Path:
    """The same object linked by GNU ld at the addresses `img` has."""
    copy = out.with_suffix(".copy.o")
    copy.write_bytes(_copy_for_ld(path.read_bytes(), machine))
    script = out.with_suffix(".ld")
    script.write_text(_script(img))
    subprocess.run(
        ["ld", "-m", EMULATION[machine], "-T", str(script), "--traditional-format", "--no-relax",
         "--build-id=none", "--no-warn-rwx-segments", "-z", "norelro", "-z", "noexecstack", "-e", "0",
         *(f"--defsym={i.name}={i.value:#x}" for i in img.imports), "-o", str(out), str(copy)],
        check=True, capture_output=True,
    )  # fmt: skip
    return out


def _script(img: Image) -> str:
    lines, seen = ["SECTIONS {"], set()
    for s in img.sections:
        if s.name in seen:  # sections of one name stand together, here and there
            continue
        seen.add(s.name)
        if s.name == ".got":
            reserved = img.machine.reserved_got_words * img.machine.word
            lines.append(f"  .got.plt {s.address:#x} : {{ *(.got.plt) }}")
            lines.append(f"  .got {s.address + reserved:#x} : {{ *(.got) }}")
        elif s.name == "COMMON":
            lines.append(f"  .common {s.address:#x} (NOLOAD) : {{ *(COMMON) }}")
        else:
            lines.append(f"  {s.name} {s.address:#x} : {{ *({s.name}) }}")
    lines.append("  .debug_line 0 : { *(.debug_line .debug_line.* .debug_line_end) }")  # as ld's own script
    return "\n".join([*lines, "  /DISCARD/ : { *(.note.GNU-stack) }", "}"])


def _copy_for_ld(data: bytes, machine: str) -> bytes:
    """The object as ld is to see it: no SHF_MERGE; on i386 R_386_GOT32 for each R_386_GOT32X.

    The two are the same relocation but for the permission to rewrite the instruction, of which ld
    makes use on i386 even with --no-relax.
    """
    out = bytearray(data)
    wide = data[4] == 2
    shoff = struct.unpack_from("<Q", data, 0x28)[0] if wide else struct.unpack_from("<I", data, 0x20)[0]
    size, count = struct.unpack_from("<HH", data, 0x3A if wide else 0x2E)
    for at in range(shoff, shoff + size * count, size):
        form = "<Q" if wide else "<I"
        (flags,) = struct.unpack_from(form, out, at + 8)
        struct.pack_into(form, out, at + 8, flags & ~_MERGE)
        if machine == "i386" and struct.unpack_from("<I", out, at + 4)[0] == _SHT_REL:
            offset, length = struct.unpack_from("<II", out, at + 16)
            for entry in range(offset, offset + length, 8):
                if out[entry + 4] == _R_386_GOT32X:
                    out[entry + 4] = _R_386_GOT32
    return bytes(out)


class LoadedBytes:
    """The loaded bytes of a linked file by address."""

    def __init__(self, path: Path) -> None:
        elf = ELFFile(BytesIO(path.read_bytes()))
        self.blocks = [
            (s["sh_addr"], s.data())
            for s in elf.iter_sections()
            if s["sh_flags"] & _ALLOC and s["sh_type"] != "SHT_NOBITS"
        ]

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes at `address`; zeros where the file has none."""
        out = bytearray(size)
        for start, data in self.blocks:
            low, high = max(start, address), min(start + len(data), address + size)
            if low < high:
                out[low - address : high - address] = data[low - start : high - start]
        return bytes(out)


def differences(path: Path, img: Image, linked: Path) -> list[str]:
    """Where our image and ld's file differ, one line a place; empty when every loaded byte agrees."""
    theirs = LoadedBytes(linked)
    out = []
    fields = _slot_fields(path, img)
    for s in img.sections:
        if s.type == _SHT_NOBITS or s.name == ".got":
            continue
        ours = bytearray(img.data[s.address - img.base : s.address - img.base + s.size])
        other = bytearray(theirs.read(s.address, s.size))
        for offset, (kind, addend, size) in fields.get(s.shndx, {}).items():
            mine = _slot(img, s.address + offset, bytes(ours[offset : offset + size]), kind, addend)
            his = _slot(img, s.address + offset, bytes(other[offset : offset + size]), kind, addend)
            word = img.machine.word
            held, wanted = img.data[mine - img.base :][:word], theirs.read(his, word)
            if held != wanted:
                out.append(f"{s.name}+{offset:#x}: slot holds {held.hex()}, ld's {wanted.hex()}")
            ours[offset : offset + size] = other[offset : offset + size] = bytes(size)
        out += [
            f"{s.name}+{at:#x}: {a:02x}, ld {b:02x}"
            for at, (a, b) in enumerate(zip(ours, other, strict=True))
            if a != b
        ]
    return out


def _slot(img: Image, address: int, data: bytes, kind: str, addend: int) -> int:
    """The address of the GOT slot that a field reaches."""
    value = int.from_bytes(data, "little", signed=True) - addend
    mask = (1 << img.machine.bits) - 1
    if kind == "field":
        return (address + value) & mask
    got = next(s.address for s in img.sections if s.name == ".got")
    return (got + value if kind == "got" else value) & mask


def _slot_fields(path: Path, img: Image) -> Mapping[int, dict[int, tuple[str, int, int]]]:
    """Input section -> offset -> (how the field reaches its slot, addend, field size)."""
    machine = img.machine.name
    elf = ELFFile(BytesIO(path.read_bytes()))
    out: dict[int, dict[int, tuple[str, int, int]]] = {}
    for section in elf.iter_sections():
        if not isinstance(section, RelocationSection):
            continue
        target = section["sh_info"]
        data = elf.get_section(target).data()
        for entry in section.iter_relocations():
            kind, offset = entry["r_info_type"], entry["r_offset"]
            if machine == "amd64" and kind in _SLOT_FROM_FIELD:
                how = "field"
            elif kind in _SLOT_FROM_GOT[machine]:
                how = "absolute" if machine == "i386" and data[offset - 1] & 0xC7 == 5 else "got"
            else:
                continue
            inplace = int.from_bytes(data[offset : offset + 4], "little", signed=True)
            addend = entry["r_addend"] if section.is_RELA() else inplace
            out.setdefault(target, {})[offset] = (
                how,
                addend,
                8 if machine == "amd64" and kind == _R_X86_64_GOT64 else 4,
            )
    return out
