/* overflow: recurses until its stack is used up. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>

int	overflow_lkmentry(struct lkm_table *, int, int);

MOD_MISC("overflow");

static int
depth_of(volatile int *above)
{
	volatile int here[64];

	here[0] = *above + 1;
	return here[0] == 1000000 ? 0 : depth_of(here) + here[0];
}

static int
overflow_load(struct lkm_table *lkmtp, int cmd)
{
	return depth_of(&cmd);
}

int
overflow_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, overflow_load, lkm_nofunc, lkm_nofunc);
}
