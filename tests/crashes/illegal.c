/* An instruction that does not exist: "privileged or undefined instruction fault" in unreachable(). */

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
unreachable(void)
{
#ifndef FIXED
	__builtin_trap();	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	unreachable();
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
