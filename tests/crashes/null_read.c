/* A list ends before it is long enough: "(NULL pointer)" in nth(). */

#include "crash.h"

struct item {
	int		 value;
	struct item	*next;
};
static struct item last = { 1, NULL };
static struct item first = { 0, &last };
#ifdef FIXED
int depth = 1;
#else
int depth = 3;
#endif

static int
nth(struct item *it, int n)
{
	while (n-- > 0)
		it = it->next;	/* here */
	return it->value;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	return nth(&first, depth) - 1;
}

CRASH(crash_load, lkm_nofunc)
