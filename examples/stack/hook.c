/*
 * hook: the lower layer of an access-control product. It stands in the way of unlink(2) and asks whoever has registered
 * with it whether the file may go. What it knows of its client is a pointer, and it takes care that the pointer is good:
 *
 *	a lock is held whenever the hook is looked at or changed, and not while the client is called, for it may sleep;
 *	calls in progress are counted, and deregistering waits until there are none;
 *	as long as somebody is registered, the module holds itself (lkm_hold), so that it cannot be unloaded beneath a
 *	client, even one that was handed our functions' addresses and is not linked against us.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/condvar.h>
#include <sys/lkm.h>
#include <sys/mutex.h>
#include <sys/proc.h>
#include <sys/syscall.h>
#include <sys/syscallargs.h>

#include "hook.h"

int	hook_lkmentry(struct lkm_table *, int, int);

MOD_MISC("hook");

static kmutex_t hook_lock;		/* for the next three */
static hook_fn *hook_client;
static const char *hook_who;
static int hook_calls;			/* calls of the client in progress */
static kcondvar_t hook_idle;		/* there are none any more */

static struct lkm_table *hook_self;
static struct sysent hook_saved;

int
hook_register(const char *who, hook_fn *fn)
{
	int error = EBUSY;

	mutex_enter(&hook_lock);
	if (hook_client == NULL && (error = lkm_hold(hook_self)) == 0) {
		hook_client = fn;
		hook_who = who;
	}
	mutex_exit(&hook_lock);
	return error;
}

int
hook_deregister(hook_fn *fn)
{
	int error = EINVAL;

	mutex_enter(&hook_lock);
	if (fn != NULL && hook_client == fn) {
		hook_client = NULL;	/* no new calls */
		hook_who = NULL;
		while (hook_calls != 0)
			cv_wait(&hook_idle, &hook_lock);
		error = lkm_rele(hook_self);
	}
	mutex_exit(&hook_lock);
	return error;
}

const char *
hook_holder(void)
{
	const char *who;

	mutex_enter(&hook_lock);
	who = hook_who;
	mutex_exit(&hook_lock);
	return who;
}

static int
hook_ask(struct lwp *l, const char *path)
{
	hook_fn *fn;
	int error;

	mutex_enter(&hook_lock);
	if ((fn = hook_client) == NULL) {
		mutex_exit(&hook_lock);
		return 0;
	}
	hook_calls++;
	mutex_exit(&hook_lock);

	error = (*fn)(l, path);

	mutex_enter(&hook_lock);
	if (--hook_calls == 0)
		cv_broadcast(&hook_idle);
	mutex_exit(&hook_lock);
	return error;
}

static int
hook_unlink(struct lwp *l, const void *v, register_t *retval)
{
	const struct sys_unlink_args *uap = v;
	char path[256];
	int error;

	if ((error = copyinstr(SCARG(uap, path), path, sizeof(path), NULL)) != 0)
		return error;
	if ((error = hook_ask(l, path)) != 0)
		return error;
	return hook_saved.sy_call(l, v, retval);
}

static int
hook_load(struct lkm_table *lkmtp, int cmd)
{
	if (lkmexists(lkmtp))
		return EEXIST;
	mutex_init(&hook_lock, MUTEX_DEFAULT, IPL_NONE);
	cv_init(&hook_idle, "hookidle");
	hook_self = lkmtp;
	hook_saved = sysent[SYS_unlink];
	sysent[SYS_unlink].sy_call = hook_unlink;
	return 0;
}

static int
hook_unload(struct lkm_table *lkmtp, int cmd)
{
	if (sysent[SYS_unlink].sy_call != hook_unlink)
		return EBUSY;		/* somebody stands before us */
	sysent[SYS_unlink] = hook_saved;
	cv_destroy(&hook_idle);
	mutex_destroy(&hook_lock);
	return 0;
}

int
hook_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, hook_load, hook_unload, lkm_nofunc);
}
