/* A callout in its data is left at unload: "is due, and was to call tick+0x0 [crash, unloaded]" in tick(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

static callout_t ch;

static void
tick(void *arg)	/* here */
{	/* here */
	callout_schedule(&ch, 1);
}

static int
crash_unload(struct lkm_table *lkmtp, int cmd)
{
#ifdef FIXED
	callout_stop(&ch);
#endif
	return 0;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	callout_init(&ch, 0);
	callout_reset(&ch, 2, tick, NULL);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, crash_unload, lkm_nofunc)
}
