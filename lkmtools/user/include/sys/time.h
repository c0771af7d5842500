/* <sys/time.h>, with the functions. */

#ifndef _USER_SYS_TIME_H_
#define _USER_SYS_TIME_H_

#include_next <sys/time.h>

int	clock_gettime(clockid_t, struct timespec *);
int	futimes(int, const struct timeval[2]);
int	getitimer(int, struct itimerval *);
int	gettimeofday(struct timeval *, void *);
int	lutimes(const char *, const struct timeval[2]);
int	nanosleep(const struct timespec *, struct timespec *);
int	setitimer(int, const struct itimerval *, struct itimerval *);
int	clock_getres(clockid_t, struct timespec *);
int	clock_settime(clockid_t, const struct timespec *);
int	settimeofday(const struct timeval *, const void *);
int	utimes(const char *, const struct timeval[2]);

#include <time.h>

#endif
