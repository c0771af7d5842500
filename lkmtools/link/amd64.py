"""The linker's row for amd64: the relocation types of the System V AMD64 psABI 1.0, table 4.10 and later.

No relocation is relaxed (ld --no-relax): a load through the GOT stays one, and the image has a GOT.
"""

from lkmtools.abi.elf import EM_X86_64
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.link.howto import Howto, Machine, Overflow, Refusal

_KERNEL = "compile with -mcmodel=kernel -fno-pic"
_NEAR = "the symbol is more than 2 GiB away; compile with -mcmodel=large"
_TLS = "a kernel module has no thread-local storage; compile without __thread and _Thread_local"
_DYNAMIC = "only in shared objects; join objects with ld -r, not ld -shared"

AMD64 = Machine(
    "amd64",
    e_machine=EM_X86_64,
    bits=64,
    byteorder="little",
    page=PAGE_SIZE,
    reserved_got_words=3,
    rows=(
        Howto(0, "R_X86_64_NONE", 0, Overflow.NONE, lambda r: 0),
        Howto(1, "R_X86_64_64", 8, Overflow.NONE, lambda r: r.S + r.A),
        Howto(2, "R_X86_64_PC32", 4, Overflow.SIGNED, lambda r: r.S + r.A - r.P, _NEAR),
        Howto(3, "R_X86_64_GOT32", 4, Overflow.SIGNED, lambda r: r.G + r.A),
        Howto(4, "R_X86_64_PLT32", 4, Overflow.SIGNED, lambda r: r.S + r.A - r.P, _NEAR),
        Refusal(5, "R_X86_64_COPY", _DYNAMIC),
        Refusal(6, "R_X86_64_GLOB_DAT", _DYNAMIC),
        Refusal(7, "R_X86_64_JUMP_SLOT", _DYNAMIC),
        Refusal(8, "R_X86_64_RELATIVE", _DYNAMIC),
        Howto(9, "R_X86_64_GOTPCREL", 4, Overflow.SIGNED, lambda r: r.G + r.GOT + r.A - r.P),
        Howto(10, "R_X86_64_32", 4, Overflow.UNSIGNED, lambda r: r.S + r.A, _KERNEL),
        Howto(11, "R_X86_64_32S", 4, Overflow.SIGNED, lambda r: r.S + r.A, _KERNEL),
        Howto(12, "R_X86_64_16", 2, Overflow.BITFIELD, lambda r: r.S + r.A),
        Howto(13, "R_X86_64_PC16", 2, Overflow.BITFIELD, lambda r: r.S + r.A - r.P),
        Howto(14, "R_X86_64_8", 1, Overflow.BITFIELD, lambda r: r.S + r.A),
        Howto(15, "R_X86_64_PC8", 1, Overflow.SIGNED, lambda r: r.S + r.A - r.P),
        Refusal(16, "R_X86_64_DTPMOD64", _TLS),
        Refusal(17, "R_X86_64_DTPOFF64", _TLS),
        Refusal(18, "R_X86_64_TPOFF64", _TLS),
        Refusal(19, "R_X86_64_TLSGD", _TLS),
        Refusal(20, "R_X86_64_TLSLD", _TLS),
        Refusal(21, "R_X86_64_DTPOFF32", _TLS),
        Refusal(22, "R_X86_64_GOTTPOFF", _TLS),
        Refusal(23, "R_X86_64_TPOFF32", _TLS),
        Howto(24, "R_X86_64_PC64", 8, Overflow.NONE, lambda r: r.S + r.A - r.P),
        Howto(25, "R_X86_64_GOTOFF64", 8, Overflow.NONE, lambda r: r.S + r.A - r.GOT),
        Howto(26, "R_X86_64_GOTPC32", 4, Overflow.SIGNED, lambda r: r.GOT + r.A - r.P),
        Howto(27, "R_X86_64_GOT64", 8, Overflow.NONE, lambda r: r.G + r.A),
        Howto(28, "R_X86_64_GOTPCREL64", 8, Overflow.NONE, lambda r: r.G + r.GOT + r.A - r.P),
        Howto(29, "R_X86_64_GOTPC64", 8, Overflow.NONE, lambda r: r.GOT + r.A - r.P),
        Howto(30, "R_X86_64_GOTPLT64", 8, Overflow.NONE, lambda r: r.G + r.A),
        Howto(31, "R_X86_64_PLTOFF64", 8, Overflow.NONE, lambda r: r.S + r.A - r.GOT),
        Howto(32, "R_X86_64_SIZE32", 4, Overflow.UNSIGNED, lambda r: r.Z + r.A),
        Howto(33, "R_X86_64_SIZE64", 8, Overflow.NONE, lambda r: r.Z + r.A),
        Refusal(34, "R_X86_64_GOTPC32_TLSDESC", _TLS),
        Refusal(35, "R_X86_64_TLSDESC_CALL", _TLS),
        Refusal(36, "R_X86_64_TLSDESC", _TLS),
        Refusal(37, "R_X86_64_IRELATIVE", _DYNAMIC),
        Refusal(38, "R_X86_64_RELATIVE64", _DYNAMIC),
        Howto(39, "R_X86_64_PC32_BND", 4, Overflow.SIGNED, lambda r: r.S + r.A - r.P, _NEAR),
        Howto(40, "R_X86_64_PLT32_BND", 4, Overflow.SIGNED, lambda r: r.S + r.A - r.P, _NEAR),
        Howto(41, "R_X86_64_GOTPCRELX", 4, Overflow.SIGNED, lambda r: r.G + r.GOT + r.A - r.P),
        Howto(42, "R_X86_64_REX_GOTPCRELX", 4, Overflow.SIGNED, lambda r: r.G + r.GOT + r.A - r.P),
        Howto(43, "R_X86_64_CODE_4_GOTPCRELX", 4, Overflow.SIGNED, lambda r: r.G + r.GOT + r.A - r.P),
        Refusal(44, "R_X86_64_CODE_4_GOTTPOFF", _TLS),
        Refusal(45, "R_X86_64_CODE_4_GOTPC32_TLSDESC", _TLS),
        Howto(46, "R_X86_64_CODE_5_GOTPCRELX", 4, Overflow.SIGNED, lambda r: r.G + r.GOT + r.A - r.P),
        Refusal(47, "R_X86_64_CODE_5_GOTTPOFF", _TLS),
        Refusal(48, "R_X86_64_CODE_5_GOTPC32_TLSDESC", _TLS),
        Howto(49, "R_X86_64_CODE_6_GOTPCRELX", 4, Overflow.SIGNED, lambda r: r.G + r.GOT + r.A - r.P),
        Refusal(50, "R_X86_64_CODE_6_GOTTPOFF", _TLS),
        Refusal(51, "R_X86_64_CODE_6_GOTPC32_TLSDESC", _TLS),
    ),
)  # fmt: skip
