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
extern int	stathz;			/* of a statistics clock: 0, there is none */
extern int	profhz;			/* hz */
extern int	rtc_offset;		/* minutes that the host's clock is west of Greenwich: 0 */
extern long	hostid;			/* 0 */
extern char	hostname[MAXHOSTNAMELEN];
extern int	hostnamelen;
extern char	domainname[MAXHOSTNAMELEN];	/* empty */
extern int	domainnamelen;
extern struct timeval	boottime;
extern volatile struct timeval	time;		/* before NetBSD 4.0: the time of day, */
extern volatile struct timeval	mono_time;	/* and since boot */
extern int	securelevel;
#endif

#endif
