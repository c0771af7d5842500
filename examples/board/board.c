/*
 * board: notice boards in memory, one for each minor number from 0 to 3.
 *
 * Each is a page of the module that any number of programs can map: what one writes there, all see, and the kernel too.
 * write(2) posts a text and wakes the processes that wait; a read sleeps until something has been posted since this
 * board was last read, or gives EAGAIN with O_NONBLOCK; poll(2) tells when a read would not sleep.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/fcntl.h>
#include <sys/lkm.h>
#include <sys/poll.h>
#include <sys/proc.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <sys/vnode.h>
#include <machine/pmap.h>

#define BOARDS	4

int	board_lkmentry(struct lkm_table *, int, int);

/* Whole pages, since a program that maps one sees all of it. */
static char page[BOARDS][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static struct board {
	bool		posted;
	struct selinfo	sel;
} board[BOARDS];

static int
board_open(dev_t dev, int flag, int mode, struct lwp *l)
{
	return minor(dev) < BOARDS ? 0 : ENXIO;
}

static int
board_close(dev_t dev, int flag, int mode, struct lwp *l)
{
	return 0;
}

static int
board_read(dev_t dev, struct uio *uio, int flag)
{
	struct board *b = &board[minor(dev)];
	char *text = page[minor(dev)];
	size_t len = 0;
	int error;

	while (!b->posted) {
		if (flag & IO_NDELAY)
			return EAGAIN;
		if ((error = tsleep(b, PWAIT | PCATCH, "board", 0)) != 0)
			return error;
	}
	b->posted = false;
	while (len < PAGE_SIZE && text[len] != '\0')
		len++;
	return uiomove(text, len, uio);
}

static int
board_write(dev_t dev, struct uio *uio, int flag)
{
	struct board *b = &board[minor(dev)];
	char *text = page[minor(dev)];
	size_t len = uio->uio_resid;
	int error;

	if (len >= PAGE_SIZE)
		return ENOSPC;
	if ((error = uiomove(text, len, uio)) != 0)
		return error;
	text[len] = '\0';
	b->posted = true;
	wakeup(b);
	selnotify(&b->sel, POLLIN | POLLRDNORM, 0);
	return 0;
}

static int
board_poll(dev_t dev, int events, struct lwp *l)
{
	int revents = events & (POLLOUT | POLLWRNORM);

	if (board[minor(dev)].posted)
		revents |= events & (POLLIN | POLLRDNORM);
	if (revents == 0)
		selrecord(l, &board[minor(dev)].sel);
	return revents;
}

/* The page frame at an offset of the device; -1 where there is none. */
static paddr_t
board_mmap(dev_t dev, off_t off, int prot)
{
	if (off < 0 || off >= PAGE_SIZE)
		return -1;
	return x86_btop(vtophys((vaddr_t)page[minor(dev)]));
}

static const struct cdevsw board_cdevsw = {
	.d_open = board_open,
	.d_close = board_close,
	.d_read = board_read,
	.d_write = board_write,
	.d_ioctl = noioctl,
	.d_stop = nostop,
	.d_tty = notty,
	.d_poll = board_poll,
	.d_mmap = board_mmap,
	.d_kqfilter = nokqfilter,
	.d_flag = D_OTHER,
};

MOD_DEV("board", "board", NULL, -1, &board_cdevsw, -1);

static int
board_load(struct lkm_table *lkmtp, int cmd)
{
	for (int i = 0; i < BOARDS; i++)
		selinit(&board[i].sel);
	return 0;
}

static int
board_unload(struct lkm_table *lkmtp, int cmd)
{
	for (int i = 0; i < BOARDS; i++)
		seldestroy(&board[i].sel);
	return 0;
}

int
board_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, board_load, board_unload, lkm_nofunc);
}
