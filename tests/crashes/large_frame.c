/* An array that is larger than the stack: "bytes of locals on the stack, which has" in summary(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

#ifdef FIXED
#define	SIZE	400
#else
#define	SIZE	400000
#endif

static int __attribute__((__noinline__))
summary(int n)	/* here */
{	/* here */
	char text[SIZE];

	memset(text, n, sizeof(text));	/* here */
	return text[n] + text[SIZE - 1];
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	return summary(cmd) & 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
