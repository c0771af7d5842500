/* The mutex that a sleep gives up is not the one that spins: "while holding spin mutex spin+0x0" in pause(). */

#include "../crash.h"

static kmutex_t spin, lock;

static void
pause(void)
{
	mutex_enter(&lock);
#ifndef FIXED
	mutex_enter(&spin);
#endif
	mtsleep(&lock, PWAIT, "pause", 1, &lock);	/* here */
#ifndef FIXED
	mutex_exit(&spin);
#endif
	mutex_exit(&lock);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&spin, MUTEX_SPIN, IPL_VM);
	mutex_init(&lock, MUTEX_DEFAULT, IPL_NONE);
	pause();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
