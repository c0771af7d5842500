/* The CPU waits for a store: "privileged instruction fault: mwait" in pause_cpu(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

static void
pause_cpu(void)
{
#ifdef FIXED
	DELAY(10);
#else
	__asm__ __volatile__("mwait");	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	pause_cpu();
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
