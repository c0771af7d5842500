/* A number is printed as a string: "in snprintf() called from" in describe(). */

#include "crash.h"

char text[32];
#ifdef FIXED
#define	FORMAT	"%ld"
#else
#define	FORMAT	"%s"
#endif
const char *format = FORMAT;

static void
describe(long n)
{
	snprintf(text, sizeof(text), format, n);	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	describe(77);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
