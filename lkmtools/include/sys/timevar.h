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
#endif

#endif
