/* A function is patched in place: "(read-only memory of module crash)" in patch(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

int	answer(int);

int __attribute__((__noinline__))
answer(int n)
{
	return n;
}
static char copy[16];

static void
patch(void *function)
{
	*(volatile char *)function = 0xc3;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	int before = answer(0);

#ifdef FIXED
	patch(copy);
#else
	patch((void *)(uintptr_t)answer);
#endif
	return before;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
