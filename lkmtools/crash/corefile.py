"""An ELF core file of a dead kernel: a PT_LOAD with all of RAM, and notes with the registers of its lwps.

The notes have the shapes of Linux (struct elf_prpsinfo, struct elf_prstatus of <sys/procfs.h>), which gdb,
readelf and pyelftools know. Pages of zeros are holes of the file. A process that maps RAM, shared with nobody
else alive, asks the host which pages there are: to look at the others would give them memory.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import struct
from collections.abc import Iterator, Mapping, Sequence

from lkmtools.abi import elf as c
from lkmtools.abi.elf import codec
from lkmtools.tuples import NamedTuple

PAGE = mmap.PAGESIZE
_NT_PRSTATUS, _NT_PRPSINFO = 1, 3  # <elf.h> of Linux
_OWNER = b"CORE\0\0\0\0"
_ALIGN = 4096
_ZEROS = bytes(PAGE)
_SWAPS = "/proc/swaps"
_SEGMENTS = {"cs": 0x08, "ss": 0x10, "ds": 0x10, "es": 0x10}  # what stands for them where nobody said


class CoreThread(NamedTuple):
    """An lwp: a number of its own, and its registers by name, as far as they are known."""

    ident: int
    registers: Mapping[str, int]


class _Shape(NamedTuple):
    """The notes of a machine: the registers in order, and where they and the rest are in the structs."""

    e_machine: int
    bits: int
    registers: tuple[str, ...]
    status: tuple[int, int, int]  # struct elf_prstatus: its size, the offsets of pr_pid and pr_reg
    info: tuple[int, int, int]  # struct elf_prpsinfo: its size, the offsets of pr_pid and pr_fname


_SHAPES = {
    "amd64": _Shape(
        c.EM_X86_64,
        64,
        (
            *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx"),
            *("rsi", "rdi", "orig_rax", "rip", "cs", "rflags", "rsp", "ss", "fs_base", "gs_base"),
            *("ds", "es", "fs", "gs"),
        ),
        (336, 32, 112),
        (136, 24, 40),
    ),
    "i386": _Shape(
        c.EM_386,
        32,
        (
            *("ebx", "ecx", "edx", "esi", "edi", "ebp", "eax", "ds", "es", "fs", "gs", "orig_eax"),
            *("eip", "cs", "eflags", "esp", "ss"),
        ),
        (144, 24, 72),
        (124, 12, 28),
    ),
}
_FNAME, _PSARGS = 16, 80  # bytes of pr_fname and of pr_psargs, which follows it


def core_header(machine: str, base: int, size: int, threads: Sequence[CoreThread], what: str) -> bytes:
    """All of the file that comes before RAM, which is at `base`; the first thread is the one that died.

    `what` is what a debugger shows as the command that made the core.
    """
    shape = _SHAPES[machine]
    form = codec(shape.bits, "little")
    notes = _note(_NT_PRPSINFO, _info(shape, threads, what))
    for number, thread in enumerate(threads):
        notes += _note(_NT_PRSTATUS, _status(shape, thread, 0 if number else signal.SIGSEGV))
    at = form.header.size + 2 * form.program.size
    begin = -(-(at + len(notes)) // _ALIGN) * _ALIGN
    head = form.file_header(c.ET_CORE, shape.e_machine, 0, shoff=0, phnum=2, shnum=0, shstrndx=0)
    head += _note_header(form, at, len(notes))
    head += form.load_header(c.PF_R | c.PF_W | c.PF_X, begin, base, size, size, _ALIGN)
    return (head + notes).ljust(begin, b"\0")


def _note_header(form: c.Codec, offset: int, size: int) -> bytes:
    """An Elf_Phdr of type PT_NOTE."""
    if form.bits == 64:
        return form.program.pack(c.PT_NOTE, 0, offset, 0, 0, size, 0, 4)
    return form.program.pack(c.PT_NOTE, offset, 0, 0, size, 0, 0, 4)


def _note(kind: int, data: bytes) -> bytes:
    return struct.pack("<III", 5, len(data), kind) + _OWNER + data + bytes(-len(data) % 4)


def _info(shape: _Shape, threads: Sequence[CoreThread], what: str) -> bytes:
    """A struct elf_prpsinfo; its program is called as the symbol file is, which debuggers compare."""
    size, pid, name = shape.info
    out = bytearray(size)
    out[1:2] = b"R"
    struct.pack_into("<i", out, pid, threads[0].ident if threads else 0)
    out[name : name + _FNAME] = b"kernel.sym".ljust(_FNAME, b"\0")
    words = what.encode("utf-8", "backslashreplace")[: _PSARGS - 1]
    out[name + _FNAME : name + _FNAME + _PSARGS] = words.ljust(_PSARGS, b"\0")
    return bytes(out)


def _status(shape: _Shape, thread: CoreThread, number: int) -> bytes:
    """A struct elf_prstatus: the signal, the lwp's number, the registers."""
    size, pid, at = shape.status
    out = bytearray(size)
    struct.pack_into("<i", out, 0, number)
    struct.pack_into("<h", out, 12, number)
    struct.pack_into("<i", out, pid, thread.ident)
    known = {**_SEGMENTS, **thread.registers}
    word, mask = ("Q", (1 << 64) - 1) if shape.bits == 64 else ("I", (1 << 32) - 1)
    values = (known.get(name, 0) & mask for name in shape.registers)
    struct.pack_into(f"<{len(shape.registers)}{word}", out, at, *values)
    return bytes(out)


def write_ram(fd: int, begin: int, ram: mmap.mmap, lent: Mapping[int, bytes], most: int) -> bool:
    """Write RAM from offset `begin` of a file, which has nothing there, without its pages of zeros.

    `lent` are pages that are elsewhere, by number. False, when it has more than `most` bytes: then the file
    is of no use. OSError.
    """
    left = most
    for first, end in _runs(ram):
        for at, piece in _pieces(ram, first, end):
            left -= len(piece)
            if left < 0:
                return False
            _write(fd, piece, begin + at)
    for page, data in lent.items():
        _write(fd, data, begin + page * PAGE)
    os.ftruncate(fd, begin + len(ram))
    return True


def _write(fd: int, data: bytes, at: int) -> None:
    """pwrite(2), to its end."""
    rest = memoryview(data)
    while rest:
        written = os.pwrite(fd, rest, at)
        at += written
        rest = rest[written:]


def _runs(ram: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Where pages begin and end that may be other than zero."""
    there = _present(ram)
    if there is None:
        yield 0, len(ram)
        return
    at = there.find(1)
    while at >= 0:
        end = there.find(0, at)
        end = end if end >= 0 else len(there)
        yield at * PAGE, end * PAGE
        at = there.find(1, end)


def _present(ram: mmap.mmap) -> bytes | None:
    """A 1 for each page that the host has in memory, otherwise 0; None when it cannot say, or swaps."""
    try:
        with open(_SWAPS, encoding="utf-8") as file:
            if len(file.readlines()) > 1:
                return None
    except OSError:
        return None
    there = (ctypes.c_ubyte * (len(ram) // PAGE))()
    memory = (ctypes.c_char * len(ram)).from_buffer(ram)
    failed = ctypes.CDLL(None).mincore(memory, ctypes.c_size_t(len(ram)), there)
    return None if failed else bytes(there).translate(_LOWEST_BIT)


_LOWEST_BIT = bytes(value & 1 for value in range(256))  # the others are reserved


def _pieces(ram: mmap.mmap, first: int, end: int) -> Iterator[tuple[int, bytes]]:
    """What of RAM is not zero, in pieces of whole pages."""
    for start in range(first, end, 256 * PAGE):
        data = ram[start : min(start + 256 * PAGE, end)]
        begin = -1
        for at in range(0, len(data) + PAGE, PAGE):
            used = at < len(data) and data[at : at + PAGE] != _ZEROS
            if used and begin < 0:
                begin = at
            elif not used and begin >= 0:
                yield start + begin, data[begin:at]
                begin = -1
