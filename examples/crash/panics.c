/* panics: finds that something cannot be, and says so. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>

int	panics_lkmentry(struct lkm_table *, int, int);

MOD_MISC("panics");

static int
panics_load(struct lkm_table *lkmtp, int cmd)
{
	panic("panics: the answer is %d, not 42", cmd);
}

int
panics_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, panics_load, lkm_nofunc, lkm_nofunc);
}
