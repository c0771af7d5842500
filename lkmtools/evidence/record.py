"""The record of a panic or of a report: facts. Readers with the modules' objects at hand make words of it.

It goes to clients as JSON, beside the text. Addresses are those of the kernel that it is about.
"""

from __future__ import annotations

import re
from reprlib import repr  # of any size, and short
from typing import Any, TypeVar

from lkmtools.tuples import NamedTuple

VERSION = 2
PANIC, REPORT = "panic", "report"  # kinds: the kernel's end; something wrong, after which it went on
# How notes begin that readers tell from others: what a record lacks, and where a loop was seen.
LEFT_OUT, IN_LOOP = "not in the record: ", "in the loop: "


class RecordedModule(NamedTuple):
    """A module in a record: where it was, and the object that it was made of.

    `checksum` is that of the object's contents (elf/checksum.py); 0: nobody said it.
    """

    name: str
    path: str
    area: int
    size: int
    checksum: int
    unloaded: bool = False


class RecordedFrame(NamedTuple):
    """A line of the backtrace: `text` as the report has it.

    `pc` is 0 for a kernel function and for a remark. `returns`: it is a return address, behind the call.
    `guess`: a word that was found on the stack. `times`: how often the frame is there in a row; or the cycle
    that it makes with its neighbours that have the same number, of which each is recorded once.
    """

    text: str
    pc: int = 0
    returns: bool = False
    guess: bool = False
    times: int = 1


class RecordedAccess(NamedTuple):
    """The access that failed: `kind` is "read", "write", "read and write" or "fetch", at `address`.

    `size` in bytes is 0 when it is not known. `pc` is the instruction's address, and `code` its bytes in
    hexadecimal, followed by those behind it; both are 0 and "" for a kernel function's access. `argument` is
    the number of the one by which the function came to the address, from 1, and `value` what it was; 0: it is
    not known.
    """

    kind: str
    address: int
    size: int = 0
    pc: int = 0
    code: str = ""
    argument: int = 0
    value: int = 0


class RecordedLevel(NamedTuple):
    """A level of an lwp: one call into machine code that had not returned.

    `function` is the kernel function that ran in it, or "": then machine code did. `registers` has "pc", "sp"
    and "fp" on every machine. Where machine code ran, all others are there too, by the names of the machine
    (also the three, as "rip", "rsp", "rbp" or "eip", "esp", "ebp"). Where a function ran, the three are as
    they will be when it has returned: "pc" is the return address, "sp" lies above it. The innermost level
    then has the registers which a C function keeps, by the names of the machine; for the levels outside it
    they are those that unwinding the inner levels gives.
    """

    function: str
    registers: dict[str, int]


class RecordedLwp(NamedTuple):
    """An lwp: its process, what it waits for ("" for nothing), its levels, innermost first, its live stack.

    `stack` are the bytes of its kernel stack from `sp` to the top, compressed by zlib, in base 64; "" when
    there was no room for it. Where a function ran, its return address is at `sp`. A stack pointer that lies
    elsewhere is replaced by the frame pointer, or else by the beginning of the stack. The first lwp of a
    record is the one that it is about.
    """

    process: str
    lid: int
    wait: str = ""
    request: str = ""
    levels: tuple[RecordedLevel, ...] = ()
    sp: int = 0
    stack: str = ""


class RecordedCall(NamedTuple):
    """A kernel call of a module: `text` has the function with its arguments and its result.

    `pc` is the return address.
    """

    text: str
    pc: int = 0


class CrashRecord(NamedTuple):
    """`process` is the one that ran and `request` the system call that it was in, or "".

    `frames` are innermost first. `modules` are those that are loaded, and those unloaded ones into whose
    memory something points in the frames, in the stacks or in the calls. `registers` are the CPU's at a
    fault, {} when there was none. `notes` are further lines of the text, for example the holder of a lock,
    and what the record has no room for. `calls` are the last kernel calls of the lwp, newest first. `time` is
    in seconds since 1970. `loop` are the lowest and the highest address at which the clock found a loop that
    did not end, in the innermost function that it never left.
    """

    reason: str
    machine: str
    process: str = ""
    request: str = ""
    frames: tuple[RecordedFrame, ...] = ()
    modules: tuple[RecordedModule, ...] = ()
    kind: str = PANIC
    boot: int = 0
    time: float = 0.0
    access: RecordedAccess | None = None
    registers: dict[str, int] = {}
    notes: tuple[str, ...] = ()
    lwps: tuple[RecordedLwp, ...] = ()
    calls: tuple[RecordedCall, ...] = ()
    gate: int = 0  # where a level returns to in the kernel; 0: not known
    loop: tuple[int, ...] = ()

    def dumps(self) -> str:
        """As JSON."""
        import json  # which only a kernel that panics needs

        return json.dumps({"version": VERSION, **plain(self)})


_Row = TypeVar("_Row")
_ROWS: dict[str, type[Any]] = {
    row.__name__: row
    for row in (
        *(RecordedModule, RecordedFrame, RecordedAccess, RecordedLevel, RecordedLwp, RecordedCall),
        CrashRecord,
    )
}


def plain(value: Any) -> Any:
    """A row as a dict for JSON, with its rows as dicts."""
    if hasattr(value, "_asdict"):
        return {name: plain(member) for name, member in value._asdict().items()}
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def loads(text: str) -> CrashRecord | None:
    """A record from its JSON; None for "" and for one of another version. ValueError for anything else."""
    if not text:
        return None
    import json

    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(f"a record is an object, not {type(found).__name__}")
    if found.pop("version", None) != VERSION:
        return None
    return row_of(CrashRecord, found)


def row_of(row: type[_Row], given: Any) -> _Row:
    """A row from its JSON, with the members of the types that they have. ValueError."""
    name = row.__name__
    if not isinstance(given, dict):
        raise ValueError(f"a {name} is an object, not {repr(given)}")
    members = {
        key: _member(f"{name}: {key}", row.__annotations__.get(key, "nothing"), value)
        for key, value in given.items()
    }
    try:
        return row(**members)
    except TypeError:
        fields = ", ".join(row.__annotations__)
        raise ValueError(f"a {name} has the members {fields}, not {repr(given)}") from None


def _member(what: str, kind: str, value: Any) -> Any:
    """A member of a row, of the type that its annotation says."""
    if kind.endswith(" | None"):
        return None if value is None else _member(what, kind.removesuffix(" | None"), value)
    if kind in _ROWS:
        return row_of(_ROWS[kind], value)
    if (several := re.fullmatch(r"tuple\[(\w+), \.\.\.\]", kind)) is not None and isinstance(value, list):
        return tuple(_member(what, several[1], each) for each in value)
    if (
        kind == "dict[str, int]"
        and isinstance(value, dict)
        and {type(each) for each in value.values()} <= {int}
    ):
        return value
    if type(value).__name__ != kind:
        raise ValueError(f"{what} is {repr(value)}, which is not of type {kind}")
    return value
