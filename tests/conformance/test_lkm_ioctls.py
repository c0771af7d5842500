"""/dev/lkm: numbers, sizes, and which ioctl answers what in which state.

Typed by hand from the LKM-era sources (sys/lkm.h and kern_lkm.c of NetBSD 4.0.1 and 5.2) and from
docs/differences.md, not from the code under test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lkmtools.abi import errno as abi_errno
from lkmtools.abi import lkm as abi
from lkmtools.abi.datamodel import ILP32_I386, LP64
from support.errors import errno_of
from support.lab import Lab
from support.lkmraw import (
    EINVAL,
    ENODEV,
    ENOMEM,
    ENOTTY,
    ENXIO,
    EPERM,
    FORMATS,
    NUMBERS,
    O_RDONLY,
    O_RDWR,
    Lkm,
)

SIZES = {  # struct -> ILP32, LP64
    "lmc_oresrv": (16, 32),
    "lmc_resrv": (36, 72),
    "lmc_loadbuf": (8, 16),
    "lmc_load": (12, 16),
    "lmc_unload": (12, 24),
    "lmc_stat": (60, 88),
    "lmc_info": (84, 104),
    "lmr_ref": (48, 48),
    "lmc_refs": (32, 48),
    "lmc_whohas": (40, 48),
    "lmc_stats": (12, 16),
}
OFFSETS = {
    "lmc_resrv": {
        "size": (0, 0), "name": (4, 8), "slot": (8, 16), "addr": (12, 24), "xxx_unused1": (16, 32),
        "sym_size": (20, 40), "xxx_unused2": (24, 48), "sym_symsize": (28, 56), "sym_addr": (32, 64),
    },
    "lmc_oresrv": {"size": (0, 0), "name": (4, 8), "slot": (8, 16), "addr": (12, 24)},
    "lmc_loadbuf": {"cnt": (0, 0), "data": (4, 8)},
    "lmc_load": {"address": (0, 0), "status": (4, 8), "id": (8, 12)},
    "lmc_unload": {"id": (0, 0), "name": (4, 8), "status": (8, 16)},
    "lmc_stat": {
        "id": (0, 0), "name": (4, 4), "offset": (36, 40), "type": (40, 48), "area": (44, 56),
        "size": (48, 64), "private": (52, 72), "ver": (56, 80),
    },
}  # fmt: skip
ERRNOS = {
    "EPERM": 1, "ENOENT": 2, "ESRCH": 3, "EINTR": 4, "ENXIO": 6, "EBADF": 9, "ENOMEM": 12, "EACCES": 13,
    "EFAULT": 14, "EBUSY": 16, "EEXIST": 17, "ENODEV": 19, "EINVAL": 22, "ENFILE": 23, "ENOTTY": 25,
    "ENAMETOOLONG": 63, "EPROGMISMATCH": 75, "ENOSYS": 78,
}  # fmt: skip

# Open for reading and writing, securelevel 0 or -1, no module loaded: ioctl -> IDLE, RESERVED, LOADING.
TABLE = {
    "LMRESERV_O": (0, 0, 0),
    "LMRESERV": (0, 0, 0),
    "LMLOADBUF": (ENOMEM, 0, 0),
    "LMLOADSYMS": (ENOMEM, ENOMEM, 0),
    "LMINFO": (ENOMEM, 0, 0),
    "LMFORCE": (EPERM, 0, EPERM),
    "LMREADY": (ENXIO, ENXIO, EINVAL),  # EINVAL: the entry point 0 is outside the module
    "LMUNRESRV": (0, 0, 0),
    "LMUNLOAD": (EINVAL, EINVAL, EINVAL),  # ID 0, and the list is empty
    "LMSTAT": (EINVAL, EINVAL, EINVAL),
    "LMREFS": (EINVAL, EINVAL, EINVAL),
    "LMSTATS": (EINVAL, EINVAL, EINVAL),
    "LMLOAD": (ENOTTY, ENOTTY, ENOTTY),  # declared, never implemented
    "LMWHOHAS": (ENOTTY, ENOTTY, ENOTTY),  # belongs to /dev/ksyms
}
# What does not depend on state, openness or securelevel; all others are EPERM without the right to change.
READ_ONLY = {"LMSTAT": EINVAL, "LMSTATS": EINVAL, "LMREFS": EINVAL, "LMLOAD": ENOTTY, "LMWHOHAS": ENOTTY}


@pytest.mark.parametrize(("model", "column"), [(ILP32_I386, 0), (LP64, 1)])
def test_every_ioctl_has_its_historic_number(model: Any, column: int) -> None:
    """Direction, argument size, group and number, for both data models."""
    assert {name: row[column] for name, row in NUMBERS.items()} == {
        row.name: row.code(model) for row in abi.IOCTLS
    }


@pytest.mark.parametrize(("model", "column"), [(ILP32_I386, 0), (LP64, 1)])
def test_every_argument_struct_has_its_historic_layout(model: Any, column: int) -> None:
    """Sizes, and the offset of every member."""
    layouts = {name: getattr(abi, name).layout(model) for name in SIZES}
    assert {name: row[column] for name, row in SIZES.items()} == {n: x.size for n, x in layouts.items()}
    assert {
        name: {member: row[column] for member, row in members.items()} for name, members in OFFSETS.items()
    } == {name: {field: x.offset for field, x in layouts[name].fields.items()} for name in OFFSETS}


def test_the_errno_numbers_are_bsds() -> None:
    assert {name: getattr(abi_errno, name) for name in ERRNOS} == ERRNOS


@pytest.fixture
def empty(lab: Lab) -> Lab:
    """A lab that has made a load before, so that the heap has its pages; same(): nothing was left."""
    lkm = Lkm(lab.p)
    lkm.reserve(4096, sym_size=100)
    lkm.close()
    lab.remember()
    return lab


def argument(lkm: Lkm, name: str) -> bytes:
    """A harmless argument: 100 bytes to reserve, nothing to load, ID 0, an entry point of 0."""
    arguments: dict[str, Callable[[], bytes]] = {
        "LMRESERV_O": lambda: lkm.pack("lmc_oresrv", 100, 0, 0, 0),
        "LMRESERV": lambda: lkm.pack("lmc_resrv", 100, 0, 0, 0, 0, 0, 0, 0, 0),
        "LMINFO": lambda: lkm.pack("lmc_info", 2, *[0] * 10, b"", 0, 0),
        "LMUNRESRV": lambda: b"",
        "LMSTAT": lambda: lkm.pack("lmc_stat", 0, b"", 0, 0, 0, 0, 0, 0),
        "LMUNLOAD": lambda: lkm.pack("lmc_unload", 0, 0, 0),
        "LMREADY": lambda: lkm.pack("u_long", 0),
        "LMFORCE": lambda: lkm.pack("u_long", 1),
        "LMSTATS": lambda: lkm.pack("lmc_stats", 0, 1, 0),
        "LMREFS": lambda: lkm.pack("lmc_refs", 1, 0, 0, 0, 0, 0, 0, 0),
        "LMWHOHAS": lambda: lkm.pack("lmc_whohas", 0, 0, b""),
        "LMLOAD": lambda: bytes(SIZES["lmc_load"][lkm.wide]),
    }
    return arguments.get(name, lambda: lkm.pack("lmc_loadbuf", 0, 0))()


def answer(lab: Lab, name: str, state: int, flags: int, level: int) -> int:
    """The errno of one ioctl on a freshly opened device that was brought into `state`."""
    lkm = Lkm(lab.p, flags)
    if state >= 1:
        lkm.reserve(100)
    if state >= 2:
        lkm.loadbuf(b"\x90" * 50)
    securelevel = lab.k.symbol("securelevel")
    lab.k.mem.set_u32(securelevel, level)
    errno = errno_of(lkm.ioctl, name, argument(lkm, name))
    lab.k.mem.set_u32(securelevel, 0)
    lkm.close()
    return errno


@pytest.mark.parametrize("state", [0, 1, 2], ids=["IDLE", "RESERVED", "LOADING"])
@pytest.mark.parametrize("level", [-1, 0])
def test_what_each_ioctl_answers_in_each_state(empty: Lab, state: int, level: int) -> None:
    """At securelevel 0 and below, open for writing."""
    got = {name: answer(empty, name, state, O_RDWR, level) for name in TABLE}
    assert {name: row[state] for name, row in TABLE.items()} == got
    assert empty.same()


@pytest.mark.parametrize("state", [0, 1, 2], ids=["IDLE", "RESERVED", "LOADING"])
@pytest.mark.parametrize("level", [1, 2])
def test_above_securelevel_0_nothing_can_be_changed(empty: Lab, state: int, level: int) -> None:
    """EPERM in every state, before the state is looked at; a begun load is still given back by close."""
    got = {name: answer(empty, name, state, O_RDWR, level) for name in TABLE}
    assert {name: READ_ONLY.get(name, EPERM) for name in TABLE} == got
    assert empty.same()


@pytest.mark.parametrize("level", [-1, 0, 1])
def test_open_for_reading_only_nothing_can_be_changed(empty: Lab, level: int) -> None:
    """EPERM for all but LMSTAT, whatever the securelevel."""
    got = {name: answer(empty, name, 0, O_RDONLY, level) for name in TABLE}
    assert {name: READ_ONLY.get(name, EPERM) for name in TABLE} == got


def test_unknown_commands_are_enotty(lab: Lab) -> None:
    """Another group, another number, another size: the int argument of the oldest LMREADY on LP64 too."""
    lkm = Lkm(lab.p)
    commands = [0x20004B63, 0x20005402, 0xC0004B04, 0x80044B01, 0x40084B01]
    commands += [0x80044B03] if lkm.wide else [0x80084B03]
    buf = lab.p.buffer(256)
    assert [ENOTTY] * len(commands) == [errno_of(lab.p.ioctl, lkm.fd, com, buf) for com in commands]


def test_an_argument_outside_the_process_is_efault(lab: Lab) -> None:
    """The kernel copies the argument before the driver sees the command."""
    lkm = Lkm(lab.p)
    for name in NUMBERS:
        if name != "LMUNRESRV":
            assert errno_of(lab.p.ioctl, lkm.fd, NUMBERS[name][lkm.wide], 0xDEAD000) == 14


def test_reading_and_writing_are_enodev_and_mapping_is_refused(lab: Lab) -> None:
    """The entries of the switch are enodev, and so is the answer; mmap(2) makes EINVAL of it (udv_attach)."""
    lkm = Lkm(lab.p)
    assert errno_of(lab.p.read, lkm.fd, 10) == ENODEV
    assert errno_of(lab.p.write, lkm.fd, b"x") == ENODEV
    assert switch(lab)["d_mmap"] == lab.k.symbol("enodev")
    assert errno_of(lab.p.syscall, 197, 0, 4096, 1, 1, lkm.fd, 0, 0, 0) == EINVAL


def switch(lab: Lab) -> dict[str, int]:
    """The cdevsw of character major 28, read by hand."""
    pointer = lab.k.dm.pointer
    addr = lab.k.mem.ptr(lab.k.symbol("cdevsw0") + 28 * pointer)
    names = ["d_open", "d_close", "d_read", "d_write", "d_ioctl", "d_stop", "d_tty", "d_poll", "d_mmap"]
    return {name: lab.k.mem.ptr(addr + i * pointer) for i, name in enumerate(names)}


def test_poll_is_always_ready(lab: Lab) -> None:
    """d_poll is seltrue: POLLIN and POLLOUT at once, also of an open for reading only."""
    assert switch(lab)["d_poll"] == lab.k.symbol("seltrue")
    lkm = Lkm(lab.p, O_RDONLY)
    assert lab.p.poll([(lkm.fd, 0x0001 | 0x0004)], 0) == [(lkm.fd, 0x0001 | 0x0004)]


def test_the_formats_of_this_test_agree_with_the_sizes() -> None:
    """struct.calcsize of the hand-typed formats."""
    import struct

    assert {n: s for n, s in SIZES.items() if n in FORMATS} == {
        n: tuple(map(struct.calcsize, FORMATS[n])) for n in SIZES if n in FORMATS
    }
