/* What each wrong module begins with, and as CRASH() ends with. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/intr.h>
#include <sys/kthread.h>
#include <sys/lock.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/proc.h>
#include <sys/rwlock.h>
#include <sys/lkm.h>

MOD_MISC("crash");

int crash_lkmentry(struct lkm_table *, int, int);

#define CRASH(load, unload)						\
int									\
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)		\
{									\
	DISPATCH(lkmtp, cmd, ver, load, unload, lkm_nofunc)		\
}
