/* A pointer behind the end of RAM: "; RAM ends at 0x" in first_word(). */

#include "crash.h"

static int here;

static int
first_word(const int *p)
{
	return *p;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	uintptr_t at = (uintptr_t)&here;

#ifndef FIXED
	at += 0x38000000;
#endif
	return first_word((int *)at);
}

CRASH(crash_load, lkm_nofunc)
