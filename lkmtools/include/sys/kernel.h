/* <sys/kernel.h>: the kernel's variables: time, names. */

#ifndef _SYS_KERNEL_H_
#define _SYS_KERNEL_H_

#include <sys/param.h>
#include <sys/time.h>
#include <sys/condvar.h>		/* lbolt */

#ifdef _KERNEL
extern int	hz;			/* ticks of the clock a second */
extern int	tick;			/* microseconds a tick */
extern int	hardclock_ticks;	/* ticks since boot, wrapping around */
extern struct timeval	boottime;
extern volatile struct timeval	time;		/* before NetBSD 4.0: the time of day, */
extern volatile struct timeval	mono_time;	/* and since boot */
extern int	securelevel;
#endif

#endif
