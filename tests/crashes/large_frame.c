/* An array that is larger than the stack: "bytes of locals on the stack, which has" in summary(). */

#include "crash.h"

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

CRASH(crash_load, lkm_nofunc)
