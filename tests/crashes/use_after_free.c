/* The next item is read from an item that was freed: "free: 0xdeadbeef" in drain(). */

#include "crash.h"

struct item {
	struct item	*next;
	int		 value;
};

static void
drain(struct item *it)
{
	struct item *next;

	while (it != NULL) {
#ifdef FIXED
		next = it->next;
#endif
		free(it, M_TEMP);	/* here */
#ifdef FIXED
		it = next;
#else
		it = it->next;
#endif
	}
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	struct item *it = malloc(sizeof(*it), M_TEMP, M_WAITOK | M_ZERO);

	drain(it);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
