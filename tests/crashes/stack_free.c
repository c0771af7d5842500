/* An array on the stack is freed: "is on the kernel stack" in crash_load(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	char buf[64];

	memset(buf, cmd, sizeof(buf));
#ifndef FIXED
	free(buf, M_TEMP);	/* here */
#endif
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
