"""The argument of LMINFO, an ioctl of ours: the linker's knowledge of a module, copied in and checked."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.dialects import DIALECT, DIALECTS
from lkmtools.abi.errno import EINVAL
from lkmtools.abi.lkm import LMI_ASSIGNED, LMINFO_VERSION, lmi_import, lmi_segment, lmi_symbol
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.kern.base.lkm_record import Info, ModuleImport, ModuleSegment, ModuleSymbol
from lkmtools.kern.proc.kern_copy import copyin_array, copyin_bytes

if TYPE_CHECKING:
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

MAX_SEGMENTS = 64
MAX_SYMBOLS = 1 << 20
MAX_STRINGS = 16 << 20


def read_info(k: Kernel, module: LoadableModule, arg: View) -> Info:
    """Copy in and check the argument of LMINFO; EINVAL names the member and its limit, EFAULT the address."""
    if arg.version != LMINFO_VERSION:
        raise KernelError(EINVAL, f"LMINFO version {arg.version}; this kernel knows version {LMINFO_VERSION}")
    for member, limit in (("nsegments", MAX_SEGMENTS), ("nsymbols", MAX_SYMBOLS), ("nimports", MAX_SYMBOLS)):
        if arg.get(member) > limit:
            raise KernelError(EINVAL, f"LMINFO {member} is {arg.get(member)}; the limit is {limit}")
    if arg.strsize > MAX_STRINGS:
        raise KernelError(EINVAL, f"LMINFO strsize is {arg.strsize}; the limit is {MAX_STRINGS}")
    if arg.buildid_len > len(arg.buildid):
        raise KernelError(EINVAL, f"LMINFO buildid_len is {arg.buildid_len}; the limit is {len(arg.buildid)}")
    strings = copyin_bytes(k, arg.strings, arg.strsize)
    segments = tuple(
        ModuleSegment(s.offset, s.size, s.prot)
        for s in copyin_array(k, lmi_segment.layout(k.dm), arg.segments, arg.nsegments)
    )
    _check_segments(segments, module)
    symbols = [
        ModuleSymbol(module.area + s.offset, s.size, _name(strings, s.name), s.type & 0xFF)
        for s in copyin_array(k, lmi_symbol.layout(k.dm), arg.symbols, arg.nsymbols)
    ]
    for symbol in symbols:
        if symbol.addr - module.area > module.size:
            raise KernelError(
                EINVAL, f"LMINFO symbol '{symbol.name}' lies outside the module's {module.size} bytes"
            )
    imports = tuple(
        _import(_name(strings, i.name), i.value, i.flags)
        for i in copyin_array(k, lmi_import.layout(k.dm), arg.imports, arg.nimports)
    )
    buildid = bytes(arg.buildid)[: arg.buildid_len]
    symbols.sort()
    addresses = array("Q", [symbol.addr for symbol in symbols])
    path, dialect = _name(strings, arg.path), _name(strings, arg.dialect) or DIALECT
    if dialect not in DIALECTS:
        known = ", ".join(DIALECTS)
        raise KernelError(EINVAL, f"LMINFO dialect is '{dialect}'; this kernel knows {known}")
    return Info(segments, tuple(symbols), imports, path, buildid, addresses, dialect, arg.checksum)


def _import(name: str, value: int, flags: int) -> ModuleImport:
    if flags & ~LMI_ASSIGNED:
        raise KernelError(
            EINVAL, f"LMINFO import '{name}' has flags {flags:#x}; the limit is {LMI_ASSIGNED:#x}"
        )
    return ModuleImport(name, value, bool(flags & LMI_ASSIGNED))


def _name(strings: bytes, offset: int) -> str:
    end = strings.find(b"\0", offset)
    if offset >= len(strings) or end < 0:
        if offset == 0:
            return ""
        raise KernelError(EINVAL, f"LMINFO name at {offset} has no end in {len(strings)} bytes of strings")
    return strings[offset:end].decode(*C_TEXT)


def _check_segments(segments: tuple[ModuleSegment, ...], module: LoadableModule) -> None:
    at = 0
    for i, segment in enumerate(segments):
        if segment.offset % PAGE_SIZE or segment.size % PAGE_SIZE or segment.prot & ~7:
            raise KernelError(
                EINVAL,
                f"LMINFO segment {i}: offset {segment.offset:#x}, size {segment.size:#x}, "
                f"prot {segment.prot:#x} (whole pages of {PAGE_SIZE}, prot at most 7)",
            )
        if segment.offset < at or segment.offset + segment.size > module.size:
            raise KernelError(
                EINVAL,
                f"LMINFO segment {i} is {segment.offset:#x} to {segment.offset + segment.size:#x}; "
                f"it must lie between {at:#x} and {module.size:#x}",
            )
        at = segment.offset + segment.size
