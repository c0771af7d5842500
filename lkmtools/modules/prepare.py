"""The steps of modload(8) before it changes the kernel's memory: read, check, resolve, size.

Steps 4 to 8 of NetBSD 4.0.1 sbin/modload/modload.c. There the object was linked at address 0 by ld(1) to
learn its size and whether it links at all; here the size is known from the object, and the link at a
provisional address is made only when a symbol is missing, to report where it is used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from lkmtools.abi.cdefs import INTERFACE
from lkmtools.abi.dialects import DIALECT, DIALECTS
from lkmtools.abi.errno import EFTYPE, strerror
from lkmtools.abi.limits import PATH_MAX
from lkmtools.abi.unwritten import names as unwritten_names
from lkmtools.abi.vmparam import PAGE_SIZE, trunc_page
from lkmtools.elf import Interface, interface_of, machine_name, read_symbols
from lkmtools.elf.file import read_header
from lkmtools.elf.regular import read_regular
from lkmtools.errors import KernelError, LinkError, LkmtoolsError, ObjectError
from lkmtools.link import Prelink, UndefinedSymbols, WrongMachine, link, load_object, prelink
from lkmtools.modules.hints import ENTRY_SUFFIX, entry_advice, entry_candidate, other_file, undefined
from lkmtools.modules.ksyms import DEV_KSYMS, kernel_values, known
from lkmtools.modules.lminfo import exported, ifuncs
from lkmtools.modules.options import Options
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.abi.datamodel import DataModel
    from lkmtools.client import Process
    from lkmtools.elf import Object

DEFAULT_ENTRY = "xxxinit"

Say = Callable[[str, str], None]


class LoadError(LkmtoolsError):
    """A step of a load failed: modload's message and exit status, and the error behind it.

    `text` is the historic line without the program's name, the strerror text included; `errno` is BSD's, or
    None where no system call failed; `reason` says more on lines of its own, or is "".
    """

    def __init__(self, status: int, text: str, errno: int | None = None, reason: str = "") -> None:
        self.status = status
        self.text = text if errno is None else f"{text}: {strerror(errno)}"
        self.errno = errno
        self.reason = reason
        super().__init__(f"{self.text}: {reason}" if reason else self.text)


class LoadPlan(NamedTuple):
    """An object that has passed every check that can be made before LMRESERV.

    `dialect` is that of its note, `entry` a symbol the object defines, `values` holds the imports that were
    found, `exports` the names of the object's global symbols, `unwritten` the imports that the kernel
    declares and does not have.
    """

    path: str
    stem: str
    dialect: str
    entry: str
    pre: Prelink
    values: dict[str, int]
    exports: list[str]
    unwritten: list[str]


def silent(kind: str, text: str) -> None:
    """Say nothing. `kind` is "verbose" (-v), "debug" (-d) or "warning"."""


def prepare(p: Process, path: str, options: Options, say: Say = silent) -> LoadPlan:
    """Read, check, resolve and size the object at `path`; /dev/lkm is not needed.

    LoadError: 1 for the object, its entry point or its symbols, 2 when it is not a .o file.
    """
    _check_name(path)
    stem = path[: -len(".o")]
    obj = read_module(path)
    if options.output is not None and _same_file(path, options.output):
        text = f"can't prelink `{path}' creating `{options.output}'"
        raise LoadError(1, text, reason="the output file is the input file")
    entry = entry_symbol(obj, path, stem, options)
    with linking(f"can't prelink `{path}' creating `{options.output or stem}'"):
        dialect = _check_object(obj, path, options)
        pre = prelink(obj, machine=p.machine, entry_names=(entry,))
        for section in pre.sections:
            at, size, align = section.address, section.size, section.align
            say("debug", f"{section.name}: addr = {at:#x} size = {size:#x} align = {align:#x}")
        values = _all_values(p, pre, options)
    unwritten = [name for name in values if name in unwritten_names() and name not in options.constants]
    return LoadPlan(path, stem, dialect, entry, pre, values, exported(obj), unwritten)


def _check_name(path: str) -> None:
    """LoadError for a path that modload.c would not take."""
    if len(os.fsencode(path)) >= PATH_MAX:
        reason = f"the path has {len(os.fsencode(path))} bytes; the limit is {PATH_MAX - 1}"
        raise LoadError(1, "program name is too big for buffer", reason=reason)
    if not path.endswith(".o"):
        raise LoadError(2, "module object must end in .o", reason=other_file(path))


def _check_object(obj: Object, path: str, options: Options) -> str:
    """The dialect; LinkError for an object that does not go with this kernel's headers, or the options."""
    note = None
    with suppress(LinkError, ObjectError) if options.force else nullcontext():
        note = same_interface(obj)
    if defined := [name for name in options.constants if obj.defines(name) or name in obj.versions]:
        raise LinkError(f"the linker script assigns `{defined[0]}', which {path} defines itself")
    if options.symbols and (found := ifuncs(obj)):
        raise LinkError(
            f"{path}: symbol `{found[0]}' is chosen at run time (ifunc), so other modules could not "
            "call it; compile without target_clones, or load without -s"
        )
    return note.dialect if note else DIALECT


def _all_values(p: Process, pre: Prelink, options: Options) -> dict[str, int]:
    """The value of each undefined symbol; LinkError, which says who needs those that have none."""
    values = _resolve(p, pre, options)
    if options.symbols:
        others = [name for name in pre.undefined if name in options.before and name not in values]
        values |= {name: options.before[name].value for name in others}
    if len(values) < len(pre.undefined):
        try:
            link(pre, provisional_base(values.values(), p.dm), values.get)
        except UndefinedSymbols as error:
            raise LinkError(undefined(p, error, options)) from error
    return values


def _same_file(path: str, other: str) -> bool:
    """Are both names of one file?"""
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


def provisional_base(values: Iterable[int], dm: DataModel) -> int:
    """A page-aligned address a module might get: a little above the kernel symbols it uses."""
    return trunc_page(max(values, default=0) + 256 * PAGE_SIZE) & dm.mask


@contextmanager
def linking(text: str) -> Iterator[None]:
    """Turn what goes wrong in the block into modload's link message `text`, exit 1, with the reason."""
    try:
        yield
    except (LinkError, ObjectError) as error:
        raise LoadError(1, text, reason=str(error)) from error
    except OSError as error:
        raise LoadError(1, text, reason=f"{error.filename}: {error.strerror}") from error
    except KernelError as error:
        raise LoadError(1, text, reason=f"{DEV_KSYMS}: {error}") from error


def read_module(path: str) -> Object:
    """The object at `path`; modload first meets it in nlist(3), hence the message."""
    try:
        data = read_regular(path)
    except OSError as error:
        raise LoadError(1, f"nlist {path}: {error.strerror}", reason=other_file(path)) from error
    try:
        return load_object(data, path)
    except ObjectError as error:
        raise LoadError(1, f"nlist {path}", EFTYPE, str(error)) from error


def same_interface(obj: Object) -> Interface | None:
    """interface_of(obj): None, or of this kernel's number and a dialect it has; LinkError, ObjectError."""
    found = interface_of(obj)
    if found is None:
        return None
    if found.number != INTERFACE:
        raise LinkError(
            f"{obj.name}: compiled for interface {found.number} of lkmtools; this kernel has {INTERFACE}; "
            "compile it again"
        )
    if found.dialect not in DIALECTS:
        known = ", ".join(DIALECTS)
        raise LinkError(
            f"{obj.name}: compiled for dialect '{found.dialect}' of lkmtools; this kernel has {known}; "
            "compile it again"
        )
    return found


def entry_symbol(obj: Object, path: str, stem: str, options: Options) -> str:
    """The entry symbol; LoadError with what to do."""
    names = entry_names(stem, options.entry)
    if found := defined_entry(obj, names):
        return found
    reason = entry_advice(obj, path, names, entry_candidate(obj, names))
    raise LoadError(1, no_entry(path, names), reason=reason)


def defined_entry(obj: Object, names: list[str]) -> str | None:
    """The first of the entry points `names` that the object defines."""
    return next((name for name in names if obj.defines(name)), None)


def no_entry(path: str, names: list[str]) -> str:
    """The historic message; it shows the name with the leading underscore that nlist(3) was given."""
    return f"entry point _{names[-1]} not found in {path}"


def entry_names(stem: str, entry: str | None) -> list[str]:
    """The names an entry point may have: that of -e; xxxinit, by default or by -e, and NAME_lkmentry."""
    names = [entry or DEFAULT_ENTRY]
    return names if names != [DEFAULT_ENTRY] else [*names, os.path.basename(stem) + ENTRY_SUFFIX]


def _resolve(p: Process, pre: Prelink, options: Options) -> dict[str, int]:
    """The value of each undefined symbol that has one: constants first, then the kernel's or the file's."""
    found = {name: options.constants[name] for name in pre.undefined if name in options.constants}
    missing = [name for name in pre.undefined if name not in found]
    if options.kernel is None or options.kernel == DEV_KSYMS:
        return found | kernel_values(p, missing)
    data = read_regular(options.kernel, pipes=True)
    machine = read_header(data, options.kernel).machine
    if machine != pre.machine.e_machine:
        raise WrongMachine(options.kernel, machine_name(machine), pre.machine.name)
    symbols = read_symbols(data, options.kernel)
    taken = {name: symbols[name] for name in missing if name in symbols}
    if lost := _stale(p, taken):
        name, there, here = lost[0]
        more = f" (and {len(lost) - 1} more)" * (len(lost) > 1)
        raise LinkError(
            f"{options.kernel} is stale: `{name}' is at {there:#x} in the file, "
            f"and at {here:#x} in this kernel{more}; "
            f"save it again with lkmctl ksyms -o {options.kernel}, or omit -A"
        )
    return found | taken


def _stale(p: Process, values: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """Symbols of a file that lie elsewhere in the kernel: name, value in the file, value in the kernel.

    A file may also have the symbols of a module that was loaded without -s. The kernel knows those, and
    compares all imports at the load (LMINFO); so does a kernel without /dev/ksyms.
    """
    try:
        true = known(p, values)
    except KernelError:
        return []
    return [
        (name, values[name], value)
        for name, value in true.values.items()
        if values[name] != value and name not in true.keepers
    ]
