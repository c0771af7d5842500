/* A table is called: "(memory of module crash that is not executable)" in crash_load(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

int table[4] = { 1, 2, 3, 4 };

static int
nothing(int n)
{
	return n - n;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
#ifdef FIXED
	int (*volatile f)(int) = nothing;
#else
	int (*volatile f)(int) = (int (*)(int))(uintptr_t)table;
#endif
	int error;

	error = f(cmd);	/* here */
	return error;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
