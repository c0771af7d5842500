/* A reader becomes a writer of the same lock: "waits for rwlock" in change(). */

#include "../crash.h"

static krwlock_t lock;
static int value;

static void
change(void)
{
	if (value == 0) {
#ifdef FIXED
		rw_exit(&lock);
#endif
		rw_enter(&lock, RW_WRITER);	/* here */
		value = 1;
	}
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	rw_init(&lock);
	rw_enter(&lock, RW_READER);
	change();
	rw_exit(&lock);
	rw_destroy(&lock);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
