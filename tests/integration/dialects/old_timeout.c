/* A MISC module of NetBSD 1.4 with timeout(9): two that fire, one of which repeats itself, and one that is cancelled. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kernel.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

#if __NetBSD_Version__ >= 200000000
#error "not NetBSD 1.4"
#endif

int fired[3];

MOD_MISC("timeouts")

static void
again(void *arg)
{
	caddr_t counter = arg;

	if (++*(int *)counter < 3)
		timeout(again, arg, 1);
}

static void
once(void *arg)
{
	++*(int *)arg;
}

static int
timeouts_handle(struct lkm_table *lkmtp, int cmd)
{
	if (cmd == LKM_E_UNLOAD) {
		untimeout(again, &fired[0]);
		return 0;
	}
	timeout(again, &fired[0], hz / 100);
	timeout(once, &fired[1], 2);
	timeout(once, &fired[2], 2);
	untimeout(once, &fired[2]);
	untimeout(once, NULL);
	return 0;
}

int
timeouts_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, timeouts_handle, timeouts_handle, lkm_nofunc)
}
