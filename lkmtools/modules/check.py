"""Would an object load? What modload(8) finds out before it needs the kernel's memory, without stopping."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lkmtools.abi.datamodel import ILP32_I386, LP64
from lkmtools.abi.elf import STB_GLOBAL
from lkmtools.elf import machine_name, read_symbols
from lkmtools.elf.file import read_header
from lkmtools.errors import LinkError, ObjectError
from lkmtools.link import (
    MACHINES,
    PROVIDED,
    Prelink,
    UndefinedSymbols,
    WrongMachine,
    link,
    needs_resolving,
    prelink,
)
from lkmtools.modules.prepare import LoadError, Options, entry_symbol, provisional_base, read_module

if TYPE_CHECKING:
    from lkmtools.elf import Object


class Problem(NamedTuple):
    """Why an object would not load. `kind`: "object", "machine", "entry", "link" or "symbol".

    "link" is what the linker refuses: a relocation it does not do or that does not reach, thread-local data,
    constructors. `text` says it in words; for a missing "symbol" it is the symbol's name.
    """

    kind: str
    text: str


class Report(NamedTuple):
    """What was found out about one object; `size` in bytes, 0 when it could not be laid out."""

    path: str
    entry: str | None
    size: int
    problems: tuple[Problem, ...]


class Target(NamedTuple):
    """The kernel to check against: its machine, and its global symbols."""

    machine: str
    symbols: dict[str, int]


def target(image: bytes, name: str) -> Target:
    """The kernel whose symbols an ELF file holds: an image of /dev/ksyms, say. ObjectError."""
    found = read_header(image, name).machine
    machine = next((machine for machine, row in MACHINES.items() if row.e_machine == found), None)
    if machine is None:
        known = ", ".join(MACHINES)
        raise ObjectError(f"{name}: it is for {machine_name(found)}; there are kernels for {known}")
    return Target(machine, read_symbols(image, name))


def check(path: str, kernel: Target, entry: str | None = None) -> Report:
    """Check one object; every problem that can be found in one run."""
    problems: list[Problem] = []
    if not path.endswith(".o"):
        problems.append(Problem("object", "module object must end in .o"))
    try:
        obj = read_module(path)
    except LoadError as error:
        return Report(path, None, 0, (*problems, Problem("object", error.reason or error.text)))
    found = _entry(obj, path, entry, problems)
    try:
        pre = prelink(obj, machine=kernel.machine, entry_names=(found,) if found else ())
    except WrongMachine as error:
        return Report(path, found, 0, (*problems, Problem("machine", str(error))))
    except LinkError as error:
        undefined = (s.name for s in obj.symbols if s.bind == STB_GLOBAL and needs_resolving(obj, s))
        missing = (
            Problem("symbol", name)
            for name in undefined
            if name not in kernel.symbols and name not in PROVIDED
        )
        return Report(path, found, 0, (*problems, Problem("link", str(error)), *missing))
    _link(pre, kernel, problems)
    return Report(path, found, pre.size, tuple(problems))


def _entry(obj: Object, path: str, entry: str | None, problems: list[Problem]) -> str | None:
    """The entry symbol, as modload chooses it."""
    try:
        return entry_symbol(obj, path, path.removesuffix(".o"), Options(entry=entry))
    except LoadError as error:
        problems.append(Problem("entry", error.text))
        return None


def _link(pre: Prelink, kernel: Target, problems: list[Problem]) -> None:
    """Link at a likely address; what is missing is then given one, to see whether the rest would do."""
    values = {name: kernel.symbols[name] for name in pre.undefined if name in kernel.symbols}
    base = provisional_base(values.values(), LP64 if pre.machine.bits == 64 else ILP32_I386)
    try:
        link(pre, base, values.get)
    except UndefinedSymbols as error:
        problems += [Problem("symbol", reference.name) for reference in error.references]
        stand_in = dict.fromkeys((reference.name for reference in error.references), base) | values
        try:
            link(pre, base, stand_in.get)
        except LinkError as rest:
            problems.append(Problem("link", str(rest)))
    except LinkError as error:
        problems.append(Problem("link", str(error)))
