"""Would an object load? All the checks of modload(8) before it needs the kernel's memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import ILP32_I386, LP64
from lkmtools.abi.elf import STB_GLOBAL
from lkmtools.abi.unwritten import names as unwritten_names
from lkmtools.elf import machine_name, read_symbols
from lkmtools.elf.file import read_header
from lkmtools.errors import LinkError, ObjectError
from lkmtools.link import (
    MACHINES,
    PROVIDED,
    Prelink,
    Reference,
    UndefinedSymbols,
    WrongMachine,
    link,
    needs_resolving,
    prelink,
    references,
)
from lkmtools.modules.hints import entry_advice, entry_candidate
from lkmtools.modules.lminfo import exported
from lkmtools.modules.prepare import (
    LoadError,
    defined_entry,
    entry_names,
    no_entry,
    provisional_base,
    read_module,
    same_interface,
)
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.elf import Interface, Object

NO_NOTE = "compiled with other headers (no note)"


class Problem(NamedTuple):
    """Why an object would not load, or would not work.

    `kind`: "object", "machine", "entry", "note", "link", "order", "symbol" or "unwritten". "link" is what the
    linker refuses: a relocation it does not do or that does not reach, thread-local data, constructors.
    "unwritten" is a function that the kernel declares and does not have: the object loads, a call panics.
    `text` says it in words; of a "symbol" and an "unwritten" it is the name, and `use` the first use, where
    the linker came that far. `hint` is what to do, "" where nobody knows.
    """

    kind: str
    text: str
    use: Reference | None = None
    hint: str = ""


class Report(NamedTuple):
    """What was found out about one object.

    `size` in bytes, 0 when it could not be laid out; `interface` that of its note; `exports` its global
    symbols; `needs` the other objects of the set that define what it needs (checkset.py).
    """

    path: str
    entry: str | None = None
    size: int = 0
    interface: Interface | None = None
    problems: tuple[Problem, ...] = ()
    exports: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def missing(self) -> list[Problem]:
        """The symbols that nobody defines."""
        return [problem for problem in self.problems if problem.kind == "symbol"]


class TargetKernel(NamedTuple):
    """The kernel to check against: its machine, its global symbols, and those that belong to modules.

    `owners` has the module of a symbol, by name, as far as it is known. They are among `symbols`, unless the
    set of objects must do without them (--closed).
    """

    machine: str
    symbols: Mapping[str, int]
    owners: Mapping[str, str]


class ModuleRange(NamedTuple):
    """A loaded module: its name, and where it lies."""

    name: str
    area: int
    size: int


def target(
    image: bytes, name: str, modules: Iterable[ModuleRange] = (), closed: bool = False
) -> TargetKernel:
    """The kernel whose symbols an ELF file holds: an image of /dev/ksyms, say. ObjectError.

    `modules` are those that the kernel has; with `closed` what they define does not count.
    """
    found = read_header(image, name).machine
    machine = next((machine for machine, row in MACHINES.items() if row.e_machine == found), None)
    if machine is None:
        known = ", ".join(MACHINES)
        raise ObjectError(f"{name}: it is for {machine_name(found)}; there are kernels for {known}")
    symbols = read_symbols(image, name)
    placed = sorted(modules, key=lambda module: module.area)
    owners = {}
    for symbol, value in symbols.items():
        i = bisect_right(placed, value, key=lambda module: module.area) - 1
        if i >= 0 and value < placed[i].area + placed[i].size:
            owners[symbol] = placed[i].name
    if closed:
        symbols = {symbol: value for symbol, value in symbols.items() if symbol not in owners}
    return TargetKernel(machine, symbols, owners)


def check(path: str, kernel: TargetKernel, entry: str | None = None, require_note: bool = False) -> Report:
    """Check one object; every problem that can be found in one run."""
    problems: list[Problem] = []
    if not path.endswith(".o"):
        problems.append(Problem("object", "module object must end in .o"))
    try:
        obj = read_module(path)
    except LoadError as error:
        return Report(path, problems=(*problems, Problem("object", error.reason or error.text)))
    report = Report(path, _entry(obj, path, entry, problems), interface=_note(obj, require_note, problems))
    try:
        pre = prelink(obj, machine=kernel.machine, entry_names=(report.entry,) if report.entry else ())
    except WrongMachine as error:
        return report._replace(problems=(*problems, Problem("machine", str(error))))
    except LinkError as error:
        problems.append(Problem("link", str(error)))
        names = (s.name for s in obj.symbols if s.bind == STB_GLOBAL and needs_resolving(obj, s))
        problems += [
            Problem("symbol", name) for name in names if name not in kernel.symbols and name not in PROVIDED
        ]
    else:
        report = report._replace(size=pre.size)
        _link(pre, kernel, problems)
    return report._replace(problems=tuple(problems), exports=tuple(exported(obj)))


def _entry(obj: Object, path: str, entry: str | None, problems: list[Problem]) -> str | None:
    """The entry symbol, as modload chooses it."""
    names = entry_names(path.removesuffix(".o"), entry)
    found = defined_entry(obj, names)
    if found is None:
        candidate = entry_candidate(obj, names)
        hint = f"use -e {candidate}" if candidate else entry_advice(obj, path, names, None)
        problems.append(Problem("entry", no_entry(path, names), hint=hint))
    return found


def _note(obj: Object, required: bool, problems: list[Problem]) -> Interface | None:
    """The interface and the dialect of the object."""
    try:
        found = same_interface(obj)
    except (LinkError, ObjectError) as error:
        problems.append(Problem("note", str(error)))
        return None
    if found is None and required:
        problems.append(Problem("note", NO_NOTE))
    return found


def _link(pre: Prelink, kernel: TargetKernel, problems: list[Problem]) -> None:
    """Link at a likely address; what is missing is then given one, to see whether the rest would do."""
    values = {name: kernel.symbols[name] for name in pre.undefined if name in kernel.symbols}
    base = provisional_base(values.values(), LP64 if pre.machine.bits == 64 else ILP32_I386)
    unwritten = [name for name in values if name in unwritten_names()]
    missing: list[Problem] = []
    try:
        link(pre, base, values.get)
    except UndefinedSymbols as error:
        missing = [Problem("symbol", use.name, use) for use in error.references]
        stand_in = dict.fromkeys((problem.text for problem in missing), base) | values
        try:
            link(pre, base, stand_in.get)
        except LinkError as rest:
            problems.append(Problem("link", str(rest)))
    except LinkError as error:
        problems.append(Problem("link", str(error)))
    problems += missing
    problems += [Problem("unwritten", use.name, use) for use in references(pre, unwritten)]
