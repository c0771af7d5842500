/* An array whose size the caller says: "an array whose size is computed on the stack" in summary(). */

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
int size = 400;
#else
int size = 100000;
#endif

static int __attribute__((__noinline__))
summary(int n)
{
	char text[n];	/* here */

	memset(text, 1, n);	/* here */
	return text[n / 2];
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	return summary(size) & 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
