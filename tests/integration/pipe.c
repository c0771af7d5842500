/* A device that holds one message: readers sleep until somebody writes, and poll waits for it. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <sys/poll.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <sys/vnode.h>

static char data[64];
static size_t have;
static struct selinfo sel;
int priority = PZERO | PCATCH;

static int
pipe_read(dev_t dev, struct uio *uio, int flag)
{
	int error;
	while (have == 0) {
		if (flag & IO_NDELAY)
			return EAGAIN;
		if ((error = tsleep(data, priority, "piperd", 0)) != 0)
			return error;
	}
	error = uiomove(data, have, uio);
	have = 0;
	return error;
}

static int
pipe_write(dev_t dev, struct uio *uio, int flag)
{
	size_t n = uio->uio_resid;
	int error = uiomove(data, MIN(sizeof(data), n), uio);
	have = MIN(sizeof(data), n);
	wakeup(data);
	selnotify(&sel, POLLIN, 0);
	return error;
}

static int
pipe_poll(dev_t dev, int events, struct lwp *l)
{
	int revents = events & (POLLOUT | POLLWRNORM);
	if (have)
		revents |= events & (POLLIN | POLLRDNORM);
	if (revents == 0)
		selrecord(l, &sel);
	return revents;
}

int waiting(void);
int waiting(void) { return (sel.sel_lwp != NULL) + sel.sel_collision; }

static struct cdevsw pipe_cdevsw = {
	.d_open = (void *)nullop, .d_close = (void *)nullop, .d_read = pipe_read, .d_write = pipe_write,
	.d_ioctl = noioctl, .d_stop = nostop, .d_tty = notty, .d_poll = pipe_poll, .d_mmap = nommap,
	.d_kqfilter = nokqfilter, .d_flag = D_OTHER,
};
MOD_DEV("pipe", "pipe", NULL, -1, &pipe_cdevsw, -1);
int pipe_lkmentry(struct lkm_table *, int, int);
int
pipe_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
