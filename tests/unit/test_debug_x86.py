"""The instructions by which the origin of a pointer is found: their lengths, and what they write."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lkmtools.debug.origin import FunctionCode, Origins
from lkmtools.debug.variables import REGISTER, Variable, VariablePlace
from lkmtools.debug.x86 import written
from lkmtools.instructions import AX, BX, CX, DI, DX, SI, decode
from lkmtools.machine.x86 import find_return
from unit.test_machine_x86 import BACK, NOT, WIDE, instructions

NOPS = b"\x90" * 16


@pytest.mark.parametrize(("machine", "text"), [("i386", BACK + NOT), ("amd64", BACK + NOT + WIDE)])
def test_lengths_are_those_of_the_assembler(tmp_path: Path, machine: str, text: str) -> None:
    """And the kernel finds the return behind each."""
    bits = 64 if machine == "amd64" else 32
    for one, code in instructions(text, tmp_path, machine):
        row = decode(code + NOPS, 0, bits)
        assert row is not None, one
        assert (one, row.length) == (one, len(code))
        if one != "ret":
            assert (one, find_return(code + b"\xc3", bits)) == (one, len(code))


@pytest.mark.parametrize(
    ("code", "registers"),
    [
        ("b401", {AX}),  # mov $1,%ah
        ("88c6", {DX}),  # mov %al,%dh
        ("0f94c5", {CX}),  # sete %ch
        ("8a3b", {BX}),  # mov (%rbx),%bh
        ("89c6", {SI}),  # mov %eax,%esi
        ("be01000000", {SI}),  # mov $1,%esi
        ("5e", {SI}),  # pop %rsi
        ("0fb6f0", {SI}),  # movzbl %al,%esi
        ("39c6", set()),  # cmp
        ("f7e1", {AX, DX}),  # mul
    ],
)
def test_the_registers_that_are_written(code: str, registers: set[int]) -> None:
    """Where a byte may be the upper one of ax to bx, that register is among them."""
    row = decode(bytes.fromhex(code) + NOPS, 0, 64)
    assert row is not None
    found = written(row, 64)
    assert found is not None
    assert found - {4, 5, 6, 7} == registers - {4, 5, 6, 7}
    assert registers <= found


class Die(SimpleNamespace):
    """A type in DWARF that is made of another."""

    def get_DIE_from_attribute(self, name: str) -> Any:
        return self.attributes[name]


INT = Die(tag="DW_TAG_base_type", attributes={})
POINTER = Die(tag="DW_TAG_pointer_type", attributes={"DW_AT_type": INT})
P = Variable("p", POINTER, VariablePlace(REGISTER, DI), INT)  # type: ignore[arg-type]


@pytest.mark.parametrize(("end", "known"), [("c3", True), ("ffe0", False)])
def test_where_a_table_of_jumps_may_lead_the_way_is_not_followed(end: str, known: bool) -> None:
    """A line that begins in a function with a jump through a register may be a case of a switch."""
    code = bytes.fromhex("4889fb 90 8b03" + end)  # mov %rdi,%rbx; nop; mov (%rbx),%eax
    variables: Any = SimpleNamespace(at=lambda pc: [P] if pc == 0 else [])
    origins = Origins(FunctionCode([(0, code)], 64), 64, variables, frozenset((0, 4)), lambda addr: None)
    found = origins.of(BX, 4)
    assert (found is not None and found.text == "p") == known
