/* The error path frees what the caller frees, too: "is already free" in cleanup(). */

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
cleanup(void *block)
{
	free(block, M_TEMP);	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	void *block = malloc(100, M_TEMP, M_WAITOK);

#ifndef FIXED
	free(block, M_TEMP);
#endif
	cleanup(block);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
