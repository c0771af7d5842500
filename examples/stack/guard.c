/*
 * guard: the upper layer. It registers with hook when it is loaded, and asks its user through a character device: a read
 * sleeps until somebody wants to do something with a file of a hookfs, and gives one line
 *
 *	operation pid uid vnode name			remove 7 1000 0xffffffff80123400 file
 *
 * The answer is a write of y or n. While nobody has the device open everything is allowed, and its user is not asked
 * about itself. One question at a time; the others wait. A write of =remove,rename restricts the questions to these
 * operations; =* asks about all, as at first.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/condvar.h>
#include <sys/conf.h>
#include <sys/lkm.h>
#include <sys/mutex.h>
#include <sys/namei.h>
#include <sys/proc.h>
#include <sys/uio.h>
#include <sys/vnode.h>

#include "hook.h"

#define GUARD_LINE	400
#define GUARD_OPS	200

int	guard_lkmentry(struct lkm_table *, int, int);

static enum { IDLE, ASKED, TAKEN, ANSWERED } guard_state;
static kmutex_t guard_lock;		/* for all here */
static kcondvar_t guard_cv;
static struct proc *guard_user;		/* the process that has the device open */
static char guard_line[GUARD_LINE];
static char guard_ops[GUARD_OPS];	/* =remove,rename, */
static int guard_answer;

/* Is the operation, vop_NAME, among those that are asked about? */
static bool
guard_wants(const char *name)
{
	const char *p;
	size_t n = strlen(name += sizeof("vop_") - 1);

	if (guard_ops[0] == '\0')
		return true;
	for (p = guard_ops; *p != '\0'; p++)
		if ((p[0] == '=' || p[0] == ',') && strncmp(p + 1, name, n) == 0 && (p[n + 1] == ',' || p[n + 1] == '\0'))
			return true;
	return false;
}

/* What hook calls. Fails with EINTR when the process that asks is killed. */
static int
guard_ask(const struct hook_question *q)
{
	const struct componentname *cnp = q->q_cnp;
	int error = 0;

	mutex_enter(&guard_lock);
	if (guard_user == q->q_lwp->l_proc || !guard_wants(q->q_op->vdesc_name)) {
		mutex_exit(&guard_lock);
		return 0;
	}
	while (guard_user != NULL && guard_state != IDLE && error == 0)
		error = cv_wait_sig(&guard_cv, &guard_lock);
	if (guard_user == NULL || error != 0) {
		mutex_exit(&guard_lock);
		return error;
	}
	snprintf(guard_line, sizeof(guard_line), "%s %d %u %p %.*s\n", q->q_op->vdesc_name + sizeof("vop_") - 1,
	    q->q_lwp->l_proc->p_pid, kauth_cred_geteuid(q->q_cred), q->q_vp, cnp != NULL ? (int)cnp->cn_namelen : 1,
	    cnp != NULL ? cnp->cn_nameptr : "-");
	guard_state = ASKED;
	cv_broadcast(&guard_cv);
	while (guard_user != NULL && guard_state != ANSWERED && error == 0)
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
	if (guard_user != NULL)
		error = EBUSY;
	else
		guard_user = l->l_proc;
	mutex_exit(&guard_lock);
	return error;
}

static int
guard_close(dev_t dev, int flag, int mode, struct lwp *l)
{
	mutex_enter(&guard_lock);
	guard_user = NULL;
	guard_ops[0] = '\0';
	cv_broadcast(&guard_cv);	/* let the waiting processes through */
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
	return error != 0 ? error : uiomove(guard_line, MIN(strlen(guard_line), uio->uio_resid), uio);
}

static int
guard_write(dev_t dev, struct uio *uio, int flag)
{
	char text[GUARD_OPS];
	size_t len = MIN(sizeof(text) - 1, uio->uio_resid);
	int error;

	if ((error = uiomove(text, len, uio)) != 0)
		return error;
	if (len > 0 && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	if (text[0] != 'y' && text[0] != 'n' && text[0] != '=')
		return EINVAL;
	mutex_enter(&guard_lock);
	if (text[0] == '=')
		strlcpy(guard_ops, text[1] == '*' ? "" : text, sizeof(guard_ops));
	else if (guard_state == TAKEN) {
		guard_answer = text[0] == 'y' ? 0 : EPERM;
		guard_state = ANSWERED;
		cv_broadcast(&guard_cv);
	} else
		error = ESRCH;		/* no question, or its process has gone */
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

	if (guard_user != NULL)
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
