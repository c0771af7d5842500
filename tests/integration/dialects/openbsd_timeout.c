/* A MISC module of OpenBSD with timeout_set(9). */

#ifndef __OpenBSD__
#error "not OpenBSD"
#endif

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

int fired[3];
static struct timeout first, second;

MOD_MISC("timeouts")

static void
again(void *arg)
{
	if (++*(int *)arg < 3)
		timeout_add(&first, 1);
}

static int
timeouts_handle(struct lkm_table *lkmtp, int cmd)
{
	if (cmd == LKM_E_UNLOAD) {
		timeout_del(&first);
		return 0;
	}
	timeout_set(&first, again, &fired[0]);
	timeout_set(&second, again, &fired[2]);
	timeout_add(&first, 1);
	timeout_add(&second, 1);
	fired[1] = timeout_pending(&second);
	timeout_del(&second);
	return 0;
}

int
timeouts_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, timeouts_handle, timeouts_handle, lkm_nofunc)
}
