/* A list that only grows: "blocks of type 'hoard'" in grow(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

MALLOC_DEFINE(M_HOARD, "hoard", "a list that only grows");

static void *newest;

static void
grow(void)
{
	void **block;

	block = malloc(1 << 20, M_HOARD, M_WAITOK);	/* here */
	*block = newest;
	newest = block;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
#ifdef FIXED
	if (cmd == LKM_E_LOAD)
#else
	for (;;)
#endif
		grow();
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
