/* A loop runs through small functions: "seconds without a kernel call in sum" in sum(). */

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

static volatile int values[4] = { 1, 2, 3, 4 };

static __noinline int
twice(int i)
{
	return values[i & 3] * 2;
}

static __noinline int
sum(int n)
{
	int i, all = 0;

#ifdef FIXED
	for (i = 0; i < n; i++)
#else
	for (i = 0; i != -n; i = (i + 1) & 0xffff)	/* here */
#endif
		all += twice(i) + twice(i + 1);	/* here */
	return all;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	return sum(4) == 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
