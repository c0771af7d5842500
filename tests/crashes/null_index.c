/* A large index into an array that is NULL: "or an offset of 0x9c40 from a NULL pointer, by a large index" in entry(). */

#include "crash.h"

int index = 10000, found;
static int room[10001];
#ifdef FIXED
int *table = room;
#else
int *table, *unused = room;
#endif

static int
entry(int i)
{
	return table[i];	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	found = entry(index);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
