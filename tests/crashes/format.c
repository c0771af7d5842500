/* A number is printed as a string: "in snprintf() called from" in describe(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

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

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
