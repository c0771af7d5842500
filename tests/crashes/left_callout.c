/* A callout is left at unload: "(memory of module crash, which was unloaded)" in tick(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

static callout_t *ch;

static void
tick(void *arg)	/* here */
{	/* here */
	callout_schedule(ch, 1);
}

static int
crash_unload(struct lkm_table *lkmtp, int cmd)
{
#ifdef FIXED
	callout_stop(ch);
#endif
	return 0;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	ch = malloc(sizeof(*ch), M_TEMP, M_WAITOK);
	callout_init(ch, 0);
	callout_reset(ch, 2, tick, NULL);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, crash_unload, lkm_nofunc)
}
