"""Opening and closing /dev/lkm (lkmopen, lkmclose): exclusive, sleeping, and what a client leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from lkmtools.client import Process
from lkmtools.kern.status import processes
from lkmtools.proto import Region, Syscall
from support.errors import errno_of
from support.lab import Lab, transport
from support.lkmraw import EBUSY, EINTR, ENXIO, O_NONBLOCK, O_RDONLY, O_RDWR, Lkm, entry, place

SYS_open = 5
S_IFCHR, S_IFBLK = 0o020000, 0o060000
SLEEPER = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/lkm.h>
MOD_MISC("probe");
static int load(struct lkm_table *t, int cmd) { return tsleep(&_module, PWAIT | PCATCH, "halfway", 0); }
int probe_lkmentry(struct lkm_table *, int, int);
int probe_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, load, lkm_nofunc, lkm_nofunc)
}
"""


def begin(p: Process, number: int, *args: Any) -> None:
    """Submit a system call and return at once; a str is passed by address."""
    words, regions = [], []
    for i, arg in enumerate(args):
        if isinstance(arg, str):
            regions.append(Region(0x10000 * (i + 1), bytearray(arg.encode() + b"\0")))
        words.append(0x10000 * (i + 1) if isinstance(arg, str) else arg)
    transport(p).send(Syscall(number, tuple(words), tuple(regions)))


def answered(p: Process) -> bool:
    """Has the call that was begun come back?"""
    return bool(transport(p)._pending)


def settle(lab: Lab) -> None:
    """Let everything run that can."""
    while lab.k.timeout() == 0:
        lab.kernel.run()


def waiters(lab: Lab) -> list[str]:
    """Who sleeps in lkmopen."""
    return [row["comm"] for row in processes(lab.k) if row["wmesg"] == "lkmopn"]


@pytest.fixture
def others(lab: Lab) -> list[Process]:
    """Two more processes, called "second" and "third"; each has made one call, so that it has its memory."""
    procs = [lab.kernel.process(name) for name in ("second", "third")]
    for p in procs:
        p.getpid()
    return procs


def held(lab: Lab, others: list[Process]) -> Lkm:
    """The device open, and two processes asleep in their open()."""
    lkm = Lkm(lab.p)
    for p in others:
        begin(p, SYS_open, "/dev/lkm", O_RDWR, 0)
    settle(lab)
    assert waiters(lab) == ["second", "third"]
    return lkm


@pytest.mark.parametrize("minor", [1, 255, 256])
def test_a_minor_other_than_0_is_enxio(lab: Lab, minor: int) -> None:
    """Checked before anything else: also while somebody has the device."""
    dev = 28 << 8 | (minor & 0xFF) | (minor & 0xFFF00) << 12
    lab.p.mknod("/dev/lkm1", S_IFCHR | 0o600, dev)
    assert errno_of(lab.p.open, "/dev/lkm1", O_RDWR) == ENXIO
    Lkm(lab.p)
    assert errno_of(lab.p.open, "/dev/lkm1", O_RDWR | O_NONBLOCK) == ENXIO


def test_a_block_node_of_the_same_major_is_another_device(lab: Lab) -> None:
    lab.p.mknod("/dev/blkm", S_IFBLK | 0o600, 28 << 8)
    assert errno_of(lab.p.open, "/dev/blkm", O_RDWR) == ENXIO


@pytest.mark.parametrize("flags", [O_RDONLY, O_RDWR])
def test_with_o_nonblock_a_second_open_is_ebusy(lab: Lab, others: list[Process], flags: int) -> None:
    """An open for reading excludes others too, and the same process is no exception."""
    lkm = Lkm(lab.p, flags | O_NONBLOCK)
    assert errno_of(others[0].open, "/dev/lkm", O_RDONLY | O_NONBLOCK) == EBUSY
    assert errno_of(lab.p.open, "/dev/lkm", O_RDWR | O_NONBLOCK) == EBUSY
    lkm.close()
    assert errno_of(others[0].open, "/dev/lkm", O_RDWR | O_NONBLOCK) == 0


def test_waiters_sleep_until_close_and_get_it_one_after_the_other(lab: Lab, others: list[Process]) -> None:
    """All are woken, the first to run has it, the rest sleep again."""
    second, third = others
    lkm = held(lab, others)
    lkm.close()
    settle(lab)
    assert (answered(second), answered(third), waiters(lab)) == (True, False, ["third"])
    second.close(transport(second).receive().retval[0])
    settle(lab)
    assert answered(third)
    assert transport(third).receive().errno == 0
    assert (lab.k.lkm.holder() or {})["comm"] == "third"


def test_a_signal_ends_the_wait_with_eintr(lab: Lab, others: list[Process]) -> None:
    """And the device goes to the next one in line."""
    second, third = others
    lkm = held(lab, others)
    lab.p.kill(second.pid, 2)
    settle(lab)
    assert transport(second).receive().errno == EINTR
    assert waiters(lab) == ["third"]
    lkm.close()
    assert transport(third).receive().errno == 0


def test_a_waiter_that_dies_leaves_nothing(lab: Lab, others: list[Process]) -> None:
    """No lock, no sleeper, no process; closing afterwards wakes nobody."""
    second, _ = others
    lkm = Lkm(lab.p)
    begin(second, SYS_open, "/dev/lkm", O_RDWR, 0)
    settle(lab)
    second.exit()
    settle(lab)
    assert waiters(lab) == []
    assert [row["comm"] for row in processes(lab.k)].count("second") == 0
    lkm.close()
    assert lab.k.lkm.holder() is None
    Lkm(lab.p).close()


def test_a_waiter_that_dies_when_woken_passes_the_device_on(lab: Lab, others: list[Process]) -> None:
    """It was made runnable, but its client is gone before it runs: it must not keep the lock."""
    second, third = others
    lkm = held(lab, others)
    begin(lab.p, 6, lkm.fd)
    lab.kernel.run()
    second.exit()
    settle(lab)
    assert transport(third).receive().errno == 0
    assert (lab.k.lkm.holder() or {})["comm"] == "third"


def test_a_dup_shares_the_open(lab: Lab, others: list[Process]) -> None:
    """The last close ends it, and with it the load."""
    lkm = Lkm(lab.p)
    lkm.reserve(4096)
    other = lab.p.dup(lkm.fd)
    lkm.close()
    assert errno_of(others[0].open, "/dev/lkm", O_RDWR | O_NONBLOCK) == EBUSY
    lkm.fd = other
    lkm.loadbuf(b"x")
    lkm.close()
    assert errno_of(others[0].open, "/dev/lkm", O_RDWR | O_NONBLOCK) == 0


def bring(lab: Lab, p: Process, state: str) -> Lkm:
    """/dev/lkm opened by `p` and brought to a state of a load."""
    lkm = Lkm(p)
    if state == "IDLE":
        return lkm
    if state == "SLEEPING":
        _, image = place(lab, lkm, SLEEPER, sym_size=64)
        lkm.send(image.data)
        begin_ready(lkm, entry(image))
        settle(lab)
        assert [row["wmesg"] for row in processes(lab.k)].count("halfway") == 1
        return lkm
    lkm.reserve(10000, sym_size=5000, sym_symsize=240)
    if state == "LOADING":
        lkm.loadbuf(b"\xcc" * 5000)
        lkm.loadsyms(b"\0" * 500)
    return lkm


def begin_ready(lkm: Lkm, addr: int) -> None:
    """LMREADY, not waited for."""
    data = lkm.pack("u_long", addr)
    command = 0x80084B03 if lkm.wide else 0x80044B03
    transport(lkm.p).send(Syscall(54, (lkm.fd, command, 0x10000), (Region(0x10000, bytearray(data)),)))


def used(lab: Lab) -> tuple[int, int, dict[str, bytes], int]:
    """Kernel memory, tables, and how many entries the kernel has."""
    return lab.k.kmap.used, lab.k.heap.used, lab.tables(), len(lab.k.modules.by_id)


@pytest.mark.parametrize("state", ["IDLE", "RESERVED", "LOADING"])
def test_close_gives_a_half_made_load_back(lab: Lab, state: str) -> None:
    """Memory, table entry, id and lock."""
    bring(lab, lab.p, "LOADING").close()
    before = used(lab)
    bring(lab, lab.p, state).close()
    assert used(lab) == before
    assert Lkm(lab.p).reserve(4096)[0] == 0


@pytest.mark.parametrize("state", ["IDLE", "RESERVED", "LOADING", "SLEEPING"])
def test_the_death_of_a_client_gives_a_half_made_load_back(lab: Lab, state: str) -> None:
    """Also in the midst of its module's entry point, which sleeps with PCATCH."""
    for _ in range(2):  # the first time the heap takes the pages it keeps
        before = used(lab)
        p = lab.kernel.process("dying")
        bring(lab, p, state)
        p.exit()
        settle(lab)
    assert used(lab) == before
    assert lab.k.lkm.holder() is None
    assert Lkm(lab.p).reserve(4096)[0] == 0


def test_a_failed_entry_that_slept_reports_the_signal(lab: Lab, others: list[Process]) -> None:
    """EINTR from tsleep is what LMREADY answers; nothing stays wired."""
    lkm = bring(lab, lab.p, "SLEEPING")
    others[0].kill(lab.p.pid, 2)
    settle(lab)
    assert transport(lab.p).receive().errno == EINTR
    lkm.close()
    assert lab.tables() == lab.boot_tables


def test_while_an_entry_sleeps_others_wait_for_the_device(lab: Lab, others: list[Process]) -> None:
    """Not even modstat sees a module before it is there."""
    lkm = bring(lab, lab.p, "SLEEPING")
    assert errno_of(others[0].open, "/dev/lkm", O_RDONLY | O_NONBLOCK) == EBUSY
    lab.k.sched.wakeup(next(w.wchan for w in lab.k.lwps.values() if w.wmesg == "halfway" and w.wchan))
    assert transport(lab.p).receive().errno == 0
    assert lkm.stat(0).name == b"probe"
