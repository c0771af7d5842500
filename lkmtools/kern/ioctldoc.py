"""docs/ioctls.md from the kernel's rows: `python -m lkmtools.kern.ioctldoc > docs/ioctls.md`.

The commands of /dev/lkm and /dev/ksyms come from their rows (kern/lkm/ioctl_rows.py), with the first line of
their docstrings. The structs are those of lkmtools.abi.
"""

from __future__ import annotations

import sys
from typing import Any

from lkmtools.abi import filio
from lkmtools.abi.datamodel import ILP32_I386, LP64, DataModel, Struct
from lkmtools.abi.errno import errno_name
from lkmtools.abi.ioccom import IOC_IN, IOC_INOUT, IOC_OUT, IOC_VOID
from lkmtools.kern.lkm.ioctl_rows import ANY_STATE, KSYMS, LKM, Origin, Row, Rule

_HEAD = """\
# Ioctl commands

Generated from the kernel's tables by `python -m lkmtools.kern.ioctldoc`; do not edit.

A command's number holds its direction, the size of its argument, a letter and a number
(`<sys/ioccom.h>`), so it differs between machines where the argument's size does. Drivers of modules have
commands of their own.
"""
_LKM = """\
## /dev/lkm

*Changes*: the command needs a device open for writing and a securelevel of 0 or less, otherwise EPERM.
*State*: of the load that this open device is in the middle of; in another one it is the error named. See
lkm(4). LMLOAD has a number and was never implemented: it is ENOTTY, as every other command.
"""
_KSYMS = """\
## /dev/ksyms

NetBSD's and FreeBSD's, told apart by the whole number. See ksyms(4). KIOCGVALUES and LMWHOHAS are ours.
"""
_FILES = """\
## Every descriptor

The same on both machines, as their arguments are ints.
"""
_DIRECTIONS = {IOC_VOID: "", IOC_OUT: "out", IOC_IN: "in", IOC_INOUT: "in, out"}
_FILIO = ("FIOCLEX", "FIONCLEX", "FIONBIO", "FIOASYNC", "FIONREAD")


def text() -> str:
    """The whole page."""
    ours = sorted(LKM.rows, key=lambda row: row.ioctl.number)
    symbols = sorted(KSYMS.rows, key=lambda row: list(Origin).index(row.rule))
    lines = [
        _HEAD,
        _LKM,
        "| command | amd64 | i386 | argument | changes | state | |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_lkm_row(row) for row in ours]
    lines += ["", _KSYMS, "| command | amd64 | i386 | argument | of | |", "|---|---|---|---|---|---|"]
    lines += [f"{_command(row)} {row.rule.value} | {_said(row)} |" for row in symbols]
    lines += ["", _FILES, "| command | number |", "|---|---|"]
    lines += [f"| {name} | {getattr(filio, name):#010x} |" for name in _FILIO]
    structs: dict[str, Struct] = {}
    for ioctl in [*(row.ioctl for row in ours), *(row.ioctl for row in symbols)]:
        if isinstance(ioctl.arg, Struct):
            structs[ioctl.arg.name] = ioctl.arg
    lines += ["", "## Arguments", "", "Offset and size of each member in bytes.", ""]
    for struct in structs.values():
        lines += _members(struct)
    return "\n".join(lines).rstrip() + "\n"


def _command(row: Row[Any]) -> str:
    """The columns that every table begins with."""
    ioctl = row.ioctl
    arg = ioctl.arg if isinstance(ioctl.arg, str) else f"struct {ioctl.arg.name}" if ioctl.arg else ""
    direction = f" ({_DIRECTIONS[ioctl.inout]})" if arg else ""
    wide, narrow = (_code(row, dm) for dm in (LP64, ILP32_I386))
    return f"| {ioctl.name} | {wide} | {narrow} | {arg}{direction} |"


def _code(row: Row[Any], dm: DataModel) -> str:
    """The command's number on a machine; "" when that has no such command."""
    return f"{row.ioctl.code(dm):#010x}" if dm in row.models else ""


def _said(row: Row[Any]) -> str:
    """What a command does, in a sentence."""
    return (row.run.__doc__ or "").strip().partition("\n")[0]


def _lkm_row(row: Row[Rule]) -> str:
    """One command of /dev/lkm."""
    changes, wanted, wrong = row.rule
    states = "" if wanted == ANY_STATE else " or ".join(state.name.lower() for state in sorted(wanted))
    if states:
        states += f"; {errno_name(wrong)}"
    return f"{_command(row)} {'yes' if changes else ''} | {states} | {_said(row)} |"


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
