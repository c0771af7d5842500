/* Code on the stack is called: "(memory that is not executable), called from" in crash_load(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

static int
nothing(int n)
{
	return n - n;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	char code[16];
	int (*volatile f)(int) = nothing;
	int error;

	memset(code, 0xc3, sizeof(code));
#ifndef FIXED
	f = (int (*)(int))(uintptr_t)code;
#endif
	error = f(cmd);	/* here */
	return error;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
