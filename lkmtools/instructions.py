"""Instructions of amd64 and i386 taken apart: length, operands, immediate (Intel SDM volume 2, chapter 2).

Those of general registers, which kernel code consists of. VEX and the like are not known here.
"""

from __future__ import annotations

from lkmtools.tuples import NamedTuple

AX, CX, DX, BX, SP, BP, SI, DI = range(8)  # numbers of registers in instructions

LONGEST = 15  # bytes of an instruction
_PREFIXES = frozenset(b"\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3")
ARITHMETIC = frozenset(op | low for op in range(0, 0x40, 8) for low in range(6))  # add, or, ... cmp
_MODRM = frozenset(op for op in ARITHMETIC if op & 7 < 4) | frozenset(
    b"\x62\x63\x69\x6b\xc0\xc1\xc6\xc7\xd0\xd1\xd2\xd3\xf6\xf7\xfe\xff"
    + bytes((*range(0x80, 0x90), *range(0xD8, 0xE0)))
)
_IMM8 = frozenset(op for op in ARITHMETIC if op & 7 == 4) | frozenset(
    b"\x6a\x6b\x82\x83\xa8\xc0\xc1\xc6\xcd\xd4\xd5\xeb"
    + bytes((*range(0x70, 0x81), *range(0xB0, 0xB8), *range(0xE0, 0xE8)))
)
_IMMZ = frozenset(op for op in ARITHMETIC if op & 7 == 5) | frozenset(
    (0x68, 0x69, 0x81, 0xA9, 0xC7, 0xE8, 0xE9)
)
_IMM16 = {0xC2: 2, 0xCA: 2, 0xC8: 3}
_NO_MODRM_0F = frozenset(
    (*range(0x05, 0x0D), 0x0E, *range(0x30, 0x38), 0x77, *range(0x80, 0x90))
) | frozenset((0xA0, 0xA1, 0xA2, 0xA8, 0xA9, 0xAA, *range(0xC8, 0xD0)))
_IMM8_0F = frozenset((0x70, 0x71, 0x72, 0x73, 0xA4, 0xAC, 0xBA, 0xC2, 0xC4, 0xC5, 0xC6))
_RETURNS = (0xC2, 0xC3, 0xCA, 0xCB)
_THREE, _THREE_IMM8 = 0x0F38, 0x0F3A  # the first two bytes of three
_UNKNOWN = frozenset((0x62, 0xC4, 0xC5, 0x9A, 0xEA))  # EVEX, VEX, far calls


class MemoryOperand(NamedTuple):
    """An operand in memory: registers by number, None for none. `absolute`: `disp` is the address itself."""

    base: int | None
    scaled: int | None
    scale: int
    disp: int
    absolute: bool = False
    segment: bool = False


class Instruction(NamedTuple):
    """An instruction at `at`. `op` is 0x0F00 and more for the two-byte opcodes, 0x0F3800 for those of three.

    `reg` is the register or the number in ModRM, `rm` the other operand's register, if it is one, and
    `memory` if it is not. `imm` is the immediate, with its sign.
    """

    at: int
    length: int
    op: int
    wide: bool
    reg: int = 0
    rm: int | None = None
    memory: MemoryOperand | None = None
    imm: int = 0

    @property
    def end(self) -> int:
        """The address behind it."""
        return self.at + self.length

    @property
    def target(self) -> int | None:
        """Where a direct jump or call goes."""
        op = self.op
        direct = 0x70 <= op < 0x80 or 0xE0 <= op < 0xE4 or op in (0xE8, 0xE9, 0xEB) or 0x0F80 <= op < 0x0F90
        return self.end + self.imm if direct else None

    @property
    def is_call(self) -> bool:
        """call, direct or not."""
        return self.op == 0xE8 or (self.op == 0xFF and self.reg & 7 == 2)

    @property
    def returns(self) -> bool:
        """ret, near or far."""
        return self.op in _RETURNS

    @property
    def jumps_by_table(self) -> bool:
        """jmp through a register or memory."""
        return self.op == 0xFF and self.reg & 7 in (4, 5)

    @property
    def ends_block(self) -> bool:
        """Nothing goes on behind it: jmp, ret, a trap."""
        return self.op in (0xE9, 0xEB, 0xF4, 0x0F0B) or self.returns or self.jumps_by_table


class _Bytes:
    """What is decoded: little-endian numbers one behind the other. IndexError at the end."""

    def __init__(self, code: bytes) -> None:
        self.code, self.at = code, 0

    def byte(self) -> int:
        self.at += 1
        return self.code[self.at - 1]

    def signed(self, size: int) -> int:
        self.at += size
        if self.at > len(self.code):
            raise IndexError
        return int.from_bytes(self.code[self.at - size : self.at], "little", signed=True)


def decode(code: bytes, at: int, bits: int) -> Instruction | None:
    """The instruction at the beginning of `code`, which is at address `at`; None for one not known here."""
    try:
        return _decode(_Bytes(code), at, bits)
    except IndexError:
        return None


def _decode(b: _Bytes, at: int, bits: int) -> Instruction | None:
    prefixes, op, rex = set(), b.byte(), 0
    while op in _PREFIXES:
        prefixes.add(op)
        op = b.byte()
    if bits == 64 and op & 0xF0 == 0x40:
        rex, op = op, b.byte()
    if op in _UNKNOWN or 0x67 in prefixes:
        return None
    has_modrm, immediate = op in _MODRM, 0
    if op == 0x0F:
        op = 0x0F00 | b.byte()
        if op == 0x0F0F:
            return None
        has_modrm = op & 0xFF not in _NO_MODRM_0F
        if op in (_THREE, _THREE_IMM8):
            op = op << 8 | b.byte()
    reg, rm, memory = 0, None, None
    if has_modrm:
        reg, rm, memory = _operand(b, rex, bits, bool(prefixes & {0x64, 0x65}))
    wide, half = bool(rex & 8), 0x66 in prefixes
    if op in (0xA0, 0xA1, 0xA2, 0xA3):
        memory = MemoryOperand(None, None, 1, b.signed(bits // 8), True, bool(prefixes & {0x64, 0x65}))
    immediate = b.signed(_immediate(op, reg, wide, half))
    if not has_modrm and (0x40 <= op < 0x60 or 0xB0 <= op < 0xC0 or 0x90 <= op < 0x98):
        rm = op & 7 | (rex & 1) << 3
    if memory is not None and memory.absolute and memory.base == AX:  # rip, of which this is the end
        memory = memory._replace(base=None, disp=memory.disp + at + b.at)
    if memory is not None and memory.absolute:
        memory = memory._replace(disp=memory.disp & (1 << bits) - 1)
    return Instruction(at, b.at, op, wide or (bits == 32 and not half), reg, rm, memory, immediate)


def _operand(b: _Bytes, rex: int, bits: int, segment: bool) -> tuple[int, int | None, MemoryOperand | None]:
    """ModRM and what follows: the register, and a register or memory."""
    modrm = b.byte()
    mod, reg, rm = modrm >> 6, modrm >> 3 & 7 | (rex & 4) << 1, modrm & 7
    if mod == 3:
        return reg, rm | (rex & 1) << 3, None
    base: int | None = rm | (rex & 1) << 3
    index, scale, absolute = None, 1, False
    if rm == SP:
        sib = b.byte()
        scale, number = 1 << (sib >> 6), sib >> 3 & 7 | (rex & 2) << 2
        index = None if number == SP else number
        base = sib & 7 | (rex & 1) << 3
        if sib & 7 == BP and mod == 0:
            base, absolute = None, index is None
    elif rm == BP and mod == 0:
        base, absolute = AX if bits == 64 else None, True  # AX: relative to rip, for _decode()
    size = 1 if mod == 1 else 4 if mod == 2 or base is None or absolute else 0
    return reg, None, MemoryOperand(base, index, scale, b.signed(size) if size else 0, absolute, segment)


def _immediate(op: int, reg: int, wide: bool, half: bool) -> int:
    """Bytes of the immediate."""
    whole = 2 if half else 4
    if op > 0xFFFF:
        return op >> 8 == _THREE_IMM8
    if op >= 0x0F00:
        return 4 if 0x0F80 <= op < 0x0F90 else op & 0xFF in _IMM8_0F
    if op in _IMMZ:
        return whole
    if op in (0xF6, 0xF7):
        return (1 if op == 0xF6 else whole) if reg & 7 < 2 else 0
    if 0xB8 <= op < 0xC0:
        return 8 if wide else whole
    return _IMM16.get(op, int(op in _IMM8))
