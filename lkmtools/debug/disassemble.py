"""An instruction in words, with the values of the registers that it uses.

The words are those of capstone, where it is installed; else there are the bytes.
"""

from __future__ import annotations

import re
from typing import Any

from lkmtools.debug.x86 import NAMES
from lkmtools.instructions import decode

_SHOWN_BYTES = 15
_STACK = ("rsp", "esp")


def instruction_text(code: bytes, pc: int, bits: int, registers: dict[str, int]) -> str:
    """As `movl $1, 0x10(%rax)   rax=0x0`; "" when there are no bytes."""
    if not code:
        return ""
    found = _capstone(code, pc, bits)
    text, names = found if found is not None else _bytes(code, pc, bits)
    known = _whole(names, bits)
    values = [f"{name}={registers[name]:#x}" for name in dict.fromkeys(known) if name in registers]
    return "   ".join(filter(None, (text, " ".join(values))))


def _capstone(code: bytes, pc: int, bits: int) -> tuple[str, list[str]] | None:
    """The instruction as objdump writes it, and the names of its registers."""
    try:
        import capstone
    except ImportError:
        return None
    mode = capstone.CS_MODE_64 if bits == 64 else capstone.CS_MODE_32
    machine: Any = capstone.Cs(capstone.CS_ARCH_X86, mode)
    machine.syntax = capstone.CS_OPT_SYNTAX_ATT
    machine.detail = True
    for row in machine.disasm(code, pc, 1):
        return f"{row.mnemonic} {_hexadecimal(row.op_str)}".rstrip(), _used(row)
    return None


def _hexadecimal(operands: str) -> str:
    """Operands as objdump writes them: `$0x1,0x10(%rax)`."""
    return re.sub(r"(?<![\w%])\d+\b(?!\))", lambda found: hex(int(found[0])), operands.replace(", ", ","))


def _used(row: Any) -> list[str]:
    """The registers that it reads, those of memory first."""
    numbers = []
    for operand in row.operands:
        if operand.type == 3:  # memory
            numbers += [operand.mem.base, operand.mem.index]
    numbers += [operand.reg for operand in row.operands if operand.type == 1 and operand.access & 1]
    implicit = [number for number in row.regs_read if row.reg_name(number) not in _STACK]
    return [row.reg_name(number) for number in (*numbers, *implicit) if number]


def _bytes(code: bytes, pc: int, bits: int) -> tuple[str, list[str]]:
    """The bytes of the instruction, or the first ones where its end is not known; registers of its memory."""
    row = decode(code, pc, bits)
    text = code[: row.length if row is not None else _SHOWN_BYTES].hex(" ")
    memory = row.memory if row is not None else None
    numbers = (memory.base, memory.scaled) if memory is not None else ()
    return f"code {text}", [NAMES[bits][number] for number in numbers if number is not None]


def _whole(names: list[str], bits: int) -> list[str]:
    """The registers of which some are parts: rax for eax, ax, al."""
    families = {part: whole for whole in NAMES[bits] for part in _parts(whole)}
    return [families[name] for name in names if name in families]


def _parts(whole: str) -> list[str]:
    if whole[1:].isdigit():
        return [whole, *(whole + letter for letter in "dwb")]
    bare = whole[1:]
    found = [whole, f"e{bare}", bare, f"{bare}l"]
    return [*found, f"{bare[0]}l", f"{bare[0]}h"] if bare[1] == "x" else found
