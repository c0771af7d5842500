/* A user address is given to memcpy: "argument 1, 'void *to', of memcpy() is 0x7000" in give(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

static char answer[8] = "answer";
static char room[8];
#ifdef FIXED
char *to = room;
#else
char *to = (char *)0x7000;
#endif

static void
give(char *where)
{
	memcpy(where, answer, sizeof(answer));	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	give(to);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
