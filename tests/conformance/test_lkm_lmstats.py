"""LMSTATS of /dev/lkm: LMSTAT of many modules at once. Layouts are those of lkmraw."""

from __future__ import annotations

import struct

import pytest

from lkmtools import modules
from lkmtools.client import Buffer
from support.errors import errno_of
from support.lab import Lab
from support.lkmraw import EFAULT, EINVAL, FORMATS, O_RDONLY, Lkm

FAILING = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
MOD_MISC("%(name)s");
int %(name)s_errno = %(errno)s;
static int answer(struct lkm_table *t, int cmd) { return %(name)s_errno; }
int %(name)s_lkmentry(struct lkm_table *, int, int);
int %(name)s_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, answer); }
"""


@pytest.fixture
def lkm(lab: Lab) -> Lkm:
    """/dev/lkm, open for reading, of a kernel with modules 0, 1, 3 and 4."""
    for i in range(5):
        lab.load(f"int value_{i};", name=f"m{i}")
    modules.unload(lab.p, 2)
    return Lkm(lab.p, O_RDONLY)


def ask(lkm: Lkm, first: int, room: int, rows: Buffer | None = None) -> tuple[int, list[bytes]]:
    """LMSTATS: where to continue, and the rows."""
    size = struct.calcsize(FORMATS["lmc_stat"][lkm.wide])
    rows = lkm.p.buffer(b"\xee" * (room + 1) * size) if rows is None else rows
    request = lkm.pack("lmc_stats", first, room, rows.addr)
    following, count, _ = lkm.unpack("lmc_stats", lkm.ioctl("LMSTATS", request, rows))
    assert rows.data[count * size :].strip(b"\xee") == b""
    return following, [bytes(rows.data[i * size : (i + 1) * size]) for i in range(count)]


def one(lkm: Lkm, ident: int) -> bytes:
    """What LMSTAT tells of a module."""
    return bytes(lkm.ioctl("LMSTAT", lkm.pack("lmc_stat", ident, b"", 0, 0, 0, 0, 0, 0)))


def test_its_rows_are_those_of_LMSTAT(lkm: Lkm) -> None:
    """From any id on, over holes, and as many as there is room for."""
    rows = [one(lkm, ident) for ident in (0, 1, 3, 4)]
    assert ask(lkm, 0, 9) == (5, rows)
    assert ask(lkm, 0, 2) == (2, rows[:2])
    assert ask(lkm, 2, 1) == (4, rows[2:3])
    assert ask(lkm, 4, 1) == (5, rows[3:])


def test_bad_arguments_have_their_errno_each(lkm: Lkm) -> None:
    """An id beyond the highest or below 0, no room, a pointer that leads nowhere."""
    for first, room in ((5, 1), (1 << 30, 1), (-1, 1), (0, 0)):
        assert errno_of(ask, lkm, first, room) == EINVAL
    assert errno_of(lkm.ioctl, "LMSTATS", lkm.pack("lmc_stats", 0, 1, 0x666000)) == EFAULT


@pytest.mark.parametrize(("errno", "names"), [("ENOENT", ["m0", "m2"]), ("EINVAL", ["m0"])])
def test_modstat_walks_over_one_that_is_not_there_and_ends_at_one_that_is_invalid(
    lab: Lab, errno: str, names: list[str]
) -> None:
    """Whatever a module's own handler means by them; the walk is the same as LMSTAT by LMSTAT."""
    lab.load("int a;", name="m0")
    lab.load(FAILING % {"name": "m1", "errno": errno}, name="m1", whole=True)
    lab.load("int b;", name="m2")
    assert [module.name for module in modules.stat_all(lab.p)] == names


def test_an_error_of_a_module_comes_after_the_rows_before_it(lab: Lab) -> None:
    """EIO: the first rows are there; then it is the call's."""
    for name in ("m0", "m1"):
        lab.load("int a;", name=name)
    lab.load(FAILING % {"name": "m2", "errno": "EIO"}, name="m2", whole=True)
    lkm = Lkm(lab.p, O_RDONLY)
    following, rows = ask(lkm, 0, 9)
    assert (following, len(rows)) == (2, 2)
    assert errno_of(ask, lkm, 2, 9) == 5
    found = []
    with pytest.raises(Exception, match="its entry point returned 5"):
        found += [module.name for module in modules.walk(lab.p, lkm.fd)]


def test_a_list_of_hundreds_takes_few_requests(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each 64 modules, and one that finds the end."""
    for i in range(130):
        lab.load("int x;", name=f"m{i}")
    asked: list[int] = []
    ioctl = lab.p.ioctl

    def count(fd: int, command: int, *rest: Buffer) -> int:
        asked.append(command)
        return ioctl(fd, command, *rest)

    monkeypatch.setattr(lab.p, "ioctl", count)
    assert [module.name for module in modules.stat_all(lab.p)] == [f"m{i}" for i in range(130)]
    assert len(asked) == 4
