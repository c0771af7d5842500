"""Hints for an error about an object: what was probably meant, and where a missing symbol is defined.

Everything is read on the way to an error message only, and files that cannot be read cause no further error.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from lkmtools.abi import elf as c
from lkmtools.elf import read_object, read_symbols
from lkmtools.errors import KernelError, ObjectError
from lkmtools.modules.lminfo import exported
from lkmtools.near import Names, near, some

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from lkmtools.client import Process
    from lkmtools.elf import Object
    from lkmtools.link import UndefinedSymbols
    from lkmtools.modules.options import Options

ENTRY_SUFFIX = "_lkmentry"
MOST_GUESSES = 50  # names of one object for which similar ones are looked for: a few milliseconds each
_LIKELY = ("entry", "init", "load", "attach")  # what is in the names of entry points


def other_file(path: str) -> str:
    """What the user may have meant by a path that is not an object file."""
    if os.path.isdir(path):
        return _directory(path)
    if path.endswith(".o") and os.path.exists(path):
        return ""
    guess = path.removesuffix(".") + ".o"
    if path.endswith(".c") and os.path.exists(path):
        return f"{path} is a source file; compile it with lkmcc {path}"
    if not os.path.isfile(guess):
        folder, name = os.path.split(path)
        found = near(name, _objects(folder or "."))
        if found is None:
            return "" if os.path.exists(path) else f"no file {path}"
        guess = os.path.join(folder, found)
    what = f"{path} is not an object file" if os.path.exists(path) else f"no file {path}"
    return f"{what}; did you mean {guess}?"


def _directory(path: str) -> str:
    objects = [os.path.join(path, name) for name in _objects(path)]
    if not objects:
        return f"{path} is a directory without object files"
    return f"{path} is a directory; name the objects in it: {some(objects)}"


def _objects(folder: str) -> list[str]:
    """The object files in a directory, by name."""
    try:
        return sorted(entry for entry in os.listdir(folder) if entry.endswith(".o"))
    except OSError:
        return []


def entry_candidate(obj: Object, names: list[str]) -> str | None:
    """The function of an object without the entry points `names` that is most likely one.

    None when nothing is likely, and when one of the names is there, but static.
    """
    if _static(obj, names):
        return None
    others = [name for name in exported(obj) if name.endswith(ENTRY_SUFFIX)]
    return others[0] if others else near(names[-1], _functions(obj))


def entry_advice(obj: Object, path: str, names: list[str], candidate: str | None) -> str:
    """What to do about an object that defines none of the entry points `names`, but perhaps a `candidate`."""
    if hidden := _static(obj, names):
        return f"{hidden} is static in {path}: make it global"
    if candidate:
        return f"{path} defines {candidate}; use -e {candidate}"
    looked, functions = f"looked for {some(names)}", _functions(obj)
    if not functions:
        part = "if it is part of a module, join the parts with lkmcc -r"
        return f"{looked}; {path} has no global function; {part}"
    return f"{looked}; {path} has the global functions {some(functions)}: name its entry point with -e"


def _static(obj: Object, names: list[str]) -> str | None:
    """The first of `names` that a local symbol has."""
    s, wanted = obj.symbols, set(names)
    if wanted.isdisjoint(s.names):
        return None
    local = {
        name
        for name, place, bind in zip(s.names, s.places, s.binds, strict=True)
        if name in wanted and place and bind == c.STB_LOCAL
    }
    return next((name for name in names if name in local), None)


def _functions(obj: Object) -> list[str]:
    """The global functions of an object, those first that are called as entry points are."""
    s = obj.symbols
    code = {section.shndx for section in obj.sections if section.shndx and section.flags & c.SHF_EXECINSTR}
    found = [i for i in s.globals if s.places[i] in code and s.kinds[i] in (c.STT_FUNC, c.STT_NOTYPE)]
    names = [s.names[i] for i in found if s.names[i]]
    return sorted(names, key=lambda name: not any(word in name for word in _LIKELY))


def undefined(p: Process, error: UndefinedSymbols, options: Options) -> str:
    """A line for each undefined symbol, with its module or what may have been meant, and what to do."""
    later = _definitions(options.later)
    kept = _keepers(p, [reference.name for reference in error.references])
    names = [reference.name for reference in error.references if not reference.advice]
    unknown = [name for name in names if not (name in kept or name in options.before or name in later)]
    meant = _meant(p, options, unknown[:MOST_GUESSES])
    lines, first = [], []
    for reference in error.references:
        name, more = reference.name, ""
        if reference.advice:
            pass
        elif name in kept:
            more = f"; module '{kept[name]}' has it but was loaded without -s"
        elif name in options.before:
            more = f"; {options.before[name].path} has it but would be loaded without -s"
        elif path := later.get(name):
            place = "next" if path == options.later[0] else "later"
            more = f"; {path}, {place} on the line, defines it"
            first.append(path)
        elif guess := meant.get(name):
            more = f"; did you mean {guess}?"
        lines.append(f"{reference}{more}")
    if len(unknown) > MOST_GUESSES:
        lines.append(
            f"similar names were looked up only for the first {MOST_GUESSES}"
            f" of {len(unknown)} unknown symbols"
        )
    if first:
        paths = " ".join(dict.fromkeys(first))
        with_s = "" if options.symbols else ", with -s"
        lines.append(f"load {paths} first{with_s}: modload -s {paths} {error.file}")
    return "\n".join(lines)


def _meant(p: Process, options: Options, names: Sequence[str]) -> dict[str, str | None]:
    """For each name the similar one that the kernel has, if any."""
    if not names:
        return {}
    try:
        known = Names(_symbols(p, options))
    except (KernelError, ObjectError, OSError):
        return {}
    return {name: known.near(name) for name in names}


def _definitions(paths: Iterable[str]) -> dict[str, str]:
    """Global symbols that objects define, and the first of the objects that does."""
    found: dict[str, str] = {}
    for path in paths:
        with suppress(OSError, ObjectError), open(path, "rb") as file:
            for name in exported(read_object(file.read(), path)):
                found.setdefault(name, path)
    return found


def _symbols(p: Process, options: Options) -> dict[str, int]:
    """What could have been meant: the symbols of the running kernel, or of the file of -A."""
    from lkmtools.modules.ksyms import DEV_KSYMS, kernel_image

    if options.kernel in (None, DEV_KSYMS):
        return read_symbols(kernel_image(p), DEV_KSYMS)
    with open(str(options.kernel), "rb") as file:
        return read_symbols(file.read(), str(options.kernel))


def _keepers(p: Process, names: Collection[str]) -> dict[str, str]:
    """The modules that have symbols but were loaded without -s."""
    from lkmtools.modules.ksyms import known

    try:
        return known(p, names).keepers
    except KernelError:  # no /dev/ksyms, say
        return {}
