/* Kernel code makes a system call as a program does: "int $0x80 was executed" in ask(). */

#include "crash.h"

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

CRASH(crash_load, lkm_nofunc)
