/* A soft interrupt sleeps: "tsleep: 'soft' cannot sleep in a soft interrupt; handler() [crash] runs" in handler(). */

#include "../crash.h"

static void *cookie;
static int handled;

static void
handler(void *arg)
{
#ifndef FIXED
	tsleep(&cookie, PWAIT, "soft", 1);	/* here */
#endif
	handled = 1;
	wakeup(&handled);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	cookie = softint_establish(SOFTINT_NET, handler, NULL);
	softint_schedule(cookie);
	while (handled == 0)
		tsleep(&handled, PWAIT, "wait", 0);
	softint_disestablish(cookie);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
