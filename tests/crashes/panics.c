/* The module gives up itself: "no device answers" in probe(). */

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
probe(int unit)
{
#ifdef FIXED
	printf("no device answers at unit %d\n", unit);
#else
	panic("no device answers at unit %d", unit);	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	probe(cmd);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
