/* A loop calls the kernel and does not end: "seconds in one call in poll_status" in poll_status(). */

#include "../crash.h"

static volatile int status;
static kmutex_t lock;

static void
poll_status(void)
{
	int s;

	while (status == 0) {	/* here */
		s = splbio();	/* here */
		mutex_owned(&lock);	/* here */
		splx(s);	/* here */
	}
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&lock, MUTEX_DEFAULT, IPL_NONE);
#ifdef FIXED
	status = 1;
#endif
	poll_status();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
