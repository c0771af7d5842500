/* <time.h> */

#ifndef _TIME_H_
#define _TIME_H_

#include <sys/time.h>

time_t	time(time_t *);
int	nanosleep(const struct timespec *, struct timespec *);
int	clock_gettime(clockid_t, struct timespec *);
int	gettimeofday(struct timeval *, void *);
int	getitimer(int, struct itimerval *);
int	setitimer(int, const struct itimerval *, struct itimerval *);

#endif
