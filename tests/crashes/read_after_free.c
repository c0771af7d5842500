/* A member is read through a pointer that was in a freed block: "the pointer was read from a block after it was freed" in second(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

struct item {
	struct item	*next;
	int		 value;
};

static int
second(struct item *it)
{
	return it->next->value;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	struct item *it = malloc(sizeof(*it), M_TEMP, M_WAITOK | M_ZERO);

	it->next = it;
#ifndef FIXED
	free(it, M_TEMP);
#endif
	return second(it);
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
