/* A kernel function is given NULL: "read of 1 byte at 0x0 (NULL pointer) in strlcpy()" in name_it(). */

#include "crash.h"

char name[16];
#ifdef FIXED
const char *given = "a name";
#else
const char *given;
#endif

static void
name_it(const char *from)
{
	strlcpy(name, from, sizeof(name));	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	name_it(given);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
