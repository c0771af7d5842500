/* A timer runs after its softc is gone: "(NULL pointer)" in tick(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

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

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
