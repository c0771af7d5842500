/* A user pointer is read without copyin: "copyin and copyout reach user memory" in first_byte(). */

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

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
