/* A DEV module of NetBSD 2.0: dev_type_*() declarations, struct proc, caddr_t, tsleep, callout_init with one
 * argument, selnotify with two, lockmgr, and a positional cdevsw that ends before d_type. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kernel.h>
#include <sys/conf.h>
#include <sys/callout.h>
#include <sys/exec.h>
#include <sys/fcntl.h>
#include <sys/ioctl.h>
#include <sys/lkm.h>
#include <sys/lock.h>
#include <sys/malloc.h>
#include <sys/poll.h>
#include <sys/proc.h>
#include <sys/select.h>
#include <sys/tty.h>
#include <sys/vnode.h>

#define TICKER_UNIT(dev)	minor(dev)
#define TICKER_GETCOUNT		_IOR('T', 1, int)
#define TICKER_SETSTEP		_IOW('T', 2, int)

struct ticker_softc {
	struct callout		sc_ch;
	struct selinfo		sc_sel;
	struct lock		sc_lock;
	struct simplelock	sc_slock;
	int			sc_count, sc_step, sc_open;
	char			*sc_buf;
} *ticker_softc;

dev_type_open(tickeropen);
dev_type_close(tickerclose);
dev_type_read(tickerread);
dev_type_ioctl(tickerioctl);
dev_type_poll(tickerpoll);

const struct cdevsw ticker_cdevsw = {
	tickeropen, tickerclose, tickerread, nowrite, tickerioctl,
	nostop, notty, tickerpoll, nommap, nokqfilter,
};

static struct cdevsw ticker_older = {
	tickeropen, tickerclose,
	tickerread, (dev_type_write((*))) enodev,
	tickerioctl, (dev_type_stop((*))) enodev, 0,
	tickerpoll, (dev_type_mmap((*))) enodev, 0
};

MALLOC_DEFINE(M_TICKER, "ticker", "ticker buffers");

static void ticker_tick __P((void *));

MOD_DEV("proc_chardev", "ticker", NULL, -1, &ticker_cdevsw, -1)

static void
ticker_tick(arg)
	void *arg;
{
	struct ticker_softc *sc = arg;

	sc->sc_count += sc->sc_step;
	wakeup((caddr_t)&sc->sc_count);
	selnotify(&sc->sc_sel, 0);
	callout_reset(&sc->sc_ch, hz / 10, ticker_tick, sc);
}

int
tickeropen(dev, flag, mode, p)
	dev_t dev;
	int flag, mode;
	struct proc *p;
{
	struct ticker_softc *sc = ticker_softc;

	if (TICKER_UNIT(dev) != 0)
		return (ENXIO);
	if (sc->sc_open)
		return (EBUSY);
	sc->sc_open = p->p_pid;
	callout_reset(&sc->sc_ch, hz / 10, ticker_tick, sc);
	return (0);
}

int
tickerclose(dev_t dev, int flag, int mode, struct proc *p)
{
	callout_stop(&ticker_softc->sc_ch);
	ticker_softc->sc_open = 0;
	return (0);
}

int
tickerread(dev_t dev, struct uio *uio, int ioflag)
{
	struct ticker_softc *sc = ticker_softc;
	int error, was = sc->sc_count, s;

	s = splsoftclock();
	while (sc->sc_count == was) {
		if (ioflag & IO_NDELAY) {
			splx(s);
			return (EWOULDBLOCK);
		}
		error = ltsleep(&sc->sc_count, TTIPRI | PCATCH, "tickrd", 2 * hz, &sc->sc_slock);
		if (error) {
			splx(s);
			return (error);
		}
	}
	splx(s);
	lockmgr(&sc->sc_lock, LK_EXCLUSIVE, NULL);
	snprintf(sc->sc_buf, 32, "%d\n", sc->sc_count);
	error = uiomove(sc->sc_buf, min(strlen(sc->sc_buf), uio->uio_resid), uio);
	lockmgr(&sc->sc_lock, LK_RELEASE, NULL);
	return (error);
}

int
tickerioctl(dev, cmd, data, flag, p)
	dev_t dev;
	u_long cmd;
	caddr_t data;
	int flag;
	struct proc *p;
{
	switch (cmd) {
	case TICKER_GETCOUNT:
		*(int *)data = ticker_softc->sc_count;
		return 0;
	case TICKER_SETSTEP:
		if ((flag & FWRITE) == 0)
			return EBADF;
		ticker_softc->sc_step = *(int *)data;
		return 0;
	}
	return (ENOTTY);
}

int
tickerpoll(dev_t dev, int events, struct proc *p)
{
	int revents = events & (POLLOUT | POLLWRNORM);

	if (revents == 0)
		selrecord(p, &ticker_softc->sc_sel);
	return (revents);
}

static int
handle(struct lkm_table *lkmtp, int cmd)
{
	struct ticker_softc *sc;

	switch (cmd) {
	case LKM_E_LOAD:
		MALLOC(sc, struct ticker_softc *, sizeof(*sc), M_TICKER, M_WAITOK);
		bzero(sc, sizeof(*sc));
		sc->sc_buf = malloc(32, M_TTYS, M_NOWAIT);
		sc->sc_step = 1;
		simple_lock_init(&sc->sc_slock);
		lockinit(&sc->sc_lock, PZERO, "ticker", 0, 0);
		callout_init(&sc->sc_ch);
		ticker_softc = sc;
		break;
	case LKM_E_UNLOAD:
		if (ticker_softc->sc_open)
			return (EBUSY);
		free(ticker_softc->sc_buf, M_TTYS);
		FREE(ticker_softc, M_TICKER);
		break;
	}
	return (0);
}

int
proc_chardev_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	(void)ticker_older;
	DISPATCH(lkmtp, cmd, ver, handle, handle, lkm_nofunc)
}
