/* linux_timer.c: waiting for sets of descriptors, interval timers, and the time that processes have used. */

#include "linux_emul.h"

#include <sys/resource.h>
#include <sys/time.h>

#define MICRO	1000000
#define NANO	1000000000

/*
 * Wait for the four words at `v`: how many descriptors, and three sets, whose format is that of NetBSD. `ts` is for
 * how long, NULL for ever; then what is left of it.
 */
static int
wait_for(struct lwp *l, const register_t *v, struct timespec *ts, register_t *retval)
{
	void *sg = stackgap_init(l->l_proc, 0);
	struct timespec from, passed;
	struct timeval tv, *utv = NULL;
	int error;

	if (ts != NULL) {
		if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= NANO)
			return EINVAL;
		tv.tv_sec = ts->tv_sec + (ts->tv_nsec + 999) / NANO;
		tv.tv_usec = (ts->tv_nsec + 999) / 1000 % MICRO;
		if ((utv = stackgap_alloc(l->l_proc, &sg, sizeof(*utv))) == NULL)
			return ENOMEM;
		if ((error = copyout(&tv, utv, sizeof(tv))) != 0)
			return error;
	}
	nanouptime(&from);
	error = NATIVE(sys_select, l, retval, v[0], v[1], v[2], v[3], W(utv));
	if (ts != NULL) {
		nanouptime(&passed);
		timespecsub(&passed, &from, &passed);
		if (timespeccmp(&passed, ts, <))
			timespecsub(ts, &passed, ts);
		else
			ts->tv_sec = ts->tv_nsec = 0;
	}
	return error;
}

/* select(how many, three sets, time), which _newselect is elsewhere: the time becomes what is left of it. */
LINUX_CALL(select)
{
	struct linux_timeval *utv = ARG(4, struct linux_timeval *), tv;
	struct timespec ts;
	int error;

	if (utv == NULL)
		return wait_for(l, v, NULL, retval);
	if ((error = copyin(utv, &tv, sizeof(tv))) != 0)
		return error;
	if (tv.tv_sec < 0 || tv.tv_usec < 0)
		return EINVAL;
	ts.tv_sec = tv.tv_sec + tv.tv_usec / MICRO;
	ts.tv_nsec = tv.tv_usec % MICRO * 1000;
	error = wait_for(l, v, &ts, retval);
	tv.tv_sec = ts.tv_sec;
	tv.tv_usec = ts.tv_nsec / 1000;
	(void)copyout(&tv, utv, sizeof(tv));	/* if the time cannot be stored the answer stays */
	return error;
}

/* pselect6(how many, three sets, time, signals), without signals to block meanwhile. */
static int
select_with_signals(struct lwp *l, const void *v, bool wide, register_t *retval)
{
	void *uts = ARG(4, void *);
	struct timespec ts;
	void *signals = NULL;
	int error;

	if (ARG(5, void *) != NULL && (error = copyin(ARG(5, void *), &signals, sizeof(signals))) != 0)
		return error;
	if (signals != NULL)
		return ENOSYS;
	if (uts == NULL)
		return wait_for(l, v, NULL, retval);
	if ((error = linux_copyin_time(uts, wide, &ts)) != 0)
		return error;
	error = wait_for(l, v, &ts, retval);
	(void)linux_copyout_time(&ts, uts, wide);
	return error;
}

LINUX_CALL(pselect6)
{
	return select_with_signals(l, v, sizeof(long) == 8, retval);
}

LINUX_CALL(pselect6_time64)
{
	return select_with_signals(l, v, true, retval);
}

struct linux_itimerval {
	struct linux_timeval	it_interval, it_value;
};

/* Times of the two forms. */
static struct timeval
native_time(struct linux_timeval tv)
{
	return (struct timeval){ .tv_sec = tv.tv_sec, .tv_usec = tv.tv_usec };
}

static struct linux_timeval
linux_time(struct timeval tv)
{
	return (struct linux_timeval){ .tv_sec = tv.tv_sec, .tv_usec = tv.tv_usec };
}

/* Set an interval timer, unless `new` is NULL; what it was before. */
static int
change_timer(struct lwp *l, int which, const struct itimerval *new, struct itimerval *old)
{
	void *sg = stackgap_init(l->l_proc, 0);
	struct itimerval *gap = stackgap_alloc(l->l_proc, &sg, 2 * sizeof(*gap));
	register_t rval[2];
	int error;

	if (gap == NULL)
		return ENOMEM;
	if (new == NULL)
		error = NATIVE(sys_getitimer, l, rval, which, W(gap + 1));
	else if ((error = copyout(new, gap, sizeof(*gap))) == 0)
		error = NATIVE(sys_setitimer, l, rval, which, W(gap), W(gap + 1));
	return error != 0 ? error : copyin(gap + 1, old, sizeof(*old));
}

static int
copyout_timer(const struct itimerval *it, void *uaddr)
{
	struct linux_itimerval out = { linux_time(it->it_interval), linux_time(it->it_value) };

	return uaddr != NULL ? copyout(&out, uaddr, sizeof(out)) : 0;
}

/* getitimer(which, where to put it) */
LINUX_CALL(getitimer)
{
	struct itimerval now;
	int error = change_timer(l, ARG(0, int), NULL, &now);

	return error != 0 ? error : copyout_timer(&now, ARG(1, void *));
}

/* setitimer(which, new, old): without a new one the timer is stopped. */
LINUX_CALL(setitimer)
{
	struct linux_itimerval asked = { { 0, 0 }, { 0, 0 } };
	struct itimerval new, old;
	int error;

	if (ARG(1, void *) != NULL && (error = copyin(ARG(1, void *), &asked, sizeof(asked))) != 0)
		return error;
	if (asked.it_value.tv_usec < 0 || asked.it_value.tv_usec >= MICRO || asked.it_interval.tv_usec < 0 ||
	    asked.it_interval.tv_usec >= MICRO)
		return EINVAL;
	new.it_interval = native_time(asked.it_interval);
	new.it_value = native_time(asked.it_value);
	error = change_timer(l, ARG(0, int), &new, &old);
	return error != 0 ? error : copyout_timer(&old, ARG(2, void *));
}

/* alarm(seconds): how many were left before, rounded up. */
LINUX_CALL(alarm)
{
	struct itimerval new, old;
	int error;

	memset(&new, 0, sizeof(new));
	new.it_value.tv_sec = MIN(ARG(0, unsigned int), 100000000);
	if ((error = change_timer(l, ITIMER_REAL, &new, &old)) == 0)
		*retval = old.it_value.tv_sec + (old.it_value.tv_usec != 0);
	return error;
}

/* getrusage(whose, where to put it) */
LINUX_CALL(getrusage)
{
	void *sg = stackgap_init(l->l_proc, 0);
	struct rusage *gap = stackgap_alloc(l->l_proc, &sg, sizeof(*gap)), ru;
	struct linux_rusage usage;
	register_t rval[2];
	int error;

	if (gap == NULL)
		return ENOMEM;
	if ((error = NATIVE(sys_getrusage, l, rval, ARG(0, register_t), W(gap))) != 0)
		return error;
	if ((error = copyin(gap, &ru, sizeof(ru))) != 0)
		return error;
	linux_usage(&ru, &usage);
	return copyout(&usage, ARG(1, void *), sizeof(usage));
}
