/* A pointer into the middle of a block is freed: "bytes that were allocated at" in release(). */

#include "crash.h"

struct pair {
	long	first, second;
};

static void
release(long *member)
{
	free(member, M_TEMP);	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	struct pair *p = malloc(sizeof(*p), M_TEMP, M_WAITOK);

#ifdef FIXED
	release(&p->first);
#else
	release(&p->second);
#endif
	return 0;
}

CRASH(crash_load, lkm_nofunc)
