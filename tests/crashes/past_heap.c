/* A loop writes past the end of its memory: "(memory that is not mapped)" in fill(). */

#include "crash.h"

#ifdef FIXED
#define	LAST	8192
#else
#define	LAST	8193
#endif
int last = LAST;

static void
fill(char *p, int n)
{
	int i;

	for (i = 0; i < n; i++)
		((volatile char *)p)[i] = i;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	char *block = malloc(8192, M_TEMP, M_WAITOK);

	fill(block, last);
	free(block, M_TEMP);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
