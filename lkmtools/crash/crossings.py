"""Call frame information for one crash: how a debugger gets from a call into a module to the one outside it.

Where a kernel function calls module code, that returns to the kernel's gate. What the frame outside it was
like, no rule for all kernels can say, as kernel functions run elsewhere: but of one that died it is known. So
the rules of .debug_frame for the gate (DWARF 5, section 6.4) compare the stack pointer with those of this
crash.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from lkmtools.tuples import NamedTuple

_CONST4U, _CONST8U, _OVER, _AND, _MINUS, _MUL, _PLUS, _EQ, _GE, _LT, _LIT0, _BREG0 = (
    *(0x0C, 0x0E, 0x14, 0x1A, 0x1C, 0x1E, 0x22, 0x29, 0x2A, 0x2D),
    *(0x30, 0x70),
)
_DEF_CFA_EXPRESSION, _VAL_EXPRESSION = 0x0F, 0x16
_CIE = 0xFFFFFFFF
_NUMBERS = {64: (7, 6, 16), 32: (4, 5, 8)}  # of the stack pointer, the frame pointer and the return address


class Crossing(NamedTuple):
    """From the gate, with a stack pointer from `low` up to `sp`, to the frame that has these registers."""

    low: int
    sp: int
    pc: int
    fp: int


def debug_frame(bits: int, code: range, crossings: Sequence[Crossing]) -> bytes:
    """The section with the rules for `code`, to which module code returns."""
    sp, fp, ra = _NUMBERS[bits]
    form = "<QQ" if bits == 64 else "<II"
    rules = bytes([_DEF_CFA_EXPRESSION]) + _sized(_cfa(bits, sp, crossings))
    for register, values in ((ra, [c.pc for c in crossings]), (fp, [c.fp for c in crossings])):
        rules += bytes([_VAL_EXPRESSION, register]) + _sized(_chosen(bits, crossings, values))
    word = bits // 8
    cie = _entry(word, struct.pack("<IBBBBB", _CIE, 1, 0, 1, -word & 0x7F, ra))
    return cie + _entry(word, struct.pack("<I", 0) + struct.pack(form, code.start, len(code)) + rules)


def _entry(word: int, data: bytes) -> bytes:
    """A CIE or FDE with its length, and DW_CFA_nop to the next boundary."""
    data += bytes(-(4 + len(data)) % word)
    return struct.pack("<I", len(data)) + data


def _sized(expression: bytes) -> bytes:
    """An expression behind its length in ULEB128."""
    size, length = len(expression), b""
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return length + bytes([size]) + expression


def _const(bits: int, value: int) -> bytes:
    if bits == 64:
        return struct.pack("<BQ", _CONST8U, value)
    return struct.pack("<BI", _CONST4U, value)


def _cfa(bits: int, sp: int, crossings: Sequence[Crossing]) -> bytes:
    """The stack pointer of the frame outside: sp, and where it is in the range of a crossing, that one's."""
    own = bytes([_BREG0 + sp, 0])
    out = own
    for each in crossings:
        out += own + _const(bits, each.low) + bytes([_GE])
        out += own + _const(bits, each.sp) + bytes([_LT, _AND])
        out += _const(bits, each.sp) + own + bytes([_MINUS, _MUL, _PLUS])
    return out


def _chosen(bits: int, crossings: Sequence[Crossing], values: Sequence[int]) -> bytes:
    """The value of the crossing to whose frame the CFA belongs; 0 for none, where the stack ends."""
    out = bytes([_LIT0])
    for each, value in zip(crossings, values, strict=True):
        out += bytes([_OVER]) + _const(bits, each.sp) + bytes([_EQ]) + _const(bits, value)
        out += bytes([_MUL, _PLUS])
    return out
