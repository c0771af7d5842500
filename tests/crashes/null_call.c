/* A handler that was never set is called: "instruction fetch at 0x0 (NULL pointer)" in crash_load(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

static int __attribute__((__unused__))
nothing(int n)
{
	return n - n;
}

#ifdef FIXED
int (*handler)(int) = nothing;
#else
int (*handler)(int);
#endif

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	int error;

	error = handler(cmd);	/* here */
	return error;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
