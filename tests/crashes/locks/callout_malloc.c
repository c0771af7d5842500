/* A callout allocates memory and may wait for it: "malloc: M_WAITOK cannot sleep in a soft interrupt" in tick_tock(). */

#include "../crash.h"

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

CRASH(crash_load, lkm_nofunc)
