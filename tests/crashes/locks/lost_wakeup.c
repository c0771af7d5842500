/* The wakeup comes before the sleep: "hang: pid" in await(). */

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

static int done;

static void
worker(void *arg)
{
	done = 1;
	wakeup(&done);
	kthread_exit(0);
}

static void
await(void)
{
#ifdef FIXED
	if (done == 0)
#endif
	tsleep(&done, PWAIT, "done", 0);	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	kthread_create(PRI_NONE, 0, NULL, worker, NULL, NULL, "worker");
	tsleep(&lkmtp, PWAIT, "begin", 2);
	await();
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
