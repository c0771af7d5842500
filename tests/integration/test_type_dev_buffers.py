"""Buffers: what file systems of modules do with them, and what of them is kept when nobody has them."""

from __future__ import annotations

from lkmtools import modules
from lkmtools.abi.errno import EINVAL
from lkmtools.abi.fcntl import O_RDWR
from lkmtools.abi.stat import S_IFBLK
from lkmtools.abi.syscall import SYS_sync
from support.errors import errno_of
from support.lab import Lab

OWN = """
#include <sys/buf.h>
#include <sys/proc.h>
#include <sys/vnode.h>
#include <miscfs/genfs/genfs.h>
static char disk[8192];
static int dones;
int own_reads, own_writes;
static int (**own_p)(void *);
static int own_strategy(void *v)
{
	struct vop_strategy_args *ap = v;
	struct buf *bp = ap->a_bp;
	if (bp->b_blkno >= 16)
		return ENXIO;
	if (bp->b_flags & B_READ)
		own_reads++, memcpy(bp->b_data, disk + bp->b_blkno * 512, bp->b_bcount);
	else
		own_writes++, memcpy(disk + bp->b_blkno * 512, bp->b_data, bp->b_bcount);
	biodone(bp);
	return 0;
}
static const struct vnodeopv_entry_desc entries[] = {
	{ &vop_default_desc, vn_default_error },
	{ &vop_strategy_desc, own_strategy },
	{ &vop_lock_desc, genfs_lock },
	{ &vop_unlock_desc, genfs_unlock },
	{ &vop_reclaim_desc, genfs_nullop },
	{ NULL, NULL }
};
static const struct vnodeopv_desc opv = { &own_p, entries };
static const struct vnodeopv_desc * const opvs[] = { &opv, NULL };
static void counted(struct buf *bp) { dones++; }
int own_run(void);
int own_run(void)
{
	struct vnode *vp;
	struct buf *bp, *other;
	int error;
	vfs_opv_init(opvs);
	if ((error = getnewvnode(VT_NON, NULL, own_p, &vp)) != 0)
		return error;
	bp = getblk(vp, 4, 1024, 0, 0);
	if (incore(vp, 4) != bp || incore(vp, 5) != NULL)
		return 101;
	memcpy(bp->b_data, "written", 8);
	if ((error = bwrite(bp)) != 0)
		return error;
	if (incore(vp, 4) != bp || strcmp(disk + 2048, "written") != 0)
		return 102;
	if ((error = bread(vp, 4, 1024, NOCRED, &bp)) != 0 || strcmp(bp->b_data, "written") != 0)
		return 103;
	if (own_reads != 0)
		return 114;
	memcpy(bp->b_data, "again", 6);
	bp->b_iodone = counted;
	bawrite(bp);
	if (dones != 1 || strcmp(disk + 2048, "again") != 0)
		return 104;
	brelse(bp);
	if ((error = bread(vp, 4, 512, NOCRED, &bp)) != 0 || own_reads != 1 || bp->b_bcount != 512)
		return 107;
	brelse(bp, BC_INVAL);
	if (incore(vp, 4) != NULL)
		return 108;
	if (bread(vp, 16, 512, NOCRED, 0, &bp) != ENXIO)
		return 105;
	brelse(bp, 0);
	bp = geteblk(2000);
	other = getiobuf(vp, true);
	if (bp->b_bcount != 2000 || other->b_vp != vp || other->b_data != NULL)
		return 106;
	putiobuf(other);
	brelse(bp);
	if (own_writes != 2 || incore(vp, 16) != NULL)
		return 109;
	bp = getblk(vp, 2, 512, 0, 0);
	memset(bp->b_data, 'd', 512);
	bdwrite(bp);
	if (bread(vp, 2, 512, NOCRED, 0, &bp) != 0 || *(char *)bp->b_data != 'd')
		return 110;
	if (own_writes != 2 || own_reads != 1)
		return 115;
	bdwrite(bp);
	vflushbuf(vp, 1);
	vflushbuf(vp, 1);
	if (own_writes != 3 || disk[1024] != 'd')
		return 111;
	bp = getblk(vp, 3, 512, 0, 0);
	memset(bp->b_data, 'e', 512);
	bdwrite(bp);
	if (vinvalbuf(vp, V_SAVE, NOCRED, curlwp, false, 0) != 0 || disk[1536] != 'e')
		return 112;
	if (incore(vp, 3) != NULL || incore(vp, 2) != NULL)
		return 116;
	bp = getblk(vp, 3, 512, 0, 0);
	bdwrite(bp);
	ungetnewvnode(vp);
	if (own_writes != 4)
		return 113;
	vfs_opv_free(opvs);
	return 0;
}
void own_twice(void);
void own_twice(void) { struct buf *bp = geteblk(512); brelse(bp); brelse(bp); }
"""


def test_file_systems_read_and_write_blocks_by_their_strategy(lab: Lab) -> None:
    """getblk, bread (both forms), bwrite, bawrite with b_iodone, bdwrite, incore, geteblk, getiobuf.

    What is kept is not read again; what bdwrite() leaves is written by vflushbuf() and vinvalbuf().
    """
    lab.load(OWN, name="own")
    assert lab.call("int own_run(void)") == 0
    buffers = lab.k.vfs.buffers
    assert (buffers.made, buffers.busy, buffers.kept) == ({}, {}, {})


MANY = """
int own_many(int n);
int own_many(int n)
{
	struct vnode *vp;
	struct buf *bp;
	int i, error;
	vfs_opv_init(opvs);
	if ((error = getnewvnode(VT_NON, NULL, own_p, &vp)) != 0)
		return error;
	for (i = 0; i < n; i++) {
		bp = getblk(vp, 1000000 + 16 * i, 65536, 0, 0);
		bdwrite(bp);
	}
	if ((error = bread(vp, 0, 512, NOCRED, 0, &bp)) != 0)
		return error;
	brelse(bp, 0);
	i = incore(vp, 1000000) == NULL && incore(vp, 1000000 + 16 * (n - 1)) != NULL;
	vgone(vp);
	return i;
}
"""


LEFT = """
int own_left(void);
int own_left(void)
{
	struct vnode *vp;
	int error;
	vfs_opv_init(opvs);
	if ((error = getnewvnode(VT_NON, NULL, own_p, &vp)) == 0)
		bdwrite(getblk(vp, 1, 512, 0, 0));
	return error;
}
"""


def test_sync_writes_what_is_to_be_written(lab: Lab) -> None:
    """sync(2) writes all buffers, once."""
    lab.load(OWN + LEFT, name="own")
    assert lab.call("int own_left(void)") == 0
    written = []
    for _ in range(2):
        written.append(lab.k.mem.i32(lab.symbols["own_writes"]))
        lab.p.syscall(SYS_sync)
    assert [*written, lab.k.mem.i32(lab.symbols["own_writes"])] == [0, 1, 1]


def test_what_is_kept_is_bounded(lab: Lab) -> None:
    """Beyond 2 MiB the block that was used longest ago goes: it is written, and an error is told."""
    lab.load(OWN + MANY, name="own")
    kept = lab.k.heap.used
    assert lab.call("int own_many(int n)", 40) == 1
    assert lab.dmesg.count("delayed write of block 1000000 failed (6)") == 1
    assert lab.dmesg.count("delayed write of block") == 40
    assert lab.k.vfs.buffers.kept == {}
    assert lab.k.heap.used - kept < 8192


def test_a_buffer_is_released_once(lab: Lab) -> None:
    """The second time names the buffer."""
    lab.load(OWN, name="own")
    assert "is already free" in lab.panics(lambda: lab.call("void own_twice(void)")).reason


# -- buffers of a device ------------------------------------------------------------------------------------

COUNTED = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/buf.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
static char disk[65536];
int reads, writes;
static void counted_strategy(struct buf *bp)
{
	char *at = disk + bp->b_blkno * 512;
	if (bp->b_blkno * 512 + bp->b_bcount > sizeof disk)
		bp->b_error = EINVAL;
	else if (bp->b_flags & B_READ)
		reads++, memcpy(bp->b_data, at, bp->b_bcount);
	else
		writes++, memcpy(at, bp->b_data, bp->b_bcount);
	biodone(bp);
}
static const struct bdevsw counted_bdevsw = {
	nullopen, nullclose, counted_strategy, noioctl, nodump, nosize, D_DISK
};
static const struct cdevsw counted_cdevsw = {
	nullopen, nullclose, noread, nowrite, noioctl, nostop, notty, nopoll, nommap, nokqfilter, D_DISK
};
MOD_DEV("counted", "counted", &counted_bdevsw, -1, &counted_cdevsw, -1);
int counted_lkmentry(struct lkm_table *, int, int);
int counted_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


def device(lab: Lab) -> None:
    """The driver as /dev/b0."""
    majors = modules.stat(lab.p, lab.load(COUNTED, name="counted", whole=True).id).majors
    assert majors is not None
    lab.p.mknod("/dev/b0", S_IFBLK | 0o666, majors[0] << 8)


def test_a_block_is_read_once_while_the_device_is_open(lab: Lab) -> None:
    """Also for another process; each write reaches the driver; the last close forgets everything."""
    device(lab)
    other = lab.kernel.process("other")
    fd, theirs = lab.p.open("/dev/b0", O_RDWR), other.open("/dev/b0", O_RDWR)

    def transfers() -> tuple[int, int]:
        return lab.k.mem.i32(lab.symbols["reads"]), lab.k.mem.i32(lab.symbols["writes"])

    assert [lab.p.pread(fd, 512, 512 * i) for i in range(8)] == [bytes(512)] * 8
    assert transfers() == (2, 0)
    assert other.pwrite(theirs, b"theirs", 100) == 6
    assert lab.p.pread(fd, 8, 99) == b"\0theirs\0"
    assert transfers() == (2, 1)
    assert lab.p.pwrite(fd, bytes([7]) * 2048, 4096) == 2048
    assert other.pread(theirs, 2, 4096) == b"\7\7"
    assert transfers() == (2, 2)
    lab.p.close(fd)
    other.pread(theirs, 1, 0)
    assert transfers() == (2, 2)
    other.close(theirs)
    assert lab.k.vfs.buffers.kept == {}
    lab.p.pread(lab.p.open("/dev/b0"), 1, 0)
    assert transfers() == (3, 2)


def test_a_failed_transfer_is_not_kept(lab: Lab) -> None:
    """The driver is asked again."""
    device(lab)
    fd = lab.p.open("/dev/b0", O_RDWR)
    for _ in range(2):
        assert errno_of(lambda: lab.p.pread(fd, 1, 65536)) == EINVAL
        assert errno_of(lambda: lab.p.pwrite(fd, bytes(2048), 65536)) == EINVAL
    assert lab.k.vfs.buffers.kept == {}
