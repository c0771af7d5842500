"""The kernel headers and lkmtools.abi have 5.2's layouts: on both machines, with DIAGNOSTIC and without.

netbsd-5.2.txt has the facts; the headers' side is read from the compiler's DWARF. What does not agree yet is
listed in netbsd-5.2-differs.txt: that list may only become shorter.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from lkmtools import abi
from lkmtools.abi.datamodel import Struct
from lkmtools.abi.vnode_if import VOPS
from lkmtools.cc import INCLUDE
from lkmtools.machine import PORTS
from support import layouts
from support.compiling import Compile
from support.layouts import Layouts, Record

_DIFFERS = Path(__file__).parent / "netbsd-5.2-differs.txt"
_DEBUG = ("-g", "-fno-eliminate-unused-debug-types")
_HEADERS = sorted(str(path.relative_to(INCLUDE)) for path in Path(INCLUDE).rglob("*.h"))
# Python's own: the second name that machines of both widths share, and what has no name in C.
NO_HEADER = {
    *("elf32_sym", "elf64_sym", "ksyms_gsymbol", "ksyms_gsymbol32", "ksyms_gsymbol64", "list_entry"),
    "callout_impl",
    "sysctlnode",  # C has macros for its members
}


def listed(machine: str) -> set[str]:
    """The structs and types that differ on `machine`; a line is "NAME" or "NAME MACHINE"."""
    lines = [line.split() for line in _DIFFERS.read_text().splitlines() if not line.startswith("#")]
    return {words[0] for words in lines if words and machine in (words[1:] or [machine])}


@cache
def _headers(cc: Compile, machine: str, flags: tuple[str, ...] = ()) -> Layouts:
    """What all kernel headers together define."""
    text = "".join(f"#include <{header}>\n" for header in _HEADERS)
    return layouts.of_object(cc(text, machine, flags=(*_DEBUG, *flags)))


def compare(wanted: Record, found: Record | None) -> list[str]:
    """How a struct differs: its size, members that lie elsewhere, members behind or between NetBSD's."""
    if found is None:
        return ["is not defined"]
    out = [f"has {found.size} bytes, not {wanted.size}"] if found.size != wanted.size else []
    for member, place in wanted.members.items():
        if found.members.get(member) != place:
            out.append(f"{member}: {_text(found.members.get(member))}, not {_text(place)}")
    used = {at + i for at, size in wanted.members.values() for i in range(size)}
    outer = {member.rpartition(".")[0] for member in found.members}
    for member, (offset, size) in found.members.items():
        if member not in outer and not used.issuperset(range(offset, offset + size)):
            out.append(f"{member}: {offset}+{size} is in no member of NetBSD 5.2's")
    return out


def _text(place: tuple[int, int] | None) -> str:
    return "absent" if place is None else f"{place[0]}+{place[1]}"


def differences(facts: Layouts, found: Layouts) -> dict[str, list[str]]:
    """By name of a struct or type: how `found` differs from `facts`."""
    out = {name: compare(record, found.structs.get(name)) for name, record in facts.structs.items()}
    for name, size in facts.types.items():
        other = found.types.get(name)
        out[name] = [] if other == size else [f"has {other} bytes, not {size}" if other else "is not defined"]
    return {name: wrong for name, wrong in out.items() if wrong}


@pytest.mark.parametrize("flags", [(), ("-DDIAGNOSTIC",)], ids=["plain", "DIAGNOSTIC"])
def test_the_headers_have_netbsds_layouts(cc: Compile, machine: str, flags: tuple[str, ...]) -> None:
    """Every struct and type of the table has the size, members, offsets and members' sizes of 5.2."""
    found = differences(layouts.netbsd(machine), _headers(cc, machine, flags))
    names = listed(machine)
    assert {name: wrong for name, wrong in found.items() if name not in names} == {}
    equal = sorted(names - found.keys())
    assert equal == [], f"equal NetBSD 5.2's on {machine} now: take them out of {_DIFFERS.name}"


def _python_structs() -> Iterator[Struct]:
    """Every struct of NetBSD 5.2 that lkmtools.abi declares; tests of dialects compare the older ones."""
    seen: set[int] = set()
    modules = [
        importlib.import_module(f"lkmtools.abi.{row.name}")
        for row in pkgutil.iter_modules(abi.__path__)
        if row.name != "mount_old"
    ]
    declared = [value for module in modules for value in vars(module).values() if isinstance(value, Struct)]
    for struct in [*declared, *(row.args for row in VOPS)]:
        if id(struct) not in seen:
            seen.add(id(struct))
            yield struct


def python_differences(struct: Struct, machine: str, wanted: Record | None) -> list[str]:
    """How Python's layout of a struct differs from the header's, of which it need not have every member."""
    if wanted is None:
        return ["is in no header"]
    layout = struct.layout(PORTS[machine].dm)
    out = [f"has {layout.size} bytes, not {wanted.size}"] if layout.size != wanted.size else []
    for name, field in layout.fields.items():
        places = _places(name, wanted)
        if (field.offset, field.size) not in places and field.size:
            out.append(f"{name}: {field.offset}+{field.size}, not {' or '.join(map(_text, places))}")
    return out


def _places(name: str, wanted: Record) -> list[tuple[int, int]]:
    """Where a member of Python's may be: "tqe_next" is any member's tqe_next."""
    return [place for member, place in wanted.members.items() if f".{member}".endswith(f".{name}")]


def test_pythons_structs_are_the_headers(cc: Compile, machine: str) -> None:
    """Each struct of lkmtools.abi has the size, offsets and members' sizes of the C struct of its name."""
    found = _headers(cc, machine).structs
    structs = list(_python_structs())
    assert len(structs) > 100
    wrong = {s.name: python_differences(s, machine, found.get(s.name)) for s in structs}
    assert {name: text for name, text in wrong.items() if text and name not in NO_HEADER} == {}


def test_every_listed_name_is_in_the_table() -> None:
    """So that a name with a slip of the pen does not stay for ever."""
    for machine in PORTS:
        facts = layouts.netbsd(machine)
        assert listed(machine) - facts.structs.keys() - facts.types.keys() == set()
