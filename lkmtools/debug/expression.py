"""DWARF expressions (DWARF 5, section 2.5) that say where something is, or what it was.

Those of call frames: constants, registers, memory, arithmetic, branches. Not those that need a unit or a
type, nor locations in pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from elftools.dwarf.dwarf_expr import DWARFExprOp, DWARFExprParser
from elftools.dwarf.structs import DWARFStructs

_MOST_STEPS = 1000
_MOST_VALUES = 256


class UnknownValue(Exception):
    """A register or a word of memory that a record does not have."""


class Expressions:
    """What evaluates the expressions of a machine; `read(addr, size)` is its memory. UnknownValue."""

    def __init__(self, structs: DWARFStructs, read: Callable[[int, int], int]) -> None:
        self._parser = DWARFExprParser(structs)
        self._bits = 8 * structs.address_size
        self._mask = (1 << self._bits) - 1
        self._read = read

    def value(self, code: Iterable[int], registers: Mapping[int, int], *pushed: int) -> int:
        """The value of an expression; `pushed` is on its stack at the beginning."""
        try:
            return self._value(bytes(code), registers, list(pushed))
        except UnknownValue:
            raise
        except Exception as error:  # too few values, a jump into nowhere, a division by zero, damaged bytes
            raise UnknownValue(f"a damaged expression: {error!r}") from None

    def _value(self, code: bytes, registers: Mapping[int, int], stack: list[int]) -> int:
        steps = self._parser.parse_expr(code)
        places = {step.offset: number for number, step in enumerate(steps)}
        ends = [step.offset for step in steps[1:]] + [len(code)]
        at = 0
        for _ in range(_MOST_STEPS):
            if at >= len(steps):
                return stack[-1]
            step = steps[at]
            name = step.op_name.removeprefix("DW_OP_")
            at += 1
            if name == "skip" or (name == "bra" and stack.pop()):
                target = ends[at - 1] + step.args[0]
                at = places[target] if target != ends[-1] else len(steps)
            elif name != "bra":
                self._step(name, step, stack, registers)
                del stack[_MOST_VALUES:]
        raise UnknownValue("an expression without an end")

    def _step(self, name: str, step: DWARFExprOp, stack: list[int], registers: Mapping[int, int]) -> None:
        """Do one operation."""
        if name in _BINARY:
            second, first = stack.pop(), stack.pop()
            stack.append(_BINARY[name](first, second) & self._mask)
        elif name in _SIGNED:
            second, first = self._signed(stack.pop()), self._signed(stack.pop())
            stack.append(_SIGNED[name](first, second) & self._mask)
        elif name in _UNARY:
            stack.append(_UNARY[name](self._signed(stack.pop())) & self._mask)
        elif name in _MOVES:
            _MOVES[name](stack, *step.args)
        elif name.startswith("breg"):
            number, offset = (int(name[4:]), *step.args) if name != "bregx" else step.args
            stack.append(self._register(registers, number) + offset & self._mask)
        elif name.startswith("deref"):
            stack.append(self._read(stack.pop(), step.args[0] if step.args else self._bits // 8))
        elif name.startswith("lit"):
            stack.append(int(name[3:]))
        elif name == "addr" or name.startswith("const"):
            stack.append(step.args[0] & self._mask)
        elif name == "plus_uconst":
            stack.append(stack.pop() + step.args[0] & self._mask)
        elif name != "nop":
            raise UnknownValue(f"an expression with {step.op_name}")

    def _register(self, registers: Mapping[int, int], number: int) -> int:
        if number not in registers:
            raise UnknownValue(f"register {number}")
        return registers[number]

    def _signed(self, value: int) -> int:
        return value - (1 << self._bits) if value >> self._bits - 1 else value


def _divide(first: int, second: int) -> int:
    """As C does: towards zero."""
    quotient = abs(first) // abs(second)
    return quotient if (first < 0) == (second < 0) else -quotient


_BINARY: dict[str, Callable[[int, int], int]] = {
    "and": lambda a, b: a & b,
    "minus": lambda a, b: a - b,
    "mod": lambda a, b: a % b,
    "mul": lambda a, b: a * b,
    "or": lambda a, b: a | b,
    "plus": lambda a, b: a + b,
    "shl": lambda a, b: a << b if b < 64 else 0,
    "shr": lambda a, b: a >> b,
    "xor": lambda a, b: a ^ b,
}
_SIGNED: dict[str, Callable[[int, int], int]] = {
    "div": _divide,
    "shra": lambda a, b: a >> b if b >= 0 else 0,
    "eq": lambda a, b: a == b,
    "ge": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "lt": lambda a, b: a < b,
    "ne": lambda a, b: a != b,
}
_UNARY: dict[str, Callable[[int], int]] = {"abs": abs, "neg": lambda a: -a, "not": lambda a: ~a}


def _rotate(stack: list[int]) -> None:
    """The top goes below the two under it."""
    stack[-3:] = [stack[-1], stack[-3], stack[-2]]


def _swap(stack: list[int]) -> None:
    stack[-2:] = [stack[-1], stack[-2]]


_MOVES: dict[str, Callable[..., None]] = {
    "dup": lambda stack: stack.append(stack[-1]),
    "drop": lambda stack: stack.pop(),
    "over": lambda stack: stack.append(stack[-2]),
    "pick": lambda stack, depth: stack.append(stack[-1 - depth]),
    "swap": _swap,
    "rot": _rotate,
}
