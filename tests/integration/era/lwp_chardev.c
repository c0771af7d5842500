/* A DEV module of NetBSD 4.0: struct lwp, kauth, .d_type by name, block and character together. */

#include <sys/cdefs.h>
__KERNEL_RCSID(0, "$Id$");

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/buf.h>
#include <sys/conf.h>
#include <sys/device.h>
#include <sys/event.h>
#include <sys/kauth.h>
#include <sys/kernel.h>
#include <sys/lkm.h>
#include <sys/malloc.h>
#include <sys/proc.h>
#include <sys/syslog.h>

#define RD_SIZE		(64 * DEV_BSIZE)

static char *rd_data;

static dev_type_open(rdopen);
static dev_type_close(rdclose);
static dev_type_read(rdrdwr);
static dev_type_ioctl(rdioctl);
static dev_type_strategy(rdstrategy);
static dev_type_size(rdsize);

static const struct bdevsw rd_bdevsw = {
	.d_open = rdopen,
	.d_close = rdclose,
	.d_strategy = rdstrategy,
	.d_ioctl = rdioctl,
	.d_dump = nodump,
	.d_psize = rdsize,
	.d_type = D_DISK,
};

static const struct cdevsw rd_cdevsw = {
	.d_open = rdopen,
	.d_close = rdclose,
	.d_read = rdrdwr,
	.d_write = rdrdwr,
	.d_ioctl = rdioctl,
	.d_stop = nostop,
	.d_tty = notty,
	.d_poll = nopoll,
	.d_mmap = nommap,
	.d_kqfilter = nokqfilter,
	.d_type = D_DISK,
};

MOD_DEV("lwp_chardev", "rd", &rd_bdevsw, -1, &rd_cdevsw, -1);

static int
rdopen(dev_t dev, int flag, int mode, struct lwp *l)
{
	if (kauth_authorize_generic(l->l_cred, KAUTH_GENERIC_ISSUSER, &l->l_proc->p_acflag) != 0 &&
	    kauth_cred_geteuid(l->l_cred) != 0)
		return EPERM;
	log(LOG_INFO, "rd%d: opened by %s[%d]\n", (int)minor(dev), l->l_proc->p_comm, curproc->p_pid);
	return 0;
}

static int
rdclose(dev_t dev, int flag, int mode, struct lwp *l)
{
	return 0;
}

static int
rdrdwr(dev_t dev, struct uio *uio, int flag)
{
	size_t room;

	if (uio->uio_offset < 0)
		return EINVAL;
	if (uio->uio_offset >= RD_SIZE)
		return uio->uio_rw == UIO_READ ? 0 : ENOSPC;
	room = RD_SIZE - uio->uio_offset;
	return uiomove(rd_data + uio->uio_offset, MIN(room, uio->uio_resid), uio);
}

static int
rdioctl(dev_t dev, u_long cmd, caddr_t data, int flag, struct lwp *l)
{
	return EPASSTHROUGH;
}

static void
rdstrategy(struct buf *bp)
{
	off_t where = dbtob(bp->b_blkno);

	if (where + bp->b_bcount > RD_SIZE) {
		bp->b_error = EINVAL;
		bp->b_flags |= B_ERROR;
	} else if (bp->b_flags & B_READ)
		memcpy(bp->b_data, rd_data + where, bp->b_bcount);
	else
		memcpy(rd_data + where, bp->b_data, bp->b_bcount);
}

static int
rdsize(dev_t dev)
{
	return btodb(RD_SIZE);
}

static int
rd_handle(struct lkm_table *lkmtp, int cmd)
{
	if (cmd == LKM_E_LOAD) {
		rd_data = malloc(RD_SIZE, M_DEVBUF, M_WAITOK | M_ZERO);
		printf("rd: majors %d and %d\n", LKM_BLOCK_MAJOR(lkmtp->private.lkm_dev->lkm_offset),
		    LKM_CHAR_MAJOR(lkmtp->private.lkm_dev->lkm_offset));
	} else
		free(rd_data, M_DEVBUF);
	return 0;
}

int lwp_chardev_lkmentry(struct lkm_table *, int, int);

int
lwp_chardev_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	LKM_DISPATCH(lkmtp, cmd, NULL, rd_handle, rd_handle, lkm_nofunc)
}
