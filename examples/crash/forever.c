/* forever: never returns. After two seconds without a kernel call the watchdog stops it. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>

int	forever_lkmentry(struct lkm_table *, int, int);

MOD_MISC("forever");

static volatile int forever_stop;

static int
forever_load(struct lkm_table *lkmtp, int cmd)
{
	while (!forever_stop)
		continue;
	return 0;
}

int
forever_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, forever_load, lkm_nofunc, lkm_nofunc);
}
