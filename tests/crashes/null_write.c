/* Nobody has allocated the block: "page fault: write of" in fill(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

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

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
