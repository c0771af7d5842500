"""How long the instructions of amd64 and i386 are that compilers use (Intel SDM volume 2, chapter 2)."""

from __future__ import annotations

from lkmtools.machine.x86 import opcode_at

_ALU = range(0x00, 0x40)
_MODRM = {
    *(op for op in _ALU if op & 7 < 4), 0x62, 0x63, 0x69, 0x6B, *range(0x80, 0x90), 0xC0, 0xC1, 0xC6, 0xC7,
    *range(0xD0, 0xD4), *range(0xD8, 0xE0), 0xF6, 0xF7, 0xFE, 0xFF,
}  # fmt: skip
_BYTE = {
    *(op for op in _ALU if op & 7 == 4), 0x6A, 0x6B, *range(0x70, 0x80), 0x80, 0x82, 0x83, 0xA8,
    *range(0xB0, 0xB8), 0xC0, 0xC1, 0xC6, 0xCD, *range(0xE0, 0xE8), 0xEB,
}  # fmt: skip
_WORD = {*(op for op in _ALU if op & 7 == 5), 0x68, 0x69, 0x81, 0xA9, 0xC7, 0xE8, 0xE9}
_OTHERS = {0xC2: 2, 0xCA: 2, 0xC8: 3, 0x9A: 6, 0xEA: 6}  # bytes behind the opcode
_ESCAPED_BARE = {
    *range(0x05, 0x0A), 0x0B, 0x0E, *range(0x30, 0x38), 0x77, *range(0x80, 0x90), 0xA0, 0xA1, 0xA2,
    *range(0xA8, 0xAB), *range(0xC8, 0xD0),
}  # fmt: skip
_ESCAPED_BYTE = {*range(0x70, 0x74), 0xA4, 0xAC, 0xBA, 0xC2, 0xC4, 0xC5, 0xC6}
_RETURNS = (0xC2, 0xC3, 0xCA, 0xCB)


def find_return(code: bytes, wide: bool) -> int:
    """Where the first return instruction of this code is; -1 for nowhere. `wide`: it is of 64-bit mode."""
    at = 0
    while at < len(code):
        first = at + opcode_at(code[at : at + 15], wide)
        if first < len(code) and code[first] in _RETURNS:
            return at
        at += _length(code, at, first, wide)
    return -1


def _length(code: bytes, at: int, first: int, wide: bool) -> int:
    """The bytes of the instruction at `at`, whose opcode is at `first`."""
    prefixes = code[at:first]
    immediate = 2 if b"\x66" in prefixes else 4
    opcode, rest = _byte(code, first), first + 1
    if opcode == 0x0F:
        return _escaped(code, first, immediate) - at
    if opcode in _MODRM:
        operation = _byte(code, rest) >> 3 & 7
        rest += _operand(code, rest)
        if opcode in (0xF6, 0xF7) and operation < 2:
            rest += 1 if opcode == 0xF6 else immediate
    elif 0xB8 <= opcode < 0xC0:
        rest += 8 if wide and prefixes and prefixes[-1] & 0xF8 == 0x48 else immediate
    elif 0xA0 <= opcode < 0xA4:
        rest += 8 if wide else 4
    rest += (opcode in _BYTE) + immediate * (opcode in _WORD) + _OTHERS.get(opcode, 0)
    return rest - at


def _escaped(code: bytes, first: int, immediate: int) -> int:
    """Where an instruction ends whose opcode begins with 0F."""
    opcode, rest = _byte(code, first + 1), first + 2
    if opcode in (0x38, 0x3A):
        return rest + 1 + _operand(code, rest + 1) + (opcode == 0x3A)
    if opcode not in _ESCAPED_BARE:
        return rest + _operand(code, rest) + (opcode in _ESCAPED_BYTE)
    return rest + immediate * (0x80 <= opcode < 0x90)


def _operand(code: bytes, at: int) -> int:
    """The bytes of ModRM, SIB and displacement."""
    mode, register = _byte(code, at) >> 6, _byte(code, at) & 7
    if mode == 3:
        return 1
    sib = register == 4
    base = _byte(code, at + 1) & 7 if sib else register
    displacement = 4 if mode == 2 or (mode == 0 and base == 5) else int(mode == 1)
    return 1 + sib + displacement


def _byte(code: bytes, at: int) -> int:
    return code[at] if at < len(code) else 0
