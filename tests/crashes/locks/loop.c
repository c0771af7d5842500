/* A list leads back to itself: "seconds without a kernel call in length" in length(). */

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

struct item {
	struct item	*next;
};

static struct item items[3];

static __noinline int
length(struct item *it)
{
	int n = 0;

	while (it != NULL) {	/* here */
		n++;	/* here */
		it = it->next;	/* here */
	}
	return n;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	items[0].next = &items[1];
	items[1].next = &items[2];
#ifndef FIXED
	items[2].next = &items[0];
#endif
	return length(items) != 3;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
