/* A soft interrupt sleeps: "tsleep: 'soft' cannot sleep in a soft interrupt; handler() [crash] runs" in handler(). */

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

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
