/* The number of buckets is 0: "division by zero" in bucket(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

#ifdef FIXED
unsigned buckets = 8;
#else
unsigned buckets;
#endif

unsigned found;

static unsigned
bucket(unsigned hash)
{
	return hash % buckets;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	found = bucket(16 * cmd);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
