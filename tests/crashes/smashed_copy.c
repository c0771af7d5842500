/* A string is copied into an array that is too small: "stack smashed: greet() has returned" in greet(). */

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

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
