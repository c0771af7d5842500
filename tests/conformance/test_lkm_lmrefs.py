"""LMREFS of /dev/lkm and LMWHOHAS of /dev/ksyms: versions, room, errors. Layouts are those of lkmraw."""

from __future__ import annotations

from typing import Any

import pytest

from lkmtools.client import Buffer
from support.errors import errno_of
from support.lab import Lab
from support.lkmraw import EFAULT, EINVAL, ENAMETOOLONG, ENOENT, NUMBERS, O_RDONLY, Lkm

ROW = 48


@pytest.fixture
def lkm(lab: Lab) -> Lkm:
    """/dev/lkm, open for reading, of a kernel with lower and three modules linked against it."""
    lab.load("int lower_get(void);\nint lower_get(void) { return 1; }", name="lower", symbols=True)
    for name in ("one", "two", "three"):
        use = f"int lower_get(void);\nint {name}_get(void);\nint {name}_get(void) {{ return lower_get(); }}"
        lab.load(use, name=name)
    return Lkm(lab.p, O_RDONLY)


def ask(lkm: Lkm, ident: int, *buffers: Buffer, version: int = 1, **room: int) -> tuple[Any, ...]:
    """LMREFS: the answered struct. `room`: refs, nrefs, path, pathlen."""
    words = [room.get(member, 0) for member in ("refs", "nrefs", "reserved", "path", "pathlen", "size")]
    return lkm.unpack("lmc_refs", lkm.ioctl("LMREFS", lkm.pack("lmc_refs", version, ident, *words), *buffers))


def test_it_fills_the_room_there_is_and_says_how_many_there_are(lkm: Lkm) -> None:
    """Three dependents, room for two: the third row is not touched."""
    rows, path = lkm.p.buffer(b"\xee" * 3 * ROW), lkm.p.buffer(256)
    answer = ask(lkm, 0, rows, path, refs=rows.addr, nrefs=2, path=path.addr, pathlen=256)
    assert answer[3] == 3
    assert answer[7] % 4096 == 0
    assert path.data.partition(b"\0")[0].endswith(b"/lower.o")
    told = [lkm.unpack("lmr_ref", rows.data[at : at + ROW]) for at in (0, ROW)]
    assert [(kind, ident, count, name.strip(b"\0")) for kind, ident, count, _, name in told] == [
        (2, 1, 1, b"one"),
        (2, 2, 1, b"two"),
    ]
    assert rows.data[2 * ROW :] == b"\xee" * ROW


def test_what_a_module_needs_is_told_too(lkm: Lkm) -> None:
    rows = lkm.p.buffer(ROW)
    assert ask(lkm, 3, rows, refs=rows.addr, nrefs=1)[3] == 1
    assert lkm.unpack("lmr_ref", rows.data)[:3] == (1, 0, 1)


def test_bad_arguments_have_their_errno_each(lkm: Lkm) -> None:
    """Version, id, a path that does not fit, pointers that lead nowhere."""
    path = lkm.p.buffer(256)
    assert errno_of(lambda: ask(lkm, 0, version=2)) == EINVAL
    assert errno_of(lambda: ask(lkm, -1)) == EINVAL
    assert errno_of(lambda: ask(lkm, 4)) == EINVAL
    assert errno_of(lambda: ask(lkm, 0, path, path=path.addr, pathlen=3)) == ENAMETOOLONG
    assert errno_of(lambda: ask(lkm, 0, path=0xDEAD0000, pathlen=256)) == EFAULT
    assert errno_of(lambda: ask(lkm, 0, refs=0xDEAD0000, nrefs=1)) == EFAULT
    assert ask(lkm, 0)[3] == 3


def test_whohas_names_the_module_that_keeps_a_symbol_to_itself(lkm: Lkm) -> None:
    """ENOENT for one that is exported, and for one that nobody has; EFAULT for a bad name."""
    p = lkm.p
    fd = p.open("/dev/ksyms")
    number = NUMBERS["LMWHOHAS"][lkm.wide]

    def whohas(name: bytes) -> tuple[int, bytes]:
        text = p.buffer(name + b"\0")
        buf = p.buffer(lkm.pack("lmc_whohas", text.addr, -1, b""))
        p.ioctl(fd, number, buf, text)
        _, ident, module = lkm.unpack("lmc_whohas", buf.data)
        return ident, module.strip(b"\0")

    assert whohas(b"two_get") == (2, b"two")
    assert errno_of(whohas, b"lower_get") == ENOENT
    assert errno_of(whohas, b"nobody_has_it") == ENOENT
    assert errno_of(lambda: p.ioctl(fd, number, p.buffer(lkm.pack("lmc_whohas", 0, 0, b"")))) == EFAULT
