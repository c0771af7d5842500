"""Block devices: buffers between programs and a strategy routine, and drivers that get them wrong."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY, EINVAL, EIO, ENOSPC, ENXIO
from lkmtools.abi.fcntl import O_RDWR
from lkmtools.abi.stat import S_IFBLK, S_IFCHR
from lkmtools.abi.syscall import SYS_sync
from lkmtools.errors import KernelError
from lkmtools.kern.status import processes
from support.errors import errno_of
from support.lab import Lab
from support.programs import Runner

RAMDISK = Path(__file__).parents[2] / "examples/ramdisk/ramdisk.c"
SIZE = 256 * 512


def nodes(lab: Lab, ident: int, units: int) -> None:
    """/dev/bN and /dev/cN for the driver's units."""
    majors = modules.stat(lab.p, ident).majors
    assert majors is not None
    for unit in range(units):
        lab.p.mknod(f"/dev/b{unit}", S_IFBLK | 0o666, majors[0] << 8 | unit)
        lab.p.mknod(f"/dev/c{unit}", S_IFCHR | 0o666, majors[1] << 8 | unit)


@pytest.fixture
def disk(lab: Lab) -> Lab:
    """The ramdisk, with /dev/b0 and /dev/c0, and the slow /dev/b1 and /dev/c1."""
    nodes(lab, lab.load(RAMDISK, name="ramdisk").id, 2)
    return lab


# -- what is written is read ---------------------------------------------------------------------------------


def test_any_offset_and_length_goes_through_the_buffer(disk: Lab) -> None:
    """A hundred random writes and reads give what a plain array gives; the raw device sees the same."""
    fd, raw = disk.p.open("/dev/b0", O_RDWR), disk.p.open("/dev/c0", O_RDWR)
    chosen = random.Random(5)
    model = bytearray(SIZE)
    for _ in range(50):
        at, length = chosen.randrange(SIZE - 9000), chosen.choice([1, 7, 512, 2048, 2049, 8999])
        data = chosen.randbytes(length)
        assert disk.p.pwrite(fd, data, at) == length
        model[at : at + length] = data
        at = chosen.randrange(SIZE - 9000)
        assert disk.p.pread(fd, length, at) == model[at : at + length]
    assert disk.p.pread(raw, SIZE, 0) == model
    assert disk.k.vfs.buffers.made == {}


def test_a_program_and_a_client_see_one_disk(disk: Lab) -> None:
    """Written by a program at an odd place, read by the client; both devices of both speeds."""
    body = """
    char b[16];
    int fd = open("/dev/b0", O_RDWR), slow = open("/dev/c1", O_RDONLY);
    printf("%ld ", (long)pwrite(fd, "across a border", 15, 2040));
    printf("%ld ", (long)pread(slow, b, 5, 2040));
    printf("%d ", errno);
    close(slow);
    slow = open("/dev/b1", O_RDONLY);
    printf("%ld %.15s\\n", (long)pread(slow, b, 15, 2040), b);
    """
    runner = Runner(disk.cc, disk.machine, disk.kernel)
    assert runner.main(body).out == "15 -1 22 15 across a border\n"
    assert disk.p.pread(disk.p.open("/dev/b0"), 15, 2040) == b"across a border"


def test_the_raw_device_moves_whole_sectors(disk: Lab) -> None:
    """More than MAXPHYS in one call; an odd offset is EINVAL; the slow one sleeps and gets the same."""
    raw, slow = disk.p.open("/dev/c0", O_RDWR), disk.p.open("/dev/c1", O_RDWR)
    data = random.Random(6).randbytes(100_000 // 512 * 512)
    assert disk.p.pwrite(raw, data, 512) == len(data)
    assert disk.p.pread(slow, len(data), 512) == data
    assert errno_of(disk.p.pread, raw, 512, 100) == EINVAL
    assert errno_of(disk.p.pwrite, raw, b"x" * 512, 511) == EINVAL


def test_where_the_device_ends(disk: Lab) -> None:
    """Reading ends there; writing stops there, and is ENOSPC behind it."""
    fd, raw = disk.p.open("/dev/b0", O_RDWR), disk.p.open("/dev/c0", O_RDWR)
    assert disk.p.pread(fd, 100, SIZE - 10) == bytes(10)
    assert disk.p.pread(fd, 100, SIZE) == b""
    assert disk.p.pwrite(fd, b"x" * 100, SIZE - 10) == 10
    assert errno_of(disk.p.pwrite, fd, b"x", SIZE) == ENOSPC
    assert errno_of(disk.p.pwrite, fd, b"x" * 2048, SIZE) == ENOSPC
    assert errno_of(disk.p.pread, fd, 1, SIZE + 4096) == EINVAL  # the driver's answer
    assert errno_of(disk.p.pread, fd, 1, -1) == EINVAL
    assert disk.p.pread(raw, 1024, SIZE - 512) == bytes(502) + b"x" * 10
    assert disk.p.pwrite(raw, b"y" * 1024, SIZE - 512) == 512


def test_two_writers_of_one_block_lose_nothing(disk: Lab) -> None:
    """Each reads, changes and writes the block; the second waits for the first one's buffer."""
    writers = [disk.kernel.process(f"w{i}") for i in range(4)]
    files = [p.open("/dev/b1", O_RDWR) for p in writers]
    started = [
        disk.start(p.pwrite, fd, bytes([65 + i]) * 100, i * 100)
        for i, (p, fd) in enumerate(zip(writers, files, strict=True))
    ]
    assert [each.result() for each in started] == [100] * 4
    assert disk.p.pread(disk.p.open("/dev/b0"), 400, 0) == b"".join(bytes([65 + i]) * 100 for i in range(4))


def test_open_refuses_and_afterwards_the_device_is_gone(disk: Lab) -> None:
    """EBUSY while a program's or client's file is open; ENXIO afterwards, and the tables as at boot."""
    fd = disk.p.open("/dev/b0")
    with pytest.raises(KernelError, match=r"block device 60, 0 of 'ramdisk' is open") as caught:
        modules.unload(disk.p, "ramdisk")
    assert caught.value.errno == EBUSY
    disk.p.close(fd)
    modules.unload(disk.p, "ramdisk")
    for name in ("/dev/b0", "/dev/c0"):
        assert errno_of(disk.p.open, name) == ENXIO
    assert disk.tables() == disk.boot_tables


# -- drivers that get it wrong -------------------------------------------------------------------------------

BAD = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/buf.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <sys/uio.h>
static struct buf *held;
static void bad_strategy(struct buf *bp)
{
	switch (minor(bp->b_dev)) {
	case 0: held = bp; return;
	case 1: biodone(bp); break;
	case 2: bp->b_error = EBUSY; break;
	case 3: bp->b_flags |= B_ERROR; break;
	case 4: bp->b_resid = -5; break;
	case 5: bp->b_resid = bp->b_bcount + 1; break;
	case 6: bp->b_data = (void *)8; bp->b_bcount = 1 << 30; break;
	case 7: bp->b_dev = -1; bp->b_blkno = -1; bp->b_flags = 0; bp->b_proc = NULL; break;
	case 8: biodone((struct buf *)16); break;
	case 9: brelse(bp); break;
	case 10: bp->b_resid = 0x7fffffff; break;
	case 11: bp->b_oflags |= BO_DELWRI; break;
	}
	biodone(bp);
}
static void none(struct buf *bp) { bp->b_bcount = 0; }
static void more(struct buf *bp) { bp->b_bcount *= 2; }
static int bad_read(dev_t dev, struct uio *uio, int flag)
{
	if (minor(dev) >= 20)
		return physio(bad_strategy, NULL, dev, B_READ, minor(dev) == 20 ? none : more, uio);
	return physio(bad_strategy, NULL, dev, B_READ, minphys, uio);
}
void bad_done(void);
void bad_done(void) { biodone(held); }
static const struct bdevsw bad_bdevsw = {
	nullopen, nullclose, bad_strategy, noioctl, nodump, nosize, D_DISK
};
static const struct cdevsw bad_cdevsw = {
	nullopen, nullclose, bad_read, bad_read, noioctl, nostop, notty, nopoll, nommap, nokqfilter, D_DISK
};
MOD_DEV("bad", "bad", &bad_bdevsw, -1, &bad_cdevsw, -1);
int bad_lkmentry(struct lkm_table *, int, int);
int bad_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


@pytest.fixture
def bad(lab: Lab) -> Lab:
    """The bad driver: what it does is its minor number."""
    nodes(lab, lab.load(BAD, name="bad", whole=True).id, 22)
    return lab


@pytest.mark.parametrize(("unit", "errno", "reason"), [
    (2, EBUSY, "the driver reported this error for block 4 of device 60, 2"),
    (3, EIO, "the driver reported this error for block 4 of device 60, 3"),
    (4, EIO, "block 4 of device 60, 4: the driver left b_resid at -5; 2048 bytes were asked for"),
    (5, EIO, "block 4 of device 60, 5: the driver left b_resid at 2049; 2048 bytes were asked for"),
    (10, EIO, "block 4 of device 60, 10: the driver left b_resid at 2147483647; 2048 bytes were asked for"),
])  # fmt: skip
def test_what_a_driver_reports_is_an_errno(bad: Lab, unit: int, errno: int, reason: str) -> None:
    """b_error, or B_ERROR alone as up to NetBSD 4; a b_resid that cannot be. Nothing stays behind."""
    fd = bad.p.open(f"/dev/b{unit}", O_RDWR)
    for call, args in (
        (bad.p.pread, (10, 2048)),
        (bad.p.pwrite, (b"x", 2048)),
        (bad.p.pwrite, (bytes(2048), 2048)),
    ):
        with pytest.raises(KernelError) as caught:
            call(fd, *args)
        assert (caught.value.errno, caught.value.reason) == (errno, reason)
    assert errno_of(bad.p.pread, bad.p.open(f"/dev/c{unit}"), 2048, 2048) == errno
    assert bad.k.vfs.buffers.made == {}
    bad.p.exit()
    bad.p = bad.kernel.process("lab")
    modules.unload(bad.p, "bad")


def test_what_a_driver_scribbles_over_is_not_believed(bad: Lab) -> None:
    """Another b_data, b_bcount, b_dev and b_oflags than it was given."""
    for unit in (6, 7, 11):
        for kind in "bc":
            assert bad.p.pread(bad.p.open(f"/dev/{kind}{unit}", O_RDWR), 2048, 0) == bytes(2048)
        fd = bad.p.open(f"/dev/b{unit}", O_RDWR)
        assert bad.p.pwrite(fd, b"x" * 2048, 0) == 2048
        bad.p.syscall(SYS_sync)
        bad.p.close(fd)
    for unit in (20, 21):
        assert errno_of(bad.p.pread, bad.p.open(f"/dev/c{unit}"), 2048, 0) == EIO
    assert bad.k.vfs.buffers.made == {}


@pytest.mark.parametrize(("unit", "reason"), [
    (1, "biodone: block 0 of device 60, 1 is done already"),
    (8, "NULL pointer"),
    (9, "biodone: the buffer at 0x"),
])  # fmt: skip
def test_what_ends_a_transfer_twice_or_not_its_own_is_a_panic(bad: Lab, unit: int, reason: str) -> None:
    """biodone() twice, of no buffer, and of one that was released."""
    fd = bad.p.open(f"/dev/b{unit}")
    assert reason in bad.panics(lambda: bad.p.pread(fd, 10, 0)).reason


def test_a_transfer_that_never_ends_holds_up_nobody_else(bad: Lab) -> None:
    """The client dies; its process sleeps on, and so keeps the driver; everything else goes on."""
    victim = bad.kernel.process("victim")
    fd = victim.open("/dev/b0")
    bad.start(victim.pread, fd, 10, 0)
    victim.exit()
    assert [row["wmesg"] for row in processes(bad.k) if row["comm"] == "victim"] == ["biowait"]
    assert bad.p.pread(bad.p.open("/dev/zero"), 3, 0) == bytes(3)
    with pytest.raises(KernelError, match=r"block device 60, 0 of 'bad' is open, by pid \d+ \(victim\)"):
        modules.unload(bad.p, "bad")
    bad.call("void bad_done(void)")
    bad.settle()
    assert [row for row in processes(bad.k) if row["comm"] == "victim"] == []
    assert bad.k.vfs.buffers.made == {}
    modules.unload(bad.p, "bad")
    assert bad.tables() == bad.boot_tables
