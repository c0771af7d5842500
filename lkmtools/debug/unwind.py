"""The frames of module code in a record, by the rules of the modules' objects (cfi.py).

Each level is unwound from its registers and the live stack up to the kernel's gate. The kernel function
between two levels keeps what a C function keeps: an outer level goes on with what the inner one leaves. Where
the rules do not lead on (code without them, a stack that was overwritten or is not in the record), the frames
that the kernel found are the next best.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterator

from lkmtools.debug.cfi import CallFrames, FrameRules, RegisterRule
from lkmtools.debug.expression import Expressions, UnknownValue
from lkmtools.debug.info import DebugInfoError
from lkmtools.evidence.cycles import once_each
from lkmtools.evidence.record import CrashRecord, RecordedFrame, RecordedLevel, RecordedLwp, RecordedModule
from lkmtools.tuples import NamedTuple

_MOST = 1 << 14  # frames of all levels
_MOST_STACK = 1 << 20  # bytes

RulesOf = Callable[[RecordedModule], CallFrames | None]


class _Machine(NamedTuple):
    """Registers by DWARF number (psABI: System V ABI, AMD64 figure 3.36, Intel386 table 2.14)."""

    word: int
    names: tuple[str, ...]
    sp: int
    fp: int
    kept: frozenset[int]  # that a C function leaves as they were


_MACHINES = {
    "amd64": _Machine(
        8,
        ("rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", *(f"r{number}" for number in range(8, 16))),
        sp=7,
        fp=6,
        kept=frozenset((3, 6, 12, 13, 14, 15)),
    ),
    "i386": _Machine(
        4,
        ("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"),
        sp=4,
        fp=5,
        kept=frozenset((3, 5, 6, 7)),
    ),
}


class _Frame(NamedTuple):
    """A place in code, with the registers there by DWARF number."""

    pc: int
    returns: bool
    registers: dict[int, int]
    guess: bool = False


def unwound(record: CrashRecord, rules_of: RulesOf) -> tuple[RecordedFrame, ...]:
    """The frames of a record's first lwp, in the form of its `frames`; by the modules' rules where possible.

    `rules_of` is asked once for the rules of a module, and answers None when it has none. A cycle of frames
    is there once, with the number of times.
    """
    if not record.lwps or record.machine not in _MACHINES:
        return record.frames
    return tuple(once_each([*_Unwinder(record, record.lwps[0], rules_of).frames()]))


class _Stack:
    """The live stack of an lwp."""

    def __init__(self, lwp: RecordedLwp, word: int) -> None:
        self.start = lwp.sp
        self._word = word
        try:
            packed = base64.b64decode(lwp.stack)
            self._data = zlib.decompressobj().decompress(packed, _MOST_STACK) if packed else b""
        except (ValueError, zlib.error):
            self._data = b""

    def read(self, addr: int, size: int = 0) -> int:
        """A word, or `size` bytes; UnknownValue when they are not in the record."""
        size = size or self._word
        at = addr - self.start
        if at < 0 or at + size > len(self._data):
            raise UnknownValue(f"memory at {addr:#x}")
        return int.from_bytes(self._data[at : at + size], "little")

    def find(self, value: int, start: int) -> int | None:
        """Where the next word with this value is."""
        wanted = value.to_bytes(self._word, "little")
        at = max(start - self.start, 0)
        while (at := self._data.find(wanted, at)) >= 0 and at % self._word:
            at += 1
        return self.start + at if at >= 0 else None


class _Lost(Exception):
    """Nothing leads on."""


class _KernelFrames:
    """The frames of a level as the kernel found them, up to the one that was reached."""

    def __init__(self, rows: list[RecordedFrame]) -> None:
        self._rows = rows
        self._next = 0

    def reach(self, pc: int, returns: bool) -> RecordedFrame | None:
        """A frame by its place; None when it is not among those that follow."""
        for at, row in enumerate(self._rows[self._next :], self._next):
            if (row.pc, row.returns) == (pc, returns):
                self._next = at + 1
                return row
        return None

    def rest(self) -> list[RecordedFrame]:
        """Those behind it."""
        return self._rows[self._next :]


class _Unwinder:
    """One lwp of a record."""

    def __init__(self, record: CrashRecord, lwp: RecordedLwp, rules_of: RulesOf) -> None:
        self._record, self._lwp = record, lwp
        self._machine = _MACHINES[record.machine]
        self._mask = (1 << 8 * self._machine.word) - 1
        self._stack = _Stack(lwp, self._machine.word)
        self._rules_of = rules_of
        self._rules: dict[int, CallFrames | None] = {}
        self._left = _MOST

    def frames(self) -> Iterator[RecordedFrame]:
        """All levels, each behind the kernel function that ran in it."""
        kept: dict[int, int] = {}
        before, groups = _by_level(self._record.frames, self._lwp.levels)
        yield from before
        for level, (head, rows) in zip(self._lwp.levels, groups, strict=True):
            yield from head
            found, kept = self._level(level, rows, kept)
            yield from found

    def _level(
        self, level: RecordedLevel, rows: list[RecordedFrame], kept: dict[int, int]
    ) -> tuple[list[RecordedFrame], dict[int, int]]:
        """The frames of a level, and the registers that its caller had; {} when they are not known.

        `rows` are the frames that the kernel found, `kept` the registers that the level inside left.
        """
        numbers = {name: number for number, name in enumerate(self._machine.names)}
        registers = kept | {numbers[name]: n for name, n in level.registers.items() if name in numbers}
        try:
            registers |= {self._machine.sp: level.registers["sp"], self._machine.fp: level.registers["fp"]}
            frame = _Frame(level.registers["pc"], bool(level.function), registers)
        except KeyError:
            return rows, {}
        reached = _KernelFrames(rows)
        found: list[RecordedFrame] = []
        while not self._is_end(frame, first=not found):
            row = reached.reach(frame.pc, frame.returns)
            text = row.text.removesuffix(" ?") if row is not None else self._text(frame)
            found.append(RecordedFrame(text + " ?" * frame.guess, frame.pc, frame.returns, frame.guess))
            self._left -= 1
            try:
                caller = self._caller(frame)
                if caller is None:
                    found[-1] = found[-1]._replace(times=row.times if row is not None else 1)
                    caller = self._found(reached, frame)
            except _Lost:
                return found + reached.rest(), {}
            frame = caller
        return found, {n: value for n, value in frame.registers.items() if n in self._machine.kept}

    def _is_end(self, frame: _Frame, first: bool) -> bool:
        """Has the level returned to the kernel?"""
        if self._record.gate:
            return frame.pc == self._record.gate
        return not first and self._module(frame.pc) is None

    def _module(self, pc: int) -> RecordedModule | None:
        modules = self._record.modules
        return next((each for each in modules if each.area <= pc < each.area + each.size), None)

    def _text(self, frame: _Frame) -> str:
        """As the kernel would have it, for a frame that it did not find."""
        module = self._module(frame.pc - frame.returns)
        rules = self._rules_at(frame.pc - frame.returns)
        found = rules.function(frame.pc - frame.returns) if rules is not None else None
        if module is None or found is None:
            return f"{frame.pc:#x}"
        name, start = found
        return f"{name}+{frame.pc - start:#x} [{module.name}{', unloaded' * module.unloaded}]"

    def _rules_at(self, pc: int) -> CallFrames | None:
        """Those of the module that has `pc`."""
        module = self._module(pc)
        if module is None:
            return None
        if module.area not in self._rules:
            self._rules[module.area] = self._rules_of(module)
        return self._rules[module.area]

    # -- one frame --------------------------------------------------------------------------------------

    def _caller(self, frame: _Frame) -> _Frame | None:
        """The frame that called it, by the rules; None where they do not lead on. _Lost."""
        if self._left <= 0:
            raise _Lost
        frames = self._rules_at(frame.pc - frame.returns)
        try:
            rules = frames.at(frame.pc - frame.returns) if frames is not None else None
            if frames is None or rules is None:
                return None
            caller = self._apply(frames, rules, frame)
        except (DebugInfoError, UnknownValue):
            return None
        sp = self._machine.sp
        return caller if caller.registers[sp] > frame.registers[sp] else None  # upwards: it has an end

    def _apply(self, frames: CallFrames, rules: FrameRules, frame: _Frame) -> _Frame:
        """The caller by the rules. UnknownValue, DebugInfoError."""
        if rules.cfa is None:
            raise UnknownValue("no rule for the CFA")
        expressions = Expressions(frames.structs, self._stack.read)
        old, machine = frame.registers, self._machine

        def value(rule: RegisterRule, cfa: int | None, number: int) -> int:
            if rule.kind == "at":
                return self._stack.read((cfa or 0) + rule.n & self._mask)
            if rule.kind == "value":
                return (cfa or 0) + rule.n & self._mask
            if rule.kind.endswith("expression"):
                found = expressions.value(rule.code, old, *(() if cfa is None else (cfa,)))
                return self._stack.read(found) if rule.kind.startswith("at ") else found
            return _register(old, rule.register if rule.kind == "register" else number) + rule.n & self._mask

        cfa = value(rules.cfa, None, 0)
        new = {number: old[number] for number in machine.kept if number in old}
        new[machine.sp] = cfa
        for number, rule in rules.registers.items():
            new.pop(number, None)
            if rule.kind != "undefined" and (rule.kind != "same" or number in old):
                new[number] = value(rule, cfa, number)
        return _Frame(_register(new, rules.returns), True, new, frame.guess)

    def _found(self, reached: _KernelFrames, frame: _Frame) -> _Frame:
        """The caller that the kernel found, with what can be said of its registers; _Lost."""
        following = next((row for row in reached.rest() if row.pc), None)
        machine, registers = self._machine, dict(frame.registers)
        slot = self._stack.find(following.pc, registers[machine.sp]) if following is not None else None
        if following is None or slot is None:
            raise _Lost
        if registers[machine.fp] + machine.word == slot:
            registers[machine.fp] = self._stack.read(registers[machine.fp])
        registers[machine.sp] = slot + machine.word
        return _Frame(following.pc, True, registers, frame.guess or following.guess)


def _register(registers: dict[int, int], number: int) -> int:
    if number not in registers:
        raise UnknownValue(f"register {number}")
    return registers[number]


_Group = tuple[list[RecordedFrame], list[RecordedFrame]]  # a kernel function, if one ran; the level's frames


def _by_level(
    frames: tuple[RecordedFrame, ...], levels: tuple[RecordedLevel, ...]
) -> tuple[list[RecordedFrame], list[_Group]]:
    """The kernel's frames before the first kernel function, unless a level has them, and those by level."""
    groups: list[_Group] = []
    left = list(frames)
    before: list[RecordedFrame] = []
    for level in levels:
        head: list[RecordedFrame] = []
        if level.function:
            at = next((i for i, row in enumerate(left) if _is_call_of(level.function, row)), len(left))
            (groups[-1][1] if groups else before).extend(left[:at])
            head, left = [RecordedFrame(f"{level.function}() [kernel]")], left[at + 1 :]
        rows: list[RecordedFrame] = []
        groups.append((head, rows))
    (groups[-1][1] if groups else before).extend(left)
    return before, groups


def _is_call_of(function: str, row: RecordedFrame) -> bool:
    return not row.pc and row.text == f"{function}() [kernel]"
