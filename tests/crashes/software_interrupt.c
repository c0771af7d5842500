/* Kernel code makes a system call as a program does: "int $0x80 was executed" in ask(). */

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
ask(void)
{
#ifndef FIXED
	__asm__ __volatile__("int $0x80" : : "a" (20));	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	ask();
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
