"""The source of a panic: what the objects of the modules on the stack say about its record."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from lkmtools.debug.access import access_text, argument_text, call_text
from lkmtools.debug.disassemble import instruction_text
from lkmtools.debug.info import SourcePlace
from lkmtools.debug.loops import loop_place
from lkmtools.debug.objects import ModuleObject, debug_path
from lkmtools.debug.unwind import unwound
from lkmtools.elf.regular import read_regular
from lkmtools.evidence.record import CrashRecord, RecordedAccess, RecordedFrame, loads
from lkmtools.instructions import LONGEST
from lkmtools.tuples import NamedTuple

_MOST = 256  # places
_MOST_SOURCE = 4 << 20  # bytes of a source that is read
_AROUND = 2  # lines before and after the one that matters
_FETCH = "fetch"
_PC = {64: "rip", 32: "eip"}
_BITS = {"amd64": 64, "i386": 32}


class SourceFrame(NamedTuple):
    """A line of the backtrace: a place in the source and its module, or the `text` of the kernel's."""

    text: str
    place: SourcePlace | None = None
    of: ModuleObject | None = None
    times: int = 1


class Explained:
    """A record and what the objects add to it.

    `rows` is the whole backtrace; `access` and `instruction` say what failed, and `loop` which lines a loop
    has that did not end, "" when they are not known.
    """

    def __init__(self, record: CrashRecord, directories: Sequence[str] | None = None) -> None:
        self.record = record
        where = debug_path() if directories is None else directories
        self._objects = [ModuleObject(module, where) for module in record.modules]
        self._rules = {each.module.area: each.rules for each in self._objects}
        self.frames = self._unwound(record)
        self.rows = self._all_rows(self.frames)
        self.access = self._access()
        self.loop = self._loop()
        self.instruction = self._instruction()

    @property
    def culprit(self) -> SourceFrame | None:
        """The innermost row with a line of the source."""
        return next((row for row in self.rows if row.place is not None and row.place.line), None)

    def others(self) -> Iterator[tuple[str, list[SourceFrame]]]:
        """The lwps besides the first whose stacks the notes of the record show: the process and its rows."""
        for lwp in self.record.lwps[1:]:
            if f"stack of {lwp.process}:" in self.record.notes:
                yield lwp.process, self._all_rows(self._unwound(self.record._replace(lwps=(lwp,), frames=())))

    def whys(self) -> Iterator[str]:
        """Why there is no source for a module on the stack, or not all of it."""
        for each in self._objects:
            if each.why:
                yield f"no source for module {each.module.name}: {each.why}"

    def _unwound(self, record: CrashRecord) -> tuple[RecordedFrame, ...]:
        return unwound(record, lambda module: self._rules[module.area]())

    def _all_rows(self, frames: tuple[RecordedFrame, ...]) -> list[SourceFrame]:
        return list(islice((row for frame in frames for row in self._rows(frame)), _MOST))

    def _held(self, pc: int) -> ModuleObject | None:
        return next((each for each in self._objects if each.holds(pc)), None) if pc else None

    def _loop(self) -> str:
        """The lines of a loop that did not end."""
        held = self._held(self.record.loop[0]) if self.record.loop else None
        info = held.info if held is not None else None
        found = info.known(lambda: loop_place(info, *self.record.loop)) if info is not None else None
        if found is None or held is None:
            return ""
        first, last = found
        lines = f"{first.line}-{last.line}" if first.line < last.line else f"{first.line}"
        return f"loops in {first.function}() at {_shown(first.file)}:{lines} [{held.module.name}]"

    def _rows(self, frame: RecordedFrame) -> Iterator[SourceFrame]:
        pc = frame.pc - frame.returns
        held = self._held(pc) if frame.pc else None
        places = held.places(pc) if held is not None else []
        access = self.record.access
        if held and not places and access and access.address == pc and access.kind != _FETCH:
            places = held.data_places(pc)
        if held is None or not places:
            yield SourceFrame(frame.text, times=frame.times)
            return
        mark = f"{', unloaded' * held.module.unloaded}]{' ?' * frame.guess}"
        for place in places:
            yield SourceFrame(f"{place_text(place)} [{held.module.name}{mark}", place, held, frame.times)

    def _registers(self) -> dict[str, int]:
        """Those of the CPU when it was stopped by a fault."""
        levels = self.record.lwps[0].levels if self.record.lwps else ()
        running = levels[0].registers if levels and not levels[0].function else {}
        return self.record.registers or running

    def _access(self) -> str:
        access, frames = self.record.access, self.frames
        if access is None:
            return ""
        if access.kind == _FETCH:
            caller = next((each for each in frames if each.returns and each.pc), None)
            held = self._held(caller.pc - 1) if caller is not None and not caller.guess else None
            info = held.info if held is not None else None
            return call_text(info, caller.pc, access.address) if info is not None and caller else ""
        if access.argument:
            return self._argument(access)
        held = self._held(access.pc)
        info = held.info if held is not None else None
        return access_text(info, access, self._registers()) if info is not None else ""

    def _argument(self, access: RecordedAccess) -> str:
        """The access of a kernel function that code of a module has called."""
        caller = self.frames[1] if len(self.frames) > 1 else None
        held = self._held(caller.pc - 1) if caller is not None and caller.returns else None
        info = held.info if held is not None else None
        return argument_text(info, caller.pc, access) if info is not None and caller is not None else ""

    def _instruction(self) -> str:
        """The one that met a fault, but no fetch: its bytes are in the record, or in the object."""
        access, bits = self.record.access, _BITS.get(self.record.machine, 0)
        if self.record.loop or (access is not None and access.kind == _FETCH):
            return ""
        pc = access.pc if access is not None else self.record.registers.get(_PC.get(bits, ""), 0)
        code = bytes.fromhex(access.code) if access is not None else b""
        held = self._held(pc) if not code and access is None else None
        if held is not None and held.info is not None:
            code = held.info.code(pc, LONGEST)
        return instruction_text(code, pc, bits, self._registers()) if bits else ""


def explained(record: str, directories: Sequence[str] | None = None) -> Explained | None:
    """A record, given as JSON, with what the objects add; None for "". ValueError for a damaged one."""
    found = loads(record)
    return None if found is None else Explained(found, directories)


def source_of(record: str, directories: Sequence[str] | None = None) -> list[str]:
    """The lines that say which source a panic is in: its functions, and the line itself with its neighbours.

    `record` is that of a PanicError; `directories` have objects that were not stripped, by default those of
    LKM_DEBUG_PATH. [] when nothing is known; why an object was of no use is a line, too.
    """
    try:
        found = explained(record, directories)
    except ValueError as error:
        return [f"no source: the record of the panic is damaged: {error}"]
    return [] if found is None else list(_lines(found))


def _lines(found: Explained) -> Iterator[str]:
    culprit = found.culprit
    if culprit is not None:
        yield "source:"
        yield from _places(found.rows)
        for process, rows in found.others():
            yield f"source of {process}:"
            yield from _places(rows)
    if any(module.checksum for module in found.record.modules):  # else nothing is known of the objects
        yield from filter(None, (found.loop, found.access, found.instruction))
    if culprit is not None and culprit.place is not None and culprit.of is not None:
        yield from excerpt(culprit.place, culprit.of.path)
    yield from found.whys()


def _places(rows: Sequence[SourceFrame]) -> Iterator[str]:
    for text, times in counted([row for row in rows if row.place is not None]):
        yield f"    {text}{times}"


def counted(rows: Sequence[SourceFrame]) -> Iterator[tuple[str, str]]:
    """The texts of rows; of those that are the same one, with " (3 times)"."""
    for text, same in groupby(rows, key=lambda row: row.text):
        times = sum(row.times for row in same)
        yield text, "" if times == 1 else f" ({times} times)"


def place_text(place: SourcePlace) -> str:
    """f() at dir/file.c:12 (inlined)."""
    where = f" at {_shown(place.file)}:{place.line}" if place.line else ""
    name = place.function if place.data else f"{place.function or '?'}()"
    return f"{name}{where}{' (inlined)' if place.inlined else ''}"


def _shown(path: str) -> str:
    """A path as short as it can be said here."""
    try:
        near = os.path.relpath(path)
    except OSError:  # the current directory was removed
        return path
    return path if near.startswith("..") else near


def excerpt(place: SourcePlace, made: str) -> Iterator[str]:
    """The line and its neighbours, when the file can be read; `made` is the object made of it."""
    text = _read_source(place.file)
    if place.line > len(text):
        return
    changed = " (it has changed since it was compiled)" if is_newer(place.file, made) else ""
    yield f"{_shown(place.file)}:{place.line}:{changed}"
    yield from _numbered(text, place.line, place.line + _AROUND)


def lines_up_to(place: SourcePlace) -> list[str]:
    """The line, which is the last, and those before it; [] when the file cannot be read."""
    text = _read_source(place.file)
    return [] if place.line > len(text) else list(_numbered(text, place.line, place.line))


def is_newer(source: str, made: str) -> bool:
    """Whether a source has changed since an object was made of it; False when that cannot be known."""
    try:
        return os.stat(source).st_mtime > os.stat(made).st_mtime
    except OSError:
        return False


def _read_source(path: str) -> list[str]:
    """The lines of a regular file: an object can name any other, a terminal for one; [] for none."""
    try:
        return read_regular(path, most=_MOST_SOURCE).decode(errors="replace").splitlines()
    except (OSError, ValueError):  # ValueError: a null byte in its name
        return []  # the place is known all the same


def _numbered(text: list[str], at: int, last: int) -> Iterator[str]:
    for number in range(max(at - _AROUND, 1), min(last, len(text)) + 1):
        line = "".join(c if c.isprintable() else " " for c in text[number - 1].expandtabs(8))
        yield f"{'->' if number == at else '  '} {number:5}  {line}".rstrip()
