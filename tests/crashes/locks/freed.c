/* A mutex in memory that was freed: "its memory was freed" in enter(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/intr.h>
#include <sys/kthread.h>
#include <sys/lock.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/proc.h>
#include <sys/rwlock.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

struct softc {
	kmutex_t	lock;
	int		opens;
};

static void
enter(struct softc *sc)
{
	mutex_enter(&sc->lock);	/* here */
	mutex_exit(&sc->lock);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	struct softc *sc = malloc(sizeof(*sc), M_DEVBUF, M_WAITOK | M_ZERO);

	mutex_init(&sc->lock, MUTEX_DEFAULT, IPL_NONE);
#ifndef FIXED
	free(sc, M_DEVBUF);
#endif
	enter(sc);
#ifdef FIXED
	free(sc, M_DEVBUF);
#endif
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
