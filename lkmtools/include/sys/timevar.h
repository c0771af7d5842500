/* <sys/timevar.h>: the kernel's clocks. The get- forms are cheaper and as fine as a tick of the clock. */

#ifndef _SYS_TIMEVAR_H_
#define _SYS_TIMEVAR_H_

#include <sys/time.h>

#ifdef _KERNEL
extern volatile time_t	time_second;		/* since 1970 */
extern volatile time_t	time_uptime;		/* since boot */

void	microtime(struct timeval *tv);
void	nanotime(struct timespec *ts);
void	getmicrotime(struct timeval *tv);
void	getnanotime(struct timespec *ts);
void	microuptime(struct timeval *tv);
void	nanouptime(struct timespec *ts);
void	getmicrouptime(struct timeval *tv);
void	getnanouptime(struct timespec *ts);
void	bintime(struct bintime *bt);
void	getbintime(struct bintime *bt);
void	binuptime(struct bintime *bt);
void	getbinuptime(struct bintime *bt);

/* Ticks for a timeout of that length, and until that time of day. */
int	tvtohz(const struct timeval *tv);
int	tstohz(const struct timespec *ts);
int	tvhzto(const struct timeval *tv);
int	hzto(struct timeval *tv);

/* Has the interval passed since *lasttime? Are these at most maxpps events in this second? */
int	ratecheck(struct timeval *lasttime, const struct timeval *mininterval);
int	ppsratecheck(struct timeval *lasttime, int *curpps, int maxpps);
#endif

#endif
