"""The files of a crash: what the process that writes it makes of a dead kernel's evidence."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from itertools import pairwise

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.crash.corefile import CoreThread, core_header, write_ram
from lkmtools.crash.crossings import Crossing, debug_frame
from lkmtools.crash.directory import (
    CORE,
    LIMIT,
    RECORD,
    SUMMARY,
    SYMBOLS,
    TEXT,
    VERSION,
    CrashDirectory,
    CrashSummary,
)
from lkmtools.crash.symbolfile import SymbolGroup, symbol_file
from lkmtools.daemon.child import KernelProcess
from lkmtools.daemon.fate import DeadKernel
from lkmtools.evidence import ModuleRecord, ModuleState
from lkmtools.evidence.record import REPORT, CrashRecord, RecordedLevel, loads, plain
from lkmtools.kern.rows import plan
from lkmtools.machine import Port, port
from lkmtools.machine.port import FIRST_ARG

_SYSTEM = 1 << 20  # is added to the number of an lwp of the kernel's own
_PID = re.compile(r"pid (\d+)")
_ENDED_EARLY = "too many kernels ended at once"
_REPORT_ONLY = "the kernel went on"
_TOO_LARGE = f"memory that is in use does not fit into {LIMIT >> 20} MiB"


def write(path: str, dead: DeadKernel) -> int:
    """Write a crash into the directory `path`; its number. OSError, CrashError."""
    crashes = CrashDirectory(path, make=True)
    with crashes.locked():
        number = crashes.begin()
        try:
            _write(crashes, number, dead)
            crashes.finish(number)
        except BaseException:
            crashes.clear_away()
            raise
    return number


def _write(crashes: CrashDirectory, number: int, dead: DeadKernel) -> None:
    """The files, each as soon as what it needs is known."""
    fate, child = dead.fate, dead.child
    for name, text in ((RECORD, fate.record), (TEXT, fate.report)):
        if text:
            _put(crashes, number, name, text.encode("utf-8", "backslashreplace"))
    modules: list[ModuleRecord] = []
    no_core = _REPORT_ONLY if fate.kind == REPORT else _ENDED_EARLY
    if child is not None:
        modules = child.evidence.modules.records()
        _put(crashes, number, SYMBOLS, _symbols(port(dead.machine), modules, _record(dead)))
        no_core = _core(crashes, number, dead, child)
    rows = tuple(module.recorded() for module in modules)
    summary = CrashSummary(number, dead.time, dead.boot, fate.kind, dead.machine, fate.reason, no_core, rows)
    document = {"version": VERSION, **plain(summary)}
    _put(crashes, number, SUMMARY, json.dumps(document, indent=1).encode())


def _put(crashes: CrashDirectory, number: int, name: str, data: bytes) -> None:
    rest = memoryview(data)
    with crashes.create(number, name) as file:
        while rest:
            rest = rest[file.write(rest) :]


def _symbols(machine: Port, modules: list[ModuleRecord], record: CrashRecord) -> bytes:
    """The symbol file. Where a loaded module and an unloaded one overlap, it has the loaded one."""
    made = plan(machine, True)
    text = made.text
    own = [*made.symbols.items(), ("kernel_return", text.return_pad), ("kernel_entry", text.entry)]
    kernel = SymbolGroup(
        "",
        range(text.start, text.start + text.size),
        range(*made.data),
        sorted((address, name) for name, address in own),
    )
    there = [module for module in modules if module.state != ModuleState.GONE]
    gone = [module for module in reversed(modules) if module.state == ModuleState.GONE]
    groups = [kernel, *map(_group, (*there, *gone))]
    bits = machine.dm.pointer * 8
    crossings = list(_crossings(machine, record))
    code = range(text.return_pad, text.entry)
    frames = debug_frame(bits, code, crossings) if crossings else b""
    return symbol_file(machine.e_machine, bits, groups, text.return_pad, frames)


def _crossings(machine: Port, record: CrashRecord) -> Iterator[Crossing]:
    """From each level of an lwp to the one outside it, whose kernel function is then the next frame.

    A frame's pc is behind a call: that of the function is behind the beginning of its stub.
    """
    names = {number: name for name, number in machine.registers}
    pc, sp, fp = (names[number] for number in (machine.pc, machine.sp, machine.fp))
    for lwp in record.lwps:
        known = [_registers(machine, level) for level in lwp.levels]
        for inner, outer in pairwise(known):
            if outer.keys() >= {pc, sp, fp} and sp in inner:
                yield Crossing(inner[sp], outer[sp], outer[pc] + 1, outer[fp])


def _group(module: ModuleRecord) -> SymbolGroup:
    code = module.area + module.code
    data = range(code, module.area + module.size)
    return SymbolGroup(module.name, range(module.area, code), data, module.symbols)


def _core(crashes: CrashDirectory, number: int, dead: DeadKernel, child: KernelProcess) -> str:
    """Write the core; "", or why there is none."""
    machine, ram = port(dead.machine), child.evidence.ram
    record = _record(dead)
    threads = list(_threads(machine, record, child))
    what = f"{record.process or 'a kernel'}: {dead.fate.reason}"
    header = core_header(dead.machine, machine.kernbase, len(ram), threads, what)
    lent = {frame: os.pread(fd, PAGE_SIZE, 0) for frame, fd in child.lent.items()}
    with crashes.create(number, CORE) as file:
        file.write(header)
        if write_ram(file.fileno(), len(header), ram, lent, LIMIT - (8 << 20)):
            return ""
        file.truncate(0)
    return _TOO_LARGE


def _record(dead: DeadKernel) -> CrashRecord:
    """The record, or an empty one."""
    try:
        found = loads(dead.fate.record)
    except ValueError:
        found = None
    return found or CrashRecord(dead.fate.reason, dead.machine)


def _threads(machine: Port, record: CrashRecord, child: KernelProcess) -> Iterator[CoreThread]:
    """The lwps, first the one that died: if no register of it is known, with those of the last stop."""
    taken: set[int] = set()
    for number, lwp in enumerate(record.lwps):
        known = _registers(machine, lwp.levels[0]) if lwp.levels else {}
        if not number:
            known = known or record.registers or _last_stop(machine, child)
        yield CoreThread(_ident(lwp.process, lwp.lid, taken), known)
    if not record.lwps:
        known = record.registers or _last_stop(machine, child)
        yield CoreThread(_ident(record.process, 1, taken), known)


def _ident(process: str, lid: int, taken: set[int]) -> int:
    """A number that no other lwp of this core has: if possible that of its process."""
    found = _PID.match(process)
    number = int(found[1]) if found and int(found[1]) else _SYSTEM + lid
    while number in taken:
        number += _SYSTEM
    taken.add(number)
    return number


def _registers(machine: Port, level: RecordedLevel) -> dict[str, int]:
    """The registers of a level. Where a kernel function ran, those in its stub, with the return address on
    the stack: then a debugger shows the function, too.
    """
    known = dict(level.registers)
    if level.function and "sp" in known:
        known["sp"] -= machine.return_size
        known["pc"] = plan(machine, True).symbols.get(level.function, known["pc"])
    return _named(machine, known)


def _named(machine: Port, registers: dict[str, int]) -> dict[str, int]:
    """Registers by the machine's names, "pc", "sp" and "fp" among them."""
    names = {number: name for name, number in machine.registers}
    three = {"pc": names[machine.pc], "sp": names[machine.sp], "fp": names[machine.fp]}
    return {three.get(name, name): value for name, value in registers.items()}


def _last_stop(machine: Port, child: KernelProcess) -> dict[str, int]:
    """The registers when machine code stopped last, in a stub: pc, sp and fp."""
    pc, sp, fp, _ = child.evidence.calls.last_stop()[:FIRST_ARG]
    return _named(machine, {"pc": pc, "sp": sp, "fp": fp}) if pc else {}
