/* A kernel function is given NULL: "read of 1 byte at 0x0 (NULL pointer) in strlcpy()" in name_it(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

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

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
