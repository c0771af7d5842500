/* A member is read through a pointer that was in a freed block: "the pointer was read from a block after it was freed" in second(). */

#include "crash.h"

struct item {
	struct item	*next;
	int		 value;
};

static int
second(struct item *it)
{
	return it->next->value;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	struct item *it = malloc(sizeof(*it), M_TEMP, M_WAITOK | M_ZERO);

	it->next = it;
#ifndef FIXED
	free(it, M_TEMP);
#endif
	return second(it);
}

CRASH(crash_load, lkm_nofunc)
