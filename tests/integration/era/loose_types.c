/* What compilers of the time let pass: returns without a value and of one, integers for pointers, other structs. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>

struct red { int x; };
struct blue { int y; };

MOD_MISC("loose_types")

static report(a, b)
{
	if (a > b)
		return;
	printf("loose_types: %d\n", a + b);
}

static void
ignored(int n)
{
	return report(n, n + 1);
}

static struct blue *
repaint(struct red *r)
{
	return r;
}

static char *
from_number(n)
	int n;
{
	return n;
}

int
loose_types_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	struct red r = { 20 };
	int n = repaint(&r)->y;
	long same = from_number(0);

	if (cmd == LKM_E_LOAD)
		ignored(n + (int)same);
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc)
}
