"""The linker's row for i386: the relocation types of the System V i386 psABI 1.1, table 4.9.

Addresses are 32 bits and wrap, so a 32-bit field cannot overflow. Objects are REL: the addend is in
the field. No relocation is relaxed.
"""

from lkmtools.abi.elf import EM_386
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.link.howto import Howto, Machine, Operands, Overflow, Refusal

_TLS = "a kernel module has no thread-local storage; compile without __thread and _Thread_local"
_DYNAMIC = "only in shared objects; join objects with ld -r, not ld -shared"


def _base(r: Operands) -> int:
    """0 if the instruction adds a register that holds GOT, otherwise GOT (psABI: R_386_GOT32X without base).

    A ModRM byte of mod 0 and r/m 5 is an absolute address.
    """
    return r.GOT if r.before & 0xC7 == 0x05 else 0


I386 = Machine(
    "i386",
    e_machine=EM_386,
    bits=32,
    byteorder="little",
    page=PAGE_SIZE,
    reserved_got_words=3,
    rows=(
        Howto(0, "R_386_NONE", 0, Overflow.NONE, lambda r: 0),
        Howto(1, "R_386_32", 4, Overflow.NONE, lambda r: r.S + r.A),
        Howto(2, "R_386_PC32", 4, Overflow.NONE, lambda r: r.S + r.A - r.P),
        Howto(3, "R_386_GOT32", 4, Overflow.NONE, lambda r: r.G + r.A + _base(r)),
        Howto(4, "R_386_PLT32", 4, Overflow.NONE, lambda r: r.S + r.A - r.P),
        Refusal(5, "R_386_COPY", _DYNAMIC),
        Refusal(6, "R_386_GLOB_DAT", _DYNAMIC),
        Refusal(7, "R_386_JMP_SLOT", _DYNAMIC),
        Refusal(8, "R_386_RELATIVE", _DYNAMIC),
        Howto(9, "R_386_GOTOFF", 4, Overflow.NONE, lambda r: r.S + r.A - r.GOT),
        Howto(10, "R_386_GOTPC", 4, Overflow.NONE, lambda r: r.GOT + r.A - r.P),
        Howto(11, "R_386_32PLT", 4, Overflow.NONE, lambda r: r.S + r.A),
        Refusal(14, "R_386_TLS_TPOFF", _TLS),
        Refusal(15, "R_386_TLS_IE", _TLS),
        Refusal(16, "R_386_TLS_GOTIE", _TLS),
        Refusal(17, "R_386_TLS_LE", _TLS),
        Refusal(18, "R_386_TLS_GD", _TLS),
        Refusal(19, "R_386_TLS_LDM", _TLS),
        Howto(20, "R_386_16", 2, Overflow.BITFIELD, lambda r: r.S + r.A),
        Howto(21, "R_386_PC16", 2, Overflow.BITFIELD, lambda r: r.S + r.A - r.P),
        Howto(22, "R_386_8", 1, Overflow.BITFIELD, lambda r: r.S + r.A),
        Howto(23, "R_386_PC8", 1, Overflow.SIGNED, lambda r: r.S + r.A - r.P),
        Refusal(24, "R_386_TLS_GD_32", _TLS),
        Refusal(25, "R_386_TLS_GD_PUSH", _TLS),
        Refusal(26, "R_386_TLS_GD_CALL", _TLS),
        Refusal(27, "R_386_TLS_GD_POP", _TLS),
        Refusal(28, "R_386_TLS_LDM_32", _TLS),
        Refusal(29, "R_386_TLS_LDM_PUSH", _TLS),
        Refusal(30, "R_386_TLS_LDM_CALL", _TLS),
        Refusal(31, "R_386_TLS_LDM_POP", _TLS),
        Refusal(32, "R_386_TLS_LDO_32", _TLS),
        Refusal(33, "R_386_TLS_IE_32", _TLS),
        Refusal(34, "R_386_TLS_LE_32", _TLS),
        Refusal(35, "R_386_TLS_DTPMOD32", _TLS),
        Refusal(36, "R_386_TLS_DTPOFF32", _TLS),
        Refusal(37, "R_386_TLS_TPOFF32", _TLS),
        Howto(38, "R_386_SIZE32", 4, Overflow.NONE, lambda r: r.Z + r.A),
        Refusal(39, "R_386_TLS_GOTDESC", _TLS),
        Refusal(40, "R_386_TLS_DESC_CALL", _TLS),
        Refusal(41, "R_386_TLS_DESC", _TLS),
        Refusal(42, "R_386_IRELATIVE", _DYNAMIC),
        Howto(43, "R_386_GOT32X", 4, Overflow.NONE, lambda r: r.G + r.A + _base(r)),
    ),
)  # fmt: skip
