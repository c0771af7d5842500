"""What all versions of the protocol have in common, and the refusal when two versions meet.

From version 3 on HELLO, REFUSED and the control request STOP have these very bytes in every version, and a
daemon obeys a STOP that comes with a HELLO of any version: a tool can stop any later daemon.
"""

from __future__ import annotations

from lkmtools import __version__
from lkmtools.proto.frames import VERSION, Control

LAYOUTS_OF_5_2 = 4  # the first version whose system calls have NetBSD 5.2's numbers and structs
STOP = Control("stop", "{}")


def other_version(theirs: int, pid: int) -> str:
    """Why a tool that speaks version `theirs` is refused by the daemon `pid`."""
    ours = f"lkmtools {__version__}"
    return (
        f"this lkmd (pid {pid}, {ours}) speaks protocol {VERSION}, the tool {theirs}{_layouts(theirs)}: "
        f"upgrade the older one, and stop this daemon with lkmctl stop of {ours} or with kill {pid}"
    )


def other_daemon(theirs: int, pid: int) -> str:
    """Why a tool refuses the daemon `pid`, which answered HELLO with a WELCOME of version `theirs`."""
    return (
        f"lkmd (pid {pid}) speaks protocol {theirs}{_layouts(theirs)}, this tool (lkmtools {__version__}) "
        f"{VERSION}: upgrade the older one, and stop that daemon with lkmctl stop or with kill {pid}"
    )


def _layouts(version: int) -> str:
    """What else was different in a version."""
    before = f" (before version {LAYOUTS_OF_5_2} the structs were not those of NetBSD 5.2)"
    return "" if version >= LAYOUTS_OF_5_2 else before
