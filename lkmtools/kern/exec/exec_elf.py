"""ELF programs: how execve() loads one (exec_elf.c, and the probe of netbsd_elf.c, of NetBSD 5.2).

Static programs of the machine's own class and e_machine: ET_EXEC, and ET_DYN if the row's probe chooses an
address. Everything in the headers is checked before a command is recorded. The probe of the row decides whose
program it is: the native one requires NetBSD's note, emulations look for their own.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lkmtools.abi import elf
from lkmtools.abi.cdefs import INTERFACE, NOTE_OWNER, NOTE_TYPE
from lkmtools.abi.errno import ENOEXEC, ENOMEM
from lkmtools.abi.exec import elf_args, exec_package, execsw
from lkmtools.abi.vmparam import PAGE_SIZE, round_page, trunc_page
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.exec.exec_subr import (
    MAX_COMMANDS,
    content,
    exec_setup_stack,
    new_vmcmd,
)
from lkmtools.kern.uvm.kern_malloc import malloc
from lkmtools.machine import EXEC, READ, WRITE, Prototype
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

_HEADER = "sys/exec_elf.h"
AUX_ENTRIES = 8  # pairs of the auxiliary vector, at most
_MAX_HEADERS = min(128, MAX_COMMANDS // 2)
_MAX_NOTE = 4096
_NETBSD = b"NetBSD\0"
_PROBE = Prototype("int probe(struct lwp *l, struct exec_package *epp, void *eh, char *itp, vaddr_t *pos)")
_SETUP = Prototype("int es_setup_stack(struct lwp *l, struct exec_package *epp)")


class ProgramHeader(NamedTuple):
    """A program header: its type and flags, its place and size in the file and in memory."""

    type: int
    flags: int
    offset: int
    addr: int
    filesz: int
    memsz: int

    @property
    def start(self) -> int:
        """Its first page."""
        return trunc_page(self.addr)

    @property
    def end(self) -> int:
        """Behind its last page."""
        return round_page(self.addr + self.memsz)


def _no(why: str) -> KernelError:
    return KernelError(ENOEXEC, why)


def _codec(k: Kernel) -> elf.Codec:
    return elf.codec(8 * k.dm.pointer, k.dm.byteorder)


def _header(k: Kernel, view: View) -> tuple[int, ...]:
    """The checked file header of a package; ENOEXEC for what is not this machine's, with why."""
    codec = _codec(k)
    data = k.umem.read(view.ep_hdr, min(view.ep_hdrvalid, codec.header.size))
    ei_class = elf.ELFCLASS64 if codec.bits == 64 else elf.ELFCLASS32
    order = elf.ELFDATA2LSB if k.dm.byteorder == "little" else elf.ELFDATA2MSB
    if data[:4] != elf.ELFMAG:
        raise _no("not an ELF file")
    if data[4:6] != bytes((ei_class, order)):
        raise _no(f"not an ELF file of this machine's class: {data[4:6].hex(' ')}")
    if len(data) < codec.header.size:
        raise _no(f"the file ends after {len(data)} bytes, within its header of {codec.header.size}")
    head: tuple[int, ...] = codec.header.unpack(data)
    kind, machine, phentsize, phnum = head[1], head[2], head[9], head[10]
    if machine != k.port.e_machine:
        raise _no(f"e_machine is {machine}; this kernel is {k.port.name} ({k.port.e_machine})")
    if kind not in (elf.ET_EXEC, elf.ET_DYN):
        raise _no(f"e_type is {kind}; programs are ET_EXEC, 2, or ET_DYN, 3")
    if phentsize != codec.program.size or not 0 < phnum <= _MAX_HEADERS:
        raise _no(f"{phnum} program headers of {phentsize} bytes")
    return head


def _segments(k: Kernel, view: View, head: tuple[int, ...]) -> list[ProgramHeader]:
    """The program headers; ENOEXEC when they are not all in the file."""
    codec, phoff, phnum = _codec(k), head[5], head[10]
    try:
        data = content(k, view.ep_vp, phoff, phnum * codec.program.size)
    except KernelError:
        raise _no("the program headers end behind the file") from None
    rows = []
    for fields in codec.program.iter_unpack(data):
        if codec.bits == 64:
            kind, flags, offset, addr, _, filesz, memsz, _ = fields
        else:
            kind, offset, addr, _, filesz, memsz, flags, _ = fields
        rows.append(ProgramHeader(kind, flags, offset, addr, filesz, memsz))
    return rows


def _check(k: Kernel, view: View, rows: list[ProgramHeader], entry: int) -> list[ProgramHeader]:
    """The segments to load, by address: in the file, apart from each other, below the stack."""
    size = len(k.formats.executing[view.ep_vp])
    loads = sorted((row for row in rows if row.type == elf.PT_LOAD and row.memsz), key=lambda row: row.addr)
    end = PAGE_SIZE
    for row in loads:
        if row.filesz > row.memsz or row.offset + row.filesz > size:
            raise _no(f"segment at {row.addr:#x}: {row.filesz} bytes at {row.offset:#x} of a file of {size}")
        if row.start < end:
            raise _no(f"the segment at {row.addr:#x} overlaps another, or the first page")
        end = row.end
    if not loads:
        raise _no("it has no segment to load")
    top = k.port.user.top - k.port.user.stack_size - PAGE_SIZE
    if end > top:
        raise KernelError(ENOMEM, f"a segment ends at {end:#x}; programs end at {top:#x}")
    if not any(row.start <= entry < row.end for row in loads):
        raise _no(f"the entry point {entry:#x} is in no segment")
    return loads


def _probe(k: Kernel, l_addr: int, view: View) -> int:
    """Ask the row's probe, if it has one: where it wants an ET_DYN program; 0 when it does not say."""
    probe = k.umem.ptr(view.ep_esch + execsw.layout(k.dm).offsetof("elf_probe_func"))
    if not probe:
        return 0
    lwp = k.lwp_at(l_addr)
    pos = lwp.alloca(k, 16)
    try:
        k.mem.set_ptr(pos, 0)
        errno = k.engine.call(_PROBE, probe, l_addr, view.addr, view.ep_hdr, 0, pos)
        if errno:
            why = lwp.thread.reason or f"{k.symbolize(probe).partition('+')[0]}() says it is not its program"
            raise KernelError(errno, why)
        return k.mem.ptr(pos)
    finally:
        lwp.release(k, pos)


def _makecmds(k: Kernel, l_addr: int, epp: int) -> int:
    view = k.umem.view(exec_package.layout(k.dm), epp)
    head = _header(k, view)
    rows = _segments(k, view, head)
    if any(row.type == elf.PT_INTERP for row in rows):
        raise _no("it needs an interpreter (PT_INTERP): link it with -static")
    base = _probe(k, l_addr, view)
    if head[1] == elf.ET_DYN and not base:
        raise _no("it is position-independent (ET_DYN) and its format does not say where to put it")
    if base % PAGE_SIZE:
        raise _no(f"its format wants to put it at {base:#x}, which is not at a page")
    base = base if head[1] == elf.ET_DYN else 0
    rows = [row._replace(addr=row.addr + base) for row in rows]
    entry = head[4] + base
    loads = _check(k, view, rows, entry)
    for row in loads:
        _load(k, view, row)
    view.ep_entry = entry
    _leave_args(k, view, head, loads, base)
    setup = k.umem.ptr(view.ep_esch + execsw.layout(k.dm).offsetof("es_setup_stack"))
    return k.engine.call(_SETUP, setup, l_addr, epp) if setup else exec_setup_stack(k, l_addr, epp)


def _load(k: Kernel, view: View, row: ProgramHeader) -> None:
    """The commands of a segment: what the file has of it, and zeros behind."""
    prot = sum(new for old, new in ((elf.PF_R, READ), (elf.PF_W, WRITE), (elf.PF_X, EXEC)) if row.flags & old)
    evsp = view.at("ep_vmcmds.evs_cnt")
    zero = row.start
    if row.filesz:
        proc = k.symbol("vmcmd_map_readvn")
        new_vmcmd(k, evsp, proc, row.filesz, row.addr, view.ep_vp, row.offset, prot, 0)
        zero = round_page(row.addr + row.filesz)
    if zero < row.end:
        new_vmcmd(k, evsp, k.symbol("vmcmd_map_zero"), row.end - zero, zero, 0, 0, prot, 0)
    if row.flags & elf.PF_X and not view.ep_tsize:
        view.ep_taddr, view.ep_tsize = row.start, row.end - row.start
    elif not view.ep_dsize or row.end > view.ep_daddr + view.ep_dsize:
        view.ep_daddr, view.ep_dsize = row.start, row.end - row.start


def _leave_args(k: Kernel, view: View, head: tuple[int, ...], loads: list[ProgramHeader], base: int) -> None:
    """A struct elf_args for the auxiliary vector. The headers' address is 0 when they are not in memory."""
    phoff, phentsize, phnum = head[5], head[9], head[10]
    size = phentsize * phnum
    headers = next((r for r in loads if r.offset <= phoff and phoff + size <= r.offset + r.filesz), None)
    layout = elf_args.layout(k.dm)
    addr = malloc(k, layout.size, k.symbol("M_TEMP"), 0)
    if not addr:
        raise KernelError(ENOMEM, f"no kernel memory for {layout.size} bytes")
    k.mem.write(
        addr,
        layout.pack(
            arg_entry=view.ep_entry, arg_interp=base,
            arg_phaddr=headers.addr + phoff - headers.offset if headers else 0,
            arg_phentsize=phentsize, arg_phnum=phnum,
        ),
    )  # fmt: skip
    view.ep_emul_arg = addr


def _other(k: Kernel) -> KernelError:
    return _no(f"programs of {k.port.name} are ELF{8 * k.dm.pointer}")


@export("int exec_elf32_makecmds(struct lwp *l, struct exec_package *epp)", _HEADER)
def exec_elf32_makecmds(k: Kernel, l_addr: int, epp: int) -> int:
    """Fill the package from a 32-bit ELF file; ENOEXEC for what is not one of this machine."""
    if k.dm.pointer != 4:
        raise _other(k)
    return _makecmds(k, l_addr, epp)


@export("int exec_elf64_makecmds(struct lwp *l, struct exec_package *epp)", _HEADER)
def exec_elf64_makecmds(k: Kernel, l_addr: int, epp: int) -> int:
    """exec_elf32_makecmds for 64 bits."""
    if k.dm.pointer != 8:
        raise _other(k)
    return _makecmds(k, l_addr, epp)


# -- the native probe ----------------------------------------------------------------------------------------


def _notes(k: Kernel, view: View) -> list[tuple[int, bytes, bytes]]:
    """The notes of the program: type, name, descriptor."""
    order, out = k.dm.order, []
    for row in _segments(k, view, _header(k, view)):
        if row.type != elf.PT_NOTE or row.filesz > _MAX_NOTE:
            continue
        data, at = content(k, view.ep_vp, row.offset, row.filesz), 0
        while at + 12 <= len(data):
            namesz, descsz, kind = struct.unpack_from(f"{order}3I", data, at)
            desc = at + 12 + (namesz + 3 & -4)
            if desc + descsz > len(data):
                break
            out.append((kind, data[at + 12 : at + 12 + namesz], data[desc : desc + descsz]))
            at = desc + (descsz + 3 & -4)
    return out


@export(
    "int netbsd_elf32_probe(struct lwp *l, struct exec_package *epp, void *eh0, char *itp, vaddr_t *pos)",
    _HEADER,
)
def netbsd_elf32_probe(k: Kernel, l_addr: int, epp: int, eh: int, itp: int, pos: int) -> int:
    """Has the program NetBSD's note (type 1, name "NetBSD", four bytes of version)? ENOEXEC when not.

    ENOEXEC, too, for a program of our C library that was linked for another interface (<sys/cdefs.h>).
    """
    notes = _notes(k, k.umem.view(exec_package.layout(k.dm), epp))
    if (1, _NETBSD) not in [row[:2] for row in notes]:
        raise _no("it has no NetBSD note, so it is a program of another system")
    for kind, owner, desc in notes:
        number = int.from_bytes(desc[:4], k.dm.byteorder)
        if (kind, owner) == (NOTE_TYPE, NOTE_OWNER) and number != INTERFACE:
            raise _no(
                f"compiled for interface {number} of lkmtools; this kernel has {INTERFACE}; compile it again"
            )
    return 0


@export(
    "int netbsd_elf64_probe(struct lwp *l, struct exec_package *epp, void *eh0, char *itp, vaddr_t *pos)",
    _HEADER,
)
def netbsd_elf64_probe(k: Kernel, l_addr: int, epp: int, eh: int, itp: int, pos: int) -> int:
    """netbsd_elf32_probe for 64 bits."""
    return netbsd_elf32_probe(k, l_addr, epp, eh, itp, pos)
