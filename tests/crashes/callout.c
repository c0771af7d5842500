/* A timer runs after its softc is gone: "(NULL pointer)" in tick(). */

#include "crash.h"

struct softc {
	int	 ticks;
};
#ifdef FIXED
static struct softc room, *the_softc = &room;
#else
static struct softc *the_softc;
#endif
static callout_t ch;

static void
tick(void *arg)
{
	the_softc->ticks++;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	callout_init(&ch, 0);
	callout_reset(&ch, 1, tick, NULL);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
