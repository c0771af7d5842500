"""How gdb is started on a crash: core, symbols, and the objects of the modules at their addresses."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from lkmtools.crash.directory import CORE, SYMBOLS, CrashDirectory, CrashError, CrashSummary
from lkmtools.elf.checksum import candidates, read_original
from lkmtools.errors import LkmtoolsError, host_reason
from lkmtools.evidence.record import RecordedModule
from lkmtools.link import load_object, prelink

GDB = "gdb"


def gdb_words(crashes: CrashDirectory, summary: CrashSummary, script: str) -> list[str]:
    """The command line that has gdb show a crash; `script` are the commands of gdb_script(). CrashError."""
    number = summary.number
    if not crashes.has(number, CORE):
        why = summary.core or "the file is missing"
        raise CrashError(f"crash {number} has no core: {why}")
    files = [crashes.file(number, SYMBOLS), crashes.file(number, CORE)]
    return [GDB, "-nx", "-q", *files, "-x", script]


def gdb_script(summary: CrashSummary, directories: Sequence[str] = ()) -> tuple[str, list[str]]:
    """gdb's commands for the objects of the modules, and why some of these are of no use, a line each.

    `directories` have whole objects of modules that were stripped.
    """
    lines, failed = ["set confirm off"], []
    for module in summary.modules:
        if module.unloaded:
            continue
        try:
            lines.append(_add(module, summary.machine, directories))
        except OSError as error:
            failed.append(f"no object for module {module.name}: {host_reason(error)}")
        except LkmtoolsError as error:
            failed.append(f"no object for module {module.name}: {error}")
    return "\n".join([*lines, "set confirm on", "bt", ""]), failed


def _add(module: RecordedModule, machine: str, directories: Sequence[str]) -> str:
    """The command that adds the object of a module. OSError, LkmtoolsError."""
    if not module.path or not module.checksum:
        raise CrashError("its path and its checksum are not known")
    path, data = _object(module, directories)
    words = [_quoted(path)]
    for name, address in _sections(data, path, module, machine):
        words += ["-s", _quoted(name), f"{address:#x}"]
    return f"add-symbol-file {' '.join(words)}"


def _object(module: RecordedModule, directories: Sequence[str]) -> tuple[str, bytes]:
    """Path and bytes of the module's object: the first with debug information, or else the first of all.

    OSError, LkmtoolsError: about the path from which it was loaded.
    """
    found: list[tuple[str, bytes]] = []
    errors: list[Exception] = []
    for path in candidates(module.path, directories):
        try:
            obj, data = read_original(path, module.checksum)
        except (OSError, LkmtoolsError) as error:
            errors.append(error)
            continue
        if any(section.name == ".debug_info" for section in obj.sections):
            return path, data
        found.append((path, data))
    if not found:
        raise errors[0]
    return found[0]


def _sections(data: bytes, path: str, module: RecordedModule, machine: str) -> Iterator[tuple[str, int]]:
    """Name and address of each section of the object that was loaded."""
    found = prelink(load_object(data, path), machine)
    for shndx, offset in found.offsets.items():
        yield found.object.sections[shndx].name, module.area + offset


def _quoted(word: str) -> str:
    """A word of a command line of gdb. CrashError for a line break, which no quotes protect."""
    if "\n" in word or "\r" in word:
        raise CrashError(f"gdb cannot read a name with a line break: {word!r}")
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def installed() -> bool:
    """Is there a gdb in PATH?"""
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return any(os.access(os.path.join(place, GDB), os.X_OK) for place in places)
