/*
 * ramdisk: a disk of 256 sectors in memory, as block device and as raw character device.
 *
 * Everything goes through the strategy routine: the kernel's buffers for the block device, physio() for the raw one.
 * Minor 0 transfers at once. Minor 1 is the same disk, slower: its transfers are queued, a callout ends one at a time,
 * and the process that waits for it sleeps meanwhile.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/buf.h>
#include <sys/callout.h>
#include <sys/conf.h>
#include <sys/fcntl.h>
#include <sys/ioctl.h>
#include <sys/lkm.h>
#include <sys/malloc.h>
#include <sys/proc.h>
#include <sys/queue.h>
#include <sys/uio.h>

#define SECTORS		256
#define RAMDISK_SIZE	_IOR('r', 1, int)	/* in bytes */

int	ramdisk_lkmentry(struct lkm_table *, int, int);

MALLOC_DEFINE(M_RAMDISK, "ramdisk", "contents of the ramdisk");

static char *disk;
static TAILQ_HEAD(, buf) queue = TAILQ_HEAD_INITIALIZER(queue);
static callout_t timer;

static int
ramdisk_open(dev_t dev, int flag, int mode, struct lwp *l)
{
	return minor(dev) < 2 ? 0 : ENXIO;
}

static int
ramdisk_close(dev_t dev, int flag, int mode, struct lwp *l)
{
	return 0;
}

/* Move the sectors of a transfer. What is beyond the end is left in b_resid; a start beyond it is an error. */
static void
transfer(struct buf *bp)
{
	off_t start = bp->b_blkno * DEV_BSIZE, room = SECTORS * DEV_BSIZE - start;
	int len = bp->b_bcount;

	if (start < 0 || room < 0) {
		bp->b_error = EINVAL;
		bp->b_resid = len;
	} else {
		if (len > room)
			len = room;
		if (bp->b_flags & B_READ)
			memcpy(bp->b_data, disk + start, len);
		else
			memcpy(disk + start, bp->b_data, len);
		bp->b_resid = bp->b_bcount - len;
	}
	biodone(bp);
}

/* The callout: the first of the queue is done. */
static void
ramdisk_next(void *arg)
{
	struct buf *bp = TAILQ_FIRST(&queue);

	TAILQ_REMOVE(&queue, bp, b_actq);
	if (!TAILQ_EMPTY(&queue))
		callout_reset(&timer, 1, ramdisk_next, NULL);
	transfer(bp);
}

/* The queue is the callout's, too, which may come between any two instructions: splbio() keeps it off. */
static void
ramdisk_strategy(struct buf *bp)
{
	int s;

	if (minor(bp->b_dev) == 0) {
		transfer(bp);
		return;
	}
	s = splbio();
	if (TAILQ_EMPTY(&queue))
		callout_reset(&timer, 1, ramdisk_next, NULL);
	TAILQ_INSERT_TAIL(&queue, bp, b_actq);
	splx(s);
}

static int
ramdisk_read(dev_t dev, struct uio *uio, int flag)
{
	return physio(ramdisk_strategy, NULL, dev, B_READ, minphys, uio);
}

static int
ramdisk_write(dev_t dev, struct uio *uio, int flag)
{
	return physio(ramdisk_strategy, NULL, dev, B_WRITE, minphys, uio);
}

static int
ramdisk_ioctl(dev_t dev, u_long cmd, void *data, int flag, struct lwp *l)
{
	if (cmd != RAMDISK_SIZE)
		return ENOTTY;
	*(int *)data = SECTORS * DEV_BSIZE;
	return 0;
}

static int
ramdisk_size(dev_t dev)
{
	return SECTORS;
}

static const struct bdevsw ramdisk_bdevsw = {
	.d_open = ramdisk_open,
	.d_close = ramdisk_close,
	.d_strategy = ramdisk_strategy,
	.d_ioctl = ramdisk_ioctl,
	.d_dump = nodump,
	.d_psize = ramdisk_size,
	.d_flag = D_DISK,
};

static const struct cdevsw ramdisk_cdevsw = {
	.d_open = ramdisk_open,
	.d_close = ramdisk_close,
	.d_read = ramdisk_read,
	.d_write = ramdisk_write,
	.d_ioctl = ramdisk_ioctl,
	.d_stop = nostop,
	.d_tty = notty,
	.d_poll = nopoll,
	.d_mmap = nommap,
	.d_kqfilter = nokqfilter,
	.d_flag = D_DISK,
};

MOD_DEV("ramdisk", "ramdisk", &ramdisk_bdevsw, -1, &ramdisk_cdevsw, -1);

static int
ramdisk_load(struct lkm_table *lkmtp, int cmd)
{
	disk = malloc(SECTORS * DEV_BSIZE, M_RAMDISK, M_WAITOK | M_ZERO);
	callout_init(&timer, 0);
	return 0;
}

/* The kernel has checked that it is not open, so the queue is empty. */
static int
ramdisk_unload(struct lkm_table *lkmtp, int cmd)
{
	callout_destroy(&timer);
	free(disk, M_RAMDISK);
	return 0;
}

int
ramdisk_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, ramdisk_load, ramdisk_unload, lkm_nofunc);
}
