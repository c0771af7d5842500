/* A DEV module of NetBSD 1.4 with a block device only, at a major that it asks for. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/buf.h>
#include <sys/conf.h>
#include <sys/proc.h>
#include <sys/exec.h>
#include <sys/lkm.h>

#define NDISK	1
#ifndef SLOT
#define SLOT	10
#endif

bdev_decl(disk);
static struct bdevsw disk_dev = bdev_tape_init(NDISK, disk);
static char blocks[16][DEV_BSIZE];

MOD_DEV("disk", LM_DT_BLOCK, SLOT, &disk_dev)

int diskopen(dev_t dev, int flag, int type, struct proc *p) { return p->p_pid > 0 ? 0 : EINVAL; }
int diskclose(dev_t dev, int flag, int type, struct proc *p) { return 0; }
int diskioctl(dev_t dev, u_long cmd, caddr_t data, int flag, struct proc *p) { return ENOTTY; }
int diskdump(dev_t dev, daddr_t blkno, caddr_t va, size_t size) { return ENXIO; }

void
diskstrategy(struct buf *bp)
{
	int i, n = bp->b_bcount / DEV_BSIZE;

	for (i = 0; i < n && bp->b_blkno + i < 16; i++)
		if (bp->b_flags & B_READ)
			bcopy(blocks[bp->b_blkno + i], (caddr_t)bp->b_data + i * DEV_BSIZE, DEV_BSIZE);
		else
			bcopy((caddr_t)bp->b_data + i * DEV_BSIZE, blocks[bp->b_blkno + i], DEV_BSIZE);
	bp->b_resid = bp->b_bcount - i * DEV_BSIZE;
	biodone(bp);
}

int
disk_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc)
}
