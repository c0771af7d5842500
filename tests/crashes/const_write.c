/* A constant is written to: "(read-only memory of module crash)" in rename(). */

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
#define	const
#endif
const char title[] = "a title";

static void
rename(const char *name)
{
	*(volatile char *)(uintptr_t)name = 'A';	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	rename(title);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
