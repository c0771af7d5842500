/* A system call is left at unload, and called: syscall 210: "sysent[210] (system call 210) still points into it" in answer(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

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

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, crash_unload, lkm_nofunc)
}
