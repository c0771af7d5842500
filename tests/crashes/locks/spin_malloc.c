/* Memory is allocated with a spin mutex held: "malloc: M_WAITOK cannot sleep while holding spin mutex lock+0x0" in grow(). */

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
static void *table;

static void
grow(void)
{
#ifdef FIXED
	table = malloc(64, M_TEMP, M_WAITOK);
#endif
	mutex_enter(&lock);
#ifndef FIXED
	table = malloc(64, M_TEMP, M_WAITOK);	/* here */
#endif
	mutex_exit(&lock);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&lock, MUTEX_SPIN, IPL_VM);
	grow();
	free(table, M_TEMP);
	mutex_destroy(&lock);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
