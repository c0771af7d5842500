/* A mutex in memory that was freed: "its memory was freed" in enter(). */

#include "../crash.h"

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

CRASH(crash_load, lkm_nofunc)
