"""docs/ioctls.md from the kernel's rows: `python -m lkmtools.kern.ioctldoc > docs/ioctls.md`.

/dev/lkm's commands come from kern_lkm.py's table, with what their docstrings say; those of /dev/ksyms from
the declarations in abi/ksyms.py, and their meaning from ksyms(4). The structs are those of lkmtools.abi.
"""

from __future__ import annotations

import sys

from lkmtools.abi import filio
from lkmtools.abi import ksyms as abi_ksyms
from lkmtools.abi import lkm as abi_lkm
from lkmtools.abi.datamodel import ILP32_I386, LP64, Struct
from lkmtools.abi.errno import errno_name
from lkmtools.abi.ioccom import IOC_IN, IOC_INOUT, IOC_OUT, IOC_VOID, Ioctl
from lkmtools.kern.lkm.kern_lkm import ROWS, Row, State

_HEAD = """\
# Ioctl commands

Generated from the kernel's tables by `python -m lkmtools.kern.ioctldoc`; do not edit.

A command's number holds its direction, the size of its argument, a letter and a number
(`<sys/ioccom.h>`), so it differs between machines where the argument's size does. Drivers of modules have
commands of their own.
"""
_LKM = """\
## /dev/lkm

*Changes*: the command needs a device open for writing and a securelevel of 0 or less, else EPERM.
*State*: of the load that this open device is in the middle of; in another one it is the error named. See
lkm(4). LMLOAD has a number and was never implemented: it is ENOTTY, as every other command.
"""
_KSYMS = """\
## /dev/ksyms

NetBSD's and FreeBSD's, told apart by the whole number. See ksyms(4). LMWHOHAS is ours.
"""
_FILES = """\
## Every descriptor

The same on both machines, as their arguments are ints.
"""
_DIRECTIONS = {IOC_VOID: "", IOC_OUT: "out", IOC_IN: "in", IOC_INOUT: "in, out"}
_KSYMS_NAMES = {abi_ksyms.FREEBSD_KIOCGSIZE: "FreeBSD", abi_ksyms.FREEBSD_KIOCGADDR: "FreeBSD"}
_FILIO = ("FIOCLEX", "FIONCLEX", "FIONBIO", "FIOASYNC", "FIONREAD")


def text() -> str:
    """The whole page."""
    ours = sorted(ROWS, key=lambda row: row.ioctl.number)
    symbols = [value for value in vars(abi_ksyms).values() if isinstance(value, Ioctl)]
    symbols.append(abi_lkm.LMWHOHAS)
    lines = [
        _HEAD,
        _LKM,
        "| command | amd64 | i386 | argument | changes | state | |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_lkm_row(row) for row in ours]
    lines += ["", _KSYMS, "| command | amd64 | i386 | argument | of |", "|---|---|---|---|---|"]
    lines += [f"{_command(ioctl)} {_KSYMS_NAMES.get(ioctl, _origin(ioctl))} |" for ioctl in symbols]
    lines += ["", _FILES, "| command | number |", "|---|---|"]
    lines += [f"| {name} | {getattr(filio, name):#010x} |" for name in _FILIO]
    structs: dict[str, Struct] = {}
    for ioctl in [*(row.ioctl for row in ours), *symbols]:
        if isinstance(ioctl.arg, Struct):
            structs[ioctl.arg.name] = ioctl.arg
    lines += ["", "## Arguments", "", "Offset and size of each member in bytes.", ""]
    for struct in structs.values():
        lines += _members(struct)
    return "\n".join(lines).rstrip() + "\n"


def _command(ioctl: Ioctl) -> str:
    """The columns that every table begins with."""
    arg = ioctl.arg if isinstance(ioctl.arg, str) else f"struct {ioctl.arg.name}" if ioctl.arg else ""
    direction = f" ({_DIRECTIONS[ioctl.inout]})" if arg else ""
    wide = "" if ioctl is abi_ksyms.KIOCGSYMBOL32 else f"{ioctl.code(LP64):#010x}"
    narrow = "" if ioctl is abi_ksyms.KIOCGSYMBOL64 else f"{ioctl.code(ILP32_I386):#010x}"
    return f"| {ioctl.name} | {wide} | {narrow} | {arg}{direction} |"


def _lkm_row(row: Row) -> str:
    """One command of /dev/lkm."""
    states = "" if row.states == frozenset(State) else " or ".join(s.name.lower() for s in sorted(row.states))
    if states:
        states += f"; {errno_name(row.wrong)}"
    said = (row.run.__doc__ or "").strip().partition("\n")[0]
    return f"{_command(row.ioctl)} {'yes' if row.changes else ''} | {states} | {said} |"


def _origin(ioctl: Ioctl) -> str:
    """Whose a command of /dev/ksyms is."""
    if ioctl.group == "K":
        return "ours"
    return "NetBSD 2.0 to 5.x" if ioctl.number <= 3 else "NetBSD 6 and later"


def _members(struct: Struct) -> list[str]:
    """The members of a struct on both machines."""
    wide, narrow = struct.layout(LP64), struct.layout(ILP32_I386)
    lines = [f"### struct {struct.name}: {wide.size} bytes on amd64, {narrow.size} on i386", ""]
    lines += ["| member | amd64 | i386 |", "|---|---|---|"]
    for name, field in wide.fields.items():
        other = narrow.fields[name]
        lines.append(f"| {name} | {field.offset}, {field.size} | {other.offset}, {other.size} |")
    return [*lines, ""]


if __name__ == "__main__":
    sys.stdout.write(text())
