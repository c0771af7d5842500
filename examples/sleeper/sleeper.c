/*
 * sleeper: a device whose reader sleeps until there is something to read.
 *
 * A write wakes all readers; so does an alarm, which SLEEPER_ALARM sets some milliseconds ahead. A reader whose process
 * goes away gets EINTR; one that opened with O_NONBLOCK gets EAGAIN.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/conf.h>
#include <sys/ioctl.h>
#include <sys/kernel.h>
#include <sys/lkm.h>
#include <sys/mutex.h>
#include <sys/proc.h>
#include <sys/uio.h>
#include <sys/vnode.h>

#define SLEEPER_ALARM	_IOW('s', 1, int)	/* after this many milliseconds */

int	sleeper_lkmentry(struct lkm_table *, int, int);

static kmutex_t sleeper_lock;		/* for all below */
static kcondvar_t sleeper_cv;
static callout_t sleeper_ch;
static char sleeper_text[128];
static size_t sleeper_len;
static int sleeper_readers;
static bool sleeper_isopen;

static void
sleeper_alarm(void *arg)
{
	mutex_enter(&sleeper_lock);
	sleeper_len = snprintf(sleeper_text, sizeof(sleeper_text), "alarm\n");
	cv_broadcast(&sleeper_cv);
	mutex_exit(&sleeper_lock);
}

static int
sleeper_open(dev_t dev, int flag, int mode, struct lwp *l)
{
	sleeper_isopen = true;
	return 0;
}

static int
sleeper_close(dev_t dev, int flag, int mode, struct lwp *l)
{
	sleeper_isopen = false;
	return 0;
}

static int
sleeper_read(dev_t dev, struct uio *uio, int flag)
{
	char text[sizeof(sleeper_text)];
	size_t len;
	int error = 0;

	mutex_enter(&sleeper_lock);
	sleeper_readers++;
	while (sleeper_len == 0 && error == 0)
		error = flag & IO_NDELAY ? EAGAIN : cv_wait_sig(&sleeper_cv, &sleeper_lock);
	sleeper_readers--;
	len = MIN(sleeper_len, uio->uio_resid);
	memcpy(text, sleeper_text, len);
	sleeper_len = 0;
	mutex_exit(&sleeper_lock);
	return error != 0 ? error : uiomove(text, len, uio);
}

static int
sleeper_write(dev_t dev, struct uio *uio, int flag)
{
	char text[sizeof(sleeper_text)];
	size_t len = MIN(sizeof(text), uio->uio_resid);
	int error;

	if ((error = uiomove(text, len, uio)) != 0)
		return error;
	mutex_enter(&sleeper_lock);
	memcpy(sleeper_text, text, len);
	sleeper_len = len;
	cv_broadcast(&sleeper_cv);
	mutex_exit(&sleeper_lock);
	return 0;
}

static int
sleeper_ioctl(dev_t dev, u_long cmd, void *data, int flag, struct lwp *l)
{
	if (cmd != SLEEPER_ALARM)
		return ENOTTY;
	if (*(int *)data < 0)
		return EINVAL;
	callout_reset(&sleeper_ch, mstohz(*(int *)data), sleeper_alarm, NULL);
	return 0;
}

static const struct cdevsw sleeper_cdevsw = {
	sleeper_open, sleeper_close, sleeper_read, sleeper_write, sleeper_ioctl,
	nostop, notty, nopoll, nommap, nokqfilter, D_OTHER,
};

MOD_DEV("sleeper", "sleeper", NULL, -1, &sleeper_cdevsw, -1);

static int
sleeper_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&sleeper_lock, MUTEX_DEFAULT, IPL_NONE);
	cv_init(&sleeper_cv, "sleeper");
	callout_init(&sleeper_ch, 0);
	return 0;
}

static int
sleeper_unload(struct lkm_table *lkmtp, int cmd)
{
	if (sleeper_isopen || sleeper_readers != 0)
		return EBUSY;
	callout_stop(&sleeper_ch);
	callout_destroy(&sleeper_ch);
	cv_destroy(&sleeper_cv);
	mutex_destroy(&sleeper_lock);
	return 0;
}

int
sleeper_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, sleeper_load, sleeper_unload, lkm_nofunc);
}
