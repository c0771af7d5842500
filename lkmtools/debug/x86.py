"""Which registers the instructions of x86 write, as far as it takes to find where a pointer came from.

They are taken apart in instructions.py. For people there is disassemble.py.
"""

from __future__ import annotations

from lkmtools.instructions import ARITHMETIC, AX, BP, CX, DI, DX, SI, Instruction

ARGUMENTS = (DI, SI, DX, CX, 8, 9)  # of functions on amd64
NAMES = {
    64: ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16))),
    32: ("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"),
}
_DWARF = {64: (0, 2, 1, 3, 7, 6, 4, 5, *range(8, 16)), 32: tuple(range(8))}  # by number in instructions
_CLOBBERED = {64: frozenset((AX, CX, DX, SI, DI, 8, 9, 10, 11)), 32: frozenset((AX, CX, DX))}  # by a call
_LOADS_0F = frozenset((0xAF, 0xB6, 0xB7, 0xBC, 0xBD, 0xBE, 0xBF, *range(0x40, 0x50)))
_CHANGES_0F = frozenset((0xA4, 0xA5, 0xAB, 0xAC, 0xAD, 0xB3, 0xBA, 0xBB, *range(0x90, 0xA0)))
_SILENT_0F = frozenset((0x0B, 0x0D, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F, 0xA3, 0xAE))


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
    if op > 0xFFFF:
        return None
    if op >= 0x0F00:
        return _written_0f(op & 0xFF, reg, changed)
    if op in ARITHMETIC:
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
