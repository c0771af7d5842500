/* A function calls itself for ever: "(kernel stack overflow)" in factorial(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

int (*volatile itself)(int, int);

static int
factorial(int n, int so_far)	/* here */
{	/* here */
	char copy[64];	/* here */

#ifdef FIXED
	if (n > 10)
		return 0;
#endif
	snprintf(copy, sizeof(copy), "%d", n);	/* here */
	return itself(n + 1, so_far * n) + copy[0];	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	itself = factorial;
	return factorial(cmd, 1) & 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
