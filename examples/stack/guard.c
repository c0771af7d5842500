/*
 * guard: the upper layer. It registers with hook when it is loaded, and asks its user through a character device: a read
 * sleeps until somebody wants to remove a file and gives its path, a line; the answer is a write of y or n. While nobody
 * has the device open everything is allowed. One question at a time; the others wait.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/condvar.h>
#include <sys/conf.h>
#include <sys/lkm.h>
#include <sys/mutex.h>
#include <sys/proc.h>
#include <sys/uio.h>

#include "hook.h"

int	guard_lkmentry(struct lkm_table *, int, int);

static enum { IDLE, ASKED, TAKEN, ANSWERED } guard_state;
static kmutex_t guard_lock;		/* for all here */
static kcondvar_t guard_cv;
static bool guard_isopen;
static char guard_path[257];
static int guard_answer;

/* What hook calls. Fails with EINTR when the process that asks is killed. */
static int
guard_ask(struct lwp *l, const char *path)
{
	int error = 0;

	mutex_enter(&guard_lock);
	while (guard_isopen && guard_state != IDLE && error == 0)
		error = cv_wait_sig(&guard_cv, &guard_lock);
	if (!guard_isopen || error != 0) {
		mutex_exit(&guard_lock);
		return error;
	}
	snprintf(guard_path, sizeof(guard_path), "%s\n", path);
	guard_state = ASKED;
	cv_broadcast(&guard_cv);
	while (guard_isopen && guard_state != ANSWERED && error == 0)
		error = cv_wait_sig(&guard_cv, &guard_lock);
	if (error == 0 && guard_state == ANSWERED)
		error = guard_answer;
	guard_state = IDLE;
	cv_broadcast(&guard_cv);
	mutex_exit(&guard_lock);
	return error;
}

static int
guard_open(dev_t dev, int flag, int mode, struct lwp *l)
{
	int error = 0;

	mutex_enter(&guard_lock);
	if (guard_isopen)
		error = EBUSY;
	else
		guard_isopen = true;
	mutex_exit(&guard_lock);
	return error;
}

static int
guard_close(dev_t dev, int flag, int mode, struct lwp *l)
{
	mutex_enter(&guard_lock);
	guard_isopen = false;
	cv_broadcast(&guard_cv);	/* whoever still waits is let through */
	mutex_exit(&guard_lock);
	return 0;
}

static int
guard_read(dev_t dev, struct uio *uio, int flag)
{
	int error = 0;

	mutex_enter(&guard_lock);
	while (guard_state != ASKED && error == 0)
		error = cv_wait_sig(&guard_cv, &guard_lock);
	if (error == 0)
		guard_state = TAKEN;
	mutex_exit(&guard_lock);
	return error != 0 ? error : uiomove(guard_path, MIN(strlen(guard_path), uio->uio_resid), uio);
}

static int
guard_write(dev_t dev, struct uio *uio, int flag)
{
	char answer[2];
	int error;

	if ((error = uiomove(answer, MIN(sizeof(answer), uio->uio_resid), uio)) != 0)
		return error;
	if (answer[0] != 'y' && answer[0] != 'n')
		return EINVAL;
	mutex_enter(&guard_lock);
	if (guard_state == TAKEN) {
		guard_answer = answer[0] == 'y' ? 0 : EPERM;
		guard_state = ANSWERED;
		cv_broadcast(&guard_cv);
	} else
		error = ESRCH;		/* no question, or who asked has gone */
	mutex_exit(&guard_lock);
	return error;
}

static const struct cdevsw guard_cdevsw = {
	guard_open, guard_close, guard_read, guard_write, noioctl,
	nostop, notty, nopoll, nommap, nokqfilter, D_OTHER,
};

MOD_DEV("guard", "guard", NULL, -1, &guard_cdevsw, -1);

static int
guard_load(struct lkm_table *lkmtp, int cmd)
{
	int error;

	mutex_init(&guard_lock, MUTEX_DEFAULT, IPL_NONE);
	cv_init(&guard_cv, "guard");
	if ((error = hook_register("guard", guard_ask)) != 0) {
		printf("guard: %s has the hook\n", hook_holder());
		cv_destroy(&guard_cv);
		mutex_destroy(&guard_lock);
	}
	return error;
}

static int
guard_unload(struct lkm_table *lkmtp, int cmd)
{
	int error;

	if (guard_isopen)
		return EBUSY;
	if ((error = hook_deregister(guard_ask)) != 0)
		return error;
	cv_destroy(&guard_cv);
	mutex_destroy(&guard_lock);
	return 0;
}

int
guard_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, guard_load, guard_unload, lkm_nofunc);
}
