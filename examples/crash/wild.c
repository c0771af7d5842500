/* wild: writes where there is no memory. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>

int	wild_lkmentry(struct lkm_table *, int, int);

MOD_MISC("wild");

#ifdef __LP64__
#define NOWHERE	0xffffffffdead0000UL
#else
#define NOWHERE	0xdead0000UL
#endif

static int
wild_load(struct lkm_table *lkmtp, int cmd)
{
	*(volatile int *)NOWHERE = cmd;
	return 0;
}

int
wild_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, wild_load, lkm_nofunc, lkm_nofunc);
}
