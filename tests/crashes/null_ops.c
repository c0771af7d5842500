/* A table of functions that was never set: "page 0 is never mapped: the address is offset" in start(). */

#include "crash.h"

struct ops {
	int	 (*stop)(int);
	int	 (*start)(int);
};

static int
begin(int n)
{
	return n - n;
}
static struct ops the_ops = { NULL, begin };
#ifdef FIXED
struct ops *ops = &the_ops;
#else
struct ops *ops, *unused = &the_ops;
#endif

static int
start(int n)
{
	return ops->start(n);	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	return start(cmd);
}

CRASH(crash_load, lkm_nofunc)
