/* Memory is allocated with a spin mutex held: "malloc: M_WAITOK cannot sleep while holding spin mutex lock+0x0" in grow(). */

#include "../crash.h"

static kmutex_t lock;
static void *table;

static void
grow(void)
{
#ifdef FIXED
	table = malloc(64, M_TEMP, M_WAITOK);
#endif
	mutex_enter(&lock);
#ifndef FIXED
	table = malloc(64, M_TEMP, M_WAITOK);	/* here */
#endif
	mutex_exit(&lock);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&lock, MUTEX_SPIN, IPL_VM);
	grow();
	free(table, M_TEMP);
	mutex_destroy(&lock);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
