/* A user address is given to memcpy: "argument 1, 'void *to', of memcpy() is 0x7000" in give(). */

#include "crash.h"

static char answer[8] = "answer";
static char room[8];
#ifdef FIXED
char *to = room;
#else
char *to = (char *)0x7000;
#endif

static void
give(char *where)
{
	memcpy(where, answer, sizeof(answer));	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	give(to);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
