/* A list ends before it is long enough: "(NULL pointer)" in nth(). */

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
	int		 value;
	struct item	*next;
};
static struct item last = { 1, NULL };
static struct item first = { 0, &last };
#ifdef FIXED
int depth = 1;
#else
int depth = 3;
#endif

static int
nth(struct item *it, int n)
{
	while (n-- > 0)
		it = it->next;	/* here */
	return it->value;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	return nth(&first, depth) - 1;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
