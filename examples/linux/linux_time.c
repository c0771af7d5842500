/* linux_time.c: clocks and sleeping, with seconds of 64 bits and of a long, and waiting for files. */

#include "linux_emul.h"

#include <sys/kernel.h>
#include <sys/poll.h>
#include <sys/time.h>

#define NANO	1000000000

/* A time that the program gave, in the form its call has. */
int
linux_copyin_time(const void *uaddr, bool wide, struct timespec *ts)
{
	struct linux_timespec64 long64;
	struct linux_timespec narrow;
	int error;

	if (wide) {
		error = copyin(uaddr, &long64, sizeof(long64));
		ts->tv_sec = long64.tv_sec;
		ts->tv_nsec = long64.tv_nsec;
	} else {
		error = copyin(uaddr, &narrow, sizeof(narrow));
		ts->tv_sec = narrow.tv_sec;
		ts->tv_nsec = narrow.tv_nsec;
	}
	return error;
}

int
linux_copyout_time(const struct timespec *ts, void *uaddr, bool wide)
{
	struct linux_timespec64 long64 = { ts->tv_sec, ts->tv_nsec };
	struct linux_timespec narrow = { ts->tv_sec, ts->tv_nsec };

	return wide ? copyout(&long64, uaddr, sizeof(long64)) : copyout(&narrow, uaddr, sizeof(narrow));
}

/* The time of a clock. Time spent running is not accounted for: such a clock shows that since the kernel's start. */
static int
read_clock(int clock, struct timespec *ts)
{
	switch (clock) {
	case LINUX_CLOCK_REALTIME:
	case LINUX_CLOCK_REALTIME_COARSE:
		nanotime(ts);
		return 0;
	case LINUX_CLOCK_MONOTONIC:
	case LINUX_CLOCK_MONOTONIC_RAW:
	case LINUX_CLOCK_MONOTONIC_COARSE:
	case LINUX_CLOCK_BOOTTIME:
	case LINUX_CLOCK_PROCESS_CPUTIME:
	case LINUX_CLOCK_THREAD_CPUTIME:
		nanouptime(ts);
		return 0;
	default:
		return EINVAL;
	}
}

static int
get_clock(const void *v, bool wide)
{
	struct timespec ts;
	int error = read_clock(ARG(0, int), &ts);

	return error != 0 ? error : linux_copyout_time(&ts, ARG(1, void *), wide);
}

LINUX_CALL(clock_gettime)
{
	return get_clock(v, sizeof(long) == 8);
}

LINUX_CALL(clock_gettime64)
{
	return get_clock(v, true);
}

/* A clock's resolution: all are as fine as the host's. */
static int
get_resolution(const void *v, bool wide)
{
	struct timespec ts;
	int error = read_clock(ARG(0, int), &ts);

	ts.tv_sec = 0;
	ts.tv_nsec = 1;
	return error != 0 || ARG(1, void *) == NULL ? error : linux_copyout_time(&ts, ARG(1, void *), wide);
}

LINUX_CALL(clock_getres)
{
	return get_resolution(v, sizeof(long) == 8);
}

LINUX_CALL(clock_getres64)
{
	return get_resolution(v, true);
}

/* Sleep for a time; what was left of it when a signal came goes to `uleft`. */
static int
sleep_for(struct lwp *l, const struct timespec *ts, void *uleft, bool wide)
{
	void *sg = stackgap_init(l->l_proc, 0);
	struct timespec *asked = stackgap_alloc(l->l_proc, &sg, 2 * sizeof(*asked)), left;
	register_t rval[2];
	int error;

	if (asked == NULL)
		return ENOMEM;
	if ((error = copyout(ts, asked, sizeof(*asked))) != 0)
		return error;
	error = NATIVE(sys_nanosleep, l, rval, W(asked), W(asked + 1));
	if (error == EINTR && uleft != NULL && copyin(asked + 1, &left, sizeof(left)) == 0)
		if (linux_copyout_time(&left, uleft, wide) != 0)
			error = EFAULT;
	return error;
}

/* nanosleep(time, what is left) */
LINUX_CALL(nanosleep)
{
	struct timespec ts;
	int error = linux_copyin_time(ARG(0, void *), sizeof(long) == 8, &ts);

	return error != 0 ? error : sleep_for(l, &ts, ARG(1, void *), sizeof(long) == 8);
}

/* clock_nanosleep(clock, flags, time, what is left): for a time, or until one. */
static int
clock_sleep(struct lwp *l, const void *v, bool wide)
{
	struct timespec ts, now;
	int error;

	if ((error = read_clock(ARG(0, int), &now)) != 0 || (error = linux_copyin_time(ARG(2, void *), wide, &ts)) != 0)
		return error;
	if (ts.tv_nsec < 0 || ts.tv_nsec >= NANO || ts.tv_sec < 0)
		return EINVAL;
	if ((ARG(1, int) & LINUX_TIMER_ABSTIME) == 0)
		return sleep_for(l, &ts, ARG(3, void *), wide);
	if (timespeccmp(&ts, &now, <=))
		return 0;
	timespecsub(&ts, &now, &ts);
	return sleep_for(l, &ts, NULL, wide);
}

LINUX_CALL(clock_nanosleep)
{
	return clock_sleep(l, v, sizeof(long) == 8);
}

LINUX_CALL(clock_nanosleep64)
{
	return clock_sleep(l, v, true);
}

/* gettimeofday(time, zone) */
LINUX_CALL(gettimeofday)
{
	struct timeval tv;
	struct linux_timeval out;
	int zone[2] = { 0, 0 }, error = 0;

	microtime(&tv);
	out.tv_sec = tv.tv_sec;
	out.tv_usec = tv.tv_usec;
	if (ARG(0, void *) != NULL)
		error = copyout(&out, ARG(0, void *), sizeof(out));
	if (error == 0 && ARG(1, void *) != NULL)
		error = copyout(zone, ARG(1, void *), sizeof(zone));
	return error;
}

/* time(where to put it too) */
LINUX_CALL(time)
{
	struct timeval tv;
	long now;

	microtime(&tv);
	*retval = now = tv.tv_sec;
	return ARG(0, void *) != NULL ? copyout(&now, ARG(0, void *), sizeof(now)) : 0;
}

/* times(counts): how long it ran is not accounted for. Answers the time since the kernel's start in hundredths. */
LINUX_CALL(times)
{
	const long counts[4] = { 0, 0, 0, 0 };
	struct timespec ts;

	nanouptime(&ts);
	*retval = ts.tv_sec * 100 + ts.tv_nsec / (NANO / 100);
	return ARG(0, void *) != NULL ? copyout(counts, ARG(0, void *), sizeof(counts)) : 0;
}

/* ppoll(files, how many, time, signals, their bytes), without signals to block meanwhile. */
static int
poll_for(struct lwp *l, const void *v, bool wide, register_t *retval)
{
	struct timespec ts;
	int timeout = INFTIM, error;

	if (ARG(3, void *) != NULL)
		return ENOSYS;
	if (ARG(2, void *) != NULL) {
		if ((error = linux_copyin_time(ARG(2, void *), wide, &ts)) != 0)
			return error;
		if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= NANO)
			return EINVAL;
		timeout = ts.tv_sec > 1000000 ? 1000000000 : ts.tv_sec * 1000 + (ts.tv_nsec + 999999) / 1000000;
	}
	return NATIVE(sys_poll, l, retval, ARG(0, register_t), ARG(1, register_t), timeout);
}

LINUX_CALL(ppoll)
{
	return poll_for(l, v, sizeof(long) == 8, retval);
}

LINUX_CALL(ppoll64)
{
	return poll_for(l, v, true, retval);
}
