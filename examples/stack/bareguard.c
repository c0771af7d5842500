/* bareguard: a client of barehook. It does all it can do: it sets the variable when loaded and clears it when unloaded. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>
#include <sys/proc.h>

#include "barehook.h"

extern barehook_fn	*barehook;

int	bareguard_lkmentry(struct lkm_table *, int, int);

MOD_MISC("bareguard");

static int
bareguard_ask(struct lwp *l, const char *path)
{
	printf("bareguard: %s[%d] removes %s\n", l->l_proc->p_comm, l->l_proc->p_pid, path);
	return 0;
}

static int
bareguard_load(struct lkm_table *lkmtp, int cmd)
{
	if (barehook != NULL)
		return EBUSY;
	barehook = bareguard_ask;
	return 0;
}

static int
bareguard_unload(struct lkm_table *lkmtp, int cmd)
{
#ifndef FORGETFUL
	barehook = NULL;
#endif
	return 0;
}

int
bareguard_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, bareguard_load, bareguard_unload, lkm_nofunc);
}
