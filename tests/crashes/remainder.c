/* The number of buckets is 0: "division by zero" in bucket(). */

#include "crash.h"

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

CRASH(crash_load, lkm_nofunc)
