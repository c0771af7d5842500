/*
 * echo: a character device that returns what was written to it.
 *
 * A write replaces the contents, a read gets them from the file offset on. Readers can poll for contents; ioctls tell
 * their length and clear them. The module cannot be unloaded while the device is open.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/fcntl.h>
#include <sys/ioctl.h>
#include <sys/lkm.h>
#include <sys/malloc.h>
#include <sys/poll.h>
#include <sys/proc.h>
#include <sys/select.h>
#include <sys/uio.h>

#define ECHO_MAX	4096
#define ECHO_LENGTH	_IOR('e', 1, int)	/* how long the contents are */
#define ECHO_CLEAR	_IO('e', 2)		/* forget them */

int	echo_lkmentry(struct lkm_table *, int, int);

MALLOC_DEFINE(M_ECHO, "echo", "contents of the echo device");

static char *echo_buf;
static size_t echo_len;
static bool echo_isopen;
static struct selinfo echo_sel;

static int
echo_open(dev_t dev, int flag, int mode, struct lwp *l)
{
	if (minor(dev) != 0)
		return ENXIO;
	echo_isopen = true;
	return 0;
}

/* Called when the last descriptor is closed. */
static int
echo_close(dev_t dev, int flag, int mode, struct lwp *l)
{
	echo_isopen = false;
	return 0;
}

static int
echo_read(dev_t dev, struct uio *uio, int flag)
{
	if (uio->uio_offset < 0)
		return EINVAL;
	if (uio->uio_offset >= echo_len)
		return 0;
	return uiomove(echo_buf + uio->uio_offset, MIN(uio->uio_resid, echo_len - uio->uio_offset), uio);
}

static int
echo_write(dev_t dev, struct uio *uio, int flag)
{
	size_t len = uio->uio_resid;
	int error;

	if (len > ECHO_MAX)
		return ENOSPC;
	if ((error = uiomove(echo_buf, len, uio)) != 0)
		return error;
	echo_len = len;
	selnotify(&echo_sel, POLLIN | POLLRDNORM, 0);
	return 0;
}

static int
echo_ioctl(dev_t dev, u_long cmd, void *data, int flag, struct lwp *l)
{
	switch (cmd) {
	case ECHO_LENGTH:
		*(int *)data = echo_len;
		return 0;
	case ECHO_CLEAR:
		if ((flag & FWRITE) == 0)
			return EBADF;
		echo_len = 0;
		return 0;
	}
	return ENOTTY;
}

static int
echo_poll(dev_t dev, int events, struct lwp *l)
{
	int revents = events & (POLLOUT | POLLWRNORM);

	if (echo_len != 0)
		revents |= events & (POLLIN | POLLRDNORM);
	if (revents == 0)
		selrecord(l, &echo_sel);
	return revents;
}

static const struct cdevsw echo_cdevsw = {
	.d_open = echo_open,
	.d_close = echo_close,
	.d_read = echo_read,
	.d_write = echo_write,
	.d_ioctl = echo_ioctl,
	.d_stop = nostop,
	.d_tty = notty,
	.d_poll = echo_poll,
	.d_mmap = nommap,
	.d_kqfilter = nokqfilter,
	.d_flag = D_OTHER,
};

/* No block device, and any free character major. */
MOD_DEV("echo", "echo", NULL, -1, &echo_cdevsw, -1);

static int
echo_load(struct lkm_table *lkmtp, int cmd)
{
	echo_buf = malloc(ECHO_MAX, M_ECHO, M_WAITOK);
	selinit(&echo_sel);
	printf("echo: character major %d\n", LKM_CHAR_MAJOR(lkmtp->private.lkm_dev->mod.lkm_offset));
	return 0;
}

static int
echo_unload(struct lkm_table *lkmtp, int cmd)
{
	if (echo_isopen)
		return EBUSY;
	seldestroy(&echo_sel);
	free(echo_buf, M_ECHO);
	return 0;
}

int
echo_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, echo_load, echo_unload, lkm_nofunc);
}
