/* Two functions call each other for ever: "(kernel stack overflow)" in ping(). */

#include "crash.h"

static int pong(int);
int most = 10;

static int __attribute__((__noinline__))
ping(int n)	/* here */
{	/* here */
	char copy[200];	/* here */

	snprintf(copy, sizeof(copy), "%d", n);	/* here */
	return pong(n + 1) + copy[0];	/* here */
}

static int __attribute__((__noinline__))
pong(int n)
{
#ifdef FIXED
	if (n > most)
		return 0;
#endif
	return ping(n + 1) + 1;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	return ping(cmd) & 0;
}

CRASH(crash_load, lkm_nofunc)
