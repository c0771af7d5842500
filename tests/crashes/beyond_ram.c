/* A pointer behind the end of RAM: "; RAM ends at 0x" in first_word(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

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

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
