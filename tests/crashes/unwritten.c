/* A function that this kernel does not have: "is not implemented in this kernel" in use(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

#include <sys/socketvar.h>

static void
use(struct socket *so)
{
#ifndef FIXED
	soisconnected(so);	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	use(NULL);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
