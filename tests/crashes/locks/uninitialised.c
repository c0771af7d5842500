/* A mutex that was never initialised: "was never initialised" in enter(). */

#include "../crash.h"

struct softc {
	kmutex_t	lock;
	int		opens;
};

static void
enter(struct softc *sc)
{
	mutex_enter(&sc->lock);	/* here */
	sc->opens++;
	mutex_exit(&sc->lock);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	struct softc *sc = malloc(sizeof(*sc), M_DEVBUF, M_WAITOK | M_ZERO);

#ifdef FIXED
	mutex_init(&sc->lock, MUTEX_DEFAULT, IPL_NONE);
#endif
	enter(sc);
	free(sc, M_DEVBUF);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
