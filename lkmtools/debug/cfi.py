"""The rules by which a frame is unwound at an address (DWARF 5, section 6.4): .debug_frame and .eh_frame.

pyelftools reads the entries; what their instructions do until an address is done here: it has no rows for
what compilers make of pushed arguments (DW_CFA_GNU_args_size), and takes the wrong factor for others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from io import BytesIO
from typing import Any

from elftools.dwarf.callframe import FDE, CallFrameInfo
from elftools.dwarf.structs import DWARFStructs

from lkmtools.debug.info import DebugInfoError
from lkmtools.debug.linked import Debugged, Functions
from lkmtools.tuples import NamedTuple

_MOST = 1 << 20  # bytes of a section that are read


class RegisterRule(NamedTuple):
    """What a register was in the caller's frame, or what the CFA is, for which it is the same kind of thing.

    `kind` is "at" (memory at CFA + n), "value" (CFA + n), "register" (that register + n), "at expression",
    "value of expression", "same" or "undefined".
    """

    kind: str
    n: int = 0
    register: int = 0
    code: tuple[int, ...] = ()


class FrameRules(NamedTuple):
    """The rules at an address: of the CFA, of registers by DWARF number; `returns` has the return address."""

    cfa: RegisterRule | None
    registers: dict[int, RegisterRule]
    returns: int


class _Cfa(IntEnum):
    """DW_CFA_* (DWARF 5, section 7.24), and those of GNU."""

    ADVANCE_LOC = 0x40
    OFFSET = 0x80
    RESTORE = 0xC0
    NOP = 0x00
    SET_LOC = 0x01
    ADVANCE_LOC1 = 0x02
    ADVANCE_LOC2 = 0x03
    ADVANCE_LOC4 = 0x04
    OFFSET_EXTENDED = 0x05
    RESTORE_EXTENDED = 0x06
    UNDEFINED = 0x07
    SAME_VALUE = 0x08
    REGISTER = 0x09
    REMEMBER_STATE = 0x0A
    RESTORE_STATE = 0x0B
    DEF_CFA = 0x0C
    DEF_CFA_REGISTER = 0x0D
    DEF_CFA_OFFSET = 0x0E
    DEF_CFA_EXPRESSION = 0x0F
    EXPRESSION = 0x10
    OFFSET_EXTENDED_SF = 0x11
    DEF_CFA_SF = 0x12
    DEF_CFA_OFFSET_SF = 0x13
    VAL_OFFSET = 0x14
    VAL_OFFSET_SF = 0x15
    VAL_EXPRESSION = 0x16
    GNU_ARGS_SIZE = 0x2E


class CallFrames:
    """The rules of an object that is linked at an address."""

    def __init__(self, obj: Debugged) -> None:
        self._name = obj.name
        self._word = obj.word
        self._sections = list(_sections(obj))
        self.structs = DWARFStructs(obj.little_endian, 32, obj.word)
        self._entries: list[FDE] | None = None
        self._known: dict[int, FrameRules | None] = {}
        self._image = obj.image
        self._functions: Functions | None = None

    def at(self, addr: int) -> FrameRules | None:
        """The rules for a frame whose code is at `addr`; None when there are none.

        DebugInfoError for damaged sections.
        """
        if addr not in self._known:
            try:
                self._known[addr] = self._rules(addr)
            except Exception as error:  # pyelftools lets out whatever damaged bytes lead to
                why = f"{self._name}: the call frame information is damaged: {error!r}"
                raise DebugInfoError(why) from None
        return self._known[addr]

    def function(self, addr: int) -> tuple[str, int] | None:
        """Name and first address of the function at `addr`, by the symbols."""
        self._functions = self._functions or Functions(self._image)
        return self._functions.at(addr)

    def _rules(self, addr: int) -> FrameRules | None:
        if self._entries is None:
            self._entries = []  # damaged sections are read once, and have no rules then
            self._entries = [entry for each in self._sections for entry in self._read(*each)]
        mask = (1 << 8 * self._word) - 1
        for entry in self._entries:
            if 0 <= (addr - entry.header["initial_location"] & mask) < entry.header["address_range"]:
                return _RuleState(entry, mask).at(addr)
        return None

    def _read(self, data: bytes, address: int, for_eh_frame: bool) -> Iterator[FDE]:
        info = CallFrameInfo(BytesIO(data), len(data), address, self.structs, for_eh_frame)
        return (entry for entry in info.get_entries() if isinstance(entry, FDE))


def _sections(obj: Debugged) -> Iterator[tuple[bytes, int, bool]]:
    """Bytes and address of each section with such rules; is it in the form of .eh_frame?"""
    image = obj.image
    found = [(obj.sections.get(".debug_frame", b""), 0, False)]
    for section in image.sections:
        if section.name == ".eh_frame":
            at = section.address - image.base
            found.append((image.data[at : at + section.size], section.address, True))
    return (each for each in found if 0 < len(each[0]) <= _MOST)


class _RuleState:
    """The state of an entry's instructions."""

    def __init__(self, entry: FDE, mask: int) -> None:
        cie = entry.cie
        assert cie is not None
        self._cie, self._entry = cie, entry
        self._code, self._data = cie.header["code_alignment_factor"], cie.header["data_alignment_factor"]
        self._mask = mask
        self._cfa: RegisterRule | None = None
        self._registers: dict[int, RegisterRule] = {}
        self._first: dict[int, RegisterRule] = {}
        self._kept: list[tuple[RegisterRule | None, dict[int, RegisterRule]]] = []

    def at(self, addr: int) -> FrameRules:
        """The rules at an address that the entry is about."""
        for instruction in self._cie.instructions:
            self._change(instruction.opcode, instruction.args)
        self._first = dict(self._registers)
        start = self._entry.header["initial_location"]
        left, into = 0, addr - start & self._mask
        for instruction in self._entry.instructions:
            number, args = _number(instruction.opcode), instruction.args
            if number == _Cfa.SET_LOC:
                left = args[0] - start & self._mask
            elif number in (_Cfa.ADVANCE_LOC, _Cfa.ADVANCE_LOC1, _Cfa.ADVANCE_LOC2, _Cfa.ADVANCE_LOC4):
                left += args[0] * self._code
            else:
                self._change(number, args)
            if left > into:
                break
        return FrameRules(self._cfa, self._registers, self._cie.header["return_address_register"])

    def _change(self, opcode: int, args: list[Any]) -> None:
        """What one instruction does to the row."""
        number = _number(opcode)
        if number in _CFA_RULES:
            self._cfa = _CFA_RULES[number](self._cfa or RegisterRule("register"), self._data, *args)
        elif number in _RULES:
            self._registers[args[0]] = _RULES[number](self._data, *args[1:])
        elif number in (_Cfa.RESTORE, _Cfa.RESTORE_EXTENDED):
            self._registers.pop(args[0], None)
            if args[0] in self._first:
                self._registers[args[0]] = self._first[args[0]]
        elif number == _Cfa.REMEMBER_STATE:
            self._kept.append((self._cfa, dict(self._registers)))
        elif number == _Cfa.RESTORE_STATE:
            self._cfa, self._registers = self._kept.pop()
        elif number not in (_Cfa.NOP, _Cfa.GNU_ARGS_SIZE):
            raise ValueError(f"call frame instruction {number:#x}")


def _number(opcode: int) -> int:
    """Three instructions have an operand in the lower bits."""
    return opcode & 0xC0 or opcode


# A row is changed by these functions of the CFA's rule, the entry's factor for data, and the operands.
_CFA_RULES: dict[int, Callable[..., RegisterRule]] = {
    _Cfa.DEF_CFA: lambda old, data, register, n: RegisterRule("register", n, register),
    _Cfa.DEF_CFA_SF: lambda old, data, register, n: RegisterRule("register", n * data, register),
    _Cfa.DEF_CFA_REGISTER: lambda old, data, register: old._replace(register=register),
    _Cfa.DEF_CFA_OFFSET: lambda old, data, n: old._replace(n=n),
    _Cfa.DEF_CFA_OFFSET_SF: lambda old, data, n: old._replace(n=n * data),
    _Cfa.DEF_CFA_EXPRESSION: lambda old, data, code: RegisterRule("value of expression", code=tuple(code)),
}
# ... and the rule of a register is made by these, of that factor and the operands behind the register.
_RULES: dict[int, Callable[..., RegisterRule]] = {
    _Cfa.OFFSET: lambda data, n: RegisterRule("at", n * data),
    _Cfa.OFFSET_EXTENDED: lambda data, n: RegisterRule("at", n * data),
    _Cfa.OFFSET_EXTENDED_SF: lambda data, n: RegisterRule("at", n * data),
    _Cfa.VAL_OFFSET: lambda data, n: RegisterRule("value", n * data),
    _Cfa.VAL_OFFSET_SF: lambda data, n: RegisterRule("value", n * data),
    _Cfa.REGISTER: lambda data, other: RegisterRule("register", 0, other),
    _Cfa.EXPRESSION: lambda data, code: RegisterRule("at expression", code=tuple(code)),
    _Cfa.VAL_EXPRESSION: lambda data, code: RegisterRule("value of expression", code=tuple(code)),
    _Cfa.UNDEFINED: lambda data: RegisterRule("undefined"),
    _Cfa.SAME_VALUE: lambda data: RegisterRule("same"),
}
