/* A callout allocates memory and may wait for it: "malloc: M_WAITOK cannot sleep in a soft interrupt" in tick_tock(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/intr.h>
#include <sys/kthread.h>
#include <sys/lock.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/proc.h>
#include <sys/rwlock.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

static callout_t ch;
static int rounds;
#ifdef FIXED
#define HOW	M_NOWAIT
#else
#define HOW	M_WAITOK
#endif

static void
tick_tock(void *arg)
{
	void *p = malloc(32, M_TEMP, HOW);	/* here */

	if (p != NULL)
		free(p, M_TEMP);
	rounds++;
	wakeup(&rounds);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	callout_init(&ch, 0);
	callout_reset(&ch, 1, tick_tock, NULL);
	while (rounds == 0)
		tsleep(&rounds, PWAIT, "round", 0);
	callout_destroy(&ch);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
