/* A system call is left at unload, and called: syscall 210: "sysent[210] (system call 210) still points into it" in answer(). */

#include "crash.h"

static sy_call_t *saved;

static int
answer(struct lwp *l, const void *v, register_t *retval)	/* here */
{	/* here */
	*retval = 42;	/* here */
	return 0;
}

static int
crash_unload(struct lkm_table *lkmtp, int cmd)
{
#ifdef FIXED
	sysent[210].sy_call = saved;
#endif
	return 0;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	saved = sysent[210].sy_call;
	sysent[210].sy_call = answer;
	return 0;
}

CRASH(crash_load, crash_unload)
