/* A counter is incremented through NULL, by one instruction: "page fault: read and write of 4 bytes at 0x10 (NULL pointer)" in count(). */

#include "crash.h"

struct stats {
	int	unused[4];
	int	calls;
};
#ifdef FIXED
struct stats room, *the_stats = &room;
#else
struct stats *the_stats;
#endif

static void
count(struct stats *s)
{
	__asm__ __volatile__("incl %0" : "+m" (s->calls));	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	count(the_stats);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
