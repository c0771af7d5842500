"""The instructions of x86 as far as it takes to find where the pointer in a register came from.

Lengths and memory operands of the one-byte and the 0F opcodes, and which general registers they write. What
is not known here, such as VEX, ends the search. For people there is disassemble.py.
"""

from __future__ import annotations

from lkmtools.tuples import NamedTuple

AX, CX, DX, BX, SP, BP, SI, DI = range(8)  # numbers of registers in instructions
ARGUMENTS = (DI, SI, DX, CX, 8, 9)  # of functions on amd64
NAMES = {
    64: ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16))),
    32: ("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"),
}
_DWARF = {64: (0, 2, 1, 3, 7, 6, 4, 5, *range(8, 16)), 32: tuple(range(8))}  # by number in instructions
_CLOBBERED = {64: frozenset((AX, CX, DX, SI, DI, 8, 9, 10, 11)), 32: frozenset((AX, CX, DX))}  # by a call

_PREFIXES = frozenset(b"\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3")
_ARITHMETIC = frozenset(op | low for op in range(0, 0x40, 8) for low in range(6))  # add, or, ... cmp
_MODRM = frozenset(op for op in _ARITHMETIC if op & 7 < 4) | frozenset(
    b"\x62\x63\x69\x6b\xc0\xc1\xc6\xc7\xd0\xd1\xd2\xd3\xf6\xf7\xfe\xff"
    + bytes((*range(0x80, 0x90), *range(0xD8, 0xE0)))
)
_IMM8 = frozenset(op for op in _ARITHMETIC if op & 7 == 4) | frozenset(
    b"\x6a\x6b\x82\x83\xa8\xc0\xc1\xc6\xcd\xd4\xd5\xeb"
    + bytes((*range(0x70, 0x81), *range(0xB0, 0xB8), *range(0xE0, 0xE8)))
)
_IMMZ = frozenset(op for op in _ARITHMETIC if op & 7 == 5) | frozenset(
    (0x68, 0x69, 0x81, 0xA9, 0xC7, 0xE8, 0xE9)
)
_IMM16 = {0xC2: 2, 0xCA: 2, 0xC8: 3}
_NO_MODRM_0F = frozenset(
    (*range(0x05, 0x0D), 0x0E, *range(0x30, 0x38), 0x77, *range(0x80, 0x90))
) | frozenset((0xA0, 0xA1, 0xA2, 0xA8, 0xA9, 0xAA, *range(0xC8, 0xD0)))
_IMM8_0F = frozenset((0x70, 0x71, 0x72, 0x73, 0xA4, 0xAC, 0xBA, 0xC2, 0xC4, 0xC5, 0xC6))
_UNKNOWN = frozenset((0x62, 0xC4, 0xC5, 0x9A, 0xEA))  # EVEX, VEX, far calls
_LOADS_0F = frozenset((0xAF, 0xB6, 0xB7, 0xBC, 0xBD, 0xBE, 0xBF, *range(0x40, 0x50)))
_CHANGES_0F = frozenset((0xA4, 0xA5, 0xAB, 0xAC, 0xAD, 0xB3, 0xBA, 0xBB, *range(0x90, 0xA0)))
_SILENT_0F = frozenset((0x0B, 0x0D, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F, 0xA3, 0xAE))


class MemoryOperand(NamedTuple):
    """An operand in memory: registers by number, None for none. `absolute`: `disp` is the address itself."""

    base: int | None
    scaled: int | None
    scale: int
    disp: int
    absolute: bool = False
    segment: bool = False


class Instruction(NamedTuple):
    """An instruction at `at`. `op` is 0x0F00 and more for the two-byte opcodes.

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
    def jumps_by_table(self) -> bool:
        """jmp through a register or memory."""
        return self.op == 0xFF and self.reg & 7 in (4, 5)

    @property
    def ends_block(self) -> bool:
        """Nothing goes on behind it: jmp, ret, a trap."""
        return self.op in (0xE9, 0xEB, 0xC2, 0xC3, 0xCB, 0xF4, 0x0F0B) or self.jumps_by_table


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
        if op in (0x0F38, 0x0F3A, 0x0F0F):
            return None
        has_modrm = op & 0xFF not in _NO_MODRM_0F
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
    if op >= 0x0F00:
        return 4 if 0x0F80 <= op < 0x0F90 else op & 0xFF in _IMM8_0F
    if op in _IMMZ:
        return whole
    if op in (0xF6, 0xF7):
        return (1 if op == 0xF6 else whole) if reg & 7 < 2 else 0
    if 0xB8 <= op < 0xC0:
        return 8 if wide else whole
    return _IMM16.get(op, int(op in _IMM8))


def written(instruction: Instruction, bits: int) -> frozenset[int] | None:
    """The general registers that it writes, without the stack pointer; None: perhaps any."""
    found = _written(instruction, bits)
    return None if found is None else found | _high(instruction, found)


def _high(instruction: Instruction, found: frozenset[int]) -> frozenset[int]:
    """The registers ax to bx, where a byte instruction may write ah to bh, by the numbers of sp to di."""
    op = instruction.op
    if op >= 0x0F00:
        small = 0x0F90 <= op < 0x0FA0 or op in (0x0FB0, 0x0FC0)
    else:
        small = 0xB0 <= op < 0xB8 or not (op & 1 or 0x40 <= op < 0x60 or 0xB8 <= op < 0xC0)
    return frozenset(number - 4 for number in found if 4 <= number < 8) if small else frozenset()


def _written(instruction: Instruction, bits: int) -> frozenset[int] | None:
    op, reg, rm = instruction.op, instruction.reg, instruction.rm
    changed = frozenset(() if rm is None else (rm,))  # the r/m operand, if that is a register
    if instruction.is_call:
        return _CLOBBERED[bits]
    if op >= 0x0F00:
        return _written_0f(op & 0xFF, reg, changed)
    if op in _ARITHMETIC:
        compares = op & 0x38 == 0x38
        to = (changed, frozenset((reg,)), frozenset((AX,)))[(op & 7) // 2]
        return frozenset() if compares else to
    if op in (0x63, 0x69, 0x6B, 0x8A, 0x8B, 0x8D):
        return frozenset((reg,))
    if 0x80 <= op < 0x84:
        return frozenset() if reg & 7 == 7 else changed
    if op in (0x86, 0x87):
        return changed | {reg}
    if op in (0xF6, 0xF7):
        return (frozenset(), changed, frozenset((AX, DX)))[(reg & 7) // 2 if reg & 7 < 4 else 2]
    if op in (0xFE, 0xFF):
        return changed if reg & 7 < 2 else frozenset()
    if op in (0x88, 0x89, 0x8F, 0xC6, 0xC7, 0xC0, 0xC1) or 0xD0 <= op < 0xD4:
        return changed
    return _written_short(op, changed)


def _written_short(op: int, changed: frozenset[int]) -> frozenset[int] | None:
    """Of the opcodes without ModRM."""
    if 0x40 <= op < 0x50 or 0x58 <= op < 0x60 or 0xB0 <= op < 0xC0:
        return changed
    if op in (0x98, 0x99, 0xA0, 0xA1):
        return frozenset((AX, DX))
    if op == 0xC9:
        return frozenset((BP,))
    if op in (0xA4, 0xA5, 0xAA, 0xAB):
        return frozenset((SI, DI, CX))
    silent = 0x50 <= op < 0x58 or 0x70 <= op < 0x80 or op in (0x68, 0x6A, 0x84, 0x85, 0x90, 0xA2, 0xA3, 0xA8)
    return frozenset() if silent or op in (0xA9, 0xE9, 0xEB, 0xC2, 0xC3) else None


def _written_0f(op: int, reg: int, changed: frozenset[int]) -> frozenset[int] | None:
    """Of the two-byte opcodes."""
    if op in _LOADS_0F:
        return frozenset((reg,))
    if op in (0xB0, 0xB1):
        return changed | {AX}
    if op in (0xC0, 0xC1):
        return changed | {reg}
    if op in _CHANGES_0F:
        return changed
    silent = op in _SILENT_0F or 0x80 <= op < 0x90 or 0x10 <= op < 0x18 or 0x28 <= op < 0x2A
    return frozenset() if silent else None


def of_dwarf(bits: int, number: int) -> int | None:
    """The register that DWARF calls `number`."""
    return _DWARF[bits].index(number) if number in _DWARF[bits] else None
