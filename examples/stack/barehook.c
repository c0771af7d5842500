/*
 * barehook: the lower layer done wrong. The hook is a variable that a client sets and clears as it likes. Between the test
 * for NULL and the call this module may sleep, and then the client can have gone.
 *
 * A real module would sleep there by chance; this one does so on purpose: its system call barehook(1) makes the
 * next unlink(2) sleep there, barehook(0) lets it continue.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>
#include <sys/proc.h>
#include <sys/syscall.h>
#include <sys/syscallargs.h>

#include "barehook.h"

int	barehook_lkmentry(struct lkm_table *, int, int);

barehook_fn	*barehook;		/* for everybody to set */
static int barehook_pause;
static struct sysent barehook_saved;

static int
barehook_unlink(struct lwp *l, const void *v, register_t *retval)
{
	const struct sys_unlink_args *uap = v;
	char path[256];
	int error;

	if ((error = copyinstr(SCARG(uap, path), path, sizeof(path), NULL)) != 0)
		return error;
	if (barehook != NULL) {
		if (barehook_pause)
			tsleep(&barehook_pause, PWAIT, "barehook", 0);
		if ((error = (*barehook)(l, path)) != 0)
			return error;
	}
	return barehook_saved.sy_call(l, v, retval);
}

struct barehook_args {
	syscallarg(int)	pause;
};

static int
barehook_syscall(struct lwp *l, const void *v, register_t *retval)
{
	const struct barehook_args *uap = v;

	barehook_pause = SCARG(uap, pause);
	wakeup(&barehook_pause);
	return 0;
}

static struct sysent barehook_sysent = {
	.sy_narg = 1,
	.sy_argsize = sizeof(struct barehook_args),
	.sy_call = barehook_syscall,
};

MOD_SYSCALL("barehook", -1, &barehook_sysent);

static int
barehook_load(struct lkm_table *lkmtp, int cmd)
{
	barehook_saved = sysent[SYS_unlink];
	sysent[SYS_unlink].sy_call = barehook_unlink;
	return 0;
}

static int
barehook_unload(struct lkm_table *lkmtp, int cmd)
{
	if (barehook != NULL || sysent[SYS_unlink].sy_call != barehook_unlink)
		return EBUSY;
	sysent[SYS_unlink] = barehook_saved;
	return 0;
}

int
barehook_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, barehook_load, barehook_unload, lkm_nofunc);
}
