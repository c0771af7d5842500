"""docs/relocations.md from the linker's rows: `python -m lkmtools.link.doc > docs/relocations.md`.

The formulas are read from the source of the rows, so that the page says what the code does.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys

from lkmtools.link.howto import Howto, Machine, Overflow, Refusal
from lkmtools.link.machines import MACHINES

_HEAD = """\
# Relocation types

Generated from the linker's tables by `python -m lkmtools.link.doc`; do not edit.

S is the symbol's value, A the addend, P the address of the field, GOT the address of the global offset
table, G the offset of the symbol's slot in it, Z the symbol's size. There is no procedure linkage table:
everything is linked statically, so the psABIs' L is S. A field of n bytes is checked for overflow as its
row says: *signed* and *unsigned* are ranges of 8n bits, *signed or unsigned* is either, *any* is cut.

The addend is in the relocation (RELA) or in the field (REL), as the object has it. No
instruction is rewritten (ld's relaxations), so a load through the GOT stays one. The GOT is made when a
relocation or `_GLOBAL_OFFSET_TABLE_` asks for it: three reserved zero words, then a slot for each symbol,
read-only.
"""


def text() -> str:
    """The whole page."""
    parts = [_HEAD]
    for machine in MACHINES.values():
        parts += [_table(machine), _refusals(machine)]
    return "\n".join(parts)


def _table(machine: Machine) -> str:
    formulas = _formulas(machine)
    lines = [
        f"## {machine.name}: done\n",
        "| type | name | bytes | value | range |",
        "|---:|---|---:|---|---|",
    ]
    for row in machine.rows:
        if isinstance(row, Howto):
            span = "" if row.size == 0 else row.overflow.value
            if row.size and row.overflow is not Overflow.NONE:
                span += f": {row.low:#x}..{row.high:#x}"
            formula = formulas[row.type] if row.size else "nothing is changed"
            lines.append(f"| {row.type} | {row.name} | {row.size} | {formula} | {span} |")
    return "\n".join([*lines, ""])


def _refusals(machine: Machine) -> str:
    lines = [f"## {machine.name}: refused\n", "| type | name | why |", "|---:|---|---|"]
    lines += [f"| {r.type} | {r.name} | {r.reason} |" for r in machine.rows if isinstance(r, Refusal)]
    return "\n".join([*lines, ""])


def _formulas(machine: Machine) -> dict[int, str]:
    """Relocation type -> its formula as text, from the rows' lambdas in the machine's module."""
    source = inspect.getsource(importlib.import_module(f"lkmtools.link.{machine.name}"))
    found = {}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "Howto":
            continue
        number, formula = node.args[0], node.args[4]
        assert isinstance(number, ast.Constant)
        assert isinstance(formula, ast.Lambda)
        text = ast.unparse(formula.body).replace("r.", "")
        found[int(str(number.value))] = text.replace("_base(r)", "(GOT unless a register holds it)")
    return found


if __name__ == "__main__":
    sys.stdout.write(text())
