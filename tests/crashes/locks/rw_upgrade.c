/* A reader becomes a writer of the same lock: "waits for rwlock" in change(). */

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

static krwlock_t lock;
static int value;

static void
change(void)
{
	if (value == 0) {
#ifdef FIXED
		rw_exit(&lock);
#endif
		rw_enter(&lock, RW_WRITER);	/* here */
		value = 1;
	}
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	rw_init(&lock);
	rw_enter(&lock, RW_READER);
	change();
	rw_exit(&lock);
	rw_destroy(&lock);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
