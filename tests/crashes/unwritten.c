/* A function that this kernel does not have: "is not implemented in this kernel" in use(). */

#include "crash.h"

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

CRASH(crash_load, lkm_nofunc)
