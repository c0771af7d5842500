/* A mutex of another lwp is released: "is held by pid" in leave(). */

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
worker(void *arg)
{
	mutex_enter(&lock);
	tsleep(&lock, PWAIT, "hold", 4);
	mutex_exit(&lock);
	kthread_exit(0);
}

static void
leave(void)
{
#ifdef FIXED
	mutex_enter(&lock);
#endif
	mutex_exit(&lock);	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&lock, MUTEX_DEFAULT, IPL_NONE);
	kthread_create(PRI_NONE, 0, NULL, worker, NULL, NULL, "worker");
	tsleep(&lkmtp, PWAIT, "begin", 2);
	leave();
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
