/* A variable of the module is freed: "is table+0x0 [crash], and was never allocated" in crash_load(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

char table[64];

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
#ifndef FIXED
	free(table, M_TEMP);	/* here */
#endif
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
