/* <sys/time.h>: time values and the kernel's clocks. */

#ifndef _SYS_TIME_H_
#define _SYS_TIME_H_

#include <sys/types.h>

struct timeval {
	long		tv_sec;
	long		tv_usec;
};

struct timespec {
	time_t		tv_sec;
	long		tv_nsec;
};

struct bintime {
	time_t		sec;
	uint64_t	frac;
};

struct timezone {
	int		tz_minuteswest;
	int		tz_dsttime;
};

struct itimerval {
	struct timeval	it_interval;
	struct timeval	it_value;
};

struct itimerspec {
	struct timespec	it_interval;
	struct timespec	it_value;
};

#define CLOCK_REALTIME	0
#define CLOCK_VIRTUAL	1
#define CLOCK_PROF	2
#define CLOCK_MONOTONIC	3

#define ITIMER_REAL	0
#define ITIMER_VIRTUAL	1
#define ITIMER_PROF	2

#define TIMEVAL_TO_TIMESPEC(tv, ts) \
	((void)((ts)->tv_sec = (time_t)(tv)->tv_sec, (ts)->tv_nsec = (tv)->tv_usec * 1000))
#define TIMESPEC_TO_TIMEVAL(tv, ts) \
	((void)((tv)->tv_sec = (ts)->tv_sec, (tv)->tv_usec = (ts)->tv_nsec / 1000))

#define timerclear(tv)		((tv)->tv_sec = (tv)->tv_usec = 0)
#define timerisset(tv)		((tv)->tv_sec || (tv)->tv_usec)
#define timercmp(a, b, op) \
	((a)->tv_sec == (b)->tv_sec ? (a)->tv_usec op (b)->tv_usec : (a)->tv_sec op (b)->tv_sec)
#define timeradd(a, b, sum) \
	do { \
		(sum)->tv_sec = (a)->tv_sec + (b)->tv_sec; \
		(sum)->tv_usec = (a)->tv_usec + (b)->tv_usec; \
		if ((sum)->tv_usec >= 1000000) { \
			(sum)->tv_sec++; \
			(sum)->tv_usec -= 1000000; \
		} \
	} while (0)
#define timespecclear(ts)	((ts)->tv_sec = (ts)->tv_nsec = 0)
#define timespecisset(ts)	((ts)->tv_sec || (ts)->tv_nsec)
#define timespeccmp(a, b, op) \
	((a)->tv_sec == (b)->tv_sec ? (a)->tv_nsec op (b)->tv_nsec : (a)->tv_sec op (b)->tv_sec)
#define timespecadd(a, b, sum) \
	do { \
		(sum)->tv_sec = (a)->tv_sec + (b)->tv_sec; \
		(sum)->tv_nsec = (a)->tv_nsec + (b)->tv_nsec; \
		if ((sum)->tv_nsec >= 1000000000L) { \
			(sum)->tv_sec++; \
			(sum)->tv_nsec -= 1000000000L; \
		} \
	} while (0)
#define timespecsub(a, b, diff) \
	do { \
		(diff)->tv_sec = (a)->tv_sec - (b)->tv_sec; \
		(diff)->tv_nsec = (a)->tv_nsec - (b)->tv_nsec; \
		if ((diff)->tv_nsec < 0) { \
			(diff)->tv_sec--; \
			(diff)->tv_nsec += 1000000000L; \
		} \
	} while (0)
#define timersub(a, b, diff) \
	do { \
		(diff)->tv_sec = (a)->tv_sec - (b)->tv_sec; \
		(diff)->tv_usec = (a)->tv_usec - (b)->tv_usec; \
		if ((diff)->tv_usec < 0) { \
			(diff)->tv_sec--; \
			(diff)->tv_usec += 1000000; \
		} \
	} while (0)

/* A struct bintime counts in seconds and parts of 2^-64 of one. */
static __inline __unused void
bintime_addx(struct bintime *bt, uint64_t parts)
{
	bt->frac += parts;
	bt->sec += bt->frac < parts;
}

static __inline __unused void
bintime_add(struct bintime *bt, const struct bintime *more)
{
	bintime_addx(bt, more->frac);
	bt->sec += more->sec;
}

static __inline __unused void
bintime_sub(struct bintime *bt, const struct bintime *less)
{
	bt->sec -= less->sec + (bt->frac < less->frac);
	bt->frac -= less->frac;
}

static __inline __unused void
bintime2timespec(const struct bintime *bt, struct timespec *ts)
{
	ts->tv_sec = bt->sec;
	ts->tv_nsec = (long)(((bt->frac >> 32) * 1000000000) >> 32);
}

static __inline __unused void
timespec2bintime(const struct timespec *ts, struct bintime *bt)
{
	bt->sec = ts->tv_sec;
	bt->frac = (uint64_t)ts->tv_nsec * (uint64_t)18446744073ULL;	/* 2^64 / 10^9 */
}

static __inline __unused void
bintime2timeval(const struct bintime *bt, struct timeval *tv)
{
	tv->tv_sec = bt->sec;
	tv->tv_usec = (long)(((bt->frac >> 32) * 1000000) >> 32);
}

static __inline __unused void
timeval2bintime(const struct timeval *tv, struct bintime *bt)
{
	bt->sec = (time_t)tv->tv_sec;
	bt->frac = (uint64_t)tv->tv_usec * (uint64_t)18446744073709ULL;	/* 2^64 / 10^6 */
}

/* kern.clockrate */
struct clockinfo {
	int	hz;
	int	tick;		/* microseconds */
	int	tickadj;
	int	stathz;
	int	profhz;
};

#define TIMER_RELTIME	0
#define TIMER_ABSTIME	1

#ifdef _KERNEL
#include <sys/timevar.h>
#endif

#endif
