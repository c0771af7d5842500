/* A sleep with a spin mutex: "sleeping for 'drain' while holding spin mutex lock+0x0 [crash]; taken in " in drain(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/intr.h>
#include <sys/kthread.h>
#include <sys/lock.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/proc.h>
#include <sys/rwlock.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

static kmutex_t lock;

static void
drain(void)
{
	mutex_enter(&lock);
#ifdef FIXED
	mutex_exit(&lock);
#endif
	tsleep(&lock, PWAIT, "drain", 1);	/* here */
#ifndef FIXED
	mutex_exit(&lock);
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&lock, MUTEX_SPIN, IPL_VM);
	drain();
	mutex_destroy(&lock);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
