/* A callout in its data is left at unload: "is due, and was to call tick+0x0 [crash, unloaded]" in tick(). */

#include "crash.h"

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

CRASH(crash_load, crash_unload)
