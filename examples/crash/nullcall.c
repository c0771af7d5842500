/* nullcall: calls through a pointer that was never set. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>

int	nullcall_lkmentry(struct lkm_table *, int, int);

MOD_MISC("nullcall");

static int	(*hook)(int);

static int
nullcall_load(struct lkm_table *lkmtp, int cmd)
{
	return hook(cmd);
}

int
nullcall_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, nullcall_load, lkm_nofunc, lkm_nofunc);
}
