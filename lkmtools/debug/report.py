"""The source of a panic: what the objects of the modules on the stack say about its record."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import groupby

from lkmtools.debug.cfi import CallFrames
from lkmtools.debug.info import DebugInfo, DebugInfoError, SourcePlace
from lkmtools.debug.linked import Debugged, linked
from lkmtools.debug.unwind import unwound
from lkmtools.elf import read_object
from lkmtools.elf.checksum import checksum
from lkmtools.errors import LkmtoolsError, host_reason
from lkmtools.evidence.record import CrashRecord, RecordedModule, loads

_MOST = 256  # places
_MOST_OBJECT = 64 << 20  # bytes of an object that is read
_MOST_SOURCE = 4 << 20  # bytes of a source that is read
_AROUND = 2  # lines before and after the one that matters


def source_of(record: str) -> list[str]:
    """The lines that say which source a panic is in: its functions, and the line itself with its neighbours.

    `record` is that of a PanicError. [] when nothing is known; why an object was of no use is a line, too.
    """
    try:
        found = loads(record)
    except ValueError as error:
        return [f"no source: the record of the panic is damaged: {error}"]
    return [] if found is None else list(_lines(found))


def _lines(record: CrashRecord) -> Iterator[str]:
    objects = {module.area: _Object(module) for module in record.modules}
    places: list[tuple[SourcePlace, str, _Object]] = []
    for frame in unwound(record, lambda module: objects[module.area].rules()):
        pc = frame.pc - frame.returns
        held = next((each for each in objects.values() if each.holds(pc)), None) if frame.pc else None
        if held is not None and len(places) < _MOST:
            mark = f"{', unloaded' * held.module.unloaded}]{' ?' * frame.guess}"
            places += [(place, f" [{held.module.name}{mark}", held) for place in held.places(pc)]
    known = next(((place, held) for place, _, held in places if place.line), None)
    if known is not None:
        yield "source:"
        for text, same in groupby(f"    {_place(place)}{whose}" for place, whose, _ in places):
            times = len(list(same))
            yield text if times == 1 else f"{text} ({times} times)"
        yield from _excerpt(known[0], known[1].module.path)
    for each in objects.values():
        if each.why:
            yield f"no source for module {each.module.name}: {each.why}"


class _Object:
    """The object of a module on the stack; `why` says why its debug information is of no use."""

    def __init__(self, module: RecordedModule) -> None:
        self.module = module
        self.why = ""
        self._tried = False
        self._linked: Debugged | None = None
        self._info: DebugInfo | None = None

    def holds(self, pc: int) -> bool:
        """Is the address in the module?"""
        return self.module.area <= pc < self.module.area + self.module.size

    def places(self, pc: int) -> list[SourcePlace]:
        """The functions at an address, the innermost first."""
        self._read()
        try:
            return self._info.places(pc) if self._info is not None else []
        except DebugInfoError as error:
            self.why = str(error)
            return []

    def rules(self) -> CallFrames | None:
        """Those by which its frames are unwound."""
        self._read()
        return CallFrames(self._linked) if self._linked is not None else None

    def _read(self) -> None:
        """Read the object, once."""
        if self._tried or not self.module.path or not self.module.checksum:
            return
        self._tried = True
        try:
            self._linked = linked(_content(self.module), self.module.path, self.module.area)
            self._info = DebugInfo.of_linked(self._linked) if self._linked is not None else None
            if self._info is None:
                self.why = f"{self.module.path} has no debug information (lkmcc -g makes it)"
        except OSError as error:
            self.why = host_reason(error)
        except LkmtoolsError as error:
            self.why = str(error)


def _content(module: RecordedModule) -> bytes:
    """The object of which a module was made. OSError, LkmtoolsError."""
    path = module.path
    with open(path, "rb") as file:
        if (size := os.fstat(file.fileno()).st_size) > _MOST_OBJECT:
            raise DebugInfoError(f"{path} has {size} bytes; objects of up to {_MOST_OBJECT} are read")
        data = file.read()
    if checksum(read_object(data, path)) != module.checksum:
        raise DebugInfoError(f"{path} has changed since it was loaded")
    return data


def _place(place: SourcePlace) -> str:
    """f() at dir/file.c:12 (inlined)."""
    where = f" at {_shown(place.file)}:{place.line}" if place.line else ""
    return f"{place.function or '?'}(){where}{' (inlined)' if place.inlined else ''}"


def _shown(path: str) -> str:
    """A path as short as it can be said here."""
    near = os.path.relpath(path)
    return path if near.startswith("..") else near


def _excerpt(place: SourcePlace, made: str) -> Iterator[str]:
    """The line and its neighbours, when the file can be read; `made` is the object made of it."""
    try:
        with open(place.file, encoding="utf-8", errors="replace") as file:
            text = file.read(_MOST_SOURCE).splitlines()
        newer = os.stat(place.file).st_mtime > os.stat(made).st_mtime
    except OSError:
        return  # the place is known all the same
    if place.line > len(text):
        return
    changed = " (it has changed since it was compiled)" if newer else ""
    yield f"{_shown(place.file)}:{place.line}:{changed}"
    for number in range(max(place.line - _AROUND, 1), min(place.line + _AROUND, len(text)) + 1):
        line = "".join(c if c.isprintable() else " " for c in text[number - 1].expandtabs(8))
        yield f"{'->' if number == place.line else '  '} {number:5}  {line}".rstrip()
