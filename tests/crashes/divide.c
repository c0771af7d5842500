/* A rate of nothing: "integer divide fault" in per_second(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

#ifdef FIXED
int seconds = 2, rate;
#else
int seconds, rate;
#endif

static void
per_second(int count)
{
	rate = 1000 * count / seconds;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	per_second(cmd);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
