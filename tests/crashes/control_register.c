/* Write protection is turned off: "mov to a control register" in set_up(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

struct table {
	char	bytes[10];
} table;
unsigned long cr0;

static void
set_up(void)
{
#ifdef FIXED
	__asm__ __volatile__("mov %%cr0, %0" : "=r" (cr0));
#else
	__asm__ __volatile__("mov %0, %%cr0" : : "r" (cr0 & ~0x10000UL));	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	set_up();
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
