/* A pointer into the middle of a block is freed: "bytes that were allocated at" in release(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

struct pair {
	long	first, second;
};

static void
release(long *member)
{
	free(member, M_TEMP);	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	struct pair *p = malloc(sizeof(*p), M_TEMP, M_WAITOK);

#ifdef FIXED
	release(&p->first);
#else
	release(&p->second);
#endif
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
