/* Nobody has allocated the block: "page fault: write of" in fill(). */

#include "crash.h"

struct block {
	char	head[24];
	long	count;
};
#ifdef FIXED
struct block room, *the_block = &room;
#else
struct block *the_block;
#endif

static void __attribute__((__noinline__))
fill(struct block *b, int n)
{
	b->count = n;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	fill(the_block, cmd);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
