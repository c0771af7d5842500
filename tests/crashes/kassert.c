/* An assertion: "assertion \"n > 2\" failed" in check(). */

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
check(int n)
{
#ifdef FIXED
	KASSERT(n > 0);
#else
	KASSERT(n > 2);	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	check(cmd);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
