/* A kernel function is patched in place: "the kernel's text, printf()" in patch(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

static char copy[16];

static void
patch(void *function)
{
	*(volatile char *)function = 0xc3;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
#ifdef FIXED
	patch(copy);
#else
	patch((void *)(uintptr_t)printf);
#endif
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
