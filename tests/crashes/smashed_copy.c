/* A string is copied into an array that is too small: "stack smashed: greet() has returned" in greet(). */

#include "crash.h"

#ifdef FIXED
const char *name = "AAAAAAA";
#else
const char *name = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
#endif
int letters;

static void __attribute__((__noinline__))
greet(const char *whom)
{
	char text[8];

	strcpy(text, whom);
	letters += strlen(text);
}	/* here */

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	greet(name);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
