/* A user pointer is read without copyin: "copyin and copyout reach user memory" in first_byte(). */

#include "crash.h"

#ifdef FIXED
char room[4], *from = room;
#else
char *from = (char *)0x10000;
#endif

static int
first_byte(const char *p)
{
	return *p;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	return first_byte(from);
}

CRASH(crash_load, lkm_nofunc)
