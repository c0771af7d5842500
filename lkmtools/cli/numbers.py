"""Numbers on the command line: C notation, and device numbers."""

from __future__ import annotations

import re

from lkmtools.abi import stat as st
from lkmtools.abi.conf import makedev
from lkmtools.abi.datamodel import cstring
from lkmtools.abi.sysctl import CTL_KERN, KERN_DRIVERS, kinfo_drivers
from lkmtools.client import Process
from lkmtools.near import instead

MAJOR_MAX, MINOR_MAX = 0xFFF, 0xFFFFF  # makedev() of <sys/types.h> has 12 and 20 bits for them
_KINDS = {st.S_IFCHR: "character", st.S_IFBLK: "block"}


# An integer constant of C, with a sign: hexadecimal, octal or decimal. Python's own reading takes more.
_INTEGER = re.compile(r"(-?)(?:0[xX]([0-9a-fA-F]+)|0([0-7]+)|(0|[1-9][0-9]*))[uU]?[lL]{0,2}")


def c_integer(text: str) -> int | None:
    """An integer in C notation; None if `text` is none."""
    match = _INTEGER.fullmatch(text)
    if match is None:
        return None
    sign, hexadecimal, octal, decimal = match.groups()
    value = int(hexadecimal, 16) if hexadecimal else int(octal, 8) if octal else int(decimal)
    return -value if sign else value


def within(text: str, what: str, least: int, most: int) -> int:
    """An integer in C notation between two limits. ValueError says what is wrong with it."""
    value = c_integer(text)
    if value is None:
        article = "an" if what[0] in "aeio" else "a"
        raise ValueError(f"{text!r} is not {article} {what}; write 10, 0x1f or 017")
    if not least <= value <= most:
        raise ValueError(f"{what} {text} is out of range; the limits are {least} and {most}")
    return value


def device_number(p: Process, kind: int, major: str, minor: str) -> int:
    """The dev_t of a device of `kind` (S_IFCHR or S_IFBLK); `major` may be its driver's name. ValueError."""
    if major[:1].isdigit() or major[:1] == "-":
        number = within(major, "major", 0, MAJOR_MAX)
    else:
        number = _major_of(p, kind, major)
    return makedev(number, within(minor, "minor", 0, MINOR_MAX))


def _major_of(p: Process, kind: int, name: str) -> int:
    """The major of the driver of that name and kind, which kern.drivers knows."""
    raw = p.sysctl((CTL_KERN, KERN_DRIVERS))
    assert isinstance(raw, bytes)
    layout = kinfo_drivers.layout(p.dm)
    known: dict[str, int] = {}
    for at in range(0, len(raw), layout.size):
        row = layout.unpack(raw, at)
        major: int = row.d_cmajor if kind == st.S_IFCHR else row.d_bmajor
        if major >= 0:
            known[cstring(row.d_name)] = major
    if name in known:
        return known[name]
    other = instead(name, known, "the drivers are")
    raise ValueError(f"major {name!r} is neither a number nor a {_KINDS[kind]} driver; {other}")
