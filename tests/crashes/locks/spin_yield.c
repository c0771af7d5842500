/* The mutex that a sleep gives up is not the one that spins: "while holding spin mutex spin+0x0" in pause(). */

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

static kmutex_t spin, lock;

static void
pause(void)
{
	mutex_enter(&lock);
#ifndef FIXED
	mutex_enter(&spin);
#endif
	mtsleep(&lock, PWAIT, "pause", 1, &lock);	/* here */
#ifndef FIXED
	mutex_exit(&spin);
#endif
	mutex_exit(&lock);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&spin, MUTEX_SPIN, IPL_VM);
	mutex_init(&lock, MUTEX_DEFAULT, IPL_NONE);
	pause();
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
