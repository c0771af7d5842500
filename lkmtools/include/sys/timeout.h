/* <sys/timeout.h>: OpenBSD's timeout(9), which is callout(9) by other names. */

#ifndef _SYS_TIMEOUT_H_
#define _SYS_TIMEOUT_H_

#include <sys/callout.h>

#if defined(__OpenBSD__) && defined(_KERNEL)
#define timeout			callout		/* struct timeout */
#define timeout_set(to, func, arg) \
	((callout_init)((to), 0), callout_setfunc((to), (func), (arg)))
#define timeout_add(to, ticks)	callout_schedule((to), (ticks))
#define timeout_del(to)		((void)callout_stop(to))
#define timeout_pending(to)	callout_pending(to)
#define timeout_triggered(to)	callout_expired(to)
#define timeout_initialized(to)	1
#endif

#endif
