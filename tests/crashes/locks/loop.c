/* A list leads back to itself: "seconds without a kernel call in length" in length(). */

#include "../crash.h"

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

CRASH(crash_load, lkm_nofunc)
